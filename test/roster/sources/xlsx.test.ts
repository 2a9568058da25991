import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { AppError } from '../../../src/error.ts'
import { fileRefusalWords } from '../../../src/roster/file-messages.ts'
import type { Table, TableRow } from '../../../src/roster/sources/table.ts'
import { openXlsx, type XlsxOptions } from '../../../src/roster/sources/xlsx.ts'
import { limits } from '../../../src/roster/sources/xlsx-package.ts'
import { SharedStrings } from '../../../src/roster/sources/xlsx-strings.ts'
import {
  cell,
  partsOf,
  row,
  type SheetParts,
  text,
  texts,
  type WorkbookParts,
  writeParts,
  writeWorkbook,
} from '../../support/xlsx.ts'

const signal = new AbortController().signal
const headings = texts(['Mã cán bộ', 'Họ và tên', 'Cơ quan'])

/** One sheet called `Danh sách`, with the rest of a workbook as given. */
function oneSheet(rows: string, rest: Partial<WorkbookParts> & Partial<SheetParts> = {}): WorkbookParts {
  const { merged, ...workbook } = rest
  return { sheets: [{ name: 'Danh sách', rows, ...(merged === undefined ? {} : { merged }) }], ...workbook }
}

async function readTable(table: Table): Promise<TableRow[]> {
  try {
    return (await Array.fromAsync(table.rows())).flat()
  } finally {
    await table.close()
  }
}

async function read(t: Test, workbook: WorkbookParts, options: Partial<XlsxOptions> = {}) {
  const path = join(t.testdir(), 'danh-sach.xlsx')
  await writeWorkbook(path, workbook)
  const table = await openXlsx(path, { signal, ...options })
  return { table, rows: await readTable(table) }
}

async function cellsOf(t: Test, workbook: WorkbookParts): Promise<(readonly string[])[]> {
  return (await read(t, workbook)).rows.map(({ cells }) => cells)
}

/** What opening and reading answers with, which has to be an error with a sentence that names the file. */
async function refusal(path: string, options: Partial<XlsxOptions> = {}): Promise<AppError> {
  try {
    await readTable(await openXlsx(path, { signal, ...options }))
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    const { refused } = error.details
    if (refused !== undefined && !(String(refused) in fileRefusalWords))
      throw new Error(`no words for ${refused}`)
    return error
  }
  throw new Error('it was read')
}

async function refuseParts(t: Test, parts: Iterable<readonly [string, string | Buffer]>, compress = true) {
  const path = join(t.testdir(), 'la.xlsx')
  await writeParts(path, parts, compress)
  return refusal(path)
}

t.test('a table has its headings, its rows by their number, and says which sheet it is', async t => {
  const { table, rows } = await read(
    t,
    oneSheet(
      texts(['Mã cán bộ', 'Họ và tên'], ['CB1', 'Nguyễn Văn An'], ['', ''], ['CB2', 'H&apos;Hen Niê']),
    ),
  )
  t.match(table, {
    format: 'xlsx',
    sheet: 'Danh sách',
    sheets: ['Danh sách'],
    headingRow: 1,
    separator: null,
  })
  t.same(table.headings, ['Mã cán bộ', 'Họ và tên'])
  t.same(rows, [
    { number: 2, cells: ['CB1', 'Nguyễn Văn An'], notes: [] },
    { number: 4, cells: ['CB2', "H'Hen Niê"], notes: [] },
  ])
})

t.test('texts are shared, rich, inline or of a formula, and never how to read them aloud', async t => {
  const strings = [
    '<t>Mã</t>',
    '<t>Họ tên</t>',
    '<r><rPr><b/></rPr><t xml:space="preserve">Nguyễn </t></r><r><t>Văn An</t></r><rPh sb="0" eb="1"><t>an</t></rPh><phoneticPr fontId="1"/>',
    '<t>a_x000D_b</t>',
    '',
  ]
  const rows = [
    row(1, cell('A1', 's', '0'), cell('B1', 's', '1')),
    row(2, cell('A2', 's', '3'), cell('B2', 's', '2')),
    row(3, '<c r="A3" t="str"><f>"CB"&amp;1</f><v>CB1</v></c>', text('B3', 'Lê <![CDATA[<Thị>]]> Bé')),
    row(4, cell('A4', 's', '4'), text('B4', ' \u00a0 '), cell('C4', 's', '')),
  ]
  t.same(await cellsOf(t, oneSheet(rows.join(''), { strings })), [
    ['a\rb', 'Nguyễn Văn An'],
    ['CB1', 'Lê <Thị> Bé'],
  ])
})

