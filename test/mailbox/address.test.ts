import t from 'tap'
import type { Address } from '../../src/ids.ts'
import {
  type AddressOwner,
  candidates,
  type Naming,
  numbered,
  type Pattern,
  parsePattern,
} from '../../src/mailbox/address.ts'

function pattern(text: string): Pattern {
  const parsed = parsePattern(text)
  if ('error' in parsed) throw new Error(parsed.error)
  return parsed
}

function naming(first: string, ...collision: string[]): Naming {
  return { pattern: pattern(first), collision: collision.map(pattern) }
}

function owner(name: string, rest: Partial<AddressOwner> = {}): AddressOwner {
  return { name, agency: 'skhcn', staffId: 'CB-001234', domain: 'tinh.gov.vn', ...rest }
}

/** The first few candidates, without their domain. */
function locals(person: AddressOwner, names: Naming, count = 4): string[] {
  const found: string[] = []
  for (const address of candidates(person, names)) {
    found.push(address.slice(0, address.indexOf('@')))
    if (found.length === count) break
  }
  return found
}

t.test('each variable of a pattern', async t => {
  const cases: [string, string][] = [
    ['{given}', 'anh'],
    ['{family}', 'nguyen'],
    ['{middle}', 'thihong'],
    ['{initials}', 'nth'],
    ['{familyInitial}', 'n'],
    ['{middleInitials}', 'th'],
    ['{full}', 'nguyenthihonganh'],
    ['{given}.{agency}', 'anh.skhcn'],
    ['{staffId}', 'cb001234'],
    ['{given}{last3}', 'anh234'],
    ['{given}{last4}', 'anh1234'],
    ['cb_{given}-{family}', 'cb_anh-nguyen'],
  ]
  for (const [text, local] of cases) t.same(locals(owner('Nguyễn Thị Hồng Ánh'), naming(text)), [local], text)
})

t.test('the provinces’ own rules can be written', async t => {
  const person = owner('Nguyễn Ngọc Thanh', { staffId: '038093012345' })
  t.same(locals(person, naming('{given}{initials}.{agency}')), ['thanhnn.skhcn'])
  t.same(locals(person, naming('{given}{initials}{last3}', '{given}{initials}{last4}')), [
    'thanhnn345',
    'thanhnn2345',
  ])
  t.same(locals(person, naming('{full}', '{given}{initials}')), ['nguyenngocthanh', 'thanhnn'])
  t.same(locals(person, naming('{given}{initials}', '{given}{initials}{n}')), [
    'thanhnn',
    'thanhnn2',
    'thanhnn3',
    'thanhnn4',
  ])
})

t.test('names of every kind become mail names', async t => {
  const cases: [string, string][] = [
    ['Đỗ Đức Đạt', 'datdd'],
    ['Trần Văn Hòa', 'hoatv'],
    ['Trần Văn Hoà'.normalize('NFD'), 'hoatv'],
    ['Phạm Dũng', 'dungp'],
    ['Bình', 'binh'],
    ["H'Hen Niê", 'hhenn'],
    ['H’Hen Niê', 'hhenn'],
    ['Y Moan Ênuôl', 'ymoane'],
    ['Thạch Sok Xane', 'xanets'],
    ['Giàng A Páo', 'paoga'],
    ['LÊ THỊ ƯỚC', 'uoclt'],
    ['Lê-Vũ Thị An', 'anlt'],
  ]
  for (const [name, local] of cases) t.same(locals(owner(name), naming('{given}{initials}')), [local], name)
})

t.test('a part a name does not have leaves no stray separator', async t => {
  t.same(locals(owner('Bình'), naming('{initials}.{given}')), ['binh'])
  t.same(locals(owner('Bình'), naming('{given}.{initials}')), ['binh'])
  t.same(locals(owner('Bình'), naming('{given}.{initials}.{agency}')), ['binh.skhcn'])
  t.same(locals(owner('Bình'), naming('{given}.{family}{n}')), ['binh.2', 'binh.3', 'binh.4', 'binh.5'])
  t.same(locals(owner('Lê An'), naming('{given}_{middle}-{family}')), ['an_le'])
})

t.test('where a piece is missing there is no candidate of that pattern, and the next is tried', async t => {
  t.same(locals(owner('李 明'), naming('{given}{initials}', '{given}{initials}{n}')), [])
  t.same(locals(owner('Lê 明'), naming('{given}{initials}')), [], 'not the initial alone')
  t.same(locals(owner('李明'), naming('{given}', '{staffId}')), ['cb001234'])
  t.same(locals(owner('Лев'), naming('{full}')), [])
  t.same(locals(owner(''), naming('{given}{initials}', '{full}')), [])
  t.same(locals(owner("' - '"), naming('{given}', '{full}')), [])
  t.same(locals(owner('Lê An', { agency: null }), naming('{given}.{agency}', '{given}.{family}')), ['an.le'])
  t.same(locals(owner('Lê An', { agency: ' – ' }), naming('{given}.{agency}')), [])
  t.same(locals(owner('Lê An', { staffId: '12' }), naming('{given}{last3}')), [])
  t.same(locals(owner('Lê An', { domain: '' }), naming('{given}{n}')), [])
  t.same(locals(owner('Lê An', { domain: 'two words' }), naming('{given}{n}')), [])
})

