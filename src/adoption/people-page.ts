/** The people behind the counts, by where they stand; each look at names is recorded. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { mayAnywhere } from '../access/access.ts'
import { audit, operatorOf, sendPage } from '../access/plugin.ts'
import { card, choices, empty, pager, type Standing, table, tableCard } from '../web/components.ts'
import { day as dayText, number } from '../web/format.ts'
import { html } from '../web/html.ts'
import { queryChoice, queryNumber, queryText } from '../web/query.ts'
import type { AgencyFigures } from './adoption.ts'
import {
  agencyHref,
  askedAgency,
  countsOf,
  hrefOf,
  nothingYet,
  openView,
  type Pages,
  subtreeOf,
  type View,
} from './page.ts'
import { headOf } from './panel-page.ts'
import { type PeopleWords, peopleWords } from './people-messages.ts'
import { type ListedPerson, listPeople, type PeopleCounts, type PeopleQuery } from './people-store.ts'
import { isMeant, type Search, searchOf } from './search.ts'
import { type FilterName, filters, type PlaceName } from './stage.ts'
import { limitedTo } from './store.ts'

const PAGE_PEOPLE = 50
/** Agencies shown above the people found by a word of both. */
const MOST_AGENCIES = 5

/** What a list of people was asked for. */
export type Asked = {
  agency: AgencyFigures | null
  filter: FilterName | null
  q: string
  search: Search | null
  after: number | null
}

/** Throws `usage` for a stage that is none, `not_found` for an agency that is not there or not to be seen. */
export function askedPeople(view: View, request: FastifyRequest): Asked {
  const q = queryText(request.query, 'q')
  return {
    agency: askedAgency(view, request),
    filter: queryChoice(request.query, 'stage', filters),
    q,
    search: searchOf(q),
    after: queryNumber(request.query, 'after'),
  }
}

/** The people of the agency asked for, or of all in view: those counted there. */
export function peopleQuery(view: View, { agency, search }: Asked): PeopleQuery {
  const agencies = agency === null ? view.visible : subtreeOf(view, agency)
  const ids = agencies.map(each => each.id)
  return { states: limitedTo(view.ground.query, ids), agencies: ids, search }
}

/** Records a look at names: by whom, which list, how many were shown. */
export async function auditList(
  { context }: Pages,
  request: FastifyRequest,
  view: View,
  { agency, filter, search, shown }: Asked & { shown: number },
): Promise<void> {
  await audit(context, request, {
    action: 'people.listed',
    agencyId: agency?.id ?? operatorOf(request).agencyId,
    detail: { stage: filter ?? 'all', searched: search !== null, shown, asOf: view.day },
  })
}

export async function peoplePage(
  pages: Pages,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const view = await openView(pages, request)
  const asked = askedPeople(view, request)
  const say = peopleWords[view.locale]
  const title = asked.agency === null ? say.title : say.of(asked.agency.name)
  const nothing = nothingYet(view, request)
  const body = [
    headOf(pages, view, title, asked.agency ?? view.visible[0]),
    nothing ?? (await peopleBody(pages, view, request, asked)),
  ].join('')
  return sendPage(pages.context, request, reply, { title, place: 'people', body })
}

async function peopleBody(pages: Pages, view: View, request: FastifyRequest, asked: Asked): Promise<string> {
  const { db } = pages.context.database
  const query = peopleQuery(view, asked)
  const { filter, after } = asked
  const [counts, found] = await Promise.all([
    countsOf(pages, view, query),
    listPeople(db, { ...query, filter, after, limit: PAGE_PEOPLE + 1 }),
  ])
  const shown = found.slice(0, PAGE_PEOPLE)
  await auditList(pages, request, view, { ...asked, shown: shown.length })
  const last = found.length > PAGE_PEOPLE ? shown.at(-1) : undefined
  return [
    agenciesFound(view, asked),
    tableCard({
      title: peopleWords[view.locale].caption,
      actions: exportPeople(view, request, asked),
      table: html`<div class="card-body border-bottom">!${searchForm(view, asked)}!${stageChoices(view, asked, counts)}</div>!${shown.length === 0 ? nobodyFound(view) : peopleTable(view, request, shown)}`,
      foot: footOf(view, asked, counts, { shown: shown.length, next: last?.id ?? null }),
    }),
  ].join('')
}

/** What is in the address, with something changed. */
function peopleAddress(
  view: View,
  asked: Asked,
  change: Record<string, string | number | null> = {},
): string {
  const { agency, filter, q } = asked
  return hrefOf(view, '/people', { agency: agency?.code ?? null, stage: filter, q, ...change })
}

/** The search of every page's head finds agencies by the same word. */
function agenciesFound(view: View, { agency, search }: Asked): string {
  if (search === null || agency !== null) return ''
  const found = view.visible.filter(each => isMeant(each, search)).slice(0, MOST_AGENCIES)
  if (found.length === 0) return ''
  const items = found.map(
    each =>
      html`<li><a href="${agencyHref(view, each)}">${each.name}</a><span class="code">${each.code}</span></li>`,
  )
  return card({
    title: peopleWords[view.locale].agenciesFound,
    body: html`<ul class="todo">!${items}</ul>`,
  })
}

