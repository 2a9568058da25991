/** Why one person counts or not, in words: the rows that decide it, the states, the evidence. */
import { addDays, type Day, daysBetween } from '../ids.ts'
import type { EligibilityRule } from '../roster/eligibility.ts'
import {
  bits,
  type CountName,
  type RegularRule,
  useOf,
  WINDOW_DAYS,
  type WorkingDays,
  windowStart,
} from './adoption.ts'
import { heldDays, type Seen, type Source } from './coverage.ts'
import type { EvidenceWords, StateReason } from './evidence-messages.ts'

export type PersonRow = { id: number; staff_id: string | null; full_name: string; source: string }

/** First days may be `-infinity`, last days `infinity`, here and below. */
export type EmploymentRow = {
  agency_id: number
  code: string
  name: string
  staff_class: string
  title: string | null
  is_primary: boolean
  first_day: string
  last_day: string
  source: string
}

export type AbsenceRow = { first_day: string; last_day: string }

export type MailboxRow = {
  address: string
  kind: string
  platform: string
  state: string | null
  since: string | null
  /** Other addresses of the mailbox, by blanks; null without any. */
  aliases: string | null
}

export type UseRow = {
  day: Day
  address: string
  source: string
  sign_ins: number
  sends: number
  hands: number
}

/** Use before the window; `source` saw the first of it. */
export type EarlierUse = { first_day: Day; last_day: Day; days: number; source: string }

/** What is known of each person in force that day, as the figures count it, and the facts it follows from. */
export type PersonState = {
  person_id: number
  agency_id: number
  fits_class: boolean
  absent: boolean
  /** Has a personal mailbox that is active or locked. */
  holds: boolean
  /** Ever signed in or sent. */
  ever: boolean
  /** Sent in the window. */
  sent: boolean
  /** Use-days of the window, bit 27 the day itself. */
  mask: number
  /** Days of the window that a covering log does not fully hold. */
  missing: number
  required: boolean
  issued: boolean
  activated: boolean
  used: boolean
  sending: boolean
  regular: boolean
  used_high: boolean
  sending_high: boolean
  regular_high: boolean
}

/** A configured rule and its number, from 1. */
export type DecidedBy = { number: number; rule: EligibilityRule; text: string }

export type Facts = {
  day: Day
  person: PersonRow
  /** null: serves nowhere that day. */
  state: PersonState | null
  /** The rule by which the person must have a mailbox or need not; null: the class decides. */
  ruled: DecidedBy | null
  employments: readonly EmploymentRow[]
  /** With the source that tells of each; '' where it was entered by hand. */
  absences: readonly (AbsenceRow & { source: string })[]
  mailboxes: readonly MailboxRow[]
  uses: readonly UseRow[]
  earlier: EarlierUse | null
  rosterKnown: boolean
  rule: RegularRule
  needsSend: boolean
  isWorkingDay: WorkingDays
  /** How the person's agency is seen, and by which logs. */
  seen: Seen
  sources: readonly Source[]
}

export type StateName = CountName

/** true and false as known; null where a log that is missing, or a roster not yet there, could make it true. */
export type States = Record<StateName, boolean | null>

export function statesOf(facts: Facts): States {
  const { state, seen } = facts
  if (!facts.rosterKnown) {
    return {
      staff: null,
      required: null,
      issued: null,
      activated: null,
      used: null,
      sending: null,
      regular: null,
    }
  }
  const known = (value: boolean | undefined, possible: boolean | undefined) =>
    value === true || (possible === true ? null : false)
  const unseen = !seen.begun || seen.missing !== 0
  return {
    staff: state !== null,
    required: state?.required === true,
    issued: state?.issued === true,
    activated: known(state?.activated, state?.issued === true && unseen),
    used: known(state?.used, state?.used_high),
    sending: known(state?.sending, state?.sending_high),
    regular: known(state?.regular, state?.regular_high),
  }
}

/** The one sentence that says why, for each state. */
export function whyOf(facts: Facts, words: EvidenceWords): Record<StateName, string> {
  const why = (reason: StateReason) => words.why(reason)
  if (!facts.rosterKnown) {
    const no = why({ kind: 'noRoster' })
    return { staff: no, required: no, issued: no, activated: no, used: no, sending: no, regular: no }
  }
  return {
    staff: why(staffReason(facts)),
    required: why(requiredReason(facts)),
    issued: why(issuedReason(facts)),
    activated: why(activatedReason(facts)),
    used: why(usedReason(facts)),
    sending: why(sendingReason(facts)),
    regular: why(regularReason(facts)),
  }
}

