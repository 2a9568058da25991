/**
 * What each source last said of whom: which records a read has seen, and which it misses.
 *
 * The digests of a source are read once into a compact table (`seen.ts`), so that an entry which says the same as last
 * time costs no question to the database.
 */
import { type RawBuilder, sql } from 'kysely'
import { type Db, rowsOf, type Trx } from '../database/database.ts'
import { missingNow } from './identity-store.ts'
import { type Merged, merge, type Override, type SourceSays, type Trust } from './merge.ts'
import { foldText, sortKey } from './name.ts'
import type { Said, Staged } from './roster.ts'
import { Seen } from './seen.ts'

const DIGESTS_AT_ONCE = 50_000
const BYTES_OF_ONE = 12

/** The records of a source that are in force; `known` false takes none for seen, so that all are looked at in full. */
export async function loadSeen(db: Db, source: string, known: boolean): Promise<Seen> {
  const { rows } = await sql<{ count: number; highest: number }>`
    select count(*) as count, coalesce(max(number), 0) as highest from roster_record
    where source = ${source} and missing_since is null`.execute(db)
  const seen = new Seen(rows[0]?.count ?? 0, rows[0]?.highest ?? 0)
  for (let after: number | null = 0; after !== null; )
    after = await loadPage(db, source, { seen, known, after })
  return seen
}

async function loadPage(
  db: Db,
  source: string,
  { seen, known, after }: { seen: Seen; known: boolean; after: number },
): Promise<number | null> {
  const { rows } = await sql<{ packed: Uint8Array | null; last: number | null }>`
    select string_agg(int8send(${known ? sql`coalesce(digest, 0)` : sql`0::bigint`}) || int4send(number), ''::bytea
        order by number) as packed, max(number) as last
    from (
      select number, digest from roster_record
      where source = ${source} and missing_since is null and number > ${after} order by number limit ${DIGESTS_AT_ONCE}
    ) page`.execute(db)
  const [row] = rows
  if (!row?.packed) return null
  const bytes = Buffer.from(row.packed.buffer, row.packed.byteOffset, row.packed.byteLength)
  for (let at = 0; at < bytes.length; at += BYTES_OF_ONE)
    seen.add(bytes.readUInt32BE(at), bytes.readUInt32BE(at + 4), bytes.readUInt32BE(at + 8))
  return row.last
}

const NUMBERS_AT_ONCE = 10_000

/** Stages the records that the read did not meet, or met with another content. */
export async function stageMissing(db: Db, run: number, seen: Seen): Promise<void> {
  for (const numbers of seen.unseenNumbers(NUMBERS_AT_ONCE)) {
    await sql`insert into roster_staged_missing (run_id, number)
      select ${run}, unnest(${numbers}::int[]) on conflict do nothing`.execute(db)
  }
}

/**
 * Whether the agencies as read are those known: only then does a person's unchanged entry still mean the same. A code
 * that went to another agency changes where people serve, though no person's entry changed.
 */
export async function agenciesStand(db: Db, run: number, source: string): Promise<boolean> {
  const { rows } = await sql<{ stand: boolean }>`
    select not exists (
        select 1 from roster_staged_agency s
        left join agency a on a.source = ${source} and a.source_key = s.source_key
        left join agency_period p on p.agency_id = a.id and p.last_day = 'infinity'
        where s.run_id = ${run} and p.code is distinct from s.code)
      and not exists (
        select 1 from agency a join agency_period p on p.agency_id = a.id and p.last_day = 'infinity'
        where a.source = ${source}
          and not exists (select 1 from roster_staged_agency s where s.run_id = ${run} and s.source_key = a.source_key))
      as stand`.execute(db)
  return rows[0]?.stand ?? false
}

/** Names of agencies in force or just staged, folded → codes. */
export async function agencyNames(db: Db, run: number, scope: string | null): Promise<Map<string, string[]>> {
  const { rows } = await sql<{ name: string; code: string }>`
    select name, code from roster_staged_agency where run_id = ${run}
    union
    select p.name, p.code from agency_period p where p.last_day = 'infinity'
      and (${scope === null} or p.agency_id in (${subtreeOf(scope)}))`.execute(db)
  const names = new Map<string, string[]>()
  for (const { name, code } of rows) {
    const key = foldText(name)
    names.set(key, [...(names.get(key) ?? []), code])
  }
  return names
}

