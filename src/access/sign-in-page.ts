/** `/sign-in`: by name and password, and by a one-time link. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { CommandContext } from '../command.ts'
import { card, notice } from '../web/components.ts'
import { readForm, TYPED_FORM_BYTES } from '../web/form.ts'
import { html } from '../web/html.ts'
import { field, input } from '../web/inputs.ts'
import { ownPath } from '../web/own-path.ts'
import { strictLimit } from './limits.ts'
import { words } from './messages.ts'
import { parseOperatorName } from './operator.ts'
import { linkOwner } from './operator-store.ts'
import { PASSWORD_MOST } from './password-policy.ts'
import { cookieName, deviceCookieName, sendPage, setSessionCookie, setSignedIn } from './plugin.ts'
import { tokenHash } from './secret.ts'
import { type SignedIn, signInByLink, signInByPassword } from './sign-in.ts'
import { endSession } from './store.ts'

/** Signing in is guessed at: few requests a minute, from whoever is not signed in yet. */
const open = { config: { access: 'public', rateLimit: strictLimit } } as const

export function signInRoutes(server: FastifyInstance, context: CommandContext): void {
  server.get('/sign-in', open, (request, reply) => showForm(context, request, reply))
  server.post('/sign-in', { ...open, bodyLimit: TYPED_FORM_BYTES }, (request, reply) =>
    takeForm(context, request, reply),
  )
  server.get('/sign-in/:token', open, (request, reply) => showLink(context, request, reply))
  server.post('/sign-in/:token', open, (request, reply) => takeLink(context, request, reply))
}

// name and password -------------------------------------------------------------------------------------------------

async function showForm(context: CommandContext, request: FastifyRequest, reply: FastifyReply) {
  const next = ownPath(textOf(request.query, 'next')) ?? '/'
  if (request.access.operator) return reply.redirect(next, 303)
  return sendForm(context, request, reply, { next, name: '', problem: null, status: 200 })
}

const rules = {
  name: { required: true, max: 64 },
  password: { required: true, secret: true, max: PASSWORD_MOST },
}

async function takeForm(context: CommandContext, request: FastifyRequest, reply: FastifyReply) {
  const { locale } = request.access
  const { values, problems } = readForm(request.body, rules, locale)
  const next = ownPath(textOf(request.body, 'next')) ?? '/'
  const shown = { next, name: values.name ?? '' }
  if (Object.keys(problems).length > 0)
    return sendForm(context, request, reply, { ...shown, problem: null, problems, status: 400 })
  // what can be nobody's name is slowed down like one, and counted where nothing else is
  const name = parseOperatorName(shown.name) ?? `?${shown.name.slice(0, 64)}`
  const now = context.now()
  const answer = await signInByPassword(context.database.db, {
    name,
    password: values.password ?? '',
    device: request.cookies[deviceCookieName(context)] ?? null,
    now,
  })
  if (answer.kind === 'signedIn') {
    await leaveEarlierSession(context, request)
    setSignedIn(context, reply, answer)
    return reply.redirect(next, 303)
  }
  return refuse(context, request, reply, { answer, ...shown })
}

function refuse(
  context: CommandContext,
  request: FastifyRequest,
  reply: FastifyReply,
  { answer, ...shown }: { answer: Exclude<SignedIn, { kind: 'signedIn' }>; next: string; name: string },
) {
  const say = words[request.access.locale].signIn
  if (answer.kind === 'wrong')
    return sendForm(context, request, reply, { ...shown, problem: say.wrong, status: 401 })
  reply.header('retry-after', String(answer.seconds))
  return sendForm(context, request, reply, { ...shown, problem: say.wait(answer.seconds), status: 429 })
}

type Shown = {
  next: string
  name: string
  /** What is wrong with the two together. */
  problem: string | null
  problems?: Record<string, string>
  status: number
}

function sendForm(context: CommandContext, request: FastifyRequest, reply: FastifyReply, shown: Shown) {
  const { locale, csrf } = request.access
  const say = words[locale].signIn
  const { next, name, problem, problems = {}, status } = shown
  const control = (id: 'name' | 'password', type: string, complete: string) =>
    field({
      id,
      label: say[id],
      problem: problems[id] ?? null,
      control: input({
        id,
        type,
        value: id === 'name' ? name : '',
        problem: problems[id] ?? null,
        more: { autocomplete: complete, autocapitalize: 'none', spellcheck: 'false', required: '' },
      }),
    })
  const form = html`!${problem === null ? '' : notice('bad', problem)}<form method="post" action="/sign-in"><input type="hidden" name="csrf" value="${csrf}"><input type="hidden" name="next" value="${next}">!${control('name', 'text', 'username')}!${control('password', 'password', 'current-password')}<button class="btn btn-primary w-100">${say.submit}</button></form><p class="form-hint mt-3">${say.help}</p>`
  return sendPage(context, request, reply, {
    title: say.title,
    place: null,
    body: narrow(say.title, form),
    status,
  })
}

// the link ----------------------------------------------------------------------------------------------------------

/** Looking spends nothing: chat programs and mail filters open links to show what is behind them. */
async function showLink(context: CommandContext, request: FastifyRequest, reply: FastifyReply) {
  const token = textOf(request.params, 'token')
  const owner = await linkOwner(context.database.db, tokenHash(token), context.now())
  if (!owner) return sendDead(context, request, reply)
  const { locale, csrf } = request.access
  const say = words[locale].signIn
  const body = html`<p>${say.linkText}</p><form method="post"><input type="hidden" name="csrf" value="${csrf}"><button class="btn btn-primary w-100">${say.linkSubmit}</button></form>`
  return sendPage(context, request, reply, {
    title: say.linkTitle,
    place: null,
    body: narrow(say.linkTitle, body),
  })
}

async function takeLink(context: CommandContext, request: FastifyRequest, reply: FastifyReply) {
  const token = await signInByLink(context.database.db, textOf(request.params, 'token'), context.now())
  if (token === null) return sendDead(context, request, reply)
  await leaveEarlierSession(context, request)
  setSessionCookie(context, reply, token)
  return reply.redirect('/account/password', 303)
}

function sendDead(context: CommandContext, request: FastifyRequest, reply: FastifyReply) {
  const say = words[request.access.locale].signIn
  const body = html`<p>${say.deadText}</p><a class="btn" href="/sign-in">${say.toSignIn}</a>`
  const page = { title: say.deadTitle, place: null, body: narrow(say.deadTitle, body), status: 404 }
  return sendPage(context, request, reply, page)
}

/** A session of before, whoever's it was, does not live on beside the new one. */
async function leaveEarlierSession(context: CommandContext, request: FastifyRequest): Promise<void> {
  const token = request.cookies[cookieName(context)]
  if (token !== undefined) await endSession(context.database.db, tokenHash(token), context.now())
}

/** A panel in the middle, for pages with one thing to do. */
export function narrow(title: string, body: string): string {
  return html`<h1 class="visually-hidden">${title}</h1><div class="row justify-content-center"><div class="col-12 col-md-6 col-lg-4">!${card({ title, body })}</div></div>`
}

export function textOf(from: unknown, name: string): string {
  const value: unknown =
    typeof from === 'object' && from !== null ? Object.entries(from).find(([key]) => key === name)?.[1] : ''
  return typeof value === 'string' ? value : ''
}
