/** Rows written by COPY are the rows that were given, or none of them. */
import { sql } from 'kysely'
import t from 'tap'
import { type Copied, copiedValues, copyLine, copyRows } from '../../src/database/database.ts'
import { embedded, stores } from '../support/database.ts'

const lines = (rows: readonly Copied[]) => rows.map(copyLine).join('')

for (const store of stores().filter(({ name }) => /postgres/i.test(name))) {
  t.test(`on ${store.name}`, { skip: store.skip }, async t => {
    const database = await store.open()
    t.teardown(() => database.close())
    await sql`create table copied (number integer primary key, said text)`.execute(database.db)
    const all = async () =>
      (
        await sql<{ number: number; said: string | null }>`select * from copied order by number`.execute(
          database.db,
        )
      ).rows

    t.test('any text comes back as it was', async t => {
      const texts = ['', null, 'a\tb', 'a\nb', 'a\r\nb', 'a\\b', '\\N', '\\.', 'Đỗ Thị Hoà 🙂', '{"x":"\\n"}']
      t.ok(
        await copyRows(
          database.db,
          'copied (number, said)',
          lines(texts.map((said, number) => [number, said])),
        ),
      )
      t.same(
        await all(),
        texts.map((said, number) => ({ number, said })),
      )
    })

    t.test('a key that is there already keeps all of them out', async t => {
      const before = await all()
      t.notOk(
        await copyRows(
          database.db,
          'copied (number, said)',
          lines([
            [100, 'new'],
            [0, 'again'],
          ]),
        ),
      )
      t.same(await all(), before)
    })

    t.test('what breaks another rule is told, and the connection serves on', async t => {
      await t.rejects(copyRows(database.db, 'copied (number, said)', lines([['no number', 'x']])))
      t.equal((await all()).length, 10)
    })

    t.test('an open transaction inserts instead', async t => {
      await database.db.transaction().execute(async trx => {
        t.notOk(await copyRows(trx, 'copied (number, said)', lines([[200, 'x']])))
      })
    })
  })
}

t.test('the embedded engine inserts instead', async t => {
  const database = await embedded()
  t.teardown(() => database.close())
  t.notOk(await copyRows(database.db, 'run (id)', lines([[1]])))
})

t.test('a line tells what it was made of', async t => {
  const rows = [
    ['', null, 'a\tb', 'a\nb', 'a\r\nb', 'a\\b'],
    ['\\N', '\\.', '\\t', '\\\\n', 'Đỗ Thị Hoà 🙂', '{"x":"\\n"}'],
  ]
  for (const row of rows) t.same(copiedValues(copyLine(row).slice(0, -1)), row)
  t.same(copiedValues(copyLine([1, null, 'x']).slice(0, -1)), ['1', null, 'x'])
})
