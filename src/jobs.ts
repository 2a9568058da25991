/**
 * What runs by itself: the nightly sequence, its schedule, and the watch over nights that failed, broke off or were missed.
 *
 * The job engine carries ticks without payload; what a night did is its row in `run`. So one run at a time holds over
 * the schedule, the command line and all machines alike, and a night nobody ran is seen by the row that is not there.
 */
import { CronExpressionParser } from 'cron-parser'
import { sql } from 'kysely'
import { type ConstructorOptions, fromPglite, PgBoss } from 'pg-boss'
import type { Logger } from 'pino'
import type { Config } from './config.ts'
import { type Database, type Db, databaseError, rowsOf, type Trx } from './database/database.ts'
import { finishRun, type RunEnd, startRun, withHeartbeat } from './database/run.ts'
import { AppError, toAppError } from './error.ts'

/** Kind of the run, and name of the queue. */
const NIGHTLY = 'nightly'

export type StepName = 'roster' | 'mailbox' | 'activity' | 'adoption'
/** `result` is kept as JSON, so no streams in it; `line` is what a person reads of it. */
export type StepEnd = { result: Record<string, unknown>; exit: number; line: string }
export type NightlyStep = { name: StepName; run: (signal: AbortSignal) => Promise<StepEnd> }
/** As a command exits: 0 done · 1 failed · 3 refused · 4 done but for some. */
export type NightlyExit = 0 | 1 | 3 | 4
export type NightlyResult = {
  run: number
  exit: NightlyExit
  /** By step; a step that threw has `{error: {code, message}}`. */
  result: Partial<Record<StepName, Record<string, unknown>>>
  /** One per step, in order. */
  lines: string[]
}

export type OperatorMail = { subject: string; text: string }
/** Tells the operators. Whatever it throws is logged and stops nothing. */
export type Notify = (mail: OperatorMail) => Promise<void>

export type Night = {
  db: Db
  steps: readonly NightlyStep[]
  now: () => Date
  notify: Notify
  log: Logger
  signal: AbortSignal
  /** In which the mail names times. */
  timeZone?: string
}

type Ended = StepEnd & { name: StepName; exit: NightlyExit }

/**
 * Runs the steps in order, each whatever became of the one before, and records the night. Operators are told of every
 * outcome but 0. Throws `busy`, with nothing recorded, while another nightly run goes on anywhere.
 */
export async function runNightly(night: Night): Promise<NightlyResult> {
  const startedAt = night.now()
  const run = await startRun(night.db, { kind: NIGHTLY, now: startedAt })
  const ends = await withHeartbeat(night.db, run, () => runSteps(night))
  const exit = worst(ends)
  const result = Object.fromEntries(ends.map(end => [end.name, end.result]))
  const lines = ends.map(({ name, line }) => `${name}: ${line}`)
  const telling =
    exit === 0 ? lines : ends.filter(end => end.exit !== 0).map(end => `${end.name}: ${end.line}`)
  try {
    await finishRun(night.db, run, {
      state: states[exit],
      exitStatus: exit,
      message: telling.join('; '),
      result,
    })
  } finally {
    if (exit !== 0) {
      await tell(night, failedMail({ run: run.id, startedAt, exit, ends, zone: night.timeZone ?? ZONE }))
    }
  }
  return { run: run.id, exit, result, lines }
}

const states: Record<NightlyExit, RunEnd['state']> = { 0: 'done', 1: 'failed', 3: 'refused', 4: 'partial' }
const severity: Record<NightlyExit, number> = { 0: 0, 4: 1, 3: 2, 1: 3 }

function worst(ends: readonly Ended[]): NightlyExit {
  return ends.reduce<NightlyExit>((most, { exit }) => (severity[exit] > severity[most] ? exit : most), 0)
}

async function runSteps({ steps, log, signal }: Night): Promise<Ended[]> {
  const ends: Ended[] = []
  for (const step of steps) {
    const end = await runStep(step, signal)
    log[end.exit === 0 ? 'info' : 'warn']({ step: step.name, exit: end.exit }, end.line)
    ends.push(end)
  }
  return ends
}

