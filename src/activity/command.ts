/** `activity ingest`, `activity parse` and `activity sweep`. */
import {
  type Answer,
  type Command,
  type CommandContext,
  type ConfigContext,
  numberOption,
  table,
  textOption,
  type Values,
} from '../command.ts'
import { type Config, type ImapSourceConfig, type LogSourceConfig, userPath } from '../config.ts'
import { AppError } from '../error.ts'
import { emptyCounts, type IngestCounts, type IngestSettings } from './batch.ts'
import { type Format, formats, parseLine } from './formats/index.ts'
import { Ingestion } from './ingest.ts'
import { foldClient, foldName, type ParsedLine, redact } from './line.ts'
import { openLogFile, splitLines } from './lines.ts'
import { words } from './messages.ts'
import { sourceId } from './store.ts'

export const activityCommands: Command[] = [
  {
    name: 'activity ingest',
    usage: 'FILE… [--source NAME]',
    summary: {
      vi: 'Đọc tệp nhật ký máy chủ thư, kể cả .gz, theo thứ tự bất kỳ',
      en: 'Reads log files, plain or gz, in any order',
    },
    options: { source: { type: 'string' } },
    needs: 'database',
    words: [1, Number.POSITIVE_INFINITY],
    run: ingest,
  },
  {
    name: 'activity parse',
    usage: 'FILE [--format NAME] [--limit N]',
    summary: {
      vi: 'Cho thấy mỗi dòng được hiểu thế nào; không ghi gì',
      en: 'Shows how each line is read; nothing is stored',
    },
    options: { format: { type: 'string' }, limit: { type: 'string' } },
    needs: 'config',
    words: [1, 1],
    run: parse,
  },
  {
    name: 'activity sweep',
    usage: '',
    summary: { vi: 'Một vòng IMAP qua các hộp thư', en: 'One IMAP round over the mailboxes' },
    options: {},
    needs: 'database',
    words: [0, 0],
    run: sweep,
  },
]

/** What ingestion needs to know, for one log source. */
export async function ingestSettings(
  { config, database, now }: CommandContext,
  name: string,
): Promise<IngestSettings> {
  const source = logSources(config).find(each => each.name === name)
  const domains = new Set(config.mailbox.naming.map(rule => rule.domain.toLowerCase()))
  const [domain] = domains
  return {
    source: await sourceId(database.db, name, 'log'),
    timeZone: source?.timeZone ?? config.timeZone,
    dayZone: config.timeZone,
    excludedNames: new Set(config.activity.exclude.addresses.map(foldName)),
    excludedClients: new Set(config.activity.exclude.clients.map(client => foldClient(client) ?? client)),
    masters: new Set(imapSources(config).map(each => foldName(each.masterUser))),
    domain: domains.size === 1 && domain !== undefined ? domain : null,
    now: () => now().getTime(),
  }
}

export function logSources(config: Config): LogSourceConfig[] {
  return config.activity.sources.filter(each => each.kind === 'log')
}

export function imapSources(config: Config): ImapSourceConfig[] {
  return config.activity.sources.filter(each => each.kind === 'imap')
}

/** Reads files one after the other into a source; what was read before counts once. */
export async function ingestFiles(
  context: CommandContext,
  name: string,
  paths: readonly string[],
): Promise<IngestCounts & { seconds: number }> {
  const { database, config, signal, now, progress } = context
  const started = now().getTime()
  const settings = await ingestSettings(context, name)
  const total = emptyCounts()
  for (const path of paths) {
    const ingestion = new Ingestion(database.db, settings)
    try {
      const { chunks, writtenAt } = openLogFile(userPath(path), signal)
      ingestion.begin(writtenAt)
      for await (const lines of splitLines(chunks, 0, config.activity.maxLineBytes)) {
        await ingestion.take(lines)
        progress(`${path}: ${ingestion.counts.lines.toLocaleString(config.locale)}`)
      }
    } finally {
      // what was taken before a file broke off is kept
      if (!signal.aborted) await ingestion.end()
      for (const key of Object.keys(total) as (keyof IngestCounts)[]) total[key] += ingestion.counts[key]
    }
  }
  return { ...total, seconds: (now().getTime() - started) / 1000 }
}

async function ingest(context: CommandContext, values: Values, paths: string[]): Promise<Answer> {
  const { locale } = context.config
  const result = await ingestFiles(
    context,
    textOption(values, 'source') ?? defaultSource(context.config),
    paths,
  )
  return { json: { ...result }, text: () => ingestText(locale, result), exit: 0 }
}

/** The one configured log source; `files` where none is configured. */
function defaultSource(config: Config): string {
  const [source, ...others] = logSources(config)
  if (others.length > 0) {
    const names = logSources(config).map(each => each.name)
    throw new AppError(
      'usage',
      `--source: several log sources are configured, name one of ${names.join(', ')}`,
    )
  }
  return source?.name ?? 'files'
}

