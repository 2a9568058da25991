/**
 * The roster's tables, and the only place that writes them but for what pages enter by hand.
 *
 * What was read is staged, compared and saved as sets. `compare` writes nothing but marks on the staged rows, so a
 * dry run and a refused run go through exactly what a saved one does.
 */
import { sql } from 'kysely'
import type { Db, Trx } from '../database/database.ts'
import { AppError } from '../error.ts'
import { analyzeRoster } from './compare-store.ts'
import { saveMissing, saveReviews } from './missing-store.ts'
import { recordArrivals, recordDepartures } from './movement-store.ts'
import type { Movements, Staged } from './roster.ts'
import { closeAgencies, type Root, saveAgencies } from './save-agency-store.ts'
import { saveAbsences, saveEmployments, saveEndings, saveJoiners, savePeople } from './save-person-store.ts'
import { dropStaged, isFirstLoad } from './stage-store.ts'

export type SaveOptions = {
  root: Root
  now: Date
  movements: Movements
  /** When the source said it: now of a directory, of a file when it was written. */
  saidAt: Date
  /** Where an incremental read goes on; undefined keeps what is known. */
  cursor?: string | null
}

/** Writes what `compare` found, as sets. Where nothing moved, nothing is written but the source's own row. */
export async function save(trx: Trx, read: Staged, options: SaveOptions): Promise<void> {
  await saveAgencies(trx, read, options)
  if (await concernsKnown(trx, read)) await saveKnown(trx, read)
  await saveJoiners(trx, read)
  if (read.firstLoad) await analyzeRoster(trx)
  await saveReviews(trx, read)
  await closeAgencies(trx, read)
  await saveSource(trx, read, options)
  await dropStaged(trx, read.run)
}

/** Whether anybody is known or asked about, or missing: of a first load of many that costs a second to find out in vain. */
async function concernsKnown(trx: Trx, { run, firstLoad }: Staged): Promise<boolean> {
  if (!firstLoad) return true
  const { rows } = await sql`
    select 1 where exists (select 1 from roster_staged_person where run_id = ${run}
        and (person_id is not null or review is not null))
      or exists (select 1 from roster_staged_leaver where run_id = ${run})
      or exists (select 1 from roster_staged_missing where run_id = ${run})`.execute(trx)
  return rows.length > 0
}

async function saveKnown(trx: Trx, read: Staged): Promise<void> {
  await recordArrivals(trx, read)
  await recordDepartures(trx, read)
  await savePeople(trx, read)
  await saveEmployments(trx, read)
  if (read.tellsAbsence) await saveAbsences(trx, read)
  await saveEndings(trx, read)
  await saveMissing(trx, read)
}

async function saveSource(
  trx: Trx,
  read: Staged,
  { now, movements, saidAt, cursor }: SaveOptions,
): Promise<void> {
  if (await isFirstLoad(trx, read.source)) return
  const full = read.tellsMissing ? now : null
  await sql`
    insert into roster_source (name, first_complete_day, last_complete_at, last_said_at, last_full_at, cursor, revision)
    values (${read.source}, ${read.day}, ${now}, ${saidAt}, ${full}, ${cursor ?? null}, 1)
    on conflict (name) do update set last_complete_at = excluded.last_complete_at,
      last_said_at = greatest(roster_source.last_said_at, excluded.last_said_at),
      last_full_at = coalesce(excluded.last_full_at, roster_source.last_full_at), 
      cursor = ${cursor === undefined ? sql`roster_source.cursor` : sql`excluded.cursor`},
      revision = roster_source.revision + ${movedAnything(movements) ? 1 : 0}::int,
      first_complete_day = coalesce(roster_source.first_complete_day, excluded.first_complete_day)`.execute(
    trx,
  )
}

function movedAnything({ agencies, people, held }: Movements): boolean {
  const { unchanged: _, ...moved } = people
  return held > 0 || [...Object.values(agencies), ...Object.values(moved)].some(count => count > 0)
}

// reading -----------------------------------------------------------------------------------------------------------

export type RejectionRow = { key: string; reason: string; detail: string; subject: string }

/** The rejections of a run, oldest first, in pages. */
export async function* rejectionsOf(db: Db, run: number): AsyncGenerator<RejectionRow[]> {
  let after = 0
  while (true) {
    const { rows } = await sql<RejectionRow & { id: number }>`
      select id, source_key as key, reason, detail, subject from roster_rejection
      where run_id = ${run} and id > ${after} order by id limit 1000`.execute(db)
    if (rows.length === 0) return
    yield rows.map(({ id: _, ...row }) => row)
    after = rows.at(-1)?.id ?? after
  }
}

/** Entries, not posts, that were rejected. */
export async function countRejected(db: Db, run: number): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from roster_rejection where run_id = ${run} and subject <> 'post'`.execute(db)
  return rows[0]?.count ?? 0
}

/** The result a run showed when the guard refused it, as long as its staged rows are kept and nothing overtook it. */
export async function refusedRun<Result>(db: Db, source: string, id: number): Promise<Result> {
  const { rows } = await sql<{ state: string; result: Result; staged: boolean; newer: boolean }>`
    select state, result,
      ${isStaged(id)} as staged,
      exists (select 1 from run o where o.kind = 'roster' and o.subject = ${source} and o.id > ${id}
        and o.state in ('done', 'partial') and not o.dry_run) as newer
    from run where id = ${id} and kind = 'roster' and subject = ${source} and not dry_run`.execute(db)
  const [row] = rows
  if (row?.state !== 'refused' || !(row.staged || row.newer)) {
    throw new AppError('not_found', `run ${id} is no refused roster run of ${source}`)
  }
  if (row.newer || !row.staged) {
    throw new AppError(
      'ground_moved',
      `${source} was read again after run ${id}; approve the newest run instead`,
    )
  }
  return row.result
}

/** Whether what a run read is kept: of one that only misses people no person stands there. */
export function isStaged(run: number) {
  return sql<boolean>`(exists (select 1 from roster_staged_person where run_id = ${run})
    or exists (select 1 from roster_staged_missing where run_id = ${run})
    or exists (select 1 from roster_staged_agency where run_id = ${run}))`
}

/** The source that a roster run read, or null where there is no such run. */
export async function sourceNameOf(db: Db, run: number): Promise<string | null> {
  const { rows } = await sql<{ subject: string }>`
    select subject from run where id = ${run} and kind = 'roster'`.execute(db)
  return rows[0]?.subject ?? null
}