async function runStep(step: NightlyStep, signal: AbortSignal): Promise<Ended> {
  try {
    if (signal.aborted) throw new AppError('cancelled', 'the service was stopped before this step')
    const end = await step.run(signal)
    return { ...end, name: step.name, exit: asExit(end.exit) }
  } catch (thrown) {
    const { code, message, exitStatus } = toAppError(thrown)
    const result = { error: { code, message } }
    return { name: step.name, result, exit: asExit(exitStatus), line: `${code}: ${message}` }
  }
}

/** A night is not called with arguments: what a step calls wrong usage or configuration has failed. */
function asExit(exit: number): NightlyExit {
  return exit === 0 || exit === 3 || exit === 4 ? exit : 1
}

async function tell({ notify, log }: { notify: Notify; log: Logger }, mail: OperatorMail): Promise<void> {
  try {
    await notify(mail)
  } catch (thrown) {
    log.error({ err: thrown }, `operators could not be told: ${mail.subject}`)
  }
}

// the schedule -----------------------------------------------------------------------------------------------------

/** A tick that was not taken by then has been missed; shorter calls a night missed that a slow machine is starting. */
const GRACE_MS = 15 * 60_000
/** Clocks of two machines may differ by this: a run that began so much too early is still this night's. */
const EARLY_MS = 60_000
const WATCH_MS = 60 * 60_000
const QUIET_MS = 60_000

const queue = {
  // a run may take long, and a second one would only find it busy
  expireInSeconds: 86_399,
  // repeated by itself, a night that fails at once would hammer the directory and the mail platform
  retryLimit: 0,
  // gives the queue free after a crash; shorter would do so under a run that keeps the one connection of PGlite busy
  heartbeatSeconds: 300,
}

export type Jobs = { stop(): Promise<void> }
export type JobsSettings = {
  database: Database
  config: Pick<Config, 'database' | 'jobs' | 'timeZone'>
  /** Runs one night; `busy` is taken for "somebody does it". */
  nightly: () => Promise<unknown>
  /** Tells the operators of missed and broken nights. */
  notifyMissed: Notify
  log: Logger
  now?: () => Date
}

/**
 * Starts the job engine in the schema `pgboss`, schedules the night, and watches, now and every hour, for nights missed
 * or broken off. Throws `config_invalid` for a cron line nobody can read, `database_…` where the engine cannot start.
 */
export async function startJobs(settings: JobsSettings): Promise<Jobs> {
  const { database, config, log } = settings
  const now = settings.now ?? (() => new Date())
  const since = now()
  scheduledUntil({ cron: config.jobs.nightly, timeZone: config.timeZone, from: since, to: since })
  const boss = new PgBoss(engineOptions(database, config))
  boss.on('error', quietly(log))
  boss.on('warning', warning => log.warn({ warning: warning.message }, 'job engine'))
  try {
    await boss.start()
    await boss.createQueue(NIGHTLY, { ...queue, policy: 'exclusive' })
    await boss.updateQueue(NIGHTLY, queue)
    await boss.schedule(NIGHTLY, config.jobs.nightly, null, { tz: config.timeZone })
    await boss.work(NIGHTLY, { pollingIntervalSeconds: 5 }, () => tick(settings))
  } catch (cause) {
    await boss.stop({ graceful: false }).catch(() => {})
    throw databaseError(cause)
  }
  const watch = () => watchNights(boss, settings, { now: now(), since }).catch(quietly(log))
  let watching = watch()
  const timer = setInterval(() => {
    watching = watching.then(watch)
  }, WATCH_MS)
  timer.unref()
  const stop = async () => {
    clearInterval(timer)
    await watching
    await boss.stop({ graceful: true, timeout: 30_000 }).catch(quietly(log))
  }
  return { stop }
}

function engineOptions(database: Database, config: JobsSettings['config']): ConstructorOptions {
  const { pglite, connection } = database
  if (pglite !== null) return { schema: 'pgboss', backend: 'pglite', db: fromPglite(pglite) }
  return {
    schema: 'pgboss',
    backend: config.database.backend,
    ...connection,
    max: 3,
    application_name: 'hopthu jobs',
    connectionTimeoutMillis: 10_000,
  }
}

