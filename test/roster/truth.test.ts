/** Random lives of a province end as an independent model says: who serves where on each day, and what moved. */
import fc from 'fast-check'
import t from 'tap'
import { embedded, empty } from '../support/database.ts'
import { life, live } from '../support/roster-life.ts'

const RUNS = 8
/** Fewer lives on a busy machine, never a failure for want of time. */
const LONGEST_MS = 25_000

t.test('random lives of a province', async t => {
  const database = await embedded()
  t.teardown(() => database.close())
  const property = fc.asyncProperty(life, async rounds => {
    await empty(database)
    await live(database, rounds)
  })
  // the same lives each time, so that nobody's change fails for another's; SEED=n leads others
  const seed = Number(process.env.SEED ?? 20261125)
  await fc.assert(property, { seed, numRuns: RUNS, interruptAfterTimeLimit: LONGEST_MS })
  t.pass('as the model says')
})
