/** Which passwords an operator may have. Pure: the list of leaked ones comes in as a function. */

import { commonPasswords } from './common-passwords.ts'

/** NIST SP 800-63B-4, 3.1.1.2, asks for 15 where it is the only factor and allows rate limiting to weigh in. */
export const PASSWORD_LEAST = 12
export const PASSWORD_MOST = 256

export type PasswordProblem = 'short' | 'long' | 'name' | 'leaked' | 'simple'

/** What is wrong with a password, or null. `isLeaked` is asked in small letters. */
export function passwordProblem(
  password: string,
  name: string,
  isLeaked: (text: string) => boolean,
): PasswordProblem | null {
  const length = [...password].length
  if (length < PASSWORD_LEAST) return 'short'
  if (length > PASSWORD_MOST) return 'long'
  const folded = fold(password)
  if (holdsName(folded, name)) return 'name'
  if (isSimple(folded)) return 'simple'
  const known = (text: string) => commonPasswords.has(text) || isLeaked(text)
  return isLeaked(password.toLowerCase()) || madeOfKnown(folded, known) ? 'leaked' : null
}

/** Small letters without diacritics, blanks and separators: `Mật khẩu` is `matkhau`. */
function fold(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{Mn}/gu, '')
    .replace(/đ/gi, 'd')
    .toLowerCase()
    .replace(/[\s._-]/g, '')
}

function holdsName(folded: string, name: string): boolean {
  const own = fold(name.split('@')[0] ?? '')
  return own.length >= 3 && folded.includes(own)
}

/** The same few characters over and over, or one piece repeated. */
function isSimple(folded: string): boolean {
  return new Set(folded).size < 5 || /^(.{1,6})\1+.{0,2}$/u.test(folded)
}

/** Known as a whole, or two known pieces put together, with or without signs at the end. */
function madeOfKnown(folded: string, known: (text: string) => boolean): boolean {
  const bare = folded.replace(/[^\p{L}\p{N}]+$/u, '')
  if (known(folded) || known(bare)) return true
  for (let at = 2; at <= bare.length - 2; at++)
    if (known(bare.slice(0, at)) && known(bare.slice(at))) return true
  return false
}
