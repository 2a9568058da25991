/** How a source stands, as a function of what is known of it: what must never look like "no use" is decided here. */
import { addDays, type Day } from '../ids.ts'

export { type Silence, silence, silences, silenceText } from '../roster/rhythm.ts'

/** Days that the strip of a log shows, today last. */
export const SHOWN_DAYS = 60

/** A log that stands still so long is told of; less would call a quiet day or a daily delivery a fault. */
const LATE_HOURS = 36
const HOUR_MS = 3_600_000

/** `gap`: after the first day, without a line · `before`: nothing was read yet · `part`: today, which is not over. */
export type LogDay = { day: Day; lines: number; state: 'read' | 'gap' | 'before' | 'part' }

export type LogKnown = {
  lastAt: Date | null
  firstDay: Day | null
  days: readonly { day: Day; lines: number }[]
}

/** The last days of a log, today last. Without any line ever, all of them are before its beginning. */
export function logDays({ firstDay, days }: LogKnown, today: Day): LogDay[] {
  const lines = new Map(days.map(each => [each.day, each.lines]))
  return Array.from({ length: SHOWN_DAYS }, (_, i) => {
    const day = addDays(today, i - SHOWN_DAYS + 1)
    const read = lines.get(day) ?? 0
    if (firstDay === null || day < firstDay) return { day, lines: 0, state: 'before' }
    if (day === today) return { day, lines: read, state: 'part' }
    return { day, lines: read, state: read > 0 ? 'read' : 'gap' }
  })
}

/** `never`: no line was ever read · `late`: nothing new for long · `gaps`: it reads on, but days are missing. */
export type LogState = 'never' | 'late' | 'gaps' | 'good'

export function logState(known: LogKnown, days: readonly LogDay[], now: Date): LogState {
  if (known.lastAt === null) return 'never'
  if (isLate(known.lastAt, now)) return 'late'
  return days.some(each => each.state === 'gap') ? 'gaps' : 'good'
}

export function isLate(at: Date, now: Date): boolean {
  return now.getTime() - at.getTime() > LATE_HOURS * HOUR_MS
}

export type ReadState = 'never' | 'failed' | 'refused' | 'late' | 'good'

/** A source that is read by runs: the roster, a platform, a sweep. */
export function readState(goodAt: Date | null, last: { state: string } | null, now: Date): ReadState {
  if (last?.state === 'failed' || last?.state === 'broken') return 'failed'
  if (last?.state === 'refused' && goodAt !== null) return 'refused'
  if (goodAt === null) return last === null ? 'never' : 'refused'
  return isLate(goodAt, now) ? 'late' : 'good'
}
