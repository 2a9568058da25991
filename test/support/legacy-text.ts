/**
 * Vietnamese as the fonts of the nineties had it, written from the standards and not with the code under test:
 * TCVN 5712:1993 by the order of its codes, VNI by letter, mark and tone.
 */

/** 0xA1 … 0xFE. `·` stands where VN3 has no letter. */
const TCVN3_CODES =
  'ĂÂÊÔƠƯĐăâêôơưđ······àảãáạ·ằẳẵắ·······ặầẩẫấậè·ẻẽéẹềểễếệìỉ···ĩíịò·ỏõóọồổỗốộờởỡớợù·ủũúụừửữứựỳỷỹýỵ'

/** Text whose letters have the codes of TCVN3. Capitals with a tone have none: the font makes them, from small ones. */
export function toTcvn3(text: string): string {
  return [...text.normalize('NFC')]
    .map(letter => {
      const at = TCVN3_CODES.indexOf(letter)
      const small = TCVN3_CODES.indexOf(letter.toLowerCase())
      return at >= 0
        ? String.fromCharCode(0xa1 + at)
        : small >= 0 && letter > '~'
          ? String.fromCharCode(0xa1 + small)
          : letter
    })
    .join('')
}

const GRAVE = '\u0300'
const ACUTE = '\u0301'
const TILDE = '\u0303'
const HOOK = '\u0309'
const DOT = '\u0323'
const TONES = [ACUTE, GRAVE, HOOK, TILDE, DOT]

/** Marks by what they stand for: a tone alone, a circumflex with each tone, a breve with each tone. */
const ALONE = ['ù', 'ø', 'û', 'õ', 'ï']
const WITH_CIRCUMFLEX = ['â', 'á', 'à', 'å', 'ã', 'ä']
const WITH_BREVE = ['ê', 'é', 'è', 'ú', 'ü', 'ë']
const WHOLE: Record<string, string> = { đ: 'ñ', í: 'í', ì: 'ì', ỉ: 'æ', ĩ: 'ó', ị: 'ò', ỵ: 'î' }

/** Text as VNI-Windows writes it: a letter, and for most a second one that the font draws above or below it. */
export function toVni(text: string): string {
  return [...text.normalize('NFC')]
    .map(letter =>
      letter === letter.toLowerCase() ? vniOf(letter) : vniOf(letter.toLowerCase()).toUpperCase(),
    )
    .join('')
}

function vniOf(letter: string): string {
  if (letter <= '~') return letter
  const whole = WHOLE[letter]
  if (whole !== undefined) return whole
  const [base = '', ...marks] = letter.normalize('NFD')
  const tone = TONES.findIndex(each => marks.includes(each))
  if (marks.includes('\u0302')) return base + (WITH_CIRCUMFLEX[tone + 1] ?? '')
  if (marks.includes('\u0306')) return base + (WITH_BREVE[tone + 1] ?? '')
  const horned = marks.includes('\u031b') ? (base === 'o' ? 'ô' : 'ö') : base
  return horned + (ALONE[tone] ?? '')
}

/** windows-1258 as Windows writes it: letters with a mark of their own, tones behind them. */
export function toWindows1258(text: string): Buffer {
  const table = new TextDecoder('windows-1258').decode(Uint8Array.from({ length: 256 }, (_, code) => code))
  const codes = new Map([...table].map((letter, code) => [letter, code]))
  const bytes: number[] = []
  for (const letter of text.normalize('NFC')) {
    const parts = codes.has(letter) ? [letter] : partsOf(letter)
    for (const part of parts) bytes.push(codes.get(part) ?? 0x3f)
  }
  return Buffer.from(bytes)
}

function partsOf(letter: string): string[] {
  const apart = [...letter.normalize('NFD')]
  const tone = apart.filter(mark => TONES.includes(mark))
  return [
    apart
      .filter(mark => !TONES.includes(mark))
      .join('')
      .normalize('NFC'),
    ...tone,
  ]
}
