/** One of what is to be settled: the two candidates side by side, with the answers. */
import {
  badge,
  card,
  field,
  input,
  keyValues,
  notice,
  pageHead,
  type Standing,
  state,
  table,
} from '../web/components.ts'
import { day as dayText, instant, type Locale } from '../web/format.ts'
import { html } from '../web/html.ts'
import {
  type AnswerFields,
  type AnswerKind,
  answersOf,
  isWaiting,
  type Likeness,
  likenesses,
  type ReviewState,
  type Side,
  type SideField,
  sideFields,
} from './review.ts'
import { reviewWords } from './review-messages.ts'
import type { KnownPerson, ReviewRow } from './review-store.ts'

export const reviewPath = '/reviews'
export const holdingPath = '/holding'

export type ReviewLook = { locale: Locale; timeZone: string; csrf: string; mayAnswer: boolean }

/** What was typed, and what is wrong with it by field. */
export type AnswerForm = {
  values: AnswerFields & { note: string }
  problems: Partial<Record<keyof AnswerFields | 'note', string>>
}

export const emptyForm: AnswerForm = {
  values: { answer: '', day: '', decision: '', decisionDay: '', note: '' },
  problems: {},
}

const standings: Record<ReviewState, Standing> = {
  open: 'risk',
  later: 'unknown',
  same: 'met',
  different: 'met',
  stays: 'met',
  left: 'met',
  settled: 'met',
}

export function stateText(locale: Locale, { state: of }: ReviewRow): string {
  return state(standings[of], reviewWords[locale].states[of])
}

/** Only what somebody who has left is asked. */
export function leavingFields(locale: Locale, { values, problems }: AnswerForm): string {
  const say = reviewWords[locale]
  const one = (id: 'day' | 'decision' | 'decisionDay' | 'note', type: string, hint: string) => {
    const problem = problems[id] ?? null
    const control = input({ id, type, value: values[id], problem, hint: hint !== '' })
    return html`<div class="col-md-6">!${field({ id, label: say[id], control, hint, problem })}</div>`
  }
  return html`<div class="row">!${one('day', 'date', say.dayHint)}!${one('decision', 'text', say.decisionHint)}!${one('decisionDay', 'date', '')}!${one('note', 'text', say.noteHint)}</div>`
}

// one ---------------------------------------------------------------------------------------------------------------

export type OneView = {
  row: ReviewRow
  record: Side
  /** Null: no longer kept. */
  person: KnownPerson | null
  /** The candidate belongs to an agency that the reader may not look at. */
  outside: boolean
  addresses: readonly string[]
  next: number | null
  form: AnswerForm
  said: { kind: 'good' | 'warn'; text: string } | null
}

export function reviewPage(look: ReviewLook, view: OneView): string {
  const { locale } = look
  const say = reviewWords[locale]
  const { row } = view
  return [
    pageHead({
      title: `${say.kinds[row.kind]}: ${view.record.name ?? view.person?.name ?? say.notKnown}`,
      stamp: stateText(locale, row),
      crumbs: [{ href: reviewPath, text: say.title }],
    }),
    view.said === null ? '' : notice(view.said.kind, view.said.text),
    answeredPart(look, row),
    card({ title: row.agencyName ?? say.about, body: html`<p class="say mb-0">${say.why[row.kind]}</p>` }),
    sidesPart(look, view),
    answerPart(look, view),
    html`<div class="actions mb-3">!${view.next === null ? '' : html`<a class="btn" href="${reviewPath}/${view.next}">${say.nextOne}</a>`}<a class="btn" href="${reviewPath}">${say.toList}</a></div>`,
  ].join('')
}

function answeredPart({ locale, timeZone }: ReviewLook, row: ReviewRow): string {
  const say = reviewWords[locale]
  if (isWaiting(row.state)) return ''
  if (row.state === 'settled' && row.answeredAt === null) return notice('info', say.settledBy)
  const at = instant(row.answeredAt, timeZone)
  const answer =
    row.leftOn === null ? say.states[row.state] : `${say.states[row.state]} (${dayText(row.leftOn)})`
  const note = row.note === '' ? '' : html`<div>${say.note}: ${row.note}</div>`
  return notice('info', say.byWhom(answer, row.answeredBy, at), note)
}

