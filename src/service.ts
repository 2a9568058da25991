/** `serve` and `nightly`: the steps of a night, and the parts of the service, composed. */
import { setTimeout as sleep } from 'node:timers/promises'
import fastifyCookie from '@fastify/cookie'
import fastifyFormbody from '@fastify/formbody'
import type { FastifyInstance } from 'fastify'
import { Registry } from 'prom-client'
import { accessPlugin, sendPage } from './access/plugin.ts'
import { imapSources, ingestSettings, logSources, runSweep } from './activity/command.ts'
import { follow, readNew } from './activity/follow.ts'
import { activityPlugin } from './activity/plugin.ts'
import { lastUse } from './activity/store.ts'
import { figuresRequest } from './adoption/command.ts'
import { adoptionPlugin } from './adoption/plugin.ts'
import { keepFigures } from './adoption/report.ts'
import { keptDays } from './adoption/store.ts'
import { type Answer, type CommandContext, textOption, type Values } from './command.ts'
import { type LogSourceConfig, userPath } from './config.ts'
import { databaseError, embeddedFolder } from './database/database.ts'
import { takeCalls } from './database/handover.ts'
import { AppError, toAppError } from './error.ts'
import { addDays, type Day } from './ids.ts'
import {
  type NightlyResult,
  type NightlyStep,
  type Notify,
  nextNight,
  runNightly,
  type StepEnd,
  startJobs,
} from './jobs.ts'
import { createMailOut } from './mail-out.ts'
import { withPlatform } from './mailbox/command.ts'
import { mailboxPlugin } from './mailbox/plugin.ts'
import { applyPlan } from './mailbox/provisioner.ts'
import { makePlan } from './mailbox/reconcile.ts'
import { addressesById, addressesHeld } from './mailbox/store.ts'
import { doDueChanges } from './roster/agency-entry-plugin.ts'
import { doDue, syncAll } from './roster/command.ts'
import { personHistory } from './roster/history-page.ts'
import { rosterPlugin } from './roster/plugin.ts'
import { restatedSince, settleRestated } from './roster/restated-store.ts'
import { applyAnswered } from './roster/review-work-plugin.ts'
import { exitStatusOf } from './roster/sync.ts'
import { serveLook } from './web/look.ts'
import { openApi } from './web/openapi.ts'
import { createServer, type Part } from './web/server.ts'
import { serveStatic } from './web/static.ts'

export async function nightly(context: CommandContext): Promise<Answer> {
  const { result, exit, lines } = await oneNight(context)
  return { json: { ...result }, text: () => `${lines.join('\n')}\n`, exit }
}

function oneNight(context: CommandContext): Promise<NightlyResult> {
  const { database, now, log, signal, config } = context
  return runNightly({
    db: database.db,
    steps: stepsOf(context),
    now,
    notify: notifier(context),
    log,
    signal,
    timeZone: config.timeZone,
  })
}

function stepsOf(context: CommandContext): NightlyStep[] {
  return [
    { name: 'roster', run: () => aroundDueAgencies(context, () => rosterStep(context)) },
    { name: 'mailbox', run: () => mailboxStep(context) },
    { name: 'activity', run: () => activityStep(context) },
    { name: 'adoption', run: () => adoptionStep(context) },
  ]
}

const skipped = (): StepEnd => ({ result: { skipped: true }, exit: 0, line: '–' })

/** Agencies entered by hand for a day that has come: opened before people are read into them, closed when they have left. */
async function aroundDueAgencies(context: CommandContext, read: () => Promise<StepEnd>): Promise<StepEnd> {
  const before = await doDueChanges(context, ['open', 'change'])
  const end = await read()
  const after = await doDueChanges(context, ['close', 'open', 'change'])
  const agencyChanges = { done: before.done + after.done, stuck: after.stuck }
  const { done, stuck } = agencyChanges
  if (done + stuck.length === 0) return end
  return {
    result: { ...end.result, agencyChanges },
    exit: end.exit === 0 && stuck.length > 0 ? 4 : end.exit,
    line: `${end.line}; ${done} agencies changed by hand, ${stuck.length} could not be`,
  }
}

async function rosterStep(context: CommandContext): Promise<StepEnd> {
  if (context.config.roster.sources.length === 0) {
    await doDue(context)
    return skipped()
  }
  const results = await syncAll(context, { source: null, dryRun: false, force: false })
  const exits = results.map(result => exitStatusOf(result, false))
  const [first] = results
  const result = results.length === 1 && first ? { ...first } : { sources: results }
  const line = results.map(
    ({ source, read, rejected, people }) =>
      `${source}: ${read} read, ${rejected} rejected, ${people.joiners} joined, ${people.leavers} left`,
  )
  return { result, exit: exits.includes(3) ? 3 : Math.max(...exits), line: line.join('; ') }
}

