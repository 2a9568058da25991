/** What a run read, staged as sets until it is compared and saved, and dropped when it was. */
import { sql } from 'kysely'
import {
  type Copied,
  copiedValues,
  copyLine,
  copyRows,
  type Db,
  rowsOf,
  type Trx,
} from '../database/database.ts'
import { type Rejection, type StagedAgency, type StagedPerson, saidBy } from './roster.ts'

export async function stageAgencies(db: Db, run: number, page: readonly StagedAgency[]): Promise<void> {
  const rows = page.map(each => ({
    source_key: each.key,
    own_ref: each.ownRef,
    parent_ref: each.parentRef,
    code: each.code,
    name: each.name,
    level: each.level,
    sector: each.sector,
    sort_key: each.sortKey,
    search_key: each.searchKey,
  }))
  await sql`
    with page as (
      select * from json_to_recordset(${rowsOf(rows)}::json) as t(source_key text, own_ref text, parent_ref text,
        code text, name text, level text, sector text, sort_key text, search_key text)
    ), taken as (
      insert into roster_staged_agency (run_id, source_key, own_ref, parent_ref, code, name, level, sector, sort_key, search_key)
      select ${run}, source_key, own_ref, parent_ref, code, name, level, sector, sort_key, search_key from page
      on conflict do nothing returning source_key, code
    )
    insert into roster_rejection (run_id, subject, source_key, reason, detail)
    select ${run}, 'agency', source_key, 'duplicate_key', code from page
    where (source_key, code) not in (select source_key, code from taken)`.execute(db)
}

/** A person with the digest of the entry they were read from; null where the entry has to be looked at again next time. */
export type StagedEntry = { person: StagedPerson; digest: bigint | null }

/** Fewer people are sooner sent as one statement than as two copies. */
const WORTH_COPYING = 200

/**
 * People on their way into the staging tables, written out as they are read: what they were read from need not be kept
 * until a page of them is full.
 */
export class StagedPage {
  readonly #run: number
  #people = ''
  #posts = ''
  #count = 0

  constructor(run: number) {
    this.#run = run
  }

