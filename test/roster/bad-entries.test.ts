/** What is wrong in an entry costs that entry alone: it is told of with its reason, nobody leaves for it, the others go on. */
import t from 'tap'
import { importFile } from '../../src/roster/import.ts'
import { empty, stores } from '../support/database.ts'
import {
  everyRow,
  rejections,
  rosterWorld,
  type Says,
  type SaysAgency,
  spansOf,
  type World,
} from '../support/roster-world.ts'

const agencies: SaysAgency[] = [
  { key: 'a1', code: 'NV' },
  { key: 'a2', code: 'YT' },
  { key: 'a3', code: 'YT1', parent: 'YT' },
]
const others: Says[] = [1, 2, 3, 4].map(i => ({
  key: `o${i}`,
  id: `O${i}`,
  name: `Lê Khác ${i}`,
  agency: 'NV',
}))
const nam: Says = { key: 'n', id: 'N1', name: 'Đỗ Văn Nam', agency: 'YT1' }

/** Values of one person, and what becomes of them: a rejection, or the fields as kept. */
const values: Record<string, { says: Partial<Says>; rejected?: string; kept?: string }> = {
  'an emoji in the name': { says: { name: 'Đỗ Văn Nam 🙂' }, rejected: 'person n not_text' },
  'a control character in the name': { says: { name: 'Đỗ\u0007Nam' }, rejected: 'person n not_text' },
  'bytes that were no text': { says: { name: 'Đỗ V\ufffdn Nam' }, rejected: 'person n not_text' },
  'a name of 201 characters': { says: { name: 'N'.repeat(201) }, rejected: 'person n too_long' },
  'a name of 200 characters': { says: { name: 'N'.repeat(200) }, kept: `N1 ${'N'.repeat(200)}` },
  'marks that turn the direction of writing': {
    says: { name: '\u202eĐỗ\u200f Văn\u2066 Nam' },
    kept: 'N1 Đỗ Văn Nam',
  },
  'a name taken apart into letters and marks': {
    says: { name: 'Đỗ Văn Nam'.normalize('NFD') },
    kept: 'N1 Đỗ Văn Nam',
  },
  'blanks of all kinds': { says: { name: ' Đỗ\u00a0 Văn\u3000Nam\t' }, kept: 'N1 Đỗ Văn Nam' },
  'markup in the name': { says: { name: '<b>Nam</b>' }, kept: 'N1 <b>Nam</b>' },
  'a single word as name': { says: { name: 'Niê' }, kept: 'N1 Niê' },
  'letters in the staff id': { says: { id: 'cb-0012/Ă' }, kept: 'cb-0012/Ă Đỗ Văn Nam' },
  'zeros before the staff id': { says: { id: '000120' }, kept: '000120 Đỗ Văn Nam' },
  'a day of birth to come': {
    says: { birth: '2031-01-01' },
    rejected: 'value n bad_day',
    kept: 'N1 Đỗ Văn Nam',
  },
  'a day of birth that is none': {
    says: { birth: '30/02/1990' },
    rejected: 'value n bad_day',
    kept: 'N1 Đỗ Văn Nam',
  },
  'a personal number too short': {
    says: { number: '12345' },
    rejected: 'value n bad_number',
    kept: 'N1 Đỗ Văn Nam',
  },
  'an address that is none': {
    says: { address: 'nam' },
    rejected: 'value n bad_address',
    kept: 'N1 Đỗ Văn Nam',
  },
  'a leap second': { says: { start: '20161231235960Z' }, kept: 'N1 Đỗ Văn Nam' },
  'the 31st of February as first day': { says: { start: '20260231000000Z' }, rejected: 'person n bad_day' },
  'no name': { says: { name: '  ' }, rejected: 'person n missing_name' },
  'no staff id': { says: { id: ' ' }, rejected: 'person n missing_staff_id' },
  'no agency': { says: { agency: [] }, rejected: 'person n missing_agency' },
  'an agency that nobody knows': { says: { agency: 'XX' }, rejected: 'person n unknown_agency' },
  'one of two agencies unknown': {
    says: { agency: ['YT1', 'XX'] },
    rejected: 'post n unknown_agency',
    kept: 'N1 Đỗ Văn Nam',
  },
  'no key': { says: { key: '' }, rejected: 'person uid=,ou=people,dc=tinh missing_key' },
}

const tree = ({ lines }: World) =>
  lines(`select a.source_key || ' ' || p.code || ' ' || coalesce((select up.code from agency_period up
      where up.agency_id = p.parent_id order by up.last_day desc limit 1), '') || ' ' || p.first_day || ' ' || p.last_day as line
    from agency_period p join agency a on a.id = p.agency_id
    where a.source <> '' order by a.source_key, p.first_day`)

