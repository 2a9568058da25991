/**
 * `node scripts/fuzz.ts [seconds] [seed]`: the log parsers against lines nobody would write.
 *
 * Real-looking lines are cut, spliced, repeated and blown up. Held against every result: nothing is
 * thrown, the shape is right, no password mark leaks, a broken line never becomes a sign-in of someone
 * who was not in it, and time grows with length and no faster. Exit 1 with the line that broke a rule.
 */

import { parseLine } from '../src/activity/formats/index.ts'
import type { ParsedLine } from '../src/activity/line.ts'

const SECRET = 'bImAt-987'
const ELEMENTS =
  'user=<an.nv@tinh.example>, method=PLAIN, rip=192.0.2.7, lip=192.0.2.25, mpid=12, TLS, session=<Qw+E/AB>'
const SEEDS = [
  `Mar  3 08:01:02 mx1 dovecot: imap-login: Login: ${ELEMENTS}`,
  `2026-03-03T08:01:02.000001+07:00 mx1 dovecot[9]: imap-login: Login: auth=<watcher>, ${ELEMENTS}`,
  `Mar 03 08:01:02 imap-login: Info: Disconnected: Connection closed (auth failed, 1 attempts in 2 secs): ${ELEMENTS}`,
  `Mar 03 08:01:02 pop3-login: Info: proxy(an,192.0.2.2:110): Started proxying to <192.0.2.2> (master w) (1 secs): ${ELEMENTS}`,
  'Mar 03 08:01:02 imap(an.nv@tinh.example)<watcher><12><Qw+E/AB>: Info: Disconnected: Logged out in=5 out=8 deleted=1 expunged=0 trashed=0 hdr_count=0 body_count=2',
  `Mar  3 08:01:02 mx1 dovecot: auth(chi,192.0.2.10,sasl:login)<s>: sql: Password mismatch (given password: ${SECRET})`,
  'Mar  3 08:01:02 mx1 dovecot: auth: passwd-file(watcher,192.0.2.7,master,<s>): Master user logging in as an.nv@tinh.example',
  'Mar  3 08:01:02 mx1 dovecot: lmtp(an)<9><s>: msgid=<m1@tinh.example>: saved mail to INBOX',
  `Mar  3 08:01:02 mx1 dovecot: message repeated 3 times: [ imap-login: Login: ${ELEMENTS}]`,
  '<22>1 2026-03-03T08:01:02+07:00 mx1 postfix/smtpd 12 - [a@1 x="\\"]"] 4F1A2B3C4D5: client=unknown[192.0.2.13], sasl_method=LOGIN, sasl_username=an@tinh.example, sasl_sender=x, orig_queue_id=5A6B7C8D9E',
  'Mar  3 08:01:02 mx1 postfix/pickup[1]: 4F1A2B3C4D5: uid=109 from=<> orig_id=5A6B7C8D9E',
  'Mar  3 08:01:02 mx1 postfix/cleanup[1]: 4F1A2B3C4D5: message-id=<m1@tinh.example>',
  'Mar  3 08:01:02 mx1 postfix/qmgr[1]: 3Pt2mN2VXxznjll: from=<"a b>, size=1"@tinh.example>, size=344, nrcpt=1 (queue active)',
  'Mar  3 08:01:02 mx1 postfix/smtp[1]: 4F1A2B3C4D5: to=<"d \\" e"@ngoai.example>, orig_to=<n@tinh.example>, relay=mx[192.0.2.14]:25, delay=2, dsn=2.0.0, status=sent (250 Ok: queued as 5A6B7C8D9E)',
  'Mar  3 08:01:02 mx1 postfix/smtpd[1]: NOQUEUE: reject: RCPT from h[192.0.2.13]: 554 5.7.1 <a@b>: Relay access denied; from=<a@b> to=<c@d> proto=ESMTP helo=<pc>',
  'Mar  3 08:01:02 mx1 postfix/smtpd[1]: warning: unknown[192.0.2.13]: SASL LOGIN authentication failed: (reason unavailable), sasl_username=bob',
]
/** What the parsers look for: the parts most worth putting where they do not belong. */
const TOKENS =
  ': user=<|user=<|>, |<|>|"|\\|(|)|[|]|, |: |): |)<|=|; from=<|, sasl_username=|, sasl_sender=|, orig_queue_id=|, status=|>, size=| deleted=|queued as | (master |Login: |message repeated 2 times: [| times: [|::ffff:|%|\u0000|\ud800|\ufeff|ễ|e\u0302\u0303|\t|\r'.split(
    '|',
  )
