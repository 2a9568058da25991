/** Entering a decision: what it is, what it does from which day, and to whom. Each kind asks only what concerns it. */
import { choices, field, input, notice, pageHead, select, textarea } from '../web/components.ts'
import { html } from '../web/html.ts'
import { absenceKinds } from './absence.ts'
import type { Candidate } from './announcement-store.ts'
import { type AnnouncementKind, announcementKinds } from './decision.ts'
import { fieldsOfKind } from './decision-entry.ts'
import { decisionWords, type Locale } from './decision-messages.ts'
import { decisionPath } from './decision-page.ts'

export type DecisionFormView = {
  kind: AnnouncementKind
  values: Record<string, string>
  problems: Record<string, string>
  /** People found by what was typed into the search; null: nothing was asked for. */
  found: readonly Candidate[] | null
  csrf: string
  /** Kept in the links that change the kind. */
  person: number | null
  decision: number | null
}

type Ask = (name: string, label: string, hint?: string, more?: { type?: string }) => string

export function decisionFormPage(locale: Locale, view: DecisionFormView): string {
  const say = decisionWords[locale]
  const { kind, problems, csrf } = view
  const ask = asker(view)
  const wrong = Object.keys(problems).length > 0 ? notice('bad', say.kept) : ''
  const body = [
    part(say.decision, decisionFields(locale, view, ask)),
    part(say.what, movementFields(locale, view, ask)),
    part(say.who, whoFields(locale, view, ask)),
  ].join('')
  return [
    pageHead({ title: say.add, crumbs: [{ href: decisionPath, text: say.title }] }),
    wrong,
    kindChoices(locale, view),
    html`<form method="post" action="${decisionPath}" enctype="multipart/form-data"><input type="hidden" name="csrf" value="${csrf}"><input type="hidden" name="kind" value="${kind}">!${body}<div class="actions"><button class="btn btn-primary" name="step" value="record">${say.submit}</button><a class="btn" href="${decisionPath}">${say.cancel}</a></div></form>`,
  ].join('')
}

function part(title: string, body: string): string {
  return html`<section class="card mb-3"><div class="card-header"><h2 class="card-title">${title}</h2></div><div class="card-body">!${body}</div></section>`
}

function kindChoices(locale: Locale, { kind, person, decision }: DecisionFormView): string {
  const say = decisionWords[locale]
  const items = announcementKinds.map(each => {
    const query = new URLSearchParams({
      kind: each,
      ...(person === null ? {} : { person: String(person) }),
      ...(decision === null ? {} : { decision: String(decision) }),
    })
    return { href: `${decisionPath}/new?${query}`, text: say.kinds[each], active: each === kind }
  })
  return html`<div class="mb-3">!${choices(say.which, items)}</div>`
}

function asker({ values, problems }: DecisionFormView): Ask {
  return (name, label, hint = '', { type = 'text' } = {}) => {
    const problem = problems[name] ?? null
    const value = values[name] ?? ''
    const control = input({
      id: name,
      value,
      type: typeFor(type, value),
      problem,
      hint: hint !== '',
      more: { autocomplete: 'off' },
    })
    return field({ id: name, label, hint, problem, control })
  }
}

/** A browser shows no text in a field of days that is none: that one comes back as text. */
function typeFor(type: string, value: string): string {
  return type === 'date' && value !== '' && !/^\d{4}-\d{2}-\d{2}$/.test(value) ? 'text' : type
}

const columns = (...parts: string[]) =>
  html`<div class="row g-3">!${parts.map(each => html`<div class="col-md-6">!${each}</div>`)}</div>`

function decisionFields(locale: Locale, { values, problems }: DecisionFormView, ask: Ask): string {
  const say = decisionWords[locale]
  const scanProblem = problems.scan ?? null
  const scan = field({
    id: 'scan',
    label: say.scan,
    hint: say.scanHint,
    problem: scanProblem,
    control: input({
      ...{ id: 'scan', type: 'file', problem: scanProblem, hint: true },
      more: { accept: 'application/pdf,image/jpeg,image/png' },
    }),
  })
  const note = field({
    id: 'note',
    label: say.note,
    problem: problems.note ?? null,
    control: textarea({ id: 'note', value: values.note ?? '', rows: 2, problem: problems.note ?? null }),
  })
  return [
    columns(
      ask('number', say.number, say.numberHint),
      ask('signed', say.signed, say.signedHint, { type: 'date' }),
    ),
    columns(ask('issuer', say.issuer), scan),
    note,
  ].join('')
}

function movementFields(locale: Locale, view: DecisionFormView, ask: Ask): string {
  const say = decisionWords[locale]
  const { kind } = view
  const has = (name: string) => fieldsOfKind[kind].includes(name)
  const fields = [
    ask('effective', say.effective, say.effectiveHint[kind], { type: 'date' }),
    has('until') ? ask('until', say.until, say.untilHint, { type: 'date' }) : '',
    has('absence') ? absenceField(locale, view) : '',
    has('agency') ? ask('agency', say.agency[kind], say.agencyHint[kind]) : '',
    has('staffClass') ? ask('staffClass', say.staffClass, say.staffClassHint) : '',
    has('title') ? ask('title', say.jobTitle) : '',
  ].filter(Boolean)
  return columns(...fields)
}

export function absenceOptions(locale: Locale): { value: string; text: string }[] {
  return absenceKinds.map(value => ({ value, text: decisionWords[locale].absenceKinds[value] }))
}

function absenceField(locale: Locale, { values, problems }: DecisionFormView): string {
  const problem = problems.absence ?? null
  const control = select({
    ...{ id: 'absence', value: values.absence ?? '', problem },
    options: [{ value: '', text: '–' }, ...absenceOptions(locale)],
  })
  return field({ id: 'absence', label: decisionWords[locale].absence, problem, control })
}

function whoFields(locale: Locale, view: DecisionFormView, ask: Ask): string {
  const say = decisionWords[locale]
  if (view.kind === 'join') {
    const row = columns(
      ask('fullName', say.fullName),
      ask('birthDay', say.birthDay, '', { type: 'date' }),
      ask('staffId', say.staffId),
    )
    return html`<p class="stamp">${say.joinHint}</p>!${row}`
  }
  const problem = view.problems.people ?? null
  const list = field({
    id: 'people',
    label: say.list,
    hint: say.listHint,
    problem,
    control: textarea({ id: 'people', value: view.values.people ?? '', rows: 6, problem, hint: true }),
  })
  return `${list}${finder(locale, view)}${ask('everybody', say.everybody, say.everybodyHint)}`
}

/** Without a script: the form comes back with whoever was found, each with a button that adds a line. */
function finder(locale: Locale, { values, found }: DecisionFormView): string {
  const say = decisionWords[locale]
  const control = html`<div class="input-group">!${input({ id: 'find', value: values.find ?? '', more: { autocomplete: 'off' } })}<button class="btn" name="step" value="find">${say.findButton}</button></div>`
  const items = (found ?? []).map(
    each =>
      html`<li><span>${each.name}<span class="stamp">${[each.staffId, each.agencyName].filter(Boolean).join(' · ')}</span></span><button class="btn btn-sm" name="add" value="${each.staffId ?? `#${each.id}`}">${say.findAdd}</button></li>`,
  )
  const list =
    found === null
      ? ''
      : items.length === 0
        ? html`<p class="stamp">${say.findNone}</p>`
        : html`<ul class="todo mb-3">!${items}</ul>`
  return html`!${field({ id: 'find', label: say.find, control })}!${list}`
}
