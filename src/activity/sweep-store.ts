/** What a round over the mailboxes found: sole writer of `mailbox_sweep`, and of `log_source.separable`. */
import { sql } from 'kysely'
import { type Db, rowsOf, type Trx } from '../database/database.ts'
import { type Address, type Day, parseAddress } from '../ids.ts'

/** `address` is null where the stored one is no address. */
export type SweepMailbox = { id: number; address: Address | null }

/** A round asks personal mailboxes that their owners could use now; a master would get into suspended ones too. */
const asked = sql`m.kind = 'personal' and m.state in ('active', 'locked')`

/** The next mailboxes to ask, by id. */
export async function mailboxesAfter(db: Db, id: number, limit: number): Promise<SweepMailbox[]> {
  const { rows } = await sql<{ id: number; address: string }>`
    select m.id, m.address from mailbox m where ${asked} and m.id > ${id} order by m.id limit ${limit}`.execute(
    db,
  )
  return rows.map(row => ({ id: row.id, address: parseAddress(row.address) }))
}

export async function countMailboxes(db: Db): Promise<number> {
  const { rows } = await sql<{
    count: number
  }>`select count(*) as count from mailbox m where ${asked}`.execute(db)
  return Number(rows[0]?.count ?? 0)
}

/** `reason` is null where the mailbox was reached; the rest is null where it was not, or has no folder for sent mail. */
export type SweepRow = {
  mailbox: number
  reason: string | null
  sentUidNext: number | null
  sentUidValidity: number | null
  messages: number | null
}

/**
 * Notes what was found. A mailbox that was not reached keeps what was last known of it, so that a send in between shows
 * at the next visit. What a first visit finds is no change: it may be years old.
 */
export async function saveSwept(trx: Trx, at: Date, rows: readonly SweepRow[]): Promise<void> {
  await sql`
    insert into mailbox_sweep as known
      (mailbox_id, swept_at, reached, reason, sent_uid_next, sent_uid_validity, messages)
    select mailbox, ${at}, reason is null, reason, "sentUidNext", "sentUidValidity", messages
    from json_to_recordset(${rowsOf(rows)}::json)
      as t(mailbox bigint, reason text, "sentUidNext" bigint, "sentUidValidity" bigint, messages bigint)
    on conflict (mailbox_id) do update set
      swept_at = excluded.swept_at, reached = excluded.reached, reason = excluded.reason,
      sent_uid_next = case when excluded.reached then excluded.sent_uid_next else known.sent_uid_next end,
      sent_uid_validity = case when excluded.reached then excluded.sent_uid_validity else known.sent_uid_validity end,
      messages = case when excluded.reached then excluded.messages else known.messages end,
      last_change_at = case when excluded.reached and known.messages is not null
          and (known.sent_uid_next, known.sent_uid_validity)
            is distinct from (excluded.sent_uid_next, excluded.sent_uid_validity)
        then excluded.swept_at else known.last_change_at end`.execute(trx)
}

/** Notes whether a log tells the master's sign-ins from the people's own. */
export async function saveSeparable(
  db: Db,
  logs: readonly { name: string; separable: boolean }[],
): Promise<void> {
  await sql`
    insert into log_source (name, kind, separable)
    select name, 'log', separable from json_to_recordset(${rowsOf(logs)}::json) as t(name text, separable boolean)
    on conflict (name) do update set separable = excluded.separable
      where log_source.separable is distinct from excluded.separable`.execute(db)
}

/**
 * The mailbox to try a sign-in with: one used that day already, so that the trial could not make a day of use of a day
 * without; else any.
 */
export async function trialMailbox(db: Db, day: Day): Promise<Address | null> {
  const { rows } = await sql<{ address: string }>`
    select m.address from mailbox m where ${asked}
    order by exists (select 1 from mailbox_day d where d.address = m.address and d.day = ${day} and d.sign_ins > 0) desc, m.id
    limit 1`.execute(db)
  return parseAddress(rows[0]?.address ?? '')
}
