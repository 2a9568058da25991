/**
 * Access on every request: who asks, whether they may, and the frame of what they are shown.
 *
 * Each route names its right in `config.access`; one that names none does not register. Routes about an agency ask
 * `requireAgency` for it as well. Forms carry a token of the session (`csrf`), or no session at all.
 */
import fastifyRateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { CommandContext } from '../command.ts'
import { AppError } from '../error.ts'
import type { Locale } from '../web/format.ts'
import { layout, type Theme } from '../web/layout.ts'
import { lookOf } from '../web/look.ts'
import { type Action, may, mayAnywhere, type Operator } from './access.ts'
import { accountRoutes } from './account-page.ts'
import { apiRoutes } from './api-plugin.ts'
import type { AuditAction, AuditDetail } from './audit.ts'
import { type AddressesOf, auditRoutes } from './audit-plugin.ts'
import { appendAudit, type Party, partyOf } from './audit-store.ts'
import { DEVICE_DAYS } from './guess-store.ts'
import { GENERAL_LIMIT } from './limits.ts'
import { menuOf } from './menu-page.ts'
import { words } from './messages.ts'
import type { Place } from './navigation.ts'
import { operatorRoutes } from './operators-plugin.ts'
import { csrfOf, isMaskOf, maskCsrf, tokenHash } from './secret.ts'
import { signOutOf } from './sign-in.ts'
import { signInRoutes } from './sign-in-page.ts'
import { agencyPath, findSession, openReviews } from './store.ts'

declare module 'fastify' {
  interface FastifyRequest {
    access: Access
  }
  interface FastifyContextConfig {
    /** The right a route asks for; `public` for everybody, `signedIn` for every operator. */
    access?: RouteAccess
    /** Open also to who signed in by a link and has not set a password yet. */
    beforePassword?: boolean
  }
}

export type RouteAccess = Action | 'public' | 'signedIn'

