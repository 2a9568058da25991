/** The same as the pages of plans and mailboxes, for programs: same rights, same scope, errors as everywhere. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import Type from 'typebox'
import type { Action } from '../access/access.ts'
import { operatorOf, requireAgency } from '../access/plugin.ts'
import { AppError } from '../error.ts'
import { within } from '../web/background.ts'
import { pathId, queryNumber } from '../web/query.ts'
import { requireApplicable } from './approval.ts'
import type { Shown } from './mailbox-page.ts'
import { mailboxStates } from './mailbox-page-store.ts'
import { pageOf, type Shelf } from './mailbox-plugin.ts'
import { guardText } from './messages.ts'
import {
  changeStates,
  changesOf,
  type ListedPlan,
  listPlans,
  planById,
  planStates,
  progressOf,
  refusalsAfter,
} from './page-store.ts'
import { changeKinds } from './plan-list-page.ts'
import { planQueryOf } from './plan-plugin.ts'
import { beginApply, beginMaking, type Desk } from './plan-work-plugin.ts'
import { searchOf } from './search.ts'

const oneOf = (values: readonly string[]) => Type.Unsafe<string>({ type: 'string', enum: [...values] })
const orNull = (schema: Type.TSchema) => Type.Union([schema, Type.Null()])
const Instant = Type.String({ format: 'date-time' })
const Text = Type.String()
const Count = Type.Integer({ minimum: 0 })

const Mailbox = Type.Object({
  id: Count,
  address: Text,
  person: orNull(Text),
  name: orNull(Text),
  agency: orNull(Text),
  state: oneOf(mailboxStates),
  firstLogin: orNull(Instant),
  lastLogin: orNull(Instant),
  lastSend: orNull(Instant),
})
const Mailboxes = Type.Object({ mailboxes: Type.Array(Mailbox), next: orNull(Text) })

const Plan = Type.Object({
  id: Count,
  createdAt: Instant,
  day: Text,
  agency: orNull(Text),
  state: oneOf(planStates),
  changes: Type.Object(Object.fromEntries(changeKinds.map(kind => [kind, Count]))),
  refused: Count,
  failed: Count,
  guard: Type.Object({ ok: Type.Boolean(), reasons: Type.Array(Text) }),
})
const Plans = Type.Object({ plans: Type.Array(Plan), next: orNull(Count) })
const PlanDetail = Type.Object({
  ...Plan.properties,
  progress: Type.Object({ total: Count, done: Count, already: Count, failed: Count, waiting: Count }),
  refusals: Type.Array(Type.Object({ person: orNull(Text), name: Text, reason: Text })),
  nextRefusals: orNull(Count),
})
const Change = Type.Object({
  number: Count,
  kind: oneOf(changeKinds),
  address: Text,
  toAddress: orNull(Text),
  name: Text,
  agency: orNull(Text),
  reason: Text,
  state: oneOf(changeStates),
  error: orNull(Type.Object({ code: orNull(Text), message: Text, temporary: Type.Boolean() })),
})
const Changes = Type.Object({ changes: Type.Array(Change), count: Count, next: orNull(Count) })
const Made = Type.Object({ plan: orNull(Count), going: Type.Boolean() })
const Applied = Type.Object({
  plan: Count,
  going: Type.Boolean(),
  done: Type.Optional(Count),
  already: Type.Optional(Count),
  failed: Type.Optional(Count),
})

const after = { after: Type.Optional(Text) }

export function apiRoutes(server: FastifyInstance, desk: Desk, shelf: Shelf): void {
  const route = (access: Action, response: Type.TSchema, querystring: Record<string, Type.TSchema> = {}) => ({
    config: { access },
    schema: { tags: ['mailbox'], querystring: Type.Object(querystring), response: { '2xx': response } },
  })
  const listed = { q: Type.Optional(Text), agency: Type.Optional(Text), state: Type.Optional(Text), ...after }
  server.get('/api/v1/mailboxes', route('mailboxes.view', Mailboxes, listed), request =>
    mailboxes(shelf, request),
  )
  const plansQuery = { before: Type.Optional(Text) }
  server.get('/api/v1/plans', route('plans.view', Plans, plansQuery), request => plans(desk, request))
  server.post('/api/v1/plans', route('plans.make', Made), (request, reply) => make(desk, request, reply))
  const personQuery = { person: Type.Optional(Text) }
  server.get('/api/v1/plans/:id', route('plans.view', PlanDetail, personQuery), request =>
    plan(desk, request),
  )
  const changesQuery = { ...listed, kind: Type.Optional(Text) }
  server.get('/api/v1/plans/:id/changes', route('plans.view', Changes, changesQuery), request =>
    changes(desk, request),
  )
  server.post('/api/v1/plans/:id/apply', route('plans.apply', Applied), (request, reply) =>
    apply(desk, request, reply),
  )
}

const PAGE = 200
const PLANS = 50
/** How long a caller waits for a work to end before it is answered that it goes on, in ms. */
const PATIENCE_MS = 8000

