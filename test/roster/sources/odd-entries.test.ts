/** Entries as real directories hold them, on a real OpenLDAP: what the reader gives, and where each one ends. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { normaliseDn } from '../../../src/roster/dn.ts'
import { type PersonMapping, toAgency, toPerson } from '../../../src/roster/roster.ts'
import type { DirectoryEntry } from '../../../src/roster/sources/entry.ts'
import { type LdapServer, openLdap } from '../../../src/roster/sources/ldap.ts'
import { available, type Slapd, startSlapd } from '../../support/servers/index.ts'
import { mustRun } from '../../support/servers/process.ts'

const BASE = 'ou=people,dc=tinh,dc=test'
const AGENCIES = 'ou=agencies,dc=tinh,dc=test'
const signal = AbortSignal.timeout(60_000)

const mapping: PersonMapping = {
  key: 'entryUUID',
  attributes: {
    staffId: 'employeeNumber',
    fullName: 'cn',
    agency: 'departmentNumber',
    staffClass: 'employeeType',
    title: 'title',
    phone: 'mobile',
    email: 'mail',
  },
}
const ASKED = [
  'entryUUID',
  'employeeNumber',
  'cn',
  'departmentNumber',
  'employeeType',
  'title',
  'mobile',
  'mail',
]

/** One odd entry: its lines, and what becomes of it. */
type Odd = {
  /** What is odd about it. */
  name: string
  dn: string
  /** The staff id, by which it is found again; most also have the usual attributes. */
  id: string
  lines: string[]
  /** Asked for besides the usual. */
  attributes?: string[]
  /** The DN as the server sends it, where that is not as it was written. */
  sentAs?: string
  /** Attributes that the reader has to give exactly. */
  reads?: Record<string, string[]>
  person?: Record<string, unknown>
  rejected?: { reason: string; detail?: string | RegExp }
}

const b64 = (text: string | Buffer) => Buffer.from(text).toString('base64')
const usual = (name: string) => [`cn:: ${b64(name)}`, 'departmentNumber: A1']
const PHOTO = Buffer.from([0xff, 0xd8, 0x00, 0x10])
const LONG = 'Nguyễn '.repeat(40).trim()