t.test('numbers, truth and days are as a person reads them', async t => {
  const formats = [0, 14, '[$-42A]dd/mm/yyyy', 22, '0.00', '@']
  const rows = [
    texts(['Tên', 'Giá trị']),
    ...[
      cell('B2', 'n', '0.30000000000000004'),
      cell('B3', 'n', '1.23E+5'),
      cell('B4', 'b', '1'),
      cell('B5', 'b', '0'),
      cell('B6', 'n', '31107', 1),
      cell('B7', 'n', '31107', 2),
      cell('B8', 'n', '31107.3125', 3),
      cell('B9', 'n', '31107', 4),
      cell('B10', 'd', '1985-03-01T00:00:00', 1),
      cell('B11', 'n', '60', 1),
      cell('B12', 'n', '-5', 1),
      cell('B13', 'n', '31107', 5),
    ].map((each, i) => row(i + 2, text(`A${i + 2}`, 'x'), each)),
  ]
  t.same(
    (await cellsOf(t, oneSheet(rows.join(''), { formats }))).map(cells => cells[1]),
    [
      '0.3',
      '123000',
      'TRUE',
      'FALSE',
      '1985-03-01',
      '1985-03-01',
      '1985-03-01 07:30',
      '31107',
      '1985-03-01',
      '1900-02-29',
      '-5',
      '31107',
    ],
  )
})

t.test('a workbook that counts from 1904 has the same days', async t => {
  const rows = texts(['Tên', 'Ngày sinh']) + row(2, text('A2', 'An'), cell('B2', 'n', '29645', 0))
  const workbook = oneSheet(rows, { formats: [14], from1904: true })
  t.same(await cellsOf(t, workbook), [['An', '1985-03-01']])
})

t.test('what a formula did not give is said, and a value it gave is taken', async t => {
  const rows =
    headings +
    row(
      2,
      text('A2', 'CB1'),
      '<c r="B2" t="e"><f>VLOOKUP(A2,X,1)</f><v>#REF!</v></c>',
      '<c r="C2"><f>A1&amp;B1</f></c>',
    ) +
    row(3, text('A3', '#N/A'), '<c r="B3"><f>1+1</f><v>2</v></c>', '<c r="C3" t="str"><f>""</f><v></v></c>')
  const { rows: found } = await read(t, oneSheet(rows))
  t.same(found, [
    {
      number: 2,
      cells: ['CB1', '#REF!', ''],
      notes: [
        { column: 1, kind: 'formulaError', text: '#REF!' },
        { column: 2, kind: 'noValue', text: '' },
      ],
    },
    {
      number: 3,
      cells: ['#N/A', '2', ''],
      notes: [{ column: 0, kind: 'formulaError', text: '#N/A' }],
    },
  ])
})

t.test('ids that became numbers are told of, with what may be lost of them', async t => {
  const rows = [
    texts(['Mã', 'Số định danh', 'Điện thoại', 'Mã số', 'Ngày']),
    // The text that begins with a zero comes after the numbers that lack theirs.
    row(
      2,
      text('A2', 'a'),
      cell('B2', 'n', '1.2345678901234568E+17'),
      cell('C2', 'n', '912345678'),
      cell('D2', 'n', '12', 1),
      text('E2', '01.02.1985'),
    ),
    row(
      3,
      text('A3', 'b'),
      text('B3', '1.23E+11'),
      text('C3', '0912345679'),
      cell('D3', 'n', '345678', 1),
      cell('E3', 'n', '1985'),
    ),
    row(
      4,
      text('A4', 'c'),
      cell('B4', 'n', '1.23E+11'),
      text('C4', '0 912 345 670'),
      text('D4', 'x'),
      cell('E4', 'n', '31107', 2),
    ),
    row(5, text('A5', 'd'), text('B5', '1,23E+11'), cell('C5', 'n', '0.5'), text('D5', 'y'), text('E5', 'z')),
  ]
  const { rows: found } = await read(t, oneSheet(rows.join(''), { formats: [0, '000000', 14] }))
  t.same(
    found.map(({ cells }) => cells),
    [
      ['a', '123456789012345677', '912345678', '000012', '01.02.1985'].with(
        1,
        String(BigInt(1.2345678901234568e17)),
      ),
      ['b', '1.23E+11', '0912345679', '345678', '1985'],
      ['c', '123000000000', '0 912 345 670', 'x', '1985-03-01'],
      ['d', '1,23E+11', '0.5', 'y', 'z'],
    ],
  )
  t.same(
    found.map(({ notes }) => notes.map(({ column, kind }) => `${column} ${kind}`)),
    [['1 digitsLost', '2 zerosLost'], ['1 scientific'], [], ['1 scientific']],
  )
})

