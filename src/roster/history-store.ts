/** A person's history: employments, movements, absences, and which source says what since when. Reads only. */
import { sql } from 'kysely'
import type { Db } from '../database/database.ts'
import type { Day } from '../ids.ts'
import { agencyName } from './announcement-store.ts'

export type EmploymentPast = {
  agency: string | null
  agencyName: string | null
  staffClass: string
  title: string | null
  primary: boolean
  first: string
  last: string
  decision: number | null
  number: string | null
}

/** The newest first; the agency as it was called when the employment was last in force. */
export async function employmentsOf(db: Db, person: number, today: Day): Promise<EmploymentPast[]> {
  const { rows } = await sql<EmploymentPast>`
    select period.code as agency, period.name as "agencyName", e.staff_class as "staffClass", e.title,
      e.is_primary as primary, e.first_day as first, e.last_day as last, e.decision_id as decision, d.number
    from employment e left join decision d on d.id = e.decision_id
    left join lateral (
      select code, name from agency_period where agency_id = e.agency_id and first_day <= least(e.last_day, ${today}::date)
      order by first_day desc limit 1
    ) period on true
    where e.person_id = ${person} order by e.first_day desc, e.is_primary desc, e.id desc`.execute(db)
  return rows
}

export type MovementPast = {
  id: number
  kind: string
  day: Day
  from: string | null
  to: string | null
  /** Field → before and after. */
  changes: Record<string, [string | null, string | null]>
  run: number | null
  source: string | null
  decision: number | null
  number: string | null
}

export async function movementsOfPerson(db: Db, person: number, limit: number): Promise<MovementPast[]> {
  const { rows } = await sql<Omit<MovementPast, 'changes'> & { changes: string }>`
    select m.id, m.kind, m.day, ${agencyName(sql`m.from_agency_id`, 'name')} as from,
      ${agencyName(sql`m.to_agency_id`, 'name')} as to, m.changes, m.run_id as run, r.subject as source,
      m.decision_id as decision, d.number
    from movement m left join run r on r.id = m.run_id left join decision d on d.id = m.decision_id
    where m.person_id = ${person} order by m.day desc, m.id desc limit ${limit}`.execute(db)
  return rows.map(row => ({ ...row, changes: changesOf(row.changes) }))
}

function changesOf(text: string): MovementPast['changes'] {
  const value: unknown = JSON.parse(text)
  if (typeof value !== 'object' || value === null) return {}
  const part = (from: unknown) => (from === null || from === undefined ? null : String(from))
  return Object.fromEntries(
    Object.entries(value).flatMap(([field, pair]: [string, unknown]) =>
      Array.isArray(pair) ? [[field, [part(pair[0]), part(pair[1])] as [string | null, string | null]]] : [],
    ),
  )
}

export type RecordPast = {
  source: string
  /** What was understood of it. */
  said: Record<string, unknown>
  on: string
  missingSince: string | null
  leads: boolean
}

export async function recordsOfPerson(db: Db, person: number): Promise<RecordPast[]> {
  const { rows } = await sql<Omit<RecordPast, 'said'> & { said: string }>`
    select r.source, r.said, r.said_on as on, r.missing_since as "missingSince",
      (r.source, r.source_key) = (p.source, p.source_key) as leads
    from roster_record r join person p on p.id = r.person_id
    where r.person_id = ${person} order by leads desc, r.source, r.number`.execute(db)
  return rows.map(row => ({ ...row, said: saidOf(row.said) }))
}

function saidOf(text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text)
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
