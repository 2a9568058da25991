/** What the routes of plans begin in the background: one making and one apply at a time, each recorded in the audit. */
import type { Operator } from '../access/access.ts'
import { appendAudit } from '../access/audit-store.ts'
import { partyOf } from '../access/plugin.ts'
import type { CommandContext } from '../command.ts'
import { toAppError } from '../error.ts'
import type { Background } from '../web/background.ts'
import { withPlatform } from './command.ts'
import { type ApplyResult, applyPlan } from './provisioner.ts'
import { makePlan, type PlanResult } from './reconcile.ts'

export type Desk = { context: CommandContext; background: Background }

/** Names of the works. */
export const MAKING = 'plan'
export const applying = (plan: number) => `apply ${plan}`

/** Begins to make a plan, or answers the making that goes on in this process. */
export function beginMaking({ context, background }: Desk, operator: Operator): Promise<PlanResult> {
  return background.start(MAKING, async signal => {
    const work = { ...context, signal }
    const result = await withPlatform(work, mailbox => makePlan(mailbox, null), operator.id)
    await record(context, operator, 'plan.made', { plan: result.plan, refused: result.refused.length })
    return result
  })
}

/** Begins to apply a plan, or answers the apply of it that goes on in this process. */
export function beginApply(
  { context, background }: Desk,
  operator: Operator,
  { plan, force }: { plan: number; force: boolean },
): Promise<ApplyResult> {
  return background.start(applying(plan), async signal => {
    const work = { ...context, signal }
    await record(context, operator, 'plan.applied', { plan, step: 'start', force })
    try {
      const result = await withPlatform(work, mailbox => applyPlan(mailbox, plan, { force }), operator.id)
      const { done, already, failed } = result
      await record(context, operator, 'plan.applied', { plan, step: 'end', done, already, failed })
      return result
    } catch (thrown) {
      await record(context, operator, 'plan.applied', { plan, step: 'end', error: toAppError(thrown).code })
      throw thrown
    }
  })
}

async function record(
  { database, now }: CommandContext,
  operator: Operator,
  action: 'plan.made' | 'plan.applied',
  detail: Record<string, string | number | boolean | null>,
): Promise<void> {
  await appendAudit(database.db, { at: now(), actor: partyOf(operator), action, detail })
}
