/** What the pages of plans read: lists by key, counts, and what became of them. Nothing is written here. */
import { type RawBuilder, sql } from 'kysely'
import type { Db } from '../database/database.ts'
import type { Address, Day } from '../ids.ts'
import type { ChangeKind } from './connector.ts'
import type { Guard } from './guard.ts'
import type { Search } from './search.ts'

export const planStates = ['open', 'refused', 'applying', 'applied', 'superseded'] as const
export type PlanState = (typeof planStates)[number]

export const changeStates = ['planned', 'started', 'done', 'already', 'failed', 'dropped'] as const
export type ChangeState = (typeof changeStates)[number]

/** `by` is the operator's name; `night` says whether it was made by the nightly run. */
export type ListedPlan = {
  id: number
  createdAt: Date
  day: Day
  agency: string | null
  state: PlanState
  guard: Guard
  by: string | null
  night: boolean
  changes: Partial<Record<ChangeKind, number>>
  failed: number
  refused: number
}

const planColumns = sql`
  plan.id, plan.created_at as "createdAt", plan.day, plan.agency_code as agency, plan.state, plan.guard,
  (select o.name from run r join operator o on o.id = (r.result ->> 'by')::bigint
    where r.kind = 'mailbox' and r.result ->> 'work' = 'plan' and r.result ->> 'plan' = plan.id::text
    order by r.id limit 1) as by,
  exists (select from run n where n.kind = 'nightly' and n.started_at <= plan.created_at
    and plan.created_at <= coalesce(n.finished_at, 'infinity')) as night,
  (select coalesce(jsonb_object_agg(kind, count), '{}') from (
    select kind, count(*) as count from plan_change c where c.plan_id = plan.id group by kind) k) as changes,
  (select count(*) from plan_change c where c.plan_id = plan.id and c.state = 'failed') as failed,
  (select count(*) from plan_refusal r where r.plan_id = plan.id) as refused`

/** Plans, newest first, before an id. */
export async function listPlans(db: Db, before: number | null, limit: number): Promise<ListedPlan[]> {
  const { rows } = await sql<ListedPlan>`
    select ${planColumns} from plan
    where plan.state <> 'making' and ${before === null ? sql`true` : sql`plan.id < ${before}`}
    order by plan.id desc limit ${limit}`.execute(db)
  return rows
}

export async function planById(db: Db, id: number): Promise<ListedPlan | null> {
  const { rows } = await sql<ListedPlan>`
    select ${planColumns} from plan where plan.id = ${id} and plan.state <> 'making'`.execute(db)
  return rows[0] ?? null
}

/** How far an apply is. `waiting` are those still to be done, temporary failures among them. */
export type Progress = {
  total: number
  done: number
  already: number
  failed: number
  waiting: number
  dropped: number
  /** Of the changes that ended since an instant: the first and last of them, and how many came after the first. */
  firstAt: Date | null
  lastAt: Date | null
  since: number
}

export async function progressOf(db: Db, plan: number, from: Date | null): Promise<Progress> {
  const { rows } = await sql<Progress>`
    with change as (
      select state, temporary, finished_at from plan_change where plan_id = ${plan}
    ), ended as (
      select finished_at from change where finished_at >= ${from ?? new Date(0)}
    ), span as (
      select min(finished_at) as "firstAt", max(finished_at) as "lastAt" from ended
    )
    select count(*) as total, count(*) filter (where state = 'done') as done,
      count(*) filter (where state = 'already') as already, count(*) filter (where state = 'failed') as failed,
      count(*) filter (where state in ('planned', 'started') or (state = 'failed' and temporary)) as waiting,
      count(*) filter (where state = 'dropped') as dropped,
      (select "firstAt" from span) as "firstAt", (select "lastAt" from span) as "lastAt",
      (select count(*) from ended, span where finished_at > "firstAt") as since
    from change`.execute(db)
  return rows[0] ?? { ...noProgress }
}

const noProgress: Progress = {
  total: 0,
  done: 0,
  already: 0,
  failed: 0,
  waiting: 0,
  dropped: 0,
  firstAt: null,
  lastAt: null,
  since: 0,
}

/** How the last run that applied a plan ended. `code` is that of the error that ended it. */
export type LastApply = {
  run: number
  state: string
  startedAt: Date
  finishedAt: Date | null
  code: string | null
  message: string
  by: string | null
}

export async function lastApply(db: Db, plan: number): Promise<LastApply | null> {
  const { rows } = await sql<LastApply>`
    select r.id as run, r.state, r.started_at as "startedAt", r.finished_at as "finishedAt",
      r.result -> 'error' ->> 'code' as code, r.message,
      (select o.name from operator o where o.id = (r.result ->> 'by')::bigint) as by
    from run r where r.kind = 'mailbox' and r.result ->> 'work' = 'apply' and r.result ->> 'plan' = ${String(plan)}
    order by r.id desc limit 1`.execute(db)
  return rows[0] ?? null
}

