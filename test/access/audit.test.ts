import { sql } from 'kysely'
import t, { type Test } from 'tap'
import { type AuditAction, canonical, detailProblem } from '../../src/access/audit.ts'
import { appendAudit, readAudit, verifyAudit } from '../../src/access/audit-store.ts'
import { createOperator } from '../../src/access/store.ts'
import type { Database } from '../../src/database/database.ts'
import { stores } from '../support/database.ts'

const AT = new Date('2026-11-24T01:02:03.456Z')

for (const store of stores()) {
  const each = (name: string, body: (t: Test, database: Database) => Promise<void>) =>
    t.test(`${name} (${store.name})`, { skip: store.skip }, async t => {
      const database = await store.open()
      t.teardown(() => database.close())
      await body(t, database)
    })

  each('the chain holds while many append at once', async (t, database) => {
    await Promise.all(Array.from({ length: 20 }, (_, i) => add(database, i)))
    t.same(await verifyAudit(database.db), { entries: 20, ok: true, firstBroken: null })
    const { rows } = await sql<{ number: number }>`select number from audit order by number`.execute(
      database.db,
    )
    t.same(
      rows.map(row => row.number),
      Array.from({ length: 20 }, (_, i) => i + 1),
      'no gap',
    )
    const { rows: names } = await sql`select 1 from audit_pseudonym where kind = 'person'`.execute(
      database.db,
    )
    t.equal(names.length, 3, 'one pseudonym a person, however many ask for it at once')
  })

  each('an entry of a transaction that is rolled back leaves no gap', async (t, database) => {
    await add(database, 1)
    await t.rejects(
      database.db.transaction().execute(async trx => {
        await appendAudit(trx, { at: AT, actor: { kind: 'system', id: 'local' }, action: 'export' })
        throw new Error('gone')
      }),
    )
    await add(database, 2)
    t.same(await verifyAudit(database.db), { entries: 2, ok: true, firstBroken: null })
  })

  each('the database itself refuses to change, remove or empty it', async (t, database) => {
    await add(database, 1)
    for (const statement of [
      sql`update audit set action = 'export'`,
      sql`delete from audit`,
      sql`truncate audit`,
    ])
      await t.rejects(statement.execute(database.db), /only appended to/)
    t.same(await verifyAudit(database.db), { entries: 1, ok: true, firstBroken: null })
  })

  const tampered: [string, string, number][] = [
    ['a changed action', `update audit set action = 'export' where number = 3`, 3],
    ['a changed detail', `update audit set detail = '{"count": 7}' where number = 2`, 2],
    ['a changed instant', `update audit set at = at + interval '1 hour' where number = 5`, 5],
    ['a changed actor', `update audit set actor = 'operator-0' where number = 4`, 4],
    ['a removed entry', `delete from audit where number = 2`, 2],
    ['a removed beginning', `delete from audit where number = 1`, 1],
    ['a cut-off end', `delete from audit where number > 3`, 4],
    ['an emptied audit', `delete from audit`, 1],
    [
      'an entry put behind the end',
      `insert into audit select number + 1, at, actor, action, subject, agency, detail, hash, hash from audit where number = 5`,
      6,
    ],
    ['an end that was moved back', `update audit_head set number = 4`, 4],
    ['an end that is gone', `delete from audit_head`, 1],
  ]
  for (const [what, statement, firstBroken] of tampered)
    each(`${what} is found`, async (t, database) => {
      for (let i = 0; i < 5; i++) await add(database, i)
      await database.exec(
        `alter table audit disable trigger all; ${statement}; alter table audit enable trigger all`,
      )
      const found = await verifyAudit(database.db)
      t.equal(found.ok, false)
      t.equal(found.firstBroken, firstBroken)
    })

  each(
    'names stand behind pseudonyms and can be forgotten without breaking the chain',
    async (t, database) => {
      const operator = await createOperator(database.db, {
        name: 'nguyen.an',
        role: 'auditor',
        agencyId: null,
        now: AT,
      })
      await appendAudit(database.db, {
        at: AT,
        actor: { kind: 'operator', id: operator.id ?? 0 },
        action: 'export',
        detail: { format: 'xlsx', rows: 12 },
      })
      const [entry] = await readAudit(database.db, { limit: 10 })
      t.match(entry, { actor: /^operator-[0-9a-f]{20}$/, actorName: 'nguyen.an', detail: { rows: 12 } })
      const { rows } = await sql<{ text: string }>`select audit::text as text from audit`.execute(database.db)
      t.notMatch(rows[0]?.text, /nguyen/)
      await sql`delete from audit_pseudonym`.execute(database.db)
      t.match(await readAudit(database.db, { limit: 10 }), [{ actorName: null, actor: /^operator-/ }])
      t.equal((await verifyAudit(database.db)).ok, true)
    },
  )

  each('reading goes by action, time and key', async (t, database) => {
    for (let i = 0; i < 6; i++) await add(database, i)
    const numbers = async (filter: object) =>
      (await readAudit(database.db, { limit: 3, ...filter })).map(entry => entry.number)
    t.same(await numbers({}), [6, 5, 4])
    t.same(await numbers({ before: 4 }), [3, 2, 1])
    t.same(await numbers({ action: 'person.viewed' }), [5, 3, 1])
    t.same(await numbers({ from: new Date(AT.getTime() + 5) }), [6])
    t.same(await numbers({ to: new Date(AT.getTime() + 1) }), [1])
    t.same(await numbers({ within: [99] }), [])
  })
}

t.test('a detail that could name somebody is refused', async t => {
  for (const text of ['Nguyễn Văn An', 'an@phuocan.gov.vn', 'two words', 'x'.repeat(101)])
    t.equal(detailProblem({ text }), 'text is no code', text)
  for (const text of ['H99.01', '2026-11-24', 'xlsx', 'regular', ''])
    t.equal(detailProblem({ text, count: 3, dry: false, none: null }), null, text)
})

t.test('the hashed text does not depend on the order of keys', async t => {
  const entry = { number: 1, at: AT, actor: 'a', action: 'export', subject: null, agency: null }
  t.equal(canonical({ ...entry, detail: { a: 1, b: 2 } }), canonical({ ...entry, detail: { b: 2, a: 1 } }))
})

async function add(database: Database, i: number): Promise<void> {
  const action: AuditAction = i % 2 === 0 ? 'person.viewed' : 'export'
  await appendAudit(database.db, {
    at: new Date(AT.getTime() + i),
    actor: { kind: 'system', id: 'local' },
    action,
    subject: { kind: 'person', id: i % 3 },
    detail: { b: i, a: 'H99', sure: true },
  })
}
