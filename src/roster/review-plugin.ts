/** Pages and API of reviews, each within the agencies of whoever asks. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Action, may, type Operator } from '../access/access.ts'
import { audit, operatorOf, requireAgency, sendPage } from '../access/plugin.ts'
import { agenciesBelow, agencyPath, scopeOf } from '../access/store.ts'
import type { CommandContext } from '../command.ts'
import { AppError } from '../error.ts'
import { parseAgencyCode } from '../ids.ts'
import { readForm, TYPED_FORM_BYTES } from '../web/form.ts'
import { addressOf, pathId, queryChoice, queryNumber, queryText } from '../web/query.ts'
import { agencyCoded } from './confirmation-store.ts'
import { countHolding } from './holding-store.ts'
import {
  type AnswerKind,
  answersOf,
  isAnswer,
  isWaiting,
  type ReviewAnswer,
  readAnswer,
  reviewKinds,
  saidSide,
} from './review.ts'
import { type ListView, reviewListPage } from './review-list-page.ts'
import { reviewWords } from './review-messages.ts'
import {
  type AnswerForm,
  emptyForm,
  type OneView,
  type ReviewLook,
  reviewPage,
  reviewPath,
} from './review-page.ts'
import {
  agencyNames,
  countReviews,
  type KnownPerson,
  knownPerson,
  listReviews,
  nextReview,
  type ReviewFilter,
  type ReviewRow,
  reviewById,
  servingBeyond,
} from './review-store.ts'
import { type ApplyRecords, answerAll, todayOf } from './review-work-plugin.ts'
import { sourceTexts } from './source-name-store.ts'

/** The addresses of the mailboxes people hold; mailboxes are a later subject's. */
export type AddressesHeld = (people: readonly number[]) => Promise<ReadonlyMap<number, readonly string[]>>

export type ReviewDesk = { context: CommandContext; apply: ApplyRecords; addressesHeld: AddressesHeld }

const PAGE = 50

export function reviewRoutes(server: FastifyInstance, desk: ReviewDesk): void {
  const view = { config: { access: 'reviews.view' } } as const
  const answer = { config: { access: 'reviews.answer' }, bodyLimit: TYPED_FORM_BYTES } as const
  server.get(reviewPath, view, (request, reply) => list(desk, request, reply, {}))
  server.post(reviewPath, answer, (request, reply) => answerSeveral(desk, request, reply))
  server.get(`${reviewPath}/:id`, view, (request, reply) => show(desk, request, reply, {}))
  server.post(`${reviewPath}/:id`, answer, (request, reply) => answerOne(desk, request, reply))
}

function lookOf({ context }: ReviewDesk, request: FastifyRequest, mayAnswer: boolean): ReviewLook {
  const { locale, csrf } = request.access
  return { locale, csrf, timeZone: context.config.timeZone, mayAnswer }
}

// the list ----------------------------------------------------------------------------------------------------------

type ListExtra = Partial<Pick<ListView, 'form' | 'ticked' | 'said'>> & { status?: number }

async function list(
  desk: ReviewDesk,
  request: FastifyRequest,
  reply: FastifyReply,
  { status, ...extra }: ListExtra,
): Promise<FastifyReply> {
  const { context } = desk
  const { db } = context.database
  const operator = operatorOf(request)
  const { locale } = request.access
  const asked = await askedList(desk, request)
  const { rows, next } =
    asked.filter === null ? { rows: [], next: null } : await pageOf(desk, request, asked.filter)
  const within = await scopeOf(db, operator)
  const done = queryNumber(request.query, 'done')
  const body = reviewListPage(lookOf(desk, request, mayAnswerWithin(request)), {
    query: asked.query,
    agencyKnown: asked.filter !== null,
    rows: rows.map(row => ({ ...row, saidName: saidSide(row.said).name })),
    next: next === null ? null : addressOf(reviewPath, { ...asked.address, after: next }),
    counts: await countReviews(db, within),
    holding: await countHolding(db, within),
    form: emptyForm,
    ticked: new Set(),
    said: done === null ? null : { kind: 'good', text: reviewWords[locale].done(done) },
    ...extra,
  })
  const { title } = reviewWords[locale]
  const code = status ?? (asked.filter === null ? 404 : 200)
  return sendPage(context, request, reply, { title, place: 'reviews', body, status: code })
}

function mayAnswerWithin(request: FastifyRequest): boolean {
  const operator = operatorOf(request)
  return may(operator, 'reviews.answer', operator.agencyId === null ? null : [operator.agencyId])
}

type AskedList = {
  query: ListView['query']
  address: Record<string, string | null>
  /** Null: no such agency within the scope. */
  filter: ReviewFilter | null
}

