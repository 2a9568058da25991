/** Whether a plan may be applied now, asked before an apply is begun in the background: who presses learns it at once. */
import type { Config } from '../config.ts'
import type { Db } from '../database/database.ts'
import { goingRuns } from '../database/run.ts'
import { AppError } from '../error.ts'
import { findPlan, groundOf } from './plan-store.ts'
import { settingsDigest } from './reconcile.ts'

/** `mailbox` runs that go on: the making of a plan, or an apply, and of which plan. */
export type GoingWork = { run: number; work: 'plan' | 'apply' | null; plan: number | null; startedAt: Date }

export async function goingWork(db: Db): Promise<GoingWork | null> {
  const [run] = await goingRuns(db, 'mailbox')
  if (!run) return null
  const { work, plan } = run.about
  return {
    run: run.id,
    work: work === 'plan' || work === 'apply' ? work : null,
    plan: typeof plan === 'number' ? plan : null,
    startedAt: run.startedAt,
  }
}

/**
 * `start`: begin it · `going`: it goes on already · `applied`: nothing is left to do. Throws `not_found`, `busy`,
 * `guard_refused`, `ground_moved` as an apply would, without asking the platform: that the apply does itself.
 */
export async function requireApplicable(
  { db, config }: { db: Db; config: Config },
  id: number,
  force: boolean,
): Promise<'start' | 'going' | 'applied'> {
  const plan = await findPlan(db, id)
  if (!plan) throw new AppError('not_found', `there is no plan ${id}`)
  const going = await goingWork(db)
  if (going?.work === 'apply' && isApplying(going, plan)) return 'going'
  if (plan.state === 'applied') return 'applied'
  if (plan.state === 'superseded' || (await groundOf(db, settingsDigest(config))) !== plan.ground)
    throw new AppError('ground_moved', `what plan ${id} was made on has changed; make a new plan`, {
      details: { plan: id, superseded: plan.state === 'superseded' },
    })
  if (!plan.guard.ok && !force)
    throw new AppError('guard_refused', `plan ${id} passes a limit of the guard; look at it, then force it`, {
      details: { plan: id, guard: plan.guard },
    })
  if (going)
    throw new AppError('busy', `another mailbox run is going on (run ${going.run}); wait for it to end`, {
      temporary: true,
      details: { run: going.run },
    })
  return 'start'
}

/** An apply that was started without naming a plan takes the newest; its state tells which that was. */
export function isApplying(going: GoingWork, plan: { id: number; state: string }): boolean {
  if (going.work !== 'apply') return false
  return going.plan === plan.id || (going.plan === null && plan.state === 'applying')
}
