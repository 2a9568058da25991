/** Operators, their links, passwords and sessions: the SQL beside `store.ts`. */
import { sql } from 'kysely'
import type { Db } from '../database/database.ts'
import type { Operator, Role } from './access.ts'

/** What signing in asks of an operator. */
export type Credentials = { operator: Operator & { id: number }; passwordHash: string | null }

type Row = { id: number; name: string; role: Role; agencyId: number | null; passwordHash: string | null }

const credentials = sql`o.id, o.name, o.role, o.agency_id as "agencyId", o.password_hash as "passwordHash"`

function credentialsOf(row: Row | undefined): Credentials | null {
  if (!row) return null
  const { passwordHash, ...operator } = row
  return { operator, passwordHash }
}

/** An operator who is not disabled. */
export async function operatorByName(db: Db, name: string): Promise<Credentials | null> {
  const { rows } = await sql<Row>`
    select ${credentials} from operator o where o.name = ${name} and o.disabled_at is null`.execute(db)
  return credentialsOf(rows[0])
}

/** An operator who is not disabled; inside a transaction locked until its end. */
export async function operatorById(db: Db, id: number): Promise<Credentials | null> {
  const { rows } = await sql<Row>`
    select ${credentials} from operator o where o.id = ${id} and o.disabled_at is null for update`.execute(db)
  return credentialsOf(rows[0])
}

/**
 * The new operator, or null where the name is taken. A name that was disabled may come back, with the role and agency
 * given now and without its old password.
 */
export async function insertOperator(
  db: Db,
  { name, role, agencyId, now }: { name: string; role: Role; agencyId: number | null; now: Date },
): Promise<(Operator & { id: number }) | null> {
  const { rows } = await sql<{ id: number }>`
    insert into operator (name, role, agency_id, created_at) values (${name}, ${role}, ${agencyId}, ${now})
    on conflict (name) do update set role = excluded.role, agency_id = excluded.agency_id, password_hash = null,
      disabled_at = null where operator.disabled_at is not null
    returning id`.execute(db)
  return rows[0] ? { id: rows[0].id, name, role, agencyId } : null
}

/** Where an operator stands, disabled or not; null where there is none of that id. */
export async function operatorScope(db: Db, id: number): Promise<{ agencyId: number | null } | null> {
  const { rows } = await sql<{ agencyId: number | null }>`
    select agency_id as "agencyId" from operator where id = ${id}`.execute(db)
  return rows[0] ?? null
}

/** Whether there was somebody to disable. Their sessions end by it: a session is looked up with its operator. */
export async function disableOperator(trx: Db, id: number, now: Date): Promise<boolean> {
  const { rows } = await sql`
    update operator set disabled_at = ${now} where id = ${id} and disabled_at is null returning id`.execute(
    trx,
  )
  if (rows.length === 0) return false
  await endLinks(trx, id, now)
  await endSessions(trx, id, now)
  return true
}

export async function savePassword(trx: Db, id: number, passwordHash: string): Promise<void> {
  await sql`update operator set password_hash = ${passwordHash} where id = ${id}`.execute(trx)
}

/** Id of the agency in force that has this code; null where there is none. */
export async function agencyByCode(db: Db, code: string): Promise<number | null> {
  const { rows } = await sql<{ id: number }>`
    select agency_id as id from agency_period where code = ${code} and last_day = 'infinity'`.execute(db)
  return rows[0]?.id ?? null
}

/** An agency as it was last known. */
export async function agencyOf(db: Db, agencyId: number): Promise<{ code: string; name: string } | null> {
  const { rows } = await sql<{ code: string; name: string }>`
    select code, name from agency_period where agency_id = ${agencyId} order by last_day desc limit 1`.execute(
    db,
  )
  return rows[0] ?? null
}

// links -------------------------------------------------------------------------------------------------------------

/** Makes a link the only one of its operator that may still be used. */
export async function insertLink(
  trx: Db,
  link: { tokenHash: Buffer; operatorId: number; now: Date; hours: number },
): Promise<void> {
  await endLinks(trx, link.operatorId, link.now)
  await sql`
    insert into sign_in_link (token_hash, operator_id, created_at, expires_at)
    values (${link.tokenHash}, ${link.operatorId}, ${link.now},
      ${link.now}::timestamptz + make_interval(hours => ${link.hours}))`.execute(trx)
}

