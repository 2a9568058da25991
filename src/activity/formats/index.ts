/**
 * One log line → what it says.
 *
 * A mail.log mixes Postfix and Dovecot, so the program of each line decides, not the file. Nothing
 * throws on a line's account, and nothing is read of a line that no mail server wrote.
 */

import { ignored, type LineBody, type ParsedLine } from '../line.ts'
import { isDovecotProcess, parseDovecot } from './dovecot.ts'
import { type Header, parseHeader } from './header.ts'
import { isPostfixProgram, parsePostfix } from './postfix.ts'

/** `syslog`: a mixed mail.log. `dovecot`: Dovecot's own file (`log_path`), which has no host column. */
export const formats = ['syslog', 'dovecot'] as const
export type Format = (typeof formats)[number]

export type LineContext = {
  /** IANA zone of stamps without one; a RangeError says it is unknown. */
  timeZone: string
  /** The instant of the line before, else of the file; see `HeaderContext`. */
  reference: number
  /** Now, ms since 1970. Given, a line stamped more than a day later is ignored. */
  now?: number
  /** Left out, told from the shape of each line. */
  format?: Format
}

/** Longer lines are no mail server's: Postfix cuts at 2,000 bytes, rsyslog at 8 K, journald at 48 K. */
const LINE_MAX = 65_536
const DAY_MS = 86_400_000

/** `line` is decoded text without its line feed. Time grows with its length and no faster. */
export function parseLine(line: string, context: LineContext): ParsedLine {
  if (line.length > LINE_MAX) return { ...ignored('line too long'), at: null }
  if (line.trim() === '') return { ...ignored('empty'), at: null }
  if (line.includes('\0') || !line.isWellFormed()) return { ...ignored('not text'), at: null }
  const header = parseHeader(line.trimEnd(), context)
  const parsed: ParsedLine = { ...readBody(header, context), at: header.at }
  if (header.program !== null && parsed.program === undefined) parsed.program = header.program
  if (header.host !== null) parsed.host = header.host
  if (header.repeated !== null) parsed.repeated = header.repeated
  return parsed
}

function readBody(header: Header, context: LineContext): LineBody {
  const { at, program, message } = header
  if (at === null) return ignored('no readable time stamp')
  if (context.now !== undefined && at > context.now + DAY_MS) return ignored('in the future')
  if (message.startsWith('last message repeated ')) return ignored('repeats the line before')
  if (program === null) return parseDovecotTag(message)
  if (isPostfixProgram(program)) return parsePostfix(program, message)
  if (program.startsWith('dovecot')) return parseDovecot(message)
  if (isDovecotProcess(program)) return parseDovecot(`${program}: ${message}`)
  return ignored('another program')
}

/** `imap(name)<pid><session>: …` without `dovecot:` in front: no tag by syslog's rules. */
function parseDovecotTag(message: string): LineBody {
  const end = message.indexOf('(')
  const process = end < 0 || end > 40 ? '' : message.slice(0, end)
  return isDovecotProcess(process) ? parseDovecot(message) : ignored('another program')
}
