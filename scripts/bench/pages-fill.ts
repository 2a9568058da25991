/** A province of a given size in a few statements: agencies, people, mailboxes, use, plans, runs and audit. */
import { sql } from 'kysely'
import type { Db } from '../../src/database/database.ts'
import { addDays, type Day } from '../../src/ids.ts'
import { foldText, sortKey } from '../../src/roster/name.ts'

const DEPARTMENTS = 20
const COMMUNES = 100
const AGENCIES = 1500
const DAYS = 60
const WEEKS = 52
const CHANGES = 3000
const RUNS = 500
const ENTRIES = 50_000

export const department = { id: 2, code: 'H99.2' } as const

const families = ['Nguyễn', 'Trần', 'Lê', 'Phạm', 'Hoàng', 'Huỳnh', 'Phan', 'Vũ', 'Võ', 'Đặng', 'Bùi', 'Đỗ']
const middles = ['Văn', 'Thị', 'Đức', 'Minh', 'Quang', 'Thanh', 'Ngọc', 'Hữu', 'Xuân', 'Thu', 'Gia', 'Bảo']
const givens = ['An', 'Bình', 'Chi', 'Dũng', 'Đào', 'Giang', 'Hà', 'Hạnh', 'Hùng', 'Lan', 'Linh', 'Yến']

/** `day` is the last day of use and of the kept figures. */
export async function fill(db: Db, people: number, day: Day): Promise<void> {
  await fillRoster(db, people)
  await fillMailboxes(db, people)
  await fillUse(db, people, day)
  await fillFigures(db, day)
  await fillWork(db, people, day)
  await fillAudit(db, people)
}

async function fillRoster(db: Db, people: number): Promise<void> {
  const names = families.flatMap(family =>
    middles.flatMap(middle =>
      givens.map(given => {
        const name = `${family} ${middle} ${given}`
        return { name, sort_key: sortKey(name), search_key: foldText(name) }
      }),
    ),
  )
  await sql`insert into roster_source (name, first_complete_day, last_complete_at)
    values ('directory', '2019-01-01', now())`.execute(db)
  await sql`insert into agency (source, source_key) select 'directory', n from generate_series(1, ${AGENCIES}::int) n`.execute(
    db,
  )
  const second = 1 + DEPARTMENTS + COMMUNES
  await sql`insert into agency_period (agency_id, first_day, code, name, level, parent_id, sort_key, search_key)
    select n, '-infinity', case n when 1 then 'H99' else 'H99.' || n end, 'Cơ quan số ' || n,
      case when n = 1 then 'province' when n <= ${1 + DEPARTMENTS}::int then 'department'
        when n <= ${second}::int then 'commune' else 'unit' end,
      case when n = 1 then null when n <= ${second}::int then 1 else 2 + n % ${second - 1}::int end,
      lpad(n::text, 5, '0'), 'co quan so ' || n from generate_series(1, ${AGENCIES}::int) n`.execute(db)
  await sql`insert into person (source, source_key, staff_id, full_name, sort_key, search_key)
    select 'directory', n, 'S' || n, name, sort_key, search_key from generate_series(1, ${people}::int) n
    join (select *, row_number() over () - 1 as i from json_to_recordset(${JSON.stringify(names)}::json)
      as t(name text, sort_key text, search_key text)) named on i = n % ${names.length}::int
    order by n`.execute(db)
  await sql`insert into employment (person_id, agency_id, staff_class, title, is_primary, first_day)
    select n, n % ${AGENCIES}::int + 1, case n * 7919 % 1009 % 20 when 0 then 'hợp đồng' else 'công chức' end, 'Chuyên viên', true,
      '-infinity' from generate_series(1, ${people}::int) n`.execute(db)
}

/** One of fifteen has none, one of fifty a locked one. */
async function fillMailboxes(db: Db, people: number): Promise<void> {
  await sql`insert into mailbox (id, platform, address, name, quota_bytes, state)
    select n, 'mail', 'hop' || n || '@phuocan.test', full_name, 1000000000,
      case n % 50 when 0 then 'locked' else 'active' end
    from generate_series(1, ${people}::int) n join person on person.id = n where n * 7907 % 1013 % 15 > 0`.execute(
    db,
  )
  await sql`insert into mailbox_state (mailbox_id, first_day, state) select id, '-infinity', state from mailbox`.execute(
    db,
  )
  await sql`insert into mailbox_address (address, mailbox_id, kind, first_day)
    select address, id, 'primary', '-infinity' from mailbox`.execute(db)
  await sql`insert into mailbox_holder (mailbox_id, person_id, first_day) select id, id, '-infinity' from mailbox`.execute(
    db,
  )
  await sql`insert into platform_entry (platform, address, kind, name, suspended)
    select platform, address, 'mailbox', name, false from mailbox`.execute(db)
}

