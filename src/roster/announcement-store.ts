/** What the pages of decisions read: decisions, what they announce of whom, and the people that are meant by a line of text. */
import { type RawBuilder, sql } from 'kysely'
import type { Db } from '../database/database.ts'
import type { Day } from '../ids.ts'
import type { AnnouncementKind } from './decision.ts'

export const announcementStates = ['waiting', 'done', 'failed', 'withdrawn'] as const
export type AnnouncementState = (typeof announcementStates)[number]

/** Ids of agencies; null is the whole installation. */
export type Scope = readonly number[] | null

/** Ids as one parameter, to stand behind `in`. */
export function idsOf(ids: readonly number[]): RawBuilder<unknown> {
  return sql`(select value::bigint from json_array_elements_text(${JSON.stringify(ids)}::json))`
}

/** The agency a person belongs to for who may see them: of the post that ended last. */
export function placeOf(person: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`(select e.agency_id from employment e where e.person_id = ${person}
    order by e.last_day desc, e.is_primary desc, e.first_day, e.id limit 1)`
}

/** Whether an announcement `a` is about somebody in the scope; somebody who has not joined yet is where they will. */
function inScope(scope: Scope): RawBuilder<unknown> {
  return scope === null
    ? sql`true`
    : sql`coalesce(${placeOf(sql`a.person_id`)}, a.agency_id) in ${idsOf(scope)}`
}

export function agencyName(id: RawBuilder<unknown>, column: 'name' | 'code'): RawBuilder<unknown> {
  return sql`(select ${sql.ref(column)} from agency_period called where called.agency_id = ${id}
    order by called.first_day desc limit 1)`
}

// decisions ---------------------------------------------------------------------------------------------------------

export type ListedDecision = {
  id: number
  number: string
  day: Day
  issuer: string
  hasScan: boolean
  people: number
  waiting: number
  failed: number
}

export type DecisionFilter = {
  scope: Scope
  /** Folded, and in lower case; null: any. */
  search: { folded: string; lower: string } | null
  state: AnnouncementState | null
}

/** Decisions, the newest first, before an id. Of who sees a part, those of people or agencies in it, counting only them. */
export async function listDecisions(
  db: Db,
  { scope, search, state }: DecisionFilter,
  page: { before: number | null; limit: number },
): Promise<ListedDecision[]> {
  const { rows } = await sql<ListedDecision>`
    select d.id, d.number, d.day, d.issuer, d.scan is not null as "hasScan", said.people, said.waiting, said.failed
    from decision d cross join lateral (
      select count(distinct a.person_id) as people, count(*) filter (where a.state = 'waiting') as waiting,
        count(*) filter (where a.state = 'failed') as failed
      from announcement a where a.decision_id = d.id and ${inScope(scope)}
    ) said
    where ${page.before === null ? sql`true` : sql`d.id < ${page.before}`}
      and ${scope === null ? sql`true` : sql`(said.people > 0 or ${ofAgencies(scope)})`}
      and ${state === null ? sql`true` : sql`exists (select from announcement a where a.decision_id = d.id and a.state = ${state} and ${inScope(scope)})`}
      and ${search === null ? sql`true` : found(search, scope)}
    order by d.id desc limit ${page.limit}`.execute(db)
  return rows
}

function ofAgencies(scope: readonly number[]): RawBuilder<unknown> {
  return sql`exists (select from agency_period p where p.decision_id = d.id and p.agency_id in ${idsOf(scope)})`
}

function found({ folded, lower }: { folded: string; lower: string }, scope: Scope): RawBuilder<unknown> {
  const named = sql`exists (select from announcement a join person p on p.id = a.person_id
    where a.decision_id = d.id and ${inScope(scope)}
      and (strpos(p.search_key, ${folded}) > 0 or lower(p.staff_id) = ${lower}))`
  return sql`(strpos(lower(d.number), ${lower}) > 0 or strpos(lower(d.issuer), ${lower}) > 0
    or ${folded === '' ? sql`false` : named})`
}

