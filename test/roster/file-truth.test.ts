/**
 * Random transfers between agencies that each send a file of their own, on days of their own: nobody is lost, nobody is
 * a leaver before their time of waiting is over, and everybody serves where the files name them.
 */
import fc from 'fast-check'
import t from 'tap'
import { addDays, parseDay } from '../../src/ids.ts'
import { expireHoldings } from '../../src/roster/holding-store.ts'
import { embedded, empty } from '../support/database.ts'
import { rosterWorld, type Says, type World } from '../support/roster-world.ts'

const RUNS = 10
const LONGEST_MS = 20_000
const HOLDING_DAYS = 10
const CODES = ['A', 'B', 'C']
const STAFF = 6
const START = parseDay('2026-03-02')

/** Somebody goes to another agency or away, and an agency sends its file some days later. */
const steps = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('goes' as const), who: fc.nat(STAFF - 1), to: fc.option(fc.nat(2)) }),
    fc.record({
      do: fc.constant('sends' as const),
      agency: fc.nat(2),
      days: fc.nat(4),
      digests: fc.boolean(),
    }),
  ),
  { minLength: 4, maxLength: 14 },
)

/** Where each file last named somebody, in the order the files came: the model. */
type Known = { named: Map<string, number>; waits: { code: string; since: number } | null; at: string | null }

function told(known: Known, code: string, isNamed: boolean, day: number): void {
  const was = known.named.has(code)
  if (isNamed) {
    known.named.set(code, known.named.get(code) ?? day)
    const stays = known.at !== null && known.at !== code && known.named.has(known.at)
    // two files name them: the agency whose source stands first
    if (!stays || CODES.indexOf(code) < CODES.indexOf(known.at ?? '')) known.at = code
    known.waits = null
    return
  }
  known.named.delete(code)
  if (!was || known.at !== code) return
  const [other] = CODES.filter(each => known.named.has(each))
  known.at = other ?? null
  known.waits = other === undefined ? { code, since: day } : null
}

function expires(known: Known, day: number): boolean {
  if (known.waits === null || day < known.waits.since + HOLDING_DAYS) return false
  known.waits = null
  return true
}

async function found({ lines }: World): Promise<string[]> {
  return lines(`select p.staff_id || ' ' || coalesce((select string_agg(a.code, ',') from employment e
      join agency_period a on a.agency_id = e.agency_id and a.last_day = 'infinity'
      where e.person_id = p.id and e.last_day = 'infinity'), '-')
    || case when exists (select 1 from roster_holding h where h.person_id = p.id) then ' waits' else '' end as line
    from person p order by 1`)
}

t.test('random transfers between files', async t => {
  const database = await embedded()
  t.teardown(() => database.close())
  const property = fc.asyncProperty(steps, async taken => {
    await empty(database)
    const files = Object.fromEntries(
      CODES.map(code => [`file ${code}`, { kind: 'file', agency: code } as const]),
    )
    const world = rosterWorld(database, {
      holdingDays: HOLDING_DAYS,
      sources: { tree: { kind: 'directory', complete: false }, ...files },
    })
    const agencies = CODES.map((code, i) => ({ key: `a${i}`, code }))
    await world.sync('tree', { agencies, people: [{ key: 'c', id: 'Z', name: 'Văn Thư', agency: 'A' }] })
    const where: (number | null)[] = Array.from({ length: STAFF }, (_, i) => i % 3)
    const known: Known[] = where.map(() => ({ named: new Map(), waits: null, at: null }))
    let day = 0
    let left = 0
    const send = async (agency: number, digests: boolean) => {
      const code = CODES[agency] ?? 'A'
      world.day = addDays(START ?? raise(), day)
      const people = where.flatMap((at, i): Says[] =>
        at === agency ? [{ id: `S${i}`, name: `Lê Thử ${i}`, agency: code }] : [],
      )
      // each agency has a clerk who never goes: a file of nobody would be refused
      const clerk = { id: `K${agency}`, name: `Văn Thư ${agency}`, agency: code }
      await world.sync(`file ${code}`, {
        people: [...people, clerk, ...(agency === 0 ? [{ id: 'Z', name: 'Văn Thư', agency: 'A' }] : [])],
        digests,
      })
      for (const [i, each] of known.entries()) told(each, code, where[i] === agency, day)
    }
    for (const agency of [0, 1, 2]) await send(agency, true)
    for (const step of taken) {
      if (step.do === 'goes') where[step.who] = step.to
      else {
        day += step.days
        const today = addDays(START ?? raise(), day)
        await database.db.transaction().execute(trx => expireHoldings(trx, today, null))
        left += known.filter(each => expires(each, day)).length
        await send(step.agency, step.digests)
      }
      const wanted = known
        .map((each, i) => `S${i} ${each.at ?? '-'}${each.waits ? ' waits' : ''}`)
        .concat('K0 A', 'K1 B', 'K2 C', 'Z A')
        .sort()
      const is = (await found(world)).sort()
      if (JSON.stringify(is) !== JSON.stringify(wanted)) throw new Error(`found ${is}\nwanted ${wanted}`)
      const leavers = await world.lines(`select count(*)::text as line from movement where kind = 'leaver'`)
      if (Number(leavers[0]) !== left) throw new Error(`${leavers[0]} leavers instead of ${left}`)
    }
  })
  await fc.assert(property, {
    numRuns: RUNS,
    interruptAfterTimeLimit: LONGEST_MS,
  })
  t.pass('everybody is where the files say')
})

function raise(): never {
  throw new Error('no day')
}
