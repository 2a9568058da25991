import t from 'tap'
import { dnDepth, normaliseDn, parentDn } from '../../src/roster/dn.ts'

t.test('one DN is one text, however it is written', async t => {
  for (const [one, ...others] of [
    [
      'ou=Sở Nội vụ,dc=tinh',
      'OU = sở  nội vụ , DC=Tinh',
      'ou=s\\e1\\bb\\9f nội vụ,dc=tinh',
      'ou=Sở Nội vụ\\20,dc=tinh',
    ],
    ['ou=a\\,b,dc=tinh', 'ou=a\\2cb,dc=tinh', 'OU=A\\2CB,DC=tinh'],
    ['cn=a\\+b', 'cn=a\\2bb'],
    ['cn=a\\\\,dc=x', 'cn=a\\5c,dc=x'],
    ['cn=a+uid=1,dc=x', 'UID=1 + cn=A,dc=x'],
    ['cn=y\\=z', 'cn=y=z', 'cn=y\\3dz'],
    [`cn=${'Đặng'.normalize('NFC')}`, `cn=${'Đặng'.normalize('NFD')}`],
    ['', ' '],
  ]) {
    for (const other of others) t.equal(normaliseDn(other), normaliseDn(one ?? ''))
    t.equal(normaliseDn(normaliseDn(one ?? '')), normaliseDn(one ?? ''), 'and stays as it is')
  }
})

t.test('two DNs are two texts', async t => {
  const all = [
    'ou=a\\,b,dc=x',
    'ou=a,b=,dc=x',
    'ou=a,dc=x',
    'ou=a\\+b=c',
    'ou=a+b=c',
    'ou=a\\\\,dc=x',
    'ou=đ',
    'ou=d',
    'ou=hòa',
    'ou=hoa',
  ]
  t.equal(new Set(all.map(normaliseDn)).size, all.length)
})

t.test('the DN above is found behind escapes', async t => {
  t.equal(parentDn('cn=a\\,b,OU=C\\2CD,dc=x'), 'ou=c\\,d,dc=x')
  t.equal(parentDn('cn=a\\\\,dc=x'), 'dc=x')
  t.equal(parentDn('dc=x'), null)
  t.same(['', 'dc=x', 'cn=a\\,b,dc=x', 'cn=a\\\\,dc=x', 'cn=a\\2cb'].map(dnDepth), [0, 1, 2, 2, 1])
})
