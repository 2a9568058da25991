/**
 * Random histories of agencies opened, renamed, moved and closed, in any order of days, against a model that knows
 * nothing of periods: a list of days, each with the agencies that are there.
 */
import fc from 'fast-check'
import { sql } from 'kysely'
import t from 'tap'
import type { Database } from '../../src/database/database.ts'
import { addDays, type Day, parseDay } from '../../src/ids.ts'
import type { AgencyChange } from '../../src/roster/agency-change.ts'
import { enterChange } from '../../src/roster/agency-change-store.ts'
import { stores } from '../support/database.ts'

const DAYS = 12
const FIRST = parseDay('2026-03-01') as Day
/** The last one stands for all that come after it. */
const days = Array.from({ length: DAYS }, (_, i) => addDays(FIRST, i))
const ROOT = 1
const codes = [...'ABCDEFGHI']
const names = ['Một', 'Hai', 'Ba']

type Facts = { code: string; name: string; parent: number | null }
type Model = Map<number, Facts>[]

/** `who` and `parent` count the agencies opened so far. */
type Step =
  | { kind: 'open'; day: number; code: string; parent: number }
  | { kind: 'change'; day: number; who: number; code?: string; name?: string; parent?: number }
  | { kind: 'close'; day: number; who: number }

const dayNumber = fc.nat(DAYS - 1)
const who = fc.nat(7)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('open' as const),
      day: dayNumber,
      code: fc.constantFrom(...codes),
      parent: who,
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record(
      {
        kind: fc.constant('change' as const),
        day: dayNumber,
        who,
        code: fc.constantFrom(...codes),
        name: fc.constantFrom(...names),
        parent: who,
      },
      { requiredKeys: ['kind', 'day', 'who'] },
    ),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('close' as const), day: dayNumber, who }) },
)

// the model ---------------------------------------------------------------------------------------------------------

/** The days after a step, or null where it is to be refused. */
function after(model: Model, change: AgencyChange, day: number, fresh: number): Model | null {
  const next = model.map(each => new Map([...each].map(([id, facts]) => [id, { ...facts }])))
  const id = change.kind === 'open' ? fresh : change.agencyId
  const later = next.slice(day)
  if (change.kind === 'open') {
    const { code, name, parentId } = change.facts
    for (const each of later) each.set(id, { code, name, parent: parentId })
  } else {
    if (!later.every(each => each.has(id))) return null
    if (change.kind === 'close') {
      // it would never have been
      if (!next[day - 1]?.has(id)) return null
      if (later.some(each => [...each.values()].some(({ parent }) => parent === id))) return null
      for (const each of later) each.delete(id)
    } else if (!setUntilNext(later, id, change.wanted)) return null
  }
  return later.every(each => !each.has(id) || stands(each, id)) ? next : null
}

function setUntilNext(
  later: Model,
  id: number,
  { code, name, parentId }: { code?: string; name?: string; parentId?: number | null },
): boolean {
  let changed = false
  const set = <Key extends keyof Facts>(key: Key, value: Facts[Key] | undefined) => {
    if (value === undefined) return
    const before = later[0]?.get(id)?.[key]
    for (const each of later) {
      const facts = each.get(id)
      if (!facts || facts[key] !== before) return
      if (facts[key] !== value) changed = true
      facts[key] = value
    }
  }
  set('code', code)
  set('name', name)
  set('parent', parentId)
  return changed
}

function stands(each: Map<number, Facts>, id: number): boolean {
  const mine = each.get(id)
  if (!mine || [...each].some(([other, { code }]) => other !== id && code === mine.code)) return false
  return reachesRoot(each, id)
}

function reachesRoot(each: Map<number, Facts>, id: number): boolean {
  let at: number | null = id
  for (let i = 0; i <= each.size; i++) {
    if (at === ROOT) return true
    const facts: Facts | undefined = at === null ? undefined : each.get(at)
    if (!facts) return false
    at = facts.parent
  }
  return false
}

// the database ------------------------------------------------------------------------------------------------------

type Stored = { id: number; code: string; name: string; parent: number | null; first: string; last: string }

