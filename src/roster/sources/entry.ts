/**
 * One entry as a directory, or a file in a directory's format, gave it; nothing is interpreted yet.
 *
 * Keys are attribute names in lower case, options such as `;lang-vi` kept. Values are text as sent, not
 * normalised; bytes that are not UTF-8 stand as U+FFFD, so that a reader can see and reject them. Binary
 * attributes are text too: `objectguid` as a GUID, others as lower-case hexadecimal digits.
 */
export type DirectoryEntry = { dn: string; attributes: ReadonlyMap<string, readonly string[]> }
