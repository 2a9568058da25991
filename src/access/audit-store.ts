/**
 * The audit: appended to, read, verified.
 *
 * Entry n holds sha256(hash of n-1 ‖ its own canonical text), so that a row changed, removed or put in between is found,
 * and the end of the chain is kept apart in `audit_head`, so that a cut-off end is found too.
 */
import { createHash, randomBytes } from 'node:crypto'
import { type RawBuilder, sql } from 'kysely'
import type { Db } from '../database/database.ts'
import { AppError } from '../error.ts'
import type { Operator } from './access.ts'
import { type AuditAction, type AuditDetail, type AuditEntry, canonical, detailProblem } from './audit.ts'

/** `system` is the command line (`local`) or somebody who is not known (`anonymous`). */
export type Party = { kind: 'operator' | 'person' | 'mailbox'; id: number } | { kind: 'system'; id: string }

/** An operator as the audit knows one. */
export function partyOf(operator: Operator | null): Party {
  if (operator === null) return { kind: 'system', id: 'anonymous' }
  return operator.id === null ? { kind: 'system', id: 'local' } : { kind: 'operator', id: operator.id }
}

export type NewEntry = {
  at: Date
  actor: Party
  action: AuditAction
  subject?: Party | null
  agencyId?: number | null
  detail?: AuditDetail
}

/**
 * Appends an entry: in the transaction it is given, or in one of its own. The head stays locked until that ends, so it
 * is best the last statement of it. Throws `internal` for a detail that could name somebody.
 */
export async function appendAudit(db: Db, entry: NewEntry): Promise<void> {
  const problem = detailProblem(entry.detail ?? {})
  if (problem !== null) throw new AppError('internal', `audit detail of ${entry.action}: ${problem}`)
  if (db.isTransaction) await append(db, entry)
  else await db.transaction().execute(trx => append(trx, entry))
}

async function append(trx: Db, { at, action, detail = {}, ...given }: NewEntry): Promise<void> {
  // locked before the pseudonyms are made: two who make the same one must not wait for each other in a ring
  const head = await lockHead(trx)
  const actor = await pseudonymOf(trx, given.actor)
  const subject = given.subject ? await pseudonymOf(trx, given.subject) : null
  const agency = given.agencyId == null ? null : await codeOf(trx, given.agencyId)
  const entry: AuditEntry = { number: head.number + 1, at, actor, action, subject, agency, detail }
  const hash = hashOf(head.hash, entry)
  await sql`
    insert into audit (number, at, actor, action, subject, agency, detail, previous, hash)
    values (${entry.number}, ${at}, ${actor}, ${action}, ${subject}, ${agency}, ${JSON.stringify(detail)}::jsonb,
      ${head.hash}, ${hash})`.execute(trx)
  await sql`update audit_head set number = ${entry.number}, hash = ${hash}`.execute(trx)
}

type Head = { number: number; hash: Uint8Array }

async function lockHead(trx: Db): Promise<Head> {
  const { rows } = await sql<Head>`select number, hash from audit_head for update`.execute(trx)
  if (!rows[0]) throw new AppError('internal', 'the end of the audit is gone; nothing can be appended to it')
  return rows[0]
}

function hashOf(previous: Uint8Array, entry: AuditEntry): Buffer {
  return createHash('sha256').update(previous).update(canonical(entry)).digest()
}

const PSEUDONYM_BYTES = 10

async function pseudonymOf(trx: Db, { kind, id }: Party): Promise<string> {
  const fresh = `${kind}-${randomBytes(PSEUDONYM_BYTES).toString('hex')}`
  const { rows } = await sql<{ pseudonym: string }>`
    with made as (
      insert into audit_pseudonym (pseudonym, kind, ref) values (${fresh}, ${kind}, ${String(id)})
      on conflict (kind, ref) do nothing returning pseudonym
    ) select pseudonym from made
    union all select pseudonym from audit_pseudonym where kind = ${kind} and ref = ${String(id)}`.execute(trx)
  return rows[0]?.pseudonym ?? fresh
}

async function codeOf(trx: Db, agencyId: number): Promise<string> {
  const { rows } = await sql<{ code: string }>`
    select code from agency_period where agency_id = ${agencyId} order by last_day desc limit 1`.execute(trx)
  return rows[0]?.code ?? String(agencyId)
}

// reading -----------------------------------------------------------------------------------------------------------

