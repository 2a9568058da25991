/** Random lives of a province: what a directory says from day to day, each read judged by the model. */
import fc from 'fast-check'
import { sql } from 'kysely'
import type { Database } from '../../src/database/database.ts'
import { AppError } from '../../src/error.ts'
import { DAYS, dayText, Model } from './roster-model.ts'
import {
  everyRow,
  type Read,
  rosterWorld,
  type Says,
  type SaysAgency,
  type SyncOutcome,
  type World,
} from './roster-world.ts'

type Change =
  | { do: 'join' | 'move' | 'post'; who: number; where: number }
  | {
      do:
        | 'leave'
        | 'return'
        | 'everywhere'
        | 'class'
        | 'title'
        | 'phone'
        | 'rename'
        | 'anew'
        | 'back'
        | 'nowhere'
      who: number
    }
  | { do: 'away'; who: number; from: number; days: number | null }
  | { do: 'open' | 'place' | 'swap'; which: number; other: number }
  | { do: 'call' | 'recode' | 'close' | 'made anew'; which: number }
export type Round = {
  changes: Change[]
  days: number
  kind: 'plain' | 'whole' | 'dry' | 'incomplete' | 'refused' | 'approved' | 'second'
  /** Whose entries cannot be taken this time. */
  bad: number[]
  order: number
}

const small = fc.nat(40)
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({
    do: fc.constantFrom('join' as const, 'move' as const, 'post' as const),
    who: small,
    where: small,
  }),
  fc.record({
    do: fc.constantFrom(
      ...([
        'leave',
        'return',
        'everywhere',
        'class',
        'title',
        'phone',
        'rename',
        'anew',
        'back',
        'nowhere',
      ] as const),
    ),
    who: small,
  }),
  fc.record({
    do: fc.constant('away' as const),
    who: small,
    from: fc.integer({ min: 1, max: DAYS - 2 }),
    days: fc.option(fc.nat(6)),
  }),
  fc.record({
    do: fc.constantFrom('open' as const, 'place' as const, 'swap' as const),
    which: small,
    other: small,
  }),
  fc.record({
    do: fc.constantFrom('call' as const, 'recode' as const, 'close' as const, 'made anew' as const),
    which: small,
  }),
)
export const life: fc.Arbitrary<Round[]> = fc.array(
  fc.record({
    changes: fc.array(change, { maxLength: 5 }),
    days: fc.nat(3),
    kind: fc.constantFrom(
      ...([
        'plain',
        'plain',
        'plain',
        'whole',
        'dry',
        'incomplete',
        'refused',
        'approved',
        'second',
      ] as const),
    ),
    bad: fc.array(small, { maxLength: 2 }),
    order: fc.nat(1000),
  }),
  { minLength: 2, maxLength: 7 },
)

/** What the directory holds. */
class Directory {
  readonly people: (Says & { key: string; agency: string[]; gone: boolean })[] = []
  readonly agencies: (SaysAgency & { gone: boolean })[] = []
  #count = 0

  constructor() {
    for (const parent of [undefined, undefined, 'A1', 'A3', 'A2']) this.#open(parent)
    for (let i = 0; i < 6; i++) this.#join(i)
  }

