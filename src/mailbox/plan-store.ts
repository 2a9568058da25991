/** Plans and their changes: sole writer of `plan`, `plan_change` and `plan_refusal`. */
import { type RawBuilder, sql } from 'kysely'
import { type Db, rowsOf, type Trx } from '../database/database.ts'
import { fence, type Run } from '../database/run.ts'
import type { Address, Day } from '../ids.ts'
import { decidingRule, type Eligibility, mustHaveMailbox } from '../roster/eligibility-store.ts'
import type { Change, ChangeKind, ChangeOutcome } from './connector.ts'
import type { Guard, PlanCounts } from './guard.ts'
import { postsOn, recordMailboxes } from './store.ts'

/** What a plan stands on besides the platform: it must still be so when the plan is applied. */
export async function groundOf(db: Db, settings: string): Promise<string> {
  const { rows } = await sql<{ revision: string }>`
    select coalesce(string_agg(name || ':' || revision, ',' order by name), '') as revision from roster_source`.execute(
    db,
  )
  return `${rows[0]?.revision ?? ''} ${settings}`
}

/** A new plan in the making; what was left of one that never was finished goes. */
export async function createPlan(
  db: Db,
  plan: { now: Date; day: Day; agency: string | null; ground: string },
): Promise<number> {
  await sql`delete from plan where state = 'making'`.execute(db)
  const { rows } = await sql<{ id: number }>`
    insert into plan (created_at, day, agency_code, state, ground)
    values (${plan.now}, ${plan.day}, ${plan.agency}, 'making', ${plan.ground}) returning id`.execute(db)
  return rows[0]?.id ?? 0
}

export async function dropPlan(db: Db, plan: number): Promise<void> {
  await sql`delete from plan where id = ${plan}`.execute(db)
}

export type Scope = { plan: number; platform: string; day: Day; agencies: readonly number[] | null }

function within({ agencies }: Scope, column: RawBuilder<unknown>): RawBuilder<unknown> {
  return agencies === null ? sql`true` : sql`${column} = any(${[...agencies]}::bigint[])`
}

/**
 * Mailboxes whose owner left, came back, or is called otherwise: changes to what is there. One that is gone from the
 * platform can't be changed, and is told of instead: a change to it would hold up every plan.
 */
export async function planExisting(db: Db, scope: Scope, quotaBytes: number): Promise<void> {
  const { plan, platform, day } = scope
  await sql`
    with post as ${postsOn(day)}, held as (
      select m.id, m.address, m.name, m.quota_bytes, m.state, h.person_id, p.full_name, post.agency_id,
        coalesce(post.serves, false) as serves,
        -- missing from the file of their agency, and perhaps on their way to another
        exists (select 1 from roster_holding w where w.person_id = h.person_id
          and ${day} between w.first_day and w.last_day) as waits,
        exists (select 1 from platform_entry e
          where e.platform = m.platform and e.address = m.address and e.kind = 'mailbox') as listed,
        (select s.reason from mailbox_state s where s.mailbox_id = m.id and s.last_day = 'infinity') as state_reason
      from mailbox m
      join mailbox_holder h on h.mailbox_id = m.id and h.last_day = 'infinity'
      join person p on p.id = h.person_id
      left join post on post.person_id = p.id
      where m.platform = ${platform} and m.kind = 'personal' and m.state <> 'removed' and ${within(scope, sql`post.agency_id`)}
    ), change as (
      select *, 'suspend' as kind, 'left' as reason from held
        where not serves and not waits and state in ('invited', 'active', 'locked')
      union all
      select *, 'resume', 'returned' from held where serves and state = 'suspended' and state_reason = 'left'
      union all
      select *, 'update', case when name <> full_name then 'renamed' else 'quota' end from held
      where serves and (state in ('invited', 'active', 'locked') or (state = 'suspended' and state_reason = 'left'))
        and (name <> full_name or quota_bytes <> ${quotaBytes})
    ), missing as (
      insert into plan_refusal (plan_id, person_id, reason)
      select ${plan}, person_id, 'mailbox_missing ' || min(address) from held
      where not listed and (serves or state in ('invited', 'active', 'locked')) group by person_id
    )
    insert into plan_change (plan_id, number, kind, token, platform, person_id, mailbox_id, agency_id, address, name, quota_bytes, reason)
    select ${plan}, row_number() over (order by kind, id), kind,
      md5(${plan} || ' ' || kind || ' ' || address), ${platform}, person_id, id, agency_id, address,
      case when kind = 'update' then full_name else name end,
      case when kind = 'update' then ${quotaBytes} else quota_bytes end, reason
    from change where listed`.execute(db)
}