const odd: Odd[] = [
  {
    name: 'a comma in a name',
    dn: `cn=Nguyễn Văn A\\, Trưởng phòng,${BASE}`,
    id: 'C1',
    lines: usual('Nguyễn Văn A, Trưởng phòng'),
    sentAs: `cn=Nguyễn Văn A\\2C Trưởng phòng,${BASE}`,
    person: { fullName: 'Nguyễn Văn A, Trưởng phòng' },
  },
  {
    name: 'a plus in a name',
    dn: `cn=Lê B\\+C,${BASE}`,
    id: 'C2',
    lines: usual('Lê B+C'),
    sentAs: `cn=Lê B\\2BC,${BASE}`,
    person: { fullName: 'Lê B+C' },
  },
  {
    name: 'a name of two values',
    dn: `employeeNumber=C3+cn=Trần Thị D,${BASE}`,
    id: 'C3',
    lines: [`cn:: ${b64('Trần Thị D')}`, 'departmentNumber: A1'],
    person: { fullName: 'Trần Thị D', staffId: 'C3' },
  },
  {
    name: 'quotes, angles, a semicolon and an equals sign',
    dn: `cn=\\"An\\" \\<x\\>\\; y\\=z,${BASE}`,
    id: 'C4',
    lines: ['cn: "An" <x>; y=z', 'departmentNumber: A1'],
    person: { fullName: '"An" <x>; y=z' },
  },
  {
    name: 'a blank at the end, escaped',
    dn: `cn=Lê Thị Hoa\\20,${BASE}`,
    id: 'C5',
    lines: [`cn:: ${b64('Lê Thị Hoa ')}`, 'departmentNumber: A1'],
    reads: { cn: ['Lê Thị Hoa '] },
    person: { fullName: 'Lê Thị Hoa' },
  },
  {
    name: 'a hash at the beginning',
    dn: `cn=\\#7 Phạm E,${BASE}`,
    id: 'C6',
    lines: [`cn:: ${b64('#7 Phạm E')}`, 'departmentNumber: A1'],
    person: { fullName: '#7 Phạm E' },
  },
  {
    name: 'a zero byte in a name',
    dn: `cn=Vũ\\00F,${BASE}`,
    id: 'C7',
    lines: [`cn:: ${b64('Vũ\0F')}`, 'departmentNumber: A1'],
    reads: { cn: ['Vũ\0F'] },
    rejected: { reason: 'not_text', detail: /: Vũ�F$/ },
  },
  {
    name: 'a DN outside ASCII, decomposed',
    dn: `cn=${'Đặng Thị Hương'.normalize('NFD')},${BASE}`,
    id: 'C8',
    lines: [`cn:: ${b64('Đặng Thị Hương'.normalize('NFD'))}`, 'departmentNumber: A1'],
    reads: { cn: ['Đặng Thị Hương'.normalize('NFD')] },
    person: { fullName: 'Đặng Thị Hương'.normalize('NFC') },
  },
  {
    name: 'a backslash in a name',
    dn: `cn=Bùi\\5CG,${BASE}`,
    id: 'C9',
    lines: [`cn:: ${b64('Bùi\\G')}`, 'departmentNumber: A1'],
    person: { fullName: 'Bùi\\G' },
  },
  {
    name: 'several values, of which two are agencies',
    dn: `uid=c10,${BASE}`,
    id: 'C10',
    lines: [`cn:: ${b64('Hồ H')}`, `cn:: ${b64('Ho H')}`, 'departmentNumber: A1', 'departmentNumber: A2'],
    reads: { departmentnumber: ['A1', 'A2'] },
    person: { fullName: 'Hồ H', posts: [{ code: 'A1' }, { code: 'A2' }] },
  },
  {
    name: 'a name only with a language',
    dn: `uid=c11,${BASE}`,
    id: 'C11',
    lines: ['cn;lang-en: Ngo I', `cn;lang-vi:: ${b64('Ngô I')}`, 'departmentNumber: A1'],
    reads: { 'cn;lang-en': ['Ngo I'], 'cn;lang-vi': ['Ngô I'] },
    rejected: { reason: 'missing_name', detail: 'C11' },
  },
  {
    name: 'a name with and without a language',
    dn: `uid=c12,${BASE}`,
    id: 'C12',
    lines: ['cn: Ngo K', `cn;lang-vi:: ${b64('Ngô K')}`, 'departmentNumber: A1'],
    reads: { cn: ['Ngo K'], 'cn;lang-vi': ['Ngô K'] },
    person: { fullName: 'Ngo K' },
  },
  {
    name: 'attribute names in capitals',
    dn: `UID=c13,OU=People,DC=TINH,DC=test`,
    id: 'C13',
    lines: [`CN:: ${b64('Dương L')}`, 'DEPARTMENTNUMBER: A1', 'MOBILE: 0900000013'],
    person: { fullName: 'Dương L', phone: '0900000013' },
  },
  {
    name: 'bytes: a photograph and a certificate',
    dn: `uid=c14,${BASE}`,
    id: 'C14',
    lines: [...usual('Lý M'), `jpegPhoto:: ${b64(PHOTO)}`, `audio:: ${b64(PHOTO)}`],
    attributes: ['jpegPhoto', 'audio'],
    reads: { jpegphoto: ['ffd80010'], audio: ['\ufffd\ufffd\0\x10'] },
    person: { fullName: 'Lý M' },
  },
  {
    name: 'a name that is only a blank',
    dn: `uid=c15,${BASE}`,
    id: 'C15',
    lines: [`cn:: ${b64(' ')}`, 'departmentNumber: A1'],
    reads: { cn: [' '] },
    rejected: { reason: 'missing_name', detail: 'C15' },
  },
  {
    name: 'a very long name',
    dn: `uid=c16,${BASE}`,
    id: 'C16',
    lines: usual(LONG),
    reads: { cn: [LONG] },
    rejected: { reason: 'too_long', detail: /: Nguyễn .*…$/ },
  },
  {
    name: 'a value of two megabytes in an attribute nobody asks for',
    dn: `uid=c17,${BASE}`,
    id: 'C17',
    lines: [...usual('Đỗ N'), `description: ${'x'.repeat(2_000_000)}`],
    person: { fullName: 'Đỗ N' },
  },
  {
    name: 'no agency',
    dn: `uid=c18,${BASE}`,
    id: 'C18',
    lines: [`cn:: ${b64('Mai O')}`],
    rejected: { reason: 'missing_agency', detail: 'Mai O' },
  },
  {
    name: 'a line break within a title',
    dn: `uid=c19,${BASE}`,
    id: 'C19',
    lines: [...usual('Cao P'), `title:: ${b64('Phó phòng\nTổ trưởng')}`],
    reads: { title: ['Phó phòng\nTổ trưởng'] },
    person: { title: 'Phó phòng Tổ trưởng' },
  },
  {
    name: 'a person below a person',
    dn: `cn=Con,uid=c19,${BASE}`,
    id: 'C20',
    lines: ['cn: Con', 'departmentNumber: A2'],
    person: { fullName: 'Con', posts: [{ code: 'A2' }] },
  },
  {
    name: 'marks that cannot be seen',
    dn: `uid=c21,${BASE}`,
    id: 'C21',
    lines: usual('Tạ\u200b \u202eQ\ufeff'),
    person: { fullName: 'Tạ Q' },
  },
  {
    name: 'a person in a subtree that will move',
    dn: `uid=c30,ou=nested,${BASE}`,
    id: 'C30',
    lines: usual('Kim R'),
    person: { fullName: 'Kim R' },
  },
]