const CONTEXT = { timeZone: 'Asia/Ho_Chi_Minh', reference: Date.parse('2026-03-03T00:00:00Z') }
const KINDS = new Set(
  'signIn signInFailed signOut submission messageId queued delivery removed rejected ignored'.split(' '),
)

const GROWN = 65_000 // just below the length that is read at all
const BUDGET_MS = 25 // a linear pass takes below 2; a quadratic one on 64 KB takes seconds

const seconds = Number(process.argv[2] ?? 10)
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000)
if (!(seconds > 0) || !Number.isInteger(seed)) {
  process.stderr.write('usage: node scripts/fuzz.ts [seconds] [seed]\n')
  process.exit(2)
}
const random = randomFrom(seed)
const slowest = timeOfGrownLines()
const lines = fuzz(Date.now() + seconds * 1000)
process.stdout.write(
  `seed ${seed}: ${lines} lines, none broke a rule; a 64 KB line takes ${slowest} ms at most\n`,
)

function fuzz(until: number): number {
  let count = 0
  while (count % 1000 !== 0 || Date.now() < until) {
    const line = mutate(pick(SEEDS))
    try {
      check(line, parseLine(line, CONTEXT))
    } catch (error) {
      fail(line, error instanceof Error ? `threw ${error.stack}` : String(error))
    }
    count++
  }
  return count
}

function check(line: string, parsed: ParsedLine): void {
  if (!KINDS.has(parsed.kind)) fail(line, `kind ${parsed.kind}`)
  if (parsed.at !== null && !Number.isFinite(parsed.at)) fail(line, 'an instant that is none')
  for (const [field, value] of Object.entries(parsed)) {
    if (value === undefined) fail(line, `${field} is undefined`)
    if (typeof value === 'number' && !(value >= 0)) fail(line, `${field} is ${value}`)
  }
  if (parsed.program?.startsWith('auth') && JSON.stringify(parsed).includes(SECRET))
    fail(line, 'a password leaked')
  const folded = line.normalize('NFC').toLowerCase().normalize('NFC')
  const counts = parsed.kind === 'signIn' || parsed.kind === 'submission'
  if (counts && !folded.includes(parsed.user ?? '\0')) fail(line, 'a user who is not in the line')
  if (parsed.kind === 'ignored' && parsed.reason === undefined) fail(line, 'ignored without a reason')
}

function mutate(line: string): string {
  let text = line
  for (let rounds = 1 + below(4); rounds > 0; rounds--) {
    const at = below(text.length + 1)
    const to = Math.min(text.length, at + below(20))
    switch (below(7)) {
      case 0:
        text = text.slice(0, at)
        break
      case 1:
        text = text.slice(0, at) + text.slice(to)
        break
      case 2:
        text = text.slice(0, at) + pick(TOKENS) + text.slice(at)
        break
      case 3:
        text = text.slice(0, at) + pick(TOKENS).repeat(1 + below(40)) + text.slice(to)
        break
      case 4:
        text = text.slice(0, at) + pick(SEEDS).slice(below(80))
        break
      case 5:
        text = text.slice(0, at) + String.fromCharCode(below(0x250)) + text.slice(at + 1)
        break
      default:
        text = text.slice(0, to) + text.slice(at)
    }
  }
  return text
}

/** Each token repeated up to the length limit at each place of each line; the slowest, in ms. */
function timeOfGrownLines(): number {
  let slowest = 0
  for (const line of SEEDS) {
    for (const token of TOKENS.flatMap(one => [one, `${one}a`, `${one}, `])) {
      for (const at of [0, 16, 40, Math.floor(line.length * 0.6), line.length]) {
        const filling = token.repeat(Math.floor((GROWN - line.length) / token.length))
        const grown = line.slice(0, at) + filling + line.slice(at)
        const ms = Math.min(timeOf(grown), timeOf(grown), timeOf(grown))
        if (ms > BUDGET_MS) fail(grown.slice(0, 300), `took ${ms} ms at ${grown.length} characters`)
        slowest = Math.max(slowest, ms)
      }
    }
  }
  return Math.round(slowest * 10) / 10
}

function timeOf(line: string): number {
  const start = performance.now()
  parseLine(line, CONTEXT)
  return performance.now() - start
}

function fail(line: string, why: string): never {
  process.stderr.write(`seed ${seed}: ${why}\n${JSON.stringify(line)}\n`)
  process.exit(1)
}

function pick(list: string[]): string {
  return list[below(list.length)] ?? ''
}

function below(limit: number): number {
  return Math.floor(random() * limit)
}

/** A linear congruential generator: the same seed gives the same lines on every machine. */
function randomFrom(start: number): () => number {
  let state = start >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}
