/**
 * One entry as a directory, or a file in a directory's format, gave it; nothing is interpreted yet.
 *
 * Keys are attribute names in lower case, options such as `;lang-vi` kept. Values are text as sent, not
 * normalised; bytes that are not UTF-8 stand as U+FFFD, so that a reader can see and reject them. Binary
 * attributes are text too: `objectguid` as a GUID, others as lower-case hexadecimal digits.
 */
export type DirectoryEntry = { dn: string; attributes: ReadonlyMap<string, readonly string[]> }

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
