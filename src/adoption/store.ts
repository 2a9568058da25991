/**
 * The SQL of the adoption figures: one row per person as a set of booleans (`personStates`), counted per agency here and
 * read for one person by `explain.ts`, so that both can never disagree. Sole writer of `adoption_figure`.
 */
import { type RawBuilder, sql } from 'kysely'
import { type Db, rowsOf } from '../database/database.ts'
import { type Day, dayAt, parseDay } from '../ids.ts'
import { type Eligibility, mustHaveMailbox, type PostColumns } from '../roster/eligibility-store.ts'
import {
  type Agency,
  type AgencyFigures,
  type Anomaly,
  FIGURE_DEFINITION,
  type OwnCounts,
  type Policy,
  type RegularRule,
  windowStart,
} from './adoption.ts'
import type { Log } from './coverage.ts'
import type { PersonState } from './evidence.ts'

/** The agencies in force on a day. */
export async function loadAgencies(db: Db, day: Day): Promise<Agency[]> {
  const { rows } = await sql<Agency>`
    select distinct on (agency_id) agency_id as id, code, name, level, sector, parent_id as "parentId",
      sort_key as "sortKey"
    from agency_period where ${day}::date between first_day and last_day
    order by agency_id, first_day desc`.execute(db)
  return rows
}

/** The last day on which each agency confirmed its list; agencies that never did are left out. */
export async function loadConfirmations(db: Db): Promise<Map<number, Day>> {
  const { rows } = await sql<{ agency: number; day: Day }>`
    select agency_id as agency, max(day) as day from roster_confirmation group by agency_id`.execute(db)
  return new Map(rows.map(row => [row.agency, row.day]))
}

/** The first day for which a complete roster is known, or null. */
export async function firstRosterDay(db: Db): Promise<Day | null> {
  const { rows } = await sql<{ day: string | null }>`
    select min(first_complete_day) as day from roster_source`.execute(db)
  return parseDay(rows[0]?.day ?? '')
}

/** What was read of each log up to a day; a handful of sources, 28 days each. */
export async function loadLogs(db: Db, day: Day, timeZone: string): Promise<Log[]> {
  const { rows } = await sql<{
    name: string
    last_at: Date | null
    first_day: string | null
    days: string | null
  }>`
    select source.name, source.last_at, min(log.day) as first_day,
      string_agg(log.day::text, ' ') filter (where log.day between ${windowStart(day)}::date and ${day}::date) as days
    from log_source source left join log_day log on log.source_id = source.id and log.lines > 0
    where source.kind = 'log'
    group by source.id order by source.name`.execute(db)
  return rows.map(row => ({
    name: row.name,
    lastDay: row.last_at === null ? null : dayAt(row.last_at.getTime(), timeZone),
    firstDay: parseDay(row.first_day ?? ''),
    days: new Set((row.days ?? '').split(' ').flatMap(text => parseDay(text) ?? [])),
  }))
}

export type StateQuery = {
  day: Day
  policy: Pick<Policy, 'regularNeedsSend'>
  /** Who must have a mailbox that day. */
  eligibility: Eligibility
  /** The rules of regular use; mostly one, several where sectors have calendars of their own. */
  rules: readonly RegularRule[]
  /** The agencies in force, each with the mask of days on which a covering log is not fully held, and its rule's index. */
  agencies: readonly { id: number; code: string; missing: number; rule: number }[]
  /** Only this person. */
  person?: number
  /** Only people with a post that day in one of these agencies; asked for so that few cost little. */
  within?: readonly number[]
}

/**
 * The `with` list whose last member `state` has one row of `PersonState` per person in force that day. `post` has every
 * employment in force; `place` 1 is the one the person is counted at: the primary one, else the earliest, then by code.
 */
export function personStates(query: StateQuery): RawBuilder<unknown> {
  const day = sql`${query.day}::date`
  return sql`with
    agency_in_force as (
      select * from json_to_recordset(${rowsOf(query.agencies)}::json) as t(id bigint, code text, missing integer, rule integer)
    ),
    post as (
      select e.person_id, e.agency_id, e.staff_class, ${titleFor(query)}agency.missing, agency.rule, row_number() over ranked as place,
        first_value(e.agency_id) over ranked as counted_at
      from employment e join agency_in_force agency on agency.id = e.agency_id
      where ${day} between e.first_day and e.last_day and ${only(query, 'e.person_id')}
      window ranked as (partition by e.person_id
        order by e.is_primary desc, e.first_day, agency.code collate "C", e.id)
    ),
    had as (${had(query)}),
    known as (${known(query)}),
    fact as (${facts(query)}),
    state as (${stages(query)})`
}

