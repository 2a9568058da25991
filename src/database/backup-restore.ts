/**
 * Restore: the file is proved from beginning to end, the database is proved to be empty, and then everything is written in
 * one transaction, while the file is proved once more. Whatever goes wrong before its end leaves an empty database.
 *
 * An older backup is restored into the state of the schema it was made on and migrated from there, as its own database
 * would have been. A database that is migrated further than the backup cannot be taken back, since migrations go forward
 * only: it is refused, and an empty one is asked for.
 */
import { sql } from 'kysely'
import { AppError } from '../error.ts'
import { pinForm } from './backup.ts'
import {
  LEDGER,
  lateReferences,
  loadCounted,
  loadReferences,
  loadTables,
  quoted,
  type Reference,
} from './backup-catalogue.ts'
import { type BackupHeader, type BackupSummary, type BackupTable, readBackup } from './backup-format.ts'
import type { Database, Trx } from './database.ts'
import { appliedMigrations, knownMigrations, migrate, migrateTo } from './migrate.ts'

export type Restored = BackupSummary & {
  header: BackupHeader
  /** Migrations that the backup had not had yet, applied after it. */
  migrated: string[]
}
type Request = { timeZone: string; signal: AbortSignal; progress: (line: string) => void }

/** Throws `backup_refused`, `database_not_empty` or `config_invalid`, with nothing written. */
export async function restore(database: Database, path: string, request: Request): Promise<Restored> {
  const { header, summary } = await proved(path, request.signal)
  requireKnown(path, header)
  requireZone(header, request.timeZone)
  await requireRoom(database, path, header)
  await migrateTo(
    database,
    header.migrations.map(each => each.name),
  )
  await database.db.transaction().execute(trx => fill(trx, path, header, summary, request))
  const migrated = await migrate(database)
  await database.exec('analyze')
  return { ...summary, header, migrated }
}

/** The head of a file that was read to its end and found whole. */
export async function proved(
  path: string,
  signal: AbortSignal,
): Promise<{ header: BackupHeader; summary: BackupSummary }> {
  let header: BackupHeader | null = null
  for await (const part of readBackup(path, signal)) {
    if (part.kind === 'header') header = part.header
    if (part.kind === 'end' && header) return { header, summary: part.summary }
  }
  throw new AppError('internal', 'a backup was read to its end without a head')
}

function requireKnown(path: string, { migrations, product }: BackupHeader): void {
  const known = new Map(knownMigrations().map(each => [each.name, each.checksum]))
  const strange = migrations.find(each => known.get(each.name) !== each.checksum)
  if (!strange) return
  const why = known.has(strange.name) ? 'has another content here' : 'is not known here'
  throw new AppError(
    'backup_refused',
    `${path} was made by hopthu ${product}, whose ${strange.name} ${why}; restore it with that version, then upgrade. Nothing was changed`,
  )
}

/** Days are calendar days of the zone: in another one every figure would shift. */
function requireZone({ timeZone }: BackupHeader, configured: string): void {
  if (timeZone === configured) return
  throw new AppError(
    'config_invalid',
    `timeZone: the days of the backup are those of ${timeZone}, the configuration says ${configured}; set it to ${timeZone}. Nothing was changed`,
    { details: { key: 'timeZone' } },
  )
}

// an empty database -------------------------------------------------------------------------------------------------

/**
 * Rows of a database that holds nothing yet: what a migration puts there, and the audit of the commands that brought it up or
 * tried to restore into it. They give way to the rows of the backup.
 */
const seeds: Record<string, string> = {
  audit_head: 'true',
  audit: "action in ('database.migrated', 'backup.made', 'backup.restored')",
  audit_pseudonym: "kind = 'system'",
}

async function requireRoom(database: Database, path: string, { migrations }: BackupHeader): Promise<void> {
  await database.db.transaction().execute(requireEmpty)
  const wanted = new Set(migrations.map(each => each.name))
  const further = (await appliedMigrations(database)).find(each => !wanted.has(each.name))
  if (!further) return
  throw new AppError(
    'database_not_empty',
    `the database is migrated further (${further.name}) than ${path}; give an empty one, without running migrate: restore does that itself. Nothing was changed`,
  )
}

async function requireEmpty(trx: Trx): Promise<void> {
  for (const { name } of await loadTables(trx)) {
    const seed = seeds[name]
    const rest = seed === undefined ? '' : ` where not (${seed})`
    const { rows } = await sql<{ found: boolean }>`
      select exists (select 1 from ${sql.raw(`public.${quoted(name)}${rest}`)}) as found`.execute(trx)
    if (rows[0]?.found) throw notEmpty(name)
  }
}