/** Nightly never forces: a plan over a limit, or one that renames or removes, waits for a person. */
async function mailboxStep(context: CommandContext): Promise<StepEnd> {
  const { config } = context
  if (config.mailbox.platforms.length === 0) return skipped()
  return withPlatform(context, async mailbox => {
    const { plan, digest, changes, refused, guard } = await makePlan(mailbox, null)
    const shown = { plan, digest, changes, refused: refused.length, guard }
    const line = `plan ${plan ?? '–'}, ${changes.create} to create, ${changes.suspend} to suspend, ${changes.resume} to resume`
    if (!guard.ok) return { result: shown, exit: 3, line: `${line}; over a limit, waits for a person` }
    const automatic = config.mailbox.approval === 'automatic' && changes.rename === 0 && changes.remove === 0
    if (plan === null || !automatic)
      return {
        result: shown,
        exit: 0,
        line: plan === null ? 'nothing to change' : `${line}; waits for approval`,
      }
    const { done, already, failed } = await applyPlan(mailbox, plan, { force: false })
    return {
      result: { ...shown, applied: { done, already, failed } },
      exit: failed > 0 ? 4 : 0,
      line: `${line}; ${done} done, ${failed} failed`,
    }
  })
}

async function activityStep(context: CommandContext): Promise<StepEnd> {
  const { config, database, signal } = context
  const result: Record<string, unknown> = {}
  let exit = 0
  for (const source of logSources(config)) {
    const settings = await ingestSettings(context, source.name)
    try {
      result[source.name] = await readNew(database.db, settings, followOptions(context, source, signal))
    } catch (thrown) {
      const { code, message } = toAppError(thrown)
      result[source.name] = { error: { code, message } }
      exit = 1
    }
  }
  for (const source of imapSources(config)) {
    try {
      result[source.name] = { ...(await runSweep(context, source)) }
    } catch (thrown) {
      const error = toAppError(thrown)
      result[source.name] = { error: { code: error.code, message: error.message } }
      exit = exit === 1 ? 1 : error.exitStatus === 3 ? 3 : 1
    }
  }
  // a server looks after its statistics by itself; the embedded one has nobody who does
  if (database.kind === 'pglite') await database.exec('analyze mailbox_day')
  return {
    result,
    exit,
    line: `${Object.keys(result).length} sources${exit === 0 ? '' : ', not all could be read'}`,
  }
}

/** Late lines change days gone by: so many are counted again each night. */
const RESTATED_DAYS = 7

async function adoptionStep(context: CommandContext): Promise<StepEnd> {
  const last = await figuresRequest(context, null)
  const days: Day[] = Array.from({ length: RESTATED_DAYS }, (_, i) =>
    addDays(last.day, i - RESTATED_DAYS + 1),
  )
  let written = 0
  for (const day of days)
    written += await keepFigures(context.database.db, await figuresRequest(context, day))
  const restated = await restateFigures(context, days[0] ?? last.day)
  return {
    result: { day: last.day, days: days.length + restated.days, written: written + restated.written },
    exit: 0,
    line: `figures up to ${last.day}`,
  }
}

/** So many days of a past that was restated are counted again each night: a year in a week, and no night too long. */
const RESTATED_A_NIGHT = 60

/**
 * Kept figures of days whose roster became another since, the oldest first; what is over a night's measure goes on the
 * next one. Days that are counted again anyway need no second time.
 */
export async function restateFigures(
  context: CommandContext,
  before: Day,
): Promise<{ days: number; written: number }> {
  const { db } = context.database
  const restated = await restatedSince(db)
  if (restated === null) return { days: 0, written: 0 }
  const days = await keptDays(db, { first: restated.first, before, limit: RESTATED_A_NIGHT })
  let written = 0
  for (const day of days) written += await keepFigures(db, await figuresRequest(context, day))
  const last = days.length === RESTATED_A_NIGHT ? (days.at(-1) ?? null) : null
  await settleRestated(db, restated, last)
  return { days: days.length, written }
}

function notifier({ config, log }: CommandContext): Notify {
  return async ({ subject, text }) => {
    const { mailOut } = config
    if (!mailOut || mailOut.operators.length === 0) {
      log.warn({ subject }, 'nobody to tell: mailOut.operators is empty')
      return
    }
    const sender = createMailOut(mailOut)
    await sender.send({ to: mailOut.operators, subject, text }).finally(() => sender.close())
  }
}

// serve -------------------------------------------------------------------------------------------------------------

const partNames = ['web', 'jobs', 'follow'] as const
type PartName = (typeof partNames)[number]

/** Runs until SIGTERM or SIGINT, then ends each part in order. */
export async function serve(context: CommandContext, values: Values): Promise<Answer> {
  const only = onlyOption(values)
  const { signal, log, config } = context
  const stops: (() => Promise<unknown>)[] = []
  const states = new Map<string, Part>()
  try {
    if (only !== 'jobs' && only !== 'web') stops.unshift(startFollowing(context, states))
    if (only !== 'follow' && only !== 'web') stops.unshift((await startNights(context, states)).stop)
    if (only !== 'jobs' && only !== 'follow') stops.unshift(await startWeb(context, states))
    stops.unshift(await startHandover(context))
    log.info({ parts: only ?? partNames, nightly: config.jobs.nightly }, 'ready')
    await ended(signal)
  } finally {
    for (const stop of stops)
      await stop().catch(thrown => log.error(toAppError(thrown), 'a part did not end well'))
  }
  return { json: { stopped: true }, text: () => '', exit: 0 }
}

