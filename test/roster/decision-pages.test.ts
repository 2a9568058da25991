import { sql } from 'kysely'
import t, { type Test } from 'tap'
import { figuresRequest } from '../../src/adoption/command.ts'
import { keepFigures } from '../../src/adoption/report.ts'
import { addDays, dayAt } from '../../src/ids.ts'
import { applyAnnouncements } from '../../src/roster/announce.ts'
import { restatedSince } from '../../src/roster/restated-store.ts'
import { createWeb, restateFigures } from '../../src/service.ts'
import { officials, openProvince, type Province } from '../support/province.ts'
import type { SignedIn } from '../support/web.ts'

const OWN = 'H99.05'
const OTHER = 'H99.11'
const now = () => new Date()
const today = dayAt(Date.now(), 'Asia/Ho_Chi_Minh')

t.setTimeout(120_000)

async function open(t: Test): Promise<Province> {
  const province = await openProvince(t)
  await province.sync([...officials(4, OWN), ...officials(3, OTHER, 100)])
  return province
}

const decision = { number: '125/QĐ-SNV', signed: addDays(today, -30), issuer: 'Sở Nội vụ' }

function entry(fields: Record<string, string>): Record<string, string> {
  return { ...decision, effective: today, step: 'record', ...fields }
}

/** A form with a file, as a browser sends it. */
async function send(
  { web }: Province,
  who: SignedIn,
  fields: Record<string, string>,
  file: { name: string; bytes: Buffer },
) {
  const server = await createWeb(web.context, new Map())
  const form = new FormData()
  for (const [name, value] of Object.entries({ csrf: who.csrf, ...fields })) form.set(name, value)
  form.set('scan', new Blob([new Uint8Array(file.bytes)]), file.name)
  const sent = new Response(form)
  const answer = await server.inject({
    ...{ method: 'POST', url: '/decisions' },
    headers: {
      accept: 'text/html',
      cookie: who.cookie,
      'content-type': sent.headers.get('content-type') ?? '',
    },
    payload: Buffer.from(await sent.arrayBuffer()),
  })
  await server.close()
  return { status: answer.statusCode, body: answer.body, headers: answer.headers }
}

t.test('a decision is entered for a pasted list, done at once, listed and shown', async t => {
  const province = await open(t)
  const { web } = province
  const admin = await web.signIn('admin')
  const form = await web.get('/decisions/new?kind=move', admin)
  t.match(form.body, /Danh sách người/)
  const fields = entry({ kind: 'move', people: '050000\nTrần Thị An', agency: OTHER, title: 'Chuyên viên' })
  const answer = await web.post('/decisions', admin, fields)
  t.match(
    answer,
    { status: 303, headers: { location: /\/decisions\/1\?said=announced&done=2/ } },
    answer.body,
  )
  const shown = await web.get('/decisions/1?said=announced&done=2', admin)
  t.match(
    shown.body,
    /2 biến động đã thực hiện.*Nguyễn Văn An.*Điều động, chuyển cơ quan.*Sở Y tế, Chuyên viên/s,
  )
  t.match((await web.get('/decisions?q=125', admin)).body, /125\/QĐ-SNV/)
  t.match((await web.get('/decisions?q=nguyen+van+an', admin)).body, /125\/QĐ-SNV/)
  t.match((await web.get('/decisions?q=999', admin)).body, /Không có quyết định nào phù hợp/)
  const { posts } = await province.one<{ posts: string }>(
    `select string_agg(a.code, ' ' order by first_day) as posts from employment e
      join (select agency_id, code from agency_period where last_day = 'infinity') a using (agency_id) where person_id = 1`,
  )
  t.equal(posts, `${OWN} ${OTHER}`)
  const person = await web.get('/people/1', admin)
  t.match(person.body, /Quá trình công tác.*Sở Y tế.*Chuyển cơ quan.*Sở Nội vụ → Sở Y tế.*125\/QĐ-SNV/s)
  const history = JSON.parse(
    (await web.get('/api/v1/people/1/history', admin, { accept: 'application/json' })).body,
  )
  t.match(history, {
    employments: [
      { agency: OTHER, last: null },
      { agency: OWN, first: null },
    ],
    movements: [{ kind: 'mover' }],
  })
  const listed = JSON.parse((await web.get('/api/v1/decisions', admin, { accept: 'application/json' })).body)
  t.match(listed, { decisions: [{ number: '125/QĐ-SNV', people: 2, waiting: 0 }], next: null })
})

