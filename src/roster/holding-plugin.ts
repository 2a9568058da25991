/** The holding list, within the agencies of whoever asks. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import Type from 'typebox'
import { may } from '../access/access.ts'
import { audit, operatorOf, requireAgency, sendPage } from '../access/plugin.ts'
import { agencyPath, scopeOf } from '../access/store.ts'
import type { CommandContext } from '../command.ts'
import { AppError } from '../error.ts'
import { addressOf, pathId, queryChoice, queryNumber } from '../web/query.ts'
import { holdingWords } from './holding-messages.ts'
import { type HoldingView, holdingPage } from './holding-page.ts'
import { countHolding, type HoldingRow, holdingOf, listHolding } from './holding-store.ts'
import { holdingPath } from './review-page.ts'
import { countReviews } from './review-store.ts'
import { answerHolding, holdingJson, todayOf } from './review-work-plugin.ts'
import { sourceTexts } from './source-name-store.ts'

const PAGE = 50
const answers = ['stays', 'left'] as const

export function holdingRoutes(server: FastifyInstance, context: CommandContext): void {
  const view = { config: { access: 'reviews.view' } } as const
  const answer = { config: { access: 'reviews.answer' } } as const
  server.get(holdingPath, view, (request, reply) => show(context, request, reply, {}))
  server.post(`${holdingPath}/:id`, answer, (request, reply) => answerOne(context, request, reply))
  const schema = {
    tags: ['roster'],
    summary: 'Who waits to move',
    querystring: Type.Object({ after: Type.Optional(Type.String()) }),
    response: { '2xx': Holding },
  }
  server.get('/api/v1/holding', { ...view, schema }, request => answerList(context, request))
}

type Extra = { status?: number; said?: HoldingView['said'] }

async function show(
  context: CommandContext,
  request: FastifyRequest,
  reply: FastifyReply,
  { status = 200, said = null }: Extra,
): Promise<FastifyReply> {
  const { db } = context.database
  const operator = operatorOf(request)
  const { locale, csrf } = request.access
  const within = await scopeOf(db, operator)
  const { rows, next } = await pageOf(context, request)
  const top = operator.agencyId === null ? null : [operator.agencyId]
  const look = {
    locale,
    csrf,
    timeZone: context.config.timeZone,
    mayAnswer: may(operator, 'reviews.answer', top),
  }
  const done = queryChoice(request.query, 'said', answers)
  const say = holdingWords[locale]
  const named = await sourceTexts(
    db,
    locale,
    rows.map(row => row.source),
  )
  const body = holdingPage(look, {
    rows: rows.map(row => ({ ...row, source: named(row.source) })),
    next: next === null ? null : addressOf(holdingPath, { after: next }),
    today: todayOf(context),
    waiting: (await countReviews(db, within)).reduce((sum, each) => sum + each.count, 0),
    holding: await countHolding(db, within),
    maySeeRuns: may(operator, 'runs.view', null),
    maySeePerson: may(operator, 'activity.view', top),
    said:
      said ?? (done === null ? null : { kind: 'good', text: done === 'left' ? say.leftDone : say.staysDone }),
  })
  return sendPage(context, request, reply, { title: say.title, place: 'reviews', body, status })
}

async function pageOf(
  context: CommandContext,
  request: FastifyRequest,
): Promise<{ rows: HoldingRow[]; next: number | null }> {
  const { db } = context.database
  const operator = operatorOf(request)
  const after = queryNumber(request.query, 'after')
  const found = await listHolding(db, await scopeOf(db, operator), { after, limit: PAGE + 1 })
  const rows = found.slice(0, PAGE)
  const detail = { what: 'holding', shown: rows.length }
  await audit(context, request, { action: 'people.listed', agencyId: operator.agencyId, detail })
  return { rows, next: found.length > PAGE ? (rows.at(-1)?.personId ?? null) : null }
}

async function answerOne(
  context: CommandContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { db } = context.database
  const say = holdingWords[request.access.locale]
  const person = pathId(request.params)
  const answer = queryChoice(request.body, 'answer', answers)
  const held = await holdingOf(db, person)
  if (held === null) {
    // whether anybody of that id ever waited is told only to those who may know of all of them
    await requireAgency(context, request, 'reviews.answer', null)
    return show(context, request, reply, { said: { kind: 'warn', text: say.gone }, status: 409 })
  }
  if (!may(operatorOf(request), 'reviews.answer', await agencyPath(db, held.agencyId)))
    throw new AppError('not_found', 'there is nothing at this address')
  if (answer === null) throw new AppError('usage', `answer: one of ${answers.join(', ')} is expected`)
  const done = await answerHolding(context, held, answer, operatorOf(request))
  if (!done) return show(context, request, reply, { said: { kind: 'warn', text: say.gone }, status: 409 })
  return reply.redirect(addressOf(holdingPath, { said: answer }), 303)
}

const Text = Type.String()
const orNull = (schema: Type.TSchema) => Type.Union([schema, Type.Null()])
const Holding = Type.Object({
  holding: Type.Array(
    Type.Object({
      person: Type.Integer(),
      name: Text,
      staffId: orNull(Text),
      agency: orNull(Text),
      since: Text,
      until: Text,
      source: Text,
      run: orNull(Type.Integer()),
    }),
  ),
  next: orNull(Type.Integer()),
})

async function answerList(context: CommandContext, request: FastifyRequest) {
  const { rows, next } = await pageOf(context, request)
  return { holding: rows.map(holdingJson), next }
}
