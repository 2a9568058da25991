/** The list of what is to be settled, with the answer for several at once. */
import { empty, field, input, nextLink, notice, pageHead, select, table, tabs } from '../web/components.ts'
import { day as dayText, type Locale, number } from '../web/format.ts'
import { html } from '../web/html.ts'
import { answersOf, isWaiting, type ReviewKind, reviewKinds } from './review.ts'
import { reviewWords } from './review-messages.ts'
import {
  type AnswerForm,
  holdingPath,
  leavingFields,
  type ReviewLook,
  reviewPath,
  stateText,
} from './review-page.ts'
import type { ReviewRow } from './review-store.ts'

export type ListView = {
  query: { kind: ReviewKind | null; state: 'waiting' | 'answered'; agency: string }
  agencyKnown: boolean
  rows: readonly (ReviewRow & { saidName: string | null })[]
  next: string | null
  counts: readonly { kind: ReviewKind; count: number }[]
  holding: number
  form: AnswerForm
  ticked: ReadonlySet<number>
  said: { kind: 'good' | 'warn' | 'bad'; text: string } | null
}

export function reviewListPage(look: ReviewLook, view: ListView): string {
  const { locale } = look
  const say = reviewWords[locale]
  const said = view.said === null ? '' : notice(view.said.kind, view.said.text)
  return [
    pageHead({ title: say.title, stamp: html`${say.intro}` }),
    placesPart(look, { active: 'reviews', waiting: total(view), holding: view.holding }),
    said,
    html`<section class="card mb-3"><div class="card-body">!${filterForm(look, view)}</div>!${listPart(look, view)}</section>`,
  ].join('')
}

function total({ counts }: ListView): number {
  return counts.reduce((sum, each) => sum + each.count, 0)
}

/** The two lists of people that ask for somebody. */
export function placesPart(
  { locale }: Pick<ReviewLook, 'locale'>,
  of: { active: 'reviews' | 'holding'; waiting: number; holding: number },
): string {
  const say = reviewWords[locale]
  const items = [
    {
      href: reviewPath,
      text: `${say.waiting} ${number(locale, of.waiting)}`,
      active: of.active === 'reviews',
    },
    {
      href: holdingPath,
      text: `${say.holding} ${number(locale, of.holding)}`,
      active: of.active === 'holding',
    },
  ]
  return html`<div class="mb-3">!${tabs(say.title, items)}</div>`
}

function filterForm({ locale }: ReviewLook, { query, counts, agencyKnown }: ListView): string {
  const say = reviewWords[locale]
  const kinds = [
    { value: '', text: say.all },
    ...reviewKinds.map(value => {
      const count = counts.find(each => each.kind === value)?.count ?? 0
      return { value, text: count > 0 ? `${say.kinds[value]} (${number(locale, count)})` : say.kinds[value] }
    }),
  ]
  const states = [
    { value: '', text: say.waiting },
    { value: 'answered', text: say.answered },
  ]
  const problem = agencyKnown ? null : say.agencyUnknown
  const chosen = query.state === 'answered' ? 'answered' : ''
  const clear =
    query.kind === null && chosen === '' && query.agency === ''
      ? ''
      : html`<a class="btn" href="${reviewPath}">${say.clear}</a>`
  return html`<form class="filter" action="${reviewPath}">!${field({ id: 'kind', label: say.kind, control: select({ id: 'kind', value: query.kind ?? '', options: kinds }) })}!${field({ id: 'state', label: say.state, control: select({ id: 'state', value: chosen, options: states }) })}!${field({ id: 'agency', label: say.agency, control: input({ id: 'agency', value: query.agency, problem, more: { maxlength: '64', placeholder: 'H99.05' } }), problem })}<div class="mb-3"><button class="btn btn-primary">${say.filter}</button>!${clear}</div></form>`
}

function listPart(look: ReviewLook, view: ListView): string {
  const say = reviewWords[look.locale]
  if (view.rows.length === 0) {
    const filtered = view.query.kind !== null || view.query.agency !== '' || view.query.state === 'answered'
    return filtered
      ? empty({ title: say.noneFound, text: say.noneFoundText })
      : empty({ title: say.none, text: say.noneText })
  }
  const foot = view.next === null ? '' : html`<div class="card-foot">!${nextLink(view.next, say.next)}</div>`
  const several = look.mayAnswer && view.rows.some(isTickable)
  const listed = reviewTable(look, view, several)
  if (!several) return html`!${listed}!${foot}`
  return html`<form method="post" action="${reviewPath}"><input type="hidden" name="csrf" value="${look.csrf}">!${listed}<div class="card-body"><h2 class="card-title">${say.several}</h2><p class="stamp">${say.severalHint}</p>!${severalFields(look.locale, view.form)}<button class="btn btn-primary">${say.submitSeveral}</button></div></form>!${foot}`
}

function isTickable({ kind, state }: ReviewRow): boolean {
  return kind === 'missing' && isWaiting(state)
}

function reviewTable(look: ReviewLook, view: ListView, several: boolean): string {
  const { locale } = look
  const say = reviewWords[locale]
  const columns = [
    { title: say.about },
    { title: say.agency, wide: true },
    { title: say.asked, wide: true },
    { title: say.state },
  ]
  const rows = view.rows.map(row => [
    html`<div class="d-flex gap-2">!${several ? tickBox(look, row, view.ticked) : ''}<div><a href="${reviewPath}/${row.id}">${row.saidName ?? row.personName ?? say.notKnown}</a><div class="stamp">${say.kinds[row.kind]}</div></div></div>`,
    html`${row.agencyName ?? '–'}<div class="code">${row.agencyCode ?? ''}</div>`,
    html`${dayText(row.openedOn)}`,
    html`!${stateText(locale, row)}!${row.againOn === null ? '' : html`<div class="stamp">${say.again(dayText(row.againOn))}</div>`}`,
  ])
  return table(say.title, columns, rows)
}

function tickBox({ locale }: ReviewLook, row: ListView['rows'][number], ticked: ReadonlySet<number>): string {
  if (!isTickable(row)) return ''
  const label = reviewWords[locale].tick(row.saidName ?? row.personName ?? String(row.id))
  return html`<input class="form-check-input" type="checkbox" name="review" value="${row.id}" aria-label="${label}" !${ticked.has(row.id) ? 'checked' : ''}>`
}

function severalFields(locale: Locale, form: AnswerForm): string {
  const say = reviewWords[locale]
  const { values, problems } = form
  const options = [
    { value: '', text: say.choose },
    ...answersOf('missing').map(value => ({ value, text: say.answers[value] })),
  ]
  const problem = problems.answer ?? null
  return html`!${field({ id: 'answer', label: say.question, control: select({ id: 'answer', value: values.answer, options, problem }), problem })}!${leavingFields(locale, form)}`
}
