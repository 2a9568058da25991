/**
 * Log lines → use of mailboxes, saved with the note of what was read, in one transaction a batch.
 *
 * A line counts once however often and in whatever file it is read: each batch leaves a short key of each of its lines
 * by their time, and a line found there again is `repeated`. So neither a crash, nor a second read, nor two readers at
 * once lose or double anything.
 */

import type { Db, Trx } from '../database/database.ts'
import { Batch, emptyCounts, type IngestCounts, type IngestSettings } from './batch.ts'
import { parseLine } from './formats/index.ts'
import { ignored, type ParsedLine } from './line.ts'
import { KEY_BYTES, type Line, LineKeys } from './lines.ts'
import {
  CHUNK_SPAN_MS,
  type Chunk,
  forgetOld,
  keysWithin,
  lockSource,
  type Position,
  packChunks,
  type Span,
  saveChunks,
  savePosition,
} from './store.ts'

/** `at` is null for every line without a place in time: it says nothing, and is not kept. */
type Entry = { line: ParsedLine; key: number }

/** Larger batches are quicker and lose more work when killed; at this size a batch takes some tens of ms. */
const BATCH_LINES = 4000

/**
 * Reads lines into the store. One value reads one file after another, or follows one, for one caller at a time. After it
 * has thrown it is of no more use: what it had not saved is read again by a new one.
 */
export class Ingestion {
  readonly counts: IngestCounts = emptyCounts()
  readonly #db: Db
  readonly #settings: IngestSettings
  #batch: Entry[] = []
  #saving: Promise<void> = Promise.resolve()
  #keys = new LineKeys()
  #reference = 0
  #isFirst = true
  #newest = Number.NEGATIVE_INFINITY

  constructor(db: Db, settings: IngestSettings) {
    this.#db = db
    this.#settings = settings
  }

  /** Begins a file. `writtenAt` is what its first stamp without a year is near to. */
  begin(writtenAt: number): void {
    this.#reference = writtenAt
    this.#isFirst = true
    this.#keys = new LineKeys()
  }

  /** Takes lines in the order of the file; saves whenever a batch is full. */
  async take(lines: readonly Line[]): Promise<void> {
    for (const line of lines) {
      this.#batch.push(this.#read(line))
      if (this.#batch.length >= BATCH_LINES) await this.#saveAside()
    }
  }

  #read({ text, whole, tooLong }: Line): Entry {
    const line = tooLong ? { ...ignored('line too long'), at: null } : this.#parse(text)
    if (line.at === null || line.reason === 'in the future') return { line: { ...line, at: null }, key: 0 }
    this.#reference = line.at
    this.#isFirst = false
    this.#newest = Math.max(this.#newest, line.at)
    if (!whole && !isTaken(line, text)) return { line: { ...line, at: null }, key: 0 }
    return { line, key: this.#keys.keyOf(text, line.at) }
  }

  #parse(text: string): ParsedLine {
    const { timeZone, now } = this.#settings
    const context = { timeZone, reference: this.#reference, now: now() }
    const line = parseLine(text, context)
    // an old file that was copied has a new time of writing: its months are those of an earlier year
    if (this.#isFirst && line.at !== null && line.at > context.now + COPIED_MS) {
      return parseLine(text, { ...context, reference: this.#reference - YEAR_MS })
    }
    return line
  }

  /** Saves what was taken, and the position reached, in one transaction. */
  async save(position?: Position): Promise<void> {
    await this.#saving
    await this.#write(this.#batch.splice(0), position)
  }

  /** Saves a full batch while the next is read; what goes wrong is thrown by the next call. */
  async #saveAside(): Promise<void> {
    await this.#saving
    this.#saving = this.#write(this.#batch.splice(0))
    this.#saving.catch(() => {})
  }

  async #write(batch: readonly Entry[], position?: Position): Promise<void> {
    if (batch.length === 0 && !position) return
    const { source } = this.#settings
    const found = await this.#db.transaction().execute(async trx => {
      await lockSource(trx, source)
      const fresh = await sift(trx, source, batch)
      const counts = await new Batch(trx, this.#settings).fold(fresh.map(entry => entry.line))
      await saveChunks(trx, source, chunksOf(fresh))
      if (position) await savePosition(trx, source, position)
      return { ...counts, lines: batch.length, repeated: batch.length - fresh.length }
    })
    for (const key of countNames) this.counts[key] += found[key]
  }

  /** Saves the rest, forgets what can no longer be completed, and tidies the notes of what was read. */
  async end(): Promise<void> {
    await this.save()
    if (!Number.isFinite(this.#newest)) return
    await forgetOld(this.#db, this.#settings.source, this.#newest)
    await packChunks(this.#db, this.#settings.source)
  }
}

const countNames = [
  'lines',
  'signals',
  'supporting',
  'ignored',
  'unattributed',
  'excluded',
  'repeated',
  'personDays',
] as const

const YEAR_MS = 365 * 86_400_000
/** No clock is wrong by this much and every month right; a wrong year is off by months. */
const COPIED_MS = 30 * 86_400_000

/**
 * Whether the last line of a file, without its line feed, is taken: a file being written ends anywhere, and the whole
 * line is read later. Half a sign-in would then count beside the whole one; half an opening is overruled by it.
 */
function isTaken(line: ParsedLine, text: string): boolean {
  switch (line.kind) {
    case 'submission':
      return true
    case 'signIn':
      return line.session !== undefined && text.endsWith('>')
    case 'queued':
      return text.endsWith(')')
    default:
      return false
  }
}

/** Leaves out lines read before, in this batch or an earlier one. */
async function sift(trx: Trx, source: number, batch: readonly Entry[]): Promise<Entry[]> {
  const keys = new Set(batch.flatMap(({ line, key }) => (line.at === null ? [] : [key])))
  const known = new Set<number>()
  for (const bytes of await keysWithin(
    trx,
    source,
    [...byHour(batch)].map(([, { span }]) => span),
  )) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (let at = 0; at < bytes.length; at += KEY_BYTES) {
      const key = view.getUint16(at) * 2 ** 32 + view.getUint32(at + 2)
      if (keys.has(key)) known.add(key)
    }
  }
  return batch.filter(({ line, key }) => {
    if (line.at === null) return true
    if (known.has(key)) return false
    known.add(key)
    return true
  })
}

type Hour = { span: Span; entries: Entry[] }

/** Stamped lines by the hour, so that a stray stamp does not make a stretch of months. */
function byHour(entries: readonly Entry[]): Map<number, Hour> {
  const hours = new Map<number, Hour>()
  for (const entry of entries) {
    const { at } = entry.line
    if (at === null) continue
    const hour = Math.floor(at / CHUNK_SPAN_MS)
    const known = hours.get(hour)
    if (known) {
      known.entries.push(entry)
      known.span = { from: Math.min(known.span.from, at), to: Math.max(known.span.to, at) }
    } else hours.set(hour, { span: { from: at, to: at }, entries: [entry] })
  }
  return hours
}

function chunksOf(fresh: readonly Entry[]): Chunk[] {
  return [...byHour(fresh).values()].map(({ span, entries }) => {
    const hashes = Buffer.alloc(entries.length * KEY_BYTES)
    for (const [i, { key }] of entries.entries()) hashes.writeUIntBE(key, i * KEY_BYTES, KEY_BYTES)
    return { ...span, lines: entries.length, hashes }
  })
}
