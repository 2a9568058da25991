/** One person: posts, mailboxes, the days of use, and why they count or not. Each look is recorded. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { audit, operatorOf, sendPage } from '../access/plugin.ts'
import { AppError } from '../error.ts'
import { addDays, type Day, parseDay } from '../ids.ts'
import {
  calendar,
  card,
  keyValues,
  more,
  notice,
  type Standing,
  table,
  tableCard,
  type UseDay,
} from '../web/components.ts'
import { day as dayText } from '../web/format.ts'
import { html } from '../web/html.ts'
import { pathId } from '../web/query.ts'
import { type AgencyFigures, WINDOW_DAYS, windowStart } from './adoption.ts'
import { heldDays, type Log } from './coverage.ts'
import type { Explanation, StateName } from './evidence.ts'
import { evidenceWords } from './evidence-messages.ts'
import { personById } from './evidence-store.ts'
import { explain } from './explain.ts'
import { type EvidenceSpan, evidenceSpans } from './explain-text.ts'
import { agencyHref, openView, type Pages, type View } from './page.ts'
import { headOf, maySeeNames, peopleHref } from './panel-page.ts'
import { type PeopleWords, peopleWords } from './people-messages.ts'
import { lastAgency, useDays } from './people-store.ts'
import { scheduleAt } from './report.ts'
import { loadLogs, stateOfPerson } from './store.ts'

/** How far back the longer calendar goes: three windows. */
const CALENDAR_WINDOWS = 3

/** What one may look at of a person: where they are counted, and whose page it is. */
export type Seen = { id: number; agencyId: number | null }

/**
 * The person of a path, where their activity may be seen: those counted at an agency in view, or last counted there.
 * The look is recorded before anything is shown. Throws `not_found` for anybody else.
 */
export async function seePerson(pages: Pages, view: View, request: FastifyRequest): Promise<Seen> {
  const { db } = pages.context.database
  const id = pathId(request.params)
  const person = await personById(db, id)
  const state = person && (await stateOfPerson(db, { ...view.ground.query, person: id }))
  const agencyId = state?.agency_id ?? (await lastAgency(db, id, view.day))
  const whole = operatorOf(request).agencyId === null
  if (!person || (!whole && !view.visible.some(each => each.id === agencyId)))
    throw new AppError('not_found', 'there is nothing at this address')
  await audit(pages.context, request, {
    action: 'person.viewed',
    subject: { kind: 'person', id },
    agencyId,
    detail: { asOf: view.day },
  })
  return { id, agencyId }
}

/** The explanation of `hopthu explain`, in the reader's language. */
export function explanationOf({ context }: Pages, view: View, { id }: Seen): Promise<Explanation> {
  return explain(context.database.db, { ...view.request, who: `#${id}`, locale: view.locale })
}

export async function personPage(
  pages: Pages,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const view = await openView(pages, request)
  const seen = await seePerson(pages, view, request)
  const explanation = await explanationOf(pages, view, seen)
  const days = await calendarDays(pages, view, seen)
  const say = peopleWords[view.locale]
  const agency = view.visible.find(each => each.id === seen.agencyId)
  const title = explanation.person.name
  const body = [
    headOf(pages, view, title, agency),
    explanation.states.staff === false
      ? notice('info', `${say.person.left}. ${explanation.states.why.staff}.`)
      : '',
    html`<div class="row g-3"><div class="col-lg-5">!${factsCard(view, request, explanation, agency)}!${calendarCard(view, explanation, days)}</div><div class="col-lg-7">!${whyCard(view, explanation)}</div></div>`,
    await pages.history(request, seen),
    evidenceCard(say, explanation),
    html`<p class="form-hint">${say.person.recorded}</p>`,
  ].join('')
  return sendPage(pages.context, request, reply, { title, place: 'people', body })
}

function factsCard(
  view: View,
  request: FastifyRequest,
  { person, mailboxes, evidence }: Explanation,
  agency: AgencyFigures | undefined,
): string {
  const say = peopleWords[view.locale]
  const list = (items: readonly string[], none: string) =>
    items.length === 0
      ? html`<span class="stamp">${none}</span>`
      : items.map(item => html`<div>${item}</div>`).join('')
  const of = (kind: string) => evidence.filter(each => each.kind === kind).map(each => each.detail)
  const words = evidenceWords[view.locale]
  const boxes = mailboxes.map(
    each =>
      `${words.mailbox(each)}${each.aliases.length === 0 ? '' : `; ${say.person.aliases(each.aliases.join(', '))}`}`,
  )
  const absences = of('absence')
  const facts: [string, string][] = [
    [say.staffId, html`${person.id}`],
    ...(agency
      ? [
          [say.agency, html`<a href="${agencyHref(view, agency)}">${agency.name}</a>`] satisfies [
            string,
            string,
          ],
        ]
      : []),
    [say.person.posts, list(of('employment'), say.person.noPosts)],
    [say.person.mailboxes, list(boxes, say.person.noMailboxes)],
    ...(absences.length === 0 ? [] : [[say.person.absent, list(absences, '')] satisfies [string, string]]),
  ]
  const back =
    agency && maySeeNames(request)
      ? html`<p class="mb-0 mt-3"><a href="${peopleHref(view, agency)}">${say.of(agency.name)}</a></p>`
      : ''
  return card({ title: person.name, body: html`!${keyValues(facts)}!${back}` })
}

