/**
 * `roster sync` killed outright before each statement it sends to its database: the next run ends as if nothing had
 * happened, nothing lost and nothing doubled. On PostgreSQL at every fourth, on an embedded database at some; each named step is in kill.test.ts.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import pg from 'pg'
import t, { type Test } from 'tap'
import { openDatabase } from '../../src/database/database.ts'
import { onPostgres } from '../support/database.ts'
import { available, startPostgres } from '../support/servers/index.ts'

const MAIN = join(import.meta.dirname, '../../src/main.ts')
const DYING = join(import.meta.dirname, '../support/dying-command.ts')
const SUFFIX = 'dc=phuocan,dc=test'
/** Three pages. */
const PEOPLE = 2200

t.setTimeout(1_800_000)

type Ended = { status: number | null; signal: string | null; said: string; out: string }

async function hopthu(folder: string, at: number): Promise<Ended> {
  const args = ['--import', DYING, MAIN, 'roster', 'sync', '--json']
  const env = { ...process.env, INIT_CWD: folder, HOPTHU_CONFIG: 'hopthu.json', DYING_AT: String(at) }
  const child = spawn(process.execPath, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  let out = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  const [status, signal] = (await once(child, 'close')) as [number | null, string | null]
  return { status, signal, said, out }
}

/** A folder with the configuration and the directory of the day. */
function prepare(folder: string, url: string): void {
  mkdirSync(folder, { recursive: true })
  const people = {
    base: `ou=people,${SUFFIX}`,
    attributes: {
      staffId: 'employeeNumber',
      staffClass: 'employeeType',
      title: 'title',
      absentFrom: 'absentFrom',
    },
  }
  const source = {
    name: 'directory',
    kind: 'ldif',
    path: 'directory.ldif',
    complete: true,
    people,
    agencies: { base: `ou=agencies,${SUFFIX}` },
  }
  const config = {
    database: { url },
    logLevel: 'silent',
    roster: { root: { code: 'H99', name: 'Tỉnh Phước An' }, sources: [source] },
  }
  writeFileSync(join(folder, 'hopthu.json'), JSON.stringify(config))
}

function entry(dn: string, values: Record<string, string>): string {
  const lines = Object.entries(values).map(
    ([name, value]) => `${name}:: ${Buffer.from(value).toString('base64')}`,
  )
  return `dn: ${dn}\n${lines.join('\n')}\n`
}

/** The directory, and as it is later: people joined, left, moved, changed, away, one not to be taken; agencies too. */
function directory(later: boolean): string {
  const codes = ['NV', 'YT', 'GD', 'TC', ...(later ? ['KH'] : ['CU'])]
  const agencies = codes.map((code, i) =>
    entry(`ou=${code},ou=agencies,${SUFFIX}`, {
      objectClass: 'organizationalUnit',
      entryUUID: `a-${code}`,
      ou: code,
      description: later && i === 1 ? 'Sở Y tế (mới)' : `Sở ${code}`,
    }),
  )
  const people = Array.from({ length: PEOPLE }, (_, i) => i)
    .filter(i => !(later ? i % 97 === 5 : i % 89 === 7))
    .map(i => {
      const moves = later && i % 61 === 3
      const name =
        later && i % 101 === 9 ? `Trần Đổi Tên ${i} ${i === 110 ? '🙂' : ''}` : `Nguyễn Văn Thử ${i}`
      return entry(`uid=p${i},ou=people,${SUFFIX}`, {
        objectClass: 'inetOrgPerson',
        entryUUID: `p-${i}`,
        cn: name,
        employeeNumber: `S${i}`,
        departmentNumber: codes[(moves ? i + 1 : i) % 4] ?? 'NV',
        employeeType: 'công chức',
        ...(later && i % 71 === 2 ? { title: 'Trưởng phòng' } : {}),
        ...(later && i % 83 === 4 ? { absentFrom: '2026-01-05' } : {}),
      })
    })
  return ['version: 1\n', ...agencies, ...people].join('\n')
}

/** All that a roster holds, without the numbers that runs and rows happen to have. */
async function state(url: string): Promise<string[]> {
  const database = await openDatabase({ url, backend: 'postgres', maxConnections: 2 })
  const lines = async (query: string) =>
    (await sql.raw<{ line: string }>(query).execute(database.db)).rows.map(row => row.line)
  const code = (column: string) => `coalesce((select k.source_key from agency k where k.id = ${column}), '')`
  try {
    return [
      ...(await lines(
        `select 'person ' || concat_ws('|', source_key, staff_id, full_name, phone) as line from person order by 1`,
      )),
      ...(await lines(`select 'post ' || concat_ws('|', p.source_key, ${code('e.agency_id')}, e.staff_class, e.title, e.first_day, e.last_day) as line
        from employment e join person p on p.id = e.person_id order by 1`)),
      ...(await lines(`select 'away ' || concat_ws('|', p.source_key, a.first_day, a.last_day) as line
        from absence a join person p on p.id = a.person_id order by 1`)),
      ...(await lines(`select 'moved ' || concat_ws('|', p.source_key, m.kind, m.day, ${code('m.from_agency_id')}, ${code('m.to_agency_id')}, m.changes) as line
        from movement m join person p on p.id = m.person_id order by 1`)),
      ...(await lines(
        `select 'record ' || concat_ws('|', source_key, digest, said, said_on, missing_since) as line from roster_record order by 1`,
      )),
      ...(await lines(`select 'agency ' || concat_ws('|', a.source_key, p.code, p.name, ${code('p.parent_id')}, p.first_day, p.last_day) as line
        from agency_period p join agency a on a.id = p.agency_id order by 1`)),
      ...(await lines(
        `select 'source ' || concat_ws('|', name, revision) as line from roster_source order by 1`,
      )),
      ...(await lines(`select 'staged ' || count(*) as line from roster_staged_person`)),
      ...(await lines(`select 'staged ' || count(*) as line from roster_staged_post`)),
      ...(await lines(`select 'running ' || count(*) as line from run where state = 'running'`)),
    ]
  } finally {
    await database.close()
  }
}

/** The first difference of two states, for a message that can be read. */
function difference(found: readonly string[], wanted: readonly string[]): string {
  const extra = found.filter(line => !wanted.includes(line)).slice(0, 4)
  const lost = wanted.filter(line => !found.includes(line)).slice(0, 4)
  return JSON.stringify({ extra, lost, rows: [found.length, wanted.length] })
}

type Ground = {
  folder: string
  /** Puts the database back to what the first directory left. */
  reset(): Promise<void>
  url: string
}

async function dies(t: Test, ground: Ground, { every }: { every: number }): Promise<void> {
  writeFileSync(join(ground.folder, 'directory.ldif'), directory(true))
  await ground.reset()
  const whole = await hopthu(ground.folder, 0)
  t.equal(whole.status, 4, `one entry is rejected, the others are saved: ${whole.out.slice(0, 600)}`)
  const [, begun = 0, statements = 0] = (/statements: (\d+) to (\d+)/.exec(whole.said) ?? []).map(Number)
  t.ok(begun > 0 && statements > begun + 15, `statements ${begun} to ${statements}`)
  const wanted = await state(ground.url)
  t.ok(wanted.length > 3 * PEOPLE, 'there is something to lose')
  for (let at = begun; at <= statements; at += every) {
    await ground.reset()
    const dead = await hopthu(ground.folder, at)
    t.equal(dead.signal, 'SIGKILL', `${at} of ${statements}, ${dead.said.trim()}`)
    const next = await hopthu(ground.folder, 0)
    const found = await state(ground.url)
    const alike = JSON.stringify(found) === JSON.stringify(wanted)
    // where the dead run had saved already, the next finds nothing to do but tells of the same rejection
    t.ok(
      alike && next.status === 4,
      alike ? 'the next run ends in the right state' : difference(found, wanted),
    )
  }
}

/** Of a short path: a socket's may have no more than 107 bytes. */
function temporary(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'hopthu-kill-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const { ok, missing } = available(['postgres'])
t.test(
  'on PostgreSQL, at every fourth statement',
  { skip: ok ? false : `not installed: ${missing.join(', ')}` },
  async t => {
    const folder = temporary(t)
    const postgres = await startPostgres({ folder: temporary(t) })
    t.teardown(() => postgres.stop())
    const base = await postgres.createDatabase('base')
    await (await onPostgres(base)).close()
    prepare(join(folder, 'office'), base)
    writeFileSync(join(folder, 'office/directory.ldif'), directory(false))
    const first = await hopthu(join(folder, 'office'), 0)
    t.equal(first.status, 0, first.said + first.out.slice(0, 300))
    const url = base.replace(/base$/, 'kill')
    prepare(join(folder, 'office'), url)
    const reset = async () => {
      const client = new pg.Client(postgres.url)
      await client.connect()
      await client.query('drop database if exists kill with (force)')
      await client.query('create database kill template base')
      await client.end()
    }
    await dies(t, { folder: join(folder, 'office'), reset, url }, { every: 4 })
  },
)

// what goes on inside a transaction of the embedded engine is not seen here: there it dies around and between them
t.test('on an embedded database, at some statements', async t => {
  const folder = temporary(t)
  const office = join(folder, 'office')
  prepare(office, 'pglite:./db')
  writeFileSync(join(office, 'directory.ldif'), directory(false))
  const first = await hopthu(office, 0)
  t.equal(first.status, 0, first.said + first.out.slice(0, 300))
  cpSync(join(office, 'db'), join(folder, 'base'), { recursive: true })
  const reset = async () => {
    for (const each of ['db', '.db.lock', '.db.sock'])
      rmSync(join(office, each), { recursive: true, force: true })
    cpSync(join(folder, 'base'), join(office, 'db'), { recursive: true })
  }
  await dies(t, { folder: office, reset, url: `pglite:${join(office, 'db')}` }, { every: 4 })
})
