/**
 * The trap: in Dovecot's default log a master's sign-in looks exactly like the person's own, so a round over the
 * mailboxes would make everybody look like a daily user. Here it is judged, from lines of the log, whether a sign-in of
 * ours can be told apart, and said in a sentence.
 *
 * Which line is ours cannot be known where lines do not say who gave the password. But then any line of the person's in
 * that form says enough: it would have been counted as use.
 */
import { type FileHandle, open } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ImapSourceConfig } from '../config.ts'
import { AppError } from '../error.ts'
import type { Address } from '../ids.ts'
import { type LineContext, parseLine } from './formats/index.ts'
import { foldClient, foldName, type ParsedLine } from './line.ts'
import { type MailboxStatus, statusOf } from './sources/imap.ts'

/** A log that ingestion reads; `timeZone` is the IANA zone of stamps that name none. */
export type LogPlace = { name: string; path: string; timeZone: string }

export type SeparationTest = {
  source: ImapSourceConfig
  secret: string
  logs: readonly LogPlace[]
  address: Address
  /** As configured: clients whose sign-ins count for nothing. */
  excludedClients: readonly string[]
  /** Takes back a sign-in of ours that looks like the person's own: it must not count as use. */
  disown?: (log: string, line: ParsedLine) => Promise<void>
  now: () => Date
  signal: AbortSignal
}

export type Separation = {
  /** Whether a round may go on: our sign-ins are told apart, or no log is read that they could falsify. */
  separable: boolean
  /** Whether the sign-in was seen in a log. */
  found: boolean
  /** Null where the server did not let us in, so that nothing could be found. */
  finding: Finding | null
  /** What the mailbox answered; null where it was not signed in to. */
  status: MailboxStatus | null
}

const POLL_MS = 250
/** Ten seconds: rsyslog and a busy disk take less. A longer wait helps only where no line will come. */
const POLLS = 40
/** After the first clue, since another log may hold another. */
const POLLS_AFTER_CLUE = 4

/**
 * Signs in to one mailbox as master user, reads back what the logs got meanwhile, and tells whether that sign-in can be
 * told from the person's own. Where the logs show beforehand that it could not, nobody is signed in. Throws
 * `file_unreadable` and `cancelled`.
 */
export async function testSeparation(test: SeparationTest): Promise<Separation> {
  const tails = await Promise.all(test.logs.map(log => tailOf(log, test.now())))
  // a client that counts for nothing is known by its address, whatever the form
  const before = test.excludedClients.length === 0 ? findingBefore(tails) : null
  if (before !== null) return { separable: false, found: false, finding: before, status: null }
  const status = await statusOf(test)
  const finding = mayHaveSignedIn(status) ? findingOf(await watch(tails, test)) : null
  // an error may have come before or after the sign-in: without a line it was before
  const undecided = !hasSignedIn(status) && (finding?.kind === 'unseen' || finding?.kind === 'noLogs')
  if (finding === null || undecided) return { separable: false, found: false, finding: null, status }
  const found = finding.kind === 'separable' || finding.kind === 'lookAlike'
  return { separable: maySweep(finding), found, finding, status }
}

function hasSignedIn(status: MailboxStatus): boolean {
  return status.outcome === 'reached' || status.reason === 'hidden'
}

function mayHaveSignedIn(status: MailboxStatus): boolean {
  return hasSignedIn(status) || (status.outcome === 'unreachable' && status.reason === 'server')
}

async function watch(tails: readonly Tail[], { now, signal, ...test }: SeparationTest): Promise<Heard[]> {
  const clients = test.excludedClients.map(client => foldClient(client) ?? client)
  const trace = {
    address: test.address,
    masterUser: test.source.masterUser,
    excludedClients: new Set(clients),
    at: now().getTime(),
  }
  const logs = tails.map(tail => ({ name: tail.name, tail, clues: new Set<Clue>() }))
  let left = logs.length === 0 ? 0 : POLLS
  while (left-- > 0) {
    if (signal.aborted) throw new AppError('cancelled', 'the test of the mail log was stopped')
    await sleep(POLL_MS)
    for (const { tail, clues } of logs) {
      const context = { timeZone: tail.timeZone, reference: trace.at, now: trace.at }
      for (const text of await appended(tail)) {
        const line = parseLine(text, context)
        const clue = clueOf(line, trace)
        // the first is ours; the person may come a moment later
        if (clue === 'lookAlike' && !clues.has(clue)) await test.disown?.(tail.name, line)
        clues.add(clue)
      }
    }
    const heard = logs.some(({ clues }) => clues.has('toldApart') || clues.has('lookAlike'))
    if (heard) left = Math.min(left, POLLS_AFTER_CLUE - 1)
  }
  return logs
}

