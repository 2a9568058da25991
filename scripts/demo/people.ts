/**
 * Who serves in the province, from long before its first start until a year after: joiners, leavers, movers, namesakes,
 * people with another name from some day on, people away for months.
 *
 * Days are numbers, counted from the day of the first start; everything follows from the seed.
 */
import { type Agency, agencies, topOf } from './agencies.ts'
import { between, chance, oneOf, weighted } from './chance.ts'
import { type Gender, nameOf } from './names.ts'

/** First day with a roster, and the end of what is foreseen. */
export const FIRST_DAY = -430
export const LAST_DAY = 400

export type Person = {
  /** From 0 up; part of every chance that concerns this person. */
  number: number
  staffId: string
  name: string
  renamed: { from: number; name: string } | null
  /** Agencies in turn, each from a day on; the first from when they joined. */
  posts: readonly { from: number; agency: Agency }[]
  staffClass: string
  title: string
  /** First day of service; before `FIRST_DAY` for most. */
  joined: number
  /** Last day of service, or null. */
  left: number | null
  away: { from: number; until: number; kind: AwayKind; document: string } | null
  birthDay: string
  /** Another address of theirs, for the activation link. */
  email: string | null
  phone: string
}

/** Why somebody is away for months, in the words that the roster's source is read with. */
export type AwayKind = 'maternity' | 'study' | 'secondment' | 'illness'

const LEAVE_SHARE = 0.13
const MOVE_SHARE = 0.06
const RENAME_SHARE = 0.004
const AWAY_SHARE = 0.045
const EMAIL_SHARE = 0.86
const JOINERS_PER_DAY = 0.31
/** So long before the first roster do careers begin, at most. */
const CAREER_DAYS = 9_000

export function makePeople(seed: number, share = 1): Person[] {
  const here = agencies.flatMap(agency =>
    Array<Agency>(Math.max(1, Math.round(agency.size * share))).fill(agency),
  )
  const settled = here.map((agency, number) => makePerson(seed, { number, agency, joined: null }))
  const later: Person[] = []
  const perDay = JOINERS_PER_DAY * share
  for (let day = FIRST_DAY + 5; day < LAST_DAY; day++) {
    if (chance(seed, day, 0x6a6f) >= perDay) continue
    const agency = oneOf(here, chance(seed, day, 0x6167))
    later.push(makePerson(seed, { number: here.length + later.length, agency, joined: day }))
  }
  return [...settled, ...later]
}

type Beginning = { number: number; agency: Agency; joined: number | null }

function makePerson(seed: number, { number, agency, joined }: Beginning): Person {
  const draw = (which: number) => chance(seed, number, 0x70657273, which)
  const { name, gender } = nameOf(seed, number)
  const start = joined ?? FIRST_DAY - between(30, CAREER_DAYS, draw(0))
  const isFirst = joined === null && isFirstOf(agency, number, seed)
  const left =
    draw(1) < LEAVE_SHARE ? between(Math.max(FIRST_DAY, start) + 40, LAST_DAY + 200, draw(2)) : null
  const staffClass = classOf(agency, isFirst, draw(3))
  return {
    number,
    staffId: `PA${String(100_000 + number * 7 + between(0, 7, draw(4)))}`,
    name,
    renamed: draw(5) < RENAME_SHARE ? { from: between(-400, 300, draw(6)), name: renamed(name) } : null,
    posts: postsOf(agency, start, { moves: draw(7) < MOVE_SHARE, day: draw(8), to: draw(9) }),
    staffClass,
    title: titleOf(agency, staffClass, isFirst, draw(10)),
    joined: start,
    left: left !== null && left < LAST_DAY ? left : null,
    away: draw(11) < AWAY_SHARE ? awayOf([draw(12), draw(13), draw(16)], gender) : null,
    email: draw(14) < EMAIL_SHARE ? `${staffMailName(name, number)}@thuktt.example` : null,
    birthDay: bornOn(draw(17), draw(18)),
    phone: `09${String(between(10_000_000, 99_999_999, draw(15)))}`,
  }
}

