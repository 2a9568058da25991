/** Text files of hundreds of megabytes: memory that does not grow with them, whatever is wrong in them. */
import { execFile } from 'node:child_process'
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'

const child = join(import.meta.dirname, '../../support/csv-child.ts')
const HEAD = 'Số hiệu,Họ và tên,Đơn vị,Chức vụ\r\n'
const MEGABYTES = 300

/** A heap that holds a few pages of rows and nothing like the file. */
async function measure(path: string): Promise<{ rows: number; problems: number; rss: number }> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--max-old-space-size=64', child, path])
  return JSON.parse(stdout)
}

/** The headings, then this text over and over up to so many megabytes; how many times. */
function write(path: string, megabytes: number, text: string): number {
  const times = Math.ceil(1e6 / Buffer.byteLength(text))
  writeFileSync(path, HEAD)
  const block = text.repeat(times)
  for (let written = 0; written < megabytes; written++) appendFileSync(path, block)
  return times * megabytes
}

t.test('memory does not grow with the file', { timeout: 600_000 }, async t => {
  const path = join(t.testdir(), 'lon.csv')
  const row = '1042,Nguyễn Thị Hường,"Sở Nội vụ, phòng ""Tổ chức""",Chuyên viên\r\n'
  const some = write(path, 10, row)
  const small = await measure(path)
  t.match(small, { rows: some, problems: 0 })
  const all = write(path, MEGABYTES, row)
  const large = await measure(path)
  t.match(large, { rows: all, problems: 0 })
  t.comment(`MiB at 10 MB and ${MEGABYTES} MB: ${small.rss} and ${large.rss}`)
  t.ok(large.rss < Math.max(small.rss, 120) * 1.3, `${small.rss} and ${large.rss} MiB`)
})

t.test(
  'nor with a line that never ends, nor with a stray quote in every row',
  { timeout: 600_000 },
  async t => {
    const path = join(t.testdir(), 'lon.csv')
    write(path, MEGABYTES, 'x')
    const line = await measure(path)
    t.match(line, { rows: 1, problems: 1 })
    const rows = write(path, MEGABYTES, '1,"Trần Thị Bình,Sở Nội vụ,Kế toán\n')
    const quotes = await measure(path)
    t.match(quotes, { problems: rows })
    for (const { rss } of [line, quotes]) t.ok(rss < 250, `${rss} MiB`)
  },
)
