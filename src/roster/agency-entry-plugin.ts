/** What was typed into a form or a command, as a change of an agency; and its way into the record. */
import { type Action, localOperator, may, type Operator } from '../access/access.ts'
import { appendAudit, partyOf } from '../access/audit-store.ts'
import type { CommandContext } from '../command.ts'
import { agencyLevels } from '../config.ts'
import { AppError, unreachable } from '../error.ts'
import { type Day, parseAgencyCode } from '../ids.ts'
import { type AgencyChange, type ChangeOutcome, type ChangeProblem, parseChangeDay } from './agency-change.ts'
import { doWaiting, dueChanges, enterChange, withdrawChange } from './agency-change-store.ts'
import { todayOf } from './agency-scope-plugin.ts'
import { type AgencyOn, agencyNow, lastPath } from './agency-store.ts'
import type { AgencyFacts, Wanted } from './agency-time.ts'
import { parseSector } from './sector.ts'

/** Who enters it, and when. */
export type Doer = { context: CommandContext; operator: Operator }

/** Fields as typed; those left out of a change stay. */
export type Typed = Partial<Record<'code' | 'name' | 'parent' | 'level' | 'sector', string>>
export type EntryProblem = 'badCode' | 'badLevel' | 'badSector' | 'badParent'
export type Read<Value> =
  | { ok: true; value: Value }
  | { ok: false; field: keyof Typed; problem: EntryProblem }

/** The fields that were typed, or the first that cannot be. */
export async function readTyped(doer: Doer, typed: Typed): Promise<Read<Wanted>> {
  const { sectors } = doer.context.config.roster
  const value: Wanted = {}
  if (typed.name !== undefined) value.name = typed.name
  if (typed.code !== undefined) {
    const code = parseAgencyCode(typed.code)
    if (code === null) return { ok: false, field: 'code', problem: 'badCode' }
    value.code = code
  }
  if (typed.level !== undefined) {
    if (!agencyLevels.some(each => each === typed.level))
      return { ok: false, field: 'level', problem: 'badLevel' }
    value.level = typed.level
  }
  if (typed.sector !== undefined) {
    const sector = typed.sector === '' ? null : parseSector(typed.sector, sectors)
    if (sector === null && typed.sector !== '') return { ok: false, field: 'sector', problem: 'badSector' }
    value.sector = sector
  }
  if (typed.parent !== undefined) {
    const parent = await manageable(doer, typed.parent)
    if (parent === null) return { ok: false, field: 'parent', problem: 'badParent' }
    value.parentId = parent.id
  }
  return { ok: true, value }
}

/** The open agency of a code that the operator may change; null: none, as for one outside the scope. */
export function manageable(doer: Doer, code: string): Promise<AgencyOn | null> {
  return reachable(doer, code, 'agencies.manage')
}

async function reachable(
  { context, operator }: Doer,
  text: string,
  action: Action,
): Promise<AgencyOn | null> {
  const { db } = context.database
  const code = parseAgencyCode(text)
  const agency = code === null ? null : await agencyNow(db, code)
  if (agency === null) return null
  return may(operator, action, await lastPath(db, agency.id)) ? agency : null
}

/** All that an agency is opened with. */
export function factsOf(wanted: Wanted): AgencyFacts | null {
  const { code, name, level, sector = null, parentId } = wanted
  if (code === undefined || name === undefined || level === undefined || parentId === undefined) return null
  return { code, name, level, sector, parentId }
}

export type Decision = { number: string; day: Day } | null

/** A decision is named by its number and its day together; `null`: one of them is missing or no day. */
export function decisionFrom(number: string, day: string): { decision: Decision } | null {
  if (number === '' && day === '') return { decision: null }
  const decided = parseChangeDay(day)
  return number === '' || decided === null ? null : { decision: { number, day: decided } }
}

const actionOf = {
  open: 'agency.opened',
  change: 'agency.changed',
  close: 'agency.closed',
} as const satisfies Record<AgencyChange['kind'], string>

/** Enters a change as an operator, with its entry in the audit. */
export function enterAs(
  { context, operator }: Doer,
  change: AgencyChange,
  { day, decision }: { day: Day; decision: Decision },
): Promise<ChangeOutcome> {
  const at = context.now()
  return enterChange(context.database.db, change, {
    day,
    today: todayOf(context),
    decision,
    at,
    by: operator.name,
    record: (trx, outcome) =>
      appendAudit(trx, {
        at,
        actor: partyOf(operator),
        action: outcome.kind === 'waiting' ? 'agency.scheduled' : actionOf[change.kind],
        agencyId: outcome.agencyId,
        detail: {
          change: outcome.change,
          kind: change.kind,
          day,
          fields: change.kind === 'change' ? Object.keys(change.wanted).join(',') : null,
          decision: decision !== null,
        },
      }),
  })
}

/** Takes back a change that still waits. Whether there was one. */
export function withdrawAs({ context, operator }: Doer, id: number): Promise<boolean> {
  const at = context.now()
  return withdrawChange(context.database.db, id, {
    at,
    record: trx =>
      appendAudit(trx, { at, actor: partyOf(operator), action: 'agency.withdrawn', detail: { change: id } }),
  })
}

export type DueResult = { done: number; stuck: { change: number; reason: ChangeProblem['kind'] }[] }

/**
 * Does the changes whose day has come, by the command line or a night. A night opens and changes agencies before it
 * reads the roster, whose people may serve in them, and closes them after it, when they have left.
 */
export async function doDueChanges(
  context: CommandContext,
  kinds: readonly AgencyChange['kind'][],
): Promise<DueResult> {
  let done = 0
  for (;;) {
    const pass = await duePass(context, kinds)
    done += pass.done
    // one may have made way for another: the code of a closed agency, the last one below another
    if (pass.done === 0 || pass.stuck.length === 0) return { done, stuck: pass.stuck }
  }
}

async function duePass(context: CommandContext, kinds: readonly AgencyChange['kind'][]): Promise<DueResult> {
  const { db } = context.database
  const today = todayOf(context)
  const result: DueResult = { done: 0, stuck: [] }
  for (const { id, kind, day } of await dueChanges(db, today, kinds)) {
    const at = context.now()
    const outcome = await doWaiting(db, id, {
      today,
      at,
      record: (trx, done) =>
        appendAudit(trx, {
          at,
          actor: partyOf(localOperator),
          action: actionOf[kind],
          agencyId: done.agencyId,
          detail: { change: id, kind, day, waited: true },
        }),
    })
    if (outcome?.kind === 'refused') result.stuck.push({ change: id, reason: outcome.problem.kind })
    else if (outcome !== null) result.done++
  }
  return result
}

/** The field a refusal belongs to; null: the whole of it. */
export function fieldOf(problem: ChangeProblem): 'code' | 'parent' | 'day' | null {
  switch (problem.kind) {
    case 'codeTaken':
      return 'code'
    case 'parentGone':
    case 'circle':
      return 'parent'
    case 'tooEarly':
      return 'day'
    case 'closed':
    case 'nothing':
    case 'root':
    case 'inUse':
      return null
    default:
      return unreachable(problem)
  }
}

/** The agency. Throws `not_found` with the text given, the same for one of others as for none at all. */
export async function requireManageable(
  doer: Doer,
  code: string,
  text = 'there is nothing at this address',
): Promise<AgencyOn> {
  const agency = await manageable(doer, code)
  if (agency === null) throw new AppError('not_found', text)
  return agency
}