/** How the last making of a plan ended, whatever came of it. */
export async function lastMaking(
  db: Db,
): Promise<{ state: string; code: string | null; message: string } | null> {
  const { rows } = await sql<{ state: string; code: string | null; message: string }>`
    select state, result -> 'error' ->> 'code' as code, message from run
    where kind = 'mailbox' and result ->> 'work' = 'plan' order by id desc limit 1`.execute(db)
  return rows[0] ?? null
}

/** Changes of a plan by agency, the most affected first; null is nobody's agency. */
export type AgencyChanges = {
  code: string | null
  name: string | null
  changes: Partial<Record<ChangeKind, number>>
  total: number
}

export async function changesByAgency(db: Db, plan: number): Promise<AgencyChanges[]> {
  const { rows } = await sql<AgencyChanges>`
    with counted as (
      select agency_id, kind, count(*) as count from plan_change where plan_id = ${plan} group by agency_id, kind
    ), grouped as (
      select agency_id, jsonb_object_agg(kind, count) as changes, sum(count)::bigint as total from counted group by agency_id
    )
    select a.code, a.name, g.changes, g.total from grouped g ${latestAgency(sql`g.agency_id`)}
    order by g.total desc, a.sort_key collate "C" nulls last`.execute(db)
  return rows
}

function latestAgency(id: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`left join lateral (
    select code, name, sort_key from agency_period p where p.agency_id = ${id} order by first_day desc limit 1) a on true`
}

export type ChangeFilter = {
  search: Search | null
  kind: ChangeKind | null
  state: ChangeState | null
  /** Code of the agency itself. */
  agency: string | null
}

export type PageChange = {
  number: number
  kind: ChangeKind
  address: Address
  toAddress: Address | null
  name: string
  agency: string | null
  agencyName: string | null
  mailbox: number | null
  reason: string
  state: ChangeState
  code: string | null
  error: string | null
  temporary: boolean
}

/** The changes of a plan that fit a filter, after a number, and how many fit in all. */
export async function changesOf(
  db: Db,
  plan: number,
  filter: ChangeFilter,
  page: { after: number; limit: number },
): Promise<{ changes: PageChange[]; count: number }> {
  const from = sql`plan_change c left join person p on p.id = c.person_id ${latestAgency(sql`c.agency_id`)}
    where c.plan_id = ${plan} and ${fits(filter)}`
  const counted = await sql<{ count: number }>`select count(*) as count from ${from}`.execute(db)
  const { rows } = await sql<PageChange>`
    select c.number, c.kind, c.address, c.to_address as "toAddress", c.name, a.code as agency, a.name as "agencyName",
      c.mailbox_id as mailbox, c.reason, c.state, c.error_code as code, c.error, coalesce(c.temporary, false) as temporary
    from ${from} and c.number > ${page.after}::bigint order by c.number limit ${page.limit}`.execute(db)
  return { changes: rows, count: counted.rows[0]?.count ?? 0 }
}

function fits({ search, kind, state, agency }: ChangeFilter): RawBuilder<unknown> {
  const all = [
    sql`true`,
    search && sql`(strpos(p.search_key, ${search.name}) > 0 or strpos(c.address, ${search.address}) > 0)`,
    kind && sql`c.kind = ${kind}`,
    state && sql`c.state = ${state}`,
    agency && sql`a.code = ${agency}`,
  ]
  return sql.join(
    all.filter(each => each !== null && each !== ''),
    sql` and `,
  )
}

export type PageRefusal = { person: number; staffId: string | null; name: string; reason: string }

/** People for whom nothing could be proposed, after an id. */
export async function refusalsAfter(
  db: Db,
  plan: number,
  after: number,
  limit: number,
): Promise<PageRefusal[]> {
  const { rows } = await sql<PageRefusal>`
    select p.id as person, p.staff_id as "staffId", p.full_name as name, r.reason
    from plan_refusal r join person p on p.id = r.person_id
    where r.plan_id = ${plan} and p.id > ${after} order by p.id limit ${limit}`.execute(db)
  return rows
}

/** How many could not be proposed for, by the first word of the reason. */
export async function refusalCounts(db: Db, plan: number): Promise<{ reason: string; count: number }[]> {
  const { rows } = await sql<{ reason: string; count: number }>`
    select split_part(reason, ' ', 1) as reason, count(*) as count from plan_refusal where plan_id = ${plan}
    group by 1 order by count desc, reason`.execute(db)
  return rows
}
