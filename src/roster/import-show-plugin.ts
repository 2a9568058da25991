/** One brought file as it stands: what goes on with it, its columns, what it would change, what it changed. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { may } from '../access/access.ts'
import { operatorOf, requireAgency, sendPage } from '../access/plugin.ts'
import { AppError } from '../error.ts'
import { pathId } from '../web/query.ts'
import { importName } from './import.ts'
import { missingFields, type Proposal, proposeColumns } from './import-choice.ts'
import { type ColumnsView, columnsPage } from './import-columns-page.ts'
import { mayAll } from './import-form-plugin.ts'
import { shownFileName } from './import-messages.ts'
import { type ImportLook, progressPiece, uploadHead } from './import-page.ts'
import { previewPage, type ResultView, resultPage } from './import-preview-page.ts'
import { lastMapping, type Upload, uploadById } from './import-store.ts'
import { goingOf, type ImportDesk } from './import-work-plugin.ts'

export function lookOf({ context }: ImportDesk, request: FastifyRequest): ImportLook {
  const { locale, csrf } = request.access
  return { locale, csrf, timeZone: context.config.timeZone, now: context.now(), mayAll: mayAll(request) }
}

/** The file of an address, for who may see it. Throws `not_found`. */
export async function seeUpload(desk: ImportDesk, request: FastifyRequest): Promise<Upload> {
  const upload = await uploadById(desk.context.database.db, pathId(request.params))
  const operator = operatorOf(request)
  if (upload === null || (operator.role !== 'admin' && upload.operatorId !== operator.id))
    throw new AppError('not_found', 'there is no such file')
  await requireAgency(desk.context, request, 'roster.import', upload.agencyId)
  return upload
}

export async function show(desk: ImportDesk, request: FastifyRequest, reply: FastifyReply) {
  return sendUpload(desk, request, reply, { upload: await seeUpload(desk, request) })
}

type Said = { upload: Upload; posted?: Posted; said?: string; status?: number }
export type Posted = Pick<ColumnsView, 'problems' | 'missing'> & { proposal: Proposal }

export async function sendUpload(
  desk: ImportDesk,
  request: FastifyRequest,
  reply: FastifyReply,
  { upload, posted, said, status = 200 }: Said,
) {
  const look = lookOf(desk, request)
  const shown =
    said === undefined
      ? upload
      : { ...upload, problem: { code: 'usage', message: said, details: { said: true } } }
  const body = await uploadBody(desk, request, { look, upload: shown, posted })
  const title = shownFileName(upload.fileName)
  return sendPage(desk.context, request, reply, { title, place: 'import', body, status })
}

async function uploadBody(
  desk: ImportDesk,
  request: FastifyRequest,
  { look, upload, posted }: { look: ImportLook; upload: Upload; posted: Posted | undefined },
): Promise<string> {
  const going = await goingOf(desk, upload)
  if (going !== null) return goingPage(look, upload, going.startedAt)
  const at = upload.problem === null ? brokenAt(upload) : upload
  switch (at.state) {
    case 'previewed':
    case 'importing':
      return previewPage(look, await resultView(request, at))
    case 'imported':
    case 'refused':
      return resultPage(look, await resultView(request, at))
    default:
      return columnsPage(look, await columnsView(desk, at, posted))
  }
}

/** What a file is left at where whoever worked on it is gone. */
function brokenAt(upload: Upload): Upload {
  const problem = { code: 'cancelled', message: '', details: { step: upload.state } }
  return ['looking', 'previewing', 'importing'].includes(upload.state) ? { ...upload, problem } : upload
}

function goingPage(look: ImportLook, upload: Upload, startedAt: Date | null): string {
  const at = { looking: 1, previewing: 2, importing: 3 }[upload.state as string] ?? 1
  return `${uploadHead(look, upload, at)}${progressPiece(look, upload, startedAt)}`
}

async function resultView(request: FastifyRequest, upload: Upload): Promise<ResultView> {
  const operator = operatorOf(request)
  return {
    upload,
    mayApprove: may(operator, 'runs.approve', null),
    maySeeRuns: may(operator, 'runs.view', null),
    maySeeReviews: true,
  }
}

async function columnsView(
  desk: ImportDesk,
  upload: Upload,
  posted: Posted | undefined,
): Promise<ColumnsView> {
  const { config } = desk.context
  const hasNumberKey = config.roster.personalNumberKey !== undefined
  const directories = config.roster.sources
    .filter(({ kind }) => kind === 'ldap' || kind === 'ldif')
    .map(({ name }) => name)
  const proposal = posted?.proposal ?? (await proposalOf(desk, upload))
  const missing = posted?.missing ?? missingOf(upload, proposal.fields)
  return { upload, proposal, problems: posted?.problems ?? {}, missing, hasNumberKey, directories }
}

function missingOf(upload: Upload, fields: Proposal['fields']): ColumnsView['missing'] {
  if (upload.look === null || upload.look.kind === 'ldif') return []
  return missingFields({ ...fields } as Record<string, string>, {
    what: upload.choice.what,
    agency: upload.agencyCode,
  })
}

export const nothing: Proposal = { fields: {}, doubtful: new Set(), fromLast: false, staffClass: '' }

/** As it was chosen, else as last time, else as recognised. */
export async function proposalOf({ context }: ImportDesk, upload: Upload): Promise<Proposal> {
  const { look, choice } = upload
  if (look === null || look.kind === 'ldif') return nothing
  if (choice.fields !== null) return { ...nothing, fields: choice.fields, staffClass: choice.staffClass }
  const { config, database } = context
  return proposeColumns(look, choice.what, {
    last: await lastMapping(database.db, importName(upload.agencyCode)),
    domains: config.mailbox.naming.map(({ domain }) => domain),
    hasNumberKey: config.roster.personalNumberKey !== undefined,
  })
}

export async function live(desk: ImportDesk, request: FastifyRequest, reply: FastifyReply) {
  const upload = await seeUpload(desk, request)
  const going = await goingOf(desk, upload)
  if (going === null) reply.header('hx-refresh', 'true')
  return reply
    .type('text/html; charset=utf-8')
    .send(progressPiece(lookOf(desk, request), upload, going?.startedAt ?? null))
}
