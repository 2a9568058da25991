import { isDeepStrictEqual } from 'node:util'
import type { Config } from '../config.ts'
import { fence, finishRun, type Run, startRun, withHeartbeat } from '../database/run.ts'
import { AppError } from '../error.ts'
import { cleanText, dayAt } from '../ids.ts'
import { type CompareOptions, compare } from './compare-store.ts'
import { departReplaced, heldButNamed } from './missing-store.ts'
import { foldText, sortKeyOfTitle } from './name.ts'
import { type KeptRecord, recordsBySource } from './record-store.ts'
import { type Movements, personSaid, type Staged } from './roster.ts'
import { agencyOfImport } from './source-name.ts'
import { dropOvertaken, isFirstLoad, lockRoster, type StagedEntry, StagedPage } from './stage-store.ts'
import { countRejected, refusedRun, save } from './store.ts'

import type { ReadingContext, RosterResult } from './sync.ts'

/** What is kept of a refused run beside its result, so that exactly it can be saved later. */
export type Kept = { staged: Staged; saidAt: string; cursor: string | null }

/**
 * Saves exactly what an earlier run read and the guard refused. Throws `not_found` for any other run, `ground_moved`
 * where the source was read again since or the movements are no longer those that were shown.
 */
export async function approveRun(
  context: ReadingContext & { source: { name: string } },
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
  context: ReadingContext,
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
      const people = new StagedPage(run.id)
      for (const each of said) people.add(stagedFromRecord(each))
      await people.save(db)
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
  context: Pick<ReadingContext, 'config' | 'now'>,
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

/**
 * Whom the file of their agency no longer names, but that of another one already does: the transfer is told by the later
 * of the two, whichever that is. While the other source is being read, its next read looks at them anyway.
 */
export async function moveNamed(
  context: ReadingContext,
  read: Pick<Staged, 'run' | 'source' | 'scope'>,
): Promise<void> {
  try {
    await applyRecords(context, await heldButNamed(context.db, read), '')
  } catch (thrown) {
    if (!(thrown instanceof AppError) || thrown.code !== 'busy') throw thrown
  }
}

function movementsOf({ agencies, people, held, reviews }: RosterResult): Movements {
  return { agencies, people, held, reviews }
}

export function today({ config, now }: Pick<ReadingContext, 'config' | 'now'>) {
  return dayAt(now().getTime(), config.timeZone)
}

export function compareOptions({
  config,
  holders,
}: Pick<ReadingContext, 'config' | 'holders'>): CompareOptions {
  const order = config.roster.sources.map(({ name }) => name)
  const trust = { fields: config.roster.trust, order }
  return { trust, holders: holders ?? null, root: rootOf(config).code }
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
