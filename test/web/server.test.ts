import { once } from 'node:events'
import { connect } from 'node:net'
import { Writable } from 'node:stream'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import type { FastifyInstance } from 'fastify'
import { sql } from 'kysely'
import pino from 'pino'
import { Registry } from 'prom-client'
import t, { type Test } from 'tap'
import { parseConfig } from '../../src/config.ts'
import { type Database, databaseError, openDatabase } from '../../src/database/database.ts'
import { AppError } from '../../src/error.ts'
import { createServer, type ServerSettings } from '../../src/web/server.ts'
import { type Store, stores } from '../support/database.ts'
import { passTo } from './passage.ts'

const NOW = new Date('2026-11-22T03:00:00Z')

const config = parseConfig({
  database: { url: 'pglite:memory' },
  roster: {},
  activity: { sources: [{ name: 'maillog', kind: 'log', path: '/var/log/mail.log' }] },
})

const kinds = stores()

function each(name: string, body: (t: Test, database: Database) => Promise<void>): void {
  for (const store of kinds) {
    t.test(`${name} (${store.name})`, { skip: store.skip }, async t => body(t, await opened(t, store)))
  }
}

async function opened(t: Test, store: Store): Promise<Database> {
  const database = await store.open()
  t.teardown(() => database.close())
  return database
}

function serverOn(t: Test, database: Database, more: Partial<ServerSettings> = {}): FastifyInstance {
  const settings = { config, database, log: pino({ level: 'silent' }), parts: async () => [], now: () => NOW }
  const server = createServer({ ...settings, registry: new Registry(), ...more })
  t.teardown(() => server.close())
  return server
}

type Run = { kind?: string; state: string; startedAt: string; finishedAt?: string | null; message?: string }

async function record(database: Database, run: Run): Promise<void> {
  const { kind = 'nightly', state, startedAt, finishedAt = startedAt, message = '' } = run
  await sql`insert into run (kind, state, started_at, heartbeat_at, finished_at, host, pid, message)
    values (${kind}, ${state}, ${startedAt}, ${startedAt}, ${finishedAt}, 'node1', 1, ${message})`.execute(
    database.db,
  )
}

async function readLog(database: Database, lastAt: string): Promise<void> {
  await sql`insert into log_source (name, kind, last_at) values ('maillog', 'log', ${lastAt})`.execute(
    database.db,
  )
  await sql`insert into log_day (source_id, day, lines) select id, '2026-11-20', 70 from log_source`.execute(
    database.db,
  )
  await sql`insert into log_day (source_id, day, lines) select id, '2026-11-21', 30 from log_source`.execute(
    database.db,
  )
}

async function get(server: FastifyInstance, url: string) {
  const { statusCode: status, headers, body } = await server.inject({ url })
  return { status, headers, body }
}

each('a service that is well says so everywhere', async (t, database) => {
  const server = serverOn(t, database, {
    parts: async () => [{ name: 'jobs', ok: true, detail: 'engine runs' }],
  })
  await record(database, {
    state: 'done',
    startedAt: '2026-11-21T18:30:00Z',
    finishedAt: '2026-11-21T18:40:00Z',
  })
  await readLog(database, '2026-11-22T02:59:00Z')
  t.match(await get(server, '/health/live'), { status: 200 })
  const { status, body } = await get(server, '/health/ready')
  t.equal(status, 200)
  t.same(JSON.parse(body), {
    ok: true,
    parts: [
      { name: 'database', ok: true, detail: 'answers' },
      {
        name: 'jobs',
        ok: true,
        detail: 'last nightly run: done; engine runs',
        nightly: {
          state: 'done',
          startedAt: '2026-11-21T18:30:00.000Z',
          finishedAt: '2026-11-21T18:40:00.000Z',
          message: '',
        },
        missedNights: [],
      },
      {
        name: 'follow',
        ok: true,
        detail: '1 log sources',
        sources: [{ name: 'maillog', lastAt: '2026-11-22T02:59:00.000Z', lagSeconds: 60, lines: 100 }],
      },
    ],
  })
})

