import { sql } from 'kysely'
import t, { type Test } from 'tap'
import type { Database } from '../../src/database/database.ts'
import { doDueChanges } from '../../src/roster/agency-entry-plugin.ts'
import { config, fill, others } from '../adoption/office.ts'
import { stores } from '../support/database.ts'
import { openWeb, type SignedIn, type Web } from '../support/web.ts'

const TODAY = '2026-11-21'
const [store] = stores()

type Ground = { web: Web; database: Database; admin: SignedIn; clock: { now: Date } }

async function openGround(t: Test): Promise<Ground> {
  if (!store) throw new Error('no store')
  const database = await store.open()
  await fill(database.db)
  const clock = { now: new Date(`${TODAY}T09:00:00+07:00`) }
  const web = await openWeb(t, {
    database,
    config: { ...config, roster: { root: { code: 'H99', name: 'Tỉnh Phước An' } } },
    now: () => clock.now,
  })
  t.teardown(() => database.close())
  await database.exec(`alter table agency alter id restart with 100`)
  return { web, database, admin: await web.signIn('admin'), clock }
}

const main = (body: string) => /<main.*<\/main>/s.exec(body)?.[0] ?? ''

const opened = {
  name: 'Trường Tiểu học Đồi Sim',
  code: 'H99.47.01',
  parent: 'H99.47',
  level: 'publicServiceUnit',
  sector: 'education',
  day: '2026-11-01',
  decision: '12/QĐ-UBND',
  decisionDay: '2026-10-20',
}

async function periods({ database }: Ground, id: number) {
  const { rows } = await sql<{
    text: string
  }>`select concat_ws(' ', first_day, last_day, code, name, parent_id, sector) as text
    from agency_period where agency_id = ${id} order by first_day`.execute(database.db)
  return rows.map(each => each.text)
}

async function one<Row>({ database }: Ground, text: string): Promise<Row> {
  const { rows } = await sql<Row>`${sql.raw(text)}`.execute(database.db)
  const [row] = rows
  if (row === undefined) throw new Error('no row')
  return row
}

t.test('a school is opened below its commune and in education from a past day, by a decision', async t => {
  const ground = await openGround(t)
  const { web, admin } = ground
  const form = await web.get('/agencies/open?parent=H99.47', admin)
  t.equal(form.status, 200)
  t.match(form.body, /id="parent"[^>]*value="H99\.47"/)
  const answer = await web.post('/agencies/open', admin, opened)
  t.equal(answer.status, 303, answer.body)
  const page = await web.get(String(answer.headers.location), admin)
  t.match(page.body, /Trường Tiểu học Đồi Sim/)
  t.match(page.body, /Quyết định 12\/QĐ-UBND ngày 20\/10\/2026, nhập tay/)
  t.match(page.body, /QĐ 20\/2020, cấp 3 của H99/)
  t.match(page.body, /Số liệu từ 01\/11\/2026 được tính lại/)
  t.match(page.body, /Giáo dục/)
  t.same(await periods(ground, 100), ['2026-11-01 infinity H99.47.01 Trường Tiểu học Đồi Sim 5 education'])
  t.equal(
    (await one<{ day: string }>(ground, 'select first_day::text as day from roster_restated')).day,
    '2026-11-01',
  )
  t.match(await one(ground, `select action, agency, detail from audit order by number desc limit 1`), {
    action: 'agency.opened',
    agency: 'H99.47.01',
    detail: { day: '2026-11-01', decision: true },
  })
  const before = await web.get('/agencies/tree?asOf=2026-10-31', admin)
  t.notMatch(main(before.body), /Trường Tiểu học/)
  const after = await web.get('/agencies/tree?asOf=2026-11-01', admin)
  t.match(main(after.body), /Trường Tiểu học/)
})

