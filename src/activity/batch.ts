/** The meaning of one batch of new lines: gathered in memory, then written as sets. */
import type { Trx } from '../database/database.ts'
import { type Address, type Day, dayAt, parseAddress } from '../ids.ts'
import { type MessageState, step } from './attribution.ts'
import type { LineKind, ParsedLine } from './line.ts'
import {
  type DayUse,
  knownAddresses,
  type MessageKey,
  messagesOf,
  sameMailbox,
  saveCoverage,
  saveMessages,
  saveSessions,
  saveUse,
  sessionsOf,
} from './store.ts'

/** Each line is in exactly one of the middle six; `personDays` are those newly set. */
export type IngestCounts = {
  lines: number
  signals: number
  supporting: number
  ignored: number
  unattributed: number
  excluded: number
  repeated: number
  personDays: number
}

export type IngestSettings = {
  source: number
  /** Zone of stamps that name none. */
  timeZone: string
  /** Zone in which a day begins and ends. */
  dayZone: string
  /** Sign-in names and clients that count for nothing, folded. */
  excludedNames: ReadonlySet<string>
  excludedClients: ReadonlySet<string>
  /** Master users we know of, folded. */
  masters: ReadonlySet<string>
  /** Domain of sign-in names without one, where there is only one. */
  domain: string | null
  now: () => number
}

export function emptyCounts(): IngestCounts {
  return {
    lines: 0,
    signals: 0,
    supporting: 0,
    ignored: 0,
    unattributed: 0,
    excluded: 0,
    repeated: 0,
    personDays: 0,
  }
}

type Stamped = ParsedLine & { at: number }

const TELLS_SESSION: ReadonlySet<LineKind> = new Set(['signIn', 'signOut'])

/** The meaning of one batch of new lines, gathered and then written as sets. */
export class Batch {
  readonly #trx: Trx
  readonly #settings: IngestSettings
  readonly #counts = emptyCounts()
  readonly #use = new Map<string, DayUse>()
  readonly #days = new Map<Day, number>()
  readonly #messages = new Map<string, MessageKey & { state: MessageState | null }>()
  readonly #stored = new Map<string, MessageState | null>()
  readonly #sessions = new Map<string, number>()
  readonly #addresses = new Map<string, Address | null>()
  #excludedSessions = new Set<string>()
  #known = new Set<string>()
  #ownAliases = new Set<string>()

  constructor(trx: Trx, settings: IngestSettings) {
    this.#trx = trx
    this.#settings = settings
  }

  async fold(lines: readonly ParsedLine[]): Promise<IngestCounts> {
    await this.#load(lines)
    for (const line of lines) this.#take(line)
    await this.#write(reached(lines))
    return this.#counts
  }

