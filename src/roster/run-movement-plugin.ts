/** What a run did of whom, on its page, as files and for programs. Runs are of the whole installation. */
import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import Type from 'typebox'
import { may } from '../access/access.ts'
import { audit, operatorOf, requireAgency } from '../access/plugin.ts'
import { agenciesBelow } from '../access/store.ts'
import type { CommandContext } from '../command.ts'
import { AppError } from '../error.ts'
import { parseAgencyCode } from '../ids.ts'
import { CSV_MARK, csvLines } from '../web/csv.ts'
import { addressOf, pathId, queryChoice, queryNumber, queryText } from '../web/query.ts'
import { agencyCoded } from './confirmation-store.ts'
import { rejectionText } from './messages.ts'
import { runPath } from './run-list-page.ts'
import { movementWords, runWords } from './run-messages.ts'
import { changesOf, type RejectionView, type StoredView } from './run-movement-page.ts'
import {
  type RunRow,
  rejectionCounts,
  rejectionsAfter,
  runById,
  type StoredFilter,
  type StoredMovement,
  storedCounts,
  storedKinds,
  storedMovements,
} from './run-store.ts'

export function runMovementRoutes(server: FastifyInstance, context: CommandContext): void {
  const file = { config: { access: 'export' } } as const
  server.get(`${runPath}/:id/movements.csv`, file, (request, reply) => movementsFile(context, request, reply))
  server.get(`${runPath}/:id/rejections.csv`, file, (request, reply) =>
    rejectionsFile(context, request, reply),
  )
  const optional = Type.Optional(Type.String())
  const schema = {
    tags: ['roster'],
    summary: 'The movements a run made',
    querystring: Type.Object({ movement: optional, agency: optional, moved: optional }),
    response: { '2xx': Movements },
  }
  server.get('/api/v1/runs/:id/movements', { config: { access: 'runs.view' }, schema }, request =>
    movementsAnswer(context, request),
  )
}

const ROWS = 100

type Asked = { filter: StoredFilter; agency: string; agencyKnown: boolean }

async function askedOf({ database }: CommandContext, request: FastifyRequest): Promise<Asked> {
  const kind = queryChoice(request.query, 'movement', storedKinds)
  const agency = queryText(request.query, 'agency')
  if (agency === '') return { filter: { kind, agencies: null }, agency, agencyKnown: true }
  const code = parseAgencyCode(agency)
  const found = code === null ? null : await agencyCoded(database.db, code)
  const agencies = found === null ? [] : await agenciesBelow(database.db, found.id)
  return { filter: { kind, agencies }, agency, agencyKnown: found !== null }
}

/** What a run of the roster made of whom, for who may see names; the look is recorded. */
export async function storedOf(
  context: CommandContext,
  request: FastifyRequest,
  run: RunRow,
): Promise<StoredView | null> {
  const operator = operatorOf(request)
  const ended = run.state === 'done' || run.state === 'partial'
  if (run.kind !== 'roster' || !ended || !may(operator, 'names.view', null)) return null
  const { db } = context.database
  const { filter, agency, agencyKnown } = await askedOf(context, request)
  const after = queryNumber(request.query, 'moved') ?? 0
  const found = await storedMovements(db, run.id, filter, { after, limit: ROWS + 1 })
  const rows = found.slice(0, ROWS)
  const more = found.length > ROWS ? (rows.at(-1)?.id ?? null) : null
  const query = { movement: filter.kind, agency, moved: more }
  if (rows.length > 0) await listed(context, request, run, rows.length)
  return {
    kind: filter.kind,
    agency,
    agencyKnown,
    counts: await storedCounts(db, run.id, filter.agencies),
    rows,
    next: more === null ? null : `${addressOf(`${runPath}/${run.id}`, query)}#movements`,
    mayExport: may(operator, 'export', null),
  }
}

function listed(context: CommandContext, request: FastifyRequest, run: RunRow, shown: number): Promise<void> {
  const detail = { what: 'movements', run: run.id, shown }
  return audit(context, request, { action: 'people.listed', detail })
}

/** What a run did not take over, of a reason or of any. */
export async function rejectionsOfRun(
  { database }: CommandContext,
  request: FastifyRequest,
  run: RunRow,
): Promise<RejectionView> {
  const reason = queryText(request.query, 'reason')
  const after = queryNumber(request.query, 'after') ?? 0
  const found = await rejectionsAfter(database.db, run.id, after, ROWS + 1, reason)
  const rows = found.slice(0, ROWS)
  const more = found.length > ROWS ? (rows.at(-1)?.id ?? null) : null
  return {
    rows,
    counts: await rejectionCounts(database.db, run.id),
    reason,
    next: more === null ? null : `${addressOf(`${runPath}/${run.id}`, { reason, after: more })}#rejected`,
    mayExport: may(operatorOf(request), 'export', null),
  }
}

// files -------------------------------------------------------------------------------------------------------------

/** Rows read at a time for a file. */
const FILE_ROWS = 2000

async function runOf(context: CommandContext, request: FastifyRequest): Promise<RunRow> {
  await requireAgency(context, request, 'runs.view', null)
  const run = await runById(context.database.db, pathId(request.params))
  if (!run) throw new AppError('not_found', 'there is no such run')
  return run
}

