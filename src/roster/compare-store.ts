/** What moved: marks on the staged rows, and counts of them. Nothing else is written here. */
import { type RawBuilder, sql } from 'kysely'
import type { Db, Trx } from '../database/database.ts'
import { meanings, missingAgencies } from './agency-claim-store.ts'
import {
  measureDepth,
  rejectDoubles,
  rejectMisplaced,
  rejectTaken,
  takenAgencies,
} from './agency-doubt-store.ts'
import { type AddressHolders, identify } from './identity-store.ts'
import type { Trust } from './merge.ts'
import { mergeStaged } from './merge-store.ts'
import { subtreeOf } from './record-store.ts'
import type { Movements, Staged } from './roster.ts'

/** `root`: the code of the agency above all, which may not be there yet. */
export type CompareOptions = { trust: Trust; holders: AddressHolders | null; root: string }

/** Marks who is who and what moved; answers the counts. Nothing outside the staged rows changes. */
export async function compare(trx: Trx, read: Staged, options: CompareOptions): Promise<Movements> {
  await planForMany(trx)
  await sql`
    update roster_staged_person set person_id = null, movement = 'joiner', review = null, candidate_id = null,
      record_number = null, lead_source = null, lead_key = null
    where run_id = ${read.run} and (person_id, record_number, review, lead_source) is distinct from (null, null, null, null)`.execute(
    trx,
  )
  // rows just written are nothing to the planner until they are counted
  await analyzeStaged(trx)
  await matchAgencies(trx, read, options.root)
  const some = await anyStaged(trx, read.run)
  if (some) {
    await matchPosts(trx, read)
    await identify(trx, read, options.holders)
    if (await anyLinked(trx, read.run)) {
      await mergeStaged(trx, read, options.trust)
      await resolvePosts(trx, read)
      await dropUnknown(trx, read)
      await linkPosts(trx, read.run)
      await sql`analyze roster_staged_person (run_id, source_key, person_id, review, movement)`.execute(trx)
      await sql`analyze roster_staged_post (run_id, source_key, person_id, agency_id)`.execute(trx)
    }
  }
  await markLeavers(trx, read)
  const taken = await takenAgencies(trx, read, closing(read))
  if (taken.length > 0) {
    await rejectTaken(trx, read, taken)
    return compare(trx, read, options)
  }
  if (some) await markMovements(trx, read)
  return {
    agencies: await countAgencies(trx, read),
    people: await countPeople(trx, read),
    held: await countHeld(trx, read),
    reviews: await countReviews(trx, read),
  }
}

async function anyLinked(trx: Trx, run: number): Promise<boolean> {
  const { rows } =
    await sql`select 1 from roster_staged_person where run_id = ${run} and person_id is not null limit 1`.execute(
      trx,
    )
  return rows.length > 0
}

async function anyStaged(trx: Trx, run: number): Promise<boolean> {
  const { rows } = await sql`select 1 from roster_staged_person where run_id = ${run} limit 1`.execute(trx)
  return rows.length > 0
}

async function matchAgencies(trx: Trx, read: Staged, root: string): Promise<void> {
  const { run, source } = read
  await rejectDoubles(trx, read)
  await sql`
    update roster_staged_agency s set agency_id = a.id from agency a
    where s.run_id = ${run} and a.source = ${source} and a.source_key = s.source_key`.execute(trx)
  // an entry made anew for the same agency: known by its code, its old entry no longer there
  await sql`
    update roster_staged_agency s set agency_id = a.id
    from agency a join agency_period p on p.agency_id = a.id and p.last_day = 'infinity'
    where s.run_id = ${run} and s.agency_id is null and p.code = s.code
      -- one opened by hand is taken over by the source that names it
      and (a.source = ${source} or (a.source = '' and a.source_key <> 'root'))
      and not exists (select 1 from roster_staged_agency o where o.run_id = ${run} and o.source_key = a.source_key)
      and not exists (select 1 from roster_rejection r where r.run_id = ${run} and r.source_key = a.source_key)`.execute(
    trx,
  )
  await rejectMisplaced(trx, read, root)
  await measureDepth(trx, read, root)
}

