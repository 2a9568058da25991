import t from 'tap'
import { isPostfixProgram, isQueueId, parsePostfix } from '../../../src/activity/formats/postfix.ts'

const program = 'postfix/x'
const Q = '4F1A2B3C4D5'

function check(t: Tap, cases: [string, object][]) {
  for (const [text, want] of cases) t.strictSame(parsePostfix(program, text), { ...want, program }, text)
}
type Tap = { strictSame: (found: unknown, want: unknown, message: string) => unknown }

t.test('the daemon is the last element of the tag, whatever stands in front', async t => {
  for (const name of [
    'postfix/smtpd',
    'postfix/submission/smtpd',
    'postfix-out/smtp',
    'mta/qmgr',
    'postfix/dkim/own',
  ]) {
    t.ok(isPostfixProgram(name), name)
  }
  for (const name of ['smtpd', 'dovecot', 'kernel', 'sshd', 'a/b']) t.notOk(isPostfixProgram(name), name)
})

t.test('short and long queue ids are told from words', async t => {
  for (const id of [Q, '5A6B7C8D9E', 'ABCDEF', '3Pt2mN2VXxznjll', '4bXyZ01234z5']) t.ok(isQueueId(id), id)
  for (const id of [
    '',
    'ABCDE',
    'warning',
    'NOQUEUE',
    'statistics',
    'abcdef',
    '3Pt2mN2VXxznjle',
    'A'.repeat(33),
  ]) {
    t.notOk(isQueueId(id), id)
  }
})

t.test('smtpd: a SASL name makes a submission, none an inbound message', async t => {
  const base = { service: 'smtp', client: '192.0.2.13', queueId: Q }
  const an = { kind: 'submission', user: 'an@tinh.example', method: 'LOGIN', ...base }
  const inbound = { kind: 'ignored', reason: 'no authenticated user', inbound: true, ...base }
  const sasl = 'sasl_method=LOGIN, sasl_username='
  check(t, [
    [`${Q}: client=unknown[192.0.2.13], ${sasl}an@tinh.example`, an],
    [`${Q}: client=unknown[::ffff:192.0.2.13]:4711, ${sasl}AN@tinh.example`, an],
    [`${Q}: client=unknown[192.0.2.13], sasl_username=an@tinh.example, sasl_method=LOGIN`, an],
    [`${Q}: client=unknown[192.0.2.13], ${sasl}an@tinh.example, sasl_sender=x@y`, an],
    [
      `${Q}: client=unknown[192.0.2.13], ${sasl}an@tinh.example, orig_queue_id=5A6B7C8D9E, orig_client=h[192.0.2.9]`,
      { ...an, origQueueId: '5A6B7C8D9E' },
    ],
    [`${Q}: client=unknown[192.0.2.13], ${sasl}an@tinh.example, sasl_sender=x, orig_queue_id=5A6B7C8D9E`, an],
    [`${Q}: client=unknown[192.0.2.13], ${sasl}nguyễn an`, { ...an, user: 'nguyễn an' }],
    [`${Q}: client=mx.ngoai.example[192.0.2.13]`, inbound],
    [
      `${Q}: client=localhost[192.0.2.13], orig_queue_id=5A6B7C8D9E, orig_client=h[192.0.2.9]`,
      { ...inbound, origQueueId: '5A6B7C8D9E' },
    ],
    [
      `${Q}: client=localhost[unix:/run/x]`,
      { kind: 'ignored', reason: 'no authenticated user', inbound: true, service: 'smtp', queueId: Q },
    ],
    [
      `NOQUEUE: client=unknown[192.0.2.13], ${sasl}an@tinh.example`,
      { kind: 'submission', user: 'an@tinh.example', method: 'LOGIN', service: 'smtp', client: '192.0.2.13' },
    ],
  ])
})

t.test('pickup: handed in on the host, and requeued messages keep their first id', async t => {
  const inbound = { kind: 'ignored', reason: 'no authenticated user', inbound: true, queueId: Q }
  check(t, [
    [`${Q}: uid=109 from=<>`, { ...inbound, from: '' }],
    [`${Q}: uid=1000 from=<An> orig_id=5A6B7C8D9E`, { ...inbound, from: 'an', origQueueId: '5A6B7C8D9E' }],
  ])
})

