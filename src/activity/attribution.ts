/**
 * Whose message is it, and does it count?
 *
 * A message is a queue id, from the line that opens it to the one that removes it. The person is the authenticated user
 * of the first; it counts once, when it enters the queue. A message that a filter gives back comes without an
 * authenticated user and counts for nobody. Lines may come in another order than they were written: two files of a
 * rotation are often read the wrong way round.
 */
import type { ParsedLine } from './line.ts'

export type MessageState =
  /** Opened without an authenticated user, or given back by a filter. */
  | { state: 'inbound'; touchedAt: number }
  /** Opened by a user or client that counts for nothing. */
  | { state: 'excluded'; touchedAt: number }
  /** Accepted from this user; not yet in the queue. */
  | { state: 'submitted'; user: string; touchedAt: number }
  /** In the queue; the line that says whose it is has not been read. */
  | { state: 'queued'; queuedAt: number; recipients: number; touchedAt: number }
  | { state: 'counted'; touchedAt: number }

export type Send = { user: string; at: number; recipients: number }

export type Step = {
  /** What to remember; null forgets the message. */
  next: MessageState | null
  send: Send | null
  /** Whether the line was told to count for nothing. */
  excluded: boolean
}

/**
 * A queue line and the line that opened the message, read in the wrong order, belong together only this close: Postfix
 * gives a short queue id again as soon as it is free.
 */
const SAME_MESSAGE_MS = 3_600_000

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
      return remember(known?.state === 'counted' ? known : null)
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
  if (line.origQueueId !== undefined || user === undefined) return remember({ state: 'inbound', touchedAt: at })
  if (excluded) return { next: { state: 'excluded', touchedAt: at }, send: null, excluded: true }
  if (known?.state === 'queued' && Math.abs(at - known.queuedAt) <= SAME_MESSAGE_MS) {
    const send = { user, at: known.queuedAt, recipients: known.recipients }
    return { next: { state: 'counted', touchedAt: at }, send, excluded: false }
  }
  return remember({ state: 'submitted', user, touchedAt: at })
}

function entered(known: MessageState | null, line: ParsedLine & { at: number }): Step {
  const { at } = line
  // bounces, receipts, automatic replies: nobody wrote them
  if (line.from === '') return remember({ state: 'inbound', touchedAt: at })
  const recipients = line.recipients ?? 1
  if (known?.state === 'submitted') {
    return { next: { state: 'counted', touchedAt: at }, send: { user: known.user, at, recipients }, excluded: false }
  }
  // said again at every retry
  if (known) return remember({ ...known, touchedAt: at })
  return remember({ state: 'queued', queuedAt: at, recipients, touchedAt: at })
}

function removed(known: MessageState | null, line: ParsedLine): Step {
  if (line.status === 'canceled' || !known) return remember(null)
  return remember(known.state === 'submitted' || known.state === 'queued' ? known : null)
}

/** How long a message is remembered after its last line, in ms. Mail that cannot be delivered stays five days by default. */
export const FORGET_AFTER_MS = { waiting: 86_400_000, other: 10 * 86_400_000 }
