import t from 'tap'
import { checkRoster, type GuardInput } from '../../src/roster/guard.ts'

const limits = {
  maxLeavers: 50,
  maxLeaversPercent: 5,
  maxMoversPercent: 20,
  maxRenamedPercent: 10,
  maxJoinersPercent: 30,
  maxAgenciesPercent: 20,
}
const calm: GuardInput = {
  read: 1000,
  firstLoad: false,
  leavers: 0,
  staff: 1000,
  agencies: [],
  movers: 0,
  renamed: 0,
  joiners: 0,
  tree: { closed: 0, created: 0, known: 40 },
}
const kinds = (input: Partial<GuardInput>) =>
  checkRoster({ ...calm, ...input }, limits).reasons.map(({ kind }) => kind)

t.test('nobody at all is an outage, even at the first load and whatever the limits', async t => {
  t.same(kinds({ read: 0, firstLoad: true }), ['empty'])
})

t.test('the first load is exempt from every limit', async t => {
  t.same(kinds({ firstLoad: true, joiners: 1000, staff: 0 }), [])
})

const cases: [title: string, input: Partial<GuardInput>, reasons: string[]][] = [
  ['leavers up to the number pass', { leavers: 50 }, []],
  ['one more does not', { leavers: 51 }, ['leavers']],
  ['a share does not from five leavers up', { leavers: 5, staff: 90 }, ['leavers']],
  ['four are no share', { leavers: 4, staff: 5 }, []],
  [
    'each agency is judged too',
    { leavers: 8, agencies: [{ code: 'A', name: 'A', leavers: 8, staff: 9 }] },
    ['leavers'],
  ],
  ['everybody in another agency', { movers: 201 }, ['movers']],
  ['a fifth in another agency', { movers: 200 }, []],
  ['everybody of another name', { renamed: 101 }, ['renamed']],
  ['everybody known for the first time', { joiners: 301 }, ['joiners']],
  ['a wave of new people in a small place', { joiners: 49, staff: 10 }, []],
  ['half the agencies gone', { tree: { closed: 20, created: 0, known: 40 } }, ['agenciesClosed']],
  ['all agencies made anew', { tree: { closed: 0, created: 40, known: 40 } }, ['agenciesCreated']],
  ['a few agencies', { tree: { closed: 4, created: 4, known: 8 } }, []],
]
for (const [title, input, reasons] of cases)
  t.test(title, async t => {
    t.same(kinds(input), reasons)
  })
