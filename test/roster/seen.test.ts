import fc from 'fast-check'
import t from 'tap'
import { Seen } from '../../src/roster/seen.ts'

function halves(digest: bigint): [number, number] {
  return [Number(digest >> 32n), Number(digest & 0xffffffffn)]
}

t.test('what was added is found once each, and the rest is unseen', async t => {
  const digest = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.array(fc.tuple(digest, fc.boolean()), { maxLength: 300 }), records => {
        const seen = new Seen(records.length, records.length * 3)
        records.forEach(([each], i) => {
          seen.add(...halves(each), (i + 1) * 3)
        })
        const found = records.filter(([, ask]) => ask).map(([each]) => seen.find(each))
        const asked = records.filter(([each, ask]) => ask && each !== 0n).length
        const numbers = found.filter(number => number !== 0)
        const open = [...seen.unseenNumbers(7)].flat()
        return (
          numbers.length === asked &&
          new Set(numbers).size === asked &&
          seen.unseen === records.length - asked &&
          open.length === seen.unseen &&
          open.every(number => !numbers.includes(number))
        )
      }),
    ),
  )
})

t.test('a digest nobody has is not found, and one met twice is found once', async t => {
  const seen = new Seen(1, 1)
  seen.add(...halves(7n), 1)
  t.equal(seen.find(8n), 0)
  t.equal(seen.find(7n), 1)
  t.equal(seen.find(7n), 0)
  t.equal(seen.unseen, 0)
})

t.test('two records of the same content are two', async t => {
  const seen = new Seen(2, 2)
  seen.add(...halves(7n), 1)
  seen.add(...halves(7n), 2)
  t.same([seen.find(7n), seen.find(7n), seen.find(7n)].sort(), [0, 1, 2])
})
