/**
 * Sectors (khối): the second axis of agencies, beside the tree. A school stands below its commune and in education.
 *
 * An agency keeps the code of its sector; the names are configured. One that has none is counted in that of the nearest
 * agency above that has one, and shown as inheriting it.
 */
import { cleanText } from '../ids.ts'
import { foldText } from './name.ts'

export type Sector = { code: string; name: string }

/** The code of the sector that a directory, a file or a person means by its code or its name; null: none of them. */
export function parseSector(text: string, sectors: readonly Sector[]): string | null {
  const wanted = cleanText(text)
  const exact = sectors.find(each => each.code === wanted)
  if (exact) return exact.code
  const folded = loose(wanted)
  if (folded === '') return null
  return (
    sectors.find(each => loose(each.code) === folded)?.code ??
    sectors.find(each => loose(each.name) === folded)?.code ??
    null
  )
}

/** Without marks, signs and the word for it: `Khối Đảng - đoàn thể` is `Đảng, đoàn thể`. */
function loose(text: string): string {
  const words = foldText(text)
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
  return words.replace(/^khoi /, '')
}

/** The configured name of a code; one that is not configured any more is its own name. */
export function sectorName(code: string, sectors: readonly Sector[]): string {
  return sectors.find(each => each.code === code)?.name ?? code
}

export type SectorOf = { code: string; inherited: boolean }

/** The sector each agency counts in, by id, for those that have one. `tree`: each agency after the one above it. */
export function sectorsInTree(
  tree: readonly { id: number; depth: number; sector: string | null }[],
): Map<number, SectorOf> {
  const found = new Map<number, SectorOf>()
  const above: (string | null)[] = []
  for (const { id, depth, sector } of tree) {
    const inherited = depth === 0 ? null : (above[depth - 1] ?? null)
    above.length = depth
    above[depth] = sector ?? inherited
    if (sector !== null) found.set(id, { code: sector, inherited: false })
    else if (inherited !== null) found.set(id, { code: inherited, inherited: true })
  }
  return found
}

/** The same of agencies in any order. One whose parent is not among them stands at the top. */
export function sectorByAgency(
  agencies: readonly { id: number; parent: number | null; sector: string | null }[],
): Map<number, string> {
  const nodes = new Map(agencies.map(each => [each.id, each]))
  const found = new Map<number, string>()
  for (const { id } of agencies) {
    let node = nodes.get(id)
    // the tree is a tree in the database; the bound keeps a damaged one from holding us for ever
    for (let steps = 0; node && node.sector === null && steps < 100; steps++)
      node = node.parent === null ? undefined : nodes.get(node.parent)
    if (node && node.sector !== null) found.set(id, node.sector)
  }
  return found
}
