import t from 'tap'
import { alias, an, type Behaviours, changes, onEveryStore, planAndApply, staff, stranger } from './ground.ts'
import { configOf, contents, held, lines } from './world.ts'

const behaviours: Behaviours = {
  async 'three people of one name get three addresses, in the order they became known'(
    t,
    { world, platform },
  ) {
    await world.roster([
      an('1', 'NV'),
      an('2', 'YT1'),
      an('3', 'YT'),
      { key: '4', name: 'Lê An', agency: 'NV' },
    ])
    const plan = await world.plan()
    t.match(plan, {
      plan: 1,
      changes: { create: 4, suspend: 0 },
      refused: [],
      guard: { ok: true, reasons: [] },
    })
    t.same(await changes(world, plan), [
      'create annv@tinh.test required',
      'create annv2@tinh.test required',
      'create annv3@tinh.test required',
      'create anl@tinh.test required',
    ])
    t.equal(platform.mailboxes.size, 0, 'and nothing went to the platform')
  },

  async 'a rule counts for its agency and all below it, the nearest first'(t, { world }) {
    const domains = { '*': 'tinh.test', YT: 'yt.test', YT11: 'yt.test' }
    world.config = configOf({
      naming: Object.entries(domains).map(([agency, domain]) => ({
        agency,
        domain,
        pattern: agency === 'YT11' ? '{full}' : '{given}{initials}',
      })),
    })
    await world.roster([an('1', 'NV'), an('2', 'YT'), an('3', 'YT1'), an('4', 'YT11'), an('5', 'XA')])
    t.same(await changes(world, await world.plan()), [
      'create annv@tinh.test required',
      'create annv@yt.test required',
      'create annv2@yt.test required',
      'create nguyenvanan@yt.test required',
      'create annv2@tinh.test required',
    ])
  },

  async 'who cannot be named is refused with the reason, the others go on'(t, { world, platform }) {
    world.config = configOf({
      naming: [
        { agency: 'YT', domain: 'yt.test', pattern: '{given}{initials}', collision: [] },
        { agency: 'NV', domain: 'tinh.test', pattern: '{given}{initials}', collision: [] },
      ],
    })
    stranger(platform, 'donga@tinh.test', 'PHAM THI DONG A')
    await world.roster([
      an('1', 'XA'),
      an('2', 'YT'),
      an('3', 'YT1'),
      { key: '4', name: '李明', agency: 'NV' },
      { key: '5', name: 'Phạm Thị Đông Á', agency: 'NV' },
      { key: '6', name: 'Hà Văn Thu', agency: 'NV' },
    ])
    const plan = await world.plan()
    t.same(await changes(world, plan), ['create annv@yt.test required', 'create thuhv@tinh.test required'])
    const refused = plan.refused.map(({ person, reason }) => `${person} ${reason}`)
    t.same(refused.sort(), [
      '1 no_naming_rule',
      '3 no_address_left',
      '4 no_address_left',
      '5 may_have_mailbox donga@tinh.test',
    ])
  },

  async 'an address that stands on the platform as mailbox or alias is not given'(t, { world, platform }) {
    stranger(platform, 'annv@tinh.test', 'Hộp thư chung')
    alias(platform, 'annv2@tinh.test', 'annv@tinh.test')
    stranger(platform, 'annv3@yt.test', 'Khác miền')
    await world.roster([an('1', 'NV'), an('2', 'NV')])
    t.same(await changes(world, await world.plan()), [
      'create annv3@tinh.test required',
      'create annv4@tinh.test required',
    ])
  },

  async 'many of one name get the lowest free ordinals in their order, over holes and pages'(
    t,
    { world, platform },
  ) {
    for (const n of [3, 4, 5, 9, 10, 11, 12, 13, 14, 40])
      stranger(platform, `annv${n}@tinh.test`, `Hộp thư ${n}`)
    const count = 1_030
    await world.roster(Array.from({ length: count }, (_, at) => an(String(at).padStart(4, '0'), 'NV')))
    await world.plan()
    const wanted = Array.from({ length: count + 20 }, (_, at) => (at < 1 ? 'annv' : `annv${at + 1}`))
      .filter(local => !/^annv(3|4|5|9|1[0-4]|40)$/.test(local))
      .slice(0, count)
    const planned = await lines(
      world,
      `select p.staff_id || ' ' || c.address as line from plan_change c join person p on p.id = c.person_id order by 1`,
    )
    t.same(
      planned,
      wanted.map((local, at) => `${String(at).padStart(4, '0')} ${local}@tinh.test`),
    )
  },

  async 'an address once given is never given to another, not even when it is gone'(t, { world, platform }) {
    await world.roster([an('1', 'NV')])
    await planAndApply(world)
    alias(platform, 'annv2@tinh.test', 'annv@tinh.test')
    world.day = '2026-03-03'
    await world.plan()
    platform.aliases.clear()
    world.day = '2026-03-05'
    await world.roster([an('2', 'NV')])
    await planAndApply(world)
    platform.mailboxes.clear()
    await world.plan()
    t.same(
      await lines(
        world,
        `select concat_ws(' ', address, kind, first_day, last_day) as line from mailbox_address order by 1`,
      ),
      [
        'annv2@tinh.test alias -infinity 2026-03-04',
        'annv3@tinh.test primary 2026-03-05 infinity',
        'annv@tinh.test primary 2026-03-02 infinity',
      ],
    )
    await world.roster([an('2', 'NV'), an('3', 'NV')])
    t.same(await changes(world, await world.plan()), ['create annv4@tinh.test required'])
  },

  async 'only those who must have a mailbox get one'(t, { world }) {
    world.config = configOf({ staffClasses: ['Công Chức'.normalize('NFD'), 'viên chức'] })
    await world.roster([
      an('1', 'NV', { cls: 'Hợp đồng' }),
      an('2', 'NV', { cls: 'VIÊN CHỨC' }),
      an('3', 'NV', { absent: '2026-03-01' }),
      an('4', 'NV', { absent: '2026-03-03' }),
    ])
    const plan = await planAndApply(world)
    t.match(plan, { changes: { create: 2 }, refused: [] })
    t.same(await held(world), ['2 annv@tinh.test active', '4 annv2@tinh.test active'])
    world.day = '2026-03-09'
    await world.roster([
      an('1', 'NV', { cls: 'Công chức' }),
      an('2', 'NV', { cls: 'khác' }),
      an('3', 'NV'),
      an('4', 'NV'),
    ])
    t.same(await changes(world, await world.plan()), [
      'create annv3@tinh.test required',
      'create annv4@tinh.test required',
    ])
  },

  async 'a plan for an agency holds it and all below it, and no one else'(t, { world }) {
    await world.roster([an('1', 'NV'), an('2', 'YT'), an('3', 'YT11')])
    t.same(await changes(world, await world.plan('YT')), [
      'create annv@tinh.test required',
      'create annv2@tinh.test required',
    ])
    t.match(await world.plan('H99'), { changes: { create: 3 } })
    await t.rejects(world.plan('KHONG'), { code: 'not_found' })
  },

  async 'the same plan made again is the one there is, and writes nothing'(t, { world, platform }) {
    stranger(platform, 'chung@tinh.test', 'Hộp thư chung')
    await world.roster([...staff(9, 'NV'), an('x', 'YT1'), an('y', 'XA')])
    const first = await world.plan()
    const before = await contents(world)
    t.same(await world.plan(), first)
    world.day = '2026-03-03'
    t.same(await world.plan(), first)
    t.equal(await contents(world), before)
  },

  async 'a plan that changes nothing is none, and writes nothing'(t, { world, platform }) {
    await world.roster([...staff(9, 'NV'), an('x', 'YT1')])
    await planAndApply(world)
    alias(platform, 'vanthu.nv@tinh.test', 'annv@tinh.test')
    t.match(await world.plan(), { plan: null })
    const before = await contents(world)
    world.day = '2026-03-03'
    t.match(await world.plan(), { plan: null, changes: { create: 0 }, refused: [], guard: { ok: true } })
    t.equal(await contents(world), before)
  },

  async 'another plan takes the place of the one before, a plan for nothing too'(t, { world }) {
    await world.roster([an('1', 'NV')])
    const first = await world.plan()
    await world.roster([an('1', 'NV'), an('2', 'YT')])
    const second = await world.plan()
    t.not(second.digest, first.digest)
    await world.roster([an('1', 'NV', { cls: 'khác' }), an('2', 'YT', { cls: 'khác' })])
    t.match(await world.plan(), { plan: null })
    t.same(await lines(world, `select id || ' ' || state as line from plan order by id`), [
      `${first.plan} superseded`,
      `${second.plan} superseded`,
    ])
    t.same(await lines(world, 'select distinct state as line from plan_change'), ['dropped'])
  },

  async 'a listing that breaks off leaves no plan, and what was known of the platform'(
    t,
    { world, platform },
  ) {
    await world.roster([an('1', 'NV')])
    await planAndApply(world)
    await world.roster([an('1', 'NV'), an('2', 'NV')])
    for (let at = 0; at < 1_500; at++) stranger(platform, `chung${at}@tinh.test`, `Hộp thư ${at}`)
    const before = await contents(world)
    const { connector } = world
    world.connector = {
      ...connector,
      async *list(signal) {
        for await (const page of connector.list(signal)) {
          yield page
          platform.down = true
        }
      },
    }
    await t.rejects(world.plan(), { code: 'platform_unreachable', temporary: true })
    const left = (text: string) => text.split('\n').filter(line => !line.startsWith('platform_listed'))
    t.same(left(await contents(world)), left(before))
    platform.down = false
    world.connector = connector
    t.same(await changes(world, await world.plan()), ['create annv2@tinh.test required'])
    t.same(await lines(world, 'select address as line from platform_listed'), [])
  },
}

onEveryStore(t, 'making a plan', behaviours)
