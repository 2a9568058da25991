/**
 * Takes the file of a form while it comes: never whole in memory, and not a byte of it kept before the form is known to
 * be one of ours. The fields have to stand before the file.
 */

import type { MultipartFile } from '@fastify/multipart'
import type { FastifyRequest } from 'fastify'
import { operatorOf, requireMark } from '../access/plugin.ts'
import type { CommandContext } from '../command.ts'
import { countKept } from './import-store.ts'
import { type KeptFile, keepFile, removeFile, UPLOAD_BYTES, uploadFolder } from './upload-store.ts'

export type Taken = { kept: KeptFile; name: string } | { refused: Refused }
export type Refused = 'noFile' | 'emptyFile' | 'largeFile' | 'tooMany' | 'crowded'

const taken = new WeakMap<FastifyRequest, Taken>()

/** Files that may lie there unimported: of one operator, and of everybody. More of them is an accident or an attack. */
const OWN_FILES = 5
const ALL_FILES = 100
/** Where temporary files lie in memory, as on many systems, this is what they may take of it, and one file more. */
const ALL_BYTES = 2_000_000_000
/** Fields of the form, and their longest text. */
const FIELDS = 20
const FIELD_BYTES = 65_536

/** A `preValidation` hook: the fields become the body, as those of any other form. */
export function takeFile(context: CommandContext): (request: FastifyRequest) => Promise<void> {
  const limits = {
    fileSize: UPLOAD_BYTES,
    files: 1,
    fields: FIELDS,
    fieldSize: FIELD_BYTES,
    parts: FIELDS + 1,
  }
  return async request => {
    if (!request.isMultipart()) return
    const fields = new Map<string, string>()
    try {
      for await (const part of request.parts({ limits })) {
        if (part.type === 'file') await takePart(context, request, { part, mark: fields.get('csrf') ?? '' })
        else if (!fields.has(part.fieldname)) fields.set(part.fieldname, String(part.value))
      }
    } catch (thrown) {
      // a form that breaks off after its file, or has two of them
      const file = takenFrom(request)
      if ('kept' in file) await removeFile(file.kept.path)
      throw thrown
    }
    request.body = Object.fromEntries(fields)
  }
}

/** Files that are coming just now, by operator: they count as if they lay there already. */
const coming = new Map<number, number>()

async function takePart(
  context: CommandContext,
  request: FastifyRequest,
  { part, mark }: { part: MultipartFile; mark: string },
): Promise<void> {
  const operator = operatorOf(request).id ?? 0
  const before = coming.get(operator) ?? 0
  coming.set(operator, before + 1)
  try {
    requireMark(request, mark)
    const refused = await crowd(context, operator, before)
    if (refused !== null) return refuse(request, part, refused)
    const kept = await keepFile(await uploadFolder(context.config), part.file)
    taken.set(request, { kept, name: part.filename })
    if (part.file.truncated) return await giveBack(request, kept, 'largeFile')
    // an empty field of files is sent as a file without a name
    if (kept.bytes === 0) await giveBack(request, kept, part.filename === '' ? 'noFile' : 'emptyFile')
  } catch (thrown) {
    // what still comes is read and forgotten, so that the sender hears the answer
    part.file.resume()
    throw thrown
  } finally {
    const now = (coming.get(operator) ?? 1) - 1
    if (now > 0) coming.set(operator, now)
    else coming.delete(operator)
  }
}

function refuse(request: FastifyRequest, part: MultipartFile, refused: Refused): void {
  taken.set(request, { refused })
  part.file.resume()
}

async function giveBack(request: FastifyRequest, kept: KeptFile, refused: Refused): Promise<void> {
  await removeFile(kept.path)
  taken.set(request, { refused })
}

async function crowd(
  { database }: CommandContext,
  operator: number,
  others: number,
): Promise<Refused | null> {
  const { own, all, bytes } = await countKept(database.db, operator)
  if (own + others >= OWN_FILES) return 'tooMany'
  return all >= ALL_FILES || bytes >= ALL_BYTES ? 'crowded' : null
}

/** What came with the form. The file is the caller's now, to keep or to remove. */
export function takenFrom(request: FastifyRequest): Taken {
  return taken.get(request) ?? { refused: 'noFile' }
}
