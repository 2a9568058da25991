/** What somebody who may do a little tries, to do more than that: with files, with answers, with what a row holds. */
import { sql } from 'kysely'
import t from 'tap'
import { cleanText } from '../../src/ids.ts'
import { parseCellDay } from '../../src/roster/cell-day.ts'
import { shownFileName } from '../../src/roster/import-messages.ts'
import { foldText } from '../../src/roster/name.ts'
import { isSyllable } from '../../src/roster/syllable.ts'
import { stores } from '../support/database.ts'
import { openWizard, proposed, type Wizard, words } from '../support/import-form.ts'
import { officials } from '../support/province.ts'
import { rosterWorld } from '../support/roster-world.ts'

const OWN = 'H99.05'
const OTHER = 'H99.11'

t.setTimeout(120_000)

t.test(
  'a directory in a file is taken from administrators of the whole only, whatever the form says',
  async t => {
    const wizard = await openWizard(t)
    await wizard.sync([...officials(3, OWN), ...officials(3, OTHER, 100)])
    const who = await wizard.web.signIn('agency-admin', await wizard.agencyId(OWN))
    const content = `version: 1\n\ndn: ou=agencies,dc=phuocan,dc=test\nobjectClass: organizationalUnit\nou: agencies\n\ndn: uid=990001,ou=people,dc=phuocan,dc=test\nobjectClass: inetOrgPerson\nuid: 990001\nentryUUID: x\nemployeeNumber: 990001\ncn: Lạ Mặt\nsn: Lạ\ndepartmentNumber: ${OTHER}\nemployeeType: công chức\n`
    const url = await wizard.brought(who, { name: 'toan-tinh.ldif', content })
    await wizard.press(who, url, { step: 'preview' })
    const { state, preview } = await wizard.upload(url)
    t.same([state, preview], ['columns', null], 'not even tried')
    await wizard.press(who, url, { step: 'run' })
    const runs = await wizard.one<{ n: number }>(`select count(*)::int as n from run where kind = 'roster'`)
    t.equal(runs.n, 1, 'no run but the first')
  },
)

t.test('no personal number stays anywhere, whatever becomes of its row', async t => {
  process.env.HOPTHU_TEST_NUMBER_KEY = 'a secret of this test'
  const wizard = await openWizard(t)
  wizard.web.context.config.roster.personalNumberKey = { env: 'HOPTHU_TEST_NUMBER_KEY' }
  await wizard.sync([...officials(2, OWN), ...officials(2, OTHER, 100)])
  const who = await wizard.web.signIn('agency-admin', await wizard.agencyId(OWN))
  const numbers = ['001085111101', '001085111102', '001085111103', '001085111104', '1085111105', '285111106']
  const content = [
    'STT,Họ và tên,Mã CB,Số định danh,Ngày sinh,Đơn vị,Ghi chú',
    '1,Đinh Thị Mới,050091,001085111101,01/02/1985,Sở Nội vụ,',
    '2,,050092,001085111102,01/02/1985,Sở Nội vụ,không tên',
    '3,Đinh Thị Lạ,050093,001085111103,001085111103,Sở không có,CCCD 001.085.111.103',
    '4,Đinh Văn Bốn,050094,1085111105,001085111104,Sở Nội vụ,001085111104',
    '5,,050095,285111106,,Sở Nội vụ,',
    '6,Đinh Thị Sáu,001085111107,,,Sở không có,',
    '',
  ].join('\n')
  const url = await wizard.brought(who, { name: 'a.csv', content })
  const columns = await wizard.web.get(url, who)
  const fields = proposed(columns.body)
  t.equal(fields['column-3'], 'personalNumber')
  await wizard.press(who, url, { step: 'preview', ...fields, staffClass: 'công chức' })
  t.equal((await wizard.upload(url)).state, 'previewed')
  await wizard.press(who, url, { step: 'run' })
  t.equal((await wizard.upload(url)).state, 'imported')
  const kept = await everything(wizard)
  for (const number of numbers) t.notOk(kept.includes(number), `${number} is nowhere`)
  t.notOk(kept.includes('001.085.111.103'), 'nor in a note')
  const file = await wizard.web.get(`${url}/rejected.csv`, who)
  t.match(file.body, /…1102,01\/02\/1985,Sở Nội vụ,không tên/, 'handed back with its last digits')
  t.match(file.body, /Đinh Thị Sáu,001085111107,/, 'a staff id is handed back as it stood')
  const digest = () =>
    wizard.one<{ digest: number | null }>(
      `select r.digest from roster_record r join person p on p.id = r.person_id where p.staff_id = '050091'`,
    )
  const before = await digest()
  process.env.HOPTHU_TEST_NUMBER_KEY = 'another secret'
  const again = await wizard.brought(who, { name: 'a.csv', content })
  await wizard.press(who, again, { step: 'preview', ...fields, staffClass: 'công chức' })
  await wizard.press(who, again, { step: 'run' })
  t.not(before.digest, null)
  t.not(
    (await digest()).digest,
    before.digest,
    'nor can it be found by trying all against what tells rows apart',
  )
})

