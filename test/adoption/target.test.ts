import t from 'tap'
import type { AgencyFigures } from '../../src/adoption/adoption.ts'
import { targetRule } from '../../src/adoption/messages.ts'
import {
  mostPressing,
  type Standing,
  statusOf,
  type Target,
  targetStatuses,
  targetsOf,
} from '../../src/adoption/target.ts'
import { type Day, parseDay } from '../../src/ids.ts'

function day(text: string): Day {
  const parsed = parseDay(text)
  if (!parsed) throw new Error(`${text} is no day`)
  return parsed
}

const target = (more: Partial<Target> = {}): Target => {
  return {
    name: 'mục tiêu',
    indicator: 'regular',
    value: 1,
    scope: {},
    from: '2020-01-01',
    due: '2020-04-10',
    kind: 'reach',
    ...more,
  }
}

t.test('a target to be reached is measured against a straight line, then at its last day', t => {
  // 100 days from first to last: on day n the line is n of 100 people
  const cases: [string, number | null, string][] = [
    ['2020-01-01', 0, 'onPace'],
    ['2020-02-20', 50, 'onPace'],
    ['2020-02-20', 49, 'atRisk'],
    ['2020-02-20', 45, 'atRisk'],
    ['2020-02-20', 44, 'behind'],
    ['2020-02-20', 100, 'met'],
    ['2020-04-10', 99, 'atRisk'],
    ['2020-04-10', 100, 'met'],
    ['2020-04-11', 99, 'overdue'],
    ['2020-04-11', 100, 'met'],
    ['2020-04-11', null, 'unknown'],
    ['2020-02-20', null, 'unknown'],
  ]
  for (const [on, count, status] of cases) {
    t.equal(statusOf({ target: target(), count, required: 100, day: day(on) }), status, `${on}: ${count}`)
  }
  t.end()
})

t.test('a target to be kept is kept or broken on the day', t => {
  const standing = (count: number | null): Standing => {
    return { target: target({ kind: 'keep', value: 0.7 }), count, required: 10, day: day('2020-03-01') }
  }
  t.equal(statusOf(standing(7)), 'kept', '0.7 of 10 are 7, whatever binary fractions say')
  t.equal(statusOf(standing(6)), 'broken')
  t.equal(statusOf(standing(null)), 'unknown')
  t.end()
})

t.test('a target of one day has no line', t => {
  const one = target({ from: '2020-01-01', due: '2020-01-01' })
  t.equal(statusOf({ target: one, count: 95, required: 100, day: day('2020-01-01') }), 'atRisk')
  t.equal(statusOf({ target: one, count: 80, required: 100, day: day('2020-01-01') }), 'behind')
  t.end()
})

function agency(
  code: string,
  parent: string | null,
  level: string,
  counts: { required: number; regular: number },
): AgencyFigures {
  const { required, regular } = counts
  const all = {
    staff: required,
    required,
    issued: required,
    activated: required,
    used: required,
    sending: 0,
    regular,
  }
  const rate = required === 0 ? null : regular / required
  const rates = {
    issued: required === 0 ? null : 1,
    activated: rate,
    used: rate,
    sending: rate,
    regular: rate,
  }
  const bounds = { used: [0, 0], sending: [0, 0], regular: [0, 0] } satisfies AgencyFigures['bounds']
  return {
    id: 0,
    depth: 0,
    code,
    name: code,
    level,
    sector: null,
    parent,
    ...all,
    rate: rates,
    bounds,
    completeness: 1,
    targets: [],
    own: { ...all, concurrent: 0 },
    confirmedOn: null,
    ownBounds: bounds,
    ownCompleteness: 1,
  }
}

t.test('an agency takes the nearest matching target at or above it', t => {
  const tree = [
    agency('P', null, 'province', { required: 200, regular: 100 }),
    agency('D1', 'P', 'department', { required: 10, regular: 9 }),
    agency('U1', 'D1', 'unit', { required: 3, regular: 1 }),
    agency('D2', 'P', 'department', { required: 0, regular: 0 }),
    agency('D3', 'P', 'district', { required: 7, regular: 7 }),
  ]
  const targets = [
    target({ name: 'tỉnh' }),
    target({ name: 'sở', scope: { level: 'department' }, value: 0.75 }),
    target({ name: 'riêng D1', scope: { agency: 'D1' }, value: 0.95 }),
    target({ name: 'cấp', indicator: 'issued', scope: { level: 'province' }, kind: 'keep' }),
    target({ name: 'chưa bắt đầu', scope: { agency: 'D3' }, from: '2020-06-01', due: '2020-07-01' }),
    target({ name: 'nơi khác', scope: { agency: 'D1', level: 'unit' } }),
  ]
  const found = targetsOf(tree, targets, day('2020-04-11'))
  t.same(
    found.map(list => list.map(each => `${each.name} ${each.gap} ${each.status}`)),
    [
      ['tỉnh 100 overdue', 'cấp 0 kept'],
      ['riêng D1 1 overdue', 'cấp 0 kept'],
      ['riêng D1 2 overdue', 'cấp 0 kept'],
      ['sở null null', 'cấp null null'],
      ['tỉnh 0 met', 'cấp 0 kept'],
    ],
  )
  t.equal(mostPressing(found[0] ?? [])?.name, 'tỉnh')
  t.equal(mostPressing([]), null)
  t.end()
})

t.test('two milestones of the same agency stand beside each other', t => {
  const tree = [agency('P', null, 'province', { required: 100, regular: 60 })]
  const targets = [
    target({ name: 'a', value: 0.5 }),
    target({ name: 'b', scope: { level: 'province' }, due: '2020-12-31' }),
  ]
  const [found] = targetsOf(tree, targets, day('2020-02-20'))
  t.same(
    found?.map(each => [each.name, each.gap, each.status]),
    [
      ['a', -10, 'met'],
      ['b', 40, 'onPace'],
    ],
  )
  t.end()
})

t.test('every status has its rule in words', t => {
  for (const status of targetStatuses) {
    for (const locale of ['vi', 'en'] as const)
      t.ok(targetRule(status, locale).length > 20, `${status} ${locale}`)
  }
  t.end()
})
