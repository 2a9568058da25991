/**
 * `node scripts/bench/ingest.ts [lines] [pglite]`: how fast log lines are read into the store, and in how much memory.
 *
 * Takes a PostgreSQL of its own in a temporary folder, which needs the package of Debian and, as root, nothing else.
 */
import { execFileSync } from 'node:child_process'
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ingestion } from '../../src/activity/ingest.ts'
import { openLogFile, splitLines } from '../../src/activity/lines.ts'
import { type Database, openDatabase } from '../../src/database/database.ts'
import { migrate } from '../../src/database/migrate.ts'
import { MAX_LINE_BYTES, seedMailboxes, settingsFor } from '../../test/support/activity.ts'
import { makeLog, makeWriters, textOf } from '../../test/support/logs.ts'
import { openFolder, startPostgres } from '../../test/support/servers/index.ts'

const PART_LINES = 20_000
const LINES_PER_EVENT = 3.85
const START = Date.parse('2026-03-01T00:00:00+07:00')
const HOURS = 24 * 14
const PEOPLE = 20_000

const lines = Number(process.argv[2] ?? 1_000_000)
if (process.argv[3] === 'make') makeFile(process.argv[4] ?? '')
else await main(process.argv[3] === 'pglite')

async function main(isEmbedded: boolean): Promise<void> {
  const { folder, remove } = openFolder(undefined)
  const server = isEmbedded ? null : await startPostgres({ folder: join(folder, 'postgres') })
  const url = server ? await server.createDatabase('bench') : 'pglite:memory'
  const database = await openDatabase({ url, maxConnections: 5, backend: 'postgres' })
  try {
    await migrate(database)
    const path = join(folder, 'mail.log')
    // made by another process, so that making it does not take the memory that is to be measured
    execFileSync(process.execPath, [import.meta.filename, String(lines), 'make', path])
    await measure(database, path)
  } finally {
    await database.close()
    await server?.stop()
    remove()
  }
}

/** A log of two weeks, in parts. */
function makeFile(path: string): void {
  const parts = Math.max(1, Math.round(lines / PART_LINES))
  const writers = makeWriters(PEOPLE)
  writeFileSync(path, '')
  for (let part = 0; part < parts; part++) {
    const hours = HOURS / parts
    const from = START + part * hours * 3_600_000
    const events = Math.round(lines / parts / LINES_PER_EVENT)
    const made = makeLog({ seed: part, from, hours, events, writers, reuse: true })
    writeFileSync(path, textOf(made.lines), { flag: 'a' })
  }
}

async function measure(database: Database, path: string): Promise<void> {
  await seedMailboxes(database.db, makeWriters(PEOPLE))
  const settings = await settingsFor(database.db, START + HOURS * 3_600_000 + 86_400_000)
  for (const round of ['new', 'read before']) {
    const begun = performance.now()
    const ingestion = new Ingestion(database.db, settings)
    const { chunks } = openLogFile(path, new AbortController().signal)
    ingestion.begin(START)
    let peak = 0
    for await (const part of splitLines(chunks, 0, MAX_LINE_BYTES)) {
      await ingestion.take(part)
      peak = Math.max(peak, process.memoryUsage.rss())
    }
    await ingestion.end()
    const seconds = (performance.now() - begun) / 1000
    const rate = Math.round(ingestion.counts.lines / seconds)
    const megabytes = Math.round(statSync(path).size / 2 ** 20)
    process.stdout.write(
      `${round}: ${ingestion.counts.lines} lines, ${megabytes} MB, ${seconds.toFixed(1)} s, ${rate} lines/s, peak ${Math.round(peak / 2 ** 20)} MB resident\n${JSON.stringify(ingestion.counts)}\n`,
    )
  }
}
