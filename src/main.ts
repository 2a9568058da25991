/** The process: `hopthu <command>`; its words, its signals, its exit status. */
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { pino } from 'pino'
import { commands, runCommand, runConfigCommand } from './app.ts'
import { type Answer, type Command, type ConfigContext, type Values, writeJson } from './command.ts'
import { type Config, loadConfig, userPath } from './config.ts'
import { type Database, openDatabase } from './database/database.ts'
import { migrate, requireMigrated } from './database/migrate.ts'
import { AppError, toAppError } from './error.ts'
import { headline } from './error-messages.ts'

// Young objects are given little room before they are cleared away: a third less memory in the long commands, for some
// per cent of time. It takes effect as long as little was allocated.
setFlagsFromString('--max-semi-space-size=4')
setFlagsFromString('--semi-space-growth-factor=1')

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

type Call = { command: Command; values: Values; words: string[] }

async function main(args: string[]): Promise<number> {
  const json = args.includes('--json')
  try {
    const call = readCall(args)
    return call ? await runCall(call) : 0
  } catch (thrown) {
    const error = toAppError(thrown)
    if (json)
      await writeJson({ error: { code: error.code, message: error.message, details: error.details } }, write)
    else process.stderr.write(`hopthu: ${headline(error.code)}\n        ${error.message}\n`)
    if (error.code === 'internal' && !json) process.stderr.write(`${stackOf(error)}\n`)
    return error.exitStatus
  }
}

function stackOf(error: AppError): string {
  return error.cause instanceof Error ? (error.cause.stack ?? '') : (error.stack ?? '')
}

/** The command meant and its options; null when help was shown. Throws `usage`. */
function readCall(args: string[]): Call | null {
  const known = commands()
  const words = args.filter((arg, i) => !arg.startsWith('-') && !isValueOf(args[i - 1]))
  const command =
    known.find(each => each.name === words.slice(0, 2).join(' ')) ??
    known.find(each => each.name === words[0])
  if (args.includes('--help') || args.includes('-h') || args.length === 0) {
    process.stdout.write(help(known, command))
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

function readOptions(command: Command, args: string[]): { values: Values; words: string[] } {
  let parsed: { values: Values; positionals: string[] }
  try {
    parsed = parseArgs({ args, options: { ...COMMON, ...command.options }, allowPositionals: true })
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

async function runCall({ command, values, words }: Call): Promise<number> {
  const path = typeof values.config === 'string' ? userPath(values.config) : process.env.HOPTHU_CONFIG
  const config = loadConfig(path === undefined ? DEFAULT_CONFIG : userPath(path))
  const log = pino(
    { level: command.name === 'serve' ? config.logLevel : 'warn', redact: REDACTED },
    pino.destination({ dest: 2, sync: true }),
  )
  const context = { config, log, now: () => new Date(), signal: endSignal(), progress }
  if (command.needs === 'config')
    return show(await runConfigCommand(command, context, { values, words }), values)
  const database = await openDatabase(config.database)
  try {
    return await runWithDatabase(command, { ...context, database }, values, words)
  } finally {
    clearProgress()
    await database.close()
  }
}

async function runWithDatabase(
  command: Extract<Command, { needs: 'database' | 'bareDatabase' }>,
  context: ConfigContext & { database: Database; config: Config },
  values: Values,
  words: string[],
): Promise<number> {
  if (command.needs === 'database') {
    // the embedded database is nobody's but ours; a server's is brought up by its administrator
    if (context.database.kind === 'pglite') await migrate(context.database)
    else await requireMigrated(context.database)
  }
  return show(await runCommand(command, context, { values, words }), values)
}

async function show(answer: Answer, values: Values): Promise<number> {
  clearProgress()
  if (values.json === true) {
    await writeJson(answer.json, write)
    return answer.exit
  }
  const text = answer.text()
  if (typeof text === 'string') await write(text)
  else for await (const part of text) await write(part)
  return answer.exit
}

/** Writes and waits where the reader is slower than we are. */
async function write(text: string): Promise<void> {
  if (process.stdout.write(text)) return
  await new Promise(resolve => process.stdout.once('drain', resolve))
}

let shownProgress = 0
const PROGRESS_EVERY_MS = 100

function progress(line: string): void {
  if (!process.stderr.isTTY || Date.now() - shownProgress < PROGRESS_EVERY_MS) return
  shownProgress = Date.now()
  process.stderr.write(`\r\x1b[K${line}`)
}

function clearProgress(): void {
  if (shownProgress > 0) process.stderr.write('\r\x1b[K')
  shownProgress = 0
}

/** Aborts at the first SIGINT or SIGTERM, so that what is begun is left in order; the second one ends at once. */
function endSignal(): AbortSignal {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(130)
      controller.abort(
        new AppError(
          'cancelled',
          'stopped by a signal; what was done so far is recorded, run again to go on',
        ),
      )
    })
  }
  return controller.signal
}

// a reader that closed the pipe, such as `head`, wants no more
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

process.exitCode = await main(process.argv.slice(2))
