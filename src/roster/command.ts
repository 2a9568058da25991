/** `roster sync` and `roster approve`. */

import { basename } from 'node:path'
import {
  type Answer,
  type Command,
  type CommandContext,
  idWord,
  textOption,
  type Values,
} from '../command.ts'
import { userPath } from '../config.ts'
import { AppError } from '../error.ts'
import { dayAt } from '../ids.ts'
import { applyAnnouncements } from './announce.ts'
import { applyRecords, approveRun } from './approval.ts'
import { expireHoldings } from './holding-store.ts'
import { importFile } from './import.ts'
import { guardText, type Locale, rejectionText, words } from './messages.ts'
import { unappliedAnswers } from './record-store.ts'
import { lockRoster } from './stage-store.ts'
import { type RejectionRow, rejectionsOf, sourceNameOf } from './store.ts'
import {
  exitStatusOf,
  openSource,
  passable,
  type ReadingContext,
  type RosterResult,
  type SourceOpener,
  syncSource,
} from './sync.ts'

export const rosterCommands: Command[] = [
  {
    name: 'roster sync',
    usage: '[--source NAME] [--dry-run] [--force]',
    summary: {
      vi: 'Đọc danh sách cán bộ từ nguồn và cập nhật',
      en: 'Reads the roster from its sources and updates it',
    },
    options: { source: { type: 'string' }, 'dry-run': { type: 'boolean' }, force: { type: 'boolean' } },
    needs: 'database',
    words: [0, 0],
    run: sync,
  },
  {
    name: 'roster import',
    usage:
      'FILE [--agency CODE] [--source NAME] [--supplement] [--create-agencies] [--sheet NAME] [--legacy tcvn3|vni] [--dry-run] [--force]',
    summary: {
      vi: 'Đọc một tệp danh sách (CSV, XLSX hoặc LDIF) và cập nhật',
      en: 'Reads a roster file (CSV, XLSX or LDIF) and updates by it',
    },
    options: {
      agency: { type: 'string' },
      source: { type: 'string' },
      sheet: { type: 'string' },
      legacy: { type: 'string' },
      supplement: { type: 'boolean' },
      'create-agencies': { type: 'boolean' },
      'dry-run': { type: 'boolean' },
      force: { type: 'boolean' },
    },
    needs: 'database',
    words: [1, 1],
    run: importOne,
  },
  {
    name: 'roster approve',
    usage: 'RUN',
    summary: {
      vi: 'Phê duyệt đúng lần đọc đã bị từ chối',
      en: 'Applies exactly a run that the guard refused',
    },
    options: {},
    needs: 'database',
    words: [1, 1],
    run: approve,
  },
]

/** What a run needs of its surroundings. */
export function readingContext({ database, config, now, addressHolders }: CommandContext): ReadingContext {
  return { db: database.db, config, now, ...(addressHolders ? { holders: addressHolders } : {}) }
}

/** What decisions and sources announced for a day that has come, and waiting that is over. */
export async function doDue(context: CommandContext): Promise<void> {
  const { config, database, now } = context
  const { db } = database
  const today = dayAt(now().getTime(), config.timeZone)
  await applyAnnouncements(db, today, now())
  await db.transaction().execute(async trx => {
    await lockRoster(trx)
    await expireHoldings(trx, today, null)
  })
  // answers given while their source was being read
  const waiting = await unappliedAnswers(db)
  if (waiting.length > 0) await applyRecords(readingContext(context), waiting, '')
}

/**
 * Reads the sources one after the other, each a run of its own; one that fails keeps no other from being read. Throws
 * what the first of those that failed threw.
 */
