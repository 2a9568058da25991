/** The figures of one day: read what is known, count, add up, compare with the targets; and keep them. */
import type { Db } from '../database/database.ts'
import { AppError } from '../error.ts'
import type { Day } from '../ids.ts'
import { loadEligibility } from '../roster/eligibility-store.ts'
import {
  type AdoptionReport,
  type AgencyFigures,
  agencyFigures,
  confirmedDays,
  FIGURE_DEFINITION,
  nobody,
  type Policy,
  regularKnownOf,
  type Schedule,
  schedulesOn,
  subtreeEnd,
  type TreeAgency,
  toAgencyJson,
  treeOrder,
  type WorkingDays,
  withBelow,
} from './adoption.ts'
import { type Coverage, type Covers, type Knowledge, knowledgeOf, type Source } from './coverage.ts'
import { type Sector, type SectorFigures, sectorFigures } from './sector-figures.ts'
import {
  countByAgency,
  findAnomalies,
  firstRosterDay,
  loadAgencies,
  loadConfirmations,
  loadLogs,
  type StateQuery,
  saveFigures,
} from './store.ts'
import { type Target, targetsOf } from './target.ts'

export type FiguresRequest = {
  day: Day
  /** The day has not ended yet. */
  partial: boolean
  policy: Policy
  calendar: WorkingDays
  /** By the code of a sector, for agencies of it; the common one without. */
  sectorCalendars?: ReadonlyMap<string, WorkingDays>
  coverage: Coverage
}

/** What the figures need of the configuration; all of it is such a thing. */
export type AdoptionSettings = {
  timeZone: string
  roster: Pick<Policy, 'sectors'>
  mailbox: Pick<Policy, 'staffClasses' | 'eligibility'> & {
    naming: Coverage['naming']
    platforms: readonly { name: string }[]
  }
  activity: {
    sources: readonly ({ name: string; kind: 'log'; covers?: Covers } | { name: string; kind: 'imap' })[]
  }
  adoption: { regularNeedsSend: boolean; targets: readonly Target[] }
}

/** The policy and the coverage as configured. */
export function settingsOf(config: AdoptionSettings): { policy: Policy; coverage: Coverage } {
  const { timeZone, roster, mailbox, activity, adoption } = config
  return {
    policy: {
      staffClasses: mailbox.staffClasses,
      eligibility: mailbox.eligibility,
      sectors: roster.sectors,
      regularNeedsSend: adoption.regularNeedsSend,
      targets: adoption.targets,
    },
    coverage: {
      timeZone,
      sources: activity.sources.flatMap(source => (source.kind === 'log' ? [source] : [])),
      naming: mailbox.naming,
      platform: mailbox.platforms[0]?.name ?? null,
    },
  }
}

/** What stands on a day before anybody is counted. The lists go by the order of the tree. */
export type Ground = {
  tree: TreeAgency[]
  knowledge: Knowledge[]
  sources: Source[]
  /** The indexes of the sources that cover each agency by itself. */
  covering: ReadonlySet<number>[]
  /** The schedules there are, the common one first; which of them each agency has. */
  schedules: readonly Schedule[]
  scheduleOf: readonly number[]
  rosterKnown: boolean
  query: StateQuery
}

export async function readGround(db: Db, request: FiguresRequest): Promise<Ground> {
  const { day, policy, coverage } = request
  const tree = treeOrder(await loadAgencies(db, day))
  const rosterDay = await firstRosterDay(db)
  const logs = await loadLogs(db, day, coverage.timeZone)
  const seen = knowledgeOf(tree, coverage, logs, day)
  const { schedules, scheduleOf } = schedulesOn(day, tree, request)
  const agencies = tree.map(({ id, code }, i) => {
    const missing = seen.knowledge[i]?.own.missing ?? 0
    return { id, code, missing, rule: scheduleOf[i] ?? 0 }
  })
  const rosterKnown = rosterDay !== null && day >= rosterDay
  const eligibility = await loadEligibility(db, day, policy)
  const rules = schedules.map(each => each.rule)
  const query = { day, policy, eligibility, rules, agencies }
  return { ...seen, tree, schedules, scheduleOf, rosterKnown, query }
}

/** The schedule of an agency; the common one for one that is not in force. */
export function scheduleAt({ tree, schedules, scheduleOf }: Ground, agencyId: number | null): Schedule {
  const index = tree.findIndex(each => each.id === agencyId)
  const schedule = schedules[scheduleOf[index] ?? 0] ?? schedules[0]
  if (!schedule) throw new Error('no calendar')
  return schedule
}

