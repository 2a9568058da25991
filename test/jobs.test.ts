import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import pino from 'pino'
import t, { type Test } from 'tap'
import { type Database, openDatabase } from '../src/database/database.ts'
import { startRun } from '../src/database/run.ts'
import { AppError } from '../src/error.ts'
import {
  missedNights,
  type Night,
  type NightlyStep,
  type OperatorMail,
  reportBroken,
  runNightly,
  type StepEnd,
  type StepName,
  startJobs,
} from '../src/jobs.ts'
import { createMailOut } from '../src/mail-out.ts'
import { startOther } from './database/process.ts'
import { type Store, stores } from './support/database.ts'
import { startSmtpSink } from './support/smtp-sink.ts'

const ZONE = 'Asia/Ho_Chi_Minh'
const log = pino({ level: 'silent' })
const src = join(import.meta.dirname, '../src')

type Row = {
  id: number
  state: string
  exit_status: number | null
  message: string
  result: unknown
  started_at: Date
}

async function nights(database: Database): Promise<Row[]> {
  const { rows } = await sql<Row>`select id, state, exit_status, message, result, started_at
    from run where kind = 'nightly' order by started_at, id`.execute(database.db)
  return rows
}

async function record(database: Database, startedAt: string, state = 'done'): Promise<void> {
  await sql`insert into run (kind, state, started_at, heartbeat_at, finished_at, host, pid)
    values ('nightly', ${state}, ${startedAt}, ${startedAt}, ${startedAt}, 'node1', 1)`.execute(database.db)
}

function step(name: StepName, end: Partial<StepEnd> | Error, ran: string[] = []): NightlyStep {
  const run = async () => {
    ran.push(name)
    if (end instanceof Error) throw end
    return { result: { name }, exit: 0, line: 'xong', ...end }
  }
  return { name, run }
}

/** What a night is given, with the mails it sends kept. */
function night(database: Database, steps: NightlyStep[], more: Partial<Night> = {}) {
  const mails: OperatorMail[] = []
  const notify = async (mail: OperatorMail) => void mails.push(mail)
  const signal = new AbortController().signal
  return { mails, night: { db: database.db, steps, now: () => new Date(), notify, log, signal, ...more } }
}

function each(name: string, body: (t: Test, open: () => Promise<Database>) => Promise<void>): void {
  for (const store of kinds) {
    t.test(`${name} (${store.name})`, { skip: store.skip }, t => body(t, () => opened(t, store)))
  }
}

// the job engine looks for ticks every few seconds
t.setTimeout(240_000)

const kinds = stores()

async function opened(t: Test, store: Store): Promise<Database> {
  const database = await store.open()
  await sql`drop schema if exists pgboss cascade`.execute(database.db)
  t.teardown(() => database.close())
  return database
}

each('a night in which all goes well is recorded, and nobody is told', async (t, open) => {
  const database = await open()
  const { night: settings, mails } = night(database, [
    step('roster', { result: { joiners: 3 }, line: '3 người mới' }),
    step('mailbox', {}),
    step('activity', {}),
    step('adoption', {}),
  ])
  const end = await runNightly(settings)
  t.match(end, { exit: 0, result: { roster: { joiners: 3 }, adoption: { name: 'adoption' } } })
  t.same(end.lines[0], 'roster: 3 người mới')
  t.match(await nights(database), [{ id: end.run, state: 'done', exit_status: 0, result: end.result }])
  t.same(mails, [])
})

each('a step that fails is recorded, the others go on, and the operators are told', async (t, open) => {
  const database = await open()
  const ran: string[] = []
  const down = new AppError('directory_unreachable', 'no answer in 10 s', { temporary: true })
  const steps = [
    step('roster', down, ran),
    step('mailbox', { exit: 3, line: 'guard' }, ran),
    step('activity', new TypeError('a mistake'), ran),
    step('adoption', {}, ran),
  ]
  const at = new Date('2026-11-21T18:30:00Z')
  const { night: settings, mails } = night(database, steps, { now: () => at, timeZone: ZONE })
  const end = await runNightly(settings)
  t.same(ran, ['roster', 'mailbox', 'activity', 'adoption'])
  t.same(end.exit, 1)
  t.same(end.result, {
    roster: { error: { code: 'directory_unreachable', message: 'no answer in 10 s' } },
    mailbox: { name: 'mailbox' },
    activity: { error: { code: 'internal', message: 'a mistake' } },
    adoption: { name: 'adoption' },
  })
  const [row] = await nights(database)
  t.match(row, { state: 'failed', exit_status: 1, result: end.result })
  t.match(row?.message, /^roster: directory_unreachable: no answer in 10 s; mailbox: guard; activity/)
  t.equal(mails.length, 1)
  t.match(mails[0]?.subject, /thất bại.*failed/)
  t.match(mails[0]?.text, /lúc 01:30 ngày 22\/11\/2026/)
  t.match(mails[0]?.text, /Danh sách cán bộ: thất bại\. directory_unreachable: no answer in 10 s/)
  t.match(mails[0]?.text, /Đã giữ lại:.*Việc cần làm:/s)
  t.match(mails[0]?.text, /- adoption: done\./)
})

