/**
 * A platform for practice: mailboxes in a folder, with no mail server behind them.
 *
 * It keeps the contract of a connector like any other, and like any other it says nothing about use: whatever happens
 * in its mailboxes stands in its mail log, for the ingestion to read.
 */
import { AppError, type ErrorCode, unreachable } from '../../error.ts'
import { type Address, dayAt, domainOf, parseDay } from '../../ids.ts'
import type { Change, ChangeOutcome, Connector, PlatformEntry } from '../connector.ts'
import { PracticeMailboxes, type StoredMailbox } from './practice-mailboxes.ts'

export type PracticeOptions = {
  /** The platform's name in the configuration. */
  name: string
  folder: string
  /** The domains it has mailboxes in; any domain if empty. */
  domains: readonly string[]
  /** Zone of the day a mailbox is made. */
  timeZone: string
  now?: () => Date
}

const PAGE = 1_000
const BATCH = 500

/** Opens the folder at the first call only. */
export function createPractice(options: PracticeOptions): Connector {
  let opened: PracticeMailboxes | null = null
  const reach = (signal: AbortSignal): PracticeMailboxes => {
    if (signal.aborted)
      throw new AppError('cancelled', `platform ${options.name}: broken off`, { temporary: true })
    opened ??= open(options)
    return opened
  }
  return {
    name: options.name,
    capabilities: {
      changes: ['create', 'update', 'suspend', 'resume'],
      deliverOnlySuspend: true,
      batchSize: BATCH,
      lastSignIn: null,
    },
    check: async signal => reading(options, () => `practice platform, mailboxes: ${reach(signal).count()}`),
    list: signal => list(options, () => reach(signal)),
    find: async (addresses, signal) =>
      reading(options, () => {
        const platform = reach(signal)
        return addresses.flatMap(address => entriesAt(platform, address))
      }),
    apply: async (changes, signal) => reading(options, () => apply(reach(signal), changes, options)),
    setPassword: async (address, hash, signal) =>
      reading(options, () => setPassword(reach(signal), address, hash)),
    close: async () => {
      opened?.close()
      opened = null
    },
  }
}

function open({ name, folder }: PracticeOptions): PracticeMailboxes {
  try {
    return new PracticeMailboxes(folder)
  } catch (cause) {
    throw unreachablePlatform(name, cause)
  }
}

/** What the file system or SQLite says, as one of our errors: a full disk or a locked file passes. */
function reading<T>({ name }: PracticeOptions, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    throw cause instanceof AppError ? cause : unreachablePlatform(name, cause)
  }
}

function unreachablePlatform(name: string, cause: unknown): AppError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new AppError('platform_unreachable', `platform ${name}: ${reason}`, { temporary: true, cause })
}

async function* list(
  options: PracticeOptions,
  reach: () => PracticeMailboxes,
): AsyncGenerator<PlatformEntry[], void, void> {
  for (let after = ''; ; ) {
    const page = reading(options, () => reach().mailboxesAfter(after, PAGE))
    const last = page.at(-1)
    if (!last) break
    yield page.map(mailboxEntry)
    after = last.address
  }
  for (let after = ''; ; ) {
    const page = reading(options, () => reach().aliasesAfter(after, PAGE))
    const last = page.at(-1)
    if (!last) break
    yield page.map(alias => ({ kind: 'alias', ...alias, active: true }))
    after = last.address
  }
}

function entriesAt(platform: PracticeMailboxes, address: Address): PlatformEntry[] {
  const mailbox = platform.mailbox(address)
  const alias = platform.alias(address)
  return [
    ...(mailbox ? [mailboxEntry(mailbox)] : []),
    ...(alias ? [{ kind: 'alias' as const, ...alias, active: true }] : []),
  ]
}

function mailboxEntry(stored: StoredMailbox): PlatformEntry {
  const { address, name, quotaBytes, password, suspended, token, created } = stored
  return {
    kind: 'mailbox',
    address,
    name,
    quotaBytes,
    canSignIn: password !== null && !suspended,
    receives: true,
    suspended,
    token: password === null ? token : null,
    created: parseDay(created),
    domain: domainOf(address),
  }
}

function apply(
  platform: PracticeMailboxes,
  changes: readonly Change[],
  options: PracticeOptions,
): ChangeOutcome[] {
  if (changes.length === 0) return []
  return platform.write(() => changes.map(change => applyOne(platform, change, options)))
}

function applyOne(platform: PracticeMailboxes, change: Change, options: PracticeOptions): ChangeOutcome {
  switch (change.kind) {
    case 'create':
      return create(platform, change, options)
    case 'update':
    case 'suspend':
    case 'resume':
      return alter(platform, change)
    case 'rename':
    case 'remove':
      return failed('platform_refused', `${change.kind} is not done on this platform`)
    default:
      return unreachable(change)
  }
}

type Of<Kind extends Change['kind']> = Extract<Change, { kind: Kind }>

function create(
  platform: PracticeMailboxes,
  { address, name, quotaBytes, token }: Of<'create'>,
  { domains, timeZone, now = () => new Date() }: PracticeOptions,
): ChangeOutcome {
  const standing = platform.mailbox(address)
  if (standing?.token === token && standing.password === null) return { outcome: 'already' }
  if (standing) return failed('address_taken', `${address} is another mailbox`)
  if (platform.alias(address)) return failed('address_taken', `${address} is an alias`)
  const domain = domainOf(address)
  if (domains.length > 0 && !domains.includes(domain))
    return failed('platform_refused', `the domain ${domain} is not on the platform`)
  const problem = nameProblem(name)
  if (problem) return problem
  platform.add({ address, name, quotaBytes, token, created: dayAt(now().getTime(), timeZone) })
  return { outcome: 'done' }
}

function alter(platform: PracticeMailboxes, change: Of<'update' | 'suspend' | 'resume'>): ChangeOutcome {
  const mailbox = platform.mailbox(change.address)
  if (!mailbox) return failed('not_found', `${change.address} has no mailbox on the platform`)
  if (change.kind !== 'update') {
    const suspended = change.kind === 'suspend'
    if (mailbox.suspended === suspended) return { outcome: 'already' }
    platform.setSuspended(change.address, suspended)
    return { outcome: 'done' }
  }
  const { name, quotaBytes } = change
  if (mailbox.name === name && mailbox.quotaBytes === quotaBytes) return { outcome: 'already' }
  const problem = nameProblem(name)
  if (problem) return problem
  platform.update(change.address, name, quotaBytes)
  return { outcome: 'done' }
}

/** A password set by a person: from then on the platform's own play leaves the mailbox alone. */
function setPassword(platform: PracticeMailboxes, address: Address, hash: string): ChangeOutcome {
  return platform.write(() => {
    const mailbox = platform.mailbox(address)
    if (!mailbox) return failed('not_found', `${address} has no mailbox on the platform`)
    if (mailbox.suspended) return failed('mailbox_suspended', `${address} is suspended`)
    if (mailbox.password === hash) return { outcome: 'already' }
    platform.setPassword(address, hash, 'hand')
    return { outcome: 'done' }
  })
}

function nameProblem(name: string): ChangeOutcome | null {
  return name.includes('\0')
    ? failed('platform_refused', 'a name with a control character is not taken')
    : null
}

function failed(code: ErrorCode, reason: string): ChangeOutcome {
  return { outcome: 'failed', code, reason, temporary: false }
}
