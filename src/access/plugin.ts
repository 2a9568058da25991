/**
 * Access on every request: who asks, whether they may, and the frame of what they are shown.
 *
 * Each route names its right in `config.access`; one that names none does not register. Routes about an agency ask
 * `requireAgency` for it as well. Forms carry a token of the session (`csrf`), or no session at all.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { CommandContext } from '../command.ts'
import { AppError } from '../error.ts'
import type { Locale } from '../web/format.ts'
import { layout, type Theme } from '../web/layout.ts'
import { type Action, may, mayAnywhere, type Operator } from './access.ts'
import type { AuditAction, AuditDetail } from './audit.ts'
import { appendAudit, type Party } from './audit-store.ts'
import { type Place, places } from './navigation.ts'
import { csrfOf, sameText, tokenHash } from './secret.ts'
import { agencyPath, endSession, findSession } from './store.ts'

declare module 'fastify' {
  interface FastifyRequest {
    access: Access
  }
  interface FastifyContextConfig {
    /** The right a route asks for; `public` for everybody, `signedIn` for every operator. */
    access?: RouteAccess
  }
}

export type RouteAccess = Action | 'public' | 'signedIn'

export type Access = {
  /** null: not signed in. */
  operator: Operator | null
  locale: Locale
  theme: Theme
  /** What forms of this session carry; empty without a session. */
  csrf: string
  /** Signed in by a link: nothing but setting a password is allowed yet. */
  mustSetPassword: boolean
}

/** The operator of a request that needs one. Throws `not_signed_in`. */
export function operatorOf(request: FastifyRequest): Operator {
  const { operator } = request.access
  if (!operator) throw new AppError('not_signed_in', 'sign in first')
  return operator
}

/**
 * Lets the request go on only if its operator may do this to the agency. Throws `not_found`, as for an agency that is
 * not there: who may not know of it is not told that it is.
 */
export async function requireAgency(
  context: CommandContext,
  request: FastifyRequest,
  action: Action,
  agencyId: number | null,
): Promise<void> {
  const operator = operatorOf(request)
  const path = agencyId === null ? null : await agencyPath(context.database.db, agencyId)
  if (!may(operator, action, path)) throw new AppError('not_found', 'there is nothing at this address')
}

export type Audited = {
  action: AuditAction
  subject?: Party | null
  agencyId?: number | null
  /** Counts and codes; never a name, an address, a staff number, a token or a password. */
  detail?: AuditDetail
  /** Who did it, where it is not the operator of the request. */
  actor?: Party
}

/** Records what the operator of a request did or saw. Throws when it cannot be recorded: then it is not to happen. */
export async function audit(context: CommandContext, request: FastifyRequest, done: Audited): Promise<void> {
  await appendAudit(context.database.db, {
    at: context.now(),
    actor: partyOf(request.access.operator),
    ...done,
  })
}

/** An operator as the audit knows one. */
export function partyOf(operator: Operator | null): Party {
  if (operator === null) return { kind: 'system', id: 'anonymous' }
  return operator.id === null ? { kind: 'system', id: 'local' } : { kind: 'operator', id: operator.id }
}

export type Page = { title: string; place: Place | null; body: string; status?: number }

/** Answers with a page in its frame. */
export function sendPage(
  context: CommandContext,
  request: FastifyRequest,
  reply: FastifyReply,
  page: Page,
): FastifyReply {
  const { operator, locale, theme, csrf } = request.access
  const nav = places
    .filter(each => operator !== null && mayAnywhere(operator, each.action))
    .map(each => ({ href: each.href, label: each.label[locale], active: each.place === page.place }))
  const text = layout({
    locale,
    theme,
    title: page.title,
    installation: context.config.roster.root?.name ?? '',
    nav,
    operator: operator && { name: operator.name, role: operator.role },
    csrf,
    path: request.url,
    body: page.body,
    search: operator !== null && mayAnywhere(operator, 'names.view'),
  })
  return reply
    .code(page.status ?? 200)
    .type('text/html; charset=utf-8')
    .send(text)
}

