import t from 'tap'
import { AppError } from '../../src/error.ts'
import { addressOf, pathId, queryChoice, queryNumber, queryText } from '../../src/web/query.ts'

function codeOf(work: () => unknown): unknown {
  try {
    return work()
  } catch (thrown) {
    return thrown instanceof AppError ? thrown.code : thrown
  }
}

t.test('a text is settled; what nobody can see does not reach the database', async t => {
  const cases: [unknown, unknown][] = [
    [undefined, ''],
    [null, ''],
    [{}, ''],
    [{ q: '  Hoà\t Bình ' }, 'Hoà Bình'],
    [{ q: 'Hoà'.normalize('NFD') }, 'Hoà'],
    [{ q: 'a\u0000b\u202ec\ud800' }, 'a b c'],
    [{ q: ['first', 'second'] }, 'first'],
    [{ q: { deep: 1 } }, ''],
    [{ q: 'x'.repeat(200) }, 'x'.repeat(200)],
    [{ q: 'x'.repeat(201) }, 'usage'],
    [Object.create({ q: 'inherited' }), ''],
  ]
  for (const [query, expected] of cases)
    t.same(
      codeOf(() => queryText(query, 'q')),
      expected,
    )
})

t.test('a choice is one of the known ones, a number a whole one that the database holds', async t => {
  const choice = (value: unknown) => codeOf(() => queryChoice({ v: value }, 'v', ['a', 'b']))
  t.same(
    [choice('a'), choice(''), choice(undefined), choice('c'), choice('A')],
    ['a', null, null, 'usage', 'usage'],
  )
  const number = (value: unknown) => codeOf(() => queryNumber({ v: value }, 'v'))
  t.same(['1', '9007199254740991', '', 7].map(number), [1, 9007199254740991, null, 7])
  for (const bad of [
    '0',
    '-1',
    '1.5',
    '1e3',
    '0x1',
    ' 1',
    '01',
    '9007199254740992',
    '99999999999999999999',
    'x',
  ])
    t.equal(number(bad), 'usage', bad)
})

t.test('what cannot be an id is not there', async t => {
  t.equal(pathId({ id: '12' }), 12)
  for (const id of ['0', 'x', '', '1 ', '99999999999999999999'])
    t.equal(
      codeOf(() => pathId({ id })),
      'not_found',
      id,
    )
})

t.test('an address carries only what is given, escaped', async t => {
  t.equal(addressOf('/a', {}), '/a')
  t.equal(addressOf('/a', { q: '', n: null }), '/a')
  t.equal(addressOf('/a', { q: 'đ&=', n: 1 }), '/a?q=%C4%91%26%3D&n=1')
})
