import { chmodSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import t from 'tap'
import { openDatabase } from '../../src/database/database.ts'
import { lockFolder } from '../../src/database/lock.ts'
import { startOther } from './process.ts'

const src = join(import.meta.dirname, '../../src')

t.test('a folder is held by one process, and free again when that process is killed', async t => {
  const folder = join(t.testdir(), 'db')
  const other = await startOther(`
    import { lockFolder } from '${src}/database/lock.ts'
    lockFolder(${JSON.stringify(folder)})
    console.log('locked')
    setInterval(() => {}, 1000)`)
  t.throws(() => lockFolder(folder), { code: 'database_locked', message: /another hopthu process is using/ })
  await other.kill()
  const release = lockFolder(folder)
  t.throws(() => lockFolder(folder), { code: 'database_locked' }, 'the same process cannot take it twice')
  release()
  lockFolder(folder)()
})

t.test('folders side by side do not hinder each other', async t => {
  const parent = t.testdir()
  const releases = ['a', 'b'].map(name => lockFolder(join(parent, name)))
  t.equal(releases.length, 2)
  for (const release of releases) release()
})

t.test('an embedded database is entered by nobody but its owner, one made before too', async t => {
  const folder = join(t.testdir({ data: { db: {} } }), 'data/db')
  chmodSync(folder, 0o755)
  const config = { url: `pglite:${folder}`, backend: 'postgres' as const, maxConnections: 2 }
  const database = await openDatabase(config)
  t.equal(statSync(folder).mode & 0o777, 0o700)
  await database.close()
})

t.test('an embedded database opens for one process; what was committed outlives its killing', async t => {
  const folder = join(t.testdir(), 'data/db')
  const config = { url: `pglite:${folder}`, backend: 'postgres' as const, maxConnections: 2 }
  const other = await startOther(`
    import { openDatabase } from '${src}/database/database.ts'
    const database = await openDatabase(${JSON.stringify(config)})
    await database.exec('create table note (text text); insert into note values (\\'kept\\')')
    console.log('written')
    setInterval(() => {}, 1000)`)
  await t.rejects(openDatabase(config), { code: 'database_locked' })
  await other.kill()
  const database = await openDatabase(config)
  const { rows } = await sql`select text from note`.execute(database.db)
  t.same(rows, [{ text: 'kept' }])
  await database.close()
  await (await openDatabase(config)).close()
  t.pass('closing frees the folder')
})
