/**
 * The form of a backup file: packed lines of JSON, the same whichever engine wrote them.
 *
 *   {"hopthu":"backup", …}                   what it is, of which state of the schema, with the configuration
 *   {"table":"agency"}                       its rows follow
 *   ["1","directory","H99.01"]               a row: each value in the database's own text form, or null
 *   {"table":"agency","rows":1}              and that was all of them
 *   {"end":true,"tables":…,"rows":…,"sha256":…}   over every line before this one
 *
 * Values travel as the text the database writes and reads for their type, so nothing passes through a number or a date of
 * JavaScript: a bigint keeps its digits, an instant its microseconds, a day its infinity.
 */
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import Type, { type Static } from 'typebox'
import { Value } from 'typebox/value'
import { AppError } from '../error.ts'

/** Goes up when an older reader could no longer make sense of a file. */
export const BACKUP_FORMAT = 1

const text = Type.String({ minLength: 1 })
const count = Type.Integer({ minimum: 0 })
const Table = Type.Object({
  name: text,
  columns: Type.Array(Type.Object({ name: text, type: text }), { minItems: 1 }),
  sequences: Type.Array(Type.Object({ column: text, value: text, called: Type.Boolean() })),
})
const Header = Type.Object({
  hopthu: Type.Literal('backup'),
  format: Type.Literal(BACKUP_FORMAT),
  product: text,
  createdAt: text,
  timeZone: text,
  migrations: Type.Array(Type.Object({ name: text, checksum: text })),
  tables: Type.Array(Table),
  configuration: Type.Record(Type.String(), Type.Unknown()),
})
const TableStart = Type.Object({ table: text }, { additionalProperties: false })
const TableEnd = Type.Object({ table: text, rows: count })
const End = Type.Object({ end: Type.Literal(true), tables: count, rows: count, sha256: text })

export type BackupTable = Static<typeof Table>
export type BackupHeader = Static<typeof Header>
export type BackupSummary = { bytes: number; tables: number; rows: number; sha256: string }
export type BackupPart =
  | { kind: 'header'; header: BackupHeader }
  | { kind: 'rows'; table: BackupTable; rows: string[] }
  | { kind: 'end'; summary: BackupSummary }

// writing -----------------------------------------------------------------------------------------------------------

/** How hard to pack, 1–9: from here up a backup takes much longer for a few per cent less. */
const PACKING = 5

/** Writes a new file, for its owner only. `rowsOf` gives a table's rows as pages of lines. */
export async function writeBackup(
  path: string,
  header: BackupHeader,
  rowsOf: (table: BackupTable) => AsyncIterable<string[]>,
  signal: AbortSignal,
): Promise<void> {
  const file = createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true })
  await pipeline(content(header, rowsOf), createGzip({ level: PACKING }), fixedHead(), file, { signal })
}

async function* content(
  header: BackupHeader,
  rowsOf: (table: BackupTable) => AsyncIterable<string[]>,
): AsyncGenerator<string> {
  const hash = createHash('sha256')
  const hashed = (lines: string) => {
    hash.update(lines)
    return lines
  }
  const line = (value: unknown) => hashed(`${JSON.stringify(value)}\n`)
  yield line(header)
  let all = 0
  for (const table of header.tables) {
    yield line({ table: table.name })
    let rows = 0
    for await (const page of rowsOf(table)) {
      rows += page.length
      yield hashed(`${page.join('\n')}\n`)
    }
    yield line({ table: table.name, rows })
    all += rows
  }
  const end = { end: true, tables: header.tables.length, rows: all, sha256: hash.digest('hex') }
  yield `${JSON.stringify(end)}\n`
}

/** RFC 1952 section 2.3: no name, no time, no remark on the compressor, unknown system. No checksum covers these bytes. */
const HEAD = Buffer.from('1f8b08000000000000ff', 'hex')

/** Gives the file the one head that the reader takes, so that no byte of it may differ. */
function fixedHead(): Transform {
  let waiting: Buffer | null = Buffer.alloc(0)
  return new Transform({
    transform(chunk: Buffer, _, done) {
      if (waiting === null) return done(null, chunk)
      waiting = Buffer.concat([waiting, chunk])
      if (waiting.length < HEAD.length) return done()
      HEAD.copy(waiting)
      const first = waiting
      waiting = null
      done(null, first)
    },
  })
}

// reading -----------------------------------------------------------------------------------------------------------

/**
 * Reads a file to its end and proves it on the way: form, counts, checksum. Whoever stops before the part `end` has proved
 * nothing. Throws `backup_refused` where it is cut off, altered, of another format, or no backup of ours.
 */
