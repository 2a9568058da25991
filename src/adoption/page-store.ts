/** What the pages show beside the figures of a day: kept figures, movements, what waits to be done. Reads only. */
import { sql } from 'kysely'
import type { Db } from '../database/database.ts'
import type { Day } from '../ids.ts'
import { FIGURE_DEFINITION } from './adoption.ts'
import { idList, limitedTo, personStates, type StateQuery } from './store.ts'

export type KeptFigure = {
  day: Day
  staff: number
  required: number
  issued: number
  activated: number
  used: number
  sending: number
  regular: number
  regularHigh: number
  /** null: nothing was known of use in the whole window. */
  completeness: number | null
}

const kept = sql`day, staff, required, issued, activated, used, sending, regular, regular_high as "regularHigh",
  completeness`

/** An agency's kept figures with all below, one a week counted back from a day: the latest kept in each, oldest first. */
export async function weeklyFigures(
  db: Db,
  agencyId: number,
  day: Day,
  weeks: number,
): Promise<(KeptFigure & { week: number })[]> {
  const { rows } = await sql<KeptFigure & { week: number }>`
    select distinct on (week) * from (
      select (${day}::date - day) / 7 as week, ${kept} from adoption_figure
      where agency_id = ${agencyId} and not own and definition = ${FIGURE_DEFINITION}
        and day <= ${day}::date and day > ${day}::date - ${7 * weeks}::integer
    ) each order by week desc, day desc`.execute(db)
  return rows
}

/** The kept figures of agencies, with all below, of exactly one day. */
export async function figuresKept(
  db: Db,
  day: Day,
  agencies: readonly number[],
): Promise<Map<number, KeptFigure>> {
  const { rows } = await sql<KeptFigure & { agency_id: number }>`
    select agency_id, ${kept} from adoption_figure where day = ${day}::date and not own
      and definition = ${FIGURE_DEFINITION} and agency_id in ${idList(agencies)}`.execute(db)
  return new Map(rows.map(({ agency_id, ...figure }) => [agency_id, figure]))
}

/** How the people who use regularly changed from one day to a later one, in a set of agencies. */
export type Movement = {
  /** Served and were required on both days: began or ceased to use regularly. */
  began: number
  ceased: number
  /** Use regularly and were not required there before, or used regularly and are not required there now. */
  came: number
  left: number
  /** People required on the earlier day and on the later one. */
  requiredBefore: number
  requiredAfter: number
  /** Of those required, how many missing logs could hide the regular use of. */
  hiddenBefore: number
  hiddenAfter: number
}

const nobodyMoved: Movement = {
  began: 0,
  ceased: 0,
  came: 0,
  left: 0,
  requiredBefore: 0,
  requiredAfter: 0,
  hiddenBefore: 0,
  hiddenAfter: 0,
}

/** Compares the states of both days person by person; the agencies are those of each day. */
export async function movementOf(
  db: Db,
  before: { query: StateQuery; agencies: readonly number[] },
  after: { query: StateQuery; agencies: readonly number[] },
): Promise<Movement> {
  const required = ({ query, agencies }: typeof before) =>
    sql`(${personStates(limitedTo(query, agencies))} select person_id, regular, regular_high and not regular as hidden from state where required and agency_id in ${idList(agencies)})`
  const { rows } = await sql<Movement>`
    select count(*) filter (where b.regular = false and a.regular) as began,
      count(*) filter (where b.regular and a.regular = false) as ceased,
      count(*) filter (where b.person_id is null and a.regular) as came,
      count(*) filter (where a.person_id is null and b.regular) as left,
      count(b.person_id) as "requiredBefore", count(a.person_id) as "requiredAfter",
      count(*) filter (where b.hidden) as "hiddenBefore", count(*) filter (where a.hidden) as "hiddenAfter"
    from ${required(before)} b full join ${required(after)} a using (person_id)`.execute(db)
  return rows[0] ?? nobodyMoved
}

/** The instant the roster last came whole, from any source. */
export async function rosterSpoke(db: Db): Promise<Date | null> {
  const { rows } = await sql<{ at: Date | null }>`
    select max(last_complete_at) as at from roster_source`.execute(db)
  return rows[0]?.at ?? null
}

/** When each roster source last said anything. */
export async function rosterSaid(db: Db): Promise<Map<string, Date | null>> {
  const { rows } = await sql<{ name: string; at: Date | null }>`
    select name, last_said_at as at from roster_source`.execute(db)
  return new Map(rows.map(row => [row.name, row.at]))
}

/** What waits for an answer about the people of these agencies; null is all of them. */
export async function waitingReviews(db: Db, agencies: readonly number[] | null): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from roster_review
    where state in ('open', 'later') and ${agencies === null ? sql`true` : sql`agency_id in ${idList(agencies)}`}`.execute(
    db,
  )
  return rows[0]?.count ?? 0
}

/** The newest plan that waits for a person, and what it would do. */
export type WaitingPlan = { id: number; day: Day; state: string; changes: number; creates: number }

export async function waitingPlan(db: Db): Promise<WaitingPlan | null> {
  const { rows } = await sql<WaitingPlan>`
    select plan.id, plan.day, plan.state, count(change.number) as changes,
      count(change.number) filter (where change.kind = 'create') as creates
    from plan left join plan_change change on change.plan_id = plan.id
    where plan.id = (select id from plan where state in ('open', 'refused') order by id desc limit 1)
    group by plan.id`.execute(db)
  return rows[0] && rows[0].changes > 0 ? rows[0] : null
}

/** Creations that wait for approval, for people counted at these agencies. */
export async function waitingCreations(db: Db, agencies: readonly number[]): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(distinct person_id) as count from plan_change
    where kind = 'create' and state = 'planned' and agency_id in ${idList(agencies)}
      and plan_id = (select id from plan where state in ('open', 'refused') order by id desc limit 1)`.execute(
    db,
  )
  return rows[0]?.count ?? 0
}

/** The newest run of each subject of the roster, where it was refused and waits for review. */
export async function refusedRuns(db: Db): Promise<{ id: number; kind: string; subject: string }[]> {
  const { rows } = await sql<{ id: number; kind: string; subject: string; state: string }>`
    select distinct on (kind, subject) id, kind, subject, state from run
    where not dry_run and kind like 'roster%' and state <> 'running'
    order by kind, subject, id desc`.execute(db)
  return rows.filter(run => run.state === 'refused')
}

/** Agencies in force today that lie outside a scope. */
export async function agenciesElsewhere(db: Db, scope: readonly number[]): Promise<Set<number>> {
  const { rows } = await sql<{ id: number }>`
    select agency_id as id from agency_period where last_day = 'infinity'
      and agency_id not in ${idList(scope)}`.execute(db)
  return new Set(rows.map(row => row.id))
}
