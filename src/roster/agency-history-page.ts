/**
 * `/agencies/:code/history`: one agency over time. Its address names the id beside the code, since a code may have been
 * used again. What it came from and went into (merging, splitting) has its place after the periods.
 */

import { addDays, parseDay } from '../ids.ts'
import { badge, card, keyValues, notice, pageHead, table, tableCard } from '../web/components.ts'
import { day as dayText, type Locale, number } from '../web/format.ts'
import { html } from '../web/html.ts'
import { addressOf } from '../web/query.ts'
import { readAgencyCode } from './agency-code.ts'
import { agencyLevelText, agencyWords, codeFormatText } from './agency-messages.ts'
import type { BelowPeriod, HistoryPeriod, Holder, MonthMoves, WaitingChange } from './agency-store.ts'
import { historyPath, treePath, waitingCard } from './agency-tree-page.ts'
import { type Sector, type SectorOf, sectorName } from './sector.ts'

/** Longer lists help nobody. */
export const MOST_BELOW = 200
export const MOST_MONTHS = 24

export type HistoryView = {
  locale: Locale
  agencyId: number
  /** The newest first. */
  periods: readonly HistoryPeriod[]
  below: readonly BelowPeriod[]
  months: readonly MonthMoves[]
  /** Other agencies that ever had the code of the address, and that code. */
  others: readonly Holder[]
  code: string
  waiting: readonly WaitingChange[]
  sectors: readonly Sector[]
  /** The sector it counts in now. */
  sectorNow: SectorOf | null
  /** Whether an agency may be named to the reader. */
  isSeen: (id: number) => boolean
  mayManage: boolean
  csrf: string
  /** What was just done, as a sentence. */
  said: string | null
}

export function historyPage(view: HistoryView): { title: string; body: string } {
  const { locale, periods, said } = view
  const say = agencyWords[locale]
  const [latest] = periods
  const title = say.historyOf(latest?.name ?? view.code)
  const body = [
    pageHead({
      title,
      stamp: html`${say.historyLead}`,
      crumbs: [
        { href: treePath, text: say.tree },
        ...(latest?.parent && view.isSeen(latest.parent.id)
          ? [{ href: historyPath(latest.parent), text: latest.parent.name }]
          : []),
      ],
    }),
    said === null ? '' : notice('good', said),
    othersNotice(view),
    latest ? nowCard(view, latest) : '',
    waitingCard(view),
    periodsCard(view),
    belowCard(view),
    movesCard(view),
  ].join('')
  return { title, body }
}

function othersNotice({ locale, others, code }: HistoryView): string {
  if (others.length === 0) return ''
  const say = agencyWords[locale]
  const links = others.map(
    each =>
      html`<li><a href="${historyPath(each)}">${say.otherHolder(each.name, firstText(locale, each.firstDay), lastText(locale, each.lastDay))}</a></li>`,
  )
  return notice('info', say.others(code), html`<ul class="mb-0">!${links}</ul>`)
}

function firstText(locale: Locale, day: string): string {
  return day === '-infinity' ? agencyWords[locale].ever : dayText(day)
}

function lastText(locale: Locale, day: string): string {
  return day === 'infinity' ? agencyWords[locale].still : dayText(day)
}

/** The day after the last one: from then on it was no longer there. */
function closedText(locale: Locale, lastDay: string): string {
  const last = parseDay(lastDay)
  return agencyWords[locale].closed(last === null ? '–' : dayText(addDays(last, 1)))
}

function nowCard(view: HistoryView, latest: HistoryPeriod): string {
  const { locale, sectors, sectorNow } = view
  const say = agencyWords[locale]
  const isOpen = latest.lastDay === 'infinity'
  const sector =
    sectorNow === null
      ? '–'
      : html`${sectorName(sectorNow.code, sectors)}!${sectorNow.inherited ? html` <span class="stamp">(${say.inherited})</span>` : ''}`
  const body = keyValues([
    [say.code, html`${latest.code}`],
    [say.format, html`${codeFormatText(locale, readAgencyCode(latest.code))}`],
    [say.parent, parentText(view, latest)],
    [say.level, html`${agencyLevelText(locale, latest.level)}`],
    [say.sector, sector],
  ])
  const standing = isOpen ? badge('good', say.open) : badge('plain', closedText(locale, latest.lastDay))
  return card({
    title: latest.name,
    actions: standing,
    body: html`!${body}<div class="actions mt-3">!${links(view, latest, isOpen)}</div>`,
  })
}

function links({ locale, mayManage }: HistoryView, { code }: HistoryPeriod, isOpen: boolean): string {
  const say = agencyWords[locale]
  const path = `/agencies/${encodeURIComponent(code)}`
  const figures = isOpen ? html`<a class="btn" href="${path}">${say.figures}</a>` : ''
  if (!mayManage || !isOpen) return figures
  return html`<a class="btn btn-primary" href="${path}/change">${say.changeAgency}</a><a class="btn" href="${addressOf('/agencies/open', { parent: code })}">${say.openBelow}</a><a class="btn" href="${path}/close">${say.closeAgency}</a>!${figures}`
}

