/** The province's personnel records as dated directory files (LDIF, RFC 2849). */
import { addDays, type Day } from '../../src/ids.ts'
import { type Agency, agencies, nameOn, parentOn } from './agencies.ts'
import { agencyOn, nameOnDay, type Person, serves } from './people.ts'

export const SUFFIX = 'dc=phuocan,dc=gov,dc=vn'

/** Days between two exports of the records. */
const EVERY_DAYS = 60
/** The export that was made in a hurry, two days before the first start: it lacks a whole unit. */
export const FAULTY_DAY = -2
const FAULTY_UNIT = 'H99.02.05'

/** The days of exports up to a day, counted from the first start, oldest first. */
export function rosterDays(first: number, until: number): number[] {
  const days: number[] = []
  for (let day = first; day <= until; day += EVERY_DAYS) days.push(day)
  if (FAULTY_DAY <= until) days.push(FAULTY_DAY)
  return days.sort((a, b) => a - b)
}

export function isFaulty(day: number): boolean {
  return day === FAULTY_DAY
}

export type Dating = { start: Day }

export function rosterLdif(people: readonly Person[], day: number, { start }: Dating): string {
  const date = (offset: number) => addDays(start, offset)
  const here = people.filter(
    person => serves(person, day) && (day !== FAULTY_DAY || agencyOn(person, day).code !== FAULTY_UNIT),
  )
  return [
    `version: 1\n# Danh sách cán bộ tỉnh Phước An, xuất ngày ${date(day)} (dữ liệu giả định)\n`,
    entry(SUFFIX, { objectClass: ['dcObject', 'organization'], dc: 'phuocan', o: 'Tinh Phuoc An' }),
    entry(`ou=people,${SUFFIX}`, { objectClass: 'organizationalUnit', ou: 'people' }),
    entry(`ou=agencies,${SUFFIX}`, { objectClass: 'organizationalUnit', ou: 'agencies' }),
    ...agencies.map(agency => agencyEntry(agency, day)),
    ...here.map(person => personEntry(person, day, date)),
  ].join('\n')
}

function agencyEntry(agency: Agency, day: number): string {
  const { code, level, sector } = agency
  const parent = parentOn(agency, day)
  const above = parent === null ? '' : `ou=${parent},`
  return entry(`ou=${code},${above}ou=agencies,${SUFFIX}`, {
    objectClass: 'organizationalUnit',
    ou: code,
    description: nameOn(agency, day),
    destinationIndicator: level,
    businessCategory: sector,
  })
}

function personEntry(person: Person, day: number, date: (offset: number) => Day): string {
  const { staffId, staffClass, title, email, phone, away, joined, birthDay } = person
  const uid = staffId.toLowerCase()
  const name = nameOnDay(person, day)
  const shownAway = away !== null && away.from <= day && day <= away.until ? away : null
  return entry(`uid=${uid},ou=people,${SUFFIX}`, {
    objectClass: 'inetOrgPerson',
    uid,
    cn: name,
    sn: name,
    employeeNumber: staffId,
    departmentNumber: agencyOn(person, day).code,
    employeeType: staffClass,
    title,
    mobile: phone,
    mail: email,
    destinationIndicator: date(joined),
    physicalDeliveryOfficeName: shownAway === null ? null : date(shownAway.from),
    street: shownAway === null ? null : date(shownAway.until),
    l: shownAway?.kind ?? null,
    st: shownAway?.document ?? null,
    roomNumber: birthDay,
  })
}

function entry(dn: string, attributes: Record<string, string | string[] | null>): string {
  const lines = Object.entries(attributes).flatMap(([name, values]) =>
    (values === null ? [] : [values].flat()).map(value => line(name, value)),
  )
  return `dn: ${dn}\n${lines.join('\n')}\n`
}

/** RFC 2849: what is no SAFE-STRING goes as base64. */
function line(name: string, value: string): string {
  return /^[\x21-\x39\x3b\x3d-\x7e][\x20-\x7e]*$/.test(value)
    ? `${name}: ${value}`
    : `${name}:: ${Buffer.from(value).toString('base64')}`
}
