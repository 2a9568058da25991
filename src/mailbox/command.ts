/** `mailbox plan`, `mailbox apply` and `mailbox list`; `mailbox invite` stands beside it. */
import {
  type Answer,
  type Command,
  type CommandContext,
  idWord,
  table,
  textOption,
  type Values,
} from '../command.ts'
import { AppError } from '../error.ts'
import { dayAt } from '../ids.ts'
import { inviteCommand } from './activation-command.ts'
import { createConnector } from './connectors/index.ts'
import { guardText, kinds, reasonText, refusalText, states, words } from './messages.ts'
import { shownChanges } from './plan-store.ts'
import { type ApplyResult, applyPlan } from './provisioner.ts'
import { type MailboxContext, makePlan, type PlanResult, subtree } from './reconcile.ts'
import { agencyTree, type MailboxRow, mailboxes } from './store.ts'

/** First and last proof of use per mailbox: the activity subject's knowledge, handed in by the composition. */
export type LastUse = (
  mailboxes: readonly number[],
) => Promise<Map<number, { firstLogin: Date | null; lastLogin: Date | null; lastSend: Date | null }>>

export function mailboxCommands(lastUse: (context: CommandContext) => LastUse): Command[] {
  return [
    {
      name: 'mailbox plan',
      usage: '[--agency CODE]',
      summary: {
        vi: 'Lập đề xuất cấp, tạm khoá, mở lại hộp thư',
        en: 'Stores what would change; the platform is not touched',
      },
      options: { agency: { type: 'string' } },
      needs: 'database',
      words: [0, 0],
      run: plan,
    },
    {
      name: 'mailbox apply',
      usage: '[PLAN] [--force]',
      summary: { vi: 'Phê duyệt và thực hiện đúng đề xuất đó', en: 'Approves a plan and does exactly it' },
      options: { force: { type: 'boolean' } },
      needs: 'database',
      words: [0, 1],
      run: apply,
    },
    inviteCommand,
    {
      name: 'mailbox list',
      usage: '[--agency CODE]',
      summary: { vi: 'Danh sách hộp thư', en: 'The mailboxes' },
      options: { agency: { type: 'string' } },
      needs: 'database',
      words: [0, 0],
      run: (context, values) => list(context, values, lastUse(context)),
    },
  ]
}

/** Runs work with the configured platform's connector, and closes it. */
export async function withPlatform<T>(
  context: CommandContext,
  work: (mailbox: MailboxContext) => Promise<T>,
  by: number | null = null,
): Promise<T> {
  const { config, database, now, signal } = context
  const [platform] = config.mailbox.platforms
  if (!platform) throw new AppError('usage', 'mailbox.platforms: no platform is configured')
  const connector = createConnector(platform, config.timeZone)
  try {
    return await work({ db: database.db, config, connector, now, signal, by })
  } finally {
    await connector.close()
  }
}

async function plan(context: CommandContext, values: Values): Promise<Answer> {
  const result = await withPlatform(context, mailbox => makePlan(mailbox, textOption(values, 'agency')))
  const { locale } = context.config
  const { guard } = result
  return {
    json: {
      ...result,
      guard: { ok: guard.ok, reasons: guard.reasons.map(reason => guardText(locale, reason)) },
    },
    text: () => planText(context, result),
    exit: guard.ok ? 0 : 3,
  }
}

const SHOWN = 20

async function* planText(
  context: CommandContext,
  { plan, changes, refused, guard }: PlanResult,
): AsyncGenerator<string> {
  const { locale } = context.config
  const say = words[locale]
  if (plan === null) yield `${say.nothing}\n`
  else {
    const counts = Object.entries(changes).filter(([, count]) => count > 0)
    const shown = counts.map(
      ([kind, count]) => `${count.toLocaleString(locale)} ${kinds[kind as keyof typeof kinds][locale]}`,
    )
    yield `${say.plan} ${plan}: ${shown.join(' · ')}\n`
    const rows = await shownChanges(context.database.db, plan, SHOWN)
    const lines = rows.map(row => [
      kinds[row.kind][locale],
      row.address,
      row.name,
      row.person,
      reasonText(locale, row.reason),
    ])
    yield `${table(
      [say.change, say.address, say.name, say.person, say.reason].map(title => ({ title })),
      lines,
    )}\n`
    if (counts.reduce((sum, [, count]) => sum + count, 0) > SHOWN) yield `… ${say.more}\n`
  }
  if (refused.length > 0) yield `${refused.length.toLocaleString(locale)} ${say.refused}:\n`
  for (const { person, reason } of refused.slice(0, SHOWN))
    yield `  ${person}  ${refusalText(locale, reason)}\n`
  if (!guard.ok)
    yield `${[say.guard, ...guard.reasons.map(reason => `  - ${guardText(locale, reason)}`)].join('\n')}\n`
  if (plan !== null) yield `${say.apply} ${plan}${guard.ok ? '' : ' --force'}\n`
}

