/**
 * One roster run: read everything, stage it, compare it with what is known, ask the guard, save it.
 *
 * Nothing of ours changes before the source was read to its end; then everything changes in one transaction.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Config, LdapSourceConfig, LdifSourceConfig, SourceConfig } from '../config.ts'
import { agencyLevels, readSecret, userPath } from '../config.ts'
import type { Db } from '../database/database.ts'
import { fence, finishRun, heartbeat, type Run, startRun, withHeartbeat } from '../database/run.ts'
import { AppError, unreachable } from '../error.ts'
import { cleanText, type Day, dayAt } from '../ids.ts'
import { analyzeRoster, compare, leaversByAgency } from './compare-store.ts'
import { checkRoster, type Guard } from './guard.ts'
import { foldText, sortKeyOfTitle } from './name.ts'
import { attributeNames, type Movements, type Rejection, type Staged, toAgency, toPerson } from './roster.ts'
import type { DirectoryEntry } from './sources/entry.ts'
import type { LdapServer } from './sources/ldap.ts'
import {
  countRejected,
  dropDryRuns,
  dropOvertaken,
  dropStaged,
  isFirstLoad,
  refusedRun,
  save,
  stageAgencies,
  stagePeople,
  stageRejections,
} from './store.ts'

export type RosterResult = Movements & {
  run: number
  source: string
  dryRun: boolean
  read: number
  rejected: number
  complete: boolean
  guard: Guard
  seconds: number
}

export type SyncOptions = {
  dryRun: boolean
  force: boolean
  signal: AbortSignal
  /** Told after each page, for a progress line. */
  progress?: (read: number) => void
}

/** An opened source: each listing ends normally only when it was complete. */
export type SourceReader = {
  agencies(): AsyncIterable<DirectoryEntry[]>
  people(): AsyncIterable<DirectoryEntry[]>
  close(): Promise<void>
}

export type SourceOpener = (signal: AbortSignal) => Promise<SourceReader>

type Context = { db: Db; config: Config; source: SourceConfig; open: SourceOpener; now: () => Date }

/** Reads one source and saves what moved. Throws what kept it from reading; a refusal is a result. */
export async function syncSource(context: Context, options: SyncOptions): Promise<RosterResult> {
  const { db, source, now } = context
  const run = await startRun(db, { kind: 'roster', subject: source.name, dryRun: options.dryRun, now: now() })
  await dropDryRuns(db, source.name)
  try {
    return await withHeartbeat(db, run, () => readAndSave(context, run, options))
  } catch (thrown) {
    await dropStaged(db, run.id).catch(() => {})
    throw thrown
  } finally {
    if (options.dryRun) await dropDryRuns(db, source.name)
  }
}

/**
 * Saves exactly what an earlier run read and the guard refused. Throws `not_found` for any other run, `ground_moved`
 * where the source was read again since or the movements are no longer those that were shown.
 */
export async function approveRun(context: Omit<Context, 'open'>, id: number): Promise<RosterResult> {
  const { db, config, source, now } = context
  const refused = await refusedRun<RosterResult>(db, source.name, id)
  const run = await startRun(db, { kind: 'roster', subject: source.name, now: now() })
  return withHeartbeat(db, run, async () => {
    const started = now()
    const staged = await stagedOf(context, id)
    const movements = await db.transaction().execute(async trx => {
      await fence(trx, run)
      const found = await compare(trx, staged)
      if (!isDeepStrictEqual(found, { agencies: refused.agencies, people: refused.people })) {
        throw new AppError(
          'ground_moved',
          `what run ${id} would change is no longer what it showed; read the source again`,
        )
      }
      await save(trx, staged, { root: rootOf(config), now: now(), movements: found })
      return found
    })
    const seconds = (now().getTime() - started.getTime()) / 1000
    const result = { ...refused, ...movements, run: run.id, guard: { ok: true, reasons: [] }, seconds }
    await finishRun(db, run, { state: 'done', exitStatus: 0, message: `approval of run ${id}`, result })
    await dropOvertaken(db, source.name, run.id)
    return result
  })
}

