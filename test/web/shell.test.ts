import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib'
import { Registry } from 'prom-client'
import t from 'tap'
import { makeStatic } from '../../scripts/static.ts'
import { openDatabase } from '../../src/database/database.ts'
import { AppError } from '../../src/error.ts'
import { layout } from '../../src/web/layout.ts'
import { ownPath } from '../../src/web/own-path.ts'
import { createServer } from '../../src/web/server.ts'
import { assetUrl } from '../../src/web/static.ts'
import { embedded, stores } from '../support/database.ts'
import { openWeb } from '../support/web.ts'
import { passTo } from './passage.ts'

const folder = join(import.meta.dirname, '../../src/web/static')

const database = await embedded()
t.teardown(() => database.close())
const web = await openWeb(t, { database })

t.test('what is committed is what the script makes, within its bytes', async t => {
  const made = await makeStatic()
  t.same(readdirSync(folder).sort(), [...made.keys()].sort())
  for (const [name, content] of made)
    t.ok(content.equals(readFileSync(join(folder, name))), `${name}: run npm run static`)
  const css = made.get('app.css') ?? Buffer.alloc(0)
  t.ok(brotliCompressSync(css).length <= 14_336, `${brotliCompressSync(css).length} bytes of style, packed`)
  t.notMatch(css.toString(), /url\(['"]?(?:https?:|\/\/)|@import/, 'nothing from another host')
  for (const [, url = ''] of css.toString().matchAll(/url\((\/static[^)]*)\)/g))
    t.equal(url, assetUrl(url.split('/').at(-1) ?? ''), 'fonts at the address they are served at')
})

t.test('assets are kept for ever at an address of their content, and packed', async t => {
  for (const name of ['app.css', 'htmx.min.js', 'logo.svg', 'inter-latin.woff2', 'inter-vietnamese.woff2']) {
    const { status, headers } = await web.get(assetUrl(name))
    t.equal(status, 200, name)
    t.equal(headers['cache-control'], 'public, max-age=31536000, immutable')
    t.match(headers['content-security-policy'], /default-src 'none'/)
  }
  const packed = await web.get(assetUrl('app.css'), null, { 'accept-encoding': 'br' })
  t.equal(packed.headers['content-encoding'], 'br')
  for (const url of [
    '/static/000000000000/app.css',
    '/static/missing/none.css',
    '/static/x/..%2fserver.ts',
    `${assetUrl('app.css')}/`,
  ])
    t.match(await web.get(url), { status: 404, headers: { 'cache-control': 'no-store' } }, url)
})

t.test('language and look are switched by a link that comes back', async t => {
  const dark = await web.get('/look?theme=dark&back=%2Fsign-in%3Fnext%3D%252F')
  t.match(dark, { status: 303, headers: { location: '/sign-in?next=%2F' } })
  t.match(
    String(dark.headers['set-cookie']),
    /^theme=dark; Max-Age=31536000; Path=\/; HttpOnly; SameSite=Lax$/,
  )
  const page = await web.get('/nowhere', null, { cookie: 'theme=dark; lang=en' })
  t.match(page.body, /<html lang="en" data-theme="dark">/)
  t.match(page.body, /<h1>Not found<\/h1>/)
  t.match(
    page.body,
    /href="\/look\?lang&#61;vi&#38;back&#61;%2Fnowhere"|href="\/look\?lang=vi&#38;back=%2Fnowhere"/,
  )
  const odd = await web.get('/nowhere', null, { cookie: 'theme=%22%3E; lang=fr' })
  t.match(odd.body, /<html lang="vi" data-theme="auto">/)
  for (const url of ['/look?theme=blue', '/look?lang=fr', '/look?theme=dark&lang=x'])
    t.match(await web.get(url), { status: 400, headers: { 'set-cookie': undefined } }, url)
})

t.test('the way back never leads to another host', async t => {
  const elsewhere = [
    'https://other.test/',
    '//other.test/a',
    '/\\other.test/a',
    '/\t/other.test',
    '/\n/other.test',
    '\\\\other.test',
    'javascript:alert(1)',
    'other.test',
    '/.//other.test',
    '/a/..//other.test',
    '',
    ' //other.test',
  ]
  for (const back of elsewhere) {
    const { status, headers } = await web.get(`/look?theme=light&back=${encodeURIComponent(back)}`)
    t.equal(status, 303)
    t.equal(headers.location, '/', JSON.stringify(back))
  }
  t.match((await web.get('/look?theme=light')).headers, { location: '/' })
  t.match((await web.get('/look?theme=light&back=/a&back=//other.test')).headers, { location: '/' })
  t.equal(ownPath('/people?q=Lê&page=2'), '/people?q=L%C3%AA&page=2')
  t.equal(ownPath('/agencies/7/@other.test'), '/agencies/7/@other.test')
})

t.test('the frame shows who asks, where they are, and leads everywhere without a script', async t => {
  const page = layout({
    locale: 'vi',
    theme: 'auto',
    title: 'Cơ quan',
    installation: 'Tỉnh Phước An',
    nav: [
      { href: '/', label: 'Tổng quan', active: false },
      { href: '/agencies', label: 'Cơ quan', active: true, badge: '3' },
    ],
    operator: { name: 'Nguyễn Thị <Vân>', role: 'Quản trị' },
    csrf: 'token-of-the-session',
    path: '/agencies?state=behind',
    search: true,
    body: '<p>here</p>',
  })
  t.match(page, /<title>Cơ quan · Hộp Thư<\/title>/)
  t.equal(page.match(/aria-current="page">Cơ quan/g)?.length, 2, 'in the line and in the menu of a phone')
  t.match(page, /Nguyễn Thị &#60;Vân&#62;/)
  t.match(page, /<span class="face" aria-hidden="true">N&#60;<\/span>/)
  t.match(page, /action="\/sign-out"><input type="hidden" name="csrf" value="token-of-the-session">/)
  t.match(page, /<form class="search" action="\/people" role="search">/)
  t.match(page, /href="#main"/)
  t.match(page, /href="\/definition"/)
  t.notMatch(page, / style=|<style| on\w+=|<script>|https?:\/\//)
  t.match(page, /"allowEval":false/)
})

t.test('places of a kind stand under one entry, and beside the one somebody is at', async t => {
  const below = [
    { href: '/people', label: 'Danh sách', active: false },
    { href: '/reviews', label: 'Xác minh', active: true, badge: '12' },
  ]
  const nav = [
    { href: '/', label: 'Tổng quan', active: false },
    { href: '/people', label: 'Cán bộ', active: true, badge: '12', below },
  ]
  const page = layout({
    locale: 'vi',
    theme: 'auto',
    title: 'Xác minh',
    installation: '',
    nav,
    operator: { name: 'a', role: 'b' },
    csrf: '',
    path: '/reviews',
    body: '',
  })
  t.match(page, /<a href="\/people" aria-current="true">Cán bộ<span class="badge badge-warn">12</)
  t.equal(page.match(/<a href="\/reviews" aria-current="page">/g)?.length, 2, 'beside, and on a phone')
  t.match(page, /<nav class="nav-wide nav-below" aria-label="Cán bộ">/)
  t.match(page, /<p>Cán bộ<\/p><div class="nav-group"><a href="\/people" >Danh sách/)
  const elsewhere = nav.map(each => ({ ...each, active: each.href === '/' }))
  const other = layout({
    locale: 'vi',
    theme: 'auto',
    title: 'Tổng quan',
    installation: '',
    nav: elsewhere,
    operator: { name: 'a', role: 'b' },
    csrf: '',
    path: '/',
    body: '',
  })
  t.notMatch(other, /nav-below/)
})

t.test('somebody who is not signed in sees no menu and no search', async t => {
  const page = (await web.get('/nowhere')).body
  t.notMatch(page, /<nav|role="search"|sign-out/)
  t.match(page, /theme(=|&#61;)dark/)
})

t.test('an error inside keeps the frame of whoever asks', async t => {
  const admin = await web.signIn('admin')
  const { status, body } = await web.get('/static/x/y', admin)
  t.equal(status, 404)
  t.match(body, /Không tìm thấy/)
})

t.test('a form beyond every measure is refused as a page, and nothing of it is kept', async t => {
  const { status, body } = await web.post('/sign-in', null, { name: 'x'.repeat(5_000_000), password: 'y' })
  t.equal(status, 413)
  t.match(body, /<h1>Nội dung gửi lên quá dài<\/h1>/)
  t.ok(body.length < 10_000)
})

t.test('the API is described for those who are signed in, and for nobody else', async t => {
  t.match(await web.get('/api/v1/openapi.json'), { status: 401, headers: { 'content-type': /json/ } })
  t.match(await web.get('/api/docs'), { status: 303, headers: { location: /sign-in/ } })
  const viewer = await web.signIn('viewer')
  const { status, body } = await web.get('/api/v1/openapi.json', viewer)
  t.equal(status, 200)
  const described: unknown = JSON.parse(body)
  t.match(described, { openapi: '3.1.0', info: { title: 'Hộp Thư' } })
  t.notMatch(body, /"\/(?:sign-out|people|look|health)/, 'pages are no API')
  const page = await web.get('/api/docs', viewer)
  t.match(page, { status: 200, body: /<h1>Giao diện lập trình<\/h1>/ })
  t.notMatch(page.body, / style=|<style|<script>/)
})

t.test('an answer that is packed is the same answer', async t => {
  const server = createServer({ ...web.context, parts: async () => [], registry: new Registry() })
  t.teardown(() => server.close())
  server.get('/gone', async () => {
    throw new AppError('database_unreachable', 'no answer', { temporary: true })
  })
  const { statusCode, headers, rawPayload } = await server.inject({
    url: '/gone',
    headers: { accept: 'text/html', 'accept-encoding': 'br' },
  })
  t.equal(statusCode, 503)
  t.equal(headers['content-encoding'], 'br')
  t.match(brotliDecompressSync(rawPayload).toString(), /Cơ sở dữ liệu chưa trả lời/)
})

const postgres = stores().find(each => each.name === 'PostgreSQL')

t.test(
  'without the database every page says so and loads itself again, until it is back',
  { skip: postgres?.skip ?? true },
  async t => {
    if (!postgres) return
    const direct = await postgres.open()
    t.teardown(() => direct.close())
    const way = await passTo(t, direct.connection?.connectionString ?? '')
    const through = await openDatabase({ url: way.url, backend: 'postgres', maxConnections: 3 })
    t.teardown(() => through.close())
    const far = await openWeb(t, { database: through })
    const admin = await far.signIn('admin')
    t.match(await far.get('/account', admin), { status: 200 })
    await way.cut()
    const away = await far.get('/account', admin)
    t.match(away, { status: 503, headers: { 'retry-after': '10', refresh: '10' } })
    t.match(away.body, /<h1>Hệ thống đang tạm gián đoạn<\/h1>/)
    t.notMatch(away.body, /127\.0\.0\.1|ECONN|postgres/i, 'nothing of the inside')
    t.match(await far.get(assetUrl('app.css'), admin), { status: 200 }, 'the page keeps its look')
    t.match(await far.get('/look?lang=en&back=/account', admin), { status: 303 })
    const api = await far.get('/api/v1/openapi.json', admin)
    t.match(api, { status: 503, headers: { 'content-type': /json/, refresh: undefined } })
    const sent = await far.post('/sign-out', admin, {})
    t.match(sent, { status: 503, headers: { refresh: undefined } }, 'no form is sent twice')
    await way.mend()
    t.match(await far.get('/account', admin), { status: 200 })
  },
)
