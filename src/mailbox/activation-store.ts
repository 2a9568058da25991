/** Invitations to set the password of a mailbox: the only place that writes their table. */
import { type RawBuilder, sql } from 'kysely'
import { type Db, rowsOf, type Trx } from '../database/database.ts'
import type { Address, Day } from '../ids.ts'
import type { Channel, Purpose } from './invitation.ts'
import { postsOn } from './store.ts'

/** An invitation somebody could still use, in a query where it is `a`. */
const isOpen = (now: Date): RawBuilder<boolean> =>
  sql`a.used_at is null and a.cancelled_at is null and a.expires_at > ${now}`

/** Whether somebody has set a password by an invitation, for the mailbox of that id. */
const isActivated = (id: RawBuilder<unknown>): RawBuilder<boolean> =>
  sql`exists (select from activation u where u.mailbox_id = ${id} and u.used_at is not null)`

/**
 * The state of mailbox `m` as it is shown: `invited` is an active one whose holder has an invitation and has set no
 * password yet. For showing only; what figures and plans go by is `m.state`.
 */
export function shownState(now: Date): RawBuilder<string> {
  return sql`case when m.state = 'active' and not ${isActivated(sql`m.id`)} and exists (
      select from activation a where a.mailbox_id = m.id and a.delivered_at is not null and ${isOpen(now)})
    then 'invited' else m.state end`
}

// who can be invited ------------------------------------------------------------------------------------------------

/** A mailbox with whoever holds it and the agency they are counted at. */
export type Candidate = {
  id: number
  address: Address
  state: string
  /** Null where nobody holds it. */
  personId: number | null
  name: string
  /** The person's other address, as the roster has it. */
  email: string | null
  agencyId: number | null
  agencyCode: string | null
  agencyName: string | null
  /** False: they left, and the mailbox waits to be suspended. Null where they never had a post. */
  serves: boolean | null
}

/** Active personal mailboxes nobody has activated, by agency and name; `agencies` limits to their holders' agencies. */
export function pendingMailboxes(db: Db, day: Day, agencies: readonly number[] | null): Promise<number[]> {
  const within = agencies === null ? sql`true` : sql`post.agency_id = any(${[...agencies]}::bigint[])`
  const pending = sql`m.state = 'active' and m.kind = 'personal' and h.person_id is not null
    and not ${isActivated(sql`m.id`)}`
  return inOrder(db, day, sql`${pending} and ${within}`)
}

/** Mailboxes of these addresses, aliases too, in the same order; and what of the addresses is none of ours. */
export async function mailboxesAt(
  db: Db,
  day: Day,
  addresses: readonly Address[],
): Promise<{ ids: number[]; unknown: Address[] }> {
  const { rows } = await sql<{ address: Address; id: number }>`
    select address, mailbox_id as id from mailbox_address
    where last_day = 'infinity' and address = any(${[...addresses]}::text[])`.execute(db)
  const known = new Set(rows.map(row => row.address))
  const ids = await inOrder(db, day, sql`m.id = any(${rows.map(row => row.id)}::bigint[])`)
  return { ids, unknown: addresses.filter(address => !known.has(address)) }
}

