/** What is asked of who somebody is, and what follows from each answer; people whom several sources name. */
import t from 'tap'
import { parseDay } from '../../src/ids.ts'
import type { ReviewAnswer } from '../../src/roster/review.ts'
import { answerReview } from '../../src/roster/review-store.ts'
import { empty, stores } from '../support/database.ts'
import {
  movementsOf,
  openReviews,
  rejections,
  rosterWorld,
  type Says,
  spansOf,
  type World,
} from '../support/roster-world.ts'

const agencies = [
  { key: 'a1', code: 'NV' },
  { key: 'a2', code: 'YT' },
]
const others: Says[] = [1, 2, 3, 4].map(i => ({
  key: `o${i}`,
  id: `O${i}`,
  name: `Lê Khác ${i}`,
  agency: 'YT',
}))
const mai: Says = { key: 'm', id: 'S1', name: 'Trần Thị Mai', agency: 'NV', birth: '1990-05-01' }
const stranger: Says = { key: 'x', id: 'S1', name: 'Võ Văn Lạ', agency: 'YT' }
const since = ['NV -infinity infinity']

async function answer(world: World, kind: 'same' | 'different' | 'stays' | 'left'): Promise<void> {
  const [id = ''] = await world.lines(
    `select id::text as line from roster_review where state in ('open', 'later')`,
  )
  const today = parseDay(world.day)
  if (today === null) throw new Error('no day')
  const given: ReviewAnswer = kind === 'left' ? { kind, day: today, decision: null } : { kind }
  const doing = { by: 'ban.to-chuc', now: new Date(`${world.day}T10:00:00+07:00`), today, note: '' }
  const answered = await world.database.db
    .transaction()
    .execute(trx => answerReview(trx, Number(id), given, doing))
  if (answered.outcome !== 'answered') throw new Error(answered.outcome)
  await world.apply(answered.records)
}

const namesOf = ({ lines }: World) => lines('select full_name as line from person order by 1')
const phoneOf = ({ lines }: World) =>
  lines(`select coalesce(phone, '–') || ' ' || source as line from person where full_name = 'Trần Thị Mai'`)

