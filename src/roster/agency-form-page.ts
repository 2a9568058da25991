/** The forms by which an administrator opens, changes and closes an agency. What is wrong stands beside its field. */
import { card, field, input, notice, pageHead, select } from '../web/components.ts'
import { type Locale, number } from '../web/format.ts'
import { html } from '../web/html.ts'
import type { InUse } from './agency-change.ts'
import { readAgencyCode } from './agency-code.ts'
import { agencyLevelText, agencyWords } from './agency-messages.ts'
import { historyPath, treePath } from './agency-tree-page.ts'
import type { Sector } from './sector.ts'

export type FormView = {
  locale: Locale
  csrf: string
  values: Record<string, string>
  problems: Record<string, string>
  /** What is wrong with the whole of it. */
  refused: string | null
  levels: readonly string[]
  /** Where the configuration names the agency by its code. */
  named: readonly string[]
  sectors: readonly Sector[]
}

type Agency = { id: number; code: string; name: string }

export function openPage(view: FormView): { title: string; body: string } {
  const say = agencyWords[view.locale]
  return {
    title: say.openAgency,
    body: page(view, { title: say.openAgency, lead: say.openLead, action: '/agencies/open', back: treePath }),
  }
}

export function changePage(view: FormView, agency: Agency): { title: string; body: string } {
  const say = agencyWords[view.locale]
  const action = `/agencies/${encodeURIComponent(agency.code)}/change`
  return {
    title: agency.name,
    body: page(view, { title: agency.name, lead: say.changeLead, action, back: historyPath(agency) }),
  }
}

type Place = { title: string; lead: string; action: string; back: string }

function page(view: FormView, { title, lead, action, back }: Place): string {
  const say = agencyWords[view.locale]
  const fields = [
    textField(view, 'name', say.name),
    textField(view, 'code', say.code, codeHint(view)),
    textField(view, 'parent', say.parent, say.parentHint),
    levelField(view),
    sectorField(view),
    dayField(view, say.dayHint),
    decisionFields(view),
  ].join('')
  const refused = view.refused === null ? '' : notice('warn', view.refused)
  const named = view.named.length === 0 ? '' : notice('info', say.named(view.named.join(', ')))
  const form = html`<form method="post" action="${action}" class="narrow"><input type="hidden" name="csrf" value="${view.csrf}">!${fields}<div class="actions"><button class="btn btn-primary">${say.save}</button><a class="btn" href="${back}">${say.back}</a></div></form>`
  return html`!${pageHead({ title, stamp: html`${lead}`, crumbs: [{ href: treePath, text: say.tree }] })}!${refused}!${named}!${card({ title: action === '/agencies/open' ? say.openAgency : say.changeAgency, body: form })}`
}

/** A code of neither format is taken; it is only said that it is one of its own. */
function codeHint({ locale, values }: FormView): string {
  const say = agencyWords[locale]
  const code = values.code ?? ''
  return code !== '' && readAgencyCode(code) === null ? `${say.codeHint} ${say.ownCodeWarn}` : say.codeHint
}

function textField({ values, problems }: FormView, id: string, label: string, hint = ''): string {
  const problem = problems[id] ?? null
  const control = input({
    id,
    value: values[id] ?? '',
    problem,
    hint: hint !== '',
    more: { autocomplete: 'off' },
  })
  return field({ id, label, hint, problem, control })
}

function levelField({ locale, values, problems, levels }: FormView): string {
  const problem = problems.level ?? null
  const options = levels.map(value => ({ value, text: agencyLevelText(locale, value) }))
  const control = select({ id: 'level', value: values.level ?? 'unit', options, problem })
  return field({ id: 'level', label: agencyWords[locale].level, problem, control })
}

function sectorField({ locale, values, problems, sectors }: FormView): string {
  const say = agencyWords[locale]
  const problem = problems.sector ?? null
  const options = [
    { value: '', text: say.noSector },
    ...sectors.map(each => ({ value: each.code, text: each.name })),
  ]
  const control = select({ id: 'sector', value: values.sector ?? '', options, problem })
  return field({ id: 'sector', label: say.sector, problem, control })
}