t.test('merged headings in two and three rows count for all their columns', async t => {
  const title = row(1, text('A1', 'DANH SÁCH CÁN BỘ'))
  const rows =
    title +
    row(
      3,
      text('A3', 'STT'),
      text('B3', 'Họ và tên'),
      text('C3', 'Liên hệ'),
      '<c r="D3"/>',
      text('E3', 'Cơ quan'),
    ) +
    row(4, text('C4', 'Điện thoại'), text('D4', 'Thư điện tử')) +
    row(5, ...['1', '2', '3', '4', '5'].map(each => text(null, `(${each})`))) +
    row(6, ...['1', 'Nguyễn Văn An', '0912', 'an@phuocan.test', 'Sở Nội vụ'].map(each => text(null, each)))
  const merged = ['A1:E1', 'A3:A4', 'B3:B4', 'C3:D3', 'E3:E4']
  const { table, rows: found } = await read(t, oneSheet(rows, { merged }))
  t.same(table.headings, ['STT', 'Họ và tên', 'Liên hệ / Điện thoại', 'Liên hệ / Thư điện tử', 'Cơ quan'])
  t.equal(table.headingRow, 5, 'a row of column numbers is none of data')
  t.same(
    found.map(({ number }) => number),
    [6],
  )

  const three =
    row(1, text('A1', 'Mã cán bộ'), text('B1', 'Họ và tên'), text('C1', 'Liên hệ')) +
    row(2, text('C2', 'Riêng'), text('E2', 'Chung')) +
    row(3, text('C3', 'Điện thoại'), text('D3', 'Thư'), text('E3', 'Điện thoại'), text('F3', 'Thư')) +
    row(4, ...['CB1', 'An', '1', '2', '3', '4'].map(each => text(null, each)))
  const deep = await read(t, oneSheet(three, { merged: ['A1:A3', 'B1:B3', 'C1:F1', 'C2:D2', 'E2:F2'] }))
  t.same(deep.table.headings, [
    'Mã cán bộ',
    'Họ và tên',
    'Liên hệ / Riêng / Điện thoại',
    'Liên hệ / Riêng / Thư',
    'Liên hệ / Chung / Điện thoại',
    'Liên hệ / Chung / Thư',
  ])
  t.same(
    deep.rows.map(({ cells }) => cells),
    [['CB1', 'An', '1', '2', '3', '4']],
  )
})

t.test('a heading merged over two columns is that of both', async t => {
  const rows =
    row(1, text('A1', 'Mã cán bộ'), text('B1', 'Họ và tên'), '<c r="C1"/>', text('D1', 'Cơ quan')) +
    row(2, ...['CB1', 'Nguyễn Văn', 'An', ''].map(each => text(null, each)))
  const { table, rows: found } = await read(t, oneSheet(rows, { merged: ['B1:C1'] }))
  t.same(table.headings, ['Mã cán bộ', 'Họ và tên', 'Họ và tên', 'Cơ quan'])
  t.same(
    found.map(({ cells }) => cells),
    [['CB1', 'Nguyễn Văn', 'An', '']],
  )
})

