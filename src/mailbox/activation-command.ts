/** `mailbox invite`, and what its pages share with it: where links lead and how they are handed over. */
import { newToken, tokenHash } from '../access/secret.ts'
import { type Answer, type Command, type CommandContext, textOption, type Values } from '../command.ts'
import { type Config, userPath } from '../config.ts'
import { AppError } from '../error.ts'
import { dayAt } from '../ids.ts'
import { createMailOut } from '../mail-out.ts'
import { day as shownDay } from '../web/format.ts'
import { inviteWords, letterText, sheetWords, skipText } from './activation-messages.ts'
import { withPlatform } from './command.ts'
import type { Letter, SkipReason } from './invitation.ts'
import { type Delivery, type Invited, type InviteResult, invite } from './invite.ts'
import { subtree } from './reconcile.ts'
import { openSheetFile, type Slip } from './sheet.ts'
import { agencyTree } from './store.ts'

export const inviteCommand: Command = {
  name: 'mailbox invite',
  usage: '[--agency CODE | ADDRESS…] [--sheet FILE]',
  summary: {
    vi: 'Mời kích hoạt: gửi liên kết qua thư, hoặc in phiếu --sheet TỆP.pdf',
    en: 'One-time activation links, mailed or written to a hand-out sheet (PDF)',
  },
  options: { agency: { type: 'string' }, sheet: { type: 'string' } },
  needs: 'database',
  words: [0, Number.MAX_SAFE_INTEGER],
  run: runInvite,
}

async function runInvite(context: CommandContext, values: Values, addresses: string[]): Promise<Answer> {
  const code = textOption(values, 'agency')
  if (code !== null && addresses.length > 0)
    throw new AppError('usage', 'either --agency or addresses are expected, not both')
  const path = textOption(values, 'sheet')
  const whom = addresses.length > 0 ? namedOf(addresses) : await pendingOf(context, code)
  const result =
    path === null ? await inviteByMail(context, whom) : await inviteBySheet(context, whom, userPath(path))
  const exit = result.skipped.some(({ reason }) => isFailure(reason)) ? 4 : 0
  return { json: { ...result }, text: () => inviteText(context, result), exit }
}

function namedOf(addresses: readonly string[]): Invited {
  return { kind: 'addresses', addresses }
}

async function pendingOf({ database, config, now }: CommandContext, code: string | null): Promise<Invited> {
  if (code === null) return { kind: 'pending', agencies: null }
  const tree = await agencyTree(database.db, dayAt(now().getTime(), config.timeZone))
  return { kind: 'pending', agencies: subtree(tree, code) }
}

/** Whoever needs no invitation was not failed. */
function isFailure(reason: SkipReason): boolean {
  return reason !== 'already_activated' && reason !== 'suspended' && reason !== 'left'
}

const SHOWN = 20

function inviteText({ config: { locale } }: CommandContext, result: InviteResult): string {
  const say = inviteWords[locale]
  const number = (count: number) => count.toLocaleString(locale)
  const { invited, mailed, sheet, skipped } = result
  if (invited === 0 && skipped.length === 0) return `${say.nobody}\n`
  const parts = [`${number(mailed)} ${say.mailed}`, `${number(sheet)} ${say.printed}`]
  const lines = [`${say.invited}: ${number(invited)} (${parts.join(' · ')})`]
  if (sheet > 0) lines.push(say.keep)
  if (skipped.length > 0) lines.push(`${number(skipped.length)} ${say.skipped}:`)
  lines.push(...skipped.slice(0, SHOWN).map(each => `  ${each.address}: ${skipText(locale, each.reason)}`))
  if (skipped.length > SHOWN) lines.push(`… ${say.more}`)
  return `${lines.join('\n')}\n`
}

// handing over ------------------------------------------------------------------------------------------------------

/** Where people reach the pages. Throws `config_invalid` where nobody could from another machine. */
export function publicBase({ http }: Config): string {
  if (http.publicUrl !== undefined) return http.publicUrl.replace(/\/+$/, '')
  const loopback = http.host === 'localhost' || http.host === '::1' || http.host.startsWith('127.')
  if (loopback && http.port > 0)
    return `http://${http.host.includes(':') ? `[${http.host}]` : http.host}:${http.port}`
  throw new AppError('config_invalid', 'http.publicUrl: the address people use is expected, for the links', {
    details: { key: 'http.publicUrl' },
  })
}

export const activatePath = '/activate'

export function linkOf(config: Config, token: string): string {
  return `${publicBase(config)}${activatePath}/${token}`
}

/** An instant's day as it is shown to whoever must have acted by it. */
export function lastDay({ timeZone }: Config, instant: Date): string {
  return shownDay(dayAt(instant.getTime(), timeZone))
}

/** Who does it: an operator's id, or nobody for the command line. */
type By = { by?: number | null }

export async function inviteByMail(
  context: CommandContext,
  whom: Invited,
  { by = null }: By = {},
): Promise<InviteResult> {
  const { config } = context
  publicBase(config)
  if (!config.mailOut) {
    const expected = 'a mail server is expected, to send links; or use --sheet'
    throw new AppError('config_invalid', `mailOut: ${expected}`, { details: { key: 'mailOut' } })
  }
  const out = createMailOut(config.mailOut)
  const send = async (letter: Letter) => {
    const text = letterText(config.locale, factsOf(config, letter))
    await out.send({ to: letter.to ?? '', ...text })
  }
  return inviteWith(context, whom, { delivery: { channel: 'mail', send }, by }).finally(() => out.close())
}

function factsOf(config: Config, letter: Letter) {
  const { name, address, agencyName, token, expires, purpose } = letter
  return {
    ...{ name, address, agency: agencyName },
    link: linkOf(config, token),
    day: lastDay(config, expires),
    forgotten: purpose === 'forgotten',
  }
}

async function inviteBySheet(context: CommandContext, whom: Invited, path: string): Promise<InviteResult> {
  const sheet = openSheetFile(path, sheetOptions(context.config))
  const delivery = sheetDelivery(context.config, sheet)
  try {
    return await inviteWith(context, whom, { delivery, by: null })
  } finally {
    await sheet.discard()
  }
}

export function sheetOptions(config: Config) {
  const place = `${publicBase(config)}${activatePath}`.replace(/^https?:\/\//, '')
  return { words: sheetWords[config.locale], place }
}

/** Slips go to whatever keeps them until `finish`. */
export function sheetDelivery(
  config: Config,
  sheet: { add(slips: readonly Slip[]): Promise<void>; finish(): Promise<void> },
): Delivery {
  return {
    channel: 'sheet',
    add: letters => sheet.add(letters.map(letter => slipOf(config, letter))),
    finish: () => sheet.finish(),
  }
}

function slipOf(config: Config, { agencyName, name, address, token, code, expires }: Letter): Slip {
  const link = linkOf(config, token)
  return { agency: agencyName, name, address, link, code: code ?? '', day: lastDay(config, expires) }
}

export async function inviteWith(
  context: CommandContext,
  whom: Invited,
  { delivery, by }: { delivery: Delivery; by: number | null },
): Promise<InviteResult> {
  const { database, config, now, signal, progress } = context
  return withPlatform(context, ({ connector }) =>
    invite(
      {
        ...{ db: database.db, connector, now, signal, newToken, tokenHash, by },
        timeZone: config.timeZone,
        days: config.mailbox.invitationDays,
        progress: (done, total) => progress(`${done}/${total}`),
      },
      whom,
      delivery,
    ),
  )
}
