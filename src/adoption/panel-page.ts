/** Pieces that several pages of figures show: the head, the first sentence, the four stages, the table of agencies. */
import type { FastifyRequest } from 'fastify'
import { mayAnywhere } from '../access/access.ts'
import { operatorOf } from '../access/plugin.ts'
import { bar, choices, hero, pageHead, stages, state, table } from '../web/components.ts'
import { day as dayText, instant, number, part, percent, points } from '../web/format.ts'
import { html } from '../web/html.ts'
import { type AgencyFigures, bits, FIGURE_DEFINITION } from './adoption.ts'
import { words as figureWords } from './messages.ts'
import { above, agencyHref, hrefOf, type Pages, standingOf, subtreeOf, type View } from './page.ts'
import { levelWord } from './page-messages.ts'
import type { KeptFigure, Movement } from './page-store.ts'
import {
  biggestHold,
  hidesUse,
  regularRange,
  type StageFigure,
  shareChange,
  spokenTarget,
  stageFigures,
} from './stage.ts'
import { type TargetStatus, targetStatuses } from './target.ts'

/** Whether the reader may see names of the agencies in view. */
export function maySeeNames(request: FastifyRequest): boolean {
  return mayAnywhere(operatorOf(request), 'names.view')
}

/** The title with, at its side, up to which day, how complete, since when, and how it is counted. */
export function headOf(pages: Pages, view: View, title: string, agency?: AgencyFigures): string {
  const crumbs = agency ? above(view, agency) : []
  return pageHead({
    title,
    stamp: stamp(pages, view, agency),
    crumbs: crumbs.map(each => ({ href: agencyHref(view, each), text: each.name })),
  })
}

function stamp({ context }: Pages, view: View, agency: AgencyFigures | undefined): string {
  const { words, locale, rosterSpoke, ground } = view
  const { timeZone } = context.config
  const facts = [
    figureWords[locale].upTo(dayText(view.day), view.partial),
    agency && ground.rosterKnown ? words.stamp.logs(percent(locale, agency.completeness)) : null,
    rosterSpoke === null
      ? words.stamp.noRoster
      : words.stamp.roster(instant(rosterSpoke, timeZone).split(' ')[1] ?? ''),
    agency && rosterSpoke !== null ? confirmedText(view, agency) : null,
  ].filter(each => each !== null)
  return html`${facts.join(' · ')} · <a href="/definition">${words.stamp.method} (${FIGURE_DEFINITION})</a>`
}

/** When the list behind the figures was last said to be right; where only some below said so, how many did. */
export function confirmedText(view: View, agency: AgencyFigures): string {
  const { words, locale } = view
  if (agency.confirmedOn !== null) return words.stamp.confirmed(dayText(agency.confirmedOn))
  const withStaff = subtreeOf(view, agency).filter(each => (each.own.staff ?? 0) > 0)
  const confirmed = withStaff.filter(each => each.confirmedOn !== null).length
  if (confirmed === 0) return words.stamp.notConfirmed
  return words.stamp.confirmedBelow(`${number(locale, confirmed)}/${number(locale, withStaff.length)}`)
}

export type HeroParts = {
  agency: AgencyFigures
  /** null: the two days cannot be compared. */
  movement: Movement | null
  /** HTML: the chart with its table. */
  chart: string
  /** HTML: where to go from here. */
  button: string
}

/** The page in a sentence: the number, what it counts, the target, what is missing, what changed and why. */
export function heroCard(pages: Pages, view: View, parts: HeroParts): string {
  const { agency, chart, button } = parts
  const { nobody } = view.words.empty
  if (agency.required === 0) {
    const say = html`<b>${nobody.title}.</b> ${nobody.text}`
    return hero({ value: '0', say, figure: chart })
  }
  return hero({
    value: bigNumber(view, agency),
    say: sentence(pages, view, agency),
    more: [
      targetLine(view, agency),
      boundsLine(view, agency),
      html`<p class="stamp mb-3">${changeLine(view, parts)}</p>`,
    ].join(''),
    action: button,
    figure: chart,
  })
}

function bigNumber({ locale }: View, agency: AgencyFigures): string {
  return agency.rate.regular === null ? '–' : part(locale, agency.regular, agency.required)
}

/** Under this a share is shown as counts, and the count need not be said again. */
const FEW = 50

function sentence({ context }: Pages, { words, locale }: View, agency: AgencyFigures): string {
  const { hero, empty } = words
  if (agency.rate.regular === null)
    return agency.completeness === 0
      ? html`<b>${empty.logs.title}.</b> ${empty.logs.text}`
      : html`${hero.unknown}`
  if ((agency.required ?? 0) < FEW) return html`${hero.fewWho} <b>${hero.does}</b>.`
  const { staffClasses, eligibility } = context.config.mailbox
  const who = eligibility.length === 0 ? hero.who(staffClasses.join(', ')) : hero.ruled
  const outOf = hero.outOf(number(locale, agency.regular), number(locale, agency.required))
  return html`${who} <b>${hero.does}</b>: ${outOf}`
}