t.test('a cell merged down a column counts for each of its rows, and to the right for none', async t => {
  const rows =
    headings +
    row(2, text('A2', 'CB1'), text('B2', 'An'), text('C2', 'Sở Nội vụ')) +
    row(3, text('A3', 'CB2'), text('B3', 'Bé'), '<c r="C3"/>') +
    row(4, text('A4', 'CB3'), text('B4', 'Cúc')) +
    row(5, text('A5', 'II. Khối xã')) +
    row(6, text('A6', 'CB4'), text('B6', 'Dũng'), text('C6', 'Xã Bình Minh')) +
    row(8, text('A8', 'CB5'), text('B8', 'Én')) +
    row(10, text('A10', 'CB6'), text('B10', 'Gấm'))
  // The last one is merged on to the end of the sheet: rows without a cell of their own are none.
  const { rows: found } = await read(
    t,
    oneSheet(rows, { merged: ['C6:C8', 'C2:C4', 'A5:C5', 'B10:C1048576'] }),
  )
  t.same(
    found.map(({ number, cells }) => `${number} ${cells.join('|')}`),
    [
      '2 CB1|An|Sở Nội vụ',
      '3 CB2|Bé|Sở Nội vụ',
      '4 CB3|Cúc|Sở Nội vụ',
      '5 II. Khối xã||',
      '6 CB4|Dũng|Xã Bình Minh',
      '8 CB5|Én|Xã Bình Minh',
      '10 CB6|Gấm|',
    ],
  )
})

t.test('a heading merged far down beside the data stays a heading', async t => {
  const rows =
    row(1, text('A1', 'Mã cán bộ'), text('B1', 'Họ và tên'), text('C1', 'Danh sách năm 2025')) +
    row(2, text('A2', 'CB1'), text('B2', 'An')) +
    row(3, text('A3', 'CB2'), text('B3', 'Bé'))
  const { table, rows: found } = await read(t, oneSheet(rows, { merged: ['C1:C40'] }))
  t.equal(table.headingRow, 1)
  t.same(
    found.map(({ cells }) => cells),
    [
      ['CB1', 'An', ''],
      ['CB2', 'Bé', ''],
    ],
  )
})

t.test('the first sheet in sight is read, or the one that is asked for', async t => {
  const path = join(t.testdir(), 'nhieu-trang.xlsx')
  const sheets: SheetParts[] = [
    { name: 'Biểu đồ', rows: '', isChart: true },
    { name: 'Mã', rows: texts(['Mã', 'Tên'], ['1', 'x']), state: 'veryHidden' },
    { name: 'Sở', rows: texts(['Mã', 'Tên'], ['2', 'y']) },
    { name: 'Xã', rows: texts(['Mã', 'Tên'], ['3', 'z']), state: 'hidden' },
    { name: 'Trống', rows: '' },
  ]
  await writeWorkbook(path, { sheets })
  const first = await openXlsx(path, { signal })
  t.equal(first.sheet, 'Sở')
  t.same(first.sheets, ['Mã', 'Sở', 'Xã', 'Trống'])
  t.same(
    (await readTable(first)).map(({ cells }) => cells),
    [['2', 'y']],
  )
  for (const sheet of ['Xã', 'xã ', 'Xã'.normalize('NFD')]) {
    t.same(
      (await readTable(await openXlsx(path, { signal, sheet }))).map(({ cells }) => cells),
      [['3', 'z']],
    )
  }
  t.match(
    (await refusal(path, { sheet: 'Phường' })).message,
    /has no sheet "Phường"; it has Mã, Sở, Xã, Trống/,
  )
  const empty = await refusal(path, { sheet: 'Trống' })
  t.match(empty, {
    code: 'file_unreadable',
    details: { refused: 'emptySheet', sheets: ['Mã', 'Sở', 'Xã', 'Trống'] },
  })
})

t.test('rows and cells without a reference, hidden or out of order are still themselves', async t => {
  const cells = texts(['Mã', 'Tên'], ['CB1', 'An'], ['CB2', 'Bé'])
  const bare = cells.replace(/<row r="\d+"/g, '<row')
  t.same(await cellsOf(t, oneSheet(bare)), [
    ['CB1', 'An'],
    ['CB2', 'Bé'],
  ])
  t.same(await cellsOf(t, oneSheet(cells.replace('<row r="2"', '<row r="2" hidden="1"'))), [
    ['CB1', 'An'],
    ['CB2', 'Bé'],
  ])
  const mixed =
    row(7, text('B7', 'Bé'), text('A7', 'CB2')) +
    row(5, text('A5', 'CB1'), text('B5', 'An')) +
    row(2, text('A2', 'Mã cán bộ'), text(null, 'Họ tên'))
  const { table, rows } = await read(t, oneSheet(mixed))
  t.same(table.headings, ['Mã cán bộ', 'Họ tên'])
  t.same(
    rows.map(({ number, cells }) => `${number} ${cells.join('|')}`),
    ['7 CB2|Bé', '5 CB1|An'],
  )
  const down = Array.from({ length: 100 }, (_, i) => row(101 - i, text(null, `CB${i}`), text(null, 'An')))
  const last = await read(t, oneSheet(down.join('') + headings))
  t.same([last.table.headings[0], last.table.headingRow, last.rows.length], ['Mã cán bộ', 1, 100])
  const path = join(t.testdir(), 'tron.xlsx')
  await writeWorkbook(path, oneSheet(mixed, { merged: ['B5:B7'] }))
  t.match((await refusal(path)).message, /rows out of order; open it in LibreOffice and save it again/)
})

