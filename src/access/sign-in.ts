/**
 * How somebody becomes an operator and signs in: a one-time link, a password, then name and password.
 *
 * Each step and its entry in the audit are one transaction: what could not be recorded did not happen.
 */
import type { Db, Trx } from '../database/database.ts'
import { AppError } from '../error.ts'
import type { Operator, Role } from './access.ts'
import { appendAudit, type NewEntry, type Party } from './audit-store.ts'
import { clearFailures, deviceKey, insertDevice, takeGuess } from './guess-store.ts'
import {
  type Credentials,
  disableOperator,
  endSessionByKey,
  endSessions,
  insertLink,
  insertOperator,
  operatorById,
  operatorByName,
  savePassword,
  spendLink,
} from './operator-store.ts'
import { checkPassword, hashPassword } from './password.ts'
import { newToken, tokenHash } from './secret.ts'
import { endSession, openSession } from './store.ts'

/** How long a link may be used. Longer lies around in chats, shorter misses a weekend. */
export const LINK_HOURS = 72

export type NewOperator = { name: string; role: Role; agencyId: number | null }
/** Who does it, and when. */
export type Doing = { by: Party; now: Date }

/** A new operator with their first link's token, or null where the name is taken. */
export async function addOperator(
  db: Db,
  wanted: NewOperator,
  { by, now }: Doing,
): Promise<{ operator: Operator; token: string } | null> {
  return db.transaction().execute(async trx => {
    const operator = await insertOperator(trx, { ...wanted, now })
    if (!operator) return null
    const token = await newLink(trx, operator.id, now)
    const entry = { ...about(operator, { by, now }), detail: { role: operator.role } }
    await appendAudit(trx, { ...entry, action: 'operator.added' })
    return { operator, token }
  })
}

/** A fresh link; earlier ones that were not used end by it. Null where there is no such operator or they are disabled. */
export async function makeLink(db: Db, operatorId: number, doing: Doing): Promise<string | null> {
  return db.transaction().execute(async trx => {
    // locked, so that of two links made at once only the later one lives
    const found = await operatorById(trx, operatorId)
    if (!found) return null
    const token = await newLink(trx, operatorId, doing.now)
    await appendAudit(trx, { ...about(found.operator, doing), action: 'link.made' })
    return token
  })
}

async function newLink(trx: Trx, operatorId: number, now: Date): Promise<string> {
  const token = newToken()
  await insertLink(trx, { tokenHash: tokenHash(token), operatorId, now, hours: LINK_HOURS })
  return token
}

/** Disables an operator and ends their sessions and links; whether there was somebody to disable. */
export async function disable(
  db: Db,
  operator: { id: number; agencyId: number | null },
  doing: Doing,
): Promise<boolean> {
  return db.transaction().execute(async trx => {
    if (!(await disableOperator(trx, operator.id, doing.now))) return false
    await appendAudit(trx, { ...about(operator, doing), action: 'operator.disabled' })
    return true
  })
}

function about(
  operator: { id: number; agencyId: number | null },
  { by, now }: Doing,
): Omit<NewEntry, 'action'> {
  return {
    at: now,
    actor: by,
    subject: { kind: 'operator', id: operator.id },
    agencyId: operator.agencyId,
  }
}

function by(operator: Credentials['operator'], now: Date): Omit<NewEntry, 'action'> {
  return { at: now, actor: { kind: 'operator', id: operator.id }, agencyId: operator.agencyId }
}

// signing in --------------------------------------------------------------------------------------------------------

/** Spends a link for the token of a session that may do nothing but set a password; null where it is no good. */
export async function signInByLink(db: Db, linkToken: string, now: Date): Promise<string | null> {
  return db.transaction().execute(async trx => {
    const operator = await spendLink(trx, tokenHash(linkToken), now)
    if (!operator) return null
    const token = await newSession(trx, operator.id, { mustSetPassword: true, now })
    await appendAudit(trx, { ...by(operator, now), action: 'link.used' })
    return token
  })
}

export type SignedIn =
  | {
      kind: 'signedIn'
      token: string
      /** For the browser to be known by from now on; null where it is known already. */
      device: string | null
    }
  /** No such name, no password yet, disabled, or the wrong password: nobody outside is told which. */
  | { kind: 'wrong' }
  | { kind: 'wait'; seconds: number }

export type Attempt = {
  name: string
  password: string
  /** What the browser is known by, if it says so. */
  device: string | null
  now: Date
}

