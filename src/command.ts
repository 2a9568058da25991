/**
 * What a command of the command line is, and how its answer is written.
 *
 * With `--json` exactly one JSON object goes to standard output; lists that come as async iterables of pages are streamed
 * into it. Without it the text goes there. Progress and logs always go to standard error.
 */
import type { ParseArgsConfig } from 'node:util'
import type { Logger } from 'pino'
import type { Config } from './config.ts'
import type { Database, Db } from './database/database.ts'
import { AppError } from './error.ts'
import { type Day, parseDay } from './ids.ts'

/** What a command is given that needs no database. */
export type ConfigContext = {
  config: Config
  log: Logger
  now: () => Date
  signal: AbortSignal
  /** Replaces the progress line on a terminal; silent elsewhere. */
  progress: (line: string) => void
  /** The database of the service that runs a handed-over command: it cannot be opened a second time. */
  shared?: Database
}

/** What every other command is given: an open database, brought up to date unless the command does that itself. */
export type CommandContext = ConfigContext & {
  database: Database
  /** Who holds these official addresses now: what the mailbox subject knows, handed in by the composition. */
  addressHolders?: (db: Db, addresses: readonly string[]) => Promise<{ address: string; person: number }[]>
}

export type Answer = {
  /** The JSON object; a value that is an async iterable of pages is written as one list. */
  json: Record<string, unknown>
  /** What a person reads, with line breaks; a function so that it is made only when it is shown. */
  text: () => string | AsyncIterable<string>
  /** 0 done · 3 refused · 4 done, but some rows or changes failed. */
  exit: number
}

export type Values = Record<string, string | boolean | (string | boolean)[] | undefined>

export type Command = Described &
  (
    | { needs: 'config'; run(context: ConfigContext, values: Values, words: string[]): Promise<Answer> }
    | {
        needs: 'database' | 'bareDatabase'
        run(context: CommandContext, values: Values, words: string[]): Promise<Answer>
      }
  )

type Described = {
  /** One or two words: `check`, `roster sync`. */
  name: string
  /** What follows the name, for the help. */
  usage: string
  /** One line for the help, by language. */
  summary: { vi: string; en: string }
  options: NonNullable<ParseArgsConfig['options']>
  /** Least and most words after the name. */
  words: [number, number]
}

export function textOption(values: Values, name: string): string | null {
  const value = values[name]
  return typeof value === 'string' ? value : null
}

export function dayOption(values: Values, name: string): Day | null {
  const text = textOption(values, name)
  if (text === null) return null
  const day = parseDay(text)
  if (!day) throw new AppError('usage', `--${name}: a day such as 2026-11-20 is expected, not ${text}`)
  return day
}

export function numberOption(values: Values, name: string, fallback: number): number {
  const text = textOption(values, name)
  if (text === null) return fallback
  const number = Number(text)
  if (!Number.isInteger(number) || number < 1)
    throw new AppError('usage', `--${name}: a whole number from 1 is expected, not ${text}`)
  return number
}

export function idWord(word: string | undefined, what: string): number | null {
  if (word === undefined) return null
  const id = Number(word)
  if (!Number.isInteger(id) || id < 1)
    throw new AppError('usage', `${what}: a number is expected, not ${word}`)
  return id
}

type Write = (text: string) => Promise<void>

/** Writes an object, streaming its lists, and a line break. */
export async function writeJson(object: Record<string, unknown>, write: Write): Promise<void> {
  let separator = '{'
  for (const [key, value] of Object.entries(object)) {
    if (value === undefined) continue
    await write(`${separator}${JSON.stringify(key)}:`)
    separator = ','
    if (isPages(value)) await writePages(value, write)
    else await write(JSON.stringify(value))
  }
  await write(separator === '{' ? '{}\n' : '}\n')
}

async function writePages(pages: AsyncIterable<unknown[]>, write: Write): Promise<void> {
  let separator = '['
  for await (const page of pages) {
    for (const row of page) {
      await write(separator + JSON.stringify(row))
      separator = ','
    }
  }
  await write(separator === '[' ? '[]' : ']')
}

function isPages(value: unknown): value is AsyncIterable<unknown[]> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}

export type Column = { title: string; right?: boolean }

/** An aligned table: columns two blanks apart, numbers to the right, width counted in characters as shown. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map(({ title }, i) =>
    Math.max(width(title), ...rows.map(row => width(row[i] ?? ''))),
  )
  const line = (cells: readonly string[]) =>
    columns
      .map(({ right }, i) => pad(cells[i] ?? '', widths[i] ?? 0, right ?? false))
      .join('  ')
      .trimEnd()
  const heading = line(columns.map(({ title }) => title))
  return [heading, widths.map(each => '─'.repeat(each)).join('  '), ...rows.map(line)].join('\n')
}

function pad(text: string, to: number, right: boolean): string {
  const blanks = ' '.repeat(Math.max(0, to - width(text)))
  return right ? blanks + text : text + blanks
}

/** Characters as shown: Vietnamese is NFC here, so combining marks are the exception. */
export function width(text: string): number {
  return [...text.normalize('NFC').replace(/\p{Mn}/gu, '')].length
}
