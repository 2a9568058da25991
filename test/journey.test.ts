/**
 * The whole chain, on real servers, by the shipped command line alone: an invented province is read, gets its mailboxes,
 * uses them for five weeks, and every figure must be what these people are known to have done.
 */
import t, { type Test } from 'tap'
import {
  everyDay,
  sameFigures,
  sameListing,
  samePrinted,
  sameStates,
  tellsApart,
  worldOf,
} from './support/journey/figures.ts'
import {
  ingestAgain,
  ingestInPieces,
  ingestUnbroken,
  samePersonDays,
  writeFiveWeeks,
} from './support/journey/ingestion.ts'
import { type Journey, setOut } from './support/journey/journey.ts'
import { doAgain, findLostLog, readToday } from './support/journey/later.ts'
import { comeBack, leave, move, provision, use } from './support/journey/provision.ts'
import { losesHalf, refusesBadServers, refusesToSweep } from './support/journey/refusals.ts'
import { available } from './support/servers/index.ts'

t.setTimeout(600_000)

const { ok, missing } = available()

t.test('the journey of a province', { skip: ok ? false : missing.join(', ') }, async t => {
  const journey = await setOut(t)
  // each of these stands on the one before: after a failure the rest would only say so again
  const step = (name: string, body: (t: Test, journey: Journey) => Promise<void>) =>
    t.passing() ? t.test(name, t => body(t, journey)) : undefined
  await step('the roster is read and everybody required gets a mailbox', provision)
  await step('people move, are renamed and join', move)
  await step('mailboxes are used for real, and swept', use)
  await step('who leaves is suspended, and still gets mail', leave)
  await step('who returns signs in as before', comeBack)
  await step('what was done once is copied over five weeks', writeFiveWeeks)
  const { logs } = journey
  if (logs === null || !t.passing()) return t.fail('there are no logs to go on with')
  await t.test('logs are read by processes that are killed', t => ingestInPieces(t, journey, logs))
  await t.test('every person has exactly the days of use they had', t => samePersonDays(t, journey))
  await t.test('the same logs again, packed and in another order, change nothing', t =>
    ingestAgain(t, journey, logs),
  )
  await t.test('an unbroken reading finds the same', t => ingestUnbroken(t, journey, logs))
  const world = worldOf(journey, logs.lines)
  await t.test('the recount tells people, days and targets apart', t => tellsApart(t, world))
  await t.test('figures of every day and agency are the recount', t =>
    sameFigures(t, journey, world, everyDay),
  )
  await t.test('each kind of person is explained as they are', t => sameStates(t, journey, world, 4))
  await t.test('mailboxes are listed with their first and last use', t => sameListing(t, journey, world))
  await t.test('table and CSV say what the object says', t => samePrinted(t, journey))
  await t.test('a log that was lost and is found repairs the past', t => findLostLog(t, journey, logs))
  await t.test("today's own logs show who was really there", t => readToday(t, journey, logs))
  await t.test('everything done twice writes nothing', t => doAgain(t, journey, logs))
  await t.test('no sweep where a master cannot be told apart', t => refusesToSweep(t, journey))
  await t.test('servers that fail or lie change nothing', t => refusesBadServers(t, journey))
  await t.test('half of the people gone is refused until a person approves', t => losesHalf(t, journey))
})
