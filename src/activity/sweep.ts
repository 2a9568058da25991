/**
 * One round over all mailboxes as master user: which can be reached, and whether their sent mail grew.
 *
 * It begins with the test of `separation.ts` and goes on only where the round cannot be taken for the people's own use.
 * A few refusals in a row end it, since each makes the mail server answer everybody on our address more slowly.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Config, type ImapSourceConfig, readSecret, userPath } from '../config.ts'
import type { Db } from '../database/database.ts'
import { fence, finishRun, type Run, startRun, withHeartbeat } from '../database/run.ts'
import { AppError, toAppError, unreachable } from '../error.ts'
import type { Address } from '../ids.ts'
import { sessionOf } from './batch.ts'
import type { ParsedLine } from './line.ts'
import { type Locale, type LogPlace, sentenceOf, testSeparation } from './separation.ts'
import {
  greets,
  type MailboxStatus,
  masterCanSend,
  statusOf,
  type Unreachable,
  type UnreachableReason,
} from './sources/imap.ts'
import { saveSessions, sourceId } from './store.ts'
import {
  countMailboxes,
  mailboxesAfter,
  type SweepMailbox,
  type SweepRow,
  saveSeparable,
  saveSwept,
} from './sweep-store.ts'

export type SweepContext = { db: Db; config: Config; source: ImapSourceConfig; now: () => Date }

export type SweepOptions = {
  signal: AbortSignal
  /** Told after each batch, for a progress line. */
  progress?: (done: number, total: number) => void
  /** How long a server that stopped answering in the middle is waited for, in ms; 20 s if left out. */
  patienceMs?: number
}

export type SweepResult = {
  mailboxes: number
  reached: number
  unreachable: number
  /** How many were not reached, by why. */
  reasons: Partial<Record<UnreachableReason, number>>
  seconds: number
}

const PAGE = 200
const PATIENCE_MS = 20_000
/** So many refusals, or lost connections, end a round: fewer stop for one odd mailbox, more slow down everybody. */
const IN_A_ROW = 3

/**
 * Asks every personal mailbox that is active or locked. Throws `cannot_separate` with nothing asked, `busy`,
 * `mail_server_refused` where the master is not let in, and `mail_server_unreachable` where no mailbox could be reached
 * at all; what was found until then is kept. A server that stops in the middle is no error: the rest is counted.
 */
export async function sweep(context: SweepContext, options: SweepOptions): Promise<SweepResult> {
  const { db, now } = context
  const started = now().getTime()
  const run = await startRun(db, { kind: 'sweep', now: now() })
  return withHeartbeat(db, run, async () => {
    const round = newRound(context, options)
    const total = await countMailboxes(db)
    for (let after: number | null = 0; after !== null; ) {
      const page = await mailboxesAfter(db, after, PAGE)
      await askPage(round, run, page)
      options.progress?.(round.result.mailboxes, total)
      after = page.at(-1)?.id ?? null
    }
    if (!round.begun && round.streak.kind !== 'answered') throw failureOf(round, round.streak)
    const result = { ...round.result, seconds: (now().getTime() - started) / 1000 }
    const state = result.unreachable > 0 ? 'partial' : 'done'
    await finishRun(db, run, { state, exitStatus: sweepExitStatus(result), result })
    return result
  })
}

/** 4 where some mailboxes were not reached; each stands in `mailbox_sweep` with the reason. */
export function sweepExitStatus({ unreachable }: SweepResult): 0 | 4 {
  return unreachable > 0 ? 4 : 0
}

/** The logs that ingestion reads, where a sign-in of ours could be taken for use. */
export function logsOf(config: Config): LogPlace[] {
  return config.activity.sources.flatMap(source =>
    source.kind === 'log'
      ? [{ name: source.name, path: userPath(source.path), timeZone: source.timeZone ?? config.timeZone }]
      : [],
  )
}

/** Notes a sign-in of ours, so that ingestion knows it by its session. */
export async function disownSession(db: Db, log: string, line: ParsedLine): Promise<void> {
  if (line.session === undefined || line.at === null) return
  await saveSessions(db, await sourceId(db, log, 'log'), new Map([[sessionOf(line), line.at]]))
}

/** Answers of one kind in a row. */
type Streak = { kind: 'answered' | 'refused' | 'lost'; count: number; detail: string }

/** How a round stands. */
type Round = SweepContext & {
  options: SweepOptions
  secret: string
  result: Omit<SweepResult, 'seconds'>
  /** The test passed: from here on several are asked at once. */
  begun: boolean
  streak: Streak
  /** Waits for a server that stopped answering, and how many of them were for nothing in a row. */
  pause: Promise<void> | null
  pauses: number
  /** The server did not come back: nobody else is asked. */
  gone: boolean
  stop: AppError | null
}

