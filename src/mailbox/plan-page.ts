/** One plan: what it would do and why, what became of it, and the way to its approval. */
import {
  empty,
  hero,
  nextLink,
  notice,
  pageHead,
  pager,
  type Standing,
  select,
  state,
  table,
  tableCard,
} from '../web/components.ts'
import { day, instant, number } from '../web/format.ts'
import { html } from '../web/html.ts'
import { addressOf } from '../web/query.ts'
import { guardText, reasonText, refusalText } from './messages.ts'
import { changeStateWords, endText, kindTitles, mendText, planWords } from './page-messages.ts'
import type {
  AgencyChanges,
  ChangeState,
  LastApply,
  ListedPlan,
  PageChange,
  PageRefusal,
  Progress,
} from './page-store.ts'
import { changeStates } from './page-store.ts'
import { changeKinds, kindsOf, type Look, maker, planPath, planState } from './plan-list-page.ts'
import { progressCounts, progressPiece } from './plan-progress-page.ts'

/** The query of the page as it was read: what the lists are filtered by. */
export type PlanQuery = { q: string; kind: string | null; agency: string | null; state: ChangeState | null }

export type PlanView = {
  plan: ListedPlan
  progress: Progress
  /** Whether a run applies it now. */
  going: boolean
  last: LastApply | null
  /** What kept the last press in this process from beginning. */
  trouble: { code: string | null; message: string } | null
  /** Whether another run over mailboxes goes on. */
  busy: boolean
  /** Whether it was made on what is no longer so. */
  moved: boolean
  agencies: readonly AgencyChanges[]
  query: PlanQuery
  changes: readonly PageChange[]
  count: number
  next: string | null
  failures: readonly PageChange[]
  refusals: readonly PageRefusal[]
  refusalCounts: readonly { reason: string; count: number }[]
  nextRefusals: string | null
}

export function planPage(look: Look, view: PlanView): string {
  const { locale, timeZone } = look
  const say = planWords[locale]
  const { plan, going, progress, last } = view
  const scope = plan.agency === null ? say.wholeProvince : `${say.agencyOnly} ${plan.agency}`
  const stamp = html`${say.made} ${instant(plan.createdAt, timeZone)} · ${maker(locale, plan)} · ${scope} · ${say.roster} ${day(plan.day)}`
  const approved = last?.by ? html` · ${say.approvedBy} ${last.by}` : ''
  const head = pageHead({
    title: `${say.one} ${plan.id}`,
    stamp: html`!${stamp}!${approved}`,
    crumbs: [{ href: planPath, text: say.title }],
  })
  const live = going ? progressPiece(locale, { plan: plan.id, progress }) : ''
  return [
    head,
    live,
    going ? '' : ending(look, view),
    summary(look, view),
    failureCard(look, view),
    agencyCard(look, view),
    changeCard(look, view),
    refusalCard(look, view),
  ].join('')
}

// what happened to it -----------------------------------------------------------------------------------------------

/** Why it is not applied, or that it is; with the way on. */
function ending(look: Look, view: PlanView): string {
  const { locale } = look
  const say = planWords[locale]
  const { plan, progress, last, trouble, busy, moved } = view
  const newest = html`<a class="btn mt-2" href="${planPath}">${say.newest}</a>`
  if (plan.state === 'superseded') return notice('warn', say.superseded, newest)
  if (plan.state === 'applied') {
    const counts = progressCounts(locale, progress)
    return notice(progress.failed > 0 ? 'warn' : 'good', `${say.finished} ${counts}.`)
  }
  if (moved)
    return notice(
      'warn',
      endText(locale, 'ground_moved', ''),
      html`<a class="btn mt-2" href="${planPath}">${say.make}</a>`,
    )
  const bad = trouble ?? (last && last.state !== 'done' && last.code !== null ? last : null)
  return [
    bad ? notice('bad', endText(locale, bad.code, bad.message)) : '',
    !bad && plan.state === 'applying'
      ? notice('warn', last?.state === 'partial' ? say.leftOver : say.halted)
      : '',
    busy ? notice('info', say.busy, html`<a href="/runs">${say.seeRuns}</a>`) : '',
  ].join('')
}

