/** Agencies over time for programs: the same as the pages, with the same rights and scope. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import Type from 'typebox'
import type { CommandContext } from '../command.ts'
import { MOST_BELOW, MOST_MONTHS } from './agency-history-page.ts'
import { agencyJson, historyJson, treeJson } from './agency-json.ts'
import { askedDay, askedHolder, isIn, scopeOfReader, treeFor } from './agency-scope-plugin.ts'
import { agenciesOn, belowOf, historyOf, movesByMonth } from './agency-store.ts'
import { agencyTree } from './agency-tree.ts'
import { sectorsInTree } from './sector.ts'

const Text = Type.String()
const Day = Type.String({ format: 'date' })
const orNull = (schema: Type.TSchema, description = '') =>
  Type.Union([schema, Type.Null()], description === '' ? {} : { description })
const Named = Type.Object({ id: Type.Integer(), code: Text, name: Text })

const Agency = Type.Object({
  ...Named.properties,
  level: Text,
  sector: orNull(Text, 'Code of its own sector.'),
  countedIn: orNull(
    Text,
    'Code of the sector it counts in: its own, else that of the nearest above that has one.',
  ),
  parent: orNull(Text, 'Code of the agency above.'),
  since: orNull(Day, 'First day since which it has been called and placed so; null before records.'),
})
const Agencies = Type.Object({ asOf: Day, agencies: Type.Array(Agency) })

const Period = Type.Object({
  firstDay: orNull(Day, 'null: before records.'),
  lastDay: orNull(Day, 'null: still.'),
  code: Text,
  format: orNull(Text, '`qd20` or `qcvn102`; null: a code of neither format.'),
  name: Text,
  level: Text,
  sector: orNull(Text),
  parent: orNull(Named, 'null at the top, and where the agency above is outside the scope.'),
  source: orNull(Text, 'The roster source that says of it; null where it was opened by hand.'),
  byHand: Type.Boolean(),
  endedBy: orNull(
    Type.Object({ decision: orNull(Type.Object({ number: Text, day: Day })) }),
    'How it was closed by hand after it.',
  ),
  decision: orNull(Type.Object({ number: Text, day: Day })),
})
const History = Type.Object({
  agency: Type.Object({ ...Named.properties, open: Type.Boolean() }),
  periods: Type.Array(Period),
  below: Type.Array(Type.Object({ ...Named.properties, firstDay: orNull(Day), lastDay: orNull(Day) })),
  movements: Type.Array(Type.Object({ month: Text, came: Type.Integer(), left: Type.Integer() })),
  sameCode: Type.Array(Named),
})

export function agencyApiRoutes(server: FastifyInstance, context: CommandContext): void {
  const route = (summary: string, response: Type.TSchema, querystring: Record<string, Type.TSchema>) => ({
    config: { access: 'figures.view' } as const,
    schema: {
      tags: ['roster'],
      summary,
      querystring: Type.Object(querystring),
      response: { '2xx': response },
    },
  })
  const optional = Type.Optional(Text)
  server.get(
    '/api/v1/agencies',
    route('The agencies of a day, each after the one above it.', Agencies, { asOf: optional }),
    request => agencies(context, request),
  )
  server.get(
    '/api/v1/agencies/:code/history',
    route('One agency over time; `id` where a code was used again.', History, { id: optional }),
    request => history(context, request),
  )
}

async function agencies(context: CommandContext, request: FastifyRequest) {
  const day = askedDay(context, request)
  const whole = agencyTree(await agenciesOn(context.database.db, day))
  return treeJson(day, await treeFor(context, request, day), sectorsInTree(whole))
}

async function history(context: CommandContext, request: FastifyRequest) {
  const { db } = context.database
  const scope = await scopeOfReader(context, request)
  const { agency, others } = await askedHolder(context, request, scope)
  return historyJson({
    id: agency.id,
    periods: await historyOf(db, agency.id),
    below: (await belowOf(db, agency.id, MOST_BELOW)).filter(each => isIn(scope, each.id)),
    movements: await movesByMonth(db, agency.id, MOST_MONTHS),
    sameCode: others.map(agencyJson),
    isSeen: id => isIn(scope, id),
  })
}