/** Leaders are the first few of the department or commune itself. */
function isFirstOf(agency: Agency, number: number, seed: number): boolean {
  return agency.parent === null || chance(seed, number, 0x6c65) < 0.18
}

function postsOf(
  agency: Agency,
  start: number,
  move: { moves: boolean; day: number; to: number },
): Person['posts'] {
  if (!move.moves) return [{ from: start, agency }]
  const alike = agencies.filter(
    each => each.level === agency.level && each !== agency && topOf(each.code) !== topOf(agency.code),
  )
  const day = between(Math.max(FIRST_DAY, start) + 30, LAST_DAY, move.day)
  return [
    { from: start, agency },
    { from: day, agency: oneOf(alike, move.to) },
  ]
}

function classOf(agency: Agency, leads: boolean, share: number): string {
  if (agency.level === 'commune') return 'Cán bộ'
  if (agency.level === 'publicServiceUnit') return share < 0.13 ? 'Người lao động' : 'Viên chức'
  if (leads) return 'Công chức'
  return share < 0.09 ? 'Người lao động' : 'Công chức'
}

function titleOf(agency: Agency, staffClass: string, leads: boolean, share: number): string {
  if (staffClass === 'Người lao động')
    return oneOf(['Nhân viên lái xe', 'Nhân viên phục vụ', 'Nhân viên bảo vệ'], share)
  if (agency.level === 'commune')
    return oneOf(
      ['Chủ tịch Uỷ ban nhân dân', 'Phó Chủ tịch Uỷ ban nhân dân', 'Phó Bí thư Thường trực'],
      share,
    )
  if (agency.level === 'department')
    return weighted(
      [
        ['Phó Giám đốc', 3],
        ['Giám đốc', 1],
      ] as const,
      share,
    )
  if (leads) return oneOf(['Trưởng phòng', 'Phó Trưởng phòng'], share)
  if (agency.name.startsWith('Trường')) return 'Giáo viên'
  if (agency.name.startsWith('Bệnh viện')) return oneOf(['Bác sĩ', 'Điều dưỡng', 'Kỹ thuật viên'], share)
  return oneOf(['Chuyên viên', 'Chuyên viên chính', 'Cán sự', 'Kế toán', 'Văn thư'], share)
}

function awayOf([start, length, why]: [number, number, number], gender: Gender): NonNullable<Person['away']> {
  const from = between(FIRST_DAY, LAST_DAY, start)
  const kind = awayKind(gender, why)
  const days = kind === 'maternity' ? 180 : between(90, 190, length)
  const document = `${between(100, 900, why)}/QĐ-SNV`
  return { from, until: from + days, kind, document }
}

function awayKind(gender: Gender, share: number): AwayKind {
  if (gender === 'nữ' && share < 0.7) return 'maternity'
  return weighted(
    [
      ['study', 5],
      ['secondment', 3],
      ['illness', 2],
    ] as const,
    share,
  )
}

/** Between twenty and sixty years old, whenever the first start is. */
export function bornOn(year: number, day: number): string {
  return new Date(Date.UTC(between(1968, 2002, year), 0, between(1, 366, day))).toISOString().slice(0, 10)
}

/** A mended spelling or a name that was corrected in the records. */
function renamed(name: string): string {
  const words = name.split(' ')
  const last = words.pop() ?? ''
  return [...words, 'Thanh', last].join(' ')
}

function staffMailName(name: string, number: number): string {
  const plain = name
    .normalize('NFD')
    .replace(/[\p{M}'’]/gu, '')
    .replace(/[đĐ]/g, 'd')
    .toLowerCase()
  return `${plain.split(' ').join('.')}.${number}`
}

export function serves(person: Person, day: number): boolean {
  return person.joined <= day && (person.left === null || day <= person.left)
}

export function agencyOn(person: Person, day: number): Agency {
  const found = person.posts.findLast(post => post.from <= day) ?? person.posts[0]
  if (!found) throw new Error(`${person.staffId} serves nowhere`)
  return found.agency
}

export function nameOnDay(person: Person, day: number): string {
  return person.renamed && day >= person.renamed.from ? person.renamed.name : person.name
}
