/**
 * The roster's tables, and the only place that writes them but for what pages enter by hand.
 *
 * What was read is staged, compared and saved as sets. `compare` writes nothing but marks on the staged rows, so a
 * dry run and a refused run go through exactly what a saved one does.
 */
import { type RawBuilder, sql } from 'kysely'
import { type Db, rowsOf, type Trx } from '../database/database.ts'
import { AppError } from '../error.ts'
import { addDays, type Day } from '../ids.ts'
import {
  absentRecords,
  agencySaid,
  analyzeRoster,
  closing,
  leavers,
  levelOf,
  linkPosts,
} from './compare-store.ts'
import { recordArrivals, recordDepartures } from './movement-store.ts'
import { subtreeOf } from './record-store.ts'
import {
  type Movements,
  type Rejection,
  type Staged,
  type StagedAgency,
  type StagedPerson,
  saidBy,
} from './roster.ts'

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

/** A person with the digest of the entry they were read from; null where the entry has to be looked at again next time. */
export type StagedEntry = { person: StagedPerson; digest: bigint | null }

export async function stagePeople(db: Db, run: number, page: readonly StagedEntry[]): Promise<void> {
  // what is null is left out: half of the text that goes over the wire
  const people = page.map(({ person, digest }) => ({
    source_key: person.key,
    staff_id: person.staffId ?? undefined,
    full_name: person.fullName,
    sort_key: person.sortKey,
    search_key: person.searchKey,
    staff_class: person.staffClass,
    title: person.title ?? undefined,
    phone: person.phone ?? undefined,
    email: person.email ?? undefined,
    start_day: person.startDay ?? undefined,
    end_day: person.endDay ?? undefined,
    absent_from: person.absentFrom ?? undefined,
    absent_until: person.absentUntil ?? undefined,
    absence_kind: person.absenceKind ?? undefined,
    absence_document: person.absenceDocument ?? undefined,
    birth_day: person.birthDay ?? undefined,
    number_hash: person.numberHash ?? undefined,
    number_tail: person.numberTail ?? undefined,
    address: person.address ?? undefined,
    digest: digest === null ? undefined : BigInt.asIntN(64, digest).toString(),
    said: saidBy(person),
    row_number: person.row ?? undefined,
  }))
  await sql`
    with page as (
      select * from json_to_recordset(${rowsOf(people)}::json) as t(source_key text, staff_id text, full_name text,
        sort_key text, search_key text, staff_class text, title text, phone text, email text,
        start_day date, end_day date, absent_from date, absent_until date, absence_kind text, absence_document text,
        birth_day date, number_hash text, number_tail text, address text, digest bigint, said json, row_number integer)
    ), taken as (
      insert into roster_staged_person (run_id, source_key, staff_id, full_name, sort_key, search_key, staff_class,
        title, phone, email, start_day, end_day, absent_from, absent_until, absence_kind, absence_document, birth_day,
        number_hash, number_tail, address, digest, said, row_number)
      select ${run}, source_key, staff_id, full_name, sort_key, search_key, staff_class, title, phone, email,
        start_day, end_day, absent_from, absent_until, absence_kind, absence_document, birth_day, number_hash,
        number_tail, address, digest, said::text, row_number from page
      on conflict do nothing returning source_key, said, row_number, staff_class, title, start_day
    ), posts as (
      insert into roster_staged_post (run_id, source_key, agency_code, is_primary, staff_class, title, start_day)
      select ${run}, source_key, post ->> 0, (post ->> 1)::boolean, staff_class, title, start_day
      from taken cross join lateral json_array_elements(said::json -> 'posts') as post
      on conflict do nothing
    )
    insert into roster_rejection (run_id, subject, source_key, reason, detail, row_number)
    select ${run}, 'person', source_key, 'duplicate_key', full_name, row_number from page
    where not exists (select 1 from taken where taken.source_key = page.source_key
      and taken.said = page.said::text and taken.row_number is not distinct from page.row_number)`.execute(db)
}

export async function stageRejections(db: Db, run: number, page: readonly Rejection[]): Promise<void> {
  if (page.length === 0) return
  const rows = page.map(({ row, cells, ...rejection }) => ({
    ...rejection,
    row_number: row ?? null,
    row_text: cells === undefined ? null : JSON.stringify(cells),
  }))
  await sql`
    insert into roster_rejection (run_id, subject, source_key, reason, detail, row_number, row_text)
    select ${run}, subject, key, reason, detail, row_number, row_text
    from json_to_recordset(${rowsOf(rows)}::json) as t(subject text, key text, reason text, detail text,
      row_number integer, row_text text)`.execute(db)
}

