/**
 * The composition: every command, in the order in which one meets them.
 *
 * What only some commands need is loaded by them: the whole of it would double the start and the memory of the others.
 */
import { sql } from 'kysely'
import { localOperator, mayAnywhere } from './access/access.ts'
import type { AuditAction, AuditDetail } from './access/audit.ts'
import { appendAudit, type Party, partyOf } from './access/audit-store.ts'
import { accessCommands } from './access/command.ts'
import { commandAudit, commandRights } from './access/command-rights.ts'
import { agencyByCode } from './access/operator-store.ts'
import { activityCommands } from './activity/command.ts'
import { lastUse } from './activity/store.ts'
import { adoptionCommands } from './adoption/command.ts'
import { peopleByStaffId } from './adoption/evidence-store.ts'
import {
  type Answer,
  type Command,
  type CommandContext,
  type ConfigContext,
  textOption,
  type Values,
} from './command.ts'
import { migrate } from './database/migrate.ts'
import { AppError, toAppError } from './error.ts'
import { dayAt } from './ids.ts'
import { mailboxCommands } from './mailbox/command.ts'
import { addressHolders } from './mailbox/store.ts'
import { agencyCommands } from './roster/agency-command.ts'
import { rosterCommands } from './roster/command.ts'
import { decisionCommands } from './roster/decision-command.ts'
import { reviewCommands } from './roster/review-command.ts'
import { applyAnswered } from './roster/review-work-plugin.ts'

export function commands(): Command[] {
  return [
    {
      name: 'check',
      usage: '',
      summary: { vi: 'Thử từng phần đã cấu hình', en: 'Tries each configured part' },
      options: {},
      needs: 'config',
      words: [0, 0],
      run: async context => (await import('./check.ts')).check(context),
    },
    {
      name: 'migrate',
      usage: '',
      summary: { vi: 'Tạo hoặc nâng cấp cơ sở dữ liệu', en: 'Brings the database up' },
      options: {},
      needs: 'bareDatabase',
      words: [0, 0],
      run: migrateDatabase,
    },
    {
      name: 'serve',
      usage: '[--only web|jobs|follow]',
      summary: { vi: 'Chạy dịch vụ', en: 'Runs the service' },
      options: { only: { type: 'string' } },
      needs: 'database',
      words: [0, 0],
      run: async (context, values) => (await import('./service.ts')).serve(context, values),
    },
    {
      name: 'nightly',
      usage: '',
      summary: {
        vi: 'Chạy trọn một đêm: danh sách, hộp thư, nhật ký, số liệu',
        en: 'One whole night: roster, mailboxes, activity, figures',
      },
      options: {},
      needs: 'database',
      words: [0, 0],
      run: async context => (await import('./service.ts')).nightly(context),
    },
    {
      name: 'backup',
      usage: 'FILE',
      summary: {
        vi: 'Sao lưu cơ sở dữ liệu và cấu hình vào một tệp, đọc lại để kiểm tra',
        en: 'Database and configuration into one file, read back and checked',
      },
      options: {},
      needs: 'bareDatabase',
      words: [1, 1],
      run: async (context, _, words) => (await import('./backup.ts')).runBackup(context, words),
    },
    {
      name: 'restore',
      usage: 'FILE [--configuration FILE]',
      summary: {
        vi: 'Khôi phục bản sao lưu vào cơ sở dữ liệu trống; --configuration ghi cấu hình lúc đó ra tệp',
        en: 'A backup into an empty database; --configuration writes the configuration of then to a file',
      },
      options: { configuration: { type: 'string' } },
      needs: 'bareDatabase',
      words: [1, 1],
      run: async (context, values, words) => (await import('./backup.ts')).runRestore(context, values, words),
    },
    ...accessCommands,
    ...rosterCommands,
    ...decisionCommands,
    ...agencyCommands,
    ...reviewCommands(applyAnswered),
    ...mailboxCommands(
      ({ database }) =>
        ids =>
          lastUse(database.db, ids),
    ),
    ...activityCommands,
    ...adoptionCommands,
  ]
}

