/**
 * Applying a plan: exactly what it says, batch by batch, each change noted before and after.
 *
 * A change is noted as started before the platform is told. Whatever ends the process in between, the next run finds
 * the started ones and does them again: the connector knows its own work by the change's token and answers `already`.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Run } from '../database/run.ts'
import { fence, finishRun, heartbeat, startRun, withHeartbeat } from '../database/run.ts'
import { AppError, toAppError } from '../error.ts'
import { type Address, dayAt } from '../ids.ts'
import type { ChangeOutcome, PlatformEntry } from './connector.ts'
import {
  type ChangeRow,
  changeCounts,
  closePlans,
  type Failure,
  failuresOf,
  findPlan,
  groundOf,
  markPlanned,
  markStarted,
  openChanges,
  type PlanRow,
  recordOutcomes,
  setPlanState,
  startedChanges,
  toChange,
} from './plan-store.ts'
import { type MailboxContext, settingsDigest } from './reconcile.ts'

export type ApplyResult = {
  plan: number | null
  done: number
  already: number
  failed: number
  failures: Failure[]
  seconds: number
}

export type ApplyOptions = {
  /** Passes the guard, never moved ground. */
  force: boolean
  /** Told after each batch, for a progress line. */
  progress?: (done: number, total: number) => void
}

/** Waits between tries of a batch whose fate is unknown, in ms. Longer outages are for the next run. */
const RETRY_AFTER_MS = [500, 2000, 5000]

/** Applies a plan, the newest if none is named. Throws `guard_refused`, `ground_moved`, `not_found`, `busy`. */
export async function applyPlan(
  context: MailboxContext,
  planId: number | null,
  options: ApplyOptions,
): Promise<ApplyResult> {
  const { db, now, by = null } = context
  const started = now().getTime()
  const about = { work: 'apply', plan: planId, by }
  const run = await startRun(db, { kind: 'mailbox', now: now(), about })
  return withHeartbeat(db, run, async () => {
    await settle(context, run)
    const plan = await findPlan(db, planId)
    if (!plan && planId !== null) throw new AppError('not_found', `there is no plan ${planId}`)
    const before = plan ? await changeCounts(db, plan.id) : nothing
    if (plan && plan.state !== 'applied') {
      await requireGround(context, plan, options.force)
      await applyOpen(context, run, plan, options)
    }
    const result = await resultOf(context, plan, before, started)
    const exitStatus = result.failed > 0 ? 4 : 0
    await finishRun(db, run, {
      state: result.failed > 0 ? 'partial' : 'done',
      exitStatus,
      result: { ...result, failures: result.failures.slice(0, 100) },
    })
    return result
  })
}

const nothing = { done: 0, already: 0, failed: 0, open: 0 }

async function resultOf(
  { db, now }: MailboxContext,
  plan: PlanRow | null,
  before: { done: number; already: number },
  started: number,
): Promise<ApplyResult> {
  const after = plan ? await changeCounts(db, plan.id) : nothing
  const failures = plan ? await failuresOf(db, plan.id) : []
  return {
    plan: plan?.id ?? null,
    done: after.done - before.done,
    // what earlier runs of this plan did is already so
    already: after.already + before.done,
    failed: failures.length,
    failures,
    seconds: (now().getTime() - started) / 1000,
  }
}

/** The roster, the settings and the addresses the plan was made on must be as they were. Nothing was changed yet. */
async function requireGround(context: MailboxContext, plan: PlanRow, force: boolean): Promise<void> {
  const { db, config } = context
  if (plan.state === 'superseded')
    throw new AppError('ground_moved', `plan ${plan.id} was replaced by a newer one; apply that`)
  if (!plan.guard.ok && !force) {
    throw new AppError(
      'guard_refused',
      `plan ${plan.id} passes a limit of the guard; look at it, then apply it with --force`,
      {
        details: { plan: plan.id, guard: plan.guard },
      },
    )
  }
  if ((await groundOf(db, settingsDigest(config))) !== plan.ground) {
    throw new AppError(
      'ground_moved',
      `the roster or the settings changed after plan ${plan.id} was made; make a new plan`,
    )
  }
  for await (const batch of batches(context, plan.id)) {
    const entries = await context.connector.find(
      batch.map(change => change.address),
      context.signal,
    )
    const standing = byAddress(entries)
    const moved = batch.find(change => hasMoved(change, standing.get(change.address)))
    if (moved) {
      throw new AppError(
        'ground_moved',
        `${moved.address} on the platform is no longer as plan ${plan.id} found it; make a new plan`,
        {
          details: { plan: plan.id, change: moved.kind, address: moved.address },
        },
      )
    }
  }
}

