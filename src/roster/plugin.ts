/** Pages and API of the subject. */
import type { FastifyInstance } from 'fastify'
import type { CommandContext } from '../command.ts'
import { Background } from '../web/background.ts'
import { runApiRoutes } from './api-plugin.ts'
import { runRoutes } from './run-plugin.ts'

export async function rosterPlugin(server: FastifyInstance, context: CommandContext): Promise<void> {
  runRoutes(server, { context, background: new Background(server, context) })
  runApiRoutes(server, context)
}
