/**
 * A small LDAP server on loopback that answers searches from a script, for answers a healthy server gives
 * seldom or never. It knows one account; how many people it has is a matter of the script.
 */
import { once } from 'node:events'
import net from 'node:net'
import { BerReader, BerWriter } from 'ldapts'

/** The answer to one search request, whichever connection it comes on. */
export type Answer = {
  /** DNs of the entries, or raw attributes by DN. */
  entries?: readonly (string | OddEntry)[]
  references?: readonly string[]
  /** Result code; 0 if left out. */
  result?: number
  /** Cookie of the paging control; empty if left out, null for an answer without the control. */
  cookie?: string | null
  /** Sent instead of the result. */
  instead?: 'silence' | Buffer
  /** The connection is closed afterwards. */
  close?: boolean
}

export type OddEntry = { dn: string; attributes: Record<string, readonly (string | Buffer)[]> }

export type OddDirectory = {
  url: string
  port: number
  account: { bindDn: string; bindPassword: string }
  connections: number
  /** Every search that arrived. */
  searches: Asked[]
  stop(): Promise<void>
}

/** A search: who was signed in (empty for nobody), page size asked for, cookie sent back. */
export type Asked = {
  as: string
  base: string
  /** Its bytes, in which names and values can be read. */
  filter: string
  attributes: string[]
  size: number
  cookie: string
  timeLimit: number
  sizeLimit: number
}

export type Script = {
  /** One answer for each search, in order of arrival; or a function of the number of the search, from 0. */
  answers?: readonly Answer[] | ((index: number, asked: Asked) => Answer)
  /** Result of every bind, whoever it is. */
  bindResult?: number
  /** Sent to whoever connects, before anything is asked. */
  greeting?: Buffer
  /** What a StartTLS request is answered with; result 2, as by a server without TLS, if left out. */
  startTls?: Buffer
}

const ACCOUNT = { bindDn: 'cn=reader,dc=tinh,dc=test', bindPassword: 'secret' }
const PAGED_RESULTS = '1.2.840.113556.1.4.319'

