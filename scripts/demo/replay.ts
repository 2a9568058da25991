/** The history of the province, replayed through the steps that run every night, each with the clock of its day. */
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { ingestSettings, logSources } from '../../src/activity/command.ts'
import { readNew } from '../../src/activity/follow.ts'
import { Ingestion } from '../../src/activity/ingest.ts'
import { openLogFile, splitLines } from '../../src/activity/lines.ts'
import { figuresRequest } from '../../src/adoption/command.ts'
import { keepFigures } from '../../src/adoption/report.ts'
import type { CommandContext } from '../../src/command.ts'
import { userPath } from '../../src/config.ts'
import { addDays, type Day, daysBetween, parseDay } from '../../src/ids.ts'
import { withPlatform } from '../../src/mailbox/command.ts'
import { applyPlan } from '../../src/mailbox/provisioner.ts'
import { makePlan } from '../../src/mailbox/reconcile.ts'
import { syncAll } from '../../src/roster/command.ts'
import type { Resident } from './mail-log.ts'
import { workOfDay } from './office.ts'
import { offsetOf, ownAddresses, type Practice } from './practice.ts'

export type Say = (line: string) => void

/** When in the night of a day its steps run. */
const NIGHT = 'T01:30:00+07:00'
/** Whoever came after this day, from the first start, waits for a person's approval, so that there is something to approve. */
const APPROVED_UNTIL = -20

/** Reads each roster on its day, and makes and applies the plan that follows from it, but for the newest. */
export async function replayRosters(
  context: CommandContext,
  practice: Practice,
  { days, say }: { days: readonly Day[]; say: Say },
): Promise<void> {
  for (const [i, day] of days.entries()) {
    context.signal.throwIfAborted()
    const then = onDay(context, day)
    await syncAll(then, { source: null, dryRun: false, force: false })
    await withPlatform(then, async mailbox => {
      const { plan } = await makePlan(mailbox, null)
      const isApproved = offsetOf(practice, day) <= APPROVED_UNTIL
      if (plan !== null && isApproved) await applyPlan(mailbox, plan, { force: false })
    })
    await workOfDay(then, practice, day)
    say(`danh sách cán bộ ngày ${shown(day)} (${i + 1}/${days.length})`)
  }
  await settleClocks(context)
}

function onDay(context: CommandContext, day: Day): CommandContext {
  const begun = performance.now()
  const at = new Date(`${day}${NIGHT}`).getTime()
  return { ...context, now: () => new Date(at + performance.now() - begun) }
}

/** Runs of the history ended on the day they began, not now. */
async function settleClocks({ database, now }: CommandContext): Promise<void> {
  await sql`update run set finished_at = started_at + (finished_at - heartbeat_at) + interval '2 seconds',
      heartbeat_at = started_at
    where started_at < ${now()}::timestamptz - interval '12 hours' and finished_at is not null`.execute(
    database.db,
  )
}

/** So many days go by from the making of a mailbox to its first use: time to activate it by hand. */
const SETTLING_DAYS = 7

/** Who holds which mailbox since when: what its people know themselves. */
export async function residentsOf({ database }: CommandContext, practice: Practice): Promise<Resident[]> {
  const { rows } = await sql<{ staff_id: string; address: string; first_day: string }>`
    select p.staff_id, m.address, h.first_day from mailbox_holder h
    join mailbox m on m.id = h.mailbox_id join person p on p.id = h.person_id
    where h.last_day = 'infinity' order by m.id`.execute(database.db)
  const own = ownAddresses(practice)
  const people = new Map(practice.people.map(person => [person.staffId, person]))
  return rows.flatMap(row => {
    const [person, day] = [people.get(row.staff_id), parseDay(row.first_day)]
    if (!person || !day) return []
    const since = offsetOf(practice, day) + SETTLING_DAYS
    return [{ person, address: row.address, since, isOwn: own.has(row.address) }]
  })
}

/** Reads the current file of each log, to be followed from there on. */
export async function readCurrent(context: CommandContext): Promise<void> {
  const { config, database, signal } = context
  for (const source of logSources(config)) {
    const settings = await ingestSettings(context, source.name)
    const { maxLineBytes } = config.activity
    await readNew(database.db, settings, { path: userPath(source.path), maxLineBytes, signal })
  }
}

/** Reads rotated files, each into the source whose name its own begins with; `rest` is waited for now and then. */
export async function readRotated(
  context: CommandContext,
  paths: readonly string[],
  rest: Rest = atOnce,
): Promise<void> {
  const { config, database, signal } = context
  for (const path of paths) {
    const source = logSources(config).find(each => path.startsWith(userPath(each.path)))
    if (!source) continue
    const ingestion = new Ingestion(database.db, await ingestSettings(context, source.name))
    const { chunks, writtenAt } = openLogFile(path, signal)
    ingestion.begin(writtenAt)
    for await (const lines of splitLines(chunks, 0, config.activity.maxLineBytes)) {
      await ingestion.take(lines)
      await rest(signal)
    }
    await ingestion.end()
  }
}

/** Waits a little between two steps, so that whoever looks at a page meanwhile is served. */
export type Rest = (signal: AbortSignal) => Promise<void>

/** Lets only what waits already have its turn: the embedded database works without ever giving the process free. */
export const atOnce: Rest = async signal => {
  await setImmediate()
  signal.throwIfAborted()
}

/** Rests as long as the step before took, up to a limit: half of the time is for those who look. */
export function restingAsLong(): Rest {
  let last = performance.now()
  return async signal => {
    await sleep(Math.min(MOST_REST_MS, performance.now() - last))
    last = performance.now()
    signal.throwIfAborted()
  }
}

const MOST_REST_MS = 400

/** Counts and keeps the figures of days, one after the other. */
export async function countDays(
  context: CommandContext,
  days: readonly Day[],
  { say = () => {}, rest = atOnce }: { say?: Say; rest?: Rest } = {},
): Promise<void> {
  for (const [i, day] of days.entries()) {
    await rest(context.signal)
    await keepFigures(context.database.db, await figuresRequest(context, day))
    say(`số liệu ngày ${shown(day)} (${i + 1}/${days.length})`)
  }
}

/** The last day of each week between two days, then every day of the last weeks. */
export function figureDays(from: Day, until: Day): { weekly: Day[]; daily: Day[] } {
  const count = daysBetween(from, until)
  const weekly: Day[] = []
  for (let back = DAILY_DAYS + ((7 - (DAILY_DAYS % 7)) % 7); back <= count; back += 7)
    weekly.push(addDays(until, -back))
  const daily = Array.from({ length: Math.min(DAILY_DAYS, count + 1) }, (_, i) => addDays(until, -i))
  return { weekly: weekly.reverse(), daily: daily.reverse() }
}

const DAILY_DAYS = 28

function shown(day: Day): string {
  const [year, month, date] = day.split('-')
  return `${date}/${month}/${year}`
}
