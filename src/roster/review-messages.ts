/** What the pages of reviews and of the holding list say, in Vietnamese and English. */
import type { Locale } from './messages.ts'
import type { AnswerKind, AnswerProblem, Likeness, ReviewKind, ReviewState, SideField } from './review.ts'

type Words = {
  title: string
  intro: string
  holding: string
  kinds: Record<ReviewKind, string>
  /** Why somebody is asked, in a sentence. */
  why: Record<ReviewKind, string>
  states: Record<ReviewState, string>
  answers: Record<AnswerKind, string>
  answerHints: Record<AnswerKind, string>
  problems: Record<AnswerProblem, string>
  fields: Record<SideField, string>
  likeness: Record<Likeness, string>
  mailbox: string
  source: string
  since: string
  beforeRecords: string
  record: string
  person: string
  about: string
  agency: string
  asked: string
  state: string
  open: string
  all: string
  kind: string
  waiting: string
  answered: string
  filter: string
  clear: string
  agencyUnknown: string
  none: string
  noneText: string
  noneFound: string
  noneFoundText: string
  next: string
  nextOne: string
  toList: string
  look: string
  again: (day: string) => string
  byWhom: (answer: string, name: string, at: string) => string
  already: string
  settledBy: string
  done: (count: number) => string
  doneLate: string
  outside: string
  mayNot: string
  question: string
  several: string
  severalHint: string
  choose: string
  tick: (name: string) => string
  day: string
  dayHint: string
  decision: string
  decisionHint: string
  decisionDay: string
  note: string
  noteHint: string
  submit: string
  submitSeveral: string
  noneTicked: string
  notKnown: string
  nobody: string
  missingSince: (day: string) => string
  held: (day: string) => string
  ended: (day: string) => string
}

