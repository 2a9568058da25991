/**
 * The decisions of a plan that are functions of values: which rule names an agency's people, which address each
 * gets, how large a mailbox is.
 */
import { type Address, cleanText } from '../ids.ts'
import { foldText } from '../roster/name.ts'
import { sectorByAgency } from '../roster/sector.ts'
import {
  type AddressOwner,
  candidates,
  type Naming,
  numbered,
  type Pattern,
  parsePattern,
} from './address.ts'
import type { PlatformEntry } from './connector.ts'

export type NamingRule = {
  agency: string
  sector?: string
  domain: string
  pattern: string
  collision: readonly string[]
}

/** A naming rule ready for use. */
export type Rule = { domain: string; naming: Naming }

/** Under which a rule is found: an agency, or one with the sector the rule is for. */
export function namingKey(agency: string, sector: string | undefined): string {
  return sector === undefined ? cleanText(agency) : `${cleanText(agency)}\n${sector}`
}

/** Parses the configured rules, by `namingKey`. The error says which rule and what is wrong with it. */
export function parseRules(rules: readonly NamingRule[]): Map<string, Rule> | { error: string } {
  const parsed = new Map<string, Rule>()
  for (const rule of rules) {
    const patterns: Pattern[] = []
    for (const text of [rule.pattern, ...rule.collision]) {
      const pattern = parsePattern(text)
      if ('error' in pattern) return { error: `the naming rule of ${rule.agency}: ${pattern.error}` }
      patterns.push(pattern)
    }
    const [pattern, ...collision] = patterns
    if (pattern)
      parsed.set(namingKey(rule.agency, rule.sector), {
        domain: rule.domain.toLowerCase(),
        naming: { pattern, collision },
      })
  }
  return parsed
}

export type AgencyNode = { id: number; code: string; parent: number | null; sector: string | null }

/**
 * The nearest rule at or above each agency; `*` stands for the whole. Of the rules of one agency the one for the sector of
 * those it names goes first, the one without a sector after it. Agencies without one are left out.
 */
export function rulesByAgency<R>(
  agencies: readonly AgencyNode[],
  rules: ReadonlyMap<string, R>,
): Map<number, R> {
  const nodes = new Map(agencies.map(agency => [agency.id, agency]))
  const sectors = sectorByAgency(agencies)
  const found = new Map<number, R>()
  for (const agency of agencies) {
    const sector = sectors.get(agency.id)
    const ruleOf = (code: string) =>
      rules.get(namingKey(code, sector)) ?? rules.get(namingKey(code, undefined))
    let rule: R | undefined
    let node: AgencyNode | undefined = agency
    // the tree is a tree in the database; the bound keeps a damaged one from holding us for ever
    for (let steps = 0; node && rule === undefined && steps < 100; steps++) {
      rule = ruleOf(node.code)
      node = node.parent === null ? undefined : nodes.get(node.parent)
    }
    rule ??= ruleOf('*')
    if (rule !== undefined) found.set(agency.id, rule)
  }
  return found
}

/** A possible address; `series` names what the ordinal counts, and is null without one. */
export type Proposal = { address: Address; series: string | null; n: number }

/** Where each series of ordinals goes on, so that the four hundredth An is not tried from 2 again. */
export type Ordinals = Map<string, number>

/** No province has as many people of one name; past it a pattern is broken. */
const HIGHEST_ORDINAL = 100_000

/**
 * What to try for a person, in order: patterns without an ordinal first, then ordinals without end. Those who share
 * `ordinals` are never proposed the same one.
 */
export function* proposals(owner: AddressOwner, naming: Naming, ordinals: Ordinals): Generator<Proposal> {
  const patterns = [naming.pattern, ...naming.collision]
  for (const pattern of patterns.filter(each => !each.numbered)) {
    for (const address of candidates(owner, { pattern, collision: [] })) yield { address, series: null, n: 0 }
  }
  for (const pattern of patterns.filter(each => each.numbered)) {
    const series = `${pattern.text} ${numbered(pattern, owner, 0) ?? ''}`
    while (true) {
      const n = ordinals.get(series) ?? 2
      const address = n < HIGHEST_ORDINAL ? numbered(pattern, owner, n) : null
      if (!address) break
      ordinals.set(series, n + 1)
      yield { address, series, n }
    }
  }
}

const UNITS: Record<string, number> = { K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 }

/** Bytes of `2 GB` or `500 MB` (powers of 1024); 0 means no limit. The form was checked by the configuration. */
export function parseQuota(text: string): number {
  const unit = UNITS[text.slice(-2, -1)]
  return Math.round(Number.parseFloat(text) * (unit ?? 1))
}

/** An entry of the platform as it is kept between runs. */
export type ListedEntry = {
  address: Address
  kind: 'mailbox' | 'alias'
  name: string | null
  searchKey: string | null
  suspended: boolean | null
  targets: string[] | null
}

export function listed(entry: PlatformEntry): ListedEntry {
  if (entry.kind === 'alias') {
    const targets = entry.active ? entry.targets : []
    return { address: entry.address, kind: 'alias', name: null, searchKey: null, suspended: null, targets }
  }
  const { address, name, suspended } = entry
  return { address, kind: 'mailbox', name, searchKey: foldText(name), suspended, targets: null }
}
