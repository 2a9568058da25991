/** What happens on a mail server, each as the lines it leaves and the truth about them. */
import type { Maker, Writer } from './logs.ts'

type Message = {
  host: string
  id: string
  from: string
  recipients: number
  /** Who signed in to send it. */
  user: string | null
  client: string
}

/** What is to count for nothing. */
export const MASTER = 'watcher'
export const EXCLUDED_NAME = 'quet.virus@tinh.test'
export const EXCLUDED_CLIENT = '192.0.2.250'

export type Event = (maker: Maker, at: number, writer: Writer) => void

/** How often each happens, and what. */
export const EVENTS: [number, Event][] = [
  [30, signIn],
  [8, machineSession],
  [6, failedSignIn],
  [4, serviceSignIn],
  [14, send],
  [6, filteredSend],
  [6, slowSend],
  [6, noSend],
  [3, partlyRefused],
  [8, inbound],
  [3, machineSend],
  [10, noise],
]

// sign-in ----------------------------------------------------------------------------------------------------------

type Session = {
  at: number
  user: string
  auth: string
  client: string
  service: 'imap' | 'pop3'
  read: number
}

/** A session from sign-in to sign-out; answers the instants of both lines. */
function session(maker: Maker, { at, user, auth, client, service, read }: Session): { out: number } {
  const [host, id, pid] = [maker.host(), maker.session(), maker.pid()]
  const word = maker.isLikely(0.5) ? 'Login' : 'Logged in'
  const elements = `user=<${user}>, auth=<${auth}>, method=PLAIN, rip=${client}, lip=192.0.2.5, mpid=${pid}, TLS, session=<${id}>`
  maker.line(at, host, 'dovecot', `${service}-login: ${word}: ${elements}`)
  const out = at + 40 + maker.below(1_800_000)
  const done =
    service === 'imap'
      ? `in=${52 + read} out=${700 + read} deleted=0 expunged=0 trashed=0 hdr_count=0 hdr_bytes=0 body_count=${read} body_bytes=${read * 700}`
      : `top=0/0, retr=${read}/${read * 700}, del=0/9, size=9000`
  const prefix = maker.isLikely(0.5) ? `<${auth}>` : ''
  maker.line(
    out,
    host,
    'dovecot',
    `${service}(${user})${prefix}<${pid}><${id}>: Disconnected: Logged out ${done}`,
  )
  return { out }
}

function signIn(maker: Maker, at: number, writer: Writer): void {
  const service = maker.isLikely(0.8) ? 'imap' : 'pop3'
  const address = maker.isLikely(0.1) ? writer.alias : writer.address
  const read = maker.below(3)
  const user = maker.name(address)
  // somebody may type an alias, which the server makes the mailbox's name of
  const auth = writer.known && maker.isLikely(0.1) ? maker.name(writer.alias) : user
  const { out } = session(maker, { at, user, auth, client: maker.client(), service, read })
  maker.found(address, at, { signIns: 1 })
  maker.counted(writer)
  if (service === 'imap' && read > 0) maker.found(address, out, { hands: 1 })
}

function machineSession(maker: Maker, at: number, writer: Writer): void {
  const user = maker.name(writer.address)
  const base = { at, client: maker.client(), service: 'imap', read: 2 } as const
  if (maker.isLikely(0.4)) session(maker, { ...base, user, auth: MASTER })
  else if (maker.isLikely(0.5)) session(maker, { ...base, user, auth: user, client: EXCLUDED_CLIENT })
  else session(maker, { ...base, user: maker.name(EXCLUDED_NAME), auth: maker.name(EXCLUDED_NAME) })
  maker.count('excluded')
  maker.count('excluded')
}

