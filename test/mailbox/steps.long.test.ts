/**
 * A run that ends before any of its steps whatever, by an error after which nothing answers any more: the next run
 * loses nothing and doubles nothing.
 */
import { sql } from 'kysely'
import t from 'tap'
import { stores } from '../support/database.ts'
import { apply, type Ground, isWhole, nextRound, openGround, planAndApply, type Work } from './rounds.ts'
import { watchedConnector, watchedDatabase } from './steps.ts'
import { worldOf } from './world.ts'

class Death extends Error {}

/** Does the work and dies before its nth step, and amid a batch of the platform. Answers the step, null if it lived. */
async function dieAt(ground: Ground, nth: number, work: Work): Promise<string | null> {
  const { world, platform } = ground
  let steps = 0
  let fatal: string | null = null
  const watch = (step: string) => {
    if (fatal === null && ++steps === nth) fatal = step
    if (fatal !== null) throw new Death(fatal)
  }
  platform.beforeChange = change => watch(`platform: before ${change.kind}`)
  const mortal = worldOf(watchedDatabase(world.database, watch), watchedConnector(platform.connector, watch))
  mortal.day = world.day
  const died = await work(mortal).then(
    () => false,
    thrown => fatal !== null && isDeath(thrown),
  )
  platform.beforeChange = () => {}
  if (died !== (fatal !== null)) throw new Error(`the work did not end where it was to: ${fatal}`)
  // the process that died is this one: what another would see by its pid is seen by its silence
  await sql`update run set heartbeat_at = now() - interval '1 hour' where state = 'running'`.execute(
    world.database.db,
  )
  return fatal
}

function isDeath(thrown: unknown): boolean {
  return thrown instanceof Death || (thrown instanceof Error && isDeath(thrown.cause))
}

const sweeps: Record<string, { prepare: Work; work: Work; recover: Work }> = {
  'an apply that ends at any step is finished by the next': {
    prepare: world => world.plan(),
    work: apply,
    recover: apply,
  },
  'or a new plan takes up what is left': {
    prepare: world => world.plan(),
    work: apply,
    recover: planAndApply,
  },
  'a planning that ends at any step is made anew': {
    prepare: async () => {},
    work: world => world.plan(),
    recover: planAndApply,
  },
}

for (const store of stores()) {
  t.test(`every step on ${store.name}`, { skip: store.skip }, async t => {
    for (const [name, { prepare, work, recover }] of Object.entries(sweeps)) {
      t.test(name, async t => {
        const database = await store.open()
        t.teardown(() => database.close())
        const ground = openGround(database)
        await nextRound(ground)
        await planAndApply(ground.world)
        for (let nth = 1, alive = false; !alive; nth++) {
          await nextRound(ground)
          await prepare(ground.world)
          const step = await dieAt(ground, nth, work)
          alive = step === null
          t.comment(`${nth}: ${step?.slice(0, 90) ?? 'lived'}`)
          await recover(ground.world)
          await isWhole(t, ground, `${nth} ${step}`)
        }
      })
    }
  })
}
