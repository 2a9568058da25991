/**
 * Writes rows as a workbook while they come: every cell is text, so that no spreadsheet takes an id for a number, a day
 * for another day, or a text beginning with = for a formula.
 */
import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { PassThrough, Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import yazl, { type ZipFile } from 'yazl'
import { fixedParts, sheetPart, sheetXml } from './xlsx-writer-parts.ts'

export type WorkbookToWrite = {
  headings: readonly string[]
  /** Pages of rows. An error it throws is thrown on. */
  rows: AsyncIterable<readonly (readonly string[])[]>
  /** A path is created or replaced, and taken away again when writing fails; a stream is ended. */
  to: Writable | string
  /** The name of the sheet; where the rows do not fit on one, the next is `name 2`. */
  sheet?: string
  signal?: AbortSignal
}

/** Answers how many rows were written, headings not counted. */
export async function writeXlsx({ to, signal, ...workbook }: WorkbookToWrite): Promise<number> {
  const target = typeof to === 'string' ? createWriteStream(to) : to
  const output = new PassThrough()
  const zip = new yazl.ZipFile()
  zip.outputStream.pipe(output)
  // A target that fails takes nothing more: whoever waits for it to take more has to hear of it.
  const broken = new AbortController()
  const written = pipeline(output, target)
  written.catch((cause: unknown) => broken.abort(cause))
  const signals = signal === undefined ? [broken.signal] : [broken.signal, signal]
  try {
    const count = await addParts(zip, workbook, AbortSignal.any(signals))
    await written
    return count
  } catch (error) {
    const cause: unknown = broken.signal.aborted ? broken.signal.reason : error
    output.destroy()
    await written.catch(() => {})
    if (typeof to === 'string') await rm(to, { force: true })
    throw cause
  }
}

async function addParts(
  zip: ZipFile,
  { headings, rows, sheet = 'Sheet1' }: Omit<WorkbookToWrite, 'to' | 'signal'>,
  signal: AbortSignal,
): Promise<number> {
  const source = new RowSource(rows)
  let sheets = 0
  try {
    do {
      sheets += 1
      const entry = new PassThrough()
      zip.addReadStream(entry, sheetPart(sheets), { compressionLevel: 6 })
      await pipeline(Readable.from(sheetXml(headings, source), { objectMode: false }), entry, { signal })
    } while (await source.hasMore())
  } finally {
    await source.close()
  }
  for (const [name, text] of fixedParts(sheet, sheets)) zip.addBuffer(Buffer.from(text), name)
  zip.end()
  return source.taken
}

/** Pages of rows as rows, over several sheets. */
class RowSource {
  taken = 0
  readonly #pages: AsyncIterator<readonly (readonly string[])[]>
  #page: readonly (readonly string[])[] = []
  #next = 0

  constructor(rows: AsyncIterable<readonly (readonly string[])[]>) {
    this.#pages = rows[Symbol.asyncIterator]()
  }

  async hasMore(): Promise<boolean> {
    while (this.#next >= this.#page.length) {
      const { value, done } = await this.#pages.next()
      if (done === true) return false
      this.#page = value
      this.#next = 0
    }
    return true
  }

  async take(): Promise<readonly string[] | null> {
    if (!(await this.hasMore())) return null
    const row = this.#page[this.#next] ?? []
    this.#next += 1
    this.taken += 1
    return row
  }

  async close(): Promise<void> {
    await this.#pages.return?.()
  }
}
