/** Pages of plans: looking, making, approving, watching. Plans are for operators of the whole installation. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Action, may } from '../access/access.ts'
import { operatorOf, requireAgency, sendPage } from '../access/plugin.ts'
import { AppError, toAppError } from '../error.ts'
import { type Ended, within } from '../web/background.ts'
import { readForm } from '../web/form.ts'
import { addressOf, pathId, queryChoice, queryNumber, queryText } from '../web/query.ts'
import { goingWork, isApplying, requireApplicable } from './approval.ts'
import { endText, planWords } from './page-messages.ts'
import {
  changeStates,
  changesByAgency,
  changesOf,
  type ListedPlan,
  lastApply,
  lastMaking,
  listPlans,
  planById,
  progressOf,
  refusalCounts,
  refusalsAfter,
} from './page-store.ts'
import { approvalPage, busyPage, movedPage } from './plan-approval-page.ts'
import { changeKinds, type Look, makingNotice, planListPage, planPath } from './plan-list-page.ts'
import { type PlanQuery, planPage } from './plan-page.ts'
import { progressPiece } from './plan-progress-page.ts'
import { applying, beginApply, beginMaking, type Desk, MAKING } from './plan-work-plugin.ts'
import type { PlanResult } from './reconcile.ts'
import { searchOf } from './search.ts'

export function planRoutes(server: FastifyInstance, desk: Desk): void {
  const view = { config: { access: 'plans.view' } } as const
  const make = { config: { access: 'plans.make' } } as const
  const apply = { config: { access: 'plans.apply' } } as const
  server.get(planPath, view, (request, reply) => list(desk, request, reply))
  server.post(planPath, make, (request, reply) => makeNew(desk, request, reply))
  server.get(`${planPath}/making`, view, (request, reply) => making(desk, request, reply))
  server.get(`${planPath}/:id`, view, (request, reply) => show(desk, request, reply))
  server.get(`${planPath}/:id/progress`, view, (request, reply) => progress(desk, request, reply))
  server.get(`${planPath}/:id/apply`, apply, (request, reply) => ask(desk, request, reply))
  server.post(`${planPath}/:id/apply`, apply, (request, reply) => approve(desk, request, reply))
}

// handlers ----------------------------------------------------------------------------------------------------------

const PLANS = 25
const CHANGES = 100
const FAILURES = 21

export function lookOf({ context }: Desk, request: FastifyRequest): Look {
  const operator = operatorOf(request)
  const { locale, csrf } = request.access
  const can = (action: Action) => may(operator, action, null)
  const { timeZone } = context.config
  return { locale, timeZone, csrf, mayMake: can('plans.make'), mayApply: can('plans.apply') }
}

async function list(desk: Desk, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { context, background } = desk
  const { db } = context.database
  await requireAgency(context, request, 'plans.view', null)
  const before = queryNumber(request.query, 'before')
  const nothing = queryChoice(request.query, 'made', ['nothing']) !== null
  const plans = await listPlans(db, before, PLANS + 1)
  const going = await goingWork(db)
  const shown = plans.slice(0, PLANS)
  const look = lookOf(desk, request)
  const body = planListPage(look, {
    plans: shown,
    next: plans.length > PLANS ? addressOf(planPath, { before: shown.at(-1)?.id ?? null }) : null,
    making: background.isGoing(MAKING) || going?.work === 'plan',
    trouble: unrecorded(background.failure(MAKING)) ?? (await makingTrouble(desk)),
    hasPlatform: context.config.mailbox.platforms.length > 0,
    nothing,
    applying: new Set(shown.filter(plan => going && isApplying(going, plan)).map(plan => plan.id)),
  })
  return sendPage(context, request, reply, { title: planWords[look.locale].title, place: 'plans', body })
}

/** How the last making of a plan failed, if it did. */
async function makingTrouble({ context }: Desk) {
  const last = await lastMaking(context.database.db)
  return last && (last.state === 'failed' || last.state === 'broken') ? last : null
}

/** What kept a making from taking its row, so that only this process knows of it. */
function unrecorded(thrown: unknown): { code: string; message: string } | null {
  const trouble = troubleOf(thrown)
  return trouble?.code === 'config_invalid' ? trouble : null
}

function troubleOf(thrown: unknown): { code: string; message: string } | null {
  if (thrown === null || thrown === undefined) return null
  const { code, message } = toAppError(thrown)
  return { code, message }
}

