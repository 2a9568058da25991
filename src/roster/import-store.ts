/** Files that were brought in the browser, what became of them, and how each list was mapped last time. */
import { type RawBuilder, sql } from 'kysely'
import type { Db } from '../database/database.ts'
import type { Guard } from './guard.ts'
import type { FileLook, ImportChoice } from './import-choice.ts'
import { parseChoice } from './import-choice.ts'
import { foldText } from './name.ts'
import type { Movements } from './roster.ts'

export const uploadStates = [
  'looking',
  'columns',
  'previewing',
  'previewed',
  'importing',
  'imported',
  'refused',
] as const
export type UploadState = (typeof uploadStates)[number]

/** What kept a step from being done. */
export type UploadProblem = { code: string; message: string; details: Record<string, unknown> }

/** A row of the file, or an entry, with what is wrong with it. */
export type RowProblem = {
  row: number | null
  subject: string
  reason: string
  detail: string
  cells: string[]
}

/** What was not taken, of a run that may leave no row. */
export type Problems = {
  /** Rows of which nobody was taken, and those of which only a value or a post was not. */
  rows: number
  values: number
  reasons: { reason: string; count: number }[]
  first: RowProblem[]
  /** Agencies the rows name and nobody knows, the most frequent first. */
  unknownAgencies: { name: string; count: number }[]
}

export type UploadResult = Movements & {
  read: number
  rejected: number
  disabled: number
  complete: boolean
  guard: Guard
  seconds: number
  problems: Problems
}

export type Upload = {
  id: number
  operatorId: number
  operator: string
  agencyId: number | null
  agencyCode: string | null
  agencyName: string | null
  fileName: string
  path: string | null
  bytes: number
  sha256: string
  choice: ImportChoice
  state: UploadState
  rowsRead: number
  rowsTotal: number | null
  look: FileLook | null
  preview: UploadResult | null
  result: UploadResult | null
  problem: UploadProblem | null
  runId: number | null
  createdAt: Date
  changedAt: Date
}

type Row = Omit<Upload, 'choice' | 'look' | 'preview' | 'result' | 'problem'> & {
  choice: string
  look: string | null
  preview: string | null
  result: string | null
  problem: string | null
}

const columns = sql`u.id, u.operator_id as "operatorId", o.name as operator, u.agency_id as "agencyId",
  p.code as "agencyCode", p.name as "agencyName", u.file_name as "fileName", u.path, u.bytes, u.sha256, u.choice, u.state,
  u.rows_read as "rowsRead", u.rows_total as "rowsTotal", u.look, u.preview, u.result, u.problem, u.run_id as "runId",
  u.created_at as "createdAt", u.changed_at as "changedAt"`
const tables = sql`roster_upload u join operator o on o.id = u.operator_id
  left join agency_period p on p.agency_id = u.agency_id and p.last_day = 'infinity'`

/** What this store wrote itself, read back. */
function uploadOf(row: Row): Upload {
  const kept = <T>(text: string | null): T | null => (text === null ? null : (JSON.parse(text) as T))
  return {
    ...row,
    choice: parseChoice(row.choice),
    look: kept(row.look),
    preview: kept(row.preview),
    result: kept(row.result),
    problem: kept(row.problem),
  }
}

export type NewUpload = {
  operatorId: number
  agencyId: number | null
  fileName: string
  path: string
  bytes: number
  sha256: string
  choice: ImportChoice
  now: Date
}

export async function insertUpload(db: Db, upload: NewUpload): Promise<number> {
  const { operatorId, agencyId, fileName, path, bytes, sha256, choice, now } = upload
  const { rows } = await sql<{ id: number }>`
    insert into roster_upload (operator_id, agency_id, file_name, path, bytes, sha256, choice, state, created_at, changed_at)
    values (${operatorId}, ${agencyId}, ${fileName}, ${path}, ${bytes}, ${sha256}, ${JSON.stringify(choice)}, 'looking',
      ${now}, ${now}) returning id`.execute(db)
  return rows[0]?.id ?? 0
}

export async function uploadById(db: Db, id: number): Promise<Upload | null> {
  const { rows } = await sql<Row>`select ${columns} from ${tables} where u.id = ${id}`.execute(db)
  return rows[0] ? uploadOf(rows[0]) : null
}

