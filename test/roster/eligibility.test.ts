import t from 'tap'
import { type EligibilityRule, resolveRules, titleMatcher } from '../../src/roster/eligibility.ts'

t.test('a title fits a pattern whatever its marks, case and blanks', async t => {
  const cases: [pattern: string, title: string, fits: boolean][] = [
    ['Hiệu trưởng', 'HIỆU TRƯỞNG', true],
    ['hieu truong', 'Hiệu  trưởng'.normalize('NFD'), true],
    ['Hiệu trưởng', 'Phó Hiệu trưởng', false],
    ['*hiệu trưởng', 'Phó Hiệu trưởng', true],
    ['hiệu trưởng*', 'Hiệu trưởng trường THCS', true],
    ['hiệu trưởng *', 'Hiệu trưởng', false],
    ['*trường*', 'Hiệu trưởng Trường THCS', true],
    ['a*b*a', 'aba', true],
    ['a*a', 'a', false],
    ['ab*ba', 'aba', false],
    ['*', '', true],
    ['**', 'Đội trưởng', true],
    ['đội*', 'Doi truong', true],
    ['kế toán (HĐ)', 'Kế toán (hđ)', true],
    ['.*', 'Kế toán', false],
  ]
  for (const [pattern, title, fits] of cases)
    t.equal(titleMatcher([pattern])(title), fits, `${pattern} · ${title}`)
  t.equal(titleMatcher(['kế toán', 'văn thư'])('Văn thư'), true)
  t.equal(titleMatcher([])('Văn thư'), false)
})

t.test('a pattern of many stars is no slower', async t => {
  const pattern = `${'*a'.repeat(500)}*b`
  const started = performance.now()
  t.equal(titleMatcher([pattern])('a'.repeat(20_000)), false)
  t.ok(performance.now() - started < 1000)
})

const tree = [
  { id: 1, code: 'H99', parent: null, sector: null },
  { id: 2, code: 'H99.01', parent: 1, sector: 'administration' },
  { id: 3, code: 'H99.01.01', parent: 2, sector: 'education' },
  { id: 4, code: 'H99.01.02', parent: 2, sector: null },
  { id: 5, code: 'H99.01.01.1', parent: 3, sector: null },
]

t.test('a sector is that of the nearest agency above; agencies hold what is below them', async t => {
  const agenciesOf = (rule: Partial<EligibilityRule>) => {
    const settings = { staffClasses: [], eligibility: [{ required: true, document: 'QĐ 1', ...rule }] }
    return resolveRules(settings, tree, [null]).rules[0]?.agencies
  }
  t.same(agenciesOf({ sectors: ['administration'] }), [2, 4])
  t.same(agenciesOf({ sectors: ['education'] }), [3, 5])
  t.same(agenciesOf({ sectors: ['education', 'administration'] }), [2, 3, 4, 5])
  t.same(agenciesOf({ sectors: ['health'] }), [])
  t.same(agenciesOf({ agencies: [' H99.01.01'] }), [3, 5])
  t.same(agenciesOf({ agencies: ['H99.01'], sectors: ['administration'] }), [2, 4])
  t.same(agenciesOf({ agencies: ['H99.77'] }), [], 'a code nobody bears fits nobody')
  t.same(agenciesOf({ staffClasses: ['công chức'] }), null, 'a rule that asks for neither is for all')
})

t.test('a ring of agencies ends', async t => {
  const ring = [
    { id: 1, code: 'A', parent: 2, sector: null },
    { id: 2, code: 'B', parent: 1, sector: null },
  ]
  const settings = { staffClasses: [], eligibility: [{ agencies: ['A'], required: true, document: 'QĐ 1' }] }
  t.same(resolveRules(settings, ring, [null]).rules[0]?.agencies, [1, 2])
})
