/**
 * Following a log file while it grows, through rotation by rename and by copying and truncating.
 *
 * The position saved with each batch only saves time: whatever is read twice after a doubt is known by its content.
 */
import { hash } from 'node:crypto'
import { type FileHandle, open, readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Db } from '../database/database.ts'
import { AppError } from '../error.ts'
import type { IngestCounts, IngestSettings } from './batch.ts'
import { Ingestion } from './ingest.ts'
import { type Line, openLogFile, splitLines } from './lines.ts'
import { positionOf, savePosition } from './store.ts'

/** How long new lines wait to be read, in ms. Shorter makes more small transactions, longer a later page. */
const POLL_MS = 1000
const READ_BYTES = 1 << 18
const HEAD_BYTES = 256
/** Read again when following goes on: equal lines on both sides of the position are then told apart as before. */
const REREAD_BYTES = 1 << 13
/** A rotated file counts as written since the last read with this much doubt about clocks. */
const CLOCK_DOUBT_MS = 3_600_000

export type FollowOptions = {
  path: string
  maxLineBytes: number
  signal: AbortSignal
  pollMs?: number
  onBatch?: (ingestion: Ingestion) => void
  /** Told of a rotated file that could not be read to its end; following goes on. */
  onUnreadable?: (error: AppError) => void
}

type Following = FollowOptions & { db: Db; settings: IngestSettings; ingestion: Ingestion }

/** Follows a file until the signal; one that is not there yet is waited for. Throws when the store cannot be written. */
export async function follow(db: Db, settings: IngestSettings, options: FollowOptions): Promise<void> {
  const following = { ...options, db, settings, ingestion: new Ingestion(db, settings) }
  while (!options.signal.aborted) {
    const file = await openIfThere(options.path)
    if (file) await followOne(following, file).finally(() => file.close())
    else await pause(options)
  }
}

/** Reads one file to its end, again and again, until another has its name or it is truncated. */
async function followOne(following: Following, file: FileHandle): Promise<void> {
  const { path, signal, ingestion } = following
  const identity = await identityOf(file)
  let position = await startOf(following, file, identity)
  ingestion.begin(identity.modifiedAt)
  let isOver = false
  while (!signal.aborted) {
    const reached = await advance(following, file, identity, position)
    if (reached === null) break
    if (reached > position) {
      position = reached
      isOver = false
      continue
    }
    // the writer turns to a new file some time after the old one was renamed: when it has, one last look
    if (isOver) break
    const there = await identify(path)
    isOver = there !== null && there.inode !== identity.inode && there.bytes > 0
    await pause(following)
  }
  await ingestion.end()
}

/** Reads a stretch and saves it; answers how far it came, or null where the file is not any more what it was. */
async function advance(
  following: Following,
  file: FileHandle,
  { inode, head }: Identity,
  position: number,
): Promise<number | null> {
  const { path, ingestion } = following
  const { lines, reached } = await readOn(following, file, position)
  // looked at after reading: a file truncated meanwhile was read from the middle of a line
  const now = await identityOf(file)
  if (now.bytes < reached || now.head !== head) return null
  if (reached > position) {
    await ingestion.take(lines)
    await ingestion.save({ path, inode, head, position: reached })
    following.onBatch?.(ingestion)
  }
  return reached
}

/** Where to begin a file: where it was left, or at its beginning, after what was rotated away meanwhile. */
async function startOf(following: Following, file: FileHandle, identity: Identity): Promise<number> {
  const { db, settings, path } = following
  const { inode, head, bytes } = identity
  const known = await positionOf(db, settings.source, path)
  if (known && known.inode === inode && isHead(known.head, head) && known.position <= bytes) {
    return lineStartBefore(file, known.position)
  }
  if (known) await catchUp(following, known)
  // noted before anything is read: if it is rotated away before that, it is known to have been followed
  else await savePosition(db, settings.source, { path, inode, head, position: 0 })
  return 0
}

/** Reads what was rotated away and written to since it was last read, the oldest first. */
async function catchUp(
  following: Following,
  known: { head: string; position: number; savedAt: number },
): Promise<void> {
  for (const path of await rotatedSince(following.path, known.savedAt - CLOCK_DOUBT_MS)) {
    const file = await openIfThere(path)
    if (!file) continue
    try {
      const { head, bytes } = await identityOf(file)
      const isKnown = isHead(known.head, head) && known.position <= bytes
      await readThrough(following, path, isKnown ? await lineStartBefore(file, known.position) : 0)
    } catch (error) {
      if (following.signal.aborted) return
      if (!(error instanceof AppError) || error.code !== 'file_unreadable') throw error
      following.onUnreadable?.(error)
    } finally {
      await file.close()
      await following.ingestion.save()
    }
  }
}