/** What the page opens with: how many changes, of which kinds, how it stands, and the way on. */
function summary(look: Look, view: PlanView): string {
  const { locale } = look
  const say = planWords[locale]
  const { plan, progress, going } = view
  const open = plan.state === 'open' || plan.state === 'refused'
  const kinds = kindsOf(plan.changes)
  const named = kinds.map(
    ([kind, count]) => `${kindTitles[kind][locale].toLowerCase()} ${number(locale, count)}`,
  )
  const more = html`<p>!${planState(locale, plan, going)}</p>!${guardPart(look, plan)}`
  return hero({
    value: number(locale, open ? progress.waiting : progress.total),
    say: html`${open ? say.waitingCount : say.totalCount}: ${named.join(', ')}.`,
    action: going ? '' : approveLink(look, view),
    figure: html`<div>!${more}</div>`,
  })
}

function guardPart({ locale }: Look, { guard }: ListedPlan): string {
  if (guard.ok) return ''
  const reasons = guard.reasons.map(reason => html`<li>${guardText(locale, reason)}</li>`)
  return notice('warn', planWords[locale].guard, html`<ul class="mb-0">!${reasons}</ul>`)
}

/** To the page that asks once more; nothing is done by a link. */
function approveLink({ locale, mayApply }: Look, { plan, busy, moved, progress }: PlanView): string {
  const say = planWords[locale]
  if (!mayApply || busy || moved || progress.waiting === 0) return ''
  if (plan.state === 'applied' || plan.state === 'superseded') return ''
  const label = plan.state === 'applying' ? say.resume : say.approve
  return html`<a class="btn btn-primary" href="${planPath}/${plan.id}/apply">${label}</a>`
}

const SHOWN_FAILURES = 20

function failureCard({ locale }: Look, { plan, failures, progress }: PlanView): string {
  const say = planWords[locale]
  if (failures.length === 0) return ''
  const rows = failures
    .slice(0, SHOWN_FAILURES)
    .map(each => [
      html`${each.name}<div class="code address">${each.address}</div>`,
      html`${kindTitles[each.kind][locale]}`,
      html`<span class="address">${each.error ?? ''}</span>`,
      html`${mendText(locale, each.code, each.temporary)}`,
    ])
  const columns = [
    { title: say.name },
    { title: say.kind, wide: true },
    { title: say.said, wide: true },
    { title: say.todo },
  ]
  const all = addressOf(`${planPath}/${plan.id}`, { state: 'failed' })
  return tableCard({
    title: `${say.failures}: ${number(locale, progress.failed)}`,
    table: table(say.failures, columns, rows),
    foot: failures.length > SHOWN_FAILURES ? html`<a href="${all}#list">${say.moreFailures}</a>` : '',
  })
}

// what it would do --------------------------------------------------------------------------------------------------

const SHOWN_AGENCIES = 12

function agencyCard({ locale }: Look, { plan, agencies }: PlanView): string {
  const say = planWords[locale]
  const kinds = kindsOf(plan.changes).map(([kind]) => kind)
  const columns = [
    { title: say.agency },
    ...kinds.map(kind => ({ title: kindTitles[kind][locale], number: true, wide: kinds.length > 1 })),
    ...(kinds.length > 1 ? [{ title: say.total, number: true }] : []),
  ]
  const rows = agencies
    .slice(0, SHOWN_AGENCIES)
    .map(({ code, name, changes, total }) => [
      code === null
        ? html`${say.noAgency}`
        : html`<a href="${addressOf(`${planPath}/${plan.id}`, { agency: code })}#list">${name ?? code}</a><div class="code">${code}</div>`,
      ...kinds.map(kind => number(locale, changes[kind] ?? 0)),
      ...(kinds.length > 1 ? [number(locale, total)] : []),
    ])
  const rest = agencies.length - SHOWN_AGENCIES
  return tableCard({
    title: say.byAgency,
    table: table(say.byAgency, columns, rows),
    foot: rest > 0 ? html`<span class="stamp">${number(locale, rest)} ${say.otherAgencies}</span>` : '',
  })
}

function changeCard(look: Look, view: PlanView): string {
  const { locale } = look
  const say = planWords[locale]
  const found = `${number(locale, view.count)} ${say.found}`
  const list =
    view.changes.length === 0
      ? empty({ title: say.noneFound, text: say.noneFoundText })
      : changeTable(look, view)
  const foot = pager(found, [nextLink(view.next, say.next)])
  return html`<section class="card mb-3" id="list"><div class="card-header"><h2 class="card-title">${say.list}</h2></div><div class="card-body">!${filterForm(look, view)}</div>!${list}<div class="card-foot">!${foot}</div></section>`
}