each('a night is as bad as its worst step', async (t, open) => {
  const database = await open()
  const cases: [number[], number, string][] = [
    [[0, 0, 0, 0], 0, 'done'],
    [[0, 4, 0, 0], 4, 'partial'],
    [[3, 4, 0, 0], 3, 'refused'],
    [[0, 4, 3, 1], 1, 'failed'],
    [[0, 2, 0, 0], 1, 'failed'],
    [[], 0, 'done'],
  ]
  const names: StepName[] = ['roster', 'mailbox', 'activity', 'adoption']
  for (const [exits, exit, state] of cases) {
    const steps = exits.map((exit, i) => step(names[i] ?? 'roster', { exit }))
    const { night: settings, mails } = night(database, steps)
    t.equal((await runNightly(settings)).exit, exit)
    t.match((await nights(database)).at(-1), { state, exit_status: exit })
    t.equal(mails.length, exit === 0 ? 0 : 1, 'told of all but the good ones')
  }
})

each('a mail that cannot be sent fails nothing', async (t, open) => {
  const database = await open()
  const notify = () => Promise.reject(new AppError('mail_server_unreachable', 'no answer'))
  const { night: settings } = night(database, [step('roster', { exit: 4 })], { notify })
  t.equal((await runNightly(settings)).exit, 4)
  t.match(await nights(database), [{ state: 'partial' }])
})

each('two nights never go on at once', async (t, open) => {
  const database = await open()
  const gate = Promise.withResolvers<void>()
  const slow: NightlyStep = {
    name: 'roster',
    run: async () => {
      await gate.promise
      return { result: {}, exit: 0, line: '' }
    },
  }
  const first = runNightly(night(database, [slow]).night)
  while ((await nights(database)).length === 0) await sleep(20)
  await t.rejects(runNightly(night(database, []).night), { code: 'busy' })
  gate.resolve()
  await first
  t.match(await nights(database), [{ state: 'done' }])
  t.equal((await nights(database)).length, 1)
})

each('a night that is stopped leaves the steps to come undone and says so', async (t, open) => {
  const database = await open()
  const controller = new AbortController()
  const ran: string[] = []
  const stopping: NightlyStep = {
    name: 'roster',
    run: async signal => {
      controller.abort()
      signal.throwIfAborted()
      return { result: {}, exit: 0, line: '' }
    },
  }
  const steps = [stopping, step('mailbox', {}, ran)]
  const { night: settings, mails } = night(database, steps, { signal: controller.signal })
  const end = await runNightly(settings)
  t.same([end.exit, ran.length, mails.length], [1, 0, 1])
  t.match(end.result, { mailbox: { error: { code: 'cancelled' } } })
})

