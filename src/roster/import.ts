/**
 * A file brought by hand, by the command line or in the browser, read as the roster source it is or belongs to.
 *
 * It goes through the same run as every source. A table needs no configuration: its columns are recognised by their
 * headings, its source is named after the agency it speaks for, so that the next file of that agency continues it.
 * LDIF holds what a directory holds, so it is read as that directory.
 */
import type { Config, SourceConfig, TableSourceConfig } from '../config.ts'
import type { Db } from '../database/database.ts'
import { AppError } from '../error.ts'
import { dayAt } from '../ids.ts'
import type { AddressHolders } from './identity-store.ts'
import { recogniseFile } from './sources/file.ts'
import { openSource } from './sources/open.ts'
import { type RosterResult, type SyncOptions, syncSource } from './sync.ts'

export type ImportOptions = {
  /** The configured source the file stands in for; null for a file of its own. */
  source: string | null
  /** Code of the agency whose list it is, with all below; null for a file of no one agency. */
  agency: string | null
  /** Only some people: nobody is missing from it. */
  supplement?: boolean
  /** Agencies that only its rows name are made. */
  createAgencies?: boolean
  /** How its columns were mapped by hand, and its agencies. */
  people?: TableSourceConfig['people']
  agencies?: TableSourceConfig['agencies']
  sheet?: string
  legacy?: 'tcvn3' | 'vni'
}

export type ImportContext = { db: Db; config: Config; now: () => Date; holders?: AddressHolders }

/** Throws `usage` where nobody can tell what the file belongs to, `file_unreadable`, and what a run throws. */
export async function importFile(
  context: ImportContext,
  path: string,
  options: ImportOptions & SyncOptions,
): Promise<RosterResult> {
  const { config, now } = context
  const source = await importSource(config, path, options)
  const today = dayAt(now().getTime(), config.timeZone)
  const open = (signal: AbortSignal) => openSource(source, { signal, today, now: now().getTime() })
  return syncSource({ ...context, source, open }, options)
}

/** The source a file is read as. */
export async function importSource(
  config: Config,
  path: string,
  options: ImportOptions,
): Promise<SourceConfig> {
  const kind = await recogniseFile(path)
  return kind === 'ldif' ? directoryFile(config, path, options) : tableFile(config, path, options)
}

function directoryFile(config: Config, path: string, { source }: ImportOptions): SourceConfig {
  const directories = config.roster.sources.filter(each => each.kind === 'ldap' || each.kind === 'ldif')
  const [chosen, ...others] = directories.filter(each => source === null || each.name === source)
  if (!chosen || others.length > 0) {
    const names = directories.map(({ name }) => name).join(', ') || 'none'
    throw new AppError(
      'usage',
      `--source: an LDIF file needs the directory it comes from; configured: ${names}`,
    )
  }
  const { name, complete, people, agencies, agency } = chosen
  return {
    name,
    kind: 'ldif',
    path,
    complete,
    people,
    agencies,
    ...(agency === undefined ? {} : { agency }),
  }
}

function tableFile(config: Config, path: string, options: ImportOptions): TableSourceConfig {
  const { source, agency } = options
  const given = {
    ...(options.people === undefined ? {} : { people: options.people }),
    ...(options.agencies === undefined ? {} : { agencies: options.agencies }),
    ...(options.sheet === undefined ? {} : { sheet: options.sheet }),
    ...(options.legacy === undefined ? {} : { legacy: options.legacy }),
  }
  if (source !== null) {
    const configured = config.roster.sources.find(each => each.name === source)
    if (configured?.kind !== 'csv' && configured?.kind !== 'xlsx')
      throw new AppError('usage', `--source: no source of files of rows is called ${source}`)
    const { folder: _, ...rest } = configured
    return { ...rest, path, ...given }
  }
  return {
    name: importName(agency),
    kind: 'csv',
    path,
    complete: false,
    supplement: options.supplement ?? false,
    createAgencies: options.createAgencies ?? false,
    people: { attributes: {} },
    ...(agency === null ? {} : { agency }),
    ...given,
  }
}

const IMPORT = 'import'

/** The source of files that no configured source stands for. */
export function importName(agency: string | null): string {
  return agency === null ? IMPORT : `${IMPORT} ${agency}`
}

/** The agency a source of files was named after, null for none; undefined where it is no such source. */
export function agencyOfImport(source: string): string | null | undefined {
  if (source === IMPORT) return null
  return source.startsWith(`${IMPORT} `) ? source.slice(IMPORT.length + 1) : undefined
}
