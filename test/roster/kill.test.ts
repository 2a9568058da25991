/** A sync that is killed outright at each of its steps, and syncs that meet. Every statement is in kill.long.test.ts. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import t from 'tap'
import { AppError } from '../../src/error.ts'
import type { Step } from '../../src/roster/sync.ts'
import { empty, onPostgres } from '../support/database.ts'
import type { Order } from '../support/dying-sync.ts'
import { type Read, rosterWorld, type Says, type World, type WorldOptions } from '../support/roster-world.ts'
import { available, startPostgres } from '../support/servers/index.ts'

const CHILD = join(import.meta.dirname, '../support/dying-sync.ts')
const everyStep: Record<Step, true> = {
  opened: true,
  agencies: true,
  people: true,
  missing: true,
  compared: true,
  guarded: true,
  saved: true,
  finished: true,
}

const agencies = [
  { key: 'a1', code: 'NV' },
  { key: 'a2', code: 'YT' },
]
const people = (count: number): Says[] =>
  Array.from({ length: count }, (_, i) => ({
    key: `p${i}`,
    id: `S${i}`,
    name: `Lê Thử ${i}`,
    agency: i % 2 === 0 ? 'NV' : 'YT',
  }))
const before: Read = { agencies, people: people(20) }
/** One left, one moved, one is new, one is away, one cannot be taken; an agency has another name. */
const after: Read = {
  agencies: [{ key: 'a1', code: 'NV', name: 'Sở Nội vụ' }, ...agencies.slice(1)],
  people: people(21)
    .slice(1)
    .map((each, i) => {
      if (i === 3) return { ...each, agency: each.agency === 'NV' ? 'YT' : 'NV' }
      if (i === 5) return { ...each, from: '2026-03-01' }
      return i === 7 ? { ...each, name: '🙂' } : each
    }),
}

const options: WorldOptions = { sources: { directory: { kind: 'directory' }, second: { kind: 'directory' } } }

/** What a roster holds, without the numbers that rows happen to have. */
async function essence({ lines }: World): Promise<string[]> {
  return [
    ...(await lines(`select p.source_key || ' ' || p.full_name || ' ' || coalesce(p.phone, '') || ' ' || a.source_key || ' ' || e.first_day || ' ' || e.last_day as line
      from employment e join person p on p.id = e.person_id join agency a on a.id = e.agency_id order by 1`)),
    ...(await lines(`select p.source_key || ' away ' || a.first_day || ' ' || a.last_day as line
      from absence a join person p on p.id = a.person_id order by 1`)),
    ...(await lines(`select p.source_key || ' ' || m.kind || ' ' || m.day || ' ' || m.changes as line
      from movement m join person p on p.id = m.person_id order by 1`)),
    ...(await lines(`select source || ' ' || source_key || ' ' || coalesce(digest::text, '') || ' ' || coalesce(missing_since::text, '') as line
      from roster_record order by 1`)),
    ...(await lines(
      `select name || ' ' || first_day || ' ' || last_day as line from agency_period order by 1`,
    )),
    ...(await lines(`select 'staged ' || count(*) as line from roster_staged_person`)),
    ...(await lines(`select 'running ' || count(*) as line from run where state = 'running'`)),
  ]
}

const { ok, missing } = available(['postgres'])
t.test('syncs on PostgreSQL', { skip: ok ? false : `not installed: ${missing.join(', ')}` }, async t => {
  const postgres = await startPostgres({ folder: t.testdir() })
  t.teardown(() => postgres.stop())
  const url = await postgres.createDatabase('kill')
  const database = await onPostgres(url)
  t.teardown(() => database.close())

  async function begun(): Promise<World> {
    await empty(database)
    const world = rosterWorld(database, options)
    await world.sync('directory', before)
    world.day = '2026-03-10'
    return world
  }
  function child(read: Read, step: Step, way: 'kill' | 'wait') {
    const order: Order = { world: options, day: '2026-03-10', source: 'directory', read }
    const args = [CHILD, url, JSON.stringify(order), step, way]
    return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  }

  t.test('killed outright at each step, the next run ends in the right state', async t => {
    const world = await begun()
    t.match(await world.sync('directory', after), {
      exit: 4,
      people: { joiners: 1, movers: 1, leavers: 1, changed: 1 },
    })
    const wanted = await essence(world)
    for (const step of Object.keys(everyStep) as Step[]) {
      await begun()
      const dying = child(after, step, 'kill')
      const said = once(dying.stdout.setEncoding('utf8'), 'data')
      const [, signal] = await once(dying, 'exit')
      t.same([String((await said)[0]).trim(), signal], [step, 'SIGKILL'], `killed at: ${step}`)
      t.equal((await world.sync('directory', after)).exit, 4)
      t.same(await essence(world), wanted)
    }
  })

  t.test('while one sync runs another of the same source says so and ends with 3', async t => {
    const world = await begun()
    const slow = child(after, 'people', 'wait')
    await once(slow.stdout, 'data')
    const thrown: unknown = await world.sync('directory', after).catch((thrown: unknown) => thrown)
    t.ok(thrown instanceof AppError)
    if (thrown instanceof AppError)
      t.match(thrown, { code: 'busy', exitStatus: 3, message: /another roster run/ })
    await once(slow, 'exit')
    t.match((await world.sync('directory', after)).people, { joiners: 0, movers: 0, leavers: 0, changed: 0 })
  })

  t.test('two sources that know the same people meet without a deadlock', async t => {
    const world = await begun()
    const said = (round: number): Read => ({
      people: people(20).map((each, i) => ({ ...each, phone: `${round}-${i}` })),
      pageSize: 7,
    })
    for (const round of [1, 2, 3]) {
      const turned = { ...before, people: before.people.toReversed(), digests: round % 2 === 0 }
      await Promise.all([world.sync('second', said(round)), world.sync('directory', turned)])
      t.same(
        await world.lines(`select full_name || ' ' || phone as line from person order by id`),
        await world.lines(
          `select full_name || ' ${round}-' || substring(source_key from 2) as line from person order by id`,
        ),
      )
      t.same(await world.lines(`select count(*)::text as line from employment where last_day = 'infinity'`), [
        '20',
      ])
    }
    t.same(await world.lines(`select kind || ' ' || count(*) as line from movement group by kind`), [
      'changed 60',
    ])
  })
})
