/** A share as a bar, and the states it can show. */
import { html } from './html.ts'

/** How an agency stands against its target, or a count against what is asked. Unknown is hatched, never a colour. */
export type Standing = 'met' | 'pace' | 'risk' | 'behind' | 'unknown'

/** A bar of a share 0–1; null is not known. `label` says it for those who cannot see it. */
export function bar(share: number | null, standing: Standing, label: string): string {
  const state = share === null ? 'unknown' : standing
  const width = share === null ? 100 : Math.round(Math.min(1, Math.max(0, share)) * 1000) / 10
  return html`<svg class="hbar ${state}" role="img" aria-label="${label}" width="100%" height="8" preserveAspectRatio="none"><rect class="hbar-ground" width="100%" height="8" rx="4"></rect><rect class="hbar-value" width="${width}%" height="8" rx="4"></rect></svg>`
}