type Stored = AuditEntry & { previous: Uint8Array; hash: Uint8Array }

const columns = sql`number, at, actor, action, subject, agency, detail, previous, hash`
/** Entries read at a time while verifying. */
const PAGE = 1000

export type Verified = { entries: number; ok: boolean; firstBroken: number | null }

/** Recomputes the chain from its beginning, a page at a time. `firstBroken` is the first entry that is not as written. */
export async function verifyAudit(db: Db, signal?: AbortSignal): Promise<Verified> {
  const { rows } = await sql<Head>`select number, hash from audit_head`.execute(db)
  const end = rows[0] ?? { number: 0, hash: new Uint8Array() }
  let previous: Uint8Array = new Uint8Array()
  let entries = 0
  const broken = () => ({ entries, ok: false, firstBroken: entries + 1 })
  while (entries < end.number) {
    signal?.throwIfAborted()
    const page = await sql<Stored>`
      select ${columns} from audit where number > ${entries} and number <= ${end.number}
      order by number limit ${PAGE}`.execute(db)
    if (page.rows.length === 0) return broken()
    for (const row of page.rows) {
      if (!follows(row, entries + 1, previous)) return broken()
      previous = row.hash
      entries = row.number
    }
  }
  if (!rows[0] || !same(previous, end.hash)) return { entries, ok: false, firstBroken: Math.max(entries, 1) }
  const beyond = await beyondHead(db)
  return beyond === null
    ? { entries, ok: true, firstBroken: null }
    : { entries, ok: false, firstBroken: beyond }
}

function follows(row: Stored, number: number, previous: Uint8Array): boolean {
  return row.number === number && same(row.previous, previous) && same(row.hash, hashOf(previous, row))
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}

/** The first entry that stands after the end of the chain; asked in one statement, since others go on appending. */
async function beyondHead(db: Db): Promise<number | null> {
  const { rows } = await sql<{ number: number | null }>`
    select min(number) as number from audit where number > (select number from audit_head)`.execute(db)
  return rows[0]?.number ?? null
}

export type AuditFilter = {
  action?: string | null
  /** The instants between which it was done: from, inclusive, to, exclusive. */
  from?: Date | null
  to?: Date | null
  /** Entries before this one, for the next page. */
  before?: number | null
  /** Agencies to stay within; null is the whole installation. */
  within?: readonly number[] | null
  limit: number
}

export type ShownEntry = AuditEntry & {
  /** Names behind the pseudonyms; null where nobody is kept for it any more. */
  actorName: string | null
  subjectName: string | null
  /** Ids behind mailboxes, whose addresses another subject keeps. */
  actorMailbox: number | null
  subjectMailbox: number | null
}

/** Entries, newest first. Names are looked up for showing only; none is stored with an entry. */
export async function readAudit(db: Db, filter: AuditFilter): Promise<ShownEntry[]> {
  const { rows } = await sql<ShownEntry>`
    select e.number, e.at, e.actor, e.action, e.subject, e.agency, e.detail,
      ${nameOf(sql`a`)} as "actorName", ${mailboxOf(sql`a`)} as "actorMailbox",
      ${nameOf(sql`s`)} as "subjectName", ${mailboxOf(sql`s`)} as "subjectMailbox"
    from audit e left join audit_pseudonym a on a.pseudonym = e.actor
      left join audit_pseudonym s on s.pseudonym = e.subject
    where ${conditions(filter)} order by e.number desc limit ${filter.limit}`.execute(db)
  return rows
}

function conditions({ action, from, to, before, within }: AuditFilter): RawBuilder<unknown> {
  const all = [
    sql`true`,
    action ? sql`e.action = ${action}` : null,
    from ? sql`e.at >= ${from}` : null,
    to ? sql`e.at < ${to}` : null,
    before ? sql`e.number < ${before}` : null,
    within ? sql`e.agency in (select code from agency_period where agency_id = any(${[...within]}))` : null,
  ]
  return sql.join(
    all.filter(each => each !== null),
    sql` and `,
  )
}

function nameOf(party: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`case ${party}.kind
      when 'operator' then (select name from operator where id::text = ${party}.ref)
      when 'person' then (select full_name from person where id = ${party}.ref::bigint)
      when 'system' then ${party}.ref end`
}

function mailboxOf(party: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`case when ${party}.kind = 'mailbox' then ${party}.ref::bigint end`
}
