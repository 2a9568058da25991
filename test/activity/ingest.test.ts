import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { sql } from 'kysely'
import t, { type Test } from 'tap'
import type { IngestCounts, IngestSettings } from '../../src/activity/batch.ts'
import type { Database, Db } from '../../src/database/database.ts'
import {
  ingestFile,
  logFolder,
  personDays,
  seedMailboxes,
  settingsFor,
  sumOf,
  useOf,
} from '../support/activity.ts'
import { stores } from '../support/database.ts'
import { type MakeOptions, makeLog, makeWriters, textOf, type Use, vietnamDay } from '../support/logs.ts'

const files = logFolder()
t.teardown(files.remove)

const DAY = 86_400_000
const HOUR = 3_600_000
const START = Date.parse('2026-03-02T00:00:00+07:00')
const NOW = START + 30 * DAY
const writers = makeWriters(30)
const base = { from: START, hours: 72, events: 500, writers } satisfies Partial<MakeOptions>

type Context = { t: Test; db: Db; settings: (more?: Partial<IngestSettings>) => Promise<IngestSettings> }

/** Reads a text as a file written at an instant. */
async function ingest(
  { db, settings }: Context,
  content: string | Uint8Array,
  options: Partial<IngestSettings> & { writtenAt?: number; name?: string } = {},
): Promise<IngestCounts> {
  const { writtenAt, name, ...more } = options
  const path = files.write(name ?? 'mail.log', content, writtenAt ?? START + 10 * DAY)
  return ingestFile(db, await settings(more), path)
}

/** `an 2026-03-03 1+0` for each address and day: sign-ins and sends. */
async function proofs(db: Db): Promise<string[]> {
  return (await useOf(db))
    .filter(use => use.signIns + use.sends > 0)
    .map(use => `${use.address.slice(0, use.address.indexOf('@'))} ${use.day} ${use.signIns}+${use.sends}`)
}

async function coverage(db: Db): Promise<{ days: string[]; lastAt: number | null }> {
  const { rows } = await sql<{
    day: string
  }>`select day || ' ' || lines as day from log_day order by 1`.execute(db)
  const source = await sql<{ last_at: Date | null }>`select last_at from log_source`.execute(db)
  return { days: rows.map(({ day }) => day), lastAt: source.rows[0]?.last_at?.getTime() ?? null }
}

type SignIn = { user?: string; auth?: string }

function signInAt(at: number, { user = 'p1@tinh.test', auth }: SignIn = {}): string {
  const stamp = new Date(at + 7 * HOUR).toISOString().slice(0, 23)
  const elements = `user=<${user}>, auth=<${auth ?? user}>, method=PLAIN, rip=192.0.2.7, lip=192.0.2.5, TLS, session=<S${at}>`
  return `${stamp}+07:00 mx1 dovecot: imap-login: Login: ${elements}\n`
}

const scenarios: [string, (context: Context) => Promise<void>][] = [
  ['what was read equals what truly happened', truth],
  ['person-days are counted when they are new', newPersonDays],
  ['lines that real servers wrote are worth what people did', realLines],
  ['master logins, machines and service sign-ins count for nothing', nothing],
  ['an address without domain uses the only domain there is', bareNames],
  ['a day begins and ends in the configured zone, whatever zone the stamps have', dayBoundary],
  ['late lines fold into their own day, and a day is read to its end when a later one was read', lateLines],
  ['a clock that runs ahead makes no day look complete', aheadClocks],
  ['an old file that was copied belongs to the year it was written in', copiedFile],
  ['junk is ignored and counted, and never stops reading', junk],
  ['numbers and names that no server writes do not stop it either', absurd],
  ['a packed file that breaks off gives what came before, then says so', brokenFile],
  ['a line repeated by the logger counts as often as it was written', repeatedByLogger],
  ['a mailbox linked later repairs the past', linkedLater],
]