t.test('strict workbooks, prefixes and UTF-16 read the same', async t => {
  const rows =
    headings +
    row(2, cell('A2', 's', '0'), text('B2', 'Nguyễn'), cell('C2', 'n', '31107', 1)) +
    row(3, text('A3', 'CB2'))
  const workbook = oneSheet(rows, { merged: ['C2:C3'], strings: ['<t>CB1</t>'], formats: [0, 14] })
  const wanted = [
    ['CB1', 'Nguyễn', '1985-03-01'],
    ['CB2', '', '1985-03-01'],
  ]
  t.same(await cellsOf(t, workbook), wanted)
  t.same(await cellsOf(t, { ...workbook, isStrict: true }), wanted)
  t.same(await cellsOf(t, { ...workbook, prefix: 'x' }), wanted)
  const foreign =
    '<z:row xmlns:z="urn:x" r="9"><z:c r="A9" t="inlineStr"><z:is><z:t>lạ</z:t></z:is></z:c></z:row>'
  const path = join(t.testdir(), 'utf16.xlsx')
  for (const prefix of ['', 'x:']) {
    const parts = partsOf(prefix === '' ? workbook : { ...workbook, prefix: 'x' })
    const name = 'xl/worksheets/sheet1.xml'
    const end = `</${prefix}sheetData>`
    await writeParts(path, parts.set(name, (parts.get(name) ?? '').replace(end, foreign + end)))
    t.same(
      (await readTable(await openXlsx(path, { signal }))).map(({ cells }) => cells),
      wanted,
      'of another kind',
    )
  }
  const wide = [...partsOf(workbook)].map(
    ([name, xml]) => [name, Buffer.from(`\ufeff${xml.replace('UTF-8', 'UTF-16')}`, 'utf16le')] as const,
  )
  await writeParts(path, wide)
  t.same(
    (await readTable(await openXlsx(path, { signal }))).map(({ cells }) => cells),
    wanted,
  )
})

t.test('a row that cannot be taken as it is has its problem, and the others go on', async t => {
  const rows =
    headings +
    row(2, text('A2', 'x'.repeat(40_000)), text('B2', 'An')) +
    row(3, text('A3', 'CB2'), text('XFD3', 'lạc')) +
    row(4, text('A4', 'CB3'), text('B4', 'Bé'))
  const { rows: found } = await read(t, oneSheet(rows))
  t.same(
    found.map(({ problem }) => problem),
    ['tooLong', 'tooManyCells', undefined],
  )
  t.equal(found[0]?.cells[0]?.length, 32_767)
})

t.test('any table of texts is read as it was', async t => {
  const word = fc.string({
    unit: fc.constantFrom('a', 'Ễ', 'đ', '0', '1', '<', '&', ' ', '\n', '_x', '😀'),
    maxLength: 8,
  })
  const tables = fc.array(fc.array(word, { minLength: 3, maxLength: 3 }), { maxLength: 30 })
  const dir = t.testdir()
  await fc.assert(
    fc.asyncProperty(tables, fc.boolean(), async (table, isShared) => {
      const path = join(dir, 'bat-ky.xlsx')
      const xml = (value: string) =>
        value.replaceAll('_x', '_x005F_x').replaceAll('&', '&amp;').replaceAll('<', '&lt;')
      const all = table.flat()
      const body = table.map((cells, i) =>
        row(
          i + 2,
          ...cells.map((value, j) =>
            isShared ? cell(null, 's', String(i * 3 + j)) : text(null, xml(value)),
          ),
        ),
      )
      await writeWorkbook(path, {
        sheets: [{ name: 'x', rows: headings + body.join('') }],
        strings: all.map(value => `<t xml:space="preserve">${xml(value)}</t>`),
      })
      const kept = table.map(cells => cells.map(value => value.trim()))
      const rows = await readTable(await openXlsx(path, { signal }))
      t.same(
        rows.map(({ cells }) => cells),
        kept.filter(cells => cells.some(value => value !== '')),
      )
    }),
    { numRuns: 40 },
  )
})

