/** The pages and the API of the figures, as the operators of a small province see them. */
import { sql } from 'kysely'
import t, { type Test } from 'tap'
import { adoptionCommands, figuresRequest } from '../../src/adoption/command.ts'
import { keepFigures } from '../../src/adoption/report.ts'
import type { Database } from '../../src/database/database.ts'
import { addDays, type Day, parseDay } from '../../src/ids.ts'
import { embedded } from '../support/database.ts'
import { type Answer, openWeb, type Web } from '../support/web.ts'
import { agencies, config, DAY, fill, health, now, others, people } from './office.ts'

let database: Database
let web: Web

t.before(async () => {
  database = await embedded()
  await fill(database.db)
})
t.teardown(() => database.close())

async function open(t: Test): Promise<void> {
  web = readable(await openWeb(t, { database, config, now }))
}

/** The same with addresses as a browser reads them: the templates escape more than they must. */
function readable(from: Web): Web {
  const get: Web['get'] = async (...asked) => {
    const answer = await from.get(...asked)
    return { ...answer, body: answer.body.replaceAll('&#61;', '=').replaceAll('&#38;', '&') }
  }
  return { ...from, get }
}

function dayOf(text: string): Day {
  const day = parseDay(text)
  if (!day) throw new Error(`${text} is no day`)
  return day
}

/** What `hopthu adoption --json` prints. */
async function printed(values: Record<string, string>): Promise<Record<string, unknown>> {
  const command = adoptionCommands.find(each => each.name === 'adoption')
  if (command?.needs !== 'database') throw new Error('the command is gone')
  const { json } = await command.run(web.context, { format: 'json', ...values }, [])
  return JSON.parse(JSON.stringify(json))
}

function big({ body }: Answer): string {
  return /<div class="big">([^<]*)<\/div>/.exec(body)?.[1] ?? ''
}

