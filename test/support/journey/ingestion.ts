/** Steps: five weeks of logs are read, in pieces and whole, in any order, and people's days are as they were. */
import { once } from 'node:events'
import { readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { Test } from 'tap'
import { LOG_DAYS, seeded } from './calendar.ts'
import { LOST_DAY, traceOf } from './habits.ts'
import { hopthu, SOURCES, type SourceName, startHopthu, writeConfig } from './hopthu.ts'
import type { IngestAnswer, Journey } from './journey.ts'
import { deedsIn, imapSource, type LogFile, type Logs, writeLogs } from './logs.ts'
import {
  contentsOf,
  type DayRow,
  differences,
  mailboxDays,
  personDays,
  rowsOf,
  savedLines,
  shuffled,
} from './tables.ts'
import { isMail, takesFrom } from './takes.ts'
import type { Mark } from './truth.ts'

/** Everything people did by habit, as the logs show it; without the day that is lost. */
export function marksOf({ calendar }: Journey, isFound = false): Map<string, Mark[]> {
  const marks = deedsIn(calendar).flatMap(({ person, act, ago }): Mark[] => {
    const source = isMail(act) ? SOURCES.smtp : imapSource(person)
    const mark = { staffId: person.staffId, ago, source, ...traceOf(act) }
    const next = { ...mark, ago: ago - 1, signIns: 0, hands: 1 }
    return act === 'handOverMidnight' ? [mark, next] : [mark]
  })
  const seen = marks.filter(({ source, ago }) => isFound || source !== SOURCES.communes || ago !== LOST_DAY)
  return Map.groupBy(seen, mark => mark.staffId)
}

export async function writeFiveWeeks(t: Test, journey: Journey) {
  const { servers, calendar, done } = journey
  for (const path of [servers.dovecot.logFile, servers.postfix.logFile]) await untilStill(path)
  const logs = writeLogs(servers.folder, calendar, takesFrom(servers, done))
  journey.logs = logs
  t.equal(logs.files.length, 9)
  for (const file of [...logs.files, logs.lost])
    t.ok(file.lines > 100, `${file.path} has ${file.lines} lines`)
  await rowsOf(servers.postgres.url, 'create database unbroken template hopthu')
}

/** The servers write their last words after the client has gone. */
async function untilStill(path: string): Promise<void> {
  for (let size = -1, tries = 20; size !== statSync(path).size && tries > 0; tries--) {
    size = statSync(path).size
    await sleep(1_000)
  }
}

// killed ------------------------------------------------------------------------------------------------------------

const random = seeded(411)
/** How often the reading of each source is killed, a few times perhaps after its last line. */
const KILLS: readonly [SourceName, number][] = [
  [SOURCES.smtp, 5],
  [SOURCES.departments, 8],
  [SOURCES.communes, 4],
]
/** How fast lines are read at the most: no kill comes much after the last line is saved. */
const LINES_A_MS = 35

export async function ingestInPieces(t: Test, journey: Journey, logs: Logs) {
  let killed = 0
  for (const [source, times] of KILLS) {
    const files = shuffled(filesOf(logs, source), 7)
    const all = files.reduce((sum, file) => sum + file.lines, 0)
    for (let left = times, tries = 3 * times; left > 0 && tries > 0; tries--) {
      const saved = await ingestAndKill(journey, source, files)
      if (saved === null) continue
      t.comment(`killed reading ${source}: ${saved} of ${all} lines saved`)
      left -= 1
      killed += 1
    }
    const { status, json } = await ingest(journey, source, files)
    t.equal(status, 0, `${source}: ${JSON.stringify(json)}`)
    t.equal(json.lines, all)
    t.equal(sumOf(json), all, `${source}: every line is something`)
    t.equal(await savedLines(journey.database, source), all, `${source}: every line is saved once`)
  }
  t.ok(killed >= 15, `killed ${killed} times`)
}

function filesOf({ files }: Logs, source: SourceName): LogFile[] {
  return files.filter(file => file.source === source)
}

/** Kills a reading some moments after it has begun; answers the lines saved by then, null where it had ended before. */
async function ingestAndKill(
  journey: Journey,
  source: SourceName,
  files: readonly LogFile[],
): Promise<number | null> {
  const all = files.reduce((sum, file) => sum + file.lines, 0)
  const child = startHopthu(ingestWords(source, files), journey)
  child.stdout.resume()
  child.stderr.resume()
  const ended = once(child, 'close')
  while (child.exitCode === null && (await isQuiet(journey))) await sleep(5)
  await sleep(random() * (30 + all / LINES_A_MS))
  child.kill('SIGKILL')
  await ended
  // what the killed process had sent last may still be on its way into the database
  while (!(await isQuiet(journey))) await sleep(5)
  return child.signalCode === 'SIGKILL' ? savedLines(journey.database, source) : null
}

/** Nobody but us is connected to the database. */
async function isQuiet({ database }: Journey): Promise<boolean> {
  const others = `select 1 from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
    and backend_type = 'client backend'`
  return (await rowsOf(database, others)).length === 0
}

function ingestWords(source: SourceName, files: readonly LogFile[]): string[] {
  return ['activity', 'ingest', ...files.map(file => file.path), '--source', source]
}

export function ingest(
  journey: Pick<Journey, 'config' | 'calendar'>,
  source: SourceName,
  files: readonly LogFile[],
) {
  return hopthu<IngestAnswer>(ingestWords(source, files), journey)
}

function sumOf(answer: IngestAnswer): number {
  const { signals, supporting, ignored, unattributed, excluded, repeated } = answer
  return signals + supporting + ignored + unattributed + excluded + repeated
}

// what came of it ---------------------------------------------------------------------------------------------------

/** Every person's every day, as it must stand in the view of person-days. */
export async function samePersonDays(t: Test, journey: Journey, isFound = false) {
  const { calendar, database } = journey
  const expected = new Map<string, DayRow>()
  for (const { staffId, ago, signIns, sends, recipients, hands } of [
    ...marksOf(journey, isFound).values(),
  ].flat()) {
    const day = calendar.day(ago)
    const row = expected.get(`${staffId} ${day}`) ?? {
      staffId,
      day,
      signIns: 0,
      sends: 0,
      recipients: 0,
      hands: 0,
    }
    row.signIns += signIns
    row.sends += sends
    row.recipients += recipients
    row.hands += hands
    expected.set(`${staffId} ${day}`, row)
  }
  const wanted = [...expected.values()].filter(row => row.signIns > 0 || row.sends > 0)
  const found = await personDays(database)
  const text = (row: DayRow) =>
    Object.entries(row)
      .map(([name, value]) => `${name} ${value}`)
      .join(' ')
  const [have, want] = [new Set(found.map(text)), new Set(wanted.map(text))]
  t.same([...want].filter(row => !have.has(row)).slice(0, 20), [], 'no day is missing')
  t.same([...have].filter(row => !want.has(row)).slice(0, 20), [], 'no day is too much')
  t.equal(found.length, wanted.length)
}

/** Everything once more, in another order, packed where it was plain and plain where it was packed. */
export async function ingestAgain(t: Test, journey: Journey, logs: Logs) {
  const before = await contentsOf(journey.database)
  for (const source of Object.values(SOURCES)) {
    const files = shuffled(filesOf(logs, source), 99).map(turned)
    const { status, json } = await ingest(journey, source, files)
    t.equal(status, 0, JSON.stringify(json))
    t.match(json, { repeated: json.lines, signals: 0, personDays: 0 }, `${source}: all was read before`)
  }
  t.same(differences(before, await contentsOf(journey.database)), [], 'nothing is written')
}

function turned(file: LogFile): LogFile {
  const packed = file.path.endsWith('.gz')
  const path = packed ? file.path.replace(/\.gz$/, '.plain') : `${file.path}.packed.gz`
  const bytes = readFileSync(file.path)
  writeFileSync(path, packed ? gunzipSync(bytes) : gzipSync(bytes))
  const { mtime } = statSync(file.path)
  utimesSync(path, mtime, mtime)
  return { ...file, path }
}

/** The same logs, read in one go by an installation where nothing was killed. */
export async function ingestUnbroken(t: Test, journey: Journey, logs: Logs) {
  const { servers, calendar } = journey
  const database = new URL(journey.database)
  database.pathname = '/unbroken'
  const config = writeConfig(servers, calendar, 'unbroken', { database: database.href })
  const marks = [...marksOf(journey).values()].flat()
  for (const source of Object.values(SOURCES)) {
    const { json } = await ingest({ config, calendar }, source, filesOf(logs, source).toReversed())
    const own = marks.filter(mark => mark.source === source)
    t.equal(
      json.signals,
      own.reduce((sum, mark) => sum + mark.signIns + mark.sends, 0),
      `${source}: signals`,
    )
    t.equal(json.repeated, 0)
    // the office's own mailbox is nobody's; what the sweep, a watcher and a machine did is told apart
    t.equal(json.unattributed, source === SOURCES.departments ? LOG_DAYS : 0)
    t.equal(json.excluded > 0, source !== SOURCES.smtp)
  }
  t.same(await mailboxDays(database.href), await mailboxDays(journey.database), 'the same use')
}