/** Ids of the agency of a code and all below it, now. */
export function subtreeOf(code: string | null) {
  return sql`
    with recursive below as (
      select agency_id from agency_period where last_day = 'infinity' and code = ${code}
      union
      select p.agency_id from agency_period p join below on p.parent_id = below.agency_id where p.last_day = 'infinity'
    ) select agency_id from below`
}

// several records of one person -------------------------------------------------------------------------------------

type Together = {
  key: string
  said: string
  outside: boolean
  others: { source: string; key: string; on: string; said: string; outside: boolean }[]
  override: Override | null
}

const PEOPLE_AT_ONCE = 500

/**
 * Makes of each staged person of whom other sources speak too, or a decision, what holds when all are laid side by
 * side. The record of the source itself keeps what the source said.
 */
export async function mergeStaged(trx: Trx, read: Staged, trust: Trust): Promise<void> {
  for (let after: string | null = ''; after !== null; ) {
    const page: Together[] = await together(trx, read, after)
    const merged = page.flatMap(each => {
      const { key, outside } = each
      const own: SourceSays = { source: read.source, key, on: read.day, said: saidFrom(each.said), outside }
      const others = each.others.map(({ said, ...other }) => ({ ...other, said: saidFrom(said) }))
      const result = merge([own, ...others], trust, each.override)
      return result === null ? [] : [{ key: each.key, ...result }]
    })
    if (merged.length > 0) await restage(trx, read, merged)
    after = page.length < PEOPLE_AT_ONCE ? null : (page.at(-1)?.key ?? null)
  }
}

function saidFrom(text: string): Said {
  return JSON.parse(text) as Said
}

/**
 * Whether the source is a file of one agency of which, and of those below it, the person `s` is not. Such files are
 * brought by whoever looks after that agency: they may bring people to it, and change nobody elsewhere.
 */
function speaksOutside(source: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`case when ${source} like 'import %' then not exists (
    with recursive up as (
      select p.agency_id, p.parent_id, p.code from employment e
      join agency_period p on p.agency_id = e.agency_id and p.last_day = 'infinity'
      where e.person_id = s.person_id and e.last_day = 'infinity'
      union
      select p.agency_id, p.parent_id, p.code from up
      join agency_period p on p.agency_id = up.parent_id and p.last_day = 'infinity'
    ) select from up where code = substr(${source}, 8)) else false end`
}

async function together(trx: Trx, read: Staged, after: string): Promise<Together[]> {
  const { run, source } = read
  // a record that this read misses says nothing any more
  const speaks = sql`(r.missing_since is null and r.said <> '{}' and (r.source, r.source_key) <> (${source}, s.source_key)
    and not (r.source = ${source} and ${missingNow(read)}))`
  const { rows } = await sql<Together>`
    select s.source_key as key, s.said, ${speaksOutside(sql`${source}::text`)} as outside,
      coalesce((select json_agg(json_build_object('source', r.source, 'key', r.source_key, 'on', r.said_on::text, 'said', r.said,
          'outside', ${speaksOutside(sql`r.source`)})
          order by r.number)
        from roster_record r where r.person_id = s.person_id and ${speaks}), '[]') as others,
      (select json_build_object('saidPosts', o.said_posts, 'posts', o.posts, 'source', o.source)
        from roster_override o where o.person_id = s.person_id) as override
    from roster_staged_person s
    where s.run_id = ${run} and s.person_id is not null and s.source_key collate "C" > ${after}
      and (exists (select 1 from roster_override o where o.person_id = s.person_id)
        or exists (select 1 from roster_record r where r.person_id = s.person_id and ${speaks}))
    order by s.source_key collate "C" limit ${PEOPLE_AT_ONCE}`.execute(trx)
  return rows
}

