/** Round after round of joiners, a leaver, one who returns and one renamed, and whether all is whole after each. */
import type { Test } from 'tap'
import type { Database } from '../../src/database/database.ts'
import { addDays, parseDay } from '../../src/ids.ts'
import { createMemoryPlatform, type MemoryPlatform } from '../support/memory-platform.ts'
import { lines, type Staff, type World, worldOf } from './world.ts'

export type Ground = { world: World; platform: MemoryPlatform; round: number }

export function openGround(database: Database): Ground {
  const platform = createMemoryPlatform({ domains: ['tinh.test'], batchSize: 3 })
  return { world: worldOf(database, platform.connector), platform, round: 0 }
}

const NEW_EACH_ROUND = 4

/** The roster of a round: four new people of one name, one leaves, who left is back, one has another name. */
function rosterOf(round: number): Staff[] {
  const joined = Array.from({ length: NEW_EACH_ROUND * round }, (_, at) => at)
  return joined
    .filter(at => at !== (round - 2) * NEW_EACH_ROUND)
    .map(at => {
      const renamed = at % NEW_EACH_ROUND === 1 && at < (round - 1) * NEW_EACH_ROUND
      return {
        key: String(at).padStart(4, '0'),
        name: renamed ? 'Nguyễn Văn Ân' : 'Nguyễn Văn An',
        agency: 'NV',
      }
    })
}

export async function nextRound(ground: Ground): Promise<void> {
  const { world } = ground
  ground.round++
  const day = parseDay(world.day)
  if (day !== null) world.day = addDays(day, 1)
  await world.roster(rosterOf(ground.round))
}

/** Every person has exactly one mailbox, each is on the platform once and as we know it, and nothing is left to do. */
export async function isWhole(t: Test, { world, platform, round }: Ground, step: string): Promise<void> {
  t.match(await world.plan(), { plan: null, refused: [] }, `nothing is left to do: ${step}`)
  const known = await lines(
    world,
    `select concat_ws('|', m.address, m.name, m.state, s.state, count(h.person_id), count(distinct s.mailbox_id)) as line
     from mailbox m left join mailbox_holder h on h.mailbox_id = m.id
     left join mailbox_state s on s.mailbox_id = m.id and s.last_day = 'infinity'
     group by m.address, m.name, m.state, s.state`,
  )
  const there = [...platform.mailboxes].map(([address, { name, suspended }]) => {
    const state = suspended ? 'suspended' : 'active'
    return `${address}|${name}|${state}|${state}|1|1`
  })
  t.same(known.sort(), there.sort(), `as on the platform: ${step}`)
  const people = await lines(world, 'select distinct person_id::text as line from mailbox_holder')
  t.same([people.length, there.length], [NEW_EACH_ROUND * round, NEW_EACH_ROUND * round], `one each: ${step}`)
  t.equal(platform.created.length, there.length, `none made twice: ${step}`)
  const suspended = there.filter(line => line.includes('suspended')).length
  t.equal(suspended, round > 1 ? 1 : 0, `the leaver alone is suspended: ${step}`)
  const open = `select state as line from plan_change where state in ('planned', 'started', 'failed')
    union all select state from plan where state in ('making', 'open', 'applying')`
  t.same(await lines(world, open), [], `nothing is left open: ${step}`)
}

export type Work = (world: World) => Promise<unknown>

export const apply: Work = world => world.apply()
export const planAndApply: Work = async world => {
  await world.plan()
  await world.apply()
}
