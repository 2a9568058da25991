/** Who is who and what moved: marks on the staged rows, and counts of them. Nothing else is written here. */
import { sql } from 'kysely'
import type { Db, Trx } from '../database/database.ts'
import type { Movements, Staged } from './roster.ts'

/** Marks who is who and what moved; answers the counts. Nothing outside the staged rows changes. */
export async function compare(trx: Trx, read: Staged): Promise<Movements> {
  await sql`update roster_staged_person set person_id = null, movement = null where run_id = ${read.run}`.execute(
    trx,
  )
  await matchAgencies(trx, read)
  await rejectAmbiguous(trx, read)
  await matchPosts(trx, read)
  await matchPeople(trx, read)
  await markMovements(trx, read)
  return { agencies: await countAgencies(trx, read), people: await countPeople(trx, read) }
}

async function matchAgencies(trx: Trx, { run, source }: Staged): Promise<void> {
  // two agencies of one code: only the one we know by that code may keep it
  await sql`
    with doubtful as (
      select s.source_key, s.code, exists (
          select 1 from agency a join agency_period p on p.agency_id = a.id and p.last_day = 'infinity'
          where a.source = ${source} and a.source_key = s.source_key and p.code = s.code) as known
      from roster_staged_agency s where s.run_id = ${run} and (
        (select count(*) from roster_staged_agency o where o.run_id = ${run} and o.code = s.code) > 1
        or exists (select 1 from agency a join agency_period p on p.agency_id = a.id and p.last_day = 'infinity'
          where p.code = s.code and a.source <> ${source}))
    ), gone as (
      delete from roster_staged_agency s using doubtful d
      where s.run_id = ${run} and s.source_key = d.source_key and not d.known returning s.source_key, s.code
    )
    insert into roster_rejection (run_id, subject, source_key, reason, detail)
    select ${run}, 'agency', source_key, 'duplicate_code', code from gone`.execute(trx)
  await sql`
    update roster_staged_agency s set agency_id = a.id from agency a
    where s.run_id = ${run} and a.source = ${source} and a.source_key = s.source_key`.execute(trx)
  // an entry made anew for the same agency: known by its code, its old entry no longer there
  await sql`
    update roster_staged_agency s set agency_id = a.id
    from agency a join agency_period p on p.agency_id = a.id and p.last_day = 'infinity'
    where s.run_id = ${run} and s.agency_id is null and a.source = ${source} and p.code = s.code
      and not exists (select 1 from roster_staged_agency o where o.run_id = ${run} and o.source_key = a.source_key)
      and not exists (select 1 from roster_rejection r where r.run_id = ${run} and r.source_key = a.source_key)`.execute(
    trx,
  )
  await sql`
    with recursive tree as (
      select s.source_key, s.own_ref, 0 as depth from roster_staged_agency s
      where s.run_id = ${run} and not exists (
        select 1 from roster_staged_agency p where p.run_id = ${run} and p.own_ref = s.parent_ref and p.source_key <> s.source_key)
      union all
      select s.source_key, s.own_ref, tree.depth + 1 from roster_staged_agency s
      join tree on s.parent_ref = tree.own_ref and s.source_key <> tree.source_key
      where s.run_id = ${run} and tree.depth < 50
    )
    update roster_staged_agency s set depth = tree.depth from tree
    where s.run_id = ${run} and s.source_key = tree.source_key`.execute(trx)
  await sql`
    with gone as (
      delete from roster_staged_agency where run_id = ${run} and depth is null returning source_key, code
    )
    insert into roster_rejection (run_id, subject, source_key, reason, detail)
    select ${run}, 'agency', source_key, 'parent_circle', code from gone`.execute(trx)
}

