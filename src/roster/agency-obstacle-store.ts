/** What stands in the way of a change of an agency: another one of the code, a tree that would be none, who is still there. */
import { type RawBuilder, sql } from 'kysely'
import { type Db, rowsOf } from '../database/database.ts'
import type { Day } from '../ids.ts'
import type { AgencyName, ChangeProblem, InUse } from './agency-change.ts'
import type { Period } from './agency-time.ts'
import { foldText, sortKeyOfTitle } from './name.ts'

export function freshRows(periods: readonly Period[]): RawBuilder<unknown> {
  const rows = periods.map(each => ({
    first_day: each.firstDay,
    last_day: each.lastDay,
    code: each.code,
    name: each.name,
    level: each.level,
    sector: each.sector,
    parent_id: each.parentId,
    decision_id: each.decisionId,
    sort_key: sortKeyOfTitle(each.name),
    search_key: foldText(`${each.name} ${each.code}`),
  }))
  return sql`json_to_recordset(${rowsOf(rows)}::json) as fresh(first_day date, last_day date, code text, name text,
    level text, sector text, parent_id bigint, decision_id bigint, sort_key text, search_key text)`
}

export type Placed = { agencyId: number; periods: readonly Period[]; day: Day }

/** Why periods cannot stand where they would from a day on, or null. */
export async function misplaced(db: Db, placed: Placed): Promise<ChangeProblem | null> {
  const by = await codeHolder(db, placed)
  if (by !== null) return { kind: 'codeTaken', by }
  if (await parentGone(db, placed)) return { kind: 'parentGone' }
  return (await isCircle(db, placed)) ? { kind: 'circle' } : null
}

/** Who else has the code on a day from then on. */
async function codeHolder(db: Db, { agencyId, periods, day }: Placed): Promise<AgencyName | null> {
  const { rows } = await sql<AgencyName>`
    select other.agency_id as id, other.code, other.name from ${freshRows(periods)}
    join agency_period other on other.code = fresh.code and other.agency_id <> ${agencyId}
      and other.last_day >= greatest(fresh.first_day, ${day}::date) and other.first_day <= fresh.last_day
    where fresh.last_day >= ${day}::date order by other.last_day desc limit 1`.execute(db)
  return rows[0] ?? null
}

/** Whether the agency above is missing on the first day of a period, or ends within it without going on. */
async function parentGone(db: Db, { periods, day }: Placed): Promise<boolean> {
  const { rows } = await sql`
    select 1 from ${freshRows(periods)}
    where fresh.last_day >= ${day}::date and fresh.parent_id is not null and (
      not exists (select 1 from agency_period p where p.agency_id = fresh.parent_id
        and greatest(fresh.first_day, ${day}::date) between p.first_day and p.last_day)
      or exists (select 1 from agency_period p where p.agency_id = fresh.parent_id
        and p.last_day >= greatest(fresh.first_day, ${day}::date) and p.last_day < fresh.last_day
        and not exists (select 1 from agency_period n where n.agency_id = p.agency_id and n.first_day = p.last_day + 1)))
    limit 1`.execute(db)
  return rows.length > 0
}

/** Whether, on any day on which the tree becomes another, the way up from the agency comes back to it. */
async function isCircle(db: Db, { agencyId, periods, day }: Placed): Promise<boolean> {
  const { rows } = await sql`
    with recursive fresh as (select * from ${freshRows(periods)}),
    turn as (
      select distinct greatest(first_day, ${day}::date) as day from agency_period where last_day >= ${day}::date
      union select greatest(first_day, ${day}::date) from fresh where last_day >= ${day}::date
    ),
    way (day, id, depth) as (
      select turn.day, fresh.parent_id, 1 from turn
      join fresh on turn.day between fresh.first_day and fresh.last_day where fresh.parent_id is not null
      union all
      select way.day, p.parent_id, way.depth + 1 from way
      join agency_period p on p.agency_id = way.id and way.day between p.first_day and p.last_day
      where way.id <> ${agencyId} and p.parent_id is not null and way.depth < 100
    ) select 1 from way where id = ${agencyId} limit 1`.execute(db)
  return rows.length > 0
}

/** So many are named; all are counted. */
const SHOWN = 20

/** Who serves there and what stands below on a day or later. */
export async function usesOf(db: Db, agencyId: number, day: Day): Promise<InUse> {
  const people = await sql<{ id: number; name: string; total: number }>`
    select p.id, p.full_name as name, count(*) over () as total from person p
    where p.id in (select person_id from employment where agency_id = ${agencyId} and last_day >= ${day}::date
      union select person_id from announcement where agency_id = ${agencyId} and state = 'waiting')
    order by p.sort_key collate "C", p.id limit ${SHOWN}`.execute(db)
  const below = await sql<AgencyName & { total: number }>`
    select *, count(*) over () as total from (
      select distinct on (agency_id) agency_id as id, code, name, sort_key from agency_period
      where parent_id = ${agencyId} and last_day >= ${day}::date order by agency_id, first_day desc) each
    order by sort_key collate "C" limit ${SHOWN}`.execute(db)
  return {
    people: people.rows[0]?.total ?? 0,
    names: people.rows.map(({ id, name }) => ({ id, name })),
    agencies: below.rows[0]?.total ?? 0,
    below: below.rows.map(({ id, code, name }) => ({ id, code, name })),
  }
}
