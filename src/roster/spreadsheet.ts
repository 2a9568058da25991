/**
 * What a spreadsheet's numbers mean to a person: dates by their format, digits without their noise, ids it damaged.
 *
 * A workbook keeps a date as a count of days and shows it by a number format (ECMA-376 part 1, 18.8.30 and 18.17.4).
 */

/** A `duration` counts its hours beyond 24, a `time` is one of the day. */
export type ShownAsTime = 'date' | 'time' | 'dateTime' | 'duration'

/** How a cell shows its number. `pad` is set for a format such as 000000: the number is shown that wide, zeros first. */
export type NumberFormat = {
  kind: 'number' | ShownAsTime
  pad: { before: string; digits: number; after: string } | null
}

const plain: NumberFormat = { kind: 'number', pad: null }

/** Formats every workbook knows without naming them; those of 27 to 58 are dates in East Asian editions. */
const builtinKinds: readonly [from: number, to: number, kind: NumberFormat['kind']][] = [
  [14, 17, 'date'],
  [18, 21, 'time'],
  [22, 22, 'dateTime'],
  [27, 31, 'date'],
  [32, 35, 'time'],
  [36, 36, 'date'],
  [45, 45, 'time'],
  [46, 46, 'duration'],
  [47, 47, 'time'],
  [50, 54, 'date'],
  [55, 56, 'time'],
  [57, 58, 'date'],
]

/** The format of a built-in number, where the workbook does not define it itself. */
export function builtinFormat(id: number): NumberFormat {
  const kind = builtinKinds.find(([from, to]) => id >= from && id <= to)?.[2]
  return kind === undefined ? plain : { kind, pad: null }
}

/** Spreadsheets keep 255 characters of a format; reading one takes time with the square of its length. */
const FORMAT_MAX = 255

/** What a format code such as `[$-42A]dd/mm/yyyy;@` shows. Codes are English in the file, whatever the edition. */
export function parseFormat(code: string): NumberFormat {
  const [section = ''] = splitSections(code.slice(0, FORMAT_MAX))
  const pad = /^(?:"([^"]*)")?(0{2,})(?:"([^"]*)")?$/.exec(section)
  if (pad !== null) {
    return {
      kind: 'number',
      pad: { before: pad[1] ?? '', digits: pad[2]?.length ?? 0, after: pad[3] ?? '' },
    }
  }
  if (/\[[hms]+\]/i.test(section)) return { kind: 'duration', pad: null }
  const letters = section
    .replace(/"[^"]*"?/g, '')
    .replace(/[\\_*]./g, '')
    .replace(/\[[^\]]*\]/g, '')
    .replace(/general/gi, '')
    .toLowerCase()
  const time = /[hs]/.test(letters)
  // An m beside hours or seconds is minutes, alone it is months.
  const date = /[dy]/.test(letters) || (!time && letters.includes('m'))
  if (date) return { kind: time ? 'dateTime' : 'date', pad: null }
  return time ? { kind: 'time', pad: null } : plain
}

/** The sections of a format: above zero, below, zero, text. A semicolon in quotes or escaped divides nothing. */
function splitSections(code: string): string[] {
  return code.match(/(?:"[^"]*"?|\\.|[^;"\\])+/g) ?? []
}

const DAY_MS = 86_400_000
/** 9999-12-31, the last day spreadsheets know. */
const LAST_SERIAL = 2_958_465

/**
 * The day of a count, `YYYY-MM-DD`, or null beyond the days a spreadsheet knows.
 *
 * Counted from 1900, day 60 is 1900-02-29, which never was (Lotus 1-2-3 took 1900 for a leap year and every spreadsheet
 * copies it), and day 0 is 1900-01-00: both are given as shown, and are no days to whoever parses them.
 */
export function serialDay(serial: number, from1904: boolean): string | null {
  const days = Math.floor(serial)
  if (!(days >= 0) || days + (from1904 ? 1462 : 0) > LAST_SERIAL) return null
  if (from1904) return dayAfter(Date.UTC(1904, 0, 1), days)
  if (days === 0) return '1900-01-00'
  if (days === 60) return '1900-02-29'
  return dayAfter(Date.UTC(1899, 11, days < 60 ? 31 : 30), days)
}

function dayAfter(start: number, days: number): string {
  return new Date(start + days * DAY_MS).toISOString().slice(0, 10)
}

/**
 * A number shown as a date or a time: `1985-03-01`, `1985-03-01 07:30`, `07:30`; seconds only where there are some,
 * midnight beside a day not at all. Null where a spreadsheet shows no date either.
 */
export function serialText(serial: number, kind: ShownAsTime, from1904: boolean): string | null {
  // To the second: 07:20 is kept as 0.30555555555555558.
  const seconds = Math.round(serial * 86_400)
  const whole = Math.floor(seconds / 86_400)
  if (serial < 0) return null
  if (kind === 'duration') return clock(seconds)
  if (kind === 'time') return clock(seconds - whole * 86_400)
  const day = serialDay(kind === 'date' ? Math.floor(serial) : whole, from1904)
  if (day === null || kind === 'date') return day
  const rest = seconds - whole * 86_400
  return rest === 0 ? day : `${day} ${clock(rest)}`
}

