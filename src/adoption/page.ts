/** What every page of the subject begins with: the figures of the day asked for, limited to what its reader may see. */
import type { FastifyRequest } from 'fastify'
import { mayAnywhere } from '../access/access.ts'
import { operatorOf } from '../access/plugin.ts'
import { agenciesBelow } from '../access/store.ts'
import type { CommandContext } from '../command.ts'
import { AppError } from '../error.ts'
import { type Day, dayAt, parseAgencyCode, parseDay } from '../ids.ts'
import type { Standing } from '../web/components.ts'
import { empty } from '../web/components.ts'
import type { Locale } from '../web/format.ts'
import { html } from '../web/html.ts'
import { addressOf, queryText } from '../web/query.ts'
import { type AgencyFigures, subtreeEnd } from './adoption.ts'
import { figuresRequest } from './command.ts'
import { type PageWords, pageWords } from './page-messages.ts'
import { agenciesElsewhere, type Movement, rosterSpoke } from './page-store.ts'
import { countPeople, type PeopleCounts, type PeopleQuery } from './people-store.ts'
import type { FiguresRequest, Ground } from './report.ts'
import { readFigures } from './report.ts'
import type { Shared } from './single-flight.ts'
import type { TargetStatus } from './target.ts'

export type Known = { ground: Ground; figures: AgencyFigures[]; rosterSpoke: Date | null }

/** What the routes of the subject share. */
export type Pages = {
  context: CommandContext
  /** By day, of the whole installation. */
  known: Shared<Known>
  /** By day and agency. */
  movements: Shared<Movement | null>
  /** By day, agencies and what is sought. */
  counts: Shared<PeopleCounts>
  /** By day, agency and language: drawing takes longer than counting. */
  charts: Shared<string>
  /** The roster's own part of a person's page, HTML. */
  history: PersonHistory
}

export type PersonHistory = (
  request: FastifyRequest,
  person: { id: number; agencyId: number | null },
) => Promise<string>

export type View = Known & {
  request: FiguresRequest
  day: Day
  partial: boolean
  today: Day
  /** The day as it stands in the address, for links to keep; null where the page shows the usual one. */
  asOf: Day | null
  /** The figures its reader may see, in tree order. */
  visible: AgencyFigures[]
  locale: Locale
  words: PageWords
}

/** Before it nothing of ours can be: the oldest known mail logs and rosters are younger. */
const EARLIEST = '2000-01-01'

/** Opens the figures of the day in the address. Throws `usage` for a day that is none or still to come. */
export async function openView(pages: Pages, request: FastifyRequest): Promise<View> {
  const { context } = pages
  const today = dayAt(context.now().getTime(), context.config.timeZone)
  const asOf = askedDay(request, today)
  const wanted = await figuresRequest(context, asOf)
  const known = await knownOn(pages, wanted)
  const { locale } = request.access
  return {
    ...known,
    request: wanted,
    day: wanted.day,
    partial: wanted.partial,
    today,
    asOf,
    visible: await visibleTo(context, request, known.figures),
    locale,
    words: pageWords[locale],
  }
}

/** The figures of a day, shared by everybody who asks at once. */
export function knownOn({ context, known }: Pages, wanted: FiguresRequest): Promise<Known> {
  const { db } = context.database
  return known(wanted.day, async () => ({
    ...(await readFigures(db, wanted)),
    rosterSpoke: await rosterSpoke(db),
  }))
}

/**
 * People by where they stand, shared by everybody who asks for those of the very same agencies: a scope is part of the
 * question, so that nobody is answered with another's.
 */
export function countsOf(
  { context, counts }: Pages,
  { day }: View,
  query: PeopleQuery,
): Promise<PeopleCounts> {
  const key = `${day} ${query.agencies.join(',')} ${query.search?.lower ?? ''}`
  return counts(key, () => countPeople(context.database.db, query))
}

function askedDay(request: FastifyRequest, today: Day): Day | null {
  const text = queryText(request.query, 'asOf')
  if (text === '') return null
  const day = parseDay(text)
  if (day === null) throw new AppError('usage', `asOf: a day such as 2026-11-20 is expected`)
  if (day < EARLIEST) throw new AppError('usage', `asOf: a day from ${EARLIEST} on is expected`)
  if (day > today) throw new AppError('usage', `asOf: ${day} is still to come`)
  return day
}

