/**
 * The head of a log line: when, where, which program.
 *
 * Read are RFC 3164 (no year), RFC 5424, rsyslog's file format (ISO stamp), postlogd's file
 * (`maillog_file`, same as RFC 3164), and Dovecot's own log file (`log_path`), which has no host.
 * Everything is found by index; nothing looks back, so a line costs its length once.
 */

import { isDigit } from '../line.ts'

export type HeaderContext = {
  /** IANA zone of stamps that carry none. Unknown zones throw a RangeError. */
  timeZone: string
  /**
   * An instant near the line, ms since 1970: the instant of the line before, or for the first line the
   * file's modification time (an archive) or the time of receipt (a live log). A stamp without a year
   * gets the year that brings it nearest, so December → January carries over by itself and a clock a
   * day ahead does no harm. A first line over half a year older than `reference` comes out a year late.
   */
  reference: number
  /** `dovecot`: the file has no host column. Left out, the line's shape decides. */
  format?: 'syslog' | 'dovecot'
}

export type Header = {
  /** Milliseconds since 1970, null where there is no readable stamp. */
  at: number | null
  host: string | null
  /** The tag without process id, null where the text after the host is not `name: ` or `name[id]: `. */
  program: string | null
  pid: number | null
  message: string
  /** N of `message repeated N times: [ … ]`, whose inside is then the message. */
  repeated: number | null
}

export function parseHeader(line: string, context: HeaderContext): Header {
  const start = afterPriority(line)
  if (start > 0 && line.startsWith('1 ', start)) return parse5424(line, start + 2, context)
  const stamp = readStamp(line, start, context)
  if (!stamp) return { ...noTag(line.slice(start)), at: null, host: null }
  const tagStart = skipBlanks(line, stamp.end)
  const hostEnd = context.format === 'dovecot' ? -1 : endOfHost(line, tagStart)
  const host = hostEnd < 0 ? null : line.slice(tagStart, hostEnd)
  const tag = readTag(line, hostEnd < 0 ? tagStart : skipBlanks(line, hostEnd))
  return { ...tag, at: stamp.at, host }
}

type Tag = Pick<Header, 'program' | 'pid' | 'message' | 'repeated'>

function noTag(message: string): Tag {
  return { program: null, pid: null, message, repeated: null }
}

/** Past `<PRI>` and, before it, the octet count of RFC 6587 section 3.4.1. */
function afterPriority(line: string): number {
  let at = 0
  while (at < 6 && isDigit(line.charCodeAt(at))) at++
  if (at > 0) {
    if (line.charCodeAt(at) !== SPACE || line.charCodeAt(at + 1) !== LESS) return 0
    at++
  }
  if (line.charCodeAt(at) !== LESS) return 0
  const close = line.indexOf('>', at)
  return close > at && close <= at + 4 ? close + 1 : 0
}

/**
 * Dovecot's own file has no host: there the first word ends with a colon (`imap-login:`) or opens a
 * parenthesis (`imap(name)<…>`), which no host name does. -1 where that is so.
 */
function endOfHost(line: string, start: number): number {
  const end = line.indexOf(' ', start)
  const word = end < 0 ? line.slice(start) : line.slice(start, end)
  return word.endsWith(':') || word.includes('(') || end < 0 ? -1 : end
}

const TAG_MAX = 128

/** `name: message` and `name[id]: message`. */
function readTag(line: string, start: number): Tag {
  let end = start
  const limit = Math.min(line.length, start + TAG_MAX)
  while (end < limit && !TAG_END.has(line.charCodeAt(end))) end++
  let pid: number | null = null
  let colon = end
  if (line.charCodeAt(end) === OPEN) {
    const close = line.slice(end, end + 24).indexOf(']')
    if (close < 0) return noTag(line.slice(start))
    pid = readNumber(line.slice(end + 1, end + close))
    colon = end + close + 1
  }
  if (end === start || line.charCodeAt(colon) !== COLON) return unrepeated(noTag(line.slice(start)))
  const message = line.slice(skipBlanks(line, colon + 1))
  return unrepeated({ program: line.slice(start, end), pid, message, repeated: null })
}

const REPEATED = 'message repeated '
const LAST_REPEATED = 'last message repeated '
const REPEATED_MAX = 1_000_000 // more is no log but an attempt to inflate a count

/** rsyslog's `message repeated N times: [ … ]` taken apart; N counts on top of the line before. */
function unrepeated(tag: Tag): Tag {
  const { message } = tag
  if (message.startsWith(LAST_REPEATED)) return { ...tag, repeated: countAt(message, LAST_REPEATED.length) }
  if (!message.startsWith(REPEATED)) return tag
  const repeated = countAt(message, REPEATED.length)
  const open = message.indexOf(' times: [')
  if (repeated === null || open < 0 || open > REPEATED.length + 8) return tag
  const end = message.endsWith(']') ? message.length - 1 : message.length
  return { ...tag, repeated, message: message.slice(open + ' times: ['.length, end).trim() }
}

