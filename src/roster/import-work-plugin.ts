/**
 * What a brought file goes through in the background: opened, tried without writing, imported. What becomes of it stands
 * in its row, so that every process tells it and closing the page loses nothing.
 */
import type { Operator } from '../access/access.ts'
import { appendAudit, partyOf } from '../access/audit-store.ts'
import type { CommandContext } from '../command.ts'
import { AppError, toAppError } from '../error.ts'
import type { Background } from '../web/background.ts'
import { readingContext } from './command.ts'
import { fillRejected, type ImportOptions, importFile, importName, lookAtFile } from './import.ts'
import { agencyMapping, type ImportChoice, keptMapping, nobody, peopleMapping } from './import-choice.ts'
import {
  dropOldUploads,
  keepMapping,
  moveUpload,
  noteProgress,
  type Problems,
  problemsOf,
  type Upload,
  type UploadProblem,
  type UploadResult,
  type UploadState,
} from './import-store.ts'
import { goingRuns } from './run-store.ts'
import { exitStatusOf, type RosterResult } from './sync.ts'
import { hashOf, removeFile, removeOld, UPLOAD_HOURS, uploadFolder } from './upload-store.ts'

export type ImportDesk = { context: CommandContext; background: Background }

/** Names of the works. */
const workOf = (id: number) => `import ${id}`

/** A step that was begun; it goes on whether or not anybody waits for its end. */
export type Begun = { done: Promise<void> }

/** How far what goes on with a file is; null: nothing does. */
export type Going = { startedAt: Date | null }

/** Longer than any step that has no run row: then whoever did it is gone. */
const STEP_MS = 60_000

export async function goingOf(desk: ImportDesk, upload: Upload): Promise<Going | null> {
  if (!under.includes(upload.state)) return null
  const { context, background } = desk
  const runs = await goingRuns(context.database.db, 'roster')
  const run = runs.find(({ about }) => about.upload === upload.id)
  if (run) return { startedAt: run.startedAt }
  const fresh = context.now().getTime() - upload.changedAt.getTime() < STEP_MS
  return background.isGoing(workOf(upload.id)) || (fresh && upload.state === 'looking')
    ? { startedAt: null }
    : null
}

const under: readonly UploadState[] = ['looking', 'previewing', 'importing']

/** Opens a file: what it is, and its columns. */
export function beginLook(desk: ImportDesk, upload: Upload): Promise<void> {
  return desk.background.start(workOf(upload.id), async signal => {
    await step(desk, upload, { at: 'looking', back: 'columns' }, async path => {
      const { sheet, legacy } = upload.choice
      const look = await lookAtFile(path, { sheet, legacy, signal })
      await moveTo(desk, upload, 'looking', 'columns', { look, problem: null })
    })
  })
}

/** Tries a file in full and writes nothing. False where it is not the time for it: somebody pressed before. */
export async function beginPreview(
  desk: ImportDesk,
  upload: Upload,
  choice: ImportChoice,
  operator: Operator,
): Promise<Begun | null> {
  const claimed = await moveUpload(desk.context.database.db, upload.id, {
    from: [upload.state],
    to: 'previewing',
    now: desk.context.now(),
    set: { choice, problem: null, preview: null, rowsRead: 0, rowsTotal: null },
  })
  if (!claimed) return null
  const done = desk.background.start(workOf(upload.id), signal =>
    step(desk, upload, { at: 'previewing', back: 'columns' }, async path => {
      const chosen = { ...upload, choice }
      const { result, problems } = await runFile(desk, chosen, { path, dryRun: true, signal, operator })
      const preview = summaryOf(result, problems)
      await moveTo(desk, upload, 'previewing', 'previewed', { preview, rowsTotal: result.read })
    }),
  )
  return { done }
}

/** Imports exactly what was previewed. Null where it is not the time for it: it was, or is being, imported. */
export async function beginImport(
  desk: ImportDesk,
  upload: Upload,
  operator: Operator,
): Promise<Begun | null> {
  const claimed = await moveUpload(desk.context.database.db, upload.id, {
    from: [upload.state],
    to: 'importing',
    now: desk.context.now(),
    set: { problem: null, rowsRead: 0 },
  })
  if (!claimed) return null
  const done = desk.background.start(workOf(upload.id), signal =>
    step(desk, upload, { at: 'importing', back: 'previewed' }, async path => {
      const hash = await hashOf(path)
      if (hash !== upload.sha256)
        throw new AppError('file_unreadable', 'the file is no longer as it was previewed', {
          details: { refused: hash === null ? 'gone' : 'changedFile' },
        })
      const { result, problems } = await runFile(desk, upload, { path, dryRun: false, signal, operator })
      await conclude(desk, upload, { result, problems, operator })
    }),
  )
  return { done }
}

