import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { formats, type LineContext, parseLine } from '../../../src/activity/formats/index.ts'
import { foldClient, foldName, type LineKind, redact } from '../../../src/activity/line.ts'

const context: LineContext = { timeZone: 'Asia/Ho_Chi_Minh', reference: Date.parse('2026-03-03T00:00:00Z') }
const SIGN_IN = 'Login: user=<an@tinh.example>, method=PLAIN, rip=192.0.2.7, lip=192.0.2.25, TLS'

t.test('one file mixes both servers, and every way Dovecot is logged is the same line', async t => {
  t.strictSame(formats, ['syslog', 'dovecot'])
  const want = {
    kind: 'signIn',
    at: Date.parse('2026-03-03T01:01:02Z'),
    program: 'imap-login',
    user: 'an@tinh.example',
  }
  for (const text of [
    `Mar  3 08:01:02 mx1 dovecot: imap-login: ${SIGN_IN}`,
    `Mar  3 08:01:02 mx1 dovecot[241]: imap-login: ${SIGN_IN}`,
    `Mar  3 08:01:02 mx1 dovecot-backend[241]: imap-login: Info: ${SIGN_IN}`,
    `Mar  3 08:01:02 mx1 imap-login: Info: ${SIGN_IN}`,
    `Mar 03 08:01:02 imap-login: Info: ${SIGN_IN}`,
    `2026-03-03 08:01:02 imap-login: Info: ${SIGN_IN}\r`,
    `2026-03-03T08:01:02.000+07:00 mx1 dovecot: imap-login: ${SIGN_IN}`,
    `<22>1 2026-03-03T01:01:02Z mx1 dovecot 241 - - imap-login: ${SIGN_IN}`,
  ]) {
    t.match(parseLine(text, context), want, text)
  }
  t.match(parseLine('Mar  3 08:01:02 mx1 postfix/qmgr[1]: 4F1A2B3C4D5: removed', context), {
    kind: 'removed',
    host: 'mx1',
    program: 'postfix/qmgr',
  })
  t.match(parseLine('Mar  3 08:01:02 imap(an)<1><s>: Info: Disconnected: Logged out in=1 out=2', context), {
    kind: 'signOut',
    user: 'an',
  })
})

t.test('repeated lines carry how many more there were', async t => {
  const line = parseLine(
    `Mar  3 08:01:02 mx1 dovecot: message repeated 3 times: [ imap-login: ${SIGN_IN}]`,
    context,
  )
  t.match(line, { kind: 'signIn', user: 'an@tinh.example', repeated: 3 })
  t.match(parseLine('Mar  3 08:01:02 mx1 last message repeated 2 times', context), {
    kind: 'ignored',
    reason: 'repeats the line before',
    repeated: 2,
  })
})

t.test('what is no line of a mail server is ignored with the reason', async t => {
  const cases: [string, string][] = [
    ['', 'empty'],
    ['   \t', 'empty'],
    ['Mar  3 08:01:02 mx1 dovecot: a\0b', 'not text'],
    ['Mar  3 08:01:02 mx1 dovecot: \ud800', 'not text'],
    ['x'.repeat(65_537), 'line too long'],
    ['no stamp', 'no readable time stamp'],
    ['Mar  3 08:01:02 mx1 sshd[1]: Accepted password', 'another program'],
    ['Mar  3 08:01:02 mx1 words', 'another program'],
    ['Mar  3 08:01:02', 'another program'],
  ]
  for (const [line, reason] of cases) t.match(parseLine(line, context), { kind: 'ignored', reason }, reason)
})

t.test('a line more than a day ahead of now is ignored', async t => {
  const line = `2026-03-03T08:00:00+07:00 mx1 dovecot: imap-login: ${SIGN_IN}`
  const at = Date.parse('2026-03-03T01:00:00Z')
  t.equal(parseLine(line, { ...context, now: at - 86_400_000 }).kind, 'signIn')
  t.match(parseLine(line, { ...context, now: at - 86_400_001 }), {
    kind: 'ignored',
    reason: 'in the future',
    at,
  })
})

t.test('names and addresses of clients are folded', async t => {
  t.equal(foldName(' NGUYE\u0302\u0303N@Tinh '), 'nguyễn@tinh')
  const cases: [string, string | null][] = [
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::FFFF:c000:207', '192.0.2.7'],
    ['2001:DB8::1', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['unknown', null],
    ['', null],
    ['1'.repeat(50), null],
    ['abc', null],
  ]
  for (const [text, want] of cases) t.equal(foldClient(text), want, text)
})

t.test('a raw line is shown without the password in it', async t => {
  for (const line of [
    'Mar  3 08:05:13 auth(chi,192.0.2.10)<s>: Info: sql: Password mismatch (given password: bi) mat)',
    'Mar  3 08:05:13 auth: Debug: client in: AUTH\t1\tPLAIN\tresp=bi mat',
  ]) {
    t.notMatch(redact(line), /mat$|mat\)/)
    t.match(redact(line), /\[removed\]$/)
  }
  t.equal(redact('an ordinary line'), 'an ordinary line')
})

/** Lines that the installed servers wrote; each kind that a whole day on them must show. */
const REAL: Record<string, LineKind[]> = {
  'dovecot-default.log': ['signIn', 'signInFailed', 'signOut', 'ignored'],
  'dovecot-separated.log': ['signIn', 'signInFailed', 'signOut', 'ignored'],
  'postfix.log': [
    'submission',
    'messageId',
    'queued',
    'delivery',
    'removed',
    'rejected',
    'signInFailed',
    'ignored',
  ],
}

t.test('lines of the real servers', async t => {
  const folder = new URL('../../support/real-lines/', import.meta.url)
  const reference = Date.parse('2026-11-22T00:00:00Z')
  for (const name of readdirSync(folder).filter(file => file.endsWith('.log'))) {
    const lines = readFileSync(new URL(name, folder), 'utf8').split('\n').filter(Boolean)
    const parsed = lines.map(line => parseLine(line, { ...context, reference }))
    t.ok(
      parsed.every(line => line.at !== null),
      `${name}: every line has its instant`,
    )
    t.notOk(
      parsed.some(line => line.reason === 'another program'),
      `${name}: every line is a mail server's`,
    )
    const kinds = new Set(parsed.map(line => line.kind))
    for (const kind of REAL[name] ?? []) t.ok(kinds.has(kind), `${name} has ${kind}`)
    for (const [i, line] of parsed.entries()) checkReal(t, name, line, lines[i] ?? '')
  }
})

type Tap = { equal: (found: unknown, want: unknown, message: string) => unknown }

/** Held against the text by plain patterns, which real lines may be read with. */
function checkReal(t: Tap, name: string, line: ReturnType<typeof parseLine>, text: string) {
  if (text.includes('-login: Info: Login: ')) t.equal(line.kind, 'signIn', text)
  if (text.includes('sasl_username=') && text.includes(': client=')) t.equal(line.kind, 'submission', text)
  if (text.includes('(queue active)'))
    t.equal(line.from, /from=<([^>]*)>/.exec(text)?.[1]?.toLowerCase(), text)
  if (line.kind === 'delivery' && !text.includes('returned to sender')) {
    t.equal(line.to, /to=<([^>]*)>/.exec(text)?.[1]?.toLowerCase(), text)
  }
  if (line.kind !== 'signIn') return
  t.equal(line.user, /user=<([^>]*)>/.exec(text)?.[1], text)
  t.equal(line.separable, name === 'dovecot-separated.log', text)
  t.equal(line.master, text.includes('auth=<watcher>') ? 'watcher' : undefined, text)
}