/** Figures of every agency in force that day, each with all below it, children after their parent. */
export async function computeFigures(db: Db, request: FiguresRequest): Promise<AgencyFigures[]> {
  return figuresOn(db, request, await readGround(db, request))
}

async function figuresOn(db: Db, request: FiguresRequest, ground: Ground): Promise<AgencyFigures[]> {
  const { tree, rosterKnown } = ground
  const counts = await countByAgency(db, ground.query)
  const own = tree.map(agency => counts.get(agency.id) ?? nobody)
  const totals = withBelow(tree, own)
  const regular = regularKnownOf(tree, own, ground)
  const confirmed = confirmedDays(tree, await loadConfirmations(db))
  const figures = tree.flatMap((agency, i) => {
    const [mine, total, knowledge] = [own[i], totals[i], ground.knowledge[i]]
    if (!mine || !total || !knowledge) return []
    const parentCode = tree[agency.parent ?? -1]?.code ?? null
    const regularKnown = regular[i] ?? false
    const confirmedOn = confirmed[i] ?? null
    const known = { knowledge, rosterKnown, regularKnown, confirmedOn }
    return [agencyFigures({ agency, parentCode, own: mine, total, ...known })]
  })
  const targets = targetsOf(figures, request.policy.targets, request.day)
  return figures.map((each, i) => ({ ...each, targets: targets[i] ?? [] }))
}

/**
 * The object of `hopthu adoption --json`, of all agencies or of one with all below it.
 * Throws `not_found` where no agency of that code is in force on the day.
 */
export async function adoptionReport(
  db: Db,
  request: FiguresRequest & { agency?: string },
): Promise<AdoptionReport> {
  const { report } = await adoptionFigures(db, request)
  return report
}

/** The same, with the figures behind it, which a table or a page draws. */
export async function adoptionFigures(
  db: Db,
  request: FiguresRequest & { agency?: string },
): Promise<{ report: AdoptionReport; figures: AgencyFigures[]; known: KnownFigures }> {
  const { day, agency } = request
  const known = await readFigures(db, request)
  const figures = agency === undefined ? known.figures : subtree(known.figures, agency, day)
  const found = await anomaliesOf(db, known.ground, figures)
  return { report: reportOf(request, figures, found), figures, known }
}

export type KnownFigures = { ground: Ground; figures: AgencyFigures[] }

/** The figures of every agency in force that day, with what they stand on. */
export async function readFigures(db: Db, request: FiguresRequest): Promise<KnownFigures> {
  const ground = await readGround(db, request)
  return { ground, figures: await figuresOn(db, request, ground) }
}

/** The figures of each sector over some of the agencies. */
export function sectorsOf(
  { ground, figures }: KnownFigures,
  within: readonly AgencyFigures[],
  sectors: readonly Sector[],
): SectorFigures[] {
  return sectorFigures({
    figures,
    knowledge: ground.knowledge,
    regularKnown: id => scheduleAt(ground, id).rule.kept > 0,
    within: new Set(within.map(each => each.id)),
    sectors,
  })
}

type Anomalies = Awaited<ReturnType<typeof findAnomalies>>

/** Who falls out of order at these agencies; nobody is known to before the first complete roster. */
export async function anomaliesOf(
  db: Db,
  ground: Ground,
  figures: readonly AgencyFigures[],
): Promise<Anomalies> {
  if (!ground.rosterKnown) return { anomalies: [], total: 0 }
  const ids = figures.map(each => each.id)
  return findAnomalies(db, ground.query, ids)
}

/** The object of `hopthu adoption --json`. */
export function reportOf(
  { day, partial }: Pick<FiguresRequest, 'day' | 'partial'>,
  figures: readonly AgencyFigures[],
  { anomalies, total }: Anomalies,
): AdoptionReport {
  return {
    asOf: day,
    partial,
    definition: FIGURE_DEFINITION,
    agencies: figures.map(toAgencyJson),
    anomalies,
    anomaliesTotal: total,
  }
}

function subtree(figures: AgencyFigures[], code: string, day: Day): AgencyFigures[] {
  const at = figures.findIndex(each => each.code === code)
  if (at < 0)
    throw new AppError('not_found', `no agency has the code ${code} on ${day}`, { details: { agency: code } })
  return figures.slice(at, subtreeEnd(figures, at))
}

/**
 * Computes the figures of a day and keeps those that changed; answers how many rows were written, 0 the second time.
 * Days before the first complete roster are not kept: nothing of them is known.
 */
export async function keepFigures(db: Db, request: FiguresRequest): Promise<number> {
  return saveFigures(db, request.day, await computeFigures(db, request))
}
