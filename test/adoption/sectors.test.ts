import { sql } from 'kysely'
import t, { type Test } from 'tap'
import { adoptionCommands } from '../../src/adoption/command.ts'
import type { SectorFigures } from '../../src/adoption/sector-figures.ts'
import type { Values } from '../../src/command.ts'
import { stores } from '../support/database.ts'
import { openWeb } from '../support/web.ts'
import { config, DAY, fill, health, now } from './office.ts'

const main = (body: string) => /<main.*<\/main>/s.exec(body)?.[0] ?? ''

/** The department and its unit are administration, the other one health; a commune is administration, one has none. */
async function openSectors(t: Test, { open }: ReturnType<typeof stores>[number]) {
  const database = await open()
  t.teardown(() => database.close())
  await fill(database.db)
  await sql`update agency_period set sector = case agency_id when 2 then 'administration' when 4 then 'health'
    when 5 then 'administration' end`.execute(database.db)
  const web = await openWeb(t, { database, config, now })
  const run = async (values: Values) => {
    const command = adoptionCommands.find(each => each.name === 'adoption')
    if (command?.needs !== 'database') throw new Error('the command is gone')
    const answer = await command.run(web.context, values, [])
    const text = answer.text()
    return { ...answer, said: typeof text === 'string' ? text : '' }
  }
  return { web, run, database, admin: await web.signIn('admin') }
}

for (const store of stores())
  t.test(
    `people are counted in the sector of their agency, once (${store.name})`,
    { skip: store.skip },
    async t => {
      const { web, admin, run } = await openSectors(t, store)
      const { body } = await web.get(`/api/v1/adoption/sectors?asOf=${DAY}`, admin)
      const { sectors } = JSON.parse(body) as { sectors: SectorFigures[] }
      t.same(
        sectors.map(({ code, name, agencies, staff }) => [code, name, agencies, staff]),
        [
          ['administration', 'Hành chính', 3, 11],
          ['health', 'Y tế', 1, health.count],
          [null, null, 2, 0],
        ],
        'the unit inherits that of its department',
      )
      const whole = JSON.parse((await web.get(`/api/v1/adoption?asOf=${DAY}`, admin)).body)
      const [province] = whole.agencies
      for (const count of ['staff', 'required', 'issued', 'activated', 'used', 'sending', 'regular'] as const)
        t.equal(
          sectors.reduce((all, sector) => all + (sector[count] ?? 0), 0),
          province[count],
          `${count} adds up to the whole`,
        )
      const [, hospitals, none] = sectors
      t.match(hospitals, { regular: health.count - health.idle, rate: { regular: 0.8333 }, completeness: 1 })
      t.same(none?.rate, { issued: null, activated: null, used: null, sending: null, regular: null })
      t.same(whole.sectors, undefined)
      const { json } = await run({ 'as-of': DAY, by: 'sector' })
      t.same(json.sectors, sectors, 'the command line says the same')
      t.same(
        Object.keys(json).filter(key => key !== 'sectors'),
        Object.keys((await run({ 'as-of': DAY })).json),
        'and the rest as ever',
      )
    },
  )

const [embedded] = stores()
if (!embedded) throw new Error('no store')

t.test(
  'the page shows the sectors by name, each leading to its agencies, those that inherit it too',
  async t => {
    const { web, admin } = await openSectors(t, embedded)
    const page = main((await web.get('/agencies?view=sector', admin)).body)
    t.match(page, /Hành chính<\/a>.*Y tế<\/a>.*Chưa phân khối/s)
    t.match(page, /href="\/agencies\?sector&#61;health"/)
    const list = main((await web.get('/agencies?sector=administration', admin)).body)
    t.match(list, /Phòng Công chức/, 'it inherits')
    t.notMatch(list, /Sở Y tế/)
    t.match(list, /<option value="administration" selected>Hành chính<\/option>/)
    t.match(
      main((await web.get('/agencies/H99.05.01', admin)).body),
      /Hành chính <span class="stamp">\(theo cơ quan cấp trên\)/,
    )
    t.match(main((await web.get('/agencies/H99.11', admin)).body), /<dd>Y tế<\/dd>/)
    t.equal((await web.get('/agencies?sector=galaxy', admin)).status, 400)
  },
)

t.test('a scope is counted alone, and inherits from above it', async t => {
  const { web } = await openSectors(t, embedded)
  const head = await web.signIn('head', 3)
  const { sectors } = JSON.parse((await web.get('/api/v1/adoption/sectors', head)).body)
  t.match(sectors, [{ code: 'administration', agencies: 1, staff: 1 }])
  t.equal(sectors.length, 1)
  t.equal((await web.get('/api/v1/adoption/sectors?agency=H99.11', head)).status, 404)
  t.notMatch(main((await web.get('/agencies?view=sector', head)).body), /Y tế/)
})

t.test('as a table, as CSV, and a wrong axis is wrong usage', async t => {
  const { run, web, admin } = await openSectors(t, embedded)
  const { said } = await run({ 'as-of': DAY, by: 'sector' })
  t.match(said, /Khối +Số cơ quan +Thuộc diện/)
  t.match(said, /Y tế +1 +60 /)
  t.match(said, /Số liệu đến hết 20\/11\/2026/)
  const csv = await run({ 'as-of': DAY, by: 'sector', format: 'csv' })
  t.match(csv.said, /^\ufeff.*\r\n2026-11-20,administration,Hành chính,3,11,/)
  const file = await web.get(`/export/sectors.csv?asOf=${DAY}`, admin)
  t.equal(file.body, csv.said)
  await t.rejects(run({ by: 'colour' }), { code: 'usage' })
})
