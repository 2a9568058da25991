/**
 * Dovecot's lines, 1.2 to 2.4.
 *
 * The elements of a sign-in line are configurable (`login_log_format_elements`), so they are read as
 * `key=value` pairs by name. Text in front of them is free and may quote a client; it is never
 * matched by a pattern that could look back.
 *
 * No text of an `auth` line is passed on, since those can hold passwords (`auth_verbose_passwords`).
 */

import {
  foldClient,
  foldName,
  type Hand,
  ignored,
  isDigit,
  type LineBody,
  numberAt,
  type Service,
} from '../line.ts'

/** `text` starts with the process: `imap-login: …`, `imap(name)<pid><session>: …`. Never throws. */
export function parseDovecot(text: string): LineBody {
  const prefix = readPrefix(text)
  if (!prefix) return ignored('not a line of a Dovecot service')
  const program = prefix.process
  if (program.startsWith('auth')) return { ...parseAuth(prefix), program }
  const login = program.endsWith('-login')
  const service = SERVICES.get(login ? program.slice(0, -'-login'.length) : program)
  if (!service) return { ...parseDelivery(prefix), program }
  return { ...(login ? parseLogin(prefix.message, service) : parseSession(prefix, service)), program }
}

/** Whether a process of this name is Dovecot's, for files without the tag `dovecot`. */
export function isDovecotProcess(name: string): boolean {
  const process = name.toLowerCase()
  return SERVICES.has(process) || OTHER_PROCESSES.has(process) || SERVICES.has(process.replace('-login', ''))
}

const SERVICES = new Map<string, Service>([
  ['imap', 'imap'],
  ['imap-hibernate', 'imap'],
  ['pop3', 'pop3'],
  ['submission', 'submission'],
  ['managesieve', 'managesieve'],
  ['sieve', 'managesieve'],
])

const OTHER_PROCESSES = new Set(
  (
    'auth auth-worker master config log anvil stats lmtp lda deliver dict director doveadm doveconf indexer ' +
    'indexer-worker ipc replicator ssl-params quota-status dsync old-stats imap-urlauth imap-urlauth-login'
  ).split(' '),
)

type Prefix = {
  process: string
  /** What stands in parentheses: the user name of a mail process, a process id, or nothing. */
  inside: string
  /** What stands in `<…>` behind it. */
  brackets: string[]
  level: string
  message: string
}

const PROCESS_MAX = 40

function readPrefix(text: string): Prefix | null {
  let at = 0
  while (at < PROCESS_MAX && isProcessChar(text.charCodeAt(at))) at++
  if (at === 0) return null
  const process = text.slice(0, at).toLowerCase() // 1.x wrote `IMAP(name): `
  let inside = ''
  if (text[at] === '(') {
    const close = endOfParenthesis(text, at)
    if (close < 0) return null
    inside = text.slice(at + 1, close)
    at = close + 1
  }
  const brackets: string[] = []
  while (text[at] === '<' && brackets.length < 4) {
    const close = text.indexOf('>', at)
    if (close < 0) return null
    brackets.push(text.slice(at + 1, close))
    at = close + 1
  }
  if (text[at] !== ':') return null
  return { process, inside, brackets, ...readLevel(text, text[at + 1] === ' ' ? at + 2 : at + 1) }
}

/** The parenthesis that a bracket or a colon follows; a name may hold others. */
function endOfParenthesis(text: string, start: number): number {
  const beforeBracket = text.indexOf(')<', start)
  const beforeColon = text.indexOf('): ', start)
  if (beforeBracket < 0 || beforeColon < 0) return Math.max(beforeBracket, beforeColon)
  return Math.min(beforeBracket, beforeColon)
}

const LEVELS = ['Info', 'Debug', 'Notice', 'Warning', 'Error', 'Fatal', 'Panic']

/** Dovecot's own file and standard error have a level word, syslog only for some levels. */
function readLevel(text: string, start: number): { level: string; message: string } {
  for (const level of LEVELS) {
    if (text.startsWith(`${level}: `, start)) {
      return { level, message: text.slice(start + level.length + 2) }
    }
  }
  return { level: '', message: text.slice(start) }
}

