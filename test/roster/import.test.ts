/** Bringing a list as a file, from the form to the result, as it is done in a browser without scripts. */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import t from 'tap'
import { importPath } from '../../src/roster/import-page.ts'
import { uploadFolder } from '../../src/roster/upload-store.ts'
import {
  type BroughtFile,
  multipart,
  openWizard,
  proposed,
  words,
  workbookOf,
} from '../support/import-form.ts'
import { officials, type Province } from '../support/province.ts'

const OWN = 'H99.05'
const OTHER = 'H99.11'

async function staff({ database }: Province): Promise<string[]> {
  const { rows } = await sql<{ line: string }>`
    select p.full_name || ' · ' || a.code || ' · ' || e.staff_class as line from employment e
    join person p on p.id = e.person_id join agency_period a on a.agency_id = e.agency_id and a.last_day = 'infinity'
    where e.last_day = 'infinity' order by 1`.execute(database.db)
  return rows.map(({ line }) => line)
}

t.setTimeout(300_000)

t.test('a list of one agency is brought, looked at, tried and imported; the file is gone then', async t => {
  const wizard = await openWizard(t)
  await wizard.sync([...officials(2, OWN), ...officials(2, OTHER, 100)])
  const who = await wizard.web.signIn('agency-admin', await wizard.agencyId(OWN))
  const [first, second] = officials(2, OWN)
  const content = `STT,Họ và tên,Mã CB,Chức vụ\n1,${first?.name},${first?.id},Trưởng phòng\n2,${second?.name},${second?.id},\n3,Đinh Thị Mới,050099,Chuyên viên\n`
  const url = await wizard.brought(who, { name: 'danh sach.csv', content })
  const columns = await wizard.web.get(url, who)
  t.match(proposed(columns.body), {
    'column-0': '',
    'column-1': 'fullName',
    'column-2': 'staffId',
    'column-3': 'title',
  })
  t.match(words(columns.body), /UTF-8.*dấu phẩy.*Dòng tiêu đề/)
  t.match(words(columns.body), /Họ và tên.*Đinh Thị Mới/, 'with examples')
  const { path } = await wizard.upload(url)
  t.equal(statSync(path ?? '').mode & 0o777, 0o600, 'for nobody else to read')
  const before = await staff(wizard)
  await wizard.press(who, url, { step: 'preview', ...proposed(columns.body), staffClass: 'công chức' })
  const preview = await wizard.web.get(url, who)
  t.match(words(preview.body), /1 mới/)
  t.same(await staff(wizard), before, 'nothing was written')
  t.equal(
    (await wizard.one<{ runs: number }>(`select count(*)::int as runs from run where subject like 'import%'`))
      .runs,
    0,
  )
  await wizard.press(who, url, { step: 'run' })
  const done = await wizard.web.get(url, who)
  t.match(words(done.body), /Đã nhập xong/)
  t.ok((await staff(wizard)).includes('Đinh Thị Mới · H99.05 · công chức'))
  t.notOk(existsSync(path ?? ''), 'the file is gone')
  const again = await wizard.press(who, url, { step: 'run' })
  t.equal(again.status, 409, 'a second press imports nothing')
  t.equal(
    (
      await wizard.one<{ runs: number }>(
        `select count(*)::int as runs from run where subject = 'import H99.05'`,
      )
    ).runs,
    1,
  )
  const audited = await wizard.one<{ action: string; detail: string }>(
    'select action, detail::text as detail from audit order by number desc limit 1',
  )
  t.equal(audited.action, 'roster.imported')
  t.match(audited.detail, /"sha256"/)
})