function dayField({ locale, values, problems }: FormView, hint: string): string {
  const problem = problems.day ?? null
  const control = input({ id: 'day', type: 'date', value: values.day ?? '', problem, hint: true })
  return field({ id: 'day', label: agencyWords[locale].countsFrom, hint, problem, control })
}

function decisionFields(view: FormView): string {
  const { locale, values, problems } = view
  const say = agencyWords[locale]
  const problem = problems.decisionDay ?? null
  const day = input({ id: 'decisionDay', type: 'date', value: values.decisionDay ?? '', problem, hint: true })
  return html`!${textField(view, 'decision', say.decisionNumber, say.optional)}!${field({ id: 'decisionDay', label: say.decisionDay, hint: say.optional, problem, control: day })}`
}

// closing -----------------------------------------------------------------------------------------------------------

export type CloseView = FormView & {
  /** What stands in the way on the day asked for, or today. */
  use: InUse
  /** Whether it was refused for that, or is only said beforehand. */
  wasRefused: boolean
  mayName: boolean
}

export function closePage(view: CloseView, agency: Agency): { title: string; body: string } {
  const { locale, csrf, refused, values } = view
  const say = agencyWords[locale]
  const action = `/agencies/${encodeURIComponent(agency.code)}/close`
  const form = html`<form method="post" action="${action}" class="narrow"><input type="hidden" name="csrf" value="${csrf}">!${dayField({ ...view, values }, say.closeDayHint)}!${decisionFields(view)}<div class="actions"><button class="btn btn-danger">${say.doClose}</button><a class="btn" href="${historyPath(agency)}">${say.back}</a></div></form>`
  const body = [
    pageHead({
      title: agency.name,
      stamp: html`${say.closeLead(agency.name)}`,
      crumbs: [{ href: treePath, text: say.tree }],
    }),
    refused === null ? '' : notice('warn', refused),
    useNotice(view, agency),
    card({ title: say.closeAgency, body: form }),
  ].join('')
  return { title: agency.name, body }
}

/** Who and what is still there, each with its way out. */
function useNotice({ locale, use, wasRefused, mayName }: CloseView, agency: Agency): string {
  if (use.people === 0 && use.agencies === 0) return ''
  const say = agencyWords[locale]
  const people = mayName ? use.names.map(each => html`<a href="/people/${each.id}">${each.name}</a>`) : []
  const below = use.below.map(
    each =>
      html`<a href="/agencies/${encodeURIComponent(each.code)}/change">${each.name}</a> <span class="code">${each.code}</span>`,
  )
  const parts = [
    usePart(locale, { count: use.people, say: say.peopleThere, way: say.peopleWay, items: people }),
    usePart(locale, { count: use.agencies, say: say.belowThere, way: say.belowWay, items: below }),
  ]
  const list = html`<a class="btn btn-sm mt-2" href="/people?agency=${encodeURIComponent(agency.code)}">${locale === 'vi' ? 'Xem danh sách cán bộ' : 'See the people'}</a>`
  const title = wasRefused ? `${say.inUse}. ${say.inUseText}` : say.inUseLater
  return notice('warn', title, html`!${parts}!${use.people > 0 && mayName ? list : ''}`)
}

function usePart(
  locale: Locale,
  part: { count: number; say: (count: string) => string; way: string; items: readonly string[] },
): string {
  const { count, say, way, items } = part
  if (count === 0) return ''
  const rest = count - items.length
  const more =
    rest > 0 && items.length > 0 ? html`<li>${agencyWords[locale].moreOf(number(locale, rest))}</li>` : ''
  const list =
    items.length === 0
      ? ''
      : html`<ul class="mb-1">!${items.map(each => html`<li>!${each}</li>`)}!${more}</ul>`
  return html`<div class="mt-2"><b>${say(number(locale, count))}</b></div>!${list}<div>${way}</div>`
}
