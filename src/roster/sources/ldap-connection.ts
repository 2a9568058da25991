/**
 * One connection to a directory: it is opened once, fails once, and is never replaced.
 *
 * ldapts 9.2.0 (pinned) writes the requests, but its `Client` does not hold the conversation, because it
 * - ends a paged search at an empty page although the server sent a cookie (RFC 2696 section 3 allows one);
 * - takes no paging control from outside, and hands out neither the cookie nor the result code;
 * - passes result 4 in silence when a size limit is set, and asks for a time limit of 10 s unasked;
 * - connects again by itself after a drop, and then searches as nobody;
 * - waits for ever by default, and checks a StartTLS certificate against `localhost`;
 * - goes on after a message that it could not parse.
 */
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import net from 'node:net'
import tls from 'node:tls'
import { ExtendedRequest, UnbindRequest } from 'ldapts'
import { AppError } from '../../error.ts'
import { messageSize, TAG, Walk } from './ldap-bytes.ts'
import { LdapEntry, type Reader } from './ldap-entry.ts'
import { type Answer, RESULT_TAGS, readReference, readResult } from './ldap-message.ts'

export type LdapServer = {
  /** `ldap://host:port` or `ldaps://host:port`; ports default to 389 and 636. */
  url: string
  /** Signs in as nobody when left out. */
  bindDn?: string
  bindPassword?: string
  startTls?: boolean
  /** PEM file of the authority behind the server's certificate; the usual authorities if left out. */
  caFile?: string
  /** Entries a page; 1000 if left out, which is also the most that Active Directory gives. */
  pageSize?: number
  /** For TCP, and again for TLS; 10 s if left out. */
  connectTimeoutMs?: number
  /** For the bind and for each page; 60 s if left out. */
  operationTimeoutMs?: number
}

const PLAIN: Reader = { binary: new Set(), highest: null }
/** Far above what any directory is divided into; what comes beyond is not told apart. */
const MAX_REFERENCES = 1_000

/**
 * One page at most. A page is kept until its end has come, so that a server which goes on without one, or ignores how
 * much was asked for, would take all memory.
 */
const MAX_ANSWER_BYTES = 128 * 1024 * 1024

/** What ldapts' request classes share. */
type Request = { messageId: number; write(): Buffer }

type Waiting = {
  id: number
  reader: Reader
  entries: LdapEntry[]
  bytes: number
  resolve: (answer: Answer) => void
  reject: (error: AppError) => void
}

type Target = { host: string; port: number; secure: boolean; ca: Buffer | null; connectMs: number }

const ENDLESS_PAGE = `sends more than ${MAX_ANSWER_BYTES >> 20} MB as one page: lower pageSize, or ask for fewer attributes`
const START_TLS = '1.3.6.1.4.1.1466.20037'

/** Connects, with TLS at once for `ldaps://`; nobody is signed in yet. Throws what `openLdap` says. */
export async function openConnection(server: LdapServer, signal: AbortSignal): Promise<Connection> {
  const target = await parseTarget(server)
  const socket = net.connect({ host: target.host, port: target.port, noDelay: true, keepAlive: true })
  await opened(socket, 'connect', { target, signal })
  const ready = target.secure ? await encrypted(socket, { target, signal }) : socket
  return new Connection(ready, target, server.operationTimeoutMs ?? 60_000)
}

export class Connection {
  /** Entries that have arrived so far. */
  entries = 0
  /** Where the continuation references so far lead, each place once. */
  readonly references = new Set<string>()
  readonly #target: Target
  readonly #limitMs: number
  #socket: net.Socket
  /** Bytes that belong to no message yet, and how many are needed for the next one. */
  #received: Buffer[] = []
  #receivedBytes = 0
  #neededBytes = 0
  #lastId = 0
  #waiting: Waiting | null = null
  #unwanted: Promise<unknown> = Promise.resolve()
  #failure: AppError | null = null

  constructor(socket: net.Socket, target: Target, limitMs: number) {
    this.#target = target
    this.#limitMs = limitMs
    this.#socket = this.#listen(socket)
  }