function ingestText(locale: Config['locale'], result: IngestCounts & { seconds: number }): string {
  const say = words[locale]
  const number = (count: number) => count.toLocaleString(locale)
  const kinds = ['signals', 'supporting', 'ignored', 'unattributed', 'excluded', 'repeated'] as const
  const rows = kinds
    .filter(kind => result[kind] > 0)
    .map(kind => `  ${number(result[kind]).padStart(12)}  ${say[kind]}`)
  const head = `${say.read} ${number(result.lines)} ${say.lines} (${number(result.seconds)} ${say.seconds})`
  return `${[head, ...rows, `  ${number(result.personDays).padStart(12)}  ${say.personDays}`, say.next].join('\n')}\n`
}

// parse -------------------------------------------------------------------------------------------------------------

const DEFAULT_LIMIT = 1000

async function parse(
  { config, signal, now }: ConfigContext,
  values: Values,
  [path = '']: string[],
): Promise<Answer> {
  const limit = numberOption(values, 'limit', DEFAULT_LIMIT)
  const format = formatOption(values)
  const pages = () => parsedLines({ path, limit, format, config, signal, now: now().getTime() })
  return {
    json: { format: format ?? 'auto', lines: pages() },
    text: () => parseText(config, pages()),
    exit: 0,
  }
}

function formatOption(values: Values): Format | null {
  const name = textOption(values, 'format')
  if (name === null) return null
  const format = formats.find(each => each === name)
  if (!format) throw new AppError('usage', `--format: one of ${formats.join(', ')} is expected, not ${name}`)
  return format
}

type Shown = { line: string } & Omit<ParsedLine, 'at'> & { at?: string }
type ParseOptions = {
  path: string
  limit: number
  format: Format | null
  config: Config
  signal: AbortSignal
  now: number
}

async function* parsedLines({
  path,
  limit,
  format,
  config,
  signal,
  now,
}: ParseOptions): AsyncGenerator<Shown[]> {
  const { chunks, writtenAt } = openLogFile(userPath(path), signal)
  const { timeZone } = logSources(config)[0] ?? config
  let reference = writtenAt
  let left = limit
  for await (const lines of splitLines(chunks, 0, config.activity.maxLineBytes)) {
    const page = lines.slice(0, left).map(({ text, tooLong }): Shown => {
      const parsed: ParsedLine = tooLong
        ? { kind: 'ignored', reason: 'line too long', at: null }
        : parseLine(text, {
            timeZone: timeZone ?? config.timeZone,
            reference,
            now,
            ...(format ? { format } : {}),
          })
      if (parsed.at !== null && parsed.reason !== 'in the future') reference = parsed.at
      return shown(text, parsed)
    })
    yield page
    left -= page.length
    if (left <= 0) return
  }
}

/** Longer lines are shown by their beginning. */
const SHOWN_CHARACTERS = 2000

function shown(text: string, { at, kind, ...fields }: ParsedLine): Shown {
  const line = redact(text).slice(0, SHOWN_CHARACTERS)
  return { line, kind, ...(at === null ? {} : { at: new Date(at).toISOString() }), ...fields }
}

async function* parseText(
  { locale, timeZone }: Config,
  pages: AsyncIterable<Shown[]>,
): AsyncGenerator<string> {
  const say = words[locale]
  const columns = [say.kind, say.at, say.user, say.detail, say.reason].map(title => ({ title }))
  for await (const page of pages) {
    const rows = page.map(({ kind, at, user, reason, queueId, session, client, to, from }) => [
      kind,
      at ? new Date(at).toLocaleString(locale === 'vi' ? 'vi-VN' : 'en-GB', { timeZone }) : '–',
      user ?? '',
      [queueId, session, client, from, to].filter(Boolean).join(' '),
      reason ?? '',
    ])
    yield `${table(columns, rows)}\n`
  }
}

// sweep -------------------------------------------------------------------------------------------------------------

async function sweep(context: CommandContext): Promise<Answer> {
  const { config } = context
  const [source] = imapSources(config)
  if (!source)
    throw new AppError('usage', 'activity.sources: no source of kind imap is configured; the sweep is off')
  const result = await runSweep(context, source)
  const say = words[config.locale]
  const number = (count: number) => count.toLocaleString(config.locale)
  const text = `${number(result.mailboxes)} ${say.mailboxes}: ${number(result.reached)} ${say.reached} · ${number(result.unreachable)} ${say.unreachable} (${number(result.seconds)} ${say.seconds})\n`
  return { json: { ...result }, text: () => text, exit: result.unreachable > 0 ? 4 : 0 }
}

export async function runSweep(
  { config, database, now, signal, progress }: CommandContext,
  source: ImapSourceConfig,
) {
  const report = (done: number, total: number) => progress(`${done}/${total}`)
  const { sweep: sweepMailboxes } = await import('./sweep.ts')
  return sweepMailboxes({ db: database.db, config, source, now }, { signal, progress: report })
}
