/** The columns of a file of rows → our fields, by the configuration and, where it is silent, by the headings. */
import type { TableSourceConfig } from '../config.ts'
import { cleanText } from '../ids.ts'
import { matchHeadings, type RosterField } from './headings.ts'
import { attributeOf, type FieldMapping, headingKey } from './mapping.ts'
import { foldText } from './name.ts'
import { type Masking, maskCells, maskNumbers } from './personal-number.ts'
import type { AgencyMapping, PersonMapping, RejectionReason } from './roster.ts'
import type { DirectoryEntry } from './sources/entry.ts'
import type { CellNote, TableRow } from './sources/table.ts'

export type TableMapping = {
  people: PersonMapping
  agencies: AgencyMapping | null
  hasPeople: boolean
  /** The name of each column in entries. */
  names: readonly string[]
  /** Columns that name an agency: rows that agree in them name the same. */
  agencyColumns: readonly number[]
  /** The column with several codes of agencies, which a cell separates by `;`. */
  manyColumn: number
  /** How a row is kept that is handed back. */
  masking: Masking
}

type Source = Pick<TableSourceConfig, 'people' | 'agencies' | 'agency' | 'createAgencies'>

/** Fields that no heading may be taken for, since they need a decision: a file of one agency needs no column for it. */
export function mappingOfTable(
  headings: readonly string[],
  source: Source,
): TableMapping | { missing: string[] } {
  const names = columnNames(headings)
  const configured = source.people.attributes
  const recognised = recognisedFields(headings, names)
  const attributes = told({ ...recognised, ...configured })
  if (attributes.agency === undefined && attributes.agencyName === undefined && source.agency !== undefined)
    attributes.agency = { constant: source.agency }
  const missing = [...missingFields(attributes), ...unknownHeadings(names, source)]
  const onlyAgencies = source.agencies !== undefined && attributes.fullName === undefined
  if (missing.length > 0 && !onlyAgencies) return { missing }
  const agencies = agenciesOf(source, attributes)
  return {
    people: { ...(source.people.key === undefined ? {} : { key: source.people.key }), attributes },
    agencies,
    hasPeople: !onlyAgencies,
    names,
    agencyColumns: agencies === null ? [] : columnsOf(names, agencies),
    manyColumn: names.indexOf(headingKey(attributeOf(attributes.agency ?? '') ?? '')),
    masking: maskingOf(headings, attributes),
  }
}

/** Columns of personal numbers by what they were said to be or by their headings, and of what is kept in full. */
export function maskingOf(
  headings: readonly string[],
  attributes: TableSourceConfig['people']['attributes'],
): Masking {
  const names = columnNames(headings)
  const columnOf = (mapping: FieldMapping | undefined) =>
    names.indexOf(headingKey(attributeOf(mapping ?? '') ?? ''))
  const kept = new Set([columnOf(attributes.staffId)])
  const numbers = new Set([columnOf(attributes.personalNumber)])
  const { personalNumber } = matchHeadings(headings).columns
  if (personalNumber !== undefined && !kept.has(personalNumber)) numbers.add(personalNumber)
  return { numbers, kept }
}

/** Without fields that are constantly empty: a column that a person said has no meaning, whatever it is called. */
function told(attributes: PersonMapping['attributes']): PersonMapping['attributes'] {
  return Object.fromEntries(
    Object.entries(attributes).filter(([, mapping]) => {
      if (typeof mapping !== 'object' || !('constant' in mapping)) return true
      return mapping.constant !== ''
    }),
  )
}

/**
 * Folded headings; one met before is numbered and one that is empty is its number, so that each column has a name.
 * Without personal numbers: they stand there where a file has no headings.
 */
export function columnNames(headings: readonly string[]): string[] {
  const met = new Map<string, number>()
  return headings.map((heading, column) => {
    const name = headingKey(maskNumbers(heading)) || `#${column + 1}`
    const count = (met.get(name) ?? 0) + 1
    met.set(name, count)
    return count === 1 ? name : `${name} #${count}`
  })
}

function recognisedFields(
  headings: readonly string[],
  names: readonly string[],
): Partial<Record<RosterField, FieldMapping>> {
  const fields: Partial<Record<RosterField, FieldMapping>> = {}
  for (const [field, column] of Object.entries(matchHeadings(headings).columns)) {
    const name = names[column]
    if (name !== undefined) fields[field as RosterField] = name
  }
  return fields
}

function missingFields(attributes: PersonMapping['attributes']): string[] {
  const named = attributes.fullName !== undefined || attributes.givenName !== undefined
  const placed = attributes.agency !== undefined || attributes.agencyName !== undefined
  return [...(named ? [] : ['fullName']), ...(placed ? [] : ['agency'])]
}

/** Headings that the configuration names and the file has not. */
function unknownHeadings(names: readonly string[], { people, agencies }: Source): string[] {
  const { disabled: _, ...attributes } = people.attributes
  const mapped = [people.key, ...Object.values(attributes), ...Object.values(agencies?.attributes ?? {})]
  return mapped.flatMap(mapping => {
    const heading = mapping === undefined ? null : attributeOf(mapping)
    return heading === null || names.includes(headingKey(heading)) ? [] : [`"${heading}"`]
  })
}

function agenciesOf(source: Source, attributes: PersonMapping['attributes']): AgencyMapping | null {
  if (source.agencies !== undefined) {
    const { key, attributes: fields, parent } = source.agencies
    return {
      ...(key === undefined ? {} : { key }),
      attributes: fields,
      ...(parent === undefined ? {} : { parent }),
    }
  }
  if (!source.createAgencies) return null
  const code = attributes.agency ?? attributes.agencyName
  return code === undefined ? null : { attributes: { code, name: attributes.agencyName ?? code } }
}

function columnsOf(names: readonly string[], { attributes }: AgencyMapping): number[] {
  return [attributes.code, attributes.name].flatMap(mapping => {
    const column = names.indexOf(headingKey(attributeOf(mapping) ?? ''))
    return column < 0 ? [] : [column]
  })
}

export function splitCells({ cells }: TableRow, columns: readonly number[]): string[] {
  return columns.map(column => foldText(cells[column] ?? ''))
}

/** A row as an entry: one value per column, several codes of agencies taken apart. */
export function rowEntry(row: TableRow, { names, manyColumn, masking }: TableMapping): DirectoryEntry {
  const attributes = new Map<string, readonly string[]>()
  names.forEach((name, column) => {
    const text = cleanText(row.cells[column] ?? '')
    if (text === '' || name === '') return
    attributes.set(name, column === manyColumn ? text.split(/\s*[;\n]\s*/).filter(Boolean) : [text])
  })
  return {
    dn: '',
    attributes,
    row: row.number,
    cells: maskCells(row.cells, masking),
    notes: new Map(row.notes.map(note => [names[note.column] ?? '', noteOf(note)])),
    ...(row.problem === undefined ? {} : { problem: { reason: problems[row.problem], detail: '' } }),
  }
}

const problems: Record<NonNullable<TableRow['problem']>, RejectionReason> = {
  openQuote: 'open_quote',
  tooManyCells: 'too_many_cells',
  tooFewCells: 'too_few_cells',
  tooLong: 'too_long',
  notText: 'not_text',
}

const notes: Record<CellNote['kind'], RejectionReason> = {
  scientific: 'scientific',
  zerosLost: 'zeros_lost',
  digitsLost: 'digits_lost',
  formulaError: 'formula_error',
  noValue: 'no_value',
}

function noteOf({ kind, text }: CellNote): { reason: RejectionReason; detail: string } {
  return { reason: notes[kind], detail: text }
}
