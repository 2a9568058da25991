/** Pages and API of the subject. */
import type { FastifyInstance } from 'fastify'
import type { CommandContext } from '../command.ts'
import type { LastUse } from './command.ts'

export async function mailboxPlugin(
  server: FastifyInstance,
  context: CommandContext,
  lastUse: LastUse,
): Promise<void> {
  void server
  void context
  void lastUse
}
