/**
 * Bytes of an LDIF file → its entries (RFC 2849 page 2, the content form).
 *
 * More lenient than the grammar where nothing is lost by it: values in UTF-8 without base64, as many tools write them,
 * any blanks after the colon, a byte order mark, line breaks of either kind. Whatever else does not fit throws
 * `read_incomplete` with the line: a file half understood is a file half read.
 */
import { AppError } from '../../error.ts'
import { digestOf } from './digest.ts'
import { bytesText, type DirectoryEntry, isBinary } from './entry.ts'

const LINE_FEED = 10
const CARRIAGE_RETURN = 13
const LINE_END = Buffer.from([LINE_FEED])
const SPACE = 32
const HASH = 35
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf])
/** A line with all its continuations. Far above any name, and enough for a photograph. */
const MAX_LINE_BYTES = 4 * 1024 * 1024
/** As much as a directory may send for one entry. */
const MAX_ENTRY_BYTES = 16 * 1024 * 1024

/** RFC 4512 section 2.5: a name or an OID, then options; then `:`, `::` or `:<`. */
const LINE = /^([a-z][a-z0-9-]*|[0-9]+(?:\.[0-9]+)*)((?:;[a-z0-9-]+)*):([:<]?) *(.*)$/is
const BASE64 = /^(?:[a-z0-9+/]{4})*(?:[a-z0-9+/]{2}==|[a-z0-9+/]{3}=)?$/i

/** A record while it is read; `lines` are its own, unfolded, without comments. */
type Open = { dn: string; attributes: Map<string, string[]>; lines: Buffer[]; bytes: number }

class LdifEntry implements DirectoryEntry {
  readonly dn: string
  readonly attributes: ReadonlyMap<string, readonly string[]>
  readonly #lines: readonly Buffer[]
  #digest: bigint | null = null

  constructor({ dn, attributes, lines }: Open) {
    this.dn = dn
    this.attributes = attributes
    this.#lines = lines
  }

  get digest(): bigint {
    this.#digest ??= digestOf(Buffer.concat(this.#lines.flatMap(line => [line, LINE_END])))
    return this.#digest
  }
}

export class LdifParser {
  readonly #path: string
  /** Bytes after the last line feed. */
  #rest: Buffer = Buffer.alloc(0)
  #number = 0
  /** The line that may still be continued; empty where there is none. */
  #line: Buffer[] = []
  #lineBytes = 0
  #lineNumber = 0
  #entry: Open | null = null
  #sawRecord = false
  #done: DirectoryEntry[] = []

  constructor(path: string) {
    this.#path = path
  }

  /** Takes the next bytes and answers the entries they completed. */
  take(chunk: Buffer): DirectoryEntry[] {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    if (this.#number === 0) bytes = this.#withoutMark(bytes)
    let from = 0
    for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, from)) {
      const end = at > from && bytes[at - 1] === CARRIAGE_RETURN ? at - 1 : at
      this.#takeLine(bytes.subarray(from, end))
      from = at + 1
    }
    this.#rest = bytes.subarray(from)
    if (this.#rest.length > MAX_LINE_BYTES) throw this.#unreadable('a line is too long to be one')
    return this.#done.splice(0)
  }

  /** Ends the file; answers the entry that no empty line ended. */
  end(): DirectoryEntry | null {
    if (this.#rest.length > 0) {
      throw this.#unreadable('it ends within a line: it was cut off, or its last line lacks the line break')
    }
    this.#endLine()
    this.#endEntry()
    return this.#done.shift() ?? null
  }

