/**
 * Refusals of a roster run: an outage read as "everyone left" suspends thousands of mailboxes, a source that names
 * everybody anew doubles them, a renamed unit moves them all.
 */

export type GuardLimits = {
  maxLeavers: number
  maxLeaversPercent: number
  maxMoversPercent: number
  maxRenamedPercent: number
  maxJoinersPercent: number
  maxAgenciesPercent: number
}

export type GuardInput = {
  /** People read from the source; none at all is an outage, whatever the limits. */
  read: number
  /** Whether this source was never saved before. */
  firstLoad: boolean
  leavers: number
  /** People of the source in service before the run. */
  staff: number
  /** Agencies that lose somebody. */
  agencies: readonly { code: string; name: string; leavers: number; staff: number }[]
  movers: number
  /** People who would bear another name. */
  renamed: number
  joiners: number
  /** Agencies of the source that would be closed and made, and those known before. */
  tree: { closed: number; created: number; known: number }
}

export type GuardReason =
  | { kind: 'empty' }
  | { kind: 'incomplete'; message: string }
  | { kind: 'leavers'; agency: string | null; leavers: number; staff: number; limit: string }
  | {
      kind: 'movers' | 'renamed' | 'joiners' | 'agenciesClosed' | 'agenciesCreated'
      count: number
      of: number
      limit: string
    }

export type Guard = { ok: boolean; reasons: GuardReason[] }

/**
 * From this many people up a share is judged too. With fewer, one resignation in a commune of twelve would stop
 * every night; the limit by number still holds there.
 */
const PERCENT_FROM = 5
/** Joiners come in waves, a school year or a merger: below this many they are no sign of a source gone wrong. */
const JOINERS_FROM = 50

export function checkRoster(input: GuardInput, limits: GuardLimits): Guard {
  if (input.read === 0) return { ok: false, reasons: [{ kind: 'empty' }] }
  if (input.firstLoad) return { ok: true, reasons: [] }
  const reasons = [...leaverReasons(input, limits), ...upheavalReasons(input, limits)]
  return { ok: reasons.length === 0, reasons }
}

function leaverReasons(input: GuardInput, limits: GuardLimits): GuardReason[] {
  const bounds = { most: limits.maxLeavers, percent: limits.maxLeaversPercent }
  const all = { agency: null, leavers: input.leavers, staff: input.staff }
  const each = input.agencies.map(({ code, leavers, staff }) => ({ agency: code, leavers, staff }))
  return [all, ...each].flatMap((counts): GuardReason[] => {
    const limit = limitPassed(counts.leavers, counts.staff, bounds)
    return limit === null ? [] : [{ kind: 'leavers', ...counts, limit }]
  })
}

/** What no ordinary day brings: everybody of another name, in another agency, or known for the first time. */
function upheavalReasons(input: GuardInput, limits: GuardLimits): GuardReason[] {
  const { movers, renamed, joiners, staff, tree } = input
  const judged = [
    { kind: 'movers', count: movers, of: staff, percent: limits.maxMoversPercent, from: PERCENT_FROM },
    { kind: 'renamed', count: renamed, of: staff, percent: limits.maxRenamedPercent, from: PERCENT_FROM },
    { kind: 'joiners', count: joiners, of: staff, percent: limits.maxJoinersPercent, from: JOINERS_FROM },
    {
      kind: 'agenciesClosed',
      count: tree.closed,
      of: tree.known,
      percent: limits.maxAgenciesPercent,
      from: PERCENT_FROM,
    },
    {
      kind: 'agenciesCreated',
      count: tree.created,
      of: tree.known,
      percent: limits.maxAgenciesPercent,
      from: PERCENT_FROM,
    },
  ] as const
  return judged.flatMap(({ kind, count, of, percent, from }): GuardReason[] =>
    count >= from && count * 100 > percent * of ? [{ kind, count, of, limit: `${percent}%` }] : [],
  )
}

/**
 * The limit that is passed, by number or by share (per cent), whichever first; else null. The mailbox subject judges
 * suspensions by it too.
 */
export function limitPassed(
  count: number,
  of: number,
  limits: { most: number; percent: number },
): string | null {
  if (count > limits.most) return String(limits.most)
  if (count >= PERCENT_FROM && count * 100 > limits.percent * of) return `${limits.percent}%`
  return null
}
