/** Pages and API of the subject. */
import type { FastifyInstance } from 'fastify'
import type { CommandContext } from '../command.ts'
import { agenciesPage, agencyPage } from './agencies-page.ts'
import { apiRoutes, exportRoutes } from './api-plugin.ts'
import { definitionPage } from './definition-page.ts'
import { overviewPage } from './overview-page.ts'
import type { Known, Pages, PersonHistory } from './page.ts'
import type { Movement } from './page-store.ts'
import { peoplePage } from './people-page.ts'
import type { PeopleCounts } from './people-store.ts'
import { personPage } from './person-page.ts'
import { singleFlight } from './single-flight.ts'
import { targetsPage } from './targets-page.ts'

/** Agencies looked at at once whose few numbers and whose chart are kept: some hundred heads on a Monday morning. */
const MOST_AGENCIES = 200

export async function adoptionPlugin(
  server: FastifyInstance,
  context: CommandContext,
  history: PersonHistory = async () => '',
): Promise<void> {
  const clock = () => performance.now()
  const pages: Pages = {
    context,
    known: singleFlight<Known>(clock),
    movements: singleFlight<Movement | null>(clock, MOST_AGENCIES),
    counts: singleFlight<PeopleCounts>(clock, MOST_AGENCIES),
    charts: singleFlight<string>(clock, MOST_AGENCIES),
    history,
  }
  const figures = { config: { access: 'figures.view' } } as const
  server.get('/', figures, (request, reply) => overviewPage(pages, request, reply))
  server.get('/agencies', figures, (request, reply) => agenciesPage(pages, request, reply))
  server.get('/agencies/:code', figures, (request, reply) => agencyPage(pages, request, reply))
  server.get('/targets', figures, (request, reply) => targetsPage(pages, request, reply))
  server.get('/people', { config: { access: 'names.view' } }, (request, reply) =>
    peoplePage(pages, request, reply),
  )
  server.get('/people/:id', { config: { access: 'activity.view' } }, (request, reply) =>
    personPage(pages, request, reply),
  )
  server.get('/definition', { config: { access: 'signedIn' } }, (request, reply) =>
    definitionPage(pages, request, reply),
  )
  apiRoutes(server, pages)
  exportRoutes(server, pages)
}
