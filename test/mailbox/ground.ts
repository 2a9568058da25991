/** What the tests of planning share: people and strangers of theirs, and a ground for each on every database. */
import type { Test } from 'tap'
import { parseAddress } from '../../src/ids.ts'
import type { PlanResult } from '../../src/mailbox/reconcile.ts'
import { stores } from '../support/database.ts'
import { createMemoryPlatform, type MemoryPlatform } from '../support/memory-platform.ts'
import { contents, lines, type Staff, type World, worldOf } from './world.ts'

export type Ground = { world: World; platform: MemoryPlatform }
export type Behaviours = Record<string, (t: Test, ground: Ground) => Promise<void>>

/** Runs each behaviour on every database, with a world and a platform of its own. */
export function onEveryStore(t: Test, what: string, behaviours: Behaviours): void {
  for (const store of stores()) {
    t.test(`${what} on ${store.name}`, { skip: store.skip }, async t => {
      for (const [name, body] of Object.entries(behaviours)) {
        t.test(name, async t => {
          const database = await store.open()
          t.teardown(() => database.close())
          const platform = createMemoryPlatform({ domains: ['tinh.test', 'yt.test'], batchSize: 4 })
          await body(t, { platform, world: worldOf(database, platform.connector) })
        })
      }
    })
  }
}

export function an(key: string, agency: string, rest: Partial<Staff> = {}): Staff {
  return { key, name: 'Nguyễn Văn An', agency, ...rest }
}

/** People of different names: Trần Thị A… at the agency. */
export function staff(count: number, agency: string, from = 0): Staff[] {
  return Array.from({ length: count }, (_, at) => {
    const number = from + at
    const word = String.fromCharCode(65 + (number % 26)) + 'a'.repeat(1 + Math.floor(number / 26))
    return { key: `${agency}-${String(number).padStart(3, '0')}`, name: `Trần Thị ${word}`, agency }
  })
}

/** A mailbox that was on the platform before us, or somebody made there by hand. */
export function stranger(platform: MemoryPlatform, at: string, name: string): void {
  const address = parseAddress(at)
  if (address === null) throw new Error(at)
  platform.mailboxes.set(address, { name, quotaBytes: 0, password: 'x', suspended: false, token: null })
}

export function alias(platform: MemoryPlatform, at: string, target: string): void {
  const [address, to] = [parseAddress(at), parseAddress(target)]
  if (address === null || to === null) throw new Error(at)
  platform.aliases.set(address, { targets: [to], active: true })
}

/** What a stored plan would do: `kind address reason`. */
export function changes(world: World, { plan }: PlanResult): Promise<string[]> {
  const text = `select concat_ws(' ', kind, address, reason) as line from plan_change where plan_id = ${plan} order by number`
  return lines(world, text)
}

/** A plan straight after an apply is none, and writes nothing. */
export async function nothingLeft(t: Test, world: World): Promise<void> {
  const before = await contents(world)
  t.match(await world.plan(), { plan: null })
  t.equal(await contents(world), before)
}

export async function planAndApply(world: World, force = false): Promise<PlanResult> {
  const plan = await world.plan()
  await world.apply(plan.plan, force)
  return plan
}