t.test('a file without headings is refused without what its first row says of anybody', async t => {
  const wizard = await openWizard(t)
  await wizard.sync(officials(2, OWN))
  const who = await wizard.web.signIn('agency-admin', await wizard.agencyId(OWN))
  const content = '1,Đinh Thị Mới,001085111101\n2,Đinh Thị Hai,001085111102\n'
  const url = await wizard.brought(who, { name: 'a.csv', content })
  await wizard.press(who, url, { step: 'preview', 'column-1': 'fullName' })
  t.notMatch(await everything(wizard), /00108511110[12]/)
  t.match((await wizard.upload(url)).preview, { read: 1 }, 'its columns are known all the same')
})

/** All that stands in the database, as text. */
async function everything({ database, one }: Wizard): Promise<string> {
  const { rows } = await sql<{ name: string }>`
    select table_name as name from information_schema.tables
    where table_schema = 'public' and table_type = 'BASE TABLE'`.execute(database.db)
  const texts = await Promise.all(
    rows.map(({ name }) =>
      one<{ text: string | null }>(`select string_agg(t::text, chr(10)) as text from "${name}" t`),
    ),
  )
  return texts.map(({ text }) => text ?? '').join('\n')
}

t.test('the list of an agency changes nothing of people of another, whom it cannot bring over', async t => {
  const wizard = await openWizard(t)
  const [victim] = officials(1, OTHER, 100)
  const all = [...officials(2, OWN), ...officials(2, OTHER, 100)]
  await wizard.sync(all)
  const who = await wizard.web.signIn('agency-admin', await wizard.agencyId(OWN))
  const [mine] = officials(1, OWN)
  const content = `Họ tên,Mã CB,Ngày sinh,Điện thoại,Thư điện tử cá nhân\n${[victim, mine]
    .map(each => `${each?.name},${each?.id},01/02/1985,0900000001,${each?.id}@lay.test\n`)
    .join('')}`
  const url = await wizard.brought(who, { name: 'a.csv', content }, { extent: 'supplement' })
  await wizard.press(who, url, {
    step: 'preview',
    'column-0': 'fullName',
    'column-1': 'staffId',
    'column-2': 'birthDay',
    'column-3': 'phone',
    'column-4': 'email',
  })
  await wizard.press(who, url, { step: 'run' })
  t.match(await wizard.upload(url), { state: 'imported', result: { people: { changed: 1 } } })
  const known = (id: string) =>
    wizard.one(
      `select p.email, p.phone, p.birth_day as born, a.code from person p join employment e on e.person_id = p.id
        join agency_period a on a.agency_id = e.agency_id where p.staff_id = '${id}'`,
    )
  const untouched = { email: null, phone: null, born: null, code: OTHER }
  t.same(await known(victim?.id ?? ''), untouched)
  t.match(await known(mine?.id ?? ''), { email: `${mine?.id}@lay.test`, phone: '0900000001', code: OWN })
  await wizard.sync(all.map(each => (each.id === victim?.id ? { ...each, name: `${each.name} Anh` } : each)))
  t.same(await known(victim?.id ?? ''), untouched, 'nor when the directory speaks next')
})

t.test('a cell of marks without letters holds up nobody', async t => {
  const marks = `a${'\u0301\u0323'.repeat(16_000)}`
  const before = performance.now()
  t.ok(cleanText(marks).length < 40)
  t.ok(foldText(marks).length < 40)
  t.equal(parseCellDay(marks), null)
  t.ok(shownFileName(marks).length <= 60)
  t.notOk(isSyllable(marks))
  t.ok(performance.now() - before < 500)
  t.equal(cleanText('Nguye\u0302\u0303n Thi\u0323 Ha\u0300  An'), 'Nguyễn Thị Hà An')
})

