/**
 * The encoding of LDAP (RFC 4511 section 5.1), read strictly: whatever does not fit exactly throws RangeError.
 *
 * ldapts 9.2.0 (pinned) writes requests well, but its reader is lenient: a result or a cookie that is cut off reads as
 * success or as the last page, and a value that is cut off is read for ever. Nor does it tell where a value lies.
 */

/** The universal, application and context tags of what may come back. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  octets: 0x04,
  enumerated: 0x0a,
  sequence: 0x30,
  set: 0x31,
  entry: 0x64,
  reference: 0x73,
  controls: 0xa0,
}

/** Far above any entry of text attributes, and low enough to tell that a length is none. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024

/** Bytes of the message that starts here, whether all have arrived or not; null while not even that can be told. */
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
  return size
}

/** Steps over values without copying them. */
export class Walk {
  readonly bytes: Buffer
  at: number

  constructor(bytes: Buffer, at: number) {
    this.bytes = bytes
    this.at = at
  }

  get tag(): number | undefined {
    return this.bytes[this.at]
  }

  /** Steps into the value that starts here; answers where it ends, which is not after `limit`. */
  enter(tag: number, limit: number): number {
    const { bytes, at } = this
    if (at + 2 > limit || bytes[at] !== tag) throw new RangeError('another part than belongs there')
    const first = bytes[at + 1] ?? 0
    const more = first < 0x80 ? 0 : first - 0x80
    if (first === 0x80 || more > 4 || at + 2 + more > limit) throw new RangeError('a length that is none')
    this.at = at + 2 + more
    const end = this.at + (more === 0 ? first : bytes.readUIntBE(at + 2, more))
    if (end > limit) throw new RangeError('a part longer than the whole')
    return end
  }

  /** As `enter`, of a value that has to be the last one before `limit`. */
  enterLast(tag: number, limit: number): void {
    if (this.enter(tag, limit) !== limit) throw new RangeError('something behind the end')
  }

  octets(limit: number, tag = TAG.octets): Buffer {
    const end = this.enter(tag, limit)
    const value = this.bytes.subarray(this.at, end)
    this.at = end
    return value
  }

  text(limit: number): string {
    const end = this.enter(TAG.octets, limit)
    const value = this.bytes.toString('utf8', this.at, end)
    this.at = end
    return value
  }

  /** Of at most 32 bits. */
  integer(limit: number, tag = TAG.integer): number {
    const end = this.enter(tag, limit)
    const size = end - this.at
    if (size < 1 || size > 4) throw new RangeError('a number that is none')
    const value = this.bytes.readIntBE(this.at, size)
    this.at = end
    return value
  }
}
