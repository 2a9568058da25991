/** A decision as typed: who and which agency is meant, within a scope, and then announced; or what is wrong beside each field. */
import type { Db, Trx } from '../database/database.ts'
import type { Day } from '../ids.ts'
import { announce, type Order } from './announce.ts'
import {
  agencyOn,
  type Candidate,
  candidateById,
  everybodyAt,
  knownAlready,
  type Line,
  peopleMeant,
  type Scope,
} from './announcement-store.ts'
import type { Refusal } from './decision.ts'
import { type Entry, MOST_PEOPLE, ownNumber, readEntry } from './decision-entry.ts'
import { decisionWords, type Locale, reasonText } from './decision-messages.ts'
import { foldText, sortKey } from './name.ts'

export type Typed = {
  values: Record<string, string>
  /** What is wrong already. */
  problems: Record<string, string>
  scan: { bytes: Uint8Array; name: string; type: string } | null
}

export type Ground = {
  scope: Scope
  locale: Locale
  today: Day
  now: Date
  by: string
  /** Part of doing it. */
  record?: (trx: Trx, decided: Done) => Promise<void>
}

export type Done = { decision: number; people: number; done: number; waiting: number; agency: number | null }

export type Decided = Done | { problems: Record<string, string> }

/** Announces what was typed, to all who are meant or, with any problem, to nobody. */
export async function decide(db: Db, typed: Typed, ground: Ground): Promise<Decided> {
  const { entry, problems: wrong } = readEntry(
    typed.values,
    ground.today,
    decisionWords[ground.locale].problems,
  )
  // what is missing or too long is said first: of such a value nothing else need be said
  const problems = { ...wrong, ...typed.problems }
  const agency = entry.agency === '' ? null : await agencyWithin(db, entry.agency, entry.effective, ground)
  if (entry.agency !== '' && agency === null)
    problems.agency ??= decisionWords[ground.locale].problems.noAgency
  const who = await whoIsMeant(db, entry, ground, problems)
  if (Object.keys(problems).length > 0 || who === null) return { problems }
  const { number, signed: day, issuer, note, kind, effective, until, staffClass, title, absence } = entry
  const { now, by, today, locale } = ground
  const decision = { number, day, issuer, note, scan: typed.scan, by, now }
  const order: Order = {
    ...{ decision, kind, who, day: effective, lastDay: until, agency, staffClass, title },
    absence: absence ?? '',
  }
  const { record } = ground
  const announced = await announce(db, order, {
    ...{ today, now },
    ...(record && { record: (trx, made) => record(trx, { ...made, agency: agency?.id ?? null }) }),
  })
  if (announced.kind === 'refused') return { problems: await refusals(db, announced.problems, locale) }
  return { ...announced, agency: agency?.id ?? null }
}

async function agencyWithin(db: Db, code: string, day: Day, { scope }: Ground) {
  const found = await agencyOn(db, code, day)
  return found && (scope === null || scope.includes(found.id)) ? found : null
}

/** Writes what is wrong into `problems`. */
async function whoIsMeant(
  db: Db,
  entry: Entry,
  ground: Ground,
  problems: Record<string, string>,
): Promise<Order['who'] | null> {
  const words = decisionWords[ground.locale].problems
  if (entry.kind === 'join') return newPerson(db, entry, ground, problems)
  const ids = new Set<number>()
  if (problems.people === undefined) {
    const { people, wrong } = await ofLines(db, entry.lines, ground)
    if (wrong !== '') problems.people = wrong
    for (const each of people) ids.add(each)
  }
  if (entry.everybody !== '' && problems.everybody === undefined) {
    const agency = await agencyWithin(db, entry.everybody, entry.effective, ground)
    if (agency === null) problems.everybody = words.noAgency
    for (const each of agency ? await everybodyAt(db, agency.id, entry.effective) : []) ids.add(each)
    if (agency && ids.size === 0) problems.everybody = words.noPeople
  }
  if (ids.size > MOST_PEOPLE) problems.people ??= words.tooMany
  return { people: [...ids] }
}

async function newPerson(
  db: Db,
  { fullName, staffId, birthDay }: Entry,
  { locale }: Ground,
  problems: Record<string, string>,
): Promise<Order['who'] | null> {
  const words = decisionWords[locale].problems
  if (fullName === '') {
    problems.fullName ??= words.noName
    return null
  }
  const person = {
    fullName,
    sortKey: sortKey(fullName),
    searchKey: foldText(fullName),
    staffId: staffId || null,
    birthDay,
  }
  const known = await knownAlready(db, person)
  if (known?.by === 'staffId') problems.staffId ??= words.knownId(known.name)
  if (known?.by === 'name') problems.fullName ??= words.knownName
  return { newPerson: person }
}

const SHOWN = 10

async function ofLines(db: Db, lines: readonly string[], { scope, locale }: Ground) {
  const words = decisionWords[locale].problems
  const asked: Line[] = lines.map(text => ({ text, folded: foldText(text), id: ownNumber(text) }))
  const meant = await peopleMeant(db, asked, scope)
  const people: number[] = []
  const wrong: string[] = []
  for (const line of lines) {
    const found = meant.get(line) ?? []
    const [first] = found
    if (first && found.length === 1) people.push(first.id)
    else wrong.push(first ? words.lineMany(line, idsText(found)) : words.lineNone(line))
  }
  return { people, wrong: listText(wrong, locale) }
}

function idsText(found: readonly Candidate[]): string {
  return found.map(each => each.staffId ?? `#${each.id}`).join(', ')
}

function listText(parts: readonly string[], locale: Locale): string {
  const shown = parts.slice(0, SHOWN)
  const rest = parts.length - shown.length
  if (rest > 0) shown.push(decisionWords[locale].problems.andMore(rest.toLocaleString(locale)))
  return shown.join('; ')
}

/** Beside the field that can mend it: the agency, the last day, else the people. */
const fieldOf: Partial<Record<Refusal['reason'], string>> = {
  needsAgency: 'agency',
  endBeforeStart: 'until',
}

async function refusals(
  db: Db,
  refused: readonly { person: number | null; refusal: Refusal }[],
  locale: Locale,
): Promise<Record<string, string>> {
  const problems: Record<string, string> = {}
  const [first] = refused
  const field = first ? fieldOf[first.refusal.reason] : undefined
  if (first && field) return { [field]: `${reasonText(locale, first.refusal)}.` }
  const parts: string[] = []
  for (const { person, refusal } of refused.slice(0, SHOWN)) {
    const who = person === null ? null : await candidateById(db, person)
    parts.push(`${who?.name ?? ''}: ${reasonText(locale, refusal)}`)
  }
  const rest = refused.length - parts.length
  if (rest > 0) parts.push(decisionWords[locale].problems.andMore(rest.toLocaleString(locale)))
  problems[first?.person === null ? 'effective' : 'people'] = parts.join('; ')
  return problems
}
