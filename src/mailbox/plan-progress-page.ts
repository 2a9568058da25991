/** How far an apply is: a piece of the plan's page that is asked for every second while it goes on. */
import { card, progress as progressBar } from '../web/components.ts'
import { type Locale, number } from '../web/format.ts'
import { html } from '../web/html.ts'
import { durationText, planWords } from './page-messages.ts'
import type { Progress } from './page-store.ts'
import { planPath } from './plan-list-page.ts'

export type Going = { plan: number; progress: Progress }

/** The live piece. It asks for itself again; the answer at the end makes the page load anew. */
export function progressPiece(locale: Locale, { plan, progress }: Going): string {
  const say = planWords[locale]
  const again = html`<noscript><meta http-equiv="refresh" content="5"><a class="btn" href="${planPath}/${plan}">${say.look}</a></noscript>`
  const body = html`!${progressLines(locale, progress)}<p class="stamp">${say.background}</p>!${again}`
  return html`<div id="progress" hx-get="${planPath}/${plan}/progress" hx-trigger="every 1s" hx-swap="outerHTML">!${card({ title: say.progress, body })}</div>`
}

function progressLines(locale: Locale, progress: Progress): string {
  const say = planWords[locale]
  const { total, waiting, dropped } = progress
  const ended = total - waiting - dropped
  if (progress.firstAt === null && ended === 0) return progressBar(0, null, say.checking)
  const label = `${number(locale, ended)} / ${number(locale, total)} ${say.doneOf}`
  return html`!${progressBar(ended, total, label)}<p class="mb-1">${progressCounts(locale, progress)}</p><p class="stamp">${paceText(locale, progress)}</p>`
}

/** `120 đã thực hiện · 2 đã đúng từ trước · 1 không thực hiện được · 30 còn lại`. */
export function progressCounts(locale: Locale, { done, already, failed, waiting }: Progress): string {
  const say = planWords[locale]
  const parts: [number, string][] = [
    [done, say.done],
    [already, say.already],
    [failed, say.failed],
    [waiting, say.waiting],
  ]
  return parts
    .filter(([count], i) => count > 0 || i === 0)
    .map(([count, word]) => `${number(locale, count)} ${word}`)
    .join(' · ')
}

/** Changes a minute and the time left; null as long as one batch alone has ended. */
export function paceOf({
  firstAt,
  lastAt,
  since,
  waiting,
}: Progress): { perMinute: number; secondsLeft: number } | null {
  if (firstAt === null || lastAt === null || since === 0) return null
  const seconds = (lastAt.getTime() - firstAt.getTime()) / 1000
  if (seconds <= 0) return null
  return { perMinute: (since / seconds) * 60, secondsLeft: waiting / (since / seconds) }
}

function paceText(locale: Locale, progress: Progress): string {
  const say = planWords[locale]
  const pace = paceOf(progress)
  if (pace === null) return say.estimating
  const perMinute = `${number(locale, Math.round(pace.perMinute))} ${say.perMinute}`
  const left = `${say.left} ${durationText(locale, pace.secondsLeft)}`
  return `${perMinute} · ${left}`
}
