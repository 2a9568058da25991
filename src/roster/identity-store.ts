/**
 * Who a staged entry speaks of: marks on the staged rows, nothing else is written.
 *
 * By the source's key; then staff id or personal number; where a source has neither, by the official address, then by
 * folded name with birth day and agency. Never by a name alone: what no rule settles is marked for review, and till it
 * is answered the entry neither joins nor is anybody taken to have left.
 */
import { type RawBuilder, sql } from 'kysely'
import { type Db, rowsOf, type Trx } from '../database/database.ts'
import type { Staged } from './roster.ts'

/** Who holds these official addresses now; mailboxes are a later subject's. */
export type AddressHolders = (
  db: Db,
  addresses: readonly string[],
) => Promise<{ address: string; person: number }[]>

export async function identify(trx: Trx, read: Staged, holders: AddressHolders | null): Promise<void> {
  await linkRecords(trx, read)
  await rejectSeenTwice(trx, read)
  await rejectAmbiguous(trx, read)
  if (!read.settled) {
    await doubtKnown(trx, read)
    await doubtAlike(trx, read)
  }
  if (!(await anyUnknown(trx, read))) return
  await matchMadeAnew(trx, read)
  await matchByMark(trx, read, 'number_hash')
  await matchByStaffId(trx, read)
  await matchByAddress(trx, read, holders)
  await matchByName(trx, read)
  if (!read.settled) await doubtUnknown(trx, read)
}

async function linkRecords(trx: Trx, { run, source, settled }: Staged): Promise<void> {
  await sql`
    update roster_staged_person s set record_number = r.number, person_id = r.person_id,
      review = case when r.person_id is null and not ${settled} then 'waiting' end
    from roster_record r
    where s.run_id = ${run} and r.source = ${source} and r.source_key = s.source_key`.execute(trx)
}

/** The record `r` is not in this read any more: neither as it was, nor changed, nor rejected. */
export function missingNow({ run }: Staged): RawBuilder<unknown> {
  return sql`(r.number in (select number from roster_staged_missing where run_id = ${run})
    and not exists (select 1 from roster_staged_person o where o.run_id = ${run} and o.source_key = r.source_key)
    and not exists (select 1 from roster_rejection x where x.run_id = ${run} and x.source_key = r.source_key
      and x.subject in ('person', 'post')))`
}

/** An entry whose key was met before in this read, by its digest: the second one is not taken. */
async function rejectSeenTwice(trx: Trx, { run, tellsMissing }: Staged): Promise<void> {
  if (!tellsMissing) return
  await sql`
    with gone as (
      delete from roster_staged_person s using roster_record r
      where s.run_id = ${run} and r.number = s.record_number and r.missing_since is null
        and not exists (select 1 from roster_staged_missing m where m.run_id = ${run} and m.number = r.number)
      returning s.source_key, s.full_name, s.row_number
    )
    insert into roster_rejection (run_id, subject, source_key, reason, detail, row_number)
    select ${run}, 'person', source_key, 'duplicate_key', full_name, row_number from gone`.execute(trx)
}

/** Two people of one staff id: the one we know by key and id keeps it; where none is known, no one can tell. */
async function rejectAmbiguous(trx: Trx, read: Staged): Promise<void> {
  const { run, source } = read
  await sql`
    with doubtful as (
      select s.source_key, exists (
          select 1 from person p where p.id = s.person_id and p.staff_id = s.staff_id) as known
      from roster_staged_person s
      where s.run_id = ${run} and s.staff_id in (
        select staff_id from roster_staged_person where run_id = ${run} and staff_id is not null
        group by staff_id having count(*) > 1)
      union
      select s.source_key, false
      from roster_staged_person s
      join person p on p.staff_id = s.staff_id and p.source = ${source} and p.id is distinct from s.person_id
      join roster_record r on r.source = p.source and r.source_key = p.source_key and r.missing_since is null
      where s.run_id = ${run} and not ${missingNow(read)}
        and not exists (select 1 from roster_staged_person o where o.run_id = ${run} and o.source_key = p.source_key)
    ), gone as (
      delete from roster_staged_person s using doubtful d
      where s.run_id = ${run} and s.source_key = d.source_key and not d.known
      returning s.source_key, s.staff_id, s.row_number
    )
    insert into roster_rejection (run_id, subject, source_key, reason, detail, row_number)
    select ${run}, 'person', source_key, 'duplicate_staff_id', staff_id, row_number from gone`.execute(trx)
}

