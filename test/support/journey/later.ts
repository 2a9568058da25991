/** Steps: a lost log is found, today's logs are read as they are, and everything done twice writes nothing. */
import type { Test } from 'tap'
import { sameFigures, worldOf } from './figures.ts'
import { hopthu, SOURCES } from './hopthu.ts'
import { ingest, samePersonDays } from './ingestion.ts'
import {
  type ApplyAnswer,
  command,
  type Journey,
  type PlanAnswer,
  SOME_REJECTED,
  type SyncAnswer,
} from './journey.ts'
import type { LogFile, LogLine, Logs } from './logs.ts'
import { personOf } from './people.ts'
import { contentsOf, differences, personDays } from './tables.ts'

/** The communes' day comes to light: bounds close, and what was done that day counts. */
export async function findLostLog(t: Test, journey: Journey, logs: Logs) {
  const { status, json } = await ingest(journey, SOURCES.communes, [logs.lost])
  t.match({ status, ...json }, { status: 0, lines: logs.lost.lines, repeated: 0 })
  t.ok(json.personDays > 0)
  await samePersonDays(t, journey, true)
  const found = { source: SOURCES.communes, at: logs.lost.at, text: '' }
  await sameFigures(t, journey, worldOf(journey, [...logs.lines, found], true), [1, 2, 7, 12, 20])
}

/** The servers' own logs of today, untouched: whoever really signed in or sent did so today, and nobody else. */
export async function readToday(t: Test, journey: Journey, logs: Logs) {
  const { calendar, database, done } = journey
  for (const file of liveLogs(journey)) {
    const { status, json } = await ingest(journey, file.source, [file])
    t.match({ status, repeated: json.repeated }, { status: 0, repeated: 0 })
  }
  const counting = done.filter(({ act, accepted }) => accepted && act !== 'machine' && act !== 'inbound')
  const signedIn = [personOf('entryBreaks'), personOf('leavesAndReturns')]
  const expected = new Set(
    [...counting.map(({ person }) => person), ...signedIn].map(({ staffId }) => staffId),
  )
  const found = (await personDays(database)).filter(({ day }) => day > calendar.day(1))
  t.same([...new Set(found.map(({ staffId }) => staffId))].sort(), [...expected].sort())
  // now yesterday's logs are read past midnight
  const today = Object.values(SOURCES)
    .filter(source => source !== SOURCES.communes)
    .map((source): LogLine => ({ source, at: calendar.instant(0, 1), text: '' }))
  const lines = [...logs.lines, { source: SOURCES.communes, at: logs.lost.at, text: '' }, ...today]
  await sameFigures(t, journey, worldOf(journey, lines, true), [1, 2])
}

function liveLogs({ servers }: Journey): LogFile[] {
  return [
    { source: SOURCES.departments, path: servers.dovecot.logFile, lines: 0, at: 0 },
    { source: SOURCES.smtp, path: servers.postfix.logFile, lines: 0, at: 0 },
  ]
}

/** Every command once more, with nothing new to find. */
export async function doAgain(t: Test, journey: Journey, logs: Logs) {
  const { servers, database, calendar, config } = journey
  const before = await contentsOf(database)
  const platform = await contentsOf(servers.postfixAdmin.url)
  const sync = await command<SyncAnswer>(journey, 'roster sync')
  const nobody = { joiners: 0, movers: 0, leavers: 0, returned: 0, changed: 0 }
  t.match(sync, {
    status: SOME_REJECTED,
    json: { people: nobody, agencies: { created: 0, changed: 0, closed: 0 } },
  })
  const plan = await command<PlanAnswer>(journey, 'mailbox plan')
  t.match(plan, { status: 0, json: { plan: null } })
  t.match(await command<ApplyAnswer>(journey, 'mailbox apply'), { status: 0, json: { done: 0, failed: 0 } })
  const files = Map.groupBy([...liveLogs(journey), logs.lost, ...logs.files], file => file.source)
  for (const [source, own] of files) {
    const { json } = await ingest(journey, source, own)
    t.match(json, { signals: 0, personDays: 0, repeated: json.lines }, source)
  }
  await hopthu(['adoption', '--as-of', calendar.day(1)], { config, calendar })
  t.same(differences(before, await contentsOf(database)), [], 'nothing is written')
  t.same(differences(platform, await contentsOf(servers.postfixAdmin.url)), [], 'nor on the platform')
}
