import t from 'tap'
import { type MessageState, type Send, step } from '../../src/activity/attribution.ts'
import type { ParsedLine } from '../../src/activity/line.ts'

type Stamped = ParsedLine & { at: number }

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const an = 'an.nv@tinh.test'
const binh = 'binh.tt@tinh.test'

const opens = (at: number, user = an): Stamped => ({ kind: 'submission', at, user, program: 'postfix/smtpd' })
const comesIn = (at: number): Stamped => ({ kind: 'ignored', at, inbound: true })
const handedOn = (at: number): Stamped => ({ kind: 'submission', at, user: an, origQueueId: '4F1A2B3C4D5' })
const enters = (at: number, from = an, recipients = 2): Stamped => ({ kind: 'queued', at, from, recipients })
const delivered = (at: number): Stamped => ({ kind: 'delivery', at, status: 'sent' })
const named = (at: number): Stamped => ({ kind: 'messageId', at, messageId: 'm1@tinh.test' })
const goes = (at: number): Stamped => ({ kind: 'removed', at })
const canceled = (at: number): Stamped => ({ kind: 'removed', at, status: 'canceled' })
const refused = (at: number, program: string): Stamped => ({ kind: 'rejected', at, program })

type Run = { sends: Send[]; state: MessageState | null; excluded: number }

/** Takes lines of one queue id one after the other. */
function take(lines: Stamped[], excluded: (line: ParsedLine) => boolean = () => false): Run {
  const run: Run = { sends: [], state: null, excluded: 0 }
  for (const line of lines) {
    const { next, send, excluded: isExcluded } = step(run.state, line, excluded)
    run.state = next
    if (send) run.sends.push(send)
    if (isExcluded) run.excluded += 1
  }
  return run
}

const once = (at: number, user = an, recipients = 2): Send[] => [{ user, at, recipients }]

t.test('a message counts once, for who opened it and when', async t => {
  const cases: [string, Stamped[], Send[]][] = [
    ['in order', [opens(0), named(1), enters(2), delivered(3), goes(4)], once(0)],
    ['retried', [opens(0), enters(2), enters(HOUR), enters(5 * HOUR), goes(5 * HOUR)], once(0)],
    ['held for hours, then released', [opens(0), enters(20 * HOUR), goes(20 * HOUR)], once(0)],
    ['one of the recipients refused', [opens(0), refused(1, 'postfix/smtpd'), enters(2), goes(3)], once(0)],
    [
      'refused somewhere after it was counted',
      [opens(0), enters(2), refused(3, 'postfix/cleanup'), enters(9)],
      once(0),
    ],
    ['not yet in the queue', [opens(0), named(1)], []],
    ['given up before the queue', [opens(0), canceled(1)], []],
    ['refused by a filter', [opens(0), refused(1, 'postfix/cleanup')], []],
    ['a receipt or automatic reply', [opens(0), enters(2, ''), goes(3)], []],
    ['from outside', [comesIn(0), enters(2, 'dan@ngoai.example'), goes(4)], []],
    ['given back by a filter with the name of the user', [handedOn(0), enters(2), goes(4)], []],
    ['without a line that opens it', [enters(2), delivered(3), goes(4)], []],
  ]
  for (const [name, lines, sends] of cases) t.same(take(lines).sends, sends, name)
})

t.test('two files of a rotation read the wrong way round give the same', async t => {
  const whole = [
    opens(0),
    named(1),
    enters(2),
    delivered(3),
    enters(30 * MINUTE),
    enters(3 * HOUR),
    goes(3 * HOUR + 1),
  ]
  for (let cut = 0; cut <= whole.length; cut++) {
    t.same(take([...whole.slice(cut), ...whole.slice(0, cut)]).sends, once(0), `cut before line ${cut}`)
  }
  const fromOutside = [comesIn(0), enters(2), goes(3)]
  for (let cut = 0; cut <= 3; cut++)
    t.same(take([...fromOutside.slice(cut), ...fromOutside.slice(0, cut)]).sends, [])
})

t.test('a queue id given again is another message', async t => {
  const second = [opens(HOUR, binh), enters(HOUR + 1, binh, 5), goes(HOUR + 2)]
  const expected = [...once(0), ...once(HOUR, binh, 5)]
  t.same(take([opens(0), enters(1), goes(2), ...second]).sends, expected)
  t.same(
    take([opens(0), enters(1), ...second]).sends,
    expected,
    'also where the end of the first was not read',
  )
  t.same(take([opens(0), canceled(1), comesIn(5), enters(6)]).sends, [], 'given up, then one from outside')
  t.same(
    take([opens(0), refused(1, 'postfix/cleanup'), enters(6, binh)]).sends,
    [],
    'refused, then forwarded by local',
  )
  t.same(take([opens(0), named(1), enters(2 * DAY)]).sends, [], 'the first was never finished')
  t.same(take([comesIn(0), enters(1), goes(2), ...second]).sends, once(HOUR, binh, 5))
})

t.test('a waiting queue line is never given to a later user of its id', async t => {
  t.same(take([enters(0), goes(1), opens(MINUTE, binh)]).sends, [])
  t.same(
    take([enters(0), goes(1), opens(MINUTE, binh), enters(MINUTE + 1, binh, 3)]).sends,
    once(MINUTE, binh, 3),
  )
  t.same(take([enters(2 * HOUR), goes(2 * HOUR), opens(0)]).sends, [], 'nor to one long before')
  t.same(
    take([enters(0), opens(2000)]).sends,
    once(2000),
    'processes write their stamps a little out of order',
  )
})

t.test('who counts for nothing sends nothing', async t => {
  const run = take([opens(0), enters(1), enters(HOUR), goes(HOUR)], line => line.user === an)
  t.match(run, { sends: [], excluded: 1, state: null })
  t.match(
    take([enters(1), goes(2), opens(0)], () => true),
    { sends: [], excluded: 1 },
  )
})

t.test('what cannot be completed any more is forgotten, what waits for its other half is kept', async t => {
  t.equal(take([opens(0), enters(1), goes(2)]).state, null)
  t.equal(take([comesIn(0), enters(1), goes(2)]).state, null)
  t.equal(take([goes(2)]).state, null)
  t.match(take([enters(1), goes(2)]).state, { state: 'queued', queuedAt: 1, recipients: 2 })
  t.match(take([opens(0)]).state, { state: 'submitted', user: an })
})

t.test('a number of recipients nobody could have written is cut', async t => {
  t.same(take([opens(0), enters(1, an, 999_999_999_999_999)]).sends, once(0, an, 100_000))
})
