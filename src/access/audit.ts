/**
 * What the audit records, and the one form of an entry that is hashed.
 *
 * An entry is pseudonymous from the first row: who did it and to whom are random names kept in another table, and its
 * detail holds counts and codes, never a name, an address, a staff number, a token or a password.
 */

export const auditActions = [
  'session.opened',
  'session.refused',
  'session.ended',
  'link.made',
  'link.used',
  'password.set',
  'operator.added',
  'operator.disabled',
  /** Figures or a list taken out as a file. */
  'export',
  /** A list of names was looked at. */
  'people.listed',
  /** What one named person did was looked at. */
  'person.viewed',
  'plan.made',
  'plan.applied',
  'run.approved',
  'roster.synced',
  'roster.imported',
  'agency.opened',
  'agency.changed',
  'agency.closed',
  /** A change entered for a day to come. */
  'agency.scheduled',
  'agency.withdrawn',
  /** Whether two are one, or whether somebody missing has left. */
  'review.answered',
  /** Somebody who waits to move has left, or serves where they did. */
  'holding.answered',
  /** An agency said that its list is right. */
  'roster.confirmed',
  'decision.announced',
  'decision.withdrawn',
  /** The scan of a decision was looked at. */
  'decision.scanned',
  'absence.entered',
  'absence.changed',
  'activity.ingested',
  'activity.swept',
  'night.run',
  'mailbox.invited',
  'mailbox.activated',
  'target.changed',
  'database.migrated',
  'backup.made',
  'backup.restored',
] as const
export type AuditAction = (typeof auditActions)[number]

export function isAuditAction(text: string): text is AuditAction {
  return auditActions.some(each => each === text)
}

/** Flat, and of texts only codes and words of ours: see `detailProblem`. */
export type AuditDetail = Record<string, string | number | boolean | null>

/** ASCII without blanks or `@`: lets codes, days, formats and numbers through; names and addresses have more. */
const CODE = /^[\w.:,/+-]{0,100}$/

/** Why a detail must not be kept, or null: a text in it could name somebody. */
export function detailProblem(detail: AuditDetail): string | null {
  const bad = Object.entries(detail).find(([, value]) => typeof value === 'string' && !CODE.test(value))
  return bad ? `${bad[0]} is no code` : null
}

export type AuditEntry = {
  number: number
  at: Date
  /** Pseudonyms. */
  actor: string
  action: string
  subject: string | null
  /** Code of the agency. */
  agency: string | null
  detail: AuditDetail
}

/** The text of an entry that is hashed: JSON with keys in order, so that it is the same however it was stored. */
export function canonical({ number, at, actor, action, subject, agency, detail }: AuditEntry): string {
  const keys = Object.keys(detail).sort()
  const ordered = Object.fromEntries(keys.map(key => [key, detail[key]]))
  return JSON.stringify([number, at.toISOString(), actor, action, subject, agency, ordered])
}
