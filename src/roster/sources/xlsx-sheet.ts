/**
 * The XML of one sheet as rows of cells, as they stand in the file; what a cell means is told in `xlsx-cell.ts`.
 *
 * References may be left out: a row is then the one after the last, a cell the one to the right of the last.
 */
import { CELL_MAX, parseReference } from '../spreadsheet.ts'
import type { Area } from './xlsx-merge.ts'
import { damaged, type Package, unreadable } from './xlsx-package.ts'
import { TextCollector } from './xlsx-strings.ts'
import { type Attributes, parsePart, type XmlHandler } from './xlsx-xml.ts'

/** A cell with a value or a formula; those that only have a colour or a border are left out. */
export type RawCell = {
  /** From 0. */
  column: number
  /** `s`, `str`, `inlineStr`, `b`, `e`, `d`, or `n`. */
  type: string
  style: number
  /** What stands in `v`, or the inline text; null where nothing does. */
  value: string | null
}

export type RawRow = { number: number; cells: RawCell[] }

export const sheetLimits = {
  rows: 1_048_576,
  columns: 16_384,
  merges: 200_000,
  /** Cells without content: borders drawn to the last row and column take minutes to read and say nothing. */
  emptyCells: 4_000_000,
}

/** The rows of a sheet, some at a time; merged areas, which stand below the rows, go to `onMerge`. */
export async function* readRows(
  source: Package,
  part: string,
  onMerge: (area: Area) => void,
): AsyncGenerator<RawRow[]> {
  const reader = new SheetReader(source.path, part, onMerge)
  for await (const _ of parsePart(source, part, reader)) {
    const rows = reader.take()
    if (rows.length > 0) yield rows
  }
}

class SheetReader implements XmlHandler {
  readonly #path: string
  readonly #part: string
  readonly #onMerge: (area: Area) => void
  readonly #inline = new TextCollector()
  #rows: RawRow[] = []
  #row: RawRow = { number: 0, cells: [] }
  #cell: RawCell | null = null
  #column = -1
  #value = ''
  #place: 'outside' | 'rows' | 'value' | 'inline' = 'outside'
  #hasFormula = false
  #isNumbered = true
  #filled = 0
  #empty = 0
  #merges = 0

  constructor(path: string, part: string, onMerge: (area: Area) => void) {
    this.#path = path
    this.#part = part
    this.#onMerge = onMerge
  }

  take(): RawRow[] {
    const rows = this.#rows
    this.#rows = []
    return rows
  }

  open(name: string, attributes: Attributes): void {
    if (this.#place === 'outside') {
      if (name === 'sheetData') this.#place = 'rows'
      else if (name === 'mergeCell') this.#merge(attributes.ref ?? '')
      return
    }
    if (this.#place === 'inline') this.#inline.open(name)
    else if (name === 'row') this.#openRow(attributes)
    else if (name === 'c') this.#openCell(attributes)
    else if (name === 'f') this.#hasFormula = true
    else if (name === 'v') this.#place = 'value'
    else if (name === 'is') {
      this.#place = 'inline'
      this.#inline.start()
    }
  }

  text(text: string): void {
    if (this.#place === 'value' && this.#value.length <= CELL_MAX) this.#value += text
    else if (this.#place === 'inline') this.#inline.text(text)
  }

  close(name: string): void {
    if (name === 'v' && this.#place === 'value') this.#setValue(this.#value)
    else if (name === 'is' && this.#place === 'inline') this.#setValue(this.#inline.take())
    else if (this.#place === 'inline') this.#inline.close(name)
    else if (this.#place === 'outside') return
    else if (name === 'c') this.#closeCell()
    else if (name === 'row') this.#rows.push(this.#row)
    else if (name === 'sheetData') this.#place = 'outside'
  }

  #openRow({ r }: Attributes): void {
    this.#isNumbered = r !== undefined
    const number = r === undefined ? this.#row.number + 1 : Number(r)
    if (!Number.isInteger(number) || number < 1 || number > sheetLimits.rows)
      throw this.#wrong(`row ${r ?? number}`)
    this.#row = { number, cells: [] }
    this.#column = -1
  }

  #openCell({ r, t = 'n', s = '0' }: Attributes): void {
    let column = this.#column + 1
    if (r !== undefined) {
      const reference = parseReference(r)
      if (reference === null || reference.row > sheetLimits.rows) throw this.#wrong(`cell ${r}`)
      column = reference.column
      if (!this.#isNumbered && this.#row.cells.length === 0) this.#row.number = reference.row
    }
    if (column >= sheetLimits.columns) throw this.#wrong(`column ${column + 1}`)
    this.#column = column
    this.#cell = { column, type: t, style: Number(s), value: null }
    this.#value = ''
    this.#hasFormula = false
  }

  #setValue(value: string): void {
    if (this.#cell !== null) this.#cell.value = value
    this.#place = 'rows'
  }

  #closeCell(): void {
    const cell = this.#cell
    this.#cell = null
    if (cell === null) return
    if (cell.value !== null || this.#hasFormula) {
      this.#filled += 1
      this.#row.cells.push(cell)
      return
    }
    this.#empty += 1
    if (this.#empty > sheetLimits.emptyCells + 8 * this.#filled) {
      throw unreadable(
        this.#path,
        'emptyCells',
        'has millions of cells with a border or a colour and no content; select the empty rows and columns, delete them, and save it again',
      )
    }
  }

  #merge(reference: string): void {
    const [from = '', to = from] = reference.split(':')
    const start = parseReference(from)
    const end = parseReference(to)
    if (start === null || end === null) throw this.#wrong(`merged cells ${reference}`)
    this.#merges += 1
    if (this.#merges > sheetLimits.merges) {
      throw unreadable(
        this.#path,
        'tooManyMerged',
        `has more than ${sheetLimits.merges} merged cells; undo the merging and save it again`,
      )
    }
    this.#onMerge({ top: start.row, left: start.column, bottom: end.row, right: end.column })
  }

  #wrong(what: string) {
    return damaged(this.#path, `${this.#part} names ${what.slice(0, 40)}`)
  }
}
