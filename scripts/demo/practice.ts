/**
 * The practice platform's life on disk: its dated rosters, its mail logs, and how far it has lived.
 *
 * All of it follows from a seed and the day of the first start, so what is deleted can be made again, the same.
 */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { addDays, type Day, daysBetween, parseAddress } from '../../src/ids.ts'
import { PracticeMailboxes } from '../../src/mailbox/connectors/practice-mailboxes.ts'
import { DOMAIN, LONE_DOMAIN } from './agencies.ts'
import { dayOfLog, type MailServer, type Resident } from './mail-log.ts'
import { FIRST_DAY, makePeople, type Person } from './people.ts'
import { rosterDays, rosterLdif } from './roster.ts'

export type Phase = 'building' | 'filling' | 'ready'

/** What is kept beside the files. */
export type State = {
  start: Day
  seed: number
  /** How many of the province's people there are, 1 for all, and how many days of history. */
  share: number
  days: number
  phase: Phase
  /** The last day that is whole in the logs, and how long each current log was then. */
  livedUntil: Day
  bytes: Record<string, number>
}

export type Practice = {
  folder: string
  state: State
  people: readonly Person[]
  isWorking: (day: number) => boolean
}

/** A log that the platform writes, the server it stands for, and the days on which nothing of it arrived. */
type LogFile = { name: string; domain: string; isSilent: (day: number) => boolean }

/** The disk of the log host was full for a week. */
const GAP = { from: -69, until: -63 }
/** The lone commune's log has not come since. */
const LAST_FROM_LONE = -10

const logs: readonly LogFile[] = [
  { name: 'mail.log', domain: DOMAIN, isSilent: day => day >= GAP.from && day <= GAP.until },
  { name: 'ea-kpam.log', domain: LONE_DOMAIN, isSilent: day => day > LAST_FROM_LONE },
]

const STATE = 'state.json'

export function readState(folder: string): State | null {
  const path = join(folder, STATE)
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as State) : null
}

/** Notes a change, whole or not at all, so that an end in between leaves the state before. */
export function note(practice: Pick<Practice, 'folder' | 'state'>, change: Partial<State>): void {
  const { folder } = practice
  practice.state = { ...practice.state, ...change }
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `${STATE}.new`), `${JSON.stringify(practice.state, null, 2)}\n`)
  renameSync(join(folder, `${STATE}.new`), join(folder, STATE))
}

export function openPractice(folder: string, state: State, isWorkingDay: (day: Day) => boolean): Practice {
  const known = new Map<number, boolean>()
  const isWorking = (day: number) => {
    const found = known.get(day) ?? isWorkingDay(addDays(state.start, day))
    known.set(day, found)
    return found
  }
  return { folder, state, people: makePeople(state.seed, state.share), isWorking }
}

/** Takes away what the platform made itself; what it began with, seed and day, stays. */
export function clearPractice({ folder }: Practice): void {
  for (const each of ['rosters', 'files', 'logs', 'mailboxes'])
    rmSync(join(folder, each), { recursive: true, force: true })
}

/** Days from the first start to a day. */
export function offsetOf({ state }: Practice, day: Day): number {
  return daysBetween(state.start, day)
}

function firstDay({ state }: Practice): number {
  return Math.max(FIRST_DAY, -state.days)
}

/** Writes the rosters due up to a day that are not there yet; answers the days of all of them. */
export function writeRosters(practice: Practice, until: Day): Day[] {
  const { folder, state, people } = practice
  const rosters = join(folder, 'rosters')
  mkdirSync(rosters, { recursive: true })
  return rosterDays(firstDay(practice), offsetOf(practice, until)).map(offset => {
    const day = addDays(state.start, offset)
    const path = join(rosters, `${day}.ldif`)
    if (!existsSync(path)) {
      writeFileSync(`${path}.new`, rosterLdif(people, offset, { start: state.start }))
      renameSync(`${path}.new`, path)
    }
    return day
  })
}

/** A month of the history, as `2026-11`, with its days. */
export type Month = { month: string; days: number[] }

/** The months of the history up to and with a day, the newest first. */
export function monthsUntil(practice: Practice, until: Day): Month[] {
  const months: Month[] = []
  for (let day = offsetOf(practice, until); day > firstDay(practice); day--) {
    const month = addDays(practice.state.start, day).slice(0, 7)
    const last = months.at(-1)
    if (last?.month === month) last.days.unshift(day)
    else months.push({ month, days: [day] })
  }
  return months
}

/** Writes the plain files of the month that goes on, up to and with a day. */
export function writeCurrent(
  practice: Practice,
  residents: readonly Resident[],
  month: Month,
  until: Day,
): void {
  const bytes: Record<string, number> = {}
  mkdirSync(join(practice.folder, 'logs'), { recursive: true })
  const users = new Set<string>()
  for (const log of logs) {
    const content = month.days.map(day => linesOn(practice, { log, residents, users }, { day })).join('')
    writeFileSync(logPath(practice, log.name), content)
    bytes[log.name] = Buffer.byteLength(content)
  }
  setPasswords(practice, users)
  note(practice, { livedUntil: until, bytes })
}

/** Writes a month gone by, packed as logrotate leaves it; answers the files. `rest` is waited for after each day. */
export async function writeRotated(
  practice: Practice,
  residents: readonly Resident[],
  { month, days }: Month,
  rest: () => Promise<void>,
): Promise<string[]> {
  const paths: string[] = []
  const users = new Set<string>()
  for (const log of logs) {
    const parts: string[] = []
    for (const day of days) {
      parts.push(linesOn(practice, { log, residents, users }, { day }))
      await rest()
    }
    const content = parts.join('')
    if (content !== '') paths.push(pack(practice, log.name, month, Buffer.from(content)))
  }
  for (const path of paths) age(path, { month, days })
  setPasswords(practice, users)
  return paths
}