function failedSignIn(maker: Maker, at: number, writer: Writer): void {
  const user = maker.name(writer.address)
  const client = maker.client()
  if (maker.isLikely(0.3)) {
    maker.line(
      at,
      maker.host(),
      `postfix/submission/smtpd[${maker.pid()}]`,
      `warning: unknown[${client}]: SASL PLAIN authentication failed: (reason unavailable), sasl_username=${user}`,
    )
    return
  }
  maker.line(
    at,
    maker.host(),
    'dovecot',
    `imap-login: Disconnected: Connection closed (auth failed, 1 attempts in 2 secs): user=<${user}>, method=PLAIN, rip=${client}, lip=192.0.2.5, TLS, session=<${maker.session()}>`,
  )
}

function serviceSignIn(maker: Maker, at: number, writer: Writer): void {
  const service = maker.isLikely(0.5) ? 'submission' : 'managesieve'
  maker.line(
    at,
    maker.host(),
    'dovecot',
    `${service}-login: Login: user=<${maker.name(writer.address)}>, method=PLAIN, rip=${maker.client()}, lip=192.0.2.5, mpid=${maker.pid()}, TLS, session=<${maker.session()}>`,
  )
}

// messages ---------------------------------------------------------------------------------------------------------

function postfix(maker: Maker, daemon: string): string {
  return `postfix/${daemon}[${maker.pid()}]`
}

/** Opened, named, in the queue: the lines every message has. Answers the instant of the last. */
function enters(maker: Maker, at: number, message: Message): number {
  opens(maker, at, message)
  maker.line(
    at + 20,
    message.host,
    postfix(maker, 'cleanup'),
    `${message.id}: message-id=<m${maker.below(1e9)}@tinh.test>`,
  )
  return queued(maker, at + 60 + maker.below(1500), message)
}

function opens(maker: Maker, at: number, { host, id, user, client }: Message): void {
  const name = client === '127.0.0.1' ? 'localhost' : 'unknown'
  const sasl = user === null ? '' : `, sasl_method=PLAIN, sasl_username=${maker.name(user)}`
  maker.line(
    at,
    host,
    postfix(maker, user === null ? 'smtpd' : 'submission/smtpd'),
    `${id}: client=${name}[${client}]${sasl}`,
  )
}

function queued(maker: Maker, at: number, { host, id, from, recipients }: Message): number {
  maker.line(
    at,
    host,
    postfix(maker, 'qmgr'),
    `${id}: from=<${from}>, size=${400 + maker.below(90_000)}, nrcpt=${recipients} (queue active)`,
  )
  return at
}

type Delivery = { to: string; relay: string; status: string }

function delivers(maker: Maker, at: number, { host, id }: Message, { to, relay, status }: Delivery): number {
  const daemon = relay.includes('lmtp') ? 'lmtp' : 'smtp'
  const dsn = status.startsWith('sent') ? '2.0.0' : status.startsWith('bounced') ? '5.1.1' : '4.4.1'
  maker.line(
    at,
    host,
    postfix(maker, daemon),
    `${id}: to=<${to}>, relay=${relay}, delay=0.3, delays=0.1/0/0.1/0.1, dsn=${dsn}, status=${status}`,
  )
  return at
}

function removed(maker: Maker, at: number, { host, id }: Message): void {
  maker.line(at, host, postfix(maker, 'qmgr'), `${id}: removed`)
  maker.free(host, id, at)
}

const OUTSIDE = { to: 'dan@ngoai.example', relay: 'mx.ngoai.example[192.0.2.90]:25' }
const INSIDE = { to: 'p0@tinh.test', relay: 'mx1.tinh.test[private/dovecot-lmtp]' }

function submission(maker: Maker, at: number, user: string): Message {
  const host = maker.host()
  const from = maker.isLikely(0.2) ? 'van.phong@tinh.test' : user
  return {
    host,
    id: maker.queueId(host, at),
    from,
    recipients: 1 + maker.below(12),
    user,
    client: maker.client(),
  }
}

function sent(maker: Maker, at: number, writer: Writer, { recipients }: Message): void {
  maker.found(writer.address, at, { sends: 1, recipients })
  maker.counted(writer)
}

