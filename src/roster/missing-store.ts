/** Who is missing from a read, who waits for another agency, and what is asked of a person. */
import { type RawBuilder, sql } from 'kysely'
import type { Db, Trx } from '../database/database.ts'
import { addDays } from '../ids.ts'
import { absentRecords, leavers } from './compare-store.ts'
import { recordDepartures } from './movement-store.ts'
import { subtreeOf } from './record-store.ts'
import type { Staged } from './roster.ts'
import { dropStaged } from './stage-store.ts'

/**
 * Who is missing: leavers lose nothing but what was ended above; of those that another complete source names, that one
 * leads from now on; those missing from an incomplete source are asked about; those from the file of their agency wait.
 */
export async function saveMissing(trx: Trx, read: Staged): Promise<void> {
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

export async function saveReviews(trx: Trx, read: Staged): Promise<void> {
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
