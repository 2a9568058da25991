/** `/audit`: what was done and seen, newest first; within the agencies of who looks. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { CommandContext } from '../command.ts'
import { AppError } from '../error.ts'
import { addDays, type Day, parseDay } from '../ids.ts'
import { queryChoice, queryNumber, queryText } from '../web/query.ts'
import { auditActions } from './audit.ts'
import { auditPage, type Named } from './audit-page.ts'
import { readAudit, type ShownEntry, type Verified, verifyAudit } from './audit-store.ts'
import { operatorOf, sendPage } from './plugin.ts'
import { scopeOf } from './store.ts'

/** Addresses of mailboxes by their ids, from the subject that keeps them. */
export type AddressesOf = (ids: readonly number[]) => Promise<ReadonlyMap<number, string>>

const PAGE = 50

export function auditRoutes(
  server: FastifyInstance,
  context: CommandContext,
  addressesOf: AddressesOf,
): void {
  const view = { config: { access: 'audit.view' } } as const
  const whole = { ...view, handlerTimeout: VERIFY_MS } as const
  server.get('/audit', view, (request, reply) =>
    show(context, request, reply, { addressesOf, verified: null }),
  )
  server.get('/audit/verify', whole, (request, reply) => verify(context, request, reply, addressesOf))
}

/** Verifying reads the whole audit: some ten thousand entries a second. */
const VERIFY_MS = 120_000

export type AuditQuery = { action: string | null; day: Day | null; before: number | null }

export function auditQuery(request: FastifyRequest): AuditQuery {
  const { query } = request
  const text = queryText(query, 'day')
  const day = text === '' ? null : parseDay(text)
  if (text !== '' && day === null) throw new AppError('usage', 'day: a day such as 2026-11-20 is expected')
  return { action: queryChoice(query, 'action', auditActions), day, before: queryNumber(query, 'before') }
}

/** One page of entries with the names behind them, and the number before which the next one begins. */
export async function entriesOf(
  context: CommandContext,
  request: FastifyRequest,
  { query, addressesOf }: { query: AuditQuery; addressesOf: AddressesOf },
): Promise<{ entries: Named[]; next: number | null }> {
  const { db } = context.database
  const within = await scopeOf(db, operatorOf(request))
  const { action, day, before } = query
  const from = day === null ? null : startOf(day, context.config.timeZone)
  const to = day === null ? null : startOf(addDays(day, 1), context.config.timeZone)
  const found = await readAudit(db, { action, from, to, before, within, limit: PAGE + 1 })
  const entries = found.slice(0, PAGE)
  const next = found.length > PAGE ? (entries.at(-1)?.number ?? null) : null
  return { entries: await named(entries, addressesOf), next }
}

async function named(entries: readonly ShownEntry[], addressesOf: AddressesOf): Promise<Named[]> {
  const ids = entries.flatMap(each => [each.actorMailbox, each.subjectMailbox]).filter(id => id !== null)
  const addresses = ids.length === 0 ? new Map<number, string>() : await addressesOf([...new Set(ids)])
  const address = (id: number | null) => (id === null ? null : (addresses.get(id) ?? null))
  return entries.map(({ actorMailbox, subjectMailbox, ...entry }) => ({
    ...entry,
    actorName: entry.actorName ?? address(actorMailbox),
    subjectName: entry.subjectName ?? address(subjectMailbox),
  }))
}

function startOf(day: Day, zone: string): Date {
  return new Date(Temporal.PlainDate.from(day).toZonedDateTime(zone).epochMilliseconds)
}

async function show(
  context: CommandContext,
  request: FastifyRequest,
  reply: FastifyReply,
  { addressesOf, verified }: { addressesOf: AddressesOf; verified: Verified | null },
) {
  const query = auditQuery(request)
  const list = await entriesOf(context, request, { query, addressesOf })
  const { title, body } = auditPage(request.access.locale, {
    ...list,
    query,
    verified,
    timeZone: context.config.timeZone,
  })
  return sendPage(context, request, reply, { title, place: 'audit', body })
}

async function verify(
  context: CommandContext,
  request: FastifyRequest,
  reply: FastifyReply,
  addressesOf: AddressesOf,
) {
  const verified = await verifyAudit(context.database.db, request.signal)
  return show(context, request, reply, { addressesOf, verified })
}
