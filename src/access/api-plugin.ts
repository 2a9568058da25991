/** Who asks, operators and the audit, for programs: the same rights and scope as the pages. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import Type from 'typebox'
import type { CommandContext } from '../command.ts'
import { AppError } from '../error.ts'
import { readForm } from '../web/form.ts'
import { actions, mayAnywhere, roles } from './access.ts'
import { auditActions } from './audit.ts'
import { auditWords } from './audit-messages.ts'
import { type AddressesOf, auditQuery, entriesOf } from './audit-plugin.ts'
import { verifyAudit } from './audit-store.ts'
import { agencyOf } from './operator-store.ts'
import { addWanted, disableTarget, linkFor, operatorsOf } from './operators-plugin.ts'
import { operatorOf } from './plugin.ts'

const oneOf = (values: readonly string[]) => Type.Unsafe<string>({ type: 'string', enum: [...values] })
const orNull = (schema: Type.TSchema) => Type.Union([schema, Type.Null()])
const Text = Type.String()
const Instant = Type.String({ format: 'date-time' })
const Agency = Type.Object({ code: Text, name: Text })

const Me = Type.Object({
  name: Text,
  role: oneOf(roles),
  agency: orNull(Agency),
  mustSetPassword: Type.Boolean(),
  may: Type.Array(oneOf(actions)),
  csrf: Type.String({ description: 'To be sent as the header x-csrf-token with every change.' }),
})
const OperatorRow = Type.Object({
  id: Type.Integer(),
  name: Text,
  role: oneOf(roles),
  agency: orNull(Agency),
  lastSignIn: orNull(Instant),
  state: oneOf(['active', 'invited', 'disabled']),
})
const Operators = Type.Object({ operators: Type.Array(OperatorRow), next: orNull(Text) })
const Made = Type.Object({ operator: Text, signInLink: Text })
const Entry = Type.Object({
  number: Type.Integer(),
  at: Instant,
  action: Text,
  actor: Text,
  actorName: orNull(Text),
  subject: orNull(Text),
  subjectName: orNull(Text),
  agency: orNull(Text),
  detail: Type.Object({}, { additionalProperties: true }),
})
const Entries = Type.Object({ entries: Type.Array(Entry), next: orNull(Type.Integer()) })
const Chain = Type.Object({
  entries: Type.Integer(),
  ok: Type.Boolean(),
  firstBroken: orNull(Type.Integer()),
})

const After = Type.Object({ after: Type.Optional(Type.String({ description: 'Names after this one.' })) })
const AuditQuery = Type.Object({
  action: Type.Optional(oneOf(auditActions)),
  day: Type.Optional(Type.String({ description: 'A day, `2026-11-20`.' })),
  before: Type.Optional(Type.String({ description: 'Entries before this number.' })),
})
const NewOperator = Type.Object({
  name: Text,
  role: oneOf(roles),
  agency: Type.Optional(
    Type.String({ description: 'Code of the agency; without it the whole installation.' }),
  ),
})

export function apiRoutes(server: FastifyInstance, context: CommandContext, addressesOf: AddressesOf): void {
  const view = { access: 'operators.view' } as const
  const manage = { access: 'operators.manage' } as const
  const own = { access: 'signedIn', beforePassword: true } as const
  const schema = (summary: string, answer: Type.TSchema, more: object = {}) => ({
    summary,
    response: { 200: answer },
    ...more,
  })
  server.get('/api/v1/me', { config: own, schema: schema('Who asks, and what they may do', Me) }, request =>
    me(context, request),
  )
  const list = schema('Operators within the scope', Operators, { querystring: After })
  server.get('/api/v1/operators', { config: view, schema: list }, request => operatorsOf(context, request))
  const add = schema('Adds an operator; the link is shown once', Made, { body: NewOperator })
  server.post('/api/v1/operators', { config: manage, schema: add }, request => addOne(context, request))
  const link = schema('A fresh sign-in link, shown once', Made)
  server.post('/api/v1/operators/:id/link', { config: manage, schema: link }, request =>
    linkOne(context, request),
  )
  server.post(
    '/api/v1/operators/:id/disable',
    { config: manage, schema: { summary: 'Ends the right to sign in' } },
    (request, reply) => disableOne(context, request, reply),
  )
  const audit = schema('The audit, newest first', Entries, { querystring: AuditQuery })
  server.get('/api/v1/audit', { config: { access: 'audit.view' }, schema: audit }, request =>
    entriesOf(context, request, { query: auditQuery(request), addressesOf }),
  )
  const chain = schema('Recomputes the chain of the audit', Chain)
  server.get('/api/v1/audit/verify', { config: { access: 'audit.view' }, schema: chain }, request =>
    verifyAudit(context.database.db, request.signal),
  )
}

async function me(context: CommandContext, request: FastifyRequest) {
  const operator = operatorOf(request)
  const { mustSetPassword, csrf } = request.access
  const { name, role, agencyId } = operator
  const agency = agencyId === null ? null : await agencyOf(context.database.db, agencyId)
  const allowed = actions.filter(each => mayAnywhere(operator, each))
  return { name, role, agency, mustSetPassword, may: allowed, csrf }
}

async function addOne(context: CommandContext, request: FastifyRequest) {
  const fields = { name: {}, role: {}, agency: {} }
  const { values, problems } = readForm(request.body, fields, 'en')
  const [wrong] = Object.entries(problems)
  if (wrong) throw new AppError('usage', wrong.join(': '))
  const { name = '', role = '', agency = '' } = values
  const added = await addWanted(context, request, { name, role, agency })
  if (added.kind === 'added') return { operator: added.name, signInLink: added.signInLink }
  const message = auditWords.en.operators[added.problem]
  throw new AppError(added.problem === 'taken' ? 'busy' : 'usage', `${added.field}: ${message}`)
}

async function linkOne(context: CommandContext, request: FastifyRequest) {
  const made = await linkFor(context, request)
  if (made === null) throw new AppError('busy', 'this operator is disabled')
  return { operator: made.name, signInLink: made.signInLink }
}

async function disableOne(context: CommandContext, request: FastifyRequest, reply: FastifyReply) {
  if (!(await disableTarget(context, request)))
    throw new AppError('busy', 'this operator was disabled before')
  return reply.code(204).send()
}
