/**
 * Pages of importing: bringing a file, its columns, what it would change, what it changed. Who brought a file sees it,
 * and administrators of all its agency do; for everybody else it is not there.
 */
import { PassThrough, Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { may } from '../access/access.ts'
import { audit, operatorOf, requireAgency, sendPage } from '../access/plugin.ts'
import { scopeOf } from '../access/store.ts'
import type { CommandContext } from '../command.ts'
import { AppError } from '../error.ts'
import { within } from '../web/background.ts'
import { CSV_MARK, csvLines } from '../web/csv.ts'
import { type FieldRule, readForm, TYPED_FORM_BYTES } from '../web/form.ts'
import { pathId } from '../web/query.ts'
import { importName } from './import.ts'
import {
  type ImportChoice,
  importKinds,
  missingFields,
  noChoice,
  type Proposal,
  proposeColumns,
  type TableLook,
} from './import-choice.ts'
import { type ColumnsView, columnsPage, offeredFields } from './import-columns-page.ts'
import { importWords, shownFileName } from './import-messages.ts'
import {
  agencyText,
  type ImportLook,
  importPage,
  importPath,
  progressPiece,
  uploadHead,
} from './import-page.ts'
import { previewPage, type ResultView, reasonText, resultPage } from './import-preview-page.ts'
import {
  agenciesCalled,
  agenciesToChoose,
  deleteUpload,
  insertUpload,
  lastMapping,
  listUploads,
  moveUpload,
  type RejectedKey,
  rejectedAfter,
  type Upload,
  uploadById,
} from './import-store.ts'
import { takeFile, takenFrom } from './import-upload-plugin.ts'
import {
  beginImport,
  beginLook,
  beginPreview,
  goingOf,
  type ImportDesk,
  sweepUploads,
} from './import-work-plugin.ts'
import { writeXlsx } from './sources/xlsx-writer.ts'
import { columnNames } from './table-mapping.ts'
import { removeFile } from './upload-store.ts'

/** How long a file may take to come, in ms: 200 MB over a slow line. */
export const UPLOAD_MS = 900_000
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

/** How long somebody waits for a step before the page goes on without it, in ms. */
const PATIENCE_MS = 2000
const RECENT = 20
const AGENCIES = 2000

function lookOf({ context }: ImportDesk, request: FastifyRequest): ImportLook {
  const { locale, csrf } = request.access
  return { locale, csrf, timeZone: context.config.timeZone, now: context.now(), mayAll: mayAll(request) }
}

/** Lists of the whole, of agencies, and making agencies that a list names. */
export function mayAll(request: FastifyRequest): boolean {
  const operator = operatorOf(request)
  return operator.role === 'admin' && operator.agencyId === null
}

// bringing a file -----------------------------------------------------------------------------------------------------

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

const whoseValues = ['agency', 'all'] as const
const extents = ['full', 'supplement'] as const

export type Wanted = { agencyId: number | null; choice: ImportChoice }
type ReadWanted = { values: Record<string, string>; problems: Record<string, string>; wanted: Wanted }

/** Whose list it is and what it is, as the form says it, within what the operator may. */
export async function readWanted(
  desk: ImportDesk,
  request: FastifyRequest,
  body: unknown,
): Promise<ReadWanted> {
  const { locale } = request.access
  const say = importWords[locale]
  const all = mayAll(request)
  const rules: Record<string, FieldRule> = {
    whose: { required: all, max: 20 },
    agency: { max: 64 + 200 },
    extent: { required: true, max: 20 },
    what: { required: all, max: 20 },
  }
  const { values, problems } = readForm(body, rules, locale)
  const known = (name: string, allowed: readonly string[]) => {
    if (problems[name] === undefined && values[name] !== '' && !allowed.includes(values[name] ?? ''))
      problems[name] = say.notChoice
  }
  known('whose', whoseValues)
  known('extent', extents)
  known('what', importKinds)
  const what = values.what === 'agencies' ? 'agencies' : 'people'
  const whole = values.whose === 'all'
  if (whole && !all) problems.whose = problems.agency = say.notAllowedAll
  if (what === 'agencies' && !all) problems.what = problems.agency = say.notAllowedAgencies
  if (what === 'agencies' && all && !whole) problems.what ??= say.agenciesWhole
  const agencyId = whole ? null : await agencyMeant(desk, request, { values, problems })
  return {
    values,
    problems,
    wanted: { agencyId, choice: { ...noChoice, what, supplement: values.extent === 'supplement' } },
  }
}

async function agencyMeant(
  { context }: ImportDesk,
  request: FastifyRequest,
  { values, problems }: { values: Record<string, string>; problems: Record<string, string> },
): Promise<number | null> {
  const say = importWords[request.access.locale]
  if (problems.agency !== undefined) return null
  const text = values.agency ?? ''
  if (text === '') {
    problems.agency = say.noAgency
    return null
  }
  const { db } = context.database
  const scope = await scopeOf(db, operatorOf(request))
  const coded = /\(([^()]+)\)$/.exec(text)?.[1]
  const found = coded === undefined ? [] : await agenciesCalled(db, coded, scope)
  const [agency, other] = found.length > 0 ? found : await agenciesCalled(db, text, scope)
  if (agency === undefined) problems.agency = say.badAgency
  else if (other !== undefined) problems.agency = say.sameNames
  return agency?.id ?? null
}

async function bring(desk: ImportDesk, request: FastifyRequest, reply: FastifyReply) {
  const { values, problems, wanted } = await readWanted(desk, request, request.body)
  const upload = await keepTaken(desk, request, { problems, wanted })
  if (upload === null) return sendForm(desk, request, reply, { values, problems, status: 400 })
  await within(beginLook(desk, upload), PATIENCE_MS)
  return reply.redirect(`${importPath}/${upload.id}`, 303)
}

/** Records the file that came, or removes it where something is wrong with its form; what, is added to the problems. */
export async function keepTaken(
  desk: ImportDesk,
  request: FastifyRequest,
  { problems, wanted }: { problems: Record<string, string>; wanted: Wanted },
): Promise<Upload | null> {
  const file = takenFrom(request)
  if ('refused' in file) {
    problems.file = importWords[request.access.locale][file.refused]
    return null
  }
  try {
    if (Object.keys(problems).length > 0) {
      await removeFile(file.kept.path)
      return null
    }
    await requireAgency(desk.context, request, 'roster.import', wanted.agencyId)
    const { db } = desk.context.database
    const id = await insertUpload(db, {
      operatorId: operatorOf(request).id ?? 0,
      fileName: shownFileName(file.name),
      ...file.kept,
      ...wanted,
      now: desk.context.now(),
    })
    return await uploadById(db, id)
  } catch (thrown) {
    await removeFile(file.kept.path)
    throw thrown
  }
}

// one file ------------------------------------------------------------------------------------------------------------

/** The file of an address, for who may see it. Throws `not_found`. */
export async function seeUpload(desk: ImportDesk, request: FastifyRequest): Promise<Upload> {
  const upload = await uploadById(desk.context.database.db, pathId(request.params))
  const operator = operatorOf(request)
  if (upload === null || (operator.role !== 'admin' && upload.operatorId !== operator.id))
    throw new AppError('not_found', 'there is no such file')
  await requireAgency(desk.context, request, 'roster.import', upload.agencyId)
  return upload
}

async function show(desk: ImportDesk, request: FastifyRequest, reply: FastifyReply) {
  return sendUpload(desk, request, reply, { upload: await seeUpload(desk, request) })
}

type Said = { upload: Upload; posted?: Posted; said?: string; status?: number }
type Posted = Pick<ColumnsView, 'problems' | 'missing'> & { proposal: Proposal }

async function sendUpload(
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

const nothing: Proposal = { fields: {}, doubtful: new Set(), fromLast: false, staffClass: '' }

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

async function live(desk: ImportDesk, request: FastifyRequest, reply: FastifyReply) {
  const upload = await seeUpload(desk, request)
  const going = await goingOf(desk, upload)
  if (going === null) reply.header('hx-refresh', 'true')
  return reply
    .type('text/html; charset=utf-8')
    .send(progressPiece(lookOf(desk, request), upload, going?.startedAt ?? null))
}

// steps ---------------------------------------------------------------------------------------------------------------

type Doing = { desk: ImportDesk; request: FastifyRequest; reply: FastifyReply; upload: Upload }

const stepFields: Record<string, FieldRule> = {
  step: { max: 20 },
  sheet: { max: 100 },
  source: { max: 200 },
  staffClass: { max: 100 },
}

async function goOn(desk: ImportDesk, request: FastifyRequest, reply: FastifyReply) {
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

// rows that were not taken ------------------------------------------------------------------------------------------------

const FILE_ROWS = 1000

type Rejected = { upload: Upload; run: number; headings: string[] }

async function rejectedOf(desk: ImportDesk, request: FastifyRequest, format: string): Promise<Rejected> {
  const upload = await seeUpload(desk, request)
  const { look, runId, result } = upload
  if (runId === null || look === null) throw new AppError('not_found', 'nothing was imported of this file')
  const headings = look.kind === 'ldif' ? [] : look.headings
  const rows = result?.problems.rows ?? 0
  await audit(desk.context, request, {
    action: 'export',
    agencyId: upload.agencyId,
    detail: { what: 'rejections', run: runId, rows, format },
  })
  return { upload, run: runId, headings }
}

/** A row of the file once, with all that is wrong with it in one more column. */
async function* rejectedRows(
  { context }: ImportDesk,
  request: FastifyRequest,
  { run, headings }: Rejected,
): AsyncGenerator<string[][]> {
  const { locale } = request.access
  let after: RejectedKey | null = null
  let open: { row: number | null; cells: string[]; reasons: string[] } | null = null
  const line = ({ cells, reasons }: { cells: string[]; reasons: string[] }) => [
    ...headings.map((_, i) => cells[i] ?? ''),
    reasons.join('; '),
  ]
  while (true) {
    const found = await rejectedAfter(context.database.db, run, { after, limit: FILE_ROWS, onlyLost: true })
    const lines: string[][] = []
    for (const { row, cells, reason, detail } of found) {
      const text = reasonText(locale, { reason, detail })
      if (open !== null && row !== null && open.row === row) {
        open.reasons.push(text)
        continue
      }
      if (open !== null) lines.push(line(open))
      open = { row, cells, reasons: [text] }
    }
    const last = found.at(-1)
    if (last !== undefined) after = { row: last.row ?? 0, id: last.id }
    if (last === undefined || found.length < FILE_ROWS) {
      if (open !== null) lines.push(line(open))
      if (lines.length > 0) yield lines
      return
    }
    if (lines.length > 0) yield lines
  }
}

function fileHead(request: FastifyRequest, { headings }: Rejected): string[] {
  return [...headings, importWords[request.access.locale].rejectedReason]
}

function fileName(request: FastifyRequest, { run }: Rejected, ending: string): string {
  return `attachment; filename="${importWords[request.access.locale].rejectedName}-${run}.${ending}"`
}

const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'

async function rejectedBook(desk: ImportDesk, request: FastifyRequest, reply: FastifyReply) {
  const rejected = await rejectedOf(desk, request, 'xlsx')
  const to = new PassThrough()
  const headings = fileHead(request, rejected)
  writeXlsx({ headings, rows: rejectedRows(desk, request, rejected), to }).catch((thrown: unknown) =>
    to.destroy(thrown instanceof Error ? thrown : new Error(String(thrown))),
  )
  return reply
    .type(XLSX)
    .header('content-disposition', fileName(request, rejected, 'xlsx'))
    .send(to)
}

async function rejectedLines(desk: ImportDesk, request: FastifyRequest, reply: FastifyReply) {
  const rejected = await rejectedOf(desk, request, 'csv')
  const lines = async function* () {
    yield CSV_MARK + csvLines([fileHead(request, rejected)])
    for await (const rows of rejectedRows(desk, request, rejected)) yield csvLines(rows)
  }
  return reply
    .type('text/csv; charset=utf-8')
    .header('content-disposition', fileName(request, rejected, 'csv'))
    .send(Readable.from(lines()))
}