export type DecisionRow = ListedDecision & {
  note: string
  createdAt: Date
  createdBy: string
  scanType: string | null
  /** People and agencies it tells of that are outside the scope. */
  outside: number
}

/** One decision as somebody of a scope may see it; null where it is none of theirs. */
export async function decisionById(db: Db, id: number, scope: Scope): Promise<DecisionRow | null> {
  const { rows } = await sql<DecisionRow>`
    select d.id, d.number, d.day, d.issuer, d.note, d.scan is not null as "hasScan", d.scan_type as "scanType",
      d.created_at as "createdAt", d.created_by as "createdBy", said.people, said.waiting, said.failed, said.outside
    from decision d cross join lateral (
      select count(distinct a.person_id) filter (where ${inScope(scope)}) as people,
        count(*) filter (where a.state = 'waiting' and ${inScope(scope)}) as waiting,
        count(*) filter (where a.state = 'failed' and ${inScope(scope)}) as failed,
        count(*) filter (where not coalesce(${inScope(scope)}, false))
          + ${scope === null ? sql`0` : sql`(select count(*) from agency_period p where p.decision_id = d.id and p.agency_id not in ${idsOf(scope)})`} as outside
      from announcement a where a.decision_id = d.id
    ) said
    where d.id = ${id} and ${scope === null ? sql`true` : sql`(said.people > 0 or ${ofAgencies(scope)})`}`.execute(
    db,
  )
  return rows[0] ?? null
}

export async function scanOf(db: Db, id: number): Promise<{ bytes: Uint8Array; type: string } | null> {
  const { rows } = await sql<{ bytes: Uint8Array; type: string }>`
    select scan as bytes, scan_type as type from decision where id = ${id} and scan is not null`.execute(db)
  return rows[0] ?? null
}

// announcements -----------------------------------------------------------------------------------------------------

export type ListedAnnouncement = {
  id: number
  decision: number | null
  number: string | null
  person: number
  name: string
  staffId: string | null
  kind: AnnouncementKind
  day: Day
  lastDay: Day | null
  agency: string | null
  agencyName: string | null
  title: string | null
  absence: string
  state: AnnouncementState
  reason: string
  /** Where the person belongs. */
  place: number | null
}

export type AnnouncementFilter = {
  scope: Scope
  decision?: number
  person?: number
  state?: AnnouncementState | null
}

/** Announcements after an id. */
export async function listAnnouncements(
  db: Db,
  { scope, decision, person, state }: AnnouncementFilter,
  page: { after: number; limit: number },
): Promise<ListedAnnouncement[]> {
  const { rows } = await sql<ListedAnnouncement>`
    select a.id, a.decision_id as decision, d.number, a.person_id as person, p.full_name as name, p.staff_id as "staffId",
      a.kind, a.day, a.last_day as "lastDay", ${agencyName(sql`a.agency_id`, 'code')} as agency,
      ${agencyName(sql`a.agency_id`, 'name')} as "agencyName", a.title, a.detail as absence, a.state, a.reason,
      coalesce(${placeOf(sql`a.person_id`)}, a.agency_id) as place
    from announcement a join person p on p.id = a.person_id left join decision d on d.id = a.decision_id
    where a.id > ${page.after} and ${inScope(scope)}
      and ${decision === undefined ? sql`true` : sql`a.decision_id = ${decision}`}
      and ${person === undefined ? sql`true` : sql`a.person_id = ${person}`}
      and ${state ? sql`a.state = ${state}` : sql`true`}
    order by a.id limit ${page.limit}`.execute(db)
  return rows
}

export async function announcementById(db: Db, id: number): Promise<ListedAnnouncement | null> {
  const [row] = await listAnnouncements(db, { scope: null }, { after: id - 1, limit: 1 })
  return row?.id === id ? row : null
}

// who is meant ------------------------------------------------------------------------------------------------------

export type Candidate = {
  id: number
  name: string
  staffId: string | null
  agencyName: string | null
  place: number | null
}