function sidesPart(look: ReviewLook, view: OneView): string {
  const { locale } = look
  const say = reviewWords[locale]
  const { record, person, row, outside } = view
  if (outside || person === null) {
    const told = outside ? say.outside : say.nobody
    const own = sideFields.flatMap(name =>
      record[name] === null ? [] : [[say.fields[name], cell(name, record[name])] as const],
    )
    return html`!${card({ title: say.record, body: keyValues([...own, [say.source, html`${sourceText(row)}`]]) })}!${notice('info', told)}`
  }
  const known = personSide(person)
  const compared = likenesses(record, known)
  const named = (text: string, more = '') => html`<span class="fw-medium">${text}</span>!${more}`
  const rows = sideFields
    .filter(name => compared[name] !== 'none')
    .map(name => [
      named(say.fields[name], html`<div>!${likenessBadge(locale, compared[name])}</div>`),
      cell(name, record[name]),
      cell(name, known[name]),
    ])
  const columns = [{ title: say.about, quiet: true }, { title: say.record }, { title: say.person }]
  const held =
    view.addresses.length === 0
      ? html`${say.notKnown}`
      : html`!${view.addresses.map(each => html`<div class="address">${each}</div>`)}`
  const more = [
    [named(say.source), html`${sourceText(row)}!${missingText(locale, row)}`, html`${person.source}`],
    [named(say.since), '–', serviceText(locale, person)],
    [named(say.mailbox), '–', held],
  ]
  return html`<section class="card mb-3">!${table(say.about, columns, [...rows, ...more])}</section>`
}

function personSide(person: KnownPerson): Side {
  const { name, birthDay, numberTail, staffId, title, staffClass, address, phone } = person
  return { name, birthDay, numberTail, staffId, agency: person.agencyName, title, staffClass, address, phone }
}

function cell(name: SideField, value: string | null): string {
  if (value === null || value === '') return '–'
  if (name === 'birthDay') return html`${dayText(value)}`
  if (name === 'numberTail') return html`…${value}`
  return name === 'address' ? html`<span class="address">${value}</span>` : html`${value}`
}

const badges: Record<Likeness, 'good' | 'warn' | 'plain'> = {
  same: 'good',
  differs: 'warn',
  alone: 'plain',
  none: 'plain',
}

function likenessBadge(locale: Locale, likeness: Likeness): string {
  return badge(badges[likeness], reviewWords[locale].likeness[likeness])
}

function sourceText({ source, saidOn }: ReviewRow): string {
  return `${source} · ${dayText(saidOn)}`
}

function missingText(locale: Locale, { missingSince }: ReviewRow): string {
  return missingSince === null
    ? ''
    : html`<div class="stamp">${reviewWords[locale].missingSince(dayText(missingSince))}</div>`
}

function serviceText(locale: Locale, { since, until, heldUntil }: KnownPerson): string {
  const say = reviewWords[locale]
  const ended = until === null || until.endsWith('infinity') ? '' : say.ended(dayText(until))
  const told = heldUntil === null ? ended : say.held(dayText(heldUntil))
  const begun = since === '-infinity' ? say.beforeRecords : dayText(since)
  return html`${begun}!${told === '' ? '' : html`<div class="stamp">${told}</div>`}`
}

function answerPart(look: ReviewLook, { row, outside, form }: OneView): string {
  const { locale, csrf, mayAnswer } = look
  const say = reviewWords[locale]
  if (!isWaiting(row.state)) return ''
  if (!mayAnswer || outside) return outside ? '' : notice('info', say.mayNot)
  const allowed = answersOf(row.kind)
  const problem = form.problems.answer
  const said =
    problem === undefined ? '' : html`<div class="invalid-feedback" id="answer-problem">${problem}</div>`
  const choices = allowed.map((each, i) => choice(locale, each, { first: i === 0, form }))
  const leaving = allowed.includes('left') ? leavingFields(locale, form) : noteField(locale, form)
  const body = html`<form method="post" action="${reviewPath}/${row.id}"><input type="hidden" name="csrf" value="${csrf}"><fieldset class="mb-3"><legend class="visually-hidden">${say.question}</legend>!${choices}!${said}</fieldset>!${leaving}<button class="btn btn-primary">${say.submit}</button></form>`
  return card({ title: say.question, body })
}

function choice(
  locale: Locale,
  answer: AnswerKind,
  { first, form: { values, problems } }: { first: boolean; form: AnswerForm },
): string {
  const say = reviewWords[locale]
  const id = first ? 'answer' : `answer-${answer}`
  const wrong =
    first && problems.answer !== undefined ? ' aria-describedby="answer-problem" aria-invalid="true"' : ''
  return html`<label class="form-check" for="${id}"><input class="form-check-input" type="radio" id="${id}" name="answer" value="${answer}" !${values.answer === answer ? 'checked' : ''}!${wrong}><span class="form-check-label">${say.answers[answer]}<span class="form-hint d-block">${say.answerHints[answer]}</span></span></label>`
}

function noteField(locale: Locale, { values, problems }: AnswerForm): string {
  const say = reviewWords[locale]
  const problem = problems.note ?? null
  const control = input({ id: 'note', value: values.note, problem, hint: true })
  return field({ id: 'note', label: say.note, control, hint: say.noteHint, problem })
}
