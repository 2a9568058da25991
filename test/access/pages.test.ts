import { sql } from 'kysely'
import t, { type Test } from 'tap'
import { appendAudit } from '../../src/access/audit-store.ts'
import { addOperator } from '../../src/access/sign-in.ts'
import type { Database } from '../../src/database/database.ts'
import { stores } from '../support/database.ts'
import { openWeb, type SignedIn, type Web } from '../support/web.ts'

const NOW = new Date('2026-11-24T02:00:00Z')
const local = { kind: 'system', id: 'local' } as const

/** A province with two departments. */
type Ground = { web: Web; database: Database; health: number; home: number }

const [embedded] = stores()

function once(name: string, body: (t: Test, ground: Ground) => Promise<void>): void {
  t.test(name, async t => {
    const database = await embedded?.open()
    if (!database) throw new Error('the embedded database is always there')
    const root = await agency(database, 'H99', 'Tỉnh Phước An', null)
    const home = await agency(database, 'H99.05', 'Sở Nội vụ', root)
    const health = await agency(database, 'H99.11', 'Sở Y tế', root)
    const web = await openWeb(t, { database, now: () => NOW })
    await body(t, { web, database, health, home })
  })
}

once('an operator is added on the page and the link is shown once', async (t, { web, database }) => {
  const admin = await web.signIn('admin')
  const added = await web.post('/operators', admin, { name: 'Tran.Binh', role: 'head', agency: 'H99.11' })
  t.equal(added.status, 200)
  const link = /value="(http:[^"]+\/sign-in\/[\w-]{43})"/.exec(added.body.replaceAll('&#61;', '='))?.[1] ?? ''
  t.ok(link, 'the link is there')
  t.equal((await web.get(new URL(link).pathname)).status, 200, 'and works')
  const later = await web.get('/operators', admin)
  t.match(later.body, /tran\.<wbr>binh/)
  t.match(later.body, /Sở Y tế/)
  t.notMatch(later.body, /\/sign-in\/[\w-]{43}/)
  const id = await idOf(database, 'tran.binh')
  const fresh = await web.post(`/operators/${id}/link`, admin, {})
  t.match(fresh.body, /\/sign-in\/[\w-]{43}/)
  t.equal((await web.get(new URL(link).pathname)).status, 404, 'the one before has ended')
  t.match((await web.post(`/operators/${id}/disable`, admin, {})).body, /Đã ngừng quyền đăng nhập/)
  t.equal((await web.post(`/operators/${id}/disable`, admin, {})).status, 409)
  t.equal((await web.post(`/operators/${id}/link`, admin, {})).status, 409)
  t.match((await web.get('/operators', admin)).body, /đã ngừng quyền/)
  const back = await web.post('/operators', admin, { name: 'tran.binh', role: 'viewer', agency: 'H99.05' })
  t.equal(back.status, 200, 'a name that was disabled may come back')
  t.same(await audited(database), ['operator.added', 'link.made', 'operator.disabled', 'operator.added'])
})

once('a form that is not right comes back filled, with the message beside the field', async (t, { web }) => {
  const admin = await web.signIn('admin')
  await web.post('/operators', admin, { name: 'taken', role: 'viewer' })
  const cases: [Record<string, string>, string, RegExp, number][] = [
    [{ name: '', role: 'viewer' }, 'name', /Chưa nhập mục này/, 400],
    [{ name: 'Đỗ Hà', role: 'viewer' }, 'name', /2 đến 64 chữ không dấu/, 400],
    [{ name: 'x'.repeat(65), role: 'viewer' }, 'name', /Dài quá 64 ký tự/, 400],
    [{ name: 'ha\u202e', role: 'viewer' }, 'name', /ký tự ẩn/, 400],
    [{ name: 'taken', role: 'viewer' }, 'name', /đã có người dùng/, 409],
    [{ name: 'ha', role: 'root' }, 'role', /chọn một vai trò/, 400],
    [{ name: 'ha', role: '' }, 'role', /Chưa nhập mục này/, 400],
    [{ name: 'ha', role: 'head', agency: 'H98' }, 'agency', /Không có cơ quan nào mang mã này/, 400],
    [{ name: 'ha', role: 'agency-admin', agency: '' }, 'agency', /cần mã cơ quan/, 400],
  ]
  for (const [fields, field, problem, status] of cases) {
    const answer = await web.post('/operators', admin, fields)
    t.equal(answer.status, status, JSON.stringify(fields).slice(0, 60))
    const said = new RegExp(`id="${field}-problem">([^<]+)<`).exec(answer.body)?.[1] ?? ''
    t.match(said, problem)
    if (field === 'agency') t.match(answer.body, /id="name" name="name" type="text" value="ha"/)
  }
})

