/**
 * Reads people and agencies from an LDAP directory, completely or not at all.
 *
 * A person who is missing from a complete reading is taken to have left, so a reading that stops early
 * must never look complete. One session is one connection, never replaced (`ldap-connection.ts`).
 */
import { BindRequest, type Filter, FilterParser, PagedResultsControl, SearchRequest } from 'ldapts'
import { AppError, type ErrorCode } from '../../error.ts'
import type { DirectoryEntry } from './entry.ts'
import { type Connection, type LdapServer, openConnection } from './ldap-connection.ts'
import type { Answer } from './ldap-message.ts'

export type { LdapServer }

export type LdapSearch = {
  base: string
  /** RFC 4515. */
  filter: string
  /** Names to ask for; operational ones such as `entryUUID` come only if named. */
  attributes: readonly string[]
  /** Attributes that are bytes, besides objectGUID. */
  binary?: readonly string[]
  /** Whether the entry at the base itself belongs to the result; no if left out. */
  includeBase?: boolean
}

export type LdapSession = {
  /**
   * The subtree below the base, a page at a time, in the server's order; the next page is asked for when
   * the caller wants it. Ends normally only after success with an empty cookie.
   *
   * Throws `read_incomplete`, or while the session has read no entry yet also `directory_unreachable` and
   * `directory_refused`; `config_invalid` for a filter nobody can read; `cancelled`.
   */
  search(search: LdapSearch, signal: AbortSignal): AsyncGenerator<DirectoryEntry[]>
  /** Continuation references met so far: parts of the tree that live on another server and were not read. */
  readonly referrals: number
  close(): void
}

const PAGE_SIZE = 1000

/**
 * Connects, encrypts if asked to, and signs in.
 *
 * Throws `directory_unreachable` (temporary), `directory_refused`, `config_invalid` (settings that cannot
 * be meant), `file_unreadable` (caFile) or `cancelled`.
 */
export async function openLdap(server: LdapServer, signal: AbortSignal): Promise<LdapSession> {
  const credentials = parseCredentials(server)
  const connection = await openConnection(server, signal)
  try {
    if (server.startTls) await connection.startTls(signal)
    const answer = await connection.ask(new BindRequest({ messageId: 0, ...credentials }), signal)
    if (answer.status !== 0) throw refusal(answer)
  } catch (error) {
    connection.close()
    throw error
  }
  const pageSize = server.pageSize ?? PAGE_SIZE
  return {
    search: (search, searchSignal) => readPages({ connection, search, pageSize, signal: searchSignal }),
    get referrals() {
      return connection.references
    },
    close: () => connection.close(),
  }
}

/**
 * Tries a directory for `check`: signs in and reads the beginning of each search.
 * Answers with one sentence; throws what `openLdap` and `search` throw.
 */
export async function checkLdap(
  server: LdapServer,
  searches: readonly LdapSearch[],
  signal: AbortSignal,
): Promise<string> {
  const session = await openLdap(server, signal)
  try {
    const counts: string[] = []
    for (const search of searches) {
      counts.push(await countBeginning(session, search, { pageSize: server.pageSize ?? PAGE_SIZE, signal }))
    }
    return [`signed in as ${server.bindDn ?? 'nobody'}`, ...counts].join('; ')
  } finally {
    session.close()
  }
}

async function countBeginning(
  session: LdapSession,
  search: LdapSearch,
  { pageSize, signal }: { pageSize: number; signal: AbortSignal },
): Promise<string> {
  let count = 0
  for await (const page of session.search(search, signal)) {
    count += page.length
    if (count > pageSize) return `more than ${pageSize} entries in ${search.base}`
  }
  return `${count === 1 ? '1 entry' : `${count} entries`} in ${search.base}`
}

