/** What a source of people is called on pages: files brought by hand have names only programs read. */
import type { Locale } from './messages.ts'

const IMPORT = 'import'

/** The source of files that no configured source stands for; null for those of no one agency. */
export function importName(agency: string | null): string {
  return agency === null ? IMPORT : `${IMPORT} ${agency}`
}

/** Code of the agency a source of files was named after, null for none; undefined where it is no such source. */
export function agencyOfImport(source: string): string | null | undefined {
  if (source === IMPORT) return null
  return source.startsWith(`${IMPORT} `) ? source.slice(IMPORT.length + 1) : undefined
}

/** `names`: names of agencies by their codes. */
export function sourceText(locale: Locale, source: string, names: ReadonlyMap<string, string>): string {
  const code = agencyOfImport(source)
  if (code === undefined) return source
  if (code === null) return locale === 'vi' ? 'Tệp của toàn hệ thống' : 'A file of the whole installation'
  const agency = names.get(code) ?? code
  return locale === 'vi' ? `Tệp của ${agency}` : `File of ${agency}`
}