t.test('what cannot be recorded is not done: a decision, its withdrawal, an absence', async t => {
  const wizard = await openWizard(t)
  await wizard.sync(officials(2, OWN))
  const admin = await wizard.web.signIn('admin')
  const [who] = officials(1, OWN)
  const decision = {
    number: '1/QĐ',
    signed: '2026-01-02',
    kind: 'move',
    people: who?.id ?? '',
    agency: OTHER,
  }
  const absence = { person: who?.id ?? '', kind: 'study', from: '2026-01-05', document: '2/QĐ' }
  const counts = () =>
    wizard.one(`select (select count(*)::int from announcement where state = 'waiting') as waiting,
      (select count(*)::int from decision) as decisions, (select count(*)::int from absence) as absences`)
  const broken = async (url: string, fields: Record<string, string>) => {
    await wizard.database.exec(
      `alter table audit add constraint full_disk check (at < '2020-01-01') not valid`,
    )
    const { status } = await wizard.web.post(url, admin, fields)
    await wizard.database.exec('alter table audit drop constraint full_disk')
    t.equal(status, 500, url)
  }
  await broken('/decisions', { ...decision, effective: '2030-01-05' })
  await broken('/absences', absence)
  t.same(await counts(), { waiting: 0, decisions: 0, absences: 0 })
  t.equal((await wizard.web.post('/decisions', admin, { ...decision, effective: '2030-01-05' })).status, 303)
  t.equal((await wizard.web.post('/absences', admin, absence)).status, 303)
  const { id } = await wizard.one<{ id: number }>('select id from announcement')
  await broken(`/announcements/${id}/withdraw`, {})
  await broken(
    `/absences/${(await wizard.one<{ id: number }>('select person_id as id from absence')).id}/2026-01-05/remove`,
    {},
  )
  t.same(await counts(), { waiting: 1, decisions: 1, absences: 1 })
})

t.test('two sources that place each other below themselves: the later one stays where it was', async t => {
  const [store] = stores()
  if (!store) throw new Error('no store')
  const database = await store.open()
  t.teardown(() => database.close())
  const world = rosterWorld(database, { sources: { a: { kind: 'directory' }, b: { kind: 'directory' } } })
  const serves = (id: string, agency: string) => ({ key: id, id, name: `Lê ${id}`, agency })
  const people = [serves('x', 'A1')]
  await world.sync('a', { agencies: [{ key: 'a1', code: 'A1' }], people })
  await world.sync('b', { agencies: [{ key: 'b1', code: 'B1', parent: 'A1' }], people: [serves('y', 'B1')] })
  const tree = () =>
    world.lines(`select concat_ws(' < ', p.code, above.code) as line from agency_period p
      join agency_period above on above.agency_id = p.parent_id where p.last_day = 'infinity' order by 1`)
  const before = await tree()
  const direct = await world.sync('a', { agencies: [{ key: 'a1', code: 'A1', parent: 'B1' }], people })
  t.match(direct, { exit: 4, rejected: 1, agencies: { created: 0, changed: 0, closed: 0 } })
  t.same(await tree(), before)
  const byNew = await world.sync('a', {
    agencies: [
      { key: 'a1', code: 'A1', parent: 'A2' },
      { key: 'a2', code: 'A2', parent: 'B1' },
    ],
    people,
  })
  t.match(byNew, { exit: 4, rejected: 2, agencies: { created: 0, changed: 0, closed: 0 } })
  t.same(await tree(), before)
  await world.sync('a', {
    agencies: [
      { key: 'a1', code: 'A1' },
      { key: 'a2', code: 'A2', parent: 'B1' },
    ],
    people,
  })
  t.same(await tree(), ['A1 < H99', 'A2 < B1', 'B1 < A1'], 'below one of another source, without a circle')
})

t.test('files of many do not fill the disk together', async t => {
  const wizard = await openWizard(t)
  await wizard.sync(officials(1, OWN))
  const file = { name: 'a.csv', content: 'Họ tên\nĐinh Thị Mới\n' }
  const others = await wizard.web.signIn('admin')
  const url = await wizard.brought(others, file)
  const who = await wizard.web.signIn('admin')
  await wizard.database.exec('update roster_upload set bytes = 2000000000')
  const answer = await wizard.bring(who, file)
  t.equal(answer.status, 400)
  t.match(words(answer.body), /Nhiều tệp đang chờ nhập/)
  await wizard.press(others, url, { step: 'remove' })
  t.equal((await wizard.bring(who, file)).status, 303)
})
