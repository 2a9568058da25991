/** Workbooks as large as they get: memory that does not grow with the rows, and lists longer than a sheet. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { openXlsx } from '../../../src/roster/sources/xlsx.ts'
import { writeXlsx } from '../../../src/roster/sources/xlsx-writer.ts'
import { partsOf, writeParts } from '../../support/xlsx.ts'

const COLUMNS = 12
const child = join(import.meta.dirname, '../../support/xlsx-child.ts')

async function* people(count: number) {
  for (let start = 0; start < count; start += 1000) {
    yield Array.from({ length: Math.min(1000, count - start) }, (_, i) =>
      Array.from({ length: COLUMNS }, (_, column) => `Nguyễn Thị Phương ${start + i} ${column}`),
    )
  }
}

/** As a spreadsheet writes it: five texts of each person are shared, and nobody else's. */
async function writeShared(path: string, count: number): Promise<void> {
  const rows = Array.from({ length: count }, (_, i) => {
    const cells = Array.from({ length: COLUMNS }, (_, column) =>
      column < 5
        ? `<c r="${String.fromCharCode(65 + column)}${i + 1}" s="1" t="s"><v>${i * 5 + column}</v></c>`
        : `<c r="${String.fromCharCode(65 + column)}${i + 1}" s="1"><v>${20_000 + i}</v></c>`,
    )
    return `<row r="${i + 1}" spans="1:12">${cells.join('')}</row>`
  })
  const strings = Array.from({ length: count * 5 }, (_, i) => `<t>Nguyễn Thị Phương ${i}</t>`)
  await writeParts(path, partsOf({ sheets: [{ name: 'x', rows: rows.join('') }], strings, formats: [0, 14] }))
}

async function measure(path: string): Promise<{ rows: number; notes: number; rss: number }> {
  const { stdout } = await promisify(execFile)(process.execPath, [child, path])
  return JSON.parse(stdout)
}

t.test(
  'memory does not grow with the rows, and little with the texts they share',
  { timeout: 600_000 },
  async t => {
    const path = join(t.testdir(), 'lon.xlsx')
    const headings = Array.from({ length: COLUMNS }, (_, i) => `Cột ${i}`)
    const own: number[] = []
    const shared: number[] = []
    for (const count of [100_000, 400_000]) {
      await writeXlsx({ headings, rows: people(count), to: path })
      const inline = await measure(path)
      t.match(inline, { rows: count, notes: 0 })
      own.push(inline.rss)
      await writeShared(path, count)
      const common = await measure(path)
      t.match(common, { rows: count - 1, notes: 0 })
      shared.push(common.rss)
    }
    t.comment(`MiB at 100,000 and 400,000 rows: own texts ${own.join(', ')}; shared ${shared.join(', ')}`)
    const [small = 0, large = Number.POSITIVE_INFINITY] = own
    t.ok(small < 250 && large < Math.max(small, 200) * 1.2, `${small} and ${large} MiB`)
    // 1,500,000 more texts of some 25 bytes, each with two numbers of 4.
    const [few = 0, many = Number.POSITIVE_INFINITY] = shared
    t.ok(few < 250 && many < few + 110, `${few} and ${many} MiB`)
  },
)

t.test('what does not fit on one sheet goes on on the next', { timeout: 600_000 }, async t => {
  const path = join(t.testdir(), 'dai.xlsx')
  async function* rows() {
    for (let start = 0; start < 1_050_000; start += 10_000) {
      yield Array.from({ length: 10_000 }, (_, i) => [`CB${start + i}`, 'Thiếu cơ quan'])
    }
  }
  const signal = new AbortController().signal
  t.equal(await writeXlsx({ headings: ['Mã', 'Lý do'], rows: rows(), to: path, sheet: 'Lỗi' }), 1_050_000)
  const table = await openXlsx(path, { signal, sheet: 'Lỗi 2' })
  t.same(table.sheets, ['Lỗi', 'Lỗi 2'])
  t.same(table.headings, ['Mã', 'Lý do'])
  const found = (await Array.fromAsync(table.rows())).flat()
  t.equal(found.length, 1_050_000 - 1_048_575)
  t.equal(found[0]?.cells[0], 'CB1048575')
  await table.close()
})