/** The employment the person is counted by. */
export function countedEmployment({ state, employments, day }: Facts): EmploymentRow | null {
  const there = employments.filter(each => each.agency_id === state?.agency_id && inForce(each, day))
  return there.find(each => each.is_primary) ?? there[0] ?? null
}

function inForce({ first_day, last_day }: AbsenceRow, day: Day): boolean {
  return (first_day === '-infinity' || first_day <= day) && (last_day === 'infinity' || last_day >= day)
}

/** A day, or null for one of the infinities. */
export function finite(day: string | null): string | null {
  return day === null || day.endsWith('infinity') ? null : day
}

function staffReason(facts: Facts): StateReason {
  const at = countedEmployment(facts)
  if (!at) return { kind: 'notServing', day: facts.day }
  return { kind: 'serving', agency: at.name, code: at.code, since: finite(at.first_day) }
}

function requiredReason(facts: Facts): StateReason {
  const { state, absences, ruled, day } = facts
  const staffClass = countedEmployment(facts)?.staff_class ?? ''
  if (!state) return { kind: 'outside', of: 'staff' }
  const document = ruled?.rule.document
  if (!state.fits_class)
    return document === undefined ? { kind: 'otherClass', staffClass } : { kind: 'ruledOut', document }
  const absence = absences.find(each => inForce(each, day))
  if (state.absent) {
    return {
      kind: 'absent',
      from: finite(absence?.first_day ?? null),
      until: finite(absence?.last_day ?? null),
    }
  }
  return document === undefined ? { kind: 'fitsClass', staffClass } : { kind: 'ruledIn', document }
}

function issuedReason({ state, mailboxes }: Facts): StateReason {
  if (!state?.required) return { kind: 'outside', of: 'required' }
  const personal = mailboxes.filter(mailbox => mailbox.kind === 'personal')
  const usable =
    personal.find(mailbox => mailbox.state === 'active' || mailbox.state === 'locked') ?? personal[0]
  if (!usable) return { kind: 'noMailbox' }
  return {
    kind: state.issued ? 'hasMailbox' : 'mailboxClosed',
    address: usable.address,
    state: usable.state ?? '',
  }
}

function activatedReason({ state, uses, earlier, seen }: Facts): StateReason {
  if (!state?.issued) return { kind: 'outside', of: 'issued' }
  const first = earlier?.first_day ?? uses.find(use => use.sign_ins > 0 || use.sends > 0)?.day
  if (state.activated && first) return { kind: 'firstUse', day: first }
  return seen.begun ? { kind: 'neverUsed' } : { kind: 'noLog' }
}

function usedReason({ state, seen }: Facts): StateReason {
  if (!state?.issued) return { kind: 'outside', of: 'issued' }
  if (state.used) return { kind: 'useDays', days: bits(state.mask) }
  return { kind: 'noUse', missing: bits(seen.missing) }
}

function sendingReason({ state, uses, seen }: Facts): StateReason {
  if (!state?.issued) return { kind: 'outside', of: 'issued' }
  if (state.sending)
    return { kind: 'sendDays', days: new Set(uses.filter(use => use.sends > 0).map(use => use.day)).size }
  return { kind: 'noSend', missing: bits(seen.missing) }
}

function regularReason({ state, rule, seen, needsSend }: Facts): StateReason {
  if (!state?.issued) return { kind: 'outside', of: 'issued' }
  const use = useOf(state.mask, rule)
  return {
    kind: 'regularity',
    blocks: use.blocks,
    workingDays: use.workingDays,
    kept: rule.kept,
    // the smallest whole number with 4 × blocks ≥ 3 × kept
    blocksNeeded: Math.ceil((3 * rule.kept) / 4),
    sendMissing: needsSend && !state.sent,
    missing: state.regular ? 0 : bits(seen.missing),
  }
}

export type EvidenceKind =
  | 'employment'
  | 'absence'
  | 'eligibility'
  | 'mailbox'
  | 'firstUse'
  | 'signIn'
  | 'send'
  | 'hand'
  | 'missing'

