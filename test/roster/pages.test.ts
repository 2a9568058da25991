import { rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import t, { type Test } from 'tap'
import { rosterCommands, syncAll } from '../../src/roster/command.ts'
import { officials, openProvince, type Province } from '../support/province.ts'
import type { SignedIn } from '../support/web.ts'

const staff = [...officials(20, 'H99.05'), ...officials(20, 'H99.11')]

type Refused = Province & { admin: SignedIn; run: number }

/** A province of forty, and a read refused because twelve of a department are gone. */
async function refused(t: Test): Promise<Refused> {
  const province = await openProvince(t)
  await province.sync(staff)
  province.write([...officials(20, 'H99.05'), ...officials(8, 'H99.11'), ...officials(2, 'H99.35', 50)])
  const [result] = await syncAll(province.web.context, { source: null, dryRun: false, force: false })
  return { ...province, admin: await province.web.signIn('admin'), run: result?.run ?? 0 }
}

async function serving({ one }: Province): Promise<number> {
  return (await one<{ n: number }>(`select count(*) as n from employment where last_day = 'infinity'`)).n
}

async function idle({ one }: Province): Promise<void> {
  for (let i = 0; i < 200; i++) {
    const { n, audited } = await one<{ n: number; audited: number }>(
      `select (select count(*) from run where state = 'running') as n, (select count(*) from audit) as audited`,
    )
    if (n === 0 && audited > 0) return
    await sleep(50)
  }
  throw new Error('a run goes on for ever')
}

t.test(
  'a refused read is shown with its limits, its counts and who would move, and approved from the page',
  async t => {
    const province = await refused(t)
    const { web, admin, run } = province
    const page = await web.get(`/runs/${run}`, admin)
    t.equal(page.status, 200)
    t.match(page.body, /12 trên 40 người không còn trong danh sách, vượt ngưỡng 5%/)
    t.match(page.body, /Thôi việc 12/)
    t.match(page.body, /Bùi Thanh/, 'by name: whoever may see names sees who leaves')
    t.match(page.body, /Phê duyệt lượt này/)
    const joining = await web.get(`/runs/${run}?movement=joiner`, admin)
    t.match(joining.body, /UBND phường An Bình/)
    const ask = await web.get(`/runs/${run}/approve`, admin)
    t.equal(ask.status, 200)
    t.match(ask.body, /thôi việc: <b>12<\/b>/)
    t.match(ask.body, /mới vào: <b>2<\/b>/)
    t.equal(await serving(province), 40, 'asking does nothing')
    const answer = await web.post(`/runs/${run}/approve`, admin, {})
    t.equal(answer.status, 303)
    t.equal(await serving(province), 30)
    const done = await web.get(String(answer.headers.location), admin)
    t.match(done.body, new RegExp(`Phê duyệt lượt ${run}: 2 mới vào · 12 thôi việc`))
    const again = await web.post(`/runs/${run}/approve`, admin, {})
    t.equal(again.status, 409)
    t.match(again.body, /không còn chờ phê duyệt/)
    t.same(
      await province.one(
        `select action, detail ->> 'leavers' as leavers from audit where action = 'run.approved'`,
      ),
      {
        action: 'run.approved',
        leavers: '12',
      },
    )
  },
)

t.test('movements that are no longer those shown are not saved, and the page says so', async t => {
  const province = await refused(t)
  const { web, admin, run, database } = province
  await sql`update employment set last_day = current_date - 1, first_day = '-infinity' where last_day = 'infinity' and person_id = (
    select max(p.id) from person p join employment e on e.person_id = p.id and e.last_day = 'infinity'
    join agency_period a on a.agency_id = e.agency_id where a.code = 'H99.11')`.execute(database.db)
  const answer = await web.post(`/runs/${run}/approve`, admin, {})
  t.equal(answer.status, 409)
  t.match(answer.body, /không còn như đã hiển thị/)
  t.equal(await serving(province), 39)
})

t.test('while the source is being read, an approval waits and says so', async t => {
  const province = await refused(t)
  const { web, admin, run, database } = province
  await sql`insert into run (kind, subject, state, started_at, heartbeat_at, host, pid)
    values ('roster', 'directory', 'running', now(), now(), 'elsewhere', 1)`.execute(database.db)
  const answer = await web.post(`/runs/${run}/approve`, admin, {})
  t.equal(answer.status, 409)
  t.match(answer.body, /Đang có lượt đọc danh sách khác/)
  const list = await web.get('/runs', admin)
  t.match(list.body, /hx-get="\/runs\/live/)
  t.equal((await web.get('/runs/live?going=99', admin)).headers['hx-refresh'], 'true')
  const still = await web.get(
    `/runs/live?going=${(await province.one<{ id: number }>(`select max(id) as id from run`)).id}`,
    admin,
  )
  t.equal(still.headers['hx-refresh'], undefined)
})

t.test('the roster is read now, in the background, and the run stands in the list', async t => {
  const province = await openProvince(t)
  const { web } = province
  const admin = await web.signIn('admin')
  t.match((await web.get('/runs', admin)).body, /Chưa có lượt chạy nào/)
  province.write(staff)
  const answer = await web.post('/runs/sync', admin, {})
  t.equal(answer.headers.location, '/runs?kind=roster')
  await idle(province)
  t.equal(await serving(province), 40)
  const list = await web.get('/runs?kind=roster', admin)
  t.match(list.body, /Đọc 40 người từ directory: 40 mới vào/)
  t.match((await web.get('/runs?kind=sweep', admin)).body, /Không có lượt nào khớp/)
  t.match((await web.get('/runs?state=done', admin)).body, /hoàn tất/)
})

t.test('a source that cannot be read leaves a run that says so, and the roster as it was', async t => {
  const province = await openProvince(t)
  const { web } = province
  const admin = await web.signIn('admin')
  await province.sync(staff)
  const [source] = web.context.config.roster.sources
  if (source?.kind !== 'ldif') throw new Error('no file')
  rmSync(source.path ?? '')
  await web.post('/runs/sync', admin, {})
  for (let i = 0; i < 100; i++) {
    const { n } = await province.one<{ n: number }>(`select count(*) as n from run where state = 'failed'`)
    if (n > 0) break
    await sleep(50)
  }
  const list = await web.get('/runs', admin)
  t.match(list.body, /thất bại/)
  t.match(list.body, /Lần đồng bộ vừa rồi chưa chạy được/)
  t.equal(await serving(province), 40)
  const entry = await province.one<{ actor: string; error: string }>(
    `select actor, detail ->> 'error' as error from audit order by number desc limit 1`,
  )
  t.match(entry, { actor: /^operator-/, error: 'file_unreadable' }, 'what began and failed is recorded too')
})

t.test(
  'rejections are shown with their reasons and paged; nights tell step by step, missed ones are counted',
  async t => {
    const province = await openProvince(t)
    const { web, database } = province
    const admin = await web.signIn('admin')
    const nobody = Array.from({ length: 130 }, (_, i) => ({
      id: `X${i}`,
      name: `Vô Danh ${i}`,
      agency: 'H99.77',
    }))
    await province.sync([...staff, ...nobody])
    const { id } = await province.one<{ id: number }>(`select max(id) as id from run`)
    const page = await web.get(`/runs/${id}`, admin)
    t.match(page.body, /Mục không nhận: 130/)
    t.match(page.body, /không tìm thấy cơ quan: H99\.77/)
    t.match(page.body, /after&#61;\d+#rejected/)
    const night = {
      roster: { source: 'directory', people: { joiners: 3 } },
      mailbox: { error: { code: 'platform_unreachable', message: 'no answer' } },
      activity: { skipped: true },
    }
    await sql`insert into run (kind, state, started_at, heartbeat_at, finished_at, host, pid, result)
    values ('nightly', 'failed', now() - interval '1 min', now(), now(), '', 0, ${JSON.stringify(night)}::jsonb),
      ('nightly', 'refused', now() - interval '2 day', now(), now(), '', 0, ${JSON.stringify({ ...night, mailbox: { guard: { ok: false, reasons: [] } } })}::jsonb),
      ('nightly', 'missed', now() - interval '1 day', now(), now(), '', 0, '{}')`.execute(database.db)
    const list = await web.get('/runs', admin)
    t.match(list.body, /1 đêm bị bỏ lỡ trong 30 ngày qua/)
    t.match(list.body, /Chưa chạy được: Hộp thư\./)
    t.match(list.body, /Vượt ngưỡng an toàn, chờ phê duyệt: Hộp thư\./)
    const shown = await web.get(`/runs/${id + 1}`, admin)
    t.match(shown.body, /directory: 3 mới vào/)
    t.match(shown.body, /Không kết nối được hệ thống thư/)
    t.match(shown.body, /không cấu hình, bỏ qua/)
    const api = JSON.parse((await web.get(`/api/v1/runs/${id}`, admin)).body)
    t.match(api, { kind: 'roster', state: 'partial', result: { read: 170, rejected: 130 } })
    t.equal(api.rejections.length, 100)
  },
)

t.test('runs are for operators of the whole installation; bad addresses get a plain refusal', async t => {
  const province = await refused(t)
  const { web, admin, run } = province
  const scoped = await web.signIn('admin', await province.agencyId('H99.05'))
  const auditor = await web.signIn('auditor')
  const head = await web.signIn('head', await province.agencyId('H99.05'))
  for (const url of [
    '/runs',
    `/runs/${run}`,
    `/runs/${run}/approve`,
    '/runs/live',
    '/api/v1/runs',
    `/api/v1/runs/${run}`,
  ]) {
    t.equal((await web.get(url, scoped)).status, 404, url)
    t.equal((await web.get(url, head)).status, 403, url)
  }
  t.equal((await web.post(`/runs/${run}/approve`, scoped, {})).status, 404)
  t.equal((await web.post('/runs/sync', scoped, {})).status, 404)
  t.notMatch((await web.get(`/runs/${run}`, auditor)).body, /Phê duyệt lượt này/)
  t.equal((await web.post(`/runs/${run}/approve`, auditor, {})).status, 403)
  t.equal((await web.post('/runs/sync', auditor, {})).status, 403)
  t.equal(await serving(province), 40)
  for (const url of [
    '/runs?kind=x',
    '/runs?state=x',
    '/runs?before=x',
    `/runs/${run}?movement=x`,
    `/runs/${run}?after=x`,
  ])
    t.equal((await web.get(url, admin)).status, 400, url)
  for (const url of [
    '/runs/0',
    '/runs/x',
    '/runs/999',
    '/runs/999/approve',
    '/api/v1/runs/99999999999999999999',
  ])
    t.equal((await web.get(url, admin)).status, 404, url)
  t.equal((await web.get(`/runs/${run}?key=%00'%20or%201`, admin)).status, 200)
})

t.test('a dry run names no run to approve, for it leaves none, and asks for the real read first', async t => {
  const province = await openProvince(t)
  await province.sync(staff)
  const [command] = rosterCommands
  if (command?.needs !== 'database') throw new Error('the command is gone')
  const dry = async () => {
    const answer = await command.run(province.web.context, { 'dry-run': true }, [])
    let said = ''
    for await (const piece of answer.text()) said += piece
    return said
  }
  province.write(officials(8, 'H99.05'))
  const refusedText = await dry()
  t.match(refusedText, /Chạy thật \(hopthu roster sync\) sẽ để lại một lượt chờ phê duyệt/)
  t.notMatch(refusedText, /roster approve/)
  province.write(staff)
  const fine = await dry()
  t.match(fine, /Đúng thì chạy lại lệnh này, bỏ --dry-run/)
  t.notMatch(fine, /mailbox plan/)
})
