/** What the pages of the holding list and of confirmations say, in Vietnamese and English. */
import type { Locale } from './messages.ts'

type HoldingWords = {
  title: string
  intro: string
  name: string
  from: string
  since: string
  until: string
  file: string
  answer: string
  left: string
  stays: string
  none: string
  noneText: string
  next: string
  leftDone: string
  staysDone: string
  gone: string
  moved: string
  days: (days: number) => string
  run: string
}

export const holdingWords: Record<Locale, HoldingWords> = {
  vi: {
    title: 'Chờ chuyển công tác',
    intro:
      'Những người không còn tên trong danh sách do cơ quan gửi. Hộp thư của họ vẫn mở trong thời gian chờ. Ai được cơ quan khác đưa vào danh sách thì tự chuyển đến cơ quan đó; hết hạn mà không cơ quan nào có tên thì được coi là thôi việc.',
    name: 'Họ tên',
    from: 'Cơ quan cũ',
    since: 'Không còn tên từ',
    until: 'Chờ đến hết',
    file: 'Theo danh sách',
    answer: 'Xác nhận',
    left: 'Đã nghỉ',
    stays: 'Vẫn công tác tại đây',
    none: 'Không có ai đang chờ',
    noneText:
      'Khi danh sách của một cơ quan không còn tên ai đó, người đó chờ ở đây trước khi được coi là thôi việc.',
    next: 'Xem tiếp',
    leftDone: 'Đã ghi là thôi việc; việc tạm khoá hộp thư sẽ có trong đề xuất thay đổi tới.',
    staysDone: 'Đã ghi là vẫn công tác; quá trình công tác được giữ liền mạch.',
    gone: 'Người này không còn trong danh sách chờ: đã được trả lời, đã chuyển cơ quan hoặc đã hết hạn. Lần bấm này không thay đổi gì.',
    moved: 'Đã chuyển sang cơ quan khác? Không cần làm gì: danh sách của cơ quan mới sẽ ghi nhận.',
    days: days => (days < 0 ? 'đã hết hạn' : `còn ${days.toLocaleString('vi-VN')} ngày`),
    run: 'lượt',
  },
  en: {
    title: 'Waiting to move',
    intro:
      'People whom the list of their agency no longer names. Their mailboxes stay open meanwhile. Whoever another agency’s list names moves there; who is named by none until the day counts as having left.',
    name: 'Name',
    from: 'Agency before',
    since: 'Missing since',
    until: 'Waits until',
    file: 'By the list',
    answer: 'Answer',
    left: 'Has left',
    stays: 'Still serves here',
    none: 'Nobody waits',
    noneText: 'When the list of an agency misses somebody, they wait here before they count as having left.',
    next: 'More',
    leftDone: 'They count as having left; suspending the mailbox comes with the next plan.',
    staysDone: 'They serve as before; the employment goes on without a gap.',
    gone: 'They do not wait any more: answered before, moved, or their time is over. Nothing was changed now.',
    moved: 'Moved to another agency? Nothing to do: that agency’s list will say so.',
    days: days => (days < 0 ? 'time is over' : `${days.toLocaleString('en-GB')} days left`),
    run: 'run',
  },
}

type ConfirmationWords = {
  title: string
  intro: string
  people: (count: string) => string
  right: (day: string) => string
  button: string
  note: string
  noteHint: string
  last: (day: string) => string
  never: string
  before: string
  day: string
  staff: string
  by: string
  commandLine: string
  name: string
  agency: string
  post: string
  since: string
  beforeRecords: string
  absent: string
  none: string
  noneText: string
  next: string
  changed: string
  done: (day: string) => string
  reviews: (count: string) => string
  holding: (count: string) => string
  mayNot: string
  wrong: string
}

export const confirmationWords: Record<Locale, ConfirmationWords> = {
  vi: {
    title: 'Xác nhận danh sách',
    intro:
      'Danh sách của cơ quan và các đơn vị bên dưới. Ngày xác nhận gần nhất được ghi bên cạnh mọi số liệu của cơ quan.',
    people: count => `${count} người`,
    right: day => `Danh sách này đúng đến ngày ${day}`,
    button: 'Xác nhận danh sách',
    note: 'Ghi chú',
    noteHint: 'Không bắt buộc.',
    last: day => `Danh sách xác nhận ngày ${day}`,
    never: 'Danh sách chưa được xác nhận',
    before: 'Các lần xác nhận',
    day: 'Ngày',
    staff: 'Số người',
    by: 'Người xác nhận',
    commandLine: 'dòng lệnh trên máy chủ',
    name: 'Họ tên',
    agency: 'Cơ quan',
    post: 'Chức vụ',
    since: 'Công tác từ',
    beforeRecords: 'trước khi có dữ liệu',
    absent: 'tạm không tính',
    none: 'Chưa có ai trong danh sách',
    noneText: 'Danh sách cán bộ của cơ quan này chưa được đọc, hoặc chưa có ai đang công tác.',
    next: 'Xem tiếp',
    changed: 'Danh sách vừa thay đổi so với trang đang xem nên chưa ghi xác nhận. Xin xem lại rồi xác nhận.',
    done: day => `Đã xác nhận danh sách đúng đến ngày ${day}.`,
    reviews: count => `${count} trường hợp cần xác minh`,
    holding: count => `${count} người chờ chuyển công tác`,
    mayNot: 'Việc xác nhận do quản trị cơ quan hoặc quản trị hệ thống thực hiện.',
    wrong:
      'Danh sách chưa đúng? Gửi lại danh sách mới, hoặc trả lời các trường hợp cần xác minh trước khi xác nhận.',
  },
  en: {
    title: 'Confirm the list',
    intro:
      'The list of the agency and all below it. The last day of confirmation stands beside all its figures.',
    people: count => `${count} people`,
    right: day => `This list is right up to ${day}`,
    button: 'Confirm the list',
    note: 'Note',
    noteHint: 'May be left out.',
    last: day => `List confirmed on ${day}`,
    never: 'List not confirmed yet',
    before: 'Confirmations',
    day: 'Day',
    staff: 'People',
    by: 'By',
    commandLine: 'command line on the server',
    name: 'Name',
    agency: 'Agency',
    post: 'Position',
    since: 'Since',
    beforeRecords: 'before records',
    absent: 'not counted for now',
    none: 'Nobody on the list',
    noneText: 'The roster of this agency was not read yet, or nobody serves there.',
    next: 'More',
    changed:
      'The list has changed since this page was made, so nothing was confirmed. Look again, then confirm.',
    done: day => `The list is confirmed up to ${day}.`,
    reviews: count => `${count} to be settled`,
    holding: count => `${count} waiting to move`,
    mayNot: 'Administrators of the agency or of the system confirm it.',
    wrong: 'Not right? Send a new list, or answer what is to be settled before you confirm.',
  },
}