  #withoutMark(bytes: Buffer): Buffer {
    if (bytes.length >= 2 && (bytes.readUInt16BE() === 0xfffe || bytes.readUInt16BE() === 0xfeff)) {
      throw this.#unreadable('it is UTF-16; save it as UTF-8')
    }
    return bytes.subarray(0, 3).equals(BYTE_ORDER_MARK) ? bytes.subarray(3) : bytes
  }

  #takeLine(line: Buffer): void {
    this.#number += 1
    if (line.length > 0 && line[0] === SPACE) {
      if (this.#line.length === 0) throw this.#unreadable('it goes on with a line that did not begin')
      this.#add(line.subarray(1))
      return
    }
    this.#endLine()
    if (line.length === 0) this.#endEntry()
    else {
      this.#lineNumber = this.#number
      this.#add(line)
    }
  }

  #add(part: Buffer): void {
    this.#lineBytes += part.length
    if (this.#lineBytes > MAX_LINE_BYTES) throw this.#unreadable('a value is too long to be one')
    this.#line.push(part)
  }

  #endLine(): void {
    if (this.#line.length === 0) return
    const [first] = this.#line
    const line = this.#line.length === 1 && first ? first : Buffer.concat(this.#line)
    const bytes = this.#lineBytes
    this.#line = []
    this.#lineBytes = 0
    if (line[0] !== HASH) this.#takeLogicalLine(line, bytes)
  }

  #takeLogicalLine(line: Buffer, bytes: number): void {
    const [, type = '', options = '', form, rest = ''] = LINE.exec(line.toString('utf8')) ?? []
    if (type === '') throw this.#unreadable('this is no line of a directory file (name: value)')
    const name = `${type}${options}`.toLowerCase()
    if (form === '<')
      throw this.#unreadable(`${name} refers to another file or address, which is not followed`)
    const value = form === ':' ? this.#decode(name, rest) : rest
    if (this.#entry) this.#addValue(this.#entry, name, value, bytes)
    else this.#begin(name, value)
    this.#entry?.lines.push(line)
  }

  #begin(name: string, value: string): void {
    if (name === 'version' && !this.#sawRecord) {
      if (value.trim() !== '1')
        throw this.#unreadable(`version ${value} of the format is not known, only 1 is`)
      this.#sawRecord = true
    } else if (name === 'dn') {
      this.#sawRecord = true
      this.#entry = { dn: value, attributes: new Map(), lines: [], bytes: 0 }
    } else {
      const hint = name === 'search' || name === 'result' ? '; with ldapsearch, write the file by -LLL' : ''
      throw this.#unreadable(`a record begins with ${name} instead of dn${hint}`)
    }
  }

  #addValue(entry: Open, name: string, value: string, bytes: number): void {
    if (name === 'changetype' || name === 'control') {
      throw this.#unreadable('this record is a change; a roster is read from a full export, not from changes')
    }
    if (name === 'dn') throw this.#unreadable('a record has two dn: an empty line is missing before it')
    entry.bytes += bytes
    if (entry.bytes > MAX_ENTRY_BYTES) throw this.#unreadable('a record is too long to be one')
    const values = entry.attributes.get(name)
    if (values) values.push(value)
    else entry.attributes.set(name, [value])
  }

  #endEntry(): void {
    const entry = this.#entry
    this.#entry = null
    if (!entry) return
    if (entry.attributes.size === 0) throw this.#unreadable(`the record ${entry.dn.slice(0, 100)} is empty`)
    this.#done.push(new LdifEntry(entry))
  }

  /** Bytes that are not UTF-8 become U+FFFD, by which whoever interprets the value rejects the entry. */
  #decode(name: string, base64: string): string {
    const packed = base64.trim()
    if (!BASE64.test(packed)) throw this.#unreadable(`the value of ${name} is no base64`)
    const bytes = Buffer.from(packed, 'base64')
    return isBinary(name) ? bytesText(name, bytes) : bytes.toString('utf8')
  }

  #unreadable(what: string): AppError {
    const line = this.#line.length > 0 ? this.#number : this.#lineNumber || this.#number
    return new AppError('read_incomplete', `${this.#path}, line ${Math.max(line, 1)}: ${what}`, {
      details: { path: this.#path, line },
    })
  }
}
