import t from 'tap'
import type { Day } from '../../src/ids.ts'
import { answersOf, likenesses, readAnswer, reviewKinds, saidSide } from '../../src/roster/review.ts'
import { silence, silences } from '../../src/roster/rhythm.ts'

const today = '2026-11-25' as Day

t.test('of somebody missing it is asked whether they left, of all others whether two are one', async t => {
  for (const kind of reviewKinds)
    t.same(
      answersOf(kind),
      kind === 'missing' ? ['stays', 'left', 'later'] : ['same', 'different', 'later'],
      kind,
    )
})

t.test('an answer is read from what was typed, or what is wrong stands beside its field', async t => {
  const fields = { answer: 'left', day: '2026-10-31', decision: '', decisionDay: '' }
  const cases: [Partial<typeof fields>, unknown][] = [
    [{}, { kind: 'left', day: '2026-10-31', decision: null }],
    [
      { decision: '12/QĐ' },
      { kind: 'left', day: '2026-10-31', decision: { number: '12/QĐ', day: '2026-10-31' } },
    ],
    [
      { decision: '12/QĐ', decisionDay: '2026-10-02' },
      { kind: 'left', day: '2026-10-31', decision: { number: '12/QĐ', day: '2026-10-02' } },
    ],
    [{ day: today }, { kind: 'left', day: today, decision: null }],
    [{ day: '2026-11-26' }, { day: 'future' }],
    [{ day: '' }, { day: 'noDay' }],
    [{ day: '31/10/2026' }, { day: 'badDay' }],
    [{ decision: '12/QĐ', decisionDay: '2026-02-30' }, { decisionDay: 'badDay' }],
    [{ answer: 'stays', day: 'nonsense' }, { kind: 'stays' }],
    [{ answer: '' }, { answer: 'missing' }],
    [{ answer: 'same' }, { answer: 'notOfThis' }],
    [{ answer: 'LEFT' }, { answer: 'notOfThis' }],
  ]
  for (const [typed, wanted] of cases)
    t.same(readAnswer({ ...fields, ...typed }, answersOf('missing'), today), wanted, JSON.stringify(typed))
})

t.test('two sides are compared by what they mean, and what only one says speaks for neither', async t => {
  const record = {
    name: 'Trần Thị Hoà',
    birthDay: '1980-02-03',
    numberTail: null,
    staffId: 'A1',
    agency: 'Sở Y tế',
    title: null,
    staffClass: null,
    address: null,
    phone: '0900 000 001',
  }
  const person = {
    ...record,
    name: 'TRẦN THỊ HÒA',
    birthDay: '1981-02-03',
    staffId: null,
    phone: '0900000001',
  }
  t.same(likenesses(record, person), {
    name: 'same',
    birthDay: 'differs',
    numberTail: 'none',
    staffId: 'alone',
    agency: 'same',
    title: 'none',
    staffClass: 'none',
    address: 'none',
    phone: 'same',
  })
})

t.test('what a record says is read from its text, whatever is missing', async t => {
  const said = { fullName: 'Lê Minh An', posts: [['H99.05', true], ['H99.11', false], 'odd'], title: '' }
  t.match(saidSide(JSON.stringify(said)), { name: 'Lê Minh An', codes: ['H99.05', 'H99.11'], title: null })
  for (const text of ['{}', '[]', 'null', '"text"']) t.match(saidSide(text), { name: null, codes: [] }, text)
})

t.test('a source is silent after twice its rhythm, not before, and not when it never spoke', async t => {
  const now = new Date('2026-11-25T00:00:00Z')
  const ago = (days: number) => new Date(now.getTime() - days * 86_400_000)
  const cases: [kind: string, rhythm: number | undefined, ago: number, silent: number | null][] = [
    ['ldap', undefined, 1, null],
    ['ldap', undefined, 2, null],
    ['ldap', undefined, 3, 3],
    ['xlsx', undefined, 184, null],
    ['xlsx', undefined, 185, 185],
    ['csv', 7, 14, null],
    ['csv', 7, 15, 15],
  ]
  for (const [kind, rhythmDays, days, silent] of cases)
    t.equal(
      silence({ name: 's', kind, rhythmDays, lastSaidAt: ago(days) }, now)?.days ?? null,
      silent,
      `${kind} ${rhythmDays ?? 'usual'} after ${days}`,
    )
  t.equal(silence({ name: 's', kind: 'ldap', lastSaidAt: null }, now), null)
  const sources = [
    { name: 'a', kind: 'ldap' },
    { name: 'b', kind: 'csv' },
    { name: 'c', kind: 'ldap' },
  ]
  t.same(
    silences(
      sources,
      new Map([
        ['a', ago(10)],
        ['b', ago(10)],
      ]),
      now,
    ).map(each => each.name),
    ['a'],
  )
})
