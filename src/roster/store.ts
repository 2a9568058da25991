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
import { analyzeRoster, closing, leavers, levelOf, linkPosts } from './compare-store.ts'
import type { Movements, Rejection, Staged, StagedAgency, StagedPerson } from './roster.ts'

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
  await analyzeRoster(trx)
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
  await sql`delete from employment where first_day >= ${day} and id in (${over})`.execute(trx)
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
        else coalesce(w.start_day, ${since(read)}::date) end
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
