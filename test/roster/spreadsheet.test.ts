import t from 'tap'
import {
  beginsWithZero,
  builtinFormat,
  isoText,
  isScientific,
  isTooLong,
  numberText,
  padded,
  parseFormat,
  parseReference,
  serialDay,
  serialText,
  spreadsheetText,
  unescapeText,
} from '../../src/roster/spreadsheet.ts'

t.test('a format tells a date from a number', async t => {
  const cases: [code: string, kind: string][] = [
    ['General', 'number'],
    ['0.00', 'number'],
    ['0.00E+00', 'number'],
    ['#,##0 "ngày"', 'number'],
    ['#,##0\\d', 'number'],
    ['[Red]0', 'number'],
    ['_-* #,##0\\ "₫"_-', 'number'],
    ['@', 'number'],
    ['dd/mm/yyyy', 'date'],
    ['[$-42A]dd/mm/yyyy', 'date'],
    ['[$-1010000]d/m/yyyy;@', 'date'],
    ['[$-F800]dddd, mmmm dd, yyyy', 'date'],
    ['"ngày" dd "tháng" mm "năm" yyyy', 'date'],
    ['yyyy\\-mm\\-dd', 'date'],
    ['mmm', 'date'],
    ['d/m/yyyy h:mm', 'dateTime'],
    ['h:mm AM/PM', 'time'],
    ['mm:ss', 'time'],
    ['[h]:mm:ss', 'duration'],
    ['[mm]:ss', 'duration'],
    ['0;"d"', 'number'],
  ]
  for (const [code, kind] of cases) t.equal(parseFormat(code).kind, kind, code)
})

t.test('built-in formats are dates from 14 to 22 and from 45 to 47', async t => {
  const kinds = Array.from({ length: 50 }, (_, id) => builtinFormat(id).kind)
  t.same(kinds.slice(0, 14), Array(14).fill('number'))
  t.same(kinds.slice(14, 23), [...Array(4).fill('date'), ...Array(4).fill('time'), 'dateTime'])
  t.same(kinds.slice(37, 50), [...Array(8).fill('number'), 'time', 'duration', 'time', 'number', 'number'])
})

t.test('a format of zeros says how wide a number is shown', async t => {
  t.same(parseFormat('000000').pad, { before: '', digits: 6, after: '' })
  t.same(parseFormat('"CB"0000').pad, { before: 'CB', digits: 4, after: '' })
  t.equal(parseFormat('0').pad, null)
  t.equal(parseFormat('0.00').pad, null)
  const pad = { before: 'CB', digits: 4, after: '' }
  t.equal(padded('12', pad), 'CB0012')
  t.equal(padded('123456', pad), 'CB123456')
  t.equal(padded('1.5', pad), '1.5')
})

t.test('days are counted as spreadsheets count them, with the day that never was', async t => {
  const cases: [serial: number, from1904: boolean, day: string | null][] = [
    [0, false, '1900-01-00'],
    [1, false, '1900-01-01'],
    [59, false, '1900-02-28'],
    [60, false, '1900-02-29'],
    [61, false, '1900-03-01'],
    [31107, false, '1985-03-01'],
    [45716, false, '2025-02-28'],
    [2_958_465, false, '9999-12-31'],
    [2_958_466, false, null],
    [-1, false, null],
    [Number.NaN, false, null],
    [0, true, '1904-01-01'],
    [29645, true, '1985-03-01'],
    [2_957_003, true, '9999-12-31'],
    [2_957_004, true, null],
  ]
  for (const [serial, from1904, day] of cases) t.equal(serialDay(serial, from1904), day, `${serial}`)
})

