/** A mail server that keeps what it is given: as much SMTP (RFC 5321) as a sender needs, misbehaving on demand. */
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'

export type Received = {
  from: string
  to: string[]
  /** Header and body as sent, lines ended by `\n`. */
  raw: string
  /** The Subject, decoded. */
  subject: string
  /** The text of the body, decoded. */
  text: string
}

export type SmtpSink = {
  port: number
  mails: Received[]
  /** Lines the clients sent outside of mails, in order. */
  commands: string[]
  close(): Promise<void>
}

export type Behaviour = {
  /** Never says a word. */
  silent?: boolean
  /** Answers each such command word with a line of its own, `null` for no answer at all. */
  answers?: Record<string, (line: string) => string | null>
  /** What EHLO offers beyond 8BITMIME. */
  offers?: string[]
}

/** Starts one on a free port of loopback. */
export async function startSmtpSink(behaviour: Behaviour = {}): Promise<SmtpSink> {
  const sink = { mails: [] as Received[], commands: [] as string[] }
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    if (!behaviour.silent) converse(socket, behaviour, sink)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the sink has no port')
  const close = async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  }
  return { ...sink, port: address.port, close }
}

function converse(
  socket: Socket,
  behaviour: Behaviour,
  sink: { mails: Received[]; commands: string[] },
): void {
  let rest = ''
  let mail = { from: '', to: [] as string[], lines: null as string[] | null }
  const say = (line: string) => socket.write(`${line}\r\n`)
  const take = (line: string) => {
    if (mail.lines !== null) {
      if (line !== '.') return void mail.lines.push(line.replace(/^\./, ''))
      sink.mails.push(received(mail.from, mail.to, mail.lines))
      mail = { from: '', to: [], lines: null }
      return void say('250 kept')
    }
    sink.commands.push(line)
    const word = (line.split(' ')[0] ?? '').toUpperCase()
    const own = behaviour.answers?.[word]
    if (own) {
      const answer = own(line)
      if (answer !== null) say(answer)
      if (answer === null || !answer.startsWith('2')) return
    }
    const address = /<(.*?)>/.exec(line)?.[1] ?? ''
    if (word === 'MAIL') mail.from = address
    if (word === 'RCPT') mail.to.push(address)
    if (word === 'DATA') mail.lines = []
    if (!own) say(answerTo(word, behaviour.offers ?? []))
    if (word === 'QUIT') socket.end()
  }
  say('220 sink')
  socket.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\r\n')
    rest = lines.pop() ?? ''
    lines.forEach(take)
  })
}

function answerTo(word: string, offers: string[]): string {
  switch (word) {
    case 'EHLO':
      return ['250-sink', ...offers.map(each => `250-${each}`), '250 8BITMIME'].join('\r\n')
    case 'AUTH':
      return '235 welcome'
    case 'DATA':
      return '354 go on'
    case 'QUIT':
      return '221 bye'
    default:
      return '250 ok'
  }
}

function received(from: string, to: string[], lines: string[]): Received {
  const raw = lines.join('\n')
  const [header = '', ...body] = raw.split('\n\n')
  const unfolded = header.replace(/\n[ \t]+/g, ' ')
  const subject = decodeWords(/^Subject: (.*)$/im.exec(unfolded)?.[1] ?? '')
  const encoding = /^Content-Transfer-Encoding: (.*)$/im.exec(unfolded)?.[1]?.toLowerCase() ?? ''
  return { from, to, raw, subject, text: decodeBody(body.join('\n\n'), encoding) }
}

function decodeBody(body: string, encoding: string): string {
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString('utf8')
  return encoding === 'quoted-printable' ? fromQuoted(body.replace(/=\n/g, '')) : body
}

/** Encoded words of a header (RFC 2047). */
function decodeWords(text: string): string {
  const joined = text.replace(/\?=\s+=\?/g, '?==?')
  return joined.replace(/=\?utf-8\?([bq])\?(.*?)\?=/gi, (_, kind: string, word: string) =>
    kind.toLowerCase() === 'b'
      ? Buffer.from(word, 'base64').toString('utf8')
      : fromQuoted(word.replaceAll('_', ' ')),
  )
}

function fromQuoted(text: string): string {
  const bytes = text.replace(/=([0-9A-F]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  return Buffer.from(bytes, 'latin1').toString('utf8')
}
