/** Errors as answers: JSON for programs, a page for people. The only place where what was thrown becomes HTTP. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../config.ts'
import { AppError, type ErrorCode } from '../error.ts'
import { errorPage } from './error-page.ts'
import { layout } from './layout.ts'
import { lookOf } from './look.ts'

export type ErrorPages = {
  translate: (thrown: unknown) => AppError
  /** null, or for a request that nobody has looked at yet: the page stands in a frame of nobody. */
  sendPage:
    | ((
        request: FastifyRequest,
        reply: FastifyReply,
        page: { title: string; body: string; status: number },
      ) => unknown)
    | null
  config: Pick<Config, 'locale' | 'roster'>
}

type AnswerError = (thrown: unknown, request: FastifyRequest, reply: FastifyReply) => void

export const RETRY_SECONDS = '10'

export function errorAnswers(pages: ErrorPages): AnswerError {
  return (thrown, request, reply) => {
    const error = fromFramework(thrown) ?? (thrown instanceof AppError ? thrown : pages.translate(thrown))
    const status = statusOf(thrown, error)
    if (status >= 500) request.log.error({ err: thrown }, 'a request failed')
    if (status === 503) reply.header('retry-after', RETRY_SECONDS)
    reply.code(status)
    if (!wantsPage(request)) sendJson(error, status, request, reply)
    else if (status === 401 && isRead(request)) sendToSignIn(request, reply)
    else sendErrorPage(pages, { error, status }, request, reply)
  }
}

/** People ask by a browser; programs below `/api/`, but for its description, and by what does not name HTML. */
function wantsPage({ url, headers }: FastifyRequest): boolean {
  return (headers.accept ?? '').includes('text/html') && (!url.startsWith('/api/') || url === '/api/docs')
}

function isRead({ method }: FastifyRequest): boolean {
  return method === 'GET' || method === 'HEAD'
}

function sendJson(error: AppError, status: number, request: FastifyRequest, reply: FastifyReply): void {
  // a piece that htmx fetches: the whole page has to go to sign in, not the piece
  if (status === 401 && request.headers['hx-request'] !== undefined) reply.header('hx-redirect', '/sign-in')
  // outside nobody can mend what broke inside; the reference leads the operator to the log
  const { code, message, details } =
    status === 500
      ? {
          code: 'internal',
          message: 'something went wrong here; it was logged',
          details: { reference: request.id },
        }
      : databaseCodes.has(error.code)
        ? // where it stands and what it said is for the log
          { code: error.code, message: 'the database does not answer', details: {} }
        : error
  reply.send({ error: { code, message, details } })
}

function sendToSignIn(request: FastifyRequest, reply: FastifyReply): void {
  if (request.headers['hx-request'] !== undefined) reply.header('hx-redirect', '/sign-in').send()
  else reply.redirect(`/sign-in?${new URLSearchParams({ next: request.url })}`, 303)
}

const databaseCodes: ReadonlySet<ErrorCode> = new Set([
  'database_unreachable',
  'database_refused',
  'database_locked',
  'database_outdated',
])

function sendErrorPage(
  { sendPage, config }: ErrorPages,
  { error, status }: { error: AppError; status: number },
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const look = lookOf(request.cookies, config.locale)
  const reference = status >= 500 ? request.id : null
  const page = errorPage(look.locale, { status, code: error.code, message: error.message, reference })
  const away = status === 503 && databaseCodes.has(error.code)
  // who asks is known after the check of access only, and not without the database
  if (sendPage !== null && !away && isKnown(request)) {
    sendPage(request, reply, { ...page, status })
    return
  }
  // what was sent by a form is not sent again by itself
  if (away && isRead(request)) reply.header('refresh', RETRY_SECONDS)
  const frame = layout({
    ...page,
    ...look,
    installation: config.roster.root?.name ?? '',
    nav: [],
    operator: null,
    csrf: '',
    // an address that could not be read is none to come back to
    path: status === 400 ? '/' : request.url,
  })
  reply.type('text/html; charset=utf-8').send(frame)
}

function isKnown(request: FastifyRequest): boolean {
  return 'access' in request && request.access !== undefined && request.access !== null
}

/** What Fastify itself refuses: unreadable JSON, too long a body, a schema not met. */
function fromFramework(thrown: unknown): AppError | null {
  const status = frameworkStatus(thrown)
  if (status === null || !(thrown instanceof Error)) return null
  if (status >= 500) return new AppError('cancelled', 'the answer took too long', { temporary: true })
  return new AppError('usage', thrown.message)
}

function frameworkStatus(thrown: unknown): number | null {
  if (typeof thrown !== 'object' || thrown === null || thrown instanceof AppError) return null
  if (!('code' in thrown) || !/^FST_ERR_/.test(String(thrown.code))) return null
  const status = 'statusCode' in thrown && typeof thrown.statusCode === 'number' ? thrown.statusCode : 500
  return status < 500 || status === 503 ? status : null
}

/** Fastify's own statuses (413, 415) say more than 400. */
function statusOf(thrown: unknown, error: AppError): number {
  return frameworkStatus(thrown) ?? error.httpStatus
}