/** A line of a login process: who came in, or did not. */
function parseLogin(message: string, service: Service): LineBody {
  if (message.startsWith('proxy(')) return parseProxy(message, service)
  if (message.startsWith('Login: ')) return signIn(readElements(message, 'Login: '.length), service)
  if (message.startsWith('Logged in: ')) return signIn(readElements(message, 'Logged in: '.length), service)
  // `ID sent: …` is the client's own text (imap_id_log) and might imitate anything
  const start = message.startsWith('ID ') ? -1 : startOfElements(message)
  if (start < 0) return ignored('not about a sign-in', { service })
  const fields = elementFields(readElements(message, start))
  const head = message.slice(0, start)
  const tried = fields.user !== undefined || fields.method !== undefined
  if (!tried || head.includes('(no auth attempts')) {
    return ignored('connection without a sign-in', { service, ...fields })
  }
  return { kind: 'signInFailed', service, ...fields, reason: failure(head) }
}

/** Closed wordings, since the text itself may quote what a client sent. */
function failure(head: string): string {
  if (head.includes('authorization failed')) return 'authorization failed'
  if (head.includes('auth failed') || head.includes('auth_failed')) return 'authentication failed'
  if (head.includes('disallowed plaintext')) return 'plain-text sign-in without encryption'
  if (head.includes('unsupported auth')) return 'unknown sign-in method'
  return 'sign-in not completed'
}

function signIn(elements: Elements, service: Service): LineBody {
  const fields = elementFields(elements)
  if (fields.user === undefined) return ignored('sign-in without a user name', { service, ...fields })
  const line: LineBody = { kind: 'signIn', service, ...fields, separable: elements.auth !== '' }
  // str_sanitize(…, 80) in Dovecot: the rest of the name is not in the log
  if (fields.user.endsWith('...')) line.reason = 'user name cut short by the server'
  return line
}

/**
 * A proxying front end has no `Login:`; its success is `started proxying`. The backend logs the same
 * sign-in with the same session id. `(master M)` is the name used towards the backend.
 */
function parseProxy(message: string, service: Service): LineBody {
  const start = startOfElements(message)
  const head = start < 0 ? message : message.slice(0, start)
  const elements = start < 0 ? NO_ELEMENTS : readElements(message, start)
  const action = head.slice(Math.max(0, head.indexOf('): ')))
  if (action.startsWith('): started proxying') || action.startsWith('): Started proxying')) {
    const line = signIn(elements, service)
    const master = proxyMaster(action)
    return master === '' || line.user === master ? line : { ...line, master }
  }
  const fields = elementFields(elements)
  if (action.startsWith('): disconnect') || action.startsWith('): Disconnect')) {
    return { kind: 'signOut', service, ...fields }
  }
  const failed = action.includes('auth failed') || action.includes('ogin failed')
  return failed
    ? { kind: 'signInFailed', service, ...fields, reason: 'refused by the backend' }
    : ignored('not about a sign-in', { service, ...fields })
}

function proxyMaster(action: string): string {
  const open = action.lastIndexOf(' (master ')
  const close = action.indexOf(')', open + 1)
  return open < 0 || close < 0 ? '' : foldName(action.slice(open + ' (master '.length, close))
}

const SESSION_ENDS = ['Disconnected', 'Logged out', 'Connection closed', 'Server shutting down']

/** A line of a mail process: the end of a session, with what was done in it. */
function parseSession(prefix: Prefix, service: Service): LineBody {
  if (!SESSION_ENDS.some(head => prefix.message.startsWith(head))) {
    return ignored('not the end of a session', { service })
  }
  // POP3 clients fetch and delete by themselves: its counters are no evidence of a hand.
  const hand = service === 'imap' ? readHand(prefix.message) : null
  const line: LineBody = { kind: 'signOut', service, ...sessionFields(prefix) }
  if (hand) line.hand = hand
  return line
}

