/**
 * Vietnamese names: their parts, their key for searching, their place in a sorted list.
 *
 * Given names are rarely apart in a directory, and `sn` and `givenName` are often filled the wrong way
 * round; the full name is what can be trusted. All functions give the same answer for NFC and NFD.
 */
import { cleanText, isClean, streamSafe } from '../ids.ts'

/** Parts of a name, spelled as in the full name; `''` where the name has no such part. */
export type Name = { family: string; middle: string; given: string }

/**
 * The parts of a full name: family name first, given name last; a single word is a given name.
 *
 * Ede names go the other way round, a given name marked `H'` (women) or `Y` (men) and then the clan:
 * "H'Hen Niê", "Y Moan Ênuôl". Khmer, Hmong, Jarai and Kinh names need no rule of their own.
 */
export function splitName(full: string): Name {
  const words = cleanText(full).split(' ')
  const marked = markedGiven(words)
  if (marked > 0) {
    return { family: words.slice(marked).join(' '), middle: '', given: words.slice(0, marked).join(' ') }
  }
  const given = words.at(-1) ?? ''
  if (words.length === 1) return { family: '', middle: '', given }
  return { family: words[0] ?? '', middle: words.slice(1, -1).join(' '), given }
}

/** What people type for the apostrophe in "H'Hen", straight, curly, modifier letter or accent. */
const APOSTROPHE = "'’‘ʼʻ`´′"
const HYPHEN = '\\-‐‑‒–—'
const ATTACHED_MARK = new RegExp(`^H[${APOSTROPHE}]\\p{L}`, 'iu')
const MAY_MARK = /^[HY]/i
const LONE_MARK = new RegExp(`^(?:Y|H[${APOSTROPHE}]?)$`, 'iu')

/** How many leading words are an Ede given name; 0 for all other names. */
function markedGiven(words: readonly string[]): number {
  if (words.length < 2 || !MAY_MARK.test(words[0] ?? '')) return 0
  if (ATTACHED_MARK.test(words[0] ?? '')) return 1
  return LONE_MARK.test(words[0] ?? '') ? 2 : 0
}

/** Latin letters that Unicode does not take apart into a base letter and a mark. */
const UNDECOMPOSED: Record<string, string> = { đ: 'd', ð: 'd', ɖ: 'd', ƀ: 'b', ø: 'o', ł: 'l', ı: 'i' }
const DROPPED = new RegExp(`[\\p{M}\\p{Cf}${APOSTROPHE}${HYPHEN}]`, 'gu')

/**
 * The key two spellings of the same words share: lower-case, without marks, apostrophes and hyphens, blanks
 * single. So hòa = hoà = HÒA = hoa. For searching and comparing only, never for showing.
 */
export function foldText(text: string): string {
  if (!isClean(text)) return fold(text)
  let folded = ''
  for (const word of text.split(' ')) {
    const each = foldWord(word)
    if (each !== '') folded += folded === '' ? each : ` ${each}`
  }
  return folded
}

function fold(text: string): string {
  const bare = streamSafe(text.toLowerCase()).normalize('NFD').replace(DROPPED, '')
  return cleanText(bare.replace(/[đðɖƀøłı]/g, letter => UNDECOMPOSED[letter] ?? letter))
}

/** Vietnamese has some thousand syllables, and a province as many names of them: understood once, they are looked up. */
const WORDS_KEPT = 5_000
const LONGEST_KEPT = 30

function remembered(understand: (text: string) => string): (text: string) => string {
  const kept = new Map<string, string>()
  return text => {
    const known = kept.get(text)
    if (known !== undefined) return known
    const found = understand(text)
    if (kept.size < WORDS_KEPT && text.length <= LONGEST_KEPT) kept.set(text, found)
    return found
  }
}

const foldWord = remembered(fold)

/**
 * A person's place in a list: comparing two keys byte by byte (`collate "C"`, or `<` in JavaScript) is
 * comparing given, then family, then middle name in the order of a Vietnamese dictionary: a ă â b c d đ e ê …
 * are letters of their own, and only between words of the same letters the tones count, in the order
 * ngang, huyền, hỏi, ngã, sắc, nặng. A tone belongs to its word, wherever in it it is written. Letters, digits
 * and `.` `-` only, so that no collation, trimming or escaping can alter it.
 */