t.test('what is no workbook is told what it should be', async t => {
  const dir = t.testdir({
    'cu.xlsx': Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(2048)]),
    'trong.xlsx': '',
    'chu.xlsx': 'Mã,Tên\n1,An\n',
  })
  for (const name of ['cu.xlsx', 'trong.xlsx', 'chu.xlsx']) {
    t.match(await refusal(join(dir, name)), { code: 'file_unreadable', message: /save it again/ }, name)
  }
  t.match(await refusal(join(dir, 'khong-co.xlsx')), { code: 'file_unreadable', message: /cannot be opened/ })
  t.match(await refusal(dir), { code: 'file_unreadable', message: /is no file/ })
  const parts = partsOf(oneSheet(headings))
  const word = [...parts].map(
    ([name, xml]) => [name, xml.replaceAll('spreadsheetml', 'wordprocessingml')] as const,
  )
  t.match(await refuseParts(t, word), { code: 'file_unreadable', message: /save it as .xlsx or CSV/ })
  t.match(await refuseParts(t, [['content.xml', '<office/>']]), { code: 'file_unreadable' })
})

t.test('a workbook without one of its parts is not read', async t => {
  const workbook = oneSheet(headings + row(2, cell('A2', 's', '0')), {
    strings: ['<t>CB1</t>'],
    formats: [0],
  })
  for (const missing of partsOf(workbook).keys()) {
    if (missing === '[Content_Types].xml') continue
    const parts = partsOf(workbook)
    parts.delete(missing)
    t.match(await refuseParts(t, parts), { code: 'file_unreadable', message: /save it again/ }, missing)
  }
  const parts = partsOf({ ...workbook, strings: [] })
  t.match(await refuseParts(t, parts), {
    code: 'file_unreadable',
    message: /shared text 0, which is missing/,
  })
})

t.test('a sheet that was cut off within a sound zip is not read', async t => {
  const whole = partsOf(oneSheet(texts(['Mã', 'Tên'], ['CB1', 'An'], ['CB2', 'Bé'])))
  const name = 'xl/worksheets/sheet1.xml'
  const sheet = whole.get(name) ?? ''
  for (let cut = 0; cut < sheet.length; cut += 7) {
    const parts = new Map(whole).set(name, sheet.slice(0, cut))
    t.match(await refuseParts(t, parts), { code: 'file_unreadable' }, `${cut}`)
  }
})

t.test('a damaged file is refused or read as it was, wherever the damage is', async t => {
  const path = join(t.testdir(), 'hong.xlsx')
  const workbook = oneSheet(headings + row(2, cell('A2', 's', '0'), text('B2', 'An')), {
    strings: ['<t>CB1</t>'],
  })
  await writeWorkbook(path, workbook)
  const whole = await readFile(path)
  const wanted = await readTable(await openXlsx(path, { signal }))
  const outcome = async (bytes: Buffer) => {
    await writeFile(path, bytes)
    try {
      return await readTable(await openXlsx(path, { signal }))
    } catch (error) {
      return error instanceof AppError ? error.code : error
    }
  }
  for (let cut = 0; cut < whole.length; cut += 29) {
    t.equal(await outcome(whole.subarray(0, cut)), 'file_unreadable', `cut at ${cut}`)
  }
  await writeParts(path, partsOf(workbook), false)
  const stored = await readFile(path)
  stored.write('Ba', stored.indexOf('>An<') + 1)
  t.equal(await outcome(stored), 'file_unreadable', 'another name of the same length')
  let refused = 0
  for (let place = 0; place < whole.length; place += 7) {
    const bytes = Buffer.from(whole)
    bytes[place] = (bytes[place] ?? 0) ^ 0x55
    const found = await outcome(bytes)
    refused += found === 'file_unreadable' ? 1 : 0
    if (found !== 'file_unreadable') t.same(found, wanted, `byte ${place}`)
  }
  t.ok(refused > whole.length / 28, `${refused} refused`)
})

