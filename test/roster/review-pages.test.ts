/** Reviews, the holding list, confirmations and movements as people meet them: pages, API and commands, in scope. */
import { sql } from 'kysely'
import t, { type Test } from 'tap'
import { commands, runCommand } from '../../src/app.ts'
import type { Values } from '../../src/command.ts'
import { dayAt } from '../../src/ids.ts'
import { officials, openProvince, type Province } from '../support/province.ts'
import type { SignedIn } from '../support/web.ts'

const OWN = 'H99.05'
const OTHER = 'H99.11'

type Ground = Province & {
  admin: SignedIn
  own: SignedIn
  other: SignedIn
  head: SignedIn
  run(text: string): Promise<void>
  /** Somebody serving at an agency, the n-th of them. */
  person(code: string, n?: number): Promise<number>
  rows(text: string): Promise<string[]>
}

async function openGround(t: Test): Promise<Ground> {
  const province = await openProvince(t)
  await province.sync([...officials(12, OWN), ...officials(12, OTHER, 100)])
  const [own, other] = [await province.agencyId(OWN), await province.agencyId(OTHER)]
  const { web, database } = province
  return {
    ...province,
    admin: await web.signIn('admin'),
    own: await web.signIn('agency-admin', own),
    other: await web.signIn('agency-admin', other),
    head: await web.signIn('head', own),
    run: text => database.exec(text),
    async person(code, n = 0) {
      const { id } = await province.one<{ id: number }>(`select person_id as id from employment
        where agency_id = ${code === OWN ? own : other} order by id offset ${n} limit 1`)
      return id
    },
    rows: async text =>
      (await sql<{ line: string }>`${sql.raw(text)}`.execute(database.db)).rows.map(row => row.line),
  }
}

/** An entry that may be this person, by its name; the number of the question. */
async function doubt(
  ground: Ground,
  { code, person, kind = 'sameName' }: { code: string; person: number; kind?: string },
): Promise<number> {
  const { id } = await ground.one<{ id: number }>(`
    with who as (select full_name from person where id = ${person}), entry as (
      insert into roster_record (source, source_key, said, said_on)
      select 'directory', 'doubt-${person}', json_build_object('fullName', full_name, 'birthDay', '1980-02-03',
        'title', 'Chuyên viên', 'phone', '0900 000 001', 'posts', json_build_array(json_build_array('${code}', true)))::text,
        current_date from who returning number
    )
    insert into roster_review (kind, agency_id, record_number, person_id, opened_on)
    select '${kind}', ${await ground.agencyId(code)}, number, ${person}, current_date from entry returning id`)
  return id
}

async function missing(ground: Ground, code: string, n: number): Promise<number> {
  const person = await ground.person(code, n)
  const { id } = await ground.one<{ id: number }>(`
    insert into roster_review (kind, agency_id, record_number, person_id, opened_on)
    select 'missing', ${await ground.agencyId(code)}, number, ${person}, current_date from roster_record
    where person_id = ${person} returning id`)
  return id
}

t.test(
  'the two stand side by side with what differs in words, and the same person is one from then on',
  async t => {
    const ground = await openGround(t)
    const { web, own } = ground
    await ground.apply(await ground.plan())
    const person = await ground.person(OWN)
    await ground.run(`update person set birth_day = '1981-02-03', phone = '0900000001' where id = ${person}`)
    const id = await doubt(ground, { code: OWN, person })
    const page = await web.get(`/reviews/${id}`, own)
    t.equal(page.status, 200)
    t.match(page.body, /Ngày sinh[^\n]{0,120}khác nhau[^\n]{0,80}03\/02\/1980[^\n]{0,40}03\/02\/1981/)
    t.match(page.body, /Điện thoại[^\n]{0,120}giống nhau[^\n]{0,80}0900 000 001/)
    t.match(page.body, /Hộp thư đang có[\s\S]*@phuocan\.test/)
    t.match(page.body, /Cùng một người[\s\S]*Hai người khác nhau[\s\S]*Để sau/)
    const people = await ground.one<{ n: number }>('select count(*) as n from person')
    const answer = await web.post(`/reviews/${id}`, own, { answer: 'same', note: 'theo hồ sơ' })
    t.equal(answer.status, 303)
    const after = await web.get(String(answer.headers.location), own)
    t.match(after.body, /Đã trả lời “cùng một người”, agency-admin\d+, lúc/)
    t.match(after.body, /theo hồ sơ/)
    t.notMatch(after.body, /có hiệu lực ở lần đọc danh sách tới/, 'the record was read anew at once')
    t.same(
      await ground.rows(`select concat_ws(' ', person_id, birth_day) as line from roster_record r join person p on p.id = r.person_id
      where r.source_key = 'doubt-${person}'`),
      [`${person} 1980-02-03`],
    )
    t.same(await ground.one('select count(*) as n from person'), people, 'nobody new')
    const again = await web.post(`/reviews/${id}`, own, { answer: 'different' })
    t.equal(again.status, 409)
    t.match(again.body, /đã được trả lời từ trước[\s\S]*Đã trả lời “cùng một người”/)
    t.same(
      await ground.rows(
        `select concat_ws(' ', agency, detail ->> 'answer') as line from audit where action = 'review.answered'`,
      ),
      [`${OWN} same`],
    )
  },
)

