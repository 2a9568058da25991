import t from 'tap'
import { an, type Behaviours, changes, nothingLeft, onEveryStore, planAndApply, staff } from './ground.ts'
import { configOf, held, lines } from './world.ts'

const behaviours: Behaviours = {
  async 'leavers are suspended once, those who return resumed, those renamed updated'(t, { world }) {
    const [one, two, three] = [an('1', 'NV'), an('2', 'NV'), an('3', 'YT')]
    await world.roster([one, two, three])
    await planAndApply(world)
    world.day = '2026-03-10'
    await world.roster([two, { ...three, name: 'Nguyễn Văn Ân' }])
    const second = await planAndApply(world)
    t.same(await changes(world, second), ['suspend annv@tinh.test left', 'update annv3@tinh.test renamed'])
    await nothingLeft(t, world)
    world.day = '2026-03-20'
    await world.roster([{ ...one, name: 'Nguyễn Hữu An' }, two, { ...three, name: 'Nguyễn Văn Ân' }])
    const third = await planAndApply(world)
    t.same(await changes(world, third), ['resume annv@tinh.test returned', 'update annv@tinh.test renamed'])
    await nothingLeft(t, world)
    t.same(await held(world), [
      '1 annv@tinh.test active',
      '2 annv2@tinh.test active',
      '3 annv3@tinh.test active',
    ])
    t.same(
      await lines(
        world,
        `select concat_ws(' ', s.first_day, s.last_day, s.state, s.reason) as line from mailbox_state s
         join mailbox m on m.id = s.mailbox_id where m.address = 'annv@tinh.test' order by s.first_day`,
      ),
      [
        '2026-03-02 2026-03-09 active created',
        '2026-03-10 2026-03-19 suspended left',
        '2026-03-20 infinity active returned',
      ],
    )
  },

  async 'who waits to move to another agency keeps the mailbox until the waiting ends'(t, { world }) {
    await world.roster([an('1', 'NV'), an('2', 'NV')])
    await planAndApply(world)
    await world.database.exec(`update employment set last_day = '2026-03-09' where person_id = 1;
      insert into roster_holding (person_id, agency_id, first_day, last_day, source)
        select 1, agency_id, '2026-03-10', '2026-04-08', 'directory' from employment where person_id = 1`)
    for (const day of ['2026-03-10', '2026-04-08']) {
      world.day = day
      t.match(await world.plan(), { plan: null }, day)
    }
    world.day = '2026-04-09'
    const plan = await planAndApply(world)
    t.same(await changes(world, plan), ['suspend annv@tinh.test left'])
    await nothingLeft(t, world)
  },

  async 'another default size is an update of every mailbox in use'(t, { world, platform }) {
    await world.roster([an('1', 'NV'), an('2', 'NV')])
    await planAndApply(world)
    world.config = configOf({ quota: { default: '5 GB' } })
    const plan = await planAndApply(world)
    t.same(await changes(world, plan), ['update annv@tinh.test quota', 'update annv2@tinh.test quota'])
    t.same(
      [...platform.mailboxes.values()].map(({ quotaBytes }) => quotaBytes),
      [5 * 1024 ** 3, 5 * 1024 ** 3],
    )
  },

  async 'a mailbox that is gone from the platform is told of and holds nothing up'(t, { world, platform }) {
    await world.roster([an('1', 'NV'), an('2', 'NV'), an('3', 'NV')])
    await planAndApply(world)
    for (const address of [...platform.mailboxes.keys()].slice(0, 2)) platform.mailboxes.delete(address)
    await world.roster([an('1', 'NV', { name: 'Nguyễn Văn Ân' })])
    const plan = await world.plan()
    t.same(await changes(world, plan), ['suspend annv3@tinh.test left'])
    t.same(plan.refused, [
      { person: '2', reason: 'mailbox_missing annv2@tinh.test' },
      { person: '1', reason: 'mailbox_missing annv@tinh.test' },
    ])
    t.match(await world.apply(), { done: 1, failed: 0 })
  },

  async 'the guard stops many suspensions overall, and force passes it'(t, { world, platform }) {
    await world.roster([...staff(60, 'NV'), ...staff(40, 'YT', 60)])
    await planAndApply(world)
    await world.roster([...staff(57, 'NV'), ...staff(37, 'YT', 60)])
    const plan = await world.plan()
    t.match(plan, {
      changes: { suspend: 6 },
      guard: { ok: false, reasons: [{ kind: 'suspend', agency: null, count: 6, of: 100, limit: '5%' }] },
    })
    t.equal(plan.guard.reasons.length, 1, 'below 5 in an agency no share is judged')
    const before = platform.contents()
    await t.rejects(world.apply(plan.plan), {
      code: 'guard_refused',
      exitStatus: 3,
      details: { plan: plan.plan },
    })
    t.equal(platform.contents(), before)
    t.match(await world.plan(), { plan: plan.plan, guard: { ok: false } })
    t.match(await world.apply(plan.plan, true), { done: 6, failed: 0 })
  },

  async 'the guard stops an agency that loses too many, however large the rest is'(t, { world }) {
    await world.roster([...staff(150, 'NV'), ...staff(10, 'YT11', 150)])
    await planAndApply(world)
    await world.roster([...staff(150, 'NV'), ...staff(5, 'YT11', 150)])
    t.same((await world.plan()).guard, {
      ok: false,
      reasons: [{ kind: 'suspend', agency: 'YT11', count: 5, of: 10, limit: '5%' }],
    })
    world.config = configOf({ guard: { maxSuspend: 3, maxSuspendPercent: 100 } })
    t.match((await world.plan()).guard.reasons, [
      { agency: null, limit: '3' },
      { agency: 'YT11', limit: '3' },
    ])
  },
}

onEveryStore(t, 'a plan after people moved', behaviours)
