/** The agencies of a day as a tree, and the part of it that an operator may see. */
import type { AgencyName } from './agency-change.ts'

type Placed = AgencyName & { parentId: number | null }
export type InTree<Agency extends Placed> = Agency & { depth: number }

/**
 * Each agency after the one above it, in the order they come in among siblings. One whose parent is not there stands at
 * the top, and so does one of a ring: nothing vanishes because a source is wrong.
 */
export function agencyTree<Agency extends Placed>(agencies: readonly Agency[]): InTree<Agency>[] {
  const known = new Set(agencies.map(each => each.id))
  const top = (each: Agency) => each.parentId === null || !known.has(each.parentId)
  const below = Map.groupBy(
    agencies.filter(each => !top(each)),
    each => each.parentId,
  )
  const tree: InTree<Agency>[] = []
  const placed = new Set<number>()
  const place = (agency: Agency, depth: number) => {
    if (placed.has(agency.id)) return
    placed.add(agency.id)
    tree.push({ ...agency, depth })
    for (const child of below.get(agency.id) ?? []) place(child, depth + 1)
  }
  for (const agency of agencies.filter(top)) place(agency, 0)
  for (const agency of agencies) place(agency, 0)
  return tree
}

/** An agency with all below it; [] where it is not in the tree. */
export function subtreeOf<Agency extends Placed>(
  tree: readonly InTree<Agency>[],
  id: number,
): InTree<Agency>[] {
  const at = tree.findIndex(each => each.id === id)
  const top = tree[at]
  if (!top) return []
  const end = tree.findIndex((each, i) => i > at && each.depth <= top.depth)
  return tree.slice(at, end < 0 ? tree.length : end)
}
