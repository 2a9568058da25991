/**
 * Reads a text file of rows (CSV) as a table: encoding, separator and headings are recognised, or the file is refused.
 *
 * Flat memory however large the file: a stretch at a time. What is wrong with a row stays with that row. A file that
 * was cut off or changed while it was read must never look complete; the end of the last cell of a file without a
 * last line break is the one place where a cut cannot be seen.
 */
import { isAscii } from 'node:buffer'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { AppError } from '../../error.ts'
import { streamSafe } from '../../ids.ts'
import { type FileRefusal, fileRefusalWords } from '../file-messages.ts'
import { findHeadingRow, joinHeadings } from '../headings.ts'
import { conversionSample, convertLegacy, isConvertible, type Legacy, legacyOf } from '../legacy-text.ts'
import { encodingOf, type TextEncoding } from '../text-encoding.ts'
import { type CsvRow, CsvRows, type CsvShape } from './csv-rows.ts'
import type { CellNote, Table, TableRow } from './table.ts'

export type CsvOptions = {
  signal: AbortSignal
  /** A larger file is refused before it is read. */
  maxBytes?: number
  /** Takes the text for legacy Vietnamese and converts it; refused where none of it is. */
  convert?: Legacy
}

const READ_BYTES = 1 << 16
const PAGE_SIZE = 1000
/** Rows the separator and the headings are looked for in. */
const FIRST_ROWS = 100
const SEPARATORS = [',', ';', '\t'] as const

/** Throws `file_unreadable` with `details.refused`, a `FileRefusal`, where it is no such file; `cancelled`. */
export async function openCsv(path: string, options: CsvOptions): Promise<Table> {
  const file = await openFile(path)
  try {
    const before = await identify(file)
    if (before.bytes > (options.maxBytes ?? Number.POSITIVE_INFINITY)) {
      throw refusal(path, 'tooLarge', { bytes: before.bytes, maxBytes: options.maxBytes })
    }
    const reading = { path, file, before, signal: options.signal }
    const layout = layoutOf(path, await readHead(reading), options.convert ?? null)
    return {
      format: 'csv',
      encoding: layout.convert ?? layout.encoding,
      separator: layout.separator,
      sheet: null,
      sheets: [],
      headings: layout.headings,
      headingRow: layout.headingRow,
      rows: () => readPages(reading, layout),
      close: () => file.close(),
    }
  } catch (error) {
    await file.close()
    throw error
  }
}

type Identity = { bytes: number; modifiedAt: number }
type Reading = { path: string; file: FileHandle; before: Identity; signal: AbortSignal }
type Head = {
  bytes: Buffer /** From the first letter beyond ASCII on, where the head has none. */
  later: Buffer
  whole: boolean
}
type Layout = {
  encoding: TextEncoding
  convert: Legacy | null
  separator: Table['separator']
  headings: string[]
} & CsvShape

/** Waiting on a pipe would never end, so what is no file is not opened. */
async function openFile(path: string): Promise<FileHandle> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new AppError('file_unreadable', `${path} cannot be opened`, { cause })
  })
  if (!found.isFile()) throw new AppError('file_unreadable', `${path} is no file`)
  return open(path, 'r').catch((cause: unknown) => {
    throw new AppError('file_unreadable', `${path} cannot be opened`, { cause })
  })
}

async function identify(file: FileHandle): Promise<Identity> {
  const { size, mtimeMs } = await file.stat()
  return { bytes: size, modifiedAt: mtimeMs }
}

function refusal(path: string, refused: FileRefusal, details: Record<string, unknown> = {}): AppError {
  return new AppError('file_unreadable', `${path}: ${fileRefusalWords[refused].en}`, {
    details: { refused, ...details },
  })
}

/** The beginning of the file; where it is plain ASCII, also the first stretch that is not, for the encoding. */
async function readHead(reading: Reading): Promise<Head> {
  let bytes: Buffer | null = null
  let whole = true
  for await (const chunk of readBytes(reading)) {
    if (bytes === null) bytes = chunk
    else whole = false
    if (!isAscii(chunk) || chunk.includes(0)) {
      const later = chunk === bytes ? Buffer.alloc(0) : chunk
      return { bytes, later, whole: whole && reading.before.bytes <= bytes.length }
    }
  }
  if (bytes === null) throw refusal(reading.path, 'empty')
  return { bytes, later: Buffer.alloc(0), whole }
}

