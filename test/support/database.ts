/** Databases for store tests: the same test runs on the embedded engine and on a real PostgreSQL. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import t from 'tap'
import { createEmbedded, type Database, openDatabase, wrapEmbedded } from '../../src/database/database.ts'
import { migrate } from '../../src/database/migrate.ts'
import { available, startPostgres } from './servers/index.ts'
import type { Postgres } from './servers/postgres.ts'

let snapshot: Promise<Blob> | undefined

async function migratedSnapshot(): Promise<Blob> {
  const pglite = await createEmbedded(undefined)
  const database = wrapEmbedded(pglite, () => {})
  await migrate(database)
  const dump = await pglite.dumpDataDir('none')
  await database.close()
  return dump
}

/** A migrated embedded database in memory. */
export async function embedded(): Promise<Database> {
  snapshot ??= migratedSnapshot()
  return wrapEmbedded(await createEmbedded(undefined, await snapshot), () => {})
}

/** A migrated, empty database on a running PostgreSQL. */
export async function onPostgres(url: string): Promise<Database> {
  const database = await openDatabase({ url, backend: 'postgres', maxConnections: 5 })
  await migrate(database)
  return database
}

export type Store = {
  name: string
  /** Why its tests cannot run here, or false. */
  skip: string | false
  /** A migrated, empty database; close it when done. */
  open(): Promise<Database>
}

/** The embedded engine and a real PostgreSQL, started on first use and stopped with the test file. */
export function stores(): Store[] {
  const { ok, missing } = available(['postgres'])
  let server: Promise<Postgres> | undefined
  let folder: string | undefined
  let count = 0
  t.teardown(async () => {
    await (await server)?.stop()
    if (folder) rmSync(folder, { recursive: true, force: true })
  })
  const open = async () => {
    folder ??= mkdtempSync(join(tmpdir(), 'hopthu-pg-'))
    server ??= startPostgres({ folder })
    return onPostgres(await (await server).createDatabase(`store_${count++}`))
  }
  return [
    { name: 'PGlite', skip: false, open: reused() },
    { name: 'PostgreSQL', skip: ok ? false : `not installed: ${missing.join(', ')}`, open },
  ]
}

/** One embedded engine for the whole file, emptied each time it is opened: starting one takes seconds. */
function reused(): () => Promise<Database> {
  let engine: Promise<Database> | undefined
  t.teardown(async () => (await engine)?.close())
  return async () => {
    engine ??= embedded()
    const database = await engine
    await empty(database)
    return { ...database, close: async () => {} }
  }
}

/** Empties all tables, as if freshly migrated. */
export async function empty(database: Database): Promise<void> {
  await sql`do $$ declare names text; begin
    select string_agg(format('%I', tablename), ',') into names from pg_tables
      where schemaname = 'public' and tablename <> 'schema_migration';
    alter table audit disable trigger audit_no_truncate;
    execute 'truncate ' || names || ' restart identity cascade';
    alter table audit enable trigger audit_no_truncate;
    insert into audit_head (number, hash) values (0, '');
  end $$`.execute(database.db)
}
