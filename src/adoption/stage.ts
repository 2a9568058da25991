/**
 * The four stages a page shows, what is in the way before each, and where one person stands among them.
 *
 * `standingOf` and the SQL of `people-store.ts` divide the same states of a person (`personStates`): each in exactly one
 * place, so that the places of an agency add up to its counts.
 */
import { addDays, type Day } from '../ids.ts'
import type { AgencyFigures, CountName } from './adoption.ts'
import type { TargetState } from './target.ts'
import { mostPressing } from './target.ts'

export const stages = ['issued', 'activated', 'used', 'regular'] as const
export type Stage = (typeof stages)[number]

/** Where a person stands, as the address bar names it: the furthest stage reached, or what is in the way. */
export const places = [
  'chua-cap',
  'chua-kich-hoat',
  'khong-su-dung',
  'chua-thuong-xuyen',
  'thuong-xuyen',
  'khong-thuoc-dien',
] as const
export type PlaceName = (typeof places)[number]

/** Further choices of the list of people, which overlap the places. */
export const filters = [...places, 'kich-hoat-cham', 'khong-khop'] as const
export type FilterName = (typeof filters)[number]

/** How many days after a mailbox was issued its activation is called slow. Less would count people on leave. */
export const SLOW_ACTIVATION_DAYS = 14

/** What is in the way of each stage: the people of the stage before who have not reached it. */
export const inTheWay: Record<Stage, { from: CountName; place: PlaceName }> = {
  issued: { from: 'required', place: 'chua-cap' },
  activated: { from: 'issued', place: 'chua-kich-hoat' },
  used: { from: 'activated', place: 'khong-su-dung' },
  regular: { from: 'used', place: 'chua-thuong-xuyen' },
}

export type StageFigure = {
  stage: Stage
  count: number | null
  of: number | null
  rate: number | null
  /** People in the way; null where that is not known. */
  missing: number | null
  place: PlaceName
}

/** The stages of an agency in their order. A count whose rate is not known is not known either. */
export function stageFigures(agency: AgencyFigures): StageFigure[] {
  return stages.map(stage => {
    const known = agency.required === 0 || agency.rate[stage] !== null
    const { from, place } = inTheWay[stage]
    const [count, before] = [known ? agency[stage] : null, agency[from]]
    const missing = count === null || before === null ? null : before - count
    return { stage, count, of: agency.required, rate: agency.rate[stage], missing, place }
  })
}

/** The stage that holds up the most people, or null where nobody is. */
export function biggestHold(figures: readonly StageFigure[]): StageFigure | null {
  return figures.reduce<StageFigure | null>(
    (most, each) => ((each.missing ?? 0) > (most?.missing ?? 0) ? each : most),
    null,
  )
}

/** The target a page speaks of: the most pressing one for regular use, else the most pressing of all. */
export function spokenTarget(agency: AgencyFigures): TargetState | null {
  const regular = agency.targets.filter(target => target.indicator === 'regular')
  return mostPressing(regular) ?? mostPressing(agency.targets)
}

/** Between which shares regular use truly lies, or null where the logs leave no room. */
export function regularRange({ required, rate, bounds }: AgencyFigures): [number, number] | null {
  const [low, high] = bounds.regular
  if (!required || rate.regular === null || low === null || high === null || high === low) return null
  return [low / required, high / required]
}

/** Where missing logs may hide more of those required than this, two days cannot be compared: a fall may be the logs'. */
const MOST_HIDDEN_IN_A_CHANGE = 0.02

/** Whether missing logs could hide so many who use regularly that the count says little by itself. */
export function hidesUse(agency: AgencyFigures): boolean {
  const [low, high] = agency.bounds.regular
  return hidden(low, high, agency.required) > MOST_HIDDEN_IN_A_CHANGE
}

/** The same of people counted: how many are required, and of how many of them missing logs could hide regular use. */
export function hidesMany(hiddenUse: number, required: number): boolean {
  return hidden(0, hiddenUse, required) > MOST_HIDDEN_IN_A_CHANGE
}

function hidden(low: number | null, high: number | null, required: number | null): number {
  return low === null || high === null || !required ? 0 : (high - low) / required
}

/** How a kept figure moved to today's, as shares; null where either is not known, or too little of it. */
export function shareChange(
  agency: AgencyFigures,
  kept: { regular: number; regularHigh: number; required: number; completeness: number | null } | undefined,
): number | null {
  if (!kept || kept.completeness === null || kept.required === 0) return null
  if (agency.rate.regular === null || agency.regular === null || !agency.required) return null
  if (hidesUse(agency)) return null
  if (hidden(kept.regular, kept.regularHigh, kept.required) > MOST_HIDDEN_IN_A_CHANGE) return null
  return agency.regular / agency.required - kept.regular / kept.required
}

/** How many weeks back the charts go: a year, and the same week of the year before. */
export const WEEKS = 53
/** A week where missing logs may hide more of those required is left out: a fall only of the logs is worse than a gap. */
const MOST_HIDDEN = 0.1

export type ChartWeek = { day: Day; count: number | null; total: number | null }

type WeekFigure = {
  /** The day it was kept for, up to six before the end of its week. */
  day: Day
  regular: number | null
  regularHigh: number | null
  required: number | null
  /** null: nothing was known of use. */
  completeness: number | null
}

/**
 * The weeks of a chart, the oldest first, from the first that was kept to the day itself, each with the day its figure is
 * of; null where nothing was kept or the logs were too far from complete.
 */
export function chartWeeks(
  day: Day,
  agency: AgencyFigures,
  kept: readonly (WeekFigure & { week: number })[],
): ChartWeek[] {
  const byWeek = new Map<number, WeekFigure>(kept.map(each => [each.week, each]))
  byWeek.set(0, { ...agency, day, regularHigh: agency.bounds.regular[1] })
  const oldest = Math.max(...byWeek.keys())
  return Array.from({ length: oldest + 1 }, (_, i) => {
    const week = oldest - i
    const figure = byWeek.get(week)
    const total = figure?.required ?? null
    return { day: figure?.day ?? addDays(day, -7 * week), count: figure ? knownRegular(figure) : null, total }
  })
}

function knownRegular({ regular, regularHigh, required, completeness }: WeekFigure): number | null {
  if (!completeness || regular === null || regularHigh === null || required === null) return null
  return regularHigh - regular > MOST_HIDDEN * required ? null : regular
}
