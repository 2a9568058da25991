/**
 * What a file is, by its content and never by its name, and the file of a watched folder that counts.
 *
 * Offices send what they have: web pages and old workbooks named `.xlsx`, scans, archives. Each is refused with the
 * word for it (`details.refused`, a `FileRefusal`), so that a person is told how to save it right.
 */
import { type FileHandle, open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../../error.ts'
import { type Day, parseDay } from '../../ids.ts'
import { type FileRefusal, fileRefusalWords } from '../file-messages.ts'
import type { Legacy } from '../legacy-text.ts'
import { openCsv } from './csv.ts'
import { withUnicode } from './file-legacy.ts'
import type { Table } from './table.ts'

export type FileKind = 'csv' | 'xlsx' | 'ldif'

export type TableOptions = {
  signal: AbortSignal
  /** A larger file is refused before it is read; 200 MB if left out. */
  maxBytes?: number
  convert?: Legacy
  /** Of a workbook: the sheet to read. */
  sheet?: string
}

/** A list of a million people is half of this. A file beyond it is a mistake or an attack. */
const MAX_BYTES = 200_000_000
const HEAD_BYTES = 1 << 16
/** The end record of an archive, its longest comment, and the list of all that a workbook has in it (APPNOTE 4.3.16). */
const TAIL_BYTES = 1 << 18

/** Recognises a file that can be read, or refuses it: `file_unreadable` with `details.refused`. */
export async function recogniseFile(path: string): Promise<FileKind> {
  const file = await openFile(path)
  try {
    const { size } = await file.stat()
    const head = await readAt(file, 0, HEAD_BYTES)
    const found = isZip(head)
      ? kindOfArchive(await readAt(file, Math.max(0, size - TAIL_BYTES), TAIL_BYTES))
      : kindOfContent(head)
    if (found === 'csv' || found === 'xlsx' || found === 'ldif') return found
    throw refusal(path, found)
  } finally {
    await file.close()
  }
}

/** Opens a CSV or XLSX file as a table. Throws what `recogniseFile` does, `usage` for LDIF, which has no rows. */
export async function openTable(path: string, options: TableOptions): Promise<Table> {
  const { size } = await await statFile(path)
  const maxBytes = options.maxBytes ?? MAX_BYTES
  if (size > maxBytes) throw refusal(path, 'tooLarge', { bytes: size, maxBytes })
  const kind = await recogniseFile(path)
  if (kind === 'ldif') throw new AppError('usage', `${path} is LDIF, which holds entries and no rows`)
  if (kind === 'csv') return openCsv(path, { ...options, maxBytes })
  const { openXlsx } = await import('./xlsx.ts')
  return withUnicode(await openXlsx(path, { ...options, maxBytes }), path, options.convert ?? null)
}

/** Not yet whole, or not meant to be read: of editors, transfers, browsers, and the desktop. */
const PASSED_OVER =
  /^[.~]|~$|\.(?:part|partial|tmp|temp|crdownload|filepart|swp|lock|bak)$|^(?:thumbs\.db|desktop\.ini)$/i
const DATED = /^(\d{4}-\d{2}-\d{2})\.(?:csv|xlsx|ldif)$/i
/** A transfer writes at least this often. Shorter reads half a file, longer delays one night's file by seconds. */
const STILL_WRITTEN_MS = 10_000

/**
 * The file of a watched folder that counts: of those named by a day (`2026-11-01.xlsx`) the newest not after today;
 * where none is, the one changed last.
 *
 * One not named by a day that changed in the last ten seconds (`now`, ms) is taken as still being written: the error
 * is temporary, and no older file is read in its place. A dated one is read at once: what names files by the day
 * writes each once, and a reader refuses a file that changes under it.
 */
export async function newestFile(folder: string, today: Day, now: number): Promise<string> {
  const files = await filesOf(folder)
  const dated = files.flatMap(file => {
    const day = parseDay(DATED.exec(file.name)?.[1] ?? '')
    return day !== null && day <= today ? [{ ...file, day }] : []
  })
  const later = <T extends { modifiedAt: number; day?: Day }>(a: T, b: T): T =>
    (a.day ?? '') === (b.day ?? '')
      ? b.modifiedAt > a.modifiedAt
        ? b
        : a
      : (b.day ?? '') > (a.day ?? '')
        ? b
        : a
  const [firstDated, ...otherDated] = dated
  if (firstDated !== undefined) return join(folder, otherDated.reduce(later, firstDated).name)
  const [first, ...others] = files.filter(file => !DATED.test(file.name))
  if (first === undefined) {
    throw new AppError('file_unreadable', `${folder} holds no file of today or before`)
  }
  const newest = others.reduce(later, first)
  if (Math.abs(now - newest.modifiedAt) < STILL_WRITTEN_MS) {
    throw new AppError('file_unreadable', `${join(folder, newest.name)} is still being written`, {
      temporary: true,
    })
  }
  return join(folder, newest.name)
}

type FolderFile = { name: string; modifiedAt: number }

async function filesOf(folder: string): Promise<FolderFile[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw new AppError('file_unreadable', `the folder ${folder} cannot be read`, { cause })
  })
  const names = entries
    .filter(entry => !entry.isDirectory() && !PASSED_OVER.test(entry.name))
    .map(entry => entry.name)
  const files = await Promise.all(
    names.sort().map(async (name): Promise<FolderFile[]> => {
      const found = await stat(join(folder, name)).catch(() => null) // gone since the folder was read
      return found?.isFile() ? [{ name, modifiedAt: found.mtimeMs }] : []
    }),
  )
  return files.flat()
}

