/** Runs for programs: the same as the pages, with the same right. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import Type from 'typebox'
import { requireAgency } from '../access/plugin.ts'
import type { CommandContext } from '../command.ts'
import { AppError } from '../error.ts'
import { pathId, queryChoice, queryNumber } from '../web/query.ts'
import { withEnd } from './run-list-page.ts'
import { runSentence } from './run-messages.ts'
import {
  goingRuns,
  listRuns,
  type RunRow,
  rejectionsAfter,
  runById,
  runKinds,
  runStates,
} from './run-store.ts'

const Text = Type.String()
const Count = Type.Integer({ minimum: 0 })
const Instant = Type.String({ format: 'date-time' })
const orNull = (schema: Type.TSchema) => Type.Union([schema, Type.Null()])

const Run = Type.Object({
  id: Count,
  kind: Text,
  subject: Text,
  state: Type.Unsafe<string>({ type: 'string', enum: [...runStates] }),
  startedAt: Instant,
  finishedAt: orNull(Instant),
  sentence: Text,
  message: Text,
})
const Runs = Type.Object({ runs: Type.Array(Run), next: orNull(Count) })
const RunDetail = Type.Object({
  ...Run.properties,
  result: Type.Object({}, { additionalProperties: true }),
  rejections: Type.Array(
    Type.Object({ subject: Text, key: Text, reason: Text, detail: Text, row: orNull(Count) }),
  ),
  nextRejections: orNull(Count),
})

export function runApiRoutes(server: FastifyInstance, context: CommandContext): void {
  const route = (response: Type.TSchema, querystring: Record<string, Type.TSchema>) => ({
    config: { access: 'runs.view' } as const,
    schema: { tags: ['roster'], querystring: Type.Object(querystring), response: { '2xx': response } },
  })
  const optional = Type.Optional(Text)
  const listed = { kind: optional, state: optional, before: optional }
  server.get('/api/v1/runs', route(Runs, listed), request => runs(context, request))
  server.get('/api/v1/runs/:id', route(RunDetail, { after: optional }), request => run(context, request))
}

const PAGE = 100

async function goingIds({ database }: CommandContext): Promise<Set<number>> {
  return new Set((await goingRuns(database.db, null)).map(each => each.id))
}

async function runs(context: CommandContext, request: FastifyRequest) {
  await requireAgency(context, request, 'runs.view', null)
  const filter = {
    kind: queryChoice(request.query, 'kind', runKinds),
    state: queryChoice(request.query, 'state', runStates),
  }
  const page = { before: queryNumber(request.query, 'before'), limit: PAGE + 1 }
  const rows = await listRuns(context.database.db, filter, page)
  const going = await goingIds(context)
  const shown = rows.slice(0, PAGE)
  return {
    runs: shown.map(row => runJson(request, withEnd(row, going))),
    next: rows.length > PAGE ? (shown.at(-1)?.id ?? null) : null,
  }
}

function runJson(request: FastifyRequest, row: RunRow) {
  const { id, kind, subject, state, startedAt, finishedAt, message } = row
  return {
    id,
    kind,
    subject,
    state,
    startedAt,
    finishedAt,
    message,
    sentence: runSentence(request.access.locale, row),
  }
}

async function run(context: CommandContext, request: FastifyRequest) {
  const { db } = context.database
  await requireAgency(context, request, 'runs.view', null)
  const row = await runById(db, pathId(request.params))
  if (!row) throw new AppError('not_found', 'there is no such run')
  const rejections = await rejectionsAfter(db, row.id, queryNumber(request.query, 'after') ?? 0, PAGE + 1)
  const shown = rejections.slice(0, PAGE)
  // who began it is for the pages: an operator's id says nothing to a program
  const { by: _, ...result } = row.result
  return {
    ...runJson(request, withEnd(row, await goingIds(context))),
    result,
    rejections: shown.map(({ id: _id, ...rejection }) => rejection),
    nextRejections: rejections.length > PAGE ? (shown.at(-1)?.id ?? null) : null,
  }
}
