/**
 * What the adoption figures mean: the window, regular use, rates, and how counts add up the tree of agencies.
 *
 * A person's use in the 28 days is a mask of 28 bits, bit 27 the day itself, bit 0 the day 27 before. The same masks
 * go into the SQL that counts, so that the rule stands here once (`store.ts` only combines them).
 */
import { addDays, type Day } from '../ids.ts'
import type { EligibilityRule } from '../roster/eligibility.ts'
import { type Sector, sectorsInTree } from '../roster/sector.ts'
import type { Knowledge } from './coverage.ts'
import type { Target, TargetState } from './target.ts'

/** Version of the definitions; a figure kept under another one is never compared with these. */
export const FIGURE_DEFINITION = 'v1'

export const WINDOW_DAYS = 28
const BLOCK_DAYS = 7
/** A block with fewer is mostly Tết: asking for use in it would ask people to work on their days off. */
const LEAST_WORKING_DAYS = 3

export type WorkingDays = (day: Day) => boolean

/** What an installation decides about counting. Classes in any case and Unicode form. */
export type Policy = {
  staffClasses: readonly string[]
  /** Rules before the classes: the first that fits decides. */
  eligibility: readonly EligibilityRule[]
  /** As the installation names them. */
  sectors: readonly Sector[]
  regularNeedsSend: boolean
  targets: readonly Target[]
}

export function windowStart(day: Day): Day {
  return addDays(day, 1 - WINDOW_DAYS)
}

export type RegularRule = {
  /** One mask per seven-day block, the newest first; 0 where the block is left out. */
  blocks: readonly [number, number, number, number]
  /** The working days of the blocks kept. */
  working: number
  /** How many blocks are kept, 0–4. */
  kept: number
}

/**
 * The rule of regular use for the window that ends on a day: use-days in at least 3 of the 4 seven-day blocks
 * counted back from the day, and on at least 4 working days. A block with fewer than 3 working days is left out,
 * its days count for nothing, and both thresholds shrink with it: of K blocks kept, 3K/4, and K working days.
 */
export function regularRule(day: Day, isWorkingDay: WorkingDays): RegularRule {
  const blocks = [0, 1, 2, 3].map(block => blockMasks(day, block, isWorkingDay))
  const kept = blocks.filter(block => block.count >= LEAST_WORKING_DAYS)
  const mask = (index: number) => {
    const block = blocks[index]
    return block && kept.includes(block) ? block.days : 0
  }
  return {
    blocks: [mask(0), mask(1), mask(2), mask(3)],
    working: kept.reduce((all, block) => all | block.working, 0),
    kept: kept.length,
  }
}

/** Which days somebody is expected to work, and what regular use asks of them on a day. */
export type Schedule = { isWorkingDay: WorkingDays; rule: RegularRule }

/** The schedules there are on a day, the common one first, and the index of each agency's in the order of the tree. */
export function schedulesOn(
  day: Day,
  tree: readonly TreeAgency[],
  calendars: { calendar: WorkingDays; sectorCalendars?: ReadonlyMap<string, WorkingDays> },
): { schedules: Schedule[]; scheduleOf: number[] } {
  const sectors = [...(calendars.sectorCalendars ?? [])]
  const schedules = [calendars.calendar, ...sectors.map(([, calendar]) => calendar)].map(isWorkingDay => ({
    isWorkingDay,
    rule: regularRule(day, isWorkingDay),
  }))
  const sectorOf = sectorsInTree(tree)
  const scheduleOf = tree.map(({ id }) => 1 + sectors.findIndex(([code]) => code === sectorOf.get(id)?.code))
  return { schedules, scheduleOf }
}

/**
 * Whether regular use can be known of each agency with all below: whether anybody who must have a mailbox has a block with
 * enough working days. Where nobody must, there is no rate anyway.
 */
export function regularKnownOf(
  tree: readonly TreeAgency[],
  own: readonly OwnCounts[],
  { schedules, scheduleOf }: { schedules: readonly Schedule[]; scheduleOf: readonly number[] },
): boolean[] {
  const known = tree.map(
    (_, i) => (own[i]?.required ?? 0) > 0 && (schedules[scheduleOf[i] ?? 0]?.rule.kept ?? 0) > 0,
  )
  for (let i = tree.length - 1; i >= 0; i--) {
    const parent = tree[i]?.parent ?? null
    if (parent !== null && known[i]) known[parent] = true
  }
  return known
}

function blockMasks(day: Day, block: number, isWorkingDay: WorkingDays) {
  let days = 0
  let working = 0
  let count = 0
  for (let back = block * BLOCK_DAYS; back < (block + 1) * BLOCK_DAYS; back++) {
    const bit = 1 << (WINDOW_DAYS - 1 - back)
    days |= bit
    if (!isWorkingDay(addDays(day, -back))) continue
    working |= bit
    count++
  }
  return { days, working, count }
}

