/**
 * Lines as Dovecot 2.3 (with the sign-in name told apart, see docs/dovecot.md) and Postfix 3.7 write them by way of
 * rsyslog, taken after real ones (`test/support/real-lines`). Nothing of ours reads them but the ingestion.
 */
import { between } from './chance.ts'

/** `at` is in milliseconds of the day. */
export type Line = { at: number; text: string }

export const HOST = 'mx1'
/** The master user of the nightly look at all mailboxes; `activity.exclude` names it. */
export const WATCHER = 'watcher'
const SERVER_ADDRESS = '10.99.0.5'
const WEBMAIL_ADDRESS = '10.99.0.12'

/** Everything a line draws by chance comes from these numbers. */
export type Draw = (which: number) => number

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

function text(draw: Draw, from: string, length: number, salt: number): string {
  let made = ''
  // one draw gives four characters: most of the time of a day's log went into these
  for (let i = 0; i < length; i += 4) {
    let bits = Math.floor(draw(salt + i * 7) * 0x7fffffff)
    for (let k = i; k < Math.min(i + 4, length); k++) {
      made += from[bits % from.length]
      bits = Math.floor(bits / from.length)
    }
  }
  return made
}

const sessionOf = (draw: Draw) => text(draw, letters, 16, 101)
const queueIdOf = (draw: Draw) => text(draw, '0123456789ABCDEF', 11, 102)
const processOf = (draw: Draw, salt: number) => between(1200, 64_000, draw(salt))

export function clientOf(by: 'phone' | 'office' | 'webmail', draw: Draw): string {
  if (by === 'webmail') return WEBMAIL_ADDRESS
  const [a, b] = [between(1, 250, draw(103)), between(1, 250, draw(104))]
  return by === 'office'
    ? `10.${between(20, 90, draw(105))}.${a % 8}.${b}`
    : `171.${between(224, 255, draw(105))}.${a}.${b}`
}

export type SignIn = {
  user: string
  auth?: string
  client: string
  at: number
  until: number
  protocol?: 'imap' | 'pop3'
}

/** Somebody signs in and out again. */
export function signIn(
  { user, auth = user, client, at, until, protocol = 'imap' }: SignIn,
  draw: Draw,
): Line[] {
  const session = sessionOf(draw)
  const id = processOf(draw, 106)
  const encrypted = client === WEBMAIL_ADDRESS ? 'secured' : 'TLS'
  const read = between(0, 9, draw(107))
  const sums =
    protocol === 'pop3'
      ? `top=0/0, retr=${read}/${read * 7120}, del=0/${read + 12}, size=${184_220 + read * 7120}`
      : `in=${between(180, 4000, draw(108))} out=${between(2000, 180_000, draw(109))} deleted=${draw(110) < 0.2 ? 1 : 0} expunged=0 trashed=0 hdr_count=${read * 2} hdr_bytes=${read * 804} body_count=${read} body_bytes=${read * 6312}`
  return [
    {
      at,
      text: `dovecot: ${protocol}-login: Login: user=<${user}>, auth=<${auth}>, method=PLAIN, rip=${client}, lip=${SERVER_ADDRESS}, mpid=${id}, ${encrypted}, session=<${session}>`,
    },
    {
      at: until,
      text: `dovecot: ${protocol}(${user})<${auth}><${id}><${session}>: Disconnected: Logged out ${sums}`,
    },
  ]
}

/** A wrong password, by its owner or by a machine that guesses names. */
export function failedSignIn(
  { user, client, at }: { user: string; client: string; at: number },
  draw: Draw,
): Line[] {
  const session = sessionOf(draw)
  return [
    {
      at: at + between(1200, 4000, draw(111)),
      text: `dovecot: imap-login: Disconnected: Connection closed (auth failed, 1 attempts in 2 secs): user=<${user}>, auth=<${user}>, method=PLAIN, rip=${client}, lip=${SERVER_ADDRESS}, TLS, session=<${session}>`,
    },
  ]
}

export type Message = { from: string; to: readonly string[]; client: string; at: number; domain: string }

