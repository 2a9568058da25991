import { sql } from 'kysely'
import t, { type Test } from 'tap'
import { AppError } from '../../src/error.ts'
import { parseAddress } from '../../src/ids.ts'
import type { MemoryPlatform } from '../support/memory-platform.ts'
import { type Behaviours, type Ground, onEveryStore } from './ground.ts'
import { configOf, contents, held, lines, type Staff, type World } from './world.ts'

/** So many people of one name: annv, annv2, annv3 … */
function ans(count: number, from = 1): Staff[] {
  return Array.from({ length: count }, (_, at) => ({
    key: String(from + at).padStart(3, '0'),
    name: 'Nguyễn Văn An',
    agency: 'NV',
  }))
}

function address(text: string) {
  const parsed = parseAddress(text)
  if (parsed === null) throw new Error(text)
  return parsed
}

/** Each on the platform once and held by one person, and nothing left to do. */
async function settled(t: Test, { world, platform }: Ground, count: number): Promise<void> {
  t.equal(platform.mailboxes.size, count)
  t.equal(new Set(platform.created).size, platform.created.length, 'nothing was made twice')
  t.equal((await held(world)).length, count)
  const people = await lines(world, 'select distinct person_id::text as line from mailbox_holder')
  t.equal(people.length, count)
  t.match(await world.plan(), { plan: null, refused: [] })
  t.same(
    await lines(world, `select state as line from plan where state in ('making', 'open', 'applying')`),
    [],
  )
}

const states = (world: World) =>
  lines(world, `select state || ' ' || count(*) as line from plan_change group by state order by 1`)

