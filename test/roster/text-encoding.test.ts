import t from 'tap'
import { nameOf } from '../../scripts/demo/names.ts'
import { encodingOf } from '../../src/roster/text-encoding.ts'
import { toTcvn3, toVni, toWindows1258 } from '../support/legacy-text.ts'

/** Ede has a letter, ŭ, that windows-1258 has not. */
const names = Array.from({ length: 300 }, (_, person) => nameOf(11, person).name).filter(
  name => !/ŭ/i.test(name),
)
const text = `Số hiệu,Họ và tên,Đơn vị\n${names.map((name, i) => `${i},${name},Sở Nội vụ`).join('\n')}\n`
const wide = (value: string, littleEndian: boolean) => {
  const bytes = Buffer.from(value, 'utf16le')
  return littleEndian ? bytes : bytes.swap16()
}

t.test('each encoding of ours is recognised, with its mark or without', async t => {
  const cases: [name: string, bytes: Buffer, encoding: ReturnType<typeof encodingOf>][] = [
    ['UTF-8', Buffer.from(text), 'utf-8'],
    ['UTF-8 with a mark', Buffer.from(`\ufeff${text}`), 'utf-8'],
    ['UTF-8, letters and marks apart', Buffer.from(text.normalize('NFD')), 'utf-8'],
    ['ASCII', Buffer.from('a,b\n1,2\n'), 'utf-8'],
    ['nothing', Buffer.alloc(0), 'utf-8'],
    ['UTF-16 LE with a mark', wide(`\ufeff${text}`, true), 'utf-16le'],
    ['UTF-16 BE with a mark', wide(`\ufeff${text}`, false), 'utf-16be'],
    ['UTF-16 LE', wide(text, true), 'utf-16le'],
    ['UTF-16 BE', wide(text, false), 'utf-16be'],
    ['windows-1258', toWindows1258(text), 'windows-1258'],
    ['TCVN3 in bytes', Buffer.from(toTcvn3(text), 'latin1'), 'windows-1258'],
    ['VNI in bytes', Buffer.from(toVni(text), 'latin1'), 'windows-1258'],
    ['punctuation of Windows alone', Buffer.from('a,b\nO\x92Brien \x96 x,2\n', 'latin1'), 'windows-1258'],
  ]
  for (const [name, bytes, encoding] of cases) t.equal(encodingOf(bytes), encoding, name)
})

t.test('what is none of ours is not guessed at', async t => {
  const french = 'nom\nHélène Lefèvre\nFrançois Gérard\nZoé Bélanger\nAurélie Crépin\n'
  const cases: [name: string, bytes: Buffer][] = [
    ['French in latin1', Buffer.from(french, 'latin1')],
    ['UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 0x41, 0, 0, 0])],
    ['zeros without a pattern', Buffer.from([1, 0, 0, 0, 4, 0, 6, 7, 0, 0, 3])],
    ['noise', Buffer.from(Array.from({ length: 4000 }, (_, i) => 1 + ((i * 7919) % 255)))],
    [
      'UTF-8 read as latin1 and saved as windows-1252',
      Buffer.from(
        Buffer.from(text)
          .toString('latin1')
          .replace(/[\x80-\x9f]/g, '?'),
        'latin1',
      ),
    ],
  ]
  for (const [name, bytes] of cases) t.equal(encodingOf(bytes), null, name)
})

t.test('the head of a file may end inside a letter, wherever it is cut', async t => {
  const utf8 = Buffer.from(text)
  const cp1258 = toWindows1258(text)
  for (let length = 400; length < 520; length++) {
    t.equal(encodingOf(utf8.subarray(0, length)), 'utf-8')
    t.equal(encodingOf(cp1258.subarray(0, length)), 'windows-1258')
    t.equal(encodingOf(wide(text, true).subarray(0, length)), 'utf-16le')
  }
})

t.test('a stray byte does not make another encoding of a UTF-8 file', async t => {
  const bytes = Buffer.concat([
    Buffer.from(text.slice(0, 900)),
    Buffer.from([0xe1, 0xba, 0x0a]),
    Buffer.from(text),
  ])
  t.equal(encodingOf(bytes), 'utf-8')
  t.equal(encodingOf(Buffer.from(text.replace('Sở', '\0Sở'))), 'utf-8')
})

t.test('windows-1258 comes back as it was, tones and all', async t => {
  t.equal(new TextDecoder('windows-1258').decode(toWindows1258(text)).normalize('NFC'), text)
})
