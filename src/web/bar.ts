/** A share as a bar, and the states it can show. */
import { html } from './html.ts'

/** How an agency stands against its target, or a count against what is asked. Unknown is hatched, never a colour. */
export type Standing = 'met' | 'pace' | 'risk' | 'behind' | 'unknown'

/**
 * A bar of a share 0–1; null is not known. Up to `high` it is hatched: so much there may be, but the data is missing.
 * `label` says it for those who cannot see it.
 */
export function bar(share: number | null, standing: Standing, label: string, high = share): string {
  const width = share === null ? 100 : percentOf(share)
  const known = share === null || high === null || high <= share ? 0 : percentOf(high)
  const state = share === null ? 'unknown' : known > 0 ? `${standing} partly` : standing
  return html`<svg class="hbar ${state}" role="img" aria-label="${label}" width="100%" height="8" preserveAspectRatio="none"><rect class="hbar-ground" x="${known}%" width="${100 - known}%" height="8" rx="4"></rect><rect class="hbar-value" width="${width}%" height="8" rx="4"></rect></svg>`
}

function percentOf(share: number): number {
  return Math.round(Math.min(1, Math.max(0, share)) * 1000) / 10
}