for (const store of stores()) {
  t.test(`ingestion on ${store.name}`, { skip: store.skip }, async t => {
    for (const [name, scenario] of scenarios) {
      t.test(name, async t => {
        const database: Database = await store.open()
        t.teardown(() => database.close())
        const settings = (more: Partial<IngestSettings> = {}) => settingsFor(database.db, NOW, more)
        await seedMailboxes(database.db, writers)
        await scenario({ t, db: database.db, settings })
      })
    }
  })
}

async function truth(context: Context) {
  const { t, db } = context
  const shapes: Partial<MakeOptions>[] = [
    { stamps: 'short', reuse: true },
    { stamps: 'full', reuse: true },
    { stamps: 'short', bare: true },
  ]
  let found: Use[] = []
  for (const [i, shape] of shapes.entries()) {
    // one log after another, since what was read stays
    const made = makeLog({ ...base, ...shape, seed: i + 1, from: START + i * 4 * DAY })
    const counts = await ingest(context, textOf(made.lines))
    found = [...found, ...made.use].sort((a, b) =>
      `${a.address} ${a.day}` < `${b.address} ${b.day}` ? -1 : 1,
    )
    t.same(await useOf(db), found, `${Object.keys(shape)} of ${made.lines.length} lines`)
    t.match(counts, { ...made.counts, lines: made.lines.length, repeated: 0 })
    t.equal(sumOf(counts), counts.lines)
    t.ok(counts.supporting > 500 && counts.ignored > 30, 'the rest is told apart too')
  }
  const days = found.filter(use => use.signIns + use.sends > 0 && isKnown(use.address))
  t.same(await personDays(db), [...new Set(days.map(use => `${ownerOf(use.address)} ${use.day}`))].sort())
}

function isKnown(address: string): boolean {
  return writers.some(writer => writer.known && (writer.address === address || writer.alias === address))
}

function ownerOf(address: string): string {
  return writers.find(writer => writer.alias === address)?.address ?? address
}

async function newPersonDays(context: Context) {
  const { t, db } = context
  const made = makeLog({ ...base, seed: 5 })
  const middle = Math.floor(made.lines.length / 2)
  const first = await ingest(context, textOf(made.lines.slice(0, middle)))
  t.equal(first.personDays, (await personDays(db)).length)
  const second = await ingest(context, textOf(made.lines.slice(middle)))
  t.equal(first.personDays + second.personDays, (await personDays(db)).length)
  t.ok(second.personDays > 0)
  const alias = await ingest(
    context,
    signInAt(START + 20 * DAY) + signInAt(START + 20 * DAY, { user: 'ten.khac.1@tinh.test' }),
  )
  t.match(alias, { signals: 2, personDays: 1 }, 'two addresses of one mailbox are one person')
}

/** The two logs that Dovecot and Postfix wrote in a test of the servers; what was done is read off them by eye. */
async function realLines(context: Context) {
  const { t, db } = context
  const real = (name: string) => readFileSync(join(import.meta.dirname, '../support/real-lines', name))
  const writtenAt = Date.parse('2026-11-22T01:00:00+07:00')
  const more = { writtenAt, now: () => writtenAt, masters: new Set(['watcher']) }
  const dovecot = await ingest(context, real('dovecot-separated.log'), more)
  t.equal(sumOf(dovecot), dovecot.lines)
  const seen = Object.groupBy(dovecotSignIns(real('dovecot-separated.log').toString()), name => name)
  for (const use of await useOf(db)) t.equal(use.signIns, seen[use.address]?.length ?? 0, use.address)
  t.ok(Object.keys(seen).length >= 2)
  t.equal(dovecot.excluded, excludedLines(real('dovecot-separated.log').toString()))
  const postfix = await ingest(context, real('postfix.log'), { ...more, name: 'postfix.log' })
  t.equal(sumOf(postfix), postfix.lines)
  const sends = Object.groupBy(postfixSends(real('postfix.log').toString()), name => name)
  for (const use of await useOf(db)) t.equal(use.sends, sends[use.address]?.length ?? 0, use.address)
  t.ok(Object.keys(sends).length >= 2)
}

