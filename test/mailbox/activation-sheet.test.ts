/** The hand-out sheet, read back from the file. */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { AppError } from '../../src/error.ts'
import { sheetWords } from '../../src/mailbox/activation-messages.ts'
import { newCode } from '../../src/mailbox/secret.ts'
import { openSheetFile, qrModules, type Slip } from '../../src/mailbox/sheet.ts'
import { type PdfPage, readPdf } from '../support/pdf.ts'

const options = { words: sheetWords.vi, place: 'hopthu.phuocan.test/activate' }
const base = 'https://hopthu.phuocan.test/activate/'

function slip(name: string, agency: string, at = 0): Slip {
  const link = base + String.fromCharCode(65 + at).repeat(43)
  return { agency, name, address: `nguoi${at}@phuocan.test`, link, code: newCode(), day: '08/12/2026' }
}

const texts = (page: PdfPage | undefined) => page?.texts.join('\n') ?? ''

/** The modules that are filled on a page, as the first QR code there. */
function drawnModules({ squares }: PdfPage, count: number): boolean[][] {
  const left = Math.min(...squares.map(([x]) => x))
  const top = Math.min(...squares.map(([, y]) => y))
  const size = 112 / count
  const rows = Array.from({ length: count }, () => Array.from({ length: count }, () => false))
  for (const [x, y, width] of squares) {
    const row = rows[Math.round((y - top) / size)]
    const from = Math.round((x - left) / size)
    row?.fill(true, from, from + Math.round(width / size))
  }
  return rows
}

t.test('a slip has name, address, code and day, letter by letter, and its link as a QR code', async t => {
  const path = join(t.testdir(), 'phieu.pdf')
  const names = ['Nguyễn Thị Ngọc Ước', 'Đặng Hữu Phước', "H'Hen Niê", 'Y Blŏk Êban', 'Trần Ỷ Lữ Ỡm']
  const slips = names.map((name, at) => slip(name, 'Sở Nội vụ', at))
  const sheet = openSheetFile(path, options)
  await sheet.add(slips)
  await sheet.finish()
  t.equal(statSync(path).mode & 0o077, 0, 'nobody else may read it')
  const [page, ...more] = readPdf(readFileSync(path))
  t.same(more, [], 'five to a page')
  for (const { name, address, code } of slips)
    for (const wanted of [name, address, code]) t.ok(page?.texts.includes(wanted), wanted)
  t.match(texts(page), /hopthu\.phuocan\.test\/activate/)
  t.match(texts(page).replaceAll('\n', ' '), /đến hết ngày\s+08\/12\/2026/)
  t.same(
    page?.links,
    slips.map(each => each.link),
  )
})

t.test('what is drawn is the code of the link, module by module', async t => {
  const path = join(t.testdir(), 'phieu.pdf')
  const one = slip('Lê An', 'Sở Nội vụ', 4)
  const sheet = openSheetFile(path, options)
  await sheet.add([one])
  await sheet.finish()
  const [page] = readPdf(readFileSync(path))
  const wanted = qrModules(one.link)
  t.ok(wanted.length >= 29)
  t.same(page && drawnModules(page, wanted.length), wanted)
  t.notSame(qrModules(`${base}${'F'.repeat(43)}`), wanted, 'another link, another code')
})

t.test('each agency begins a page, and the sixth slip too', async t => {
  const path = join(t.testdir(), 'phieu.pdf')
  const sheet = openSheetFile(path, options)
  await sheet.add(
    Array.from({ length: 6 }, (_, at) => slip(`Trần Thị ${'ABCDEF'.charAt(at)}`, 'Sở Nội vụ', at)),
  )
  await sheet.add([slip('Lê Minh Đức', 'Sở Y tế', 7)])
  await sheet.finish()
  const pages = readPdf(readFileSync(path))
  t.equal(pages.length, 3)
  t.match(texts(pages[0]), /^Sở Nội vụ · tờ 1\n/)
  t.match(texts(pages[1]), /^Sở Nội vụ · tờ 2\n/)
  t.match(texts(pages[1]), /Trần Thị F/)
  t.match(texts(pages[2]), /^Sở Y tế · tờ 1\n/)
  t.notMatch(texts(pages[2]), /Nội vụ/)
})

t.test('a name is never cut, however long', async t => {
  const path = join(t.testdir(), 'phieu.pdf')
  const name = 'Công Tằng Tôn Nữ Hoàng Thị Phương Anh Diệu Huyền Trang Ngọc Bích Thuỳ Dương'
  const sheet = openSheetFile(path, options)
  await sheet.add([slip(name, `Trung tâm ${'Y tế '.repeat(30)}`)])
  await sheet.finish()
  t.ok(readPdf(readFileSync(path))[0]?.texts.includes(name))
})

t.test('a sheet is there whole or not at all', async t => {
  const folder = t.testdir()
  const path = join(folder, 'phieu.pdf')
  const sheet = openSheetFile(path, options)
  await sheet.add([slip('Lê An', 'Sở Nội vụ')])
  t.notOk(existsSync(path))
  await sheet.discard()
  t.notOk(existsSync(path))
  t.notOk(existsSync(`${path}.part`))
  const none = openSheetFile(path, options)
  await none.finish()
  t.notOk(existsSync(path), 'without a slip there is none')
  const nowhere = openSheetFile(join(folder, 'khong', 'co', 'phieu.pdf'), options)
  const writing = async () => {
    await nowhere.add([slip('Lê An', 'Sở Nội vụ')])
    await nowhere.finish()
  }
  await t.rejects(writing(), AppError)
  await t.rejects(writing(), { code: 'file_unreadable' })
})