async function tick({ nightly, log }: JobsSettings): Promise<void> {
  try {
    await nightly()
  } catch (thrown) {
    const error = toAppError(thrown)
    if (error.code === 'busy') return log.info(error.message)
    log.error({ err: thrown }, 'the nightly run could not be made')
    throw thrown
  }
}

/** A database that is away makes the engine complain every few seconds; once a minute is enough. */
function quietly(log: Logger): (thrown: unknown) => void {
  let next = 0
  return thrown => {
    if (performance.now() < next) return
    next = performance.now() + QUIET_MS
    log.error({ err: thrown }, 'job engine')
  }
}

// nights missed and broken -----------------------------------------------------------------------------------------

type Watch = { db: Db; now: Date; notify: Notify; log: Logger; timeZone?: string }

async function watchNights(
  boss: PgBoss,
  settings: JobsSettings,
  times: { now: Date; since: Date },
): Promise<void> {
  const { database, config, log, notifyMissed: notify } = settings
  const { timeZone } = config
  const { db } = database
  await reportBroken({ db, now: times.now, notify, log, timeZone })
  const missed = await recordMissed({ db, cron: config.jobs.nightly, timeZone, ...times })
  if (missed.length === 0) return
  log.warn({ nights: missed }, 'nightly runs were missed; one is made now')
  await boss.send(NIGHTLY, null)
  await tell({ notify, log }, missedMail(missed, timeZone))
}

/**
 * Finds nightly runs whose process is gone, marks them as broken and tells the operators of each once, whichever
 * process found it. Answers how many were told of.
 */
export async function reportBroken({ db, now, notify, log, timeZone }: Watch): Promise<number> {
  const going = await sql`select 1 from run where kind = ${NIGHTLY} and state = 'running'`.execute(db)
  if (going.rows.length > 0) await betweenNights(db, now, async () => {})
  const { rows } = await sql<{ id: number; started_at: Date }>`
    update run set result = result || '{"reported": true}'
    where kind = ${NIGHTLY} and state = 'broken' and result ->> 'reported' is null
    returning id, started_at`.execute(db)
  if (rows.length > 0) await tell({ notify, log }, brokenMail(rows, timeZone ?? ZONE))
  return rows.length
}

type Schedule = { cron: string; timeZone: string }
type Search = Schedule & { db: Db; now: Date; since?: Date }

/**
 * When a nightly run should have started and none did, oldest first: instants of the cron line since the first nightly
 * run ever (else since `since`, else none), at least a quarter of an hour past, in whose time no run started and at which
 * none was going on. The time of each begins a minute early and ends where that of the next begins.
 */
export async function missedNights({ db, cron, timeZone, now, since }: Search): Promise<Date[]> {
  const { rows: first } = await sql<{ at: Date | null }>`
    select min(started_at) as at from run where kind = ${NIGHTLY} and started_at < ${now}`.execute(db)
  const from = first[0]?.at ?? since
  if (!from) return []
  const nights = scheduledUntil({ cron, timeZone, from, to: new Date(now.getTime() - GRACE_MS) })
  const spans = nights.map(({ at, next }) => {
    const until = new Date(Math.min(next.getTime() - EARLY_MS, now.getTime()))
    return { from: new Date(at.getTime() - EARLY_MS), at, until }
  })
  const { rows } = await sql<{ at: Date }>`
    select night.at from json_to_recordset(${rowsOf(spans)}::json)
      as night ("from" timestamptz, at timestamptz, until timestamptz)
    where not exists (
      select from run where kind = ${NIGHTLY}
        and (started_at >= night."from" and started_at < night.until
          or started_at < night.at and heartbeat_at >= night.at))
    order by night.at`.execute(db)
  return rows.map(row => row.at)
}

/** Records each missed night as a run of state `missed`, once over all processes. Answers those recorded now. */
async function recordMissed(search: Search): Promise<Date[]> {
  if ((await missedNights(search)).length === 0) return []
  const recorded = await betweenNights(search.db, search.now, async trx => {
    const nights = await missedNights({ ...search, db: trx })
    await sql`insert into run (kind, state, started_at, heartbeat_at, finished_at, host, pid, message)
      select ${NIGHTLY}, 'missed', at, at, ${search.now}, '', 0, 'no nightly run was started at this time'
      from json_to_recordset(${rowsOf(nights.map(at => ({ at })))}::json) as night (at timestamptz)`.execute(
      trx,
    )
    return nights
  })
  return recorded ?? []
}

