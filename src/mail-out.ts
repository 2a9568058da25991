/**
 * Mail we send: plain text over SMTP, to the server the configuration names.
 *
 * TLS: `secure` is TLS from the first byte, with the certificate checked. Without it STARTTLS is used where offered; once
 * a password goes over the net it is demanded and checked. With nothing to protect, an unchecked certificate
 * is still better than clear text (RFC 7435), and it is what a mail server ships with. An authority of one's own is
 * trusted through NODE_EXTRA_CA_CERTS.
 */
import { createTransport, type SMTPTransportOptions } from 'nodemailer'
import { type Config, readSecret } from './config.ts'
import { AppError } from './error.ts'

type Settings = NonNullable<Config['mailOut']>

export type Mail = { to: string | readonly string[]; subject: string; text: string }

export type MailOut = {
  /**
   * Hands one mail over and answers the recipients the server refused, while it took others. Throws
   * `mail_server_unreachable` or `mail_server_refused`.
   */
  send(mail: Mail): Promise<{ refused: string[] }>
  /** Connects, greets and signs in, without a mail; answers a sentence. Throws as `send` does. */
  check(): Promise<string>
  close(): void
}

/** Longest wait for the server's next word, in ms. Greylisting and scanning servers think for several seconds. */
const WORD_MS = 10_000
/** Longest time for one mail from the first byte to the last, in ms, whatever the server drips. */
const MAIL_MS = 60_000

/** Ready to send; nothing is connected yet. Throws `config_invalid` where the password cannot be read. */
export function createMailOut(config: Settings, limits = { wordMs: WORD_MS, mailMs: MAIL_MS }): MailOut {
  const password = config.password ? readSecret(config.password, 'mailOut.password') : null
  const transport = createTransport(transportOptions(config, password, limits.wordMs))
  const failed = (thrown: unknown) => mailError(config, password, thrown)
  return {
    async send({ to, subject, text }) {
      const message = {
        from: config.from,
        to: [...(typeof to === 'string' ? [to] : to)],
        subject,
        text,
        // no holiday notice answers it (RFC 3834, section 5)
        headers: { 'Auto-Submitted': 'auto-generated' },
        signal: AbortSignal.timeout(limits.mailMs),
      }
      const sent = await transport
        .sendMail(message)
        .catch((thrown: unknown) => Promise.reject(failed(thrown)))
      return { refused: [...sent.rejected] }
    },
    async check() {
      await within(limits.mailMs, transport.verify()).catch(thrown => Promise.reject(failed(thrown)))
      return `${config.host}:${config.port} answers${password === null ? '' : `, signed in as ${config.user ?? config.from}`}`
    },
    close() {
      transport.close()
    },
  }
}

function transportOptions(config: Settings, password: string | null, wordMs: number): SMTPTransportOptions {
  const { host, port, secure } = config
  const exposed = password !== null && !isLoopback(host)
  return {
    host,
    port,
    secure,
    requireTLS: exposed && !secure,
    tls: { rejectUnauthorized: secure || exposed },
    ...(password === null ? {} : { auth: { user: config.user ?? config.from, pass: password } }),
    dnsTimeout: wordMs,
    connectionTimeout: wordMs,
    greetingTimeout: wordMs,
    socketTimeout: wordMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host)
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`no end after ${ms / 1000} s`)), ms)
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}

/** What is wrong with the message or the way to sign in: the same mail would fail again. */
const permanent = new Set(['EAUTH', 'ENOAUTH', 'EENVELOPE', 'EMESSAGE', 'EMAXRECIPIENTS', 'EREQUIRETLS'])

/** What the library threw, as one of ours. It is not kept as the cause: it holds what the server said, word by word. */
function mailError(config: Settings, password: string | null, thrown: unknown): AppError {
  const facts = typeof thrown === 'object' && thrown !== null ? thrown : {}
  const code = 'code' in facts && typeof facts.code === 'string' ? facts.code : ''
  const status = 'responseCode' in facts && typeof facts.responseCode === 'number' ? facts.responseCode : null
  const reason = withoutPassword(config, password, thrown instanceof Error ? thrown.message : String(thrown))
  const server = `the mail server ${config.host}:${config.port}`
  const details = { host: config.host, port: config.port, ...(status === null ? {} : { status }) }
  if (status !== null || permanent.has(code)) {
    // 4xx asks to come again later (RFC 5321, section 4.2.1)
    const temporary = status !== null && status < 500
    return new AppError('mail_server_refused', `${server} refused: ${reason}`, { temporary, details })
  }
  const temporary = code !== 'ETLS'
  return new AppError('mail_server_unreachable', `${server} does not answer: ${reason}`, {
    temporary,
    details,
  })
}

/** Some servers repeat the line they refuse: then the password stands in it, as it is or as SASL carries it. */
function withoutPassword(config: Settings, password: string | null, text: string): string {
  if (password === null) return text
  const user = config.user ?? config.from
  const forms = [password, base64(password), base64(`\0${user}\0${password}`)]
  return forms.reduce((rest, form) => rest.replaceAll(form, '…'), text)
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