/** Somebody who has signed in to submission sends a message; the queue takes and delivers it. */
export function send({ from, to, client, at, domain }: Message, draw: Draw): Line[] {
  const [id, queue] = [processOf(draw, 112), queueIdOf(draw)]
  const peer = client === WEBMAIL_ADDRESS ? `webmail.${domain}[${client}]` : `unknown[${client}]`
  const submission = `postfix/submission/smtpd[${id}]`
  const step = (ms: number, line: string): Line => ({ at: at + ms, text: line })
  return [
    step(0, `${submission}: connect from ${peer}`),
    step(80, `${submission}: ${queue}: client=${peer}, sasl_method=PLAIN, sasl_username=${from}`),
    ...queued({ queue, from, to, at: at + 110, domain }, draw),
    step(
      190,
      `${submission}: disconnect from ${peer} ehlo=2 starttls=1 auth=1 mail=1 rcpt=${to.length} data=1 quit=1 commands=${to.length + 7}`,
    ),
  ]
}

/** A message comes from another server. */
export function incoming({ from, to, client, at, domain }: Message, draw: Draw): Line[] {
  const [id, queue] = [processOf(draw, 113), queueIdOf(draw)]
  const peer = `mail.${from.split('@')[1]}[${client}]`
  return [
    { at, text: `postfix/smtpd[${id}]: connect from ${peer}` },
    { at: at + 70, text: `postfix/smtpd[${id}]: ${queue}: client=${peer}` },
    ...queued({ queue, from, to, at: at + 120, domain }, draw),
    {
      at: at + 300,
      text: `postfix/smtpd[${id}]: disconnect from ${peer} ehlo=2 starttls=1 mail=1 rcpt=${to.length} data=1 quit=1 commands=${to.length + 6}`,
    },
  ]
}

type Queued = { queue: string; from: string; to: readonly string[]; at: number; domain: string }

function queued({ queue, from, to, at, domain }: Queued, draw: Draw): Line[] {
  const size = between(1400, 240_000, draw(114) ** 3)
  const step = (ms: number, line: string): Line => ({ at: at + ms, text: line })
  return [
    step(
      0,
      `postfix/cleanup[${processOf(draw, 115)}]: ${queue}: message-id=<${text(draw, letters, 20, 116)}@${from.split('@')[1]}>`,
    ),
    step(12, `postfix/qmgr[1187]: ${queue}: from=<${from}>, size=${size}, nrcpt=${to.length} (queue active)`),
    ...to.map((each, i) => step(140 + i, `postfix/${delivery(each, domain, draw)}`.replace('QUEUE', queue))),
    step(160 + to.length, `postfix/qmgr[1187]: ${queue}: removed`),
  ]
}

function delivery(to: string, domain: string, draw: Draw): string {
  const id = processOf(draw, 117)
  if (!to.endsWith(`@${domain}`)) {
    const host = to.split('@')[1]
    return `smtp[${id}]: QUEUE: to=<${to}>, relay=mx.${host}[203.0.113.${between(2, 250, draw(118))}]:25, delay=1.4, delays=0.1/0.01/0.5/0.79, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued)`
  }
  return `lmtp[${id}]: QUEUE: to=<${to}>, relay=${HOST}.${domain}[private/dovecot-lmtp], delay=0.14, delays=0.03/0.01/0.03/0.07, dsn=2.0.0, status=sent (250 2.0.0 <${to}> ${text(draw, letters, 22, 119)} Saved)`
}

/** A machine from outside looks whether anybody is at home. */
export function scan(client: string, at: number, draw: Draw): Line[] {
  const id = processOf(draw, 120)
  return [
    { at, text: `postfix/smtpd[${id}]: connect from unknown[${client}]` },
    { at: at + 900, text: `postfix/smtpd[${id}]: lost connection after CONNECT from unknown[${client}]` },
    { at: at + 900, text: `postfix/smtpd[${id}]: disconnect from unknown[${client}] commands=0/0` },
  ]
}
