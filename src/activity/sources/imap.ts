/**
 * One mailbox seen through IMAP as the master user, and what else that user is let do at the mail server.
 *
 * A session signs in as `person<separator>master`, lists the folders with their state (RFC 5819) and leaves. No
 * folder is opened, so nothing can be marked as read. The name is joined rather than given as a SASL authorization
 * identity: imapflow drops the latter in silence where it falls back to LOGIN.
 */
import net from 'node:net'
import tls from 'node:tls'
import { ImapFlow, type ImapFlowOptions, type ListResponse } from 'imapflow'
import { createTransport } from 'nodemailer'
import type { ImapSourceConfig } from '../../config.ts'
import { AppError } from '../../error.ts'
import type { Address } from '../../ids.ts'

export type FolderState = { path: string; messages: number; uidNext: number; uidValidity: number }

/**
 * Why a mailbox was not seen. `refused`: the master's name or password · `noMailbox`: the master was let in, and the
 * platform has no such person · `hidden`: signed in, and no folder is shown (an ACL without `l`) · `silent`: no
 * connection, or none that lasted · `timeout` · `tls` · `server`: it answered with another refusal.
 */
export type UnreachableReason = 'refused' | 'noMailbox' | 'hidden' | 'silent' | 'timeout' | 'tls' | 'server'

export type Reached = {
  outcome: 'reached'
  folders: FolderState[]
  /** The folder for sent mail: the one the server marks, else by its name in whatever language; null without one. */
  sent: FolderState | null
  /** Over all folders. */
  messages: number
}
export type Unreachable = { outcome: 'unreachable'; reason: UnreachableReason; detail: string }
export type MailboxStatus = Reached | Unreachable

type Visit = { source: ImapSourceConfig; secret: string; address: Address; signal: AbortSignal }

const CONNECT_MS = 10_000
const SOCKET_MS = 60_000
/** All of one mailbox. Longer holds up the round, shorter loses large mailboxes on slow disks. */
const VISIT_MS = 60_000
const MB = 1_048_576

/** State of one mailbox, read in one session. Throws `cancelled` where the signal says so, and nothing else. */
export async function statusOf({ source, secret, address, signal }: Visit): Promise<MailboxStatus> {
  const client = new ImapFlow(settings(source, `${address}${source.separator}${source.masterUser}`, secret))
  // a socket that fails while nobody waits for it would otherwise end the process
  client.on('error', () => {})
  const limit = deadline(signal, VISIT_MS)
  try {
    return toStatus(await Promise.race([folders(client), limit.expired]))
  } catch (thrown) {
    if (signal.aborted) throw cancelled()
    return unreachable(thrown)
  } finally {
    limit.end()
    client.close()
  }
}

function settings(source: ImapSourceConfig, user: string, pass: string): ImapFlowOptions {
  const { host, port, secure } = source
  const local = isLoopback(host)
  return {
    host,
    port,
    secure,
    // the master's password goes over no wire in clear; on loopback there is no wire, and no certificate to fit it
    ...(secure ? {} : { doSTARTTLS: !local }),
    ...(local ? { tls: { rejectUnauthorized: false } } : {}),
    auth: { user, pass },
    logger: false,
    disableAutoEnable: true,
    disableAutoIdle: true,
    disableCompression: true,
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    socketTimeout: SOCKET_MS,
    // what a list of folders can need, far below imapflow's own limits of 1 and 2 GB
    maxLineLength: MB,
    maxLiteralSize: 8 * MB,
    maxResponseSize: 16 * MB,
  }
}

async function folders(client: ImapFlow): Promise<ListResponse[]> {
  await client.connect()
  const listed = await client.list({ statusQuery: { messages: true, uidNext: true, uidValidity: true } })
  await client.logout()
  return listed
}

function toStatus(listed: readonly ListResponse[]): MailboxStatus {
  const seen = listed.flatMap(folder => {
    const state = toState(folder)
    return state === null ? [] : [{ state, isSent: folder.specialUse === '\\Sent' }]
  })
  if (seen.length === 0) {
    return { outcome: 'unreachable', reason: 'hidden', detail: 'no folder is shown to the master user' }
  }
  const all = seen.map(({ state }) => state)
  return {
    outcome: 'reached',
    folders: all,
    sent: seen.find(({ isSent }) => isSent)?.state ?? null,
    messages: all.reduce((sum, { messages }) => sum + messages, 0),
  }
}

/** Null for a folder that holds no messages by its nature, or whose state the server does not give. */
function toState({ path, status }: ListResponse): FolderState | null {
  const { messages, uidNext, uidValidity } = status ?? {}
  if (messages === undefined || uidNext === undefined || uidValidity === undefined) return null
  return { path, messages, uidNext, uidValidity: Number(uidValidity) }
}