/** Signs in by name and password. Takes as long for a name that nobody has. */
export async function signInByPassword(db: Db, attempt: Attempt): Promise<SignedIn> {
  const { name, password, device, now } = attempt
  const known = await deviceKey(db, { name, device: device === null ? null : tokenHash(device), now })
  const seconds = await takeGuess(db, known ?? name, now)
  if (seconds > 0) return { kind: 'wait', seconds }
  const found = await operatorByName(db, name)
  const { ok, outdated } = await checkPassword(password, found?.passwordHash ?? null)
  if (!ok || !found) {
    await refused(db, found, now)
    return { kind: 'wrong' }
  }
  const renewed = outdated ? await hashPassword(password) : null
  return db.transaction().execute(async trx => {
    // disabled or given another password while we computed: what was checked no longer holds
    const still = await operatorById(trx, found.operator.id)
    if (still?.passwordHash !== found.passwordHash) return { kind: 'wrong' }
    await clearFailures(trx, known ?? name, now)
    if (renewed !== null) await savePassword(trx, found.operator.id, renewed)
    const token = await newSession(trx, found.operator.id, { mustSetPassword: false, now })
    const fresh = known === null ? await newDevice(trx, found.operator.id, now) : null
    await appendAudit(trx, { ...by(found.operator, now), action: 'session.opened' })
    return { kind: 'signedIn', token, device: fresh }
  })
}

async function refused(db: Db, found: Credentials | null, now: Date): Promise<void> {
  // a name that nobody has is not kept: it could be a password typed into the wrong field
  const subject: Party | null = found && { kind: 'operator', id: found.operator.id }
  const agencyId = found?.operator.agencyId ?? null
  const actor: Party = { kind: 'system', id: 'anonymous' }
  await appendAudit(db, { at: now, actor, subject, agencyId, action: 'session.refused' })
}

async function newDevice(trx: Trx, operatorId: number, now: Date): Promise<string> {
  const device = newToken()
  await insertDevice(trx, { operatorId, device: tokenHash(device), now })
  return device
}

async function newSession(
  trx: Trx,
  operatorId: number,
  { mustSetPassword, now }: { mustSetPassword: boolean; now: Date },
): Promise<string> {
  const token = newToken()
  await openSession(trx, { tokenHash: tokenHash(token), operatorId, mustSetPassword, now })
  return token
}

// signed in ---------------------------------------------------------------------------------------------------------

/** What a signed-in operator proves the right to change a password with. */
export type PasswordChange = {
  operator: Operator
  /** The password so far; null in a session of a link, which is proof enough. */
  current: string | null
  wanted: string
  now: Date
}

/**
 * Sets a password: every session of the operator ends, and the token of a new one is answered; `wrong` or the seconds to
 * wait where the password so far is not the one given.
 */
export async function changePassword(
  db: Db,
  { operator, current, wanted, now }: PasswordChange,
): Promise<SignedIn> {
  const id = idOf(operator)
  if (current !== null) {
    // counted apart from signing in: whoever guesses there keeps nobody here from changing their password
    const seconds = await takeGuess(db, `account:${id}`, now)
    if (seconds > 0) return { kind: 'wait', seconds }
    const found = await operatorByName(db, operator.name)
    const { ok } = await checkPassword(current, found?.passwordHash ?? null)
    if (!ok) return { kind: 'wrong' }
  }
  const hash = await hashPassword(wanted)
  return db.transaction().execute(async trx => {
    if (!(await operatorById(trx, id))) throw new AppError('not_signed_in', 'sign in first')
    await savePassword(trx, id, hash)
    await clearFailures(trx, `account:${id}`, now)
    await endSessions(trx, id, now)
    const token = await newSession(trx, id, { mustSetPassword: false, now })
    const device = current === null ? await newDevice(trx, id, now) : null
    await appendAudit(trx, { ...by({ ...operator, id }, now), action: 'password.set' })
    return { kind: 'signedIn', token, device }
  })
}

/** Signs out: ends the session of a token. */
export async function signOutOf(db: Db, operator: Operator, token: string, now: Date): Promise<void> {
  const id = idOf(operator)
  await db.transaction().execute(async trx => {
    await endSession(trx, tokenHash(token), now)
    await appendAudit(trx, { ...by({ ...operator, id }, now), action: 'session.ended' })
  })
}

/** Ends one session of an operator by its key, or all but the current one; answers how many. */
export async function endOwnSessions(
  db: Db,
  operator: Operator,
  { key, current, now }: { key: string | null; current: string; now: Date },
): Promise<number> {
  const id = idOf(operator)
  return db.transaction().execute(async trx => {
    const count =
      key === null
        ? await endSessions(trx, id, now, tokenHash(current))
        : Number(await endSessionByKey(trx, id, key, now))
    if (count > 0)
      await appendAudit(trx, {
        ...by({ ...operator, id }, now),
        action: 'session.ended',
        detail: { sessions: count },
      })
    return count
  })
}

function idOf({ id }: Operator): number {
  if (id === null) throw new AppError('forbidden', 'the command line has no password and no sessions')
  return id
}
