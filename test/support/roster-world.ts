/**
 * A roster read from sources of our own making, without a server: what each says is given to a run as values, with the
 * digests that real sources give.
 */
import { sql } from 'kysely'
import { type Config, parseConfig } from '../../src/config.ts'
import type { Database } from '../../src/database/database.ts'
import type { AppError } from '../../src/error.ts'
import { applyRecords, approveRun } from '../../src/roster/approval.ts'
import type { AddressHolders } from '../../src/roster/identity-store.ts'
import { digestOf } from '../../src/roster/sources/digest.ts'
import type { DirectoryEntry } from '../../src/roster/sources/entry.ts'
import type { SourceMapping, SourceReader } from '../../src/roster/sources/open.ts'
import {
  exitStatusOf,
  type RosterResult,
  type Step,
  type SyncContext,
  syncSource,
} from '../../src/roster/sync.ts'

/** Somebody as a source says them. A directory has a `key`; a file has none. */
export type Says = {
  key?: string
  id?: string
  number?: string
  name: string
  /** Codes. */
  agency: string | readonly string[]
  primary?: string
  birth?: string
  address?: string
  cls?: string
  title?: string
  phone?: string
  start?: string
  end?: string
  from?: string
  until?: string
}

/** An agency as a source says it; `parent` is the code of another, none at the top. */
export type SaysAgency = { key: string; code: string; name?: string; parent?: string; level?: string }

export type Read = {
  people: readonly Says[]
  agencies?: readonly SaysAgency[]
  /** Entries without digests are all looked at in full. */
  digests?: boolean
  /** Thrown after the last entry. */
  fail?: AppError
  incremental?: boolean
  /** Agencies are placed by the names of their entries, not by the code of the one above. */
  byName?: boolean
  pageSize?: number
}

const attributes = {
  staffId: 'id',
  personalNumber: 'number',
  fullName: 'name',
  birthDay: 'birth',
  address: 'address',
  agency: 'agency',
  primaryAgency: 'primary',
  staffClass: 'class',
  title: 'title',
  phone: 'phone',
  startDay: 'start',
  endDay: 'end',
  absentFrom: 'from',
  absentUntil: 'until',
} as const

const agencyMapping = {
  key: 'key',
  attributes: { code: 'code', name: 'name', level: 'level' },
  parent: 'parent',
} as const

const KEY = 'HOPTHU_TEST_NUMBER_KEY'
process.env[KEY] = 'khóa để thử'

const lax = {
  maxLeavers: 1_000_000,
  maxLeaversPercent: 100,
  maxMoversPercent: 100,
  maxRenamedPercent: 100,
  maxJoinersPercent: 100,
  maxAgenciesPercent: 100,
}

export type SourceKind = {
  /** A directory is complete and has keys; a file has neither. */
  kind: 'directory' | 'file'
  complete?: boolean
  agency?: string
  supplement?: boolean
}

export type WorldOptions = {
  sources: Readonly<Record<string, SourceKind>>
  trust?: Readonly<Record<string, readonly string[]>>
  holdingDays?: number
  guard?: Partial<typeof lax>
  holders?: AddressHolders
}

export type SyncOutcome = RosterResult & { exit: number }

export type World = {
  database: Database
  config: Config
  /** The day it is. */
  day: string
  sync(source: string, read: Read, options?: RunOptions): Promise<SyncOutcome>
  approve(source: string, run: number): Promise<RosterResult>
  /** Looks again at records that were answered for. */
  apply(numbers: readonly number[]): Promise<void>
  /** Rows of one column of text. */
  lines(query: string): Promise<string[]>
}

export type RunOptions = { dryRun?: boolean; force?: boolean; step?: (step: Step) => void }