export async function syncAll(
  context: CommandContext,
  options: { source: string | null; dryRun: boolean; force: boolean },
): Promise<RosterResult[]> {
  const { config, now, signal, progress } = context
  const sources = config.roster.sources.filter(
    each => options.source === null || each.name === options.source,
  )
  if (sources.length === 0) {
    throw new AppError(
      'usage',
      options.source === null
        ? 'roster.sources: no source is configured'
        : `--source: no source is called ${options.source}`,
    )
  }
  if (!options.dryRun) await doDue(context)
  const results: RosterResult[] = []
  const failures: unknown[] = []
  const today = dayAt(now().getTime(), config.timeZone)
  for (const source of sources) {
    const open: SourceOpener = (each, state) =>
      openSource(source, { signal: each, today, now: now().getTime(), state })
    const report = (read: number) => progress(`${source.name}: ${read}`)
    const reading = { ...readingContext(context), source, open }
    try {
      results.push(await syncSource(reading, { ...options, signal, progress: report }))
    } catch (thrown) {
      if (sources.length === 1 || signal.aborted) throw thrown
      failures.push(thrown)
    }
  }
  if (failures.length > 0) throw failures[0]
  return results
}

async function sync(context: CommandContext, values: Values): Promise<Answer> {
  const options = {
    source: textOption(values, 'source'),
    dryRun: values['dry-run'] === true,
    force: values.force === true,
  }
  const results = await syncAll(context, options)
  return answer(context, results, options.force)
}

async function importOne(context: CommandContext, values: Values, [file = '']: string[]): Promise<Answer> {
  const { signal, progress } = context
  const legacy = textOption(values, 'legacy')
  if (legacy !== null && legacy !== 'tcvn3' && legacy !== 'vni')
    throw new AppError('usage', '--legacy: tcvn3 or vni is expected')
  const sheet = textOption(values, 'sheet')
  const force = values.force === true
  const path = userPath(file)
  const result = await importFile(readingContext(context), path, {
    source: textOption(values, 'source'),
    agency: textOption(values, 'agency'),
    supplement: values.supplement === true,
    createAgencies: values['create-agencies'] === true,
    ...(sheet === null ? {} : { sheet }),
    ...(legacy === null ? {} : { legacy }),
    dryRun: values['dry-run'] === true,
    force,
    signal,
    progress: read => progress(`${basename(path)}: ${read}`),
    about: { file: basename(path) },
  })
  return answer(context, [result], force)
}

async function approve(context: CommandContext, _values: Values, [word]: string[]): Promise<Answer> {
  const result = await approveRefused(context, idWord(word, 'RUN') ?? 0)
  return answer(context, [result], false)
}

/** Applies exactly what a refused run of any configured source read. Throws `not_found`, `ground_moved`, `busy`. */
export async function approveRefused(context: CommandContext, id: number): Promise<RosterResult> {
  const source = await sourceOfRun(context, id)
  return approveRun({ ...readingContext(context), source }, id)
}

async function sourceOfRun({ database }: CommandContext, id: number): Promise<{ name: string }> {
  const name = await sourceNameOf(database.db, id)
  if (name === null) throw new AppError('not_found', `run ${id} is no roster run`)
  return { name }
}

function answer(context: CommandContext, results: RosterResult[], force: boolean): Answer {
  const { locale } = context.config
  const exits = results.map(result => exitStatusOf(result, force))
  const [first, ...others] = results
  if (!first) throw new AppError('usage', 'no source was read')
  const total = others.reduce(add, first)
  const { source: _, guard, ...rest } = total
  return {
    json: {
      ...rest,
      rejections: rejections(context, results),
      guard: { ok: guard.ok, reasons: guard.reasons.map(reason => guardText(locale, reason)) },
      ...(others.length > 0
        ? { sources: results.map(({ source, run, read, complete }) => ({ source, run, read, complete })) }
        : {}),
    },
    text: () => text(context, results, exits),
    exit: exits.includes(3) ? 3 : Math.max(...exits),
  }
}

async function* rejections(
  { database }: CommandContext,
  results: RosterResult[],
): AsyncGenerator<{ key: string; reason: string }[]> {
  for (const { run } of results) {
    for await (const page of rejectionsOf(database.db, run))
      yield page.map(({ key, reason, detail }) => ({ key, reason: reasonOf(reason, detail) }))
  }
}

