/** A line counts once: in whatever file, order, process or after whatever death it is read again. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { gzipSync } from 'node:zlib'
import { sql } from 'kysely'
import t, { type Test } from 'tap'
import type { IngestCounts, IngestSettings } from '../../src/activity/batch.ts'
import type { Database, Db } from '../../src/database/database.ts'
import {
  contentsOf,
  forgetAll,
  ingestFile,
  logFolder,
  personDays,
  seedMailboxes,
  settingsFor,
  sumOf,
  useOf,
} from '../support/activity.ts'
import { stores } from '../support/database.ts'
import { chances, type MadeLog, makeLog, makeWriters, textOf, type Use } from '../support/logs.ts'

const files = logFolder()
t.teardown(files.remove)

const HOUR = 3_600_000
const START = Date.parse('2026-03-02T15:00:00+07:00')
const NOW = START + 200 * HOUR
const WRITTEN = START + 72 * HOUR
const writers = makeWriters(20)
const made = makeLog({ seed: 11, from: START, hours: 30, events: 250, writers })

type Context = { t: Test; db: Db; settings: IngestSettings }
type Lines = MadeLog['lines']

function file(name: string, content: string | Uint8Array): string {
  return files.write(name, content, WRITTEN)
}

async function ingest(
  { db, settings }: Context,
  content: string | Uint8Array,
  name = 'mail.log',
): Promise<IngestCounts> {
  return ingestFile(db, settings, file(name, content))
}

const scenarios: [string, (context: Context) => Promise<void>][] = [
  ['a file read twice, packed, renamed and copied', sameAgain],
  ['a file that has grown since', grown],
  ['two files that overlap, in either order, in two files or one', overlapping],
  ['parts of a log in any order, messages cut between them', anyOrder],
  ['lines that are truly equal are kept', trulyEqual],
  ['half a last line is not taken for a line', halfLine],
  ['a last line without a line feed is taken when it is whole', lastLine],
  ['two logs of two sources may hold the same lines', twoSources],
]

for (const store of stores()) {
  t.test(`reading once on ${store.name}`, { skip: store.skip }, async t => {
    for (const [name, scenario] of scenarios) {
      t.test(name, async t => {
        const database: Database = await store.open()
        t.teardown(() => database.close())
        await seedMailboxes(database.db, writers)
        await scenario({ t, db: database.db, settings: await settingsFor(database.db, NOW) })
      })
    }
    if (store.name === 'PostgreSQL') {
      t.test('two processes at once', async t => twoProcesses(t, await store.open()))
      t.test('killed at every step', { timeout: 300_000 }, async t => {
        await killedAtEveryStep(t, await Promise.all([store.open(), store.open()]))
      })
    }
  })
}

async function sameAgain(context: Context) {
  const { t, db } = context
  const text = textOf(made.lines)
  const first = await ingest(context, text)
  const before = await contentsOf(db)
  t.same(await useOf(db), made.use)
  const again: [string, string | Uint8Array][] = [
    ['mail.log', text],
    ['mail.log.1', text],
    ['copy.txt', text],
    ['mail.log.2.gz', gzipSync(text)],
    ['windows.log', text.replaceAll('\n', '\r\n')],
  ]
  for (const [name, content] of again) {
    const counts = await ingest(context, content, name)
    t.match(counts, { lines: first.lines, repeated: first.lines, signals: 0, personDays: 0 }, name)
    t.same(await contentsOf(db), before, name)
  }
}

async function grown(context: Context) {
  const { t, db } = context
  const chance = chances(1)
  let length = 0
  let personDayCount = 0
  while (length < made.lines.length) {
    const before = length
    length = Math.min(made.lines.length, length + 1 + Math.floor(chance() * 300))
    const counts = await ingest(context, textOf(made.lines.slice(0, length)))
    t.match(counts, { lines: length, repeated: before })
    t.equal(sumOf(counts), length)
    personDayCount += counts.personDays
  }
  t.same(await useOf(db), made.use)
  t.equal(personDayCount, (await personDays(db)).length)
}

async function overlapping(context: Context) {
  const { t, db } = context
  const { lines } = made
  const chance = chances(2)
  for (let i = 0; i < 6; i++) {
    const from = Math.floor(chance() * (lines.length - 100))
    const to = from + 1 + Math.floor(chance() * 99)
    const [first, second] = [textOf(lines.slice(0, to)), textOf(lines.slice(from))]
    const ways: [string, string[]][] = [
      ['one, then the other', [first, second]],
      ['the other, then the one', [second, first]],
    ]
    // put into one file, an overlap shows where the stamps jump back: by less than some seconds it does not
    if ((lines[to - 1]?.at ?? 0) - (lines[from]?.at ?? 0) > 5_000) {
      ways.push(['one behind the other', [first + second]], ['the wrong way round', [second + first]])
    }
    for (const [way, texts] of ways) {
      await forgetAll(db)
      await settingsFor(db, NOW)
      const counts = []
      for (const text of texts) counts.push(await ingest(context, text))
      t.same((await useOf(db)).map(proof), made.use.map(proof), `lines ${from} to ${to} twice: ${way}`)
      t.equal(
        counts.reduce((sum, each) => sum + each.repeated, 0),
        to - from,
      )
    }
  }
}

/** Sends and sign-ins; what a hand did in a machine's session shows only when its sign-in was read first. */
function proof({ address, day, signIns, sends, recipients }: Use): string {
  return signIns + sends > 0 ? `${address} ${day} ${signIns}+${sends} to ${recipients}` : 'hands'
}

