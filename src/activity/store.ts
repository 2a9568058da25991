/** The activity tables, and the only place that writes them. */
import { type RawBuilder, sql } from 'kysely'
import { type Db, rowsOf, type Trx } from '../database/database.ts'
import type { Day } from '../ids.ts'
import { FORGET_AFTER_MS, type MessageState } from './attribution.ts'

/** Makes the source's row if it is new, and answers its id. */
export async function sourceId(db: Db, name: string, kind: 'log' | 'imap'): Promise<number> {
  const found = await sql<{ id: number }>`select id from log_source where name = ${name}`.execute(db)
  const known = found.rows[0]?.id
  if (known !== undefined) return known
  const { rows } = await sql<{ id: number }>`
    insert into log_source (name, kind) values (${name}, ${kind})
    on conflict (name) do update set kind = excluded.kind returning id`.execute(db)
  return rows[0]?.id ?? 0
}

/** One batch of a source at a time, whoever reads: what another has just saved must be seen. */
export async function lockSource(trx: Trx, source: number): Promise<void> {
  await sql`select id from log_source where id = ${source} for update`.execute(trx)
}

/** A span of time, both ends inside, ms since 1970. */
export type Span = { from: number; to: number }

/** No stretch of lines spans more, so that a question about a span reads only what lies near it. */
export const CHUNK_SPAN_MS = 3_600_000

/** Keys of lines already read, of all stretches that overlap one of the spans. */
export async function keysWithin(trx: Trx, source: number, spans: readonly Span[]): Promise<Uint8Array[]> {
  if (spans.length === 0) return []
  const rows = spans.map(({ from, to }) => ({
    from: new Date(from),
    to: new Date(to),
    end: new Date(to + CHUNK_SPAN_MS),
  }))
  const found = await sql<{ hashes: Uint8Array }>`
    select c.hashes from json_to_recordset(${rowsOf(rows)}::json) as t("from" timestamptz, "to" timestamptz, "end" timestamptz)
    join log_chunk c on c.source_id = ${source} and c.last_at between t."from" and t."end" and c.first_at <= t."to"`.execute(
    trx,
  )
  return found.rows.map(row => row.hashes)
}

export type Chunk = Span & { lines: number; hashes: Buffer }

export async function saveChunks(trx: Trx, source: number, chunks: readonly Chunk[]): Promise<void> {
  if (chunks.length === 0) return
  const rows = chunks.map(({ from, to, lines, hashes }) => ({
    first_at: new Date(from),
    last_at: new Date(to),
    line_count: lines,
    hashes: hashes.toString('base64'),
  }))
  await sql`
    insert into log_chunk (source_id, first_at, last_at, line_count, hashes)
    select ${source}, first_at, last_at, line_count, decode(hashes, 'base64')
    from json_to_recordset(${rowsOf(rows)}::json)
      as t(first_at timestamptz, last_at timestamptz, line_count integer, hashes text)`.execute(trx)
}

/** A stretch smaller than this is joined with its neighbours: following a log leaves one each second. */
const SMALL_CHUNK_LINES = 1000
const FULL_CHUNK_LINES = 4000

/** Joins small stretches of the same hour. What they hold stays the same. */
export async function packChunks(db: Db, source: number): Promise<void> {
  await sql`
    with small as (
      select id, hour, sum(line_count) over (partition by hour order by id) / ${FULL_CHUNK_LINES}::integer as part
      from (select id, line_count, floor(extract(epoch from first_at) * 1000 / ${CHUNK_SPAN_MS}::integer) as hour
        from log_chunk where source_id = ${source} and line_count < ${SMALL_CHUNK_LINES}::integer) chunk),
    crowded as (select hour, part from small group by hour, part having count(*) > 10),
    gone as (delete from log_chunk c using small join crowded using (hour, part) where c.id = small.id
      returning c.*, hour, part)
    insert into log_chunk (source_id, first_at, last_at, line_count, hashes)
    select ${source}, min(first_at), max(last_at), sum(line_count), string_agg(hashes, '' order by id)
    from gone group by hour, part`.execute(db)
}

