/** What the log says of an error never holds the rows of a statement: they are people. */
import { sql } from 'kysely'
import pino from 'pino'
import t from 'tap'
import { errorForLog } from '../src/call.ts'
import { stores } from './support/database.ts'

for (const store of stores()) {
  t.test(`a statement that fails on ${store.name}`, async t => {
    const database = await store.open()
    t.teardown(() => database.close())
    const rows = JSON.stringify([{ name: 'Lê Bí Mật', day: 'không phải ngày' }])
    const lines: string[] = []
    const log = pino({ serializers: { err: errorForLog } }, { write: line => lines.push(line) })
    await t.rejects(
      sql`select * from json_to_recordset(${rows}::json) as t(name text, day date)`
        .execute(database.db)
        .catch((thrown: unknown) => {
          log.warn({ err: thrown }, 'a statement failed')
          throw thrown
        }),
    )
    t.match(lines, [/invalid input syntax for type date.*"code":"22007"/])
    t.notMatch(lines.join(), /Bí Mật/)
  })
}
