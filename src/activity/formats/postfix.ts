/**
 * Postfix's lines, 2.x to 3.10, under any `syslog_name`: the last element of the tag is the daemon.
 *
 * Every line about a message starts with its queue id. Fields are found by name. Header text that a
 * content rule prints (`reject: header Subject: …`) is never passed on.
 */

import { clip, foldClient, foldName, ignored, isDigit, type LineBody, numberAt } from '../line.ts'

/** `program` is the tag (`postfix/submission/smtpd`), `message` what follows it. Never throws. */
export function parsePostfix(program: string, message: string): LineBody {
  return { ...parseMessage(message), program }
}

const DAEMONS = new Set(
  (
    'anvil bounce cleanup defer discard dnsblog error flush lmtp local master nqmgr oqmgr pickup pipe postdrop ' +
    'postlogd postqueue postscreen postsuper proxymap qmgr qmqpd retry scache sendmail showq smtp smtpd spawn ' +
    'tlsmgr tlsproxy trace trivial-rewrite verify virtual postfix-script'
  ).split(' '),
)

/** Whether a tag is Postfix's: `postfix/smtpd`, `mta-out/smtp`. */
export function isPostfixProgram(program: string): boolean {
  const slash = program.lastIndexOf('/')
  return slash > 0 && (program.startsWith('postfix') || DAEMONS.has(program.slice(slash + 1)))
}

function parseMessage(message: string): LineBody {
  if (message.startsWith('warning: ')) return parseWarning(message)
  const colon = message.slice(0, QUEUE_ID_MAX + 2).indexOf(': ')
  const id = colon < 0 ? '' : message.slice(0, colon)
  if (id === 'NOQUEUE') return parseBody(message.slice(colon + 2))
  if (!isQueueId(id)) return ignored('not about a message')
  return { ...parseBody(message.slice(colon + 2)), queueId: id }
}

function parseBody(body: string): LineBody {
  if (body.startsWith('to=<')) return parseDelivery(body)
  if (body.startsWith('from=<')) return parseQueued(body)
  if (body.startsWith('client=')) return parseClient(body)
  if (body.startsWith('message-id=')) return parseMessageId(body)
  if (body === 'removed') return { kind: 'removed' }
  // 3.10: the transaction began and was given up; nothing will follow under this id
  if (body === 'canceled') return { kind: 'removed', status: 'canceled' }
  if (body.startsWith('uid=')) return parsePickup(body)
  const verb = REFUSALS.find(word => body.startsWith(word))
  return verb ? parseRefusal(body, verb.length) : ignored('not a step of a message')
}

const ORIG_QUEUE_ID = ', orig_queue_id='
const SASL_USERNAME = ', sasl_username='
const SASL_METHOD = ', sasl_method='
const SASL_SENDER = ', sasl_sender='

/**
 * smtpd: who hands a message in. With a SASL name it is a submission; without, the line only opens
 * the queue id of something no person of ours sent through a sign-in.
 */
function parseClient(body: string): LineBody {
  const fields: Omit<LineBody, 'kind'> = { service: 'smtp' }
  const client = readClient(body, 0)
  if (client) fields.client = client
  const origQueueId = readOrigQueueId(body)
  if (origQueueId) fields.origQueueId = origQueueId
  const user = readSaslName(body)
  const method = body.indexOf(SASL_METHOD)
  if (method >= 0) fields.method = untilComma(body, method + SASL_METHOD.length)
  return user === ''
    ? { kind: 'ignored', reason: 'no authenticated user', inbound: true, ...fields }
    : { kind: 'submission', user, ...fields }
}

/** Not quoted by Postfix, so it ends where the next field that smtpd prints begins. */
function readSaslName(body: string): string {
  const at = body.indexOf(SASL_USERNAME)
  if (at < 0) return ''
  const start = at + SASL_USERNAME.length
  let end = body.length
  for (const next of [SASL_METHOD, SASL_SENDER, ORIG_QUEUE_ID, ', orig_client=']) {
    const found = body.indexOf(next, start)
    if (found >= 0 && found < end) end = found
  }
  return foldName(body.slice(start, end))
}

/** `sasl_sender` is the client's own text (MAIL FROM … AUTH=): a queue id behind it is not believed. */
function readOrigQueueId(body: string): string | null {
  const at = body.indexOf(ORIG_QUEUE_ID)
  const sender = body.indexOf(SASL_SENDER)
  if (at < 0 || (sender >= 0 && sender < at)) return null
  const id = untilComma(body, at + ORIG_QUEUE_ID.length)
  return isQueueId(id) ? id : null
}

