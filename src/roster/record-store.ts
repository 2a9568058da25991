/**
 * What each source last said of whom: which records a read has seen, and which it misses.
 *
 * The digests of a source are read once into a compact table (`seen.ts`), so that an entry which says the same as last
 * time costs no question to the database.
 */
import { sql } from 'kysely'
import type { Db } from '../database/database.ts'
import { foldText } from './name.ts'
import { Seen } from './seen.ts'

const DIGESTS_AT_ONCE = 50_000
const BYTES_OF_ONE = 12

/** The records of a source that are in force; `known` false takes none for seen, so that all are looked at in full. */
export async function loadSeen(db: Db, source: string, known: boolean): Promise<Seen> {
  const { rows } = await sql<{ count: number; highest: number }>`
    select count(*) as count, coalesce(max(number), 0) as highest from roster_record
    where source = ${source} and missing_since is null`.execute(db)
  const seen = new Seen(rows[0]?.count ?? 0, rows[0]?.highest ?? 0)
  for (let after: number | null = 0; after !== null; )
    after = await loadPage(db, source, { seen, known, after })
  return seen
}

async function loadPage(
  db: Db,
  source: string,
  { seen, known, after }: { seen: Seen; known: boolean; after: number },
): Promise<number | null> {
  const { rows } = await sql<{ packed: Uint8Array | null; last: number | null }>`
    select string_agg(int8send(${known ? sql`coalesce(digest, 0)` : sql`0::bigint`}) || int4send(number), ''::bytea
        order by number) as packed, max(number) as last
    from (
      select number, digest from roster_record
      where source = ${source} and missing_since is null and number > ${after} order by number limit ${DIGESTS_AT_ONCE}
    ) page`.execute(db)
  const [row] = rows
  if (!row?.packed) return null
  const bytes = Buffer.from(row.packed.buffer, row.packed.byteOffset, row.packed.byteLength)
  for (let at = 0; at < bytes.length; at += BYTES_OF_ONE)
    seen.add(bytes.readUInt32BE(at), bytes.readUInt32BE(at + 4), bytes.readUInt32BE(at + 8))
  return row.last
}

const NUMBERS_AT_ONCE = 10_000

/** Stages the records that the read did not meet, or met with another content. */
export async function stageMissing(db: Db, run: number, seen: Seen): Promise<void> {
  for (const numbers of seen.unseenNumbers(NUMBERS_AT_ONCE)) {
    await sql`insert into roster_staged_missing (run_id, number)
      select ${run}, unnest(${numbers}::int[]) on conflict do nothing`.execute(db)
  }
}

/**
 * Whether the agencies as read are those known: only then does a person's unchanged entry still mean the same. A code
 * that went to another agency changes where people serve, though no person's entry changed.
 */
export async function agenciesStand(db: Db, run: number, source: string): Promise<boolean> {
  const { rows } = await sql<{ stand: boolean }>`
    select not exists (
        select 1 from roster_staged_agency s
        left join agency a on a.source = ${source} and a.source_key = s.source_key
        left join agency_period p on p.agency_id = a.id and p.last_day = 'infinity'
        where s.run_id = ${run} and p.code is distinct from s.code)
      and not exists (
        select 1 from agency a join agency_period p on p.agency_id = a.id and p.last_day = 'infinity'
        where a.source = ${source}
          and not exists (select 1 from roster_staged_agency s where s.run_id = ${run} and s.source_key = a.source_key))
      as stand`.execute(db)
  return rows[0]?.stand ?? false
}

/** Names of agencies in force or just staged, folded → codes. */
export async function agencyNames(db: Db, run: number, scope: string | null): Promise<Map<string, string[]>> {
  const { rows } = await sql<{ name: string; code: string }>`
    select name, code from roster_staged_agency where run_id = ${run}
    union
    select p.name, p.code from agency_period p where p.last_day = 'infinity'
      and (${scope === null} or p.agency_id in (${subtreeOf(scope)}))`.execute(db)
  const names = new Map<string, string[]>()
  for (const { name, code } of rows) {
    const key = foldText(name)
    names.set(key, [...(names.get(key) ?? []), code])
  }
  return names
}

/** Ids of the agency of a code and all below it, now. */
export function subtreeOf(code: string | null) {
  return sql`
    with recursive below as (
      select agency_id from agency_period where last_day = 'infinity' and code = ${code}
      union
      select p.agency_id from agency_period p join below on p.parent_id = below.agency_id where p.last_day = 'infinity'
    ) select agency_id from below`
}

// records looked at again -------------------------------------------------------------------------------------------

export type KeptRecord = { key: string; digest: string | null; said: string }

/** The records of these numbers that said anything, by source. */
export async function recordsBySource(
  db: Db,
  numbers: readonly number[],
): Promise<{ source: string; said: KeptRecord[] }[]> {
  const { rows } = await sql<KeptRecord & { source: string }>`
    select source, source_key as key, digest::text as digest, said from roster_record
    where number = any(${[...numbers]}::int[]) and said <> '{}' order by source, number`.execute(db)
  const sources = new Map<string, KeptRecord[]>()
  for (const { source, ...record } of rows) sources.set(source, [...(sources.get(source) ?? []), record])
  return [...sources].map(([source, said]) => ({ source, said }))
}

/** Records that were answered for since their source was last read or looked at: the answer is not in effect yet. */
export async function unappliedAnswers(db: Db): Promise<number[]> {
  const { rows } = await sql<{ number: number }>`
    select distinct r.number from roster_review v join roster_record r on r.number = v.record_number
    where v.state in ('same', 'different') and v.answered_at is not null and r.missing_since is null
      and not exists (select 1 from run where run.kind = 'roster' and run.subject = r.source
        and run.state in ('done', 'partial') and not run.dry_run and run.started_at >= v.answered_at)
    order by r.number limit 10000`.execute(db)
  return rows.map(({ number }) => number)
}
