/** The logs of five weeks: real lines, copied to the days on which the habits say so, rotated as logrotate does. */
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { type Calendar, hanoiDay, LOG_DAYS, seeded } from './calendar.ts'
import { type Act, deedsOf, LOST_DAY, timesOf } from './habits.ts'
import { canUse, historyOf } from './history.ts'
import { EXCLUDED, SOURCES, type SourceName } from './hopthu.ts'
import { isOfCommune, type Person, people } from './people.ts'
import type { Take, TakenLine, Takes } from './takes.ts'

/** What somebody did on a day: the known truth. */
export type Deed = { person: Person; act: Act; ago: number; night: boolean }

/** Every act of every person by habit, on the days on which there was a mailbox to do it with. */
export function deedsIn(calendar: Calendar): Deed[] {
  return Array.from({ length: LOG_DAYS }, (_, i) => LOG_DAYS - i).flatMap(ago =>
    people.flatMap(person =>
      deedsOf(person.habit)
        .filter(({ on }) => on(ago, calendar) && canUse(person, ago))
        .flatMap(({ act, night }) =>
          Array.from({ length: timesOf(act, ago) }, () => ({ person, act, ago, night: night ?? false })),
        ),
    ),
  )
}

/** Whose server a person's mailbox is counted on: by the first agency of the first post. */
export function imapSource(person: Person): SourceName {
  const [post] = historyOf(person).posts
  return isOfCommune(post?.agencies[0] ?? '') ? SOURCES.communes : SOURCES.departments
}

export type LogLine = { source: SourceName; at: number; text: string }
/** `at` is the instant of its last line. */
export type LogFile = { source: SourceName; path: string; lines: number; at: number }
export type Logs = {
  files: LogFile[]
  /** The communes' log of one day, which nobody has at first. */
  lost: LogFile
  lines: readonly LogLine[]
}

/** Logs are rotated at 06:25: on these days, the second in the middle of a letter. */
const ROTATIONS = [20, 8] as const
const ROTATED_AT = 6 * 3600 + 25 * 60

export function writeLogs(folder: string, calendar: Calendar, takes: Takes): Logs {
  const all = new Copier(calendar, takes).copyAll()
  all.sort((a, b) => a.at - b.at)
  swapSome(all)
  const isLost = (line: LogLine) =>
    line.source === SOURCES.communes && hanoiDay(line.at) === calendar.day(LOST_DAY)
  const kept = all.filter(line => !isLost(line))
  mkdirSync(join(folder, 'logs'), { recursive: true })
  const files = Object.values(SOURCES).flatMap(source => {
    const own = kept.filter(line => line.source === source)
    const [first, second] = ROTATIONS.map(ago => calendar.instant(ago, ROTATED_AT))
    const age = ({ at }: LogLine) => (at < (first ?? 0) ? 2 : at < (second ?? 0) ? 1 : 0)
    return ['.log', '.log.1', '.log.2.gz'].map((ending, i) => {
      const path = join(folder, 'logs', `${source}${ending}`)
      return writeLog(
        path,
        source,
        own.filter(line => age(line) === i),
      )
    })
  })
  const lost = writeLog(join(folder, 'logs', 'found-later.log'), SOURCES.communes, all.filter(isLost))
  return { files, lost, lines: kept }
}

/** Written when its last line was, as a log is. */
export function writeLog(path: string, source: SourceName, lines: readonly LogLine[]): LogFile {
  const text = lines.map(line => `${line.text}\n`).join('')
  writeFileSync(path, path.endsWith('.gz') ? gzipSync(text) : text)
  const last = lines.reduce((newest, { at }) => Math.max(newest, at), 0)
  utimesSync(path, last / 1000 + 1, last / 1000 + 1)
  return { source, path, lines: lines.length, at: last }
}

const random = seeded(20_181_029)

