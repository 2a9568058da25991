/**
 * A mail platform in memory that keeps the contract of a connector, and can be told to fail as real ones do:
 * to be down, to lose the connection before, amid or after the work, to refuse single changes.
 */
import { AppError, type ErrorCode, unreachable } from '../../src/error.ts'
import { type Address, domainOf, parseDay } from '../../src/ids.ts'
import type { Change, ChangeOutcome, Connector, PlatformEntry } from '../../src/mailbox/connector.ts'

type Stored = { name: string; quotaBytes: number; password: string; suspended: boolean; token: string | null }
type Alias = { targets: Address[]; active: boolean }

export type MemoryPlatform = {
  connector: Connector
  mailboxes: Map<Address, Stored>
  aliases: Map<Address, Alias>
  /** Addresses in the order they were created; one that comes twice was doubled. */
  created: Address[]
  /** While true, nothing is answered. */
  down: boolean
  /**
   * How the next calls of `apply` end: the connection is lost after that many of the changes (0 before all of them,
   * Infinity after); null ends well.
   */
  loseAfter: (number | null)[]
  /** Changes to these addresses fail so. */
  refused: Map<string, { code: ErrorCode; temporary: boolean }>
  /** Told before each change is made; what it throws ends the call there. */
  beforeChange: (change: Change) => void
  setPassword(address: Address): void
  /** All that stands there, for comparing. */
  contents(): string
}

type Options = { name?: string; domains: readonly string[]; batchSize?: number }

export function createMemoryPlatform(options: Options): MemoryPlatform {
  const platform: MemoryPlatform = {
    connector: connectorOf(options, () => platform),
    mailboxes: new Map(),
    aliases: new Map(),
    created: [],
    down: false,
    loseAfter: [],
    refused: new Map(),
    beforeChange: () => {},
    setPassword(address) {
      const mailbox = platform.mailboxes.get(address)
      if (mailbox) Object.assign(mailbox, { password: `set-${address}`, token: null })
    },
    contents: () => JSON.stringify([[...platform.mailboxes].sort(), [...platform.aliases].sort()]),
  }
  return platform
}

function connectorOf(
  { name = 'mail', domains, batchSize = 500 }: Options,
  own: () => MemoryPlatform,
): Connector {
  const reach = (signal: AbortSignal): MemoryPlatform => {
    if (signal.aborted) throw new AppError('cancelled', 'the call was broken off', { temporary: true })
    if (own().down) throw lost()
    return own()
  }
  return {
    name,
    capabilities: {
      changes: ['create', 'update', 'suspend', 'resume'],
      deliverOnlySuspend: true,
      batchSize,
      lastSignIn: null,
    },
    check: async signal => `${reach(signal).mailboxes.size} mailboxes in memory`,
    list: signal => list(reach, signal),
    find: async (addresses, signal) => {
      const platform = reach(signal)
      return addresses.flatMap(address => entriesAt(platform, address))
    },
    apply: async (changes, signal) => apply(reach(signal), changes, domains),
    setPassword: async (address, hash, signal) => setPassword(reach(signal), address, hash),
    close: async () => {},
  }
}

function lost(): AppError {
  return new AppError('platform_unreachable', 'the platform does not answer', { temporary: true })
}

const PAGE = 1_000

async function* list(
  reach: (signal: AbortSignal) => MemoryPlatform,
  signal: AbortSignal,
): AsyncGenerator<PlatformEntry[]> {
  const { mailboxes, aliases } = reach(signal)
  for (const addresses of [[...mailboxes.keys()], [...aliases.keys()]]) {
    for (let at = 0; at < addresses.length; at += PAGE) {
      const platform = reach(signal)
      yield addresses.slice(at, at + PAGE).flatMap(address => entriesAt(platform, address))
    }
  }
}

