/** Pages and API of the subject. */
import type { FastifyInstance } from 'fastify'
import type { CommandContext } from '../command.ts'

export async function activityPlugin(server: FastifyInstance, context: CommandContext): Promise<void> {
  void server
  void context
}