async function* readBytes({ path, file, signal }: Reading): AsyncGenerator<Buffer> {
  for (let position = 0; ; ) {
    if (signal.aborted) throw new AppError('cancelled', `reading ${path} was broken off`, { temporary: true })
    const buffer = Buffer.allocUnsafe(READ_BYTES)
    const { bytesRead } = await file.read(buffer, 0, READ_BYTES, position)
    if (bytesRead === 0) return
    position += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

function layoutOf(path: string, head: Head, wanted: Legacy | null): Layout {
  const sample = Buffer.concat([head.bytes, head.later])
  const encoding = encodingOf(sample) ?? (wanted !== null && !sample.includes(0) ? 'windows-1258' : null)
  if (encoding === null) throw refusal(path, 'encoding')
  const text = new TextDecoder(encoding).decode(sample)
  if (text.trim() === '') throw refusal(path, 'empty')
  const legacy = legacyOf(text)
  const convert = wanted !== null && isConvertible(text, wanted) ? wanted : null
  if (wanted !== null && convert === null) throw refusal(path, 'notLegacy')
  const decoder = decoderOf(encoding, convert ?? legacy)
  const { rows, layout } = headingsOf(decoder.decode(head.bytes), head.whole, convert)
  if (wanted === null && legacy !== null) {
    throw refusal(path, legacy, {
      legacy,
      sample: conversionSample(
        rows.map(({ cells }) => cells),
        legacy,
      ),
    })
  }
  if (layout === null) throw refusal(path, 'noHeadings')
  return { encoding, convert, ...layout }
}

/** Legacy bytes have to stay what they are, and windows-1258 has marks among them. */
function decoderOf(encoding: TextEncoding, legacy: Legacy | null): TextDecoder {
  return new TextDecoder(legacy !== null && encoding === 'windows-1258' ? 'windows-1252' : encoding)
}

type Found = { rows: CsvRow[]; layout: Omit<Layout, 'encoding' | 'convert'> | null }

function headingsOf(text: string, whole: boolean, convert: Legacy | null): Found {
  const { separator, rows, cut } = recogniseSeparator(text, whole)
  const filled = rows.filter(row => !isBlank(row.cells))
  const cells = filled.map(row => row.cells.map(cell => cellText(cell, convert)))
  const place = findHeadingRow(cells)
  const last = filled[place === null ? 0 : place.data - 1]
  if (place === null || last === undefined) return { rows: filled, layout: null }
  const headings = joinHeadings(cells.slice(place.first, place.last + 1))
  const data = cells.slice(place.data, cut ? -1 : undefined)
  const even = headings.length > 1 && data.every(row => row.length >= headings.length)
  const layout = { separator, headings, columns: headings.length, even, headingRow: last.line }
  return { rows: filled, layout }
}

type FirstRows = { rows: CsvRow[] /** The last of them may be cut off. */; cut: boolean }

/** Named by a first line `sep=;` as Excel does, or else the one that cuts the first rows into the most even columns. */
function recogniseSeparator(text: string, whole: boolean): FirstRows & { separator: Table['separator'] } {
  const named = /^\ufeff?sep=([,;\t])[\r\n]/i.exec(text)?.[1]
  const tries = SEPARATORS.filter(each => named === undefined || each === named).map(separator => {
    const first = firstRows(text, whole, separator)
    const rows = named === undefined ? first.rows : first.rows.slice(1)
    return { ...first, separator, rows, score: evenness(rows) }
  })
  const best = tries.reduce((a, b) => (b.score > a.score ? b : a))
  return best.score > 0 ? best : { separator: null, ...firstRows(text, whole, null) }
}

function firstRows(text: string, whole: boolean, separator: string | null): FirstRows {
  const parser = new CsvRows(separator)
  const rows = parser.take(text)
  if (whole) rows.push(...parser.end())
  return { rows: rows.slice(0, FIRST_ROWS), cut: parser.endedInLine && rows.length <= FIRST_ROWS }
}

/** The part of the rows that has the commonest width, squared since most of them have to, times the cuts in a row. */
function evenness(rows: readonly CsvRow[]): number {
  const widths = new Map<number, number>()
  for (const { cells } of rows) widths.set(cells.length, (widths.get(cells.length) ?? 0) + 1)
  const scores = [...widths].map(([width, count]) => (count / rows.length) ** 2 * (width - 1))
  return scores.reduce((a, b) => Math.max(a, b), 0)
}

async function* readPages(reading: Reading, layout: Layout): AsyncGenerator<TableRow[]> {
  let page: TableRow[] = []
  for await (const rows of readRows(reading, layout)) {
    for (const row of rows) {
      if (row.line <= layout.headingRow || isBlank(row.cells)) continue
      page.push(toTableRow(row, layout))
      if (page.length < PAGE_SIZE) continue
      yield page
      page = []
    }
  }
  if (page.length > 0) yield page
}

async function* readRows(reading: Reading, layout: Layout): AsyncGenerator<CsvRow[]> {
  const { path, file, before } = reading
  const decoder = decoderOf(layout.encoding, layout.convert)
  const parser = new CsvRows(layout.separator, layout)
  let position = 0
  for await (const chunk of readBytes(reading)) {
    position += chunk.length
    yield parser.take(decoder.decode(chunk, { stream: true }))
  }
  const rest = decoder.decode()
  const last = parser.end()
  const now = await identify(file)
  if (now.bytes !== before.bytes || now.modifiedAt !== before.modifiedAt || position !== before.bytes) {
    throw new AppError('read_incomplete', `${path} changed while it was read; read it again when it is whole`)
  }
  const end = last.at(-1)
  if (
    rest !== '' ||
    (parser.endedInLine && (end?.problem === 'openQuote' || end?.problem === 'tooFewCells'))
  ) {
    throw new AppError(
      'read_incomplete',
      `${path} ends in the middle of a row; send it again when it is whole`,
      {
        details: end === undefined ? {} : { line: end.line },
      },
    )
  }
  yield last
}

function isBlank(cells: readonly string[]): boolean {
  return cells.every(cell => cell.trim() === '')
}

function toTableRow({ line, cells, problem }: CsvRow, { columns, convert }: Layout): TableRow {
  const texts = cells.map(cell => cellText(cell, convert))
  while (texts.length < columns) texts.push('')
  while (texts.length > columns && texts.at(-1) === '') texts.pop()
  const found = problem ?? (texts.some(text => NOT_TEXT.test(text)) ? 'notText' : undefined)
  const row: TableRow = { number: line, cells: texts, notes: texts.flatMap(noteOf) }
  return found === undefined ? row : { ...row, problem: found }
}

/** Bytes of another encoding (U+FFFD), and control characters no one types. */
const NOT_TEXT = /\ufffd|(?!\s)\p{Cc}/u
/** How exports keep Excel from taking digits for a number. */
const AS_TEXT = /^="([^"]*)"$/
const BEYOND_ASCII = /\P{ASCII}/u

function cellText(cell: string, convert: Legacy | null): string {
  const text = AS_TEXT.exec(cell)?.[1] ?? cell
  if (!BEYOND_ASCII.test(text)) return text.trim()
  const safe = streamSafe(text)
  return (convert === null ? safe.normalize('NFC') : convertLegacy(safe, convert)).trim()
}

const SCIENTIFIC = /^\d(?:[.,]\d+)?E\+\d{1,3}$/i
const FORMULA_ERROR = /^#(?:REF!|N\/A|VALUE!|NAME\?|DIV\/0!|NULL!|NUM!|SPILL!)$/

/** What a spreadsheet did to a cell before the file was saved from it. */
function noteOf(text: string, column: number): CellNote[] {
  if (SCIENTIFIC.test(text)) return [{ column, kind: 'scientific', text }]
  return FORMULA_ERROR.test(text) ? [{ column, kind: 'formulaError', text }] : []
}
