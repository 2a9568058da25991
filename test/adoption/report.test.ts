import { sql } from 'kysely'
import t, { type Test } from 'tap'
import { workingDays } from '../../src/adoption/calendar.ts'
import { explain } from '../../src/adoption/explain.ts'
import { adoptionFigures, adoptionReport, computeFigures, settingsOf } from '../../src/adoption/report.ts'
import { csvTable, displayWidth, textTable } from '../../src/adoption/table.ts'
import { parseConfig } from '../../src/config.ts'
import type { Db } from '../../src/database/database.ts'
import { type Day, parseDay } from '../../src/ids.ts'
import { stores } from '../support/database.ts'
import { insertWorld, shift, type World } from './world.ts'

const DAY = '2019-10-25'
const always = { first: '-infinity', last: 'infinity' }

/** A province with one department of four: An uses mail, Bình left, Chi is suspended, Dung works under contract. */
function smallWorld(): World {
  const agency = (id: number, code: string, name: string, level: string, parent: number | null) => {
    return { id, periods: [{ code, name, level, parent, sort: code, ...always }] }
  }
  const mailbox = (id: number, address: string, state: string) => ({
    id,
    address,
    kind: 'personal',
    states: [{ state, ...always }],
    addresses: [{ address, kind: 'primary', ...always }],
    holders: [{ person: id, ...always }],
  })
  const employment = (id: number, staffClass: string, last = 'infinity') => {
    return { id, person: id, agency: 2, staffClass, primary: true, first: '-infinity', last }
  }
  const [an, binh, chi] = [
    mailbox(1, 'an@tinh.example.vn', 'active'),
    mailbox(2, 'binh@tinh.example.vn', 'archived'),
    mailbox(3, 'chi@tinh.example.vn', 'suspended'),
  ]
  an.addresses.push({ address: 'an.cu@tinh.example.vn', kind: 'alias', ...always })
  const use = (address: string, back: number, more: Partial<World['uses'][number]> = {}) => {
    return { address, day: shift(DAY, -back), source: 1, signIns: 1, sends: 0, hands: 0, ...more }
  }
  return {
    agencies: [
      agency(1, 'H99', 'Tỉnh Phước An', 'province', null),
      agency(2, 'H99.05', '=Sở "Nội vụ", tỉnh', 'department', 1),
      agency(3, 'H99.06', 'Sở Tư pháp', 'department', 1),
    ],
    people: [
      { id: 1, staffId: 'CB1', name: 'Nguyễn Văn An' },
      { id: 2, staffId: 'CB2', name: 'Trần Thị Bình' },
      { id: 3, staffId: null, name: 'Lê Chi' },
      { id: 4, staffId: 'CB1', name: 'Phạm Dung' },
    ],
    employments: [
      employment(1, 'công chức'),
      employment(2, 'công chức', '2019-10-01'),
      employment(3, 'viên chức'),
      employment(4, 'người lao động'),
    ],
    absences: [],
    mailboxes: [an, binh, chi],
    uses: [
      use('an@tinh.example.vn', 0),
      use('an.cu@tinh.example.vn', 8, { signIns: 0, sends: 2 }),
      use('an@tinh.example.vn', 15, { signIns: 3 }),
      use('an@tinh.example.vn', 16),
      use('an@tinh.example.vn', 17, { signIns: 0, hands: 4 }),
      use('an@tinh.example.vn', 90),
      use('chi@tinh.example.vn', 3),
    ],
    sources: [{ id: 1, name: 'maillog', kind: 'log', lastAt: `${shift(DAY, 1)}T00:00:00+07:00` }],
    logDays: Array.from({ length: 100 }, (_, back) => ({ source: 1, day: shift(DAY, -back), lines: 5 })),
    firstCompleteDay: '2019-01-01',
  }
}

function asDay(text: string): Day {
  const day = parseDay(text)
  if (!day) throw new Error(`${text} is no day`)
  return day
}

const config = parseConfig({
  database: { url: 'pglite:memory' },
  mailbox: { naming: [{ domain: 'tinh.example.vn' }] },
  activity: { sources: [{ name: 'maillog', kind: 'log', path: '/var/log/mail.log' }] },
  adoption: {
    targets: [{ name: 'toàn tỉnh', indicator: 'regular', value: 1, from: '2018-10-29', due: '2019-12-31' }],
  },
})

const request = (day = DAY) => {
  return {
    ...settingsOf(config),
    day: asDay(day),
    partial: false,
    calendar: workingDays(config.adoption.calendar),
  }
}

