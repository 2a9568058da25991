/** Agencies by sector (khối): the second axis beside the tree. */
import type { FastifyRequest } from 'fastify'
import { mayAnywhere } from '../access/access.ts'
import { operatorOf } from '../access/plugin.ts'
import { bar, table, tableCard, tabs } from '../web/components.ts'
import { number, part } from '../web/format.ts'
import { html } from '../web/html.ts'
import { addressOf } from '../web/query.ts'
import type { AgencyFigures } from './adoption.ts'
import { words as figureWords } from './messages.ts'
import { hrefOf, type Pages, type View } from './page.ts'
import { sectorsOf } from './report.ts'
import {
  type Sector,
  type SectorFigures,
  type SectorOf,
  sectorName,
  sectorsInTree,
} from './sector-figures.ts'

export function viewTabs(view: View, bySector: boolean): string {
  const { words } = view
  return tabs(words.sectors.views, [
    { href: hrefOf(view, '/agencies'), text: words.sectors.byAgency, active: !bySector },
    { href: hrefOf(view, '/agencies', { view: 'sector' }), text: words.sectors.bySector, active: bySector },
    { href: hrefOf(view, '/agencies/tree'), text: words.sectors.tree, active: false },
  ])
}

export function sectorCard({ context }: Pages, view: View, request: FastifyRequest): string {
  const { words, locale } = view
  const say = words.sectors
  const rows = sectorsOf(view, view.visible, context.config.roster.sectors).map(each => rowOf(view, each))
  const { counts } = figureWords[locale]
  const columns = [
    { title: words.table.sector },
    { title: say.agencies, number: true, wide: true },
    { title: words.table.required, number: true },
    { title: words.table.issued, number: true, wide: true },
    { title: counts.activated, number: true, wide: true },
    { title: counts.used, number: true, wide: true },
    { title: words.table.regular, number: true },
    { title: words.table.bar, wide: true, quiet: true },
  ]
  const file = mayAnywhere(operatorOf(request), 'export')
    ? html`<a class="btn btn-sm" href="${hrefOf(view, '/export/sectors.csv')}" download>${words.table.export}</a>`
    : ''
  return tableCard({
    title: say.title,
    actions: file,
    table: table(say.title, columns, rows),
    foot: html`<span class="stamp">${say.text}</span>`,
  })
}

function rowOf(view: View, sector: SectorFigures): string[] {
  const { words, locale } = view
  const { code, name, required, regular, rate } = sector
  const cell = (stage: 'issued' | 'activated' | 'used' | 'regular') =>
    part(locale, rate[stage] === null ? null : sector[stage], required)
  const share = rate.regular === null || !required ? null : (regular ?? 0) / required
  const high = required ? (sector.bounds.regular[1] ?? 0) / required : share
  const title =
    code === null
      ? html`<b>${figureWords[locale].noSector}</b>`
      : html`<a class="text-reset fw-medium" href="${hrefOf(view, '/agencies', { sector: code })}">${name}</a>`
  const label = `${words.stage.regular}: ${share === null ? words.statusIn.unknown : cell('regular')}`
  return [
    title,
    number(locale, sector.agencies),
    number(locale, required),
    cell('issued'),
    cell('activated'),
    cell('used'),
    html`<b>${cell('regular')}</b>`,
    required === 0 ? '' : bar(share, 'met', label, high),
  ]
}

export type SectorsSeen = { of: ReadonlyMap<number, SectorOf>; named: Sector[] }

/** The sector each agency counts in, and those that occur among the ones in view, in the configured order. */
export function sectorsSeen({ context }: Pages, { figures, visible }: View): SectorsSeen {
  const { sectors } = context.config.roster
  const of = sectorsInTree(figures)
  const codes = new Set(visible.flatMap(each => of.get(each.id)?.code ?? []))
  const configured = sectors.filter(each => codes.has(each.code))
  const others = [...codes].filter(code => !sectors.some(each => each.code === code))
  return { of, named: [...configured, ...others.map(code => ({ code, name: code }))] }
}

/** Which sector an agency counts in, and the way to its history. */
export function placeFacts({ context }: Pages, view: View, { id, code }: AgencyFigures): [string, string][] {
  const { words } = view
  const found = sectorsInTree(view.figures).get(id)
  const path = `/agencies/${encodeURIComponent(code)}/history`
  const link = html`<a href="${addressOf(path, { id })}">${words.sectors.history}</a>`
  if (!found) return [[words.sectors.time, link]]
  const name = sectorName(found.code, context.config.roster.sectors)
  const note = found.inherited ? html` <span class="stamp">(${words.sectors.inherited})</span>` : ''
  return [
    [words.table.sector, html`${name}!${note}`],
    [words.sectors.time, link],
  ]
}
