/** `check`: tries each configured part for real, and says what is wrong and what to do. */
import { imapSources, logSources } from './activity/command.ts'
import { lookAtLog } from './activity/inspect.ts'
import { foldClient, type ParsedLine } from './activity/line.ts'
import { checkImap, disownSession, logsOf } from './activity/sweep.ts'
import { trialMailbox } from './activity/sweep-store.ts'
import { type Answer, type ConfigContext, width } from './command.ts'
import {
  type ImapSourceConfig,
  type LogSourceConfig,
  readSecret,
  type SourceConfig,
  userPath,
} from './config.ts'
import { type Database, openDatabase } from './database/database.ts'
import { migrate, requireMigrated } from './database/migrate.ts'
import { lastRun } from './database/run.ts'
import { toAppError } from './error.ts'
import { type Address, dayAt } from './ids.ts'
import { createMailOut } from './mail-out.ts'
import { createConnector } from './mailbox/connectors/index.ts'
import { lastSaid } from './roster/confirmation-store.ts'
import { codesUnknown } from './roster/eligibility-store.ts'
import { silence, silenceText } from './roster/rhythm.ts'
import { checkSource } from './roster/sync.ts'

type Part = { name: string; ok: boolean; detail: string }
type Trial = () => Promise<string | { ok: boolean; detail: string }>

/** Longest time for one part, in ms. A part that takes longer does not work for those who wait for it. */
const PART_MS = 60_000

export async function check(context: ConfigContext): Promise<Answer> {
  const parts: Part[] = []
  let database: Database | null = null
  const open = async () => {
    database = context.shared ?? (await openDatabase(context.config.database))
    if (database.kind === 'pglite') await migrate(database)
    await requireMigrated(database)
    return database.kind === 'pglite' ? 'PGlite' : 'PostgreSQL'
  }
  try {
    parts.push(await attempt('database', open))
    const usable: Database | null = parts[0]?.ok ? database : null
    for (const [name, trial] of trials(context, usable)) {
      context.progress(name)
      parts.push(await attempt(name, trial))
    }
  } finally {
    if (context.shared === undefined) await (database as Database | null)?.close()
  }
  const ok = parts.every(part => part.ok)
  return { json: { ok, parts }, text: () => text(context, parts), exit: ok ? 0 : 1 }
}

async function attempt(name: string, trial: Trial): Promise<Part> {
  try {
    const answer = await trial()
    return { name, ...(typeof answer === 'string' ? { ok: true, detail: answer } : answer) }
  } catch (thrown) {
    return { name, ok: false, detail: toAppError(thrown).message }
  }
}

function trials(context: ConfigContext, database: Database | null): [string, Trial][] {
  const { config, signal } = context
  const bounded = () => AbortSignal.any([signal, AbortSignal.timeout(PART_MS)])
  return [
    ...config.roster.sources.map((source): [string, Trial] => [
      `roster.${source.name}`,
      () => checkRoster(context, source, database, bounded()),
    ]),
    ...config.mailbox.platforms.map((platform): [string, Trial] => [
      `mailbox.${platform.name}`,
      async () => {
        const connector = createConnector(platform, config.timeZone)
        return connector.check(bounded()).finally(() => connector.close())
      },
    ]),
    ...logSources(config).map((source): [string, Trial] => [
      `activity.${source.name}`,
      () => checkLog(context, source),
    ]),
    ...imapSources(config).map((source): [string, Trial] => [
      `activity.${source.name}`,
      () => checkSweep(context, source, database, bounded()),
    ]),
    ...(config.mailOut ? [['mailOut', () => checkMailOut(context)] as [string, Trial]] : []),
    ...(database && config.mailbox.eligibility.length > 0
      ? [['mailbox.eligibility', () => checkEligibility(context, database)] as [string, Trial]]
      : []),
    ...(database ? [['nightly', () => checkNight(context, database)] as [string, Trial]] : []),
  ]
}

/** The source as it answers, and whether it has said nothing new for longer than twice its rhythm. */
async function checkRoster(
  { config, now }: ConfigContext,
  source: SourceConfig,
  database: Database | null,
  signal: AbortSignal,
): Promise<string> {
  const today = dayAt(now().getTime(), config.timeZone)
  const answer = await checkSource(source, { signal, today, now: now().getTime() })
  const lastSaidAt = database ? ((await lastSaid(database.db)).get(source.name) ?? null) : null
  const silent = silence({ ...source, lastSaidAt }, now())
  if (silent === null) return answer
  return `${answer}; ${config.locale === 'vi' ? 'chú ý' : 'note'}: ${silenceText(config.locale, silent)}`
}

/** So much of the sign-ins from clients that count for nothing is rather webmail on the mail host than machinery. */
const MUCH_EXCLUDED = 0.2

