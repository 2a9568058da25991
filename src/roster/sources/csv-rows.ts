/**
 * Text of a CSV file → rows, a stretch of the file at a time (RFC 4180, and what spreadsheets make of it).
 *
 * No library: the known ones give up, or skip to somewhere, at a quote that never closes. Here a row at fault is one
 * row at fault: reading goes on at the next line of the file, so a stray quote never swallows the rows below it. That
 * asks to read a row again from its beginning, so a row is held whole, and there are limits to its length.
 */
import type { TableRow } from './table.ts'

export type CsvRow = {
  /** The line it begins on, from 1. */
  line: number
  cells: string[]
  problem?: NonNullable<TableRow['problem']>
}

/** What Excel can hold in a cell. A quote open for longer is one that was never meant to open. */
const LONGEST_CELL = 32_767
/** A row beyond this is skipped up to its end and never held; the file may have no line breaks at all. */
const LONGEST_ROW = 1 << 20
/** What Excel can hold in a row. */
const MOST_CELLS = 16_384
/** How much of a cell of a row at fault is kept to show it. */
const SHOWN = 200

const QUOTE = 34
const LF = 10
const CR = 13
const BLANK = 32

type Cell = { text: string; next: number; end: 'separator' | 'line' | 'file' }
/** `more`: the row goes on beyond the text at hand. */
type Step = { row: CsvRow; next: number; lines: number; end: Cell['end'] } | 'more'

/** What the headings say of the rows below them. */
export type CsvShape = {
  columns: number
  /** Whether the rows keep to that number; a shorter one is then at fault. */
  even: boolean
  /** The line the headings end on; rows up to it are not measured. */
  headingRow: number
}

export class CsvRows {
  #text = ''
  #line = 1
  #skipping = false
  #lastEnd: Cell['end'] = 'line'
  readonly #separator: number
  readonly #shape: CsvShape | null

  constructor(separator: string | null, shape: CsvShape | null = null) {
    this.#separator = separator === null ? -1 : separator.charCodeAt(0)
    this.#shape = shape
  }

