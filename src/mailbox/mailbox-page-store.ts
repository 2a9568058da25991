/** What the pages of mailboxes read: a list by address within a scope, and all that is known of one. Nothing is written. */
import { type RawBuilder, sql } from 'kysely'
import type { Db } from '../database/database.ts'
import type { Address, Day } from '../ids.ts'
import { shownState } from './activation-store.ts'
import type { ChangeKind } from './connector.ts'
import type { ChangeState } from './page-store.ts'
import type { Search } from './search.ts'
import { postsOn } from './store.ts'

export const mailboxStates = [
  'planned',
  'invited',
  'active',
  'locked',
  'suspended',
  'archived',
  'removed',
] as const
export type MailboxState = (typeof mailboxStates)[number]

export type ListedMailbox = {
  id: number
  address: Address
  state: MailboxState
  kind: string
  /** The person who holds it. */
  holder: string | null
  staffId: string | null
  person: number | null
  agency: string | null
  agencyName: string | null
  agencyId: number | null
}

export type MailboxFilter = {
  day: Day
  /** Agencies of the holders; null is the whole installation, mailboxes without a holder among it. */
  agencies: readonly number[] | null
  search: Search | null
  /** As it is shown: whoever has an invitation and no password yet counts as invited. */
  state: MailboxState | null
  now: Date
}

/** Mailboxes by address, after one. Agencies are those at which the holders are counted, or last were. */
export async function listMailboxes(
  db: Db,
  filter: MailboxFilter,
  page: { after: string; limit: number },
): Promise<ListedMailbox[]> {
  const { agencies, day, now } = filter
  const held = sql`mailbox m left join mailbox_holder h on h.mailbox_id = m.id and h.last_day = 'infinity'
    left join person p on p.id = h.person_id`
  // with a scope the people of its agencies come first, without one the page does: either way few posts are sought
  const staff = sql`e.person_id in (select person_id from employment where agency_id = any(${[...(agencies ?? [])]}::bigint[]))`
  const scoped =
    agencies === null
      ? sql`true`
      : sql`h.person_id in (
    select person_id from ${postsOn(day, staff)} post where agency_id = any(${[...agencies]}::bigint[]))`
  const { rows } = await sql<ListedMailbox>`
    with page as (
      select m.id, m.address, ${shownState(now)} as state, m.kind, p.id as person, p.full_name as holder, p.staff_id as "staffId"
      from ${held} where m.address collate "C" > ${page.after} and ${fits(filter)} and ${scoped}
      order by m.address collate "C" limit ${page.limit}
    )
    select page.*, post.agency_id as "agencyId", a.code as agency, a.name as "agencyName"
    from page left join ${postsOn(day, sql`e.person_id in (select person from page)`)} post on post.person_id = page.person
    ${agencyNamed(sql`post.agency_id`)}
    order by page.address collate "C"`.execute(db)
  return rows
}

function agencyNamed(id: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`left join lateral (
    select code, name from agency_period p where p.agency_id = ${id} order by first_day desc limit 1) a on true`
}

function fits({ search, state, now }: MailboxFilter): RawBuilder<unknown> {
  const sought =
    search &&
    sql`(strpos(p.search_key, ${search.name}) > 0 or strpos(m.address, ${search.address}) > 0
      or lower(p.staff_id) = ${search.address})`
  const all = [sql`true`, sought, state && sql`${shownState(now)} = ${state}`]
  return sql.join(
    all.filter(each => each !== null),
    sql` and `,
  )
}

export type MailboxDetail = ListedMailbox & { name: string; platform: string; quotaBytes: number }