/** Registers sign-in and the check that stands before every other route. */
export async function accessPlugin(server: FastifyInstance, context: CommandContext): Promise<void> {
  server.addHook('onRoute', route => {
    if (route.config?.access === undefined)
      throw new Error(`the route ${route.url} names no right in config.access`)
  })
  server.decorateRequest('access')
  server.addHook('onRequest', async request => {
    request.access = { operator: null, csrf: '', mustSetPassword: false, ...looksOf(context, request) }
    if (routeAccess(request) !== 'public' || request.cookies[cookieName(context)] !== undefined)
      await recognise(context, request)
    requireRight(request)
  })
  server.addHook('preHandler', async request => requireOwnForm(request))
  server.post('/sign-out', { config: { access: 'signedIn' } }, (request, reply) =>
    signOut(context, request, reply),
  )
}

/** The session's cookie; over TLS bound to this very host. */
export function cookieName({ config }: CommandContext): string {
  return config.http.publicUrl?.startsWith('https:') ? '__Host-hopthu' : 'hopthu'
}

/** Gives the browser a session's token. */
export function setSessionCookie(context: CommandContext, reply: FastifyReply, token: string): void {
  const secure = context.config.http.publicUrl?.startsWith('https:') ?? false
  reply.setCookie(cookieName(context), token, { path: '/', httpOnly: true, sameSite: 'lax', secure })
}

function looksOf({ config }: CommandContext, request: FastifyRequest): Pick<Access, 'locale' | 'theme'> {
  const { lang, theme } = request.cookies
  return {
    locale: lang === 'vi' || lang === 'en' ? lang : config.locale,
    theme: theme === 'light' || theme === 'dark' ? theme : 'auto',
  }
}

function routeAccess(request: FastifyRequest): RouteAccess {
  // an address without a route is answered by the not-found handler, which everybody may see
  return request.routeOptions.config.access ?? 'public'
}

async function recognise(context: CommandContext, request: FastifyRequest): Promise<void> {
  const token = request.cookies[cookieName(context)]
  if (token === undefined) return
  const session = await findSession(context.database.db, tokenHash(token), context.now())
  if (!session) return
  request.access.operator = session.operator
  request.access.mustSetPassword = session.mustSetPassword
  request.access.csrf = csrfOf(token)
}

/** The right that the route names; for routes about an agency this is the first of two questions. */
function requireRight(request: FastifyRequest): void {
  const access = routeAccess(request)
  if (access === 'public') return
  const operator = operatorOf(request)
  if (access === 'signedIn') return
  if (!mayAnywhere(operator, access)) throw new AppError('forbidden', 'your role does not allow this')
}

/**
 * A change must come from a page of ours. With a session it carries the session's token, as a field `csrf` or a header
 * `x-csrf-token`; without one, browsers say where it comes from.
 */
function requireOwnForm(request: FastifyRequest): void {
  if (request.method === 'GET' || request.method === 'HEAD' || request.method === 'OPTIONS') return
  const { csrf } = request.access
  if (csrf === '') {
    const site = request.headers['sec-fetch-site']
    if (site === undefined || site === 'same-origin' || site === 'none') return
    throw new AppError('forbidden', 'this form was sent from another site')
  }
  const body: unknown = request.body
  const field = typeof body === 'object' && body !== null && 'csrf' in body ? String(body.csrf) : ''
  const header = request.headers['x-csrf-token']
  if (!sameText(typeof header === 'string' ? header : field, csrf))
    throw new AppError('forbidden', 'this form is no longer valid; open the page again')
}

async function signOut(
  context: CommandContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const token = request.cookies[cookieName(context)]
  if (token !== undefined) await endSession(context.database.db, tokenHash(token), context.now())
  reply.clearCookie(cookieName(context), { path: '/' })
  return reply.redirect('/sign-in', 303)
}
