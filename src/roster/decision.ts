/**
 * What a decision does to where somebody serves: spans and absences before → after, or why it cannot be.
 *
 * A movement holds from its day until the next movement that is known: one of the past puts its agency between its day
 * and that next one, so that later history stands. Only somebody who leaves has nothing after; there a later movement is
 * in the way and is named. `-infinity` and `infinity` compare as text as they should.
 */
import { unreachable } from '../error.ts'
import { addDays, type Day } from '../ids.ts'
import {
  cut,
  dayBefore,
  earliest,
  inForce,
  isNext,
  joined,
  latest,
  mainOn,
  runEnd,
  runStart,
  type Span,
  serviceEnd,
  within,
} from './employment-span.ts'

export { inForce, mainOn, type Span } from './employment-span.ts'

export const announcementKinds = ['join', 'move', 'concurrent', 'leave', 'absence', 'return'] as const
export type AnnouncementKind = (typeof announcementKinds)[number]

export type Absence = { kind: string; first: string; last: string; source: string; document: string }

export type History = { spans: readonly Span[]; absences: readonly Absence[] }

export type Change = {
  kind: AnnouncementKind
  day: Day
  lastDay: Day | null
  agency: { id: number; code: string } | null
  /** null: as it was. */
  staffClass: string | null
  title: string | null
  /** Of an absence. */
  absence: string
  decision: number | null
  document: string
}

export type Reason =
  | 'notServing'
  | 'beforeStart'
  | 'alreadyLeft'
  | 'laterMovement'
  | 'sameAgency'
  | 'notThere'
  | 'serves'
  | 'needsAgency'
  | 'agencyClosed'
  | 'endBeforeStart'
  | 'absenceOverlap'
  | 'sourceAbsence'
  | 'noAbsence'
  | 'waiting'

/** `day` and `agency` tell of what stands in the way. */
export type Refusal = { reason: Reason; day: string | null; agency: string | null }

/** A refusal as it is kept of an announcement that failed, and read again. */
export function reasonStored({ reason, day, agency }: Refusal): string {
  return [reason, day ?? '-', agency ?? ''].join(' ').replace(/( -)? $/, '')
}

export function reasonRead(text: string): { reason: string; day: string | null; agency: string | null } {
  const [reason = '', day = '-', ...agency] = text.split(' ')
  return { reason, day: day === '-' ? null : day, agency: agency.length === 0 ? null : agency.join(' ') }
}

export type MovementKind = 'joiner' | 'mover' | 'leaver' | 'returned' | 'changed'
export type Movement = {
  kind: MovementKind
  from: number | null
  to: number | null
  changes: Record<string, [string | null, string | null]>
}
export type Outcome = { spans: Span[]; absences: Absence[]; movement: Movement } | Refusal

export function isRefusal(outcome: Outcome): outcome is Refusal {
  return 'reason' in outcome
}

export function applyChange(history: History, change: Change): Outcome {
  switch (change.kind) {
    case 'join':
      return enter(history, change, 'joiner')
    case 'move':
      return move(history, change)
    case 'concurrent':
      return concurrent(history, change)
    case 'leave':
      return change.agency === null ? leave(history, change) : leavePost(history, change, change.agency)
    case 'absence':
      return beAbsent(history, change)
    case 'return':
      return comeBack(history, change)
    default:
      return unreachable(change.kind)
  }
}

/**
 * A change among those that wait, in the order of their days: its own refusal, or `waiting` with the day of the first
 * one that could no longer be done after it.
 */
export function project(history: History, waiting: readonly Change[], change: Change): Refusal | null {
  const ordered = [...waiting, change].sort((a, b) => (a.day < b.day ? -1 : a.day > b.day ? 1 : 0))
  let now = history
  for (const each of ordered) {
    const outcome = applyChange(now, each)
    if (isRefusal(outcome))
      return each === change ? outcome : refused('waiting', each.day, each.agency?.code ?? null)
    now = outcome
  }
  return null
}

