/**
 * What decisions announce: entered for one person or a block, done at once or when the day comes, or withdrawn.
 *
 * Each batch is one transaction: an announcement is done together with all it changes, so that whoever is killed on the
 * way does the rest the next time and nothing twice.
 */
import type { Db, Trx } from '../database/database.ts'
import type { Day } from '../ids.ts'
import { saveAbsence } from './absence-store.ts'
import {
  type Absence,
  type AnnouncementKind,
  absenceProblem,
  applyChange,
  type Change,
  type History,
  inForce,
  isRefusal,
  project,
  type Refusal,
  reasonStored,
} from './decision.ts'
import {
  type Done,
  dueAnnouncements,
  failAnnouncements,
  findOrCreateDecision,
  historiesOf,
  insertAnnouncements,
  insertDecidedPerson,
  isOfPosts,
  leadingSaid,
  type NewDecision,
  type NewPerson,
  noteRestated,
  type Override,
  saveDone,
  saveOverrides,
  touchPeople,
  type Waiting,
  waitingOfPeople,
  withdrawAnnouncement,
} from './decision-store.ts'
import { lockRoster } from './stage-store.ts'

export type Order = {
  decision: NewDecision
  kind: AnnouncementKind
  /** Somebody not known yet, or known ones. */
  who: { newPerson: NewPerson } | { people: readonly number[] }
  day: Day
  lastDay: Day | null
  agency: { id: number; code: string } | null
  staffClass: string | null
  title: string | null
  /** Of an absence: its kind. */
  absence: string
}

export type Announced =
  | { kind: 'announced'; decision: number; people: number; done: number; waiting: number }
  | { kind: 'refused'; problems: { person: number | null; refusal: Refusal }[] }

const empty: History = { spans: [], absences: [] }

type When = { today: Day; now: Date }
type Made = Extract<Announced, { kind: 'announced' }>

/** Announces to everybody or, where it cannot be for one of them, to nobody; `record` is part of doing it. */
export async function announce(
  db: Db,
  order: Order,
  when: When & { record?: (trx: Trx, made: Made) => Promise<void> },
): Promise<Announced> {
  return db.transaction().execute(async trx => {
    await lockRoster(trx)
    const problems = await problemsOf(trx, order)
    if (problems.length > 0) return { kind: 'refused', problems }
    const decision = await findOrCreateDecision(trx, order.decision)
    const people =
      'people' in order.who
        ? order.who.people
        : [await insertDecidedPerson(trx, decision, order.who.newPerson)]
    const { kind, day, lastDay, agency, staffClass, title, absence } = order
    const said = { decision, kind, day, lastDay, agency: agency?.id ?? null, staffClass, title, absence }
    const ids = new Set(await insertAnnouncements(trx, people, said))
    const now = day <= when.today
    if (now) {
      const fresh = (await waitingOfPeople(trx, people)).filter(each => ids.has(each.id))
      await doAll(trx, fresh, when)
    }
    const count = people.length
    const made: Made = {
      ...{ kind: 'announced', decision, people: count },
      ...{ done: now ? count : 0, waiting: now ? 0 : count },
    }
    await when.record?.(trx, made)
    return made
  })
}

function changeOf(order: Order): Change {
  const { kind, day, lastDay, agency, staffClass, title, absence, decision } = order
  return { kind, day, lastDay, agency, staffClass, title, absence, decision: null, document: decision.number }
}

async function problemsOf(trx: Trx, order: Order) {
  const change = changeOf(order)
  if (!('people' in order.who)) {
    const refusal = project(empty, [], change)
    return refusal === null ? [] : [{ person: null, refusal }]
  }
  const { people } = order.who
  const histories = await historiesOf(trx, people)
  const waiting = Map.groupBy(await waitingOfPeople(trx, people), each => each.person)
  return people.flatMap(person => {
    const refusal = project(histories.get(person) ?? empty, waiting.get(person) ?? [], change)
    return refusal === null ? [] : [{ person, refusal }]
  })
}

// when the day has come ---------------------------------------------------------------------------------------------

/** People whose announcements are done in one transaction: enough to be quick, few enough to be a short wait for others. */
const BATCH = 500

export type Applied = { done: number; failed: number }

/**
 * Does every announcement whose day has come by `day`, in the order of their days; what can no longer be done fails with
 * its reason. Nothing is left to do the second time.
 */
export async function applyAnnouncements(db: Db, day: Day, now: Date): Promise<Applied> {
  const total = { done: 0, failed: 0 }
  while (true) {
    const { done, failed } = await db.transaction().execute(async trx => {
      await lockRoster(trx)
      return doAll(trx, await dueAnnouncements(trx, day, BATCH), { today: day, now })
    })
    if (done + failed === 0) return total
    total.done += done
    total.failed += failed
  }
}