/** Entries that are known by their key and yet may speak of somebody else now. */
async function doubtKnown(trx: Trx, { run }: Staged): Promise<void> {
  await sql`
    update roster_staged_person s set review = 'reusedKey', candidate_id = p.id, person_id = null
    from person p
    where s.run_id = ${run} and p.id = s.person_id and s.staff_id <> p.staff_id and s.search_key <> p.search_key
      and (s.birth_day is null or p.birth_day is null or s.birth_day <> p.birth_day)
      and (s.number_hash is null or p.number_hash is null or s.number_hash <> p.number_hash)`.execute(trx)
  await sql`
    with renamed as (
      select s.source_key, s.search_key as now, p.search_key as before, p.id, e.agency_id
      from roster_staged_person s
      join person p on p.id = s.person_id and p.search_key <> s.search_key
      join employment e on e.person_id = p.id and e.last_day = 'infinity'
      where s.run_id = ${run}
    )
    update roster_staged_person s set review = 'swappedName', candidate_id = a.id, person_id = null
    from renamed a join renamed b on b.now = a.before and b.before = a.now and b.agency_id = a.agency_id and b.id <> a.id
    where s.run_id = ${run} and s.source_key = a.source_key`.execute(trx)
}

/** Rows that nothing tells apart: all but the first wait for an answer, unless they were taken for people before. */
async function doubtAlike(trx: Trx, { run }: Staged): Promise<void> {
  await sql`
    update roster_staged_person s set review = 'duplicate'
    where s.run_id = ${run} and s.person_id is null and s.review is null and s.record_number is null
      and s.source_key ~ '^name:.*#[0-9]+$'`.execute(trx)
}

const unknown = (run: number) => sql`s.run_id = ${run} and s.person_id is null and s.review is null`

async function anyUnknown(trx: Trx, { run }: Staged): Promise<boolean> {
  const { rows } = await sql<{ some: boolean }>`
    select exists (select 1 from roster_staged_person s where ${unknown(run)}) and exists (select 1 from person) as some`.execute(
    trx,
  )
  return rows[0]?.some ?? false
}

/** An entry made anew for the same person: the staff id is known, and its old entry is no longer there. */
async function matchMadeAnew(trx: Trx, read: Staged): Promise<void> {
  const { run, source } = read
  await link(
    trx,
    read,
    sql`select s.source_key, p.id as person_id
      from roster_staged_person s join person p on p.staff_id = s.staff_id and p.source = ${source}
      left join roster_record r on r.source = p.source and r.source_key = p.source_key
      where ${unknown(run)} and ${undisputed} and (r.number is null or r.missing_since is not null or ${missingNow(read)})`,
  )
}

/** By the keyed hash of the personal number. */
async function matchByMark(trx: Trx, read: Staged, column: 'number_hash'): Promise<void> {
  const mark = sql.ref(column)
  await link(
    trx,
    read,
    sql`select s.source_key, p.id as person_id from roster_staged_person s
      join person p on p.${mark} = s.${mark} where ${unknown(read.run)} and ${free(read)}`,
  )
}

/** Staff ids of two sources may be two series: the name has to agree, else a person decides. */
async function matchByStaffId(trx: Trx, read: Staged): Promise<void> {
  const { run, source } = read
  const same = sql`select s.source_key, p.id as person_id from roster_staged_person s
    join person p on p.staff_id = s.staff_id and p.source <> ${source}
    where ${unknown(run)} and ${free(read)} and not ${conflict}`
  await link(trx, read, sql`${same} and p.search_key = s.search_key`)
  if (!read.settled) await doubt(trx, read, 'sameStaffId', same)
}

const ADDRESSES_AT_ONCE = 1000

/** By the official address: the one a roster named before, or that of a mailbox held now. */
async function matchByAddress(trx: Trx, read: Staged, holders: AddressHolders | null): Promise<void> {
  const { run } = read
  const found = holders === null ? [] : await heldAddresses(trx, read, holders)
  const named = sql`select s.source_key, p.id as person_id from roster_staged_person s
    join person p on p.address = s.address where ${unknown(run)} and ${free(read)} and not ${conflict}`
  const holding = sql`select s.source_key, p.id as person_id
    from json_to_recordset(${rowsOf(found)}::json) as t(source_key text, person_id bigint)
    join roster_staged_person s on s.run_id = ${run} and s.source_key = t.source_key
    join person p on p.id = t.person_id where ${unknown(run)} and ${free(read)} and not ${conflict}`
  for (const candidates of found.length > 0 ? [holding, named] : [named]) {
    await link(trx, read, sql`${candidates} and p.search_key = s.search_key`)
    if (!read.settled) await doubt(trx, read, 'sameStaffId', candidates)
  }
}

type Held = { source_key: string; person_id: number }

