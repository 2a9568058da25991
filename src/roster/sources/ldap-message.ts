/** The results of requests, and what continuation references name. Entries are in `ldap-entry.ts`. */
import { PagedResultsControl } from 'ldapts'
import { TAG, Walk } from './ldap-bytes.ts'
import type { LdapEntry } from './ldap-entry.ts'

/** An LDAPResult (RFC 4511 section 4.1.9) with what came before it. */
export type Answer = {
  status: number
  /** The server's own words, for the log. */
  diagnostic: string
  /** Of the paged results control; null where the answer had none. */
  cookie: Buffer | null
  entries: LdapEntry[]
}

/** Of the result of a bind, a search, an extended operation. */
export const RESULT_TAGS = [0x61, 0x65, 0x78]

/** Reads a result that the walk stands in: it ends at `end`, its message at `messageEnd`. Throws RangeError. */
export function readResult(walk: Walk, end: number, messageEnd: number): Omit<Answer, 'entries'> {
  const status = walk.integer(end, TAG.enumerated)
  walk.octets(end) // the DN that matched
  const diagnostic = walk.text(end)
  while (walk.at < end) walk.octets(end, walk.tag) // referral, SASL credentials, name or value of an extension
  let cookie: Buffer | null = null
  if (walk.at < messageEnd) {
    walk.enterLast(TAG.controls, messageEnd)
    while (walk.at < messageEnd) cookie = readCookie(walk, messageEnd) ?? cookie
  }
  return { status, diagnostic, cookie }
}

/** The cookie, if the control that starts here is the one of RFC 2696. */
function readCookie(walk: Walk, limit: number): Buffer | null {
  const end = walk.enter(TAG.sequence, limit)
  const type = walk.text(end)
  if (walk.at < end && walk.tag === TAG.boolean) walk.octets(end, TAG.boolean)
  const value = walk.at < end ? walk.octets(end) : null
  if (walk.at !== end) throw new RangeError('a control with something behind it')
  if (type !== PagedResultsControl.type || value === null) return null
  const inner = new Walk(value, 0)
  inner.enterLast(TAG.sequence, value.length)
  inner.integer(value.length)
  return Buffer.from(inner.octets(value.length)) // a copy, so that the page it came with can be freed
}

/** Where a part of the tree lives that is on another server (RFC 4511 section 4.5.3), as its first URL says. */
export function readReference(walk: Walk, end: number): string {
  const first = walk.text(end)
  while (walk.at < end) walk.octets(end)
  return first
}
