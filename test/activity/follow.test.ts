import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  copyFileSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import type { IngestCounts, IngestSettings } from '../../src/activity/batch.ts'
import { follow } from '../../src/activity/follow.ts'
import type { Database, Db } from '../../src/database/database.ts'
import type { AppError } from '../../src/error.ts'
import {
  contentsOf,
  forgetAll,
  ingestFile,
  logFolder,
  MAX_LINE_BYTES,
  seedMailboxes,
  settingsFor,
  useOf,
} from '../support/activity.ts'
import { stores } from '../support/database.ts'
import { makeLog, makeWriters, textOf } from '../support/logs.ts'

const START = Date.now() - 40 * 3_600_000 // files are written now, and the logger's clock is the real one
const writers = makeWriters(20)
const made = makeLog({ seed: 41, from: START, hours: 30, events: 200, writers })
const count = made.lines.length
/** The log as a few pieces of whole lines. */
const pieces = [0, 1, 2, 3, 4].map(i => textOf(made.lines.slice((i * count) / 5, ((i + 1) * count) / 5)))

type Context = { t: Test; db: Db; settings: IngestSettings; path: string }
type Follower = { lines(): number; unreadable: AppError[]; stop(): Promise<IngestCounts | null> }

function start({ db, settings, path }: Context): Follower {
  const stop = new AbortController()
  const unreadable: AppError[] = []
  let counts: IngestCounts | null = null
  const following = follow(db, settings, {
    path,
    maxLineBytes: MAX_LINE_BYTES,
    signal: stop.signal,
    pollMs: 5,
    onBatch: ingestion => {
      counts = ingestion.counts
    },
    onUnreadable: error => unreadable.push(error),
  })
  following.catch(() => {}) // told by `stop`
  return {
    lines: () => counts?.lines ?? 0,
    unreadable,
    async stop() {
      stop.abort()
      await following
      return counts
    },
  }
}

/** Waits until the store holds so many lines, which were each read once. */
async function untilStored(context: Context, lines: number): Promise<void> {
  const end = Date.now() + 20_000
  while (Date.now() < end && (await stored(context.db)) < lines) await sleep(10)
  context.t.equal(await stored(context.db), lines)
}

async function stored(db: Db): Promise<number> {
  const { keys } = await contentsOf(db, [])
  return keys?.length ?? 0
}

/** How many lines of some pieces have a stamp: all of them. */
function linesIn(...texts: string[]): number {
  return texts.join('').split('\n').length - 1
}

async function isWhole({ t, db }: Context): Promise<void> {
  await untilStored({ t, db } as Context, count)
  t.same(await useOf(db), made.use)
}

const [a = '', b = '', c = '', d = '', e = ''] = pieces

const scenarios: [string, (context: Context) => Promise<void>][] = [
  ['a file that is not there yet is waited for, then read as it grows', grows],
  ['half a line written is taken when it is whole, once', halfLine],
  ['a file renamed is read to its end, also what its writer adds before turning to the new one', renamed],
  ['a file copied and truncated loses nothing that is in the copy', truncated],
  ['following goes on where it was left', resumes],
  ['what was rotated away meanwhile is read first, plain or packed, once or several times', rotatedAway],
  ['a truncated file is told from the one before', truncatedMeanwhile],
  ['a damaged rotated file is told of and stops nothing', damaged],
  ['a line without end holds nothing up', endless],
  ['the signal stops it, and what was read is saved', stopped],
  ['a store that cannot be written stops it', unwritable],
]

for (const store of stores()) {
  t.test(`following on ${store.name}`, { skip: store.skip }, async t => {
    for (const [name, scenario] of scenarios) {
      t.test(name, async t => {
        const { context } = await open(t, await store.open())
        await scenario(context)
      })
    }
    if (store.name === 'PostgreSQL') {
      t.test('killed again and again while the log grows and is rotated', async t =>
        killed(t, await store.open()),
      )
    }
  })
}

async function open(t: Test, database: Database): Promise<{ context: Context }> {
  const files = logFolder()
  t.teardown(files.remove)
  t.teardown(() => database.close())
  const { db } = database
  await seedMailboxes(db, writers)
  const settings = await settingsFor(db, 0, { now: Date.now })
  return { context: { t, db, settings, path: join(files.folder, 'mail.log') } }
}