t.test('whoever is not found, or cannot move, is named beside the list; nothing is recorded', async t => {
  const { web, one } = await open(t)
  const admin = await web.signIn('admin')
  const wrong = await web.post(
    '/decisions',
    admin,
    entry({ kind: 'move', people: '050000\nKhông Có Ai', agency: OTHER }),
  )
  t.equal(wrong.status, 400)
  t.match(wrong.body, /id="people-problem">“Không Có Ai”: không tìm thấy ai/)
  t.match(wrong.body, /id="number"[^>]*value="125\/QĐ-SNV"/)
  const same = await web.post('/decisions', admin, entry({ kind: 'move', people: '050000', agency: OWN }))
  t.match(same, { status: 400, body: /id="people-problem">Nguyễn Văn An: đã ở H99\.05/ })
  const days = async (fields: Record<string, string>) =>
    (await web.post('/decisions', admin, entry({ kind: 'leave', people: '050000', ...fields }))).body
  t.match(await days({ effective: '2027-02-29' }), /id="effective-problem">Ngày không có trong lịch/)
  t.match(await days({ effective: '20/11/1926' }), /id="effective-problem">Ngày quá xa/)
  t.match(await days({ signed: addDays(today, 3) }), /id="signed-problem">Ngày ký không thể sau/)
  t.same(await one('select count(*)::int as n from decision'), { n: 0 })
})

t.test('people are found and added to the list without a script', async t => {
  const { web } = await open(t)
  const admin = await web.signIn('admin')
  const found = await web.post('/decisions', admin, {
    kind: 'leave',
    step: 'find',
    find: 'nguyen van',
    people: '050001',
  })
  t.match(found, { status: 200, body: /name="add" value="050000"/ })
  const added = await web.post('/decisions', admin, { kind: 'leave', people: '050001', add: '050000' })
  t.match(added.body, /<textarea[^>]*id="people"[^>]*>\s*050001\n050000<\/textarea>/)
})

t.test('somebody new joins on a day to come; it waits, is withdrawn, and another is done', async t => {
  const province = await open(t)
  const { web, database } = province
  const admin = await web.signIn('admin')
  const join = entry({
    ...{
      kind: 'join',
      fullName: 'Phan Thị Mới',
      birthDay: '1999-02-28',
      staffId: 'M01',
      staffClass: 'công chức',
    },
    ...{ agency: OWN, effective: addDays(today, 10) },
  })
  t.equal((await web.post('/decisions', admin, join)).status, 303)
  t.match(
    (await web.post('/decisions', admin, join)).body,
    /id="staffId-problem">Mã này đã là của Phan Thị Mới/,
  )
  const page = await web.get('/decisions/1', admin)
  t.match(page.body, /Phan Thị Mới.*chờ đến ngày.*action="\/announcements\/1\/withdraw"/s)
  const taken = await web.post('/announcements/1/withdraw', admin, {})
  t.match(taken.headers, { location: '/decisions/1?said=withdrawn' })
  t.equal((await web.post('/announcements/1/withdraw', admin, {})).status, 409)
  const leave = entry({ kind: 'leave', people: '050001', effective: addDays(today, 2) })
  t.equal((await web.post('/decisions', admin, leave)).status, 303)
  await applyAnnouncements(database.db, addDays(today, 2), now())
  t.match((await web.get('/decisions/1', admin)).body, /Nghỉ hưu, thôi việc.*đã thực hiện/s)
})

t.test('a scan is told by its content, kept, and given as a file to who may see all it names', async t => {
  const province = await open(t)
  const { web } = province
  const admin = await web.signIn('admin')
  const fields = entry({ kind: 'leave', people: '050000' })
  const wrong = await send(province, admin, fields, { name: 'a.pdf', bytes: Buffer.from('<html>') })
  t.match(wrong, { status: 400, body: /id="scan-problem">Tệp không phải PDF/ })
  const large = Buffer.alloc(10 * 1024 * 1024 + 1, '%PDF-')
  t.match(await send(province, admin, fields, { name: 'a.pdf', bytes: large }), {
    status: 400,
    body: /id="scan-problem">Tệp lớn hơn 10 MB/,
  })
  const bytes = Buffer.from('%PDF-1.7\nmột bản chụp\n')
  const sent = await send(province, admin, fields, { name: '../../x.html', bytes })
  t.equal(sent.status, 303, sent.body)
  const scan = await web.get('/decisions/1/scan', admin)
  t.match(scan, {
    status: 200,
    headers: {
      'content-type': 'application/pdf',
      'content-disposition': 'attachment; filename="125-QD-SNV.pdf"',
      'x-content-type-options': 'nosniff',
    },
    body: bytes.toString(),
  })
  const own = await web.signIn('agency-admin', await province.agencyId(OWN))
  const other = await web.signIn('agency-admin', await province.agencyId(OTHER))
  t.equal((await web.get('/decisions/1/scan', own)).status, 200, 'everybody in it is theirs')
  t.equal((await web.get('/decisions/1', other)).status, 404)
  await web.post('/decisions', admin, entry({ kind: 'leave', people: '110100' }))
  t.equal((await web.get('/decisions/1/scan', own)).status, 404, 'it names somebody of another agency now')
  const part = await web.get('/decisions/1', own)
  t.match(part.body, /ngoài phạm vi phụ trách/)
  t.notMatch(part.body, /110100/)
})

