/** What a person does with a mailbox, over the real protocols. Loopback and without TLS: for tests only. */
import { ImapFlow } from 'imapflow'
import { createTransport } from 'nodemailer'

type Account = { port: number; user: string; pass: string }

/** Signs in over IMAP and out again. False: the server refused the name or password; throws if it could not be asked. */
export async function imapSignIn(account: Account): Promise<boolean> {
  const { port, user, pass } = account
  const client = new ImapFlow({
    host: '127.0.0.1',
    port,
    secure: false,
    doSTARTTLS: false,
    auth: { user, pass },
    logger: false,
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 20_000,
  })
  let failure: unknown = null
  client.on('error', error => {
    failure = error
  })
  try {
    await client.connect()
    await client.logout()
    return true
  } catch (error) {
    if (isRefusal(error)) return false
    throw failure ?? error
  } finally {
    client.close()
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof Error && 'authenticationFailed' in error && error.authenticationFailed === true
}

type Mail = Account & { from: string; to: readonly string[]; subject?: string; text?: string }

/**
 * Signs in on the submission port and hands over one message. Throws the server's answer when it refuses the
 * sign-in (`code` is EAUTH) or every recipient; answers those it refused, and the message id it was given.
 */
export async function sendMail(mail: Mail): Promise<{ messageId: string; refused: string[] }> {
  const { port, user, pass, from, to } = mail
  const transport = createTransport({
    host: '127.0.0.1',
    port,
    secure: false,
    ignoreTLS: true,
    auth: { user, pass },
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 20_000,
  })
  try {
    const message = { from, to: [...to], subject: mail.subject ?? 'Thử', text: mail.text ?? 'Thư thử.' }
    const sent = await transport.sendMail(message)
    return { messageId: sent.messageId, refused: [...sent.rejected] }
  } finally {
    transport.close()
  }
}