/** `uid=1000 from=<an>`: sendmail(1) on the host. `orig_id=` where postsuper -r queued it anew. */
function parsePickup(body: string): LineBody {
  const fields: Omit<LineBody, 'kind'> = {}
  const from = body.indexOf(' from=<')
  if (from >= 0) fields.from = readAngle(body, from + ' from='.length).value
  const orig = body.lastIndexOf('> orig_id=')
  const id = orig < 0 ? '' : body.slice(orig + '> orig_id='.length)
  if (isQueueId(id)) fields.origQueueId = id
  return { kind: 'ignored', reason: 'no authenticated user', inbound: true, ...fields }
}

function parseMessageId(body: string): LineBody {
  const text = body.slice('message-id='.length).trim()
  const id = text.startsWith('<') && text.endsWith('>') ? text.slice(1, -1) : text
  return id === '' ? { kind: 'messageId' } : { kind: 'messageId', messageId: id }
}

/**
 * qmgr: accepted into the active queue (again on every retry), or given up as expired. Anchored from
 * the right: the tail is the server's, while old releases print the address unquoted.
 */
function parseQueued(body: string): LineBody {
  const sizeAt = body.lastIndexOf('>, size=')
  if (sizeAt >= 0) {
    const line: LineBody = { kind: 'queued', from: foldName(body.slice('from=<'.length, sizeAt)) }
    const size = numberAt(body, sizeAt + '>, size='.length)
    const nrcptAt = body.indexOf(', nrcpt=', sizeAt)
    const recipients = nrcptAt < 0 ? null : numberAt(body, nrcptAt + ', nrcpt='.length)
    if (size !== null) line.size = size
    if (recipients !== null) line.recipients = recipients
    return line
  }
  const statusAt = body.lastIndexOf('>, status=')
  if (statusAt < 0) return ignored('cut short')
  const status = untilComma(body, statusAt + '>, status='.length)
  return { kind: 'delivery', from: foldName(body.slice('from=<'.length, statusAt)), status }
}

/** smtp, lmtp, local, virtual, pipe, discard, error: what became of one recipient. */
function parseDelivery(body: string): LineBody {
  const line: LineBody = { kind: 'delivery' }
  const to = readAngle(body, 'to='.length)
  if (to.value !== '') line.to = to.value
  let at = to.end
  if (body.startsWith(', orig_to=<', at)) {
    const origTo = readAngle(body, at + ', orig_to='.length)
    if (origTo.value !== '') line.origTo = origTo.value
    at = origTo.end
  }
  const statusAt = body.indexOf(', status=', at)
  const head = body.slice(at, statusAt < 0 ? body.length : statusAt)
  const relay = fieldOf(head, ', relay=')
  const dsn = fieldOf(head, ', dsn=')
  if (relay !== '') line.relay = relay
  if (dsn !== '') line.dsn = dsn
  return statusAt < 0 ? line : { ...line, ...readStatus(body.slice(statusAt + ', status='.length)) }
}

const QUEUED_AS = 'queued as '

/** `sent (250 2.0.0 Ok: queued as X)`; a record cut at 2,000 bytes has no closing parenthesis. */
function readStatus(text: string): Partial<LineBody> {
  const open = text.indexOf(' (')
  if (open < 0) return { status: text.trim() }
  const reason = text.slice(open + 2, text.endsWith(')') ? text.length - 1 : text.length)
  const fields: Partial<LineBody> = { status: text.slice(0, open), reason: clip(reason) }
  const queued = reason.lastIndexOf(QUEUED_AS)
  if (queued < 0) return fields
  const start = queued + QUEUED_AS.length
  let end = start
  while (end < start + QUEUE_ID_MAX && isAlphanumeric(reason.charCodeAt(end))) end++
  const id = reason.slice(start, end)
  return isQueueId(id) ? { ...fields, queuedAs: id } : fields
}

const REFUSALS = ['reject: ', 'milter-reject: ', 'discard: ', 'milter-discard: ']
const CONTENT = ['header ', 'body ', 'mime-header ', 'nested-header ', 'mime-error ', 'content ']

/** `RCPT from host[ip]: 554 5.7.1 …; from=<…> to=<…> proto=ESMTP helo=<…>` */
function parseRefusal(body: string, start: number): LineBody {
  const tailAt = body.lastIndexOf('; from=<')
  const head = body.slice(start, tailAt < 0 ? body.length : tailAt)
  const line: LineBody = { kind: 'rejected' }
  if (CONTENT.some(word => head.startsWith(word))) {
    line.reason = 'refused by a content rule' // what follows quotes the message
  } else {
    const textAt = head.indexOf(']: ')
    const reason = textAt < 0 ? head.slice(head.indexOf(': ') + 2) : head.slice(textAt + ']: '.length)
    const client = readClient(head, 0)
    const dsn = reason.split(' ', 2).find(isEnhancedStatus)
    line.reason = clip(reason)
    if (client) line.client = client
    if (dsn) line.dsn = dsn
  }
  return tailAt < 0 ? line : { ...line, ...readEnvelope(body, tailAt + '; from='.length) }
}