/** A staged read as it counts now. */
async function stagedOf({ db, config, source, now }: Omit<Context, 'open'>, run: number): Promise<Staged> {
  return {
    run,
    source: source.name,
    day: dayAt(now().getTime(), config.timeZone),
    complete: source.complete,
    firstLoad: await isFirstLoad(db, source.name),
    levels: source.agencies.levels,
    tellsAbsence: source.people.attributes.absentFrom !== undefined,
  }
}

async function readAndSave(context: Context, run: Run, options: SyncOptions): Promise<RosterResult> {
  const { db, source, now } = context
  const started = now()
  const staged = await stagedOf(context, run.id)
  const { read, incomplete } = await readSource(context, run, options)
  const result: RosterResult = {
    run: run.id,
    source: source.name,
    dryRun: options.dryRun,
    read,
    rejected: 0,
    ...nothingMoved,
    complete: incomplete === null,
    guard: { ok: true, reasons: [] },
    seconds: 0,
  }
  if (incomplete === null)
    Object.assign(result, await compareAndSave(context, run, staged, { ...options, read }))
  else result.guard = { ok: false, reasons: [{ kind: 'incomplete', message: incomplete }] }
  result.rejected = await countRejected(db, run.id)
  result.seconds = (now().getTime() - started.getTime()) / 1000
  const exitStatus = exitStatusOf(result, options.force)
  const state = exitStatus === 3 ? 'refused' : exitStatus === 4 ? 'partial' : 'done'
  await finishRun(db, run, { state, exitStatus, result })
  if (result.complete) await dropOvertaken(db, source.name, run.id)
  return result
}

const nothingMoved: Movements = {
  agencies: { created: 0, changed: 0, closed: 0 },
  people: { joiners: 0, movers: 0, leavers: 0, returned: 0, changed: 0, unchanged: 0 },
}

/** 3 refused, 4 done with rejections, 0 done. */
export function exitStatusOf(result: RosterResult, force: boolean): number {
  if (!result.complete || (!result.guard.ok && !(force && passable(result.guard)))) return 3
  return result.rejected > 0 ? 4 : 0
}

/** `--force` passes a limit, never an empty or incomplete read. */
function passable(guard: Guard): boolean {
  return guard.reasons.every(reason => reason.kind === 'leavers')
}

async function compareAndSave(
  context: Context,
  run: Run,
  staged: Staged,
  options: SyncOptions & { read: number },
): Promise<Movements & { guard: Guard }> {
  const { db, config } = context
  return db.transaction().execute(async trx => {
    await fence(trx, run)
    const movements = await compare(trx, staged)
    const { total, staff, agencies } = await leaversByAgency(trx, staged)
    const input = { read: options.read, firstLoad: staged.firstLoad, leavers: total, staff, agencies }
    const guard = checkRoster(input, config.roster.guard)
    if (!options.dryRun && (guard.ok || (options.force && passable(guard)))) {
      await save(trx, staged, { root: rootOf(config), now: context.now(), movements })
    }
    return { ...movements, guard }
  })
}

/** The agency above all, where the directory has none. */
function rootOf(config: Config) {
  const { code, name } = config.roster.root ?? {
    code: 'ROOT',
    name: config.locale === 'vi' ? 'Toàn tỉnh' : 'Whole province',
  }
  return {
    code: cleanText(code),
    name: cleanText(name),
    sortKey: sortKeyOfTitle(name),
    searchKey: foldText(`${name} ${code}`),
  }
}

/** Reads agencies, then people, into the staging tables. `incomplete` tells why the read must not be believed. */
async function readSource(
  context: Context,
  run: Run,
  options: SyncOptions,
): Promise<{ read: number; incomplete: string | null }> {
  const { db, open } = context
  const reader = await open(options.signal)
  let read = 0
  try {
    await readAgencies(context, run, reader)
    await readPeople(context, run, reader, count => {
      read = count
      options.progress?.(count)
    })
    await analyzeRoster(db)
    return { read, incomplete: null }
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === 'read_incomplete')
      return { read, incomplete: thrown.message }
    throw thrown
  } finally {
    await reader.close()
  }
}