/**
 * Does SQL while no nightly run can start and nobody else is in here: the row of a run is taken and given back within
 * one transaction, so nobody ever sees it, but whoever wants one meanwhile waits. Null while a run goes on.
 */
async function betweenNights<T>(db: Db, now: Date, work: (trx: Trx) => Promise<T>): Promise<T | null> {
  return db.transaction().execute(async trx => {
    const run = await startRun(trx, { kind: NIGHTLY, now }).catch((thrown: unknown) => {
      if (thrown instanceof AppError && thrown.code === 'busy') return null
      throw thrown
    })
    if (run === null) return null
    const done = await work(trx)
    await sql`delete from run where id = ${run.id}`.execute(trx)
    return done
  })
}

/** When a cron line fires next after an instant; null where nobody can read it. */
export function nextNight({ cron, timeZone }: Schedule, after: Date): Date | null {
  try {
    return CronExpressionParser.parse(cron, { tz: timeZone, strict: false, currentDate: after })
      .next()
      .toDate()
  } catch {
    return null
  }
}

/** A cron line of every minute, down for long, is told of by its newest instants. */
const MOST_NIGHTS = 400

/** The instants of a cron line in [from, to], newest first and 400 at most, each with the one after it. */
function scheduledUntil({
  cron,
  timeZone,
  from,
  to,
}: Schedule & { from: Date; to: Date }): { at: Date; next: Date }[] {
  try {
    // the options the job engine reads it with, so that both mean the same instants
    const options = { tz: timeZone, strict: false, currentDate: new Date(to.getTime() + 1) }
    const line = CronExpressionParser.parse(cron, options)
    const nights: { at: Date; next: Date }[] = []
    let next = CronExpressionParser.parse(cron, options).next().toDate()
    for (
      let at = line.prev().toDate();
      at >= from && nights.length < MOST_NIGHTS;
      at = line.prev().toDate()
    ) {
      nights.push({ at, next })
      next = at
    }
    return nights
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new AppError('config_invalid', `jobs.nightly: a cron line is expected: ${reason}`, {
      details: { key: 'jobs.nightly' },
    })
  }
}

// words ------------------------------------------------------------------------------------------------------------

const ZONE = 'Asia/Ho_Chi_Minh'

const stepNames: Record<StepName, string> = {
  roster: 'Danh sách cán bộ',
  mailbox: 'Hộp thư',
  activity: 'Nhật ký sử dụng',
  adoption: 'Số liệu sử dụng',
}
const outcomes: Record<NightlyExit, { vi: string; en: string }> = {
  0: { vi: 'hoàn tất', en: 'done' },
  1: { vi: 'thất bại', en: 'failed' },
  3: { vi: 'bị từ chối', en: 'refused' },
  4: { vi: 'hoàn tất một phần', en: 'done in part' },
}
const mends: Record<NightlyExit, { vi: string; en: string }> = {
  0: { vi: '', en: '' },
  1: {
    vi: 'khắc phục lỗi nêu trên, rồi chạy lại: hopthu nightly',
    en: 'mend what is named above, then run again: hopthu nightly',
  },
  3: {
    vi: 'xem lại lượt bị từ chối trên trang /runs; nếu đúng thì phê duyệt (hopthu roster approve, hopthu mailbox apply)',
    en: 'review what was refused at /runs; if it is right, approve it (hopthu roster approve, hopthu mailbox apply)',
  },
  4: {
    vi: 'xem các dòng chưa xử lý được trên trang /runs; lượt chạy sau sẽ thử lại',
    en: 'see the rows left out at /runs; the next run tries them again',
  },
}

type Failed = { run: number; startedAt: Date; exit: NightlyExit; ends: readonly Ended[]; zone: string }