/** Lines written by two processes change places now and then. */
function swapSome(lines: LogLine[]): void {
  for (let i = 0; i + 1 < lines.length; i++) {
    const [a, b] = [lines[i], lines[i + 1]]
    if (!a || !b || b.at - a.at > 1000 || random() > 0.02) continue
    lines[i] = b
    lines[i + 1] = a
    i++
  }
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** The time of this process's zone, as both servers write it; syslog has a blank for the nought of a day. */
function stamp(at: number, log: TakenLine['log']): string {
  const time = new Date(at)
  const two = (value: number, filler = '0') => String(value).padStart(2, filler)
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(each => two(each)).join(':')
  return `${MONTHS[time.getMonth()]} ${two(time.getDate(), log === 'smtp' ? ' ' : '0')} ${clock}`
}

const DAY_MS = 86_400_000
const NIGHTLY_SWEEP = 3 * 3600

class Copier {
  readonly #calendar: Calendar
  readonly #takes: Takes
  readonly #lines: LogLine[] = []
  /** Queue ids no message bears any more, and since when. */
  readonly #free: { id: string; at: number }[] = []
  #count = 0
  #isSplit = false

  constructor(calendar: Calendar, takes: Takes) {
    this.#calendar = calendar
    this.#takes = takes
  }

  copyAll(): LogLine[] {
    const planned = deedsIn(this.#calendar).map(deed => ({ deed, at: this.#when(deed) }))
    for (const { deed, at } of planned.sort((a, b) => a.at - b.at)) this.#copyDeed(deed, at)
    for (let ago = LOG_DAYS; ago > 0; ago--) this.#copyMachinery(ago)
    return this.#lines
  }

  /** Well inside the day; four in ten at any hour, so that a day counted in UTC would be the wrong one. */
  #when({ act, ago, night, person }: Deed): number {
    const { instant } = this.#calendar
    if (act === 'handOverMidnight') return instant(ago, 86_390)
    if (night) return instant(ago, Math.round(60 + random() * 24_800))
    if (person.habit === 'sendsOnly' && ago === ROTATIONS[1] && !this.#isSplit) {
      this.#isSplit = true
      return instant(ago, ROTATED_AT - 1)
    }
    return instant(ago, Math.round(random() < 0.4 ? 60 + random() * 86_000 : 27_000 + random() * 34_000))
  }

  #copyDeed(deed: Deed, at: number): void {
    const { person, act, ago } = deed
    const take = this.#takes.ofAct(person.staffId, act)
    const isSplit = at === this.#calendar.instant(ROTATIONS[1], ROTATED_AT - 1)
    const delay = (line: TakenLine, i: number) => {
      if (act === 'handOverMidnight' && !line.text.includes('-login: ')) return 20
      return isSplit && i > 1 ? 2 : 0
    }
    const lines = act === 'deferred' ? retried(take) : take.lines
    const delayed = lines.map((line, i) => ({ ...line, offset: line.offset + delay(line, i) }))
    const letter = { ...take, lines: delayed }
    // a letter cut in two by the rotation is put together by its id alone: nobody else may bear it
    const ends = this.#copy(letter, at, imapSource(person), !isSplit)
    if (ends > this.#calendar.instant(0, 0)) throw new Error(`${act} of ${ago} days ago reaches into today`)
  }

  /** The sweep through all mailboxes, names that are nobody's, and what servers say besides. */
  #copyMachinery(ago: number): void {
    const { instant } = this.#calendar
    for (const [i, person] of people.entries()) {
      if (person.habit === 'nothing' || !canUse(person, ago)) continue
      this.#copy(this.#takes.ofSweep(person.staffId), instant(ago, NIGHTLY_SWEEP + i), imapSource(person))
    }
    for (const name of [EXCLUDED.address, SHARED]) {
      this.#copy(this.#takes.ofName(name), instant(ago, 40_000 + ago), SOURCES.departments)
    }
    for (const line of this.#takes.noise) {
      const one = { lines: [line], sessions: [], queueIds: [], messageIds: [] }
      for (let i = 0; i < 5; i++)
        this.#copy(one, instant(ago, Math.round(60 + random() * 86_000)), SOURCES.departments)
    }
  }

  /** Copies lines to an instant under new names; answers the instant of the last. */
  #copy(take: Take, at: number, imap: SourceName, mayReuse = true): number {
    const names = new Map([
      ...take.sessions.map(old => [old, this.#newSession(old)] as const),
      ...take.messageIds.map(old => [old, `${this.#number()}.${old}`] as const),
      ...take.queueIds.map(old => [old, this.#newQueueId(at, mayReuse)] as const),
    ])
    const copies = take.lines.map(line => {
      const when = at + line.offset * 1000
      const source = line.log === 'smtp' ? SOURCES.smtp : imap
      const text = [...names].reduce((made, [old, fresh]) => made.replaceAll(old, () => fresh), line.text)
      return { source, at: when, text: `${stamp(when, line.log)} ${text}` }
    })
    const last = Math.max(...copies.map(copy => copy.at))
    if (mayReuse) for (const old of take.queueIds) this.#free.push({ id: names.get(old) ?? '', at: last })
    this.#lines.push(...copies)
    return last
  }

  #number(): number {
    this.#count += 1
    return this.#count
  }

  /** Sixteen characters, of which the last four tell the address and port as they did. */
  #newSession(old: string): string {
    const bytes = Buffer.alloc(9)
    bytes.writeUInt32BE(this.#number(), 5)
    return bytes.toString('base64').slice(0, 12) + old.slice(12)
  }

  /** Postfix gives a short queue id again as soon as no message bears it. */
  #newQueueId(at: number, mayReuse: boolean): string {
    const index = this.#free.findIndex(free => free.at < at - 5000)
    if (mayReuse && index >= 0 && random() < 0.3) return this.#free.splice(index, 1)[0]?.id ?? ''
    return `${(0xa0000 + (this.#number() % 0x50000)).toString(16)}${(0x200000 + this.#number()).toString(16)}`.toUpperCase()
  }
}

export const SHARED = 'vanthu@tinh.test'

/** Tried again one and three days later, then given up. */
function retried(take: Take): TakenLine[] {
  const removed = take.lines.filter(({ text }) => text.endsWith(': removed'))
  const first = take.lines.filter(line => !removed.includes(line))
  const again = first.filter(
    ({ text }) => text.includes('(queue active)') || text.includes('status=deferred'),
  )
  const later = (lines: TakenLine[], days: number) =>
    lines.map(line => ({ ...line, offset: (days * DAY_MS) / 1000 + Math.min(line.offset, 30) }))
  return [
    ...first,
    ...later(again, 1),
    ...later(again, 3),
    ...later(removed, 3).map(line => ({ ...line, offset: line.offset + 40 })),
  ]
}
