/** Decisions and what they announce, and the writing of what is done: employments, absences, movements. */
import { type RawBuilder, sql } from 'kysely'
import { type Db, rowsOf, type Trx } from '../database/database.ts'
import type { Day } from '../ids.ts'
import type { Absence, AnnouncementKind, Change, History, Movement, Span } from './decision.ts'

export type NewDecision = {
  number: string
  day: Day
  issuer?: string
  note?: string
  scan?: { bytes: Uint8Array; name: string; type: string } | null
  by: string
  now: Date
}

/**
 * The decision of a number and day: made, or the one there is; of that, what was empty is filled in and a scan is put in
 * the place of an earlier one. Call inside a transaction.
 */
export async function findOrCreateDecision(trx: Db, decision: NewDecision): Promise<number> {
  const { number, day, issuer = '', note = '', scan = null, by, now } = decision
  const bytes = scan === null ? null : Buffer.from(scan.bytes)
  const { rows } = await sql<{ id: number }>`
    insert into decision as d (number, day, issuer, note, scan, scan_name, scan_type, created_at, created_by)
    values (${number}, ${day}, ${issuer}, ${note}, ${bytes}, ${scan?.name ?? null}, ${scan?.type ?? null}, ${now}, ${by})
    on conflict (number, day) do update set
      issuer = case when d.issuer = '' then excluded.issuer else d.issuer end,
      note = case when d.note = '' then excluded.note else d.note end,
      scan = coalesce(excluded.scan, d.scan), scan_name = coalesce(excluded.scan_name, d.scan_name),
      scan_type = coalesce(excluded.scan_type, d.scan_type)
    returning id`.execute(trx)
  return rows[0]?.id ?? 0
}

// what is known -----------------------------------------------------------------------------------------------------

type SpanRow = Span & { person: number }
type AbsenceRow = Absence & { person: number }

/** Ids as one parameter, to stand behind `in`. */
function among(ids: readonly number[]): RawBuilder<unknown> {
  return sql`(select value::bigint from json_array_elements_text(${JSON.stringify(ids)}::json))`
}

/** All employments and absences of some people; of who has none, an empty history. */
export async function historiesOf(db: Db, people: readonly number[]): Promise<Map<number, History>> {
  const spans = await sql<SpanRow>`
    select e.id, e.person_id as person, e.agency_id as agency, coalesce((
        select code from agency_period where agency_id = e.agency_id order by first_day desc limit 1), '') as code,
      e.staff_class as "staffClass", e.title, e.is_primary as primary, e.first_day as first, e.last_day as last,
      e.decision_id as decision
    from employment e where e.person_id in ${among(people)} order by e.first_day, e.id`.execute(db)
  const absences = await sql<AbsenceRow>`
    select person_id as person, kind, first_day as first, last_day as last, source, document
    from absence where person_id in ${among(people)} order by first_day`.execute(db)
  const found = new Map(people.map(id => [id, { spans: [] as Span[], absences: [] as Absence[] }]))
  for (const { person, ...span } of spans.rows) found.get(person)?.spans.push(span)
  for (const { person, ...absence } of absences.rows) found.get(person)?.absences.push(absence)
  return found
}

/** One that waits, with whether its agency is in force on its day. */
export type Waiting = Change & { id: number; person: number; agencyOpen: boolean }

type WaitingRow = Omit<Waiting, 'agency' | 'absence'> & {
  agencyId: number | null
  code: string | null
  detail: string
}

const waitingColumns = sql`a.id, a.person_id as person, a.kind, a.day, a.last_day as "lastDay", a.agency_id as "agencyId",
  (select code from agency_period p where p.agency_id = a.agency_id order by first_day desc limit 1) as code,
  a.staff_class as "staffClass", a.title, a.detail, a.decision_id as decision, coalesce(d.number, '') as document,
  a.agency_id is null or exists (select from agency_period p where p.agency_id = a.agency_id
    and a.day between p.first_day and p.last_day) as "agencyOpen"`

function waitingOf({ agencyId, code, detail, ...row }: WaitingRow): Waiting {
  return { ...row, agency: agencyId === null ? null : { id: agencyId, code: code ?? '' }, absence: detail }
}

export async function waitingOfPeople(db: Db, people: readonly number[]): Promise<Waiting[]> {
  const { rows } = await sql<WaitingRow>`
    select ${waitingColumns} from announcement a left join decision d on d.id = a.decision_id
    where a.state = 'waiting' and a.person_id in ${among(people)} order by a.day, a.id`.execute(db)
  return rows.map(waitingOf)
}