function countAt(text: string, start: number): number | null {
  const end = text.indexOf(' ', start)
  const count = end < 0 ? null : readNumber(text.slice(start, end))
  return count !== null && count > 0 && count <= REPEATED_MAX ? count : null
}

/** RFC 5424 section 6, from behind `<PRI>1 `. */
function parse5424(line: string, start: number, context: HeaderContext): Header {
  const fields: string[] = []
  let at = start
  while (fields.length < 5) {
    const end = line.indexOf(' ', at)
    if (end < 0) return { ...noTag(line.slice(start)), at: null, host: null }
    fields.push(line.slice(at, end))
    at = end + 1
  }
  const [time = '-', host = '-', program = '-', pid = '-'] = fields
  let from = afterStructuredData(line, at)
  if (line.charCodeAt(from) === SPACE) from++
  if (line.charCodeAt(from) === 0xfeff) from++ // RFC 5424 section 6.4: UTF-8 text may begin with a BOM
  const tag: Tag = {
    program: program === '-' ? null : program,
    pid: readNumber(pid),
    message: line.slice(from).trimStart(),
    repeated: null,
  }
  const stamp = readStamp(time, 0, context)
  return { ...unrepeated(tag), at: stamp?.at ?? null, host: host === '-' ? null : host }
}

/** Past `-` or `[id name="value" …]…`, where a backslash guards the next character. */
function afterStructuredData(line: string, start: number): number {
  if (line.charCodeAt(start) !== OPEN) return start + 1
  let quoted = false
  for (let at = start; at < line.length; at++) {
    const c = line.charCodeAt(at)
    if (quoted && c === BACKSLASH) at++
    else if (c === QUOTE) quoted = !quoted
    else if (c === CLOSE && !quoted && line.charCodeAt(at + 1) !== OPEN) return at + 1
  }
  return line.length
}

type Stamp = { at: number; end: number }

function readStamp(line: string, start: number, context: HeaderContext): Stamp | null {
  return isDigit(line.charCodeAt(start))
    ? readIsoStamp(line, start, context)
    : readMonthStamp(line, start, context)
}

/** `2026-03-03T08:01:02.123456+07:00`; also a blank for the `T`, and no zone. */
function readIsoStamp(line: string, start: number, context: HeaderContext): Stamp | null {
  const year = twoDigits(line, start) * 100 + twoDigits(line, start + 2)
  const month = twoDigits(line, start + 5)
  const day = twoDigits(line, start + 8)
  const time = readTime(line, start + 11)
  const between = line.charCodeAt(start + 10)
  const dashed = line.charCodeAt(start + 4) === DASH && line.charCodeAt(start + 7) === DASH
  if (!time || !dashed || (between !== LETTER_T && between !== SPACE) || !(year >= 1970)) return null
  const wall = wallClock(year, month, day)
  if (wall === null) return null
  const zone = readOffset(line, time.end)
  if (zone) return { at: wall + time.ms - zone.ms, end: zone.end }
  return { at: toInstant(wall + time.ms, context), end: time.end }
}

/** `Mar  3 08:01:02`, also `Mar 03`, a fraction, and a year before the time. */
function readMonthStamp(line: string, start: number, context: HeaderContext): Stamp | null {
  const month = MONTHS.get(line.slice(start, start + 3))
  if (month === undefined || line.charCodeAt(start + 3) !== SPACE) return null
  let at = start + (line.charCodeAt(start + 4) === SPACE ? 5 : 4)
  const two = isDigit(line.charCodeAt(at + 1))
  const day = two ? twoDigits(line, at) : line.charCodeAt(at) - ZERO
  at += two ? 3 : 2
  if (!(day >= 1 && day <= 31)) return null
  let year = twoDigits(line, at) * 100 + twoDigits(line, at + 2)
  if (year >= 1970 && line.charCodeAt(at + 4) === SPACE) at += 5
  else year = nearestYear(month, day, context.reference)
  const time = readTime(line, at)
  const wall = wallClock(year, month, day)
  if (!time || wall === null) return null
  return { at: toInstant(wall + time.ms, context), end: time.end }
}

/** The year that brings the day nearest to the reference; 29 February only falls in leap years. */
function nearestYear(month: number, day: number, reference: number): number {
  const middle = 1970 + Math.floor(reference / YEAR_MS) // a day off at New Year, which `reach` covers
  const reach = month === 2 && day === 29 ? 8 : 1 // 8: round 1900 and 2100 no leap year for eight years
  let best = middle
  let least = Number.POSITIVE_INFINITY
  for (let year = middle - reach; year <= middle + reach; year++) {
    const wall = wallClock(year, month, day)
    const distance = wall === null ? Number.POSITIVE_INFINITY : Math.abs(wall - reference)
    if (distance < least) [best, least] = [year, distance]
  }
  return best
}

