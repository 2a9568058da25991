/**
 * The texts that the cells of a workbook share, kept as UTF-8 in blocks outside the heap with one number each: 100,000
 * names are about 3 MB. What is beyond the limits is refused rather than kept.
 */
import { CELL_MAX, unescapeText } from '../spreadsheet.ts'
import { type Package, unreadable } from './xlsx-package.ts'
import { readPart, type XmlHandler } from './xlsx-xml.ts'

export const stringLimits = { count: 8_000_000, bytes: 160 * 1024 ** 2 }

const BLOCK_BYTES = 1 << 20

export class SharedStrings {
  readonly #path: string
  readonly #limits: typeof stringLimits
  readonly #blocks: Buffer[] = []
  /** Where each text begins: block times its size plus place. It ends where `#ends` says. */
  #starts = new Uint32Array(1024)
  #lengths = new Uint32Array(1024)
  #count = 0
  #used = BLOCK_BYTES

  constructor(path: string, limits = stringLimits) {
    this.#path = path
    this.#limits = limits
  }

  add(text: string): void {
    const bytes = Buffer.byteLength(text)
    if (this.#used + bytes > BLOCK_BYTES) {
      this.#blocks.push(Buffer.allocUnsafeSlow(BLOCK_BYTES))
      this.#used = 0
    }
    if (this.#count >= this.#limits.count || this.#blocks.length * BLOCK_BYTES > this.#limits.bytes) {
      throw unreadable(
        this.#path,
        'tooManyTexts',
        'holds more different texts than are kept at once; save the sheet as CSV',
      )
    }
    if (this.#count === this.#starts.length) this.#grow()
    this.#blocks.at(-1)?.write(text, this.#used)
    this.#starts[this.#count] = (this.#blocks.length - 1) * BLOCK_BYTES + this.#used
    this.#lengths[this.#count] = bytes
    this.#used += bytes
    this.#count += 1
  }

  /** The text of an index, or null where there is none. */
  at(index: number): string | null {
    const start = this.#starts[index]
    const length = this.#lengths[index]
    if (index >= this.#count || start === undefined || length === undefined) return null
    const place = start % BLOCK_BYTES
    return this.#blocks[Math.floor(start / BLOCK_BYTES)]?.toString('utf8', place, place + length) ?? null
  }

  #grow(): void {
    const starts = new Uint32Array(this.#starts.length * 2)
    const lengths = new Uint32Array(this.#starts.length * 2)
    starts.set(this.#starts)
    lengths.set(this.#lengths)
    this.#starts = starts
    this.#lengths = lengths
  }
}

/** Reads the part of shared texts: rich text as its runs together, what tells how to read it aloud left out. */
export async function readSharedStrings(source: Package, part: string | null): Promise<SharedStrings> {
  const strings = new SharedStrings(source.path)
  if (part === null) return strings
  const text = new TextCollector()
  const handler: XmlHandler = {
    open: name => {
      if (name === 'si') text.start()
      else text.open(name)
    },
    text: piece => text.text(piece),
    close: name => {
      if (name === 'si') strings.add(text.take())
      else text.close(name)
    },
  }
  await readPart(source, part, handler)
  return strings
}

/** The text of `si` and `is` elements: every `t` that is not inside `rPh`, no longer than a cell may be, plus one. */
export class TextCollector {
  #text = ''
  #inText = false
  #inPhonetic = false

  start(): void {
    this.#text = ''
    this.#inText = false
    this.#inPhonetic = false
  }

  open(name: string): void {
    if (name === 't') this.#inText = !this.#inPhonetic
    else if (name === 'rPh') this.#inPhonetic = true
  }

  text(piece: string): void {
    if (this.#inText && this.#text.length <= CELL_MAX) this.#text += piece
  }

  close(name: string): void {
    if (name === 't') this.#inText = false
    else if (name === 'rPh') this.#inPhonetic = false
  }

  take(): string {
    return unescapeText(this.#text).slice(0, CELL_MAX + 1)
  }
}
