/**
 * Directory entries → people and agencies of ours, or a rejection with its reason.
 *
 * Every reason is one of a closed list, so that pages can say it in Vietnamese; `detail` is the value at fault,
 * shortened. A rejected entry is never read as a departure: its key is kept.
 */
import { type AgencyCode, cleanText, type Day, parseAddress, parseAgencyCode, parseDay } from '../ids.ts'
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
  | 'parent_circle'

export type Rejection = {
  subject: 'person' | 'agency' | 'post'
  /** The source's key, or the DN where the entry has none. */
  key: string
  reason: RejectionReason
  detail: string
}

/** A person as read, not yet known or unknown to us. Days are null where the source says nothing. */
export type StagedPerson = {
  key: string
  staffId: string | null
  fullName: string
  sortKey: string
  searchKey: string
  staffClass: string
  title: string | null
  phone: string | null
  email: string | null
  startDay: Day | null
  absentFrom: Day | null
  absentUntil: Day | null
  posts: { code: AgencyCode; primary: boolean }[]
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
}

export type PersonMapping = {
  key: string
  attributes: {
    staffId?: string
    fullName: string
    agency: string
    primaryAgency?: string
    staffClass?: string
    title?: string
    phone?: string
    email?: string
    startDay?: string
    absentFrom?: string
    absentUntil?: string
  }
}

export type AgencyMapping = {
  key: string
  attributes: { code: string; name: string; level?: string; sector?: string }
  /** `dn`, or the attribute with the parent's code. */
  parent: string
}

/** Longest value we take. A longer name is an accident or an attack, and would break every page it stands on. */
const LONGEST = 200
const SHOWN_OF_A_BAD_VALUE = 60

type Field = { text: string | null } | { reason: RejectionReason; detail: string }

/** The attributes to ask the directory for. */
export function attributeNames(mapping: PersonMapping | AgencyMapping): string[] {
  const names = [mapping.key, ...Object.values(mapping.attributes)]
  if ('parent' in mapping && mapping.parent !== 'dn') names.push(mapping.parent)
  return [...new Set(names)]
}

export function toPerson(entry: DirectoryEntry, mapping: PersonMapping): StagedPerson | Rejection {
  const { attributes } = mapping
  const read = fields(entry, { key: mapping.key, ...attributes })
  const key = read.value('key')
  if (!key) return read.rejection('person', 'missing_key', '')
  if (read.problem) return read.rejection('person', read.problem.reason, read.problem.detail)
  const staffId = read.value('staffId')
  if (attributes.staffId && !staffId)
    return read.rejection('person', 'missing_staff_id', read.value('fullName') ?? '')
  const fullName = read.value('fullName')
  if (!fullName) return read.rejection('person', 'missing_name', staffId ?? '')
  const posts = postsOf(entry, attributes)
  if (posts.length === 0) return read.rejection('person', 'missing_agency', fullName)
  const days = daysOf(read)
  if ('reason' in days) return read.rejection('person', days.reason, days.detail)
  return {
    key,
    staffId,
    fullName,
    sortKey: sortKey(fullName),
    searchKey: foldText(fullName),
    staffClass: (read.value('staffClass') ?? '').toLowerCase(),
    title: read.value('title'),
    phone: read.value('phone'),
    email: parseAddress(read.value('email') ?? ''),
    ...days,
    posts,
  }
}

export function toAgency(
  entry: DirectoryEntry,
  mapping: AgencyMapping,
  levels: readonly string[],
): StagedAgency | Rejection {
  const read = fields(entry, { key: mapping.key, ...mapping.attributes })
  const key = read.value('key')
  if (!key) return read.rejection('agency', 'missing_key', '')
  if (read.problem) return read.rejection('agency', read.problem.reason, read.problem.detail)
  const code = parseAgencyCode(read.value('code') ?? '')
  if (!code) return read.rejection('agency', 'missing_code', read.value('name') ?? '')
  const level = read.value('level')
  if (level !== null && !levels.includes(level)) return read.rejection('agency', 'bad_level', level)
  const name = read.value('name') ?? code
  return {
    key,
    ...refsOf(entry, mapping, code),
    code,
    name,
    level,
    sector: read.value('sector'),
    sortKey: sortKeyOfTitle(name),
    searchKey: foldText(`${name} ${code}`),
  }
}

