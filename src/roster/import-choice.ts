/**
 * How a file that was brought in the browser is to be read: whose columns mean what, as a person chose it, and what is
 * proposed before anybody chose. Pure: the mapping that a run is given follows from it.
 */
import Type, { type Static } from 'typebox'
import Value from 'typebox/value'
import type { AgencyLevel, TableSourceConfig } from '../config.ts'
import { foldHeading, matchHeadings, type RosterField } from './headings.ts'
import type { FieldMapping } from './mapping.ts'
import { columnNames } from './table-mapping.ts'

export const importKinds = ['people', 'agencies'] as const
export type ImportKind = (typeof importKinds)[number]

export const agencyFields = ['code', 'name', 'parent', 'level', 'sector'] as const
export type AgencyField = (typeof agencyFields)[number]
export type ImportField = RosterField | AgencyField

/** In the order in which they are offered. */
export const personFields: readonly RosterField[] = [
  'fullName',
  'familyName',
  'givenName',
  'staffId',
  'agencyName',
  'agency',
  'title',
  'staffClass',
  'address',
  'email',
  'phone',
  'birthDay',
  'personalNumber',
  'startDay',
  'endDay',
  'absentFrom',
  'absentUntil',
  'absenceKind',
  'absenceDocument',
]

const orNull = <Schema extends Type.TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])

const Choice = Type.Object({
  what: Type.Union([Type.Literal('people'), Type.Literal('agencies')]),
  /** Only some people: nobody is missing from it. */
  supplement: Type.Boolean(),
  sheet: orNull(Type.String()),
  legacy: orNull(Type.Union([Type.Literal('tcvn3'), Type.Literal('vni')])),
  /** Agencies that only its rows name are made. */
  createAgencies: Type.Boolean(),
  /** The configured directory an LDIF file stands in for. */
  source: orNull(Type.String()),
  /** Field → name of its column; null: nobody chose yet. */
  fields: orNull(Type.Record(Type.String(), Type.String())),
  /** Of everybody, where no column says it. */
  staffClass: Type.String(),
})
export type ImportChoice = Static<typeof Choice>

export const noChoice: ImportChoice = {
  what: 'people',
  supplement: false,
  sheet: null,
  legacy: null,
  createAgencies: false,
  source: null,
  fields: null,
  staffClass: '',
}

export function parseChoice(text: string): ImportChoice {
  const parsed: unknown = JSON.parse(text)
  return Value.Check(Choice, parsed) ? parsed : noChoice
}

/** What was recognised of a file; kept with it, so that it is opened once. */
export type FileLook =
  | { kind: 'ldif' }
  | {
      kind: 'csv' | 'xlsx'
      encoding: string | null
      separator: string | null
      sheet: string | null
      sheets: string[]
      headings: string[]
      headingRow: number
      /** Some rows of data; numbers of persons are masked. */
      rows: string[][]
    }
export type TableLook = Exclude<FileLook, { kind: 'ldif' }>

export type Proposal = {
  /** Field → name of its column. */
  fields: Partial<Record<ImportField, string>>
  /** Fields that several columns are called by, each of which has to be looked at. */
  doubtful: ReadonlySet<string>
  /** As this list was mapped last time. */
  fromLast: boolean
  staffClass: string
}

export type Known = {
  /** The mapping of this list's last file, as it was kept. */
  last: string | null
  /** Domains of official mailboxes: a column of such addresses names them, whatever it is called. */
  domains: readonly string[]
  /** Whether personal numbers can be kept, as a keyed hash. */
  hasNumberKey: boolean
}

/** What each column is taken for before a person says so. */
export function proposeColumns(look: TableLook, what: ImportKind, known: Known): Proposal {
  const names = columnNames(look.headings)
  const last = what === 'people' ? lastMapping(known.last) : null
  if (last !== null && Object.values(last.fields).every(name => names.includes(name)))
    return { fields: last.fields, doubtful: new Set(), fromLast: true, staffClass: last.staffClass }
  const found = what === 'people' ? peopleColumns(look, known) : agencyColumns(look)
  const fields = Object.fromEntries(
    Object.entries(found.columns).map(([field, column]) => [field, names[column] ?? '']),
  )
  return { fields, doubtful: found.doubtful, fromLast: false, staffClass: '' }
}

type Found = { columns: Partial<Record<ImportField, number>>; doubtful: Set<string> }

function peopleColumns(look: TableLook, { domains, hasNumberKey }: Known): Found {
  const match = matchHeadings(look.headings, look.rows)
  const columns: Found['columns'] = { ...match.columns }
  if (!hasNumberKey) delete columns.personalNumber
  const { email } = columns
  if (email !== undefined && columns.address === undefined && isOfficial(look, email, domains)) {
    columns.address = email
    delete columns.email
  }
  return { columns, doubtful: new Set(match.twice.map(({ field }) => field)) }
}

