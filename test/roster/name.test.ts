import t from 'tap'
import { isClean } from '../../src/ids.ts'
import { foldText, type Name, sortKey, sortKeyOfTitle, splitName } from '../../src/roster/name.ts'

const name = (family: string, middle: string, given: string): Name => ({ family, middle, given })

t.test('a name is split family first, given last', async t => {
  const cases: [string, Name][] = [
    ['Nguyễn Văn An', name('Nguyễn', 'Văn', 'An')],
    ['Trần Thị Hồng Ánh', name('Trần', 'Thị Hồng', 'Ánh')],
    ['Phạm Dũng', name('Phạm', '', 'Dũng')],
    ['LÊ MINH ĐỨC', name('LÊ', 'MINH', 'ĐỨC')],
    ['  Lê \t Minh\u00a0Đức ', name('Lê', 'Minh', 'Đức')],
    ['Bình', name('', '', 'Bình')],
    ['', name('', '', '')],
  ]
  for (const [full, parts] of cases) t.same(splitName(full), parts, full)
})

t.test('names of the ethnic communities are split as their bearers do', async t => {
  const cases: [string, Name][] = [
    ["H'Hen Niê", name('Niê', '', "H'Hen")],
    ['H’Lan Niê Kdăm', name('Niê Kdăm', '', 'H’Lan')],
    ['HʼBia Êban', name('Êban', '', 'HʼBia')],
    ["H' Mai Mlô", name('Mlô', '', "H' Mai")],
    ['Y Moan Ênuôl', name('Ênuôl', '', 'Y Moan')],
    ['Y Thu', name('', '', 'Y Thu')],
    ['Thạch Sok Xane', name('Thạch', 'Sok', 'Xane')],
    ['Giàng A Páo', name('Giàng', 'A', 'Páo')],
    ["Rơ Châm H'Yéo", name('Rơ', 'Châm', "H'Yéo")],
    ['Nguyễn Như Ý', name('Nguyễn', 'Như', 'Ý')],
    ['Hồ Văn Hà', name('Hồ', 'Văn', 'Hà')],
  ]
  for (const [full, parts] of cases) t.same(splitName(full), parts, full)
})

t.test('spellings of the same words have the same folded text', async t => {
  const groups = [
    ['hòa', 'hoà', 'HÒA', 'Hoa', 'hòa'.normalize('NFD')],
    ['Nguyễn Thị Thúy', 'nguyễn thị thuý', ' NGUYEN  THI\tTHUY '],
    ['Đỗ Đức Đạt', 'đỗ đức đạt', 'Do Duc Dat', 'Ðỗ Ðức Ðạt', 'Ɖỗ Ɖức Ɖạt'],
    ["H'Hen Niê", 'H’Hen Niê', 'HʼHen Niê', 'HHen Nie'],
    ['Bà Rịa - Vũng Tàu', 'Bà Rịa – Vũng Tàu', 'ba ria vung tau'],
    ['Trần Ánh\u200b Dương', 'tran anh duong'],
  ]
  for (const group of groups) t.equal(new Set(group.map(foldText)).size, 1, group.join(' = '))
  t.equal(foldText("Lưu Đình Ưng - Y'Ôn"), 'luu dinh ung yon')
})

/** Chooses from a list; a generator of its own (LCG of Numerical Recipes), so that a failure can be seen again. */
function chooser(seed: number) {
  let state = seed
  return <T>(list: readonly T[]): T | undefined => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return list[Math.floor((state / 2 ** 32) * list.length)]
  }
}

const FAMILIES =
  'Nguyễn|Trần|Lê|Phạm|Hoàng|Huỳnh|Phan|Vũ|Võ|Đặng|Bùi|Đỗ|Hồ|Ngô|Dương|Lý|Đinh|Đoàn|Ân|Ông|Âu|Ưng|Quách|Tạ|Thạch|Chế|Cù|Cừ|Vừ|Xa|Y|Sa'.split(
    '|',
  )
const MIDDLES =
  '|Văn|Thị|Hữu|Đức|Ngọc|Ngọc Ánh|Thị Hồng|Thị Hông|Thị Họng|Quang|Công|Đình|Xuân|Minh|Mình|Mỹ|Ấu|Ỷ|Gia|Như|Nhụ'.split(
    '|',
  )