function clock(seconds: number): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const minutes = Math.floor(seconds / 60)
  const text = `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
  return seconds % 60 === 0 ? text : `${text}:${two(seconds % 60)}`
}

/** A cell of kind `d`, ISO 8601, as {@link serialText} would give it. */
export function isoText(value: string): string {
  const parts = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2})(?::(\d{2})(?:\.\d+)?)?Z?)?$/.exec(value)
  if (parts === null) return value
  const [, day = '', minutes = '00:00', seconds = '00'] = parts
  if (minutes === '00:00' && seconds === '00') return day
  return `${day} ${minutes}${seconds === '00' ? '' : `:${seconds}`}`
}

/** Significant digits that a spreadsheet keeps and shows; the sixteenth is noise of the binary form. */
const DIGITS_KEPT = 15

/**
 * A stored number as a person reads it: 1.23E+11 is 123000000000, 0.30000000000000004 is 0.3. Whole numbers are
 * exact as far as they are known. What is no number stays as it is.
 */
export function numberText(stored: string): string {
  const text = stored.trim()
  if (/^-?\d+$/.test(text)) return text
  const value = Number(text)
  if (text === '' || !Number.isFinite(value)) return text
  if (Number.isInteger(value)) return BigInt(value).toString()
  return withoutExponent(String(Number(value.toPrecision(DIGITS_KEPT))))
}

function withoutExponent(text: string): string {
  const parts = /^(-?)(\d)(?:\.(\d+))?e-(\d+)$/.exec(text)
  if (parts === null) return text
  const [, sign = '', first = '', rest = '', exponent = '0'] = parts
  return `${sign}0.${'0'.repeat(Number(exponent) - 1)}${first}${rest}`
}

/** The digits of a whole number as wide as its format shows it. */
export function padded(text: string, pad: NonNullable<NumberFormat['pad']>): string {
  if (!/^\d+$/.test(text)) return text
  return `${pad.before}${text.padStart(pad.digits, '0')}${pad.after}`
}

/** Whether digits are lost: a whole number longer than a spreadsheet keeps. */
export function isTooLong(text: string): boolean {
  return /^-?\d+$/.test(text) && text.replace('-', '').length > DIGITS_KEPT
}

/** Whether a text is a number in the short form that hides its digits: 1.23E+11, or 1,23E+11 in a Vietnamese edition. */
export function isScientific(text: string): boolean {
  return /^\s*\d(?:[.,]\d+)?E\+\d{1,3}\s*$/i.test(text)
}

/** Whether a text is what a formula leaves that failed: pasted as a value it is a text like any other. */
export function isFormulaError(text: string): boolean {
  return /^#(?:REF!|N\/A|VALUE!|NAME\?|DIV\/0!|NULL!|NUM!|SPILL!)$/.test(text)
}

/** Whether a text is digits beginning with a zero, as ids and telephone numbers do, and no date such as 01.02.1985. */
export function beginsWithZero(text: string): boolean {
  return (
    /^\s*0[\d .-]*\d\s*$/.test(text) &&
    !/^\s*\d{1,2}[ .-]\d{1,2}[ .-]\d{2,4}\s*$/.test(text) &&
    !/^\s*0\.\d+\s*$/.test(text)
  )
}

/** Whether a number may have lost zeros, where others in its column are texts that begin with them. */
export function mayLackZeros(text: string): boolean {
  return /^\d+$/.test(text)
}

/**
 * The column of a reference such as `AB12`, from 0, and its row, from 1; null for anything else.
 *
 * Without a regular expression: every cell has one, and this is a tenth of the time that a sheet takes.
 */
export function parseReference(text: string): { column: number; row: number } | null {
  let at = text.charCodeAt(0) === DOLLAR ? 1 : 0
  const start = at
  let column = 0
  for (
    let letter = text.charCodeAt(at) & UPPER;
    letter >= 65 && letter <= 90;
    letter = text.charCodeAt(at) & UPPER
  ) {
    column = column * 26 + letter - 64
    at += 1
  }
  if (at === start || at > start + 3) return null
  if (text.charCodeAt(at) === DOLLAR) at += 1
  let row = 0
  for (const digits = at; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 48
    if (digit < (row === 0 ? 1 : 0) || digit > 9 || at - digits >= 7) return null
    row = row * 10 + digit
  }
  return row === 0 ? null : { column: column - 1, row }
}

const DOLLAR = 36
/** Takes the bit away that tells small letters from capital ones. */
const UPPER = ~32

/** `_x000D_` in a text of a workbook is the character U+000D (ECMA-376 part 1, 22.9.2.19). */
export function unescapeText(text: string): string {
  if (!text.includes('_x')) return text
  return text.replace(/_x([0-9A-Fa-f]{4})_/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
}

/** Characters a cell may hold. */
export const CELL_MAX = 32_767

/**
 * A text as a workbook may hold it: no longer than a cell, what XML cannot say as `_x0007_`, and what only looks so
 * escaped, so that it reads the same again.
 */
export function spreadsheetText(text: string): string {
  const clean = text.slice(0, CELL_MAX).toWellFormed()
  return clean.replace(/_(?=x[0-9A-Fa-f]{4}_)/g, '_x005F_').replace(/[\p{Cc}\uFFFE\uFFFF]/gu, character => {
    if (character === '\n' || character === '\t') return character
    return `_x${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}_`
  })
}
