/** Pages of runs: looking, reading the roster now, approving what was refused. Runs are of the whole installation. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Action, may, type Operator } from '../access/access.ts'
import type { AuditDetail } from '../access/audit.ts'
import { appendAudit } from '../access/audit-store.ts'
import { operatorOf, partyOf, requireAgency, sendPage } from '../access/plugin.ts'
import type { CommandContext } from '../command.ts'
import { AppError, toAppError } from '../error.ts'
import { type Background, within } from '../web/background.ts'
import { addressOf, pathId, queryChoice, queryNumber, queryText } from '../web/query.ts'
import { approveRefused, syncAll } from './command.ts'
import { lastSaid } from './confirmation-store.ts'
import { silences } from './rhythm.ts'
import { type Obstacle, obstaclePage, runApprovalPage } from './run-approval-page.ts'
import { type Look, livePiece, runListPage, runPath, withEnd } from './run-list-page.ts'
import { guardReasonsOf, onlyLimits, runWords } from './run-messages.ts'
import { rejectionsOfRun, storedOf } from './run-movement-plugin.ts'
import { errorSentence, runPage } from './run-page.ts'
import {
  goingRuns,
  isApprovable,
  listRuns,
  type MovementKind,
  missedSince,
  movementKinds,
  movementsOf,
  type RunRow,
  runById,
  runKinds,
  runStates,
} from './run-store.ts'
import { sourceTexts } from './source-name-store.ts'
import type { RosterResult } from './sync.ts'

export type Desk = { context: CommandContext; background: Background }

export function runRoutes(server: FastifyInstance, desk: Desk): void {
  const view = { config: { access: 'runs.view' } } as const
  const approve = { config: { access: 'runs.approve' } } as const
  const sync = { config: { access: 'roster.sync' } } as const
  server.get(runPath, view, (request, reply) => list(desk, request, reply))
  server.get(`${runPath}/live`, view, (request, reply) => live(desk, request, reply))
  server.post(`${runPath}/sync`, sync, (request, reply) => syncNow(desk, request, reply))
  server.get(`${runPath}/:id`, view, (request, reply) => show(desk, request, reply))
  server.get(`${runPath}/:id/approve`, approve, (request, reply) => ask(desk, request, reply))
  server.post(`${runPath}/:id/approve`, approve, (request, reply) => approveRun(desk, request, reply))
}

const RUNS = 50
const ROWS = 100
const MISSED_DAYS = 30
const DAY_MS = 86_400_000
const SYNC = 'roster sync'

function lookOf({ context }: Desk, request: FastifyRequest): Look {
  const operator = operatorOf(request)
  const { locale, csrf } = request.access
  const can = (action: Action) => may(operator, action, null)
  const { timeZone } = context.config
  return {
    locale,
    timeZone,
    csrf,
    now: context.now(),
    mayApprove: can('runs.approve'),
    maySync: can('roster.sync'),
  }
}

async function goingIds({ context }: Desk): Promise<number[]> {
  return (await goingRuns(context.database.db, null)).map(run => run.id)
}

// the list ----------------------------------------------------------------------------------------------------------

async function list(desk: Desk, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { context, background } = desk
  const { db } = context.database
  await requireAgency(context, request, 'runs.view', null)
  const filter = {
    kind: queryChoice(request.query, 'kind', runKinds),
    state: queryChoice(request.query, 'state', runStates),
  }
  const before = queryNumber(request.query, 'before')
  const runs = await listRuns(db, filter, { before, limit: RUNS + 1 })
  const shown = runs.slice(0, RUNS)
  const look = lookOf(desk, request)
  const going = await goingIds(desk)
  const more = runs.length > RUNS ? (shown.at(-1)?.id ?? null) : null
  const missed = await missedSince(db, new Date(look.now.getTime() - MISSED_DAYS * DAY_MS))
  const named = await sourceTexts(
    db,
    look.locale,
    runs.map(run => run.subject),
  )
  const body = runListPage(look, {
    filter,
    runs: shown.map(run => ({ ...run, subject: named(run.subject) })),
    next: more === null ? null : addressOf(runPath, { ...filter, before: more }),
    going: new Set(going),
    starting: background.isGoing(SYNC) && going.length === 0,
    missed: missed.length,
    hasSource: context.config.roster.sources.length > 0,
    trouble: troubleText(look, background.failure(SYNC)),
    silent: silences(context.config.roster.sources, await lastSaid(db), look.now),
  })
  return sendPage(context, request, reply, { title: runWords[look.locale].title, place: 'runs', body })
}

/** What kept the last sync from running; what a run itself met stands in the run. */
function troubleText({ locale }: Look, thrown: unknown): string | null {
  if (thrown === null) return null
  const { code, message } = toAppError(thrown)
  return errorSentence(locale, code, message)
}