t.test('cleanup: message ids keep their case', async t => {
  check(t, [
    [`${Q}: message-id=<M1@tinh.example>`, { kind: 'messageId', messageId: 'M1@tinh.example', queueId: Q }],
    [`${Q}: message-id=bare`, { kind: 'messageId', messageId: 'bare', queueId: Q }],
    [`${Q}: message-id=<>`, { kind: 'messageId', queueId: Q }],
    [`${Q}: resent-message-id=<r@x>`, { kind: 'ignored', reason: 'not a step of a message', queueId: Q }],
  ])
})

t.test('qmgr: queued, expired, removed', async t => {
  const queued = { kind: 'queued', size: 344000, recipients: 3, queueId: Q }
  const tail = ', size=344000, nrcpt=3 (queue active)'
  check(t, [
    [`${Q}: from=<An@tinh.example>${tail}`, { ...queued, from: 'an@tinh.example' }],
    [`${Q}: from=<>${tail}`, { ...queued, from: '' }],
    [
      `${Q}: from=<"hai chữ>, size=1"@tinh.example>${tail}`,
      { ...queued, from: '"hai chữ>, size=1"@tinh.example' },
    ],
    [`${Q}: from=<hai chu, ba>@tinh.example>${tail}`, { ...queued, from: 'hai chu, ba>@tinh.example' }],
    [
      `${Q}: from=<a@b>, status=expired, returned to sender`,
      { kind: 'delivery', from: 'a@b', status: 'expired', queueId: Q },
    ],
    [
      `${Q}: from=<a@b>, status=force-expired, returned to sender`,
      { kind: 'delivery', from: 'a@b', status: 'force-expired', queueId: Q },
    ],
    [`${Q}: from=<a@`, { kind: 'ignored', reason: 'cut short', queueId: Q }],
    [`${Q}: removed`, { kind: 'removed', queueId: Q }],
    [`${Q}: canceled`, { kind: 'removed', status: 'canceled', queueId: Q }],
  ])
})

t.test('deliveries of every agent', async t => {
  const base = { kind: 'delivery', to: 'dan@ngoai.example', queueId: Q }
  const delays = 'delay=2.7, delays=1.3/0.06/0.33/1'
  check(t, [
    [
      `${Q}: to=<dan@ngoai.example>, orig_to=<Nhom@tinh.example>, relay=mx[192.0.2.14]:25, conn_use=2, ${delays}, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 5A6B7C8D9E)`,
      {
        ...base,
        origTo: 'nhom@tinh.example',
        relay: 'mx[192.0.2.14]:25',
        dsn: '2.0.0',
        status: 'sent',
        reason: '250 2.0.0 Ok: queued as 5A6B7C8D9E',
        queuedAs: '5A6B7C8D9E',
      },
    ],
    [
      `${Q}: to=<dan@ngoai.example>, relay=dovecot, ${delays}, dsn=2.0.0, status=sent (delivered via dovecot service)`,
      { ...base, relay: 'dovecot', dsn: '2.0.0', status: 'sent', reason: 'delivered via dovecot service' },
    ],
    [
      `${Q}: to=<dan@ngoai.example>, relay=none, ${delays}, dsn=4.4.1, status=deferred (connect to mx[192.0.2.14]:25: Connection timed out)`,
      {
        ...base,
        relay: 'none',
        dsn: '4.4.1',
        status: 'deferred',
        reason: 'connect to mx[192.0.2.14]:25: Connection timed out',
      },
    ],
    [
      `${Q}: to=<"a>, relay=x, status=sent ("@ngoai.example>, relay=mx[192.0.2.14]:25, ${delays}, dsn=5.1.1, status=bounced (host said: 550, status=sent (no) queued as me`,
      {
        kind: 'delivery',
        to: '"a>, relay=x, status=sent ("@ngoai.example',
        queueId: Q,
        relay: 'mx[192.0.2.14]:25',
        dsn: '5.1.1',
        status: 'bounced',
        reason: 'host said: 550, status=sent (no) queued as me',
      },
    ],
    [
      `${Q}: to=<dan@ngoai.example>, relay=mx[192.0.2.14]:25, delay=2`,
      { ...base, relay: 'mx[192.0.2.14]:25' },
    ],
    [`${Q}: to=<dan@ngo`, { kind: 'delivery', to: 'dan@ngo', queueId: Q }],
    [
      `${Q}: to=<"never ends@ngoai.example>, relay=none, dsn=5.1.3, status=bounced (bad address)`,
      {
        kind: 'delivery',
        to: '"never ends@ngoai.example',
        queueId: Q,
        relay: 'none',
        dsn: '5.1.3',
        status: 'bounced',
        reason: 'bad address',
      },
    ],
    [
      `${Q}: to=<dan@ngoai.example>, relay=x, dsn=2.1.5, status=deliverable`,
      { ...base, relay: 'x', dsn: '2.1.5', status: 'deliverable' },
    ],
  ])
})

