import { renameSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import t, { type Test } from 'tap'
import { officials, openProvince, type Province } from '../support/province.ts'
import type { SignedIn } from '../support/web.ts'

type Ready = Province & { admin: SignedIn; plan1: number }

/** A province whose roster was read, with a plan for everybody. */
async function ready(t: Test, count = 6): Promise<Ready> {
  const province = await openProvince(t)
  await province.sync([...officials(count, 'H99.05'), ...officials(count, 'H99.11')])
  const plan1 = await province.plan()
  return { ...province, admin: await province.web.signIn('admin'), plan1 }
}

async function ended({ one }: Province, plan: number): Promise<string> {
  for (let i = 0; i < 200; i++) {
    const { state } = await one<{ state: string }>(`select state from plan where id = ${plan}`)
    const { going } = await one<{ going: number }>(
      `select count(*) as going from run where state = 'running'`,
    )
    if (state === 'applied' && going === 0) return state
    await sleep(50)
  }
  throw new Error('the plan was not applied')
}

t.test('a plan is seen, asked about once more, applied in the background, and stands as applied', async t => {
  const { web, admin, plan1, one, ...rest } = await ready(t)
  const page = await web.get(`/plans/${plan1}`, admin)
  t.equal(page.status, 200)
  t.match(page.body, /12<\/div><p class="say">thay đổi chờ phê duyệt: cấp mới 12\./)
  t.match(page.body, /Sở Y tế/)
  t.match(page.body, /thuộc diện cấp, chưa có hộp thư/)
  const ask = await web.get(`/plans/${plan1}/apply`, admin)
  t.equal(ask.status, 200)
  t.match(ask.body, /Cấp mới: <b>12<\/b>/)
  t.same(await one(`select count(*) as n from mailbox`), { n: 0 }, 'asking does nothing')
  const answer = await web.post(`/plans/${plan1}/apply`, admin, {})
  t.equal(answer.status, 303)
  t.equal(answer.headers.location, `/plans/${plan1}`)
  await ended({ web, one, ...rest }, plan1)
  t.same(await one(`select count(*) as n from mailbox`), { n: 12 })
  const done = await web.get(`/plans/${plan1}`, admin)
  t.match(done.body, /người phê duyệt admin\d+/)
  t.match(done.body, /Đã thực hiện xong\. 12 đã thực hiện/)
  t.notMatch(done.body, /hx-get/, 'nothing asks any more')
  const piece = await web.get(`/plans/${plan1}/progress`, admin)
  t.equal(piece.headers['hx-refresh'], 'true', 'a piece still shown is told that it ended')
  const audit = await one<{ steps: string }>(
    `select string_agg(detail ->> 'step', ' ' order by number) as steps from audit where action = 'plan.applied'`,
  )
  t.equal(audit.steps, 'start end')
})

t.test('while a run applies it, whoever looks sees how far it is, read from the database', async t => {
  const { web, admin, plan1, database } = await ready(t)
  await sql`update plan set state = 'applying' where id = ${plan1}`.execute(database.db)
  await sql`update plan_change set state = 'done', finished_at = now() - make_interval(secs => 20 - number)
    where plan_id = ${plan1} and number <= 9`.execute(database.db)
  await sql`update plan_change set state = 'failed', error = 'no', temporary = false, finished_at = now()
    where plan_id = ${plan1} and number = 10`.execute(database.db)
  await sql`insert into run (kind, state, started_at, heartbeat_at, host, pid, result)
    values ('mailbox', 'running', now() - interval '30 s', now(), 'elsewhere', 1, ${`{"work":"apply","plan":${plan1}}`}::jsonb)`.execute(
    database.db,
  )
  const page = await web.get(`/plans/${plan1}`, admin)
  t.match(page.body, new RegExp(`hx-get="/plans/${plan1}/progress"`))
  t.match(page.body, /<noscript><meta http-equiv="refresh"/)
  const piece = await web.get(`/plans/${plan1}/progress`, admin)
  t.match(piece.body, /10 \/ 12 đã xong/)
  t.match(piece.body, /9 đã thực hiện · 1 không thực hiện được · 2 còn lại/)
  t.match(piece.body, /thay đổi mỗi phút · còn khoảng/)
  t.equal(piece.headers['hx-refresh'], undefined)
  const again = await web.post(`/plans/${plan1}/apply`, admin, {})
  t.equal(again.headers.location, `/plans/${plan1}`, 'who presses as well is shown the same')
  await sql`update run set heartbeat_at = now() - interval '5 min' where state = 'running'`.execute(
    database.db,
  )
  const halted = await web.get(`/plans/${plan1}`, admin)
  t.match(halted.body, /dừng giữa chừng/)
  t.match(halted.body, />Làm tiếp</)
  t.match((await web.get(`/plans/${plan1}/apply`, admin)).body, /<b>2<\/b> còn lại trong 12/)
})

t.test('two who press at once begin one run', async t => {
  const { web, admin, plan1, one, ...rest } = await ready(t)
  const other = await web.signIn('admin')
  const answers = await Promise.all([
    web.post(`/plans/${plan1}/apply`, admin, {}),
    web.post(`/plans/${plan1}/apply`, other, {}),
  ])
  t.same(
    answers.map(({ status, headers }) => [status, headers.location]),
    [
      [303, `/plans/${plan1}`],
      [303, `/plans/${plan1}`],
    ],
  )
  await ended({ web, one, ...rest }, plan1)
  t.same(await one(`select count(*) as n from run where result ->> 'work' = 'apply'`), { n: 1 })
  t.same(await one(`select count(*) as n from mailbox`), { n: 12 })
})

t.test(
  'over a limit it takes a tick as well; without it the form comes back and nothing is done',
  async t => {
    const province = await ready(t, 8)
    const { web, admin, plan1, one } = province
    await province.apply(plan1)
    await province.sync(officials(8, 'H99.05'))
    const plan2 = await province.plan()
    const page = await web.get(`/plans/${plan2}`, admin)
    t.match(page.body, /Vượt ngưỡng an toàn/)
    t.match(page.body, /tạm khoá 8 trên 16 hộp thư, vượt ngưỡng 5%/)
    const refused = await web.post(`/plans/${plan2}/apply`, admin, {})
    t.equal(refused.status, 422)
    t.match(refused.body, /id="force-problem"/)
    t.match(refused.body, /Tạm khoá: <b>8<\/b>/, 'with the counts again')
    const odd = await web.post(`/plans/${plan2}/apply`, admin, { force: 'x'.repeat(20_000) })
    t.equal(odd.status, 422)
    t.same(await one(`select count(*) as n from mailbox where state = 'suspended'`), { n: 0 })
    const forced = await web.post(`/plans/${plan2}/apply`, admin, { force: 'yes' })
    t.equal(forced.status, 303)
    await ended(province, plan2)
    t.same(await one(`select count(*) as n from mailbox where state = 'suspended'`), { n: 8 })
  },
)

t.test('a plan on moved ground says so, changes nothing, and leads to a new one', async t => {
  const province = await ready(t)
  const { web, admin, plan1, one } = province
  await province.sync([...officials(6, 'H99.05'), ...officials(7, 'H99.11')])
  const page = await web.get(`/plans/${plan1}`, admin)
  t.match(page.body, /đề xuất không còn đúng/)
  t.notMatch(page.body, /Phê duyệt và thực hiện/)
  const answer = await web.post(`/plans/${plan1}/apply`, admin, {})
  t.equal(answer.status, 409)
  t.match(answer.body, /Lập đề xuất mới/)
  t.same(await one(`select count(*) as n from mailbox`), { n: 0 })
  const made = await web.post('/plans', admin, {})
  t.equal(made.status, 303)
  const plan2 = Number(String(made.headers.location).split('/')[2])
  t.ok(plan2 > plan1)
  const old = await web.post(`/plans/${plan1}/apply`, admin, {})
  t.equal(old.status, 409, 'the one it replaced cannot be applied any more')
  const list = await web.get('/plans', admin)
  t.match(list.body, /đã có đề xuất mới thay thế/)
  const { name } = await one<{ name: string }>(`select name from operator where role = 'admin'`)
  t.match(list.body, new RegExp(name), 'who made it is named')
})

t.test('with nothing to change, or another run going on, making a plan says that', async t => {
  const province = await ready(t)
  const { web, admin, plan1, database } = province
  await province.apply(plan1)
  const nothing = await web.post('/plans', admin, {})
  t.equal(nothing.headers.location, '/plans?made=nothing')
  t.match((await web.get('/plans?made=nothing', admin)).body, /Không có gì cần thay đổi/)
  await sql`insert into run (kind, state, started_at, heartbeat_at, host, pid)
    values ('mailbox', 'running', now(), now(), 'elsewhere', 1)`.execute(database.db)
  const busy = await web.post('/plans', admin, {})
  t.equal(busy.status, 409)
  t.match(busy.body, /Đang có một lượt chạy hộp thư khác/)
})

t.test('changes are found by name without marks, address, kind, agency and state', async t => {
  const { web, admin, plan1 } = await ready(t, 110)
  const rows = (body: string) =>
    (body.slice(body.indexOf('id="list"')).match(/<td><div class="code">|<tr><td>/g) ?? []).length
  const all = await web.get(`/plans/${plan1}`, admin)
  t.match(all.body, /220 thay đổi<\/span>/)
  t.match(all.body, new RegExp(`/plans/${plan1}\\?after&#61;100#list`))
  t.match((await web.get(`/plans/${plan1}?after=200`, admin)).body, /220 thay đổi/)
  const found = await web.get(`/plans/${plan1}?q=dang+huu+dat`, admin)
  t.match(found.body, /Đặng Hữu Đạt/)
  t.notMatch(found.body.slice(found.body.indexOf('id="list"')), /Bùi Thanh/)
  t.ok(rows(found.body) > 0)
  t.match((await web.get(`/plans/${plan1}?agency=H99.11`, admin)).body, /110 thay đổi<\/span>/)
  t.match((await web.get(`/plans/${plan1}?kind=suspend`, admin)).body, /Không có thay đổi nào khớp/)
  t.match((await web.get(`/plans/${plan1}?state=planned&q=%25`, admin)).body, /Không có thay đổi nào khớp/)
})

t.test('whatever stands in an address, the answer is a page or a plain refusal', async t => {
  const { web, admin, plan1 } = await ready(t)
  const bad = [
    `/plans/${plan1}?kind=x`,
    `/plans/${plan1}?state=x`,
    `/plans/${plan1}?after=-1`,
    `/plans/${plan1}?after=1e9`,
    `/plans/${plan1}?after=99999999999999999999`,
    `/plans/${plan1}?q=${'x'.repeat(300)}`,
    '/plans?before=x',
    '/plans?made=x',
    '/mailboxes?state=x',
    '/api/v1/plans?before=0',
    `/api/v1/plans/${plan1}/changes?kind=x`,
  ]
  for (const url of bad) t.equal((await web.get(url, admin)).status, 400, url)
  const missing = [
    '/plans/0',
    '/plans/x',
    '/plans/999',
    '/plans/99999999999999999999',
    '/plans/-1/apply',
    '/plans/999/progress',
    '/mailboxes/999',
    '/mailboxes/x',
    '/mailboxes?agency=X99',
    '/api/v1/plans/999',
    '/api/v1/plans/x/changes',
  ]
  for (const url of missing) t.equal((await web.get(url, admin)).status, 404, url)
  const fine = [
    `/plans/${plan1}?q=%00%27%3B--&agency=%00`,
    `/plans/${plan1}?q=a&q=b`,
    `/plans/${plan1}?q=${encodeURIComponent('Hòa'.normalize('NFD'))}&after=99999999`,
    '/mailboxes?after=%F0%9F%98%80&q=%E2%80%AE',
    '/plans?before=1',
  ]
  for (const url of fine) t.equal((await web.get(url, admin)).status, 200, url)
})

t.test(
  'plans are for the whole installation: a scope of one agency sees and does nothing of them',
  async t => {
    const { web, plan1, agencyId, one } = await ready(t)
    const scoped = await web.signIn('admin', await agencyId('H99.05'))
    const auditor = await web.signIn('auditor')
    const head = await web.signIn('head', await agencyId('H99.05'))
    for (const url of [
      '/plans',
      `/plans/${plan1}`,
      `/plans/${plan1}/progress`,
      `/plans/${plan1}/apply`,
      '/api/v1/plans',
      `/api/v1/plans/${plan1}/changes`,
    ]) {
      t.equal((await web.get(url, scoped)).status, 404, url)
      t.equal((await web.get(url, head)).status, 403, url)
    }
    t.equal((await web.post('/plans', scoped, {})).status, 404)
    t.equal((await web.post(`/plans/${plan1}/apply`, scoped, { force: 'yes' })).status, 404)
    const seen = await web.get(`/plans/${plan1}`, auditor)
    t.equal(seen.status, 200)
    t.notMatch(seen.body, /Phê duyệt và thực hiện/, 'an auditor looks and does not approve')
    t.equal((await web.post(`/plans/${plan1}/apply`, auditor, {})).status, 403)
    t.equal((await web.post('/plans', auditor, {})).status, 403)
    t.same(await one(`select count(*) as n from mailbox`), { n: 0 })
  },
)

t.test('mailboxes are listed and shown within the scope of whoever asks', async t => {
  const province = await ready(t, 60)
  const { web, admin, plan1, one } = province
  await province.apply(plan1)
  const own = await web.signIn('agency-admin', await province.agencyId('H99.11'))
  const all = await web.get('/mailboxes', admin)
  t.match(all.body, /Sở Nội vụ/)
  t.match(all.body, /after&#61;/)
  const listed = await web.get('/mailboxes', own)
  t.match(listed.body, /Sở Y tế/)
  t.notMatch(listed.body, /Sở Nội vụ/)
  t.match(listed.body, /chưa ghi nhận/, 'no log is not said to be no use')
  const pages = new Set<string>()
  for (let url: string | undefined = '/api/v1/mailboxes'; url; ) {
    const { mailboxes, next }: { mailboxes: { address: string; agency: string }[]; next: string | null } =
      JSON.parse((await web.get(url, own)).body)
    for (const each of mailboxes) {
      t.equal(each.agency, 'H99.11')
      pages.add(each.address)
    }
    url = next === null ? undefined : `/api/v1/mailboxes?after=${encodeURIComponent(next)}`
  }
  t.equal(pages.size, 60)
  const inside = await one<{ id: number; address: string }>(
    `select m.id, m.address from mailbox m join mailbox_holder h on h.mailbox_id = m.id join employment e on e.person_id = h.person_id
     join agency_period a on a.agency_id = e.agency_id where a.code = 'H99.11' limit 1`,
  )
  const outside = await one<{ id: number }>(
    `select h.mailbox_id as id from mailbox_holder h join employment e on e.person_id = h.person_id
     join agency_period a on a.agency_id = e.agency_id where a.code = 'H99.05' limit 1`,
  )
  const page = await web.get(`/mailboxes/${inside.id}`, own)
  t.equal(page.status, 200)
  t.match(page.body, inside.address)
  t.match(page.body, /cấp mới/)
  t.notMatch(page.body, /href="\/plans\//, 'who may not see plans gets no link to them')
  t.equal((await web.get(`/mailboxes/${outside.id}`, own)).status, 404)
  t.equal((await web.get('/mailboxes?agency=H99.05', own)).status, 404)
  t.equal((await web.get('/mailboxes?agency=H99.05', admin)).status, 200)
  t.match((await web.get('/mailboxes?q=tran+thi+binh', admin)).body, /Trần Thị Bình/)
  t.match((await web.get('/mailboxes?state=suspended', admin)).body, /Không có hộp thư nào khớp/)
  t.equal((await web.get('/mailboxes', await web.signIn('viewer'))).status, 403)
})

t.test('the API answers the same as the pages, and refuses as they do', async t => {
  const province = await ready(t, 8)
  const { web, admin, plan1 } = province
  const json = async (url: string) => JSON.parse((await web.get(url, admin)).body)
  t.match(await json('/api/v1/plans'), {
    plans: [
      { id: plan1, state: 'open', changes: { create: 16, suspend: 0 }, guard: { ok: true, reasons: [] } },
    ],
    next: null,
  })
  t.match(await json(`/api/v1/plans/${plan1}`), {
    progress: { total: 16, waiting: 16, done: 0 },
    refusals: [],
  })
  const { changes, count } = await json(`/api/v1/plans/${plan1}/changes?agency=H99.11`)
  t.equal(count, 8)
  t.match(changes[0], { kind: 'create', agency: 'H99.11', reason: 'required', state: 'planned', error: null })
  const applied = await web.post(`/api/v1/plans/${plan1}/apply`, admin, {})
  t.equal(applied.status, 200)
  t.match(JSON.parse(applied.body), { plan: plan1, going: false, done: 16, failed: 0 })
  await province.sync(officials(8, 'H99.05'))
  const made = await web.post('/api/v1/plans', admin, {})
  t.equal(made.status, 201)
  const { plan } = JSON.parse(made.body)
  const refused = await web.post(`/api/v1/plans/${plan}/apply`, admin, {})
  t.equal(refused.status, 422)
  t.match(JSON.parse(refused.body), { error: { code: 'guard_refused' } })
  await province.sync([...officials(8, 'H99.05'), ...officials(1, 'H99.11')])
  const moved = await web.post(`/api/v1/plans/${plan}/apply`, admin, { force: 'yes' })
  t.equal(moved.status, 400, 'force is true or false')
})

/** Takes the platform away: a file stands where its folder was. */
function takeAway({ web }: Province): () => void {
  const [platform] = web.context.config.mailbox.platforms
  if (platform?.kind !== 'practice') throw new Error('no practice platform')
  renameSync(platform.folder, `${platform.folder}-away`)
  writeFileSync(platform.folder, '')
  return () => {
    renameSync(platform.folder, `${platform.folder}-file`)
    renameSync(`${platform.folder}-away`, platform.folder)
  }
}

async function lastRunEnds({ one }: Province, count: number): Promise<void> {
  for (let i = 0; i < 400; i++) {
    const { n } = await one<{ n: number }>(
      `select count(*) as n from run where kind = 'mailbox' and state <> 'running'`,
    )
    if (n >= count) return
    await sleep(50)
  }
  throw new Error('no further run ended')
}

t.test(
  'with the platform away nothing is lost: pages say so, and the same plan goes on when it is back',
  async t => {
    const province = await ready(t)
    const { web, admin, plan1, one } = province
    const giveBack = takeAway(province)
    const made = await web.post('/plans', admin, {})
    t.equal(made.headers.location, '/plans')
    t.match(
      (await web.get('/plans', admin)).body,
      /Lần lập đề xuất gần nhất chưa xong vì không kết nối được hệ thống thư/,
    )
    const answer = await web.post(`/plans/${plan1}/apply`, admin, {})
    t.equal(answer.status, 303)
    await lastRunEnds(province, 3)
    const page = await web.get(`/plans/${plan1}`, admin)
    t.match(page.body, /Không kết nối được hệ thống thư/)
    t.match(page.body, /Phê duyệt và thực hiện/)
    t.same(await one(`select count(*) as n from mailbox`), { n: 0 })
    giveBack()
    await web.post(`/plans/${plan1}/apply`, admin, {})
    await ended(province, plan1)
    t.same(await one(`select count(*) as n from mailbox`), { n: 12 })
  },
)

t.test(
  'changes that failed are listed with what was said and what to do, temporary ones can be gone on with',
  async t => {
    const province = await ready(t)
    const { web, admin, plan1, database } = province
    await sql`update plan_change set state = 'done' where plan_id = ${plan1} and number > 2`.execute(
      database.db,
    )
    await sql`update plan_change set state = 'failed', error_code = 'address_taken', error = 'taken <b>here</b>', temporary = false
    where plan_id = ${plan1} and number = 1`.execute(database.db)
    await sql`update plan_change set state = 'failed', error_code = 'platform_unreachable', error = 'no answer', temporary = true
    where plan_id = ${plan1} and number = 2`.execute(database.db)
    await sql`update plan set state = 'applying' where id = ${plan1}`.execute(database.db)
    const page = await web.get(`/plans/${plan1}`, admin)
    t.match(page.body, /Thay đổi không thực hiện được: 2/)
    t.match(page.body, /địa chỉ khác sẽ được chọn/)
    t.match(page.body, /Bấm “Làm tiếp”/)
    t.notMatch(page.body, /<b>here/, 'what a platform says is text, never markup')
    t.match(page.body, />Làm tiếp<\/a>/)
    await province.apply(plan1)
    const after = await web.get(`/plans/${plan1}`, admin)
    t.match(after.body, /Thay đổi không thực hiện được: 1/)
    t.match((await web.get('/plans', admin)).body, /đã thực hiện, có thay đổi chưa được/)
  },
)

t.test('people for whom nothing could be proposed are listed with the reason', async t => {
  const province = await openProvince(t)
  const { web, database } = province
  const admin = await web.signIn('admin')
  await province.sync(officials(3, 'H99.05'))
  await sql`insert into platform_entry (platform, address, kind, name, search_key) values
    ('mail', 'la@phuocan.test', 'mailbox', 'Trần Thị An', 'tran thi an')`.execute(database.db)
  const plan = await province.plan()
  await sql`insert into plan_refusal select ${plan}, id, 'may_have_mailbox la@phuocan.test' from person
    on conflict do nothing`.execute(database.db)
  const page = await web.get(`/plans/${plan}`, admin)
  t.match(page.body, /Cán bộ chưa đề xuất được hộp thư: 3/)
  t.match(page.body, /có thể đã có hộp thư la@phuocan\.test/)
  t.match(JSON.parse((await web.get(`/api/v1/plans/${plan}`, admin)).body).refusals, [
    { reason: 'may_have_mailbox la@phuocan.test' },
    {},
    {},
  ])
})

t.test(
  'without a platform, or with one whose secret is missing, the list says why no plan can be made',
  async t => {
    const none = await openProvince(t, { config: { mailbox: {} } })
    const page = await none.web.get('/plans', await none.web.signIn('admin'))
    t.match(page.body, /Chưa cấu hình hệ thống thư/)
    t.notMatch(page.body, /<button class="btn btn-primary">/)
    const platforms = [
      {
        name: 'mail',
        kind: 'postfixadmin',
        url: 'postgres://mail@127.0.0.1/mail',
        password: { env: 'HOPTHU_NOT_SET' },
      },
    ]
    const secret = await openProvince(t, { config: { mailbox: { platforms } } })
    const admin = await secret.web.signIn('admin')
    const made = await secret.web.post('/plans', admin, {})
    t.equal(made.headers.location, '/plans')
    t.match((await secret.web.get('/plans', admin)).body, /Lần lập đề xuất gần nhất chưa xong/)
  },
)

t.test('in English every page of plans and mailboxes is English', async t => {
  const province = await ready(t)
  const { web, admin, plan1 } = province
  await province.apply(plan1)
  const english = { ...admin, cookie: `${admin.cookie}; lang=en` }
  const { id } = await province.one<{ id: number }>('select min(id) as id from mailbox')
  for (const url of ['/plans', `/plans/${plan1}`, '/mailboxes', `/mailboxes/${id}`]) {
    const { body } = await web.get(url, english)
    const main = body.slice(body.indexOf('<main'), body.indexOf('</main>'))
    t.notMatch(main, /(đề xuất|hộp thư|cấp mới|trạng thái|chưa|kích hoạt)/i, url)
  }
})
