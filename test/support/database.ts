/** Databases for store tests: the same test runs on the embedded engine and on a real PostgreSQL. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import t from 'tap'
import { createEmbedded, type Database, openDatabase, wrapEmbedded } from '../../src/database/database.ts'
import { knownMigrations, migrate } from '../../src/database/migrate.ts'
import { available, startPostgres } from './servers/index.ts'
import type { Postgres } from './servers/postgres.ts'

let snapshot: Promise<Blob> | undefined

/** Of this schema, made once for all suites and kept beside the packages. */
async function migratedSnapshot(): Promise<Blob> {
  const folder = join(import.meta.dirname, '../../node_modules/.cache/hopthu-test')
  const file = join(folder, `${schemaKey()}.tar`)
  if (existsSync(file)) return new Blob([readFileSync(file)])
  const dump = await makeSnapshot()
  const begun = `${file}.${process.pid}`
  mkdirSync(folder, { recursive: true })
  writeFileSync(begun, new Uint8Array(await dump.arrayBuffer()))
  renameSync(begun, file) // another suite may have done so meanwhile: it is the same
  return dump
}

function schemaKey(): string {
  const key = createHash('sha256').update(readFileSync(join(import.meta.dirname, '../../package-lock.json')))
  for (const { name, checksum } of knownMigrations()) key.update(`${name} ${checksum}`)
  return key.digest('hex').slice(0, 32)
}

async function makeSnapshot(): Promise<Blob> {
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
  let template: Promise<string> | undefined
  const open = async () => {
    folder ??= mkdtempSync(join(tmpdir(), 'hopthu-pg-'))
    server ??= startPostgres({ folder })
    const running = await server
    // migrated once; a copy costs less than migrating anew
    template ??= migratedTemplate(running)
    const url = await running.createDatabase(`store_${count++}`, await template)
    return openDatabase({ url, backend: 'postgres', maxConnections: 5 })
  }
  return [
    { name: 'PGlite', skip: false, open: reused() },
    { name: 'PostgreSQL', skip: ok ? false : `not installed: ${missing.join(', ')}`, open },
  ]
}

async function migratedTemplate(server: Postgres): Promise<string> {
  const name = 'store_template'
  await (await onPostgres(await server.createDatabase(name))).close()
  return name
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
