/** The parts of a workbook that is written: its sheets, and the small ones that say what it is. */
import { spreadsheetText } from '../spreadsheet.ts'

const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006'
const TYPES = 'application/vnd.openxmlformats-officedocument.spreadsheetml'
const START = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

/** Rows of a sheet, headings among them. */
const ROWS_MAX = 1_048_576
/** Characters gathered before they go on. */
const CHUNK = 1 << 16
const NAME_MAX = 31

export function sheetPart(number: number): string {
  return `xl/worksheets/sheet${number}.xml`
}

type Rows = { take(): Promise<readonly string[] | null> }

/** Headings and as many rows as a sheet holds. The headings stay in sight, and nobody is warned of digits kept as text. */
export async function* sheetXml(headings: readonly string[], rows: Rows): AsyncGenerator<string> {
  let text = `${START}<worksheet xmlns="${MAIN}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetFormatPr defaultRowHeight="15"/><cols><col min="1" max="${Math.max(1, headings.length)}" width="22" customWidth="1" style="1"/></cols><sheetData>${rowXml(headings, 2)}`
  let count = 1
  while (count < ROWS_MAX) {
    const row = await rows.take()
    if (row === null) break
    count += 1
    text += rowXml(row, 1)
    if (text.length < CHUNK) continue
    yield text
    text = ''
  }
  yield `${text}</sheetData><ignoredErrors><ignoredError sqref="A1:XFD${count}" numberStoredAsText="1"/></ignoredErrors></worksheet>`
}

function rowXml(row: readonly string[], style: number): string {
  const cells = row.map(
    text =>
      `<c s="${style}" t="inlineStr"><is><t xml:space="preserve">${xmlText(spreadsheetText(text))}</t></is></c>`,
  )
  return `<row>${cells.join('')}</row>`
}

function xmlText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

/** Names and texts of all parts but the sheets. */
export function fixedParts(sheet: string, sheets: number): [name: string, text: string][] {
  const numbers = Array.from({ length: sheets }, (_, i) => i + 1)
  return [
    ['[Content_Types].xml', contentTypes(numbers)],
    ['_rels/.rels', relations([['officeDocument', 'xl/workbook.xml']])],
    ['xl/workbook.xml', workbook(sheet, numbers)],
    [
      'xl/_rels/workbook.xml.rels',
      relations([
        ...numbers.map((each): [string, string] => ['worksheet', `worksheets/sheet${each}.xml`]),
        ['styles', 'styles.xml'],
      ]),
    ],
    ['xl/styles.xml', styles],
  ]
}

function contentTypes(numbers: readonly number[]): string {
  const override = (name: string, type: string) =>
    `<Override PartName="/${name}" ContentType="${TYPES}.${type}+xml"/>`
  const sheets = numbers.map(each => override(sheetPart(each), 'worksheet'))
  return `${START}<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>${override('xl/workbook.xml', 'sheet.main')}${sheets.join('')}${override('xl/styles.xml', 'styles')}</Types>`
}

function relations(targets: readonly [kind: string, target: string][]): string {
  const each = targets.map(
    ([kind, target], i) => `<Relationship Id="rId${i + 1}" Type="${OFFICE}/${kind}" Target="${target}"/>`,
  )
  return `${START}<Relationships xmlns="${PACKAGE}/relationships">${each.join('')}</Relationships>`
}

function workbook(sheet: string, numbers: readonly number[]): string {
  const each = numbers.map(
    number => `<sheet name="${xmlText(sheetName(sheet, number))}" sheetId="${number}" r:id="rId${number}"/>`,
  )
  return `${START}<workbook xmlns="${MAIN}" xmlns:r="${OFFICE}"><sheets>${each.join('')}</sheets></workbook>`
}

/** A name without the characters that spreadsheets refuse, short enough with its number. */
function sheetName(sheet: string, number: number): string {
  const end = number === 1 ? '' : ` ${number}`
  const name = spreadsheetText(sheet)
    .replace(/[[\]:*?/\\]/g, ' ')
    .replace(/^'|'$/g, ' ')
    .trim()
  return `${(name === '' ? 'Sheet' : name).slice(0, NAME_MAX - end.length)}${end}`
}

/** Style 1 is text (format 49, `@`), so that a cell stays text when it is edited; style 2 the same in bold. */
const styles = `${START}<styleSheet xmlns="${MAIN}"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/><xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1"/></cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`
