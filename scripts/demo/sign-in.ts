/** One-time links for two people of the invented province, by the commands that make them anywhere. */
import type { Command, CommandContext } from '../../src/command.ts'
import { AppError } from '../../src/error.ts'

const operators = [
  { name: 'quantri', role: 'admin', agency: null, who: 'quantri · quản trị hệ thống' },
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
    const add = () => run(context, commands, { name: 'operator add', word: name, values: { role, agency } })
    const link = () => run(context, commands, { name: 'operator link', word: name, values: {} })
    links.push({ who, url: await link().catch(add) })
  }
  return links
}

type Call = { name: string; word: string; values: { role?: string; agency?: string | null } }

async function run(context: CommandContext, commands: readonly Command[], call: Call): Promise<string> {
  const command = commands.find(each => each.name === call.name)
  if (command?.needs !== 'database') throw new AppError('not_found', `there is no command ${call.name}`)
  const values = call.values.agency ? call.values : { ...call.values, agency: undefined }
  const { json } = await command.run(context, { ...values, agency: values.agency ?? undefined }, [call.word])
  return String(json.signInLink)
}
