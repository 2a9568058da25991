/** Agencies over time as the API and the command line answer them. Days before records and still to come are null. */
import { type Day, parseDay } from '../ids.ts'
import type { AgencyName } from './agency-change.ts'
import { readAgencyCode } from './agency-code.ts'
import type { InTree } from './agency-tree.ts'
import type { SectorOf } from './sector.ts'

type Listed = AgencyName & { level: string; sector: string | null; parentId: number | null; since: string }

export function treeJson(asOf: Day, tree: readonly InTree<Listed>[], sectors: ReadonlyMap<number, SectorOf>) {
  const codes = new Map(tree.map(each => [each.id, each.code]))
  return {
    asOf,
    agencies: tree.map(({ id, code, name, level, sector, parentId, since }) => ({
      id,
      code,
      name,
      level,
      sector,
      countedIn: sectors.get(id)?.code ?? null,
      parent: codes.get(parentId ?? 0) ?? null,
      since: parseDay(since),
    })),
  }
}

type HistoryParts = {
  id: number
  /** The newest first. */
  periods: readonly {
    firstDay: string
    lastDay: string
    code: string
    name: string
    level: string
    sector: string | null
    parent: AgencyName | null
    decision: { number: string; day: Day } | null
    byHand: boolean
    endedBy: { decision: { number: string; day: Day } | null } | null
    source: string
  }[]
  below: readonly (AgencyName & { firstDay: string; lastDay: string })[]
  movements: readonly { month: string; came: number; left: number }[]
  sameCode: readonly AgencyName[]
  isSeen: (id: number) => boolean
}

export function historyJson({ id, periods, below, movements, sameCode, isSeen }: HistoryParts) {
  const [latest] = periods
  return {
    agency: { id, code: latest?.code ?? '', name: latest?.name ?? '', open: latest?.lastDay === 'infinity' },
    periods: periods.map(({ firstDay, lastDay, parent, source, code, ...rest }) => ({
      firstDay: parseDay(firstDay),
      lastDay: parseDay(lastDay),
      code,
      format: readAgencyCode(code)?.format ?? null,
      ...rest,
      parent: parent !== null && isSeen(parent.id) ? parent : null,
      source: source === '' ? null : source,
    })),
    below: below.map(({ firstDay, lastDay, ...agency }) => ({
      ...agency,
      firstDay: parseDay(firstDay),
      lastDay: parseDay(lastDay),
    })),
    movements,
    sameCode,
  }
}

export function agencyJson({ id, code, name }: AgencyName): AgencyName {
  return { id, code, name }
}