function send(maker: Maker, at: number, writer: Writer): void {
  const message = submission(maker, at, writer.address)
  let last = enters(maker, at, message)
  for (let i = 0; i < Math.min(message.recipients, 3); i++) {
    last = delivers(maker, last + 100, message, {
      ...(i % 2 ? OUTSIDE : INSIDE),
      status: 'sent (250 2.0.0 Saved)',
    })
  }
  removed(maker, last + 30, message)
  sent(maker, at, writer, message)
}

/** A content filter gives it back under another id: without a sign-in, or with the id it had before. */
function filteredSend(maker: Maker, at: number, writer: Writer): void {
  const message = submission(maker, at, writer.address)
  const given = { ...message, id: maker.queueId(message.host, at), user: null, client: '127.0.0.1' }
  const last = enters(maker, at, message)
  const back = last + 300
  if (maker.isLikely(0.5)) {
    const sasl = `sasl_method=PLAIN, sasl_username=${maker.name(writer.address)}`
    maker.line(
      back,
      message.host,
      postfix(maker, 'smtpd'),
      `${given.id}: client=localhost[127.0.0.1], ${sasl}, orig_queue_id=${message.id}, orig_client=unknown[${message.client}]`,
    )
  } else opens(maker, back, given)
  queued(maker, back + 50, given)
  const relay = 'localhost[127.0.0.1]:10024'
  delivers(maker, back + 60, message, {
    to: OUTSIDE.to,
    relay,
    status: `sent (250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as ${given.id})`,
  })
  removed(maker, back + 70, message)
  removed(
    maker,
    delivers(maker, back + 400, given, { ...OUTSIDE, status: 'sent (250 2.0.0 Ok)' }) + 20,
    given,
  )
  sent(maker, at, writer, message)
}

/** Put off again and again; the queue manager says so each time. */
function slowSend(maker: Maker, at: number, writer: Writer): void {
  const message = submission(maker, at, writer.address)
  let last = enters(maker, at, message)
  for (let tries = maker.below(5); tries > 0; tries--) {
    delivers(maker, last + 900, message, {
      ...OUTSIDE,
      status: 'deferred (connect to mx.ngoai.example[192.0.2.90]:25: Connection timed out)',
    })
    last = queued(maker, last + 300_000 + maker.below(4_000_000), message)
  }
  if (maker.isLikely(0.5)) {
    delivers(maker, last + 500, message, { ...OUTSIDE, status: 'sent (250 2.0.0 Ok)' })
  } else {
    delivers(maker, last + 500, message, {
      ...OUTSIDE,
      status: 'bounced (host mx.ngoai.example said: 550 5.1.1 unknown user)',
    })
    bounce(maker, last + 520, message)
  }
  removed(maker, last + 600, message)
  sent(maker, at, writer, message)
}

function bounce(maker: Maker, at: number, of: Message): void {
  const notice = { ...of, id: maker.queueId(of.host, at), from: '', recipients: 1 }
  maker.line(
    at,
    of.host,
    postfix(maker, 'cleanup'),
    `${notice.id}: message-id=<b${maker.below(1e9)}@tinh.test>`,
  )
  maker.line(
    at + 5,
    of.host,
    postfix(maker, 'bounce'),
    `${of.id}: sender non-delivery notification: ${notice.id}`,
  )
  const last = queued(maker, at + 10, notice)
  removed(
    maker,
    delivers(maker, last + 40, notice, { ...INSIDE, status: 'sent (250 2.0.0 Saved)' }) + 10,
    notice,
  )
}

