/**
 * How long the pages take for a province, and in how much memory, as an operator's browser asks for them.
 *
 *   node scripts/bench/pages.ts [people] [rounds]        60,000 people and 5 rounds by default
 *
 * A PostgreSQL of its own, the shipped `hopthu serve --only web`, loopback only. `cold` is the first request after the
 * start, `shared` the same once more, `anew` one for a day nobody has asked for, so that nothing is at hand. `held` is how
 * long the event loop was held at most while a page was made anew. The yardstick, in the same run: the figures by the command line, and the
 * plain count of the rows they are made of.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { newToken, tokenHash } from '../../src/access/secret.ts'
import { createOperator, openSession } from '../../src/access/store.ts'
import { type Database, openDatabase } from '../../src/database/database.ts'
import { migrate } from '../../src/database/migrate.ts'
import { addDays } from '../../src/ids.ts'
import { openFolder, startPostgres } from '../../test/support/servers/index.ts'
import { postgresPrograms } from '../../test/support/servers/postgres.ts'
import { freePort } from '../../test/support/servers/process.ts'
import { department, fill, yesterday } from './pages-fill.ts'

const people = Number(process.argv[2] ?? 60_000)
const rounds = Number(process.argv[3] ?? 5)
const HEADS = 20
/** Days asked for so far, counted back. */
let days = 0
const LONGEST_MS = 120_000
const main = join(import.meta.dirname, '../../src/main.ts')

const paths: readonly { path: string; shared: boolean }[] = [
  ...[
    '/',
    '/agencies',
    `/agencies/${department.code}`,
    '/people',
    '/people?stage=chua-thuong-xuyen&q=nguyen',
    '/people/77',
    '/api/v1/adoption',
  ].map(path => ({ path, shared: true })),
  ...[
    '/mailboxes',
    '/mailboxes?q=nguyen',
    '/plans',
    '/plans/30',
    '/runs',
    '/runs/1',
    '/sources',
    '/targets',
    '/audit',
  ].map(path => ({ path, shared: false })),
]

type Answer = { ms: number; status: number; bytes: number }
type Row = { path: string; cold: number; shared: number[]; anew: number[]; bytes: number; held: number }

const { folder, remove } = openFolder(undefined)
const postgres = await startPostgres({ folder: join(folder, 'postgres'), maxConnections: 100 })
const url = await postgres.createDatabase('bench')
const database = await openDatabase({ url, maxConnections: 4, backend: 'postgres' })
const port = await freePort()
const config = join(folder, 'config.json')
try {
  writeFileSync(config, JSON.stringify(configuration()))
  await migrate(database)
  const begun = performance.now()
  await fill(database.db, people, yesterday())
  // as a server's own autovacuum does within a minute of such a fill
  await sql`analyze`.execute(database.db)
  process.stderr.write(`filled in ${seconds(performance.now() - begun)} s\n`)
  const operator = await session(database, 'admin', null)
  const heads = await Promise.all(
    Array.from({ length: HEADS }, (_, i) => session(database, 'head', department.id + i)),
  )
  await measure(operator, heads)
} finally {
  await database.close()
  await postgres.stop()
  remove()
}

function configuration(): unknown {
  return {
    database: { url },
    http: { port },
    timeZone: 'Asia/Ho_Chi_Minh',
    mailbox: {
      staffClasses: ['công chức'],
      naming: [{ agency: '*', domain: 'phuocan.test', pattern: '{given}{initials}' }],
    },
    activity: {
      sources: [{ name: 'mail-01', kind: 'log', path: '/nowhere/mail.log', timeZone: 'Asia/Ho_Chi_Minh' }],
    },
    adoption: {
      targets: [
        {
          name: 'Dùng thường xuyên',
          indicator: 'regular',
          value: 0.9,
          scope: {},
          from: '2026-01-01',
          due: '2027-12-31',
          kind: 'reach',
        },
        {
          name: 'Các sở',
          indicator: 'regular',
          value: 0.8,
          scope: { level: 'department' },
          from: '2026-01-01',
          due: '2027-12-31',
          kind: 'reach',
        },
      ],
    },
  }
}

async function session({ db }: Database, role: 'admin' | 'head', agencyId: number | null): Promise<string> {
  const now = new Date()
  const { id } = await createOperator(db, { name: `${role}-${agencyId ?? 'all'}`, role, agencyId, now })
  const token = newToken()
  await openSession(db, { tokenHash: tokenHash(token), operatorId: id ?? 0, mustSetPassword: false, now })
  return token
}

async function measure(operator: string, heads: readonly string[]): Promise<void> {
  const yard = yardstick()
  const started = performance.now()
  const child = spawn(process.execPath, [main, 'serve', '--only', 'web', '--config', config], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  try {
    await untilReady(child)
    const ready = performance.now() - started
    const before = peakMb(child.pid)
    const rows: Row[] = []
    for (const each of paths) rows.push(await measurePage(operator, each))
    const pagesMb = peakMb(child.pid)
    const crowd = await measureCrowd(heads)
    report({ rows, crowd, yard, ready, mb: [before, pagesMb, peakMb(child.pid)] })
  } finally {
    if (child.exitCode === null) {
      child.kill('SIGINT')
      await once(child, 'exit')
    }
  }
}

async function untilReady(child: ReturnType<typeof spawn>): Promise<void> {
  const begun = performance.now()
  while (performance.now() - begun < LONGEST_MS && child.exitCode === null) {
    const answer = await fetch(`http://127.0.0.1:${port}/health/ready`).catch(() => null)
    if (answer?.ok) return
    await sleep(50)
  }
  throw new Error('the service did not start')
}

async function ask(path: string, token: string): Promise<Answer> {
  const begun = performance.now()
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    headers: { cookie: `hopthu=${token}`, accept: 'text/html' },
    redirect: 'manual',
    signal: AbortSignal.timeout(LONGEST_MS),
  })
  const { length } = await answer.text()
  return { ms: performance.now() - begun, status: answer.status, bytes: length }
}

