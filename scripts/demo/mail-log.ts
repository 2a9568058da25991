/** One day of the practice platform's mail log. */
import { addDays, type Day } from '../../src/ids.ts'
import { between, chance, oneOf } from './chance.ts'
import { type Session, type Setting, type Use, useOf } from './habits.ts'
import {
  clientOf,
  type Draw,
  failedSignIn,
  HOST,
  incoming,
  type Line,
  scan,
  send,
  signIn,
  WATCHER,
} from './lines.ts'
import type { Person } from './people.ts'

/** Somebody with a mailbox that the platform's play may use. */
export type Resident = {
  person: Person
  address: string
  /** First day of use, counted from the first start. */
  since: number
  /** Whether its owner set the password by hand: then only what they do themselves happens. */
  isOwn: boolean
}

export type MailServer = Setting & { start: Day; domain: string }

const MINUTE_MS = 60_000
const FAILED_SHARE = 0.04
const POP3_SHARE = 0.04
const SCANS_PER_DAY = 5
const GUESSES_PER_DAY = 7
const INCOMING_PER_DAY = 9
/** The look of the watcher at all mailboxes: once a week, at some of them in turn. */
const WATCHED_EACH = 40

export type DayOfLog = { text: string; users: string[] }

/**
 * The lines of a day in the order of time, with line feeds, and whose mailboxes were used; `day` counts from the first
 * start. With `until`, in ms of the day, only its beginning.
 */
export function dayOfLog(
  server: MailServer,
  residents: readonly Resident[],
  { day, until = Number.POSITIVE_INFINITY }: { day: number; until?: number },
): DayOfLog {
  const users: string[] = []
  const present = residents.filter(each => each.since <= day)
  const lines = [
    ...present.flatMap(resident => {
      const found = linesOf(server, resident, present, day)
      if (found.length > 0) users.push(resident.address)
      return found
    }),
    ...noise(server, present, day),
    ...watched(server, present, day),
  ]
  lines.sort((a, b) => a.at - b.at)
  const date = addDays(server.start, day)
  const text = lines
    .map((line, i) => (line.at < until ? `${stamp(date, line.at, i)} ${HOST} ${line.text}\n` : ''))
    .join('')
  return { text, users }
}

function linesOf(
  server: MailServer,
  { person, address, isOwn }: Resident,
  all: readonly Resident[],
  day: number,
): Line[] {
  const use = isOwn ? null : useOf(person, day, server)
  if (use === null) return []
  const drawer =
    (which: number): Draw =>
    salt =>
      chance(server.seed, person.number, day, 0x6c6f67, which, salt)
  const kind = chance(server.seed, person.number, 0x706f70)
  const sessions = use.sessions.flatMap((session, i) =>
    sessionLines(address, session, { draw: drawer(i), isPop3: kind < POP3_SHARE && session.by === 'office' }),
  )
  return [...sessions, ...sendLines(server, { address, use, all, draw: drawer(7) })]
}

function sessionLines(
  address: string,
  { minute, minutes, by }: Session,
  { draw, isPop3 }: { draw: Draw; isPop3: boolean },
): Line[] {
  const client = clientOf(by, draw)
  const at = minute * MINUTE_MS + between(0, MINUTE_MS, draw(1))
  const until = Math.min(at + minutes * MINUTE_MS, 1438 * MINUTE_MS)
  const failed = draw(2) < FAILED_SHARE ? failedSignIn({ user: address, client, at: at - 20_000 }, draw) : []
  return [
    ...failed,
    ...signIn({ user: address, client, at, until, protocol: isPop3 ? 'pop3' : 'imap' }, draw),
  ]
}

function sendLines(
  server: MailServer,
  { address, use, all, draw }: { address: string; use: Use; all: readonly Resident[]; draw: Draw },
): Line[] {
  return use.sends.flatMap(minute => {
    const count = draw(3) < 0.75 ? 1 : between(2, 5, draw(4))
    const to = Array.from({ length: count }, (_, i) =>
      draw(10 + i) < 0.2
        ? `${oneOf(['vanthu', 'phongth', 'tiepnhan', 'hotline'], draw(20 + i))}@bo.example`
        : oneOf(all, draw(30 + i)).address,
    )
    const client = clientOf(use.sessions[0]?.by ?? 'webmail', draw)
    const at = minute * MINUTE_MS + between(0, MINUTE_MS, draw(5))
    return send({ from: address, to: [...new Set(to)], client, at, domain: server.domain }, draw)
  })
}

/** What stands in every mail log and is nobody's use. */
function noise(server: MailServer, residents: readonly Resident[], day: number): Line[] {
  const drawer =
    (which: number): Draw =>
    salt =>
      chance(server.seed, day, 0x6e6f6973, which, salt)
  const stranger = (draw: Draw) =>
    `185.${between(10, 250, draw(1))}.${between(1, 250, draw(2))}.${between(1, 250, draw(3))}`
  const time = (draw: Draw) => between(0, 1436 * MINUTE_MS, draw(4))
  const each = <T>(count: number, first: number, make: (draw: Draw) => T[]): T[] =>
    Array.from({ length: count }, (_, i) => make(drawer(first + i))).flat()
  const names = ['admin', 'info', 'test', 'ketoan', 'root', 'support']
  const guess = (draw: Draw) => ({
    user: `${oneOf(names, draw(5))}@${server.domain}`,
    client: stranger(draw),
    at: time(draw),
  })
  return [
    midnight(addDays(server.start, day), drawer(300)),
    ...each(SCANS_PER_DAY, 0, draw => scan(stranger(draw), time(draw), draw)),
    ...each(GUESSES_PER_DAY, 100, draw => failedSignIn(guess(draw), draw)),
    ...(residents.length === 0
      ? []
      : each(INCOMING_PER_DAY, 200, draw => {
          const to = [oneOf(residents, draw(6)).address]
          const from = `${oneOf(['thongbao', 'vanthu', 'bantin'], draw(7))}@${oneOf(['bo.example', 'trunguong.example', 'bao.example'], draw(8))}`
          return incoming({ from, to, client: stranger(draw), at: time(draw), domain: server.domain }, draw)
        })),
  ]
}

/** What Postfix sums up when nobody has come for a while: so every day begins with a line. */
function midnight(date: Day, draw: Draw): Line {
  const at = between(2000, 50_000, draw(9))
  const month = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')[Number(date.slice(5, 7)) - 1]
  const seen = `${month} ${String(Number(date.slice(8))).padStart(2)} 00:00:00`
  return {
    at,
    text: `postfix/anvil[${between(1200, 64_000, draw(10))}]: statistics: max cache size ${between(1, 6, draw(11))} at ${seen}`,
  }
}

function watched(server: MailServer, residents: readonly Resident[], day: number): Line[] {
  if (((day % 7) + 7) % 7 !== 3) return []
  const first = (Math.floor((day + 700) / 7) * WATCHED_EACH) % Math.max(1, residents.length)
  return residents.slice(first, first + WATCHED_EACH).flatMap(({ person, address }, i) => {
    const draw: Draw = salt => chance(server.seed, person.number, day, 0x7761, salt)
    const at = 2 * 60 * MINUTE_MS + i * 700
    return signIn({ user: address, auth: WATCHER, client: '10.99.0.9', at, until: at + 300 }, draw)
  })
}

/** As rsyslog writes it by default: with the zone and microseconds, which here also keep lines apart. */
function stamp(date: Day, at: number, index: number): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const seconds = Math.floor(at / 1000)
  const micro = String((at % 1000) * 1000 + (index % 1000)).padStart(6, '0')
  return `${date}T${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}.${micro}+07:00`
}
