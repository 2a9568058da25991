/** Asking once more before a plan is applied, and saying why it cannot be. */
import { card, checkbox, notice, pageHead } from '../web/components.ts'
import { number } from '../web/format.ts'
import { html } from '../web/html.ts'
import { guardText } from './messages.ts'
import { kindTitles, planWords } from './page-messages.ts'
import type { ListedPlan, Progress } from './page-store.ts'
import { kindsOf, type Look, planPath } from './plan-list-page.ts'

export type Approval = { plan: ListedPlan; progress: Progress; force: boolean; problem: boolean }

/** The counts again, the limits that are passed, and the form. */
export function approvalPage(look: Look, { plan, progress, force, problem }: Approval): string {
  const { locale, csrf } = look
  const say = planWords[locale]
  const path = `${planPath}/${plan.id}`
  const partly = plan.state === 'applying'
  const counts = kindsOf(plan.changes).map(
    ([kind, count]) => html`<li>${kindTitles[kind][locale]}: <b>${number(locale, count)}</b></li>`,
  )
  const left = partly
    ? html`<p><b>${number(locale, progress.waiting)}</b> ${say.ofThese} ${number(locale, progress.total)} ${say.found}</p>`
    : ''
  const body = html`<p>${partly ? say.confirmResume : say.confirmText}:</p>!${left}<ul>!${counts}</ul>!${guardPart(look, plan)}<form method="post" action="${path}/apply"><input type="hidden" name="csrf" value="${csrf}">!${forceBox(look, plan, force, problem)}<div class="actions"><button class="btn btn-primary">${partly ? say.resume : say.approve}</button><a class="btn" href="${path}">${say.cancel}</a></div></form>`
  const crumbs = [
    { href: planPath, text: say.title },
    { href: path, text: `${say.one} ${plan.id}` },
  ]
  return html`!${pageHead({ title: say.confirm, crumbs })}!${card({ title: `${say.one} ${plan.id}`, body })}`
}

function guardPart({ locale }: Look, { guard }: ListedPlan): string {
  if (guard.ok) return ''
  const reasons = guard.reasons.map(reason => html`<li>${guardText(locale, reason)}</li>`)
  return notice('warn', planWords[locale].guard, html`<ul>!${reasons}</ul>`)
}

function forceBox({ locale }: Look, { guard }: ListedPlan, checked: boolean, problem: boolean): string {
  if (guard.ok) return ''
  const say = planWords[locale]
  return checkbox({ id: 'force', label: say.force, checked, problem: problem ? say.forceMissing : null })
}

/** What was made on has changed: nothing is lost, a new plan is needed. */
export function movedPage(look: Look, plan: number, text: string): string {
  const { locale, csrf, mayMake } = look
  const say = planWords[locale]
  const make = mayMake
    ? html`<form method="post" action="${planPath}"><input type="hidden" name="csrf" value="${csrf}"><button class="btn btn-primary">${say.make}</button></form>`
    : ''
  const body = html`!${notice('warn', text)}<div class="actions">!${make}<a class="btn" href="${planPath}/${plan}">${say.back}</a></div>`
  return html`!${pageHead({ title: say.moved, crumbs: [{ href: planPath, text: say.title }] })}!${card({ title: `${say.one} ${plan}`, body })}`
}

/** Another run goes on; `back` is where the person came from. */
export function busyPage({ locale }: Look, back: string): string {
  const say = planWords[locale]
  const body = html`!${notice('info', say.busyText)}<div class="actions"><a class="btn btn-primary" href="/runs">${say.seeRuns}</a><a class="btn" href="${back}">${say.back}</a></div>`
  return html`!${pageHead({ title: say.busyTitle, crumbs: [{ href: planPath, text: say.title }] })}!${card({ title: say.busyTitle, body })}`
}
