/**
 * One search, a page at a time: it ends normally only when all of it came.
 *
 * The next page is asked for before the caller gets the one before it, so that the directory works while we do; never
 * more than one page lies ahead.
 */
import {
  AndFilter,
  type Filter,
  FilterParser,
  PagedResultsControl,
  PresenceFilter,
  SearchRequest,
} from 'ldapts'
import { AppError } from '../../error.ts'
import { dnDepth, normaliseDn } from '../dn.ts'
import type { Connection } from './ldap-connection.ts'
import type { LdapEntry, Reader } from './ldap-entry.ts'
import type { Answer } from './ldap-message.ts'
import { HIDDEN, incomplete, type Place, refusal } from './ldap-refusal.ts'

export type Search = {
  base: string
  filter: string
  /** A further condition, for reading only what changed. */
  also: Filter | null
  attributes: readonly string[]
  includeBase: boolean
}

export type Reading = {
  connection: Connection
  search: Search
  reader: Reader
  pageSize: number
  signal: AbortSignal
}

/** A server that sends nothing but a cookie this often in a row is taken never to end. */
const MAX_EMPTY_PAGES = 10_000

export async function* readPages(reading: Reading): AsyncGenerator<LdapEntry[]> {
  const { connection, search, pageSize } = reading
  const isWanted = search.includeBase ? () => true : otherThan(search.base)
  const control = new PagedResultsControl({ critical: true, value: { size: pageSize } })
  const request = pageRequest(search, control)
  const before = connection.entries
  let emptyPages = 0
  let ahead: Promise<Answer> | null = askForPage(reading, request, before)
  try {
    while (ahead !== null) {
      const page: Answer = await ahead
      ahead = null
      const cookie = believe(page, reading, before)
      for (const entry of page.entries)
        if (entry.parts.length > 0) await completeParts(reading, entry, before)
      emptyPages = page.entries.length === 0 ? emptyPages + 1 : 0
      if (emptyPages > MAX_EMPTY_PAGES) throw incomplete(placeOf(reading, before), ENDLESS)
      if (cookie.length > 0) {
        control.value = { size: pageSize, cookie }
        ahead = askForPage(reading, request, before)
        ahead.catch(() => {}) // thrown above, when its turn has come
      }
      const entries = page.entries.filter(isWanted)
      if (entries.length > 0) yield entries
    }
  } finally {
    if (ahead !== null) connection.forget(ahead)
  }
  if (connection.entries === before) await proveBase(reading, before)
}

const ENDLESS = `the directory went on with ${MAX_EMPTY_PAGES} empty pages and came to no end`

function placeOf({ connection, search }: Reading, before: number): Place {
  return { base: search.base, count: connection.entries - before }
}

/** The cookie of a page that succeeded. RFC 2696 section 3: a server that honours the critical control answers with one. */
function believe(page: Answer, reading: Reading, before: number): Buffer {
  const place = placeOf(reading, before)
  if (page.status !== 0) throw refusal(page, { ...place, begun: reading.connection.entries > 0 })
  if (page.cookie === null)
    throw incomplete(place, 'the directory did not say whether that was the last page')
  return page.cookie
}

/** Nothing came: an account that may not see the base gets the same answer as one that looks at an empty place. */
async function proveBase(reading: Reading, before: number): Promise<void> {
  const { base } = reading.search
  const answer = await askForPage(reading, entryRequest(base, ['1.1']), before)
  const place = { base, count: 0 }
  if (answer.status !== 0) throw refusal(answer, { ...place, begun: before > 0 })
  if (answer.entries.length === 0) throw incomplete(place, HIDDEN)
}

/**
 * Active Directory sends more than 1,500 values in parts, each asked for by its own search, until one ends with `-*`
 * (MS-ADTS section 3.1.1.3.1.3.3).
 */
async function completeParts(reading: Reading, entry: LdapEntry, before: number): Promise<void> {
  const { connection } = reading
  for (const part of entry.parts) {
    if (part.from !== 0) throw partMissing(reading, part.name, before)
    let reached = part.to
    while (reached !== null) {
      const from: number = reached + 1
      const request = entryRequest(entry.dn, [`${part.name};range=${from}-*`])
      const answer = await askForPage(reading, request, before)
      if (answer.status !== 0) throw refusal(answer, { ...placeOf(reading, before), begun: true })
      const [more] = answer.entries
      connection.entries -= answer.entries.length // no entries of their own
      const next = more?.parts.find(each => each.from === from && isSame(each.name, part.name))
      if (!more || !next || (next.to !== null && next.to < from))
        throw partMissing(reading, part.name, before)
      entry.add(more)
      reached = next.to
    }
  }
}

function isSame(name: string, other: string): boolean {
  return name.toLowerCase() === other.toLowerCase()
}

function partMissing(reading: Reading, name: string, before: number): AppError {
  return incomplete(
    placeOf(reading, before),
    `the directory sends ${name} in parts, and one of them did not come: read again, or do not ask for it`,
  )
}

/** One page. A connection that fails after the first entry leaves the reading incomplete. */
async function askForPage(reading: Reading, request: SearchRequest, before: number): Promise<Answer> {
  const { connection, reader, signal } = reading
  try {
    return await connection.ask(request, signal, reader)
  } catch (error) {
    const failed = error instanceof AppError && error.code === 'directory_unreachable'
    if (!failed || connection.entries === 0) throw error
    throw incomplete(placeOf(reading, before), error.message, { temporary: true, cause: error })
  }
}

function pageRequest(search: Search, control: PagedResultsControl): SearchRequest {
  const wanted = parseFilter(search.filter)
  return new SearchRequest({
    messageId: 0,
    baseDN: search.base,
    scope: 'sub',
    filter: search.also === null ? wanted : new AndFilter({ filters: [wanted, search.also] }),
    attributes: [...search.attributes],
    timeLimit: 0, // our own limit counts; ldapts would ask for 10 s
    controls: [control],
  })
}

/** Asks for one entry. */
export function entryRequest(dn: string, attributes: string[]): SearchRequest {
  const filter = new PresenceFilter({ attribute: 'objectClass' })
  return new SearchRequest({ messageId: 0, baseDN: dn, scope: 'base', filter, attributes, timeLimit: 0 })
}

function parseFilter(filter: string): Filter {
  try {
    return FilterParser.parseString(filter)
  } catch (cause) {
    throw new AppError('config_invalid', `the LDAP filter ${filter} cannot be read: see RFC 4515`, { cause })
  }
}

/** Whether an entry is another than the base. How deep it lies, cheap to tell, decides mostly. */
function otherThan(base: string): (entry: LdapEntry) => boolean {
  const depth = dnDepth(base)
  const folded = normaliseDn(base)
  return entry => entry.depth !== depth || normaliseDn(entry.dn) !== folded
}