/** A day's lines; who used their mailbox is added to `users`. */
function linesOn(
  practice: Practice,
  { log, residents, users }: Writing,
  when: { day: number; until?: number },
): string {
  if (log.isSilent(when.day)) return ''
  const { state, isWorking } = practice
  const server: MailServer = { seed: state.seed, start: state.start, domain: log.domain, isWorking }
  const own = residents.filter(({ address }) => address.endsWith(`@${log.domain}`))
  const found = dayOfLog(server, own, when)
  for (const user of found.users) users.add(user)
  return found.text
}

type Writing = { log: LogFile; residents: readonly Resident[]; users: Set<string> }

/** No password fits this: whoever wants to sign in for real sets one by a link. */
const PLAYED_PASSWORD = '{CRYPT}!practice'

/** Whoever uses their mailbox for the first time has set a password for it. */
function setPasswords({ folder }: Practice, users: ReadonlySet<string>): void {
  const mailboxes = new PracticeMailboxes(join(folder, 'mailboxes'))
  try {
    mailboxes.write(() => {
      for (const user of users) {
        const address = parseAddress(user)
        if (address && mailboxes.mailbox(address)?.password === null)
          mailboxes.setPassword(address, PLAYED_PASSWORD, 'play')
      }
    })
  } finally {
    mailboxes.close()
  }
}

/** The addresses whose owners have set a password by hand. */
export function ownAddresses({ folder }: Practice): Set<string> {
  const mailboxes = new PracticeMailboxes(join(folder, 'mailboxes'))
  try {
    const found = new Set<string>()
    for (let page = mailboxes.mailboxesAfter('', PAGE); page.length > 0; ) {
      for (const { address, setBy } of page) if (setBy === 'hand') found.add(address)
      page = mailboxes.mailboxesAfter(page.at(-1)?.address ?? '', PAGE)
    }
    return found
  } finally {
    mailboxes.close()
  }
}

const PAGE = 1000

function logPath({ folder }: Practice, name: string): string {
  return join(folder, 'logs', name)
}

/** As logrotate does with `compress` and `dateext`: named and dated by the day after the month. */
function pack(practice: Practice, name: string, month: string, content: Buffer): string {
  const [year = 0, number = 0] = month.split('-').map(Number)
  const next = new Date(Date.UTC(year, number, 1)).toISOString().slice(0, 10)
  const path = logPath(practice, `${name}-${next.replaceAll('-', '')}.gz`)
  writeFileSync(path, gzipSync(content))
  return path
}

/** A file of the history looks as old as it is; one that is rotated now is found by whoever follows the log. */
function age(path: string, { month }: Month): void {
  const [year = 0, number = 0] = month.split('-').map(Number)
  const rotatedAt = new Date(Date.UTC(year, number, 1) - 7 * 3_600_000)
  utimesSync(path, rotatedAt, rotatedAt)
}

/**
 * Lives on up to and with a day: appends each missing day to the logs, rotating them when a month begins. What an ended
 * process left of a day is cut off first. Answers the days lived; `rest` is waited for after each.
 */
export async function liveOn(
  practice: Practice,
  residents: readonly Resident[],
  { until, rest }: { until: Day; rest: () => Promise<void> },
): Promise<Day[]> {
  const lived: Day[] = []
  for (let day = addDays(practice.state.livedUntil, 1); day <= until; day = addDays(day, 1)) {
    const users = new Set<string>()
    const bytes = Object.fromEntries(
      logs.map(log => [log.name, liveDay(practice, { log, residents, users }, day)]),
    )
    setPasswords(practice, users)
    note(practice, { livedUntil: day, bytes })
    lived.push(day)
    await rest()
  }
  return lived
}

/** Appends a whole day to a log and answers how long it is then. */
function liveDay(practice: Practice, writing: Writing, day: Day): number {
  const { log } = writing
  const path = logPath(practice, log.name)
  cutToWhole(practice, log)
  if (day.endsWith('-01') && statSync(path).size > 0) {
    pack(practice, log.name, addDays(day, -1).slice(0, 7), readFileSync(path))
    rmSync(path)
  }
  appendFileSync(path, linesOn(practice, writing, { day: offsetOf(practice, day) }))
  return statSync(path).size
}

/** So long is the night of which the first lines stand in the log when a day begins. */
const NIGHT_MS = 30 * 60_000

/**
 * Writes the first lines of the day after the last whole one, where they are not there yet: they prove that the log was
 * read past midnight.
 */
export function beginDay(practice: Practice, residents: readonly Resident[]): void {
  const day = offsetOf(practice, practice.state.livedUntil) + 1
  const users = new Set<string>()
  for (const log of logs) {
    if (sizeOf(practice, log) > (practice.state.bytes[log.name] ?? 0)) continue
    cutToWhole(practice, log)
    appendFileSync(
      logPath(practice, log.name),
      linesOn(practice, { log, residents, users }, { day, until: NIGHT_MS }),
    )
  }
}

function cutToWhole(practice: Practice, { name }: LogFile): void {
  const path = logPath(practice, name)
  mkdirSync(join(practice.folder, 'logs'), { recursive: true })
  appendFileSync(path, '')
  const whole = practice.state.bytes[name] ?? 0
  if (statSync(path).size > whole) truncateSync(path, whole)
}

function sizeOf(practice: Practice, { name }: LogFile): number {
  const path = logPath(practice, name)
  return existsSync(path) ? statSync(path).size : 0
}
