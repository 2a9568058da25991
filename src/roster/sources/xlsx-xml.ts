/**
 * The XML of a workbook's parts, as it comes.
 *
 * Elements are told by their local name where they carry the prefix of the root, whatever that is, and the root has to
 * stand in a namespace of spreadsheets or their packages, transitional or strict. Document types are refused: with them
 * a few bytes name a billion characters, and no spreadsheet writes one.
 */
import { SaxesParser, type SaxesTagPlain } from 'saxes'
import { AppError } from '../../error.ts'
import { damaged, type Package, unreadable } from './xlsx-package.ts'

export type Attributes = Readonly<Record<string, string>>

/** Elements outside the root's namespace are not told of; the text in them is. */
export type XmlHandler = {
  open(name: string, attributes: Attributes): void
  text(text: string): void
  close(name: string): void
}

const namespaces = new Set([
  'http://schemas.openxmlformats.org/spreadsheetml/2006/main',
  'http://purl.oclc.org/ooxml/spreadsheetml/main',
  'http://schemas.openxmlformats.org/package/2006/relationships',
])

/** Characters between two signs of life of the parser: a cell holds 32,767, a tag far less. Memory ends with it. */
const SILENT_MAX = 1 << 22

/** Reads a part to its end, and comes up for air after each stretch. Throws `file_unreadable`, `cancelled`. */
export async function* parsePart(source: Package, part: string, handler: XmlHandler): AsyncGenerator<void> {
  const parser = new Parser(source, part, handler)
  for await (const bytes of source.read(part)) {
    parser.write(bytes)
    yield
  }
  parser.end()
  yield
}

/** Reads a small part at once. */
export async function readPart(source: Package, part: string, handler: XmlHandler): Promise<void> {
  for await (const _ of parsePart(source, part, handler));
}

class Parser {
  readonly #source: Package
  readonly #part: string
  readonly #handler: XmlHandler
  readonly #parser = new SaxesParser({ xmlns: false, position: false })
  #decoder: TextDecoder | null = null
  #prefix: string | null = null
  #silent = 0

  constructor(source: Package, part: string, handler: XmlHandler) {
    this.#source = source
    this.#part = part
    this.#handler = handler
    this.#parser.on('xmldecl', ({ encoding }) => this.#checkEncoding(encoding))
    this.#parser.on('doctype', () => {
      throw unreadable(
        source.path,
        'damagedExcel',
        `declares XML entities in ${part}, which no spreadsheet does; save it again`,
      )
    })
    this.#parser.on('opentag', tag => this.#open(tag))
    this.#parser.on('closetag', ({ name }) => {
      const local = this.#local(name)
      if (local !== null) handler.close(local)
    })
    this.#parser.on('text', text => {
      this.#silent = 0
      handler.text(text)
    })
    this.#parser.on('cdata', text => handler.text(text))
  }

  write(bytes: Buffer): void {
    this.#decoder ??= new TextDecoder(byteOrder(bytes), { fatal: true })
    this.#feed(() => {
      const text = this.#decoder?.decode(bytes, { stream: true }) ?? ''
      this.#silent += text.length
      this.#parser.write(text)
    })
    if (this.#silent > SILENT_MAX) {
      throw unreadable(
        this.#source.path,
        'tooManyTexts',
        `holds a text of millions of characters in ${this.#part}; delete it`,
      )
    }
  }

  end(): void {
    this.#feed(() => {
      this.#parser.write(this.#decoder?.decode() ?? '')
      this.#parser.close()
    })
  }

  #feed(step: () => void): void {
    try {
      step()
    } catch (cause) {
      throw cause instanceof AppError
        ? cause
        : damaged(this.#source.path, `${this.#part} is no sound XML`, cause)
    }
  }

  #open({ name, attributes }: SaxesTagPlain): void {
    this.#silent = 0
    if (this.#prefix === null) this.#prefix = this.#rootPrefix(name, attributes)
    const local = this.#local(name)
    if (local !== null) this.#handler.open(local, attributes)
  }

  #rootPrefix(name: string, attributes: Attributes): string {
    const prefix = name.includes(':') ? name.slice(0, name.indexOf(':') + 1) : ''
    const namespace = attributes[prefix === '' ? 'xmlns' : `xmlns:${prefix.slice(0, -1)}`]
    if (namespace === undefined || !namespaces.has(namespace)) {
      throw unreadable(
        this.#source.path,
        'binary',
        `is no workbook of the kind .xlsx (${this.#part}); save it as .xlsx or CSV`,
      )
    }
    return prefix
  }

  #local(name: string): string | null {
    const prefix = this.#prefix ?? ''
    if (prefix === '') return name.includes(':') ? null : name
    return name.startsWith(prefix) ? name.slice(prefix.length) : null
  }

  #checkEncoding(encoding: string | undefined): void {
    if (encoding === undefined || /^utf-?(8|16)$/i.test(encoding)) return
    throw unreadable(
      this.#source.path,
      'damagedExcel',
      `is written in ${encoding}, and not in Unicode; save it again`,
    )
  }
}

function byteOrder(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le'
  return bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : 'utf-8'
}