once('an administrator of a part sees and makes operators of that part only', async (t, ground) => {
  const { web, database, health, home } = ground
  for (const [name, agencyId] of [
    ['whole.an', null],
    ['home.binh', home],
    ['health.cuong', health],
  ] as const)
    await addOperator(database.db, { name, role: 'head', agencyId }, { by: local, now: NOW })
  const admin = await web.signIn('admin', health)
  const { body } = await web.get('/operators', admin)
  t.match(body, /health\.<wbr>cuong/)
  t.notMatch(body, /whole\.|home\./)
  const api = JSON.parse((await web.get('/api/v1/operators', admin)).body)
  t.same(
    api.operators.map((each: { agency: { code: string } }) => each.agency.code),
    Array.from({ length: api.operators.length }, () => 'H99.11'),
  )
  for (const agency of ['', 'H99', 'H99.05']) {
    const answer = await web.post('/operators', admin, { name: 'new.dung', role: 'admin', agency })
    t.equal(answer.status, 400, `none at ${agency || 'the whole installation'}`)
  }
  t.equal(
    (await web.post('/operators', admin, { name: 'new.dung', role: 'head', agency: 'H99.11' })).status,
    200,
  )
  for (const name of ['whole.an', 'home.binh'])
    for (const verb of ['link', 'disable'])
      t.equal((await web.post(`/operators/${await idOf(database, name)}/${verb}`, admin, {})).status, 404)
  t.equal((await web.post(`/operators/999999/link`, admin, {})).status, 404)
})

once('nobody disables themselves, and an auditor only looks', async (t, { web, database }) => {
  const admin = await web.signIn('admin')
  const { rows } = await sql<{ id: number }>`select max(id) as id from operator`.execute(database.db)
  const own = rows[0]?.id ?? 0
  t.match(await web.post(`/operators/${own}/disable`, admin, {}), {
    status: 409,
    body: /Không thể ngừng quyền của chính mình/,
  })
  t.equal((await web.get('/operators', admin)).status, 200)
  const auditor = await web.signIn('auditor')
  const { body } = await web.get('/operators', auditor)
  t.notMatch(body, /action="\/operators/)
})

once('the audit shows the newest first, by action, by day, page by page', async (t, { web, database }) => {
  for (let i = 0; i < 60; i++)
    await appendAudit(database.db, {
      at: new Date(NOW.getTime() - (60 - i) * 3_600_000),
      actor: local,
      action: i % 2 ? 'export' : 'plan.made',
      detail: { rows: i, format: 'xlsx' },
    })
  const auditor = await web.signIn('auditor')
  const numbers = (body: string) =>
    [...body.matchAll(/<div class="code">(\d+)<\/div>/g)].map(([, number]) => Number(number))
  const first = await web.get('/audit', auditor)
  t.same(
    numbers(first.body),
    Array.from({ length: 50 }, (_, i) => 60 - i),
  )
  t.match(first.body, /Dòng lệnh trên máy chủ/)
  t.match(first.body, /số dòng: 59/)
  const next =
    /href="(\/audit\?before[^"]+)" rel="next"/.exec(first.body)?.[1]?.replaceAll('&#61;', '=') ?? ''
  t.same(
    numbers((await web.get(next, auditor)).body),
    Array.from({ length: 10 }, (_, i) => 10 - i),
  )
  const plans = await web.get('/audit?action=plan.made', auditor)
  t.ok(numbers(plans.body).every(number => number % 2 === 1))
  // entry n was at NOW - (61 - n) h; in Việt Nam the 23rd ends at 17:00 UTC, 9 h before NOW
  const day = await web.get('/audit?day=2026-11-24', auditor)
  t.same(
    numbers(day.body),
    Array.from({ length: 9 }, (_, i) => 60 - i),
  )
  t.match((await web.get('/audit?day=2020-01-01', auditor)).body, /Không có dòng nào/)
  for (const bad of ['/audit?day=yesterday', '/audit?action=no.such', '/audit?before=-1', '/audit?before=x'])
    t.equal((await web.get(bad, auditor)).status, 400, bad)
  t.match((await web.get('/audit/verify', auditor)).body, /còn nguyên vẹn: 60 dòng/)
  await database.exec(
    `alter table audit disable trigger all; update audit set actor = 'x' where number = 7; alter table audit enable trigger all`,
  )
  t.match((await web.get('/audit/verify', auditor)).body, /đã bị thay đổi, bắt đầu từ dòng 7/)
  t.match(JSON.parse((await web.get('/api/v1/audit/verify', auditor)).body), { ok: false, firstBroken: 7 })
})

