/** The overview: how far the reader's agency is, why, and what to do about it. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { may, mayAnywhere } from '../access/access.ts'
import { operatorOf, sendPage } from '../access/plugin.ts'
import { card, empty, tableCard, todo } from '../web/components.ts'
import { day as dayText, number } from '../web/format.ts'
import { html } from '../web/html.ts'
import { queryChoice } from '../web/query.ts'
import { type AgencyFigures, WINDOW_DAYS } from './adoption.ts'
import { heldDays } from './coverage.ts'
import { historyFigure, historyOf, monthAgo } from './history-page.ts'
import {
  childrenOf,
  countsOf,
  hrefOf,
  nothingYet,
  openView,
  type Pages,
  subtreeOf,
  type View,
} from './page.ts'
import { refusedRuns, rosterSaid, waitingCreations, waitingPlan, waitingReviews } from './page-store.ts'
import {
  agencyTable,
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
import { silences } from './roster-silence.ts'
import { spokenTarget } from './stage.ts'
import { limitedTo } from './store.ts'
import { targetStatuses } from './target.ts'

/** Rows of the table before it leads on to the list of all. */
const MOST_ROWS = 25

export async function overviewPage(
  pages: Pages,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const view = await openView(pages, request)
  const [top] = view.visible
  const nothing = nothingYet(view, request)
  const title = top?.name ?? view.words.overview
  const body =
    nothing !== null || !top
      ? [headOf(pages, view, title), nothing ?? ''].join('')
      : await overview(pages, view, request, top)
  return sendPage(pages.context, request, reply, { title: view.words.overview, place: 'overview', body })
}

async function overview(
  pages: Pages,
  view: View,
  request: FastifyRequest,
  top: AgencyFigures,
): Promise<string> {
  const names = maySeeNames(request)
  const below = childrenOf(view, top)
  // both count everybody anew where nothing is at hand, so neither waits for the other
  const [history, tasks] = await Promise.all([
    historyOf(pages, view, top),
    todoCard(pages, view, request, top),
  ])
  const chart = await historyFigure(pages, view, top, history)
  const button =
    below.length > 0
      ? html`<a class="btn btn-primary" href="${hrefOf(view, '/agencies', { sort: 'gap' })}">${view.words.hero.button}</a>`
      : holdButton(view, top, names)
  const ids = subtreeOf(view, top).map(each => each.id)
  const waiting = await waitingCreations(pages.context.database.db, ids)
  return [
    headOf(pages, view, top.name, top),
    heroCard(pages, view, { agency: top, ...history, chart, button }),
    stagesCard(view, top, { names, waiting }),
    below.length === 0
      ? tasks
      : html`<div class="row g-3"><div class="col-lg-9">!${await belowCard(pages, view, request, below)}</div><div class="col-lg-3">!${tasks}</div></div>`,
  ].join('')
}

/** The agencies one level below, those most in need first, with a filter by status. */
async function belowCard(
  pages: Pages,
  view: View,
  request: FastifyRequest,
  below: readonly AgencyFigures[],
): Promise<string> {
  const { words, locale } = view
  const status = queryChoice(request.query, 'status', targetStatuses)
  const chosen = worstFirst(status === null ? below : below.filter(each => statusOf(each) === status))
  const shown = chosen.slice(0, MOST_ROWS)
  const rows = rowsOf(shown, await monthAgo(pages, view, shown))
  const total = number(locale, view.visible.length)
  return tableCard({
    title: words.agencies,
    actions: html`!${statusChoices(view, '/', below, status)}!${exportLink(view, request)}`,
    table:
      rows.length === 0
        ? empty({ title: words.table.nothing, text: words.table.nothingText })
        : agencyTable(view, rows, { tree: false, hold: false }),
    foot: html`<a href="${hrefOf(view, '/agencies', { status })}">${words.table.more(total)}</a>`,
  })
}

/** By how pressing the target is, then by how many people it needs. */
function worstFirst(agencies: readonly AgencyFigures[]): AgencyFigures[] {
  const rank = (agency: AgencyFigures) => {
    const status = statusOf(agency)
    return status === null ? targetStatuses.length : targetStatuses.indexOf(status)
  }
  const gap = (agency: AgencyFigures) => spokenTarget(agency)?.gap ?? 0
  return agencies.toSorted((a, b) => rank(a) - rank(b) || gap(b) - gap(a))
}

type Task = { text: string; hint?: string; count?: string; href?: string; urgent?: boolean }

