/** The sentences of `explain` in Vietnamese and English. */
import { unreachable } from '../error.ts'
import type { Place } from './evidence.ts'
import type { Locale } from './messages.ts'

/** Why a state is as it is. `missing` counts days of the window that a covering log does not fully hold. */
export type StateReason =
  | { kind: 'noRoster' }
  | { kind: 'serving'; agency: string; code: string; since: string | null }
  | { kind: 'notServing'; day: string }
  | { kind: 'outside'; of: 'staff' | 'required' | 'issued' }
  | { kind: 'fitsClass' | 'otherClass'; staffClass: string }
  | { kind: 'ruledIn' | 'ruledOut'; document: string }
  | { kind: 'absent'; from: string | null; until: string | null }
  | { kind: 'hasMailbox' | 'mailboxClosed'; address: string; state: string }
  | { kind: 'noMailbox' }
  | { kind: 'firstUse'; day: string }
  | { kind: 'neverUsed' }
  | { kind: 'noLog' }
  | { kind: 'useDays' | 'sendDays'; days: number }
  | { kind: 'noUse' | 'noSend'; missing: number }
  | {
      kind: 'regularity'
      blocks: number
      workingDays: number
      kept: number
      blocksNeeded: number
      sendMissing: boolean
      missing: number
    }

export type EvidenceWords = {
  why: (reason: StateReason) => string
  employment: (row: Employment) => string
  absence: (span: Span) => string
  rule: (row: { number: number; text: string }) => string
  mailbox: (row: { address: string; kind: string; state: string | null }) => string
  earlier: (row: { last_day: string; days: number }) => string
  use: (row: { kind: 'signIn' | 'send' | 'hand'; count: number; address: string; place: string }) => string
  place: (place: Place) => string
  missing: string
  partly: string
  uncovered: string
}

type Span = { from: string | null; until: string | null }
type Employment = Span & {
  name: string
  code: string
  staff_class: string
  title: string | null
  is_primary: boolean
}

/** `2026-11-20` as `20/11/2026`. */
function vnDay(day: string): string {
  return day.split('-').reverse().join('/')
}

const viMailboxStates: Record<string, string> = {
  planned: 'mới đề xuất',
  invited: 'đã gửi kích hoạt',
  active: 'đang hoạt động',
  locked: 'bị khoá',
  suspended: 'tạm khoá',
  archived: 'lưu trữ',
  removed: 'đã xoá',
}

const viKinds: Record<string, string> = {
  personal: 'cá nhân',
  agency: 'cơ quan',
  position: 'chức danh',
  shared: 'dùng chung',
}

const vi: EvidenceWords = {
  why: viWhy,
  employment: ({ name, code, staff_class, title, is_primary, ...span }) =>
    [`${name} (${code})`, title, staff_class, is_primary ? 'vị trí chính' : null, viSpan(span)]
      .filter(Boolean)
      .join(', '),
  absence: span => `Vắng mặt dài ngày, ${viSpan(span)}`,
  rule: ({ number, text }) => `Quy định ${number}. ${text}`,
  mailbox: ({ address, kind, state }) =>
    `Hộp thư ${viKinds[kind] ?? kind} ${address}: ${state === null ? 'không rõ trạng thái' : (viMailboxStates[state] ?? state)}`,
  earlier: ({ last_day, days }) =>
    `Lần đầu có sử dụng; trước 28 ngày này có ${days} ngày, gần nhất ${vnDay(last_day)}`,
  use: ({ kind, count, address, place }) => {
    if (kind === 'hand')
      return `${count} thao tác trong hộp thư ${address}; riêng việc này không tính là sử dụng`
    return `${count} lần ${kind === 'signIn' ? 'đăng nhập' : 'gửi thư'} bằng ${address}; ${place}`
  },
  place: ({ week, leftOut, working }) => {
    const day = working ? 'ngày làm việc' : 'không phải ngày làm việc'
    return leftOut
      ? `tuần thứ ${week} không tính vì có dưới 3 ngày làm việc`
      : `tuần thứ ${week} đếm ngược, ${day}`
  },
  missing: 'Chưa nhận được nhật ký của ngày này',
  partly: 'Nhật ký của ngày này chưa đọc đến hết ngày',
  uncovered: 'Không có nguồn nhật ký nào cho cơ quan này',
}

