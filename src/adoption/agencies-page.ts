/** All agencies in view, as a tree or in another order, and one agency with what is below it. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { mayAnywhere } from '../access/access.ts'
import { operatorOf, sendPage } from '../access/plugin.ts'
import { actionButton, card, empty, keyValues, notice, pager, select, tableCard } from '../web/components.ts'
import { day as dayText, number, part, percent } from '../web/format.ts'
import { html } from '../web/html.ts'
import { addressOf, queryChoice, queryNumber, queryText } from '../web/query.ts'
import type { AgencyFigures } from './adoption.ts'
import { historyFigure, historyOf, monthAgo } from './history-page.ts'
import { words as figureWords } from './messages.ts'
import {
  agencyOf,
  askedCode,
  childrenOf,
  hrefOf,
  nothingYet,
  openView,
  type Pages,
  standingOf,
  subtreeOf,
  type View,
} from './page.ts'
import { levelWord } from './page-messages.ts'
import { rosterSaid, waitingCreations, waitingReviews } from './page-store.ts'
import {
  agencyTable,
  confirmedText,
  exportLink,
  headOf,
  heroCard,
  holdButton,
  maySeeNames,
  peopleHref,
  rowsOf,
  stagesCard,
  statusChoices,
  statusOf,
} from './panel-page.ts'
import { silences, silenceText } from './roster-silence.ts'
import { type AgencyOrder, agencyOrders, isMeant, ordered, searchOf } from './search.ts'
import type { Sector, SectorOf } from './sector-figures.ts'
import { placeFacts, type SectorsSeen, sectorCard, sectorsSeen, viewTabs } from './sector-page.ts'
import { stageFigures } from './stage.ts'
import { type TargetState, type TargetStatus, targetStatuses } from './target.ts'

/** Rows of one page. A province with its schools has thousands of agencies. */
const PAGE_ROWS = 200

type Chosen = {
  q: string
  status: TargetStatus | null
  level: string | null
  sector: string | null
  sort: AgencyOrder
  /** Pages of rows before this one. */
  page: number
}

export async function agenciesPage(
  pages: Pages,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const view = await openView(pages, request)
  const { words } = view
  const nothing = nothingYet(view, request)
  const body = [
    headOf(pages, view, words.agencies, view.visible[0]),
    nothing ?? (await viewedCard(pages, view, request)),
  ].join('')
  return sendPage(pages.context, request, reply, { title: words.agencies, place: 'agencies', body })
}

const views = ['sector'] as const

/** By agency, or the sums by sector. */
async function viewedCard(pages: Pages, view: View, request: FastifyRequest): Promise<string> {
  const bySector = queryChoice(request.query, 'view', views) === 'sector'
  const card = bySector ? sectorCard(pages, view, request) : await listCard(pages, view, request)
  return html`!${viewTabs(view, bySector)}!${card}`
}

async function listCard(pages: Pages, view: View, request: FastifyRequest): Promise<string> {
  const { words } = view
  const sectors = sectorsSeen(pages, view)
  const chosen = chosenOf(view, request, sectors)
  const meant = view.visible.filter(agency => fits(agency, chosen, sectors.of))
  const found = ordered(
    chosen.status === null ? meant : meant.filter(agency => statusOf(agency) === chosen.status),
    chosen.sort,
  )
  const first = chosen.page * PAGE_ROWS
  const shown = found.slice(first, first + PAGE_ROWS)
  const tree = chosen.sort === 'tree'
  const rows = rowsOf(shown, await monthAgo(pages, view, shown))
  const { status: _, ...rest } = addressed(chosen)
  return tableCard({
    title: words.agencies,
    actions: exportLink(view, request),
    table: html`<div class="card-body border-bottom">!${filterForm(view, chosen, sectors.named)}!${statusChoices(view, '/agencies', meant, chosen.status, rest)}</div>!${rows.length === 0 ? noneFound(view) : agencyTable(view, rows, { tree, hold: true })}`,
    foot: footOf(view, chosen, { first, shown: shown.length, found: found.length }),
  })
}

