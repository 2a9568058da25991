/** What a directory's result codes mean to whoever runs the service (RFC 4511 appendix A). */
import { AppError, type ErrorCode } from '../../error.ts'
import type { Answer } from './ldap-message.ts'

type Verdict = { code: ErrorCode; reason: string; temporary?: true }

export const HIDDEN =
  'the base is not there or hidden from this account: check base, or ask its owner for read access'
const ENCRYPT = 'it wants an encrypted connection: use an ldaps:// url or startTls'

const verdicts: Record<number, Verdict> = {
  1: {
    code: 'directory_refused',
    reason: 'it could not do that, often because nobody signed in: check bindDn',
  },
  3: { code: 'read_incomplete', reason: 'it reached its time limit: ask its owner for a longer one' },
  4: {
    code: 'read_incomplete',
    reason:
      'it reached its size limit: ask its owner for none in pages, for this account (OpenLDAP: size.prtotal=unlimited, 389-ds: nsPagedSizeLimit -1)',
  },
  7: { code: 'directory_refused', reason: 'it takes no name and password: ask its owner for simple bind' },
  8: { code: 'directory_refused', reason: ENCRYPT },
  10: { code: 'read_incomplete', reason: 'it points to another server: name that server in url' },
  11: {
    code: 'read_incomplete',
    reason:
      'it reached an administrative limit: ask its owner for none in pages, for this account (OpenLDAP: size.unchecked=unlimited, 389-ds: nsPagedLookThroughLimit -1)',
  },
  12: { code: 'directory_refused', reason: 'it cannot answer in pages: ask its owner for paged results' },
  13: { code: 'directory_refused', reason: ENCRYPT },
  32: { code: 'read_incomplete', reason: HIDDEN },
  34: { code: 'directory_refused', reason: 'it cannot read a DN: check bindDn and base' },
  48: { code: 'directory_refused', reason: 'this account may not sign in this way: check bindDn' },
  49: { code: 'directory_refused', reason: 'name or password is wrong: check bindDn and bindPassword' },
  50: { code: 'directory_refused', reason: 'this account may not read there: ask its owner for read access' },
  51: { code: 'directory_unreachable', reason: 'it is too busy: try again later', temporary: true },
  52: { code: 'directory_unreachable', reason: 'it is not available now: try again later', temporary: true },
  53: { code: 'directory_refused', reason: 'it is unwilling to do that: ask its owner why' },
}

/** Where a search stood: its base, and how many entries had come. */
export type Place = { base: string; count: number }

/** An answer other than success. Without a place it is the answer to a bind. */
export function refusal(answer: Answer, place?: Place & { begun: boolean }): AppError {
  const verdict = verdicts[answer.status] ?? {
    code: 'directory_refused',
    reason: `it answered with result ${answer.status}, which nobody expects here: ask its owner`,
  }
  const details = { resultCode: answer.status, diagnostic: answer.diagnostic }
  const options = { temporary: verdict.temporary ?? false, details }
  if (place && (place.begun || verdict.code === 'read_incomplete')) {
    return incomplete(place, `the directory stopped: ${verdict.reason}`, options)
  }
  const code = verdict.code === 'read_incomplete' ? 'directory_refused' : verdict.code
  return new AppError(code, `the directory refused: ${verdict.reason}`, options)
}

type Options = { temporary?: boolean; cause?: unknown; details?: Record<string, unknown> }

export function incomplete({ base, count }: Place, reason: string, options: Options = {}): AppError {
  const came = count === 0 ? 'no entry came' : `${count} entries came, not all`
  const details = { ...options.details, base, entries: count }
  return new AppError('read_incomplete', `${base}: ${came}; ${reason}`, { ...options, details })
}
