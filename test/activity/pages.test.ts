import { sql } from 'kysely'
import t from 'tap'
import { logDays, logState, readState } from '../../src/activity/source-state.ts'
import { type Day, parseDay } from '../../src/ids.ts'
import { officials, openProvince } from '../support/province.ts'

const now = new Date('2026-11-20T20:00:00+07:00')
const today = '2026-11-20' as Day

function asDay(text: string): Day {
  const day = parseDay(text)
  if (day === null) throw new Error(text)
  return day
}

t.test('a day without a line is a gap only after the first and before today', async t => {
  const days = [
    { day: asDay('2026-11-15'), lines: 10 },
    { day: asDay('2026-11-17'), lines: 5 },
  ]
  const known = { lastAt: new Date('2026-11-17T23:00:00+07:00'), firstDay: asDay('2026-11-15'), days }
  const shown = logDays(known, today)
  t.equal(shown.length, 60)
  t.same(
    shown.slice(-7).map(each => [each.day.slice(8), each.state, each.lines]),
    [
      ['14', 'before', 0],
      ['15', 'read', 10],
      ['16', 'gap', 0],
      ['17', 'read', 5],
      ['18', 'gap', 0],
      ['19', 'gap', 0],
      ['20', 'part', 0],
    ],
  )
  t.equal(logState(known, shown, now), 'late')
  t.equal(logState(known, shown, new Date('2026-11-18T08:00:00+07:00')), 'gaps')
  const never = { lastAt: null, firstDay: null, days: [] }
  t.ok(logDays(never, today).every(each => each.state === 'before'))
  t.equal(logState(never, logDays(never, today), now), 'never')
  const full = { lastAt: now, firstDay: asDay('2026-11-19'), days: [{ day: asDay('2026-11-19'), lines: 1 }] }
  t.equal(logState(full, logDays(full, today), now), 'good')
})

t.test('what runs read stands as its last run and its last good read say', async t => {
  const recent = new Date(now.getTime() - 3_600_000)
  const old = new Date(now.getTime() - 3 * 86_400_000)
  t.equal(readState(null, null, now), 'never')
  t.equal(readState(recent, { state: 'done' }, now), 'good')
  t.equal(readState(recent, { state: 'partial' }, now), 'good')
  t.equal(readState(old, { state: 'done' }, now), 'late')
  t.equal(readState(recent, { state: 'failed' }, now), 'failed')
  t.equal(readState(null, { state: 'broken' }, now), 'failed')
  t.equal(readState(recent, { state: 'refused' }, now), 'refused')
  t.equal(readState(null, { state: 'refused' }, now), 'refused')
})

const activity = {
  sources: [
    { name: 'mail-01', kind: 'log', path: '/var/log/mail-01.log' },
    { name: 'mail-02', kind: 'log', path: '/var/log/mail-02.log' },
    {
      name: 'sweep',
      kind: 'imap',
      host: '127.0.0.1',
      port: 143,
      secure: false,
      masterUser: 'watcher',
      masterPassword: { env: 'WATCHER' },
    },
  ],
}

t.test('the page says how far each source is known, what is missing and what to do', async t => {
  const province = await openProvince(t, { config: { activity }, now: () => now })
  const { web, database } = province
  const admin = await web.signIn('admin')
  const fresh = await web.get('/sources', admin)
  t.equal(fresh.status, 200)
  t.match(fresh.body, /Chưa nhận được nhật ký nào từ mail-01/)
  t.match(fresh.body, /chưa đọc lần nào/)
  t.match(fresh.body, /Đêm tới<\/dt><dd>01:30 21\/11\/2026/)
  await province.sync(officials(9, 'H99.05'))
  const plan = await province.plan()
  await province.apply(plan)
  await sql`insert into log_source (name, kind, last_at) values ('mail-01', 'log', '2026-11-18T22:10:00+07:00'),
    ('old-files', 'log', '2026-11-20T08:00:00+07:00')`.execute(database.db)
  await sql`insert into log_day select s.id, d::date, 100 from log_source s,
    generate_series('2026-11-01'::date, '2026-11-18'::date, '1 day') d
    where s.name = 'mail-01' and d::date not in ('2026-11-07', '2026-11-08')`.execute(database.db)
  await sql`insert into log_day select id, '2026-11-20', 7 from log_source where name = 'old-files'`.execute(
    database.db,
  )
  await sql`insert into run (kind, state, started_at, heartbeat_at, finished_at, host, pid)
    values ('nightly', 'partial', '2026-11-20T01:30:00+07:00', now(), '2026-11-20T01:40:00+07:00', '', 0),
      ('nightly', 'missed', '2026-11-10T01:30:00+07:00', now(), now(), '', 0)`.execute(database.db)
  const page = await web.get('/sources', admin)
  t.match(page.body, /Chưa nhận được nhật ký từ mail-01 từ 22:10 18\/11\/2026/)
  t.match(page.body, /3: 07\/11\/2026, 08\/11\/2026, 19\/11\/2026/)
  t.match(page.body, /Chưa nhận được nhật ký nào từ mail-02/)
  t.match(page.body, /Nhật ký máy chủ thư: old-files/, 'what was read by hand is shown too')
  t.match(page.body, /nạp tay, không theo dõi/)
  t.match(page.body, /Người đang công tác<\/dt><dd>9<\/dd>/)
  t.match(page.body, /trong đó do Hộp Thư quản lý<\/dt><dd>9<\/dd>/)
  t.match(page.body, /1: 01:30 10\/11\/2026/, 'a missed night')
  t.notMatch(page.body, / style=/)
  const api = JSON.parse((await web.get('/api/v1/sources', admin)).body)
  t.match(api.logs[0], { name: 'mail-01', state: 'late', gaps: ['2026-11-07', '2026-11-08', '2026-11-19'] })
  t.match(api.logs[1], { name: 'mail-02', state: 'never', lastAt: null, lagSeconds: null })
  t.match(api.roster, [{ name: 'directory', people: 9 }])
  t.match(api.platforms, [{ name: 'mail', mailboxes: 9, ours: 9, suspended: 0 }])
  t.match(api.jobs, { lastState: 'partial', missed: ['2026-11-09T18:30:00.000Z'] })
})

t.test('nothing configured is said, with where to name it; in English on request', async t => {
  const province = await openProvince(t, { config: { roster: {}, mailbox: {} } })
  const { web } = province
  const admin = await web.signIn('admin')
  const page = await web.get('/sources', admin)
  t.match(page.body, /Chưa cấu hình nguồn nhật ký nào/)
  t.match(page.body, /Chưa cấu hình nguồn danh sách cán bộ/)
  t.match(page.body, /Chưa cấu hình hệ thống thư/)
  const english = await web.get('/sources', { ...admin, cookie: `${admin.cookie}; lang=en` })
  t.match(english.body, /No log source is configured/)
  t.notMatch(english.body.slice(english.body.indexOf('<main')), /Chưa/)
})

t.test('sources are for operators of the whole installation', async t => {
  const province = await openProvince(t)
  const { web } = province
  await province.sync(officials(2, 'H99.05'))
  const scoped = await web.signIn('admin', await province.agencyId('H99.05'))
  for (const url of ['/sources', '/api/v1/sources']) {
    t.equal((await web.get(url, scoped)).status, 404)
    t.equal((await web.get(url, await web.signIn('viewer'))).status, 403)
    t.equal((await web.get(url, await web.signIn('auditor'))).status, 200)
  }
})
