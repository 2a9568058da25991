import { mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'ldapts'
import t from 'tap'
import { AppError } from '../../../src/error.ts'
import type { DirectoryEntry } from '../../../src/roster/sources/entry.ts'
import { checkLdap, type LdapSearch, type LdapServer, openLdap } from '../../../src/roster/sources/ldap.ts'
import {
  type Answer,
  type Asked,
  entryMessage,
  type OddEntry,
  people,
  resultMessage,
  type Script,
  startOddDirectory,
} from '../../support/odd-directory.ts'
import { available, type Slapd, startSlapd } from '../../support/servers/index.ts'
import { mustRun } from '../../support/servers/process.ts'

const never = new AbortController().signal
const search: LdapSearch = {
  base: 'ou=people,dc=tinh,dc=test',
  filter: '(objectClass=inetOrgPerson)',
  attributes: ['uid', 'cn'],
}

/** Everything that came before the end or the failure, and the failure. */
type Outcome = { entries: DirectoryEntry[]; error: AppError | null; referrals: number }

async function read(server: LdapServer, what: LdapSearch = search, signal = never): Promise<Outcome> {
  const outcome: Outcome = { entries: [], error: null, referrals: 0 }
  try {
    const session = await openLdap(server, signal)
    try {
      for await (const page of session.search(what, signal)) outcome.entries.push(...page)
    } finally {
      outcome.referrals = session.referrals
      session.close()
    }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    outcome.error = error
  }
  return outcome
}

async function readOdd(t: Tap, script: Script, server: Partial<LdapServer> = {}, what = search) {
  const directory = await startOddDirectory(script)
  t.teardown(directory.stop)
  const outcome = await read({ url: directory.url, ...directory.account, ...server }, what)
  return { ...outcome, directory }
}

type Tap = Pick<typeof t, 'teardown'>

t.test('a directory that answers oddly', async t => {
  t.test('is read in pages up to the empty cookie, with the account and no limits of its own', async t => {
    const answers = [
      { entries: people(2), cookie: 'a' },
      { entries: people(2, 2), cookie: 'b' },
      { entries: people(1, 4) },
    ]
    const { entries, error, directory } = await readOdd(t, { answers }, { pageSize: 2 })
    t.equal(error, null)
    t.same(
      entries.map(entry => entry.dn),
      people(5),
    )
    t.same(
      directory.searches.map(s => s.cookie),
      ['', 'a', 'b'],
    )
    t.match(directory.searches, [{ as: directory.account.bindDn, size: 2, sizeLimit: 0, timeLimit: 0 }])
  })

  t.test('is read on after an empty page with a live cookie', async t => {
    const answers = [
      { entries: people(2), cookie: 'a' },
      { cookie: 'b' },
      { cookie: 'b' },
      { entries: people(1, 2) },
    ]
    const { entries, error } = await readOdd(t, { answers })
    t.equal(error, null)
    t.equal(entries.length, 3)
  })

  t.test('loses people with the client of ldapts 9.2.0, which is why that is not used', async t => {
    const answers = [{ entries: people(2), cookie: 'a' }, { cookie: 'b' }, { entries: people(1, 2) }]
    const directory = await startOddDirectory({ answers })
    t.teardown(directory.stop)
    const client = new Client({ url: directory.url })
    const found = await client.search(search.base, { paged: true })
    await client.unbind()
    t.equal(found.searchEntries.length, 2, 'when this fails, our own connection may have become needless')
  })

  t.test('is given up when it sends empty pages for ever', async t => {
    const { error, directory } = await readOdd(t, {
      answers: index => (index === 0 ? { entries: people(1), cookie: 'same' } : { cookie: 'same' }),
    })
    t.match(error, { code: 'read_incomplete', message: /10000 empty pages/ })
    t.equal(directory.searches.length, 10_002)
  })

  t.test('is incomplete when it does not say whether there are more pages', async t => {
    const { error } = await readOdd(t, { answers: [{ entries: people(2), cookie: null }] })
    t.match(error, { code: 'read_incomplete', exitStatus: 3 })
  })

  t.test('is incomplete when the connection is closed after the second page', async t => {
    const answers: Answer[] = [
      { entries: people(2), cookie: 'a' },
      { entries: people(2, 2), cookie: 'b' },
      { instead: 'silence', close: true },
      { entries: people(9, 4) },
    ]
    const { entries, error, directory } = await readOdd(t, { answers })
    t.equal(entries.length, 4)
    t.match(error, { code: 'read_incomplete', temporary: true, details: { entries: 4 } })
    t.match(error?.message, /4 entries came, not all/)
    t.equal(directory.connections, 1, 'nobody connects again')
    t.notOk(
      directory.searches.some(s => s.as === ''),
      'and nobody searches as nobody',
    )
  })

  t.test('counts the entries of a page that was cut off', async t => {
    const answers: Answer[] = [{ entries: people(3), instead: 'silence', close: true }]
    const { entries, error } = await readOdd(t, { answers })
    t.equal(entries.length, 0)
    t.match(error, { code: 'read_incomplete', details: { entries: 3 } })
  })

  t.test('closed while idle fails the next search instead of connecting again as nobody', async t => {
    const directory = await startOddDirectory({
      answers: [{ entries: people(1), close: true }, { entries: people(1) }],
    })
    t.teardown(directory.stop)
    const session = await openLdap({ url: directory.url, ...directory.account }, never)
    const drain = async () => {
      for await (const _ of session.search(search, never));
    }
    await drain()
    await new Promise(resolve => setTimeout(resolve, 50))
    await t.rejects(drain(), { code: 'read_incomplete', temporary: true })
    t.equal(directory.connections, 1)
    t.equal(directory.searches.length, 1)
  })

  for (const [code, reason] of [
    [3, /time limit/],
    [4, /size\.prtotal=unlimited/],
    [10, /another server/],
    [11, /administrative limit/],
    [32, /not there or hidden/],
  ] as const) {
    t.test(`is incomplete with result ${code}, at once or after pages`, async t => {
      const atOnce = await readOdd(t, { answers: [{ entries: people(3), result: code }] })
      t.match(atOnce.error, {
        code: 'read_incomplete',
        message: reason,
        details: { entries: 3, resultCode: code },
      })
      t.same(atOnce.entries, [])
      const withNone = await readOdd(t, { answers: [{ result: code }] })
      t.match(withNone.error, { code: 'read_incomplete', message: /no entry came/ })
      const later = await readOdd(t, { answers: [{ entries: people(3), cookie: 'a' }, { result: code }] })
      t.match(later.error, { code: 'read_incomplete', message: /3 entries came/, details: { entries: 3 } })
    })
  }

  for (const code of [1, 8, 12, 13, 50, 53, 80]) {
    t.test(`refuses with result ${code} before the first entry, and is incomplete after it`, async t => {
      const before = await readOdd(t, { answers: [{ result: code }] })
      t.match(before.error, { code: 'directory_refused', exitStatus: 1, temporary: false })
      const after = await readOdd(t, { answers: [{ entries: people(1), cookie: 'a' }, { result: code }] })
      t.match(after.error, { code: 'read_incomplete', exitStatus: 3 })
    })
  }

  for (const code of [51, 52]) {
    t.test(`that is busy or not available (${code}) may be tried again`, async t => {
      const before = await readOdd(t, { answers: [{ result: code }] })
      t.match(before.error, { code: 'directory_unreachable', temporary: true })
      const after = await readOdd(t, { answers: [{ entries: people(1), cookie: 'a' }, { result: code }] })
      t.match(after.error, { code: 'read_incomplete', temporary: true })
    })
  }

  t.test('is waited for only so long', async t => {
    const quick = { operationTimeoutMs: 100 }
    const first = await readOdd(t, { answers: [{ instead: 'silence' }] }, quick)
    t.match(first.error, {
      code: 'directory_unreachable',
      temporary: true,
      message: /0\.1 s.*operationTimeoutMs/,
    })
    const second = await readOdd(
      t,
      { answers: [{ entries: people(2), cookie: 'a' }, { instead: 'silence' }] },
      quick,
    )
    t.match(second.error, { code: 'read_incomplete', temporary: true, details: { entries: 2 } })
  })

  t.test('stops being read when the reading is cancelled', async t => {
    const directory = await startOddDirectory({
      answers: [{ entries: people(1), cookie: 'a' }, { instead: 'silence' }],
    })
    t.teardown(directory.stop)
    const stop = new AbortController()
    setTimeout(() => stop.abort(), 50)
    const outcome = await read({ url: directory.url, ...directory.account }, search, stop.signal)
    t.match(outcome.error, { code: 'cancelled' })
  })

  t.test('has its continuation references counted', async t => {
    const references = ['ldap://other.tinh.test/ou=x', 'ldap://other.tinh.test/ou=y']
    const { entries, error, referrals } = await readOdd(t, { answers: [{ entries: people(1), references }] })
    t.equal(error, null)
    t.equal(entries.length, 1)
    t.equal(referrals, 2)
  })

  t.test('leaves out the entry at the base however it is written, unless it is asked for', async t => {
    const base = 'ou=Sở Nội vụ\\, phòng A,dc=tinh,dc=test'
    const spellings = [base, 'OU = sở  nội vụ\\2c PHÒNG A , DC=tinh,dc=test'.normalize('NFD')]
    spellings.push('ou=S\\e1\\bb\\9f N\\e1\\bb\\99i v\\e1\\bb\\a5\\, ph\\c3\\b2ng A,dc=tinh,dc=test')
    for (const spelling of spellings) {
      const answers = [{ entries: [spelling, `cn=a,${base}`] }]
      const without = await readOdd(t, { answers }, {}, { ...search, base })
      t.same(
        without.entries.map(entry => entry.dn),
        [`cn=a,${base}`],
      )
      const included = await readOdd(t, { answers }, {}, { ...search, base, includeBase: true })
      t.equal(included.entries.length, 2)
    }
  })

  t.test('that finds nothing must show the base, or the nothing is not believed', async t => {
    const shown = await readOdd(t, { answers: [{}, { entries: [search.base] }] })
    t.same([shown.entries, shown.error], [[], null])
    const hidden = await readOdd(t, { answers: [{}, {}] })
    t.match(hidden.error, { code: 'read_incomplete', message: /not there or hidden/ })
  })

  t.test('gives attributes in lower case, bytes as text, and broken text visibly', async t => {
    const objectGUID = Buffer.from('33221100554477668899aabbccddeeff', 'hex')
    const photo = Buffer.from([0xff, 0xd8, 0x00])
    const attributes = {
      objectGUID: [objectGUID],
      Thumb: [photo],
      'cn;lang-VI': ['An', 'Ân'],
      sn: [photo],
      title: [],
    }
    const answers = [{ entries: [{ dn: 'cn=a', attributes }] }]
    const { entries } = await readOdd(t, { answers }, {}, { ...search, binary: ['thumb'] })
    t.same(Object.fromEntries(entries[0]?.attributes ?? []), {
      objectguid: ['00112233-4455-6677-8899-aabbccddeeff'],
      thumb: ['ffd800'],
      'cn;lang-vi': ['An', 'Ân'],
      sn: ['\ufffd\ufffd\0'],
      title: [],
    })
  })

  t.test('that sends values in parts is asked for the next one until the last has come', async t => {
    const part = (name: string, values: string[]): OddEntry => ({
      dn: 'cn=a',
      attributes: { [name]: values },
    })
    const parts: Record<string, OddEntry> = {
      'member;range=2-*': part('Member;Range=2-3', ['c', 'd']),
      'member;range=4-*': part('member;range=4-*', ['e']),
    }
    const first = { dn: 'cn=a', attributes: { cn: ['A'], member: [], 'member;range=0-1': ['a', 'b'] } }
    const answers = (index: number, { attributes: [name = ''] }: Asked): Answer => {
      if (index === 0) return { entries: [first, 'cn=b'], cookie: 'more' }
      const next = parts[name]
      return { entries: next ? [next] : ['cn=c'] }
    }
    const { entries, error, directory } = await readOdd(t, { answers })
    t.equal(error, null)
    t.same(Object.fromEntries(entries[0]?.attributes ?? []), { cn: ['A'], member: ['a', 'b', 'c', 'd', 'e'] })
    t.equal(entries.length, 3)
    t.same(
      directory.searches.map(each => [each.base, each.attributes[0], each.size]),
      [
        [search.base, 'uid', 1000],
        ['cn=a', 'member;range=2-*', 0],
        ['cn=a', 'member;range=4-*', 0],
        [search.base, 'uid', 1000],
      ],
      'before the next page is asked for',
    )
    const alone = await readOdd(t, {
      answers: [{ entries: [first] }, { entries: [part('member;range=2-*', [])] }],
    })
    t.not(entries[0]?.digest, alone.entries[0]?.digest, 'the digest covers all parts')
  })

  t.test('that sends values in parts and not all of them is incomplete', async t => {
    const part = (name: string): Answer => ({ entries: [{ dn: 'cn=a', attributes: { [name]: ['x'] } }] })
    const whole = await readOdd(t, { answers: [part('member;range=0-*')] })
    t.same([...(whole.entries[0]?.attributes.keys() ?? [])], ['member'])
    for (const answers of [
      [part('member;range=0-1499'), part('member;range=1501-*')],
      [part('member;range=0-1499'), part('member;range=1500-1499')],
      [part('member;range=0-1499'), part('other;range=1500-*')],
      [part('member;range=0-1499'), {}],
      [part('member;range=0-1499'), { result: 32 }],
      [part('member;range=0-1499'), { close: true, instead: 'silence' as const }],
      [part('member;range=1500-*')],
    ]) {
      const { error, entries } = await readOdd(t, { answers })
      t.match(error, { code: 'read_incomplete', message: /1 entries came, not all/ })
      t.equal(entries.length, 0)
    }
  })

  t.test('is asked for one page ahead of whoever reads, and no more', async t => {
    const directory = await startOddDirectory({
      answers: index => ({ entries: people(2, index * 2), cookie: index < 9 ? 'more' : '' }),
    })
    t.teardown(directory.stop)
    const session = await openLdap({ url: directory.url, ...directory.account }, never)
    t.teardown(session.close)
    const pages = session.search(search, never)
    await pages.next()
    await sleep(50)
    t.equal(directory.searches.length, 2)
    await pages.return(undefined)
    const again: DirectoryEntry[] = []
    for await (const page of session.search(search, never)) again.push(...page)
    t.equal(again[0]?.dn, people(1, 4)[0], 'a reading that was left off does not mix with the next')
    t.equal(directory.searches.length, 10)
  })

  t.test(
    'gives an entry the same digest as long as it is the same, whatever message it comes in',
    async t => {
      const entry = (phone: string): OddEntry => ({ dn: 'cn=a', attributes: { cn: ['An'], mobile: [phone] } })
      const answers = [
        { entries: ['cn=b', entry('0901')], cookie: 'a' },
        { entries: [entry('0901'), entry('0902')] },
      ]
      const { entries } = await readOdd(t, { answers })
      const digests = entries.map(each => each.digest)
      t.equal(digests[1], digests[2])
      t.equal(new Set(digests).size, 3)
      t.ok(digests.every(each => typeof each === 'bigint' && each >= 0n && each < 1n << 64n))
    },
  )

  t.test(
    'is read with an entry of many megabytes, and not with one that is larger than any can be',
    async t => {
      const of = (megabytes: number): OddEntry => ({
        dn: 'cn=a',
        attributes: {
          description: Array.from({ length: megabytes * 1_000 }, (_, i) => `${i}`.padEnd(1_000, 'x')),
        },
      })
      const large = await readOdd(t, { answers: [{ entries: ['cn=b', of(12), 'cn=c'] }] })
      t.equal(large.error, null)
      t.equal(large.entries.length, 3)
      t.equal(large.entries[1]?.attributes.get('description')?.length, 12_000)
      const announced = Buffer.from('308402000000', 'hex') // 32 MB to come
      const tooLarge = await readOdd(t, { answers: [{ entries: ['cn=b'], instead: announced }] })
      t.match(tooLarge.error, { code: 'read_incomplete', temporary: true })
    },
  )

  t.test('that says garbage is not believed', async t => {
    const tooLong = entryMessage(2, 'cn=a')
    tooLong[tooLong.length - 5] = 5 // the length of the last value, which has four bytes
    const garbage = [
      Buffer.concat([tooLong, resultMessage(2, 0x65, 0, '')]),
      Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'),
      Buffer.from('30840000ffffff', 'hex'),
      Buffer.from('3080', 'hex'),
      entryMessage(99, 'cn=for nobody'),
      resultMessage(0, 0x78, 52),
      Buffer.from('300602010265010a', 'hex'),
    ]
    for (const instead of garbage) {
      const first = await readOdd(t, { answers: [{ instead }] }, { operationTimeoutMs: 300 })
      t.match(first.error, { code: 'directory_unreachable', temporary: true })
      const answers: Answer[] = [{ entries: people(1), cookie: 'a' }, { instead }]
      const later = await readOdd(t, { answers }, { operationTimeoutMs: 300 })
      t.match(later.error, { code: 'read_incomplete' })
    }
    const notice = await readOdd(t, { answers: [{ instead: resultMessage(0, 0x78, 52) }] })
    t.match(notice.error?.message, /ended the connection by itself/)
    const greeted = await readOdd(t, { greeting: Buffer.from('220 mail.tinh.test ESMTP\r\n') })
    t.match(greeted.error, { code: 'directory_unreachable', message: /not LDAP/ })
  })

  t.test('is never complete when its answer is cut off, wherever that is', async t => {
    const whole = Buffer.concat([...people(2).map(dn => entryMessage(2, dn)), resultMessage(2, 0x65, 0, '')])
    for (let length = 0; length < whole.length; length++) {
      const cut = await readOdd(t, { answers: [{ instead: whole.subarray(0, length), close: true }] })
      if (cut.error === null) t.fail(`complete after ${length} of ${whole.length} bytes`)
    }
  })

  t.test('never yields fewer people for a byte gone wrong', async t => {
    const whole = Buffer.concat([...people(2).map(dn => entryMessage(2, dn)), resultMessage(2, 0x65, 0, 'c')])
    for (let at = 0; at < whole.length; at++) {
      const wrong = Buffer.from(whole)
      wrong[at] = at % 2 === 0 ? 0xff : (whole[at] ?? 0) + 1
      const answers: Answer[] = [{ instead: wrong }, { entries: people(1, 2), close: true }]
      const { error, entries } = await readOdd(t, { answers }, { operationTimeoutMs: 30 })
      if (error === null && entries.length !== 3) t.fail(`${entries.length} people with byte ${at} wrong`)
    }
  })
})

t.test('signing in', async t => {
  t.test('fails with a sentence for a wrong password, and nothing is searched', async t => {
    const { error, directory } = await readOdd(t, {}, { bindPassword: 'wrong' })
    t.match(error, {
      code: 'directory_refused',
      exitStatus: 1,
      temporary: false,
      details: { resultCode: 49 },
    })
    t.match(error?.message, /name or password is wrong/)
    t.same(directory.searches, [])
  })

  t.test('is refused for whatever reason the directory has', async t => {
    for (const bindResult of [7, 8, 10, 13, 32, 34, 48, 50, 53, 99]) {
      const { error } = await readOdd(t, { bindResult })
      t.match(error, { code: 'directory_refused', details: { resultCode: bindResult } })
    }
  })

  t.test('needs a password with a name, since servers take none for an anonymous sign-in', async t => {
    for (const bindPassword of ['', undefined]) {
      const server = {
        url: 'ldap://127.0.0.1:1',
        bindDn: 'cn=reader',
        ...(bindPassword === '' && { bindPassword }),
      }
      await t.rejects(openLdap(server, never), { code: 'config_invalid', message: /bindPassword/ })
    }
  })

  t.test('happens as nobody only when no name is set', async t => {
    const directory = await startOddDirectory({ answers: [{ entries: people(1) }] })
    t.teardown(directory.stop)
    t.equal((await read({ url: directory.url })).entries.length, 1)
    t.match(directory.searches, [{ as: '' }])
  })

  t.test('does not go on where StartTLS is refused, or where bytes follow its answer in clear', async t => {
    const refused = await readOdd(t, {}, { startTls: true })
    t.match(refused.error, { code: 'directory_refused', message: /StartTLS/ })
    const startTls = Buffer.concat([resultMessage(1, 0x78, 0), resultMessage(2, 0x61, 0)])
    const injected = await readOdd(t, { startTls }, { startTls: true })
    t.match(injected.error, { code: 'directory_unreachable' })
    t.same(injected.directory.searches, [])
  })
})

t.test('connecting', async t => {
  t.test('says what to do when nobody listens, the name is unknown, or nobody answers', async t => {
    const deaf = net.createServer(socket => socket.resume().on('error', () => {}))
    await new Promise<void>(resolve => deaf.listen(0, '127.0.0.1', resolve))
    const address = deaf.address()
    const port = typeof address === 'object' && address ? address.port : 0
    const silent = await read({ url: `ldaps://127.0.0.1:${port}`, connectTimeoutMs: 100 })
    t.match(silent.error, { code: 'directory_unreachable', temporary: true, message: /within 0\.1 s/ })
    await new Promise(resolve => deaf.close(resolve))
    const closed = await read({ url: `ldap://127.0.0.1:${port}` })
    t.match(closed.error, {
      code: 'directory_unreachable',
      temporary: true,
      message: /refused the connection/,
    })
    const unknown = await read({ url: 'ldap://no-such-host.invalid' })
    t.match(unknown.error, {
      code: 'directory_unreachable',
      temporary: true,
      message: /no-such-host\.invalid/,
    })
  })

  t.test('refuses settings that cannot be meant', async t => {
    t.match((await read({ url: 'http://127.0.0.1' })).error, { code: 'config_invalid', exitStatus: 2 })
    t.match((await read({ url: 'not a url' })).error, { code: 'config_invalid' })
    t.match((await read({ url: 'ldaps://127.0.0.1', startTls: true })).error, { code: 'config_invalid' })
    t.match((await read({ url: 'ldaps://127.0.0.1', caFile: '/no/such.pem' })).error, {
      code: 'file_unreadable',
    })
    const { error } = await readOdd(t, {}, {}, { ...search, filter: '(cn=' })
    t.match(error, { code: 'config_invalid', message: /\(cn=/ })
  })

  t.test('stops when cancelled', async t => {
    t.match((await read({ url: 'ldap://127.0.0.1:1' }, search, AbortSignal.abort())).error, {
      code: 'cancelled',
    })
  })
})

t.test('a page without an end is given up before it takes all memory', async t => {
  const value = 'x'.repeat(8 << 20)
  const entries = Array.from({ length: 17 }, (_, i) => ({
    dn: `uid=u${i},${search.base}`,
    attributes: { cn: [value] },
  }))
  const { error } = await readOdd(t, { answers: [{ entries }] })
  t.match(error, { code: 'read_incomplete', message: /more than 128 MB as one page: lower pageSize/ })
})

t.test('checking says who signed in and how much there is to read', async t => {
  const directory = await startOddDirectory({
    answers: [
      { entries: people(2), cookie: 'a' },
      { entries: people(2, 2), cookie: 'b' },
      { entries: people(2, 4) }, // asked for ahead, and wanted by nobody
      { entries: people(1), references: ['ldap://other.tinh.test/ou=x'] },
    ],
  })
  t.teardown(directory.stop)
  const server = { url: directory.url, ...directory.account, pageSize: 2 }
  const sentence = await checkLdap(server, [search, { ...search, base: 'ou=agencies' }], never)
  t.equal(
    sentence,
    `signed in as ${directory.account.bindDn}; more than 2 entries in ${search.base}; 1 entry in ou=agencies; 1 referral not followed`,
  )
  await t.rejects(checkLdap({ ...server, bindPassword: 'wrong' }, [search], never), {
    code: 'directory_refused',
  })
})

const PEOPLE = 3_000
const servers = available(['slapd'])

t.test(
  'a real OpenLDAP',
  { skip: servers.ok ? false : `missing: ${servers.missing.join(', ')}` },
  async t => {
    const folder = mkdtempSync(join(tmpdir(), 'hopthu-ldap-'))
    const slapd = await startSlapd({ folder, tls: true })
    t.teardown(async () => {
      await slapd.stop()
      rmSync(folder, { recursive: true, force: true })
    })
    await slapd.load(peopleLdif(slapd.suffix))
    const reader = readerOf(slapd)

    for (const pageSize of [500, 1000]) {
      t.test(`is read in full in pages of ${pageSize}`, async t => {
        const { entries, error } = await read({ ...reader, pageSize })
        t.equal(error, null)
        t.equal(new Set(entries.map(entry => entry.attributes.get('uid')?.[0])).size, PEOPLE)
      })
    }

    t.test('gives Vietnamese text and DNs as they were sent', async t => {
      const filter = '(|(uid=u1)(uid=u2)(cn=Đặng Thị Hương*))'
      const { entries } = await read(reader, { ...search, filter, attributes: ['uid', 'cn', 'entryUUID'] })
      const names = new Map(entries.map(entry => [entry.attributes.get('uid')?.[0], entry]))
      t.equal(names.get('u1')?.attributes.get('cn')?.[0], vietnamese(1).normalize('NFC'))
      t.equal(names.get('u2')?.attributes.get('cn')?.[0], vietnamese(2).normalize('NFD'))
      t.equal(names.get('u0')?.dn.normalize('NFC'), `cn=Đặng Thị Hương 0,${search.base}`)
      t.match(names.get('u0')?.attributes.get('entryuuid')?.[0], /^[0-9a-f-]{36}$/)
    })

    t.test('leaves out the entry at the base, unless it is asked for', async t => {
      const all = { ...search, base: 'OU=People, DC=tinh, DC=test', filter: '(objectClass=*)' }
      t.equal((await read(reader, all)).entries.length, PEOPLE)
      t.equal((await read(reader, { ...all, includeBase: true })).entries.length, PEOPLE + 1)
    })

    t.test('refuses a wrong password', async t => {
      const { error } = await read({ ...reader, bindPassword: 'wrong' })
      t.match(error, { code: 'directory_refused', message: /name or password is wrong/ })
    })

    t.test('is never taken for empty by those who see nothing', async t => {
      const blind = { url: slapd.url, bindDn: slapd.blindDn, bindPassword: slapd.blindPassword }
      const hidden = { code: 'read_incomplete', message: /not there or hidden/ }
      t.match((await read(blind)).error, hidden)
      t.match((await read({ url: slapd.url })).error, hidden)
      t.match((await read(reader, { ...search, base: 'ou=nowhere,dc=tinh,dc=test' })).error, hidden)
      const empty = await read(reader, { ...search, base: 'ou=agencies,dc=tinh,dc=test' })
      t.same([empty.entries, empty.error], [[], null], 'but an empty place that one may see is empty')
    })

    t.test('is read over TLS with the right authority only', async t => {
      const { url, caFile } = slapd.tls ?? { url: '', caFile: '' }
      const wrong = join(folder, 'wrong.pem')
      await makeAuthority(wrong)
      for (const way of [{ url }, { url: slapd.url, startTls: true }]) {
        const right = await read({ ...reader, ...way, caFile })
        t.same([right.entries.length, right.error], [PEOPLE, null])
        for (const distrusting of [
          { ...reader, ...way },
          { ...reader, ...way, caFile: wrong },
        ]) {
          const { error } = await read(distrusting)
          t.match(error, {
            code: 'directory_unreachable',
            temporary: true,
            message: /nobody here trusts.*caFile/,
          })
        }
      }
      const byName = await read({ ...reader, url: url.replace('127.0.0.1', 'localhost'), caFile })
      t.equal(byName.error, null)
      const otherName = await read({ ...reader, url: url.replace('127.0.0.1', '127.0.0.2'), caFile })
      t.match(otherName.error, { code: 'directory_unreachable' })
    })

    t.test('is not read where plain and TLS ports are mixed up', async t => {
      const tlsPort = slapd.tls?.port
      const quick = { ...reader, operationTimeoutMs: 2_000, connectTimeoutMs: 2_000 }
      const plain = await read({ ...quick, url: slapd.url.replace('ldap:', 'ldaps:') })
      t.match(plain.error, { code: 'directory_unreachable', temporary: true })
      const encrypted = await read({ ...quick, url: `ldap://127.0.0.1:${tlsPort}` })
      t.match(encrypted.error, { code: 'directory_unreachable', temporary: true })
    })

    t.test('is incomplete when its size limit ends the pages', async t => {
      await slapd.restart({ limits: { prtotal: 1500 } })
      const { error, entries } = await read({ ...reader, pageSize: 500 })
      t.match(error, { code: 'read_incomplete', exitStatus: 3, details: { resultCode: 4, entries: 1500 } })
      t.match(error?.message, /1500 entries came, not all.*size\.prtotal=unlimited/)
      t.ok(entries.length <= 1500)
      await slapd.restart({ limits: { prtotal: 'unlimited' } })
    })

    for (const way of ['plain', 'StartTLS'] as const) {
      t.test(`that dies in the middle of a ${way} reading and comes back leaves it incomplete`, async t => {
        const secured = way === 'StartTLS' && slapd.tls ? { startTls: true, caFile: slapd.tls.caFile } : {}
        const session = await openLdap({ ...reader, ...secured, pageSize: 500 }, never)
        const pages = session.search(search, never)
        await pages.next()
        await slapd.restart()
        const rest = async () => {
          for await (const _ of pages); // the second page may have been on its way already
        }
        await t.rejects(rest(), {
          code: 'read_incomplete',
          temporary: true,
          message: /entries came, not all/,
        })
        session.close()
      })
    }
  },
)

function readerOf(slapd: Slapd): LdapServer {
  return { url: slapd.url, bindDn: slapd.readerDn, bindPassword: slapd.readerPassword }
}

async function makeAuthority(file: string): Promise<void> {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc', '-days', '30']
  await mustRun('openssl', [
    'req',
    '-x509',
    ...key,
    '-subj',
    '/CN=Other',
    '-keyout',
    `${file}.key`,
    '-out',
    file,
  ])
}

function vietnamese(index: number): string {
  const families = ['Đặng Thị Hương', 'Nguyễn Văn Ước', 'Trần Quốc Đạt']
  return `${families[index % families.length]} ${index}`
}

/** Each third in decomposed form, each seventh with its name in the DN. */
function peopleLdif(suffix: string): string {
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  return Array.from({ length: PEOPLE }, (_, i) => {
    const name = vietnamese(i).normalize(i % 3 === 2 ? 'NFD' : 'NFC')
    const dn = `${i % 7 === 0 ? `cn=${name}` : `uid=u${i}`},ou=people,${suffix}`
    const lines = [`dn:: ${base64(dn)}`, 'objectClass: inetOrgPerson', `uid: u${i}`, `cn:: ${base64(name)}`]
    return [...lines, `sn:: ${base64(name)}`, ''].join('\n')
  }).join('\n')
}
