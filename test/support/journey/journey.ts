/** What the steps of the journey share: the servers, the days, what was done so far. */
import type { Test } from 'tap'
import { type Servers, startAll } from '../servers/index.ts'
import type { Done } from './activity.ts'
import { type Calendar, calendarOf } from './calendar.ts'
import { directoryLdif, SUFFIX } from './directory.ts'
import { hopthu, type Ran, writeConfig } from './hopthu.ts'
import type { Logs } from './logs.ts'
import { addressOf, DOMAIN, type Person } from './people.ts'
import { createVietnamese } from './tables.ts'

export type Journey = {
  servers: Servers
  calendar: Calendar
  /** Address of the product's database, and the path of its configuration. */
  database: string
  config: string
  done: Done[]
  logs: Logs | null
}

export async function setOut(t: Test): Promise<Journey> {
  const calendar = calendarOf(Date.now())
  const servers = await startAll({
    domains: [DOMAIN],
    slapd: { suffix: SUFFIX, ldif: directoryLdif(calendar) },
    dovecot: { loginLogFormat: 'separated' },
  })
  t.teardown(() => servers.stop())
  const database = await createVietnamese(servers.postgres.url, 'hopthu')
  const config = writeConfig(servers, calendar, 'hopthu', { database })
  return { servers, calendar, database, config, done: [], logs: null }
}

/** Runs a command at noon of a day, or now. */
export function command<T>({ config, calendar }: Journey, args: string, ago?: number): Promise<Ran<T>> {
  return hopthu<T>(args.split(' '), { config, calendar, ...(ago === undefined ? {} : { ago }) })
}

// answers, as the contract has them ---------------------------------------------------------------------------------

export type Failed = { error: { code: string; message: string } }
export type SyncAnswer = {
  run: number
  read: number
  rejected: number
  complete: boolean
  agencies: Record<string, number>
  people: Record<string, number>
  guard: { ok: boolean; reasons: string[] }
}
export type PlanAnswer = {
  plan: number | null
  changes: Record<string, number>
  refused: { person: string; reason: string }[]
  guard: { ok: boolean; reasons: string[] }
}
export type ApplyAnswer = { done: number; already: number; failed: number; failures: unknown[] }
export type ListAnswer = {
  mailboxes: {
    address: string
    person: string
    agency: string
    state: string
    aliases: string[]
    firstLogin: string | null
    lastLogin: string | null
    lastSend: string | null
  }[]
}
export type SweepAnswer = { mailboxes: number; reached: number; unreachable: number }
export type IngestAnswer = {
  lines: number
  signals: number
  supporting: number
  ignored: number
  unattributed: number
  excluded: number
  repeated: number
  personDays: number
}

/** With entries that are rejected a read ends with 4: done, but not all. */
export const SOME_REJECTED = 4

// the platform's own side -------------------------------------------------------------------------------------------

export async function mustCli({ postfixAdmin }: Servers, args: string[]): Promise<string> {
  const ran = await postfixAdmin.cli(args)
  if (ran.status !== 0) throw new Error(`postfixadmin-cli ${args.join(' ')}: ${ran.stderr}${ran.stdout}`)
  return ran.stdout
}

/** Messages in a person's inbox, as Dovecot counts them. */
export async function messagesOf({ dovecot }: Servers, person: Person): Promise<number> {
  const { stdout } = await dovecot.doveadm([
    'mailbox',
    'status',
    '-u',
    addressOf(person),
    'messages',
    'INBOX',
  ])
  return Number(/messages=(\d+)/.exec(stdout)?.[1])
}
