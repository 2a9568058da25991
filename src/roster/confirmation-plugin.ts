/** `/agencies/:code/roster`: an agency's list, and its confirmation. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Action, may } from '../access/access.ts'
import { audit, operatorOf, sendPage } from '../access/plugin.ts'
import { agenciesBelow, agencyPath } from '../access/store.ts'
import type { CommandContext } from '../command.ts'
import { AppError } from '../error.ts'
import { parseAgencyCode } from '../ids.ts'
import { readForm, TYPED_FORM_BYTES } from '../web/form.ts'
import { day as dayText } from '../web/format.ts'
import { addressOf, queryNumber, queryText } from '../web/query.ts'
import { type ConfirmationView, confirmationPage, rosterPath } from './confirmation-page.ts'
import {
  agencyCoded,
  type CodedAgency,
  confirmationsOf,
  countStaff,
  listStaff,
} from './confirmation-store.ts'
import { confirmationWords } from './holding-messages.ts'
import { countHolding } from './holding-store.ts'
import { countReviews } from './review-store.ts'
import { confirm, todayOf } from './review-work-plugin.ts'

const PAGE = 100
const SHOWN_CONFIRMATIONS = 12

export function confirmationRoutes(server: FastifyInstance, context: CommandContext): void {
  server.get('/agencies/:code/roster', { config: { access: 'names.view' } }, (request, reply) =>
    show(context, request, reply, {}),
  )
  server.post(
    '/agencies/:code/roster',
    { config: { access: 'roster.confirm' }, bodyLimit: TYPED_FORM_BYTES },
    (request, reply) => confirmNow(context, request, reply),
  )
}

/** The agency of the path, where it is of the operator's. */
async function agencyAsked(
  { database }: CommandContext,
  request: FastifyRequest,
  action: Action,
): Promise<CodedAgency> {
  const code = parseAgencyCode(queryText(request.params, 'code'))
  const agency = code === null ? null : await agencyCoded(database.db, code)
  if (agency === null || !may(operatorOf(request), action, await agencyPath(database.db, agency.id)))
    throw new AppError('not_found', 'there is nothing at this address')
  return agency
}

type Extra = Partial<Pick<ConfirmationView, 'note' | 'said'>> & { status?: number }

async function show(
  context: CommandContext,
  request: FastifyRequest,
  reply: FastifyReply,
  { status = 200, ...extra }: Extra,
): Promise<FastifyReply> {
  const { db } = context.database
  const { locale, csrf } = request.access
  const say = confirmationWords[locale]
  const agency = await agencyAsked(context, request, 'names.view')
  const agencies = await agenciesBelow(db, agency.id)
  const day = todayOf(context)
  const after = queryNumber(request.query, 'after')
  const found = await listStaff(db, { agencies, day }, { after, limit: PAGE + 1 })
  const people = found.slice(0, PAGE)
  const detail = { what: 'roster', shown: people.length }
  await audit(context, request, { action: 'people.listed', agencyId: agency.id, detail })
  const next = found.length > PAGE ? (people.at(-1)?.id ?? null) : null
  const mayConfirm = may(operatorOf(request), 'roster.confirm', await agencyPath(db, agency.id))
  const done = queryText(request.query, 'said') === 'confirmed'
  const body = confirmationPage(
    { locale, csrf, timeZone: context.config.timeZone, mayConfirm },
    {
      agency,
      day,
      staff: await countStaff(db, agencies, day),
      people,
      next: next === null ? null : addressOf(rosterPath(agency), { after: next }),
      before: await confirmationsOf(db, agency.id, SHOWN_CONFIRMATIONS),
      reviews: (await countReviews(db, agencies)).reduce((sum, each) => sum + each.count, 0),
      holding: await countHolding(db, agencies),
      note: { value: '', problem: null },
      said: done ? { kind: 'good', text: say.done(dayText(day)) } : null,
      ...extra,
    },
  )
  const title = `${say.title}: ${agency.name}`
  return sendPage(context, request, reply, { title, place: 'agencies', body, status })
}

async function confirmNow(
  context: CommandContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { locale } = request.access
  const agency = await agencyAsked(context, request, 'roster.confirm')
  const { values, problems } = readForm(request.body, { note: { max: 500 }, staff: { max: 12 } }, locale)
  const { note = '', staff = '' } = values
  if (problems.note !== undefined)
    return show(context, request, reply, { note: { value: note, problem: problems.note }, status: 400 })
  const done = await confirm(context, agency, {
    operator: operatorOf(request),
    note,
    shown: Number(staff || '-1'),
  })
  if (done === 'changed') {
    const said = { kind: 'warn', text: confirmationWords[locale].changed } as const
    return show(context, request, reply, { note: { value: note, problem: null }, said, status: 409 })
  }
  return reply.redirect(addressOf(rosterPath(agency), { said: 'confirmed' }), 303)
}
