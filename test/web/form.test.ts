import t from 'tap'
import { readForm } from '../../src/web/form.ts'

const one = (body: unknown, rule = {}) => {
  const { values, problems } = readForm(body, { name: rule }, 'vi')
  return { value: values.name, problem: problems.name }
}

t.test('text comes in one Unicode form and with single spaces', async t => {
  t.same(one({ name: '  Le\u0302\u0323\tThi\u0323 \u00a0 Hoa \n' }), {
    value: 'Lệ Thị Hoa',
    problem: undefined,
  })
  t.same(one({ name: 'một \r\n\r\n\r\n\r\n  hai\u3000 ba ' }, { multiline: true }), {
    value: 'một\n\nhai ba',
    problem: undefined,
  })
})

t.test('a password keeps its white space', async t => {
  t.equal(one({ name: '  a  b ' }, { secret: true }).value, '  a  b ')
})

t.test('marks that hide or turn text are refused, and the field comes back without them', async t => {
  const marks = [
    '\u202e',
    '\u200b',
    '\u200f',
    '\u2066',
    '\ufeff',
    '\u00ad',
    '\0',
    '\u3164',
    '\ud800',
    '\u{e0041}',
    '\ufe0f',
    '\u001b',
  ]
  for (const mark of marks) {
    const { value, problem } = one({ name: `Lê${mark} Hoa` })
    t.equal(value, 'Lê Hoa')
    t.match(problem, /ký tự ẩn/, mark.codePointAt(0)?.toString(16) ?? '')
  }
})

t.test('what is missing is said only where it is asked for', async t => {
  for (const body of [
    undefined,
    null,
    'text',
    7,
    [],
    {},
    { name: '' },
    { name: ' \t ' },
    { name: { a: 1 } },
  ]) {
    t.same(one(body), { value: '', problem: undefined })
    t.same(one(body, { required: true }), { value: '', problem: 'Chưa nhập mục này.' })
  }
})

t.test('what is too long comes back whole with its limit, counted as people count', async t => {
  t.same(one({ name: 'ậ'.repeat(200) }), { value: 'ậ'.repeat(200), problem: undefined })
  t.same(one({ name: '𠀀'.repeat(3) }, { max: 3 }).problem, undefined)
  const long = 'x'.repeat(1_000_000)
  const { value, problem } = one({ name: long }, { max: 1500 })
  t.equal(value, long)
  t.match(problem, /^Dài quá 1\.500 ký tự/)
  t.match(readForm({ a: long }, { a: {} }, 'en').problems.a, /^Longer than 200 characters/)
})

t.test(
  'a megabyte of marks in disorder is refused at once, and a text at its limit in either form is taken',
  async t => {
    const marks = `a${'\u0315'.repeat(400_000)}${'\u0300'.repeat(400_000)}`
    const begun = performance.now()
    t.match(one({ name: marks }).problem, /^Dài quá 200 ký tự/)
    t.ok(performance.now() - begun < 2000)
    const full = 'ậ'.repeat(200)
    t.same(one({ name: full.normalize('NFD') }), { value: full, problem: undefined })
  },
)

t.test('a field that comes twice counts once, and nobody can bring fields of their own', async t => {
  const { values, problems } = readForm({ a: ['một', 'hai'], __proto__: 'x', b: 'y' }, { a: {} }, 'vi')
  t.same([values, problems], [{ a: 'một' }, {}])
  t.same(readForm({}, { constructor: {} }, 'vi').values, { constructor: '' })
})
