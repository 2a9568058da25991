/** What right each command of the command line asks for, and what the audit keeps of it. */
import type { Action } from './access.ts'
import type { AuditAction } from './audit.ts'

type Options = Record<string, unknown>

export type CommandRight = {
  action: Action
  /** null: nothing is recorded, because nothing is changed or taken out, or the command records it itself. */
  audit: AuditAction | null
  /** Of those that only sometimes do what is recorded. */
  when?: (options: Options) => boolean
}

export const commandRights: Record<string, CommandRight> = {
  check: { action: 'system', audit: null },
  migrate: { action: 'system', audit: 'database.migrated' },
  serve: { action: 'system', audit: null },
  nightly: { action: 'system', audit: 'night.run' },
  backup: { action: 'system', audit: 'backup.made' },
  restore: { action: 'system', audit: 'backup.restored' },
  'operator add': { action: 'operators.manage', audit: null },
  'operator link': { action: 'operators.manage', audit: null },
  'operator disable': { action: 'operators.manage', audit: null },
  'audit verify': { action: 'audit.view', audit: null },
  'roster sync': { action: 'roster.sync', audit: 'roster.synced' },
  'roster import': { action: 'roster.sync', audit: 'roster.imported' },
  'roster approve': { action: 'runs.approve', audit: 'run.approved' },
  'roster reviews': { action: 'reviews.view', audit: 'export' },
  'roster answer': { action: 'reviews.answer', audit: null },
  'roster holding': { action: 'reviews.view', audit: 'export' },
  'roster confirm': { action: 'roster.confirm', audit: null },
  'roster announce': { action: 'decisions.manage', audit: 'decision.announced' },
  'roster announcements': { action: 'decisions.view', audit: 'people.listed' },
  'roster withdraw': { action: 'decisions.manage', audit: 'decision.withdrawn' },
  'roster absence': { action: 'absences.manage', audit: 'absence.entered' },
  'agency list': { action: 'figures.view', audit: null },
  'agency history': { action: 'figures.view', audit: null },
  'agency open': { action: 'agencies.manage', audit: null },
  'agency change': { action: 'agencies.manage', audit: null },
  'agency close': { action: 'agencies.manage', audit: null },
  'agency withdraw': { action: 'agencies.manage', audit: null },
  'mailbox plan': { action: 'plans.make', audit: 'plan.made' },
  'mailbox apply': { action: 'plans.apply', audit: 'plan.applied' },
  'mailbox invite': { action: 'mailboxes.invite', audit: 'mailbox.invited' },
  'mailbox list': { action: 'export', audit: 'export' },
  'activity ingest': { action: 'activity.ingest', audit: 'activity.ingested' },
  'activity parse': { action: 'activity.ingest', audit: null },
  'activity sweep': { action: 'activity.ingest', audit: 'activity.swept' },
  adoption: { action: 'figures.view', audit: 'export', when: ({ output }) => output !== undefined },
  explain: { action: 'activity.view', audit: 'person.viewed' },
}

/** What of a command goes to the audit; a dry run leaves no row. */
export function commandAudit(name: string, options: Options): AuditAction | null {
  const right = commandRights[name]
  if (!right || options['dry-run'] === true || right.when?.(options) === false) return null
  return right.audit
}
