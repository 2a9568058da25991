/**
 * Setting the password of a mailbox by an invitation.
 *
 * Claimed, then set on the platform, then noted as used. Whatever ends it in between, the invitation can be used again,
 * at once or as soon as the claim has lapsed: nobody is locked out by our crash, and nobody sets a password twice.
 */
import type { Db, Trx } from '../database/database.ts'
import { toAppError, unreachable } from '../error.ts'
import type { Key } from './activation-code.ts'
import { claim, findInvitation, type Invitation, markUsed, release } from './activation-store.ts'
import type { ChangeOutcome, Connector } from './connector.ts'
import { codeHash } from './secret.ts'

/** The invitation a key opens, or null; why not is nobody's business. */
export async function openedBy(
  db: Db,
  key: Key,
  { tokenHash, now }: { tokenHash: (token: string) => Buffer; now: Date },
): Promise<Invitation | null> {
  switch (key.kind) {
    case 'token':
      return findInvitation(db, { kind: 'token', hash: tokenHash(key.token) }, now)
    case 'code':
      return findInvitation(db, { kind: 'code', hash: await codeHash(key.code) }, now)
    default:
      return unreachable(key)
  }
}

export type Activating = {
  db: Db
  connector: Connector
  now: () => Date
  signal: AbortSignal
  /** Written together with the invitation being used. */
  record: (trx: Trx) => Promise<void>
}

/**
 * `done` · `taken` another request has the invitation, or it was used meanwhile · `away` the platform does not answer ·
 * `suspended` or `refused` it will not. But for `done` nothing is spent.
 */
export type ActivationEnd = 'done' | 'taken' | 'away' | 'suspended' | 'refused'

/** Sets a password that keeps the policy, by its hash. Throws only what the database throws. */
export async function activate(
  { db, connector, now, signal, record }: Activating,
  invitation: Invitation,
  hash: string,
): Promise<ActivationEnd> {
  if (!(await claim(db, invitation.id, now()))) return 'taken'
  const outcome = await told(connector, invitation, { hash, signal })
  if (outcome.outcome === 'failed') {
    await release(db, invitation.id)
    if (outcome.temporary) return 'away'
    return outcome.code === 'mailbox_suspended' ? 'suspended' : 'refused'
  }
  await db.transaction().execute(async trx => {
    await markUsed(trx, invitation, now())
    await record(trx)
  })
  return 'done'
}

/** Should the platform not say what became of it, the same invitation sets a password over it. */
async function told(
  connector: Connector,
  { address }: Invitation,
  { hash, signal }: { hash: string; signal: AbortSignal },
): Promise<ChangeOutcome> {
  try {
    return await connector.setPassword(address, hash, signal)
  } catch (thrown) {
    const { code, message, temporary } = toAppError(thrown)
    return { outcome: 'failed', code, reason: message, temporary }
  }
}
