import { setTimeout as sleep } from 'node:timers/promises'
import { constants, gunzipSync, gzipSync } from 'node:zlib'
import t from 'tap'
import { type Line, LineKeys, openLogFile, splitLines } from '../../src/activity/lines.ts'
import { logFolder } from '../support/activity.ts'
import { chances } from '../support/logs.ts'

const files = logFolder()
t.teardown(files.remove)
const never = new AbortController().signal

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function collect(lines: AsyncIterable<Line[]>): Promise<Line[]> {
  const found: Line[] = []
  for await (const page of lines) found.push(...page)
  return found
}

async function read(path: string, maxLineBytes = 1000): Promise<{ lines: string[]; error: unknown }> {
  const lines: string[] = []
  try {
    for await (const page of splitLines(openLogFile(path, never).chunks, 0, maxLineBytes)) {
      lines.push(...page.map(line => line.text))
      await sleep(1) // as a database would, this makes the stream wait with what it has unpacked
    }
    return { lines, error: null }
  } catch (error) {
    return { lines, error }
  }
}

t.test('lines are the same however the bytes come in', async t => {
  const text = 'một\n\nhai bốn\r\nba\n không hết'
  const bytes = Buffer.from(text)
  for (const size of [1, 2, 3, 7, 1000]) {
    const lines = await collect(splitLines(inPieces(bytes, size), 0, 1000))
    t.same(
      lines.map(line => line.text),
      ['một', '', 'hai bốn', 'ba', ' không hết'],
      `pieces of ${size}`,
    )
    t.same(
      lines.map(line => line.whole),
      [true, true, true, true, false],
    )
    t.same(
      lines.map(line => line.end),
      [6, 7, 18, 21, bytes.length],
    )
  }
  t.same(
    await collect(splitLines(inPieces(Buffer.from('a\n'), 9), 100, 9)),
    [{ text: 'a', end: 102, whole: true, tooLong: false }],
    'positions go on from where reading began',
  )
  t.same(await collect(splitLines(inPieces(Buffer.alloc(0), 1), 0, 10)), [])
})

t.test('a line without end is cut, counted as one and not kept in memory', async t => {
  async function* endless(): AsyncGenerator<Buffer> {
    for (let i = 0; i < 2_000; i++) yield Buffer.alloc(1 << 18, 'x')
    yield Buffer.from('\nnext\n')
  }
  const before = process.memoryUsage().rss
  const lines = await collect(splitLines(endless(), 0, 5000))
  t.same(
    lines.map(({ text, tooLong }) => [text.length, tooLong]),
    [
      [5000, true],
      [4, false],
    ],
  )
  t.equal(lines.at(-1)?.end, 2_000 * 2 ** 18 + 6)
  t.ok(process.memoryUsage().rss - before < 200 << 20, 'half a gigabyte was read')
})

t.test('another encoding than UTF-8 is read as Latin-1, line by line', async t => {
  const bytes = Buffer.concat([
    Buffer.from('Hộp Thư\n'),
    Buffer.from('caf\u00e9\n', 'latin1'),
    Buffer.from([0xff, 0, 0x80]),
  ])
  const lines = await collect(splitLines(inPieces(bytes, 4), 0, 1000))
  t.same(
    lines.map(line => line.text),
    ['Hộp Thư', 'café', '\u00ff\u0000\u0080'],
  )
})

t.test('gzip is told by its content, also when files were packed one behind the other', async t => {
  const first = 'a\n'.repeat(200_000)
  const path = files.write('odd-name.log', Buffer.concat([gzipSync(first), gzipSync('b\nc')]))
  const { lines, error } = await read(path)
  t.equal(error, null)
  t.equal(lines.length, 200_002)
  t.same(lines.slice(-3), ['a', 'b', 'c'])
})

