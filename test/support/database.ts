/** Databases for store tests: the same test runs on the embedded engine and on a real PostgreSQL. */
import { spawnSync } from 'node:child_process'
import { createEmbedded, type Database, openDatabase, wrapEmbedded } from '../../src/database/database.ts'
import { migrate } from '../../src/database/migrate.ts'

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

export function hasPostgres(): boolean {
  return spawnSync('sh', ['-c', 'ls /usr/lib/postgresql/*/bin/initdb']).status === 0
}
