/** The invented province on disk and in the database: begun, begun again, or gone on with. */
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import type { CommandContext } from '../../src/command.ts'
import { migrate } from '../../src/database/migrate.ts'
import { AppError } from '../../src/error.ts'
import { addDays, type Day } from '../../src/ids.ts'
import { nightly } from '../../src/service.ts'
import type { Resident } from './mail-log.ts'
import {
  beginDay,
  clearPractice,
  liveOn,
  type Month,
  monthsUntil,
  note,
  openPractice,
  type Practice,
  readState,
  type State,
  writeCurrent,
  writeRosters,
  writeRotated,
} from './practice.ts'
import {
  countDays,
  figureDays,
  type Rest,
  readCurrent,
  readRotated,
  replayRosters,
  residentsOf,
} from './replay.ts'
import { say } from './say.ts'

export type Beginning = {
  /** Where the practice platform keeps its files. */
  folder: string
  isWorkingDay: (day: Day) => boolean
  today: Day
  /** What a first start begins with. */
  begin: { seed: number; share: number; days: number }
  /** What is waited for between two steps of what is done behind. */
  rest: Rest
}

export type Province = {
  practice: Practice
  /** What is done while the service runs already: older logs, older figures, the missed night. */
  fill(context: CommandContext): Promise<void>
  /** Lives on up to and with a day while the service runs; the log is followed, the night has its schedule. */
  liveUntil(context: CommandContext, day: Day): Promise<unknown>
}

/** Logs of the month that goes on and so many before it are read before the first page: the figures look back 28 days. */
const MONTHS_FIRST = 1

/**
 * Brings database and platform up to yesterday. Throws `busy` where the database holds something else.
 *
 * A database that is empty, or a first start that was broken off, is begun anew, from the same seed and the same day.
 */
export async function beginOrGoOn(context: CommandContext, beginning: Beginning): Promise<Province> {
  const { folder, today, begin } = beginning
  await migrate(context.database)
  const state = readState(folder)
  const isEmpty = await hasNothing(context)
  if (state === null && !isEmpty) {
    throw new AppError(
      'busy',
      'the database of the demonstration holds something else; move its folder (./data/db) away and start again',
    )
  }
  const known: State = state ?? { ...begin, start: today, phase: 'building', livedUntil: today, bytes: {} }
  const practice = openPractice(folder, known, beginning.isWorkingDay)
  const yesterday = addDays(today, -1)
  if (known.phase !== 'building' && !isEmpty)
    return goOn(practice, { until: yesterday, rest: beginning.rest })
  if (!isEmpty) await emptyDatabase(context)
  return build(context, practice, { until: yesterday, rest: beginning.rest })
}

async function hasNothing({ database }: CommandContext): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`
    select exists (select from run) or exists (select from person) as found`.execute(database.db)
  return rows[0]?.found !== true
}

/** After a first start that was broken off: nobody has done anything in it yet. */
async function emptyDatabase({ database }: CommandContext): Promise<void> {
  await database.exec(
    'drop schema if exists pgboss cascade; drop schema public cascade; create schema public',
  )
  await migrate(database)
}

async function build(context: CommandContext, practice: Practice, { until, rest }: Span): Promise<Province> {
  note(practice, { phase: 'building' })
  clearPractice(practice)
  say('dựng tỉnh Phước An: danh sách cán bộ')
  const days = writeRosters(practice, until)
  await replayRosters(context, practice, { days, say: line => say(`dựng tỉnh Phước An: ${line}`, 'rosters') })
  const residents = await residentsOf(context, practice)
  const months = monthsUntil(practice, until)
  const [current] = months
  say('nhật ký thư: tháng này')
  if (current) writeCurrent(practice, residents, current, until)
  beginDay(practice, residents)
  await readCurrent(context)
  for (const month of months.slice(1, 1 + MONTHS_FIRST)) {
    say(`nhật ký thư: tháng ${shown(month)}`, 'logs')
    await readRotated(context, await writeRotated(practice, residents, month, async () => {}))
  }
  say('số liệu')
  await countDays(context, [until])
  note(practice, { phase: 'filling' })
  return {
    practice,
    fill: inner => fill(inner, practice, { residents, until, rest }),
    liveUntil: (inner, day) => liveUntil(inner, practice, { until: day, rest }),
  }
}

type Span = { until: Day; rest: Rest }

/** What is older: logs that are already there count once, so a fill that was broken off is done again. */
async function fill(
  context: CommandContext,
  practice: Practice,
  { residents, until, rest }: Span & { residents: readonly Resident[] },
): Promise<void> {
  const older = monthsUntil(practice, until).slice(1 + MONTHS_FIRST)
  for (const [i, month] of older.entries()) {
    say(`bổ sung nhật ký thư các tháng trước (${i + 1}/${older.length})`, 'older logs')
    await readRotated(
      context,
      await writeRotated(practice, residents, month, () => rest(context.signal)),
      rest,
    )
  }
  // without it the planner goes by a table as empty as it began, and each day is counted in several times the time
  await context.database.exec('analyze mailbox_day')
  const { weekly, daily } = figureDays(addDays(practice.state.start, -practice.state.days), until)
  await countDays(context, daily, { say: line => say(`bổ sung ${line}`, 'daily'), rest })
  await countDays(context, weekly, { say: line => say(`bổ sung ${line}`, 'weekly'), rest })
  await oneNight(context)
  note(practice, { phase: 'ready' })
  say('Số liệu đã đầy đủ.\n')
}

/** The pages of before can be looked at while the days since are lived. */
function goOn(practice: Practice, { until, rest }: Span): Province {
  return {
    practice,
    fill: context => catchUp(context, practice, { until, rest }),
    liveUntil: (context, day) => liveUntil(context, practice, { until: day, rest }),
  }
}

async function catchUp(context: CommandContext, practice: Practice, { until, rest }: Span): Promise<void> {
  const { phase, livedUntil } = practice.state
  const lived = await liveUntil(context, practice, { until, rest })
  if (phase === 'filling') {
    const residents = await residentsOf(context, practice)
    await fill(context, practice, { residents, until: livedUntil, rest })
  } else if (lived.length > 0) await oneNight(context)
  await countDays(context, lived.slice(-MOST_DAYS), { rest })
  if (lived.length > 0) say('Số liệu đã đầy đủ.\n')
}

/** Lives the days up to and with one, and the beginning of the next; answers them. */
async function liveUntil(context: CommandContext, practice: Practice, { until, rest }: Span): Promise<Day[]> {
  const residents = await residentsOf(context, practice)
  if (until <= practice.state.livedUntil) {
    beginDay(practice, residents)
    return []
  }
  say('các ngày vừa qua của tỉnh Phước An')
  writeRosters(practice, until)
  const lived = await liveOn(practice, residents, { until, rest: () => rest(context.signal) })
  beginDay(practice, residents)
  return lived
}

/** The steps of a night; where the schedule has begun a missed one already, after that. */
async function oneNight(context: CommandContext): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await nightly(context)
      return
    } catch (thrown) {
      if (!(thrown instanceof AppError) || thrown.code !== 'busy' || tries === MOST_TRIES) throw thrown
      await sleep(TRY_AGAIN_MS, undefined, { signal: context.signal })
    }
  }
}

const TRY_AGAIN_MS = 1000
const MOST_TRIES = 300

/** After a long pause the days further back are left to the weekly figures of those who look. */
const MOST_DAYS = 90

function shown({ month }: Month): string {
  const [year, number] = month.split('-')
  return `${number}/${year}`
}