export type Access = {
  /** null: not signed in. */
  operator: Operator | null
  locale: Locale
  theme: Theme
  /** What forms of this session carry, different on each page; empty without a session. */
  csrf: string
  /** What stands behind it, the same all through the session. */
  csrfSecret: string
  /** Signed in by a link: nothing but setting a password is allowed yet. */
  mustSetPassword: boolean
  /** What waits for an answer within the operator's scope, for the menu of a page. */
  openReviews: number
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

export { partyOf }

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

export type Page = { title: string; place: Place | null; body: string; status?: number }

/** Answers with a page in its frame. */
export function sendPage(
  context: CommandContext,
  request: FastifyRequest,
  reply: FastifyReply,
  page: Page,
): FastifyReply {
  const { operator, locale, theme, csrf, mustSetPassword, openReviews } = request.access
  const nav =
    operator === null || mustSetPassword ? [] : menuOf({ operator, locale, place: page.place, openReviews })
  const text = layout({
    locale,
    theme,
    title: page.title,
    installation: context.config.roster.root?.name ?? '',
    nav,
    operator: operator && { name: operator.name, role: words[locale].roles[operator.role] },
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

/** Registers sign-in, operators and audit, and the check that stands before every other route. */
export async function accessPlugin(
  server: FastifyInstance,
  context: CommandContext,
  addressesOf: AddressesOf = async () => new Map(),
): Promise<void> {
  server.addHook('onRoute', route => {
    if (route.config?.access === undefined)
      throw new Error(`the route ${route.url} names no right in config.access`)
  })
  await server.register(fastifyRateLimit, { global: false, errorResponseBuilder: tooMany })
  const general = server.createRateLimit(GENERAL_LIMIT)
  server.decorateRequest('access')
  server.addHook('onRequest', async (request, reply) => {
    request.access = {
      operator: null,
      csrf: '',
      csrfSecret: '',
      mustSetPassword: false,
      openReviews: 0,
      ...lookOf(request.cookies, context.config.locale),
    }
    const used = await general(request)
    if (!used.isAllowed && used.isExceeded) {
      reply.header('retry-after', used.ttlInSeconds)
      throw tooMany(request, used)
    }
    if (routeAccess(request) !== 'public' || request.cookies[cookieName(context)] !== undefined)
      await recognise(context, request)
    return standIn(request, reply)
  })
  server.addHook('preHandler', async request => {
    requireOwnForm(request)
    await countForMenu(context, request)
  })
  server.post('/sign-out', { config: { access: 'signedIn', beforePassword: true } }, (request, reply) =>
    signOut(context, request, reply),
  )
  signInRoutes(server, context)
  accountRoutes(server, context)
  operatorRoutes(server, context)
  auditRoutes(server, context, addressesOf)
  apiRoutes(server, context, addressesOf)
}

function tooMany(_: FastifyRequest, { ttl }: { ttl: number }): AppError {
  const seconds = Math.max(1, Math.ceil(ttl / 1000))
  return new AppError('too_many_requests', `too many requests; try again in ${seconds} s`, {
    temporary: true,
    details: { retryAfterSeconds: seconds },
  })
}

/** The session's cookie; over TLS bound to this very host. */
export function cookieName({ config }: CommandContext): string {
  return config.http.publicUrl?.startsWith('https:') ? '__Host-hopthu' : 'hopthu'
}

/** Gives the browser a session's token. */
export function setSessionCookie(context: CommandContext, reply: FastifyReply, token: string): void {
  reply.setCookie(cookieName(context), token, cookieOptions(context))
}

/** The cookie by which a browser is known as one of an operator's; it opens nothing. */
export function deviceCookieName(context: CommandContext): string {
  return `${cookieName(context)}-device`
}

/** Gives the browser a session's token, and where it is new what it is known by. */
export function setSignedIn(
  context: CommandContext,
  reply: FastifyReply,
  { token, device }: { token: string; device: string | null },
): void {
  setSessionCookie(context, reply, token)
  if (device === null) return
  const maxAge = DEVICE_DAYS * 86_400
  reply.setCookie(deviceCookieName(context), device, { ...cookieOptions(context), maxAge })
}

/** Also for taking it away: browsers heed a `__Host-` cookie only with all of them. */
function cookieOptions({ config }: CommandContext) {
  const secure = config.http.publicUrl?.startsWith('https:') ?? false
  return { path: '/', httpOnly: true, sameSite: 'lax', secure } as const
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
  request.access.csrfSecret = csrfOf(token)
  request.access.csrf = maskCsrf(request.access.csrfSecret)
}

/** The check itself; a browser of somebody who has no password yet is led to setting one. */
function standIn(request: FastifyRequest, reply: FastifyReply): FastifyReply | undefined {
  const access = routeAccess(request)
  if (access === 'public') return
  const { operator, mustSetPassword } = request.access
  if (mustSetPassword && operator !== null && !request.routeOptions.config.beforePassword) {
    if (isPage(request)) return reply.redirect('/account/password', 303)
    throw new AppError('forbidden', 'set a password first')
  }
  requireRight(request)
}

/** Whether somebody opens it in a browser, rather than a program asking or htmx fetching a piece. */
function isPage(request: FastifyRequest): boolean {
  return request.method === 'GET' && isForBrowser(request)
}

/** A form as well, which may be answered with its page. */
function isForBrowser({ headers, url }: FastifyRequest): boolean {
  const looks = (headers.accept ?? '').includes('text/html')
  return looks && headers['hx-request'] === undefined && !url.startsWith('/api/')
}

async function countForMenu({ database }: CommandContext, request: FastifyRequest): Promise<void> {
  const { operator } = request.access
  if (operator === null || !isForBrowser(request) || !mayAnywhere(operator, 'reviews.view')) return
  request.access.openReviews = await openReviews(database.db, operator.agencyId)
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
  const body: unknown = request.body
  requireMark(request, typeof body === 'object' && body !== null && 'csrf' in body ? String(body.csrf) : '')
}

/**
 * The same for a form that is read piece by piece: `field` is what came as `csrf` so far. Whoever takes a file asks
 * before a byte of it is kept. Throws `forbidden`.
 */
export function requireMark(request: FastifyRequest, field: string): void {
  const { csrfSecret } = request.access
  if (csrfSecret === '') {
    const site = request.headers['sec-fetch-site']
    if (site === undefined || site === 'same-origin' || site === 'none') return
    throw new AppError('forbidden', 'this form was sent from another site')
  }
  const header = request.headers['x-csrf-token']
  if (!isMaskOf(typeof header === 'string' ? header : field, csrfSecret))
    throw new AppError('forbidden', 'this form is no longer valid; open the page again')
}

async function signOut(
  context: CommandContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const token = request.cookies[cookieName(context)] ?? ''
  await signOutOf(context.database.db, operatorOf(request), token, context.now())
  reply.clearCookie(cookieName(context), cookieOptions(context))
  return reply.redirect('/sign-in', 303)
}
