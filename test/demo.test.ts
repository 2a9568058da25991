/** The demonstration's province by the code of `npm start`, smaller: fewer people, a quarter of a year. */
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { readState } from '../scripts/demo/practice.ts'
import { beginOrGoOn } from '../scripts/demo/province.ts'
import { atOnce } from '../scripts/demo/replay.ts'
import { workingDays } from '../src/adoption/calendar.ts'
import { figuresRequest } from '../src/adoption/command.ts'
import { adoptionReport } from '../src/adoption/report.ts'
import type { CommandContext } from '../src/command.ts'
import { type Config, parseConfig } from '../src/config.ts'
import type { Database } from '../src/database/database.ts'
import { addDays, type Day, parseAddress } from '../src/ids.ts'
import { createConnector } from '../src/mailbox/connectors/index.ts'
import { embedded } from './support/database.ts'

const START = '2026-11-25' as Day
const BEGIN = { seed: 5, share: 0.06, days: 90 }
const noEnd = new AbortController().signal

type World = { database: Database; config: Config; folder: string }

async function worldFor(t: Test): Promise<World> {
  const root = mkdtempSync(join(tmpdir(), 'hopthu-demo-'))
  t.teardown(() => rmSync(root, { recursive: true, force: true }))
  const text = readFileSync(join(import.meta.dirname, '../config/demo.json'), 'utf8')
  const config = parseConfig(JSON.parse(text.replaceAll('./data', root)))
  const database = await embedded()
  t.teardown(() => database.close())
  return { database, config, folder: join(root, 'practice') }
}

function contextOn({ database, config }: World, today: Day): CommandContext {
  const begun = performance.now()
  const at = new Date(`${today}T06:00:00+07:00`).getTime()
  const now = () => new Date(at + performance.now() - begun)
  return { database, config, now, log: pino({ level: 'silent' }), signal: noEnd, progress: () => {} }
}

/** A whole start on a day: until the service could serve, and what is done behind it. */
async function start(world: World, today: Day): Promise<void> {
  const context = contextOn(world, today)
  const isWorkingDay = workingDays(world.config.adoption.calendar)
  const province = await beginOrGoOn(context, {
    folder: world.folder,
    isWorkingDay,
    today,
    begin: BEGIN,
    rest: atOnce,
  })
  await province.fill(context)
}

async function figures(world: World, day: Day) {
  const context = contextOn(world, addDays(day, 1))
  return adoptionReport(world.database.db, await figuresRequest(context, day))
}

const logs = ({ folder }: World) => globSync('logs/*', { cwd: folder }).sort()

async function count(world: World, table: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*) as count from ${sql.table(table)}`.execute(
    world.database.db,
  )
  return rows[0]?.count ?? 0
}

t.test('the province comes to life, is made again the same, and lives on', async t => {
  const world = await worldFor(t)
  const yesterday = addDays(START, -1)
  await start(world, START)

  t.equal(readState(world.folder)?.phase, 'ready')
  const first = await figures(world, yesterday)
  const [root] = first.agencies
  t.match(root, { code: 'H99', level: 'province' })
  t.ok((root?.required ?? 0) > 80 && (root?.used ?? 0) > 20, `${root?.used} of ${root?.required} use theirs`)
  t.ok(
    (root?.regular ?? 0) < (root?.used ?? 0) && (root?.used ?? 0) < (root?.issued ?? 0),
    'nested, and not all',
  )
  const inGap = await figures(world, addDays(START, -60))
  t.ok((inGap.agencies[0]?.completeness ?? 1) < 0.9, 'the gap in the logs shows')
  t.equal(await waiting(world), 'open', 'a plan waits for approval')

  await t.test('broken off and begun again, on whatever day, the figures are the same', async t => {
    const days = [yesterday, addDays(START, -8), addDays(START, -40)]
    const before = await Promise.all(days.map(day => figures(world, day)))
    const state = readState(world.folder)
    rmSync(join(world.folder, 'logs'), { recursive: true })
    await world.database.exec('drop schema public cascade; create schema public')
    await start(world, START)
    t.same(await Promise.all(days.map(day => figures(world, day))), before)
    t.same(readState(world.folder)?.start, state?.start)
  })

  await t.test('a later start lives on, and leaves alone whoever set a password', async t => {
    const user = await regularUser(world)
    await setPassword(world, user)
    const later = addDays(START, 9)
    await start(world, later)
    const log = logs(world)
    t.ok(
      log.includes('logs/mail.log') && log.some(path => path.endsWith('20261201.gz')),
      'the month was rotated',
    )
    const now = await figures(world, addDays(later, -1))
    t.ok((now.agencies[0]?.used ?? 0) > 20)
    const current = readFileSync(join(world.folder, 'logs/mail.log'), 'utf8')
    t.match(current, /^2026-12-03T/m, 'yesterday is there')
    t.notMatch(current, new RegExp(`Login: user=<${user}>, auth=<${user}>`), `${user} is not played any more`)
    const size = current.length
    await start(world, later)
    t.equal(readFileSync(join(world.folder, 'logs/mail.log'), 'utf8').length, size, 'a day is lived once')
  })

  await t.test('without logs and what was read of them there is no use at all', async t => {
    rmSync(join(world.folder, 'logs'), { recursive: true })
    await sql`truncate mailbox_day, log_day, log_chunk, log_position, log_message, log_session, adoption_figure`.execute(
      world.database.db,
    )
    const today = addDays(START, 9)
    await start(world, today)
    const [root] = (await figures(world, addDays(today, -1))).agencies
    t.match(root, { used: 0, sending: 0, regular: 0 })
    t.equal(await count(world, 'person_day'), 0)
    t.equal(existsSync(join(world.folder, 'logs/mail.log')), true, 'and the log begins anew')
  })
})

t.test('a first start that was broken off is done again; a database of others is left alone', async t => {
  const world = await worldFor(t)
  await sql`insert into run (kind, state, started_at, heartbeat_at, host, pid)
    values ('roster', 'done', now(), now(), 'h', 1)`.execute(world.database.db)
  await t.rejects(start(world, START), { code: 'busy', message: /holds something else/ })
  t.equal(await count(world, 'run'), 1)
  t.equal(readState(world.folder), null)
})

async function waiting({ database }: World): Promise<string | undefined> {
  const { rows } = await sql<{ state: string }>`select state from plan order by id desc limit 1`.execute(
    database.db,
  )
  return rows[0]?.state
}

/** The address of the main domain that was used on most days lately. */
async function regularUser({ database }: World): Promise<string> {
  const { rows } = await sql<{ address: string }>`
    select m.address from person_day d join mailbox_holder h on h.person_id = d.person_id
    join mailbox m on m.id = h.mailbox_id where m.address like '%@phuocan.test' and d.day > ${addDays(START, -20)}
    group by 1 order by count(*) desc, 1 limit 1`.execute(database.db)
  return rows[0]?.address ?? ''
}

async function setPassword({ config }: World, user: string): Promise<void> {
  const [platform] = config.mailbox.platforms
  const address = parseAddress(user)
  if (!platform || !address) throw new Error('there is no platform or no user')
  const connector = createConnector(platform, config.timeZone)
  const outcome = await connector.setPassword(address, '{ARGON2ID}$argon2id$by-hand', noEnd)
  await connector.close()
  if (outcome.outcome !== 'done') throw new Error(JSON.stringify(outcome))
}
