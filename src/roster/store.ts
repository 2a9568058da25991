/**
 * The roster's tables, and the only place that writes them.
 *
 * What was read is staged, compared and saved as sets. `compare` writes nothing but marks on the staged rows, so a
 * dry run and a refused run go through exactly what a saved one does.
 */
import { type RawBuilder, sql } from 'kysely'
import { type Db, rowsOf, type Trx } from '../database/database.ts'
import { AppError } from '../error.ts'
import { addDays, type Day } from '../ids.ts'
import type { Rejection, StagedAgency, StagedPerson } from './roster.ts'

/** A staged read: the run whose rows it is, the source it came from, the day it counts from. */
export type Staged = {
  run: number
  source: string
  day: Day
  complete: boolean
  firstLoad: boolean
  /** Level by depth below the root; the last one goes on. */
  levels: readonly string[]
  /** Whether the source tells of absences: only then does a missing one end it. */
  tellsAbsence: boolean
}

export type Movements = {
  agencies: { created: number; changed: number; closed: number }
  people: {
    joiners: number
    movers: number
    leavers: number
    returned: number
    changed: number
    unchanged: number
  }
}

// staging -----------------------------------------------------------------------------------------------------------

export async function stageAgencies(db: Db, run: number, page: readonly StagedAgency[]): Promise<void> {
  const rows = page.map(each => ({
    source_key: each.key,
    own_ref: each.ownRef,
    parent_ref: each.parentRef,
    code: each.code,
    name: each.name,
    level: each.level,
    sector: each.sector,
    sort_key: each.sortKey,
    search_key: each.searchKey,
  }))
  await sql`
    with page as (
      select * from json_to_recordset(${rowsOf(rows)}::json) as t(source_key text, own_ref text, parent_ref text,
        code text, name text, level text, sector text, sort_key text, search_key text)
    ), taken as (
      insert into roster_staged_agency (run_id, source_key, own_ref, parent_ref, code, name, level, sector, sort_key, search_key)
      select ${run}, source_key, own_ref, parent_ref, code, name, level, sector, sort_key, search_key from page
      on conflict do nothing returning source_key, code
    )
    insert into roster_rejection (run_id, subject, source_key, reason, detail)
    select ${run}, 'agency', source_key, 'duplicate_key', code from page
    where (source_key, code) not in (select source_key, code from taken)`.execute(db)
}

export async function stagePeople(db: Db, run: number, page: readonly StagedPerson[]): Promise<void> {
  const people = page.map(each => ({
    source_key: each.key,
    staff_id: each.staffId,
    full_name: each.fullName,
    sort_key: each.sortKey,
    search_key: each.searchKey,
    staff_class: each.staffClass,
    title: each.title,
    phone: each.phone,
    email: each.email,
    start_day: each.startDay,
    absent_from: each.absentFrom,
    absent_until: each.absentUntil,
  }))
  const posts = page.flatMap(({ key, staffClass, title, startDay, posts }) =>
    posts.map(({ code, primary }) => ({
      source_key: key,
      agency_code: code,
      is_primary: primary,
      staff_class: staffClass,
      title,
      start_day: startDay,
    })),
  )
  await sql`
    with page as (
      select * from json_to_recordset(${rowsOf(people)}::json) as t(source_key text, staff_id text, full_name text,
        sort_key text, search_key text, staff_class text, title text, phone text, email text,
        start_day date, absent_from date, absent_until date)
    ), taken as (
      insert into roster_staged_person (run_id, source_key, staff_id, full_name, sort_key, search_key, staff_class,
        title, phone, email, start_day, absent_from, absent_until)
      select ${run}, source_key, staff_id, full_name, sort_key, search_key, staff_class, title, phone, email,
        start_day, absent_from, absent_until from page
      on conflict do nothing returning source_key, full_name
    )
    insert into roster_rejection (run_id, subject, source_key, reason, detail)
    select ${run}, 'person', source_key, 'duplicate_key', full_name from page
    where (source_key, full_name) not in (select source_key, full_name from taken)`.execute(db)
  await sql`
    insert into roster_staged_post (run_id, source_key, agency_code, is_primary, staff_class, title, start_day)
    select ${run}, source_key, agency_code, is_primary, staff_class, title, start_day
    from json_to_recordset(${rowsOf(posts)}::json) as t(source_key text, agency_code text, is_primary boolean,
      staff_class text, title text, start_day date)
    on conflict do nothing`.execute(db)
}

