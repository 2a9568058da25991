/** `/operators`: who may sign in. Adding, a fresh link, disabling; each within the scope of who does it. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { CommandContext } from '../command.ts'
import { AppError } from '../error.ts'
import { readForm, TYPED_FORM_BYTES } from '../web/form.ts'
import { pathId, queryText } from '../web/query.ts'
import { type Action, may, mayAnywhere } from './access.ts'
import { partyOf } from './audit-store.ts'
import { needsAgency, parseOperatorName, parseRole, signInUrl } from './operator.ts'
import { agencyByCode, listOperators, operatorById, operatorScope } from './operator-store.ts'
import { type OperatorsView, operatorsPage } from './operators-page.ts'
import { operatorOf, requireAgency, sendPage } from './plugin.ts'
import { addOperator, type Doing, disable, makeLink } from './sign-in.ts'
import { agencyPath, scopeOf } from './store.ts'

const PAGE = 100

export function operatorRoutes(server: FastifyInstance, context: CommandContext): void {
  const view = { config: { access: 'operators.view' } } as const
  const manage = { config: { access: 'operators.manage' } } as const
  server.get('/operators', view, (request, reply) => show(context, request, reply, {}))
  server.post('/operators', { ...manage, bodyLimit: TYPED_FORM_BYTES }, (request, reply) =>
    add(context, request, reply),
  )
  server.post('/operators/:id/link', manage, (request, reply) => link(context, request, reply))
  server.post('/operators/:id/disable', manage, (request, reply) => end(context, request, reply))
}

type Extra = Partial<Pick<OperatorsView, 'made' | 'form' | 'said'>> & { status?: number }

async function show(
  context: CommandContext,
  request: FastifyRequest,
  reply: FastifyReply,
  { status = 200, ...extra }: Extra,
) {
  const operator = operatorOf(request)
  const { locale, csrf } = request.access
  const list = await operatorsOf(context, request)
  const view: OperatorsView = {
    ...list,
    csrf,
    self: operator.id,
    mayManage: mayAnywhere(operator, 'operators.manage'),
    whole: operator.agencyId === null,
    timeZone: context.config.timeZone,
    made: null,
    form: { values: {}, problems: {} },
    said: null,
    ...extra,
  }
  const { title, body } = operatorsPage(locale, view)
  return sendPage(context, request, reply, { title, place: 'operators', body, status })
}

/** One page of the operators within the scope of who asks, and the name after which the next one begins. */
export async function operatorsOf(context: CommandContext, request: FastifyRequest) {
  const { db } = context.database
  const after = queryText(request.query, 'after')
  const within = await scopeOf(db, operatorOf(request))
  const found = await listOperators(db, { within, after, limit: PAGE + 1 })
  const operators = found.slice(0, PAGE)
  return { operators, next: found.length > PAGE ? (operators.at(-1)?.name ?? null) : null }
}

// adding ------------------------------------------------------------------------------------------------------------

export type Wanted = { name: string; role: string; agency: string }
export type Problem = 'badName' | 'taken' | 'badRole' | 'badAgency' | 'needsAgency'
export type Added =
  | { kind: 'added'; name: string; signInLink: string }
  | { kind: 'refused'; field: 'name' | 'role' | 'agency'; problem: Problem }

/** Adds an operator within the scope of who does it. An agency outside is as one that is not there. */
export async function addWanted(
  context: CommandContext,
  request: FastifyRequest,
  wanted: Wanted,
): Promise<Added> {
  const { db } = context.database
  const name = parseOperatorName(wanted.name)
  if (name === null) return { kind: 'refused', field: 'name', problem: 'badName' }
  const role = parseRole(wanted.role)
  if (role === null) return { kind: 'refused', field: 'role', problem: 'badRole' }
  const doer = operatorOf(request)
  const agencyId = wanted.agency === '' ? null : await agencyByCode(db, wanted.agency)
  if (agencyId === null && (wanted.agency !== '' || needsAgency(role) || doer.agencyId !== null))
    return { kind: 'refused', field: 'agency', problem: wanted.agency === '' ? 'needsAgency' : 'badAgency' }
  const path = agencyId === null ? null : await agencyPath(db, agencyId)
  if (!may(doer, 'operators.manage', path)) return { kind: 'refused', field: 'agency', problem: 'badAgency' }
  const made = await addOperator(db, { name, role, agencyId }, doing(context, request))
  if (made === null) return { kind: 'refused', field: 'name', problem: 'taken' }
  return { kind: 'added', name, signInLink: signInUrl(context.config, made.token) }
}

async function add(context: CommandContext, request: FastifyRequest, reply: FastifyReply) {
  const { locale } = request.access
  const fields = { name: { required: true, max: 64 }, role: { required: true }, agency: { max: 64 } }
  const form = readForm(request.body, fields, locale)
  if (Object.keys(form.problems).length > 0) return show(context, request, reply, { form, status: 400 })
  const { name = '', role = '', agency = '' } = form.values
  const added = await addWanted(context, request, { name, role, agency })
  if (added.kind === 'added')
    return show(context, request, reply, { made: { name: added.name, signInLink: added.signInLink } })
  const problems = { [added.field]: added.problem }
  const status = added.problem === 'taken' ? 409 : 400
  return show(context, request, reply, { form: { values: form.values, problems }, status })
}

// one operator ------------------------------------------------------------------------------------------------------

/** A fresh link for an operator within the scope of who asks; null where they are disabled. */
export async function linkFor(context: CommandContext, request: FastifyRequest) {
  const { db } = context.database
  const { id } = await target(context, request, 'operators.manage')
  const found = await operatorById(db, id)
  const token = found && (await makeLink(db, id, doing(context, request)))
  return found && token !== null
    ? { name: found.operator.name, signInLink: signInUrl(context.config, token) }
    : null
}

/** Whether there was somebody to disable; nobody disables themselves. */
export async function disableTarget(context: CommandContext, request: FastifyRequest) {
  const who = await target(context, request, 'operators.manage')
  if (who.id === operatorOf(request).id) throw new AppError('busy', 'you cannot disable yourself')
  return disable(context.database.db, who, doing(context, request))
}

async function link(context: CommandContext, request: FastifyRequest, reply: FastifyReply) {
  const made = await linkFor(context, request)
  return show(context, request, reply, made === null ? { said: 'gone', status: 409 } : { made })
}

async function end(context: CommandContext, request: FastifyRequest, reply: FastifyReply) {
  if (pathId(request.params) === operatorOf(request).id)
    return show(context, request, reply, { said: 'notSelf', status: 409 })
  const done = await disableTarget(context, request)
  return show(context, request, reply, done ? { said: 'disabled' } : { said: 'gone', status: 409 })
}

/** The operator of the address, if within the scope of who asks; throws `not_found` else. */
async function target(context: CommandContext, request: FastifyRequest, action: Action) {
  const id = pathId(request.params)
  const found = await operatorScope(context.database.db, id)
  if (!found) throw new AppError('not_found', 'there is nothing at this address')
  await requireAgency(context, request, action, found.agencyId)
  return { id, agencyId: found.agencyId }
}

function doing(context: CommandContext, request: FastifyRequest): Doing {
  return { by: partyOf(operatorOf(request)), now: context.now() }
}
