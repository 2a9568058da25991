/** The days of the journey: counted backwards from today in the province's zone, 1 is yesterday. */

const DAY_MS = 86_400_000
/** Việt Nam has been seven hours ahead of UTC, all year round, since 1975. */
const HANOI_MS = 7 * 3_600_000

/**
 * First day with records, the moves, the leavers; who is back in the directory, and a day later in the mailbox; then days
 * with logs, from the 35th to yesterday.
 */
export const START = 40
export const MOVES = 20
export const LEAVES = 10
export const BACK = 6
export const RETURNS = 5
export const LOG_DAYS = 35

export type Calendar = {
  today: string
  /** The calendar day so many days ago. */
  day(ago: number): string
  /** How many days ago a day was. */
  ago(day: string): number
  /** The instant (ms since 1970) so many seconds into a day. */
  instant(ago: number, second: number): number
  /** 1 Monday … 7 Sunday. */
  weekday(ago: number): number
  isWorking(ago: number): boolean
  /** What the configuration says about days off and days worked, so that no table of public holidays matters. */
  settings: { holidays: string[]; workdays: string[] }
}

export function hanoiDay(instant: number): string {
  return new Date(instant + HANOI_MS).toISOString().slice(0, 10)
}

export function calendarOf(now: number): Calendar {
  const today = hanoiDay(now)
  const midnight = Date.parse(`${today}T00:00:00Z`)
  const day = (ago: number) => new Date(midnight - ago * DAY_MS).toISOString().slice(0, 10)
  const weekday = (ago: number) => new Date(midnight - ago * DAY_MS).getUTCDay() || 7
  // one whole week off, as at Tết, from the only Monday in these seven days; its Saturday after is worked instead
  const monday = [21, 22, 23, 24, 25, 26, 27].find(ago => weekday(ago) === 1) ?? 21
  const off = [0, 1, 2, 3, 4].map(after => monday - after)
  const isWorking = (ago: number) => ago === monday - 5 || (weekday(ago) <= 5 && !off.includes(ago))
  const around = Array.from({ length: 85 }, (_, i) => i - 5)
  return {
    today,
    day,
    ago: each => Math.round((midnight - Date.parse(`${each}T00:00:00Z`)) / DAY_MS),
    instant: (ago, second) => midnight - ago * DAY_MS - HANOI_MS + second * 1000,
    weekday,
    isWorking,
    settings: { holidays: off.map(day), workdays: around.filter(isWorking).map(day) },
  }
}

/** Numbers in [0, 1) that are the same in every run (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