  /** The shape, where it holds for the row at hand. */
  get #measure(): CsvShape | null {
    return this.#shape !== null && this.#line > this.#shape.headingRow ? this.#shape : null
  }

  /** Whether the file ended in the middle of a line. */
  get endedInLine(): boolean {
    return this.#lastEnd === 'file'
  }

  take(chunk: string): CsvRow[] {
    this.#text += chunk
    return this.#rows(false)
  }

  end(): CsvRow[] {
    return this.#rows(true)
  }

  #rows(final: boolean): CsvRow[] {
    const rows: CsvRow[] = []
    let at = this.#skipping ? this.#skip(0) : 0
    while (!this.#skipping && at < this.#text.length) {
      const step = this.#row(at, final)
      if (step === 'more') {
        if (this.#text.length - at <= LONGEST_ROW) break
        rows.push({ ...this.#plainRow(this.#text.slice(at, at + LONGEST_CELL)), problem: 'tooLong' })
        this.#skipping = true
        at = this.#skip(at)
        continue
      }
      rows.push(step.row)
      at = step.next
      this.#line += step.lines
      this.#lastEnd = step.end
    }
    this.#text = this.#text.slice(at)
    return rows
  }

  /** Leaves out the rest of a line that is too long; answers where the next begins, or what has to wait. */
  #skip(from: number): number {
    const next = lineEnd(this.#text, from)
    if (next === null) return this.#text.length - (this.#text.endsWith('\r') ? 1 : 0)
    this.#skipping = false
    this.#line++
    return next
  }

  #row(from: number, final: boolean): Step {
    const cells: string[] = []
    let at = from
    let lines = 1
    for (;;) {
      const cell = this.#cell(at, final)
      if (cell === 'more') return 'more'
      if (cell === 'open') return this.#firstLine(from, final, 'openQuote')
      if (cells.length <= MOST_CELLS) cells.push(cell.text)
      at = cell.next
      if (cell.text.includes('\n') || cell.text.includes('\r')) lines += lineBreaks(cell.text)
      if (cell.end === 'separator') continue
      if (lines > 1 && this.#isSeveralRows(from, at)) return this.#firstLine(from, final, 'openQuote')
      return { row: this.#measured(cells), next: at, lines, end: cell.end }
    }
  }

  #measured(cells: string[]): CsvRow {
    const row: CsvRow = { line: this.#line, cells }
    const problem = problemOf(cells, this.#measure)
    if (problem !== null) row.problem = problem
    if (problem === 'tooLong') row.cells = cells.map(cell => cell.slice(0, SHOWN))
    return row
  }

  #cell(from: number, final: boolean): Cell | 'more' | 'open' {
    let at = from
    while (this.#text.charCodeAt(at) === BLANK) at++
    return this.#text.charCodeAt(at) === QUOTE ? this.#quoted(at + 1, final) : this.#plain(from, final)
  }

  #plain(from: number, final: boolean): Cell | 'more' {
    const text = this.#text
    for (let at = from; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code === this.#separator) return { text: text.slice(from, at), next: at + 1, end: 'separator' }
      if (code !== LF && code !== CR) continue
      if (code === CR && at + 1 === text.length && !final) return 'more'
      return { text: text.slice(from, at), next: afterBreak(text, at), end: 'line' }
    }
    return final ? { text: text.slice(from), next: text.length, end: 'file' } : 'more'
  }

  /** From behind the opening quote. `open` where no quote closes it, or other text follows the one that does. */
  #quoted(from: number, final: boolean): Cell | 'more' | 'open' {
    const text = this.#text
    let close = text.indexOf('"', from)
    while (close >= 0 && close - from <= LONGEST_CELL && text.charCodeAt(close + 1) === QUOTE)
      close = text.indexOf('"', close + 2)
    if (close - from > LONGEST_CELL || (close < 0 && (final || text.length - from > LONGEST_CELL)))
      return 'open'
    if (close < 0 || (close + 1 === text.length && !final)) return 'more'
    let behind = close + 1
    while (text.charCodeAt(behind) === BLANK) behind++
    const rest = this.#plain(behind, final)
    if (rest === 'more') return behind === text.length || text.charCodeAt(behind) === CR ? 'more' : 'open'
    return rest.text === '' ? { ...rest, text: text.slice(from, close).replaceAll('""', '"') } : 'open'
  }

  /** The line of the file the row begins on, its quotes taken for plain text. */
  #firstLine(from: number, final: boolean, problem: NonNullable<CsvRow['problem']>): Step {
    const next = lineEnd(this.#text, from)
    if (next === null && !final) return 'more'
    const end = next ?? this.#text.length
    const row = { ...this.#plainRow(this.#text.slice(from, end)), problem }
    return { row, next: end, lines: 1, end: next === null ? 'file' : 'line' }
  }

  #plainRow(line: string): CsvRow {
    const separator = this.#separator < 0 ? null : String.fromCharCode(this.#separator)
    const bare = line.replace(/[\r\n]+$/, '').replaceAll('"', '')
    const cells = separator === null ? [bare] : bare.split(separator, MOST_CELLS)
    return { line: this.#line, cells: cells.map(cell => cell.slice(0, SHOWN)) }
  }

  /** Two stray quotes can close each other over rows between them: each line is then a whole row without them. */
  #isSeveralRows(from: number, to: number): boolean {
    const columns = this.#measure?.columns ?? 0
    if (columns < 2) return false
    const lines = this.#text
      .slice(from, to)
      .replace(/(?:\r\n|\r|\n)$/, '')
      .split(/\r\n|\r|\n/)
    const separator = String.fromCharCode(this.#separator)
    return lines.every(line => line.split(separator).length === columns)
  }
}

function problemOf(cells: readonly string[], shape: CsvShape | null): NonNullable<CsvRow['problem']> | null {
  if (cells.some(cell => cell.length > LONGEST_CELL)) return 'tooLong'
  if (cells.length > MOST_CELLS) return 'tooManyCells'
  if (shape === null || cells.every(isEmpty)) return null
  if (!cells.slice(shape.columns).every(isEmpty)) return 'tooManyCells'
  return shape.even && cells.length < shape.columns ? 'tooFewCells' : null
}

function isEmpty(cell: string): boolean {
  return cell.trim() === ''
}

function afterBreak(text: string, at: number): number {
  return text.charCodeAt(at) === CR && text.charCodeAt(at + 1) === LF ? at + 2 : at + 1
}

/** Where the line after this one begins; null where the text ends first, or may end inside a CRLF. */
function lineEnd(text: string, from: number): number | null {
  const lf = text.indexOf('\n', from)
  const cr = text.slice(from, lf < 0 ? undefined : lf).indexOf('\r')
  if (cr < 0) return lf < 0 ? null : lf + 1
  return from + cr + 1 === text.length ? null : afterBreak(text, from + cr)
}

function lineBreaks(text: string): number {
  return text.match(/\r\n|\r|\n/g)?.length ?? 0
}
