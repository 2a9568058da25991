/** Reviews: what waits for an answer, and the answer as one transaction. */
import { type RawBuilder, sql } from 'kysely'
import type { Db, Trx } from '../database/database.ts'
import { addDays, type Day } from '../ids.ts'
import { type Decision, LATER_DAYS, type ReviewAnswer, type ReviewKind, type ReviewState } from './review.ts'

export type ReviewRow = {
  id: number
  kind: ReviewKind
  state: ReviewState
  openedOn: Day
  againOn: Day | null
  leftOn: Day | null
  answeredAt: Date | null
  answeredBy: string
  note: string
  agencyId: number | null
  agencyCode: string | null
  agencyName: string | null
  record: number
  source: string
  said: string
  saidOn: Day
  missingSince: Day | null
  personId: number | null
  personName: string | null
  personStaffId: string | null
  runId: number | null
}

const columns = sql`r.id, r.kind, r.state, r.opened_on as "openedOn", r.again_on as "againOn", r.left_on as "leftOn",
  r.answered_at as "answeredAt", r.answered_by as "answeredBy", r.note, r.agency_id as "agencyId",
  a.code as "agencyCode", a.name as "agencyName", rec.number as record, rec.source, rec.said, rec.said_on as "saidOn",
  rec.missing_since as "missingSince", r.person_id as "personId", p.full_name as "personName",
  p.staff_id as "personStaffId", r.run_id as "runId"`

const from = sql`roster_review r join roster_record rec on rec.number = r.record_number
  left join person p on p.id = r.person_id
  left join lateral (select code, name from agency_period where agency_id = r.agency_id order by last_day desc limit 1) a on true`

export type ReviewFilter = {
  kind: ReviewKind | null
  /** `waiting` those to be answered, what was put off at the end; `answered` the others, the newest first. */
  state: 'waiting' | 'answered'
  /** Agencies to stay within; null is the whole installation. */
  within: readonly number[] | null
  today: Day
}

/** Reviews after one of the same list, in its order. */
export async function listReviews(
  db: Db,
  filter: ReviewFilter,
  page: { after: number | null; limit: number },
): Promise<ReviewRow[]> {
  const waiting = filter.state === 'waiting'
  const rank = sql`(case when r.state = 'later' and r.again_on > ${filter.today} then 1 else 0 end)`
  const place = waiting ? sql`(${rank}, r.id)` : sql`(0, -r.id)`
  const after =
    page.after === null
      ? sql`true`
      : sql`${place} > (select ${waiting ? sql`${rank}, r.id` : sql`0, -r.id`} from roster_review r where r.id = ${page.after})`
  const { rows } = await sql<ReviewRow>`
    select ${columns} from ${from} where ${conditions(filter)} and ${after}
    order by ${waiting ? sql`${rank}, r.id` : sql`r.id desc`} limit ${page.limit}`.execute(db)
  return rows
}

function conditions({ kind, state, within }: Omit<ReviewFilter, 'today'>): RawBuilder<unknown> {
  const all = [
    state === 'waiting' ? sql`r.state in ('open', 'later')` : sql`r.state not in ('open', 'later')`,
    kind === null ? sql`true` : sql`r.kind = ${kind}`,
    within === null ? sql`true` : sql`r.agency_id = any(${[...within]}::bigint[])`,
  ]
  return sql.join(all, sql` and `)
}

export async function reviewById(db: Db, id: number): Promise<ReviewRow | null> {
  const { rows } = await sql<ReviewRow>`select ${columns} from ${from} where r.id = ${id}`.execute(db)
  return rows[0] ?? null
}

/** How many wait within the agencies, by kind. */
export async function countReviews(
  db: Db,
  within: readonly number[] | null,
): Promise<{ kind: ReviewKind; count: number }[]> {
  const { rows } = await sql<{ kind: ReviewKind; count: number }>`
    select r.kind, count(*) as count from roster_review r
    where ${conditions({ kind: null, state: 'waiting', within })} group by r.kind order by r.kind`.execute(db)
  return rows
}

/** The next one that waits within the agencies, but for one; null where there is none. */
export async function nextReview(db: Db, filter: ReviewFilter, but: number): Promise<number | null> {
  const rows = await listReviews(db, filter, { after: null, limit: 2 })
  return rows.find(row => row.id !== but)?.id ?? null
}

