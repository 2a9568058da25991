/** Looking for agencies and people as they are typed: without diacritics, in either Unicode form; and lists in order. */
import { foldText, sortKeyOfTitle } from '../roster/name.ts'
import type { AgencyFigures } from './adoption.ts'
import { spokenTarget } from './stage.ts'

/** What is looked for: folded, for names, and in lower case, for staff ids and addresses. */
export type Search = { folded: string; lower: string }

/** null where nothing is asked for. */
export function searchOf(text: string): Search | null {
  const lower = text.normalize('NFC').toLowerCase().trim()
  return lower === '' ? null : { folded: foldText(text), lower }
}

/** Whether an agency is meant by a piece of its name or of its code. */
export function isMeant(agency: { name: string; code: string }, { folded, lower }: Search): boolean {
  const named = folded !== '' && foldText(agency.name).includes(folded)
  return named || agency.code.toLowerCase().includes(lower)
}

export const agencyOrders = ['tree', 'name', 'required', 'regular', 'gap'] as const
export type AgencyOrder = (typeof agencyOrders)[number]

/** Agencies in an order; they come in that of the tree, which decides between equals. */
export function ordered(agencies: readonly AgencyFigures[], order: AgencyOrder): AgencyFigures[] {
  switch (order) {
    case 'tree':
      return [...agencies]
    case 'name':
      return byText(agencies, agency => sortKeyOfTitle(agency.name))
    case 'required':
      return byNumber(agencies, agency => agency.required, -1)
    case 'regular':
      return byNumber(agencies, regularShare, 1)
    case 'gap':
      return byNumber(agencies, agency => spokenTarget(agency)?.gap ?? null, -1)
  }
}

function regularShare({ rate, regular, required }: AgencyFigures): number | null {
  return rate.regular === null || !required ? null : (regular ?? 0) / required
}

/** What is not known stands last, whichever way the rest goes. */
function byNumber(
  agencies: readonly AgencyFigures[],
  value: (agency: AgencyFigures) => number | null,
  direction: 1 | -1,
): AgencyFigures[] {
  return agencies.toSorted((a, b) => {
    const [left, right] = [value(a), value(b)]
    if (left === null || right === null) return Number(left === null) - Number(right === null)
    return direction * (left - right)
  })
}

function byText(agencies: readonly AgencyFigures[], key: (agency: AgencyFigures) => string): AgencyFigures[] {
  const keys = new Map(agencies.map(agency => [agency, key(agency)]))
  return agencies.toSorted((a, b) => {
    const [left = '', right = ''] = [keys.get(a), keys.get(b)]
    return left === right ? 0 : left < right ? -1 : 1
  })
}
