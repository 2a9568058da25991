/** Mailboxes, log files and what the activity tables hold, for tests of ingestion. */
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import type { IngestCounts, IngestSettings } from '../../src/activity/batch.ts'
import { Ingestion } from '../../src/activity/ingest.ts'
import { openLogFile, splitLines } from '../../src/activity/lines.ts'
import { sourceId } from '../../src/activity/store.ts'
import type { Db } from '../../src/database/database.ts'
import { EXCLUDED_CLIENT, EXCLUDED_NAME, MASTER } from './log-events.ts'
import type { Use, Writer } from './logs.ts'

export const MAX_LINE_BYTES = 65_536

/** Settings that fit the logs of `logs.ts`; the source's row is made. */
export async function settingsFor(
  db: Db,
  now: number,
  more: Partial<IngestSettings> = {},
): Promise<IngestSettings> {
  return {
    source: await sourceId(db, 'maillog', 'log'),
    timeZone: 'Asia/Ho_Chi_Minh',
    dayZone: 'Asia/Ho_Chi_Minh',
    excludedNames: new Set([EXCLUDED_NAME]),
    excludedClients: new Set([EXCLUDED_CLIENT]),
    masters: new Set([MASTER]),
    domain: 'tinh.test',
    now: () => now,
    ...more,
  }
}

/** A person with a personal mailbox and two addresses for each known writer. */
export async function seedMailboxes(db: Db, writers: readonly Writer[]): Promise<void> {
  const rows = JSON.stringify(writers.filter(writer => writer.known))
  const page = sql`json_to_recordset(${rows}::json) as t(address text, alias text)`
  await sql`insert into person (source, source_key, full_name, sort_key, search_key)
    select 'directory', address, 'Người ' || address, address, address from ${page}`.execute(db)
  await sql`insert into mailbox (platform, address, name, quota_bytes, state)
    select 'mail', address, 'Người ' || address, 1, 'active' from ${page}`.execute(db)
  await sql`insert into mailbox_address (address, mailbox_id, kind, first_day)
    select a.address, m.id, a.kind, '-infinity' from ${page} join mailbox m on m.address = t.address,
      lateral (values (t.address, 'primary'), (t.alias, 'alias')) a(address, kind)`.execute(db)
  await sql`insert into mailbox_holder (mailbox_id, person_id, first_day)
    select m.id, p.id, '-infinity' from ${page} join mailbox m on m.address = t.address
      join person p on p.source_key = t.address`.execute(db)
}

/** A folder of its own, and a function that writes files into it. */
export function logFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'hopthu-log-'))
  const write = (name: string, content: string | Uint8Array, writtenAt?: number): string => {
    const path = join(folder, name)
    writeFileSync(path, content)
    if (writtenAt !== undefined) utimesSync(path, writtenAt / 1000, writtenAt / 1000)
    return path
  }
  return { folder, write, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** Reads one file as `activity ingest` does: what came before an error is kept. */
export async function ingestFile(db: Db, settings: IngestSettings, path: string): Promise<IngestCounts> {
  const ingestion = new Ingestion(db, settings)
  try {
    const { chunks, writtenAt } = openLogFile(path, AbortSignal.timeout(120_000))
    ingestion.begin(writtenAt)
    for await (const lines of splitLines(chunks, 0, MAX_LINE_BYTES)) await ingestion.take(lines)
  } finally {
    await ingestion.end()
  }
  return ingestion.counts
}

/** `mailbox_day` in the shape of the truth; rows of nothing but hands count as well. */
export async function useOf(db: Db): Promise<Use[]> {
  const { rows } = await sql<Use & { first_at: Date; last_at: Date; sign_ins: number }>`
    select address, day, sign_ins, sends, recipients, hands, first_at, last_at from mailbox_day
    order by address collate "C", day`.execute(db)
  return rows.map(row => ({
    address: row.address,
    day: row.day,
    signIns: row.sign_ins,
    sends: row.sends,
    recipients: row.recipients,
    hands: row.hands,
    firstAt: row.first_at.getTime(),
    lastAt: row.last_at.getTime(),
  }))
}

export type Contents = Record<string, string[]>

/** All that ingestion leaves behind, as text to compare. How stretches of lines are cut is not compared, their keys are. */
export async function contentsOf(db: Db, tables: readonly string[] = TABLES): Promise<Contents> {
  const contents: Contents = {}
  for (const table of tables) {
    const { rows } = await sql<{ row: string }>`
      select t::text as row from ${sql.table(table)} t order by 1`.execute(db)
    contents[table] = rows.map(({ row }) => row)
  }
  const { rows } = await sql<{ key: string; count: number }>`
    select encode(substring(hashes from n * 6 + 1 for 6), 'hex') as key, count(*) as count
    from log_chunk, generate_series(0, length(hashes) / 6 - 1) n group by 1 order by 1`.execute(db)
  contents.keys = rows.map(({ key, count }) => `${key} ${count}`)
  return contents
}

const TABLES = ['mailbox_day', 'log_day', 'log_source', 'log_message', 'log_session']

/** Empties what ingestion wrote; people and mailboxes stay. */
export async function forgetAll(db: Db): Promise<void> {
  await sql`truncate mailbox_day, log_day, log_message, log_session, log_chunk, log_position, log_source restart identity cascade`.execute(
    db,
  )
}

/** The middle six of the counts; they are to add up to `lines`. */
export function sumOf(counts: IngestCounts): number {
  return (
    counts.signals +
    counts.supporting +
    counts.ignored +
    counts.unattributed +
    counts.excluded +
    counts.repeated
  )
}

export async function personDays(db: Db): Promise<string[]> {
  const { rows } = await sql<{ row: string }>`select distinct p.source_key || ' ' || d.day as row
    from person_day d join person p on p.id = d.person_id order by 1`.execute(db)
  return rows.map(({ row }) => row)
}
