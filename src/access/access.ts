/**
 * Who may do what. One function, `may`, is asked by every page, API route and command.
 *
 * An operator's scope is an agency with all below it, or the whole installation. An action on an agency is given the
 * agency's path, itself first and the root last; an action on the installation as a whole has no path.
 */

export const roles = ['admin', 'agency-admin', 'head', 'viewer', 'auditor'] as const
export type Role = (typeof roles)[number]

export const actions = [
  /** Counts and rates of agencies. */
  'figures.view',
  /** Names of the people behind a count. */
  'names.view',
  /** What one named person did: days of use and why they count. Each look is recorded. */
  'activity.view',
  /** Taking figures or lists out as a file. */
  'export',
  'mailboxes.view',
  /** Activation links and sheets, also for a forgotten password. */
  'mailboxes.invite',
  'plans.view',
  'plans.make',
  'plans.apply',
  'runs.view',
  'runs.approve',
  'roster.sync',
  /** Bringing a list as a file: an agency's own, or with all rights that of the whole. */
  'roster.import',
  /** Opening, changing and closing agencies by hand. */
  'agencies.manage',
  /** What no rule settles of the roster, and who waits to move: by name. */
  'reviews.view',
  'reviews.answer',
  /** Saying that an agency's list is right. */
  'roster.confirm',
  /** Decisions and what they announce of people. */
  'decisions.view',
  'decisions.manage',
  /** Long absences that leave the count. */
  'absences.view',
  'absences.manage',
  'sources.view',
  'activity.ingest',
  'operators.view',
  'operators.manage',
  'audit.view',
  /** Database, backup, the service itself. */
  'system',
] as const
export type Action = (typeof actions)[number]

/** `id` is null for the command line, which acts as whoever may run it on the machine. */
export type Operator = { id: number | null; name: string; role: Role; agencyId: number | null }

/** Ids of an agency and those above it, itself first. */
export type AgencyPath = readonly number[]

const reads: readonly Action[] = [
  'figures.view',
  'names.view',
  'activity.view',
  'mailboxes.view',
  'plans.view',
  'runs.view',
  'reviews.view',
  'decisions.view',
  'absences.view',
  'sources.view',
  'operators.view',
  'audit.view',
]

const allowed: Record<Role, ReadonlySet<Action>> = {
  admin: new Set(actions),
  'agency-admin': new Set([
    'figures.view',
    'names.view',
    'activity.view',
    'export',
    'mailboxes.view',
    'mailboxes.invite',
    'decisions.view',
    'absences.view',
    'absences.manage',
    'reviews.view',
    'reviews.answer',
    'roster.confirm',
    'roster.import',
  ] satisfies Action[]),
  head: new Set([
    'figures.view',
    'names.view',
    'activity.view',
    'export',
    'reviews.view',
    'decisions.view',
    'absences.view',
  ] satisfies Action[]),
  viewer: new Set(['figures.view', 'export'] satisfies Action[]),
  auditor: new Set(reads),
}

/** Whether an operator may do this to an agency, or with `null` to the installation as a whole. */
export function may(operator: Operator, action: Action, agency: AgencyPath | null): boolean {
  if (!allowed[operator.role].has(action)) return false
  if (operator.agencyId === null) return true
  return agency?.includes(operator.agencyId) ?? false
}

/** Whether there is anything at all an operator may do this to: what a menu shows, before an agency is named. */
export function mayAnywhere(operator: Operator, action: Action): boolean {
  return may(operator, action, operator.agencyId === null ? null : [operator.agencyId])
}

/** The command line: whoever may run it reads the configuration and its secrets anyway. */
export const localOperator: Operator = { id: null, name: 'local', role: 'admin', agencyId: null }