function chosenOf(view: View, request: FastifyRequest, { named }: SectorsSeen): Chosen {
  const { query } = request
  const levels = [...new Set(view.visible.map(each => each.level))]
  const sectors = named.map(each => each.code)
  return {
    q: queryText(query, 'q'),
    status: queryChoice(query, 'status', targetStatuses),
    level: queryChoice(query, 'level', levels),
    sector: queryChoice(query, 'sector', sectors),
    sort: queryChoice(query, 'sort', agencyOrders) ?? 'tree',
    page: (queryNumber(query, 'page') ?? 1) - 1,
  }
}

/** The choice as the address bar has it; what is usual is left out. */
function addressed({ q, status, level, sector, sort }: Chosen): Record<string, string | null> {
  return { q, level, sector, status, sort: sort === 'tree' ? null : sort }
}

function fits(
  agency: AgencyFigures,
  { q, level, sector }: Chosen,
  sectorOf: ReadonlyMap<number, SectorOf>,
): boolean {
  const search = searchOf(q)
  if (search !== null && !isMeant(agency, search)) return false
  return (
    (level === null || agency.level === level) &&
    (sector === null || sectorOf.get(agency.id)?.code === sector)
  )
}

function filterForm(
  view: View,
  { q, status, level, sector, sort }: Chosen,
  sectors: readonly Sector[],
): string {
  const { words, locale, asOf } = view
  const say = words.table
  const levels = [...new Set(view.visible.map(each => each.level))]
  const any = { value: '', text: say.any }
  const labelled = (id: string, label: string, control: string) =>
    html`<div><label class="form-label" for="${id}">${label}</label>!${control}</div>`
  const hidden = (name: string, value: string | null) =>
    value === null ? '' : html`<input type="hidden" name="${name}" value="${value}">`
  const sectorField =
    sectors.length === 0
      ? ''
      : labelled(
          'sector',
          say.filterSector,
          select({
            id: 'sector',
            value: sector ?? '',
            options: [any, ...sectors.map(each => ({ value: each.code, text: each.name }))],
          }),
        )
  return html`<form class="filter mb-3" action="/agencies">!${labelled(
    'q',
    say.search,
    html`<input class="form-control" id="q" name="q" type="search" maxlength="200" value="${q}">`,
  )}!${labelled(
    'level',
    say.filterLevel,
    select({
      id: 'level',
      value: level ?? '',
      options: [any, ...levels.map(each => ({ value: each, text: levelWord(each, locale) }))],
    }),
  )}!${sectorField}!${labelled(
    'sort',
    say.sort,
    select({
      id: 'sort',
      value: sort,
      options: agencyOrders.map(each => ({ value: each, text: say.sorts[each] })),
    }),
  )}!${hidden('status', status)}!${hidden('asOf', asOf)}<button class="btn btn-primary">${say.find}</button></form>`
}

function noneFound(view: View): string {
  const { table } = view.words
  const action = html`<a class="btn" href="${hrefOf(view, '/agencies')}">${table.clear}</a>`
  return empty({ title: table.nothing, text: table.nothingText, action })
}

function footOf(
  view: View,
  chosen: Chosen,
  { first, shown, found }: { first: number; shown: number; found: number },
): string {
  if (found === 0) return ''
  const { words, locale } = view
  const href = (page: number) =>
    hrefOf(view, '/agencies', { ...addressed(chosen), page: page === 0 ? null : page + 1 })
  const links = [
    ...(chosen.page > 0 ? [html`<a class="btn" href="${href(0)}">${words.table.first}</a>`] : []),
    ...(first + shown < found
      ? [html`<a class="btn" href="${href(chosen.page + 1)}" rel="next">${words.table.next}</a>`]
      : []),
  ]
  const range = [first + 1, first + shown].map(each => number(locale, each)).join('–')
  return pager(words.table.range(shown === 0 ? '0' : range, number(locale, found)), links)
}