async function grows(context: Context) {
  const { t, path } = context
  const follower = start(context)
  await sleep(30)
  for (const [i, piece] of pieces.entries()) {
    appendFileSync(path, piece)
    await untilStored(context, linesIn(...pieces.slice(0, i + 1)))
  }
  t.match(await follower.stop(), { ...made.counts, lines: count, repeated: 0 })
  await isWhole(context)
}

async function halfLine(context: Context) {
  const { t, path } = context
  const follower = start(context)
  const bytes = Buffer.from(a)
  for (let at = 0; at < bytes.length; at += 97) {
    appendFileSync(path, bytes.subarray(at, at + 97))
    if (at % 5 === 0) await sleep(7)
  }
  await untilStored(context, linesIn(a))
  t.match(await follower.stop(), { lines: linesIn(a), repeated: 0 })
}

async function renamed(context: Context) {
  const { path } = context
  const follower = start(context)
  writeFileSync(path, a)
  await untilStored(context, linesIn(a))
  renameSync(path, `${path}.1`)
  appendFileSync(`${path}.1`, b)
  await untilStored(context, linesIn(a, b))
  writeFileSync(path, '')
  appendFileSync(`${path}.1`, c)
  await untilStored(context, linesIn(a, b, c))
  writeFileSync(path, d)
  await untilStored(context, linesIn(a, b, c, d))
  renameSync(`${path}.1`, `${path}.2`)
  renameSync(path, `${path}.1`)
  writeFileSync(path, e)
  await isWhole(context)
  await follower.stop()
}

async function truncated(context: Context) {
  const { path } = context
  const follower = start(context)
  writeFileSync(path, a)
  await untilStored(context, linesIn(a))
  appendFileSync(path, b)
  copyFileSync(path, `${path}.1`)
  truncateSync(path)
  appendFileSync(path, c)
  await untilStored(context, linesIn(a, b, c))
  appendFileSync(path, d)
  copyFileSync(path, `${path}.1`)
  truncateSync(path)
  appendFileSync(path, `${e}`)
  await isWhole(context)
  await follower.stop()
}

async function resumes(context: Context) {
  const { t, path } = context
  writeFileSync(path, a + b + c + d)
  const first = start(context)
  await untilStored(context, linesIn(a, b, c, d))
  await first.stop()
  appendFileSync(path, e)
  const second = start(context)
  await isWhole(context)
  const counts = await second.stop()
  t.ok(counts && counts.lines < linesIn(e) + 100, 'only a little is read again')
  t.equal(counts && counts.lines - counts.repeated, linesIn(e))
  const third = start(context)
  await sleep(50)
  await third.stop()
  await isWhole(context)
}

async function rotatedAway(context: Context) {
  const { path } = context
  const run = async (lines: number) => {
    const follower = start(context)
    await untilStored(context, lines)
    await follower.stop()
  }
  writeFileSync(path, a)
  await run(linesIn(a))
  appendFileSync(path, b)
  renameSync(path, `${path}.1`)
  writeFileSync(path, '')
  await run(linesIn(a, b))
  writeFileSync(path, c) // rotated twice since, and the first of the two packed
  writeFileSync(`${path}.2.gz`, gzipSync(a + b))
  await run(linesIn(a, b, c))
  appendFileSync(path, d)
  writeFileSync(`${path}-20260303.gz`, gzipSync(c + d))
  rmSync(path)
  writeFileSync(`${path}.1`, e)
  const follower = start(context)
  await sleep(30)
  writeFileSync(path, '')
  await isWhole(context)
  await follower.stop()
}

async function truncatedMeanwhile(context: Context) {
  const { path } = context
  writeFileSync(path, a)
  const first = start(context)
  await untilStored(context, linesIn(a))
  await first.stop()
  appendFileSync(path, b)
  copyFileSync(path, `${path}.1`)
  truncateSync(path)
  appendFileSync(path, c + d + e) // longer than before
  const second = start(context)
  await isWhole(context)
  await second.stop()
}

