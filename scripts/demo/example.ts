/**
 * Makes the file to try an import with, `docs/examples/danh-sach-can-bo.xlsx` and `.csv`: `example.ts`.
 *
 * People of the province that `npm start` invents; the same input gives the same rows.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Day } from '../../src/ids.ts'
import { writeXlsx } from '../../src/roster/sources/xlsx-writer.ts'
import { CSV_MARK, csvLines } from '../../src/web/csv.ts'
import { makePeople } from './people.ts'
import type { State } from './practice.ts'
import { exampleFile } from './school.ts'

const SEED = 99
const state: State = {
  ...{ start: '2026-11-25' as Day, seed: SEED, share: 1, days: 430 },
  ...{ phase: 'ready', livedUntil: '2026-11-24' as Day, bytes: {} },
}
const folder = join(import.meta.dirname, '../../docs/examples')
const { headings, rows } = exampleFile({ people: makePeople(SEED), state })

mkdirSync(folder, { recursive: true })
writeFileSync(join(folder, 'danh-sach-can-bo.csv'), CSV_MARK + csvLines([headings, ...rows]))
const count = await writeXlsx({
  ...{ headings, sheet: 'Danh sách', to: join(folder, 'danh-sach-can-bo.xlsx') },
  rows: (async function* () {
    yield rows
  })(),
})
console.log(`${count} rows`)
