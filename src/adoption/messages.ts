/** The words of adoption in Vietnamese and English. */
import type { Anomaly, CountName } from './adoption.ts'
import type { TargetStatus } from './target.ts'

export type Locale = 'vi' | 'en'

/** What a reader should do next, the first cause first. */
export type NextStep =
  | { kind: 'readRoster' }
  | { kind: 'laterDay' }
  | { kind: 'readLogs' }
  | { kind: 'issue' | 'activate' | 'use' | 'regular'; people: string }
  | { kind: 'nothing' }

export type Words = {
  agency: string
  code: string
  level: string
  sector: string
  noSector: string
  agencies: string
  parent: string
  status: string
  asOf: string
  completeness: string
  target: string
  due: string
  gap: string
  concurrent: string
  rateOf: (column: string) => string
  counts: Record<CountName, string>
  statuses: Record<TargetStatus, string>
  levels: Record<string, string>
  anomalies: Record<Anomaly['reason'], string>
  /** People missing to the target; `people` as printed. */
  more: (people: string) => string
  upTo: (day: string, partial: boolean) => string
  logs: (percent: string) => string
  between: (low: string, high: string) => string
  anomaliesFound: (people: string) => string
  next: (step: NextStep) => string
}

const vi: Words = {
  agency: 'Cơ quan',
  code: 'Mã',
  level: 'Cấp',
  sector: 'Khối',
  noSector: 'Chưa phân khối',
  agencies: 'Số cơ quan',
  parent: 'Mã cơ quan cấp trên',
  status: 'Tình trạng',
  asOf: 'Số liệu đến hết ngày',
  completeness: 'Nhật ký đầy đủ',
  target: 'Mục tiêu',
  due: 'Hạn',
  gap: 'Cần thêm',
  concurrent: 'Kiêm nhiệm',
  rateOf: column => `Tỷ lệ ${column.toLowerCase()}`,
  counts: {
    staff: 'Đang công tác',
    required: 'Thuộc diện',
    issued: 'Được cấp',
    activated: 'Kích hoạt',
    used: 'Có sử dụng',
    sending: 'Có gửi thư',
    regular: 'Thường xuyên',
  },
  statuses: {
    met: 'Đạt',
    onPace: 'Đúng tiến độ',
    atRisk: 'Có nguy cơ chậm',
    behind: 'Chậm tiến độ',
    unknown: 'Chưa đủ số liệu',
    overdue: 'Đã quá hạn',
    kept: 'Duy trì được',
    broken: 'Chưa duy trì được',
  },
  levels: {
    province: 'Tỉnh',
    department: 'Sở, ban, ngành',
    district: 'Huyện',
    commune: 'Xã, phường, đặc khu',
    unit: 'Phòng, đơn vị trực thuộc',
    publicServiceUnit: 'Đơn vị sự nghiệp công lập',
  },
  anomalies: {
    usedNotIssued: 'Có sử dụng trong 28 ngày nhưng hiện không có hộp thư đang hoạt động',
    activatedNotIssued: 'Đã từng sử dụng nhưng hiện không có hộp thư đang hoạt động',
  },
  more: people => `cần thêm ${people} người`,
  upTo: (day, partial) =>
    partial ? `Số liệu tạm tính ngày ${day}, ngày chưa kết thúc` : `Số liệu đến hết ${day}`,
  logs: percent => `nhật ký đầy đủ ${percent}`,
  between: (low, high) =>
    `Do nhật ký chưa đầy đủ, tỷ lệ sử dụng thường xuyên thực tế nằm trong khoảng ${low} đến ${high}`,
  anomaliesFound: people =>
    `${people} người đã sử dụng nhưng hiện không có hộp thư đang hoạt động; xem bằng --json`,
  next: step => {
    switch (step.kind) {
      case 'readRoster':
        return 'Việc tiếp theo: đọc danh sách cán bộ (hopthu roster sync)'
      case 'laterDay':
        return 'Ngày này chưa có danh sách cán bộ. Xem ngày sau đó bằng --as-of; số liệu hôm nay là tạm tính'
      case 'readLogs':
        return 'Việc tiếp theo: đọc nhật ký thư (hopthu activity ingest FILE)'
      case 'issue':
        return `Việc tiếp theo: cấp hộp thư cho ${step.people} người (hopthu mailbox plan)`
      case 'activate':
        return `Việc tiếp theo: hướng dẫn ${step.people} người chưa kích hoạt hộp thư`
      case 'use':
        return `Việc tiếp theo: nhắc ${step.people} người không phát sinh sử dụng trong 28 ngày`
      case 'regular':
        return `Việc tiếp theo: hỗ trợ ${step.people} người chưa đạt mức thường xuyên`
      case 'nothing':
        return 'Không có việc cần làm thêm'
    }
  },
}