each('which nights were missed follows from the runs there are', async (t, open) => {
  const database = await open()
  const search = { db: database.db, cron: '30 1 * * *', timeZone: ZONE }
  // 01:30 in Việt Nam is 18:30 the day before, UTC
  const missedAt = async (now: string, since?: string) => {
    const more = since === undefined ? {} : { since: new Date(since) }
    const found = await missedNights({ ...search, now: new Date(now), ...more })
    return found.map(at => at.toISOString().slice(0, 16))
  }
  t.same(await missedAt('2027-03-05T02:00:00Z'), [], 'no run ever, no start known')
  t.same(await missedAt('2027-03-05T02:00:00Z', '2027-03-03T00:00:00Z'), [
    '2027-03-03T18:30',
    '2027-03-04T18:30',
  ])
  await record(database, '2027-03-01T03:00:00Z')
  await record(database, '2027-03-02T18:29:30Z', 'failed')
  t.same(await missedAt('2027-03-01T18:00:00Z'), [], 'none is due yet')
  t.same(await missedAt('2027-03-01T18:40:00Z'), [], 'it may still be starting')
  t.same(await missedAt('2027-03-01T18:45:00Z'), ['2027-03-01T18:30'])
  t.same(await missedAt('2027-03-03T10:00:00Z'), ['2027-03-01T18:30'], 'a minute early and failed is a run')
  await record(database, '2027-03-04T05:00:00Z')
  t.same(await missedAt('2027-03-04T10:00:00Z'), ['2027-03-01T18:30'], 'made up for by hand')
  await record(database, '2027-03-01T18:30:00Z', 'missed')
  t.same(await missedAt('2027-03-04T10:00:00Z'), [], 'what is recorded is not found again')
  await record(database, '2027-03-04T17:00:00Z')
  await sql`update run set heartbeat_at = '2027-03-04T19:00:00Z' where started_at = '2027-03-04T17:00:00Z'`.execute(
    database.db,
  )
  t.same(await missedAt('2027-03-05T10:00:00Z'), [], 'one was going on at the time')
  await t.rejects(missedNights({ ...search, cron: 'mỗi đêm', now: new Date('2027-03-05T10:00:00Z') }), {
    code: 'config_invalid',
    message: /^jobs\.nightly/,
  })
})

/** A cron line with seconds whose only instant of the day is about to come. */
function soon(): string {
  const at = Temporal.Now.zonedDateTimeISO(ZONE).add({ seconds: 3 })
  return `${at.second} ${at.minute} ${at.hour} * * *`
}

/** A cron line whose instant of the day was some hours ago. */
function hoursAgo(hours: number): string {
  const at = Temporal.Now.zonedDateTimeISO(ZONE).subtract({ hours })
  return `${at.minute} ${at.hour} * * *`
}

type Service = { ran: Date[]; stop(): Promise<void> }

/** A service as the application starts one: the schedule, and nights that are real runs. */
async function service(
  t: Test,
  database: Database,
  cron: string,
  mails: OperatorMail[] = [],
): Promise<Service> {
  const ran: Date[] = []
  const nightly = async () => {
    await runNightly(night(database, [step('roster', {})]).night)
    ran.push(new Date())
  }
  const config = {
    database: { url: '', backend: 'postgres' as const, maxConnections: 3 },
    jobs: { nightly: cron },
    timeZone: ZONE,
  }
  const notifyMissed = async (mail: OperatorMail) => void mails.push(mail)
  const jobs = await startJobs({ database, config, nightly, notifyMissed, log })
  t.teardown(jobs.stop)
  return { ran, stop: jobs.stop }
}

/** One service on the embedded engine, two on one PostgreSQL database. */
async function services(
  t: Test,
  database: Database,
  cron: string,
  mails?: OperatorMail[],
): Promise<Service[]> {
  if (database.connection === null) return [await service(t, database, cron, mails)]
  const url = database.connection.connectionString
  const other = await openDatabase({ url, backend: 'postgres', maxConnections: 3 })
  t.teardown(() => other.close())
  return Promise.all([database, other].map(each => service(t, each, cron, mails)))
}

async function until(condition: () => boolean, seconds = 60): Promise<void> {
  for (let left = seconds * 10; left > 0 && !condition(); left--) await sleep(100)
}

each('the schedule starts a night once, however many services share it', async (t, open) => {
  const database = await open()
  const all = await services(t, database, soon())
  const count = () => all.reduce((sum, each) => sum + each.ran.length, 0)
  await until(() => count() > 0)
  await sleep(12_000)
  t.equal(count(), 1)
  t.match(await nights(database), [{ state: 'done' }])
  t.equal((await nights(database)).length, 1)
  await Promise.all(all.map(each => each.stop()))
})

each('missed nights are recorded once, told of in one mail, and made up for by one run', async (t, open) => {
  const database = await open()
  await record(database, new Date(Date.now() - 60 * 3_600_000).toISOString())
  const mails: OperatorMail[] = []
  const cron = hoursAgo(6)
  const all = await services(t, database, cron, mails)
  const count = () => all.reduce((sum, each) => sum + each.ran.length, 0)
  await until(() => count() > 0 && mails.length > 0)
  await sleep(7000)
  await Promise.all(all.map(each => each.stop()))
  t.same(
    (await nights(database)).map(row => row.state),
    ['done', 'missed', 'missed', 'missed', 'done'],
  )
  t.equal(count(), 1, 'one run to catch up')
  t.equal(mails.length, 1)
  t.match(mails[0]?.subject, /Bỏ lỡ lượt chạy đêm/)
  t.equal(mails[0]?.text.match(/ ngày /g)?.length, 3)
  const again = await services(t, database, cron, mails)
  await sleep(3000)
  await Promise.all(again.map(each => each.stop()))
  t.equal(mails.length, 1, 'a restart tells nothing anew')
  t.equal((await nights(database)).length, 5)
})

