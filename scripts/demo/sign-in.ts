/** One-time links for two people of the invented province, by the commands that make them anywhere. */
import type { Command, CommandContext } from '../../src/command.ts'
import { runCommand } from './command.ts'

const operators = [
  { name: 'quantri', role: 'admin', agency: undefined, who: 'quantri · quản trị hệ thống' },
  { name: 'thutruong.yte', role: 'head', agency: 'H99.11', who: 'thutruong.yte · thủ trưởng Sở Y tế' },
] as const

export type SignInLink = { who: string; url: string }

/** A fresh link for each; whoever is not there yet is added. */
export async function signInLinks(
  context: CommandContext,
  commands: readonly Command[],
): Promise<SignInLink[]> {
  const links: SignInLink[] = []
  for (const { name, role, agency, who } of operators) {
    const words = [name]
    const add = () => runCommand(context, commands, { name: 'operator add', words, values: { role, agency } })
    const link = () => runCommand(context, commands, { name: 'operator link', words })
    links.push({ who, url: String((await link().catch(add)).signInLink) })
  }
  return links
}
