/**
 * Which encoding the bytes of a text file look to be in. A guess from the beginning of a file, or nothing: text read
 * with the wrong table looks like text, and a roster of garbled names must never get in.
 */
import { legacyOf, vietnameseShare } from './legacy-text.ts'

export type TextEncoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1258'

/**
 * The encoding, or null where it is none of ours. `windows-1258` also stands for legacy text of one byte a letter,
 * which `legacyOf` the decoded text tells apart. The end of `bytes` may fall inside a letter.
 */
export function encodingOf(bytes: Uint8Array): TextEncoding | null {
  if (startsWith(bytes, [0xef, 0xbb, 0xbf])) return 'utf-8'
  if (startsWith(bytes, [0xff, 0xfe, 0, 0])) return null // UTF-32
  if (startsWith(bytes, [0xff, 0xfe])) return 'utf-16le'
  if (startsWith(bytes, [0xfe, 0xff])) return 'utf-16be'
  const zeros = zerosOf(bytes)
  if (zeros.even + zeros.odd > bytes.length / BYTES_TO_ONE_ZERO) return wideEncoding(bytes.length, zeros)
  const { letters, broken } = utf8Letters(bytes)
  if (broken === 0 || letters >= broken * LETTERS_TO_ONE_BROKEN) return 'utf-8'
  return isWindows1258(bytes) ? 'windows-1258' : null
}

/** A stray byte in a file of UTF-8 is a row at fault, not another encoding: of those, nearly all would be broken. */
const LETTERS_TO_ONE_BROKEN = 10
/** Fewer zeros are damage in a row or two. Text of two bytes a letter has every third byte zero at least, programs some. */
const BYTES_TO_ONE_ZERO = 50
/** Of distinct words with a mark; Vietnamese reaches 0.9, the same in VISCII 0.4, other languages hardly 0.1. Lower garbles, higher refuses. */
const LEAST_VIETNAMESE = 0.6

function startsWith(bytes: Uint8Array, mark: readonly number[]): boolean {
  return mark.every((byte, index) => bytes[index] === byte)
}

function zerosOf(bytes: Uint8Array): { even: number; odd: number } {
  const zeros = { even: 0, odd: 0 }
  for (let i = 0; i < bytes.length; i++) if (bytes[i] === 0) zeros[i % 2 === 0 ? 'even' : 'odd']++
  return zeros
}

/** Most letters of a roster are below U+0100, so every second byte is zero, and always the same one of the two. */
function wideEncoding(length: number, { even, odd }: { even: number; odd: number }): TextEncoding | null {
  const enough = length / 8
  if (odd > enough && even < odd / 50) return 'utf-16le'
  return even > enough && odd < even / 50 ? 'utf-16be' : null
}

/** How many letters of more than one byte there are, and how many bytes that belong to none (RFC 3629). */
function utf8Letters(bytes: Uint8Array): { letters: number; broken: number } {
  const found = { letters: 0, broken: 0 }
  for (let i = 0; i < bytes.length; i++) {
    const lead = bytes[i] ?? 0
    if (lead < 0x80) continue
    const rest =
      lead >= 0xf0 && lead < 0xf5 ? 3 : lead >= 0xe0 && lead < 0xf0 ? 2 : lead >= 0xc2 && lead < 0xe0 ? 1 : 0
    let follow = 0
    while (follow < rest && ((bytes[i + follow + 1] ?? 0) & 0xc0) === 0x80) follow++
    if (rest > 0 && follow === rest) found.letters++
    else if (rest === 0 || i + follow + 1 < bytes.length) found.broken++
    i += follow
  }
  return found
}

function isWindows1258(bytes: Uint8Array): boolean {
  const text = new TextDecoder('windows-1258').decode(bytes)
  const share = vietnameseShare(text)
  return share === null || share >= LEAST_VIETNAMESE || legacyOf(text) !== null
}
