import t from 'tap'
import { nameOf } from '../../scripts/demo/names.ts'
import {
  conversionSample,
  convertLegacy,
  isConvertible,
  legacyEvidence,
  legacyOf,
  vietnameseShare,
} from '../../src/roster/legacy-text.ts'
import { isSyllable } from '../../src/roster/syllable.ts'
import { toTcvn3, toVni } from '../support/legacy-text.ts'

const names = Array.from({ length: 600 }, (_, person) => nameOf(7, person).name)
const titles = [
  'Trưởng phòng Nội vụ',
  'Phó Chủ tịch Uỷ ban nhân dân xã',
  'Kế toán viên',
  'Chuyên viên chính',
  'Văn thư lưu trữ',
  'Bí thư Đảng uỷ',
  'Giáo viên tiểu học',
  'Điều dưỡng',
  'Cán bộ địa chính – xây dựng',
  'Hiệu trưởng trường THPT',
  'Sở Nông nghiệp và Môi trường',
  'Trung tâm Y tế khu vực',
  'Phường Ngô Quyền',
  'Huỳnh Thuỳ Dương',
  'Nguyễn Quốc Khuỷu',
]
/** Ede has a letter, ŭ, that neither table has. */
const words = [...names.filter(name => !/ŭ/i.test(name)), ...titles]

t.test('hundreds of names and titles come back as they were, from TCVN3 and from VNI', async t => {
  for (const name of words) {
    // A capital with a tone has no code in TCVN3: the font drew it, and the text holds the small letter.
    const small = name.replace(
      /(?<!\p{L})[ẮÁÀẤỨỐÍÝỶÓÚÉẾỈỊỊỌỒỖỘỚỢẠẢẶẨẬỤỰỲỴẦẰẲẴẪẺẼẸỀỂỄỆĨÒỎÕỔỜỞỠÙỦŨỪỬỮỸÌÈÃ]/gu,
      letter => letter.toLowerCase(),
    )
    t.equal(convertLegacy(toTcvn3(name), 'tcvn3'), small)
    t.equal(convertLegacy(toVni(name), 'vni'), name)
    t.equal(convertLegacy(toVni(name.toUpperCase()), 'vni'), name.toUpperCase())
  }
})

t.test('what the documents of the time show is read as written', async t => {
  const cases: [legacy: 'tcvn3' | 'vni', before: string, after: string][] = [
    ['tcvn3', 'NguyÔn V¨n', 'Nguyễn Văn'],
    ['tcvn3', '§Æng ThÞ Ph­¬ng', 'Đặng Thị Phương'],
    ['tcvn3', 'NGUYÔN V¡N HïNG', 'NGUYỄN VĂN HÙNG'],
    ['tcvn3', 'Tó', 'Tú'],
    ['vni', 'Nguyeãn Vaên', 'Nguyễn Văn'],
    ['vni', 'Ñaëng Thò Phöông', 'Đặng Thị Phương'],
    ['vni', 'NGUYEÃN VAÊN HUØNG', 'NGUYỄN VĂN HÙNG'],
    ['vni', 'Lyù, Kyø, Myõ, Vuõ', 'Lý, Kỳ, Mỹ, Vũ'],
  ]
  for (const [legacy, before, after] of cases) t.equal(convertLegacy(before, legacy), after)
})

t.test('every letter of the alphabet with every tone goes both ways', async t => {
  for (const base of 'aăâeêioôơuưy') {
    for (const tone of ['', '\u0300', '\u0301', '\u0303', '\u0309', '\u0323']) {
      const letter = (base + tone).normalize('NFC')
      t.equal(convertLegacy(`zz${toTcvn3(letter)}`, 'tcvn3'), `zz${letter}`, letter)
      t.equal(convertLegacy(`zz${toVni(letter)}`, 'vni'), `zz${letter}`, letter)
    }
  }
})

t.test('legacy text is known for what it is, from ten names on', async t => {
  for (let from = 0; from + 10 <= names.length; from += 10) {
    const some = names.slice(from, from + 10).join('\n')
    t.equal(legacyOf(toTcvn3(some)), 'tcvn3')
    t.equal(legacyOf(toVni(some)), 'vni')
    t.equal(legacyOf(toTcvn3(some.toUpperCase())), 'tcvn3')
  }
})