  async #load(lines: readonly ParsedLine[]): Promise<void> {
    const { source } = this.#settings
    const keys = new Map<string, MessageKey>()
    for (const line of lines) {
      const key = MESSAGE_KINDS.has(line.kind) || line.inbound ? messageKey(line) : null
      if (key) keys.set(keyText(key), key)
    }
    for (const message of await messagesOf(this.#trx, source, [...keys.values()])) {
      this.#messages.set(keyText(message), message)
      this.#stored.set(keyText(message), message.state)
    }
    const sessions = lines.flatMap(line =>
      TELLS_SESSION.has(line.kind) && line.session ? [sessionOf(line)] : [],
    )
    this.#excludedSessions = await sessionsOf(this.#trx, source, sessions)
    const names = new Set(lines.flatMap(line => line.user ?? []))
    for (const { state } of this.#messages.values()) if (state?.state === 'submitted') names.add(state.user)
    this.#known = await knownAddresses(
      this.#trx,
      [...names].flatMap(name => this.#address(name) ?? []),
    )
    const pairs = new Map<string, { user: string; master: string }>()
    for (const { user, master } of lines) {
      if (user === undefined || master === undefined) continue
      const [owner, alias] = [this.#address(user), this.#address(master)]
      if (owner && alias) pairs.set(`${owner} ${alias}`, { user: owner, master: alias })
    }
    this.#ownAliases = await sameMailbox(this.#trx, [...pairs.values()])
  }

  #take(line: ParsedLine): void {
    if (!isStamped(line)) {
      this.#counts.ignored += 1
      return
    }
    const day = dayAt(line.at, this.#settings.dayZone)
    this.#days.set(day, (this.#days.get(day) ?? 0) + 1)
    this.#counts[this.#meaning(line, day)] += 1
  }

  #meaning(line: Stamped, day: Day): Exclude<keyof IngestCounts, 'lines' | 'personDays' | 'repeated'> {
    switch (line.kind) {
      case 'signIn':
        return this.#signIn(line, day)
      case 'signOut':
        return this.#signOut(line, day)
      case 'submission':
      case 'queued':
      case 'removed':
        return this.#message(line)
      case 'rejected':
        return line.queueId === undefined ? 'ignored' : this.#message(line)
      case 'messageId':
      case 'delivery':
        return 'supporting'
      case 'signInFailed':
        return 'ignored'
      case 'ignored':
        return line.inbound ? this.#message(line) : 'ignored'
    }
  }

  #signIn(line: Stamped, day: Day) {
    // mail programs sign in to submission and to filter rules by themselves: that alone is no use of the mailbox
    if (line.service !== 'imap' && line.service !== 'pop3') return 'supporting'
    // a trial of ours that the log does not tell apart is known by its session
    if (this.#isExcluded(line) || (line.session && this.#excludedSessions.has(sessionOf(line)))) {
      if (line.session) this.#sessions.set(sessionOf(line), line.at)
      return 'excluded'
    }
    // a name that the server cut short has a reason, and is nobody's
    const address = line.reason === undefined ? this.#address(line.user ?? '') : null
    if (!address) return 'unattributed'
    this.#add(address, day, line.at, { signIns: line.repeated ?? 1 })
    return this.#known.has(address) ? 'signals' : 'unattributed'
  }

  /** What was done in the session: moved, deleted, read. Evidence of a hand, never a use-day by itself. */
  #signOut(line: Stamped, day: Day) {
    const session = sessionOf(line)
    if (this.#isExcluded(line) || this.#sessions.has(session) || this.#excludedSessions.has(session))
      return 'excluded'
    const { hand } = line
    const address = this.#address(line.user ?? '')
    const done = hand
      ? hand.deleted + hand.expunged + hand.trashed + hand.bodyCount + (hand.appended ?? 0)
      : 0
    if (address && done > 0) this.#add(address, day, line.at, { hands: line.repeated ?? 1 })
    return 'supporting'
  }