function targetLine({ words, locale }: View, agency: AgencyFigures): string {
  const target = spokenTarget(agency)
  if (!target || target.status === null) return html`<p class="mb-1 stamp">${words.hero.noTarget}</p>`
  const [head, rest] = words.hero.target(
    percent(locale, target.value),
    words.indicator[target.indicator],
    dayText(target.due),
  )
  const more = target.gap !== null && target.gap > 0 ? `, ${words.hero.more(number(locale, target.gap))}` : ''
  const text = `${words.statusIn[target.status]}${more}`
  const standing = standingOf(target.status)
  return html`<p class="mb-1"><b>${head}</b>${rest}<a class="${standing === 'behind' ? 'gap' : 'fw-semibold'}" href="/definition#status-${target.status}">${text}</a></p>`
}

function boundsLine({ words, locale }: View, agency: AgencyFigures): string {
  const range = regularRange(agency)
  if (!range) return ''
  return html`<p class="stamp mb-1">${words.hero.bounds(percent(locale, range[0]), percent(locale, range[1]))}</p>`
}

function changeLine(view: View, { movement, agency }: HeroParts): string {
  const { change } = view.words
  const { locale } = view
  if (movement === null) return change.unknown
  const { began, ceased, came, left, requiredBefore, requiredAfter } = movement
  const net = began - ceased + came - left
  const text =
    net === 0 ? change.same : net > 0 ? change.more(number(locale, net)) : change.fewer(number(locale, -net))
  const some = (count: number, say: (text: string) => string) =>
    count === 0 ? [] : [say(number(locale, count))]
  const roster = [...some(came, change.came), ...some(left, change.left)]
  const parts = [
    ...some(began, change.began),
    ...some(ceased, change.ceased),
    ...(roster.length === 0 ? [] : [change.because(roster.join(', '))]),
  ]
  const required = requiredAfter - requiredBefore
  return [
    `${text}${parts.length === 0 ? '' : ` (${parts.join('; ')})`}.`,
    ...some(Math.max(0, required), change.requiredMore),
    ...some(Math.max(0, -required), change.requiredFewer),
    ...(net < 0 && missingThisWeek(view, agency) ? [change.logs] : []),
  ].join(' ')
}

/** Bits 21 to 27 of a window are its last seven days. */
const LAST_WEEK = 0b1111111 << 21

function missingThisWeek({ ground }: View, agency: AgencyFigures): boolean {
  const index = ground.tree.findIndex(each => each.id === agency.id)
  return bits((ground.knowledge[index]?.below.missing ?? 0) & LAST_WEEK) > 0
}

/** Where the first button leads when there are no agencies below: to those held up at the stage that holds up most. */
export function holdButton(view: View, agency: AgencyFigures, names: boolean): string {
  const hold = biggestHold(stageFigures(agency))
  if (!hold || !names) return html`<a class="btn btn-primary" href="#stages">${view.words.hero.stages}</a>`
  const text = view.words.hero.names(number(view.locale, hold.missing), view.words.inTheWay[hold.place])
  return html`<a class="btn btn-primary" href="${peopleHref(view, agency, hold.place)}">${text}</a>`
}

export function peopleHref(view: View, agency: { code: string }, stage: string | null = null): string {
  return hrefOf(view, '/people', { agency: agency.code, stage })
}

/** The four stages of an agency. `waiting` people have a mailbox proposed; names are linked where they may be seen. */
export function stagesCard(
  view: View,
  agency: AgencyFigures,
  { names, waiting }: { names: boolean; waiting: number },
): string {
  if (agency.required === 0) return ''
  const items = stageFigures(agency).map(figure => ({
    label: view.words.stage[figure.stage],
    count: figure.count,
    total: figure.of,
    note: noteOf(view, figure, waiting),
    href: names && figure.missing ? peopleHref(view, agency, figure.place) : null,
  }))
  return html`<div id="stages">!${stages(view.locale, items)}</div>`
}

function noteOf({ words, locale }: View, { stage, missing, place }: StageFigure, waiting: number): string {
  if (missing === null || missing === 0) return ''
  const text = `${number(locale, missing)} ${words.inTheWay[place]}`
  return stage === 'issued' && waiting > 0 ? `${text} · ${words.waiting(number(locale, waiting))}` : text
}

/** `change` as a share, `people` as a count; null where the two days cannot be compared. */
export type AgencyRow = { agency: AgencyFigures; change: number | null; people: number | null }

