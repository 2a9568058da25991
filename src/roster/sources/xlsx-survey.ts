/**
 * The first reading of a sheet: what has to be known of all of it before a single row can be told of.
 */
import type { AppError } from '../../error.ts'
import { cleanText } from '../../ids.ts'
import { findHeadingRow, joinHeadings } from '../headings.ts'
import { type CellContext, readCell, showsZeros } from './xlsx-cell.ts'
import { type Area, fillAreas } from './xlsx-merge.ts'
import { type Package, unreadable } from './xlsx-package.ts'
import { type RawRow, readRows } from './xlsx-sheet.ts'
import type { Sheet } from './xlsx-workbook.ts'

export type Survey = {
  headings: readonly string[]
  /** From 1; data stands below. */
  headingRow: number
  /** In the order of the file. */
  areas: readonly Area[]
  /** Whether a column has texts of digits that begin with a zero. */
  zeroColumns: readonly boolean[]
}

/** A roster has dozens. What stands further right makes its row a problem, not the file. */
export const COLUMNS_MAX = 512

/** Rows among which the headings are looked for. */
const FIRST_ROWS = 60

/** Rows of headings below one another that merged cells may hold together. */
const HEADING_ROWS_MAX = 4

export async function surveySheet(
  source: Package,
  sheet: Sheet,
  context: CellContext,
  sheets: readonly Sheet[],
): Promise<Survey> {
  const areas: Area[] = []
  const zeroColumns: boolean[] = []
  const first = new FirstRows()
  let [last, isOrdered, width] = [0, true, 0]
  for await (const rows of readRows(source, sheet.part, area => areas.push(area))) {
    for (const row of rows) {
      isOrdered &&= row.number > last
      last = row.number
      width = Math.max(width, surveyRow(row, context, zeroColumns))
      first.add(row, context)
    }
  }
  if (!isOrdered && areas.some(({ top, bottom }) => bottom > top)) {
    throw unreadable(
      source.path,
      'rowsOutOfOrder',
      'has merged cells and rows out of order; open it in LibreOffice and save it again',
    )
  }
  const found = findHeadings(first.inOrder(), areas, width)
  if (found === null) throw emptySheet(source.path, sheet, sheets)
  return { ...found, areas, zeroColumns }
}

function emptySheet(path: string, { name }: Sheet, sheets: readonly Sheet[]): AppError {
  const names = sheets.map(each => each.name)
  const others = names.filter(each => each !== name).join(', ')
  const advice = others === '' ? 'enter rows and save it again' : `choose another: ${others}`
  return unreadable(path, 'emptySheet', `has nothing on its sheet "${name}"; ${advice}`, { sheets: names })
}

/** Notes what a row shows of its columns, and answers how many of them it fills. */
function surveyRow({ cells }: RawRow, context: CellContext, zeroColumns: boolean[]): number {
  let width = 0
  for (const raw of cells) {
    if (raw.column >= COLUMNS_MAX) continue
    const cell = readCell(raw, context)
    if (cell.text !== '') width = Math.max(width, raw.column + 1)
    if (zeroColumns[raw.column] !== true && showsZeros(cell)) zeroColumns[raw.column] = true
  }
  return width
}

type TextRow = { number: number; texts: string[] }

/** The rows with the smallest numbers, in whatever order they come. */
class FirstRows {
  #rows: TextRow[] = []

  add({ number, cells }: RawRow, context: CellContext): void {
    const largest = this.#rows.at(-1)?.number ?? 0
    if (this.#rows.length >= FIRST_ROWS && number > largest) return
    const texts: string[] = []
    for (const raw of cells) {
      if (raw.column < COLUMNS_MAX) texts[raw.column] = readCell(raw, context).text.slice(0, 1000)
    }
    const dense = Array.from(texts, text => text ?? '')
    if (dense.every(text => text === '')) return
    this.#rows.push({ number, texts: dense })
    if (number < largest) this.#rows.sort((a, b) => a.number - b.number)
    this.#rows.length = Math.min(this.#rows.length, FIRST_ROWS)
  }

  inOrder(): readonly TextRow[] {
    return this.#rows
  }
}

/** The headings, from the rows as they stand and the areas that join them; null where there is no row. */
function findHeadings(
  rows: readonly TextRow[],
  areas: readonly Area[],
  width: number,
): Pick<Survey, 'headings' | 'headingRow'> | null {
  const found = findHeadingRow(rows.map(({ texts }) => texts)) ?? { first: 0, last: 0, data: 1 }
  const start = rows[found.first]?.number
  const end = rows[found.last]?.number
  const before = rows[found.data - 1]?.number
  if (start === undefined || end === undefined || before === undefined) return null
  const block = joinedByAreas({ top: start, bottom: end }, areas)
  const texts = new Map(rows.map(row => [row.number, padTo(row.texts, width)]))
  const filled = fillAreas(texts, areas)
  const levels = [...filled].flatMap(([number, each]) =>
    number >= block.top && number <= block.bottom ? [each] : [],
  )
  return { headings: joinLevels(levels), headingRow: Math.max(block.bottom, before) }
}

function padTo(texts: readonly string[], width: number): string[] {
  return Array.from({ length: width }, (_, column) => texts[column] ?? '')
}

/** The rows of headings with those that a merged cell holds together with them. */
function joinedByAreas(rows: { top: number; bottom: number }, areas: readonly Area[]) {
  let { top, bottom } = rows
  for (const area of areas) {
    const isShort = area.bottom > area.top && area.bottom - area.top < HEADING_ROWS_MAX
    if (!isShort || area.bottom < rows.top || area.top > rows.bottom) continue
    top = Math.min(top, area.top)
    bottom = Math.max(bottom, area.bottom)
  }
  return { top, bottom }
}

function joinLevels(levels: readonly (readonly string[])[]): string[] {
  if (levels.length <= 2) return joinHeadings(levels)
  return (levels[0] ?? []).map((_, column) =>
    levels
      .map(texts => cleanText(texts[column] ?? ''))
      .filter((text, i, all) => text !== '' && text !== all[i - 1])
      .join(' / '),
  )
}