async function measurePage(token: string, { path, shared }: { path: string; shared: boolean }): Promise<Row> {
  const cold = await ask(path, token)
  if (cold.status !== 200) throw new Error(`${path} answered ${cold.status}`)
  const row: Row = { path, cold: cold.ms, shared: [], anew: [], bytes: cold.bytes, held: 0 }
  for (let round = 0; round < rounds; round++) row.shared.push((await ask(path, token)).ms)
  for (let round = 0; round < rounds; round++) {
    await held()
    row.anew.push((await ask(shared ? onNewDay(path) : path, token)).ms)
    row.held = Math.max(row.held, await held())
  }
  process.stderr.write(`${path}: ${median(row.anew).toFixed(0)} ms\n`)
  return row
}

/** The address for a day further back than any asked for yet. */
function onNewDay(path: string): string {
  days++
  return `${path}${path.includes('?') ? '&' : '?'}asOf=${addDays(yesterday(), -days)}`
}

/** The longest the event loop was held since the last time this was asked, in ms. */
async function held(): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  return Number(/^nodejs_eventloop_lag_max_seconds (\S+)/m.exec(text)?.[1] ?? 0) * 1000
}

type Crowd = { path: string; wall: number; answers: Answer[]; health: number; held: number }

/** Heads of as many agencies at once, and how long the health check waited meanwhile at most. */
async function measureCrowd(heads: readonly string[]): Promise<Crowd[]> {
  const crowds: Crowd[] = []
  for (const path of ['/', '/people', '/people?q=nguyen', '/api/v1/adoption']) {
    const asked = onNewDay(path)
    await held()
    const begun = performance.now()
    let going = true
    let health = 0
    const watch = (async () => {
      while (going) {
        const since = performance.now()
        await (await fetch(`http://127.0.0.1:${port}/health/live`)).text()
        health = Math.max(health, performance.now() - since)
        await sleep(10)
      }
    })()
    const answers = await Promise.all(heads.map(token => ask(asked, token)))
    const wall = performance.now() - begun
    going = false
    await watch
    crowds.push({ path, wall, answers, health, held: await held() })
  }
  return crowds
}

type Yard = { command: number; start: number; count: number; psql: number; rows: number }

function yardstick(): Yard {
  const hopthu = (...args: string[]) => timed(process.execPath, [main, ...args])
  const psql = (text: string) => timed(join(postgresPrograms() ?? '', 'psql'), [url, '-XAtc', text])
  const day = yesterday()
  const window = `select count(*) from person_day where day between date '${day}' - 27 and date '${day}'`
  const five = (run: () => { ms: number; out: string }) => Array.from({ length: 5 }, run)
  const counts = five(() => psql(window))
  return {
    command: median(five(() => hopthu('adoption', '--json', '--config', config)).map(each => each.ms)),
    start: median(five(() => hopthu('--help')).map(each => each.ms)),
    count: median(counts.map(each => each.ms)),
    psql: median(five(() => psql('select 1')).map(each => each.ms)),
    rows: Number(counts[0]?.out ?? 0),
  }
}

function timed(program: string, args: string[]): { ms: number; out: string } {
  const begun = performance.now()
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 2 ** 28 })
  if (status !== 0)
    throw new Error(`${program} ${args[0]} ended with ${status}: ${stderr}${stdout.slice(0, 500)}`)
  return { ms: performance.now() - begun, out: stdout }
}

/** The highest resident size the kernel kept for a process (VmHWM). */
function peakMb(pid = 0): number {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Math.round(Number(/VmHWM:\s+(\d+)/.exec(text)?.[1] ?? 0) / 1024)
}

function report(found: { rows: Row[]; crowd: Crowd[]; yard: Yard; ready: number; mb: number[] }): void {
  const { rows, crowd, yard, ready, mb } = found
  const say = (text: string) => process.stdout.write(`${text}\n`)
  const ms = (value: number, width = 9) => value.toFixed(0).padStart(width)
  say(`${people} people, medians of ${rounds} requests, load ${loadavg()[0]?.toFixed(1)}; in ms`)
  say(
    `hopthu adoption --json, process start inside: ${ms(yard.command, 0)}; hopthu --help: ${ms(yard.start, 0)}`,
  )
  say(
    `select count(*) of the window (${yard.rows} rows) by psql: ${ms(yard.count, 0)}; its start: ${ms(yard.psql, 0)}`,
  )
  say(
    `serve --only web was ready after ${ms(ready, 0)}; peak resident MB at the start, after the pages, after the crowd: ${mb.join(', ')}`,
  )
  say(`${'page'.padEnd(42)}     cold   shared     anew    worst     held     bytes   × adoption × count`)
  for (const { path, cold, shared, anew, bytes, held: lag } of rows) {
    const times = (by: number) => (median(anew) / by).toFixed(2).padStart(8)
    say(
      `${path.padEnd(42)}${[cold, median(shared), median(anew), Math.max(...anew), lag].map(each => ms(each)).join('')}${String(bytes).padStart(10)}${times(yard.command)}${times(yard.count)}`,
    )
  }
  for (const { path, wall, answers, health, held: lag } of crowd) {
    const good = answers.filter(each => each.status === 200).length
    const times = answers.map(each => each.ms)
    say(
      `${HEADS} heads at once, ${path}: ${good} of ${answers.length} answered, all after ${ms(wall, 0)}, median ${ms(median(times), 0)}; health waited ${ms(health, 0)}, held ${ms(lag, 0)}`,
    )
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1)
}
