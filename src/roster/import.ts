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
import type { FileLook } from './import-choice.ts'
import { fillRows, rowsWanted } from './import-store.ts'
import type { Legacy } from './legacy-text.ts'
import { maskCells, maskNumbers } from './personal-number.ts'
import { importName } from './source-name.ts'
import { openTable, recogniseFile } from './sources/file.ts'
import { openSource } from './sources/open.ts'
import { type RosterResult, type SyncOptions, syncSource } from './sync.ts'
import { maskingOf } from './table-mapping.ts'

export { importName }

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
  legacy?: Legacy
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

// looking at a file before anything is decided -------------------------------------------------------------------------

type LookOptions = { sheet: string | null; legacy: Legacy | null; signal: AbortSignal }

/** Rows of data that a person and the recognition of columns look at. */
const LOOKED_AT = 50
/** Longest text shown of a cell. */
const SHOWN = 80

/** What a file is, and its columns with some rows. Throws `file_unreadable` with `details.refused`. */
export async function lookAtFile(path: string, { sheet, legacy, signal }: LookOptions): Promise<FileLook> {
  const kind = await recogniseFile(path)
  if (kind === 'ldif') return { kind }
  const table = await openTable(path, tableOptions({ sheet, legacy, signal }))
  try {
    const { encoding, separator, sheets, headings, headingRow } = table
    const rows: string[][] = []
    for await (const page of table.rows()) {
      for (const { cells } of page.slice(0, LOOKED_AT - rows.length)) rows.push([...cells])
      if (rows.length >= LOOKED_AT) break
    }
    const columns = {
      sheet: table.sheet,
      sheets: [...sheets],
      headings: headings.map(maskNumbers),
      headingRow,
    }
    return { kind, encoding, separator, ...columns, rows: masked(headings, rows) }
  } finally {
    await table.close()
  }
}

function tableOptions({ sheet, legacy, signal }: LookOptions) {
  return { signal, ...(sheet === null ? {} : { sheet }), ...(legacy === null ? {} : { convert: legacy }) }
}

/** A personal number is nowhere kept, so not here either: of each only its last digits. */
function masked(headings: readonly string[], rows: readonly string[][]): string[][] {
  const masking = maskingOf(headings, {})
  return rows.map(cells =>
    maskCells(
      cells.map(cell => cell.slice(0, SHOWN)),
      masking,
    ),
  )
}

/**
 * Puts the rows of a file to those rejections of a run that name only a row's number, so that each can be handed back as
 * it stood.
 */
export async function fillRejected(
  db: Db,
  run: number,
  path: string,
  { people, ...options }: LookOptions & { people: TableSourceConfig['people'] },
): Promise<void> {
  const wanted = new Set(await rowsWanted(db, run))
  if (wanted.size === 0) return
  const table = await openTable(path, tableOptions(options))
  const masking = maskingOf(table.headings, people.attributes)
  try {
    for await (const page of table.rows()) {
      const rows = page
        .filter(({ number }) => wanted.has(number))
        .map(({ number, cells }) => ({ number, cells: maskCells(cells, masking) }))
      if (rows.length > 0) await fillRows(db, run, rows)
    }
  } finally {
    await table.close()
  }
}
