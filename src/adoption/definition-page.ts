/** How each figure is counted and what each status means, for everybody who is signed in. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { sendPage } from '../access/plugin.ts'
import { card, pageHead } from '../web/components.ts'
import { html } from '../web/html.ts'
import { FIGURE_DEFINITION } from './adoption.ts'
import { definitionWords } from './definition-messages.ts'
import { ruleWithDocument, sectorName } from './eligibility-messages.ts'
import { words as figureWords, targetRule } from './messages.ts'
import { type Pages, standingOf } from './page.ts'
import { targetStatuses } from './target.ts'

export async function definitionPage(
  { context }: Pages,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { locale } = request.access
  const { mailbox, adoption, roster } = context.config
  const say = definitionWords[locale]
  const sections = say
    .sections({
      classes: mailbox.staffClasses.join(', '),
      rules: mailbox.eligibility.map(rule => ruleWithDocument(locale, rule, roster.sectors)),
      calendars: Object.keys(adoption.sectorCalendars)
        .map(code => sectorName(code, roster.sectors))
        .join(', '),
      needsSend: adoption.regularNeedsSend,
      version: FIGURE_DEFINITION,
    })
    .map(
      ({ id, title, text, list }) =>
        html`<h2 id="${id}">${title}</h2>!${text.map(each => html`<p>${each}</p>`)}!${listOf(list)}`,
    )
  const statuses = targetStatuses.map(
    status =>
      html`<dt id="status-${status}"><span class="dot ${standingOf(status)}"></span>${figureWords[locale].statuses[status]}</dt><dd>${targetRule(status, locale)}</dd>`,
  )
  const body = [
    pageHead({ title: say.title }),
    html`<p class="say">${say.lead(FIGURE_DEFINITION)}</p>`,
    html`<section class="card mb-3"><div class="card-body">!${sections}</div></section>`,
    card({
      title: say.statuses,
      body: html`<p>${say.statusesText}</p><dl class="kv">!${statuses}</dl>`,
    }),
  ].join('')
  return sendPage(context, request, reply, { title: say.title, place: null, body })
}

function listOf(list: readonly string[] = []): string {
  return list.length === 0 ? '' : html`<ol>!${list.map(each => html`<li>${each}</li>`)}</ol>`
}
