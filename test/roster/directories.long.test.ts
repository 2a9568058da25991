/** The directories of the field beside OpenLDAP: a domain controller of Active Directory by Samba, and 389-ds. */
import t, { type Test } from 'tap'
import { type PersonMapping, toPerson } from '../../src/roster/roster.ts'
import type { DirectoryEntry } from '../../src/roster/sources/entry.ts'
import { checkLdap, type LdapSearch, type LdapServer, openLdap } from '../../src/roster/sources/ldap.ts'
import { available, openFolder, startDs389, startSamba } from '../support/servers/index.ts'

const { signal } = new AbortController()
const MEMBERS = 1_600
const b64 = (text: string) => Buffer.from(text).toString('base64')

function lacking(server: 'samba' | 'ds389'): string | false {
  const { ok, missing } = available([server])
  return ok ? false : `missing: ${missing.join(', ')}`
}

function folderFor(t: Test): string {
  const { folder, remove } = openFolder(undefined)
  t.teardown(remove)
  return folder
}

type Reading = {
  entries: DirectoryEntry[]
  referralUrls: readonly string[]
  cursor: string | null
  full: boolean
}

/** All that a search gives; from a cursor if the directory follows it. */
async function read(server: LdapServer, search: LdapSearch, cursor: string | null = null): Promise<Reading> {
  const session = await openLdap(server, signal, { incremental: true })
  try {
    const since = cursor !== null && session.follows(cursor) ? cursor : null
    const entries: DirectoryEntry[] = []
    for await (const page of session.search({ ...search, since }, signal)) entries.push(...page)
    return { entries, referralUrls: session.referralUrls, cursor: session.cursor(), full: since === null }
  } finally {
    session.close()
  }
}

async function kindOf(server: LdapServer): Promise<string> {
  const session = await openLdap(server, signal)
  try {
    return await session.kind(signal)
  } finally {
    session.close()
  }
}

const first = (entry: DirectoryEntry | undefined, name: string) =>
  entry?.attributes.get(name.toLowerCase())?.[0]
const named = ({ entries }: Reading, id: string) => entries.find(each => first(each, 'employeeNumber') === id)

// ---- Active Directory ----

const OFFICE = 'OU=Sở Nội vụ\\, tỉnh,DC=tinh,DC=test'
const adMapping: PersonMapping = {
  key: 'objectGUID',
  attributes: { staffId: 'employeeNumber', fullName: 'cn', agency: 'departmentNumber' },
}
const adPeople: LdapSearch = {
  base: 'DC=tinh,DC=test',
  filter: '(&(objectCategory=person)(objectClass=user)(employeeNumber=*))',
  attributes: ['objectGUID', 'employeeNumber', 'cn', 'departmentNumber', 'userAccountControl'],
}

