import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import yazl from 'yazl'
import { nameOf } from '../../../scripts/demo/names.ts'
import { AppError } from '../../../src/error.ts'
import type { Day } from '../../../src/ids.ts'
import { fileRefusalWords } from '../../../src/roster/file-messages.ts'
import { newestFile, openTable, recogniseFile } from '../../../src/roster/sources/file.ts'
import { toTcvn3, toVni } from '../../support/legacy-text.ts'
import { texts, writeWorkbook } from '../../support/xlsx.ts'

const signal = AbortSignal.timeout(60_000)
const today = '2026-11-25' as Day
const now = Date.parse('2026-11-25T03:00:00Z')

/** What opening or recognising fails with. */
const failure = (work: Promise<unknown>) => work.catch((error: unknown) => error)

function folderOf(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'hopthu-file-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function fileOf(t: Test, content: string | Buffer, name = 'roster.dat'): string {
  const path = join(folderOf(t), name)
  writeFileSync(path, content)
  return path
}

async function zip(files: Record<string, string>): Promise<Buffer> {
  const archive = new yazl.ZipFile()
  for (const [name, content] of Object.entries(files)) archive.addBuffer(Buffer.from(content), name)
  archive.end()
  return buffer(archive.outputStream)
}

const ole = (more: string) =>
  Buffer.concat([
    Buffer.from('d0cf11e0a1b11ae1', 'hex'),
    Buffer.alloc(1000),
    Buffer.from(more, 'utf16le'),
    Buffer.alloc(500),
  ])
const CSV = 'Họ và tên,Đơn vị\nLê A,Sở Nội vụ\n'
const LDIF = 'dn: uid=1,dc=phuocan\nuid: 1\n\n'

t.test('a file is what it holds, whatever it is called', async t => {
  const workbook = await zip({ '[Content_Types].xml': '<Types/>', 'xl/workbook.xml': '<workbook/>' })
  const cases: [name: string, content: string | Buffer, kind: string][] = [
    ['a.xlsx', CSV, 'csv'],
    ['a.csv', workbook, 'xlsx'],
    ['a.pdf', LDIF, 'ldif'],
    ['b.csv', `\ufeff# of the directory\n\nversion: 1\n${LDIF}`, 'ldif'],
    ['c.csv', 'dn:: dWlkPTEsZGM9cGh1b2Nhbg==\r\nuid: 1\r\n', 'ldif'],
    ['d.csv', 'dn,cn\nuid=1,A\n', 'csv'],
    ['e.csv', Buffer.from(`\ufeff${CSV}`, 'utf16le'), 'csv'],
    ['f.csv', '\n\n"Họ và tên";"Đơn vị"\n', 'csv'],
  ]
  for (const [name, content, kind] of cases)
    t.equal(await recogniseFile(fileOf(t, content, name)), kind, name)
})

t.test(
  'what is no list is refused with the word for it, and a sentence that says how to save it',
  async t => {
    const cases: [refused: keyof typeof fileRefusalWords, content: string | Buffer][] = [
      ['oldExcel', ole('Workbook')],
      ['lockedExcel', ole('EncryptedPackage')],
      ['binaryExcel', await zip({ 'xl/workbook.bin': '' })],
      [
        'openDocument',
        await zip({
          mimetype: 'application/vnd.oasis.opendocument.spreadsheet',
          'content.xml': '',
          'META-INF/manifest.xml': '',
        }),
      ],
      ['word', await zip({ '[Content_Types].xml': '', 'word/document.xml': '' })],
      ['otherArchive', await zip({ 'danh-sach.xlsx': 'x', 'xl.txt': 'x' })],
      ['cutArchive', (await zip({ 'xl/workbook.xml': 'x'.repeat(5000) })).subarray(0, -30)],
      ['pdf', '%PDF-1.7\n'],
      ['picture', Buffer.from('89504e470d0a1a0a', 'hex')],
      ['picture', Buffer.from('ffd8ffe0', 'hex')],
      ['webPage', '<html><body><table><tr><td>Họ và tên</td></tr></table></body></html>'],
      ['webPage', `\ufeff\r\n<!DOCTYPE html>\n<table></table>`],
      ['webPage', Buffer.from('\ufeff<html><head></head></html>', 'utf16le')],
      ['webPage', '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"></html>'],
      ['xmlSpreadsheet', '<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?><Workbook/>'],
      ['richText', '{\\rtf1\\ansi'],
      ['compressed', gzipSync(CSV)],
      ['empty', ''],
      ['empty', ' \r\n\t\n'],
      ['empty', '\ufeff'],
    ]
    for (const [refused, content] of cases) {
      const error = await failure(recogniseFile(fileOf(t, content, 'roster.xlsx')))
      t.match(error, { code: 'file_unreadable', details: { refused } }, refused)
      t.ok(error instanceof AppError && error.message.includes(fileRefusalWords[refused].en))
    }
    const folder = folderOf(t)
    await t.rejects(recogniseFile(folder), { code: 'file_unreadable' })
    await t.rejects(recogniseFile(join(folder, 'none.csv')), { code: 'file_unreadable' })
  },
)

t.test('every refusal has its sentence in both languages, and shouts in none', async t => {
  for (const [refused, { vi, en }] of Object.entries(fileRefusalWords)) {
    for (const sentence of [vi, en]) t.match(sentence, /^\p{Lu}.+\.$/u, refused)
  }
})