/** Does announcements, at most one of each person. */
async function doAll(
  trx: Trx,
  waiting: readonly Waiting[],
  { today, now }: { today: Day; now: Date },
): Promise<Applied> {
  if (waiting.length === 0) return { done: 0, failed: 0 }
  const histories = await historiesOf(trx, [...new Set(waiting.map(each => each.person))])
  const done: Done[] = []
  const failed: { id: number; reason: string }[] = []
  for (const each of waiting) {
    const before = histories.get(each.person) ?? empty
    const outcome = each.agencyOpen
      ? applyChange(before, each)
      : ({ reason: 'agencyClosed', day: null, agency: null } satisfies Refusal)
    if (isRefusal(outcome)) failed.push({ id: each.id, reason: reasonStored(outcome) })
    else {
      const { person, day, decision } = each
      done.push({ announcement: each.id, person, day, decision, before, ...outcome })
    }
  }
  await saveDone(trx, done, now)
  await failAnnouncements(trx, failed, now)
  await tellOthers(trx, done, { today, now })
  return { done: done.length, failed: failed.length }
}

async function tellOthers(
  trx: Trx,
  done: readonly Done[],
  { today, now }: { today: Day; now: Date },
): Promise<void> {
  const [first] = done.map(each => each.day).sort()
  if (first === undefined) return
  await noteRestated(trx, first, { today, now })
  await touchPeople(
    trx,
    done.map(each => each.person),
  )
  const moved = done.filter(isOfPosts)
  const leading = new Map(
    (
      await leadingSaid(
        trx,
        moved.map(each => each.person),
      )
    ).map(each => [each.person, each]),
  )
  const overrides = moved.flatMap(each => {
    const said = leading.get(each.person)
    if (!said || said.missing || said.source === 'decision') return []
    const override = overrideOf(each, said.posts ?? postsText(each.before, today), today)
    return override === null ? [] : [override]
  })
  const held = new Set(overrides.map(each => each.person))
  await saveOverrides(
    trx,
    overrides,
    moved.map(each => each.person).filter(person => !held.has(person)),
  )
}

/** What somebody was told other than the source says; null where both are the same. */
function overrideOf({ person, spans, decision, day }: Done, saidPosts: string, today: Day): Override | null {
  const posts = postsText({ spans, absences: [] }, today)
  return codesOf(saidPosts) === codesOf(posts) ? null : { person, saidPosts, posts, decision, day }
}

/** The posts of a day in the form in which a record keeps them. */
function postsText({ spans }: History, day: Day): string {
  return JSON.stringify(inForce(spans, day).map(each => [each.code, each.primary]))
}

function codesOf(posts: string): string {
  const list: unknown = JSON.parse(posts)
  const codes = Array.isArray(list) ? list.map(post => (Array.isArray(post) ? String(post[0]) : '')) : []
  return codes.sort().join(' ')
}

/** Takes back one that waits; false where it waits no longer. `record` is part of doing it. */
export function withdraw(
  db: Db,
  id: number,
  { now, record }: { now: Date; record?: (trx: Trx) => Promise<void> },
): Promise<boolean> {
  return db.transaction().execute(async trx => {
    const done = await withdrawAnnouncement(trx, id, now)
    if (done) await record?.(trx)
    return done
  })
}

// absences by hand --------------------------------------------------------------------------------------------------

export type AbsenceEntry = {
  person: number
  /** The first day of the one that is corrected; null: a new one. */
  was: string | null
  /** null: it was entered by mistake and goes. */
  absence: Absence | null
}

/**
 * Enters, ends or corrects an absence by hand; those of a source stay as they are. Answers why it cannot be, or null.
 * `record` is part of doing it.
 */
export async function enterAbsence(
  db: Db,
  { person, was, absence }: AbsenceEntry,
  { today, now, record }: When & { record?: (trx: Trx) => Promise<void> },
): Promise<Refusal | null> {
  return db.transaction().execute(async trx => {
    await lockRoster(trx)
    const history = (await historiesOf(trx, [person])).get(person) ?? empty
    const old = history.absences.find(each => each.source === '' && each.first === was)
    if (was !== null && !old) return { reason: 'noAbsence', day: was, agency: null }
    const others = history.absences.filter(each => each !== old)
    if (absence !== null) {
      const refusal =
        absenceProblem(others, absence) ?? servesOn(history, absence.first as Day, old?.first ?? null)
      if (refusal) return refusal
    }
    await saveAbsence(trx, person, was, absence)
    const touched = [old?.first, absence?.first].filter(each => each !== undefined).sort()
    const first = old && absence && old.first === absence.first ? earlierEnd(old, absence) : touched[0]
    if (first !== undefined) await noteRestated(trx, first as Day, { today, now })
    await touchPeople(trx, [person])
    await record?.(trx)
    return null
  })
}

/** Somebody who does not serve cannot be absent. What was entered before and only ends otherwise is let be. */
function servesOn({ spans }: History, day: Day, was: string | null): Refusal | null {
  if (day === was || inForce(spans, day).length > 0) return null
  return { reason: 'notServing', day, agency: null }
}

/** The first day that counts otherwise where only the end is another: that after the earlier of both. */
function earlierEnd(a: Absence, b: Absence): string {
  const end = a.last < b.last ? a.last : b.last
  return a.last === b.last || end === 'infinity' ? a.first : end
}
