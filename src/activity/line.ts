/**
 * What one log line says, whatever server wrote it.
 *
 * A format turns text into this and decides nothing: whether a line counts, and for whom, is the
 * ingester's business. Fields a line does not show are left out.
 */

export type LineKind =
  | 'signIn'
  | 'signInFailed'
  | 'signOut'
  | 'submission'
  | 'messageId'
  | 'queued'
  | 'delivery'
  | 'removed'
  | 'rejected'
  | 'ignored'

export type Service = 'imap' | 'pop3' | 'submission' | 'managesieve' | 'smtp'

/** Counters of a Dovecot IMAP disconnect line: what was done in the session, messages each. */
export type Hand = {
  deleted: number
  expunged: number
  trashed: number
  bodyCount: number
  /** Only where the administrator added `%{appended}` to `imap_logout_format`. */
  appended?: number
}

export type LineBody = {
  kind: LineKind
  /** `imap-login`, `imap`, `postfix/submission/smtpd`: the syslog tag, Dovecot's `dovecot: ` taken off. */
  program?: string
  /** Who the line is about, lower case and NFC; may be a bare name without domain. */
  user?: string
  /** The master user who signed in as `user`, where the line shows one. */
  master?: string
  /** IP address of the client; IPv4 in IPv6 is folded to IPv4, a zone id is dropped. */
  client?: string
  method?: string
  session?: string
  queueId?: string
  /** Without the angle brackets, case kept (RFC 5322 section 3.6.4); left out where it is empty. */
  messageId?: string
  /** Envelope sender, lower case and NFC; `''` is the null sender of bounces and notifications. */
  from?: string
  to?: string
  origTo?: string
  /** Bytes. */
  size?: number
  /** `nrcpt`: after alias expansion, so not what a person typed. */
  recipients?: number
  relay?: string
  /** `sent`, `deferred`, `bounced`, `expired` …; `canceled` on a `removed` line of Postfix 3.10. */
  status?: string
  dsn?: string
  reason?: string
  /** The queue id this message had before: forwarded by a filter (XFORWARD) or requeued. */
  origQueueId?: string
  /** The queue id the next hop says it gave. A foreign relay may say anything: check `relay` first. */
  queuedAs?: string
  /** On an `ignored` line that opens a queue id without an authenticated user. */
  inbound?: true
  service?: Service
  hand?: Hand
  /** On `signIn`: whether the line names the authenticated user, so that a master login would show. */
  separable?: boolean
}

export type ParsedLine = LineBody & {
  /** Milliseconds since 1970; null where the line has no readable stamp. */
  at: number | null
  host?: string
  /** rsyslog wrote `message repeated N times: [ … ]`: this many more of the line it wrote before. */
  repeated?: number
}

/** A line that says nothing we use, with why. */
export function ignored(reason: string, fields: Omit<LineBody, 'kind' | 'reason'> = {}): LineBody {
  return { kind: 'ignored', reason, ...fields }
}

/** A name or address as logs are compared: lower case, NFC, no white space at the ends. */
export function foldName(text: string): string {
  const folded = text.trim().toLowerCase()
  return isAscii(folded) ? folded : folded.normalize('NFC')
}

const MAPPED = '::ffff:' // RFC 4291 section 2.5.5.2
const CLIENT_MAX = 45 // longest IPv6 text form with an IPv4 tail

/** An IP address, folded; null where the text is none (`unknown`, a socket path). */
export function foldClient(text: string): string | null {
  const zone = text.indexOf('%')
  const address = (zone < 0 ? text : text.slice(0, zone)).toLowerCase()
  if (address.length === 0 || address.length > CLIENT_MAX || !isIpText(address)) return null
  if (!address.startsWith(MAPPED)) return address
  const tail = address.slice(MAPPED.length)
  return tail.includes('.') ? tail : (fromHexGroups(tail) ?? address)
}

/** At most `max` characters of server text, for a reason that is shown and never counted. */
export function clip(text: string, max = 300): string {
  return text.length <= max ? text : `${text.slice(0, max)}…`
}

const SECRETS = ['given password: ', '\tresp=', '\tpass=', '#011resp=', '#011pass=', ' password=']

/**
 * A raw line fit to be shown: what follows a password mark of Dovecot's auth service is cut off up to
 * the end, since a password may hold any character that could end it.
 */
export function redact(line: string): string {
  let cut = line.length
  for (const mark of SECRETS) {
    const at = line.indexOf(mark)
    if (at >= 0) cut = Math.min(cut, at + mark.length)
  }
  return cut === line.length ? line : `${line.slice(0, cut)}[removed]`
}

/** Whether a character code is `0` to `9`. */
export function isDigit(c: number): boolean {
  return c >= 48 && c <= 57
}

const DIGITS_MAX = 15 // more would no longer be exact as a number

/** The whole number whose digits stand here, null where none do. */
export function numberAt(text: string, start: number): number | null {
  let end = start
  while (end < start + DIGITS_MAX && isDigit(text.charCodeAt(end))) end++
  return end === start ? null : Number(text.slice(start, end))
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false
  return true
}

/** Only hexadecimal digits, dots and colons, and at least one of the latter two. */
function isIpText(text: string): boolean {
  let separators = 0
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === 46 || c === 58) separators++
    else if (!isDigit(c) && !(c >= 97 && c <= 102)) return false
  }
  return separators > 0
}

/** `c000:207` → `192.0.2.7`, null where it is not two groups. */
function fromHexGroups(text: string): string | null {
  const [high, low, more] = text.split(':')
  if (!high || !low || more !== undefined || high.length > 4 || low.length > 4) return null
  const value = [Number.parseInt(high, 16), Number.parseInt(low, 16)]
  return value.flatMap(group => [group >> 8, group & 255]).join('.')
}
