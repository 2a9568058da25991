/** The whole web server while its database is away: every page says so, and is back by itself. */
import t from 'tap'
import { openDatabase } from '../../src/database/database.ts'
import { stores } from '../support/database.ts'
import { openWeb } from '../support/web.ts'
import { passTo } from './passage.ts'

const postgres = stores().find(each => each.name === 'PostgreSQL')

/** One of each kind; what they show needs the database, and who looks does. */
const pages = [
  '/',
  '/agencies',
  '/people',
  '/people/1',
  '/mailboxes',
  '/plans',
  '/runs',
  '/sources',
  '/audit',
]
const more = [
  '/operators',
  '/account',
  '/targets',
  '/export/people.csv',
  '/definition',
  '/sign-in',
  '/api/docs',
]

t.test(
  'with the database away each page is a plain one that says so, and is back by itself',
  { skip: postgres?.skip ?? true },
  async t => {
    if (!postgres) return
    const direct = await postgres.open()
    t.teardown(() => direct.close())
    const way = await passTo(t, direct.connection?.connectionString ?? '')
    const database = await openDatabase({ url: way.url, backend: 'postgres', maxConnections: 3 })
    t.teardown(() => database.close())
    const web = await openWeb(t, { database })
    const admin = await web.signIn('admin')
    const before = new Map<string, number>()
    for (const url of [...pages, ...more]) before.set(url, (await web.get(url, admin)).status)
    t.ok([...before.values()].every(status => status < 500))

    await way.cut()
    for (const url of before.keys()) {
      const page = await web.get(url, admin)
      t.match(page, { status: 503, headers: { 'retry-after': '10', refresh: '10' } }, url)
      t.match(page.headers['content-type'], /^text\/html/, url)
      t.match(page.body, /<h1>Hệ thống đang tạm gián đoạn<\/h1>/, url)
      t.notMatch(page.body, /127\.0\.0\.1|ECONN|password authentication/, url)
    }
    for (const url of ['/operators', '/sign-out', '/plans', '/runs/sync', '/account/password']) {
      const answer = await web.post(url, admin, { name: 'an', role: 'viewer' })
      t.match(answer, { status: 503, headers: { refresh: undefined }, body: /tạm gián đoạn/ }, url)
    }
    const signIn = await web.post('/sign-in', null, { name: 'an', password: 'bốn con vịt qua cầu treo' })
    t.match(signIn, { status: 503, body: /tạm gián đoạn/ })
    t.equal((await web.get('/sign-in')).status, 200, 'what needs no database is there')
    t.match(await web.get('/look?theme=dark&back=/', admin), { status: 303 })
    const json = await web.get('/api/v1/people', admin, { accept: 'application/json' })
    t.match(
      { ...json, body: JSON.parse(json.body) },
      { status: 503, body: { error: { code: 'database_unreachable' } } },
    )

    await way.mend()
    for (const [url, status] of before) t.equal((await web.get(url, admin)).status, status, url)
  },
)
