/** The mailbox tables, and the only place that writes them. */
import { type RawBuilder, sql } from 'kysely'
import { type Db, rowsOf, type Trx } from '../database/database.ts'
import { type Address, addDays, type Day } from '../ids.ts'
import { shownState } from './activation-store.ts'
import type { AgencyNode, ListedEntry } from './plan.ts'

/** Who holds the personal mailboxes of these addresses now. */
export async function addressHolders(
  db: Db,
  addresses: readonly string[],
): Promise<{ address: string; person: number }[]> {
  const { rows } = await sql<{ address: string; person: number }>`
    select a.address, h.person_id as person from mailbox_address a
    join mailbox m on m.id = a.mailbox_id and m.kind = 'personal'
    join mailbox_holder h on h.mailbox_id = m.id and h.last_day = 'infinity'
    where a.last_day = 'infinity' and a.address in (select json_array_elements_text(${JSON.stringify(addresses)}::json))`.execute(
    db,
  )
  return rows
}

// what the platform has ---------------------------------------------------------------------------------------------

/** What listings that were broken off have left. */
export async function dropListings(db: Db, platform: string): Promise<void> {
  await sql`delete from platform_listed where platform = ${platform}`.execute(db)
}

export async function stageListing(
  db: Db,
  run: number,
  platform: string,
  page: readonly ListedEntry[],
): Promise<void> {
  const rows = page.map(({ searchKey, ...entry }) => ({ ...entry, search_key: searchKey }))
  await sql`
    insert into platform_listed (run_id, platform, address, kind, name, search_key, suspended, targets)
    select ${run}, ${platform}, address, kind, name, search_key, suspended, targets
    from json_to_recordset(${rowsOf(rows)}::json)
      as t(address text, kind text, name text, search_key text, suspended boolean, targets text[])
    on conflict do nothing`.execute(db)
}

/** Replaces what was known of the platform by a complete listing, touching only what differs. */
export async function saveListing(trx: Trx, run: number, platform: string, day: Day): Promise<void> {
  await sql`
    delete from platform_entry e where e.platform = ${platform} and not exists (
      select 1 from platform_listed l where l.run_id = ${run} and l.address = e.address)`.execute(trx)
  await sql`
    insert into platform_entry (platform, address, kind, name, search_key, suspended, targets)
    select platform, address, kind, name, search_key, suspended, targets from platform_listed where run_id = ${run}
    on conflict (platform, address) do update set kind = excluded.kind, name = excluded.name,
      search_key = excluded.search_key, suspended = excluded.suspended, targets = excluded.targets
    where (platform_entry.kind, platform_entry.name, platform_entry.search_key, platform_entry.suspended, platform_entry.targets)
      is distinct from (excluded.kind, excluded.name, excluded.search_key, excluded.suspended, excluded.targets)`.execute(
    trx,
  )
  await sql`delete from platform_listed where run_id = ${run}`.execute(trx)
  await saveAliases(trx, platform, day)
  // a first apply fills these in minutes; without this the next plan seeks in them as if they were empty
  for (const table of ['platform_entry', 'mailbox', 'mailbox_state', 'mailbox_address', 'mailbox_holder']) {
    await sql`analyze ${sql.table(table)}`.execute(trx)
  }
}

/** An alias that leads to one of our mailboxes alone is that mailbox's; one that leads to several is nobody's. */
async function saveAliases(trx: Trx, platform: string, day: Day): Promise<void> {
  const ours = sql`(
    select e.address, m.id as mailbox_id from platform_entry e
    join mailbox m on m.platform = e.platform and m.address = lower(e.targets[1])
    where e.platform = ${platform} and e.kind = 'alias' and cardinality(e.targets) = 1)`
  await sql`
    update mailbox_address a set last_day = ${addDays(day, -1)}
    from mailbox m where m.id = a.mailbox_id and m.platform = ${platform} and a.kind = 'alias' and a.last_day = 'infinity'
      and a.first_day < ${day} and not exists (
        select 1 from ${ours} o where o.address = a.address and o.mailbox_id = a.mailbox_id)`.execute(trx)
  await sql`
    insert into mailbox_address (address, mailbox_id, kind, first_day)
    select o.address, o.mailbox_id, 'alias',
      case when exists (select 1 from mailbox_address a where a.address = o.address) then ${day}::date else '-infinity'::date end
    from ${ours} o
    where not exists (select 1 from mailbox_address a where a.address = o.address and a.last_day = 'infinity')
    on conflict do nothing`.execute(trx)
}