  /** Sends one request and waits for its result; one at a time. Any failure is the end of the connection. */
  async ask(request: Request, signal: AbortSignal, reader = PLAIN): Promise<Answer> {
    await this.#unwanted
    if (this.#failure) throw this.#failure
    if (this.#waiting) throw new AppError('internal', 'two requests at once on one directory connection')
    if (signal.aborted) throw cancelled()
    this.#lastId += 1
    request.messageId = this.#lastId
    const bytes = request.write()
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    this.#waiting = { id: request.messageId, reader, entries: [], bytes: 0, resolve, reject }
    const seconds = this.#limitMs / 1000
    const late = `did not answer within ${seconds} s: try again later, or raise operationTimeoutMs`
    const timer = setTimeout(() => this.#fail(unreachable(this.#target, late)), this.#limitMs)
    const abort = () => this.#fail(cancelled())
    signal.addEventListener('abort', abort, { once: true })
    this.#socket.write(bytes)
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
    }
  }

  /** Lets an answer come that nobody wants any more; the next request waits for it. */
  forget(answer: Promise<unknown>): void {
    this.#unwanted = answer.catch(() => {}) // whoever asks next is told why the connection failed
  }

  /** RFC 4511 section 4.14. Throws `directory_refused` where the server has no TLS. */
  async startTls(signal: AbortSignal): Promise<void> {
    const answer = await this.ask(new ExtendedRequest({ messageId: 0, oid: START_TLS }), signal)
    if (answer.status !== 0) {
      const details = { resultCode: answer.status, diagnostic: answer.diagnostic }
      const reason = 'the directory refused StartTLS: ask its owner for it, or use an ldaps:// url'
      throw new AppError('directory_refused', reason, { details })
    }
    // Bytes sent in clear behind the answer would pass for encrypted ones.
    if (this.#receivedBytes > 0) throw this.#fail(notLdap(this.#target))
    const plain = this.#socket.removeAllListeners('data').removeAllListeners('close')
    this.#socket = this.#listen(await encrypted(plain, { target: this.#target, signal }))
  }

  close(): void {
    if (this.#failure) return
    this.#stop(cancelled())
    this.#socket.write(new UnbindRequest({ messageId: this.#lastId + 1 }).write())
    this.#socket.unref().destroySoon()
  }

  #listen<S extends net.Socket>(socket: S): S {
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    socket.on('error', error => this.#fail(trouble(this.#target, error)))
    socket.on('close', () => this.#fail(unreachable(this.#target, 'closed the connection: try again later')))
    return socket
  }

  /** A large message is put together once, when all of it is there: not again with each chunk. */
  #receive(chunk: Buffer): void {
    this.#received.push(chunk)
    this.#receivedBytes += chunk.length
    if (this.#receivedBytes < this.#neededBytes) return
    const bytes = this.#received.length === 1 ? chunk : Buffer.concat(this.#received, this.#receivedBytes)
    let start = 0
    let size: number | null = null
    try {
      for (;;) {
        size = messageSize(bytes, start)
        if (size === null || size > bytes.length - start) break
        this.#take(bytes, start, start + size)
        start += size
      }
    } catch (error) {
      this.#fail(error instanceof AppError ? error : notLdap(this.#target, error))
    }
    this.#received = start < bytes.length ? [bytes.subarray(start)] : []
    this.#receivedBytes = bytes.length - start
    this.#neededBytes = size ?? 0
  }

  #take(bytes: Buffer, start: number, end: number): void {
    const walk = new Walk(bytes, start)
    walk.enterLast(TAG.sequence, end)
    const id = walk.integer(end)
    const { tag = 0 } = walk
    const bodyEnd = walk.enter(tag, end)
    const waiting = this.#waiting
    if (id === 0) throw unreachable(this.#target, 'ended the connection by itself: try again later')
    if (!waiting || id !== waiting.id) throw new RangeError('an answer to nothing that was asked')
    waiting.bytes += end - start
    if (waiting.bytes > MAX_ANSWER_BYTES) throw unreachable(this.#target, ENDLESS_PAGE)
    if (tag === TAG.entry) {
      waiting.entries.push(new LdapEntry({ bytes, start: walk.at, end: bodyEnd }, waiting.reader))
      this.entries += 1
    } else if (tag === TAG.reference) {
      const reference = readReference(walk, bodyEnd)
      if (this.references.size < MAX_REFERENCES) this.references.add(reference)
    } else if (RESULT_TAGS.includes(tag)) {
      const answer = { ...readResult(walk, bodyEnd, end), entries: waiting.entries }
      this.#waiting = null
      waiting.resolve(answer)
    } else {
      throw new RangeError(`an answer of the unknown kind ${tag}`)
    }
  }

  #fail(error: AppError): AppError {
    this.#stop(error)
    this.#socket.destroy()
    return error
  }

  /** The first failure is the one that counts. */
  #stop(error: AppError): void {
    this.#failure ??= error
    this.#waiting?.reject(this.#failure)
    this.#waiting = null
  }
}

// ---- connecting ----

type Opening = { target: Target; signal: AbortSignal }

async function parseTarget(server: LdapServer): Promise<Target> {
  const url = URL.parse(server.url)
  if (url?.protocol !== 'ldap:' && url?.protocol !== 'ldaps:') {
    throw new AppError('config_invalid', 'url must be ldap://host:port or ldaps://host:port')
  }
  const secure = url.protocol === 'ldaps:'
  if (secure && server.startTls) {
    throw new AppError(
      'config_invalid',
      'startTls goes with an ldap:// url; an ldaps:// one is encrypted already',
    )
  }
  return {
    host: url.hostname.replace(/^\[|\]$/g, '') || 'localhost',
    port: Number(url.port) || (secure ? 636 : 389),
    secure,
    ca: server.caFile === undefined ? null : await readAuthority(server.caFile),
    connectMs: server.connectTimeoutMs ?? 10_000,
  }
}

async function readAuthority(path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (cause) {
    throw new AppError('file_unreadable', `caFile ${path} cannot be read`, { cause })
  }
}

async function encrypted(socket: net.Socket, opening: Opening): Promise<net.Socket> {
  const { host, ca } = opening.target
  const name = net.isIP(host) ? {} : { servername: host } // RFC 6066 section 3: no addresses in SNI
  const secure = tls.connect({ socket, host, ...name, ...(ca && { ca }), rejectUnauthorized: true })
  return await opened(secure, 'secureConnect', opening)
}

async function opened(
  socket: net.Socket,
  event: 'connect' | 'secureConnect',
  { target, signal }: Opening,
): Promise<net.Socket> {
  socket.on('error', () => {}) // the first error is reported below; a later one must not end the process
  const limit = AbortSignal.timeout(target.connectMs)
  try {
    await once(socket, event, { signal: AbortSignal.any([signal, limit]) })
    return socket
  } catch (error) {
    socket.destroy()
    if (signal.aborted) throw cancelled()
    if (!limit.aborted) throw trouble(target, error)
    throw unreachable(target, `did not answer within ${target.connectMs / 1000} s: check url and firewall`)
  }
}

// ---- failures ----

/** What a system or TLS error code means to whoever runs the service. */
const meanings: Record<string, string> = {
  ECONNREFUSED: 'refused the connection: check url, and that the server runs',
  ECONNRESET: 'broke off the connection: check that url and port fit (ldap:// or ldaps://)',
  ENOTFOUND: 'is not a known name: check url',
  EAI_AGAIN: 'could not be looked up: check the name server',
  EHOSTUNREACH: 'cannot be reached: check the network',
  ENETUNREACH: 'cannot be reached: check the network',
  ERR_SSL_WRONG_VERSION_NUMBER: 'does not speak TLS on this port: check url (ldap:// or ldaps://)',
  CERT_HAS_EXPIRED: 'has a certificate that has run out: ask its owner for a new one',
  ERR_TLS_CERT_ALTNAME_INVALID: 'has a certificate for another name: use the name in it as url',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'has a certificate nobody here trusts: name its authority in caFile',
  SELF_SIGNED_CERT_IN_CHAIN: 'has a certificate nobody here trusts: name its authority in caFile',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'has a certificate nobody here trusts: name its authority in caFile',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'has a certificate nobody here trusts: name its authority in caFile',
}

function trouble(target: Target, error: unknown): AppError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return unreachable(target, meanings[code] ?? `could not be reached (${code || error})`, error)
}

function notLdap(target: Target, cause?: unknown): AppError {
  return unreachable(target, 'answered with something that is not LDAP: check url and port', cause)
}

function unreachable({ host, port }: Target, what: string, cause?: unknown): AppError {
  const details = { host, port }
  return new AppError('directory_unreachable', `the directory ${host}:${port} ${what}`, {
    temporary: true,
    cause,
    details,
  })
}

function cancelled(): AppError {
  return new AppError('cancelled', 'reading the directory was cancelled')
}
