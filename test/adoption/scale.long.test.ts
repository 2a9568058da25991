/** 60,000 people with 28 days of use: how long the figures take is printed, not asserted. */
import { sql } from 'kysely'
import t, { type Test } from 'tap'
import { sectorWorkingDays, workingDays } from '../../src/adoption/calendar.ts'
import { computeFigures, type FiguresRequest, keepFigures } from '../../src/adoption/report.ts'
import type { Db } from '../../src/database/database.ts'
import { parseDay } from '../../src/ids.ts'
import { stores } from '../support/database.ts'

const PEOPLE = 60_000
const AGENCIES = 600
const HISTORY = 200

/** Each person holds one mailbox and uses it on three days of four; before the window 1,000 people a day. */
async function fill(db: Db): Promise<void> {
  await sql`insert into roster_source (name, first_complete_day) values ('directory', '2019-01-01')`.execute(
    db,
  )
  await sql`insert into agency (source, source_key) select 'directory', n from generate_series(1, ${AGENCIES}::int) n`.execute(
    db,
  )
  await sql`insert into agency_period (agency_id, first_day, code, name, level, parent_id, sort_key, search_key)
    select n, '-infinity', 'C' || n, 'Cơ quan ' || n, case n when 1 then 'province' else 'unit' end,
      case when n = 1 then null else n / 8 + 1 end, n, '' from generate_series(1, ${AGENCIES}::int) n`.execute(
    db,
  )
  await sql`insert into person (source, source_key, staff_id, full_name, sort_key, search_key)
    select 'directory', n, 'S' || n, 'Người ' || n, '', '' from generate_series(1, ${PEOPLE}::int) n`.execute(
    db,
  )
  await sql`insert into employment (person_id, agency_id, staff_class, is_primary, first_day)
    select n, n % ${AGENCIES}::int + 1, 'công chức', true, '-infinity' from generate_series(1, ${PEOPLE}::int) n`.execute(
    db,
  )
  await sql`insert into mailbox (platform, address, name, quota_bytes, state)
    select 'mail', 'hop' || n || '@tinh.example.vn', '', 0, 'active' from generate_series(1, ${PEOPLE}::int) n`.execute(
    db,
  )
  await sql`insert into mailbox_state (mailbox_id, first_day, state) select id, '-infinity', 'active' from mailbox`.execute(
    db,
  )
  await sql`insert into mailbox_address (address, mailbox_id, kind, first_day)
    select address, id, 'primary', '-infinity' from mailbox`.execute(db)
  await sql`insert into mailbox_holder (mailbox_id, person_id, first_day) select id, id, '-infinity' from mailbox`.execute(
    db,
  )
  await sql`insert into log_source (name, kind, last_at) values ('maillog', 'log', '2020-05-01')`.execute(db)
  await sql`insert into log_day (source_id, day, lines) select 1, date '2020-03-28' - n, 1 from generate_series(0, ${HISTORY}::int) n`.execute(
    db,
  )
  await sql`insert into mailbox_day (address, day, source_id, sign_ins, sends, first_at, last_at)
    select mailbox.address, date '2020-03-28' - n, 1, 1, (mailbox.id + n) % 5 / 4, now(), now()
    from generate_series(0, ${HISTORY}::int) n cross join mailbox
    where case when n < 28 then (mailbox.id + n) % 4 > 0 and mailbox.id % 10 > 0 else mailbox.id % 60 = n % 60 end
    order by 2 desc`.execute(db)
}

/** The same under rules by title, sector and agency, and a calendar of a sector; 2,000 spellings of titles. */
async function byRules(t: Test, db: Db, request: FiguresRequest): Promise<void> {
  await sql`update employment set title = 'Chức danh số ' || id % 2000`.execute(db)
  await sql`update agency_period set sector = 'education' where agency_id % 10 = 0`.execute(db)
  const document = 'Quyết định 1/QĐ-UBND'
  const eligibility = [
    { titles: ['chuc danh so 1*'], sectors: ['education'], required: false, document },
    { titles: ['*9'], required: false, document },
    { agencies: ['C2'], required: true, document },
  ]
  const sectorCalendars = sectorWorkingDays(request.calendar, {
    education: { ranges: [{ from: '2020-03-01', to: '2020-03-28' }] },
  })
  const start = performance.now()
  const policy = { ...request.policy, eligibility }
  const [top] = await computeFigures(db, { ...request, policy, sectorCalendars })
  t.comment(`by rules and calendars: ${Math.round(performance.now() - start)} ms`)
  t.equal(top?.staff, PEOPLE)
  t.ok(top?.required && top.required < PEOPLE * 0.9)
}

// the embedded engine is not meant for so many
for (const store of stores().filter(({ name }) => name === 'PostgreSQL')) {
  t.test(`figures of ${PEOPLE} people, on ${store.name}`, { skip: store.skip, timeout: 600_000 }, async t => {
    const database = await store.open()
    await fill(database.db)
    const day = parseDay('2020-03-28')
    if (!day) throw new Error('no day')
    const request = {
      day,
      partial: false,
      policy: {
        staffClasses: ['công chức'],
        eligibility: [],
        sectors: [],
        regularNeedsSend: false,
        targets: [],
      },
      calendar: workingDays({ holidays: [], workdays: [] }),
      coverage: { timeZone: 'Asia/Ho_Chi_Minh', sources: [{ name: 'maillog' }], naming: [], platform: null },
    }
    for (const analyzed of [false, true]) {
      if (analyzed) await sql`analyze`.execute(database.db)
      const start = performance.now()
      const figures = await computeFigures(database.db, request)
      t.comment(`${analyzed ? 'with' : 'without'} statistics: ${Math.round(performance.now() - start)} ms`)
      t.equal(figures[0]?.required, PEOPLE, 'everybody is counted once')
      t.equal(figures[0]?.regular, PEOPLE * 0.9, 'nine of ten use it regularly')
    }
    t.equal(await keepFigures(database.db, request), AGENCIES * 2)
    await byRules(t, database.db, request)
    await database.close()
  })
}
