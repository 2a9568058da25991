/** Pages and API of the subject. */
import type { FastifyInstance } from 'fastify'
import type { CommandContext } from '../command.ts'

export async function rosterPlugin(server: FastifyInstance, context: CommandContext): Promise<void> {
  void server
  void context
}
