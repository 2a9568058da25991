/** The province's directory as LDIF (RFC 2849), and how it changes on the days of the journey. */
import type { Calendar } from './calendar.ts'
import { LOST_CLASS, NEW_AGENCY } from './history.ts'
import {
  type Agency,
  AWAY,
  AWAY_LONG,
  agencies,
  JOINED,
  type Person,
  people,
  personOf,
  ROOT,
} from './people.ts'

export const SUFFIX = 'dc=tinh,dc=test'
/** Two entries that no roster can take: one names no agency, one an agency that is not there. */
export const BAD_ENTRIES = 2
export const NEW_NAME = 'Mai Tên Mới'

type Attributes = Record<string, string | readonly string[] | null>

function entry(dn: string, attributes: Attributes): string {
  const lines = Object.entries(attributes).flatMap(([name, values]) =>
    (values === null ? [] : [values].flat()).map(value => line(name, value)),
  )
  return `${[`dn: ${dn}`, ...lines].join('\n')}\n`
}

function line(name: string, value: string): string {
  return /^[\x21-\x39\x3b\x3d-\x7e][\x20-\x7e]*$/.test(value)
    ? `${name}: ${value}`
    : `${name}:: ${Buffer.from(value).toString('base64')}`
}

function agencyDn({ code, parent }: Agency): string {
  return parent === ROOT.code
    ? `ou=${code},ou=agencies,${SUFFIX}`
    : `ou=${code},ou=${parent},ou=agencies,${SUFFIX}`
}

export function personDn({ staffId }: Pick<Person, 'staffId'>): string {
  return `uid=${staffId.toLowerCase()},ou=people,${SUFFIX}`
}

export function personEntry(person: Person, calendar: Calendar): string {
  const { staffId, name, spelled, fate, staffClass } = person
  const away = fate === 'isAway' ? AWAY : fate === 'comesBack' ? AWAY_LONG : null
  return entry(personDn(person), {
    objectClass: 'inetOrgPerson',
    uid: staffId.toLowerCase(),
    cn: spelled ?? name,
    sn: name,
    employeeNumber: staffId,
    departmentNumber: person.agencies,
    employeeType: staffClass,
    destinationIndicator: fate === 'joins' ? calendar.day(JOINED) : null,
    physicalDeliveryOfficeName: away === null ? null : calendar.day(away.from),
    street: away === null ? null : calendar.day(away.until),
  })
}

/** All but who joins later. */
export function directoryLdif(calendar: Calendar): string {
  const top = { objectClass: ['dcObject', 'organization'], dc: 'tinh', o: 'tinh' }
  const unit = (ou: string) => entry(`ou=${ou},${SUFFIX}`, { objectClass: 'organizationalUnit', ou })
  const bad = (staffId: string, departmentNumber: string | null) =>
    entry(personDn({ staffId }), {
      objectClass: 'inetOrgPerson',
      cn: `Dòng hỏng ${staffId}`,
      sn: 'hỏng',
      employeeNumber: staffId,
      departmentNumber,
    })
  return [
    entry(SUFFIX, top),
    unit('people'),
    unit('agencies'),
    ...agencies.map(agency =>
      entry(agencyDn(agency), {
        objectClass: 'organizationalUnit',
        ou: agency.code,
        description: agency.name,
        // where the depth says it, the directory does not
        businessCategory: ['commune', 'publicServiceUnit'].includes(agency.level) ? agency.level : null,
        l: agency.sector,
      }),
    ),
    ...people.filter(person => person.fate !== 'joins').map(person => personEntry(person, calendar)),
    bad('CB9001', null),
    bad('CB9002', 'ZZZ'),
  ].join('\n')
}

function replace(dn: string, name: string, value: string): string {
  return `dn: ${dn}\nchangetype: modify\nreplace: ${name}\n${line(name, value)}\n`
}

export function remove(person: Person): string {
  return `dn: ${personDn(person)}\nchangetype: delete\n`
}

export function movesLdif(calendar: Calendar): string {
  const renamed = agencies.filter(agency => agency.renamedTo !== undefined)
  const joiner = personEntry(personOf('joins'), calendar).replace('\n', '\nchangetype: add\n')
  return [
    replace(personDn(personOf('moves')), 'departmentNumber', NEW_AGENCY),
    replace(personDn(personOf('isRenamed')), 'cn', NEW_NAME),
    replace(personDn(personOf('losesClass')), 'employeeType', LOST_CLASS),
    ...renamed.map(agency => replace(agencyDn(agency), 'description', agency.renamedTo ?? '')),
    joiner,
  ].join('\n')
}

export function leavesLdif(): string {
  const broken = personDn(personOf('entryBreaks'))
  return [
    remove(personOf('leaves')),
    remove(personOf('leavesAndReturns')),
    `dn: ${broken}\nchangetype: modify\ndelete: departmentNumber\n`,
  ].join('\n')
}
