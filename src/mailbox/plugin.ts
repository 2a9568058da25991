/** Pages and API of the subject. */
import type { FastifyInstance } from 'fastify'
import type { CommandContext } from '../command.ts'
import { Background } from '../web/background.ts'
import { activationRoutes } from './activation-page.ts'
import { apiRoutes } from './api-plugin.ts'
import type { LastUse } from './command.ts'
import { mailboxRoutes } from './mailbox-plugin.ts'
import { planRoutes } from './plan-plugin.ts'

export async function mailboxPlugin(
  server: FastifyInstance,
  context: CommandContext,
  lastUse: LastUse,
): Promise<void> {
  const desk = { context, background: new Background(server, context) }
  const shelf = { context, lastUse }
  planRoutes(server, desk)
  mailboxRoutes(server, shelf)
  apiRoutes(server, desk, shelf)
  activationRoutes(server, context)
}
