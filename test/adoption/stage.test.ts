/** What a page may say of a change while logs are missing. */
import t from 'tap'
import type { AgencyFigures } from '../../src/adoption/adoption.ts'
import { hidesUse, shareChange } from '../../src/adoption/stage.ts'

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