/** Entries whose address is that of a mailbox somebody holds now. */
async function heldAddresses(trx: Trx, { run }: Staged, holders: AddressHolders): Promise<Held[]> {
  const { rows } = await sql<{ key: string; address: string }>`
    select s.source_key as key, s.address from roster_staged_person s
    where ${unknown(run)} and s.address is not null`.execute(trx)
  const found: Held[] = []
  for (let at = 0; at < rows.length; at += ADDRESSES_AT_ONCE) {
    const page = rows.slice(at, at + ADDRESSES_AT_ONCE)
    const held = await holders(
      trx,
      page.map(row => row.address),
    )
    const persons = new Map(held.map(each => [each.address, each.person]))
    for (const { key, address } of page) {
      const person = persons.get(address)
      if (person !== undefined) found.push({ source_key: key, person_id: person })
    }
  }
  return found
}

/** Folded name, birth day, and an agency in common or a place on the holding list. */
async function matchByName(trx: Trx, read: Staged): Promise<void> {
  await link(
    trx,
    read,
    sql`select s.source_key, p.id as person_id from roster_staged_person s
      join person p on p.search_key = s.search_key and p.birth_day = s.birth_day
      where ${unknown(read.run)} and ${free(read)} and not ${conflict} and ${near(read)}`,
  )
}

/** The name fits somebody of the agency, or name and birth day somebody elsewhere: a person decides. */
async function doubtUnknown(trx: Trx, read: Staged): Promise<void> {
  const { run, source } = read
  const alike = sql`from roster_staged_person s join person p on p.search_key = s.search_key
    where ${unknown(run)} and ${free(read)} and not ${conflict} and (${near(read)} or s.birth_day = p.birth_day)`
  await doubt(
    trx,
    read,
    'recreated',
    sql`select s.source_key, p.id as person_id ${alike} and p.source = ${source}`,
  )
  await doubt(trx, read, 'sameName', sql`select s.source_key, p.id as person_id ${alike}`)
}

/** No answer said that the entry is somebody else than the person `p`. */
const undisputed = sql`not exists (select 1 from roster_distinct d where d.record_number = s.record_number and d.person_id = p.id)`

/** Marks that both have and that differ: the person `p` is somebody else. */
const conflict = sql`(
  coalesce(s.staff_id <> p.staff_id, false) or coalesce(s.number_hash <> p.number_hash, false)
  or coalesce(s.birth_day <> p.birth_day, false))`

/** Nobody else in this read is the person `p`, nor did an answer say that they are not the same. */
function free(read: Staged): RawBuilder<unknown> {
  return sql`(
    not exists (select 1 from roster_staged_person o where o.run_id = ${read.run} and o.person_id = p.id)
    and not exists (select 1 from roster_record r where r.person_id = p.id and r.source = ${read.source}
      and r.missing_since is null and not ${missingNow(read)})
    and ${undisputed})`
}

function near({ run }: Staged): RawBuilder<unknown> {
  return sql`(
    exists (select 1 from employment e join roster_staged_post post on post.agency_id = e.agency_id
      where e.person_id = p.id and e.last_day = 'infinity' and post.run_id = ${run} and post.source_key = s.source_key)
    or exists (select 1 from roster_holding h where h.person_id = p.id))`
}

/** Links each entry of the candidates that fits one person whom no other fits. */
async function link(trx: Trx, { run }: Staged, candidates: RawBuilder<unknown>): Promise<void> {
  await sql`
    with candidate as (${candidates}), fits_one as (
      select source_key, min(person_id) as person_id from candidate group by source_key having count(distinct person_id) = 1
    ), alone as (
      select person_id from fits_one group by person_id having count(*) = 1
    )
    update roster_staged_person s set person_id = fits_one.person_id from fits_one join alone using (person_id)
    where s.run_id = ${run} and s.source_key = fits_one.source_key`.execute(trx)
}

/** Marks each entry of the candidates for review, with the one candidate who shares most with it. */
async function doubt(
  trx: Trx,
  { run }: Staged,
  kind: string,
  candidates: RawBuilder<unknown>,
): Promise<void> {
  await sql`
    with candidate as (${candidates}), best as (
      select distinct on (c.source_key) c.source_key, c.person_id from candidate c
      join roster_staged_person s on s.run_id = ${run} and s.source_key = c.source_key
      join person p on p.id = c.person_id
      order by c.source_key, (p.birth_day = s.birth_day) desc nulls last, c.person_id
    )
    update roster_staged_person s set review = ${kind}, candidate_id = best.person_id from best
    where s.run_id = ${run} and s.source_key = best.source_key`.execute(trx)
}