async function stored({ db }: Database): Promise<Stored[]> {
  const { rows } =
    await sql<Stored>`select agency_id as id, code, name, parent_id as parent, first_day as first,
    last_day as last from agency_period order by agency_id, first_day`.execute(db)
  return rows
}

async function reset(database: Database): Promise<Model> {
  await database.exec(`truncate agency_change, agency_period, roster_restated; delete from agency;
    alter table agency alter id restart with 100;
    insert into agency (id, source, source_key) overriding system value values (1, 'x', 'root');
    insert into agency_period (agency_id, first_day, code, name, level, sort_key, search_key)
      values (1, '-infinity', 'H99', 'Tỉnh', 'province', '', '')`)
  return days.map(() => new Map([[ROOT, { code: 'H99', name: 'Tỉnh', parent: null }]]))
}

function changeOf(step: Step, opened: readonly number[]): AgencyChange | null {
  const id = (at: number) => opened[at % opened.length] ?? ROOT
  if (step.kind === 'open')
    return {
      kind: 'open',
      facts: { code: step.code, name: 'Mới', level: 'unit', sector: null, parentId: id(step.parent) },
    }
  const agencyId = id(step.who)
  if (agencyId === ROOT) return null
  if (step.kind === 'close') return { kind: 'close', agencyId }
  const { code, name, parent } = step
  return {
    kind: 'change',
    agencyId,
    wanted: {
      ...(code === undefined ? {} : { code }),
      ...(name === undefined ? {} : { name }),
      ...(parent === undefined ? {} : { parentId: id(parent) }),
    },
  }
}

const today = days.at(-1) ?? FIRST

async function run(database: Database, steps: readonly Step[]): Promise<{ done: number }> {
  let model = await reset(database)
  const opened = [ROOT]
  let done = 0
  for (const [i, step] of steps.entries()) {
    const change = changeOf(step, opened)
    if (change === null) continue
    const at = new Date(Date.parse('2026-03-12T00:00:00Z') + i)
    const entered = {
      day: days[step.day] ?? FIRST,
      today,
      decision: null,
      at,
      by: '',
      record: async () => {},
    }
    const outcome = await enterChange(database.db, change, entered)
    const fresh = outcome.kind === 'done' ? outcome.agencyId : -1
    const wanted = after(model, change, step.day, fresh)
    const said = `${JSON.stringify(step)} → ${JSON.stringify(outcome)}`
    if ((wanted === null) !== (outcome.kind === 'refused')) throw new Error(`${said}, not as the model`)
    if (wanted !== null) {
      model = wanted
      done++
      if (change.kind === 'open') opened.push(fresh)
    }
    compare(await stored(database), model, said)
  }
  return { done }
}

function compare(rows: readonly Stored[], model: Model, said: string): void {
  for (const [i, day] of days.entries()) {
    const there = rows.filter(({ first, last }) => first <= day && day <= last)
    const here = new Map(there.map(({ id, code, name, parent }) => [id, { code, name, parent }]))
    if (here.size !== there.length) throw new Error(`${said}: two periods on ${day}`)
    if (new Set(there.map(each => each.code)).size !== there.length)
      throw new Error(`${said}: a code twice on ${day}`)
    for (const { id } of there)
      if (!reachesRoot(here, id)) throw new Error(`${said}: ${id} hangs loose on ${day}`)
    const sorted = (map: Map<number, Facts>) => JSON.stringify([...map].sort(([a], [b]) => a - b))
    const wanted = model[i] ?? new Map()
    if (sorted(here) !== sorted(wanted))
      throw new Error(`${said}: ${day} is ${sorted(here)}, not ${sorted(wanted)}`)
  }
  for (const { id, last } of rows)
    if (last !== 'infinity' && last >= today) throw new Error(`${said}: ${id} ends after today`)
}

for (const store of stores())
  t.test(`the tree of every day is that of the model (${store.name})`, { skip: store.skip }, async t => {
    const database = await store.open()
    t.teardown(() => database.close())
    let done = 0
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 12, maxLength: 24 }), async steps => {
        done += (await run(database, steps)).done
      }),
      { numRuns: 25, endOnFailure: false },
    )
    t.ok(done > 60, `${done} changes were done`)
  })
