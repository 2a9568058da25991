/**
 * Entries → people and agencies of ours, or a rejection with its reason.
 *
 * Every reason is one of a closed list, so that pages can say it in Vietnamese; `detail` is the value at fault,
 * shortened. A rejected entry is never read as a departure: its key is kept.
 */
import { type AgencyCode, cleanText, type Day, parseAddress, parseAgencyCode, parseDay } from '../ids.ts'
import { parseCellDay } from './cell-day.ts'
import { normaliseDn, parentDn } from './dn.ts'
import { Fields, LONGEST, type Readers, readersOf } from './fields.ts'
import {
  attributeKey,
  attributeOf,
  type DisabledMapping,
  disabledReader,
  type FieldMapping,
  type NameKey,
} from './mapping.ts'
import { foldText, sortKey, sortKeyOfTitle } from './name.ts'
import type { DirectoryEntry } from './sources/entry.ts'

export type RejectionReason =
  | 'missing_key'
  | 'missing_staff_id'
  | 'missing_name'
  | 'missing_agency'
  | 'missing_code'
  | 'too_long'
  | 'not_text'
  | 'bad_level'
  | 'bad_day'
  | 'duplicate_key'
  | 'duplicate_staff_id'
  | 'duplicate_code'
  | 'unknown_agency'
  | 'ambiguous_agency'
  | 'outside_scope'
  | 'parent_circle'
  | 'unknown_parent'
  | 'unknown_sector'
  | 'bad_number'
  | 'bad_address'
  | 'scientific'
  | 'zeros_lost'
  | 'digits_lost'
  | 'formula_error'
  | 'no_value'
  | 'open_quote'
  | 'too_many_cells'
  | 'too_few_cells'

export type Rejection = {
  /** `post` and `value`: only that post or value was not taken over, the person or agency was. */
  subject: 'person' | 'agency' | 'post' | 'value'
  /** The source's key, or the DN where the entry has none. */
  key: string
  reason: RejectionReason
  detail: string
  /** Of a file: the line or row, from 1, and the row as it stood. */
  row?: number
  cells?: readonly string[]
  /** Of an agency: what it called itself all the same, so that nobody else is taken for it. */
  claim?: { key: string; ownRef: string; code: string }
}

/** A person as read, not yet known or unknown to us. Days are null where the source says nothing. */
export type StagedPerson = {
  key: string
  staffId: string | null
  /** Keyed hash of the personal number, and its last digits. */
  numberHash: string | null
  numberTail: string | null
  fullName: string
  sortKey: string
  searchKey: string
  birthDay: Day | null
  staffClass: string
  title: string | null
  phone: string | null
  email: string | null
  /** The official address the source knows. */
  address: string | null
  startDay: Day | null
  endDay: Day | null
  absentFrom: Day | null
  absentUntil: Day | null
  absenceKind: string | null
  absenceDocument: string | null
  posts: { code: AgencyCode; primary: boolean }[]
  /** Values that were not taken over. */
  dropped: Rejection[]
  row: number | null
}

export type StagedAgency = {
  key: string
  /** What children call it by, and what it calls its parent by: a normalised DN, or a code. */
  ownRef: string
  parentRef: string | null
  code: AgencyCode
  name: string
  level: string | null
  sector: string | null
  sortKey: string
  searchKey: string
  dropped: Rejection[]
}

/** The entry is switched off in its source: as if it were not there. */
export type Disabled = { disabled: true; key: string }

export type PersonMapping = {
  /** Left out: made of what the entry tells of the person (`keyOf`). */
  key?: FieldMapping
  attributes: {
    staffId?: FieldMapping
    personalNumber?: FieldMapping
    fullName?: FieldMapping
    familyName?: FieldMapping
    givenName?: FieldMapping
    birthDay?: FieldMapping
    address?: FieldMapping
    agency?: FieldMapping
    agencyName?: FieldMapping
    primaryAgency?: FieldMapping
    staffClass?: FieldMapping
    title?: FieldMapping
    phone?: FieldMapping
    email?: FieldMapping
    startDay?: FieldMapping
    endDay?: FieldMapping
    absentFrom?: FieldMapping
    absentUntil?: FieldMapping
    absenceKind?: FieldMapping
    absenceDocument?: FieldMapping
    disabled?: DisabledMapping
  }
}

export type AgencyMapping = {
  key?: FieldMapping
  attributes: { code: FieldMapping; name: FieldMapping; level?: FieldMapping; sector?: FieldMapping }
  /** `dn`, or the attribute with the parent's code; left out, all stand below the root. */
  parent?: string
}

