/**
 * Refusals of a roster run: an outage read as "everyone left" suspends thousands of mailboxes.
 */

export type GuardLimits = { maxLeavers: number; maxLeaversPercent: number }

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
}

export type GuardReason =
  | { kind: 'empty' }
  | { kind: 'incomplete'; message: string }
  | { kind: 'leavers'; agency: string | null; leavers: number; staff: number; limit: string }

export type Guard = { ok: boolean; reasons: GuardReason[] }

/**
 * From this many people up a share is judged too. With fewer, one resignation in a commune of twelve would stop
 * every night; the limit by number still holds there.
 */
const PERCENT_FROM = 5

export function checkRoster(input: GuardInput, limits: GuardLimits): Guard {
  const reasons: GuardReason[] = []
  if (input.read === 0) reasons.push({ kind: 'empty' })
  else if (!input.firstLoad) {
    const overall = exceeded(input.leavers, input.staff, limits)
    if (overall)
      reasons.push({
        kind: 'leavers',
        agency: null,
        leavers: input.leavers,
        staff: input.staff,
        limit: overall,
      })
    for (const { code, leavers, staff } of input.agencies) {
      const limit = exceeded(leavers, staff, limits)
      if (limit) reasons.push({ kind: 'leavers', agency: code, leavers, staff, limit })
    }
  }
  return { ok: reasons.length === 0, reasons }
}

/** The limit that is passed, by number or by share, whichever first; else null. */
function exceeded(count: number, of: number, limits: GuardLimits): string | null {
  if (count > limits.maxLeavers) return String(limits.maxLeavers)
  if (count >= PERCENT_FROM && count * 100 > limits.maxLeaversPercent * of)
    return `${limits.maxLeaversPercent}%`
  return null
}
