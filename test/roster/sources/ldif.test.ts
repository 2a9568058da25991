import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { parseConfig } from '../../../src/config.ts'
import type { Day } from '../../../src/ids.ts'
import type { DirectoryEntry } from '../../../src/roster/sources/entry.ts'
import { checkLdif, openLdif } from '../../../src/roster/sources/ldif.ts'
import { openSource, type SourceReader, syncSource } from '../../../src/roster/sync.ts'
import { embedded } from '../../support/database.ts'

const today = '2026-11-24' as Day
const signal = AbortSignal.timeout(60_000)
const BASE = 'ou=people,dc=phuocan'
const search = { base: BASE, filter: '(objectClass=inetOrgPerson)' }

function folderFor(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'hopthu-ldif-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function fileOf(t: Test, content: string | Buffer): string {
  const path = join(folderFor(t), 'roster.ldif')
  writeFileSync(path, content)
  return path
}

async function entriesOf(t: Test, content: string | Buffer, wanted = search): Promise<DirectoryEntry[]> {
  const file = await openLdif({ path: fileOf(t, content) }, { signal, today })
  try {
    const entries: DirectoryEntry[] = []
    for await (const page of file.search(wanted)) entries.push(...page)
    return entries
  } finally {
    await file.close()
  }
}

const person = (uid: string, more = '') =>
  `dn: uid=${uid},${BASE}\nobjectClass: top\nobjectClass: inetOrgPerson\nuid: ${uid}\n${more}\n`
const base64 = (text: string) => Buffer.from(text).toString('base64')

t.test('whatever form a record of content may have, it is read', async t => {
  const hell = [
    '\ufeffversion: 1\r\n',
    '# a comment\n  that goes on\n\n\n',
    `dn:: ${base64(`uid=1,${BASE}`)}\nOBJECTCLASS: INETORGPERSON\nuid: 1\ncn:: ${base64('Nguyễn Văn Ơ')}\n\n`,
    `dn: uid=2,ou=People , dc=PhuocAn\nobjectClass: inetOrgPerson\nuid: 2\ncn: Lê Thị Hoà\r\ntitle: Chuyên\n  viên\n#title: x\nmail:\n\n`,
    `dn: uid=3,${BASE}\nobjectclass: inetOrgPerson\nuid: 3\ncn;lang-vi:    Y Bhăm Niê\ndepartmentNumber: A\ndepartmentNumber: B\n`,
    ` \ncn:: ${base64('Trần').slice(0, 4)}\n ${base64('Trần').slice(4)}\n\n`,
    `dn: ou=other,dc=phuocan\nobjectClass: inetOrgPerson\nuid: 9\n\n`,
    `dn: ${BASE}\nobjectClass: inetOrgPerson\nuid: base\n\n`,
    `dn: uid=4,${BASE}\nobjectClass: device\nuid: 4\n\n`,
    `dn: uid=5,${BASE}\nobjectClass: inetOrgPerson\nobjectGUID:: ${Buffer.from([...Array(16).keys()]).toString('base64')}\nuid: 5`,
    '\n',
  ].join('')
  const entries = await entriesOf(t, hell)
  t.same(
    entries.map(({ attributes }) => attributes.get('uid')?.[0]),
    ['1', '2', '3', '5'],
  )
  const [one, two, three, five] = entries
  t.same(one?.attributes.get('cn'), ['Nguyễn Văn Ơ'])
  t.same(two?.attributes.get('title'), ['Chuyên viên'])
  t.same(two?.attributes.get('mail'), [''])
  t.same(three?.attributes.get('departmentnumber'), ['A', 'B'])
  t.same(three?.attributes.get('cn;lang-vi'), ['Y Bhăm Niê'])
  t.same(three?.attributes.get('cn'), ['Trần'])
  t.same(five?.attributes.get('objectguid'), ['03020100-0504-0706-0809-0a0b0c0d0e0f'])
})

t.test('a record has one digest as long as its lines are the same, wherever it stands', async t => {
  const plain = person('7', 'cn: Le Thi Hoa\nmobile: 0901\n')
  const folded = plain.replace('cn: Le Thi', 'cn: Le\n  Thi').replaceAll('\n', '\r\n')
  const filling = person('6', `description: ${'x'.repeat((1 << 18) - 150)}\n`) // the next record spans two stretches
  const digestsOf = async (content: string) =>
    (await entriesOf(t, content)).map(entry => [entry.attributes.get('uid')?.[0], entry.digest])
  const [[, digest] = []] = await digestsOf(plain)
  t.type(digest, 'bigint')
  t.same(await digestsOf(`version: 1\n# of today\n${folded}`), [['7', digest]])
  t.same((await digestsOf(`${filling}${plain}`))[1], ['7', digest])
  for (const change of [
    plain.replace('0901', '0902'),
    plain.replace('mobile', 'mobilE'),
    `${plain.trimEnd()}\nsn: Le\n`,
  ]) {
    t.not((await digestsOf(change))[0]?.[1], digest)
  }
})

