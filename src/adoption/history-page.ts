/** The weeks behind a figure: what changed since seven and 28 days ago, and the chart of the kept figures. */

import { addDays } from '../ids.ts'
import { lineChart } from '../web/chart.ts'
import { html } from '../web/html.ts'
import { type AgencyFigures, subtreeEnd } from './adoption.ts'
import { figuresRequest } from './command.ts'
import type { Pages, View } from './page.ts'
import { figuresKept, type KeptFigure, type Movement, movementOf, weeklyFigures } from './page-store.ts'
import { type Ground, readGround } from './report.ts'
import { chartWeeks, hidesMany, WEEKS } from './stage.ts'

/** What the hero and the table need beside the figures of the day. */
export type History = {
  movement: Movement | null
  weeks: (KeptFigure & { week: number })[]
}

export async function historyOf(pages: Pages, view: View, agency: AgencyFigures): Promise<History> {
  const { db } = pages.context.database
  return {
    movement: await sharedMovement(pages, view, agency),
    weeks: await weeklyFigures(db, agency.id, view.day, WEEKS),
  }
}

/** Who began, ceased, came and left since seven days ago; null where one of the days is not known, or too little of it. */
function sharedMovement(pages: Pages, view: View, agency: AgencyFigures): Promise<Movement | null> {
  if (agency.rate.regular === null) return Promise.resolve(null)
  // by agency and of the whole of it, so that it is the same for everybody who may see the agency
  return pages.movements(`${view.day} ${agency.id}`, async () => {
    const { db } = pages.context.database
    const earlier = await readGround(db, await figuresRequest(pages.context, addDays(view.day, -7)))
    const before = groundBelow(earlier, agency.id)
    const after = groundBelow(view.ground, agency.id)
    if (!before || !after) return null
    const moved = await movementOf(db, before, after)
    const hides =
      hidesMany(moved.hiddenBefore, moved.requiredBefore) || hidesMany(moved.hiddenAfter, moved.requiredAfter)
    return hides ? null : moved
  })
}

function groundBelow({ tree, knowledge, rosterKnown, query }: Ground, agencyId: number) {
  const at = tree.findIndex(each => each.id === agencyId)
  if (at < 0 || !rosterKnown || !knowledge[at]?.below.known) return null
  const end = subtreeEnd(tree, at)
  // not where nobody there has a week with enough working days
  if (!query.agencies.slice(at, end).some(each => (query.rules[each.rule]?.kept ?? 0) > 0)) return null
  return { query, agencies: tree.slice(at, end).map(each => each.id) }
}

/** The kept figures of 28 days ago, by agency. */
export async function monthAgo(
  pages: Pages,
  view: View,
  agencies: readonly AgencyFigures[],
): Promise<Map<number, KeptFigure>> {
  const ids = agencies.map(each => each.id)
  return figuresKept(pages.context.database.db, addDays(view.day, -28), ids)
}

/** The chart by week, with a table of the same numbers behind it; drawn once for all who look at the agency. */
export async function historyFigure(
  { charts }: Pages,
  { words, locale, day }: View,
  agency: AgencyFigures,
  { weeks }: History,
): Promise<string> {
  const points = chartWeeks(day, agency, weeks)
  if (points.filter(each => each.total !== null).length < 2)
    return html`<p class="stamp mb-0">${words.chart.none}</p>`
  return charts(`${day} ${agency.id} ${locale}`, () =>
    lineChart({
      locale,
      caption: words.chart.title,
      countLabel: words.chart.regular,
      totalLabel: words.chart.required,
      points,
    }),
  )
}
