import t from 'tap'
import { type HeaderContext, parseHeader } from '../../../src/activity/formats/header.ts'

const HANOI = 'Asia/Ho_Chi_Minh'
const near = (iso: string, timeZone = HANOI): HeaderContext => ({ timeZone, reference: Date.parse(iso) })
const MARCH = near('2026-03-03T00:00:00Z')

const iso = (at: number | null) => (at === null ? null : new Date(at).toISOString())

t.test('every form of head gives instant, host, program, process id and message', async t => {
  const smtpd = { host: 'mx1', program: 'postfix/smtpd', pid: 12, message: 'connect from a[192.0.2.1]' }
  const at = '2026-03-03T01:01:02.000Z'
  const cases: [string, string, object][] = [
    ['RFC 3164', 'Mar  3 08:01:02 mx1 postfix/smtpd[12]: connect from a[192.0.2.1]', { at, ...smtpd }],
    [
      'with priority',
      '<22>Mar  3 08:01:02 mx1 postfix/smtpd[12]: connect from a[192.0.2.1]',
      { at, ...smtpd },
    ],
    ['one digit', 'Mar 3 08:01:02 mx1 postfix/smtpd[12]: connect from a[192.0.2.1]', { at, ...smtpd }],
    ['a year', 'Mar  3 2026 08:01:02 mx1 postfix/smtpd[12]: connect from a[192.0.2.1]', { at, ...smtpd }],
    [
      'rsyslog file format',
      '2026-03-03T08:01:02.250417+07:00 mx1 postfix/smtpd[12]: connect from a[192.0.2.1]',
      { ...smtpd, at: '2026-03-03T01:01:02.250Z' },
    ],
    [
      'journalctl',
      '2026-03-03T08:01:02+0700 mx1 postfix/smtpd[12]: connect from a[192.0.2.1]',
      { at, ...smtpd },
    ],
    ['UTC', '2026-03-03T01:01:02Z mx1 postfix/smtpd[12]: connect from a[192.0.2.1]', { at, ...smtpd }],
    ['no zone', '2026-03-03 08:01:02 mx1 postfix/smtpd[12]: connect from a[192.0.2.1]', { at, ...smtpd }],
    [
      'RFC 5424',
      '<22>1 2026-03-03T08:01:02+07:00 mx1 postfix/smtpd 12 - - connect from a[192.0.2.1]',
      { at, ...smtpd },
    ],
    [
      'RFC 5424 with data, BOM and an octet count',
      '99 <22>1 2026-03-03T08:01:02+07:00 mx1 postfix/smtpd 12 ID1 [a@1 x="\\"] y"][b] \ufeffconnect from a[192.0.2.1]',
      { at, ...smtpd },
    ],
    [
      'RFC 5424 with nothing',
      '<22>1 - - - - - -',
      { at: null, host: null, program: null, pid: null, message: '' },
    ],
    [
      "Dovecot's own file",
      'Mar 03 08:01:02 imap-login: Info: Login: user=<an>',
      { at, host: null, program: 'imap-login', pid: null, message: 'Info: Login: user=<an>' },
    ],
    [
      "Dovecot's own file, a name with a blank",
      'Mar 03 08:01:02 imap(a b)<1><s>: Info: x',
      { at, host: null, program: null, pid: null, message: 'imap(a b)<1><s>: Info: x' },
    ],
    [
      "Dovecot's own file, ISO stamp",
      '2026-03-03 08:01:02 imap(an)<1><s>: Info: x',
      { at, host: null, program: null, pid: null, message: 'imap(an)<1><s>: Info: x' },
    ],
    [
      'no tag',
      'Mar  3 08:01:02 mx1 words without a tag',
      { at, host: 'mx1', program: null, message: 'words without a tag' },
    ],
  ]
  for (const [name, line, want] of cases) {
    const header = parseHeader(line, MARCH)
    t.match({ ...header, at: iso(header.at) }, want, name)
  }
})

t.test('what is no stamp is null, never a guess', async t => {
  for (const line of [
    '',
    'Feb 30 08:01:02 mx1 a: b',
    'Mar  3 24:01:02 mx1 a: b',
    'Mar  3 08:01 mx1 a: b',
    'March 3 08:01:02 mx1 a: b',
    '2026-02-29T08:01:02Z mx1 a: b',
    '2026-13-01T08:01:02Z mx1 a: b',
    '0000-01-01T08:01:02Z mx1 a: b',
    '2026/03/03 08:01:02 mx1 a: b',
    '<22>',
    'no stamp at all',
  ]) {
    t.equal(parseHeader(line, MARCH).at, null, line)
  }
})

