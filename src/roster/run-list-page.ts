/** The list of runs of every kind, with the button that reads the roster now. */
import {
  actionButton,
  empty,
  nextLink,
  notice,
  pageHead,
  type Standing,
  select,
  state,
  table,
} from '../web/components.ts'
import { instant, type Locale, number } from '../web/format.ts'
import { html } from '../web/html.ts'
import { type Silence, silenceText } from './rhythm.ts'
import { lastedText, runKindWords, runSentence, runStateWords, runWords } from './run-messages.ts'
import type { RunFilter, RunRow } from './run-store.ts'
import { runKinds, runStates } from './run-store.ts'

export const runPath = '/runs'

export type Look = {
  locale: Locale
  timeZone: string
  csrf: string
  now: Date
  mayApprove: boolean
  maySync: boolean
}

export type RunListView = {
  filter: RunFilter
  runs: readonly RunRow[]
  next: string | null
  /** Ids of runs that go on; a row that says `running` and is not among them has lost its process. */
  going: ReadonlySet<number>
  /** A sync was begun a moment ago and has not taken its row yet. */
  starting: boolean
  missed: number
  /** Whether there is any source to read. */
  hasSource: boolean
  /** What kept the last sync of this process from beginning. */
  trouble: string | null
  /** Sources that said nothing for longer than twice their rhythm. */
  silent: readonly Silence[]
}

export function runListPage(look: Look, view: RunListView): string {
  const { locale } = look
  const say = runWords[locale]
  return [
    pageHead({ title: say.title }),
    banners(locale, view),
    syncPart(look, view),
    html`<section class="card mb-3"><div class="card-body">!${filterForm(locale, view.filter)}</div>!${listPart(look, view)}</section>`,
    watcher(locale, view),
  ].join('')
}

function banners(locale: Locale, { trouble, missed, starting, silent }: RunListView): string {
  const say = runWords[locale]
  const see = html`<a href="${runPath}?state=missed">${say.seeMissed}</a>`
  return [
    starting ? notice('info', say.syncing) : '',
    trouble === null ? '' : notice('bad', `${say.syncFailed} ${trouble}`),
    missed > 0 ? notice('warn', `${number(locale, missed)} ${say.missed}.`, see) : '',
    ...silent.map(each => notice('warn', silenceText(locale, each))),
  ].join('')
}

function syncPart({ locale, csrf, maySync }: Look, { hasSource, starting }: RunListView): string {
  const say = runWords[locale]
  if (!maySync || starting) return ''
  if (!hasSource) return notice('info', say.noSource)
  const button = actionButton({ action: `${runPath}/sync`, label: say.sync, csrf, kind: 'primary' })
  return html`<div class="mb-3">!${button}<p class="stamp mb-0">${say.syncHint}</p></div>`
}

/** As long as something goes on, asks whether it still does; when that changes the page is loaded anew. */
function watcher(locale: Locale, { going, starting }: RunListView): string {
  if (going.size === 0 && !starting) return ''
  return html`!${livePiece([...going], starting)}<noscript><meta http-equiv="refresh" content="10"><a class="btn" href="${runPath}">${runWords[locale].look}</a></noscript>`
}

export function livePiece(going: readonly number[], starting: boolean): string {
  const query = new URLSearchParams({ going: going.join(' '), starting: starting ? 'yes' : '' })
  return html`<div hx-get="${`${runPath}/live?${query}`}" hx-trigger="every 2s" hx-swap="none"></div>`
}

function filterForm(locale: Locale, { kind, state }: RunFilter): string {
  const say = runWords[locale]
  const options = (all: string, values: readonly string[], words: typeof runKindWords) => [
    { value: '', text: all },
    ...values.map(value => ({ value, text: words[value]?.[locale] ?? value })),
  ]
  const kinds = select({
    id: 'kind',
    value: kind ?? '',
    options: options(say.allKinds, runKinds, runKindWords),
  })
  const states = select({
    id: 'state',
    value: state ?? '',
    options: options(say.allStates, runStates, runStateWords),
  })
  const clear = kind === null && state === null ? '' : html`<a class="btn" href="${runPath}">${say.clear}</a>`
  return html`<form class="filter" action="${runPath}"><label><span class="visually-hidden">${say.kind}</span>!${kinds}</label><label><span class="visually-hidden">${say.state}</span>!${states}</label><button class="btn">${say.filter}</button>!${clear}</form>`
}

function listPart(look: Look, { runs, filter, next, going }: RunListView): string {
  const say = runWords[look.locale]
  if (runs.length === 0) {
    const filtered = filter.kind !== null || filter.state !== null
    return filtered
      ? empty({ title: say.noneFound, text: say.noneFoundText })
      : empty({ title: say.none, text: say.noneText })
  }
  const foot = next === null ? '' : html`<div class="card-foot">!${nextLink(next, say.older)}</div>`
  return html`!${runTable(look, runs, going)}!${foot}`
}

function runTable(look: Look, runs: readonly RunRow[], going: ReadonlySet<number>): string {
  const { locale, timeZone } = look
  const say = runWords[locale]
  const rows = runs.map(run => {
    const known = withEnd(run, going)
    return [
      html`<a href="${runPath}/${run.id}">${runTitle(locale, run)}</a><div class="code">${run.id} · ${instant(run.startedAt, timeZone)}</div>`,
      html`${runSentence(locale, known)}`,
      html`${lasted(look, known)}`,
      runState(locale, known),
    ]
  })
  const columns = [
    { title: say.run },
    { title: say.did },
    { title: say.lasted, wide: true },
    { title: say.state },
  ]
  return table(say.title, columns, rows)
}

/** `Danh sách cán bộ · directory`. */
export function runTitle(locale: Locale, { kind, subject }: RunRow): string {
  const name = runKindWords[kind]?.[locale] ?? kind
  return subject === '' ? name : `${name} · ${subject}`
}

/** A run as it is: one that says it is running and is not has broken off, though nobody marked it yet. */
export function withEnd(run: RunRow, going: ReadonlySet<number>): RunRow {
  return run.state === 'running' && !going.has(run.id) ? { ...run, state: 'broken' } : run
}

export function lasted({ locale, now }: Look, run: RunRow): string {
  if (run.state === 'missed') return '–'
  const end = run.finishedAt ?? (run.state === 'running' ? now : null)
  return end === null ? '–' : lastedText(locale, run.startedAt, end)
}

const standings: Record<RunRow['state'], Standing> = {
  running: 'pace',
  done: 'met',
  partial: 'risk',
  refused: 'risk',
  failed: 'behind',
  broken: 'behind',
  missed: 'behind',
}

export function runState(locale: Locale, run: RunRow): string {
  return state(standings[run.state], runStateWords[run.state]?.[locale] ?? run.state)
}