t.test(
  'it is known also after a passage through windows-1258, which has marks among its letters',
  async t => {
    const bytes = Buffer.from(toTcvn3(names.slice(0, 30).join('\n')), 'latin1')
    t.equal(legacyOf(new TextDecoder('windows-1258').decode(bytes)), 'tcvn3')
    const vni = Buffer.from(toVni(names.slice(0, 30).join('\n')), 'latin1')
    t.equal(legacyOf(new TextDecoder('windows-1258').decode(vni)), 'vni')
  },
)

t.test('real names are never taken for legacy text', async t => {
  const french = `René Hélène Chloé Loïc Joël Noël Gaël Raphaël Zoé Benoît Maïté Anaïs Françoise Théo Éric Adèle Aurélie
    Cédric Eugène Gérard Frédérique Jérôme Mickaël Stéphane Valérie Solène Rémi Léa Maël Héloïse Inès André Crépin`
  const others = `Müller Jürgen Größe Bär Löh Kühn Ørsted Åse José Ramón João Nuñez Peña Ângela Łukasz Dvořák Zoë Siân
    Kıvanç Öztürk Çelik Ünal Ståle Bjørn`
  const ethnic = `Y Bhăm Niê H'Hen Niê Êban Mlô Ênuôl Kbuôr Ayŭn Kđoh Krông Kpă Siu Rơ Châm Đinh A Glêh Sùng A Páo Giàng Thị Mỷ Kră Jăn`
  const english = 'staffId,fullName,agency\n1,John O’Brien,H99\n2,Anne – Marie,H99'
  for (const text of [french, others, ethnic, english, '', '5°C · ½ § ¶ « » ± ©', titles.join('\n')]) {
    t.equal(legacyOf(text), null, text.slice(0, 40))
  }
  for (let from = 0; from < names.length; from += 10) {
    const some = names.slice(from, from + 10).join('\n')
    t.equal(legacyOf(some), null)
    t.equal(legacyOf(some.normalize('NFD')), null)
    t.equal(legacyOf(some.toUpperCase()), null)
  }
})

t.test('a column of legacy names among columns in Unicode is found, and only it is converted', async t => {
  const rows = names.slice(0, 40).map((name, i) => [toTcvn3(name), titles[i % titles.length] ?? ''])
  t.equal(legacyOf(rows.flat().join('\n')), 'tcvn3')
  for (const [i, row] of rows.entries()) {
    t.equal(convertLegacy(row[1] ?? '', 'tcvn3'), titles[i % titles.length])
  }
})

t.test('one or two odd names are no proof', async t => {
  t.equal(legacyOf('Loïc\nLoïc\nNguyễn Văn An'), null)
  t.equal(legacyEvidence('NguyÔn NguyÔn').tcvn3, 1)
})

t.test('the sample tells what changes and nothing else of a person', async t => {
  const rows = [
    ['1', toVni('Nguyễn Văn Phước'), '079080001234', toVni('Kế toán')],
    ['2', 'Anna', '079080001235', ''],
    ['3', toVni('Đặng Hữu Lợi'), '', ''],
  ]
  t.same(conversionSample(rows, 'vni'), [
    [`${toVni('Nguyễn Văn Phước')} | ${toVni('Kế toán')}`, 'Nguyễn Văn Phước | Kế toán'],
    [toVni('Đặng Hữu Lợi'), 'Đặng Hữu Lợi'],
  ])
  t.equal(conversionSample(Array(20).fill(rows[0]), 'vni').length, 5)
})

t.test('a person can ask to convert a few words, of the right table only', async t => {
  t.equal(isConvertible(toVni('Nguyễn'), 'vni'), true)
  t.equal(isConvertible(toVni(names.join(' ')), 'tcvn3'), false)
  t.equal(isConvertible(toTcvn3(names.join(' ')), 'vni'), false)
  t.equal(isConvertible(names.join(' '), 'vni') || isConvertible(names.join(' '), 'tcvn3'), false)
})

t.test('a syllable is told from what cannot be one', async t => {
  for (const word of `nghiêng Quỳnh quốc giếng gì kỹ Yên Uyên thuở khuỷu Huỳnh đường xoong ước nguyệt HOÀ hòa thúy y ơi`.split(
    ' ',
  )) {
    t.ok(isSyllable(word), word)
  }
  for (const word of 'nghang cệt kàn lọct hoc mat ngiêng René stra áà qô ăn2 Ñôn Ẫric Renỡ'.split(' ')) {
    t.notOk(isSyllable(word), word)
  }
  t.ok((vietnameseShare(titles.join(' ')) ?? 0) > 0.9)
  t.equal(vietnameseShare('plain'), null)
})