t.test('two different people: the one of the list becomes somebody new', async t => {
  const ground = await openGround(t)
  const person = await ground.person(OWN)
  const id = await doubt(ground, { code: OWN, person })
  await ground.web.post(`/reviews/${id}`, ground.own, { answer: 'different' })
  const [made = ''] = await ground.rows(`select coalesce(r.person_id::text, '') as line from roster_record r
    where r.source_key = 'doubt-${person}'`)
  t.not(made, '')
  t.not(Number(made), person)
  t.same(
    await ground.rows(`select a.code as line from employment e join agency_period a on a.agency_id = e.agency_id
      where e.person_id = ${made} and e.last_day = 'infinity'`),
    [OWN],
  )
})

t.test(
  'each sees and answers only what is of their agencies, and is told nothing of a candidate elsewhere',
  async t => {
    const ground = await openGround(t)
    const { web, own, other, head, admin } = ground
    const mine = await doubt(ground, { code: OWN, person: await ground.person(OWN) })
    const theirs = await ground.person(OTHER)
    const across = await doubt(ground, { code: OWN, person: theirs, kind: 'sameStaffId' })
    await ground.run(`update person set phone = '0912345678' where id = ${theirs}`)
    for (const url of [`/reviews/${mine}`, `/reviews/${across}`])
      t.equal((await web.get(url, other)).status, 404)
    t.equal((await web.post(`/reviews/${mine}`, other, { answer: 'same' })).status, 404)
    t.notMatch((await web.get('/reviews', other)).body, new RegExp(`/reviews/${mine}"`))
    const seen = await web.get(`/reviews/${across}`, own)
    t.match(seen.body, /ngoài phạm vi phụ trách/)
    t.notMatch(seen.body, /0912345678/)
    t.notMatch(seen.body, /name="answer"/)
    t.equal((await web.post(`/reviews/${across}`, own, { answer: 'same' })).status, 403)
    t.match((await web.get(`/reviews/${across}`, admin)).body, /0912345678/)
    const api = JSON.parse((await web.get('/api/v1/reviews', own, { accept: 'application/json' })).body)
    t.match(
      api.reviews.map((each: { id: number; person: unknown }) => [each.id, each.person === null]),
      [
        [mine, false],
        [across, true],
      ],
    )
    t.match((await web.get(`/reviews/${mine}`, head)).body, /Việc trả lời do quản trị/)
    t.equal((await web.post(`/reviews/${mine}`, head, { answer: 'same' })).status, 403)
    t.equal((await web.get('/reviews', await web.signIn('viewer'))).status, 403)
    const elsewhere = await web.get(`/reviews?agency=${OTHER}`, own)
    t.equal(elsewhere.status, 404)
    t.match(elsewhere.body, /id="agency-problem">Không có cơ quan nào mang mã này/)
  },
)

