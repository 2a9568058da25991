/** People as a run saves them: who they are, what their source said, where they serve, and when they are away. */
import { type RawBuilder, sql } from 'kysely'
import type { Trx } from '../database/database.ts'
import { addDays } from '../ids.ts'
import { leavers, linkPosts } from './compare-store.ts'
import { subtreeOf } from './record-store.ts'
import type { Staged } from './roster.ts'
import { since } from './save-agency-store.ts'

export async function savePeople(trx: Trx, { run, source, day }: Staged): Promise<void> {
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
  // what was rejected was not looked at while codes came to mean others: it is no longer known by its digest
  await sql`
    update roster_record r set digest = null from roster_rejection x
    where x.run_id = ${run} and x.subject in ('person', 'post') and r.source = ${source}
      and r.source_key = x.source_key and r.digest is not null
      and exists (select 1 from roster_staged_agency a where a.run_id = ${run} and a.moved)`.execute(trx)
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

/** Who joins: the person, the record, the posts and the movement, each as one set by the number they were staged with. */
export async function saveJoiners(trx: Trx, read: Staged): Promise<void> {
  const { run, source, day, firstLoad } = read
  const joins = sql`s.run_id = ${run} and s.person_id is null and s.review is null`
  if (!firstLoad) await freeKeys(trx, read)
  await sql`
    insert into person (id, source, source_key, staff_id, full_name, sort_key, search_key, phone, email, birth_day,
      number_hash, number_tail, address)
    select new_id, ${source}, source_key, staff_id, full_name, sort_key, search_key, phone, email, birth_day,
      number_hash, number_tail, address
    from roster_staged_person s where ${joins}`.execute(trx)
  await sql`
    insert into roster_record as known (source, source_key, person_id, digest, said, said_on)
    select ${source}, source_key, new_id, ${digestOf(run)}, said, ${day}::date
    from roster_staged_person s where ${joins}
    ${firstLoad ? sql`` : sql`on conflict (source, source_key) do update set ${saidAgain}`}`.execute(trx)
  // two codes may come to mean one agency, of which somebody new has one post
  await sql`
    insert into employment (person_id, agency_id, staff_class, title, is_primary, first_day)
    select distinct on (s.new_id, coalesce(w.agency_id, a.agency_id)) s.new_id, coalesce(w.agency_id, a.agency_id),
      w.staff_class, w.title, w.is_primary, coalesce(w.start_day, ${since(read)}::date)
    from roster_staged_post w join roster_staged_person s using (run_id, source_key)
    left join agency_period a on w.agency_id is null and a.code = w.agency_code and a.last_day = 'infinity'
    where ${joins}
    order by s.new_id, coalesce(w.agency_id, a.agency_id), w.is_primary desc`.execute(trx)
  if (read.tellsAbsence) {
    await sql`
      insert into absence (person_id, first_day, last_day, kind, document, source)
      select new_id, absent_from, coalesce(absent_until, 'infinity'), coalesce(absence_kind, ''),
        coalesce(absence_document, ''), ${source}
      from roster_staged_person s
      where ${joins} and absent_from is not null and coalesce(absent_until, 'infinity') >= absent_from`.execute(
      trx,
    )
  }
  await sql`
    insert into announcement (source, person_id, kind, day)
    select ${source}, new_id, 'leave', end_day + 1 from roster_staged_person s
    where ${joins} and end_day is not null`.execute(trx)
  if (!firstLoad) await saveArrivals(trx, read, joins)
}

async function saveArrivals(trx: Trx, { run, day }: Staged, joins: RawBuilder<unknown>): Promise<void> {
  await sql`
    insert into movement (run_id, person_id, kind, day, to_agency_id)
    select ${run}, s.new_id, 'joiner', coalesce(s.start_day, ${day}::date), (
        select coalesce(w.agency_id, a.agency_id) from roster_staged_post w
        left join agency_period a on w.agency_id is null and a.code = w.agency_code and a.last_day = 'infinity'
        where w.run_id = ${run} and w.source_key = s.source_key
        order by w.is_primary desc, w.agency_code collate "C" limit 1)
    from roster_staged_person s where ${joins}
    order by s.source_key collate "C"`.execute(trx)
}

export async function saveEmployments(trx: Trx, read: Staged): Promise<void> {
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

export async function saveAbsences(trx: Trx, { run, source, day }: Staged): Promise<void> {
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
export async function saveEndings(trx: Trx, { run, source }: Staged): Promise<void> {
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
