/** Many random lives of a province, on PostgreSQL; few of them are in truth.test.ts. */
import fc from 'fast-check'
import t from 'tap'
import { empty, stores } from '../support/database.ts'
import { life, live } from '../support/roster-life.ts'

const RUNS = Number(process.env.RUNS ?? 100)

t.setTimeout(1_800_000)
for (const store of stores().filter(({ name }) => name === 'PostgreSQL')) {
  t.test(`${RUNS} random lives on ${store.name}`, { skip: store.skip }, async t => {
    const database = await store.open()
    t.teardown(() => database.close())
    let lived = 0
    const property = fc.asyncProperty(life, async rounds => {
      await empty(database)
      await live(database, rounds)
      lived += 1
      if (lived % 20 === 0) t.comment(`${lived} lives`)
    })
    // the same lives each time, so that nobody's change fails for another's; SEED=n leads others, RUNS=n as many
    const seed = Number(process.env.SEED ?? 20261125)
    t.comment(`seed ${seed}`)
    await fc.assert(property, { numRuns: RUNS, seed })
    t.pass('as the model says')
  })
}
