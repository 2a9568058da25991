/** Random lives of a province end as an independent model says: who serves where on each day, and what moved. */
import fc from 'fast-check'
import { sql } from 'kysely'
import t from 'tap'
import type { Db } from '../../src/database/database.ts'
import { embedded, empty } from '../support/database.ts'
import { life, live, type Round } from '../support/roster-life.ts'

const RUNS = 10
/** Fewer lives on a busy machine, never a failure for want of time. */
const LONGEST_MS = 25_000

t.test('random lives of a province', async t => {
  const database = await embedded()
  t.teardown(() => database.close())
  const property = fc.asyncProperty(life, async rounds => {
    await empty(database)
    await live(database, rounds)
    t.same(await pointingNowhere(database.db), [], 'every record and post is of a person and an agency')
  })
  // the same lives each time, so that nobody's change fails for another's; SEED=n leads others
  const seed = Number(process.env.SEED ?? 20261125)
  await fc.assert(property, { seed, numRuns: RUNS, interruptAfterTimeLimit: LONGEST_MS })
  t.pass('as the model says')
})

const round = (changes: Round['changes']): Round => ({ changes, days: 0, kind: 'plain', bad: [], order: 0 })
const exchanged: Record<string, Round[]> = {
  'a code given up and borne by nobody who can be taken': [
    round([
      { do: 'place', which: 0, other: 12 },
      { do: 'everywhere', who: 0 },
    ]),
    round([{ do: 'swap', which: 0, other: 14 }]),
    round([]),
  ],
  'a code exchanged with an agency that is closed': [
    round([]),
    round([{ do: 'close', which: 0 }]),
    round([]),
    round([{ do: 'swap', which: 1, other: 0 }]),
  ],
  'a post that was not taken, and a second source that knows the person': [
    round([{ do: 'post', who: 0, where: 19 }]),
    round([{ do: 'close', which: 4 }]),
    { ...round([]), days: 1, kind: 'second', bad: [12, 0], order: 713 },
  ],
  'an agency called otherwise while one of its people cannot be read, and a second source that knows them': [
    round([{ do: 'everywhere', who: 17 }]),
    round([{ do: 'class', who: 3 }]),
    { ...round([{ do: 'recode', which: 19 }]), kind: 'whole', bad: [5], order: 881 },
    { ...round([{ do: 'close', which: 31 }]), days: 2, kind: 'second', bad: [24], order: 576 },
  ],
  'codes exchanged while one of their people cannot be read, who is then placed by the old code': [
    round([{ do: 'open', which: 0, other: 0 }]),
    { ...round([{ do: 'swap', which: 0, other: 1 }]), bad: [0] },
    round([{ do: 'move', who: 0, where: 1 }]),
  ],
  'codes exchanged while one of their people cannot be read, and a second source that knows them': [
    round([{ do: 'everywhere', who: 17 }]),
    { ...round([{ do: 'swap', which: 0, other: 1 }]), kind: 'whole', bad: [5], order: 881 },
    { ...round([]), days: 2, kind: 'second', bad: [24], order: 576 },
  ],
}

t.test('codes and posts of which not all can be taken', async t => {
  const database = await embedded()
  t.teardown(() => database.close())
  for (const [title, rounds] of Object.entries(exchanged)) {
    await empty(database)
    await live(database, rounds)
    t.pass(title)
  }
})

/** What no foreign key looks after (migration 0010). */
async function pointingNowhere(db: Db): Promise<unknown[]> {
  const { rows } = await sql`
    select 'record' as kind, number as id from roster_record r
    where person_id is not null and not exists (select 1 from person p where p.id = r.person_id)
    union all
    select 'post', id from employment e where not exists (select 1 from person p where p.id = e.person_id)
      or not exists (select 1 from agency a where a.id = e.agency_id)`.execute(db)
  return rows
}
