/** Pages and API of the subject: the sources of all figures, for operators of the whole installation. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import Type from 'typebox'
import { may } from '../access/access.ts'
import { operatorOf, requireAgency, sendPage } from '../access/plugin.ts'
import type { CommandContext } from '../command.ts'
import { addDays, dayAt } from '../ids.ts'
import { imapSources, logSources } from './command.ts'
import { sourceWords } from './source-messages.ts'
import {
  type LogSourceView,
  type PlatformView,
  type RosterSourceView,
  type SourcesView,
  type SweepView,
  sourcePage,
} from './source-page.ts'
import { logDays, logState, readState, SHOWN_DAYS, silence } from './source-state.ts'
import {
  type EndedRun,
  endedRuns,
  lastListing,
  logsKnown,
  missedNights,
  platformsKnown,
  rosterKnown,
  sweepKnown,
} from './source-store.ts'

/** When the nightly run starts next after an instant; null where its schedule cannot be read. */
export type NextNight = (after: Date) => Date | null

type Sources = { context: CommandContext; nextNight: NextNight }

export async function activityPlugin(
  server: FastifyInstance,
  context: CommandContext,
  nextNight: NextNight,
): Promise<void> {
  const sources = { context, nextNight }
  const config = { access: 'sources.view' } as const
  const schema = { tags: ['activity'], response: { '2xx': SourcesAnswer } }
  server.get('/sources', { config }, (request, reply) => show(sources, request, reply))
  server.get('/api/v1/sources', { config, schema }, request => answer(sources, request))
}

async function show(sources: Sources, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { context } = sources
  const { locale } = request.access
  await requireAgency(context, request, 'sources.view', null)
  const look = {
    locale,
    timeZone: context.config.timeZone,
    now: context.now(),
    maySeeRuns: may(operatorOf(request), 'runs.view', null),
  }
  const body = sourcePage(look, await gather(sources))
  return sendPage(context, request, reply, { title: sourceWords[locale].title, place: 'sources', body })
}

const MISSED_DAYS = 30
const DAY_MS = 86_400_000

async function gather({ context, nextNight }: Sources): Promise<SourcesView> {
  const { config, now, database } = context
  const runs = await endedRuns(database.db)
  const of = (kind: string, subject = '') =>
    runs.find(run => run.kind === kind && run.subject === subject) ?? null
  const missed = await missedNights(database.db, new Date(now().getTime() - MISSED_DAYS * DAY_MS))
  return {
    logs: await logs(context),
    roster: await roster(context, name => of('roster', name)),
    platforms: await platforms(context),
    sweeps: await sweeps(context, of('sweep')),
    jobs: { cron: config.jobs.nightly, last: of('nightly'), next: nextNight(now()), missed },
  }
}

/** The configured logs, and those that were read by hand. */
async function logs({ config, now, database }: CommandContext): Promise<LogSourceView[]> {
  const today = dayAt(now().getTime(), config.timeZone)
  const known = await logsKnown(database.db, addDays(today, 1 - SHOWN_DAYS))
  const configured = logSources(config)
  const byHand = known.filter(log => !configured.some(each => each.name === log.name) && log.lastAt !== null)
  const names = [...configured, ...byHand].map(each => each.name)
  return names.map(name => {
    const log = known.find(each => each.name === name) ?? {
      lastAt: null,
      firstDay: null,
      separable: null,
      days: [],
    }
    const days = logDays(log, today)
    const path = configured.find(each => each.name === name)?.path ?? null
    const { lastAt, separable } = log
    return { name, path, lastAt, separable, days, state: logState(log, days, now()) }
  })
}

async function roster(
  { config, now, database }: CommandContext,
  lastRun: (name: string) => EndedRun | null,
): Promise<RosterSourceView[]> {
  const known = await rosterKnown(database.db)
  return config.roster.sources.map(source => {
    const { name } = source
    const read = known.find(each => each.name === name)
    const lastCompleteAt = read?.lastCompleteAt ?? null
    const last = lastRun(name)
    const state = readState(lastCompleteAt, last, now())
    const lastSaidAt = read?.lastSaidAt ?? null
    const silent = silence({ ...source, lastSaidAt }, now())
    return { name, lastCompleteAt, lastSaidAt, silent, people: read?.people ?? null, last, state }
  })
}

