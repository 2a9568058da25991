/** Reviews for programs: the same as the pages, by the same rights. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import Type from 'typebox'
import { operatorOf } from '../access/plugin.ts'
import { AppError } from '../error.ts'
import { answersOf, isWaiting } from './review.ts'
import {
  answerFrom,
  askedList,
  type Db,
  isWithin,
  pageOf,
  type ReviewDesk,
  seeReview,
} from './review-plugin.ts'
import { knownPerson, type ReviewRow } from './review-store.ts'
import { answerAll, reviewJson } from './review-work-plugin.ts'

const Text = Type.String()
const Count = Type.Integer()
const orNull = (schema: Type.TSchema) => Type.Union([schema, Type.Null()])
const Optional = Type.Optional(Text)

const Review = Type.Object({
  id: Count,
  kind: Text,
  state: Text,
  agency: orNull(Text),
  openedOn: Text,
  againOn: orNull(Text),
  answers: Type.Array(Text),
  record: Type.Object({}, { additionalProperties: true }),
  person: orNull(Type.Object({ id: Count, name: orNull(Text), staffId: orNull(Text) })),
  leftOn: orNull(Text),
  answeredAt: orNull(Type.String({ format: 'date-time' })),
  answeredBy: Text,
  note: Text,
})
const Reviews = Type.Object({ reviews: Type.Array(Review), next: orNull(Count) })
const Done = Type.Object({ review: Count, answer: Text, applied: Type.Boolean() })

export function reviewApiRoutes(server: FastifyInstance, desk: ReviewDesk): void {
  const querystring = Type.Object({ agency: Optional, kind: Optional, state: Optional, after: Optional })
  const listed = {
    tags: ['roster'],
    summary: 'What no rule settles',
    querystring,
    response: { '2xx': Reviews },
  }
  server.get('/api/v1/reviews', { config: { access: 'reviews.view' }, schema: listed }, request =>
    answerList(desk, request),
  )
  const answered = { tags: ['roster'], summary: 'Answers one of them', response: { '2xx': Done } }
  server.post(
    '/api/v1/reviews/:id/answer',
    { config: { access: 'reviews.answer' }, schema: answered },
    request => answerOneByApi(desk, request),
  )
}

async function answerList(desk: ReviewDesk, request: FastifyRequest) {
  const { filter } = await askedList(desk, request)
  if (filter === null) throw new AppError('not_found', 'there is no such agency')
  const { rows, next } = await pageOf(desk, request, filter)
  const { db } = desk.context.database
  const scope = operatorOf(request).agencyId
  const shown = await Promise.all(rows.map(row => withinReach(db, row, scope)))
  return { reviews: shown.map(reviewJson), next }
}

/** A candidate of an agency outside the scope is not told of. */
async function withinReach(db: Db, row: ReviewRow, scope: number | null): Promise<ReviewRow> {
  if (scope === null || row.personId === null) return row
  const person = await knownPerson(db, row.personId)
  if (person !== null && (await isWithin(db, person, scope))) return row
  return { ...row, personId: null, personName: null, personStaffId: null }
}

async function answerOneByApi(desk: ReviewDesk, request: FastifyRequest) {
  const { row, mayAnswer } = await seeReview(desk, request, 'reviews.answer')
  if (!mayAnswer) throw new AppError('forbidden', 'this is answered by an administrator above')
  if (!isWaiting(row.state)) throw new AppError('busy', `this was answered before: ${row.state}`)
  const read = answerFrom(desk, request, answersOf(row.kind))
  if ('form' in read) {
    const told = Object.entries(read.form.problems).map(([name, problem]) => `${name}: ${problem}`)
    throw new AppError('usage', told.join('; '))
  }
  const done = await answerAll(desk.context, [row], read.answer, {
    operator: operatorOf(request),
    note: read.note,
    apply: desk.apply,
  })
  if (done.before !== null) throw new AppError('busy', `this was answered before: ${done.before.state}`)
  return { review: row.id, answer: read.answer.kind, applied: !done.late }
}
