/**
 * Answers shared by everybody who asks within a moment: a hundred viewers cost one computation.
 *
 * What is shared must be the same for all of them; limiting it to what one may see comes after.
 */

/** How long an answer is shared once it is there, in ms. Longer and a page would not show what its reader just did. */
const SHARED_MS = 5000
/** One that took long is shared this many times as long, so that the same question never takes much of the database. */
const TIMES = 10
/** And no longer than this, in ms. */
const LONGEST_MS = 60_000
/** Answers kept at a time: a few days asked for; each may hold every agency. */
const MOST = 8

export type Shared<T> = (key: string, compute: () => Promise<T>) => Promise<T>

/** `clock` is in ms and never goes back. An answer that failed is not kept; of small ones `most` may be many. */
export function singleFlight<T>(clock: () => number, most: number = MOST): Shared<T> {
  const entries = new Map<string, { until: number; answer: Promise<T> }>()
  return (key, compute) => {
    const known = entries.get(key)
    if (known && clock() < known.until) return known.answer
    const begun = clock()
    const entry = { until: Number.POSITIVE_INFINITY, answer: compute() }
    entries.delete(key)
    entries.set(key, entry)
    entry.answer.then(
      () => {
        const now = clock()
        entry.until = now + Math.min(LONGEST_MS, Math.max(SHARED_MS, (now - begun) * TIMES))
      },
      () => {
        entry.until = 0
      },
    )
    const oldest = entries.keys().next()
    if (entries.size > most && !oldest.done) entries.delete(oldest.value)
    return entry.answer
  }
}
