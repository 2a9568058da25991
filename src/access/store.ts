/** Operators, sessions, links and the audit: the only place that writes these tables. */
import { sql } from 'kysely'
import type { Db } from '../database/database.ts'
import type { Operator, Role } from './access.ts'

/** Ids of an agency and those above it today, itself first. Bounded, so that a damaged tree ends too. */
export async function agencyPath(db: Db, agencyId: number): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    with recursive path (id, parent_id, depth) as (
      select agency_id, parent_id, 0 from agency_period where agency_id = ${agencyId} and last_day = 'infinity'
      union all
      select a.agency_id, a.parent_id, path.depth + 1 from path
      join agency_period a on a.agency_id = path.parent_id and a.last_day = 'infinity' where path.depth < 100
    ) select id from path order by depth`.execute(db)
  return rows.length > 0 ? rows.map(row => row.id) : [agencyId]
}

/** Ids of an agency and all below it today. */
export async function agenciesBelow(db: Db, agencyId: number): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    with recursive below (id, depth) as (
      select ${agencyId}::bigint, 0
      union all
      select a.agency_id, below.depth + 1 from below
      join agency_period a on a.parent_id = below.id and a.last_day = 'infinity' where below.depth < 100
    ) select distinct id from below`.execute(db)
  return rows.map(row => row.id)
}

/** Ids an operator's lists stay within; null is the whole installation. */
export async function scopeOf(db: Db, { agencyId }: Pick<Operator, 'agencyId'>): Promise<number[] | null> {
  return agencyId === null ? null : agenciesBelow(db, agencyId)
}

/** How many reviews wait for an answer within an agency, or in all; a menu says so. */
export async function openReviews(db: Db, agencyId: number | null): Promise<number> {
  const within = await scopeOf(db, { agencyId })
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from roster_review where state in ('open', 'later')
      and ${within === null ? sql`true` : sql`agency_id = any(${within}::bigint[])`}`.execute(db)
  return rows[0]?.count ?? 0
}

// operators and sessions --------------------------------------------------------------------------------------------

export async function createOperator(
  db: Db,
  operator: { name: string; role: Role; agencyId: number | null; now: Date },
): Promise<Operator> {
  const { name, role, agencyId, now } = operator
  const { rows } = await sql<{ id: number }>`
    insert into operator (name, role, agency_id, created_at) values (${name}, ${role}, ${agencyId}, ${now})
    returning id`.execute(db)
  return { id: rows[0]?.id ?? 0, name, role, agencyId }
}

export type Session = { operator: Operator; mustSetPassword: boolean }

/** Longest a session lasts, and longest it lies unused. Longer is easier to steal, shorter is signed in to every hour. */
const SESSION_DAYS = 7
const IDLE_HOURS = 12
/** A session's last use is noted no more often than this, so that a page costs no write. */
const SEEN_MINUTES = 5

/** Opens a session for a token that was just made. */
export async function openSession(
  db: Db,
  session: { tokenHash: Buffer; operatorId: number; mustSetPassword: boolean; now: Date },
): Promise<void> {
  await sql`
    insert into session (token_hash, operator_id, created_at, seen_at, expires_at, must_set_password)
    values (${session.tokenHash}, ${session.operatorId}, ${session.now}, ${session.now},
      ${session.now}::timestamptz + make_interval(days => ${SESSION_DAYS}), ${session.mustSetPassword})`.execute(
    db,
  )
}

/** Whose session it is, or null where it has ended, lay idle too long, or its operator is disabled. */
export async function findSession(db: Db, tokenHash: Buffer, now: Date): Promise<Session | null> {
  const { rows } = await sql<Operator & { mustSetPassword: boolean; stale: boolean }>`
    select o.id, o.name, o.role, o.agency_id as "agencyId", s.must_set_password as "mustSetPassword",
      s.seen_at < ${now}::timestamptz - make_interval(mins => ${SEEN_MINUTES}) as stale
    from session s join operator o on o.id = s.operator_id
    where s.token_hash = ${tokenHash} and s.ended_at is null and s.expires_at > ${now} and o.disabled_at is null
      and s.seen_at > ${now}::timestamptz - make_interval(hours => ${IDLE_HOURS})`.execute(db)
  const [row] = rows
  if (!row) return null
  if (row.stale) await sql`update session set seen_at = ${now} where token_hash = ${tokenHash}`.execute(db)
  const { mustSetPassword, stale: _, ...operator } = row
  return { operator, mustSetPassword }
}

export async function endSession(db: Db, tokenHash: Buffer, now: Date): Promise<void> {
  await sql`update session set ended_at = ${now} where token_hash = ${tokenHash} and ended_at is null`.execute(
    db,
  )
}
