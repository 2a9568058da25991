/** The forms by which agencies are opened, changed and closed, for who may do so. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { may, mayAnywhere } from '../access/access.ts'
import { audit, operatorOf, sendPage } from '../access/plugin.ts'
import type { CommandContext } from '../command.ts'
import { agencyLevels } from '../config.ts'
import { AppError } from '../error.ts'
import { type FieldRule, type ReadForm, readForm, TYPED_FORM_BYTES } from '../web/form.ts'
import { addressOf, pathId, queryText } from '../web/query.ts'
import { type AgencyChange, type ChangeOutcome, type InUse, parseChangeDay } from './agency-change.ts'
import { placesOfCode } from './agency-code.ts'
import {
  type Doer,
  decisionFrom,
  enterAs,
  factsOf,
  fieldOf,
  readTyped,
  requireManageable,
  withdrawAs,
} from './agency-entry-plugin.ts'
import { type CloseView, changePage, closePage, type FormView, openPage } from './agency-form-page.ts'
import { agencyWords, changeProblemText } from './agency-messages.ts'
import { usesOf } from './agency-obstacle-store.ts'
import { todayOf } from './agency-scope-plugin.ts'
import { type AgencyOn, agenciesOn, lastPath, waitingChanges } from './agency-store.ts'
import { treePath } from './agency-tree-page.ts'

export function agencyFormRoutes(server: FastifyInstance, context: CommandContext): void {
  const manage = { config: { access: 'agencies.manage' } } as const
  const form = { ...manage, bodyLimit: TYPED_FORM_BYTES }
  server.get('/agencies/open', manage, (request, reply) => askOpen(context, request, reply))
  server.post('/agencies/open', form, (request, reply) => open(context, request, reply))
  server.get('/agencies/:code/change', manage, (request, reply) => askChange(context, request, reply))
  server.post('/agencies/:code/change', form, (request, reply) => change(context, request, reply))
  server.get('/agencies/:code/close', manage, (request, reply) => askClose(context, request, reply))
  server.post('/agencies/:code/close', form, (request, reply) => close(context, request, reply))
  server.post('/agencies/changes/:id/withdraw', manage, (request, reply) => withdraw(context, request, reply))
}

const dayRules = {
  day: { required: true, max: 10 },
  decision: { max: 100 },
  decisionDay: { max: 10 },
} satisfies Record<string, FieldRule>
const fieldRules = {
  name: { required: true },
  code: { required: true, max: 64 },
  parent: { max: 64 },
  level: { required: true, max: 40 },
  sector: { max: 100 },
  ...dayRules,
} satisfies Record<string, FieldRule>

function doerOf(context: CommandContext, request: FastifyRequest): Doer {
  return { context, operator: operatorOf(request) }
}

function formView(context: CommandContext, request: FastifyRequest, form: ReadForm): FormView {
  const { locale, csrf } = request.access
  return {
    locale,
    csrf,
    ...form,
    refused: null,
    levels: agencyLevels,
    named: [],
    sectors: context.config.roster.sectors,
  }
}

type Sent = { view: FormView; status?: number }

async function askOpen(context: CommandContext, request: FastifyRequest, reply: FastifyReply) {
  const asked = queryText(request.query, 'parent')
  const parent = asked === '' ? null : await requireManageable(doerOf(context, request), asked)
  const values = { parent: parent?.code ?? '', day: todayOf(context), level: 'unit' }
  return sendOpen(context, request, reply, { view: formView(context, request, { values, problems: {} }) })
}

function sendOpen(context: CommandContext, request: FastifyRequest, reply: FastifyReply, sent: Sent) {
  const { title, body } = openPage(sent.view)
  return sendPage(context, request, reply, { title, place: 'agencies', body, status: sent.status ?? 200 })
}

async function open(context: CommandContext, request: FastifyRequest, reply: FastifyReply) {
  const form = readForm(
    request.body,
    { ...fieldRules, parent: { required: true, max: 64 } },
    request.access.locale,
  )
  const refuse = (view: FormView, status: number) => sendOpen(context, request, reply, { view, status })
  const doer = doerOf(context, request)
  return submit(context, request, reply, {
    form,
    doer,
    typed: ['name', 'code', 'parent', 'level', 'sector'],
    refuse,
    code: '',
    change: wanted => {
      const facts = factsOf(wanted)
      if (facts === null) throw new AppError('internal', 'a form without its fields')
      return { kind: 'open', facts }
    },
  })
}

async function askChange(context: CommandContext, request: FastifyRequest, reply: FastifyReply) {
  const { agency, values } = await known(context, request)
  const view = formView(context, request, { values: { ...values, day: todayOf(context) }, problems: {} })
  return sendChange(context, request, reply, agency, { view })
}

function sendChange(
  context: CommandContext,
  request: FastifyRequest,
  reply: FastifyReply,
  agency: AgencyOn,
  { view, status = 200 }: Sent,
) {
  const named = placesOfCode(context.config, agency.code)
  const { title, body } = changePage({ ...view, named }, agency)
  return sendPage(context, request, reply, { title, place: 'agencies', body, status })
}

/** The agency of the address as it is now, as the fields of its form. */
async function known(context: CommandContext, request: FastifyRequest) {
  const agency = await requireManageable(doerOf(context, request), queryText(request.params, 'code'))
  const all = await agenciesOn(context.database.db, todayOf(context))
  const parent = all.find(each => each.id === agency.parentId)
  const { name, code, level, sector } = agency
  return { agency, values: { name, code, parent: parent?.code ?? '', level, sector: sector ?? '' } }
}

