/** One run with everything it found; for a refused roster run the way to its approval. */

import type { ErrorCode } from '../error.ts'
import { headline } from '../error-messages.ts'
import {
  card,
  empty,
  keyValues,
  nextLink,
  notice,
  pageHead,
  table,
  tableCard,
  tabs,
} from '../web/components.ts'
import { instant, type Locale, number } from '../web/format.ts'
import { html } from '../web/html.ts'
import { addressOf } from '../web/query.ts'
import type { GuardReason } from './guard.ts'
import { guardText } from './messages.ts'
import { type Look, lasted, livePiece, runPath, runState, runTitle } from './run-list-page.ts'
import {
  agencyCounts,
  count,
  countsText,
  countWords,
  movementWords,
  onlyLimits,
  part,
  peopleCounts,
  type Result,
  runSentence,
  runWords,
  stepWords,
  word,
} from './run-messages.ts'
import { type RejectionView, rejectionPart, type StoredView, storedPart } from './run-movement-page.ts'
import type { Movement, MovementKind, RunRow } from './run-store.ts'
import { movementKinds } from './run-store.ts'

export type RunView = {
  run: RunRow
  going: boolean
  approvable: boolean
  guard: readonly GuardReason[]
  rejections: RejectionView
  /** null: what it read is no longer kept, or may not be seen by name. */
  movements: { kind: MovementKind; rows: readonly Movement[]; next: string | null } | null
  /** What it made of them; null: of another kind, or may not be seen by name. */
  stored: StoredView | null
  maySeePlans: boolean
}

export function runPage(look: Look, view: RunView): string {
  const { locale } = look
  const say = runWords[locale]
  const { run } = view
  return [
    pageHead({
      title: `${say.one} ${run.id}: ${runTitle(locale, run)}`,
      stamp: runState(locale, run),
      crumbs: [{ href: runPath, text: say.title }],
    }),
    guardPart(look, view),
    facts(look, view),
    resultPart(look, view),
    movementPart(look, view),
    view.stored === null ? '' : storedPart(look, run, view.stored),
    rejectionPart(look, run, view.rejections),
  ].join('')
}

function facts(look: Look, { run, going, maySeePlans }: RunView): string {
  const { locale, timeZone } = look
  const say = runWords[locale]
  const sentence = runSentence(locale, run)
  const error = errorText(locale, run)
  const items: [string, string][] = [
    [say.started, html`${instant(run.startedAt, timeZone)}`],
    [say.finished, html`${instant(run.finishedAt, timeZone)}`],
    [say.lasted, html`${lasted(look, run)}`],
    ...(run.by === null ? [] : [[say.by, html`${run.by}`] satisfies [string, string]]),
  ]
  const plan = count(run.result, 'plan')
  const link =
    plan > 0 && maySeePlans
      ? html`<p class="mt-3 mb-0"><a class="btn" href="/plans/${plan}">${say.plan}</a></p>`
      : ''
  const live = going
    ? html`!${notice('info', say.going)}!${livePiece([run.id], false)}<noscript><meta http-equiv="refresh" content="10"></noscript>`
    : ''
  const wrong = error === '' ? '' : notice('bad', error)
  const said = sentence === '' ? '' : html`<p class="say">${sentence}</p>`
  return html`!${live}!${wrong}!${card({ title: say.did, body: html`!${said}!${keyValues(items)}!${link}` })}`
}

/** The error that ended a run, in words and with what exactly happened. */
function errorText(locale: Locale, { result, message, state }: RunRow): string {
  const code = word(part(result, 'error'), 'code')
  if (code === '' || state === 'done') return ''
  return errorSentence(locale, code, message)
}

export function errorSentence(locale: Locale, code: string, message: string): string {
  const known = isCode(code) && locale === 'vi' ? headline(code) : ''
  return known === '' ? message : `${known}. ${message}`
}

function isCode(text: string): text is ErrorCode {
  return headline(text as ErrorCode) !== undefined
}

function guardPart(look: Look, { run, guard, approvable }: RunView): string {
  const { locale, mayApprove } = look
  const say = runWords[locale]
  if (guard.length === 0 || run.kind !== 'roster') return ''
  const reasons = html`<ul>!${guard.map(reason => html`<li>${guardText(locale, reason)}</li>`)}</ul>`
  if (!onlyLimits(guard)) return notice('bad', say.incompleteGuard, html`!${reasons}<p>${say.reread}</p>`)
  const approve =
    approvable && mayApprove
      ? html`<a class="btn btn-primary" href="${runPath}/${run.id}/approve">${say.approve}</a>`
      : ''
  return notice('warn', say.guard, html`!${reasons}!${approve}`)
}

// what it did -------------------------------------------------------------------------------------------------------

function resultPart(look: Look, { run }: RunView): string {
  switch (run.kind) {
    case 'roster':
      return rosterCounts(look.locale, run.result)
    case 'mailbox':
      return failuresPart(look.locale, run.result)
    case 'nightly':
      return nightPart(look.locale, run.result)
    default:
      return ''
  }
}