function readEnvelope(body: string, start: number): Partial<LineBody> {
  const from = readAngle(body, start)
  const fields: Partial<LineBody> = { from: from.value }
  const toAt = body.indexOf('to=<', from.end)
  if (toAt >= 0 && toAt <= from.end + 2) {
    const to = readAngle(body, toAt + 'to='.length)
    if (to.value !== '') fields.to = to.value
  }
  const user = body.lastIndexOf(' sasl_username=') // since 3.10
  if (user > from.end) fields.user = foldName(untilComma(body, user + ' sasl_username='.length))
  return fields
}

const FAILED = ' authentication failed'

/** `warning: host[ip]: SASL LOGIN authentication failed: …, sasl_username=…`, the name since 3.7. */
function parseWarning(message: string): LineBody {
  const sasl = message.indexOf(']: SASL ')
  const failed = sasl < 0 ? -1 : message.indexOf(FAILED, sasl)
  if (failed < 0) return ignored('a warning')
  const line: LineBody = { kind: 'signInFailed', service: 'smtp', reason: 'authentication failed' }
  const client = readClient(message, 0)
  const method = message.slice(sasl + ']: SASL '.length, failed)
  const name = message.lastIndexOf(SASL_USERNAME)
  const user = name < failed ? '' : foldName(message.slice(name + SASL_USERNAME.length))
  if (client) line.client = client
  if (method !== '' && !method.includes(' ')) line.method = method
  if (user !== '') line.user = user
  return line
}

/** The address of the first `name[ip]`; a host name holds no bracket. */
function readClient(text: string, start: number): string | null {
  const open = text.indexOf('[', start)
  const close = open < 0 ? -1 : text.indexOf(']', open)
  return close < 0 ? null : foldClient(text.slice(open + 1, close))
}

/**
 * `<address>` from its `<`. Since 3.5 a local part with special characters is quoted and may hold `>`
 * and `, `; before, such an address ends at the first `>` that a blank, a comma or the end follows.
 */
function readAngle(text: string, open: number): { value: string; end: number } {
  let close = text.indexOf('>', afterQuoted(text, open + 1))
  while (close >= 0 && close < text.length - 1 && text[close + 1] !== ',' && text[close + 1] !== ' ') {
    close = text.indexOf('>', close + 1)
  }
  return close < 0
    ? { value: foldName(text.slice(open + 1)), end: text.length }
    : { value: foldName(text.slice(open + 1, close)), end: close + 1 }
}

/** Past a quoted local part; `start` itself where none stands there or it does not end. */
function afterQuoted(text: string, start: number): number {
  if (text[start] !== '"') return start
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '"') return at + 1
    if (text[at] === '\\') at++
  }
  return start
}

function fieldOf(text: string, name: string): string {
  const at = text.indexOf(name)
  return at < 0 ? '' : untilComma(text, at + name.length)
}

function untilComma(text: string, start: number): string {
  const end = text.indexOf(', ', start)
  return end < 0 ? text.slice(start) : text.slice(start, end)
}

/** `5.7.1`, RFC 3463 section 2. */
function isEnhancedStatus(text: string): boolean {
  return text.length >= 5 && text.length <= 9 && '245'.includes(text.charAt(0)) && text[1] === '.'
}

const QUEUE_ID_MAX = 32
const SHORT_MIN = 6 // five digits of microseconds and an inode
const LONG_MIN = 10 // six of seconds, four of microseconds; then z and an inode

/** Short: upper-case hexadecimal. Long (`enable_long_queue_ids`): base 52, digits and consonants. */
export function isQueueId(text: string): boolean {
  if (text.length < SHORT_MIN || text.length > QUEUE_ID_MAX) return false
  let hex = true
  let long = text.length >= LONG_MIN
  for (let i = 0; i < text.length && (hex || long); i++) {
    const c = text.charCodeAt(i)
    if (isDigit(c)) continue
    if (!(c >= 65 && c <= 70)) hex = false
    if (!isLetter(c) || isVowel(c)) long = false
  }
  return hex || long
}

function isLetter(c: number): boolean {
  return (c >= 65 && c <= 90) || (c >= 97 && c <= 122)
}

function isAlphanumeric(c: number): boolean {
  return isDigit(c) || isLetter(c)
}

/** a e i o u in either case; y is in the alphabet. */
function isVowel(c: number): boolean {
  const lower = c | 32
  return lower === 97 || lower === 101 || lower === 105 || lower === 111 || lower === 117
}
