import type { RejectionReason } from '../roster.ts'

/**
 * One entry as a directory, or a file in a directory's format, gave it; nothing is interpreted yet.
 *
 * Keys are attribute names in lower case, options such as `;lang-vi` kept. Values are text as sent, not
 * normalised; bytes that are not UTF-8 stand as U+FFFD, so that a reader can see and reject them. Binary
 * attributes are text too: `objectguid` as a GUID, others as lower-case hexadecimal digits.
 */
export type DirectoryEntry = {
  readonly dn: string
  /** May be read out of the entry's bytes only when asked for. */
  readonly attributes: ReadonlyMap<string, readonly string[]>
  /**
   * 64 bits, unsigned, over the entry as it came. The same digest means the same entry, read the same way; a
   * different one may still be the same entry, since a directory may send its attributes in another order.
   */
  readonly digest?: bigint
  /** Of a file: the line or row, from 1, and its cells as they stood. */
  readonly row?: number
  readonly cells?: readonly string[]
  /** Why the whole row cannot be taken. */
  readonly problem?: { reason: RejectionReason; detail: string }
  /** Attributes whose value was damaged before it came to us, and how. */
  readonly notes?: ReadonlyMap<string, { reason: RejectionReason; detail: string }>
}

/** Whether an attribute is bytes by its nature: Active Directory's identifiers, and the transfer option of RFC 4522. */
export function isBinary(name: string): boolean {
  return name === 'objectguid' || name === 'objectsid' || name.endsWith(';binary')
}

/** A binary value as text. */
export function bytesText(name: string, bytes: Buffer): string {
  return name === 'objectguid' ? guidText(bytes) : bytes.toString('hex')
}

/** The bytes of an objectGUID as text in the usual spelling: the first three groups are little-endian (MS-DTYP section 2.3.4). */
export function guidText(bytes: Buffer): string {
  const hex = bytes.toString('hex')
  if (bytes.length !== 16) return hex
  const group = (value: number, digits: number) => value.toString(16).padStart(digits, '0')
  const first = group(bytes.readUInt32LE(0), 8)
  return [
    first,
    group(bytes.readUInt16LE(4), 4),
    group(bytes.readUInt16LE(6), 4),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-')
}