t.test('several who are missing are answered at once, with the day and the decision', async t => {
  const ground = await openGround(t)
  const { web, own } = ground
  const ids = [await missing(ground, OWN, 0), await missing(ground, OWN, 1)]
  const theirs = await missing(ground, OTHER, 0)
  const list = await web.get('/reviews?kind=missing', own)
  t.match(list.body, new RegExp(`name="review" value="${ids[0]}"`))
  const fields = { answer: 'left', day: '2026-01-31', decision: '12/QĐ-SNV' }
  t.match(await web.post('/reviews', own, fields), {
    status: 400,
    body: /class="badge badge-warn">\d+<[\s\S]*Chưa đánh dấu ai/,
  })
  const payload = new URLSearchParams({ csrf: own.csrf, ...fields })
  for (const id of [...ids, theirs]) payload.append('review', String(id))
  // several boxes of one name: as a browser sends them
  const answer = await send(ground, '/reviews', payload)
  t.equal(answer.status, 303)
  t.match((await web.get(String(answer.headers.location), own)).body, /Đã ghi 2 câu trả lời/)
  t.same(
    await ground.rows(`select concat_ws(' ', id, state, left_on) as line from roster_review order by id`),
    [`${ids[0]} left 2026-01-31`, `${ids[1]} left 2026-01-31`, `${theirs} open`],
  )
  t.same(
    await ground.rows(
      `select concat_ws(' ', m.kind, m.day, d.number) as line from movement m join decision d on d.id = m.decision_id`,
    ),
    ['leaver 2026-02-01 12/QĐ-SNV', 'leaver 2026-02-01 12/QĐ-SNV'],
  )
  await ground.sync([...officials(12, OWN), ...officials(12, OTHER, 100)])
  t.same(
    await ground.rows(`select count(*)::text as line from employment where last_day = 'infinity'
      and agency_id = ${await ground.agencyId(OWN)}`),
    ['10'],
    'the same list brings nobody back',
  )
})

t.test('nobody ends what somebody serves at an agency that is not theirs', async t => {
  const ground = await openGround(t)
  const { web, own, admin } = ground
  const [moved, both] = [await ground.person(OWN, 2), await ground.person(OWN, 3)]
  const ids = [await missing(ground, OWN, 2), await missing(ground, OWN, 3)]
  const theirs = await ground.agencyId(OTHER)
  await ground.run(`update employment set agency_id = ${theirs} where person_id = ${moved};
    insert into employment (person_id, agency_id, first_day, staff_class, is_primary)
      values (${both}, ${theirs}, '2026-01-01', 'công chức', false)`)
  const fields = { answer: 'left', day: '2026-01-31' }
  const payload = new URLSearchParams({ csrf: own.csrf, ...fields })
  for (const id of ids) payload.append('review', String(id))
  t.equal((await send(ground, '/reviews', payload)).status, 400)
  for (const id of ids) {
    t.equal((await web.post(`/reviews/${id}`, own, fields)).status, 403)
    t.equal((await web.post(`/api/v1/reviews/${id}/answer`, own, fields)).status, 403)
  }
  t.same(
    await ground.rows(`select concat_ws(' ', person_id, count(*)) as line from employment
      where person_id in (${moved}, ${both}) and last_day = 'infinity' group by person_id order by person_id`),
    [`${moved} 1`, `${both} 2`],
  )
  t.equal((await web.post(`/reviews/${ids[1]}`, admin, fields)).status, 303, 'an administrator above may')
})

/** A form whose fields come several times, from the agency's administrator. */
async function send({ web, own }: Ground, url: string, payload: URLSearchParams) {
  const { createWeb } = await import('../../src/service.ts')
  const server = await createWeb(web.context, new Map())
  const headers = {
    cookie: own.cookie,
    accept: 'text/html',
    'content-type': 'application/x-www-form-urlencoded',
  }
  const { statusCode: status, headers: said } = await server.inject({
    url,
    method: 'POST',
    headers,
    payload: payload.toString(),
  })
  await server.close()
  return { status, headers: said }
}