async function rejectAmbiguous(trx: Trx, { run, source }: Staged): Promise<void> {
  // two people of one staff id: the one we know by key and id keeps it; where none is known, no one can tell
  await sql`
    with doubtful as (
      select s.source_key, s.staff_id, exists (
          select 1 from person p where p.source = ${source} and p.source_key = s.source_key and p.staff_id = s.staff_id) as known
      from roster_staged_person s
      where s.run_id = ${run} and s.staff_id in (
        select staff_id from roster_staged_person where run_id = ${run} and staff_id is not null
        group by staff_id having count(*) > 1)
    ), gone as (
      delete from roster_staged_person s using doubtful d
      where s.run_id = ${run} and s.source_key = d.source_key and not d.known returning s.source_key, s.staff_id
    )
    insert into roster_rejection (run_id, subject, source_key, reason, detail)
    select ${run}, 'person', source_key, 'duplicate_staff_id', staff_id from gone`.execute(trx)
}

async function matchPosts(trx: Trx, { run, source }: Staged): Promise<void> {
  await sql`
    with known as (
      select code, agency_id from roster_staged_agency where run_id = ${run}
      union all
      select p.code, p.agency_id from agency_period p where p.last_day = 'infinity' and not exists (
        select 1 from roster_staged_agency s where s.run_id = ${run} and s.code = p.code)
    )
    update roster_staged_post post set agency_id = known.agency_id from known
    where post.run_id = ${run} and known.code = post.agency_code`.execute(trx)
  // an agency of this source must have been read with it; one of another source must be in force
  await sql`
    with gone as (
      delete from roster_staged_post post where post.run_id = ${run}
        and not exists (select 1 from roster_staged_agency s where s.run_id = ${run} and s.code = post.agency_code)
        and not exists (select 1 from agency_period p join agency a on a.id = p.agency_id
          where p.code = post.agency_code and p.last_day = 'infinity' and a.source <> ${source})
      returning source_key, agency_code
    ), homeless as (
      delete from roster_staged_person s where s.run_id = ${run}
        and s.source_key in (select source_key from gone)
        and not exists (select 1 from roster_staged_post post where post.run_id = ${run}
          and post.source_key = s.source_key
          and (post.source_key, post.agency_code) not in (select source_key, agency_code from gone))
      returning s.source_key
    )
    insert into roster_rejection (run_id, subject, source_key, reason, detail)
    select ${run}, case when source_key in (select source_key from homeless) then 'person' else 'post' end,
      source_key, 'unknown_agency', agency_code from gone
    where source_key in (select source_key from roster_staged_person where run_id = ${run})`.execute(trx)
}

async function matchPeople(trx: Trx, { run, source }: Staged): Promise<void> {
  await sql`
    update roster_staged_person s set person_id = p.id from person p
    where s.run_id = ${run} and p.source = ${source} and p.source_key = s.source_key`.execute(trx)
  // an entry made anew for the same person: the staff id is known, and its old entry is no longer there
  await sql`
    with candidate as (
      select s.source_key, min(p.id) as person_id
      from roster_staged_person s join person p on p.staff_id = s.staff_id and p.source = ${source}
      where s.run_id = ${run} and s.person_id is null
        and not exists (select 1 from roster_staged_person o where o.run_id = ${run} and o.source_key = p.source_key)
        and not exists (select 1 from roster_rejection r where r.run_id = ${run} and r.source_key = p.source_key)
      group by s.source_key having count(*) = 1
    )
    update roster_staged_person s set person_id = candidate.person_id from candidate
    where s.run_id = ${run} and s.source_key = candidate.source_key`.execute(trx)
  await linkPosts(trx, run)
  // everything after this joins on what was just filled in
  await analyzeRoster(trx)
}

export async function linkPosts(trx: Trx, run: number): Promise<void> {
  await sql`
    update roster_staged_post post set person_id = s.person_id from roster_staged_person s
    where post.run_id = ${run} and s.run_id = ${run} and s.source_key = post.source_key
      and post.person_id is distinct from s.person_id`.execute(trx)
}