export async function agencyTree(db: Db, day: Day): Promise<AgencyNode[]> {
  const { rows } = await sql<AgencyNode>`
    select agency_id as id, code, parent_id as parent, sector from agency_period
    where ${day} between first_day and last_day order by agency_id`.execute(db)
  return rows
}

/**
 * The agency each person (of those asked for) is counted at, that day or last before it: an agency in force, primary
 * post, earliest start, then code; as the figures count.
 */
export function postsOn(day: Day, people: RawBuilder<unknown> = sql`true`): RawBuilder<unknown> {
  return sql`(
    select distinct on (e.person_id) e.person_id, e.agency_id, e.staff_class, e.title, ${day} between e.first_day and e.last_day as serves
    from employment e left join agency_period a on a.agency_id = e.agency_id and ${day} between a.first_day and a.last_day
    where e.first_day <= ${day} and ${people}
    order by e.person_id, (${day} between e.first_day and e.last_day) desc,
      case when ${day} between e.first_day and e.last_day then a.code is null end,
      case when ${day} between e.first_day and e.last_day then null else e.last_day end desc nulls last,
      e.is_primary desc, e.first_day, a.code collate "C", e.id)`
}

export async function recordMailboxes(
  trx: Trx,
  plan: number,
  numbers: readonly number[],
  day: Day,
): Promise<void> {
  const done = sql`(select * from plan_change where plan_id = ${plan} and number = any(${[...numbers]}::int[]))`
  await sql`
    with created as materialized (
      select number, platform, address, name, quota_bytes, person_id from ${done} c where kind = 'create'
    ), made as (
      insert into mailbox (platform, address, name, quota_bytes, state)
      select platform, address, name, quota_bytes, 'active' from created order by number
      on conflict (platform, address) do nothing returning id, address
    ), state as (
      insert into mailbox_state (mailbox_id, first_day, state, reason) select id, ${day}, 'active', 'created' from made
    ), addresses as (
      insert into mailbox_address (address, mailbox_id, kind, first_day) select address, id, 'primary', ${day} from made
    )
    insert into mailbox_holder (mailbox_id, person_id, first_day)
    select made.id, created.person_id, ${day} from made join created using (address)`.execute(trx)
  await sql`
    update plan_change c set mailbox_id = m.id from mailbox m
    where c.plan_id = ${plan} and c.number = any(${[...numbers]}::int[]) and c.mailbox_id is null
      and m.platform = c.platform and m.address = c.address`.execute(trx)
  await sql`
    update mailbox m set name = c.name, quota_bytes = c.quota_bytes from ${done} c
    where c.kind = 'update' and m.id = c.mailbox_id`.execute(trx)
  await recordEntries(trx, done)
  await changeState(
    trx,
    sql`(select mailbox_id, 'suspended' as state, reason from ${done} c where kind = 'suspend'
    union all select mailbox_id, 'active', reason from ${done} c where kind = 'resume')`,
    day,
  )
}

