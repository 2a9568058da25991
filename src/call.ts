/**
 * A command from its words to its exit status: read, run, shown. The process calls it for its own words, and a service
 * that holds an embedded database for those handed to it.
 */
import { parseArgs } from 'node:util'
import { pino } from 'pino'
import { commands, runCommand, runConfigCommand } from './app.ts'
import { type Answer, type Command, type ConfigContext, type Values, writeJson } from './command.ts'
import { type Config, loadConfig, userFolder, userPath } from './config.ts'
import { type Database, embeddedFolder, openDatabase } from './database/database.ts'
import { handOver, type Output } from './database/handover.ts'
import { migrate, requireMigrated } from './database/migrate.ts'
import { AppError, toAppError } from './error.ts'
import { headline } from './error-messages.ts'

const COMMON = {
  config: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const
const DEFAULT_CONFIG = `${import.meta.dirname}/../config/demo.json`

/** Keys whose values never reach a log, at whatever depth we log them. */
const REDACTED = [
  'password',
  'secret',
  'token',
  'connectionString',
  '*.password',
  '*.secret',
  '*.token',
  '*.connectionString',
  '*.*.password',
]

type Read = { command: Command; values: Values; words: string[] }

/** Where a command writes, and what ends it early. */
export type Surroundings = Output & {
  /** Replaces the progress line; silent where there is no terminal. */
  progress(line: string): void
  /** Takes the progress line away before the answer. */
  clear(): void
  signal: AbortSignal
  /** An open database to use instead of the configured one: that of the service a command was handed to. */
  database?: Database
}

/** Runs what the words say and answers the exit status; errors are written, not thrown. */
export async function runWords(args: readonly string[], around: Surroundings): Promise<number> {
  const json = args.includes('--json')
  try {
    const read = await readCall(args, around)
    return read === null ? 0 : await runRead(read, args, around)
  } catch (thrown) {
    const error = toAppError(thrown)
    around.clear()
    if (json) {
      const { code, message, details } = error
      await writeJson({ error: { code, message, details } }, around.out)
    } else around.err(`hopthu: ${headline(error.code)}\n        ${error.message}\n`)
    if (error.code === 'internal' && !json) around.err(`${stackOf(error)}\n`)
    return error.exitStatus
  }
}

function stackOf(error: AppError): string {
  return error.cause instanceof Error ? (error.cause.stack ?? '') : (error.stack ?? '')
}

/** The command meant and its options; null when help was shown. Throws `usage`. */
async function readCall(args: readonly string[], around: Surroundings): Promise<Read | null> {
  const known = commands()
  const words = args.filter((arg, i) => !arg.startsWith('-') && !isValueOf(args[i - 1]))
  const command =
    known.find(each => each.name === words.slice(0, 2).join(' ')) ??
    known.find(each => each.name === words[0])
  if (args.includes('--help') || args.includes('-h') || args.length === 0) {
    await around.out(help(known, command))
    return null
  }
  if (!command) {
    const group = known.filter(each => each.name.startsWith(`${words[0]} `)).map(each => each.name)
    const hint =
      group.length > 0 ? `one of ${group.join(', ')} is expected` : 'hopthu --help lists the commands'
    throw new AppError('usage', `unknown command ${words.slice(0, 2).join(' ')}; ${hint}`)
  }
  return { command, ...readOptions(command, args) }
}

/** Whether the argument before takes the next one as its value; only `--config` may stand before the command. */
function isValueOf(before: string | undefined): boolean {
  return before === '--config'
}

function readOptions(command: Command, args: readonly string[]): { values: Values; words: string[] } {
  let parsed: { values: Values; positionals: string[] }
  try {
    parsed = parseArgs({
      args: [...args],
      options: { ...COMMON, ...command.options },
      allowPositionals: true,
    })
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('. ')[0] : String(cause)
    throw new AppError('usage', `${reason}; usage: hopthu ${command.name} ${command.usage}`, { cause })
  }
  const words = parsed.positionals.slice(command.name.split(' ').length)
  const [least, most] = command.words
  if (words.length < least || words.length > most) {
    throw new AppError('usage', `usage: hopthu ${command.name} ${command.usage}`)
  }
  return { values: parsed.values, words }
}

function help(known: readonly Command[], command: Command | undefined): string {
  const shown = command ? [command] : known
  const lines = shown.map(
    each => `  ${`${each.name} ${each.usage}`.trim()}\n      ${each.summary.vi} · ${each.summary.en}`,
  )
  const common = '  --config FILE   --json   --help'
  return `hopthu <command>\n\n${lines.join('\n')}\n\n${common}\n`
}

/** What databases add to an error: the rows of a statement, which are people. */
const ROWS = ['params', 'parameters', 'query', 'where', 'detail', 'internalQuery', 'hint']

/** An error for the log, without what it holds of a statement's rows. */
export function errorForLog(error: Error): Record<string, unknown> {
  const told = pino.stdSerializers.err(error)
  return Object.fromEntries(Object.entries(told).filter(([name]) => !ROWS.includes(name)))
}

async function runRead(
  { command, values, words }: Read,
  args: readonly string[],
  around: Surroundings,
): Promise<number> {
  const path = configPath(values)
  const config = loadConfig(path)
  // the service a command is handed to may have another default; of two the last one counts
  const handed = [...args, '--config', path]
  const log = pino(
    {
      level: command.name === 'serve' ? config.logLevel : 'warn',
      redact: REDACTED,
      serializers: { err: errorForLog },
    },
    pino.destination({ dest: 2, sync: true }),
  )
  const { signal, progress } = around
  const context = { config, log, now: () => new Date(), signal, progress }
  if (
    around.database === undefined &&
    config.database.url.startsWith('pglite:') &&
    command.name === 'check'
  ) {
    const exit = await handedOver(config, handed, around)
    if (exit !== null) return exit
  }
  if (command.needs === 'config')
    return show(
      await runConfigCommand(command, withShared(context, around), { values, words }),
      values,
      around,
    )
  if (around.database)
    return runShared(command, { ...context, database: around.database }, { values, words }, around)
  return runAlone(command, context, { values, words, args: handed }, around)
}

function configPath(values: Values): string {
  const path = typeof values.config === 'string' ? values.config : process.env.HOPTHU_CONFIG
  return userPath(path ?? DEFAULT_CONFIG)
}

type Served = Exclude<Command, { needs: 'config' }>
type Given = { values: Values; words: string[] }

function withShared(context: ConfigContext, { database }: Surroundings): ConfigContext {
  return database === undefined ? context : { ...context, shared: database }
}

/** On a database of our own; one that a service holds is worked on by that service. */
async function runAlone(
  command: Served,
  context: ConfigContext,
  given: Given & { args: readonly string[] },
  around: Surroundings,
): Promise<number> {
  const { config } = context
  let database: Database
  try {
    database = await openDatabase(config.database)
  } catch (thrown) {
    const locked = thrown instanceof AppError && thrown.code === 'database_locked'
    const handed =
      locked && !NEVER_HANDED.includes(command.name) ? await handedOver(config, given.args, around) : null
    if (handed !== null) return handed
    throw thrown
  }
  try {
    if (command.needs === 'database') {
      // the embedded database is nobody's but ours; a server's is brought up by its administrator
      if (database.kind === 'pglite') await migrate(database)
      else await requireMigrated(database)
    }
    return await show(await runCommand(command, { ...context, database }, given), given.values, around)
  } finally {
    around.clear()
    await database.close()
  }
}

/** These want the database for themselves. */
const NEVER_HANDED: readonly string[] = ['serve', 'restore']

async function handedOver(
  config: Config,
  args: readonly string[],
  around: Surroundings,
): Promise<number | null> {
  const folder = embeddedFolder(config.database)
  if (folder === null) return null
  return handOver(folder, { args, folder: userPath('.') }, around, around.signal)
}

async function runShared(
  command: Served,
  context: ConfigContext & { database: Database },
  given: Given,
  around: Surroundings,
): Promise<number> {
  if (NEVER_HANDED.includes(command.name))
    throw new AppError('database_locked', 'the running service uses this database; stop it first')
  return show(await runCommand(command, context, given), given.values, around)
}

/** Runs words that another process handed over, as if its user stood here, on the database of this one. */
export function runHanded(
  call: { args: readonly string[]; folder: string },
  around: Omit<Surroundings, 'database'>,
  database: Database,
): Promise<number> {
  return userFolder.run(call.folder, () => runWords(call.args, { ...around, database }))
}

async function show(answer: Answer, values: Values, around: Surroundings): Promise<number> {
  around.clear()
  if (values.json === true) {
    await writeJson(answer.json, around.out)
    return answer.exit
  }
  const text = answer.text()
  if (typeof text === 'string') await around.out(text)
  else for await (const part of text) await around.out(part)
  return answer.exit
}
