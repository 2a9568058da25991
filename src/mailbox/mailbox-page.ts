/** Mailboxes: the list within an operator's scope, and one with all that is known of it. */
import {
  actionButton,
  card,
  empty,
  keyValues,
  nextLink,
  pageHead,
  type Standing,
  select,
  state,
  table,
  tableCard,
} from '../web/components.ts'
import { day, instant, type Locale } from '../web/format.ts'
import { html } from '../web/html.ts'
import { input } from '../web/inputs.ts'
import type {
  ActivationState,
  AddressSpan,
  HolderSpan,
  ListedMailbox,
  MailboxChange,
  MailboxDetail,
  MailboxState,
  Span,
  StateSpan,
} from './mailbox-page-store.ts'
import { mailboxStates } from './mailbox-page-store.ts'
import { kinds, reasonText, states } from './messages.ts'
import {
  activationText,
  changeStateWords,
  mailboxKinds,
  mailboxWords,
  stateReasonText,
} from './page-messages.ts'

export const mailboxPath = '/mailboxes'

export type Use = { firstLogin: Date | null; lastLogin: Date | null; lastSend: Date | null }
export type Shown = ListedMailbox & { use: Use; activation: ActivationState | null }

export type MailboxQuery = { q: string; agency: string; state: MailboxState | null }

export type ListView = {
  query: MailboxQuery
  /** Whether the agency asked for is there to be seen. */
  agencyKnown: boolean
  mailboxes: readonly Shown[]
  next: string | null
  now: Date
  timeZone: string
  maySeePlans: boolean
}

export function mailboxListPage(locale: Locale, view: ListView): string {
  const say = mailboxWords[locale]
  const { mailboxes, query } = view
  const filtered = query.q !== '' || query.agency !== '' || query.state !== null
  const plans = view.maySeePlans ? html`<a class="btn btn-primary" href="/plans">${say.seePlans}</a>` : ''
  const nothing = filtered
    ? empty({ title: say.noneFound, text: say.noneFoundText })
    : empty({ title: say.none, text: say.noneText, action: plans })
  const list = mailboxes.length === 0 ? nothing : mailboxTable(locale, view)
  const foot = view.next === null ? '' : html`<div class="card-foot">!${nextLink(view.next, say.next)}</div>`
  return html`!${pageHead({ title: say.title, stamp: html`${say.useHint}` })}<section class="card mb-3"><div class="card-body">!${filterForm(locale, view, filtered)}</div>!${list}!${foot}</section>`
}

function filterForm(locale: Locale, { query, agencyKnown }: ListView, filtered: boolean): string {
  const { q, agency, state } = query
  const say = mailboxWords[locale]
  const options = [
    { value: '', text: say.allStates },
    ...mailboxStates.map(each => ({ value: each, text: states[each]?.[locale] ?? each })),
  ]
  const text = (id: string, value: string, label: string, problem: string | null = null) => {
    const more = { maxlength: '200', placeholder: label, 'aria-label': label }
    const said =
      problem === null ? '' : html`<div class="invalid-feedback" id="${id}-problem">${problem}</div>`
    return html`<div>!${input({ id, type: 'search', value, problem, more })}!${said}</div>`
  }
  const clear = filtered ? html`<a class="btn" href="${mailboxPath}">${say.clear}</a>` : ''
  return html`<form class="filter" action="${mailboxPath}">!${text('q', q, say.search)}!${text('agency', agency, say.agencyCode, agencyKnown ? null : say.noSuchAgency)}<label><span class="visually-hidden">${say.state}</span>!${select({ id: 'state', value: state ?? '', options })}</label><button class="btn">${say.filter}</button>!${clear}</form>`
}

function mailboxTable(locale: Locale, { mailboxes, timeZone, now }: ListView): string {
  const say = mailboxWords[locale]
  const rows = mailboxes.map(each => [
    html`<a class="address" href="${mailboxPath}/${each.id}">${each.address}</a>`,
    html`${each.holder ?? say.nobody}<div class="code">${each.staffId ?? ''}</div>`,
    html`${each.agencyName ?? '–'}<div class="code">${each.agency ?? ''}</div>`,
    stateOf(locale, each.state),
    seen(locale, each.use.lastLogin, timeZone),
    seen(locale, each.use.lastSend, timeZone),
    html`${activationText(locale, activationOf(each, now))}`,
  ])
  const columns = [
    { title: say.address },
    { title: say.holder },
    { title: say.agency, wide: true },
    { title: say.state, wide: true },
    { title: say.lastSignIn, wide: true },
    { title: say.lastSend, wide: true },
    { title: say.activation, wide: true },
  ]
  return table(say.title, columns, rows)
}

/** None seen is said in words: no data is not no use. */
function seen(locale: Locale, at: Date | null, timeZone: string): string {
  return at === null
    ? html`<span class="stamp">${mailboxWords[locale].unseen}</span>`
    : html`${instant(at, timeZone)}`
}

const standings: Record<MailboxState, Standing> = {
  planned: 'unknown',
  invited: 'pace',
  active: 'met',
  locked: 'behind',
  suspended: 'risk',
  archived: 'unknown',
  removed: 'unknown',
}

function stateOf(locale: Locale, of: MailboxState): string {
  return state(standings[of], states[of]?.[locale] ?? of)
}

/** Who was ever seen using it has activated it, by whatever way. */
function activationOf({ use, activation }: Pick<Shown, 'use' | 'activation'>, now: Date): string {
  if (use.firstLogin !== null || use.lastSend !== null || activation?.usedAt) return 'activated'
  if (!activation?.sentAt) return 'none'
  return activation.expiresAt !== null && activation.expiresAt > now ? 'sent' : 'expired'
}