t.test(
  'what is wrong stands beside its field, the form comes back filled and nothing is written',
  async t => {
    const ground = await openGround(t)
    const { web, admin } = ground
    const cases: [fields: Partial<typeof opened>, status: number, field: string, text: RegExp][] = [
      [{ code: 'H99.05' }, 409, 'code', /Mã này đang dùng cho Sở Nội vụ/],
      [{ parent: 'H99.none' }, 400, 'parent', /Không có cơ quan nào đang hoạt động mang mã này/],
      [{ day: '1999-01-01' }, 400, 'day', /từ 2000-01-01/],
      [{ decisionDay: '' }, 400, 'decisionDay', /phải cùng có hoặc cùng để trống/],
      [{ sector: 'khối lạ' }, 400, 'sector', /không có trong danh mục/],
      [{ level: 'galaxy' }, 400, 'level', /không có trong danh mục/],
      [{ name: ' ' }, 400, 'name', /Chưa nhập mục này/],
    ]
    for (const [fields, status, field, text] of cases) {
      const answer = await web.post('/agencies/open', admin, { ...opened, ...fields })
      t.equal(answer.status, status, field)
      t.match(answer.body, new RegExp(`id="${field}-problem">[^<]*${text.source}`), field)
      if (field !== 'name') t.match(answer.body, /value="Trường Tiểu học Đồi Sim"/)
    }
    t.equal((await one<{ n: number }>(ground, 'select count(*) as n from agency')).n, 6)
  },
)

t.test('a code of neither format is taken and said to be one of its own', async t => {
  const { web, admin } = await openGround(t)
  const answer = await web.post('/agencies/open', admin, { ...opened, code: 'TH-DOISIM' })
  t.equal(answer.status, 303)
  const page = await web.get(String(answer.headers.location), admin)
  t.match(page.body, /mã riêng/)
  t.match(page.body, /không theo dạng QĐ 20\/2020 hay QCVN 102:2016/)
  const form = await web.get('/agencies/TH-DOISIM/change', admin)
  t.match(form.body, /vẫn dùng được/)
  t.match(
    (await web.get('/agencies/H99.47/change', admin)).body,
    /nêu mã của cơ quan này ở activity\.sources\.covers\.agencies/,
  )
})

t.test(
  'an agency is renamed and moved; only what became another changes, and the past keeps its tree',
  async t => {
    const ground = await openGround(t)
    const { web, admin } = ground
    const form = await web.get('/agencies/H99.05.01/change', admin)
    t.match(form.body, /id="name"[^>]*value="Phòng Công chức"/)
    const kept = { code: 'H99.05.01', level: 'unit', sector: '', decision: '', decisionDay: '' }
    const answer = await web.post('/agencies/H99.05.01/change', admin, {
      ...kept,
      name: 'Phòng Công chức, viên chức',
      parent: 'H99.11',
      day: '2026-11-10',
    })
    t.equal(answer.status, 303, main(answer.body))
    t.same(await periods(ground, 3), [
      '-infinity 2026-11-09 H99.05.01 Phòng Công chức 2',
      '2026-11-10 infinity H99.05.01 Phòng Công chức, viên chức 4',
    ])
    const past = main((await web.get('/agencies/tree?asOf=2026-11-09', admin)).body)
    t.match(past, /Phòng Công chức<\/a>.*nay là Phòng Công chức, viên chức/s)
    const history = main((await web.get('/agencies/H99.05.01/history', admin)).body)
    t.match(history, /Thay đổi tên: Phòng Công chức, viên chức · cấp trên: <a[^>]*>Sở Y tế/)
    const below = main((await web.get('/agencies/H99.05/history', admin)).body)
    t.match(below, /Phòng Công chức.*09\/11\/2026/s, 'it stood below until then')
    const same = await web.post('/agencies/H99.05.01/change', admin, {
      ...kept,
      name: 'Phòng Công chức, viên chức',
      parent: 'H99.11',
      day: '2026-11-12',
    })
    t.match(same, { status: 409, body: /Không có mục nào thay đổi/ })
    const circle = await web.post('/agencies/H99.11/change', admin, {
      ...kept,
      code: 'H99.11',
      level: 'department',
      name: 'Sở Y tế',
      parent: 'H99.05.01',
      day: '2026-11-15',
    })
    t.match(circle, { status: 409, body: /id="parent-problem">Cơ quan cấp trên này lại nằm dưới/ })
  },
)

