import { sql } from 'kysely'
import t, { type Test } from 'tap'
import { verifyAudit } from '../../src/access/audit-store.ts'
import { csrfOf, maskCsrf } from '../../src/access/secret.ts'
import { addOperator, makeLink } from '../../src/access/sign-in.ts'
import type { Database } from '../../src/database/database.ts'
import { stores } from '../support/database.ts'
import { type Answer, openWeb, type SignedIn, type Web } from '../support/web.ts'

const PASSWORD = 'bốn con vịt qua cầu treo'
const by = { kind: 'system', id: 'local' } as const

/** A clock that the test turns. */
type Clock = { now: Date }
type Ground = { database: Database; web: Web; clock: Clock }

for (const store of stores()) {
  const each = (name: string, body: (t: Test, ground: Ground) => Promise<void>) =>
    t.test(`${name} (${store.name})`, { skip: store.skip }, async t => {
      const database = await store.open()
      t.teardown(() => database.close())
      const clock = { now: new Date('2026-11-24T02:00:00Z') }
      const web = await openWeb(t, { database, now: () => clock.now })
      await body(t, { database, web, clock })
    })

  each('a link leads to a password, and the password to the pages', async (t, { database, web, clock }) => {
    const token = await newOperator(database, 'nguyen.an', clock.now)
    const page = await web.get(`/sign-in/${token}`)
    t.equal(page.status, 200)
    t.match(page.body, /Đăng nhập và đặt mật khẩu/)
    t.notMatch(page.headers, { 'set-cookie': /./ }, 'looking signs nobody in')
    t.equal((await web.get(`/sign-in/${token}`)).status, 200, 'and spends nothing')

    const spent = await web.post(`/sign-in/${token}`, null, {})
    t.match(spent, { status: 303, headers: { location: '/account/password' } })
    const first = signedIn(spent)
    t.match(await web.get('/account', first), { status: 303, headers: { location: '/account/password' } })
    t.equal((await web.get('/account', first, { accept: 'application/json' })).status, 403)
    t.equal((await web.post('/account/sessions/end', first, { key: '' })).status, 403)
    t.match((await web.get('/account/password', first)).body, /Xin đặt mật khẩu trước khi tiếp tục/)

    const set = await web.post('/account/password', first, { wanted: PASSWORD, again: PASSWORD })
    t.match(set, { status: 303, headers: { location: '/' } })
    t.equal((await web.get('/account', signedIn(set))).status, 200)
    t.equal((await web.get('/account', first, { accept: 'application/json' })).status, 401, 'a new session')

    const again = await signIn(web, 'Nguyen.An ', PASSWORD, { next: '/people?q=b%C3%ACnh' })
    t.match(again, { status: 303, headers: { location: '/people?q=b%C3%ACnh' } })
    t.equal((await web.get('/account', signedIn(again))).status, 200)
    t.same(await actionsOf(database), ['operator.added', 'link.used', 'password.set', 'session.opened'])
    t.equal((await verifyAudit(database.db)).ok, true)
  })

  each('a link is spent once, also by two at one moment', async (t, { database, web, clock }) => {
    const token = await newOperator(database, 'nguyen.an', clock.now)
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => web.post(`/sign-in/${token}`, null, {})),
    )
    t.same(answers.map(each => each.status).sort(), [303, 404, 404, 404, 404])
    t.match(await web.get(`/sign-in/${token}`), { status: 404, body: /Liên kết không còn hiệu lực/ })
  })

  each('a link that is old, altered, replaced or of somebody disabled is no good', async (t, ground) => {
    const { database, web, clock } = ground
    const token = await newOperator(database, 'nguyen.an', clock.now)
    const altered = `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`
    for (const bad of [altered, token.slice(0, -1), `${token}A`, 'x', 'a'.repeat(99), '%00', 'đường'])
      t.equal((await web.post(`/sign-in/${encodeURIComponent(bad)}`, null, {})).status, 404, bad)
    const second =
      (await makeLink(database.db, await idOf(database, 'nguyen.an'), { by, now: clock.now })) ?? ''
    t.equal((await web.post(`/sign-in/${token}`, null, {})).status, 404, 'replaced by a newer one')
    pass(clock, 72 * 3600)
    t.equal((await web.post(`/sign-in/${second}`, null, {})).status, 404, 'after 72 hours')
    const third =
      (await makeLink(database.db, await idOf(database, 'nguyen.an'), { by, now: clock.now })) ?? ''
    await sql`update operator set disabled_at = ${clock.now}`.execute(database.db)
    t.equal((await web.get(`/sign-in/${third}`)).status, 404)
    t.equal((await web.post(`/sign-in/${third}`, null, {})).status, 404, 'of somebody disabled')
    const { rows } = await sql`select 1 from session`.execute(database.db)
    t.equal(rows.length, 0)
  })

  each('guessing slows down, tells nothing and locks nobody out', async (t, { database, web, clock }) => {
    await withPassword(database, web, 'nguyen.an', clock)
    const texts = new Set<string>()
    for (const name of ['nguyen.an', 'nobody.at.all', 'Nguyễn Văn An']) {
      for (let i = 0; i < 5; i++) {
        const answer = await signIn(web, name, `guess number ${i}`)
        t.equal(answer.status, 401, `${name}, guess ${i + 1}`)
        texts.add(answer.body.replaceAll(name, '').replaceAll(/value="[^"]*"/g, ''))
      }
      const slowed = await signIn(web, name, PASSWORD)
      t.match(
        slowed,
        { status: 429, headers: { 'retry-after': '1' } },
        `${name} waits, even with the right one`,
      )
    }
    t.equal(texts.size, 1, 'the same page for a name that nobody has')
    pass(clock, 1)
    const owner = await signIn(web, 'nguyen.an', PASSWORD)
    t.equal(owner.status, 303, 'the owner signs in after the wait')
    t.equal((await signIn(web, 'nguyen.an', 'wrong again 123')).status, 401, 'and begins anew')
    t.equal((await signIn(web, 'nguyen.an', PASSWORD)).status, 303)
    const { rows } = await sql<{ text: string }>`
      select string_agg(a::text, '') as text from audit a`.execute(database.db)
    t.notMatch(rows[0]?.text, /nobody|nguyen|Nguyễn|vịt/)
  })

  each('guessing from elsewhere keeps nobody out of a browser they signed in from', async (t, ground) => {
    const { database, web, clock } = ground
    await withPassword(database, web, 'nguyen.an', clock)
    const first = await signIn(web, 'nguyen.an', PASSWORD)
    const [device = ''] = /hopthu-device=[\w-]{43}/.exec(String(first.headers['set-cookie'])) ?? []
    t.ok(device, 'the browser is known from now on')
    const known = { cookie: device, csrf: '' }
    for (let i = 0; i < 20; i++) await signIn(web, 'nguyen.an', `guess number ${i}`)
    t.equal((await signIn(web, 'nguyen.an', PASSWORD)).status, 429, 'elsewhere even the right one waits')
    const owner = await web.post('/sign-in', known, { name: 'nguyen.an', password: PASSWORD })
    t.equal(owner.status, 303)
    t.notMatch(String(owner.headers['set-cookie']), /hopthu-device/, 'one browser, one row')
    t.equal((await signIn(web, 'nguyen.an', PASSWORD)).status, 429, 'and the guesser waits on')
    await newOperator(database, 'tran.binh', clock.now)
    const statuses: number[] = []
    for (let i = 0; i < 7; i++)
      statuses.push(
        (await web.post('/sign-in', known, { name: 'nguyen.an', password: `guess ${i} more` })).status,
      )
    t.same(statuses, [401, 401, 401, 401, 401, 429, 429], 'guesses in a known browser are slowed down too')
    for (let i = 0; i < 5; i++) await signIn(web, 'tran.binh', `guess number ${i}`)
    const stranger = await web.post('/sign-in', known, { name: 'tran.binh', password: 'a guess at another' })
    t.equal(stranger.status, 429, 'and it is known for its own operator only')
  })

  each('of many guesses at one moment only those before the wait are looked at', async (t, ground) => {
    const { database, web, clock } = ground
    await withPassword(database, web, 'nguyen.an', clock)
    const guesses = Array.from({ length: 20 }, (_, i) => signIn(web, 'nguyen.an', `a guess of many ${i}`))
    const statuses = (await Promise.all(guesses)).map(each => each.status)
    t.equal(statuses.filter(each => each === 401).length, 5)
    t.equal(statuses.filter(each => each === 429).length, 15)
  })

  each('a session ends for its owner, an administrator and time', async (t, { database, web, clock }) => {
    await withPassword(database, web, 'nguyen.an', clock)
    const open = async () => {
      pass(clock, 60)
      return signedIn(await signIn(web, 'nguyen.an', PASSWORD))
    }
    const alive = async (who: SignedIn) =>
      (await web.get('/account', who, { accept: 'application/json' })).status === 200
    const [here, there, third] = [await open(), await open(), await open()]
    const page = await web.get('/account', here)
    t.notMatch(page.body, /không còn hiệu lực/)
    const keys = [...page.body.matchAll(/name="key" value="([0-9a-f]{16})"/g)].map(([, key = '']) => key)
    t.ok(keys.length >= 2)
    const stranger = await web.signIn('viewer')
    await web.post('/account/sessions/end', stranger, { key: keys[0] ?? '' })
    t.same([await alive(there), await alive(third)], [true, true], 'nobody ends those of another')
    t.match(await web.post('/account/sessions/end', here, { key: keys[0] ?? '' }), {
      headers: { location: '/account?said=ended' },
    })
    t.same([await alive(there), await alive(third)], [true, false], 'the newest is ended')
    await web.post('/account/sessions/end', here, { key: '' })
    t.same([await alive(here), await alive(there), await alive(third)], [true, false, false])
    t.equal((await web.post('/sign-out', here, {})).status, 303)
    t.equal(await alive(here), false, 'signed out')

    const idle = await open()
    pass(clock, 12 * 3600 + 1)
    t.equal(await alive(idle), false, 'unused too long')
    const last = await open()
    await sql`update operator set disabled_at = now() where name = 'nguyen.an'`.execute(database.db)
    t.equal(await alive(last), false, 'the cookie of somebody disabled')
    t.equal((await signIn(web, 'nguyen.an', PASSWORD)).status, 401, 'nor a new one')
  })

  each('a change of password wants the one so far and ends every other session', async (t, ground) => {
    const { database, web, clock } = ground
    await withPassword(database, web, 'nguyen.an', clock)
    const [here, there] = [
      signedIn(await signIn(web, 'nguyen.an', PASSWORD)),
      signedIn(await signIn(web, 'nguyen.an', PASSWORD)),
    ]
    const wanted = 'năm con trâu gặm cỏ non'
    const without = await web.post('/account/password', here, { wanted, again: wanted })
    t.match(without, { status: 400, body: /Chưa nhập mục này/ })
    const wrong = await web.post('/account/password', here, { current: 'not the one', wanted, again: wanted })
    t.match(wrong, { status: 400, body: /Mật khẩu hiện tại chưa đúng/ })
    t.notMatch(wrong.body, /trâu/, 'a password is never shown again')
    const done = await web.post('/account/password', here, { current: PASSWORD, wanted, again: wanted })
    t.match(done, { status: 303, headers: { location: '/account?said=saved' } })
    for (const old of [here, there])
      t.equal((await web.get('/account', old, { accept: 'application/json' })).status, 401)
    t.equal((await web.get('/account', signedIn(done))).status, 200)
    t.equal((await signIn(web, 'nguyen.an', PASSWORD)).status, 401)
    t.equal((await signIn(web, 'nguyen.an', wanted)).status, 303)
  })

  each('whatever is typed as a name keeps nobody from changing their password', async (t, ground) => {
    const { database, web, clock } = ground
    await withPassword(database, web, 'nguyen.an', clock)
    const here = signedIn(await signIn(web, 'nguyen.an', PASSWORD))
    const key = `account:${await idOf(database, 'nguyen.an')}`
    for (let i = 0; i < 8; i++) await signIn(web, key, `guess number ${i}`)
    const wanted = 'năm con trâu gặm cỏ non'
    const done = await web.post('/account/password', here, { current: PASSWORD, wanted, again: wanted })
    t.match(done, { status: 303, headers: { location: '/account?said=saved' } })
  })

  each('a hash of an older cost is renewed at sign-in', async (t, { database, web, clock }) => {
    await withPassword(database, web, 'nguyen.an', clock)
    // argon2id of "mật khẩu cũ của An" at m=8192, t=1, made by Node's own argon2
    const old = await cheapHash('mật khẩu cũ của An')
    await sql`update operator set password_hash = ${old}`.execute(database.db)
    t.equal((await signIn(web, 'nguyen.an', 'mật khẩu cũ của An')).status, 303)
    const { rows } = await sql<{ hash: string }>`select password_hash as hash from operator`.execute(
      database.db,
    )
    t.match(rows[0]?.hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    t.equal((await signIn(web, 'nguyen.an', 'mật khẩu cũ của An')).status, 303)
  })
}

const [embedded] = stores()

function once(name: string, body: (t: Test, ground: Ground) => Promise<void>) {
  t.test(name, async t => {
    const database = await embedded?.open()
    if (!database) throw new Error('the embedded database is always there')
    const clock = { now: new Date('2026-11-24T02:00:00Z') }
    await body(t, { database, web: await openWeb(t, { database, now: () => clock.now }), clock })
  })
}

once('ten thousand guesses at a link get nowhere, fast', async (t, { database, web, clock }) => {
  const token = await newOperator(database, 'nguyen.an', clock.now)
  const statuses = new Map<number, number>()
  const started = Date.now()
  for (let i = 0; i < 10_000; i++) {
    const { status } = await web.post(`/sign-in/${'A'.repeat(38)}${String(i).padStart(5, '0')}`, null, {})
    statuses.set(status, (statuses.get(status) ?? 0) + 1)
  }
  const windows = Math.ceil((Date.now() - started) / 60_000) + 1
  t.same([...statuses.keys()].sort(), [404, 429])
  t.ok((statuses.get(404) ?? 0) <= 60 * windows, `${statuses.get(404)} were looked at`)
  const { rows } = await sql`select 1 from session`.execute(database.db)
  t.equal(rows.length, 0)
  const owner = await web.post(`/sign-in/${token}`, null, {}, '10.1.2.3')
  t.equal(owner.status, 303, 'the owner, from elsewhere, is let in')
})

once('ten thousand guesses at a password get nowhere, fast', async (t, { database, web, clock }) => {
  await withPassword(database, web, 'nguyen.an', clock)
  const statuses = new Map<number, number>()
  for (let i = 0; i < 10_000; i++) {
    // from as many clients as it takes to pass the limit of each
    const { status } = await signIn(web, 'nguyen.an', `guess number ${i}`, {}, `10.0.${i % 40}.1`)
    statuses.set(status, (statuses.get(status) ?? 0) + 1)
  }
  t.same([...statuses.keys()].sort(), [401, 429])
  t.ok((statuses.get(401) ?? 0) <= 5, `${statuses.get(401)} were looked at`)
  pass(clock, 60)
  t.equal((await signIn(web, 'nguyen.an', PASSWORD, {}, '10.1.2.3')).status, 303, 'the owner is let in')
})

once('too many requests are told to come back later', async (t, { web }) => {
  let answer = await web.get('/sign-in')
  for (let i = 0; i < 60; i++) answer = await web.get('/sign-in', null, { accept: 'application/json' })
  t.match(answer, { status: 429, headers: { 'retry-after': /^\d+$/ } })
  t.match(JSON.parse(answer.body), { error: { code: 'too_many_requests' } })
})

once('a client behind a proxy is told apart only if the proxy is trusted', async (t, { database }) => {
  const from = async (trustedProxies: string[]) => {
    const config = { database: { url: 'pglite:memory' }, http: { trustedProxies } }
    const web = await openWeb(t, { database, config })
    const ask = async (client: string) =>
      (await web.get('/sign-in', null, { 'x-forwarded-for': client })).status
    for (let i = 0; i < 60; i++) await ask('10.1.1.1')
    return [await ask('10.1.1.1'), await ask('10.2.2.2')]
  }
  t.same(await from(['127.0.0.1']), [429, 200])
  t.same(await from([]), [429, 429], 'a header that anybody can write opens no new count')
})

once('over TLS the cookies are bound to this very host', async (t, { database, clock }) => {
  const config = { database: { url: 'pglite:memory' }, http: { publicUrl: 'https://hopthu.phuocan.gov.vn' } }
  const web = await openWeb(t, { database, config, now: () => clock.now })
  await withPassword(database, web, 'nguyen.an', clock)
  const answer = await signIn(web, 'nguyen.an', PASSWORD)
  const cookies = String(answer.headers['set-cookie'])
  t.match(cookies, /^__Host-hopthu=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Lax,__Host-hopthu-device=/)
  const out = await web.post('/sign-out', signedIn(answer), {})
  t.match(String(out.headers['set-cookie']), /^__Host-hopthu=; .*Path=\/.*Secure/, 'or browsers keep it')
})

once('signing in never leads out of the house', async (t, { database, web, clock }) => {
  await withPassword(database, web, 'nguyen.an', clock)
  const bad = [
    'https://evil.example/',
    '//evil.example/',
    '/\\evil.example',
    '\\\\evil.example',
    '/\t/evil.example',
    '/.//evil.example',
    'javascript:alert(1)',
    '/a\r\nSet-Cookie: hopthu=stolen',
    '/a%0d%0aSet-Cookie: x=y\r\n\r\n<script>',
    `/${'a'.repeat(3000)}`,
    '',
  ]
  for (const next of bad) {
    const { status, headers } = await signIn(web, 'nguyen.an', PASSWORD, { next })
    t.equal(status, 303)
    t.match(headers.location, next.startsWith('/a%0d') ? '/' : /^\/$/, JSON.stringify(next))
    t.match(
      String(headers['set-cookie']),
      /^hopthu=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax,hopthu-device=[\w-]{43};/,
    )
  }
  const asked = await web.get(`/sign-in?next=${encodeURIComponent('//evil.example')}`)
  t.match(asked.body, /name="next" value="\/"/)
})

once('a session that was put under somebody is not theirs after signing in', async (t, ground) => {
  const { database, web, clock } = ground
  await withPassword(database, web, 'nguyen.an', clock)
  const attacker = await web.signIn('viewer')
  const answer = await web.post('/sign-in', attacker, { name: 'nguyen.an', password: PASSWORD })
  t.equal(answer.status, 303)
  t.not(signedIn(answer).cookie, attacker.cookie)
  t.equal((await web.get('/account', attacker, { accept: 'application/json' })).status, 401, 'and it is over')
  const made = { cookie: `hopthu=${'A'.repeat(43)}`, csrf: '' }
  const chosen = await signIn(web, 'nguyen.an', PASSWORD, {}, '127.0.0.1', made)
  t.not(signedIn(chosen).cookie, made.cookie, 'a token that somebody chose is not taken over')
})

once('a form without the token of its session changes nothing', async (t, { web }) => {
  const [who, other] = [await web.signIn('admin'), await web.signIn('admin')]
  const raw = csrfOf(who.cookie.replace('hopthu=', ''))
  for (const csrf of ['', 'x', raw, other.csrf, who.csrf.slice(1), `${who.csrf}AA`, maskCsrf(''), '\u0000'])
    t.equal((await web.post('/account/sessions/end', { ...who, csrf }, { key: '' })).status, 403, csrf)
  t.equal((await web.post('/account/sessions/end', { ...who, csrf: maskCsrf(raw) }, { key: '' })).status, 303)
  const tokens = new Set<string>()
  for (let i = 0; i < 3; i++) {
    const { body } = await web.get('/account/password', who)
    for (const [, token = ''] of body.matchAll(/name="csrf" value="([^"]+)"/g)) tokens.add(token)
  }
  t.equal(tokens.size, 3, 'and no two pages carry the same bytes')
})

once(
  'every field of the forms wrong, missing, huge, in NFD or turned around',
  async (t, { database, web, clock }) => {
    await withPassword(database, web, 'nguyen.an', clock)
    const who = signedIn(await signIn(web, 'nguyen.an', PASSWORD))
    const nfd = await signIn(web, 'nguyen.an', PASSWORD.normalize('NFD'))
    t.equal(nfd.status, 303, 'a password typed on another keyboard is the same')
    const empty = await web.post('/sign-in', null, {})
    t.match(empty, { status: 400, body: /id="name-problem">Chưa nhập mục này/ })
    const turned = await signIn(web, 'nguyen\u202ean', PASSWORD)
    t.match(turned, { status: 400, body: /ký tự ẩn/ })
    t.match(turned.body, /value="nguyenan"/, 'filled in again')
    const marked = await signIn(web, '"><script>', 'abc')
    t.match(marked.body, /value="&#34;&#62;&#60;script&#62;"/)
    t.match(await signIn(web, 'x'.repeat(1_000_000), PASSWORD), { status: 400, body: /Dài quá 64 ký tự/ })
    t.equal((await signIn(web, 'x'.repeat(5_000_000), PASSWORD)).status, 413)
    t.match(await signIn(web, 'x'.repeat(200), PASSWORD), { status: 400, body: /Dài quá 64 ký tự/ })
    const weak: [string, RegExp][] = [
      ['ngắn quá', /Mật khẩu cần ít nhất 12 ký tự/],
      ['matkhau12345', /danh sách mật khẩu phổ biến/],
      ['Mật khẩu 123456', /danh sách mật khẩu phổ biến/],
      ['nguyen.an rất dài', /không được chứa tên đăng nhập/],
      ['aaaaaaaaaaaaaa', /lặp lại/],
      ['x'.repeat(257), /Dài quá 256 ký tự/],
    ]
    for (const [wanted, problem] of weak) {
      const answer = await web.post('/account/password', who, { current: PASSWORD, wanted, again: wanted })
      t.match(answer, { status: 400, body: problem }, wanted)
    }
    const differs = await web.post('/account/password', who, {
      current: PASSWORD,
      wanted: 'năm con trâu gặm cỏ',
      again: 'năm con trâu gặm lá',
    })
    t.match(differs, { status: 400, body: /id="again-problem">Hai lần nhập chưa giống nhau/ })
  },
)

async function newOperator(database: Database, name: string, now: Date): Promise<string> {
  const made = await addOperator(database.db, { name, role: 'admin', agencyId: null }, { by, now })
  return made?.token ?? ''
}

async function withPassword(database: Database, web: Web, name: string, { now }: Clock): Promise<void> {
  const token = await newOperator(database, name, now)
  const first = signedIn(await web.post(`/sign-in/${token}`, null, {}, '10.9.9.9'))
  await web.post('/account/password', first, { wanted: PASSWORD, again: PASSWORD })
}

async function idOf(database: Database, name: string): Promise<number> {
  const { rows } = await sql<{ id: number }>`select id from operator where name = ${name}`.execute(
    database.db,
  )
  return rows[0]?.id ?? 0
}

function pass(clock: Clock, seconds: number): void {
  clock.now = new Date(clock.now.getTime() + seconds * 1000)
}

function signIn(
  web: Web,
  name: string,
  password: string,
  more: Record<string, string> = {},
  from?: string,
  who: SignedIn | null = null,
): Promise<Answer> {
  return web.post('/sign-in', who, { name, password, ...more }, from)
}

/** The session an answer opens, with the token its forms would carry. */
function signedIn({ headers }: Answer): SignedIn {
  const [cookie = ''] = String(headers['set-cookie']).split(';')
  return { cookie, csrf: maskCsrf(csrfOf(cookie.replace(/^[^=]+=/, ''))) }
}

async function actionsOf(database: Database): Promise<string[]> {
  const { rows } = await sql<{ action: string }>`select action from audit order by number`.execute(
    database.db,
  )
  return rows.map(row => row.action)
}

async function cheapHash(password: string): Promise<string> {
  const { argon2Sync } = await import('node:crypto')
  const salt = Buffer.alloc(16, 7)
  const cost = { parallelism: 1, tagLength: 32, memory: 8192, passes: 1 }
  const hash = argon2Sync('argon2id', { message: password, nonce: salt, ...cost })
  const text = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '')
  return `$argon2id$v=19$m=8192,t=1,p=1$${text(salt)}$${text(hash)}`
}
