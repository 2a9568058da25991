/**
 * What a workbook says of itself: its sheets, how days are counted, and how each style shows a number.
 */
import { builtinFormat, type NumberFormat, parseFormat } from '../spreadsheet.ts'
import { type Package, partName, unreadable } from './xlsx-package.ts'
import { type Attributes, readPart } from './xlsx-xml.ts'

export type Sheet = { name: string; part: string; isHidden: boolean }

export type Workbook = {
  sheets: readonly Sheet[]
  /** Whether days are counted from 1904, as old Macintosh editions did. */
  from1904: boolean
  /** By the number a cell gives as its style. */
  formats: readonly NumberFormat[]
  /** The part of shared texts, if there is one. */
  strings: string | null
}

/** Far above what a spreadsheet writes (65,490 styles): without an end, a list of nothing could fill the memory. */
const LIST_MAX = 100_000

/** Throws `file_unreadable` for a zip that is no workbook, or whose parts do not hang together. */
export async function readWorkbook(source: Package): Promise<Workbook> {
  const main = (await readRelations(source, '')).find(each => each.kind === 'officeDocument')?.target
  if (main === undefined || !main.toLowerCase().endsWith('.xml')) {
    throw unreadable(source.path, 'binary', 'is no workbook of the kind .xlsx; save it as .xlsx or CSV')
  }
  const relations = await readRelations(source, main)
  const { listed, from1904 } = await readMain(source, main)
  const sheets = listed.flatMap(({ name, id, isHidden }) => {
    const relation = relations.find(each => each.id === id)
    // Charts and dialogs are sheets too, with no rows.
    return relation?.kind === 'worksheet' ? [{ name, part: relation.target, isHidden }] : []
  })
  const part = (kind: string) => relations.find(each => each.kind === kind)?.target ?? null
  return {
    sheets,
    from1904,
    formats: await readFormats(source, part('styles')),
    strings: part('sharedStrings'),
  }
}

/** The sheet of a name, or the first that a person sees. */
export function chooseSheet(path: string, sheets: readonly Sheet[], wanted: string | undefined): Sheet {
  const names = sheets.map(({ name }) => name).join(', ')
  if (wanted !== undefined) {
    const fold = (name: string) => name.normalize('NFC').trim().toLowerCase()
    const found =
      sheets.find(({ name }) => name === wanted) ?? sheets.find(({ name }) => fold(name) === fold(wanted))
    if (found !== undefined) return found
    throw unreadable(path, 'noSheet', `has no sheet "${wanted}"; it has ${names}`, {
      sheets: sheets.map(({ name }) => name),
    })
  }
  const first = sheets.find(({ isHidden }) => !isHidden) ?? sheets[0]
  if (first === undefined) throw unreadable(path, 'noSheet', 'has no sheet with rows')
  return first
}

type Relation = { id: string; kind: string; target: string }

/** The relations of a part, or of the package itself for `''`. `kind` is the last word of the type, the same in strict form. */
async function readRelations(source: Package, part: string): Promise<Relation[]> {
  const slash = part.lastIndexOf('/') + 1
  const relations: Relation[] = []
  await readPart(source, `${part.slice(0, slash)}_rels/${part.slice(slash)}.rels`, {
    open: (name, { Id = '', Type = '', Target = '', TargetMode }) => {
      if (name !== 'Relationship' || TargetMode === 'External') return
      const kind = Type.slice(Type.lastIndexOf('/') + 1)
      addBounded(source, relations, { id: Id, kind, target: partName(part, Target) })
    },
    text: () => {},
    close: () => {},
  })
  return relations
}

type Listed = { name: string; id: string; isHidden: boolean }

async function readMain(source: Package, part: string): Promise<{ listed: Listed[]; from1904: boolean }> {
  const listed: Listed[] = []
  let from1904 = false
  await readPart(source, part, {
    open: (name, attributes) => {
      if (name === 'workbookPr') from1904 = /^(1|true|on)$/.test(attributes.date1904 ?? '')
      if (name !== 'sheet') return
      const { name: title = '', state = 'visible' } = attributes
      addBounded(source, listed, { name: title, id: relationId(attributes), isHidden: state !== 'visible' })
    },
    text: () => {},
    close: () => {},
  })
  return { listed, from1904 }
}

/** `r:id`, whatever the prefix of the relations' namespace is. */
function relationId(attributes: Attributes): string {
  const key = Object.keys(attributes).find(name => name.endsWith(':id'))
  return key === undefined ? '' : (attributes[key] ?? '')
}

async function readFormats(source: Package, part: string | null): Promise<NumberFormat[]> {
  if (part === null) return []
  const own = new Map<number, NumberFormat>()
  const styles: number[] = []
  let inCellStyles = false
  await readPart(source, part, {
    open: (name, { numFmtId = '0', formatCode = '' }) => {
      if (name === 'numFmt' && own.size < LIST_MAX) own.set(Number(numFmtId), parseFormat(formatCode))
      else if (name === 'cellXfs') inCellStyles = true
      else if (name === 'xf' && inCellStyles) addBounded(source, styles, Number(numFmtId))
    },
    text: () => {},
    close: name => {
      if (name === 'cellXfs') inCellStyles = false
    },
  })
  return styles.map(id => own.get(id) ?? builtinFormat(id))
}

function addBounded<T>(source: Package, list: T[], item: T): void {
  if (list.length >= LIST_MAX)
    throw unreadable(
      source.path,
      'damagedExcel',
      'lists more styles or sheets than any workbook; save it again',
    )
  list.push(item)
}
