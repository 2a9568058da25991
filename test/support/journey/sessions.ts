/** Sessions with the real servers, word by word, from an address on loopback that the caller chooses. */
import { connect } from 'node:net'

const TIMEOUT_MS = 20_000
const CRLF = '\r\n'

/** What is said, and what must stand in the answer before going on; said is null for the greeting. */
type Turn = [said: string | null, answer: RegExp]
type Place = { port: number; from?: string }

/** Says each turn and waits for its answer; answers all answers. Ends early where an answer is a refusal. */
function converse(
  { port, from = '127.0.0.1' }: Place,
  turns: readonly Turn[],
  refusal: RegExp,
): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', localAddress: from })
    const answers: string[] = []
    let heard = ''
    const finish = (end: () => void) => {
      socket.destroy()
      end()
    }
    const fail = (why: string) =>
      finish(() => reject(new Error(`port ${port}: ${why} after ${turns[answers.length]?.[0]}: ${heard}`)))
    const go = () => {
      const [, answer] = turns[answers.length] ?? []
      const refused = refusal.test(heard)
      if (!answer || !(refused || answer.test(heard))) return
      answers.push(heard)
      heard = ''
      const [said] = turns[answers.length] ?? []
      if (refused || said === undefined) return finish(() => resolve(answers))
      if (said !== null) socket.write(said + CRLF)
    }
    socket.setEncoding('utf8').setTimeout(TIMEOUT_MS, () => fail('no answer'))
    socket.on('error', error => fail(error.message))
    socket.on('close', () => fail('closed'))
    socket.on('data', (text: string) => {
      heard += text
      go()
    })
  })
}

export type Account = Place & { user: string; pass: string }

/** Signs in over IMAP, says the commands, signs out. False where the server refused the password. */
export async function imap(account: Account, commands: readonly string[] = []): Promise<boolean> {
  const turns: Turn[] = [`LOGIN "${account.user}" "${account.pass}"`, ...commands, 'LOGOUT'].map(
    (command, i) => [`a${i} ${command}`, new RegExp(`^a${i} OK`, 'm')],
  )
  const answers = await converse(account, [[null, /^\* OK/], ...turns], /^a\d+ (NO|BAD)/m)
  return answers.length === turns.length + 1 && !/^a\d+ (NO|BAD)/m.test(answers.at(-1) ?? '')
}

export async function pop3(account: Account): Promise<boolean> {
  const said = [`USER ${account.user}`, `PASS ${account.pass}`, 'STAT', 'QUIT']
  const turns: Turn[] = said.map(each => [each, /^\+OK/])
  const answers = await converse(account, [[null, /^\+OK/], ...turns], /^-ERR/)
  return answers.length === turns.length + 1
}

export type Letter = { from: string; to: readonly string[]; messageId: string }

/** Hands a letter over, signed in where there is a password; answers its queue id, or null where refused. */
export async function smtp(
  place: Place & { user?: string; pass?: string },
  letter: Letter,
): Promise<string | null> {
  const { from, to, messageId } = letter
  const text = [
    `From: ${from}`,
    `To: ${to.join(', ')}`,
    `Message-ID: <${messageId}>`,
    'Subject: =?UTF-8?Q?Th=C6=B0?=',
    '',
    'Thu thu.',
    '.',
  ]
  const turns: Turn[] = [
    ...opening(place),
    ...envelope(letter),
    ['DATA', /^354/m],
    [text.join(CRLF), /^250/m],
    ['QUIT', /^221/m],
  ]
  const answers = await converse(place, turns, /^[45]\d\d /m)
  return /queued as (\w+)/.exec(answers.at(-2) ?? '')?.[1] ?? null
}

/** Signs in, names sender and recipient, and leaves without a letter. */
export async function abandon(place: Place & { user: string; pass: string }, letter: Letter): Promise<void> {
  await converse(place, [...opening(place), ...envelope(letter), ['QUIT', /^221/m]], /^[45]\d\d /m)
}

function opening({ user, pass }: { user?: string; pass?: string }): Turn[] {
  const turns: Turn[] = [
    [null, /^220 /m],
    ['EHLO may.tinh.test', /^250 /m],
  ]
  if (user === undefined) return turns
  const secret = Buffer.from(`\0${user}\0${pass}`).toString('base64')
  return [...turns, [`AUTH PLAIN ${secret}`, /^235/m]]
}

function envelope({ from, to }: Letter): Turn[] {
  return [[`MAIL FROM:<${from}>`, /^250/m], ...to.map((each): Turn => [`RCPT TO:<${each}>`, /^250/m])]
}