t.test(
  'an agency with people or agencies below is not closed, and both are named with a way out',
  async t => {
    const ground = await openGround(t)
    const { web, admin } = ground
    const answer = await web.post('/agencies/H99.05/close', admin, {
      day: TODAY,
      decision: '',
      decisionDay: '',
    })
    t.equal(answer.status, 409)
    const body = main(answer.body)
    t.match(body, /Chưa cho thôi hoạt động được/)
    t.match(body, /9 người đang hoặc sẽ công tác tại đây/)
    t.match(body, /Nguyễn Thị Hòa/)
    t.notMatch(body, new RegExp(others.left.name), 'who left is in nobody’s way')
    t.match(body, /\/agencies\/H99\.05\.01\/change/)
    t.match(await one(ground, 'select action, agency from audit order by number desc limit 1'), {
      action: 'people.listed',
      agency: 'H99.05',
    })
    const empty = await web.post('/agencies/H99.48/close', admin, {
      day: TODAY,
      decision: '',
      decisionDay: '',
    })
    t.equal(empty.status, 303)
    t.same(await periods(ground, 6), ['-infinity 2026-11-20 H99.48 UBND đặc khu Hòn Nghệ 1'])
    const page = main((await web.get(String(empty.headers.location), admin)).body)
    t.match(page, /Căn cứ: nhập tay/)
    t.match(page, /Thôi hoạt động từ 21\/11\/2026/)
    t.notMatch(page, /H99\.48\/change/, 'a closed one is not changed')
    t.equal((await web.get('/agencies/H99.48/close', admin)).status, 404)
  },
)

t.test('the agency above all is neither moved nor closed, nor renamed against the configuration', async t => {
  const ground = await openGround(t)
  const { web, admin } = ground
  const close = await web.post('/agencies/H99/close', admin, { day: TODAY, decision: '', decisionDay: '' })
  t.match(close, { status: 409, body: /Cơ quan cao nhất theo tệp cấu hình/ })
  const move = await web.post('/agencies/H99/change', admin, {
    name: 'Tỉnh Phước An',
    code: 'H99',
    level: 'province',
    sector: '',
    parent: 'H99.05',
    day: TODAY,
    decision: '',
    decisionDay: '',
  })
  t.equal(move.status, 409)
  t.same(await periods(ground, 1), ['-infinity infinity H99 Tỉnh Phước An'])
})