// one ---------------------------------------------------------------------------------------------------------------

export type DetailView = {
  mailbox: MailboxDetail
  use: Use
  activation: ActivationState | null
  addresses: readonly AddressSpan[]
  holders: readonly HolderSpan[]
  states: readonly StateSpan[]
  changes: readonly MailboxChange[]
  now: Date
  timeZone: string
  csrf: string
  mayInvite: boolean
  maySeePlans: boolean
}

export function mailboxPage(locale: Locale, view: DetailView): string {
  const say = mailboxWords[locale]
  const { mailbox } = view
  const crumbs = [{ href: mailboxPath, text: say.title }]
  return [
    pageHead({ title: mailbox.address, stamp: stateOf(locale, mailbox.state), crumbs }),
    facts(locale, view),
    addressCard(locale, view),
    holderCard(locale, view),
    stateCard(locale, view),
    changeCard(locale, view),
  ].join('')
}

function facts(locale: Locale, view: DetailView): string {
  const say = mailboxWords[locale]
  const { mailbox, use, activation, timeZone, csrf, mayInvite } = view
  const holder =
    mailbox.holder === null
      ? html`${say.nobody}`
      : html`${mailbox.holder} <span class="code">${mailbox.staffId ?? ''}</span>`
  const agency =
    mailbox.agency === null
      ? html`–`
      : html`<a href="/agencies/${mailbox.agency}">${mailbox.agencyName ?? ''}</a> <span class="code">${mailbox.agency}</span>`
  const shown = activationText(locale, activationOf({ use, activation }, view.now))
  const list = keyValues([
    [say.holder, holder],
    [say.agency, agency],
    [say.kind, html`${mailboxKinds[mailbox.kind]?.[locale] ?? mailbox.kind}`],
    [say.platform, html`${mailbox.platform}`],
    [say.quota, html`${quotaText(locale, mailbox.quotaBytes)}`],
    [say.lastSignIn, seen(locale, use.lastLogin, timeZone)],
    [say.lastSend, seen(locale, use.lastSend, timeZone)],
    [say.activation, html`${shown}`],
  ])
  const invite = mayInvite
    ? html`<div class="mt-3">!${actionButton({ action: `${mailboxPath}/${mailbox.id}/invite`, label: say.invite, csrf })}<p class="form-hint">${say.inviteHint}</p></div>`
    : ''
  return card({ title: mailbox.name, body: html`!${list}!${invite}<p class="stamp mb-0">${say.useHint}</p>` })
}

function quotaText(locale: Locale, bytes: number): string {
  if (bytes === 0) return mailboxWords[locale].unlimited
  const gigabytes = bytes / 1024 ** 3
  const tag = locale === 'vi' ? 'vi-VN' : 'en-GB'
  return gigabytes >= 1
    ? `${gigabytes.toLocaleString(tag, { maximumFractionDigits: 1 })} GB`
    : `${(bytes / 1024 ** 2).toLocaleString(tag, { maximumFractionDigits: 0 })} MB`
}

function from(locale: Locale, { firstDay }: Span): string {
  return firstDay === '-infinity' ? mailboxWords[locale].always : day(firstDay)
}

function until(locale: Locale, { lastDay }: Span): string {
  return lastDay === 'infinity' ? mailboxWords[locale].now : day(lastDay)
}

function addressCard(locale: Locale, { addresses }: DetailView): string {
  const say = mailboxWords[locale]
  const rows = addresses.map(each => [
    html`<span class="address">${each.address}</span><div class="code">${each.kind === 'primary' ? say.primary : say.alias}</div>`,
    from(locale, each),
    until(locale, each),
  ])
  const columns = [{ title: say.address }, { title: say.from }, { title: say.until }]
  return tableCard({ title: say.addresses, table: table(say.addresses, columns, rows) })
}

function holderCard(locale: Locale, { holders }: DetailView): string {
  const say = mailboxWords[locale]
  const rows = holders.map(each => [
    html`${each.name}<div class="code">${each.staffId ?? ''}</div>`,
    from(locale, each),
    until(locale, each),
  ])
  const columns = [{ title: say.holder }, { title: say.from }, { title: say.until }]
  return tableCard({ title: say.holders, table: table(say.holders, columns, rows) })
}

function stateCard(locale: Locale, { states }: DetailView): string {
  const say = mailboxWords[locale]
  const rows = states.map(each => [
    html`!${stateOf(locale, each.state)}<div class="code">${stateReasonText(locale, each.reason)}</div>`,
    from(locale, each),
    until(locale, each),
  ])
  const columns = [{ title: say.state }, { title: say.from }, { title: say.until }]
  return tableCard({ title: say.states, table: table(say.states, columns, rows) })
}

function changeCard(locale: Locale, { changes, timeZone, maySeePlans }: DetailView): string {
  const say = mailboxWords[locale]
  if (changes.length === 0)
    return card({ title: say.changes, body: html`<p class="stamp mb-0">${say.noChanges}</p>` })
  const rows = changes.map(each => [
    html`${kinds[each.kind][locale]}<div class="code">${reasonText(locale, each.reason)}</div>`,
    html`${changeStateWords[each.state]?.[locale] ?? each.state}<div class="code address">${each.error ?? ''}</div>`,
    instant(each.finishedAt, timeZone),
    maySeePlans ? html`<a href="/plans/${each.plan}">${each.plan}</a>` : String(each.plan),
  ])
  const columns = [
    { title: say.change },
    { title: say.result },
    { title: say.when, wide: true },
    { title: say.plan, number: true },
  ]
  return tableCard({ title: say.changes, table: table(say.changes, columns, rows) })
}
