/** Pages and API of the subject. */
import type { FastifyInstance } from 'fastify'
import type { CommandContext } from '../command.ts'
import { Background } from '../web/background.ts'
import { absenceRoutes } from './absence-plugin.ts'
import { agencyRoutes } from './agency-plugin.ts'
import { runApiRoutes } from './api-plugin.ts'
import { confirmationRoutes } from './confirmation-plugin.ts'
import { decisionApiRoutes } from './decision-api-plugin.ts'
import { decisionRoutes } from './decision-plugin.ts'
import { holdingRoutes } from './holding-plugin.ts'
import { importApiRoutes } from './import-api-plugin.ts'
import { importRoutes } from './import-plugin.ts'
import { reviewApiRoutes } from './review-api-plugin.ts'
import { type AddressesHeld, reviewRoutes } from './review-plugin.ts'
import type { ApplyRecords } from './review-work-plugin.ts'
import { runMovementRoutes } from './run-movement-plugin.ts'
import { runRoutes } from './run-plugin.ts'

/** What the subject needs of others: reading records anew, and the addresses people hold. */
export type RosterNeeds = { apply: ApplyRecords; addressesHeld: AddressesHeld }

export async function rosterPlugin(
  server: FastifyInstance,
  context: CommandContext,
  needs: RosterNeeds,
): Promise<void> {
  runRoutes(server, { context, background: new Background(server, context) })
  runApiRoutes(server, context)
  runMovementRoutes(server, context)
  agencyRoutes(server, context)
  const desk = { context, ...needs }
  reviewRoutes(server, desk)
  reviewApiRoutes(server, desk)
  holdingRoutes(server, context)
  confirmationRoutes(server, context)
  decisionRoutes(server, context)
  absenceRoutes(server, context)
  decisionApiRoutes(server, context)
  const imports = { context, background: new Background(server, context) }
  importRoutes(server, imports)
  importApiRoutes(server, imports)
}