function refused(reason: Reason, day: string | null = null, agency: string | null = null): Refusal {
  return { reason, day, agency }
}

// the kinds ---------------------------------------------------------------------------------------------------------

function enter(history: History, change: Change, kind: 'joiner' | 'returned'): Outcome {
  const { day, agency } = change
  const [there] = inForce(history.spans, day)
  if (there) return refused('serves', there.first, there.code)
  if (agency === null) return refused('needsAgency')
  const next = earliest(history.spans.filter(each => each.first > day))
  const before = latest(history.spans.filter(each => each.last < day))
  // the same post, known from a later day on: it only began earlier
  const like = next?.agency === agency.id ? next : null
  const staffClass = change.staffClass ?? like?.staffClass ?? before?.staffClass ?? ''
  const span: Span = {
    ...{ id: null, agency: agency.id, code: agency.code, primary: like?.primary ?? false },
    staffClass,
    title: change.title ?? like?.title ?? null,
    first: day,
    last: next ? dayBefore(next.first) : 'infinity',
    decision: change.decision,
  }
  const movement: Movement = { kind, from: before?.agency ?? null, to: agency.id, changes: {} }
  return { ...settled(history, [...history.spans, span]), movement }
}

function move(history: History, change: Change): Outcome {
  const { spans } = history
  const { day, agency } = change
  if (agency === null) return refused('needsAgency')
  const main = mainOn(spans, day)
  if (!main) return refusedAway(spans, day)
  if (main.agency === agency.id) return refused('sameAgency', runStart(spans, main), agency.code)
  const last = runEnd(spans, main)
  const beside = spans.some(
    each =>
      each.agency !== main.agency && each.agency !== agency.id && each.last >= day && each.first <= last,
  )
  const moved = within(
    spans.filter(each => each.agency === main.agency),
    day,
    last,
  ).map(piece => ({
    ...piece,
    id: null,
    agency: agency.id,
    code: agency.code,
    staffClass: change.staffClass ?? piece.staffClass,
    title: change.title,
    primary: beside || piece.primary,
    decision: change.decision,
  }))
  const kept = cut(spans, [main.agency, agency.id], day, last)
  const movement: Movement = { kind: 'mover', from: main.agency, to: agency.id, changes: {} }
  return { ...settled(history, [...kept, ...moved]), movement }
}

function concurrent(history: History, change: Change): Outcome {
  const { spans } = history
  const { day, lastDay, agency } = change
  if (agency === null) return refused('needsAgency')
  const main = mainOn(spans, day)
  if (!main) return refusedAway(spans, day)
  if (lastDay !== null && lastDay < day) return refused('endBeforeStart')
  const there = inForce(spans, day).find(each => each.agency === agency.id)
  if (there) return refused('sameAgency', there.first, agency.code)
  const next = earliest(spans.filter(each => each.agency === agency.id && each.first > day))
  const last = [lastDay ?? 'infinity', serviceEnd(spans, day), next ? dayBefore(next.first) : 'infinity']
    .sort()
    .at(0)
  const span: Span = {
    ...{ id: null, agency: agency.id, code: agency.code, primary: false, first: day },
    staffClass: change.staffClass ?? main.staffClass,
    title: change.title,
    last: last ?? 'infinity',
    decision: change.decision,
  }
  const marked = mainsMarked(spans, span)
  const changes: Movement['changes'] = { concurrent: [null, agency.code] }
  const movement: Movement = { kind: 'changed', from: main.agency, to: agency.id, changes }
  return { ...settled(history, [...marked, span]), movement }
}

/** Whoever is counted somewhere while the span lasts stays counted there, though it began earlier than the next post. */
function mainsMarked(spans: readonly Span[], span: Span): Span[] {
  return spans.map(each => {
    const on = each.first > span.first ? each.first : span.first
    const counted = each.first <= span.last && each.last >= span.first && mainOn(spans, on) === each
    return counted ? { ...each, primary: true } : each
  })
}