export type KnownPerson = {
  id: number
  name: string
  birthDay: Day | null
  numberHash: string | null
  numberTail: string | null
  staffId: string | null
  address: string | null
  phone: string | null
  source: string
  /** The post counted today, else the last one. */
  agencyId: number | null
  agencyCode: string | null
  agencyName: string | null
  title: string | null
  staffClass: string | null
  since: Day | null
  until: Day | null
  heldUntil: Day | null
}

/** A person as known, with the post they are counted at, or the last one they had. */
export async function knownPerson(db: Db, id: number): Promise<KnownPerson | null> {
  const { rows } = await sql<KnownPerson>`
    select p.id, p.full_name as name, p.birth_day as "birthDay", p.number_hash as "numberHash",
      p.number_tail as "numberTail", p.staff_id as "staffId", p.address, p.phone, p.source,
      e.agency_id as "agencyId", a.code as "agencyCode", a.name as "agencyName", e.title, e.staff_class as "staffClass",
      e.first_day as since, e.last_day as until, h.last_day as "heldUntil"
    from person p
    left join lateral (select * from employment where person_id = p.id
      order by last_day desc, is_primary desc, first_day, id limit 1) e on true
    left join lateral (select code, name from agency_period where agency_id = e.agency_id order by last_day desc limit 1) a on true
    left join roster_holding h on h.person_id = p.id
    where p.id = ${id}`.execute(db)
  return rows[0] ?? null
}

/** Of these people, those who have a post outside the agencies; their leaving is not for who has only these to say. */
export async function servingBeyond(
  db: Db,
  people: readonly number[],
  within: readonly number[] | null,
): Promise<Set<number>> {
  if (within === null || people.length === 0) return new Set()
  const { rows } = await sql<{ id: number }>`
    select distinct person_id as id from employment
    where person_id = any(${[...people]}::bigint[]) and last_day = 'infinity'
      and agency_id <> all(${[...within]}::bigint[])`.execute(db)
  return new Set(rows.map(row => row.id))
}

/** Names of agencies in force by their codes. */
export async function agencyNames(db: Db, codes: readonly string[]): Promise<Map<string, string>> {
  const { rows } = await sql<{ code: string; name: string }>`
    select code, name from agency_period where last_day = 'infinity' and code = any(${[...codes]}::text[])`.execute(
    db,
  )
  return new Map(rows.map(row => [row.code, row.name]))
}

// answering ---------------------------------------------------------------------------------------------------------

export type Answering = { by: string; now: Date; today: Day; note: string }

export type Answered =
  /** `records` are to be read anew: who they are is known now. */
  | { outcome: 'answered'; records: number[] }
  /** Somebody was faster; nothing was changed. */
  | { outcome: 'already'; state: ReviewState; by: string; at: Date | null }
  | { outcome: 'gone' }

/**
 * Writes an answer and what follows from it. One that was answered before stays as it is. The caller has made sure that
 * this kind of review takes this answer.
 */
export async function answerReview(
  trx: Trx,
  id: number,
  answer: ReviewAnswer,
  doing: Answering,
): Promise<Answered> {
  const { rows } = await sql<{
    state: ReviewState
    record: number
    person: number | null
    agency: number | null
    by: string
    at: Date | null
  }>`
    select state, record_number as record, person_id as person, agency_id as agency, answered_by as by, answered_at as at
    from roster_review where id = ${id} for update`.execute(trx)
  const [row] = rows
  if (!row) return { outcome: 'gone' }
  if (row.state !== 'open' && row.state !== 'later')
    return { outcome: 'already', state: row.state, by: row.by, at: row.at }
  await noteAnswer(trx, id, answer, doing)
  switch (answer.kind) {
    case 'later':
    case 'stays':
      return { outcome: 'answered', records: [] }
    case 'left':
      if (row.person !== null) await endService(trx, row.person, { ...answer, ...doing, agency: row.agency })
      return { outcome: 'answered', records: [] }
    case 'same':
      return { outcome: 'answered', records: await link(trx, row.record, row.person, doing) }
    case 'different':
      return { outcome: 'answered', records: await tellApart(trx, row.record, row.person) }
  }
}

async function noteAnswer(
  trx: Trx,
  id: number,
  answer: ReviewAnswer,
  { by, now, today, note }: Answering,
): Promise<void> {
  if (answer.kind === 'later') {
    await sql`update roster_review set state = 'later', again_on = ${addDays(today, LATER_DAYS)}, note = ${note}
      where id = ${id}`.execute(trx)
    return
  }
  await sql`update roster_review set state = ${answer.kind}, again_on = null, answered_at = ${now}, answered_by = ${by},
      note = ${note}, left_on = ${answer.kind === 'left' ? answer.day : null}::date
    where id = ${id}`.execute(trx)
}