/** Those whose day has come, at most one of each person, the earliest first. */
export async function dueAnnouncements(trx: Trx, day: Day, limit: number): Promise<Waiting[]> {
  const { rows } = await sql<WaitingRow>`
    select ${waitingColumns} from announcement a left join decision d on d.id = a.decision_id
    where a.id in (
      select distinct on (person_id) id from announcement where state = 'waiting' and day <= ${day}
      order by person_id, day, id limit ${limit})
    order by a.day, a.id`.execute(trx)
  return rows.map(waitingOf)
}

// announcing --------------------------------------------------------------------------------------------------------

export type NewAnnouncement = {
  decision: number
  kind: AnnouncementKind
  day: Day
  lastDay: Day | null
  agency: number | null
  staffClass: string | null
  title: string | null
  absence: string
}

/** What a decision says of some people, waiting. */
export async function insertAnnouncements(
  trx: Trx,
  people: readonly number[],
  said: NewAnnouncement,
): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    insert into announcement (decision_id, person_id, kind, day, last_day, agency_id, staff_class, title, detail)
    select ${said.decision}::bigint, person::bigint, ${said.kind}, ${said.day}::date, ${said.lastDay}::date,
      ${said.agency}::bigint, ${said.staffClass}::text, ${said.title}::text, ${said.absence}
    from json_array_elements_text(${JSON.stringify(people)}::json) with ordinality as t(person, n) order by n
    returning id`.execute(trx)
  return rows.map(row => row.id)
}

export type NewPerson = {
  fullName: string
  sortKey: string
  searchKey: string
  staffId: string | null
  birthDay: Day | null
}

/** Somebody known from a decision alone, until a source names them too. */
export async function insertDecidedPerson(trx: Trx, decision: number, person: NewPerson): Promise<number> {
  const { fullName, sortKey, searchKey, staffId, birthDay } = person
  const { rows } = await sql<{ id: number }>`
    insert into person (source, source_key, staff_id, full_name, sort_key, search_key, birth_day)
    select 'decision', ${`decision:${decision}:`} || (1 + (select count(*) from person
        where source = 'decision' and source_key like ${`decision:${decision}:%`})),
      ${staffId}::text, ${fullName}, ${sortKey}, ${searchKey}, ${birthDay}::date
    returning id`.execute(trx)
  return rows[0]?.id ?? 0
}

/** Whether it still waited. */
export async function withdrawAnnouncement(trx: Db, id: number, now: Date): Promise<boolean> {
  const { rows } = await sql`
    update announcement set state = 'withdrawn', done_at = ${now} where id = ${id} and state = 'waiting'
    returning id`.execute(trx)
  return rows.length > 0
}

// doing -------------------------------------------------------------------------------------------------------------

export type Done = {
  announcement: number | null
  person: number
  day: Day
  decision: number | null
  before: History
  spans: readonly Span[]
  absences: readonly Absence[]
  movement: Movement
}

/** Writes what came of announcements: at most one of each person, as sets, and all that others have to be told of it. */
export async function saveDone(trx: Trx, done: readonly Done[], now: Date): Promise<void> {
  if (done.length === 0) return
  await saveSpans(trx, done)
  await saveAbsencesOf(trx, done)
  const rows = done.map(({ announcement, person, day, decision, movement }) => ({
    ...{ announcement, person, day, decision, kind: movement.kind },
    from: movement.from,
    to: movement.to,
    changes: JSON.stringify(movement.changes),
  }))
  await sql`
    insert into movement (person_id, kind, day, from_agency_id, to_agency_id, changes, decision_id)
    select person, kind, day, "from", "to", changes, decision
    from json_to_recordset(${rowsOf(rows)}::json) as t(person bigint, kind text, day date, "from" bigint, "to" bigint,
      changes text, decision bigint)`.execute(trx)
  await sql`
    update announcement a set state = 'done', done_at = ${now}
    from json_to_recordset(${rowsOf(rows)}::json) as t(announcement bigint) where a.id = t.announcement`.execute(
    trx,
  )
  // whoever is not missing from the file of their agency any more is held no longer
  await sql`delete from roster_holding where person_id in ${among(done.filter(isOfPosts).map(each => each.person))}`.execute(
    trx,
  )
}

/** Whether where somebody serves is another afterwards. */
export function isOfPosts({ before, spans }: Pick<Done, 'before' | 'spans'>): boolean {
  return JSON.stringify(before.spans) !== JSON.stringify(spans)
}

async function saveSpans(trx: Trx, done: readonly Done[]): Promise<void> {
  const gone = done.flatMap(({ before, spans }) => {
    const kept = new Set(spans.map(each => each.id))
    return before.spans.flatMap(each => (each.id === null || kept.has(each.id) ? [] : [each.id]))
  })
  const rows = done.flatMap(({ person, before, spans }) =>
    spans
      .filter(each => each.id === null || !before.spans.some(old => isEqual(old, each)))
      .map(each => ({ ...each, person })),
  )
  const t = sql`json_to_recordset(${rowsOf(rows)}::json) as t(id bigint, person bigint, agency bigint, "staffClass" text,
    title text, "primary" boolean, first date, last date, decision bigint)`
  await sql`delete from employment where id in ${among(gone)}`.execute(trx)
  await sql`
    update employment e set staff_class = t."staffClass", title = t.title, is_primary = t."primary",
      first_day = t.first, last_day = t.last, decision_id = t.decision
    from ${t} where e.id = t.id`.execute(trx)
  await sql`
    insert into employment (person_id, agency_id, staff_class, title, is_primary, first_day, last_day, decision_id)
    select person, agency, "staffClass", title, "primary", first, last, decision from ${t} where id is null`.execute(
    trx,
  )
}

function isEqual(a: Span, b: Span): boolean {
  const parts = (each: Span) => [
    each.id,
    each.staffClass,
    each.title,
    each.primary,
    each.first,
    each.last,
    each.decision,
  ]
  return JSON.stringify(parts(a)) === JSON.stringify(parts(b))
}

/** Of those entered by hand: announced ones begin, and one ends where somebody came back. */
async function saveAbsencesOf(trx: Trx, done: readonly Done[]): Promise<void> {
  const rows = done.flatMap(({ person, absences }) =>
    absences.filter(each => each.source === '').map(each => ({ ...each, person })),
  )
  await sql`
    insert into absence as kept (person_id, first_day, last_day, kind, document, source)
    select person, first, last, kind, document, '' from json_to_recordset(${rowsOf(rows)}::json)
      as t(person bigint, first date, last date, kind text, document text)
    on conflict (person_id, first_day) do update set last_day = excluded.last_day
      where kept.source = '' and kept.last_day is distinct from excluded.last_day`.execute(trx)
}

export async function failAnnouncements(
  trx: Trx,
  failed: readonly { id: number; reason: string }[],
  now: Date,
): Promise<void> {
  await sql`
    update announcement a set state = 'failed', reason = t.reason, done_at = ${now}
    from json_to_recordset(${rowsOf(failed)}::json) as t(id bigint, reason text) where a.id = t.id`.execute(
    trx,
  )
}

// telling others ----------------------------------------------------------------------------------------------------

/** Figures of days from this one on were kept with another roster. Nothing to do where no day has passed since. */
export async function noteRestated(
  trx: Db,
  first: Day,
  { today, now }: { today: Day; now: Date },
): Promise<void> {
  if (first >= today) return
  await sql`
    insert into roster_restated (first_day, noted_at) values (${first}, ${now})
    on conflict (first_day) do update set noted_at = excluded.noted_at`.execute(trx)
}

/** The records of people are looked at in full by the next read, and a mailbox plan made before stands on other ground. */
export async function touchPeople(trx: Db, people: readonly number[]): Promise<void> {
  await sql`update roster_record set digest = null where digest is not null and person_id in ${among(people)}`.execute(
    trx,
  )
  await sql`update roster_source set revision = revision + 1
    where name in (select source from person where id in ${among(people)})`.execute(trx)
}

export type Leading = { person: number; source: string; posts: string | null; missing: boolean }

/** What the leading source last said of where people serve, as the JSON it was kept in; null: it said nothing. */
export async function leadingSaid(trx: Trx, people: readonly number[]): Promise<Leading[]> {
  const { rows } = await sql<Leading>`
    select p.id as person, p.source, r.said::json ->> 'posts' as posts,
      r.number is null or r.missing_since is not null as missing
    from person p left join roster_record r on r.source = p.source and r.source_key = p.source_key
    where p.id in ${among(people)}`.execute(trx)
  return rows
}

export type Override = {
  person: number
  saidPosts: string
  posts: string
  decision: number | null
  day: Day
}

/** From the day on until the source says something new; of the others, none is left. */
export async function saveOverrides(
  trx: Trx,
  overrides: readonly Override[],
  settled: readonly number[],
): Promise<void> {
  await sql`delete from roster_override where person_id in ${among(settled)}`.execute(trx)
  await sql`
    insert into roster_override (person_id, said_posts, posts, decision_id, day)
    select person, "saidPosts", posts, decision, day from json_to_recordset(${rowsOf(overrides)}::json)
      as t(person bigint, "saidPosts" text, posts text, decision bigint, day date)
    on conflict (person_id) do update set said_posts = excluded.said_posts, posts = excluded.posts,
      decision_id = excluded.decision_id, day = excluded.day`.execute(trx)
}
