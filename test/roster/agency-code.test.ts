import t from 'tap'
import { placesOfCode, readAgencyCode } from '../../src/roster/agency-code.ts'

t.test('a code of QĐ 20/2020 is read from the left, its groups of any width', async t => {
  const cases: [code: string, levelOne: string, depth: number][] = [
    ['H49', 'H49', 1],
    ['H99.05', 'H99', 2],
    ['H10.05.02', 'H10', 3],
    ['A01.7.K2.0015', 'A01', 4],
    [`H99.${'1'.repeat(31)}`, 'H99', 2],
  ]
  for (const [code, levelOne, depth] of cases)
    t.same(readAgencyCode(code), { format: 'qd20', levelOne, depth }, code)
})

t.test('a code of QCVN 102:2016 is read from the right, groups of zeros empty', async t => {
  const cases: [code: string, levelOne: string, depth: number][] = [
    ['000.00.00.H49', 'H49', 1],
    ['000.00.05.H99', 'H99', 2],
    ['000.12.05.H99', 'H99', 3],
    ['001.12.05.H99', 'H99', 4],
    ['000.00.00.G14', 'G14', 1],
  ]
  for (const [code, levelOne, depth] of cases)
    t.same(readAgencyCode(code), { format: 'qcvn102', levelOne, depth }, code)
})

t.test('any other code is one of its own', async t => {
  const others = [
    '',
    'h49',
    'H4',
    'H499',
    'Z49.01',
    'H49.',
    'H49..01',
    'H49.01.',
    'H49.đ1',
    'H49.a1',
    `H99.${'1'.repeat(32)}`,
    '000.00.00.49',
    '00.00.00.H49',
    '000.00.H49',
    // a third group below an empty second one
    '000.12.00.H99',
    '001.00.05.H99',
    'TH-DOISIM',
    ' H49',
  ]
  for (const code of others) t.equal(readAgencyCode(code), null, code)
})

t.test('where a configuration names an agency by its code is found', async t => {
  const config = {
    roster: { root: { code: 'H99', name: 'H99.05' }, sources: [{ agency: 'H99.05', path: 'H99.05' }] },
    mailbox: { naming: [{ agency: '*' }, { agency: 'H99.05' }, { agency: 'H99.05' }] },
    activity: { sources: [{ covers: { agencies: ['H99.01', 'H99.05'] } }, { covers: null }] },
    adoption: { targets: [{ scope: { agency: 'H99' } }] },
  }
  t.same(placesOfCode(config, 'H99.05'), [
    'roster.sources.agency',
    'mailbox.naming.agency',
    'activity.sources.covers.agencies',
  ])
  t.same(placesOfCode(config, 'H99'), ['adoption.targets.scope.agency'])
  t.same(placesOfCode(config, 'H98'), [])
})