function refsOf(
  entry: DirectoryEntry,
  mapping: AgencyMapping,
  code: AgencyCode,
): { ownRef: string; parentRef: string | null } {
  if (mapping.parent === 'dn') return { ownRef: normaliseDn(entry.dn), parentRef: parentDn(entry.dn) }
  const parent = entry.attributes.get(mapping.parent.toLowerCase())?.[0]
  return { ownRef: code, parentRef: parent === undefined ? null : parseAgencyCode(parent) }
}

function postsOf(entry: DirectoryEntry, attributes: PersonMapping['attributes']): StagedPerson['posts'] {
  const primary = cleanText(entry.attributes.get((attributes.primaryAgency ?? '').toLowerCase())?.[0] ?? '')
  const codes = (entry.attributes.get(attributes.agency.toLowerCase()) ?? []).map(parseAgencyCode)
  const known = [...new Set(codes.filter(code => code !== null))]
  return known.map(code => ({ code, primary: code === primary }))
}

type Days = { startDay: Day | null; absentFrom: Day | null; absentUntil: Day | null }

function daysOf(read: ReturnType<typeof fields>): Days | { reason: RejectionReason; detail: string } {
  const days: Days = { startDay: null, absentFrom: null, absentUntil: null }
  for (const name of ['startDay', 'absentFrom', 'absentUntil'] as const) {
    const text = read.value(name)
    if (text === null) continue
    const day = parseDirectoryDay(text)
    if (!day) return { reason: 'bad_day', detail: text }
    days[name] = day
  }
  return days
}

/** `YYYY-MM-DD`, or the day of a generalized time (RFC 4517 section 3.3.13) as written, without moving its zone. */
export function parseDirectoryDay(text: string): Day | null {
  const generalized = /^(\d{4})(\d{2})(\d{2})(\d{2,6}([.,]\d+)?(Z|[+-]\d{2,4})?)?$/.exec(text)
  return parseDay(generalized ? `${generalized[1]}-${generalized[2]}-${generalized[3]}` : text)
}

/** Reads the first value of each named attribute, cleaned; remembers the first one that cannot be taken. */
function fields(entry: DirectoryEntry, names: { [field: string]: string | undefined }) {
  const values = new Map<string, string>()
  let problem: { reason: RejectionReason; detail: string } | null = null
  for (const [field, attribute] of Object.entries(names)) {
    if (attribute === undefined) continue
    const read = cleanValue(entry.attributes.get(attribute.toLowerCase())?.[0])
    if ('reason' in read) problem ??= { reason: read.reason, detail: `${attribute}: ${read.detail}` }
    else if (read.text !== null) values.set(field, read.text)
  }
  const key = values.get('key') ?? entry.dn.slice(0, LONGEST)
  return {
    problem,
    value: (field: string) => values.get(field) ?? null,
    rejection: (subject: 'person' | 'agency', reason: RejectionReason, detail: string): Rejection => ({
      subject,
      key,
      reason,
      detail: detail.slice(0, LONGEST),
    }),
  }
}

function cleanValue(raw: string | undefined): Field {
  if (raw === undefined) return { text: null }
  const text = cleanText(raw)
  if (text === '') return { text: null }
  const shown = text.slice(0, SHOWN_OF_A_BAD_VALUE).replace(/[\p{Cc}\p{Cs}]/gu, '�')
  if (text.length > LONGEST) return { reason: 'too_long', detail: `${shown}…` }
  if (/[\p{Cc}\p{Cs}�]/u.test(text)) return { reason: 'not_text', detail: shown }
  // marks that turn the direction of writing or cannot be seen have no place in a name and serve only to deceive
  return { text: text.replace(/[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu, '') || null }
}

/** A DN for comparison: case and blanks around the separators do not count (RFC 4518 section 2). */
export function normaliseDn(dn: string): string {
  return splitDn(dn).join(',')
}

/** The DN one level up, normalised; null at the top. */
export function parentDn(dn: string): string | null {
  const parts = splitDn(dn)
  return parts.length < 2 ? null : parts.slice(1).join(',')
}

function splitDn(dn: string): string[] {
  const parts: string[] = []
  let part = ''
  for (let i = 0; i < dn.length; i++) {
    const char = dn.charAt(i)
    if (char === '\\') {
      part += char + dn.charAt(++i)
    } else if (char === ',') {
      parts.push(part)
      part = ''
    } else part += char
  }
  parts.push(part)
  return parts.map(each =>
    each
      .normalize('NFC')
      .trim()
      .replace(/\s*=\s*/, '=')
      .replace(/\s+/g, ' ')
      .toLowerCase(),
  )
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
}