function failedMail({ run, startedAt, exit, ends, zone }: Failed): OperatorMail {
  const { vi, en } = outcomes[exit]
  const bad = ends.filter(end => end.exit !== 0)
  const text = [
    `Lượt chạy đêm số ${run}, bắt đầu lúc ${vietnamese(startedAt, zone)}, kết thúc: ${vi}.`,
    '',
    ...ends.map(end => `- ${stepNames[end.name]}: ${outcomes[end.exit].vi}. ${end.line}`),
    '',
    'Đã giữ lại: kết quả của các bước hoàn tất; ở bước thất bại, những gì đã ghi trước khi dừng.',
    'Bước bị từ chối không thay đổi gì. Chạy lại không ghi trùng.',
    'Việc cần làm:',
    ...bad.map(end => `- ${stepNames[end.name]}: ${mends[end.exit].vi}`),
    '',
    '---',
    `Nightly run ${run}, started ${english(startedAt, zone)}, ended: ${en}.`,
    '',
    ...ends.map(end => `- ${end.name}: ${outcomes[end.exit].en}. ${end.line}`),
    '',
    'Kept: what the finished steps saved, and what a failed step had saved before it stopped.',
    'A refused step changed nothing. Running again saves nothing twice.',
    'To do:',
    ...bad.map(end => `- ${end.name}: ${mends[end.exit].en}`),
    '',
  ].join('\n')
  return { subject: `[Hộp Thư] Lượt chạy đêm ${vi} / Nightly run ${en}`, text }
}

function missedMail(nights: readonly Date[], zone: string): OperatorMail {
  const text = [
    'Không có lượt chạy đêm nào bắt đầu vào các thời điểm sau:',
    ...nights.map(at => `- ${vietnamese(at, zone)}`),
    '',
    'Thường là do dịch vụ, máy chủ hoặc cơ sở dữ liệu không hoạt động vào giờ đó.',
    'Dữ liệu đã có được giữ nguyên. Một lượt chạy bù đã được xếp hàng ngay bây giờ.',
    'Việc cần làm: kiểm tra kết quả lượt chạy bù trên trang /runs và nguyên nhân dịch vụ ngừng.',
    '',
    '---',
    'No nightly run was started at:',
    ...nights.map(at => `- ${english(at, zone)}`),
    '',
    'Most often the service, its machine or its database was down at that time.',
    'What was there is kept as it was. One run to catch up has been queued now.',
    'To do: see at /runs how it ends, and find out why the service was down.',
    '',
  ].join('\n')
  return { subject: '[Hộp Thư] Bỏ lỡ lượt chạy đêm / Nightly run missed', text }
}

function brokenMail(runs: readonly { id: number; started_at: Date }[], zone: string): OperatorMail {
  const text = [
    'Lượt chạy đêm bị ngắt giữa chừng (tiến trình kết thúc trước khi xong):',
    ...runs.map(run => `- số ${run.id}, bắt đầu lúc ${vietnamese(run.started_at, zone)}`),
    '',
    'Đã giữ lại: những gì đã ghi trước khi ngắt. Chạy lại không ghi trùng.',
    'Việc cần làm: chạy lại bằng hopthu nightly, hoặc chờ lượt đêm sau; xem nhật ký dịch vụ để biết nguyên nhân.',
    '',
    '---',
    'A nightly run broke off (its process ended before it did):',
    ...runs.map(run => `- run ${run.id}, started ${english(run.started_at, zone)}`),
    '',
    'Kept: what had been saved before. Running again saves nothing twice.',
    'To do: run hopthu nightly, or wait for the next night; see the log of the service for the cause.',
    '',
  ].join('\n')
  return { subject: '[Hộp Thư] Lượt chạy đêm bị ngắt giữa chừng / Nightly run broken off', text }
}

function vietnamese(at: Date, zone: string): string {
  const [year, month, day, time] = parts(at, zone)
  return `${time} ngày ${day}/${month}/${year}`
}

function english(at: Date, zone: string): string {
  const [year, month, day, time] = parts(at, zone)
  return `${year}-${month}-${day} ${time}`
}

function parts(at: Date, zone: string): [year: string, month: string, day: string, time: string] {
  const local = Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(zone)
  const two = (value: number) => String(value).padStart(2, '0')
  return [String(local.year), two(local.month), two(local.day), `${two(local.hour)}:${two(local.minute)}`]
}
