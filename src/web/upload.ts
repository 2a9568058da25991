/**
 * A form with a file in it (RFC 7578), read before the form's mark is checked: its fields become the body as those of any
 * other form, the file is kept in memory up to a limit.
 */
import type { FastifyRequest } from 'fastify'

export type Upload = {
  /** As the sender calls it; nothing to trust. */
  name: string
  bytes: Buffer
  /** More came than may: `bytes` is only the beginning. */
  tooLarge: boolean
}

const uploads = new WeakMap<FastifyRequest, Upload>()

/** Longest text of one field, in bytes, and most fields: as for forms that are typed. */
const FIELD_BYTES = 262_144
const FIELDS = 60

/** A `preValidation` hook for a route whose form may hold one file. Other forms pass it untouched. */
export function takeUpload(fileBytes: number): (request: FastifyRequest) => Promise<void> {
  const limits = { fileSize: fileBytes, files: 1, fields: FIELDS, fieldSize: FIELD_BYTES, parts: FIELDS + 1 }
  return async request => {
    if (!request.isMultipart()) return
    const fields = new Map<string, string>()
    for await (const part of request.parts({ limits })) {
      if (part.type === 'file') {
        const bytes = await part.toBuffer()
        // an empty field of files is sent as a file without a name
        if (part.filename !== '' || bytes.length > 0)
          uploads.set(request, { name: part.filename, bytes, tooLarge: part.file.truncated })
      } else if (!fields.has(part.fieldname)) fields.set(part.fieldname, String(part.value))
    }
    request.body = Object.fromEntries(fields)
  }
}

/** The file that came with the form, or null. */
export function uploadOf(request: FastifyRequest): Upload | null {
  return uploads.get(request) ?? null
}