t.test('bytes that are no UTF-8 are seen as such, in their value alone', async t => {
  const bytes = Buffer.concat([
    Buffer.from(person('1', 'cn: Nguy')),
    Buffer.from([0xe1, 0xba]),
    Buffer.from('\n\n'),
  ])
  const broken = Buffer.from(bytes.toString('latin1').replace('cn: Nguy\n', 'cn: Nguy'), 'latin1')
  const [entry] = await entriesOf(t, broken)
  t.match(entry?.attributes.get('cn')?.[0], /^Nguy\ufffd/)
})

t.test('a filter is asked as a directory would be', async t => {
  const all = person('1', 'title: Trưởng phòng\n') + person('2', 'title: Phó phòng\n') + person('3')
  const cases: [filter: string, uids: string[]][] = [
    ['(title=*)', ['1', '2']],
    ['(!(title=*))', ['3']],
    ['(title=*phòng)', ['1', '2']],
    ['(title=tr*ph*)', ['1']],
    ['(|(uid=3)(title=PHÓ PHÒNG))', ['2', '3']],
    ['(&(objectClass=inetorgperson)(uid>=2))', ['2', '3']],
    ['(uid<=1)', ['1']],
  ]
  for (const [filter, uids] of cases) {
    const found = await entriesOf(t, all, { base: BASE, filter })
    t.same(
      found.map(({ attributes }) => attributes.get('uid')?.[0]),
      uids,
      filter,
    )
  }
  await t.rejects(entriesOf(t, all, { base: BASE, filter: '(uid' }), { code: 'config_invalid' })
  await t.rejects(entriesOf(t, all, { base: BASE, filter: '(uid:dn:=1)' }), { code: 'config_invalid' })
})

t.test('what is no whole export is refused with the line and a sentence', async t => {
  const good = person('1')
  const cases: [content: string | Buffer, message: RegExp][] = [
    [`${good}dn: uid=2,${BASE}\nobjectClass: inetOrgPer`, /ends within a line/],
    [`${good}dn: uid=2,${BASE}\n`, /line 6: .*is empty/],
    [`${good}${person('2')}cn: Lê\n`, /begins with cn instead of dn/],
    [`${good}dn: uid=2,${BASE}\nchangetype: delete\n\n`, /is a change/],
    [`dn: uid=2,${BASE}\ncontrol: 1.2.3\nchangetype: add\n\n`, /is a change/],
    [`dn: uid=2,${BASE}\njpegPhoto:< file:///etc/passwd\n\n`, /line 2: jpegphoto refers to another file/],
    [`dn: uid=2,${BASE}\ncn:: ###\n\n`, /is no base64/],
    [`dn: uid=2,${BASE}\njust words\n\n`, /line 2: this is no line/],
    [`dn: uid=2,${BASE}\ncn: a\ndn: uid=3,${BASE}\n\n`, /two dn/],
    [`version: 2\n\n${good}`, /version 2/],
    [` goes on\n`, /did not begin/],
    [`${good}search: 2\nresult: 0 Success\n`, /-LLL/],
    [Buffer.from(`\ufeff${good}`, 'utf16le'), /UTF-16/],
    [`dn: uid=2,${BASE}\ncn: ${'x'.repeat(4 * 1024 * 1024 + 1)}\n\n`, /too long/],
    [`dn: uid=2,${BASE}\n${`cn: ${'x'.repeat(2 ** 20)}\n`.repeat(17)}\n`, /too long/],
  ]
  for (const [content, message] of cases) {
    await t.rejects(entriesOf(t, content), { code: 'read_incomplete', message }, String(message))
  }
})

t.test('a file that is written while it is read is not believed', async t => {
  const path = fileOf(t, Array.from({ length: 1200 }, (_, i) => person(String(i))).join(''))
  const file = await openLdif({ path }, { signal, today })
  t.teardown(() => file.close())
  await t.rejects(
    async () => {
      for await (const _ of file.search(search)) appendFileSync(path, person('late'))
    },
    { code: 'read_incomplete', message: /changed while it was read/ },
  )
})

