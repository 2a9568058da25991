/**
 * Vietnamese text of the time before Unicode: TCVN3 (ABC, fonts .VnTime) and VNI (fonts VNI-Times).
 *
 * Such text holds the bytes of an old font and shows as `NguyÔn V¨n` or `Nguyeãn Vaên` everywhere else. Sources:
 * TCVN 5712:1993 (VN3) and the table of VNI-Windows. Between the bytes and us the text may have gone through
 * windows-1252 or windows-1258, so characters of the latter are taken back to their bytes first.
 */
import { cleanText, streamSafe } from '../ids.ts'
import { isSyllable } from './syllable.ts'

export type Legacy = 'tcvn3' | 'vni'

/** Distinct words that make sense in one legacy table and not as they stand. A name or two can do so by chance. */
const FEWEST_WORDS = 4
/** Of all distinct words with a mark. Low, since often only some columns are legacy; others come nowhere near it. */
const LEAST_SHARE = 0.25

/** Which legacy text this is, from a stretch of a file; null where it is none. Case and order do not matter. */
export function legacyOf(text: string): Legacy | null {
  const { words, tcvn3, vni } = legacyEvidence(text)
  const [legacy, count] = tcvn3 >= vni ? (['tcvn3', tcvn3] as const) : (['vni', vni] as const)
  return count >= FEWEST_WORDS && count >= words * LEAST_SHARE ? legacy : null
}

/** Whether text may be converted from this table when a person asks for it: less is enough then, but not nothing. */
export function isConvertible(text: string, legacy: Legacy): boolean {
  const { tcvn3, vni } = legacyEvidence(text)
  return legacy === 'tcvn3' ? tcvn3 > 0 && tcvn3 >= vni : vni > 0 && vni >= tcvn3
}

/** Distinct words with a mark, and how many of them are Vietnamese in one legacy table but not as they stand. */
export function legacyEvidence(text: string): { words: number; tcvn3: number; vni: number } {
  const evidence = { words: 0, tcvn3: 0, vni: 0 }
  for (const word of new Set(markedWords(text))) {
    evidence.words++
    if (isSyllable(word)) continue
    if (isSyllableIn(word, 'tcvn3')) evidence.tcvn3++
    if (isSyllableIn(word, 'vni')) evidence.vni++
  }
  return evidence
}

/** The part of all distinct words with a mark that are Vietnamese syllables; null where there is no such word. */
export function vietnameseShare(text: string): number | null {
  const words = [...new Set(markedWords(text))]
  return words.length === 0 ? null : words.filter(isSyllable).length / words.length
}

/** Whether converting this text would mend at least one word. */
function isLegacy(text: string, legacy: Legacy): boolean {
  return markedWords(text).some(word => !isSyllable(word) && isSyllableIn(word, legacy))
}

/**
 * One cell as Unicode text, NFC. A cell that is Unicode already stays as it is: one with a letter no legacy text can
 * hold, or one that reads as Vietnamese and has letters beyond Latin-1 or would no longer read so. A short word that
 * reads either way (`Hà`) is converted. Capitals with a tone were a matter of the font (.VnTimeH), so a cell whose
 * plain letters are all capitals becomes capitals.
 */
export function convertLegacy(cell: string, legacy: Legacy): string {
  const old = isUnicode(cell, legacy) ? null : toBytes(cell)
  if (old === null) return streamSafe(cell).normalize('NFC')
  const text = (legacy === 'tcvn3' ? fromTcvn3(old) : fromVni(old)).normalize('NFC')
  return /[A-Z].*[A-Z]/.test(cell) && !/[a-z]/.test(cell) ? text.toUpperCase() : text
}

/**
 * Rows as they stand and as they would be, at most five. Only the cells that change: whatever else a row tells of a
 * person is left out.
 */
export function conversionSample(
  rows: readonly (readonly string[])[],
  legacy: Legacy,
): [before: string, after: string][] {
  const pairs = rows.flatMap((cells): [string, string][] => {
    const shown = cells.map(cell => cleanText(cell).slice(0, SHOWN))
    if (!shown.some(cell => isLegacy(cell, legacy))) return []
    const changed = shown.filter(cell => convertLegacy(cell, legacy) !== cell)
    return [[changed.join(' | '), changed.map(cell => convertLegacy(cell, legacy)).join(' | ')]]
  })
  return pairs.slice(0, SAMPLE_ROWS)
}

const SAMPLE_ROWS = 5
const SHOWN = 80

/** Letters, and the signs that legacy fonts draw as letters; not quotes, dashes, digits. */
const WORD = /[A-Za-z\u00a1-\u1fff\u20ab]+/gu
const MARK = /[^A-Za-z]/u