const candidate = sql`p.id, p.full_name as name, p.staff_id as "staffId", ${placeOf(sql`p.id`)} as place,
  ${agencyName(placeOf(sql`p.id`), 'name')} as "agencyName"`

const personInScope = (scope: Scope) =>
  scope === null ? sql`true` : sql`${placeOf(sql`p.id`)} in ${idsOf(scope)}`

export type Line = { text: string; folded: string; id: number | null }

/** The people that lines of text may mean, by line: by our number, by staff id, else by the whole name. */
export async function peopleMeant(
  db: Db,
  lines: readonly Line[],
  scope: Scope,
): Promise<Map<string, Candidate[]>> {
  const { rows } = await sql<Candidate & { text: string; rank: number }>`
    select line.text, ${candidate}, case when p.id = line.id then 0 when p.staff_id = line.text then 1 else 2 end as rank
    from json_to_recordset(${JSON.stringify(lines)}::json) as line(text text, folded text, id bigint)
    join person p on p.id = line.id or p.staff_id = line.text or (line.folded <> '' and p.search_key = line.folded)
    where ${personInScope(scope)} order by rank, p.sort_key collate "C", p.id`.execute(db)
  const found = Map.groupBy(rows, row => row.text)
  return new Map([...found].map(([text, all]) => [text, all.filter(each => each.rank === all[0]?.rank)]))
}

/** People whose name or staff id has a piece in it, in the order of names. */
export async function searchPeople(
  db: Db,
  { folded, lower }: { folded: string; lower: string },
  scope: Scope,
  limit: number,
): Promise<Candidate[]> {
  const { rows } = await sql<Candidate>`
    select ${candidate} from person p
    where (${folded === '' ? sql`false` : sql`strpos(p.search_key, ${folded}) > 0`} or strpos(lower(coalesce(p.staff_id, '')), ${lower}) > 0)
      and ${personInScope(scope)}
    order by p.sort_key collate "C", p.id limit ${limit}`.execute(db)
  return rows
}

export async function candidateById(db: Db, id: number): Promise<Candidate | null> {
  const { rows } = await sql<Candidate>`select ${candidate} from person p where p.id = ${id}`.execute(db)
  return rows[0] ?? null
}

/** Everybody who is counted at an agency on a day. */
export async function everybodyAt(db: Db, agency: number, day: Day): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    select id from (
      select distinct on (e.person_id) e.person_id as id, e.agency_id from employment e
      where ${day}::date between e.first_day and e.last_day and e.person_id in (
        select person_id from employment where agency_id = ${agency})
      order by e.person_id, e.is_primary desc, e.first_day, ${agencyName(sql`e.agency_id`, 'code')} collate "C", e.id
    ) counted where agency_id = ${agency} order by id`.execute(db)
  return rows.map(row => row.id)
}

/** An agency by the code it has on a day, or null. */
export async function agencyOn(
  db: Db,
  code: string,
  day: Day,
): Promise<{ id: number; code: string; name: string } | null> {
  const { rows } = await sql<{ id: number; code: string; name: string }>`
    select agency_id as id, code, name from agency_period
    where code = ${code} and ${day}::date between first_day and last_day`.execute(db)
  return rows[0] ?? null
}

/** Somebody who is known already under a staff id, or by the same name and birth day; null: nobody. */
export async function knownAlready(
  db: Db,
  { staffId, searchKey, birthDay }: { staffId: string | null; searchKey: string; birthDay: Day | null },
): Promise<{ id: number; name: string; by: 'staffId' | 'name' } | null> {
  const { rows } = await sql<{ id: number; name: string; by: 'staffId' | 'name' }>`
    select id, full_name as name, case when staff_id = ${staffId}::text then 'staffId' else 'name' end as by from person
    where staff_id = ${staffId}::text or (search_key = ${searchKey} and birth_day = ${birthDay}::date)
    order by id limit 1`.execute(db)
  return rows[0] ?? null
}