/** The agency that each post's code means, as `meanings` tells it. */
async function resolvePosts(trx: Trx, read: Staged): Promise<void> {
  const { run } = read
  await sql`
    with meant as (
      select named.agency_code, known.agency_id
      from (select distinct agency_code from roster_staged_post where run_id = ${run}) named
      left join (${meanings(read)}) known on known.code = named.agency_code
    )
    update roster_staged_post post set agency_id = meant.agency_id from meant
    where post.run_id = ${run} and meant.agency_code = post.agency_code
      and post.agency_id is distinct from meant.agency_id`.execute(trx)
}

async function matchPosts(trx: Trx, read: Staged): Promise<void> {
  const { run } = read
  await resolvePosts(trx, read)
  await dropPosts(trx, run, 'unknown_agency', isUnknown(read))
  if (read.scope !== null) {
    await dropPosts(
      trx,
      run,
      'outside_scope',
      sql`
      post.agency_id not in (${subtreeOf(read.scope)})
      and not exists (select 1 from roster_staged_agency s where s.run_id = ${run} and s.agency_id is null
        and s.code = post.agency_code)`,
    )
  }
}

/** A code that means nobody in this read. */
function isUnknown(read: Staged): RawBuilder<unknown> {
  return sql`post.agency_code not in (select code from (${meanings(read)}) known)`
}

/** Posts that another source names, or this one named before it was laid beside others, in agencies nobody knows. */
async function dropUnknown(trx: Trx, read: Staged): Promise<void> {
  await sql`
    delete from roster_staged_post post using roster_staged_person self
    where post.run_id = ${read.run} and self.run_id = ${read.run} and self.source_key = post.source_key
      and self.lead_source is not null and ${isUnknown(read)}`.execute(trx)
}