each(
  'a night that failed or was missed is shown, and does not take the service away',
  async (t, database) => {
    const server = serverOn(t, database)
    await record(database, { state: 'missed', startedAt: '2026-11-19T18:30:00Z' })
    await record(database, { state: 'missed', startedAt: '2026-10-01T18:30:00Z' })
    await record(database, {
      state: 'failed',
      startedAt: '2026-11-21T18:30:00Z',
      message: 'roster: no <answer>',
    })
    const { status, body } = await get(server, '/health/ready')
    t.equal(status, 200)
    const jobs = JSON.parse(body).parts.find((part: { name: string }) => part.name === 'jobs')
    t.match(jobs, {
      ok: false,
      detail: 'last nightly run: failed; 1 missed in 7 days',
      nightly: { state: 'failed', message: 'roster: no <answer>' },
      missedNights: ['2026-11-19T18:30:00.000Z'],
    })
    const follow = JSON.parse(body).parts.find((part: { name: string }) => part.name === 'follow')
    t.match(follow, { ok: false, detail: 'nothing new read from: maillog' })
  },
)

each('what a library said of a night is not told to whoever reaches the port', async (t, database) => {
  const server = serverOn(t, database)
  const message = 'mailbox: internal: duplicate key (address)=(hoalt@phuocan.test); activity: 2 sources'
  await record(database, { state: 'failed', startedAt: '2026-11-21T18:30:00Z', message })
  const { body } = await get(server, '/health/ready')
  t.notMatch(body, /hoalt/)
  t.match(body, /"message":"mailbox: internal; see the log"/)
})

each('metrics tell the runs and the logs', async (t, database) => {
  const server = serverOn(t, database)
  await record(database, {
    state: 'done',
    startedAt: '2026-11-20T18:30:00Z',
    finishedAt: '2026-11-20T18:40:00Z',
  })
  await record(database, { state: 'failed', startedAt: '2026-11-21T18:30:00Z' })
  await record(database, { kind: 'roster', state: 'done', startedAt: '2026-11-21T18:30:00Z' })
  await readLog(database, '2026-11-22T02:50:00Z')
  const answers = await Promise.all([1, 2, 3].map(() => get(server, '/metrics')))
  for (const { status, headers, body } of answers) {
    t.equal(status, 200)
    t.match(headers['content-type'], /^text\/plain/)
    const seconds = Date.parse('2026-11-20T18:40:00Z') / 1000
    t.ok(body.includes(`hopthu_run_last_success_timestamp_seconds{kind="nightly"} ${seconds}\n`))
    t.ok(body.includes('hopthu_run_state{kind="nightly",state="failed"} 1\n'))
    t.ok(body.includes('hopthu_run_state{kind="nightly",state="done"} 0\n'))
    t.ok(body.includes('hopthu_run_state{kind="roster",state="done"} 1\n'))
    t.ok(body.includes('hopthu_log_lag_seconds{source="maillog"} 600\n'))
    t.ok(body.includes('hopthu_log_lines_total{source="maillog"} 100\n'))
    t.ok(body.includes('hopthu_database_up 1\n'))
    t.match(body, /^process_cpu_seconds_total /m)
  }
})

each('a part that does not work makes the service unready, one that hangs too', async (t, database) => {
  const broken = serverOn(t, database, { parts: async () => [{ name: 'engine', ok: false, detail: 'gone' }] })
  const answer = await get(broken, '/health/ready')
  t.match(answer, { status: 503, headers: { 'retry-after': '10' } })
  t.match(JSON.parse(answer.body).parts.at(-1), { name: 'engine', ok: false, detail: 'gone' })
  const hanging = serverOn(t, database, { parts: () => new Promise(() => {}) })
  t.match(await get(hanging, '/health/ready'), { status: 503 })
  t.match(await get(hanging, '/health/live'), { status: 200 })
})

const embedded = kinds[0]
if (!embedded) throw new Error('no embedded database')

