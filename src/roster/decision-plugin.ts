/** Pages of decisions: the list, one with its people and its scan, entering one, withdrawing what waits. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { mayAnywhere } from '../access/access.ts'
import { appendAudit, partyOf } from '../access/audit-store.ts'
import { audit, operatorOf, requireAgency, sendPage } from '../access/plugin.ts'
import { scopeOf } from '../access/store.ts'
import type { CommandContext } from '../command.ts'
import { AppError } from '../error.ts'
import { type Day, dayAt } from '../ids.ts'
import { type FieldRule, readForm, TYPED_FORM_BYTES } from '../web/form.ts'
import { number } from '../web/format.ts'
import { addressOf, pathId, queryChoice, queryNumber, queryText } from '../web/query.ts'
import { takeUpload, uploadOf } from '../web/upload.ts'
import { withdraw } from './announce.ts'
import {
  announcementById,
  announcementStates,
  candidateById,
  type DecisionRow,
  decisionById,
  listAnnouncements,
  listDecisions,
  scanOf,
  searchPeople,
} from './announcement-store.ts'
import { decide } from './decide.ts'
import { announcementKinds } from './decision.ts'
import { parseKind } from './decision-entry.ts'
import { type DecisionFormView, decisionFormPage } from './decision-form-page.ts'
import { decisionWords } from './decision-messages.ts'
import { type DecisionView, decisionListPage, decisionPage, decisionPath } from './decision-page.ts'
import { foldText } from './name.ts'
import { SCAN_BYTES, scanName, scanTypeOf } from './scan.ts'

export function decisionRoutes(server: FastifyInstance, context: CommandContext): void {
  const view = { config: { access: 'decisions.view' } } as const
  const manage = { config: { access: 'decisions.manage' } } as const
  server.get(decisionPath, view, (request, reply) => list(context, request, reply))
  server.get(`${decisionPath}/new`, manage, (request, reply) => open(context, request, reply))
  server.post(
    decisionPath,
    { ...manage, bodyLimit: TYPED_FORM_BYTES, preValidation: takeUpload(SCAN_BYTES) },
    (request, reply) => enter(context, request, reply),
  )
  server.get(`${decisionPath}/:id`, view, (request, reply) => show(context, request, reply))
  server.get(`${decisionPath}/:id/scan`, view, (request, reply) => scan(context, request, reply))
  server.post('/announcements/:id/withdraw', manage, (request, reply) => takeBack(context, request, reply))
}

const PAGE = 50
const PEOPLE = 100
const FOUND = 20

export function todayOf({ config, now }: CommandContext): Day {
  return dayAt(now().getTime(), config.timeZone)
}

/** What is looked for: folded, for names, and in lower case, for numbers and ids; null: nothing. */
export function soughtOf(text: string): { folded: string; lower: string } | null {
  return text === '' ? null : { folded: foldText(text), lower: text.toLowerCase() }
}

// looking -----------------------------------------------------------------------------------------------------------

async function list(context: CommandContext, request: FastifyRequest, reply: FastifyReply) {
  const { locale } = request.access
  const operator = operatorOf(request)
  const q = queryText(request.query, 'q')
  const state = queryChoice(request.query, 'state', announcementStates)
  const page = { before: queryNumber(request.query, 'before'), limit: PAGE + 1 }
  const filter = { scope: await scopeOf(context.database.db, operator), search: soughtOf(q), state }
  const found = await listDecisions(context.database.db, filter, page)
  const decisions = found.slice(0, PAGE)
  const last = found.length > PAGE ? (decisions.at(-1)?.id ?? null) : null
  const body = decisionListPage(locale, {
    q,
    state,
    decisions,
    next: last === null ? null : addressOf(decisionPath, { q, state, before: last }),
    mayManage: mayAnywhere(operator, 'decisions.manage'),
  })
  return sendPage(context, request, reply, { title: decisionWords[locale].title, place: 'decisions', body })
}

async function asked(context: CommandContext, request: FastifyRequest): Promise<DecisionRow> {
  const { db } = context.database
  const found = await decisionById(db, pathId(request.params), await scopeOf(db, operatorOf(request)))
  if (!found) throw new AppError('not_found', 'there is no such decision')
  return found
}

