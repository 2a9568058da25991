/** Who waits to move, and the two answers that can be given by hand. */

import { type Day, daysBetween } from '../ids.ts'
import { actionButton, empty, nextLink, notice, pageHead, table } from '../web/components.ts'
import { day as dayText } from '../web/format.ts'
import { html } from '../web/html.ts'
import { holdingWords } from './holding-messages.ts'
import type { HoldingRow } from './holding-store.ts'
import { placesPart } from './review-list-page.ts'
import { holdingPath, type ReviewLook } from './review-page.ts'

export type HoldingView = {
  rows: readonly HoldingRow[]
  next: string | null
  today: Day
  waiting: number
  holding: number
  maySeeRuns: boolean
  maySeePerson: boolean
  said: { kind: 'good' | 'warn'; text: string } | null
}

export function holdingPage(look: ReviewLook, view: HoldingView): string {
  const say = holdingWords[look.locale]
  const { rows, next } = view
  const list = rows.length === 0 ? empty({ title: say.none, text: say.noneText }) : holdingTable(look, view)
  const foot = next === null ? '' : html`<div class="card-foot">!${nextLink(next, say.next)}</div>`
  return [
    pageHead({ title: say.title, stamp: html`${say.intro}` }),
    placesPart(look, { active: 'holding', waiting: view.waiting, holding: view.holding }),
    view.said === null ? '' : notice(view.said.kind, view.said.text),
    html`<section class="card mb-3">!${list}!${foot}</section>`,
    rows.length > 0 && look.mayAnswer ? html`<p class="stamp">${say.moved}</p>` : '',
  ].join('')
}

function holdingTable(look: ReviewLook, { rows, today, maySeeRuns, maySeePerson }: HoldingView): string {
  const say = holdingWords[look.locale]
  const columns = [
    { title: say.name },
    { title: say.from, wide: true },
    { title: say.since, wide: true },
    { title: say.until },
    { title: say.file, wide: true },
    ...(look.mayAnswer ? [{ title: say.answer }] : []),
  ]
  const cells = rows.map(row => [
    html`!${maySeePerson ? html`<a href="/people/${row.personId}">${row.name}</a>` : html`${row.name}`}<div class="code">${row.staffId ?? ''}</div>`,
    html`${row.agencyName ?? '–'}<div class="code">${row.agencyCode ?? ''}</div>`,
    html`${dayText(row.firstDay)}`,
    html`${dayText(row.lastDay)}<div class="stamp">${say.days(daysBetween(today, row.lastDay))}</div>`,
    html`${row.source}!${maySeeRuns && row.runId !== null ? html`<div><a href="/runs/${row.runId}">${say.run} ${row.runId}</a></div>` : ''}`,
    ...(look.mayAnswer ? [buttons(look, row)] : []),
  ])
  return table(say.title, columns, cells)
}

function buttons({ locale, csrf }: ReviewLook, { personId }: HoldingRow): string {
  const say = holdingWords[locale]
  const action = `${holdingPath}/${personId}`
  const button = (answer: 'stays' | 'left') =>
    actionButton({ action, label: say[answer], csrf, fields: { answer } })
  return html`<div class="actions">!${button('stays')}!${button('left')}</div>`
}