export type Applicant = {
  id: number
  fullName: string
  searchKey: string
  staffId: string | null
  agencyId: number
  agencyCode: string
  /** The number of the rule by which they must have one, from 1; null: by their class. */
  rule: number | null
}

/**
 * People who must have a mailbox and hold none, after the given id, in the order they became known. `last` is where to
 * go on, null at the end.
 */
export async function applicants(
  db: Db,
  scope: Scope,
  eligibility: Eligibility,
  after: number,
): Promise<{ people: Applicant[]; last: number | null }> {
  const { platform, day } = scope
  const columns = { staffClass: sql`post.staff_class`, title: sql`post.title`, agency: sql`post.agency_id` }
  const { rows } = await sql<Applicant & { wanted: boolean }>`
    with page as (
      select p.id, p.full_name, p.search_key, p.staff_id from person p
      where p.id > ${after} and not exists (
        select 1 from mailbox_holder h join mailbox m on m.id = h.mailbox_id
        where h.person_id = p.id and h.last_day = 'infinity' and m.kind = 'personal' and m.state <> 'removed'
          and m.platform = ${platform})
      order by p.id limit 1000
    ), post as ${postsOn(day, sql`e.person_id in (select id from page)`)}
    select page.id, page.full_name as "fullName", page.search_key as "searchKey", page.staff_id as "staffId",
      post.agency_id as "agencyId", a.code as "agencyCode", ${decidingRule(eligibility, columns)} as rule,
      coalesce(post.serves and ${mustHaveMailbox(eligibility, columns)} and a.code is not null
        and ${within(scope, sql`post.agency_id`)}
        and not exists (select 1 from absence where person_id = page.id and ${day} between first_day and last_day), false) as wanted
    from page left join post on post.person_id = page.id
    left join agency_period a on a.agency_id = post.agency_id and ${day} between a.first_day and a.last_day
    order by page.id`.execute(db)
  return { people: rows.filter(row => row.wanted), last: rows.at(-1)?.id ?? null }
}

/** Those of the addresses that are taken: on the platform, by us now or ever, or earlier in this plan. */
export async function takenOf(
  db: Db,
  plan: number,
  platform: string,
  addresses: readonly Address[],
): Promise<Set<Address>> {
  const { rows } = await sql<{ address: Address }>`
    with asked as (select unnest(${[...addresses]}::text[]) as address)
    select address from asked where exists (
        select 1 from platform_entry e where e.platform = ${platform} and e.address = asked.address)
      or exists (select 1 from mailbox_address a where a.address = asked.address)
      or exists (select 1 from mailbox m where m.address = asked.address)
      or exists (select 1 from plan_change c where c.plan_id = ${plan} and c.kind = 'create' and c.address = asked.address)`.execute(
    db,
  )
  return new Set(rows.map(row => row.address))
}

/** Folded names that stand on a mailbox which is not ours: who bears one may already have a mailbox. */
export async function strangersNamed(
  db: Db,
  platform: string,
  searchKeys: readonly string[],
): Promise<Map<string, Address>> {
  const { rows } = await sql<{ key: string; address: Address }>`
    select e.search_key as key, min(e.address) as address from platform_entry e
    where e.platform = ${platform} and e.kind = 'mailbox' and e.search_key = any(${[...searchKeys]}::text[])
      and not exists (select 1 from mailbox m where m.platform = e.platform and m.address = e.address)
    group by e.search_key`.execute(db)
  return new Map(rows.map(row => [row.key, row.address]))
}

