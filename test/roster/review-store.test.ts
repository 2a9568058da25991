/** Answers, the holding list and confirmations, on every database. */
import { sql } from 'kysely'
import t, { type Test } from 'tap'
import type { Database } from '../../src/database/database.ts'
import type { Day } from '../../src/ids.ts'
import { confirmationsOf, confirmList, countStaff, listStaff } from '../../src/roster/confirmation-store.ts'
import { endWaiting, expireHoldings, listHolding, putBack } from '../../src/roster/holding-store.ts'
import type { ReviewAnswer } from '../../src/roster/review.ts'
import { answerReview, countReviews, knownPerson, listReviews } from '../../src/roster/review-store.ts'
import { storedMovements } from '../../src/roster/run-store.ts'
import { stores } from '../support/database.ts'

const TODAY = '2026-11-25' as Day
const doing = { by: 'an', now: new Date('2026-11-25T02:00:00Z'), today: TODAY, note: '' }

type Ground = {
  database: Database
  lines(text: string): Promise<string[]>
  run(text: string): Promise<void>
  answer(id: number, answer: ReviewAnswer): ReturnType<typeof answerReview>
}

/** Two agencies; persons 1 and 2 serve at the first, 3 at the second; records 1 to 3 are theirs, 4 is nobody's yet. */
const GROUND = `
  insert into agency (source, source_key) values ('', 'root'), ('file', 'A'), ('file', 'B');
  insert into agency_period (agency_id, first_day, code, name, level, parent_id, sort_key, search_key) values
    (1, '-infinity', 'H99', 'Tỉnh Phước An', 'province', null, 'a', 'a'),
    (2, '-infinity', 'H99.05', 'Sở Nội vụ', 'department', 1, 'b', 'b'),
    (3, '-infinity', 'H99.11', 'Sở Y tế', 'department', 1, 'c', 'c');
  insert into person (source, source_key, staff_id, full_name, sort_key, search_key) values
    ('file', 'k1', 'S1', 'Nguyễn Văn An', 'an', 'nguyen van an'),
    ('file', 'k2', 'S2', 'Trần Thị Bình', 'binh', 'tran thi binh'),
    ('other', 'k3', 'S3', 'Lê Minh Cường', 'cuong', 'le minh cuong');
  insert into employment (person_id, agency_id, first_day, staff_class, title) values
    (1, 2, '2020-01-01', 'công chức', 'Chuyên viên'), (2, 2, '2020-01-01', '', null), (3, 3, '2020-01-01', '', null);
  insert into roster_source (name, first_complete_day, last_said_at, revision) values
    ('file', '2020-01-01', now(), 1), ('other', '2020-01-01', now(), 1);
  insert into roster_record (source, source_key, person_id, digest, said, said_on) values
    ('file', 'k1', 1, 11, '{"fullName":"Nguyễn Văn An","posts":[["H99.05",true]]}', '2026-11-01'),
    ('file', 'k2', 2, 12, '{"fullName":"Trần Thị Bình","posts":[["H99.05",true]]}', '2026-11-01'),
    ('other', 'k3', 3, 13, '{"fullName":"Lê Minh Cường","posts":[["H99.11",true]]}', '2026-11-01'),
    ('file', 'k4', null, 14, '{"fullName":"Nguyễn Văn Ân","posts":[["H99.05",true]]}', '2026-11-20');
  insert into roster_review (kind, agency_id, record_number, person_id, opened_on) values
    ('sameName', 2, 4, 1, '2026-11-20'), ('sameName', 2, 4, 2, '2026-11-20'), ('missing', 2, 2, 2, '2026-11-20'),
    ('missing', 3, 3, 3, '2026-11-20')`

