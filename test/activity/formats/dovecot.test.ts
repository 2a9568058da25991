import t from 'tap'
import { parseDovecot } from '../../../src/activity/formats/dovecot.ts'

const S = 'session=<Qw+E95Uf4e7/AAAB>'
const session = 'Qw+E95Uf4e7/AAAB'
const own = { program: 'imap-login', service: 'imap', client: '192.0.2.7', method: 'PLAIN' }

t.test('sign-ins of all versions, with and without the level word', async t => {
  const cases: [string, string, object][] = [
    [
      '2.3',
      `imap-login: Info: Login: user=<an@tinh.example>, method=PLAIN, rip=192.0.2.7, lip=192.0.2.25, mpid=12, secured, ${S}`,
      { kind: 'signIn', user: 'an@tinh.example', session, separable: false, ...own },
    ],
    [
      '2.4',
      `imap-login: Logged in: user=<an@tinh.example>, method=PLAIN, rip=192.0.2.7, lip=192.0.2.25, mpid=12, TLS, ${S}`,
      { kind: 'signIn', user: 'an@tinh.example', session, separable: false, ...own },
    ],
    [
      '1.x',
      'imap-login: Login: user=<an.nv>, method=PLAIN, rip=192.0.2.7, lip=192.0.2.25, TLS',
      { kind: 'signIn', user: 'an.nv', separable: false, ...own },
    ],
    [
      'authenticated user named',
      `imap-login: Login: user=<an@tinh.example>, auth=<an@tinh.example>, method=PLAIN, rip=192.0.2.7, ${S}`,
      { kind: 'signIn', user: 'an@tinh.example', session, separable: true, ...own },
    ],
    [
      'typed in capitals',
      'imap-login: Login: user=<an@tinh.example>, auth=<AN@Tinh.Example>, method=PLAIN, rip=192.0.2.7',
      { kind: 'signIn', user: 'an@tinh.example', separable: true, ...own },
    ],
    [
      'typed without domain',
      'imap-login: Login: user=<an@tinh.example>, auth=<an>, method=PLAIN, rip=192.0.2.7',
      { kind: 'signIn', user: 'an@tinh.example', separable: true, ...own },
    ],
    [
      'a master',
      'imap-login: Login: user=<an@tinh.example>, auth=<watcher>, method=PLAIN, rip=192.0.2.7',
      { kind: 'signIn', user: 'an@tinh.example', master: 'watcher', separable: true, ...own },
    ],
    [
      'a master under another key',
      'imap-login: Login: user=<an@tinh.example>, master_user=<watcher>, method=PLAIN, rip=192.0.2.7',
      { kind: 'signIn', user: 'an@tinh.example', master: 'watcher', separable: true, ...own },
    ],
    [
      'another order, unknown elements',
      `imap-login: Login: TLSv1.3 with cipher X (256/256 bits), ${S}, rip=192.0.2.7, what, x=1, method=PLAIN, user=<an@tinh.example>`,
      { kind: 'signIn', user: 'an@tinh.example', session, separable: false, ...own },
    ],
    [
      'a failing TLS layer with commas',
      'imap-login: Login: user=<an>, method=PLAIN, rip=192.0.2.7, TLS: read(a, b) failed: user=<binh>',
      { kind: 'signIn', user: 'an', separable: false, ...own },
    ],
    [
      'folded address, capitals, decomposed letters',
      'imap-login: Login: user=<Nguye\u0302\u0303n@Tinh.example>, method=PLAIN, rip=::ffff:192.0.2.7',
      { kind: 'signIn', user: 'nguyễn@tinh.example', separable: false, ...own },
    ],
    [
      'a name cut at 80 bytes',
      `imap-login: Login: user=<${'a'.repeat(77)}...>, method=PLAIN, rip=192.0.2.7`,
      {
        kind: 'signIn',
        user: `${'a'.repeat(77)}...`,
        separable: false,
        reason: 'user name cut short by the server',
        ...own,
      },
    ],
    [
      'IPv6 with zone',
      'pop3-login: Login: user=<an>, method=APOP, rip=FE80::1%3',
      {
        kind: 'signIn',
        program: 'pop3-login',
        service: 'pop3',
        user: 'an',
        method: 'APOP',
        client: 'fe80::1',
        separable: false,
      },
    ],
    [
      'submission',
      'submission-login: Login: user=<an>, method=LOGIN, rip=192.0.2.7',
      {
        kind: 'signIn',
        program: 'submission-login',
        service: 'submission',
        user: 'an',
        method: 'LOGIN',
        client: '192.0.2.7',
        separable: false,
      },
    ],
    [
      'managesieve',
      'managesieve-login: Login: user=<an>, method=PLAIN, rip=192.0.2.7',
      {
        ...own,
        kind: 'signIn',
        program: 'managesieve-login',
        service: 'managesieve',
        user: 'an',
        separable: false,
      },
    ],
    [
      'cut short in the user name',
      'imap-login: Login: user=<an@ti',
      { kind: 'signIn', program: 'imap-login', service: 'imap', user: 'an@ti', separable: false },
    ],
    [
      'no user',
      'imap-login: Login: user=<>, method=ANONYMOUS, rip=192.0.2.7',
      { ...own, kind: 'ignored', reason: 'sign-in without a user name', method: 'ANONYMOUS' },
    ],
  ]
  for (const [name, text, want] of cases) t.strictSame(parseDovecot(text), want, name)
})