export async function askedList({ context }: ReviewDesk, request: FastifyRequest): Promise<AskedList> {
  const { db } = context.database
  const operator = operatorOf(request)
  const query = {
    kind: queryChoice(request.query, 'kind', reviewKinds),
    state: queryChoice(request.query, 'state', ['waiting', 'answered'] as const) ?? 'waiting',
    agency: queryText(request.query, 'agency'),
  }
  const address = { ...query, state: query.state === 'waiting' ? null : query.state }
  const filter = { kind: query.kind, state: query.state, today: todayOf(context) }
  if (query.agency === '')
    return { query, address, filter: { ...filter, within: await scopeOf(db, operator) } }
  const code = parseAgencyCode(query.agency)
  const agency = code === null ? null : await agencyCoded(db, code)
  if (agency === null || !may(operator, 'reviews.view', await agencyPath(db, agency.id)))
    return { query, address, filter: null }
  return { query, address, filter: { ...filter, within: await agenciesBelow(db, agency.id) } }
}

/** A page of the list; it says by name who is asked about, so that the look is recorded. */
export async function pageOf(
  { context }: ReviewDesk,
  request: FastifyRequest,
  filter: ReviewFilter,
): Promise<{ rows: ReviewRow[]; next: number | null }> {
  const after = queryNumber(request.query, 'after')
  const found = await listReviews(context.database.db, filter, { after, limit: PAGE + 1 })
  const rows = found.slice(0, PAGE)
  const detail = { what: 'reviews', kind: filter.kind ?? 'all', shown: rows.length }
  await audit(context, request, { action: 'people.listed', agencyId: operatorOf(request).agencyId, detail })
  return { rows, next: found.length > PAGE ? (rows.at(-1)?.id ?? null) : null }
}

// one ---------------------------------------------------------------------------------------------------------------

export type Seen = { row: ReviewRow; person: KnownPerson | null; outside: boolean; mayAnswer: boolean }

/** The review of a path, where it is of the reader's agencies. A candidate of elsewhere is not shown to them. */
export async function seeReview(
  { context }: ReviewDesk,
  request: FastifyRequest,
  action: Action,
): Promise<Seen> {
  const { db } = context.database
  const operator = operatorOf(request)
  const row = await reviewById(db, pathId(request.params))
  if (row === null) throw new AppError('not_found', 'there is nothing at this address')
  await requireAgency(context, request, action, row.agencyId)
  const path = row.agencyId === null ? null : await agencyPath(db, row.agencyId)
  const person = row.personId === null ? null : await knownPerson(db, row.personId)
  const outside =
    person !== null && operator.agencyId !== null && !(await isWithin(db, person, operator.agencyId))
  const mayAnswer =
    !outside && may(operator, 'reviews.answer', path) && (await mayEnd(db, operator, [row])).has(row)
  return { row, person, outside, mayAnswer }
}

/** Those of the reviews whose answer may end posts of nobody else's agency: it ends all posts of who is missing. */
async function mayEnd(db: Db, operator: Operator, rows: readonly ReviewRow[]): Promise<Set<ReviewRow>> {
  const people = rows.flatMap(row => (row.kind === 'missing' && row.personId !== null ? [row.personId] : []))
  const beyond = await servingBeyond(db, people, await scopeOf(db, operator))
  return new Set(rows.filter(row => row.kind !== 'missing' || !beyond.has(row.personId ?? 0)))
}

export type Db = CommandContext['database']['db']

export async function isWithin(db: Db, { agencyId }: KnownPerson, scope: number): Promise<boolean> {
  return agencyId !== null && (await agencyPath(db, agencyId)).includes(scope)
}

type OneExtra = Partial<Pick<OneView, 'form' | 'said'>> & { status?: number }

async function show(
  desk: ReviewDesk,
  request: FastifyRequest,
  reply: FastifyReply,
  { status = 200, ...extra }: OneExtra,
): Promise<FastifyReply> {
  const { context, addressesHeld } = desk
  const { db } = context.database
  const { row, person, outside, mayAnswer } = await seeReview(desk, request, 'reviews.view')
  await audit(context, request, {
    action: 'people.listed',
    subject: row.personId === null ? null : { kind: 'person', id: row.personId },
    agencyId: row.agencyId,
    detail: { what: 'reviews', review: row.id, kind: row.kind },
  })
  const { numberHash: _, codes, ...said } = saidSide(row.said)
  const names = await agencyNames(db, codes)
  const within = await scopeOf(db, operatorOf(request))
  const waiting: ReviewFilter = { kind: null, state: 'waiting', within, today: todayOf(context) }
  const held = person === null || outside ? [] : ((await addressesHeld([person.id])).get(person.id) ?? [])
  const late = queryText(request.query, 'said') === 'late'
  const { locale } = request.access
  const named = await sourceTexts(db, locale, [row.source, person?.source ?? null])
  const body = reviewPage(lookOf(desk, request, mayAnswer), {
    row: { ...row, source: named(row.source) },
    record: { ...said, agency: codes.map(code => names.get(code) ?? code).join(', ') || null },
    person: person && { ...person, source: named(person.source) },
    outside,
    addresses: held,
    next: await nextReview(db, waiting, row.id),
    form: emptyForm,
    said: late ? { kind: 'warn', text: reviewWords[locale].doneLate } : null,
    ...extra,
  })
  const title = reviewWords[locale].kinds[row.kind]
  return sendPage(context, request, reply, { title, place: 'reviews', body, status })
}

