import t from 'tap'
import {
  attributeKey,
  disabledReader,
  type FieldMapping,
  fieldReader,
  headingKey,
} from '../../src/roster/mapping.ts'
import { attributeNames, parseDirectoryDay, toPerson } from '../../src/roster/roster.ts'
import type { DirectoryEntry } from '../../src/roster/sources/entry.ts'

function entry(
  attributes: Record<string, string | string[]>,
  dn = 'uid=an,ou=people,dc=tinh',
): DirectoryEntry {
  return {
    dn,
    attributes: new Map(Object.entries(attributes).map(([name, value]) => [name, [value].flat()])),
  }
}

function read(mapping: FieldMapping, from: DirectoryEntry): readonly string[] {
  return fieldReader(mapping, attributeKey)(from)
}

t.test('a name reads all values of the attribute, whatever its case', async t => {
  t.same(read('departmentNumber', entry({ departmentnumber: ['H99.05', 'H99.11'] })), ['H99.05', 'H99.11'])
  t.same(read('title', entry({})), [])
})

t.test('a constant is the value of every entry', async t => {
  t.same(read({ constant: 'viên chức' }, entry({})), ['viên chức'])
})

t.test(
  'a pattern takes its first group, or all groups put into the template, and nothing where it does not match',
  async t => {
    const dn = 'uid=an,ou=Phòng Tổ chức,ou=H99\\,05,ou=people,dc=tinh'
    t.same(read({ attribute: 'dn', pattern: 'ou=((?:\\\\.|[^,])+),ou=people' }, entry({}, dn)), ['H99,05'])
    t.same(
      read({ attribute: 'code', pattern: '(\\d+)-(\\d+)', template: 'H$1.$2' }, entry({ code: '99-05' })),
      ['H99.05'],
    )
    t.same(read({ attribute: 'code', pattern: '^X(.*)$' }, entry({ code: '99-05' })), [])
    t.same(read({ attribute: 'code', pattern: 'h\\d+' }, entry({ code: 'mã H99 cũ' })), ['H99'])
  },
)

t.test(
  'a table of values is looked up without case and marks; what it lacks stays, or is what was said for it',
  async t => {
    const values = { 'Công chức': 'công chức', CC: 'công chức', vc: 'viên chức' }
    t.same(read({ attribute: 'class', values }, entry({ class: 'CÔNG CHỨC' })), ['công chức'])
    t.same(read({ attribute: 'class', values }, entry({ class: 'Vc' })), ['viên chức'])
    t.same(read({ attribute: 'class', values }, entry({ class: 'HĐ68' })), ['HĐ68'])
    t.same(read({ attribute: 'class', values, otherwise: 'khác' }, entry({ class: 'HĐ68' })), ['khác'])
  },
)

t.test('headings are read folded', async t => {
  const row = entry({ 'ho va ten': 'Nguyễn Văn An' })
  t.same(fieldReader('Họ và Tên', headingKey)(row), ['Nguyễn Văn An'])
})

t.test('an entry is switched off by a bit of a number or by a word', async t => {
  const control = disabledReader({ attribute: 'userAccountControl', bit: 2 }, attributeKey)
  t.equal(control(entry({ useraccountcontrol: '514' })), true)
  t.equal(control(entry({ useraccountcontrol: '512' })), false)
  t.equal(control(entry({ useraccountcontrol: 'x' })), false)
  t.equal(control(entry({})), false)
  const word = disabledReader('inactive', attributeKey)
  for (const off of ['TRUE', 'x', '1']) t.equal(word(entry({ inactive: off })), true, off)
  for (const on of ['FALSE', '0', 'không', '']) t.equal(word(entry({ inactive: on })), false, on)
})

t.test('a directory is asked for the attributes that a mapping reads, and for nothing else', async t => {
  const names = attributeNames({
    key: 'entryUUID',
    attributes: {
      fullName: 'cn',
      agency: { attribute: 'dn', pattern: 'ou=([^,]+)' },
      staffClass: { constant: 'công chức' },
      title: { attribute: 'title', values: { CV: 'Chuyên viên' } },
      disabled: { attribute: 'userAccountControl', bit: 2 },
    },
  })
  t.same(names, ['entryUUID', 'cn', 'title', 'userAccountControl'])
})

t.test('a value that cannot be true is left out and told of; the person is taken', async t => {
  const context = {
    nameKey: attributeKey,
    hash: (n: string) => `h${n}`,
    agenciesNamed: null,
    sector: null,
    today: '2026-11-25' as never,
  }
  const mapping = {
    key: 'uid',
    attributes: { fullName: 'cn', agency: 'ou', birthDay: 'born', personalNumber: 'number', address: 'mail' },
  }
  const person = toPerson(
    entry({
      uid: '1',
      cn: 'Nguyễn Văn An',
      ou: 'H99.05',
      born: '31/12/2027',
      number: '12ab',
      mail: 'no address',
    }),
    mapping,
    context,
  )
  t.match(person, { birthDay: null, numberHash: null, address: null })
  t.same('dropped' in person && person.dropped.map(({ reason }) => reason), [
    'bad_day',
    'bad_number',
    'bad_address',
  ])
  const good = toPerson(
    entry({ uid: '1', cn: 'Nguyễn Văn An', ou: 'H99.05', born: '05/02/1980', number: '001 080 000 123' }),
    mapping,
    context,
  )
  t.match(good, { birthDay: '1980-02-05', numberHash: 'h001080000123', numberTail: '0123', dropped: [] })
})

t.test('a day is read as directories and as people write it', async t => {
  for (const text of ['1980-02-05', '19800205000000Z', '5/2/1980', '05.02.1980', 'ngày 5 tháng 2 năm 1980'])
    t.equal(parseDirectoryDay(text), '1980-02-05', text)
  for (const text of ['5/2-1980', '02/13/1980', '5/2/80', '1980'])
    t.equal(parseDirectoryDay(text), null, text)
})

t.test('without a key of its own an entry is called by the strongest mark it gives', async t => {
  const attributes = { fullName: 'cn', agency: 'ou', staffId: 'id', address: 'mail', birthDay: 'born' }
  const keyOf = (more: Record<string, string>) => {
    const person = toPerson(entry({ cn: 'Lê Hoà', ou: 'H99.05', ...more }), { attributes })
    return 'key' in person ? person.key : null
  }
  t.equal(keyOf({ id: '17', mail: 'hoa@phuocan.test' }), 'id:17')
  t.equal(keyOf({ mail: 'Hoa@phuocan.test' }), 'address:hoa@phuocan.test')
  t.equal(keyOf({ born: '1980-02-05' }), 'name:le hoa|1980-02-05|H99.05')
  t.equal(keyOf({}), 'name:le hoa||H99.05')
})