/** Keeps what an import did, and takes the file away. */
async function conclude(
  desk: ImportDesk,
  upload: Upload,
  { result, problems, operator }: { result: RosterResult; problems: Problems; operator: Operator },
): Promise<void> {
  const { database, now } = desk.context
  const refused = exitStatusOf(result, false) === 3
  await appendAudit(database.db, {
    at: now(),
    actor: partyOf(operator),
    action: 'roster.imported',
    agencyId: upload.agencyId,
    detail: {
      run: result.run,
      sha256: upload.sha256,
      read: result.read,
      rows: problems.rows,
      joiners: result.people.joiners,
      movers: result.people.movers,
      held: result.held,
      guard: !refused,
    },
  })
  if (!refused && upload.choice.what === 'people' && upload.look?.kind !== 'ldif')
    await keepMapping(database.db, importName(upload.agencyCode), keptMapping(upload.choice))
  await moveTo(desk, upload, 'importing', refused ? 'refused' : 'imported', {
    result: summaryOf(result, problems),
    runId: result.run,
    preview: null,
    path: null,
  })
  if (upload.path !== null) await removeFile(upload.path)
}

type Running = { path: string; dryRun: boolean; signal: AbortSignal; operator: Operator }

async function runFile(
  { context }: ImportDesk,
  upload: Upload,
  { path, dryRun, signal, operator }: Running,
): Promise<{ result: RosterResult; problems: Problems }> {
  const { db } = context.database
  const { sheet, legacy } = upload.choice
  let problems: Problems = { rows: 0, values: 0, reasons: [], first: [], unknownAgencies: [] }
  const result = await importFile(readingContext(context), path, {
    ...optionsOf(upload),
    dryRun,
    force: false,
    signal,
    progress: progressOf(context, upload.id),
    about: { by: operator.id, file: upload.fileName, sha256: upload.sha256, upload: upload.id },
    inspect: async run => {
      if (upload.look?.kind !== 'ldif') {
        const people = peopleMapping(upload.choice.fields ?? {}, '')
        await fillRejected(db, run, path, { sheet, legacy, signal, people })
      }
      problems = await problemsOf(db, run)
    },
  })
  return { result, problems }
}

const NOTE_MS = 500

/** Notes how many rows were read, no more often than somebody looks. */
function progressOf({ database, now }: CommandContext, id: number): (read: number) => void {
  let last = 0
  return read => {
    const at = now()
    if (at.getTime() - last < NOTE_MS) return
    last = at.getTime()
    void noteProgress(database.db, id, read, at).catch(() => {})
  }
}

/** How a file is read that was chosen so. */
function optionsOf({ agencyId, agencyCode, choice, look }: Upload): ImportOptions {
  if (agencyId !== null && agencyCode === null)
    throw new AppError('not_found', 'the agency is no longer there')
  const { what, supplement, sheet, legacy, createAgencies, source, staffClass } = choice
  const fields = choice.fields ?? {}
  const opened = { ...(sheet === null ? {} : { sheet }), ...(legacy === null ? {} : { legacy }) }
  if (look?.kind === 'ldif') {
    // read as the directory itself, with all agencies: never somebody's list, whatever form was sent
    if (agencyId !== null || supplement)
      throw new AppError('usage', 'an LDIF file is imported for the whole installation, as the whole list', {
        details: { refused: 'ldifWhole' },
      })
    return { source, agency: null }
  }
  // a list of agencies names nobody, so nobody is missing from it
  if (what === 'agencies') {
    if (agencyId !== null)
      throw new AppError('usage', 'a list of agencies is imported for the whole installation', {
        details: { refused: 'agenciesWhole' },
      })
    return {
      source: null,
      agency: null,
      supplement: true,
      people: nobody,
      agencies: agencyMapping(fields),
      ...opened,
    }
  }
  const people = peopleMapping(fields, staffClass)
  return { source: null, agency: agencyCode, supplement, createAgencies, people, ...opened }
}

function summaryOf(result: RosterResult, problems: Problems): UploadResult {
  const { agencies, people, held, reviews, read, rejected, disabled, complete, guard, seconds } = result
  return { agencies, people, held, reviews, read, rejected, disabled, complete, guard, seconds, problems }
}

// steps -------------------------------------------------------------------------------------------------------------

/** Does a step; what keeps it from being done is kept with the file, which goes back to the step before. */
async function step(
  desk: ImportDesk,
  upload: Upload,
  { at, back }: { at: UploadState; back: UploadState },
  work: (path: string) => Promise<void>,
): Promise<void> {
  try {
    if (upload.path === null)
      throw new AppError('file_unreadable', 'the file is no longer kept', { details: { refused: 'gone' } })
    await work(upload.path)
  } catch (thrown) {
    const { code, message, details } = toAppError(thrown)
    desk.context.log.warn({ err: thrown, upload: upload.id }, 'a file was not taken')
    const told = code === 'internal' ? '' : withoutPath(message, upload.path)
    const problem: UploadProblem = { code, message: told, details: { ...details, step: at } }
    await moveTo(desk, upload, at, back, { problem })
  }
}

/** Where files lie on this machine is nobody's business. */
function withoutPath(message: string, path: string | null): string {
  return path === null ? message : message.replaceAll(path, 'the file')
}

async function moveTo(
  { context }: ImportDesk,
  { id }: Upload,
  from: UploadState,
  to: UploadState,
  set: Parameters<typeof moveUpload>[2]['set'],
): Promise<void> {
  await moveUpload(context.database.db, id, { from: [from], to, now: context.now(), ...(set ? { set } : {}) })
}

/** Takes away what nobody imported for a day. */
export async function sweepUploads({ config, database, now }: CommandContext): Promise<void> {
  for (const path of await dropOldUploads(database.db, now(), UPLOAD_HOURS)) await removeFile(path)
  await removeOld(await uploadFolder(config), now())
}