async function show(context: CommandContext, request: FastifyRequest, reply: FastifyReply) {
  const say = decisionWords[request.access.locale]
  const state = queryText(request.query, 'said')
  const [done = 0, waiting = 0] = [
    queryNumber(request.query, 'done') ?? 0,
    queryNumber(request.query, 'waiting') ?? 0,
  ]
  const count = (value: number) => number(request.access.locale, value)
  const said =
    state === 'announced'
      ? ({ kind: 'good', text: say.announced(count(done), count(waiting)) } as const)
      : state === 'withdrawn'
        ? ({ kind: 'good', text: say.withdrawn } as const)
        : null
  return showOne(context, request, reply, { decision: await asked(context, request), said })
}

async function showOne(
  context: CommandContext,
  request: FastifyRequest,
  reply: FastifyReply,
  { decision, said, status = 200 }: Pick<DecisionView, 'decision' | 'said'> & { status?: number },
) {
  const { db } = context.database
  const { locale, csrf } = request.access
  const operator = operatorOf(request)
  const after = queryNumber(request.query, 'after') ?? 0
  const filter = { scope: await scopeOf(db, operator), decision: decision.id }
  const found = await listAnnouncements(db, filter, { after, limit: PEOPLE + 1 })
  const announcements = found.slice(0, PEOPLE)
  await audit(context, request, {
    action: 'people.listed',
    agencyId: operator.agencyId,
    detail: { what: 'decision', decision: decision.id, shown: announcements.length },
  })
  const last = found.length > PEOPLE ? (announcements.at(-1)?.id ?? null) : null
  const body = decisionPage(locale, {
    ...{ decision, announcements, said, csrf },
    next: last === null ? null : addressOf(`${decisionPath}/${decision.id}`, { after: last }),
    timeZone: context.config.timeZone,
    mayManage: mayAnywhere(operator, 'decisions.manage'),
    maySeePerson: mayAnywhere(operator, 'activity.view'),
  })
  const title = decisionWords[locale].one(decision.number)
  return sendPage(context, request, reply, { title, place: 'decisions', body, status })
}

/** The scan may name anybody of the decision: it is for who may see all of them. Never shown within our pages. */
async function scan(context: CommandContext, request: FastifyRequest, reply: FastifyReply) {
  const decision = await asked(context, request)
  const found = decision.outside > 0 ? null : await scanOf(context.database.db, decision.id)
  if (!found) throw new AppError('not_found', 'there is no scan to see')
  await audit(context, request, {
    action: 'decision.scanned',
    agencyId: operatorOf(request).agencyId,
    detail: { decision: decision.id, bytes: found.bytes.length },
  })
  return reply
    .type(found.type)
    .header('x-content-type-options', 'nosniff')
    .header('content-disposition', `attachment; filename="${scanName(decision.number, found.type)}"`)
    .send(Buffer.from(found.bytes))
}

async function takeBack(context: CommandContext, request: FastifyRequest, reply: FastifyReply) {
  const { db } = context.database
  const found = await announcementById(db, pathId(request.params))
  if (!found || found.decision === null) throw new AppError('not_found', 'there is no such announcement')
  await requireAgency(
    context,
    request,
    'decisions.manage',
    operatorOf(request).agencyId === null ? null : found.place,
  )
  const at = context.now()
  const done = await withdraw(db, found.id, {
    now: at,
    record: trx =>
      appendAudit(trx, {
        ...{ at, actor: partyOf(operatorOf(request)), action: 'decision.withdrawn' },
        subject: { kind: 'person', id: found.person },
        agencyId: found.place,
        detail: { decision: found.decision },
      }),
  })
  if (done) {
    return reply.redirect(`${decisionPath}/${found.decision}?said=withdrawn`, 303)
  }
  const decision = await decisionById(db, found.decision, await scopeOf(db, operatorOf(request)))
  if (!decision) throw new AppError('not_found', 'there is no such decision')
  const text = decisionWords[request.access.locale].withdrawLate
  return showOne(context, request, reply, { decision, said: { kind: 'warn', text }, status: 409 })
}

// entering ----------------------------------------------------------------------------------------------------------