for (const store of stores()) {
  t.test(`answers and several sources, on ${store.name}`, { skip: store.skip }, async t => {
    const database = await store.open()
    t.teardown(() => database.close())
    t.beforeEach(() => empty(database))
    const directory = (people: readonly Says[]) => ({ agencies, people: [...people, ...others] })

    async function asked(): Promise<World> {
      const world = rosterWorld(database, {
        sources: { directory: { kind: 'directory' }, second: { kind: 'directory' } },
      })
      await world.sync('directory', directory([mai]))
      world.day = '2026-03-10'
      await world.sync('second', { people: [stranger] })
      return world
    }

    t.test('"the same" links the entry, and both sources speak of one person from then on', async t => {
      const world = await asked()
      await answer(world, 'same')
      t.same(await openReviews(world), [])
      t.equal((await namesOf(world)).length, 5)
      t.same(await spansOf(world, 'Trần Thị Mai'), since)
      world.day = '2026-03-20'
      t.match((await world.sync('second', { people: [stranger] })).people, {
        joiners: 0,
        leavers: 0,
        changed: 0,
      })
      t.match((await world.sync('directory', directory([]))).people, { leavers: 0 })
      t.same(await openReviews(world), [])
    })

    t.test('"somebody else" makes the entry a person of their own, and is not asked again', async t => {
      const world = await asked()
      await answer(world, 'different')
      t.same(await openReviews(world), [])
      t.same(await spansOf(world, 'Võ Văn Lạ'), ['YT 2026-03-10 infinity'])
      t.same(await spansOf(world, 'Trần Thị Mai'), since)
      t.same(await movementsOf(world), ['joiner Võ Văn Lạ 2026-03-10  → YT'])
      world.day = '2026-03-20'
      for (const digests of [true, false])
        t.match((await world.sync('second', { people: [stranger], digests })).people, {
          joiners: 0,
          changed: 0,
        })
      t.same(await openReviews(world), [])
    })

    t.test('whoever an entry may be is no leaver while nobody has answered', async t => {
      const world = await asked()
      world.day = '2026-03-11'
      t.match((await world.sync('directory', directory([]))).people, { leavers: 0 })
      t.same(await spansOf(world, 'Trần Thị Mai'), since)
      t.same(await spansOf(world, 'Võ Văn Lạ'), [])
    })

    t.test('"somebody else" of a key used again ends the service of the one before', async t => {
      const world = rosterWorld(database, { sources: { directory: { kind: 'directory' } } })
      await world.sync('directory', directory([mai]))
      world.day = '2026-03-10'
      const again = { key: 'm', id: 'S2', name: 'Võ Văn Lạ', agency: 'NV' }
      await world.sync('directory', directory([again]))
      await answer(world, 'different')
      t.same(await spansOf(world, 'Trần Thị Mai'), ['NV -infinity 2026-03-09'])
      t.same(await spansOf(world, 'Võ Văn Lạ'), ['NV 2026-03-10 infinity'])
      t.same((await movementsOf(world)).sort(), [
        'joiner Võ Văn Lạ 2026-03-10  → NV',
        'leaver Trần Thị Mai 2026-03-10 NV →',
      ])
      t.match((await world.sync('directory', { ...directory([again]), digests: false })).people, {
        joiners: 0,
        leavers: 0,
        changed: 0,
      })
    })

    t.test('a staff id that two entries of one read bear is nobody’s; who held it stays', async t => {
      const world = rosterWorld(database, { sources: { directory: { kind: 'directory' } } })
      await world.sync('directory', directory([mai]))
      world.day = '2026-03-10'
      const twins = [
        mai,
        { ...stranger, key: 'x' },
        { ...mai, key: 'y', id: 'T1' },
        { ...stranger, key: 'z', id: 'T1' },
      ]
      const run = await world.sync('directory', directory(twins))
      t.same(await rejections(world, run.run), [
        'person x duplicate_staff_id',
        'person y duplicate_staff_id',
        'person z duplicate_staff_id',
      ])
      t.match(run, { exit: 4, people: { joiners: 0, leavers: 0 } })
      t.same(await spansOf(world, 'Trần Thị Mai'), since)
    })

    t.test('an entry met twice in one read counts once, and the second is told of', async t => {
      const world = rosterWorld(database, { sources: { directory: { kind: 'directory' } } })
      for (const [day, twice] of [
        ['2026-03-02', [mai, { ...mai, phone: '0911' }]],
        ['2026-03-03', [mai, { ...mai, phone: '0911' }]],
        ['2026-03-04', [mai, mai]],
      ] as const) {
        world.day = day
        const run = await world.sync('directory', directory(twice))
        t.same(await rejections(world, run.run), ['person m duplicate_key'], day)
        t.same(await spansOf(world, 'Trần Thị Mai'), since)
        t.same(await phoneOf(world), ['– directory'])
      }
    })

    t.test('each field is of the source trusted most for it that says anything', async t => {
      const world = rosterWorld(database, {
        sources: { directory: { kind: 'directory' }, second: { kind: 'directory' } },
        trust: { phone: ['second', 'directory'], agency: ['directory'] },
      })
      await world.sync('directory', directory([{ ...mai, phone: '01', title: 'Phó Giám đốc' }]))
      await world.sync('second', { people: [{ ...mai, phone: '02', title: 'Giám đốc', agency: 'YT' }] })
      t.same(await phoneOf(world), ['02 directory'])
      t.same(await world.lines(`select title as line from employment where title is not null`), [
        'Phó Giám đốc',
      ])
      t.same(await spansOf(world, 'Trần Thị Mai'), since)
      await world.sync('second', { people: [{ ...mai, agency: 'YT' }] })
      t.same(await phoneOf(world), ['01 directory'])
      await world.sync('directory', directory([{ ...mai, phone: '03' }]))
      t.same(await phoneOf(world), ['03 directory'])
    })

    t.test(
      'who leaves the leading source while another complete one names them goes on by that one',
      async t => {
        const world = rosterWorld(database, {
          sources: { directory: { kind: 'directory' }, second: { kind: 'directory' } },
        })
        await world.sync('directory', directory([mai]))
        await world.sync('second', { people: [{ ...mai, agency: 'YT' }] })
        world.day = '2026-03-10'
        t.match((await world.sync('directory', directory([]))).people, { leavers: 0 })
        t.same(await phoneOf(world), ['– second'])
        world.day = '2026-03-11'
        t.match((await world.sync('second', { people: [{ ...mai, agency: 'YT' }] })).people, {
          movers: 1,
          joiners: 0,
        })
        t.same(await spansOf(world, 'Trần Thị Mai'), ['NV -infinity 2026-03-10', 'YT 2026-03-11 infinity'])
        world.day = '2026-03-12'
        t.match((await world.sync('second', { people: [{ ...stranger, id: 'V1' }] })).people, { leavers: 1 })
        t.same(await spansOf(world, 'Trần Thị Mai'), ['NV -infinity 2026-03-10', 'YT 2026-03-11 2026-03-11'])
      },
    )

    t.test(
      'who left by a complete source is not brought back by an incomplete one that only repeats itself',
      async t => {
        const world = rosterWorld(database, {
          sources: { directory: { kind: 'directory' }, excel: { kind: 'directory', complete: false } },
        })
        await world.sync('directory', directory([mai]))
        await world.sync('excel', { people: [mai] })
        world.day = '2026-03-10'
        t.match((await world.sync('directory', directory([]))).people, { leavers: 1 })
        world.day = '2026-03-11'
        // without digests each entry is looked at in full
        t.match((await world.sync('excel', { people: [mai], digests: false })).people, { returned: 0 })
        t.same(await spansOf(world, 'Trần Thị Mai'), ['NV -infinity 2026-03-09'])
        world.day = '2026-03-12'
        t.match((await world.sync('excel', { people: [{ ...mai, agency: 'YT' }] })).people, { returned: 1 })
        world.day = '2026-03-13'
        t.match((await world.sync('directory', directory([mai]))).people, { movers: 1 })
      },
    )

    t.test(
      'whom an incomplete source misses stays and is asked about, till they are named again',
      async t => {
        const world = rosterWorld(database, {
          sources: { directory: { kind: 'directory', complete: false } },
        })
        await world.sync('directory', directory([mai]))
        world.day = '2026-03-10'
        const missed = await world.sync('directory', directory([]))
        t.match(missed, { reviews: 1, people: { leavers: 0 } })
        t.same(await openReviews(world), ['missing Trần Thị Mai: Trần Thị Mai'])
        t.same(await spansOf(world, 'Trần Thị Mai'), since)
        world.day = '2026-03-11'
        t.match(await world.sync('directory', directory([])), { people: { leavers: 0 } })
        t.same(await openReviews(world), ['missing Trần Thị Mai: Trần Thị Mai'], 'and not twice')
        t.match((await world.sync('directory', directory([mai]))).people, { joiners: 0, returned: 0 })
        t.same(await openReviews(world), [])
        t.same(await spansOf(world, 'Trần Thị Mai'), since)
      },
    )

    t.test(
      '"has left" ends the service of the missing with its day; the same word again brings nobody back',
      async t => {
        const world = rosterWorld(database, {
          sources: { directory: { kind: 'directory', complete: false } },
        })
        await world.sync('directory', directory([mai]))
        world.day = '2026-03-10'
        await world.sync('directory', directory([]))
        await answer(world, 'left')
        t.same(await spansOf(world, 'Trần Thị Mai'), ['NV -infinity 2026-03-10'])
        world.day = '2026-03-20'
        await world.sync('directory', directory([mai]))
        t.same(await spansOf(world, 'Trần Thị Mai'), ['NV -infinity 2026-03-10'])
        await world.sync('directory', directory([{ ...mai, agency: 'YT' }]))
        t.same(await spansOf(world, 'Trần Thị Mai'), ['NV -infinity 2026-03-10', 'YT 2026-03-20 infinity'])
      },
    )
  })
}