/** Another read of agencies, what is rejected of it, and the tree that results; the people stay as they are. */
const trees: Record<string, { read: SaysAgency[]; rejected?: string[]; tree: string[]; nam?: string[] }> = {
  'two that stand above each other': {
    read: [...agencies, { key: 'c1', code: 'C1', parent: 'C2' }, { key: 'c2', code: 'C2', parent: 'C1' }],
    rejected: ['agency c1 parent_circle', 'agency c2 parent_circle'],
    tree: ['a1 NV H99 -infinity infinity', 'a2 YT H99 -infinity infinity', 'a3 YT1 YT -infinity infinity'],
  },
  'known ones that now stand above each other stay as they were': {
    read: [
      { key: 'a1', code: 'NV' },
      { key: 'a2', code: 'YT', parent: 'YT1' },
      { key: 'a3', code: 'YT1', parent: 'YT' },
    ],
    rejected: ['agency a2 parent_circle', 'agency a3 parent_circle'],
    tree: ['a1 NV H99 -infinity infinity', 'a2 YT H99 -infinity infinity', 'a3 YT1 YT -infinity infinity'],
  },
  'one below an agency that nobody knows': {
    read: [...agencies, { key: 'c1', code: 'C1', parent: 'XX' }, { key: 'c2', code: 'C2', parent: 'C1' }],
    rejected: ['agency c1 unknown_parent', 'agency c2 unknown_parent'],
    tree: ['a1 NV H99 -infinity infinity', 'a2 YT H99 -infinity infinity', 'a3 YT1 YT -infinity infinity'],
  },
  'one below an agency that is rejected itself stays where it was': {
    read: [
      { key: 'a1', code: 'NV' },
      { key: 'a2', code: 'YT', level: 'galaxy' },
      { key: 'a3', code: 'YT1', parent: 'YT' },
    ],
    rejected: ['agency a2 bad_level'],
    tree: ['a1 NV H99 -infinity infinity', 'a2 YT H99 -infinity infinity', 'a3 YT1 YT -infinity infinity'],
  },
  'one that names itself as the one above stands at the top': {
    read: [...agencies, { key: 'c1', code: 'C1', parent: 'C1' }],
    tree: [
      'a1 NV H99 -infinity infinity',
      'a2 YT H99 -infinity infinity',
      'a3 YT1 YT -infinity infinity',
      'c1 C1 H99 2026-03-10 infinity',
    ],
  },
  'a code that two bear': {
    read: [...agencies, { key: 'c1', code: 'NV' }],
    rejected: ['agency c1 duplicate_code'],
    tree: ['a1 NV H99 -infinity infinity', 'a2 YT H99 -infinity infinity', 'a3 YT1 YT -infinity infinity'],
  },
  'a code taken over from one that is gone': {
    read: [
      { key: 'a1', code: 'YT' },
      { key: 'a3', code: 'NV' },
    ],
    tree: [
      'a1 NV H99 -infinity 2026-03-09',
      'a1 YT H99 2026-03-10 infinity',
      'a2 YT H99 -infinity 2026-03-09',
      'a3 YT1 YT -infinity 2026-03-09',
      'a3 NV H99 2026-03-10 infinity',
    ],
  },
  'codes that two have exchanged': {
    read: [
      { key: 'a1', code: 'YT' },
      { key: 'a2', code: 'NV' },
      { key: 'a3', code: 'YT1', parent: 'NV' },
    ],
    tree: [
      'a1 NV H99 -infinity 2026-03-09',
      'a1 YT H99 2026-03-10 infinity',
      'a2 YT H99 -infinity 2026-03-09',
      'a2 NV H99 2026-03-10 infinity',
      'a3 YT1 NV -infinity infinity',
    ],
  },
  'a code taken from one that is rejected': {
    read: [
      { key: 'a1', code: 'NV' },
      { key: 'a2', code: 'YT', level: 'galaxy' },
      { key: 'c1', code: 'YT' },
      { key: 'a3', code: 'YT1', parent: 'YT' },
    ],
    rejected: ['agency a2 bad_level', 'agency c1 duplicate_code'],
    tree: ['a1 NV H99 -infinity infinity', 'a2 YT H99 -infinity infinity', 'a3 YT1 YT -infinity infinity'],
  },
  'a code given up by one that cannot be read': {
    read: [
      { key: 'a1', code: 'YT' },
      { key: 'a2', code: 'YT', level: 'galaxy' },
      { key: 'a3', code: 'YT1', parent: 'YT' },
    ],
    rejected: ['agency a1 duplicate_code', 'agency a2 bad_level'],
    tree: ['a1 NV H99 -infinity infinity', 'a2 YT H99 -infinity infinity', 'a3 YT1 YT -infinity infinity'],
  },
}