export type Evidence = {
  /** null: since before records began. */
  day: string | null
  kind: EvidenceKind
  /** The roster source, platform or log the fact came from; of a rule, its document. */
  source: string
  detail: string
}

/** Every fact used, the oldest first. */
export function evidenceOf(facts: Facts, words: EvidenceWords): Evidence[] {
  const all = [
    ...rosterEvidence(facts, words),
    ...ruleEvidence(facts, words),
    ...facts.mailboxes.map(
      (row): Evidence => ({
        day: finite(row.since),
        kind: 'mailbox',
        source: row.platform,
        detail: words.mailbox(row),
      }),
    ),
    ...useEvidence(facts, words),
    ...missingEvidence(facts, words),
  ]
  return all.sort((a, b) => (a.day === b.day ? 0 : (a.day ?? '') < (b.day ?? '') ? -1 : 1))
}

function rosterEvidence({ employments, absences }: Facts, words: EvidenceWords): Evidence[] {
  return [
    ...employments.map((row): Evidence => {
      const span = { from: finite(row.first_day), until: finite(row.last_day) }
      return {
        day: span.from,
        kind: 'employment',
        source: row.source,
        detail: words.employment({ ...row, ...span }),
      }
    }),
    ...absences.map((row): Evidence => {
      const span = { from: finite(row.first_day), until: finite(row.last_day) }
      return { day: span.from, kind: 'absence', source: row.source, detail: words.absence(span) }
    }),
  ]
}

/** The rule stands with the day itself: it is as configured now, and decides of every day that is asked for. */
function ruleEvidence({ ruled, day }: Facts, words: EvidenceWords): Evidence[] {
  if (!ruled) return []
  return [
    {
      day,
      kind: 'eligibility',
      source: ruled.rule.document,
      detail: words.rule(ruled),
    },
  ]
}

function useEvidence(facts: Facts, words: EvidenceWords): Evidence[] {
  const rows = facts.uses.flatMap(({ day, address, source, sign_ins, sends, hands }) => {
    const place = words.place(placeOf(day, facts))
    const row = (kind: 'signIn' | 'send' | 'hand', count: number): Evidence[] =>
      count === 0 ? [] : [{ day, kind, source, detail: words.use({ kind, count, address, place }) }]
    return [...row('signIn', sign_ins), ...row('send', sends), ...row('hand', hands)]
  })
  if (!facts.earlier) return rows
  const { first_day, source } = facts.earlier
  return [{ day: first_day, kind: 'firstUse', source, detail: words.earlier(facts.earlier) }, ...rows]
}

/** Where a day of the window stands in the rule of regular use: its week counted back, 1 the newest. */
export type Place = { week: number; leftOut: boolean; working: boolean }

function placeOf(day: Day, { day: asOf, rule, isWorkingDay }: Facts): Place {
  const week = Math.floor(daysBetween(day, asOf) / 7)
  return { week: week + 1, leftOut: rule.blocks[week] === 0, working: isWorkingDay(day) }
}

function missingEvidence(
  { day, sources, seen, rosterKnown, state }: Facts,
  words: EvidenceWords,
): Evidence[] {
  if (!rosterKnown || !state || seen.missing === 0) return []
  if (sources.length === 0)
    return [{ day: windowStart(day), kind: 'missing', source: '', detail: words.uncovered }]
  return sources.flatMap(source =>
    heldDays(source.log, day).flatMap((held, i): Evidence[] => {
      if (held === 1 || i >= WINDOW_DAYS) return []
      const detail = held === 0 ? words.missing : words.partly
      return [{ day: addDays(windowStart(day), i), kind: 'missing', source: source.name, detail }]
    }),
  )
}

/** The object of `hopthu explain --json`. */
export type Explanation = {
  asOf: Day
  partial: boolean
  definition: string
  person: {
    /** Staff id, or `#` and our own number where the roster gives none. */
    id: string
    name: string
    /** Where the person is counted that day; null: serves nowhere. */
    agency: string | null
    agencyName: string | null
    staffClass: string | null
  }
  /** Those held that day; `since` when its state began, null: before records. */
  mailboxes: {
    address: string
    kind: string
    state: string | null
    since: string | null
    aliases: string[]
  }[]
  states: States & { why: Record<StateName, string> }
  evidence: Evidence[]
}
