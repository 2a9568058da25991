/** What was entered by hand beside what a source goes on saying. */
import { readFileSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { localOperator } from '../../src/access/access.ts'
import { type AgencyChange, parseChangeDay } from '../../src/roster/agency-change.ts'
import { enterChange } from '../../src/roster/agency-change-store.ts'
import { enterAs } from '../../src/roster/agency-entry-plugin.ts'
import { syncAll } from '../../src/roster/command.ts'
import { empty, stores } from '../support/database.ts'
import { officials, openProvince, type Province } from '../support/province.ts'
import { rejections, rosterWorld, type Says, spansOf, type World } from '../support/roster-world.ts'

const staff = [...officials(6, 'H99.05'), ...officials(6, 'H99.11', 50)]
const at = (text: string) => new Date(`${text}T09:00:00+07:00`)

async function codes({ one }: Province): Promise<string> {
  const { text } = await one<{
    text: string
  }>(`select string_agg(concat_ws(' ', agency_id, first_day, last_day, code, name), e'\\n'
    order by agency_id, first_day) as text from agency_period where parent_id is not null`)
  return text
}

async function read({ web }: Province): Promise<void> {
  await syncAll(web.context, { source: null, dryRun: false, force: true })
}

t.test(
  'what was entered by hand stands while the source says the same, and gives way to what is new',
  async t => {
    let clock = at('2026-11-01')
    const province = await openProvince(t, { now: () => clock })
    await province.sync(staff)
    const doer = { context: province.web.context, operator: localOperator }
    const day = parseChangeDay('2026-11-05')
    if (day === null) throw new Error('no day')
    clock = at('2026-11-10')
    const entered = { day, decision: null }
    const health = await province.agencyId('H99.11')
    const ward = await province.agencyId('H99.35')
    const home = await province.agencyId('H99.05')
    const changed = await enterAs(
      doer,
      { kind: 'change', agencyId: health, wanted: { name: 'Sở Y tế và Dân số', parentId: home } },
      entered,
    )
    t.equal(changed.kind, 'done')
    t.equal(
      (await enterAs(doer, { kind: 'change', agencyId: home, wanted: { code: 'H99.05A' } }, entered)).kind,
      'done',
    )
    t.equal((await enterAs(doer, { kind: 'close', agencyId: ward }, entered)).kind, 'done')
    const before = await codes(province)
    t.match(before, /2026-11-05 infinity H99\.11 Sở Y tế và Dân số/)
    clock = at('2026-11-11')
    await read(province)
    t.equal(await codes(province), before, 'the same read again')
    await province.sync([...staff, ...officials(1, 'H99.05', 90)])
    t.equal(await codes(province), before, 'somebody new at an agency whose code was changed by hand')
    const { n } = await province.one<{ n: number }>(
      `select count(*) as n from employment where agency_id = ${home} and last_day = 'infinity'`,
    )
    t.equal(n, 7, 'is known by the code the source has for it')
    const [source] = province.web.context.config.roster.sources
    if (source?.kind !== 'ldif') throw new Error('no file')
    const base64 = (text: string) => Buffer.from(text).toString('base64')
    const text = readFileSync(source.path ?? '', 'utf8')
    writeFileSync(source.path ?? '', text.replace(base64('Sở Y tế'), base64('Sở Sức khoẻ')))
    clock = at('2026-11-12')
    await read(province)
    t.match(await codes(province), /2026-11-12 infinity H99\.11 Sở Sức khoẻ/)
  },
)

const nam: Says = { key: 'n', id: 'N1', name: 'Đỗ Văn Nam', agency: 'YT1' }
const lan: Says = { key: 'l', id: 'L1', name: 'Trần Thị Lan', agency: 'NV' }
const home = { key: 'a1', code: 'NV' }
const health = { key: 'a2', code: 'YT' }

async function agencyOf({ lines }: World, code: string): Promise<number> {
  const [id] = await lines(`select agency_id::text as line from agency_period
    where code = '${code}' and last_day = 'infinity'`)
  return Number(id)
}

async function byHand(world: World, change: AgencyChange): Promise<void> {
  const entered = { day: world.day, today: world.day, decision: null, at: at(world.day), by: 'ban.to-chuc' }
  const day = parseChangeDay(world.day)
  if (day === null) throw new Error('no day')
  const outcome = await enterChange(world.database.db, change, {
    ...entered,
    day,
    today: day,
    record: async () => {},
  })
  if (outcome.kind !== 'done') throw new Error(JSON.stringify(outcome))
}

/** Agencies in force with the one above, by code. */
const tree = ({ lines }: World) =>
  lines(`select p.code || ' < ' || coalesce((select up.code from agency_period up
      where up.agency_id = p.parent_id and up.last_day = 'infinity'), '?') as line
    from agency_period p where p.last_day = 'infinity' and p.parent_id is not null order by 1`)

for (const store of stores()) {
  t.test(`what hands did, and an agency that is missing from a read, on ${store.name}`, async t => {
    const database = await store.open()
    t.teardown(() => database.close())
    const sources = {
      directory: { kind: 'directory' },
      second: { kind: 'directory', complete: false },
    } as const
    const begin = async () => {
      await empty(database)
      return rosterWorld(database, { sources, trust: { phone: ['second', 'directory'] } })
    }

    await t.test('one placed below it by hand is not cut off', async t => {
      const world = await begin()
      const clinic = { key: 'a3', code: 'YT1' }
      await world.sync('directory', { people: [lan, nam], agencies: [home, health, clinic] })
      world.day = '2026-03-04'
      const agencyId = await agencyOf(world, 'YT1')
      await byHand(world, { kind: 'change', agencyId, wanted: { parentId: await agencyOf(world, 'YT') } })
      world.day = '2026-03-05'
      await world.sync('directory', { people: [lan, nam], agencies: [home, clinic] })
      t.same(await tree(world), ['NV < H99', 'YT < H99', 'YT1 < YT'])
      world.day = '2026-03-06'
      await world.sync('directory', {
        people: [lan, nam],
        agencies: [home, { ...clinic, name: 'Trạm y tế', parent: 'NV' }],
      })
      await world.sync('directory', {
        people: [lan, nam],
        agencies: [home, { ...clinic, name: 'Trạm y tế', parent: 'NV' }],
      })
      t.same(await tree(world), ['NV < H99', 'YT1 < NV'], 'until the source places it elsewhere')
    })

    await t.test('one below it that cannot be taken is not cut off', async t => {
      const world = await begin()
      const clinic = { key: 'a3', code: 'YT1', parent: 'YT' }
      await world.sync('directory', { people: [lan, nam], agencies: [home, health, clinic] })
      world.day = '2026-03-05'
      const { run } = await world.sync('directory', { people: [lan, nam], agencies: [home, clinic] })
      t.same(await rejections(world, run), ['agency a3 unknown_parent'])
      t.same(await tree(world), ['NV < H99', 'YT < H99', 'YT1 < YT'])
      t.same(await spansOf(world, 'Đỗ Văn Nam'), ['YT1 -infinity infinity'])
    })

    await t.test('a code given by hand is not given to another as well', async t => {
      const world = await begin()
      await world.sync('directory', { people: [lan], agencies: [home] })
      world.day = '2026-03-04'
      await byHand(world, { kind: 'change', agencyId: await agencyOf(world, 'NV'), wanted: { code: 'YT' } })
      world.day = '2026-03-05'
      const { run } = await world.sync('directory', { people: [lan], agencies: [home, health] })
      t.same(await rejections(world, run), ['agency a2 duplicate_code'])
      t.same(await tree(world), ['YT < H99'])
      world.day = '2026-03-06'
      await world.sync('directory', { people: [lan], agencies: [{ ...home, code: 'NV2' }, health] })
      t.same(await tree(world), ['NV2 < H99', 'YT < H99'], 'until the source itself frees it')
    })

    await t.test('one called otherwise by hand keeps its people when another source speaks', async t => {
      const world = await begin()
      await world.sync('directory', { people: [lan], agencies: [home, health] })
      world.day = '2026-03-04'
      await byHand(world, { kind: 'change', agencyId: await agencyOf(world, 'NV'), wanted: { code: 'NV9' } })
      world.day = '2026-03-05'
      const says = { ...lan, key: 's1', agency: 'NV9', phone: '0912' }
      const { people } = await world.sync('second', { people: [says], incremental: true })
      t.match(people, { movers: 0, leavers: 0, changed: 1 })
      t.same(await spansOf(world, 'Trần Thị Lan'), ['NV9 -infinity infinity'])
    })
  })
}