/** `08:01:02[.123456]`; second 60 is a leap second. */
function readTime(line: string, start: number): { ms: number; end: number } | null {
  const hour = twoDigits(line, start)
  const minute = twoDigits(line, start + 3)
  const second = twoDigits(line, start + 6)
  const colons = line.charCodeAt(start + 2) === COLON && line.charCodeAt(start + 5) === COLON
  if (!colons || !(hour < 24) || !(minute < 60) || !(second <= 60)) return null
  let ms = ((hour * 60 + minute) * 60 + second) * 1000
  let end = start + 8
  const mark = line.charCodeAt(end)
  if ((mark === DOT || mark === COMMA) && isDigit(line.charCodeAt(end + 1))) {
    let unit = 100
    for (end++; isDigit(line.charCodeAt(end)); end++) {
      ms += (line.charCodeAt(end) - ZERO) * Math.floor(unit)
      unit /= 10
    }
  }
  return { ms, end }
}

/** `Z`, `+07:00`, `+0700`, `+07`; null where there is none. */
function readOffset(line: string, start: number): { ms: number; end: number } | null {
  const sign = line.charCodeAt(start)
  if (sign === LETTER_Z) return { ms: 0, end: start + 1 }
  if (sign !== PLUS && sign !== DASH) return null
  const hours = twoDigits(line, start + 1)
  if (!(hours <= 18)) return null
  const at = start + (line.charCodeAt(start + 3) === COLON ? 4 : 3)
  const minutes = twoDigits(line, at)
  const ms = (hours * 60 + (minutes < 60 ? minutes : 0)) * 60_000
  return { ms: sign === DASH ? -ms : ms, end: minutes < 60 ? at + 2 : start + 3 }
}

/** Midnight of a calendar day as if it were UTC, null where there is no such day. */
function wallClock(year: number, month: number, day: number): number | null {
  if (!(month >= 1 && month <= 12) || !(day >= 1 && day <= daysIn(year, month))) return null
  const leapDays = Math.floor((year - 1) / 4) - Math.floor((year - 1) / 100) + Math.floor((year - 1) / 400)
  const before = (DAYS_BEFORE[month - 1] ?? 0) + (month > 2 && isLeap(year) ? 1 : 0)
  return (365 * (year - 1970) + leapDays - LEAP_DAYS_TO_1970 + before + day - 1) * DAY_MS
}

const DAY_MS = 86_400_000
const YEAR_MS = 365.2425 * DAY_MS
const LEAP_DAYS_TO_1970 = 477
const DAYS_BEFORE = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334]

function daysIn(year: number, month: number): number {
  if (month === 2) return isLeap(year) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
}

const QUARTER = 900_000 // every offset and every transition since 1972 falls on a quarter of an hour
const CACHED_QUARTERS = 100_000 // nearly three years; a bound, since stamps come from outside

type Offsets = { earlier: number; later: number }
const offsetsByZone = new Map<string, Map<number, Offsets>>()

/** Wall clock → instant. In the hour that comes twice, the one nearest to the line before. */
function toInstant(wall: number, { timeZone, reference }: HeaderContext): number {
  const offsets = offsetsByZone.get(timeZone) ?? new Map<number, Offsets>()
  if (offsets.size === 0) offsetsByZone.set(timeZone, offsets)
  if (offsets.size > CACHED_QUARTERS) offsets.clear()
  const quarter = Math.floor(wall / QUARTER)
  const found = offsets.get(quarter) ?? offsetsAt(quarter * QUARTER, timeZone)
  offsets.set(quarter, found)
  const earlier = wall - found.earlier
  const later = wall - found.later
  return Math.abs(later - reference) < Math.abs(earlier - reference) ? later : earlier
}

function offsetsAt(wall: number, timeZone: string): Offsets {
  const clock = Temporal.PlainDateTime.from(new Date(wall).toISOString().slice(0, 19))
  const offset = (disambiguation: 'earlier' | 'later') =>
    wall - clock.toZonedDateTime(timeZone, { disambiguation }).epochMilliseconds
  return { earlier: offset('earlier'), later: offset('later') }
}

const SPACE = 32
const QUOTE = 34
const PLUS = 43
const COMMA = 44
const DASH = 45
const DOT = 46
const ZERO = 48
const COLON = 58
const LESS = 60
const LETTER_T = 84
const LETTER_Z = 90
const OPEN = 91
const BACKSLASH = 92
const CLOSE = 93
/** blank ( : < [ */
const TAG_END = new Set([SPACE, 40, COLON, LESS, OPEN])

const MONTHS = new Map(
  ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'].map((m, i) => [
    m,
    i + 1,
  ]),
)

/** NaN where the two characters are not digits, so that every comparison with it is false. */
function twoDigits(line: string, at: number): number {
  const a = line.charCodeAt(at)
  const b = line.charCodeAt(at + 1)
  return isDigit(a) && isDigit(b) ? (a - ZERO) * 10 + b - ZERO : Number.NaN
}

function readNumber(text: string): number | null {
  if (text.length === 0 || text.length > 15) return null
  for (let i = 0; i < text.length; i++) if (!isDigit(text.charCodeAt(i))) return null
  return Number(text)
}

function skipBlanks(line: string, start: number): number {
  let at = start
  while (line.charCodeAt(at) === SPACE) at++
  return at
}
