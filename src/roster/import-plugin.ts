/**
 * Pages of importing: bringing a file, its columns, what it would change, what it changed. Who brought a file sees it,
 * and administrators of all its agency do; for everybody else it is not there.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { operatorOf, sendPage } from '../access/plugin.ts'
import { scopeOf } from '../access/store.ts'
import type { CommandContext } from '../command.ts'
import { within } from '../web/background.ts'
import { TYPED_FORM_BYTES } from '../web/form.ts'
import { keepTaken, readWanted, UPLOAD_MS } from './import-form-plugin.ts'
import { importWords } from './import-messages.ts'
import { agencyText, importPage, importPath } from './import-page.ts'
import { rejectedBook, rejectedLines } from './import-rejected-plugin.ts'
import { live, lookOf, show } from './import-show-plugin.ts'
import { goOn, PATIENCE_MS } from './import-step-plugin.ts'
import { agenciesToChoose, listUploads } from './import-store.ts'
import { takeFile } from './import-upload-plugin.ts'
import { beginLook, type ImportDesk, sweepUploads } from './import-work-plugin.ts'

const SWEEP_MS = 3_600_000

export function importRoutes(server: FastifyInstance, desk: ImportDesk): void {
  const right = { config: { access: 'roster.import' } } as const
  const taking = {
    bodyLimit: TYPED_FORM_BYTES,
    handlerTimeout: UPLOAD_MS,
    preValidation: takeFile(desk.context),
  }
  server.get(importPath, right, (request, reply) => open(desk, request, reply))
  server.post(importPath, { ...right, ...taking }, (request, reply) => bring(desk, request, reply))
  server.get(`${importPath}/:id`, right, (request, reply) => show(desk, request, reply))
  server.post(`${importPath}/:id`, { ...right, bodyLimit: TYPED_FORM_BYTES }, (request, reply) =>
    goOn(desk, request, reply),
  )
  server.get(`${importPath}/:id/progress`, right, (request, reply) => live(desk, request, reply))
  server.get(`${importPath}/:id/rejected.xlsx`, right, (request, reply) => rejectedBook(desk, request, reply))
  server.get(`${importPath}/:id/rejected.csv`, right, (request, reply) => rejectedLines(desk, request, reply))
  sweepHourly(server, desk.context)
}

/** Also where nobody looks: what was brought does not lie there for longer than a day. */
function sweepHourly(server: FastifyInstance, context: CommandContext): void {
  const sweep = () =>
    void sweepUploads(context).catch(thrown => context.log.warn({ err: thrown }, 'sweep of uploads'))
  const timer = setInterval(sweep, SWEEP_MS)
  timer.unref()
  server.addHook('onClose', async () => clearInterval(timer))
}

const RECENT = 20
const AGENCIES = 2000

async function open(desk: ImportDesk, request: FastifyRequest, reply: FastifyReply) {
  await sweepUploads(desk.context)
  const scope = await scopeOf(desk.context.database.db, operatorOf(request))
  const values: Record<string, string> = { whose: 'agency', extent: 'full', what: 'people' }
  if (scope !== null) {
    const [first] = await agenciesToChoose(desk.context.database.db, scope.slice(0, 1), 1)
    if (first) values.agency = agencyText(first)
  }
  return sendForm(desk, request, reply, { values, problems: {}, status: 200 })
}

type FormState = { values: Record<string, string>; problems: Record<string, string>; status: number }

async function sendForm(
  desk: ImportDesk,
  request: FastifyRequest,
  reply: FastifyReply,
  { values, problems, status }: FormState,
) {
  const { db } = desk.context.database
  const operator = operatorOf(request)
  const look = lookOf(desk, request)
  const agencies = await agenciesToChoose(db, await scopeOf(db, operator), AGENCIES)
  const uploads = await listUploads(db, look.mayAll ? null : operator.id, RECENT)
  const body = importPage(look, { values, problems, agencies, uploads })
  const { title } = importWords[look.locale]
  return sendPage(desk.context, request, reply, { title, place: 'import', body, status })
}

async function bring(desk: ImportDesk, request: FastifyRequest, reply: FastifyReply) {
  const { values, problems, wanted } = await readWanted(desk, request, request.body)
  const upload = await keepTaken(desk, request, { problems, wanted })
  if (upload === null) return sendForm(desk, request, reply, { values, problems, status: 400 })
  await within(beginLook(desk, upload), PATIENCE_MS)
  return reply.redirect(`${importPath}/${upload.id}`, 303)
}
