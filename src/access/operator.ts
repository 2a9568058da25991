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