async function apply(context: CommandContext, values: Values, [word]: string[]): Promise<Answer> {
  const { progress } = context
  const report = (done: number, total: number) => progress(`${done}/${total}`)
  const options = { force: values.force === true, progress: report }
  const result = await withPlatform(context, mailbox => applyPlan(mailbox, idWord(word, 'PLAN'), options))
  return { json: { ...result }, text: () => applyText(context, result), exit: result.failed > 0 ? 4 : 0 }
}

function applyText(
  { config: { locale } }: CommandContext,
  { plan, done, already, failed, failures, seconds }: ApplyResult,
): string {
  const say = words[locale]
  if (plan === null) return `${say.nothing}\n`
  const number = (count: number) => count.toLocaleString(locale)
  const lines = [
    `${say.plan} ${plan}: ${number(done)} ${say.done} · ${number(already)} ${say.already} · ${number(failed)} ${say.failed} (${number(seconds)} ${say.seconds})`,
  ]
  for (const { change, address, reason, temporary } of failures.slice(0, SHOWN)) {
    lines.push(`  ${kinds[change][locale]} ${address}: ${reason}${temporary ? ` (${say.temporary})` : ''}`)
  }
  if (failures.length > SHOWN) lines.push(`… ${say.more}`)
  lines.push(failures.some(failure => failure.temporary) ? `${say.again} ${plan}` : say.next)
  return `${lines.join('\n')}\n`
}

async function list(context: CommandContext, values: Values, lastUse: LastUse): Promise<Answer> {
  const { database, config, now } = context
  const day = dayAt(now().getTime(), config.timeZone)
  const code = textOption(values, 'agency')
  const agencies = code === null ? null : subtree(await agencyTree(database.db, day), code)
  const pages = () => withUse(mailboxes(database.db, { day, now: now() }, agencies), lastUse)
  return { json: { mailboxes: pages() }, text: () => listText(context, pages()), exit: 0 }
}

type Listed = Omit<MailboxRow, 'id'> & {
  firstLogin: Date | null
  lastLogin: Date | null
  lastSend: Date | null
}

async function* withUse(pages: AsyncIterable<MailboxRow[]>, lastUse: LastUse): AsyncGenerator<Listed[]> {
  for await (const page of pages) {
    const use = await lastUse(page.map(row => row.id))
    yield page.map(({ id, ...row }) => {
      const { firstLogin, lastLogin, lastSend } = use.get(id) ?? {
        firstLogin: null,
        lastLogin: null,
        lastSend: null,
      }
      return { ...row, firstLogin, lastLogin, lastSend }
    })
  }
}

async function* listText(
  { config: { locale, timeZone } }: CommandContext,
  pages: AsyncIterable<Listed[]>,
): AsyncGenerator<string> {
  const say = words[locale]
  const day = (instant: Date | null) =>
    instant ? instant.toLocaleDateString(locale === 'vi' ? 'vi-VN' : 'en-GB', { timeZone }) : '–'
  let empty = true
  for await (const page of pages) {
    if (page.length === 0) continue
    const rows = page.map(row => [
      row.address,
      row.person ?? '',
      row.agency ?? '',
      states[row.state]?.[locale] ?? row.state,
      day(row.lastLogin),
      day(row.lastSend),
    ])
    const text = table(
      [say.address, say.person, say.agency, say.state, say.lastLogin, say.lastSend].map(title => ({ title })),
      rows,
    )
    // the heading stands once, whatever the number of pages
    yield `${empty ? text : text.split('\n').slice(2).join('\n')}\n`
    empty = false
  }
  if (empty) yield `${say.none}\n`
}
