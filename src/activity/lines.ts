/** Bytes of a log file → its lines, plain or gzipped. A line longer than the limit is cut, and still one line. */
import { hash } from 'node:crypto'
import { closeSync, createReadStream, fstatSync, openSync, readSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { AppError } from '../error.ts'

export type Line = {
  /** Without the line feed, and without a carriage return before it: a copy made on Windows has the same lines. */
  text: string
  /** Bytes of the file before this line's end, its line feed included. Of the unpacked content for a gzipped file. */
  end: number
  /** Whether a line feed ended it: the last line of a growing file may not be whole yet. */
  whole: boolean
  tooLong: boolean
}

const LINE_FEED = 10
const CARRIAGE_RETURN = 13
const READ_BYTES = 1 << 18

/** Splits chunks into lines, keeping at most `maxLineBytes` of each in memory. */
export async function* splitLines(
  chunks: AsyncIterable<Buffer>,
  start: number,
  maxLineBytes: number,
): AsyncGenerator<Line[]> {
  let rest: Buffer[] = []
  let restBytes = 0
  let position = start
  for await (const chunk of chunks) {
    const lines: Line[] = []
    let from = 0
    for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, from)) {
      rest.push(chunk.subarray(from, at))
      restBytes += at - from
      position += at + 1 - from
      lines.push(toLine(rest, restBytes, position, true, maxLineBytes))
      rest = []
      restBytes = 0
      from = at + 1
    }
    const tail = chunk.subarray(from)
    position += tail.length
    restBytes += tail.length
    // of a line without end only the head is kept; the rest is counted
    if (restBytes - tail.length <= maxLineBytes) rest.push(Buffer.from(tail))
    if (lines.length > 0) yield lines
  }
  if (restBytes > 0) yield [toLine(rest, restBytes, position, false, maxLineBytes)]
}

function toLine(parts: Buffer[], bytes: number, end: number, whole: boolean, maxLineBytes: number): Line {
  const content = parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts)
  const tooLong = bytes > maxLineBytes
  const kept = tooLong ? content.subarray(0, maxLineBytes) : content
  return { text: decode(kept.at(-1) === CARRIAGE_RETURN ? kept.subarray(0, -1) : kept), end, whole, tooLong }
}

/** UTF-8 where it is, else Latin-1: a line of another encoding still tells its stamp and its addresses. */
function decode(bytes: Buffer): string {
  const text = bytes.toString('utf8')
  return text.includes('\ufffd') ? bytes.toString('latin1') : text
}

export type LogFile = {
  chunks: AsyncIterable<Buffer>
  /** When the file was written, ms since 1970: what a stamp without a year is near to. */
  writtenAt: number
  bytes: number
}

/** Opens a file for reading, a plain one from byte `start` on. Throws `file_unreadable`. */
export function openLogFile(path: string, signal: AbortSignal, start = 0): LogFile {
  const { head, bytes, modifiedAt } = headOf(path)
  const gzipped = head[0] === 0x1f && head[1] === 0x8b // RFC 1952 section 2.3.1
  const stream = createReadStream(path, { highWaterMark: READ_BYTES, start: gzipped ? 0 : start, signal })
  if (!gzipped) return { chunks: reading(path, stream), writtenAt: modifiedAt, bytes }
  const packedAt = head.length >= 8 ? head.readUInt32LE(4) * 1000 : 0
  const unpacked = stream.pipe(createGunzip())
  stream.on('error', error => unpacked.destroy(error))
  return { chunks: reading(path, unpacked), writtenAt: packedAt || modifiedAt, bytes }
}

async function* reading(path: string, stream: Readable): AsyncGenerator<Buffer> {
  try {
    yield* stream
  } catch (cause) {
    // a stream that breaks off keeps what it had unpacked; its iterator does not hand it out
    for (let rest = stream.read(); rest instanceof Buffer; rest = stream.read()) yield rest
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new AppError(
      'file_unreadable',
      `${path} cannot be read to its end: ${reason}; what came before it is kept`,
      {
        cause,
      },
    )
  }
}

function headOf(path: string): { head: Buffer; bytes: number; modifiedAt: number } {
  let descriptor: number
  try {
    descriptor = openSync(path, 'r')
  } catch (cause) {
    throw new AppError('file_unreadable', `${path} cannot be opened`, { cause })
  }
  try {
    const { size, mtimeMs, isFile } = statOf(descriptor)
    if (!isFile) throw new AppError('file_unreadable', `${path} is no file`)
    const head = Buffer.alloc(16)
    const read = readSync(descriptor, head, 0, head.length, 0)
    return { head: head.subarray(0, read), bytes: size, modifiedAt: mtimeMs }
  } finally {
    closeSync(descriptor)
  }
}

function statOf(descriptor: number) {
  const { size, mtimeMs, ...stat } = fstatSync(descriptor)
  return { size, mtimeMs, isFile: (stat.mode & 0o170000) === 0o100000 }
}

/** Bytes of a line's key: of a billion lines of one source a handful might be taken for another of the same hour. */
export const KEY_BYTES = 6

/** Processes write their stamps a little out of order; equal lines with more than this between them are one, read twice. */
const WINDOW_MS = 2_000

/**
 * Gives each stamped line of a file a key: the same for the same line in whatever file, and another for a line that was
 * truly written again. It is a hash of the text and of how many equal ones stand just before it. Where the stamps jump
 * back, as in files put one behind the other, counting begins again. Lines truly equal on both sides of the place where
 * a file was cut cannot be told from one line read twice, and are taken for that.
 */
export class LineKeys {
  #window = Number.NaN
  #current = new Map<number, number>()
  #before = new Map<number, number>()

  /** `at` is the line's stamp in ms. */
  keyOf(text: string, at: number): number {
    const key = hashOf(text)
    const counts = this.#countsOf(Math.floor(at / WINDOW_MS))
    const equal = counts.get(key) ?? 0
    counts.set(key, equal + 1)
    return equal === 0 ? key : hashOf(`${text}\n${equal}`)
  }

  #countsOf(window: number): Map<number, number> {
    if (window === this.#window) return this.#current
    if (window === this.#window - 1) return this.#before
    this.#before = window === this.#window + 1 ? this.#current : new Map()
    this.#current = new Map()
    this.#window = window
    return this.#current
  }
}

function hashOf(text: string): number {
  return hash('sha1', text, 'buffer').readUIntBE(0, KEY_BYTES)
}
