/** Agencies as a run saves them: opened, changed, closed from the day of the run on. */

import { type RawBuilder, sql } from 'kysely'
import type { Trx } from '../database/database.ts'
import { addDays, type Day } from '../ids.ts'
import { aboves } from './agency-claim-store.ts'
import { agencySaid, closing, levelOf } from './compare-store.ts'
import type { Staged } from './roster.ts'

/** The agency above all, where a source has none. */
export type Root = { code: string; name: string; sortKey: string; searchKey: string }

export async function saveAgencies(trx: Trx, read: Staged, { root }: { root: Root }): Promise<void> {
  const { run, source } = read
  const { rows } = await sql`select 1 from roster_staged_agency where run_id = ${run} limit 1`.execute(trx)
  if (rows.length === 0) return
  await sql`
    insert into agency (source, source_key)
    select ${source}, source_key from roster_staged_agency where run_id = ${run} and agency_id is null`.execute(
    trx,
  )
  await sql`
    update agency a set source = ${source}, source_key = s.source_key from roster_staged_agency s
    where s.run_id = ${run} and s.agency_id = a.id and (a.source, a.source_key) <> (${source}, s.source_key)`.execute(
    trx,
  )
  await sql`
    update roster_staged_agency s set agency_id = a.id from agency a
    where s.run_id = ${run} and s.agency_id is null and a.source = ${source} and a.source_key = s.source_key`.execute(
    trx,
  )
  const rootId = await rootAgency(trx, read, root)
  await sql`
    with placed as (
      select s.source_key, case when s.agency_id = ${rootId} then null
        else coalesce(above.above_id, ${scopeAgency(read)}, ${rootId}) end as parent_id
      from roster_staged_agency s join (${aboves(read, root.code)}) above using (source_key)
      where s.run_id = ${run}
    )
    update roster_staged_agency s set level = ${levelOf(read)}, parent_id = placed.parent_id from placed
    where s.run_id = ${run} and s.source_key = placed.source_key`.execute(trx)
  // while the source says of it what it said before, what was entered by hand since stands
  await sql`
    update roster_staged_agency s set moved = (
      select (a.said is distinct from ${agencySaid(read)} or a.said_parent_id is distinct from s.parent_id)
        and not exists (select 1 from agency_period p where p.agency_id = s.agency_id and p.last_day = 'infinity'
          and (p.code, p.name, p.level, p.sector, p.parent_id, p.sort_key, p.search_key)
            is not distinct from (s.code, s.name, s.level, s.sector, s.parent_id, s.sort_key, s.search_key))
      from agency a where a.id = s.agency_id)
    where s.run_id = ${run}`.execute(trx)
  // a code is free for another agency once the one that bore it is closed; which ones close is told by what was said before
  await endPeriods(
    trx,
    read.day,
    sql`select closed.id from (${closing(read)}) closed join agency_period p on p.agency_id = closed.id
      and p.last_day = 'infinity' join roster_staged_agency s on s.run_id = ${run} and s.moved and s.code = p.code`,
  )
  await sql`
    update agency a set said = ${agencySaid(read)}, said_parent_id = s.parent_id from roster_staged_agency s
    where s.run_id = ${run} and s.agency_id = a.id
      and (a.said is distinct from ${agencySaid(read)} or a.said_parent_id is distinct from s.parent_id)`.execute(
    trx,
  )
  const moved = sql`select agency_id from roster_staged_agency where run_id = ${run} and moved`
  await sql`
    update roster_staged_agency s set known_before = true where s.run_id = ${run} and s.moved
      and exists (select 1 from agency_period p where p.agency_id = s.agency_id)`.execute(trx)
  await endPeriods(trx, read.day, moved)
  await sql`
    insert into agency_period (agency_id, first_day, code, name, level, sector, parent_id, sort_key, search_key)
    select agency_id, case when known_before then ${read.day}::date else ${since(read)}::date end,
      code, name, level, sector, parent_id, sort_key, search_key
    from roster_staged_agency where run_id = ${run} and moved`.execute(trx)
}

/** The agency a source speaks for: what it makes lies below that. */
function scopeAgency({ scope }: Staged): RawBuilder<unknown> {
  if (scope === null) return sql`null::bigint`
  return sql`(select k.agency_id from agency_period k where k.last_day = 'infinity' and k.code = ${scope}
    and k.agency_id <> s.agency_id)`
}

/** The agency above all: the directory's own if it has one province at the top, else ours. */
async function rootAgency(trx: Trx, read: Staged, root: Root): Promise<number> {
  const tops = await sql<{ agency_id: number; level: string | null }>`
    select s.agency_id, ${levelOf(read)} as level from roster_staged_agency s
    where s.run_id = ${read.run} and s.depth = 0`.execute(trx)
  const [top] = tops.rows
  if (tops.rows.length === 1 && top?.level === 'province') return top.agency_id
  const others = await sql<{ id: number }>`
    select p.agency_id as id from agency_period p join agency a on a.id = p.agency_id
    where p.last_day = 'infinity' and p.parent_id is null and p.level = 'province' and a.source not in ('', ${read.source})`.execute(
    trx,
  )
  if (others.rows.length === 1 && others.rows[0]) return others.rows[0].id
  await sql`insert into agency (source, source_key) values ('', 'root') on conflict do nothing`.execute(trx)
  const { rows } = await sql<{
    id: number
  }>`select id from agency where source = '' and source_key = 'root'`.execute(trx)
  const id = rows[0]?.id ?? 0
  const current = await sql<{ code: string; name: string }>`
    select code, name from agency_period where agency_id = ${id} and last_day = 'infinity'`.execute(trx)
  const known = current.rows[0]
  if (known?.code === root.code && known.name === root.name) return id
  await endPeriods(trx, read.day, sql`select ${id}::bigint`)
  await sql`
    insert into agency_period (agency_id, first_day, code, name, level, sector, parent_id, sort_key, search_key)
    values (${id}, ${known ? read.day : '-infinity'}, ${root.code}, ${root.name}, 'province', null, null,
      ${root.sortKey}, ${root.searchKey})`.execute(trx)
  return id
}

export async function closeAgencies(trx: Trx, read: Staged): Promise<void> {
  await endPeriods(trx, read.day, closing(read))
}

/** Ends what the agencies were called until yesterday; what began today never was. */
async function endPeriods(trx: Trx, day: Day, agencies: RawBuilder<unknown>): Promise<void> {
  await sql`delete from agency_period where last_day = 'infinity' and first_day = ${day}
    and agency_id in (${agencies})`.execute(trx)
  await sql`update agency_period set last_day = ${addDays(day, -1)} where last_day = 'infinity'
    and agency_id in (${agencies})`.execute(trx)
}

/** The first day of something new: unknown when the source was never read before. */
export function since(read: Staged): string {
  return read.firstLoad ? '-infinity' : read.day
}
