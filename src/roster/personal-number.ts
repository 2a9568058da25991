/**
 * Personal numbers (số định danh cá nhân, twelve digits; the older số CMND, nine) where a text may hold one. Of a number
 * only a keyed hash and its last digits are kept, so what is kept or shown of a row goes through here first.
 */

const TAIL = 4
/** As a card has it, or in groups of three. Nine digits alone may be a telephone: they are known by their column only. */
const NUMBERS = /(?<!\d)(?:\d{12}|\d{3}([ .\u00a0-])\d{3}\1\d{3}\1\d{3})(?!\d)/g

/** A number without all but its last digits. */
export function maskNumber(text: string): string {
  const bare = text.trim()
  return bare.length <= TAIL || bare.startsWith('…') ? bare : `…${bare.slice(-TAIL)}`
}

/** A text with each number of twelve digits in it masked. */
export function maskNumbers(text: string): string {
  return text.replace(NUMBERS, maskNumber)
}

export type Masking = {
  /** Columns of personal numbers. */
  numbers: ReadonlySet<number>
  /** Columns that say what is kept in full whatever it looks like, such as staff ids. */
  kept: ReadonlySet<number>
}

/** The cells of a row as they may be kept. */
export function maskCells(cells: readonly string[], { numbers, kept }: Masking): string[] {
  return cells.map((cell, column) =>
    numbers.has(column) ? maskNumber(cell) : kept.has(column) ? cell : maskNumbers(cell),
  )
}
