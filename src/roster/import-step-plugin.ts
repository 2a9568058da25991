/** The buttons of a brought file: each takes it one step on, or back. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { operatorOf } from '../access/plugin.ts'
import { AppError } from '../error.ts'
import { within } from '../web/background.ts'
import { type FieldRule, readForm } from '../web/form.ts'
import { type ImportChoice, missingFields, type TableLook } from './import-choice.ts'
import { offeredFields } from './import-columns-page.ts'
import { mayAll } from './import-form-plugin.ts'
import { importWords } from './import-messages.ts'
import { importPath } from './import-page.ts'
import { nothing, type Posted, seeUpload, sendUpload } from './import-show-plugin.ts'
import { deleteUpload, moveUpload, type Upload } from './import-store.ts'
import { beginImport, beginLook, beginPreview, goingOf, type ImportDesk } from './import-work-plugin.ts'
import { columnNames } from './table-mapping.ts'
import { removeFile } from './upload-store.ts'

/** How long somebody waits for a step before the page goes on without it, in ms. */
export const PATIENCE_MS = 2000

type Doing = { desk: ImportDesk; request: FastifyRequest; reply: FastifyReply; upload: Upload }

const stepFields: Record<string, FieldRule> = {
  step: { max: 20 },
  sheet: { max: 100 },
  source: { max: 200 },
  staffClass: { max: 100 },
}

export async function goOn(desk: ImportDesk, request: FastifyRequest, reply: FastifyReply) {
  const upload = await seeUpload(desk, request)
  const doing: Doing = { desk, request, reply, upload }
  const { values } = readForm(request.body, stepFields, request.access.locale)
  const step = stepsOf[values.step ?? '']
  const say = importWords[request.access.locale]
  if (step === undefined)
    return sendUpload(desk, request, reply, { upload, said: say.unknownStep, status: 400 })
  if ((await goingOf(desk, upload)) !== null) return back(doing)
  return step(doing, values)
}

type Values = Record<string, string>

const stepsOf: Record<string, (doing: Doing, values: Values) => Promise<FastifyReply>> = {
  look: doing => lookAgain(doing, {}),
  sheet: (doing, { sheet = '' }) => lookAgain(doing, { sheet }),
  convert: doing => convert(doing),
  preview: (doing, values) => preview(doing, values),
  create: doing => createAgencies(doing),
  own: doing => intoOne(doing),
  columns: doing => toColumns(doing),
  run: doing => run(doing),
  remove: doing => remove(doing),
}

function back({ reply, upload }: Doing): FastifyReply {
  return reply.redirect(`${importPath}/${upload.id}`, 303)
}

/** Opens the file in another way; columns are another then too. */
async function lookAgain(doing: Doing, change: Partial<ImportChoice>): Promise<FastifyReply> {
  const { desk, upload } = doing
  const choice = { ...upload.choice, ...change, fields: null }
  const set = { choice, look: null, preview: null, problem: null }
  const now = desk.context.now()
  const moved =
    upload.state !== 'imported' &&
    upload.state !== 'refused' &&
    (await moveUpload(desk.context.database.db, upload.id, { from: [upload.state], to: 'looking', now, set }))
  if (moved) await within(beginLook(desk, { ...upload, choice, state: 'looking' }), PATIENCE_MS)
  return back(doing)
}

async function convert(doing: Doing): Promise<FastifyReply> {
  const refused = doing.upload.problem?.details.refused
  if (refused !== 'tcvn3' && refused !== 'vni') return back(doing)
  return lookAgain(doing, { legacy: refused })
}

async function preview(doing: Doing, values: Values): Promise<FastifyReply> {
  const { desk, request, reply, upload } = doing
  const { look, choice } = upload
  if (look === null) return back(doing)
  if (look.kind === 'ldif') return beginWith(doing, { ...choice, source: values.source || null })
  const posted = readColumns(request, look, upload)
  const { proposal, problems, missing } = posted
  if (Object.keys(problems).length > 0 || missing.length > 0)
    return sendUpload(desk, request, reply, { upload, posted, status: 400 })
  const fields = { ...proposal.fields } as Record<string, string>
  return beginWith(doing, { ...choice, fields, staffClass: proposal.staffClass })
}

function readColumns(request: FastifyRequest, look: TableLook, upload: Upload): Posted {
  const { locale } = request.access
  const say = importWords[locale]
  const names = columnNames(look.headings)
  const rules = Object.fromEntries(names.map((_, i) => [`column-${i}`, { max: 40 } satisfies FieldRule]))
  const { values, problems } = readForm(request.body, { ...rules, staffClass: { max: 100 } }, locale)
  const offered = offeredFields(upload.choice.what, true)
  const fields: Record<string, string> = {}
  names.forEach((name, i) => {
    const chosen = values[`column-${i}`] ?? ''
    if (chosen === '') return
    const known = offered.find(each => each === chosen)
    if (known === undefined) problems[`column-${i}`] ??= say.notChoice
    else if (fields[known] !== undefined) problems[`column-${i}`] = say.chosenTwice
    else fields[known] = name
  })
  const staffClass = values.staffClass ?? ''
  const missing = missingFields(fields, { what: upload.choice.what, agency: upload.agencyCode })
  return { proposal: { ...nothing, fields, staffClass }, problems, missing }
}

async function beginWith(doing: Doing, choice: ImportChoice): Promise<FastifyReply> {
  const { desk, request, upload } = doing
  if (upload.state === 'imported' || upload.state === 'refused') return tooLate(doing)
  const begun = await beginPreview(desk, upload, choice, operatorOf(request))
  if (begun !== null) await within(begun.done, PATIENCE_MS)
  return back(doing)
}

function tooLate({ desk, request, reply, upload }: Doing): Promise<FastifyReply> {
  const said = importWords[request.access.locale].already
  return sendUpload(desk, request, reply, { upload, said, status: 409 })
}

async function createAgencies(doing: Doing): Promise<FastifyReply> {
  if (!mayAll(doing.request)) throw new AppError('forbidden', 'your role does not allow this')
  return beginWith(doing, { ...doing.upload.choice, createAgencies: true })
}

/** Everybody of the file serves in the agency whose list it is, whatever its column of agencies says. */
async function intoOne(doing: Doing): Promise<FastifyReply> {
  const { choice, agencyId } = doing.upload
  if (agencyId === null) return back(doing)
  const { agency: _, agencyName: _n, ...fields } = choice.fields ?? {}
  return beginWith(doing, { ...choice, fields })
}

async function toColumns(doing: Doing): Promise<FastifyReply> {
  const { desk, upload } = doing
  const now = desk.context.now()
  await moveUpload(desk.context.database.db, upload.id, {
    from: ['previewed', 'importing'],
    to: 'columns',
    now,
    set: { problem: null, preview: null },
  })
  return back(doing)
}

async function run(doing: Doing): Promise<FastifyReply> {
  const { desk, request, upload } = doing
  if ((upload.state !== 'previewed' && upload.state !== 'importing') || upload.preview === null)
    return upload.state === 'imported' || upload.state === 'refused' ? tooLate(doing) : back(doing)
  const begun = await beginImport(desk, upload, operatorOf(request))
  if (begun !== null) await within(begun.done, PATIENCE_MS)
  return back(doing)
}

async function remove(doing: Doing): Promise<FastifyReply> {
  const { desk, upload, reply } = doing
  if (upload.path !== null) await removeFile(upload.path)
  await deleteUpload(desk.context.database.db, upload.id)
  return reply.redirect(importPath, 303)
}
