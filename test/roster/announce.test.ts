import fc from 'fast-check'
import { sql } from 'kysely'
import t, { type Test } from 'tap'
import type { Database } from '../../src/database/database.ts'
import { addDays, type Day } from '../../src/ids.ts'
import { announce, applyAnnouncements, type Order, withdraw } from '../../src/roster/announce.ts'
import { type AnnouncementKind, mainOn, type Span } from '../../src/roster/decision.ts'
import { historiesOf } from '../../src/roster/decision-store.ts'
import { foldText, sortKey } from '../../src/roster/name.ts'
import { stores } from '../support/database.ts'

const TODAY = '2026-11-25' as Day
const NOW = new Date('2026-11-25T03:00:00Z')
const A = { id: 1, code: 'H99.05' }
const B = { id: 2, code: 'H99.11' }
const C = { id: 3, code: 'H99.35' }

/** Three agencies, of which the last closes at the end of 2026, and people who serve at the first. */
async function fill({ db }: Database, people = 3): Promise<void> {
  await sql`insert into agency (source, source_key) values ('directory', 'a'), ('directory', 'b'), ('directory', 'c')`.execute(
    db,
  )
  await sql`insert into agency_period (agency_id, first_day, last_day, code, name, level, sort_key, search_key) values
    (1, '-infinity', 'infinity', 'H99.05', 'Sở Nội vụ', 'department', 'a', 'a'),
    (2, '-infinity', 'infinity', 'H99.11', 'Sở Y tế', 'department', 'b', 'b'),
    (3, '-infinity', '2026-12-31', 'H99.35', 'UBND phường An Bình', 'commune', 'c', 'c')`.execute(db)
  await sql`insert into roster_source (name, first_complete_day) values ('directory', '2026-01-01')`.execute(
    db,
  )
  await sql`insert into person (source, source_key, staff_id, full_name, sort_key, search_key)
    select 'directory', n::text, 'CB' || n, 'Nguyễn Văn ' || n, 'n' || n, 'nguyen van ' || n
    from generate_series(1, ${people}::int) n`.execute(db)
  await sql`insert into roster_record (source, source_key, person_id, digest, said, said_on)
    select source, source_key, id, 7, '{"posts":[["H99.05",false]]}', '2026-01-01' from person`.execute(db)
  await sql`insert into employment (person_id, agency_id, staff_class, first_day)
    select id, 1, 'công chức', '-infinity' from person`.execute(db)
}

function order(kind: AnnouncementKind, people: number[], day: string, more: Partial<Order> = {}): Order {
  return {
    decision: { number: '12/QĐ-SNV', day: '2026-10-01' as Day, by: 'an', now: NOW },
    kind,
    who: { people },
    day: day as Day,
    lastDay: null,
    agency: null,
    staffClass: null,
    title: null,
    absence: kind === 'absence' ? 'maternity' : '',
    ...more,
  }
}

const at = { today: TODAY, now: NOW }

async function stays({ db }: Database, person: number): Promise<string[]> {
  const history = (await historiesOf(db, [person])).get(person)
  return (history?.spans ?? []).map(each => `${each.code} ${each.first} ${each.last}`)
}

async function rows<Row>({ db }: Database, text: string): Promise<Row[]> {
  return (await sql<Row>`${sql.raw(text)}`.execute(db)).rows
}

// two engines, and histories by chance
t.setTimeout(120_000)