t.test('a form without our mark is refused before a byte of its file is kept', async t => {
  const wizard = await openWizard(t)
  await wizard.sync(officials(1, OWN))
  const who = await wizard.web.signIn('admin')
  const folder = await uploadFolder(wizard.web.context.config)
  const before = readdirSync(folder).length
  const file = { name: 'a.csv', content: `Họ tên\n${'x'.repeat(200_000)}\n` }
  const fields: [string, string][] = [
    ['whose', 'agency'],
    ['agency', OWN],
    ['extent', 'full'],
    ['what', 'people'],
  ]
  const wrong: [what: string, parts: ReturnType<typeof multipart>][] = [
    ['missing', multipart(fields, file)],
    ['wrong', multipart([['csrf', 'AAAA'], ...fields], file)],
    ['of somebody else', multipart([['csrf', (await wizard.web.signIn('admin')).csrf], ...fields], file)],
  ]
  const late = multipart([], file).payload.toString('latin1').replace('--edge--\r\n', '')
  wrong.push([
    'after the file',
    {
      type: 'multipart/form-data; boundary=edge',
      payload: Buffer.from(
        `${late}--edge\r\ncontent-disposition: form-data; name="csrf"\r\n\r\n${who.csrf}\r\n--edge--\r\n`,
        'latin1',
      ),
    },
  ])
  for (const [what, parts] of wrong) t.equal((await wizard.send(importPath, who, parts)).status, 403, what)
  t.equal(
    (await wizard.send('/api/v1/imports', who, multipart(fields, file))).status,
    403,
    'for programs too',
  )
  t.equal(readdirSync(folder).length, before, 'nothing is kept')
  t.equal((await wizard.one<{ n: number }>('select count(*)::int as n from roster_upload')).n, 0)
})

t.test('who may bring what: an agency of the subtree and people only; the rest is not there', async t => {
  const wizard = await openWizard(t)
  await wizard.sync([...officials(1, OWN), ...officials(1, OTHER, 100)])
  const own = await wizard.web.signIn('agency-admin', await wizard.agencyId(OWN))
  const colleague = await wizard.web.signIn('agency-admin', await wizard.agencyId(OWN))
  const admin = await wizard.web.signIn('admin')
  const file = { name: 'a.csv', content: 'Họ tên\nĐinh Thị Mới\n' }
  for (const fields of [{ agency: OTHER }, { whose: 'all' }, { what: 'agencies' }, { agency: 'H99' }])
    t.equal((await wizard.bring(own, file, fields)).status, 400, JSON.stringify(fields))
  const folder = await uploadFolder(wizard.web.context.config)
  t.equal((await wizard.one<{ n: number }>('select count(*)::int as n from roster_upload')).n, 0)
  const url = await wizard.brought(own, file)
  t.equal((await wizard.web.get(url, colleague)).status, 404)
  t.equal((await wizard.web.get(`/api/v1${url.replace('import', 'imports')}`, colleague)).status, 404)
  t.equal((await wizard.press(colleague, url, { step: 'remove' })).status, 404)
  t.equal((await wizard.web.get(url, admin)).status, 200, 'administrators see it')
  t.equal((await wizard.press(own, url, { step: 'create' })).status, 403, 'making agencies is not theirs')
  const { path } = await wizard.upload(url)
  t.equal((await wizard.press(own, url, { step: 'remove' })).status, 303)
  t.notOk(existsSync(path ?? folder), 'removed with its file')
  t.equal((await wizard.web.get(url, own)).status, 404)
})

t.test('an agency is named by code or name; a name that several bear is asked for by code', async t => {
  const wizard = await openWizard(t)
  await wizard.sync([...officials(1, OWN), ...officials(1, OTHER, 100)])
  const who = await wizard.web.signIn('admin')
  const file = { name: 'a.csv', content: 'Họ tên\nĐinh Thị Mới\n' }
  for (const agency of ['Sở Nội vụ (H99.05)', 'sở nội vụ', OWN])
    t.equal((await wizard.upload(await wizard.brought(who, file, { agency }))).agencyCode, OWN, agency)
  await sql`update agency_period set name = 'Sở Nội vụ', search_key = 'so noi vu h99.11' where code = 'H99.11'`.execute(
    wizard.database.db,
  )
  t.match(words((await wizard.bring(who, file, { agency: 'Sở Nội vụ' })).body), /nhiều cơ quan cùng tên/)
  t.match(words((await wizard.bring(who, file, { agency: 'Sở Y tế' })).body), /Không tìm thấy cơ quan/)
})