// one agency ---------------------------------------------------------------------------------------------------------

export async function agencyPage(
  pages: Pages,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const view = await openView(pages, request)
  const agency = agencyOf(view, askedCode(request))
  const nothing = nothingYet(view, request)
  const body = [
    headOf(pages, view, agency.name, agency),
    nothing ?? (await agencyBody(pages, view, request, agency)),
  ].join('')
  return sendPage(pages.context, request, reply, { title: agency.name, place: 'agencies', body })
}

async function agencyBody(
  pages: Pages,
  view: View,
  request: FastifyRequest,
  agency: AgencyFigures,
): Promise<string> {
  const names = maySeeNames(request)
  const history = await historyOf(pages, view, agency)
  const chart = await historyFigure(pages, view, agency, history)
  const ids = subtreeOf(view, agency).map(each => each.id)
  const waiting = await waitingCreations(pages.context.database.db, ids)
  const button = holdButton(view, agency, names)
  return [
    await silentPart(pages, view, agency),
    heroCard(pages, view, { agency, ...history, chart, button }),
    stagesCard(view, agency, { names, waiting }),
    await belowCard(pages, view, request, agency),
    html`<div class="row g-3"><div class="col-lg-6">!${missingCard(view, agency, { names, sheet: sheetForm(view, request, agency) })}</div><div class="col-lg-6">!${targetsCard(view, agency)}</div></div>`,
    factsCard(view, agency, [
      ...placeFacts(pages, view, agency),
      ...(await listFacts(pages, view, request, agency)),
    ]),
  ].join('')
}

async function belowCard(
  pages: Pages,
  view: View,
  request: FastifyRequest,
  agency: AgencyFigures,
): Promise<string> {
  const { words } = view
  const status = queryChoice(request.query, 'status', targetStatuses)
  const below = childrenOf(view, agency)
  if (below.length === 0) return ''
  const shown = ordered(status === null ? below : below.filter(each => statusOf(each) === status), 'gap')
  const rows = rowsOf(shown, await monthAgo(pages, view, shown))
  const path = `/agencies/${encodeURIComponent(agency.code)}`
  return tableCard({
    title: words.agency.below,
    actions: html`!${statusChoices(view, path, below, status)}!${exportLink(view, request, agency)}`,
    table: rows.length === 0 ? noneFound(view) : agencyTable(view, rows, { tree: false, hold: false }),
  })
}

/** Counts before names: who is missing, and only behind a click, recorded, who they are. */
function missingCard(
  view: View,
  agency: AgencyFigures,
  { names, sheet }: { names: boolean; sheet: string },
): string {
  const { words, locale } = view
  const items = stageFigures(agency).map(({ place, missing, count, stage }) => {
    const text = words.filter[place]
    const linked =
      names && missing ? html`<a href="${peopleHref(view, agency, place)}">${text}</a>` : html`${text}`
    const value =
      count === null
        ? html`<span class="dot unknown"></span>${words.statusIn.unknown}`
        : number(locale, missing)
    return html`<li id="missing-${stage}"><span>!${linked}</span><b>!${value}</b></li>`
  })
  const all = names
    ? html`<p class="mb-0 mt-2"><a class="btn" href="${peopleHref(view, agency)}">${words.agency.names}</a></p><p class="form-hint mb-0 mt-1">${words.agency.recorded}</p>`
    : html`<p class="form-hint mb-0 mt-2">${words.agency.noNames}</p>`
  return card({ title: words.agency.missing, body: html`<ul class="todo">!${items}</ul>!${all}!${sheet}` })
}