  #open(parent: string | undefined): void {
    const number = this.agencies.length + 1
    this.agencies.push({
      key: `a${number}`,
      code: `A${number}`,
      ...(parent === undefined ? {} : { parent }),
      gone: false,
    })
  }

  #join(where: number): void {
    const number = this.people.length + 1
    const agency = [this.#agency(where).code]
    this.people.push({
      key: `p${number}`,
      id: `S${number}`,
      name: `Nguyễn Thị Số ${number}`,
      agency,
      gone: false,
    })
  }

  #agency(which: number): SaysAgency & { gone: boolean } {
    const there = this.agencies.filter(({ gone }) => !gone)
    return there[which % there.length] ?? { key: '', code: 'A1', gone: true }
  }

  apply(step: Change): void {
    this.#count += 1
    if ('who' in step) this.#ofPerson(step)
    else this.#ofAgency(step)
  }

  #ofPerson(step: Extract<Change, { who: number }>): void {
    const person = this.people[step.who % this.people.length]
    if (step.do === 'join') this.#join(step.where)
    else if (person === undefined) return
    else if (step.do === 'leave') person.gone = true
    else if (step.do === 'return') person.gone = false
    else if (step.do === 'move') person.agency = [this.#agency(step.where).code]
    else if (step.do === 'post')
      person.agency = [...new Set([...person.agency, this.#agency(step.where).code])]
    else if (step.do === 'everywhere')
      person.agency = this.agencies.filter(({ gone }) => !gone).map(({ code }) => code)
    else if (step.do === 'nowhere') person.agency = [...person.agency, 'KHÔNG CÓ']
    else if (step.do === 'class') person.cls = person.cls === undefined ? 'Viên chức' : 'Cán bộ'
    else if (step.do === 'title') person.title = `Chức danh ${this.#count}`
    else if (step.do === 'phone') person.phone = `0${this.#count}`
    else if (step.do === 'rename') person.name = `Trần Đổi Tên ${this.#count}`
    else if (step.do === 'anew') person.key = `${person.id}-${this.#count}`
    else if (step.do === 'back') for (const each of ['from', 'until'] as const) delete person[each]
    else if (step.do === 'away') {
      person.from = dayText(step.from)
      if (step.days === null) delete person.until
      else person.until = dayText(Math.min(DAYS, step.from + step.days))
    }
  }

  #ofAgency(step: Extract<Change, { which: number }>): void {
    const agency = this.#agency(step.which)
    if (step.do === 'open') this.#open(this.#agency(step.other).code)
    else if (step.do === 'call') agency.name = `Tên mới ${this.#count}`
    else if (step.do === 'made anew') agency.key = `${agency.key}-${this.#count}`
    else if (step.do === 'close') agency.gone = this.agencies.filter(({ gone }) => !gone).length > 1
    else if (step.do === 'recode') this.#recode([[agency.code, `M${this.#count}`]])
    else if (step.do === 'place') agency.parent = this.#agency(step.other).code
    else if (step.do === 'swap') {
      const other = this.#agency(step.other).code
      this.#recode([
        [agency.code, other],
        [other, agency.code],
      ])
    }
  }

  /** All that name a code name it by its new one from now on. */
  #recode(codes: readonly (readonly [string, string])[]): void {
    const now = new Map(codes)
    const to = (code: string) => now.get(code) ?? code
    for (const agency of this.agencies) {
      agency.code = to(agency.code)
      if (agency.parent !== undefined) agency.parent = to(agency.parent)
    }
    for (const person of this.people) person.agency = person.agency.map(to)
  }
}

/** Lives through the rounds; throws at the first that ends otherwise than the model. */
export async function live(database: Database, rounds: readonly Round[]): Promise<void> {
  const sources = {
    directory: { kind: 'directory' },
    second: { kind: 'directory', complete: false },
  } as const
  const trust = { phone: ['second', 'directory'] }
  const world = rosterWorld(database, { sources, trust })
  const none = {
    maxLeavers: 0,
    maxLeaversPercent: 0,
    maxMoversPercent: 0,
    maxRenamedPercent: 0,
    maxAgenciesPercent: 0,
  }
  const strict = rosterWorld(database, { sources, trust, guard: none })
  const directory = new Directory()
  const model = new Model()
  let day = 1
  let movements = 0
  for (const round of rounds) {
    day = Math.min(DAYS - 1, day + round.days)
    for (const step of round.changes) directory.apply(step)
    world.day = strict.day = dayText(day)
    const read = readOf(directory, round)
    const first = !model.loaded
    if (round.kind === 'second') movements += await second({ world, model, round })
    else {
      const people = await saved({ world, strict, read, round })
      if (people !== null) {
        const counts = model.read({ day, people: read.people, agencies: read.agencies })
        const found = { ...people, touched: people.movers + people.changed }
        same(pick(found), counts, 'what moved')
        if (!first) movements += counts.joiners + counts.leavers + counts.returned + counts.touched
        const before = await everyRow(world)
        await world.sync('directory', { ...read, people: shuffled(read.people, round.order + 1) })
        same(await everyRow(world), before, 'the same again, in another order, writes nothing')
      }
    }
    await judge(world, model)
    same(
      Number((await world.lines('select count(*)::text as line from movement'))[0]),
      movements,
      'movements kept',
    )
  }
}

