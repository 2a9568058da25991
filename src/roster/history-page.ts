/** A person's history, as a piece of their page: posts, movements, absences, what is announced, what each source says. */
import type { FastifyRequest } from 'fastify'
import { type Action, may } from '../access/access.ts'
import { operatorOf } from '../access/plugin.ts'
import { agencyPath } from '../access/store.ts'
import type { CommandContext } from '../command.ts'
import type { Db } from '../database/database.ts'
import { card, table } from '../web/components.ts'
import { html } from '../web/html.ts'
import { absenceTable } from './absence-page.ts'
import { listAbsences } from './absence-store.ts'
import { listAnnouncements } from './announcement-store.ts'
import { absenceText, dayWord, decisionWords, type Locale } from './decision-messages.ts'
import { announcedState, announcedWhat, dayOnPhone, decisionPath } from './decision-page.ts'
import { todayOf } from './decision-plugin.ts'
import {
  type EmploymentPast,
  employmentsOf,
  type MovementPast,
  movementsOfPerson,
  type RecordPast,
  recordsOfPerson,
} from './history-store.ts'
import { runPath } from './run-list-page.ts'
import { sourceTexts } from './source-name-store.ts'

/** More are not looked through on a page; the API gives them all. */
const MOST = 200

type Look = { locale: Locale; can: (action: Action) => boolean; wholeRuns: boolean }

/** The card of a person that may be looked at; `agency` is where they are counted, or last were. */
export async function personHistory(
  context: CommandContext,
  request: FastifyRequest,
  person: { id: number; agencyId: number | null },
): Promise<string> {
  const { db } = context.database
  const operator = operatorOf(request)
  const path = person.agencyId === null ? null : await agencyPath(db, person.agencyId)
  const can = (action: Action) => may(operator, action, path)
  const look = { locale: request.access.locale, can, wholeRuns: may(operator, 'runs.view', null) }
  const say = decisionWords[look.locale].history
  const page = { limit: MOST, after: 0 }
  const everything = { scope: null, person: person.id }
  const absences = { ...everything, today: todayOf(context), time: null, kind: null, search: null }
  const announced = can('decisions.view') ? await listAnnouncements(db, everything, page) : []
  const parts = [
    piece(say.posts, posts(look, await employmentsOf(db, person.id, absences.today))),
    piece(
      say.movements,
      movements(look, await named(db, look, await movementsOfPerson(db, person.id, MOST))),
    ),
    announced.length === 0 ? '' : piece(say.announced, announcedTable(look, announced)),
    can('absences.view') ? await absencePart(look, context, absences) : '',
    can('reviews.view')
      ? piece(say.records, records(look, await named(db, look, await recordsOfPerson(db, person.id))))
      : '',
  ]
  return card({ title: say.title, body: parts.join(''), actions: actionsOf(look, person.id) })
}

/** With the names of their sources for people. */
async function named<Row extends { source: string | null }>(
  db: Db,
  { locale }: Pick<Look, 'locale'>,
  rows: readonly Row[],
): Promise<Row[]> {
  const text = await sourceTexts(
    db,
    locale,
    rows.map(row => row.source),
  )
  return rows.map(row => ({ ...row, source: row.source === null ? null : text(row.source) }))
}

function piece(title: string, body: string): string {
  return body === '' ? '' : html`<h3 class="card-title mt-3">${title}</h3>!${body}`
}

function actionsOf({ locale, can }: Look, person: number): string {
  const say = decisionWords[locale].history
  const links = [
    can('decisions.manage')
      ? html`<a class="btn btn-sm" href="${decisionPath}/new?person=${person}">${say.announce}</a>`
      : '',
    can('absences.manage')
      ? html`<a class="btn btn-sm" href="/absences/new?person=${person}">${say.absent}</a>`
      : '',
  ]
  return links.join('')
}

function spanText(locale: Locale, first: string, last: string): string {
  const say = decisionWords[locale].history
  return `${dayWord(first) || say.before} – ${dayWord(last) || say.still}`
}

function decisionLink({ can }: Look, id: number | null, number: string | null): string {
  if (id === null || number === null) return ''
  return can('decisions.view') ? html`<a href="${decisionPath}/${id}">${number}</a>` : html`${number}`
}

function posts(look: Look, found: readonly EmploymentPast[]): string {
  const say = decisionWords[look.locale].history
  if (found.length === 0) return html`<p class="stamp">${say.noPosts}</p>`
  const items = found.map(each => {
    const facts = [each.title, each.staffClass, each.primary ? say.main : null].filter(Boolean).join(', ')
    const link = decisionLink(look, each.decision, each.number)
    return html`<li><span>${each.agencyName ?? each.agency ?? '–'}<span class="stamp">${facts}</span></span><span class="text-end">${spanText(look.locale, each.first, each.last)}<span class="stamp">!${link}</span></span></li>`
  })
  return html`<ol class="todo">!${items}</ol>`
}

