import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { openXlsx } from '../../../src/roster/sources/xlsx.ts'
import { openPackage } from '../../../src/roster/sources/xlsx-package.ts'
import { writeXlsx } from '../../../src/roster/sources/xlsx-writer.ts'

const signal = new AbortController().signal

async function* pages(...each: string[][][]) {
  yield* each
}

async function readBack(path: string) {
  const table = await openXlsx(path, { signal })
  try {
    const rows = (await Array.fromAsync(table.rows())).flat()
    return { table, rows: rows.map(({ cells }) => cells) }
  } finally {
    await table.close()
  }
}

async function partText(path: string, part: string): Promise<string> {
  const source = await openPackage(path, 1e9, signal)
  try {
    return Buffer.concat(await Array.fromAsync(source.read(part))).toString()
  } finally {
    await source.close()
  }
}

function pathIn(t: Test): string {
  return join(t.testdir(), 'chua-nhan.xlsx')
}

t.test('rows are written page by page and read back the same', async t => {
  const path = pathIn(t)
  const headings = ['Mã cán bộ', 'Họ và tên', 'Lý do']
  const rows = pages([['001', "H'Hen Niê", 'Thiếu cơ quan']], [], [['1.23E+11', 'Lê <Bé> & "An"', 'a\nb']])
  t.equal(await writeXlsx({ headings, rows, to: path, sheet: 'Chưa nhận [2025/11]' }), 2)
  const { table, rows: found } = await readBack(path)
  t.equal(table.sheet, 'Chưa nhận  2025 11')
  t.same(table.headings, headings)
  t.same(found, [
    ['001', "H'Hen Niê", 'Thiếu cơ quan'],
    ['1.23E+11', 'Lê <Bé> & "An"', 'a\nb'],
  ])
})

t.test('what begins like a formula stays text, and so does each number and day', async t => {
  const path = pathIn(t)
  const cells = ['=1+1', '+84912', '-5', '@SUM(A1)', '0912', '1985-03-01', '=cmd|" /C calc"!A0']
  await writeXlsx({ headings: cells.map((_, i) => `Cột ${i}`), rows: pages([cells]), to: path })
  t.same((await readBack(path)).rows, [cells])
  const xml = await partText(path, 'xl/worksheets/sheet1.xml')
  t.equal(xml.match(/<c /g)?.length, 14)
  t.equal(xml.match(/ t="inlineStr"/g)?.length, 14)
  t.notMatch(xml, /<f|<v/)
})

t.test('any text is read back as it was written, as far as a cell holds it', async t => {
  const path = pathIn(t)
  const word = fc.string({
    unit: fc.constantFrom('a', 'Ễ', '_x000D_', '\r', '\u0000', '\n', '<', '&', ']]>', '😀', '\t'),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(word, word), { minLength: 1, maxLength: 20 }), async rows => {
      await writeXlsx({ headings: ['Mã', 'Tên'], rows: pages(rows), to: path })
      const kept = rows.map(cells => cells.map(text => text.trim()))
      t.same(
        (await readBack(path)).rows,
        kept.filter(cells => cells.some(text => text !== '')),
      )
    }),
    { numRuns: 40 },
  )
  await writeXlsx({ headings: ['Mã', 'Tên'], rows: pages([['x'.repeat(40_000), '\ud800']]), to: path })
  t.same((await readBack(path)).rows, [['x'.repeat(32_767), '\ufffd']])
})

t.test('a list without rows is a sheet with headings', async t => {
  const path = pathIn(t)
  t.equal(await writeXlsx({ headings: ['Mã', 'Tên'], rows: pages(), to: path }), 0)
  const { table, rows } = await readBack(path)
  t.same([table.headings, rows], [['Mã', 'Tên'], []])
})

t.test('rows that fail leave no file, and the error is the one they failed with', async t => {
  const path = pathIn(t)
  async function* failing() {
    yield [['CB1', 'An']]
    throw new Error('cơ sở dữ liệu ngắt')
  }
  await t.rejects(writeXlsx({ headings: ['Mã', 'Tên'], rows: failing(), to: path }), {
    message: 'cơ sở dữ liệu ngắt',
  })
  t.notOk(existsSync(path))
})

t.test(
  'a target that takes no more ends the writing and the reading of rows',
  { timeout: 20_000 },
  async t => {
    let isClosed = false
    async function* endless() {
      try {
        for (;;) yield Array.from({ length: 1000 }, (_, i) => [`${Math.sin(i)}`, crypto.randomUUID()])
      } finally {
        isClosed = true
      }
    }
    let taken = 0
    const full = new Writable({
      write(bytes: Buffer, _, done) {
        taken += bytes.length
        done(taken > 200_000 ? new Error('đĩa đầy') : null)
      },
    })
    await t.rejects(writeXlsx({ headings: ['Mã', 'Tên'], rows: endless(), to: full }), { message: 'đĩa đầy' })
    t.ok(isClosed)

    const path = pathIn(t)
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 100)
    await t.rejects(
      writeXlsx({ headings: ['Mã', 'Tên'], rows: endless(), to: path, signal: controller.signal }),
      { name: 'AbortError' },
    )
    t.notOk(existsSync(path))
    await t.rejects(writeXlsx({ headings: ['Mã'], rows: pages([['1']]), to: join(path, 'khong', 'co') }), {
      code: 'ENOENT',
    })
  },
)