/** How long somebody who pressed a button waits for the work to end before the page goes on without it, in ms. */
const PATIENCE_MS = 8000

async function makeNew(desk: Desk, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { context } = desk
  await requireAgency(context, request, 'plans.make', null)
  const look = lookOf(desk, request)
  const made = await within(beginMaking(desk, operatorOf(request)), PATIENCE_MS).catch((thrown: unknown) =>
    toAppError(thrown),
  )
  if (!(made instanceof AppError)) return reply.redirect(placeOf(made), 303)
  if (made.code === 'busy') return sendBusy(desk, request, reply, planPath)
  // what is wrong stands on the list, with what there is
  if (made.code.startsWith('platform_') || made.code === 'config_invalid')
    return reply.redirect(planPath, 303)
  request.log.warn({ code: made.code, locale: look.locale }, 'no plan could be made')
  throw made
}

function placeOf(made: Ended<PlanResult>): string {
  if (!made.ended) return planPath
  return made.value.plan === null ? `${planPath}?made=nothing` : `${planPath}/${made.value.plan}`
}

/** The piece that waits for a plan to be made; once it is, the page is loaded anew. */
async function making(desk: Desk, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { context, background } = desk
  await requireAgency(context, request, 'plans.view', null)
  const going = background.isGoing(MAKING) || (await goingWork(context.database.db))?.work === 'plan'
  if (!going) reply.header('hx-refresh', 'true')
  return reply.type('text/html; charset=utf-8').send(makingNotice(request.access.locale))
}

async function planAsked({ context }: Desk, request: FastifyRequest, action: Action): Promise<ListedPlan> {
  await requireAgency(context, request, action, null)
  const plan = await planById(context.database.db, pathId(request.params))
  if (!plan) throw new AppError('not_found', 'there is no such plan')
  return plan
}

async function show(desk: Desk, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { context, background } = desk
  const { db } = context.database
  const plan = await planAsked(desk, request, 'plans.view')
  const look = lookOf(desk, request)
  const state = await applyState(desk, plan)
  const lists = await listsOf(desk, request, plan)
  const body = planPage(look, {
    plan,
    ...state,
    last: await lastApply(db, plan.id),
    trouble: troubleOf(background.failure(applying(plan.id))),
    ...lists,
  })
  const title = `${planWords[look.locale].one} ${plan.id}`
  return sendPage(context, request, reply, { title, place: 'plans', body })
}

/** Read from the database, so that it is right in every process; only a beginning may be known here alone. */
async function applyState({ context, background }: Desk, plan: ListedPlan) {
  const { db } = context.database
  const work = await goingWork(db)
  const byRun = work !== null && isApplying(work, plan)
  const going = byRun || background.isGoing(applying(plan.id))
  const progress = await progressOf(db, plan.id, byRun ? work.startedAt : null)
  return { going, progress, busy: work !== null && !byRun, moved: !going && (await hasMoved(context, plan)) }
}

/** Whether a plan that still counts was made on what is no longer so, as far as can be told without the platform. */
async function hasMoved({ database, config }: Desk['context'], { id, state }: ListedPlan): Promise<boolean> {
  if (state === 'applied' || state === 'superseded') return false
  const answer = await requireApplicable({ db: database.db, config }, id, true).catch(expected)
  return answer instanceof AppError && answer.code === 'ground_moved'
}

async function listsOf({ context }: Desk, request: FastifyRequest, plan: ListedPlan) {
  const { db } = context.database
  const query = planQueryOf(request.query)
  const filter = { ...query, search: searchOf(query.q) }
  const after = queryNumber(request.query, 'after') ?? 0
  const afterPerson = queryNumber(request.query, 'person') ?? 0
  const { changes, count } = await changesOf(db, plan.id, filter, { after, limit: CHANGES + 1 })
  const refusals = await refusalsAfter(db, plan.id, afterPerson, CHANGES + 1)
  const failed = { search: null, kind: null, agency: null, state: 'failed' } as const
  const failures = await changesOf(db, plan.id, failed, { after: 0, limit: FAILURES })
  const path = `${planPath}/${plan.id}`
  const [shown, people] = [changes.slice(0, CHANGES), refusals.slice(0, CHANGES)]
  const more = { after: changes.length > CHANGES ? (shown.at(-1)?.number ?? null) : null }
  const morePeople = refusals.length > CHANGES ? (people.at(-1)?.person ?? null) : null
  return {
    query,
    changes: shown,
    count,
    next: more.after === null ? null : `${addressOf(path, { ...query, ...more })}#list`,
    failures: failures.changes,
    refusals: people,
    refusalCounts: await refusalCounts(db, plan.id),
    nextRefusals: morePeople === null ? null : `${addressOf(path, { person: morePeople })}#refused`,
    agencies: await changesByAgency(db, plan.id),
  }
}