t.test(
  'an export of the mail platform is a first list: its agencies are made, its addresses are the mailboxes',
  async t => {
    const wizard = await openWizard(t)
    const who = await wizard.web.signIn('admin')
    const content =
      'Email;Họ tên;Đơn vị\nan@phuocan.test;Nguyễn Văn An;Sở Nội vụ\nbinh@phuocan.test;Trần Thị Bình;Sở Tài chính\n'
    const url = await wizard.brought(
      who,
      { name: 'export.csv', content },
      { whose: 'all', agency: '', extent: 'full' },
    )
    const columns = await wizard.web.get(url, who)
    t.match(proposed(columns.body), {
      'column-0': 'address',
      'column-1': 'fullName',
      'column-2': 'agencyName',
    })
    await wizard.press(who, url, { step: 'preview', ...proposed(columns.body) })
    const preview = words((await wizard.web.get(url, who)).body)
    t.match(preview, /Cơ quan, đơn vị chưa có trong hệ thống: 2/)
    t.match(preview, /Sở Tài chính: 1/)
    await wizard.press(who, url, { step: 'create' })
    t.match(words((await wizard.web.get(url, who)).body), /2 mới.*2 cơ quan mới/)
    await wizard.press(who, url, { step: 'run' })
    t.match(words((await wizard.web.get(url, who)).body), /Đã nhập xong/)
    const { rows } = await sql<{ address: string; agency: string }>`
    select p.address, a.name as agency from person p join employment e on e.person_id = p.id
    join agency_period a on a.agency_id = e.agency_id and a.last_day = 'infinity' order by 1`.execute(
      wizard.database.db,
    )
    t.same(rows, [
      { address: 'an@phuocan.test', agency: 'Sở Nội vụ' },
      { address: 'binh@phuocan.test', agency: 'Sở Tài chính' },
    ])
  },
)

t.test('units that nobody knows can all be put into the agency whose list it is', async t => {
  const wizard = await openWizard(t)
  await wizard.sync(officials(1, OWN))
  const who = await wizard.web.signIn('agency-admin', await wizard.agencyId(OWN))
  const content = 'Họ tên,Phòng ban\nĐinh Thị Mới,Phòng Tổ chức\n'
  const url = await wizard.brought(who, { name: 'a.csv', content }, { extent: 'supplement' })
  await wizard.press(who, url, { step: 'preview', 'column-0': 'fullName', 'column-1': 'agencyName' })
  const page = words((await wizard.web.get(url, who)).body)
  t.match(page, /Phòng Tổ chức: 1/)
  t.notMatch(page, /Tạo các cơ quan chưa có/)
  await wizard.press(who, url, { step: 'own' })
  t.match(words((await wizard.web.get(url, who)).body), /1 mới/)
  // or made below it, by who may
  await wizard.press(who, url, { step: 'columns' })
  await wizard.press(who, url, { step: 'preview', 'column-0': 'fullName', 'column-1': 'agencyName' })
  await wizard.press(await wizard.web.signIn('admin'), url, { step: 'create' })
  await wizard.press(who, url, { step: 'run' })
  t.ok((await staff(wizard)).includes('Đinh Thị Mới · Phòng Tổ chức · '))
  const { above } = await wizard.one<{ above: string }>(
    `select p.code as above from agency_period a join agency_period p on p.agency_id = a.parent_id
      where a.name = 'Phòng Tổ chức'`,
  )
  t.equal(above, OWN)
})

