/** What a run did of whom: the movements it made, and the entries it did not take over. */
import { empty, field, input, nextLink, table, tableCard, tabs } from '../web/components.ts'
import { day as dayText, type Locale, number } from '../web/format.ts'
import { html } from '../web/html.ts'
import { addressOf } from '../web/query.ts'
import { rejectionText } from './messages.ts'
import { type Look, runPath } from './run-list-page.ts'
import { changedWords, movementWords, runWords } from './run-messages.ts'
import {
  type PageRejection,
  type RunRow,
  type StoredKind,
  type StoredMovement,
  storedKinds,
} from './run-store.ts'

/** The movements a run made, as far as they are asked for. */
export type StoredView = {
  kind: StoredKind | null
  agency: string
  agencyKnown: boolean
  counts: ReadonlyMap<StoredKind, number>
  rows: readonly StoredMovement[]
  next: string | null
  mayExport: boolean
}

export function storedPart({ locale }: Look, run: RunRow, view: StoredView): string {
  const say = runWords[locale]
  const path = `${runPath}/${run.id}`
  const all = [...view.counts.values()].reduce((sum, count) => sum + count, 0)
  // a run that moved nobody has its counts already
  if (all === 0 && view.agency === '') return ''
  const tab = (kind: StoredKind | null, text: string) => ({
    href: `${addressOf(path, { movement: kind, agency: view.agency })}#movements`,
    text,
    active: kind === view.kind,
  })
  const items = [
    tab(null, `${say.all} ${number(locale, all)}`),
    ...storedKinds
      .filter(kind => (view.counts.get(kind) ?? 0) > 0 || kind === view.kind)
      .map(kind =>
        tab(kind, `${movementWords[kind]?.[locale] ?? kind} ${number(locale, view.counts.get(kind) ?? 0)}`),
      ),
  ]
  const file = addressOf(`${path}/movements.csv`, { movement: view.kind, agency: view.agency })
  const actions = view.mayExport ? html`<a class="btn btn-sm" href="${file}" download>${say.export}</a>` : ''
  return html`<div id="movements">!${tableCard({
    title: say.made,
    actions,
    table: html`<div class="card-body pb-0">!${agencyForm(locale, path, view)}!${tabs(say.made, items)}</div>!${rowsPart(locale, view)}`,
    foot: nextLink(view.next, say.next),
  })}</div>`
}

function agencyForm(locale: Locale, path: string, { kind, agency, agencyKnown }: StoredView): string {
  const say = runWords[locale]
  const problem = agencyKnown ? null : say.agencyUnknown
  const control = input({ id: 'agency', value: agency, problem, more: { maxlength: '64' } })
  const kept = kind === null ? '' : html`<input type="hidden" name="movement" value="${kind}">`
  return html`<form class="filter" action="${path}">!${kept}!${field({ id: 'agency', label: say.agency, control, problem })}<div class="mb-3"><button class="btn">${say.find}</button></div></form>`
}

function rowsPart(locale: Locale, { rows }: StoredView): string {
  const say = runWords[locale]
  if (rows.length === 0) return empty({ title: say.noMovement, text: say.noMovementText })
  const columns = [
    { title: say.name },
    { title: say.kindOf },
    { title: say.from, wide: true },
    { title: say.to, wide: true },
    { title: say.changes, wide: true },
  ]
  const cells = rows.map(each => [
    html`<a href="/people/${each.personId}">${each.name}</a><div class="code">${each.staffId ?? ''}</div>`,
    html`${movementWords[each.kind]?.[locale] ?? each.kind}<div class="stamp">${dayText(each.day)}</div>`,
    agencyCell(each.fromAgency, each.fromCode),
    agencyCell(each.toAgency, each.toCode),
    html`!${changesOf(locale, each).map(text => html`<div class="stamp">${text}</div>`)}`,
  ])
  return table(say.made, columns, cells)
}

function agencyCell(name: string | null, code: string | null): string {
  return name === null ? '–' : html`${name}<div class="code">${code ?? ''}</div>`
}

/** `điện thoại: 0900 000 001 → 0900 000 002`, of each field that changed. */
export function changesOf(locale: Locale, { changes }: Pick<StoredMovement, 'changes'>): string[] {
  return Object.entries(changes).map(
    ([name, [before, after]]) =>
      `${changedWords[name]?.[locale] ?? name}: ${before ?? '–'} → ${after ?? '–'}`,
  )
}

export type RejectionView = {
  rows: readonly PageRejection[]
  counts: readonly { reason: string; count: number }[]
  /** '' all of them. */
  reason: string
  next: string | null
  mayExport: boolean
}

export function rejectionPart({ locale }: Look, run: RunRow, view: RejectionView): string {
  const say = runWords[locale]
  if (run.kind !== 'roster' || view.counts.length === 0) return ''
  const path = `${runPath}/${run.id}`
  const total = view.counts.reduce((sum, each) => sum + each.count, 0)
  const tab = (reason: string, text: string, count: number) => ({
    href: `${addressOf(path, { reason })}#rejected`,
    text: `${text} ${number(locale, count)}`,
    active: reason === view.reason,
  })
  const items = [
    tab('', say.all, total),
    ...view.counts.map(each => tab(each.reason, rejectionText(locale, each.reason, ''), each.count)),
  ]
  const numbered = view.rows.some(each => each.row !== null)
  const columns = [
    ...(numbered ? [{ title: say.line, number: true }] : []),
    { title: say.key },
    { title: say.reason },
  ]
  const rows = view.rows.map(each => [
    ...(numbered ? [number(locale, each.row)] : []),
    html`<span class="address">${keyText(each.key)}</span>`,
    html`${rejectionText(locale, each.reason, each.detail)}`,
  ])
  const file = addressOf(`${path}/rejections.csv`, { reason: view.reason })
  const list =
    rows.length === 0
      ? empty({ title: say.noMovement, text: say.noneFoundText })
      : table(say.rejected, columns, rows)
  return html`<div id="rejected">!${tableCard({
    title: `${say.rejected}: ${number(locale, total)}`,
    actions: view.mayExport ? html`<a class="btn btn-sm" href="${file}" download>${say.export}</a>` : '',
    table: html`<div class="card-body pb-0"><p class="stamp">${say.rejectedHint}</p>!${tabs(say.rejected, items)}</div>!${list}`,
    foot: nextLink(view.next, say.next),
  })}</div>`
}

/** Who is meant by the key of an entry that has none of its own: what it was put together from, without what tells it apart. */
function keyText(key: string): string {
  const [, kind = '', rest = ''] = /^(id|number|address|name):(.*)$/s.exec(key) ?? []
  if (kind === 'number') return '–'
  if (kind === 'name') return rest.split('|').filter(Boolean).join(' · ')
  return kind === '' ? key : rest
}
