/** `/agencies/tree`: the organisation of any day, what it became since, and the days on which it changed. */

import type { Day } from '../ids.ts'
import {
  actionButton,
  badge,
  card,
  empty,
  input,
  pageHead,
  pager,
  table,
  tableCard,
  tabs,
} from '../web/components.ts'
import { day as dayText, type Locale, number } from '../web/format.ts'
import { html } from '../web/html.ts'
import { addressOf } from '../web/query.ts'
import { agencyLevelText, agencyWords, stuckText } from './agency-messages.ts'
import type { AgencyOn, WaitingChange } from './agency-store.ts'
import type { InTree } from './agency-tree.ts'
import { type Sector, type SectorOf, sectorName } from './sector.ts'

export const treePath = '/agencies/tree'

export type TreeView = {
  locale: Locale
  day: Day
  today: Day
  /** The part of the tree on this page, and of how many. */
  agencies: readonly InTree<AgencyOn>[]
  total: number
  /** Rows before these, and the number of the page from 1. */
  first: number
  page: number
  /** Depth of the topmost agency in view. */
  top: number
  sectors: readonly Sector[]
  sectorOf: ReadonlyMap<number, SectorOf>
  /** What each is called now, of those that are there now; null where the day shown is today. */
  now: ReadonlyMap<number, AgencyOn> | null
  turns: readonly { day: Day; agencies: number }[]
  waiting: readonly WaitingChange[]
  mayManage: boolean
  csrf: string
}

export function treePage(view: TreeView): string {
  const { locale, day, today, total } = view
  const say = agencyWords[locale]
  return [
    pageHead({
      title: day === today ? say.treeNow : say.treeOn(dayText(day)),
      stamp: html`${say.count(number(locale, total))}`,
    }),
    viewTabs(view),
    dayForm(view),
    day === today ? waitingCard(view) : '',
    treeCard(view),
    turnsCard(view),
  ].join('')
}

/** The tree beside the figures of the same agencies, as on their pages. */
function viewTabs({ locale, day, today }: TreeView): string {
  const say = agencyWords[locale]
  const asOf = day === today ? null : day
  return tabs(say.tree, [
    { href: addressOf('/agencies', { asOf }), text: say.byAgency, active: false },
    { href: addressOf('/agencies', { view: 'sector', asOf }), text: say.bySector, active: false },
    { href: treePath, text: say.tree, active: true },
  ])
}

function dayForm({ locale, day, today, mayManage }: TreeView): string {
  const say = agencyWords[locale]
  const add = mayManage ? html`<a class="btn btn-primary" href="/agencies/open">${say.openAgency}</a>` : ''
  const now = day === today ? '' : html`<a class="btn" href="${treePath}">${say.today}</a>`
  return html`<form class="filter mb-3" action="${treePath}"><div><label class="form-label" for="asOf">${say.day}</label>!${input({ id: 'asOf', type: 'date', value: day, more: { max: today } })}</div><button class="btn">${say.see}</button>!${now}!${add}</form>`
}

function treeCard(view: TreeView): string {
  const { locale, agencies } = view
  const say = agencyWords[locale]
  if (agencies.length === 0)
    return html`<section class="card mb-3">!${empty({ title: say.none, text: say.noneText })}</section>`
  const columns = [
    { title: say.agency },
    { title: say.level, wide: true },
    { title: say.sector, wide: true },
    { title: say.since, wide: true },
  ]
  const rows = agencies.map(agency => [
    agencyCell(view, agency),
    html`${agencyLevelText(locale, agency.level)}`,
    sectorCell(view, agency.id),
    html`${agency.since === '-infinity' ? '–' : dayText(agency.since)}`,
  ])
  return tableCard({ title: say.tree, table: table(say.tree, columns, rows), foot: footOf(view) })
}

function agencyCell(view: TreeView, agency: InTree<AgencyOn>): string {
  const { top } = view
  return html`<div class="indent-${Math.min(Math.max(0, agency.depth - top), 4)}"><a class="text-reset fw-medium" href="${historyPath(agency)}">${agency.name}</a><div class="code">${agency.code}</div>!${sinceThen(view, agency)}</div>`
}

export function historyPath({ id, code }: { id: number; code: string }): string {
  return addressOf(`/agencies/${encodeURIComponent(code)}/history`, { id })
}

/** What became of it, where the day shown is past. */
function sinceThen({ locale, now }: TreeView, { id, code, name }: AgencyOn): string {
  if (now === null) return ''
  const say = agencyWords[locale]
  const current = now.get(id)
  if (!current)
    return html`<div>!${badge('plain', locale === 'vi' ? 'nay đã thôi hoạt động' : 'closed since')}</div>`
  const parts = [
    ...(current.name === name ? [] : [current.name]),
    ...(current.code === code ? [] : [current.code]),
  ]
  return parts.length === 0 ? '' : html`<div class="stamp">${say.nowIs(parts.join(', '))}</div>`
}