export type PlannedCreate = {
  person: number
  agency: number
  address: Address
  name: string
  quotaBytes: number
  /** `required`, or `ruled` and the document of the rule. */
  reason: string
}

export async function planCreates(
  db: Db,
  plan: number,
  platform: string,
  page: readonly PlannedCreate[],
): Promise<void> {
  const rows = page.map(each => ({ ...each, quota: each.quotaBytes }))
  await sql`
    insert into plan_change (plan_id, number, kind, token, platform, person_id, agency_id, address, name, quota_bytes, reason)
    select ${plan}, (select coalesce(max(number), 0) from plan_change where plan_id = ${plan}) + row_number() over (order by t.person),
      'create', md5(${plan} || ' create ' || t.address || ' ' || t.person), ${platform}, t.person, t.agency, t.address, t.name, t.quota, t.reason
    from json_to_recordset(${rowsOf(rows)}::json)
      as t(person bigint, agency bigint, address text, name text, quota bigint, reason text)`.execute(db)
}

export async function planRefusals(
  db: Db,
  plan: number,
  page: readonly { person: number; reason: string }[],
): Promise<void> {
  await sql`
    insert into plan_refusal (plan_id, person_id, reason)
    select ${plan}, person, reason from json_to_recordset(${rowsOf(page)}::json) as t(person bigint, reason text)`.execute(
    db,
  )
}

export type KindCounts = Record<ChangeKind, number>

export async function kindCounts(db: Db, plan: number): Promise<KindCounts> {
  const { rows } = await sql<{ kind: ChangeKind; count: number }>`
    select kind, count(*) as count from plan_change where plan_id = ${plan} group by kind`.execute(db)
  const counts: KindCounts = { create: 0, update: 0, rename: 0, suspend: 0, resume: 0, remove: 0 }
  for (const { kind, count } of rows) counts[kind] = count
  return counts
}

/** Suspensions and removals against the mailboxes in use, in all and per agency that loses any. */
export async function guardCounts(db: Db, plan: number, platform: string, day: Day): Promise<PlanCounts> {
  const totals = await sql<{ suspend: number; remove: number; mailboxes: number }>`
    select (select count(*) from plan_change where plan_id = ${plan} and kind = 'suspend') as suspend,
      (select count(*) from plan_change where plan_id = ${plan} and kind = 'remove') as remove,
      (select count(*) from mailbox where platform = ${platform} and kind = 'personal' and state in ('invited', 'active', 'locked')) as mailboxes`.execute(
    db,
  )
  const { rows } = await sql<{ code: string; suspend: number; mailboxes: number }>`
    with post as ${postsOn(day)}, losing as (
      select agency_id, count(*) as suspend from plan_change
      where plan_id = ${plan} and kind = 'suspend' and agency_id is not null group by agency_id
    )
    select (select code from agency_period a where a.agency_id = losing.agency_id order by first_day desc limit 1) as code,
      losing.suspend, (
        select count(*) from mailbox m join mailbox_holder h on h.mailbox_id = m.id and h.last_day = 'infinity'
        join post on post.person_id = h.person_id and post.agency_id = losing.agency_id
        where m.platform = ${platform} and m.kind = 'personal' and m.state in ('invited', 'active', 'locked')) as mailboxes
    from losing`.execute(db)
  return { ...(totals.rows[0] ?? { suspend: 0, remove: 0, mailboxes: 0 }), agencies: rows }
}

/** A digest of exactly what the plan would do, whatever its number. */
export async function digestOf(db: Db, plan: number): Promise<string> {
  const { rows } = await sql<{ digest: string }>`
    select md5(coalesce(string_agg(md5(concat_ws(chr(31), kind, platform, address, to_address, name, quota_bytes, person_id, reason)), ''
      order by kind, address), '')) as digest
    from plan_change where plan_id = ${plan}`.execute(db)
  return rows[0]?.digest ?? ''
}

