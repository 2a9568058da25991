/**
 * Agencies as read that cannot be taken over, because nobody can tell where they belong or whose code they bear. Only
 * staged rows are touched: what is rejected here stays as it was known, and is not taken after all by what follows.
 */
import { type RawBuilder, sql } from 'kysely'
import type { Trx } from '../database/database.ts'
import { aboves, missingAgencies, refuse } from './agency-claim-store.ts'
import type { Staged } from './roster.ts'

/** Of two agencies of one code, that which is not known by it. */
export async function rejectDoubles(trx: Trx, { run, source }: Staged): Promise<void> {
  const bearers = sql`
    select code from roster_staged_agency where run_id = ${run}
    union all select code from roster_staged_claim where run_id = ${run}`
  await refuse(trx, run, {
    which: sql`
      select s.source_key, 'duplicate_code' as reason from roster_staged_agency s
      where s.run_id = ${run} and (
          s.code in (select code from (${bearers}) b group by code having count(*) > 1)
          or s.code in (select p.code from agency a join agency_period p on p.agency_id = a.id and p.last_day = 'infinity'
            where a.source not in (${source}, '')))
        and not exists (
          select 1 from agency a join agency_period p on p.agency_id = a.id and p.last_day = 'infinity'
          where a.source = ${source} and a.source_key = s.source_key and p.code = s.code)`,
  })
}

/**
 * Those whose agency above is nobody, those that would stand below themselves, and those whose code another agency
 * keeps. What is rejected changes what codes mean, so that others may have no place either: until all have one.
 */
export async function rejectMisplaced(trx: Trx, read: Staged, root: string): Promise<void> {
  const { run } = read
  const circular = sql`
    select s.source_key, 'parent_circle' as reason from above s
    where ${point(sql`s.agency_id`, sql`s.source_key`)} in (select start from up where node = start)`
  const which = sql`
    select source_key, 'unknown_parent' as reason from above where lost
    union all ${circular}
    union all ${takenFrom(read, missingAgencies(read))}`
  while ((await refuse(trx, run, { first: tree(read, root), which })) > 0);
}

/** An agency as a point of the tree that would be: new ones have no number yet. */
function point(id: RawBuilder<unknown>, key: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`coalesce('id:' || ${id}, 'key:' || ${key})`
}

/**
 * Common tables: `above` of each staged agency, and `up`, the way upwards in the tree that would be, of those that no
 * way from its tops leads to. Agencies that are not read, or not taken, stand where they stood.
 */
function tree(read: Staged, root: string): RawBuilder<unknown> {
  return sql`
    above as materialized (${aboves(read, root)}),
    edge as materialized (
      select ${point(sql`agency_id`, sql`source_key`)} as below, ${point(sql`above_id`, sql`above_key`)} as above from above
      union all
      select 'id:' || p.agency_id, 'id:' || p.parent_id from agency_period p
      where p.last_day = 'infinity' and p.agency_id not in (select agency_id from above where agency_id is not null)
    ), placed as (
      select below as node from edge where above is null or above not in (select below from edge)
      union
      select edge.below from placed join edge on edge.above = placed.node
    ), up as (
      -- with in() each one would be compared with all: the planner takes a recursion for too long to be looked up
      select below as start, above as node from edge
      where not exists (select from placed where placed.node = edge.below)
      union
      select up.start, edge.above from up join edge on edge.below = up.node where up.node <> up.start
    )`
}

/**
 * Those who bear a code that another agency keeps: one that is not among the `free` ones and is not read anew, or has
 * its code by hand while it is read as before.
 */
function takenFrom({ run }: Staged, free: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    select s.source_key, 'duplicate_code' as reason from roster_staged_agency s
    join agency_period p on p.code = s.code and p.last_day = 'infinity' and p.agency_id is distinct from s.agency_id
    join agency a on a.id = p.agency_id
    where s.run_id = ${run} and p.agency_id not in (select id from (${free}) gone)
      and not exists (select 1 from roster_staged_agency o where o.run_id = ${run} and o.agency_id = p.agency_id
        and (o.code = p.code or o.code is distinct from a.said::json ->> 'code'))`
}

/** Those whose code is kept by an agency that the read misses, but that is not closed for those who stay there. */
export async function takenAgencies(trx: Trx, read: Staged, closing: RawBuilder<unknown>): Promise<string[]> {
  const { rows } = await sql<{ key: string }>`
    select source_key as key from (${takenFrom(read, closing)}) taken`.execute(trx)
  return rows.map(({ key }) => key)
}

export async function rejectTaken(trx: Trx, { run }: Staged, keys: readonly string[]): Promise<void> {
  await refuse(trx, run, {
    which: sql`select unnest(${[...keys]}::text[]) as source_key, 'duplicate_code' as reason`,
  })
}

/** How deep each one lies in the tree, counting those above that are known and not read; too deep is a circle. */
export async function measureDepth(trx: Trx, read: Staged, root: string): Promise<void> {
  const { run } = read
  await sql`
    with recursive above as materialized (${aboves(read, root)}), up as (
      select source_key as start, above_id as node from above where above_key is null and above_id is not null
      union
      select up.start, p.parent_id from up join agency_period p on p.agency_id = up.node and p.last_day = 'infinity'
      where p.parent_id is not null
    ), known as (
      select up.start, count(*)::int as depth from up join agency a on a.id = up.node where a.source <> '' group by up.start
    ), tree as (
      select above.source_key, coalesce(known.depth, 0) as depth
      from above left join known on known.start = above.source_key where above.above_key is null
      union all
      select above.source_key, tree.depth + 1 from above join tree on above.above_key = tree.source_key
      where tree.depth < 50
    )
    update roster_staged_agency s set depth = tree.depth from tree
    where s.run_id = ${run} and s.source_key = tree.source_key and s.depth is distinct from tree.depth`.execute(
    trx,
  )
  await refuse(trx, run, {
    which: sql`select source_key, 'parent_circle' as reason from roster_staged_agency
      where run_id = ${run} and depth is null`,
  })
}
