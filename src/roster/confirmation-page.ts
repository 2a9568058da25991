/** An agency's list, and the button that says it is right. */

import type { Day } from '../ids.ts'
import {
  badge,
  card,
  empty,
  field,
  input,
  nextLink,
  notice,
  pageHead,
  table,
  tableCard,
} from '../web/components.ts'
import { day as dayText, instant, type Locale, number } from '../web/format.ts'
import { html } from '../web/html.ts'
import { addressOf } from '../web/query.ts'
import type { CodedAgency, Confirmation, Listed } from './confirmation-store.ts'
import { confirmationWords } from './holding-messages.ts'
import { holdingPath, reviewPath } from './review-page.ts'

export type ConfirmationLook = { locale: Locale; timeZone: string; csrf: string; mayConfirm: boolean }

export type ConfirmationView = {
  agency: CodedAgency
  day: Day
  staff: number
  people: readonly Listed[]
  next: string | null
  before: readonly Confirmation[]
  reviews: number
  holding: number
  note: { value: string; problem: string | null }
  said: { kind: 'good' | 'warn'; text: string } | null
}

export function rosterPath({ code }: { code: string }): string {
  return `/agencies/${encodeURIComponent(code)}/roster`
}

export function confirmationPage(look: ConfirmationLook, view: ConfirmationView): string {
  const { locale } = look
  const say = confirmationWords[locale]
  const { agency, before } = view
  const last = before[0]
  const stamp = last ? say.last(dayText(last.day)) : say.never
  return [
    pageHead({
      title: `${say.title}: ${agency.name}`,
      stamp: html`${stamp}. ${say.intro}`,
      crumbs: [{ href: `/agencies/${encodeURIComponent(agency.code)}`, text: agency.name }],
    }),
    view.said === null ? '' : notice(view.said.kind, view.said.text),
    confirmPart(look, view),
    listPart(locale, view),
    beforePart(look, view),
  ].join('')
}

function confirmPart(look: ConfirmationLook, view: ConfirmationView): string {
  const { locale, csrf, mayConfirm } = look
  const say = confirmationWords[locale]
  const { note, staff, agency } = view
  const open = [
    ...(view.reviews > 0
      ? [
          html`<a href="${addressOf(reviewPath, { agency: agency.code })}">${say.reviews(number(locale, view.reviews))}</a>`,
        ]
      : []),
    ...(view.holding > 0
      ? [html`<a href="${holdingPath}">${say.holding(number(locale, view.holding))}</a>`]
      : []),
  ]
  const asks = open.length === 0 ? '' : html`<p>!${open.join(' · ')}</p>`
  const right = html`<p class="say">${say.right(dayText(view.day))}: <b>${say.people(number(locale, staff))}</b></p>!${asks}`
  if (!mayConfirm)
    return card({ title: say.title, body: html`!${right}<p class="stamp mb-0">${say.mayNot}</p>` })
  const control = input({ id: 'note', value: note.value, problem: note.problem, hint: true })
  const noted = field({ id: 'note', label: say.note, control, hint: say.noteHint, problem: note.problem })
  const body = html`!${right}<form method="post" action="${rosterPath(agency)}"><input type="hidden" name="csrf" value="${csrf}"><input type="hidden" name="staff" value="${staff}">!${noted}<button class="btn btn-primary">${say.button}</button></form><p class="form-hint mb-0 mt-2">${say.wrong}</p>`
  return card({ title: say.title, body })
}

function listPart(locale: Locale, { people, next, agency, staff }: ConfirmationView): string {
  const say = confirmationWords[locale]
  const columns = [
    { title: say.name },
    { title: say.agency },
    { title: say.post, wide: true },
    { title: say.since, wide: true },
  ]
  const rows = people.map(each => [
    html`${each.name}!${each.absent ? html` !${badge('plain', say.absent)}` : ''}<div class="code">${each.staffId ?? ''}</div>`,
    html`${each.agencyName}<div class="code">${each.agencyCode}</div>`,
    html`${each.title ?? '–'}<div class="stamp">${each.staffClass}</div>`,
    html`${each.since === '-infinity' ? say.beforeRecords : dayText(each.since)}`,
  ])
  const list =
    rows.length === 0 ? empty({ title: say.none, text: say.noneText }) : table(agency.name, columns, rows)
  return tableCard({
    title: `${agency.name}: ${say.people(number(locale, staff))}`,
    table: list,
    foot: nextLink(next, say.next),
  })
}

function beforePart({ locale, timeZone }: ConfirmationLook, { before }: ConfirmationView): string {
  const say = confirmationWords[locale]
  if (before.length === 0) return ''
  const rows = before.map(({ day, staff, by, at, note }) => [
    html`${dayText(day)}`,
    number(locale, staff),
    html`${by === 'local' ? say.commandLine : by}<div class="stamp">${instant(at, timeZone)}</div>`,
    html`${note}`,
  ])
  const columns = [
    { title: say.day },
    { title: say.staff, number: true },
    { title: say.by },
    { title: say.note, wide: true },
  ]
  return tableCard({ title: say.before, table: table(say.before, columns, rows) })
}
