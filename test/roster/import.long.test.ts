/** A list as long as a province's, brought in the browser: three rows at fault keep nobody else out. */
import t from 'tap'
import { csvLines } from '../../src/web/csv.ts'
import { openWizard, proposed, words, workbookOf } from '../support/import-form.ts'
import { officials } from '../support/province.ts'

const ROWS = 60_000
const BAD = [17, 30_000, 59_999]
const headings = ['Họ tên', 'Số hiệu cán bộ', 'Chức vụ']
const family = ['Nguyễn Văn', 'Trần Thị', 'Lê Minh', 'Phạm Quốc', 'Đặng Hữu']

const rows = Array.from({ length: ROWS }, (_, i) => [
  BAD.includes(i) ? '' : `${family[i % 5]} ${['An', 'Bình', 'Cường'][i % 3]}`,
  `CB${String(i).padStart(6, '0')}`,
  'Chuyên viên',
])

t.setTimeout(600_000)

const files = {
  'CSV as a text': async () => Buffer.from(csvLines([headings, ...rows])),
  'a workbook': () => workbookOf({ 'Danh sách': [headings, ...rows] }),
}

for (const [what, make] of Object.entries(files))
  t.test(`of 60,000 rows in ${what} 59,997 are imported and three are listed`, async t => {
    const wizard = await openWizard(t)
    await wizard.sync(officials(1, 'H99.11', 100))
    const who = await wizard.web.signIn('agency-admin', await wizard.agencyId('H99.05'))
    const url = await wizard.brought(who, { name: 'danh sach', content: await make() })
    const columns = await wizard.web.get(url, who)
    await wizard.press(who, url, { step: 'preview', ...proposed(columns.body) })
    t.match(words((await wizard.web.get(url, who)).body), /59\.997 mới · 3 dòng chưa nhận được/)
    await wizard.press(who, url, { step: 'run' })
    const page = words((await wizard.web.get(url, who)).body)
    t.match(page, /59\.997 mới · 3 dòng chưa nhận được/)
    for (const bad of BAD) t.match(page, new RegExp(`Dòng ${bad + 2} CB0*${bad} `))
    const { body } = await wizard.web.get(`${url}/rejected.csv`, who)
    t.equal(body.trim().split('\r\n').length, 4, 'headings and three rows')
    const { n } = await wizard.one<{ n: number }>(
      `select count(*)::int as n from employment e join agency_period a using (agency_id)
        where a.code = 'H99.05' and a.last_day = 'infinity' and e.last_day = 'infinity'`,
    )
    t.equal(n, ROWS - BAD.length)
  })
