/** Marks that the roster of past days is another than when their figures were kept: from which day on. */
import { sql } from 'kysely'
import type { Db } from '../database/database.ts'
import { addDays, type Day } from '../ids.ts'

export type Restated = { first: Day; marks: { first: Day; notedAt: Date }[] }

/** The earliest day that is another, with the marks as they are now; null: none. */
export async function restatedSince(db: Db): Promise<Restated | null> {
  const { rows } = await sql<{ first: Day; notedAt: Date }>`
    select first_day as first, noted_at as "notedAt" from roster_restated order by first_day`.execute(db)
  const [earliest] = rows
  return earliest ? { first: earliest.first, marks: rows } : null
}

/**
 * What was restated up to a day is settled; `last` null: all of it. Marks made meanwhile stay, and so does what comes
 * after the day.
 */
export async function settleRestated(db: Db, { marks }: Restated, last: Day | null): Promise<void> {
  const covered = marks.filter(each => last === null || each.first <= last)
  if (covered.length === 0) return
  const given = JSON.stringify(covered.map(each => ({ first: each.first, noted: each.notedAt })))
  await db.transaction().execute(async trx => {
    await sql`delete from roster_restated r using json_to_recordset(${given}::json) as t(first date, noted timestamptz)
      where r.first_day = t.first and date_trunc('milliseconds', r.noted_at) = date_trunc('milliseconds', t.noted)`.execute(
      trx,
    )
    if (last === null) return
    const newest = covered.reduce((a, b) => (a.notedAt > b.notedAt ? a : b)).notedAt
    await sql`insert into roster_restated (first_day, noted_at) values (${addDays(last, 1)}, ${newest})
      on conflict (first_day) do nothing`.execute(trx)
  })
}
