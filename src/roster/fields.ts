/** The fields of one entry, each cleaned and looked at: what of it can be taken, and why the rest cannot. */
import { cleanText, isClean } from '../ids.ts'
import { attributeOf, type FieldMapping, type FieldReader, fieldReader, type NameKey } from './mapping.ts'
import { maskNumber, maskNumbers } from './personal-number.ts'
import type { Rejection, RejectionReason } from './roster.ts'
import type { DirectoryEntry } from './sources/entry.ts'

/** Longest value we take. A longer name is an accident or an attack, and would break every page it stands on. */
export const LONGEST = 200
const SHOWN_OF_A_BAD_VALUE = 60

type Fault = { reason: RejectionReason; detail: string }
type Field = { text: string | null } | Fault

/** How a field is read, and the attribute it is read from, as entries call it. */
type Reader = { read: FieldReader; from: string }
export type Readers = ReadonlyMap<string, Reader>

export function readersOf(
  mappings: { [field: string]: FieldMapping | undefined },
  nameKey: NameKey,
): Readers {
  return new Map(
    Object.entries(mappings).flatMap(([field, mapping]) => {
      if (mapping === undefined) return []
      const from = nameKey(attributeOf(mapping) ?? '')
      return [[field, { read: fieldReader(mapping, nameKey), from }] as const]
    }),
  )
}

/** Fields that name an agency; all their values are read elsewhere. */
const MANY = new Set(['agency', 'agencyName'])
/** Fields that decide who somebody is: a damaged one rejects the entry, of another only the value is left out. */
const DECIDING = new Set(['key', 'staffId', 'fullName', 'familyName', 'givenName', 'agency', 'code', 'name'])

/** The first value of each field, cleaned, and what cannot be taken: of the whole entry the first such thing. */
export class Fields {
  readonly key: string
  readonly problem: Fault | null
  readonly dropped: Rejection[]
  readonly #entry: DirectoryEntry
  readonly #values = new Map<string, string>()

  constructor(entry: DirectoryEntry, readers: Readers) {
    this.#entry = entry
    const faults: { field: string; fault: Fault }[] = []
    let problem: Fault | null = entry.problem ?? null
    for (const [field, { read: reader, from }] of readers) {
      const read = cleanValue(reader(entry)[0])
      const note = entry.notes?.get(from) ?? null
      const fault = note ?? ('reason' in read ? read : null)
      if (fault === null) {
        if ('text' in read && read.text !== null && !MANY.has(field)) this.#values.set(field, read.text)
      } else if (note === null || DECIDING.has(field)) {
        problem ??= { reason: fault.reason, detail: `${field}: ${fault.detail}` }
      } else faults.push({ field, fault })
    }
    this.problem = problem
    this.key = this.#values.get('key') ?? (entry.dn.slice(0, LONGEST) || `${entry.row ?? ''}`)
    this.dropped = faults.map(({ field, fault: { reason, detail } }) =>
      this.rejection(
        'value',
        reason,
        `${field}: ${field === 'personalNumber' ? maskNumber(detail) : detail}`,
      ),
    )
  }

  value(field: string): string | null {
    return this.#values.get(field) ?? null
  }

  rejection(subject: Rejection['subject'], reason: RejectionReason, detail: string): Rejection {
    const { row, cells } = this.#entry
    return {
      subject,
      key: this.key,
      reason,
      detail: maskNumbers(detail).slice(0, LONGEST),
      ...(row === undefined ? {} : { row, ...(cells ? { cells } : {}) }),
    }
  }

  drop(reason: RejectionReason, detail: string): void {
    this.dropped.push(this.rejection('value', reason, detail))
  }
}

const NO_VALUE = { text: null }
const NO_TEXT = /[\p{Cc}\p{Cs}�]/u
/** Marks that turn the direction of writing or cannot be seen: they have no place in a name and serve only to deceive. */
const UNSEEN = /[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu

function cleanValue(raw: string | undefined): Field {
  if (raw === undefined) return NO_VALUE
  if (raw.length <= LONGEST && isClean(raw)) return { text: raw }
  const text = cleanText(raw)
  if (text === '') return NO_VALUE
  if (text.length <= LONGEST && !NO_TEXT.test(text)) return { text: text.replace(UNSEEN, '') || null }
  const shown = text.slice(0, SHOWN_OF_A_BAD_VALUE).replace(/[\p{Cc}\p{Cs}]/gu, '�')
  return text.length > LONGEST
    ? { reason: 'too_long', detail: `${shown}…` }
    : { reason: 'not_text', detail: shown }
}
