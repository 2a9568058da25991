/**
 * Reads people and agencies from an LDAP directory, completely or not at all.
 *
 * A person who is missing from a complete reading is taken to have left, so a reading that stops early
 * must never look complete. One session is one connection, never replaced (`ldap-connection.ts`).
 */
import { BindRequest } from 'ldapts'
import { AppError } from '../../error.ts'
import type { DirectoryEntry } from './entry.ts'
import { type Connection, type LdapServer, openConnection } from './ldap-connection.ts'
import {
  changedSince,
  type DirectoryKind,
  follows,
  laterCursor,
  nextCursor,
  readSelf,
  type Self,
  watchedAttribute,
} from './ldap-cursor.ts'
import type { Reader } from './ldap-entry.ts'
import { readPages } from './ldap-pages.ts'
import { refusal } from './ldap-refusal.ts'

export type { DirectoryKind, LdapServer }

export type LdapSearch = {
  base: string
  /** RFC 4515. */
  filter: string
  /** Names to ask for; operational ones such as `entryUUID` come only if named. */
  attributes: readonly string[]
  /** Attributes that are bytes, besides objectGUID, objectSid and those with `;binary`. */
  binary?: readonly string[]
  /** Whether the entry at the base itself belongs to the result; no if left out. */
  includeBase?: boolean
  /** A cursor that `follows` accepts: only what changed since is read, and nobody is missing by it. */
  since?: string | null
}

export type LdapSession = {
  /** What the directory says it is. */
  kind(signal: AbortSignal): Promise<DirectoryKind>
  /**
   * The subtree below the base, a page at a time, in the server's order; one page is asked for ahead of the caller.
   * Ends normally only after success with an empty cookie, every attribute read to its last value.
   *
   * Throws `read_incomplete`, or while the session has read no entry yet also `directory_unreachable` and
   * `directory_refused`; `config_invalid` for a filter nobody can read; `cancelled`.
   */
  search(search: LdapSearch, signal: AbortSignal): AsyncGenerator<DirectoryEntry[]>
  /** Continuation references met so far: parts of the tree that live on another server and were not read. */
  readonly referrals: number
  /** Where they lead, as URLs, each once. */
  readonly referralUrls: readonly string[]
  /**
   * Whether this directory can go on from a cursor of an earlier session; if not, a full reading is due. Only of a
   * session opened for it.
   */
  follows(cursor: string): boolean
  /**
   * Where the next reading of changes begins, once all searches of this session came to their end; null where the
   * directory does not tell, so that it can only be read in full. Only of a session opened for it. Holds for the same
   * searches of the same directory only.
   */
  cursor(): string | null
  close(): void
}

type Options = {
  /** Keeps track of where the next reading of only what changed can begin; no if left out. */
  incremental?: boolean
}

const PAGE_SIZE = 1000

/**
 * Connects, encrypts if asked to, and signs in.
 *
 * Throws `directory_unreachable` (temporary), `directory_refused`, `config_invalid` (settings that cannot
 * be meant), `file_unreadable` (caFile) or `cancelled`.
 */
export async function openLdap(
  server: LdapServer,
  signal: AbortSignal,
  { incremental = false }: Options = {},
): Promise<LdapSession> {
  const credentials = parseCredentials(server)
  const connection = await openConnection(server, signal)
  try {
    if (server.startTls) await connection.startTls(signal)
    const answer = await connection.ask(new BindRequest({ messageId: 0, ...credentials }), signal)
    if (answer.status !== 0) throw refusal(answer)
    const self = incremental ? await readSelf(connection, signal) : null
    return sessionOf({ connection, self, pageSize: server.pageSize ?? PAGE_SIZE })
  } catch (error) {
    connection.close()
    throw error
  }
}

type Session = { connection: Connection; self: Self | null; pageSize: number }

function sessionOf({ connection, self, pageSize }: Session): LdapSession {
  const opened = performance.now()
  const watched = self === null ? null : watchedAttribute(self)
  const highest = watched === null ? null : { name: watched.toLowerCase(), value: '' }
  let since: string | null = null
  return {
    kind: async signal => (self ?? (await readSelf(connection, signal))).kind,
    search: (search, signal) => {
      since = search.since ?? since
      const reader: Reader = { binary: new Set(search.binary?.map(name => name.toLowerCase())), highest }
      return readPages({ connection, search: completeSearch(search, watched), reader, pageSize, signal })
    },
    get referrals() {
      return connection.references.size
    },
    get referralUrls() {
      return [...connection.references]
    },
    follows: cursor => self !== null && follows(self, cursor),
    cursor: () => {
      if (self === null) return null
      const seconds = (performance.now() - opened) / 1000
      return laterCursor(since, nextCursor(self, highest?.value ?? '', seconds, Date.now()))
    },
    close: () => connection.close(),
  }
}

function completeSearch(search: LdapSearch, watched: string | null) {
  const { base, filter, attributes, includeBase = false, since = null } = search
  const isAsked = watched === null || attributes.some(name => name.toLowerCase() === watched.toLowerCase())
  return {
    base,
    filter,
    includeBase,
    also: since === null ? null : changedSince(since),
    attributes: isAsked ? attributes : [...attributes, watched],
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
    const { referrals } = session
    if (referrals > 0)
      counts.push(`${referrals === 1 ? '1 referral' : `${referrals} referrals`} not followed`)
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
