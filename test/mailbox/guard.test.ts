import t from 'tap'
import { checkPlan, type GuardLimits, type PlanCounts } from '../../src/mailbox/guard.ts'

const limits: GuardLimits = { maxSuspend: 50, maxSuspendPercent: 5, maxRemove: 20 }

/** The reasons in short: `suspend NV 6/10 over 5%`. */
function reasons(counts: Partial<PlanCounts>, given: GuardLimits = limits): string[] {
  const guard = checkPlan({ suspend: 0, remove: 0, mailboxes: 1_000, agencies: [], ...counts }, given)
  if (guard.ok !== (guard.reasons.length === 0)) throw new Error('ok and reasons disagree')
  return guard.reasons.map(reason =>
    reason.kind === 'remove'
      ? `remove ${reason.count} over ${reason.limit}`
      : `suspend ${reason.agency ?? 'all'} ${reason.count}/${reason.of} over ${reason.limit}`,
  )
}

t.test('suspensions overall: by number or by percent, percent from 5 up', async t => {
  const cases: [Partial<PlanCounts>, string[]][] = [
    [{}, []],
    [{ suspend: 4, mailboxes: 4 }, []],
    [{ suspend: 5, mailboxes: 100 }, []],
    [{ suspend: 5, mailboxes: 99 }, ['suspend all 5/99 over 5%']],
    [{ suspend: 50, mailboxes: 1_000 }, []],
    [{ suspend: 51, mailboxes: 100_000 }, ['suspend all 51/100000 over 50']],
    [{ suspend: 5, mailboxes: 0 }, ['suspend all 5/0 over 5%']],
  ]
  for (const [counts, wanted] of cases) t.same(reasons(counts), wanted, JSON.stringify(counts))
})

t.test('per agency by the same limits, and every breach is told', async t => {
  const agencies = [
    { code: 'NV', suspend: 4, mailboxes: 5 },
    { code: 'YT', suspend: 6, mailboxes: 10 },
    { code: 'XA', suspend: 41, mailboxes: 900 },
  ]
  t.same(reasons({ suspend: 51, mailboxes: 2_000, agencies }), [
    'suspend all 51/2000 over 50',
    'suspend YT 6/10 over 5%',
  ])
})

t.test('removals by number alone', async t => {
  t.same(reasons({ remove: 20 }), [])
  t.same(reasons({ remove: 21 }), ['remove 21 over 20'])
})

t.test('limits of 0 let nothing pass', async t => {
  const none = { maxSuspend: 0, maxSuspendPercent: 0, maxRemove: 0 }
  t.same(reasons({ suspend: 1, remove: 1 }, none), ['suspend all 1/1000 over 0', 'remove 1 over 0'])
})