t.test('rows that fail are told before and after, and handed back with the reason', async t => {
  const wizard = await openWizard(t)
  await wizard.sync(officials(1, OWN))
  const who = await wizard.web.signIn('agency-admin', await wizard.agencyId(OWN))
  const content = 'Họ tên,Mã CB,Cơ quan\nĐinh Thị Mới,A1,Sở Nội vụ\n,A2,Sở Nội vụ\n"=Lê, Văn",A3,Sở Lạ\n'
  const url = await wizard.brought(who, { name: 'a.csv', content }, { extent: 'supplement' })
  await wizard.press(who, url, {
    step: 'preview',
    'column-0': 'fullName',
    'column-1': 'staffId',
    'column-2': 'agencyName',
  })
  const preview = words((await wizard.web.get(url, who)).body)
  t.match(preview, /2 dòng chưa nhận được/)
  t.match(preview, /3 A2 \| Sở Nội vụ không có họ tên/)
  await wizard.press(who, url, { step: 'run' })
  t.match(words((await wizard.web.get(url, who)).body), /trừ các dòng nêu dưới đây/)
  const csv = await wizard.web.get(`${url}/rejected.csv`, who)
  t.equal(
    csv.body,
    '\ufeffHọ tên,Mã CB,Cơ quan,Lý do chưa nhận\r\n,A2,Sở Nội vụ,không có họ tên: A2\r\n"\'=Lê, Văn",A3,Sở Lạ,không tìm thấy cơ quan: Sở Lạ\r\n',
  )
  const book = await wizard.web.get(`${url}/rejected.xlsx`, who)
  t.equal(book.status, 200)
  t.match(String(book.headers['content-type']), /spreadsheetml/)
})

t.test('the mapping of the last file of a list is proposed first; what was left out stays out', async t => {
  const wizard = await openWizard(t)
  await wizard.sync(officials(1, OWN))
  const who = await wizard.web.signIn('agency-admin', await wizard.agencyId(OWN))
  const content = 'Họ tên,Chức vụ,Ghi chú\nĐinh Thị Mới,Chuyên viên,0123\n'
  const url = await wizard.brought(who, { name: 'a.csv', content })
  await wizard.press(who, url, {
    step: 'preview',
    'column-0': 'fullName',
    'column-1': '',
    'column-2': 'phone',
    staffClass: 'viên chức',
  })
  await wizard.press(who, url, { step: 'run' })
  const person = await wizard.one<{ phone: string; title: string | null }>(
    `select p.phone, e.title from person p join employment e on e.person_id = p.id where full_name = 'Đinh Thị Mới'`,
  )
  t.same(person, { phone: '0123', title: null })
  const next = await wizard.web.get(await wizard.brought(who, { name: 'b.csv', content }), who)
  t.match(words(next.body), /như lần nhập trước/)
  t.match(proposed(next.body), { 'column-0': 'fullName', 'column-1': '', 'column-2': 'phone' })
  t.match(next.body, /value="viên chức"/)
})

t.test(
  'a field that is missing or chosen twice is told beside its column, and the form comes back as sent',
  async t => {
    const wizard = await openWizard(t)
    await wizard.sync(officials(1, OWN))
    const who = await wizard.web.signIn('admin')
    const url = await wizard.brought(who, { name: 'a.csv', content: 'Cột A,Cột B\nx,y\n' })
    t.match(words((await wizard.web.get(url, who)).body), /Tệp còn thiếu: “Họ và tên”.*Cột A \| Cột B/)
    const twice = await wizard.press(who, url, {
      step: 'preview',
      'column-0': 'title',
      'column-1': 'title',
      staffClass: 'công chức',
    })
    t.equal(twice.status, 400)
    t.match(twice.body, /id="column-1-problem">[^<]*đã được chọn/)
    t.match(twice.body, /value="công chức"/)
    t.equal((await wizard.press(who, url, { step: 'nonsense' })).status, 400)
    t.equal((await wizard.upload(url)).state, 'columns')
  },
)