function pick({
  joiners,
  leavers,
  returned,
  touched,
}: {
  joiners: number
  leavers: number
  returned: number
  touched: number
}) {
  return { joiners, leavers, returned, touched }
}

type FullRead = Read & { agencies: SaysAgency[] }

function readOf({ people, agencies }: Directory, { kind, bad, order }: Round): FullRead {
  const said = people
    .map(({ gone, ...says }, i) => ({
      gone,
      says: bad.includes(i) ? { ...says, name: `${says.name} 🙂` } : { ...says },
    }))
    .filter(({ gone }) => !gone)
    .map(({ says }) => says)
  const named = agencies.filter(({ gone }) => !gone).map(({ gone: _, ...says }) => says)
  return {
    people: shuffled(said, order),
    agencies: shuffled(named, order),
    digests: kind !== 'whole',
    pageSize: 1 + (order % 4),
  }
}

/** A permutation by a number. */
function shuffled<T>(all: readonly T[], order: number): T[] {
  return all
    .map((each, i) => ({ each, at: (Math.imul(i + 1, 2_654_435_761) ^ Math.imul(order, 40_503)) >>> 0 }))
    .sort((a, b) => a.at - b.at)
    .map(({ each }) => each)
}

/** What moved, where a read was saved; one that was not must have changed nothing. */
async function saved({
  world,
  strict,
  read,
  round,
}: {
  world: World
  strict: World
  read: FullRead
  round: Round
}): Promise<SyncOutcome['people'] | null> {
  const before = await everyRow(world, ['roster_staged%'])
  const unchanged = async (what: string) => same(await everyRow(world, ['roster_staged%']), before, what)
  if (read.people.length === 0) {
    await world.sync('directory', read)
    await unchanged('an empty read changes nothing')
    return null
  }
  if (round.kind === 'dry') {
    await world.sync('directory', read, { dryRun: true })
    await unchanged('a dry run changes nothing')
    return null
  }
  if (round.kind === 'incomplete') {
    const fail = new AppError('read_incomplete', 'the connection was lost')
    await world.sync('directory', { ...read, people: read.people.slice(1), fail }, { force: true })
    await unchanged('an incomplete read changes nothing')
    return null
  }
  if (round.kind === 'refused' || round.kind === 'approved') {
    const result = await strict.sync('directory', read)
    if (result.guard.ok) return result.people
    await unchanged('a refused run changes nothing')
    if (round.kind === 'refused') return null
    return (await strict.approve('directory', result.run)).people
  }
  return (await world.sync('directory', read)).people
}

/** The second source names some of those in service, as they are known, with a telephone of its own. */
async function second({
  world,
  model,
  round,
}: {
  world: World
  model: Model
  round: Round
}): Promise<number> {
  const named = model.inService().filter((_, i) => (i + round.order) % 3 > 0)
  if (named.length === 0) return 0
  const people = named.map(({ id, name, posts }, i): Says => {
    const phone = (i + round.order) % 4 > 0 ? { phone: `2${round.order}${i}` } : {}
    return { key: `s-${id}`, id, name, agency: model.codeOf(posts[0]?.agency ?? 0), ...phone }
  })
  const result = await world.sync('second', { people, incremental: true, digests: round.order % 2 === 0 })
  const touched = people.filter(({ id, phone }) => model.phone(id ?? '', phone ?? null)).length
  same(
    { ...result.people, unchanged: 0 },
    { joiners: 0, movers: 0, leavers: 0, returned: 0, changed: touched, unchanged: 0 },
    'second',
  )
  return touched
}

