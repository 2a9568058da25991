/**
 * One roster run: read everything, stage what is not as it was, compare it with what is known, ask the guard, save it.
 *
 * Nothing of ours changes before the source was read to its end; then everything changes in one transaction. What a
 * source says just as it said it last time is recognised by its digest and not looked at again.
 */
import { createHash, createHmac } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { Config, SourceConfig } from '../config.ts'
import { agencyLevels, readSecret } from '../config.ts'
import type { Db } from '../database/database.ts'
import { fence, finishRun, heartbeat, type Run, startRun, withHeartbeat } from '../database/run.ts'
import { AppError } from '../error.ts'
import { cleanText, dayAt } from '../ids.ts'
import { rejectBelow } from './agency-doubt-store.ts'
import { type CompareOptions, compare, leaversByAgency, upheaval } from './compare-store.ts'
import { normaliseDn } from './dn.ts'
import { checkRoster, type Guard } from './guard.ts'
import type { AddressHolders } from './identity-store.ts'
import { foldText, sortKeyOfTitle } from './name.ts'
import {
  agenciesStand,
  agencyNames,
  type KeptRecord,
  loadSeen,
  recordsBySource,
  stageMissing,
} from './record-store.ts'
import {
  type Disabled,
  type Movements,
  type ParseContext,
  personParser,
  personSaid,
  type Rejection,
  type Staged,
  type StagedPerson,
  toAgency,
} from './roster.ts'
import { parseSector } from './sector.ts'
import type { Seen } from './seen.ts'
import { agencyOfImport } from './source-name.ts'
import type { DirectoryEntry } from './sources/entry.ts'
import { mappingOf, type SourceMapping, type SourceReader } from './sources/open.ts'
import {
  countRejected,
  departReplaced,
  dropDryRuns,
  dropOvertaken,
  dropStaged,
  heldButNamed,
  isFirstLoad,
  lockRoster,
  readStateOf,
  refusedRun,
  type StagedEntry,
  save,
  stageAgencies,
  stagePeople,
  stageRejections,
} from './store.ts'

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

/**
 * Whom the file of their agency no longer names, but that of another one already does: the transfer is told by the later
 * of the two, whichever that is. While the other source is being read, its next read looks at them anyway.
 */
async function moveNamed(
  context: Omit<Context, 'open' | 'source'>,
  read: Pick<Staged, 'run' | 'source' | 'scope'>,
): Promise<void> {
  try {
    await applyRecords(context, await heldButNamed(context.db, read), '')
  } catch (thrown) {
    if (!(thrown instanceof AppError) || thrown.code !== 'busy') throw thrown
  }
}

/** What is kept of a refused run beside its result, so that exactly it can be saved later. */
type Kept = { staged: Staged; saidAt: string; cursor: string | null }

/**
 * Saves exactly what an earlier run read and the guard refused. Throws `not_found` for any other run, `ground_moved`
 * where the source was read again since or the movements are no longer those that were shown.
 */
export async function approveRun(
  context: Omit<Context, 'open' | 'source'> & { source: { name: string } },
  id: number,
): Promise<RosterResult> {
  const { db, config, source, now } = context
  const refused = await refusedRun<RosterResult & { kept: Kept }>(db, source.name, id)
  const run = await startRun(db, { kind: 'roster', subject: source.name, now: now() })
  const approved = await withHeartbeat(db, run, async () => {
    const started = now()
    const { kept, ...shown } = refused
    const firstLoad = await isFirstLoad(db, source.name)
    const staged = { ...kept.staged, run: id, day: today(context), firstLoad }
    const movements = await db.transaction().execute(async trx => {
      await lockRoster(trx)
      await fence(trx, run)
      const found = await compare(trx, staged, compareOptions(context))
      // whoever is as before was not staged, and is only known from the read itself
      found.people.unchanged = shown.people.unchanged
      if (!isDeepStrictEqual(found, movementsOf(shown))) {
        throw new AppError(
          'ground_moved',
          `what run ${id} would change is no longer what it showed; read the source again`,
        )
      }
      const { saidAt, cursor } = kept
      const options = { root: rootOf(config), now: now(), movements: found, saidAt: new Date(saidAt), cursor }
      await save(trx, staged, options)
      return found
    })
    const seconds = (now().getTime() - started.getTime()) / 1000
    const result = { ...shown, ...movements, run: run.id, guard: { ok: true, reasons: [] }, seconds }
    await finishRun(db, run, { state: 'done', exitStatus: 0, message: `approval of run ${id}`, result })
    await dropOvertaken(db, source.name, run.id)
    return result
  })
  const read = { run: id, source: source.name, scope: refused.kept.staged.scope }
  if (approved.held > 0) await moveNamed(context, read)
  return approved
}

/**
 * Looks again at records that were answered for: as a small run of their own, through the same comparison and saving.
 * `numbers` are those of `roster_record`; `by` is who answered. Throws `busy` while the source is read.
 */
