/**
 * Who must have a mailbox, as a piece of SQL: the plan of mailboxes and the figures of adoption put the same one into
 * their statements, so that they can never disagree. Reads only. The one store that later subjects import.
 */
import { type RawBuilder, sql } from 'kysely'
import type { Db } from '../database/database.ts'
import { cleanText, type Day } from '../ids.ts'
import {
  type Eligibility,
  type EligibilitySettings,
  type PlacedAgency,
  type ResolvedRule,
  resolveRules,
  titleMatcher,
} from './eligibility.ts'

export type { Eligibility, EligibilitySettings } from './eligibility.ts'

/** Without rules nothing is read: the classes alone decide. */
export async function loadEligibility(db: Db, day: Day, settings: EligibilitySettings): Promise<Eligibility> {
  const { eligibility } = settings
  const placed = eligibility.some(rule => rule.sectors !== undefined || rule.agencies !== undefined)
  const agencies = placed ? await agenciesOn(db, day) : []
  return resolveRules(settings, agencies, await titlesOf(db, day, settings))
}

/** Codes that rules name and no agency bears on a day: such a rule fits nobody, and nobody would be told. */
export async function codesUnknown(
  db: Db,
  day: Day,
  { eligibility }: EligibilitySettings,
): Promise<string[]> {
  const named = new Set(eligibility.flatMap(rule => rule.agencies ?? []).map(cleanText))
  if (named.size === 0) return []
  const known = new Set((await agenciesOn(db, day)).map(each => each.code))
  return [...named].filter(code => !known.has(code))
}

async function agenciesOn(db: Db, day: Day): Promise<PlacedAgency[]> {
  const { rows } = await sql<PlacedAgency>`
    select distinct on (agency_id) agency_id as id, code, parent_id as parent, sector
    from agency_period where ${day}::date between first_day and last_day
    order by agency_id, first_day desc`.execute(db)
  return rows
}

/** A province has some thousand spellings of its titles, so mostly one page. */
const TITLES_AT_ONCE = 5000

/**
 * The titles in force that fit each rule. Compared here and not in the database, since folding text is ours
 * (`foldText`) and must be the same on every engine; read in pages, and only those that fit are kept.
 */
async function titlesOf(
  db: Db,
  day: Day,
  { eligibility }: EligibilitySettings,
): Promise<(string[] | null)[]> {
  const fitting = eligibility.map(({ titles }) =>
    titles === undefined ? null : { matches: titleMatcher(titles), found: [] as string[] },
  )
  const asking = fitting.filter(each => each !== null)
  for (const each of asking) if (each.matches('')) each.found.push('')
  let after = ''
  while (asking.length > 0) {
    const page = await titlesAfter(db, day, after)
    for (const each of asking) each.found.push(...page.filter(each.matches))
    if (page.length < TITLES_AT_ONCE) break
    after = page.at(-1) ?? ''
  }
  return fitting.map(each => each?.found ?? null)
}

async function titlesAfter(db: Db, day: Day, after: string): Promise<string[]> {
  const { rows } = await sql<{ title: string }>`
    select title from employment
    where ${day}::date between first_day and last_day and title collate "C" > ${after}
    group by title order by title collate "C" limit ${TITLES_AT_ONCE}`.execute(db)
  return rows.map(row => row.title)
}

/** The columns of the post somebody is counted by. `title` and `agency` are asked for only where there are rules. */
export type PostColumns = {
  staffClass: RawBuilder<unknown>
  title: RawBuilder<unknown>
  agency: RawBuilder<unknown>
}

/** Whether whoever has the post must have a mailbox, long absences aside. */
export function mustHaveMailbox(
  { staffClasses, rules }: Eligibility,
  post: PostColumns,
): RawBuilder<unknown> {
  const byClass = sql`${post.staffClass} in ${texts(staffClasses)}`
  if (rules.length === 0) return byClass
  const cases = rules.map(rule => sql`when ${fitsRule(rule, post)} then ${rule.required}::boolean`)
  return sql`(case ${sql.join(cases, sql` `)} else ${byClass} end)`
}

/** The number of the rule that decides, from 1; null where none fits and the class does. */
export function decidingRule({ rules }: Eligibility, post: PostColumns): RawBuilder<unknown> {
  if (rules.length === 0) return sql`null::integer`
  const cases = rules.map((rule, i) => sql`when ${fitsRule(rule, post)} then ${i + 1}::integer`)
  return sql`(case ${sql.join(cases, sql` `)} end)`
}

function fitsRule({ staffClasses, titles, agencies }: ResolvedRule, post: PostColumns): RawBuilder<unknown> {
  const parts = [
    staffClasses && sql`${post.staffClass} in ${texts(staffClasses)}`,
    titles && sql`coalesce(${post.title}, '') in ${texts(titles)}`,
    agencies &&
      sql`${post.agency} in (select value::bigint from json_array_elements_text(${JSON.stringify(agencies)}::json))`,
  ].filter(part => part !== null)
  return sql`(${sql.join(parts, sql` and `)})`
}

/** Texts as one parameter, whatever the engine, to stand behind `in`. */
function texts(list: readonly string[]): RawBuilder<unknown> {
  return sql`(select json_array_elements_text(${JSON.stringify(list)}::json))`
}