t.test('exactly the file that was previewed is imported', async t => {
  const wizard = await openWizard(t)
  await wizard.sync(officials(1, OWN))
  const who = await wizard.web.signIn('admin')
  const prepared = async () => {
    const url = await wizard.brought(
      who,
      { name: 'a.csv', content: 'Họ tên\nĐinh Thị Mới\n' },
      { extent: 'supplement' },
    )
    await wizard.press(who, url, { step: 'preview', 'column-0': 'fullName' })
    return url
  }
  const before = await staff(wizard)
  const changed = await prepared()
  await writeFile((await wizard.upload(changed)).path ?? '', 'Họ tên\nKẻ Lạ Mặt\n')
  await wizard.press(who, changed, { step: 'run' })
  t.match(words((await wizard.web.get(changed, who)).body), /không còn như lúc xem trước/)
  const gone = await prepared()
  await rm((await wizard.upload(gone)).path ?? '')
  await wizard.press(who, gone, { step: 'run' })
  t.match(words((await wizard.web.get(gone, who)).body), /không còn được giữ/)
  t.same(await staff(wizard), before)
})

t.test('while another run reads the list, an import says so and can be pressed again', async t => {
  const wizard = await openWizard(t)
  await wizard.sync(officials(1, OWN))
  const who = await wizard.web.signIn('admin')
  const url = await wizard.brought(
    who,
    { name: 'a.csv', content: 'Họ tên\nĐinh Thị Mới\n' },
    { extent: 'supplement' },
  )
  await wizard.press(who, url, { step: 'preview', 'column-0': 'fullName' })
  await sql`insert into run (kind, subject, state, started_at, heartbeat_at, host, pid)
    values ('roster', 'import H99.05', 'running', now(), now(), 'elsewhere', 1)`.execute(wizard.database.db)
  await wizard.press(who, url, { step: 'run' })
  t.match(words((await wizard.web.get(url, who)).body), /Đang có một lượt khác đọc danh sách này/)
  await sql`update run set state = 'broken' where host = 'elsewhere'`.execute(wizard.database.db)
  await wizard.press(who, url, { step: 'run' })
  t.match(words((await wizard.web.get(url, who)).body), /Đã nhập xong/)
})

t.test('a step whose process is gone is told and can be done again', async t => {
  const wizard = await openWizard(t)
  await wizard.sync(officials(1, OWN))
  const who = await wizard.web.signIn('admin')
  const url = await wizard.brought(
    who,
    { name: 'a.csv', content: 'Họ tên\nĐinh Thị Mới\n' },
    { extent: 'supplement' },
  )
  await wizard.press(who, url, { step: 'preview', 'column-0': 'fullName' })
  const left = (state: string) =>
    sql`update roster_upload set state = ${state}, changed_at = now() - interval '2 minutes'`.execute(
      wizard.database.db,
    )
  await left('importing')
  t.match(words((await wizard.web.get(url, who)).body), /Lần nhập bị ngắt giữa chừng/)
  t.equal((await wizard.web.get(`${url}/progress`, who)).headers['hx-refresh'], 'true')
  await left('previewing')
  t.match(words((await wizard.web.get(url, who)).body), /bị ngắt giữa chừng.*Xem trước/)
  await left('looking')
  t.match(words((await wizard.web.get(url, who)).body), /bị ngắt giữa chừng/)
  await left('importing')
  await Promise.all([wizard.press(who, url, { step: 'run' }), wizard.press(who, url, { step: 'run' })])
  t.match(words((await wizard.web.get(url, who)).body), /Đã nhập xong/)
  const { runs } = await wizard.one<{ runs: number }>(
    `select count(*)::int as runs from run where subject = 'import H99.05' and state = 'done'`,
  )
  t.equal(runs, 1, 'pressed twice at once, it is done once')
})