/** Own sign-ins to IMAP and POP3, found with one expression made for this log only. */
function dovecotSignIns(log: string): string[] {
  const own = [...log.matchAll(/ (?:imap|pop3)-login: Info: Login: user=<([^>]+)>, auth=<([^>]+)>/g)]
  return own.flatMap(([, user = '', auth = '']) => (auth.toLowerCase() === user ? [user] : []))
}

function excludedLines(log: string): number {
  return log
    .split('\n')
    .filter(line => /Login: .*auth=<watcher>|\)<watcher><\d+>/.test(line) && !line.includes('failed')).length
}

/** Users whose queue id was taken into the queue from a sender who is somebody. */
function postfixSends(log: string): string[] {
  const own = [
    ...log.matchAll(/: ([0-9A-Za-z]{6,}): client=\S+ sasl_method=\w+, sasl_username=([^,\n]+)(.*)/g),
  ]
  return own.flatMap(([, id, user = '', rest = '']) =>
    !rest.includes('orig_queue_id') && new RegExp(`${id}: from=<[^>]+>, size=\\d+, nrcpt`).test(log)
      ? [user.toLowerCase()]
      : [],
  )
}

async function nothing(context: Context) {
  const { t, db } = context
  const at = START + 5 * DAY
  const line = (program: string, text: string) =>
    `${new Date(at + 7 * HOUR).toISOString().slice(0, 19)}+07:00 mx1 ${program}: ${text}\n`
  const login = (service: string, user: string, more: string) =>
    line('dovecot', `${service}-login: Login: user=<${user}>, ${more}`)
  const out = (user: string, id: string) =>
    line(
      'dovecot',
      `imap(${user})<7><${id}>: Disconnected: Logged out in=5 out=9 deleted=1 expunged=1 trashed=0 hdr_count=0 hdr_bytes=0 body_count=3 body_bytes=9`,
    )
  const p2 = 'p2@tinh.test'
  const text = [
    login('imap', p2, 'auth=<watcher>, method=PLAIN, rip=192.0.2.1, session=<master>'),
    out(p2, 'master'),
    login('imap', p2, 'auth=<p3@tinh.test>, method=PLAIN, rip=192.0.2.1, session=<somebody-else>'),
    out(p2, 'somebody-else'),
    login('imap', p2, 'method=PLAIN, rip=::ffff:192.0.2.250, session=<machine>'),
    out(p2, 'machine'),
    login('submission', p2, 'method=PLAIN, rip=192.0.2.1, session=<a>'),
    login('managesieve', p2, 'method=PLAIN, rip=192.0.2.1, session=<b>'),
    line(
      'dovecot',
      `imap-login: Disconnected (auth failed, 1 attempts): user=<${p2}>, method=PLAIN, rip=192.0.2.1, session=<c>`,
    ),
    line(
      'postfix/submission/smtpd[9]',
      `warning: unknown[192.0.2.1]: SASL LOGIN authentication failed: x, sasl_username=${p2}`,
    ),
    line(
      'postfix/submission/smtpd[9]',
      `4F1A2B3C4D5: client=unknown[192.0.2.250], sasl_method=PLAIN, sasl_username=${p2}`,
    ),
    line('postfix/qmgr[1]', `4F1A2B3C4D5: from=<${p2}>, size=9, nrcpt=1 (queue active)`),
  ].join('')
  const counts = await ingest(context, text)
  t.match(counts, {
    lines: 12,
    signals: 0,
    excluded: 7,
    supporting: 3,
    ignored: 2,
    unattributed: 0,
    personDays: 0,
  })
  t.same(await useOf(db), [], 'not even evidence of a hand')
  const rest = await ingest(context, out(p2, 'machine').replace('in=5', 'in=6'))
  t.match(rest, { excluded: 1 }, 'also where the session ends in a later file')
  const alias = await ingest(context, signInAt(at, { user: p2, auth: 'ten.khac.2@tinh.test' }))
  t.match(alias, { signals: 1 }, 'an alias of the own mailbox is no master')
}

