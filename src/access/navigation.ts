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

export const places: readonly {
  place: Place
  href: string
  action: Action
  /** About the installation as a whole: nothing is there for who has only a part of it. */
  whole?: true
  label: { vi: string; en: string }
}[] = [
  { place: 'overview', href: '/', action: 'figures.view', label: { vi: 'Tổng quan', en: 'Overview' } },
  { place: 'agencies', href: '/agencies', action: 'figures.view', label: { vi: 'Cơ quan', en: 'Agencies' } },
  { place: 'people', href: '/people', action: 'names.view', label: { vi: 'Cán bộ', en: 'People' } },
  { place: 'import', href: '/import', action: 'roster.import', label: { vi: 'Nhập tệp', en: 'Import' } },
  { place: 'reviews', href: '/reviews', action: 'reviews.view', label: { vi: 'Xác minh', en: 'Reviews' } },
  {
    place: 'decisions',
    href: '/decisions',
    action: 'decisions.view',
    label: { vi: 'Quyết định', en: 'Decisions' },
  },
  {
    place: 'absences',
    href: '/absences',
    action: 'absences.view',
    label: { vi: 'Tạm không tính', en: 'Absences' },
  },
  {
    place: 'mailboxes',
    href: '/mailboxes',
    action: 'mailboxes.view',
    label: { vi: 'Hộp thư', en: 'Mailboxes' },
  },
  {
    place: 'plans',
    href: '/plans',
    action: 'plans.view',
    whole: true,
    label: { vi: 'Đề xuất', en: 'Plans' },
  },
  { place: 'runs', href: '/runs', action: 'runs.view', whole: true, label: { vi: 'Lượt chạy', en: 'Runs' } },
  {
    place: 'sources',
    href: '/sources',
    action: 'sources.view',
    whole: true,
    label: { vi: 'Nguồn số liệu', en: 'Sources' },
  },
  { place: 'targets', href: '/targets', action: 'figures.view', label: { vi: 'Mục tiêu', en: 'Targets' } },
  {
    place: 'operators',
    href: '/operators',
    action: 'operators.view',
    label: { vi: 'Người dùng', en: 'Operators' },
  },
  { place: 'audit', href: '/audit', action: 'audit.view', label: { vi: 'Nhật ký truy vết', en: 'Audit' } },
]