t.test('an agency short form is reduced to letters and digits', async t => {
  t.same(locals(owner('Lê An', { agency: 'Sở TN&MT' }), naming('{given}.{agency}')), ['an.sotnmt'])
  t.same(locals(owner('Lê An', { agency: 'H10.05' }), naming('{given}.{agency}')), ['an.h1005'])
})

t.test('names of roles and machines are passed over', async t => {
  t.same(locals(owner('Lê Mai'), naming('{given}{initials}', '{given}{initials}{n}'), 2), ['mail2', 'mail3'])
  t.same(locals(owner('An'), naming('{given}', 'thong.{given}')), ['an', 'thong.an'])
  for (const name of ['Admin', 'Root', 'Postmaster', 'ABUSE', 'No-Reply', 'Văn Thư', 'Webmaster']) {
    t.same(locals(owner(name), naming('{full}', '{full}{n}'), 1).join().slice(-1), '2', name)
  }
})

t.test('the same candidate does not come twice', async t => {
  t.same(locals(owner('Bình'), naming('{given}{initials}', '{given}', '{full}', '{given}{n}'), 3), [
    'binh',
    'binh2',
    'binh3',
  ])
})

t.test('a local part has at most 64 octets', async t => {
  const long = `Nguyễn ${'Phúc '.repeat(15)}An`
  t.same(locals(owner(long), naming('{full}', '{given}{familyInitial}')), ['ann'])
  const exact = 'a'.repeat(64)
  t.same(locals(owner(exact), naming('{given}', '{given}{n}')), [exact], 'and an ordinal ends with it')
})

t.test('a pattern that cannot work is refused with what is wrong', async t => {
  const cases: [string, RegExp][] = [
    ['', /nothing of the person/],
    ['{agency}', /nothing of the person/],
    ['root', /nothing of the person/],
    ['{n}', /nothing of the person/],
    ['{given}{n}{n}', /twice/],
    ['{givn}', /unknown variable \{givn\}; there are \{given\}, /],
    ['{toString}', /unknown variable/],
    ['{given', /brace/],
    ['given}', /brace/],
    ['{given}@tinh.vn', /only a-z/],
    ['{given} {family}', /only a-z/],
    ['{given}Đ', /only a-z/],
    ['CB{given}', /only a-z/],
  ]
  for (const [text, error] of cases) t.match(parsePattern(text), { error }, text)
  t.match(parsePattern('{given}{n}'), { text: '{given}{n}', numbered: true })
  t.match(parsePattern('{given}'), { numbered: false })
})

t.test('a caller who knows how far the ordinals are used begins there', async t => {
  const person = owner('Lê Mai')
  t.equal(numbered(pattern('{given}{initials}{n}'), person, 17), 'mail17@tinh.gov.vn')
  t.equal(numbered(pattern('{given}{family}'), person, 17), 'maile@tinh.gov.vn')
  t.equal(numbered(pattern('{given}{initials}'), person, 2), null, 'reserved')
  t.equal(numbered(pattern('{given}{n}'), owner('李明'), 2), null)
})

t.test('ten thousand namesakes are told apart', async t => {
  const taken = new Set<Address>()
  const names = naming('{given}{initials}', '{given}{initials}{n}')
  const first = [...Array(3)].map(() => {
    for (const address of candidates(owner('Nguyễn Văn Hùng'), names)) {
      if (taken.has(address)) continue
      taken.add(address)
      return address
    }
    return null
  })
  t.same(first, ['hungnv@tinh.gov.vn', 'hungnv2@tinh.gov.vn', 'hungnv3@tinh.gov.vn'])
  const numberedPattern = pattern('{given}{initials}{n}')
  for (let n = 4; n <= 10_000; n++) {
    const address = numbered(numberedPattern, owner('Nguyễn Văn Hùng'), n)
    if (address !== null) taken.add(address)
  }
  t.equal(taken.size, 10_000)
})

t.test('no name or pattern yields a malformed local part', async t => {
  const names = [
    'Nguyễn Văn An',
    "Y'",
    "'",
    '-',
    '. . .',
    'A.B. Lê',
    'Lê (An)',
    'ß',
    '1 2',
    'Ｌê Ａn',
    '\u0301',
  ]
  const texts = [
    '{given}{initials}',
    '{family}.{given}',
    '{initials}.{given}.{agency}',
    '-{given}-',
    '{full}_{n}',
  ]
  for (const name of names) {
    for (const text of texts) {
      for (const local of locals(owner(name), naming(text))) {
        t.match(local, /^[a-z0-9]+([._-][a-z0-9]+)*$/, `${name} ${text}`)
      }
    }
  }
})