/** What a reader sees, without tags and scripts. */
function text({ body }: Answer): string {
  return body
    .replace(/<svg[\s\S]*?<\/svg>|<head[\s\S]*?<\/head>/g, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&#39;/g, "'")
    .replace(/&quot;/g, '"')
    .replace(/&amp;/g, '&')
    .replace(/\s+/g, ' ')
}

/** Names of the people listed, in their order. */
function listed({ body }: Answer): string[] {
  return [...body.matchAll(/href="\/people\/\d+[^"]*">([^<]*)</g)].map(([, name = '']) => name)
}

function codes({ body }: Answer): string[] {
  return [...body.matchAll(/<div class="code">([^<]*)<\/div>/g)].map(([, code = '']) => code)
}

async function audited(
  action: string,
): Promise<{ subject: string | null; agency: string; detail: unknown }[]> {
  const { rows } = await sql<{ subject: string | null; agency: string; detail: unknown }>`
    select subject, agency, detail from audit where action = ${action} order by number`.execute(database.db)
  return rows
}

t.test('the figures of pages and API are those of hopthu adoption --json', async t => {
  await open(t)
  const admin = await web.signIn('admin')
  for (const query of ['', '?agency=H99.05', '?agency=H99.47', `?asOf=2026-11-10`, '?asOf=2026-11-21']) {
    const asked = new URLSearchParams(query)
    const values: Record<string, string> = {}
    const [agency, day] = [asked.get('agency'), asked.get('asOf')]
    if (agency) values.agency = agency
    if (day) values['as-of'] = day
    const answer = await web.get(`/api/v1/adoption${query}`, admin, { accept: 'application/json' })
    t.equal(answer.status, 200)
    t.same(JSON.parse(answer.body), await printed(values), query || 'all')
  }
  const report = JSON.parse((await web.get('/api/v1/adoption?agency=H99.05', admin)).body)
  const [home] = report.agencies
  t.match(home, { required: 8, issued: 6, activated: 4, used: 3, regular: 2 }, 'as counted by hand')
  const page = await web.get('/agencies/H99.05', admin)
  t.equal(big(page), '2/8', 'under 50 people counts instead of a share')
  for (const count of [6, 4, 3, 2]) t.match(text(page), `${count} / 8 người`)
  t.match(
    text(page),
    /2 chưa được cấp .* 2 đã cấp, chưa kích hoạt .* 1 không phát sinh sử dụng .* 1 chưa đạt mức/,
  )
  const [all] = JSON.parse((await web.get('/api/v1/adoption', admin)).body).agencies
  const overview = await web.get('/', admin)
  t.equal(big(overview), `${(Math.round((all.regular / all.required) * 1000) / 10).toLocaleString('vi-VN')}%`)
  t.match(text(overview), `${all.regular}/${all.required} người thuộc diện cấp`)
  t.match(text(overview), `đã quá hạn, cần thêm ${all.required - all.regular} người`)
})

t.test('a head sees the own agency and nothing of another', async t => {
  await open(t)
  const head = await web.signIn('head', agencies.home)
  t.match(text(await web.get('/', head)), /Sở Nội vụ/)
  const own = JSON.parse((await web.get('/api/v1/adoption', head)).body)
  t.same(own, await printed({ agency: 'H99.05' }), 'the API begins at the scope')
  const closed = [
    '/agencies/H99.11',
    '/agencies/H99',
    '/people?agency=H99.11',
    `/people/${health.first}`,
    '/api/v1/adoption?agency=H99.11',
    '/api/v1/adoption?agency=H99&asOf=2026-11-10',
    '/api/v1/adoption/history?agency=H99',
    '/api/v1/people?agency=H99.11',
    `/api/v1/people/${health.first}/explanation`,
    `/api/v1/people/${health.first}/explanation?asOf=2026-11-01`,
    '/export/adoption.csv?agency=H99.11',
    '/export/people.csv?agency=H99',
  ]
  for (const url of closed) t.equal((await web.get(url, head)).status, 404, url)
  const open_ = [
    '/',
    '/agencies',
    '/agencies?q=y+te',
    '/agencies?sort=regular',
    '/people',
    '/people?q=phan',
    '/people?q=hop101',
    '/people?q=CB00101',
    '/people?asOf=2026-10-01',
    '/people?stage=khong-khop',
    `/people?after=${health.first}`,
    '/targets',
    '/api/v1/adoption?asOf=2026-10-01',
    '/api/v1/adoption/history',
    '/api/v1/targets',
    '/api/v1/people?q=phan',
    `/api/v1/people?after=${health.first}`,
    '/export/adoption.csv',
    '/export/people.csv',
    '/export/people.csv?q=phan',
  ]
  for (const url of open_) {
    const answer = await web.get(url, head)
    t.equal(answer.status, 200, url)
    t.notMatch(answer.body, /Phan Y Tế|Sở Y tế|H99\.11|Ngô Đồi|H99\.47|Tỉnh Phước An/, url)
  }
})

t.test('an agency that went to others is theirs on earlier days too', async t => {
  const moved = await embedded()
  t.teardown(() => moved.close())
  await fill(moved.db)
  await sql`update agency_period set last_day = '2026-11-18' where agency_id = ${agencies.unit}`.execute(
    moved.db,
  )
  await sql`insert into agency_period (agency_id, first_day, code, name, level, parent_id, sort_key, search_key)
    values (${agencies.unit}, '2026-11-19', 'H99.11.09', 'Phòng Công chức', 'unit', ${agencies.health}, 'x', '')`.execute(
    moved.db,
  )
  const there = readable(await openWeb(t, { database: moved, config, now }))
  const head = await there.signIn('head', agencies.home)
  for (const url of ['/agencies', '/people', '/api/v1/adoption', '/api/v1/people', '/export/people.csv']) {
    const answer = await there.get(`${url}?asOf=2026-11-10`, head)
    t.equal(answer.status, 200)
    t.notMatch(answer.body, /Phòng Công chức|Ong Yến Nhi/, url)
  }
  t.equal((await there.get('/people/50?asOf=2026-11-10', head)).status, 404)
  const new_ = await there.signIn('head', agencies.health)
  t.equal((await there.get('/people/50', new_)).status, 200)
})

t.test('who may see figures only sees no name, and no way to one', async t => {
  await open(t)
  const viewer = await web.signIn('viewer', agencies.home)
  for (const url of [
    '/',
    '/agencies',
    '/agencies/H99.05',
    '/targets',
    '/definition',
    '/export/adoption.csv',
  ]) {
    const answer = await web.get(url, viewer)
    t.equal(answer.status, 200, url)
    t.notMatch(answer.body, /href="\/people|Nguyễn Thị Hòa/, url)
  }
  for (const url of [
    '/people',
    '/people/1',
    '/api/v1/people',
    '/export/people.csv',
    '/api/v1/people/1/explanation',
  ])
    t.equal((await web.get(url, viewer)).status, 403, url)
  const report = JSON.parse((await web.get('/api/v1/adoption', viewer)).body)
  t.same([report.anomalies, report.anomaliesTotal], [[], 1], 'counted, not named')
  const auditor = await web.signIn('auditor')
  t.equal((await web.get('/export/adoption.csv', auditor)).status, 403)
  t.notMatch((await web.get('/', auditor)).body, /\/export\//)
  t.match((await web.get('/', null)).headers.location, /^\/sign-in/)
})

t.test('what no log tells is hatched and said, never shown as no use', async t => {
  await open(t)
  const admin = await web.signIn('admin')
  const page = await web.get('/agencies/H99.47', admin)
  t.equal(big(page), '0/1', 'one log of two tells of use: known')
  const dark = await openWeb(t, {
    database,
    now,
    config: {
      ...config,
      activity: { sources: config.activity.sources.map(each => ({ ...each, name: `neu-${each.name}` })) },
    },
  })
  const who = await dark.signIn('admin')
  const unknown = await dark.get('/agencies/H99.47', who)
  t.equal(big(unknown), '–')
  t.match(text(unknown), /Chưa nhận được nhật ký/)
  t.match(unknown.body, /hbar unknown/)
  t.notMatch(text(unknown), /0 \/ 1 người/)
  const people = await dark.get('/people?agency=H99.47', who)
  t.match(text(people), /nhật ký chưa đủ/)
  t.match(text(await dark.get('/agencies/H99.48', who)), /Không có người thuộc diện cấp/)
})

t.test('agencies are found without diacritics and in either Unicode form, filtered and sorted', async t => {
  await open(t)
  const admin = await web.signIn('admin')
  const find = async (query: string) => codes(await web.get(`/agencies?${query}`, admin))
  for (const q of ['so y te', 'Sở Y tế', 'SỞ Y TẾ'.normalize('NFD'), 'h99.11'])
    t.same(await find(new URLSearchParams({ q }).toString()), ['H99.11'], q)
  t.same(await find('level=commune'), ['H99.47', 'H99.48'])
  t.same(await find('status=overdue'), ['H99', 'H99.47'])
  t.same(await find('sort=required'), ['H99', 'H99.11', 'H99.05', 'H99.05.01', 'H99.47', 'H99.48'])
  t.same(
    await find('sort=name'),
    ['H99.05.01', 'H99.05', 'H99.11', 'H99', 'H99.48', 'H99.47'],
    'Phòng, Sở Nội vụ, Sở Y tế, Tỉnh, UBND đặc khu, UBND xã',
  )
  t.match(text(await web.get('/agencies?q=khong-co', admin)), /Không có cơ quan nào khớp/)
})

t.test('people are listed in Vietnamese order by where they stand, and found by any spelling', async t => {
  await open(t)
  const head = await web.signIn('head', agencies.home)
  const list = async (query: string) => listed(await web.get(`/people?${query}`, head))
  t.same(await list(''), [
    'Phạm Thị Ánh',
    'Lê Minh Ân',
    'Đỗ Văn Bình',
    'Đặng Thị Dung',
    'Trần Văn Đạt',
    'Nguyễn Thị Hòa',
    'Lý Hai Hộp',
    'Hoàng Gia Huy',
    'Ong Yến Nhi',
    'Bùi Thanh Tâm',
  ])
  for (const [stage, { name }] of Object.entries(people)) {
    const found = await list(`stage=${stage}`)
    t.ok(found.includes(name), `${name} is ${stage}`)
    const rest = Object.entries(people).filter(([other]) => other !== stage)
    for (const [, other] of rest) t.notOk(found.includes(other.name), `${other.name} is not`)
  }
  t.same(await list('stage=khong-khop'), [others.outOfOrder.name])
  for (const q of ['hoa', 'Hòa', 'HÒA'.normalize('NFD'), 'CB00001', 'cb00001', 'hop1@phuocan.test'])
    t.ok((await list(new URLSearchParams({ q }).toString())).includes('Nguyễn Thị Hòa'), q)
  t.same(await list('q=hop.hai'), [others.two.name], 'by any address held')
  t.same(await list('q=%25'), [], 'nothing is a pattern')
})

t.test('the counts beside the filters add up to the stages', async t => {
  await open(t)
  const admin = await web.signIn('admin')
  for (const code of ['H99', 'H99.05', 'H99.11']) {
    const { counts } = JSON.parse((await web.get(`/api/v1/people?agency=${code}`, admin)).body)
    const [agency] = JSON.parse((await web.get(`/api/v1/adoption?agency=${code}`, admin)).body).agencies
    t.equal(counts.all, agency.staff)
    t.equal(counts['chua-cap'], agency.required - agency.issued)
    t.equal(counts['chua-kich-hoat'], agency.issued - agency.activated)
    t.equal(counts['khong-su-dung'], agency.activated - agency.used)
    t.equal(counts['chua-thuong-xuyen'], agency.used - agency.regular)
    t.equal(counts['thuong-xuyen'], agency.regular)
    t.equal(counts['khong-thuoc-dien'], agency.staff - agency.required)
  }
})

t.test('a long list is read by key to its end, nobody twice', async t => {
  await open(t)
  const head = await web.signIn('head', agencies.health)
  const seen: string[] = []
  let url: string | null = '/people'
  while (url !== null) {
    const page: Answer = await web.get(url, head)
    seen.push(...listed(page))
    const next: string | undefined = /href="([^"]*)" rel="next"/.exec(page.body)?.[1]
    url = next ?? null
  }
  t.equal(seen.length, health.count)
  t.equal(new Set(seen).size, health.count)
  const csv = (await web.get('/export/people.csv', head)).body.split('\r\n')
  t.equal(csv.length, health.count + 2, 'a head, a line each, and the end')
  t.match(csv[0] ?? '', /^\ufeffSố liệu đến hết ngày,Họ tên,/)
})

t.test('one person: days of use, why, and what it rests on; each look recorded', async t => {
  await open(t)
  const head = await web.signIn('head', agencies.home)
  const before = (await audited('person.viewed')).length
  const page = async (id: number, query = '') => text(await web.get(`/people/${id}${query}`, head))
  t.match(await page(1), /Vì sao được tính là sử dụng thường xuyên/)
  t.match(await page(2), /Vì sao chưa được tính .* 1\/4 tuần và 1 ngày làm việc/)
  t.match(await page(5), /Chưa có hộp thư cá nhân/)
  t.match(await page(others.absent.id), /Vắng mặt dài ngày/)
  t.match(await page(others.left.id), /Không còn công tác/)
  const two = await page(others.two.id)
  t.match(two, /hop10@phuocan\.test/)
  t.match(two, /hop\.hai@phuocan\.test/)
  t.match(await page(1), /17\/11\/2026|20\/11\/2026 Đăng nhập .* mail-01/)
  t.match(await page(1, '?asOf=2026-11-21'), /Số liệu tạm tính/)
  const rows = (await audited('person.viewed')).slice(before)
  t.equal(rows.length, 8)
  t.ok(rows.every(row => /^person-/.test(row.subject ?? '') && row.agency === 'H99.05'))
  const api = JSON.parse((await web.get('/api/v1/people/2/explanation', head)).body)
  t.match(api, { person: { id: 'CB00002' }, states: { used: true, regular: false } })
  t.equal((await audited('person.viewed')).length, before + 9, 'the API too')
  t.equal((await web.get('/people/99999', await web.signIn('admin'))).status, 404)
  t.equal((await audited('person.viewed')).length, before + 9, 'nobody was looked at')
})

t.test('a look at names and a file taken out are recorded with the agency, without names', async t => {
  await open(t)
  const head = await web.signIn('head', agencies.home)
  const [lists, files] = [(await audited('people.listed')).length, (await audited('export')).length]
  await web.get('/people?agency=H99.05.01&stage=chua-kich-hoat&q=nhi', head)
  await web.get('/export/people.csv?stage=chua-cap', head)
  await web.get('/export/adoption.csv', head)
  t.same((await audited('people.listed')).slice(lists), [
    {
      subject: null,
      agency: 'H99.05.01',
      detail: { stage: 'chua-kich-hoat', searched: true, shown: 1, asOf: DAY },
    },
  ])
  t.same((await audited('export')).slice(files), [
    {
      subject: null,
      agency: 'H99.05',
      detail: { what: 'people', format: 'csv', asOf: DAY, stage: 'chua-cap', rows: 2 },
    },
    { subject: null, agency: 'H99.05', detail: { what: 'adoption', format: 'csv', asOf: DAY, rows: 2 } },
  ])
})

t.test('the file holds the figures of the API', async t => {
  await open(t)
  const admin = await web.signIn('admin')
  const answer = await web.get('/export/adoption.csv?agency=H99.05', admin)
  t.match(String(answer.headers['content-type']), /text\/csv/)
  t.match(
    String(answer.headers['content-disposition']),
    /attachment; filename="su-dung-H99\.05-2026-11-20\.csv"/,
  )
  t.match(answer.body, /\r\n2026-11-20,H99\.05,Sở Nội vụ,"Sở, ban, ngành",H99,10,8,6,4,3,0,2,/)
})

t.test(
  'what changed in seven days is parted into use and movements, weeks come from kept figures',
  async t => {
    await open(t)
    const admin = await web.signIn('admin')
    t.match(
      text(await web.get('/agencies/H99.05', admin)),
      /So với 7 ngày trước: thêm 2 người sử dụng thường xuyên \(2 người bắt đầu\)/,
    )
    t.match(text(await web.get('/agencies/H99.05', admin)), /Chưa có số liệu các tuần trước/)
    t.match(
      text(await web.get('/agencies/H99.05?asOf=2026-11-13', admin)),
      /không thay đổi\. Số người thuộc diện cấp giảm 1\./,
      'one left on the eleventh, though no figure of the sixth was kept',
    )
    t.match(
      text(await web.get('/agencies/H99.47', admin)),
      /Chưa đủ số liệu để so sánh với 7 ngày trước/,
      'where missing logs may hide many, no change is said',
    )
    for (const back of [28, 14, 7, 0])
      await keepFigures(database.db, await figuresRequest(web.context, addDays(dayOf(DAY), -back)))
    const fresh = readable(await openWeb(t, { database, config, now }))
    const who = await fresh.signIn('admin')
    const { weeks } = JSON.parse((await fresh.get('/api/v1/adoption/history?agency=H99.05', who)).body)
    t.same(
      weeks.map((each: { day: string; regular: number }) => [each.day, each.regular]),
      [
        ['2026-10-23', 0],
        ['2026-11-06', 0],
        ['2026-11-13', 0],
        ['2026-11-20', 2],
      ],
    )
    const page = await fresh.get('/agencies/H99.05', who)
    t.match(page.body, /<svg role="img"/)
    t.match(text(page), /13\/11\/2026 0 8 0\/8/, 'a table of the same numbers')
    t.match(text(page), /30\/10\/2026 chưa đủ số liệu – –/, 'a week that was not kept is a gap')
    t.match(text(await fresh.get('/', who)), /Sở Nội vụ H99\.05 8 6\/8 2\/8 \+2 người/)
  },
)

t.test('what is to be done shows only to who may do it', async t => {
  const busy = await embedded()
  t.teardown(() => busy.close())
  await fill(busy.db)
  await sql`insert into plan (created_at, day, state, ground) values (${now()}, ${DAY}, 'open', 'x')`.execute(
    busy.db,
  )
  await sql`insert into plan_change (plan_id, number, kind, token, platform, person_id, agency_id, address, name,
      quota_bytes, reason) values (1, 1, 'create', 't', 'mail', 5, ${agencies.home}, 'binh@phuocan.test', 'x', 1, 'joiner')`.execute(
    busy.db,
  )
  await sql`insert into run (kind, subject, state, started_at, heartbeat_at, host, pid)
    values ('roster', 'directory', 'refused', ${now()}, ${now()}, 'here', 1)`.execute(busy.db)
  const there = readable(await openWeb(t, { database: busy, config, now }))
  const admin = await there.get('/', await there.signIn('admin'))
  for (const href of ['/plans/1', '/runs/1', '/sources', '/people?agency=H99&stage=kich-hoat-cham'])
    t.match(admin.body, `href="${href}"`)
  t.match(text(admin), /2 chưa được cấp · 1 chờ phê duyệt/)
  const head = await there.get('/', await there.signIn('head', agencies.home))
  t.match(head.body, 'href="/people?agency=H99.05&stage=kich-hoat-cham"')
  t.notMatch(head.body, /href="\/(plans|runs|sources)/)
  const viewer = text(await there.get('/', await there.signIn('viewer', agencies.health)))
  t.match(viewer, /Không có việc nào đang chờ/)
})

t.test('a target of one agency is nothing to the agencies beside it', async t => {
  const [first] = config.adoption.targets
  const targets = [{ ...first, name: 'riêng Sở Y tế', scope: { agency: 'H99.11' } }]
  const there = await openWeb(t, { database, config: { ...config, adoption: { targets } }, now })
  for (const url of ['/targets', '/api/v1/targets']) {
    const seen = async (agencyId: number | null) =>
      (await there.get(url, await there.signIn('viewer', agencyId))).body
    t.match(await seen(null), /riêng Sở Y tế/)
    t.match(await seen(agencies.health), /riêng Sở Y tế/)
    t.notMatch(await seen(agencies.home), /Y tế|H99\.11/)
  }
})

t.test('an empty installation says what it would show and what to do', async t => {
  const nothing = await embedded()
  t.teardown(() => nothing.close())
  const there = await openWeb(t, { database: nothing, config, now })
  const admin = await there.signIn('admin')
  for (const url of ['/', '/agencies', '/people', '/targets']) {
    const page = await there.get(url, admin)
    t.equal(page.status, 200, url)
    t.match(text(page), /Chưa có danh sách cán bộ/, url)
  }
  t.same(JSON.parse((await there.get('/api/v1/adoption', admin)).body).agencies, [])
})

t.test('a day before the first roster is not known; today is preliminary', async t => {
  await open(t)
  const admin = await web.signIn('admin')
  t.match(text(await web.get('/?asOf=2026-07-01', admin)), /Ngày này chưa có danh sách cán bộ/)
  const today = await web.get('/?asOf=2026-11-21', admin)
  t.match(text(today), /Số liệu tạm tính ngày 21\/11\/2026/)
  t.match(today.body, /href="\/agencies\/H99\.05\?asOf=2026-11-21"/, 'links keep the day')
})

t.test('values that are none are refused or not found, never a failure inside', async t => {
  await open(t)
  const admin = await web.signIn('admin')
  const cases: [url: string, status: number][] = [
    ['/?asOf=abc', 400],
    ['/?asOf=2026-02-30', 400],
    ['/?asOf=2027-01-01', 400],
    ['/?asOf=0000-01-01', 400],
    ['/?asOf=1999-12-31', 400],
    ['/?status=xyz', 400],
    ['/agencies?status=xyz', 400],
    ['/agencies?level=star', 400],
    ['/agencies?sort=xyz', 400],
    ['/agencies?page=0', 400],
    ['/agencies?page=99', 200],
    ['/agencies/H99.77', 404],
    ['/agencies/%00', 404],
    [`/agencies/${'x'.repeat(90)}`, 404],
    ['/people?stage=xyz', 400],
    ['/people?agency=H99.77', 404],
    ['/people?after=abc', 400],
    ['/people?after=99999', 200],
    ['/people?q=%E2%80%AEabc%00', 200],
    ['/people?q=%20%CC%81', 200],
    [`/people?q=${'a'.repeat(1_000_000)}`, 400],
    [`/people?agency=${'a'.repeat(1_000_000)}`, 400],
    ['/people/0', 404],
    ['/people/abc', 404],
    ['/people/999999999999999999999', 404],
    ['/people/9007199254740991', 404],
    ['/api/v1/adoption?asOf=abc', 400],
    ['/api/v1/adoption?agency=H99.77', 404],
    ['/api/v1/people?stage=xyz', 400],
    ['/api/v1/people?q[]=a', 200],
    ['/export/adoption.csv?asOf=2027-01-01', 400],
    ['/export/people.csv?stage=xyz', 400],
  ]
  for (const [url, status] of cases) t.equal((await web.get(url, admin)).status, status, url.slice(0, 60))
})

t.test('in English where that is chosen', async t => {
  await open(t)
  const admin = await web.signIn('admin')
  const english = { cookie: `${admin.cookie}; lang=en` }
  const seen: [url: string, words: RegExp][] = [
    ['/', /use their official mailbox regularly/],
    ['/agencies', /Name or code of an agency/],
    ['/agencies/H99.05', /issued, not activated/],
    ['/people', /Name, staff id or address/],
    ['/people/2', /does not count as regular use yet/],
    ['/targets', /Agencies by status/],
    ['/definition', /How the figures are counted/],
  ]
  for (const [url, words] of seen) {
    const page = await web.get(url, admin, english)
    t.match(page.body, '<html lang="en"')
    t.match(text(page), words, url)
  }
})

t.test('no page has a style, a script or a handler of its own', async t => {
  await open(t)
  const admin = await web.signIn('admin')
  for (const url of [
    '/',
    '/agencies',
    '/agencies/H99.05',
    '/people',
    '/people/1',
    '/targets',
    '/definition',
  ]) {
    const { body } = await web.get(url, admin)
    t.notMatch(body, /\sstyle=|<style|\son\w+=|<script(?! src="\/static\/)/, url)
  }
})
