/**
 * Backup and restore: every table of ours and the configuration in one file, from and into either engine.
 *
 * The job engine keeps a schema of its own, which is left out: its jobs are ticks without state, and it makes itself anew.
 */
import { rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { sql } from 'kysely'
import { AppError } from '../error.ts'
import { type CatalogueTable, loadCounted, loadTables, quoted } from './backup-catalogue.ts'
import {
  BACKUP_FORMAT,
  type BackupHeader,
  type BackupSummary,
  type BackupTable,
  readBackup,
  writeBackup,
} from './backup-format.ts'
import type { Database, Trx } from './database.ts'
import { appliedMigrations } from './migrate.ts'

export type BackupFacts = {
  product: string
  timeZone: string
  now: Date
  /** As checked: secrets are references in it. */
  configuration: Record<string, unknown>
}
type Watch = { signal: AbortSignal; progress: (line: string) => void }

/**
 * Writes a file beside the one meant, reads it back, and only then puts it in its place: what stood there before is kept
 * until the new one is proved. The database is seen as of one moment, and others go on working on it.
 */
export async function backUp(
  database: Database,
  path: string,
  facts: BackupFacts,
  watch: Watch,
): Promise<BackupSummary> {
  const migrations = await appliedMigrations(database)
  if (migrations.length === 0) {
    throw new AppError('database_outdated', 'the database is empty, there is nothing to back up')
  }
  const part = join(dirname(path), `.${basename(path)}.${process.pid}.part`)
  try {
    await database.db.transaction().execute(async trx => {
      await pinForm(trx, 'isolation level repeatable read, read only')
      const tables = await loadTables(trx)
      const header = { ...headOf(facts, migrations), tables: await withSequences(trx, tables) }
      const keys = new Map(tables.map(table => [table.name, table]))
      await writeBackup(part, header, table => rowsOf(trx, table, keys.get(table.name), watch), watch.signal)
    })
    const summary = await verifyBackup(part, watch.signal)
    await rename(part, path)
    return summary
  } catch (thrown) {
    throw fileError(path, thrown)
  } finally {
    await rm(part, { force: true })
  }
}

/** Reads a whole file and answers what it proved to hold. */
export async function verifyBackup(path: string, signal: AbortSignal): Promise<BackupSummary> {
  for await (const part of readBackup(path, signal)) if (part.kind === 'end') return part.summary
  throw new AppError('internal', 'a backup was read to its end without an end')
}

/**
 * Begins a transaction's work: its kind, and the form in which the database writes values as text, which must not depend
 * on how a server or a role is set up.
 */
export async function pinForm(trx: Trx, kind: string): Promise<void> {
  await sql`set transaction ${sql.raw(kind)}`.execute(trx)
  const settings = {
    datestyle: 'ISO, YMD',
    intervalstyle: 'postgres',
    timezone: 'UTC',
    bytea_output: 'hex',
    extra_float_digits: '1',
    // all rows of a cursor are wanted, not the first ones soon
    cursor_tuple_fraction: '1',
  }
  for (const [name, value] of Object.entries(settings)) {
    await sql`select set_config(${name}, ${value}, true)`.execute(trx)
  }
}

function headOf(facts: BackupFacts, migrations: BackupHeader['migrations']): Omit<BackupHeader, 'tables'> {
  const { product, timeZone, now, configuration } = facts
  return {
    hopthu: 'backup',
    format: BACKUP_FORMAT,
    product,
    createdAt: now.toISOString(),
    timeZone,
    migrations,
    configuration,
  }
}

// A sequence is no part of what a transaction sees: read after its first statement, it is never behind the rows.
async function withSequences(trx: Trx, tables: readonly CatalogueTable[]): Promise<BackupTable[]> {
  const counted = await loadCounted(trx)
  const result: BackupTable[] = []
  for (const { name, columns } of tables) {
    const sequences: BackupTable['sequences'] = []
    for (const { column, sequence } of counted.filter(each => each.table === name)) {
      const { rows } = await sql<{ value: string; called: boolean }>`
        select last_value::text as value, is_called as called from ${sql.raw(`public.${quoted(sequence)}`)}`.execute(
        trx,
      )
      sequences.push(...rows.map(row => ({ column, ...row })))
    }
    result.push({ name, columns, sequences })
  }
  return result
}

/** Rows of a page of about so many characters are held at a time, whatever a row is long. */
const PAGE_CHARS = 2_000_000
const PAGE_ROWS = { first: 20, most: 5000 }

/**
 * A table's rows, a page at a time, in the order of its key by the bytes of it: so equal content makes equal files on
 * either engine. By a cursor, since the key of a large table may be long text; PGlite has cursors too.
 */
async function* rowsOf(
  trx: Trx,
  table: BackupTable,
  catalogue: CatalogueTable | undefined,
  { signal, progress }: Watch,
): AsyncGenerator<string[]> {
  const line = `to_json(array[${table.columns.map(({ name }) => `${quoted(name)}::text`).join(', ')}])::text`
  const key = catalogue?.key.map(each => `${quoted(each.name)}${each.text ? ' collate "C"' : ''}`) ?? []
  const order = key.length > 0 ? key.join(', ') : `${line} collate "C"`
  const from = `public.${quoted(table.name)}`
  await sql`declare backup_rows no scroll cursor for
    select ${sql.raw(line)} as line from ${sql.raw(from)} order by ${sql.raw(order)}`.execute(trx)
  let size = PAGE_ROWS.first
  let count = 0
  for (;;) {
    signal.throwIfAborted()
    const { rows } = await sql<{ line: string }>`fetch ${sql.raw(String(size))} from backup_rows`.execute(trx)
    if (rows.length === 0) break
    const page = rows.map(row => row.line)
    yield page
    count += page.length
    progress(`${table.name}: ${count}`)
    const chars = page.reduce((sum, each) => sum + each.length, 0) / page.length
    size = Math.max(1, Math.min(PAGE_ROWS.most, size * 4, Math.floor(PAGE_CHARS / chars)))
  }
  await sql`close backup_rows`.execute(trx)
}

/** What the file system threw, with what to do about it. */
function fileError(path: string, thrown: unknown): unknown {
  if (thrown instanceof AppError || !(thrown instanceof Error) || !('syscall' in thrown)) return thrown
  const kept = 'no backup was written, and what stood there before is as it was'
  return new AppError('file_unreadable', `${path} cannot be written: ${thrown.message}; ${kept}`, {
    cause: thrown,
  })
}