t.test('a file that changes while it is read is not taken over', async t => {
  const path = join(t.testdir(), 'doi.xlsx')
  const many = Array.from({ length: 3000 }, (_, i) => [`CB${i}`, `Người ${i}`])
  await writeWorkbook(path, oneSheet(texts(['Mã', 'Tên'], ...many)))
  const grown = await openXlsx(path, { signal })
  const rows = grown.rows()
  t.equal((await rows.next()).value?.length, 1000)
  await appendFile(path, 'x')
  await t.rejects(Array.fromAsync(rows), { code: 'read_incomplete', message: /changed while it was read/ })
  await grown.close()

  await writeWorkbook(path, oneSheet(texts(['Mã', 'Tên'], ...many)))
  const replaced = await openXlsx(path, { signal })
  const bytes = await readFile(path)
  await writeFile(path, Buffer.alloc(bytes.length))
  await t.rejects(readTable(replaced), { code: 'read_incomplete' })
})

t.test('rows come in pages, as often as they are asked for, until it is broken off', async t => {
  const path = join(t.testdir(), 'nhieu.xlsx')
  const many = Array.from({ length: 2500 }, (_, i) => [`CB${i}`, `Người ${i}`])
  await writeWorkbook(path, oneSheet(texts(['Mã', 'Tên'], ...many)))
  const controller = new AbortController()
  const table = await openXlsx(path, { signal: controller.signal })
  for (const _ of [1, 2]) {
    t.same(
      (await Array.fromAsync(table.rows())).map(page => page.length),
      [1000, 1000, 500],
    )
  }
  for await (const page of table.rows()) {
    t.equal(page[0]?.cells[0], 'CB0')
    break
  }
  controller.abort()
  await t.rejects(Array.fromAsync(table.rows()), { code: 'cancelled' })
  await table.close()
  await t.rejects(openXlsx(path, { signal: controller.signal }), { code: 'cancelled' })
})

t.test('a file, a part or all of them beyond any roster is refused before it is unpacked', async t => {
  const path = join(t.testdir(), 'lon.xlsx')
  await writeWorkbook(path, oneSheet(headings))
  t.match(await refusal(path, { maxBytes: 100 }), {
    code: 'file_unreadable',
    message: /of up to 1 MB are read/,
  })

  const claims = async (bytes: number, compressed: number | null = null) => {
    await writeWorkbook(path, oneSheet(headings))
    const zip = await readFile(path)
    for (let at = zip.indexOf('PK\x01\x02'); at >= 0; at = zip.indexOf('PK\x01\x02', at + 4)) {
      zip.writeUInt32LE(bytes, at + 24)
      if (compressed !== null) zip.writeUInt32LE(compressed, at + 20)
    }
    await writeFile(path, zip)
    return refusal(path)
  }
  const tooMuch = { code: 'file_unreadable', message: /would unpack to more than a roster can be/ }
  t.match(await claims(limits.partBytes + 1, limits.partBytes / 10), tooMuch, 'a part')
  t.match(await claims(limits.partBytes, limits.partBytes / 10), tooMuch, 'all parts')
  t.match(await claims(limits.ratioFromBytes + 1, 100), tooMuch, 'a ratio')
  t.match(await claims(5), { code: 'file_unreadable', message: /cannot be unpacked/ }, 'less than there is')

  const bomb = partsOf(oneSheet(headings)).set('xl/media/a.xml', ' '.repeat(limits.ratioFromBytes + 1))
  t.match(await refuseParts(t, bomb), tooMuch, 'blanks')
  await writeWorkbook(path, oneSheet(headings))
  const zip = await readFile(path)
  const end = zip.lastIndexOf('PK\x05\x06')
  for (const place of [end + 8, end + 10]) zip.writeUInt16LE(limits.parts + 1, place)
  await writeFile(path, zip)
  t.match(await refusal(path), { code: 'file_unreadable', message: /10001 parts/ })
})

