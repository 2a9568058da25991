/**
 * The figures counted from what the invented people did, with nothing of the product and no log line: person by person,
 * day by day, from the definitions in words.
 */
import type { Calendar } from './calendar.ts'
import type { Trace } from './habits.ts'
import type { History, Span } from './history.ts'
import { agencies, CLASSES, ROOT } from './people.ts'

/** What a log shows of somebody on a day. */
export type Mark = Trace & { staffId: string; ago: number; source: string }
/** The days (counted back) with a line, and the newest of them. */
export type Log = {
  name: string
  covers: (codes: readonly string[]) => boolean
  days: ReadonlySet<number>
  newest: number
}
export type Target = {
  name: string
  indicator: 'issued' | 'activated' | 'used' | 'sending' | 'regular'
  value: number
  scope: { level?: string; agency?: string }
  from: string
  due: string
  kind: 'reach' | 'keep'
}
export type World = {
  calendar: Calendar
  histories: readonly History[]
  marks: ReadonlyMap<string, readonly Mark[]>
  logs: readonly Log[]
  targets: readonly Target[]
  /** On which day agencies with a further name bear it. */
  renamedAgo: number
}

const WINDOW = 28
const within = (ago: number) => (span: Span) => span.from >= ago && ago >= span.until
const windowOf = (ago: number) => Array.from({ length: WINDOW }, (_, i) => ago + i)

function codesUp(code: string): string[] {
  if (code === ROOT.code) return [code]
  const agency = agencies.find(each => each.code === code)
  return [code, ...codesUp(agency?.parent ?? ROOT.code)]
}

const allCodes = [ROOT.code, ...agencies.map(agency => agency.code)]
const upOf = new Map(allCodes.map(code => [code, codesUp(code)]))
const up = (code: string) => upOf.get(code) ?? []

/** 1 for a day whose log was read past midnight, ½ for one read in part, 0 without a line. */
function held(log: Log, ago: number): number {
  if (!log.days.has(ago)) return 0
  return log.newest < ago ? 1 : 0.5
}

function covering({ logs }: World, code: string): Log[] {
  return logs.filter(log => log.covers(up(code)))
}

// one person --------------------------------------------------------------------------------------------------------

const stages = ['staff', 'required', 'issued', 'activated', 'used', 'sending', 'regular'] as const
const highs = ['usedHigh', 'sendingHigh', 'regularHigh'] as const
export type Stage = (typeof stages)[number]
type Standing = Record<Stage | (typeof highs)[number], boolean>

export type Standpoint = Standing & {
  agency: string | null
  others: readonly string[]
  unseen: boolean
  ever: boolean
  recently: boolean
}

/** Where somebody stands on a day, with what is known. */
export function standingOf(world: World, history: History, ago: number): Standpoint {
  const post = history.posts.find(within(ago))
  const [agency = null, ...others] = post?.agencies ?? []
  const missing = agency === null ? [] : missingDays(world, agency, ago)
  const marks = (world.marks.get(history.staffId) ?? []).filter(
    mark => mark.ago >= ago && (mark.signIns > 0 || mark.sends > 0) && history.held.some(within(mark.ago)),
  )
  const inWindow = marks.filter(mark => mark.ago < ago + WINDOW)
  const days = new Set(inWindow.map(mark => mark.ago))
  const sent = inWindow.some(mark => mark.sends > 0)
  const staff = post !== undefined
  const required = staff && CLASSES.includes(post.staffClass) && !history.away.some(within(ago))
  const issued = required && history.mailbox.some(within(ago))
  const activated = issued && marks.length > 0
  const used = activated && days.size > 0
  const possible = new Set([...days, ...missing])
  const usedHigh = issued && possible.size > 0
  return {
    agency,
    others,
    unseen: missing.length > 0,
    ever: marks.length > 0,
    recently: days.size > 0,
    staff,
    required,
    issued,
    activated,
    used,
    sending: used && sent,
    regular: used && isRegular(world.calendar, days, ago),
    usedHigh,
    sendingHigh: usedHigh && (sent || missing.length > 0),
    regularHigh: usedHigh && isRegular(world.calendar, possible, ago),
  }
}

