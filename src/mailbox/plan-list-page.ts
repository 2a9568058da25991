/** The list of plans, and what says that one is being made. */
import {
  actionButton,
  empty,
  nextLink,
  notice,
  pageHead,
  type Standing,
  state,
  table,
  tableCard,
} from '../web/components.ts'
import { day, instant, type Locale, number } from '../web/format.ts'
import { html } from '../web/html.ts'
import type { ChangeKind } from './connector.ts'
import { kindTitles, makingEndText, planStateWords, planWords } from './page-messages.ts'
import type { ListedPlan } from './page-store.ts'

/** For whom a page is made, and what they may do. */
export type Look = { locale: Locale; timeZone: string; csrf: string; mayMake: boolean; mayApply: boolean }

export const planPath = '/plans'

export type PlanListView = {
  plans: readonly ListedPlan[]
  next: string | null
  /** Whether a plan is being made just now. */
  making: boolean
  /** How the last making ended, where that was no plan. */
  trouble: { code: string | null; message: string } | null
  hasPlatform: boolean
  /** Somebody has just asked for a plan and there was nothing to change. */
  nothing: boolean
  /** Plans that are applied by a run that goes on. */
  applying: ReadonlySet<number>
}

export function planListPage(look: Look, view: PlanListView): string {
  const { locale } = look
  const say = planWords[locale]
  const button = look.mayMake
    ? actionButton({ action: planPath, label: say.make, csrf: look.csrf, kind: 'primary' })
    : ''
  const list =
    view.plans.length === 0
      ? html`<section class="card mb-3">!${empty({ title: say.none, text: say.noneText })}</section>`
      : tableCard({
          title: say.all,
          table: planTable(look, view),
          foot: nextLink(view.next, say.older),
        })
  const hint = !view.hasPlatform
    ? notice('info', say.noPlatform)
    : look.mayMake
      ? html`<div class="mb-3">!${view.making ? '' : button}<p class="stamp mb-0">${say.makeHint}</p></div>`
      : ''
  return html`!${pageHead({ title: say.title })}!${banners(look, view)}!${hint}!${list}`
}

function banners({ locale }: Look, { making, trouble, nothing }: PlanListView): string {
  const say = planWords[locale]
  if (making) return makingNotice(locale)
  return [
    nothing ? notice('good', say.nothingToChange) : '',
    trouble ? notice('bad', makingEndText(locale, trouble.code, trouble.message)) : '',
  ].join('')
}

/** Stands until the plan is made; then the page is loaded again. */
export function makingNotice(locale: Locale): string {
  const say = planWords[locale]
  const more = html`<noscript><a href="${planPath}">${say.look}</a><meta http-equiv="refresh" content="5"></noscript>`
  return html`<div hx-get="${planPath}/making" hx-trigger="every 1s" hx-swap="outerHTML">!${notice('info', say.making, more)}</div>`
}

function planTable(look: Look, { plans, applying }: PlanListView): string {
  const { locale, timeZone } = look
  const say = planWords[locale]
  const rows = plans.map(plan => [
    html`<a href="${planPath}/${plan.id}">${say.one} ${plan.id}</a><div class="code">${day(plan.day)}</div>`,
    html`${maker(locale, plan)}<div class="code">${instant(plan.createdAt, timeZone)}</div>`,
    html`${countsText(locale, plan.changes)}`,
    number(locale, plan.refused),
    planState(locale, plan, applying.has(plan.id)),
  ])
  const columns = [
    { title: say.plan },
    { title: say.by, wide: true },
    { title: say.changes },
    { title: say.refused, number: true, wide: true },
    { title: say.state },
  ]
  return table(say.title, columns, rows)
}

export function maker(locale: Locale, { by, night }: ListedPlan): string {
  const say = planWords[locale]
  return by ?? (night ? say.night : say.command)
}

/** `Cấp mới 12 · Tạm khoá 3`. */
export function countsText(locale: Locale, changes: Partial<Record<ChangeKind, number>>): string {
  return kindsOf(changes)
    .map(([kind, count]) => `${kindTitles[kind][locale]} ${number(locale, count)}`)
    .join(' · ')
}

export const changeKinds: readonly ChangeKind[] = [
  'create',
  'update',
  'rename',
  'suspend',
  'resume',
  'remove',
]

/** Kinds that occur, in their fixed order. */
export function kindsOf(changes: Partial<Record<ChangeKind, number>>): [ChangeKind, number][] {
  return changeKinds.flatMap(kind => {
    const count = changes[kind] ?? 0
    return count > 0 ? [[kind, count] satisfies [ChangeKind, number]] : []
  })
}

/** A plan's state in words. One that is half applied and that nobody applies has stopped. */
export function planState(locale: Locale, plan: ListedPlan, going: boolean): string {
  const name = stateName(plan, going)
  const word = planStateWords[name]?.[locale] ?? name
  const standing = standings[name]
  return standing ? state(standing, word) : html`<span class="stamp">${word}</span>`
}

function stateName({ state, failed }: ListedPlan, going: boolean): string {
  if (going) return 'applying'
  if (state === 'applying') return 'halted'
  return state === 'applied' && failed > 0 ? 'incomplete' : state
}

const standings: Record<string, Standing> = {
  open: 'pace',
  refused: 'risk',
  applying: 'pace',
  halted: 'behind',
  applied: 'met',
  incomplete: 'risk',
}
