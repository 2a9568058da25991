/** The API of the subject, and its files: what the pages show, by the same rights, from the same figures. */
import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import Type, { type TSchema } from 'typebox'
import { type Action, mayAnywhere } from '../access/access.ts'
import { audit, operatorOf } from '../access/plugin.ts'
import { AppError } from '../error.ts'
import { type AdoptionReport, type AgencyFigures, FIGURE_DEFINITION } from './adoption.ts'
import { words as figureWords } from './messages.ts'
import { askedAgency, countsOf, openView, type Pages, subtreeOf, type View } from './page.ts'
import { weeklyFigures } from './page-store.ts'
import { peopleWords } from './people-messages.ts'
import { type Asked, askedPeople, auditList, peopleQuery } from './people-page.ts'
import { type ListedPerson, listPeople } from './people-store.ts'
import { explanationOf, seePerson } from './person-page.ts'
import { anomaliesOf, reportOf, sectorsOf } from './report.ts'
import {
  AdoptionAnswer,
  ExplanationAnswer,
  HistoryAnswer,
  PeopleAnswer,
  parameters,
  SectorsAnswer,
  TargetsAnswer,
} from './schema.ts'
import { sectorCsv } from './sector-table.ts'
import { WEEKS } from './stage.ts'
import { csvLines, csvTable } from './table.ts'
import { summaryOf, targetsInView } from './targets-page.ts'

export function apiRoutes(server: FastifyInstance, pages: Pages): void {
  const { agency, asOf, stage, q, after } = parameters
  const route = (
    access: Action,
    summary: string,
    response: TSchema,
    querystring: Record<string, TSchema>,
  ) => ({
    config: { access },
    schema: {
      tags: ['adoption'],
      summary,
      querystring: Type.Object(querystring),
      response: { 200: response },
    },
  })
  server.get(
    '/api/v1/adoption',
    route('figures.view', 'The figures of an agency and all below it, in tree order.', AdoptionAnswer, {
      agency,
      asOf,
    }),
    request => adoption(pages, request),
  )
  server.get(
    '/api/v1/adoption/sectors',
    route('figures.view', 'The figures of each sector over an agency and all below it.', SectorsAnswer, {
      agency,
      asOf,
    }),
    request => sectors(pages, request),
  )
  server.get(
    '/api/v1/adoption/history',
    route('figures.view', 'Kept figures of an agency with all below, one a week.', HistoryAnswer, {
      agency,
      asOf,
    }),
    request => history(pages, request),
  )
  server.get(
    '/api/v1/targets',
    route('figures.view', 'The targets, and how many agencies stand where.', TargetsAnswer, { asOf }),
    request => targets(pages, request),
  )
  server.get(
    '/api/v1/people',
    route('names.view', 'People by where they stand; each look is recorded.', PeopleAnswer, {
      agency,
      asOf,
      stage,
      q,
      after,
    }),
    request => people(pages, request),
  )
  server.get(
    '/api/v1/people/:id/explanation',
    route('activity.view', 'Why one person counts or not; each look is recorded.', ExplanationAnswer, {
      asOf,
    }),
    request => explanation(pages, request),
  )
}

export function exportRoutes(server: FastifyInstance, pages: Pages): void {
  server.get('/export/adoption.csv', { config: { access: 'export' } }, (request, reply) =>
    exportAdoption(pages, request, reply),
  )
  server.get('/export/sectors.csv', { config: { access: 'export' } }, (request, reply) =>
    exportSectors(pages, request, reply),
  )
  server.get('/export/people.csv', { config: { access: 'export' } }, (request, reply) =>
    exportPeople(pages, request, reply),
  )
}

/** The agency asked for, or the one of the scope; null: the whole installation. Throws `not_found` without either. */
function meantAgency(view: View, request: FastifyRequest): AgencyFigures | null {
  const asked = askedAgency(view, request)
  if (asked !== null || operatorOf(request).agencyId === null) return asked
  const [top] = view.visible
  if (!top) throw new AppError('not_found', 'your agency is not in the roster of that day')
  return top
}

/** The object of `hopthu adoption --json`, limited to what may be seen. */
async function reportFor(pages: Pages, view: View, request: FastifyRequest): Promise<AdoptionReport> {
  const agency = meantAgency(view, request)
  const figures = agency === null ? view.visible : subtreeOf(view, agency)
  const found = await anomaliesOf(pages.context.database.db, view.ground, figures)
  // who falls out of order is a list of people: only for those who may see names
  const anomalies = mayAnywhere(operatorOf(request), 'names.view') ? found.anomalies : []
  return reportOf(view, figures, { ...found, anomalies })
}

async function adoption(pages: Pages, request: FastifyRequest): Promise<AdoptionReport> {
  const view = await openView(pages, request)
  return reportFor(pages, view, request)
}

async function sectors(pages: Pages, request: FastifyRequest) {
  const view = await openView(pages, request)
  const agency = meantAgency(view, request)
  const within = agency === null ? view.visible : subtreeOf(view, agency)
  const { sectors } = pages.context.config.roster
  return {
    asOf: view.day,
    partial: view.partial,
    definition: FIGURE_DEFINITION,
    sectors: sectorsOf(view, within, sectors),
  }
}

async function history(pages: Pages, request: FastifyRequest) {
  const view = await openView(pages, request)
  const agency = meantAgency(view, request) ?? view.visible[0]
  if (!agency) throw new AppError('not_found', 'no agency is known on that day')
  const kept = await weeklyFigures(pages.context.database.db, agency.id, view.day, WEEKS)
  const weeks = kept.map(({ week: _week, regularHigh: _high, ...figure }) => figure)
  return { agency: agency.code, asOf: view.day, definition: FIGURE_DEFINITION, weeks }
}