// judging -----------------------------------------------------------------------------------------------------------

async function judge(world: World, model: Model): Promise<void> {
  const slots = ['2026-02-28', ...Array.from({ length: DAYS }, (_, i) => dayText(i)), '9000-01-01']
  const on = (first: string, last: string, day: string) =>
    (first === '-infinity' || first <= day) && (last === 'infinity' || last >= day)
  const { db } = world.database
  const people = await sql<{ key: string; face: string }>`
    select source_key as key, concat_ws('|', staff_id, full_name, phone) as face from person`.execute(db)
  same(
    people.rows.map(({ key, face }) => `${key} ${face}`).sort(),
    [...model.people.values()]
      .map(
        ({ key, id, name, phone }) =>
          `${key} ${[id, name, phone.second ?? phone.directory].filter(Boolean).join('|')}`,
      )
      .sort(),
    'people',
  )
  const posts = await sql<{ key: string; agency: string; cls: string; first: string; last: string }>`
    select p.source_key as key, a.source_key as agency, e.staff_class as cls, e.first_day as first, e.last_day as last
    from employment e join person p on p.id = e.person_id join agency a on a.id = e.agency_id`.execute(db)
  for (const [slot, day] of slots.entries()) {
    const found = posts.rows
      .filter(({ first, last }) => on(first, last, day))
      .map(({ key, agency, cls }) => `${key} ${agency} ${cls}`)
    const wanted = [...model.people.values()].flatMap(({ key, served }) =>
      [...(served[slot] ?? [])].map(post => {
        const [agency = '', cls = ''] = post.split('|')
        return `${key} ${model.agencies.get(Number(agency))?.key} ${cls}`
      }),
    )
    same(found.sort(), wanted.sort(), `who serves where on ${day}`)
  }
  const titles =
    await world.lines(`select p.source_key || ' ' || a.source_key || ' ' || coalesce(e.title, '') as line
    from employment e join person p on p.id = e.person_id join agency a on a.id = e.agency_id where e.last_day = 'infinity'`)
  const said = model
    .inService()
    .flatMap(({ key, posts }) =>
      posts.map(({ agency, title }) => `${key} ${model.agencies.get(agency)?.key} ${title ?? ''}`),
    )
  same(titles.sort(), said.sort(), 'titles')
  const absences = await world.lines(`select p.source_key || ' ' || a.first_day || ' ' || a.last_day as line
    from absence a join person p on p.id = a.person_id`)
  const away = [...model.people.values()].flatMap(({ key, absences }) =>
    [...absences].map(([first, last]) => `${key} ${first} ${last}`),
  )
  same(absences.sort(), away.sort(), 'absences')
  const periods = await sql<{ key: string; facts: string; above: string; first: string; last: string }>`
    select a.source_key as key, p.code || '|' || p.name as facts, coalesce(up.source_key, '') as above,
      p.first_day as first, p.last_day as last
    from agency_period p join agency a on a.id = p.agency_id left join agency up on up.id = p.parent_id
    where a.source = 'directory'`.execute(db)
  for (const [slot, day] of slots.entries()) {
    const found = periods.rows
      .filter(({ first, last }) => on(first, last, day))
      .map(({ key, facts, above }) => `${key} ${facts} ${above}`)
    const wanted = [...model.agencies.values()].flatMap(({ key, days }) => {
      const facts = days[slot]
      if (!facts) return []
      const above = facts.parent === null || facts.parent < 0 ? 'root' : model.agencies.get(facts.parent)?.key
      return [`${key} ${facts.code}|${facts.name} ${above}`]
    })
    same(found.sort(), wanted.sort(), `the agencies on ${day}`)
  }
}

function same(found: unknown, wanted: unknown, what: string): void {
  if (JSON.stringify(found) === JSON.stringify(wanted)) return
  throw new Error(`${what}\nfound:  ${JSON.stringify(found)}\nwanted: ${JSON.stringify(wanted)}`)
}