export async function* readBackup(path: string, signal: AbortSignal): AsyncGenerator<BackupPart> {
  const { size } = await stat(path).catch(cause => {
    throw new AppError('file_unreadable', `${path} cannot be read; nothing was changed`, { cause })
  })
  await requireHead(path)
  const hash = createHash('sha256')
  const take = partReader(path)
  const unpacked = createGunzip()
  const done = pipeline(createReadStream(path), unpacked, { signal }).catch(() => {})
  try {
    let carried: Buffer = Buffer.alloc(0)
    for await (const chunk of unpacked as AsyncIterable<Buffer>) {
      carried = carried.length === 0 ? chunk : Buffer.concat([carried, chunk])
      const stop = carried.lastIndexOf('\n') + 1
      if (stop === 0) continue
      const lines = carried.subarray(0, stop)
      carried = carried.subarray(stop)
      const endAt = lastLineAt(lines)
      hash.update(endAt === null ? lines : lines.subarray(0, endAt))
      yield* take.lines(lines.toString().split('\n').slice(0, -1))
    }
    if (carried.length > 0) throw cutOff(path)
  } catch (thrown) {
    throw signal.aborted || thrown instanceof AppError ? thrown : fromUnpacking(path, thrown)
  } finally {
    unpacked.destroy()
    await done
  }
  const end = take.end()
  if (end.sha256 !== hash.digest('hex')) throw altered(path, 'its checksum does not match')
  if (unpacked.bytesWritten !== size) throw altered(path, 'something follows its end')
  yield {
    kind: 'end',
    summary: { bytes: size, tables: end.tables, rows: end.rows, sha256: end.sha256 },
  }
}

async function requireHead(path: string): Promise<void> {
  const file = await open(path)
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(HEAD.length), 0, HEAD.length, 0)
    if (bytesRead < HEAD.length || !buffer.equals(HEAD)) throw notOurs(path)
  } finally {
    await file.close()
  }
}

/** Where the line of the end begins, if it is the last of these; a row begins with a bracket and holds no line break. */
function lastLineAt(lines: Buffer): number | null {
  const at = lines.lastIndexOf('\n', lines.length - 2) + 1
  return lines.subarray(at, at + 7).toString() === '{"end":' ? at : null
}

type Open = { table: BackupTable; rows: number }

/** Knows what may stand where. */
function partReader(path: string) {
  let header: BackupHeader | null = null
  let open: Open | null = null
  let done = 0
  let rows = 0
  let end: Static<typeof End> | null = null

  function* lines(texts: string[]): Generator<BackupPart> {
    let page: string[] = []
    for (const text of texts) {
      if (open && text.startsWith('[')) {
        page.push(checkedRow(path, open, text))
        continue
      }
      if (open && page.length > 0) yield { kind: 'rows', table: open.table, rows: page }
      page = []
      if (header === null) {
        header = parseHeader(path, text)
        yield { kind: 'header', header }
      } else control(header, parseLine(path, text))
    }
    if (open && page.length > 0) yield { kind: 'rows', table: open.table, rows: page }
  }

  function control({ tables }: BackupHeader, line: unknown): void {
    const next = tables[done]
    if (end === null && open === null && Value.Check(TableStart, line) && line.table === next?.name) {
      open = { table: next, rows: 0 }
    } else if (open && Value.Check(TableEnd, line) && line.rows === open.rows) {
      rows += open.rows
      done += 1
      open = null
    } else if (end === null && open === null && next === undefined && Value.Check(End, line)) {
      end = line
    } else throw altered(path, 'a line stands where it does not belong')
  }

  return {
    lines,
    end(): Static<typeof End> {
      if (end === null) throw header === null ? notOurs(path) : cutOff(path)
      if (end.tables !== done || end.rows !== rows) throw altered(path, 'its counts do not match')
      return end
    },
  }
}

function parseLine(path: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw altered(path, 'a line is no valid JSON')
  }
}

function checkedRow(path: string, open: Open, text: string): string {
  const row = parseLine(path, text)
  const right = Array.isArray(row) && row.length === open.table.columns.length
  if (!right || !row.every(value => value === null || typeof value === 'string')) {
    throw altered(path, `a row of ${open.table.name} is not of its form`)
  }
  open.rows += 1
  return text
}

function parseHeader(path: string, json: string): BackupHeader {
  let line: unknown
  try {
    line = JSON.parse(json)
  } catch {
    throw notOurs(path)
  }
  if (!Value.Check(Type.Object({ hopthu: Type.Literal('backup'), format: Type.Integer() }), line)) {
    throw notOurs(path)
  }
  if (line.format !== BACKUP_FORMAT) {
    const product = Value.Check(Type.Object({ product: text }), line) ? line.product : 'a newer version'
    throw refused(path, `is of format ${line.format}, which this version cannot read; use hopthu ${product}`)
  }
  if (!Value.Check(Header, line)) throw altered(path, 'its head is not of its form')
  return line
}
// refusals ----------------------------------------------------------------------------------------------------------

function refused(path: string, what: string): AppError {
  return new AppError('backup_refused', `${path} ${what}. Nothing was changed`)
}

function notOurs(path: string): AppError {
  return refused(path, 'is no backup of Hộp Thư; give the file that `hopthu backup` wrote')
}

function cutOff(path: string): AppError {
  return refused(
    path,
    'is cut off before its end; copy it again from where it is kept, or use an earlier one',
  )
}

function altered(path: string, how: string): AppError {
  return refused(
    path,
    `is damaged or was altered: ${how}; copy it again from where it is kept, or use an earlier one`,
  )
}

/** What zlib or the file system threw: a stream that ends too early has a code of its own. */
function fromUnpacking(path: string, thrown: unknown): AppError {
  const code = typeof thrown === 'object' && thrown !== null && 'code' in thrown ? String(thrown.code) : ''
  if (code === 'Z_BUF_ERROR') return cutOff(path)
  if (code.startsWith('Z_')) return altered(path, 'it cannot be unpacked')
  return new AppError('file_unreadable', `${path} cannot be read: ${code}; nothing was changed`, {
    cause: thrown,
  })
}