async function mailboxes(shelf: Shelf, request: FastifyRequest) {
  const { mailboxes, next } = await pageOf(shelf, request, PAGE)
  return { mailboxes: mailboxes.map(mailboxJson), next }
}

function mailboxJson({ id, address, staffId, person, holder, agency, state, use }: Shown) {
  return {
    id,
    address,
    person: staffId ?? (person === null ? null : `#${person}`),
    name: holder,
    agency,
    state,
    ...use,
  }
}

async function plans({ context }: Desk, request: FastifyRequest) {
  await requireAgency(context, request, 'plans.view', null)
  const rows = await listPlans(context.database.db, queryNumber(request.query, 'before'), PLANS + 1)
  const shown = rows.slice(0, PLANS)
  const { locale } = request.access
  return {
    plans: shown.map(each => planJson(locale, each)),
    next: rows.length > PLANS ? (shown.at(-1)?.id ?? null) : null,
  }
}

function planJson(locale: 'vi' | 'en', plan: ListedPlan) {
  const { id, createdAt, day, agency, state, refused, failed, guard } = plan
  const changes = Object.fromEntries(changeKinds.map(kind => [kind, plan.changes[kind] ?? 0]))
  const reasons = guard.reasons.map(reason => guardText(locale, reason))
  return { id, createdAt, day, agency, state, changes, refused, failed, guard: { ok: guard.ok, reasons } }
}

async function planAsked({ context }: Desk, request: FastifyRequest, action: Action): Promise<ListedPlan> {
  await requireAgency(context, request, action, null)
  const plan = await planById(context.database.db, pathId(request.params))
  if (!plan) throw new AppError('not_found', 'there is no such plan')
  return plan
}

async function plan(desk: Desk, request: FastifyRequest) {
  const { db } = desk.context.database
  const plan = await planAsked(desk, request, 'plans.view')
  const people = await refusalsAfter(db, plan.id, queryNumber(request.query, 'person') ?? 0, PAGE + 1)
  const shown = people.slice(0, PAGE)
  return {
    ...planJson(request.access.locale, plan),
    progress: await progressOf(db, plan.id, null),
    refusals: shown.map(({ staffId, person, name, reason }) => ({
      person: staffId ?? `#${person}`,
      name,
      reason,
    })),
    nextRefusals: people.length > PAGE ? (shown.at(-1)?.person ?? null) : null,
  }
}

async function changes(desk: Desk, request: FastifyRequest) {
  const { db } = desk.context.database
  const plan = await planAsked(desk, request, 'plans.view')
  const query = planQueryOf(request.query)
  const page = { after: queryNumber(request.query, 'after') ?? 0, limit: PAGE + 1 }
  const { changes, count } = await changesOf(db, plan.id, { ...query, search: searchOf(query.q) }, page)
  const shown = changes.slice(0, PAGE)
  return {
    changes: shown.map(({ code, error, temporary, ...each }) => ({
      ...each,
      error: each.state === 'failed' ? { code, message: error ?? '', temporary } : null,
    })),
    count,
    next: changes.length > PAGE ? (shown.at(-1)?.number ?? null) : null,
  }
}

async function make(desk: Desk, request: FastifyRequest, reply: FastifyReply) {
  await requireAgency(desk.context, request, 'plans.make', null)
  const made = await within(beginMaking(desk, operatorOf(request)), PATIENCE_MS)
  if (made.ended) return reply.code(201).send({ plan: made.value.plan, going: false })
  return reply.code(202).send({ plan: null, going: true })
}

async function apply(desk: Desk, request: FastifyRequest, reply: FastifyReply) {
  const { config, database } = desk.context
  const { id } = await planAsked(desk, request, 'plans.apply')
  const force = forceOf(request.body)
  const answer = await requireApplicable({ db: database.db, config }, id, force)
  if (answer === 'going') return reply.code(202).send({ plan: id, going: true })
  const applied = await within(beginApply(desk, operatorOf(request), { plan: id, force }), PATIENCE_MS)
  if (!applied.ended) return reply.code(202).send({ plan: id, going: true })
  const { done, already, failed } = applied.value
  return reply.code(200).send({ plan: id, going: false, done, already, failed })
}

function forceOf(body: unknown): boolean {
  if (body === null || body === undefined) return false
  if (typeof body !== 'object') throw new AppError('usage', 'an object is expected')
  const force = 'force' in body ? body.force : false
  if (typeof force !== 'boolean') throw new AppError('usage', 'force: true or false is expected')
  return force
}
