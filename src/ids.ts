/**
 * Branded identifiers and their parsers.
 *
 * Case, Unicode form (NFC) and white space are settled here, once; a value of one of these types
 * needs no further cleaning. Numeric row ids stay `number`: they never come from outside unchecked.
 */

declare const brand: unique symbol
type Brand<T, Name extends string> = T & { readonly [brand]: Name }

/** `YYYY-MM-DD`, a calendar day in the configured zone. Compares as text. */
export type Day = Brand<string, 'Day'>
/** An email address, lower-case, NFC, `local@domain`. */
export type Address = Brand<string, 'Address'>
/** The code an agency is known by in the directory and in reports. */
export type AgencyCode = Brand<string, 'AgencyCode'>
export type PersonId = Brand<number, 'PersonId'>
export type AgencyId = Brand<number, 'AgencyId'>
export type MailboxId = Brand<number, 'MailboxId'>

const DAY = /^\d{4}-\d{2}-\d{2}$/
const DAY_MS = 86_400_000

/** A calendar day, or null where the text is none (`2026-02-30` is none). */
export function parseDay(text: string): Day | null {
  const day = text.trim()
  if (!DAY.test(day)) return null
  const time = Date.parse(`${day}T00:00:00Z`)
  if (Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== day) return null
  return day as Day
}

/** The day `count` days after (before, if negative) another. */
export function addDays(day: Day, count: number): Day {
  return new Date(Date.parse(`${day}T00:00:00Z`) + count * DAY_MS).toISOString().slice(0, 10) as Day
}

/** Whole days from one day to another; negative if `to` is earlier. */
export function daysBetween(from: Day, to: Day): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / DAY_MS)
}

/** 1 Monday … 7 Sunday. */
export function weekday(day: Day): number {
  return new Date(`${day}T00:00:00Z`).getUTCDay() || 7
}

type Formatter = { format: Intl.DateTimeFormat; quarter: number; day: Day }
const formatters = new Map<string, Formatter>()
/** Every zone changes its day at a whole quarter of an hour, so one answer serves all instants of a quarter. */
const QUARTER_MS = 900_000

/** The calendar day of an instant (ms since 1970) in an IANA zone. */
export function dayAt(instant: number, timeZone: string): Day {
  let known = formatters.get(timeZone)
  if (!known) {
    const format = new Intl.DateTimeFormat('en-CA', {
      timeZone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
    })
    known = { format, quarter: Number.NaN, day: '' as Day }
    formatters.set(timeZone, known)
  }
  const quarter = Math.floor(instant / QUARTER_MS)
  if (quarter !== known.quarter) {
    known.quarter = quarter
    known.day = known.format.format(instant) as Day
  }
  return known.day
}

const MANY_MARKS = /(\p{M}{30})\p{M}+/gu

/**
 * At most 30 marks on a letter (Stream-Safe Text Format, UAX #15 section 13): putting marks in order takes time with the
 * square of how many stand together, a second for one cell of a list.
 */
export function streamSafe(text: string): string {
  return text.length > 30 ? text.replace(MANY_MARKS, '$1') : text
}

/**
 * Printable ASCII and composed Latin letters, as Vietnamese is written, with single blanks inside: most of what machines
 * write, and clean as it is. None of these characters changes in NFC beside another of them.
 */
const CLEAN = /^[\x21-\x7e\u00c0-\u024f\u1e00-\u1eff]+(?: [\x21-\x7e\u00c0-\u024f\u1e00-\u1eff]+)*$/

/** Whether the text is surely as `cleanText` would make it, without a character that cannot be seen. */
export function isClean(text: string): boolean {
  return CLEAN.test(text)
}

/** Text as we keep it: NFC, white space folded to single blanks, none at the ends. */
export function cleanText(text: string): string {
  if (isClean(text)) return text
  return streamSafe(text).normalize('NFC').replace(/\s+/gu, ' ').trim()
}

const ADDRESS_MAX = 254 // RFC 5321 section 4.5.3.1.3, without the angle brackets

/** An address, or null. Accepts what mail logs print: UTF-8 local parts, no quoted ones with blanks. */
export function parseAddress(text: string): Address | null {
  const address = streamSafe(text).normalize('NFC').trim().toLowerCase()
  const at = address.lastIndexOf('@')
  if (at < 1 || at === address.length - 1 || address.length > ADDRESS_MAX) return null
  if (/[\s\p{Cc}<>,;]/u.test(address)) return null
  return address as Address
}

export function domainOf(address: Address): string {
  return address.slice(address.lastIndexOf('@') + 1)
}

/** An agency code, or null where it is empty, too long (64) or holds control characters. */
export function parseAgencyCode(text: string): AgencyCode | null {
  const code = cleanText(text)
  if (code === '' || code.length > 64 || /\p{Cc}/u.test(code)) return null
  return code as AgencyCode
}
