/**
 * Which passwords a mailbox may have. Pure: the list of leaked ones comes in as a function.
 *
 * The rules are those of the provinces' regulations on official mail (such as Ninh Bình's: nine characters of four
 * classes, without the account's name, the holder's name or birth date), and one of the field's: only characters that
 * every keyboard types the same way, since IMAP and SMTP clients differ in how they send any other.
 */
import { commonPasswords } from '../access/common-passwords.ts'

export type PasswordPolicy = {
  minLength: number
  /** How many of small letters, capitals, digits and signs must occur. */
  classes: number
}

/** bcrypt looks at no more bytes than these, so that more would only seem to help. */
export const PASSWORD_MOST = 72

export type PasswordFault =
  | 'missing'
  | 'characters'
  | 'short'
  | 'long'
  | 'classes'
  | 'name'
  | 'number'
  | 'date'
  | 'simple'
  | 'leaked'

export type Holder = { name: string; address: string; staffId: string | null }

/** All that is wrong with a password, in the order of the rules; none where it may be set. */
export function passwordFaults(
  password: string,
  holder: Holder,
  policy: PasswordPolicy,
  isLeaked: (text: string) => boolean,
): PasswordFault[] {
  if (password === '') return ['missing']
  // before anything is looked for in it: a pasted megabyte would keep everybody waiting
  if (password.length > PASSWORD_MOST) return ['long']
  if (!/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(password)) return ['characters']
  const checks: [PasswordFault, boolean][] = [
    ['short', password.length < policy.minLength],
    ['classes', classesOf(password) < policy.classes],
    ['name', holdsName(password, holder)],
    ['number', holdsNumber(password, holder.staffId)],
    ['date', holdsDate(password)],
    ['simple', isSimple(password)],
    ['leaked', isKnown(password, isLeaked)],
  ]
  return checks.filter(([, wrong]) => wrong).map(([fault]) => fault)
}

function classesOf(password: string): number {
  return [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/].filter(each => each.test(password)).length
}

/** Small letters without diacritics. */
function fold(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{Mn}/gu, '')
    .replace(/đ/gi, 'd')
    .toLowerCase()
}

/** Signs and digits that stand for the letters they look like: `P@ssw0rd` is `password`. */
const lookAlike: Record<string, string> = {
  '@': 'a',
  '4': 'a',
  '3': 'e',
  '1': 'i',
  '!': 'i',
  '0': 'o',
  $: 's',
  '5': 's',
}

function unmasked(text: string): string {
  return text.replace(/[@431!0$5]/g, sign => lookAlike[sign] ?? sign)
}

const letters = (text: string) => text.replace(/[^a-z]/g, '')

/** A name of so many letters stands in no word by chance; a shorter one counts where it is a word of its own. */
const TELLING = 4
/** Across the signs and digits put between letters, chance needs more. */
const TELLING_ACROSS = 6

function holdsName(password: string, { name, address }: Holder): boolean {
  const small = password.toLowerCase()
  const forms = [small, unmasked(small)]
  const across = forms.map(letters)
  const words = [...wordsOf(password), ...wordsOf(unmasked(small)), ...across]
  const holds = (texts: readonly string[], piece: string) => texts.some(text => text.includes(piece))
  return namePieces(name, address).some(
    piece =>
      words.includes(piece) ||
      (piece.length >= TELLING && holds(forms, piece)) ||
      (piece.length >= TELLING_ACROSS && holds(across, piece)),
  )
}

/** Letters side by side, parted also where a capital begins a word: `HoaSen#99` is `hoa`, `sen` and `hoasen`. */
function wordsOf(text: string): string[] {
  const parts = text.match(/[A-Z]?[a-z]+|[A-Z]+/g) ?? []
  return [...parts.map(part => part.toLowerCase()), ...text.toLowerCase().split(/[^a-z]+/)]
}

/** Words of the name, its last two and all of them together, the local part, and the parts of the domain but the last. */
function namePieces(name: string, address: string): string[] {
  const words = fold(name)
    .split(/[^a-z]+/)
    .filter(word => word !== '')
  const [local = '', domain = ''] = fold(address).split('@')
  const initials = words.slice(0, -1).map(word => word.charAt(0))
  const given = words.at(-1) ?? ''
  const pieces = [
    ...words,
    words.join(''),
    words.slice(-2).join(''),
    given + initials.join(''),
    initials.join('') + given,
    ...local.split(/[^a-z]+/),
    letters(local),
    ...domain
      .split('.')
      .slice(0, -1)
      .filter(part => part.length >= TELLING),
  ]
  return [...new Set(pieces.filter(piece => piece.length >= 2))]
}

/** The staff number; it is often a birth date or close to it. */
function holdsNumber(password: string, staffId: string | null): boolean {
  const id = fold(staffId ?? '')
  const digits = id.replace(/\D/g, '')
  const small = password.toLowerCase()
  return (id.length >= TELLING && small.includes(id)) || (digits.length >= TELLING && small.includes(digits))
}

/** A day of somebody’s life: `12051980`, `12/05/1980`, `1980-05-12`. */
function holdsDate(password: string): boolean {
  const days = [...password.matchAll(/(?=(\d{1,2})[^\dA-Za-z]?(\d{1,2})[^\dA-Za-z]?((?:19|20)\d{2}))/g)].map(
    ([, day, month]) => [day, month],
  )
  const written = [...password.matchAll(/(?=((?:19|20)\d{2})[^\dA-Za-z]?(\d{2})[^\dA-Za-z]?(\d{2}))/g)].map(
    ([, , month, day]) => [day, month],
  )
  return [...days, ...written].some(([day, month]) => isDay(Number(day), Number(month)))
}

function isDay(day: number, month: number): boolean {
  return day >= 1 && day <= 31 && month >= 1 && month <= 12
}

/** Few different characters, one piece repeated, or a run along the keyboard that is most of it. */
function isSimple(password: string): boolean {
  const small = password.toLowerCase()
  if (new Set(small).size < 5 || /^(.{1,6})\1+.{0,2}$/.test(small)) return true
  return runs.some(run =>
    [run, [...run].reverse().join('')].some(each => longestIn(small, each) * 2 > small.length),
  )
}

const runs = ['0123456789', 'abcdefghijklmnopqrstuvwxyz', 'qwertyuiop', 'asdfghjkl', 'zxcvbnm']

/** Length of the longest piece of a run that stands in a text. */
function longestIn(text: string, run: string): number {
  let longest = 0
  for (let from = 0; from < run.length; from++) {
    while (text.includes(run.slice(from, from + longest + 1)) && from + longest < run.length) longest++
  }
  return longest
}

/** Known as it is, without the signs and digits around it, or with its look-alikes turned back. */
function isKnown(password: string, isLeaked: (text: string) => boolean): boolean {
  const small = password.toLowerCase()
  const bare = (text: string) => text.replace(/^[^a-z]+|[^a-z]+$/g, '')
  const known = (text: string) => text.length >= 2 && (commonPasswords.has(text) || isLeaked(text))
  const forms = [bare(small), unmasked(bare(small)), bare(unmasked(small)), letters(unmasked(small))]
  if (isLeaked(small) || forms.some(known)) return true
  return forms.some(form => isTwoKnown(form, known))
}

/** Two known pieces put together are the next guess. */
function isTwoKnown(text: string, known: (text: string) => boolean): boolean {
  for (let at = 3; at <= text.length - 3; at++)
    if (known(text.slice(0, at)) && known(text.slice(at))) return true
  return false
}
