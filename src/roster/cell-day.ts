/** A day as people write it into a cell. */
import { type Day, parseDay, streamSafe } from '../ids.ts'

const YEARS = { first: 1900, last: 2199 }

/** `5/2/1980`, `05-02-1980`, `05.02.1980`, one separator throughout. */
const DAY_FIRST = /^(\d{1,2})\s*([/.-])\s*(\d{1,2})\s*\2\s*(\d{4})$/
const YEAR_FIRST = /^(\d{4})([/.-])(\d{1,2})\2(\d{1,2})$/
const IN_WORDS = /^(?:ngày\s*)?(\d{1,2})\s*tháng\s*(\d{1,2})\s*(?:,\s*)?năm\s*(\d{4})$/u
/** What an export of a database appends to a day. Any other time of day is an instant, and no day by itself. */
const MIDNIGHT = /[ t]0{1,2}:00(?::00(?:\.0+)?)?$/

/**
 * The day, or null. The day stands before the month, always: `02/13/1980` is refused and not turned round, since then
 * nobody could tell what `02/03/1980` means. Refused too: years of two digits, days no calendar has, a year alone.
 */
export function parseCellDay(text: string): Day | null {
  const cell = streamSafe(text).normalize('NFC').trim().toLowerCase().replace(MIDNIGHT, '')
  const iso = YEAR_FIRST.exec(cell)
  if (iso) return dayOf(iso[1], iso[3], iso[4])
  const numbers = DAY_FIRST.exec(cell)
  if (numbers) return dayOf(numbers[4], numbers[3], numbers[1])
  const words = IN_WORDS.exec(cell)
  return words ? dayOf(words[3], words[2], words[1]) : null
}

function dayOf(year = '', month = '', day = ''): Day | null {
  const inRange = Number(year) >= YEARS.first && Number(year) <= YEARS.last
  return inRange ? parseDay(`${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`) : null
}