async function migrateDatabase({ database, config }: CommandContext): Promise<Answer> {
  const applied = await migrate(database)
  const nothing = config.locale === 'vi' ? 'Cơ sở dữ liệu đã mới nhất.' : 'The database is up to date.'
  return { json: { applied }, text: () => `${applied.length > 0 ? applied.join('\n') : nothing}\n`, exit: 0 }
}

// rights and audit --------------------------------------------------------------------------------------------------

type Call = { values: Values; words: string[] }

/** Throws `forbidden` where the command line has no right to a command; one without a row in the table has none. */
export function requireCommandRight({ name }: Pick<Command, 'name'>): void {
  const right = commandRights[name]
  if (!right || !mayAnywhere(localOperator, right.action))
    throw new AppError('forbidden', `${name}: nobody may run this here`)
}

export function runConfigCommand(
  command: Extract<Command, { needs: 'config' }>,
  context: ConfigContext,
  { values, words }: Call,
): Promise<Answer> {
  requireCommandRight(command)
  return command.run(context, values, words)
}

/** Runs a command, whoever hands it over, if the command line may; what it did or showed goes to the audit. */
export async function runCommand(
  command: Exclude<Command, { needs: 'config' }>,
  context: CommandContext,
  { values, words }: Call,
): Promise<Answer> {
  requireCommandRight(command)
  const action = commandAudit(command.name, values)
  try {
    const answer = await command.run({ ...context, addressHolders }, values, words)
    if (action !== null) await recordCommand(context, action, { values, answer })
    return answer
  } catch (thrown) {
    if (action !== null && mayHaveChanged(action, toAppError(thrown)))
      await recordFailure(context, action, thrown)
    throw thrown
  }
}

async function recordCommand(
  context: CommandContext,
  action: AuditAction,
  { values, answer }: { values: Values; answer: Answer },
): Promise<void> {
  const { db } = context.database
  if (!(await hasAudit(context))) return
  const code = textOption(values, 'agency')
  await appendAudit(db, {
    at: context.now(),
    actor: partyOf(localOperator),
    action,
    subject: action === 'person.viewed' ? await personShown(context, answer) : null,
    agencyId: code === null ? null : await agencyByCode(db, code),
    detail: {
      exit: answer.exit,
      ...numbersOf(answer.json),
      ...(values.force === true ? { force: true } : {}),
    },
  })
}

/** Wrong usage begins nothing, and what was not shown was not seen. */
function mayHaveChanged(action: AuditAction, { exitStatus }: AppError): boolean {
  return exitStatus !== 2 && action !== 'person.viewed' && action !== 'export'
}

/** What began may have changed something before it failed. What kept it from being recorded must not hide why it failed. */
async function recordFailure(context: CommandContext, action: AuditAction, thrown: unknown): Promise<void> {
  const { code } = toAppError(thrown)
  const entry = { at: context.now(), actor: partyOf(localOperator), action, detail: { error: code } }
  await hasAudit(context)
    .then(there => (there ? appendAudit(context.database.db, entry) : undefined))
    .catch((other: unknown) => context.log.warn(toAppError(other), 'the audit could not be written'))
}

/** A database that is still to be brought up has none. */
async function hasAudit({ database }: CommandContext): Promise<boolean> {
  const { rows } = await sql<{
    there: boolean
  }>`select to_regclass('audit_head') is not null as there`.execute(database.db)
  return rows[0]?.there ?? false
}

const numbers = ['plan', 'run', 'read', 'done', 'failed', 'invited', 'lines', 'bytes', 'tables'] as const

function numbersOf(json: Record<string, unknown>): AuditDetail {
  const known = numbers.flatMap(name => {
    const value = json[name]
    return typeof value === 'number' ? [[name, value] as const] : []
  })
  return Object.fromEntries(known)
}

/** Who was explained, by our own id: the answer names them by their staff number. */
async function personShown(
  { database, config, now }: CommandContext,
  { json }: Answer,
): Promise<Party | null> {
  const { person } = json
  if (typeof person !== 'object' || person === null || !('id' in person)) return null
  const id = String(person.id)
  if (id.startsWith('#')) return { kind: 'person', id: Number(id.slice(1)) }
  const [found] = await peopleByStaffId(database.db, id, dayAt(now().getTime(), config.timeZone))
  return found ? { kind: 'person', id: found.id } : null
}
