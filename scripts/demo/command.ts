/** The commands of the command line, called by the demonstration as whoever sits at it would. */
import type { Command, CommandContext, Values } from '../../src/command.ts'
import { AppError } from '../../src/error.ts'

export type Call = { name: string; words: string[]; values?: Values }

/** Answers what it prints as JSON. Throws what it throws. */
export async function runCommand(
  context: CommandContext,
  commands: readonly Command[],
  { name, words, values = {} }: Call,
): Promise<Record<string, unknown>> {
  const command = commands.find(each => each.name === name)
  if (command?.needs !== 'database') throw new AppError('not_found', `there is no command ${name}`)
  const { json } = await command.run(context, values, words)
  return json
}