t.test('a list that differs too much waits for approval; who may not is told whom to ask', async t => {
  const wizard = await openWizard(t)
  await wizard.sync(officials(1, OTHER, 100))
  const own = await wizard.web.signIn('agency-admin', await wizard.agencyId(OWN))
  const admin = await wizard.web.signIn('admin')
  const csv = (people: ReturnType<typeof officials>) => ({
    name: 'a.csv',
    content: `Họ tên,Mã CB\n${people.map(({ name, id }) => `${name},${id}\n`).join('')}`,
  })
  const imported = async (file: BroughtFile) => {
    const url = await wizard.brought(own, file)
    await wizard.press(own, url, { step: 'preview', 'column-0': 'fullName', 'column-1': 'staffId' })
    const preview = words((await wizard.web.get(url, own)).body)
    await wizard.press(own, url, { step: 'run' })
    return { url, preview }
  }
  await imported(csv(officials(20, OWN)))
  const { url, preview } = await imported(csv(officials(3, OWN)))
  t.match(preview, /khác nhiều so với hiện tại.*Gửi để phê duyệt/)
  t.match(words((await wizard.web.get(url, own)).body), /cần được phê duyệt.*Hãy báo quản trị/)
  t.equal((await staff(wizard)).length, 21, 'the old list stands')
  const { runId } = await wizard.upload(url)
  t.match((await wizard.web.get(url, admin)).body, new RegExp(`href="/runs/${runId}"`))
})

t.test(
  'a wrong kind of file is told how to be saved right; old text is shown before and after it is converted',
  async t => {
    const wizard = await openWizard(t)
    await wizard.sync(officials(1, OWN))
    const who = await wizard.web.signIn('admin')
    const pdf = await wizard.brought(who, { name: 'ds.xlsx', content: '%PDF-1.7 …' })
    t.match(words((await wizard.web.get(pdf, who)).body), /Đây là tệp PDF/)
    const names = ['NguyÔn V¨n Dòng', 'TrÇn ThÞ H»ng', '§inh ThÞ Míi']
    const old = await wizard.brought(who, {
      name: 'cu.csv',
      content: Buffer.from(
        `Hä vµ tªn;Chøc vô\n${names.map(name => `${name};Chuyªn viªn\n`).join('')}`,
        'latin1',
      ),
    })
    const page = words((await wizard.web.get(old, who)).body)
    t.match(page, /TCVN3/)
    t.match(page, /Đinh Thị Mới/, 'as it would be')
    await wizard.press(who, old, { step: 'convert' })
    const columns = await wizard.web.get(old, who)
    t.match(words(columns.body), /TCVN3 \(chuyển từ bảng mã cũ\)/)
    t.match(proposed(columns.body), { 'column-0': 'fullName', 'column-1': 'title' })
  },
)

t.test('another sheet of a workbook can be opened', async t => {
  const wizard = await openWizard(t)
  await wizard.sync(officials(1, OWN))
  const who = await wizard.web.signIn('admin')
  const content = await workbookOf({
    'Ghi chú': [
      ['Việc', 'Hạn'],
      ['a', 'b'],
    ],
    'Cán bộ': [['Họ tên'], ['Đinh Thị Mới']],
  })
  const url = await wizard.brought(who, { name: 'ds.xlsx', content })
  t.match(words((await wizard.web.get(url, who)).body), /Trang tính Ghi chú/)
  await wizard.press(who, url, { step: 'sheet', sheet: 'Cán bộ' })
  t.match(proposed((await wizard.web.get(url, who)).body), { 'column-0': 'fullName' })
})

t.test('a list of agencies is imported by administrators of the whole; nobody leaves by it', async t => {
  const wizard = await openWizard(t)
  await wizard.sync(officials(2, OWN))
  const who = await wizard.web.signIn('admin')
  const content =
    'Mã cơ quan,Tên cơ quan,Mã cơ quan cấp trên,Cấp\nH99.05.1,Phòng Tổ chức,H99.05,phòng\nH99.77,Xã Tân Hoà,,xã\n'
  const url = await wizard.brought(
    who,
    { name: 'cq.csv', content },
    { whose: 'all', agency: '', what: 'agencies' },
  )
  const columns = await wizard.web.get(url, who)
  t.match(proposed(columns.body), {
    'column-0': 'code',
    'column-1': 'name',
    'column-2': 'parent',
    'column-3': 'level',
  })
  await wizard.press(who, url, { step: 'preview', ...proposed(columns.body) })
  t.match(words((await wizard.web.get(url, who)).body), /2 cơ quan mới/)
  await wizard.press(who, url, { step: 'run' })
  const { rows } = await sql<{ code: string; level: string; above: string }>`
    select a.code, a.level, p.code as above from agency_period a
    join agency_period p on p.agency_id = a.parent_id and p.last_day = 'infinity'
    where a.last_day = 'infinity' and a.code in ('H99.05.1', 'H99.77') order by 1`.execute(wizard.database.db)
  t.same(rows, [
    { code: 'H99.05.1', level: 'unit', above: 'H99.05' },
    { code: 'H99.77', level: 'commune', above: 'H99' },
  ])
  t.equal((await staff(wizard)).length, 2)
})