for (const store of stores()) {
  const each = (name: string, body: (t: Test, ground: Ground) => Promise<void>) =>
    t.test(`${name} (${store.name})`, { skip: store.skip }, async t => {
      const database = await store.open()
      t.teardown(() => database.close())
      await database.exec(GROUND)
      const lines = async (text: string) =>
        (await sql<{ line: string }>`${sql.raw(text)}`.execute(database.db)).rows.map(row => row.line)
      const answer: Ground['answer'] = (id, given) =>
        database.db.transaction().execute(trx => answerReview(trx, id, given, doing))
      await body(t, { database, lines, answer, run: text => database.exec(text) })
    })

  const states = `select concat_ws(' ', id, state, again_on, nullif(answered_by, '')) as line from roster_review order by id`
  const serving = `select concat_ws(' ', person_id, agency_id, first_day, last_day) as line from employment order by person_id, id`

  each(
    'the same person: the record is theirs, and what else it was asked about is settled',
    async (t, ground) => {
      t.same(await ground.answer(1, { kind: 'same' }), { outcome: 'answered', records: [4] })
      t.same(await ground.lines(states), ['1 same an', '2 settled an', '3 open', '4 open'])
      t.same(
        await ground.lines(
          `select concat_ws(' ', person_id, coalesce(digest::text, 'null')) as line from roster_record where number = 4`,
        ),
        ['1 null'],
      )
      t.match(await ground.answer(1, { kind: 'different' }), { outcome: 'already', state: 'same', by: 'an' })
      t.match(await ground.answer(2, { kind: 'same' }), { outcome: 'already', state: 'settled' })
      t.same(await ground.answer(99, { kind: 'same' }), { outcome: 'gone' })
      t.same(await ground.lines(`select person_id::text as line from roster_record where number = 4`), ['1'])
    },
  )

  each(
    'two people: told apart for good, and read anew once nobody is left that it may be',
    async (t, ground) => {
      t.same(await ground.answer(1, { kind: 'different' }), { outcome: 'answered', records: [] })
      t.same(await ground.answer(2, { kind: 'different' }), { outcome: 'answered', records: [4] })
      t.same(
        await ground.lines(
          `select concat_ws(' ', record_number, person_id) as line from roster_distinct order by 1`,
        ),
        ['4 1', '4 2'],
      )
      await ground.run(`insert into roster_review (kind, agency_id, record_number, person_id, opened_on)
      values ('reusedKey', 2, 1, 1, '2026-11-21')`)
      t.same(await ground.answer(5, { kind: 'different' }), { outcome: 'answered', records: [1] })
      t.same(
        await ground.lines(
          `select coalesce(person_id::text, 'nobody') as line from roster_record where number = 1`,
        ),
        ['nobody'],
      )
    },
  )

  each('later: asked again after 14 days, at the end of the list until then', async (t, ground) => {
    t.same(await ground.answer(1, { kind: 'later' }), { outcome: 'answered', records: [] })
    t.same(await ground.lines(states), ['1 later 2026-12-09', '2 open', '3 open', '4 open'])
    const ids = async (today: string, after: number | null, limit = 10) => {
      const filter = { kind: null, state: 'waiting', within: null, today: today as Day } as const
      return (await listReviews(ground.database.db, filter, { after, limit })).map(row => row.id)
    }
    t.same(await ids('2026-11-26', null), [2, 3, 4, 1])
    t.same(await ids('2026-11-26', null, 2), [2, 3])
    t.same(await ids('2026-11-26', 3), [4, 1])
    t.same(await ids('2026-12-09', null), [1, 2, 3, 4], 'its day has come')
    t.match(
      await ground.answer(1, { kind: 'same' }),
      { outcome: 'answered' },
      'and it may be answered before',
    )
  })

  each('who has left: the posts end with the day, and the record brings nobody back', async (t, ground) => {
    const decision = { number: '12/QĐ-SNV', day: '2026-10-20' as Day }
    await ground.answer(3, { kind: 'left', day: '2026-10-31' as Day, decision })
    t.same(await ground.lines(serving), [
      '1 2 2020-01-01 infinity',
      '2 2 2020-01-01 2026-10-31',
      '3 3 2020-01-01 infinity',
    ])
    t.same(
      await ground.lines(`select concat_ws(' ', m.person_id, m.kind, m.day, m.from_agency_id, d.number, d.created_by) as line
        from movement m join decision d on d.id = m.decision_id`),
      ['2 leaver 2026-11-01 2 12/QĐ-SNV an'],
    )
    t.same(
      await ground.lines(
        `select concat_ws(' ', person_id, said_posts, posts, day) as line from roster_override`,
      ),
      ['2 [["H99.05",true]] [] 2026-10-31'],
    )
    t.same(await ground.lines(`select first_day::text as line from roster_restated`), ['2026-11-01'])
    t.same(
      await ground.lines(`select concat_ws(' ', name, revision) as line from roster_source order by name`),
      ['file 2', 'other 1'],
    )
    t.match(await knownPerson(ground.database.db, 2), { agencyCode: 'H99.05', until: '2026-10-31' })
    t.match(await ground.answer(3, { kind: 'stays' }), { outcome: 'already', state: 'left' })
  })

  each('a post that was to begin after the last day never was', async (t, ground) => {
    await ground.run(`insert into employment (person_id, agency_id, first_day) values (3, 2, '2026-11-10')`)
    await ground.answer(4, { kind: 'left', day: '2026-11-05' as Day, decision: null })
    t.same((await ground.lines(serving)).slice(-1), ['3 3 2020-01-01 2026-11-05'])
  })

  each('who stays, stays', async (t, ground) => {
    const before = await ground.lines(serving)
    t.same(await ground.answer(3, { kind: 'stays' }), { outcome: 'answered', records: [] })
    t.same(await ground.lines(serving), before)
    t.same(await ground.lines(`select 'x' as line from movement`), [])
    t.same(await countReviews(ground.database.db, [2]), [{ kind: 'sameName', count: 2 }])
    t.same(await countReviews(ground.database.db, [3]), [{ kind: 'missing', count: 1 }])
  })

  const hold = `update employment set last_day = '2026-11-09' where person_id = 2;
    insert into roster_holding (person_id, agency_id, first_day, last_day, source) values (2, 2, '2026-11-10', '2026-12-09', 'file')`

  each('whose time is over has left the day after; before it nobody has', async (t, ground) => {
    await ground.run(hold)
    const expire = (day: string) =>
      ground.database.db.transaction().execute(trx => expireHoldings(trx, day as Day, null))
    t.equal(await expire('2026-12-09'), 0)
    t.match(await listHolding(ground.database.db, [2], { after: null, limit: 9 }), [
      { personId: 2, agencyCode: 'H99.05', lastDay: '2026-12-09' },
    ])
    t.same(
      await listHolding(ground.database.db, [3], { after: null, limit: 9 }),
      [],
      'only within the agencies',
    )
    t.equal(await expire('2026-12-10'), 1)
    t.equal(await expire('2026-12-10'), 0, 'once')
    t.same(
      await ground.lines(`select concat_ws(' ', person_id, kind, day, from_agency_id) as line from movement`),
      ['2 leaver 2026-12-10 2'],
    )
    t.same(await ground.lines(`select revision::text as line from roster_source where name = 'file'`), ['2'])
  })

  each('who serves elsewhere when the time is over is no leaver', async (t, ground) => {
    await ground.run(
      `${hold}; insert into employment (person_id, agency_id, first_day) values (2, 3, '2026-11-20')`,
    )
    const left = await ground.database.db
      .transaction()
      .execute(trx => expireHoldings(trx, '2027-01-01' as Day, null))
    t.equal(left, 0)
    t.same(
      await ground.lines(`select 'x' as line from movement union all select 'y' from roster_holding`),
      [],
    )
  })

  each(
    'by hand: serves there still as if there had been no gap, or has left at once; once',
    async (t, ground) => {
      await ground.run(hold)
      const back = () => ground.database.db.transaction().execute(trx => putBack(trx, 2, doing))
      t.equal(await back(), true)
      t.equal(await back(), false)
      t.same((await ground.lines(serving))[1], '2 2 2020-01-01 infinity')
      t.same(await ground.lines(`select first_day::text as line from roster_restated`), ['2026-11-10'])
      t.same(
        await ground.lines(
          `select coalesce(digest::text, 'null') as line from roster_record where number = 2`,
        ),
        ['null'],
      )
      await ground.run(hold)
      const gone = () => ground.database.db.transaction().execute(trx => endWaiting(trx, 2, doing))
      t.equal(await gone(), true)
      t.equal(await gone(), false)
      t.same(
        await ground.lines(
          `select concat_ws(' ', kind, day, from_agency_id, to_agency_id) as line from movement order by id`,
        ),
        ['returned 2026-11-10 2', 'leaver 2026-11-10 2'],
      )
    },
  )

  each(
    'a list is of those counted at the agency and below, and its confirmation says how many they were',
    async (t, ground) => {
      const { db } = ground.database
      await ground.run(
        `insert into employment (person_id, agency_id, first_day, is_primary) values (1, 3, '2026-01-01', true)`,
      )
      const of = { agencies: [2], day: TODAY }
      t.same(
        (await listStaff(db, of, { after: null, limit: 9 })).map(each => each.name),
        ['Trần Thị Bình'],
        'each once',
      )
      const all = { agencies: [1, 2, 3], day: TODAY }
      t.same(
        (await listStaff(db, all, { after: 1, limit: 9 })).map(each => each.id),
        [2, 3],
        'paged by name',
      )
      t.equal(await countStaff(db, [1, 2, 3], TODAY), 3)
      const said = { day: TODAY, staff: 1, at: doing.now, by: 'an', note: '' }
      await db.transaction().execute(trx => confirmList(trx, 2, said))
      await db.transaction().execute(trx => confirmList(trx, 2, { ...said, staff: 2, by: 'binh' }))
      t.match(await confirmationsOf(db, 2, 9), [{ day: TODAY, staff: 2, by: 'binh' }])
      t.same(await confirmationsOf(db, 3, 9), [])
    },
  )

  each('the movements of a run are listed by kind and agency, in pages', async (t, ground) => {
    await ground.run(`insert into run (id, kind, subject, state, started_at, heartbeat_at, host, pid)
        values (900, 'roster', 'file', 'done', now(), now(), '', 0);
      insert into movement (run_id, person_id, kind, day, from_agency_id, to_agency_id, changes) values
        (900, 1, 'mover', '2026-11-20', 2, 3, '{}'), (900, 2, 'leaver', '2026-11-20', 2, null, '{}'),
        (900, 3, 'changed', '2026-11-20', 3, 3, '{"phone":["1","2"]}'), (null, 3, 'leaver', '2026-11-20', 3, null, '{}')`)
    const list = async (
      filter: { kind: 'mover' | 'leaver' | null; agencies: number[] | null },
      after = 0,
      limit = 9,
    ) =>
      (await storedMovements(ground.database.db, 900, filter, { after, limit })).map(
        each => `${each.name} ${each.kind}`,
      )
    t.same(await list({ kind: null, agencies: null }), [
      'Nguyễn Văn An mover',
      'Trần Thị Bình leaver',
      'Lê Minh Cường changed',
    ])
    t.same(await list({ kind: 'leaver', agencies: null }), ['Trần Thị Bình leaver'])
    t.same(await list({ kind: null, agencies: [3] }), ['Nguyễn Văn An mover', 'Lê Minh Cường changed'])
    t.same(await list({ kind: null, agencies: null }, 0, 1), ['Nguyễn Văn An mover'])
  })
}