/** In how many kept blocks and on how many working days a mask of use-days lies. */
export function useOf(mask: number, rule: RegularRule): { blocks: number; workingDays: number } {
  return {
    blocks: rule.blocks.filter(block => (mask & block) !== 0).length,
    workingDays: bits(mask & rule.working),
  }
}

/** Number of bits set. */
export function bits(mask: number): number {
  let count = 0
  for (let rest = mask; rest !== 0; rest &= rest - 1) count++
  return count
}

/**
 * A share as it is printed, 0–1 with four decimals, or null where there is nothing to share.
 * It is 1 only where all are meant and 0 only where none is: a rounded "100%" would say that nobody is missing.
 */
export function share(part: number, whole: number): number | null {
  if (whole === 0) return null
  const rounded = Math.round((part / whole) * 10_000) / 10_000
  if (rounded >= 1 && part < whole) return 0.9999
  return rounded === 0 && part > 0 ? 0.0001 : rounded
}

export type Agency = {
  id: number
  code: string
  name: string
  level: string
  sector: string | null
  parentId: number | null
  sortKey: string
}

/** An agency in tree order; `parent` is the index of the one above in the same list. */
export type TreeAgency = Agency & { parent: number | null; depth: number }

/**
 * Agencies with each one after its parent, siblings by sort key. One whose parent is not in force stands at the top, and
 * so does one of a ring of parents: nobody may vanish from the figures because the directory is wrong.
 */
export function treeOrder(agencies: readonly Agency[]): TreeAgency[] {
  const known = new Set(agencies.map(agency => agency.id))
  const sorted = [...agencies].sort(bySortKey)
  const isRoot = (agency: Agency) => agency.parentId === null || !known.has(agency.parentId)
  const children = Map.groupBy(
    sorted.filter(agency => !isRoot(agency)),
    agency => agency.parentId,
  )
  const placed = new Set<number>()
  const tree: TreeAgency[] = []
  const place = (agency: Agency, parent: number | null, depth: number) => {
    if (placed.has(agency.id)) return
    placed.add(agency.id)
    const index = tree.push({ ...agency, parent, depth }) - 1
    for (const child of children.get(agency.id) ?? []) place(child, index, depth + 1)
  }
  for (const agency of sorted.filter(isRoot)) place(agency, null, 0)
  for (const agency of sorted) place(agency, null, 0)
  return tree
}

function bySortKey(a: Agency, b: Agency): number {
  if (a.sortKey !== b.sortKey) return a.sortKey < b.sortKey ? -1 : 1
  return a.code < b.code ? -1 : 1
}

/** Index of the first agency behind the subtree that begins at `index`. */
export function subtreeEnd(tree: readonly { depth: number }[], index: number): number {
  const depth = tree[index]?.depth ?? 0
  const end = tree.findIndex((agency, i) => i > index && agency.depth <= depth)
  return end < 0 ? tree.length : end
}

export const countNames = ['staff', 'required', 'issued', 'activated', 'used', 'sending', 'regular'] as const
export const highNames = ['usedHigh', 'sendingHigh', 'regularHigh'] as const
export type CountName = (typeof countNames)[number]
type HighName = (typeof highNames)[number]

/** People counted at one agency, each at the primary one; `High` is the bound if all that is missing were use. */
export type OwnCounts = Record<CountName | HighName | 'concurrent', number>
export type Totals = Record<CountName | HighName, number>

export const nobody: OwnCounts = {
  staff: 0,
  required: 0,
  issued: 0,
  activated: 0,
  used: 0,
  sending: 0,
  regular: 0,
  usedHigh: 0,
  sendingHigh: 0,
  regularHigh: 0,
  concurrent: 0,
}

/** Own counts with everything below added, in the order of the tree. Everybody is counted at one agency only. */
export function withBelow(tree: readonly TreeAgency[], own: readonly OwnCounts[]): Totals[] {
  const totals = tree.map((_, i): Totals => {
    const { concurrent: _concurrent, ...counts } = own[i] ?? nobody
    return counts
  })
  for (let i = tree.length - 1; i >= 0; i--) {
    const parent = totals[tree[i]?.parent ?? -1]
    const total = totals[i]
    if (!parent || !total) continue
    for (const name of [...countNames, ...highNames]) parent[name] += total[name]
  }
  return totals
}

/** null: not known, which is not 0. */
export type Count = number | null
export type Bounds = [low: Count, high: Count]
export type Counts = Record<CountName, Count>
export type Rates = Record<'issued' | 'activated' | 'used' | 'sending' | 'regular', number | null>
export type BoundsByIndicator = Record<'used' | 'sending' | 'regular', Bounds>

