/** `operator add`, `operator link`, `operator disable` and `audit verify`. */
import { type Answer, type Command, type CommandContext, textOption, type Values } from '../command.ts'
import { AppError } from '../error.ts'
import { localOperator, type Operator, type Role, roles } from './access.ts'
import { auditWords } from './audit-messages.ts'
import { partyOf, verifyAudit } from './audit-store.ts'
import { words } from './messages.ts'
import { needsAgency, parseOperatorName, parseRole, signInUrl } from './operator.ts'
import { agencyByCode, type Credentials, operatorByName } from './operator-store.ts'
import { addOperator, type Doing, disable, makeLink } from './sign-in.ts'

export const accessCommands: Command[] = [
  {
    name: 'operator add',
    usage: `NAME --role ${roles.join('|')} [--agency CODE]`,
    summary: {
      vi: 'Thêm người dùng và tạo liên kết đăng nhập lần đầu',
      en: 'Adds someone who may sign in, with a first sign-in link',
    },
    options: { role: { type: 'string' }, agency: { type: 'string' } },
    needs: 'database',
    words: [1, 1],
    run: add,
  },
  {
    name: 'operator link',
    usage: 'NAME',
    summary: { vi: 'Tạo liên kết đăng nhập một lần', en: 'Makes a fresh one-time sign-in link' },
    options: {},
    needs: 'database',
    words: [1, 1],
    run: link,
  },
  {
    name: 'operator disable',
    usage: 'NAME',
    summary: {
      vi: 'Ngừng quyền đăng nhập và kết thúc các phiên đang mở',
      en: 'Ends the right to sign in and the sessions that are open',
    },
    options: {},
    needs: 'database',
    words: [1, 1],
    run: end,
  },
  {
    name: 'audit verify',
    usage: '',
    summary: { vi: 'Kiểm tra chuỗi nhật ký truy vết', en: 'Recomputes the audit chain' },
    options: {},
    needs: 'database',
    words: [0, 0],
    run: verify,
  },
]

async function add(context: CommandContext, values: Values, [word = '']: string[]): Promise<Answer> {
  const { database } = context
  const name = nameWord(word)
  const role = roleOption(values)
  const agencyId = await agencyOption(context, values, role)
  const made = await addOperator(database.db, { name, role, agencyId }, doing(context))
  if (!made)
    throw new AppError('usage', `${name} is taken; hopthu operator link ${name} makes a new sign-in link`)
  return linkAnswer(context, made.operator, made.token, textOption(values, 'agency'))
}

async function link(context: CommandContext, _: Values, [word = '']: string[]): Promise<Answer> {
  const { operator } = await known(context, word)
  const token = await makeLink(context.database.db, operator.id, doing(context))
  if (token === null) throw new AppError('usage', `${operator.name} was disabled meanwhile`)
  return linkAnswer(context, operator, token, null)
}

async function end(context: CommandContext, _: Values, [word = '']: string[]): Promise<Answer> {
  const { operator } = await known(context, word)
  await disable(context.database.db, operator, doing(context))
  const say = words[context.config.locale].command
  return {
    json: { operator: operator.name, disabled: true },
    text: () => `${say.disabled(operator.name)}\n`,
    exit: 0,
  }
}

async function verify({ database, config, signal }: CommandContext): Promise<Answer> {
  const { entries, ok, firstBroken } = await verifyAudit(database.db, signal)
  const say = auditWords[config.locale].audit
  return {
    json: { entries, ok, firstBroken },
    text: () => `${ok ? say.whole(entries) : say.broken(firstBroken)}\n`,
    exit: ok ? 0 : 1,
  }
}

function doing({ now }: CommandContext): Doing {
  return { by: partyOf(localOperator), now: now() }
}

function nameWord(word: string): string {
  const name = parseOperatorName(word)
  if (name === null)
    throw new AppError(
      'usage',
      `${word}: a name of 2 to 64 letters a to z, digits and . _ @ - is expected, such as nguyen.van.an`,
    )
  return name
}

function roleOption(values: Values): Role {
  const text = textOption(values, 'role')
  const role = text === null ? null : parseRole(text)
  if (role === null)
    throw new AppError(
      'usage',
      `--role: one of ${roles.join(', ')} is expected${text === null ? '' : `, not ${text}`}`,
    )
  return role
}

async function agencyOption({ database }: CommandContext, values: Values, role: Role) {
  const code = textOption(values, 'agency')
  if (code === null) {
    if (needsAgency(role)) throw new AppError('usage', `--agency: ${role} needs the code of an agency`)
    return null
  }
  const id = await agencyByCode(database.db, code)
  if (id === null) throw new AppError('usage', `--agency: no agency in force has the code ${code}`)
  return id
}

async function known({ database }: CommandContext, word: string): Promise<Credentials> {
  const found = await operatorByName(database.db, nameWord(word))
  if (!found) throw new AppError('usage', `there is no operator ${word}, or it is disabled`)
  return found
}

function linkAnswer(
  { config }: CommandContext,
  operator: Operator,
  token: string,
  agency: string | null,
): Answer {
  const signInLink = signInUrl(config, token)
  const say = words[config.locale].command
  return {
    json: { operator: operator.name, signInLink },
    text: () =>
      `${say.link(operator.name, words[config.locale].roles[operator.role], agency)}\n${signInLink}\n`,
    exit: 0,
  }
}
