/** `npm start` itself: the whole province, as somebody meets it on a fresh checkout. */
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { addDays, dayAt } from '../src/ids.ts'
import { freePort } from './support/servers/process.ts'
import { type Started, start } from './support/started.ts'

const MAIN = join(import.meta.dirname, '../src/main.ts')
const FIRST_PAGE_WAIT_MS = 600_000
const FILLED_MS = 900_000

type Place = { folder: string; port: number }

function begin(t: Test, { folder, port }: Place): Started {
  return start(t, 'scripts/demo.ts', { INIT_CWD: folder, PORT: String(port), HOPTHU_CONFIG: '/nowhere.json' })
}

const page = ({ port }: Place) => `http://127.0.0.1:${port}/sign-in`

function hopthu({ folder }: Place, ...words: string[]) {
  const { stdout } = spawnSync(process.execPath, [MAIN, ...words, '--json'], {
    cwd: folder,
    env: { ...process.env, INIT_CWD: folder },
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  })
  return JSON.parse(stdout)
}

function figures(place: Place): unknown[] {
  const yesterday = addDays(dayAt(Date.now(), 'Asia/Ho_Chi_Minh'), -1)
  return [0, -30, -200].map(back => hopthu(place, 'adoption', '--as-of', addDays(yesterday, back)))
}

/** Told, not judged: how long it takes is measured by `scripts/bench/start.ts`. */
function tell(t: Test, what: string, ms: number, started: Started): void {
  const own = cpuMs(started.child.pid ?? 0) / 1000
  t.comment(
    `${what}: ${Math.round(ms / 100) / 10} s, ${own} s of processor time, load ${loadavg()[0]?.toFixed(1)}`,
  )
}

const TICKS_PER_SECOND = 100 // of every Linux, sysconf(3)

/** proc(5), stat: utime and stime are fields 14 and 15. */
function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND
}

t.test(
  'a first start serves, a later one keeps everything, and all can be made again from the logs',
  async t => {
    const folder = mkdtempSync(join(tmpdir(), 'hopthu-start-'))
    t.teardown(() => rmSync(folder, { recursive: true, force: true }))
    const place = { folder, port: await freePort() }

    const first = begin(t, place)
    const firstMs = await first.answering(page(place), FIRST_PAGE_WAIT_MS)
    tell(t, 'the first page', firstMs, first)
    const links = await first.saying(
      /quantri.*\n +(http\S+\/sign-in\/\S+)[\s\S]*thutruong.*\n +(http\S+)/,
      120_000,
    )
    t.equal((await fetch(links[1] ?? '')).status, 200, 'the link opens')
    t.equal(
      (await begin(t, { ...place, port: await freePort() }).saying(/another hopthu process/, 120_000)).length,
      1,
    )
    t.equal((await begin(t, place).saying(/PORT=8081 npm start/, 120_000)).length, 1)
    await first.saying(/Số liệu đã đầy đủ/, FILLED_MS)
    const before = figures(place)
    t.match(before[0], { agencies: [{ code: 'H99' }] })
    const check = hopthu(place, 'check')
    t.same(
      check.parts
        .filter((part: { name: string; ok: boolean }) => !part.ok)
        .map((part: { name: string }) => part.name),
      ['nightly'],
      'the newest roster waits for a look, all else works',
    )
    t.equal(await first.interrupt(), 0, 'Ctrl-C ends it well')

    const later = begin(t, place)
    const laterMs = await later.answering(page(place), FIRST_PAGE_WAIT_MS)
    tell(t, 'a later start', laterMs, later)
    t.same(figures(place), before, 'nothing is lost')
    t.equal(await later.interrupt(), 0)

    rmSync(join(folder, 'data/db'), { recursive: true })
    rmSync(join(folder, 'data/practice/logs'), { recursive: true })
    const again = begin(t, place)
    await again.saying(/Số liệu đã đầy đủ/, FILLED_MS)
    t.same(figures(place), before, 'the same figures from the logs alone')
    t.equal(await again.interrupt(), 0)
    t.ok(globSync('data/practice/logs/*.gz', { cwd: folder }).length > 12, 'rotated by month')
    t.notOk(existsSync(join(folder, 'data/.db.sock')), 'no socket is left')
  },
)

t.test('a first start that is broken off is begun again', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'hopthu-start-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const place = { folder, port: await freePort() }
  const first = begin(t, place)
  await first.saying(/danh sách cán bộ ngày/, FIRST_PAGE_WAIT_MS)
  t.equal(await first.interrupt(), 130)
  const second = begin(t, place)
  await second.answering(page(place), FIRST_PAGE_WAIT_MS)
  const [root] = hopthu(place, 'adoption').agencies
  t.match(root, { code: 'H99' })
  t.ok(root.required > 1700 && root.regular > 700, `${root.regular} of ${root.required}`)
  t.equal(await second.interrupt(), 0)
})
