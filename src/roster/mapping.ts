/**
 * Configured mapping → functions that read a field from an entry: an attribute, a constant, a pattern with captures, a
 * table of values. Compiled once for a whole read.
 */
import { cleanText, streamSafe } from '../ids.ts'
import { unescapeValue } from './dn.ts'
import { foldText } from './name.ts'
import type { DirectoryEntry } from './sources/entry.ts'

export type FieldMapping =
  | string
  | { constant: string }
  | {
      attribute: string
      /** Its first group is the value, or all of its groups put into the template; no match is no value. */
      pattern?: string
      template?: string
      /** Value there → value here, compared folded. */
      values?: Record<string, string>
      otherwise?: string
    }

export type DisabledMapping = string | { attribute: string; bit: number }

/** How attributes are named in entries: in lower case by directories, folded by files with headings. */
export type NameKey = (name: string) => string

export const attributeKey: NameKey = name => name.toLowerCase()
export const headingKey: NameKey = name => foldText(name)

/** All values of the field in an entry, as sent. */
export type FieldReader = (entry: DirectoryEntry) => readonly string[]

const NONE: readonly string[] = []
const DN = 'dn'

/** The attribute a mapping reads, or null for a constant. */
export function attributeOf(mapping: FieldMapping): string | null {
  if (typeof mapping === 'string') return mapping
  return 'constant' in mapping ? null : mapping.attribute
}

export function fieldReader(mapping: FieldMapping | undefined, nameKey: NameKey): FieldReader {
  if (mapping === undefined) return () => NONE
  if (typeof mapping !== 'string' && 'constant' in mapping) {
    const values = [mapping.constant]
    return () => values
  }
  const name = typeof mapping === 'string' ? mapping : mapping.attribute
  const key = nameKey(name)
  const raw: FieldReader =
    name.toLowerCase() === DN ? entry => [entry.dn] : entry => entry.attributes.get(key) ?? NONE
  if (typeof mapping === 'string') return raw
  const { pattern, template, values, otherwise } = mapping
  const plain = name.toLowerCase() === DN ? unescapeValue : (value: string) => value
  const captured = pattern === undefined ? null : capture(new RegExp(pattern, 'iu'), { template, plain })
  const table = values === undefined ? null : valueTable(values, otherwise)
  return entry => {
    const found = captured === null ? raw(entry) : raw(entry).flatMap(captured)
    return table === null ? found : found.map(table)
  }
}

/** What a group catches of a DN is as it was before it was escaped there. */
type Captured = { template: string | undefined; plain: (value: string) => string }

function capture(pattern: RegExp, { template, plain }: Captured): (value: string) => string[] {
  return value => {
    const match = pattern.exec(streamSafe(value).normalize('NFC'))
    if (!match) return []
    if (template === undefined) return [plain(match[1] ?? match[0])]
    return [template.replace(/\$(\d)/g, (_, group: string) => plain(match[Number(group)] ?? ''))]
  }
}

function valueTable(
  values: Record<string, string>,
  otherwise: string | undefined,
): (value: string) => string {
  const table = new Map(Object.entries(values).map(([from, to]) => [foldText(from), to]))
  return value => table.get(foldText(value)) ?? otherwise ?? value
}

const OFF = new Set(['', '0', 'false', 'no', 'không', 'khong'])

/** Whether an entry is switched off. A number that cannot be read switches nothing off. */
export function disabledReader(
  mapping: DisabledMapping | undefined,
  nameKey: NameKey,
): (entry: DirectoryEntry) => boolean {
  if (mapping === undefined) return () => false
  if (typeof mapping === 'string') {
    const key = nameKey(mapping)
    return entry => !OFF.has(cleanText(entry.attributes.get(key)?.[0] ?? '').toLowerCase())
  }
  const key = nameKey(mapping.attribute)
  return entry => {
    const value = entry.attributes.get(key)?.[0] ?? ''
    return /^-?\d+$/.test(value) && (BigInt(value) & BigInt(mapping.bit)) !== 0n
  }
}