/** What the parser needs to know of the world besides the entry. */
export type ParseContext = {
  nameKey: NameKey
  /** Keyed hash of a personal number; null where the configuration has no key. */
  hash: ((number: string) => string) | null
  /** Codes of the agencies in force of a folded name. */
  agenciesNamed: ((folded: string) => readonly string[]) | null
  /** A sector's code from what the source calls it; null where there is no such one. */
  sector: ((text: string) => string | null) | null
  today: Day | null
}

const ALONE: ParseContext = {
  nameKey: attributeKey,
  hash: null,
  agenciesNamed: null,
  sector: null,
  today: null,
}

const TAIL_DIGITS = 4

/** The attributes to ask the directory for. */
export function attributeNames(mapping: PersonMapping | AgencyMapping): string[] {
  const fields: (FieldMapping | DisabledMapping | undefined)[] = [
    mapping.key,
    ...Object.values(mapping.attributes),
  ]
  if ('parent' in mapping && mapping.parent !== 'dn') fields.push(mapping.parent)
  const names = fields.flatMap(field => {
    const name = field === undefined ? null : attributeOf(field)
    return name === null || name.toLowerCase() === 'dn' ? [] : [name]
  })
  return [...new Set(names)]
}

export function toPerson(
  entry: DirectoryEntry,
  mapping: PersonMapping,
  context: ParseContext = ALONE,
): StagedPerson | Disabled | Rejection {
  return personParser(mapping, context)(entry)
}

/** The same for many entries of one mapping. */
export function personParser(
  mapping: PersonMapping,
  context: ParseContext = ALONE,
): (entry: DirectoryEntry) => StagedPerson | Disabled | Rejection {
  const { disabled, ...attributes } = mapping.attributes
  const readers = readersOf({ key: mapping.key, ...attributes }, context.nameKey)
  const isDisabled = disabledReader(disabled, context.nameKey)
  return entry => {
    const read = new Fields(entry, readers)
    if (mapping.key !== undefined && !read.value('key')) return read.rejection('person', 'missing_key', '')
    if (isDisabled(entry)) return { disabled: true, key: read.key }
    return personOf(entry, read, { mapping, readers, context })
  }
}

type Parsing = { mapping: PersonMapping; readers: Readers; context: ParseContext }

function personOf(
  entry: DirectoryEntry,
  read: Fields,
  { mapping, readers, context }: Parsing,
): StagedPerson | Rejection {
  const { attributes } = mapping
  if (read.problem) return read.rejection('person', read.problem.reason, read.problem.detail)
  const staffId = read.value('staffId')
  const fullName = nameOf(read)
  // a key of its own makes the staff id a field that a directory has to fill; in a file it is one of several marks
  if (attributes.staffId !== undefined && mapping.key !== undefined && !staffId)
    return read.rejection('person', 'missing_staff_id', fullName ?? '')
  if (!fullName) return read.rejection('person', 'missing_name', staffId ?? '')
  if (/\p{Extended_Pictographic}/u.test(fullName)) return read.rejection('person', 'not_text', fullName)
  const posts = postsOf(entry, readers, context)
  if ('reason' in posts) return read.rejection('person', posts.reason, posts.detail || fullName)
  const days = daysOf(read)
  if ('reason' in days) return read.rejection('person', days.reason, days.detail)
  const marks = marksOf(read, context)
  const parts = { staffId, fullName, searchKey: foldText(fullName), posts, ...marks }
  return {
    key: mapping.key === undefined ? keyOf(parts) : read.key,
    ...parts,
    sortKey: sortKey(fullName),
    staffClass: (read.value('staffClass') ?? '').toLowerCase(),
    title: read.value('title'),
    phone: read.value('phone'),
    email: parseAddress(read.value('email') ?? ''),
    absenceKind: read.value('absenceKind'),
    absenceDocument: read.value('absenceDocument'),
    ...days,
    dropped: read.dropped,
    row: entry.row ?? null,
  }
}

/**
 * What a source without a key of its own calls somebody by: the strongest mark it gives. Two rows that come to the same
 * key are one person twice, or two that nothing tells apart; whoever reads the file numbers the later ones.
 */
function keyOf(parts: {
  staffId: string | null
  numberHash: string | null
  address: string | null
  searchKey: string
  birthDay: Day | null
  posts: StagedPerson['posts']
}): string {
  if (parts.staffId !== null) return `id:${parts.staffId}`
  if (parts.numberHash !== null) return `number:${parts.numberHash}`
  if (parts.address !== null) return `address:${parts.address}`
  return `name:${parts.searchKey}|${parts.birthDay ?? ''}|${parts.posts[0]?.code ?? ''}`
}

/** The full name, put together where the file keeps the given name in a column of its own. */
function nameOf(read: Fields): string | null {
  const whole = read.value('fullName')
  if (whole !== null) return whole
  const parts = [read.value('familyName'), read.value('givenName')].filter(part => part !== null)
  return parts.length === 0 ? null : cleanText(parts.join(' '))
}

