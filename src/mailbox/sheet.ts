/**
 * The hand-out sheet: a slip for each person, five to a page, each agency on pages of its own, to be cut and handed out.
 *
 * Noto Sans is put into the file, because printers and phones have not the letters of all names here.
 */
import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import PDFDocument from 'pdfkit'
import qrcode from 'qrcode-generator'
import { AppError } from '../error.ts'
import type { SheetWords } from './activation-messages.ts'

export type Slip = {
  agency: string
  name: string
  address: string
  /** What the QR code holds; also where a click on it leads. */
  link: string
  code: string
  /** Last day it can be used, as it is shown. */
  day: string
}

export type Sheet = {
  /** Slips of one agency come together. */
  add(slips: readonly Slip[]): Promise<void>
  /** Ends the file. Without a slip there is none. */
  finish(): Promise<void>
  /** Ends one that is not finished without leaving anything behind. */
  discard(): Promise<void>
}

export type SheetOptions = {
  words: SheetWords
  /** Where a code is typed in, as it is printed. */
  place: string
}

/** A sheet in a file, which appears under its name only when it is whole. Throws `file_unreadable`. */
export function openSheetFile(path: string, options: SheetOptions): Sheet {
  const part = `${path}.part`
  let opened: Opened | null = null
  return {
    async add(slips) {
      if (slips.length === 0) return
      // it holds what opens mailboxes
      opened ??= open(createWriteStream(part, { mode: 0o600 }), options)
      await within(path, opened.add(slips))
    },
    async finish() {
      if (opened === null) return
      await within(path, opened.end())
      await within(path, rename(part, path))
      opened = null
    },
    async discard() {
      if (opened === null) return
      await opened.end().catch(() => {})
      await rm(part, { force: true })
    },
  }
}

async function within<T>(path: string, work: Promise<T>): Promise<T> {
  return work.catch((cause: unknown) => {
    throw new AppError('file_unreadable', `the sheet ${path} cannot be written`, { cause })
  })
}

/** A sheet written to a stream as it grows. */
export function writeSheet(out: Writable, options: SheetOptions): Omit<Sheet, 'discard'> {
  const opened = open(out, options)
  return { add: opened.add, finish: opened.end }
}

type Opened = { add(slips: readonly Slip[]): Promise<void>; end(): Promise<void> }

function open(out: Writable, options: SheetOptions): Opened {
  const doc = new PDFDocument({
    size: 'A4',
    margin: 0,
    autoFirstPage: false,
    info: { Title: options.words.title },
  })
  doc.registerFont('regular', join(FONTS, 'NotoSans-Regular.ttf'))
  doc.registerFont('bold', join(FONTS, 'NotoSans-Bold.ttf'))
  const done = finished(out)
  // told of at `add` and `end`; until then it is nobody's
  done.catch(() => {})
  doc.pipe(out)
  const at: Place = { agency: null, page: 0, row: ROWS }
  return {
    async add(slips) {
      for (const slip of slips) drawSlip(doc, slip, place(doc, slip.agency, at, options), options)
      if (out.writableNeedDrain)
        await Promise.race([new Promise(resolve => out.once('drain', resolve)), done])
      if (out.destroyed) await done
    },
    async end() {
      doc.end()
      await done
    },
  }
}

const FONTS = join(import.meta.dirname, '../web/fonts')

// A4 in points; slips of 53 mm
const WIDTH = 595.28
const SIDE = 40
const TOP = 46
const ROWS = 5
const HEIGHT = 152
const QR = 112

type Doc = PDFKit.PDFDocument
type Place = { agency: string | null; page: number; row: number }