async function movementsFile(context: CommandContext, request: FastifyRequest, reply: FastifyReply) {
  const run = await runOf(context, request)
  if (!may(operatorOf(request), 'names.view', null))
    throw new AppError('forbidden', 'your role does not allow this')
  const { filter } = await askedOf(context, request)
  const counts = await storedCounts(context.database.db, run.id, filter.agencies)
  const rows = filter.kind === null ? sum(counts.values()) : (counts.get(filter.kind) ?? 0)
  await exported(context, request, { what: 'movements', run: run.id, rows })
  return asFile(reply, `bien-dong-luot-${run.id}.csv`).send(
    Readable.from(movementLines(context, request, { run, filter })),
  )
}

function sum(counts: Iterable<number>): number {
  return [...counts].reduce((all, count) => all + count, 0)
}

function exported(
  context: CommandContext,
  request: FastifyRequest,
  detail: { what: string; run: number; rows: number },
): Promise<void> {
  return audit(context, request, { action: 'export', detail: { ...detail, format: 'csv' } })
}

function asFile(reply: FastifyReply, name: string): FastifyReply {
  return reply.type('text/csv; charset=utf-8').header('content-disposition', `attachment; filename="${name}"`)
}

async function* movementLines(
  { database }: CommandContext,
  request: FastifyRequest,
  { run, filter }: { run: RunRow; filter: StoredFilter },
): AsyncGenerator<string> {
  const { locale } = request.access
  const say = runWords[locale]
  const head = [
    say.name,
    say.staffId,
    say.kindOf,
    say.day,
    say.from,
    say.agency,
    say.to,
    say.agency,
    say.changes,
  ]
  yield CSV_MARK + csvLines([head])
  for (let after: number | null = 0; after !== null; ) {
    const rows: StoredMovement[] = await storedMovements(database.db, run.id, filter, {
      after,
      limit: FILE_ROWS,
    })
    yield csvLines(
      rows.map(each => [
        each.name,
        each.staffId,
        movementWords[each.kind]?.[locale] ?? each.kind,
        each.day,
        each.fromAgency,
        each.fromCode,
        each.toAgency,
        each.toCode,
        changesOf(locale, each).join('; '),
      ]),
    )
    after = rows.length < FILE_ROWS ? null : (rows.at(-1)?.id ?? null)
  }
}

async function rejectionsFile(context: CommandContext, request: FastifyRequest, reply: FastifyReply) {
  const run = await runOf(context, request)
  const reason = queryText(request.query, 'reason')
  const counts = await rejectionCounts(context.database.db, run.id)
  const rows = sum(counts.filter(each => reason === '' || each.reason === reason).map(each => each.count))
  await exported(context, request, { what: 'rejections', run: run.id, rows })
  return asFile(reply, `khong-nhan-luot-${run.id}.csv`).send(
    Readable.from(rejectionLines(context, request, { run, reason })),
  )
}

async function* rejectionLines(
  { database }: CommandContext,
  request: FastifyRequest,
  { run, reason }: { run: RunRow; reason: string },
): AsyncGenerator<string> {
  const { locale } = request.access
  const say = runWords[locale]
  yield CSV_MARK + csvLines([[say.line, say.key, say.reason]])
  for (let after: number | null = 0; after !== null; ) {
    const rows: Awaited<ReturnType<typeof rejectionsAfter>> = await rejectionsAfter(
      database.db,
      run.id,
      after,
      FILE_ROWS,
      reason,
    )
    yield csvLines(rows.map(each => [each.row, each.key, rejectionText(locale, each.reason, each.detail)]))
    after = rows.length < FILE_ROWS ? null : (rows.at(-1)?.id ?? null)
  }
}

// for programs ------------------------------------------------------------------------------------------------------

const Text = Type.String()
const orNull = (schema: Type.TSchema) => Type.Union([schema, Type.Null()])
const Movements = Type.Object({
  movements: Type.Array(
    Type.Object({
      id: Type.Integer(),
      person: Type.Integer(),
      name: Text,
      staffId: orNull(Text),
      kind: Text,
      day: Text,
      from: orNull(Text),
      to: orNull(Text),
      changes: Type.Object({}, { additionalProperties: true }),
    }),
  ),
  next: orNull(Type.Integer()),
})

async function movementsAnswer(context: CommandContext, request: FastifyRequest) {
  const run = await runOf(context, request)
  if (!may(operatorOf(request), 'names.view', null))
    throw new AppError('forbidden', 'your role does not allow this')
  const { filter, agencyKnown } = await askedOf(context, request)
  if (!agencyKnown) throw new AppError('not_found', 'there is no such agency')
  const after = queryNumber(request.query, 'moved') ?? 0
  const found = await storedMovements(context.database.db, run.id, filter, { after, limit: ROWS + 1 })
  const rows = found.slice(0, ROWS)
  await listed(context, request, run, rows.length)
  return {
    movements: rows.map(({ personId, fromCode, toCode, fromAgency: _, toAgency: _t, ...rest }) => ({
      ...rest,
      person: personId,
      from: fromCode,
      to: toCode,
    })),
    next: found.length > ROWS ? (rows.at(-1)?.id ?? null) : null,
  }
}