async function bareNames(context: Context) {
  const { t, db } = context
  const text = (n: number) => signInAt(START + n * DAY, { user: 'p1' })
  t.match(await ingest(context, text(0)), { signals: 1 })
  t.match(
    await ingest(context, text(1), { domain: null }),
    { unattributed: 1 },
    'of several domains it may be any',
  )
  const excludedNames = new Set(['p1@tinh.test'])
  t.match(await ingest(context, text(2), { excludedNames }), { excluded: 1 }, 'excluded by its address')
  t.match(await ingest(context, text(3), { masters: new Set(['p1']) }), { excluded: 1 })
  t.same(await proofs(db), ['p1 2026-03-02 1+0'])
}

async function dayBoundary(context: Context) {
  const { t, db } = context
  const made = makeLog({ ...base, seed: 9, hours: 10, events: 300, from: START + 19 * HOUR, offset: 0 })
  await ingest(context, textOf(made.lines), { timeZone: 'UTC' })
  t.same(await useOf(db), made.use)
  t.same([...new Set(made.use.map(use => use.day))].sort(), ['2026-03-02', '2026-03-03'])
  const days = Object.groupBy(made.lines, line => vietnamDay(line.at))
  const { days: covered, lastAt } = await coverage(db)
  t.same(
    covered,
    Object.entries(days)
      .map(([day, lines]) => `${day} ${lines?.length}`)
      .sort(),
  )
  t.equal(lastAt, Math.floor((made.lines.at(-1)?.at ?? 0) / 1000) * 1000)
  const midnight = START + 8 * DAY
  await ingest(
    context,
    signInAt(midnight - 1, { user: 'p4@tinh.test' }) + signInAt(midnight, { user: 'p4@tinh.test' }),
  )
  t.same(
    (await proofs(db)).filter(each => each.startsWith('p4 2026-03-1') || each.startsWith('p4 2026-03-09')),
    ['p4 2026-03-09 1+0', 'p4 2026-03-10 1+0'],
  )
}

async function lateLines(context: Context) {
  const { t, db } = context
  const midnight = START + DAY
  await ingest(context, signInAt(midnight - HOUR) + signInAt(midnight + 600_000))
  const early = await coverage(db)
  t.same(early, { days: ['2026-03-02 1', '2026-03-03 1'], lastAt: midnight + 600_000 })
  await ingest(context, signInAt(midnight + 900_000) + signInAt(midnight - 60_000))
  t.same(await proofs(db), ['p1 2026-03-02 2+0', 'p1 2026-03-03 2+0'])
  t.same(await coverage(db), { days: ['2026-03-02 2', '2026-03-03 2'], lastAt: midnight + 900_000 })
  await ingest(context, signInAt(midnight - 3 * DAY))
  t.equal((await coverage(db)).lastAt, midnight + 900_000, 'an older file takes nothing back')
}

async function aheadClocks(context: Context) {
  const { t, db } = context
  const day = START + 2 * DAY
  const now = day + 20 * HOUR
  const settings = { now: () => now, writtenAt: now }
  const evening = signInAt(now - 60_000)
  t.match(await ingest(context, signInAt(day) + signInAt(now + 2 * DAY) + evening, settings), {
    signals: 2,
    ignored: 1,
  })
  await ingest(context, signInAt(now + 5 * HOUR), settings)
  t.equal((await coverage(db)).lastAt, now, 'not later than now')
  const old = START - 40 * DAY
  const lines = [0, 1, 2, 30, 3, 4].map(hour => signInAt(old + hour * HOUR))
  await ingest(context, lines.join(''), { ...settings, source: await otherSource(db) })
  const { rows } = await sql<{ last_at: Date }>`select last_at from log_source where name = 'other'`.execute(
    db,
  )
  t.equal(
    rows[0]?.last_at.getTime(),
    old + 4 * HOUR,
    'of an old file: not later than what the lines behind it say',
  )
}