for (const { name, skip, open } of stores()) {
  t.test(name, { skip }, async t => {
    const withStore = (sentence: string, body: (t: Test, database: Database) => Promise<void>) =>
      t.test(sentence, async t => {
        const database = await open()
        t.teardown(() => database.close())
        await fill(database)
        await body(t, database)
      })

    await withStore('a move of the past splits the employment and tells the source', async (t, database) => {
      const done = await announce(database.db, order('move', [1, 2], '2026-11-10', { agency: B }), at)
      t.match(done, { kind: 'announced', people: 2, done: 2, waiting: 0 })
      for (const person of [1, 2])
        t.same(await stays(database, person), ['H99.05 -infinity 2026-11-09', 'H99.11 2026-11-10 infinity'])
      t.same(await stays(database, 3), ['H99.05 -infinity infinity'])
      t.match(await rows(database, 'select * from movement order by id'), [
        {
          person_id: 1,
          kind: 'mover',
          day: '2026-11-10',
          from_agency_id: 1,
          to_agency_id: 2,
          decision_id: 1,
        },
        { person_id: 2, kind: 'mover' },
      ])
      t.match(await rows(database, 'select person_id, said_posts, posts from roster_override order by 1'), [
        { person_id: 1, said_posts: '[["H99.05",false]]', posts: '[["H99.11",false]]' },
        { person_id: 2 },
      ])
      t.same(await rows(database, 'select person_id, digest from roster_record order by 1'), [
        { person_id: 1, digest: null },
        { person_id: 2, digest: null },
        { person_id: 3, digest: 7 },
      ])
      t.match(await rows(database, 'select revision from roster_source'), [{ revision: 1 }])
      t.match(await rows(database, 'select first_day from roster_restated'), [{ first_day: '2026-11-10' }])
    })

    await withStore('a move that a source recorded later only begins earlier', async (t, database) => {
      await sql`update employment set last_day = '2026-11-19' where person_id = 1`.execute(database.db)
      await sql`insert into employment (person_id, agency_id, staff_class, first_day)
        values (1, 2, 'công chức', '2026-11-20')`.execute(database.db)
      await sql`update roster_record set said = '{"posts":[["H99.11",false]]}' where person_id = 1`.execute(
        database.db,
      )
      await announce(database.db, order('move', [1], '2026-11-02', { agency: B }), at)
      t.same(await stays(database, 1), ['H99.05 -infinity 2026-11-01', 'H99.11 2026-11-02 infinity'])
      t.same(await rows(database, 'select * from roster_override'), [], 'the source says the same')
    })

    await withStore('a move of the past holds until the next movement that is known', async (t, database) => {
      await announce(database.db, order('move', [1], '2026-11-20', { agency: C }), at)
      await announce(database.db, order('move', [1], '2026-11-10', { agency: B }), at)
      t.same(await stays(database, 1), [
        'H99.05 -infinity 2026-11-09',
        'H99.11 2026-11-10 2026-11-19',
        'H99.35 2026-11-20 infinity',
      ])
    })

    await withStore('a further post counts nobody elsewhere', async (t, database) => {
      await announce(database.db, order('move', [1], '2026-11-20', { agency: C }), at)
      await announce(database.db, order('concurrent', [1], '2026-11-10', { agency: B }), at)
      t.same(await stays(database, 1), [
        'H99.05 -infinity 2026-11-19',
        'H99.11 2026-11-10 infinity',
        'H99.35 2026-11-20 infinity',
      ])
      const spans = (await historiesOf(database.db, [1])).get(1)?.spans ?? []
      const counted = ['2026-11-10', '2026-11-19', '2026-11-20'].map(day => mainOn(spans, day)?.code)
      t.same(counted, ['H99.05', 'H99.05', 'H99.35'])
    })

    await withStore('a later movement stands in the way of a leave, and is named', async (t, database) => {
      await announce(database.db, order('move', [1], '2026-11-20', { agency: B }), at)
      t.same(await announce(database.db, order('leave', [1, 2], '2026-11-10'), at), {
        kind: 'refused',
        problems: [{ person: 1, refusal: { reason: 'laterMovement', day: '2026-11-20', agency: 'H99.11' } }],
      })
      t.same(await stays(database, 2), ['H99.05 -infinity infinity'], 'nothing is done to anybody')
      t.equal((await announce(database.db, order('leave', [2], '2026-11-10'), at)).kind, 'announced')
      t.same(await stays(database, 2), ['H99.05 -infinity 2026-11-09'])
      t.match(await rows(database, 'select posts from roster_override where person_id = 2'), [
        { posts: '[]' },
      ])
    })

    await withStore('what is announced waits for its day, and is done once', async (t, database) => {
      const said = await announce(database.db, order('move', [1], '2026-12-01', { agency: B }), at)
      t.match(said, { done: 0, waiting: 1 })
      t.same(await applyAnnouncements(database.db, TODAY, NOW), { done: 0, failed: 0 })
      t.same(await stays(database, 1), ['H99.05 -infinity infinity'])
      const day = '2026-12-01' as Day
      t.same(await applyAnnouncements(database.db, day, NOW), { done: 1, failed: 0 })
      t.same(await stays(database, 1), ['H99.05 -infinity 2026-11-30', 'H99.11 2026-12-01 infinity'])
      t.same(await rows(database, 'select * from roster_restated'), [], 'no day has passed')
      t.same(await applyAnnouncements(database.db, day, NOW), { done: 0, failed: 0 })
      t.equal((await rows(database, 'select * from movement')).length, 1)
    })

    await withStore('what breaks off half-way is done wholly the next time', async (t, database) => {
      const { db } = database
      await announce(db, order('leave', [1, 2], '2026-12-01'), at)
      const day = '2026-12-03' as Day
      await database.exec(`create function stop() returns trigger language plpgsql as $$ begin raise 'cut off'; end $$;
        create trigger stop before insert on roster_restated for each row execute function stop()`)
      await t.rejects(applyAnnouncements(db, day, NOW), /cut off/)
      await database.exec('drop trigger stop on roster_restated; drop function stop()')
      t.same(await stays(database, 1), ['H99.05 -infinity infinity'])
      t.same(await rows(database, `select * from movement`), [])
      t.same(await applyAnnouncements(db, day, NOW), { done: 2, failed: 0 })
      t.same(await stays(database, 1), ['H99.05 -infinity 2026-11-30'])
      t.equal((await rows(database, 'select * from movement')).length, 2)
    })

    await withStore('a block of two thousand is announced and done as sets', async (t, database) => {
      await sql`insert into person (source, source_key, full_name, sort_key, search_key)
        select 'directory', n::text, 'An', 'an', 'an' from generate_series(4, 2000) n`.execute(database.db)
      await sql`insert into employment (person_id, agency_id, staff_class, first_day)
        select id, 1, 'công chức', '-infinity' from person where id > 3`.execute(database.db)
      const people = Array.from({ length: 2000 }, (_, i) => i + 1)
      await announce(database.db, order('move', people, '2026-12-01', { agency: B }), at)
      const started = performance.now()
      const day = '2026-12-01' as Day
      t.same(await applyAnnouncements(database.db, day, NOW), { done: 2000, failed: 0 })
      t.comment(`${Math.round(performance.now() - started)} ms`)
      const at11 = `select count(*)::int as n from employment where agency_id = 2 and first_day = '2026-12-01'`
      t.same(await rows(database, at11), [{ n: 2000 }])
    })

    await withStore('one that waits can be withdrawn, one that is done cannot', async (t, database) => {
      await announce(database.db, order('leave', [1], '2026-12-01'), at)
      t.equal(await withdraw(database.db, 1, { now: NOW }), true)
      t.equal(await withdraw(database.db, 1, { now: NOW }), false)
      t.same(await applyAnnouncements(database.db, '2027-01-01' as Day, NOW), { done: 0, failed: 0 })
      await announce(database.db, order('leave', [2], '2026-11-25'), at)
      t.equal(await withdraw(database.db, 2, { now: NOW }), false)
    })

    await withStore('what cannot be done on its day fails with its reason', async (t, database) => {
      await announce(database.db, order('move', [1], '2027-01-10', { agency: C }), at)
      await announce(database.db, order('move', [2], '2027-01-10', { agency: B }), at)
      await sql`update employment set last_day = '2026-12-01' where person_id = 2`.execute(database.db)
      t.same(await applyAnnouncements(database.db, '2027-01-10' as Day, NOW), { done: 0, failed: 2 })
      t.match(await rows(database, 'select person_id, state, reason from announcement order by id'), [
        { person_id: 1, state: 'failed', reason: 'agencyClosed' },
        { person_id: 2, state: 'failed', reason: 'alreadyLeft 2026-12-01 H99.05' },
      ])
    })

    await withStore('somebody not known before joins by a decision', async (t, database) => {
      const fullName = 'Lý Thị Ánh'
      const newPerson = {
        fullName,
        sortKey: sortKey(fullName),
        searchKey: foldText(fullName),
        staffId: 'CB900',
        birthDay: '1999-02-28' as Day,
      }
      const join = order('join', [], '2026-12-01', { who: { newPerson }, agency: A, staffClass: 'công chức' })
      t.match(await announce(database.db, join, at), { people: 1, waiting: 1 })
      t.same(await stays(database, 4), [])
      await applyAnnouncements(database.db, '2026-12-02' as Day, NOW)
      t.same(await stays(database, 4), ['H99.05 2026-12-01 infinity'])
      t.match(await rows(database, 'select source, source_key from person where id = 4'), [
        { source: 'decision', source_key: 'decision:1:1' },
      ])
      t.match(await rows(database, 'select first_day from roster_restated'), [{ first_day: '2026-12-01' }])
    })

    await withStore(
      'an absence begins on its day, ends with the return, and is not overlapped',
      async (t, database) => {
        const six = { lastDay: '2027-05-31' as Day }
        await announce(database.db, order('absence', [1], '2026-12-01', six), at)
        t.match(await announce(database.db, order('absence', [1], '2027-01-01'), at), {
          problems: [{ refusal: { reason: 'absenceOverlap', day: '2026-12-01' } }],
        })
        await applyAnnouncements(database.db, '2026-12-01' as Day, NOW)
        const one = `select first_day, last_day, kind, document, source from absence where person_id = 1`
        const span = { first_day: '2026-12-01', last_day: '2027-05-31', kind: 'maternity' }
        t.same(await rows(database, one), [{ ...span, document: '12/QĐ-SNV', source: '' }])
        const later = { today: '2027-04-01' as Day, now: NOW }
        await announce(database.db, order('return', [1], '2027-04-01'), later)
        t.match(await rows(database, one), [{ first_day: '2026-12-01', last_day: '2027-03-31' }])
      },
    )

    await withStore('what contradicts itself is refused when it is entered', async (t, database) => {
      const refusal = async (kind: AnnouncementKind, day: string, more: Partial<Order> = {}) => {
        const answer = await announce(database.db, order(kind, [1], day, more), at)
        return answer.kind === 'refused' ? answer.problems[0]?.refusal.reason : null
      }
      await sql`update employment set first_day = '2026-03-01' where person_id = 1`.execute(database.db)
      t.equal(await refusal('move', '2026-11-25', { agency: A }), 'sameAgency')
      t.equal(await refusal('move', '2026-02-01', { agency: B }), 'beforeStart')
      t.equal(await refusal('leave', '2026-03-01'), 'beforeStart')
      t.equal(await refusal('join', '2026-11-25', { agency: B }), 'serves')
      t.equal(await refusal('return', '2026-11-25'), 'noAbsence')
      t.equal(await refusal('concurrent', '2026-11-25', { agency: A }), 'sameAgency')
      t.equal(await refusal('absence', '2026-11-25', { lastDay: '2026-11-24' as Day }), 'endBeforeStart')
      t.equal(await refusal('move', '2026-12-10', { agency: B }), null)
      t.equal(await refusal('leave', '2026-12-05'), 'waiting', 'the move after it could not be done')
      t.equal(await refusal('move', '2026-12-11', { agency: B }), 'sameAgency', 'by then')
    })

    await t.test('random announcements end as an independent model says', async t => {
      const database = await open()
      t.teardown(() => database.close())
      await againstModel(t, database)
    })
  })
}

