/** What moved, kept with its run for the history of each person. A first load moved nobody and keeps nothing. */
import { sql } from 'kysely'
import type { Trx } from '../database/database.ts'
import { leavers } from './compare-store.ts'
import type { Staged } from './roster.ts'

/** Movers, those who came back, those of whom something else changed; before the people and posts are written. */
export async function recordArrivals(trx: Trx, { run, day }: Staged): Promise<void> {
  await sql`
    insert into movement (run_id, person_id, kind, day, from_agency_id, to_agency_id, changes)
    select ${run}, s.person_id, s.movement, ${day}, coalesce(${heldBy('s.person_id')},
        (select h.agency_id from roster_holding h where h.person_id = s.person_id)),
      ${wantedBy(run)}, ${changes(run)}
    from roster_staged_person s join person p on p.id = s.person_id
    where s.run_id = ${run} and s.review is null and s.movement in ('mover', 'returned', 'changed')
    order by s.source_key collate "C"`.execute(trx)
}

/** Those who leave, or leave the agency whose file no longer names them. */
export async function recordDepartures(trx: Trx, read: Staged): Promise<void> {
  const { run, day, scope, holdingDays } = read
  const kind = scope !== null && holdingDays > 0 ? 'held' : 'leaver'
  await sql`
    insert into movement (run_id, person_id, kind, day, from_agency_id)
    select ${run}, gone.id, ${kind}, ${day}, ${heldBy('gone.id')}
    from (${leavers(read)}) gone order by gone.id`.execute(trx)
}

/** The agency somebody is counted at until now. */
function heldBy(person: 's.person_id' | 'gone.id') {
  return sql`(select e.agency_id from employment e where e.person_id = ${sql.ref(person)} and e.last_day = 'infinity'
    order by e.is_primary desc, e.first_day, e.id limit 1)`
}

function wantedBy(run: number) {
  return sql`(select post.agency_id from roster_staged_post post where post.run_id = ${run} and post.source_key = s.source_key
    order by post.is_primary desc, post.agency_code collate "C" limit 1)`
}

/** Field → [before, after], of the staged row `s` and the person `p`. */
function changes(run: number) {
  const pair = (before: ReturnType<typeof sql>, after: ReturnType<typeof sql>) =>
    sql`case when ${before} is distinct from ${after} then json_build_array(${before}, ${after}) end`
  const posts = sql`(select string_agg(concat_ws(' · ', a.code, nullif(x.staff_class, ''), x.title), '; ' order by a.code collate "C")
    from employment x join agency_period a on a.agency_id = x.agency_id and a.last_day = 'infinity'
    where x.person_id = p.id and x.last_day = 'infinity')`
  const wanted = sql`(select string_agg(concat_ws(' · ', coalesce(a.code, x.agency_code), nullif(x.staff_class, ''), x.title), '; '
      order by coalesce(a.code, x.agency_code) collate "C")
    from roster_staged_post x left join agency_period a on a.agency_id = x.agency_id and a.last_day = 'infinity'
    where x.run_id = ${run} and x.source_key = s.source_key)`
  return sql`json_strip_nulls(json_build_object(
    'fullName', ${pair(sql`p.full_name`, sql`s.full_name`)},
    'staffId', ${pair(sql`p.staff_id`, sql`s.staff_id`)},
    'birthDay', ${pair(sql`p.birth_day::text`, sql`s.birth_day::text`)},
    'phone', ${pair(sql`p.phone`, sql`s.phone`)},
    'email', ${pair(sql`p.email`, sql`s.email`)},
    'address', ${pair(sql`p.address`, sql`s.address`)},
    'posts', ${pair(posts, wanted)}))::text`
}
