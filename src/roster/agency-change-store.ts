/** Agencies opened, changed and closed by hand: the only writer of `agency_change`. */
import { sql } from 'kysely'
import type { Db, Trx } from '../database/database.ts'
import { unreachable } from '../error.ts'
import type { Day } from '../ids.ts'
import type { AgencyChange, ChangeOutcome, ChangeProblem } from './agency-change.ts'
import { freshRows, misplaced, type Placed, usesOf } from './agency-obstacle-store.ts'
import { changedFrom, closedFrom, type Period, type TimeProblem } from './agency-time.ts'
import { findOrCreateDecision } from './decision-store.ts'

export type Decided = { number: string; day: Day }

export type Entered = {
  day: Day
  today: Day
  decision: Decided | null
  at: Date
  by: string
  /** Records it in the same transaction. */
  record: (trx: Trx, outcome: Exclude<ChangeOutcome, { kind: 'refused' }>) => Promise<void>
}

/** Thrown to roll back; never leaves this file. */
class Refused extends Error {
  readonly problem: ChangeProblem
  constructor(problem: ChangeProblem) {
    super(problem.kind)
    this.problem = problem
  }
}

/**
 * Does a change from its day on, or keeps it until its day has come. A past day restates the figures since. Whoever
 * writes agencies at the same time is waited for.
 */
export async function enterChange(db: Db, change: AgencyChange, entered: Entered): Promise<ChangeOutcome> {
  return refusable(db, async trx => {
    const decisionId = await decisionOf(trx, entered)
    const waits = entered.day > entered.today
    const doing = { day: entered.day, decisionId, at: entered.at }
    const agencyId = waits ? await keepWaiting(trx, change, doing) : await carryOut(trx, change, doing)
    const number = await insertChange(trx, change, { ...entered, agencyId, decisionId, waits })
    const outcome =
      waits || agencyId === null
        ? ({ kind: 'waiting', change: number, agencyId } as const)
        : ({ kind: 'done', change: number, agencyId, past: entered.day < entered.today } as const)
    if (outcome.kind === 'done') await moved(trx, entered)
    await entered.record(trx, outcome)
    return outcome
  })
}

async function refusable(db: Db, work: (trx: Trx) => Promise<ChangeOutcome>): Promise<ChangeOutcome> {
  try {
    return await db.transaction().execute(async trx => {
      // waits for a run that saves, and is waited for by one: both read the tree and write it
      await sql`lock table agency_period, employment in share row exclusive mode`.execute(trx)
      return work(trx)
    })
  } catch (thrown) {
    if (thrown instanceof Refused) return { kind: 'refused', problem: thrown.problem }
    throw thrown
  }
}

/**
 * A change of a day to come is looked at in the tree as it is known now, but for what is to change before: a code may be
 * free by then, and who serves there may have left.
 */
async function keepWaiting(trx: Trx, change: AgencyChange, { day }: Doing): Promise<number | null> {
  const agencyId = change.kind === 'open' ? null : change.agencyId
  const known = agencyId === null ? [] : await loadPeriods(trx, agencyId)
  await refuseRoot(trx, change, known)
  const periods = periodsAfter(known, change, { day, decisionId: null })
  if (!Array.isArray(periods)) throw new Refused({ kind: periods })
  if (change.kind === 'close') return agencyId
  const problem = await misplaced(trx, { agencyId: agencyId ?? 0, periods, day })
  if (problem === null || (problem.kind === 'codeTaken' && (await givesWay(trx, problem.by.id, day))))
    return agencyId
  throw new Refused(problem)
}

/** Whether an agency is to be closed, or to have another code, by a day. */
async function givesWay(trx: Trx, agencyId: number, day: Day): Promise<boolean> {
  const { rows } = await sql`select 1 from agency_change where agency_id = ${agencyId} and state = 'waiting'
    and day <= ${day} and (kind = 'close' or wanted::json ->> 'code' is not null) limit 1`.execute(trx)
  return rows.length > 0
}

function decisionOf(trx: Trx, { decision, by, at }: Entered): Promise<number> | null {
  return decision === null ? null : findOrCreateDecision(trx, { ...decision, by, now: at })
}

