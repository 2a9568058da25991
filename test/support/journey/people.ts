/** An invented province of 300 people in 20 agencies on three levels, as its directory holds them. */
import { MOVES, START } from './calendar.ts'
import { type Habit, habitOf } from './habits.ts'

export const DOMAIN = 'tinh.test'
export const ROOT = { code: 'TINH', name: 'Tỉnh Thử' }
export const CLASSES = ['cán bộ', 'công chức', 'viên chức']

export type Agency = {
  code: string
  name: string
  parent: string | null
  level: string
  sector: string | null
  /** Called otherwise from the day of the moves on. */
  renamedTo?: string
}

const department = (code: string, name: string, sector: string): Agency => ({
  code,
  name,
  parent: ROOT.code,
  level: 'department',
  sector,
})
const below = (code: string, name: string, level = 'unit'): Agency => ({
  code,
  name,
  parent: code.split('-')[0] ?? null,
  level,
  sector: null,
})
const commune = (code: string, name: string): Agency => ({
  code,
  name,
  parent: ROOT.code,
  level: 'commune',
  sector: null,
})

export const agencies: readonly Agency[] = [
  department('SNV', 'Sở Nội vụ', 'administration'),
  below('SNV-VP', 'Văn phòng Sở Nội vụ'),
  below('SNV-CC', 'Phòng Công chức'),
  department('STC', 'Sở Tài chính', 'administration'),
  below('STC-KT', 'Phòng Kế toán'),
  below('STC-NS', 'Phòng Ngân sách'),
  { ...department('SKH', 'Sở Khoa học', 'administration'), renamedTo: 'Sở Khoa học và Công nghệ' },
  below('SKH-CN', 'Phòng Công nghệ'),
  department('SYT', 'Sở Y tế', 'administration'),
  below('SYT-NV', 'Phòng Nghiệp vụ Y'),
  below('SYT-BV', 'Bệnh viện Đa khoa', 'publicServiceUnit'),
  department('SGD', 'Sở Giáo dục', 'administration'),
  below('SGD-TC', 'Phòng Trống', 'publicServiceUnit'),
  below('SGD-TH', 'Phòng Tiểu học'),
  commune('X01', 'Xã An Bình'),
  below('X01-VP', 'Văn phòng Xã An Bình'),
  commune('X02', 'Xã Đồng Tâm'),
  commune('P01', 'Phường Hòa Bình'),
  below('P01-KT', 'Phòng Kinh tế Phường'),
  commune('đk1', 'Đặc khu Hòn Mây'),
]

/** The one agency where nobody serves. */
const EMPTY = 'SGD-TC'
export const COMMUNES = ['X01', 'X02', 'P01', 'đk1']

export function isOfCommune(code: string): boolean {
  return COMMUNES.includes(code.split('-')[0] ?? '')
}

/** What becomes of a person beside what everybody's habits are. */
export type Fate =
  | 'stays'
  /** To another agency on the day of the moves. */
  | 'moves'
  | 'isRenamed'
  | 'losesClass'
  /** Comes on the day of the moves, and began two days before it. */
  | 'joins'
  | 'leaves'
  | 'leavesAndReturns'
  /** The entry loses its agency on the leavers' day: it is rejected, and no departure. */
  | 'entryBreaks'
  /** Away for nine days. */
  | 'isAway'
  /** Away from before records until shortly before the last plan. */
  | 'comesBack'
  /** Somebody of that name has a mailbox that is not ours. */
  | 'hasNamesake'

export const AWAY = { from: 15, until: 7 }
export const AWAY_LONG = { from: START + 100, until: 8 }
export const JOINED = MOVES + 2

export type Person = {
  staffId: string
  name: string
  /** As the directory spells it, where that differs. */
  spelled?: string
  agencies: readonly string[]
  staffClass: string
  habit: Habit
  fate: Fate
  /** Local part as the rule of naming gives it; null without a mailbox. */
  local: string | null
}

type Draft = Omit<Person, 'local' | 'staffId'>

const special = (name: string, habit: Habit, more: Partial<Draft> = {}): Draft => ({
  name,
  agencies: ['SNV-VP'],
  staffClass: 'công chức',
  habit,
  fate: 'stays',
  ...more,
})

