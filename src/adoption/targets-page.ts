/** What was ordered, by when, and how many agencies stand where. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { operatorOf, sendPage } from '../access/plugin.ts'
import { card, empty, keyValues, state } from '../web/components.ts'
import { day as dayText, number, part, percent } from '../web/format.ts'
import { html } from '../web/html.ts'
import type { AgencyFigures } from './adoption.ts'
import { words as figureWords } from './messages.ts'
import { agencyHref, nothingYet, openView, type Pages, standingOf, type View } from './page.ts'
import { levelWord } from './page-messages.ts'
import { headOf } from './panel-page.ts'
import { isSameTarget, type Target, type TargetState, type TargetStatus, targetStatuses } from './target.ts'

export async function targetsPage(
  pages: Pages,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const view = await openView(pages, request)
  const { words } = view
  const targets = targetsInView(pages, view, request)
  const cards =
    targets.length === 0
      ? [html`<section class="card mb-3">!${empty(words.target.none)}</section>`]
      : targets.map(target => targetCard(view, target))
  const body = [
    headOf(pages, view, words.targets, view.visible[0]),
    nothingYet(view, request) ?? '',
    ...cards,
  ].join('')
  return sendPage(pages.context, request, reply, { title: words.targets, place: 'targets', body })
}

/** The targets its reader may know of: what was ordered of one agency is nothing to those beside it. */
export function targetsInView({ context }: Pages, view: View, request: FastifyRequest): Target[] {
  const { targets } = context.config.adoption
  if (operatorOf(request).agencyId === null) return targets
  return targets.filter(
    target =>
      target.scope.agency === undefined ||
      view.visible.some(
        each => each.code === target.scope.agency || each.targets.some(own => isSameTarget(own, target)),
      ),
  )
}

/** A target as the API and the page tell it: as it was ordered, and how the agencies in view stand. */
export type TargetSummary = {
  target: Target
  /** How many agencies in view have it, by status; those where nobody must have a mailbox are left out. */
  standings: { status: TargetStatus; agencies: number }[]
  /** The highest agency in view that has it, where there is one above all others. */
  first: { agency: AgencyFigures; state: TargetState } | null
}

export function summaryOf(view: View, target: Target): TargetSummary {
  const having = view.visible.flatMap(agency => {
    const state = agency.targets.find(each => isSameTarget(each, target))
    return state ? [{ agency, state }] : []
  })
  const standings = targetStatuses
    .map(status => ({ status, agencies: having.filter(each => each.state.status === status).length }))
    .filter(each => each.agencies > 0)
  const top = Math.min(...having.map(each => each.agency.depth))
  const highest = having.filter(each => each.agency.depth === top)
  const first = highest.length === 1 ? (highest[0] ?? null) : null
  return { target, standings, first }
}

function targetCard(view: View, target: Target): string {
  const { words, locale } = view
  const { standings, first } = summaryOf(view, target)
  const say = words.target
  const asked = `${target.kind === 'keep' ? say.keep : say.reach} ${percent(locale, target.value)} ${words.indicator[target.indicator]}`
  const rows: [string, string][] = [
    [say.asked, html`${asked}`],
    [say.scope, html`${scopeText(view, target)}`],
    [say.from, html`${dayText(target.from)} – ${dayText(target.due)}`],
    ...(first ? [[first.agency.name, firstText(view, target, first)] satisfies [string, string]] : []),
    [say.agencies, standings.length === 0 ? html`${say.nobody}` : standingsText(view, standings)],
  ]
  return card({ title: target.name, body: keyValues(rows) })
}

function scopeText({ locale, visible, words }: View, { scope }: Target): string {
  if (scope.agency !== undefined) {
    const known = visible.find(each => each.code === scope.agency)
    return known ? `${known.name} (${known.code})` : scope.agency
  }
  return scope.level === undefined ? words.target.everybody : levelWord(scope.level, locale)
}

function firstText(
  view: View,
  target: Target,
  { agency, state: standing }: { agency: AgencyFigures; state: TargetState },
): string {
  const { words, locale } = view
  const count = agency.rate[target.indicator] === null ? null : agency[target.indicator]
  const more =
    standing.gap !== null && standing.gap > 0 ? `, ${words.hero.more(number(locale, standing.gap))}` : ''
  const status = standing.status === null ? '–' : statusLink(view, standing.status)
  return html`<a href="${agencyHref(view, agency)}">${part(locale, count, agency.required)}</a>${more} · !${status}`
}

function statusLink({ locale }: View, status: TargetStatus): string {
  return html`<a class="text-reset" href="/definition#status-${status}">!${state(standingOf(status), figureWords[locale].statuses[status])}</a>`
}

function standingsText(view: View, standings: TargetSummary['standings']): string {
  return standings
    .map(
      ({ status, agencies }) =>
        html`<div>!${statusLink(view, status)}: <b>${number(view.locale, agencies)}</b></div>`,
    )
    .join('')
}
