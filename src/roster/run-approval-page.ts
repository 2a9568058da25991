/** Asking once more before a refused roster run is saved, and saying why it cannot be. */
import { actionButton, card, notice, pageHead } from '../web/components.ts'
import { number } from '../web/format.ts'
import { html } from '../web/html.ts'
import type { GuardReason } from './guard.ts'
import { guardText } from './messages.ts'
import { type Look, runPath, runTitle } from './run-list-page.ts'
import { agencyCounts, count, countWords, part, peopleCounts, runWords } from './run-messages.ts'
import type { RunRow } from './run-store.ts'

/** What would change again, the limits that are passed, and the form. */
export function runApprovalPage(look: Look, run: RunRow, guard: readonly GuardReason[]): string {
  const { locale, csrf } = look
  const say = runWords[locale]
  const path = `${runPath}/${run.id}`
  const counts = (title: string, from: 'people' | 'agencies', names: readonly string[]) =>
    names
      .filter(name => name !== 'unchanged' && count(part(run.result, from), name) > 0)
      .map(
        name =>
          html`<li>${title}, ${countWords[name]?.[locale] ?? name}: <b>${number(locale, count(part(run.result, from), name))}</b></li>`,
      )
  const list = [
    ...counts(say.people, 'people', peopleCounts),
    ...counts(say.agencies, 'agencies', agencyCounts),
  ]
  const reasons = html`<ul>!${guard.map(reason => html`<li>${guardText(locale, reason)}</li>`)}</ul>`
  const button = actionButton({ action: `${path}/approve`, label: say.approve, csrf, kind: 'primary' })
  const body = html`<p>${say.confirmText}:</p><ul>!${list}</ul>!${notice('warn', say.guard, reasons)}<div class="actions">!${button}<a class="btn" href="${path}">${say.cancel}</a></div>`
  return html`!${pageHead({ title: say.confirm, crumbs: crumbs(look, run) })}!${card({ title: runTitle(locale, run), body })}`
}

function crumbs({ locale }: Look, run: RunRow): { href: string; text: string }[] {
  const say = runWords[locale]
  return [
    { href: runPath, text: say.title },
    { href: `${runPath}/${run.id}`, text: `${say.one} ${run.id}` },
  ]
}

export type Obstacle = 'notWaiting' | 'moved' | 'busy'

/** Why a run was not approved: what happened, that nothing changed, and where to go on. */
export function obstaclePage(look: Look, run: RunRow, obstacle: Obstacle): string {
  const { locale, csrf, maySync } = look
  const say = runWords[locale]
  const texts = { notWaiting: say.notWaitingText, moved: say.movedText, busy: say.busyText }
  const sync =
    maySync && obstacle !== 'busy'
      ? actionButton({ action: `${runPath}/sync`, label: say.sync, csrf, kind: 'primary' })
      : ''
  const body = html`!${notice(obstacle === 'busy' ? 'info' : 'warn', texts[obstacle])}<div class="actions">!${sync}<a class="btn" href="${runPath}/${run.id}">${say.back}</a><a class="btn" href="${runPath}?kind=roster">${say.list}</a></div>`
  return html`!${pageHead({ title: say[obstacle], crumbs: crumbs(look, run) })}!${card({ title: runTitle(locale, run), body })}`
}