export function sortKey(fullName: string): string {
  const { given, family, middle } = splitName(fullName)
  return [given, family, middle].map(part => weights(part)).join(LEVEL_END)
}

/** The same for text in reading order, such as an agency's name; numbers by value: Phường 2 before Phường 10. */
export function sortKeyOfTitle(text: string): string {
  return weights(
    cleanText(text).replace(/\d+/g, digits => {
      const value = digits.replace(/^0+(?=\d)/, '')
      return Math.min(value.length, 9) + value // more digits is more; nobody counts agencies beyond 9 digits
    }),
  )
}

/**
 * Each letter in the order of Vietnamese dictionaries with f, j, w and z where Latin order has them; before
 * the letters blank, punctuation and digits in the order of the Unicode root collation (CLDR).
 */
const PRIMARIES = ' _-,;:!?.\'"()[]/&+0123456789aăâbcdđeêfghijklmnoôơpqrstuưvwxyz'
/** One byte for each primary, ascending, and a last one to lead in any other character. */
const BYTES = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const PRIMARY = new Map([...PRIMARIES].map((letter, index) => [letter, BYTES[index] ?? '']))
const OTHER = 'z'
// Both below every byte of BYTES: a word sorts before the longer words that begin with it.
const LEVEL_END = '-'
const WORD_END = '.'

/** Huyền, hỏi, ngã, sắc, nặng as combining marks; a word without one has tone 0. */
const TONES: Record<string, string> = {
  '\u0300': '1',
  '\u0309': '2',
  '\u0303': '3',
  '\u0301': '4',
  '\u0323': '5',
}
const FOREIGN_MARK = '6'
const LETTER_MARKS = /[\u0302\u0306\u031b]/u // circumflex, breve, horn: they make ă â ê ô ơ ư

const weights = remembered(weigh)

function weigh(text: string): string {
  const primaries: string[] = []
  const tones: string[] = []
  for (const word of plain(text).split(' ')) {
    const { primary, tone } = weighWord(word)
    primaries.push(primary)
    tones.push(tone)
  }
  return primaries.join(PRIMARY.get(' ')) + LEVEL_END + tones.join(WORD_END)
}

function weighWord(word: string): { primary: string; tone: string } {
  const clusters = word.normalize('NFD').match(/\P{M}\p{M}*/gu) ?? []
  const letters = clusters.map(weighLetter)
  return {
    primary: letters.map(each => each.primary).join(''),
    tone: letters.map(each => each.tone).join('') || '0',
  }
}

const APOSTROPHES = new RegExp(`[${APOSTROPHE}]`, 'gu')
const HYPHENS = new RegExp(`[${HYPHEN}]`, 'gu')

/** Lower-case NFC with one kind of apostrophe and hyphen, so that the kind typed does not matter. */
function plain(text: string): string {
  return cleanText(text.replace(/\p{Cf}/gu, ''))
    .toLowerCase()
    .replace(APOSTROPHES, "'")
    .replace(HYPHENS, '-')
    .replace(/[“”„]/gu, '"')
}

/** The weight of one character with its marks: what letter it is, and the digits of its tones. */
function weighLetter(cluster: string): { primary: string; tone: string } {
  const [base = '', ...marks] = cluster
  const letterMark = marks.find(mark => LETTER_MARKS.test(mark)) ?? ''
  const letter = PRIMARY.get((base + letterMark).normalize('NFC'))
  const rest = letter === undefined ? marks : marks.filter(mark => mark !== letterMark)
  return {
    primary: letter ?? primaryOfBase(base),
    tone: rest.map(mark => TONES[mark] ?? FOREIGN_MARK).join(''),
  }
}

function primaryOfBase(base: string): string {
  const letter = PRIMARY.get(UNDECOMPOSED[base] ?? base)
  return letter ?? OTHER + (base.codePointAt(0) ?? 0).toString(16).padStart(6, '0')
}
