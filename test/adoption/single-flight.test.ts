import t from 'tap'
import { singleFlight } from '../../src/adoption/single-flight.ts'

t.test('a hundred who ask at once cost one computation', async t => {
  let now = 0
  let computed = 0
  const shared = singleFlight<number>(() => now)
  const compute = async () => ++computed
  const answers = await Promise.all(Array.from({ length: 100 }, () => shared('day', compute)))
  t.same(new Set(answers), new Set([1]))
  t.equal(await shared('another day', compute), 2, 'another question is answered by itself')
  now = 4999
  t.equal(await shared('day', compute), 1)
  now = 5000
  t.equal(await shared('day', compute), 3, 'no longer than five seconds')
})

t.test('what took long to answer is shared longer, a minute at most', async t => {
  let now = 0
  let computed = 0
  const shared = singleFlight<number>(() => now)
  const taking = (ms: number) => async () => {
    now += ms
    return ++computed
  }
  await shared('day', taking(1000))
  now += 9999
  t.equal(await shared('day', taking(20_000)), 1, 'ten times as long as it took')
  now += 1
  t.equal(await shared('day', taking(20_000)), 2)
  now += 59_999
  t.equal(await shared('day', taking(0)), 2)
  now += 1
  t.equal(await shared('day', taking(0)), 3)
})

t.test('an answer that failed is not kept', async t => {
  const shared = singleFlight<string>(() => 0)
  await t.rejects(
    shared('day', () => Promise.reject(new Error('away'))),
    /away/,
  )
  t.equal(await shared('day', async () => 'back'), 'back')
})

t.test('only a few answers are held', async t => {
  let computed = 0
  const shared = singleFlight<number>(() => 0)
  const compute = async () => ++computed
  for (let i = 0; i < 9; i++) await shared(`day ${i}`, compute)
  t.equal(await shared('day 8', compute), 9, 'the newest is there')
  t.equal(await shared('day 0', compute), 10, 'the oldest went')
})