const GIVENS =
  'An|Ân|Ăn|Ẩn|Án|Ánh|Anh|Ảnh|Ạnh|Bình|Bính|Bích|Châu|Chấu|Cường|Dung|Dũng|Dụng|Duy|Dương|Đức|Đạt|Đan|Đàn|Em|Êm|Gấm|Giang|Hà|Hạ|Hả|Hạnh|Hằng|Hân|Hòa|Hoa|Hóa|Huệ|Hưng|Hùng|Ích|Yên|Yến|Kiên|Lan|Lân|Lăng|Lý|Mai|Mỹ|My|Nga|Nghĩa|Oanh|Ổn|Ơn|Phú|Phúc|Quý|Quỳ|Sơn|Son|Tâm|Tấm|Tầm|Thủy|Thúy|Thụy|Thùy|Tùng|Tú|Tư|Từ|Ước|Uyên|Uy|Vân|Vàng|Xuân|Ý'.split(
    '|',
  )

const vietnamese = new Intl.Collator('vi', { sensitivity: 'accent' })

function compareNames(left: Name, right: Name): number {
  return (
    vietnamese.compare(left.given, right.given) ||
    vietnamese.compare(left.family, right.family) ||
    vietnamese.compare(left.middle, right.middle)
  )
}

const bytewise = (left: string, right: string) =>
  Math.sign(Buffer.compare(Buffer.from(left), Buffer.from(right)))

t.test('comparing sort keys is comparing names as the Vietnamese collation of Unicode does', async t => {
  const choose = chooser(20_201_231)
  const names = Array.from({ length: 4_000 }, () => {
    const full = [choose(FAMILIES), choose(MIDDLES), choose(GIVENS)].filter(part => part !== '').join(' ')
    return { full, parts: splitName(full), key: sortKey(full) }
  })
  const wrong: string[] = []
  for (const left of names) {
    for (let times = 0; times < 100; times++) {
      const right = choose(names)
      if (right === undefined) continue
      const expected = Math.sign(compareNames(left.parts, right.parts))
      if (bytewise(left.key, right.key) !== expected) wrong.push(`${left.full} · ${right.full}`)
    }
  }
  t.same(wrong.slice(0, 5), [])
  const keyed = names.toSorted((left, right) => bytewise(left.key, right.key)).map(({ key }) => key)
  const collated = names
    .toSorted((left, right) => compareNames(left.parts, right.parts))
    .map(({ key }) => key)
  t.same(keyed, collated)
})

t.test('every pair of given names is in dictionary order', async t => {
  const wrong: string[] = []
  for (const left of GIVENS) {
    for (const right of GIVENS) {
      const expected = Math.sign(vietnamese.compare(left, right))
      if (bytewise(sortKey(left), sortKey(right)) !== expected) wrong.push(`${left} · ${right}`)
    }
  }
  t.same(wrong, [])
})

t.test('people stand in a list by given name, then family and middle name', async t => {
  const list = ['Đỗ Văn An', 'Nguyễn Văn An', 'Trần Thị Ánh', 'Bùi Thị Ân', 'Phạm Dũng', 'Lê Minh Đức']
  t.same(
    list.toReversed().sort((left, right) => bytewise(sortKey(left), sortKey(right))),
    list,
  )
  const dictionary = ['An', 'Ánh', 'Ăn', 'Ân', 'Dũng', 'Duy', 'Đức']
  t.same(
    dictionary.toReversed().sort((left, right) => bytewise(sortKey(left), sortKey(right))),
    dictionary,
  )
})

t.test('tones go ngang, huyền, hỏi, ngã, sắc, nặng, and only after the letters', async t => {
  const order = ['Ma', 'Mà', 'Mả', 'Mã', 'Má', 'Mạ', 'Mai', 'Mài', 'Măng', 'Mận']
  const keys = order.map(sortKey)
  t.same(keys.toSorted(bytewise), keys)
})