/**
 * `name(user)<pid><session>` by default; the auth user stands before them where the administrator
 * added `<%{auth_user}>` to `mail_log_prefix`.
 */
function sessionFields(prefix: Prefix): Partial<LineBody> {
  const user = foldName(prefix.inside)
  const session = prefix.brackets.at(-1) ?? ''
  const auth = prefix.brackets.length > 2 ? foldName(prefix.brackets[0] ?? '') : ''
  const fields: Partial<LineBody> = {}
  if (user !== '') fields.user = user
  if (session !== '' && !isNumber(session)) fields.session = session // a number alone is the process id
  if (user !== '' && isOther(auth, user)) fields.master = auth
  return fields
}

function readHand(message: string): Hand | null {
  const deleted = counter(message, 'deleted')
  const expunged = counter(message, 'expunged')
  const trashed = counter(message, 'trashed')
  const bodyCount = counter(message, 'body_count')
  const appended = counter(message, 'appended')
  if (deleted === null && expunged === null && trashed === null && bodyCount === null) return null
  const hand = {
    deleted: deleted ?? 0,
    expunged: expunged ?? 0,
    trashed: trashed ?? 0,
    bodyCount: bodyCount ?? 0,
  }
  return appended === null ? hand : { ...hand, appended }
}

/** The last ` name=123`: what a client could have caused to be printed stands before the counters. */
function counter(message: string, name: string): number | null {
  const at = message.lastIndexOf(` ${name}=`)
  return at < 0 ? null : numberAt(message, at + name.length + 2)
}

const MASTER_MARK = 'Master user logging in as '

/** Only that a master came in is told; 2.2 names it, 2.3 names neither master nor session. */
function parseAuth({ inside, brackets, message }: Prefix): LineBody {
  const mark = message.indexOf(MASTER_MARK)
  // Only at the start or behind `driver(…): `, so that a refused user name cannot imitate it.
  if (mark < 0 || (mark > 0 && message.indexOf('): ') !== mark - 3)) return ignored('auth service')
  const fields: Partial<LineBody> = {}
  const user = foldName(message.slice(mark + MASTER_MARK.length))
  if (user !== '' && !user.includes(' ')) fields.user = user
  const open = inside === '' ? message.lastIndexOf('(', mark) : -1
  const close = open < 0 ? -1 : message.indexOf(')', open)
  const parts = (close < 0 || close > mark ? inside : message.slice(open + 1, close)).split(',', 8)
  const session =
    parts.find(part => part.startsWith('<') && part.endsWith('>'))?.slice(1, -1) ?? brackets.at(-1)
  const client = foldClient(parts[1] ?? '')
  if (parts.includes('master')) fields.master = foldName(parts[0] ?? '')
  if (client) fields.client = client
  if (session) fields.session = session
  return { kind: 'ignored', reason: 'a master user signed in as this user', ...fields }
}

/** LMTP and LDA: ignored, because Postfix logs the same delivery with its outcome. */
function parseDelivery(prefix: Prefix): LineBody {
  const { process, inside, message } = prefix
  if (process !== 'lmtp' && process !== 'lda' && process !== 'deliver') return ignored('not about a sign-in')
  const mark = message.indexOf('msgid=')
  const end = mark < 0 ? -1 : message.indexOf(': ', mark)
  if (end < 0) return ignored('not about a sign-in')
  const fields: Partial<LineBody> = {}
  const comma = inside.indexOf(', ') // 2.2 wrote lmtp(pid, user)
  const user = foldName(comma < 0 ? inside : inside.slice(comma + 2))
  const id = message.slice(mark + 'msgid='.length, end)
  if (user !== '' && !isNumber(user)) fields.to = user
  if (id.startsWith('<') && id.endsWith('>') && id.length > 2) fields.messageId = id.slice(1, -1)
  return ignored('delivery, counted from Postfix', fields)
}

