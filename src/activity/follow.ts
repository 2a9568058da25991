/**
 * Following a log file while it grows, through rotation by rename and by copying and truncating.
 *
 * The position saved with each batch only saves time: whatever is read twice after a doubt is known by its content.
 */
import { hash } from 'node:crypto'
import { type FileHandle, open, readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Db } from '../database/database.ts'
import { Ingestion, type IngestSettings } from './ingest.ts'
import { openLogFile, splitLines } from './lines.ts'
import { positionOf } from './store.ts'

/** How long new lines wait to be read, in ms. Shorter makes more small transactions, longer a later page. */
const POLL_MS = 1000
const READ_BYTES = 1 << 18
const HEAD_BYTES = 256

export type FollowOptions = { path: string; maxLineBytes: number; signal: AbortSignal; pollMs?: number; onBatch?: (ingestion: Ingestion) => void }

/** Follows a file until the signal; a file that is not there yet is waited for. Throws when the store cannot be written. */
export async function follow(db: Db, settings: IngestSettings, options: FollowOptions): Promise<void> {
  const { path, signal } = options
  await catchUp(db, settings, options)
  const ingestion = new Ingestion(db, settings)
  while (!signal.aborted) {
    const file = await openIfThere(path)
    if (file) await followOne(db, settings, ingestion, file, options).finally(() => file.close())
    await pause(options)
  }
}

/** Reads the rest of a file that was rotated away while nobody followed. */
async function catchUp(db: Db, settings: IngestSettings, { path, maxLineBytes, signal }: FollowOptions): Promise<void> {
  const known = await positionOf(db, settings.source, path)
  const current = await identify(path)
  if (!known || (current && current.inode === known.inode && current.head === known.head)) return
  for (const name of (await readdir(dirname(path))).filter(each => each.startsWith(`${basename(path)}.`) || each.startsWith(`${basename(path)}-`))) {
    const rotated = join(dirname(path), name)
    const identity = await identify(rotated)
    const packed = name.endsWith('.gz')
    if (!packed && identity?.head !== known.head) continue
    const ingestion = new Ingestion(db, settings)
    const { chunks, writtenAt } = openLogFile(rotated, signal)
    ingestion.begin(writtenAt)
    for await (const lines of splitLines(chunks, 0, maxLineBytes)) await ingestion.take(lines)
    await ingestion.end()
    if (!packed) return
  }
}

type Identity = { inode: string; head: string; bytes: number; modifiedAt: number }

async function identify(path: string): Promise<Identity | null> {
  const file = await openIfThere(path)
  if (!file) return null
  try {
    return await identityOf(file)
  } finally {
    await file.close()
  }
}

async function identityOf(file: FileHandle): Promise<Identity> {
  const { ino, dev, size, mtimeMs } = await file.stat()
  const head = Buffer.alloc(HEAD_BYTES)
  const { bytesRead } = await file.read(head, 0, HEAD_BYTES, 0)
  const line = head.subarray(0, bytesRead)
  const end = line.indexOf(10)
  // the first line, so that the head of a young file is still its head when it has grown
  const first = end >= 0 ? line.subarray(0, end) : line
  return { inode: `${dev}:${ino}`, head: hash('sha1', first), bytes: size, modifiedAt: mtimeMs }
}

async function openIfThere(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, 'r')
  } catch (cause) {
    if (typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'ENOENT') return null
    throw cause
  }
}

/** Reads one file to its end, again and again, until another has its name or it shrinks. */
async function followOne(db: Db, settings: IngestSettings, ingestion: Ingestion, file: FileHandle, options: FollowOptions): Promise<void> {
  const { path, signal } = options
  const known = await positionOf(db, settings.source, path)
  let identity = await identityOf(file)
  const resumed = known && known.inode === identity.inode && known.head === identity.head && known.position <= identity.bytes
  let position = resumed ? known.position : 0
  ingestion.begin(identity.modifiedAt)
  while (!signal.aborted) {
    const reached = await readOn(ingestion, file, position, options)
    if (reached > position) {
      position = reached
      identity = await identityOf(file)
      await ingestion.save({ path, inode: identity.inode, head: identity.head, position })
      options.onBatch?.(ingestion)
      continue
    }
    await ingestion.save()
    const there = await identify(path)
    const { inode, bytes, head } = await identityOf(file)
    // renamed, or truncated, or truncated and already longer again
    if (there && there.inode !== inode) return
    if (bytes < position || (position > 0 && head !== identity.head)) return
    await pause(options)
  }
}

/** Takes the whole lines from a position on, a stretch at a time; answers how far it came. */
async function readOn(ingestion: Ingestion, file: FileHandle, position: number, options: FollowOptions): Promise<number> {
  let reached = position
  for await (const lines of splitLines(stretch(file, position), position, options.maxLineBytes)) {
    const whole = lines.filter(line => line.whole)
    await ingestion.take(whole)
    reached = whole.at(-1)?.end ?? reached
  }
  return reached
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