/** What the next listing will show of changes that are done, so that it finds nothing to write. */
async function recordEntries(trx: Trx, done: RawBuilder<unknown>): Promise<void> {
  await sql`
    insert into platform_entry (platform, address, kind, name, search_key, suspended)
    select c.platform, c.address, 'mailbox', c.name, p.search_key, false
    from ${done} c join person p on p.id = c.person_id where c.kind = 'create'
    on conflict do nothing`.execute(trx)
  await sql`
    update platform_entry e set name = c.name, search_key = p.search_key
    from ${done} c join person p on p.id = c.person_id
    where c.kind = 'update' and e.platform = c.platform and e.address = c.address and e.kind = 'mailbox'`.execute(
    trx,
  )
  await sql`
    update platform_entry e set suspended = c.kind = 'suspend' from ${done} c
    where c.kind in ('suspend', 'resume') and e.platform = c.platform and e.address = c.address`.execute(trx)
}

async function changeState(trx: Trx, changes: RawBuilder<unknown>, day: Day): Promise<void> {
  await sql`update mailbox m set state = c.state from ${changes} c where m.id = c.mailbox_id`.execute(trx)
  await sql`delete from mailbox_state s using ${changes} c
    where s.mailbox_id = c.mailbox_id and s.first_day = ${day}`.execute(trx)
  await sql`update mailbox_state s set last_day = ${addDays(day, -1)} from ${changes} c
    where s.mailbox_id = c.mailbox_id and s.last_day >= ${day}`.execute(trx)
  await sql`insert into mailbox_state (mailbox_id, first_day, state, reason)
    select mailbox_id, ${day}, state, reason from ${changes} c`.execute(trx)
}

// reading -----------------------------------------------------------------------------------------------------------

export type MailboxRow = {
  id: number
  address: Address
  person: string | null
  agency: string | null
  state: string
  aliases: Address[]
}

/** Mailboxes in the order of their id, in pages; `agencies` limits to their holders' agencies. */
export async function* mailboxes(
  db: Db,
  { day, now }: { day: Day; now: Date },
  agencies: readonly number[] | null,
): AsyncGenerator<MailboxRow[]> {
  let after = 0
  while (true) {
    const { rows } = await sql<MailboxRow & { agencyId: number | null }>`
      with page as (
        select m.id, m.address, ${shownState(now)} as state, h.person_id from mailbox m
        left join mailbox_holder h on h.mailbox_id = m.id and h.last_day = 'infinity'
        where m.id > ${after} order by m.id limit 1000
      ), post as ${postsOn(day, sql`e.person_id in (select person_id from page)`)}
      select page.id, page.address, coalesce(p.staff_id, '#' || p.id) as person, page.state,
        (select code from agency_period a where a.agency_id = post.agency_id order by first_day desc limit 1) as agency,
        array(select a.address from mailbox_address a where a.mailbox_id = page.id and a.kind = 'alias'
          and a.last_day = 'infinity' order by a.address) as aliases,
        post.agency_id as "agencyId"
      from page left join person p on p.id = page.person_id
      left join post on post.person_id = page.person_id
      order by page.id`.execute(db)
    if (rows.length === 0) return
    after = rows.at(-1)?.id ?? after
    const wanted = rows.filter(
      row => agencies === null || (row.agencyId !== null && agencies.includes(row.agencyId)),
    )
    yield wanted.map(({ agencyId: _, ...row }) => row)
  }
}

/** The addresses of the personal mailboxes people hold, by person; who holds none is left out. */
export async function addressesHeld(db: Db, people: readonly number[]): Promise<Map<number, string[]>> {
  const { rows } = await sql<{ person: number; addresses: string[] }>`
    select h.person_id as person, array_agg(m.address order by m.id) as addresses
    from mailbox_holder h join mailbox m on m.id = h.mailbox_id
    where h.person_id = any(${[...people]}::bigint[]) and h.last_day = 'infinity' and m.kind = 'personal'
      and m.state <> 'removed'
    group by h.person_id`.execute(db)
  return new Map(rows.map(row => [row.person, row.addresses]))
}

/** Addresses of mailboxes by their ids. */
export async function addressesById(db: Db, ids: readonly number[]): Promise<Map<number, string>> {
  const { rows } = await sql<{ id: number; address: string }>`
    select id, address from mailbox where id = any(${[...ids]})`.execute(db)
  return new Map(rows.map(row => [row.id, row.address]))
}