async function statFile(path: string): Promise<{ size: number }> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new AppError('file_unreadable', `${path} cannot be opened`, { cause })
  })
  if (!found.isFile()) throw new AppError('file_unreadable', `${path} is no file`)
  return found
}

async function openFile(path: string): Promise<FileHandle> {
  await statFile(path)
  return open(path, 'r').catch((cause: unknown) => {
    throw new AppError('file_unreadable', `${path} cannot be opened`, { cause })
  })
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position)
  return buffer.subarray(0, bytesRead)
}

function refusal(path: string, refused: FileRefusal, details: Record<string, unknown> = {}): AppError {
  return new AppError('file_unreadable', `${path}: ${fileRefusalWords[refused].en}`, {
    details: { refused, ...details },
  })
}

/** The first bytes of kinds of files, as latin1. */
const BEGINNINGS = {
  pdf: ['%PDF-'],
  compressed: ['\x1f\x8b', 'BZh', '\xfd7zXZ', '\x28\xb5\x2f\xfd', '7z\xbc\xaf', 'Rar!'],
  picture: ['\x89PNG', '\xff\xd8\xff', 'GIF8', 'II*\0', 'MM\0*'],
  richText: ['{\\rtf'],
}

function isZip(head: Buffer): boolean {
  return head.subarray(0, 4).toString('latin1') === 'PK\x03\x04'
}

function kindOfContent(head: Buffer): FileKind | FileRefusal {
  const bytes = head.toString('latin1')
  if (bytes.startsWith('\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1')) {
    return head.includes(Buffer.from('EncryptedPackage', 'utf16le')) ? 'lockedExcel' : 'oldExcel'
  }
  for (const refused of ['pdf', 'compressed', 'picture', 'richText'] as const) {
    if (BEGINNINGS[refused].some(beginning => bytes.startsWith(beginning))) return refused
  }
  const text = textOf(head)
  if (text === '') return 'empty'
  const xml = /^<\?xml\b/i.test(text) || /^<(?:\w+:)?Workbook\b/.test(text)
  if (
    /^<(?:!doctype html|html|head|body|meta|table|style|div|!--)/i.test(text) ||
    (xml && /<html\b/i.test(text))
  )
    return 'webPage'
  if (xml) return 'xmlSpreadsheet'
  return isLdif(text) ? 'ldif' : 'csv'
}

/** The beginning as text, whether of one byte a letter or two; enough to know marks of ASCII by. */
function textOf(head: Buffer): string {
  const wide = head.length > 1 && ((head[0] === 0xff && head[1] === 0xfe) || (head[1] === 0 && head[0] !== 0))
  const text = wide ? head.toString('utf16le') : head.toString('utf8')
  return text.replace(/^\ufeff/, '').trimStart()
}

/** RFC 2849: comments, a version, then the first record, which begins with its name. */
function isLdif(text: string): boolean {
  const lines = text
    .split(/\r?\n/)
    .filter(line => line !== '' && !line.startsWith('#') && !line.startsWith(' '))
  return /^(?:version:\s*\d+\s*$|dn::?\s*\S)/i.test(lines[0] ?? '')
}

/** By the names in its list of contents, the central directory at its end (APPNOTE 4.3.12 and 4.3.16). */
function kindOfArchive(tail: Buffer): 'xlsx' | FileRefusal {
  const end = tail.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'))
  if (end < 0 || end + 22 > tail.length) return 'cutArchive'
  const names = namesOf(tail, end)
  const has = (pattern: RegExp) => names.some(name => pattern.test(name))
  if (has(/^xl\/workbook\.bin$/i)) return 'binaryExcel'
  if (has(/^\/?xl\/\w+\.xml$/i)) return 'xlsx'
  if (has(/^word\//i)) return 'word'
  return has(/^META-INF\/manifest\.xml$/) && has(/^content\.xml$/) ? 'openDocument' : 'otherArchive'
}

/** All names that lie within the tail; it holds some thousands of them. */
function namesOf(tail: Buffer, end: number): string[] {
  const names: string[] = []
  let at = Math.max(0, end - tail.readUInt32LE(end + 12))
  while (at + 46 <= end) {
    if (tail.readUInt32LE(at) !== 0x02014b50) {
      at = tail.indexOf('PK\x01\x02', at + 1, 'latin1')
      if (at < 0) break
      continue
    }
    const [name, extra, comment] = [
      tail.readUInt16LE(at + 28),
      tail.readUInt16LE(at + 30),
      tail.readUInt16LE(at + 32),
    ]
    names.push(tail.toString('utf8', at + 46, at + 46 + name))
    at += 46 + name + extra + comment
  }
  return names
}