/** What tells people of one name apart. A mark that cannot be taken is left out and reported: the person is not at fault. */
function marksOf(read: Fields, { hash, today }: ParseContext) {
  const birth = read.value('birthDay')
  const birthDay = birth === null ? null : parseDirectoryDay(birth)
  const impossible = birthDay !== null && (birthDay < '1900-01-01' || (today !== null && birthDay > today))
  if (birth !== null && (birthDay === null || impossible)) read.drop('bad_day', `birthDay: ${birth}`)
  const number = (read.value('personalNumber') ?? '').replace(/[\s.]/g, '')
  const readable = /^\d{9}(\d{3})?$/.test(number)
  if (number !== '' && !readable) read.drop('bad_number', `personalNumber: …${number.slice(-TAIL_DIGITS)}`)
  const official = read.value('address')
  const address = official === null ? null : parseAddress(official)
  if (official !== null && address === null) read.drop('bad_address', `address: ${official}`)
  return {
    birthDay: impossible ? null : birthDay,
    numberHash: readable && hash ? hash(number) : null,
    numberTail: readable && hash ? number.slice(-TAIL_DIGITS) : null,
    address: address as string | null,
  }
}

export function toAgency(
  entry: DirectoryEntry,
  mapping: AgencyMapping,
  levels: readonly string[],
  context: ParseContext = ALONE,
): StagedAgency | Rejection {
  const readers = readersOf({ key: mapping.key, ...mapping.attributes }, context.nameKey)
  const read = new Fields(entry, readers)
  const code = parseAgencyCode(read.value('code') ?? '')
  const { key } = read
  const { ownRef } = refsOf(entry, mapping, { code: code ?? '', nameKey: context.nameKey })
  const rejected = (reason: RejectionReason, detail: string): Rejection => ({
    ...read.rejection('agency', reason, detail),
    claim: { key: mapping.key === undefined ? (code ?? key) : key, ownRef, code: code ?? '' },
  })
  if (mapping.key !== undefined && !read.value('key')) return rejected('missing_key', '')
  if (read.problem) return rejected(read.problem.reason, read.problem.detail)
  if (!code) return rejected('missing_code', read.value('name') ?? '')
  const level = read.value('level')
  if (level !== null && !levels.includes(level)) return rejected('bad_level', level)
  const name = read.value('name') ?? code
  const sector = sectorOf(read, context)
  return {
    key: mapping.key === undefined ? code : read.key,
    ...refsOf(entry, mapping, { code, nameKey: context.nameKey }),
    code,
    name,
    level,
    sector,
    sortKey: sortKeyOfTitle(name),
    searchKey: foldText(`${name} ${code}`),
    dropped: read.dropped,
  }
}

function sectorOf(read: Fields, { sector }: ParseContext): string | null {
  const text = read.value('sector')
  if (text === null || sector === null) return text
  const code = sector(text)
  if (code === null) read.drop('unknown_sector', text)
  return code
}

function refsOf(
  entry: DirectoryEntry,
  mapping: AgencyMapping,
  { code, nameKey }: { code: AgencyCode | ''; nameKey: NameKey },
): { ownRef: string; parentRef: string | null } {
  if (mapping.parent === 'dn') return { ownRef: normaliseDn(entry.dn), parentRef: parentDn(entry.dn) }
  const parent = mapping.parent === undefined ? undefined : entry.attributes.get(nameKey(mapping.parent))?.[0]
  return { ownRef: code, parentRef: parent === undefined ? null : parseAgencyCode(parent) }
}

function postsOf(
  entry: DirectoryEntry,
  readers: Readers,
  { agenciesNamed }: ParseContext,
): StagedPerson['posts'] | { reason: RejectionReason; detail: string } {
  const values = (field: string) => readers.get(field)?.read(entry) ?? []
  const primary = cleanText(values('primaryAgency')[0] ?? '')
  const codes = values('agency')
    .map(parseAgencyCode)
    .filter(code => code !== null)
  if (codes.length === 0 && agenciesNamed !== null) {
    for (const name of values('agencyName')) {
      const folded = foldText(name)
      if (folded === '') continue
      const found = agenciesNamed(folded)
      const [only] = found
      if (only === undefined) return { reason: 'unknown_agency', detail: cleanText(name).slice(0, LONGEST) }
      if (found.length > 1)
        return { reason: 'ambiguous_agency', detail: `${cleanText(name)}: ${found.join(', ')}` }
      const code = parseAgencyCode(only)
      if (code !== null) codes.push(code)
    }
  }
  const known = [...new Set(codes)]
  if (known.length === 0) return { reason: 'missing_agency', detail: '' }
  return known.map(code => ({ code, primary: code === primary }))
}