async function targets(pages: Pages, request: FastifyRequest) {
  const view = await openView(pages, request)
  const list = targetsInView(pages, view, request).map(target => ({
    ...target,
    standings: summaryOf(view, target).standings,
  }))
  return { asOf: view.day, targets: list }
}

/** People of one answer. */
const PAGE_PEOPLE = 200

async function people(pages: Pages, request: FastifyRequest) {
  const { db } = pages.context.database
  const view = await openView(pages, request)
  const asked = askedPeople(view, request)
  const query = peopleQuery(view, asked)
  const counts = await countsOf(pages, view, query)
  const { filter, after } = asked
  const found = await listPeople(db, { ...query, filter, after, limit: PAGE_PEOPLE + 1 })
  const shown = found.slice(0, PAGE_PEOPLE)
  await auditList(pages, request, view, { ...asked, shown: shown.length })
  const codes = new Map(view.visible.map(each => [each.id, each.code]))
  return {
    asOf: view.day,
    counts,
    people: shown.map(({ agencyId, place, ...person }) => ({
      ...person,
      agency: codes.get(agencyId) ?? null,
      stage: place,
    })),
    next: found.length > PAGE_PEOPLE ? (shown.at(-1)?.id ?? null) : null,
  }
}

async function explanation(pages: Pages, request: FastifyRequest) {
  const view = await openView(pages, request)
  const seen = await seePerson(pages, view, request)
  return explanationOf(pages, view, seen)
}

// files --------------------------------------------------------------------------------------------------------------

async function exportAdoption(pages: Pages, request: FastifyRequest, reply: FastifyReply) {
  const view = await openView(pages, request)
  const agency = meantAgency(view, request)
  const figures = agency === null ? view.visible : subtreeOf(view, agency)
  const report = reportOf(view, figures, { anomalies: [], total: 0 })
  await audit(pages.context, request, {
    action: 'export',
    agencyId: agency?.id ?? null,
    detail: { what: 'adoption', format: 'csv', asOf: view.day, rows: figures.length },
  })
  return asFile(reply, `su-dung-${agency?.code ?? 'toan-bo'}-${view.day}.csv`).send(
    csvTable(report, view.locale),
  )
}

async function exportSectors(pages: Pages, request: FastifyRequest, reply: FastifyReply) {
  const view = await openView(pages, request)
  const agency = meantAgency(view, request)
  const within = agency === null ? view.visible : subtreeOf(view, agency)
  const rows = sectorsOf(view, within, pages.context.config.roster.sectors)
  await audit(pages.context, request, {
    action: 'export',
    agencyId: agency?.id ?? null,
    detail: { what: 'sectors', format: 'csv', asOf: view.day, rows: rows.length },
  })
  return asFile(reply, `su-dung-theo-khoi-${agency?.code ?? 'toan-bo'}-${view.day}.csv`).send(
    sectorCsv({ asOf: view.day, partial: view.partial }, rows, view.locale),
  )
}

function asFile(reply: FastifyReply, name: string): FastifyReply {
  const safe = name.replace(/[^\w.-]+/g, '-')
  return reply.type('text/csv; charset=utf-8').header('content-disposition', `attachment; filename="${safe}"`)
}

/** People read at a time for a file. */
const FILE_PAGE = 5000

async function exportPeople(pages: Pages, request: FastifyRequest, reply: FastifyReply) {
  if (!mayAnywhere(operatorOf(request), 'names.view'))
    throw new AppError('forbidden', 'your role does not allow this')
  const view = await openView(pages, request)
  const asked = askedPeople(view, request)
  const counts = await countsOf(pages, view, peopleQuery(view, asked))
  await audit(pages.context, request, {
    action: 'export',
    agencyId: asked.agency?.id ?? operatorOf(request).agencyId,
    detail: {
      what: 'people',
      format: 'csv',
      asOf: view.day,
      stage: asked.filter ?? 'all',
      rows: counts[asked.filter ?? 'all'],
    },
  })
  const name = `can-bo-${asked.agency?.code ?? 'toan-bo'}-${view.day}.csv`
  return asFile(reply, name).send(Readable.from(peopleCsv(pages, view, asked)))
}

async function* peopleCsv(pages: Pages, view: View, asked: Asked): AsyncGenerator<string> {
  yield `\ufeff${csvLines([peopleCsvHead(view)])}`
  const query = peopleQuery(view, asked)
  const agencies = new Map(view.visible.map(each => [each.id, each]))
  let after: number | null = null
  do {
    const rows: ListedPerson[] = await listPeople(pages.context.database.db, {
      ...query,
      filter: asked.filter,
      after,
      limit: FILE_PAGE,
    })
    yield csvLines(rows.map(person => peopleCsvRow(view, person, agencies.get(person.agencyId))))
    after = rows.length < FILE_PAGE ? null : (rows.at(-1)?.id ?? null)
  } while (after !== null)
}

function peopleCsvHead({ locale }: View): string[] {
  const say = peopleWords[locale]
  return [
    say.csv.asOf,
    say.name,
    say.staffId,
    say.agency,
    say.csv.agencyCode,
    say.post,
    say.address,
    say.state,
    say.csv.unsure,
    say.lastUse,
  ]
}

function peopleCsvRow(
  { day, words, locale }: View,
  person: ListedPerson,
  agency: AgencyFigures | undefined,
): (string | null)[] {
  return [
    day,
    person.name,
    person.staffId,
    agency?.name ?? null,
    agency?.code ?? null,
    person.title,
    person.address,
    words.filter[person.place],
    person.unsure ? figureWords[locale].statuses.unknown : null,
    person.lastUse,
  ]
}
