/** Who may be an operator, where a link leads, and which addresses of ours a sign-in may lead on to. */
import type { Config } from '../config.ts'
import { type Role, roles } from './access.ts'

const NAME = /^[a-z0-9][a-z0-9._@-]{1,63}$/

/**
 * A sign-in name: 2–64 characters, Latin letters, digits and `. _ @ -`, in small letters. ASCII alone, since names that
 * only look alike must not be two people.
 */
export function parseOperatorName(text: string): string | null {
  const name = text.normalize('NFC').trim().toLowerCase()
  return NAME.test(name) ? name : null
}

export function parseRole(text: string): Role | null {
  return roles.find(role => role === text) ?? null
}

/** Whether a role only makes sense for one agency and what is below it. */
export function needsAgency(role: Role): boolean {
  return role === 'agency-admin'
}

/** The address a sign-in link leads to: as people reach the service, or else as it listens. */
export function signInUrl({ http }: Pick<Config, 'http'>, token: string): string {
  return `${http.publicUrl?.replace(/\/+$/, '') ?? listeningUrl(http)}/sign-in/${token}`
}

function listeningUrl({ host, port }: Config['http']): string {
  // an address that means "all of this machine" leads nowhere in a browser
  const reached = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`
}

/** Not one of ours, so that nothing but a path can be left of an address that is. */
const NOWHERE = 'http://nowhere.invalid'

/** A path of ours with its query, as ASCII, or null: the only thing a sign-in leads on to. */
export function ownPath(text: unknown): string | null {
  if (typeof text !== 'string' || text.length > 2000) return null
  if (!text.startsWith('/') || /^\/[/\\]|[\\\p{Cc}]/u.test(text)) return null
  if (!URL.canParse(text, NOWHERE)) return null
  const { origin, pathname, search } = new URL(text, NOWHERE)
  // a path such as /.//host is settled to one that browsers read as a host
  if (origin !== NOWHERE || pathname.startsWith('//')) return null
  return pathname + search
}
