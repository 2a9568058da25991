/** Pages of long absences: the list, entering one, ending or correcting one that was entered by hand. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { may, mayAnywhere } from '../access/access.ts'
import { appendAudit, partyOf } from '../access/audit-store.ts'
import { audit, operatorOf, requireAgency, sendPage } from '../access/plugin.ts'
import { agencyPath, scopeOf } from '../access/store.ts'
import type { CommandContext } from '../command.ts'
import type { Trx } from '../database/database.ts'
import { AppError } from '../error.ts'
import { parseDay } from '../ids.ts'
import { type FieldRule, readForm, TYPED_FORM_BYTES } from '../web/form.ts'
import { addressOf, pathId, queryChoice, queryNumber, queryText } from '../web/query.ts'
import { absenceKinds, isPlausible, parseAbsenceKind, parseEnteredDay } from './absence.ts'
import { type AbsenceFormView, absenceFormPage, absenceListPage, absencePath } from './absence-page.ts'
import {
  type AbsencePlace,
  absenceAt,
  absenceTimes,
  type ListedAbsence,
  listAbsences,
} from './absence-store.ts'
import { enterAbsence } from './announce.ts'
import { candidateById, peopleMeant } from './announcement-store.ts'
import type { Absence } from './decision.ts'
import { ownNumber } from './decision-entry.ts'
import { decisionWords, type Locale, reasonText } from './decision-messages.ts'
import { soughtOf, todayOf } from './decision-plugin.ts'
import { foldText } from './name.ts'
import { sourceTexts } from './source-name-store.ts'

export function absenceRoutes(server: FastifyInstance, context: CommandContext): void {
  const view = { config: { access: 'absences.view' } } as const
  const manage = { config: { access: 'absences.manage' }, bodyLimit: TYPED_FORM_BYTES } as const
  const one = `${absencePath}/:id/:day`
  server.get(absencePath, view, (request, reply) => list(context, request, reply))
  server.get(`${absencePath}/new`, manage, (request, reply) => openNew(context, request, reply))
  server.post(absencePath, manage, (request, reply) => add(context, request, reply))
  server.get(one, manage, (request, reply) => openOne(context, request, reply))
  server.post(one, manage, (request, reply) => change(context, request, reply))
  server.post(`${one}/remove`, manage, (request, reply) => remove(context, request, reply))
}

const PAGE = 50

async function list(context: CommandContext, request: FastifyRequest, reply: FastifyReply) {
  const { db } = context.database
  const { locale } = request.access
  const operator = operatorOf(request)
  const q = queryText(request.query, 'q')
  const asked = queryChoice(request.query, 'time', ['all', ...absenceTimes]) ?? 'now'
  const time = asked === 'all' ? null : asked
  const kind = queryChoice(request.query, 'kind', absenceKinds)
  const scope = await scopeOf(db, operator)
  const filter = { scope, today: todayOf(context), time, kind, search: soughtOf(q) }
  const after = placeAsked(queryNumber(request.query, 'after'), queryText(request.query, 'from'))
  const found = await listAbsences(db, filter, { after, limit: PAGE + 1 })
  const named = await sourceTexts(
    db,
    locale,
    found.map(each => each.source),
  )
  const absences = found.slice(0, PAGE).map(each => ({ ...each, source: named(each.source) }))
  const last = found.length > PAGE ? absences.at(-1) : undefined
  await audit(context, request, {
    action: 'people.listed',
    agencyId: operator.agencyId,
    detail: { what: 'absences', searched: q !== '', shown: absences.length },
  })
  const query = { q, time: asked, kind }
  const body = absenceListPage(locale, {
    ...{ q, time, kind, absences },
    next: last ? addressOf(absencePath, { ...query, after: last.person, from: last.first }) : null,
    mayManage: mayAnywhere(operator, 'absences.manage'),
    maySeePerson: mayAnywhere(operator, 'activity.view'),
    saved: queryText(request.query, 'said') === 'saved',
  })
  const { title } = decisionWords[locale].absences
  return sendPage(context, request, reply, { title, place: 'absences', body })
}

function placeAsked(person: number | null, first: string): AbsencePlace | null {
  const day = first === '-infinity' ? first : parseDay(first)
  return person === null || day === null ? null : { person, first: day }
}

// the forms ---------------------------------------------------------------------------------------------------------

const fields: Record<string, FieldRule> = {
  person: { max: 200 },
  kind: { max: 20 },
  from: { required: true, max: 20 },
  until: { max: 20 },
  document: { max: 80 },
}

type FormState = Omit<AbsenceFormView, 'csrf'> & { status?: number }

function form(
  context: CommandContext,
  request: FastifyRequest,
  reply: FastifyReply,
  { status = 200, ...state }: FormState,
) {
  const { locale, csrf } = request.access
  const say = decisionWords[locale].absences
  const body = absenceFormPage(locale, { ...state, csrf })
  const title = state.was === null ? say.add : say.change
  return sendPage(context, request, reply, { title, place: 'absences', body, status })
}

async function openNew(context: CommandContext, request: FastifyRequest, reply: FastifyReply) {
  const { db } = context.database
  const person = queryNumber(request.query, 'person')
  const found = person === null ? null : await candidateById(db, person)
  const values: Record<string, string> = { from: todayOf(context) }
  if (found && (await mayEnter(context, request, found.place)))
    values.person = found.staffId ?? `#${found.id}`
  return form(context, request, reply, { was: null, values, problems: {} })
}

async function mayEnter(
  context: CommandContext,
  request: FastifyRequest,
  agency: number | null,
): Promise<boolean> {
  const path = agency === null ? null : await agencyPath(context.database.db, agency)
  return may(operatorOf(request), 'absences.manage', path)
}

/** The absence of an address, if it was entered by hand and concerns somebody in the scope. Throws `not_found` else. */
async function asked(context: CommandContext, request: FastifyRequest): Promise<ListedAbsence> {
  const { params } = request
  const text = typeof params === 'object' && params !== null && 'day' in params ? String(params.day) : ''
  const day = parseDay(text)
  const found =
    day === null ? null : await absenceAt(context.database.db, { person: pathId(params), first: day })
  if (found?.source !== '') throw new AppError('not_found', 'there is no such absence by hand')
  await requireAgency(context, request, 'absences.manage', found.place)
  return found
}