t.test('an Active Directory domain controller', { skip: lacking('samba') }, async t => {
  const folder = folderFor(t)
  const samba = await startSamba({ folder })
  t.teardown(samba.stop)
  await samba.load(officeLdif())
  const reader = { url: samba.url, bindDn: samba.readerDn, bindPassword: samba.readerPassword }
  const full = await read(reader, adPeople)

  t.test('says what it is, and is read in full over its page size', async t => {
    t.equal(await kindOf(reader), 'activeDirectory')
    t.equal(new Set(full.entries.map(entry => first(entry, 'objectGUID'))).size, MEMBERS)
    t.ok(
      full.entries.every(entry =>
        /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(first(entry, 'objectGUID') ?? ''),
      ),
    )
  })

  t.test('gives a DN outside ASCII with its escapes, and a person of it', async t => {
    const entry = named(full, 'S7')
    t.equal(entry?.dn.normalize('NFC'), `CN=${nameOf(7)},${OFFICE}`)
    t.match(entry && toPerson(entry, adMapping), {
      key: first(entry, 'objectGUID'),
      staffId: 'S7',
      fullName: nameOf(7),
      posts: [{ code: 'A7' }],
    })
  })

  t.test('tells who is disabled', async t => {
    const isDisabled = (entry: DirectoryEntry) => (Number(first(entry, 'userAccountControl')) & 2) !== 0
    const disabled = full.entries.filter(isDisabled).map(entry => first(entry, 'employeeNumber'))
    t.equal(disabled.length, MEMBERS / 100)
    const mapping = {
      ...adMapping,
      attributes: { ...adMapping.attributes, disabled: { attribute: 'userAccountControl', bit: 2 } },
    }
    const switchedOff = full.entries.filter(entry => 'disabled' in toPerson(entry, mapping))
    t.same(
      switchedOff.map(entry => first(entry, 'employeeNumber')),
      disabled,
    )
  })

  t.test(`gives all ${MEMBERS} members of a group, which it sends in parts`, async t => {
    const groups = { ...adPeople, filter: '(objectClass=group)', attributes: ['cn', 'member', 'objectSid'] }
    const { entries } = await read(reader, groups)
    const group = entries.find(entry => first(entry, 'cn') === 'Tất cả')
    const members = group?.attributes.get('member') ?? []
    t.equal(new Set(members).size, MEMBERS)
    t.same([...(group?.attributes.keys() ?? [])].sort(), ['cn', 'member', 'objectsid'])
    t.match(first(group, 'objectSid'), /^0105[0-9a-f]{52}$/)
    t.same(new Set(members), new Set(full.entries.map(entry => entry.dn)))
  })

  t.test('has its referrals reported', async t => {
    t.match(full.referralUrls, [/^ldap:\/\/tinh\.test\/CN=Configuration,DC=tinh,DC=test$/])
    t.match(await checkLdap(reader, [adPeople], signal), /more than 1000 entries.*1 referral not followed/)
  })

  t.test('is refused without the right to sign in, and over TLS for a name that is not its own', async t => {
    await t.rejects(read({ ...reader, bindPassword: 'wrong' }, adPeople), { code: 'directory_refused' })
    const byAddress = { ...reader, url: samba.tls.url, caFile: samba.tls.caFile }
    await t.rejects(read(byAddress, adPeople), { code: 'directory_unreachable', temporary: true })
  })

  t.test('is read from where the last reading ended, and forgets none that changed', async t => {
    const quiet = await read(reader, adPeople, full.cursor)
    t.match(quiet, { full: false, entries: [] })
    await samba.tool('user', 'disable', 'u1')
    await samba.tool('user', 'delete', 'u2')
    const moved = `CN=${nameOf(3)},${OFFICE}`
    await samba.modify(
      [
        `dn:: ${b64(moved)}\nchangetype: modrdn\nnewrdn:: ${b64('CN=Họ mới 3')}\ndeleteoldrdn: 1\nnewsuperior: CN=Users,DC=tinh,DC=test\n`,
        `dn:: ${b64(`CN=${nameOf(4)},${OFFICE}`)}\nchangetype: modify\nreplace: departmentNumber\ndepartmentNumber: B4\n`,
      ].join('\n'),
    )
    const changed = await read(reader, adPeople, full.cursor)
    t.equal(changed.full, false)
    t.same(changed.entries.map(entry => first(entry, 'employeeNumber')).sort(), ['S1', 'S3', 'S4'])
    t.equal(Number(first(named(changed, 'S1'), 'userAccountControl')) & 2, 2)
    t.equal(named(changed, 'S3')?.dn, 'CN=Họ mới 3,CN=Users,DC=tinh,DC=test')
    t.equal(first(named(changed, 'S3'), 'objectGUID'), first(named(full, 'S3'), 'objectGUID'))
    t.match(await read(reader, adPeople, changed.cursor), { full: false, entries: [] })
  })

  t.test('shows nobody of its deleted objects', async t => {
    const again = await read(reader, adPeople)
    t.equal(again.entries.length, MEMBERS - 1)
    t.notOk(named(again, 'S2'))
    t.notOk(again.entries.some(entry => entry.dn.includes('Deleted Objects')))
    for (const id of ['S5', 'S1500']) t.equal(named(again, id)?.digest, named(full, id)?.digest)
    t.not(named(again, 'S4')?.digest, named(full, 'S4')?.digest)
  })
})

const nameOf = (i: number) => `Nguyễn Văn Ước ${i}`

function officeLdif(): string {
  const dns = Array.from({ length: MEMBERS }, (_, i) => `CN=${nameOf(i)},${OFFICE}`)
  const people = dns.map((dn, i) =>
    [
      `dn:: ${b64(dn)}`,
      'objectClass: user',
      `sAMAccountName: u${i}`,
      // 512 an account, 32 without a password, 2 disabled (MS-ADTS section 2.2.16)
      `userAccountControl: ${i % 100 === 0 ? 546 : 544}`,
      `employeeNumber: S${i}`,
      `departmentNumber: A${i}`,
      '',
    ].join('\n'),
  )
  const members = dns.map(dn => `member:: ${b64(dn)}`).join('\n')
  return [
    `dn:: ${b64(OFFICE)}\nobjectClass: organizationalUnit\n`,
    ...people,
    `dn:: ${b64('CN=Tất cả,DC=tinh,DC=test')}\nobjectClass: group\nsAMAccountName: tatca\n${members}\n`,
  ].join('\n')
}

