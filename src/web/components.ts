/** Pieces that pages share. Each answers HTML; what is put in as text is escaped. Forms and figures stand beside it. */
import type { Standing } from './bar.ts'
import { html } from './html.ts'

export { bar, type Standing } from './bar.ts'
export { calendar, type UseDay, type UseState } from './calendar.ts'
export { hero, type Stage, stages, todo } from './figures.ts'
export { checkbox, field, input, select, textarea } from './inputs.ts'

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
  return html`<section class="card mb-3">!${cardHeader(title, actions)}<div class="card-body">!${body}</div></section>`
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
  const under = foot === '' ? '' : html`<div class="card-foot">!${foot}</div>`
  return html`<section class="card mb-3">!${cardHeader(title, actions)}!${table}!${under}</section>`
}

function cardHeader(title: string, actions: string): string {
  const right = actions === '' ? '' : html`<div class="card-actions">!${actions}</div>`
  return html`<div class="card-header"><h2 class="card-title">${title}</h2>!${right}</div>`
}

/** The head of a page: its title, what it is up to (`stamp`, HTML), and where it stands (links upward). */
export function pageHead({
  title,
  stamp = '',
  crumbs = [],
}: {
  title: string
  stamp?: string
  crumbs?: readonly { href: string; text: string }[]
}): string {
  const links = crumbs.map(each => html`<a href="${each.href}">${each.text}</a>`).join(' › ')
  const above = crumbs.length === 0 ? '' : html`<div class="crumbs">!${links}</div>`
  const beside = stamp === '' ? '' : html`<div class="stamp">!${stamp}</div>`
  return html`<div class="page-head">!${above}<h1>${title}</h1>!${beside}</div>`
}

export type Column = {
  title: string
  /** Numbers stand at the right. */
  number?: boolean
  /** Left out on a phone. */
  wide?: boolean
  /** The title is read out, not shown: over a bar that repeats the number beside it. */
  quiet?: boolean
}

/** A table; cells are HTML in the order of the columns. `caption` is read out, not shown. */
export function table(
  caption: string,
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string {
  const name = ({ number, wide }: Column) => {
    const names = [number ? 'n' : '', wide ? 'hide-s' : ''].filter(Boolean).join(' ')
    return names === '' ? '' : html` class="${names}"`
  }
  const head = columns.map(column => {
    const title = column.quiet
      ? html`<span class="visually-hidden">${column.title}</span>`
      : html`${column.title}`
    return html`<th scope="col"!${name(column)}>!${title}</th>`
  })
  const body = rows.map(
    row => html`<tr>!${columns.map((column, i) => html`<td!${name(column)}>!${row[i] ?? ''}</td>`)}</tr>`,
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

/** What is known of one thing: names and, as HTML, what they are. */
export function keyValues(items: readonly (readonly [name: string, value: string])[]): string {
  return html`<dl class="kv">!${items.map(([name, value]) => html`<dt>${name}</dt><dd>!${value}</dd>`)}</dl>`
}

/** A short word about a thing in a list. */
export function badge(kind: 'good' | 'warn' | 'bad' | 'info' | 'plain', text: string): string {
  return html`<span class="badge badge-${kind}">${text}</span>`
}

/** Views of one thing, each an address; the one that shows is marked. */
export function tabs(
  label: string,
  items: readonly { href: string; text: string; active: boolean }[],
): string {
  const links = items.map(
    item =>
      html`<a class="tab" href="${item.href}" !${item.active ? 'aria-current="page"' : ''}>${item.text}</a>`,
  )
  return html`<nav class="tabs" aria-label="${label}">!${links}</nav>`
}

/** How far a run is. `total` null: not known yet, and the bar says so. The label is the sentence with the numbers. */
export function progress(done: number, total: number | null, label: string): string {
  const known =
    total === null || total === 0
      ? html`<progress aria-label="${label}"></progress>`
      : html`<progress aria-label="${label}" max="${total}" value="${Math.min(done, total)}"></progress>`
  return html`<div class="run"><div>${label}</div>!${known}</div>`
}

/** Under a list: which part of it shows, and the links to the others (HTML). */
export function pager(text: string, links: readonly string[]): string {
  return html`<nav class="pager" aria-label="${text}"><span class="stamp">${text}</span><span class="actions">!${links}</span></nav>`
}

/** Something longer behind a click that needs no script. */
export function more(summary: string, body: string): string {
  return html`<details class="more"><summary>${summary}</summary>!${body}</details>`
}

/** A button that is a form of its own: what changes something is never a link. `fields` go with it, the token too. */
export function actionButton({
  action,
  label,
  csrf,
  kind = 'plain',
  fields = {},
}: {
  action: string
  label: string
  csrf: string
  kind?: 'plain' | 'primary' | 'danger'
  fields?: Record<string, string>
}): string {
  const kept = Object.entries({ csrf, ...fields }).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  )
  const look = { plain: 'btn', primary: 'btn btn-primary', danger: 'btn btn-danger' }[kind]
  return html`<form method="post" action="${action}">!${kept}<button class="${look}">${label}</button></form>`
}
