import t from 'tap'
import {
  type Agency,
  bits,
  nobody,
  regularRule,
  share,
  subtreeEnd,
  treeOrder,
  useOf,
  withBelow,
} from '../../src/adoption/adoption.ts'
import { workingDays } from '../../src/adoption/calendar.ts'
import { type Day, parseDay } from '../../src/ids.ts'

function day(text: string): Day {
  const parsed = parseDay(text)
  if (!parsed) throw new Error(`${text} is no day`)
  return parsed
}

/** The mask of days counted back from the end of the window, 0 the day itself. */
const back = (...days: number[]) => days.reduce((mask, each) => mask | (1 << (27 - each)), 0)
const workweek = workingDays({ holidays: [], workdays: [] })

t.test('working days leave out weekends and public holidays, and follow the configuration', t => {
  const calendar = workingDays({
    holidays: ['2020-01-29', '2020-02-15'],
    workdays: ['2020-02-01', '2020-02-15', '2020-01-28'],
  })
  const cases: [string, boolean, string][] = [
    ['2020-01-23', true, 'a Thursday'],
    ['2020-01-18', false, 'a Saturday'],
    ['2020-01-24', false, 'the eve of Tết'],
    ['2020-01-27', false, 'a later day of Tết'],
    ['2020-01-28', true, 'a day of Tết that is worked'],
    ['2020-01-29', false, 'a further day off'],
    ['2020-01-30', true, 'after Tết'],
    ['2020-02-01', true, 'a Saturday worked instead'],
    ['2020-02-15', true, 'in both lists: worked'],
    ['2020-03-08', false, 'a Sunday'],
    ['2019-03-08', true, 'an observance is no day off'],
    ['2020-04-02', false, 'Hùng Kings'],
    ['2021-01-01', false, 'New Year'],
    ['2020-12-31', true, 'the last day of a year'],
  ]
  for (const [text, works, about] of cases) t.equal(calendar(day(text)), works, about)
  t.end()
})

t.test('regular use asks for 3 of 4 blocks and 4 working days', t => {
  const rule = regularRule(day('2019-10-25'), workweek) // a Friday, no holiday in 28 days
  t.equal(rule.kept, 4)
  t.equal(bits(rule.working), 20)
  t.same(useOf(back(0, 7, 14, 21), rule), { blocks: 4, workingDays: 4 })
  t.same(useOf(back(0, 1, 2, 3), rule), { blocks: 1, workingDays: 4 })
  t.same(useOf(back(5, 6, 12), rule), { blocks: 2, workingDays: 0 }, 'weekends count for the block only')
  t.same(useOf(0, rule), { blocks: 0, workingDays: 0 })
  t.end()
})

t.test('a block with fewer than 3 working days is left out, with its working days', t => {
  const rule = regularRule(day('2020-02-04'), workweek) // the second block back is 22–28 January: 22 and 23 are worked
  t.equal(rule.kept, 3)
  t.equal(rule.blocks[1], 0)
  t.equal(bits(rule.working), 15)
  t.same(
    useOf(back(12, 13), rule),
    { blocks: 0, workingDays: 0 },
    'days of the block left out count for nothing',
  )
  const three = regularRule(day('2020-02-03'), workweek) // there the block is 21–27 January
  t.equal(three.kept, 4, 'with 3 working days it stays')
  const none = regularRule(day('2020-02-04'), () => false)
  t.same(none, { blocks: [0, 0, 0, 0], working: 0, kept: 0 })
  t.end()
})

t.test('a share is 1 only for all and 0 only for none', t => {
  const cases: [number, number, number | null][] = [
    [0, 0, null],
    [0, 5, 0],
    [5, 5, 1],
    [38468, 58200, 0.661],
    [31, 46, 0.6739],
    [99999, 100000, 0.9999],
    [1, 100000, 0.0001],
    [1, 2, 0.5],
  ]
  for (const [part, whole, expected] of cases) t.equal(share(part, whole), expected, `${part} of ${whole}`)
  t.end()
})

const agency = (id: number, parentId: number | null, sortKey: string): Agency => {
  return { id, code: `C${id}`, name: `Cơ quan ${id}`, level: 'unit', sector: null, parentId, sortKey }
}

t.test('agencies stand after their parent, siblings by sort key, and none is lost', t => {
  const tree = treeOrder([
    agency(1, 4, 'b'),
    agency(2, 4, 'a'),
    agency(3, 2, 'z'),
    agency(4, null, 'm'),
    agency(5, 99, 'c'),
    agency(6, 7, 'x'),
    agency(7, 6, 'y'),
  ])
  t.same(
    tree.map(each => [each.id, each.parent, each.depth]),
    [
      [5, null, 0],
      [4, null, 0],
      [2, 1, 1],
      [3, 2, 2],
      [1, 1, 1],
      [6, null, 0],
      [7, 5, 1],
    ],
  )
  t.equal(subtreeEnd(tree, 1), 5)
  t.equal(subtreeEnd(tree, 5), 7)
  t.end()
})

t.test('parents sum what is below them, and concurrent posts stay where they are', t => {
  const tree = treeOrder([agency(1, null, 'a'), agency(2, 1, 'b'), agency(3, 2, 'c')])
  const own = [1, 10, 100].map(count => ({
    ...nobody,
    staff: count,
    regular: count,
    regularHigh: count,
    concurrent: count,
  }))
  const totals = withBelow(tree, own)
  t.same(
    totals.map(total => [total.staff, total.regular, total.regularHigh]),
    [
      [111, 111, 111],
      [110, 110, 110],
      [100, 100, 100],
    ],
  )
  t.notOk('concurrent' in (totals[0] ?? {}))
  t.end()
})
