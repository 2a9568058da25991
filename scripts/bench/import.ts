/**
 * Seconds and memory of `hopthu roster import` of a file, on a real PostgreSQL: whether memory stays flat however many
 * rows there are, and whether each row at fault is told of.
 *
 *   node scripts/bench/import.ts [rows …]      10,000, 100,000 and 300,000 by default; each as XLSX and as CSV
 *
 * Three rows of each file have no name. Each file is imported into a database of its own, then once more unchanged.
 */
import { createWriteStream, mkdtempSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { writeXlsx } from '../../src/roster/sources/xlsx-writer.ts'
import { csvLines } from '../../src/web/csv.ts'
import { openFolder, startPostgres } from '../../test/support/servers/index.ts'
import { hopthu, type Measure, printRow } from './measure.ts'

const sizes = process.argv.slice(2).map(Number)
const BAD = 3
/** Some rows were not taken. */
const PARTIAL = 4
const PAGE = 1000

const headings = [
  'STT',
  'Họ và tên',
  'Số hiệu cán bộ',
  'Đơn vị',
  'Chức vụ',
  'Đối tượng',
  'Ngày sinh',
  'Điện thoại',
]
const family = ['Nguyễn Văn', 'Trần Thị', 'Lê Minh', 'Phạm Quốc', 'Đặng Hữu', 'Võ Thị', 'Bùi Thanh']
const given = [
  'An',
  'Bình',
  'Cường',
  'Dung',
  'Đạt',
  'Hoà',
  'Khánh',
  'Linh',
  'Ngọc',
  'Phước',
  'Quý',
  'Thảo',
  'Ước',
]

function rowOf(i: number, count: number): string[] {
  const isBad = [1, Math.floor(count / 2), count - 1].includes(i)
  const name = `${family[i % family.length]} ${given[Math.floor(i / 7) % given.length]}`
  const birth = `${1960 + (i % 40)}-0${1 + (i % 9)}-1${i % 10}`
  const unit = `Đơn vị số ${i % 200}`
  return [
    `${i + 1}`,
    isBad ? '' : name,
    `CB${String(i).padStart(7, '0')}`,
    unit,
    'Chuyên viên',
    'công chức',
    birth,
    '',
  ]
}

async function* pages(count: number): AsyncGenerator<string[][]> {
  for (let from = 0; from < count; from += PAGE)
    yield Array.from({ length: Math.min(PAGE, count - from) }, (_, i) => rowOf(from + i, count))
}

async function* lines(count: number): AsyncGenerator<string> {
  yield csvLines([headings])
  for await (const page of pages(count)) yield csvLines(page)
}

const { folder, remove } = openFolder(mkdtempSync(join(tmpdir(), 'hopthu-bench-')))
const postgres = await startPostgres({ folder: join(folder, 'postgres') })
try {
  printRow(['file', 'MB', 'first load s', 'peak MB', 'unchanged s', 'peak MB'])
  for (const rows of sizes.length > 0 ? sizes : [10_000, 100_000, 300_000]) {
    for (const kind of ['xlsx', 'csv'] as const) await measure(kind, rows)
  }
} finally {
  await postgres.stop()
  remove()
}

async function measure(kind: 'xlsx' | 'csv', rows: number): Promise<void> {
  const file = join(folder, `${rows}.${kind}`)
  if (kind === 'xlsx') await writeXlsx({ headings, rows: pages(rows), to: file })
  else await pipeline(Readable.from(lines(rows)), createWriteStream(file))
  const config = join(folder, `${kind}_${rows}.json`)
  const url = await postgres.createDatabase(`${kind}_${rows}`)
  writeFileSync(config, JSON.stringify({ database: { url }, timeZone: 'Asia/Ho_Chi_Minh', roster: {} }))
  await hopthu(config, ['migrate'])
  const first = await imported(config, file, { joiners: rows - BAD })
  const again = await imported(config, file, { unchanged: rows - BAD })
  const mb = (statSync(file).size / 1e6).toFixed(1)
  printRow([`${rows.toLocaleString('en')} ${kind}`, mb, ...cells(first), ...cells(again)])
}

function cells({ seconds, peakMb }: Measure): string[] {
  return [seconds.toFixed(1), peakMb.toFixed(0)]
}

/** Throws where the run did something else than what is measured. */
async function imported(config: string, file: string, expected: Record<string, number>): Promise<Measure> {
  const measured = await hopthu(config, ['roster', 'import', file, '--create-agencies'], [], PARTIAL)
  const { rejected, rejections, people } = JSON.parse(measured.out) as {
    rejected: number
    rejections: { reason: string }[]
    people: Record<string, number>
  }
  const told = rejections.filter(({ reason }) => reason.startsWith('missing_name')).length
  const [name = '', count = 0] = Object.entries(expected)[0] ?? []
  if (rejected !== BAD || told !== BAD || people[name] !== count)
    throw new Error(`expected ${BAD} rejected and ${name} ${count}, but ${measured.out}`)
  return measured
}
