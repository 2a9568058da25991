/** Refusals of a mailbox plan: what a person must look at before it may be applied. */
import { limitPassed } from '../roster/guard.ts'

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

export function checkPlan(counts: PlanCounts, limits: GuardLimits): Guard {
  const bounds = { most: limits.maxSuspend, percent: limits.maxSuspendPercent }
  const reasons: GuardReason[] = []
  const overall = limitPassed(counts.suspend, counts.mailboxes, bounds)
  if (overall)
    reasons.push({
      kind: 'suspend',
      agency: null,
      count: counts.suspend,
      of: counts.mailboxes,
      limit: overall,
    })
  for (const { code, suspend, mailboxes } of counts.agencies) {
    const limit = limitPassed(suspend, mailboxes, bounds)
    if (limit) reasons.push({ kind: 'suspend', agency: code, count: suspend, of: mailboxes, limit })
  }
  if (counts.remove > limits.maxRemove) {
    reasons.push({ kind: 'remove', count: counts.remove, limit: String(limits.maxRemove) })
  }
  return { ok: reasons.length === 0, reasons }
}
