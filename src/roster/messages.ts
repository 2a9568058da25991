/** What the roster says to people, in Vietnamese and English. */
import type { GuardReason } from './guard.ts'
import type { RejectionReason } from './roster.ts'

export type Locale = 'vi' | 'en'

const reasons: Record<RejectionReason, Record<Locale, string>> = {
  missing_key: { vi: 'không có mã khoá của mục', en: 'the entry has no key' },
  missing_staff_id: { vi: 'không có số hiệu cán bộ', en: 'no staff id' },
  missing_name: { vi: 'không có họ tên', en: 'no name' },
  missing_agency: { vi: 'không ghi cơ quan', en: 'no agency' },
  missing_code: { vi: 'cơ quan không có mã', en: 'the agency has no code' },
  too_long: { vi: 'giá trị quá dài', en: 'a value is too long' },
  not_text: { vi: 'giá trị không phải văn bản Unicode', en: 'a value is no Unicode text' },
  bad_level: { vi: 'cấp cơ quan không có trong danh mục', en: 'unknown level of agency' },
  bad_day: { vi: 'ngày không hợp lệ', en: 'not a day' },
  duplicate_key: { vi: 'mã khoá của mục bị trùng', en: 'the key appears twice' },
  duplicate_staff_id: { vi: 'số hiệu cán bộ bị trùng', en: 'the staff id appears twice' },
  duplicate_code: { vi: 'mã cơ quan bị trùng', en: 'the agency code appears twice' },
  unknown_agency: { vi: 'không tìm thấy cơ quan', en: 'unknown agency' },
  parent_circle: { vi: 'cơ quan cấp trên tạo thành vòng', en: 'the agencies above form a circle' },
}

export function rejectionText(locale: Locale, reason: string, detail: string): string {
  const known = Object.entries(reasons).find(([code]) => code === reason)?.[1][locale] ?? reason
  return detail === '' ? known : `${known}: ${detail}`
}

export function guardText(locale: Locale, reason: GuardReason): string {
  switch (reason.kind) {
    case 'empty':
      return locale === 'vi'
        ? 'nguồn không trả về người nào; coi như nguồn đang hỏng'
        : 'the source gave nobody at all; taken for an outage'
    case 'incomplete':
      return locale === 'vi'
        ? `chưa đọc hết nguồn: ${reason.message}`
        : `the read is incomplete: ${reason.message}`
    case 'leavers': {
      const { agency, leavers, staff, limit } = reason
      return locale === 'vi'
        ? `${agency ? `cơ quan ${agency}: ` : ''}${leavers} trên ${staff} người không còn trong danh sách, vượt ngưỡng ${limit}`
        : `${agency ? `agency ${agency}: ` : ''}${leavers} of ${staff} people are no longer in the roster, more than ${limit}`
    }
  }
}

export const words = {
  vi: {
    agencies: 'Cơ quan',
    created: 'mới',
    changed: 'thay đổi',
    closed: 'thôi hoạt động',
    people: 'Cán bộ',
    joiners: 'mới vào',
    movers: 'chuyển đến',
    leavers: 'thôi việc',
    returned: 'trở lại',
    unchanged: 'không đổi',
    read: 'Đã đọc',
    entries: 'mục',
    rejected: 'không nhận',
    seconds: 'giây',
    dryRun: 'Chạy thử, không ghi gì.',
    refused: 'Từ chối, danh sách cũ được giữ nguyên:',
    approve: 'Nếu biến động là thật: hopthu roster approve',
    approveLater:
      'Chạy thật (hopthu roster sync) sẽ để lại một lượt chờ phê duyệt; nếu biến động là thật thì phê duyệt lượt đó',
    reread: 'Kiểm tra nguồn rồi chạy lại: hopthu roster sync',
    next: 'Tiếp theo: hopthu mailbox plan',
    nextReal: 'Đúng thì đọc thật: hopthu roster sync',
    more: 'và còn nữa; xem đủ bằng --json',
  },
  en: {
    agencies: 'Agencies',
    created: 'new',
    changed: 'changed',
    closed: 'closed',
    people: 'People',
    joiners: 'joined',
    movers: 'moved',
    leavers: 'left',
    returned: 'returned',
    unchanged: 'unchanged',
    read: 'Read',
    entries: 'entries',
    rejected: 'rejected',
    seconds: 's',
    dryRun: 'Dry run, nothing was written.',
    refused: 'Refused, the last good roster stands:',
    approve: 'If these movements are real: hopthu roster approve',
    approveLater:
      'A real read (hopthu roster sync) leaves a run to approve; approve that one if these movements are real',
    reread: 'Look at the source, then run again: hopthu roster sync',
    next: 'Next: hopthu mailbox plan',
    nextReal: 'If this is right, read it for good: hopthu roster sync',
    more: 'and more; all of them with --json',
  },
} as const
