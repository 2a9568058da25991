/** Opens a configured source of whatever kind, for a run and for `check`. */
import { hash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import type { LdapSourceConfig, LdifSourceConfig, SourceConfig, TableSourceConfig } from '../../config.ts'
import { readSecret, userPath } from '../../config.ts'
import { AppError } from '../../error.ts'
import type { Day } from '../../ids.ts'
import { attributeKey, headingKey, type NameKey } from '../mapping.ts'
import { maskNumbers } from '../personal-number.ts'
import { type AgencyMapping, attributeNames, type PersonMapping } from '../roster.ts'
import { mappingOfTable, rowEntry, splitCells, type TableMapping } from '../table-mapping.ts'
import type { DirectoryEntry } from './entry.ts'
import type { LdapServer } from './ldap.ts'
import type { Table } from './table.ts'

export type SourceMapping = {
  people: PersonMapping
  agencies: AgencyMapping | null
  /** Level by depth below the root; the last one goes on. */
  levels: readonly string[]
  nameKey: NameKey
}

/** An opened source: each listing ends normally only when it was complete. */
export type SourceReader = {
  /** How its entries are understood; as configured if left out. */
  mapping?: SourceMapping
  /** Whether only what changed is read: who is missing cannot be told. */
  incremental?: boolean
  /** A list of agencies and of nobody: that it names no people is no outage. */
  agenciesOnly?: boolean
  agencies(): AsyncIterable<DirectoryEntry[]>
  people(): AsyncIterable<DirectoryEntry[]>
  /** When the source said this; now if left out. */
  saidAt?: Date
  /** Where an incremental read goes on, once all was read; null where there is none. */
  cursor?(): string | null
  /** Parts of a directory that live on another server and were not read. */
  referrals?(): number
  close(): Promise<void>
}

export type OpenOptions = {
  signal: AbortSignal
  /** The last day whose file counts, in a folder of dated ones. */
  today: Day
  /** Now, ms since 1970. */
  now: number
  /** When the source was last read to its end, and where an incremental read goes on. */
  state?: { fullAt: Date | null; cursor: string | null }
}

/** How the entries of a configured source are understood; null where that shows only when a file is open. */
export function mappingOf(source: SourceConfig): SourceMapping | null {
  if (source.kind !== 'ldap' && source.kind !== 'ldif') return null
  const { people, agencies } = source
  return { people, agencies, levels: agencies.levels, nameKey: attributeKey }
}

/** Opens a source of whatever kind. */
export function openSource(source: SourceConfig, options: OpenOptions): Promise<SourceReader> {
  switch (source.kind) {
    case 'ldap':
      return openLdapSource(source, options)
    case 'ldif':
      return openLdifSource(source, options)
    default:
      return openTableSource(source, options)
  }
}

/** Tries a source for `check` and answers a sentence about it; throws what is wrong. */
export async function checkSource(source: SourceConfig, options: OpenOptions): Promise<string> {
  const { signal, today } = options
  if (source.kind === 'ldif') {
    const { checkLdif } = await import('./ldif.ts')
    return checkLdif(ldifFile(source), [ldifSearch(source.agencies), ldifSearch(source.people)], {
      signal,
      today,
    })
  }
  if (source.kind === 'ldap') {
    const { checkLdap } = await import('./ldap.ts')
    return checkLdap(ldapServer(source), [ldapSearch(source.agencies), ldapSearch(source.people)], signal)
  }
  const { path, table, mapping } = await openTableOf(source, options)
  try {
    let rows = 0
    for await (const page of table.rows()) rows += page.length
    return `${path}; ${rows} rows; fields: ${Object.keys(mapping.people.attributes).join(', ')}`
  } finally {
    await table.close()
  }
}

// directories -------------------------------------------------------------------------------------------------------

const HOUR_MS = 3_600_000

async function openLdapSource(
  source: LdapSourceConfig,
  { signal, now, state }: OpenOptions,
): Promise<SourceReader> {
  const { openLdap } = await import('./ldap.ts')
  const session = await openLdap(ldapServer(source), signal, { incremental: source.incremental })
  const { cursor = null, fullAt = null } = state ?? {}
  const due = fullAt === null || now - fullAt.getTime() >= source.fullEveryHours * HOUR_MS
  const since = source.incremental && cursor !== null && !due && session.follows(cursor) ? cursor : null
  return {
    incremental: since !== null,
    agencies: () => session.search(ldapSearch(source.agencies), signal),
    people: () => session.search({ ...ldapSearch(source.people), since }, signal),
    cursor: () => (source.incremental ? session.cursor() : null),
    referrals: () => session.referrals,
    close: async () => session.close(),
  }
}

function ldapSearch(mapping: LdapSourceConfig['people'] | LdapSourceConfig['agencies']) {
  const { base, filter, includeBase } = mapping
  return { base, filter, includeBase, attributes: attributeNames(mapping) }
}

/** The connection part of a source's configuration, its secret resolved. */
function ldapServer(source: LdapSourceConfig): LdapServer {
  const key = `roster.sources(${source.name}).bindPassword`
  return {
    url: source.url,
    ...(source.bindDn === undefined ? {} : { bindDn: source.bindDn }),
    ...(source.bindPassword === undefined ? {} : { bindPassword: readSecret(source.bindPassword, key) }),
    startTls: source.startTls,
    ...(source.caFile === undefined ? {} : { caFile: userPath(source.caFile) }),
    pageSize: source.pageSize,
    operationTimeoutMs: source.timeoutSeconds * 1000,
  }
}

async function openLdifSource(
  source: LdifSourceConfig,
  { signal, today }: OpenOptions,
): Promise<SourceReader> {
  const { openLdif } = await import('./ldif.ts')
  const file = await openLdif(ldifFile(source), { signal, today })
  return {
    saidAt: await writtenAt(file.path),
    agencies: () => file.search(ldifSearch(source.agencies)),
    people: () => file.search(ldifSearch(source.people)),
    close: () => file.close(),
  }
}

function ldifFile({ path, folder }: LdifSourceConfig) {
  return folder === undefined ? { path: userPath(path ?? '') } : { folder: userPath(folder) }
}

function ldifSearch({
  base,
  filter,
  includeBase,
}: LdifSourceConfig['people'] | LdifSourceConfig['agencies']) {
  return { base, filter, includeBase }
}

async function writtenAt(path: string): Promise<Date> {
  return (await stat(path)).mtime
}

// files of rows -----------------------------------------------------------------------------------------------------

type OpenTable = { path: string; table: Table; mapping: TableMapping }

async function openTableOf(source: TableSourceConfig, options: OpenOptions): Promise<OpenTable> {
  const { newestFile, openTable } = await import('./file.ts')
  const path =
    source.folder === undefined
      ? userPath(source.path ?? '')
      : await newestFile(userPath(source.folder), options.today, options.now)
  const table = await openTable(path, {
    signal: options.signal,
    ...(source.legacy === undefined ? {} : { convert: source.legacy }),
    ...(source.sheet === undefined ? {} : { sheet: source.sheet }),
  })
  try {
    const mapping = mappingOfTable(table.headings, source)
    if ('missing' in mapping) throw missingHeadings(path, table, mapping)
    return { path, table, mapping }
  } catch (thrown) {
    await table.close()
    throw thrown
  }
}

/** Says what was expected and what there is: only a person can tell which of them is meant. */
function missingHeadings(
  path: string,
  { headings, headingRow }: Table,
  { missing }: { missing: readonly string[] },
): AppError {
  const told = headings.map(maskNumbers)
  const found = told.filter(heading => heading !== '').join(' | ')
  return new AppError(
    'file_unreadable',
    `${path}: no column for ${missing.join(', ')}; row ${headingRow} has: ${found}`,
    { details: { refused: 'headings', missing, found: told, headingRow } },
  )
}

async function openTableSource(source: TableSourceConfig, options: OpenOptions): Promise<SourceReader> {
  const { path, table, mapping } = await openTableOf(source, options)
  const agencies = mapping.agencies
  return {
    mapping: {
      ...mapping,
      levels: source.agencies?.levels ?? (source.agency === undefined ? ['department', 'unit'] : ['unit']),
      nameKey: headingKey,
    },
    saidAt: await writtenAt(path),
    agenciesOnly: !mapping.hasPeople,
    agencies: () => (agencies === null ? nothing() : agencyEntries(table, mapping)),
    people: () => (mapping.hasPeople ? rowEntries(table, mapping) : nothing()),
    close: () => table.close(),
  }
}

async function* nothing(): AsyncGenerator<DirectoryEntry[]> {}

async function* rowEntries(table: Table, mapping: TableMapping): AsyncGenerator<DirectoryEntry[]> {
  for await (const rows of table.rows()) {
    yield rows.map(row => ({ ...rowEntry(row, mapping), digest: digestOfCells(row.cells) }))
  }
}

/** One entry for each agency the rows name; the first row that names it counts. */
async function* agencyEntries(table: Table, mapping: TableMapping): AsyncGenerator<DirectoryEntry[]> {
  const known = new Set<string>()
  for await (const rows of table.rows()) {
    const fresh = rows.flatMap(row => {
      const key = splitCells(row, mapping.agencyColumns).join('\u0000')
      if (key.replaceAll('\u0000', '').trim() === '' || known.has(key)) return []
      known.add(key)
      return [rowEntry(row, mapping)]
    })
    if (fresh.length > 0) yield fresh
  }
}

function digestOfCells(cells: readonly string[]): bigint {
  return BigInt(`0x${hash('sha256', JSON.stringify(cells), 'hex').slice(0, 16)}`)
}
