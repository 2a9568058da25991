/**
 * An entry as a directory sent it: checked at once from its first byte to its last, read only when somebody asks.
 *
 * Of a directory that has not changed only the digests are looked at, and to read names and values would take most
 * of the time. What is checked cannot fail later: an entry that was cut off or damaged is found before it is handed out.
 */
import { digestOf } from './digest.ts'
import { bytesText, type DirectoryEntry, isBinary } from './entry.ts'
import { TAG, Walk } from './ldap-bytes.ts'

/** Where something lies in the bytes of a message. */
export type Span = { bytes: Buffer; start: number; end: number }

/** What one search has to know of its entries while they arrive. */
export type Reader = {
  /** Attributes that are bytes, besides those that always are. */
  binary: ReadonlySet<string>
  /** An attribute whose highest value is remembered, in lower case; values of one length sort by their bytes. */
  highest: { name: string; value: string } | null
}

/** Active Directory sends more than 1,500 values in parts, `member;range=0-1499`; only `-*` has the last one. */
const RANGE = /;range=(\d+)-(\d+|\*)/i

export type Part = { name: string; from: number; to: number | null }

/** Which part of an attribute this name announces; null for all of it. */
export function parseRange(name: string): Part | null {
  const [range, from, to] = RANGE.exec(name) ?? []
  if (range === undefined) return null
  return { name: name.replace(range, ''), from: Number(from), to: to === '*' ? null : Number(to) }
}

export class LdapEntry implements DirectoryEntry {
  readonly #span: Span
  readonly #binary: ReadonlySet<string>
  #dn: string | null = null
  #digest: bigint | null = null
  #attributes: ReadonlyMap<string, string[]> | null = null
  /** Further parts of attributes that came in parts, by answers of their own. */
  readonly #more: LdapEntry[] = []
  /** Attributes of which only a part came. */
  readonly parts: readonly Part[]

  /** Checks the bytes of a SearchResultEntry, without tag and length. Throws RangeError for what is none. */
  constructor(span: Span, { binary, highest }: Reader) {
    this.#span = span
    this.#binary = binary
    this.parts = check(span, highest)
  }

  get dn(): string {
    this.#dn ??= new Walk(this.#span.bytes, this.#span.start).text(this.#span.end)
    return this.#dn
  }

