/** The words of the pages about people, in Vietnamese and English. */
import type { EvidenceKind, StateName } from './evidence.ts'
import type { Locale } from './messages.ts'

export type PeopleWords = {
  title: string
  caption: string
  search: string
  find: string
  filter: string
  all: string
  of: (agency: string) => string
  everywhere: string
  name: string
  agency: string
  post: string
  address: string
  state: string
  lastUse: string
  never: string
  noAddress: string
  unsure: string
  unasked: string
  none: string
  noneText: string
  clear: string
  next: string
  first: string
  shown: (shown: string, total: string) => string
  export: string
  recorded: string
  agenciesFound: string
  staffId: string
  csv: { agencyCode: string; asOf: string; unsure: string }
  person: {
    recorded: string
    posts: string
    noPosts: string
    mailboxes: string
    noMailboxes: string
    aliases: (list: string) => string
    absent: string
    calendar: string
    window: (first: string, last: string) => string
    weeks: string
    noUse: string
    why: string
    whyNot: string
    whyUnknown: string
    /** Of who need not have a mailbox, or serves no longer. */
    whyOutside: string
    notAsked: string
    yes: string
    no: string
    unknown: string
    evidence: string
    day: string
    kind: string
    source: string
    detail: string
    before: string
    ours: string
    left: string
    names: Record<StateName, string>
    kinds: Record<EvidenceKind, string>
  }
}

const vi: PeopleWords = {
  title: 'Cán bộ',
  caption: 'Danh sách cán bộ',
  search: 'Tên, số hiệu cán bộ hoặc địa chỉ thư',
  find: 'Tìm',
  filter: 'Lọc theo mức sử dụng',
  all: 'Tất cả',
  of: agency => `Cán bộ của ${agency}`,
  everywhere: 'Bỏ lọc theo cơ quan',
  name: 'Họ tên',
  agency: 'Cơ quan',
  post: 'Chức vụ',
  address: 'Địa chỉ thư',
  state: 'Mức sử dụng',
  lastUse: 'Sử dụng gần nhất',
  never: 'chưa ghi nhận',
  noAddress: 'không có hộp thư',
  unsure: 'nhật ký chưa đủ',
  unasked: 'không tuần nào đủ ngày làm việc',
  none: 'Không có ai khớp',
  noneText: 'Hãy bỏ bớt điều kiện lọc hoặc kiểm tra lại từ tìm kiếm. Có thể gõ không dấu.',
  clear: 'Bỏ lọc',
  next: 'Trang tiếp',
  first: 'Về trang đầu',
  shown: (shown, total) => `${shown} trong ${total} người`,
  export: 'Xuất Excel (CSV)',
  recorded: 'Lượt xem danh sách này được ghi lại.',
  agenciesFound: 'Cơ quan khớp',
  staffId: 'Số hiệu cán bộ',
  csv: { agencyCode: 'Mã cơ quan', asOf: 'Số liệu đến hết ngày', unsure: 'Nhật ký chưa đủ' },
  person: {
    recorded: 'Lượt xem trang này được ghi lại.',
    posts: 'Công tác',
    noPosts: 'không công tác trong ngày này',
    mailboxes: 'Hộp thư',
    noMailboxes: 'không có hộp thư cá nhân',
    aliases: list => `địa chỉ khác: ${list}`,
    absent: 'Vắng mặt dài ngày',
    calendar: 'Những ngày có sử dụng',
    window: (first, last) => `28 ngày được tính: từ ${first} đến hết ${last}.`,
    weeks: 'Xem 12 tuần gần nhất',
    noUse: 'Không có hộp thư cá nhân; chưa ghi nhận ngày sử dụng nào trong 12 tuần.',
    why: 'Vì sao được tính là sử dụng thường xuyên',
    whyNot: 'Vì sao chưa được tính là sử dụng thường xuyên',
    whyUnknown: 'Vì sao chưa biết có sử dụng thường xuyên hay không',
    whyOutside: 'Vì sao không tính vào tỷ lệ',
    notAsked: 'không bắt buộc',
    yes: 'Có',
    no: 'Không',
    unknown: 'Chưa đủ số liệu',
    evidence: 'Căn cứ',
    day: 'Ngày',
    kind: 'Loại',
    source: 'Nguồn',
    detail: 'Nội dung',
    before: 'trước khi có số liệu',
    ours: 'Hộp Thư',
    left: 'Không còn công tác',
    names: {
      staff: 'Đang công tác',
      required: 'Thuộc diện cấp',
      issued: 'Đã được cấp',
      activated: 'Đã kích hoạt',
      used: 'Có sử dụng',
      sending: 'Có gửi thư',
      regular: 'Sử dụng thường xuyên',
    },
    kinds: {
      employment: 'Công tác',
      absence: 'Vắng mặt dài ngày',
      eligibility: 'Diện cấp hộp thư',
      mailbox: 'Hộp thư',
      firstUse: 'Lần đầu',
      signIn: 'Đăng nhập',
      send: 'Gửi thư',
      hand: 'Thao tác',
      missing: 'Thiếu nhật ký',
    },
  },
}