/** The open plan that is on top, if any. */
export async function newestPlan(
  db: Db,
): Promise<{ id: number; digest: string; ground: string; state: string } | null> {
  const { rows } = await sql<{ id: number; digest: string; ground: string; state: string }>`
    select id, digest, ground, state from plan where state in ('open', 'refused', 'applying') order by id desc limit 1`.execute(
    db,
  )
  return rows[0] ?? null
}

/** Makes the plan the one that counts; what older ones still held is dropped. */
export async function publishPlan(trx: Trx, plan: number, digest: string, guard: Guard): Promise<void> {
  // a plan is written and used at once; without this its changes are sought as if they were a handful
  await sql`analyze plan_change`.execute(trx)
  await sql`update plan_change set state = 'dropped' where state in ('planned', 'failed') and plan_id in
    (select id from plan where id < ${plan} and state in ('open', 'refused', 'applying'))`.execute(trx)
  await sql`update plan set state = 'superseded' where id < ${plan} and state in ('open', 'refused', 'applying')`.execute(
    trx,
  )
  await sql`delete from plan where state = 'making' and id <> ${plan}`.execute(trx)
  await sql`update plan set state = ${guard.ok ? 'open' : 'refused'}, digest = ${digest},
    guard = ${JSON.stringify(guard)}::jsonb where id = ${plan}`.execute(trx)
}

export type PlanRow = {
  id: number
  state: 'making' | 'open' | 'refused' | 'applying' | 'applied' | 'superseded'
  digest: string
  ground: string
  guard: Guard
  day: Day
}

/** The plan of a number, or the newest one that still counts. */
export async function findPlan(db: Db, plan: number | null): Promise<PlanRow | null> {
  const { rows } = await sql<PlanRow>`
    select id, state, digest, ground, guard, day from plan
    where ${plan === null ? sql`state not in ('making', 'superseded')` : sql`id = ${plan} and state <> 'making'`}
    order by id desc limit 1`.execute(db)
  return rows[0] ?? null
}

export async function refusalsOf(db: Db, plan: number): Promise<{ person: string; reason: string }[]> {
  const { rows } = await sql<{ person: string; reason: string }>`
    select coalesce(p.staff_id, '#' || p.id) as person, r.reason from plan_refusal r
    join person p on p.id = r.person_id where r.plan_id = ${plan} order by p.sort_key, p.id`.execute(db)
  return rows
}

export type ChangeRow = {
  plan: number
  number: number
  kind: ChangeKind
  token: string
  address: Address
  toAddress: Address | null
  name: string
  quotaBytes: number
}

const changeColumns = sql`plan_id as plan, number, kind, token, address, to_address as "toAddress", name, quota_bytes as "quotaBytes"`

export function toChange(row: ChangeRow): Change {
  const { kind, token, address, name, quotaBytes } = row
  switch (kind) {
    case 'create':
    case 'update':
      return { kind, token, address, name, quotaBytes }
    case 'rename':
      return { kind, token, address, to: row.toAddress ?? address }
    case 'suspend':
    case 'resume':
    case 'remove':
      return { kind, token, address }
  }
}

/** Changes whose fate is unknown: the process ended between telling the platform and noting the answer. */
export async function startedChanges(db: Db, limit: number): Promise<ChangeRow[]> {
  const { rows } = await sql<ChangeRow>`
    select ${changeColumns} from plan_change where state = 'started' order by plan_id, number limit ${limit}`.execute(
    db,
  )
  return rows
}

/** The next changes still to be done, after a number. Failed ones come again only where that was temporary. */
export async function openChanges(db: Db, plan: number, after: number, limit: number): Promise<ChangeRow[]> {
  const { rows } = await sql<ChangeRow>`
    select ${changeColumns} from plan_change
    where plan_id = ${plan} and number > ${after} and (state = 'planned' or (state = 'failed' and temporary))
    order by number limit ${limit}`.execute(db)
  return rows
}

export async function setPlanState(db: Db, plan: number, state: PlanRow['state']): Promise<void> {
  await sql`update plan set state = ${state} where id = ${plan} and state <> ${state}`.execute(db)
}

