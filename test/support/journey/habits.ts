/**
 * How invented people use their mailboxes: what they do, and on which days. The logs are made from this with real
 * lines, and the recount counts from this without any line.
 */
import type { Calendar } from './calendar.ts'

/** What one does with a mailbox, or what is done to it. Each is done once for real and its lines are copied. */
export type Act =
  | 'imap'
  /** Signs in with the address in capitals. */
  | 'imapCapitals'
  /** IMAP from the mail host itself. */
  | 'webmail'
  | 'pop3'
  /** Signs in, deletes a message, signs out. */
  | 'hand'
  /** The same, over midnight: the hand shows on the day after the sign-in. */
  | 'handOverMidnight'
  | 'flag'
  | 'failedImap'
  | 'failedPop3'
  | 'failedSmtp'
  /** A machine signs in with the person's password. */
  | 'machine'
  | 'inside'
  | 'outside'
  | 'fromAlias'
  | 'toAlias'
  | 'several'
  | 'bounced'
  | 'deferred'
  /** Hands over sender and recipient, and hangs up. */
  | 'abandoned'
  /** Only gets mail. */
  | 'inbound'

type On = (ago: number, calendar: Calendar) => boolean
type Deed = { act: Act; on: On; night?: boolean }

const workdays: On = (ago, { isWorking }) => isWorking(ago)
const block = (ago: number) => Math.ceil(ago / 7)
const inBlocks =
  (...blocks: number[]): On =>
  (ago, calendar) =>
    workdays(ago, calendar) && blocks.includes(block(ago))
/** One working day in each seven counted back from yesterday: the least that may be regular. */
const oneAWeek: On = (ago, { isWorking }) =>
  isWorking(ago) && !Array.from({ length: (ago - 1) % 7 }, (_, i) => ago - 1 - i).some(isWorking)
const every =
  (step: number): On =>
  ago =>
    ago % step === 0

/** The day on which the communes' log is lost. */
export const LOST_DAY = 12

export const habits = {
  regular: [
    { act: 'imap', on: workdays },
    { act: 'outside', on: every(3) },
  ],
  oneAWeek: [{ act: 'imap', on: oneAWeek }],
  threeWeeks: [{ act: 'pop3', on: inBlocks(1, 2, 4) }],
  twoWeeks: [{ act: 'imap', on: inBlocks(1, 3) }],
  weekends: [{ act: 'webmail', on: (ago, { weekday }) => weekday(ago) > 5 }],
  beforeTheWindow: [{ act: 'imap', on: ago => ago > 28 }],
  singleDay: [{ act: 'imap', on: ago => ago === 9 }],
  lostDay: [{ act: 'imap', on: ago => ago === LOST_DAY }],
  lapsed: [
    { act: 'imap', on: (ago, calendar) => ago >= 20 && workdays(ago, calendar) },
    { act: 'inside', on: ago => ago >= 20 && ago % 2 === 0 },
  ],
  sendsOnly: [{ act: 'inside', on: every(2) }],
  webmail: [{ act: 'webmail', on: workdays }],
  pop3: [
    { act: 'pop3', on: workdays },
    { act: 'several', on: every(5) },
  ],
  capitals: [{ act: 'imapCapitals', on: workdays }],
  nights: [{ act: 'imap', on: () => true, night: true }],
  nightSends: [{ act: 'outside', on: every(4), night: true }],
  hand: [{ act: 'hand', on: every(2) }],
  overMidnight: [{ act: 'handOverMidnight', on: ago => ago > 1 && ago % 3 === 0 }],
  flags: [{ act: 'flag', on: every(3) }],
  wrongImap: [{ act: 'failedImap', on: () => true }],
  wrongPop3: [{ act: 'failedPop3', on: workdays }],
  wrongSmtp: [{ act: 'failedSmtp', on: workdays }],
  sweptOnly: [],
  nothing: [],
  receives: [{ act: 'inbound', on: () => true }],
  fromAlias: [{ act: 'fromAlias', on: every(2) }],
  toAlias: [{ act: 'toAlias', on: oneAWeek }],
  several: [{ act: 'several', on: workdays }],
  bounced: [{ act: 'bounced', on: every(6) }],
  deferred: [{ act: 'deferred', on: ago => ago === 31 || ago === 16 }],
  abandoned: [{ act: 'abandoned', on: workdays }],
  machine: [{ act: 'machine', on: () => true }],
} as const satisfies Record<string, readonly Deed[]>

export type Habit = keyof typeof habits

export function deedsOf(habit: Habit): readonly Deed[] {
  return habits[habit]
}

/** In the order they are dealt out, the frequent ones more often. */
const deal: readonly Habit[] = [
  ...(Object.keys(habits).filter(isHabit) satisfies Habit[]),
  ...(['regular', 'webmail', 'regular', 'pop3', 'nothing', 'regular', 'hand', 'regular', 'nights'] as const),
]

function isHabit(name: string): name is Habit {
  return Object.hasOwn(habits, name)
}

export function habitOf(index: number): Habit {
  return deal[index % deal.length] ?? 'nothing'
}

/** What an act leaves on its day: sign-ins, sends with their recipients, hands. */
export type Trace = { signIns: number; sends: number; recipients: number; hands: number }

export function traceOf(act: Act): Trace {
  const none = { signIns: 0, sends: 0, recipients: 0, hands: 0 }
  switch (act) {
    case 'imap':
    case 'imapCapitals':
    case 'webmail':
    case 'pop3':
    case 'flag':
    case 'handOverMidnight':
      return { ...none, signIns: 1 }
    case 'hand':
      return { ...none, signIns: 1, hands: 1 }
    case 'inside':
    case 'outside':
    case 'fromAlias':
    case 'toAlias':
    case 'bounced':
    case 'deferred':
      return { ...none, sends: 1, recipients: 1 }
    case 'several':
      return { ...none, sends: 1, recipients: 3 }
    case 'failedImap':
    case 'failedPop3':
    case 'failedSmtp':
    case 'machine':
    case 'abandoned':
    case 'inbound':
      return none
  }
}

/** Mail programs sign in several times a day. */
export function timesOf(act: Act, ago: number): number {
  return act === 'imap' || act === 'webmail' || act === 'pop3' ? 1 + (ago % 5) : 1
}
