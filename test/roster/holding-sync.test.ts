/** The file of one agency: who is missing from it waits, so that a transfer between two files is a move. */
import t from 'tap'
import { parseDay } from '../../src/ids.ts'
import { expireHoldings } from '../../src/roster/holding-store.ts'
import { empty, stores } from '../support/database.ts'
import {
  everyRow,
  movementsOf,
  openReviews,
  rosterWorld,
  type Says,
  spansOf,
  type World,
} from '../support/roster-world.ts'

const agencies = [
  { key: 'a1', code: 'NV' },
  { key: 'a2', code: 'YT' },
  { key: 'a3', code: 'YT1', parent: 'YT' },
]
const mai: Says = { id: 'S1', name: 'Trần Thị Mai', agency: 'NV', birth: '1990-05-01' }
const staff = (prefix: string, agency: string): Says[] =>
  [1, 2, 3].map(i => ({ id: `${prefix}${i}`, name: `${prefix} Lê ${i}`, agency }))
const ofNv = (...people: Says[]) => ({ people: [...people, ...staff('N', 'NV')] })
const ofYt = (...people: Says[]) => ({ people: [...people, ...staff('Y', 'YT1')] })

const waiting = ({ lines }: World) =>
  lines(`select p.full_name || ' ' || h.first_day || ' ' || h.last_day as line
    from roster_holding h join person p on p.id = h.person_id order by 1`)

