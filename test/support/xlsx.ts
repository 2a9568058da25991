/**
 * Workbooks for tests, written part by part, so that they can be as odd as those that come in: what a spreadsheet would
 * write, what others write, and what somebody writes on purpose.
 */
import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import yazl from 'yazl'

const TRANSITIONAL = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006/relationships'

export type SheetParts = {
  name: string
  /** The XML of its rows, see {@link row}. */
  rows: string
  /** References of merged areas, as `A1:B2`. */
  merged?: readonly string[]
  state?: 'hidden' | 'veryHidden'
  /** A chart sheet has no rows. */
  isChart?: boolean
}

export type WorkbookParts = {
  sheets: readonly SheetParts[]
  /** What stands in each `si`. */
  strings?: readonly string[]
  /** The number format of each style: the number of a built-in one, or a code. */
  formats?: readonly (number | string)[]
  from1904?: boolean
  /** The namespaces of ISO 29500 strict. */
  isStrict?: boolean
  /** Put before the name of each element. */
  prefix?: string
}

export function row(number: number | null, ...cells: string[]): string {
  return `<row${number === null ? '' : ` r="${number}"`}>${cells.join('')}</row>`
}

/** A cell of a type with what stands in `v`; the reference may be left out. */
export function cell(reference: string | null, type: string, value: string, style = 0): string {
  return `<c${reference === null ? '' : ` r="${reference}"`} s="${style}" t="${type}"><v>${value}</v></c>`
}

export function text(reference: string | null, value: string): string {
  return `<c${reference === null ? '' : ` r="${reference}"`} t="inlineStr"><is><t xml:space="preserve">${value}</t></is></c>`
}

/** Rows of texts from row 1 on. */
export function texts(...rows: string[][]): string {
  return rows
    .map((each, i) => row(i + 1, ...each.map(value => (value === '' ? '<c/>' : text(null, value)))))
    .join('')
}

/** The parts of a workbook by name. */
export function partsOf(workbook: WorkbookParts): Map<string, string> {
  const { sheets, strings } = workbook
  const inMain = (xml: string) => dressed(xml, workbook)
  const relation = (id: string, kind: string, target: string) =>
    `<Relationship Id="${id}" Type="${workbook.isStrict ? 'http://purl.oclc.org/ooxml/officeDocument/relationships' : OFFICE}/${kind}" Target="${target}"/>`
  const listed = sheets.map(
    ({ name, state }, i) =>
      `<sheet name="${name}" sheetId="${i + 1}"${state === undefined ? '' : ` state="${state}"`} r:id="s${i}"/>`,
  )
  const relations = sheets.map(({ isChart }, i) =>
    relation(`s${i}`, isChart ? 'chartsheet' : 'worksheet', `/xl/worksheets/sheet${i + 1}.xml`),
  )
  if (strings !== undefined) relations.push(relation('strings', 'sharedStrings', 'sharedStrings.xml'))
  if (workbook.formats !== undefined) relations.push(relation('styles', 'styles', 'styles.xml'))
  const list = (each: string[]) => `<Relationships xmlns="${PACKAGE}">${each.join('')}</Relationships>`
  return new Map([
    ['[Content_Types].xml', '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'],
    ['_rels/.rels', list([relation('main', 'officeDocument', 'xl/workbook.xml')])],
    ['xl/_rels/workbook.xml.rels', list(relations)],
    [
      'xl/workbook.xml',
      inMain(
        `<workbook xmlns="${TRANSITIONAL}" xmlns:r="${OFFICE}"><workbookPr${workbook.from1904 ? ' date1904="1"' : ''}/><sheets>${listed.join('')}</sheets></workbook>`,
      ),
    ],
    ...sheets.map((sheet, i): [string, string] => [
      `xl/worksheets/sheet${i + 1}.xml`,
      inMain(sheetXml(sheet)),
    ]),
    ...(strings === undefined
      ? []
      : [
          [
            'xl/sharedStrings.xml',
            inMain(`<sst xmlns="${TRANSITIONAL}">${strings.map(each => `<si>${each}</si>`).join('')}</sst>`),
          ] as const,
        ]),
    ...(workbook.formats === undefined
      ? []
      : [['xl/styles.xml', inMain(stylesXml(workbook.formats))] as const]),
  ])
}

export function sheetXml({ rows, merged = [] }: Pick<SheetParts, 'rows' | 'merged'>): string {
  const areas = merged.map(area => `<mergeCell ref="${area}"/>`).join('')
  return `<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="${TRANSITIONAL}"><sheetData>${rows}</sheetData>${areas === '' ? '' : `<mergeCells>${areas}</mergeCells>`}</worksheet>`
}

function stylesXml(formats: readonly (number | string)[]): string {
  const own = formats.flatMap((format, i) =>
    typeof format === 'string'
      ? [`<numFmt numFmtId="${200 + i}" formatCode="${format.replaceAll('"', '&quot;')}"/>`]
      : [],
  )
  const styles = formats.map(
    (format, i) => `<xf numFmtId="${typeof format === 'string' ? 200 + i : format}"/>`,
  )
  // The formats of named styles come first and are not those that cells count by.
  return `<styleSheet xmlns="${TRANSITIONAL}"><numFmts>${own.join('')}</numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs>${styles.join('')}</cellXfs></styleSheet>`
}

function dressed(xml: string, { isStrict, prefix }: WorkbookParts): string {
  const named = isStrict
    ? xml
        .replaceAll(TRANSITIONAL, 'http://purl.oclc.org/ooxml/spreadsheetml/main')
        .replaceAll(OFFICE, 'http://purl.oclc.org/ooxml/officeDocument/relationships')
    : xml
  if (prefix === undefined) return named
  return named.replace(/<(\/?)(?=[A-Za-z])/g, `<$1${prefix}:`).replace('xmlns=', `xmlns:${prefix}=`)
}

/** Writes parts as a zip file. */
export async function writeParts(
  path: string,
  parts: Iterable<readonly [name: string, content: string | Buffer]>,
  compress = true,
): Promise<void> {
  const zip = new yazl.ZipFile()
  for (const [name, content] of parts) zip.addBuffer(Buffer.from(content), name, { compress })
  zip.end()
  await pipeline(zip.outputStream, createWriteStream(path))
}

export async function writeWorkbook(path: string, workbook: WorkbookParts): Promise<void> {
  await writeParts(path, partsOf(workbook))
}
