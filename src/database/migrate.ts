/**
 * Forward-only migrations: the files of `migrations/`, in the order of their names, each in a transaction of its own.
 * A file that was applied must never change: its checksum is kept and compared.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import { AppError } from '../error.ts'
import type { Database } from './database.ts'

const folder = join(import.meta.dirname, '../../migrations')

type Migration = { name: string; text: string; checksum: string }

function migrations(): Migration[] {
  return readdirSync(folder)
    .filter(name => /^\d{4}_.*\.sql$/.test(name))
    .sort()
    .map(name => {
      const text = readFileSync(join(folder, name), 'utf8')
      return { name, text, checksum: createHash('sha256').update(text).digest('hex') }
    })
}

export type AppliedMigration = { name: string; checksum: string }

/** What this version brings, in order. */
export function knownMigrations(): AppliedMigration[] {
  return migrations().map(({ name, checksum }) => ({ name, checksum }))
}

/** What a database has had, in order; nothing where it was never migrated. */
export async function appliedMigrations(database: Database): Promise<AppliedMigration[]> {
  if (!(await hasLedger(database))) return []
  const { rows } = await sql<AppliedMigration>`
    select name, checksum from schema_migration order by name collate "C"`.execute(database.db)
  return rows
}

/** Brings the database up and answers the names of the files applied now. */
export function migrate(database: Database): Promise<string[]> {
  return migrateTo(database, null)
}

/** As `migrate`, but only the named files, or all: a restore of an older backup begins with the state it was made on. */
export async function migrateTo(database: Database, only: readonly string[] | null): Promise<string[]> {
  await createLedger(database)
  const applied: string[] = []
  for (const migration of await pending(database)) {
    if (only && !only.includes(migration.name)) continue
    if (await apply(database, migration)) applied.push(migration.name)
  }
  return applied
}

// "if not exists" looks and creates in two steps: of two at once the later meets a unique index of the catalogue, or the
// table or its type, once the earlier has committed; so the table is there.
async function createLedger(database: Database): Promise<void> {
  try {
    await database.exec(`create table if not exists schema_migration (
      name text primary key, checksum text not null, applied_at timestamptz not null default now())`)
  } catch (cause) {
    if (!hasState(cause, ['23505', '42710', '42P07'])) throw cause
  }
}

/** Throws `database_outdated` where files are waiting, so that no command works on half a schema. */
export async function requireMigrated(database: Database): Promise<void> {
  const waiting = (await hasLedger(database)) ? await pending(database) : migrations()
  if (waiting.length > 0) {
    throw new AppError(
      'database_outdated',
      `the database waits for ${waiting.length} migrations; run: hopthu migrate`,
    )
  }
}

async function hasLedger(database: Database): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`
    select exists (select 1 from information_schema.tables where table_name = 'schema_migration') as found
  `.execute(database.db)
  return rows[0]?.found ?? false
}

async function pending(database: Database): Promise<Migration[]> {
  const { rows } = await sql<{ name: string; checksum: string }>`
    select name, checksum from schema_migration`.execute(database.db)
  const checksums = new Map(rows.map(row => [row.name, row.checksum]))
  return migrations().filter(migration => {
    const checksum = checksums.get(migration.name)
    if (checksum !== undefined && checksum !== migration.checksum) {
      throw new AppError('database_outdated', `${migration.name} was changed after it had been applied`)
    }
    return checksum === undefined
  })
}

async function apply(database: Database, { name, text, checksum }: Migration): Promise<boolean> {
  // the table lock makes a second migrator wait; the insert then tells it that the work is done
  const statements = `begin; lock table schema_migration in exclusive mode;
    insert into schema_migration (name, checksum) values ('${name}', '${checksum}');
    ${text}
    commit;`
  try {
    await database.exec(statements)
    return true
  } catch (cause) {
    await database.exec('rollback').catch(() => {})
    if (hasState(cause, ['23505'])) return false
    throw cause
  }
}

/** Whether an error bears one of these SQL states (PostgreSQL manual, appendix A). */
function hasState(cause: unknown, states: readonly string[]): boolean {
  return typeof cause === 'object' && cause !== null && 'code' in cause && states.includes(String(cause.code))
}
