/** A look at the end of a log file, for `check`: whether it is written to, and what excluded clients carry of it. */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { AppError } from '../error.ts'
import { parseLine } from './formats/index.ts'
import { splitLines } from './lines.ts'

export type LogLook = {
  /** When the last line was written, ms since 1970; null where no line has a stamp. */
  lastAt: number | null
  /** Lines a mail server wrote that we understand. */
  understood: number
  lines: number
  signIns: number
  /** Sign-ins from clients that count for nothing. */
  excludedSignIns: number
}

const LOOK_BYTES = 2 * 1024 * 1024

/** Reads the last stretch of a plain log file. Throws `file_unreadable`. */
export async function lookAtLog(
  path: string,
  settings: { timeZone: string; excludedClients: ReadonlySet<string>; maxLineBytes: number; now: number },
): Promise<LogLook> {
  const { timeZone, now } = settings
  const look: LogLook = { lastAt: null, understood: 0, lines: 0, signIns: 0, excludedSignIns: 0 }
  try {
    const { size, mtimeMs } = await stat(path)
    const chunks = createReadStream(path, { start: Math.max(0, size - LOOK_BYTES) })
    let reference = mtimeMs
    for await (const lines of splitLines(chunks, 0, settings.maxLineBytes)) {
      for (const { text } of lines) {
        const line = parseLine(text, { timeZone, reference, now })
        look.lines += 1
        if (line.at !== null) {
          reference = line.at
          look.lastAt = Math.max(look.lastAt ?? line.at, line.at)
        }
        if (line.kind !== 'ignored') look.understood += 1
        if (line.kind !== 'signIn') continue
        look.signIns += 1
        if (line.client !== undefined && settings.excludedClients.has(line.client)) look.excludedSignIns += 1
      }
    }
    return look
  } catch (cause) {
    throw new AppError(
      'file_unreadable',
      `${path} cannot be read; it must exist and be readable by this user`,
      { cause },
    )
  }
}