async function otherSource(db: Db): Promise<number> {
  const { rows } = await sql<{
    id: number
  }>`insert into log_source (name, kind) values ('other', 'log') returning id`.execute(db)
  return rows[0]?.id ?? 0
}

async function copiedFile(context: Context) {
  const { t, db } = context
  const made = makeLog({ ...base, seed: 2, from: Date.parse('2025-06-01T00:00:00+07:00'), events: 60 })
  const now = Date.parse('2026-03-20T00:00:00+07:00') // June is nearer ahead than behind
  await ingest(context, textOf(made.lines), { writtenAt: now, now: () => now })
  t.same(await useOf(db), made.use)
  const newYear = makeLog({ ...base, seed: 3, from: Date.parse('2025-12-31T00:00:00+07:00'), events: 60 })
  await ingest(context, textOf(newYear.lines), { writtenAt: now, now: () => now })
  t.same(
    (await useOf(db)).filter(use => use.day > '2025-12'),
    newYear.use,
    'and goes on into the next year',
  )
}

async function junk(context: Context) {
  const { t, db } = context
  const good = signInAt(START)
  const pieces: [string, string | Uint8Array, Partial<IngestCounts>][] = [
    ['nothing', '', { lines: 0 }],
    ['empty lines', '\n\n  \n', { lines: 3, ignored: 3 }],
    ['no stamp', 'imap-login: Login: user=<p1@tinh.test>, session=<x>\nhello\n', { lines: 2, ignored: 2 }],
    ['a future stamp', good.replace('2026', '2031'), { lines: 1, ignored: 1 }],
    [
      'binary',
      Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919) % 256)),
      { signals: 0, repeated: 0 },
    ],
    ['a NUL in a line', good.replace('mx1', 'mx\0'), { lines: 1, ignored: 1 }],
    [
      'a megabyte in one line',
      `${good.slice(0, -1)}${'x'.repeat(1 << 20)}\n${good}`,
      { lines: 2, ignored: 1, signals: 1 },
    ],
    [
      'Latin-1 before it',
      Buffer.concat([Buffer.from('caf\u00e9 ', 'latin1'), Buffer.from(`\n${signInAt(START + 1)}`)]),
      { lines: 2, ignored: 1, signals: 1 },
    ],
    ['a copy made on Windows', signInAt(START).replace('\n', '\r\n'), { lines: 1, repeated: 1 }],
  ]
  for (const [name, content, expected] of pieces) {
    const counts = await ingest(context, content)
    t.match(counts, expected, name)
    t.equal(sumOf(counts), counts.lines, name)
  }
  t.same(await proofs(db), ['p1 2026-03-02 2+0'])
  const whole = textOf(makeLog({ ...base, seed: 4, events: 40, from: START + 3 * DAY }).lines)
  for (let cut = 1; cut < 200; cut += 9) {
    const counts = await ingest(
      context,
      whole
        .split('\n')
        .map(line => line.slice(0, -cut))
        .join('\n'),
    )
    t.equal(sumOf(counts), counts.lines, `every line cut by ${cut}`)
  }
}