t.test('an absence is entered, shown, ended and taken away within the scope', async t => {
  const province = await open(t)
  const { web, one } = province
  const own = await web.signIn('agency-admin', await province.agencyId(OWN))
  const head = await web.signIn('head', await province.agencyId(OWN))
  const other = await web.signIn('agency-admin', await province.agencyId(OTHER))
  const absence = { person: '050001', kind: 'maternity', from: today, until: '', document: '18/QĐ-SNV' }
  t.match(
    (await web.post('/absences', other, absence)).body,
    /id="person-problem">“050001”: không tìm thấy ai/,
  )
  t.equal((await web.post('/absences', own, absence)).status, 303)
  t.match(
    (await web.post('/absences', own, absence)).body,
    /id="from-problem">đã có thời gian tạm không tính/,
  )
  t.match((await web.get('/absences', head)).body, /Trần Thị An.*thai sản.*18\/QĐ-SNV.*chưa rõ ngày cuối/s)
  t.notMatch((await web.get('/absences', other)).body, /Trần Thị An/)
  const url = `/absences/2/${today}`
  t.equal((await web.get(url, other)).status, 404)
  t.match((await web.get(url, own)).body, /value="18\/QĐ-SNV"/)
  const bad = await web.post(url, own, { ...absence, until: addDays(today, -1) })
  t.match(bad, { status: 400, body: /id="until-problem">ngày cuối trước ngày đầu/ })
  t.equal((await web.post(url, own, { ...absence, until: addDays(today, 30) })).status, 303)
  t.match(await one('select last_day, source from absence'), { last_day: addDays(today, 30), source: '' })
  t.equal((await web.post(`${url}/remove`, own, {})).status, 303)
  t.same(await one('select count(*)::int as n from absence'), { n: 0 })
})

t.test(
  'figures kept of past days follow a past decision at night, so many a night, the oldest first',
  async t => {
    const province = await open(t)
    const { web, database } = province
    const { db } = database
    await sql`update roster_source set first_complete_day = ${addDays(today, -200)}`.execute(db)
    const admin = await web.signIn('admin')
    const first = addDays(today, -80)
    await keepFigures(db, await figuresRequest(web.context, first))
    // the other days had the same
    await sql`insert into adoption_figure
      select k.* from generate_series(1, 72) n cross join lateral (
        select (json_populate_record(f, json_build_object('day', f.day + n::int))).* from adoption_figure f
        where f.day = ${first}::date) k`.execute(db)
    const staff = async (back: number) => {
      const { rows } = await sql<{ staff: number }>`
      select staff from adoption_figure join agency_period using (agency_id)
      where code = ${OWN} and last_day = 'infinity' and own and day = ${addDays(today, -back)}`.execute(db)
      return rows[0]?.staff
    }
    t.same([await staff(80), await staff(70), await staff(9)], [4, 4, 4])
    await web.post(
      '/decisions',
      admin,
      entry({ kind: 'leave', people: '050000', effective: addDays(today, -75), signed: addDays(today, -80) }),
    )
    const before = addDays(today, -7)
    t.equal((await restateFigures(web.context, before)).days, 60)
    t.same(
      [await staff(80), await staff(76), await staff(75), await staff(16), await staff(15)],
      [4, 4, 3, 3, 4],
    )
    t.equal((await restatedSince(db))?.first, addDays(today, -15))
    t.equal((await restateFigures(web.context, before)).days, 8)
    t.same([await staff(15), await staff(8)], [3, 3])
    t.same(await restateFigures(web.context, before), { days: 0, written: 0 })
    t.equal(await restatedSince(db), null)
  },
)