/** The columns of `post` that say who must have a mailbox. */
export const postColumns: PostColumns = {
  staffClass: sql`staff_class`,
  title: sql`title`,
  agency: sql`agency_id`,
}

/** Titles are long and hundred thousands of them sorted; only rules ask for them. */
function titleFor({ eligibility }: StateQuery): RawBuilder<unknown> {
  return eligibility.rules.length === 0 ? sql`` : sql`e.title, `
}

function only({ day, person, within }: StateQuery, column: string): RawBuilder<unknown> {
  if (person !== undefined) return sql`${sql.raw(column)} = ${person}`
  if (within === undefined) return sql`true`
  return sql`${sql.raw(column)} in (select person_id from employment
    where ${day}::date between first_day and last_day and agency_id in ${idList(within)})`
}

/**
 * The same, asked only of the people of some agencies: of few it costs little, of most more than it saves. Whoever is
 * counted at one of them is the same either way; of the rest there may be some.
 */
export function limitedTo(query: StateQuery, agencies: readonly number[]): StateQuery {
  return agencies.length * 2 < query.agencies.length ? { ...query, within: agencies } : query
}

/** Ids as one parameter, whatever the engine, to stand behind `in`. */
export function idList(ids: readonly number[]): RawBuilder<unknown> {
  return sql`(select value::bigint from json_array_elements_text(${JSON.stringify(ids)}::json))`
}

/**
 * One row per person from four piles of facts. Piled up and grouped instead of joined: without statistics, as on an
 * embedded database just filled, the planner takes each pile for one row and joins them in a loop of minutes.
 */
function known(query: StateQuery): RawBuilder<unknown> {
  const day = sql`${query.day}::date`
  return sql`
    select person_id, max(agency_id) as agency_id, max(missing) as missing, max(rule) as rule, bool_or(fits_class) as fits_class,
      bool_or(absent) as absent, bool_or(holds) as holds, bit_or(mask) as mask, bool_or(sent) as sent
    from (
      select person_id, agency_id, missing, rule, ${mustHaveMailbox(query.eligibility, postColumns)} as fits_class, false as absent, false as holds, 0 as mask, false as sent
      from post where place = 1
      union all
      select person_id, null, null, null, false, true, false, 0, false from absence
      where ${day} between first_day and last_day and ${only(query, 'person_id')}
      union all
      select holder.person_id, null, null, null, false, false, true, 0, false from mailbox_holder holder
      join mailbox on mailbox.id = holder.mailbox_id and mailbox.kind = 'personal'
      join mailbox_state held on held.mailbox_id = mailbox.id and ${day} between held.first_day and held.last_day
      where ${day} between holder.first_day and holder.last_day and held.state in ('active', 'locked')
        and ${only(query, 'holder.person_id')}
      union all
      select person_id, null, null, null, false, false, false, mask & span, sends & span <> 0 from (${uses(query)}) used
    ) pile
    group by person_id having max(agency_id) is not null`
}

/**
 * The window of `person_day`, each address counted together before it is asked whose it was: the days of use and of
 * sending as masks, and as another the days on which the person had the address. Millions of days are read once and meet
 * nothing but their own address; piled up for the same reason as above.
 */
function uses(query: StateQuery): RawBuilder<unknown> {
  const from = sql`${windowStart(query.day)}::date`
  const whole = query.person === undefined && query.within === undefined
  return sql`
    select whose.person_id, by_address.mask, by_address.sends, whose.span from (
      select address, bit_or(mask) as mask, bit_or(sends) as sends, array_agg(person_id) filter (where span <> 0) as people,
        array_agg(span) filter (where span <> 0) as spans
      from (
        select address, bit_or(1 << (day - ${from})) as mask,
          bit_or(case when sends > 0 then 1 << (day - ${from}) else 0 end) as sends, null::bigint as person_id, 0 as span
        from mailbox_day
        where day between ${from} and ${query.day}::date and (sign_ins > 0 or sends > 0)
          and ${whole ? sql`true` : sql`address in (select address from had)`}
        group by address
        union all
        select address, 0, 0, person_id, span from had
      ) each group by address
    ) by_address cross join lateral unnest(by_address.people, by_address.spans) as whose (person_id, span)
    where by_address.mask <> 0`
}

/** Who had which address of a personal mailbox on which days of the window, as a mask. */
function had(query: StateQuery): RawBuilder<unknown> {
  const from = sql`${windowStart(query.day)}::date`
  const last = sql`least(address.last_day, holder.last_day, ${query.day}::date) - ${from}`
  const first = sql`greatest(address.first_day, holder.first_day, ${from}) - ${from}`
  return sql`
    select holder.person_id, address.address, (1 << (${last} + 1)) - (1 << (${first})) as span
    from mailbox_holder holder
    join mailbox on mailbox.id = holder.mailbox_id and mailbox.kind = 'personal'
    join mailbox_address address on address.mailbox_id = mailbox.id
    where least(address.last_day, holder.last_day, ${query.day}::date) >= greatest(address.first_day, holder.first_day, ${from})
      and ${only(query, 'holder.person_id')}`
}

