/** The holding list: those missing from the file of their agency, until another file names them or their time is over. */
import { sql } from 'kysely'
import type { Db, Trx } from '../database/database.ts'
import { addDays, type Day } from '../ids.ts'
import { changedByHand } from './review-store.ts'

export type HoldingRow = {
  personId: number
  name: string
  staffId: string | null
  sortKey: string
  agencyId: number
  agencyCode: string | null
  agencyName: string | null
  firstDay: Day
  lastDay: Day
  source: string
  runId: number | null
}

const columns = sql`h.person_id as "personId", p.full_name as name, p.staff_id as "staffId", p.sort_key as "sortKey",
  h.agency_id as "agencyId", a.code as "agencyCode", a.name as "agencyName", h.first_day as "firstDay",
  h.last_day as "lastDay", h.source, h.run_id as "runId"`
const from = sql`roster_holding h join person p on p.id = h.person_id
  left join lateral (select code, name from agency_period where agency_id = h.agency_id order by last_day desc limit 1) a on true`

/** Who waits within the agencies (null: all), those whose time ends first, after one of them. */
export async function listHolding(
  db: Db,
  within: readonly number[] | null,
  page: { after: number | null; limit: number },
): Promise<HoldingRow[]> {
  const { rows } = await sql<HoldingRow>`
    select ${columns} from ${from}
    where ${within === null ? sql`true` : sql`h.agency_id = any(${[...within]}::bigint[])`}
      and ${page.after === null ? sql`true` : sql`(h.last_day, h.person_id) > (select last_day, person_id from roster_holding where person_id = ${page.after})`}
    order by h.last_day, h.person_id limit ${page.limit}`.execute(db)
  return rows
}

export async function countHolding(db: Db, within: readonly number[] | null): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*) as count from roster_holding
    where ${within === null ? sql`true` : sql`agency_id = any(${[...within]}::bigint[])`}`.execute(db)
  return rows[0]?.count ?? 0
}

export async function holdingOf(db: Db, person: number): Promise<HoldingRow | null> {
  const { rows } =
    await sql<HoldingRow>`select ${columns} from ${from} where h.person_id = ${person}`.execute(db)
  return rows[0] ?? null
}

/**
 * Those whose time was over before the day count as leavers from the day after it; who serves somewhere meanwhile only
 * stops waiting. Answers how many left. What they held of plans stands on another ground afterwards.
 */
export async function expireHoldings(trx: Trx, day: Day, run: number | null): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    with gone as (
      delete from roster_holding where last_day < ${day} returning person_id, agency_id, last_day, source
    ), raised as (
      update roster_source set revision = revision + 1 where name in (select source from gone)
    ), left_now as (
      insert into movement (run_id, person_id, kind, day, from_agency_id)
      select ${run}::bigint, person_id, 'leaver', last_day + 1, agency_id from gone
      where not exists (select 1 from employment e where e.person_id = gone.person_id and e.last_day = 'infinity')
      returning 1
    )
    select count(*) as count from left_now`.execute(trx)
  return rows[0]?.count ?? 0
}

type Doing = { now: Date; today: Day; by: string }

/** Somebody who waits has left: a leaver at once, since the day they were missing from. False where nobody waits. */
export async function endWaiting(trx: Trx, person: number, { now, today }: Doing): Promise<boolean> {
  const held = await take(trx, person)
  if (held === null) return false
  await sql`insert into movement (person_id, kind, day, from_agency_id)
    values (${person}, 'leaver', ${held.firstDay}, ${held.agencyId})`.execute(trx)
  await changedByHand(trx, person, { since: today, today, now })
  return true
}

/**
 * Somebody who waits serves there still: the posts that ended with the waiting go on as if they never had, and that is
 * kept as the answer to why the file does not name them.
 */
export async function putBack(trx: Trx, person: number, { now, today, by }: Doing): Promise<boolean> {
  const held = await take(trx, person)
  if (held === null) return false
  await sql`
    update employment e set last_day = 'infinity'
    where e.person_id = ${person} and e.last_day = ${addDays(held.firstDay, -1)}
      and not exists (select 1 from employment o where o.person_id = e.person_id and o.agency_id = e.agency_id
        and o.last_day = 'infinity')
      and e.id = (select max(l.id) from employment l where l.person_id = e.person_id and l.agency_id = e.agency_id
        and l.last_day = e.last_day)`.execute(trx)
  await sql`insert into movement (person_id, kind, day, to_agency_id)
    values (${person}, 'returned', ${held.firstDay}, ${held.agencyId})`.execute(trx)
  await sql`
    insert into roster_review (kind, agency_id, record_number, person_id, opened_on, run_id, state, answered_at, answered_by)
    select 'missing', ${held.agencyId}, number, ${person}, ${held.firstDay}, ${held.runId}, 'stays', ${now}, ${by}
    from roster_record where person_id = ${person} and source = ${held.source}`.execute(trx)
  await changedByHand(trx, person, { since: held.firstDay, today, now })
  return true
}

async function take(
  trx: Trx,
  person: number,
): Promise<{ agencyId: number; firstDay: Day; source: string; runId: number | null } | null> {
  const { rows } = await sql<{ agencyId: number; firstDay: Day; source: string; runId: number | null }>`
    delete from roster_holding where person_id = ${person}
    returning agency_id as "agencyId", first_day as "firstDay", source, run_id as "runId"`.execute(trx)
  return rows[0] ?? null
}
