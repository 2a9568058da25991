import fc from 'fast-check'
import t from 'tap'
import { type CsvRow, CsvRows, type CsvShape } from '../../../src/roster/sources/csv-rows.ts'

const shape: CsvShape = { columns: 3, even: true, headingRow: 0 }

function rowsOf(chunks: readonly string[], of: CsvShape | null = shape): CsvRow[] {
  const parser = new CsvRows(',', of)
  return [...chunks.flatMap(chunk => parser.take(chunk)), ...parser.end()]
}

/** What a file may hold, at its worst. */
const unit = fc.constantFrom(
  'a',
  'b,c',
  '"',
  '""',
  ',',
  '\n',
  '\r\n',
  '\r',
  ' ',
  '1,2,3\n',
  '"x","y\nz",w\n',
  'ệ',
)
const text = fc.string({ unit, maxLength: 60 })

t.test('rows are the same wherever the text is cut into stretches', async t => {
  await fc.assert(
    fc.property(text, fc.array(fc.nat(80), { maxLength: 6 }), (whole, cuts) => {
      const places = [...cuts.filter(cut => cut < whole.length).sort((a, b) => a - b), whole.length]
      const chunks = places.map((place, i) => whole.slice(places[i - 1] ?? 0, place))
      t.same(rowsOf(chunks), rowsOf([whole]))
    }),
    { numRuns: 1000, seed: 11 },
  )
})

t.test('whatever the text, each of its lines is in one row, and rows are in order', async t => {
  await fc.assert(
    fc.property(text, whole => {
      const rows = rowsOf([whole])
      const lines = whole.split(/\r\n|\r|\n/)
      if (lines.at(-1) === '') lines.pop()
      const starts = rows.map(row => row.line)
      t.same(
        starts,
        [...new Set(starts)].sort((a, b) => a - b),
      )
      for (const [i, row] of rows.entries()) {
        const until = rows[i + 1]?.line ?? lines.length + 1
        const letters = (value: string) => [...value.replace(/[^abcxyzwệ123]/g, '')].sort().join('')
        t.equal(letters(row.cells.join('')), letters(lines.slice(row.line - 1, until - 1).join('')))
      }
      t.equal(rows.length === 0, lines.length === 0)
    }),
    { numRuns: 1000, seed: 12 },
  )
})

t.test(
  'a row at fault is one line, and rows of even lines are told apart however their quotes stand',
  async t => {
    const cell = fc.constantFrom('a', '"', 'b"', '"c', '"d"', '', '""')
    const line = fc.tuple(cell, cell, cell).map(cells => cells.join(','))
    await fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 8 }), lines => {
        const rows = rowsOf([`${lines.join('\n')}\n`])
        t.same(
          rows.map(row => row.line),
          lines.map((_, i) => i + 1),
        )
      }),
      { numRuns: 1000, seed: 13 },
    )
  },
)

t.test('limits hold: a cell, a row, the number of cells', async t => {
  const long = (length: number) => 'x'.repeat(length)
  const cases: [text: string, problem: CsvRow['problem']][] = [
    [`a,${long(32_767)},c\n`, undefined],
    [`a,${long(32_768)},c\n`, 'tooLong'],
    [`a,"${long(32_767)}",c\n`, undefined],
    [`a,"${long(32_769)}",c\n`, 'openQuote'],
    [`${long(1_100_000)}\n`, 'tooLong'],
    [`${','.repeat(20_000)}\n`, 'tooManyCells'],
  ]
  for (const [first, problem] of cases) {
    for (const size of [1 << 16, 1 << 20, 1 << 22]) {
      const whole = `${first}d,e,f\n`
      const chunks = Array.from({ length: Math.ceil(whole.length / size) }, (_, i) =>
        whole.slice(i * size, (i + 1) * size),
      )
      const [row, next] = rowsOf(chunks)
      t.equal(row?.problem, problem, `${first.length} ${size}`)
      t.same(next, { line: 2, cells: ['d', 'e', 'f'] })
    }
  }
})