function sectorCell({ locale, sectors, sectorOf }: TreeView, id: number): string {
  const found = sectorOf.get(id)
  if (!found) return '–'
  const name = sectorName(found.code, sectors)
  return found.inherited
    ? html`${name} <span class="stamp">(${agencyWords[locale].inherited})</span>`
    : html`${name}`
}

function footOf({ locale, day, today, agencies, total, first, page }: TreeView): string {
  if (agencies.length === total) return ''
  const say = agencyWords[locale]
  const asOf = day === today ? null : day
  const range = `${number(locale, first + 1)}–${number(locale, first + agencies.length)}`
  return pager(say.range(range, number(locale, total)), [
    ...(page > 1 ? [html`<a class="btn" href="${addressOf(treePath, { asOf })}">${say.first}</a>`] : []),
    ...(first + agencies.length < total
      ? [
          html`<a class="btn" href="${addressOf(treePath, { asOf, page: page + 1 })}" rel="next">${say.next}</a>`,
        ]
      : []),
  ])
}

function turnsCard({ locale, turns }: TreeView): string {
  const say = agencyWords[locale]
  const items = turns.map(
    ({ day, agencies }) =>
      html`<li><span><a href="${addressOf(treePath, { asOf: day })}">${dayText(day)}</a></span><span>${say.turn(number(locale, agencies))}</span></li>`,
  )
  const body =
    items.length === 0
      ? html`<p class="stamp mb-0">${say.turnsNone}</p>`
      : html`<ul class="todo">!${items}</ul>`
  return card({ title: say.turns, body })
}

// what waits --------------------------------------------------------------------------------------------------------

/** Changes that wait for their day; whoever may make them may take them back. */
export function waitingCard({
  locale,
  waiting,
  sectors,
  mayManage,
  csrf,
}: Pick<TreeView, 'locale' | 'waiting' | 'sectors' | 'mayManage' | 'csrf'>): string {
  if (waiting.length === 0) return ''
  const say = agencyWords[locale]
  const columns = [
    { title: say.day },
    { title: say.changed },
    ...(mayManage ? [{ title: say.withdraw, quiet: true }] : []),
  ]
  const rows = waiting.map(each => [
    html`${dayText(each.day)}`,
    waitingText(locale, each, sectors),
    ...(mayManage
      ? [actionButton({ action: `/agencies/changes/${each.id}/withdraw`, label: say.withdraw, csrf })]
      : []),
  ])
  const foot = html`<span class="stamp">${say.waitingText}</span>`
  return tableCard({ title: say.waiting, table: table(say.waiting, columns, rows), foot })
}

function waitingText(locale: Locale, change: WaitingChange, sectors: readonly Sector[]): string {
  const say = agencyWords[locale]
  const fields = wantedOf(change)
  const who =
    change.agency === null
      ? html`<b>${String(fields.name ?? '')}</b>`
      : html`<a class="text-reset fw-medium" href="${historyPath(change.agency)}">${change.agency.name}</a>`
  const parts = fieldTexts(locale, change, sectors)
  const decision = change.decision
    ? [say.byDecision(change.decision.number, dayText(change.decision.day))]
    : []
  const late = change.reason === '' ? '' : html`<div class="gap">${stuckText(locale, change.reason)}</div>`
  return html`${say.kinds[change.kind]}: !${who}<div class="stamp">${[...parts, ...decision].join(' · ')}</div>!${late}`
}

/** What becomes another, each field by its word. */
export function fieldTexts(
  locale: Locale,
  change: Pick<WaitingChange, 'wanted' | 'parent'>,
  sectors: readonly Sector[],
): string[] {
  const say = agencyWords[locale]
  return Object.entries(wantedOf(change)).flatMap(([field, value]) => {
    const word = Object.entries(say.fields).find(([name]) => name === field)?.[1]
    if (word === undefined) return []
    return [
      say.becomes(
        word,
        valueText(locale, { field, value: value === null ? null : String(value) }, change, sectors),
      ),
    ]
  })
}

function valueText(
  locale: Locale,
  { field, value }: { field: string; value: string | null },
  { parent }: Pick<WaitingChange, 'parent'>,
  sectors: readonly Sector[],
): string {
  if (value === null) return agencyWords[locale].noSector
  if (field === 'parentId') return parent?.name ?? value
  if (field === 'level') return agencyLevelText(locale, value)
  return field === 'sector' ? sectorName(value, sectors) : value
}

function wantedOf({ wanted }: Pick<WaitingChange, 'wanted'>): Record<string, unknown> {
  const parsed: unknown = JSON.parse(wanted)
  return typeof parsed === 'object' && parsed !== null ? Object.fromEntries(Object.entries(parsed)) : {}
}
