/** What the form that brings a file says, within what its operator may; and keeping the file that came with it. */
import type { FastifyRequest } from 'fastify'
import { operatorOf, requireAgency } from '../access/plugin.ts'
import { scopeOf } from '../access/store.ts'
import { type FieldRule, readForm } from '../web/form.ts'
import { type ImportChoice, importKinds, noChoice } from './import-choice.ts'
import { importWords, shownFileName } from './import-messages.ts'
import { agenciesCalled, insertUpload, type Upload, uploadById } from './import-store.ts'
import { takenFrom } from './import-upload-plugin.ts'
import type { ImportDesk } from './import-work-plugin.ts'
import { removeFile } from './upload-store.ts'

/** How long a file may take to come, in ms: 200 MB over a slow line. */
export const UPLOAD_MS = 900_000

/** Lists of the whole, of agencies, and making agencies that a list names. */
export function mayAll(request: FastifyRequest): boolean {
  const operator = operatorOf(request)
  return operator.role === 'admin' && operator.agencyId === null
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
