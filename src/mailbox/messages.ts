/** What the mailbox subject says to people, in Vietnamese and English. */
import type { ChangeKind } from './connector.ts'
import type { GuardReason } from './guard.ts'

export type Locale = 'vi' | 'en'

export const kinds: Record<ChangeKind, Record<Locale, string>> = {
  create: { vi: 'cấp mới', en: 'create' },
  update: { vi: 'cập nhật', en: 'update' },
  rename: { vi: 'đổi địa chỉ', en: 'rename' },
  suspend: { vi: 'tạm khoá', en: 'suspend' },
  resume: { vi: 'mở lại', en: 'resume' },
  remove: { vi: 'xoá', en: 'remove' },
}

const reasons: Record<string, Record<Locale, string>> = {
  required: { vi: 'thuộc diện cấp, chưa có hộp thư', en: 'must have one and has none' },
  ruled: { vi: 'chưa có hộp thư, thuộc diện cấp theo', en: 'has none, and must have one by' },
  left: { vi: 'thôi việc', en: 'left' },
  returned: { vi: 'trở lại làm việc', en: 'returned' },
  renamed: { vi: 'đổi họ tên', en: 'name changed' },
  quota: { vi: 'đổi dung lượng', en: 'quota changed' },
}

export function reasonText(locale: Locale, reason: string): string {
  const [code = '', ...detail] = reason.split(' ')
  return [reasons[code]?.[locale] ?? code, ...detail].join(' ')
}

const refusals: Record<string, Record<Locale, string>> = {
  no_naming_rule: { vi: 'cơ quan chưa có quy tắc đặt địa chỉ', en: 'no naming rule covers the agency' },
  no_address_left: { vi: 'không đặt được địa chỉ từ họ tên', en: 'the name yields no free address' },
  mailbox_missing: {
    vi: 'hộp thư không còn trên hệ thống thư:',
    en: 'the mailbox is gone from the platform:',
  },
  may_have_mailbox: { vi: 'có thể đã có hộp thư', en: 'may already have the mailbox' },
}

export function refusalText(locale: Locale, reason: string): string {
  const [code = '', ...detail] = reason.split(' ')
  return [refusals[code]?.[locale] ?? code, ...detail].join(' ')
}

export function guardText(locale: Locale, reason: GuardReason): string {
  if (reason.kind === 'remove') {
    return locale === 'vi'
      ? `xoá ${reason.count} hộp thư, vượt ngưỡng ${reason.limit}`
      : `${reason.count} removals, more than ${reason.limit}`
  }
  const { agency, count, of, limit } = reason
  return locale === 'vi'
    ? `${agency ? `cơ quan ${agency}: ` : ''}tạm khoá ${count} trên ${of} hộp thư, vượt ngưỡng ${limit}`
    : `${agency ? `agency ${agency}: ` : ''}${count} of ${of} mailboxes suspended, more than ${limit}`
}

export const states: Record<string, Record<Locale, string>> = {
  planned: { vi: 'đề xuất', en: 'planned' },
  invited: { vi: 'đã gửi kích hoạt', en: 'invited' },
  active: { vi: 'đang hoạt động', en: 'active' },
  locked: { vi: 'bị khoá', en: 'locked' },
  suspended: { vi: 'tạm khoá', en: 'suspended' },
  archived: { vi: 'lưu trữ', en: 'archived' },
  removed: { vi: 'đã xoá', en: 'removed' },
}

export const words = {
  vi: {
    plan: 'Đề xuất',
    nothing: 'Không có gì thay đổi.',
    address: 'Địa chỉ',
    name: 'Họ tên',
    change: 'Thay đổi',
    person: 'Cán bộ',
    reason: 'Lý do',
    refused: 'không đề xuất được',
    guard: 'Vượt ngưỡng an toàn, cần người phê duyệt:',
    apply: 'Xem kỹ rồi phê duyệt: hopthu mailbox apply',
    done: 'đã thực hiện',
    already: 'đã đúng từ trước',
    failed: 'không thực hiện được',
    temporary: 'tạm thời, lần chạy sau sẽ làm tiếp',
    again: 'Chạy lại để làm tiếp phần còn lại: hopthu mailbox apply',
    next: 'Tiếp theo: hopthu activity ingest, hopthu adoption',
    state: 'Trạng thái',
    agency: 'Cơ quan',
    aliases: 'Bí danh',
    lastLogin: 'Đăng nhập gần nhất',
    lastSend: 'Gửi gần nhất',
    more: 'và còn nữa; xem đủ bằng --json',
    seconds: 'giây',
    none: 'Chưa có hộp thư nào. Tiếp theo: hopthu mailbox plan',
  },
  en: {
    plan: 'Plan',
    nothing: 'Nothing to change.',
    address: 'Address',
    name: 'Name',
    change: 'Change',
    person: 'Person',
    reason: 'Reason',
    refused: 'could not be planned',
    guard: 'Over a limit of the guard, a person must look:',
    apply: 'Look at it, then approve it: hopthu mailbox apply',
    done: 'done',
    already: 'already so',
    failed: 'failed',
    temporary: 'temporary, tried again on the next run',
    again: 'Run again for what is left: hopthu mailbox apply',
    next: 'Next: hopthu activity ingest, hopthu adoption',
    state: 'State',
    agency: 'Agency',
    aliases: 'Aliases',
    lastLogin: 'Last sign-in',
    lastSend: 'Last send',
    more: 'and more; all of them with --json',
    seconds: 's',
    none: 'No mailbox yet. Next: hopthu mailbox plan',
  },
} as const
