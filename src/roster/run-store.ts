/** What the pages of runs read: runs of every kind, and what a roster run found. Nothing is written here. */
import { type RawBuilder, sql } from 'kysely'
import type { Db } from '../database/database.ts'
import type { Day } from '../ids.ts'
import { leavers } from './compare-store.ts'
import { isStaged } from './store.ts'

export { type GoingRun, goingRuns } from '../database/run.ts'

export const runKinds = ['nightly', 'roster', 'mailbox', 'sweep'] as const
export type RunKind = (typeof runKinds)[number]

export const runStates = ['running', 'done', 'partial', 'refused', 'failed', 'broken', 'missed'] as const
export type RunState = (typeof runStates)[number]

export type RunRow = {
  id: number
  kind: string
  subject: string
  state: RunState
  startedAt: Date
  finishedAt: Date | null
  message: string
  result: Record<string, unknown>
  /** The operator who began it from a page. */
  by: string | null
}

const columns = sql`r.id, r.kind, r.subject, r.state, r.started_at as "startedAt", r.finished_at as "finishedAt", r.message,
  r.result, (select o.name from operator o where o.id::text = r.result ->> 'by') as by`

export type RunFilter = { kind: RunKind | null; state: RunState | null }

/** Runs, newest first, before an id. Dry runs leave no trace and are left out. */
export async function listRuns(
  db: Db,
  { kind, state }: RunFilter,
  page: { before: number | null; limit: number },
): Promise<RunRow[]> {
  const all = [
    sql`not r.dry_run`,
    kind && sql`r.kind = ${kind}`,
    state && sql`r.state = ${state}`,
    page.before !== null && sql`r.id < ${page.before}`,
  ]
  const wanted = sql.join(
    all.filter(each => each !== null && each !== false),
    sql` and `,
  )
  const { rows } = await sql<RunRow>`
    select ${columns} from run r where ${wanted} order by r.id desc limit ${page.limit}`.execute(db)
  return rows
}

export async function runById(db: Db, id: number): Promise<RunRow | null> {
  const { rows } = await sql<RunRow>`
    select ${columns} from run r where r.id = ${id} and not r.dry_run`.execute(db)
  return rows[0] ?? null
}

/** When nights were missed, since an instant. */
export async function missedSince(db: Db, since: Date): Promise<Date[]> {
  const { rows } = await sql<{ at: Date }>`
    select started_at as at from run where kind = 'nightly' and state = 'missed' and started_at >= ${since}
    order by started_at desc`.execute(db)
  return rows.map(row => row.at)
}

/** Whether what a refused roster run read is still kept, and nothing was read of its source since. */
export async function isApprovable(
  db: Db,
  { id, subject }: { id: number; subject: string },
): Promise<boolean> {
  const { rows } = await sql<{ ok: boolean }>`
    select ${isStaged(id)} and not exists (
      select 1 from run o where o.kind = 'roster' and o.subject = ${subject} and o.id > ${id}
        and o.state in ('done', 'partial') and not o.dry_run) as ok`.execute(db)
  return rows[0]?.ok ?? false
}

// what a roster run found -------------------------------------------------------------------------------------------

export type PageRejection = {
  id: number
  subject: string
  key: string
  reason: string
  detail: string
  /** Of a file: the line or row. */
  row: number | null
}

export async function rejectionsAfter(
  db: Db,
  run: number,
  after: number,
  limit: number,
  reason = '',
): Promise<PageRejection[]> {
  const { rows } = await sql<PageRejection>`
    select id, subject, source_key as key, reason, detail, row_number as row from roster_rejection
    where run_id = ${run} and id > ${after} and ${reason === '' ? sql`true` : sql`reason = ${reason}`}
    order by id limit ${limit}`.execute(db)
  return rows
}

export async function rejectionCounts(db: Db, run: number): Promise<{ reason: string; count: number }[]> {
  const { rows } = await sql<{ reason: string; count: number }>`
    select reason, count(*) as count from roster_rejection where run_id = ${run}
    group by reason order by count desc, reason`.execute(db)
  return rows
}

export const movementKinds = ['leaver', 'joiner', 'mover', 'returned', 'changed'] as const
export type MovementKind = (typeof movementKinds)[number]

/** Somebody who would join, move or leave. `key` is where a list goes on. */
export type Movement = {
  key: string
  name: string
  staffId: string | null
  fromAgency: string | null
  toAgency: string | null
}

export type StagedRun = { run: number; source: string; complete: boolean }

