/**
 * How much of an agency's use could be seen: which log sources cover it, and which days of the window they hold.
 *
 * "No data" must never look like "no use": a day that a covering log does not fully hold is a missing day for everybody
 * of that agency, and widens the bounds.
 */
import { addDays, type Day } from '../ids.ts'
import { namingKey, rulesByAgency } from '../mailbox/plan.ts'
import { type TreeAgency, WINDOW_DAYS, windowStart } from './adoption.ts'

/** Whose use a source shows; any of the lists is enough, everybody's without one. */
export type Covers = {
  platforms?: readonly string[]
  domains?: readonly string[]
  /** Codes, each for the agency and all below. */
  agencies?: readonly string[]
}

export type Coverage = {
  /** IANA zone in which days end. */
  timeZone: string
  /** The configured log sources. */
  sources: readonly { name: string; covers?: Covers }[]
  /** Which domain an agency's addresses are in, by the rule that names them. */
  naming: readonly { agency: string; sector?: string; domain: string }[]
  /** The one platform all mailboxes live on. */
  platform: string | null
}

/** What the tables know of a log source at the end of a window. */
export type Log = {
  name: string
  /** The calendar day, in the configured zone, of the highest instant read. */
  lastDay: Day | null
  /** The first day with a line. */
  firstDay: Day | null
  /** The days of the window with a line. */
  days: ReadonlySet<Day>
}

export type Seen = {
  /** Days known of those asked for, over all sources; a day read in part is a half. */
  known: number
  asked: number
  /** Days of the window, as a mask, that at least one source does not fully hold. */
  missing: number
  /** Whether any source had begun by the day. */
  begun: boolean
}

/** What is known of an agency alone, and of it with all below: there the sources of any of them count. */
export type Knowledge = { own: Seen; below: Seen }

const ALL_MISSING = 2 ** WINDOW_DAYS - 1

/** A source that is to be asked: as configured, and as the tables know it (null: never seen). */
export type Source = { name: string; covers?: Covers; log: Log | null }

/** The configured log sources; without any, those that were ingested by hand, for everybody. */
export function sourcesOf(coverage: Coverage, logs: readonly Log[]): Source[] {
  if (coverage.sources.length === 0) return logs.map(log => ({ name: log.name, log }))
  return coverage.sources.map(source => ({
    ...source,
    log: logs.find(log => log.name === source.name) ?? null,
  }))
}

/** How each agency of the tree is covered, in the order of the tree. */
export function knowledgeOf(
  tree: readonly TreeAgency[],
  coverage: Coverage,
  logs: readonly Log[],
  day: Day,
): { knowledge: Knowledge[]; sources: Source[]; covering: ReadonlySet<number>[] } {
  const sources = sourcesOf(coverage, logs)
  const held = sources.map(source => heldDays(source.log, day))
  const covering = coveringSources(tree, coverage, sources)
  const below = covering.map(set => new Set(set))
  for (let i = tree.length - 1; i >= 0; i--) {
    const parent = below[tree[i]?.parent ?? -1]
    for (const source of parent ? (below[i] ?? []) : []) parent?.add(source)
  }
  const seen = seenBy(sources, held, day)
  const knowledge = tree.map((_, i) => ({ own: seen(covering[i]), below: seen(below[i]) }))
  return { knowledge, sources, covering }
}

/** Each day of the window, the oldest first: 1 read past its midnight, ½ read in part, 0 without a line. */
export function heldDays(log: Log | null, day: Day): number[] {
  const from = windowStart(day)
  return Array.from({ length: WINDOW_DAYS }, (_, i) => {
    const each = addDays(from, i)
    if (!log?.days.has(each)) return 0
    return log.lastDay !== null && log.lastDay > each ? 1 : 0.5
  })
}

/** Agencies share few sets of sources, so each set is worked out once. */
function seenBy(sources: readonly Source[], held: readonly (readonly number[])[], day: Day) {
  const bySet = new Map<string, Seen>()
  return (set: ReadonlySet<number> = new Set()): Seen => {
    const key = [...set].sort((a, b) => a - b).join()
    const seen = bySet.get(key) ?? seenOf([...set], sources, held, day)
    bySet.set(key, seen)
    return seen
  }
}

function seenOf(
  set: number[],
  sources: readonly Source[],
  held: readonly (readonly number[])[],
  day: Day,
): Seen {
  const seen: Seen = {
    known: 0,
    asked: set.length * WINDOW_DAYS,
    missing: set.length === 0 ? ALL_MISSING : 0,
    begun: false,
  }
  for (const source of set) {
    const first = sources[source]?.log?.firstDay
    if (first && first <= day) seen.begun = true
    for (const [bit, value] of (held[source] ?? []).entries()) {
      seen.known += value
      if (value < 1) seen.missing |= 1 << bit
    }
  }
  return seen
}

/** The indexes of the sources that cover each agency of the tree. */
function coveringSources(
  tree: readonly TreeAgency[],
  coverage: Coverage,
  sources: readonly Source[],
): Set<number>[] {
  const domains = domainsOf(tree, coverage)
  // by code a source covers an agency and all below
  const named: Set<number>[] = []
  return tree.map((agency, i) => {
    const domain = domains.get(agency.id)
    const byCode = new Set(named[agency.parent ?? -1])
    named[i] = byCode
    const covering = new Set<number>()
    for (const [index, { covers }] of sources.entries()) {
      if (covers?.agencies?.includes(agency.code)) byCode.add(index)
      if (byCode.has(index) || coversMail(covers, domain, coverage.platform)) covering.add(index)
    }
    return covering
  })
}

/** The domain of each agency's addresses, as the plan of mailboxes would name them. */
function domainsOf(tree: readonly TreeAgency[], { naming }: Coverage): Map<number, string> {
  const rules = naming.map(({ agency, sector, domain }): [string, string] => [
    namingKey(agency, sector),
    domain.toLowerCase(),
  ])
  const nodes = tree.map(({ id, code, parentId, sector }) => ({ id, code, parent: parentId, sector }))
  return rulesByAgency(nodes, new Map(rules))
}

/** Whether a source covers an agency by where its mailboxes are. */
function coversMail(
  covers: Covers | undefined,
  domain: string | undefined,
  platform: string | null,
): boolean {
  const { platforms, domains, agencies } = covers ?? {}
  if (!platforms && !domains && !agencies) return true
  if (platforms && platform !== null && platforms.includes(platform)) return true
  return domain !== undefined && domains?.some(each => each.toLowerCase() === domain) === true
}