type Row = Entered & { agencyId: number | null; decisionId: number | null; waits: boolean }

async function insertChange(trx: Trx, change: AgencyChange, row: Row): Promise<number> {
  const wanted = change.kind === 'open' ? change.facts : change.kind === 'change' ? change.wanted : {}
  const { rows } = await sql<{ id: number }>`
    insert into agency_change (agency_id, kind, day, wanted, decision_id, state, created_at, created_by, done_at)
    values (${row.agencyId}, ${change.kind}, ${row.day}, ${JSON.stringify(wanted)}, ${row.decisionId},
      ${row.waits ? 'waiting' : 'done'}, ${row.at}, ${row.by}, ${row.waits ? null : row.at}) returning id`.execute(
    trx,
  )
  return rows[0]?.id ?? 0
}

/** Plans stand on another tree now, and figures of past days were counted on another one. */
async function moved(trx: Trx, { day, today, at }: Pick<Entered, 'day' | 'today' | 'at'>): Promise<void> {
  await sql`update roster_source set revision = revision + 1`.execute(trx)
  if (day < today)
    await sql`insert into roster_restated (first_day, noted_at) values (${day}, ${at})
      on conflict do nothing`.execute(trx)
}

// what has come -----------------------------------------------------------------------------------------------------

export type DueChange = { id: number; kind: AgencyChange['kind']; day: Day }

/** Changes whose day has come, in the order in which they are to be done. */
export async function dueChanges(
  db: Db,
  today: Day,
  kinds: readonly AgencyChange['kind'][],
): Promise<DueChange[]> {
  const { rows } = await sql<DueChange>`
    select id, kind, day from agency_change
    where state = 'waiting' and day <= ${today} and kind = any(${[...kinds]}::text[])
    order by day, array_position(${['open', 'change', 'close']}::text[], kind), id`.execute(db)
  return rows
}

/** Does one of them; what stands in the way is kept with it, and it is tried again the next night. */
export async function doWaiting(
  db: Db,
  id: number,
  entered: Pick<Entered, 'today' | 'at' | 'record'>,
): Promise<ChangeOutcome | null> {
  const { rows } = await sql<WaitingRow>`
    select agency_id, kind, day, wanted, decision_id from agency_change
    where id = ${id} and state = 'waiting'`.execute(db)
  const [row] = rows
  if (!row) return null
  const { day, decision_id: decisionId } = row
  const outcome = await refusable(db, async trx => {
    const agencyId = await carryOut(trx, changeOf(row), { day, decisionId, at: entered.at })
    await sql`update agency_change set state = 'done', reason = '', done_at = ${entered.at}, agency_id = ${agencyId}
      where id = ${id} and state = 'waiting'`.execute(trx)
    const done = { kind: 'done', change: id, agencyId, past: day < entered.today } as const
    await moved(trx, { ...entered, day })
    await entered.record(trx, done)
    return done
  })
  if (outcome.kind === 'refused')
    await sql`update agency_change set reason = ${outcome.problem.kind} where id = ${id} and state = 'waiting'`.execute(
      db,
    )
  return outcome
}

type WaitingRow = {
  agency_id: number | null
  kind: AgencyChange['kind']
  day: Day
  wanted: string
  decision_id: number | null
}

function changeOf({ agency_id, kind, wanted }: WaitingRow): AgencyChange {
  const agencyId = agency_id ?? 0
  if (kind === 'open') return { kind, facts: JSON.parse(wanted) }
  return kind === 'change' ? { kind, agencyId, wanted: JSON.parse(wanted) } : { kind, agencyId }
}

/** Takes back one that still waits. Whether there was one. */
export async function withdrawChange(
  db: Db,
  id: number,
  { at, record }: { at: Date; record: (trx: Trx) => Promise<void> },
): Promise<boolean> {
  return db.transaction().execute(async trx => {
    const { rows } = await sql`update agency_change set state = 'withdrawn', done_at = ${at}
      where id = ${id} and state = 'waiting' returning id`.execute(trx)
    if (rows.length === 0) return false
    await record(trx)
    return true
  })
}