for (const store of stores()) {
  t.test(`files of one agency, on ${store.name}`, { skip: store.skip }, async t => {
    const database = await store.open()
    t.teardown(() => database.close())
    t.beforeEach(() => empty(database))

    async function begun(holdingDays = 30): Promise<World> {
      const world = rosterWorld(database, {
        holdingDays,
        sources: {
          tree: { kind: 'directory' },
          nv: { kind: 'file', agency: 'NV' },
          yt: { kind: 'file', agency: 'YT' },
        },
      })
      const clerk = { key: 'v', id: 'V1', name: 'Văn Thư', agency: 'NV' }
      await world.sync('tree', { agencies, people: [clerk] })
      await world.sync('nv', ofNv(mai, { id: 'V1', name: 'Văn Thư', agency: 'NV' }))
      await world.sync('yt', ofYt())
      world.day = '2026-03-10'
      return world
    }
    const withClerk = (...people: Says[]) => ofNv(...people, { id: 'V1', name: 'Văn Thư', agency: 'NV' })

    const gone = async () => {
      const world = await begun()
      t.match(await world.sync('nv', withClerk()), { held: 1, people: { leavers: 0, movers: 0 }, exit: 0 })
      t.same(await waiting(world), ['Trần Thị Mai 2026-03-10 2026-04-08'])
      t.same(await spansOf(world, 'Trần Thị Mai'), ['NV -infinity 2026-03-09'])
      return world
    }

    t.test('who is missing leaves that agency and waits; the same file again writes nothing', async t => {
      const world = await gone()
      t.same(await movementsOf(world), ['held Trần Thị Mai 2026-03-10 NV →'])
      const before = await everyRow(world)
      world.day = '2026-03-15'
      t.match(await world.sync('nv', withClerk()), { held: 0, people: { leavers: 0 } })
      t.same(await everyRow(world), before)
      t.same(await openReviews(world), [])
    })

    t.test('named again by the same file, they have never been away', async t => {
      const world = await gone()
      world.day = '2026-03-20'
      t.match((await world.sync('nv', withClerk(mai))).people, { joiners: 0, leavers: 0 })
      t.same(await spansOf(world, 'Trần Thị Mai'), ['NV -infinity infinity'])
      t.same(await waiting(world), [])
    })

    t.test('named by the file of another agency, they have moved', async t => {
      const world = await gone()
      world.day = '2026-03-20'
      const run = await world.sync('yt', ofYt({ ...mai, agency: 'YT' }))
      t.match(run.people, { movers: 1, joiners: 0, returned: 0, leavers: 0 })
      t.same(await spansOf(world, 'Trần Thị Mai'), ['NV -infinity 2026-03-09', 'YT 2026-03-20 infinity'])
      t.same(await waiting(world), [])
      t.same(await movementsOf(world), [
        'held Trần Thị Mai 2026-03-10 NV →',
        'mover Trần Thị Mai 2026-03-20 NV → YT',
      ])
      world.day = '2026-03-21'
      t.match((await world.sync('nv', { ...withClerk(), digests: false })).people, { leavers: 0, movers: 0 })
      t.same(await spansOf(world, 'Trần Thị Mai'), ['NV -infinity 2026-03-09', 'YT 2026-03-20 infinity'])
    })

    t.test('known by name and birth day alone, they have moved too', async t => {
      const world = await begun()
      const { id: _, ...unnumbered } = { ...mai, name: 'Hồ Văn Bay' }
      await world.sync('nv', withClerk(mai, unnumbered))
      world.day = '2026-03-12'
      t.match(await world.sync('nv', withClerk(mai)), { held: 1 })
      world.day = '2026-03-20'
      const run = await world.sync('yt', ofYt({ ...unnumbered, agency: 'YT1' }))
      t.match(run.people, { movers: 1, joiners: 0 })
      t.same(await spansOf(world, 'Hồ Văn Bay'), ['NV 2026-03-10 2026-03-11', 'YT1 2026-03-20 infinity'])
    })

    t.test('the new file may come first: a move then, and nobody waits', async t => {
      const world = await begun()
      await world.sync('yt', ofYt({ ...mai, agency: 'YT' }))
      world.day = '2026-03-12'
      t.match(await world.sync('nv', withClerk()), { people: { leavers: 0 } })
      t.same(await waiting(world), [])
      t.match(await world.sync('yt', { ...ofYt({ ...mai, agency: 'YT' }), digests: false }), {
        people: { leavers: 0 },
      })
      t.same((await spansOf(world, 'Trần Thị Mai')).at(-1)?.startsWith('YT '), true)
      t.same(await openReviews(world), [])
    })

    t.test('once their time is over they have left', async t => {
      const world = await gone()
      const expire = (day: string) =>
        database.db.transaction().execute(trx => expireHoldings(trx, parseDay(day) ?? raise(day), null))
      t.equal(await expire('2026-04-08'), 0)
      t.equal(await expire('2026-04-09'), 1)
      t.same(await waiting(world), [])
      t.same((await movementsOf(world)).at(-1), 'leaver Trần Thị Mai 2026-04-09 NV →')
      t.equal(await expire('2026-04-09'), 0)
      world.day = '2026-05-04'
      t.match((await world.sync('nv', withClerk(mai))).people, { returned: 1, joiners: 0 })
      t.same(await spansOf(world, 'Trần Thị Mai'), ['NV -infinity 2026-03-09', 'NV 2026-05-04 infinity'])
    })

    t.test('without days of waiting they leave at once', async t => {
      const world = await begun(0)
      t.match(await world.sync('nv', withClerk()), { held: 0, people: { leavers: 1 } })
      t.same(await waiting(world), [])
      t.same(await movementsOf(world), ['leaver Trần Thị Mai 2026-03-10 NV →'])
    })

    t.test('whom a complete source names goes on, though the file of the agency does not', async t => {
      const world = await begun()
      t.match(await world.sync('nv', ofNv(mai)), { held: 0, people: { leavers: 0 } })
      t.same(await spansOf(world, 'Văn Thư'), ['NV -infinity infinity'])
    })

    t.test('a file that names somebody of another agency is not heard about them', async t => {
      const world = await begun()
      const run = await world.sync('nv', withClerk(mai, { id: 'Q1', name: 'Kẻ Ngoài', agency: 'YT' }))
      t.match(run, { exit: 4, rejected: 1, people: { joiners: 0 } })
      t.same(
        await world.lines(
          `select reason || ' ' || detail as line from roster_rejection where run_id = ${run.run}`,
        ),
        ['outside_scope YT'],
      )
    })
  })
}

function raise(day: string): never {
  throw new Error(`no day: ${day}`)
}
