/**
 * An agency over time: what a change entered by hand makes of its periods. The internal id never changes.
 *
 * Periods come in order of their first day and never overlap. A changed field holds from the day on until the same field
 * changes next, so that what was entered or read of later days stands.
 */
import { addDays, type Day, parseDay } from '../ids.ts'

export type AgencyFacts = {
  code: string
  name: string
  level: string
  /** Code of a sector. */
  sector: string | null
  parentId: number | null
}
/** Days, or `-infinity` and `infinity`; both ends are inside. */
export type Period = AgencyFacts & { firstDay: string; lastDay: string; decisionId: number | null }
export type Wanted = Partial<AgencyFacts>

/** Why a change cannot be: closed already, before the agency was there, nothing would change. */
export type TimeProblem = 'closed' | 'tooEarly' | 'nothing'

export const agencyFields = ['code', 'name', 'level', 'sector', 'parentId'] as const

/** The periods after a change that counts from a day on. */
export function changedFrom(
  periods: readonly Period[],
  day: Day,
  { wanted, decisionId }: { wanted: Wanted; decisionId: number | null },
): Period[] | TimeProblem {
  const problem = placeProblem(periods, day)
  if (problem !== null) return problem
  const parts = splitAt(periods, day, decisionId)
  const from = parts.findIndex(each => each.firstDay === day)
  for (const field of agencyFields) setUntilNext(parts, from, { field, wanted })
  return sameFacts(parts, periods) ? 'nothing' : joined(parts)
}

/** The periods of an agency that is there for the last time the day before. */
export function closedFrom(periods: readonly Period[], day: Day): Period[] | TimeProblem {
  const problem = placeProblem(periods, day)
  if (problem !== null) return problem
  // closed on its first day it would never have been
  if (stretchStart(periods) === day) return 'tooEarly'
  return periods
    .filter(each => each.firstDay < day)
    .map(each => (each.lastDay < day ? each : { ...each, lastDay: addDays(day, -1) }))
}

function placeProblem(periods: readonly Period[], day: Day): TimeProblem | null {
  if (periods.at(-1)?.lastDay !== 'infinity') return 'closed'
  return day < stretchStart(periods) ? 'tooEarly' : null
}

/** First day since which the agency has been there without a gap. */
function stretchStart(periods: readonly Period[]): string {
  const at = periods.findLastIndex((each, i) => i === 0 || !follows(periods[i - 1], each))
  return periods[at]?.firstDay ?? 'infinity'
}

function follows(before: Period | undefined, after: Period): boolean {
  const last = parseDay(before?.lastDay ?? '')
  return last !== null && addDays(last, 1) === after.firstDay
}

/** A period that holds the day becomes two; the second begins with it, by the decision of the change. */
function splitAt(periods: readonly Period[], day: Day, decisionId: number | null): Period[] {
  return periods.flatMap(each => {
    if (each.firstDay === day) return [{ ...each, decisionId: decisionId ?? each.decisionId }]
    if (each.firstDay > day || each.lastDay < day) return [{ ...each }]
    return [
      { ...each, lastDay: addDays(day, -1) },
      { ...each, firstDay: day, decisionId },
    ]
  })
}

function setUntilNext(
  parts: Period[],
  from: number,
  { field, wanted }: { field: keyof AgencyFacts; wanted: Wanted },
): void {
  if (wanted[field] === undefined) return
  const before = parts[from]?.[field]
  for (let i = from; i < parts.length; i++) {
    const part = parts[i]
    if (!part || part[field] !== before || (i > from && !follows(parts[i - 1], part))) return
    parts[i] = { ...part, [field]: wanted[field] }
  }
}

/** Neighbours that say the same are one. */
function joined(parts: readonly Period[]): Period[] {
  return parts.reduce<Period[]>((done, part) => {
    const last = done.at(-1)
    if (last && follows(last, part) && sameAs(last, part))
      done[done.length - 1] = { ...last, lastDay: part.lastDay }
    else done.push(part)
    return done
  }, [])
}

function sameFacts(parts: readonly Period[], periods: readonly Period[]): boolean {
  return parts.every(part =>
    periods.some(
      each => each.firstDay <= part.firstDay && part.lastDay <= each.lastDay && sameAs(each, part),
    ),
  )
}

function sameAs(a: AgencyFacts, b: AgencyFacts): boolean {
  return agencyFields.every(field => a[field] === b[field])
}
