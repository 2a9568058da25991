/**
 * One roster run: read everything, stage what is not as it was, compare it with what is known, ask the guard, save it.
 *
 * Nothing of ours changes before the source was read to its end; then everything changes in one transaction. What a
 * source says just as it said it last time is recognised by its digest and not looked at again.
 */
import { createHash } from 'node:crypto'
import type { Config, SourceConfig } from '../config.ts'
import type { Db } from '../database/database.ts'
import { fence, finishRun, type Run, startRun, withHeartbeat } from '../database/run.ts'
import { AppError } from '../error.ts'
import { compareOptions, type Kept, moveNamed, rootOf, today } from './approval.ts'
import { compare, leaversByAgency, upheaval } from './compare-store.ts'
import { checkRoster, type Guard } from './guard.ts'
import type { AddressHolders } from './identity-store.ts'
import type { Movements, Staged } from './roster.ts'
import { mappingOf, type SourceMapping, type SourceReader } from './sources/open.ts'
import {
  dropDryRuns,
  dropOvertaken,
  dropStaged,
  isFirstLoad,
  lockRoster,
  readStateOf,
} from './stage-store.ts'
import { readSource } from './staging.ts'
import { countRejected, save } from './store.ts'

export { checkSource, openSource, type SourceReader } from './sources/open.ts'

export type RosterResult = Movements & {
  run: number
  source: string
  dryRun: boolean
  read: number
  rejected: number
  complete: boolean
  /** Whether only what changed was read: then nobody can be missing. */
  incremental: boolean
  /** Entries that are switched off in their source. */
  disabled: number
  /** Parts of a directory on other servers, which were not read. */
  referrals: number
  guard: Guard
  seconds: number
}

export type SyncOptions = {
  dryRun: boolean
  force: boolean
  signal: AbortSignal
  /** Told after each page, for a progress line. */
  progress?: (read: number) => void
  /** Told at each step, for whoever watches: a name of the closed list below. */
  step?: (name: Step) => void
  /** Looks at what a run found before it ends: a dry run leaves no row. */
  inspect?: (run: number) => Promise<void>
  /** What stands in the run's record from the start: who began it, which file. */
  about?: Record<string, unknown>
}

export type Step =
  | 'opened'
  | 'agencies'
  | 'people'
  | 'missing'
  | 'compared'
  | 'guarded'
  | 'saved'
  | 'finished'

export type SourceOpener = (
  signal: AbortSignal,
  state: { fullAt: Date | null; cursor: string | null },
) => Promise<SourceReader>

export type ReadingContext = {
  db: Db
  config: Config
  now: () => Date
  /** Who holds which official address; left out where mailboxes are not asked. */
  holders?: AddressHolders
}
export type SyncContext = ReadingContext & { source: SourceConfig; open: SourceOpener }
type Context = SyncContext

/** Reads one source and saves what moved. Throws what kept it from reading; a refusal is a result. */
export async function syncSource(context: Context, options: SyncOptions): Promise<RosterResult> {
  const { db, source, now } = context
  const about = options.about === undefined ? {} : { about: options.about }
  const run = await startRun(db, {
    kind: 'roster',
    subject: source.name,
    dryRun: options.dryRun,
    now: now(),
    ...about,
  })
  await dropDryRuns(db, source.name)
  try {
    const result = await withHeartbeat(db, run, () => readAndSave(context, run, options))
    const read = { run: run.id, source: source.name, scope: source.agency ?? null }
    if (!options.dryRun && result.held > 0) await moveNamed(context, read)
    return result
  } catch (thrown) {
    await dropStaged(db, run.id).catch(() => {})
    throw thrown
  } finally {
    if (options.dryRun) await dropDryRuns(db, source.name)
  }
}

/** A staged read as it counts now. */
async function stagedOf(
  context: Omit<Context, 'open'>,
  run: number,
  { reader, mapping }: { reader: SourceReader; mapping: SourceMapping },
): Promise<Staged> {
  const { db, config, source } = context
  const supplement = 'supplement' in source && source.supplement
  const whole = reader.incremental !== true && !supplement
  // the list of one agency is whole for that agency: who is missing waits, and has not left by that
  const complete = (source.complete || source.agency !== undefined) && whole
  const others = config.roster.sources.filter(each => each.complete && each.name !== source.name)
  return {
    run,
    source: source.name,
    day: today(context),
    complete,
    firstLoad: await isFirstLoad(db, source.name),
    levels: mapping.levels,
    tellsAbsence: mapping.people.attributes.absentFrom !== undefined,
    tellsMissing: whole,
    closesAgencies: complete && mapping.agencies !== null && source.agency === undefined && closes(source),
    scope: source.agency ?? null,
    holdingDays: config.roster.holdingDays,
    completeSources: others.map(({ name }) => name),
    settled: false,
  }
}

/** Rows of people name the agencies they happen to serve in, not all there are. */
function closes(source: SourceConfig): boolean {
  return source.kind === 'ldap' || source.kind === 'ldif' || source.agencies !== undefined
}

async function readAndSave(context: Context, run: Run, options: SyncOptions): Promise<RosterResult> {
  const { db, source, now } = context
  const started = now()
  const { fullAt, cursor } = await readStateOf(db, source.name)
  const mark = cursorMark(source)
  const state = { fullAt, cursor: cursor?.startsWith(mark) ? cursor.slice(mark.length) : null }
  const reader = await context.open(options.signal, state)
  let reading: Reading | null = null
  try {
    reading = await begin(context, run, reader)
    options.step?.('opened')
    const incomplete = await readSource(reading, options)
    const result = await conclude(reading, { ...options, incomplete })
    return await finish(reading, result, { ...options, started })
  } finally {
    await reader.close()
  }
}