async function readAgencies({ db, source }: Context, run: Run, reader: SourceReader): Promise<void> {
  for await (const page of reader.agencies()) {
    const parsed = page.map(entry => toAgency(entry, source.agencies, agencyLevels))
    await stageAgencies(db, run.id, parsed.filter(isAccepted))
    await stageRejections(db, run.id, parsed.filter(isRejected))
    await heartbeat(db, run)
  }
}

async function readPeople(
  { db, source }: Context,
  run: Run,
  reader: SourceReader,
  progress: (read: number) => void,
): Promise<void> {
  let read = 0
  for await (const page of reader.people()) {
    const parsed = page.map(entry => toPerson(entry, source.people))
    await stagePeople(db, run.id, parsed.filter(isAccepted))
    await stageRejections(db, run.id, parsed.filter(isRejected))
    await heartbeat(db, run)
    read += page.length
    progress(read)
  }
}

function isRejected(parsed: object | Rejection): parsed is Rejection {
  return 'reason' in parsed
}

function isAccepted<T extends object>(parsed: T): parsed is Exclude<T, Rejection> {
  return !isRejected(parsed)
}

/** Opens a source of whatever kind. `today` is the day a dated file must not be after. */
export function openSource(source: SourceConfig, signal: AbortSignal, today: Day): Promise<SourceReader> {
  switch (source.kind) {
    case 'ldap':
      return openLdapSource(source, signal)
    case 'ldif':
      return openLdifSource(source, signal, today)
    default:
      return unreachable(source)
  }
}

/** Tries a source for `check` and answers a sentence about it; throws what is wrong. */
export async function checkSource(source: SourceConfig, signal: AbortSignal, today: Day): Promise<string> {
  if (source.kind === 'ldif') {
    const { checkLdif } = await import('./sources/ldif.ts')
    return checkLdif(ldifFile(source), [ldifSearch(source.agencies), ldifSearch(source.people)], {
      signal,
      today,
    })
  }
  const { checkLdap } = await import('./sources/ldap.ts')
  return checkLdap(ldapServer(source), [ldapSearch(source.agencies), ldapSearch(source.people)], signal)
}

async function openLdifSource(
  source: LdifSourceConfig,
  signal: AbortSignal,
  today: Day,
): Promise<SourceReader> {
  const { openLdif } = await import('./sources/ldif.ts')
  const file = await openLdif(ldifFile(source), { signal, today })
  return {
    agencies: () => file.search(ldifSearch(source.agencies)),
    people: () => file.search(ldifSearch(source.people)),
    close: () => file.close(),
  }
}

function ldifFile({ path, folder }: LdifSourceConfig) {
  return folder === undefined ? { path: userPath(path ?? '') } : { folder: userPath(folder) }
}

function ldifSearch({
  base,
  filter,
  includeBase,
}: LdifSourceConfig['people'] | LdifSourceConfig['agencies']) {
  return { base, filter, includeBase }
}

async function openLdapSource(source: LdapSourceConfig, signal: AbortSignal): Promise<SourceReader> {
  const { openLdap } = await import('./sources/ldap.ts')
  const session = await openLdap(ldapServer(source), signal)
  return {
    agencies: () => session.search(ldapSearch(source.agencies), signal),
    people: () => session.search(ldapSearch(source.people), signal),
    close: async () => session.close(),
  }
}

function ldapSearch(mapping: LdapSourceConfig['people'] | LdapSourceConfig['agencies']) {
  const { base, filter, includeBase } = mapping
  return { base, filter, includeBase, attributes: attributeNames(mapping) }
}

/** The connection part of a source's configuration, its secret resolved. */
function ldapServer(source: LdapSourceConfig): LdapServer {
  const key = `roster.sources(${source.name}).bindPassword`
  return {
    url: source.url,
    ...(source.bindDn === undefined ? {} : { bindDn: source.bindDn }),
    ...(source.bindPassword === undefined ? {} : { bindPassword: readSecret(source.bindPassword, key) }),
    startTls: source.startTls,
    ...(source.caFile === undefined ? {} : { caFile: userPath(source.caFile) }),
    pageSize: source.pageSize,
    operationTimeoutMs: source.timeoutSeconds * 1000,
  }
}