const vi: Words = {
  title: 'Danh sách cần xác minh',
  intro:
    'Những trường hợp chưa đủ căn cứ để tự động kết luận. Trong khi chờ, không ai bị coi là mới vào hay thôi việc vì những trường hợp này.',
  holding: 'Chờ chuyển công tác',
  kinds: {
    sameName: 'Trùng họ tên',
    sameStaffId: 'Trùng số hiệu, khác họ tên',
    recreated: 'Mục được lập lại',
    duplicate: 'Hai dòng giống nhau',
    reusedKey: 'Mã khoá đổi người',
    swappedName: 'Hai người đổi họ tên cho nhau',
    missing: 'Không còn trong danh sách',
  },
  why: {
    sameName:
      'Danh sách có một người không kèm số hiệu, số định danh; họ tên trùng với một cán bộ của cơ quan.',
    sameStaffId: 'Số hiệu này đã thuộc về một người có họ tên khác.',
    recreated: 'Mục cũ trong nguồn không còn, một mục mới được lập và không kèm số hiệu.',
    duplicate: 'Hai dòng của danh sách không có gì để phân biệt.',
    reusedKey: 'Mục vẫn giữ mã khoá cũ nhưng cả họ tên và số hiệu đều đã khác.',
    swappedName: 'Hai mục của danh sách mang họ tên của nhau so với lần trước.',
    missing: 'Danh sách mới nhất không còn tên người này. Đây chưa phải là căn cứ để coi là đã thôi việc.',
  },
  states: {
    open: 'chờ trả lời',
    later: 'để sau',
    same: 'cùng một người',
    different: 'hai người khác nhau',
    stays: 'vẫn công tác',
    left: 'đã nghỉ',
    settled: 'đã tự giải quyết',
  },
  answers: {
    same: 'Cùng một người',
    different: 'Hai người khác nhau',
    stays: 'Vẫn công tác',
    left: 'Đã nghỉ',
    later: 'Để sau',
  },
  answerHints: {
    same: 'Thông tin trong danh sách được ghi vào hồ sơ của người này; hộp thư đang có được giữ nguyên.',
    different: 'Người trong danh sách được ghi là một cán bộ mới; hai người này không bị hỏi lại nữa.',
    stays: 'Giữ nguyên; không hỏi lại vì danh sách này nữa.',
    left: 'Kết thúc công tác từ sau ngày đã chọn; hộp thư được đề xuất tạm khoá.',
    later: 'Hỏi lại sau 14 ngày.',
  },
  problems: {
    missing: 'Chưa chọn câu trả lời.',
    notOfThis: 'Câu trả lời này không dùng cho trường hợp này.',
    noDay: 'Chưa nhập ngày công tác cuối cùng.',
    badDay: 'Ngày không hợp lệ; ví dụ 2026-11-20.',
    future: 'Ngày này chưa đến. Nghỉ trong thời gian tới thì ghi bằng quyết định.',
  },
  fields: {
    name: 'Họ tên',
    birthDay: 'Ngày sinh',
    numberTail: 'Số cuối của số định danh',
    staffId: 'Số hiệu cán bộ',
    agency: 'Cơ quan',
    title: 'Chức vụ',
    staffClass: 'Nhóm cán bộ',
    address: 'Địa chỉ thư công vụ',
    phone: 'Điện thoại',
  },
  likeness: { same: 'giống nhau', differs: 'khác nhau', alone: 'chỉ một bên có', none: '' },
  mailbox: 'Hộp thư đang có',
  source: 'Nguồn và ngày',
  since: 'Công tác từ',
  beforeRecords: 'trước khi có dữ liệu',
  record: 'Theo danh sách vừa đọc',
  person: 'Đang được lưu',
  about: 'Nội dung',
  agency: 'Cơ quan',
  asked: 'Hỏi từ ngày',
  state: 'Tình trạng',
  open: 'Mở',
  all: 'Mọi loại',
  kind: 'Loại',
  waiting: 'Chờ trả lời',
  answered: 'Đã trả lời',
  filter: 'Lọc',
  clear: 'Bỏ lọc',
  agencyUnknown: 'Không có cơ quan nào mang mã này trong phạm vi phụ trách.',
  none: 'Không có trường hợp nào cần xác minh',
  noneText: 'Khi danh sách có người chưa rõ là ai hoặc không còn tên, trường hợp đó sẽ hiện ở đây.',
  noneFound: 'Không có trường hợp nào khớp',
  noneFoundText: 'Thử bỏ bớt điều kiện lọc.',
  next: 'Xem tiếp',
  nextOne: 'Trường hợp tiếp theo',
  toList: 'Về danh sách',
  look: 'Xem và trả lời',
  again: day => `hỏi lại từ ${day}`,
  byWhom: (answer, name, at) => `Đã trả lời “${answer}”, ${name}, lúc ${at}.`,
  already: 'Trường hợp này đã được trả lời từ trước; lần bấm này không thay đổi gì.',
  settledBy: 'Trường hợp này đã tự giải quyết: căn cứ của nó không còn.',
  done: count => `Đã ghi ${count.toLocaleString('vi-VN')} câu trả lời.`,
  doneLate: 'Câu trả lời đã được ghi; sẽ có hiệu lực ở lần đọc danh sách tới.',
  outside:
    'Người này đang thuộc một cơ quan ngoài phạm vi phụ trách, nên thông tin không hiển thị ở đây và việc xác minh do quản trị cấp trên thực hiện.',
  mayNot: 'Việc trả lời do quản trị cơ quan hoặc quản trị hệ thống thực hiện.',
  question: 'Trả lời',
  several: 'Trả lời nhiều người một lần',
  severalHint: 'Đánh dấu những người “không còn trong danh sách” ở trên; câu trả lời áp dụng cho tất cả.',
  choose: 'Chọn câu trả lời',
  tick: name => `Chọn ${name}`,
  day: 'Ngày công tác cuối cùng',
  dayHint: 'Chỉ cần khi trả lời “Đã nghỉ”.',
  decision: 'Số quyết định',
  decisionHint: 'Không bắt buộc; ví dụ 1234/QĐ-SNV.',
  decisionDay: 'Ngày quyết định',
  note: 'Ghi chú',
  noteHint: 'Không bắt buộc.',
  submit: 'Ghi câu trả lời',
  submitSeveral: 'Ghi cho những người đã đánh dấu',
  noneTicked: 'Chưa đánh dấu ai.',
  notKnown: 'không có',
  nobody: 'Không còn lưu người này.',
  missingSince: day => `không còn tên từ ${day}`,
  held: day => `chờ chuyển công tác đến hết ${day}`,
  ended: day => `đã kết thúc ngày ${day}`,
}

