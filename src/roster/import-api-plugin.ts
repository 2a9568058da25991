/** Importing for programs: one request brings the file and says how it is to be read; what becomes of it is asked for. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import Type from 'typebox'
import Value from 'typebox/value'
import type { Operator } from '../access/access.ts'
import { operatorOf } from '../access/plugin.ts'
import { AppError } from '../error.ts'
import { TYPED_FORM_BYTES } from '../web/form.ts'
import { keepTaken, mayAll, readWanted, UPLOAD_MS } from './import-form-plugin.ts'
import { proposalOf, seeUpload } from './import-show-plugin.ts'
import { type Upload, type UploadResult, uploadById } from './import-store.ts'
import { takeFile } from './import-upload-plugin.ts'
import { beginImport, beginLook, beginPreview, type ImportDesk } from './import-work-plugin.ts'
import { headingKey } from './mapping.ts'
import { guardText, rejectionText } from './messages.ts'

const Text = Type.String()
const Count = Type.Integer()
const orNull = (schema: Type.TSchema) => Type.Union([schema, Type.Null()])

const Options = Type.Object(
  {
    /** Tried only; nothing is written. */
    dryRun: Type.Optional(Type.Boolean()),
    sheet: Type.Optional(Text),
    legacy: Type.Optional(Type.Union([Type.Literal('tcvn3'), Type.Literal('vni')])),
    createAgencies: Type.Optional(Type.Boolean()),
    /** The directory an LDIF file stands in for. */
    source: Type.Optional(Text),
    /** Field → heading; as recognised if left out. */
    fields: Type.Optional(Type.Record(Text, Text)),
    staffClass: Type.Optional(Text),
  },
  { additionalProperties: false },
)
type Options = Type.Static<typeof Options>

const Outcome = Type.Object({
  read: Count,
  agencies: Type.Object({}, { additionalProperties: true }),
  people: Type.Object({}, { additionalProperties: true }),
  held: Count,
  reviews: Count,
  complete: Type.Boolean(),
  guard: Type.Object({ ok: Type.Boolean(), reasons: Type.Array(Text) }),
  seconds: Type.Number(),
  rejectedRows: Count,
  rejectedValues: Count,
  rejections: Type.Array(
    Type.Object({ row: orNull(Count), subject: Text, code: Text, reason: Text, cells: Type.Array(Text) }),
  ),
  unknownAgencies: Type.Array(Type.Object({ name: Text, count: Count })),
})
const Import = Type.Object({
  id: Count,
  state: Text,
  file: Text,
  bytes: Count,
  sha256: Text,
  agency: orNull(Text),
  rowsRead: Count,
  run: orNull(Count),
  preview: orNull(Outcome),
  result: orNull(Outcome),
  problem: orNull(Type.Object({ code: Text, message: Text })),
})

export function importApiRoutes(server: FastifyInstance, desk: ImportDesk): void {
  const right = { config: { access: 'roster.import' } } as const
  const bringing = {
    tags: ['roster'],
    summary:
      'Imports a file: form fields agency, extent (full, supplement), what (people, agencies), options (JSON), then file',
    consumes: ['multipart/form-data'],
    response: { '2xx': Type.Object({ id: Count, state: Text }) },
  }
  const taking = {
    bodyLimit: TYPED_FORM_BYTES,
    handlerTimeout: UPLOAD_MS,
    preValidation: takeFile(desk.context),
  }
  server.post('/api/v1/imports', { ...right, ...taking, schema: bringing }, (request, reply) =>
    bring(desk, request, reply),
  )
  const telling = { tags: ['roster'], summary: 'What became of a file', response: { '2xx': Import } }
  server.get('/api/v1/imports/:id', { ...right, schema: telling }, async request =>
    importJson(await seeUpload(desk, request), request.access.locale),
  )
}

