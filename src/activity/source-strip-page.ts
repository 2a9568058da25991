/** A log's days as a strip: how many lines each had, hatched where none came. */
import { more, table } from '../web/components.ts'
import { day as dayText, type Locale, number } from '../web/format.ts'
import { html } from '../web/html.ts'
import { sourceWords } from './source-messages.ts'
import type { LogDay } from './source-state.ts'

const STEP = 10
const HEIGHT = 48

/** `id` tells the hatches of several strips on a page apart. */
export function strip(
  locale: Locale,
  days: readonly LogDay[],
  { id, name }: { id: string; name: string },
): string {
  const say = sourceWords[locale]
  const most = Math.max(1, ...days.map(each => each.lines))
  const gaps = days.filter(each => each.state === 'gap').length
  const label = `${say.strip}, ${name}: ${dayText(days[0]?.day ?? null)}–${dayText(days.at(-1)?.day ?? null)}; ${say.gaps.toLowerCase()}: ${number(locale, gaps)}`
  const columns = days.map((each, i) => column(each, { x: i * STEP, most, id }))
  const hatch = html`<defs><pattern id="${id}" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="hbar-ground" width="5" height="5"></rect><line x1="0" y1="0" x2="0" y2="5" stroke="currentColor" stroke-width="2" stroke-opacity="0.4"></line></pattern></defs>`
  const width = days.length * STEP
  return html`<figure class="chart mb-2"><figcaption class="stamp">${say.strip} · ${say.key}</figcaption><svg role="img" aria-label="${label}" viewBox="0 0 ${width} ${HEIGHT}" width="${width}" height="${HEIGHT}" preserveAspectRatio="none">!${hatch}!${columns}</svg><div class="pager stamp"><span>${dayText(days[0]?.day ?? null)}</span><span>${dayText(days.at(-1)?.day ?? null)}</span></div></figure>!${more(say.byDay, dayTable(locale, days, name))}`
}

function column({ lines, state }: LogDay, { x, most, id }: { x: number; most: number; id: string }): string {
  if (state === 'before')
    return html`<rect class="hbar-ground" x="${x}" y="${HEIGHT - 2}" width="${STEP - 2}" height="2"></rect>`
  if (state === 'gap')
    return html`<rect fill="url(#${id})" x="${x}" y="0" width="${STEP - 2}" height="${HEIGHT}"></rect>`
  // a day with few lines beside a busy one is still seen
  const height = lines === 0 ? 2 : Math.max(4, Math.round((lines / most) * HEIGHT))
  return html`<rect class="hbar-value" x="${x}" y="${HEIGHT - height}" width="${STEP - 2}" height="${height}"></rect>`
}

function dayTable(locale: Locale, days: readonly LogDay[], name: string): string {
  const say = sourceWords[locale]
  const words = { gap: say.missing, before: say.before, part: say.partial, read: '' }
  const rows = [...days]
    .reverse()
    .map(({ day, lines, state }) => [
      html`${dayText(day)}`,
      state === 'read' || state === 'part' ? number(locale, lines) : '–',
      html`<span class="stamp">${words[state]}</span>`,
    ])
  const columns = [{ title: say.day }, { title: say.count, number: true }, { title: say.gaps }]
  return table(`${say.strip}, ${name}`, columns, rows)
}
