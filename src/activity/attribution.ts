/**
 * Whose message is it, and does it count?
 *
 * A message is a queue id, from the line that opens it to the one that removes it. The person is the authenticated user
 * of the first; it counts once it has entered the queue, at the instant it was opened: that is when the person was
 * there, whether the queue took it at once, after midnight, or when somebody released it. A message that a filter gives
 * back comes without an authenticated user and counts for nobody. Lines may come in another order than they were
 * written: two files of a rotation are often read the wrong way round, and the outcome is the same.
 */
import type { ParsedLine } from './line.ts'

export type MessageState =
  /** Opened without an authenticated user, or given back by a filter. */
  | { state: 'inbound'; touchedAt: number }
  /** Opened by a user or client that counts for nothing. */
  | { state: 'excluded'; touchedAt: number }
  /** Accepted from this user at `touchedAt`; not yet in the queue. */
  | { state: 'submitted'; user: string; touchedAt: number }
  /** In the queue; the line that says whose it is has not been read. */
  | { state: 'queued'; queuedAt: number; recipients: number; touchedAt: number }
  | { state: 'counted'; touchedAt: number }

/** `at` is the instant the person handed it in. */
export type Send = { user: string; at: number; recipients: number }

export type Step = {
  /** What to remember; null forgets the message. */
  next: MessageState | null
  send: Send | null
  /** Whether the line was told to count for nothing. */
  excluded: boolean
}

/**
 * A queue line and, read after it, the line that opened the message belong together only this close: Postfix gives a
 * short queue id again as soon as it is free. A longer reach would give a message to the next user of its id.
 */
const SAME_MESSAGE_MS = 3_600_000
/** Read in order, a message may wait longer for its queue line: an administrator or a filter held it. */
const HELD_MS = 86_400_000
/** Processes write their stamps a little out of order. */
const JITTER_MS = 5_000

/** More is no message of a person, and no number the store could add up. */
const RECIPIENTS_MAX = 100_000

/** Takes one Postfix line with a queue id and a stamp. */
export function step(
  known: MessageState | null,
  line: ParsedLine & { at: number },
  isExcluded: (line: ParsedLine) => boolean,
): Step {
  const { at } = line
  if (line.inbound) return remember({ state: 'inbound', touchedAt: at })
  switch (line.kind) {
    case 'submission':
      return opened(known, line, isExcluded(line))
    case 'queued':
      return entered(known, line)
    case 'removed':
      return removed(known, line)
    case 'rejected':
      // cleanup refuses the whole message; smtpd may refuse one recipient and go on with the others
      return remember(known?.state === 'submitted' && line.program?.endsWith('/cleanup') ? null : known)
    default:
      return remember(known)
  }
}

function remember(next: MessageState | null): Step {
  return { next, send: null, excluded: false }
}

function opened(known: MessageState | null, line: ParsedLine & { at: number }, excluded: boolean): Step {
  const { at, user } = line
  // handed on by a filter or an earlier server: the first opening counts, not this one
  if (line.origQueueId !== undefined || user === undefined)
    return remember({ state: 'inbound', touchedAt: at })
  if (excluded) return { next: { state: 'excluded', touchedAt: at }, send: null, excluded: true }
  if (known?.state === 'queued' && within(known.queuedAt - at, SAME_MESSAGE_MS)) {
    return {
      next: { state: 'counted', touchedAt: at },
      send: { user, at, recipients: known.recipients },
      excluded: false,
    }
  }
  return remember({ state: 'submitted', user, touchedAt: at })
}

function entered(known: MessageState | null, line: ParsedLine & { at: number }): Step {
  const { at } = line
  // bounces, receipts, automatic replies: nobody wrote them
  if (line.from === '') return remember({ state: 'inbound', touchedAt: at })
  const recipients = Math.min(line.recipients ?? 1, RECIPIENTS_MAX)
  if (known?.state === 'submitted' && within(at - known.touchedAt, HELD_MS)) {
    return {
      next: { state: 'counted', touchedAt: at },
      send: { user: known.user, at: known.touchedAt, recipients },
      excluded: false,
    }
  }
  // said again at every retry
  if (known && known.state !== 'submitted') return remember({ ...known, touchedAt: at })
  return remember({ state: 'queued', queuedAt: at, recipients, touchedAt: at })
}

function within(span: number, limit: number): boolean {
  return span >= -JITTER_MS && span <= limit
}

function removed(known: MessageState | null, line: ParsedLine): Step {
  if (line.status === 'canceled' || !known) return remember(null)
  return remember(known.state === 'submitted' || known.state === 'queued' ? known : null)
}

/**
 * How long a message is remembered after its last line, in ms of the log. `waiting` for its other half must outlast a
 * month's file, since the file before it may be read after it. Mail that cannot be delivered stays in the queue for five
 * days by default; forgotten too early, one more retry of it is at worst a row that waits in vain.
 */
export const FORGET_AFTER_MS = { waiting: 35 * 86_400_000, other: 10 * 86_400_000 }