t.test('proxies count by started proxying', async t => {
  const end = `user=<an@tinh.example>, method=PLAIN, rip=192.0.2.7, lip=192.0.2.25, ${S}`
  const base = { user: 'an@tinh.example', session, ...own }
  const cases: [string, object][] = [
    [
      `proxy(an@tinh.example): started proxying to 192.0.2.2:143: ${end}`,
      { kind: 'signIn', separable: false, ...base },
    ],
    [
      `proxy(an@tinh.example,192.0.2.2:143): Started proxying to <192.0.2.2> (0.012 secs): ${end}`,
      { kind: 'signIn', separable: false, ...base },
    ],
    [
      `proxy(an@tinh.example,192.0.2.2:143): Started proxying to <192.0.2.2> as user x (master Watcher) (1 secs): ${end}`,
      { kind: 'signIn', separable: false, master: 'watcher', ...base },
    ],
    [
      `proxy(an@tinh.example): disconnecting 192.0.2.12 (Disconnected by client: EOF(0s idle, in=298, out=1200)): ${end}`,
      { kind: 'signOut', ...base },
    ],
    [
      `proxy(an@tinh.example,192.0.2.2:143): Login failed to 192.0.2.2:143: Authentication failed.: ${end}`,
      { kind: 'signInFailed', reason: 'refused by the backend', ...base },
    ],
    [
      `proxy(an@tinh.example,192.0.2.2:143): connect() failed: ${end}`,
      { kind: 'ignored', reason: 'not about a sign-in', ...base },
    ],
  ]
  for (const [text, want] of cases) t.strictSame(parseDovecot(`imap-login: Info: ${text}`), want, text)
})

t.test('failed sign-ins, and connections that never tried', async t => {
  const end = 'user=<an>, method=PLAIN, rip=192.0.2.7, lip=192.0.2.25, TLS'
  const failed = { kind: 'signInFailed', user: 'an', reason: 'authentication failed', ...own }
  const cases: [string, object][] = [
    [`Disconnected (auth failed, 2 attempts): ${end}`, failed],
    [`Info: Disconnected: Connection closed (auth failed, 1 attempts in 2 secs): ${end}`, failed],
    [`Aborted login (auth failed, 1 attempts in 17 secs): ${end}`, failed],
    [`Client has quit the connection (auth failed, 1 attempts in 2 secs): ${end}`, failed],
    [`Login aborted: Connection closed (auth failed, 3 attempts in 16 secs) (auth_failed): ${end}`, failed],
    [`Login aborted: Logged out (auth failed, 1 attempts in 10 secs) (auth_failed): ${end}`, failed],
    [
      `Disconnected: Connection closed (authorization failed, 1 attempts in 2 secs): ${end}`,
      { ...failed, reason: 'authorization failed' },
    ],
    [
      `Disconnected (disconnected while authenticating, waited 3 secs): ${end}`,
      { ...failed, reason: 'sign-in not completed' },
    ],
    [
      `Disconnected (tried to use disallowed plaintext auth): ${end}`,
      { ...failed, reason: 'plain-text sign-in without encryption' },
    ],
    [
      'Disconnected: Connection closed (no auth attempts in 0 secs): user=<>, rip=192.0.2.7, lip=192.0.2.25',
      {
        kind: 'ignored',
        reason: 'connection without a sign-in',
        program: 'imap-login',
        service: 'imap',
        client: '192.0.2.7',
      },
    ],
    ['Disconnected: Too many bad commands: x (auth failed): method=PLAIN, user=<an>, rip=192.0.2.7', failed],
    [
      'ID sent: name=x, version=1',
      { kind: 'ignored', reason: 'not about a sign-in', program: 'imap-login', service: 'imap' },
    ],
  ]
  for (const [text, want] of cases) t.strictSame(parseDovecot(`imap-login: ${text}`), want, text)
})

t.test('a client that puts fields into its name gets no sign-in and no other address', async t => {
  const forged = 'a>, rip=203.0.113.9, session=<X>, user=<sep@tinh.example'
  const line = parseDovecot(
    `imap-login: Disconnected (auth failed, 1 attempts): user=<${forged}>, method=PLAIN, rip=192.0.2.7, ${S}`,
  )
  t.match(line, { kind: 'signInFailed', user: 'a', client: '192.0.2.7', session })
  const inReason = 'x: user=<sep@tinh.example>, rip=203.0.113.9'
  t.match(
    parseDovecot(
      `imap-login: Disconnected: ${inReason} (auth failed): user=<an>, method=PLAIN, rip=192.0.2.7`,
    ),
    { kind: 'signInFailed', user: 'an', client: '192.0.2.7' },
  )
  t.match(
    parseDovecot(
      'imap-login: Disconnected: Login: user=<sep>, rip=192.0.2.9 (auth failed): user=<an>, method=PLAIN',
    ),
    { kind: 'signInFailed', user: 'an' },
  )
})

