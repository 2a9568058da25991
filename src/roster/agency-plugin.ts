/** Pages of agencies over time: the tree of a day and one agency's history. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { may, mayAnywhere } from '../access/access.ts'
import { operatorOf, sendPage } from '../access/plugin.ts'
import type { CommandContext } from '../command.ts'
import { day as dayText } from '../web/format.ts'
import { queryChoice, queryNumber, queryText } from '../web/query.ts'
import { agencyApiRoutes } from './agency-api-plugin.ts'
import { parseChangeDay } from './agency-change.ts'
import { readAgencyCode } from './agency-code.ts'
import { agencyFormRoutes } from './agency-form-plugin.ts'
import { historyPage, MOST_BELOW, MOST_MONTHS } from './agency-history-page.ts'
import { agencyWords } from './agency-messages.ts'
import {
  askedDay,
  askedHolder,
  isIn,
  type Scope,
  scopeOfReader,
  todayOf,
  treeFor,
} from './agency-scope-plugin.ts'
import {
  agenciesOn,
  belowOf,
  historyOf,
  lastPath,
  movesByMonth,
  turnsOf,
  type WaitingChange,
  waitingChanges,
} from './agency-store.ts'
import { agencyTree } from './agency-tree.ts'
import { treePage, treePath } from './agency-tree-page.ts'
import { sectorsInTree } from './sector.ts'

export function agencyRoutes(server: FastifyInstance, context: CommandContext): void {
  const view = { config: { access: 'figures.view' } } as const
  server.get(treePath, view, (request, reply) => tree(context, request, reply))
  server.get('/agencies/:code/history', view, (request, reply) => history(context, request, reply))
  agencyFormRoutes(server, context)
  agencyApiRoutes(server, context)
}

/** Rows of one page of the tree. */
const ROWS = 300
const TURNS = 12

async function tree(context: CommandContext, request: FastifyRequest, reply: FastifyReply) {
  const { db } = context.database
  const { locale, csrf } = request.access
  const day = askedDay(context, request)
  const today = todayOf(context)
  const all = await treeFor(context, request, day)
  const scope = await scopeOfReader(context, request)
  const page = queryNumber(request.query, 'page') ?? 1
  const first = (page - 1) * ROWS
  const whole = agencyTree(await agenciesOn(db, day))
  const body = treePage({
    locale,
    day,
    today,
    agencies: all.slice(first, first + ROWS),
    total: all.length,
    first,
    page,
    top: all[0]?.depth ?? 0,
    sectors: context.config.roster.sectors,
    sectorOf: sectorsInTree(whole),
    now: day === today ? null : new Map((await agenciesOn(db, today)).map(each => [each.id, each])),
    turns: await turnsOf(db, scope === null ? null : [...scope], { until: today, limit: TURNS }),
    waiting: await waitingSeen(context, scope, null),
    mayManage: mayAnywhere(operatorOf(request), 'agencies.manage'),
    csrf,
  })
  return sendPage(context, request, reply, { title: agencyWords[locale].tree, place: 'agencies', body })
}

async function waitingSeen(
  { database }: CommandContext,
  scope: Scope,
  agencyId: number | null,
): Promise<WaitingChange[]> {
  const all = await waitingChanges(database.db, agencyId)
  return all
    .filter(each => isIn(scope, each.agency?.id ?? each.parent?.id ?? 0))
    .map(each => (each.parent === null || isIn(scope, each.parent.id) ? each : { ...each, parent: null }))
}

const saids = ['done', 'past', 'waiting', 'withdrawn'] as const

async function history(context: CommandContext, request: FastifyRequest, reply: FastifyReply) {
  const { db } = context.database
  const { locale, csrf } = request.access
  const scope = await scopeOfReader(context, request)
  const { agency, others } = await askedHolder(context, request, scope)
  const operator = operatorOf(request)
  const now = sectorsInTree(agencyTree(await agenciesOn(db, todayOf(context))))
  const { title, body } = historyPage({
    locale,
    agencyId: agency.id,
    periods: await historyOf(db, agency.id),
    below: await belowOf(db, agency.id, MOST_BELOW),
    months: await movesByMonth(db, agency.id, MOST_MONTHS),
    others,
    code: agency.code,
    waiting: await waitingSeen(context, scope, agency.id),
    sectors: context.config.roster.sectors,
    sectorNow: now.get(agency.id) ?? null,
    isSeen: id => isIn(scope, id),
    mayManage: may(operator, 'agencies.manage', await lastPath(db, agency.id)),
    csrf,
    said: saidText(request, agency.code),
  })
  return sendPage(context, request, reply, { title, place: 'agencies', body })
}

/** What the form before said, in the address: a word of ours and a day. */
function saidText(request: FastifyRequest, code: string): string | null {
  const say = agencyWords[request.access.locale]
  const said = queryChoice(request.query, 'said', saids)
  const day = parseChangeDay(queryText(request.query, 'day'))
  if (said === null) return null
  const own = said !== 'withdrawn' && readAgencyCode(code) === null ? ` ${say.saidOwnCode}` : ''
  if (said === 'withdrawn') return say.withdrawn
  if (said === 'waiting') return day === null ? null : say.saidWaiting(dayText(day))
  return (said === 'past' && day !== null ? say.donePast(dayText(day)) : say.done) + own
}