/** Takes back posts for a reason, and with its last post the person. */
async function dropPosts(trx: Trx, run: number, reason: string, which: RawBuilder<unknown>): Promise<void> {
  // what is wrong with a post is wrong with its code: there are few of them, and mostly none
  const codes = await sql<{ code: string }>`
    select agency_code as code from (
      select distinct agency_code, agency_id from roster_staged_post where run_id = ${run}) post where ${which}`.execute(
    trx,
  )
  if (codes.rows.length === 0) return
  const wrong = JSON.stringify(codes.rows.map(({ code }) => code))
  await sql`
    with gone as (
      delete from roster_staged_post post where post.run_id = ${run}
        and post.agency_code in (select json_array_elements_text(${wrong}::json))
      returning source_key, agency_code
    ), homeless as (
      delete from roster_staged_person s where s.run_id = ${run}
        and s.source_key in (select source_key from gone)
        and not exists (select 1 from roster_staged_post post where post.run_id = ${run}
          and post.source_key = s.source_key
          and (post.source_key, post.agency_code) not in (select source_key, agency_code from gone))
      returning s.source_key
    )
    insert into roster_rejection (run_id, subject, source_key, reason, detail, row_number)
    select ${run}, case when gone.source_key in (select source_key from homeless) then 'person' else 'post' end,
      gone.source_key, ${reason}, gone.agency_code, s.row_number
    from gone join roster_staged_person s on s.run_id = ${run} and s.source_key = gone.source_key`.execute(
    trx,
  )
  // what was not taken is not kept as said: laid beside what another source says, it would be taken after all
  await sql`
    update roster_staged_person s set said = jsonb_set(s.said::jsonb, '{posts}', (
      select coalesce(jsonb_agg(post order by n), '[]') from jsonb_array_elements(s.said::jsonb -> 'posts')
        with ordinality as posts (post, n)
      where post ->> 0 not in (select json_array_elements_text(${wrong}::json))))::text
    where s.run_id = ${run} and s.source_key in (
      select source_key from roster_rejection where run_id = ${run} and subject = 'post' and reason = ${reason})`.execute(
    trx,
  )
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
    ), concerned as (
      select person_id from roster_staged_person where run_id = ${run} and person_id is not null
    ), held as (
      select distinct on (e.person_id) e.person_id, e.agency_id
      from employment e join agency_period p on p.agency_id = e.agency_id and p.last_day = 'infinity'
      where e.last_day = 'infinity' and e.person_id in (select person_id from concerned)
      order by e.person_id, e.is_primary desc, e.first_day, p.code collate "C"
    ), kept as (
      -- concurrent posts without a primary: who still holds the counted post has not moved
      select e.person_id from employment e
      join held on held.person_id = e.person_id and held.agency_id = e.agency_id
      join roster_staged_post post on post.run_id = ${run} and post.person_id = e.person_id
        and post.agency_id = e.agency_id
        and (post.is_primary or not exists (select 1 from roster_staged_post o
          where o.run_id = ${run} and o.person_id = e.person_id and o.is_primary))
      where e.last_day = 'infinity' and e.person_id in (select person_id from concerned)
    )
    update roster_staged_person s set movement = case
        when s.review is not null then 'review'
        when s.person_id is null then 'joiner'
        when wanted.source_key is null then 'decided'
        when held.person_id is null and waits.person_id is not null and waits.agency_id <> wanted.agency_id then 'mover'
        when held.person_id is null then 'returned'
        when kept.person_id is null and wanted.agency_id is distinct from held.agency_id then 'mover'
        when ${differs(read)} then 'changed'
        else 'unchanged' end
    from roster_staged_person self
    left join wanted on wanted.source_key = self.source_key
    left join person p on p.id = self.person_id
    left join held on held.person_id = self.person_id
    left join kept on kept.person_id = self.person_id
    left join roster_holding waits on waits.person_id = self.person_id
    where s.run_id = ${run} and self.run_id = ${run} and s.source_key = self.source_key
      and (self.person_id is not null or self.review is not null)`.execute(trx)
}

/** Whether a staged person differs from the person known (`p`) in anything but the counted agency. */
function differs({ run, source, day, tellsAbsence }: Staged) {
  return sql`(
    (p.source_key, p.staff_id, p.full_name, p.phone, p.email, p.birth_day, p.number_hash, p.address)
      is distinct from (coalesce(self.lead_key, self.source_key), self.staff_id, self.full_name, self.phone, self.email,
        self.birth_day, self.number_hash, self.address)
    or exists (
      select 1 from (
        select agency_id, staff_class, is_primary, title from roster_staged_post post
        where post.run_id = ${run} and post.source_key = self.source_key
      ) wants full join (
        select agency_id, staff_class, is_primary, title from employment e
        where e.person_id = p.id and e.last_day = 'infinity'
      ) has on has.agency_id = wants.agency_id
      where (wants.agency_id, wants.staff_class, wants.is_primary, wants.title)
        is distinct from (has.agency_id, has.staff_class, has.is_primary, has.title))
    or (${tellsAbsence} and case when self.absent_from is null
      then exists (select 1 from absence a where a.person_id = p.id and a.last_day >= ${day} and a.source = ${source})
      else not exists (select 1 from absence a where a.person_id = p.id and a.first_day = self.absent_from
        and a.last_day = coalesce(self.absent_until, 'infinity')) end))`
}

async function countPeople(trx: Trx, read: Staged): Promise<Movements['people']> {
  const { rows } = await sql<{ movement: string; count: number }>`
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
    decided: 'unchanged',
  }
  for (const { movement, count } of rows) {
    const name = names[movement]
    if (name) counts[name] += count
  }
  const gone = (await leaversByAgency(trx, read)).total
  counts.leavers = read.scope === null ? gone : gone - (await countHeld(trx, read))
  return counts
}

/** Of a source that speaks for one agency, those who would leave wait first; one with a post elsewhere just keeps that. */
async function countHeld(trx: Trx, read: Staged): Promise<number> {
  if (read.scope === null || read.holdingDays === 0) return 0
  const { rows } = await sql<{ count: number }>`select count(*) as count from (${leavers(read)}) t`.execute(
    trx,
  )
  return rows[0]?.count ?? 0
}

