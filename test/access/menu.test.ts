/** What the menu shows to whom, and what it counts. */
import { sql } from 'kysely'
import t from 'tap'
import type { Operator, Role } from '../../src/access/access.ts'
import { type MenuView, menuOf } from '../../src/access/menu-page.ts'
import { openReviews } from '../../src/access/store.ts'
import type { Db } from '../../src/database/database.ts'
import { stores } from '../support/database.ts'

const seen = (role: Role, agencyId: number | null, more: Partial<MenuView> = {}) => {
  const operator: Operator = { id: 1, name: 'a', role, agencyId }
  return menuOf({ operator, locale: 'vi', place: null, openReviews: 0, ...more })
}
const shape = (items: ReturnType<typeof seen>) =>
  items.map(({ label, below }) => [label, ...(below ?? []).map(each => each.label)])

t.test('each sees what they may reach, places of a kind under one entry', async t => {
  t.same(shape(seen('admin', null)), [
    ['Tổng quan'],
    ['Cơ quan'],
    ['Cán bộ', 'Danh sách cán bộ', 'Xác minh', 'Quyết định', 'Tạm không tính', 'Nhập tệp'],
    ['Hộp thư', 'Danh sách hộp thư', 'Đề xuất thay đổi'],
    ['Mục tiêu'],
    ['Hệ thống', 'Lượt chạy', 'Nguồn số liệu', 'Người dùng', 'Nhật ký truy vết'],
  ])
  t.same(shape(seen('head', 7)), [
    ['Tổng quan'],
    ['Cơ quan'],
    ['Cán bộ', 'Danh sách cán bộ', 'Xác minh', 'Quyết định', 'Tạm không tính'],
    ['Mục tiêu'],
  ])
  t.same(shape(seen('viewer', 7)), [['Tổng quan'], ['Cơ quan'], ['Mục tiêu']])
  t.same(
    shape(seen('agency-admin', 7)).find(([label]) => label?.includes('ộp thư')),
    ['Danh sách hộp thư'],
    'one alone stands for itself',
  )
})

t.test(
  'an entry leads to the first of its places, bears what waits below it, and is where one of them is',
  async t => {
    const people = seen('admin', null, { place: 'decisions', openReviews: 1234 }).find(each => each.below)
    t.match(people, { href: '/people', active: true, badge: '1.234' })
    t.same(
      people?.below?.map(({ href, active, badge }) => [href, active, badge]),
      [
        ['/people', false, undefined],
        ['/reviews', false, '1.234'],
        ['/decisions', true, undefined],
        ['/absences', false, undefined],
        ['/import', false, undefined],
      ],
    )
    t.equal(seen('admin', null).find(each => each.below)?.badge, undefined, 'nothing waits: no 0')
  },
)

for (const { name, skip, open } of stores())
  t.test(`${name}: what waits is counted within the scope, answered ones left out`, { skip }, async t => {
    const database = await open()
    t.teardown(() => database.close())
    const { db } = database
    const [top, below, other] = [
      await agency(db, 'A', null),
      await agency(db, 'B', 'A'),
      await agency(db, 'C', null),
    ]
    await review(db, 1, top, 'open')
    await review(db, 2, below, 'later')
    await review(db, 3, below, 'same')
    await review(db, 4, other, 'open')
    t.equal(await openReviews(db, null), 3)
    t.equal(await openReviews(db, top), 2)
    t.equal(await openReviews(db, below), 1)
  })

async function agency(db: Db, code: string, parent: string | null): Promise<number> {
  const { rows } = await sql<{ id: number }>`
    with made as (insert into agency (source, source_key) values ('test', ${code}) returning id)
    insert into agency_period (agency_id, code, name, sort_key, search_key, level, parent_id, first_day, last_day)
    select id, ${code}, ${code}, ${code}, ${code}, 'unit',
      (select agency_id from agency_period where code = ${parent}), '-infinity', 'infinity' from made
    returning agency_id as id`.execute(db)
  return rows[0]?.id ?? 0
}

async function review(db: Db, number: number, agency: number, state: string): Promise<void> {
  await sql`
    with record as (insert into roster_record (source, source_key, said, said_on)
      values ('test', ${String(number)}, '{}', '2026-11-01') returning number)
    insert into roster_review (kind, agency_id, record_number, opened_on, state)
    select 'sameName', ${agency}, number, '2026-11-01', ${state} from record`.execute(db)
}
