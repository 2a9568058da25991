/**
 * Agencies as read that cannot be taken over, because nobody can tell where they belong or whose code they bear. Only
 * staged rows are touched: what is rejected here stays as it was known.
 */
import { type RawBuilder, sql } from 'kysely'
import { type Db, rowsOf, type Trx } from '../database/database.ts'
import type { Staged } from './roster.ts'

/** Below the agencies of these references nothing has a place, once they were not taken. */
export async function rejectBelow(db: Db, run: number, refs: readonly string[]): Promise<void> {
  if (refs.length === 0) return
  await reject(
    db,
    run,
    sql`
    with recursive below as (
      select s.source_key, s.own_ref from roster_staged_agency s
      where s.run_id = ${run} and s.parent_ref = any(${[...refs]}::text[])
      union
      select s.source_key, s.own_ref from roster_staged_agency s join below on s.parent_ref = below.own_ref
      where s.run_id = ${run}
    ) select source_key from below`,
  )
}

/** Those whose agency above, named by its code, is neither read nor in force, and all below them. */
export async function rejectOrphans(
  trx: Trx,
  { run }: Pick<Staged, 'run'>,
  { root, missing }: { root: string; missing: RawBuilder<unknown> },
): Promise<void> {
  await reject(
    trx,
    run,
    sql`
    with recursive lost as (
      select s.source_key, s.own_ref from roster_staged_agency s
      where s.run_id = ${run} and s.own_ref = s.code and s.parent_ref <> ${root}
        and not exists (select 1 from roster_staged_agency o where o.run_id = ${run} and o.own_ref = s.parent_ref)
        and not exists (select 1 from agency_period p where p.last_day = 'infinity' and p.code = s.parent_ref
          and ${notReadAnew(run, sql`p.agency_id`)} and p.agency_id not in (select id from (${missing}) gone))
      union
      select s.source_key, s.own_ref from roster_staged_agency s join lost on s.parent_ref = lost.own_ref
      where s.run_id = ${run}
    ) select source_key from lost`,
  )
}

/** An agency read anew is known by the code it bears from now on, not by the one that it gives away. */
export function notReadAnew(
  run: number | RawBuilder<unknown>,
  agency: RawBuilder<unknown>,
): RawBuilder<unknown> {
  return sql`not exists (select 1 from roster_staged_agency anew where anew.run_id = ${run} and anew.agency_id = ${agency})`
}

async function reject(db: Db, run: number, keys: RawBuilder<unknown>): Promise<void> {
  await sql`
    with gone as (
      delete from roster_staged_agency where run_id = ${run} and source_key in (${keys}) returning source_key, parent_ref
    )
    insert into roster_rejection (run_id, subject, source_key, reason, detail)
    select ${run}, 'agency', source_key, 'unknown_parent', left(parent_ref, 200) from gone`.execute(db)
}

/**
 * Those who bear a code that another agency keeps: one that is not read anew and will not be closed. Answers whether
 * there are any; what was compared by them has to be compared again.
 */
export async function rejectTaken(
  trx: Trx,
  { run }: Pick<Staged, 'run'>,
  closing: RawBuilder<unknown>,
): Promise<boolean> {
  const { rows } = await sql<Gone>`
    with taken as (
      select s.source_key from roster_staged_agency s
      join agency_period p on p.code = s.code and p.last_day = 'infinity' and p.agency_id is distinct from s.agency_id
      where s.run_id = ${run} and p.agency_id not in (select id from (${closing}) gone)
        and not exists (select 1 from roster_staged_agency o where o.run_id = ${run} and o.agency_id = p.agency_id)
    )
    delete from roster_staged_agency where run_id = ${run} and source_key in (select source_key from taken)
    returning source_key, own_ref, code`.execute(trx)
  await noteDoubles(trx, run, rows)
  return rows.length > 0
}

type Gone = { source_key: string; own_ref: string; code: string }