/** The newest of an operator, or of everybody. */
export async function listUploads(db: Db, operatorId: number | null, limit: number): Promise<Upload[]> {
  const whose = operatorId === null ? sql`true` : sql`u.operator_id = ${operatorId}`
  const { rows } = await sql<Row>`
    select ${columns} from ${tables} where ${whose} order by u.id desc limit ${limit}`.execute(db)
  return rows.map(uploadOf)
}

/** Files that lie there for somebody, and for everybody, with their bytes. */
export async function countKept(
  db: Db,
  operatorId: number,
): Promise<{ own: number; all: number; bytes: number }> {
  const { rows } = await sql<{ own: number; all: number; bytes: number }>`
    select count(*) filter (where operator_id = ${operatorId})::int as own, count(*)::int as all,
      coalesce(sum(bytes), 0)::bigint as bytes
    from roster_upload where path is not null`.execute(db)
  return rows[0] ?? { own: 0, all: 0, bytes: 0 }
}

export type UploadChange = Partial<{
  choice: ImportChoice
  look: FileLook | null
  preview: UploadResult | null
  result: UploadResult | null
  problem: UploadProblem | null
  path: null
  runId: number | null
  rowsRead: number
  rowsTotal: number | null
}>

const names: Record<keyof UploadChange, string> = {
  choice: 'choice',
  look: 'look',
  preview: 'preview',
  result: 'result',
  problem: 'problem',
  path: 'path',
  runId: 'run_id',
  rowsRead: 'rows_read',
  rowsTotal: 'rows_total',
}

/**
 * Goes on to another state, from one of those; false where it is in none of them: somebody else pressed first. Whoever
 * presses twice does it once.
 */
export async function moveUpload(
  db: Db,
  id: number,
  step: { from: readonly UploadState[]; to: UploadState; now: Date; set?: UploadChange },
): Promise<boolean> {
  const { from, to, now, set = {} } = step
  const sets: RawBuilder<unknown>[] = Object.entries(set).map(([name, value]) => {
    const column = sql.ref(names[name as keyof UploadChange])
    const kept = typeof value === 'object' && value !== null ? JSON.stringify(value) : value
    return sql`${column} = ${kept}`
  })
  const all = sql.join([sql`state = ${to}`, sql`changed_at = ${now}`, ...sets], sql`, `)
  const { numAffectedRows } = await sql`
    update roster_upload set ${all} where id = ${id} and state = any(${[...from]}::text[])`.execute(db)
  return numAffectedRows === 1n
}

export async function noteProgress(db: Db, id: number, read: number, now: Date): Promise<void> {
  await sql`update roster_upload set rows_read = ${read}, changed_at = ${now} where id = ${id}`.execute(db)
}

export async function deleteUpload(db: Db, id: number): Promise<void> {
  await sql`delete from roster_upload where id = ${id}`.execute(db)
}

/** How long what became of a file is told, in days; the file itself went a day after it came. */
const TOLD_DAYS = 30

/** Files nobody imported for so many hours, taken off the list; their paths, to be removed. */
export async function dropOldUploads(db: Db, now: Date, hours: number): Promise<string[]> {
  const before = new Date(now.getTime() - hours * 3_600_000)
  const told = new Date(now.getTime() - TOLD_DAYS * 86_400_000)
  const { rows } = await sql<{ path: string | null }>`
    delete from roster_upload where (changed_at < ${before} and state not in ('imported', 'refused')) or changed_at < ${told}
    returning path`.execute(db)
  return rows.flatMap(({ path }) => (path === null ? [] : [path]))
}

// what was not taken ------------------------------------------------------------------------------------------------

const FIRST_PROBLEMS = 100
const UNKNOWN_AGENCIES = 500

/** What a run did not take, while its rows are there. */
export async function problemsOf(db: Db, run: number): Promise<Problems> {
  const counts = await sql<{ rows: number; values: number }>`
    select count(distinct coalesce(row_number, -id)) filter (where subject in ('person', 'agency'))::int as rows,
      count(*) filter (where subject in ('post', 'value'))::int as values
    from roster_rejection where run_id = ${run}`.execute(db)
  const reasons = await sql<Problems['reasons'][number]>`
    select reason, count(*)::int as count from roster_rejection where run_id = ${run}
    group by reason order by 2 desc, 1`.execute(db)
  const unknown = await sql<Problems['unknownAgencies'][number]>`
    select detail as name, count(*)::int as count from roster_rejection
    where run_id = ${run} and reason = 'unknown_agency' and detail <> ''
    group by detail order by 2 desc, 1 limit ${UNKNOWN_AGENCIES}`.execute(db)
  const { rows = 0, values = 0 } = counts.rows[0] ?? {}
  const first = await rejectedAfter(db, run, { after: null, limit: FIRST_PROBLEMS, onlyLost: false })
  return { rows, values, reasons: reasons.rows, first, unknownAgencies: unknown.rows }
}