async function absurd(context: Context) {
  const { t, db } = context
  const [stamp = ''] = signInAt(START).split(' ', 1)
  const host = 'h'.repeat(30_000)
  const digits = '9'.repeat(15)
  const name = 'n'.repeat(300)
  const text = [
    `${stamp} ${host} postfix/smtpd[1]: 4F1A2B3C4D5: client=unknown[192.0.2.1], sasl_method=PLAIN, sasl_username=p1@tinh.test`,
    `${stamp} ${host} postfix/qmgr[1]: 4F1A2B3C4D5: from=<p1@tinh.test>, size=${digits}, nrcpt=${digits} (queue active)`,
    `${stamp} mx1 dovecot: imap-login: Login: user=<p1@tinh.test>, rip=192.0.2.250, session=<${name.repeat(100)}>`,
    `${stamp} mx1 dovecot: imap(p1@tinh.test)<7><${name.repeat(100)}>: Disconnected: Logged out deleted=${digits} expunged=${digits} trashed=0 body_count=0`,
    `${stamp} mx1 dovecot: imap-login: Login: user=<${name}@tinh.test>, rip=192.0.2.1, session=<x>`,
    `${stamp} mx1 dovecot: imap-login: Login: user=<${name.slice(0, 77)}...>, rip=192.0.2.1, session=<y>`,
    ...Array.from(
      { length: 3000 },
      (_, i) =>
        `${stamp} mx1 dovecot: message repeated 1000000 times: [ imap-login: Login: user=<p1@tinh.test>, session=<${i}>]`,
    ),
  ]
  const counts = await ingest(context, `${text.join('\n')}\n`)
  t.match(counts, { lines: 3006, signals: 3001, excluded: 2, unattributed: 2, supporting: 1 })
  t.match(await useOf(db), [{ address: 'p1@tinh.test', signIns: 1_000_000, sends: 1, recipients: 100_000 }])
}

async function brokenFile(context: Context) {
  const { t, db } = context
  const made = makeLog({ ...base, seed: 6, events: 3000 })
  const packed = gzipSync(textOf(made.lines))
  await t.rejects(ingest(context, packed.subarray(0, packed.length / 2), { name: 'mail.log.2.gz' }), {
    code: 'file_unreadable',
  })
  const { rows } = await sql<{ lines: number }>`select sum(lines)::bigint as lines from log_day`.execute(db)
  t.ok((rows[0]?.lines ?? 0) > made.lines.length / 3, 'what came before is kept')
  const whole = await ingest(context, packed, { name: 'mail.log.2.gz' })
  t.equal(whole.repeated, rows[0]?.lines)
  t.same(await useOf(db), made.use, 'and the whole file adds the rest')
}

async function repeatedByLogger(context: Context) {
  const { t, db } = context
  const [stamp = ''] = signInAt(START).split(' ', 1)
  const login = 'imap-login: Login: user=<p1@tinh.test>, method=PLAIN, rip=192.0.2.1'
  const text = [
    `${stamp} mx1 dovecot: ${login}`,
    `${stamp} mx1 dovecot: message repeated 3 times: [ ${login}]`,
    `${stamp} mx1 last message repeated 2 times`,
  ]
  t.match(await ingest(context, `${text.join('\n')}\n`), { signals: 2, ignored: 1 })
  t.same(await proofs(db), ['p1 2026-03-02 4+0'])
}

async function linkedLater(context: Context) {
  const { t, db } = context
  const counts = await ingest(context, signInAt(START, { user: 'moi@tinh.test' }))
  t.match(counts, { unattributed: 1, signals: 0, personDays: 0 })
  t.same(await personDays(db), [])
  await sql`insert into mailbox_address (address, mailbox_id, kind, first_day)
    select 'moi@tinh.test', id, 'alias', '-infinity' from mailbox where address = 'p1@tinh.test'`.execute(db)
  t.same(await personDays(db), ['p1@tinh.test 2026-03-02'])
  t.match(
    await ingest(context, signInAt(START + 1, { user: 'moi@tinh.test' })),
    { signals: 1, personDays: 0 },
    'the day is not new',
  )
  t.match(await ingest(context, signInAt(START + DAY, { user: 'moi@tinh.test' })), {
    signals: 1,
    personDays: 1,
  })
}