function proofs(use: readonly Use[]): string[] {
  return use.map(proof).filter(each => each !== 'hands')
}

async function anyOrder(context: Context) {
  const { t, db } = context
  await ingest(context, textOf(made.lines))
  const { log_day: days, log_source: source, keys } = await contentsOf(db)
  const chance = chances(3)
  for (let i = 0; i < 8; i++) {
    const parts = cut(made.lines, 2 + i, chance)
    const order = i % 2 ? parts.toReversed() : parts.toSorted(() => chance() - 0.5)
    await forgetAll(db)
    await settingsFor(db, NOW)
    let personDayCount = 0
    for (const part of order) personDayCount += (await ingest(context, textOf(part))).personDays
    t.same(proofs(await useOf(db)), proofs(made.use), `${parts.length} parts`)
    t.match(await contentsOf(db), { log_day: days, log_source: source, keys })
    t.equal(personDayCount, (await personDays(db)).length)
  }
}

function cut(lines: Lines, count: number, chance: () => number): Lines[] {
  const at = Array.from({ length: count - 1 }, () => Math.floor(chance() * lines.length)).sort(
    (a, b) => a - b,
  )
  return [0, ...at].map((from, i) => lines.slice(from, at[i] ?? lines.length))
}

async function trulyEqual(context: Context) {
  const { t, db } = context
  const line =
    'Mar  3 08:01:02 mx1 dovecot: imap-login: Login: user=<p1@tinh.test>, method=PLAIN, rip=192.0.2.1\n'
  const other =
    'Mar  3 08:01:02 mx1 dovecot: imap-login: Login: user=<p2@tinh.test>, method=PLAIN, rip=192.0.2.1\n'
  t.match(await ingest(context, line + other + line + line), { signals: 4 })
  t.match(await ingest(context, line + other + line + line), { repeated: 4 })
  t.match(
    await ingest(context, line + other + line + line + line),
    { repeated: 4, signals: 1 },
    'one more was written',
  )
  t.match(await ingest(context, line + line), { repeated: 2 }, 'a part of them')
  const later = line.replace('08:01:02', '09:00:00')
  t.match(
    await ingest(context, (line + line + later).repeat(2)),
    { repeated: 5, signals: 1 },
    'a file behind itself',
  )
  t.match(await useOf(db), [
    { address: 'p1@tinh.test', signIns: 5 },
    { address: 'p2@tinh.test', signIns: 1 },
  ])
}

async function halfLine(context: Context) {
  const { t, db } = context
  const few = makeLog({ seed: 12, from: START, hours: 1, events: 6, writers })
  const bytes = Buffer.from(textOf(few.lines))
  for (let length = 3; length < bytes.length; length += 67) {
    await forgetAll(db)
    await settingsFor(db, NOW)
    await ingest(context, bytes.subarray(0, length))
    await ingest(context, bytes)
    t.same(await useOf(db), few.use, `${length} of ${bytes.length} bytes at first`)
  }
}

async function lastLine(context: Context) {
  const { t, db } = context
  for (let count = 1; count <= 40; count++) {
    await ingest(
      context,
      made.lines
        .slice(0, count)
        .map(line => line.text)
        .join('\n'),
    )
  }
  const expected = makeLog({ seed: 11, from: START, hours: 30, events: 250, writers }).lines.slice(0, 40)
  const read = proofs(await useOf(db))
  await forgetAll(db)
  await settingsFor(db, NOW)
  await ingest(context, textOf(expected))
  t.same(proofs(await useOf(db)), read)
}