function newRound(context: SweepContext, options: SweepOptions): Round {
  const { source } = context
  return {
    ...context,
    options,
    secret: readSecret(source.masterPassword, `activity.sources.${source.name}.masterPassword`),
    result: { mailboxes: 0, reached: 0, unreachable: 0, reasons: {} },
    begun: false,
    streak: { kind: 'answered', count: 0, detail: '' },
    pause: null,
    pauses: 0,
    gone: false,
    stop: null,
  }
}

async function askPage(round: Round, run: Run, page: readonly SweepMailbox[]): Promise<void> {
  const rows: SweepRow[] = []
  const waiting = page.values()
  const work = async (until: () => boolean) => {
    while (!until()) {
      const { value, done } = waiting.next()
      if (done) return
      rows.push(await ask(round, value))
    }
  }
  await work(() => round.begun || round.stop !== null)
  const workers = Array.from({ length: round.source.concurrency }, () => work(() => round.stop !== null))
  await Promise.all(workers)
  await round.db.transaction().execute(async trx => {
    await fence(trx, run)
    await saveSwept(trx, round.now(), rows)
  })
  if (round.stop !== null) throw round.stop
}

async function ask(round: Round, { id, address }: SweepMailbox): Promise<SweepRow> {
  const { source, secret, result } = round
  const { signal } = round.options
  let status: MailboxStatus = {
    outcome: 'unreachable',
    reason: 'silent',
    detail: 'not asked: the server is gone',
  }
  if (address === null) status = { ...status, reason: 'noMailbox', detail: 'this is no address' }
  else if (!round.gone) {
    status = round.begun
      ? await statusOf({ source, secret, address, signal })
      : await begin(round, id, address)
    await note(round, status)
  }
  result.mailboxes += 1
  if (status.outcome === 'unreachable') {
    result.unreachable += 1
    result.reasons[status.reason] = (result.reasons[status.reason] ?? 0) + 1
    return { mailbox: id, reason: status.reason, sentUidNext: null, sentUidValidity: null, messages: null }
  }
  result.reached += 1
  const { sent, messages } = status
  const [sentUidNext, sentUidValidity] = [sent?.uidNext ?? null, sent?.uidValidity ?? null]
  return { mailbox: id, reason: null, sentUidNext, sentUidValidity, messages }
}

/** The first mailboxes, one by one, until one was signed in to and the logs were seen to tell it apart. */
async function begin(round: Round, mailbox: number, address: Address): Promise<MailboxStatus> {
  const { db, config, source, secret, now } = round
  const excludedClients = config.activity.exclude.clients
  const { signal } = round.options
  const disown = (log: string, line: ParsedLine) => disownSession(db, log, line)
  const test = { source, secret, logs: logsOf(config), address, excludedClients, disown, now, signal }
  const { finding, separable, status } = await testSeparation(test)
  if (finding !== null && finding.kind !== 'unseen') {
    await saveSeparable(
      db,
      finding.logs.map(name => ({ name, separable })),
    )
  }
  if (finding !== null && !separable) {
    throw new AppError('cannot_separate', `no mailbox was swept: ${sentenceOf(finding, 'en')}`, {
      details: { source: source.name, finding: finding.kind, logs: finding.logs, mailbox },
    })
  }
  round.begun = separable
  return status ?? { outcome: 'unreachable', reason: 'server', detail: 'not asked' }
}

/** Notes how the server answered, and ends or holds the round where it did so badly several times in a row. */
async function note(round: Round, status: MailboxStatus): Promise<void> {
  const kind = kindOf(status)
  const detail = status.outcome === 'unreachable' ? status.detail : ''
  round.streak = { kind, count: kind === round.streak.kind ? round.streak.count + 1 : 1, detail }
  if (kind === 'answered') round.pauses = 0
  else if (kind === 'refused' || !round.begun) {
    if (round.streak.count >= IN_A_ROW) round.stop ??= failureOf(round, round.streak)
  } else if (round.streak.count >= Math.max(IN_A_ROW, round.source.concurrency)) {
    round.pause ??= hold(round)
    await round.pause
  }
}

function kindOf(status: MailboxStatus): Streak['kind'] {
  if (status.outcome === 'reached') return 'answered'
  switch (status.reason) {
    case 'refused':
      return 'refused'
    case 'silent':
    case 'timeout':
    case 'tls':
      return 'lost'
    case 'noMailbox':
    case 'hidden':
    case 'server':
      return 'answered'
    default:
      return unreachable(status.reason)
  }
}

/** Waits for the server to greet again, as after a restart. One that greets and then hangs is waited for so often only. */
async function hold(round: Round): Promise<void> {
  const { signal, patienceMs = PATIENCE_MS } = round.options
  const end = AbortSignal.timeout(patienceMs)
  let back = false
  while (!back && !end.aborted && !signal.aborted) {
    back = await greets(round.source)
    if (!back) await sleep(Math.min(1000, patienceMs))
  }
  round.pauses += 1
  round.gone = !back || round.pauses > IN_A_ROW
  round.streak = { kind: 'answered', count: 0, detail: '' }
  round.pause = null
}