// the model: a set of agencies for each day ---------------------------------------------------------------------------

const FIRST = '2026-11-01' as Day
const DAYS = 60

type Days = Set<number>[]
type Said = { id: number; kind: AnnouncementKind; day: number; agency: number; until: number | null }

const fresh = (): Days => Array.from({ length: DAYS }, () => new Set([1]))
const copy = (days: Days): Days => days.map(each => new Set(each))

/** The days after it, or null where it cannot be. `main` is the agency somebody is counted at on a day. */
function modelled(days: Days, said: Said, main: (days: Days, day: number) => number): Days | null {
  const { kind, day, agency } = said
  const next = copy(days)
  const here = days[day] ?? new Set()
  const has = (i: number, agency: number) => days[i]?.has(agency) ?? false
  if (kind === 'return') {
    if (here.size > 0 || !days.slice(0, day).some(each => each.size > 0)) return null
    for (let i = day; i < DAYS && days[i]?.size === 0; i++) next[i]?.add(agency)
    return next
  }
  if (here.size === 0) return null
  if (kind === 'concurrent') {
    if (has(day, agency) || (said.until !== null && said.until < day)) return null
    for (let i = day; i < DAYS && i <= (said.until ?? DAYS); i++) {
      if (days[i]?.size === 0 || has(i, agency)) break
      next[i]?.add(agency)
    }
    return next
  }
  const from = main(days, day)
  if (kind === 'move') {
    if (from === agency) return null
    for (let i = day; i < DAYS && has(i, from); i++) {
      next[i]?.delete(from)
      next[i]?.add(agency)
    }
    return next
  }
  if (!has(day - 1, from)) return null
  for (let i = day + 1; i < DAYS; i++) for (const each of days[i] ?? []) if (!has(i - 1, each)) return null
  for (let i = day; i < DAYS; i++) next[i]?.clear()
  return next
}