async function change(context: CommandContext, request: FastifyRequest, reply: FastifyReply) {
  const { agency, values } = await known(context, request)
  const form = readForm(request.body, fieldRules, request.access.locale)
  const refuse = (view: FormView, status: number) =>
    sendChange(context, request, reply, agency, { view, status })
  // what stands as it was is not meant to change
  const typed = (['name', 'code', 'parent', 'level', 'sector'] as const).filter(
    field => form.values[field] !== values[field],
  )
  const doer = doerOf(context, request)
  return submit(context, request, reply, {
    form,
    doer,
    typed,
    refuse,
    code: agency.code,
    change: wanted => ({ kind: 'change', agencyId: agency.id, wanted }),
  })
}

type Submitted = {
  form: ReadForm
  doer: Doer
  typed: readonly ('name' | 'code' | 'parent' | 'level' | 'sector')[]
  change: (wanted: Parameters<typeof factsOf>[0]) => AgencyChange
  refuse: (view: FormView, status: number) => FastifyReply | Promise<FastifyReply>
  /** The code the agency has until then. */
  code: string
}

/** Reads the fields, enters the change and leads on, or shows the form again with what is wrong. */
async function submit(
  context: CommandContext,
  request: FastifyRequest,
  reply: FastifyReply,
  { form, doer, typed, change, refuse, code }: Submitted,
) {
  const { locale } = request.access
  const say = agencyWords[locale]
  const view = formView(context, request, form)
  const withProblem = (field: string, text: string) => ({
    ...view,
    problems: { ...form.problems, [field]: text },
  })
  if (Object.keys(form.problems).length > 0) return refuse(view, 400)
  const entered = daysOf(form.values)
  if (!entered.ok) return refuse(withProblem(entered.field, say[entered.problem]), 400)
  const read = await readTyped(
    doer,
    Object.fromEntries(typed.map(field => [field, form.values[field] ?? ''])),
  )
  if (!read.ok) return refuse(withProblem(read.field, say[read.problem]), 400)
  const outcome = await enterAs(doer, change(read.value), entered.value)
  if (outcome.kind !== 'refused')
    return led(reply, outcome, {
      day: entered.value.day,
      code: outcome.kind === 'done' ? (form.values.code ?? code) : code,
    })
  const text = changeProblemText(locale, outcome.problem)
  const field = fieldOf(outcome.problem)
  return refuse(field === null ? { ...view, refused: text } : withProblem(field, text), 409)
}

type Days =
  | { ok: true; value: Parameters<typeof enterAs>[2] }
  | { ok: false; field: 'day' | 'decisionDay'; problem: 'badDay' | 'bothDecision' }

function daysOf({ day = '', decision = '', decisionDay = '' }: Record<string, string>): Days {
  const from = parseChangeDay(day)
  if (from === null) return { ok: false, field: 'day', problem: 'badDay' }
  const decided = decisionFrom(decision, decisionDay)
  if (decided === null) return { ok: false, field: 'decisionDay', problem: 'bothDecision' }
  return { ok: true, value: { day: from, decision: decided.decision } }
}