/** By the holder's agency, then their name, as a sheet is cut and handed out. */
async function inOrder(db: Db, day: Day, wanted: RawBuilder<unknown>): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    select m.id from mailbox m
    left join mailbox_holder h on h.mailbox_id = m.id and h.last_day = 'infinity'
    left join person p on p.id = h.person_id
    left join ${postsOn(day)} post on post.person_id = h.person_id
    left join agency_period g on g.agency_id = post.agency_id and ${day} between g.first_day and g.last_day
    where ${wanted}
    order by g.code collate "C", post.agency_id, p.sort_key collate "C", m.id`.execute(db)
  return rows.map(row => row.id)
}

/** In the order of the ids. */
export async function candidates(db: Db, day: Day, ids: readonly number[]): Promise<Candidate[]> {
  const { rows } = await sql<Candidate>`
    with wanted as (
      select id, place from unnest(${[...ids]}::bigint[]) with ordinality as w(id, place)
    ), holder as (
      select mailbox_id, person_id from mailbox_holder
      where last_day = 'infinity' and mailbox_id in (select id from wanted)
    ), post as ${postsOn(day, sql`e.person_id in (select person_id from holder)`)}
    select m.id, m.address, m.state, p.id as "personId", coalesce(p.full_name, m.name) as name, p.email,
      post.agency_id as "agencyId", g.code as "agencyCode", g.name as "agencyName", post.serves
    from wanted w join mailbox m on m.id = w.id
    left join holder on holder.mailbox_id = m.id
    left join person p on p.id = holder.person_id
    left join post on post.person_id = p.id
    left join lateral (
      select code, name from agency_period where agency_id = post.agency_id order by last_day desc limit 1) g on true
    order by w.place`.execute(db)
  return rows
}

// making them -------------------------------------------------------------------------------------------------------

export type NewInvitation = {
  mailboxId: number
  /** Whoever holds the mailbox; should somebody else come to hold it, the invitation opens nothing. */
  personId: number | null
  purpose: Purpose
  tokenHash: Buffer
  codeHash: Buffer | null
}

export type Making = { channel: Channel; by: number | null; now: Date; expires: Date }

/** Answers the invitation's id by the mailbox's. Those before them stay open until `markDelivered`. */
export async function insertInvitations(
  db: Db,
  invitations: readonly NewInvitation[],
  { channel, by, now, expires }: Making,
): Promise<Map<number, number>> {
  const given = invitations.map(each => ({
    mailbox: each.mailboxId,
    person: each.personId,
    purpose: each.purpose,
    token: each.tokenHash.toString('hex'),
    code: each.codeHash?.toString('hex') ?? null,
  }))
  const { rows } = await sql<{ id: number; mailbox: number }>`
    insert into activation (mailbox_id, person_id, token_hash, code_hash, purpose, channel, made_at, made_by, expires_at)
    select mailbox, person, decode(token, 'hex'), decode(code, 'hex'), purpose, ${channel}, ${now}, ${by}, ${expires}
    from json_to_recordset(${rowsOf(given)}::json) as t(mailbox bigint, person bigint, purpose text, token text, code text)
    returning id, mailbox_id as mailbox`.execute(db)
  return new Map(rows.map(row => [row.mailbox, row.id]))
}

/** They have left our hands: from now on the ones made before them for the same mailboxes open nothing. */
export async function markDelivered(trx: Trx, ids: readonly number[], now: Date): Promise<void> {
  const wanted = sql`any(${[...ids]}::bigint[])`
  await sql`update activation set delivered_at = ${now} where id = ${wanted}`.execute(trx)
  await sql`
    update activation a set cancelled_at = ${now} from activation n
    where n.id = ${wanted} and a.mailbox_id = n.mailbox_id and a.id < n.id
      and a.used_at is null and a.cancelled_at is null`.execute(trx)
}

/** Nobody has them and nobody will. */
export async function withdraw(db: Db, ids: readonly number[], now: Date): Promise<void> {
  await sql`
    update activation set cancelled_at = ${now}
    where id = any(${[...ids]}::bigint[]) and used_at is null and cancelled_at is null`.execute(db)
}

/** After a restore: what was used or cancelled since the backup stands open in it again. How many there were. */
export async function cancelOpen(db: Db, now: Date): Promise<number> {
  const { rows } = await sql`
    update activation set cancelled_at = ${now} where used_at is null and cancelled_at is null returning 1`.execute(
    db,
  )
  return rows.length
}

// using one ---------------------------------------------------------------------------------------------------------

export type Invitation = {
  id: number
  mailboxId: number
  address: Address
  personId: number | null
  name: string
  staffId: string | null
  purpose: Purpose
  expiresAt: Date
}

/**
 * The open invitation with that hash, of a mailbox that is active and still held by whom it was made for; null whatever
 * else is the matter.
 */
export async function findInvitation(
  db: Db,
  { kind, hash }: { kind: 'token' | 'code'; hash: Buffer },
  now: Date,
): Promise<Invitation | null> {
  const column = kind === 'token' ? sql`a.token_hash` : sql`a.code_hash`
  const { rows } = await sql<Invitation>`
    select a.id, m.id as "mailboxId", m.address, p.id as "personId", coalesce(p.full_name, m.name) as name,
      p.staff_id as "staffId", a.purpose, a.expires_at as "expiresAt"
    from activation a join mailbox m on m.id = a.mailbox_id and m.state = 'active'
    join mailbox_holder h on h.mailbox_id = m.id and h.last_day = 'infinity' and h.person_id = a.person_id
    join person p on p.id = h.person_id
    where ${column} = ${hash} and ${isOpen(now)}`.execute(db)
  return rows[0] ?? null
}

/**
 * Seconds after which a claim lapses: longer than a platform may take (10 s to connect, 30 s to answer), or two could
 * set a password at once; shorter, and whoever is left behind by a crash waits less.
 */
const CLAIM_SECONDS = 60

/** Takes an invitation for setting a password with it. False: another request has it, or it is no longer open. */
export async function claim(db: Db, id: number, now: Date): Promise<boolean> {
  const { rows } = await sql`
    update activation a set claimed_at = ${now} where a.id = ${id} and ${isOpen(now)}
      and (a.claimed_at is null or a.claimed_at < ${now}::timestamptz - make_interval(secs => ${CLAIM_SECONDS}))
    returning 1`.execute(db)
  return rows.length > 0
}

/** Nothing came of it: it can be used again. */
export async function release(db: Db, id: number): Promise<void> {
  await sql`update activation set claimed_at = null where id = ${id} and used_at is null`.execute(db)
}

/** The password is set: this one is used, and no other opens the mailbox. */
export async function markUsed(trx: Trx, { id, mailboxId }: Invitation, now: Date): Promise<void> {
  await sql`update activation set used_at = ${now} where id = ${id} and used_at is null`.execute(trx)
  await sql`
    update activation set cancelled_at = ${now}
    where mailbox_id = ${mailboxId} and id <> ${id} and used_at is null and cancelled_at is null`.execute(trx)
}
