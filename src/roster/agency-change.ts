/** A change of an agency entered by hand: what it is, and why it may be refused. */
import { type Day, parseDay } from '../ids.ts'
import type { AgencyFacts, TimeProblem, Wanted } from './agency-time.ts'

export type AgencyChange =
  | { kind: 'open'; facts: AgencyFacts }
  | { kind: 'change'; agencyId: number; wanted: Wanted }
  | { kind: 'close'; agencyId: number }

export type AgencyName = { id: number; code: string; name: string }

/** What keeps an agency from being closed. */
export type InUse = {
  /** People who serve there on that day or later, or are announced to. */
  people: number
  /** Some of them. */
  names: readonly { id: number; name: string }[]
  /** Agencies right below on that day or later. */
  agencies: number
  below: readonly AgencyName[]
}

export type ChangeProblem =
  | { kind: TimeProblem }
  /** Another agency has the code on some day from then on. */
  | { kind: 'codeTaken'; by: AgencyName }
  /** The agency above is not there on some day from then on. */
  | { kind: 'parentGone' }
  /** It would stand below itself. */
  | { kind: 'circle' }
  /** The agency above all is named by the configuration, and neither moved nor closed. */
  | { kind: 'root' }
  | { kind: 'inUse'; use: InUse }

export type ChangeOutcome =
  | { kind: 'done'; change: number; agencyId: number; past: boolean }
  | { kind: 'waiting'; change: number; agencyId: number | null }
  | { kind: 'refused'; problem: ChangeProblem }

/** Nothing of ours is older, and nobody decides further ahead. */
const FIRST_DAY = '2000-01-01'
const LAST_DAY = '2099-12-31'

/** The day a change counts from, or null where it cannot be one. */
export function parseChangeDay(text: string): Day | null {
  const day = parseDay(text)
  return day !== null && day >= FIRST_DAY && day <= LAST_DAY ? day : null
}