once('an auditor of a part sees what was done there, and nothing of elsewhere', async (t, ground) => {
  const { web, database, health, home } = ground
  for (const agencyId of [null, home, health])
    await appendAudit(database.db, { at: NOW, actor: local, action: 'export', agencyId })
  const auditor = await web.signIn('auditor', health)
  const { entries } = JSON.parse((await web.get('/api/v1/audit', auditor)).body)
  t.same(
    entries.map((each: { agency: string }) => each.agency),
    ['H99.11'],
  )
  const { body } = await web.get('/audit', auditor)
  t.notMatch(body, /H99\.05/)
})

once('the API says who asks and takes what the pages take', async (t, { web, database, health }) => {
  const admin = await web.signIn('admin')
  const me = JSON.parse((await web.get('/api/v1/me', admin)).body)
  t.match(me, { role: 'admin', agency: null, mustSetPassword: false })
  t.ok(me.may.includes('operators.manage'))
  const made = await web.post(
    '/api/v1/operators',
    { ...admin, csrf: me.csrf },
    { name: 'an', role: 'viewer' },
  )
  t.match(JSON.parse(made.body), { operator: 'an', signInLink: /\/sign-in\/[\w-]{43}$/ })
  t.match(JSON.parse((await web.post('/api/v1/operators', admin, { name: 'an', role: 'viewer' })).body), {
    error: { code: 'busy', message: /taken/ },
  })
  t.equal((await web.post('/api/v1/operators', admin, { name: 'an', role: 'root' })).status, 400)
  const id = await idOf(database, 'an')
  t.equal((await web.post(`/api/v1/operators/${id}/disable`, admin, {})).status, 204)
  t.equal((await web.post(`/api/v1/operators/${id}/link`, admin, {})).status, 409)
  const head = await web.signIn('head', health)
  t.match(JSON.parse((await web.get('/api/v1/me', head)).body), {
    agency: { code: 'H99.11', name: 'Sở Y tế' },
    may: ['figures.view', 'names.view', 'activity.view', 'export'],
  })
  const openapi = JSON.parse((await web.get('/api/v1/openapi.json', admin)).body)
  for (const path of ['/api/v1/me', '/api/v1/operators', '/api/v1/audit'])
    t.ok(openapi.paths[path], `${path} is described`)
})

once('the menu leads only where one may go', async (t, { web, health }) => {
  const links = async (who: SignedIn) => [
    ...new Set(
      [...(await web.get('/account', who)).body.matchAll(/<a href="(\/[a-z]*)"/g)].map(([, path]) => path),
    ),
  ]
  t.notOk((await links(await web.signIn('viewer', health))).includes('/people'))
  const part = await links(await web.signIn('admin', health))
  t.same(
    ['/plans', '/runs', '/sources'].filter(path => part.includes(path)),
    [],
  )
  const whole = await links(await web.signIn('admin'))
  t.same(
    ['/plans', '/runs', '/sources', '/operators', '/audit'].filter(path => !whole.includes(path)),
    [],
  )
})

once('the pages speak English by switch', async (t, { web }) => {
  const admin = await web.signIn('admin')
  const english = { ...admin, cookie: `${admin.cookie}; lang=en` }
  for (const [path, text] of [
    ['/operators', /Add an operator/],
    ['/audit', /Verify the chain/],
    ['/account', /Open sessions/],
    ['/account/password', /At least 12 characters/],
  ] as const)
    t.match((await web.get(path, english)).body, text)
  t.match((await web.get('/sign-in', null, { cookie: 'lang=en' })).body, /forgotten: ask the administrator/)
})

async function agency({ db }: Database, code: string, name: string, parent: number | null): Promise<number> {
  const { rows } = await sql<{ id: number }>`
    with made as (insert into agency (source, source_key) values ('test', ${code}) returning id)
    insert into agency_period (agency_id, first_day, code, name, level, parent_id, sort_key, search_key)
    select id, '2026-01-01', ${code}, ${name}, 'department', ${parent}, ${code}, ${code} from made
    returning agency_id as id`.execute(db)
  return rows[0]?.id ?? 0
}

async function idOf({ db }: Database, name: string): Promise<number> {
  const { rows } = await sql<{ id: number }>`select id from operator where name = ${name}`.execute(db)
  return rows[0]?.id ?? 0
}

async function audited({ db }: Database): Promise<string[]> {
  const { rows } = await sql<{ action: string }>`select action from audit order by number`.execute(db)
  return rows.map(row => row.action)
}
