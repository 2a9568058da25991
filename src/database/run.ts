/**
 * Runs: one row each, whoever started them; one of a kind at a time over all processes.
 *
 * The row is also a fence: before a run saves, it proves in the same transaction that it still holds its row,
 * so a process that slept while another took over cannot write after all.
 */
import { hostname } from 'node:os'
import { sql } from 'kysely'
import { AppError } from '../error.ts'
import type { Db, Trx } from './database.ts'

export type RunState = 'running' | 'done' | 'partial' | 'refused' | 'failed' | 'broken' | 'missed'
export type Run = { id: number; kind: string; subject: string }

/** After this long without a heartbeat a run counts as broken off. Longer delays a mend, shorter doubles a run. */
const STALE_SECONDS = 90

/**
 * Takes the row of a new run. Throws `busy` while another of the same kind and subject goes on; one whose process is
 * gone is marked as broken off first. `about` stands in its result from the start, so that others see what goes on.
 */
export async function startRun(
  db: Db,
  run: { kind: string; subject?: string; dryRun?: boolean; now: Date; about?: Record<string, unknown> },
): Promise<Run> {
  const subject = run.subject ?? ''
  await releaseBroken(db, run.kind, subject, run.now)
  const { rows } = await sql<{ id: number }>`
    insert into run (kind, subject, state, dry_run, started_at, heartbeat_at, host, pid, result)
    values (${run.kind}, ${subject}, 'running', ${run.dryRun ?? false}, ${run.now}, now(), ${hostname()}, ${process.pid},
      ${JSON.stringify(run.about ?? {})}::jsonb)
    on conflict (kind, subject) where state = 'running' do nothing
    returning id`.execute(db)
  const row = rows[0]
  if (!row) throw await busy(db, run.kind, subject)
  return { id: row.id, kind: run.kind, subject }
}

// In a container the service always has the same process id: a run with ours from before we started is a dead one's.
const stale = sql`(heartbeat_at < now() - make_interval(secs => ${STALE_SECONDS})
  or (pid = ${process.pid} and heartbeat_at < ${new Date(performance.timeOrigin)}))`

type Holder = { host: string; pid: number; stale: boolean }

function isGone(row: Holder): boolean {
  return row.stale || (row.host === hostname() && !alive(row.pid))
}

async function releaseBroken(db: Db, kind: string, subject: string, now: Date): Promise<void> {
  const { rows } = await sql<Holder & { id: number }>`
    select id, host, pid, ${stale} as stale
    from run where kind = ${kind} and subject = ${subject} and state = 'running'`.execute(db)
  for (const row of rows) {
    if (!isGone(row)) continue
    await sql`update run set state = 'broken', finished_at = ${now}, message = 'the process ended before the run did'
      where id = ${row.id} and state = 'running'`.execute(db)
  }
}

export type GoingRun = {
  id: number
  kind: string
  subject: string
  startedAt: Date
  about: Record<string, unknown>
}

/** Runs that go on now, of a kind or of any (null); those whose process is gone are left out, though nobody marked them yet. */
export async function goingRuns(db: Db, kind: string | null): Promise<GoingRun[]> {
  const { rows } = await sql<GoingRun & Holder>`
    select id, kind, subject, started_at as "startedAt", result as about, host, pid, ${stale} as stale
    from run where state = 'running' and ${kind === null ? sql`true` : sql`kind = ${kind}`} order by id`.execute(
    db,
  )
  return rows
    .filter(row => !isGone(row))
    .map(({ id, kind, subject, startedAt, about }) => ({ id, kind, subject, startedAt, about }))
}

/** Whether a process of this host lives. */
function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    return typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'EPERM'
  }
}

async function busy(db: Db, kind: string, subject: string): Promise<AppError> {
  const { rows } = await sql<{ id: number; host: string; pid: number; started_at: Date }>`
    select id, host, pid, started_at from run
    where kind = ${kind} and subject = ${subject} and state = 'running'`.execute(db)
  const other = rows[0]
  const where = other ? ` (run ${other.id} on ${other.host}, process ${other.pid})` : ''
  return new AppError('busy', `another ${kind} run is going on${where}; wait for it to end`, {
    temporary: true,
    details: { kind, run: other?.id },
  })
}

/** Tells the others that the run lives. Throws `cancelled` where it was taken for broken. */
export async function heartbeat(db: Db, run: Run): Promise<void> {
  const { numAffectedRows } = await sql`
    update run set heartbeat_at = now() where id = ${run.id} and state = 'running'`.execute(db)
  if (numAffectedRows !== 1n) throw lost(run)
}

/** Proves inside a transaction that the run is still ours; the row stays locked until it ends. */
export async function fence(trx: Trx, run: Run): Promise<void> {
  const { rows } =
    await sql`select id from run where id = ${run.id} and state = 'running' for update`.execute(trx)
  if (rows.length !== 1) throw lost(run)
}

function lost(run: Run): AppError {
  return new AppError(
    'cancelled',
    `run ${run.id} was taken for broken off by another process; nothing more is written`,
  )
}

export type RunEnd = {
  state: Exclude<RunState, 'running'>
  exitStatus: number
  message?: string
  result: unknown
}

export async function finishRun(db: Db, run: Run, end: RunEnd): Promise<void> {
  await sql`update run set state = ${end.state}, finished_at = now(), exit_status = ${end.exitStatus},
      message = ${end.message ?? ''}, result = result || ${JSON.stringify(end.result)}::jsonb
    where id = ${run.id} and state = 'running'`.execute(db)
}

/** Keeps the heartbeat while `work` goes on, and records how it ended when it throws. */
export async function withHeartbeat<T>(db: Db, run: Run, work: () => Promise<T>): Promise<T> {
  // one at a time: while a save holds the row, further ones would each wait on a connection of their own
  let beating = false
  const beat = () => {
    if (beating) return
    beating = true
    heartbeat(db, run)
      .catch(() => {})
      .finally(() => {
        beating = false
      })
  }
  const timer = setInterval(beat, (STALE_SECONDS * 1000) / 9)
  timer.unref()
  try {
    return await work()
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown)
    const exitStatus = thrown instanceof AppError ? thrown.exitStatus : 1
    const state = exitStatus === 3 ? 'refused' : 'failed'
    const result = { error: { code: thrown instanceof AppError ? thrown.code : 'internal' } }
    await finishRun(db, run, { state, exitStatus, message, result }).catch(() => {})
    throw thrown
  } finally {
    clearInterval(timer)
  }
}

export type LastRun = { state: RunState; startedAt: Date; message: string }

/** The newest run of a kind, whatever became of it. */
export async function lastRun(db: Db, kind: string): Promise<LastRun | null> {
  const { rows } = await sql<LastRun>`
    select state, started_at as "startedAt", message from run
    where kind = ${kind} and not dry_run order by id desc limit 1`.execute(db)
  return rows[0] ?? null
}
