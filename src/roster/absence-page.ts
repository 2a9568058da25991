/** Long absences: the list, and the form that enters, ends or corrects one. */
import {
  actionButton,
  card,
  empty,
  field,
  input,
  nextLink,
  notice,
  pageHead,
  select,
  table,
  tableCard,
} from '../web/components.ts'
import { html } from '../web/html.ts'
import type { AbsenceKind } from './absence.ts'
import { type AbsenceTime, absenceTimes, type ListedAbsence } from './absence-store.ts'
import { absenceOptions } from './decision-form-page.ts'
import { absenceText, dayWord, decisionWords, type Locale } from './decision-messages.ts'

export const absencePath = '/absences'

export type AbsenceListView = {
  q: string
  time: AbsenceTime | null
  kind: AbsenceKind | null
  absences: readonly ListedAbsence[]
  next: string | null
  mayManage: boolean
  maySeePerson: boolean
  saved: boolean
}

export function absenceListPage(locale: Locale, view: AbsenceListView): string {
  const say = decisionWords[locale].absences
  const add = view.mayManage ? html`<a class="btn btn-primary" href="${absencePath}/new">${say.add}</a>` : ''
  const filter = html`<div class="card-body border-bottom">!${filterForm(locale, view)}</div>`
  const list =
    view.absences.length === 0
      ? empty({ title: say.none, text: say.noneText })
      : absenceTable(locale, view.absences, view)
  return [
    pageHead({ title: say.title }),
    view.saved ? notice('good', say.saved) : '',
    html`<p class="stamp">${say.intro}</p>`,
    tableCard({
      title: say.title,
      actions: add,
      table: `${filter}${list}`,
      foot: view.next === null ? '' : nextLink(view.next, decisionWords[locale].more),
    }),
  ].join('')
}

function filterForm(locale: Locale, { q, time, kind }: AbsenceListView): string {
  const words = decisionWords[locale]
  const say = words.absences
  const times = [
    { value: 'all', text: say.anyTime },
    ...absenceTimes.map(value => ({ value, text: say.times[value] })),
  ]
  const kinds = [{ value: '', text: say.anyKind }, ...absenceOptions(locale)]
  const search = input({ id: 'q', value: q, type: 'search', more: { placeholder: say.who } })
  return html`<form class="filter" action="${absencePath}"><label><span class="visually-hidden">${say.who}</span>!${search}</label><label><span class="visually-hidden">${words.day}</span>!${select({ id: 'time', value: time ?? 'all', options: times })}</label><label><span class="visually-hidden">${words.absence}</span>!${select({ id: 'kind', value: kind ?? '', options: kinds })}</label><button class="btn">${words.filter}</button></form>`
}

/** Absences of several people, or without names of one. */
export function absenceTable(
  locale: Locale,
  absences: readonly ListedAbsence[],
  look: { mayManage: boolean; maySeePerson: boolean; named?: boolean },
): string {
  const words = decisionWords[locale]
  const say = words.absences
  const named = look.named ?? true
  const columns = [
    ...(named ? [{ title: words.people }] : []),
    { title: words.absence },
    { title: say.from, wide: true },
    { title: words.until },
    { title: say.source, wide: true },
    ...(look.mayManage ? [{ title: say.edit, quiet: true }] : []),
  ]
  const rows = absences.map(each => [
    ...(named ? [who(each, look.maySeePerson)] : []),
    html`${absenceText(locale, each.kind)}<div class="stamp">${each.document}</div>`,
    html`${dayWord(each.first) || words.history.before}`,
    html`${dayWord(each.last) || say.open}`,
    html`${each.source || say.byHand}`,
    ...(look.mayManage ? [editLink(locale, each)] : []),
  ])
  return table(say.title, columns, rows)
}

function who({ person, name, staffId, agencyName }: ListedAbsence, linked: boolean): string {
  const shown = linked ? html`<a href="/people/${person}">${name}</a>` : html`${name}`
  return html`!${shown}<div class="stamp">${[staffId, agencyName].filter(Boolean).join(' · ')}</div>`
}

function editLink(locale: Locale, { person, first, source }: ListedAbsence): string {
  if (source !== '') return ''
  return html`<a class="btn btn-sm" href="${absencePath}/${person}/${first}">${decisionWords[locale].absences.edit}</a>`
}

// the form ----------------------------------------------------------------------------------------------------------

export type AbsenceFormView = {
  /** The one that is changed; null: a new one. */
  was: ListedAbsence | null
  values: Record<string, string>
  problems: Record<string, string>
  csrf: string
}

export function absenceFormPage(locale: Locale, view: AbsenceFormView): string {
  const words = decisionWords[locale]
  const say = words.absences
  const { was, problems, csrf } = view
  const title = was === null ? say.add : say.change
  const action = was === null ? absencePath : `${absencePath}/${was.person}/${was.first}`
  const wrong = Object.keys(problems).length > 0 ? notice('bad', words.kept) : ''
  const form = html`<form method="post" action="${action}"><input type="hidden" name="csrf" value="${csrf}">!${fieldsOf(locale, view)}<div class="actions"><button class="btn btn-primary">${say.submit}</button><a class="btn" href="${absencePath}">${words.cancel}</a></div></form>`
  const remove =
    was === null
      ? ''
      : card({
          title: say.remove,
          body: html`<p class="stamp">${say.removeHint}</p>!${actionButton({ action: `${action}/remove`, label: say.remove, csrf, kind: 'danger' })}`,
        })
  return [
    pageHead({ title, crumbs: [{ href: absencePath, text: say.title }] }),
    wrong,
    card({ title: was === null ? title : was.name, body: form }),
    remove,
  ].join('')
}

function fieldsOf(locale: Locale, { was, values, problems }: AbsenceFormView): string {
  const words = decisionWords[locale]
  const say = words.absences
  const ask = (id: string, label: string, hint: string, type = 'text') => {
    const problem = problems[id] ?? null
    const value = values[id] ?? ''
    const shown = type === 'date' && value !== '' && !/^\d{4}-\d{2}-\d{2}$/.test(value) ? 'text' : type
    const control = input({ id, value, type: shown, problem, hint: true, more: { autocomplete: 'off' } })
    return field({ id, label, hint, problem, control })
  }
  const problem = problems.kind ?? null
  const options = [{ value: '', text: '–' }, ...absenceOptions(locale)]
  const kind = field({
    ...{ id: 'kind', label: words.absence, problem },
    control: select({ id: 'kind', value: values.kind ?? '', options, problem }),
  })
  return [
    was === null ? ask('person', say.person, say.personHint) : '',
    kind,
    ask('from', say.from, say.fromHint, 'date'),
    ask('until', words.until, words.untilHint, 'date'),
    ask('document', say.document, say.documentHint),
  ].join('')
}
