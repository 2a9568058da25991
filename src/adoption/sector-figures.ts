/** The figures of each sector (khối): the people counted at the agencies of it, added up. */
import { type Sector, type SectorOf, sectorName, sectorsInTree } from '../roster/sector.ts'
import {
  type AgencyFigures,
  type BoundsByIndicator,
  type Counts,
  countNames,
  type Rates,
  share,
} from './adoption.ts'
import type { Knowledge, Seen } from './coverage.ts'

export { type Sector, type SectorOf, sectorName, sectorsInTree }

export type SectorFigures = {
  /** null: agencies that have none, nor any above them. */
  code: string | null
  name: string | null
  /** Agencies in force of it. */
  agencies: number
} & Counts & {
    rate: Rates
    bounds: BoundsByIndicator
    /** 0–1: how much of the logs of the window was read, over the agencies of it. */
    completeness: number
  }

export type SectorQuery = {
  /** The whole tree of the day: a sector is inherited from above, also from above the scope. */
  figures: readonly AgencyFigures[]
  /** What is known of each of them, in the same order. */
  knowledge: readonly Knowledge[]
  /** Whether any block of the window has enough working days to ask an agency's people for regular use. */
  regularKnown: (agencyId: number) => boolean
  /** Ids of the agencies to be added up. */
  within: ReadonlySet<number>
  /** As configured: their order is that of the rows. */
  sectors: readonly Sector[]
}

/** One row for each sector that has an agency, the configured ones first, those without any last. */
export function sectorFigures(query: SectorQuery): SectorFigures[] {
  const { figures, knowledge, within, sectors } = query
  const sectorOf = sectorsInTree(figures)
  const members = figures.flatMap((agency, i) => {
    const known = knowledge[i]
    return within.has(agency.id) && known ? [{ agency, seen: known.own }] : []
  })
  const bySector = Map.groupBy(members, ({ agency }) => sectorOf.get(agency.id)?.code ?? null)
  const rank = (code: string | null) => {
    const at = sectors.findIndex(each => each.code === code)
    return code === null ? sectors.length + 1 : at < 0 ? sectors.length : at
  }
  return [...bySector]
    .sort(([a], [b]) => rank(a) - rank(b) || ((a ?? '') < (b ?? '') ? -1 : 1))
    .map(([code, of]) => rowOf(code, of, query))
}

type Member = { agency: AgencyFigures; seen: Seen }

function rowOf(
  code: string | null,
  members: readonly Member[],
  { sectors, regularKnown }: SectorQuery,
): SectorFigures {
  const counts = countsOf(members)
  const known = members.reduce((all, { seen }) => all + seen.known, 0)
  const asked = members.reduce((all, { seen }) => all + seen.asked, 0)
  const begun = members.some(({ seen }) => seen.begun)
  const rate = (count: number | null, isKnown: boolean) =>
    isKnown && count !== null ? share(count, counts.required ?? 0) : null
  return {
    code,
    name: code === null ? null : sectorName(code, sectors),
    agencies: members.length,
    ...counts,
    rate: {
      issued: rate(counts.issued, true),
      activated: rate(counts.activated, begun),
      used: rate(counts.used, known > 0),
      sending: rate(counts.sending, known > 0),
      regular: rate(counts.regular, known > 0 && members.some(({ agency }) => regularKnown(agency.id))),
    },
    bounds: {
      used: boundsOf(members, 'used'),
      sending: boundsOf(members, 'sending'),
      regular: boundsOf(members, 'regular'),
    },
    completeness: share(known, asked) ?? 0,
  }
}

function countsOf(members: readonly Member[]): Counts {
  const counts: Counts = {
    staff: 0,
    required: 0,
    issued: 0,
    activated: 0,
    used: 0,
    sending: 0,
    regular: 0,
  }
  for (const name of countNames) counts[name] = sum(members.map(({ agency }) => agency.own[name]))
  return counts
}

function boundsOf(members: readonly Member[], name: keyof BoundsByIndicator): [number | null, number | null] {
  return [
    sum(members.map(({ agency }) => agency.ownBounds[name][0])),
    sum(members.map(({ agency }) => agency.ownBounds[name][1])),
  ]
}

/** What is not known of one is not known of all together. */
function sum(counts: readonly (number | null)[]): number | null {
  return counts.reduce<number | null>(
    (all, count) => (all === null || count === null ? null : all + count),
    0,
  )
}