function viSpan({ from, until }: Span): string {
  const start = from === null ? 'từ trước khi có số liệu' : `từ ${vnDay(from)}`
  return until === null ? start : `${start} đến ${vnDay(until)}`
}

function viMissing(days: number): string {
  return days === 0 ? '' : `; ${days} ngày chưa đủ nhật ký`
}

function viWhy(reason: StateReason): string {
  switch (reason.kind) {
    case 'noRoster':
      return 'Chưa có danh sách cán bộ đầy đủ cho ngày này'
    case 'serving':
      return `Công tác tại ${reason.agency} (${reason.code}), ${viSpan({ from: reason.since, until: null })}`
    case 'notServing':
      return `Không công tác tại cơ quan nào trong ngày ${vnDay(reason.day)}`
    case 'outside':
      return {
        staff: 'Không công tác trong ngày này',
        required: 'Không thuộc diện cấp',
        issued: 'Chưa được cấp',
      }[reason.of]
    case 'fitsClass':
      return `Nhóm “${reason.staffClass}” thuộc diện cấp`
    case 'otherClass':
      return reason.staffClass === ''
        ? 'Danh sách không ghi nhóm cán bộ'
        : `Nhóm “${reason.staffClass}” không thuộc diện cấp`
    case 'ruledIn':
      return `Thuộc diện cấp theo ${reason.document}`
    case 'ruledOut':
      return `Không thuộc diện cấp theo ${reason.document}`
    case 'absent':
      return `Vắng mặt dài ngày ${viSpan(reason)}, nên tạm không thuộc diện cấp`
    case 'hasMailbox':
      return `Hộp thư ${reason.address} ${viMailboxStates[reason.state] ?? reason.state}`
    case 'mailboxClosed':
      return `Hộp thư ${reason.address} ${viMailboxStates[reason.state] ?? 'không rõ trạng thái'}, nên chưa tính là được cấp`
    case 'noMailbox':
      return 'Chưa có hộp thư cá nhân'
    case 'firstUse':
      return `Lần đầu có sử dụng ngày ${vnDay(reason.day)}`
    case 'neverUsed':
      return 'Chưa thấy đăng nhập hoặc gửi thư trong nhật ký'
    case 'noLog':
      return 'Chưa nhận được nhật ký nào'
    case 'useDays':
      return `Có sử dụng ${reason.days} ngày trong 28 ngày`
    case 'sendDays':
      return `Có gửi thư ${reason.days} ngày trong 28 ngày`
    case 'noUse':
      return `Không phát sinh sử dụng trong 28 ngày${viMissing(reason.missing)}`
    case 'noSend':
      return `Không gửi thư trong 28 ngày${viMissing(reason.missing)}`
    case 'regularity':
      return viRegularity(reason)
    default:
      return unreachable(reason)
  }
}

function viRegularity(reason: Extract<StateReason, { kind: 'regularity' }>): string {
  if (reason.kept === 0) return 'Không tuần nào trong 28 ngày có đủ 3 ngày làm việc'
  const have = `${reason.blocks}/${reason.kept} tuần và ${reason.workingDays} ngày làm việc có sử dụng`
  const need = `cần ${reason.blocksNeeded} tuần và ${reason.kept} ngày`
  return `${have} (${need})${reason.sendMissing ? ', chưa gửi thư' : ''}${viMissing(reason.missing)}`
}

