/**
 * Who must have a mailbox: class × position × sector, each rule with the document that says so.
 *
 * Here the configured rules become lists of what the tables hold, on one day: titles as the roster spells them and
 * agencies by id. `eligibility-store.ts` asks with those lists; it alone decides.
 */
import { cleanText } from '../ids.ts'
import { foldText } from './name.ts'
import { sectorByAgency } from './sector.ts'

/** A rule as configured; every list that is there must fit. */
export type EligibilityRule = {
  staffClasses?: readonly string[]
  /** In any case and without marks; `*` stands for any text. */
  titles?: readonly string[]
  sectors?: readonly string[]
  /** Codes, each for the agency and all below. */
  agencies?: readonly string[]
  required: boolean
  /** Number, day and subject of the document behind the rule. */
  document: string
}

export type EligibilitySettings = {
  /** Who must have a mailbox where no rule fits. In any case and Unicode form. */
  staffClasses: readonly string[]
  eligibility: readonly EligibilityRule[]
}

/** A rule as the tables can be asked; null: whatever it is. */
export type ResolvedRule = {
  staffClasses: readonly string[] | null
  /** As the roster spells them; `''` is no title at all. */
  titles: readonly string[] | null
  agencies: readonly number[] | null
  required: boolean
}

/** What decides on one day: the first rule that fits, else the class. */
export type Eligibility = { staffClasses: readonly string[]; rules: readonly ResolvedRule[] }

/** An agency in force on the day. */
export type PlacedAgency = { id: number; code: string; parent: number | null; sector: string | null }

/** `titles`: for each rule those that fit it, null where the rule asks for none. */
export function resolveRules(
  { staffClasses, eligibility }: EligibilitySettings,
  agencies: readonly PlacedAgency[],
  titles: readonly (readonly string[] | null)[],
): Eligibility {
  return {
    staffClasses: staffClasses.map(classKey),
    rules: eligibility.map((rule, i) => ({
      staffClasses: rule.staffClasses?.map(classKey) ?? null,
      titles: titles[i] ?? null,
      agencies: placesOf(rule, agencies),
      required: rule.required,
    })),
  }
}

/** A staff class as the roster keeps it. */
function classKey(text: string): string {
  return cleanText(text).toLowerCase()
}

/** The agencies a rule speaks of, or null for all. */
function placesOf({ sectors, agencies }: EligibilityRule, all: readonly PlacedAgency[]): number[] | null {
  if (sectors === undefined && agencies === undefined) return null
  const sectorOf = sectorByAgency(all)
  const inSector = ({ id }: PlacedAgency) => sectors?.includes(sectorOf.get(id) ?? '') ?? true
  const below = agencies && belowOf(agencies, all)
  return all.filter(each => inSector(each) && (below?.has(each.id) ?? true)).map(each => each.id)
}

/** The agencies of these codes and all below them. */
function belowOf(codes: readonly string[], all: readonly PlacedAgency[]): ReadonlySet<number> {
  const wanted = new Set(codes.map(cleanText))
  const children = Map.groupBy(all, each => each.parent)
  const found = new Set(all.filter(each => wanted.has(each.code)).map(each => each.id))
  // a set goes on over what is added meanwhile, each once: a ring of parents ends too
  for (const id of found) for (const child of children.get(id) ?? []) found.add(child.id)
  return found
}

/** Whether a title fits one of the patterns of a rule. */
export function titleMatcher(patterns: readonly string[]): (title: string) => boolean {
  const pieces = patterns.map(pattern => foldText(pattern).split('*'))
  return title => {
    const folded = foldText(title)
    return pieces.some(each => fits(folded, each))
  }
}

/** Whether a text is these pieces with anything between; sought from left to right, so that no pattern is slow. */
function fits(text: string, pieces: readonly string[]): boolean {
  const [first = '', ...rest] = pieces
  const last = rest.pop()
  if (last === undefined) return text === first
  if (!text.startsWith(first)) return false
  let at = first.length
  for (const piece of rest) {
    const found = text.indexOf(piece, at)
    if (found < 0) return false
    at = found + piece.length
  }
  return text.length - last.length >= at && text.endsWith(last)
}
