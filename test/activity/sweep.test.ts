import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ImapFlow } from 'imapflow'
import { sql } from 'kysely'
import { Client } from 'pg'
import t, { type Test } from 'tap'
import { type LineContext, parseLine } from '../../src/activity/formats/index.ts'
import {
  type Clue,
  clueOf,
  findingBefore,
  findingOf,
  formOf,
  testSeparation,
} from '../../src/activity/separation.ts'
import { masterCanSend, statusOf } from '../../src/activity/sources/imap.ts'
import { checkImap, logsOf, type SweepOptions, sweep, sweepExitStatus } from '../../src/activity/sweep.ts'
import { saveSwept } from '../../src/activity/sweep-store.ts'
import { type Config, type ImapSourceConfig, parseConfig } from '../../src/config.ts'
import type { Database, Db } from '../../src/database/database.ts'
import { startRun } from '../../src/database/run.ts'
import { AppError } from '../../src/error.ts'
import { type Address, parseAddress } from '../../src/ids.ts'
import { imapSignIn } from '../support/clients.ts'
import { embedded, stores } from '../support/database.ts'
import { available, type Servers, startAll } from '../support/servers/index.ts'

t.setTimeout(240_000)

const DOMAIN = 'tinh.test'
const PASSWORD = 'matkhau12'
const NO_END = new AbortController().signal
const now = () => new Date()
const { ok, missing } = available()
const skip = ok ? false : missing.join(', ')

const address = (local: string): Address => {
  const parsed = parseAddress(`${local}@${DOMAIN}`)
  if (parsed === null) throw new Error(`no address: ${local}`)
  return parsed
}

// the judgement -----------------------------------------------------------------------------------------------------

const AT = Date.parse('2026-03-03T08:00:00+07:00')
const context: LineContext = { timeZone: 'Asia/Ho_Chi_Minh', reference: AT, now: AT }
const line = (elements: string, at = 'Mar  3 08:00:01') =>
  `${at} mx dovecot: imap-login: Login: ${elements}, method=PLAIN, rip=192.0.2.7, lip=192.0.2.25, TLS, session=<a1b2>`

t.test('a line tells whether a sign-in of the master would count as the person’s own', async t => {
  const cases: [what: string, line: string, clue: Clue][] = [
    ['the master is named', line('user=<an@tinh.test>, auth=<watcher>'), 'toldApart'],
    [
      'the master is named with its realm',
      line('user=<an@tinh.test>, auth=<watcher@tinh.test>'),
      'toldApart',
    ],
    ['nobody is named', line('user=<an@tinh.test>'), 'lookAlike'],
    ['nobody is named, and the name is bare', line('user=<an>'), 'lookAlike'],
    ['the person is named', line('user=<an@tinh.test>, auth=<an@tinh.test>'), null],
    ['another master is named', line('user=<an@tinh.test>, auth=<backup>'), null],
    ['it is another person', line('user=<binh@tinh.test>'), null],
    ['it is an old line', line('user=<an@tinh.test>', 'Mar  3 07:40:00'), null],
    ['it is another service', line('user=<an@tinh.test>').replace('imap-login', 'pop3-login'), null],
  ]
  const trace = { address: address('an'), masterUser: 'Watcher', excludedClients: new Set<string>(), at: AT }
  for (const [what, text, clue] of cases) t.equal(clueOf(parseLine(text, context), trace), clue, what)
  const excluded = { ...trace, excludedClients: new Set(['192.0.2.7']) }
  t.equal(
    clueOf(parseLine(line('user=<an@tinh.test>'), context), excluded),
    'toldApart',
    'its client counts for nothing',
  )
})

t.test('one log in which the sign-in looks like the person’s spoils the round', async t => {
  const clues = (...found: Clue[]) => new Set<Clue>([null, ...found])
  const kind = (...logs: Set<Clue>[]) => findingOf(logs.map((clues, i) => ({ name: `log${i}`, clues })))
  t.same(kind(clues('toldApart'), clues()), { kind: 'separable', logs: ['log0'] })
  t.same(kind(clues('toldApart'), clues('lookAlike')), { kind: 'lookAlike', logs: ['log1'] })
  t.same(kind(clues(), clues()), { kind: 'unseen', logs: ['log0', 'log1'] })
  t.same(kind(), { kind: 'noLogs', logs: [] })
})

