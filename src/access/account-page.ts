/** `/account`: who one is here, one's password, one's open sessions. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { CommandContext } from '../command.ts'
import { card, keyValues, notice, pageHead, table, tableCard } from '../web/components.ts'
import { readForm, TYPED_FORM_BYTES } from '../web/form.ts'
import { instant } from '../web/format.ts'
import { html } from '../web/html.ts'
import { field, input } from '../web/inputs.ts'
import type { Operator } from './access.ts'
import { strictLimit } from './limits.ts'
import { words } from './messages.ts'
import { agencyOf, type OpenSession, sessionsOf } from './operator-store.ts'
import { isLeaked } from './password.ts'
import { PASSWORD_MOST, passwordProblem } from './password-policy.ts'
import { cookieName, operatorOf, sendPage, setSignedIn } from './plugin.ts'
import { tokenHash } from './secret.ts'
import { changePassword, endOwnSessions } from './sign-in.ts'
import { narrow, textOf } from './sign-in-page.ts'

export function accountRoutes(server: FastifyInstance, context: CommandContext): void {
  const own = { config: { access: 'signedIn' } } as const
  const password = { config: { access: 'signedIn', beforePassword: true } } as const
  const guessed = {
    config: { ...password.config, rateLimit: strictLimit },
    bodyLimit: TYPED_FORM_BYTES,
  } as const
  server.get('/account', own, (request, reply) => showAccount(context, request, reply))
  server.get('/account/password', password, (request, reply) => showPassword(context, request, reply))
  server.post('/account/password', guessed, (request, reply) => takePassword(context, request, reply))
  server.post('/account/sessions/end', own, (request, reply) => endSessions(context, request, reply))
}

// the account -------------------------------------------------------------------------------------------------------

const saidThings = ['saved', 'ended', 'noSession'] as const

async function showAccount(context: CommandContext, request: FastifyRequest, reply: FastifyReply) {
  const { locale } = request.access
  const { db } = context.database
  const say = words[locale].account
  const operator = operatorOf(request)
  const current = tokenHash(currentToken(context, request))
  const sessions = await sessionsOf(db, operator.id ?? 0, { current, now: context.now() })
  const scope =
    operator.agencyId === null ? say.whole : ((await agencyOf(db, operator.agencyId))?.name ?? '–')
  const said = saidThings.find(each => each === textOf(request.query, 'said'))
  const done = said === undefined ? '' : notice(said === 'noSession' ? 'warn' : 'good', say[said])
  const body = html`!${pageHead({ title: say.title })}!${done}!${whoCard(request, operator, scope)}!${sessionsCard(context, request, sessions)}`
  return sendPage(context, request, reply, { title: say.title, place: null, body })
}

function whoCard(request: FastifyRequest, operator: Operator, scope: string): string {
  const { account: say, roles } = words[request.access.locale]
  const rows: [string, string][] = [
    [say.name, html`${operator.name}`],
    [say.role, roles[operator.role]],
    [say.scope, html`${scope}`],
  ]
  const actions = html`<a class="btn btn-sm" href="/account/password">${say.change}</a>`
  return card({ title: operator.name, body: keyValues(rows), actions })
}

function sessionsCard(
  context: CommandContext,
  request: FastifyRequest,
  sessions: readonly OpenSession[],
): string {
  const { locale, csrf } = request.access
  const say = words[locale].account
  const zone = context.config.timeZone
  const button = (key: string, text: string) =>
    html`<form method="post" action="/account/sessions/end"><input type="hidden" name="csrf" value="${csrf}"><input type="hidden" name="key" value="${key}"><button class="btn btn-sm">${text}</button></form>`
  const rows = sessions.map(each => [
    instant(each.createdAt, zone),
    instant(each.seenAt, zone),
    each.current ? html`<span class="stamp">${say.here}</span>` : button(each.key, say.end),
  ])
  const columns = [{ title: say.since }, { title: say.seen, wide: true }, { title: say.end }]
  const others = sessions.some(each => !each.current) ? button('', say.endOthers) : ''
  return tableCard({ title: say.sessions, table: table(say.sessions, columns, rows), actions: others })
}

async function endSessions(context: CommandContext, request: FastifyRequest, reply: FastifyReply) {
  const key = textOf(request.body, 'key')
  const count = await endOwnSessions(context.database.db, operatorOf(request), {
    key: key === '' ? null : key,
    current: currentToken(context, request),
    now: context.now(),
  })
  return reply.redirect(`/account?said=${count > 0 ? 'ended' : 'noSession'}`, 303)
}

function currentToken(context: CommandContext, request: FastifyRequest): string {
  return request.cookies[cookieName(context)] ?? ''
}

// the password ------------------------------------------------------------------------------------------------------

type Problems = Partial<Record<'current' | 'wanted' | 'again', string>>

function showPassword(context: CommandContext, request: FastifyRequest, reply: FastifyReply) {
  return sendPassword(context, request, reply, {}, 200)
}

async function takePassword(context: CommandContext, request: FastifyRequest, reply: FastifyReply) {
  const { mustSetPassword, locale } = request.access
  const operator = operatorOf(request)
  const { values, problems } = readPassword(request, operator)
  if (Object.keys(problems).length > 0) return sendPassword(context, request, reply, problems, 400)
  const answer = await changePassword(context.database.db, {
    operator,
    current: mustSetPassword ? null : (values.current ?? ''),
    wanted: values.wanted ?? '',
    now: context.now(),
  })
  const { account, signIn } = words[locale]
  if (answer.kind === 'wrong')
    return sendPassword(context, request, reply, { current: account.currentWrong }, 400)
  if (answer.kind === 'wait') {
    reply.header('retry-after', String(answer.seconds))
    return sendPassword(context, request, reply, { current: signIn.wait(answer.seconds) }, 429)
  }
  setSignedIn(context, reply, answer)
  return reply.redirect(mustSetPassword ? '/' : '/account?said=saved', 303)
}

function readPassword(request: FastifyRequest, operator: Operator) {
  const { mustSetPassword, locale } = request.access
  const rule = { required: true, secret: true, max: PASSWORD_MOST }
  const fields = { ...(mustSetPassword ? {} : { current: rule }), wanted: rule, again: rule }
  const { values, problems } = readForm(request.body, fields, locale)
  const { account, password } = words[locale]
  const weak = passwordProblem(values.wanted ?? '', operator.name, isLeaked)
  if (!problems.wanted && weak) problems.wanted = password[weak]
  if (!problems.wanted && !problems.again && values.wanted !== values.again) problems.again = account.differs
  return { values, problems }
}

function sendPassword(
  context: CommandContext,
  request: FastifyRequest,
  reply: FastifyReply,
  problems: Problems,
  status: number,
) {
  const { locale, csrf, mustSetPassword } = request.access
  const say = words[locale].account
  const control = (id: 'current' | 'wanted' | 'again', hint = '') => {
    const problem = problems[id] ?? null
    const more = { autocomplete: id === 'current' ? 'current-password' : 'new-password', required: '' }
    const box = input({ id, type: 'password', problem, hint: hint !== '', more })
    return field({ id, label: say[id], hint, problem, control: box })
  }
  const current = mustSetPassword ? html`<p>${say.first}</p>` : ''
  const proof = mustSetPassword ? '' : control('current')
  // the name, for password managers
  const who = html`<input class="visually-hidden" type="text" name="name" value="${operatorOf(request).name}" autocomplete="username" tabindex="-1" aria-hidden="true" readonly>`
  const form = html`!${current}<form method="post" action="/account/password"><input type="hidden" name="csrf" value="${csrf}">!${who}!${proof}!${control('wanted', say.rule)}!${control('again')}<button class="btn btn-primary w-100">${say.save}</button></form>`
  const title = mustSetPassword ? say.passwordTitle : say.change
  return sendPage(context, request, reply, { title, place: null, body: narrow(title, form), status })
}