function notEmpty(table: string): AppError {
  return new AppError(
    'database_not_empty',
    `the database holds data already (table ${table}); restore only writes into an empty one: make a new database or name a new folder, and set database.url. Nothing was changed`,
  )
}

// filling it --------------------------------------------------------------------------------------------------------

async function fill(
  trx: Trx,
  path: string,
  header: BackupHeader,
  summary: BackupSummary,
  request: Request,
): Promise<void> {
  await pinForm(trx, 'isolation level read committed')
  await requireSameTables(trx, header)
  const all = header.tables.map(({ name }) => `public.${quoted(name)}`).join(', ')
  await sql`lock table ${sql.raw(all)} in access exclusive mode`.execute(trx)
  await requireEmpty(trx)
  await clearSeeds(trx, header)
  const order = header.tables.map(({ name }) => name)
  const late = lateReferences(order, await loadReferences(trx)).filter(each => !each.deferrable)
  for (const each of late) await alter(trx, each, 'deferrable initially deferred')
  await sql`set constraints all deferred`.execute(trx)
  await insertRows(trx, path, summary, request)
  await sql`set constraints all immediate`.execute(trx)
  for (const each of late) await alter(trx, each, 'not deferrable')
  await setSequences(trx, header)
}

/** The audit lets nobody delete, so its triggers stand aside for this one statement of a transaction that has it to itself. */
async function clearSeeds(trx: Trx, header: BackupHeader): Promise<void> {
  for (const [name, seed] of Object.entries(seeds)) {
    if (!header.tables.some(each => each.name === name)) continue
    const table = `public.${quoted(name)}`
    await sql`alter table ${sql.raw(table)} disable trigger user`.execute(trx)
    await sql`delete from ${sql.raw(table)} where ${sql.raw(seed)}`.execute(trx)
    await sql`alter table ${sql.raw(table)} enable trigger user`.execute(trx)
  }
}

/** At the same migrations the tables are the same, unless somebody changed one by hand, here or there. */
async function requireSameTables(trx: Trx, header: BackupHeader): Promise<void> {
  const form = (tables: readonly Pick<BackupTable, 'name' | 'columns'>[]) =>
    new Map(
      tables.map(({ name, columns }) => [name, columns.map(each => `${each.name} ${each.type}`).join()]),
    )
  const [here, there] = [form(await loadTables(trx)), form(header.tables)]
  for (const name of new Set([...here.keys(), ...there.keys()])) {
    if (here.get(name) === there.get(name)) continue
    throw new AppError(
      'backup_refused',
      `table ${name} is not the same in the backup and in this database, though both had the same migrations: one was changed by hand (beside ${LEDGER}). Nothing was written`,
    )
  }
}

function alter(trx: Trx, { table, name }: Reference, to: string): Promise<unknown> {
  const target = `public.${quoted(table)} alter constraint ${quoted(name)} ${to}`
  return sql`alter table ${sql.raw(target)}`.execute(trx)
}

async function insertRows(
  trx: Trx,
  path: string,
  proved: BackupSummary,
  { signal, progress }: Request,
): Promise<void> {
  let rows = 0
  for await (const part of readBackup(path, signal)) {
    if (part.kind === 'rows') {
      await insertPage(trx, part.table, part.rows)
      rows += part.rows.length
      progress(`${part.table.name}: ${rows} / ${proved.rows}`)
    }
    if (part.kind === 'end' && part.summary.sha256 !== proved.sha256) {
      throw new AppError('backup_refused', `${path} was changed while it was being read. Nothing was written`)
    }
  }
}

async function insertPage(trx: Trx, { name, columns }: BackupTable, rows: readonly string[]): Promise<void> {
  const names = columns.map(each => quoted(each.name)).join(', ')
  const values = columns.map((each, i) => `(r ->> ${i})::${each.type}`).join(', ')
  await sql`insert into ${sql.raw(`public.${quoted(name)} (${names})`)} overriding system value
    select ${sql.raw(values)} from json_array_elements(${`[${rows.join(',')}]`}::json) as t (r)`.execute(trx)
}

async function setSequences(trx: Trx, { tables }: BackupHeader): Promise<void> {
  for (const { table, column, sequence } of await loadCounted(trx)) {
    const kept = tables.find(each => each.name === table)?.sequences.find(each => each.column === column)
    if (!kept) continue
    const { value, called } = kept
    await sql`select setval(${`public.${quoted(sequence)}`}::regclass, ${value}::bigint, ${called})`.execute(
      trx,
    )
  }
}
