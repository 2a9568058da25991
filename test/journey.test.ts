/**
 * The whole chain, on real servers, by the shipped command line alone: an invented province is read, gets its mailboxes,
 * uses them for five weeks, and every figure must be what these people are known to have done.
 */
import t from 'tap'
import {
  ingestAgain,
  ingestInPieces,
  ingestUnbroken,
  samePersonDays,
  writeFiveWeeks,
} from './support/journey/ingestion.ts'
import { setOut } from './support/journey/journey.ts'
import { comeBack, leave, move, provision, use } from './support/journey/provision.ts'
import { available } from './support/servers/index.ts'

t.setTimeout(600_000)

const { ok, missing } = available()

t.test('the journey of a province', { skip: ok ? false : missing.join(', '), bail: true }, async t => {
  const journey = await setOut(t)
  await t.test('the roster is read and everybody required gets a mailbox', t => provision(t, journey))
  await t.test('people move, are renamed and join', t => move(t, journey))
  await t.test('mailboxes are used for real, and swept', t => use(t, journey))
  await t.test('who leaves is suspended, and still gets mail', t => leave(t, journey))
  await t.test('who returns signs in as before', t => comeBack(t, journey))
  await t.test('what was done once is copied over five weeks', t => writeFiveWeeks(t, journey))
  const { logs } = journey
  if (logs === null) return t.fail('no logs')
  await t.test('logs are read by processes that are killed', t => ingestInPieces(t, journey, logs))
  await t.test('every person has exactly the days of use they had', t => samePersonDays(t, journey))
  await t.test('the same logs again, packed and in another order, change nothing', t =>
    ingestAgain(t, journey, logs),
  )
  await t.test('an unbroken reading finds the same', t => ingestUnbroken(t, journey, logs))
})