/** One run under way. */
export type Reading = {
  context: Context
  run: Run
  reader: SourceReader
  mapping: SourceMapping
  staged: Staged
  /** People read, and of them the ones that said the same as last time, and those switched off. */
  counts: { read: number; same: number; disabled: number }
}

async function begin(context: Context, run: Run, reader: SourceReader): Promise<Reading> {
  const mapping = reader.mapping ?? mappingOf(context.source)
  if (mapping === null) throw new AppError('internal', `${context.source.name} was opened without a mapping`)
  const staged = await stagedOf(context, run.id, { reader, mapping })
  return { context, run, reader, mapping, staged, counts: { read: 0, same: 0, disabled: 0 } }
}

const nothingMoved: Movements = {
  agencies: { created: 0, changed: 0, closed: 0 },
  people: { joiners: 0, movers: 0, leavers: 0, returned: 0, changed: 0, unchanged: 0 },
  held: 0,
  reviews: 0,
}

async function conclude(
  reading: Reading,
  options: SyncOptions & { incomplete: string | null },
): Promise<Movements & { complete: boolean; guard: Guard }> {
  const { incomplete } = options
  if (incomplete !== null) {
    const guard: Guard = { ok: false, reasons: [{ kind: 'incomplete', message: incomplete }] }
    return { ...nothingMoved, complete: false, guard }
  }
  return { ...(await compareAndSave(reading, options)), complete: true }
}

async function finish(
  reading: Reading,
  concluded: Movements & { complete: boolean; guard: Guard },
  options: SyncOptions & { started: Date },
): Promise<RosterResult> {
  const { context, run, reader, staged, counts } = reading
  const { db, source, now } = context
  const result: RosterResult = {
    run: run.id,
    source: source.name,
    dryRun: options.dryRun,
    read: counts.read,
    disabled: counts.disabled,
    referrals: reader.referrals?.() ?? 0,
    incremental: reader.incremental === true,
    rejected: await countRejected(db, run.id),
    ...concluded,
    seconds: (now().getTime() - options.started.getTime()) / 1000,
  }
  const exitStatus = exitStatusOf(result, options.force)
  const state = exitStatus === 3 ? 'refused' : exitStatus === 4 ? 'partial' : 'done'
  const kept: Kept = { staged, saidAt: saidAt(reading).toISOString(), cursor: cursorOf(reading) }
  const record = state === 'refused' ? { ...result, kept } : result
  await options.inspect?.(run.id)
  await finishRun(db, run, { state, exitStatus, message: '', result: { ...options.about, ...record } })
  options.step?.('finished')
  if (options.dryRun) return result
  if (!result.complete) await dropStaged(db, run.id)
  else await dropOvertaken(db, source.name, run.id)
  return result
}

function saidAt({ reader, context }: Reading): Date {
  return reader.saidAt ?? context.now()
}

function cursorOf({ reader, context }: Reading): string | null {
  const cursor = reader.cursor?.() ?? null
  return cursor === null ? null : `${cursorMark(context.source)}${cursor}`
}

/** A source configured otherwise cannot go on from where the other one ended. */
function cursorMark(source: SourceConfig): string {
  return `${createHash('sha256').update(JSON.stringify(source)).digest('hex').slice(0, 16)} `
}

/** 3 refused, 4 done with rejections, 0 done. */
export function exitStatusOf(result: RosterResult, force: boolean): number {
  if (!result.complete || (!result.guard.ok && !(force && passable(result.guard)))) return 3
  return result.rejected > 0 ? 4 : 0
}

/** `--force` passes a limit, never an empty or incomplete read. */
export function passable(guard: Guard): boolean {
  return guard.reasons.every(reason => reason.kind !== 'empty' && reason.kind !== 'incomplete')
}

async function compareAndSave(reading: Reading, options: SyncOptions): Promise<Movements & { guard: Guard }> {
  const { context, run, staged, counts } = reading
  const { db, config, now } = context
  return db.transaction().execute(async trx => {
    await lockRoster(trx)
    await fence(trx, run)
    const found = await compare(trx, staged, compareOptions(context))
    options.step?.('compared')
    const { total, staff, agencies } = await leaversByAgency(trx, staged)
    const { movers, renamed, joiners, agencies: tree } = await upheaval(trx, staged, found)
    // the first file of one agency may well miss many whom another source named there
    const firstLoad = staged.firstLoad && (staged.scope === null || total === 0)
    const guard = checkRoster(
      { read: counts.read, firstLoad, leavers: total, staff, agencies, movers, renamed, joiners, tree },
      config.roster.guard,
    )
    options.step?.('guarded')
    const people = { ...found.people, unchanged: found.people.unchanged + counts.same }
    const movements = { ...found, people }
    if (!options.dryRun && (guard.ok || (options.force && passable(guard)))) {
      await save(trx, staged, {
        root: rootOf(config),
        now: now(),
        movements,
        saidAt: saidAt(reading),
        cursor: cursorOf(reading),
      })
      options.step?.('saved')
    }
    return { ...movements, guard }
  })
}