function staysOf(days: Days): string[] {
  const found: string[] = []
  for (const agency of [1, 2, 3]) {
    for (let i = 0; i < DAYS; i++) {
      if (!days[i]?.has(agency) || days[i - 1]?.has(agency)) continue
      let last = i
      while (last + 1 < DAYS && days[last + 1]?.has(agency)) last++
      const first = i === 0 ? '-infinity' : addDays(FIRST, i)
      found.push(`${agency} ${first} ${last === DAYS - 1 ? 'infinity' : addDays(FIRST, last)}`)
    }
  }
  return found
}

function daysOf(spans: readonly Span[]): Days {
  return Array.from({ length: DAYS }, (_, i) => {
    const day = addDays(FIRST, i)
    return new Set(spans.filter(each => each.first <= day && each.last >= day).map(each => each.agency))
  })
}

function overlaps(spans: readonly Span[]): boolean {
  return spans.some(a =>
    spans.some(b => a !== b && a.agency === b.agency && a.first <= b.last && b.first <= a.last),
  )
}

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom<AnnouncementKind[]>('move', 'move', 'concurrent', 'leave', 'return'),
      day: fc.integer({ min: 2, max: DAYS - 5 }),
      agency: fc.integer({ min: 1, max: 3 }),
      until: fc.option(fc.integer({ min: 2, max: DAYS - 5 })),
    }),
  },
  { weight: 2, arbitrary: fc.record({ pass: fc.integer({ min: 1, max: 12 }) }) },
  { weight: 1, arbitrary: fc.record({ withdraw: fc.nat(5) }) },
)