const servers = available(['slapd'])

t.test('odd entries', { skip: servers.ok ? false : `missing: ${servers.missing.join(', ')}` }, async t => {
  const folder = mkdtempSync(join(tmpdir(), 'hopthu-odd-'))
  const certificate = await makeCertificate(folder)
  const slapd = await startSlapd({ folder, ldif: tree(certificate) })
  t.teardown(async () => {
    await slapd.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  const before = await readAll(slapd)

  for (const each of odd) {
    t.test(each.name, async t => {
      const entry = before.get(each.id)
      if (!entry) return t.fail('the reader did not give it')
      if (each.sentAs !== undefined) t.equal(entry.dn, each.sentAs)
      t.equal(normaliseDn(entry.dn), normaliseDn(each.dn), 'the DN is the same, however it is written')
      t.match(Object.fromEntries(entry.attributes), each.reads ?? {})
      const result = toPerson(entry, mapping)
      if (each.rejected) {
        t.match(result, { subject: 'person', key: entry.attributes.get('entryuuid')?.[0], ...each.rejected })
      } else {
        t.notOk('reason' in result, JSON.stringify(result))
        t.match(result, { key: entry.attributes.get('entryuuid')?.[0], staffId: each.id, ...each.person })
      }
    })
  }

  t.test('an alias is an entry of its own that is not followed, and no person', async t => {
    const all = await read(slapd, '(objectClass=*)')
    t.ok(all.entries.some(entry => entry.dn === `cn=alias,${BASE}`))
    t.equal(before.size, odd.length, 'whoever it points to is there once')
  })

  t.test('a referral object is counted and not followed', async t => {
    const { referralUrls, referrals } = await read(slapd, '(objectClass=*)')
    t.equal(referrals, 1)
    t.match(referralUrls, [/^ldap:\/\/other\.tinh\.test\//])
  })

  t.test('a certificate is given as hexadecimal digits under its name with the option', async t => {
    const { entries } = await read(slapd, '(objectClass=pkiUser)', BASE, ['userCertificate;binary'])
    const [value = ''] = entries[0]?.attributes.get('usercertificate;binary') ?? []
    t.equal(value, readFileSync(join(folder, 'odd.der')).toString('hex'))
  })

  t.test('agencies are found by whatever way their DNs are written', async t => {
    const { entries } = await read(slapd, '(objectClass=organizationalUnit)', AGENCIES, [
      'entryUUID',
      'ou',
      'description',
    ])
    const agencies = entries.map(entry =>
      toAgency(
        entry,
        { key: 'entryUUID', attributes: { code: 'description', name: 'ou' }, parent: 'dn' },
        [],
      ),
    )
    const own = new Map(agencies.flatMap(each => ('ownRef' in each ? [[each.ownRef, each.code]] : [])))
    const parents = agencies.flatMap(each =>
      'parentRef' in each ? [[each.code, own.get(each.parentRef ?? '') ?? null]] : [],
    )
    t.same(Object.fromEntries(parents), { S: null, P: 'S', T: 'P', M: null, N: 'M' })
  })

  t.test('a renamed person and a moved subtree keep their keys', async t => {
    await slapd.modify(
      [
        `dn: uid=c10,${BASE}\nchangetype: modrdn\nnewrdn: cn=${'Ho H'}\ndeleteoldrdn: 1\n`,
        `dn: ou=nested,${BASE}\nchangetype: modrdn\nnewrdn: ou=moved\ndeleteoldrdn: 1\nnewsuperior: ou=tree,${BASE}\n`,
      ].join('\n'),
    )
    const after = await readAll(slapd)
    const key = (entry: DirectoryEntry | undefined) => entry?.attributes.get('entryuuid')?.[0]
    t.equal(after.size, before.size)
    for (const id of ['C10', 'C30']) {
      t.equal(key(after.get(id)), key(before.get(id)))
      t.not(after.get(id)?.dn, before.get(id)?.dn)
    }
    t.equal(after.get('C30')?.dn, `uid=c30,ou=moved,ou=tree,${BASE}`)
    t.not(after.get('C10')?.digest, before.get('C10')?.digest, 'a DN is part of what may have changed')
    t.equal(after.get('C9')?.digest, before.get('C9')?.digest)
  })
})

async function readAll(slapd: Slapd): Promise<Map<string, DirectoryEntry>> {
  const { entries } = await read(slapd, '(objectClass=inetOrgPerson)')
  return new Map(entries.map(entry => [entry.attributes.get('employeenumber')?.[0] ?? entry.dn, entry]))
}

async function read(
  slapd: Slapd,
  filter: string,
  base = BASE,
  attributes = [...ASKED, 'jpegPhoto', 'audio'],
) {
  const server: LdapServer = { url: slapd.url, bindDn: slapd.readerDn, bindPassword: slapd.readerPassword }
  const session = await openLdap(server, signal)
  try {
    const entries: DirectoryEntry[] = []
    const search = { base, filter, attributes, binary: ['jpegPhoto'] }
    for await (const page of session.search(search, signal)) entries.push(...page)
    return { entries, referrals: session.referrals, referralUrls: session.referralUrls }
  } finally {
    session.close()
  }
}

function tree(certificate: Buffer): string {
  const unit = (dn: string, ou: string, more = '') =>
    `dn:: ${b64(dn)}\nobjectClass: organizationalUnit\nou:: ${b64(ou)}\n${more}`
  const code = (text: string) => `description: ${text}\n`
  return [
    'dn: dc=tinh,dc=test\nobjectClass: dcObject\nobjectClass: organization\ndc: tinh\no: tinh\n',
    unit(BASE, 'people'),
    unit(AGENCIES, 'agencies'),
    unit(`ou=Sở Y tế\\, Dân số,${AGENCIES}`, 'Sở Y tế, Dân số', code('S')),
    unit(`ou=Phòng A\\+B,OU=SỞ Y TẾ\\2C dân số , ${AGENCIES}`, 'Phòng A+B', code('P')),
    unit(`ou=Tổ 1,ou=phòng  a\\2bb,ou=Sở Y tế\\2c Dân số,${AGENCIES}`, 'Tổ 1', code('T')),
    unit(`l=An+ou=M,${AGENCIES}`, 'M', `l: An\n${code('M')}`),
    unit(`ou=N,ou=M+l=An,${AGENCIES}`, 'N', code('N')),
    unit(`ou=tree,${BASE}`, 'tree'),
    unit(`ou=nested,${BASE}`, 'nested'),
    ...odd.map(personLdif),
    `dn: uid=cert,ou=tree,${BASE}\nobjectClass: account\nobjectClass: pkiUser\nuid: cert\nuserCertificate;binary:: ${b64(certificate)}\n`,
    `dn: cn=alias,${BASE}\nobjectClass: alias\nobjectClass: extensibleObject\ncn: alias\naliasedObjectName: uid=c12,${BASE}\n`,
    `dn: ou=elsewhere,${BASE}\nobjectClass: referral\nobjectClass: extensibleObject\nou: elsewhere\nref: ldap://other.tinh.test/ou=elsewhere,${BASE}\n`,
  ].join('\n')
}

async function makeCertificate(folder: string): Promise<Buffer> {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc', '-days', '30']
  const place = ['-keyout', join(folder, 'odd.key'), '-out', join(folder, 'odd.der')]
  await mustRun('openssl', ['req', '-x509', ...key, '-subj', '/CN=An', '-outform', 'DER', ...place])
  return readFileSync(join(folder, 'odd.der'))
}

function personLdif({ dn, id, lines }: Odd): string {
  const uid = /^uid=([^,]+)/i.exec(dn)?.[1]
  return [
    `dn:: ${b64(dn)}`,
    'objectClass: inetOrgPerson',
    'sn: x',
    `employeeNumber: ${id}`,
    ...(uid === undefined ? [] : [`uid: ${uid}`]),
    ...lines,
    '',
  ].join('\n')
}
