/** "Xác nhận danh sách": who stands on an agency's list, and the days on which the agency said that it is right. */
import { sql } from 'kysely'
import type { Db, Trx } from '../database/database.ts'
import type { Day } from '../ids.ts'

export type Listed = {
  id: number
  name: string
  staffId: string | null
  agencyCode: string
  agencyName: string
  title: string | null
  staffClass: string
  since: Day
  absent: boolean
}

/** The post each person within the agencies is counted at: primary, earliest start, then code. */
function counted(agencies: readonly number[], day: Day) {
  return sql`(
    select distinct on (e.person_id) e.person_id, e.agency_id, e.title, e.staff_class, e.first_day, a.code, a.name
    from employment e join agency_period a on a.agency_id = e.agency_id and ${day} between a.first_day and a.last_day
    where ${day} between e.first_day and e.last_day
      and e.person_id in (select person_id from employment where agency_id = any(${[...agencies]}::bigint[]))
    order by e.person_id, e.is_primary desc, e.first_day, a.code collate "C")`
}

/** The people counted at the agencies on a day, in the order of names, after one of them. */
export async function listStaff(
  db: Db,
  of: { agencies: readonly number[]; day: Day },
  page: { after: number | null; limit: number },
): Promise<Listed[]> {
  const { agencies, day } = of
  const { rows } = await sql<Listed>`
    select p.id, p.full_name as name, p.staff_id as "staffId", post.code as "agencyCode", post.name as "agencyName",
      post.title, post.staff_class as "staffClass", post.first_day as since,
      exists (select 1 from absence x where x.person_id = p.id and ${day} between x.first_day and x.last_day) as absent
    from ${counted(agencies, day)} post join person p on p.id = post.person_id
    where post.agency_id = any(${[...agencies]}::bigint[])
      and ${page.after === null ? sql`true` : sql`(p.sort_key collate "C", p.id) > (select sort_key collate "C", id from person where id = ${page.after})`}
    order by p.sort_key collate "C", p.id limit ${page.limit}`.execute(db)
  return rows
}

export async function countStaff(db: Db, agencies: readonly number[], day: Day): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from ${counted(agencies, day)} post
    where post.agency_id = any(${[...agencies]}::bigint[])`.execute(db)
  return rows[0]?.count ?? 0
}

export type Confirmation = { day: Day; staff: number; at: Date; by: string; note: string }

/** The days on which an agency confirmed its list, the newest first. */
export async function confirmationsOf(db: Db, agency: number, limit: number): Promise<Confirmation[]> {
  const { rows } = await sql<Confirmation>`
    select day, staff, confirmed_at as at, confirmed_by as by, note from roster_confirmation
    where agency_id = ${agency} order by day desc limit ${limit}`.execute(db)
  return rows
}

/** Keeps that the list of a day is right; said again on the same day, the last word stands. */
export async function confirmList(
  trx: Trx,
  agency: number,
  { day, staff, at, by, note }: Confirmation,
): Promise<void> {
  await sql`insert into roster_confirmation (agency_id, day, staff, confirmed_at, confirmed_by, note)
    values (${agency}, ${day}, ${staff}, ${at}, ${by}, ${note})
    on conflict (agency_id, day) do update set staff = excluded.staff, confirmed_at = excluded.confirmed_at,
      confirmed_by = excluded.confirmed_by, note = excluded.note`.execute(trx)
}

export type CodedAgency = { id: number; code: string; name: string }

/** The agency of a code today. */
export async function agencyCoded(db: Db, code: string): Promise<CodedAgency | null> {
  const { rows } = await sql<CodedAgency>`
    select agency_id as id, code, name from agency_period where code = ${code} and last_day = 'infinity'`.execute(
    db,
  )
  return rows[0] ?? null
}

/** When each roster source last said anything. */
export async function lastSaid(db: Db): Promise<Map<string, Date | null>> {
  const { rows } = await sql<{ name: string; at: Date | null }>`
    select name, last_said_at as at from roster_source`.execute(db)
  return new Map(rows.map(row => [row.name, row.at]))
}