function failureOf({ source }: Round, { kind, count, detail }: Streak): AppError {
  const server = `the mail server ${source.host}:${source.port}`
  const details = { source: source.name, reason: detail }
  if (kind !== 'refused') {
    const message = `${server} could not be reached (${detail}); ${count} mailboxes were tried`
    return new AppError('mail_server_unreachable', message, { temporary: true, details })
  }
  const keys = `masterUser, masterPassword and separator of the activity source ${source.name}`
  const why = 'more refusals would slow down the sign-ins of everybody on this address'
  return new AppError(
    'mail_server_refused',
    `${server} refused ${source.masterUser} ${count} times; ${why}. Check ${keys}`,
    { details },
  )
}

export type ImapCheck = {
  logs: readonly LogPlace[]
  /** A mailbox to sign in to; without one only the connection is tried. */
  address: Address | null
  excludedClients: readonly string[]
  disown?: (log: string, line: ParsedLine) => Promise<void>
  locale: Locale
  now: () => Date
  signal: AbortSignal
}

/** Tries the source for the command `check`: the sign-in, the separation, and what the master may do over SMTP. */
export async function checkImap(
  source: ImapSourceConfig,
  secret: string,
  check: ImapCheck,
): Promise<{ ok: boolean; detail: string }> {
  const { address, locale } = check
  const words = checkWords[locale]
  if (address === null) {
    const ok = await greets(source)
    return { ok, detail: ok ? words.notTried : words.lost }
  }
  const { finding, separable, status } = await testSeparation({ ...check, source, secret, address })
  const tried = status?.outcome === 'unreachable' ? `${words[wordOf(status)]} (${status.detail})` : ''
  const parts = [tried, finding === null ? '' : sentenceOf(finding, locale)]
  const { submission, separator, masterUser } = source
  if (submission) parts.push(await tellSending(words, { submission, address, separator, masterUser, secret }))
  const ok = separable && status?.outcome === 'reached'
  return { ok, detail: parts.filter(part => part !== '').join('. ') }
}

async function tellSending(words: CheckWords, sender: Parameters<typeof masterCanSend>[0]): Promise<string> {
  try {
    return (await masterCanSend(sender)) ? words.canSend : words.cannotSend
  } catch (thrown) {
    return `${words.sendingUnknown} (${toAppError(thrown).message})`
  }
}

function wordOf({ reason }: Unreachable): keyof CheckWords {
  return reason === 'silent' || reason === 'timeout' ? 'lost' : reason
}

type CheckWords = Record<
  | 'lost'
  | 'refused'
  | 'noMailbox'
  | 'hidden'
  | 'tls'
  | 'server'
  | 'canSend'
  | 'cannotSend'
  | 'sendingUnknown'
  | 'notTried',
  string
>

const checkWords: Record<Locale, CheckWords> = {
  en: {
    notTried: 'the server answers; with no active mailbox yet the sign-in of the master user was not tried',
    lost: 'the server cannot be reached',
    refused: 'the server refuses the master user; check masterUser, masterPassword and separator',
    noMailbox: 'the master user is let in, but the server has no mailbox of the person tried',
    hidden: 'the master user is let in, but no folder is shown to it; give it the right l',
    tls: 'no TLS connection comes about',
    server: 'the server answers with an error',
    canSend:
      'Warning: the master user can also send mail as anybody; put its passdb inside protocol imap, see docs/dovecot.md',
    cannotSend: 'Over SMTP the master user is refused, as it should be',
    sendingUnknown: 'Warning: whether the master user could send as anybody is unknown',
  },
  vi: {
    notTried: 'máy chủ có trả lời; chưa có hộp thư nào hoạt động nên chưa thử đăng nhập bằng tài khoản chủ',
    lost: 'không kết nối được với máy chủ',
    refused: 'máy chủ từ chối tài khoản chủ; hãy kiểm tra masterUser, masterPassword và separator',
    noMailbox: 'tài khoản chủ đăng nhập được, nhưng máy chủ không có hộp thư của người được thử',
    hidden: 'tài khoản chủ đăng nhập được nhưng không thấy thư mục nào; hãy cấp quyền l',
    tls: 'không lập được kết nối TLS',
    server: 'máy chủ trả lời bằng một lỗi',
    canSend:
      'Cảnh báo: tài khoản chủ còn gửi được thư thay bất kỳ ai; hãy đặt passdb của nó trong protocol imap, xem docs/dovecot.md',
    cannotSend: 'Qua SMTP, tài khoản chủ bị từ chối, đúng như cần thiết',
    sendingUnknown: 'Cảnh báo: chưa biết tài khoản chủ có gửi được thư thay người khác hay không',
  },
}
