/**
 * `/activate`: where a person sets the password of their mailbox, by a link or a typed code.
 *
 * Looking at it changes nothing, since chats open links to preview them; the form spends it. Whatever is wrong with a
 * link, the answer is one and the same. Tokens and codes are never logged: of an address only the route is.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { appendAudit, type Party } from '../access/audit-store.ts'
import { strictLimit } from '../access/limits.ts'
import { hashPassword, isLeaked } from '../access/password.ts'
import { sendPage } from '../access/plugin.ts'
import { tokenHash } from '../access/secret.ts'
import type { CommandContext } from '../command.ts'
import { AppError, unreachable } from '../error.ts'
import { dayAt } from '../ids.ts'
import { readForm, TYPED_FORM_BYTES } from '../web/form.ts'
import { type ActivationEnd, activate, openedBy } from './activation.ts'
import { closedBody, codeBody, doneBody, formBody, type Shown, slowBody } from './activation-body-page.ts'
import { parseCode, parseKey } from './activation-code.ts'
import { activatePath, lastDay } from './activation-command.ts'
import { inviteRoutes } from './activation-invite-page.ts'
import { faultText, pageWords } from './activation-messages.ts'
import { candidates, type Invitation } from './activation-store.ts'
import { withPlatform } from './command.ts'
import { platformHash } from './password.ts'
import { PASSWORD_MOST, passwordFaults } from './password-policy.ts'

/** Longest wait for the platform, in ms; the page itself may take 30 s. */
const PLATFORM_MS = 20_000

/** A request, and how often its sender has tried what opens nothing. */
type Asked = {
  context: CommandContext
  request: FastifyRequest
  reply: FastifyReply
  misses: ReturnType<FastifyInstance['createRateLimit']>
}

export function activationRoutes(server: FastifyInstance, context: CommandContext): void {
  const open = { config: { access: 'public' }, bodyLimit: TYPED_FORM_BYTES } as const
  // Only what opens nothing is counted: a hall of people behind one address activates at once, and of 256 bits nobody
  // guesses one in however many tries. Codes are counted before they are looked up.
  const misses = server.createRateLimit(strictLimit)
  const handle =
    (work: (asked: Asked) => Promise<FastifyReply>) => (request: FastifyRequest, reply: FastifyReply) =>
      work({ context, request, reply, misses })
  server.get(activatePath, open, handle(showCodeForm))
  server.post(activatePath, open, handle(takeCode))
  server.get(`${activatePath}/*`, open, handle(showInvitation))
  server.post(`${activatePath}/*`, open, handle(takePassword))
  inviteRoutes(server, context)
}

const wordsOf = ({ request }: Asked) => pageWords[request.access.locale]

function page(asked: Asked, { title, body, status }: { title: string; body: string; status?: number }) {
  const { context, request, reply } = asked
  return sendPage(context, request, reply, { title, place: null, body, ...(status ? { status } : {}) })
}

// the code ----------------------------------------------------------------------------------------------------------

async function showCodeForm(asked: Asked): Promise<FastifyReply> {
  const body = codeBody(asked.request.access, { value: '', problem: null })
  return page(asked, { title: wordsOf(asked).codeTitle, body })
}

async function takeCode(asked: Asked): Promise<FastifyReply> {
  const { request, reply } = asked
  const say = wordsOf(asked)
  const { values, problems } = readForm(request.body, { code: { max: 40 } }, request.access.locale)
  const value = values.code ?? ''
  const again = (problem: string, status = 400) => {
    const shown = { value: value.slice(0, 40), problem }
    return page(asked, { title: say.codeTitle, body: codeBody(request.access, shown), status })
  }
  if (problems.code !== undefined) return again(problems.code)
  if (value === '') return again(say.codeMissing)
  const code = parseCode(value)
  const found = code === null ? 'none' : await lookUp(asked, code)
  if (found === 'slow') return slow(asked)
  if (code === null || found === 'none') return again(say.codeWrong, 404)
  return reply.redirect(`${activatePath}/${code}`, 303)
}

// the link ----------------------------------------------------------------------------------------------------------

async function showInvitation(asked: Asked): Promise<FastifyReply> {
  const found = await lookUp(asked, pathKey(asked.request))
  if (found === 'slow') return slow(asked)
  if (found === 'none') return closed(asked)
  return showForm(asked, found, { problems: {}, notice: null, status: 200 })
}

/** The last part of the address, whatever stands there. */
function pathKey(request: FastifyRequest): string {
  const { params } = request
  return typeof params === 'object' && params !== null && '*' in params ? String(params['*']) : ''
}

