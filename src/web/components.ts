/** Pieces that pages share. Each answers HTML; what is put in as text is escaped. */
import { html } from './html.ts'

/** How an agency stands against its target, or a count against what is asked. Unknown is hatched, never a colour. */
export type Standing = 'met' | 'pace' | 'risk' | 'behind' | 'unknown'

/** A bar of a share 0–1; null is not known. `label` says it for those who cannot see it. */
export function bar(share: number | null, standing: Standing, label: string): string {
  const state = share === null ? 'unknown' : standing
  const width = share === null ? 100 : Math.round(Math.min(1, Math.max(0, share)) * 1000) / 10
  return html`<svg class="hbar ${state}" role="img" aria-label="${label}" width="100%" height="8" preserveAspectRatio="none"><rect class="hbar-ground" width="100%" height="8" rx="4"></rect><rect class="hbar-value" width="${width}%" height="8" rx="4"></rect></svg>`
}

/** A state as a dot and, always, its word. */
export function state(standing: Standing, word: string): string {
  return html`<span class="state"><span class="dot ${standing}"></span>${word}</span>`
}

/** A panel; `actions` (HTML) stand at the right of its title. */
export function card({
  title,
  body,
  actions = '',
}: {
  title: string
  body: string
  actions?: string
}): string {
  return html`<section class="card mb-3"><div class="card-header"><h2 class="card-title">${title}</h2><div class="card-actions">!${actions}</div></div><div class="card-body">!${body}</div></section>`
}

/** A panel that holds a table to its edges. */
export function tableCard({
  title,
  table,
  actions = '',
  foot = '',
}: {
  title: string
  table: string
  actions?: string
  foot?: string
}): string {
  return html`<section class="card mb-3"><div class="card-header"><h2 class="card-title">${title}</h2><div class="card-actions">!${actions}</div></div>!${table}<div class="card-foot">!${foot}</div></section>`
}

export type Column = {
  title: string
  /** Numbers stand at the right. */
  number?: boolean
  /** Left out on a phone. */
  wide?: boolean
}

/** A table; cells are HTML in the order of the columns. `caption` is read out, not shown. */
export function table(
  caption: string,
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string {
  const name = ({ number, wide }: Column) =>
    [number ? 'n' : '', wide ? 'hide-s' : ''].filter(Boolean).join(' ')
  const head = columns.map(column => html`<th scope="col" class="${name(column)}">${column.title}</th>`)
  const body = rows.map(
    row =>
      html`<tr>!${columns.map((column, i) => html`<td class="${name(column)}">!${row[i] ?? ''}</td>`)}</tr>`,
  )
  return html`<table class="table table-vcenter card-table mb-0"><caption class="visually-hidden">${caption}</caption><thead><tr>!${head}</tr></thead><tbody>!${body}</tbody></table>`
}

/** What stands where there is nothing yet: what it would be, and what to do. `action` is HTML. */
export function empty({
  title,
  text,
  action = '',
}: {
  title: string
  text: string
  action?: string
}): string {
  return html`<div class="empty"><p class="empty-title">${title}</p><p class="empty-text">${text}</p>!${action}</div>`
}

/** A sentence that must be seen: `good` done, `warn` look here, `bad` it failed. `more` is HTML. */
export function notice(kind: 'good' | 'warn' | 'bad' | 'info', text: string, more = ''): string {
  return html`<div class="alert alert-${kind}" role="${kind === 'bad' ? 'alert' : 'status'}"><div>${text}</div>!${more}</div>`
}

/** One field of a form, with what is wrong with it beside it. `control` is HTML whose id is `id`. */
export function field({
  id,
  label,
  control,
  hint = '',
  problem = null,
}: {
  id: string
  label: string
  control: string
  hint?: string
  problem?: string | null
}): string {
  const said = problem === null ? '' : html`<div class="invalid-feedback" id="${id}-problem">${problem}</div>`
  const more = hint === '' ? '' : html`<div class="form-hint" id="${id}-hint">${hint}</div>`
  return html`<div class="mb-3"><label class="form-label" for="${id}">${label}</label>!${control}!${said}!${more}</div>`
}

/** A text input for `field`. */
export function input({
  id,
  name = id,
  value = '',
  type = 'text',
  problem = null,
  hint = false,
  more = {},
}: {
  id: string
  name?: string
  value?: string
  type?: string
  problem?: string | null
  hint?: boolean
  more?: Record<string, string>
}): string {
  const described = [problem === null ? '' : `${id}-problem`, hint ? `${id}-hint` : '']
    .filter(Boolean)
    .join(' ')
  const rest = Object.entries(more).map(([key, text]) => html` ${key}="${text}"`)
  return html`<input class="form-control ${problem === null ? '' : 'is-invalid'}" id="${id}" name="${name}" type="${type}" value="${value}" !${described ? html`aria-describedby="${described}"` : ''} !${problem === null ? '' : 'aria-invalid="true"'}!${rest}>`
}

/** A link to the next part of a list that is read by key. */
export function nextLink(href: string | null, label: string): string {
  return href === null ? '' : html`<a class="btn" href="${href}" rel="next">${label}</a>`
}

/** Choices of a filter, each an address of this page; the chosen one is marked. */
export function choices(
  label: string,
  items: readonly { href: string; text: string; active: boolean; standing?: Standing }[],
): string {
  const links = items.map(item => {
    const dot = item.standing ? html`<span class="dot ${item.standing}"></span>` : ''
    return html`<a class="btn btn-sm ${item.active ? 'active' : ''}" href="${item.href}" !${item.active ? 'aria-current="true"' : ''}>!${dot}${item.text}</a>`
  })
  return html`<div class="choices" role="group" aria-label="${label}">!${links}</div>`
}
