/**
 * Who uses a mailbox on which day: habits that grow with training days and circulars, rest at weekends and over Tết,
 * and never come at all with some.
 *
 * Each person has a place in the order of eagerness, each agency a share that is reached by a day: who stands before it
 * works by mail, who stands just behind it looks in now and then, who stands further behind has tried once.
 */
import { type Agency, topOf } from './agencies.ts'
import { between, chance } from './chance.ts'
import { agencyOn, FIRST_DAY, type Person, serves } from './people.ts'

/** Minute of the day, by what, from where. */
export type Session = { minute: number; minutes: number; by: 'phone' | 'office' | 'webmail' }
export type Use = { sessions: Session[]; sends: number[] }

export type Setting = { seed: number; isWorking: (day: number) => boolean }

/** When many began at once: the first order, a round of training, a circular with names in it. */
const BATCHES = [-395, -300, -182, -96, -33]
const BATCH_SPREAD = 12
const STEADY = 0.5
const BEGUN = 0.16
/** So far behind the share that works by mail stand those who look in, and those who have tried. */
const LOOKS_IN = 0.15
const HAS_TRIED = 0.24
const LOOK_IN_SHARE = 0.07
const TRIED_SHARE = 0.005
const REST_SHARE = 0.07
const FALL_DAYS = 45

/** What somebody does with their mailbox on a day, or null. */
export function useOf(person: Person, day: number, setting: Setting): Use | null {
  if (!serves(person, day) || isAway(person, day)) return null
  const { seed, isWorking } = setting
  const often = shareOfDays(person, agencyOn(person, day), day, seed)
  const today = isWorking(day) ? often : often * REST_SHARE
  if (chance(seed, person.number, day, 0x757365) >= today) return null
  return dayOf(person, day, setting)
}

/** The chance that somebody uses the mailbox on a working day. */
function shareOfDays(person: Person, agency: Agency, day: number, seed: number): number {
  const eagerness = chance(seed, person.number, 0x65616765)
  const reached = reachedOn(agency, day, seed)
  if (agency.reach === 0 || reached === 0) return 0
  if (eagerness < reached) return 0.27 + 0.36 * chance(seed, person.number, 0x70616365)
  if (eagerness < reached + LOOKS_IN) return LOOK_IN_SHARE
  return eagerness < reached + HAS_TRIED ? TRIED_SHARE : 0
}

/** The share of an agency's people who work by mail on a day. */
function reachedOn(agency: Agency, day: number, seed: number): number {
  const place = Number(topOf(agency.code).split('.')[1])
  const passed = BATCHES.map((batch, i) => {
    const own = batch + between(0, BATCH_SPREAD, chance(seed, place, i))
    return Math.max(0, Math.min(1, (day - own) / 4))
  })
  const batches = passed.reduce((sum, share) => sum + share, 0) / BATCHES.length
  const steady = Math.min(1, Math.max(0, (day - FIRST_DAY) / -FIRST_DAY))
  const grown = BEGUN + (1 - BEGUN) * (STEADY * steady + (1 - STEADY) * batches)
  const later = day > 0 ? 1 + 0.0004 * day : 1
  return Math.min(0.97, agency.reach * grown * later * fallen(agency, day))
}

function fallen({ fallsFrom }: Agency, day: number): number {
  if (fallsFrom === undefined || day < fallsFrom) return 1
  return Math.max(0.35, 1 - (day - fallsFrom) / FALL_DAYS)
}

function isAway({ away }: Person, day: number): boolean {
  return away !== null && away.from <= day && day <= away.until
}

const SENDER_SHARE = 0.8
const SEND_SHARE = 0.19
const SECOND_SHARE = 0.16

function dayOf(person: Person, day: number, { seed, isWorking }: Setting): Use {
  const draw = (which: number) => chance(seed, person.number, day, which)
  const likes = chance(seed, person.number, 0x6279)
  const by = likes < 0.3 ? 'phone' : likes < 0.62 ? 'office' : 'webmail'
  const working = isWorking(day)
  const first = working ? morning(draw(1)) : between(480, 1260, draw(1))
  const sessions: Session[] = [{ minute: first, minutes: between(1, 40, draw(2)), by }]
  if (draw(3) < SECOND_SHARE) {
    const second = working ? between(13 * 60 + 15, 17 * 60, draw(4)) : between(1080, 1320, draw(4))
    if (second > first + 45)
      sessions.push({ minute: second, minutes: between(1, 30, draw(5)), by: draw(6) < 0.3 ? 'phone' : by })
  }
  const isSender = chance(seed, person.number, 0x73656e64) < SENDER_SHARE
  const sends = isSender && draw(7) < SEND_SHARE ? [first + between(1, 9, draw(8))] : []
  return { sessions, sends }
}

/** Most look in when work begins. */
function morning(share: number): number {
  return share < 0.7
    ? between(7 * 60 + 10, 9 * 60 + 20, share / 0.7)
    : between(9 * 60 + 20, 16 * 60 + 30, (share - 0.7) / 0.3)
}