// doing it ----------------------------------------------------------------------------------------------------------

type Doing = { day: Day; decisionId: number | null; at: Date }

/** Writes the periods, or throws what stands in the way; answers whose they are. */
async function carryOut(trx: Trx, change: AgencyChange, doing: Doing): Promise<number> {
  const { day } = doing
  const known = change.kind === 'open' ? [] : await loadPeriods(trx, change.agencyId)
  await refuseRoot(trx, change, known)
  const periods = periodsAfter(known, change, doing)
  if (!Array.isArray(periods)) throw new Refused({ kind: periods })
  const agencyId =
    change.kind === 'open' ? await newAgency(trx, change.facts.code, doing.at) : change.agencyId
  if (change.kind === 'close') await refuseInUse(trx, agencyId, day)
  else await refuseMisplaced(trx, { agencyId, periods, day })
  await replacePeriods(trx, agencyId, periods)
  return agencyId
}

function periodsAfter(
  known: readonly Period[],
  change: AgencyChange,
  { day, decisionId }: Pick<Doing, 'day' | 'decisionId'>,
): Period[] | TimeProblem {
  switch (change.kind) {
    case 'open':
      return [{ ...change.facts, firstDay: day, lastDay: 'infinity', decisionId }]
    case 'change':
      return changedFrom(known, day, { wanted: change.wanted, decisionId })
    case 'close':
      return closedFrom(known, day)
    default:
      return unreachable(change)
  }
}

async function newAgency(trx: Trx, code: string, at: Date): Promise<number> {
  const { rows } = await sql<{ id: number }>`
    insert into agency (source, source_key) values ('', ${`hand:${code}:${at.toISOString()}`}) returning id`.execute(
    trx,
  )
  return rows[0]?.id ?? 0
}

async function loadPeriods(trx: Trx, agencyId: number): Promise<Period[]> {
  const { rows } = await sql<Period>`
    select code, name, level, sector, parent_id as "parentId", first_day as "firstDay", last_day as "lastDay",
      decision_id as "decisionId"
    from agency_period where agency_id = ${agencyId} order by first_day`.execute(trx)
  return rows
}

/** What stays the same is not touched. */
async function replacePeriods(trx: Trx, agencyId: number, periods: readonly Period[]): Promise<void> {
  const fresh = freshRows(periods)
  await sql`
    delete from agency_period p where p.agency_id = ${agencyId} and not exists (select 1 from ${fresh}
      where fresh.first_day = p.first_day and (p.last_day, p.code, p.name, p.level, p.sector, p.parent_id, p.decision_id)
        is not distinct from (fresh.last_day, fresh.code, fresh.name, fresh.level, fresh.sector, fresh.parent_id, fresh.decision_id))`.execute(
    trx,
  )
  await sql`
    insert into agency_period (agency_id, first_day, last_day, code, name, level, sector, parent_id, decision_id,
      sort_key, search_key)
    select ${agencyId}, first_day, last_day, code, name, level, sector, parent_id, decision_id, sort_key, search_key
    from ${fresh} on conflict (agency_id, first_day) do nothing`.execute(trx)
}

async function refuseRoot(trx: Trx, change: AgencyChange, known: readonly Period[]): Promise<void> {
  const last = known.at(-1)
  if (change.kind === 'open' || !last || last.parentId !== null) return
  const { rows } = await sql<{ ours: boolean }>`
    select source = '' and source_key = 'root' as ours from agency where id = ${change.agencyId}`.execute(trx)
  if (rows[0]?.ours || change.kind === 'close' || change.wanted.parentId !== undefined)
    throw new Refused({ kind: 'root' })
}

async function refuseMisplaced(trx: Trx, placed: Placed): Promise<void> {
  const problem = await misplaced(trx, placed)
  if (problem !== null) throw new Refused(problem)
}

async function refuseInUse(trx: Trx, agencyId: number, day: Day): Promise<void> {
  const use = await usesOf(trx, agencyId, day)
  if (use.people > 0 || use.agencies > 0) throw new Refused({ kind: 'inUse', use })
}