/** The record is this person's; what else was asked of who it is has its answer with that. */
async function link(
  trx: Trx,
  record: number,
  person: number | null,
  { by, now }: Answering,
): Promise<number[]> {
  if (person === null) return []
  await sql`update roster_record set person_id = ${person}, digest = null where number = ${record}`.execute(
    trx,
  )
  await sql`update roster_review set state = 'settled', again_on = null, answered_at = ${now}, answered_by = ${by}
    where record_number = ${record} and state in ('open', 'later') and kind <> 'missing'`.execute(trx)
  return [record]
}

/** The record is somebody else's. It is read anew once nobody else is left that it may be. */
async function tellApart(trx: Trx, record: number, person: number | null): Promise<number[]> {
  if (person !== null) {
    await sql`insert into roster_distinct (record_number, person_id) values (${record}, ${person})
      on conflict do nothing`.execute(trx)
    await sql`update roster_record set person_id = null where number = ${record} and person_id = ${person}`.execute(
      trx,
    )
  }
  const { rows } = await sql`select 1 from roster_review
    where record_number = ${record} and state in ('open', 'later') and kind <> 'missing'`.execute(trx)
  if (rows.length > 0) return []
  await sql`update roster_record set digest = null where number = ${record}`.execute(trx)
  return [record]
}

type Ending = { day: Day; decision: Decision | null; agency: number | null } & Answering

/**
 * Ends all a person's posts with a day. The record that leads says what it said when this was decided, so it brings
 * nobody back until it says something new.
 */
async function endService(trx: Trx, person: number, ending: Ending): Promise<void> {
  const { day, now, by } = ending
  const decision = await decisionOf(trx, ending.decision, { now, by })
  const { rows } = await sql<{ agency: number }>`
    select agency_id as agency from employment where person_id = ${person} and last_day = 'infinity'
    order by is_primary desc, first_day, id limit 1`.execute(trx)
  const left = rows[0]?.agency ?? ending.agency
  await sql`delete from employment where person_id = ${person} and last_day = 'infinity' and first_day > ${day}`.execute(
    trx,
  )
  await sql`update employment set last_day = ${day}, decision_id = coalesce(${decision}::bigint, decision_id)
    where person_id = ${person} and last_day > ${day} and first_day <= ${day}`.execute(trx)
  await sql`delete from roster_holding where person_id = ${person}`.execute(trx)
  await sql`insert into movement (person_id, kind, day, from_agency_id, decision_id)
    values (${person}, 'leaver', ${addDays(day, 1)}, ${left}, ${decision})`.execute(trx)
  await sql`
    insert into roster_override (person_id, said_posts, posts, decision_id, day)
    select p.id, coalesce((select rec.said::json -> 'posts' from roster_record rec
        where rec.source = p.source and rec.source_key = p.source_key), '[]'::json)::text, '[]', ${decision}, ${day}
    from person p where p.id = ${person}
    on conflict (person_id) do update set said_posts = excluded.said_posts, posts = excluded.posts,
      decision_id = excluded.decision_id, day = excluded.day`.execute(trx)
  await changedByHand(trx, person, { since: addDays(day, 1), today: ending.today, now })
}

async function decisionOf(
  trx: Trx,
  decision: Decision | null,
  { now, by }: { now: Date; by: string },
): Promise<number | null> {
  if (decision === null) return null
  await sql`insert into decision (number, day, created_at, created_by)
    values (${decision.number}, ${decision.day}, ${now}, ${by}) on conflict (number, day) do nothing`.execute(
    trx,
  )
  const { rows } = await sql<{ id: number }>`
    select id from decision where number = ${decision.number} and day = ${decision.day}`.execute(trx)
  return rows[0]?.id ?? null
}

/** What stands on the roster learns that somebody was changed by hand: the next read, a plan, figures of past days. */
export async function changedByHand(
  trx: Trx,
  person: number,
  { since, today, now }: { since: Day; today: Day; now: Date },
): Promise<void> {
  await sql`update roster_record set digest = null where person_id = ${person}`.execute(trx)
  await sql`update roster_source set revision = revision + 1
    where name in (select source from roster_record where person_id = ${person}
      union select source from person where id = ${person})`.execute(trx)
  if (since < today)
    await sql`insert into roster_restated (first_day, noted_at) values (${since}, ${now}) on conflict do nothing`.execute(
      trx,
    )
}
