/**
 * The HTTP server: the headers every answer carries, packing, and what operations ask of a service: `/health/live`,
 * `/health/ready`, `/metrics`.
 *
 * All of them read the database when asked, within a time limit, so they tell the truth at once when it goes and when
 * it comes back. What they show is no secret of a person, but it is open to whoever reaches the port.
 */
import { randomUUID } from 'node:crypto'
import fastifyMultipart from '@fastify/multipart'
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  LogController,
} from 'fastify'
import { type Kysely, sql } from 'kysely'
import type { Logger } from 'pino'
import { Counter, collectDefaultMetrics, Gauge, type Registry } from 'prom-client'
import type { Config } from '../config.ts'
import { AppError, toAppError } from '../error.ts'
import { compressAnswers } from './compress.ts'
import { type ErrorPages, errorAnswers, RETRY_SECONDS } from './errors.ts'

export type Part = { name: string; ok: boolean; detail: string }

export type ServerSettings = {
  config: Pick<Config, 'http' | 'timeZone' | 'activity' | 'locale' | 'roster'>
  log: Logger
  database: { db: Kysely<unknown> }
  /** What else must work for this process to serve; asked anew each time, given 5 s. */
  parts: () => Promise<Part[]>
  /** One server only per registry. */
  registry: Registry
  /** What a library threw, as one of ours: the composition knows the database's errors. */
  translate?: (thrown: unknown) => AppError
  /** Sends an error as a page in the frame of whoever asks; without it, in a frame of nobody. */
  sendPage?: ErrorPages['sendPage']
  now?: () => Date
}

/** Longest wait for the database or a part, in ms. Shorter calls a busy database away, longer a probe gives up before. */
const ASK_MS = 5000
const HANDLER_MS = 30_000
/**
 * Longest a request may take to come, in ms: 200 MB over the line of an office. Every route but those that take files
 * gives up after `HANDLER_MS`, its body still coming or not.
 */
const REQUEST_MS = 900_000

/** The server, not yet listening. Its plugins come after; `close` ends it. */
export function createServer(settings: ServerSettings): FastifyInstance {
  const loggerInstance: FastifyBaseLogger = settings.log
  const headers = securityHeaders(settings.config)
  const { translate = toAppError, sendPage = null, config } = settings
  const answerError = errorAnswers({ translate, sendPage, config })
  const server = Fastify({
    loggerInstance,
    // addresses asked for may name people: below, only the route is logged
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    bodyLimit: 1_048_576,
    trustProxy: config.http.trustedProxies.length > 0 ? config.http.trustedProxies : false,
    requestTimeout: REQUEST_MS,
    handlerTimeout: HANDLER_MS,
    forceCloseConnections: 'idle',
    // an address that cannot be decoded comes by no hook
    frameworkErrors: (error, request, reply) => answerError(error, request, reply.headers(headers)),
  })
  server.addHook('onRequest', async (_, reply) => {
    reply.headers(headers)
  })
  logAnswers(server)
  endLateBodies(server)
  compressAnswers(server)
  // nothing of it is read before a route asks for it, with limits of its own
  server.register(fastifyMultipart, {
    limits: { fileSize: 65_536, files: 1, fields: 20, fieldSize: 65_536 },
    // a file that is cut off says so (`truncated`), so that its form can come back with a sentence
    throwFileSizeLimit: false,
  })
  server.setErrorHandler(answerError)
  server.setNotFoundHandler((request, reply) => {
    answerError(new AppError('not_found', 'there is nothing at this address'), request, reply)
  })
  const scrape = createMetrics(settings)
  // the operations' own, for probes and scrapes within the network
  const open = { config: { access: 'public' } } as const
  server.get('/health/live', open, async () => ({ ok: true }))
  server.get('/health/ready', open, (_, reply) => ready(settings, reply))
  server.get('/metrics', open, async (_, reply) => {
    const text = await scrape()
    return reply.type(settings.registry.contentType).send(text)
  })
  return server
}

/** Who still sends when the answer is out is heard for a while, so that the answer arrives, and not for ever. */
function endLateBodies(server: FastifyInstance): void {
  server.addHook('onResponse', async ({ raw }) => {
    if (raw.complete !== false) return
    const timer = setTimeout(() => raw.destroy(), HANDLER_MS).unref()
    for (const over of ['end', 'close']) raw.once(over, () => clearTimeout(timer))
  })
}

function logAnswers(server: FastifyInstance): void {
  server.addHook('onResponse', async (request, reply) => {
    const { method, routeOptions } = request
    const facts = {
      method,
      route: routeOptions.url,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
    }
    request.log.debug(facts, 'answered')
  })
}