/** The staged post a person is counted at, and the one of today: a mover is one for whom they differ. */
async function markMovements(trx: Trx, read: Staged): Promise<void> {
  const { run } = read
  await sql`
    with wanted as (
      select distinct on (post.source_key) post.source_key, post.agency_id
      from roster_staged_post post where post.run_id = ${run}
      order by post.source_key, post.is_primary desc, post.agency_code collate "C"
    ), held as (
      select distinct on (e.person_id) e.person_id, e.agency_id
      from employment e join agency_period p on p.agency_id = e.agency_id and p.last_day = 'infinity'
      where e.last_day = 'infinity'
      order by e.person_id, e.is_primary desc, e.first_day, p.code collate "C"
    ), kept as (
      -- concurrent posts without a primary: who still holds the counted post has not moved
      select e.person_id from employment e
      join held on held.person_id = e.person_id and held.agency_id = e.agency_id
      join roster_staged_post post on post.run_id = ${run} and post.person_id = e.person_id
        and post.agency_id = e.agency_id
        and (post.is_primary or not exists (select 1 from roster_staged_post o
          where o.run_id = ${run} and o.person_id = e.person_id and o.is_primary))
      where e.last_day = 'infinity'
    )
    update roster_staged_person s set movement = case
        when s.person_id is null then 'joiner'
        when held.person_id is null then 'returned'
        when kept.person_id is null and wanted.agency_id is distinct from held.agency_id then 'mover'
        when ${differs(read)} then 'changed'
        else 'unchanged' end
    from wanted
    left join roster_staged_person self on self.run_id = ${run} and self.source_key = wanted.source_key
    left join person p on p.id = self.person_id
    left join held on held.person_id = self.person_id
    left join kept on kept.person_id = self.person_id
    where s.run_id = ${run} and s.source_key = wanted.source_key`.execute(trx)
}

/** Whether a staged person differs from the person known (`p`) in anything but the counted agency. */
function differs({ run, day, tellsAbsence }: Staged) {
  return sql`(
    (p.source_key, p.staff_id, p.full_name, p.phone, p.email)
      is distinct from (s.source_key, s.staff_id, s.full_name, s.phone, s.email)
    or exists (
      select 1 from (
        select agency_id, staff_class, is_primary, title from roster_staged_post post
        where post.run_id = ${run} and post.person_id = p.id
      ) wants full join (
        select agency_id, staff_class, is_primary, title from employment e
        where e.person_id = p.id and e.last_day = 'infinity'
      ) has on has.agency_id = wants.agency_id
      where (wants.agency_id, wants.staff_class, wants.is_primary, wants.title)
        is distinct from (has.agency_id, has.staff_class, has.is_primary, has.title))
    or (${tellsAbsence} and case when s.absent_from is null
      then exists (select 1 from absence a where a.person_id = p.id and a.last_day >= ${day})
      else not exists (select 1 from absence a where a.person_id = p.id and a.first_day = s.absent_from
        and a.last_day = coalesce(s.absent_until, 'infinity')) end))`
}

async function countPeople(trx: Trx, read: Staged): Promise<Movements['people']> {
  const { rows } = await sql<{ movement: keyof Movements['people']; count: number }>`
    select movement, count(*) as count from roster_staged_person where run_id = ${read.run} group by movement`.execute(
    trx,
  )
  const counts = { joiners: 0, movers: 0, leavers: 0, returned: 0, changed: 0, unchanged: 0 }
  const names: Record<string, keyof typeof counts> = {
    joiner: 'joiners',
    mover: 'movers',
    returned: 'returned',
    changed: 'changed',
    unchanged: 'unchanged',
  }
  for (const { movement, count } of rows) {
    const name = names[movement]
    if (name) counts[name] = count
  }
  counts.leavers = (await leaversByAgency(trx, read)).total
  return counts
}

/** People in service whom a complete read no longer holds; a rejected entry still speaks for its person. */
export function leavers(read: Staged) {
  return sql`
    select p.id from person p where ${read.complete} and p.source = ${read.source}
      and exists (select 1 from employment e where e.person_id = p.id and e.last_day = 'infinity')
      and not exists (select 1 from roster_staged_person s where s.run_id = ${read.run} and s.person_id = p.id)
      and not exists (select 1 from roster_rejection r where r.run_id = ${read.run} and r.source_key = p.source_key)`
}

export type Leavers = {
  total: number
  staff: number
  agencies: { code: string; name: string; leavers: number; staff: number }[]
}