/** Asked again and again by a page that shows something going on: the page is loaded anew once that is another. */
async function live(desk: Desk, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  await requireAgency(desk.context, request, 'runs.view', null)
  const shown = queryText(request.query, 'going').split(' ').filter(Boolean)
  const starting = queryText(request.query, 'starting') === 'yes'
  const going = (await goingIds(desk)).map(String)
  const ended = shown.some(id => !going.includes(id))
  const begun = starting && (going.length > 0 || !desk.background.isGoing(SYNC))
  if (ended || begun) reply.header('hx-refresh', 'true')
  return reply.type('text/html; charset=utf-8').send(livePiece(going.map(Number), starting))
}

async function syncNow(desk: Desk, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { context, background } = desk
  await requireAgency(context, request, 'roster.sync', null)
  if (context.config.roster.sources.length > 0 && !background.isGoing(SYNC)) {
    const operator = operatorOf(request)
    // not waited for: how it goes is read from the database by whoever looks
    void background.start(SYNC, signal => sync({ ...context, signal }, operator)).catch(() => {})
  }
  return reply.redirect(`${runPath}?kind=roster`, 303)
}

async function sync(context: CommandContext, operator: Operator): Promise<RosterResult[]> {
  const results = await recorded(context, operator, 'roster.synced', () =>
    syncAll(context, { source: null, dryRun: false, force: false }),
  )
  const [first] = results
  const guard = results.every(each => each.guard.ok)
  await record(context, operator, 'roster.synced', { runs: results.length, run: first?.run ?? null, guard })
  return results
}

/** Work that failed is recorded too: of several sources the first may have changed what is known. */
async function recorded<Result>(
  context: CommandContext,
  operator: Operator,
  action: 'roster.synced' | 'run.approved',
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work()
  } catch (thrown) {
    await record(context, operator, action, { error: toAppError(thrown).code })
    throw thrown
  }
}

async function record(
  { database, now }: CommandContext,
  operator: Operator,
  action: 'roster.synced' | 'run.approved',
  detail: AuditDetail,
): Promise<void> {
  await appendAudit(database.db, { at: now(), actor: partyOf(operator), action, detail })
}

// one run -----------------------------------------------------------------------------------------------------------

async function runAsked(desk: Desk, request: FastifyRequest, action: Action): Promise<RunRow> {
  await requireAgency(desk.context, request, action, null)
  const run = await runById(desk.context.database.db, pathId(request.params))
  if (!run) throw new AppError('not_found', 'there is no such run')
  return withEnd(run, new Set(await goingIds(desk)))
}

/** Whether only limits stand in the way, and what was read is still kept. */
async function waits({ context }: Desk, run: RunRow): Promise<boolean> {
  if (run.kind !== 'roster' || run.state !== 'refused' || run.result.complete !== true) return false
  const reasons = guardReasonsOf(run.result)
  const limits = reasons.length > 0 && onlyLimits(reasons)
  return limits && (await isApprovable(context.database.db, run))
}