t.test('a packed file that breaks off keeps every whole line that could be unpacked', async t => {
  const chance = chances(3)
  const packed = gzipSync(Array.from({ length: 80_000 }, (_, i) => `${i} ${chance()}\n`).join(''))
  for (const bytes of [packed.length - 4, packed.length - 500, Math.floor(packed.length / 2), 5000, 11]) {
    const { lines, error } = await read(files.write('cut.gz', packed.subarray(0, bytes)))
    t.match(error, {
      code: 'file_unreadable',
      message: /cut\.gz cannot be read to its end: .*; what came before it is kept/,
    })
    const there = gunzipSync(packed.subarray(0, bytes), { finishFlush: constants.Z_SYNC_FLUSH })
    t.same(lines, there.toString().split('\n').slice(0, -1), `${bytes} of ${packed.length} bytes`)
  }
  const damaged = Buffer.from(packed)
  damaged.fill(0xff, 600_000, 600_100)
  const { lines, error } = await read(files.write('damaged.gz', damaged))
  t.match(error, { code: 'file_unreadable' })
  t.ok(lines.length > 40_000, `${lines.length} lines before the damage`)
})

t.test('what is no readable file says so', async t => {
  t.throws(() => openLogFile(`${files.folder}/missing.log`, never), { code: 'file_unreadable' })
  t.throws(() => openLogFile(files.folder, never), { code: 'file_unreadable' })
  t.same(await read(files.write('empty.log', '')), { lines: [], error: null })
})

t.test('a plain file can be read from a byte on; a packed one always from its beginning', async t => {
  const plain = openLogFile(files.write('plain.log', 'one\ntwo\n'), never, 4)
  t.same(
    (await collect(splitLines(plain.chunks, 4, 100))).map(line => line.text),
    ['two'],
  )
  const packed = openLogFile(files.write('packed.gz', gzipSync('one\ntwo\n')), never, 4)
  t.same(
    (await collect(splitLines(packed.chunks, 0, 100))).map(line => line.text),
    ['one', 'two'],
  )
})

t.test('when a file was written comes from the file, or from inside the packed one', async t => {
  const writtenAt = Date.parse('2024-12-31T23:00:00Z')
  t.equal(openLogFile(files.write('a.log', 'x\n', writtenAt), never).writtenAt, writtenAt)
  const packed = gzipSync('x\n')
  packed.writeUInt32LE(writtenAt / 1000, 4)
  t.equal(openLogFile(files.write('a.gz', packed), never).writtenAt, writtenAt)
  packed.writeUInt32LE(0, 4)
  t.equal(
    openLogFile(files.write('b.gz', packed, writtenAt), never).writtenAt,
    writtenAt,
    'gzip -n leaves it out',
  )
})

t.test('reading ends with the signal', async t => {
  const stop = new AbortController()
  const { chunks } = openLogFile(files.write('long.log', 'x\n'.repeat(2_000_000)), stop.signal)
  let pages = 0
  const reading = async () => {
    for await (const page of splitLines(chunks, 0, 100)) {
      pages += page.length > 0 ? 1 : 0
      stop.abort()
    }
  }
  await t.rejects(reading())
  t.ok(pages < 10)
})

t.test('a line has one key in whatever file, and truly equal lines have one each', async t => {
  const keys = (lines: [string, number][]) => {
    const maker = new LineKeys()
    return lines.map(([text, at]) => maker.keyOf(text, at))
  }
  const pair = keys([
    ['a', 1000],
    ['a', 1000],
    ['b', 1000],
    ['a', 1000],
  ])
  t.equal(new Set(pair).size, 4)
  t.same(
    keys([
      ['a', 1000],
      ['a', 1000],
      ['b', 1000],
      ['a', 1000],
    ]),
    pair,
  )
  const apart = keys([
    ['a', 3000],
    ['c', 4000],
    ['b', 3000],
    ['a', 3000],
  ])
  t.equal(new Set(apart).size, 4, 'also with stamps a little out of order between them')
  const [first, , again] = keys([
    ['a', 1000],
    ['b', 61_000],
    ['a', 1000],
  ])
  t.equal(again, first, 'a line found behind later ones was read twice')
  const twice = keys([
    ['a', 1000],
    ['a', 1000],
    ['b', 61_000],
    ['a', 1000],
    ['a', 1000],
  ])
  t.same(twice.slice(3), twice.slice(0, 2), 'and so were two')
})
