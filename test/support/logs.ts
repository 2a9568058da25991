/**
 * Mail logs in the words of Dovecot and Postfix, with what truly happened beside them.
 *
 * Nothing here comes from src/: what a line is worth is written down where the line is made, from what the person did.
 * The same seed makes the same log.
 */

import { EVENTS, type Event } from './log-events.ts'

export type Writer = {
  address: string
  /** A second address of the same mailbox. */
  alias: string
  /** Whether a mailbox of ours has these addresses. */
  known: boolean
}

/** Truth of one address on one day; instants in ms since 1970, whole seconds. */
export type Use = {
  address: string
  day: string
  signIns: number
  sends: number
  recipients: number
  hands: number
  firstAt: number
  lastAt: number
}

export type MadeLog = {
  /** In the order a server would have written them, without line feeds. */
  lines: { at: number; text: string }[]
  /** In the order of address and day. */
  use: Use[]
  /** Lines that count, count for nobody known, and are told to count for nothing. */
  counts: { signals: number; unattributed: number; excluded: number }
}

export type MakeOptions = {
  seed: number
  /** First instant, ms since 1970. */
  from: number
  hours: number
  events: number
  writers: readonly Writer[]
  /** `Mar  3 08:01:02`, or with year, fraction and zone. */
  stamps?: 'short' | 'full'
  /** Zone of the stamps as minutes east of Greenwich; 420 by default. */
  offset?: number
  /** Names are logged without their domain. */
  bare?: boolean
  /** Whether a queue id is given again when its message is gone. */
  reuse?: boolean
}

const DAY_OFFSET_MS = 7 * 3_600_000 // days begin and end in Asia/Ho_Chi_Minh, which has had no summer time since 1975

export function makeLog(options: MakeOptions): MadeLog {
  const maker = new Maker(options)
  const starts = Array.from({ length: options.events }, () => maker.below(options.hours * 3_600_000))
  for (const start of starts.sort((a, b) => a - b)) maker.event(options.from + start)
  return maker.finish()
}

/** People `p0@tinh.test` …, every tenth of them unknown to us. */
export function makeWriters(count: number): Writer[] {
  return Array.from({ length: count }, (_, i) => ({
    address: `p${i}@tinh.test`,
    alias: `ten.khac.${i}@tinh.test`,
    known: i % 10 !== 9,
  }))
}

/** The day of an instant in Viet Nam. */
export function vietnamDay(at: number): string {
  return new Date(at + DAY_OFFSET_MS).toISOString().slice(0, 10)
}

/** The text of a file. */
export function textOf(lines: readonly { text: string }[]): string {
  return lines.map(({ text }) => `${text}\n`).join('')
}

/** Numbers from 0 to 1, the same ones for the same seed (mulberry32). */
export function chances(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

type Found = Partial<Pick<Use, 'signIns' | 'sends' | 'recipients' | 'hands'>>
export class Maker {
  readonly #options: MakeOptions
  readonly #chance: () => number
  readonly #lines: MadeLog['lines'] = []
  readonly #use = new Map<string, Use>()
  readonly #counts = { signals: 0, unattributed: 0, excluded: 0 }
  /** Ids whose message is gone, by host. */
  readonly #free: { host: string; id: string; at: number }[] = []
  readonly #lottery = EVENTS.flatMap(([weight, event]) => Array<Event>(weight).fill(event))
  #serial = 0

  constructor(options: MakeOptions) {
    this.#options = options
    this.#chance = chances(options.seed)
  }

  below(limit: number): number {
    return Math.floor(this.#chance() * limit)
  }

  event(at: number): void {
    const make = this.#pick(this.#lottery)
    make(this, at, this.#pick(this.#options.writers))
  }

  finish(): MadeLog {
    const lines = this.#lines.toSorted((a, b) => a.at - b.at)
    const use = [...this.#use.values()].sort((a, b) => compare(a.address, b.address) || compare(a.day, b.day))
    return { lines, use, counts: this.#counts }
  }

  /** One line of a host, by a program. */
  line(at: number, host: string, program: string, message: string): void {
    const offset = (this.#options.offset ?? 420) * 60_000
    const wall = new Date(at + offset).toISOString()
    const zone = `${offset < 0 ? '-' : '+'}${clock(Math.abs(offset) / 3_600_000)}:${clock((Math.abs(offset) / 60_000) % 60)}`
    const stamp =
      this.#options.stamps === 'full'
        ? `${wall.slice(0, 23)}${zone}`
        : `${MONTHS[Number(wall.slice(5, 7)) - 1]} ${String(Number(wall.slice(8, 10))).padStart(2)} ${wall.slice(11, 19)}`
    this.#lines.push({ at, text: `${stamp} ${host} ${program}: ${message}` })
  }

  /** Adds to the truth. */
  found(address: string, at: number, found: Found): void {
    const instant = this.#options.stamps === 'full' ? at : Math.floor(at / 1000) * 1000
    const key = `${address} ${vietnamDay(at)}`
    const use = this.#use.get(key) ?? {
      address,
      day: vietnamDay(at),
      signIns: 0,
      sends: 0,
      recipients: 0,
      hands: 0,
      firstAt: instant,
      lastAt: instant,
    }
    for (const name of ['signIns', 'sends', 'recipients', 'hands'] as const) use[name] += found[name] ?? 0
    use.firstAt = Math.min(use.firstAt, instant)
    use.lastAt = Math.max(use.lastAt, instant)
    this.#use.set(key, use)
  }

  count(kind: keyof MadeLog['counts']): void {
    this.#counts[kind] += 1
  }

  counted(writer: Writer): void {
    this.count(writer.known ? 'signals' : 'unattributed')
  }

  name(address: string): string {
    return this.#options.bare ? address.slice(0, address.indexOf('@')) : address
  }

  host(): string {
    return this.#pick(['mx1', 'mx2'])
  }

  client(): string {
    return `192.0.2.${1 + this.below(200)}`
  }

  session(): string {
    return `${(this.#serial++).toString(36).padStart(6, 'S')}+/${this.below(2 ** 30).toString(36)}`
  }

  pid(): number {
    return 1000 + this.below(60_000)
  }

  /** A queue id of a host, a used one where ids are given again. */
  queueId(host: string, at: number): string {
    const again = this.#options.reuse
      ? this.#free.findIndex(free => free.host === host && free.at + 3000 < at)
      : -1
    if (again >= 0 && this.#chance() < 0.7) return this.#free.splice(again, 1)[0]?.id ?? ''
    return `${this.below(2 ** 20)
      .toString(16)
      .padStart(5, '0')}${(0x10000 + this.#serial++).toString(16)}`.toUpperCase()
  }

  free(host: string, id: string, at: number): void {
    this.#free.push({ host, id, at })
  }

  isLikely(share: number): boolean {
    return this.#chance() < share
  }

  #pick<T>(from: readonly T[]): T {
    const found = from[this.below(from.length)]
    if (found === undefined) throw new Error('nothing to pick from')
    return found
  }
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

function clock(number: number): string {
  return String(Math.floor(number)).padStart(2, '0')
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