const behaviours: Behaviours = {
  async 'a plan is done exactly, and done again it is all already so'(t, { world, platform }) {
    await world.roster([...ans(9), { key: 'x', name: 'Lê Thị Ế', agency: 'YT1' }])
    const { plan } = await world.plan()
    world.day = '2026-03-04'
    t.same(await world.apply(plan), { plan, done: 10, already: 0, failed: 0, failures: [], seconds: 0 })
    t.same(
      await lines(
        world,
        `select concat_ws(' ', p.staff_id, h.first_day, h.last_day, m.address, m.kind, m.state, m.name, m.quota_bytes,
           s.first_day, s.last_day, s.state, s.reason, a.address, a.kind, a.first_day, a.last_day) as line
         from mailbox m join mailbox_holder h on h.mailbox_id = m.id join person p on p.id = h.person_id
         join mailbox_state s on s.mailbox_id = m.id join mailbox_address a on a.mailbox_id = m.id
         where p.staff_id in ('002', 'x') order by p.staff_id`,
      ),
      [
        '002 2026-03-04 infinity annv2@tinh.test personal active Nguyễn Văn An 2147483648 2026-03-04 infinity active created annv2@tinh.test primary 2026-03-04 infinity',
        'x 2026-03-04 infinity elt@tinh.test personal active Lê Thị Ế 2147483648 2026-03-04 infinity active created elt@tinh.test primary 2026-03-04 infinity',
      ],
    )
    const [before, there] = [await contents(world), platform.contents()]
    const again = { plan, done: 0, already: 10, failed: 0, failures: [], seconds: 0 }
    t.same(await world.apply(plan), again)
    t.same(await world.apply(), again, 'the newest plan is meant where none is named')
    t.equal(await contents(world), before)
    t.equal(platform.contents(), there)
    await settled(t, { world, platform }, 10)
  },

  async 'a plan nobody has made is not found, and with none at all there is nothing to do'(t, { world }) {
    t.match(await world.apply(), { plan: null, done: 0, already: 0, failed: 0 })
    await t.rejects(world.apply(77), { code: 'not_found' })
  },

  async 'moved ground is refused and nothing changes on the platform'(t, { world, platform }) {
    const refused = async (what: string, move: () => unknown, plan: number | null, force = true) => {
      await move()
      const before = platform.contents()
      await t.rejects(world.apply(plan, force), { code: 'ground_moved', exitStatus: 3 }, what)
      t.equal(platform.contents(), before, what)
    }
    await world.roster(ans(6))
    const first = await world.plan()
    await refused('the roster moved', () => world.roster(ans(7)), first.plan)
    const second = await world.plan()
    await refused('superseded', () => {}, first.plan)
    const { config } = world
    await refused(
      'other settings',
      () => Object.assign(world, { config: configOf({ staffClasses: ['x'] }) }),
      null,
    )
    world.config = config
    const name = { name: 'Ai', quotaBytes: 0, password: '', suspended: false, token: null }
    const taken = address('annv6@tinh.test')
    await refused('taken by a mailbox', () => platform.mailboxes.set(taken, name), second.plan)
    platform.mailboxes.clear()
    const alias = { targets: [address('ai@tinh.test')], active: true }
    await refused('taken by an alias', () => platform.aliases.set(taken, alias), second.plan)
    platform.aliases.clear()
    t.match(await world.apply(second.plan), { done: 7 }, 'and with the ground back it is done')
    await world.roster(ans(5))
    const third = await world.plan()
    t.match(third.changes, { suspend: 2 })
    await refused('its mailbox is gone', () => platform.mailboxes.delete(taken), third.plan)
    t.match(await states(world), ['done 7', 'dropped 6', 'planned 2'])
  },

  async 'a mailbox that also forwards its mail is still that mailbox'(t, { world, platform }) {
    await world.roster(ans(2))
    await world.plan()
    await world.apply()
    for (const at of platform.mailboxes.keys())
      platform.aliases.set(at, { targets: [at, address('x@ngoai.test')], active: true })
    await world.roster(ans(1))
    const { plan } = await world.plan()
    platform.loseAfter = [Number.POSITIVE_INFINITY]
    t.match(await world.apply(plan), { done: 0, already: 1, failed: 0 })
    t.same(await held(world), ['001 annv@tinh.test active', '002 annv2@tinh.test suspended'])
  },

  async 'a connection lost before, amid or after a batch: the batch is told again'(t, { world, platform }) {
    await world.roster(ans(10))
    await world.plan()
    platform.loseAfter = [0, null, 2, null, Number.POSITIVE_INFINITY]
    t.match(await world.apply(), { done: 6, already: 4, failed: 0 })
    await settled(t, { world, platform }, 10)
  },

  async 'one bad change does not stop the others; a temporary failure is tried again, a lasting one is not'(
    t,
    { world, platform },
  ) {
    await world.roster(ans(10))
    const { plan } = await world.plan()
    platform.refused.set('annv2@tinh.test', { code: 'platform_unreachable', temporary: true })
    platform.refused.set('annv7@tinh.test', { code: 'platform_refused', temporary: false })
    const failures = [
      {
        change: 'create',
        address: 'annv2@tinh.test',
        reason: 'annv2@tinh.test is refused here',
        temporary: true,
      },
      {
        change: 'create',
        address: 'annv7@tinh.test',
        reason: 'annv7@tinh.test is refused here',
        temporary: false,
      },
    ]
    t.match(await world.apply(plan), { done: 8, already: 0, failed: 2, failures })
    t.same(await lines(world, 'select state as line from plan'), ['applying'])
    t.match(await world.apply(plan), { done: 0, already: 8, failed: 2, failures })
    platform.refused.clear()
    t.match(await world.apply(plan), { done: 1, already: 8, failed: 1, failures: failures.slice(1) })
    t.same(await lines(world, 'select state as line from plan'), ['applied'])
    t.match(await lines(world, 'select tries::text as line from plan_change order by number'), [
      '1',
      '3',
      '1',
      '1',
      '1',
      '1',
      '1',
    ])
    t.match(await world.apply(plan), { done: 0, already: 9, failed: 1 })
    t.match(await world.plan(), { changes: { create: 1 } })
    t.match(await world.apply(), { done: 1, already: 0, failed: 0 })
    await settled(t, { world, platform }, 10)
  },

  async 'a platform that goes down in the middle: what was done stays noted, the rest comes later'(
    t,
    ground,
  ) {
    const { world, platform } = ground
    await world.roster(ans(10))
    const { plan } = await world.plan()
    platform.beforeChange = downAt(platform, 'annv6@tinh.test')
    const result = await world.apply(plan)
    t.match(result, { plan, done: 4, already: 0, failed: 6 })
    t.ok(result.failures.every(({ temporary }) => temporary))
    t.equal(platform.mailboxes.size, 5, 'one more than was noted')
    t.same(await states(world), ['done 4', 'planned 2', 'started 4'])
    await t.rejects(world.apply(plan), { code: 'platform_unreachable', temporary: true })
    await t.rejects(world.plan(), { code: 'platform_unreachable', temporary: true })
    t.same(await states(world), ['done 4', 'planned 2', 'started 4'])
    Object.assign(platform, { down: false, beforeChange: () => {} })
    t.match(await world.apply(plan), { done: 5, already: 5, failed: 0 })
    await settled(t, ground, 10)
  },

  async 'two applies at once: one is refused as busy, nothing is doubled'(t, ground) {
    const { world, platform } = ground
    await world.roster(ans(40))
    const { plan } = await world.plan()
    const ends = await Promise.allSettled([world.apply(plan), world.apply(plan), world.plan()])
    const [busy, done] = [
      ends.filter(end => end.status === 'rejected'),
      ends.filter(end => end.status === 'fulfilled'),
    ]
    t.equal(done.length, 1)
    for (const { reason } of busy) t.match(reason, { code: 'busy', exitStatus: 3, temporary: true })
    if (platform.mailboxes.size === 0) await world.apply(plan)
    await settled(t, ground, 40)
  },

  async 'a run taken for broken off writes nothing more; the one after it loses nothing'(t, ground) {
    const { world, platform } = ground
    await world.roster(ans(10))
    const { plan } = await world.plan()
    const { connector } = world
    world.connector = {
      ...connector,
      async apply(changes, signal) {
        const outcomes = await connector.apply(changes, signal)
        if (platform.created.length === 8) {
          await sql`update run set state = 'broken' where state = 'running'`.execute(world.database.db)
        }
        return outcomes
      },
    }
    await t.rejects(world.apply(plan), { code: 'cancelled' })
    t.same(await states(world), ['done 4', 'planned 2', 'started 4'])
    world.connector = connector
    t.match(await world.apply(plan), { done: 2, already: 8, failed: 0 })
    await settled(t, ground, 10)
  },
}

/** Takes the platform down when this address comes up, with what was done of the batch. */
function downAt(platform: MemoryPlatform, at: string): MemoryPlatform['beforeChange'] {
  return change => {
    if (change.address !== at) return
    platform.down = true
    throw new AppError('platform_unreachable', 'the platform went down', { temporary: true })
  }
}

onEveryStore(t, 'applying a plan', behaviours)
