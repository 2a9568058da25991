/** The page of operators. */
import {
  actionButton,
  badge,
  card,
  empty,
  field,
  input,
  nextLink,
  notice,
  pageHead,
  select,
  table,
  tableCard,
} from '../web/components.ts'
import { instant } from '../web/format.ts'
import { html } from '../web/html.ts'
import { addressOf } from '../web/query.ts'
import { roles } from './access.ts'
import { auditWords } from './audit-messages.ts'
import { type Locale, words } from './messages.ts'
import type { ListedOperator } from './operator-store.ts'

export type OperatorsView = {
  operators: readonly ListedOperator[]
  next: string | null
  csrf: string
  /** Who looks: nobody disables themselves. */
  self: number | null
  mayManage: boolean
  /** Whether who looks may add operators of the whole installation. */
  whole: boolean
  timeZone: string
  /** A link that was just made; shown this once. */
  made: { name: string; signInLink: string } | null
  /** What was sent, and by field a word of ours or a sentence. */
  form: { values: Record<string, string>; problems: Record<string, string> }
  said: 'disabled' | 'gone' | 'notSelf' | null
}

export function operatorsPage(locale: Locale, view: OperatorsView): { title: string; body: string } {
  const say = auditWords[locale].operators
  const { operators, next, made, said } = view
  const list =
    operators.length === 0 ? empty({ title: say.none, text: say.noneText }) : operatorTable(locale, view)
  const foot = nextLink(next === null ? null : addressOf('/operators', { after: next }), say.next)
  const done = said === null ? '' : notice(said === 'disabled' ? 'good' : 'warn', say[said])
  const link = made === null ? '' : linkNotice(locale, made)
  const form = view.mayManage ? addForm(locale, view) : ''
  const body = html`!${pageHead({ title: say.title })}!${done}!${link}!${tableCard({ title: say.title, table: list, foot })}!${form}`
  return { title: say.title, body }
}

function linkNotice(locale: Locale, { name, signInLink }: { name: string; signInLink: string }): string {
  const say = auditWords[locale].operators
  const more = html`<label class="form-label mt-2" for="sign-in-link">${name}</label><input class="form-control" id="sign-in-link" readonly value="${signInLink}">`
  return notice('good', `${say.linkTitle}. ${say.linkText}`, more)
}

const stateLooks = { active: 'good', invited: 'warn', disabled: 'plain' } as const

function operatorTable(locale: Locale, view: OperatorsView): string {
  const say = auditWords[locale].operators
  const columns = [
    { title: say.name },
    { title: say.scope, wide: true },
    { title: say.lastSignIn, wide: true },
    { title: say.state },
    ...(view.mayManage ? [{ title: say.manage }] : []),
  ]
  const rows = view.operators.map(each => [
    html`<b>!${breakable(each.name)}</b><div class="stamp">${words[locale].roles[each.role]}</div>`,
    scope(locale, each),
    each.lastSignIn === null
      ? html`<span class="stamp">${say.never}</span>`
      : instant(each.lastSignIn, view.timeZone),
    badge(stateLooks[each.state], say.states[each.state]),
    ...(view.mayManage ? [rowActions(locale, view, each)] : []),
  ])
  return table(say.title, columns, rows)
}

/** A name that may be broken at its signs: on a phone the column is narrow. */
function breakable(name: string): string {
  return name
    .split(/(?<=[._@-])|(?<=[^._@-]{12})/)
    .map(part => html`${part}`)
    .join('<wbr>')
}

function scope(locale: Locale, { agency }: ListedOperator): string {
  if (agency === null) return html`${auditWords[locale].operators.whole}`
  return html`${agency.name}<div class="code">${agency.code}</div>`
}

/** Behind a click: disabling is not to happen by a slip of the finger. */
function rowActions(
  locale: Locale,
  { csrf, self }: OperatorsView,
  { id, name, state }: ListedOperator,
): string {
  if (state === 'disabled') return ''
  const say = auditWords[locale].operators
  const link = actionButton({ action: `/operators/${id}/link`, label: say.link, csrf })
  const end =
    id === self ? '' : actionButton({ action: `/operators/${id}/disable`, label: say.disable, csrf })
  return html`<details class="menu" name="operators"><summary class="btn btn-sm">${say.manage}<span class="visually-hidden"> ${name}</span></summary><div class="menu-list">!${link}!${end}</div></details>`
}

function addForm(locale: Locale, { csrf, form, whole }: OperatorsView): string {
  const say = auditWords[locale].operators
  const { values, problems } = form
  const problem = (id: string) => {
    const given = problems[id]
    return given === undefined ? null : (problemText(locale, given) ?? given)
  }
  const box = (id: 'name' | 'agency', label: string, hint: string) =>
    field({
      id,
      label,
      hint,
      problem: problem(id),
      control: input({
        id,
        value: values[id] ?? '',
        problem: problem(id),
        hint: true,
        more: { autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false' },
      }),
    })
  const options = roles.map(role => ({ value: role, text: words[locale].roles[role] }))
  const role = field({
    id: 'role',
    label: say.role,
    problem: problem('role'),
    control: select({ id: 'role', value: values.role ?? 'head', options, problem: problem('role') }),
  })
  const agency = box('agency', say.agency, whole ? say.agencyHint : say.agencyOwn)
  const body = html`<form method="post" action="/operators"><input type="hidden" name="csrf" value="${csrf}">!${box('name', say.name, say.nameHint)}!${role}!${agency}<button class="btn btn-primary">${say.submit}</button></form>`
  return card({ title: say.add, body })
}

function problemText(locale: Locale, problem: string): string | null {
  const say = auditWords[locale].operators
  const known = {
    badName: say.badName,
    taken: say.taken,
    badRole: say.badRole,
    badAgency: say.badAgency,
    needsAgency: say.needsAgency,
  }
  return Object.entries(known).find(([name]) => name === problem)?.[1] ?? null
}