t.test('the form of a log shows without signing in, unless the server began anew since', async t => {
  const bare = line('user=<an@tinh.test>')
  const named = line('user=<an@tinh.test>, auth=<an@tinh.test>')
  const start =
    'Mar  3 08:00:02 mx dovecot: master: Dovecot v2.3.19.1 (9b53102964) starting up for imap, lmtp'
  const reload = 'Mar  3 08:00:02 mx dovecot: master: Warning: SIGHUP received - reloading configuration'
  const other = 'Mar  3 08:00:02 mx postfix/qmgr[1]: 4F1A2B3C4D5: removed'
  t.equal(formOf([named, bare, other], context), 'bare')
  t.equal(formOf([bare, named, ''], context), 'named')
  t.equal(formOf([bare, start, other], context), 'unknown')
  t.equal(formOf([bare, reload], context), 'unknown')
  t.equal(formOf([other], context), 'unknown')
  t.same(
    findingBefore([
      { name: 'a', form: 'bare' },
      { name: 'b', form: 'unknown' },
    ]),
    { kind: 'bareForm', logs: ['a'] },
  )
  t.equal(
    findingBefore([
      { name: 'a', form: 'bare' },
      { name: 'b', form: 'named' },
    ]),
    null,
    'only a sign-in can tell',
  )
})

// the store ---------------------------------------------------------------------------------------------------------

for (const store of stores()) {
  t.test(`what a round found is kept on ${store.name}`, { skip: store.skip }, async t => {
    const database = await store.open()
    t.teardown(() => database.close())
    const { db } = database
    const [id = 0] = await addOurs(db, ['an'])
    const first = { mailbox: id, reason: null, sentUidNext: 5, sentUidValidity: 9, messages: 40 }
    const save = (day: number, change: Partial<typeof first> | { reason: string }) =>
      db
        .transaction()
        .execute(trx => saveSwept(trx, new Date(Date.UTC(2026, 2, day)), [{ ...first, ...change }]))
    const none = { sentUidNext: null, sentUidValidity: null, messages: null }
    await save(1, { reason: 'silent', ...none })
    t.match(await swept(db), { an: { reached: false, reason: 'silent', messages: null, changed: null } })
    await save(2, {})
    t.match(
      await swept(db),
      { an: { reached: true, reason: null, messages: 40, changed: null } },
      'first seen: no change',
    )
    await save(3, { messages: 41 })
    t.match(
      await swept(db),
      { an: { messages: 41, changed: null } },
      'mail that came in is no change of the sent mail',
    )
    await save(4, { reason: 'timeout', ...none })
    t.match(
      await swept(db),
      { an: { reached: false, reason: 'timeout', messages: 41, next: 5 } },
      'what was known stays',
    )
    await save(5, { sentUidNext: 6 })
    t.match(
      await swept(db),
      { an: { reached: true, next: 6, changed: '2026-03-05' } },
      'a send in between shows',
    )
    await save(6, { sentUidNext: 6 })
    t.match(
      await swept(db),
      { an: { next: 6, changed: '2026-03-05', at: '2026-03-06' } },
      'nothing new: only the visit',
    )
    await save(7, { sentUidNext: 6, sentUidValidity: 10 })
    t.match(await swept(db), { an: { changed: '2026-03-07' } }, 'a folder made anew is a change')
  })
}

// the real servers --------------------------------------------------------------------------------------------------

type Ground = {
  servers: Servers
  config: Config
  source: ImapSourceConfig
  database: Database
  /** Mailboxes on the platform and here, in this order; `hash` is what PostfixAdmin keeps. */
  add(locals: readonly string[], more?: { hash?: string; state?: string; here?: boolean }): Promise<number[]>
  run(options?: Partial<SweepOptions>, source?: Partial<ImapSourceConfig>): ReturnType<typeof sweep>
}

async function openGround(t: Test): Promise<Ground> {
  const servers = await startAll({ domains: [DOMAIN], dovecot: { loginLogFormat: 'separated' } })
  const platform = new Client({ connectionString: servers.postfixAdmin.url })
  await platform.connect()
  const database = await embedded()
  const secret = join(servers.folder, 'secret')
  writeFileSync(secret, `${servers.dovecot.masterPassword}\n`)
  const { config, source } = configOf(servers, secret)
  t.teardown(async () => {
    await database.close()
    await platform.end()
    await servers.stop()
  })
  return {
    servers,
    config,
    source,
    database,
    async add(locals, { hash = `{PLAIN}${PASSWORD}`, state = 'active', here = true } = {}) {
      await platform.query(
        `insert into mailbox (username, password, name, maildir, quota, local_part, domain, active)
         select l || '@${DOMAIN}', $2, l, '${DOMAIN}/' || l || '/', 0, l, '${DOMAIN}', true from unnest($1::text[]) l`,
        [locals, hash],
      )
      return here ? addOurs(database.db, locals, state) : []
    },
    run: (options = {}, change = {}) =>
      sweep(
        { db: database.db, config, source: { ...source, ...change }, now },
        { signal: NO_END, patienceMs: 500, ...options },
      ),
  }
}

