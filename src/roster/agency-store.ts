/** Agencies over time, as pages, commands and the API show them. Reads only. */
import { sql } from 'kysely'
import type { Db } from '../database/database.ts'
import type { Day } from '../ids.ts'
import type { AgencyName } from './agency-change.ts'

export type AgencyOn = AgencyName & {
  level: string
  sector: string | null
  parentId: number | null
  sortKey: string
  /** First day since which it has been called and placed so; `-infinity` before records. */
  since: string
}

/** The agencies in force on a day. */
export async function agenciesOn(db: Db, day: Day): Promise<AgencyOn[]> {
  const { rows } = await sql<AgencyOn>`
    select agency_id as id, code, name, level, sector, parent_id as "parentId", sort_key as "sortKey",
      first_day as since
    from agency_period where ${day}::date between first_day and last_day
    order by sort_key collate "C", agency_id`.execute(db)
  return rows
}

/** The agency that has a code now, or null. */
export async function agencyNow(db: Db, code: string): Promise<AgencyOn | null> {
  const { rows } = await sql<AgencyOn>`
    select agency_id as id, code, name, level, sector, parent_id as "parentId", sort_key as "sortKey",
      first_day as since
    from agency_period where code = ${code} and last_day = 'infinity'`.execute(db)
  return rows[0] ?? null
}

export type Holder = AgencyName & { firstDay: string; lastDay: string }

/** Every agency that ever had a code, that of now or of last first, with the days on which it had it. */
export async function holdersOf(db: Db, code: string): Promise<Holder[]> {
  const { rows } = await sql<Holder>`
    select agency_id as id, code, (array_agg(name order by first_day desc))[1] as name,
      min(first_day) as "firstDay", max(last_day) as "lastDay"
    from agency_period where code = ${code} group by agency_id, code order by max(last_day) desc, agency_id desc`.execute(
    db,
  )
  return rows
}

export type HistoryPeriod = {
  firstDay: string
  lastDay: string
  code: string
  name: string
  level: string
  sector: string | null
  parent: AgencyName | null
  /** The decision it began by. */
  decision: { number: string; day: Day } | null
  byHand: boolean
  /** Closed by hand after it, by a decision or without; null: it goes on, or a source no longer names it. */
  endedBy: { decision: { number: string; day: Day } | null } | null
  /** Name of the source that says of the agency; '' where it was opened by hand. */
  source: string
}

/** What an agency was called and where it stood, the newest first. The one above by its name on the last day of each. */
export async function historyOf(db: Db, agencyId: number): Promise<HistoryPeriod[]> {
  type Row = Omit<HistoryPeriod, 'parent' | 'decision' | 'endedBy'> & {
    ended: boolean
    endNumber: string | null
    endDay: Day | null
    parentId: number | null
    parentCode: string | null
    parentName: string | null
    number: string | null
    day: Day | null
  }
  const { rows } = await sql<Row>`
    select p.first_day as "firstDay", p.last_day as "lastDay", p.code, p.name, p.level, p.sector, a.source,
      p.parent_id as "parentId", above.code as "parentCode", above.name as "parentName", d.number, d.day,
      exists (select 1 from agency_change c where c.agency_id = p.agency_id and c.state = 'done' and c.day = p.first_day) as "byHand",
      closing.id is not null as ended, closed.number as "endNumber", closed.day as "endDay"
    from agency_period p join agency a on a.id = p.agency_id
    left join decision d on d.id = p.decision_id
    left join agency_change closing on closing.agency_id = p.agency_id and closing.kind = 'close'
      and closing.state = 'done' and closing.day = p.last_day + 1
    left join decision closed on closed.id = closing.decision_id
    left join lateral (select code, name from agency_period where agency_id = p.parent_id
      order by first_day <= p.last_day desc, first_day desc limit 1) above on true
    where p.agency_id = ${agencyId} order by p.first_day desc`.execute(db)
  return rows.map(
    ({ parentId, parentCode, parentName, number, day, ended, endNumber, endDay, ...period }) => ({
      ...period,
      parent: parentId === null ? null : { id: parentId, code: parentCode ?? '', name: parentName ?? '' },
      decision: number === null || day === null ? null : { number, day },
      endedBy: ended
        ? { decision: endNumber === null || endDay === null ? null : { number: endNumber, day: endDay } }
        : null,
    }),
  )
}

export type BelowPeriod = AgencyName & { firstDay: string; lastDay: string }

/** Which agencies stood right below one, and when; those of now first. */
export async function belowOf(db: Db, agencyId: number, limit: number): Promise<BelowPeriod[]> {
  const { rows } = await sql<BelowPeriod>`
    select agency_id as id, (array_agg(code order by first_day desc))[1] as code,
      (array_agg(name order by first_day desc))[1] as name, min(first_day) as "firstDay", max(last_day) as "lastDay"
    from (
      select *, count(*) filter (where apart) over (partition by agency_id order by first_day) as stretch from (
        select p.*, coalesce(lag(p.last_day) over (partition by p.agency_id order by p.first_day) + 1 <> p.first_day, true) as apart
        from agency_period p where p.parent_id = ${agencyId}) each
    ) stretched group by agency_id, stretch
    order by max(last_day) desc, (array_agg(sort_key order by first_day desc))[1] collate "C", agency_id limit ${limit}`.execute(
    db,
  )
  return rows
}