export async function stageRejections(db: Db, run: number, page: readonly Rejection[]): Promise<void> {
  if (page.length === 0) return
  await sql`
    insert into roster_rejection (run_id, subject, source_key, reason, detail)
    select ${run}, subject, key, reason, detail
    from json_to_recordset(${rowsOf(page)}::json) as t(subject text, key text, reason text, detail text)`.execute(
    db,
  )
}

/** Lets the database know how many rows there are: without it, joins of whole tables are planned for a handful. */
export async function staged(db: Db): Promise<void> {
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

/** What is left of reads that ended badly or were refused, but for the newest refused one of each source. */
export async function dropStaged(db: Db, run: number): Promise<void> {
  for (const table of ['roster_staged_person', 'roster_staged_post', 'roster_staged_agency'] as const) {
    await sql`delete from ${sql.table(table)} where run_id = ${run}`.execute(db)
  }
}

/** A dry run leaves no row; neither does one of a process that was killed. */
export async function dropDryRuns(db: Db, source: string): Promise<void> {
  await sql`delete from run where kind = 'roster' and subject = ${source} and dry_run
    and state <> 'running'`.execute(db)
}

/** Staged rows of this source's older runs: a later read has overtaken them. */
export async function dropOvertaken(db: Db, source: string, run: number): Promise<void> {
  for (const table of ['roster_staged_person', 'roster_staged_post', 'roster_staged_agency'] as const) {
    await sql`delete from ${sql.table(table)} where run_id in
      (select id from run where kind = 'roster' and subject = ${source} and id < ${run} and state <> 'running')`.execute(
      db,
    )
  }
}

export async function isFirstLoad(db: Db, source: string): Promise<boolean> {
  const { rows } = await sql`select 1 from roster_source where name = ${source}`.execute(db)
  return rows.length === 0
}

// comparing ---------------------------------------------------------------------------------------------------------

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
  await staged(trx)
}

