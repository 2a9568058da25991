/** Who an entry speaks of: each rule by which somebody is known again, and what no rule settles. */
import t, { type Test } from 'tap'
import { empty, stores } from '../support/database.ts'
import {
  everyRow,
  openReviews,
  type Read,
  rosterWorld,
  type Says,
  type SyncOutcome,
  spansOf,
  type World,
  type WorldOptions,
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
const otherRows: Says[] = others.map(({ key: _, ...row }) => row)

const directories: WorldOptions = {
  sources: { directory: { kind: 'directory' }, second: { kind: 'directory' } },
}
const files: WorldOptions = { sources: { directory: { kind: 'directory' }, list: { kind: 'file' } } }

const inDirectory = (...people: Says[]): Read => ({ agencies, people: [...people, ...others] })
const inSecond = (...people: Says[]): Read => ({ people })
const inFile = (...people: Says[]): Read => ({ people: [...people, ...otherRows] })

const quiet = { joiners: 0, movers: 0, leavers: 0, returned: 0 }

type Case = {
  options: WorldOptions
  first: [source: string, read: Read][]
  last: [source: string, read: Read]
  people: Partial<SyncOutcome['people']>
  reviews?: string[]
  spans: Record<string, string[]>
}

const mai: Says = { key: 'm', id: 'S1', name: 'Trần Thị Mai', agency: 'NV', birth: '1990-05-01' }
const { key: _, ...maiRow } = mai
const { id: _i, ...maiUnnumbered } = maiRow
const { birth: _b, ...maiNameOnly } = maiUnnumbered
const since = ['NV -infinity infinity']

const cases: Record<string, Case> = {
  'the same key is the same person, whatever else changed': {
    options: directories,
    first: [['directory', inDirectory(mai)]],
    last: ['directory', inDirectory({ ...mai, id: 'S9', phone: '0900' })],
    people: { ...quiet, changed: 1 },
    spans: { 'Trần Thị Mai': since },
  },
  'an entry made anew with the same staff id, the old one gone, is the same person': {
    options: directories,
    first: [['directory', inDirectory(mai)]],
    last: ['directory', inDirectory({ ...mai, key: 'anew' })],
    people: { ...quiet, changed: 1 },
    spans: { 'Trần Thị Mai': since },
  },
  'a row whose staff id changed is known by the personal number': {
    options: files,
    first: [
      ['directory', { agencies, people: others }],
      ['list', inFile({ ...maiRow, number: '077123456789' })],
    ],
    last: ['list', inFile({ ...maiRow, id: 'S7', number: '077 123 456 789' })],
    people: { ...quiet, changed: 1 },
    spans: { 'Trần Thị Mai': since },
  },
  'the same staff id and name in another source is the same person': {
    options: directories,
    first: [['directory', inDirectory(mai)]],
    last: ['second', inSecond({ key: 'x', id: 'S1', name: 'TRẦN THỊ MAI', agency: 'NV' })],
    people: quiet,
    spans: { 'Trần Thị Mai': since },
  },
  'the same staff id with another name in another source is asked about': {
    options: directories,
    first: [['directory', inDirectory(mai)]],
    last: ['second', inSecond({ key: 'x', id: 'S1', name: 'Võ Văn Lạ', agency: 'NV' })],
    people: quiet,
    reviews: ['sameStaffId Võ Văn Lạ: Trần Thị Mai'],
    spans: { 'Trần Thị Mai': since, 'Võ Văn Lạ': [] },
  },
  'the same personal number in another source is the same person': {
    options: directories,
    first: [['directory', inDirectory({ ...mai, number: '077123456789' })]],
    last: [
      'second',
      inSecond({ key: 'x', name: 'Trần Mai', id: 'X1', number: '077.123.456.789', agency: 'NV' }),
    ],
    people: quiet,
    spans: { 'Trần Thị Mai': since },
  },
  'the official address a roster named tells who a row is': {
    options: files,
    first: [['directory', inDirectory({ ...mai, address: 'mai.tt@phuocan.gov.vn' })]],
    last: ['list', inFile({ name: 'Trần Thị Mai', agency: 'YT', address: 'MAI.TT@phuocan.gov.vn' })],
    people: quiet,
    spans: { 'Trần Thị Mai': since },
  },
  'the address of a mailbox held now tells who a row is': {
    options: {
      ...files,
      holders: async (_db, addresses) =>
        addresses.flatMap(address => (address === 'mai@phuocan.gov.vn' ? [{ address, person: 1 }] : [])),
    },
    first: [['directory', { agencies, people: [{ ...mai, id: 'A' }, ...others] }]],
    last: ['list', inFile({ name: 'Trần Thị Mai', agency: 'YT', address: 'mai@phuocan.gov.vn' })],
    people: quiet,
    spans: { 'Trần Thị Mai': since },
  },
  'an address that is known under another name is asked about': {
    options: files,
    first: [['directory', inDirectory({ ...mai, address: 'mai.tt@phuocan.gov.vn' })]],
    last: ['list', inFile({ name: 'Đỗ Văn Kế', agency: 'NV', address: 'mai.tt@phuocan.gov.vn' })],
    people: quiet,
    reviews: ['sameStaffId Đỗ Văn Kế: Trần Thị Mai'],
    spans: { 'Trần Thị Mai': since, 'Đỗ Văn Kế': [] },
  },
  'folded name, birth day and agency together tell who a row is': {
    options: files,
    first: [['directory', inDirectory(mai)]],
    last: ['list', inFile({ ...maiUnnumbered, name: 'Trần  thị MAI'.normalize('NFD'), birth: '01/05/1990' })],
    people: quiet,
    spans: { 'Trần Thị Mai': since },
  },
  'name and agency alone are asked about': {
    options: files,
    first: [['directory', inDirectory(mai)]],
    last: ['list', inFile(maiNameOnly)],
    people: quiet,
    reviews: ['sameName Trần Thị Mai: Trần Thị Mai'],
    spans: { 'Trần Thị Mai': since },
  },
  'name and birth day elsewhere are asked about': {
    options: files,
    first: [['directory', inDirectory(mai)]],
    last: ['list', inFile({ ...maiUnnumbered, agency: 'YT' })],
    people: quiet,
    reviews: ['sameName Trần Thị Mai: Trần Thị Mai'],
    spans: { 'Trần Thị Mai': since },
  },
  'the same name in another agency without a birth day is somebody else': {
    options: files,
    first: [['directory', inDirectory(mai)]],
    last: ['list', inFile({ ...maiNameOnly, agency: 'YT' })],
    people: { ...quiet, joiners: 1 },
    spans: { 'Trần Thị Mai': ['NV -infinity infinity', 'YT -infinity infinity'] },
  },
  'the same name with another birth day is somebody else': {
    options: files,
    first: [['directory', inDirectory(mai)]],
    last: ['list', inFile({ ...maiUnnumbered, birth: '1991-05-01' })],
    people: { ...quiet, joiners: 1 },
    spans: { 'Trần Thị Mai': ['NV -infinity infinity', 'NV -infinity infinity'] },
  },
  'a row that comes back under another key without numbers is asked about': {
    options: files,
    first: [
      ['directory', { agencies, people: others }],
      ['list', inFile(maiUnnumbered)],
    ],
    last: ['list', inFile(maiNameOnly)],
    people: quiet,
    reviews: ['missing Trần Thị Mai: Trần Thị Mai', 'recreated Trần Thị Mai: Trần Thị Mai'],
    spans: { 'Trần Thị Mai': since },
  },
  'a key that now bears another staff id and name is asked about': {
    options: directories,
    first: [['directory', inDirectory(mai)]],
    last: ['directory', inDirectory({ key: 'm', id: 'S2', name: 'Võ Văn Lạ', agency: 'NV' })],
    people: quiet,
    reviews: ['reusedKey Võ Văn Lạ: Trần Thị Mai'],
    spans: { 'Trần Thị Mai': since, 'Võ Văn Lạ': [] },
  },
  'a name that changed under the same key and staff id is a change': {
    options: directories,
    first: [['directory', inDirectory(mai)]],
    last: ['directory', inDirectory({ ...mai, name: 'Trần Ngọc Mai' })],
    people: { ...quiet, changed: 1 },
    spans: { 'Trần Ngọc Mai': since, 'Trần Thị Mai': [] },
  },
  'two entries of one agency that changed names with each other are asked about': {
    options: directories,
    first: [['directory', inDirectory(mai, { key: 'k', id: 'S2', name: 'Võ Văn Lạ', agency: 'NV' })]],
    last: [
      'directory',
      inDirectory({ ...mai, name: 'Võ Văn Lạ' }, { key: 'k', id: 'S2', name: 'Trần Thị Mai', agency: 'NV' }),
    ],
    people: quiet,
    reviews: ['swappedName Trần Thị Mai: Võ Văn Lạ', 'swappedName Võ Văn Lạ: Trần Thị Mai'],
    spans: { 'Trần Thị Mai': since, 'Võ Văn Lạ': since },
  },
  'of two rows that nothing tells apart the second is asked about': {
    options: files,
    first: [['directory', { agencies, people: others }]],
    last: ['list', inFile(maiUnnumbered, maiUnnumbered)],
    people: { ...quiet, joiners: 1 },
    reviews: ['duplicate Trần Thị Mai: Trần Thị Mai'],
    spans: { 'Trần Thị Mai': since },
  },
}

async function prepared(world: World, { first }: Pick<Case, 'first'>): Promise<void> {
  for (const [source, read] of first) await world.sync(source, read)
  world.day = '2026-03-10'
}

async function proves(t: Test, world: World, each: Case): Promise<void> {
  await prepared(world, each)
  const [source, read] = each.last
  const { rejected, people } = await world.sync(source, read)
  t.match({ rejected, people }, { rejected: 0, people: each.people })
  t.same(await openReviews(world), each.reviews ?? [])
  for (const [name, spans] of Object.entries(each.spans)) t.same(await spansOf(world, name), spans, name)
  world.day = '2026-03-11'
  const before = await everyRow(world)
  const again = await world.sync(source, { ...read, people: read.people.toReversed() })
  t.match(again.people, { ...quiet, changed: 0 })
  t.same(await everyRow(world), before, 'the same again writes nothing, in any order')
  t.match((await world.sync(source, { ...read, digests: false })).people, { ...quiet, changed: 0 })
  t.same(await openReviews(world), each.reviews ?? [], 'nothing is asked twice')
}

for (const store of stores()) {
  t.test(`who an entry speaks of, on ${store.name}`, { skip: store.skip }, async t => {
    const database = await store.open()
    t.teardown(() => database.close())
    t.beforeEach(() => empty(database))
    for (const [title, each] of Object.entries(cases))
      t.test(title, t => proves(t, rosterWorld(database, each.options), each))
  })
}