const stagedTables = [
  'roster_staged_person',
  'roster_staged_post',
  'roster_staged_agency',
  'roster_staged_missing',
  'roster_staged_leaver',
] as const

/** What is left of reads that ended badly or were refused, but for the newest refused one of each source. */
export async function dropStaged(db: Db, run: number): Promise<void> {
  for (const table of stagedTables) {
    await sql`delete from ${sql.table(table)} where run_id = ${run}`.execute(db)
  }
}

/** A dry run leaves no row; neither does one of a process that was killed. */
export async function dropDryRuns(db: Db, source: string): Promise<void> {
  const over = sql`select id from run where kind = 'roster' and subject = ${source} and dry_run and state <> 'running'`
  for (const table of stagedTables) {
    await sql`delete from ${sql.table(table)} where run_id in (${over})`.execute(db)
  }
  await sql`delete from run where id in (${over})`.execute(db)
}

/** Staged rows of this source's older runs: a later read has overtaken them. */
export async function dropOvertaken(db: Db, source: string, run: number): Promise<void> {
  const { rows } = await sql<{ id: number }>`
    select id from run where kind = 'roster' and subject = ${source} and id < ${run}
      and state in ('refused', 'failed', 'broken') order by id desc limit 1000`.execute(db)
  if (rows.length === 0) return
  const older = rows.map(({ id }) => id)
  for (const table of stagedTables) {
    await sql`delete from ${sql.table(table)} where run_id = any(${older}::bigint[])`.execute(db)
  }
}

/** Whether nobody was ever taken over from this source: a file of which every row was rejected was no load. */
export async function isFirstLoad(db: Db, source: string): Promise<boolean> {
  const { rows } = await sql`select 1 from roster_record where source = ${source} limit 1`.execute(db)
  return rows.length === 0
}

/** When the source was last read to its end, and where an incremental read goes on. */
export async function readStateOf(
  db: Db,
  source: string,
): Promise<{ fullAt: Date | null; cursor: string | null }> {
  const { rows } = await sql<{ fullAt: Date | null; cursor: string | null }>`
    select last_full_at as "fullAt", cursor from roster_source where name = ${source}`.execute(db)
  return rows[0] ?? { fullAt: null, cursor: null }
}