async function linkPosts(trx: Trx, run: number): Promise<void> {
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
      order by post.source_key, post.is_primary desc, post.agency_code
    ), held as (
      select distinct on (e.person_id) e.person_id, e.agency_id
      from employment e join agency_period p on p.agency_id = e.agency_id and p.last_day = 'infinity'
      where e.last_day = 'infinity'
      order by e.person_id, e.is_primary desc, e.first_day, p.code
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
function leavers(read: Staged) {
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
function levelOf({ levels }: Staged) {
  return sql`coalesce(s.level, (${[...levels]}::text[])[least(s.depth + 1, ${levels.length}::int)])`
}

/**
 * Agencies in force that a complete read no longer holds. One where somebody still serves, or that stands above such
 * a one, stays: closing it would drop people from every figure.
 */
function closing(read: Staged) {
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

// saving ------------------------------------------------------------------------------------------------------------

export type SaveOptions = {
  root: { code: string; name: string; sortKey: string; searchKey: string }
  now: Date
  movements: Movements
}

/** Writes what `compare` found, as sets. Where nothing moved, nothing is written but the source's own row. */
export async function save(trx: Trx, read: Staged, options: SaveOptions): Promise<void> {
  await saveAgencies(trx, read, options)
  await savePeople(trx, read)
  await staged(trx)
  await saveEmployments(trx, read)
  if (read.tellsAbsence) await saveAbsences(trx, read)
  await closeAgencies(trx, read)
  await sql`
    insert into roster_source (name, first_complete_day, last_complete_at, revision)
    values (${read.source}, ${read.day}, ${options.now}, 1)
    on conflict (name) do update set last_complete_at = excluded.last_complete_at,
      revision = roster_source.revision + ${movedAnything(options.movements) ? 1 : 0}::int,
      first_complete_day = coalesce(roster_source.first_complete_day, excluded.first_complete_day)`.execute(
    trx,
  )
  await dropStaged(trx, read.run)
}

function movedAnything({ agencies, people }: Movements): boolean {
  const { unchanged: _, ...moved } = people
  return [...Object.values(agencies), ...Object.values(moved)].some(count => count > 0)
}

/** The first day of something new: unknown when the source was never read before. */
function since(read: Staged): string {
  return read.firstLoad ? '-infinity' : read.day
}

async function saveAgencies(trx: Trx, read: Staged, { root }: SaveOptions): Promise<void> {
  const { run, source } = read
  await sql`
    insert into agency (source, source_key)
    select ${source}, source_key from roster_staged_agency where run_id = ${run} and agency_id is null`.execute(
    trx,
  )
  await sql`
    update agency a set source_key = s.source_key from roster_staged_agency s
    where s.run_id = ${run} and s.agency_id = a.id and a.source_key <> s.source_key`.execute(trx)
  await sql`
    update roster_staged_agency s set agency_id = a.id from agency a
    where s.run_id = ${run} and s.agency_id is null and a.source = ${source} and a.source_key = s.source_key`.execute(
    trx,
  )
  const rootId = await rootAgency(trx, read, root)
  await sql`
    update roster_staged_agency s set level = ${levelOf(read)},
      parent_id = case when s.agency_id = ${rootId} then null else coalesce((
        select p.agency_id from roster_staged_agency p
        where p.run_id = ${run} and p.own_ref = s.parent_ref and p.source_key <> s.source_key), ${rootId}) end
    where s.run_id = ${run}`.execute(trx)
  await sql`
    update roster_staged_agency s set moved = (
      select count(*) = 0 from agency_period p where p.agency_id = s.agency_id and p.last_day = 'infinity'
        and (p.code, p.name, p.level, p.sector, p.parent_id, p.sort_key, p.search_key)
          is not distinct from (s.code, s.name, s.level, s.sector, s.parent_id, s.sort_key, s.search_key))
    where s.run_id = ${run}`.execute(trx)
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

/** Ends what the agencies were called until yesterday; what began today never was. */
async function endPeriods(trx: Trx, day: Day, agencies: RawBuilder<unknown>): Promise<void> {
  await sql`delete from agency_period where last_day = 'infinity' and first_day = ${day}
    and agency_id in (${agencies})`.execute(trx)
  await sql`update agency_period set last_day = ${addDays(day, -1)} where last_day = 'infinity'
    and agency_id in (${agencies})`.execute(trx)
}

/** The agency above all: the directory's own if it has one province at the top, else ours. */
async function rootAgency(trx: Trx, read: Staged, root: SaveOptions['root']): Promise<number> {
  const tops = await sql<{ agency_id: number; level: string | null }>`
    select s.agency_id, ${levelOf(read)} as level from roster_staged_agency s
    where s.run_id = ${read.run} and s.depth = 0`.execute(trx)
  const [top] = tops.rows
  if (tops.rows.length === 1 && top?.level === 'province') return top.agency_id
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

async function savePeople(trx: Trx, { run, source }: Staged): Promise<void> {
  await sql`
    update person p set source_key = s.source_key, staff_id = s.staff_id, full_name = s.full_name,
      sort_key = s.sort_key, search_key = s.search_key, phone = s.phone, email = s.email
    from roster_staged_person s
    where s.run_id = ${run} and s.person_id = p.id
      and (p.source_key, p.staff_id, p.full_name, p.sort_key, p.search_key, p.phone, p.email)
        is distinct from (s.source_key, s.staff_id, s.full_name, s.sort_key, s.search_key, s.phone, s.email)`.execute(
    trx,
  )
  await sql`
    insert into person (source, source_key, staff_id, full_name, sort_key, search_key, phone, email)
    select ${source}, source_key, staff_id, full_name, sort_key, search_key, phone, email
    from roster_staged_person where run_id = ${run} and person_id is null
    order by staff_id, source_key`.execute(trx)
  await sql`
    update roster_staged_person s set person_id = p.id from person p
    where s.run_id = ${run} and s.person_id is null and p.source = ${source} and p.source_key = s.source_key`.execute(
    trx,
  )
  await sql`
    update roster_staged_post post set agency_id = p.agency_id from agency_period p
    where post.run_id = ${run} and post.agency_id is null and p.code = post.agency_code and p.last_day = 'infinity'`.execute(
    trx,
  )
  await linkPosts(trx, run)
}

async function saveEmployments(trx: Trx, read: Staged): Promise<void> {
  const { run, day } = read
  const moved = sql`(select source_key from roster_staged_person where run_id = ${run} and movement <> 'unchanged')`
  const wanted = sql`(select person_id, agency_id, staff_class, is_primary, title from roster_staged_post
    where run_id = ${run} and person_id is not null and source_key in ${moved})`
  const over = sql`
    select e.id from (${leavers(read)}) gone join employment e on e.person_id = gone.id and e.last_day = 'infinity'
    union all
    select e.id from roster_staged_person s
    join employment e on e.person_id = s.person_id and e.last_day = 'infinity'
    left join ${wanted} w on w.person_id = e.person_id and w.agency_id = e.agency_id
      and w.staff_class = e.staff_class and w.is_primary = e.is_primary
    where s.run_id = ${run} and s.movement <> 'unchanged' and w.person_id is null`
  await sql`delete from employment where first_day = ${day} and id in (${over})`.execute(trx)
  await sql`update employment set last_day = ${addDays(day, -1)} where id in (${over})`.execute(trx)
  // gone yesterday and back today has never been away
  await sql`
    update employment e set last_day = 'infinity' from ${wanted} w
    where e.last_day = ${addDays(day, -1)} and w.person_id = e.person_id and w.agency_id = e.agency_id
      and w.staff_class = e.staff_class and w.is_primary = e.is_primary
      and not exists (select 1 from employment o where o.person_id = e.person_id and o.agency_id = e.agency_id
        and o.last_day = 'infinity')`.execute(trx)
  await sql`
    insert into employment (person_id, agency_id, staff_class, title, is_primary, first_day)
    select w.person_id, w.agency_id, w.staff_class, w.title, w.is_primary,
      case when s.movement <> 'joiner' then ${day}::date
        when w.start_day <= ${day}::date then w.start_day else ${since(read)}::date end
    from roster_staged_post w
    join roster_staged_person s on s.run_id = w.run_id and s.source_key = w.source_key and s.movement <> 'unchanged'
    where w.run_id = ${run} and w.person_id is not null
    on conflict (person_id, agency_id) where last_day = 'infinity' do nothing`.execute(trx)
  await sql`
    update employment e set title = w.title from ${wanted} w
    where e.person_id = w.person_id and e.agency_id = w.agency_id and e.last_day = 'infinity'
      and e.title is distinct from w.title`.execute(trx)
}

async function saveAbsences(trx: Trx, { run, day }: Staged): Promise<void> {
  const over = sql`
    select a.person_id, a.first_day from absence a join roster_staged_person s on s.run_id = ${run} and s.person_id = a.person_id
    where a.last_day >= ${day} and s.absent_from is distinct from a.first_day`
  await sql`delete from absence where first_day >= ${day} and (person_id, first_day) in (${over})`.execute(
    trx,
  )
  await sql`update absence set last_day = ${addDays(day, -1)} where (person_id, first_day) in (${over})`.execute(
    trx,
  )
  await sql`
    insert into absence (person_id, first_day, last_day)
    select person_id, absent_from, coalesce(absent_until, 'infinity') from roster_staged_person
    where run_id = ${run} and absent_from is not null and coalesce(absent_until, 'infinity') >= absent_from
    on conflict (person_id, first_day) do update set last_day = excluded.last_day
      where absence.last_day is distinct from excluded.last_day`.execute(trx)
}

async function closeAgencies(trx: Trx, read: Staged): Promise<void> {
  await endPeriods(trx, read.day, closing(read))
}

// reading -----------------------------------------------------------------------------------------------------------

export type RejectionRow = { key: string; reason: string; detail: string; subject: string }

/** The rejections of a run, oldest first, in pages. */
export async function* rejectionsOf(db: Db, run: number): AsyncGenerator<RejectionRow[]> {
  let after = 0
  while (true) {
    const { rows } = await sql<RejectionRow & { id: number }>`
      select id, source_key as key, reason, detail, subject from roster_rejection
      where run_id = ${run} and id > ${after} order by id limit 1000`.execute(db)
    if (rows.length === 0) return
    yield rows.map(({ id: _, ...row }) => row)
    after = rows.at(-1)?.id ?? after
  }
}

/** Entries, not posts, that were rejected. */
export async function countRejected(db: Db, run: number): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from roster_rejection where run_id = ${run} and subject <> 'post'`.execute(db)
  return rows[0]?.count ?? 0
}

/** The result a run showed when the guard refused it, as long as its staged rows are kept and nothing overtook it. */
export async function refusedRun<Result>(db: Db, source: string, id: number): Promise<Result> {
  const { rows } = await sql<{ state: string; result: Result; staged: boolean; newer: boolean }>`
    select state, result,
      exists (select 1 from roster_staged_person where run_id = ${id}) as staged,
      exists (select 1 from run o where o.kind = 'roster' and o.subject = ${source} and o.id > ${id}
        and o.state in ('done', 'partial') and not o.dry_run) as newer
    from run where id = ${id} and kind = 'roster' and subject = ${source} and not dry_run`.execute(db)
  const [row] = rows
  if (row?.state !== 'refused' || !(row.staged || row.newer)) {
    throw new AppError('not_found', `run ${id} is no refused roster run of ${source}`)
  }
  if (row.newer || !row.staged) {
    throw new AppError(
      'ground_moved',
      `${source} was read again after run ${id}; approve the newest run instead`,
    )
  }
  return row.result
}

/** The source that a roster run read, or null where there is no such run. */
export async function sourceNameOf(db: Db, run: number): Promise<string | null> {
  const { rows } = await sql<{ subject: string }>`
    select subject from run where id = ${run} and kind = 'roster'`.execute(db)
  return rows[0]?.subject ?? null
}