async function readThrough(
  { ingestion, maxLineBytes, signal }: Following,
  path: string,
  start: number,
): Promise<void> {
  const { chunks, writtenAt } = openLogFile(path, signal, start)
  ingestion.begin(writtenAt)
  for await (const lines of splitLines(chunks, start, maxLineBytes)) await ingestion.take(lines)
}

/** `mail.log.1`, `mail.log-20260303.gz` beside `mail.log`, written to since an instant. */
async function rotatedSince(path: string, since: number): Promise<string[]> {
  const [folder, name] = [dirname(path), basename(path)]
  const found: { path: string; modifiedAt: number }[] = []
  for (const each of await readdir(folder)) {
    if (!each.startsWith(`${name}.`) && !each.startsWith(`${name}-`)) continue
    const status = await stat(join(folder, each)).catch(() => null) // gone meanwhile
    if (status?.isFile() && status.mtimeMs >= since)
      found.push({ path: join(folder, each), modifiedAt: status.mtimeMs })
  }
  return found.sort((a, b) => a.modifiedAt - b.modifiedAt).map(each => each.path)
}

/** `head` tells a file from another in its place; it is empty until the first line is whole. */
type Identity = { inode: string; head: string; bytes: number; modifiedAt: number }

function isHead(known: string, head: string): boolean {
  return known !== '' && known === head
}

async function identify(path: string): Promise<Identity | null> {
  const file = await openIfThere(path)
  return file && identityOf(file).finally(() => file.close())
}

async function identityOf(file: FileHandle): Promise<Identity> {
  const { ino, dev, size, mtimeMs } = await file.stat()
  const head = Buffer.alloc(HEAD_BYTES)
  const { bytesRead } = await file.read(head, 0, HEAD_BYTES, 0)
  const end = head.subarray(0, bytesRead).indexOf(10)
  const first = end >= 0 ? head.subarray(0, end) : bytesRead < HEAD_BYTES ? null : head
  return { inode: `${dev}:${ino}`, head: first ? hash('sha1', first) : '', bytes: size, modifiedAt: mtimeMs }
}

async function openIfThere(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, 'r')
  } catch (cause) {
    if (typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'ENOENT') return null
    throw new AppError('file_unreadable', `${path} cannot be opened`, { cause })
  }
}

/** The beginning of a line a little before a position that is one. */
async function lineStartBefore(file: FileHandle, position: number): Promise<number> {
  const from = Math.max(0, position - REREAD_BYTES)
  if (from === 0) return 0
  const buffer = Buffer.alloc(position - from)
  const { bytesRead } = await file.read(buffer, 0, buffer.length, from)
  const end = buffer.subarray(0, bytesRead).indexOf(10)
  return end < 0 ? position : from + end + 1
}

type Read = { lines: Line[]; reached: number }

/** The whole lines from a position on, a stretch of them, and how far they reach. */
async function readOn({ maxLineBytes }: Following, file: FileHandle, position: number): Promise<Read> {
  const found: Line[] = []
  for await (const lines of splitLines(stretch(file, position), position, maxLineBytes)) {
    for (const line of lines) if (line.whole) found.push(line)
  }
  return { lines: found, reached: found.at(-1)?.end ?? position }
}

/** Some of the file from a position on: enough for a good batch, and all of a line that is longer. */
async function* stretch(file: FileHandle, position: number): AsyncGenerator<Buffer> {
  let at = position
  let seenLine = false
  while (!seenLine) {
    const buffer = Buffer.alloc(READ_BYTES)
    const { bytesRead } = await file.read(buffer, 0, READ_BYTES, at)
    if (bytesRead === 0) return
    at += bytesRead
    seenLine = buffer.subarray(0, bytesRead).includes(10)
    yield buffer.subarray(0, bytesRead)
  }
}

async function pause({ signal, pollMs }: FollowOptions): Promise<void> {
  await sleep(pollMs ?? POLL_MS, undefined, { signal }).catch(() => {})
}

/** Reads what has been written since the last time, to the end of the file, and answers what was found. */
export async function readNew(
  db: Db,
  settings: IngestSettings,
  options: FollowOptions,
): Promise<IngestCounts> {
  const ingestion = new Ingestion(db, settings)
  const following = { ...options, db, settings, ingestion }
  const file = await openIfThere(options.path)
  if (!file) throw new AppError('file_unreadable', `${options.path} is not there`)
  try {
    const identity = await identityOf(file)
    let position = await startOf(following, file, identity)
    ingestion.begin(identity.modifiedAt)
    while (!options.signal.aborted) {
      const reached = await advance(following, file, identity, position)
      if (reached === null || reached === position) break
      position = reached
    }
    await ingestion.end()
    return ingestion.counts
  } finally {
    await file.close()
  }
}
