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
  const bounds = { most: limits.maxLeavers, percent: limits.maxLeaversPercent }
  const reasons: GuardReason[] = []
  if (input.read === 0) reasons.push({ kind: 'empty' })
  else if (!input.firstLoad) {
    const overall = limitPassed(input.leavers, input.staff, bounds)
    if (overall)
      reasons.push({
        kind: 'leavers',
        agency: null,
        leavers: input.leavers,
        staff: input.staff,
        limit: overall,
      })
    for (const { code, leavers, staff } of input.agencies) {
      const limit = limitPassed(leavers, staff, bounds)
      if (limit) reasons.push({ kind: 'leavers', agency: code, leavers, staff, limit })
    }
  }
  return { ok: reasons.length === 0, reasons }
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