t.test('programs bring a file in one request and ask what became of it', async t => {
  const wizard = await openWizard(t)
  await wizard.sync(officials(1, OWN))
  const who = await wizard.web.signIn('agency-admin', await wizard.agencyId(OWN))
  const file = { name: 'a.csv', content: 'Họ tên,Mã CB\nĐinh Thị Mới,A1\n,A2\n' }
  const bring = (fields: [string, string][]) =>
    wizard.send('/api/v1/imports', who, multipart(fields, file), {
      'x-csrf-token': who.csrf,
      accept: 'application/json',
    })
  const answer = await bring([
    ['agency', OWN],
    ['extent', 'supplement'],
  ])
  t.equal(answer.status, 202)
  const { id } = JSON.parse(answer.body)
  const ask = async () => JSON.parse((await wizard.web.get(`/api/v1/imports/${id}`, who)).body)
  for (let i = 0; i < 200 && (await ask()).state !== 'imported'; i++) await sleep(50)
  t.match(await ask(), {
    state: 'imported',
    agency: OWN,
    result: { people: { joiners: 1 }, rejectedRows: 1, rejections: [{ row: 3, code: 'missing_name' }] },
  })
  t.equal((await bring([['agency', OTHER]])).status, 400)
  t.equal((await bring([])).status, 400, 'a list of the whole is not theirs')
  t.equal(
    (
      await bring([
        ['agency', OWN],
        ['options', '{"nonsense":1}'],
      ])
    ).status,
    400,
  )
})

t.test('files lie there unimported for a day, and not more than five of one operator', async t => {
  const wizard = await openWizard(t)
  await wizard.sync(officials(1, OWN))
  const who = await wizard.web.signIn('admin')
  const file = { name: 'a.csv', content: 'Họ tên\nĐinh Thị Mới\n' }
  const urls: string[] = []
  for (let i = 0; i < 5; i++) urls.push(await wizard.brought(who, file))
  const sixth = await wizard.bring(who, file)
  t.equal(sixth.status, 400)
  t.match(words(sixth.body), /Đang có 5 tệp chưa nhập/)
  const paths = await Promise.all(urls.map(async url => (await wizard.upload(url)).path ?? ''))
  await sql`update roster_upload set changed_at = now() - interval '25 hours'`.execute(wizard.database.db)
  t.equal((await wizard.web.get(importPath, who)).status, 200)
  t.same(
    paths.filter(path => existsSync(path)),
    [],
  )
  t.equal((await wizard.web.get(urls[0] ?? '', who)).status, 404)
})

t.test('names of files are text and no paths', async t => {
  const wizard = await openWizard(t)
  await wizard.sync(officials(1, OWN))
  const who = await wizard.web.signIn('admin')
  const name = `../../etc/<script>alert(1)<!script>${'á'.repeat(200)}.csv`
  const url = await wizard.brought(who, { name, content: 'Họ tên\nĐinh Thị Mới\n' })
  const { fileName, path } = await wizard.upload(url)
  t.ok([...fileName].length <= 60)
  t.notOk(fileName.includes('/'))
  t.match(path, /[0-9a-f]{32}$/)
  const { body } = await wizard.web.get(url, who)
  t.notOk(body.includes('<script>alert'))
})