/** Days of the window of which at least one log that covers the agency does not hold everything. */
function missingDays(world: World, agency: string, ago: number): number[] {
  const logs = covering(world, agency)
  return windowOf(ago).filter(day => logs.length === 0 || logs.some(log => held(log, day) < 1))
}

/** At least 3 of 4 weeks counted back and 4 working days; a week with fewer than 3 working days is left out. */
function isRegular({ isWorking }: Calendar, days: ReadonlySet<number>, ago: number): boolean {
  const weeks = [0, 7, 14, 21].map(start => windowOf(ago).slice(start, start + 7))
  const kept = weeks.filter(week => week.filter(isWorking).length >= 3)
  const touched = kept.filter(week => week.some(day => days.has(day))).length
  const worked = kept.flat().filter(day => isWorking(day) && days.has(day)).length
  return touched >= (kept.length * 3) / 4 && worked >= kept.length
}

/** As `explain` says it: null where a log that is missing could make it true. */
export function statesOf(world: World, history: History, ago: number): Record<Stage, boolean | null> {
  const at = standingOf(world, history, ago)
  const known = (is: boolean, possible: boolean) => is || (possible ? null : false)
  return {
    staff: at.staff,
    required: at.required,
    issued: at.issued,
    activated: known(at.activated, at.issued && at.unseen),
    used: known(at.used, at.usedHigh),
    sending: known(at.sending, at.sendingHigh),
    regular: known(at.regular, at.regularHigh),
  }
}

/** Who must have a mailbox, has none to use, and yet once used one. */
export function anomaliesOn(world: World, ago: number): { person: string; reason: string }[] {
  return world.histories.flatMap(history => {
    const { required, issued, ever, recently } = standingOf(world, history, ago)
    if (!required || issued || !ever) return []
    return [{ person: history.staffId, reason: recently ? 'usedNotIssued' : 'activatedNotIssued' }]
  })
}

// agencies ----------------------------------------------------------------------------------------------------------

type Counts = Record<Stage, number>
type AllCounts = Record<Stage | (typeof highs)[number], number>

const none = (): AllCounts => ({
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
})

/** What `adoption --json` must say of every agency on a day, by code. */
export function recount(world: World, ago: number) {
  const own = new Map(allCodes.map(code => [code, { ...none(), concurrent: 0 }]))
  for (const history of world.histories) {
    const at = standingOf(world, history, ago)
    const counts = own.get(at.agency ?? '')
    if (counts) for (const stage of [...stages, ...highs]) counts[stage] += at[stage] ? 1 : 0
    for (const other of at.others) {
      const there = own.get(other)
      if (there) there.concurrent += 1
    }
  }
  const plain = allCodes.map(code => agencyOf(world, ago, code, own))
  return new Map(
    plain.map(agency => [agency.code, { ...agency, targets: targetsAt(world, ago, agency, plain) }]),
  )
}

type Own = ReadonlyMap<string, AllCounts & { concurrent: number }>

function agencyOf(world: World, ago: number, code: string, own: Own) {
  const below = allCodes.filter(each => up(each).includes(code))
  const total = none()
  for (const each of below) {
    const counts = own.get(each)
    for (const stage of [...stages, ...highs]) total[stage] += counts?.[stage] ?? 0
  }
  const logs = world.logs.filter(log => below.some(each => log.covers(up(each))))
  const known = logs.flatMap(log => windowOf(ago).map(day => held(log, day)))
  const sum = known.reduce((all, each) => all + each, 0)
  const rate = (stage: Stage, isKnown: boolean) => (isKnown ? share(total[stage], total.required) : null)
  const begun = logs.some(log => [...log.days].some(day => day >= ago))
  const mine = own.get(code) ?? { ...none(), concurrent: 0 }
  return {
    ...factsOf(world, ago, code),
    ...countsOf(total),
    rate: {
      issued: rate('issued', true),
      activated: rate('activated', begun),
      used: rate('used', sum > 0),
      sending: rate('sending', sum > 0),
      regular: rate('regular', sum > 0),
    },
    bounds: {
      used: [total.used, total.usedHigh],
      sending: [total.sending, total.sendingHigh],
      regular: [total.regular, total.regularHigh],
    },
    completeness: share(sum, known.length) ?? 0,
    own: { ...countsOf(mine), concurrent: mine.concurrent },
  }
}

