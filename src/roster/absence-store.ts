/** Absences that leave the count: lists within a scope, and those entered by hand. */
import { type RawBuilder, sql } from 'kysely'
import type { Db, Trx } from '../database/database.ts'
import type { Day } from '../ids.ts'
import type { AbsenceKind } from './absence.ts'
import { agencyName, idsOf, placeOf, type Scope } from './announcement-store.ts'
import type { Absence } from './decision.ts'

export const absenceTimes = ['now', 'coming', 'past'] as const
export type AbsenceTime = (typeof absenceTimes)[number]

export type ListedAbsence = Absence & {
  person: number
  name: string
  staffId: string | null
  agencyName: string | null
  place: number | null
}

export type AbsenceFilter = {
  scope: Scope
  today: Day
  time: AbsenceTime | null
  kind: AbsenceKind | null
  search: { folded: string; lower: string } | null
  person?: number
}

export type AbsencePlace = { person: number; first: string }

const columns = sql`b.person_id as person, b.kind, b.first_day as first, b.last_day as last, b.source, b.document,
  p.full_name as name, p.staff_id as "staffId", ${placeOf(sql`p.id`)} as place,
  ${agencyName(placeOf(sql`p.id`), 'name')} as "agencyName"`

/** Absences in the order of names, then of days; after one of them. */
export async function listAbsences(
  db: Db,
  filter: AbsenceFilter,
  page: { after: AbsencePlace | null; limit: number },
): Promise<ListedAbsence[]> {
  const { scope, kind, search, person } = filter
  const { after } = page
  const { rows } = await sql<ListedAbsence>`
    select ${columns} from absence b join person p on p.id = b.person_id
    where ${timeIs(filter)} and ${kind === null ? sql`true` : sql`b.kind = ${kind}`}
      and ${person === undefined ? sql`true` : sql`b.person_id = ${person}`}
      and ${scope === null ? sql`true` : sql`${placeOf(sql`p.id`)} in ${idsOf(scope)}`}
      and ${search === null ? sql`true` : sql`(strpos(p.search_key, ${search.folded}) > 0 or lower(p.staff_id) = ${search.lower})`}
      and ${
        after === null
          ? sql`true`
          : sql`(p.sort_key collate "C", p.id, b.first_day) > (select sort_key collate "C", id, ${after.first}::date from person where id = ${after.person})`
      }
    order by p.sort_key collate "C", p.id, b.first_day limit ${page.limit}`.execute(db)
  return rows
}

function timeIs({ time, today }: AbsenceFilter): RawBuilder<unknown> {
  if (time === 'now') return sql`${today}::date between b.first_day and b.last_day`
  if (time === 'coming') return sql`b.first_day > ${today}::date`
  if (time === 'past') return sql`b.last_day < ${today}::date`
  return sql`true`
}

export async function absenceAt(db: Db, { person, first }: AbsencePlace): Promise<ListedAbsence | null> {
  const { rows } = await sql<ListedAbsence>`
    select ${columns} from absence b join person p on p.id = b.person_id
    where b.person_id = ${person} and b.first_day = ${first}::date`.execute(db)
  return rows[0] ?? null
}

/** Puts an absence by hand in the place of an earlier one, or where there was none; null takes it away. */
export async function saveAbsence(
  trx: Trx,
  person: number,
  was: string | null,
  absence: Absence | null,
): Promise<void> {
  if (was !== null)
    await sql`delete from absence where person_id = ${person} and first_day = ${was}::date and source = ''`.execute(
      trx,
    )
  if (absence === null) return
  const { kind, first, last, document } = absence
  await sql`
    insert into absence (person_id, first_day, last_day, kind, document, source)
    values (${person}, ${first}, ${last}, ${kind}, ${document}, '')`.execute(trx)
}
