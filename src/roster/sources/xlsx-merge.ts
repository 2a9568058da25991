/**
 * Merged cells: only the first cell of a merged area has a text, and it counts for more than its own.
 */

/** Rows from 1, columns from 0, both ends within. */
export type Area = { top: number; left: number; bottom: number; right: number }

/**
 * What rows below the first of a merged area take over from it, column by column: an agency's name that stands once
 * beside many people is that of each. To the right nothing is taken over: a line across the table is one text.
 *
 * Rows have to come in their order.
 */
export class MergedDown<Cell> {
  readonly #columns: { column: number; areas: Area[]; next: number; cell: Cell | undefined }[]

  constructor(areas: readonly Area[]) {
    const byColumn = Map.groupBy(
      areas.filter(({ top, bottom }) => bottom > top),
      ({ left }) => left,
    )
    this.#columns = [...byColumn].map(([column, list]) => ({
      column,
      areas: list.sort((a, b) => a.top - b.top),
      next: 0,
      cell: undefined,
    }))
  }

  /** Takes over into a row what is merged down to it. The row's own cells, by column, are kept for those to come. */
  fill(row: number, own: Map<number, Cell>): void {
    for (const each of this.#columns) {
      let area = each.areas[each.next]
      while (area !== undefined && area.bottom < row) {
        each.next += 1
        each.cell = undefined
        area = each.areas[each.next]
      }
      if (area === undefined || row < area.top) continue
      if (row === area.top) each.cell = own.get(each.column)
      else if (each.cell !== undefined) own.set(each.column, each.cell)
    }
  }
}

/** The texts of a few rows with every merged area filled, in both directions: what a heading stands over. */
export function fillAreas(
  rows: ReadonlyMap<number, string[]>,
  areas: readonly Area[],
): Map<number, string[]> {
  const filled = new Map([...rows].map(([number, texts]) => [number, [...texts]]))
  for (const { top, left, bottom, right } of areas) {
    const text = rows.get(top)?.[left] ?? ''
    if (text === '') continue
    for (const [number, texts] of filled) {
      if (number < top || number > bottom) continue
      for (let column = left; column <= Math.min(right, texts.length - 1); column += 1) texts[column] = text
    }
  }
  return filled
}