const en: PeopleWords = {
  title: 'People',
  caption: 'List of people',
  search: 'Name, staff id or address',
  find: 'Find',
  filter: 'Filter by use',
  all: 'All',
  of: agency => `People of ${agency}`,
  everywhere: 'Any agency',
  name: 'Name',
  agency: 'Agency',
  post: 'Title',
  address: 'Address',
  state: 'Use',
  lastUse: 'Last use',
  never: 'none recorded',
  noAddress: 'no mailbox',
  unsure: 'logs not complete',
  unasked: 'no week with enough working days',
  none: 'Nobody matches',
  noneText: 'Take a condition away, or check the words searched for. Diacritics may be left out.',
  clear: 'Clear the filters',
  next: 'Next page',
  first: 'Back to the first page',
  shown: (shown, total) => `${shown} of ${total} people`,
  export: 'Export (CSV)',
  recorded: 'This look at the list is recorded.',
  agenciesFound: 'Agencies that match',
  staffId: 'Staff id',
  csv: { agencyCode: 'Agency code', asOf: 'As of', unsure: 'Logs not complete' },
  person: {
    recorded: 'This look at the page is recorded.',
    posts: 'Serves at',
    noPosts: 'serves nowhere on this day',
    mailboxes: 'Mailboxes',
    noMailboxes: 'no personal mailbox',
    aliases: list => `other addresses: ${list}`,
    absent: 'Absent',
    calendar: 'Days of use',
    window: (first, last) => `The 28 days that count: ${first} to the end of ${last}.`,
    weeks: 'The last 12 weeks',
    noUse: 'There is no personal mailbox; no day of use was recorded in 12 weeks.',
    why: 'Why this counts as regular use',
    whyNot: 'Why this does not count as regular use yet',
    whyUnknown: 'Why it is not known whether this is regular use',
    whyOutside: 'Why this person is in no rate',
    notAsked: 'not asked for',
    yes: 'Yes',
    no: 'No',
    unknown: 'Not enough data',
    evidence: 'Evidence',
    day: 'Day',
    kind: 'Kind',
    source: 'Source',
    detail: 'What',
    before: 'before records',
    ours: 'Hộp Thư',
    left: 'No longer serves',
    names: {
      staff: 'In service',
      required: 'Must have a mailbox',
      issued: 'Has one',
      activated: 'Activated it',
      used: 'Uses it',
      sending: 'Sends',
      regular: 'Uses it regularly',
    },
    kinds: {
      employment: 'Post',
      absence: 'Absence',
      eligibility: 'Who must have one',
      mailbox: 'Mailbox',
      firstUse: 'First use',
      signIn: 'Sign-in',
      send: 'Send',
      hand: 'Action',
      missing: 'Missing log',
    },
  },
}

export const peopleWords: Record<Locale, PeopleWords> = { vi, en }