async function platforms({ config, now, database }: CommandContext): Promise<PlatformView[]> {
  const known = await platformsKnown(database.db)
  const { at, last } = await lastListing(database.db)
  return config.mailbox.platforms.map(({ name }) => ({
    name,
    known: known.find(each => each.name === name) ?? null,
    at,
    last,
    // a plan that waits for approval was made of a whole listing
    state: readState(at, last?.state === 'refused' ? { state: 'done' } : last, now()),
  }))
}

async function sweeps({ config, now, database }: CommandContext, last: EndedRun | null): Promise<SweepView> {
  const known = await sweepKnown(database.db)
  const names = imapSources(config).map(each => each.name)
  return { names, known, last, state: readState(known.sweptAt, last, now()) }
}

// for programs ------------------------------------------------------------------------------------------------------

const Text = Type.String()
const Count = Type.Integer({ minimum: 0 })
const orNull = (schema: Type.TSchema) => Type.Union([schema, Type.Null()])
const Instant = Type.String({ format: 'date-time' })
const Named = { name: Text, state: Text }

const SourcesAnswer = Type.Object({
  logs: Type.Array(
    Type.Object({
      ...Named,
      lastAt: orNull(Instant),
      lagSeconds: orNull(Count),
      gaps: Type.Array(Text),
      days: Type.Array(Type.Object({ day: Text, lines: Count, state: Text })),
    }),
  ),
  roster: Type.Array(
    Type.Object({
      ...Named,
      lastCompleteAt: orNull(Instant),
      lastSaidAt: orNull(Instant),
      silentDays: orNull(Count),
      people: orNull(Count),
    }),
  ),
  platforms: Type.Array(
    Type.Object({
      ...Named,
      lastListingAt: orNull(Instant),
      mailboxes: orNull(Count),
      ours: orNull(Count),
      suspended: orNull(Count),
      aliases: orNull(Count),
    }),
  ),
  sweeps: Type.Object({
    names: Type.Array(Text),
    state: Text,
    sweptAt: orNull(Instant),
    reached: Count,
    unreached: Count,
  }),
  jobs: Type.Object({ nextAt: orNull(Instant), lastState: orNull(Text), missed: Type.Array(Instant) }),
})

async function answer(sources: Sources, request: FastifyRequest) {
  const { context } = sources
  await requireAgency(context, request, 'sources.view', null)
  const { logs, roster, platforms, sweeps, jobs } = await gather(sources)
  const now = context.now().getTime()
  return {
    logs: logs.map(({ name, state, lastAt, days }) => ({
      name,
      state,
      lastAt,
      lagSeconds: lastAt && Math.max(0, Math.round((now - lastAt.getTime()) / 1000)),
      gaps: days.filter(each => each.state === 'gap').map(each => each.day),
      days,
    })),
    roster: roster.map(({ name, state, lastCompleteAt, lastSaidAt, silent, people }) => ({
      name,
      state,
      lastCompleteAt,
      lastSaidAt,
      silentDays: silent?.days ?? null,
      people,
    })),
    platforms: platforms.map(({ name, state, at, known }) => ({
      name,
      state,
      lastListingAt: at,
      mailboxes: known?.mailboxes ?? null,
      ours: known?.ours ?? null,
      suspended: known?.suspended ?? null,
      aliases: known?.aliases ?? null,
    })),
    sweeps: {
      names: sweeps.names,
      state: sweeps.state,
      sweptAt: sweeps.known.sweptAt,
      reached: sweeps.known.reached,
      unreached: sweeps.known.unreached,
    },
    jobs: { nextAt: jobs.next, lastState: jobs.last?.state ?? null, missed: jobs.missed },
  }
}