export async function startOddDirectory(script: Script): Promise<OddDirectory> {
  const sockets = new Set<net.Socket>()
  const server = net.createServer(socket => {
    sockets.add(socket)
    directory.connections += 1
    serve(socket, script, directory)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const directory: OddDirectory = {
    url: `ldap://127.0.0.1:${port}`,
    port,
    account: ACCOUNT,
    connections: 0,
    searches: [],
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
  return directory
}

/** `count` DNs below the usual base, numbered from `first`. */
export function people(count: number, first = 0): string[] {
  return Array.from({ length: count }, (_, i) => `uid=u${first + i},ou=people,dc=tinh,dc=test`)
}

/** A search result entry as bytes, for answers that are cut off or come at the wrong time. */
export function entryMessage(id: number, entry: string | OddEntry): Buffer {
  const { dn, attributes } = typeof entry === 'string' ? { dn: entry, attributes: { cn: [entry] } } : entry
  return message(id, 0x64, writer => {
    writer.writeString(dn)
    writer.startSequence()
    for (const [name, values] of Object.entries(attributes)) {
      writer.startSequence()
      writer.writeString(name)
      writer.startSequence(0x31)
      for (const value of values) writer.writeBuffer(Buffer.from(value), 0x04)
      writer.endSequence()
      writer.endSequence()
    }
    writer.endSequence()
  })
}

/** A result as bytes: tag 0x65 of a search, 0x61 of a bind, 0x78 of an extended operation. */
export function resultMessage(id: number, tag: number, code: number, cookie: string | null = null): Buffer {
  return message(
    id,
    tag,
    writer => {
      writer.writeEnumeration(code)
      writer.writeString('')
      writer.writeString(code === 0 ? '' : 'as scripted')
      if (code === 10) {
        writer.startSequence(0xa3)
        writer.writeString('ldap://other.tinh.test/dc=tinh,dc=test')
        writer.endSequence()
      }
    },
    cookie,
  )
}

function message(
  id: number,
  tag: number,
  body: (writer: BerWriter) => void,
  cookie: string | null = null,
): Buffer {
  const writer = new BerWriter()
  writer.startSequence()
  writer.writeInt(id)
  writer.startSequence(tag)
  body(writer)
  writer.endSequence()
  if (cookie !== null) {
    const value = new BerWriter()
    value.startSequence()
    value.writeInt(0)
    value.writeString(cookie)
    value.endSequence()
    writer.startSequence(0xa0)
    writer.startSequence()
    writer.writeString(PAGED_RESULTS)
    writer.writeBuffer(value.buffer, 0x04)
    writer.endSequence()
    writer.endSequence()
  }
  writer.endSequence()
  return writer.buffer
}

type Request = { id: number; tag: number; body: BerReader }

function serve(socket: net.Socket, script: Script, directory: OddDirectory): void {
  let as = ''
  socket.on('error', () => {}) // clients that give up are part of the script
  if (script.greeting) socket.write(script.greeting)
  // Clients here send one small request at a time, so a chunk is a request.
  socket.on('data', chunk => {
    const asked = readRequest(Buffer.from(chunk))
    if (asked.tag === 0x60) {
      const { name, code } = judge(asked.body, script)
      as = code === 0 ? name : ''
      socket.write(resultMessage(asked.id, 0x61, code))
    } else if (asked.tag === 0x63) {
      const search = { as, ...readSearch(asked.body) }
      const index = directory.searches.push(search) - 1
      const { answers = [] } = script
      const answer = typeof answers === 'function' ? answers(index, search) : answers[index]
      reply(socket, asked.id, answer ?? {})
    } else if (asked.tag === 0x77) {
      socket.write(script.startTls ?? resultMessage(asked.id, 0x78, 2))
    }
  })
}

function readRequest(chunk: Buffer): Request {
  const body = new BerReader(chunk)
  body.readSequence()
  const id = body.readInt() ?? 0
  return { id, tag: body.readSequence() ?? 0, body }
}

function judge(body: BerReader, { bindResult }: Script): { name: string; code: number } {
  body.readInt()
  const name = body.readString() ?? ''
  const password = body.readString(0x80) ?? ''
  const right = name === '' || (name === ACCOUNT.bindDn && password === ACCOUNT.bindPassword)
  return { name, code: bindResult ?? (right ? 0 : 49) }
}

/** RFC 4511 section 4.5.1, with the control of RFC 2696 behind it. */
function readSearch(body: BerReader): Omit<Asked, 'as'> {
  const operationEnd = body.offset + body.length
  const base = body.readString() ?? ''
  body.readEnumeration()
  body.readEnumeration()
  const sizeLimit = body.readInt() ?? 0
  const timeLimit = body.readInt() ?? 0
  body.readBoolean()
  const filterStart = body.offset
  body.readSequence()
  const filterEnd = body.offset + body.length
  const filter = body.buffer.toString('latin1', filterStart, filterEnd)
  body.offset = filterEnd
  body.readSequence()
  const attributes: string[] = []
  while (body.offset < operationEnd) attributes.push(body.readString() ?? '')
  const asked = { base, filter, attributes, sizeLimit, timeLimit }
  if (body.remain === 0) return { ...asked, size: 0, cookie: '' }
  body.readSequence(0xa0)
  body.readSequence()
  body.readString()
  body.readBoolean()
  const control = new BerReader(body.readString(0x04, true) ?? Buffer.alloc(0))
  control.readSequence()
  return { ...asked, size: control.readInt() ?? 0, cookie: control.readString() ?? '' }
}

function reply(socket: net.Socket, id: number, answer: Answer): void {
  const { entries = [], references = [], result = 0, cookie = '', instead, close } = answer
  const parts = entries.map(entry => entryMessage(id, entry))
  for (const url of references) parts.push(message(id, 0x73, writer => writer.writeString(url)))
  if (instead === undefined) parts.push(resultMessage(id, 0x65, result, cookie))
  if (Buffer.isBuffer(instead)) parts.push(instead)
  socket.write(Buffer.concat(parts))
  if (close) socket.end()
}
