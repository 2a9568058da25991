/** The invented province on disk and in the database: begun, begun again, or gone on with. */
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
  liveUntil(context: CommandContext, day: Day): Promise<void>
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
    return goOn(context, practice, { until: yesterday, rest: beginning.rest })
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
    liveUntil: (inner, day) => liveUntil(inner, practice, day),
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
  const { weekly, daily } = figureDays(addDays(practice.state.start, -practice.state.days), until)
  await countDays(context, daily, { say: line => say(`bổ sung ${line}`, 'daily'), rest })
  await countDays(context, weekly, { say: line => say(`bổ sung ${line}`, 'weekly'), rest })
  await nightly(context)
  note(practice, { phase: 'ready' })
  say('Số liệu đã đầy đủ.\n')
}

async function goOn(context: CommandContext, practice: Practice, { until, rest }: Span): Promise<Province> {
  const residents = await residentsOf(context, practice)
  writeRosters(practice, until)
  const { livedUntil } = practice.state
  const lived = liveOn(practice, residents, until)
  beginDay(practice, residents)
  const finish = async (inner: CommandContext) => {
    if (practice.state.phase === 'filling')
      return fill(inner, practice, { residents, until: livedUntil, rest })
    if (lived.length === 0) return
    say(`các bước hằng đêm cho ${lived.length} ngày vừa qua`)
    await nightly(inner)
    await countDays(inner, lived.slice(-MOST_DAYS), { rest })
    say('Số liệu đã đầy đủ.\n')
  }
  return { practice, fill: finish, liveUntil: (inner, day) => liveUntil(inner, practice, day) }
}

async function liveUntil(context: CommandContext, practice: Practice, day: Day): Promise<void> {
  if (practice.state.phase !== 'ready' || day <= practice.state.livedUntil) return
  const residents = await residentsOf(context, practice)
  writeRosters(practice, day)
  liveOn(practice, residents, day)
  beginDay(practice, residents)
}

/** After a long pause the days further back are left to the weekly figures of those who look. */
const MOST_DAYS = 90

function shown({ month }: Month): string {
  const [year, number] = month.split('-')
  return `${number}/${year}`
}