t.test('names that lead out of the file, twice the same part, and a password are refused', async t => {
  const path = join(t.testdir(), 'ten.xlsx')
  const patched = async (name: string, change: (zip: Buffer) => void) => {
    await writeParts(path, [...partsOf(oneSheet(headings)), [name, 'x']])
    const zip = await readFile(path)
    change(zip)
    await writeFile(path, zip)
    return refusal(path)
  }
  const rename = (from: string, to: string) => (zip: Buffer) => {
    for (let at = zip.indexOf(from); at >= 0; at = zip.indexOf(from)) zip.write(to, at)
  }
  for (const evil of ['../../ac', '/etc/acc', 'C:\\ac\\ac']) {
    t.match(
      await patched('xx/xx/ac', rename('xx/xx/ac', evil)),
      { code: 'file_unreadable', message: /list of its parts/ },
      evil,
    )
  }
  const twice = rename('xl/workbook.xxx', 'xl/Workbook.xml')
  t.match(await patched('xl/workbook.xxx', twice), { code: 'file_unreadable', message: /twice/ })
  const encrypt = (zip: Buffer) => zip.writeUInt16LE(1, zip.lastIndexOf('PK\x01\x02') + 8)
  t.match(await patched('xl/x', encrypt), { code: 'file_unreadable', message: /password/ })
})

t.test('XML that names more than it holds is refused', async t => {
  const parts = (xml: string) => partsOf(oneSheet(headings)).set('xl/worksheets/sheet1.xml', xml)
  const sheet = partsOf(oneSheet(headings)).get('xl/worksheets/sheet1.xml') ?? ''
  const declared = sheet
    .replace('<worksheet', '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]><worksheet')
    .replace('Mã', '&a;')
  t.match(await refuseParts(t, parts(declared)), { code: 'file_unreadable', message: /XML entities/ })
  t.match(await refuseParts(t, parts(sheet.replace('Mã', '&a;'))), { code: 'file_unreadable' })
  t.match(await refuseParts(t, parts(sheet.replace('UTF-8', 'windows-1258'))), { message: /windows-1258/ })
  t.match(await refuseParts(t, parts(sheet.replace('Mã', 'x'.repeat(5_000_000)))), {
    message: /millions of characters/,
  })
  for (const wrong of ['<c r="1A">', '<c r="XFE1">', '<c r="A1048577">', '<c r="A9999999">']) {
    const found = await refuseParts(t, parts(sheet.replace('<c ', `${wrong}<v>1</v></c><c `)))
    t.match(found, { code: 'file_unreadable' }, wrong)
  }
  for (const wrong of ['0', '-1', '1048577', '1e9', 'x']) {
    const found = await refuseParts(t, parts(sheet.replace('<row r="1"', `<row r="${wrong}"`)))
    t.match(found, { code: 'file_unreadable', message: /names row/ }, wrong)
  }
})

t.test('a sheet of empty cells with a border is read quickly or refused quickly', async t => {
  const borders = Array.from({ length: 1000 }, () => '<c s="1"/>').join('')
  const some = Array.from({ length: 300 }, (_, i) => row(i + 2, text(null, `CB${i}`), borders)).join('')
  t.equal((await read(t, oneSheet(headings + some))).rows.length, 300)
  // Stored, not shrunk, so that the ratio lets it through.
  const all = Array.from({ length: 5000 }, (_, i) => row(i + 2, borders)).join('')
  t.match(await refuseParts(t, partsOf(oneSheet(headings + all)), false), {
    code: 'file_unreadable',
    message: /select the empty rows and columns, delete them/,
  })
})

t.test('shared texts end at a number and at a size', async t => {
  const few = new SharedStrings('a.xlsx', { count: 3, bytes: 1e9 })
  for (const each of ['a', '', 'Ễ']) few.add(each)
  t.same(
    [0, 1, 2, 3, -1, 0.5, Number.NaN].map(i => few.at(i)),
    ['a', '', 'Ễ', null, null, null, null],
  )
  t.throws(() => few.add('b'), { code: 'file_unreadable', message: /save the sheet as CSV/ })
  const small = new SharedStrings('a.xlsx', { count: 1e6, bytes: 2 * 1024 ** 2 })
  const fill = () => {
    for (let i = 0; i < 100; i++) small.add(`${i}${'x'.repeat(32_000)}`)
  }
  t.throws(fill, { code: 'file_unreadable' })
  t.equal(small.at(40)?.slice(0, 3), '40x', 'what was taken before is kept, over the end of a block too')
})
