/** Reads back what pdfkit wrote: the lines of text, the filled squares and the links of each page. For tests only. */
import { inflateSync } from 'node:zlib'

export type PdfPage = {
  /** Each piece of text, in the order it was put there. */
  texts: string[]
  /** Filled rectangles: left, top, width, height, in points from the upper left corner. */
  squares: [x: number, y: number, width: number, height: number][]
  links: string[]
}

export function readPdf(file: Buffer): PdfPage[] {
  const objects = objectsOf(file)
  const read = (reference: string) => objects.get(Number(reference)) ?? { head: '', stream: null }
  const pages = [...objects.values()].filter(({ head }) => /\/Type \/Page\b/.test(head))
  return pages.map(({ head }) => {
    const content = read(/\/Contents (\d+) 0 R/.exec(head)?.[1] ?? '').stream?.toString('latin1') ?? ''
    const resources = read(/\/Resources (\d+) 0 R/.exec(head)?.[1] ?? '').head
    const fonts = new Map(
      [...resources.matchAll(/\/(F\d+) (\d+) 0 R/g)].map(([, name = '', at = '']) => {
        const unicode = /\/ToUnicode (\d+) 0 R/.exec(read(at).head)?.[1] ?? ''
        return [name, glyphsOf(read(unicode).stream?.toString('latin1') ?? '')]
      }),
    )
    const annotations = [...(/\/Annots \[(.*?)\]/s.exec(head)?.[1] ?? '').matchAll(/(\d+) 0 R/g)]
    const links = annotations.map(([, at = '']) => linkOf(read(at).head, read))
    return { texts: textsOf(content, fonts), squares: squaresOf(content), links }
  })
}

type Obj = { head: string; stream: Buffer | null }

function objectsOf(file: Buffer): Map<number, Obj> {
  const text = file.toString('latin1')
  const found = new Map<number, Obj>()
  for (const match of text.matchAll(/(\d+) 0 obj\n/g)) {
    const from = match.index + match[0].length
    const end = text.indexOf('endobj', from)
    const at = text.indexOf('stream\n', from)
    const streamed = at >= 0 && at < end
    const head = text.slice(from, streamed ? at : end)
    const length = Number(/\/Length (\d+)/.exec(head)?.[1] ?? 0)
    const raw = streamed ? file.subarray(at + 7, at + 7 + length) : null
    const stream = raw && /FlateDecode/.test(head) ? inflateSync(raw) : raw
    found.set(Number(match[1]), { head, stream })
  }
  return found
}

/** What each glyph stands for, of a ToUnicode map. */
function glyphsOf(map: string): Map<number, string> {
  const glyphs = new Map<number, string>()
  for (const [, from = '', list = ''] of map.matchAll(/<([0-9a-f]{4})> <[0-9a-f]{4}> \[(.*?)\]/gis)) {
    const texts = [...list.matchAll(/<([0-9a-f ]*)>/gi)].map(([, hex = '']) => utf16(hex.replaceAll(' ', '')))
    for (const [at, text] of texts.entries()) glyphs.set(Number.parseInt(from, 16) + at, text)
  }
  return glyphs
}

function utf16(hex: string): string {
  return Buffer.from(hex, 'hex').swap16().toString('utf16le')
}

function textsOf(content: string, fonts: Map<string, Map<number, string>>): string[] {
  const texts: string[] = []
  let font = new Map<number, string>()
  for (const [, name, pieces] of content.matchAll(/\/(F\d+) [\d.]+ Tf|\[(.*?)\] TJ/gs)) {
    if (name !== undefined) font = fonts.get(name) ?? new Map()
    if (pieces === undefined) continue
    const hex = [...pieces.matchAll(/<([0-9a-f]*)>/gi)].map(([, each = '']) => each).join('')
    const codes = hex.match(/.{4}/g) ?? []
    texts.push(codes.map(code => font.get(Number.parseInt(code, 16)) ?? '\ufffd').join(''))
  }
  return texts
}

function squaresOf(content: string): PdfPage['squares'] {
  const found = content.matchAll(/([\d.]+) ([\d.]+) ([\d.]+) ([\d.]+) re\n/g)
  return [...found].map(([, ...numbers]) => {
    const [x = 0, y = 0, width = 0, height = 0] = numbers.map(Number)
    return [x, y, width, height]
  })
}

function linkOf(head: string, read: (reference: string) => Obj): string {
  const action = /\/A (\d+) 0 R/.exec(head)?.[1]
  return /\/URI \((.*?)\)/.exec(action === undefined ? head : read(action).head)?.[1] ?? ''
}