async function endLinks(trx: Db, operatorId: number, now: Date): Promise<void> {
  await sql`
    update sign_in_link set expires_at = ${now}
    where operator_id = ${operatorId} and used_at is null and expires_at > ${now}`.execute(trx)
}

/** Whose link it is while it may be used; looking spends nothing. */
export async function linkOwner(db: Db, tokenHash: Buffer, now: Date): Promise<Operator | null> {
  const { rows } = await sql<Row>`
    select ${credentials} from sign_in_link l join operator o on o.id = l.operator_id
    where l.token_hash = ${tokenHash} and l.used_at is null and l.expires_at > ${now} and o.disabled_at is null
    `.execute(db)
  return credentialsOf(rows[0])?.operator ?? null
}

/** Spends a link, once: of two who try at the same moment one gets its operator, the other null. */
export async function spendLink(
  trx: Db,
  tokenHash: Buffer,
  now: Date,
): Promise<Credentials['operator'] | null> {
  const { rows } = await sql<Row>`
    update sign_in_link l set used_at = ${now} from operator o
    where l.token_hash = ${tokenHash} and l.used_at is null and l.expires_at > ${now}
      and o.id = l.operator_id and o.disabled_at is null
    returning ${credentials}`.execute(trx)
  return credentialsOf(rows[0])?.operator ?? null
}

// sessions ----------------------------------------------------------------------------------------------------------

/** Ends the sessions of an operator, all or all but one, and answers how many. */
export async function endSessions(
  trx: Db,
  operatorId: number,
  now: Date,
  except: Buffer | null = null,
): Promise<number> {
  const { rows } = await sql`
    update session set ended_at = ${now}
    where operator_id = ${operatorId} and ended_at is null
      and (${except}::bytea is null or token_hash <> ${except}::bytea)
    returning 1`.execute(trx)
  return rows.length
}

export type OpenSession = { key: string; createdAt: Date; seenAt: Date; current: boolean }

/** Sessions that are still open, newest first. `key` names one without being of use to anybody who sees it. */
export async function sessionsOf(
  db: Db,
  operatorId: number,
  { current, now }: { current: Buffer; now: Date },
): Promise<OpenSession[]> {
  const { rows } = await sql<OpenSession>`
    select left(encode(token_hash, 'hex'), 16) as key, created_at as "createdAt", seen_at as "seenAt",
      token_hash = ${current} as current
    from session where operator_id = ${operatorId} and ended_at is null and expires_at > ${now}
    order by created_at desc limit 100`.execute(db)
  return rows
}

/** Whether the operator had such a session. */
export async function endSessionByKey(trx: Db, operatorId: number, key: string, now: Date): Promise<boolean> {
  const { rows } = await sql`
    update session set ended_at = ${now}
    where operator_id = ${operatorId} and ended_at is null and left(encode(token_hash, 'hex'), 16) = ${key}
    returning 1`.execute(trx)
  return rows.length > 0
}

// the list ----------------------------------------------------------------------------------------------------------

export type ListedOperator = {
  id: number
  name: string
  role: Role
  agency: { code: string; name: string } | null
  lastSignIn: Date | null
  /** `invited`: no password set yet. */
  state: 'active' | 'invited' | 'disabled'
}

/** Operators by name. `within` holds the agencies to stay within; null is the whole installation. */
export async function listOperators(
  db: Db,
  { within, after, limit }: { within: readonly number[] | null; after: string; limit: number },
): Promise<ListedOperator[]> {
  type Flat = Omit<ListedOperator, 'agency'> & { code: string | null; agencyName: string | null }
  const scope = within === null ? sql`true` : sql`o.agency_id = any(${[...within]})`
  const { rows } = await sql<Flat>`
    select o.id, o.name, o.role, a.code, a.name as "agencyName",
      (select max(s.created_at) from session s where s.operator_id = o.id) as "lastSignIn",
      case when o.disabled_at is not null then 'disabled'
        when o.password_hash is null then 'invited' else 'active' end as state
    from operator o left join lateral (
      select code, name from agency_period where agency_id = o.agency_id order by last_day desc limit 1) a on true
    where ${scope} and o.name > ${after} order by o.name limit ${limit}`.execute(db)
  return rows.map(({ code, agencyName, ...rest }) => ({
    ...rest,
    agency: code === null ? null : { code, name: agencyName ?? '' },
  }))
}
