/**
 * Where a reading of only what changed may begin: a cursor, kept as text between readings.
 *
 * - Active Directory numbers its changes, each controller for itself: the number reached before a reading, with the
 *   identity of the controller's database, which changes when that is restored from a backup.
 * - Elsewhere the latest `modifyTimestamp` seen, by the directory's own clock, less the time the reading took (what was
 *   passed may have changed behind our back) and less a span for changes that come late from another replica.
 *
 * What the directory deletes, moves by moving what is above, or takes out of the filter's sight is in no such reading.
 */
import { type Filter, GreaterThanEqualsFilter } from 'ldapts'
import type { Connection } from './ldap-connection.ts'
import { entryRequest } from './ldap-pages.ts'

export type DirectoryKind = 'activeDirectory' | 'ds389' | 'openLdap' | 'other'

/** What a directory says of itself. */
export type Self = { kind: DirectoryKind; numbering: { origin: string; reached: number } | null }

const ACTIVE_DIRECTORY = '1.2.840.113556.1.4.800'
/** For replicas and their clocks. Longer costs a few entries read twice, shorter leaves a change to the next full reading. */
const OVERLAP_SECONDS = 600
const ROOT = ['objectClass', 'supportedCapabilities', 'vendorName', 'highestCommittedUSN', 'dsServiceName']

/** Reads the entry at the root (RFC 4512 section 5.1). One that tells nothing is of kind `other`. */
export async function readSelf(connection: Connection, signal: AbortSignal): Promise<Self> {
  const root = await readAttributes(connection, '', ROOT, signal)
  const kind = kindOf(root)
  const [service] = root('dsServiceName')
  const reached = Number(root('highestCommittedUSN')[0] || Number.NaN)
  if (kind !== 'activeDirectory' || service === undefined || !Number.isSafeInteger(reached)) {
    return { kind, numbering: null }
  }
  const settings = await readAttributes(connection, service, ['invocationId'], signal)
  const origin = settings('invocationId')[0] ?? Buffer.from(service).toString('hex')
  return { kind, numbering: { origin, reached } }
}

type Attributes = (name: string) => readonly string[]

function kindOf(root: Attributes): DirectoryKind {
  if (root('supportedCapabilities').includes(ACTIVE_DIRECTORY)) return 'activeDirectory'
  if (root('vendorName').some(name => name.includes('389'))) return 'ds389'
  return root('objectClass').includes('OpenLDAProotDSE') ? 'openLdap' : 'other'
}

async function readAttributes(
  connection: Connection,
  dn: string,
  names: string[],
  signal: AbortSignal,
): Promise<Attributes> {
  const reader = { binary: new Set(['invocationid']), highest: null }
  const { entries } = await connection.ask(entryRequest(dn, names), signal, reader)
  connection.entries -= entries.length // they are part of no reading
  return name => entries[0]?.attributes.get(name.toLowerCase()) ?? []
}

// ---- as text: `usn ORIGIN NUMBER` or `time 20261125021015Z` ----

const CURSOR = /^(?:usn (\S+) (\d+)|time (\d{14}Z))$/

/** Whether a reading may go on from this cursor; if not, a full one is due. */
export function follows(self: Self, cursor: string): boolean {
  const [, origin, number, time] = CURSOR.exec(cursor) ?? []
  if (self.numbering === null) return time !== undefined && self.kind !== 'activeDirectory'
  return origin === self.numbering.origin && Number(number) <= self.numbering.reached
}

/** What has changed since: more than was, never less. */
export function changedSince(cursor: string): Filter {
  const [, , number, time] = CURSOR.exec(cursor) ?? []
  return number === undefined
    ? new GreaterThanEqualsFilter({ attribute: 'modifyTimestamp', value: time ?? '' })
    : new GreaterThanEqualsFilter({ attribute: 'uSNChanged', value: String(Number(number) + 1) })
}

/** The attribute to watch while reading, where the directory does not number its changes. */
export function watchedAttribute(self: Self): string | null {
  return self.numbering === null && self.kind !== 'activeDirectory' ? 'modifyTimestamp' : null
}

/**
 * The cursor after a reading: `highest` is what was seen of the watched attribute, `seconds` how long it took. A stamp
 * after our own `now` (ms) is of a clock that went wrong: it would hide all changes until its day comes.
 */
export function nextCursor(self: Self, highest: string, seconds: number, now: number): string | null {
  if (self.numbering !== null) return `usn ${self.numbering.origin} ${self.numbering.reached}`
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.\d+)?Z$/.exec(highest)
  if (parts === null) return null
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = parts.slice(1).map(Number)
  const seen = Math.min(now, Date.UTC(year, month - 1, day, hour, minute, second))
  const from = new Date(seen - (Math.ceil(seconds) + OVERLAP_SECONDS) * 1000)
  return `time ${from.toISOString().slice(0, 19).replace(/[-T:]/g, '')}Z`
}

/** The later of two cursors of one directory: a reading that saw nothing new does not go back. */
export function laterCursor(before: string | null, after: string | null): string | null {
  if (before === null || after === null) return after ?? before
  const bothTimes = before.startsWith('time ') && after.startsWith('time ')
  return bothTimes && before > after ? before : after
}
