/**
 * Inviting people to set the password of their mailbox.
 *
 * An invitation is stored, handed over (mailed, or printed on a sheet), and only then are the earlier ones of the same
 * mailbox cancelled: whoever was left with an old one when we stopped can still use it, and running again is the mend.
 */
import type { Db } from '../database/database.ts'
import { AppError, toAppError } from '../error.ts'
import { type Address, dayAt, parseAddress } from '../ids.ts'
import {
  type Candidate,
  candidates,
  insertInvitations,
  mailboxesAt,
  markDelivered,
  pendingMailboxes,
  withdraw,
} from './activation-store.ts'
import type { Connector, PlatformMailbox } from './connector.ts'
import type { Channel, Letter, Purpose, Skipped, SkipReason } from './invitation.ts'
import { codeHash, newCode } from './secret.ts'

export type InviteContext = {
  db: Db
  connector: Connector
  now: () => Date
  signal: AbortSignal
  timeZone: string
  /** How long an invitation can be used. */
  days: number
  /** The operator's id; null is the command line. */
  by: number | null
  /** A fresh token and what is kept of it. */
  newToken: () => string
  tokenHash: (token: string) => Buffer
  progress: (done: number, total: number) => void
}

/** Whom: all of these agencies (null: everywhere) who never set a password, or whoever holds these mailboxes, again too. */
export type Invited =
  | { kind: 'pending'; agencies: readonly number[] | null }
  | { kind: 'addresses'; addresses: readonly string[] }

export type Delivery =
  /** Hands one over. Throws `mail_server_refused`, or `mail_server_unreachable` where its fate may be unknown. */
  | { channel: 'mail'; send(letter: Letter): Promise<void> }
  /** Puts them on a sheet, which counts as handed over once `finish` has answered. */
  | { channel: 'sheet'; add(letters: readonly Letter[]): Promise<void>; finish(): Promise<void> }

export type InviteResult = { invited: number; mailed: number; sheet: number; skipped: Skipped[] }

/** How many are looked up, stored and handed over together. */
const CHUNK = 50

/** Throws what the platform throws where it does not answer: then it cannot be told who needs an invitation. */
export async function invite(
  context: InviteContext,
  whom: Invited,
  delivery: Delivery,
): Promise<InviteResult> {
  const { ids, skipped } = await idsOf(context, whom)
  const result: InviteResult = { invited: 0, mailed: 0, sheet: 0, skipped }
  const size = Math.min(CHUNK, context.connector.capabilities.batchSize)
  if (delivery.channel === 'sheet') {
    await printed(
      context,
      { chunks: chunksOf(ids, size), named: whom.kind === 'addresses' },
      delivery,
      result,
    )
  } else {
    await mailed(context, { chunks: chunksOf(ids, size), named: whom.kind === 'addresses' }, delivery, result)
  }
  result.invited = result.mailed + result.sheet
  return result
}

type Work = { chunks: number[][]; named: boolean }

function chunksOf(ids: readonly number[], size: number): number[][] {
  return Array.from({ length: Math.ceil(ids.length / size) }, (_, at) =>
    ids.slice(at * size, at * size + size),
  )
}

async function idsOf(
  { db, now, timeZone }: InviteContext,
  whom: Invited,
): Promise<{ ids: number[]; skipped: Skipped[] }> {
  const day = dayAt(now().getTime(), timeZone)
  if (whom.kind === 'pending') return { ids: await pendingMailboxes(db, day, whom.agencies), skipped: [] }
  const addresses = [...new Set(whom.addresses.flatMap(text => parseAddress(text) ?? []))]
  const { ids, unknown } = await mailboxesAt(db, day, addresses)
  const strange = [...whom.addresses.filter(text => parseAddress(text) === null), ...unknown]
  return { ids, skipped: strange.map(address => ({ address, reason: 'unknown_address' })) }
}

// who of them -------------------------------------------------------------------------------------------------------

type Chosen = { candidate: Candidate; purpose: Purpose; to: Address | null }

/** What the platform says decides: a password set by other means is one too. */
async function choose(
  context: InviteContext,
  ids: readonly number[],
  { named, channel, skipped }: { named: boolean; channel: Channel; skipped: Skipped[] },
): Promise<Chosen[]> {
  const { db, connector, signal, now, timeZone } = context
  if (signal.aborted) throw new AppError('cancelled', 'broken off between invitations', { temporary: true })
  const found = await candidates(db, dayAt(now().getTime(), timeZone), ids)
  const addresses = found.map(each => each.address)
  const entries = await connector.find(addresses, signal)
  const standing = new Map(
    entries.filter(entry => entry.kind === 'mailbox').map(entry => [entry.address, entry]),
  )
  return found.flatMap(candidate => {
    const { address } = candidate
    const to = otherAddress(candidate)
    const verdict = judge(candidate, standing.get(address), named)
    const reason = verdict.reason ?? (channel === 'mail' && to === null ? 'no_other_address' : null)
    if (reason === null) return [{ candidate, purpose: verdict.purpose, to }]
    skipped.push({ address, reason })
    return []
  })
}

type Verdict = { reason: SkipReason | null; purpose: Purpose }