type Elements = { user: string; auth: string; method: string; rip: string; session: string }
const NO_ELEMENTS: Elements = { user: '', auth: '', method: '', rip: '', session: '' }

/**
 * Where the elements begin behind free text. From the right, because the text in front may hold
 * anything; where an administrator put another element first, at the first `: name=`.
 */
function startOfElements(message: string): number {
  const user = message.lastIndexOf(': user=<')
  if (user >= 0) return user + 2
  for (let at = message.indexOf(': '); at >= 0; at = message.indexOf(': ', at + 2)) {
    if (keyAt(message, at + 2) !== null) return at + 2
  }
  return -1
}

/**
 * `key=<value>` and `key=value`, split at `, `. The first `user` and the last of every other key
 * count: the user name is the only text of the client's, and by default stands first, so whatever it
 * imitates is overruled.
 */
function readElements(message: string, start: number): Elements {
  const found = { ...NO_ELEMENTS }
  for (let at = start; at < message.length; ) {
    const key = keyAt(message, at)
    const valueAt = key === null ? at : at + key.length + 1
    const bracketed = key !== null && message[valueAt] === '<'
    const end = bracketed ? endOfBracket(message, valueAt) : endOfElement(message, valueAt)
    if (key !== null)
      keep(found, key, bracketed ? message.slice(valueAt + 1, end) : message.slice(valueAt, end))
    at = end + (bracketed ? 3 : 2)
  }
  return found
}

const AUTH_KEYS = new Set(['auth', 'auth_user', 'master', 'master_user'])

function keep(found: Elements, key: string, value: string): void {
  if (key === 'user') found.user = found.user === '' ? value : found.user
  else if (AUTH_KEYS.has(key)) found.auth = value === '' ? found.auth : value
  else if (key === 'method' || key === 'mechanism') found.method = value
  else if (key === 'rip' || key === 'remote_ip') found.rip = value
  else if (key === 'session') found.session = value
}

/** The `>` that ends an element; a line cut short ends the value. */
function endOfBracket(message: string, start: number): number {
  for (let at = message.indexOf('>', start); at >= 0; at = message.indexOf('>', at + 1)) {
    if (at === message.length - 1 || message[at + 1] === ',') return at
  }
  return message.length
}

function endOfElement(message: string, start: number): number {
  const end = message.indexOf(', ', start)
  return end < 0 ? message.length : end
}

const KEY_MAX = 24

/** The name in front of `=`, null where none stands here. */
function keyAt(message: string, start: number): string | null {
  let at = start
  while (at < start + KEY_MAX && isKeyChar(message.charCodeAt(at))) at++
  return at > start && message[at] === '=' ? message.slice(start, at) : null
}

function elementFields(elements: Elements): Partial<LineBody> {
  const fields: Partial<LineBody> = {}
  const user = foldName(elements.user)
  const auth = foldName(elements.auth)
  const client = foldClient(elements.rip)
  if (user !== '') fields.user = user
  if (user !== '' && isOther(auth, user)) fields.master = auth
  if (client) fields.client = client
  if (elements.method !== '') fields.method = elements.method
  if (elements.session !== '') fields.session = elements.session
  return fields
}

/**
 * Whether the authenticated name is another one than the mailbox's. `an.nv` and `an.nv@tinh.example`
 * are one: `auth_user` keeps the name as it was typed, `user` gets the default domain.
 */
function isOther(auth: string, user: string): boolean {
  if (auth === '' || auth === user) return false
  const bareAuth = !auth.includes('@')
  const bareUser = !user.includes('@')
  if (bareAuth === bareUser) return true
  return bareAuth ? !user.startsWith(`${auth}@`) : !auth.startsWith(`${user}@`)
}

function isNumber(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (!isDigit(text.charCodeAt(i))) return false
  return text.length > 0
}

/** Letters, digits, `-`, `_`, `.` */
function isProcessChar(c: number): boolean {
  return (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || isDigit(c) || c === 45 || c === 95 || c === 46
}

function isKeyChar(c: number): boolean {
  return (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || isDigit(c) || c === 95
}
