/** The list of decisions, and one with whom it concerns. */
import {
  actionButton,
  badge,
  card,
  empty,
  input,
  keyValues,
  nextLink,
  notice,
  pageHead,
  select,
  state,
  table,
  tableCard,
} from '../web/components.ts'
import { instant, number } from '../web/format.ts'
import { html } from '../web/html.ts'
import {
  type AnnouncementState,
  announcementStates,
  type DecisionRow,
  type ListedAnnouncement,
  type ListedDecision,
} from './announcement-store.ts'
import { reasonRead } from './decision.ts'
import { absenceText, dayWord, decisionWords, type Locale, reasonText } from './decision-messages.ts'

export const decisionPath = '/decisions'

export type DecisionListView = {
  q: string
  state: AnnouncementState | null
  decisions: readonly ListedDecision[]
  next: string | null
  mayManage: boolean
}

export function decisionListPage(locale: Locale, view: DecisionListView): string {
  const say = decisionWords[locale]
  const add = view.mayManage ? html`<a class="btn btn-primary" href="${decisionPath}/new">${say.add}</a>` : ''
  return [
    pageHead({ title: say.title }),
    html`<p class="stamp">${say.intro}</p>`,
    tableCard({ title: say.title, actions: add, table: listBody(locale, view), foot: footOf(locale, view) }),
  ].join('')
}

function footOf(locale: Locale, { next }: DecisionListView): string {
  return next === null ? '' : nextLink(next, decisionWords[locale].older)
}

function listBody(locale: Locale, view: DecisionListView): string {
  const form = html`<div class="card-body border-bottom">!${filterForm(locale, view)}</div>`
  return `${form}${view.decisions.length === 0 ? nothing(locale, view) : decisionTable(locale, view)}`
}

function filterForm(locale: Locale, { q, state }: DecisionListView): string {
  const say = decisionWords[locale]
  const options = [
    { value: '', text: say.anyState },
    ...announcementStates.map(value => ({ value, text: say.states[value] })),
  ]
  const clear = q === '' && state === null ? '' : html`<a class="btn" href="${decisionPath}">${say.clear}</a>`
  return html`<form class="filter" action="${decisionPath}"><label><span class="visually-hidden">${say.search}</span>!${input({ id: 'q', value: q, type: 'search', more: { placeholder: say.search } })}</label><label><span class="visually-hidden">${say.state}</span>!${select({ id: 'state', value: state ?? '', options })}</label><button class="btn">${say.filter}</button>!${clear}</form>`
}

function nothing(locale: Locale, { q, state }: DecisionListView): string {
  const say = decisionWords[locale]
  return q === '' && state === null
    ? empty({ title: say.none, text: say.noneText })
    : empty({ title: say.noneFound, text: say.noneFoundText })
}

function decisionTable(locale: Locale, { decisions }: DecisionListView): string {
  const say = decisionWords[locale]
  const columns = [
    { title: say.number },
    { title: say.signed },
    { title: say.issuer, wide: true },
    { title: say.people, number: true },
    { title: say.state },
  ]
  const rows = decisions.map(each => [
    html`<a href="${decisionPath}/${each.id}">${each.number}</a>`,
    html`${dayWord(each.day)}`,
    html`${each.issuer}`,
    html`${number(locale, each.people)}`,
    stateOf(locale, each),
  ])
  return table(say.title, columns, rows)
}

function stateOf(locale: Locale, { people, waiting, failed }: ListedDecision): string {
  const say = decisionWords[locale]
  const parts = [
    failed > 0 ? state('behind', say.failedCount(number(locale, failed))) : '',
    waiting > 0 ? state('pace', say.waitingCount(number(locale, waiting))) : '',
  ].filter(Boolean)
  if (parts.length > 0) return parts.map(part => html`<div>!${part}</div>`).join('')
  return people === 0 ? '–' : state('met', say.allDone)
}

// one ---------------------------------------------------------------------------------------------------------------

export type DecisionView = {
  decision: DecisionRow
  announcements: readonly ListedAnnouncement[]
  next: string | null
  csrf: string
  timeZone: string
  mayManage: boolean
  maySeePerson: boolean
  said: { kind: 'good' | 'warn'; text: string } | null
}