t.test('a code used again leads to each agency by its id', async t => {
  const ground = await openGround(t)
  const { web, admin } = ground
  await web.post('/agencies/H99.48/close', admin, { day: '2026-10-01', decision: '', decisionDay: '' })
  const again = await web.post('/agencies/open', admin, { ...opened, code: 'H99.48', day: '2026-10-01' })
  t.equal(again.status, 303)
  const page = main((await web.get('/agencies/H99.48/history', admin)).body)
  t.match(page, /Lịch sử: Trường Tiểu học Đồi Sim/)
  t.match(page, /từng được dùng cho nhiều cơ quan/)
  t.match(page, /\/agencies\/H99\.48\/history\?id&#61;6"/)
  const old = main((await web.get('/agencies/H99.48/history?id=6', admin)).body)
  t.match(old, /Lịch sử: UBND đặc khu Hòn Nghệ/)
  t.equal((await web.get('/agencies/H99.48/history?id=2', admin)).status, 404, 'no agency of that code')
  const json = JSON.parse((await web.get('/api/v1/agencies/H99.48/history?id=6', admin)).body)
  t.match(json, {
    agency: { id: 6, open: false },
    periods: [{ firstDay: null, lastDay: '2026-09-30', byHand: false }],
    sameCode: [{ id: 100, code: 'H99.48' }],
  })
})

t.test('a change of a day to come waits, is withdrawn or done in the night of its day', async t => {
  const ground = await openGround(t)
  const { web, admin, clock, database } = ground
  const context = web.context
  const day = '2026-12-01'
  const open = await web.post('/agencies/open', admin, { ...opened, day })
  t.equal(open.headers.location, '/agencies/tree')
  const close = await web.post('/agencies/H99.05.01/close', admin, { day, decision: '', decisionDay: '' })
  t.equal(close.status, 303, 'who serves there may have left by then')
  const tree = main((await web.get('/agencies/tree', admin)).body)
  t.match(tree, /Thay đổi chờ đến ngày/)
  t.match(tree, /Thành lập: <b>Trường Tiểu học Đồi Sim/)
  t.match(main((await web.get('/agencies/H99.05.01/history', admin)).body), /Thôi hoạt động:/)
  t.equal((await one<{ n: number }>(ground, 'select count(*) as n from agency')).n, 6, 'not yet')
  t.same(await doDueChanges(context, ['open', 'change', 'close']), { done: 0, stuck: [] })
  clock.now = new Date(`${day}T02:00:00+07:00`)
  const due = await doDueChanges(context, ['open', 'change', 'close'])
  t.match(due, { done: 1, stuck: [{ reason: 'inUse' }] })
  const later = await web.signIn('admin')
  t.match(main((await web.get('/agencies/tree', later)).body), /chưa thực hiện được: còn người công tác/)
  await sql`update employment set last_day = '2026-11-30' where agency_id = 3`.execute(database.db)
  clock.now = new Date('2026-12-02T02:00:00+07:00')
  const third = await web.signIn('admin')
  t.same(await doDueChanges(context, ['close']), { done: 1, stuck: [] })
  t.same(await periods(ground, 3), ['-infinity 2026-11-30 H99.05.01 Phòng Công chức 2'])
  const rename = await web.post('/agencies/H99.47/change', third, {
    name: 'UBND xã Đồi Thông',
    code: 'H99.47',
    level: 'commune',
    sector: '',
    parent: 'H99',
    day: '2027-01-01',
    decision: '',
    decisionDay: '',
  })
  const page = main((await web.get(String(rename.headers.location), third)).body)
  t.match(page, /Thay đổi được thực hiện vào ngày 01\/01\/2027/)
  const [, id] = /\/agencies\/changes\/(\d+)\/withdraw/.exec(page) ?? []
  t.equal((await web.post(`/agencies/changes/${id}/withdraw`, third, {})).status, 303)
  t.equal((await web.post(`/agencies/changes/${id}/withdraw`, third, {})).status, 404)
  clock.now = new Date('2027-01-01T02:00:00+07:00')
  t.same(await doDueChanges(context, ['change']), { done: 0, stuck: [] })
})

t.test('each sees the tree and the history of their own agencies only', async t => {
  const ground = await openGround(t)
  const { web, admin } = ground
  const head = await web.signIn('head', 2)
  const own = main((await web.get('/agencies/tree', head)).body)
  t.match(own, /Sở Nội vụ/)
  t.match(own, /Phòng Công chức/)
  t.notMatch(own, /Sở Y tế|Thêm cơ quan/)
  const history = main((await web.get('/agencies/H99.05/history', head)).body)
  t.match(history, /Ngoài phạm vi phụ trách/)
  t.notMatch(history, /Tỉnh Phước An|\/change/)
  t.equal((await web.get('/agencies/H99.11/history', head)).status, 404)
  t.equal((await web.get('/api/v1/agencies/H99.11/history', head)).status, 404)
  const list = JSON.parse((await web.get('/api/v1/agencies', head)).body)
  t.same(
    list.agencies.map((each: { code: string }) => each.code),
    ['H99.05', 'H99.05.01'],
  )
  // moved to another department: gone from the view, its past too
  const kept = { code: 'H99.05.01', level: 'unit', sector: '', decision: '', decisionDay: '' }
  await web.post('/agencies/H99.05.01/change', admin, {
    ...kept,
    name: 'Phòng Công chức',
    parent: 'H99.11',
    day: TODAY,
  })
  t.notMatch(main((await web.get('/agencies/tree?asOf=2026-11-01', head)).body), /Phòng Công chức/)
  t.equal((await web.get('/agencies/H99.05.01/history', head)).status, 404)
  const scoped = await web.signIn('admin', 2)
  t.equal((await web.post('/agencies/open', scoped, { ...opened, parent: 'H99.47' })).status, 400)
  t.equal((await web.post('/agencies/open', scoped, { ...opened, parent: 'H99.05' })).status, 303)
  t.equal((await web.get('/agencies/H99.11/change', scoped)).status, 404)
})

t.test('a day that is none, or still to come, is refused in a sentence', async t => {
  const { web, admin } = await openGround(t)
  for (const asOf of ['2026-02-30', '2027-01-01', '1999-12-31', 'x'])
    t.equal((await web.get(`/agencies/tree?asOf=${asOf}`, admin)).status, 400, asOf)
})