t.test('the end of a session carries what was done in it', async t => {
  const counters =
    'in=52 out=858 deleted=1 expunged=2 trashed=3 hdr_count=4 hdr_bytes=5 body_count=6 body_bytes=7'
  const hand = { deleted: 1, expunged: 2, trashed: 3, bodyCount: 6 }
  const imap = { kind: 'signOut', program: 'imap', service: 'imap', user: 'an@tinh.example' }
  const cases: [string, object][] = [
    [
      `imap(an@tinh.example)<12><${session}>: Info: Disconnected: Logged out ${counters}`,
      { ...imap, session, hand },
    ],
    [
      `imap(an@tinh.example)<12><${session}>: Connection closed (IDLE running for 0.1 secs) ${counters}`,
      { ...imap, session, hand },
    ],
    [
      `imap(an@tinh.example): Disconnected: Logged out ${counters} appended=9`,
      { ...imap, hand: { ...hand, appended: 9 } },
    ],
    ['IMAP(an@tinh.example): Disconnected: Logged out bytes=12/34', imap],
    [
      `imap(an@tinh.example)<watcher><12><${session}>: Disconnected: Logged out ${counters}`,
      { ...imap, session, master: 'watcher', hand },
    ],
    [
      `imap(an@tinh.example)<AN@TINH.example><12><${session}>: Logged out ${counters}`,
      { ...imap, session, hand },
    ],
    ['imap(12345)<12><s>: Disconnected: Logged out in=1 out=2', { ...imap, user: '12345', session: 's' }],
    [
      'imap(a (b) c)<12><s>: Disconnected for inactivity in=1 out=2',
      { ...imap, user: 'a (b) c', session: 's' },
    ],
    [
      'pop3(an@tinh.example): Disconnected: Logged out top=0/0, retr=0/0, del=0/271, size=170609999',
      { ...imap, program: 'pop3', service: 'pop3' },
    ],
  ]
  for (const [text, want] of cases) t.strictSame(parseDovecot(text), want, text)
  t.strictSame(
    parseDovecot('imap(an)<1><s>: copy from INBOX: box=Trash, uid=1, subject=X, msgid=<a@b>, size=3'),
    {
      kind: 'ignored',
      reason: 'not the end of a session',
      program: 'imap',
      service: 'imap',
    },
  )
})

t.test('auth lines tell of a master and of nothing else', async t => {
  const master = {
    kind: 'ignored',
    reason: 'a master user signed in as this user',
    program: 'auth',
    user: 'an@tinh.example',
  }
  t.strictSame(parseDovecot('auth: Info: Master user logging in as an@tinh.example'), master)
  t.strictSame(
    parseDovecot(
      'auth: passwd-file(watcher,192.0.2.7,master,<s>): Master user logging in as an@tinh.example',
    ),
    { ...master, master: 'watcher', client: '192.0.2.7', session: 's' },
  )
  for (const text of [
    'auth: Info: passwd-file(an,192.0.2.7,<s>): Password mismatch (given password: bimat1)',
    'auth(chi@tinh.example,192.0.2.10,sasl:login)<s>: Info: sql: Password mismatch (given password: a) bimat1 )',
    'auth-worker(12): Info: conn unix:auth-worker: sql(an): Password mismatch (given password: bimat1)',
    'auth: Debug: client in: AUTH\t1\tPLAIN\tservice=imap\tresp=bimat1',
    'auth: plain(?,192.0.2.7): Username character disallowed (username: bimat1 x): Master user logging in as sep)',
  ]) {
    const line = parseDovecot(text)
    t.equal(line.reason, 'auth service', text)
    t.notOk(JSON.stringify(line).includes('bimat1'), 'no password in any field')
    t.equal(line.user, undefined)
  }
})

t.test('deliveries are left to Postfix, other lines are ignored', async t => {
  const delivery = {
    kind: 'ignored',
    reason: 'delivery, counted from Postfix',
    program: 'lmtp',
    to: 'an@tinh.example',
    messageId: 'm1@tinh.example',
  }
  for (const text of [
    'lmtp(an@tinh.example)<12><s>: Info: msgid=<m1@tinh.example>: saved mail to INBOX',
    "lmtp(an@tinh.example)<12><s>: sieve: msgid=<m1@tinh.example>: stored mail into mailbox 'INBOX'",
    'lmtp(12, an@tinh.example): s: msgid=<m1@tinh.example>: saved mail to INBOX',
  ]) {
    t.strictSame(parseDovecot(text), delivery, text)
  }
  for (const text of [
    '',
    ':',
    'lmtp(12): Connect from local',
    'master: Warning: Killed',
    'imap(',
    'imap(a)<',
    'quite other text',
  ]) {
    t.equal(parseDovecot(text).kind, 'ignored', text)
  }
})
