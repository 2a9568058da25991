/** What an invitation is, before it is stored and handed over. Pure. */
import type { Address } from '../ids.ts'

/** `first`: no password was ever set. `forgotten`: the holder’s administrator lets them set another. */
export type Purpose = 'first' | 'forgotten'
export type Channel = 'mail' | 'sheet'

/** What is handed to one person. `code` is null where nothing is typed in. */
export type Letter = {
  mailboxId: number
  address: Address
  name: string
  /** The person's other address. */
  to: Address | null
  agencyCode: string
  agencyName: string
  purpose: Purpose
  token: string
  code: string | null
  expires: Date
}

export type SkipReason =
  | 'unknown_address'
  | 'no_holder'
  | 'suspended'
  /** The holder no longer serves; the mailbox waits to be suspended. */
  | 'left'
  | 'not_on_platform'
  | 'already_activated'
  | 'no_other_address'
  | 'mail_refused'
  | 'mail_unknown'
  | 'mail_unreachable'

export type Skipped = { address: string; reason: SkipReason }
