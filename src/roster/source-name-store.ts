/** Names of the agencies that sources of files are named after. */
import { sql } from 'kysely'
import type { Db } from '../database/database.ts'
import type { Locale } from './messages.ts'
import { agencyOfImport, sourceText } from './source-name.ts'

/** What sources are called on a page that shows these. */
export async function sourceTexts(
  db: Db,
  locale: Locale,
  sources: Iterable<string | null>,
): Promise<(source: string) => string> {
  const codes = new Set([...sources].flatMap(each => agencyOfImport(each ?? '') ?? []))
  const names = codes.size === 0 ? new Map<string, string>() : await lastNames(db, [...codes])
  return source => sourceText(locale, source, names)
}

/** What agencies of these codes are called, or were called last. */
async function lastNames(db: Db, codes: string[]): Promise<Map<string, string>> {
  const { rows } = await sql<{ code: string; name: string }>`
    select distinct on (code) code, name from agency_period where code = any(${codes}::text[])
    order by code, last_day desc`.execute(db)
  return new Map(rows.map(row => [row.code, row.name]))
}
