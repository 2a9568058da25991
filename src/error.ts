/**
 * The one error class and its closed list of codes.
 *
 * A code says what happened, once, for the log, the API and the exit status.
 * The exit statuses are: 1 failed, 2 wrong usage or configuration, 3 refused with nothing changed.
 */

export type ErrorCode =
  | 'usage'
  | 'config_invalid'
  | 'not_found'
  | 'not_signed_in'
  | 'forbidden'
  | 'too_many_requests'
  | 'busy'
  | 'port_taken'
  | 'guard_refused'
  | 'ground_moved'
  | 'read_incomplete'
  | 'directory_unreachable'
  | 'directory_refused'
  | 'platform_unreachable'
  | 'platform_refused'
  | 'address_taken'
  | 'mailbox_suspended'
  | 'mail_server_unreachable'
  | 'mail_server_refused'
  | 'cannot_separate'
  | 'database_unreachable'
  | 'database_refused'
  | 'database_locked'
  | 'database_outdated'
  | 'database_not_empty'
  | 'backup_refused'
  | 'file_unreadable'
  | 'check_failed'
  | 'cancelled'
  | 'internal'

type Meaning = { http: number; exit: 1 | 2 | 3 }

/** HTTP status and exit status of each code. A new code does not compile without its row. */
const meanings: Record<ErrorCode, Meaning> = {
  usage: { http: 400, exit: 2 },
  config_invalid: { http: 500, exit: 2 },
  not_found: { http: 404, exit: 2 },
  not_signed_in: { http: 401, exit: 1 },
  forbidden: { http: 403, exit: 3 },
  too_many_requests: { http: 429, exit: 1 },
  busy: { http: 409, exit: 3 },
  port_taken: { http: 503, exit: 3 },
  guard_refused: { http: 422, exit: 3 },
  ground_moved: { http: 409, exit: 3 },
  read_incomplete: { http: 503, exit: 3 },
  directory_unreachable: { http: 503, exit: 1 },
  directory_refused: { http: 503, exit: 1 },
  platform_unreachable: { http: 503, exit: 1 },
  platform_refused: { http: 503, exit: 1 },
  address_taken: { http: 409, exit: 1 },
  mailbox_suspended: { http: 409, exit: 1 },
  mail_server_unreachable: { http: 503, exit: 1 },
  mail_server_refused: { http: 503, exit: 1 },
  cannot_separate: { http: 422, exit: 3 },
  database_unreachable: { http: 503, exit: 1 },
  database_refused: { http: 503, exit: 1 },
  database_locked: { http: 503, exit: 1 },
  database_outdated: { http: 503, exit: 1 },
  database_not_empty: { http: 409, exit: 3 },
  backup_refused: { http: 400, exit: 3 },
  file_unreadable: { http: 400, exit: 1 },
  check_failed: { http: 503, exit: 1 },
  cancelled: { http: 503, exit: 1 },
  internal: { http: 500, exit: 1 },
}

type Options = { temporary?: boolean; cause?: unknown; details?: Record<string, unknown> }

export class AppError extends Error {
  readonly code: ErrorCode
  /** Whether the same call may succeed later with nothing mended. */
  readonly temporary: boolean
  /** Facts for the reader of the error; never a secret. */
  readonly details: Record<string, unknown>

  constructor(code: ErrorCode, message: string, options: Options = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'AppError'
    this.code = code
    this.temporary = options.temporary ?? false
    this.details = options.details ?? {}
  }

  get httpStatus(): number {
    return meanings[this.code].http
  }

  get exitStatus(): 1 | 2 | 3 {
    return meanings[this.code].exit
  }
}

/** What was thrown, as an AppError: a foreign error becomes `internal` with its message kept. */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new AppError('internal', message, { cause: thrown })
}

/** The end of an exhaustive switch: a case that the compiler knows cannot be. */
export function unreachable(value: never): never {
  throw new AppError('internal', `a case nobody handles: ${JSON.stringify(value)}`)
}