function factsOf({ renamedAgo }: World, ago: number, code: string) {
  const agency = agencies.find(each => each.code === code)
  if (!agency) return { code, name: ROOT.name, level: 'province', sector: null, parent: null }
  const name = ago <= renamedAgo ? (agency.renamedTo ?? agency.name) : agency.name
  return { code, name, level: agency.level, sector: agency.sector, parent: agency.parent }
}

function countsOf({ staff, required, issued, activated, used, sending, regular }: Counts): Counts {
  return { staff, required, issued, activated, used, sending, regular }
}

/** Four decimals; never 1 while somebody is missing, never 0 while somebody is there. */
function share(part: number, whole: number): number | null {
  if (whole === 0) return null
  const rounded = Math.round((part / whole) * 10_000) / 10_000
  if (rounded === 1 && part < whole) return 0.9999
  return rounded === 0 && part > 0 ? 0.0001 : rounded
}

// targets -----------------------------------------------------------------------------------------------------------

type Plain = ReturnType<typeof agencyOf>

/** For each indicator the targets of the nearest agency at or above that has any which has begun. */
function targetsAt(world: World, ago: number, agency: Plain, all: readonly Plain[]) {
  const day = world.calendar.day(ago)
  const begun = world.targets.filter(target => target.from <= day)
  const nearest = (indicator: Target['indicator']) => {
    const same = begun.filter(target => target.indicator === indicator)
    for (const code of up(agency.code)) {
      const there = same.filter(target =>
        fits(
          target,
          all.find(each => each.code === code),
        ),
      )
      const named = there.filter(target => target.scope.agency !== undefined)
      if (there.length > 0) return named.length > 0 ? named : there
    }
    return []
  }
  return begun
    .filter(target => nearest(target.indicator).includes(target))
    .map(target => stateOf(world, target, agency, day))
}

function fits({ scope }: Target, agency: Plain | undefined): boolean {
  if (!agency) return false
  if (scope.agency !== undefined) return scope.agency === agency.code
  return scope.level === undefined ? agency.parent === null : scope.level === agency.level
}

function stateOf({ calendar }: World, target: Target, agency: Plain, day: string) {
  const { name, indicator, due, value } = target
  const told = { name, indicator, due, value }
  if (agency.required === 0) return { ...told, gap: null, status: null }
  if (agency.rate[indicator] === null) return { ...told, gap: null, status: 'unknown' }
  const count = agency[indicator]
  const wanted = wholePeople(value, agency.required)
  return {
    ...told,
    gap: wanted - count,
    status: statusOf(calendar, target, { count, wanted, required: agency.required, day }),
  }
}

/** The least number of people that is this share: in hundredths, where nothing is rounded. */
function wholePeople(value: number, required: number): number {
  return Math.ceil((Math.round(value * 100) * required) / 100)
}

type Numbers = { count: number; wanted: number; required: number; day: string }

/** Before due against the straight line from nothing on the first day to the value on the last, and 90 % of it. */
function statusOf({ ago }: Calendar, target: Target, { count, wanted, required, day }: Numbers): string {
  const reached = count >= wanted
  if (target.kind === 'keep') return reached ? 'kept' : 'broken'
  if (reached) return 'met'
  if (day > target.due) return 'overdue'
  // count ≥ value · required · gone / whole, with whole numbers on both sides
  const whole = ago(target.from) - ago(target.due)
  const gone = ago(target.from) - ago(day)
  const [mine, line] = [count * 100 * whole, Math.round(target.value * 100) * required * gone]
  if (mine >= line) return 'onPace'
  return mine * 10 >= line * 9 ? 'atRisk' : 'behind'
}
