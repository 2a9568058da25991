/**
 * Which agency a code means within one read: the one whose entry bears it. Where that entry was not taken, its code
 * means the same agency only if that is known and bears it already, and else nobody: what was claimed in vain is kept
 * (`roster_staged_claim`), so that nobody is taken for another.
 */
import { type RawBuilder, sql } from 'kysely'
import { type Db, rowsOf } from '../database/database.ts'
import type { Rejection, Staged } from './roster.ts'

/** What entries called themselves that were rejected as they were read. */
export async function stageClaims(db: Db, run: number, rejected: readonly Rejection[]): Promise<void> {
  const claims = rejected.flatMap(({ claim }) =>
    claim === undefined ? [] : [{ source_key: claim.key, own_ref: claim.ownRef, code: claim.code }],
  )
  if (claims.length === 0) return
  await sql`
    insert into roster_staged_claim (run_id, source_key, own_ref, code)
    select ${run}, source_key, own_ref, code
    from json_to_recordset(${rowsOf(claims)}::json) as t(source_key text, own_ref text, code text)
    on conflict do nothing`.execute(db)
}

/**
 * Takes staged agencies back, each `source_key` for its `reason`; their claims stay. Answers how many there were. The
 * query may begin with the common tables of `first`.
 */
export async function refuse(
  db: Db,
  run: number,
  { first, which }: { first?: RawBuilder<unknown>; which: RawBuilder<unknown> },
): Promise<number> {
  const { rows } = await sql`
    with recursive ${first === undefined ? sql`` : sql`${first},`} refused as (
      select distinct on (source_key) source_key, reason from (${which}) found order by source_key, reason
    ), gone as (
      delete from roster_staged_agency s using refused where s.run_id = ${run} and s.source_key = refused.source_key
      returning s.source_key, s.own_ref, s.parent_ref, s.code, refused.reason
    ), claimed as (
      insert into roster_staged_claim (run_id, source_key, own_ref, code)
      select ${run}, source_key, own_ref, code from gone on conflict do nothing
    )
    insert into roster_rejection (run_id, subject, source_key, reason, detail)
    select ${run}, 'agency', source_key, reason,
      left(case reason when 'unknown_parent' then parent_ref else code end, 200)
    from gone order by source_key collate "C" returning 1`.execute(db)
  return rows.length
}

/** Agencies of the source that a complete read does not name. */
export function missingAgencies(read: Staged): RawBuilder<unknown> {
  return sql`
    select a.id, p.parent_id from agency a join agency_period p on p.agency_id = a.id and p.last_day = 'infinity'
    where ${read.closesAgencies} and a.source = ${read.source}
      and not exists (select 1 from roster_staged_agency s where s.run_id = ${read.run} and s.agency_id = a.id)
      and not exists (select 1 from roster_staged_claim c where c.run_id = ${read.run} and c.source_key = a.source_key)`
}

/**
 * Codes and the agencies they mean: `agency_id`, and of one read now also its `source_key`; one that is new has only
 * that. An agency read anew is meant by the code it bears from now on, one that is missing by none; one of which the
 * source does not speak keeps its code, whoever claims it. What a source calls an agency that we call otherwise comes last.
 */
export function meanings(read: Staged): RawBuilder<unknown> {
  const { run, source } = read
  const claimed = sql`select code from roster_staged_claim where run_id = ${run}`
  return sql`
    select distinct on (code) code, agency_id, source_key from (
      select code, agency_id, source_key, 1 as rank from roster_staged_agency where run_id = ${run}
      union all
      select k.code, k.agency_id, null, k.rank from (
        select p.code, p.agency_id, a.source, a.source_key, 2 as rank
        from agency_period p join agency a on a.id = p.agency_id where p.last_day = 'infinity'
        union all
        select a.said::json ->> 'code', a.id, a.source, a.source_key, 3
        from agency a join agency_period p on p.agency_id = a.id and p.last_day = 'infinity'
        where a.source = ${source} and a.said is not null and a.said::json ->> 'code' <> p.code
      ) k
      where k.agency_id not in (
          select agency_id from roster_staged_agency where run_id = ${run} and agency_id is not null)
        and k.agency_id not in (select id from (${missingAgencies(read)}) gone)
        and (k.source <> ${source} or k.code not in (${claimed}) or (k.code, k.source_key) in (
          select code, source_key from roster_staged_claim where run_id = ${run}))
    ) found order by code, rank, agency_id`
}

/**
 * Of each staged agency the one above it, as `meanings` tells it: none of one at the top, and of one that is `lost`,
 * whose place nobody knows.
 */
export function aboves(read: Staged, root: string): RawBuilder<unknown> {
  const { run } = read
  return sql`
    select s.source_key, s.agency_id, coalesce(m.agency_id, o.agency_id) as above_id,
      coalesce(m.source_key, o.source_key) as above_key,
      case when s.own_ref = s.code
        then s.parent_ref not in (s.own_ref, ${root}) and m.code is null
        else o.source_key is null and s.parent_ref in (select own_ref from roster_staged_claim where run_id = ${run})
      end as lost
    from roster_staged_agency s
    left join (${meanings(read)}) m on s.own_ref = s.code and m.code = s.parent_ref and s.parent_ref <> s.own_ref
    left join roster_staged_agency o on o.run_id = ${run} and s.own_ref <> s.code and o.own_ref = s.parent_ref
      and o.source_key <> s.source_key
    where s.run_id = ${run}`
}
