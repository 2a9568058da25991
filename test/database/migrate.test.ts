import { globSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import t, { type Test } from 'tap'
import { createEmbedded, type Database, openDatabase, wrapEmbedded } from '../../src/database/database.ts'
import { migrate, requireMigrated } from '../../src/database/migrate.ts'
import { available, startPostgres } from '../support/servers/index.ts'

const files = globSync('*.sql', { cwd: join(import.meta.dirname, '../../migrations') }).sort()

type Open = () => Promise<Database>

async function emptyEmbedded(): Promise<Database> {
  return wrapEmbedded(await createEmbedded(undefined), () => {})
}

function open(url: string): Promise<Database> {
  return openDatabase({ url, backend: 'postgres', maxConnections: 3 })
}

function migrations(t: Test, openEmpty: Open): void {
  t.test('brings an empty database up once, and finds nothing to do the second time', async t => {
    const database = await openEmpty()
    t.teardown(() => database.close())
    await t.rejects(requireMigrated(database), { code: 'database_outdated', message: /run: hopthu migrate$/ })
    t.same(await migrate(database), files, 'all files, in the order of their names')
    await requireMigrated(database)
    t.same(await migrate(database), [])
  })

  t.test('refuses a database whose applied file was changed since', async t => {
    const database = await openEmpty()
    t.teardown(() => database.close())
    await migrate(database)
    await sql`update schema_migration set checksum = 'another' where name = ${files[0]}`.execute(database.db)
    const refused = {
      code: 'database_outdated',
      message: `${files[0]} was changed after it had been applied`,
    }
    await t.rejects(migrate(database), refused)
    await t.rejects(requireMigrated(database), refused)
  })

  t.test('a file that fails leaves nothing behind', async t => {
    const database = await openEmpty()
    t.teardown(() => database.close())
    await database.exec('create table run (already integer)')
    await t.rejects(migrate(database), { code: '42P07' }, 'the table is in the way')
    const { rows } = await sql`select name from schema_migration`.execute(database.db)
    t.same(rows, [])
    await database.exec('drop table run')
    t.same(await migrate(database), files, 'and the next try succeeds')
  })
}

t.test('on the embedded database', async t => migrations(t, emptyEmbedded))

const servers = available(['postgres'])
const skip = servers.ok ? false : servers.missing.join(', ')

t.test('on PostgreSQL', { skip }, async t => {
  // not below the checkout: the server's user may not be let in there
  const folder = mkdtempSync(join(tmpdir(), 'hopthu-pg-'))
  const postgres = await startPostgres({ folder })
  t.teardown(async () => {
    await postgres.stop()
    rmSync(folder, { recursive: true })
  })
  let count = 0
  const emptyDatabase = () => postgres.createDatabase(`empty_${count++}`)
  migrations(t, async () => open(await emptyDatabase()))

  t.test('two migrators at once do the work once', async t => {
    for (let round = 0; round < 10; round++) {
      const url = await emptyDatabase()
      const both = await Promise.all([open(url), open(url)])
      t.teardown(() => Promise.all(both.map(database => database.close())))
      const applied = await Promise.all(both.map(migrate))
      t.same(applied.flat().sort(), files, 'each file by one of them')
      for (const database of both) await requireMigrated(database)
    }
  })
})