t.test(
  'whoever waits to move keeps the mailbox until the time is over, and both answers do what they say',
  async t => {
    const ground = await openGround(t)
    const { web, own, other, admin } = ground
    await ground.apply(await ground.plan())
    const [stays, leaves] = [await ground.person(OWN, 0), await ground.person(OWN, 1)]
    const agency = await ground.agencyId(OWN)
    await ground.run(`update employment set last_day = current_date - 1, first_day = '-infinity' where person_id in (${stays}, ${leaves});
    insert into roster_holding (person_id, agency_id, first_day, last_day, source)
      select id, ${agency}, current_date, current_date + 29, 'directory' from person where id in (${stays}, ${leaves})`)
    await t.rejects(ground.plan(), /nothing to change/, 'nobody is suspended while they wait')
    const page = await web.get('/holding', own)
    t.match(page.body, /còn 29 ngày|còn 28 ngày|còn 30 ngày/)
    t.notMatch((await web.get('/holding', other)).body, new RegExp(`/holding/${stays}"`))
    t.equal((await web.post(`/holding/${stays}`, other, { answer: 'stays' })).status, 404)
    t.equal((await web.post(`/holding/${stays}`, own, { answer: 'stays' })).status, 303)
    t.equal((await web.post(`/holding/${leaves}`, own, { answer: 'left' })).status, 303)
    t.equal((await web.post(`/holding/${leaves}`, admin, { answer: 'left' })).status, 409)
    t.same(await ground.rows(`select concat_ws(' ', person_id, kind) as line from movement order by id`), [
      `${stays} returned`,
      `${leaves} leaver`,
    ])
    const plan = await ground.plan()
    t.same(
      await ground.rows(
        `select concat_ws(' ', kind, person_id, reason) as line from plan_change where plan_id = ${plan}`,
      ),
      [`suspend ${leaves} left`],
    )
  },
)

t.test(
  'an agency says that its list is right; the day stands beside its figures and those below',
  async t => {
    // read some days ago, so that there are figures
    let clock = new Date(Date.now() - 3 * 86_400_000)
    const province = await openProvince(t, { now: () => clock })
    await province.sync(officials(12, OWN))
    clock = new Date()
    const { web } = province
    const own = await web.signIn('agency-admin', await province.agencyId(OWN))
    const admin = await web.signIn('admin')
    t.match((await web.get(`/agencies/${OWN}`, own)).body, /danh sách chưa được xác nhận/)
    const list = await web.get(`/agencies/${OWN}/roster`, own)
    t.match(list.body, /12 người/)
    t.match(list.body, /name="staff" value="12"/)
    const changed = await web.post(`/agencies/${OWN}/roster`, own, { staff: '11', note: 'rà soát quý' })
    t.match(changed, { status: 409, body: /vừa thay đổi so với trang đang xem/ })
    t.match(changed.body, /value="rà soát quý"/)
    t.equal(
      (await web.post(`/agencies/${OWN}/roster`, own, { staff: '12', note: 'rà soát quý' })).status,
      303,
    )
    const { day } = await province.one<{ day: string }>('select day from roster_confirmation')
    const shown = day.split('-').reverse().join('/')
    t.match(
      (await web.get(`/agencies/${OWN}/roster`, own)).body,
      new RegExp(`Danh sách xác nhận ngày ${shown}`),
    )
    for (const url of ['/', `/agencies/${OWN}`])
      t.match(
        (await web.get(`${url}?asOf=${day}`, own)).body,
        new RegExp(`danh sách xác nhận ngày ${shown}`),
        url,
      )
    t.match(
      (await web.get(`/?asOf=${day}`, admin)).body,
      /1\/1 cơ quan đã xác nhận danh sách/,
      'not by the province, but by all of it that has people',
    )
    const api = await web.get(`/api/v1/adoption?asOf=${day}`, admin, { accept: 'application/json' })
    const known = JSON.parse(api.body).agencies.map((each: { code: string; confirmedOn: string | null }) => [
      each.code,
      each.confirmedOn,
    ])
    t.same(Object.fromEntries(known)[OWN], day)
    t.same(Object.fromEntries(known).H99, null)
  },
)