export async function applyRecords(
  context: Pick<Context, 'db' | 'config' | 'now' | 'holders'>,
  numbers: readonly number[],
  by: string,
): Promise<void> {
  const { db, config, now } = context
  for (const { source, said } of await recordsBySource(db, numbers)) {
    const run = await startRun(db, { kind: 'roster', subject: source, now: now(), about: { answered: by } })
    await withHeartbeat(db, run, async () => {
      const configured = config.roster.sources.find(each => each.name === source)
      const staged = answeredRead(context, {
        run,
        source,
        scope: configured?.agency ?? agencyOfImport(source) ?? null,
      })
      await stagePeople(db, run.id, said.map(stagedFromRecord))
      const movements = await db.transaction().execute(async trx => {
        await lockRoster(trx)
        await fence(trx, run)
        const found = await compare(trx, staged, compareOptions(context))
        await save(trx, staged, { root: rootOf(config), now: now(), movements: found, saidAt: new Date(0) })
        await departReplaced(trx, staged, numbers)
        return found
      })
      const result = { source, read: said.length, rejected: await countRejected(db, run.id), ...movements }
      await finishRun(db, run, {
        state: 'done',
        exitStatus: 0,
        message: '',
        result: { ...result, answered: by, complete: true, guard: { ok: true, reasons: [] } },
      })
    })
  }
}

function answeredRead(
  context: Pick<Context, 'config' | 'now'>,
  { run, source, scope }: { run: Run; source: string; scope: string | null },
): Staged {
  return {
    run: run.id,
    source,
    day: today(context),
    complete: false,
    firstLoad: false,
    levels: ['unit'],
    tellsAbsence: true,
    tellsMissing: false,
    closesAgencies: false,
    scope,
    holdingDays: context.config.roster.holdingDays,
    completeSources: [],
    settled: true,
  }
}

function stagedFromRecord({ key, digest, said }: KeptRecord): StagedEntry {
  return {
    person: personSaid(key, said),
    digest: digest === null ? null : BigInt.asUintN(64, BigInt(digest)),
  }
}

function movementsOf({ agencies, people, held, reviews }: RosterResult): Movements {
  return { agencies, people, held, reviews }
}

function today({ config, now }: Pick<Context, 'config' | 'now'>) {
  return dayAt(now().getTime(), config.timeZone)
}