/**
 * The scope's subtree as it stood on the day, without agencies that belong to others today: who may look at an agency is
 * decided by where it stands now.
 */
async function visibleTo(
  context: CommandContext,
  request: FastifyRequest,
  figures: AgencyFigures[],
): Promise<AgencyFigures[]> {
  const { agencyId } = operatorOf(request)
  if (agencyId === null) return figures
  const at = figures.findIndex(each => each.id === agencyId)
  if (at < 0) return []
  const { db } = context.database
  const elsewhere = await agenciesElsewhere(db, await agenciesBelow(db, agencyId))
  return figures.slice(at, subtreeEnd(figures, at)).filter(each => !elsewhere.has(each.id))
}

/** The agency of a code that its reader may see. Throws `not_found`, as for one that is not there. */
export function agencyOf(view: View, code: string): AgencyFigures {
  const wanted = parseAgencyCode(code)
  const found = view.visible.find(each => each.code === wanted)
  if (!found) throw new AppError('not_found', 'there is nothing at this address')
  return found
}

/** The code in the path of a request. */
export function askedCode(request: FastifyRequest): string {
  return queryText(request.params, 'code')
}

/** The agency in the address, `?agency=CODE`, or null where none is named. */
export function askedAgency(view: View, request: FastifyRequest): AgencyFigures | null {
  const code = queryText(request.query, 'agency')
  return code === '' ? null : agencyOf(view, code)
}

/** An agency and all below it that may be seen. */
export function subtreeOf({ visible }: View, agency: AgencyFigures): AgencyFigures[] {
  const at = visible.indexOf(agency)
  return visible.slice(at, subtreeEnd(visible, at))
}

/** The agencies one level below. */
export function childrenOf({ visible }: View, agency: AgencyFigures): AgencyFigures[] {
  return visible.filter(each => each.parent === agency.code)
}

/** Where an agency stands, from the top its reader may see to the one above it. */
export function above(view: View, agency: AgencyFigures): AgencyFigures[] {
  const parent = view.visible.find(each => each.code === agency.parent)
  return parent ? [...above(view, parent), parent] : []
}

/** An address that keeps the day looked at. */
export function hrefOf(view: View, path: string, query: Record<string, string | number | null> = {}): string {
  return addressOf(path, { ...query, asOf: view.asOf })
}

export function agencyHref(view: View, agency: { code: string }): string {
  return hrefOf(view, `/agencies/${encodeURIComponent(agency.code)}`)
}

const standings: Record<TargetStatus, Standing> = {
  met: 'met',
  kept: 'met',
  onPace: 'pace',
  atRisk: 'risk',
  behind: 'behind',
  overdue: 'behind',
  broken: 'behind',
  unknown: 'unknown',
}

/** The colour of a status; where there is no target there is nothing to judge. */
export function standingOf(status: TargetStatus | null | undefined): Standing {
  return status ? standings[status] : 'met'
}

/** What stands where there are no figures: why, and what to do. null where there are some. */
export function nothingYet(view: View, request: FastifyRequest): string | null {
  const { words, visible, ground, figures, today, day } = view
  const operator = operatorOf(request)
  const sources = mayAnywhere(operator, 'sources.view')
    ? html`<a class="btn btn-primary" href="/sources">${words.emptyAction.sources}</a>`
    : ''
  const lookToday =
    day === today
      ? ''
      : html`<a class="btn btn-primary" href="${addressOf(request.url.split('?')[0] ?? '/', { asOf: today })}">${words.emptyAction.today}</a>`
  if (view.rosterSpoke === null && (figures.length === 0 || !ground.rosterKnown))
    return html`<section class="card mb-3">!${empty({ ...words.empty.roster, action: sources })}</section>`
  if (!ground.rosterKnown)
    return html`<section class="card mb-3">!${empty({ ...words.empty.day, action: lookToday })}</section>`
  if (visible.length === 0)
    return html`<section class="card mb-3">!${empty({ ...words.empty.scope, action: lookToday })}</section>`
  return null
}