async function twoSources(context: Context) {
  const { t, db } = context
  await ingest(context, textOf(made.lines))
  const { rows } = await otherSource(db)
  const other = { ...context, settings: { ...context.settings, source: rows[0]?.id ?? 0 } }
  t.match(await ingest(other, textOf(made.lines)), { repeated: 0, personDays: 0, ...made.counts })
}

async function otherSource(db: Db) {
  return sql<{
    id: number
  }>`insert into log_source (name, kind) values ('other', 'log') returning id`.execute(db)
}

// other processes --------------------------------------------------------------------------------------------------

type Child = { go(): Promise<{ words: string[]; signal: string | null }> }

/** Starts a process that will read a file once it is told to. */
async function startChild(database: Database, path: string, ...rest: string[]): Promise<Child> {
  const script = join(import.meta.dirname, '../support/ingest-child.ts')
  const url = database.connection?.connectionString ?? ''
  const child = spawn(process.execPath, [script, url, path, String(NOW), ...rest], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const gone = once(child, 'exit')
  const words: string[] = []
  const lines = createInterface(child.stdout)
  lines.on('line', line => words.push(line))
  await once(lines, 'line')
  return {
    async go() {
      child.stdin.write('go\n')
      await gone
      return { words: words.slice(1), signal: child.signalCode }
    },
  }
}

async function twoProcesses(t: Test, database: Database) {
  t.teardown(() => database.close())
  const { db } = database
  await seedMailboxes(db, writers)
  const log = makeLog({ seed: 21, from: START, hours: 30, events: 5_000, writers })
  const path = file('shared.log', textOf(log.lines))
  const readers = await Promise.all([startChild(database, path), startChild(database, path)])
  const results = await Promise.all(readers.map(reader => reader.go()))
  const counts = results.map(({ words }): IngestCounts => JSON.parse(words[0] ?? '{}').counts)
  t.same(await useOf(db), log.use)
  t.same(
    counts.map(each => each.lines),
    [log.lines.length, log.lines.length],
  )
  t.equal(
    counts.reduce((sum, each) => sum + each.repeated, 0),
    log.lines.length,
  )
  t.equal(
    counts.reduce((sum, each) => sum + each.signals, 0),
    log.counts.signals,
  )
  t.equal(
    counts.reduce((sum, each) => sum + each.personDays, 0),
    (await personDays(db)).length,
  )
  t.comment(
    `lines each of the two was first to read: ${counts.map(each => each.lines - each.repeated).join(' and ')}`,
  )
}

async function killedAtEveryStep(t: Test, databases: Database[]) {
  const log = makeLog({ seed: 31, from: START, hours: 30, events: 1_200, writers })
  const path = file('killed.log', textOf(log.lines))
  for (const database of databases) {
    t.teardown(() => database.close())
    await seedMailboxes(database.db, writers)
  }
  const [database] = databases
  if (!database) throw new Error('no database')
  const { words } = await (await startChild(database, path)).go()
  const { statements }: { statements: number } = JSON.parse(words[0] ?? '{}')
  const expected = await contentsOf(database.db)
  t.same(await useOf(database.db), log.use)
  t.ok(statements > 25, `${statements} statements in ${Math.ceil(log.lines.length / 4000)} batches`)
  const steps = Array.from({ length: statements }, (_, i) => i + 1)
  // two lanes, each with its own database
  const lane = async (database: Database, numbers: number[]) => {
    for (const step of numbers) await killedAt(t, { database, path, step, expected })
  }
  await Promise.all(
    databases.map((each, i) =>
      lane(
        each,
        steps.filter(step => step % databases.length === i),
      ),
    ),
  )
}

type Kill = { database: Database; path: string; step: number; expected: Record<string, string[]> }

async function killedAt(t: Test, { database, path, step, expected }: Kill) {
  const when = step % 3 === 0 ? 'after' : 'before'
  await forgetAll(database.db)
  const { words, signal } = await (await startChild(database, path, String(step), when)).go()
  t.equal(signal, 'SIGKILL')
  const left = await useOf(database.db)
  const ingestion = await ingestFile(database.db, await settingsFor(database.db, NOW), path)
  t.same(
    await contentsOf(database.db),
    expected,
    `killed ${when} ${step}: ${words[0]} (${left.length} rows, ${ingestion.repeated} lines kept)`,
  )
}