t.test('a stamp without a year gets the year nearest to the reference', async t => {
  const cases: [string, string, string][] = [
    ['Dec 31 23:59:59', '2026-01-01T03:00:00Z', '2025-12-31T16:59:59.000Z'],
    ['Jan  1 00:00:01', '2025-12-31T16:59:59Z', '2025-12-31T17:00:01.000Z'],
    ['Jan  1 08:00:00', '2025-12-31T00:00:00Z', '2026-01-01T01:00:00.000Z'],
    ['Mar  4 08:00:00', '2026-03-03T01:00:00Z', '2026-03-04T01:00:00.000Z'],
    ['Nov 21 08:00:00', '2026-03-03T01:00:00Z', '2025-11-21T01:00:00.000Z'],
    ['Feb 29 08:00:00', '2026-02-01T01:00:00Z', '2024-02-29T01:00:00.000Z'],
    ['Feb 29 08:00:00', '2027-03-03T01:00:00Z', '2028-02-29T01:00:00.000Z'],
    ['Feb 28 08:00:00', '2026-03-03T01:00:00Z', '2026-02-28T01:00:00.000Z'],
  ]
  for (const [stamp, reference, want] of cases) {
    t.equal(iso(parseHeader(`${stamp} mx1 a: b`, near(reference)).at), want, `${stamp} near ${reference}`)
  }
})

t.test('December carries over to January when the line before is the reference', async t => {
  let reference = Date.parse('2025-12-30T00:00:00Z')
  const days = []
  for (const stamp of [
    'Dec 31 23:59:58',
    'Dec 31 23:59:59',
    'Jan  1 00:00:00',
    'Feb 28 01:00:00',
    'Jul  1 01:00:00',
  ]) {
    reference = parseHeader(`${stamp} mx1 a: b`, { timeZone: HANOI, reference }).at ?? reference
    days.push(iso(reference))
  }
  t.strictSame(days, [
    '2025-12-31T16:59:58.000Z',
    '2025-12-31T16:59:59.000Z',
    '2025-12-31T17:00:00.000Z',
    '2026-02-27T18:00:00.000Z',
    '2026-06-30T18:00:00.000Z',
  ])
})

t.test('the hour that comes twice follows the line before, the hour that is missing is moved on', async t => {
  const zone = 'America/New_York'
  const cases: [string, string, string][] = [
    ['Nov  2 01:30:00', '2025-11-02T05:29:00Z', '2025-11-02T05:30:00.000Z'],
    ['Nov  2 01:00:00', '2025-11-02T05:59:59Z', '2025-11-02T06:00:00.000Z'],
    ['Nov  2 02:30:00', '2025-11-02T06:59:59Z', '2025-11-02T07:30:00.000Z'],
    ['Mar  9 02:30:00', '2025-03-09T07:29:00Z', '2025-03-09T07:30:00.000Z'],
    ['Jul  1 12:00:00', '2025-07-01T00:00:00Z', '2025-07-01T16:00:00.000Z'],
  ]
  for (const [stamp, reference, want] of cases) {
    t.equal(iso(parseHeader(`${stamp} mx1 a: b`, near(reference, zone)).at), want, stamp)
  }
  t.equal(
    iso(parseHeader('Jul  1 12:00:00 mx1 a: b', near('2025-07-01T00:00:00Z', 'Asia/Kathmandu')).at),
    '2025-07-01T06:15:00.000Z',
  )
})

t.test('a zone nobody knows is a fault of the configuration and is said', async t => {
  t.throws(
    () => parseHeader('Mar  3 08:01:02 mx1 a: b', near('2026-03-03T00:00:00Z', 'Mars/Olympus')),
    RangeError,
  )
})

t.test('repeated messages are taken apart', async t => {
  const cases: [string, number | null, string][] = [
    ['dovecot: message repeated 3 times: [ imap-login: Login: user=<an>]', 3, 'imap-login: Login: user=<an>'],
    ['dovecot: message repeated 3 times: [ imap-login: Log', 3, 'imap-login: Log'],
    ['last message repeated 4 times', 4, 'last message repeated 4 times'],
    ['dovecot: message repeated 9999999 times: [ x]', null, 'message repeated 9999999 times: [ x]'],
    ['dovecot: message repeated no times: [ x]', null, 'message repeated no times: [ x]'],
  ]
  for (const [text, repeated, message] of cases) {
    const header = parseHeader(`Mar  3 08:01:02 mx1 ${text}`, MARCH)
    t.equal(header.repeated, repeated, text)
    t.equal(header.message, message, text)
  }
})

t.test('a file said to have no host column is read without one', async t => {
  const header = parseHeader('Mar  3 08:01:02 imap-login: x', { ...MARCH, format: 'dovecot' })
  t.match(header, { host: null, program: 'imap-login', message: 'x' })
})
