import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { nameOf } from '../../../scripts/demo/names.ts'
import { AppError } from '../../../src/error.ts'
import { type CsvOptions, openCsv } from '../../../src/roster/sources/csv.ts'
import type { TableRow } from '../../../src/roster/sources/table.ts'
import { toTcvn3, toVni, toWindows1258 } from '../../support/legacy-text.ts'

const signal = AbortSignal.timeout(120_000)
const HEAD = 'Số hiệu,Họ và tên,Đơn vị'

function fileOf(t: Test, content: string | Buffer): string {
  const folder = mkdtempSync(join(tmpdir(), 'hopthu-csv-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'roster.csv')
  writeFileSync(path, content)
  return path
}

async function read(t: Test, content: string | Buffer, options: Partial<CsvOptions> = {}) {
  const table = await openCsv(fileOf(t, content), { signal, ...options })
  try {
    const rows: TableRow[] = []
    for await (const page of table.rows()) {
      t.ok(page.length <= 1000)
      rows.push(...page)
    }
    return { ...table, all: rows, cells: rows.map(row => row.cells) }
  } finally {
    await table.close()
  }
}

/** The failure of opening or reading. */
async function failure(
  t: Test,
  content: string | Buffer,
  options: Partial<CsvOptions> = {},
): Promise<AppError> {
  try {
    await read(t, content, options)
  } catch (error) {
    if (error instanceof AppError) return error
    throw error
  }
  throw new Error('was read')
}

const people = (count: number) =>
  Array.from({ length: count }, (_, i) => [String(i + 1), nameOf(3, i).name, 'Sở Nội vụ'] as const)
const plain = (count: number) =>
  `${HEAD}\n${people(count)
    .map(row => row.join(','))
    .join('\n')}\n`
const wide = (text: string, littleEndian: boolean) => {
  const bytes = Buffer.from(text, 'utf16le')
  return littleEndian ? bytes : bytes.swap16()
}
const shown = (rows: readonly TableRow[]) =>
  rows.map(({ number, cells, problem }) => [number, problem, ...cells])

t.test('the same rows come out of every encoding', async t => {
  const text = plain(40).replaceAll('ŭ', 'u')
  const expected = people(40).map(row => row.map(cell => cell.replaceAll('ŭ', 'u')))
  const forms: [encoding: string, bytes: Buffer][] = [
    ['utf-8', Buffer.from(text)],
    ['utf-8', Buffer.from(`\ufeff${text}`)],
    ['utf-8', Buffer.from(text.normalize('NFD'))],
    ['utf-16le', wide(`\ufeff${text}`, true)],
    ['utf-16be', wide(`\ufeff${text}`, false)],
    ['utf-16le', wide(text, true)],
    ['utf-16be', wide(text, false)],
    ['windows-1258', toWindows1258(text)],
  ]
  for (const [encoding, bytes] of forms) {
    const table = await read(t, bytes)
    t.equal(table.encoding, encoding)
    t.same(table.headings, HEAD.split(','))
    t.same(table.cells, expected)
  }
})

t.test('letters on the border between two reads are whole, in every encoding', async t => {
  const filler = 'a'.repeat(250)
  for (const shift of [0, 1, 2, 3]) {
    const lines = Array.from(
      { length: 3000 },
      (_, i) => `${i},${filler}Nguyễn Thị Hường ${'ệ'.repeat(i % 7)},Sở`,
    )
    const text = `${HEAD}${' '.repeat(shift)}\n${lines.join('\r\n')}\n`
    const expected = lines.map(line => line.split(',').map(cell => cell.trim()))
    for (const bytes of [Buffer.from(text), wide(text, true), toWindows1258(text)]) {
      const { cells } = await read(t, bytes)
      t.equal(JSON.stringify(cells) === JSON.stringify(expected), true)
    }
  }
})

t.test('the separator is found by the rows, or named by the first line as Excel does', async t => {
  const cases: [content: string, separator: string | null, cells: string[][]][] = [
    [
      'Mã NV;Họ tên;Hệ số\n1;Lê A, B;2,34\n2;Vũ C;3,00\n',
      ';',
      [
        ['1', 'Lê A, B', '2,34'],
        ['2', 'Vũ C', '3,00'],
      ],
    ],
    ['Mã NV\tHọ tên\n1\tLê A; B, C\n', '\t', [['1', 'Lê A; B, C']]],
    ['sep=;\nMã NV;Họ tên\n1;a,b\n', ';', [['1', 'a,b']]],
    ['\ufeffsep=,\r\nMã NV,Họ tên\r\n1,a;b\r\n', ',', [['1', 'a;b']]],
    ['SEP=\t\nMã NV\tHọ tên\n1\ta;b;c\n', '\t', [['1', 'a;b;c']]],
    ['Họ tên\nLê A\nVũ B\n', null, [['Lê A'], ['Vũ B']]],
    [
      'DANH SÁCH\n\nMã NV;Họ tên;Ghi chú\n1;Lê A;x, y\n2;Vũ B;z\n',
      ';',
      [
        ['1', 'Lê A', 'x, y'],
        ['2', 'Vũ B', 'z'],
      ],
    ],
  ]
  for (const [content, separator, cells] of cases) {
    const table = await read(t, content)
    t.equal(table.separator, separator, content)
    t.same(table.cells, cells, content)
  }
})

t.test('quotes, line breaks in them, and each kind of line end', async t => {
  for (const end of ['\n', '\r\n', '\r']) {
    const content = [
      'Mã NV,Họ tên,Ghi chú',
      '1,"Lê ""Tám"" A, B","một\nhai"',
      '',
      '2, "Vũ B" ,',
      '3,5" màn,=HA("x")',
      '"4","",""',
    ].join(end)
    const { all } = await read(t, `${content}${end}`)
    t.same(shown(all), [
      [2, undefined, '1', 'Lê "Tám" A, B', 'một\nhai'],
      [5, undefined, '2', 'Vũ B', ''],
      [6, undefined, '3', '5" màn', '=HA("x")'],
      [7, undefined, '4', '', ''],
    ])
  }
})

t.test('random rows of cells with quotes, separators and line breaks come back as they were', async t => {
  const cell = fc.string({
    unit: fc.constantFrom('a', 'ệ', '"', ',', ';', '\n', '\r\n', ' ', 'Z'),
    maxLength: 12,
  })
  const rows = fc.array(fc.tuple(fc.integer({ min: 1, max: 999 }).map(String), cell, cell, cell), {
    minLength: 1,
    maxLength: 30,
  })
  const quoted = (text: string) =>
    /[",;\r\n]/.test(text) || text.startsWith(' ') ? `"${text.replaceAll('"', '""')}"` : text
  await fc.assert(
    fc.asyncProperty(rows, fc.constantFrom('\n', '\r\n'), async (some, end) => {
      const content = ['Mã NV,Họ tên,Chức vụ,Ghi chú', ...some.map(row => row.map(quoted).join(','))].join(
        end,
      )
      const { all } = await read(t, content + end)
      t.same(
        all.filter(row => row.problem === undefined).map(row => row.cells),
        some.map(row => row.map(each => each.trim())).filter((_, i) => all[i]?.problem === undefined),
      )
      t.equal(all.length >= some.length, true)
    }),
    { numRuns: 150, seed: 4 },
  )
})

t.test('a stray quote costs its own row and no other', async t => {
  const rows = people(60_000).map(row => row.join(','))
  rows[100] = '101,"Trần Thị Bình,Sở Nội vụ'
  rows[40_000] = '40001,"Lê "Văn" Cường",Sở Nội vụ'
  rows[59_999] = '60000,"Phạm Đạt,Sở Nội vụ'
  const { all } = await read(t, `${HEAD}\n${rows.join('\n')}\n`)
  t.equal(all.length, 60_000)
  t.same(shown(all.filter(row => row.problem !== undefined)), [
    [102, 'openQuote', '101', 'Trần Thị Bình', 'Sở Nội vụ'],
    [40_002, 'openQuote', '40001', 'Lê Văn Cường', 'Sở Nội vụ'],
    [60_001, 'openQuote', '60000', 'Phạm Đạt', 'Sở Nội vụ'],
  ])
  t.same(all[101]?.cells, people(102)[101])
})

t.test('stray quotes that close each other over rows swallow none of them', async t => {
  const { all } = await read(
    t,
    `${HEAD}\n1,"Lê A,X\n2,Vũ B",Y\n3,"Bùi C,Z\n4,Đỗ D,X\n5,Hồ E,Y"\n6,"Ngô G",X\n`,
  )
  t.same(shown(all), [
    [2, 'openQuote', '1', 'Lê A', 'X'],
    [3, undefined, '2', 'Vũ B"', 'Y'],
    [4, 'openQuote', '3', 'Bùi C', 'Z'],
    [5, undefined, '4', 'Đỗ D', 'X'],
    [6, undefined, '5', 'Hồ E', 'Y"'],
    [7, undefined, '6', 'Ngô G', 'X'],
  ])
})

t.test('a quote that opens over megabytes is given up soon, and what lies behind it is read', async t => {
  const rows = people(50_000).map(row => row.join(','))
  const { all } = await read(t, `${HEAD}\n0,"mở,Sở\n${rows.join('\n')}\n`)
  t.equal(all.length, 50_001)
  t.same(shown(all.filter(row => row.problem)), [[2, 'openQuote', '0', 'mở', 'Sở']])
})

t.test('rows with too many cells, too few, too long ones and such that are no text stay alone', async t => {
  const content = Buffer.concat([
    Buffer.from(`${HEAD}\n1,Lê A,X\n2,Vũ B,X,Y,Z\n3,Bùi C,X,,\n`),
    Buffer.from('5,H\u1ed3 E,X\n6,Ng'),
    Buffer.from([0xe1, 0xba]),
    Buffer.from(`,X\n7,${'x'.repeat(40_000)},X\n8,${'y'.repeat(3_000_000)},X\n9,Ngô\0G,X\n`),
    Buffer.from(
      people(2000)
        .map(row => `${row.join(',')}\n`)
        .join(''),
    ),
    Buffer.from('11,Phan\nH,X\n12,Võ I,Y\n'),
  ])
  const { all } = await read(t, content)
  const bad = all.filter(row => row.problem !== undefined)
  t.same(
    bad.map(({ number, problem }) => [number, problem]),
    [
      [3, 'tooManyCells'],
      [6, 'notText'],
      [7, 'tooLong'],
      [8, 'tooLong'],
      [9, 'notText'],
      [2010, 'tooFewCells'],
      [2011, 'tooFewCells'],
    ],
  )
  t.same(bad[0]?.cells, ['2', 'Vũ B', 'X', 'Y', 'Z'])
  t.ok(bad.every(({ cells }) => cells.every(cell => cell.length <= 200)))
  t.same(all[2]?.cells, ['3', 'Bùi C', 'X'])
  t.same(shown(all.slice(-1)), [[2012, undefined, '12', 'Võ I', 'Y']])
})

t.test('where rows end early from the beginning, they are filled up and not refused', async t => {
  const { all } = await read(t, `${HEAD}\n1,Lê A\n2,Vũ B,X\n3,Bùi C`)
  t.same(shown(all), [
    [2, undefined, '1', 'Lê A', ''],
    [3, undefined, '2', 'Vũ B', 'X'],
    [4, undefined, '3', 'Bùi C', ''],
  ])
})

t.test('a file that was cut off is not read as whole, wherever in its last row it was cut', async t => {
  const text = plain(3)
  const lastRow = text.lastIndexOf('\n', text.length - 2) + 1
  for (let length = lastRow + 1; length <= text.lastIndexOf(','); length++) {
    const error = await failure(t, text.slice(0, length))
    t.equal(error.code, 'read_incomplete', text.slice(lastRow, length))
    t.equal(error.details.line, 4)
  }
  const inLetter = Buffer.from(`${HEAD}\n1,Lê A,Sở Nội v\u1ee5`)
  t.equal((await failure(t, inLetter.subarray(0, -1))).code, 'read_incomplete')
  t.equal((await failure(t, wide(plain(2), true).subarray(0, -1))).code, 'read_incomplete')
  t.equal((await failure(t, `${HEAD}\n1,Lê A,"Sở N`)).code, 'read_incomplete')
  t.same((await read(t, text.slice(0, -1))).cells, people(3))
})

t.test('a file that changes while it is read is not read as whole', async t => {
  const path = fileOf(t, plain(30_000))
  const table = await openCsv(path, { signal })
  t.teardown(() => table.close())
  await t.rejects(
    (async () => {
      for await (const _ of table.rows()) appendFileSync(path, '1,Lê A,X\n')
    })(),
    { code: 'read_incomplete' },
  )
})

t.test('legacy text is refused with a sample, and read when asked to convert', async t => {
  const cases = [
    ['tcvn3', toTcvn3],
    ['vni', toVni],
  ] as const
  const rows = people(30).filter(([, name]) => !/ŭ/i.test(name))
  const text = `${HEAD}\n${rows.map(row => row.join(',')).join('\n')}\n`
  for (const [legacy, encode] of cases) {
    for (const bytes of [
      Buffer.from(encode(text)),
      Buffer.from(encode(text), 'latin1'),
      wide(`\ufeff${encode(text)}`, true),
    ]) {
      const error = await failure(t, bytes)
      t.match(error, { code: 'file_unreadable', details: { legacy, refused: legacy } })
      const sample = error.details.sample as [string, string][]
      t.equal(sample.length, 5)
      t.same(sample[0], [encode('Số hiệu | Họ và tên | Đơn vị'), 'Số hiệu | Họ và tên | Đơn vị'])
      const table = await read(t, bytes, { convert: legacy })
      t.equal(table.encoding, legacy)
      t.same(table.headings, HEAD.split(','))
      t.same(
        table.cells.map(row => row[1]?.toLowerCase()),
        rows.map(row => row[1].toLowerCase()),
      )
    }
  }
  t.match(await failure(t, text, { convert: 'vni' }), { details: { refused: 'notLegacy' } })
  t.match(await failure(t, Buffer.from(toVni(text)), { convert: 'tcvn3' }), {
    details: { refused: 'notLegacy' },
  })
})

t.test('lines of titles, headings in two rows and column numbers lie above the rows', async t => {
  const { headings, headingRow, all } = await read(
    t,
    [
      'UBND TỈNH PHƯỚC AN,,,,',
      '"DANH SÁCH CÁN BỘ,\nCÔNG CHỨC",,,,',
      ',,,,',
      'STT,Họ và tên,Liên hệ,,"Phòng/ban/\nđơn vị"',
      ',,Số điện thoại,Email,',
      '(1),(2),(3),(4),(5)',
      '1,Lê A,="0912000001",a@phuocan.test,Văn phòng',
      '2,Vũ B,9.12E+08,#N/A,',
    ].join('\r\n'),
  )
  t.same(headings, ['STT', 'Họ và tên', 'Liên hệ / Số điện thoại', 'Liên hệ / Email', 'Phòng/ban/ đơn vị'])
  t.equal(headingRow, 8)
  t.same(shown(all), [
    [9, undefined, '1', 'Lê A', '0912000001', 'a@phuocan.test', 'Văn phòng'],
    [10, undefined, '2', 'Vũ B', '9.12E+08', '#N/A', ''],
  ])
  t.same(all[1]?.notes, [
    { column: 2, kind: 'scientific', text: '9.12E+08' },
    { column: 3, kind: 'formulaError', text: '#N/A' },
  ])
})

t.test('what cannot be read is refused in a sentence', async t => {
  const cases: [content: string | Buffer, refused: string][] = [
    ['', 'empty'],
    ['\ufeff \r\n\r\n', 'empty'],
    ['Báo cáo\n', 'noHeadings'],
    [
      Buffer.from('nom,ville\nHélène Lefèvre,Nîmes\nZoé Bélanger,Évry\nFrançois,Orléans\n', 'latin1'),
      'encoding',
    ],
    [Buffer.from([0x4d, 0x5a, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0xff, 0xff, 0]), 'encoding'],
  ]
  for (const [content, refused] of cases) {
    t.match(await failure(t, content), { code: 'file_unreadable', details: { refused } }, refused)
  }
  t.match(await failure(t, plain(100), { maxBytes: 1000 }), {
    details: { refused: 'tooLarge', maxBytes: 1000 },
  })
  await t.rejects(openCsv('/nowhere/roster.csv', { signal }), { code: 'file_unreadable' })
  await t.rejects(openCsv(tmpdir(), { signal }), { code: 'file_unreadable' })
  t.match(await failure(t, plain(10), { signal: AbortSignal.abort() }), { code: 'cancelled' })
})

t.test('headings alone make a table without rows, and the rows can be read again', async t => {
  t.same((await read(t, `${HEAD}\n`)).cells, [])
  const table = await openCsv(fileOf(t, plain(2500)), { signal })
  t.teardown(() => table.close())
  for (const _ of [1, 2]) {
    const sizes: number[] = []
    for await (const page of table.rows()) sizes.push(page.length)
    t.same(sizes, [1000, 1000, 500])
  }
})

t.test('the first letter beyond ASCII may stand far down the file', async t => {
  const ascii = Array.from({ length: 20_000 }, (_, i) => `${i},Nguyen Van An,So Noi vu`).join('\n')
  const text = `ma nv,ho ten,don vi\n${ascii}\n${people(50)
    .map(row => row.join(','))
    .join('\n')}\n`.replaceAll('ŭ', 'u')
  const { encoding, all } = await read(t, toWindows1258(text))
  t.equal(encoding, 'windows-1258')
  t.same(
    all.slice(-50).map(row => row.cells[1]),
    people(50).map(row => row[1].replaceAll('ŭ', 'u')),
  )
})