each('a night broken off is told of once, whoever finds it', async (t, open) => {
  const database = await open()
  const run = await startRun(database.db, { kind: 'nightly', now: new Date('2026-11-21T18:30:00Z') })
  const mails: OperatorMail[] = []
  const notify = async (mail: OperatorMail) => void mails.push(mail)
  const report = () => reportBroken({ db: database.db, now: new Date(), notify, log, timeZone: ZONE })
  t.equal(await report(), 0, 'this process lives')
  t.match(await nights(database), [{ state: 'running' }])
  await sql`update run set host = 'node2', heartbeat_at = now() - interval '2 minutes'`.execute(database.db)
  t.same(await Promise.all([report(), report()]).then(told => told.sort()), [0, 1])
  t.equal(await report(), 0)
  t.match(await nights(database), [{ id: run.id, state: 'broken' }])
  t.equal((await nights(database)).length, 1, 'looking leaves no run')
  t.equal(mails.length, 1)
  t.match(mails[0]?.text, new RegExp(`số ${run.id}, bắt đầu lúc 01:30 ngày 22/11/2026`))
})

each('a cron line nobody can read is refused at start', async (t, open) => {
  const database = await open()
  const start = service(t, database, 'mỗi đêm')
  await t.rejects(start, { code: 'config_invalid', details: { key: 'jobs.nightly' } })
})

const postgres = kinds.find(each => each.name === 'PostgreSQL')

t.test(
  'a night whose process is killed is found at the next start',
  { skip: postgres?.skip ?? true },
  async t => {
    if (!postgres) return
    const database = await opened(t, postgres)
    const url = database.connection?.connectionString
    const other = await startOther(`
    import pino from 'pino'
    import { openDatabase } from '${src}/database/database.ts'
    import { runNightly } from '${src}/jobs.ts'
    const database = await openDatabase(${JSON.stringify({ url, backend: 'postgres', maxConnections: 2 })})
    const run = () => { console.log('going'); return new Promise(() => setInterval(() => {}, 1000)) }
    await runNightly({ db: database.db, steps: [{ name: 'roster', run }], now: () => new Date(),
      notify: async () => {}, log: pino({ level: 'silent' }), signal: new AbortController().signal })`)
    const mails: OperatorMail[] = []
    const before = await service(t, database, hoursAgo(6), mails)
    await sleep(500)
    t.same(mails, [], 'while it goes on nothing is told')
    await before.stop()
    await other.kill()
    const after = await service(t, database, hoursAgo(6), mails)
    await until(() => mails.length > 0, 20)
    await after.stop()
    t.match(mails, [{ subject: /bị ngắt giữa chừng/ }])
    t.equal(mails.length, 1)
    t.match(await nights(database), [{ state: 'broken', message: 'the process ended before the run did' }])
  },
)

t.test('the mail of a failed night reaches an operator', async t => {
  const embedded = kinds[0]
  if (!embedded) return
  const database = await opened(t, embedded)
  const sink = await startSmtpSink()
  t.teardown(() => sink.close())
  const out = createMailOut({
    host: '127.0.0.1',
    port: sink.port,
    secure: false,
    from: 'hopthu@tinh.gov.vn',
    operators: ['vanhanh@tinh.gov.vn'],
  })
  t.teardown(() => out.close())
  const notify = async (mail: OperatorMail) => {
    await out.send({ to: 'vanhanh@tinh.gov.vn', ...mail })
  }
  await runNightly(night(database, [step('mailbox', { exit: 3, line: 'chờ phê duyệt' })], { notify }).night)
  t.equal(sink.mails.length, 1)
  t.match(sink.mails[0], { to: ['vanhanh@tinh.gov.vn'], subject: /^\[Hộp Thư\] Lượt chạy đêm bị từ chối/ })
  t.match(sink.mails[0]?.text, /Hộp thư: bị từ chối\. chờ phê duyệt/)
})
