/** Lists of people by where they stand. The states are those of the figures (`personStates`). Reads only. */
import { type RawBuilder, sql } from 'kysely'
import type { Db } from '../database/database.ts'
import { addDays, type Day } from '../ids.ts'
import type { Search } from './search.ts'
import { type FilterName, type PlaceName, SLOW_ACTIVATION_DAYS } from './stage.ts'
import { idList, personStates, type StateQuery } from './store.ts'

/** Where each person of `state` stands, as a word of `places`. */
const place = sql`case when not required then 'khong-thuoc-dien' when not issued then 'chua-cap'
  when not activated then 'chua-kich-hoat' when not used then 'khong-su-dung'
  when not regular then 'chua-thuong-xuyen' else 'thuong-xuyen' end`

/** Issued by the fourteenth day before and never signed in: since when is asked of the mailboxes held. */
function slow(day: Day): RawBuilder<unknown> {
  return sql`issued and not activated and exists (
    select from mailbox_holder holder
    join mailbox on mailbox.id = holder.mailbox_id and mailbox.kind = 'personal'
    join mailbox_state held on held.mailbox_id = mailbox.id
    where holder.person_id = state.person_id and ${day}::date between holder.first_day and holder.last_day
      and held.state in ('active', 'locked') and ${day}::date between held.first_day and held.last_day
      and held.first_day <= ${addDays(day, -SLOW_ACTIVATION_DAYS)}::date)`
}

/** Whoever falls out of order, as `findAnomalies` counts them. */
const outOfOrder = sql`required and not holds and ever`

function matches(filter: FilterName, day: Day): RawBuilder<unknown> {
  if (filter === 'kich-hoat-cham') return slow(day)
  if (filter === 'khong-khop') return outOfOrder
  return sql`${place} = ${filter}`
}

export type PeopleCounts = Record<FilterName, number> & { all: number }

export type PeopleQuery = {
  states: StateQuery
  /** The agencies whose people are meant: those counted there. */
  agencies: readonly number[]
  search: Search | null
}

/** People counted at the agencies, by where they stand. */
export async function countPeople(db: Db, { states, agencies, search }: PeopleQuery): Promise<PeopleCounts> {
  const { rows } = await sql<PeopleCounts>`${personStates(states)}
    select count(*) as all,
      count(*) filter (where place = 'chua-cap') as "chua-cap",
      count(*) filter (where place = 'chua-kich-hoat') as "chua-kich-hoat",
      count(*) filter (where place = 'khong-su-dung') as "khong-su-dung",
      count(*) filter (where place = 'chua-thuong-xuyen') as "chua-thuong-xuyen",
      count(*) filter (where place = 'thuong-xuyen') as "thuong-xuyen",
      count(*) filter (where place = 'khong-thuoc-dien') as "khong-thuoc-dien",
      count(*) filter (where slow) as "kich-hoat-cham", count(*) filter (where out_of_order) as "khong-khop"
    from (
      select ${place} as place, ${slow(states.day)} as slow, ${outOfOrder} as out_of_order
      from state join person on person.id = state.person_id
      where agency_id in ${idList(agencies)} and ${found(search, states.day)}
    ) each`.execute(db)
  const [row] = rows
  if (!row) throw new Error('a count without a row')
  return row
}

export type ListedPerson = {
  id: number
  name: string
  staffId: string | null
  agencyId: number
  title: string | null
  address: string | null
  place: PlaceName
  /** Whether a missing log could hide use that would put the person further. */
  unsure: boolean
  /** Uses it, and has no week with enough working days in the window: whether regularly is not asked. */
  unasked: boolean
  lastUse: Day | null
}