t.test('an empty file holds nobody, and that is all it says', async t => {
  t.same(await entriesOf(t, ''), [])
})

t.test('of a folder the newest file counts that is not still to come', async t => {
  const folder = folderFor(t)
  for (const name of ['2026-11-01.ldif', '2026-10-01.ldif', '2026-12-01.ldif', '2026-11-31.ldif', 'x.ldif']) {
    writeFileSync(join(folder, name), person(name))
  }
  const file = await openLdif({ folder }, { signal, today })
  await file.close()
  t.equal(file.path, join(folder, '2026-11-01.ldif'))
  t.match(await checkLdif({ folder }, [search], { signal, today }), /2026-11-01\.ldif; 1 entry in ou=people/)
  const before = openLdif({ folder }, { signal, today: '2026-09-30' as Day })
  await t.rejects(before, { code: 'file_unreadable', message: /2026-09-30\.ldif/ })
  await t.rejects(openLdif({ folder: join(folder, 'none') }, { signal, today }), { code: 'file_unreadable' })
  await t.rejects(openLdif({ path: folder }, { signal, today }), { code: 'file_unreadable' })
})

t.test('reading ends with the signal', async t => {
  const file = await openLdif({ path: fileOf(t, person('1')) }, { signal: AbortSignal.abort(), today })
  t.teardown(() => file.close())
  await t.rejects(file.search(search).next(), { code: 'cancelled' })
})

function configOf(folder: string) {
  const config = parseConfig({
    database: { url: 'pglite:memory' },
    roster: {
      root: { code: 'H99', name: 'Tỉnh Phước An' },
      sources: [
        {
          name: 'files',
          kind: 'ldif',
          folder,
          complete: true,
          people: { base: BASE, key: 'uid', attributes: { staffId: 'uid' } },
          agencies: { base: 'ou=agencies,dc=phuocan', key: 'ou' },
        },
      ],
    },
  })
  const [source] = config.roster.sources
  if (!source) throw new Error('no source')
  return { config, source }
}

function rosterFile(count: number): string {
  const agencies = ['A', 'B'].map(
    code =>
      `dn: ou=${code},ou=agencies,dc=phuocan\nobjectClass: organizationalUnit\nou: ${code}\ndescription:: ${base64(`Sở ${code}`)}\n\n`,
  )
  const people = Array.from({ length: count }, (_, i) =>
    person(String(i), `cn:: ${base64(`Nguyễn Văn ${i}`)}\ndepartmentNumber: ${i % 2 ? 'A' : 'B'}\n`),
  )
  return `version: 1\n\n${[...agencies, ...people].join('')}`
}

t.test('a roster comes from files as from a directory, and one cut off is never a departure', async t => {
  const database = await embedded()
  t.teardown(() => database.close())
  const folder = folderFor(t)
  const { config, source } = configOf(folder)
  const opened: SourceReader[] = []
  const sync = (day: string) =>
    syncSource(
      {
        db: database.db,
        config,
        source,
        open: async each => {
          const reader = await openSource(source, { signal: each, today: day as Day, now: Date.now() })
          opened.push(reader)
          return reader
        },
        now: () => new Date(`${day}T08:00:00+07:00`),
      },
      { dryRun: false, force: false, signal },
    )
  writeFileSync(join(folder, '2026-10-01.ldif'), rosterFile(60))
  t.match(await sync('2026-10-02'), {
    read: 60,
    agencies: { created: 2 },
    people: { joiners: 60 },
    guard: { ok: true },
  })
  writeFileSync(join(folder, '2026-11-01.ldif'), rosterFile(58))
  t.match(await sync('2026-10-31'), { people: { unchanged: 60 } }, 'the file of tomorrow does not count yet')
  t.match(await sync('2026-11-01'), { people: { leavers: 2, unchanged: 58 } })
  writeFileSync(join(folder, '2026-11-02.ldif'), rosterFile(58).slice(0, 4000))
  t.match(await sync('2026-11-02'), { complete: false, guard: { ok: false }, people: { leavers: 0 } })
  t.equal(opened.length, 4)
})

t.test('the configuration asks for a file or a folder, not both or none', async t => {
  const { config } = configOf('/tmp')
  for (const change of [{ path: '/tmp/x.ldif' }, { folder: undefined }]) {
    const [source] = config.roster.sources
    const broken = JSON.parse(JSON.stringify({ ...config, roster: { sources: [{ ...source, ...change }] } }))
    t.throws(() => parseConfig(broken), { code: 'config_invalid', message: /roster\.sources\.0\.path/ })
  }
})