async function countReviews(trx: Trx, read: Staged): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select (select count(*) from roster_staged_person where run_id = ${read.run} and review is not null)
      + (select count(*) from (${absent(read)}) t) as count`.execute(trx)
  return rows[0]?.count ?? 0
}

/** The record `r` was not met in this read: neither as it was, nor changed, nor rejected. */
function unmet({ run }: Staged): RawBuilder<unknown> {
  return sql`(
    not exists (select 1 from roster_staged_person s where s.run_id = ${run} and s.source_key = r.source_key)
    and not exists (select 1 from roster_rejection x where x.run_id = ${run} and x.source_key = r.source_key
      and x.subject in ('person', 'post')))`
}

/** Records of people in service that this read misses, with the person whom they lead. */
export function absentRecords(read: Staged): RawBuilder<unknown> {
  return sql`
    select r.number, p.id as person_id from roster_staged_missing m
    join roster_record r on r.number = m.number
    join person p on p.id = r.person_id and p.source = r.source and p.source_key = r.source_key
    where m.run_id = ${read.run} and ${unmet(read)}
      and exists (select 1 from employment e where e.person_id = p.id and e.last_day >= ${read.day})
      and not exists (select 1 from roster_staged_person s where s.run_id = ${read.run} and s.person_id = p.id)`
}

/** Those of an incomplete source: absence from it is a request to look, never a departure. */
export function absent(read: Staged): RawBuilder<unknown> {
  return sql`select number, person_id from (${absentRecords(read)}) t where ${!read.complete}`
}

/**
 * Whom a complete read no longer holds; a rejected entry still speaks for its person, as does another complete source
 * that names them, and an open question whether an entry is theirs.
 */
async function markLeavers(trx: Trx, read: Staged): Promise<void> {
  const { run, source } = read
  await sql`delete from roster_staged_leaver where run_id = ${run}`.execute(trx)
  if (!read.complete || !read.tellsMissing) return
  const elsewhere = read.scope === null ? sql`` : sql`union ${foreign(read, read.scope)}`
  await sql`
    insert into roster_staged_leaver (run_id, person_id)
    select ${run}, person_id from (select person_id from (${absentRecords(read)}) own ${elsewhere}) gone
    where not exists (select 1 from roster_record o where o.person_id = gone.person_id and o.missing_since is null
        and o.source <> ${source} and o.source = any(${[...read.completeSources]}::text[]))
      and not exists (select 1 from roster_staged_person s where s.run_id = ${run} and s.candidate_id = gone.person_id)
      and not exists (select 1 from roster_review v where v.person_id = gone.person_id and v.state in ('open', 'later')
        and v.kind <> 'missing')
    on conflict do nothing`.execute(trx)
}

/** People of the agency a source speaks for whom only other, incomplete sources named so far, and this one does not. */
function foreign(read: Staged, scope: string): RawBuilder<unknown> {
  return sql`
    select distinct e.person_id from employment e join person p on p.id = e.person_id
    where e.last_day = 'infinity' and e.agency_id in (${subtreeOf(scope)}) and p.source <> ${read.source}
      and p.source <> all(${[...read.completeSources]}::text[])
      and not exists (select 1 from roster_staged_person s where s.run_id = ${read.run} and s.person_id = p.id)
      and not exists (select 1 from roster_record r where r.person_id = p.id and r.source = ${read.source}
        and r.missing_since is null
        and not (r.number in (select number from roster_staged_missing where run_id = ${read.run}) and ${unmet(read)}))`
}

/** Ids of those who would leave, as `compare` marked them. */
export function leavers({ run }: Pick<Staged, 'run'>) {
  return sql`select person_id as id from roster_staged_leaver where run_id = ${run}`
}

export type Leavers = {
  total: number
  staff: number
  agencies: { code: string; name: string; leavers: number; staff: number }[]
}

export async function leaversByAgency(trx: Trx, read: Staged): Promise<Leavers> {
  const totals = await sql<{ leavers: number; staff: number }>`
    select (select count(*) from (${leavers(read)}) t) as leavers,
      (select count(*) from roster_record where source = ${read.source} and missing_since is null) as staff`.execute(
    trx,
  )
  const total = totals.rows[0]?.leavers ?? 0
  const staff = totals.rows[0]?.staff ?? 0
  if (total === 0) return { total, staff, agencies: [] }
  const { rows } = await sql<{ code: string; name: string; leavers: number; staff: number }>`
    with gone as (${leavers(read)})
    select a.code, a.name, count(distinct e.person_id) filter (where gone.id is not null) as leavers,
      count(distinct e.person_id) as staff
    from employment e join agency_period a on a.agency_id = e.agency_id and a.last_day = 'infinity'
    left join gone on gone.id = e.person_id
    where e.last_day >= ${read.day}
    group by a.code, a.name having count(gone.id) > 0 order by a.code`.execute(trx)
  return { total, staff, agencies: rows }
}

export type Upheaval = {
  movers: number
  renamed: number
  joiners: number
  agencies: { closed: number; created: number; known: number }
}

/** What a read would turn over, for the guard: a source gone wrong moves or renames everybody. */
export async function upheaval(trx: Trx, read: Staged, movements: Movements): Promise<Upheaval> {
  const { rows } = await sql<{ renamed: number; known: number }>`
    select (select count(*) from roster_staged_person s join person p on p.id = coalesce(s.person_id, s.candidate_id)
        where s.run_id = ${read.run} and p.search_key <> s.search_key) as renamed,
      (select count(*) from agency a join agency_period p on p.agency_id = a.id and p.last_day = 'infinity'
        where a.source = ${read.source}) as known`.execute(trx)
  const { created, closed } = movements.agencies
  return {
    movers: movements.people.movers,
    renamed: rows[0]?.renamed ?? 0,
    joiners: movements.people.joiners,
    agencies: { created, closed, known: rows[0]?.known ?? 0 },
  }
}

/** What a staged agency `s` says of itself, as it is kept. */
export function agencySaid(read: Staged): RawBuilder<unknown> {
  return sql`json_build_object('code', s.code, 'name', s.name, 'level', ${levelOf(read)}, 'sector', s.sector)::text`
}

async function countAgencies(trx: Trx, read: Staged): Promise<Movements['agencies']> {
  const { rows } = await sql<{ created: number; changed: number }>`
    select count(*) filter (where s.agency_id is null) as created,
      count(*) filter (where s.agency_id is not null and (
        (a.said is distinct from ${agencySaid(read)}
          and (p.agency_id is null or (p.code, p.name, p.sector, p.level) is distinct from (s.code, s.name, s.sector, ${levelOf(read)})))
        or case when above.source_key is not null
          then above.agency_id is distinct from coalesce(a.said_parent_id, p.parent_id)
            and above.agency_id is distinct from p.parent_id
          else a.said_parent_id is null and p.parent_id is not null
            and p.parent_id not in (select id from agency where source = '') end)) as changed
    from roster_staged_agency s
    left join agency a on a.id = s.agency_id
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
    with recursive missing as (${missingAgencies(read)}), needed as (
      select missing.id, missing.parent_id from missing where exists (
        select 1 from employment e join person p on p.id = e.person_id
        where e.agency_id = missing.id and e.last_day = 'infinity'
          and e.person_id not in (select person_id from roster_staged_leaver where run_id = ${read.run})
          and not exists (select 1 from roster_staged_person s where s.run_id = ${read.run} and s.person_id = p.id
            and s.review is null))
        or exists (select 1 from agency_period child join agency a on a.id = child.agency_id
          where child.parent_id = missing.id and child.last_day = 'infinity'
            and child.agency_id not in (select id from missing)
            -- one that is read anew is placed elsewhere by that, unless its place was entered by hand
            and (a.said_parent_id is distinct from missing.id or not exists (
              select 1 from roster_staged_agency s where s.run_id = ${read.run} and s.agency_id = child.agency_id)))
      union
      select missing.id, missing.parent_id from missing join needed on needed.parent_id = missing.id
    )
    select id from missing where id not in (select id from needed)`
}

/**
 * Until the transaction ends: three thousand rows tell enough of a table, and joins and sorts of a hundred thousand people
 * do not go by way of files. A run is alone with its sort or join, so that the memory is needed once or twice.
 */
async function planForMany(trx: Trx): Promise<void> {
  await sql`select set_config('default_statistics_target', '10', true), set_config('work_mem', '32MB', true)`.execute(
    trx,
  )
}

/** The columns that joins go by. Of whole rows it would take as long as writing them. */
async function analyzeStaged(db: Db): Promise<void> {
  await sql`analyze roster_staged_person (run_id, source_key, staff_id, search_key, person_id, review, movement)`.execute(
    db,
  )
  await sql`analyze roster_staged_post (run_id, source_key, agency_code, agency_id, person_id)`.execute(db)
  await sql`analyze roster_staged_agency`.execute(db)
  await sql`analyze roster_staged_missing`.execute(db)
}

/** Lets the database know how many rows there are: without it, joins of whole tables are planned for a handful. */
export async function analyzeRoster(trx: Trx): Promise<void> {
  for (const table of ['person', 'employment', 'agency', 'agency_period', 'roster_record'])
    await sql`analyze ${sql.table(table)}`.execute(trx)
}
