/** What the page of sources reads: how far each log, roster source and platform is known. Nothing is written here. */
import { sql } from 'kysely'
import type { Db } from '../database/database.ts'
import type { Day } from '../ids.ts'

export type LogKnown = {
  name: string
  lastAt: Date | null
  firstDay: Day | null
  /** null: not tried whether a master's sign-ins can be told from the people's own. */
  separable: boolean | null
  /** Days from `since` on that have lines. */
  days: { day: Day; lines: number }[]
}

export async function logsKnown(db: Db, since: Day): Promise<LogKnown[]> {
  const { rows } = await sql<LogKnown>`
    select s.name, s.last_at as "lastAt", s.separable,
      (select min(day) from log_day d where d.source_id = s.id) as "firstDay",
      coalesce((select jsonb_agg(jsonb_build_object('day', d.day, 'lines', d.lines) order by d.day)
        from log_day d where d.source_id = s.id and d.day >= ${since}), '[]') as days
    from log_source s where s.kind = 'log' order by s.name collate "C"`.execute(db)
  return rows
}

export type EndedRun = {
  id: number
  kind: string
  subject: string
  state: string
  startedAt: Date
  finishedAt: Date | null
  code: string | null
  message: string
}

/** The newest ended run of each kind and subject. */
export async function endedRuns(db: Db): Promise<EndedRun[]> {
  const { rows } = await sql<EndedRun>`
    select distinct on (kind, subject) id, kind, subject, state, started_at as "startedAt", finished_at as "finishedAt",
      result -> 'error' ->> 'code' as code, message
    from run where not dry_run and state <> 'running' order by kind, subject, started_at desc, id desc`.execute(
    db,
  )
  return rows
}

export type RosterKnown = {
  name: string
  firstCompleteDay: Day | null
  lastCompleteAt: Date | null
  lastSaidAt: Date | null
  people: number
}

export async function rosterKnown(db: Db): Promise<RosterKnown[]> {
  const { rows } = await sql<RosterKnown>`
    select s.name, s.first_complete_day as "firstCompleteDay", s.last_complete_at as "lastCompleteAt",
      s.last_said_at as "lastSaidAt",
      (select count(distinct e.person_id) from person p join employment e on e.person_id = p.id and e.last_day = 'infinity'
        where p.source = s.name) as people
    from roster_source s order by s.name collate "C"`.execute(db)
  return rows
}

export type PlatformKnown = {
  name: string
  mailboxes: number
  aliases: number
  ours: number
  suspended: number
}

export async function platformsKnown(db: Db): Promise<PlatformKnown[]> {
  const { rows } = await sql<PlatformKnown>`
    select e.platform as name, count(*) filter (where e.kind = 'mailbox') as mailboxes,
      count(*) filter (where e.kind = 'alias') as aliases, count(m.id) filter (where e.kind = 'mailbox') as ours,
      count(m.id) filter (where e.kind = 'mailbox' and m.state = 'suspended') as suspended
    from platform_entry e left join mailbox m on m.platform = e.platform and m.address = e.address
    group by e.platform order by e.platform collate "C"`.execute(db)
  return rows
}

/** When the platform was last listed to its end, which is what making a plan begins with; and how the last try went. */
export async function lastListing(db: Db): Promise<{ at: Date | null; last: EndedRun | null }> {
  const making = sql`kind = 'mailbox' and (result ->> 'work' = 'plan' or result ? 'changes')`
  const { rows: good } = await sql<{ at: Date }>`
    select finished_at as at from run where ${making} and state in ('done', 'refused') order by id desc limit 1`.execute(
    db,
  )
  const { rows } = await sql<EndedRun>`
    select id, kind, subject, state, started_at as "startedAt", finished_at as "finishedAt",
      result -> 'error' ->> 'code' as code, message
    from run where ${making} and state <> 'running' order by id desc limit 1`.execute(db)
  return { at: good[0]?.at ?? null, last: rows[0] ?? null }
}

export type SweepKnown = {
  reached: number
  unreached: number
  sweptAt: Date | null
  reasons: { reason: string; count: number }[]
}

export async function sweepKnown(db: Db): Promise<SweepKnown> {
  const { rows } = await sql<SweepKnown>`
    select count(*) filter (where reached) as reached, count(*) filter (where not reached) as unreached,
      max(swept_at) as "sweptAt",
      coalesce((select jsonb_agg(jsonb_build_object('reason', reason, 'count', count) order by count desc, reason)
        from (select reason, count(*) as count from mailbox_sweep where not reached group by reason) r), '[]') as reasons
    from mailbox_sweep`.execute(db)
  return rows[0] ?? { reached: 0, unreached: 0, sweptAt: null, reasons: [] }
}

/** When nights were missed, since an instant. */
export async function missedNights(db: Db, since: Date): Promise<Date[]> {
  const { rows } = await sql<{ at: Date }>`
    select started_at as at from run where kind = 'nightly' and state = 'missed' and started_at >= ${since}
    order by started_at desc`.execute(db)
  return rows.map(row => row.at)
}