/** Opened by a person and never in the queue, or written by nobody. */
function noSend(maker: Maker, at: number, writer: Writer): void {
  const message = submission(maker, at, writer.address)
  const { host, id, client } = message
  const smtpd = postfix(maker, 'submission/smtpd')
  switch (maker.below(5)) {
    case 0: // a receipt, sent by the mail program in the person's name
      removed(
        maker,
        delivers(maker, enters(maker, at, { ...message, from: '' }) + 90, message, {
          ...OUTSIDE,
          status: 'sent (250 2.0.0 Ok)',
        }) + 9,
        message,
      )
      return
    case 1:
      opens(maker, at, message)
      maker.line(
        at + 30,
        host,
        postfix(maker, 'cleanup'),
        `${id}: message-id=<m${maker.below(1e9)}@tinh.test>`,
      )
      maker.line(
        at + 90,
        host,
        postfix(maker, 'cleanup'),
        `${id}: milter-reject: END-OF-MESSAGE from unknown[${client}]: 5.7.1 Spam; from=<${message.from}> to=<${OUTSIDE.to}> proto=ESMTP helo=<pc>`,
      )
      break
    case 2:
      opens(maker, at, message)
      maker.line(at + 90, host, smtpd, `${id}: canceled`)
      break
    case 3:
      opens(maker, at, message)
      maker.line(at + 90, host, smtpd, `lost connection after DATA (0 bytes) from unknown[${client}]`)
      break
    default:
      maker.line(
        at,
        host,
        smtpd,
        `NOQUEUE: reject: RCPT from unknown[${client}]: 554 5.7.1 <x@y.example>: Relay access denied; from=<${message.from}> to=<x@y.example> proto=ESMTP helo=<pc>`,
      )
  }
  maker.free(host, id, at + 100)
}

/** One of several recipients is refused; the message goes to the others. */
function partlyRefused(maker: Maker, at: number, writer: Writer): void {
  const message = submission(maker, at, writer.address)
  opens(maker, at, message)
  maker.line(
    at + 9,
    message.host,
    postfix(maker, 'submission/smtpd'),
    `${message.id}: reject: RCPT from unknown[${message.client}]: 550 5.1.1 <ai.do@tinh.test>: Recipient address rejected: User unknown; from=<${message.from}> to=<ai.do@tinh.test> proto=ESMTP helo=<pc>`,
  )
  const last = queued(maker, at + 70, message)
  removed(
    maker,
    delivers(maker, last + 50, message, { ...INSIDE, status: 'sent (250 2.0.0 Saved)' }) + 10,
    message,
  )
  sent(maker, at, writer, message)
}

function inbound(maker: Maker, at: number): void {
  const host = maker.host()
  const message: Message = {
    host,
    id: maker.queueId(host, at),
    from: OUTSIDE.to,
    recipients: 1,
    user: null,
    client: maker.client(),
  }
  if (maker.isLikely(0.2)) {
    maker.line(at, host, postfix(maker, 'pickup'), `${message.id}: uid=109 from=<root>`)
    queued(maker, at + 40, { ...message, from: 'root@tinh.test' })
  } else enters(maker, at, message)
  removed(
    maker,
    delivers(maker, at + 2500, message, { ...INSIDE, status: 'sent (250 2.0.0 Saved)' }) + 10,
    message,
  )
}

function machineSend(maker: Maker, at: number, writer: Writer): void {
  const isName = maker.isLikely(0.5)
  const message = submission(maker, at, isName ? EXCLUDED_NAME : writer.address)
  const last = enters(maker, at, isName ? message : { ...message, client: EXCLUDED_CLIENT })
  removed(
    maker,
    delivers(maker, last + 90, message, { ...OUTSIDE, status: 'sent (250 2.0.0 Ok)' }) + 10,
    message,
  )
  maker.count('excluded')
}

function noise(maker: Maker, at: number): void {
  const client = maker.client()
  switch (maker.below(4)) {
    case 0:
      maker.line(
        at,
        maker.host(),
        `sshd[${maker.pid()}]`,
        `Failed password for root from ${client} port 4022 ssh2`,
      )
      return
    case 1:
      maker.line(
        at,
        maker.host(),
        'dovecot',
        `imap-login: Disconnected: Connection closed (no auth attempts in 0 secs): user=<>, rip=${client}, lip=192.0.2.5, session=<${maker.session()}>`,
      )
      return
    case 2:
      maker.line(at, maker.host(), `postfix/smtpd[${maker.pid()}]`, `connect from unknown[${client}]`)
      return
    default:
      maker.line(at, maker.host(), 'dovecot', `lmtp(${maker.pid()}): Connect from local`)
  }
}