const en: EvidenceWords = {
  why: enWhy,
  employment: ({ name, code, staff_class, title, is_primary, ...span }) =>
    [`${name} (${code})`, title, staff_class, is_primary ? 'primary post' : null, enSpan(span)]
      .filter(Boolean)
      .join(', '),
  absence: span => `Absent, ${enSpan(span)}`,
  rule: ({ number, text }) => `Rule ${number}. ${text}`,
  mailbox: ({ address, kind, state }) => `${kind} mailbox ${address}: ${state ?? 'state not known'}`,
  earlier: ({ last_day, days }) =>
    `First use; ${many(days, 'day')} of use before these 28, the last on ${last_day}`,
  use: ({ kind, count, address, place }) => {
    if (kind === 'hand') return `${many(count, 'action')} in the mailbox ${address}; these alone are no use`
    return `${many(count, kind === 'signIn' ? 'sign-in' : 'message')} ${kind === 'signIn' ? '' : 'sent '}as ${address}; ${place}`
  },
  place: ({ week, leftOut, working }) =>
    leftOut
      ? `week ${week} is left out, it has fewer than 3 working days`
      : `week ${week} counted back, ${working ? 'a working day' : 'no working day'}`,
  missing: 'No log of this day',
  partly: 'The log of this day was not read to its end',
  uncovered: 'No log source covers this agency',
}

function enSpan({ from, until }: Span): string {
  const start = from === null ? 'since before records' : `from ${from}`
  return until === null ? start : `${start} to ${until}`
}

function many(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`
}

function enMissing(days: number): string {
  return days === 0 ? '' : `; the logs of ${many(days, 'day')} are not complete`
}

function enWhy(reason: StateReason): string {
  switch (reason.kind) {
    case 'noRoster':
      return 'No complete roster is known for this day'
    case 'serving':
      return `Serves at ${reason.agency} (${reason.code}), ${enSpan({ from: reason.since, until: null })}`
    case 'notServing':
      return `Serves at no agency on ${reason.day}`
    case 'outside':
      return {
        staff: 'Does not serve',
        required: 'Need not have a mailbox',
        issued: 'Has no mailbox issued',
      }[reason.of]
    case 'fitsClass':
      return `The class “${reason.staffClass}” must have a mailbox`
    case 'otherClass':
      return reason.staffClass === ''
        ? 'The roster gives no staff class'
        : `The class “${reason.staffClass}” need not have a mailbox`
    case 'ruledIn':
      return `Must have a mailbox by ${reason.document}`
    case 'ruledOut':
      return `Need not have a mailbox by ${reason.document}`
    case 'absent':
      return `Absent ${enSpan(reason)}`
    case 'hasMailbox':
      return `The mailbox ${reason.address} is ${reason.state}`
    case 'mailboxClosed':
      return `The mailbox ${reason.address} is ${reason.state || 'in no known state'}, which is not issued`
    case 'noMailbox':
      return 'Holds no personal mailbox'
    case 'firstUse':
      return `First used on ${reason.day}`
    case 'neverUsed':
      return 'No sign-in and no send in the logs'
    case 'noLog':
      return 'No log has been read'
    case 'useDays':
      return `Used on ${reason.days} of the 28 days`
    case 'sendDays':
      return `Sent on ${reason.days} of the 28 days`
    case 'noUse':
      return `No use within the 28 days${enMissing(reason.missing)}`
    case 'noSend':
      return `No send within the 28 days${enMissing(reason.missing)}`
    case 'regularity':
      return enRegularity(reason)
    default:
      return unreachable(reason)
  }
}

function enRegularity(reason: Extract<StateReason, { kind: 'regularity' }>): string {
  if (reason.kept === 0) return 'No week of the 28 days has 3 working days'
  const have = `Used in ${reason.blocks} of ${reason.kept} weeks and on ${many(reason.workingDays, 'working day')}`
  const need = `${many(reason.blocksNeeded, 'week')} and ${many(reason.kept, 'day')} are needed`
  return `${have} (${need})${reason.sendMissing ? ', nothing sent' : ''}${enMissing(reason.missing)}`
}

export const evidenceWords: Record<Locale, EvidenceWords> = { vi, en }