export type MonthMoves = { month: string; came: number; left: number }

/** Movements into and out of an agency itself by month, of all that are kept, the newest first. */
export async function movesByMonth(db: Db, agencyId: number, months: number): Promise<MonthMoves[]> {
  const { rows } = await sql<MonthMoves>`
    select to_char(day, 'YYYY-MM') as month, sum(came) as came, sum(gone) as "left" from (
      select day, 1 as came, 0 as gone from movement where to_agency_id = ${agencyId}
        and kind in ('joiner', 'mover', 'returned') and from_agency_id is distinct from to_agency_id
      union all
      select day, 0, 1 from movement where from_agency_id = ${agencyId}
        and kind in ('leaver', 'mover') and from_agency_id is distinct from to_agency_id
    ) moves group by 1 order by 1 desc limit ${months}`.execute(db)
  return rows.map(row => ({ month: row.month, came: Number(row.came), left: Number(row.left) }))
}

/** Days on which the tree became another one, the newest first, with how many agencies changed. */
export async function turnsOf(
  db: Db,
  within: readonly number[] | null,
  { until, limit }: { until: Day; limit: number },
): Promise<{ day: Day; agencies: number }[]> {
  const inScope = within === null ? sql`true` : sql`agency_id = any(${[...within]}::bigint[])`
  const { rows } = await sql<{ day: Day; agencies: number }>`
    select day, count(distinct agency_id) as agencies from (
      select agency_id, first_day as day from agency_period where first_day > '-infinity' and ${inScope}
      union all
      select agency_id, last_day + 1 from agency_period where last_day < 'infinity' and ${inScope}
    ) turn where day <= ${until} group by day order by day desc limit ${limit}`.execute(db)
  return rows
}

/** An agency and those above it, where it stands or, of a closed one, stood last; itself first. */
export async function lastPath(db: Db, agencyId: number): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    with recursive path (id, depth) as (
      select ${agencyId}::bigint, 0
      union all
      select latest.parent_id, path.depth + 1 from path cross join lateral (
        select parent_id from agency_period where agency_id = path.id order by first_day desc limit 1) latest
      where latest.parent_id is not null and path.depth < 100
    ) select id from path order by depth`.execute(db)
  return rows.map(row => row.id)
}

/** An agency and all below it, those that are closed where they stood last. */
export async function everBelow(db: Db, agencyId: number): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    with recursive latest as (
      select distinct on (agency_id) agency_id, parent_id from agency_period order by agency_id, first_day desc
    ), below (id, depth) as (
      select ${agencyId}::bigint, 0
      union all
      select latest.agency_id, below.depth + 1 from below join latest on latest.parent_id = below.id
      where below.depth < 100
    ) select distinct id from below`.execute(db)
  return rows.map(row => row.id)
}

export type WaitingChange = {
  id: number
  agency: AgencyName | null
  kind: 'open' | 'change' | 'close'
  day: Day
  /** JSON: the fields that become another. */
  wanted: string
  /** The agency above it is to have. */
  parent: AgencyName | null
  decision: { number: string; day: Day } | null
  /** Why it was not done though its day has come. */
  reason: string
}

/** Changes that wait for their day, the next one first. */
export async function waitingChanges(db: Db, agencyId: number | null): Promise<WaitingChange[]> {
  const whose =
    agencyId === null
      ? sql`true`
      : sql`(c.agency_id = ${agencyId} or (c.agency_id is null and (c.wanted::json ->> 'parentId')::bigint = ${agencyId}))`
  type Row = Pick<WaitingChange, 'id' | 'kind' | 'day' | 'wanted' | 'reason'> & {
    agencyId: number | null
    code: string | null
    name: string | null
    parentId: number | null
    parentCode: string | null
    parentName: string | null
    number: string | null
    decided: Day | null
  }
  const { rows } = await sql<Row>`
    select c.id, c.kind, c.day, c.wanted, c.reason, c.agency_id as "agencyId", own.code, own.name,
      (c.wanted::json ->> 'parentId')::bigint as "parentId", above.code as "parentCode", above.name as "parentName",
      d.number, d.day as decided
    from agency_change c left join decision d on d.id = c.decision_id
    left join lateral (select code, name from agency_period where agency_id = c.agency_id
      order by first_day desc limit 1) own on true
    left join lateral (select code, name from agency_period where agency_id = (c.wanted::json ->> 'parentId')::bigint
      order by first_day desc limit 1) above on true
    where c.state = 'waiting' and ${whose} order by c.day, c.id`.execute(db)
  return rows.map(({ agencyId, code, name, parentId, parentCode, parentName, number, decided, ...row }) => ({
    ...row,
    agency: agencyId === null ? null : { id: agencyId, code: code ?? '', name: name ?? '' },
    parent: parentId === null ? null : { id: parentId, code: parentCode ?? '', name: parentName ?? '' },
    decision: number === null || decided === null ? null : { number, day: decided },
  }))
}
