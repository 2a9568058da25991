/** A small province for the pages, by hand: every stage once at one agency, a large one, one whose log never came. */
import { sql } from 'kysely'
import type { Db } from '../../src/database/database.ts'
import { foldText, sortKey } from '../../src/roster/name.ts'
import { insertWorld, shift, type World } from './world.ts'

export const DAY = '2026-11-20'
export const now = () => new Date('2026-11-21T09:00:00+07:00')

export const config = {
  database: { url: 'pglite:memory' },
  mailbox: {
    naming: [{ agency: '*', domain: 'phuocan.test', pattern: '{given}{initials}' }],
    staffClasses: ['cán bộ', 'công chức'],
  },
  activity: {
    sources: [
      { name: 'mail-01', kind: 'log', path: '/nowhere/mail.log', timeZone: 'Asia/Ho_Chi_Minh' },
      {
        name: 'mail-03',
        kind: 'log',
        path: '/nowhere/mail-03.log',
        timeZone: 'Asia/Ho_Chi_Minh',
        covers: { agencies: ['H99.47'] },
      },
    ],
  },
  adoption: {
    targets: [
      {
        name: '100% năm 2020',
        indicator: 'regular',
        value: 1,
        scope: { level: 'province' },
        from: '2018-10-29',
        due: '2020-12-31',
        kind: 'reach',
      },
      {
        name: '5% sở',
        indicator: 'regular',
        value: 0.05,
        scope: { level: 'department' },
        from: '2026-01-01',
        due: '2027-12-31',
        kind: 'reach',
      },
    ],
  },
}

export const agencies = {
  province: 1,
  home: 2,
  unit: 3,
  health: 4,
  silent: 5,
  nobody: 6,
} as const

/** One person per place at the home agency (id 2), by the name of the place. */
export const people = {
  'thuong-xuyen': { id: 1, name: 'Nguyễn Thị Hòa' },
  'chua-thuong-xuyen': { id: 2, name: 'Trần Văn Đạt' },
  'khong-su-dung': { id: 3, name: 'Lê Minh Ân' },
  'chua-kich-hoat': { id: 4, name: 'Phạm Thị Ánh' },
  'chua-cap': { id: 5, name: 'Đỗ Văn Bình' },
  'khong-thuoc-dien': { id: 6, name: 'Hoàng Gia Huy' },
} as const
/** Used a mailbox that is suspended now; left; on long leave; holds two mailboxes. */
export const others = {
  outOfOrder: { id: 7, name: 'Bùi Thanh Tâm' },
  left: { id: 8, name: 'Võ Văn Cũ' },
  absent: { id: 9, name: 'Đặng Thị Dung' },
  two: { id: 10, name: 'Lý Hai Hộp' },
} as const

/** First id and number of the people of the health agency, all regular but the first ten. */
export const health = { first: 101, count: 60, idle: 10 } as const
export const silent = { id: 301, name: 'Ngô Đồi Sim' } as const

const always = { first: '-infinity', last: 'infinity' }

function agency(id: number, code: string, name: string, level: string, parent: number | null) {
  return { id, periods: [{ code, name, level, parent, sort: code, ...always }] }
}

export function world(): World {
  const made: World = {
    agencies: [
      agency(1, 'H99', 'Tỉnh Phước An', 'province', null),
      agency(2, 'H99.05', 'Sở Nội vụ', 'department', 1),
      agency(3, 'H99.05.01', 'Phòng Công chức', 'unit', 2),
      agency(4, 'H99.11', 'Sở Y tế', 'department', 1),
      agency(5, 'H99.47', 'UBND xã Đồi Sim', 'commune', 1),
      agency(6, 'H99.48', 'UBND đặc khu Hòn Nghệ', 'commune', 1),
    ],
    people: [],
    employments: [],
    absences: [{ person: others.absent.id, first: '2026-10-01', last: 'infinity' }],
    mailboxes: [],
    uses: [],
    sources: [
      { id: 1, name: 'mail-01', kind: 'log', lastAt: '2026-11-21T02:00:00+07:00' },
      { id: 2, name: 'mail-03', kind: 'log', lastAt: null },
    ],
    logDays: Array.from({ length: 120 }, (_, i) => ({ source: 1, day: shift(DAY, -i), lines: 9 })),
    firstCompleteDay: '2026-08-01',
  }
  for (const { id, name } of [...Object.values(people), ...Object.values(others)]) serve(made, id, name, 2)
  serve(made, 50, 'Ong Yến Nhi', 3)
  const idOf = (i: number) => health.first + i
  for (let i = 0; i < health.count; i++) serve(made, idOf(i), `Phan Y Tế ${i}`, 4)
  serve(made, silent.id, silent.name, 5)
  classOf(made, people['khong-thuoc-dien'].id).staffClass = 'người lao động'
  classOf(made, others.left.id).last = '2026-11-10'
  for (const id of [1, 2, 3, 4, 6, 8, 9, 10, 50, silent.id]) mailbox(made, id)
  mailbox(made, 10, 'hop.hai')
  mailbox(made, others.outOfOrder.id, undefined, 'suspended')
  for (let i = 0; i < health.count; i++) mailbox(made, idOf(i))
  for (const id of [1, 10]) use(made, id, [0, 1, 7, 8, 14, 15])
  use(made, 2, [3])
  use(made, 3, [60, 61])
  use(made, 7, [2])
  use(made, 8, [11])
  for (let i = health.idle; i < health.count; i++) use(made, idOf(i), [0, 1, 7, 8, 14, 15])
  return made
}

function serve(made: World, id: number, name: string, at: number): void {
  made.people.push({ id, staffId: `CB${String(id).padStart(5, '0')}`, name })
  made.employments.push({ id, person: id, agency: at, staffClass: 'công chức', primary: true, ...always })
}

function classOf(made: World, person: number): World['employments'][number] {
  const found = made.employments.find(each => each.person === person)
  if (!found) throw new Error(`${person} serves nowhere`)
  return found
}

function mailbox(made: World, person: number, local = `hop${person}`, state = 'active'): void {
  const address = `${local}@phuocan.test`
  made.mailboxes.push({
    id: made.mailboxes.length + 1,
    address,
    kind: 'personal',
    states: [{ state, ...always }],
    addresses: [{ address, kind: 'primary', ...always }],
    holders: [{ person, ...always }],
  })
}

/** Working days back from the day, a Friday. */
function use(made: World, person: number, back: readonly number[]): void {
  for (const count of back) {
    const day = shift(DAY, -count)
    made.uses.push({ address: `hop${person}@phuocan.test`, day, source: 1, signIns: 1, sends: 0, hands: 0 })
  }
}

/** Fills an empty, migrated database. */
export async function fill(db: Db): Promise<void> {
  const made = world()
  await insertWorld(db, made)
  const keys = made.people.map(({ id, name }) => ({ id, sort: sortKey(name), search: foldText(name) }))
  await sql`update person set sort_key = t.sort, search_key = t.search
    from json_to_recordset(${JSON.stringify(keys)}::json) as t(id bigint, sort text, search text)
    where person.id = t.id`.execute(db)
  await sql`update roster_source set last_complete_at = '2026-11-21T01:40:00+07:00'`.execute(db)
}
