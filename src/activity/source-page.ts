/** Where figures come from: logs with their gaps, the roster, platforms, IMAP rounds, and the nights that read them. */
import { card, empty, keyValues, notice, pageHead, type Standing, state } from '../web/components.ts'
import { day as dayText, instant, type Locale, number } from '../web/format.ts'
import { html } from '../web/html.ts'
import { agoText, logText, nightWords, type ReadKind, readText, sourceWords } from './source-messages.ts'
import { type LogDay, type LogState, type ReadState, type Silence, silenceText } from './source-state.ts'
import type { EndedRun, PlatformKnown, SweepKnown } from './source-store.ts'
import { strip } from './source-strip-page.ts'

export type LogSourceView = {
  name: string
  /** null: read by hand, not configured. */
  path: string | null
  lastAt: Date | null
  separable: boolean | null
  days: readonly LogDay[]
  state: LogState
}
export type RosterSourceView = {
  name: string
  lastCompleteAt: Date | null
  lastSaidAt: Date | null
  /** Said nothing for longer than twice its rhythm. */
  silent: Silence | null
  /** null: never read. */
  people: number | null
  last: EndedRun | null
  state: ReadState
}
export type PlatformView = {
  name: string
  known: PlatformKnown | null
  at: Date | null
  last: EndedRun | null
  state: ReadState
}
export type SweepView = {
  names: readonly string[]
  known: SweepKnown
  last: EndedRun | null
  state: ReadState
}
export type JobsView = { cron: string; last: EndedRun | null; next: Date | null; missed: readonly Date[] }

export type SourcesView = {
  logs: readonly LogSourceView[]
  roster: readonly RosterSourceView[]
  platforms: readonly PlatformView[]
  sweeps: SweepView
  jobs: JobsView
}

export type Look = { locale: Locale; timeZone: string; now: Date; maySeeRuns: boolean }

export function sourcePage(look: Look, view: SourcesView): string {
  const say = sourceWords[look.locale]
  return [
    pageHead({ title: say.title, stamp: html`${say.stamp}` }),
    verdict(look.locale, view),
    logsPart(look, view.logs),
    rosterPart(look, view),
    platformPart(look, view.platforms),
    sweepPart(look, view.sweeps),
    jobsPart(look, view.jobs),
  ].join('')
}

/** The page's first sentence: which sources ask for somebody. */
function verdict(locale: Locale, { logs, roster, platforms, sweeps }: SourcesView): string {
  const say = sourceWords[locale]
  const all = [...logs, ...roster, ...platforms, ...sweeps.names.map(name => ({ name, state: sweeps.state }))]
  const silent = new Set(roster.filter(each => each.silent !== null).map(each => each.name))
  const asking = all.filter(each => each.state !== 'good' || silent.has(each.name)).map(each => each.name)
  if (all.length === 0) return ''
  if (asking.length === 0) return notice('good', say.allGood)
  return notice(
    'warn',
    `${number(locale, asking.length)}/${number(locale, all.length)} ${say.asking}: ${asking.join(', ')}.`,
  )
}

// logs --------------------------------------------------------------------------------------------------------------

const logStandings: Record<LogState, Standing> = {
  never: 'unknown',
  late: 'behind',
  gaps: 'risk',
  good: 'met',
}

function logsPart(look: Look, logs: readonly LogSourceView[]): string {
  const say = sourceWords[look.locale]
  if (logs.length === 0)
    return card({ title: say.logs, body: empty({ title: say.noLogs, text: say.noLogsText }) })
  return logs.map((log, i) => logCard(look, log, i)).join('')
}

function logCard({ locale, timeZone, now }: Look, log: LogSourceView, index: number): string {
  const say = sourceWords[locale]
  const gaps = log.days.filter(each => each.state === 'gap')
  const since = instant(log.lastAt, timeZone)
  const { word, todo } = logText(locale, log.state, { name: log.name, since, gaps: gaps.length })
  const lines = log.days.reduce((sum, each) => sum + each.lines, 0)
  const separable = log.separable === null ? say.untried : log.separable ? say.yes : say.no
  const list = keyValues([
    [say.upTo, log.lastAt === null ? html`${say.never}` : html`${since}`],
    [say.lag, log.lastAt === null ? html`${say.unknown}` : html`${agoText(locale, log.lastAt, now)}`],
    [say.lines, log.lastAt === null ? html`${say.unknown}` : number(locale, lines)],
    [say.gaps, html`${log.lastAt === null ? say.unknown : gapsText(locale, gaps)}`],
    [say.separable, html`${separable}`],
    [say.file, log.path === null ? html`${say.byHand}` : html`<code>${log.path}</code>`],
  ])
  const shown = strip(locale, log.days, { id: `hatch-${index}`, name: log.name })
  const head = standingPart(locale, state(logStandings[log.state], word), todo)
  return card({
    title: `${say.logs}: ${log.name}`,
    body: html`!${head}!${shown}<div class="mt-3">!${list}</div>`,
  })
}

function standingPart(locale: Locale, standing: string, todo: string): string {
  const what = todo === '' ? '' : html`<p class="stamp">${sourceWords[locale].todo}: ${todo}</p>`
  return html`<p class="mb-1">!${standing}</p>!${what}`
}

const NAMED_GAPS = 10

/** `3: 04/10/2026, 05/10/2026 …`. */
function gapsText(locale: Locale, gaps: readonly LogDay[]): string {
  if (gaps.length === 0) return sourceWords[locale].noGaps
  const named = gaps.slice(0, NAMED_GAPS).map(each => dayText(each.day))
  return `${number(locale, gaps.length)}: ${named.join(', ')}${gaps.length > NAMED_GAPS ? ' …' : ''}`
}

