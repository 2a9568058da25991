/**
 * Log lines → use of mailboxes, saved with the note of what was read, in one transaction a batch.
 *
 * A line counts once however often and in whatever file it is read: each batch leaves a short hash of its lines with
 * their span of time, and a line found there again is `repeated`. Lines that are truly equal were written as often, and
 * are found as often. So neither a crash, nor a second read, nor two readers at once lose or double anything.
 */
import { hash } from 'node:crypto'
import type { Db, Trx } from '../database/database.ts'
import { type Day, dayAt, parseAddress } from '../ids.ts'
import { type MessageState, step } from './attribution.ts'
import { parseLine } from './formats/index.ts'
import type { ParsedLine } from './line.ts'
import type { Line } from './lines.ts'
import {
  type Chunk,
  chunksWithin,
  type DayUse,
  forgetOld,
  knownAddresses,
  lockSource,
  type MessageKey,
  messagesOf,
  type Position,
  sameMailbox,
  saveChunk,
  saveCoverage,
  saveMessages,
  savePosition,
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
  return { lines: 0, signals: 0, supporting: 0, ignored: 0, unattributed: 0, excluded: 0, repeated: 0, personDays: 0 }
}

type Entry = { line: ParsedLine; hash: number; tooLong: boolean }
type Stamped = ParsedLine & { at: number }

/** Larger batches are quicker and lose more work when killed; at this size a batch takes some tens of ms. */
const BATCH_LINES = 4000
/** A batch spans no more time than this, so that few stretches read before overlap it. */
const BATCH_SPAN_MS = 6 * 3_600_000
const HASH_BYTES = 6

/**
 * Reads lines into the store. One value reads one file after another, or follows one, for one caller at a time. After it
 * has thrown it is of no more use: what it had not saved is read again by a new one.
 */
export class Ingestion {
  readonly counts: IngestCounts = emptyCounts()
  readonly #db: Db
  readonly #settings: IngestSettings
  #batch: Entry[] = []
  #first = Number.POSITIVE_INFINITY
  #last = Number.NEGATIVE_INFINITY
  #reference = 0
  #newest = Number.NEGATIVE_INFINITY
  #remaining = new Map<number, { lastAt: number; hashes: Map<number, number> }>()
  #own = new Map<number, number>()

  constructor(db: Db, settings: IngestSettings) {
    this.#db = db
    this.#settings = settings
  }

  /** Begins a file. `writtenAt` is what its first stamp without a year is near to. */
  begin(writtenAt: number): void {
    this.#reference = writtenAt
    this.#remaining.clear()
    this.#own.clear()
  }

