/** Refusals of a mailbox plan: what a person must look at before it may be applied. */

export type GuardLimits = { maxSuspend: number; maxSuspendPercent: number; maxRemove: number }

export type PlanCounts = {
  suspend: number
  remove: number
  /** Personal mailboxes in use, of which these would be suspended. */
  mailboxes: number
  agencies: readonly { code: string; suspend: number; mailboxes: number }[]
}

export type GuardReason =
  | { kind: 'suspend'; agency: string | null; count: number; of: number; limit: string }
  | { kind: 'remove'; count: number; limit: string }

export type Guard = { ok: boolean; reasons: GuardReason[] }

/** A share is judged from this many suspensions up; below, one leaver in a small agency would stop every plan. */
const PERCENT_FROM = 5

export function checkPlan(counts: PlanCounts, limits: GuardLimits): Guard {
  const reasons: GuardReason[] = []
  const overall = exceeded(counts.suspend, counts.mailboxes, limits)
  if (overall)
    reasons.push({
      kind: 'suspend',
      agency: null,
      count: counts.suspend,
      of: counts.mailboxes,
      limit: overall,
    })
  for (const { code, suspend, mailboxes } of counts.agencies) {
    const limit = exceeded(suspend, mailboxes, limits)
    if (limit) reasons.push({ kind: 'suspend', agency: code, count: suspend, of: mailboxes, limit })
  }
  if (counts.remove > limits.maxRemove) {
    reasons.push({ kind: 'remove', count: counts.remove, limit: String(limits.maxRemove) })
  }
  return { ok: reasons.length === 0, reasons }
}

function exceeded(count: number, of: number, limits: GuardLimits): string | null {
  if (count > limits.maxSuspend) return String(limits.maxSuspend)
  if (count >= PERCENT_FROM && count * 100 > limits.maxSuspendPercent * of)
    return `${limits.maxSuspendPercent}%`
  return null
}