/** Everything from here and nothing inline: no style attribute, no script in a page (CSP Level 3). */
const CONTENT_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

function securityHeaders({ http }: ServerSettings['config']): Record<string, string> {
  return {
    'content-security-policy': CONTENT_POLICY,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'cache-control': 'no-store',
    ...(http.publicUrl?.startsWith('https:') ? { 'strict-transport-security': 'max-age=31536000' } : {}),
  }
}

// the state --------------------------------------------------------------------------------------------------------

type Night = { state: string; startedAt: Date; finishedAt: Date | null; message: string }
type Source = { name: string; lastAt: Date | null; lagSeconds: number | null; lines: number }
type KindOfRun = { kind: string; state: string; succeededAt: Date | null }
type State = { nightly: Night | null; missed: Date[]; sources: Source[]; runs: KindOfRun[] }

/** How long a missed night is shown after it was made up for. */
const MISSED_DAYS = 7
/** A log that stands still so long is shown as a fault; less would call a quiet day or a daily delivery one. */
const LAG_SECONDS = 36 * 3600

/** What the database knows. Throws when it does not answer in time. */
async function readState({ database: { db }, config, now }: ServerSettings): Promise<State> {
  const limit = { signal: AbortSignal.timeout(ASK_MS) }
  const instant = now?.() ?? new Date()
  const runs = await sql<KindOfRun & Night>`
    select distinct on (kind) kind, state, started_at as "startedAt", finished_at as "finishedAt", message,
      max(finished_at) filter (where state = 'done') over (partition by kind) as "succeededAt"
    from run where not dry_run order by kind, started_at desc, id desc`.execute(db, limit)
  const missed = await sql<{ at: Date }>`
    select started_at as at from run where kind = 'nightly' and state = 'missed'
      and started_at > ${new Date(instant.getTime() - MISSED_DAYS * 86_400_000)}
    order by started_at`.execute(db, limit)
  const logs = await sql<{ name: string; lastAt: Date | null; lines: number }>`
    select name, last_at as "lastAt", coalesce(lines, 0)::bigint as lines from log_source
    left join (select source_id, sum(lines) as lines from log_day group by source_id) read on source_id = id
    `.execute(db, limit)
  const sources = config.activity.sources
    .filter(each => each.kind === 'log')
    .map(({ name }) => {
      const read = logs.rows.find(row => row.name === name)
      return sourceOf(name, read?.lastAt ?? null, read?.lines ?? 0, instant)
    })
  const nightly = runs.rows.find(run => run.kind === 'nightly') ?? null
  return { nightly, missed: missed.rows.map(row => row.at), sources, runs: runs.rows }
}

function sourceOf(name: string, lastAt: Date | null, lines: number, now: Date): Source {
  const lagSeconds = lastAt && Math.max(0, Math.round((now.getTime() - lastAt.getTime()) / 1000))
  return { name, lastAt, lagSeconds, lines }
}

type Told = { ready: boolean; state: State | null; parts: (Part & Record<string, unknown>)[] }

/**
 * Every part with its state. Ready is decided by the database and the parts that were handed in, not by how the last
 * night went or how old the logs are: a load balancer would take away the very page that tells of it.
 */
async function tellState(settings: ServerSettings): Promise<Told> {
  const [state, others] = await Promise.all([attempt(readState(settings)), attempt(given(settings))])
  const database = { name: 'database', ok: state.ok, detail: state.ok ? 'answers' : said(state.thrown) }
  const known = state.ok ? [jobsPart(state.value), followPart(state.value)] : []
  const handed = others.ok ? others.value : [{ name: 'parts', ok: false, detail: said(others.thrown) }]
  if (!state.ok) settings.log.warn({ err: state.thrown }, 'the state cannot be read')
  return {
    ready: state.ok && handed.every(part => part.ok),
    state: state.ok ? state.value : null,
    parts: merged([database, ...known, ...handed]),
  }
}

async function given({ parts }: ServerSettings): Promise<Part[]> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`no answer in ${ASK_MS / 1000} s`)), ASK_MS)
  return Promise.race([parts(), late]).finally(() => clearTimeout(timer))
}

type Attempt<T> = { ok: true; value: T } | { ok: false; thrown: unknown }

async function attempt<T>(work: Promise<T>): Promise<Attempt<T>> {
  return work.then(
    value => ({ ok: true, value }),
    (thrown: unknown) => ({ ok: false, thrown }),
  )
}

/** What went wrong, for outside: the words of an error of ours; those of a library stay in the log. */
function said(thrown: unknown): string {
  return thrown instanceof AppError ? thrown.message : 'does not answer, or not as it should; see the log'
}