function movements(look: Look, found: readonly MovementPast[]): string {
  const words = decisionWords[look.locale]
  const say = words.history
  if (found.length === 0) return html`<p class="stamp">${say.noMovements}</p>`
  const columns = [{ title: words.day }, { title: words.kind }, { title: words.absences.source, wide: true }]
  const rows = found.map(each => [
    html`${dayWord(each.day)}`,
    html`${kindText(look.locale, each.kind)}!${changeText(look.locale, each)}<div class="stamp show-s">!${movedBy(look, each)}</div>`,
    movedBy(look, each),
  ])
  return table(say.movements, columns, rows)
}

function kindText(locale: Locale, kind: string): string {
  return Object.entries(decisionWords[locale].history.kinds).find(([name]) => name === kind)?.[1] ?? kind
}

function changeText(locale: Locale, { from, to, changes }: MovementPast): string {
  const say = decisionWords[locale].history
  const places = from === to ? '' : [from, to].map(each => each ?? '–').join(' → ')
  const shown = (field: string, value: string | null) =>
    value === null || value === '' ? '–' : field === 'absence' ? absenceText(locale, value) : value
  const fields = Object.entries(changes).map(
    ([field, [before, after]]) =>
      `${say.fields[field] ?? field}: ${shown(field, before)} → ${shown(field, after)}`,
  )
  const lines = [places, ...fields].filter(Boolean)
  return lines.map(line => html`<div class="stamp">${line}</div>`).join('')
}

function movedBy(look: Look, { run, source, decision, number }: MovementPast): string {
  const link = decisionLink(look, decision, number)
  if (link !== '' || run === null) return link
  const text = decisionWords[look.locale].history.run(run)
  const shown = look.wholeRuns ? html`<a href="${runPath}/${run}">${text}</a>` : html`${text}`
  return html`!${shown}<div class="stamp">${source ?? ''}</div>`
}

function announcedTable(look: Look, found: Awaited<ReturnType<typeof listAnnouncements>>): string {
  const words = decisionWords[look.locale]
  const columns = [
    { title: words.day, wide: true },
    { title: words.kind },
    { title: words.number, wide: true },
    { title: words.state },
  ]
  const rows = found.toReversed().map(each => {
    const link = decisionLink(look, each.decision, each.number)
    const small = html`!${dayOnPhone(look.locale, each)}<div class="stamp show-s">!${link}</div>`
    return [
      html`${dayWord(each.day)}`,
      html`!${announcedWhat(look.locale, each)}!${small}`,
      link,
      announcedState(look.locale, each),
    ]
  })
  return table(words.history.announced, columns, rows)
}

async function absencePart(
  { locale, can }: Look,
  { database }: CommandContext,
  filter: Parameters<typeof listAbsences>[1],
): Promise<string> {
  const all = await listAbsences(database.db, filter, { after: null, limit: MOST })
  const found = await named(database.db, { locale }, all)
  if (found.length === 0) return ''
  const look = { mayManage: can('absences.manage'), maySeePerson: false, named: false }
  return piece(decisionWords[locale].history.absences, absenceTable(locale, found, look))
}

function records({ locale }: Look, found: readonly RecordPast[]): string {
  const say = decisionWords[locale].history
  const items = found.map(each => {
    const facts = Object.entries(each.said).flatMap(([field, value]) => factOf(locale, field, value))
    const since = dayWord(each.on)
    const state = [
      each.leads ? say.leads : null,
      since === '' ? null : say.saidOn(since),
      each.missingSince === null ? null : say.missing(dayWord(each.missingSince)),
    ].filter(part => part !== null)
    return html`<li><span>${each.source}<span class="stamp">${facts.length === 0 ? say.nothingSaid : facts.join('; ')}</span></span><span class="stamp text-end">${state.join(', ')}</span></li>`
  })
  return items.length === 0 ? '' : html`<ul class="todo">!${items}</ul>`
}

/** Facts with a name of ours; hashes and the like are left out. */
function factOf(locale: Locale, field: string, value: unknown): string[] {
  const name = decisionWords[locale].history.fields[field]
  if (name === undefined) return []
  const text = Array.isArray(value)
    ? value.map(post => String(Array.isArray(post) ? post[0] : post)).join(', ')
    : String(value)
  return [`${name}: ${/^\d{4}-\d{2}-\d{2}$/.test(text) ? dayWord(text) : text}`]
}