export type MessageKey = { host: string; queueId: string }

export async function messagesOf(
  trx: Trx,
  source: number,
  keys: readonly MessageKey[],
): Promise<(MessageKey & { state: MessageState })[]> {
  const { rows } = await sql<{
    host: string
    queue_id: string
    state: MessageState['state']
    user_name: string | null
    queued_at: Date | null
    recipients: number | null
    touched_at: Date
  }>`
    select m.host, m.queue_id, m.state, m.user_name, m.queued_at, m.recipients, m.touched_at
    from json_to_recordset(${rowsOf(keys)}::json) as t(host text, "queueId" text)
    join log_message m on m.source_id = ${source} and m.host = t.host and m.queue_id = t."queueId"`.execute(
    trx,
  )
  return rows.map(row => {
    const touchedAt = row.touched_at.getTime()
    const key = { host: row.host, queueId: row.queue_id }
    switch (row.state) {
      case 'submitted':
        return { ...key, state: { state: row.state, user: row.user_name ?? '', touchedAt } }
      case 'queued': {
        const queuedAt = row.queued_at?.getTime() ?? touchedAt
        return { ...key, state: { state: row.state, queuedAt, recipients: row.recipients ?? 1, touchedAt } }
      }
      default:
        return { ...key, state: { state: row.state, touchedAt } }
    }
  })
}

/** Saves what is to be remembered of messages, and forgets those `gone`. */
export async function saveMessages(
  trx: Trx,
  source: number,
  messages: readonly (MessageKey & { state: MessageState })[],
  gone: readonly MessageKey[],
): Promise<void> {
  if (gone.length > 0) {
    await sql`delete from log_message m using json_to_recordset(${rowsOf(gone)}::json) as t(host text, "queueId" text)
      where m.source_id = ${source} and m.host = t.host and m.queue_id = t."queueId"`.execute(trx)
  }
  const rows = messages.map(({ host, queueId, state }) => messageRow(host, queueId, state))
  if (rows.length === 0) return
  await sql`
    insert into log_message (source_id, host, queue_id, state, user_name, queued_at, recipients, touched_at)
    select ${source}, host, queue_id, state, user_name, queued_at, recipients, touched_at
    from json_to_recordset(${rowsOf(rows)}::json) as t(host text, queue_id text, state text, user_name text,
      queued_at timestamptz, recipients integer, touched_at timestamptz)
    on conflict (source_id, host, queue_id) do update set state = excluded.state, user_name = excluded.user_name,
      queued_at = excluded.queued_at, recipients = excluded.recipients, touched_at = excluded.touched_at`.execute(
    trx,
  )
}

function messageRow(host: string, queueId: string, state: MessageState) {
  return {
    host,
    queue_id: queueId,
    state: state.state,
    user_name: state.state === 'submitted' ? state.user : null,
    queued_at: state.state === 'queued' ? new Date(state.queuedAt) : null,
    recipients: state.state === 'queued' ? state.recipients : null,
    touched_at: new Date(state.touchedAt),
  }
}

/** Forgets messages and sessions that were last heard of long before an instant. */
export async function forgetOld(db: Db, source: number, before: number): Promise<void> {
  await sql`delete from log_message where source_id = ${source} and (touched_at < ${new Date(before - FORGET_AFTER_MS.other)}
    or (state in ('queued', 'submitted') and touched_at < ${new Date(before - FORGET_AFTER_MS.waiting)}))`.execute(
    db,
  )
  await sql`delete from log_session where source_id = ${source} and seen_at < ${new Date(before - FORGET_AFTER_MS.other)}`.execute(
    db,
  )
}

