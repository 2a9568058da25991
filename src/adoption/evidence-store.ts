/** The SQL behind `explain`: every row that decides whether one person counts. Reads only. */
import { sql } from 'kysely'
import type { Db } from '../database/database.ts'
import type { Address, Day } from '../ids.ts'
import { decidingRule } from '../roster/eligibility-store.ts'
import { windowStart } from './adoption.ts'
import type { AbsenceRow, EarlierUse, EmploymentRow, MailboxRow, PersonRow, UseRow } from './evidence.ts'
import { personStates, postColumns, type StateQuery } from './store.ts'

/** People with a staff id; those who serve that day first. More than one only where the roster repeats an id. */
export async function peopleByStaffId(
  db: Db,
  staffId: string,
  day: Day,
): Promise<(PersonRow & { serving: boolean })[]> {
  const { rows } = await sql<PersonRow & { serving: boolean }>`
    select id, staff_id, full_name, source, exists (select from employment e where e.person_id = person.id
      and ${day}::date between e.first_day and e.last_day) as serving
    from person where staff_id = ${staffId} order by serving desc, id limit 20`.execute(db)
  return rows
}

export async function personById(db: Db, id: number): Promise<PersonRow | null> {
  const { rows } = await sql<PersonRow>`
    select id, staff_id, full_name, source from person where id = ${id}`.execute(db)
  return rows[0] ?? null
}

/** Who holds an address on a day; else who held it last. */
export async function personByAddress(db: Db, address: Address, day: Day): Promise<PersonRow | null> {
  const { rows } = await sql<PersonRow>`
    select person.id, person.staff_id, person.full_name, person.source
    from mailbox_address a
    join mailbox_holder holder on holder.mailbox_id = a.mailbox_id
    join person on person.id = holder.person_id
    where a.address = ${address}
    order by (${day}::date between a.first_day and a.last_day and ${day}::date between holder.first_day and holder.last_day) desc,
      holder.last_day desc, a.last_day desc, person.id limit 1`.execute(db)
  return rows[0] ?? null
}

/** Employments that had begun by a day, with the agency as it was called when each last was in force. */
export async function employmentsOf(db: Db, person: number, day: Day): Promise<EmploymentRow[]> {
  const { rows } = await sql<EmploymentRow>`
    select e.agency_id, coalesce(period.code, '') as code, coalesce(period.name, '') as name, e.staff_class, e.title,
      e.is_primary, e.first_day, e.last_day, agency.source
    from employment e join agency on agency.id = e.agency_id
    left join lateral (
      select code, name from agency_period where agency_id = e.agency_id and first_day <= least(e.last_day, ${day}::date)
      order by first_day desc limit 1
    ) period on true
    where e.person_id = ${person} and e.first_day <= ${day}::date
    order by e.first_day, e.is_primary desc, code, e.id`.execute(db)
  return rows
}

/** The number of the rule that decides for a person whether a mailbox is required, from 1; null: the class does. */
export async function ruleOfPerson(db: Db, query: StateQuery & { person: number }): Promise<number | null> {
  if (query.eligibility.rules.length === 0) return null
  const { rows } = await sql<{ rule: number | null }>`${personStates(query)}
    select ${decidingRule(query.eligibility, postColumns)} as rule from post where place = 1`.execute(db)
  return rows[0]?.rule ?? null
}

/** Long absences that touch the window. */
export async function absencesOf(
  db: Db,
  person: number,
  day: Day,
): Promise<(AbsenceRow & { source: string })[]> {
  const { rows } = await sql<AbsenceRow & { source: string }>`
    select first_day, last_day, source from absence where person_id = ${person} and first_day <= ${day}::date
      and last_day >= ${windowStart(day)}::date order by first_day`.execute(db)
  return rows
}

/** The mailboxes a person holds on a day, each with its state that day; personal ones first. */
export async function mailboxesOf(db: Db, person: number, day: Day): Promise<MailboxRow[]> {
  const { rows } = await sql<MailboxRow>`
    select mailbox.address, mailbox.kind, mailbox.platform, held.state, held.first_day as since,
      (select string_agg(other.address, ' ' order by other.address collate "C") from mailbox_address other
        where other.mailbox_id = mailbox.id and other.address <> mailbox.address
          and ${day}::date between other.first_day and other.last_day) as aliases
    from mailbox_holder holder join mailbox on mailbox.id = holder.mailbox_id
    left join mailbox_state held on held.mailbox_id = mailbox.id and ${day}::date between held.first_day and held.last_day
    where holder.person_id = ${person} and ${day}::date between holder.first_day and holder.last_day
    order by mailbox.kind <> 'personal', mailbox.id`.execute(db)
  return rows
}

/**
 * What was seen of a person in the window, by day, address and log: the rows of `person_day`, and beside them those where
 * only a hand was seen in the mailbox, which alone count for nothing.
 */
export async function useOfPerson(db: Db, person: number, day: Day): Promise<UseRow[]> {
  const { rows } = await sql<UseRow>`
    select use.day, use.address, log_source.name as source, use.sign_ins, use.sends, use.hands
    from mailbox_holder holder
    join mailbox on mailbox.id = holder.mailbox_id and mailbox.kind = 'personal'
    join mailbox_address address on address.mailbox_id = mailbox.id
    join mailbox_day use on use.address = address.address
      and use.day between address.first_day and address.last_day and use.day between holder.first_day and holder.last_day
    join log_source on log_source.id = use.source_id
    where holder.person_id = ${person} and use.day between ${windowStart(day)}::date and ${day}::date
      and (use.sign_ins > 0 or use.sends > 0 or use.hands > 0)
    order by use.day, use.address collate "C", log_source.name collate "C"`.execute(db)
  return rows
}

/** Use before the window: the first and the last day, and how many. null: none was seen. */
export async function earlierUse(db: Db, person: number, day: Day): Promise<EarlierUse | null> {
  const { rows } = await sql<EarlierUse>`
    select min(use.day) as first_day, max(use.day) as last_day, count(distinct use.day) as days,
      (array_agg(log_source.name order by use.day, log_source.name))[1] as source
    from person_day use join log_source on log_source.id = use.source_id
    where use.person_id = ${person} and use.day < ${windowStart(day)}::date having count(*) > 0`.execute(db)
  return rows[0] ?? null
}