/** What waits for whoever reads this; each entry only for those who may act on it. */
async function todoCard(
  pages: Pages,
  view: View,
  request: FastifyRequest,
  top: AgencyFigures,
): Promise<string> {
  const tasks = [
    ...(await planTasks(pages, view, request)),
    ...(await peopleTasks(pages, view, request, top)),
    ...(await reviewTasks(pages, view, request, top)),
    ...(await silenceTasks(pages, view, request)),
    ...logTasks(view, request),
    ...(await runTasks(pages, view, request)),
  ]
  const { words } = view
  const body = tasks.length === 0 ? html`<p class="stamp mb-0">${words.todo.nothing}</p>` : todo(tasks)
  return card({ title: words.todo.title, body })
}

async function planTasks(pages: Pages, view: View, request: FastifyRequest): Promise<Task[]> {
  if (!may(operatorOf(request), 'plans.apply', null)) return []
  const plan = await waitingPlan(pages.context.database.db)
  if (!plan) return []
  const { todo } = view.words
  return [
    {
      text: plan.state === 'refused' ? todo.planRefused : todo.plan,
      hint: todo.planOf(dayText(plan.day)),
      count: number(view.locale, plan.changes),
      href: `/plans/${plan.id}`,
    },
  ]
}

async function peopleTasks(
  pages: Pages,
  view: View,
  request: FastifyRequest,
  top: AgencyFigures,
): Promise<Task[]> {
  if (!maySeeNames(request)) return []
  const { words, locale, ground } = view
  const agencies = subtreeOf(view, top).map(each => each.id)
  const counts = await countsOf(pages, view, {
    states: limitedTo(ground.query, agencies),
    agencies,
    search: null,
  })
  const task = (count: number, stage: string, text: string, hint: string): Task[] =>
    count === 0 ? [] : [{ text, hint, count: number(locale, count), href: peopleHref(view, top, stage) }]
  const mayInvite = mayAnywhere(operatorOf(request), 'mailboxes.invite')
  const activation = top.rate.activated === null ? 0 : counts['kich-hoat-cham']
  return [
    ...task(
      activation,
      'kich-hoat-cham',
      words.todo.slow,
      mayInvite ? words.todo.slowText : words.todo.slowAsk,
    ),
    ...task(counts['khong-khop'], 'khong-khop', words.todo.anomalies, words.todo.anomaliesText),
  ]
}

async function reviewTasks(
  { context }: Pages,
  view: View,
  request: FastifyRequest,
  top: AgencyFigures,
): Promise<Task[]> {
  const operator = operatorOf(request)
  if (!mayAnywhere(operator, 'reviews.answer')) return []
  const { words, locale } = view
  const agencies = operator.agencyId === null ? null : subtreeOf(view, top).map(each => each.id)
  const count = await waitingReviews(context.database.db, agencies)
  if (count === 0) return []
  const { reviews: text, reviewsText: hint } = words.todo
  return [{ text, hint, count: number(locale, count), href: '/reviews' }]
}

/** Roster sources that said nothing for longer than twice their rhythm. */
async function silenceTasks({ context }: Pages, view: View, request: FastifyRequest): Promise<Task[]> {
  if (!may(operatorOf(request), 'sources.view', null)) return []
  const { words, locale } = view
  const said = await rosterSaid(context.database.db)
  return silences(context.config.roster.sources, said, context.now()).map(({ name, days, rhythmDays }) => ({
    text: words.todo.silent(name),
    hint: words.todo.silentText(number(locale, days), number(locale, rhythmDays)),
    count: '!',
    href: '/sources',
    urgent: true,
  }))
}

/** Logs that do not reach the end of the day the figures are of; of a day not ended yet, of the day before. */
function logTasks({ ground, day, partial, words }: View, request: FastifyRequest): Task[] {
  if (!may(operatorOf(request), 'sources.view', null)) return []
  return ground.sources
    .filter(source => heldDays(source.log, day)[WINDOW_DAYS - (partial ? 2 : 1)] !== 1)
    .map(({ name, log }) => ({
      ...(log?.lastDay && log.lastDay > day
        ? { text: words.todo.logsGap(name, dayText(day)), hint: words.todo.logsGapText }
        : {
            text: words.todo.logs(name),
            hint: log?.lastDay ? words.todo.logsSince(dayText(log.lastDay)) : words.todo.logsNever,
          }),
      count: '!',
      href: '/sources',
      urgent: true,
    }))
}

async function runTasks(pages: Pages, { words }: View, request: FastifyRequest): Promise<Task[]> {
  if (!may(operatorOf(request), 'runs.approve', null)) return []
  const runs = await refusedRuns(pages.context.database.db)
  return runs.map(run => ({
    text: words.todo.run(run.subject),
    hint: words.todo.runText,
    count: '!',
    href: `/runs/${run.id}`,
    urgent: true,
  }))
}