function reasonOf(reason: string, detail: string): string {
  return detail === '' ? reason : `${reason}: ${detail}`
}

function add(a: RosterResult, b: RosterResult): RosterResult {
  const sum = <T extends Record<string, number>>(x: T, y: T): T =>
    Object.fromEntries(Object.entries(x).map(([key, value]) => [key, value + (y[key] ?? 0)])) as T
  return {
    ...b,
    read: a.read + b.read,
    rejected: a.rejected + b.rejected,
    agencies: sum(a.agencies, b.agencies),
    people: sum(a.people, b.people),
    complete: a.complete && b.complete,
    guard: { ok: a.guard.ok && b.guard.ok, reasons: [...a.guard.reasons, ...b.guard.reasons] },
    seconds: a.seconds + b.seconds,
  }
}

const SHOWN_REJECTIONS = 20

async function* text(
  context: CommandContext,
  results: RosterResult[],
  exits: number[],
): AsyncGenerator<string> {
  const { locale } = context.config
  for (const [i, result] of results.entries()) {
    yield summary(locale, result)
    yield* listRejections(context, result)
    yield verdict(locale, result, exits[i] ?? 0)
  }
}

function summary(locale: Locale, result: RosterResult): string {
  const { source, read, rejected, seconds, agencies, people, dryRun } = result
  const say = words[locale]
  const counts = (of: Record<string, number>) =>
    Object.entries(of)
      .map(([key, count]) => `${count.toLocaleString(locale)} ${say[key as keyof typeof say]}`)
      .join(' · ')
  const lines = [
    `${source}: ${say.read} ${read.toLocaleString(locale)} ${say.entries}, ${rejected.toLocaleString(locale)} ${say.rejected} (${seconds.toLocaleString(locale)} ${say.seconds})`,
    `  ${say.people}: ${counts(people)}`,
    `  ${say.agencies}: ${counts(agencies)}`,
  ]
  if (result.held > 0) lines.push(`  ${say.held}: ${result.held.toLocaleString(locale)}`)
  if (result.reviews > 0) lines.push(`  ${say.reviews}: ${result.reviews.toLocaleString(locale)}`)
  if (result.disabled > 0) lines.push(`  ${say.disabled}: ${result.disabled.toLocaleString(locale)}`)
  if (result.referrals > 0) lines.push(`  ${say.referrals}: ${result.referrals.toLocaleString(locale)}`)
  if (result.incremental) lines.push(`  ${say.incremental}`)
  if (dryRun) lines.push(`  ${say.dryRun}`)
  return `${lines.join('\n')}\n`
}

async function* listRejections(
  { database, config: { locale } }: CommandContext,
  { run }: RosterResult,
): AsyncGenerator<string> {
  let shown = 0
  for await (const page of rejectionsOf(database.db, run)) {
    for (const row of page) {
      if (shown === SHOWN_REJECTIONS) {
        yield `    … ${words[locale].more}\n`
        return
      }
      yield `    ${rejectionLine(locale, row)}\n`
      shown += 1
    }
  }
}

function rejectionLine(locale: Locale, { key, reason, detail }: RejectionRow): string {
  return `${key}  ${rejectionText(locale, reason, detail)}`
}

/** A dry run leaves no run that could be approved, and nothing to plan on. */
function verdict(locale: Locale, { guard, run, complete, dryRun }: RosterResult, exit: number): string {
  const say = words[locale]
  if (exit !== 3) return `${dryRun ? say.nextReal : say.next}\n`
  const why = guard.reasons.map(reason => `  - ${guardText(locale, reason)}`)
  const approval = dryRun ? say.approveLater : `${say.approve} ${run}`
  const limits = complete && passable(guard)
  return `${[say.refused, ...why, limits ? approval : say.reread].join('\n')}\n`
}