// ---- 389 Directory Server ----

/** More than the 5,000 that it looks through by default. */
const PEOPLE = 5_500
const dsPeople: LdapSearch = {
  base: 'ou=people,dc=tinh,dc=test',
  filter: '(objectClass=inetOrgPerson)',
  attributes: ['nsUniqueId', 'entryUUID', 'employeeNumber', 'cn', 'departmentNumber'],
}

t.test('a 389 Directory Server', { skip: lacking('ds389') }, async t => {
  const folder = folderFor(t)
  const ds = await startDs389({ folder })
  t.teardown(ds.stop)
  await ds.load(Array.from({ length: PEOPLE }, (_, i) => personLdif(i)).join('\n'))
  const reader = { url: ds.url, bindDn: ds.readerDn, bindPassword: ds.readerPassword }

  t.test('says what it is', async t => {
    t.equal(await kindOf(reader), 'ds389')
  })

  t.test('stops at its limits, which is never taken for the end', async t => {
    await t.rejects(read(reader, dsPeople), {
      code: 'read_incomplete',
      message: /entries came, not all.*nsPagedLookThroughLimit/,
      details: { resultCode: 11 },
    })
  })

  await ds.modify(
    `dn: ${ds.readerDn}\nchangetype: modify\nreplace: nsPagedLookThroughLimit\nnsPagedLookThroughLimit: -1\n`,
  )
  const full = await read(reader, dsPeople)

  t.test('is read in full once its owner lifts the limit, and gives lasting keys', async t => {
    for (const key of ['nsUniqueId', 'entryUUID'])
      t.equal(new Set(full.entries.map(entry => first(entry, key))).size, PEOPLE)
    const entry = named(full, 'S7')
    const mapping = { ...adMapping, key: 'nsUniqueId' }
    t.match(entry && toPerson(entry, mapping), {
      staffId: 'S7',
      fullName: nameOf(7),
      posts: [{ code: 'A7' }],
    })
    await ds.modify(
      `dn: uid=u7,ou=people,dc=tinh,dc=test\nchangetype: modrdn\nnewrdn: uid=seven\ndeleteoldrdn: 1\n`,
    )
    const renamed = named(await read(reader, dsPeople), 'S7')
    t.equal(renamed?.dn, 'uid=seven,ou=people,dc=tinh,dc=test')
    for (const key of ['nsUniqueId', 'entryUUID']) t.equal(first(renamed, key), first(entry, key))
  })

  t.test('is read from where the last reading ended', async t => {
    t.match(full.cursor, /^time \d{14}Z$/)
    const later = `time ${new Date(Date.now() + 60_000).toISOString().slice(0, 19).replace(/[-T:]/g, '')}Z`
    t.match(await read(reader, dsPeople, later), { full: false, entries: [], cursor: later })
    await new Promise(resolve => setTimeout(resolve, 2_100))
    const now = `time ${new Date(Date.now() - 1_000).toISOString().slice(0, 19).replace(/[-T:]/g, '')}Z`
    await ds.modify(
      `dn: uid=u8,ou=people,dc=tinh,dc=test\nchangetype: modify\nreplace: departmentNumber\ndepartmentNumber: B8\n`,
    )
    await ds.modify(`dn: uid=u9,ou=people,dc=tinh,dc=test\nchangetype: delete\n`)
    const changed = await read(reader, dsPeople, now)
    t.same(
      changed.entries.map(entry => first(entry, 'employeeNumber')),
      ['S8'],
    )
    t.same(changed.entries[0]?.attributes.get('departmentnumber'), ['B8'])
  })
})

function personLdif(i: number): string {
  return [
    `dn: uid=u${i},ou=people,dc=tinh,dc=test`,
    'objectClass: inetOrgPerson',
    `uid: u${i}`,
    `cn:: ${b64(nameOf(i))}`,
    'sn: x',
    `employeeNumber: S${i}`,
    `departmentNumber: A${i}`,
    '',
  ].join('\n')
}