/** The slips of all who have not activated yet, by now rather than on the day shown, for who may give them out. */
function sheetForm({ words }: View, request: FastifyRequest, { code }: AgencyFigures): string {
  if (!mayAnywhere(operatorOf(request), 'mailboxes.invite')) return ''
  const action = `/agencies/${encodeURIComponent(code)}/sheet`
  const button = actionButton({ action, label: words.agency.sheet, csrf: request.access.csrf })
  return html`<div class="mt-3">!${button}</div><p class="form-hint mb-0 mt-1">${words.agency.sheetHint}</p>`
}

function targetsCard(view: View, agency: AgencyFigures): string {
  const { words } = view
  const items = agency.targets.map(target => html`<li>!${targetLine(view, agency, target)}</li>`)
  const body =
    items.length === 0
      ? html`<p class="stamp mb-0">${words.hero.noTarget}</p>`
      : html`<ul class="todo">!${items}</ul>`
  return card({ title: words.targets, body })
}

function targetLine({ words, locale }: View, agency: AgencyFigures, target: TargetState): string {
  const count = agency.rate[target.indicator] === null ? null : agency[target.indicator]
  const asked = `${percent(locale, target.value)} ${words.indicator[target.indicator]} · ${words.agency.due} ${dayText(target.due)}`
  const now = `${words.agency.now} ${part(locale, count, agency.required)}`
  const more =
    target.gap !== null && target.gap > 0 ? ` · ${words.hero.more(number(locale, target.gap))}` : ''
  const status =
    target.status === null
      ? '–'
      : html`<a class="text-reset" href="/definition#status-${target.status}"><span class="dot ${standingOf(target.status)}"></span>${figureWords[locale].statuses[target.status]}</a>`
  return html`<span>${target.name}<span class="stamp">${asked}<br>${now}${more}</span></span><span>!${status}</span>`
}

/** What is left to know of an agency: where it stands, and its people apart from those below. */
function factsCard(view: View, agency: AgencyFigures, list: readonly [string, string][]): string {
  const { words, locale } = view
  const { own } = agency
  const facts: [string, string][] = [
    [words.agency.code, html`${agency.code}`],
    [words.table.level, html`${levelWord(agency.level, locale)}`],
    [words.agency.staff, number(locale, agency.staff)],
    [
      words.agency.own,
      html`${words.agency.ownText(number(locale, own.staff), number(locale, own.required))}`,
    ],
    [words.agency.concurrent, number(locale, own.concurrent)],
    [words.agency.completeness, percent(locale, agency.completeness)],
    ...list,
  ]
  return card({ title: words.agency.facts, body: keyValues(facts) })
}

/** The list behind the figures: when it was confirmed, what of it waits for an answer, for who may see names. */
async function listFacts(
  { context }: Pages,
  view: View,
  request: FastifyRequest,
  agency: AgencyFigures,
): Promise<[string, string][]> {
  const { words, locale } = view
  const confirmed = html`${confirmedText(view, agency)}`
  if (!maySeeNames(request)) return [[words.agency.list, confirmed]]
  const list = html`<a href="/agencies/${encodeURIComponent(agency.code)}/roster">${words.agency.seeList}</a>`
  const ids = subtreeOf(view, agency).map(each => each.id)
  const waiting = mayAnywhere(operatorOf(request), 'reviews.view')
    ? await waitingReviews(context.database.db, ids)
    : 0
  const reviews =
    waiting === 0
      ? ''
      : html`<div><a href="${addressOf('/reviews', { agency: agency.code })}">${words.agency.reviews(number(locale, waiting))}</a></div>`
  return [[words.agency.list, html`!${confirmed}<div>!${list}</div>!${reviews}`]]
}

/** The sources that speak for this agency alone and have fallen silent. */
async function silentPart({ context }: Pages, { locale }: View, { code }: AgencyFigures): Promise<string> {
  const own = context.config.roster.sources.filter(source => source.agency === code)
  if (own.length === 0) return ''
  const found = silences(own, await rosterSaid(context.database.db), context.now())
  return found.map(each => notice('warn', silenceText(locale, each))).join('')
}