const YOUNG_LINES = 1000

async function checkLog({ config, now }: ConfigContext, source: LogSourceConfig) {
  const vi = config.locale === 'vi'
  const excludedClients = new Set(config.activity.exclude.clients.map(client => foldClient(client) ?? client))
  const { maxLineBytes } = config.activity
  const timeZone = source.timeZone ?? config.timeZone
  const look = await lookAtLog(userPath(source.path), {
    timeZone,
    excludedClients,
    maxLineBytes,
    now: now().getTime(),
  })
  if (look.lastAt === null || look.understood === 0) {
    const detail = vi ? 'chưa có dòng nào của máy chủ thư' : 'no line of a mail server in it yet'
    // a young file holds little but the server's start; a long one without a line of ours is the wrong file
    return { ok: look.lines < YOUNG_LINES, detail }
  }
  const last = new Date(look.lastAt).toLocaleString(vi ? 'vi-VN' : 'en-GB', { timeZone: config.timeZone })
  const said = vi ? `dòng cuối lúc ${last}` : `last line at ${last}`
  if (look.excludedSignIns <= MUCH_EXCLUDED * look.signIns) return said
  const share = Math.round((100 * look.excludedSignIns) / look.signIns)
  const warning = vi
    ? `chú ý: ${share}% lượt đăng nhập đến từ máy trong exclude.clients; nếu webmail chạy trên máy chủ thư thì đó là người dùng thật`
    : `note: ${share}% of the sign-ins come from exclude.clients; if webmail runs on the mail host these are real people`
  return `${said}; ${warning}`
}

async function checkSweep(
  { config, now }: ConfigContext,
  source: ImapSourceConfig,
  database: Database | null,
  signal: AbortSignal,
) {
  const day = dayAt(now().getTime(), config.timeZone)
  const address: Address | null = database ? await trialMailbox(database.db, day) : null
  const disown = async (log: string, line: ParsedLine) => database && disownSession(database.db, log, line)
  const secret = readSecret(source.masterPassword, `activity.sources(${source.name}).masterPassword`)
  const excludedClients = config.activity.exclude.clients
  return checkImap(source, secret, {
    logs: logsOf(config),
    address,
    excludedClients,
    disown: async (log, line) => void (await disown(log, line)),
    locale: config.locale,
    now,
    signal,
  })
}

async function checkEligibility({ config, now }: ConfigContext, { db }: Database) {
  const vi = config.locale === 'vi'
  const unknown = await codesUnknown(db, dayAt(now().getTime(), config.timeZone), config.mailbox)
  const count = config.mailbox.eligibility.length
  if (unknown.length === 0) return vi ? `${count} quy định` : `${count} rules`
  const codes = unknown.join(', ')
  const detail = vi
    ? `không có cơ quan nào mang mã ${codes}; sửa mã trong quy định hoặc bổ sung cơ quan`
    : `no agency has the code ${codes}; mend the rule or add the agency`
  return { ok: false, detail }
}

async function checkMailOut({ config }: ConfigContext): Promise<string> {
  if (!config.mailOut) return ''
  const mailOut = createMailOut(config.mailOut)
  return mailOut.check().finally(() => mailOut.close())
}

async function checkNight({ config: { locale, timeZone } }: ConfigContext, database: Database) {
  const night = await lastRun(database.db, 'nightly')
  if (!night) return locale === 'vi' ? 'chưa chạy lần nào' : 'has not run yet'
  const ok = night.state === 'done' || night.state === 'partial' || night.state === 'running'
  const at = night.startedAt.toLocaleString(locale === 'vi' ? 'vi-VN' : 'en-GB', { timeZone })
  return { ok, detail: `${at}: ${night.state}${night.message ? ` · ${night.message}` : ''}` }
}

function text({ config: { locale } }: ConfigContext, parts: Part[]): string {
  const words = locale === 'vi' ? { good: 'tốt ', bad: 'HỎNG' } : { good: 'good', bad: 'BAD ' }
  const longest = Math.max(...parts.map(({ name }) => width(name)))
  const lines = parts.map(({ name, ok, detail }) => {
    const head = `${ok ? words.good : words.bad}  ${name.padEnd(longest)}  `
    return head + wrap(detail, LINE_WIDTH - width(head)).join(`\n${' '.repeat(width(head))}`)
  })
  return `${lines.join('\n')}\n`
}

const LINE_WIDTH = 110

function wrap(detail: string, most: number): string[] {
  const lines = ['']
  for (const word of detail.split(' ')) {
    const line = lines.at(-1) ?? ''
    if (line !== '' && width(line) + 1 + width(word) > most) lines.push(word)
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`
  }
  return lines
}
