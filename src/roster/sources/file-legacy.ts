/** A workbook whose cells hold legacy Vietnamese text, by its old fonts: refused with a sample, or converted. */
import { AppError } from '../../error.ts'
import { fileRefusalWords } from '../file-messages.ts'
import { conversionSample, convertLegacy, isConvertible, type Legacy, legacyOf } from '../legacy-text.ts'
import type { Table, TableRow } from './table.ts'

/**
 * The table itself where its text is Unicode; converted where `convert` says so. Looks at the headings and the first
 * page of rows. Closes the table where it throws `file_unreadable` with `details.refused`.
 */
export async function withUnicode(table: Table, path: string, convert: Legacy | null): Promise<Table> {
  try {
    const rows = [table.headings, ...(await firstPage(table)).map(({ cells }) => cells)]
    const text = rows.map(cells => cells.join('\n')).join('\n')
    const legacy = legacyOf(text)
    if (convert !== null && !isConvertible(text, convert)) throw refusal(path, 'notLegacy', {})
    if (convert !== null) return converted(table, convert)
    if (legacy === null) return table
    throw refusal(path, legacy, { legacy, sample: conversionSample(rows, legacy) })
  } catch (error) {
    await table.close()
    throw error
  }
}

async function firstPage(table: Table): Promise<readonly TableRow[]> {
  for await (const page of table.rows()) return page
  return []
}

function converted(table: Table, legacy: Legacy): Table {
  const convert = (cell: string) => convertLegacy(cell, legacy)
  return {
    ...table,
    encoding: legacy,
    headings: table.headings.map(convert),
    async *rows() {
      for await (const page of table.rows())
        yield page.map(row => ({ ...row, cells: row.cells.map(convert) }))
    },
  }
}

function refusal(path: string, refused: Legacy | 'notLegacy', details: Record<string, unknown>): AppError {
  return new AppError('file_unreadable', `${path}: ${fileRefusalWords[refused].en}`, {
    details: { refused, ...details },
  })
}