function jobsPart({ nightly, missed }: State): Part & Record<string, unknown> {
  const good = nightly === null || nightly.state === 'done' || nightly.state === 'running'
  const detail = [
    nightly === null ? 'no nightly run yet' : `last nightly run: ${nightly.state}`,
    ...(missed.length > 0 ? [`${missed.length} missed in ${MISSED_DAYS} days`] : []),
  ].join('; ')
  const night = nightly && {
    state: nightly.state,
    startedAt: nightly.startedAt,
    finishedAt: nightly.finishedAt,
    message: withoutForeign(nightly.message),
  }
  return { name: 'jobs', ok: good && missed.length === 0, detail, nightly: night, missedNights: missed }
}

/** What a library said may hold a name or an address: of `step: internal: …` only that it was so. */
function withoutForeign(message: string): string {
  return message.replace(/\binternal: .*/s, 'internal; see the log')
}

function followPart({ sources }: State): Part & Record<string, unknown> {
  const behind = sources.filter(isBehind).map(source => source.name)
  const detail =
    behind.length > 0 ? `nothing new read from: ${behind.join(', ')}` : `${sources.length} log sources`
  return { name: 'follow', ok: behind.length === 0, detail, sources }
}

function isBehind({ lagSeconds }: Source): boolean {
  return lagSeconds === null || lagSeconds > LAG_SECONDS
}

/** A part told of twice, by the database and by the process, is one: good if both are. */
function merged(parts: readonly (Part & Record<string, unknown>)[]): (Part & Record<string, unknown>)[] {
  const byName = new Map<string, Part & Record<string, unknown>>()
  for (const part of parts) {
    const known = byName.get(part.name)
    const both = known && { ok: known.ok && part.ok, detail: `${known.detail}; ${part.detail}` }
    byName.set(part.name, { ...known, ...part, ...both })
  }
  return [...byName.values()]
}

async function ready(settings: ServerSettings, reply: FastifyReply): Promise<FastifyReply> {
  const { ready, parts } = await tellState(settings)
  if (!ready) reply.code(503).header('retry-after', RETRY_SECONDS)
  return reply.send({ ok: ready, parts })
}

// metrics ----------------------------------------------------------------------------------------------------------

const RUN_STATES = ['running', 'done', 'partial', 'refused', 'failed', 'broken', 'missed']

/** Registers the metrics and answers the scrape. With the database away only what the process itself knows is told. */
function createMetrics(settings: ServerSettings): () => Promise<string> {
  const { registry } = settings
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const up = new Gauge({
    name: 'hopthu_database_up',
    help: 'Whether the database answered this scrape',
    registers,
  })
  const success = new Gauge({
    name: 'hopthu_run_last_success_timestamp_seconds',
    help: 'When a run of this kind last ended well',
    labelNames: ['kind'],
    registers,
  })
  const state = new Gauge({
    name: 'hopthu_run_state',
    help: 'Whether the last run of this kind is in this state',
    labelNames: ['kind', 'state'],
    registers,
  })
  const missed = new Gauge({
    name: 'hopthu_missed_nights',
    help: 'Nights missed in the last 7 days',
    registers,
  })
  const lag = new Gauge({
    name: 'hopthu_log_lag_seconds',
    help: 'Age of the newest log line read',
    labelNames: ['source'],
    registers,
  })
  const lines = new Counter({
    name: 'hopthu_log_lines_total',
    help: 'Log lines read',
    labelNames: ['source'],
    registers,
  })
  const set = (known: State) => {
    for (const run of known.runs) {
      if (run.succeededAt) success.set({ kind: run.kind }, run.succeededAt.getTime() / 1000)
      for (const each of RUN_STATES) state.set({ kind: run.kind, state: each }, run.state === each ? 1 : 0)
    }
    missed.set(known.missed.length)
    for (const source of known.sources) {
      if (source.lagSeconds !== null) lag.set({ source: source.name }, source.lagSeconds)
      lines.inc({ source: source.name }, source.lines)
    }
  }
  const scrape = async () => {
    const known = await attempt(readState(settings))
    for (const metric of [up, success, state, missed, lag, lines]) metric.reset()
    up.set(known.ok ? 1 : 0)
    if (known.ok) set(known.value)
    else missed.remove()
    return registry.metrics()
  }
  // one after the other: two at once would empty each other's numbers
  let last: Promise<unknown> = Promise.resolve()
  return () => {
    const mine = last.then(scrape)
    last = mine.catch(() => {})
    return mine
  }
}