/** Whether most addresses of a column are official mailboxes: an export of the mail platform calls them just "Email". */
function isOfficial({ rows }: TableLook, column: number, domains: readonly string[]): boolean {
  const addresses = rows.map(row => (row[column] ?? '').trim().toLowerCase()).filter(cell => cell !== '')
  const official = addresses.filter(each => domains.some(domain => each.endsWith(`@${domain.toLowerCase()}`)))
  return addresses.length > 0 && official.length * 2 > addresses.length
}

const agencyHeadings: Record<AgencyField, readonly string[]> = {
  code: [
    'ma',
    'ma co quan',
    'ma don vi',
    'ma dinh danh',
    'ma dinh danh co quan',
    'ma dinh danh dien tu',
    'code',
  ],
  name: [
    'ten',
    'ten co quan',
    'ten don vi',
    'co quan',
    'don vi',
    'co quan don vi',
    'ten co quan don vi',
    'name',
  ],
  parent: [
    'ma co quan cap tren',
    'ma don vi cap tren',
    'ma cap tren',
    'co quan cap tren',
    'don vi cap tren',
    'co quan chu quan',
    'ma co quan chu quan',
    'truc thuoc',
    'parent',
    'parent code',
  ],
  level: ['cap', 'cap co quan', 'cap don vi', 'loai co quan', 'loai don vi', 'level'],
  sector: ['khoi', 'khoi co quan', 'nganh', 'linh vuc', 'sector'],
}

function agencyColumns({ headings }: TableLook): Found {
  const folded = headings.map(foldHeading)
  const columns: Found['columns'] = {}
  const doubtful = new Set<string>()
  for (const field of agencyFields) {
    const at = folded.flatMap((heading, column) => (agencyHeadings[field].includes(heading) ? [column] : []))
    if (at[0] !== undefined) columns[field] = at[0]
    if (at.length > 1) doubtful.add(field)
  }
  return { columns, doubtful }
}

// what is kept for the next file -------------------------------------------------------------------------------------

const Last = Type.Object({ fields: Type.Record(Type.String(), Type.String()), staffClass: Type.String() })

/** A mapping as it is kept for the next file of the same list. */
export function keptMapping({ fields, staffClass }: ImportChoice): string {
  return JSON.stringify({ fields: fields ?? {}, staffClass })
}

function lastMapping(text: string | null): Static<typeof Last> | null {
  if (text === null) return null
  const parsed: unknown = JSON.parse(text)
  return Value.Check(Last, parsed) ? parsed : null
}

// what a run is given ------------------------------------------------------------------------------------------------

/** Fields without which a list cannot be read: one of each group. */
export function missingFields(
  fields: Record<string, string>,
  { what, agency }: { what: ImportKind; agency: string | null },
): ImportField[] {
  const has = (field: ImportField) => (fields[field] ?? '') !== ''
  if (what === 'agencies') return (['code', 'name'] as const).filter(field => !has(field))
  const named = has('fullName') || has('givenName')
  const placed = agency !== null || has('agency') || has('agencyName')
  return [...(named ? [] : (['fullName'] as const)), ...(placed ? [] : (['agencyName'] as const))]
}

/** Says of each field either its column or that it has none: nothing is recognised behind a person's back. */
export function peopleMapping(
  fields: Record<string, string>,
  staffClass: string,
): TableSourceConfig['people'] {
  const attributes = Object.fromEntries(
    personFields.map((field): [RosterField, FieldMapping] => {
      const column = fields[field] ?? ''
      if (column !== '') return [field, column]
      return [field, { constant: field === 'staffClass' ? staffClass : '' }]
    }),
  )
  return { attributes }
}

/** Names of levels as lists have them, folded → ours. */
const levelNames: Record<string, AgencyLevel> = {
  tinh: 'province',
  'cap tinh': 'province',
  so: 'department',
  'so nganh': 'department',
  'cap so': 'department',
  huyen: 'district',
  'cap huyen': 'district',
  xa: 'commune',
  'cap xa': 'commune',
  phuong: 'commune',
  'dac khu': 'commune',
  phong: 'unit',
  'phong ban': 'unit',
  'don vi': 'unit',
  'don vi su nghiep': 'publicServiceUnit',
  'su nghiep': 'publicServiceUnit',
}

export function agencyMapping(fields: Record<string, string>): NonNullable<TableSourceConfig['agencies']> {
  const { code = '', name = '', parent = '', level = '', sector = '' } = fields
  return {
    attributes: {
      code,
      name,
      ...(level === '' ? {} : { level: { attribute: level, values: levelNames } }),
      ...(sector === '' ? {} : { sector }),
    },
    ...(parent === '' ? {} : { parent }),
    levels: ['department', 'unit'],
  }
}

/** The people's part of a list of agencies: nobody. */
export const nobody: TableSourceConfig['people'] = peopleMapping({}, '')