/** A plan all of whose changes are done or failed for good is applied, whichever run did the last of them. */
export async function closePlans(db: Db): Promise<void> {
  await sql`update plan set state = 'applied' where state = 'applying' and not exists (
    select 1 from plan_change c where c.plan_id = plan.id
      and (c.state in ('planned', 'started') or (c.state = 'failed' and c.temporary)))`.execute(db)
}

/** Notes that the platform is about to be told; from here on the fate of these must be asked of it. */
export async function markStarted(db: Db, run: Run, plan: number, numbers: readonly number[]): Promise<void> {
  await db.transaction().execute(async trx => {
    await fence(trx, run)
    await sql`update plan_change set state = 'started', tries = tries + 1
      where plan_id = ${plan} and number = any(${[...numbers]}::int[])`.execute(trx)
  })
}

export async function markPlanned(db: Db, plan: number, numbers: readonly number[]): Promise<void> {
  await sql`update plan_change set state = 'planned'
    where plan_id = ${plan} and number = any(${[...numbers]}::int[]) and state = 'started'`.execute(db)
}

/** Notes what became of changes and what follows from it for mailboxes, in one transaction of a run that still is. */
export async function recordOutcomes(
  db: Db,
  plan: number,
  outcomes: readonly { number: number; outcome: ChangeOutcome }[],
  when: { run: Run; now: Date; day: Day },
): Promise<void> {
  const rows = outcomes.map(({ number, outcome }) => ({
    number,
    state: outcome.outcome,
    code: outcome.outcome === 'failed' ? outcome.code : null,
    error: outcome.outcome === 'failed' ? outcome.reason : null,
    temporary: outcome.outcome === 'failed' ? outcome.temporary : null,
  }))
  await db.transaction().execute(async trx => {
    await fence(trx, when.run)
    await sql`
      update plan_change c set state = t.state, error_code = t.code, error = t.error, temporary = t.temporary,
        finished_at = ${when.now}
      from json_to_recordset(${rowsOf(rows)}::json) as t(number integer, state text, code text, error text, temporary boolean)
      where c.plan_id = ${plan} and c.number = t.number`.execute(trx)
    const numbers = rows.filter(row => row.state !== 'failed').map(row => row.number)
    if (numbers.length > 0) await recordMailboxes(trx, plan, numbers, when.day)
  })
}

export type ChangeCounts = { done: number; already: number; failed: number; open: number }

export async function changeCounts(db: Db, plan: number): Promise<ChangeCounts> {
  const { rows } = await sql<ChangeCounts>`
    select count(*) filter (where state = 'done') as done, count(*) filter (where state = 'already') as already,
      count(*) filter (where state = 'failed') as failed,
      count(*) filter (where state in ('planned', 'started') or (state = 'failed' and temporary)) as open
    from plan_change where plan_id = ${plan}`.execute(db)
  return rows[0] ?? { done: 0, already: 0, failed: 0, open: 0 }
}

export type Failure = { change: ChangeKind; address: Address; reason: string; temporary: boolean }

export async function failuresOf(db: Db, plan: number): Promise<Failure[]> {
  const { rows } = await sql<Failure>`
    select kind as change, address, coalesce(error, 'broken off') as reason, coalesce(temporary, true) as temporary
    from plan_change where plan_id = ${plan} and state in ('failed', 'started', 'planned') order by number`.execute(
    db,
  )
  return rows
}

export type ShownChange = { kind: ChangeKind; address: Address; name: string; person: string; reason: string }

/** The first changes of a plan, for a person to look at. */
export async function shownChanges(db: Db, plan: number, limit: number): Promise<ShownChange[]> {
  const { rows } = await sql<ShownChange>`
    select c.kind, c.address, c.name, coalesce(p.staff_id, '#' || p.id, '') as person, c.reason
    from plan_change c left join person p on p.id = c.person_id
    where c.plan_id = ${plan} order by c.number limit ${limit}`.execute(db)
  return rows
}