function compareOptions({ config, holders }: Pick<Context, 'config' | 'holders'>): CompareOptions {
  const order = config.roster.sources.map(({ name }) => name)
  const trust = { fields: config.roster.trust, order }
  return { trust, holders: holders ?? null, root: rootOf(config).code }
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
type Reading = {
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

/** The agency above all, where the directory has none. */
export function rootOf(config: Config) {
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

// reading -----------------------------------------------------------------------------------------------------------

/** Reads agencies, then people, into the staging tables. Answers why the read must not be believed, or null. */
async function readSource(reading: Reading, options: SyncOptions): Promise<string | null> {
  try {
    await readAgencies(reading)
    options.step?.('agencies')
    await readPeople(reading, options)
    return null
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === 'read_incomplete') return thrown.message
    throw thrown
  }
}

async function readAgencies({ context, run, reader, mapping, counts }: Reading): Promise<void> {
  const { db, config } = context
  const { agencies, nameKey } = mapping
  if (agencies === null) return
  const parsing = { ...aloneContext, nameKey, sector: sectorReader(config) }
  const lost: string[] = []
  for await (const page of reader.agencies()) {
    const parsed = page.map(entry => toAgency(entry, agencies, agencyLevels, parsing))
    const accepted = parsed.filter(isAccepted)
    if (agencies.parent === 'dn')
      lost.push(...page.flatMap(({ dn }, i) => ('reason' in (parsed[i] ?? {}) ? [normaliseDn(dn)] : [])))
    if (reader.agenciesOnly) counts.read += page.length
    await stageAgencies(db, run.id, accepted)
    await stageRejections(db, run.id, [
      ...parsed.filter(isRejected),
      ...accepted.flatMap(({ key, dropped }) => dropped.map(each => ({ ...each, key }))),
    ])
    await heartbeat(db, run)
  }
  await rejectBelow(db, run.id, lost)
}

const aloneContext: ParseContext = {
  nameKey: name => name,
  hash: null,
  agenciesNamed: null,
  sector: null,
  today: null,
}

function sectorReader({ roster }: Config): (text: string) => string | null {
  return text => parseSector(text, roster.sectors)
}

async function readPeople(reading: Reading, options: SyncOptions): Promise<void> {
  const { context, run, reader, mapping, staged, counts } = reading
  const { db, source } = context
  const known = mapping.agencies === null || (await agenciesStand(db, run.id, source.name))
  const seen = await loadSeen(db, source.name, known)
  const parse = personParser(mapping.people, await parseContext(reading))
  const mixed = digestMixer(context, mapping)
  const keys = mapping.people.key === undefined ? new Numbering() : null
  // a page is written while the next one is read and understood
  let writing: Promise<void> = Promise.resolve()
  try {
    for await (const page of reader.people()) {
      const fresh = freshOf(page, { seen, mixed, parse, keys })
      counts.same += page.length - fresh.length
      counts.read += page.length
      await writing
      writing = stagePage(reading, fresh)
      writing.catch(() => {}) // met again at the next page
      options.progress?.(counts.read)
    }
  } finally {
    await writing.catch(() => {})
  }
  await writing
  options.step?.('people')
  if (staged.tellsMissing) await stageMissing(db, run.id, seen)
  options.step?.('missing')
}

type Parsed = StagedPerson | Disabled | Rejection
type Understanding = {
  seen: Seen
  mixed: (digest: bigint) => bigint
  parse: (entry: DirectoryEntry) => Parsed
  keys: Numbering | null
}

/**
 * Those of a page that do not say just what they said last time, understood. Where rows may be told apart by nothing but
 * their order, the others are counted in their place among them.
 */
function freshOf(
  page: readonly DirectoryEntry[],
  { seen, mixed, parse, keys }: Understanding,
): { parsed: Parsed; digest: bigint | null }[] {
  return page.flatMap(entry => {
    const digest = entry.digest === undefined ? null : mixed(entry.digest)
    const same = digest !== null && seen.find(digest) !== 0
    if (same && keys === null) return []
    const parsed = keys === null ? parse(entry) : keys.numbered(parse(entry))
    return same ? [] : [{ parsed, digest }]
  })
}

async function stagePage(
  { context, run, counts }: Reading,
  fresh: readonly { parsed: Parsed; digest: bigint | null }[],
): Promise<void> {
  if (fresh.length === 0) return
  const { db } = context
  const taken: StagedEntry[] = []
  const rejected: Rejection[] = []
  for (const { parsed, digest } of fresh) {
    if ('disabled' in parsed) counts.disabled += 1
    else if ('reason' in parsed) rejected.push(parsed)
    else {
      rejected.push(...parsed.dropped.map(each => ({ ...each, key: parsed.key })))
      // an entry of which something was not taken is looked at, and told of, every time
      taken.push({ person: parsed, digest: parsed.dropped.length > 0 ? null : digest })
    }
  }
  if (taken.length > 0) await stagePeople(db, run.id, taken)
  await stageRejections(db, run.id, rejected)
}

/** Rows that nothing tells apart but their order: the second and later get keys of their own, and are asked about. */
class Numbering {
  readonly #met = new Map<string, number>()

  numbered(parsed: Parsed): Parsed {
    if ('disabled' in parsed || 'reason' in parsed || !parsed.key.startsWith('name:')) return parsed
    const count = (this.#met.get(parsed.key) ?? 0) + 1
    this.#met.set(parsed.key, count)
    return count === 1 ? parsed : { ...parsed, key: `${parsed.key}#${count}` }
  }
}

async function parseContext({ context, run, mapping, staged }: Reading): Promise<ParseContext> {
  const { db, config } = context
  const { attributes } = mapping.people
  const names = attributes.agencyName === undefined ? null : await agencyNames(db, run.id, staged.scope)
  return {
    nameKey: mapping.nameKey,
    hash: attributes.personalNumber === undefined ? null : numberHash(config),
    agenciesNamed: names === null ? null : folded => names.get(folded) ?? [],
    sector: null,
    today: staged.day,
  }
}

/** A keyed hash, so that the numbers cannot be found by trying all of them without the key. */
function numberHash({ roster }: Config): (number: string) => string {
  if (!roster.personalNumberKey) {
    throw new AppError(
      'config_invalid',
      'roster.personalNumberKey: a secret is needed where a source maps personalNumber',
      { details: { key: 'roster.personalNumberKey' } },
    )
  }
  const key = readSecret(roster.personalNumberKey, 'roster.personalNumberKey')
  return number => createHmac('sha256', key).update(number).digest('base64url')
}

/** Goes up when entries are understood in another way than before: a digest then says nothing about them. */
const UNDERSTANDING = 1

/**
 * A digest as it is kept. Where a personal number is read it is keyed as the number is: with the rest of an entry known,
 * a bare one would tell the number to whoever tries all of them.
 */
function digestMixer(context: Context, mapping: SourceMapping): (digest: bigint) => bigint {
  const version = versionOf(context, mapping)
  if (mapping.people.attributes.personalNumber === undefined) return digest => digest ^ version
  const keyed = numberHash(context.config)
  return digest => Buffer.from(keyed(`${digest ^ version}`), 'base64url').readBigUInt64BE()
}

/** What digests are mixed with: another mapping, trust or understanding looks at every entry anew. */
function versionOf({ config, source }: Context, { people }: SourceMapping): bigint {
  const { trust, personalNumberKey } = config.roster
  const about = [
    UNDERSTANDING,
    people,
    trust,
    personalNumberKey !== undefined,
    source.agency,
    source.complete,
  ]
  const digest = createHash('sha256').update(JSON.stringify(about)).digest('hex')
  return BigInt(`0x${digest.slice(0, 16)}`)
}

function isRejected(parsed: object | Rejection): parsed is Rejection {
  return 'reason' in parsed
}

function isAccepted<T extends object>(parsed: T): parsed is Exclude<T, Rejection> {
  return !isRejected(parsed)
}
