/** The figures as a text table for a terminal, and as CSV for a spreadsheet. */
import type { AdoptionReport, AgencyFigures, AgencyJson, CountName } from './adoption.ts'
import { type Locale, type NextStep, type Words, words } from './messages.ts'
import { mostPressing } from './target.ts'

const columns = ['issued', 'activated', 'used', 'regular'] as const
/** Below this a per cent says more than is known: one person more is 2 points and up. */
const SMALL = 50
const UNKNOWN = '–'
const GAP = '  '

/** The whole text `hopthu adoption` prints, with a line break at its end. */
export function textTable(report: AdoptionReport, figures: readonly AgencyFigures[], locale: Locale): string {
  const word = words[locale]
  const format = formatOf(locale)
  const top = figures[0]?.depth ?? 0
  const head = [word.agency, word.counts.required, ...columns.map(column => word.counts[column]), word.status]
  const rows = figures.map(agency => [
    `${'  '.repeat(Math.max(0, agency.depth - top))}${printable(agency.name)}`,
    agency.required === null ? UNKNOWN : format.number(agency.required),
    ...columns.map(column => rateCell(agency, column, format)),
    statusCell(agency, word, format),
  ])
  const lines = aligned([head, ...rows])
  return [...lines, '', ...footer(report, word, format), ''].join('\n')
}

export type Format = {
  number: (value: number) => string
  percent: (share: number) => string
  day: (day: string) => string
}

export function formatOf(locale: Locale): Format {
  const tag = locale === 'vi' ? 'vi-VN' : 'en-GB'
  const number = new Intl.NumberFormat(tag)
  const percent = new Intl.NumberFormat(tag, { style: 'percent', maximumFractionDigits: 1 })
  return {
    number: value => number.format(value),
    percent: share => percent.format(apart(share)),
    day: day => (locale === 'vi' ? day.split('-').reverse().join('/') : day),
  }
}

/** 100% only where all are there, 0% only where nobody is, with one decimal. */
function apart(share: number): number {
  if (share < 1 && share >= 0.9995) return 0.999
  return share > 0 && share < 0.0005 ? 0.001 : share
}

export function rateCell(
  agency: Pick<AgencyJson, 'rate' | CountName>,
  column: (typeof columns)[number],
  format: Format,
): string {
  const [rate, count, required] = [agency.rate[column], agency[column], agency.required]
  if (rate === null || count === null || required === null) return UNKNOWN
  if (required < SMALL) return `${count}/${required}`
  return `${format.number(count)} (${format.percent(rate)})`
}

function statusCell(agency: AgencyJson, word: Words, format: Format): string {
  const target = mostPressing(agency.targets)
  if (!target || target.status === null) return UNKNOWN
  const status = word.statuses[target.status]
  return target.gap !== null && target.gap > 0 ? `${status}, ${word.more(format.number(target.gap))}` : status
}

/** A name as one line: what moves the cursor in a terminal has no place in a table. */
function printable(text: string): string {
  return text.normalize('NFC').replace(/\p{Cc}/gu, ' ')
}

/** The first and the last column to the left, numbers to the right. */
export function aligned(rows: readonly (readonly string[])[]): string[] {
  const last = (rows[0]?.length ?? 0) - 1
  const widths = (rows[0] ?? []).map((_, column) =>
    rows.reduce((most, row) => Math.max(most, displayWidth(row[column] ?? '')), 0),
  )
  return rows.map(row =>
    row
      .map((cell, column) => {
        const filling = ' '.repeat(Math.max(0, (widths[column] ?? 0) - displayWidth(cell)))
        if (column === last) return cell
        return column === 0 ? cell + filling : filling + cell
      })
      .join(GAP)
      .trimEnd(),
  )
}

/** Marks and joiners take no cell of their own; East Asian wide characters take two (UAX #11). */
const NO_CELL = /[\p{Mn}\p{Me}\p{Cf}]/gu
const TWO_CELLS =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/gu

/** How many cells of a terminal a text fills. */
export function displayWidth(text: string): number {
  const shown = text.normalize('NFC').replace(NO_CELL, '')
  return [...shown].length + (shown.match(TWO_CELLS)?.length ?? 0)
}