function parentText({ locale, isSeen }: HistoryView, { parent }: HistoryPeriod): string {
  const say = agencyWords[locale]
  if (parent === null) return html`${say.top}`
  if (!isSeen(parent.id)) return html`<span class="stamp">${say.outside}</span>`
  return html`<a href="${historyPath(parent)}">${parent.name}</a>`
}

function periodsCard(view: HistoryView): string {
  const { locale, periods } = view
  const say = agencyWords[locale]
  const items = periods.map((period, i) => periodItem(view, period, periods[i + 1]))
  return card({ title: say.periods, body: html`<ol class="timeline">!${items}</ol>` })
}

/** A period with what is another than before it. */
function periodItem(view: HistoryView, period: HistoryPeriod, before: HistoryPeriod | undefined): string {
  const { locale } = view
  const say = agencyWords[locale]
  const span = html`${firstText(locale, period.firstDay)} – ${lastText(locale, period.lastDay)}`
  const day = period.firstDay === '-infinity' ? null : period.firstDay
  const onTree =
    day === null ? '' : html` · <a href="${addressOf(treePath, { asOf: day })}">${say.onTree}</a>`
  const end = endText(locale, period)
  return html`<li><div class="when">!${span}</div><div class="fw-medium">${period.name} <span class="code">${period.code}</span></div><div>!${changesOf(view, period, before)}</div><div class="stamp">!${reasonText(locale, period)}!${onTree}</div>!${end}</li>`
}

/** By what it was closed, where nothing follows. */
function endText(locale: Locale, { lastDay, endedBy }: HistoryPeriod): string {
  const say = agencyWords[locale]
  if (endedBy === null) return ''
  const { decision } = endedBy
  const why = decision === null ? say.byHand : say.byDecision(decision.number, dayText(decision.day))
  return html`<div>${closedText(locale, lastDay)}</div><div class="stamp">${say.by}: ${why}</div>`
}

function changesOf(view: HistoryView, period: HistoryPeriod, before: HistoryPeriod | undefined): string {
  const { locale, sectors } = view
  const say = agencyWords[locale]
  const last = parseDay(before?.lastDay ?? '')
  const goesOn = last !== null && addDays(last, 1) === period.firstDay
  const sector = period.sector === null ? say.noSector : sectorName(period.sector, sectors)
  const facts: [changed: boolean, word: string, value: string][] = [
    [before?.name !== period.name, say.fields.name, html`${period.name}`],
    [before?.code !== period.code, say.fields.code, html`${period.code}`],
    [before?.parent?.id !== period.parent?.id, say.fields.parentId, parentText(view, period)],
    [before?.level !== period.level, say.fields.level, html`${agencyLevelText(locale, period.level)}`],
    [before?.sector !== period.sector, say.fields.sector, html`${sector}`],
  ]
  if (goesOn) {
    const changed = facts.filter(([other]) => other).map(([, word, value]) => html`${word}: !${value}`)
    return html`${say.changed} !${changed.join(' · ')}`
  }
  const word = period.firstDay === '-infinity' ? say.beginning : say.opened
  const stands = facts.slice(2).map(([, name, value]) => html`${name}: !${value}`)
  return html`${word} · !${stands.join(' · ')}`
}

function reasonText(locale: Locale, { decision, byHand, source }: HistoryPeriod): string {
  const say = agencyWords[locale]
  const reasons = [
    ...(decision === null ? [] : [say.byDecision(decision.number, dayText(decision.day))]),
    ...(byHand || source === '' ? [say.byHand] : [say.bySource(source)]),
  ]
  return html`${say.by}: ${reasons.join(', ')}`
}

function belowCard({ locale, below, isSeen }: HistoryView): string {
  const say = agencyWords[locale]
  const seen = below.filter(each => isSeen(each.id))
  if (seen.length === 0)
    return card({ title: say.below, body: html`<p class="stamp mb-0">${say.belowNone}</p>` })
  const rows = seen.map(each => [
    html`<a class="text-reset fw-medium" href="${historyPath(each)}">${each.name}</a><div class="code">${each.code}</div>`,
    html`${firstText(locale, each.firstDay)}`,
    html`${lastText(locale, each.lastDay)}`,
  ])
  const columns = [{ title: say.agency }, { title: say.from }, { title: say.until }]
  const foot =
    below.length < MOST_BELOW
      ? ''
      : html`<span class="stamp">${say.belowMore(number(locale, MOST_BELOW))}</span>`
  return tableCard({ title: say.below, table: table(say.below, columns, rows), foot })
}

function movesCard({ locale, months }: HistoryView): string {
  const say = agencyWords[locale]
  const foot = html`<span class="stamp">${say.movesText}</span>`
  if (months.length === 0)
    return card({ title: say.moves, body: html`<p class="mb-1">${say.movesNone}</p>!${foot}` })
  const rows = months.map(({ month, came, left }) => [
    html`${month.split('-').toReversed().join('/')}`,
    number(locale, came),
    number(locale, left),
  ])
  const columns = [{ title: say.month }, { title: say.came, number: true }, { title: say.left, number: true }]
  return tableCard({ title: say.moves, table: table(say.moves, columns, rows), foot })
}
