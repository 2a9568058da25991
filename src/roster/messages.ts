/** What the roster says to people, in Vietnamese and English. */
import type { GuardReason } from './guard.ts'
import { fieldWords } from './import-messages.ts'
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
  ambiguous_agency: { vi: 'nhiều cơ quan cùng tên', en: 'several agencies bear this name' },
  outside_scope: { vi: 'cơ quan ngoài phạm vi của nguồn', en: 'an agency the source does not speak for' },
  unknown_sector: {
    vi: 'khối không có trong danh mục; cơ quan vẫn được nhận',
    en: 'unknown sector; the agency was taken',
  },
  bad_number: {
    vi: 'số định danh cá nhân không đúng dạng; cán bộ vẫn được nhận',
    en: 'no personal number; the person was taken',
  },
  bad_address: {
    vi: 'địa chỉ thư không hợp lệ; cán bộ vẫn được nhận',
    en: 'no address; the person was taken',
  },
  scientific: {
    vi: 'bảng tính đã đổi số thành dạng 1.23E+11, mất chữ số',
    en: 'a spreadsheet turned the number into 1.23E+11; digits are lost',
  },
  zeros_lost: { vi: 'có thể đã mất số 0 ở đầu', en: 'leading zeros may be lost' },
  digits_lost: {
    vi: 'số dài hơn 15 chữ số, bảng tính chỉ giữ 15',
    en: 'more than 15 digits, of which a spreadsheet keeps 15',
  },
  formula_error: { vi: 'ô báo lỗi công thức', en: 'the cell holds a formula error' },
  no_value: { vi: 'ô là công thức chưa được tính', en: 'the cell is a formula that was never computed' },
  open_quote: { vi: 'dấu ngoặc kép mở mà không đóng', en: 'a quote is opened and never closed' },
  too_many_cells: { vi: 'dòng có quá nhiều ô', en: 'the row has too many cells' },
  too_few_cells: { vi: 'dòng thiếu ô', en: 'the row has too few cells' },
  parent_circle: { vi: 'cơ quan cấp trên tạo thành vòng', en: 'the agencies above form a circle' },
  unknown_parent: {
    vi: 'cơ quan cấp trên không có trong nguồn hoặc không nhận được',
    en: 'the agency above is not in the source or was not taken over',
  },
}

export function rejectionText(locale: Locale, reason: string, detail: string): string {
  const known = Object.entries(reasons).find(([code]) => code === reason)?.[1][locale] ?? reason
  return detail === '' ? known : `${known}: ${fieldNamed(locale, detail)}`
}

/** A detail that begins with one of our fields, the field called as on pages. */
function fieldNamed(locale: Locale, detail: string): string {
  const [, field = '', rest = ''] = /^(\w+): (.*)$/s.exec(detail) ?? []
  const word = Object.entries(fieldWords).find(([name]) => name === field)?.[1][locale]
  return word === undefined ? detail : `${word}: ${rest}`
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
    case 'movers':
    case 'renamed':
    case 'joiners':
    case 'agenciesClosed':
    case 'agenciesCreated': {
      const { count, of, limit } = reason
      return upheavals[locale][reason.kind](count.toLocaleString(locale), of.toLocaleString(locale), limit)
    }
  }
}

type Sentence = (count: string, of: string, limit: string) => string
type Upheaval = 'movers' | 'renamed' | 'joiners' | 'agenciesClosed' | 'agenciesCreated'

const upheavals: Record<Locale, Record<Upheaval, Sentence>> = {
  vi: {
    movers: (count, of, limit) =>
      `${count} trên ${of} người chuyển cơ quan cùng một lúc, vượt ngưỡng ${limit}`,
    renamed: (count, of, limit) => `${count} trên ${of} người đổi họ tên cùng một lúc, vượt ngưỡng ${limit}`,
    joiners: (count, of, limit) =>
      `${count} người mới so với ${of} người đang có, vượt ngưỡng ${limit}; có thể nguồn đã đổi mã của mọi người`,
    agenciesClosed: (count, of, limit) =>
      `${count} trên ${of} cơ quan không còn trong danh mục, vượt ngưỡng ${limit}`,
    agenciesCreated: (count, of, limit) =>
      `${count} cơ quan mới so với ${of} cơ quan đang có, vượt ngưỡng ${limit}; có thể nguồn đã đổi mã của mọi cơ quan`,
  },
  en: {
    movers: (count, of, limit) => `${count} of ${of} people would move at once, more than ${limit}`,
    renamed: (count, of, limit) =>
      `${count} of ${of} people would change their name at once, more than ${limit}`,
    joiners: (count, of, limit) =>
      `${count} new people beside ${of} known ones, more than ${limit}; the source may name everybody anew`,
    agenciesClosed: (count, of, limit) => `${count} of ${of} agencies are gone, more than ${limit}`,
    agenciesCreated: (count, of, limit) =>
      `${count} new agencies beside ${of} known ones, more than ${limit}; the source may name them all anew`,
  },
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
    held: 'Chờ xác định nơi công tác mới',
    reviews: 'Cần người xem lại',
    disabled: 'Mục đã bị tắt trong nguồn',
    referrals: 'Phần nằm ở máy chủ khác, chưa đọc',
    incremental: 'Chỉ đọc những mục đã thay đổi; không xét ai đã thôi việc.',
    dryRun: 'Chạy thử, không ghi gì.',
    refused: 'Từ chối, danh sách cũ được giữ nguyên:',
    approve: 'Nếu biến động là thật: hopthu roster approve',
    approveLater:
      'Chạy thật (hopthu roster sync) sẽ để lại một lượt chờ phê duyệt; nếu biến động là thật thì phê duyệt lượt đó',
    reread: 'Kiểm tra nguồn rồi chạy lại: hopthu roster sync',
    next: 'Tiếp theo: hopthu mailbox plan',
    nextReal: 'Đúng thì chạy lại lệnh này, bỏ --dry-run.',
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
    held: 'Waiting for the agency they went to',
    reviews: 'To be looked at by a person',
    disabled: 'Switched off in the source',
    referrals: 'Parts on other servers, not read',
    incremental: 'Only what changed was read; nobody is taken to have left.',
    dryRun: 'Dry run, nothing was written.',
    refused: 'Refused, the last good roster stands:',
    approve: 'If these movements are real: hopthu roster approve',
    approveLater:
      'A real read (hopthu roster sync) leaves a run to approve; approve that one if these movements are real',
    reread: 'Look at the source, then run again: hopthu roster sync',
    next: 'Next: hopthu mailbox plan',
    nextReal: 'If this is right, run the same without --dry-run.',
    more: 'and more; all of them with --json',
  },
} as const