export async function sessionsOf(
  trx: Trx,
  source: number,
  sessions: readonly string[],
): Promise<Set<string>> {
  if (sessions.length === 0) return new Set()
  const { rows } = await sql<{ session: string }>`
    select session from log_session where source_id = ${source} and session = any(${[...sessions]}::text[])`.execute(
    trx,
  )
  return new Set(rows.map(row => row.session))
}

export async function saveSessions(
  trx: Db,
  source: number,
  sessions: ReadonlyMap<string, number>,
): Promise<void> {
  if (sessions.size === 0) return
  const rows = [...sessions].map(([session, at]) => ({ session, at: new Date(at) }))
  await sql`insert into log_session (source_id, session, seen_at)
    select ${source}, session, at from json_to_recordset(${rowsOf(rows)}::json) as t(session text, at timestamptz)
    on conflict do nothing`.execute(trx)
}

/** Which addresses belong to a mailbox of ours, or once did. */
export async function knownAddresses(trx: Trx, addresses: readonly string[]): Promise<Set<string>> {
  const { rows } = await sql<{ address: string }>`
    select distinct address from mailbox_address where address = any(${[...addresses]}::text[])`.execute(trx)
  return new Set(rows.map(row => row.address))
}

/** Pairs of addresses that lead to one mailbox: a sign-in under an alias is the person's own, not a master's. */
export async function sameMailbox(
  trx: Trx,
  pairs: readonly { user: string; master: string }[],
): Promise<Set<string>> {
  if (pairs.length === 0) return new Set()
  const { rows } = await sql<{ master: string }>`
    select distinct t.master || ' ' || t."user" as master
    from json_to_recordset(${rowsOf(pairs)}::json) as t("user" text, master text)
    where (select true from mailbox_address a join mailbox_address b on b.mailbox_id = a.mailbox_id
      where a.address = t."user" and b.address = t.master limit 1)`.execute(trx)
  return new Set(rows.map(row => row.master))
}

/** What was found of an address on a day, to be added to what is known. Instants in ms since 1970. */
export type DayUse = {
  address: string
  day: Day
  signIns: number
  sends: number
  recipients: number
  hands: number
  firstAt: number
  lastAt: number
}

/** Adds use of addresses by day; answers how many person-days are new by it. */
export async function saveUse(trx: Trx, source: number, use: readonly DayUse[]): Promise<number> {
  if (use.length === 0) return 0
  const rows = use.map(each => ({
    address: each.address,
    day: each.day,
    sign_ins: each.signIns,
    sends: each.sends,
    recipients: each.recipients,
    hands: each.hands,
    first_at: new Date(each.firstAt),
    last_at: new Date(each.lastAt),
  }))
  const page = sql`json_to_recordset(${rowsOf(rows)}::json) as t(address text, day date, sign_ins integer, sends integer,
    recipients integer, hands integer, first_at timestamptz, last_at timestamptz)`
  const fresh = await sql<{ count: number }>`
    select count(*) as count from (
      select distinct holder.person_id, t.day from ${page}, lateral (
        select h.person_id from mailbox_address a
        join mailbox m on m.id = a.mailbox_id and m.kind = 'personal'
        join mailbox_holder h on h.mailbox_id = m.id and t.day between h.first_day and h.last_day
        where a.address = t.address and t.day between a.first_day and a.last_day offset 0) holder
      where (t.sign_ins > 0 or t.sends > 0) and (select true from mailbox_day d
        where d.address = t.address and d.day = t.day and (d.sign_ins > 0 or d.sends > 0) limit 1) is null) found
    where not exists (select from ${heldOn(sql`found`)}, lateral (select from mailbox_day d
      where d.address = held.address and d.day = found.day and (d.sign_ins > 0 or d.sends > 0) offset 0) used)`.execute(
    trx,
  )
  await sql`
    insert into mailbox_day (address, day, source_id, sign_ins, sends, recipients, hands, first_at, last_at)
    select address, day, ${source}, sign_ins, sends, recipients, hands, first_at, last_at from ${page}
    on conflict (address, day, source_id) do update set
      sign_ins = least(mailbox_day.sign_ins::bigint + excluded.sign_ins, 2147483647),
      sends = least(mailbox_day.sends::bigint + excluded.sends, 2147483647),
      recipients = least(mailbox_day.recipients::bigint + excluded.recipients, 2147483647),
      hands = least(mailbox_day.hands::bigint + excluded.hands, 2147483647),
      first_at = least(mailbox_day.first_at, excluded.first_at),
      last_at = greatest(mailbox_day.last_at, excluded.last_at)`.execute(trx)
  return fresh.rows[0]?.count ?? 0
}

