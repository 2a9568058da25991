/** Answering reviews, about those who wait, and for an agency's list: each in one transaction with its line of the audit. */
import type { Operator } from '../access/access.ts'
import { appendAudit, partyOf } from '../access/audit-store.ts'
import { agenciesBelow } from '../access/store.ts'
import type { CommandContext } from '../command.ts'
import { toAppError } from '../error.ts'
import { type Day, dayAt } from '../ids.ts'
import { applyRecords } from './approval.ts'
import { readingContext } from './command.ts'
import { type CodedAgency, confirmList, countStaff } from './confirmation-store.ts'
import { endWaiting, type HoldingRow, putBack } from './holding-store.ts'
import { answersOf, type ReviewAnswer, saidSide } from './review.ts'
import { type Answered, answerReview, type ReviewRow } from './review-store.ts'

/** Reads records anew once it is known whose they are, as a run of its own. */
export type ApplyRecords = (
  context: CommandContext,
  numbers: readonly number[],
  by: string,
) => Promise<unknown>

/** The records as a run of their own, through the same comparison and saving as any other. */
export const applyAnswered: ApplyRecords = (context, numbers, by) =>
  applyRecords(readingContext(context), numbers, by)

export function todayOf({ config, now }: CommandContext): Day {
  return dayAt(now().getTime(), config.timeZone)
}

export type Answering = { operator: Operator; note: string; apply: ApplyRecords }

export type AnsweredAll = {
  answered: number
  /** Of one asked alone: what it was answered before. */
  before: Extract<Answered, { outcome: 'already' }> | null
  /** What was answered stands, and the roster takes it over with its next read. */
  late: boolean
}

/** Answers reviews in one transaction, each in the audit, then reads anew the records that are known by it. */
export async function answerAll(
  context: CommandContext,
  reviews: readonly ReviewRow[],
  answer: ReviewAnswer,
  { operator, note, apply }: Answering,
): Promise<AnsweredAll> {
  const doing = { by: operator.name, now: context.now(), today: todayOf(context), note }
  const outcomes = await context.database.db.transaction().execute(async trx => {
    const all: Answered[] = []
    for (const row of reviews) {
      const outcome = await answerReview(trx, row.id, answer, doing)
      all.push(outcome)
      if (outcome.outcome === 'answered')
        await appendAudit(trx, {
          at: doing.now,
          actor: partyOf(operator),
          action: 'review.answered',
          subject: row.personId === null ? null : { kind: 'person', id: row.personId },
          agencyId: row.agencyId,
          detail: { review: row.id, kind: row.kind, answer: answer.kind },
        })
    }
    return all
  })
  const records = outcomes.flatMap(each => (each.outcome === 'answered' ? each.records : []))
  return {
    answered: outcomes.filter(each => each.outcome === 'answered').length,
    before: outcomes.find(each => each.outcome === 'already') ?? null,
    late: records.length > 0 && !(await applied(context, records, { operator, apply })),
  }
}

/** The answer stands whatever becomes of this: what is not taken over now is with the next read. */
async function applied(
  context: CommandContext,
  records: readonly number[],
  { operator, apply }: Omit<Answering, 'note'>,
): Promise<boolean> {
  try {
    await apply(context, records, operator.name)
    return true
  } catch (thrown) {
    context.log.warn(toAppError(thrown), 'records of an answered review wait for the next read')
    return false
  }
}

/** Answers about somebody who waits; false where nobody of that id waits any more. */
export async function answerHolding(
  context: CommandContext,
  held: HoldingRow,
  answer: 'left' | 'stays',
  operator: Operator,
): Promise<boolean> {
  const doing = { by: operator.name, now: context.now(), today: todayOf(context) }
  return context.database.db.transaction().execute(async trx => {
    const done =
      answer === 'left'
        ? await endWaiting(trx, held.personId, doing)
        : await putBack(trx, held.personId, doing)
    if (done)
      await appendAudit(trx, {
        at: doing.now,
        actor: partyOf(operator),
        action: 'holding.answered',
        subject: { kind: 'person', id: held.personId },
        agencyId: held.agencyId,
        detail: { answer },
      })
    return done
  })
}

export type Confirmed = { day: Day; staff: number } | 'changed'

/** Keeps that an agency's list of today is right; `shown` is how many it had where it was looked at. */
export async function confirm(
  context: CommandContext,
  agency: CodedAgency,
  { operator, note, shown }: { operator: Operator; note: string; shown: number | null },
): Promise<Confirmed> {
  const { db } = context.database
  const day = todayOf(context)
  const agencies = await agenciesBelow(db, agency.id)
  return db.transaction().execute(async trx => {
    const staff = await countStaff(trx, agencies, day)
    if (shown !== null && shown !== staff) return 'changed'
    const at = context.now()
    await confirmList(trx, agency.id, { day, staff, at, by: operator.name, note })
    await appendAudit(trx, {
      at,
      actor: partyOf(operator),
      action: 'roster.confirmed',
      agencyId: agency.id,
      detail: { day, staff },
    })
    return { day, staff }
  })
}

// for programs ------------------------------------------------------------------------------------------------------

/** A review as programs are given it; what the record says of a personal number stays out. */
export function reviewJson(row: ReviewRow) {
  const { numberHash: _, codes, ...record } = saidSide(row.said)
  const { id, kind, state, openedOn, againOn, leftOn, answeredAt, answeredBy, note, source, saidOn } = row
  return {
    id,
    kind,
    state,
    agency: row.agencyCode,
    openedOn,
    againOn,
    answers: state === 'open' || state === 'later' ? [...answersOf(kind)] : [],
    record: { ...record, agencies: codes, source, saidOn, missingSince: row.missingSince },
    person:
      row.personId === null ? null : { id: row.personId, name: row.personName, staffId: row.personStaffId },
    leftOn,
    answeredAt,
    answeredBy,
    note,
  }
}

export function holdingJson(row: HoldingRow) {
  const { personId, name, staffId, agencyCode, firstDay, lastDay, source, runId } = row
  return {
    person: personId,
    name,
    staffId,
    agency: agencyCode,
    since: firstDay,
    until: lastDay,
    source,
    run: runId,
  }
}
