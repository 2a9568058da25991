/** The working days of Việt Nam. */
import Holidays from 'date-holidays'
import { type Day, dayAt, parseDay, weekday } from '../ids.ts'
import type { WorkingDays } from './adoption.ts'

const ZONE = 'Asia/Ho_Chi_Minh'

export type CalendarSettings = { holidays: readonly string[]; workdays: readonly string[] }

/**
 * Monday to Friday without public holidays. Days off in lieu, the second day of Quốc khánh and where the five days of Tết
 * begin are decided anew each year (Labour Code 2019, articles 111 and 112): no table knows them ahead, so they stand in
 * the configuration as `holidays`, and days worked instead as `workdays`. A day in both is worked.
 */
export function workingDays(settings: CalendarSettings): WorkingDays {
  const workdays = new Set(settings.workdays)
  const holidays = new Set(settings.holidays)
  const calendar = new Holidays('VN', { types: ['public'] })
  const byYear = new Map<number, ReadonlySet<Day>>()
  const publicHolidays = (year: number) => {
    const known = byYear.get(year) ?? holidaysOf(calendar, year)
    byYear.set(year, known)
    return known
  }
  return day => {
    if (workdays.has(day)) return true
    if (weekday(day) > 5 || holidays.has(day)) return false
    return !publicHolidays(Number(day.slice(0, 4))).has(day)
  }
}

export type SectorCalendarSettings = Partial<CalendarSettings> & {
  ranges?: readonly { from: string; to: string }[]
}

/** The working days of each sector that has a calendar of its own, by its code: what it says goes before the common one. */
export function sectorWorkingDays(
  common: WorkingDays,
  calendars: Readonly<Record<string, SectorCalendarSettings>>,
): Map<string, WorkingDays> {
  return new Map(
    Object.entries(calendars).map(([code, { holidays, ranges = [], workdays }]) => {
      const [off, worked] = [new Set(holidays), new Set(workdays)]
      const isOff = (day: Day) => off.has(day) || ranges.some(({ from, to }) => from <= day && day <= to)
      return [code, day => worked.has(day) || (!isOff(day) && common(day))]
    }),
  )
}

/** Every day of every public holiday that touches a year; one span may be several days. */
function holidaysOf(calendar: Holidays, year: number): ReadonlySet<Day> {
  const days = new Set<Day>()
  for (const { type, start, end } of [year - 1, year].flatMap(each => calendar.getHolidays(each))) {
    if (type !== 'public') continue
    for (let at = start.getTime(); at < end.getTime(); at += 86_400_000) {
      const day = parseDay(dayAt(at, ZONE))
      if (day !== null) days.add(day)
    }
  }
  return days
}