async function show(desk: Desk, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { context } = desk
  const run = await runAsked(desk, request, 'runs.view')
  const look = lookOf(desk, request)
  const approvable = await waits(desk, run)
  const named = await sourceTexts(context.database.db, look.locale, [run.subject])
  const body = runPage(look, {
    run: { ...run, subject: named(run.subject) },
    going: run.state === 'running',
    approvable,
    guard: guardReasonsOf(run.result),
    rejections: await rejectionsOfRun(context, request, run),
    stored: await storedOf(context, request, run),
    movements: await movementsAsked(desk, request, approvable ? run : null),
    maySeePlans: may(operatorOf(request), 'plans.view', null),
  })
  const title = `${runWords[look.locale].one} ${run.id}`
  return sendPage(context, request, reply, { title, place: 'runs', body })
}

/** Names stand behind a right of their own. */
async function movementsAsked({ context }: Desk, request: FastifyRequest, run: RunRow | null) {
  if (run === null || !may(operatorOf(request), 'names.view', null)) return null
  const kind: MovementKind = queryChoice(request.query, 'movement', movementKinds) ?? 'leaver'
  const after = queryText(request.query, 'key')
  const source = context.config.roster.sources.find(each => each.name === run.subject)
  const staged = { run: run.id, source: run.subject, complete: source?.complete ?? false }
  const rows = await movementsOf(context.database.db, staged, kind, { after, limit: ROWS + 1 })
  const shown = rows.slice(0, ROWS)
  const more = rows.length > ROWS ? (shown.at(-1)?.key ?? null) : null
  const next =
    more === null ? null : `${addressOf(`${runPath}/${run.id}`, { movement: kind, key: more })}#movements`
  return { kind, rows: shown, next }
}

// approval ----------------------------------------------------------------------------------------------------------

async function ask(desk: Desk, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const run = await runAsked(desk, request, 'runs.approve')
  if (!(await waits(desk, run))) return sendObstacle(desk, request, reply, { run, obstacle: 'notWaiting' })
  const look = lookOf(desk, request)
  const body = runApprovalPage(look, run, guardReasonsOf(run.result))
  return sendPage(desk.context, request, reply, { title: runWords[look.locale].confirm, place: 'runs', body })
}

/** How long somebody waits for the approval to be saved before the page goes on without it, in ms. */
const PATIENCE_MS = 8000

async function approveRun(desk: Desk, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const run = await runAsked(desk, request, 'runs.approve')
  if (!(await waits(desk, run))) return sendObstacle(desk, request, reply, { run, obstacle: 'notWaiting' })
  const operator = operatorOf(request)
  const work = desk.background.start(`approve ${run.id}`, signal =>
    approve({ ...desk.context, signal }, run.id, operator),
  )
  const done = await within(work, PATIENCE_MS).catch((thrown: unknown) => toAppError(thrown))
  if (!(done instanceof AppError))
    return reply.redirect(done.ended ? `${runPath}/${done.value.run}` : `${runPath}?kind=roster`, 303)
  const obstacle = obstacles[done.code]
  if (obstacle === undefined) throw done
  return sendObstacle(desk, request, reply, { run, obstacle })
}

async function approve(context: CommandContext, run: number, operator: Operator): Promise<RosterResult> {
  const result = await recorded(context, operator, 'run.approved', () => approveRefused(context, run))
  const { leavers, joiners } = result.people
  await record(context, operator, 'run.approved', { run, as: result.run, leavers, joiners })
  return result
}

const obstacles: Partial<Record<AppError['code'], Obstacle>> = {
  ground_moved: 'moved',
  not_found: 'notWaiting',
  busy: 'busy',
}

function sendObstacle(
  desk: Desk,
  request: FastifyRequest,
  reply: FastifyReply,
  { run, obstacle }: { run: RunRow; obstacle: Obstacle },
): FastifyReply {
  const look = lookOf(desk, request)
  const body = obstaclePage(look, run, obstacle)
  const title = runWords[look.locale][obstacle]
  return sendPage(desk.context, request, reply, { title, place: 'runs', body, status: 409 })
}