// answering ---------------------------------------------------------------------------------------------------------

const fields = {
  answer: { max: 20 },
  day: { max: 20 },
  decision: { max: 100 },
  decisionDay: { max: 20 },
  note: { max: 500 },
}

/** The answer of a form, or the form as it is to come back. */
export function answerFrom(
  { context }: ReviewDesk,
  request: FastifyRequest,
  allowed: readonly AnswerKind[],
): { answer: ReviewAnswer; note: string } | { form: AnswerForm } {
  const { locale } = request.access
  const { values, problems } = readForm(request.body, fields, locale)
  const { answer = '', day = '', decision = '', decisionDay = '', note = '' } = values
  const typed = { answer, day, decision, decisionDay }
  const read = readAnswer(typed, allowed, todayOf(context))
  if (isAnswer(read) && Object.keys(problems).length === 0) return { answer: read, note }
  const say = reviewWords[locale].problems
  const found = isAnswer(read)
    ? []
    : Object.entries(read).map(([name, problem]) => [name, say[problem]] as const)
  return { form: { values: { ...typed, note }, problems: { ...Object.fromEntries(found), ...problems } } }
}

async function answerOne(
  desk: ReviewDesk,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { row, mayAnswer } = await seeReview(desk, request, 'reviews.answer')
  const { locale } = request.access
  if (!mayAnswer) throw new AppError('forbidden', 'this is answered by an administrator above')
  if (!isWaiting(row.state))
    return show(desk, request, reply, {
      said: { kind: 'warn', text: reviewWords[locale].already },
      status: 409,
    })
  const read = answerFrom(desk, request, answersOf(row.kind))
  if ('form' in read) return show(desk, request, reply, { form: read.form, status: 400 })
  const done = await answerAll(desk.context, [row], read.answer, {
    operator: operatorOf(request),
    note: read.note,
    apply: desk.apply,
  })
  if (done.before !== null)
    return show(desk, request, reply, {
      said: { kind: 'warn', text: reviewWords[locale].already },
      status: 409,
    })
  return reply.redirect(`${reviewPath}/${row.id}${done.late ? '?said=late' : ''}`, 303)
}

/** Most reviews answered at once: those of one page. */
const MOST = 100

async function answerSeveral(
  desk: ReviewDesk,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { locale } = request.access
  const say = reviewWords[locale]
  const ids = tickedIn(request.body)
  const ticked = new Set(ids)
  const read = answerFrom(desk, request, answersOf('missing'))
  if ('form' in read)
    return list(desk, request, reply, {
      form: read.form,
      ticked,
      said: { kind: 'bad', text: firstProblem(read.form) },
      status: 400,
    })
  const rows = await tickedRows(desk, request, ids)
  if (rows.length === 0)
    return list(desk, request, reply, { ticked, said: { kind: 'bad', text: say.noneTicked }, status: 400 })
  const done = await answerAll(desk.context, rows, read.answer, {
    operator: operatorOf(request),
    note: read.note,
    apply: desk.apply,
  })
  if (done.answered === 0)
    return list(desk, request, reply, { said: { kind: 'warn', text: say.already }, status: 409 })
  return reply.redirect(addressOf(reviewPath, { done: done.answered }), 303)
}

function firstProblem({ problems }: AnswerForm): string {
  return Object.values(problems)[0] ?? ''
}

function tickedIn(body: unknown): number[] {
  const sent: unknown = typeof body === 'object' && body !== null && 'review' in body ? body.review : []
  const all: unknown[] = Array.isArray(sent) ? sent : [sent]
  const ids = all.map(each => (typeof each === 'string' && /^[1-9]\d{0,14}$/.test(each) ? Number(each) : 0))
  return [...new Set(ids.filter(id => id > 0))].slice(0, MOST)
}

/** Of those ticked the ones that are missing and of the operator's agencies; any other is as if it were not there. */
async function tickedRows(
  { context }: ReviewDesk,
  request: FastifyRequest,
  ids: readonly number[],
): Promise<ReviewRow[]> {
  const { db } = context.database
  const scope = await scopeOf(db, operatorOf(request))
  const rows = await Promise.all(ids.map(id => reviewById(db, id)))
  const own = rows.filter(
    row =>
      row !== null &&
      row.kind === 'missing' &&
      (scope === null || (row.agencyId !== null && scope.includes(row.agencyId))),
  ) as ReviewRow[]
  return [...(await mayEnd(db, operatorOf(request), own))]
}
