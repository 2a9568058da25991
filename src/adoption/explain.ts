/**
 * Why a person counts or not: every fact the figures use, with where it came from.
 *
 * The states come from the same SQL as the figures (`personStates` in `store.ts`); `evidence.ts` puts them in words.
 */
import type { Db } from '../database/database.ts'
import { AppError } from '../error.ts'
import { type Day, parseAddress } from '../ids.ts'
import { FIGURE_DEFINITION } from './adoption.ts'
import { ruleText } from './eligibility-messages.ts'
import {
  countedEmployment,
  type DecidedBy,
  type Explanation,
  evidenceOf,
  type Facts,
  finite,
  type PersonRow,
  statesOf,
  whyOf,
} from './evidence.ts'
import { evidenceWords } from './evidence-messages.ts'
import {
  absencesOf,
  earlierUse,
  employmentsOf,
  mailboxesOf,
  peopleByStaffId,
  personByAddress,
  personById,
  ruleOfPerson,
  useOfPerson,
} from './evidence-store.ts'
import type { Locale } from './messages.ts'
import { type FiguresRequest, type Ground, readGround, scheduleAt } from './report.ts'
import { stateOfPerson } from './store.ts'

export type ExplainRequest = FiguresRequest & {
  /** A staff id, `#` and our own number, or an address. */
  who: string
  locale: Locale
}

/** Throws `not_found` where nobody is meant, `usage` where several people are. */
export async function explain(db: Db, request: ExplainRequest): Promise<Explanation> {
  const person = await findPerson(db, request.who, request.day)
  const facts = await readFacts(db, request, person)
  const words = evidenceWords[request.locale]
  const counted = countedEmployment(facts)
  return {
    asOf: request.day,
    partial: request.partial,
    definition: FIGURE_DEFINITION,
    person: {
      id: person.staff_id || `#${person.id}`,
      name: person.full_name,
      agency: counted?.code ?? null,
      agencyName: counted?.name ?? null,
      staffClass: counted?.staff_class ?? null,
    },
    mailboxes: facts.mailboxes.map(({ address, kind, state, since, aliases }) => ({
      address,
      kind,
      state,
      since: finite(since),
      aliases: aliases?.split(' ') ?? [],
    })),
    states: { ...statesOf(facts), why: whyOf(facts, words) },
    evidence: evidenceOf(facts, words),
  }
}

/** A number beyond what the database counts with names nobody. */
const OWN_NUMBER = /^#(\d{1,15})$/

async function findPerson(db: Db, who: string, day: Day): Promise<PersonRow> {
  const text = who.normalize('NFC').trim()
  const address = parseAddress(text)
  const number = OWN_NUMBER.exec(text)?.[1]
  const person = number === undefined ? null : await personById(db, Number(number))
  const found =
    person ?? (address && (await personByAddress(db, address, day))) ?? (await byStaffId(db, text, day))
  if (!found)
    throw new AppError('not_found', `nobody has the staff id or address ${text}`, { details: { who: text } })
  return found
}

async function byStaffId(db: Db, staffId: string, day: Day): Promise<PersonRow | null> {
  const people = await peopleByStaffId(db, staffId, day)
  const serving = people.filter(person => person.serving)
  const meant = serving.length > 0 ? serving : people
  if (meant.length <= 1) return meant[0] ?? null
  const numbers = meant.map(person => `#${person.id}`)
  throw new AppError(
    'usage',
    `several people have the staff id ${staffId}: name one of ${numbers.join(', ')}`,
    {
      details: { who: staffId, people: numbers },
    },
  )
}

async function readFacts(db: Db, request: ExplainRequest, person: PersonRow): Promise<Facts> {
  const { day } = request
  const ground = await readGround(db, request)
  const query = { ...ground.query, person: person.id }
  const state = await stateOfPerson(db, query)
  const { rule, isWorkingDay } = scheduleAt(ground, state?.agency_id ?? null)
  return {
    day,
    person,
    state,
    ruled: state && decidedBy(request, await ruleOfPerson(db, query)),
    employments: await employmentsOf(db, person.id, day),
    absences: await absencesOf(db, person.id, day),
    mailboxes: await mailboxesOf(db, person.id, day),
    uses: await useOfPerson(db, person.id, day),
    earlier: await earlierUse(db, person.id, day),
    rosterKnown: ground.rosterKnown,
    rule,
    needsSend: request.policy.regularNeedsSend,
    isWorkingDay,
    ...coverOf(ground, state?.agency_id),
  }
}

function decidedBy({ policy, locale }: ExplainRequest, number: number | null): DecidedBy | null {
  const rule = number === null ? undefined : policy.eligibility[number - 1]
  return number === null || !rule ? null : { number, rule, text: ruleText(locale, rule, policy.sectors) }
}

function coverOf(ground: Ground, agencyId: number | undefined): Pick<Facts, 'seen' | 'sources'> {
  const index = ground.tree.findIndex(agency => agency.id === agencyId)
  const seen = ground.knowledge[index]?.own ?? { known: 0, asked: 0, missing: 0, begun: false }
  return { seen, sources: ground.sources.filter((_, i) => ground.covering[index]?.has(i)) }
}