export type RejectedKey = { row: number; id: number }

/** Rejections in the order of the file, after one; `onlyLost`: those of which nobody was taken. */
export async function rejectedAfter(
  db: Db,
  run: number,
  { after, limit, onlyLost }: { after: RejectedKey | null; limit: number; onlyLost: boolean },
): Promise<(RowProblem & { id: number })[]> {
  const { rows } = await sql<Omit<RowProblem, 'cells'> & { id: number; cells: string | null }>`
    select id, row_number as row, subject, reason, detail, row_text as cells from roster_rejection
    where run_id = ${run} and (${!onlyLost} or subject in ('person', 'agency'))
      and (coalesce(row_number, 0), id) > (${after?.row ?? -1}, ${after?.id ?? 0})
    order by coalesce(row_number, 0), id limit ${limit}`.execute(db)
  return rows.map(row => ({ ...row, cells: row.cells === null ? [] : (JSON.parse(row.cells) as string[]) }))
}

/** Rows of the file whose rejections do not hold them yet: those that only a comparison found. */
export async function rowsWanted(db: Db, run: number): Promise<number[]> {
  const { rows } = await sql<{ row: number }>`
    select distinct row_number as row from roster_rejection
    where run_id = ${run} and row_number is not null and row_text is null order by 1`.execute(db)
  return rows.map(({ row }) => row)
}

export async function fillRows(
  db: Db,
  run: number,
  rows: readonly { number: number; cells: readonly string[] }[],
): Promise<void> {
  const values = rows.map(({ number, cells }) => ({ number, text: JSON.stringify(cells) }))
  await sql`
    update roster_rejection r set row_text = t.text
    from json_to_recordset(${JSON.stringify(values)}::json) as t(number integer, text text)
    where r.run_id = ${run} and r.row_number = t.number and r.row_text is null`.execute(db)
}

// the columns of the last file --------------------------------------------------------------------------------------

export async function lastMapping(db: Db, source: string): Promise<string | null> {
  const { rows } = await sql<{ mapping: string }>`
    select mapping from roster_import_mapping where source = ${source}`.execute(db)
  return rows[0]?.mapping ?? null
}

export async function keepMapping(db: Db, source: string, mapping: string): Promise<void> {
  await sql`
    insert into roster_import_mapping (source, mapping) values (${source}, ${mapping})
    on conflict (source) do update set mapping = excluded.mapping where roster_import_mapping.mapping <> excluded.mapping`.execute(
    db,
  )
}

// agencies to choose of ---------------------------------------------------------------------------------------------

export type AgencyChoice = { id: number; code: string; name: string }

/** Agencies in force of a scope, by name; at most so many. */
export async function agenciesToChoose(
  db: Db,
  scope: number[] | null,
  limit: number,
): Promise<AgencyChoice[]> {
  const within = scope === null ? sql`true` : sql`agency_id = any(${scope}::bigint[])`
  const { rows } = await sql<AgencyChoice>`
    select agency_id as id, code, name from agency_period where last_day = 'infinity' and ${within}
    order by sort_key collate "C", code limit ${limit}`.execute(db)
  return rows
}

/** Of a code, else of a name: all that are called so, within a scope. */
export async function agenciesCalled(db: Db, text: string, scope: number[] | null): Promise<AgencyChoice[]> {
  const within = scope === null ? sql`true` : sql`agency_id = any(${scope}::bigint[])`
  const folded = foldText(text)
  const beginning = `${folded.replace(/[\\%_]/g, '')}%`
  const { rows } = await sql<AgencyChoice>`
    select agency_id as id, code, name from agency_period
    where last_day = 'infinity' and ${within} and (code = ${text} or search_key like ${beginning})
    order by code <> ${text}, length(search_key) limit ${CALLED}`.execute(db)
  const byCode = rows.filter(({ code }) => code === text)
  return byCode.length > 0 ? byCode : rows.filter(({ name }) => foldText(name) === folded)
}

/** Looked at of those whose name begins so. */
const CALLED = 50