async function bring(desk: ImportDesk, request: FastifyRequest, reply: FastifyReply) {
  const body: unknown = request.body
  const sent = typeof body === 'object' && body !== null ? { ...body } : {}
  const agency = 'agency' in sent && typeof sent.agency === 'string' ? sent.agency : ''
  const form = { whose: agency === '' ? 'all' : 'agency', extent: 'full', what: 'people', ...sent }
  const { problems, wanted } = await readWanted(desk, request, form)
  const options = readOptions('options' in sent ? sent.options : undefined, problems)
  if (options.createAgencies === true && !mayAll(request)) problems.options = 'createAgencies: not yours'
  const { sheet = null, legacy = null, createAgencies = false, source = null, staffClass = '' } = options
  const choice = { ...wanted.choice, sheet, legacy, createAgencies, source, staffClass }
  const upload = await keepTaken(desk, request, { problems, wanted: { ...wanted, choice } })
  if (upload === null) {
    const told = Object.entries(problems).map(([name, problem]) => `${name}: ${problem}`)
    throw new AppError('usage', told.join('; '))
  }
  // not waited for: what becomes of it stands in the database
  void through(desk, upload, { options, operator: operatorOf(request) }).catch((thrown: unknown) =>
    desk.context.log.warn({ err: thrown, upload: upload.id }, 'an import did not end well'),
  )
  return reply.code(202).send({ id: upload.id, state: upload.state })
}

function readOptions(text: unknown, problems: Record<string, string>): Options {
  if (text === undefined || text === '') return {}
  try {
    const parsed: unknown = JSON.parse(String(text))
    if (Value.Check(Options, parsed)) return parsed
  } catch {
    // told of below, as for JSON of another shape
  }
  problems.options =
    'an object of dryRun, sheet, legacy, createAgencies, source, fields, staffClass is expected'
  return {}
}

/** All steps one after the other; the first that fails is where it stays. */
async function through(
  desk: ImportDesk,
  { id, ...brought }: Upload,
  { options, operator }: { options: Options; operator: Operator },
): Promise<void> {
  const { db } = desk.context.database
  await beginLook(desk, { id, ...brought })
  const looked = await uploadById(db, id)
  if (looked === null || looked.look === null) return
  const given = options.fields
  const fields =
    given === undefined
      ? { ...(await proposalOf(desk, looked)).fields }
      : Object.fromEntries(Object.entries(given).map(([field, heading]) => [field, headingKey(heading)]))
  const choice = { ...looked.choice, fields: fields as Record<string, string> }
  const tried = await beginPreview(desk, looked, choice, operator)
  await tried?.done
  const previewed = await uploadById(db, id)
  if (previewed?.state !== 'previewed' || options.dryRun === true) return
  const imported = await beginImport(desk, previewed, operator)
  await imported?.done
}

function importJson(upload: Upload, locale: 'vi' | 'en') {
  const { id, state, fileName, bytes, sha256, agencyCode, rowsRead, runId, problem } = upload
  return {
    id,
    state,
    file: fileName,
    bytes,
    sha256,
    agency: agencyCode,
    rowsRead,
    run: runId,
    preview: outcomeJson(upload.preview, locale),
    result: outcomeJson(upload.result, locale),
    problem: problem && { code: problem.code, message: problem.message },
  }
}

function outcomeJson(result: UploadResult | null, locale: 'vi' | 'en') {
  if (result === null) return null
  const { problems, guard, read, agencies, people, held, reviews, complete, seconds } = result
  return {
    ...{ read, agencies, people, held, reviews, complete, seconds },
    guard: { ok: guard.ok, reasons: guard.reasons.map(reason => guardText(locale, reason)) },
    rejectedRows: problems.rows,
    rejectedValues: problems.values,
    rejections: problems.first.map(({ row, subject, reason, detail, cells }) => ({
      row,
      subject,
      code: reason,
      reason: rejectionText(locale, reason, detail),
      cells,
    })),
    unknownAgencies: problems.unknownAgencies,
  }
}