type Days = { startDay: Day | null; endDay: Day | null; absentFrom: Day | null; absentUntil: Day | null }

function daysOf(read: Fields): Days | { reason: RejectionReason; detail: string } {
  const days: Days = { startDay: null, endDay: null, absentFrom: null, absentUntil: null }
  for (const name of ['startDay', 'endDay', 'absentFrom', 'absentUntil'] as const) {
    const text = read.value(name)
    if (text === null) continue
    const day = parseDirectoryDay(text)
    if (!day) return { reason: 'bad_day', detail: text }
    days[name] = day
  }
  return days
}

/**
 * `YYYY-MM-DD`, the day of a generalized time (RFC 4517 section 3.3.13) as written without moving its zone, or a day as
 * people write it into a cell.
 */
export function parseDirectoryDay(text: string): Day | null {
  const generalized = /^(\d{4})(\d{2})(\d{2})(\d{2,6}([.,]\d+)?(Z|[+-]\d{2,4})?)?$/.exec(text)
  if (generalized) return parseDay(`${generalized[1]}-${generalized[2]}-${generalized[3]}`)
  return parseDay(text) ?? parseCellDay(text)
}

/** A staged read: the run whose rows it is, the source it came from, the day it counts from. */
export type Staged = {
  run: number
  source: string
  day: Day
  complete: boolean
  firstLoad: boolean
  /** Level by depth below the root; the last one goes on. */
  levels: readonly string[]
  /** Whether the source tells of absences: only then does a missing one end it. */
  tellsAbsence: boolean
  /** Whether the read can say who is missing: an incremental one cannot. */
  tellsMissing: boolean
  /** Whether an agency missing from this read is closed. */
  closesAgencies: boolean
  /** The agency the source speaks for, with all below it; null: for all. */
  scope: string | null
  /** How long somebody missing from the file of their agency waits. */
  holdingDays: number
  /** Other sources whose naming somebody keeps them in service. */
  completeSources: readonly string[]
  /** Who somebody is was settled by a person: nothing is asked again. */
  settled: boolean
}

export type Movements = {
  agencies: { created: number; changed: number; closed: number }
  people: {
    joiners: number
    movers: number
    leavers: number
    returned: number
    changed: number
    unchanged: number
  }
  /** Left the agency whose file no longer names them, and wait for another's. */
  held: number
  /** Waiting for an answer: neither joined nor left. */
  reviews: number
}

/** What a source said of somebody, as it is kept: fields that were empty are left out. */
export type Said = {
  fullName?: string
  staffId?: string
  numberHash?: string
  numberTail?: string
  birthDay?: string
  staffClass?: string
  title?: string
  phone?: string
  email?: string
  address?: string
  startDay?: string
  endDay?: string
  absentFrom?: string
  absentUntil?: string
  absenceKind?: string
  absenceDocument?: string
  posts?: [code: string, primary: boolean][]
}

/** What is kept of a staged person; as JSON the same facts give the same text. */
export function saidBy(person: StagedPerson): Said {
  const said: Said = {}
  for (const field of saidFields) {
    const value = person[field]
    if (value !== null && value !== '') said[field] = value
  }
  said.posts = person.posts.map(({ code, primary }) => [code, primary])
  return said
}

const saidFields = [
  'staffId',
  'numberHash',
  'numberTail',
  'fullName',
  'birthDay',
  'staffClass',
  'title',
  'phone',
  'email',
  'address',
  'startDay',
  'endDay',
  'absentFrom',
  'absentUntil',
  'absenceKind',
  'absenceDocument',
] as const

/** A staged person from what is kept of one: the other way round. */
export function personSaid(key: string, text: string): StagedPerson {
  const said = JSON.parse(text) as Said
  const fullName = said.fullName ?? ''
  return {
    key,
    staffId: said.staffId ?? null,
    numberHash: said.numberHash ?? null,
    numberTail: said.numberTail ?? null,
    fullName,
    sortKey: sortKey(fullName),
    searchKey: foldText(fullName),
    birthDay: parseDay(said.birthDay ?? ''),
    staffClass: said.staffClass ?? '',
    title: said.title ?? null,
    phone: said.phone ?? null,
    email: said.email ?? null,
    address: said.address ?? null,
    startDay: parseDay(said.startDay ?? ''),
    endDay: parseDay(said.endDay ?? ''),
    absentFrom: parseDay(said.absentFrom ?? ''),
    absentUntil: parseDay(said.absentUntil ?? ''),
    absenceKind: said.absenceKind ?? null,
    absenceDocument: said.absenceDocument ?? null,
    posts: (said.posts ?? []).flatMap(([text, primary]) => {
      const code = parseAgencyCode(text)
      return code === null ? [] : [{ code, primary }]
    }),
    dropped: [],
    row: null,
  }
}