/** One page of the people who match, in Vietnamese order; the next one goes on after its last person. */
export async function listPeople(
  db: Db,
  query: PeopleQuery & { filter: FilterName | null; after: number | null; limit: number },
): Promise<ListedPerson[]> {
  const { states, agencies, search, filter, after, limit } = query
  const { day } = states
  const { rows } = await sql<ListedPerson>`${personStates(states)},
    page as (
      select person.id, person.full_name as name, person.staff_id as "staffId", person.sort_key as "sortKey",
        state.agency_id as "agencyId", ${place} as place,
        required and issued and not regular and missing <> 0 as unsure,
        required and used and not regular and missing = 0 and regular_high as unasked
      from state join person on person.id = state.person_id
      where agency_id in ${idList(agencies)} and ${found(search, day)}
        and ${filter === null ? sql`true` : matches(filter, day)} and ${behind(after, agencies)}
      order by person.sort_key collate "C", person.id limit ${limit}
    )
    select page.*, post.title, mailbox.address, use.day as "lastUse" from page
    left join lateral (
      select title from employment where person_id = page.id and agency_id = page."agencyId"
        and ${day}::date between first_day and last_day order by is_primary desc, first_day, id limit 1
    ) post on true
    left join lateral (${heldAddress(day)}) mailbox on true
    left join lateral (
      select day from person_day where person_id = page.id and day <= ${day}::date order by day desc limit 1
    ) use on true
    order by page."sortKey" collate "C", page.id`.execute(db)
  return rows
}

/** The personal mailbox that speaks for a person: a usable one before others, the oldest first. */
function heldAddress(day: Day): RawBuilder<unknown> {
  return sql`
    select mailbox.address from mailbox_holder holder
    join mailbox on mailbox.id = holder.mailbox_id and mailbox.kind = 'personal'
    left join mailbox_state held on held.mailbox_id = mailbox.id and ${day}::date between held.first_day and held.last_day
    where holder.person_id = page.id and ${day}::date between holder.first_day and holder.last_day
    order by coalesce(held.state in ('active', 'locked'), false) desc, mailbox.id limit 1`
}

/** Somebody who is not in the list himself begins no page: where he would stand in it is not to be learned. */
function behind(after: number | null, agencies: readonly number[]): RawBuilder<unknown> {
  if (after === null) return sql`true`
  return sql`(person.sort_key collate "C", person.id) > (
    select last.sort_key collate "C", last.id from person last join state listed on listed.person_id = last.id
    where last.id = ${after} and listed.agency_id in ${idList(agencies)})`
}

/** By a piece of the folded name, of the staff id or of an address held that day; pieces, so that nothing is a pattern. */
function found(search: Search | null, day: Day): RawBuilder<unknown> {
  if (search === null) return sql`true`
  const { folded, lower } = search
  // white space and marks alone fold to nothing, which is a piece of every name
  const named = folded === '' ? sql`false` : sql`position(${folded} in person.search_key) > 0`
  return sql`(${named} or position(${lower} in lower(coalesce(person.staff_id, ''))) > 0
    or person.id in (
      select holder.person_id from mailbox_address address
      join mailbox_holder holder on holder.mailbox_id = address.mailbox_id
      where position(${lower} in address.address) > 0
        and ${day}::date between address.first_day and address.last_day
        and ${day}::date between holder.first_day and holder.last_day))`
}

/** Use-days of a person up to a day, oldest first: what `person_day` holds, each day once. */
export async function useDays(
  db: Db,
  person: number,
  from: Day,
  day: Day,
): Promise<{ day: Day; sent: boolean }[]> {
  const { rows } = await sql<{ day: Day; sent: boolean }>`
    select day, bool_or(sends > 0) as sent from person_day
    where person_id = ${person} and day between ${from}::date and ${day}::date
    group by day order by day`.execute(db)
  return rows
}

/** The agency a person was last counted at by a day: of the post that ended last. null: never served. */
export async function lastAgency(db: Db, person: number, day: Day): Promise<number | null> {
  const { rows } = await sql<{ agency_id: number }>`
    select agency_id from employment where person_id = ${person} and first_day <= ${day}::date
    order by last_day desc, is_primary desc, first_day, id limit 1`.execute(db)
  return rows[0]?.agency_id ?? null
}
