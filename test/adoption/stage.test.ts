/** What a page may say of a change while logs are missing. */
import t from 'tap'
import type { AgencyFigures } from '../../src/adoption/adoption.ts'
import { chartWeeks, hidesMany, hidesUse, shareChange } from '../../src/adoption/stage.ts'
import { parseDay } from '../../src/ids.ts'

/** As far as a change asks. */
function agency(required: number, regular: number, high: number): AgencyFigures {
  const known = {
    required,
    regular,
    rate: { regular: regular / required },
    bounds: { regular: [regular, high] },
  }
  return known as unknown as AgencyFigures
}

const kept = (required: number, regular: number, regularHigh = regular) => ({
  required,
  regular,
  regularHigh,
  completeness: 1,
})

t.test('a fall that missing logs could make is not shown as one', async t => {
  t.equal(shareChange(agency(27, 10, 22), kept(27, 16)), null)
  t.equal(shareChange(agency(27, 16, 16), kept(27, 10, 22)), null)
  t.equal(hidesUse(agency(27, 10, 22)), true)
})

t.test('few hidden among many leave the change what it is', async t => {
  t.equal(shareChange(agency(1000, 550, 555), kept(1000, 500)), 0.55 - 0.5)
  t.equal(hidesUse(agency(1000, 550, 555)), false)
  t.equal(shareChange(agency(20, 11, 11), kept(20, 10)), 0.55 - 0.5)
})

t.test('of people counted, few may be hidden before a change is not said', async t => {
  t.equal(hidesMany(20, 1000), false)
  t.equal(hidesMany(21, 1000), true)
  t.equal(hidesMany(0, 0), false)
})

t.test('a week of a chart bears the day its figure is of, not the end of the week', async t => {
  const day = parseDay('2026-11-20')
  const early = parseDay('2026-11-11')
  if (!day || !early) throw new Error('no days')
  const weeks = chartWeeks(day, agency(50, 20, 20), [{ ...kept(40, 16), day: early, week: 1 }])
  t.same(
    weeks.map(({ day, count, total }) => [day, count, total]),
    [
      ['2026-11-11', 16, 40],
      ['2026-11-20', null, 50],
    ],
  )
})