t.test('a time of day is shown to the second and midnight not at all', async t => {
  t.equal(serialText(31107.75, 'date', false), '1985-03-01')
  t.equal(serialText(31107, 'dateTime', false), '1985-03-01')
  t.equal(serialText(31107.3125, 'dateTime', false), '1985-03-01 07:30')
  t.equal(serialText(31107.30555555555, 'dateTime', false), '1985-03-01 07:20')
  t.equal(serialText(31106.999999999, 'dateTime', false), '1985-03-01')
  t.equal(serialText(0.30556712962963, 'time', false), '07:20:01')
  t.equal(serialText(31107.3125, 'time', false), '07:30')
  t.equal(serialText(1.5, 'duration', false), '36:00')
  t.equal(serialText(-1, 'time', false), null)
  t.equal(isoText('1985-03-01'), '1985-03-01')
  t.equal(isoText('1985-03-01T00:00:00'), '1985-03-01')
  t.equal(isoText('1985-03-01T07:30:05.000Z'), '1985-03-01 07:30:05')
  t.equal(isoText('1/3/1985'), '1/3/1985')
})

t.test('a number is read as a person would write it', async t => {
  const cases: [stored: string, text: string][] = [
    ['12', '12'],
    [' 12 ', '12'],
    ['12.0', '12'],
    ['1.23E+11', '123000000000'],
    ['7.9123456789E10', '79123456789'],
    ['1E5', '100000'],
    ['0.30000000000000004', '0.3'],
    ['2.2999999999999998', '2.3'],
    ['3.14', '3.14'],
    ['-0.5', '-0.5'],
    ['1E-7', '0.0000001'],
    ['1.25E-8', '0.0000000125'],
    ['9007199254740993', '9007199254740993'],
    ['1.2345678901234568E+19', '12345678901234567168'],
    ['', ''],
    ['không', 'không'],
  ]
  for (const [stored, text] of cases) t.equal(numberText(stored), text, stored)
  t.ok(isTooLong('1234567890123456'))
  t.notOk(isTooLong('123456789012345'))
  t.notOk(isTooLong('CB12345678901234567'))
})

t.test('a text in the short form of a number is seen, and a code with an E is none', async t => {
  for (const text of ['1.23E+11', '1,23E+11', '7.9E+10', ' 1E+11 ']) t.ok(isScientific(text), text)
  for (const text of ['1E11', 'E+11', 'CB1E+11', '12', '1.23']) t.notOk(isScientific(text), text)
})

t.test('digits that begin with a zero are told from days and decimals', async t => {
  for (const text of ['001', '0912345678', '0912 345 678', '0912.345.678', '079085001234']) {
    t.ok(beginsWithZero(text), text)
  }
  for (const text of ['0', '12', '01/02/1985', '01.02.1985', '01-02-85', '0.5', '0x12', 'CB01', '']) {
    t.notOk(beginsWithZero(text), text)
  }
})

t.test('references name a column and a row', async t => {
  t.same(parseReference('A1'), { column: 0, row: 1 })
  t.same(parseReference('$AB$12'), { column: 27, row: 12 })
  t.same(parseReference('ab12'), { column: 27, row: 12 })
  t.same(parseReference('XFD1048576'), { column: 16383, row: 1_048_576 })
  for (const text of [
    '',
    'A',
    '1',
    'A0',
    'A01',
    'ABCD1',
    'A1:B2',
    '$',
    '$A$',
    'A1 ',
    'A1b',
    'Ễ1',
    '[1',
    'A12345678',
    'A-1',
  ])
    t.equal(parseReference(text), null, text)
})

t.test('a text is the same after it was written and read', async t => {
  for (const text of ['_x0041_', 'a\rb', '\u0000\u0007', '__x000D__', 'Nguyễn', '_xyz_']) {
    t.equal(unescapeText(spreadsheetText(text)), text)
  }
  t.equal(unescapeText('a_x000D__x000a_b'), 'a\r\nb')
  t.equal(spreadsheetText('\ud800'), '\ufffd')
  t.equal(spreadsheetText('x'.repeat(40_000)).length, 32_767)
})

t.test('a format of millions of brackets does not hold up whoever reads it', async t => {
  const before = performance.now()
  t.equal(parseFormat('['.repeat(1 << 21)).kind, 'number')
  t.ok(performance.now() - before < 2000)
})