type Tail = LogPlace & { form: Form; inode: number; position: number }

/** How much of the end is looked at for the form: some thousand lines. */
const END_BYTES = 262_144
/** Most that one poll reads of a log. */
const READ_BYTES = 4_194_304

/** Where a log ends now. One that is not there yet begins with our sign-in. */
async function tailOf(log: LogPlace, now: Date): Promise<Tail> {
  const at = now.getTime()
  const tail = await withFile(log.path, async (file, { size, inode }) => {
    const bytes = await read(file, Math.max(0, size - END_BYTES), END_BYTES)
    const texts = bytes.toString('utf8').split('\n')
    return { form: formOf(texts, { timeZone: log.timeZone, reference: at, now: at }), inode, position: size }
  })
  return { ...log, ...(tail ?? { form: 'unknown', inode: 0, position: 0 }) }
}

/** Whole lines written since, at most some thousand; the rest comes with the next call. A new file is read from its start. */
async function appended(tail: Tail): Promise<string[]> {
  const bytes = await withFile(tail.path, (file, { size, inode }) => {
    if (inode !== tail.inode || size < tail.position) Object.assign(tail, { inode, position: 0 })
    return read(file, tail.position, Math.min(READ_BYTES, size - tail.position))
  })
  const end = bytes === null ? 0 : bytes.lastIndexOf('\n') + 1
  if (bytes === null || end === 0) return []
  tail.position += end
  return bytes.toString('utf8', 0, end - 1).split('\n')
}

type FileFacts = { size: number; inode: number }

/** Null where there is no such file, as for a moment while logs are rotated. */
async function withFile<T>(
  path: string,
  use: (file: FileHandle, facts: FileFacts) => Promise<T>,
): Promise<T | null> {
  let file: FileHandle
  try {
    file = await open(path)
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return null
    throw unreadable(path, cause)
  }
  try {
    const { size, ino } = await file.stat()
    return await use(file, { size, inode: ino })
  } catch (cause) {
    throw unreadable(path, cause)
  } finally {
    await file.close()
  }
}

function unreadable(path: string, cause: unknown): AppError {
  return new AppError('file_unreadable', `the log ${path} cannot be read`, { cause })
}

async function read(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, position)
  return buffer.subarray(0, bytesRead)
}

// the judgement, of values alone ------------------------------------------------------------------------------------

/** Who signed in, and how ingestion would leave that sign-in out. */
export type Trace = {
  address: Address
  masterUser: string
  /** Folded addresses of clients whose sign-ins count for nothing. */
  excludedClients: ReadonlySet<string>
  /** When it was, ms since 1970. */
  at: number
}

/** What one line says of the test: `toldApart` names the master, `lookAlike` would count as the person's own. */
export type Clue = 'toldApart' | 'lookAlike' | null

/** A log from another host may have another clock. Wider would take old lines that are copied in for ours. */
const CLOCK_MS = 600_000

export function clueOf(line: ParsedLine, trace: Trace): Clue {
  if (line.kind !== 'signIn' || (line.service !== 'imap' && line.service !== undefined)) return null
  if (line.at === null || Math.abs(line.at - trace.at) > CLOCK_MS) return null
  if (!isName(line.user ?? '', trace.address)) return null
  if (line.client !== undefined && trace.excludedClients.has(line.client)) return 'toldApart'
  if (line.master !== undefined) return isMaster(line.master, trace.masterUser) ? 'toldApart' : null
  // the line names who signed in, and it was the person
  return line.separable === true ? null : 'lookAlike'
}

/** Logs print the whole address, the bare name, or the first 80 bytes and `...`. */
function isName(user: string, address: Address): boolean {
  if (user === address || user === address.slice(0, address.lastIndexOf('@'))) return true
  return user.endsWith('...') && address.startsWith(user.slice(0, -3))
}

/** With or without the default realm. */
function isMaster(name: string, masterUser: string): boolean {
  const master = foldName(masterUser)
  return name === master || name.startsWith(`${master}@`)
}

/** `bare`: the newest sign-in does not name who gave the password. */
export type Form = 'named' | 'bare' | 'unknown'

/**
 * The form a log writes sign-ins in now, from its last lines. Unknown where nobody signed in since the server last
 * began or read its settings anew.
 */
export function formOf(texts: readonly string[], context: LineContext): Form {
  for (const text of texts.toReversed()) {
    if (text.includes('master: ') && (text.includes(' starting up') || text.includes('SIGHUP received'))) {
      return 'unknown'
    }
    const line = parseLine(text, context)
    if (line.kind !== 'signIn' || line.service !== 'imap') continue
    return line.separable === true || line.master !== undefined ? 'named' : 'bare'
  }
  return 'unknown'
}

