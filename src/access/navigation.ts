/** Where the menu leads, in order, and the right that makes an entry show. */
import type { Action } from './access.ts'

export type Place =
  | 'overview'
  | 'agencies'
  | 'people'
  | 'import'
  | 'reviews'
  | 'decisions'
  | 'absences'
  | 'mailboxes'
  | 'plans'
  | 'runs'
  | 'sources'
  | 'targets'
  | 'operators'
  | 'audit'

type Label = { vi: string; en: string }

/** Places that stand under one entry of the menu; the first that may be reached is where the entry leads. */
export type Group = 'people' | 'mailboxes' | 'system'

export const groups: Record<Group, Label> = {
  people: { vi: 'Cán bộ', en: 'People' },
  mailboxes: { vi: 'Hộp thư', en: 'Mailboxes' },
  system: { vi: 'Hệ thống', en: 'System' },
}

export type Destination = {
  place: Place
  href: string
  action: Action
  /** About the installation as a whole: nothing is there for who has only a part of it. */
  whole?: true
  group?: Group
  label: Label
}

export const places: readonly Destination[] = [
  { place: 'overview', href: '/', action: 'figures.view', label: { vi: 'Tổng quan', en: 'Overview' } },
  { place: 'agencies', href: '/agencies', action: 'figures.view', label: { vi: 'Cơ quan', en: 'Agencies' } },
  {
    place: 'people',
    href: '/people',
    action: 'names.view',
    group: 'people',
    label: { vi: 'Danh sách cán bộ', en: 'List of people' },
  },
  {
    place: 'reviews',
    href: '/reviews',
    action: 'reviews.view',
    group: 'people',
    label: { vi: 'Xác minh', en: 'Reviews' },
  },
  {
    place: 'decisions',
    href: '/decisions',
    action: 'decisions.view',
    group: 'people',
    label: { vi: 'Quyết định', en: 'Decisions' },
  },
  {
    place: 'absences',
    href: '/absences',
    action: 'absences.view',
    group: 'people',
    label: { vi: 'Tạm không tính', en: 'Absences' },
  },
  {
    place: 'import',
    href: '/import',
    action: 'roster.import',
    group: 'people',
    label: { vi: 'Nhập tệp', en: 'Import a file' },
  },
  {
    place: 'mailboxes',
    href: '/mailboxes',
    action: 'mailboxes.view',
    group: 'mailboxes',
    label: { vi: 'Danh sách hộp thư', en: 'List of mailboxes' },
  },
  {
    place: 'plans',
    href: '/plans',
    action: 'plans.view',
    whole: true,
    group: 'mailboxes',
    label: { vi: 'Đề xuất thay đổi', en: 'Plans of changes' },
  },
  { place: 'targets', href: '/targets', action: 'figures.view', label: { vi: 'Mục tiêu', en: 'Targets' } },
  {
    place: 'runs',
    href: '/runs',
    action: 'runs.view',
    whole: true,
    group: 'system',
    label: { vi: 'Lượt chạy', en: 'Runs' },
  },
  {
    place: 'sources',
    href: '/sources',
    action: 'sources.view',
    whole: true,
    group: 'system',
    label: { vi: 'Nguồn số liệu', en: 'Sources' },
  },
  {
    place: 'operators',
    href: '/operators',
    action: 'operators.view',
    group: 'system',
    label: { vi: 'Người dùng', en: 'Operators' },
  },
  {
    place: 'audit',
    href: '/audit',
    action: 'audit.view',
    group: 'system',
    label: { vi: 'Nhật ký truy vết', en: 'Audit' },
  },
]