t.test('a run tells each movement it made, by kind and agency, and gives them as a file', async t => {
  const ground = await openGround(t)
  const { web, admin } = ground
  const moved = officials(12, OWN).map((each, i) => (i === 0 ? { ...each, agency: OTHER } : each))
  await ground.sync([
    ...moved,
    ...officials(11, OTHER, 100),
    { id: 'N1', name: 'Trịnh Mới', agency: OWN },
    { id: '=1', name: 'X', agency: 'H99.77' },
  ])
  const { id } = await ground.one<{ id: number }>('select max(id) as id from run')
  const page = await web.get(`/runs/${id}`, admin)
  t.match(page.body, /Biến động đã ghi nhận/)
  t.match(page.body, /Mới vào 1[\s\S]*Chuyển cơ quan 1[\s\S]*Thôi việc 1/)
  t.match(page.body, /Trịnh Mới/)
  const movers = await web.get(`/runs/${id}?movement=mover&agency=${OTHER}`, admin)
  t.match(movers.body, /Sở Nội vụ[\s\S]*Sở Y tế/)
  t.notMatch(movers.body, /Trịnh Mới/)
  t.match((await web.get(`/runs/${id}?agency=H99.none`, admin)).body, /id="agency-problem">Không có cơ quan/)
  const file = await web.get(`/runs/${id}/movements.csv`, admin)
  t.match(file.headers['content-type'], /text\/csv/)
  t.equal(file.body.trim().split('\r\n').length, 4)
  const rejected = await web.get(`/runs/${id}/rejections.csv?reason=unknown_agency`, admin)
  t.match(rejected.body, /'=1,không tìm thấy cơ quan: H99\.77/, 'no text is a formula')
  t.equal((await web.get(`/runs/${id}/movements.csv`, ground.own)).status, 404)
  t.equal((await web.get(`/runs/${id}/movements.csv`, await web.signIn('auditor'))).status, 403)
  const api = await web.get(`/api/v1/runs/${id}/movements?movement=leaver`, admin, {
    accept: 'application/json',
  })
  t.match(JSON.parse(api.body), { movements: [{ kind: 'leaver', from: OTHER, to: null }], next: null })
})

t.test(
  'a source that has said nothing for twice its rhythm is asked for where somebody can do it',
  async t => {
    const ground = await openGround(t)
    const { web, admin, own } = ground
    const quiet = /chưa có danh sách mới|không gửi danh sách/
    const today = dayAt(Date.now(), 'Asia/Ho_Chi_Minh')
    const urls = ['/runs', '/sources', `/?asOf=${today}`]
    for (const url of urls) t.notMatch((await web.get(url, admin)).body, quiet, url)
    await ground.run(`update roster_source set last_said_at = now() - interval '200 days',
    first_complete_day = current_date - 300`)
    for (const url of urls) t.match((await web.get(url, admin)).body, quiet, url)
    t.notMatch((await web.get(`/?asOf=${today}`, own)).body, quiet, 'not for who cannot')
    const api = await web.get('/api/v1/sources', admin, { accept: 'application/json' })
    t.equal(JSON.parse(api.body).roster[0].silentDays, 200)
  },
)

t.test('the command line lists and answers the same', async t => {
  const ground = await openGround(t)
  const context = ground.web.context
  const call = async (name: string, words: string[] = [], values: Values = {}) => {
    const command = commands().find(each => each.name === name)
    if (!command || command.needs === 'config') throw new Error(`no such command: ${name}`)
    return runCommand(command, context, { values, words })
  }
  const listed = async (value: unknown) => {
    const all: unknown[] = []
    for await (const page of value as AsyncIterable<unknown[]>) all.push(...page)
    return all
  }
  const id = await missing(ground, OWN, 0)
  const other = await missing(ground, OTHER, 0)
  t.match(await listed((await call('roster reviews', [], { agency: OWN })).json.reviews), [
    { id, kind: 'missing', answers: ['stays', 'left', 'later'] },
  ])
  await t.rejects(call('roster answer', [String(id), 'same']), { code: 'usage' })
  await t.rejects(call('roster answer', [String(id), 'left'], { day: '2999-01-01' }), { code: 'usage' })
  await t.rejects(call('roster answer', ['999', 'stays']), { code: 'not_found' })
  await t.rejects(call('roster reviews', [], { state: 'odd' }), { code: 'usage' })
  t.match(await call('roster answer', [String(id), 'left'], { day: '2026-01-31' }), {
    json: { review: id, answer: 'left', applied: true },
    exit: 0,
  })
  await t.rejects(call('roster answer', [String(id), 'stays']), { code: 'busy' })
  t.match(await listed((await call('roster reviews', [], { state: 'answered' })).json.reviews), [
    { id, state: 'left', leftOn: '2026-01-31', answeredBy: 'local' },
  ])
  t.match(await listed((await call('roster reviews')).json.reviews), [{ id: other }])
  t.match(await call('roster confirm', [OWN], { note: 'đã rà soát' }), { json: { agency: OWN, staff: 11 } })
  await t.rejects(call('roster confirm', ['H99.none']), { code: 'not_found' })
  t.same(await listed((await call('roster holding')).json.holding), [])
})