function markedWords(text: string): string[] {
  return (text.match(WORD) ?? []).filter(word => MARK.test(word))
}

function isSyllableIn(word: string, legacy: Legacy): boolean {
  const old = toBytes(word)
  return old !== null && isSyllable(legacy === 'tcvn3' ? fromTcvn3(old) : fromVni(old))
}

function isUnicode(cell: string, legacy: Legacy): boolean {
  if (toBytes(cell) === null) return true
  const words = markedWords(cell)
  if (!words.every(isSyllable)) return false
  return /[\u0100-\u1fff]/u.test(cell) || !words.every(word => isSyllableIn(word, legacy))
}

/** Where windows-1258 differs from windows-1252 in the letters: character → byte. */
const BYTES_OF_1258: Record<string, string> = {
  'Ă': '\xc3', 'ă': '\xe3', 'Đ': '\xd0', 'đ': '\xf0', 'Ơ': '\xd5', 'ơ': '\xf5', 'Ư': '\xdd', 'ư': '\xfd',
  '\u0300': '\xcc', '\u0301': '\xec', '\u0303': '\xde', '\u0309': '\xd2', '\u0323': '\xf2', '₫': '\xfe',
} // biome-ignore format: a table

/** Characters U+0000–U+00FF that stand for the bytes; null where a letter belongs to neither code page. */
function toBytes(text: string): string | null {
  const old = text.replace(/[\u0100-\u0323\u20ab]/gu, letter => BYTES_OF_1258[letter] ?? letter)
  return /[\u0100-\u1fff]/u.test(old) ? null : old
}

const TCVN3_LETTERS = [
  'áàảãạ ăắằẳẵặ âấầẩẫậ éèẻẽẹ êếềểễệ íìỉĩị óòỏõọ ôốồổỗộ ơớờởỡợ úùủũụ ưứừửữự ýỳỷỹỵ đ ĂÂÊÔƠƯĐ',
  '¸µ¶·¹ ¨¾»¼½Æ ©ÊÇÈÉË ÐÌÎÏÑ ªÕÒÓÔÖ Ý×ØÜÞ ãßáâä «èåæçé ¬íêëìî óïñòô \u00adøõö÷ù ýúûüþ ® ¡¢£¤¥¦§',
] as const
const TCVN3 = new Map([...TCVN3_LETTERS[1]].map((old, index) => [old, TCVN3_LETTERS[0][index] ?? '']))

function fromTcvn3(old: string): string {
  return old.replace(/[\u00a1-\u00ff]/g, letter => TCVN3.get(letter) ?? letter)
}

/** Base letters with the letter each is written for, and the marks that may follow in VNI: tones alone or on â, ă. */
const VNI_BASES = { a: 'a', e: 'e', o: 'o', u: 'u', y: 'y', ô: 'ơ', ö: 'ư' }
const VNI_TONES = { ù: '\u0301', ø: '\u0300', û: '\u0309', õ: '\u0303', ï: '\u0323' }
const VNI_CIRCUMFLEX = { â: '', á: '\u0301', à: '\u0300', å: '\u0309', ã: '\u0303', ä: '\u0323' }
const VNI_BREVE = { ê: '', é: '\u0301', è: '\u0300', ú: '\u0309', ü: '\u0303', ë: '\u0323' }
const VNI_SINGLE = { æ: 'ỉ', ó: 'ĩ', ò: 'ị', î: 'ỵ', ñ: 'đ' }
const VNI = vniTable()
const VNI_PARTS = /[aeouyôö][ùøûõïâáàåãäêéèúüë]|[ôöæóòîñ]/giu

/** Lower-case letters as VNI writes them → Unicode. */
function vniTable(): Map<string, string> {
  const table = new Map<string, string>([...Object.entries(VNI_SINGLE), ['ô', 'ơ'], ['ö', 'ư']])
  const add = (base: string, letter: string, marks: Record<string, string>) => {
    for (const [mark, tone] of Object.entries(marks)) table.set(base + mark, (letter + tone).normalize('NFC'))
  }
  for (const [base, letter] of Object.entries(VNI_BASES)) add(base, letter, VNI_TONES)
  for (const base of ['a', 'e', 'o']) add(base, `${base}\u0302`, VNI_CIRCUMFLEX)
  add('a', 'a\u0306', VNI_BREVE)
  return table
}

function fromVni(old: string): string {
  return old.replace(VNI_PARTS, part => {
    const lower = part.toLowerCase()
    const letter = VNI.get(lower)
    if (letter !== undefined) return part[0] === lower[0] ? letter : letter.toUpperCase()
    const first = VNI.get(lower[0] ?? '')
    return first === undefined ? part : (part[0] === lower[0] ? first : first.toUpperCase()) + part.slice(1)
  })
}