function leave(history: History, change: Change): Outcome {
  const { spans } = history
  const { day } = change
  const main = mainOn(spans, day)
  if (!main) return refusedAway(spans, day)
  if (runStart(spans, main) >= day) return refused('beforeStart', runStart(spans, main), main.code)
  const later = earliest(
    spans.filter(
      each =>
        each.first > day &&
        !spans.some(other => other.agency === each.agency && isNext(other.last, each.first)),
    ),
  )
  if (later) return refused('laterMovement', later.first, later.code)
  const kept = cut(spans, null, day, 'infinity')
  return {
    ...settled(history, kept),
    movement: { kind: 'leaver', from: main.agency, to: null, changes: {} },
  }
}

/** Leaves one post of several; of the last one, leaves. */
function leavePost(history: History, change: Change, agency: { id: number; code: string }): Outcome {
  const { spans } = history
  const { day } = change
  const post = inForce(spans, day).find(each => each.agency === agency.id)
  if (!post) return refused('notThere', null, agency.code)
  if (inForce(spans, day).length === 1) return leave(history, { ...change, agency: null })
  if (runStart(spans, post) >= day) return refused('beforeStart', runStart(spans, post), post.code)
  const kept = cut(spans, [agency.id], day, runEnd(spans, post))
  const changes: Movement['changes'] = { concurrent: [agency.code, null] }
  return { ...settled(history, kept), movement: { kind: 'changed', from: agency.id, to: null, changes } }
}

function beAbsent(history: History, change: Change): Outcome {
  const { day, lastDay, absence, document } = change
  const main = mainOn(history.spans, day)
  if (!main) return refusedAway(history.spans, day)
  const added = { kind: absence, first: day, last: lastDay ?? 'infinity', source: '', document }
  const problem = absenceProblem(history.absences, added)
  if (problem) return problem
  const movement = changedAt(main, { absence: [null, absence] })
  return { spans: [...history.spans], absences: [...history.absences, added], movement }
}

/** Why an absence entered by hand cannot stand beside the others, or null. One of a source may overlap it. */
export function absenceProblem(others: readonly Absence[], added: Absence): Refusal | null {
  if (added.last < added.first) return refused('endBeforeStart')
  const over = others.find(each => each.source === '' && each.first <= added.last && each.last >= added.first)
  if (over) return refused('absenceOverlap', over.first)
  const same = others.find(each => each.source !== '' && each.first === added.first)
  return same ? refused('sourceAbsence', same.first, same.source) : null
}

/** Back from an absence; or, of somebody who serves nowhere, back in service. */
function comeBack(history: History, change: Change): Outcome {
  const { day } = change
  const main = mainOn(history.spans, day)
  if (!main) {
    const before = history.spans.some(each => each.last < day)
    return before ? enter(history, change, 'returned') : refusedAway(history.spans, day)
  }
  const running = history.absences.filter(each => each.first <= day && each.last >= day)
  const own = running.find(each => each.source === '')
  const [other] = running
  if (!own) return other ? refused('sourceAbsence', other.first, other.source) : refused('noAbsence', day)
  if (own.first === day) return refused('beforeStart', own.first)
  const absences = history.absences.map(each =>
    each === own ? { ...each, last: addDays(day, -1) } : { ...each },
  )
  return {
    spans: [...history.spans],
    absences,
    movement: changedAt(main, { absence: [own.kind, null] }),
  }
}

function changedAt({ agency }: Span, changes: Movement['changes']): Movement {
  return { kind: 'changed', from: agency, to: agency, changes }
}

/** Of somebody who serves nowhere on a day: left before, or not begun yet. */
function refusedAway(spans: readonly Span[], day: Day): Refusal {
  const next = earliest(spans.filter(each => each.first > day))
  if (next) return refused('beforeStart', next.first, next.code)
  const before = latest(spans.filter(each => each.last < day))
  return before ? refused('alreadyLeft', before.last, before.code) : refused('notServing', day)
}

/** With absences as they were. */
function settled({ absences }: History, spans: readonly Span[]): { spans: Span[]; absences: Absence[] } {
  return { spans: joined(spans), absences: [...absences] }
}
