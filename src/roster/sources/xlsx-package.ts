/**
 * The zip file that a workbook is, read part by part, with a limit on everything that a few bytes can make large.
 *
 * Nothing is ever unpacked to disk. The sizes that the directory of the zip claims are checked before a part is read,
 * and are true afterwards: yauzl refuses a part that unpacks to more or less, and the checksum is ours to compare.
 */
import { type FileHandle, open } from 'node:fs/promises'
import { posix } from 'node:path'
import { Readable } from 'node:stream'
import { crc32 } from 'node:zlib'
import yauzl, { type Entry, type ZipFile } from 'yauzl'
import { AppError } from '../../error.ts'
import type { FileRefusal } from '../file-messages.ts'

/** Far above any roster: 1,048,576 rows of 30 columns are about 1 GiB of XML. A limit too low turns away a real file. */
export const limits = {
  /** A workbook with pictures has hundreds. */
  parts: 10_000,
  partBytes: 1024 ** 3,
  totalBytes: 2 * 1024 ** 3,
  /** Sheets shrink to a tenth or a thirtieth; deflate can do a thousandth. */
  ratio: 200,
  /** Below this a part may shrink as it likes. */
  ratioFromBytes: 16 * 1024 ** 2,
}

export type Package = {
  readonly path: string
  readonly signal: AbortSignal
  has(part: string): boolean
  /** The unpacked bytes of a part, whole and with the right checksum, or `file_unreadable`. */
  read(part: string): AsyncGenerator<Buffer>
  /** Whether the file is still the one that was opened. */
  unchanged(): Promise<boolean>
  close(): Promise<void>
}

/** Throws `file_unreadable` for what is no zip, is cut off, encrypted, or over a limit. */
export async function openPackage(path: string, maxBytes: number, signal: AbortSignal): Promise<Package> {
  const file = await openFile(path)
  try {
    const { size, mtimeMs } = await file.stat()
    if (size > maxBytes) {
      throw unreadable(
        path,
        'tooLarge',
        `is ${megabytes(size)}; workbooks of up to ${megabytes(maxBytes)} are read. Delete pictures and other sheets, or save the sheet as CSV`,
        { bytes: size, maxBytes },
      )
    }
    const zip = await openZip(path, file, size)
    const parts = await listParts(path, zip)
    return {
      path,
      signal,
      has: part => parts.has(part.toLowerCase()),
      read: part => readPart(path, signal, zip, parts.get(part.toLowerCase()) ?? part),
      unchanged: async () => {
        const now = await file.stat()
        return now.size === size && now.mtimeMs === mtimeMs
      },
      close: () => file.close(),
    }
  } catch (error) {
    await file.close()
    throw error
  }
}

/** An error about a file as a whole, ending in what to do; `refused` are the words for it on a page. */
export function unreadable(
  path: string,
  refused: FileRefusal,
  sentence: string,
  { cause, ...details }: { cause?: unknown; [name: string]: unknown } = {},
): AppError {
  return new AppError('file_unreadable', `${path} ${sentence}`, { cause, details: { refused, ...details } })
}

/** What to do about a file whose bytes are not what they were when it was saved. */
export function damaged(path: string, what: string, cause?: unknown): AppError {
  const sentence = `is damaged or was cut off (${what}); open it in Excel or LibreOffice, save it again and send all of it`
  return unreadable(path, 'damagedExcel', sentence, { cause })
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024 ** 2)} MB`
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

/** Reads of the zip through our handle, which stays ours to close. */
class HandleReader extends yauzl.RandomAccessReader {
  readonly #file: FileHandle
  constructor(file: FileHandle) {
    super()
    this.#file = file
  }
  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from(stretches(this.#file, start, end), { objectMode: false })
  }
}

const READ_BYTES = 1 << 17

async function* stretches(file: FileHandle, start: number, end: number): AsyncGenerator<Buffer> {
  for (let position = start; position < end; ) {
    const wanted = Math.min(READ_BYTES, end - position)
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(wanted), 0, wanted, position)
    if (bytesRead === 0) return
    position += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

async function openZip(path: string, file: FileHandle, size: number): Promise<ZipFile> {
  let zip: ZipFile
  try {
    const reader = new HandleReader(file)
    zip = await yauzl.fromRandomAccessReaderPromise(reader, size, { lazyEntries: true, autoClose: false })
  } catch (cause) {
    throw damaged(path, 'it does not end as a workbook does', cause)
  }
  if (zip.entryCount > limits.parts) {
    throw unreadable(
      path,
      'unpacksTooLarge',
      `holds ${zip.entryCount} parts, more than the ${limits.parts} of any workbook`,
    )
  }
  return zip
}

/** Every part by its name in lower case (names of parts know no case), once all of them are within the limits. */
async function listParts(path: string, zip: ZipFile): Promise<Map<string, Entry>> {
  const parts = new Map<string, Entry>()
  let total = 0
  try {
    for await (const entry of zip.eachEntry()) {
      total += entry.uncompressedSize
      checkPart(path, entry, total)
      const name = entry.fileName.toLowerCase()
      if (parts.has(name))
        throw unreadable(path, 'damagedExcel', `holds ${entry.fileName} twice; save it again`)
      parts.set(name, entry)
    }
  } catch (cause) {
    // yauzl refuses absolute names and those with `..` here.
    throw cause instanceof AppError ? cause : damaged(path, 'the list of its parts cannot be read', cause)
  }
  return parts
}

function checkPart(path: string, entry: Entry, total: number): void {
  const { fileName, uncompressedSize, compressedSize } = entry
  if (entry.isEncrypted()) {
    throw unreadable(path, 'lockedExcel', 'is protected by a password; save it without one')
  }
  const bomb =
    uncompressedSize > limits.partBytes ||
    total > limits.totalBytes ||
    (uncompressedSize > limits.ratioFromBytes && uncompressedSize > compressedSize * limits.ratio)
  if (bomb) {
    throw unreadable(
      path,
      'unpacksTooLarge',
      `would unpack to more than a roster can be (${fileName}: ${megabytes(uncompressedSize)} out of ${megabytes(compressedSize)}); copy the rows into a new workbook or save the sheet as CSV`,
    )
  }
}

async function* readPart(
  path: string,
  signal: AbortSignal,
  zip: ZipFile,
  entry: Entry | string,
): AsyncGenerator<Buffer> {
  if (typeof entry === 'string') throw damaged(path, `its part ${entry} is missing`)
  let checksum = 0
  const stream = await openPart(path, zip, entry)
  try {
    for await (const bytes of stream) {
      if (signal.aborted)
        throw new AppError('cancelled', `reading ${path} was broken off`, { temporary: true })
      if (!Buffer.isBuffer(bytes)) continue
      checksum = crc32(bytes, checksum)
      yield bytes
    }
  } catch (cause) {
    throw cause instanceof AppError
      ? cause
      : damaged(path, `its part ${entry.fileName} cannot be unpacked`, cause)
  } finally {
    stream.destroy()
  }
  if (checksum !== entry.crc32) throw damaged(path, `its part ${entry.fileName} is not what was saved`)
}

async function openPart(path: string, zip: ZipFile, entry: Entry): Promise<Readable> {
  try {
    return await zip.openReadStreamPromise(entry)
  } catch (cause) {
    throw damaged(path, `its part ${entry.fileName} cannot be unpacked`, cause)
  }
}

/** The name of the part that a relation of another part means: relative to that part, or from the top with `/`. */
export function partName(from: string, target: string): string {
  return posix.join('/', target.startsWith('/') ? '' : posix.dirname(from), target).slice(1)
}