t.test('every error has one form, and says little where it is ours', async t => {
  const database = await opened(t, embedded)
  let logged = ''
  const sink = new Writable({
    write(chunk, _, done) {
      logged += String(chunk)
      done()
    },
  })
  const server = serverOn(t, database, {
    log: pino({ level: 'debug' }, sink),
    translate: thrown => (thrown instanceof AppError ? thrown : databaseError(thrown)),
  })
  const throwing: Record<string, unknown> = {
    refused: new AppError('guard_refused', '60 leavers', { details: { leavers: 60 } }),
    busy: new AppError('busy', 'another run goes on', { temporary: true }),
    away: new AppError('directory_unreachable', 'no answer in 10 s', { temporary: true }),
    mistake: new TypeError('the secret of the inside'),
    config: new AppError('config_invalid', 'the path of a file'),
    database: Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }),
    text: 'thrown as it is',
  }
  server.get<{ Params: { what: string } }>('/throw/:what', async request => {
    throw throwing[request.params.what]
  })
  server.post('/take', async () => ({ taken: true }))
  const error = async (url: string) => {
    const { status, headers, body } = await get(server, url)
    return { status, retry: headers['retry-after'], ...JSON.parse(body) }
  }
  t.same(await error('/throw/refused'), {
    status: 422,
    retry: undefined,
    error: { code: 'guard_refused', message: '60 leavers', details: { leavers: 60 } },
  })
  t.match(await error('/throw/busy'), { status: 409, error: { code: 'busy' } })
  t.match(await error('/throw/away'), { status: 503, retry: '10', error: { code: 'directory_unreachable' } })
  t.match(await error('/throw/database'), {
    status: 503,
    retry: '10',
    error: { code: 'database_unreachable' },
  })
  for (const what of ['mistake', 'config', 'text']) {
    const answer = await error(`/throw/${what}`)
    t.match(answer, { status: 500, error: { code: 'internal', details: { reference: /-/ } } })
    t.notMatch(JSON.stringify(answer), /secret|path of|as it is/)
    t.ok(logged.includes(answer.error.details.reference), 'the reference stands in the log')
  }
  t.match(logged, /the secret of the inside/)
  t.match(await error('/nowhere?q=Lê+Thị+Hoa'), { status: 404, error: { code: 'not_found', details: {} } })
  t.notMatch(logged, /Hoa|Th%E1/, 'what was asked for is not logged')
  t.match(await error('/%ZZ'), { status: 400, error: { code: 'usage' } })
  const post = async (payload: string, type = 'application/json') => {
    const sent = await server.inject({
      method: 'POST',
      url: '/take',
      payload,
      headers: { 'content-type': type },
    })
    return { status: sent.statusCode, ...sent.json() }
  }
  t.match(await post('{"a":1}'), { status: 200, taken: true })
  t.match(await post('{"a":'), { status: 400, error: { code: 'usage' } })
  t.match(await post(`"${'x'.repeat(1_100_000)}"`), { status: 413, error: { code: 'usage' } })
  t.match(await post('a', 'application/x-none'), { status: 415, error: { code: 'usage' } })
})