t.test('a table opens from what the file is, within a limit of its size', async t => {
  const table = await openTable(fileOf(t, CSV, 'a.xlsx'), { signal })
  t.same([table.format, table.headings], ['csv', ['Họ và tên', 'Đơn vị']])
  await table.close()
  t.match(await failure(openTable(fileOf(t, LDIF), { signal })), { code: 'usage' })
  t.match(await failure(openTable(fileOf(t, CSV), { signal, maxBytes: 10 })), {
    details: { refused: 'tooLarge', maxBytes: 10 },
  })
  const huge = fileOf(t, CSV)
  truncateSync(huge, 500_000_000)
  t.match(await failure(openTable(huge, { signal })), {
    details: { refused: 'tooLarge', bytes: 500_000_000 },
  })
  const names = Array.from({ length: 20 }, (_, i) => nameOf(5, i).name)
  const legacy = fileOf(t, toTcvn3(`Họ và tên,Đơn vị\n${names.map(name => `${name},Sở Nội vụ\n`).join('')}`))
  t.match(await failure(openTable(legacy, { signal })), { details: { legacy: 'tcvn3' } })
  const converted = await openTable(legacy, { signal, convert: 'tcvn3' })
  t.same([converted.encoding, converted.headings], ['tcvn3', ['Họ và tên', 'Đơn vị']])
  await converted.close()
})

t.test('a workbook of the old fonts is refused with a sample, and read when asked to convert', async t => {
  const names = Array.from({ length: 1500 }, (_, i) => nameOf(5, i).name).filter(name => !/ŭ/i.test(name))
  const rows = [['Họ và tên', 'Đơn vị'], ...names.map(name => [name, 'Sở Nội vụ'])]
  const path = join(folderOf(t), 'cu.xlsx')
  const encoded = rows.map(row => row.map(toVni))
  await writeWorkbook(path, { sheets: [{ name: 'x', rows: texts(['DANH SACH'], ...encoded) }] })
  const error = await failure(openTable(path, { signal }))
  t.match(error, { code: 'file_unreadable', details: { refused: 'vni', legacy: 'vni' } })
  t.match((error as AppError).details.sample, [[toVni('Họ và tên | Đơn vị'), 'Họ và tên | Đơn vị']])
  const table = await openTable(path, { signal, convert: 'vni' })
  t.same([table.encoding, table.headings], ['vni', rows[0]])
  const read: (readonly string[])[] = []
  for await (const page of table.rows()) read.push(...page.map(({ cells }) => cells))
  t.same(read, rows.slice(1))
  await table.close()
  t.match(await failure(openTable(path, { signal, convert: 'tcvn3' })), { details: { refused: 'notLegacy' } })
  await writeWorkbook(path, { sheets: [{ name: 'x', rows: texts(...rows) }] })
  const plain = await openTable(path, { signal })
  t.equal(plain.encoding, null)
  await plain.close()
})

function folderWith(t: Test, files: Record<string, number>): string {
  const folder = folderOf(t)
  for (const [name, secondsAgo] of Object.entries(files)) {
    writeFileSync(join(folder, name), CSV)
    const time = (now - secondsAgo * 1000) / 1000
    utimesSync(join(folder, name), time, time)
  }
  return folder
}

t.test('of a watched folder the newest day counts that has come, else the file changed last', async t => {
  const cases: [name: string, files: Record<string, number>, newest: string][] = [
    ['days', { '2026-11-01.csv': 10, '2026-11-20.xlsx': 9000, '2026-11-26.csv': 500 }, '2026-11-20.xlsx'],
    ['today', { '2026-11-25.ldif': 50, '2026-11-24.csv': 20 }, '2026-11-25.ldif'],
    ['a day and other names', { '2026-01-01.csv': 99, 'ds.csv': 20 }, '2026-01-01.csv'],
    ['two of one day', { '2026-11-20.csv': 100, '2026-11-20.xlsx': 50 }, '2026-11-20.xlsx'],
    ['only other names', { 'so-noi-vu.xlsx': 100, 'so-y-te.xls': 60, 'cu.csv': 1000 }, 'so-y-te.xls'],
    ['no day of a calendar', { '2026-02-30.csv': 100, 'ds.csv': 1000 }, 'ds.csv'],
    ['a day that is being written', { '2026-11-25.csv': 1, '2026-11-24.csv': 999 }, '2026-11-25.csv'],
    [
      'what is not meant to be read',
      {
        'ds.csv': 1000,
        '~$ds.xlsx': 20,
        'ds.csv.part': 20,
        'x.tmp': 20,
        '.ds.csv.swp': 20,
        '.hidden.csv': 20,
        'ds.csv~': 20,
        'Thumbs.db': 20,
      },
      'ds.csv',
    ],
  ]
  for (const [name, files, newest] of cases) {
    const folder = folderWith(t, files)
    mkdirSync(join(folder, '2026-11-25.csv.d'))
    t.equal(await newestFile(folder, today, now), join(folder, newest), name)
  }
})

t.test('a file still being written is waited for, and no older one read in its place', async t => {
  const folder = folderWith(t, { 'old.csv': 5000, 'new.csv': 3 })
  await t.rejects(newestFile(folder, today, now), { code: 'file_unreadable', temporary: true })
  t.equal(await newestFile(folder, today, now + 10_000), join(folder, 'new.csv'))
})

t.test('a folder with nothing to read says so', async t => {
  const empty = { code: 'file_unreadable', temporary: false }
  const folder = folderWith(t, { '2026-12-01.csv': 100, 'ds.part': 100 })
  symlinkSync(join(folder, 'gone'), join(folder, 'link.csv'))
  mkdirSync(join(folder, 'folder.csv'))
  await t.rejects(newestFile(folder, today, now), empty)
  await t.rejects(newestFile(join(folder, 'none'), today, now), empty)
})