  add(entry: StagedEntry): void {
    this.#people += copyLine(personCopied(this.#run, entry))
    for (const post of postsCopied(this.#run, entry.person)) this.#posts += copyLine(post)
    this.#count += 1
  }

  async save(db: Db): Promise<void> {
    if (this.#count === 0) return
    if (this.#count >= WORTH_COPYING && (await this.#copy(db))) return
    await insertPeople(db, this.#run, this.#people.slice(0, -1).split('\n').map(copiedValues))
  }

  async #copy(db: Db): Promise<boolean> {
    if (!(await copyRows(db, `roster_staged_person (${personColumns})`, this.#people))) return false
    return copyRows(db, `roster_staged_post (${postColumns})`, this.#posts)
  }
}

const personColumns = `run_id, source_key, staff_id, full_name, sort_key, search_key, staff_class, title, phone, email,
  start_day, end_day, absent_from, absent_until, absence_kind, absence_document, birth_day, number_hash, number_tail,
  address, digest, said, row_number`
const columnNames = personColumns.split(/,\s+/)

function personCopied(run: number, { person, digest }: StagedEntry): Copied {
  return [
    run,
    person.key,
    person.staffId,
    person.fullName,
    person.sortKey,
    person.searchKey,
    person.staffClass,
    person.title,
    person.phone,
    person.email,
    person.startDay,
    person.endDay,
    person.absentFrom,
    person.absentUntil,
    person.absenceKind,
    person.absenceDocument,
    person.birthDay,
    person.numberHash,
    person.numberTail,
    person.address,
    kept(digest),
    JSON.stringify(saidBy(person)),
    person.row ?? null,
  ]
}

/** As PostgreSQL has it: with a sign. */
function kept(digest: bigint | null): string | null {
  return digest === null ? null : BigInt.asIntN(64, digest).toString()
}

const postColumns = 'run_id, source_key, agency_code, is_primary, staff_class, title, start_day'

/** `posts` names each agency once. */
function postsCopied(run: number, { key, posts, staffClass, title, startDay }: StagedPerson): Copied[] {
  return posts.map(({ code, primary }) => [run, key, code, primary ? 't' : 'f', staffClass, title, startDay])
}

async function insertPeople(
  db: Db,
  run: number,
  people: readonly (readonly (string | null)[])[],
): Promise<void> {
  // what is null is left out: half of the text that goes over the wire
  const rows = people.map(values =>
    Object.fromEntries(columnNames.map((name, i) => [name, values[i] ?? undefined])),
  )
  await sql`
    with page as (
      select * from json_to_recordset(${rowsOf(rows)}::json) as t(source_key text, staff_id text, full_name text,
        sort_key text, search_key text, staff_class text, title text, phone text, email text,
        start_day date, end_day date, absent_from date, absent_until date, absence_kind text, absence_document text,
        birth_day date, number_hash text, number_tail text, address text, digest bigint, said text, row_number integer)
    ), taken as (
      insert into roster_staged_person (${sql.raw(personColumns)})
      select ${run}, source_key, staff_id, full_name, sort_key, search_key, staff_class, title, phone, email,
        start_day, end_day, absent_from, absent_until, absence_kind, absence_document, birth_day, number_hash,
        number_tail, address, digest, said, row_number from page
      on conflict do nothing returning source_key, said, row_number, staff_class, title, start_day
    ), posts as (
      insert into roster_staged_post (${sql.raw(postColumns)})
      select ${run}, source_key, post ->> 0, (post ->> 1)::boolean, staff_class, title, start_day
      from taken cross join lateral json_array_elements(said::json -> 'posts') as post
      on conflict do nothing
    )
    insert into roster_rejection (run_id, subject, source_key, reason, detail, row_number)
    select ${run}, 'person', source_key, 'duplicate_key', full_name, row_number from page
    where not exists (select 1 from taken where taken.source_key = page.source_key
      and taken.said = page.said and taken.row_number is not distinct from page.row_number)`.execute(db)
}

export async function stageRejections(db: Db, run: number, page: readonly Rejection[]): Promise<void> {
  if (page.length === 0) return
  const rows = page.map(({ row, cells, claim: _, ...rejection }) => ({
    ...rejection,
    row_number: row ?? null,
    row_text: cells === undefined ? null : JSON.stringify(cells),
  }))
  await sql`
    insert into roster_rejection (run_id, subject, source_key, reason, detail, row_number, row_text)
    select ${run}, subject, key, reason, detail, row_number, row_text
    from json_to_recordset(${rowsOf(rows)}::json) as t(subject text, key text, reason text, detail text,
      row_number integer, row_text text)`.execute(db)
}

const stagedTables = [
  'roster_staged_person',
  'roster_staged_post',
  'roster_staged_agency',
  'roster_staged_claim',
  'roster_staged_missing',
  'roster_staged_leaver',
] as const

/** What is left of reads that ended badly or were refused, but for the newest refused one of each source. */
export async function dropStaged(db: Db, run: number): Promise<void> {
  for (const table of stagedTables) {
    await sql`delete from ${sql.table(table)} where run_id = ${run}`.execute(db)
  }
}

/** A dry run leaves no row; neither does one of a process that was killed. */
export async function dropDryRuns(db: Db, source: string): Promise<void> {
  const over = sql`select id from run where kind = 'roster' and subject = ${source} and dry_run and state <> 'running'`
  for (const table of stagedTables) {
    await sql`delete from ${sql.table(table)} where run_id in (${over})`.execute(db)
  }
  await sql`delete from run where id in (${over})`.execute(db)
}

/** Staged rows of this source's older runs: a later read has overtaken them. */
export async function dropOvertaken(db: Db, source: string, run: number): Promise<void> {
  const { rows } = await sql<{ id: number }>`
    select id from run where kind = 'roster' and subject = ${source} and id < ${run}
      and state in ('refused', 'failed', 'broken') order by id desc limit 1000`.execute(db)
  if (rows.length === 0) return
  const older = rows.map(({ id }) => id)
  for (const table of stagedTables) {
    await sql`delete from ${sql.table(table)} where run_id = any(${older}::bigint[])`.execute(db)
  }
}

/** Whether nobody was ever taken over from this source: a file of which every row was rejected was no load. */
export async function isFirstLoad(db: Db, source: string): Promise<boolean> {
  const { rows } = await sql`select 1 from roster_record where source = ${source} limit 1`.execute(db)
  return rows.length === 0
}

/** When the source was last read to its end, and where an incremental read goes on. */
export async function readStateOf(
  db: Db,
  source: string,
): Promise<{ fullAt: Date | null; cursor: string | null }> {
  const { rows } = await sql<{ fullAt: Date | null; cursor: string | null }>`
    select last_full_at as "fullAt", cursor from roster_source where name = ${source}`.execute(db)
  return rows[0] ?? { fullAt: null, cursor: null }
}

/** One save at a time over all sources and processes: two of them may know the same person. */
export async function lockRoster(trx: Trx): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('hopthu roster'))`.execute(trx)
}