export function rosterWorld(database: Database, options: WorldOptions): World {
  const config = configOf(options)
  const world: World = {
    database,
    config,
    day: '2026-03-02',
    async sync(name, read, run = {}) {
      const kind = options.sources[name]
      const source = config.roster.sources.find(each => each.name === name)
      if (!kind || !source) throw new Error(`no source ${name}`)
      const context = { ...contextOf(world, options), source, open: async () => readerOf(kind, read) }
      const force = run.force ?? false
      const result = await syncSource(context, {
        dryRun: run.dryRun ?? false,
        force,
        signal: AbortSignal.timeout(120_000),
        ...(run.step ? { step: run.step } : {}),
      })
      return { ...result, exit: exitStatusOf(result, force) }
    },
    approve: (name, run) => approveRun({ ...contextOf(world, options), source: { name } }, run),
    apply: numbers => applyRecords(contextOf(world, options), numbers, 'ban.to-chuc'),
    async lines(query) {
      const { rows } = await sql.raw<{ line: string }>(query).execute(database.db)
      return rows.map(({ line }) => line)
    },
  }
  return world
}

function contextOf(world: World, { holders }: WorldOptions): Omit<SyncContext, 'open' | 'source'> {
  return {
    db: world.database.db,
    config: world.config,
    now: () => new Date(`${world.day}T09:00:00+07:00`),
    ...(holders ? { holders } : {}),
  }
}

function configOf({ sources, trust, holdingDays, guard }: WorldOptions): Config {
  return parseConfig({
    database: { url: 'pglite:memory' },
    roster: {
      root: { code: 'H99', name: 'Tỉnh Phước An' },
      guard: { ...lax, ...guard },
      trust: trust ?? {},
      personalNumberKey: { env: KEY },
      ...(holdingDays === undefined ? {} : { holdingDays }),
      sources: Object.entries(sources).map(([name, source]) => configured(name, source)),
    },
  })
}

function configured(name: string, { kind, complete, agency, supplement }: SourceKind): object {
  const more = {
    name,
    ...(complete === undefined ? {} : { complete }),
    ...(agency === undefined ? {} : { agency }),
    ...(supplement === undefined ? {} : { supplement }),
  }
  if (kind === 'file') return { ...more, kind: 'csv', path: 'danh-sach.csv' }
  const people = { base: 'ou=people,dc=tinh', key: 'key', attributes }
  return {
    ...more,
    kind: 'ldap',
    url: 'ldap://127.0.0.1:1',
    people,
    agencies: { base: 'ou=agencies,dc=tinh' },
  }
}

// what a source gives -----------------------------------------------------------------------------------------------

function readerOf({ kind }: SourceKind, read: Read): SourceReader {
  const size = read.pageSize ?? 3
  const people = read.people.map((each, i) =>
    entryOf(each, read.digests !== false, kind === 'file' ? i + 2 : null),
  )
  const agencies = (read.agencies ?? []).map(each => agencyEntry(each, read.agencies ?? []))
  return {
    mapping: mappingFor(kind, read),
    incremental: read.incremental ?? false,
    agencies: () => pages(agencies, size),
    people: () => pages(people, size, read.fail),
    close: async () => {},
  }
}

function mappingFor(kind: SourceKind['kind'], read: Read): SourceMapping {
  return {
    people: { ...(kind === 'file' ? {} : { key: 'key' }), attributes: { ...attributes } },
    agencies:
      read.agencies === undefined
        ? null
        : {
            ...agencyMapping,
            attributes: { ...agencyMapping.attributes },
            parent: read.byName ? 'dn' : 'parent',
          },
    levels: ['department', 'unit'],
    nameKey: name => name.toLowerCase(),
  }
}

async function* pages(entries: readonly DirectoryEntry[], size: number, fail?: AppError) {
  for (let at = 0; at < entries.length; at += size) yield entries.slice(at, at + size)
  if (fail) throw fail
}