function judge(
  { personId, state, serves }: Candidate,
  mailbox: PlatformMailbox | undefined,
  named: boolean,
): Verdict {
  const purpose = mailbox?.token === null ? 'forgotten' : 'first'
  const reason = (): SkipReason | null => {
    if (personId === null) return 'no_holder'
    if (state !== 'active' || mailbox?.suspended) return 'suspended'
    // their letters are no longer theirs to read, nor those of whoever would be handed the slip
    if (serves === false) return 'left'
    if (mailbox === undefined) return 'not_on_platform'
    return purpose === 'forgotten' && !named ? 'already_activated' : null
  }
  return { reason: reason(), purpose }
}

/** A letter to the very mailbox that cannot be opened would reach nobody. */
function otherAddress({ email, address }: Candidate): Address | null {
  const other = email === null ? null : parseAddress(email)
  return other === address ? null : other
}

// making and handing over ---------------------------------------------------------------------------------------------

type Made = { id: number; letter: Letter }

async function make(context: InviteContext, chosen: readonly Chosen[], channel: Channel): Promise<Made[]> {
  const { db, now, days, by, newToken, tokenHash } = context
  if (chosen.length === 0) return []
  const expires = new Date(now().getTime() + days * 86_400_000)
  const letters = chosen.map(({ candidate, purpose, to }): Letter => {
    const { id, address, name, agencyCode, agencyName } = candidate
    const code = channel === 'sheet' ? newCode() : null
    const agency = { agencyCode: agencyCode ?? '', agencyName: agencyName ?? '' }
    return { mailboxId: id, address, name, to, ...agency, purpose, token: newToken(), code, expires }
  })
  const rows = await Promise.all(
    letters.map(async ({ mailboxId, purpose, token, code }, at) => ({
      ...{ mailboxId, purpose, tokenHash: tokenHash(token) },
      personId: chosen[at]?.candidate.personId ?? null,
      codeHash: code === null ? null : await codeHash(code),
    })),
  )
  const ids = await insertInvitations(db, rows, { channel, by, now: now(), expires })
  return letters.map(letter => ({ id: ids.get(letter.mailboxId) ?? 0, letter }))
}

async function handedOver({ db, now }: InviteContext, ids: readonly number[]): Promise<void> {
  if (ids.length > 0) await db.transaction().execute(trx => markDelivered(trx, ids, now()))
}

type Mailing = Extract<Delivery, { channel: 'mail' }>
type Printing = Extract<Delivery, { channel: 'sheet' }>
type SendEnd = 'sent' | 'refused' | 'unknown'

async function mailed(
  context: InviteContext,
  { chunks, named }: Work,
  delivery: Mailing,
  result: InviteResult,
): Promise<void> {
  const { skipped } = result
  let away = false
  for (const [at, ids] of chunks.entries()) {
    const chosen = await choose(context, ids, { named, channel: 'mail', skipped })
    if (away) {
      // one after the other would run into its time limit
      skipped.push(...chosen.map(each => skip(each.candidate, 'mail_unreachable')))
      continue
    }
    const made = await make(context, chosen, 'mail')
    const ends = await sendAll(made, delivery)
    const ended = (end: SendEnd) => made.filter((_, i) => ends[i] === end)
    await handedOver(context, idsOfMade(ended('sent')))
    await withdraw(context.db, idsOfMade(ended('refused')), context.now())
    result.mailed += ended('sent').length
    skipped.push(...ended('refused').map(each => skip(each.letter, 'mail_refused')))
    // it may have arrived: the link in it stays good, and a newer one ends it
    skipped.push(...ended('unknown').map(each => skip(each.letter, 'mail_unknown')))
    away = made.length > 0 && ended('unknown').length === made.length
    context.progress(Math.min((at + 1) * CHUNK, chunks.flat().length), chunks.flat().length)
  }
}

function skip({ address }: { address: string }, reason: SkipReason): Skipped {
  return { address, reason }
}

function idsOfMade(made: readonly Made[]): number[] {
  return made.map(each => each.id)
}

/** Mails on their way at once: more would look like a flood to the server that takes them. */
const AT_ONCE = 5

async function sendAll(made: readonly Made[], delivery: Mailing): Promise<SendEnd[]> {
  const ends: SendEnd[] = []
  let next = 0
  const worker = async () => {
    for (let at = next++; at < made.length; at = next++) {
      const letter = made[at]?.letter
      if (letter) ends[at] = await sendOne(letter, delivery)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return ends
}

async function sendOne(letter: Letter, delivery: Mailing): Promise<SendEnd> {
  try {
    await delivery.send(letter)
    return 'sent'
  } catch (thrown) {
    const error = toAppError(thrown)
    if (error.code === 'mail_server_refused') return 'refused'
    if (error.code === 'mail_server_unreachable') return 'unknown'
    throw error
  }
}

async function printed(
  context: InviteContext,
  { chunks, named }: Work,
  delivery: Printing,
  result: InviteResult,
): Promise<void> {
  const { skipped } = result
  const ids: number[] = []
  let whole = false
  try {
    for (const [at, chunk] of chunks.entries()) {
      const chosen = await choose(context, chunk, { named, channel: 'sheet', skipped })
      const made = await make(context, chosen, 'sheet')
      ids.push(...idsOfMade(made))
      await delivery.add(made.map(each => each.letter))
      context.progress(Math.min((at + 1) * CHUNK, chunks.flat().length), chunks.flat().length)
    }
    await delivery.finish()
    whole = true
  } finally {
    if (!whole) await withdraw(context.db, ids, context.now())
  }
  for (const chunk of chunksOf(ids, 1_000)) await handedOver(context, chunk)
  result.sheet = ids.length
}
