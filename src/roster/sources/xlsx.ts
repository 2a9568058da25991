/**
 * Reads people from a sheet of a workbook (.xlsx, ECMA-376, transitional or strict), row by row.
 *
 * The sheet is read twice. First to its end when it is opened: whether it is whole, which cells are merged (that stands
 * below the rows), where the headings are, and which columns have digits beginning with zeros. Then, as often as rows
 * are asked for, with all that known, so that a row is told of once and rightly. Memory does not grow with the rows,
 * only with the texts they share, see `xlsx-strings.ts`.
 */
import { AppError } from '../../error.ts'
import { CELL_MAX } from '../spreadsheet.ts'
import type { CellNote, Table, TableRow } from './table.ts'
import { besideZeros, type Cell, type CellContext, readCell } from './xlsx-cell.ts'
import { MergedDown } from './xlsx-merge.ts'
import { openPackage, type Package } from './xlsx-package.ts'
import { type RawRow, readRows } from './xlsx-sheet.ts'
import { readSharedStrings } from './xlsx-strings.ts'
import { COLUMNS_MAX, type Survey, surveySheet } from './xlsx-survey.ts'
import { chooseSheet, readWorkbook, type Sheet } from './xlsx-workbook.ts'

export type XlsxOptions = {
  signal: AbortSignal
  /** Of the file itself; 200 MiB if left out, which is some two million rows. */
  maxBytes?: number
  /** The first sheet that a person sees if left out. */
  sheet?: string
}

const MAX_BYTES = 200 * 1024 ** 2
const PAGE_SIZE = 1000
const NOTE_MAX = 60

/** Opens a workbook and finds its headings. Throws `file_unreadable` (`details.sheets` where it has some), `cancelled`. */
export async function openXlsx(path: string, options: XlsxOptions): Promise<Table> {
  const source = await openPackage(path, options.maxBytes ?? MAX_BYTES, options.signal)
  try {
    return await openTable(source, options.sheet)
  } catch (error) {
    await source.close()
    throw error
  }
}

async function openTable(source: Package, wanted: string | undefined): Promise<Table> {
  const workbook = await readWorkbook(source)
  const sheet = chooseSheet(source.path, workbook.sheets, wanted)
  const strings = await readSharedStrings(source, workbook.strings)
  const { formats, from1904 } = workbook
  const context: CellContext = { path: source.path, strings, formats, from1904 }
  const survey = await surveySheet(source, sheet, context, workbook.sheets)
  return {
    format: 'xlsx',
    encoding: null,
    separator: null,
    sheet: sheet.name,
    sheets: workbook.sheets.map(({ name }) => name),
    headings: survey.headings,
    headingRow: survey.headingRow,
    rows: () => readPages({ source, sheet, context, survey }),
    close: () => source.close(),
  }
}

type Reading = { source: Package; sheet: Sheet; context: CellContext; survey: Survey }

async function* readPages(reading: Reading): AsyncGenerator<TableRow[]> {
  let page: TableRow[] = []
  for await (const rows of readTableRows(reading)) {
    for (const row of rows) {
      page.push(row)
      if (page.length < PAGE_SIZE) continue
      yield page
      page = []
    }
  }
  if (page.length > 0) yield page
}

/** The file was whole when it was opened: whatever is wrong with it now came later. */
async function* readTableRows({ source, sheet, context, survey }: Reading): AsyncGenerator<TableRow[]> {
  const merged = new MergedDown<Cell>(survey.areas.filter(({ top }) => top > survey.headingRow))
  const rows = readRows(source, sheet.part, () => {})
  try {
    for (;;) {
      const next = await rows.next().catch((cause: unknown) => {
        throw changed(source.path, cause)
      })
      if (next.done === true) break
      yield next.value.flatMap(raw => readRow(raw, { context, survey, merged }))
    }
  } finally {
    await rows.return(undefined)
  }
  if (!(await source.unchanged())) throw changed(source.path)
}

function changed(path: string, cause?: unknown): AppError {
  if (cause instanceof AppError && cause.code === 'cancelled') return cause
  const sentence = `${path} changed while it was read; read it again when it is whole`
  return new AppError('read_incomplete', sentence, cause === undefined ? {} : { cause })
}

type RowContext = { context: CellContext; survey: Survey; merged: MergedDown<Cell> }

/** One row, or none where it stands above the data or has no text of its own. */
function readRow({ number, cells: raw }: RawRow, { context, survey, merged }: RowContext): TableRow[] {
  if (number <= survey.headingRow) return []
  const own = new Map<number, Cell>()
  let hasContent = false
  for (const each of raw) {
    const cell = readCell(each, context)
    hasContent ||= cell.text !== '' || cell.problem !== null
    own.set(each.column, survey.zeroColumns[each.column] === true ? besideZeros(cell) : cell)
  }
  merged.fill(number, own)
  return hasContent ? [toTableRow(number, own, survey.headings.length)] : []
}

function toTableRow(number: number, own: ReadonlyMap<number, Cell>, width: number): TableRow {
  const cells = new Array<string>(width).fill('')
  const notes: CellNote[] = []
  let problem: TableRow['problem']
  for (const [column, { text, problem: kind }] of own) {
    if (text.length > CELL_MAX) problem = 'tooLong'
    if (column >= COLUMNS_MAX && text !== '') problem ??= 'tooManyCells'
    if (column >= width) continue
    cells[column] = text.slice(0, CELL_MAX)
    if (kind !== null) notes.push({ column, kind, text: text.slice(0, NOTE_MAX) })
  }
  return { number, cells, notes, ...(problem === undefined ? {} : { problem }) }
}