export async function leaversByAgency(trx: Trx, read: Staged): Promise<Leavers> {
  const { rows } = await sql<{ code: string; name: string; leavers: number; staff: number }>`
    with gone as (${leavers(read)})
    select a.code, a.name, count(distinct e.person_id) filter (where gone.id is not null) as leavers,
      count(distinct e.person_id) as staff
    from employment e join agency_period a on a.agency_id = e.agency_id and a.last_day = 'infinity'
    left join gone on gone.id = e.person_id
    where e.last_day = 'infinity'
    group by a.code, a.name having count(gone.id) > 0 order by a.code`.execute(trx)
  const totals = await sql<{ leavers: number; staff: number }>`
    with gone as (${leavers(read)})
    select (select count(*) from gone) as leavers, count(distinct e.person_id) as staff
    from employment e join person p on p.id = e.person_id
    where e.last_day = 'infinity' and p.source = ${read.source}`.execute(trx)
  return { total: totals.rows[0]?.leavers ?? 0, staff: totals.rows[0]?.staff ?? 0, agencies: rows }
}

async function countAgencies(trx: Trx, read: Staged): Promise<Movements['agencies']> {
  const { rows } = await sql<{ created: number; changed: number }>`
    select count(*) filter (where p.agency_id is null) as created,
      count(*) filter (where p.agency_id is not null and (
        (p.code, p.name, p.sector, p.level) is distinct from (s.code, s.name, s.sector, ${levelOf(read)})
        or case when above.source_key is not null then p.parent_id is distinct from above.agency_id
          else p.parent_id is not null and p.parent_id not in (select id from agency where source = '') end)) as changed
    from roster_staged_agency s
    left join agency_period p on p.agency_id = s.agency_id and p.last_day = 'infinity'
    left join roster_staged_agency above on above.run_id = ${read.run} and above.own_ref = s.parent_ref
      and above.source_key <> s.source_key
    where s.run_id = ${read.run}`.execute(trx)
  const closed = await sql<{ count: number }>`select count(*) as count from (${closing(read)}) t`.execute(trx)
  return {
    created: rows[0]?.created ?? 0,
    changed: rows[0]?.changed ?? 0,
    closed: closed.rows[0]?.count ?? 0,
  }
}

/** The level of a staged agency `s`: its own, else by depth. */
export function levelOf({ levels }: Staged) {
  return sql`coalesce(s.level, (${[...levels]}::text[])[least(s.depth + 1, ${levels.length}::int)])`
}

/**
 * Agencies in force that a complete read no longer holds. One where somebody still serves, or that stands above such
 * a one, stays: closing it would drop people from every figure.
 */
export function closing(read: Staged) {
  return sql`
    with recursive missing as (
      select a.id, p.parent_id from agency a join agency_period p on p.agency_id = a.id and p.last_day = 'infinity'
      where ${read.complete} and a.source = ${read.source}
        and not exists (select 1 from roster_staged_agency s where s.run_id = ${read.run} and s.agency_id = a.id)
        and not exists (select 1 from roster_rejection r where r.run_id = ${read.run} and r.source_key = a.source_key)
    ), needed as (
      select missing.id, missing.parent_id from missing where exists (
        select 1 from employment e join person p on p.id = e.person_id
        where e.agency_id = missing.id and e.last_day = 'infinity'
          and (p.source <> ${read.source} or exists (
            select 1 from roster_rejection r where r.run_id = ${read.run} and r.source_key = p.source_key)))
        or exists (select 1 from agency_period child join agency a on a.id = child.agency_id
          where child.parent_id = missing.id and child.last_day = 'infinity' and a.source <> ${read.source})
      union
      select missing.id, missing.parent_id from missing join needed on needed.parent_id = missing.id
    )
    select id from missing where id not in (select id from needed)`
}

/** Lets the database know how many rows there are: without it, joins of whole tables are planned for a handful. */
export async function analyzeRoster(db: Db): Promise<void> {
  for (const table of [
    'roster_staged_person',
    'roster_staged_post',
    'roster_staged_agency',
    'person',
    'employment',
    'agency_period',
  ]) {
    await sql`analyze ${sql.table(table)}`.execute(db)
  }
}