const en: Words = {
  title: 'To be settled',
  intro: 'What no rule settles by itself. Until it is answered nobody joins or leaves because of it.',
  holding: 'Waiting to move',
  kinds: {
    sameName: 'Same name',
    sameStaffId: 'Same staff id, other name',
    recreated: 'Entry made anew',
    duplicate: 'Two rows alike',
    reusedKey: 'Key of somebody else',
    swappedName: 'Two people exchanged names',
    missing: 'No longer in the list',
  },
  why: {
    sameName: 'The list has somebody without any number whose name is that of one of the agency’s staff.',
    sameStaffId: 'This staff id belongs to somebody of another name.',
    recreated: 'The old entry is gone from the source, and a new one was made without a number.',
    duplicate: 'Nothing tells two rows of the list apart.',
    reusedKey: 'The entry kept its key, but both its name and its staff id are others.',
    swappedName: 'Two entries of the list bear each other’s names since the last read.',
    missing: 'The newest list no longer names this person. That by itself is no departure.',
  },
  states: {
    open: 'waits for an answer',
    later: 'put off',
    same: 'the same person',
    different: 'two people',
    stays: 'still serves',
    left: 'has left',
    settled: 'settled by itself',
  },
  answers: {
    same: 'The same person',
    different: 'Two different people',
    stays: 'Still serves',
    left: 'Has left',
    later: 'Later',
  },
  answerHints: {
    same: 'What the list says is written to this person; the mailbox they hold stays.',
    different: 'The one in the list becomes somebody new; these two are not asked about again.',
    stays: 'Nothing changes; this list asks no more.',
    left: 'The employment ends with the day chosen; suspending the mailbox will be planned.',
    later: 'Asked again after 14 days.',
  },
  problems: {
    missing: 'Choose an answer.',
    notOfThis: 'This is no answer to such a question.',
    noDay: 'Enter the last day of service.',
    badDay: 'Not a day; such as 2026-11-20.',
    future: 'This day is still to come. Announce it by a decision instead.',
  },
  fields: {
    name: 'Name',
    birthDay: 'Day of birth',
    numberTail: 'Last digits of the personal number',
    staffId: 'Staff id',
    agency: 'Agency',
    title: 'Position',
    staffClass: 'Class',
    address: 'Official address',
    phone: 'Telephone',
  },
  likeness: { same: 'the same', differs: 'differs', alone: 'on one side only', none: '' },
  mailbox: 'Mailbox held',
  source: 'Source and day',
  since: 'Serves since',
  beforeRecords: 'before records',
  record: 'As the list says',
  person: 'As known',
  about: 'About',
  agency: 'Agency',
  asked: 'Asked since',
  state: 'State',
  open: 'Open',
  all: 'All kinds',
  kind: 'Kind',
  waiting: 'Waiting',
  answered: 'Answered',
  filter: 'Filter',
  clear: 'Clear',
  agencyUnknown: 'No agency within your scope has this code.',
  none: 'Nothing to settle',
  noneText: 'When a list has somebody who may be two, or misses somebody, it is asked here.',
  noneFound: 'Nothing fits',
  noneFoundText: 'Try with fewer conditions.',
  next: 'More',
  nextOne: 'The next one',
  toList: 'Back to the list',
  look: 'See and answer',
  again: day => `again from ${day}`,
  byWhom: (answer, name, at) => `Answered “${answer}” by ${name} at ${at}.`,
  already: 'This was answered before; nothing was changed now.',
  settledBy: 'This settled itself: its ground is gone.',
  done: count => `${count.toLocaleString('en-GB')} answers were written.`,
  doneLate: 'The answer is written; it takes effect with the next read of the list.',
  outside:
    'This person belongs to an agency outside your scope: what is known of them does not show here, and an administrator above answers.',
  mayNot: 'Administrators of the agency or of the system answer this.',
  question: 'Answer',
  several: 'Answer for several at once',
  severalHint: 'Tick those “no longer in the list” above; the answer goes for all of them.',
  choose: 'Choose an answer',
  tick: name => `Choose ${name}`,
  day: 'Last day of service',
  dayHint: 'Only for “Has left”.',
  decision: 'Number of the decision',
  decisionHint: 'May be left out; such as 1234/QĐ-SNV.',
  decisionDay: 'Day of the decision',
  note: 'Note',
  noteHint: 'May be left out.',
  submit: 'Write the answer',
  submitSeveral: 'Write it for those ticked',
  noneTicked: 'Nobody is ticked.',
  notKnown: 'none',
  nobody: 'This person is no longer kept.',
  missingSince: day => `missing since ${day}`,
  held: day => `waits to move until ${day}`,
  ended: day => `ended on ${day}`,
}

export const reviewWords: Record<Locale, Words> = { vi, en }
