/** Inviting from the pages: one person, by mail or by a slip shown once, or a hand-out sheet of an agency. */
import { Writable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { audit, operatorOf, requireAgency, sendPage } from '../access/plugin.ts'
import type { CommandContext } from '../command.ts'
import { AppError } from '../error.ts'
import { dayAt } from '../ids.ts'
import { actionButton, keyValues, notice } from '../web/components.ts'
import { readForm } from '../web/form.ts'
import { html } from '../web/html.ts'
import { pathId } from '../web/query.ts'
import { panel } from './activation-body-page.ts'
import {
  inviteByMail,
  inviteWith,
  lastDay,
  linkOf,
  publicBase,
  sheetDelivery,
  sheetOptions,
} from './activation-command.ts'
import { invitePageWords, sheetWords, skipText } from './activation-messages.ts'
import { type Candidate, candidates } from './activation-store.ts'
import type { Letter, Skipped } from './invitation.ts'
import type { InviteResult } from './invite.ts'
import { subtree } from './reconcile.ts'
import { qrModules, stretches, writeSheet } from './sheet.ts'
import { agencyTree } from './store.ts'

export function inviteRoutes(server: FastifyInstance, context: CommandContext): void {
  const may = { config: { access: 'mailboxes.invite' } } as const
  server.post('/mailboxes/:id/invite', may, (request, reply) => inviteOne(context, request, reply))
  server.post('/agencies/:code/sheet', may, (request, reply) => agencySheet(context, request, reply))
}

function today({ config, now }: CommandContext) {
  return dayAt(now().getTime(), config.timeZone)
}

// one person --------------------------------------------------------------------------------------------------------

async function inviteOne(
  context: CommandContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const [mailbox] = await candidates(context.database.db, today(context), [pathId(request.params)])
  if (!mailbox) throw new AppError('not_found', 'there is nothing at this address')
  await requireAgency(context, request, 'mailboxes.invite', mailbox.agencyId)
  const { how } = readForm(request.body, { how: {} }, request.access.locale).values
  if (how === 'mail') return byMail(context, { request, reply, mailbox })
  if (how === 'slip') return bySlip(context, { request, reply, mailbox })
  return answer(context, { request, reply, mailbox }, { body: choiceBody(request, mailbox), status: 200 })
}

type About = { request: FastifyRequest; reply: FastifyReply; mailbox: Candidate }

function answer(
  context: CommandContext,
  { request, reply, mailbox }: About,
  { body, status }: { body: string; status: number },
): FastifyReply {
  const say = invitePageWords[request.access.locale]
  const back = html`<p class="mb-0 mt-3"><a href="/mailboxes/${mailbox.id}">${say.back}</a></p>`
  const page = panel(say.title, html`<p class="say">${mailbox.name}</p>!${body}!${back}`)
  return sendPage(context, request, reply, { title: say.title, place: 'mailboxes', body: page, status })
}

function choiceBody({ access: { locale, csrf } }: FastifyRequest, { id, address, email }: Candidate): string {
  const say = invitePageWords[locale]
  const action = `/mailboxes/${id}/invite`
  const button = (how: 'mail' | 'slip', label: string) =>
    actionButton({ action, label, csrf, kind: how === 'mail' ? 'primary' : 'plain', fields: { how } })
  const known = keyValues([
    [say.address, html`${address}`],
    [say.other, email === null ? html`${say.noOther}` : html`${email}`],
  ])
  const buttons = [email === null ? '' : button('mail', say.byMail), button('slip', say.bySlip)]
  return html`!${known}<p>${say.choose}</p><div class="actions">!${buttons}</div>`
}

/** Recorded before anything is shown or told. */
async function record(
  context: CommandContext,
  { request, mailbox }: About,
  { channel, invited }: { channel: 'mail' | 'sheet'; invited: number },
): Promise<void> {
  await audit(context, request, {
    action: 'mailbox.invited',
    subject: { kind: 'mailbox', id: mailbox.id },
    agencyId: mailbox.agencyId,
    detail: { channel, invited },
  })
}

async function byMail(context: CommandContext, about: About): Promise<FastifyReply> {
  const { request, mailbox } = about
  const { locale } = request.access
  const by = operatorOf(request).id
  const whom = { kind: 'addresses', addresses: [mailbox.address] } as const
  const result = await inviteByMail(context, whom, { by })
  await record(context, about, { channel: 'mail', invited: result.invited })
  if (result.invited === 0) return answer(context, about, refusal(request, result))
  const body = notice('good', invitePageWords[locale].sent(mailbox.email ?? ''))
  return answer(context, about, { body, status: 200 })
}

function refusal({ access: { locale } }: FastifyRequest, { skipped }: InviteResult) {
  return { body: skippedNotice(locale, skipped), status: 409 }
}

function skippedNotice(locale: 'vi' | 'en', skipped: readonly Skipped[]): string {
  const lines = skipped.map(each => html`<li>${each.address}: ${skipText(locale, each.reason)}</li>`)
  return notice('warn', invitePageWords[locale].notInvited, html`<ul class="mb-0">!${lines}</ul>`)
}

async function bySlip(context: CommandContext, about: About): Promise<FastifyReply> {
  const { request, mailbox } = about
  const letters: Letter[] = []
  const delivery = {
    channel: 'sheet',
    add: async (more: readonly Letter[]) => void letters.push(...more),
    finish: async () => {},
  } as const
  publicBase(context.config)
  const whom = { kind: 'addresses', addresses: [mailbox.address] } as const
  const result = await inviteWith(context, whom, { delivery, by: operatorOf(request).id })
  await record(context, about, { channel: 'sheet', invited: result.invited })
  const [letter] = letters
  if (!letter) return answer(context, about, refusal(request, result))
  return answer(context, about, { body: slipBody(context, request, letter), status: 200 })
}

function slipBody(
  { config }: CommandContext,
  { access: { locale } }: FastifyRequest,
  letter: Letter,
): string {
  const say = invitePageWords[locale]
  const words = sheetWords[locale]
  const [first = '', second = ''] = words.steps(sheetOptions(config).place)
  const steps = html`<ol><li>${first}<br><span class="say"><b>${letter.code ?? ''}</b></span></li><li>${second}</li></ol>`
  const qr = qrSvg(linkOf(config, letter.token), say.qr)
  return html`!${notice('info', say.once)}<p>${letter.address}</p>!${qr}!${steps}<p>${words.until(lastDay(config, letter.expires))}.</p><p class="stamp mb-0">${words.care}</p>`
}

/** Black on white in every look: cameras read it so. */
function qrSvg(link: string, label: string): string {
  const rows = qrModules(link)
  const path = rows
    .flatMap((modules, y) =>
      stretches(modules).map(({ from, length }) => `M${from + 4} ${y + 4}h${length}v1h-${length}z`),
    )
    .join('')
  const size = rows.length + 8
  return html`<svg class="qr" role="img" aria-label="${label}" width="232" height="232" viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges"><rect width="${size}" height="${size}" fill="#fff"></rect><path d="${path}" fill="#000"></path></svg>`
}

// an agency ---------------------------------------------------------------------------------------------------------

async function agencySheet(
  context: CommandContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { params } = request
  const code = typeof params === 'object' && params !== null && 'code' in params ? String(params.code) : ''
  const tree = await agencyTree(context.database.db, today(context))
  const agency = tree.find(each => each.code === code)
  if (!agency) throw new AppError('not_found', 'there is nothing at this address')
  await requireAgency(context, request, 'mailboxes.invite', agency.id)
  const { file, bytes } = inMemory()
  const delivery = sheetDelivery(context.config, writeSheet(file, sheetOptions(context.config)))
  const whom = { kind: 'pending', agencies: subtree(tree, code) } as const
  const result = await inviteWith(context, whom, { delivery, by: operatorOf(request).id })
  const detail = { channel: 'sheet', invited: result.invited, skipped: result.skipped.length }
  await audit(context, request, { action: 'mailbox.invited', agencyId: agency.id, detail })
  if (result.invited === 0) return nobody(context, { request, reply, code, skipped: result.skipped })
  const name = `phieu-kich-hoat-${code.replace(/[^\w.-]/g, '_')}.pdf`
  return reply
    .type('application/pdf')
    .header('content-disposition', `attachment; filename="${name}"`)
    .send(bytes())
}

function nobody(
  context: CommandContext,
  { request, reply, code, skipped }: Omit<About, 'mailbox'> & { code: string; skipped: Skipped[] },
): FastifyReply {
  const { locale } = request.access
  const say = invitePageWords[locale]
  const left = skipped.length === 0 ? '' : skippedNotice(locale, skipped)
  const back = html`<p class="mb-0"><a href="/agencies/${encodeURIComponent(code)}">${say.backToAgency}</a></p>`
  const body = panel(say.sheetTitle, html`<p>${say.nobody}</p>!${left}!${back}`)
  return sendPage(context, request, reply, { title: say.sheetTitle, place: 'agencies', body })
}

function inMemory(): { file: Writable; bytes: () => Buffer } {
  const chunks: Buffer[] = []
  const file = new Writable({
    write(chunk: Buffer, _, done) {
      chunks.push(chunk)
      done()
    },
  })
  return { file, bytes: () => Buffer.concat(chunks) }
}