  get digest(): bigint {
    if (this.#digest !== null) return this.#digest
    const own = this.#own()
    const all = this.#more.length === 0 ? own : Buffer.concat([own, ...this.#more.map(each => each.#own())])
    this.#digest = digestOf(all)
    return this.#digest
  }

  get attributes(): ReadonlyMap<string, readonly string[]> {
    this.#attributes ??= this.#read()
    return this.#attributes
  }

  /** How many names stand in the DN: enough to tell most entries from the one at the base. */
  get depth(): number {
    const walk = new Walk(this.#span.bytes, this.#span.start)
    const end = walk.enter(TAG.octets, this.#span.end)
    let depth = end === walk.at ? 0 : 1
    for (let at = walk.at; at < end; at++) {
      if (walk.bytes[at] === 0x5c) at++
      else if (walk.bytes[at] === 0x2c) depth++
    }
    return depth
  }

  /** Takes the next parts of this entry, from an answer that was asked for them. */
  add(more: LdapEntry): void {
    this.#more.push(more)
    this.#digest = null
    this.#attributes = null
  }

  #own(): Buffer {
    return this.#span.bytes.subarray(this.#span.start, this.#span.end)
  }

  #read(): Map<string, string[]> {
    const attributes = readAttributes(this.#span, this.#binary)
    for (const more of this.#more) {
      for (const [name, values] of readAttributes(more.#span, this.#binary)) {
        if (values.length > 0) attributes.set(name, [...(attributes.get(name) ?? []), ...values])
      }
    }
    return attributes
  }
}

/** Walks over every part of the entry, which has to fill its bytes exactly; answers which attributes came in parts. */
function check({ bytes, start, end }: Span, highest: Reader['highest']): Part[] {
  const parts: Part[] = []
  const walk = new Walk(bytes, start)
  walk.at = walk.enter(TAG.octets, end)
  walk.enterLast(TAG.sequence, end)
  while (walk.at < end) {
    const attributeEnd = walk.enter(TAG.sequence, end)
    const nameEnd = walk.enter(TAG.octets, attributeEnd)
    const nameStart = walk.at
    walk.at = nameEnd
    const isWatched = highest !== null && isNamed(bytes, nameStart, nameEnd, highest.name)
    const part = partNamed(bytes, nameStart, nameEnd)
    if (part !== null) parts.push(part)
    walk.enterLast(TAG.set, attributeEnd)
    while (walk.at < attributeEnd) {
      const valueEnd = walk.enter(TAG.octets, attributeEnd)
      if (isWatched) raise(highest, bytes.toString('latin1', walk.at, valueEnd))
      walk.at = valueEnd
    }
  }
  return parts
}

const SEMICOLON = 0x3b

/** Only names with an option are looked at as text. */
function partNamed(bytes: Buffer, start: number, end: number): Part | null {
  for (let at = start; at < end; at++) {
    if (bytes[at] === SEMICOLON) return parseRange(bytes.toString('utf8', start, end))
  }
  return null
}

function isNamed(bytes: Buffer, start: number, end: number, name: string): boolean {
  return end - start === name.length && bytes.toString('latin1', start, end).toLowerCase() === name
}

function raise(highest: { value: string }, value: string): void {
  if (value > highest.value) highest.value = value
}

/** A part's values go to the attribute as a whole; beside a part some servers send the attribute empty. */
function readAttributes({ bytes, start, end }: Span, binary: ReadonlySet<string>): Map<string, string[]> {
  const attributes = new Map<string, string[]>()
  const walk = new Walk(bytes, start)
  walk.at = walk.enter(TAG.octets, end)
  walk.enter(TAG.sequence, end)
  while (walk.at < end) {
    const attributeEnd = walk.enter(TAG.sequence, end)
    const { name, isBinary: always } = nameAt(walk, attributeEnd)
    const isBytes = always || binary.has(name)
    walk.enter(TAG.set, attributeEnd)
    const values = attributes.get(name) ?? []
    while (walk.at < attributeEnd) {
      const valueEnd = walk.enter(TAG.octets, attributeEnd)
      values.push(
        isBytes
          ? bytesText(name, bytes.subarray(walk.at, valueEnd))
          : bytes.toString('utf8', walk.at, valueEnd),
      )
      walk.at = valueEnd
    }
    attributes.set(name, values)
  }
  return attributes
}

/** An attribute as entries call it; `sent` are the bytes of its name with its options. */
type Name = { sent: Buffer; name: string; isBinary: boolean }

/** Entry after entry has the same few names in the same order: they are compared by their bytes and not read anew. */
const NAMES_KEPT = 64
const knownNames: Name[] = []
let nextName = 0

function nameAt(walk: Walk, limit: number): Name {
  const end = walk.enter(TAG.octets, limit)
  const { bytes, at } = walk
  walk.at = end
  for (let tried = 0; tried < knownNames.length; tried++) {
    if (nextName >= knownNames.length) nextName = 0
    const known = knownNames[nextName++]
    if (known && isSent(known.sent, bytes, at, end)) return known
  }
  const sent = bytes.toString('utf8', at, end).toLowerCase()
  const name = sent.includes(';range=') ? (parseRange(sent)?.name ?? sent) : sent
  const found = { sent: Buffer.from(bytes.subarray(at, end)), name, isBinary: isBinary(name) }
  if (knownNames.length < NAMES_KEPT) nextName = knownNames.push(found)
  return found
}

function isSent(sent: Buffer, bytes: Buffer, start: number, end: number): boolean {
  if (end - start !== sent.length) return false
  for (let at = 0; at < sent.length; at++) if (sent[at] !== bytes[start + at]) return false
  return true
}
