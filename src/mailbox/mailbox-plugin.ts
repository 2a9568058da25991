/** Pages of mailboxes, each within the agencies of whoever asks. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { may } from '../access/access.ts'
import { audit, operatorOf, requireAgency, sendPage } from '../access/plugin.ts'
import { agenciesBelow, agencyPath } from '../access/store.ts'
import type { CommandContext } from '../command.ts'
import { AppError } from '../error.ts'
import { type Day, dayAt } from '../ids.ts'
import { addressOf, pathId, queryChoice, queryText } from '../web/query.ts'
import type { LastUse } from './command.ts'
import {
  type MailboxQuery,
  mailboxListPage,
  mailboxPage,
  mailboxPath,
  type Shown,
  type Use,
} from './mailbox-page.ts'
import {
  activationsOf,
  addressesOf,
  changesTo,
  holdersOf,
  type ListedMailbox,
  listMailboxes,
  type MailboxDetail,
  mailboxById,
  mailboxStates,
  statesOf,
} from './mailbox-page-store.ts'
import { mailboxWords } from './page-messages.ts'
import { subtree } from './reconcile.ts'
import { searchOf } from './search.ts'
import { agencyTree } from './store.ts'

export type Shelf = { context: CommandContext; lastUse: LastUse }

export function mailboxRoutes(server: FastifyInstance, shelf: Shelf): void {
  const view = { config: { access: 'mailboxes.view' } } as const
  server.get(mailboxPath, view, (request, reply) => list(shelf, request, reply))
  server.get(`${mailboxPath}/:id`, view, (request, reply) => show(shelf, request, reply))
}

const PAGE = 50
const CHANGES = 50

function today({ config, now }: CommandContext): Day {
  return dayAt(now().getTime(), config.timeZone)
}

async function list(shelf: Shelf, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { context } = shelf
  const { locale } = request.access
  const query = queryOf(request.query)
  const found = await pageOf(shelf, request, PAGE).catch(noAgency)
  const { mailboxes, next } = found ?? { mailboxes: [], next: null }
  const body = mailboxListPage(locale, {
    query,
    agencyKnown: found !== null,
    mailboxes,
    next: next === null ? null : addressOf(mailboxPath, { ...query, after: next }),
    now: context.now(),
    timeZone: context.config.timeZone,
    maySeePlans: may(operatorOf(request), 'plans.view', null),
  })
  const title = mailboxWords[locale].title
  const status = found === null ? 404 : 200
  return sendPage(context, request, reply, { title, place: 'mailboxes', body, status })
}

/** A code typed wrong is said beside its field, not by a page without the form. */
function noAgency(thrown: unknown): null {
  if (thrown instanceof AppError && thrown.code === 'not_found') return null
  throw thrown
}

function queryOf(query: unknown): MailboxQuery {
  return {
    q: queryText(query, 'q'),
    agency: queryText(query, 'agency'),
    state: queryChoice(query, 'state', mailboxStates),
  }
}

/**
 * A page of mailboxes as the query and the scope of whoever asks want it; `next` is the address to go on after. It says
 * by name who used theirs and when, so that the look is recorded.
 */
export async function pageOf(
  shelf: Shelf,
  request: FastifyRequest,
  limit: number,
): Promise<{ mailboxes: Shown[]; next: string | null }> {
  const { context } = shelf
  const { q, agency, state } = queryOf(request.query)
  const { agencyId, agencies } = await agenciesAsked(context, request, agency)
  const filter = { day: today(context), agencies, search: searchOf(q), state, now: context.now() }
  const after = queryText(request.query, 'after')
  const rows = await listMailboxes(context.database.db, filter, { after, limit: limit + 1 })
  const shown = rows.slice(0, limit)
  const next = rows.length > limit ? (shown.at(-1)?.address ?? null) : null
  const detail = { what: 'mailboxes', state: state ?? 'all', searched: q !== '', shown: shown.length }
  await audit(context, request, { action: 'people.listed', agencyId, detail })
  return { mailboxes: await withKnowledge(shelf, shown), next }
}

/** The agencies a list is limited to: the operator's, and of these those below the code asked for. */
async function agenciesAsked(
  context: CommandContext,
  request: FastifyRequest,
  code: string,
): Promise<{ agencyId: number | null; agencies: number[] | null }> {
  const { db } = context.database
  const { agencyId } = operatorOf(request)
  if (code === '') return { agencyId, agencies: agencyId === null ? null : await agenciesBelow(db, agencyId) }
  const found = subtree(await agencyTree(db, today(context)), code)
  const top = found[0] ?? null
  await requireAgency(context, request, 'mailboxes.view', top)
  return { agencyId: top, agencies: found }
}

const unseen: Use = { firstLogin: null, lastLogin: null, lastSend: null }

async function withKnowledge<Row extends ListedMailbox>(
  { context, lastUse }: Shelf,
  rows: readonly Row[],
): Promise<(Row & Pick<Shown, 'use' | 'activation'>)[]> {
  const ids = rows.map(row => row.id)
  const use = await lastUse(ids)
  const activations = await activationsOf(context.database.db, ids)
  return rows.map(row => ({
    ...row,
    use: use.get(row.id) ?? unseen,
    activation: activations.get(row.id) ?? null,
  }))
}

async function mailboxAsked(context: CommandContext, request: FastifyRequest): Promise<MailboxDetail> {
  const mailbox = await mailboxById(context.database.db, pathId(request.params), {
    day: today(context),
    now: context.now(),
  })
  if (!mailbox) throw new AppError('not_found', 'there is no such mailbox')
  await requireAgency(context, request, 'mailboxes.view', mailbox.agencyId)
  return mailbox
}

async function show(shelf: Shelf, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { context } = shelf
  const { db } = context.database
  const { locale, csrf } = request.access
  const mailbox = await mailboxAsked(context, request)
  const [known] = await withKnowledge(shelf, [mailbox])
  await recordLook(context, request, mailbox)
  const operator = operatorOf(request)
  const path = mailbox.agencyId === null ? null : await agencyPath(db, mailbox.agencyId)
  const body = mailboxPage(locale, {
    mailbox,
    use: known?.use ?? unseen,
    activation: known?.activation ?? null,
    addresses: await addressesOf(db, mailbox.id),
    holders: await holdersOf(db, mailbox.id),
    states: await statesOf(db, mailbox.id),
    changes: await changesTo(db, mailbox.id, CHANGES),
    now: context.now(),
    timeZone: context.config.timeZone,
    csrf,
    mayInvite: may(operator, 'mailboxes.invite', path) && ['active', 'invited'].includes(mailbox.state),
    maySeePlans: may(operator, 'plans.view', null),
  })
  return sendPage(context, request, reply, { title: mailbox.address, place: 'mailboxes', body })
}

/** When somebody used their mailbox is what they did, whichever page tells it. */
async function recordLook(
  context: CommandContext,
  request: FastifyRequest,
  { id, person, agencyId }: MailboxDetail,
): Promise<void> {
  const subject =
    person === null ? ({ kind: 'mailbox', id } as const) : ({ kind: 'person', id: person } as const)
  await audit(context, request, { action: 'person.viewed', subject, agencyId, detail: { what: 'mailbox' } })
}