export function rosterCounts(locale: Locale, result: Result): string {
  const say = runWords[locale]
  const [people, agencies] = [part(result, 'people'), part(result, 'agencies')]
  if (people === null || result.complete === false) return ''
  const rows = [
    ...peopleCounts.map(name => [say.people, name, count(people, name)] as const),
    ...agencyCounts.map(name => [say.agencies, name, count(agencies, name)] as const),
  ]
    .filter(([, , value]) => value > 0)
    .map(([subject, name, value]) => [
      html`${subject}`,
      html`${countWords[name]?.[locale] ?? name}`,
      number(locale, value),
    ])
  const columns = [{ title: say.whom }, { title: say.what }, { title: say.number, number: true }]
  return tableCard({ title: say.whatMoved, table: table(say.whatMoved, columns, rows) })
}

const SHOWN_FAILURES = 100

function failuresPart(locale: Locale, result: Result): string {
  const say = runWords[locale]
  const failures: unknown[] = Array.isArray(result.failures) ? result.failures : []
  if (failures.length === 0) return ''
  const rows = failures.slice(0, SHOWN_FAILURES).map(each => {
    const row = typeof each === 'object' && each !== null ? { ...each } : {}
    return [
      html`<span class="address">${word(row, 'address')}</span>`,
      html`<span class="address">${word(row, 'reason')}</span>`,
    ]
  })
  const title = `${say.failures}: ${number(locale, count(result, 'failed'))}`
  return tableCard({ title, table: table(title, [{ title: say.address }, { title: say.said }], rows) })
}

function nightPart(locale: Locale, result: Result): string {
  const say = runWords[locale]
  const rows = Object.entries(stepWords).flatMap(([name, words]) => {
    const step = part(result, name)
    return step === null ? [] : [[html`${words[locale]}`, html`${stepText(locale, name, step)}`]]
  })
  if (rows.length === 0) return ''
  return tableCard({
    title: say.steps,
    table: table(say.steps, [{ title: say.step }, { title: say.did }], rows),
  })
}

function stepText(locale: Locale, name: string, step: Result): string {
  const say = runWords[locale]
  if (step.skipped === true) return say.skipped
  const error = part(step, 'error')
  if (error !== null) return errorSentence(locale, word(error, 'code'), word(error, 'message'))
  const text = stepCounts(locale, name, step)
  const refused = part(step, 'guard')?.ok === false ? ` · ${say.guarded}` : ''
  return `${text === '' ? say.stepDone : text}${refused}`
}

const planKinds = ['create', 'update', 'rename', 'suspend', 'resume', 'remove'] as const

/** Several roster sources, and each log, stand below one step with counts of their own. */
function stepCounts(locale: Locale, name: string, step: Result): string {
  switch (name) {
    case 'roster': {
      const sources: unknown[] = Array.isArray(step.sources) ? step.sources : [step]
      return sources
        .map(each => (typeof each === 'object' && each !== null ? { ...each } : {}))
        .map(each =>
          [word(each, 'source'), countsText(locale, part(each, 'people'), peopleCounts)].join(': '),
        )
        .join('; ')
    }
    case 'mailbox':
      return [
        countsText(locale, part(step, 'changes'), planKinds),
        countsText(locale, part(step, 'applied'), ['done', 'already', 'failed']),
      ]
        .filter(Boolean)
        .join('; ')
    case 'activity':
      return Object.keys(step)
        .map(source => `${source}: ${sourceText(locale, part(step, source) ?? {})}`)
        .join('; ')
    default:
      return countsText(locale, step, ['written'])
  }
}

function sourceText(locale: Locale, result: Result): string {
  const error = part(result, 'error')
  if (error !== null) return errorSentence(locale, word(error, 'code'), word(error, 'message'))
  const counts = countsText(locale, result, ['lines', 'signals', 'personDays', 'reached', 'unreachable'])
  return counts === '' ? runWords[locale].stepDone : counts
}

// who would move ---------------------------------------------------------------------------------

const plural: Record<MovementKind, (typeof peopleCounts)[number]> = {
  leaver: 'leavers',
  joiner: 'joiners',
  mover: 'movers',
  returned: 'returned',
  changed: 'changed',
}

function movementPart({ locale }: Look, { run, movements }: RunView): string {
  const say = runWords[locale]
  if (movements === null) return ''
  const people = part(run.result, 'people')
  const items = movementKinds.map(kind => ({
    href: `${addressOf(`${runPath}/${run.id}`, { movement: kind })}#movements`,
    text: `${movementWords[kind]?.[locale] ?? kind} ${number(locale, count(people, plural[kind]))}`,
    active: kind === movements.kind,
  }))
  const rows = movements.rows.map(each => [
    html`${each.name}<div class="code">${each.staffId ?? ''}</div>`,
    html`${each.fromAgency ?? '–'}`,
    html`${each.toAgency ?? '–'}`,
  ])
  const columns = [{ title: say.name }, { title: say.from }, { title: say.to }]
  const list =
    rows.length === 0
      ? empty({ title: say.noMovement, text: say.noMovementText })
      : table(say.movements, columns, rows)
  return html`<div id="movements">!${tableCard({
    title: say.movements,
    table: html`<div class="card-body pb-0">!${tabs(say.movements, items)}</div>!${list}`,
    foot: nextLink(movements.next, say.next),
  })}</div>`
}
