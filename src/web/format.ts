/** Numbers, shares and days as an official writes them. Pure. */
import type { Day } from '../ids.ts'

export type Locale = 'vi' | 'en'

const tags: Record<Locale, string> = { vi: 'vi-VN', en: 'en-GB' }

/** `58.200` · `58,200`; an en dash for what is not known. */
export function number(locale: Locale, value: number | null): string {
  return value === null ? '–' : value.toLocaleString(tags[locale])
}

/** `66,1%` of a share 0–1; whole where nothing is lost by it (`100%`); an en dash for what is not known. */
export function percent(locale: Locale, share: number | null): string {
  if (share === null) return '–'
  const value = Math.round(share * 1000) / 10
  // 100 % says that nobody is missing and 0 % that nobody is there: never by rounding
  const honest = value >= 100 && share < 1 ? 99.9 : value <= 0 && share > 0 ? 0.1 : value
  return `${honest.toLocaleString(tags[locale], { maximumFractionDigits: 1 })}%`
}

/** Below so many a share is shown as counts: of few people a percentage says too much. */
const FEW = 50

/** `31/46` under 50 people, `66,1%` from there. */
export function part(locale: Locale, count: number | null, of: number | null): string {
  if (count === null || of === null || of === 0) return '–'
  return of < FEW ? `${number(locale, count)}/${number(locale, of)}` : percent(locale, count / of)
}

/** A difference of two shares: `+1,4 điểm %` · `-2,2 điểm %`. */
export function points(locale: Locale, difference: number | null): string {
  if (difference === null) return '–'
  const value = Math.round(difference * 1000) / 10
  const sign = value > 0 ? '+' : ''
  const unit = locale === 'vi' ? ' điểm %' : ' pts'
  return `${sign}${value.toLocaleString(tags[locale], { maximumFractionDigits: 1 })}${unit}`
}

/** `20/11/2026` in both languages: the day first is how it is written in Việt Nam. */
export function day(value: Day | string | null): string {
  if (value === null || value.endsWith('infinity')) return '–'
  const [year, month, date] = value.split('-')
  return `${date}/${month}/${year}`
}

/** `22:10 19/11/2026` in a zone. */
export function instant(value: Date | null, timeZone: string): string {
  if (value === null) return '–'
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hour: '2-digit',
    minute: '2-digit',
    day: '2-digit',
    month: '2-digit',
    year: 'numeric',
  }).formatToParts(value)
  const get = (type: string) => parts.find(each => each.type === type)?.value ?? ''
  return `${get('hour')}:${get('minute')} ${get('day')}/${get('month')}/${get('year')}`
}