/** Of two agencies of one code, that which is not known by it; what is placed below it by its name has no place. */
export async function rejectDoubles(
  trx: Trx,
  { run, source }: Pick<Staged, 'run' | 'source'>,
): Promise<void> {
  const { rows } = await sql<Gone>`
    with doubtful as (
      select s.source_key, s.code, exists (
          select 1 from agency a join agency_period p on p.agency_id = a.id and p.last_day = 'infinity'
          where a.source = ${source} and a.source_key = s.source_key and p.code = s.code) as known
      from roster_staged_agency s where s.run_id = ${run} and (
        (select count(*) from roster_staged_agency o where o.run_id = ${run} and o.code = s.code) > 1
        or exists (select 1 from agency a join agency_period p on p.agency_id = a.id and p.last_day = 'infinity'
          where p.code = s.code and a.source not in (${source}, '')))
    )
    delete from roster_staged_agency s using doubtful d
    where s.run_id = ${run} and s.source_key = d.source_key and not d.known
    returning s.source_key, s.own_ref, s.code`.execute(trx)
  await noteDoubles(trx, run, rows)
}

async function noteDoubles(trx: Trx, run: number, gone: readonly Gone[]): Promise<void> {
  if (gone.length === 0) return
  await sql`
    insert into roster_rejection (run_id, subject, source_key, reason, detail)
    select ${run}, 'agency', source_key, 'duplicate_code', code
    from json_to_recordset(${rowsOf(gone)}::json) as t(source_key text, code text)`.execute(trx)
  const named = gone.filter(({ own_ref, code }) => own_ref !== code)
  await rejectBelow(
    trx,
    run,
    named.map(({ own_ref }) => own_ref),
  )
}

/** The agency as a point of the tree that would be: new ones have no number yet. */
const point = (staged: RawBuilder<unknown>) =>
  sql`coalesce('id:' || ${staged}.agency_id, 'key:' || ${staged}.source_key)`

/**
 * Those that would stand below themselves by way of agencies of other sources: they stay where they were, and what is
 * placed below a new one has no place.
 */
export async function rejectCircles(trx: Trx, { run }: Pick<Staged, 'run'>, root: string): Promise<void> {
  type Circular = Gone & { agency_id: number | null }
  const { rows } = await sql<Circular>`
    with recursive edge as materialized (
      select ${point(sql`s`)} as below, coalesce(${point(sql`o`)}, 'id:' || k.agency_id) as above, k.agency_id is not null as across
      from roster_staged_agency s
      left join roster_staged_agency o on o.run_id = ${run} and o.own_ref = s.parent_ref and o.source_key <> s.source_key
      left join agency_period k on o.source_key is null and k.last_day = 'infinity' and k.code = s.parent_ref
        and k.agency_id is distinct from s.agency_id and ${notReadAnew(run, sql`k.agency_id`)}
      where s.run_id = ${run} and s.code <> ${root}
      union all
      select 'id:' || p.agency_id, 'id:' || p.parent_id, false from agency_period p
      where p.last_day = 'infinity' and p.agency_id not in (
        select agency_id from roster_staged_agency where run_id = ${run} and agency_id is not null)
    ), up as (
      select below as start, above as node from edge where across
      union
      select up.start, edge.above from up join edge on edge.below = up.node where up.node <> up.start
    )
    delete from roster_staged_agency s where s.run_id = ${run}
      and ${point(sql`s`)} in (select start from up where node = start)
    returning s.source_key, s.own_ref, s.code, s.agency_id`.execute(trx)
  if (rows.length === 0) return
  await sql`
    insert into roster_rejection (run_id, subject, source_key, reason, detail)
    select ${run}, 'agency', source_key, 'parent_circle', code
    from json_to_recordset(${rowsOf(rows)}::json) as t(source_key text, code text)`.execute(trx)
  const lost = rows.filter(({ agency_id, own_ref, code }) => agency_id === null || own_ref !== code)
  await rejectBelow(
    trx,
    run,
    lost.map(({ own_ref }) => own_ref),
  )
  // where one stays is another tree, which may have a circle of its own
  await rejectCircles(trx, { run }, root)
}

/** How many agencies stand above the staged agency `s` that were not read with it, where its parent is known by code. */
export const knownAbove = sql`coalesce((
  with recursive up as (
    select p.agency_id, p.parent_id from agency_period p where p.last_day = 'infinity' and p.code = s.parent_ref
      and p.agency_id is distinct from s.agency_id and ${notReadAnew(sql`s.run_id`, sql`p.agency_id`)}
    union
    select p.agency_id, p.parent_id from agency_period p join up on p.agency_id = up.parent_id
    where p.last_day = 'infinity'
  ) select count(*)::int from up join agency a on a.id = up.agency_id where a.source <> ''), 0)`