function filterForm({ locale }: Look, { plan, query, agencies }: PlanView): string {
  const say = planWords[locale]
  const path = `${planPath}/${plan.id}`
  const all = (text: string) => ({ value: '', text })
  const kindOptions = [
    all(say.allKinds),
    ...changeKinds.map(kind => ({ value: kind, text: kindTitles[kind][locale] })),
  ]
  const stateOptions = [
    all(say.allStates),
    ...changeStates.map(each => ({ value: each, text: changeStateWords[each]?.[locale] ?? each })),
  ]
  const agencyOptions = [
    all(say.allAgencies),
    ...agencies.flatMap(({ code, name }) =>
      code === null ? [] : [{ value: code, text: `${name ?? ''} (${code})` }],
    ),
  ]
  const fields = [
    html`<input class="form-control w-auto" type="search" name="q" maxlength="200" value="${query.q}" placeholder="${say.search}" aria-label="${say.search}">`,
    labelled(say.kind, select({ id: 'kind', value: query.kind ?? '', options: kindOptions })),
    labelled(say.agency, select({ id: 'agency', value: query.agency ?? '', options: agencyOptions })),
    labelled(say.state, select({ id: 'state', value: query.state ?? '', options: stateOptions })),
  ]
  const filtered = query.q !== '' || query.kind !== null || query.agency !== null || query.state !== null
  const clear = filtered ? html`<a class="btn" href="${path}#list">${say.clear}</a>` : ''
  return html`<form class="filter" action="${path}#list">!${fields}<button class="btn">${say.filter}</button>!${clear}</form>`
}

function labelled(label: string, control: string): string {
  return html`<label class="filter-part"><span class="visually-hidden">${label}</span>!${control}</label>`
}

const changeStandings: Record<ChangeState, Standing | null> = {
  planned: null,
  started: 'pace',
  done: 'met',
  already: 'met',
  failed: 'behind',
  dropped: null,
}

/** A phone has no room for the state; what failed is said with the change. */
function changeTable({ locale }: Look, { changes }: PlanView): string {
  const say = planWords[locale]
  const rows = changes.map(each => {
    const address =
      each.mailbox === null
        ? html`${each.address}`
        : html`<a href="/mailboxes/${each.mailbox}">${each.address}</a>`
    const to = each.toAddress === null ? '' : html` → ${each.toAddress}`
    const word = changeStateWords[each.state]?.[locale] ?? each.state
    const standing = changeStandings[each.state]
    const error =
      each.state === 'failed' ? html`<div class="code address">${word}: ${each.error ?? ''}</div>` : ''
    return [
      html`${each.name}<div class="code address">!${address}!${to}</div>`,
      html`${each.agencyName ?? ''}<div class="code">${each.agency ?? ''}</div>`,
      html`${kindTitles[each.kind][locale]}<div class="code">${reasonText(locale, each.reason)}</div>!${error}`,
      standing ? state(standing, word) : html`<span class="stamp">${word}</span>`,
    ]
  })
  const columns = [
    { title: say.name },
    { title: say.agency, wide: true },
    { title: say.changes },
    { title: say.state, wide: true },
  ]
  return table(say.list, columns, rows)
}

function refusalCard({ locale }: Look, view: PlanView): string {
  const say = planWords[locale]
  const { plan, refusals, refusalCounts, nextRefusals } = view
  if (plan.refused === 0) return ''
  const rows = refusals.map(each => [
    html`${each.name}<div class="code">${each.staffId ?? ''}</div>`,
    html`${refusalText(locale, each.reason)}`,
  ])
  const counts = refusalCounts.map(
    ({ reason, count }) => `${refusalText(locale, reason)}: ${number(locale, count)}`,
  )
  return html`<div id="refused">!${tableCard({
    title: `${say.refusedTitle}: ${number(locale, plan.refused)}`,
    table: html`<p class="card-body stamp mb-0">${counts.join(' · ')}</p>!${table(say.refusedTitle, [{ title: say.name }, { title: say.reason }], rows)}`,
    foot: nextLink(nextRefusals, say.next),
  })}</div>`
}