/** Adds whether there was ever use; the limit makes it a look-up for each of the few without any in the window. */
function facts({ day }: StateQuery): RawBuilder<unknown> {
  return sql`
    select known.*, mask <> 0 or earlier.found is not null as ever
    from known left join lateral (
      select true as found from person_day
      where person_day.person_id = known.person_id and person_day.day < ${windowStart(day)}::date and known.mask = 0
      limit 1
    ) earlier on true`
}

/** Each stage inside the one before; `_high` as if every missing day were one of use with a send. */
function stages({ policy, rules }: StateQuery): RawBuilder<unknown> {
  const needed = (column: string) => (policy.regularNeedsSend ? sql`${sql.raw(column)}` : sql`true`)
  const high = (rule: RegularRule) => (rule.kept === 0 ? sql`true` : regularWhen('mask | missing', rule))
  return sql`
    select last.*, used and ${byRule(rules, each => regularWhen('mask', each))} and ${needed('sent')} as regular,
      used_high and ${byRule(rules, high)} and ${needed('sending_high')} as regular_high
    from (
      select staged.*, activated and mask <> 0 as used, activated and mask <> 0 and sent as sending,
        issued and (mask <> 0 or missing <> 0) as used_high, issued and (sent or missing <> 0) as sending_high
      from (
        select fact.*, fits_class and not absent as required, fits_class and not absent and holds as issued,
          fits_class and not absent and holds and ever as activated
        from fact
      ) staged
    ) last`
}

/** What each person's own rule says. */
function byRule(
  rules: readonly RegularRule[],
  says: (rule: RegularRule) => RawBuilder<unknown>,
): RawBuilder<unknown> {
  const [first, ...others] = rules
  if (first === undefined) return sql`false`
  if (others.length === 0) return says(first)
  const cases = others.map((rule, i) => sql`when ${i + 1}::integer then ${says(rule)}`)
  return sql`(case rule ${sql.join(cases, sql` `)} else ${says(first)} end)`
}

/** The rule of regular use (`regularRule`) on a mask: by inequality, so that nothing is rounded. */
function regularWhen(mask: string, { blocks, working, kept }: RegularRule): RawBuilder<unknown> {
  if (kept === 0) return sql`false`
  const inBlock = (block: number) => sql`((${sql.raw(mask)}) & ${block}::integer <> 0)::integer`
  const [a, b, c, d] = blocks
  return sql`(4 * (${inBlock(a)} + ${inBlock(b)} + ${inBlock(c)} + ${inBlock(d)}) >= ${3 * kept}::integer
    and bit_count((((${sql.raw(mask)}) & ${working}::integer))::bit(28)) >= ${kept}::integer)`
}

/** Own counts by agency id; agencies where nobody serves are left out. */
export async function countByAgency(db: Db, query: StateQuery): Promise<Map<number, OwnCounts>> {
  const { rows } = await sql<OwnCounts & { agency_id: number }>`${personStates(query)},
    counted as (
      select agency_id, count(*) as staff, count(*) filter (where required) as required,
        count(*) filter (where issued) as issued, count(*) filter (where activated) as activated,
        count(*) filter (where used) as used, count(*) filter (where sending) as sending,
        count(*) filter (where regular) as regular, count(*) filter (where used_high) as used_high,
        count(*) filter (where sending_high) as sending_high, count(*) filter (where regular_high) as regular_high
      from state group by agency_id
    ),
    further as (
      select agency_id, count(distinct person_id) as concurrent from post
      where agency_id <> counted_at group by agency_id
    )
    select agency_id, coalesce(staff, 0) as staff, coalesce(required, 0) as required, coalesce(issued, 0) as issued,
      coalesce(activated, 0) as activated, coalesce(used, 0) as used, coalesce(sending, 0) as sending,
      coalesce(regular, 0) as regular, coalesce(used_high, 0) as "usedHigh",
      coalesce(sending_high, 0) as "sendingHigh", coalesce(regular_high, 0) as "regularHigh",
      coalesce(concurrent, 0) as concurrent
    from counted full join further using (agency_id)`.execute(db)
  return new Map(rows.map(({ agency_id, ...counts }) => [agency_id, counts]))
}

/** The state of one person, or null who serves nowhere that day. */
export async function stateOfPerson(
  db: Db,
  query: StateQuery & { person: number },
): Promise<PersonState | null> {
  const { rows } = await sql<PersonState>`${personStates(query)} select * from state`.execute(db)
  return rows[0] ?? null
}