export function decisionPage(locale: Locale, view: DecisionView): string {
  const say = decisionWords[locale]
  const { decision, said, mayManage } = view
  const more = mayManage
    ? html`<a class="btn" href="${decisionPath}/new?decision=${decision.id}">${say.addMore}</a>`
    : ''
  return [
    pageHead({ title: say.one(decision.number), crumbs: [{ href: decisionPath, text: say.title }] }),
    said === null ? '' : notice(said.kind, said.text),
    factsCard(locale, view),
    tableCard({
      title: `${say.people} (${number(locale, decision.people)})`,
      actions: more,
      table:
        view.announcements.length === 0
          ? empty({ title: say.nobody, text: say.nobodyText })
          : announcementTable(locale, view),
      foot: view.next === null ? '' : nextLink(view.next, say.more),
    }),
    decision.outside > 0 ? html`<p class="stamp">${say.outside}</p>` : '',
  ].join('')
}

function factsCard(locale: Locale, { decision, timeZone }: DecisionView): string {
  const say = decisionWords[locale]
  const { id, day, issuer, note, hasScan, outside } = decision
  const scan = !hasScan
    ? html`<span class="stamp">${say.scanNone}</span>`
    : outside > 0
      ? html`<span class="stamp">${say.scanHidden}</span>`
      : html`<a href="${decisionPath}/${id}/scan">${say.scanSee}</a>`
  const facts: [string, string][] = [
    [say.signed, html`${dayWord(day)}`],
    ...(issuer === '' ? [] : [[say.issuer, html`${issuer}`] satisfies [string, string]]),
    ...(note === '' ? [] : [[say.note, html`${note}`] satisfies [string, string]]),
    [say.scan, scan],
  ]
  const entered = say.entered(instant(decision.createdAt, timeZone), decision.createdBy)
  return card({
    title: say.decision,
    body: html`!${keyValues(facts)}<p class="stamp mb-0 mt-3">${entered}</p>`,
  })
}

function announcementTable(locale: Locale, view: DecisionView): string {
  const say = decisionWords[locale]
  const columns = [
    { title: say.people },
    { title: say.kind },
    { title: say.day, wide: true },
    { title: say.state },
  ]
  const rows = view.announcements.map(each => [
    personCell(each, view.maySeePerson),
    html`!${announcedWhat(locale, each)}!${dayOnPhone(locale, each)}`,
    html`${dayWord(each.day)}`,
    html`!${announcedState(locale, each)}!${withdrawButton(locale, view, each)}`,
  ])
  return table(say.people, columns, rows)
}

function personCell({ person, name, staffId }: ListedAnnouncement, linked: boolean): string {
  const code = staffId === null ? '' : html`<div class="code">${staffId}</div>`
  return linked ? html`<a href="/people/${person}">${name}</a>!${code}` : html`${name}!${code}`
}

/** On a phone the day stands below what it is the day of. */
export function dayOnPhone(locale: Locale, { day }: ListedAnnouncement): string {
  return html`<div class="stamp show-s">${decisionWords[locale].day.toLowerCase()} ${dayWord(day)}</div>`
}

/** What is announced: the kind, to where, with what title or reason. */
export function announcedWhat(locale: Locale, each: ListedAnnouncement): string {
  const say = decisionWords[locale]
  const until = dayWord(each.lastDay)
  const facts = [
    each.kind === 'absence' ? absenceText(locale, each.absence) : each.agencyName,
    each.title,
    until === '' ? null : `${say.until.toLowerCase()} ${until}`,
  ].filter(part => part !== null && part !== '')
  const more = facts.length === 0 ? '' : html`<div class="stamp">${facts.join(', ')}</div>`
  return html`${say.kinds[each.kind]}!${more}`
}

const looks = { waiting: 'info', done: 'good', failed: 'bad', withdrawn: 'plain' } as const

export function announcedState(locale: Locale, { state, reason }: ListedAnnouncement): string {
  const say = decisionWords[locale]
  const why = reason === '' ? '' : html`<div class="stamp">${reasonText(locale, reasonRead(reason))}</div>`
  return html`!${badge(looks[state], say.states[state])}!${why}`
}

function withdrawButton(
  locale: Locale,
  { csrf, mayManage }: DecisionView,
  { id, state }: ListedAnnouncement,
): string {
  if (!mayManage || state !== 'waiting') return ''
  const button = actionButton({
    action: `/announcements/${id}/withdraw`,
    label: decisionWords[locale].withdraw,
    csrf,
  })
  return html`<div class="mt-2">!${button}</div>`
}