const en: Words = {
  agency: 'Agency',
  code: 'Code',
  level: 'Level',
  sector: 'Sector',
  noSector: 'No sector',
  agencies: 'Agencies',
  parent: 'Code of the agency above',
  status: 'Status',
  asOf: 'As of',
  completeness: 'Logs complete',
  target: 'Target',
  due: 'Due',
  gap: 'Still needed',
  concurrent: 'Concurrent',
  rateOf: column => `${column} rate`,
  counts: {
    staff: 'Staff',
    required: 'Required',
    issued: 'Issued',
    activated: 'Activated',
    used: 'Used',
    sending: 'Sending',
    regular: 'Regular',
  },
  statuses: {
    met: 'Met',
    onPace: 'On pace',
    atRisk: 'At risk',
    behind: 'Behind',
    unknown: 'Not enough data',
    overdue: 'Overdue',
    kept: 'Kept',
    broken: 'Not kept',
  },
  levels: {
    province: 'Province',
    department: 'Department',
    district: 'District',
    commune: 'Commune',
    unit: 'Unit',
    publicServiceUnit: 'Public service unit',
  },
  anomalies: {
    usedNotIssued: 'Used within the 28 days, but has no active mailbox now',
    activatedNotIssued: 'Used at some time, but has no active mailbox now',
  },
  more: people => `${people} more people needed`,
  upTo: (day, partial) =>
    partial ? `Preliminary figures of ${day}, which has not ended` : `Figures up to the end of ${day}`,
  logs: percent => `logs ${percent} complete`,
  between: (low, high) =>
    `The logs are not complete: the true rate of regular use lies between ${low} and ${high}`,
  anomaliesFound: people =>
    `${people} people used a mailbox but have no active one now; see them with --json`,
  next: step => {
    switch (step.kind) {
      case 'readRoster':
        return 'Next: read the roster (hopthu roster sync)'
      case 'laterDay':
        return 'No roster is known of this day. Ask for a later one with --as-of; today is provisional'
      case 'readLogs':
        return 'Next: read the mail logs (hopthu activity ingest FILE)'
      case 'issue':
        return `Next: issue mailboxes to ${step.people} people (hopthu mailbox plan)`
      case 'activate':
        return `Next: invite ${step.people} people who have not activated theirs`
      case 'use':
        return `Next: remind ${step.people} people who did not use theirs within 28 days`
      case 'regular':
        return `Next: help ${step.people} people who do not use theirs regularly yet`
      case 'nothing':
        return 'Nothing more to do'
    }
  },
}

export const words: Record<Locale, Words> = { vi, en }

const rules: Record<Locale, Record<TargetStatus, string>> = {
  vi: {
    met: 'Số người đã đạt tỷ lệ của mục tiêu.',
    onPace: 'Chưa đạt, nhưng bằng hoặc trên đường thẳng từ 0 ở ngày bắt đầu đến mục tiêu ở ngày đến hạn.',
    atRisk: 'Dưới đường thẳng đó, nhưng còn ít nhất 90% của nó.',
    behind: 'Dưới 90% của đường thẳng đó.',
    unknown: 'Chưa có danh sách cán bộ đầy đủ, hoặc chưa nhận được nhật ký nào trong 28 ngày.',
    overdue: 'Đã qua ngày đến hạn mà chưa đạt tỷ lệ của mục tiêu.',
    kept: 'Tỷ lệ trong ngày bằng hoặc trên mức phải duy trì.',
    broken: 'Tỷ lệ trong ngày dưới mức phải duy trì.',
  },
  en: {
    met: 'As many people as the target asks for are there.',
    onPace:
      'Not met yet, but on or above the straight line from nothing on the first day to the target on the last.',
    atRisk: 'Below that line, but with at least 90% of it.',
    behind: 'Below 90% of that line.',
    unknown: 'No complete roster is known, or no log of the 28 days has been read.',
    overdue: 'The last day has passed and the target is not met.',
    kept: 'On the day, the rate is at least what must be kept.',
    broken: 'On the day, the rate is below what must be kept.',
  },
}

/** The rule behind a status in one sentence, as `statusOf` of `target.ts` applies it. */
export function targetRule(status: TargetStatus, locale: Locale): string {
  return rules[locale][status]
}