/** Longer lists help nobody and would stand in memory; the count is always complete. */
const MAX_ANOMALIES = 1000

/** People who must have a mailbox, hold none that is active, and yet signed in or sent: by agencies, then by id. */
export async function findAnomalies(
  db: Db,
  query: StateQuery,
  within: readonly number[],
): Promise<{ anomalies: Anomaly[]; total: number }> {
  const { rows } = await sql<{
    person: string
    used: boolean
    total: number
  }>`${personStates(limitedTo(query, within))}
    select coalesce(nullif(person.staff_id, ''), '#' || person.id) as person, mask <> 0 as used, count(*) over () as total
    from state join person on person.id = state.person_id
    where required and not holds and ever
      and agency_id in ${idList(within)}
    order by mask <> 0 desc, person.id limit ${MAX_ANOMALIES}`.execute(db)
  const anomalies = rows.map(
    ({ person, used }): Anomaly => ({
      person,
      reason: used ? 'usedNotIssued' : 'activatedNotIssued',
    }),
  )
  return { anomalies, total: rows[0]?.total ?? 0 }
}

/**
 * Keeps the figures of a day, of each agency alone and with all below, in one statement. Rows that are the same stay
 * untouched; rows of agencies that turned out not to be in force that day go. Answers how many were written or dropped.
 */
export async function saveFigures(db: Db, day: Day, figures: readonly AgencyFigures[]): Promise<number> {
  const rows = figures
    .flatMap(each => [keptRow(each, true), keptRow(each, false)])
    .filter(row => row.staff !== null)
  const result = await sql<{ written: number }>`
    with fresh as (
      select * from json_to_recordset(${rowsOf(rows)}::json) as t(agency_id bigint, own boolean, staff integer,
        required integer, issued integer, activated integer, used integer, sending integer, regular integer,
        used_high integer, sending_high integer, regular_high integer, concurrent integer,
        completeness double precision)
    ),
    dropped as (
      delete from adoption_figure where day = ${day}::date and definition = ${FIGURE_DEFINITION}
        and (agency_id, own) not in (select agency_id, own from fresh)
      returning 1
    ),
    saved as (
      insert into adoption_figure as kept (day, agency_id, definition, own, staff, required, issued, activated, used,
        sending, regular, used_high, sending_high, regular_high, concurrent, completeness)
      select ${day}::date, agency_id, ${FIGURE_DEFINITION}, own, staff, required, issued, activated, used, sending,
        regular, used_high, sending_high, regular_high, concurrent, completeness from fresh
      on conflict (day, agency_id, own, definition) do update set staff = excluded.staff,
        required = excluded.required, issued = excluded.issued, activated = excluded.activated, used = excluded.used,
        sending = excluded.sending, regular = excluded.regular, used_high = excluded.used_high,
        sending_high = excluded.sending_high, regular_high = excluded.regular_high,
        concurrent = excluded.concurrent, completeness = excluded.completeness
      where (kept.staff, kept.required, kept.issued, kept.activated, kept.used, kept.sending, kept.regular,
          kept.used_high, kept.sending_high, kept.regular_high, kept.concurrent, kept.completeness)
        is distinct from (excluded.staff, excluded.required, excluded.issued, excluded.activated, excluded.used,
          excluded.sending, excluded.regular, excluded.used_high, excluded.sending_high, excluded.regular_high,
          excluded.concurrent, excluded.completeness)
      returning 1
    )
    select (select count(*) from dropped) + (select count(*) from saved) as written`.execute(db)
  return result.rows[0]?.written ?? 0
}

/** The days from one on, before another, whose figures are kept; the oldest first. */
export async function keptDays(
  db: Db,
  { first, before, limit }: { first: Day; before: Day; limit: number },
): Promise<Day[]> {
  const { rows } = await sql<{ day: Day }>`
    select distinct day from adoption_figure
    where day >= ${first}::date and day < ${before}::date and definition = ${FIGURE_DEFINITION}
    order by day limit ${limit}`.execute(db)
  return rows.map(row => row.day)
}

/** `concurrent` is a matter of the agency alone; kept with both, since it is one number. */
function keptRow(figures: AgencyFigures, own: boolean) {
  const { staff, required, issued, activated, used, sending, regular } = own ? figures.own : figures
  const bounds = own ? figures.ownBounds : figures.bounds
  const completeness = own ? figures.ownCompleteness : figures.completeness
  return {
    agency_id: figures.id,
    own,
    staff,
    required,
    issued,
    activated,
    used,
    sending,
    regular,
    used_high: bounds.used[1],
    sending_high: bounds.sending[1],
    regular_high: bounds.regular[1],
    concurrent: figures.own.concurrent,
    completeness: completeness === 0 ? null : completeness,
  }
}