async function openOne(context: CommandContext, request: FastifyRequest, reply: FastifyReply) {
  const was = await asked(context, request)
  const values = {
    ...{ kind: was.kind, from: was.first, document: was.document },
    until: was.last === 'infinity' ? '' : was.last,
  }
  return form(context, request, reply, { was, values, problems: {} })
}

async function add(context: CommandContext, request: FastifyRequest, reply: FastifyReply) {
  const { locale } = request.access
  const { values, problems } = readForm(
    request.body,
    { ...fields, person: { required: true, max: 200 } },
    locale,
  )
  const read = readAbsence(context, locale, values)
  Object.assign(read.problems, problems)
  const person = await personTyped(context, request, values.person ?? '')
  if (typeof person === 'string') read.problems.person ??= person
  return save(context, request, reply, {
    ...{ was: null, values, problems: read.problems, absence: read.absence },
    person: typeof person === 'string' ? null : person,
  })
}

async function change(context: CommandContext, request: FastifyRequest, reply: FastifyReply) {
  const was = await asked(context, request)
  const { locale } = request.access
  const { values, problems } = readForm(request.body, fields, locale)
  const read = readAbsence(context, locale, values)
  Object.assign(read.problems, problems)
  const person = { id: was.person, place: was.place }
  const { absence } = read
  return save(context, request, reply, { was, values, problems: read.problems, absence, person })
}

type Saving = {
  was: ListedAbsence | null
  values: Record<string, string>
  problems: Record<string, string>
  absence: Absence
  person: { id: number; place: number | null } | null
}

async function save(context: CommandContext, request: FastifyRequest, reply: FastifyReply, saving: Saving) {
  const { was, values, problems, absence, person } = saving
  const { locale } = request.access
  if (Object.keys(problems).length > 0 || person === null)
    return form(context, request, reply, { was, values, problems, status: 400 })
  const refusal = await enterAbsence(
    context.database.db,
    { person: person.id, was: was?.first ?? null, absence },
    {
      ...{ today: todayOf(context), now: context.now() },
      record: recordOf(context, request, {
        person,
        action: was === null ? 'absence.entered' : 'absence.changed',
      }),
    },
  )
  if (refusal) {
    const field = refusal.reason === 'endBeforeStart' ? 'until' : 'from'
    const said = { [field]: `${reasonText(locale, refusal)}.` }
    return form(context, request, reply, { was, values, problems: said, status: 400 })
  }
  return reply.redirect(`${absencePath}?said=saved&time=all`, 303)
}

async function remove(context: CommandContext, request: FastifyRequest, reply: FastifyReply) {
  const was = await asked(context, request)
  const person = { id: was.person, place: was.place }
  const when = {
    ...{ today: todayOf(context), now: context.now() },
    record: recordOf(context, request, { person, action: 'absence.changed' }),
  }
  await enterAbsence(context.database.db, { person: was.person, was: was.first, absence: null }, when)
  return reply.redirect(`${absencePath}?said=saved&time=all`, 303)
}

function recordOf(
  context: CommandContext,
  request: FastifyRequest,
  {
    person,
    action,
  }: { person: { id: number; place: number | null }; action: 'absence.entered' | 'absence.changed' },
): (trx: Trx) => Promise<void> {
  return trx =>
    appendAudit(trx, {
      ...{ at: context.now(), actor: partyOf(operatorOf(request)), action },
      subject: { kind: 'person', id: person.id },
      agencyId: person.place,
    })
}

/** Somebody in the scope by staff id, our number or whole name; or what is wrong. */
async function personTyped(context: CommandContext, request: FastifyRequest, text: string) {
  const { db } = context.database
  const words = decisionWords[request.access.locale].problems
  const scope = await scopeOf(db, operatorOf(request))
  const lines = [{ text, folded: foldText(text), id: ownNumber(text) }]
  const found = (await peopleMeant(db, lines, scope)).get(text) ?? []
  const [first] = found
  if (!first) return `${words.lineNone(text)}.`
  if (found.length === 1) return first
  return `${words.lineMany(text, found.map(each => each.staffId ?? `#${each.id}`).join(', '))}.`
}

/** The absence as typed, and by field what is wrong with it. */
function readAbsence(context: CommandContext, locale: Locale, values: Record<string, string>) {
  const words = decisionWords[locale].problems
  const today = todayOf(context)
  const problems: Record<string, string> = {}
  const day = (field: string) => {
    const text = values[field] ?? ''
    if (text === '') return null
    const found = parseEnteredDay(text)
    if (found === null) problems[field] = words.badDay
    else if (!isPlausible(found, today)) problems[field] = words.farDay
    return found
  }
  const kind = parseAbsenceKind(values.kind ?? '')
  if (kind === null) problems.kind = words.badKind
  const absence: Absence = {
    ...{ kind: kind ?? 'other', first: day('from') ?? today, last: day('until') ?? 'infinity' },
    ...{ source: '', document: values.document ?? '' },
  }
  return { absence, problems }
}