/** `slow`: this sender has tried too much that opens nothing; codes are then not even looked up. */
async function lookUp(
  { context, request, misses }: Asked,
  text: string,
): Promise<Invitation | 'none' | 'slow'> {
  const key = parseKey(text)
  const seen = await misses(request, { increment: false })
  if (key?.kind === 'code' && !seen.isAllowed && seen.remaining <= 0) return 'slow'
  const now = context.now()
  const found = key === null ? null : await openedBy(context.database.db, key, { tokenHash, now })
  if (found !== null) return found
  const counted = await misses(request)
  return !counted.isAllowed && counted.isExceeded ? 'slow' : 'none'
}

function closed(asked: Asked): FastifyReply {
  const say = wordsOf(asked)
  return page(asked, { title: say.closedTitle, body: closedBody(asked.request.access), status: 404 })
}

function slow(asked: Asked): FastifyReply {
  asked.reply.header('retry-after', strictLimit.timeWindow / 1000)
  return page(asked, { title: wordsOf(asked).slowTitle, body: slowBody(asked.request.access), status: 429 })
}

function showForm(
  asked: Asked,
  invitation: Invitation,
  said: Pick<Shown, 'problems' | 'notice'> & { status: number },
): FastifyReply {
  const { config } = asked.context
  const say = wordsOf(asked)
  const shown: Shown = { ...said, invitation, policy: config.mailbox.password, day: '' }
  shown.day = lastDay(config, invitation.expiresAt)
  const title = invitation.purpose === 'first' ? say.title : say.forgottenTitle
  const body = formBody(asked.request.access, shown)
  return page(asked, { title, body, status: said.status })
}

// the password ------------------------------------------------------------------------------------------------------

async function takePassword(asked: Asked): Promise<FastifyReply> {
  const found = await lookUp(asked, pathKey(asked.request))
  if (found === 'slow') return slow(asked)
  if (found === 'none') return closed(asked)
  const say = wordsOf(asked)
  const { password, problems } = readPassword(asked, found)
  if (Object.keys(problems).length > 0)
    return showForm(asked, found, { problems, notice: say.faulty, status: 422 })
  const end = await setPassword(asked, found, password)
  if (end === 'done') {
    const body = doneBody(asked.request.access, found, asked.context.config.mailbox.client ?? null)
    return page(asked, { title: say.doneTitle, body })
  }
  if (end === 'away') asked.reply.header('retry-after', 60)
  return showForm(asked, found, { problems: {}, notice: say[end], status: statusOf(end) })
}

function statusOf(end: Exclude<ActivationEnd, 'done'>): number {
  switch (end) {
    case 'away':
      return 503
    case 'taken':
    case 'suspended':
    case 'refused':
      return 409
    default:
      return unreachable(end)
  }
}

const fields = {
  password: { secret: true, max: PASSWORD_MOST },
  again: { secret: true, max: PASSWORD_MOST },
}

function readPassword({ context, request }: Asked, holder: Invitation) {
  const { locale } = request.access
  const say = pageWords[locale]
  const policy = context.config.mailbox.password
  const { values, problems } = readForm(request.body, fields, locale)
  const { password = '', again = '' } = values
  const faults = passwordFaults(password, holder, policy, isLeaked)
  if (problems.password === undefined && faults.length > 0)
    problems.password = faults.map(fault => faultText(locale, fault, policy)).join(' ')
  if (password !== '' && problems.again === undefined && password !== again)
    problems.again = again === '' ? say.againMissing : say.differ
  return { password, problems }
}

/** How the platform is told, and what of it goes to the audit. */
async function setPassword(
  { context }: Asked,
  invitation: Invitation,
  password: string,
): Promise<ActivationEnd> {
  const { config, database, now } = context
  const [platform] = config.mailbox.platforms
  if (!platform) throw new AppError('usage', 'mailbox.platforms: no platform is configured')
  const scheme = platform.kind === 'postfixadmin' ? platform.passwordScheme : 'ARGON2ID'
  const hash = await platformHash(scheme, password, hashPassword)
  const day = dayAt(now().getTime(), config.timeZone)
  const [holder] = await candidates(database.db, day, [invitation.mailboxId])
  const person: Party =
    invitation.personId === null
      ? { kind: 'system', id: 'anonymous' }
      : { kind: 'person', id: invitation.personId }
  return withPlatform(context, ({ connector }) =>
    activate(
      {
        ...{ db: database.db, connector, now },
        signal: AbortSignal.any([context.signal, AbortSignal.timeout(PLATFORM_MS)]),
        record: trx =>
          appendAudit(trx, {
            at: now(),
            actor: person,
            action: 'mailbox.activated',
            subject: { kind: 'mailbox', id: invitation.mailboxId },
            agencyId: holder?.agencyId ?? null,
            detail: { purpose: invitation.purpose },
          }),
      },
      invitation,
      hash,
    ),
  )
}