function entryOf(says: Says, digested: boolean, row: number | null): DirectoryEntry {
  const values: [string, readonly string[] | undefined][] = [
    ['key', listed(says.key)],
    ['id', listed(says.id)],
    ['number', listed(says.number)],
    ['name', [says.name]],
    ['agency', typeof says.agency === 'string' ? [says.agency] : says.agency],
    ['primary', listed(says.primary)],
    ['birth', listed(says.birth)],
    ['address', listed(says.address)],
    ['class', [says.cls ?? 'Công chức']],
    ['title', listed(says.title)],
    ['phone', listed(says.phone)],
    ['start', listed(says.start)],
    ['end', listed(says.end)],
    ['from', listed(says.from)],
    ['until', listed(says.until)],
  ]
  const given = values.filter((each): each is [string, readonly string[]] => each[1] !== undefined)
  return {
    dn: says.key === undefined ? '' : `uid=${says.key},ou=people,dc=tinh`,
    attributes: new Map(given),
    ...(digested ? { digest: digestOf(JSON.stringify(given)) } : {}),
    ...(row === null ? {} : { row, cells: given.map(([, texts]) => texts.join(';')) }),
  }
}

function agencyEntry(says: SaysAgency, all: readonly SaysAgency[]): DirectoryEntry {
  const { key, code, name, parent, level } = says
  return {
    dn: nameIn(says, all, 5),
    attributes: new Map([
      ['key', [key]],
      ['code', [code]],
      ['name', [name ?? `Cơ quan ${code}`]],
      ...(parent === undefined ? [] : [['parent', [parent]] as const]),
      ...(level === undefined ? [] : [['level', [level]] as const]),
    ]),
  }
}

function nameIn({ code, parent }: SaysAgency, all: readonly SaysAgency[], deep: number): string {
  const above = deep === 0 ? undefined : all.find(each => each.code === parent)
  return `ou=${code},${above === undefined ? 'ou=agencies,dc=tinh' : nameIn(above, all, deep - 1)}`
}

function listed(text: string | undefined): readonly string[] | undefined {
  return text === undefined ? undefined : [text]
}

// what is kept ------------------------------------------------------------------------------------------------------

/** Every row of the roster's tables with the transaction that wrote it, to prove that nothing was written. */
export async function everyRow({ lines }: World, but: readonly string[] = []): Promise<string[]> {
  const tables = await lines(`
    select tablename as line from pg_tables where schemaname = 'public' and tablename not in
      ('run', 'roster_source', 'roster_rejection') ${but.map(each => `and tablename not like '${each}'`).join(' ')} order by 1`)
  return lines(
    `${tables
      .map(table => `select '${table}: ' || xmin || ' ' || t::text as line from "${table}" t`)
      .join(' union all ')} order by 1`,
  )
}

/** Where somebody serves and served: `NV 2026-03-02 infinity`, by the name they bear. */
export function spansOf({ lines }: World, name: string): Promise<string[]> {
  return lines(`
    select (select a.code from agency_period a where a.agency_id = e.agency_id order by a.last_day desc limit 1)
      || ' ' || e.first_day || ' ' || e.last_day as line
    from employment e join person p on p.id = e.person_id where p.full_name = '${name}' order by e.first_day, 1`)
}

/** The movements of all people, oldest first: `leaver Nguyễn Văn Một 2026-03-09 NV → `. */
export function movementsOf({ lines }: World): Promise<string[]> {
  const code = (
    column: string,
  ) => `coalesce((select a.code from agency_period a where a.agency_id = m.${column}
    order by a.last_day desc limit 1), '')`
  return lines(`
    select trim(m.kind || ' ' || p.full_name || ' ' || m.day || ' ' || ${code('from_agency_id')} || ' → '
      || ${code('to_agency_id')}) as line
    from movement m join person p on p.id = m.person_id order by m.id`)
}

/** What waits for an answer: `sameName Trần Thị Hai: Trần Thị Hai`, the entry and its candidate. */
export function openReviews({ lines }: World): Promise<string[]> {
  return lines(`
    select v.kind || ' ' || (r.said::json ->> 'fullName') || ': ' || coalesce(p.full_name, '') as line
    from roster_review v join roster_record r on r.number = v.record_number left join person p on p.id = v.person_id
    where v.state in ('open', 'later') order by 1`)
}

export function rejections({ lines }: World, run: number): Promise<string[]> {
  return lines(`select subject || ' ' || source_key || ' ' || reason as line from roster_rejection
    where run_id = ${run} order by 1`)
}