/** Ends a wait after a time or when the signal says so, and leaves no listener behind. */
function deadline(signal: AbortSignal, ms: number): { expired: Promise<never>; end(): void } {
  const { promise, reject } = Promise.withResolvers<never>()
  promise.catch(() => {})
  const expire = () => reject(Object.assign(new Error(`not done in ${ms / 1000} s`), { code: 'ETIMEOUT' }))
  const abort = () => reject(cancelled())
  const timer = setTimeout(expire, ms)
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  const end = () => {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
  }
  return { expired: promise, end }
}

function cancelled(): AppError {
  return new AppError('cancelled', 'the round over the mailboxes was stopped')
}

function unreachable(thrown: unknown): Unreachable {
  const text = textOf(thrown, 'responseText') || textOf(thrown, 'message') || 'no reason given'
  return { outcome: 'unreachable', reason: reasonOf(thrown), detail: text.slice(0, 200) }
}

const SILENT =
  /^(ECONN|EPIPE|EHOST|ENET|ENOTFOUND|EAI_|NoConnection|EConnectionClosed|ClosedAfterConnectText|StateLogout)/
const TLS = /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|ClosedAfterConnectTLS)/

function reasonOf(thrown: unknown): UnreachableReason {
  const code = textOf(thrown, 'code')
  // imapflow calls whatever ends an AUTHENTICATE a failed one, a lost connection too: only an answer is one
  if (textOf(thrown, 'responseStatus') === 'NO') return answerReason(thrown)
  if (Reflect.get(Object(thrown), 'tlsFailed') === true || TLS.test(code)) return 'tls'
  if (code.includes('TIMEOUT') || code === 'ETIMEDOUT') return 'timeout'
  return SILENT.test(code) ? 'silent' : 'server'
}

/** RFC 5530 section 3: authorization fails after the password was found right, authentication before. */
function answerReason(thrown: unknown): UnreachableReason {
  const code = textOf(thrown, 'serverResponseCode')
  if (code === 'AUTHORIZATIONFAILED' || code === 'NONEXISTENT') return 'noMailbox'
  if (Reflect.get(Object(thrown), 'authenticationFailed') !== true) return 'server'
  return code === '' || code === 'AUTHENTICATIONFAILED' || code === 'EXPIRED' ? 'refused' : 'server'
}

function textOf(thrown: unknown, name: string): string {
  const value: unknown = Reflect.get(Object(thrown), name)
  return typeof value === 'string' ? value : ''
}

/** Whether something greets on the server's port within 10 s. Signs nobody in. */
export async function greets({ host, port, secure }: ImapSourceConfig): Promise<boolean> {
  const options = { host, port, rejectUnauthorized: !isLoopback(host) }
  const socket = secure ? tls.connect(options) : net.connect(options)
  const { promise, resolve } = Promise.withResolvers<boolean>()
  socket.setTimeout(CONNECT_MS, () => resolve(false))
  socket.once('data', data => resolve(data.toString('latin1').startsWith('* ')))
  socket.once('error', () => resolve(false))
  socket.once('close', () => resolve(false))
  try {
    return await promise
  } finally {
    socket.on('error', () => {})
    socket.destroy()
  }
}

type Submission = NonNullable<ImapSourceConfig['submission']>
type Sender = {
  submission: Submission
  address: Address
  separator: string
  masterUser: string
  secret: string
}

/**
 * Whether the submission server would let the master user send as this person: it is signed in to and left, no message
 * is begun. Throws `mail_server_unreachable` where it could not be asked.
 */
export async function masterCanSend(sender: Sender): Promise<boolean> {
  const { submission, address, separator, masterUser, secret } = sender
  const { host, port, secure } = submission
  const local = isLoopback(host)
  const transport = createTransport({
    host,
    port,
    secure,
    ...(local ? { ignoreTLS: !secure, tls: { rejectUnauthorized: false } } : { requireTLS: !secure }),
    auth: { user: `${address}${separator}${masterUser}`, pass: secret },
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    socketTimeout: CONNECT_MS,
  })
  try {
    await transport.verify()
    return true
  } catch (cause) {
    if (textOf(cause, 'code') === 'EAUTH' && !isTemporary(cause)) return false
    throw new AppError(
      'mail_server_unreachable',
      `the submission server ${host}:${port} could not be asked`,
      {
        cause,
        temporary: true,
      },
    )
  } finally {
    transport.close()
  }
}

/** RFC 5321 section 4.2.1: 4yz is a failure for now. */
function isTemporary(thrown: unknown): boolean {
  const code: unknown = Reflect.get(Object(thrown), 'responseCode')
  return typeof code === 'number' && code >= 400 && code < 500
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host)
}
