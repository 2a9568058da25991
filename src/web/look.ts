/** The switches of language and look: cookies, so that they work for everybody and without a script. */
import type {} from '@fastify/cookie'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { AppError } from '../error.ts'
import type { Locale } from './format.ts'
import type { Theme } from './layout.ts'
import { ownPath } from './own-path.ts'

export type Look = { locale: Locale; theme: Theme }

/** What a request's cookies ask for. */
export function lookOf(
  cookies: Readonly<Record<string, string | undefined>> | undefined,
  locale: Locale,
): Look {
  const { lang, theme } = cookies ?? {}
  return { locale: localeOf(lang) ?? locale, theme: themeOf(theme) ?? 'auto' }
}

/** `GET /look?theme=…&lang=…&back=…`: sets what is given and goes back to a page of ours. `secure` over TLS. */
export function serveLook(server: FastifyInstance, { secure }: { secure: boolean }): void {
  server.get('/look', { config: { access: 'public' } }, (request, reply) => change(request, reply, secure))
}

const YEAR_SECONDS = 365 * 86_400

function change(request: FastifyRequest, reply: FastifyReply, secure: boolean): FastifyReply {
  const { query } = request
  const theme = textOf(query, 'theme')
  const lang = textOf(query, 'lang')
  const chosen = { theme: themeOf(theme), lang: localeOf(lang) }
  if ((theme !== null && chosen.theme === null) || (lang !== null && chosen.lang === null))
    throw new AppError('usage', 'theme: auto, light or dark; lang: vi or en')
  for (const [name, value] of Object.entries(chosen)) {
    if (value === null) continue
    reply.setCookie(name, value, { path: '/', httpOnly: true, sameSite: 'lax', secure, maxAge: YEAR_SECONDS })
  }
  return reply.redirect(ownPath(textOf(query, 'back')) ?? '/', 303)
}

function textOf(query: unknown, name: string): string | null {
  if (typeof query !== 'object' || query === null || !Object.hasOwn(query, name)) return null
  const value: unknown = Object.entries(query).find(([key]) => key === name)?.[1]
  return typeof value === 'string' ? value : null
}

function themeOf(text: string | null | undefined): Theme | null {
  return text === 'auto' || text === 'light' || text === 'dark' ? text : null
}

function localeOf(text: string | null | undefined): Locale | null {
  return text === 'vi' || text === 'en' ? text : null
}