/** What the test found. `logs` name the log files that the finding is about. */
export type Finding =
  | { kind: 'separable'; logs: string[] }
  /** Our sign-in, or one that is just as bare, stands in the log as the person's own. */
  | { kind: 'lookAlike'; logs: string[] }
  /** The same, seen without signing in: the newest line of another's sign-in was bare. */
  | { kind: 'bareForm'; logs: string[] }
  | { kind: 'unseen'; logs: string[] }
  /** No log is read, so nothing can be taken for use. */
  | { kind: 'noLogs'; logs: [] }

export type Heard = { name: string; clues: ReadonlySet<Clue> }

/** Clues found in each log while waiting → the finding. One log in which ours looks like the person's spoils it. */
export function findingOf(logs: readonly Heard[]): Finding {
  const named = (clue: Clue) => logs.filter(({ clues }) => clues.has(clue)).map(({ name }) => name)
  const lookAlike = named('lookAlike')
  const toldApart = named('toldApart')
  if (lookAlike.length > 0) return { kind: 'lookAlike', logs: lookAlike }
  if (toldApart.length > 0) return { kind: 'separable', logs: toldApart }
  return logs.length === 0
    ? { kind: 'noLogs', logs: [] }
    : { kind: 'unseen', logs: logs.map(({ name }) => name) }
}

/**
 * The same from the form of each log, before anybody signs in: every test that fails would count as a person's use, night
 * after night. Null where only a sign-in can tell.
 */
export function findingBefore(logs: readonly { name: string; form: Form }[]): Finding | null {
  const bare = logs.filter(({ form }) => form === 'bare').map(({ name }) => name)
  const some = bare.length > 0 && !logs.some(({ form }) => form === 'named')
  return some ? { kind: 'bareForm', logs: bare } : null
}

function maySweep({ kind }: Finding): boolean {
  return kind === 'separable' || kind === 'noLogs'
}

export type Locale = 'vi' | 'en'
type Words = Record<Finding['kind'], (logs: string) => string>

const MEND_EN =
  'Add auth=<%{auth_user}> to login_log_format_elements and restart Dovecot, as docs/dovecot.md shows'
const MEND_VI =
  'Hãy thêm auth=<%{auth_user}> vào login_log_format_elements rồi khởi động lại Dovecot, xem docs/dovecot.md'

const words: Record<Locale, Words> = {
  en: {
    separable: logs => `the master user's sign-in is told apart from the person's own in ${logs}`,
    lookAlike: logs =>
      `in ${logs} a sign-in of the master user looks like the person's own, so every mailbox would look used; ` +
      `the one made to try may count for that mailbox. ${MEND_EN}`,
    bareForm: logs =>
      `in ${logs} the newest sign-in does not name who gave the password, so a sign-in of the master user would look like ` +
      `the person's own and every mailbox used; none was made. ${MEND_EN}. If that is done, sign in once as anybody`,
    unseen: logs =>
      `the master user's sign-in does not show in any log that is read (${logs}), so nobody knows where it is counted. ` +
      'Name the log of this IMAP server as an activity source of kind log, with its time zone; see docs/dovecot.md',
    noLogs: () => 'no log is read, so the sign-ins of the master user cannot be taken for use',
  },
  vi: {
    separable: logs =>
      `phân biệt được lần đăng nhập của tài khoản chủ với của chính người dùng trong ${logs}`,
    lookAlike: logs =>
      `trong ${logs}, lần đăng nhập của tài khoản chủ trông giống hệt của người dùng, nên hộp thư nào cũng sẽ như ` +
      `được dùng; riêng lần thử này có thể bị tính cho hộp thư đó. ${MEND_VI}`,
    bareForm: logs =>
      `trong ${logs}, lần đăng nhập mới nhất không ghi ai đã đưa mật khẩu, nên lần đăng nhập của tài khoản chủ sẽ trông ` +
      `giống của người dùng; vì vậy chưa đăng nhập thử. ${MEND_VI}. Nếu đã sửa, hãy đăng nhập một lần bằng hộp thư bất kỳ`,
    unseen: logs =>
      `không thấy lần đăng nhập của tài khoản chủ trong nhật ký nào đang đọc (${logs}), nên không biết nó được đếm ở đâu. ` +
      'Hãy khai báo nhật ký của máy chủ IMAP này làm nguồn kiểu log, đúng múi giờ; xem docs/dovecot.md',
    noLogs: () => 'không đọc nhật ký nào, nên lần đăng nhập của tài khoản chủ không bị tính là sử dụng',
  },
}

export function sentenceOf({ kind, logs }: Finding, locale: Locale): string {
  return words[locale][kind](logs.join(', '))
}