  #message(line: Stamped) {
    const key = messageKey(line)
    if (!key) return 'supporting'
    const known = this.#messages.get(keyText(key))?.state ?? null
    const { next, send, excluded } = step(known, line, each => this.#isExcluded(each))
    this.#messages.set(keyText(key), { ...key, state: next })
    if (excluded) return 'excluded'
    if (!send) return 'supporting'
    const address = this.#address(send.user)
    if (!address) return 'unattributed'
    this.#add(address, dayAt(send.at, this.#settings.dayZone), send.at, {
      sends: 1,
      recipients: send.recipients,
    })
    return this.#known.has(address) ? 'signals' : 'unattributed'
  }

  #isExcluded({ user, master, client }: ParsedLine): boolean {
    if (client !== undefined && this.#settings.excludedClients.has(client)) return true
    if (user !== undefined && this.#countsForNothing(user)) return true
    if (master === undefined) return false
    if (this.#countsForNothing(master)) return true
    // somebody who signs in under an alias of the own mailbox is no master
    return !this.#ownAliases.has(`${this.#address(master)} ${this.#address(user ?? '')}`)
  }

  /** A name is excluded as it stands in the log and as the address it is short for. */
  #countsForNothing(name: string): boolean {
    const { excludedNames, masters } = this.#settings
    if (excludedNames.has(name) || masters.has(name)) return true
    return !name.includes('@') && excludedNames.has(this.#address(name) ?? name)
  }

  #address(name: string): Address | null {
    const known = this.#addresses.get(name)
    if (known !== undefined) return known
    const { domain } = this.#settings
    const address = parseAddress(name.includes('@') || domain === null ? name : `${name}@${domain}`)
    this.#addresses.set(name, address)
    return address
  }

  #add(
    address: string,
    day: Day,
    at: number,
    found: Partial<Pick<DayUse, 'signIns' | 'sends' | 'recipients' | 'hands'>>,
  ): void {
    const key = `${day} ${address}`
    const use = this.#use.get(key) ?? {
      address,
      day,
      signIns: 0,
      sends: 0,
      recipients: 0,
      hands: 0,
      firstAt: at,
      lastAt: at,
    }
    use.signIns = Math.min(COUNT_MAX, use.signIns + (found.signIns ?? 0))
    use.sends = Math.min(COUNT_MAX, use.sends + (found.sends ?? 0))
    use.recipients = Math.min(COUNT_MAX, use.recipients + (found.recipients ?? 0))
    use.hands = Math.min(COUNT_MAX, use.hands + (found.hands ?? 0))
    use.firstAt = Math.min(use.firstAt, at)
    use.lastAt = Math.max(use.lastAt, at)
    this.#use.set(key, use)
  }

  async #write(lastAt: number): Promise<void> {
    const { source, now } = this.#settings
    this.#counts.personDays = await saveUse(this.#trx, source, [...this.#use.values()])
    const kept: (MessageKey & { state: MessageState })[] = []
    const gone: MessageKey[] = []
    for (const [text, { host, queueId, state }] of this.#messages) {
      const stored = this.#stored.get(text)
      if (state === null && stored) gone.push({ host, queueId })
      if (state !== null && state !== stored) kept.push({ host, queueId, state })
    }
    await saveMessages(this.#trx, source, kept, gone)
    await saveSessions(this.#trx, source, this.#sessions)
    await saveCoverage(this.#trx, source, this.#days, Math.min(lastAt, now()))
  }
}

const MESSAGE_KINDS = new Set(['submission', 'queued', 'removed', 'rejected'])

function isStamped(line: ParsedLine): line is Stamped {
  return line.at !== null
}

/** Machines of one log may be this far apart, or hand over their lines this late. */
const SKEW_MS = 3_600_000

/**
 * How far the lines of a batch have come: the latest stamp that no later line contradicts. A line from a clock that is
 * hours ahead must not make a day look read to its end.
 */
function reached(lines: readonly ParsedLine[]): number {
  let earliestLater = Number.POSITIVE_INFINITY
  let latest = Number.NEGATIVE_INFINITY
  for (const { at } of lines.toReversed()) {
    if (at === null) continue
    if (at <= earliestLater + SKEW_MS) latest = Math.max(latest, at)
    earliestLater = Math.min(earliestLater, at)
  }
  return latest
}

/** A message by host and Postfix instance: `postfix/submission/smtpd` and `postfix/qmgr` are one instance. */
function messageKey(line: ParsedLine): MessageKey | null {
  if (line.queueId === undefined) return null
  const instance = (line.program ?? '').split('/', 1)[0] ?? ''
  return { host: `${(line.host ?? '').slice(0, NAME_MAX)} ${instance}`, queueId: line.queueId }
}

export function sessionOf(line: ParsedLine): string {
  return (line.session ?? '').slice(0, NAME_MAX)
}

/** Nothing real is longer, and an index takes no more than some 2,700 bytes. */
const NAME_MAX = 255
/** A line that claims more makes it up; kept far from the end of a 32-bit column. */
const COUNT_MAX = 1_000_000

function keyText({ host, queueId }: MessageKey): string {
  return `${host} ${queueId}`
}