/** One agency with all below it, as the JSON object shows it. */
export type AgencyJson = {
  code: string
  name: string
  level: string
  sector: string | null
  parent: string | null
} & Counts & {
    rate: Rates
    bounds: BoundsByIndicator
    /** 0–1: how much of the logs of the window was read. */
    completeness: number
    targets: TargetState[]
    own: Counts & { concurrent: Count }
    /** When the agency, or one above it, last said that its list is right; null where none did. */
    confirmedOn: Day | null
  }

/** The same with what storing and drawing need beside. */
export type AgencyFigures = AgencyJson & {
  id: number
  depth: number
  ownBounds: BoundsByIndicator
  ownCompleteness: number
}

export type Anomaly = { person: string; reason: 'usedNotIssued' | 'activatedNotIssued' }

export type AdoptionReport = {
  asOf: Day
  /** The day has not ended yet. */
  partial: boolean
  definition: string
  agencies: AgencyJson[]
  /** The first 1,000 people who reached a later stage without an earlier one; `anomaliesTotal` counts all. */
  anomalies: Anomaly[]
  anomaliesTotal: number
}

export type AgencyInput = {
  agency: TreeAgency
  parentCode: string | null
  own: OwnCounts
  total: Totals
  knowledge: Knowledge
  confirmedOn: Day | null
  /** Whether a complete roster was known that day. */
  rosterKnown: boolean
  /** Whether any block of the window has enough working days to ask for regular use. */
  regularKnown: boolean
}

/** One agency's figures without its targets, which need the rates of this. */
export function agencyFigures(input: AgencyInput): AgencyFigures {
  const { agency, own, total, knowledge, rosterKnown } = input
  const count = (value: number): Count => (rosterKnown ? value : null)
  return {
    id: agency.id,
    depth: agency.depth,
    code: agency.code,
    name: agency.name,
    level: agency.level,
    sector: agency.sector,
    parent: input.parentCode,
    ...countsOf(total, count),
    rate: ratesOf(input),
    bounds: boundsOf(total, count),
    completeness: share(knowledge.below.known, knowledge.below.asked) ?? 0,
    targets: [],
    own: { ...countsOf(own, count), concurrent: count(own.concurrent) },
    confirmedOn: input.confirmedOn,
    ownBounds: boundsOf(own, count),
    ownCompleteness: share(knowledge.own.known, knowledge.own.asked) ?? 0,
  }
}

/**
 * The last day on which each agency of a tree, parents first, confirmed its list. A list is confirmed with all below it,
 * so that what stands above counts too.
 */
export function confirmedDays(
  tree: readonly TreeAgency[],
  confirmed: ReadonlyMap<number, Day>,
): (Day | null)[] {
  const days: (Day | null)[] = []
  for (const { id, parent } of tree) {
    const own = confirmed.get(id) ?? null
    const above = parent === null ? null : (days[parent] ?? null)
    days.push(above !== null && (own === null || above > own) ? above : own)
  }
  return days
}

function countsOf(totals: Totals, count: (value: number) => Count): Counts {
  return {
    staff: count(totals.staff),
    required: count(totals.required),
    issued: count(totals.issued),
    activated: count(totals.activated),
    used: count(totals.used),
    sending: count(totals.sending),
    regular: count(totals.regular),
  }
}

function boundsOf(totals: Totals, count: (value: number) => Count): BoundsByIndicator {
  return {
    used: [count(totals.used), count(totals.usedHigh)],
    sending: [count(totals.sending), count(totals.sendingHigh)],
    regular: [count(totals.regular), count(totals.regularHigh)],
  }
}

/**
 * The rates of an agency with all below. Unknown (null) where nobody must have a mailbox, where no complete roster was
 * known, and for use where no log was: `activated` if no log begins by that day, the others if the window has no data.
 */
function ratesOf({ total, knowledge, rosterKnown, regularKnown }: AgencyInput): Rates {
  const rate = (part: number, known: boolean) => (rosterKnown && known ? share(part, total.required) : null)
  const useKnown = knowledge.below.known > 0
  return {
    issued: rate(total.issued, true),
    activated: rate(total.activated, knowledge.below.begun),
    used: rate(total.used, useKnown),
    sending: rate(total.sending, useKnown),
    regular: rate(total.regular, useKnown && regularKnown),
  }
}

/** Exactly the fields of the contract. */
export function toAgencyJson(figures: AgencyFigures): AgencyJson {
  const { id: _id, depth: _depth, ownBounds: _bounds, ownCompleteness: _completeness, ...json } = figures
  return json
}
