/** What stands in the databases: read for comparing, never through the product. */
import pg from 'pg'
import { seeded } from './calendar.ts'

/** Rows of a statement; connects anew each time, so that a database can be copied in between. */
export async function rowsOf<Row extends pg.QueryResultRow>(
  url: string,
  text: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  await client.connect()
  try {
    return (await client.query<Row>(text, values)).rows
  } finally {
    await client.end()
  }
}

/** An empty database sorted as a Vietnamese dictionary is, as a province's administrator may well have it. */
export async function createVietnamese(server: string, name: string): Promise<string> {
  const how = "template template0 encoding 'UTF8' locale_provider icu icu_locale 'vi-VN'"
  await rowsOf(server, `create database ${name} ${how}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  return url.href
}

/** Where a run may write though nothing has changed: what ran and by whom, how far it read, when it was last complete. */
const OF_RUNS = ['run', 'roster_rejection', 'log_position', 'audit', 'audit_head', 'audit_pseudonym']
const LAST_READ = ['last_complete_at', 'last_said_at', 'last_full_at']

/** What reading remembers of unfinished letters and sessions; it may forget some at the end of any file. */
const MEMORY = ['log_message', 'log_session']

/** Every row of every table with the transaction that wrote it, in an order of its own. */
export async function contentsOf(url: string): Promise<Map<string, string[]>> {
  const tables = await rowsOf<{ name: string }>(
    url,
    `select tablename as name from pg_tables where schemaname = 'public' order by 1`,
  )
  const contents = new Map<string, string[]>()
  for (const { name } of tables) {
    if (OF_RUNS.includes(name)) continue
    const rows = await rowsOf<{ row: string }>(
      url,
      `select (to_jsonb(t) - $1::text[])::text || case when $2 then '' else ' written by ' || xmin::text end as row
        from "${name}" t order by 1`,
      [LAST_READ, name === 'roster_source'],
    )
    contents.set(
      name,
      rows.map(({ row }) => row),
    )
  }
  return contents
}

/** What differs between two readings, a few rows of each table. */
export function differences(
  before: ReadonlyMap<string, string[]>,
  after: ReadonlyMap<string, string[]>,
): string[] {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap(name => {
    const [old, now] = [new Set(before.get(name)), new Set(after.get(name))]
    const gone = MEMORY.includes(name)
      ? []
      : [...old].filter(row => !now.has(row)).map(row => `${name} lost ${row}`)
    const come = [...now].filter(row => !old.has(row)).map(row => `${name} got ${row}`)
    return [...gone.slice(0, 3), ...come.slice(0, 3)]
  })
}

export type DayRow = {
  staffId: string
  day: string
  signIns: number
  sends: number
  recipients: number
  hands: number
}

/** The view of person-days, summed over addresses and sources. */
export function personDays(url: string): Promise<DayRow[]> {
  return rowsOf<DayRow>(
    url,
    `select staff_id as "staffId", day::text as day, sum(sign_ins)::int as "signIns", sum(sends)::int as sends,
      sum(recipients)::int as recipients, sum(hands)::int as hands
    from person_day join person on person.id = person_day.person_id group by 1, 2 order by 1, 2`,
  )
}

/** All use by address, day and source, whoever it was. */
export async function mailboxDays(url: string): Promise<string[]> {
  const rows = await rowsOf<{ row: string }>(
    url,
    `select concat_ws(' ', address, day, s.name, sign_ins, sends, recipients, hands, extract(epoch from first_at),
      extract(epoch from d.last_at)) as row from mailbox_day d join log_source s on s.id = source_id order by 1`,
  )
  return rows.map(({ row }) => row)
}

/** How many lines of a source were saved. */
export async function savedLines(url: string, source: string): Promise<number> {
  const [row] = await rowsOf<{ lines: number }>(
    url,
    `select coalesce(sum(line_count), 0)::int as lines from log_chunk join log_source s on s.id = source_id where s.name = $1`,
    [source],
  )
  return row?.lines ?? 0
}

export function shuffled<T>(list: readonly T[], seed: number): T[] {
  const random = seeded(seed)
  return list
    .map(each => [random(), each] as const)
    .sort(([a], [b]) => a - b)
    .map(([, each]) => each)
}