/** One of ten never uses it, the rest three days of four, one of six only some days. */
async function fillUse(db: Db, people: number, day: Day): Promise<void> {
  await sql`insert into log_source (name, kind, last_at) values ('mail-01', 'log', now())`.execute(db)
  await sql`insert into log_day (source_id, day, lines)
    select 1, ${day}::date - n, ${people * 10}::bigint from generate_series(-1, ${DAYS - 1}::int) n`.execute(
    db,
  )
  await sql`insert into mailbox_day (address, day, source_id, sign_ins, sends, first_at, last_at)
    select address, ${day}::date - n, 1, 1, (id + n) % 5 / 4, now(), now()
    from generate_series(0, ${DAYS - 1}::int) n cross join mailbox
    where id * 7901 % 1019 % 10 > 0 and (id + n) % case id % 6 when 0 then 12 else 4 end > case id % 6 when 0 then 10 else 0 end
    order by 2, md5(address)`.execute(db)
}

async function fillFigures(db: Db, day: Day): Promise<void> {
  await sql`insert into adoption_figure (day, agency_id, definition, own, staff, required, issued, activated, used, sending,
      regular, used_high, sending_high, regular_high, concurrent, completeness)
    select ${day}::date - 7 * week, n, 'v1', own, 40, 38, 36, 34, 30, 20, 10 + (${WEEKS}::int - week) / 4, 30, 20,
      10 + (${WEEKS}::int - week) / 4, 0, 1
    from generate_series(0, ${WEEKS - 1}::int) week cross join generate_series(1, ${AGENCIES}::int) n
    cross join (values (true), (false)) v(own)`.execute(db)
}

async function fillWork(db: Db, people: number, day: Day): Promise<void> {
  await sql`insert into plan (created_at, day, state, digest, ground)
    select now() - make_interval(days => 30 - n), ${day}::date, case n when 30 then 'open' else 'superseded' end, 'd' || n, ''
    from generate_series(1, 30) n`.execute(db)
  await sql`insert into plan_change (plan_id, number, kind, token, platform, person_id, agency_id, address, name, quota_bytes, reason)
    select plan.id, n, 'create', plan.id || '-' || n, 'mail', person.id, person.id % ${AGENCIES}::int + 1,
      'moi' || n || '@phuocan.test', full_name, 1000000000, 'joined'
    from plan cross join generate_series(1, ${CHANGES}::int) n join person on person.id = 15 * n % ${people}::int + 1`.execute(
    db,
  )
  const kinds = ['nightly', 'roster', 'mailbox', 'sweep']
  await sql`insert into run (kind, subject, state, started_at, heartbeat_at, finished_at, host, pid, result)
    select kind, case kind when 'roster' then 'directory' else '' end, 'done', at, at, at + interval '1 minute', 'here', 1,
      jsonb_build_object('read', ${people}::int, 'work', 'plan', 'plan', n % 30 + 1)
    from generate_series(1, ${RUNS}::int) n
    cross join lateral (select (${kinds}::text[])[n % 4 + 1] as kind, now() - make_interval(hours => 6 * (${RUNS}::int - n)) as at) r`.execute(
    db,
  )
  await sql`insert into roster_rejection (run_id, subject, source_key, reason)
    select 1, 'person', 'key' || n, 'noAgency' from generate_series(1, 500) n`.execute(db)
}

/** The hashes are none: the page of the audit reads them, and only verifying recomputes them. */
async function fillAudit(db: Db, people: number): Promise<void> {
  await sql`insert into audit_pseudonym (pseudonym, kind, ref)
    select 'p' || n, 'person', n from generate_series(1, ${Math.min(people, 5000)}::int) n`.execute(db)
  await sql`insert into audit (number, at, actor, action, subject, agency, previous, hash)
    select n, now() - make_interval(mins => ${ENTRIES}::int - n), 'p1',
      case n % 10 when 0 then 'person.viewed' else 'people.listed' end,
      case n % 10 when 0 then 'p' || n / 10 + 1 end, 'H99.' || n % 1000 + 2, '', ''
    from generate_series(1, ${ENTRIES}::int) n`.execute(db)
  await sql`update audit_head set number = ${ENTRIES}`.execute(db)
}

/** The day before today in the province. */
export function yesterday(): Day {
  const now = Temporal.Now.plainDateISO('Asia/Ho_Chi_Minh').toString()
  return addDays(now as Day, -1)
}