function configOf(
  { dovecot, postfix }: Servers,
  secret: string,
): { config: Config; source: ImapSourceConfig } {
  const host = '127.0.0.1'
  const masterPassword = { file: secret }
  const config = parseConfig({
    database: { url: 'pglite:memory' },
    activity: {
      sources: [
        { name: 'postfix', kind: 'log', path: postfix.logFile, timeZone: 'UTC' },
        { name: 'maillog', kind: 'log', path: dovecot.logFile, timeZone: 'UTC' },
        {
          ...{ name: 'sweep', kind: 'imap', host, port: dovecot.imapPort, secure: false, masterPassword },
          ...{ masterUser: dovecot.masterUser, submission: { host, port: postfix.submissionPort } },
        },
      ],
    },
  })
  const source = config.activity.sources.find(source => source.kind === 'imap')
  if (source === undefined) throw new Error('no source')
  return { config, source }
}

async function addOurs(db: Db, locals: readonly string[], state = 'active'): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    insert into mailbox (platform, address, name, quota_bytes, state)
    select 'mail', l || ${`@${DOMAIN}`}, l, 0, ${state} from unnest(${[...locals]}::text[]) l returning id`.execute(
    db,
  )
  return rows.map(row => row.id)
}

type Swept = {
  reached: boolean
  reason: string | null
  messages: number | null
  next: number | null
  changed: string | null
  at: string
}

async function swept(db: Db): Promise<Record<string, Swept>> {
  const { rows } = await sql<Swept & { name: string }>`
    select m.name, s.reached, s.reason, s.messages, s.sent_uid_next as next,
      to_char(s.last_change_at at time zone 'UTC', 'YYYY-MM-DD') as changed,
      to_char(s.swept_at at time zone 'UTC', 'YYYY-MM-DD') as at
    from mailbox_sweep s join mailbox m on m.id = s.mailbox_id order by m.id`.execute(db)
  return Object.fromEntries(rows.map(({ name, ...row }) => [name, row]))
}

async function separable(db: Db): Promise<Record<string, boolean | null>> {
  const { rows } = await sql<{ name: string; separable: boolean | null }>`
    select name, separable from log_source order by name`.execute(db)
  return Object.fromEntries(rows.map(row => [row.name, row.separable]))
}

/** Does something in a mailbox as its owner. */
async function asOwner<T>(
  { servers }: Ground,
  local: string,
  work: (client: ImapFlow) => Promise<T>,
): Promise<T> {
  const client = new ImapFlow({
    ...{ host: '127.0.0.1', port: servers.dovecot.imapPort, secure: false, doSTARTTLS: false, logger: false },
    auth: { user: address(local), pass: PASSWORD },
  })
  client.on('error', () => {})
  try {
    await client.connect()
    return await work(client)
  } finally {
    client.close()
  }
}

const MESSAGE = `From: an@${DOMAIN}\r\nTo: binh@${DOMAIN}\r\nSubject: Thử\r\n\r\nThư thử.\r\n`

t.test('a round on the real servers', { skip }, async t => {
  const ground = await openGround(t)
  await ground.add(['an', 'binh'])
  await ground.add(['khoa'], { state: 'locked' })
  await ground.add(['treo'], { hash: '{CRYPT}!$6$dat-rieng', state: 'suspended' })
  await addOurs(ground.database.db, ['khongco'])
  await t.test('does not begin where its sign-ins look like the people’s own', t => refusesDefault(t, ground))
  await t.test('reaches every mailbox its owner could use, and only those', t => sweepsAll(t, ground))
  await t.test('notices that sent mail grew, and touches nothing', t => noticesChange(t, ground))
  await t.test('is one at a time', t => oneAtATime(t, ground))
  await t.test('does not begin where no log shows it', t => refusesUnseen(t, ground))
  await t.test('needs no proof where no log is read', t => needsNoLog(t, ground))
  await t.test('stops at the first refusals of the master', t => stopsRefused(t, ground))
  await t.test('can be stopped', t => isCancelled(t, ground))
  await t.test('is judged by check in both languages', t => checks(t, ground))
  await t.test('asks 300 mailboxes, and counts those a server that stopped did not show', t =>
    manyMailboxes(t, ground),
  )
  await t.test('does not begin where the server is dead', t => deadServer(t, ground))
})

async function refusesDefault(t: Test, { servers: { dovecot }, database, run }: Ground) {
  await dovecot.restart({ loginLogFormat: 'default' })
  const refusal = await thrown(run())
  t.match(refusal, {
    code: 'cannot_separate',
    exitStatus: 3,
    message: /docs\/dovecot\.md/,
    details: { finding: 'lookAlike' },
  })
  const lines = () => readFileSync(dovecot.logFile, 'utf8').split('Login: ').length - 1
  const before = lines()
  t.match(await thrown(run()), {
    code: 'cannot_separate',
    details: { finding: 'bareForm', logs: ['maillog'] },
  })
  t.equal(lines(), before, 'the second time nobody is signed in: it would count as use')
  t.same(await swept(database.db), {}, 'no mailbox was swept')
  t.same(await separable(database.db), { maillog: false })
  const { rows } = await sql`select state, exit_status from run order by id`.execute(database.db)
  t.same(rows, [
    { state: 'refused', exit_status: 3 },
    { state: 'refused', exit_status: 3 },
  ])
  await dovecot.restart({ loginLogFormat: 'separated' })
}

async function sweepsAll(t: Test, { database, run }: Ground) {
  const told: number[][] = []
  const result = await run({ progress: (done, total) => told.push([done, total]) })
  t.match(result, { mailboxes: 4, reached: 3, unreachable: 1, reasons: { noMailbox: 1 } })
  t.equal(sweepExitStatus(result), 4)
  t.same(told.at(-1), [4, 4])
  const found = await swept(database.db)
  t.same(Object.keys(found), ['an', 'binh', 'khoa', 'khongco'], 'a suspended mailbox is not asked')
  t.match(found, {
    khongco: { reached: false, reason: 'noMailbox', messages: null },
    an: { reached: true, messages: 0, next: 1 },
  })
  t.same(await separable(database.db), { maillog: true }, 'of the log in which it showed')
}

async function noticesChange(t: Test, ground: Ground) {
  const { database, run } = ground
  await asOwner(ground, 'binh', client => client.append('INBOX', MESSAGE))
  const before = await stateOf(database.db)
  await run()
  t.same(
    await stateOf(database.db),
    { ...before, binh: { ...before.binh, messages: 1 } },
    'mail that came in',
  )
  await asOwner(ground, 'an', client => client.append('Sent', MESSAGE, ['\\Seen']))
  await run()
  t.match(await swept(database.db), { an: { next: 2, changed: String }, binh: { changed: null } })
  const inbox = await asOwner(ground, 'binh', client =>
    client.status('INBOX', { unseen: true, messages: true }),
  )
  t.match(inbox, { unseen: 1, messages: 1 })
}

/** All that a round writes but the time of the visit. */
async function stateOf(db: Db) {
  return Object.fromEntries(Object.entries(await swept(db)).map(([name, { at: _, ...rest }]) => [name, rest]))
}

async function oneAtATime(t: Test, { database: { db }, run }: Ground) {
  const other = await startRun(db, { kind: 'sweep', now: now() })
  t.match(await thrown(run()), { code: 'busy', exitStatus: 3 })
  await sql`update run set state = 'done' where id = ${other.id}`.execute(db)
}

async function refusesUnseen(t: Test, { servers, config, source, database }: Ground) {
  const { sources } = config.activity
  const logs = sources.filter(({ name }) => name === 'postfix')
  const only = { ...config, activity: { ...config.activity, sources: logs } }
  const attempt = sweep({ db: database.db, config: only, source, now }, { signal: NO_END })
  t.match(await thrown(attempt), {
    code: 'cannot_separate',
    details: { finding: 'unseen', logs: ['postfix'] },
  })
  const folder = mkdtempSync(join(tmpdir(), 'hopthu-sweep-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const copy = join(folder, 'mail.log')
  const secret = servers.dovecot.masterPassword
  const test = { source, secret, address: address('an'), excludedClients: [], now, signal: NO_END }
  const whole = () => readFileSync(servers.dovecot.logFile, 'utf8')
  const before = whole().length
  const reading = testSeparation({ ...test, logs: [{ name: 'copy', path: copy, timeZone: 'UTC' }] })
  const timer = setTimeout(() => writeFileSync(copy, whole().slice(before)), 1_000)
  t.match(await reading, { separable: true, found: true }, 'a log that is made only then is read too')
  clearTimeout(timer)
}

async function needsNoLog(t: Test, { config, source, database }: Ground) {
  const none = { ...config, activity: { ...config.activity, sources: [source] } }
  t.match(await sweep({ db: database.db, config: none, source, now }, { signal: NO_END }), {
    reached: 3,
    unreachable: 1,
  })
}

async function stopsRefused(t: Test, ground: Ground) {
  const { database, servers, config } = ground
  const masterPassword = { file: join(servers.folder, 'wrong') }
  writeFileSync(masterPassword.file, 'sai')
  const refusals = () => readFileSync(servers.dovecot.logFile, 'utf8').split('(auth failed').length - 1
  const before = refusals()
  const attempt = ground.run({}, { masterPassword })
  const refusal = await thrown(attempt)
  t.match(refusal, { code: 'mail_server_refused', temporary: false, message: /masterPassword/ })
  t.equal(refusals() - before, 3)
  t.notMatch(JSON.stringify([refusal.message, refusal.details]), /sai/, 'the password is not told')
  t.match(await swept(database.db), { an: { reached: false, reason: 'refused', next: 2 } })
  const source = { ...ground.source, masterPassword, masterUser: 'la' }
  t.match(await thrown(sweep({ db: database.db, config, source, now }, { signal: NO_END })), {
    code: 'mail_server_refused',
  })
}

async function isCancelled(t: Test, { run }: Ground) {
  const stop = new AbortController()
  const attempt = thrown(run({ signal: stop.signal }))
  setTimeout(() => stop.abort(), 30)
  t.match(await attempt, { code: 'cancelled' })
}

async function checks(t: Test, { servers, config, source }: Ground) {
  const { dovecot } = servers
  const secret = dovecot.masterPassword
  const options = {
    logs: logsOf(config),
    address: address('an'),
    excludedClients: [],
    locale: 'en',
    now,
    signal: NO_END,
  } as const
  const { submission, separator, masterUser } = source
  if (submission === undefined) return t.fail('no submission')
  const sender = { submission, separator, masterUser, secret, address: address('an') }
  t.equal(await masterCanSend(sender), false)
  t.match(await checkImap(source, secret, options), { ok: true, detail: /told apart.*Over SMTP .* refused/ })
  t.match(await checkImap(source, secret, { ...options, locale: 'vi' }), {
    ok: true,
    detail: /phân biệt được.*Qua SMTP/,
  })
  t.match(await checkImap(source, 'sai', options), { ok: false, detail: /refuses the master user/ })
  const gone = { ...options, address: address('khongco') }
  t.match(await checkImap(source, secret, gone), { ok: false, detail: /no mailbox of the person/ })
  t.match(await checkImap(source, secret, { ...options, address: null }), {
    ok: true,
    detail: /was not tried/,
  })
  const dead = { ...source, submission: { ...submission, port: 1 } }
  t.match(await checkImap(dead, secret, options), { ok: true, detail: /Warning: .* is unknown/ })
  await dovecot.restart({ masterEverywhere: true, loginLogFormat: 'default' })
  t.equal(await masterCanSend(sender), true)
  t.match(await checkImap(source, secret, options), {
    ok: false,
    detail: /looks like.*auth=<%\{auth_user\}>.*can also send/,
  })
  const excludedClients = ['127.0.0.1']
  t.match(await checkImap(source, secret, { ...options, excludedClients }), {
    ok: true,
    detail: /told apart/,
  })
  await dovecot.restart({ masterEverywhere: false, loginLogFormat: 'separated' })
  await imapSignIn({ port: dovecot.imapPort, user: address('an'), pass: PASSWORD })
}

async function manyMailboxes(t: Test, ground: Ground) {
  const { servers, run, add, database } = ground
  await add(Array.from({ length: 300 }, (_, i) => `n${i}`))
  const all = await run()
  t.match(all, { mailboxes: 304, reached: 303, unreachable: 1 })
  t.comment(
    `${all.mailboxes} mailboxes in ${all.seconds} s: ${Math.round(all.mailboxes / all.seconds)} a second`,
  )
  const result = await run({ progress: done => done < 304 && void servers.dovecot.stop() })
  t.equal(result.mailboxes, 304)
  t.ok(result.reached >= 199 && result.reached < 303, `${result.reached} were reached before it stopped`)
  t.equal(result.reached + result.unreachable, 304)
  const { n299 } = await swept(database.db)
  t.match(n299, { reached: false, reason: 'silent', messages: 0 }, 'not reached is not zero')
}

async function deadServer(t: Test, { run, source, servers }: Ground) {
  t.match(await thrown(run()), { code: 'mail_server_unreachable', temporary: true })
  const check = {
    logs: [],
    address: address('an'),
    excludedClients: [],
    locale: 'en',
    now,
    signal: NO_END,
  } as const
  const secret = servers.dovecot.masterPassword
  t.match(await checkImap(source, secret, check), { ok: false, detail: /cannot be reached/ })
  t.match(await checkImap(source, secret, { ...check, address: null }), { ok: false })
}

async function thrown(work: Promise<unknown>): Promise<AppError> {
  try {
    await work
  } catch (thrown) {
    if (thrown instanceof AppError) return thrown
    throw thrown
  }
  throw new Error('nothing was thrown')
}

// odd servers -------------------------------------------------------------------------------------------------------

/** A server that speaks what it is given, one answer for each line. */
async function oddServer(
  t: Test,
  answer: (line: string) => string | null,
  greeting = '* OK hi\r\n',
): Promise<number> {
  const server = net.createServer(socket => {
    socket.on('error', () => {})
    socket.write(greeting)
    socket.on('data', data => {
      for (const line of data.toString().split('\r\n').filter(Boolean)) {
        const said = answer(line)
        if (said === null) socket.destroy()
        else socket.write(said)
      }
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const at = server.address()
  return typeof at === 'object' && at !== null ? at.port : 0
}

t.test('what a server answers is told apart', async t => {
  const capability = '* CAPABILITY IMAP4rev1\r\n'
  const ask = async (signIn: string | null, greeting?: string) => {
    const port = await oddServer(
      t,
      line => {
        const [tag, command] = line.split(' ')
        if (command === 'CAPABILITY') return `${capability}${tag} OK done\r\n`
        if (command === 'LOGIN') return signIn === null ? null : `${tag} ${signIn}\r\n`
        return `${tag} OK done\r\n`
      },
      greeting,
    )
    const source: ImapSourceConfig = {
      ...{ name: 'odd', kind: 'imap', host: '127.0.0.1', port, secure: false, masterUser: 'watcher' },
      ...{ masterPassword: { env: 'X' }, separator: '*', concurrency: 1 },
    }
    const status = await statusOf({ source, secret: 'x', address: address('an'), signal: NO_END })
    return status.outcome === 'unreachable' ? status.reason : status.outcome
  }
  t.equal(await ask('NO [AUTHENTICATIONFAILED] no'), 'refused')
  t.equal(await ask('NO no'), 'refused', 'a refusal without a code')
  t.equal(await ask('NO [AUTHORIZATIONFAILED] no'), 'noMailbox')
  t.equal(await ask('NO [UNAVAILABLE] later'), 'server', 'a failure of the server is no wrong password')
  t.equal(await ask(null), 'silent', 'a connection lost while signing in is no wrong password')
  t.equal(await ask('OK in'), 'hidden', 'no folder at all is not an empty mailbox')
  t.equal(await ask('OK in', '* BYE too many connections\r\n'), 'silent')
})

t.test('a log that cannot be read is named', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'hopthu-sweep-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  appendFileSync(join(folder, 'mail.log'), `${line('user=<an@tinh.test>')}\n`)
  const source: ImapSourceConfig = {
    ...{ name: 'odd', kind: 'imap', host: '127.0.0.1', port: 1, secure: false, masterUser: 'watcher' },
    ...{ masterPassword: { env: 'X' }, separator: '*', concurrency: 1 },
  }
  const test = {
    source,
    secret: 'x',
    address: address('an'),
    excludedClients: [],
    now: () => new Date(AT),
    signal: NO_END,
  }
  const logs = (path: string) => [{ name: 'maillog', path, timeZone: 'UTC' }]
  await t.rejects(testSeparation({ ...test, logs: logs(folder) }), { code: 'file_unreadable' })
  t.match(await testSeparation({ ...test, logs: logs(join(folder, 'mail.log')) }), {
    separable: false,
    finding: { kind: 'bareForm' },
    status: null,
  })
})