/** What stands at an address: a mailbox, an alias, or, where a mailbox forwards its mail, both. */
function entriesAt({ mailboxes, aliases }: MemoryPlatform, address: Address): PlatformEntry[] {
  const mailbox = mailboxes.get(address)
  const alias = aliases.get(address)
  return [
    ...(mailbox ? [mailboxEntry(address, mailbox)] : []),
    ...(alias ? [{ kind: 'alias' as const, address, ...alias }] : []),
  ]
}

function mailboxEntry(address: Address, stored: Stored): PlatformEntry {
  const { name, quotaBytes, password, suspended, token } = stored
  return {
    kind: 'mailbox',
    address,
    name,
    quotaBytes,
    canSignIn: password !== '' && !suspended,
    receives: true,
    suspended,
    token,
    created: parseDay('2026-01-01'),
    domain: domainOf(address),
  }
}

function apply(
  platform: MemoryPlatform,
  changes: readonly Change[],
  domains: readonly string[],
): ChangeOutcome[] {
  const end = platform.loseAfter.shift() ?? undefined
  const outcomes: ChangeOutcome[] = []
  for (const change of changes.slice(0, end)) {
    platform.beforeChange(change)
    outcomes.push(applyOne(platform, change, domains))
  }
  if (end !== undefined) throw lost()
  return outcomes
}

function applyOne(platform: MemoryPlatform, change: Change, domains: readonly string[]): ChangeOutcome {
  const refusal = platform.refused.get(change.address)
  if (refusal) return { outcome: 'failed', reason: `${change.address} is refused here`, ...refusal }
  switch (change.kind) {
    case 'create':
      return create(platform, change, domains)
    case 'update':
    case 'suspend':
    case 'resume':
      return alter(platform.mailboxes.get(change.address), change)
    case 'rename':
    case 'remove':
      return failed('platform_refused', `${change.kind} is not done on this platform`)
    default:
      return unreachable(change)
  }
}

type Of<Kind extends Change['kind']> = Extract<Change, { kind: Kind }>

function create(platform: MemoryPlatform, change: Of<'create'>, domains: readonly string[]): ChangeOutcome {
  const { address, name, quotaBytes, token } = change
  const standing = platform.mailboxes.get(address)
  if (standing?.token === token) return { outcome: 'already' }
  if (standing || platform.aliases.has(address)) return failed('address_taken', `${address} is taken here`)
  if (!domains.includes(domainOf(address)))
    return failed('platform_refused', `no domain ${domainOf(address)}`)
  if (name.includes('\0')) return failed('platform_refused', 'this platform takes no such name')
  platform.mailboxes.set(address, { name, quotaBytes, password: '', suspended: false, token })
  platform.created.push(address)
  return { outcome: 'done' }
}

function alter(mailbox: Stored | undefined, change: Of<'update' | 'suspend' | 'resume'>): ChangeOutcome {
  if (!mailbox) return failed('not_found', `${change.address} has no mailbox here`)
  const { name, quotaBytes } = change.kind === 'update' ? change : mailbox
  const suspended = change.kind === 'update' ? mailbox.suspended : change.kind === 'suspend'
  const same = name === mailbox.name && quotaBytes === mailbox.quotaBytes && suspended === mailbox.suspended
  Object.assign(mailbox, { name, quotaBytes, suspended })
  return { outcome: same ? 'already' : 'done' }
}

function setPassword(platform: MemoryPlatform, address: Address, hash: string): ChangeOutcome {
  const refusal = platform.refused.get(address)
  if (refusal) return { outcome: 'failed', reason: `${address} is refused here`, ...refusal }
  const mailbox = platform.mailboxes.get(address)
  if (!mailbox) return failed('not_found', `${address} has no mailbox here`)
  if (mailbox.suspended) return failed('mailbox_suspended', `${address} is suspended here`)
  if (mailbox.password === hash) return { outcome: 'already' }
  Object.assign(mailbox, { password: hash, token: null })
  return { outcome: 'done' }
}

function failed(code: ErrorCode, reason: string): ChangeOutcome {
  return { outcome: 'failed', code, reason, temporary: false }
}