/** A name without a password is refused here: servers take it for an anonymous bind (RFC 4513 section 5.1.2). */
function parseCredentials({ bindDn, bindPassword }: LdapServer): { dn: string; password: string } {
  if ((bindDn ?? '') === '') return { dn: '', password: '' }
  if (bindPassword) return { dn: bindDn ?? '', password: bindPassword }
  throw new AppError('config_invalid', 'bindDn is set but bindPassword is empty: set both, or neither')
}

// ---- searching ----

/** A server that sends nothing but a cookie this often in a row is taken never to end. */
const MAX_EMPTY_PAGES = 10_000

type Reading = { connection: Connection; search: LdapSearch; pageSize: number; signal: AbortSignal }

async function* readPages(reading: Reading): AsyncGenerator<DirectoryEntry[]> {
  const { connection, search, pageSize } = reading
  const isWanted = search.includeBase ? () => true : otherThan(search.base)
  const control = new PagedResultsControl({ critical: true, value: { size: pageSize } })
  const request = searchRequest(search, 'sub', [control])
  const before = connection.entries
  let emptyPages = 0
  for (;;) {
    const page = await askForPage(reading, request, before)
    const place = { search, count: connection.entries - before }
    if (page.status !== 0) throw refusal(page, { ...place, begun: connection.entries > 0 })
    // RFC 2696 section 3: a server that honours the critical control answers with one of its own.
    if (page.cookie === null)
      throw incomplete(place, 'the directory did not say whether that was the last page')
    const entries = page.entries.filter(isWanted)
    if (entries.length > 0) yield entries
    if (page.cookie.length === 0) break
    emptyPages = page.entries.length === 0 ? emptyPages + 1 : 0
    if (emptyPages > MAX_EMPTY_PAGES) {
      throw incomplete(place, `the directory went on with ${MAX_EMPTY_PAGES} empty pages and came to no end`)
    }
    control.value = { size: pageSize, cookie: page.cookie }
  }
  if (connection.entries === before) await proveBase(reading, before)
}

/** Nothing came: an account that may not see the base gets the same answer as one that looks at an empty place. */
async function proveBase(reading: Reading, before: number): Promise<void> {
  const { search } = reading
  const request = searchRequest({ ...search, filter: '(objectClass=*)', attributes: ['1.1'] }, 'base')
  const answer = await askForPage(reading, request, before)
  const place = { search, count: 0 }
  if (answer.status !== 0) throw refusal(answer, { ...place, begun: before > 0 })
  if (answer.entries.length === 0) throw incomplete(place, HIDDEN)
}

/** One page. A connection that fails after the first entry leaves the reading incomplete. */
async function askForPage(
  { connection, search, signal }: Reading,
  request: SearchRequest,
  before: number,
): Promise<Answer> {
  try {
    return await connection.ask(request, signal, search.binary)
  } catch (error) {
    const failed = error instanceof AppError && error.code === 'directory_unreachable'
    if (!failed || connection.entries === 0) throw error
    const place = { search, count: connection.entries - before }
    throw incomplete(place, error.message, { temporary: true, cause: error })
  }
}

function searchRequest(
  search: LdapSearch,
  scope: 'base' | 'sub',
  controls: PagedResultsControl[] = [],
): SearchRequest {
  return new SearchRequest({
    messageId: 0,
    baseDN: search.base,
    scope,
    filter: parseFilter(search.filter),
    attributes: [...search.attributes],
    timeLimit: 0, // our own limit counts; ldapts would ask for 10 s
    controls,
  })
}

function parseFilter(filter: string): Filter {
  try {
    return FilterParser.parseString(filter)
  } catch (cause) {
    throw new AppError('config_invalid', `the LDAP filter ${filter} cannot be read: see RFC 4515`, { cause })
  }
}

/** Whether an entry is another than the base. The first attribute type, cheap to look at, decides mostly. */
function otherThan(base: string): (entry: DirectoryEntry) => boolean {
  const type = firstType(base)
  const folded = foldDn(base)
  return ({ dn }) => firstType(dn) !== type || foldDn(dn) !== folded
}

