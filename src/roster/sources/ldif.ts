/**
 * Reads people and agencies from a file in the format of a directory (LDIF, RFC 2849), completely or not at all.
 *
 * Only content records: what a directory holds, not what to change in it. A file that was cut off must never look
 * complete, since whoever is missing may be taken to have left: it has to end with a line break, each record has to be
 * readable, and the file must not change while it is read.
 */
import { type FileHandle, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../../error.ts'
import { type Day, parseDay } from '../../ids.ts'
import { normaliseDn } from '../dn.ts'
import type { DirectoryEntry } from './entry.ts'
import { type Matcher, parseMatcher } from './ldif-filter.ts'
import { LdifParser } from './ldif-record.ts'

/** A file, or a folder of files named by their day. */
export type LdifPlace = { path: string } | { folder: string }

export type LdifSearch = {
  base: string
  /** RFC 4515. */
  filter: string
  /** Whether the entry at the base itself belongs to the result; no if left out. */
  includeBase?: boolean
}

export type LdifFile = {
  /** The file that is read. */
  readonly path: string
  /** The entries below the base, a page at a time, in the order of the file. Throws `read_incomplete`. */
  search(search: LdifSearch): AsyncGenerator<DirectoryEntry[]>
  close(): Promise<void>
}

type Options = {
  signal: AbortSignal
  /** The last day whose file counts, in a folder of dated ones. */
  today: Day
}

const READ_BYTES = 1 << 18
const PAGE_SIZE = 1000

/** Opens the file that counts. Throws `file_unreadable`, `cancelled`. */
export async function openLdif(place: LdifPlace, options: Options): Promise<LdifFile> {
  const path = 'folder' in place ? await newestFile(place.folder, options.today) : place.path
  const file = await openFile(path)
  const before = await identify(file)
  return {
    path,
    search: search => readPages({ path, file, before, signal: options.signal }, search),
    close: () => file.close(),
  }
}

/** Tries a file for `check`: reads all of it, and answers how much is in it. */
export async function checkLdif(
  place: LdifPlace,
  searches: readonly LdifSearch[],
  options: Options,
): Promise<string> {
  const file = await openLdif(place, options)
  try {
    const counts: string[] = []
    for (const search of searches) {
      let count = 0
      for await (const page of file.search(search)) count += page.length
      counts.push(`${count === 1 ? '1 entry' : `${count} entries`} in ${search.base}`)
    }
    return [file.path, ...counts].join('; ')
  } finally {
    await file.close()
  }
}

/** The file of the newest day that is not still to come. */
async function newestFile(folder: string, today: Day): Promise<string> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new AppError('file_unreadable', `the folder ${folder} cannot be read`, { cause })
  })
  const days = names.flatMap(name => {
    const day = /^(\d{4}-\d{2}-\d{2})\.ldif$/i.exec(name)?.[1]
    return day !== undefined && parseDay(day) !== null && day <= today ? [{ day, name }] : []
  })
  const newest = days.reduce<{ day: string; name: string } | null>(
    (best, each) => (best !== null && best.day >= each.day ? best : each),
    null,
  )
  if (newest === null) {
    throw new AppError('file_unreadable', `${folder} holds no file such as ${today}.ldif, of today or before`)
  }
  return join(folder, newest.name)
}

async function openFile(path: string): Promise<FileHandle> {
  let file: FileHandle | null = null
  try {
    file = await open(path, 'r')
    if ((await file.stat()).isFile()) return file
  } catch (cause) {
    throw new AppError('file_unreadable', `${path} cannot be opened`, { cause })
  }
  await file.close()
  throw new AppError('file_unreadable', `${path} is no file`)
}

type Identity = { bytes: number; modifiedAt: number }

async function identify(file: FileHandle): Promise<Identity> {
  const { size, mtimeMs } = await file.stat()
  return { bytes: size, modifiedAt: mtimeMs }
}

type Reading = { path: string; file: FileHandle; before: Identity; signal: AbortSignal }

async function* readPages(reading: Reading, search: LdifSearch): AsyncGenerator<DirectoryEntry[]> {
  const wanted = wantedBy(search)
  let page: DirectoryEntry[] = []
  for await (const entries of readEntries(reading)) {
    for (const entry of entries) {
      if (!wanted(entry)) continue
      page.push(entry)
      if (page.length < PAGE_SIZE) continue
      yield page
      page = []
    }
  }
  if (page.length > 0) yield page
}

function wantedBy({ base, filter, includeBase }: LdifSearch): (entry: DirectoryEntry) => boolean {
  const matches: Matcher = parseMatcher(filter)
  const top = normaliseDn(base)
  return entry => {
    const dn = normaliseDn(entry.dn)
    const isBelow = dn.endsWith(`,${top}`) || (dn === top && includeBase === true)
    return isBelow && matches(entry)
  }
}

/** All entries, those of a stretch of the file at a time. */
async function* readEntries({ path, file, before, signal }: Reading): AsyncGenerator<DirectoryEntry[]> {
  const parser = new LdifParser(path)
  let position = 0
  for (;;) {
    if (signal.aborted) throw new AppError('cancelled', `reading ${path} was broken off`, { temporary: true })
    const buffer = Buffer.allocUnsafe(READ_BYTES)
    const { bytesRead } = await file.read(buffer, 0, READ_BYTES, position)
    if (bytesRead === 0) break
    position += bytesRead
    const entries = parser.take(buffer.subarray(0, bytesRead))
    if (entries.length > 0) yield entries
  }
  const last = parser.end()
  const now = await identify(file)
  if (now.bytes !== before.bytes || now.modifiedAt !== before.modifiedAt || position !== before.bytes) {
    throw new AppError('read_incomplete', `${path} changed while it was read; read it again when it is whole`)
  }
  if (last !== null) yield [last]
}