async function damaged(context: Context) {
  const { t, path } = context
  writeFileSync(path, a)
  const first = start(context)
  await untilStored(context, linesIn(a))
  await first.stop()
  const packed = gzipSync(a + b)
  writeFileSync(`${path}.1.gz`, packed.subarray(0, packed.length - 6))
  writeFileSync(`${path}.old`, gzipSync('from long ago\n').subarray(0, 20))
  utimesSync(`${path}.old`, START / 1000, START / 1000)
  rmSync(path)
  writeFileSync(path, c)
  const second = start(context)
  await untilStored(context, linesIn(a, b, c))
  await second.stop()
  t.match(second.unreadable, [{ code: 'file_unreadable' }])
  t.equal(second.unreadable.length, 1, 'what was not written to since is left alone')
}

async function endless(context: Context) {
  const { t, path } = context
  const follower = start(context)
  writeFileSync(path, `${a}${'x'.repeat(1 << 20)}`)
  await untilStored(context, linesIn(a))
  appendFileSync(path, `\n${b}`)
  await untilStored(context, linesIn(a, b))
  t.match(await follower.stop(), { lines: linesIn(a, b) + 1, repeated: 0 })
}

async function stopped(context: Context) {
  const { t, path, db } = context
  const idle = start({ ...context, path: join(dirname(path), 'not-there.log') })
  await sleep(20)
  t.equal(await idle.stop(), null)
  writeFileSync(path, pieces.join(''))
  const follower = start(context)
  while (follower.lines() === 0) await sleep(1)
  const begun = performance.now()
  const counts = await follower.stop()
  t.ok(performance.now() - begun < 3_000)
  t.equal(counts && counts.lines - counts.repeated, await stored(db))
}

async function unwritable(context: Context) {
  const { t, path, settings } = context
  writeFileSync(path, a)
  const follower = start({ ...context, settings: { ...settings, source: 4711 } })
  await sleep(100)
  await t.rejects(follower.stop(), /violates foreign key|log_/)
}

/** A process that follows, and is killed at its nth statement or, at 0, as soon as it has stored something. */
async function killedFollower(database: Database, path: string, statement: number): Promise<string> {
  const script = join(import.meta.dirname, '../support/ingest-child.ts')
  const url = database.connection?.connectionString ?? ''
  const args = [url, path, String(Date.now()), String(statement), 'before', 'follow']
  const child = spawn(process.execPath, [script, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  const gone = once(child, 'exit')
  const words: string[] = []
  const lines = createInterface(child.stdout).on('line', line => words.push(line))
  await once(lines, 'line')
  const before = await stored(database.db)
  child.stdin.write('go\n')
  if (statement === 0) {
    while ((await stored(database.db)) === before) await sleep(5)
    child.kill('SIGKILL')
  }
  await gone
  return statement === 0 ? 'once it had stored something' : `before ${words.at(-1)}`
}

async function killed(t: Test, database: Database) {
  const { context } = await open(t, database)
  const { db, path } = context
  await ingestFile(db, context.settings, writeOnce(path, pieces.join('')))
  const { log_day: days, keys } = await contentsOf(db)
  rmSync(path)
  await forgetAll(db)
  await settingsFor(db, 0)
  const statements = [4, 0, 11, 15, 0, 13, 0]
  let rest = pieces.join('')
  for (const [i, statement] of statements.entries()) {
    const isRotated = i === 2 || i === 5
    let length = Math.ceil(rest.length / (statements.length - i))
    if (isRotated) length = rest.indexOf('\n', length) + 1 // a writer ends its line before it turns to another file
    appendFileSync(path, rest.slice(0, length)) // bytes as they come: lines are cut anywhere
    rest = rest.slice(length)
    if (isRotated) {
      renameSync(path, `${path}.${9 - i}`)
      appendFileSync(path, '')
    }
    t.comment(`killed ${await killedFollower(database, path, statement)}`)
  }
  const follower = start({ ...context, settings: await settingsFor(db, 0, { now: Date.now }) })
  await isWhole(context)
  await follower.stop()
  t.match(await contentsOf(db), { log_day: days, keys })
}

function writeOnce(path: string, text: string): string {
  writeFileSync(path, text)
  return path
}
