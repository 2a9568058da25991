/** An invented directory of a given size, how the configuration reads it, and the yardstick: `ldapsearch` reading it. */
import { spawnSync } from 'node:child_process'
import { createWriteStream, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Slapd } from '../../test/support/servers/index.ts'

export const suffix = 'dc=tinh,dc=test'
export const PEOPLE_PER_AGENCY = 100

const bases = { people: `ou=people,${suffix}`, agencies: `ou=agencies,${suffix}` }
const filters = { people: '(objectClass=inetOrgPerson)', agencies: '(objectClass=organizationalUnit)' }

const families = [
  ...['Nguyễn', 'Trần', 'Lê', 'Phạm', 'Hoàng', 'Huỳnh', 'Phan', 'Vũ', 'Võ'],
  ...['Đặng', 'Bùi', 'Đỗ', 'Hồ', 'Ngô', 'Dương', 'Lý'],
]
const middles = ['Văn', 'Thị', 'Đức', 'Minh', 'Quang', 'Thanh', 'Ngọc', 'Hữu', 'Xuân', 'Thu', 'Gia', 'Bảo']
const givens = [
  ...['An', 'Bình', 'Chi', 'Dũng', 'Đào', 'Giang', 'Hà', 'Hạnh', 'Hùng', 'Khánh', 'Lan', 'Linh'],
  ...['Mai', 'Nam', 'Oanh', 'Phúc', 'Quân', 'Sơn', 'Tâm', 'Uyên', 'Vinh', 'Yến'],
]

/** Writes the whole tree as LDIF, a part at a time: a million people are half a gigabyte. */
export async function writeDirectory(path: string, people: number): Promise<void> {
  await pipeline(Readable.from(entries(people)), createWriteStream(path))
}

function* entries(people: number): Generator<string> {
  yield `dn: ${suffix}\nobjectClass: dcObject\nobjectClass: organization\ndc: tinh\no: tinh\n\n`
  for (const name of ['people', 'agencies'])
    yield `dn: ou=${name},${suffix}\nobjectClass: organizationalUnit\nou: ${name}\n\n`
  const agencies = Math.max(1, Math.round(people / PEOPLE_PER_AGENCY))
  for (let a = 0; a < agencies; a++) yield agency(a)
  const part = 1000
  for (let first = 0; first < people; first += part) {
    const count = Math.min(part, people - first)
    yield Array.from({ length: count }, (_, n) => person(first + n, agencies)).join('')
  }
}

function agency(a: number): string {
  return (
    `dn: ou=A${a},${bases.agencies}\nobjectClass: organizationalUnit\nentryUUID: ${uuid(a, 1)}\nou: A${a}\n` +
    `description:: ${base64(`Cơ quan số ${a}`)}\n\n`
  )
}

function person(i: number, agencies: number): string {
  const name = base64(
    `${pick(families, i * 7)} ${pick(middles, i * 5 + (i >> 4))} ${pick(givens, i * 3 + (i >> 6))}`,
  )
  return (
    `dn: uid=u${i},${bases.people}\nobjectClass: inetOrgPerson\nentryUUID: ${uuid(i, 2)}\nuid: u${i}\n` +
    `employeeNumber: S${i}\ncn:: ${name}\nsn:: ${name}\ndepartmentNumber: A${i % agencies}\n` +
    `employeeType:: ${base64('công chức')}\ntitle:: ${base64('Chuyên viên')}\n` +
    `mobile: 0900${String(i).padStart(6, '0')}\nmail: u${i}@other.test\n\n`
  )
}

/** Scattered as those of a directory that was filled over years, and the same in every run. */
function uuid(i: number, kind: number): string {
  const scattered = (Math.imul(i, 0x9e3779b1) >>> 0).toString(16).padStart(8, '0')
  return `${scattered}-0000-4000-800${kind}-${i.toString(16).padStart(12, '0')}`
}

/** Change records: a hundredth of the people, others each round, has another title or another telephone. */
export function changeOfOnePercent(people: number, round: number): { records: string; changed: number } {
  const records: string[] = []
  for (let i = round % 100; i < people; i += 100) {
    const [attribute, value] =
      records.length % 2 === 0 ? ['title', `Chức vụ ${round}`] : ['mobile', `0911${round}${i}`]
    records.push(
      `dn: uid=u${i},${bases.people}\nchangetype: modify\nreplace: ${attribute}\n${attribute}:: ${base64(value)}\n`,
    )
  }
  return { records: records.join('\n'), changed: records.length }
}

const personAttributes = {
  staffId: 'employeeNumber',
  staffClass: 'employeeType',
  title: 'title',
  phone: 'mobile',
  email: 'mail',
}
const mapping = {
  people: { base: bases.people, attributes: personAttributes },
  agencies: { base: bases.agencies },
}

/** The source's configuration for a directory server. The reader's password is put in a file of `folder`. */
export function ldapSource(slapd: Slapd, folder: string): object {
  const secret = join(folder, 'reader')
  writeFileSync(secret, slapd.readerPassword)
  const bind = { bindDn: slapd.readerDn, bindPassword: { file: secret } }
  return { name: 'directory', kind: 'ldap', url: slapd.url, ...bind, ...mapping }
}

/** The same for an LDIF file. */
export function ldifSource(path: string): object {
  return { name: 'directory', kind: 'ldif', path, ...mapping }
}

/** Seconds in which `ldapsearch` reads the same attributes of the same entries, in pages of the same size. */
export function ldapsearch(slapd: Slapd): number {
  const attributes = {
    people: ['entryUUID', 'cn', 'departmentNumber', ...Object.values(personAttributes)],
    agencies: ['entryUUID', 'ou', 'description'],
  }
  const started = performance.now()
  for (const kind of ['agencies', 'people'] as const) {
    const bind = ['-x', '-H', slapd.url, '-D', slapd.readerDn, '-w', slapd.readerPassword]
    const search = ['-LLL', '-E', 'pr=1000/noprompt', '-b', bases[kind], filters[kind], ...attributes[kind]]
    const { status, stderr } = spawnSync('ldapsearch', [...bind, ...search], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    if (status !== 0) throw new Error(`ldapsearch: ${stderr}`)
  }
  return (performance.now() - started) / 1000
}

function pick(list: readonly string[], i: number): string {
  return list[i % list.length] ?? ''
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