const specials: readonly Draft[] = [
  special('Nguyễn Văn An', 'regular'),
  special('Nguyễn Văn An', 'nothing', { agencies: ['X01'] }),
  special('Nguyễn Văn An', 'webmail', { agencies: ['STC'] }),
  special('Nguyễn Văn Ân', 'weekends', { agencies: ['đk1'], staffClass: 'Cán bộ' }),
  special('Bình', 'regular', { agencies: ['SKH-CN'] }),
  special("H'Hen Niê", 'pop3', { agencies: ['X02'] }),
  special('Y Moan Ênuôl', 'regular', { agencies: ['P01'] }),
  special('Đỗ Đức Đạt', 'capitals', { agencies: ['SYT'] }),
  special('Trần Thị Hòa', 'regular', { agencies: ['SGD'], spelled: 'Trần Thị Hòa'.normalize('NFD') }),
  special('TRẦN THỊ HOÀ', 'twoWeeks', { agencies: ['SGD-TH'], staffClass: 'VIÊN CHỨC' }),
  special('Phạm Thị Ngọc Ánh', 'several', { agencies: ['P01-KT'] }),
  special('Lê Anh Hoa', 'sendsOnly', { agencies: ['SYT-NV'] }),
  special('Lò Thị Sương', 'nothing', { agencies: ['SYT-BV'], fate: 'hasNamesake' }),
  special('Vũ Kiêm Nhiệm', 'regular', { agencies: ['X01', 'SNV-CC'] }),
  special('Hoàng Kiêm Thêm', 'threeWeeks', { agencies: ['STC-NS', 'STC-KT', 'SKH'] }),
  // in a Vietnamese dictionary đ stands before S, as a code it does not
  special('Âu Kiêm Đảo', 'twoWeeks', { agencies: ['đk1', 'STC'] }),
  special('Đinh Chuyển Đi', 'regular', { agencies: ['STC-KT'], fate: 'moves' }),
  special('Mai Đổi Tên', 'webmail', { agencies: ['SKH'], fate: 'isRenamed' }),
  special('Tạ Thôi Ngạch', 'regular', { agencies: ['SKH'], fate: 'losesClass' }),
  special('Phan Mới Đến', 'regular', { agencies: ['SYT'], fate: 'joins' }),
  special('Quách Nghỉ Việc', 'nights', { agencies: ['SNV-CC'], fate: 'leaves' }),
  special('Tô Đi Về', 'pop3', { agencies: ['X02'], fate: 'leavesAndReturns' }),
  special('Kiều Hỏng Dòng', 'regular', { agencies: ['SNV'], fate: 'entryBreaks' }),
  special('Cao Nghỉ Thai', 'regular', { agencies: ['SGD'], fate: 'isAway' }),
  special('Lý Trở Lại', 'regular', { agencies: ['SGD-TH'], fate: 'comesBack' }),
  special('Ma Văn Lần', 'lostDay', { agencies: ['X01'] }),
]

const families = [
  'Nguyễn',
  'Trần',
  'Lê',
  'Phạm',
  'Hoàng',
  'Huỳnh',
  'Đặng',
  'Bùi',
  'Đỗ',
  'Hồ',
  'Ngô',
  'Dương',
  'Lương',
]
const middles = ['Văn', 'Thị', 'Đức', 'Minh', 'Ngọc', 'Thanh', 'Hữu', 'Thị Kim']
const givens = [
  'Anh',
  'Bảo',
  'Cường',
  'Dũng',
  'Đào',
  'Giang',
  'Hạnh',
  'Huệ',
  'Khánh',
  'Lâm',
  'Mẫn',
  'Nghĩa',
  'Oanh',
]
const COUNT = 300
/** Every tenth needs no mailbox. */
const LABOUR = 10

function pick<T>(list: readonly T[], index: number, otherwise: T): T {
  return list[index % list.length] ?? otherwise
}

function ordinary(index: number): Draft {
  const codes = agencies.map(({ code }) => code).filter(code => code !== EMPTY)
  const name = `${pick(families, index * 5 + Math.floor(index / 7), '')} ${pick(middles, index * 3 + Math.floor(index / 11), '')} ${pick(givens, index, '')}`
  const labour = index % LABOUR === 9
  return {
    name,
    agencies: [pick(codes, index + Math.floor(index / codes.length), '')],
    staffClass: labour
      ? pick(['người lao động', 'hợp đồng'], Math.floor(index / LABOUR), '')
      : pick(CLASSES, index, ''),
    habit: labour ? 'nothing' : habitOf(index - Math.floor(index / LABOUR)),
    fate: 'stays',
  }
}

export const people: readonly Person[] = makePeople()

function makePeople(): Person[] {
  const drafts = [...specials, ...Array.from({ length: COUNT - specials.length }, (_, i) => ordinary(i))]
  const taken = new Set(['hoala'])
  const made = drafts.map((draft, i): Person => ({ ...draft, staffId: `CB${String(1001 + i)}`, local: null }))
  const named = (wanted: (person: Person) => boolean) => {
    for (const person of made.filter(wanted))
      if (getsMailbox(person)) person.local = freeLocal(person.name, taken)
  }
  // in the order in which they get their mailboxes
  named(({ fate }) => fate !== 'joins' && fate !== 'comesBack')
  named(({ fate }) => fate === 'joins')
  named(({ fate }) => fate === 'comesBack')
  return made
}

function getsMailbox({ staffClass, fate }: Person): boolean {
  return CLASSES.includes(staffClass.toLowerCase()) && fate !== 'hasNamesake'
}

/** `{given}{initials}`, then with 2, 3, … behind it. */
function freeLocal(name: string, taken: Set<string>): string {
  const bare = name
    .toLowerCase()
    .normalize('NFD')
    .replace(/\p{M}|'/gu, '')
    .replaceAll('đ', 'd')
    .split(' ')
  // of the two Êđê names the given one stands first
  const turned = name.startsWith('Y ')
    ? [bare[2] ?? '', `${bare[0]}${bare[1]}`]
    : name.startsWith("H'")
      ? bare.toReversed()
      : bare
  const first = `${turned.at(-1)}${turned
    .slice(0, -1)
    .map(word => word.charAt(0))
    .join('')}`
  let local = first
  for (let n = 2; taken.has(local); n++) local = `${first}${n}`
  taken.add(local)
  return local
}

export function addressOf({ local }: Pick<Person, 'local'>): string {
  return `${local}@${DOMAIN}`
}

export function personOf(fate: Fate): Person {
  const found = people.find(person => person.fate === fate)
  if (!found) throw new Error(`nobody ${fate}`)
  return found
}