/** On to the agency as it is now; one that is still to be opened waits on the page of the tree. */
function led(
  reply: FastifyReply,
  outcome: Exclude<ChangeOutcome, { kind: 'refused' }>,
  { day, code }: { day: string; code: string },
) {
  if (outcome.agencyId === null) return reply.redirect(treePath, 303)
  const said = outcome.kind === 'waiting' ? 'waiting' : outcome.past ? 'past' : 'done'
  const path = `/agencies/${encodeURIComponent(code)}/history`
  return reply.redirect(addressOf(path, { id: outcome.agencyId, said, day }), 303)
}

// closing -----------------------------------------------------------------------------------------------------------

async function askClose(context: CommandContext, request: FastifyRequest, reply: FastifyReply) {
  const doer = doerOf(context, request)
  const agency = await requireManageable(doer, queryText(request.params, 'code'))
  const today = todayOf(context)
  const use = await usesOf(context.database.db, agency.id, today)
  const view = formView(context, request, { values: { day: today }, problems: {} })
  return sendClose(context, request, reply, agency, { view, use, wasRefused: false })
}

type Closing = { view: FormView; use: InUse; wasRefused: boolean; status?: number }

/** Who serves there is named to who may see names, and that is recorded. */
async function sendClose(
  context: CommandContext,
  request: FastifyRequest,
  reply: FastifyReply,
  agency: AgencyOn,
  { view, use, wasRefused, status = 200 }: Closing,
) {
  const mayName = mayAnywhere(operatorOf(request), 'names.view')
  if (mayName && use.names.length > 0)
    await audit(context, request, {
      action: 'people.listed',
      agencyId: agency.id,
      detail: { what: 'agency.close', rows: use.names.length },
    })
  const shown: CloseView = { ...view, use, wasRefused, mayName }
  const { title, body } = closePage(shown, agency)
  return sendPage(context, request, reply, { title, place: 'agencies', body, status })
}

const noUse: InUse = { people: 0, names: [], agencies: 0, below: [] }

async function close(context: CommandContext, request: FastifyRequest, reply: FastifyReply) {
  const { locale } = request.access
  const doer = doerOf(context, request)
  const agency = await requireManageable(doer, queryText(request.params, 'code'))
  const form = readForm(request.body, dayRules, locale)
  const view = formView(context, request, form)
  const refuse = (shown: FormView, status: number, use: InUse = noUse) =>
    sendClose(context, request, reply, agency, { view: shown, use, wasRefused: true, status })
  if (Object.keys(form.problems).length > 0) return refuse(view, 400)
  const entered = daysOf(form.values)
  if (!entered.ok)
    return refuse({ ...view, problems: { [entered.field]: agencyWords[locale][entered.problem] } }, 400)
  const outcome = await enterAs(doer, { kind: 'close', agencyId: agency.id }, entered.value)
  if (outcome.kind !== 'refused') return led(reply, outcome, { day: entered.value.day, code: agency.code })
  const { problem } = outcome
  if (problem.kind === 'inUse') return refuse(view, 409, problem.use)
  const text = changeProblemText(locale, problem)
  return refuse(
    fieldOf(problem) === 'day' ? { ...view, problems: { day: text } } : { ...view, refused: text },
    409,
  )
}

/** Takes back a change that waits, of an agency within the scope of who asks. */
async function withdraw(context: CommandContext, request: FastifyRequest, reply: FastifyReply) {
  const id = pathId(request.params)
  const { db } = context.database
  const found = (await waitingChanges(db, null)).find(each => each.id === id)
  const about = found?.agency ?? found?.parent
  const operator = operatorOf(request)
  if (!found || !about || !may(operator, 'agencies.manage', await lastPath(db, about.id)))
    throw new AppError('not_found', 'there is nothing at this address')
  await withdrawAs({ context, operator }, id)
  return reply.redirect(
    found.agency === null
      ? treePath
      : addressOf(`/agencies/${encodeURIComponent(found.agency.code)}/history`, {
          id: found.agency.id,
          said: 'withdrawn',
        }),
    303,
  )
}
