/** What the pages say of who must have a mailbox, where rules decide. */
import { sql } from 'kysely'
import t, { type Test } from 'tap'
import type { Database } from '../../src/database/database.ts'
import { embedded } from '../support/database.ts'
import { type Answer, openWeb } from '../support/web.ts'
import { config, fill, now, people } from './office.ts'

const QD = 'Quyết định 15/QĐ-UBND ngày 12/01/2026 về cấp hộp thư công vụ'
const CV = 'Công văn 88/SNV-CCVC ngày 02/02/2026 <về lao động hợp đồng>'
const ruled = {
  ...config,
  mailbox: {
    ...config.mailbox,
    eligibility: [
      { staffClasses: ['người lao động'], agencies: ['H99.05'], required: true, document: QD },
      { sectors: ['health'], titles: ['*'], required: false, document: CV },
    ],
  },
  adoption: { ...config.adoption, sectorCalendars: { education: { holidays: ['2026-11-20'] } } },
}

let database: Database

t.before(async () => {
  database = await embedded()
  await fill(database.db)
})
t.teardown(() => database.close())

type Get = (url: string) => Promise<Answer>

/** Somebody signed in, as a browser. */
async function open(t: Test, role: 'admin' | 'viewer', settings: object = ruled): Promise<Get> {
  const web = await openWeb(t, { database, config: settings, now })
  const session = await web.signIn(role)
  return url => web.get(url, session)
}

/** What a reader sees. */
function text({ body }: Answer): string {
  return body
    .replace(/<head[\s\S]*?<\/head>/g, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&#60;/g, '<')
    .replace(/&#62;/g, '>')
    .replace(/\s+/g, ' ')
}

t.test('the page of definitions lists the rules in their order, each with its document', async t => {
  const get = await open(t, 'viewer')
  const page = text(await get('/definition'))
  t.match(page, /quy định đầu tiên phù hợp quyết định/)
  const first = page.indexOf(
    `Nhóm: người lao động; cơ quan: H99.05 và các đơn vị trực thuộc – thuộc diện cấp. Căn cứ: ${QD}.`,
  )
  const second = page.indexOf(`Chức danh: *; khối: Y tế – không thuộc diện cấp. Căn cứ: ${CV}.`)
  t.ok(first > 0 && second > first, page.slice(page.indexOf('Thuộc diện cấp'), 3000))
  t.match(page, /khối Giáo dục có lịch riêng/)
})

t.test('without rules it says the classes alone', async t => {
  const get = await open(t, 'viewer', config)
  const page = text(await get('/definition'))
  t.match(page, /Người đang công tác thuộc nhóm: cán bộ, công chức, không trong/)
  t.notMatch(page, /quy định đầu tiên|có lịch riêng/)
})

t.test('the page of a person says by which rule and document', async t => {
  const get = await open(t, 'admin')
  const { id, name } = people['khong-thuoc-dien']
  const page = text(await get(`/people/${id}`))
  t.match(page, name)
  t.ok(page.includes(`Thuộc diện cấp theo ${QD}`), 'why')
  t.match(page, /Diện cấp hộp thư Quy định 1\. Nhóm: người lao động/)
})

t.test('figures and explanation follow the rules, and the big sentence says so', async t => {
  const get = await open(t, 'admin')
  const plain = await open(t, 'admin', config)
  const required = async (from: Get) =>
    Number(JSON.parse((await from('/api/v1/adoption')).body).agencies[0].required)
  t.equal((await required(get)) - (await required(plain)), 1)
  t.match(text(await get('/')), /người thuộc diện cấp theo quy định/)
})

t.test('in the long holiday of a sector nobody of it is said to use too little', async t => {
  await sql`update agency_period set sector = 'education' where code = 'H99.05'`.execute(database.db)
  const ranges = [{ from: '2026-10-20', to: '2026-11-30' }]
  const settings = { ...config, adoption: { ...config.adoption, sectorCalendars: { education: { ranges } } } }
  const get = await open(t, 'admin', settings)
  const common = await open(t, 'admin', config)
  const home = async (from: Get) =>
    JSON.parse((await from('/api/v1/adoption?agency=H99.05')).body).agencies[0]
  t.equal((await home(get)).rate.regular, null)
  t.equal((await home(common)).rate.regular > 0, true)
  const { id } = people['chua-thuong-xuyen']
  t.match(text(await get('/people?agency=H99.05')), /không tuần nào đủ ngày làm việc/)
  t.notMatch(text(await common('/people?agency=H99.05')), /không tuần nào đủ/)
  const page = text(await get(`/people/${id}`))
  t.match(page, /Không tuần nào trong 28 ngày có đủ 3 ngày làm việc/)
  t.notMatch(page, /Vì sao chưa được tính là sử dụng thường xuyên/)
})