/**
 * The addresses of the personal mailboxes that `person_id` holds on `day`. Looked up step by step (`offset 0`): on tables
 * just filled the planner has no statistics, and would join whole tables for the few rows asked about.
 */
function heldOn(of: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`lateral (
    select address.address from mailbox_holder h, lateral (
      select a.address from mailbox m join mailbox_address a on a.mailbox_id = m.id
      where m.id = h.mailbox_id and m.kind = 'personal' and ${of}.day between a.first_day and a.last_day offset 0) address
    where h.person_id = ${of}.person_id and ${of}.day between h.first_day and h.last_day offset 0) held`
}

/** Notes that lines of these days were read, and how far. */
export async function saveCoverage(
  trx: Trx,
  source: number,
  days: ReadonlyMap<Day, number>,
  lastAt: number,
): Promise<void> {
  const rows = [...days].map(([day, lines]) => ({ day, lines }))
  if (rows.length === 0) return
  await sql`
    insert into log_day (source_id, day, lines)
    select ${source}, day, lines from json_to_recordset(${rowsOf(rows)}::json) as t(day date, lines bigint)
    on conflict (source_id, day) do update set lines = log_day.lines + excluded.lines`.execute(trx)
  await sql`update log_source set last_at = ${new Date(lastAt)} where id = ${source}
    and (last_at is null or last_at < ${new Date(lastAt)})`.execute(trx)
}

export type Position = { path: string; inode: string; head: string; position: number }

/** Where reading a file came to, and when that was saved, ms since 1970. */
export async function positionOf(
  db: Db,
  source: number,
  path: string,
): Promise<(Position & { savedAt: number }) | null> {
  const { rows } = await sql<Position & { updated_at: Date }>`
    select path, inode, head, position, updated_at from log_position
    where source_id = ${source} and path = ${path}`.execute(db)
  const [row] = rows
  return row ? { ...row, savedAt: row.updated_at.getTime() } : null
}

export async function savePosition(
  trx: Db,
  source: number,
  { path, inode, head, position }: Position,
): Promise<void> {
  await sql`
    insert into log_position (source_id, path, inode, head, position, updated_at)
    values (${source}, ${path}, ${inode}, ${head}, ${position}, now())
    on conflict (source_id, path) do update set inode = excluded.inode, head = excluded.head,
      position = excluded.position, updated_at = excluded.updated_at`.execute(trx)
}

export type LastUse = {
  mailbox: number
  firstLogin: Date | null
  lastLogin: Date | null
  lastSend: Date | null
}

/** First and last proof of use of mailboxes, for a listing. The day's last instant stands for a sign-in on it. */
export async function lastUse(db: Db, mailboxes: readonly number[]): Promise<Map<number, LastUse>> {
  const { rows } = await sql<LastUse>`
    select a.mailbox_id as mailbox, min(d.first_at) filter (where d.sign_ins > 0) as "firstLogin",
      max(d.last_at) filter (where d.sign_ins > 0) as "lastLogin", max(d.last_at) filter (where d.sends > 0) as "lastSend"
    from mailbox_address a join mailbox_day d on d.address = a.address and d.day between a.first_day and a.last_day
    where a.mailbox_id = any(${[...mailboxes]}::bigint[]) group by a.mailbox_id`.execute(db)
  return new Map(rows.map(row => [row.mailbox, row]))
}