// the calendar -------------------------------------------------------------------------------------------------------

/** Each day of the last three windows, as far as the person served and the logs tell. */
async function calendarDays(pages: Pages, view: View, { id, agencyId }: Seen): Promise<UseDay[]> {
  const { db } = pages.context.database
  const first = addDays(view.day, 1 - CALENDAR_WINDOWS * WINDOW_DAYS)
  const uses = new Map((await useDays(db, id, first, view.day)).map(each => [each.day, each.sent]))
  const held = await heldUpTo(pages, view, agencyId)
  const { isWorkingDay } = scheduleAt(view.ground, agencyId)
  return Array.from({ length: CALENDAR_WINDOWS * WINDOW_DAYS }, (_, i) => {
    const day = addDays(first, i)
    const sent = uses.get(day)
    if (sent !== undefined) return { day, state: sent ? 'sent' : 'used' }
    if (!held.has(day)) return { day, state: 'unknown' }
    return { day, state: isWorkingDay(day) ? 'none' : 'off' }
  })
}

/** The days of those windows that every log covering the agency holds to the end. */
async function heldUpTo(pages: Pages, view: View, agencyId: number | null): Promise<ReadonlySet<Day>> {
  const { db } = pages.context.database
  const { timeZone } = pages.context.config
  const index = view.ground.tree.findIndex(each => each.id === agencyId)
  const covering = view.ground.sources.filter((_, i) => view.ground.covering[index]?.has(i))
  const days = new Set<Day>()
  if (covering.length === 0) return days
  for (let window = 0; window < CALENDAR_WINDOWS; window++) {
    const last = addDays(view.day, -window * WINDOW_DAYS)
    const logs = await loadLogs(db, last, timeZone)
    const held = covering.map(source => heldDays(logOf(logs, source.name), last))
    for (let i = 0; i < WINDOW_DAYS; i++)
      if (held.every(each => each[i] === 1)) days.add(addDays(windowStart(last), i))
  }
  return days
}

function logOf(logs: readonly Log[], name: string): Log | null {
  return logs.find(each => each.name === name) ?? null
}

function calendarCard(view: View, { mailboxes }: Explanation, days: readonly UseDay[]): string {
  const say = peopleWords[view.locale].person
  const first = windowStart(view.day)
  const used = days.some(each => each.state === 'used' || each.state === 'sent')
  if (mailboxes.length === 0 && !used)
    return card({ title: say.calendar, body: html`<p class="stamp mb-0">${say.noUse}</p>` })
  const counted = days.filter(each => each.day >= first)
  return card({
    title: say.calendar,
    body: html`<p class="stamp">${say.window(dayText(first), dayText(view.day))}</p>!${calendar(view.locale, counted)}<div class="mt-3">!${more(say.weeks, calendar(view.locale, days))}</div>`,
  })
}

// why ----------------------------------------------------------------------------------------------------------------

const shownStates: readonly StateName[] = [
  'staff',
  'required',
  'issued',
  'activated',
  'used',
  'sending',
  'regular',
]

function whyCard(view: View, { states }: Explanation): string {
  const { person } = peopleWords[view.locale]
  const outside = states.staff === false || states.required === false
  // what is asked of nobody, or not of this person, is nothing that is lacking
  const asked = (name: StateName) => !outside && (name !== 'sending' || view.request.policy.regularNeedsSend)
  const title = titleOf(person, states.regular, outside)
  const items = shownStates.map(name => {
    const value = states[name]
    const word = value === null ? person.unknown : value ? person.yes : person.no
    const dot: Standing = value === null ? 'unknown' : value ? 'met' : 'risk'
    const shown = value === false && !asked(name) ? '' : html`<span class="dot ${dot}"></span>`
    const note = name === 'sending' && !outside && !asked(name) ? ` (${person.notAsked})` : ''
    return html`<li><span>${person.names[name]}${note}<span class="stamp">${states.why[name]}</span></span><span class="text-nowrap">!${shown}${word}</span></li>`
  })
  return card({ title, body: html`<ol class="todo">!${items}</ol>` })
}

function titleOf(person: PeopleWords['person'], regular: boolean | null, outside: boolean): string {
  if (outside) return person.whyOutside
  if (regular === null) return person.whyUnknown
  return regular ? person.why : person.whyNot
}

function evidenceCard(say: PeopleWords, { evidence }: Explanation): string {
  const { person } = say
  const columns = [
    { title: person.day },
    { title: person.kind, wide: true },
    { title: person.detail },
    { title: person.source, wide: true },
  ]
  const rows = evidenceSpans(evidence).map(span => [
    html`${spanText(span, person.before)}`,
    html`${person.kinds[span.kind]}`,
    html`${span.detail}<div class="stamp show-s">${span.sources || person.ours}</div>`,
    html`${span.sources || person.ours}`,
  ])
  return tableCard({ title: person.evidence, table: table(person.evidence, columns, rows) })
}

function spanText({ first, last }: EvidenceSpan, before: string): string {
  const text = (day: string) => dayText(parseDay(day))
  if (first === '') return before
  return first === last ? text(first) : `${text(first)} – ${text(last)}`
}
