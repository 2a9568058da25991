/**
 * What a mail platform must be able to do for us, whatever it is. One file under `connectors/` per platform.
 *
 * Every method ends: each call takes an AbortSignal and has a time limit of its own. A library's errors
 * leave a connector only as AppError (`platform_unreachable`, temporary · `platform_refused`, not).
 */
import type { ErrorCode } from '../error.ts'
import type { Address, Day } from '../ids.ts'

/** A mailbox as the platform has it now. */
export type PlatformMailbox = {
  kind: 'mailbox'
  address: Address
  name: string
  /** Bytes; 0 is unlimited. */
  quotaBytes: number
  /** Whether its owner's password could work now. */
  canSignIn: boolean
  /** Whether mail to it is accepted. */
  receives: boolean
  /** Suspended by us: the password is set aside and can be put back. */
  suspended: boolean
  /** The token of the `create` that made it, as long as nobody has set a password; else null. */
  token: string | null
  created: Day | null
  /** Bare domain part, as the platform groups mailboxes. */
  domain: string
}

/** An address that leads elsewhere. `targets` are addresses as written on the platform. */
export type PlatformAlias = { kind: 'alias'; address: Address; targets: string[]; active: boolean }

export type PlatformEntry = PlatformMailbox | PlatformAlias

/** One change to one mailbox. `token` is unique to the change and the same each time it is tried. */
export type Change =
  | { kind: 'create'; token: string; address: Address; name: string; quotaBytes: number }
  | { kind: 'update'; token: string; address: Address; name: string; quotaBytes: number }
  | { kind: 'rename'; token: string; address: Address; to: Address }
  | { kind: 'suspend'; token: string; address: Address }
  | { kind: 'resume'; token: string; address: Address }
  | { kind: 'remove'; token: string; address: Address }

export type ChangeKind = Change['kind']

/** `already`: the platform was in the wanted state before this call, by our own earlier try or otherwise. */
export type ChangeOutcome =
  | { outcome: 'done' }
  | { outcome: 'already' }
  | { outcome: 'failed'; code: ErrorCode; reason: string; temporary: boolean }

export type Capabilities = {
  /** Kinds of change it can do. */
  changes: readonly ChangeKind[]
  /** A suspended mailbox goes on receiving. */
  deliverOnlySuspend: boolean
  /** Most changes given to one `apply`. */
  batchSize: number
  /** How fine its own last sign-in is, or null where it keeps none. */
  lastSignIn: 'second' | 'week' | null
}

export interface Connector {
  readonly name: string
  readonly capabilities: Capabilities
  /** Tries the platform for real and answers a sentence about it; throws what is wrong. Changes nothing. */
  check(signal: AbortSignal): Promise<string>
  /** All mailboxes and aliases, in pages of at most 1,000. Throws rather than end early. */
  list(signal: AbortSignal): AsyncIterable<PlatformEntry[]>
  /** What stands at these addresses (at most `batchSize`), for those where anything stands. */
  find(addresses: readonly Address[], signal: AbortSignal): Promise<PlatformEntry[]>
  /**
   * Does the changes and answers in the same order. One that fails does not stop the others.
   * Idempotent: the same change given again answers `already`. `create` over a mailbox that carries
   * the change's own token is `already`; over anything else it fails with `address_taken`.
   * `create` leaves no usable password. `suspend` keeps delivery and sets the password aside, so that `resume`
   * restores it. Throws only where the fate of the whole batch is unknown (connection lost): call again.
   */
  apply(changes: readonly Change[], signal: AbortSignal): Promise<ChangeOutcome[]>
  /**
   * Stores what Dovecot verifies a password against, in its own form: `{SCHEME}` and the hash, never the password.
   * The mailbox's `token` is null from then on. The same hash again answers `already`. Nothing that was locked is opened:
   * a suspended mailbox, or one the platform's own administrators locked, fails with `mailbox_suspended` and keeps what
   * was set aside; where there is no mailbox it fails with `not_found`. Throws as `apply` does.
   */
  setPassword(address: Address, passwordHash: string, signal: AbortSignal): Promise<ChangeOutcome>
  close(): Promise<void>
}
