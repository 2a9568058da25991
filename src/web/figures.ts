/** The pieces that say figures: the sentence a page opens with, the four stages, what is to be done. */
import { bar } from './bar.ts'
import { type Locale, number, part } from './format.ts'
import { html } from './html.ts'

/** What a page opens with: one number, what it counts (HTML), what follows from it (HTML), a chart beside it. */
export function hero({
  value,
  say,
  more = '',
  action = '',
  figure = '',
}: {
  value: string
  say: string
  more?: string
  action?: string
  figure?: string
}): string {
  return html`<section class="card mb-3"><div class="card-body hero"><div><div class="big">${value}</div><p class="say">!${say}</p>!${more}!${action}</div>!${figure}</div></section>`
}

export type Stage = {
  label: string
  /** null: not known. */
  count: number | null
  total: number | null
  /** What is in the way, as text. */
  note: string
  /** Where those who are not there yet are listed. */
  href?: string | null
}

const words = {
  vi: { people: 'người', unknown: 'chưa đủ số liệu', of: 'trong số' },
  en: { people: 'people', unknown: 'not enough data', of: 'of' },
} as const

/** The four stages, in their order. */
export function stages(locale: Locale, items: readonly Stage[]): string {
  const say = words[locale]
  const cells = items.map(({ label, count, total, note, href = null }) => {
    const share = count === null || total === null || total === 0 ? null : count / total
    const said = share === null ? say.unknown : part(locale, count, total)
    const below =
      share === null ? say.unknown : `${number(locale, count)} / ${number(locale, total)} ${say.people}`
    const why = href === null || note === '' ? html`${note}` : html`<a href="${href}">${note}</a>`
    return html`<li class="stage"><div class="step-l">${label}</div><div class="step-n">${part(locale, count, total)}</div>!${bar(share, 'met', `${label}: ${said}`)}<div class="step-s">${below}</div><div class="step-d">!${why}</div></li>`
  })
  return html`<section class="card mb-3"><ol class="stages">!${cells}</ol></section>`
}

/** What is to be done, each with how many wait for it; `urgent` is said in words in `text` too. */
export function todo(
  items: readonly { text: string; hint?: string; count?: string; href?: string; urgent?: boolean }[],
): string {
  const rows = items.map(({ text, hint = '', count = '', href, urgent = false }) => {
    const named = href === undefined ? html`${text}` : html`<a href="${href}">${text}</a>`
    const below = hint === '' ? '' : html`<span class="stamp">${hint}</span>`
    return html`<li><span>!${named}!${below}</span><b class="${urgent ? 'gap' : ''}">${count}</b></li>`
  })
  return html`<ul class="todo">!${rows}</ul>`
}
