/** Workbooks of several sheets for the import's tests. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { texts, writeWorkbook } from './xlsx.ts'

export async function workbookOf(sheets: Record<string, string[][]>): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), 'hopthu-workbook-'))
  try {
    const path = join(folder, 'book.xlsx')
    await writeWorkbook(path, {
      sheets: Object.entries(sheets).map(([name, rows]) => ({ name, rows: texts(...rows) })),
    })
    return readFileSync(path)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
