/** What the activity subject says to people, in Vietnamese and English. */

export type Locale = 'vi' | 'en'

export const words = {
  vi: {
    read: 'Đã đọc', lines: 'dòng', signals: 'dòng là bằng chứng sử dụng', supporting: 'dòng bổ trợ', ignored: 'dòng không liên quan',
    unattributed: 'dòng của địa chỉ chưa biết là của ai', excluded: 'dòng bị loại trừ theo cấu hình hoặc do tài khoản giám sát',
    repeated: 'dòng đã đọc trước đó', personDays: 'ngày–người có sử dụng mới ghi nhận', seconds: 'giây', next: 'Tiếp theo: hopthu adoption',
    kind: 'Loại', at: 'Thời điểm', user: 'Người dùng', detail: 'Chi tiết', reason: 'Lý do',
    mailboxes: 'hộp thư', reached: 'vào được', unreachable: 'không vào được',
  },
  en: {
    read: 'Read', lines: 'lines', signals: 'are proof of use', supporting: 'support them', ignored: 'do not matter here',
    unattributed: 'are of addresses nobody is known to hold', excluded: 'are excluded by the configuration or a master user’s',
    repeated: 'had been read before', personDays: 'person-days newly set', seconds: 's', next: 'Next: hopthu adoption',
    kind: 'Kind', at: 'At', user: 'User', detail: 'Detail', reason: 'Reason',
    mailboxes: 'mailboxes', reached: 'reached', unreachable: 'not reached',
  },
} as const