function searchForm(view: View, { agency, filter, q }: Asked): string {
  const say = peopleWords[view.locale]
  const hidden = Object.entries({ agency: agency?.code ?? null, stage: filter, asOf: view.asOf }).flatMap(
    ([name, value]) => (value === null ? [] : [html`<input type="hidden" name="${name}" value="${value}">`]),
  )
  const everywhere =
    agency === null
      ? ''
      : html`<a class="btn" href="${hrefOf(view, '/people', { stage: filter, q })}">${say.everywhere}</a>`
  return html`<form class="filter mb-3" action="/people"><div><label class="form-label" for="q">${say.search}</label><input class="form-control" id="q" name="q" type="search" maxlength="200" value="${q}"></div>!${hidden}<button class="btn btn-primary">${say.find}</button>!${everywhere}</form>`
}

function stageChoices(view: View, asked: Asked, counts: PeopleCounts): string {
  const say = peopleWords[view.locale]
  const item = (filter: FilterName | null, text: string, count: number) => ({
    href: peopleAddress(view, asked, { stage: filter }),
    text: `${text} ${number(view.locale, count)}`,
    active: asked.filter === filter,
  })
  const items = filters
    .filter(filter => counts[filter] > 0 || filter === asked.filter)
    .map(filter => item(filter, view.words.filter[filter], counts[filter]))
  return choices(say.filter, [item(null, say.all, counts.all), ...items])
}

function nobodyFound(view: View): string {
  const say = peopleWords[view.locale]
  const action = html`<a class="btn" href="${hrefOf(view, '/people')}">${say.clear}</a>`
  return empty({ title: say.none, text: say.noneText, action })
}

const standings: Record<PlaceName, Standing | null> = {
  'chua-cap': 'behind',
  'chua-kich-hoat': 'risk',
  'khong-su-dung': 'risk',
  'chua-thuong-xuyen': 'pace',
  'thuong-xuyen': 'met',
  'khong-thuoc-dien': null,
}

function peopleTable(view: View, request: FastifyRequest, people: readonly ListedPerson[]): string {
  const say = peopleWords[view.locale]
  const linked = mayAnywhere(operatorOf(request), 'activity.view')
  const agencies = new Map(view.visible.map(each => [each.id, each.name]))
  const columns = [
    { title: say.name },
    { title: say.agency, wide: true },
    { title: say.post, wide: true },
    { title: say.address, wide: true },
    { title: say.state },
    { title: say.lastUse, number: true, wide: true },
  ]
  const rows = people.map(person => [
    nameCell(view, person, linked),
    html`${agencies.get(person.agencyId) ?? ''}`,
    html`${person.title ?? ''}`,
    person.address === null ? html`<span class="stamp">${say.noAddress}</span>` : html`${person.address}`,
    stateCell(view, say, person),
    person.lastUse === null ? html`<span class="stamp">${say.never}</span>` : dayText(person.lastUse),
  ])
  return table(say.caption, columns, rows)
}

function nameCell(view: View, { id, name, staffId }: ListedPerson, linked: boolean): string {
  const text = linked
    ? html`<a class="text-reset fw-medium" href="${hrefOf(view, `/people/${id}`)}">${name}</a>`
    : html`<span class="fw-medium">${name}</span>`
  return html`!${text}<div class="code">${staffId ?? ''}</div>`
}

function stateCell(view: View, say: PeopleWords, { place, unsure, unasked }: ListedPerson): string {
  const standing = unsure || unasked ? 'unknown' : standings[place]
  const dot = standing === null ? '' : html`<span class="dot ${standing}"></span>`
  const why = unsure ? say.unsure : unasked ? say.unasked : ''
  const more = why === '' ? '' : html`<div class="stamp">${why}</div>`
  return html`!${dot}${view.words.filter[place]}!${more}`
}

function footOf(
  view: View,
  asked: Asked,
  counts: PeopleCounts,
  { shown, next }: { shown: number; next: number | null },
): string {
  const say = peopleWords[view.locale]
  const total = counts[asked.filter ?? 'all']
  const links = [
    ...(asked.after === null
      ? []
      : [html`<a class="btn" href="${peopleAddress(view, asked)}">${say.first}</a>`]),
    ...(next === null
      ? []
      : [
          html`<a class="btn" href="${peopleAddress(view, asked, { after: next })}" rel="next">${say.next}</a>`,
        ]),
  ]
  const text = say.shown(number(view.locale, shown), number(view.locale, total))
  return html`!${pager(text, links)}<p class="form-hint mb-0 mt-2">${say.recorded}</p>`
}

function exportPeople(view: View, request: FastifyRequest, { agency, filter, q }: Asked): string {
  if (!mayAnywhere(operatorOf(request), 'export')) return ''
  const href = hrefOf(view, '/export/people.csv', { agency: agency?.code ?? null, stage: filter, q })
  return html`<a class="btn btn-sm" href="${href}" download>${peopleWords[view.locale].export}</a>`
}