for (const store of stores()) {
  const test = (name: string, body: (t: Test, db: Db) => Promise<void>) =>
    t.test(`${name}, on ${store.name}`, { skip: store.skip, timeout: 60_000 }, async t => {
      const database = await store.open()
      await insertWorld(database.db, smallWorld())
      await body(t, database.db)
      await database.close()
    })

  test('the object is exactly that of the contract', async (t, db) => {
    const report = await adoptionReport(db, { ...request(), agency: 'H99.05' })
    const counts = { staff: 3, required: 2, issued: 1, activated: 1, used: 1, sending: 1, regular: 1 }
    t.same(report, {
      asOf: DAY,
      partial: false,
      definition: 'v1',
      agencies: [
        {
          code: 'H99.05',
          name: '=Sở "Nội vụ", tỉnh',
          level: 'department',
          sector: null,
          parent: 'H99',
          ...counts,
          rate: { issued: 0.5, activated: 0.5, used: 0.5, sending: 0.5, regular: 0.5 },
          bounds: { used: [1, 1], sending: [1, 1], regular: [1, 1] },
          completeness: 1,
          targets: [
            {
              name: 'toàn tỉnh',
              indicator: 'regular',
              due: '2019-12-31',
              value: 1,
              gap: 1,
              status: 'behind',
            },
          ],
          own: { ...counts, concurrent: 0 },
          confirmedOn: null,
        },
      ],
      anomalies: [{ person: '#3', reason: 'usedNotIssued' }],
      anomaliesTotal: 1,
    })
    const empty = await adoptionReport(db, { ...request(), agency: 'H99.06' })
    t.equal(empty.anomaliesTotal, 0, 'anomalies are those of the agencies shown')
    const [nobody] = empty.agencies
    t.equal(nobody?.staff, 0)
    t.same(nobody?.rate, { issued: null, activated: null, used: null, sending: null, regular: null })
    t.same(
      nobody?.targets.map(each => [each.gap, each.status]),
      [[null, null]],
      'nobody there, no status',
    )
    await t.rejects(adoptionReport(db, { ...request(), agency: 'H00' }), { code: 'not_found' })
  })

  test('nothing is known before the first complete roster', async (t, db) => {
    const [first] = await computeFigures(db, request('2019-01-01'))
    t.equal(first?.staff, 4, 'its own day is known')
    const { report, figures } = await adoptionFigures(db, request('2018-12-31'))
    const [province] = report.agencies
    t.equal(province?.staff, null)
    t.equal(province?.own.concurrent, null)
    t.same(province?.bounds.used, [null, null])
    t.same(province?.rate, { issued: null, activated: null, used: null, sending: null, regular: null })
    t.equal(province?.targets[0]?.status, 'unknown')
    t.equal(report.anomaliesTotal, 0)
    t.match(textTable(report, figures, 'vi'), /–.*Chưa đủ số liệu[\s\S]*--as-of/)
    const { states } = await explain(db, {
      ...request('2018-12-31'),
      who: 'an@tinh.example.vn',
      locale: 'vi',
    })
    t.equal(states.staff, null)
    t.match(states.why.used, /Chưa có danh sách cán bộ/)
  })

  test('days without logs make the rates unknown, not zero', async (t, db) => {
    const [province] = await computeFigures(db, request('2020-03-01'))
    t.equal(province?.completeness, 0)
    t.equal(province?.used, 0, 'counts stay what is known')
    t.same(province?.bounds, { used: [0, 1], sending: [0, 1], regular: [0, 1] })
    t.same(province?.rate, { issued: 0.5, activated: 0.5, used: null, sending: null, regular: null })
    t.same(
      province?.targets.map(each => [each.gap, each.status]),
      [[null, 'unknown']],
    )
    const [early] = await computeFigures(db, request('2019-03-01'))
    t.equal(early?.rate.activated, null, 'no log begins by then')
    t.equal(early?.rate.issued, 0.3333, 'who left later still counts')
  })

  test('a window without working days leaves regular use unknown', async (t, db) => {
    const [province] = await computeFigures(db, { ...request(), calendar: () => false })
    t.equal(province?.rate.regular, null)
    t.equal(province?.rate.used, 0.5)
    t.same(province?.bounds.regular, [0, 1])
  })

  test('explain names every fact it uses', async (t, db) => {
    const found = await explain(db, { ...request(), who: 'AN.CU@tinh.example.vn', locale: 'vi' })
    t.same(found.person, {
      id: 'CB1',
      name: 'Nguyễn Văn An',
      agency: 'H99.05',
      agencyName: '=Sở "Nội vụ", tỉnh',
      staffClass: 'công chức',
    })
    t.same(found.mailboxes, [
      {
        address: 'an@tinh.example.vn',
        kind: 'personal',
        state: 'active',
        since: null,
        aliases: ['an.cu@tinh.example.vn'],
      },
    ])
    const { why, ...states } = found.states
    t.same(states, {
      staff: true,
      required: true,
      issued: true,
      activated: true,
      used: true,
      sending: true,
      regular: true,
    })
    t.equal(why.regular, '3/4 tuần và 4 ngày làm việc có sử dụng (cần 3 tuần và 4 ngày)')
    t.equal(why.activated, 'Lần đầu có sử dụng ngày 27/07/2019')
    t.same(
      found.evidence.map(each => [each.day, each.kind, each.source]),
      [
        [null, 'employment', 'directory'],
        [null, 'mailbox', 'mail'],
        ['2019-07-27', 'firstUse', 'maillog'],
        ['2019-10-08', 'hand', 'maillog'],
        ['2019-10-09', 'signIn', 'maillog'],
        ['2019-10-10', 'signIn', 'maillog'],
        ['2019-10-17', 'send', 'maillog'],
        ['2019-10-25', 'signIn', 'maillog'],
      ],
    )
    const english = await explain(db, { ...request(), who: '#3', locale: 'en' })
    t.equal(english.person.id, '#3')
    t.equal(english.states.issued, false)
    t.equal(english.states.why.issued, 'The mailbox chi@tinh.example.vn is suspended, which is not issued')
  })

  test('explain shows which logs are missing, and answers null for what they could hide', async (t, db) => {
    await sql`delete from log_day where day = '2019-10-20'`.execute(db)
    await sql`delete from mailbox_day where day >= '2019-10-09'`.execute(db)
    const { states, evidence } = await explain(db, { ...request(), who: '#1', locale: 'en' })
    t.equal(states.used, null)
    t.equal(states.regular, false, 'one day more would not make it regular')
    t.equal(states.why.used, 'No use within the 28 days; the logs of 1 day are not complete')
    t.same(
      evidence.filter(each => each.kind === 'missing').map(each => [each.day, each.detail]),
      [['2019-10-20', 'No log of this day']],
    )
  })

  test('explain says whom it cannot tell apart and whom it does not know', async (t, db) => {
    await t.rejects(explain(db, { ...request(), who: 'CB1', locale: 'vi' }), {
      code: 'usage',
      details: { people: ['#1', '#4'] },
    })
    for (const who of ['CB999', '#99', 'ai@khac.example.vn', '']) {
      await t.rejects(explain(db, { ...request(), who, locale: 'vi' }), { code: 'not_found' }, who)
    }
    const left = await explain(db, { ...request(), who: 'CB2', locale: 'vi' })
    t.same(left.states.staff, false)
    t.equal(left.states.why.staff, 'Không công tác tại cơ quan nào trong ngày 25/10/2019')
    t.equal(left.person.agency, null)
  })

  test('tables show the figures in words', async (t, db) => {
    const { report, figures } = await adoptionFigures(db, request())
    const text = textTable(report, figures, 'vi')
    const lines = text.split('\n')
    t.match(lines[0], /^Cơ quan +Thuộc diện +Được cấp +Kích hoạt +Có sử dụng +Thường xuyên +Tình trạng$/)
    t.match(lines[1], /^Tỉnh Phước An +2 +1\/2 +1\/2 +1\/2 +1\/2 +Chậm tiến độ, cần thêm 1 người$/)
    t.match(lines[2], /^ {2}=Sở/)
    t.match(text, /Số liệu đến hết 25\/10\/2019 · nhật ký đầy đủ 100%/)
    t.match(text, /Việc tiếp theo: cấp hộp thư cho 1 người \(hopthu mailbox plan\)\n$/)
    const large = figures.map(each => ({
      ...each,
      required: 58_200,
      issued: 38_468,
      rate: { ...each.rate, issued: 0.661 },
    }))
    t.match(textTable(report, large, 'vi'), / 58\.200 +38\.468 \(66,1%\)/)
    t.match(textTable(report, large, 'en'), / 58,200 +38,468 \(66\.1%\)/)
    const csv = csvTable(report, 'vi')
    t.ok(csv.startsWith('\ufeffSố liệu đến hết ngày,Mã,Cơ quan,'))
    t.match(
      csv,
      `\r\n2019-10-25,H99.05,"'=Sở ""Nội vụ"", tỉnh","Sở, ban, ngành",H99,3,2,1,1,1,1,1,0.5,0.5,0.5,0.5,0.5,1,toàn tỉnh,2019-12-31,1,Chậm tiến độ\r\n`,
    )
  })
}

t.test('the width of Vietnamese text is that of its letters, however they are written', t => {
  t.equal(displayWidth('Sở Giáo dục'), 11)
  t.equal(displayWidth('Sở Giáo dục'.normalize('NFD')), 11)
  t.equal(displayWidth('x\u0302\u0323'), 1)
  t.equal(displayWidth('漢'), 2)
  t.end()
})