for (const store of stores()) {
  t.test(`bad entries, on ${store.name}`, { skip: store.skip }, async t => {
    const database = await store.open()
    t.teardown(() => database.close())
    t.beforeEach(() => empty(database))

    async function begun(): Promise<World> {
      const world = rosterWorld(database, { sources: { directory: { kind: 'directory' } } })
      await world.sync('directory', { agencies, people: [nam, ...others] })
      world.day = '2026-03-10'
      return world
    }

    t.test('in a person', async t => {
      for (const [title, { says, rejected, kept }] of Object.entries(values)) {
        await empty(database)
        const world = await begun()
        const read = { agencies, people: [{ ...nam, ...says }, ...others] }
        const before = await everyRow(world)
        const run = await world.sync('directory', read)
        t.same(await rejections(world, run.run), rejected ? [rejected] : [], title)
        t.match(run.people, { joiners: 0, movers: 0, returned: 0 }, title)
        if (kept) {
          const found = await world.lines(
            `select staff_id || ' ' || full_name as line from person where source_key = 'n'`,
          )
          t.same(found, [kept], title)
        } else if (says.key !== '') t.same(await everyRow(world), before, title)
        t.equal(run.people.leavers, says.key === '' ? 1 : 0, title)
      }
    })

    t.test(
      'a heading that is missing: the file is refused with what it has and what was expected',
      async t => {
        const world = await begun()
        const folder = t.testdir({ 'danh-sach.csv': 'Họ và tên;Ghi chú\nĐỗ Văn Nam;x\n' })
        const before = await everyRow(world)
        const context = {
          db: database.db,
          config: world.config,
          now: () => new Date(`${world.day}T09:00:00+07:00`),
        }
        const options = {
          source: null,
          agency: null,
          dryRun: false,
          force: true,
          signal: AbortSignal.timeout(60_000),
        }
        await t.rejects(importFile(context, `${folder}/danh-sach.csv`, options), {
          code: 'file_unreadable',
          message: /no column for agency.*; row 1 has: Họ và tên \| Ghi chú/,
        })
        t.same(await everyRow(world), before)
      },
    )

    t.test('a person in 40 agencies', async t => {
      const many = Array.from({ length: 40 }, (_, i) => ({ key: `m${i}`, code: `M${i}` }))
      const codes = many.map(({ code }) => code)
      const world = rosterWorld(database, { sources: { directory: { kind: 'directory' } } })
      const person = { ...nam, agency: codes, primary: 'M7' }
      await world.sync('directory', { agencies: many, people: [person] })
      t.equal((await spansOf(world, nam.name)).length, 40)
      const before = await everyRow(world)
      const turned = { ...person, agency: codes.toReversed() }
      t.match((await world.sync('directory', { agencies: many, people: [turned] })).people, {
        movers: 0,
        changed: 0,
      })
      world.day = '2026-03-10'
      await world.sync('directory', { agencies: many, people: [person] })
      t.match((await world.sync('directory', { agencies: many, people: [person] })).people, { unchanged: 1 })
      const less = { ...person, agency: codes.slice(1) }
      t.match((await world.sync('directory', { agencies: many, people: [less] })).people, {
        movers: 0,
        changed: 1,
      })
      t.equal((await spansOf(world, nam.name)).filter(span => span.endsWith('infinity')).length, 39)
      t.ok(before.length > 0)
    })

    t.test('in an agency that others stand below by their names', async t => {
      const world = rosterWorld(database, { sources: { directory: { kind: 'directory' } } })
      const people = [nam, ...others]
      await world.sync('directory', { agencies, people, byName: true })
      const before = await tree(world)
      world.day = '2026-03-10'
      const bad = agencies.map(each => (each.key === 'a2' ? { ...each, level: 'galaxy' } : each))
      const below = { key: 'c1', code: 'C1', parent: 'YT1' }
      const run = await world.sync('directory', { agencies: [below, ...bad], people, byName: true })
      t.same(await rejections(world, run.run), [
        'agency a2 bad_level',
        'agency a3 unknown_parent',
        'agency c1 unknown_parent',
      ])
      t.match(run.people, { leavers: 0, movers: 0 })
      t.same(await tree(world), before)
    })

    t.test('in an agency', async t => {
      for (const [title, { read, rejected, tree: expected }] of Object.entries(trees)) {
        await t.test(title, async t => {
          await empty(database)
          const world = await begun()
          const codeOfA3 = read.find(each => each.key === 'a3')?.code ?? 'YT1'
          const codeOfA1 = read.find(each => each.key === 'a1')?.code ?? 'NV'
          const people = [
            { ...nam, agency: codeOfA3 },
            ...others.map(each => ({
              ...each,
              agency: rejected?.includes('agency a1 duplicate_code') ? 'NV' : codeOfA1,
            })),
          ]
          const run = await world.sync('directory', { agencies: read, people })
          t.same(await rejections(world, run.run), rejected ?? [])
          t.match(run.people, { joiners: 0, movers: 0, leavers: 0, returned: 0 })
          t.same(await tree(world), expected)
          t.match(
            await world.lines(`select agency_id || ' ' || first_day as line from employment`),
            Array(5).fill(/ -infinity$/),
          )
          const before = await everyRow(world)
          world.day = '2026-03-11'
          await world.sync('directory', { agencies: read.toReversed(), people })
          t.same(await everyRow(world), before, 'the same again writes nothing')
        })
      }
    })
  })
}
