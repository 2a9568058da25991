/** What was ordered, by when, and where an agency stands against it. */
import { type Day, daysBetween, parseDay } from '../ids.ts'
import type { AgencyFigures } from './adoption.ts'

export type Indicator = 'issued' | 'activated' | 'used' | 'sending' | 'regular'

export type Target = {
  name: string
  indicator: Indicator
  /** Share of those who must have a mailbox, 0–1. */
  value: number
  /** Agencies of a level, one agency by its code, or the top of the tree where empty. */
  scope: { level?: string; agency?: string }
  /** First and last day, `YYYY-MM-DD`. */
  from: string
  due: string
  kind: 'reach' | 'keep'
}

export const targetStatuses = [
  'overdue',
  'broken',
  'behind',
  'atRisk',
  'unknown',
  'onPace',
  'met',
  'kept',
] as const
export type TargetStatus = (typeof targetStatuses)[number]

/** A target as an agency meets it. */
export type TargetState = {
  name: string
  indicator: Indicator
  due: string
  value: number
  /** People missing, negative where there are more than asked for; null where the figure is not known. */
  gap: number | null
  /** null where nobody must have a mailbox. */
  status: TargetStatus | null
}

/** How far below the straight line an agency may be and still only be at risk. */
const AT_RISK_SHARE = 0.9
/** Shares such as 0.7 are no exact binary numbers: 0.7 × 10 must ask for 7 people, not 8. */
const EPSILON = 1e-9

/**
 * The targets of each agency, in the order of the tree: for each indicator those of the nearest agency at or above it
 * that has any which has begun. Where one target names the agency itself and another only its level, the one that
 * names it counts.
 */
export function targetsOf(
  tree: readonly AgencyFigures[],
  targets: readonly Target[],
  day: Day,
): TargetState[][] {
  const begun = targets.filter(target => target.from <= day)
  const indexes = new Map(tree.map((agency, i) => [agency.code, i]))
  const nearest: Map<Indicator, Target[]>[] = []
  return tree.map((agency, i) => {
    const above = nearest[indexes.get(agency.parent ?? '') ?? -1]
    const mine = new Map(above)
    for (const [indicator, list] of Map.groupBy(matching(begun, agency), target => target.indicator))
      mine.set(indicator, list)
    nearest[i] = mine
    return begun
      .filter(target => mine.get(target.indicator)?.includes(target))
      .map(target => stateOf(target, agency, day))
  })
}

function matching(targets: readonly Target[], agency: AgencyFigures): Target[] {
  const found = targets.filter(({ scope }) => {
    if (scope.level === undefined && scope.agency === undefined) return agency.parent === null
    return (scope.level ?? agency.level) === agency.level && (scope.agency ?? agency.code) === agency.code
  })
  const named = new Set(
    found.filter(target => target.scope.agency !== undefined).map(target => target.indicator),
  )
  return found.filter(target => target.scope.agency !== undefined || !named.has(target.indicator))
}

function stateOf(target: Target, agency: AgencyFigures, day: Day): TargetState {
  const { name, indicator, due, value } = target
  const required = agency.required
  const count = agency.rate[indicator] === null ? null : agency[indicator]
  const gap = count === null || required === null ? null : Math.ceil(value * required - EPSILON) - count
  const status = required === 0 ? null : statusOf({ target, count, required, day })
  return { name, indicator, due, value, gap, status }
}

export type Standing = { target: Target; count: number | null; required: number | null; day: Day }

/**
 * The status of a target on a day; the rules in words are `targetRule` of `messages.ts`.
 *
 * - reach, up to its last day: `met` where the value is reached; else against the straight line from nothing on the
 *   first day to the value on the last: `onPace` on or above it, `atRisk` with at least 90 % of it, `behind` below.
 * - reach, after its last day: `met` or `overdue`.
 * - keep: `kept` or `broken`, on the day itself.
 * - `unknown` wherever the figure is.
 *
 * Compared as numbers of people, never as rounded rates.
 */
export function statusOf({ target, count, required, day }: Standing): TargetStatus {
  if (count === null || required === null) return 'unknown'
  const reached = count >= target.value * required - EPSILON
  if (target.kind === 'keep') return reached ? 'kept' : 'broken'
  if (reached) return 'met'
  if (day > target.due) return 'overdue'
  const line = target.value * required * elapsedShare(target, day)
  if (count >= line - EPSILON) return 'onPace'
  return count >= AT_RISK_SHARE * line - EPSILON ? 'atRisk' : 'behind'
}

function elapsedShare(target: Target, day: Day): number {
  const from = parseDay(target.from)
  const due = parseDay(target.due)
  if (from === null || due === null || due <= from) return 1
  return Math.min(1, daysBetween(from, day) / daysBetween(from, due))
}

/** Whether what an agency meets is this target; two of one name may ask for different things. */
export function isSameTarget(state: TargetState, { name, indicator, value, due }: Target): boolean {
  return state.name === name && state.indicator === indicator && state.value === value && state.due === due
}

/** The most pressing of an agency's targets, for where only one finds room. */
export function mostPressing(states: readonly TargetState[]): TargetState | null {
  const rank = (state: TargetState) =>
    state.status === null ? targetStatuses.length : targetStatuses.indexOf(state.status)
  return states.reduce<TargetState | null>(
    (worst, state) => (worst && rank(worst) <= rank(state) ? worst : state),
    null,
  )
}
