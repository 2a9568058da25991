/** What each person does once for real: signs in, sends, fails, deletes, is written to. */
import { BOUNCING_DOMAIN, DEFERRING_DOMAIN, type Servers } from '../servers/index.ts'
import { type Act, deedsOf } from './habits.ts'
import { EXCLUDED } from './hopthu.ts'
import { addressOf, DOMAIN, type Person, people } from './people.ts'
import { abandon, imap, pop3, smtp } from './sessions.ts'

/** `Mat-khau-92` for everybody: one hash serves. */
export const PASSWORD = 'Mat-khau-92'
const WRONG = 'khong-phai'
const CONCURRENCY = 10

export type Done = {
  person: Person
  act: Act
  /** Of the letter, where one was handed over. */
  queueId: string | null
  messageId: string
  /** Whether the server let the person in, or took the letter. */
  accepted: boolean
}

export const OUTSIDE = 'dan@ngoai.example'

/** The alias of a person's mailbox that the journey gives. */
export function aliasOf(person: Person): string {
  return `bi.danh.${person.local}@${DOMAIN}`
}

/** Each of those meant does each of their acts once, ten people at a time. */
export async function actAll(servers: Servers, isMeant: (person: Person) => boolean): Promise<Done[]> {
  const todo = people.flatMap(person =>
    person.local === null || !isMeant(person)
      ? []
      : actsOf(person).map((act, i): [Person, Act, number] => [person, act, i]),
  )
  await pooled(
    todo.filter(([, act]) => usesMail(act)),
    ([person]) => letterBefore(servers, person),
  )
  if (!(await servers.postfix.queueEmpty(30_000))) throw new Error('letters were not delivered in 30 s')
  return pooled(todo, ([person, act]) => perform(servers, person, act))
}

function actsOf(person: Person): Act[] {
  return deedsOf(person.habit).map(({ act }) => act)
}

function usesMail(act: Act): boolean {
  return act === 'hand' || act === 'handOverMidnight' || act === 'flag'
}

/** Runs the work on each, ten at a time, and answers in the order of the list. */
export async function pooled<T, R>(
  list: readonly T[],
  work: (each: T) => Promise<R>,
  size = CONCURRENCY,
): Promise<R[]> {
  const results = new Map<number, R>()
  const waiting = list.entries()
  const worker = async () => {
    for (const [index, each] of waiting) results.set(index, await work(each))
  }
  await Promise.all(Array.from({ length: size }, worker))
  return [...results].sort(([a], [b]) => a - b).map(([, result]) => result)
}

let letters = 0

function newLetter(from: string, to: readonly string[]) {
  letters += 1
  return { from, to, messageId: `thu.${letters}.${process.pid}@may.tinh.test` }
}

async function letterBefore({ postfix }: Servers, person: Person): Promise<void> {
  await smtp({ port: postfix.smtpPort }, newLetter(OUTSIDE, [addressOf(person)]))
}

/** Somebody outside writes to an address; answers the queue id. */
export async function writeTo({ postfix }: Servers, address: string): Promise<string | null> {
  return smtp({ port: postfix.smtpPort }, newLetter(OUTSIDE, [address]))
}

const DELETE = ['SELECT INBOX', 'STORE 1 +FLAGS (\\Deleted)', 'EXPUNGE']

async function perform(servers: Servers, person: Person, act: Act): Promise<Done> {
  const none = { person, act, queueId: null, messageId: '' }
  const signedIn = await signIn(servers, person, act)
  if (signedIn !== null) return { ...none, accepted: signedIn }
  const { postfix } = servers
  const user = addressOf(person)
  const place = { port: postfix.submissionPort, user, pass: PASSWORD }
  const letter = newLetter(act === 'fromAlias' ? aliasOf(person) : user, recipientsOf(act, person))
  if (act === 'abandoned') {
    await abandon(place, letter)
    return { ...none, accepted: false }
  }
  const from = newLetter(OUTSIDE, [user])
  const queueId =
    act === 'inbound'
      ? await smtp({ port: postfix.smtpPort }, from)
      : await smtp(act === 'failedSmtp' ? { ...place, pass: WRONG } : place, letter)
  const { messageId } = act === 'inbound' ? from : letter
  return { ...none, queueId, messageId, accepted: queueId !== null }
}

/** Null where the act is no sign-in to a mailbox. */
async function signIn({ dovecot }: Servers, person: Person, act: Act): Promise<boolean | null> {
  const user = addressOf(person)
  const from = `127.0.0.${2 + (people.indexOf(person) % 90)}`
  const account = { port: dovecot.imapPort, from, user, pass: PASSWORD }
  switch (act) {
    case 'imap':
      return imap(account, ['SELECT INBOX'])
    case 'imapCapitals':
      return imap({ ...account, user: user.toUpperCase() })
    case 'webmail':
      return imap({ ...account, from: '127.0.0.1' }, ['LIST "" "*"'])
    case 'machine':
      return imap({ ...account, from: EXCLUDED.client }, ['SELECT INBOX'])
    case 'failedImap':
      return imap({ ...account, pass: WRONG })
    case 'hand':
    case 'handOverMidnight':
      return imap(account, DELETE)
    case 'flag':
      return imap(account, ['SELECT INBOX', 'STORE 1 +FLAGS (\\Flagged)'])
    case 'pop3':
      return pop3({ ...account, port: dovecot.pop3Port })
    case 'failedPop3':
      return pop3({ ...account, port: dovecot.pop3Port, pass: WRONG })
    default:
      return null
  }
}

function recipientsOf(act: Act, person: Person): string[] {
  const others = people.filter(each => each.habit === 'receives' && each.local !== null && each !== person)
  const [first = person, second = person, third = person] = others
  switch (act) {
    case 'inside':
    case 'fromAlias':
    case 'abandoned':
      return [addressOf(first)]
    case 'toAlias':
      return [aliasOf(first)]
    case 'several':
      return [addressOf(second), addressOf(third), OUTSIDE]
    case 'bounced':
      return [`khong.ai@${BOUNCING_DOMAIN}`]
    case 'deferred':
      return [`cho.doi@${DEFERRING_DOMAIN}`]
    default:
      return [OUTSIDE]
  }
}