/** Where the next slip's upper edge is; begins a page where the one before is full or was another agency's. */
function place(doc: Doc, agency: string, at: Place, { words }: SheetOptions): number {
  if (at.agency !== agency) Object.assign(at, { agency, page: 0, row: ROWS })
  if (at.row === ROWS) {
    at.page++
    at.row = 0
    doc.addPage()
    const head = words.page(agency, at.page)
    doc.font('regular').fontSize(8).fillColor('#444')
    oneLine(doc, head, SIDE, 20, { width: 330, size: 8 })
    doc.text(words.cut, SIDE + 340, 20, { width: WIDTH - 2 * SIDE - 340, align: 'right', lineBreak: false })
    cutLine(doc, TOP)
  }
  return TOP + at.row++ * HEIGHT
}

function cutLine(doc: Doc, y: number): void {
  doc.save().lineWidth(0.5).dash(3, { space: 3 }).strokeColor('#888')
  doc
    .moveTo(SIDE - 20, y)
    .lineTo(WIDTH - SIDE + 20, y)
    .stroke()
    .restore()
}

function drawSlip(doc: Doc, slip: Slip, top: number, { words, place }: SheetOptions): void {
  const width = WIDTH - 2 * SIDE - QR - 24
  doc.fillColor('#000').font('regular')
  oneLine(doc, `${words.title} · ${slip.agency}`, SIDE, top + 11, { width, size: 8 })
  doc.font('bold')
  oneLine(doc, slip.name, SIDE, top + 23, { width, size: 14 })
  doc.font('regular')
  oneLine(doc, slip.address, SIDE, top + 43, { width, size: 10.5 })
  const [first = '', second = ''] = words.steps(place)
  doc.fontSize(8.5).text(`1. ${first}`, SIDE, top + 61, { width })
  doc.font('bold')
  oneLine(doc, slip.code, SIDE + 12, doc.y + 1, { width, size: 14, spacing: 1.2 })
  doc
    .font('regular')
    .fontSize(8.5)
    .text(`2. ${second}`, SIDE, top + 108, { width })
  doc
    .fontSize(7)
    .fillColor('#444')
    .text(words.care, SIDE, top + 132, { width })
  const left = WIDTH - SIDE - QR
  drawQr(doc, slip.link, left, top + 10)
  const under = { width: QR + 28, align: 'center' } as const
  doc.fillColor('#000').fontSize(7.5)
  doc.text(words.until(slip.day), left - 14, top + 10 + QR + 6, under)
  cutLine(doc, top + HEIGHT)
}

type Line = { width: number; size: number; spacing?: number }

/** A text on one line, smaller where it is long: a name is never cut. */
function oneLine(doc: Doc, text: string, x: number, y: number, { width, size, spacing = 0 }: Line): void {
  const wide = doc.fontSize(size).widthOfString(text, { characterSpacing: spacing })
  if (wide > width) doc.fontSize(Math.max(5, (size * width) / wide))
  doc.text(text, x, y, { lineBreak: false, characterSpacing: spacing })
}

function drawQr(doc: Doc, link: string, x: number, y: number): void {
  const rows = qrModules(link)
  // four modules of white around it belong to the code (ISO/IEC 18004, 5.3.8); the paper gives them
  const size = QR / rows.length
  doc.fillColor('#000')
  for (const [row, modules] of rows.entries())
    for (const { from, length } of stretches(modules))
      doc.rect(x + from * size, y + row * size, length * size, size)
  doc.fill()
  doc.link(x, y, QR, QR, link)
}

/** The dark modules of a QR code, error correction M: a fold or a stain may take 15 % of it. */
export function qrModules(text: string): boolean[][] {
  const code = qrcode(0, 'M')
  code.addData(text)
  code.make()
  const count = code.getModuleCount()
  return Array.from({ length: count }, (_, row) =>
    Array.from({ length: count }, (_, at) => code.isDark(row, at)),
  )
}

/** Dark modules side by side, as one. */
export function stretches(modules: readonly boolean[]): { from: number; length: number }[] {
  const found: { from: number; length: number }[] = []
  for (const [at, dark] of modules.entries()) {
    const last = found.at(-1)
    if (dark && last && last.from + last.length === at) last.length++
    else if (dark) found.push({ from: at, length: 1 })
  }
  return found
}
