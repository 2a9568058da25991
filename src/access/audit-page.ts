/** The page of the audit. */
import { empty, nextLink, notice, pageHead, select, table } from '../web/components.ts'
import { day as dayText, instant, number } from '../web/format.ts'
import { html } from '../web/html.ts'
import { addressOf } from '../web/query.ts'
import { type AuditDetail, type AuditEntry, auditActions, isAuditAction } from './audit.ts'
import { auditWords } from './audit-messages.ts'
import type { Verified } from './audit-store.ts'
import type { Locale } from './messages.ts'

/** An entry with the names behind its pseudonyms; null where none is kept. */
export type Named = AuditEntry & { actorName: string | null; subjectName: string | null }

export type AuditView = {
  entries: readonly Named[]
  next: number | null
  query: { action: string | null; day: string | null; before: number | null }
  verified: Verified | null
  timeZone: string
}

export function auditPage(locale: Locale, view: AuditView): { title: string; body: string } {
  const say = auditWords[locale].audit
  const { entries, query, next, verified } = view
  const list =
    entries.length === 0 ? empty({ title: say.none, text: say.noneText }) : entryTable(locale, view)
  const newest =
    query.before === null
      ? ''
      : html`<a class="btn" href="${addressOf('/audit', { ...query, before: null })}">${say.newest}</a>`
  const older = nextLink(next === null ? null : addressOf('/audit', { ...query, before: next }), say.older)
  const foot =
    newest === '' && older === '' ? '' : html`<div class="card-foot actions">!${newest}!${older}</div>`
  const result = verified === null ? '' : verifiedNotice(locale, verified)
  const body = html`!${pageHead({ title: say.title, stamp: html`${say.intro}` })}!${result}<section class="card mb-3"><div class="card-body">!${filterForm(locale, query)}</div>!${list}!${foot}</section>`
  return { title: say.title, body }
}

function verifiedNotice(locale: Locale, { ok, entries, firstBroken }: Verified): string {
  const say = auditWords[locale].audit
  return ok ? notice('good', say.whole(entries)) : notice('bad', say.broken(firstBroken))
}

function filterForm(locale: Locale, { action, day }: AuditView['query']): string {
  const { audit: say, actions } = auditWords[locale]
  const options = [
    { value: '', text: say.all },
    ...auditActions.map(each => ({ value: each, text: actions[each] })),
  ]
  return html`<form class="filter" action="/audit"><label><span class="visually-hidden">${say.what}</span>!${select({ id: 'action', value: action ?? '', options })}</label><input class="form-control w-auto" type="date" name="day" value="${day ?? ''}" aria-label="${say.day}"><button class="btn">${say.filter}</button><a class="btn" href="/audit/verify">${say.verify}</a></form>`
}

function entryTable(locale: Locale, { entries, timeZone }: AuditView): string {
  const say = auditWords[locale].audit
  const columns = [
    { title: say.at },
    { title: say.what },
    { title: say.who },
    { title: say.whom, wide: true },
    { title: say.agency, wide: true },
    { title: say.detail, wide: true },
  ]
  const rows = entries.map(each => [
    html`${instant(each.at, timeZone)}<div class="code">${number(locale, each.number)}</div>`,
    html`${actionText(locale, each.action)}`,
    html`${partyText(locale, each.actorName, each.actor)}`,
    each.subject === null ? '' : html`${partyText(locale, each.subjectName, each.subject)}`,
    html`<span class="code">${each.agency ?? ''}</span>`,
    html`<span class="stamp">${detailText(locale, each.detail)}</span>`,
  ])
  return table(say.title, columns, rows)
}

function actionText(locale: Locale, action: string): string {
  return isAuditAction(action) ? auditWords[locale].actions[action] : action
}

function partyText(locale: Locale, name: string | null, pseudonym: string): string {
  const say = auditWords[locale].audit
  if (name === null) return `${pseudonym.slice(0, pseudonym.indexOf('-') + 7)} (${say.forgotten})`
  if (!pseudonym.startsWith('system-')) return name
  return name === 'local' ? say.local : say.anonymous
}

function detailText(locale: Locale, detail: AuditDetail): string {
  const { details, values, no, yes } = auditWords[locale]
  const text = (value: AuditDetail[string]) => {
    if (typeof value === 'number') return number(locale, value)
    if (typeof value !== 'string') return value === null ? '–' : value ? yes : no
    return /^\d{4}-\d\d-\d\d$/.test(value) ? dayText(value) : (values[value] ?? value)
  }
  return Object.entries(detail)
    .map(([key, value]) => `${details[key] ?? key}: ${text(value)}`)
    .join(', ')
}