/** Agencies as a table. `tree` shows how deep each stands; `hold` says what holds up most. */
export function agencyTable(
  view: View,
  rows: readonly AgencyRow[],
  options: { tree: boolean; hold: boolean },
): string {
  const { words, locale } = view
  const say = words.table
  const columns = [
    { title: words.agencies },
    ...(options.tree ? [{ title: say.level, wide: true }] : []),
    { title: say.required, number: true, wide: true },
    { title: say.issued, number: true, wide: true },
    { title: say.regular, number: true },
    { title: say.bar, wide: true },
    { title: say.change, number: true, wide: true },
    ...(options.hold ? [{ title: say.hold, wide: true }] : []),
    { title: say.status },
  ]
  const top = Math.min(...rows.map(row => row.agency.depth))
  const cells = rows.map(({ agency, change, people }) => [
    agencyCell(view, agency, options.tree ? agency.depth - top : 0),
    ...(options.tree ? [html`${levelWord(agency.level, locale)}`] : []),
    number(locale, agency.required),
    part(locale, agency.issued, agency.required),
    html`<b>${bigNumber(view, agency)}</b>`,
    regularBar(view, agency),
    changeCell(view, agency, { change, people }),
    ...(options.hold ? [holdCell(view, agency)] : []),
    statusCell(view, agency),
  ])
  return table(say.caption, columns, cells)
}

function agencyCell(view: View, agency: AgencyFigures, depth: number): string {
  return html`<div class="indent-${Math.min(depth, 4)}"><a class="text-reset fw-medium" href="${agencyHref(view, agency)}">${agency.name}</a><div class="code">${agency.code}</div></div>`
}

function regularBar(view: View, agency: AgencyFigures): string {
  if (agency.required === 0) return ''
  const share =
    agency.rate.regular === null || !agency.required ? null : (agency.regular ?? 0) / agency.required
  const standing = standingOf(spokenTarget(agency)?.status)
  const text = share === null ? view.words.statusIn.unknown : bigNumber(view, agency)
  const high = agency.required ? (agency.bounds.regular[1] ?? 0) / agency.required : share
  return bar(share, standing, `${view.words.stage.regular}: ${text}`, high)
}

/** Of few people a share says too much: one person more would be many points. */
function changeCell(
  { locale, words }: View,
  { required }: AgencyFigures,
  { change, people }: Pick<AgencyRow, 'change' | 'people'>,
): string {
  if (change === null || people === null) return '–'
  const few = (required ?? 0) < FEW
  const text = few
    ? words.table.people(`${people > 0 ? '+' : ''}${number(locale, people)}`)
    : points(locale, change)
  const fell = few ? people < 0 : change < 0
  return fell ? html`<span class="gap">${text.replace('-', '−')}</span>` : html`${text}`
}

function holdCell({ words, locale }: View, agency: AgencyFigures): string {
  const hold = biggestHold(stageFigures(agency))
  return hold
    ? html`<span class="stamp">${number(locale, hold.missing)} ${words.inTheWay[hold.place]}</span>`
    : ''
}

/** The status as a dot and its word, which leads to its rule. */
export function statusCell({ locale, words }: View, agency: AgencyFigures): string {
  const status = statusOf(agency)
  if (status === null) return '–'
  const note = hidesUse(agency) ? html`<div class="stamp">${words.table.logsMissing}</div>` : ''
  return html`<a class="text-reset" href="/definition#status-${status}">!${state(standingOf(status), figureWords[locale].statuses[status])}</a>!${note}`
}

/** What changed over four weeks, from the kept figures. */
export function rowsOf(
  agencies: readonly AgencyFigures[],
  kept: ReadonlyMap<number, KeptFigure>,
): AgencyRow[] {
  return agencies.map(agency => {
    const before = kept.get(agency.id)
    const change = shareChange(agency, before)
    const people = change === null || !before ? null : (agency.regular ?? 0) - before.regular
    return { agency, change, people }
  })
}

/** The status a page speaks of. */
export function statusOf(agency: AgencyFigures): TargetStatus | null {
  return spokenTarget(agency)?.status ?? null
}

/** A link for each status there is, with how many stand there. */
export function statusChoices(
  view: View,
  path: string,
  agencies: readonly AgencyFigures[],
  chosen: TargetStatus | null,
  rest: Record<string, string | null> = {},
): string {
  const { words, locale } = view
  const counts = Map.groupBy(agencies, statusOf)
  const items = targetStatuses
    .filter(status => counts.has(status) || status === chosen)
    .map(status => ({
      href: hrefOf(view, path, { ...rest, status }),
      text: `${figureWords[locale].statuses[status]} ${number(locale, counts.get(status)?.length ?? 0)}`,
      active: status === chosen,
      standing: standingOf(status),
    }))
  if (items.length === 0) return ''
  const all = {
    href: hrefOf(view, path, rest),
    text: words.table.all(number(locale, agencies.length)),
    active: chosen === null,
  }
  return choices(words.table.filterStatus, [all, ...items])
}

/** Takes the figures in view out as a file, where that is allowed. */
export function exportLink(view: View, request: FastifyRequest, agency?: AgencyFigures): string {
  if (!mayAnywhere(operatorOf(request), 'export')) return ''
  const href = hrefOf(view, '/export/adoption.csv', { agency: agency?.code ?? null })
  return html`<a class="btn btn-sm" href="${href}" download>${view.words.table.export}</a>`
}
