/**
 * A school that sends lists of its own, as schools do: no staff ids, somebody twice, a day of birth left out, contract
 * staff whom the province's records do not know.
 */
import type { Day } from '../../src/ids.ts'
import { addDays } from '../../src/ids.ts'
import { chance } from './chance.ts'
import { nameOf } from './names.ts'
import { agencyOn, bornOn, nameOnDay, serves } from './people.ts'
import type { Practice } from './practice.ts'

export const SCHOOL = 'H99.10.05'
/** Whose list is the example of an import. */
export const EXAMPLE_SCHOOL = 'H99.10.06'

export type SchoolFile = { name: string; headings: readonly string[]; rows: string[][] }

const headings = ['TT', 'Họ và tên', 'Ngày sinh', 'Chức vụ', 'Đối tượng', 'Ngày vào cơ quan']
/** Contract staff, numbered far from everybody else. */
const CONTRACT_FROM = 900_000
const CONTRACT = 7
/** Those of them whose contract ended before the second file. */
const ENDED = 2
/** Rows of the second file that lack the day of birth. */
const WITHOUT_BIRTH_DAY = [3, 11, 24]

export function firstFile(practice: Practice): SchoolFile {
  return fileOf(practice, -10, [...teachers(practice, -10), ...contract(practice, CONTRACT)])
}

export function secondFile(practice: Practice): SchoolFile {
  const own = teachers(practice, -2)
  for (const at of WITHOUT_BIRTH_DAY) {
    const row = own[at]
    if (row) row[1] = ''
  }
  const faulty = [
    ['', '12/04/1991', 'Giáo viên', 'Viên chức', ''],
    ['Lê Thị Hải Yến', '31/02/1990', 'Nhân viên phục vụ', 'Người lao động', ''],
  ]
  return fileOf(practice, -2, [...own, ...contract(practice, CONTRACT - ENDED), ...faulty])
}

/** The list of another school, to try the import with: two of contract, a birth day missing, three rows at fault. */
export function exampleFile(practice: Pick<Practice, 'people' | 'state'>): Omit<SchoolFile, 'name'> {
  const own = teachers(practice, 0, EXAMPLE_SCHOOL)
  const [first] = own
  if (first) first[1] = ''
  const faulty = [
    ['', '15/08/1988', 'Giáo viên', 'Viên chức', ''],
    ['Trần Thị Kim Anh', '30/02/1990', 'Văn thư', 'Người lao động', ''],
    ['Nguyễn Văn Sơn', '09/03/1985', 'Bảo vệ', 'Người lao động', '32/13/2020'],
  ]
  const rows = [...own, ...contract(practice, 2, 20), ...faulty].map((row, i) => [String(i + 1), ...row])
  return { headings, rows }
}

function fileOf({ state }: Practice, day: number, people: readonly string[][]): SchoolFile {
  const rows = people.map((row, i) => [String(i + 1), ...row])
  return { name: `thpt-phuoc-an-${addDays(state.start, day)}.xlsx`, headings, rows }
}

function teachers({ people }: Pick<Practice, 'people'>, day: number, school = SCHOOL): string[][] {
  return people
    .filter(person => serves(person, day) && agencyOn(person, day).code === school)
    .map(person => [nameOnDay(person, day), written(person.birthDay), person.title, person.staffClass, ''])
}

function contract({ state }: Pick<Practice, 'state'>, count: number, from = 0): string[][] {
  const { seed, start } = state
  return Array.from({ length: count }, (_, at) => {
    const i = from + at
    const { name } = nameOf(seed, CONTRACT_FROM + i)
    const born = bornOn(chance(seed, i, 0x636f6e31), chance(seed, i, 0x636f6e32))
    return [
      name,
      written(born),
      'Nhân viên phục vụ',
      'Người lao động',
      written(addDays(start, -300 + (i % 10) * 20)),
    ]
  })
}

function written(day: string | Day): string {
  return day.split('-').reverse().join('/')
}