t.test(
  'where a tone is written in its word, case and Unicode form make no difference to the order',
  async t => {
    t.equal(sortKey('Nguyễn Văn Hòa'), sortKey('Nguyễn Văn Hoà'))
    t.equal(sortKey('Nguyễn Văn Hòa'), sortKey('NGUYỄN VĂN HOÀ'))
    t.equal(bytewise(sortKey('Hoà'), sortKey('Hóa')), -1, 'huyền before sắc in mixed spelling too')
    t.equal(sortKey("H'Hen Niê"), sortKey('H’Hen Niê'))
    const choose = chooser(7)
    for (let times = 0; times < 500; times++) {
      const full = `${choose(FAMILIES)} ${choose(MIDDLES)} ${choose(GIVENS)}`
      const apart = full.normalize('NFD')
      if (sortKey(full) !== sortKey(apart)) t.fail(`${full}: key differs in NFD`)
      if (foldText(full) !== foldText(apart)) t.fail(`${full}: folded text differs in NFD`)
      t.same(splitName(full), splitName(apart))
    }
  },
)

t.test('a key holds nothing that a collation, a file or a trimming could alter', async t => {
  for (const text of ['Nguyễn Văn An', "Y'Ôn Êban", '', '李明', 'Łukasz Ñandú', 'A\\B "C"', 'ƀuôn', '😀']) {
    t.match(sortKey(text), /^[0-9A-Za-z.-]+$/, text)
    t.match(sortKeyOfTitle(text), /^[0-9A-Za-z.-]+$/, text)
  }
  t.equal(bytewise(sortKey('Zung'), sortKey('李')), -1, 'letters we do not know come last')
})

t.test('agencies stand in reading order, numbers by value', async t => {
  const list = [
    'Ban Dân tộc',
    'Phòng Tổ chức',
    'Phòng Tổ chức - Hành chính',
    'Phường 2',
    'Phường 03',
    'Phường 10',
    'Phường An Hòa',
    'Phường Ân Thi',
    'Sở Tài chính',
    'Sở Tài nguyên và Môi trường',
    'Sở Tư pháp',
    'Ủy ban nhân dân xã Đông Hà',
    'Văn phòng',
  ]
  const byKey = (left: string, right: string) => bytewise(sortKeyOfTitle(left), sortKeyOfTitle(right))
  t.same(list.toReversed().sort(byKey), list)
  const collator = new Intl.Collator('vi', { sensitivity: 'accent', numeric: true })
  t.same(list.toSorted(collator.compare), list)
  t.equal(sortKeyOfTitle('Sở Kế hoạch – Đầu tư'), sortKeyOfTitle('SỞ KẾ HOẠCH - ĐẦU TƯ'))
})

t.test(
  'letters that pass for clean as they stand are changed by no composition, whatever stands beside them',
  async t => {
    const range = (from: number, to: number) =>
      Array.from({ length: to - from + 1 }, (_, at) => String.fromCodePoint(from + at))
    const letters = [...range(0x21, 0x7e), ...range(0xc0, 0x24f), ...range(0x1e00, 0x1eff)]
    const wrong = letters.filter(letter => {
      const beside = letters.map(other => letter + other).join(' ')
      return !isClean(beside) || beside.normalize('NFC') !== beside || /[\s\p{C}]/u.test(letter)
    })
    t.same(wrong, [])
    const unclean = [' An', 'An ', 'An  Bình', 'An\tBình', 'An\u00a0Bình', 'An\u200bh', 'a\u0301', '']
    t.same(unclean.filter(isClean), [])
  },
)

t.test('a text folded word by word has the key it has as a whole', async t => {
  const choose = chooser(2_025)
  const words = [
    ...FAMILIES,
    ...MIDDLES,
    ...GIVENS,
    "H'Hen",
    'Niê',
    '-',
    "'",
    'ĐỖ',
    'Straße',
    'Y',
    'İ',
    'A-Rem',
  ]
  const texts = Array.from({ length: 2_000 }, () =>
    [choose(words), choose(words), choose(words)].join(' ').trim(),
  )
  // one character that is dropped, and the text is no longer taken for clean
  const wrong = texts.filter(text => foldText(text) !== foldText(`${text}\u00ad`))
  t.same(wrong, [])
})