function firstType(dn: string): string {
  return dn.slice(0, dn.indexOf('=')).trim().toLowerCase()
}

/** A DN for comparing: escapes undone, one case, one Unicode form, no blanks at separators (RFC 4514). */
function foldDn(dn: string): string {
  return dn
    .replace(/((?:\\[0-9a-f]{2})+)|\\(.)/giu, (_, hex: string | undefined, plain: string) =>
      hex === undefined ? plain : Buffer.from(hex.replaceAll('\\', ''), 'hex').toString(),
    )
    .normalize('NFC')
    .toLowerCase()
    .replace(/\s+/gu, ' ')
    .replace(/ ?([,;=+]) ?/gu, '$1')
    .trim()
}

// ---- result codes (RFC 4511 appendix A) ----

type Verdict = { code: ErrorCode; reason: string; temporary?: true }

const HIDDEN =
  'the base is not there or hidden from this account: check base, or ask its owner for read access'
const ENCRYPT = 'it wants an encrypted connection: use an ldaps:// url or startTls'

const verdicts: Record<number, Verdict> = {
  1: {
    code: 'directory_refused',
    reason: 'it could not do that, often because nobody signed in: check bindDn',
  },
  3: { code: 'read_incomplete', reason: 'it reached its time limit: ask its owner for a longer one' },
  4: {
    code: 'read_incomplete',
    reason: 'it reached its size limit: ask its owner for size.prtotal=unlimited',
  },
  7: { code: 'directory_refused', reason: 'it takes no name and password: ask its owner for simple bind' },
  8: { code: 'directory_refused', reason: ENCRYPT },
  10: { code: 'read_incomplete', reason: 'it points to another server: name that server in url' },
  11: { code: 'read_incomplete', reason: 'it reached an administrative limit: ask its owner to raise it' },
  12: { code: 'directory_refused', reason: 'it cannot answer in pages: ask its owner for paged results' },
  13: { code: 'directory_refused', reason: ENCRYPT },
  32: { code: 'read_incomplete', reason: HIDDEN },
  34: { code: 'directory_refused', reason: 'it cannot read a DN: check bindDn and base' },
  48: { code: 'directory_refused', reason: 'this account may not sign in this way: check bindDn' },
  49: { code: 'directory_refused', reason: 'name or password is wrong: check bindDn and bindPassword' },
  50: { code: 'directory_refused', reason: 'this account may not read there: ask its owner for read access' },
  51: { code: 'directory_unreachable', reason: 'it is too busy: try again later', temporary: true },
  52: { code: 'directory_unreachable', reason: 'it is not available now: try again later', temporary: true },
  53: { code: 'directory_refused', reason: 'it is unwilling to do that: ask its owner why' },
}

type Place = { search: LdapSearch; count: number }

/** An answer other than success. Without a place it is the answer to a bind. */
function refusal(answer: Answer, place?: Place & { begun: boolean }): AppError {
  const verdict = verdicts[answer.status] ?? {
    code: 'directory_refused',
    reason: `it answered with result ${answer.status}, which nobody expects here: ask its owner`,
  }
  const details = { resultCode: answer.status, diagnostic: answer.diagnostic }
  const options = { temporary: verdict.temporary ?? false, details }
  if (place && (place.begun || verdict.code === 'read_incomplete')) {
    return incomplete(place, `the directory stopped: ${verdict.reason}`, options)
  }
  const code = verdict.code === 'read_incomplete' ? 'directory_refused' : verdict.code
  return new AppError(code, `the directory refused: ${verdict.reason}`, options)
}

type Options = { temporary?: boolean; cause?: unknown; details?: Record<string, unknown> }

function incomplete({ search, count }: Place, reason: string, options: Options = {}): AppError {
  const came = count === 0 ? 'no entry came' : `${count} entries came, not all`
  const details = { ...options.details, base: search.base, entries: count }
  return new AppError('read_incomplete', `${search.base}: ${came}; ${reason}`, { ...options, details })
}
