/** The rows that were not taken, as a file to mend and bring again. */
import { PassThrough, Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { audit } from '../access/plugin.ts'
import { AppError } from '../error.ts'
import { CSV_MARK, csvLines } from '../web/csv.ts'
import { importWords } from './import-messages.ts'
import { reasonText } from './import-preview-page.ts'
import { seeUpload } from './import-show-plugin.ts'
import { type RejectedKey, rejectedAfter, type Upload } from './import-store.ts'
import type { ImportDesk } from './import-work-plugin.ts'
import { writeXlsx } from './sources/xlsx-writer.ts'

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

export async function rejectedBook(desk: ImportDesk, request: FastifyRequest, reply: FastifyReply) {
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

export async function rejectedLines(desk: ImportDesk, request: FastifyRequest, reply: FastifyReply) {
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