async function againstModel(t: Test, database: Database): Promise<void> {
  const { db } = database
  let person = 0
  const seen = { announced: 0, refused: 0 }
  await fill(database, 0)
  await sql`update agency_period set last_day = 'infinity'`.execute(db)
  const codes = ['', A.code, B.code, C.code]
  const property = fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 10 }), async steps => {
    await sql`insert into person (source, source_key, full_name, sort_key, search_key)
      values ('directory', ${String(++person)}, 'An', 'an', 'an')`.execute(db)
    await sql`insert into employment (person_id, agency_id, staff_class, first_day)
      values (${person}, 1, 'công chức', '-infinity')`.execute(db)
    let today = 24
    let days = fresh()
    let waiting: Said[] = []
    const spans = async () => (await historiesOf(db, [person])).get(person)?.spans ?? []
    for (const each of steps) {
      if ('pass' in each) {
        today = Math.min(today + each.pass, DAYS - 2)
        // of two of one day, the earlier said is done first; who is counted where is asked of the spans as they become
        const due = waiting.filter(said => said.day <= today).sort((a, b) => a.day - b.day || a.id - b.id)
        waiting = waiting.filter(said => said.day > today)
        for (const said of due) {
          const stored = await spans()
          const after = modelled(days, said, (_, day) => mainOn(stored, addDays(FIRST, day))?.agency ?? 0)
          if (after === null) throw new Error('the model could not do what was announced')
          days = after
          await applyAnnouncements(db, addDays(FIRST, said.day), NOW)
        }
        await applyAnnouncements(db, addDays(FIRST, today), NOW)
      } else if ('withdraw' in each) {
        // the last one: what was announced before it never counted on it
        const last = waiting.toSorted((a, b) => a.day - b.day || a.id - b.id).at(-1)
        if (last) {
          await withdraw(db, last.id, { now: NOW })
          waiting = waiting.filter(said => said !== last)
        }
      } else {
        const agency = { id: each.agency, code: codes[each.agency] ?? '' }
        const asked = order(each.kind, [person], addDays(FIRST, each.day), {
          agency: each.kind === 'leave' ? null : agency,
          lastDay: each.kind === 'concurrent' && each.until !== null ? addDays(FIRST, each.until) : null,
        })
        const said: Said = { id: 0, kind: each.kind, day: each.day, agency: each.agency, until: each.until }
        const before = await spans()
        const counted = (_: Days, day: number) => mainOn(before, addDays(FIRST, day))?.agency ?? 0
        const answer = await announce(db, asked, { today: addDays(FIRST, today), now: NOW })
        if (answer.kind === 'refused') seen.refused++
        else seen.announced++
        if (each.day <= today) {
          const after = modelled(days, said, counted)
          const stands = answer.kind === 'refused' && answer.problems[0]?.refusal.reason === 'waiting'
          if (!stands && (after === null) !== (answer.kind === 'refused'))
            throw new Error(`${JSON.stringify(each)}: ${JSON.stringify(answer)}`)
          if (answer.kind === 'announced' && after) days = after
        } else if (answer.kind === 'announced') {
          const [row] = await rows<{ id: number }>(database, 'select max(id) as id from announcement')
          waiting.push({ ...said, id: row?.id ?? 0 })
        }
        const now = await spans()
        if (each.kind === 'concurrent')
          for (let i = 0; i < DAYS; i++) {
            const day = addDays(FIRST, i)
            if (mainOn(before, day)?.agency !== mainOn(now, day)?.agency)
              throw new Error(`a concurrent post moved somebody: ${JSON.stringify({ before, now })}`)
          }
        if (each.kind === 'move' && answer.kind === 'announced' && each.day <= today)
          if (mainOn(now, addDays(FIRST, each.day))?.agency !== each.agency)
            throw new Error('who moved is not counted there')
      }
      const now = await spans()
      if (overlaps(now)) throw new Error(`spans overlap: ${JSON.stringify(now)}`)
      const [found, wanted] = [staysOf(daysOf(now)), staysOf(days)]
      if (JSON.stringify(found) !== JSON.stringify(wanted))
        throw new Error(`${found.join(', ')} but ${wanted.join(', ')}`)
    }
  })
  await fc.assert(property, { numRuns: 35, seed: 20261125 })
  t.ok(seen.announced > 40 && seen.refused > 15, JSON.stringify(seen))
}