/** Other commands on an embedded database are run here, since no second process may open it. */
async function startHandover(context: CommandContext): Promise<() => Promise<void>> {
  const folder = embeddedFolder(context.config.database)
  if (folder === null || context.database.kind !== 'pglite') return async () => {}
  const { runHanded } = await import('./call.ts')
  return takeCalls(folder, (call, output, signal) => {
    const around = { ...output, progress: () => {}, clear: () => {}, signal }
    return runHanded(call, around, context.database)
  })
}

function onlyOption(values: Values): PartName | null {
  const text = textOption(values, 'only')
  if (text === null) return null
  const name = partNames.find(each => each === text)
  if (!name) throw new AppError('usage', `--only: one of ${partNames.join(', ')} is expected, not ${text}`)
  return name
}

/** The whole web server, not yet listening. */
export async function createWeb(
  context: CommandContext,
  states: Map<string, Part>,
): Promise<FastifyInstance> {
  const { config, log, database, now } = context
  const server = createServer({
    config,
    log,
    database,
    parts: async () => [...states.values()],
    registry: new Registry(),
    translate: thrown => (thrown instanceof AppError ? thrown : databaseError(thrown)),
    sendPage: (request, reply, page) => sendPage(context, request, reply, { ...page, place: null }),
    now,
  })
  await server.register(fastifyCookie)
  await server.register(fastifyFormbody, { bodyLimit: FORM_BYTES })
  // before the check of access: both work while the database is away
  serveStatic(server)
  serveLook(server, { secure: config.http.publicUrl?.startsWith('https:') ?? false })
  // one scope for all that people see: what stands before every route of it is the check of access
  await server.register(async pages => {
    // first, since it describes only the routes that come after it
    await openApi(pages, {
      locale: request => request.access.locale,
      sendPage: (request, reply, page) => sendPage(context, request, reply, { ...page, place: null }),
    })
    await accessPlugin(pages, context, ids => addressesById(database.db, ids))
    await rosterPlugin(pages, context, {
      apply: applyAnswered,
      addressesHeld: people => addressesHeld(database.db, people),
    })
    await mailboxPlugin(pages, context, ids => lastUse(database.db, ids))
    const schedule = { cron: config.jobs.nightly, timeZone: config.timeZone }
    await activityPlugin(pages, context, after => nextNight(schedule, after))
    await adoptionPlugin(pages, context, (request, person) => personHistory(context, request, person))
  })
  return server
}

/** Largest form, in bytes. The longest field of ours is some hundred; more is an accident or an attack. */
const FORM_BYTES = 65_536

async function startWeb(context: CommandContext, states: Map<string, Part>): Promise<() => Promise<unknown>> {
  const { host, port } = context.config.http
  const server = await createWeb(context, states)
  try {
    await server.listen({ host, port })
  } catch (cause) {
    await server.close()
    throw new AppError(
      'port_taken',
      `port ${port} on ${host} is taken by another program; stop it, or set http.port`,
      { cause },
    )
  }
  return () => server.close()
}

async function startNights(context: CommandContext, states: Map<string, Part>) {
  const { database, config, log, now } = context
  const jobs = await startJobs({
    database,
    config,
    nightly: () => oneNight(context),
    notifyMissed: notifier(context),
    log,
    now,
  })
  states.set('jobs', { name: 'jobs', ok: true, detail: config.jobs.nightly })
  return jobs
}

/** How long following waits after a failure, in ms, before it begins again. */
const FOLLOW_AGAIN_MS = 5000

function startFollowing(context: CommandContext, states: Map<string, Part>): () => Promise<unknown> {
  const controller = new AbortController()
  const following = logSources(context.config).map(source =>
    keepFollowing(context, source, states, controller.signal),
  )
  return async () => {
    controller.abort()
    await Promise.all(following)
  }
}

async function keepFollowing(
  context: CommandContext,
  source: LogSourceConfig,
  states: Map<string, Part>,
  signal: AbortSignal,
): Promise<void> {
  const { database, log } = context
  const name = `follow.${source.name}`
  while (!signal.aborted) {
    try {
      states.set(name, { name, ok: true, detail: 'reads' })
      const settings = await ingestSettings(context, source.name)
      await follow(database.db, settings, followOptions(context, source, signal))
    } catch (thrown) {
      const error = toAppError(thrown)
      // whoever reaches the port is not told where files lie on this machine; the log is
      states.set(name, { name, ok: false, detail: error.code })
      log.error({ source: source.name, code: error.code }, `following stopped: ${error.message}`)
      await sleep(FOLLOW_AGAIN_MS, undefined, { signal }).catch(() => {})
    }
  }
}

function followOptions({ config, log }: CommandContext, source: LogSourceConfig, signal: AbortSignal) {
  const onUnreadable = (error: AppError) => log.warn({ source: source.name }, error.message)
  return { path: userPath(source.path), maxLineBytes: config.activity.maxLineBytes, signal, onUnreadable }
}

function ended(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
