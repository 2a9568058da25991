import { mkdtempSync, rmSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import t, { type Test } from 'tap'
import { type Database, openDatabase } from '../../src/database/database.ts'
import { migrate } from '../../src/database/migrate.ts'
import { fence, finishRun, heartbeat, startRun, withHeartbeat } from '../../src/database/run.ts'
import { AppError } from '../../src/error.ts'
import { embedded, onPostgres } from '../support/database.ts'
import { available, startPostgres } from '../support/servers/index.ts'
import { type Other, startOther } from './process.ts'

const src = join(import.meta.dirname, '../../src')
const now = new Date('2027-03-01T18:30:00Z')
const done = { state: 'done' as const, exitStatus: 0, result: { read: 5 } }

type Row = { id: number; state: string; message: string; exit_status: number | null; result: unknown }

async function rowsOfRuns(database: Database): Promise<Row[]> {
  const { rows } =
    await sql<Row>`select id, state, message, exit_status, result from run order by id`.execute(database.db)
  return rows
}

type Elsewhere = { host?: string; pid?: number; silentSeconds: number }

/** A run that goes on, begun by another process. */
async function runElsewhere(
  database: Database,
  { host = 'node2', pid = 1, silentSeconds }: Elsewhere,
): Promise<void> {
  await sql`insert into run (kind, state, started_at, heartbeat_at, host, pid)
    values ('roster', 'running', now(), now() - make_interval(secs => ${silentSeconds}), ${host}, ${pid})`.execute(
    database.db,
  )
}

function runs(t: Test, open: () => Promise<Database>): void {
  const withDatabase = (name: string, body: (t: Test, database: Database) => Promise<void>) =>
    t.test(name, async t => {
      const database = await open()
      t.teardown(() => database.close())
      await body(t, database)
    })

  withDatabase('one run of a kind and subject goes on at a time', async (t, database) => {
    const { db } = database
    const first = await startRun(db, { kind: 'roster', subject: 'directory', now })
    await t.rejects(startRun(db, { kind: 'roster', subject: 'directory', now }), {
      code: 'busy',
      exitStatus: 3,
      temporary: true,
      message: `run ${first.id} on ${hostname()}, process ${process.pid}`,
    })
    await startRun(db, { kind: 'roster', subject: 'contractors', now })
    await startRun(db, { kind: 'activity', now })
    await finishRun(db, first, done)
    const next = await startRun(db, { kind: 'roster', subject: 'directory', now })
    t.not(next.id, first.id, 'the next one follows when the first is over')
    t.match((await rowsOfRuns(database))[0], { state: 'done', exit_status: 0, result: { read: 5 } })
  })

  withDatabase('of many that start at once, one gets through', async (t, database) => {
    const starts = Array.from({ length: 8 }, () => startRun(database.db, { kind: 'roster', now }))
    const ends = await Promise.allSettled(starts)
    const refused = ends.flatMap(end => (end.status === 'rejected' ? [end.reason] : []))
    t.equal(refused.length, 7)
    for (const reason of refused) t.match(reason, { code: 'busy' })
  })

  withDatabase('a run that went silent is taken over, one that speaks is not', async (t, database) => {
    await runElsewhere(database, { silentSeconds: 60 })
    await t.rejects(startRun(database.db, { kind: 'roster', now }), {
      code: 'busy',
      message: /on node2, process 1/,
    })
    await sql`update run set heartbeat_at = heartbeat_at - interval '31 seconds'`.execute(database.db)
    await startRun(database.db, { kind: 'roster', now })
    t.match(await rowsOfRuns(database), [
      { state: 'broken', message: 'the process ended before the run did' },
      { state: 'running' },
    ])
  })

  withDatabase('a run with our process id from before we started is a dead one’s', async (t, database) => {
    const sinceStart = (Date.now() - performance.timeOrigin) / 1000
    await runElsewhere(database, { host: hostname(), pid: process.pid, silentSeconds: sinceStart + 2 })
    await startRun(database.db, { kind: 'roster', now })
    t.match(await rowsOfRuns(database), [{ state: 'broken' }, { state: 'running' }])
  })

  withDatabase('who was taken over can write nothing more', async (t, database) => {
    const { db } = database
    const slept = await startRun(db, { kind: 'roster', now })
    await db.transaction().execute(trx => fence(trx, slept))
    await heartbeat(db, slept)
    await sql`update run set host = 'node2', heartbeat_at = now() - interval '2 minutes'`.execute(db)
    const successor = await startRun(db, { kind: 'roster', now })
    const lost = { code: 'cancelled', message: `run ${slept.id} was taken for broken off` }
    const save = db.transaction().execute(async trx => {
      await sql`insert into roster_source (name) values ('directory')`.execute(trx)
      await fence(trx, slept)
    })
    await t.rejects(save, lost)
    await t.rejects(heartbeat(db, slept), lost)
    await finishRun(db, slept, done)
    t.match(await rowsOfRuns(database), [{ state: 'broken', exit_status: null }, { state: 'running' }])
    const { rows } = await sql`select name from roster_source`.execute(db)
    t.same(rows, [], 'what it wrote in that transaction is gone')
    await db.transaction().execute(trx => fence(trx, successor))
  })

  withDatabase('how a run ends that throws is recorded, and the error goes on', async (t, database) => {
    const { db } = database
    const cases: [Error, Partial<Row>][] = [
      [
        new AppError('guard_refused', '60 leavers'),
        { state: 'refused', exit_status: 3, message: '60 leavers' },
      ],
      [
        new AppError('directory_unreachable', 'no answer'),
        { state: 'failed', exit_status: 1, message: 'no answer' },
      ],
      [new TypeError('a mistake'), { state: 'failed', exit_status: 1, message: 'a mistake' }],
    ]
    for (const [thrown, recorded] of cases) {
      const run = await startRun(db, { kind: 'roster', now })
      await t.rejects(
        withHeartbeat(db, run, () => Promise.reject(thrown)),
        thrown,
      )
      t.match((await rowsOfRuns(database)).at(-1), recorded)
    }
    const run = await startRun(db, { kind: 'roster', now })
    t.equal(await withHeartbeat(db, run, async () => 'result'), 'result')
    t.match(
      (await rowsOfRuns(database)).at(-1),
      { state: 'running' },
      'one that ends well is finished by its caller',
    )
  })
}

/** A process that starts a run on a database and stays until it is killed. */
function startRunElsewhere(config: object): Promise<Other> {
  return startOther(`
    import { openDatabase } from '${src}/database/database.ts'
    import { migrate } from '${src}/database/migrate.ts'
    import { startRun } from '${src}/database/run.ts'
    const database = await openDatabase(${JSON.stringify(config)})
    await migrate(database)
    await startRun(database.db, { kind: 'roster', now: new Date() })
    console.log('started')
    setInterval(() => {}, 1000)`)
}

t.test('on the embedded database', async t => {
  runs(t, embedded)

  t.test('a run whose process was killed is released when the folder is opened again', async t => {
    const config = {
      url: `pglite:${join(t.testdir(), 'db')}`,
      backend: 'postgres' as const,
      maxConnections: 2,
    }
    const other = await startRunElsewhere(config)
    await other.kill()
    const database = await openDatabase(config)
    t.teardown(() => database.close())
    await startRun(database.db, { kind: 'roster', now })
    t.match(await rowsOfRuns(database), [{ state: 'broken' }, { state: 'running' }])
  })
})

const servers = available(['postgres'])

t.test('on PostgreSQL', { skip: servers.ok ? false : servers.missing.join(', ') }, async t => {
  // not below the checkout: the server's user may not be let in there
  const folder = mkdtempSync(join(tmpdir(), 'hopthu-pg-'))
  const postgres = await startPostgres({ folder })
  t.teardown(async () => {
    await postgres.stop()
    rmSync(folder, { recursive: true })
  })
  let count = 0
  const newDatabase = () => postgres.createDatabase(`runs_${count++}`)
  runs(t, async () => onPostgres(await newDatabase()))

  t.test('a run holds while its process lives, and is released at once when that is killed', async t => {
    const config = { url: await newDatabase(), backend: 'postgres' as const, maxConnections: 2 }
    const other = await startRunElsewhere(config)
    const database = await openDatabase(config)
    t.teardown(() => database.close())
    t.same(await migrate(database), [])
    const second = startRun(database.db, { kind: 'roster', now })
    await t.rejects(second, { code: 'busy', message: `process ${other.pid}` })
    await other.kill()
    await startRun(database.db, { kind: 'roster', now })
    t.match(await rowsOfRuns(database), [{ state: 'broken' }, { state: 'running' }])
  })
})