/** A mailbox that forwards its mail is found twice, as itself and as an alias: what counts is the mailbox. */
function byAddress(entries: readonly PlatformEntry[]): Map<Address, PlatformEntry> {
  const mailboxes = entries.filter(entry => entry.kind === 'mailbox')
  return new Map([...entries, ...mailboxes].map(entry => [entry.address, entry]))
}

function hasMoved(change: ChangeRow, entry: PlatformEntry | undefined): boolean {
  if (change.kind !== 'create') return entry?.kind !== 'mailbox'
  return entry !== undefined && !(entry.kind === 'mailbox' && entry.token === change.token)
}

async function* batches({ db, connector }: MailboxContext, plan: number): AsyncGenerator<ChangeRow[]> {
  let after = 0
  while (true) {
    const batch = await openChanges(db, plan, after, connector.capabilities.batchSize)
    if (batch.length === 0) return
    yield batch
    after = batch.at(-1)?.number ?? after
  }
}

async function applyOpen(
  context: MailboxContext,
  run: Run,
  plan: PlanRow,
  options: ApplyOptions,
): Promise<void> {
  const { db } = context
  await db.transaction().execute(async trx => {
    await fence(trx, run)
    await setPlanState(trx, plan.id, 'applying')
  })
  const { open } = await changeCounts(db, plan.id)
  let tried = 0
  for await (const batch of batches(context, plan.id)) {
    await heartbeat(db, run)
    if (!(await applyBatch(context, run, batch))) return
    tried += batch.length
    options.progress?.(tried, open)
  }
  await closePlans(db)
}

/** Does one batch; false where the platform does not answer even after waiting. */
async function applyBatch(context: MailboxContext, run: Run, batch: readonly ChangeRow[]): Promise<boolean> {
  const { db } = context
  const plan = batch[0]?.plan ?? 0
  const numbers = batch.map(change => change.number)
  await markStarted(db, run, plan, numbers)
  const outcomes = await tellPlatform(context, batch)
  if (!outcomes) return false
  await recordOutcomes(db, plan, pair(batch, outcomes), when(context, run))
  return true
}

function when({ config, now }: MailboxContext, run: Run) {
  return { run, now: now(), day: dayAt(now().getTime(), config.timeZone) }
}

function pair(batch: readonly ChangeRow[], outcomes: readonly ChangeOutcome[]) {
  return batch.map((change, i): { number: number; outcome: ChangeOutcome } => ({
    number: change.number,
    outcome: outcomes[i] ?? {
      outcome: 'failed',
      code: 'internal',
      reason: 'the platform gave no answer for this change',
      temporary: true,
    },
  }))
}

async function tellPlatform(
  context: MailboxContext,
  batch: readonly ChangeRow[],
): Promise<ChangeOutcome[] | null> {
  const { connector, signal } = context
  for (const wait of [...RETRY_AFTER_MS, null]) {
    try {
      return await connector.apply(batch.map(toChange), signal)
    } catch (thrown) {
      const error = toAppError(thrown)
      if (!error.temporary || signal.aborted) throw error
      if (wait !== null) await pause(wait, signal)
    }
  }
  return null
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal })
  } catch (cause) {
    throw new AppError('cancelled', 'broken off while the platform did not answer', {
      temporary: true,
      cause,
    })
  }
}

/**
 * Finds out what became of changes an ended process had started, by asking the platform: done ones are noted,
 * the others wait again.
 */
export async function settle(context: MailboxContext, run: Run): Promise<void> {
  const { db, connector, signal } = context
  while (true) {
    const started = await startedChanges(db, connector.capabilities.batchSize)
    const first = started[0]
    if (!first) return closePlans(db)
    const batch = started.filter(change => change.plan === first.plan)
    const entries = await connector.find(
      batch.map(change => change.address),
      signal,
    )
    const standing = byAddress(entries)
    const done = batch.filter(change => isDone(change, standing.get(change.address)))
    if (done.length > 0) {
      await recordOutcomes(
        db,
        first.plan,
        done.map(({ number }) => ({ number, outcome: { outcome: 'done' } })),
        when(context, run),
      )
    }
    await markPlanned(
      db,
      first.plan,
      batch.filter(change => !done.includes(change)).map(change => change.number),
    )
  }
}

function isDone(change: ChangeRow, entry: PlatformEntry | undefined): boolean {
  if (entry?.kind !== 'mailbox') return false
  switch (change.kind) {
    case 'create':
      return entry.token === change.token
    case 'suspend':
      return entry.suspended
    case 'resume':
      return !entry.suspended
    case 'update':
      return entry.name === change.name && entry.quotaBytes === change.quotaBytes
    case 'rename':
    case 'remove':
      return false
  }
}