function footer(report: AdoptionReport, word: Words, format: Format): string[] {
  const first = report.agencies[0]
  const lines = [
    `${word.upTo(format.day(report.asOf), report.partial)} · ${word.logs(format.percent(first?.completeness ?? 0))}`,
  ]
  const range = first ? rangeOf(first) : null
  if (range) lines.push(word.between(format.percent(range[0]), format.percent(range[1])))
  if (report.anomaliesTotal > 0) lines.push(word.anomaliesFound(format.number(report.anomaliesTotal)))
  lines.push(word.next(nextStep(first, format)))
  return lines
}

/** Between which shares regular use truly lies, where logs are missing. */
function rangeOf({ required, bounds }: AgencyJson): [number, number] | null {
  const [low, high] = bounds.regular
  if (!required || low === null || high === null || high === low) return null
  return [low / required, high / required]
}

/** The stage where the most people are held up; before it, what is not known at all. */
function nextStep(agency: AgencyJson | undefined, format: Format): NextStep {
  if (!agency) return { kind: 'readRoster' }
  if (agency.required === null) return { kind: 'laterDay' }
  if (agency.completeness === 0) return { kind: 'readLogs' }
  const step = (kind: 'issue' | 'activate' | 'use' | 'regular', from: CountName, to: CountName) => ({
    kind,
    people: (agency[from] ?? 0) - (agency[to] ?? 0),
  })
  const steps = [
    step('issue', 'required', 'issued'),
    step('activate', 'issued', 'activated'),
    step('use', 'activated', 'used'),
    step('regular', 'used', 'regular'),
  ]
  const worst = steps.reduce((most, each) => (each.people > most.people ? each : most))
  return worst.people <= 0 ? { kind: 'nothing' } : { kind: worst.kind, people: format.number(worst.people) }
}

const counts = ['staff', 'required', 'issued', 'activated', 'used', 'sending', 'regular'] as const
const rates = ['issued', 'activated', 'used', 'sending', 'regular'] as const

/**
 * The figures as CSV (RFC 4180) in UTF-8 with a byte order mark, without which Excel reads Vietnamese as Windows-1258.
 * Rates are shares 0–1 with a decimal point; what is not known is an empty field.
 */
export function csvTable(report: AdoptionReport, locale: Locale): string {
  const lines = [
    csvHead(words[locale]),
    ...report.agencies.map(agency => csvRow(report, agency, words[locale])),
  ]
  return `\ufeff${csvLines(lines)}`
}

/** Lines of CSV, each ended; what is not known is an empty field. */
export function csvLines(lines: readonly (readonly Field[])[]): string {
  return lines.map(line => `${line.map(csvField).join(',')}\r\n`).join('')
}

export type Field = string | number | null

function csvHead(word: Words): Field[] {
  return [
    word.asOf,
    word.code,
    word.agency,
    word.level,
    word.parent,
    ...counts.map(name => word.counts[name]),
    ...rates.map(name => word.rateOf(word.counts[name])),
    word.completeness,
    word.target,
    word.due,
    word.gap,
    word.status,
  ]
}

function csvRow(report: AdoptionReport, agency: AgencyJson, word: Words): Field[] {
  const target = mostPressing(agency.targets)
  return [
    report.asOf,
    agency.code,
    agency.name,
    word.levels[agency.level] ?? agency.level,
    agency.parent,
    ...counts.map(name => agency[name]),
    ...rates.map(name => agency.rate[name]),
    agency.completeness,
    target?.name ?? null,
    target?.due ?? null,
    target?.gap ?? null,
    target?.status ? word.statuses[target.status] : null,
  ]
}

/**
 * One field. A text that a spreadsheet would run as a formula is made a text by an apostrophe
 * (https://owasp.org/www-community/attacks/CSV_Injection): names come from a directory many people write to.
 */
function csvField(value: Field): string {
  if (value === null) return ''
  if (typeof value === 'number') return String(value)
  const safe = /^\s*[=+\-@]|^[\t\r\n]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(safe) || /^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
