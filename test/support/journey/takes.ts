/** From the servers' logs: the real lines of each act, ready to be copied to other days. */
import { readFileSync } from 'node:fs'
import type { Servers } from '../servers/index.ts'
import type { Done } from './activity.ts'
import type { Act } from './habits.ts'
import { EXCLUDED } from './hopthu.ts'
import { addressOf, people } from './people.ts'

export type LogKind = 'imap' | 'smtp'
export type TakenLine = {
  log: LogKind
  /** Seconds after the first line. */
  offset: number
  /** What follows the stamp. */
  text: string
}

/** The lines of one act, and the names in them that a server would make anew each time. */
export type Take = { lines: TakenLine[]; sessions: string[]; queueIds: string[]; messageIds: string[] }

export type Takes = {
  ofAct(person: string, act: Act): Take
  /** The round of the sweep through one mailbox. */
  ofSweep(person: string): Take
  /** Sign-ins of names that are nobody's. */
  ofName(name: string): Take
  /** Lines that belong to nobody's act. */
  noise: TakenLine[]
}

type Line = { log: LogKind; at: number; text: string }

const STAMPED = /^([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d) (.*)$/

/** Both servers stamp without a year, in the zone of this process. */
function linesOf(log: LogKind, path: string): Line[] {
  const year = new Date().getFullYear()
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap(line => {
      const [, stamp, text] = STAMPED.exec(line) ?? []
      return stamp === undefined || text === undefined
        ? []
        : [{ log, at: Date.parse(`${stamp} ${year}`), text }]
    })
}

const SESSION = [
  /session=<([^>]+)>/,
  /^\w+\([^)]*\)<[^>]*><\d+><([^>]+)>: /,
  /^auth: Info: [\w-]+\([^,]+,[\d.]+[^<]*<([^>]+)>\)/,
]

function sessionOf(text: string): string | null {
  for (const pattern of SESSION) {
    const [, session] = pattern.exec(text) ?? []
    if (session !== undefined) return session
  }
  return null
}

/** What the servers have logged by now, act by act. */
export function takesFrom({ dovecot, postfix }: Servers, done: readonly Done[]): Takes {
  const imap = linesOf('imap', dovecot.logFile)
  const smtp = linesOf('smtp', postfix.logFile)
  const sessions = Map.groupBy(
    imap.filter(line => !line.text.startsWith('lmtp')),
    line => sessionOf(line.text) ?? '',
  )
  sessions.delete('')
  const [ofOwner, ofMaster] = bySignIn(sessions, dovecot.masterUser)
  const acts = new Map(
    done.map(each => {
      const session = ofOwner.get(addressOf(each.person))
      const take = isMail(each.act)
        ? mailTake(each, smtp, imap)
        : toTake(session?.lines ?? [], { sessions: [session?.id ?? ''] })
      if (take.lines.length === 0) throw new Error(`no lines of ${each.act} by ${addressOf(each.person)}`)
      return [`${each.person.staffId} ${each.act}`, take] as const
    }),
  )
  const find = (map: ReadonlyMap<string, Take>, key: string) => {
    const take = map.get(key)
    if (!take) throw new Error(`no real lines of ${key}`)
    return take
  }
  const sweeps = sweepTakes(imap, ofMaster)
  const names = new Map(
    [...ofOwner].map(([name, { id, lines }]) => [name, toTake(lines, { sessions: [id] })]),
  )
  return {
    ofAct: (person, act) => find(acts, `${person} ${act}`),
    ofSweep: person => find(sweeps, person),
    ofName: name => find(names, name),
    noise: noiseOf([...imap, ...smtp]),
  }
}

export function isMail(act: Act): boolean {
  return [
    'failedSmtp',
    'inside',
    'outside',
    'fromAlias',
    'toAlias',
    'several',
    'bounced',
    'deferred',
    'abandoned',
    'inbound',
  ].includes(act)
}

type Session = { id: string; lines: Line[] }

/** The first session of each name: those where it gave its own password, right or wrong, and those of the master. */
function bySignIn(
  sessions: ReadonlyMap<string, Line[]>,
  master: string,
): [Map<string, Session>, Map<string, Session>] {
  const own = new Map<string, Session>()
  const masters = new Map<string, Session>()
  for (const [id, lines] of sessions) {
    const [, user, auth] =
      lines.map(({ text }) => /user=<([^>]+)>, auth=<([^>]+)>/.exec(text)).find(found => found !== null) ?? []
    const map = auth === master ? masters : own
    if (user !== undefined && !map.has(user)) map.set(user, { id, lines })
  }
  return [own, masters]
}

/** A letter from the line that opens it to the one that removes it, with the notice that came back, and its delivery. */
function mailTake(
  { person, act, queueId, messageId }: Done,
  smtp: readonly Line[],
  imap: readonly Line[],
): Take {
  const named = smtp.filter(({ text }) => text.includes(`sasl_username=${addressOf(person)}`))
  if (act === 'failedSmtp')
    return toTake(
      named.filter(({ text }) => text.includes('authentication failed')),
      {},
    )
  const first = queueId ?? /: (\w+): client=/.exec(named[0]?.text ?? '')?.[1] ?? ''
  const about = (id: string) => smtp.filter(({ text }) => text.includes(`: ${id}: `))
  const own = about(first)
  const notices = own.flatMap(({ text }) => /notification: (\w+)$/.exec(text)?.[1] ?? [])
  const delivered = messageId === '' ? [] : imap.filter(({ text }) => text.includes(`msgid=<${messageId}>`))
  return toTake([...own, ...notices.flatMap(about), ...delivered], {
    queueIds: [first, ...notices],
    messageIds: messageId === '' ? [] : [messageId],
  })
}

function sweepTakes(imap: readonly Line[], ofMaster: ReadonlyMap<string, Session>): Map<string, Take> {
  const found = new Map<string, Take>()
  for (const person of people) {
    const session = ofMaster.get(addressOf(person))
    const said = imap.find(
      ({ text }) => text === `auth: Info: Master user logging in as ${addressOf(person)}`,
    )
    if (session && said)
      found.set(person.staffId, toTake([said, ...session.lines], { sessions: [session.id] }))
  }
  return found
}

/** Lines change places only within a second: the first is the one to count from. */
function toTake(lines: readonly Line[], names: Partial<Take>): Take {
  const start = lines[0]?.at ?? 0
  return {
    sessions: [],
    queueIds: [],
    messageIds: [],
    ...names,
    lines: lines.map(({ log, at, text }) => ({ log, text, offset: Math.max(0, (at - start) / 1000) })),
  }
}

const NOISE = [
  / (connect|disconnect|lost connection) /,
  /statistics:/,
  /: daemon started/,
  /starting up for/,
  /^lmtp\(\d+\)/,
  /no auth attempts/,
]

/** One of each kind: what servers say besides. */
function noiseOf(lines: readonly Line[]): TakenLine[] {
  return NOISE.flatMap(kind => {
    const line = lines.find(({ text }) => kind.test(text) && !text.includes(EXCLUDED.client))
    return line ? [{ log: line.log, text: line.text, offset: 0 }] : []
  })
}
