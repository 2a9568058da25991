import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { sql } from 'kysely'
import t, { type Test } from 'tap'
import { appendAudit, verifyAudit } from '../../src/access/audit-store.ts'
import { workingDays } from '../../src/adoption/calendar.ts'
import { adoptionReport } from '../../src/adoption/report.ts'
import { parseConfig } from '../../src/config.ts'
import { backUp, verifyBackup } from '../../src/database/backup.ts'
import { restore } from '../../src/database/backup-restore.ts'
import { createEmbedded, type Database, openDatabase, wrapEmbedded } from '../../src/database/database.ts'
import { knownMigrations, migrate, migrateTo } from '../../src/database/migrate.ts'
import { parseDay } from '../../src/ids.ts'
import { chance, insertWorld, inventWorld, shift } from '../adoption/world.ts'
import { embedded } from '../support/database.ts'
import { available, startPostgres } from '../support/servers/index.ts'
import type { Postgres } from '../support/servers/postgres.ts'

const ZONE = 'Asia/Ho_Chi_Minh'
const FIRST = '2020-01-06'
const SECRET = 'mat-khau-khong-duoc-nam-trong-tep'
const folder = mkdtempSync(join(tmpdir(), 'hopthu-backup-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))

const signal = new AbortController().signal
const quiet = { signal, progress: () => {} }
const configuration = parseConfig({
  database: { url: 'postgres://hopthu@127.0.0.1/hopthu', password: { env: 'BACKUP_TEST_SECRET' } },
})
const facts = { product: '0.1.0', timeZone: ZONE, now: new Date('2026-11-20T01:00:00Z'), configuration }
const request = { timeZone: ZONE, ...quiet }

let files = 0
const newFile = () => join(folder, `${++files}.hopthu`)

// the engines -------------------------------------------------------------------------------------------------------

const { ok, missing } = available(['postgres'])
const skip = ok ? false : `not installed: ${missing.join(', ')}`
let server: Promise<Postgres> | undefined
let serverFolder: string | undefined
let count = 0
t.teardown(async () => {
  await (await server)?.stop()
  if (serverFolder) rmSync(serverFolder, { recursive: true, force: true })
})

/** An engine's database that was never migrated. */
type Engine = { name: string; skip: string | false; blank(t: Test): Promise<Database> }

let blank: Promise<Blob> | undefined

/** Starting an engine from nothing takes seconds, from a dump of an empty one half a second. */
async function blankDump(): Promise<Blob> {
  const engine = await createEmbedded(undefined)
  return engine.dumpDataDir('none').finally(() => engine.close())
}

const pglite: Engine = {
  name: 'PGlite',
  skip: false,
  async blank(t) {
    blank ??= blankDump()
    const database = wrapEmbedded(await createEmbedded(undefined, await blank), () => {})
    t.teardown(() => database.close())
    return database
  },
}
const postgres: Engine = {
  name: 'PostgreSQL',
  skip,
  async blank(t) {
    serverFolder ??= mkdtempSync(join(tmpdir(), 'hopthu-backup-pg-'))
    server ??= startPostgres({ folder: serverFolder })
    const url = await (await server).createDatabase(`backup_${count++}`)
    const database = await openDatabase({ url, backend: 'postgres', maxConnections: 5 })
    t.teardown(() => database.close())
    return database
  },
}

async function migrated(t: Test, engine: Engine): Promise<Database> {
  if (engine === pglite) {
    const database = await embedded()
    t.teardown(() => database.close())
    return database
  }
  const database = await engine.blank(t)
  await migrate(database)
  return database
}

// content -----------------------------------------------------------------------------------------------------------

const world = inventWorld(7, { people: 120, firstDay: FIRST, days: 70, history: 40 })

async function fill(database: Database): Promise<void> {
  const { db } = database
  await insertWorld(db, world)
  await sql`select setval(pg_get_serial_sequence('mailbox', 'id'), 5000)`.execute(db)
  await sql`with signed as (
      insert into operator (name, role, created_at) values ('dang.nhap', 'viewer', now()) returning id
    ) insert into session (token_hash, operator_id, created_at, seen_at, expires_at)
      select '\\x01', id, now(), now(), 'infinity' from signed`.execute(db)
  await sql`insert into mailbox_day (address, day, source_id, sign_ins, first_at, last_at)
    values ('xa@tinh.example.vn', '-infinity', 1, 1, '-infinity', '2020-03-04 05:06:07.123456+07')`.execute(
    db,
  )
  await sql`insert into mailbox (platform, address, name, quota_bytes, state)
    values ('mail', 'lon@tinh.example.vn', ${strange}, 9007199254740993, 'active'),
      ('mail', 'nhat@tinh.example.vn', '', 9223372036854775807, 'active')`.execute(db)
  await sql`insert into log_chunk (source_id, first_at, last_at, line_count, hashes)
    select 1, timestamptz '2020-01-06' + make_interval(hours => n), timestamptz '2020-01-06', n,
      decode(repeat(md5(n::text), n % 7 * 400), 'hex') from generate_series(0, 40) n`.execute(db)
  await sql`insert into platform_entry (platform, address, kind, targets)
    values ('mail', 'a', 'alias', ${['a,b', 'c"d', 'e\\f', '', 'NULL', '{}']}),
      ('mail', 'b', 'alias', array['x', null]), ('mail', 'c', 'alias', '{}'), ('mail', 'd', 'alias', null)`.execute(
    db,
  )
  await sql`insert into run (kind, state, started_at, heartbeat_at, host, pid, result)
    values ('roster', 'done', now(), now(), 'h', 1, ${JSON.stringify({ lớn: '12345678901234567890', s: strange })}::jsonb),
      ('mailbox', 'done', now(), now(), 'h', 1, '{"n": 12345678901234567890.000001, "none": null}'),
      ('activity', 'done', now(), now(), 'h', 1, 'null')`.execute(db)
  await sql`insert into adoption_figure
    select '2020-03-01', 1, 'd', n = 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, (array[1.0 / 3, 'NaN', 5e-324])[n]::double precision
    from generate_series(1, 2) n`.execute(db)
  // the newest id was deleted since: it must not be given again
  await sql`delete from run where id = (select max(id) from run)`.execute(db)
  for (let n = 0; n < 30; n++) {
    const actor = { kind: 'operator', id: (n % 4) + 1 } as const
    await appendAudit(db, { at: new Date(Date.UTC(2026, 10, 20, 0, 0, n)), actor, action: 'export' })
  }
}

const strange = `Nguyễn "Văn" \\n Dũng'; drop table person; --\r\n\t\u2028\u2029 😀 ${'é'.normalize('NFD')} \u202e`

/** Every row of every table as text, read without what is tested here. */
async function content({ db }: Database): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {}
  await db.transaction().execute(async trx => {
    await sql`set local timezone = 'UTC'`.execute(trx)
    const tables = await sql<{ name: string }>`
      select table_name as name from information_schema.tables
      where table_schema = 'public' and table_type = 'BASE TABLE'
        and table_name not in ('schema_migration', 'session', 'sign_in_link', 'sign_in_failure', 'operator_device',
          'roster_upload')`.execute(trx)
    for (const { name } of tables.rows) {
      const { rows } = await sql<{ row: string }>`select t::text as row from ${sql.table(name)} t`.execute(
        trx,
      )
      found[name] = rows.map(each => each.row).sort()
    }
  })
  return found
}

function rowsIn(found: Record<string, string[]>): number {
  return Object.values(found).reduce((sum, rows) => sum + rows.length, 0)
}

async function figures({ db }: Database): Promise<unknown[]> {
  const reports: unknown[] = []
  for (const n of [2, 20, 35, 48, 61, 69]) {
    const day = parseDay(shift(FIRST, n))
    if (!day) throw new Error('no day')
    const policy = {
      staffClasses: ['cán bộ', 'công chức', 'viên chức'],
      eligibility: [],
      sectors: [],
      regularNeedsSend: false,
      targets: [],
    }
    const coverage = {
      timeZone: ZONE,
      sources: [{ name: 'mail-01' }, { name: 'mail-02' }],
      naming: [],
      platform: 'mail',
    }
    const calendar = workingDays({ holidays: [], workdays: [] })
    reports.push(await adoptionReport(db, { day, partial: false, policy, calendar, coverage }))
  }
  return reports
}

function refusal(pattern: RegExp, code = 'backup_refused') {
  return { code, message: pattern, exitStatus: code === 'config_invalid' ? 2 : 3 }
}

// from one engine to the other --------------------------------------------------------------------------------------

for (const [from, to] of [
  [pglite, postgres],
  [postgres, pglite],
  [postgres, postgres],
  [pglite, pglite],
] as const) {
  t.test(
    `what is backed up on ${from.name} is the same on ${to.name}`,
    { skip: from.skip || to.skip },
    async t => {
      const source = await migrated(t, from)
      await fill(source)
      const [before, rates] = [await content(source), await figures(source)]
      const file = newFile()
      const written = await backUp(source, file, facts, quiet)
      t.equal(written.rows, rowsIn(before), 'every row is in it')
      t.equal(written.tables, Object.keys(before).length, 'and every table')
      t.equal(written.bytes, statSync(file).size)
      t.equal(statSync(file).mode & 0o777, 0o600, 'for its owner only')

      const target = await to.blank(t)
      const restored = await restore(target, file, request)
      t.match(restored, {
        ...written,
        migrated: [],
        header: { timeZone: ZONE, createdAt: '2026-11-20T01:00:00.000Z' },
      })
      t.strictSame(await content(target), before, 'every row of every table, to the letter')
      t.strictSame(await figures(target), rates, 'the same figures on every day')
      const { rows: sessions } = await sql`select from session`.execute(target.db)
      t.equal(sessions.length, 0, 'nobody is signed in by a backup')
      t.same(await verifyAudit(target.db), { entries: 30, ok: true, firstBroken: null }, 'the audit holds')
      await t.rejects(
        sql`delete from audit`.execute(target.db),
        /only appended to/,
        'and is still only appended to',
      )

      const again = newFile()
      t.strictSame(
        (await backUp(target, again, facts, quiet)).sha256,
        written.sha256,
        'its backup is the same, byte for byte',
      )
      t.strictSame(await nextIds(target), await nextIds(source), 'ids go on where they stood')
    },
  )
}

async function nextIds({ db }: Database): Promise<unknown[]> {
  const { rows: run } = await sql`insert into run (kind, state, started_at, heartbeat_at, host, pid)
    values ('x', 'done', now(), now(), 'h', 1) returning id`.execute(db)
  const { rows: mailbox } = await sql`insert into mailbox (platform, address, name, quota_bytes, state)
    values ('mail', 'moi@tinh.example.vn', '', 0, 'planned') returning id`.execute(db)
  return [...run, ...mailbox]
}

for (const engine of [pglite, postgres]) {
  t.test(
    `rows that refer to later ones of their table, or in a circle, on ${engine.name}`,
    { skip: engine.skip },
    async t => {
      const shape = `create table tree (id int primary key, parent int references tree);
      create table egg (id int primary key, hen int);
      create table hen (id int primary key, egg int references egg);
      alter table egg add foreign key (hen) references hen;
      create table nameless (a text, "Cột ""lạ""" int generated always as identity, twice int generated always as (length(a) * 2) stored);`
      const source = await migrated(t, engine)
      await source.exec(`${shape}
      insert into tree values (9, null), (1, 9), (5, 1), (2, 5);
      insert into egg values (1, null); insert into hen values (1, 1); update egg set hen = 1;
      insert into nameless (a) values ('b'), (null), ('a'), ('a');`)
      const file = newFile()
      await backUp(source, file, facts, quiet)
      const target = await migrated(t, engine)
      await t.rejects(
        restore(target, file, request),
        refusal(/table nameless is not the same in the backup and in this database/),
        'not into a database that has no such tables',
      )
      await target.exec(shape)
      await restore(target, file, request)
      t.strictSame(await content(target), await content(source))
      await t.rejects(
        sql`insert into tree values (3, 77)`.execute(target.db),
        { code: '23503' },
        'the references are checked again, and at once',
      )
      await t.rejects(sql`insert into egg values (3, 77)`.execute(target.db), { code: '23503' })
    },
  )
}

t.test('a backup is of one moment while others write', { skip: postgres.skip }, async t => {
  const source = await migrated(t, postgres)
  let going = true
  const writer = (async () => {
    for (let n = 0; going; n++) {
      await source.db.transaction().execute(async trx => {
        await sql`with a as (insert into agency (source, source_key) values ('d', ${`a${n}`}) returning id),
          p as (insert into person (source, source_key, full_name, sort_key, search_key)
            select 'd', ${`p${n}-`} || g, '', '', '' from generate_series(1, 10) g returning id)
          insert into employment (person_id, agency_id, first_day) select p.id, a.id, '-infinity' from p, a`.execute(
          trx,
        )
      })
    }
  })()
  await sql`select pg_sleep(0.3)`.execute(source.db)
  const file = newFile()
  for (let round = 0; round < 5; round++) {
    await backUp(source, file, facts, quiet)
    const lines = gunzipSync(readFileSync(file)).toString().split('\n')
    const of = (table: string) => {
      const line = lines.find(each => each.startsWith(`{"table":"${table}","rows":`)) ?? '{}'
      return (JSON.parse(line) as { rows: number }).rows
    }
    t.ok(of('agency') > 0)
    t.equal(of('employment'), of('agency') * 10, 'each transaction whole or not at all')
  }
  going = false
  await writer
  const target = await pglite.blank(t)
  await restore(target, file, request)
})

// refusals ----------------------------------------------------------------------------------------------------------

t.test('a database that holds anything is refused and stays as it is', async t => {
  const source = await migrated(t, pglite)
  const file = newFile()
  await backUp(source, file, facts, quiet)
  const target = await migrated(t, pglite)
  await sql`insert into person (source, source_key, full_name, sort_key, search_key) values ('d', 'k', 'A', '', '')`.execute(
    target.db,
  )
  const before = await content(target)
  await t.rejects(
    restore(target, file, request),
    refusal(
      /holds data already \(table person\).*make a new database or name a new folder/,
      'database_not_empty',
    ),
  )
  t.strictSame(await content(target), before)
})

t.test('a database just migrated is an empty one', async t => {
  const source = await migrated(t, pglite)
  await fill(source)
  const file = newFile()
  await backUp(source, file, facts, quiet)
  // a migration that puts rows somewhere has to be told to `seeds` in backup-restore.ts
  const target = await migrated(t, pglite)
  await restore(target, file, request)
  t.strictSame(await content(target), await content(source))
})

t.test('a file that is cut off, altered or something else is refused before anything is written', async t => {
  const source = await migrated(t, pglite)
  await fill(source)
  const file = newFile()
  await backUp(source, file, facts, quiet)
  const whole = readFileSync(file)
  const target = await pglite.blank(t)
  const bad = newFile()
  const refuses = async (bytes: Buffer, pattern: RegExp, about: string) => {
    writeFileSync(bad, bytes)
    await t.rejects(restore(target, bad, request), refusal(pattern), about)
  }
  const random = chance(3)
  const lengths = [10, 11, 100, whole.length - 1, whole.length - 8, whole.length - 9]
  for (let n = 0; n < 30; n++) lengths.push(10 + Math.floor(random() * (whole.length - 10)))
  for (const length of lengths) {
    await refuses(
      whole.subarray(0, length),
      /is cut off before its end; copy it again.*Nothing was changed$/,
      `${length} bytes`,
    )
  }
  for (const length of [0, 1, 9])
    await refuses(whole.subarray(0, length), /is no backup of Hộp Thư/, `${length} bytes`)
  await refuses(
    Buffer.concat([whole, Buffer.from('x')]),
    /something follows its end|is cut off/,
    'a byte too many',
  )
  await refuses(Buffer.concat([whole, whole]), /does not belong/, 'twice the same')
  await refuses(Buffer.from('select 1;'), /is no backup/, 'a dump')
  await refuses(gzipSync('{"hopthu":"backup"}\n'), /is no backup/, 'packed by another program')
  await refuses(pack('xin chào\n'), /is no backup/, 'other lines')
  await refuses(pack('{"tên":1}\n'), /is no backup/, 'other JSON')
  await refuses(pack(''), /is no backup/, 'nothing')
  const tables = await sql`select 1 from information_schema.tables where table_schema = 'public'`.execute(
    target.db,
  )
  t.equal(tables.rows.length, 0, 'the database was not even migrated')
  t.equal(
    (await restore(target, file, request)).rows,
    rowsIn(await content(source)),
    'the whole file still goes',
  )
})

t.test('no byte of a file can be other than it was', async t => {
  const source = await migrated(t, pglite)
  const file = newFile()
  await backUp(source, file, facts, quiet)
  const whole = readFileSync(file)
  const bad = newFile()
  const accepted: number[] = []
  // both ends byte for byte, of the middle every seventh
  const step = (at: number) => (at < 100 || at > whole.length - 100 ? 1 : 7)
  for (let at = 0; at < whole.length; at += step(at)) {
    const bytes = Buffer.from(whole)
    bytes[at] = (bytes[at] ?? 0) ^ 0xff
    writeFileSync(bad, bytes)
    try {
      await verifyBackup(bad, signal)
      accepted.push(at)
    } catch (thrown) {
      if (!/Nothing was changed$/.test(String(thrown))) t.fail(`byte ${at}: ${thrown}`)
    }
  }
  t.same(accepted, [], `${whole.length} bytes tried`)
})

t.test('lines that were edited and packed again are refused', async t => {
  const source = await migrated(t, pglite)
  await fill(source)
  const file = newFile()
  await backUp(source, file, facts, quiet)
  const lines = gunzipSync(readFileSync(file)).toString()
  const target = await pglite.blank(t)
  const bad = newFile()
  const cases: [what: string, text: string, pattern: RegExp][] = [
    ['a name', lines.replace('Người 7', 'Người 8'), /its checksum does not match/],
    ['a row less', lines.replace(/\n\[[^\n]*(?=\n)/, ''), /does not belong/],
    ['a value less', lines.replace(/\n\["[^"]*",/, '\n['), /a row of \w+ is not of its form/],
    ['a number for a text', lines.replace(/\n\["/, '\n[1,"'), /is not of its form/],
    ['the end left out', lines.replace(/\{"end".*\n$/, ''), /is cut off/],
    ['the last line break', lines.slice(0, -1), /is cut off/],
    ['no JSON', lines.replace('\n["', '\n["a" "'), /a line is no valid JSON/],
    ['a table unknown', lines.replace('{"table":"person"}', '{"table":"persons"}'), /does not belong/],
    ['head', lines.replace('"timeZone"', '"zone"'), /its head is not of its form/],
    [
      'a newer format',
      lines.replace('"format":1,"product":"0.1.0"', '"format":2,"product":"3.4.5"'),
      /is of format 2.*use hopthu 3\.4\.5/,
    ],
  ]
  for (const [what, text, pattern] of cases) {
    t.not(text, lines, `${what}: something was changed`)
    writeFileSync(bad, pack(text))
    await t.rejects(restore(target, bad, request), refusal(pattern), what)
  }
  writeFileSync(bad, pack(lines))
  t.ok(await restore(target, bad, request), 'packed again as it was, it goes')
})

t.test('a backup of another state of the schema', async t => {
  const [first] = knownMigrations()
  if (!first) throw new Error('no migrations')
  const old = await pglite.blank(t)
  await migrateTo(old, [first.name])
  await insertWorld(old.db, world)
  const file = newFile()
  await backUp(old, file, facts, quiet)

  await t.test('an older one is restored as it was, then migrated', async t => {
    const target = await pglite.blank(t)
    const { migrated } = await restore(target, file, request)
    t.same(
      migrated,
      knownMigrations()
        .slice(1)
        .map(each => each.name),
    )
    // what reads figures knows the newest schema only
    await migrate(old)
    t.strictSame(await figures(target), await figures(old))
    t.same(await migrate(target), [], 'nothing is left to do')
  })
  await t.test('an older one is refused by a database that is migrated further', async t => {
    const target = await migrated(t, pglite)
    const pattern = /migrated further \(\S+\).*give an empty one, without running migrate/
    await t.rejects(restore(target, file, request), refusal(pattern, 'database_not_empty'))
  })
  await t.test(
    'one of a version that is not known here, or that had another content, is refused',
    async t => {
      const lines = gunzipSync(readFileSync(file)).toString()
      const bad = newFile()
      const target = await pglite.blank(t)
      for (const [from, to, pattern] of [
        [
          first.name,
          '9999_future.sql',
          /made by hopthu 0\.1\.0, whose 9999_future\.sql is not known here; restore it with that version/,
        ],
        [first.checksum, 'f'.repeat(64), /has another content here; restore it with that version/],
      ] as const) {
        writeFileSync(bad, pack(signed(lines.replace(from, to))))
        await t.rejects(restore(target, bad, request), refusal(pattern))
      }
    },
  )
})

t.test('there is nothing to back up in a database that was never migrated', async t => {
  const refused = { code: 'database_outdated', message: /is empty, there is nothing to back up/ }
  await t.rejects(backUp(await pglite.blank(t), newFile(), facts, quiet), refused)
})

t.test('a backup whose days are those of another zone is refused', async t => {
  const file = newFile()
  await backUp(await migrated(t, pglite), file, facts, quiet)
  const target = await pglite.blank(t)
  const refused = refusal(
    /^timeZone: the days of the backup are those of Asia\/Ho_Chi_Minh/,
    'config_invalid',
  )
  await t.rejects(restore(target, file, { ...request, timeZone: 'UTC' }), refused)
})

// broken off --------------------------------------------------------------------------------------------------------

t.test('a backup that is broken off leaves the file before it, and nothing beside', async t => {
  const source = await migrated(t, pglite)
  await fill(source)
  const own = mkdtempSync(join(folder, 'broken-'))
  const file = join(own, 'a.hopthu')
  await backUp(source, file, facts, quiet)
  const before = readFileSync(file)
  const stop = new AbortController()
  const progress = (line: string) => line.startsWith('mailbox_day') && stop.abort(new Error('enough'))
  await t.rejects(backUp(source, file, facts, { signal: stop.signal, progress }))
  t.same(readdirSync(own), ['a.hopthu'])
  t.ok(readFileSync(file).equals(before))
  await t.rejects(backUp(source, join(own, 'nowhere/b.hopthu'), facts, quiet), { code: 'file_unreadable' })
  t.ok(await backUp(source, file, facts, quiet), 'the database is free for the next')
})

for (const engine of [pglite, postgres]) {
  t.test(
    `a restore that is broken off leaves an empty database, on ${engine.name}`,
    { skip: engine.skip },
    async t => {
      const source = await migrated(t, engine)
      await fill(source)
      const file = newFile()
      await backUp(source, file, facts, quiet)
      const target = await engine.blank(t)
      const stop = new AbortController()
      const progress = (line: string) => line.startsWith('mailbox_day') && stop.abort(new Error('enough'))
      await t.rejects(restore(target, file, { ...request, signal: stop.signal, progress }))
      t.equal(rowsIn(await content(target)), 1, 'but for the beginning of the audit')
      await restore(target, file, request)
      t.strictSame(await content(target), await content(source), 'the next goes through')
    },
  )
}

// the commands ------------------------------------------------------------------------------------------------------

const kept = (path: string) => openDatabase({ url: `pglite:${path}`, backend: 'postgres', maxConnections: 2 })

/** An activation link that may still be used. */
async function withLink(path: string): Promise<void> {
  const database = await kept(path)
  await sql`with made as (
      insert into mailbox (platform, address, name, quota_bytes, state)
      values ('mail', 'hoalt@phuocan.test', '', 0, 'active') returning id
    ) insert into activation (mailbox_id, token_hash, purpose, channel, made_at, expires_at)
      select id, '\\x01', 'first', 'mail', now(), 'infinity' from made`.execute(database.db)
  await database.close()
}

async function openLinks(path: string): Promise<number | undefined> {
  const database = await kept(path)
  const { rows } = await sql<{ n: number }>`
    select count(*) as n from activation where used_at is null and cancelled_at is null`.execute(database.db)
  await database.close()
  return rows[0]?.n
}

t.test('hopthu backup and restore', async t => {
  const own = mkdtempSync(join(folder, 'cli-'))
  const config = (name: string) => {
    const path = join(own, `${name}.json`)
    const mailOut = {
      host: 'mail.phuocan.test',
      from: 'hopthu@phuocan.test',
      user: 'u',
      password: { env: 'BACKUP_TEST_SECRET' },
    }
    writeFileSync(path, JSON.stringify({ database: { url: `pglite:${join(own, name)}` }, mailOut }))
    return path
  }
  const env = { ...process.env, BACKUP_TEST_SECRET: SECRET, INIT_CWD: own }
  const hopthu = (config: string, ...args: string[]) => {
    const main = join(import.meta.dirname, '../../src/main.ts')
    const ran = spawnSync(process.execPath, [main, '--config', config, ...args], { encoding: 'utf8', env })
    return {
      ...ran,
      json: args.includes('--json') ? (JSON.parse(ran.stdout) as Record<string, unknown>) : null,
    }
  }
  const [here, there] = [config('here'), config('there')]
  t.equal(hopthu(here, 'migrate').status, 0)
  await withLink(join(own, 'here'))
  const backup = hopthu(here, 'backup', 'a.hopthu', '--json')
  t.equal(backup.status, 0)
  t.match(backup.json, { bytes: statSync(join(own, 'a.hopthu')).size, tables: Number, checked: true })
  const text = gunzipSync(readFileSync(join(own, 'a.hopthu'))).toString()
  t.match(text, '{"env":"BACKUP_TEST_SECRET"}', 'the reference is kept')
  t.notMatch(text, SECRET, 'what it refers to is not')

  t.equal(hopthu(there, 'migrate').status, 0)
  writeFileSync(join(own, 'b.hopthu'), readFileSync(join(own, 'a.hopthu')).subarray(0, 1000))
  t.match(hopthu(there, 'restore', 'b.hopthu'), {
    status: 3,
    stdout: '',
    stderr: /Không nhận tệp sao lưu, chưa thay đổi gì\n.*is cut off/,
  })
  // what was recorded of bringing it up and of the refusal is no data that stands in the way
  const restored = hopthu(there, 'restore', 'a.hopthu', '--configuration', 'then.json', '--json')
  t.match(restored.json, { ...backup.json, file: undefined, configurationDiffers: [], invitationsEnded: 1 })
  t.equal(await openLinks(join(own, 'there')), 0, 'a link used since the backup opens nothing again')
  t.equal(restored.status, 0)
  t.match(JSON.parse(readFileSync(join(own, 'then.json'), 'utf8')), {
    mailOut: { password: { env: 'BACKUP_TEST_SECRET' } },
  })
  t.match(hopthu(there, 'restore', 'a.hopthu', '--configuration', 'then.json'), {
    status: 2,
    stderr: /name a new file/,
  })

  const audit = hopthu(there, 'audit', 'verify', '--json')
  t.match(audit.json, { ok: true }, 'the chain goes on from that of the backup')

  t.match(hopthu(here, 'restore', 'c.hopthu'), { status: 1, stderr: /cannot be read/ })
  t.match(hopthu(here, 'backup'), { status: 2, stderr: /usage: hopthu backup FILE/ })
  t.notOk(existsSync(join(own, 'c.hopthu')))
})

// files by hand -----------------------------------------------------------------------------------------------------

/** Packed as ours are, with the head that ours have. */
function pack(text: string): Buffer {
  const bytes = gzipSync(text)
  Buffer.from('1f8b08000000000000ff', 'hex').copy(bytes)
  return bytes
}

/** Lines with the checksum that belongs to them. */
function signed(lines: string): string {
  const at = lines.lastIndexOf('{"end":')
  const end = JSON.parse(lines.slice(at)) as Record<string, unknown>
  const sha256 = createHash('sha256').update(lines.slice(0, at)).digest('hex')
  return `${lines.slice(0, at)}${JSON.stringify({ ...end, sha256 })}\n`
}
