/**
 * Reads what a directory sends: the frame of a message, an entry, a result.
 *
 * Strict where ldapts 9.2.0 (pinned) is lenient: there a result or a cookie that is cut off reads as
 * success or as the last page, and a value that is cut off is read for ever. Whatever does not fit exactly
 * throws RangeError here, or ldapts' InvalidAsn1Error.
 */
import { BerReader, PagedResultsControl } from 'ldapts'
import { AppError } from '../../error.ts'
import { type DirectoryEntry, guidText } from './entry.ts'

/** An LDAPResult (RFC 4511 section 4.1.9) with what came before it. */
export type Answer = {
  status: number
  /** The server's own words, for the log. */
  diagnostic: string
  /** Of the paged results control; null where the answer had none. */
  cookie: Buffer | null
  entries: DirectoryEntry[]
}

/** RFC 4511 section 4: the application and universal tags of what may come back. */
export const TAG = { octets: 0x04, sequence: 0x30, set: 0x31, entry: 0x64, reference: 0x73, controls: 0xa0 }
/** Of the result of a bind, a search, an extended operation. */
export const RESULT_TAGS = [0x61, 0x65, 0x78]
/** Far above any entry of text attributes, and low enough to tell that a length is none. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024

/** Bytes of the message that starts here, or null while it has not fully arrived. */
export function messageSize(bytes: Buffer, start: number): number | null {
  const left = bytes.length - start
  if (left > 0 && bytes[start] !== TAG.sequence) throw new RangeError('a message that is no sequence')
  const first = bytes[start + 1]
  if (first === undefined) return null
  const more = first < 0x80 ? 0 : first - 0x80
  if (first === 0x80 || more > 4) throw new RangeError('a length in a form that LDAP does not use')
  if (left < 2 + more) return null
  const size = 2 + more + (more === 0 ? first : bytes.readUIntBE(start + 2, more))
  if (size > MAX_MESSAGE_BYTES) throw new RangeError(`a message of ${size} bytes`)
  return size <= left ? size : null
}

/** Steps into a constructed value; answers where it ends. */
export function enter(reader: BerReader, tag?: number): number {
  if (reader.readSequence(tag) === null || reader.length > reader.remain) throw new RangeError('cut off')
  return reader.offset + reader.length
}

function each(reader: BerReader, tag: number, read: () => void): void {
  const end = enter(reader, tag)
  while (reader.offset < end) read()
  if (reader.offset !== end) throw new RangeError('a part longer than the whole')
}

function octets(reader: BerReader, tag = TAG.octets): Buffer {
  const end = enter(reader, tag)
  const value = reader.buffer.subarray(reader.offset, end)
  reader.offset = end
  return value
}

/** Without a view of the bytes in between: most of the time of a large reading is spent here. */
function text(reader: BerReader): string {
  const end = enter(reader, TAG.octets)
  const value = reader.buffer.toString('utf8', reader.offset, end)
  reader.offset = end
  return value
}

export function readEntry(reader: BerReader, binary: ReadonlySet<string>): DirectoryEntry {
  const dn = text(reader)
  const attributes = new Map<string, string[]>()
  each(reader, TAG.sequence, () => {
    enter(reader, TAG.sequence)
    const name = attributeName(text(reader))
    const readValue = binary.has(name) ? bytesReader(name) : text
    const values: string[] = []
    each(reader, TAG.set, () => values.push(readValue(reader)))
    attributes.set(name, values)
  })
  return { dn, attributes }
}

/** Active Directory sends more than 1,500 values in parts, `member;range=0-1499`; only `-*` has the last one. */
function attributeName(name: string): string {
  const range = /;range=(\d+)-(\d+|\*)/i.exec(name)
  if (!range) return name.toLowerCase()
  if (range[1] === '0' && range[2] === '*') return name.replace(range[0], '').toLowerCase()
  throw new AppError('read_incomplete', `the directory sends ${name} in parts: do not ask for that attribute`)
}

function bytesReader(name: string): (reader: BerReader) => string {
  return name === 'objectguid' ? reader => guidText(octets(reader)) : reader => octets(reader).toString('hex')
}

export function readResult(reader: BerReader): Omit<Answer, 'entries'> {
  const status = reader.readEnumeration()
  if (status === null) throw new RangeError('a result without a code')
  octets(reader) // the DN that matched
  const diagnostic = text(reader)
  let cookie: Buffer | null = null
  while (reader.remain > 0) {
    const tag = reader.peek() ?? 0
    if (tag !== TAG.controls)
      octets(reader, tag) // referral, SASL credentials, name or value of an extension
    else each(reader, tag, () => (cookie = readCookie(reader) ?? cookie))
  }
  return { status, diagnostic, cookie }
}

/** The cookie, if the control that starts here is the one of RFC 2696. */
function readCookie(reader: BerReader): Buffer | null {
  const end = enter(reader, TAG.sequence)
  const type = text(reader)
  if (reader.offset < end && reader.peek() === 0x01) reader.readBoolean()
  const value = reader.offset < end ? octets(reader) : null
  if (type !== PagedResultsControl.type || value === null) return null
  const inner = new BerReader(value)
  enter(inner, TAG.sequence)
  if (inner.readInt() === null) throw new RangeError('a paging control without a size')
  return Buffer.from(octets(inner)) // a copy, so that the page it came with can be freed
}
