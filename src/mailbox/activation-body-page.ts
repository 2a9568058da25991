/** What the pages of activation show. Phone first: that is where links are opened. */
import type { Access } from '../access/plugin.ts'
import type { Config } from '../config.ts'
import { keyValues, more, notice } from '../web/components.ts'
import { html } from '../web/html.ts'
import { field, input } from '../web/inputs.ts'
import { activatePath } from './activation-command.ts'
import { pageWords, rulesOf } from './activation-messages.ts'
import type { Invitation } from './activation-store.ts'
import type { PasswordPolicy } from './password-policy.ts'

type Look = Pick<Access, 'locale' | 'csrf'>

/** One narrow panel under its title. */
export function panel(title: string, body: string): string {
  return html`<section class="card narrow-page"><div class="card-body"><h1>${title}</h1>!${body}</div></section>`
}

const hiddenCsrf = (csrf: string) => html`<input type="hidden" name="csrf" value="${csrf}">`

export function codeBody(
  { locale, csrf }: Look,
  { value, problem }: { value: string; problem: string | null },
): string {
  const say = pageWords[locale]
  const more = { autocomplete: 'off', autocapitalize: 'characters', spellcheck: 'false', maxlength: '40' }
  const control = input({ id: 'code', value, problem, hint: true, more })
  const form = html`<form method="post" action="${activatePath}">!${hiddenCsrf(csrf)}!${field({
    id: 'code',
    label: say.code,
    control,
    hint: say.codeHint,
    problem,
  })}<button class="btn btn-primary">${say.next}</button></form>`
  return panel(say.codeTitle, html`<p>${say.codeLead}</p>!${form}`)
}

export type Shown = {
  invitation: Invitation
  policy: PasswordPolicy
  /** Last day the link can be used, as it is shown. */
  day: string
  problems: Record<string, string>
  /** What became of the last try, if there was one. */
  notice: string | null
}

export function formBody({ locale, csrf }: Look, shown: Shown): string {
  const { invitation, policy, problems } = shown
  const say = pageWords[locale]
  const first = invitation.purpose === 'first'
  const said = shown.notice === null ? '' : html`<div class="mt-3">!${notice('bad', shown.notice)}</div>`
  const rules = html`<h2 class="h3">${say.rules}</h2><ul class="rules">!${rulesOf(locale, policy).map(rule => html`<li>${rule}</li>`)}</ul>`
  const typed = (id: 'password' | 'again') =>
    field({
      id,
      label: say[id],
      control: input({
        id,
        type: 'password',
        problem: problems[id] ?? null,
        more: { autocomplete: 'new-password', autocapitalize: 'none', spellcheck: 'false' },
      }),
      problem: problems[id] ?? null,
    })
  const address = field({
    id: 'username',
    label: say.address,
    control: input({
      id: 'username',
      value: invitation.address,
      more: { readonly: '', autocomplete: 'username' },
    }),
  })
  // to the address of this page, which holds the key: it stands in the address bar and nowhere in the page
  const form = html`<form method="post">!${hiddenCsrf(csrf)}!${address}!${rules}!${typed('password')}!${typed('again')}<button class="btn btn-primary">${say.set}</button></form>`
  const lead = html`<p class="say">${say.hello} ${invitation.name}</p><p>${first ? say.lead : say.forgottenLead}</p>`
  const foot = html`<p class="stamp mt-3 mb-0">${say.until} ${shown.day}. ${say.notYou}</p>`
  return panel(first ? say.title : say.forgottenTitle, html`!${said}!${lead}!${form}!${foot}`)
}

/** The one answer to every link that opens nothing. */
export function closedBody({ locale }: Look): string {
  const say = pageWords[locale]
  const words = [say.closed, say.closedDone, say.closedAsk].map(text => html`<p>${text}</p>`)
  const onward = html`<p class="mb-0"><a class="btn" href="${activatePath}">${say.closedCode}</a></p>`
  return panel(say.closedTitle, html`!${words}!${onward}`)
}

export function slowBody({ locale }: Look): string {
  return panel(pageWords[locale].slowTitle, html`<p class="mb-0">${pageWords[locale].slow}</p>`)
}

type Client = NonNullable<Config['mailbox']['client']>

/** The password is set; how to go on with the mailbox, as far as it is configured. */
export function doneBody({ locale }: Look, { address }: Invitation, client: Client | null): string {
  const say = pageWords[locale]
  const lead = html`<p class="say">${address}</p><p>${say.done}</p>`
  const webmail = client?.webmail
    ? html`<p><a class="btn btn-primary" href="${client.webmail}" rel="noreferrer">${say.webmail}</a></p>`
    : ''
  const rest = client === null ? '' : phone(locale, address, client)
  return panel(say.doneTitle, html`!${lead}!${webmail}!${rest}`)
}

function phone(locale: Look['locale'], address: string, client: Client): string {
  const say = pageWords[locale]
  const devices = say.devices.map(({ name, steps }) =>
    more(name, html`<ol>!${steps.map(step => html`<li>${step}</li>`)}</ol>`),
  )
  const servers = [
    { name: say.incoming, server: client.imap },
    { name: say.outgoing, server: client.smtp },
  ].map(({ name, server }) => {
    const values = keyValues([
      [say.server, html`<code>${server.host}</code>`],
      [say.port, html`${server.port}`],
      [say.security, html`${say.securities[server.security]}`],
      [say.user, html`<code>${address}</code>`],
    ])
    return html`<h3 class="h4 mt-3">${name}</h3>!${values}`
  })
  return html`<h2 class="h3">${say.phone}</h2>!${devices}<h2 class="h3 mt-3">${say.servers}</h2>!${servers}`
}