/** One save at a time over all sources and processes: two of them may know the same person. */
export async function lockRoster(trx: Trx): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('hopthu roster'))`.execute(trx)
}

// saving ------------------------------------------------------------------------------------------------------------

export type SaveOptions = {
  root: { code: string; name: string; sortKey: string; searchKey: string }
  now: Date
  movements: Movements
  /** When the source said it: now of a directory, of a file when it was written. */
  saidAt: Date
  /** Where an incremental read goes on; undefined keeps what is known. */
  cursor?: string | null
}

/** Writes what `compare` found, as sets. Where nothing moved, nothing is written but the source's own row. */
export async function save(trx: Trx, read: Staged, options: SaveOptions): Promise<void> {
  await saveAgencies(trx, read, options)
  await recordArrivals(trx, read)
  await recordDepartures(trx, read)
  await savePeople(trx, read)
  await saveJoiners(trx, read)
  if (read.firstLoad) await analyzeRoster(trx)
  await saveEmployments(trx, read)
  if (read.tellsAbsence) await saveAbsences(trx, read)
  await saveEndings(trx, read)
  await saveMissing(trx, read)
  await saveReviews(trx, read)
  await closeAgencies(trx, read)
  await saveSource(trx, read, options)
  await dropStaged(trx, read.run)
}

async function saveSource(
  trx: Trx,
  read: Staged,
  { now, movements, saidAt, cursor }: SaveOptions,
): Promise<void> {
  if (await isFirstLoad(trx, read.source)) return
  const full = read.tellsMissing ? now : null
  await sql`
    insert into roster_source (name, first_complete_day, last_complete_at, last_said_at, last_full_at, cursor, revision)
    values (${read.source}, ${read.day}, ${now}, ${saidAt}, ${full}, ${cursor ?? null}, 1)
    on conflict (name) do update set last_complete_at = excluded.last_complete_at,
      last_said_at = greatest(roster_source.last_said_at, excluded.last_said_at),
      last_full_at = coalesce(excluded.last_full_at, roster_source.last_full_at), 
      cursor = ${cursor === undefined ? sql`roster_source.cursor` : sql`excluded.cursor`},
      revision = roster_source.revision + ${movedAnything(movements) ? 1 : 0}::int,
      first_complete_day = coalesce(roster_source.first_complete_day, excluded.first_complete_day)`.execute(
    trx,
  )
}

function movedAnything({ agencies, people, held }: Movements): boolean {
  const { unchanged: _, ...moved } = people
  return held > 0 || [...Object.values(agencies), ...Object.values(moved)].some(count => count > 0)
}

/** The first day of something new: unknown when the source was never read before. */
function since(read: Staged): string {
  return read.firstLoad ? '-infinity' : read.day
}

async function saveAgencies(trx: Trx, read: Staged, { root }: SaveOptions): Promise<void> {
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
        else coalesce(staged.agency_id, known.agency_id, ${scopeAgency(read)}, ${rootId}) end as parent_id
      from roster_staged_agency s
      left join roster_staged_agency staged on staged.run_id = ${run} and staged.own_ref = s.parent_ref
        and staged.source_key <> s.source_key
      left join agency_period known on known.last_day = 'infinity' and known.code = s.parent_ref
        and known.agency_id <> s.agency_id
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
  // a code is free for another agency once the one that bore it is closed
  await endPeriods(
    trx,
    read.day,
    sql`select closed.id from (${closing(read)}) closed join agency_period p on p.agency_id = closed.id
      and p.last_day = 'infinity' join roster_staged_agency s on s.run_id = ${run} and s.moved and s.code = p.code`,
  )
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

async function savePeople(trx: Trx, { run, source, day }: Staged): Promise<void> {
  await sql`
    update person p set source = coalesce(s.lead_source, ${source}), source_key = coalesce(s.lead_key, s.source_key),
      staff_id = s.staff_id, full_name = s.full_name, sort_key = s.sort_key, search_key = s.search_key, phone = s.phone,
      email = s.email, birth_day = s.birth_day, number_hash = s.number_hash, number_tail = s.number_tail,
      address = s.address
    from roster_staged_person s
    where s.run_id = ${run} and s.person_id = p.id and s.review is null
      and (p.source, p.source_key, p.staff_id, p.full_name, p.sort_key, p.search_key, p.phone, p.email, p.birth_day,
          p.number_hash, p.number_tail, p.address)
        is distinct from (coalesce(s.lead_source, ${source}), coalesce(s.lead_key, s.source_key), s.staff_id,
          s.full_name, s.sort_key, s.search_key, s.phone, s.email, s.birth_day, s.number_hash, s.number_tail,
          s.address)`.execute(trx)
  await sql`
    insert into roster_record as known (source, source_key, person_id, digest, said, said_on)
    select ${source}, source_key, case when review is null then person_id end, ${digestOf(run)}, said, ${day}::date
    from roster_staged_person s where run_id = ${run} and (person_id is not null or review is not null)
    order by source_key
    on conflict (source, source_key) do update set ${saidAgain}
    where (known.person_id, known.digest, known.said, known.missing_since)
      is distinct from (excluded.person_id, excluded.digest, excluded.said, null::date)`.execute(trx)
  await sql`
    update roster_staged_post post set agency_id = p.agency_id from agency_period p
    where post.run_id = ${run} and post.agency_id is null and p.code = post.agency_code and p.last_day = 'infinity'
      and post.source_key in (select source_key from roster_staged_person where run_id = ${run} and person_id is not null)`.execute(
    trx,
  )
  await linkPosts(trx, run)
}

/** Of a staged person `s`; one of whose posts some were not taken is looked at, and told of, every time. */
function digestOf(run: number): RawBuilder<unknown> {
  return sql`case when s.source_key not in (select source_key from roster_rejection where run_id = ${run} and subject = 'post')
    then s.digest end`
}

const saidAgain = sql`person_id = excluded.person_id, digest = excluded.digest, said = excluded.said, missing_since = null,
  said_on = case when known.said = excluded.said then known.said_on else excluded.said_on end`

/** A key that is somebody else's now, by an answer, is no longer theirs who had it; what others say of them counts anew. */
async function freeKeys(trx: Trx, { run, source }: Staged): Promise<void> {
  await sql`
    with freed as (
      update person p set source_key = p.source_key || ' #' || p.id from roster_staged_person s
      where s.run_id = ${run} and s.person_id is null and s.review is null and p.source = ${source}
        and p.source_key = s.source_key
      returning p.id
    )
    update roster_record r set digest = null from freed where r.person_id = freed.id`.execute(trx)
}

/** Who joins: the person, the record, the posts and the movement in one pass, since a first load has nothing else. */
async function saveJoiners(trx: Trx, read: Staged): Promise<void> {
  const { run, source, day, firstLoad } = read
  const joins = sql`s.run_id = ${run} and s.person_id is null and s.review is null`
  if (!firstLoad) await freeKeys(trx, read)
  await sql`
    with made as (
      insert into person (source, source_key, staff_id, full_name, sort_key, search_key, phone, email, birth_day,
        number_hash, number_tail, address)
      select ${source}, source_key, staff_id, full_name, sort_key, search_key, phone, email, birth_day, number_hash,
        number_tail, address
      from roster_staged_person s where ${joins} order by staff_id, source_key
      returning id, source_key
    ), record as (
      insert into roster_record as known (source, source_key, person_id, digest, said, said_on)
      select ${source}, s.source_key, made.id, ${digestOf(run)}, s.said, ${day}::date
      from roster_staged_person s join made using (source_key) where ${joins}
      on conflict (source, source_key) do update set ${saidAgain}
    ), post as (
      insert into employment (person_id, agency_id, staff_class, title, is_primary, first_day)
      select made.id, coalesce(w.agency_id, a.agency_id), w.staff_class, w.title, w.is_primary,
        coalesce(w.start_day, ${since(read)}::date)
      from roster_staged_post w join made using (source_key)
      left join agency_period a on w.agency_id is null and a.code = w.agency_code and a.last_day = 'infinity'
      where w.run_id = ${run}
      on conflict (person_id, agency_id) where last_day = 'infinity' do nothing
    ), away as (
      insert into absence (person_id, first_day, last_day, kind, document, source)
      select made.id, s.absent_from, coalesce(s.absent_until, 'infinity'), coalesce(s.absence_kind, ''),
        coalesce(s.absence_document, ''), ${source}
      from roster_staged_person s join made using (source_key)
      where ${joins} and ${read.tellsAbsence} and s.absent_from is not null
        and coalesce(s.absent_until, 'infinity') >= s.absent_from
    ), ending as (
      insert into announcement (source, person_id, kind, day)
      select ${source}, made.id, 'leave', s.end_day + 1 from roster_staged_person s join made using (source_key)
      where ${joins} and s.end_day is not null
    )
    insert into movement (run_id, person_id, kind, day, to_agency_id)
    select ${run}, made.id, 'joiner', coalesce(s.start_day, ${day}::date), (
        select coalesce(w.agency_id, a.agency_id) from roster_staged_post w
        left join agency_period a on w.agency_id is null and a.code = w.agency_code and a.last_day = 'infinity'
        where w.run_id = ${run} and w.source_key = s.source_key
        order by w.is_primary desc, w.agency_code collate "C" limit 1)
    from roster_staged_person s join made using (source_key)
    where ${joins} and not ${firstLoad}
    order by s.source_key collate "C"`.execute(trx)
}

async function saveEmployments(trx: Trx, read: Staged): Promise<void> {
  const { run, day } = read
  const moved = sql`(select source_key from roster_staged_person where run_id = ${run} and review is null
    and person_id is not null and movement not in ('unchanged', 'decided'))`
  const wanted = sql`(select person_id, agency_id, staff_class, is_primary, title from roster_staged_post
    where run_id = ${run} and person_id is not null and source_key in ${moved})`
  const over = sql`
    select e.id from (${leavers(read)}) gone join employment e on e.person_id = gone.id and e.last_day >= ${day}
      and ${insideScope(read)}
    union all
    select e.id from roster_staged_person s
    join employment e on e.person_id = s.person_id and e.last_day = 'infinity'
    left join ${wanted} w on w.person_id = e.person_id and w.agency_id = e.agency_id
      and w.staff_class = e.staff_class and w.is_primary = e.is_primary
    where s.run_id = ${run} and s.review is null and s.movement not in ('unchanged', 'decided') and w.person_id is null`
  await sql`delete from employment where first_day >= ${day} and id in (${over})`.execute(trx)
  await sql`update employment set last_day = ${addDays(day, -1)} where id in (${over})`.execute(trx)
  // gone yesterday and back today has never been away; nor has one who waited for the next file of the same agency
  await sql`
    update employment e set last_day = 'infinity' from ${wanted} w
    where (e.last_day = ${addDays(day, -1)} or exists (select 1 from roster_holding h
        where h.person_id = e.person_id and e.last_day = h.first_day - 1))
      and w.person_id = e.person_id and w.agency_id = e.agency_id
      and w.staff_class = e.staff_class and w.is_primary = e.is_primary
      and not exists (select 1 from employment o where o.person_id = e.person_id and o.agency_id = e.agency_id
        and o.last_day = 'infinity')`.execute(trx)
  await sql`
    insert into employment (person_id, agency_id, staff_class, title, is_primary, first_day)
    select person_id, agency_id, staff_class, title, is_primary, ${day}::date from ${wanted} w
    on conflict (person_id, agency_id) where last_day = 'infinity' do nothing`.execute(trx)
  await sql`
    update employment e set title = w.title from ${wanted} w
    where e.person_id = w.person_id and e.agency_id = w.agency_id and e.last_day = 'infinity'
      and e.title is distinct from w.title`.execute(trx)
}

/** A source that speaks for one agency ends what lies in it. */
function insideScope({ scope }: Staged): RawBuilder<unknown> {
  return scope === null ? sql`true` : sql`e.agency_id in (${subtreeOf(scope)})`
}

async function saveAbsences(trx: Trx, { run, source, day }: Staged): Promise<void> {
  const over = sql`
    select a.person_id, a.first_day from absence a join roster_staged_person s on s.run_id = ${run} and s.person_id = a.person_id
    where a.last_day >= ${day} and a.source = ${source} and s.review is null
      and s.absent_from is distinct from a.first_day`
  await sql`delete from absence where first_day >= ${day} and (person_id, first_day) in (${over})`.execute(
    trx,
  )
  await sql`update absence set last_day = ${addDays(day, -1)} where (person_id, first_day) in (${over})`.execute(
    trx,
  )
  await sql`
    insert into absence (person_id, first_day, last_day, kind, document, source)
    select person_id, absent_from, coalesce(absent_until, 'infinity'), coalesce(absence_kind, ''),
      coalesce(absence_document, ''), ${source}
    from roster_staged_person
    where run_id = ${run} and review is null and person_id is not null
      and absent_from is not null and coalesce(absent_until, 'infinity') >= absent_from
    on conflict (person_id, first_day) do update set last_day = excluded.last_day, kind = excluded.kind,
        document = excluded.document
      where absence.source = excluded.source
        and (absence.last_day, absence.kind, absence.document)
          is distinct from (excluded.last_day, excluded.kind, excluded.document)`.execute(trx)
}

/** A last day that the source knows of: announced, and done when it comes. */
async function saveEndings(trx: Trx, { run, source }: Staged): Promise<void> {
  await sql`
    update announcement n set state = 'withdrawn', reason = 'superseded'
    from roster_staged_person s
    where s.run_id = ${run} and s.person_id = n.person_id and s.review is null and n.source = ${source}
      and n.kind = 'leave' and n.state = 'waiting' and n.day is distinct from s.end_day + 1`.execute(trx)
  await sql`
    insert into announcement (source, person_id, kind, day)
    select ${source}, s.person_id, 'leave', s.end_day + 1 from roster_staged_person s
    where s.run_id = ${run} and s.person_id is not null and s.review is null and s.end_day is not null
      and not exists (select 1 from announcement n where n.person_id = s.person_id and n.source = ${source}
        and n.kind = 'leave' and n.day = s.end_day + 1 and n.state <> 'withdrawn')`.execute(trx)
}

/**
 * Who is missing: leavers lose nothing but what was ended above; of those that another complete source names, that one
 * leads from now on; those missing from an incomplete source are asked about; those from the file of their agency wait.
 */
async function saveMissing(trx: Trx, read: Staged): Promise<void> {
  const { run, source, day } = read
  if (!read.tellsMissing) return
  await sql`
    with other as (
      select distinct on (p.id) p.id, o.source, o.source_key, o.number
      from (${absentRecords(read)}) gone join person p on p.id = gone.person_id
      join roster_record o on o.person_id = p.id and o.missing_since is null and o.source <> ${source}
        and o.source = any(${[...read.completeSources]}::text[])
      where ${read.complete} order by p.id, o.said_on desc, o.source
    ), looked as (
      update roster_record r set digest = null from other where r.number = other.number
    )
    update person p set source = other.source, source_key = other.source_key from other where p.id = other.id`.execute(
    trx,
  )
  if (!read.complete) await askAboutMissing(trx, read)
  await silenceOthers(trx, read)
  // a leading record needs a fresh look once another that helped to fill it is gone
  await sql`
    update roster_record lead set digest = null
    from roster_staged_missing m join roster_record r on r.number = m.number
    join person p on p.id = r.person_id
    where m.run_id = ${run} and lead.source = p.source and lead.source_key = p.source_key and lead.number <> r.number
      and not (lead.source = ${source} and exists (select 1 from roster_staged_person s
        where s.run_id = ${run} and s.source_key = lead.source_key))
      and not exists (select 1 from roster_staged_person s where s.run_id = ${run} and s.source_key = r.source_key)`.execute(
    trx,
  )
  await sql`
    update roster_record r set missing_since = ${day} from roster_staged_missing m
    where m.run_id = ${run} and r.number = m.number and r.missing_since is null
      and not exists (select 1 from roster_staged_person s where s.run_id = ${run} and s.source_key = r.source_key)
      and not exists (select 1 from roster_rejection x where x.run_id = ${run} and x.source_key = r.source_key
        and x.subject in ('person', 'post'))`.execute(trx)
  if (read.scope !== null) await hold(trx, read)
}

/**
 * Who left by the word of a complete source stays away while an incomplete one, which cannot tell who left, only repeats
 * what it said before.
 */
async function silenceOthers(trx: Trx, { run, source, day, scope }: Staged): Promise<void> {
  if (scope !== null) return
  await sql`
    insert into roster_override (person_id, said_posts, posts, source, day)
    select distinct on (gone.id) gone.id, coalesce((r.said::json -> 'posts')::text, '[]'), '[]', r.source, ${day}::date
    from (${leavers({ run })}) gone
    join roster_record r on r.person_id = gone.id and r.missing_since is null and r.source <> ${source}
    order by gone.id, r.said_on desc, r.number
    on conflict (person_id) do update set said_posts = excluded.said_posts, posts = excluded.posts,
      source = excluded.source, day = excluded.day, decision_id = null`.execute(trx)
}

async function askAboutMissing(trx: Trx, read: Staged): Promise<void> {
  await sql`
    insert into roster_review (kind, agency_id, record_number, person_id, opened_on, run_id)
    select 'missing', (
        select e.agency_id from employment e where e.person_id = gone.person_id and e.last_day >= ${read.day}
        order by e.is_primary desc, e.first_day, e.id limit 1), gone.number, gone.person_id, ${read.day}, ${read.run}
    from (${absentRecords(read)}) gone
    on conflict do nothing`.execute(trx)
}

/** Without a post now, and not yet taken to have left. */
async function hold(trx: Trx, read: Staged): Promise<void> {
  const { run, source, day, holdingDays } = read
  if (holdingDays === 0) return
  await sql`
    insert into roster_holding (person_id, agency_id, first_day, last_day, source, run_id)
    select distinct on (gone.id) gone.id, e.agency_id, ${day}::date, ${addDays(day, holdingDays - 1)}::date, ${source}, ${run}
    from (${leavers(read)}) gone
    join employment e on e.person_id = gone.id and e.last_day = ${addDays(day, -1)}::date
    where not exists (select 1 from employment o where o.person_id = gone.id and o.last_day >= ${day})
    order by gone.id, e.is_primary desc, e.first_day, e.id
    on conflict (person_id) do nothing`.execute(trx)
  await sql`update roster_record set digest = null where number in (${namedElsewhere(read)})`.execute(trx)
}

/** Records of those who wait since this run by which another source names them outside the agency it spoke for. */
function namedElsewhere({
  run,
  source,
  scope,
}: Pick<Staged, 'run' | 'source' | 'scope'>): RawBuilder<unknown> {
  return sql`
    select o.number from roster_holding h
    join roster_record o on o.person_id = h.person_id and o.missing_since is null and o.source <> ${source}
    where h.run_id = ${run} and o.said <> '{}' and not exists (
      select 1 from json_array_elements(o.said::json -> 'posts') post
      join agency_period k on k.code = post ->> 0 and k.last_day = 'infinity'
      where k.agency_id in (${subtreeOf(scope)}))`
}

/** Numbers of the records to be looked at again, so that who waits since this run serves where they are named. */
export async function heldButNamed(
  db: Db,
  read: Pick<Staged, 'run' | 'source' | 'scope'>,
): Promise<number[]> {
  const { rows } = await sql<{ number: number }>`${namedElsewhere(read)} order by 1`.execute(db)
  return rows.map(({ number }) => number)
}

async function saveReviews(trx: Trx, read: Staged): Promise<void> {
  const { run, source, day } = read
  // who serves again no longer waits
  await sql`
    delete from roster_holding h using roster_staged_person s
    where s.run_id = ${run} and s.person_id = h.person_id and s.review is null and exists (
      select 1 from employment e where e.person_id = h.person_id and e.last_day >= ${day})`.execute(trx)
  // an entry that came back, was recognised, or is gone, is no question any more
  await sql`
    update roster_review v set state = 'settled' from roster_record r
    where v.record_number = r.number and v.state in ('open', 'later') and r.source = ${source} and (
      exists (select 1 from roster_staged_person s where s.run_id = ${run} and s.source_key = r.source_key
        and s.review is null)
      or (v.kind <> 'missing' and r.missing_since is not null))`.execute(trx)
  await sql`
    insert into roster_review (kind, agency_id, record_number, person_id, opened_on, run_id)
    select s.review, (
        select post.agency_id from roster_staged_post post where post.run_id = ${run} and post.source_key = s.source_key
        order by post.is_primary desc, post.agency_code collate "C" limit 1), r.number, coalesce(s.candidate_id, (
        select first.person_id from roster_record first where s.review = 'duplicate' and first.source = ${source}
          and first.source_key = regexp_replace(s.source_key, '#[0-9]+$', ''))), ${day}, ${run}
    from roster_staged_person s join roster_record r on r.source = ${source} and r.source_key = s.source_key
    where s.run_id = ${run} and s.review is not null and s.review <> 'waiting'
    on conflict do nothing`.execute(trx)
}

/**
 * After an answer "not the same": whoever the entry spoke of before has none any more and has left; whoever is missing
 * from the source, and was kept by the question, is looked for again by its next full read.
 */
export async function departReplaced(trx: Trx, read: Staged, numbers: readonly number[]): Promise<void> {
  const { run, day } = read
  const candidates = sql`
    select v.person_id from roster_review v join roster_record r on r.number = v.record_number
    where r.number = any(${[...numbers]}::int[]) and v.state = 'different' and v.person_id is distinct from r.person_id`
  await sql`
    update roster_record r set missing_since = null, digest = null
    where r.missing_since is not null and r.person_id in (${candidates})`.execute(trx)
  const replaced = sql`
    select p.id from person p where p.id in (${candidates})
      and not exists (select 1 from roster_record r where r.person_id = p.id)
      and exists (select 1 from employment e where e.person_id = p.id and e.last_day >= ${day})`
  await sql`
    insert into roster_staged_leaver (run_id, person_id) select ${run}, id from (${replaced}) gone`.execute(
    trx,
  )
  await recordDepartures(trx, { ...read, scope: null })
  const over = sql`select e.id from (${leavers(read)}) gone join employment e on e.person_id = gone.id and e.last_day >= ${day}`
  await sql`delete from employment where first_day >= ${day} and id in (${over})`.execute(trx)
  await sql`update employment set last_day = ${addDays(day, -1)} where id in (${over})`.execute(trx)
  await dropStaged(trx, run)
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
      ${isStaged(id)} as staged,
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

/** Whether what a run read is kept: of one that only misses people no person stands there. */
export function isStaged(run: number) {
  return sql<boolean>`(exists (select 1 from roster_staged_person where run_id = ${run})
    or exists (select 1 from roster_staged_missing where run_id = ${run})
    or exists (select 1 from roster_staged_agency where run_id = ${run}))`
}

/** The source that a roster run read, or null where there is no such run. */
export async function sourceNameOf(db: Db, run: number): Promise<string | null> {
  const { rows } = await sql<{ subject: string }>`
    select subject from run where id = ${run} and kind = 'roster'`.execute(db)
  return rows[0]?.subject ?? null
}