// what runs read ----------------------------------------------------------------------------------------------------

const readStandings: Record<ReadState, Standing> = {
  never: 'unknown',
  failed: 'behind',
  refused: 'risk',
  late: 'risk',
  good: 'met',
}

function readHead(locale: Locale, kind: ReadKind, of: ReadState): string {
  const { word, todo } = readText(locale, kind, of)
  return standingPart(locale, state(readStandings[of], word), todo)
}

function runLink({ locale, timeZone, maySeeRuns }: Look, run: EndedRun | null): string {
  const say = sourceWords[locale]
  if (run === null) return html`${say.never}`
  const at = instant(run.finishedAt ?? run.startedAt, timeZone)
  return maySeeRuns ? html`${at} · <a href="/runs/${run.id}">${say.seeRun} ${run.id}</a>` : html`${at}`
}

function rosterPart(look: Look, { roster, jobs }: SourcesView): string {
  const { locale, timeZone } = look
  const say = sourceWords[locale]
  if (roster.length === 0)
    return card({ title: say.roster, body: empty({ title: say.noRoster, text: say.noRosterText }) })
  return roster
    .map(source => {
      const list = keyValues([
        [
          say.lastComplete,
          html`${source.lastCompleteAt === null ? say.never : instant(source.lastCompleteAt, timeZone)}`,
        ],
        [
          say.lastSaid,
          html`${source.lastSaidAt === null ? say.never : instant(source.lastSaidAt, timeZone)}`,
        ],
        [say.people, source.people === null ? html`${say.unknown}` : number(locale, source.people)],
        [say.lastRun, runLink(look, source.last)],
        [say.nextNight, html`${instant(jobs.next, timeZone)}`],
      ])
      const told = source.silent === null ? '' : notice('warn', silenceText(locale, source.silent))
      const body = html`!${told}!${readHead(locale, 'roster', source.state)}!${list}`
      return card({ title: `${say.roster}: ${source.name}`, body })
    })
    .join('')
}

function platformPart(look: Look, platforms: readonly PlatformView[]): string {
  const { locale, timeZone } = look
  const say = sourceWords[locale]
  if (platforms.length === 0)
    return card({ title: say.platforms, body: empty({ title: say.noPlatform, text: say.noPlatformText }) })
  const count = (value: number | undefined) =>
    value === undefined ? html`${say.unknown}` : number(locale, value)
  return platforms
    .map(({ name, known, at, last, state }) => {
      const list = keyValues([
        [say.lastListing, html`${at === null ? say.never : instant(at, timeZone)}`],
        [say.mailboxes, count(known?.mailboxes)],
        [say.ours, count(known?.ours)],
        [say.suspended, count(known?.suspended)],
        [say.aliases, count(known?.aliases)],
        [say.lastRun, runLink(look, last)],
      ])
      const body = html`!${readHead(locale, 'platform', state)}!${list}`
      return card({ title: `${say.platforms}: ${name}`, body })
    })
    .join('')
}

function sweepPart(look: Look, { names, known, last, state }: SweepView): string {
  const { locale, timeZone } = look
  const say = sourceWords[locale]
  if (names.length === 0) return ''
  const reasons = known.reasons.map(each => `${each.reason} ${number(locale, each.count)}`).join(' · ')
  const swept = known.sweptAt !== null
  const list = keyValues([
    [say.lastSweep, html`${swept ? instant(known.sweptAt, timeZone) : say.never}`],
    [say.reached, swept ? number(locale, known.reached) : html`${say.unknown}`],
    [
      say.unreached,
      swept
        ? html`${number(locale, known.unreached)} <span class="stamp">${reasons}</span>`
        : html`${say.unknown}`,
    ],
    [say.lastRun, runLink(look, last)],
  ])
  const body = html`!${readHead(locale, 'sweep', state)}!${list}`
  return card({ title: `${say.sweeps}: ${names.join(', ')}`, body })
}

/** A time of each day in words; any other schedule as it is configured. */
function scheduleText({ locale }: Look, cron: string): string {
  const [, minute, hour] = /^(\d{1,2}) (\d{1,2}) \* \* \*$/.exec(cron) ?? []
  if (minute === undefined || hour === undefined) return html`<code>${cron}</code>`
  return html`${sourceWords[locale].daily(`${hour.padStart(2, '0')}:${minute.padStart(2, '0')}`)}`
}

const nightStandings: Record<string, Standing> = { done: 'met', partial: 'risk', refused: 'risk' }

function jobsPart(look: Look, { cron, last, next, missed }: JobsView): string {
  const { locale, timeZone } = look
  const say = sourceWords[locale]
  const standing =
    last === null
      ? state('unknown', say.never)
      : state(nightStandings[last.state] ?? 'behind', nightWords[last.state]?.[locale] ?? last.state)
  const list = keyValues([
    [say.schedule, scheduleText(look, cron)],
    [say.lastNight, runLink(look, last)],
    [say.nextNight, html`${instant(next, timeZone)}`],
    [say.missed, html`${missedText(look, missed)}`],
  ])
  return card({ title: say.jobs, body: html`<p>!${standing}</p>!${list}` })
}

const NAMED_NIGHTS = 5

function missedText({ locale, timeZone }: Look, missed: readonly Date[]): string {
  if (missed.length === 0) return number(locale, 0)
  const named = missed.slice(0, NAMED_NIGHTS).map(at => instant(at, timeZone))
  return `${number(locale, missed.length)}: ${named.join(', ')}${missed.length > NAMED_NIGHTS ? ' …' : ''}`
}
