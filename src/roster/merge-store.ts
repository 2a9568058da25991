/** One person of whom several sources speak: each staged one becomes what holds when all are laid side by side. */
import { type RawBuilder, sql } from 'kysely'
import { rowsOf, type Trx } from '../database/database.ts'
import { meanings } from './agency-claim-store.ts'
import { missingNow } from './identity-store.ts'
import { type Merged, merge, type Override, type SourceSays, type Trust } from './merge.ts'
import { foldText, sortKey } from './name.ts'
import type { Said, Staged } from './roster.ts'

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
  let codes: AgencyCodes | null = null
  for (let after: string | null = ''; after !== null; ) {
    const page: Together[] = await together(trx, read, after)
    const merged = page.flatMap(each => {
      const { key, outside } = each
      const own: SourceSays = { source: read.source, key, on: read.day, said: saidFrom(each.said), outside }
      const others = each.others.map(({ said, ...other }) => ({ ...other, said: saidFrom(said) }))
      const result = merge([own, ...others], trust, each.override)
      return result === null ? [] : [{ key: each.key, ...result }]
    })
    if (merged.length > 0) {
      codes ??= await codesOf(trx, read)
      await restage(trx, read, { merged, codes })
    }
    after = page.length < PEOPLE_AT_ONCE ? null : (page.at(-1)?.key ?? null)
  }
}

/** Of each agency the code by which this read means it; those that it means by none are left out. */
type AgencyCodes = ReadonlyMap<number, string>

async function codesOf(trx: Trx, read: Staged): Promise<AgencyCodes> {
  const { rows } = await sql<{ agency: number; code: string }>`
    select agency_id as agency, min(code collate "C") as code from (${meanings(read)}) known
    where agency_id is not null group by agency_id`.execute(trx)
  return new Map(rows.map(({ agency, code }) => [agency, code]))
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

type MergedPerson = Merged & { key: string }

async function restage(
  trx: Trx,
  read: Staged,
  { merged, codes }: { merged: readonly MergedPerson[]; codes: AgencyCodes },
): Promise<void> {
  const { run } = read
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
  await restagePosts(trx, run, await withPostsInForce(trx, read, { merged, codes }))
}

async function restagePosts(trx: Trx, run: number, merged: readonly MergedPerson[]): Promise<void> {
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

/**
 * Where another source leads that led before, the posts are those in force: its record names them by the codes of its
 * day, which may have gone to others since. They are called as this read calls them.
 */
async function withPostsInForce(
  trx: Trx,
  { run, source }: Staged,
  { merged, codes }: { merged: readonly MergedPerson[]; codes: AgencyCodes },
): Promise<readonly MergedPerson[]> {
  const led = merged.filter(({ lead }) => lead.source !== source).map(({ key }) => key)
  if (led.length === 0) return merged
  const { rows } = await sql<{ key: string; agency: number; primary: boolean }>`
    select s.source_key as key, e.agency_id as agency, e.is_primary as primary
    from roster_staged_person s
    join person p on p.id = s.person_id and p.source = s.lead_source and p.source_key = s.lead_key
    join employment e on e.person_id = p.id and e.last_day = 'infinity'
    where s.run_id = ${run} and s.source_key in (select json_array_elements_text(${JSON.stringify(led)}::json))`.execute(
    trx,
  )
  const held = Map.groupBy(rows, ({ key }) => key)
  return merged.map(each => {
    const posts = held.get(each.key)?.flatMap(({ agency, primary }): NonNullable<Said['posts']> => {
      const code = codes.get(agency)
      return code === undefined ? [] : [[code, primary]]
    })
    return posts === undefined ? each : { ...each, said: { ...each.said, posts } }
  })
}