t.test('every answer carries the headers that keep a browser safe', async t => {
  const server = serverOn(t, await opened(t, embedded))
  server.get('/page', async (_, reply) => reply.type('text/html').send('<p>'))
  for (const url of ['/page', '/nowhere', '/health/live', '/%ZZ']) {
    for (const accept of ['text/html', 'application/json']) {
      const { headers } = await server.inject({ url, headers: { accept } })
      const policy = String(headers['content-security-policy'])
      t.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self'; /, url)
      t.notMatch(policy, /unsafe|\*|http/)
      t.match(headers, { 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' })
      t.match(headers, { 'cross-origin-opener-policy': 'same-origin', 'cache-control': 'no-store' })
      t.notOk(headers['strict-transport-security'])
    }
  }
  const https = parseConfig({
    database: { url: 'pglite:memory' },
    http: { publicUrl: 'https://hopthu.phuocan.test' },
  })
  const secure = serverOn(t, await opened(t, embedded), { config: https })
  t.match((await get(secure, '/nowhere')).headers, { 'strict-transport-security': /max-age=31536000/ })
})

t.test('a person gets errors as pages that say what happened, what was kept, what to do', async t => {
  const database = await opened(t, embedded)
  const server = serverOn(t, database)
  const errors = {
    usage: [400, 'Yêu cầu chưa đúng'],
    forbidden: [403, 'Không được phép'],
    not_found: [404, 'Không tìm thấy'],
    busy: [409, 'Đang có lượt chạy khác'],
    ground_moved: [409, 'Dữ liệu đã thay đổi'],
    guard_refused: [422, 'Vượt ngưỡng an toàn'],
    too_many_requests: [429, 'Thử quá nhiều lần'],
    internal: [500, 'Có lỗi ngoài dự kiến'],
    platform_unreachable: [503, 'Chưa kết nối được hệ thống liên quan'],
    database_unreachable: [503, 'Hệ thống đang tạm gián đoạn'],
  } as const
  const isCode = (code: string): code is keyof typeof errors => code in errors
  server.all<{ Params: { code: string } }>('/throw/:code', async ({ params: { code } }) => {
    throw isCode(code) ? new AppError(code, `<b>${code}</b>`) : new AppError('not_signed_in', 'sign in')
  })
  const ask = (url: string, method: 'GET' | 'POST' = 'GET', headers: Record<string, string> = {}) =>
    server.inject({ url, method, headers: { accept: 'text/html,*/*;q=0.8', ...headers } })
  for (const [code, [status, title]] of Object.entries(errors)) {
    const page = await ask(`/throw/${code}`)
    t.equal(page.statusCode, status, code)
    t.match(page.headers['content-type'], /^text\/html; charset=utf-8/)
    t.match(page.body, new RegExp(`<h1>${title}</h1>`))
    t.match(page.body, /^<!doctype html>\n<html lang="vi" data-theme="auto">/)
    t.notMatch(page.body, /<script>|<style| style=| on\w+=|<b>/, 'nothing inline, nothing unescaped')
    t.match((await ask(`/api/v1/throw`)).headers['content-type'], /json/)
  }
  t.match((await ask('/throw/usage')).body, /&#60;b&#62;usage/, 'what is wrong with the request is said')
  t.match((await ask('/%ZZ')).body, /Yêu cầu chưa đúng/)
  const inside = await ask('/throw/internal')
  t.match(inside.body, /Mã tra cứu: <code>[\w-]{36}/)
  t.notMatch(inside.body, /&#60;b&#62;/, 'what broke inside stays in the log')
  const away = await ask('/throw/database_unreachable')
  t.match(away.headers, { 'retry-after': '10', refresh: '10' })
  t.notOk((await ask('/throw/database_unreachable', 'POST')).headers.refresh, 'no form is sent twice')
  t.notOk((await ask('/throw/platform_unreachable')).headers.refresh)
  t.match(await ask('/throw/signed?a=1&b=2'), {
    statusCode: 303,
    headers: { location: '/sign-in?next=%2Fthrow%2Fsigned%3Fa%3D1%26b%3D2' },
  })
  t.match(await ask('/throw/signed', 'POST'), { statusCode: 401, body: /<h1>Cần đăng nhập/ })
  const piece = await ask('/throw/signed', 'GET', { 'hx-request': 'true' })
  t.match(piece, { statusCode: 401, headers: { 'hx-redirect': '/sign-in' } })
})

t.test('names from the configuration are text on the page', async t => {
  const root = { code: 'H99', name: '<b>"Tỉnh"</b>' }
  const odd = parseConfig({ database: { url: 'pglite:memory' }, roster: { root } })
  const server = serverOn(t, await opened(t, embedded), { config: odd })
  const { body } = await server.inject({ url: '/nowhere', headers: { accept: 'text/html' } })
  t.match(body, /&#60;b&#62;&#34;Tỉnh&#34;&#60;\/b&#62;/)
  t.notMatch(body, /<b>/)
})

t.test('text is packed as it is accepted, and only where that is worth it', async t => {
  const server = serverOn(t, await opened(t, embedded))
  const long = 'Hộp thư công vụ. '.repeat(200)
  server.get('/long', async (_, reply) => reply.type('text/plain; charset=utf-8').send(long))
  server.get('/short', async (_, reply) => reply.type('text/plain').send('ngắn'))
  server.get('/json', async () => ({ long }))
  server.get('/file', async (_, reply) => reply.type('application/pdf').send(Buffer.from(long)))
  server.get('/packed', async (_, reply) =>
    reply.type('text/plain').header('content-encoding', 'zstd').send(Buffer.from(long)),
  )
  const ask = (url: string, accepted?: string) =>
    server.inject({ url, headers: accepted === undefined ? {} : { 'accept-encoding': accepted } })
  const cases: [accepted: string | undefined, encoding: string | undefined][] = [
    ['gzip, deflate, br, zstd', 'br'],
    ['gzip', 'gzip'],
    ['GZIP;q=0.5', 'gzip'],
    ['br;q=0, gzip', 'gzip'],
    ['*', 'br'],
    ['br;q=0, *', 'gzip'],
    ['identity', undefined],
    ['', undefined],
    [undefined, undefined],
  ]
  for (const [accepted, encoding] of cases) {
    const { headers, rawPayload } = await ask('/long', accepted)
    t.equal(headers['content-encoding'], encoding, String(accepted))
    t.equal(headers.vary, 'accept-encoding')
    t.equal(Number(headers['content-length']), rawPayload.length)
    const plain =
      encoding === 'br' ? brotliDecompressSync(rawPayload) : encoding ? gunzipSync(rawPayload) : rawPayload
    t.equal(plain.toString(), long)
  }
  t.equal((await ask('/json', 'br')).headers['content-encoding'], 'br')
  for (const url of ['/short', '/file']) t.notOk((await ask(url, 'br')).headers['content-encoding'], url)
  t.equal((await ask('/packed', 'br')).headers['content-encoding'], 'zstd')
  t.equal((await ask('/metrics', 'br')).headers['content-encoding'], 'br')
})

t.test('a body that never ends and an answer that never comes are ended', async t => {
  const server = serverOn(t, await opened(t, embedded))
  // a file may take long to come; every other route gives up while its body is still coming
  t.equal(server.server.requestTimeout, 900_000)
  server.post('/form', { handlerTimeout: 50 }, async () => 'read')
  server.get('/slow', { handlerTimeout: 50 }, () => new Promise(() => {}))
  await server.listen({ host: '127.0.0.1', port: 0 })
  const line = connect(Number(new URL(server.listeningOrigin).port), '127.0.0.1')
  line.write('POST /form HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{')
  const [said] = await once(line, 'data')
  line.destroy()
  t.match(String(said), /^HTTP\/1\.1 503 /)
  const answer = await get(server, '/slow')
  t.match(answer, { status: 503, headers: { 'retry-after': '10' } })
  t.match(JSON.parse(answer.body), { error: { code: 'cancelled' } })
})

const postgres = kinds.find(each => each.name === 'PostgreSQL')

t.test(
  'a database that goes is told, and one that comes back is used again',
  { skip: postgres?.skip ?? true },
  async t => {
    if (!postgres) return
    const direct = await opened(t, postgres)
    await record(direct, { state: 'done', startedAt: '2026-11-21T18:30:00Z' })
    const way = await passTo(t, direct.connection?.connectionString ?? '')
    const database = await openDatabase({ url: way.url, backend: 'postgres', maxConnections: 3 })
    t.teardown(() => database.close())
    const server = serverOn(t, database)
    t.match(await get(server, '/health/ready'), { status: 200 })
    await way.cut()
    const away = await get(server, '/health/ready')
    t.match(away, { status: 503, headers: { 'retry-after': '10' } })
    t.match(JSON.parse(away.body), { ok: false, parts: [{ name: 'database', ok: false }] })
    t.notMatch(away.body, /127\.0\.0\.1/)
    t.match(await get(server, '/health/live'), { status: 200 })
    const { status, body } = await get(server, '/metrics')
    t.equal(status, 200)
    t.ok(body.includes('hopthu_database_up 0\n'))
    t.notMatch(body, /^hopthu_(run_state|missed_nights)[{ ]/m, 'nothing old is told')
    await way.mend()
    t.match(await get(server, '/health/ready'), { status: 200 })
    t.match((await get(server, '/metrics')).body, /^hopthu_missed_nights 0$/m)
  },
)