async function restage(
  trx: Trx,
  { run }: Staged,
  merged: readonly (Merged & { key: string })[],
): Promise<void> {
  const people = merged.map(({ key, said, lead }) => ({
    source_key: key,
    staff_id: said.staffId ?? null,
    full_name: said.fullName ?? '',
    sort_key: sortKey(said.fullName ?? ''),
    search_key: foldText(said.fullName ?? ''),
    staff_class: said.staffClass ?? '',
    title: said.title ?? null,
    phone: said.phone ?? null,
    email: said.email ?? null,
    birth_day: said.birthDay ?? null,
    number_hash: said.numberHash ?? null,
    number_tail: said.numberTail ?? null,
    address: said.address ?? null,
    absent_from: said.absentFrom ?? null,
    absent_until: said.absentUntil ?? null,
    absence_kind: said.absenceKind ?? null,
    absence_document: said.absenceDocument ?? null,
    lead_source: lead.source,
    lead_key: lead.key,
  }))
  await sql`
    update roster_staged_person s set staff_id = t.staff_id, full_name = t.full_name, sort_key = t.sort_key,
      search_key = t.search_key, staff_class = t.staff_class, title = t.title, phone = t.phone, email = t.email,
      birth_day = t.birth_day, number_hash = t.number_hash, number_tail = t.number_tail, address = t.address,
      absent_from = t.absent_from, absent_until = t.absent_until, absence_kind = t.absence_kind,
      absence_document = t.absence_document, lead_source = t.lead_source, lead_key = t.lead_key
    from json_to_recordset(${rowsOf(people)}::json) as t(source_key text, staff_id text, full_name text, sort_key text,
      search_key text, staff_class text, title text, phone text, email text, birth_day date, number_hash text,
      number_tail text, address text, absent_from date, absent_until date, absence_kind text, absence_document text,
      lead_source text, lead_key text)
    where s.run_id = ${run} and s.source_key = t.source_key`.execute(trx)
  await restagePosts(trx, run, merged)
}

async function restagePosts(
  trx: Trx,
  run: number,
  merged: readonly (Merged & { key: string })[],
): Promise<void> {
  const keys = merged.map(({ key }) => key)
  const posts = merged.flatMap(({ key, said }) =>
    (said.posts ?? []).map(([code, primary]) => ({
      source_key: key,
      agency_code: code,
      is_primary: primary,
      staff_class: said.staffClass ?? '',
      title: said.title ?? null,
      start_day: said.startDay ?? null,
    })),
  )
  await sql`delete from roster_staged_post where run_id = ${run}
    and source_key in (select json_array_elements_text(${JSON.stringify(keys)}::json))`.execute(trx)
  await sql`
    insert into roster_staged_post (run_id, source_key, agency_code, is_primary, staff_class, title, start_day)
    select ${run}, source_key, agency_code, is_primary, staff_class, title, start_day
    from json_to_recordset(${rowsOf(posts)}::json) as t(source_key text, agency_code text, is_primary boolean,
      staff_class text, title text, start_day date)
    on conflict do nothing`.execute(trx)
}

// records looked at again -------------------------------------------------------------------------------------------

export type KeptRecord = { key: string; digest: string | null; said: string }

/** The records of these numbers that said anything, by source. */
export async function recordsBySource(
  db: Db,
  numbers: readonly number[],
): Promise<{ source: string; said: KeptRecord[] }[]> {
  const { rows } = await sql<KeptRecord & { source: string }>`
    select source, source_key as key, digest::text as digest, said from roster_record
    where number = any(${[...numbers]}::int[]) and said <> '{}' order by source, number`.execute(db)
  const sources = new Map<string, KeptRecord[]>()
  for (const { source, ...record } of rows) sources.set(source, [...(sources.get(source) ?? []), record])
  return [...sources].map(([source, said]) => ({ source, said }))
}

/** Records that were answered for since their source was last read or looked at: the answer is not in effect yet. */
export async function unappliedAnswers(db: Db): Promise<number[]> {
  const { rows } = await sql<{ number: number }>`
    select distinct r.number from roster_review v join roster_record r on r.number = v.record_number
    where v.state in ('same', 'different') and v.answered_at is not null and r.missing_since is null
      and not exists (select 1 from run where run.kind = 'roster' and run.subject = r.source
        and run.state in ('done', 'partial') and not run.dry_run and run.started_at >= v.answered_at)
    order by r.number limit 10000`.execute(db)
  return rows.map(({ number }) => number)
}
