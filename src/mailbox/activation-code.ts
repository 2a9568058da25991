/**
 * The two forms of what opens an invitation: the token of a link (256 random bits, base64url) and a code for typing in
 * (60 bits, `XXXX-XXXX-XXXX`). Pure: the random bytes come in.
 */

/** Crockford's base 32: no I, L, O, U, so that nothing is read as something else. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const LENGTH = 12
const GROUP = 4

/** Bytes a code is made of; one character takes five bits. */
export const CODE_BYTES = 8

/** The code of so many random bytes. The topmost bits that make no whole character are left out. */
export function codeOf(bytes: Uint8Array): string {
  let rest = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
  let text = ''
  for (let at = 0; at < LENGTH; at++) {
    text = ALPHABET.charAt(Number(rest & 31n)) + text
    rest >>= 5n
  }
  return grouped(text)
}

function grouped(text: string): string {
  return (text.match(new RegExp(`.{${GROUP}}`, 'g')) ?? []).join('-')
}

/**
 * A typed code in its one form, or null where it can be none: small letters, other or no separators, and the letters that
 * people take for digits (Crockford: O is 0, I and L are 1) are settled.
 */
export function parseCode(text: string): string | null {
  const bare = text
    .normalize('NFKC')
    .toUpperCase()
    .replace(/[\s\p{Pd}_.]/gu, '')
    .replaceAll('O', '0')
    .replace(/[IL]/g, '1')
  return /^[0-9A-HJKMNP-TV-Z]{12}$/.test(bare) ? grouped(bare) : null
}

const TOKEN = /^[A-Za-z0-9_-]{43}$/

export type Key = { kind: 'token'; token: string } | { kind: 'code'; code: string }

/** What an address carries, or null where it can be neither. */
export function parseKey(text: string): Key | null {
  if (TOKEN.test(text)) return { kind: 'token', token: text }
  const code = parseCode(text)
  return code === null ? null : { kind: 'code', code }
}