/** The movements of one kind that a refused run would make, in the order of names, as long as its rows are kept. */
export async function movementsOf(
  db: Db,
  staged: StagedRun,
  kind: MovementKind,
  page: { after: string; limit: number },
): Promise<Movement[]> {
  const found = kind === 'leaver' ? leaving(staged) : arriving(staged, kind)
  const { rows } = await sql<Movement>`
    with found as (${found})
    select key, name, "staffId", "fromAgency", "toAgency" from found
    where ${
      page.after === ''
        ? sql`true`
        : sql`(sort_key collate "C", key collate "C") > (
      select sort_key collate "C", key collate "C" from found where key = ${page.after})`
    }
    order by sort_key collate "C", key collate "C" limit ${page.limit}`.execute(db)
  return rows
}

function leaving({ run }: StagedRun): RawBuilder<unknown> {
  return sql`
    select p.source_key as key, p.full_name as name, p.staff_id as "staffId", p.sort_key,
      ${heldAgency(sql`p.id`)} as "fromAgency", null::text as "toAgency"
    from (${leavers({ run })}) gone join person p on p.id = gone.id`
}

function arriving({ run }: StagedRun, kind: MovementKind): RawBuilder<unknown> {
  return sql`
    select s.source_key as key, s.full_name as name, s.staff_id as "staffId", s.sort_key,
      ${heldAgency(sql`s.person_id`)} as "fromAgency",
      (select coalesce(staged.name, a.name, post.agency_code) from roster_staged_post post
        left join roster_staged_agency staged on staged.run_id = ${run} and staged.code = post.agency_code
        left join agency_period a on a.code = post.agency_code and a.last_day = 'infinity'
        where post.run_id = ${run} and post.source_key = s.source_key
        order by post.is_primary desc, post.agency_code collate "C" limit 1) as "toAgency"
    from roster_staged_person s where s.run_id = ${run} and s.movement = ${kind}`
}

function heldAgency(person: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`(select a.name from employment e join agency_period a on a.agency_id = e.agency_id and a.last_day = 'infinity'
    where e.person_id = ${person} and e.last_day = 'infinity'
    order by e.is_primary desc, e.first_day, a.code collate "C" limit 1)`
}

// what a run did ----------------------------------------------------------------------------------------------------

export const storedKinds = ['joiner', 'mover', 'leaver', 'returned', 'changed', 'held'] as const
export type StoredKind = (typeof storedKinds)[number]

export type StoredMovement = {
  id: number
  personId: number
  name: string
  staffId: string | null
  kind: StoredKind
  day: Day
  fromCode: string | null
  fromAgency: string | null
  toCode: string | null
  toAgency: string | null
  /** Field → [before, after]. */
  changes: Record<string, [before: string | null, after: string | null]>
}

/** `agencies` those from or to which somebody moved; null is any. */
export type StoredFilter = { kind: StoredKind | null; agencies: readonly number[] | null }

/** The movements that a run made, in the order in which they were kept, after one of them. */
export async function storedMovements(
  db: Db,
  run: number,
  filter: StoredFilter,
  page: { after: number; limit: number },
): Promise<StoredMovement[]> {
  const { rows } = await sql<Omit<StoredMovement, 'changes'> & { changes: string }>`
    select m.id, m.person_id as "personId", p.full_name as name, p.staff_id as "staffId", m.kind, m.day,
      f.code as "fromCode", f.name as "fromAgency", t.code as "toCode", t.name as "toAgency", m.changes
    from movement m join person p on p.id = m.person_id
    left join lateral ${calledOn(sql`m.from_agency_id`)} f on true
    left join lateral ${calledOn(sql`m.to_agency_id`)} t on true
    where m.run_id = ${run} and m.id > ${page.after} and ${fits(filter)}
    order by m.id limit ${page.limit}`.execute(db)
  return rows.map(row => ({ ...row, changes: JSON.parse(row.changes) as StoredMovement['changes'] }))
}

function fits({ kind, agencies }: StoredFilter): RawBuilder<unknown> {
  const ids = agencies === null ? null : sql`any(${[...agencies]}::bigint[])`
  return sql`${kind === null ? sql`true` : sql`m.kind = ${kind}`}
    and ${ids === null ? sql`true` : sql`(m.from_agency_id = ${ids} or m.to_agency_id = ${ids})`}`
}

/** What an agency was called on the day of the movement, else what it was called last. */
function calledOn(agency: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`(select code, name from agency_period a where a.agency_id = ${agency}
    order by m.day between a.first_day and a.last_day desc, a.last_day desc limit 1)`
}

export async function storedCounts(
  db: Db,
  run: number,
  agencies: readonly number[] | null,
): Promise<Map<StoredKind, number>> {
  const { rows } = await sql<{ kind: StoredKind; count: number }>`
    select m.kind, count(*) as count from movement m
    where m.run_id = ${run} and ${fits({ kind: null, agencies })} group by m.kind`.execute(db)
  return new Map(rows.map(row => [row.kind, row.count]))
}