const fields: Record<string, FieldRule> = {
  number: { required: true, max: 80 },
  signed: { required: true, max: 20 },
  issuer: { max: 200 },
  note: { multiline: true, max: 2000 },
  kind: { max: 20 },
  effective: { required: true, max: 20 },
  until: { max: 20 },
  people: { multiline: true, max: 100_000 },
  everybody: { max: 64 },
  agency: { max: 64 },
  staffClass: { max: 100 },
  title: { max: 200 },
  absence: { max: 20 },
  fullName: { max: 200 },
  birthDay: { max: 20 },
  staffId: { max: 64 },
  find: { max: 200 },
  add: { max: 64 },
  step: { max: 20 },
}

async function open(context: CommandContext, request: FastifyRequest, reply: FastifyReply) {
  const { db } = context.database
  const kind = queryChoice(request.query, 'kind', announcementKinds) ?? 'move'
  const person = queryNumber(request.query, 'person')
  const decision = queryNumber(request.query, 'decision')
  const values: Record<string, string> = { effective: todayOf(context) }
  const scope = await scopeOf(db, operatorOf(request))
  const known = decision === null ? null : await decisionById(db, decision, scope)
  if (known) Object.assign(values, { number: known.number, signed: known.day, issuer: known.issuer })
  const who = person === null ? null : await candidateById(db, person)
  if (who && (scope === null || scope.includes(who.place ?? 0))) values.people = who.staffId ?? `#${who.id}`
  return form(context, request, reply, { kind, values, problems: {}, found: null, person, decision })
}

type FormState = Omit<DecisionFormView, 'csrf'> & { status?: number }

function form(
  context: CommandContext,
  request: FastifyRequest,
  reply: FastifyReply,
  { status = 200, ...state }: FormState,
) {
  const { locale, csrf } = request.access
  const body = decisionFormPage(locale, { ...state, csrf })
  return sendPage(context, request, reply, {
    title: decisionWords[locale].add,
    place: 'decisions',
    body,
    status,
  })
}

async function enter(context: CommandContext, request: FastifyRequest, reply: FastifyReply) {
  const { db } = context.database
  const { locale } = request.access
  const { values, problems } = readForm(request.body, fields, locale)
  const kind = parseKind(values.kind ?? '') ?? 'move'
  const state = { kind, values, problems, found: null, person: null, decision: null }
  if (values.add !== '') {
    const people = [values.people, values.add].filter(Boolean).join('\n')
    return form(context, request, reply, { ...state, values: { ...values, people }, problems: {} })
  }
  if (values.step === 'find') {
    const sought = soughtOf(values.find ?? '')
    const scope = await scopeOf(db, operatorOf(request))
    const found = sought === null ? null : await searchPeople(db, sought, scope, FOUND)
    return form(context, request, reply, { ...state, problems: {}, found })
  }
  const scanned = scanSent(request)
  if (typeof scanned === 'string') problems.scan = scanned
  const operator = operatorOf(request)
  const decided = await decide(
    db,
    { values, problems, scan: typeof scanned === 'string' ? null : scanned },
    {
      ...{ locale, scope: await scopeOf(db, operator), today: todayOf(context) },
      ...{ now: context.now(), by: operator.name },
      record: (trx, { decision, people, done, agency }) =>
        appendAudit(trx, {
          ...{ at: context.now(), actor: partyOf(operator), action: 'decision.announced' },
          agencyId: agency ?? operator.agencyId,
          detail: { decision, count: people, done, what: kind },
        }),
    },
  )
  if ('problems' in decided)
    return form(context, request, reply, { ...state, problems: decided.problems, status: 400 })
  const { decision, done, waiting } = decided
  const where = addressOf(`${decisionPath}/${decision}`, {
    said: 'announced',
    done: done || null,
    waiting: waiting || null,
  })
  return reply.redirect(where, 303)
}

/** The scan that was sent, null where there is none, or why it is none. */
function scanSent(request: FastifyRequest): { bytes: Buffer; name: string; type: string } | string | null {
  const words = decisionWords[request.access.locale].problems
  const sent = uploadOf(request)
  if (sent === null) return null
  if (sent.tooLarge) return words.scanLarge
  const type = scanTypeOf(sent.bytes)
  return type === null ? words.scanType : { bytes: sent.bytes, name: scanName('', type), type }
}
