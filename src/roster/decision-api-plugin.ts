/** Decisions and a person's history for programs: the same as the pages, with the same rights. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import Type from 'typebox'
import { audit, operatorOf, requireAgency } from '../access/plugin.ts'
import { scopeOf } from '../access/store.ts'
import type { CommandContext } from '../command.ts'
import { AppError } from '../error.ts'
import { pathId, queryChoice, queryNumber, queryText } from '../web/query.ts'
import { listAbsences } from './absence-store.ts'
import { announcementStates, candidateById, listAnnouncements, listDecisions } from './announcement-store.ts'
import { soughtOf, todayOf } from './decision-plugin.ts'
import { employmentsOf, movementsOfPerson } from './history-store.ts'

const Text = Type.String()
const Count = Type.Integer({ minimum: 0 })
const orNull = (schema: Type.TSchema) => Type.Union([schema, Type.Null()])
const Day = orNull(Type.String({ format: 'date' }))

const Decisions = Type.Object({
  decisions: Type.Array(
    Type.Object({
      ...{ id: Count, number: Text, day: Day, issuer: Text, hasScan: Type.Boolean() },
      ...{ people: Count, waiting: Count, failed: Count },
    }),
  ),
  next: orNull(Count),
})
const History = Type.Object({
  person: Type.Object({ id: Count, name: Text, staffId: orNull(Text) }),
  employments: Type.Array(
    Type.Object({
      ...{ agency: orNull(Text), agencyName: orNull(Text), staffClass: Text, title: orNull(Text) },
      ...{ primary: Type.Boolean(), first: Day, last: Day, decision: orNull(Text) },
    }),
  ),
  movements: Type.Array(
    Type.Object({
      ...{ kind: Text, day: Day, from: orNull(Text), to: orNull(Text) },
      ...{ run: orNull(Count), decision: orNull(Text) },
      changes: Type.Object({}, { additionalProperties: true }),
    }),
  ),
  absences: Type.Array(Type.Object({ kind: Text, first: Day, last: Day, source: Text, document: Text })),
  announced: Type.Array(
    Type.Object({
      ...{ id: Count, kind: Text, day: Day, lastDay: Day, agency: orNull(Text), state: Text, reason: Text },
      decision: orNull(Text),
    }),
  ),
})

export function decisionApiRoutes(server: FastifyInstance, context: CommandContext): void {
  const optional = Type.Optional(Text)
  server.get(
    '/api/v1/decisions',
    {
      config: { access: 'decisions.view' },
      schema: {
        ...{ tags: ['roster'], summary: 'Decisions, the newest first.' },
        querystring: Type.Object({ q: optional, state: optional, before: optional }),
        response: { '2xx': Decisions },
      },
    },
    request => decisions(context, request),
  )
  server.get(
    '/api/v1/people/:id/history',
    {
      config: { access: 'activity.view' },
      schema: {
        ...{ tags: ['roster'], summary: 'Where a person served; each look is recorded.' },
        response: { '2xx': History },
      },
    },
    request => history(context, request),
  )
}

const PAGE = 100
const MOST = 1000

async function decisions(context: CommandContext, request: FastifyRequest) {
  const { db } = context.database
  const filter = {
    scope: await scopeOf(db, operatorOf(request)),
    search: soughtOf(queryText(request.query, 'q')),
    state: queryChoice(request.query, 'state', announcementStates),
  }
  const page = { before: queryNumber(request.query, 'before'), limit: PAGE + 1 }
  const found = await listDecisions(db, filter, page)
  const shown = found.slice(0, PAGE)
  return { decisions: shown, next: found.length > PAGE ? (shown.at(-1)?.id ?? null) : null }
}

const finite = (day: string) => (day.endsWith('infinity') ? null : day)

async function history(context: CommandContext, request: FastifyRequest) {
  const { db } = context.database
  const id = pathId(request.params)
  const person = await candidateById(db, id)
  if (!person) throw new AppError('not_found', 'there is nothing at this address')
  await requireAgency(context, request, 'activity.view', person.place)
  const detail = { what: 'history' }
  const subject = { kind: 'person', id } as const
  await audit(context, request, { action: 'person.viewed', subject, agencyId: person.place, detail })
  const everything = { scope: null, person: id }
  const page = { limit: MOST, after: 0 }
  const absences = await listAbsences(
    db,
    { ...everything, today: todayOf(context), time: null, kind: null, search: null },
    { after: null, limit: MOST },
  )
  return {
    person: { id, name: person.name, staffId: person.staffId },
    employments: (await employmentsOf(db, id, todayOf(context))).map(({ decision: _, number, ...each }) => ({
      ...{ ...each, first: finite(each.first), last: finite(each.last), decision: number },
    })),
    movements: (await movementsOfPerson(db, id, MOST)).map(
      ({ kind, day, from, to, run, number, changes }) => ({
        ...{ kind, day, from, to, run, decision: number, changes },
      }),
    ),
    absences: absences.map(({ kind, first, last, source, document }) => ({
      ...{ kind, first: finite(first), last: finite(last), source, document },
    })),
    announced: (await listAnnouncements(db, everything, page)).map(
      ({ id, kind, day, lastDay, agency, state, reason, number }) => ({
        ...{ id, kind, day, lastDay, agency, state, reason, decision: number },
      }),
    ),
  }
}