/** One mailbox, or null where there is none of this id. */
export async function mailboxById(
  db: Db,
  id: number,
  { day, now }: { day: Day; now: Date },
): Promise<MailboxDetail | null> {
  const { rows } = await sql<MailboxDetail>`
    with one as (
      select m.id, m.address, ${shownState(now)} as state, m.kind, m.name, m.platform, m.quota_bytes as "quotaBytes",
        p.id as person, p.full_name as holder, p.staff_id as "staffId"
      from mailbox m
      left join lateral (select person_id from mailbox_holder h where h.mailbox_id = m.id
        order by h.last_day desc, h.first_day desc limit 1) h on true
      left join person p on p.id = h.person_id where m.id = ${id}
    )
    select one.*, post.agency_id as "agencyId", a.code as agency, a.name as "agencyName"
    from one left join ${postsOn(day, sql`e.person_id in (select person from one)`)} post on post.person_id = one.person
    ${agencyNamed(sql`post.agency_id`)}`.execute(db)
  return rows[0] ?? null
}

export type Span = { firstDay: Day | '-infinity'; lastDay: Day | 'infinity' }
export type AddressSpan = Span & { address: Address; kind: 'primary' | 'alias' }
export type HolderSpan = Span & { person: number; name: string; staffId: string | null }
export type StateSpan = Span & { state: MailboxState; reason: string }

export async function addressesOf(db: Db, mailbox: number): Promise<AddressSpan[]> {
  const { rows } = await sql<AddressSpan>`
    select address, kind, first_day as "firstDay", last_day as "lastDay" from mailbox_address
    where mailbox_id = ${mailbox} order by kind desc, first_day desc, address collate "C"`.execute(db)
  return rows
}

export async function holdersOf(db: Db, mailbox: number): Promise<HolderSpan[]> {
  const { rows } = await sql<HolderSpan>`
    select p.id as person, p.full_name as name, p.staff_id as "staffId", h.first_day as "firstDay", h.last_day as "lastDay"
    from mailbox_holder h join person p on p.id = h.person_id
    where h.mailbox_id = ${mailbox} order by h.first_day desc`.execute(db)
  return rows
}

export async function statesOf(db: Db, mailbox: number): Promise<StateSpan[]> {
  const { rows } = await sql<StateSpan>`
    select state, reason, first_day as "firstDay", last_day as "lastDay" from mailbox_state
    where mailbox_id = ${mailbox} order by first_day desc`.execute(db)
  return rows
}

export type MailboxChange = {
  plan: number
  kind: ChangeKind
  reason: string
  state: ChangeState
  error: string | null
  finishedAt: Date | null
}

/** What plans did to a mailbox, or tried, newest first. */
export async function changesTo(db: Db, mailbox: number, limit: number): Promise<MailboxChange[]> {
  const { rows } = await sql<MailboxChange>`
    select plan_id as plan, kind, reason, state, error, finished_at as "finishedAt" from plan_change
    where mailbox_id = ${mailbox} order by plan_id desc, number desc limit ${limit}`.execute(db)
  return rows
}

/** How the newest invitation to set a password stands; `used` is when somebody last set one by a link. */
export type ActivationState = {
  mailbox: number
  usedAt: Date | null
  /** Of the newest that left our hands and was not used or cancelled. */
  sentAt: Date | null
  expiresAt: Date | null
  channel: 'mail' | 'sheet' | null
}

export async function activationsOf(
  db: Db,
  mailboxes: readonly number[],
): Promise<Map<number, ActivationState>> {
  const { rows } = await sql<ActivationState>`
    select a.mailbox_id as mailbox, max(a.used_at) as "usedAt", max(o.delivered_at) as "sentAt",
      max(o.expires_at) as "expiresAt", max(o.channel) as channel
    from activation a left join lateral (
      select delivered_at, expires_at, channel from activation o where o.id = a.id
        and o.used_at is null and o.cancelled_at is null and o.delivered_at is not null
        and not exists (select from activation n where n.mailbox_id = o.mailbox_id and n.id > o.id and n.delivered_at is not null)
    ) o on true
    where a.mailbox_id = any(${[...mailboxes]}::bigint[]) group by a.mailbox_id`.execute(db)
  return new Map(rows.map(row => [row.mailbox, row]))
}