t.test('refusals, without the text of the message', async t => {
  const who = { from: 'a@b', to: 'c@d', client: '192.0.2.13' }
  const tail = 'from=<a@b> to=<c@d> proto=ESMTP helo=<pc>'
  const content = {
    kind: 'rejected',
    reason: 'refused by a content rule',
    from: 'a@b',
    to: 'c@d',
    queueId: Q,
  }
  check(t, [
    [
      `NOQUEUE: reject: RCPT from h[192.0.2.13]: 554 5.7.1 <c@d>: Relay access denied; ${tail}`,
      { kind: 'rejected', reason: '554 5.7.1 <c@d>: Relay access denied', dsn: '5.7.1', ...who },
    ],
    [
      `NOQUEUE: reject: RCPT from [192.0.2.13]:4711: 550 5.7.1 Service unavailable; from=<a@b>, to=<c@d>, proto=ESMTP, helo=<pc>`,
      { kind: 'rejected', reason: '550 5.7.1 Service unavailable', dsn: '5.7.1', ...who },
    ],
    [
      `NOQUEUE: reject: RCPT from h[192.0.2.13]: 554 no; ${tail} sasl_method=PLAIN, sasl_username=an@tinh.example`,
      { kind: 'rejected', reason: '554 no', user: 'an@tinh.example', ...who },
    ],
    [
      `${Q}: milter-reject: END-OF-MESSAGE from h[192.0.2.13]: 5.7.1 Spam; ${tail}`,
      { kind: 'rejected', reason: '5.7.1 Spam', dsn: '5.7.1', queueId: Q, ...who },
    ],
    [`${Q}: reject: header Subject: Luong thang 3 from h[192.0.2.13]; ${tail}: 5.7.1 no`, content],
    [`${Q}: discard: body Chuyen rieng from local; ${tail}`, content],
    [
      'NOQUEUE: reject: CONNECT from h[192.0.2.13]: 554 5.7.1 no',
      { kind: 'rejected', reason: '554 5.7.1 no', dsn: '5.7.1', client: '192.0.2.13' },
    ],
    [
      `${Q}: warning: header Subject: Luong; ${tail}`,
      { kind: 'ignored', reason: 'not a step of a message', queueId: Q },
    ],
    [
      `NOQUEUE: reject_warning: RCPT from h[192.0.2.13]: 554 no; ${tail}`,
      { kind: 'ignored', reason: 'not a step of a message' },
    ],
  ])
})

t.test('a failed SASL sign-in, with and without the name', async t => {
  const failed = {
    kind: 'signInFailed',
    service: 'smtp',
    reason: 'authentication failed',
    client: '192.0.2.13',
    method: 'LOGIN',
  }
  check(t, [
    ['warning: unknown[192.0.2.13]: SASL LOGIN authentication failed: UGFzc3dvcmQ6', failed],
    [
      'warning: unknown[192.0.2.13]: SASL LOGIN authentication failed: (reason unavailable), sasl_username=Bob',
      { ...failed, user: 'bob' },
    ],
    ['warning: hostname x does not resolve to address 192.0.2.13', { kind: 'ignored', reason: 'a warning' }],
  ])
})

t.test('all else is ignored with a reason', async t => {
  const other = { kind: 'ignored', reason: 'not about a message' }
  check(t, [
    ['', other],
    ['connect from h[192.0.2.13]', other],
    ['disconnect from h[192.0.2.13] ehlo=2 auth=1 mail=1 rcpt=2/3 data=1 quit=1 commands=8', other],
    ['statistics: max connection rate 1/60s', other],
    [
      `${Q}: sender non-delivery notification: 7D8E9FA0B1`,
      { kind: 'ignored', reason: 'not a step of a message', queueId: Q },
    ],
    [`${Q}: remov`, { kind: 'ignored', reason: 'not a step of a message', queueId: Q }],
  ])
})