  /** Takes lines in the order of the file; saves whenever a batch is full. */
  async take(lines: readonly Line[]): Promise<void> {
    for (const line of lines) {
      const entry = this.#parse(line)
      const { at } = entry.line
      if (at !== null && this.#batch.length > 0 && Math.max(at, this.#last) - Math.min(at, this.#first) > BATCH_SPAN_MS) {
        await this.save()
      }
      if (at !== null) {
        this.#first = Math.min(this.#first, at)
        this.#last = Math.max(this.#last, at)
      }
      this.#batch.push(entry)
      if (this.#batch.length >= BATCH_LINES) await this.save()
    }
  }

  #parse({ text, tooLong }: Line): Entry {
    const { timeZone, now } = this.#settings
    const parsed: ParsedLine = tooLong
      ? { kind: 'ignored', reason: 'line too long', at: null }
      : parseLine(text, { timeZone, reference: this.#reference, now: now() })
    const line = parsed.reason === 'in the future' ? { ...parsed, at: null } : parsed
    if (line.at !== null) this.#reference = line.at
    return { line, hash: hash('sha1', text, 'buffer').readUIntBE(0, HASH_BYTES), tooLong }
  }

  /** Saves what was taken, and the position reached, in one transaction. */
  async save(position?: Position): Promise<void> {
    const batch = this.#batch
    const [first, last] = [this.#first, this.#last]
    if (batch.length === 0 && !position) return
    const saved = await this.#db.transaction().execute(async trx => {
      await lockSource(trx, this.#settings.source)
      if (batch.length > 0 && last >= first) await this.#recall(trx, first, last)
      const { fresh, repeated } = this.#sift(batch)
      const found = await new Batch(trx, this.#settings).fold(fresh)
      const chunk = await this.#note(trx, fresh, first, last)
      if (position) await savePosition(trx, this.#settings.source, position)
      return { ...found, repeated, chunk }
    })
    this.#batch = []
    this.#first = Number.POSITIVE_INFINITY
    this.#last = Number.NEGATIVE_INFINITY
    this.#newest = Math.max(this.#newest, last)
    if (saved.chunk !== null) this.#own.set(saved.chunk, last)
    this.#count(saved, batch.length)
  }

  /** Loads what was read before of this span of time, and drops what lies far behind. */
  async #recall(trx: Trx, first: number, last: number): Promise<void> {
    for (const [id, { lastAt }] of this.#remaining) if (lastAt < first - BATCH_SPAN_MS) this.#remaining.delete(id)
    for (const [id, lastAt] of this.#own) if (lastAt < first - BATCH_SPAN_MS) this.#own.delete(id)
    const known = [...this.#own.keys(), ...this.#remaining.keys()]
    for (const chunk of await chunksWithin(trx, this.#settings.source, first, last, known)) {
      this.#remaining.set(chunk.id, { lastAt: chunk.lastAt, hashes: countHashes(chunk) })
    }
  }

  /** Parts lines read before from new ones. Lines without a stamp have no place in time and are never kept. */
  #sift(batch: readonly Entry[]): { fresh: Entry[]; repeated: number } {
    const fresh: Entry[] = []
    for (const entry of batch) {
      const hashes = entry.line.at === null ? undefined : this.#holding(entry.hash)
      if (hashes) hashes.set(entry.hash, (hashes.get(entry.hash) ?? 1) - 1)
      else fresh.push(entry)
    }
    return { fresh, repeated: batch.length - fresh.length }
  }

  #holding(key: number): Map<number, number> | undefined {
    for (const { hashes } of this.#remaining.values()) if ((hashes.get(key) ?? 0) > 0) return hashes
    return undefined
  }

  async #note(trx: Trx, fresh: readonly Entry[], first: number, last: number): Promise<number | null> {
    const stamped = fresh.filter(entry => entry.line.at !== null)
    if (stamped.length === 0) return null
    const hashes = Buffer.alloc(stamped.length * HASH_BYTES)
    for (const [i, entry] of stamped.entries()) hashes.writeUIntBE(entry.hash, i * HASH_BYTES, HASH_BYTES)
    return saveChunk(trx, this.#settings.source, first, last, hashes, stamped.length)
  }

  #count(saved: IngestCounts, lines: number): void {
    this.counts.lines += lines
    for (const key of ['signals', 'supporting', 'ignored', 'unattributed', 'excluded', 'repeated', 'personDays'] as const) {
      this.counts[key] += saved[key]
    }
  }

  /** Saves the rest and forgets what can no longer be completed. */
  async end(): Promise<void> {
    await this.save()
    if (Number.isFinite(this.#newest)) await forgetOld(this.#db, this.#settings.source, this.#newest)
  }
}

function countHashes(chunk: Chunk): Map<number, number> {
  const bytes = Buffer.from(chunk.hashes.buffer, chunk.hashes.byteOffset, chunk.hashes.byteLength)
  const counts = new Map<number, number>()
  for (let at = 0; at < bytes.length; at += HASH_BYTES) {
    const key = bytes.readUIntBE(at, HASH_BYTES)
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return counts
}

/** The meaning of one batch of new lines, gathered and then written as sets. */
class Batch {
  readonly #trx: Trx
  readonly #settings: IngestSettings
  readonly #counts = emptyCounts()
  readonly #use = new Map<string, DayUse>()
  readonly #days = new Map<Day, number>()
  readonly #messages = new Map<string, MessageKey & { state: MessageState | null }>()
  readonly #sessions = new Map<string, number>()
  #excludedSessions = new Set<string>()
  #known = new Set<string>()
  #ownAliases = new Set<string>()
  #lastAt = Number.NEGATIVE_INFINITY

  constructor(trx: Trx, settings: IngestSettings) {
    this.#trx = trx
    this.#settings = settings
  }

  async fold(entries: readonly Entry[]): Promise<IngestCounts> {
    const lines = entries.map(entry => entry.line)
    await this.#load(lines)
    for (const line of lines) this.#take(line)
    await this.#write()
    return this.#counts
  }

  async #load(lines: readonly ParsedLine[]): Promise<void> {
    const { source } = this.#settings
    const keys = new Map<string, MessageKey>()
    for (const line of lines) {
      const key = messageKey(line)
      if (key) keys.set(keyText(key), key)
    }
    if (keys.size > 0) {
      for (const message of await messagesOf(this.#trx, source, [...keys.values()])) this.#messages.set(keyText(message), message)
    }
    const sessions = lines.flatMap(line => (line.kind === 'signOut' && line.session ? [line.session] : []))
    this.#excludedSessions = await sessionsOf(this.#trx, source, sessions)
    const open = [...this.#messages.values()].flatMap(({ state }) => (state?.state === 'submitted' ? [state.user] : []))
    const names = [...lines.flatMap(line => line.user ?? []), ...open].flatMap(name => this.#address(name) ?? [])
    this.#known = await knownAddresses(this.#trx, [...new Set(names)])
    const pairs = lines.flatMap(({ user, master }) => {
      const [owner, alias] = [this.#address(user ?? ''), this.#address(master ?? '')]
      return owner && alias ? [{ user: owner, master: alias }] : []
    })
    this.#ownAliases = await sameMailbox(this.#trx, pairs)
  }

  #take(line: ParsedLine): void {
    if (line.at === null) {
      this.#counts.ignored += 1
      return
    }
    const stamped: Stamped = { ...line, at: line.at }
    const day = dayAt(stamped.at, this.#settings.dayZone)
    this.#days.set(day, (this.#days.get(day) ?? 0) + 1)
    this.#lastAt = Math.max(this.#lastAt, stamped.at)
    this.#counts[this.#meaning(stamped, day)] += 1
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
    if (this.#isExcluded(line)) {
      if (line.session) this.#sessions.set(line.session, line.at)
      return 'excluded'
    }
    const address = this.#address(line.user ?? '')
    if (!address) return 'unattributed'
    this.#add(address, day, line.at, { signIns: 1 + (line.repeated ?? 0) })
    return this.#known.has(address) ? 'signals' : 'unattributed'
  }

  /** What was done in the session: moved, deleted, read. Evidence of a hand, never a use-day by itself. */
  #signOut(line: Stamped, day: Day) {
    const session = line.session ?? ''
    if (this.#isExcluded(line) || this.#sessions.has(session) || this.#excludedSessions.has(session)) return 'excluded'
    const { hand } = line
    const address = this.#address(line.user ?? '')
    const done = hand ? hand.deleted + hand.expunged + hand.trashed + hand.bodyCount + (hand.appended ?? 0) : 0
    if (address && done > 0) this.#add(address, day, line.at, { hands: 1 })
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
    this.#add(address, dayAt(send.at, this.#settings.dayZone), send.at, { sends: 1, recipients: send.recipients })
    return this.#known.has(address) ? 'signals' : 'unattributed'
  }

  #isExcluded({ user, master, client }: ParsedLine): boolean {
    const { excludedNames, excludedClients, masters } = this.#settings
    if (client !== undefined && excludedClients.has(client)) return true
    if (user !== undefined && (excludedNames.has(user) || masters.has(user))) return true
    if (master === undefined) return false
    if (excludedNames.has(master) || masters.has(master)) return true
    // somebody who signs in under an alias of the own mailbox is no master
    return !this.#ownAliases.has(`${this.#address(master)} ${this.#address(user ?? '')}`)
  }

  #address(name: string): string | null {
    const full = name.includes('@') || this.#settings.domain === null ? name : `${name}@${this.#settings.domain}`
    return parseAddress(full)
  }

  #add(address: string, day: Day, at: number, found: Partial<Pick<DayUse, 'signIns' | 'sends' | 'recipients' | 'hands'>>): void {
    const key = `${day} ${address}`
    const use = this.#use.get(key) ?? { address, day, signIns: 0, sends: 0, recipients: 0, hands: 0, firstAt: at, lastAt: at }
    use.signIns += found.signIns ?? 0
    use.sends += found.sends ?? 0
    use.recipients += found.recipients ?? 0
    use.hands += found.hands ?? 0
    use.firstAt = Math.min(use.firstAt, at)
    use.lastAt = Math.max(use.lastAt, at)
    this.#use.set(key, use)
  }

  async #write(): Promise<void> {
    const { source, now } = this.#settings
    this.#counts.personDays = await saveUse(this.#trx, source, [...this.#use.values()])
    await saveMessages(this.#trx, source, [...this.#messages.values()])
    await saveSessions(this.#trx, source, this.#sessions)
    await saveCoverage(this.#trx, source, this.#days, Math.min(this.#lastAt, now()))
  }
}

/** A message by host and Postfix instance: `postfix/submission/smtpd` and `postfix/qmgr` are one instance. */
function messageKey(line: ParsedLine): MessageKey | null {
  if (line.queueId === undefined) return null
  const instance = (line.program ?? '').split('/', 1)[0] ?? ''
  return { host: `${line.host ?? ''} ${instance}`, queueId: line.queueId }
}

function keyText({ host, queueId }: MessageKey): string {
  return `${host} ${queueId}`
}
