/**
 * Distinguished names (RFC 4514) for comparison: the same name is the same text here, however it was written.
 *
 * Escapes are undone, since a server writes `\2C` where an administrator writes `\,`. Case, blanks at the ends and
 * at separators, and repeated blanks do not count (RFC 4518 section 2); nor does the order within a name of several
 * values.
 */
import { streamSafe } from '../ids.ts'

/** A DN for comparison. */
export function normaliseDn(dn: string): string {
  return namesOf(dn).join(',')
}

/** The DN one level up, for comparison; null at the top. */
export function parentDn(dn: string): string | null {
  const names = namesOf(dn)
  return names.length < 2 ? null : names.slice(1).join(',')
}

/** How many names a DN has; 0 for the empty one. */
export function dnDepth(dn: string): number {
  return dn.trim() === '' ? 0 : splitAt(dn, ',').length
}

function namesOf(dn: string): string[] {
  return splitAt(dn, ',').map(name => {
    const parts = splitAt(name, '+')
    const [only = ''] = parts
    return parts.length === 1 ? normalisePart(only) : parts.map(normalisePart).sort().join('+')
  })
}

/** Splits where the separator stands without a backslash. */
function splitAt(text: string, separator: ',' | '+'): string[] {
  if (!text.includes('\\')) return text.split(separator)
  const parts: string[] = []
  let start = 0
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    if (char === '\\') at++
    else if (char === separator) {
      parts.push(text.slice(start, at))
      start = at + 1
    }
  }
  parts.push(text.slice(start))
  return parts
}

/** `type=value`. */
function normalisePart(part: string): string {
  const at = part.indexOf('=')
  const value = fold(unescapeValue(part.slice(at + 1)))
  // what would end a name is escaped again, in one way
  return `${part
    .slice(0, at + 1)
    .trim()
    .replace(/\s+/g, '')
    .toLowerCase()}${value.replace(/[\\,+]/g, '\\$&')}`
}

function fold(value: string): string {
  return streamSafe(value).normalize('NFKC').trim().replace(/\s+/gu, ' ').toLowerCase()
}

/** A value as it is meant: `\,` is the character, `\2c` a byte of UTF-8; several of these make one character. */
export function unescapeValue(value: string): string {
  if (!value.includes('\\')) return value
  return value.replace(/((?:\\[0-9a-f]{2})+)|\\(.)/giu, (_, bytes: string | undefined, plain: string) =>
    bytes === undefined ? plain : utf8(bytes.split('\\').slice(1)),
  )
}

function utf8(hex: string[]): string {
  return new TextDecoder().decode(Uint8Array.from(hex, byte => Number.parseInt(byte, 16)))
}