export function planQueryOf(query: unknown): PlanQuery & { kind: (typeof changeKinds)[number] | null } {
  const agency = queryText(query, 'agency')
  return {
    q: queryText(query, 'q'),
    kind: queryChoice(query, 'kind', changeKinds),
    state: queryChoice(query, 'state', changeStates),
    agency: agency === '' ? null : agency,
  }
}

/** The live piece. At the end the page is loaded anew, and nothing asks any more. */
async function progress(desk: Desk, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const plan = await planAsked(desk, request, 'plans.view')
  const { going, progress } = await applyState(desk, plan)
  if (!going) reply.header('hx-refresh', 'true')
  const piece = progressPiece(request.access.locale, { plan: plan.id, progress })
  return reply.type('text/html; charset=utf-8').send(piece)
}

async function ask(desk: Desk, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const plan = await planAsked(desk, request, 'plans.apply')
  const { going } = await applyState(desk, plan)
  if (going || plan.state === 'applied') return reply.redirect(`${planPath}/${plan.id}`, 303)
  return decide(desk, request, reply, { plan, force: true, go: () => sendAsk(desk, request, reply, plan) })
}

async function sendAsk(
  { context, ...desk }: Desk,
  request: FastifyRequest,
  reply: FastifyReply,
  plan: ListedPlan,
  problem = false,
): Promise<FastifyReply> {
  const look = lookOf({ context, ...desk }, request)
  const progress = await progressOf(context.database.db, plan.id, null)
  const body = approvalPage(look, { plan, progress, force: false, problem })
  const title = planWords[look.locale].confirm
  return sendPage(context, request, reply, { title, place: 'plans', body, status: problem ? 422 : 200 })
}

async function approve(desk: Desk, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const plan = await planAsked(desk, request, 'plans.apply')
  const { values } = readForm(request.body, { force: { max: 10 } }, request.access.locale)
  const force = values.force === 'yes'
  const begin = async () => {
    // not waited for: how it goes is read from the database by whoever looks
    void beginApply(desk, operatorOf(request), { plan: plan.id, force }).catch(() => {})
    return reply.redirect(`${planPath}/${plan.id}`, 303)
  }
  return decide(desk, request, reply, { plan, force, go: begin })
}

type Decision = { plan: ListedPlan; force: boolean; go: () => Promise<FastifyReply> }

/** Goes on where the plan may be applied now; else says what is in the way, and what to do. */
async function decide(
  desk: Desk,
  request: FastifyRequest,
  reply: FastifyReply,
  { plan, force, go }: Decision,
): Promise<FastifyReply> {
  const { context } = desk
  const { config, database } = context
  const path = `${planPath}/${plan.id}`
  const answer = await requireApplicable({ db: database.db, config }, plan.id, force).catch(expected)
  if (answer === 'start') return go()
  if (typeof answer === 'string') return reply.redirect(path, 303)
  if (answer.code === 'busy') return sendBusy(desk, request, reply, path)
  if (answer.code === 'guard_refused') return sendAsk(desk, request, reply, plan, true)
  const look = lookOf(desk, request)
  const body = movedPage(look, plan.id, endText(look.locale, answer.code, answer.message))
  return sendPage(context, request, reply, {
    title: planWords[look.locale].moved,
    place: 'plans',
    body,
    status: 409,
  })
}

function expected(thrown: unknown): AppError {
  const codes = ['busy', 'guard_refused', 'ground_moved']
  if (thrown instanceof AppError && codes.includes(thrown.code)) return thrown
  throw thrown
}

function sendBusy(desk: Desk, request: FastifyRequest, reply: FastifyReply, back: string): FastifyReply {
  const look = lookOf(desk, request)
  const body = busyPage(look, back)
  const title = planWords[look.locale].busyTitle
  return sendPage(desk.context, request, reply, { title, place: 'plans', body, status: 409 })
}
