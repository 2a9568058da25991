/** Lines of CSV as a spreadsheet opens them. Pure. */

export type CsvField = string | number | null

/** What a spreadsheet takes for UTF-8 by. */
export const CSV_MARK = '\ufeff'

/** Lines, each ended; what is not known is an empty field, and no text is taken for a formula. */
export function csvLines(lines: readonly (readonly CsvField[])[]): string {
  return lines.map(line => `${line.map(csvField).join(',')}\r\n`).join('')
}

function csvField(value: CsvField): string {
  if (value === null) return ''
  if (typeof value === 'number') return String(value)
  const safe = /^\s*[=+\-@]|^[\t\r\n]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(safe) || /^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
