/** Absences that leave the count, and which days an official may enter. Pure. */
import { addDays, type Day, parseDay } from '../ids.ts'

export const absenceKinds = [
  'maternity',
  'study',
  'secondment',
  'illness',
  'unpaid',
  'suspended',
  'other',
] as const
export type AbsenceKind = (typeof absenceKinds)[number]

export function parseAbsenceKind(text: string): AbsenceKind | null {
  return absenceKinds.find(each => each === text) ?? null
}

/** A day as a browser sends it, `2026-11-20`, or as people write it, `20/11/2026`. */
export function parseEnteredDay(text: string): Day | null {
  const written = /^(\d{1,2})\s*[/.-]\s*(\d{1,2})\s*[/.-]\s*(\d{4})$/.exec(text.trim())
  if (!written) return parseDay(text)
  const [, day = '', month = '', year = ''] = written
  return parseDay(`${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`)
}

/** A slip of the keyboard rather than a day of service: nobody serves so long, and nobody is told of so early. */
const YEARS_BACK = 50
const YEARS_AHEAD = 10
const YEAR_DAYS = 365.25

export function isPlausible(day: Day, today: Day): boolean {
  const from = addDays(today, -Math.round(YEARS_BACK * YEAR_DAYS))
  return day >= from && day <= addDays(today, Math.round(YEARS_AHEAD * YEAR_DAYS))
}
