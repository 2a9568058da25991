/** What no rule settles: what may be answered to it, and how the two who may be one are laid side by side. */
import { type Day, parseDay } from '../ids.ts'
import { foldText } from './name.ts'

export const reviewKinds = [
  'sameName',
  'sameStaffId',
  'recreated',
  'duplicate',
  'reusedKey',
  'swappedName',
  'missing',
] as const
export type ReviewKind = (typeof reviewKinds)[number]

export const reviewStates = ['open', 'later', 'same', 'different', 'stays', 'left', 'settled'] as const
export type ReviewState = (typeof reviewStates)[number]

export const answers = ['same', 'different', 'stays', 'left', 'later'] as const
export type AnswerKind = (typeof answers)[number]

/** Days after which what was put off is asked again. */
export const LATER_DAYS = 14

/** What may be answered: of somebody missing whether they left, of all others whether two are one. */
export function answersOf(kind: ReviewKind): readonly AnswerKind[] {
  return kind === 'missing' ? ['stays', 'left', 'later'] : ['same', 'different', 'later']
}

export function isWaiting(state: ReviewState): boolean {
  return state === 'open' || state === 'later'
}

export type Decision = { number: string; day: Day }
export type ReviewAnswer =
  | { kind: 'same' | 'different' | 'stays' | 'later' }
  | { kind: 'left'; day: Day; decision: Decision | null }

export type AnswerFields = { answer: string; day: string; decision: string; decisionDay: string }
export type AnswerProblem = 'missing' | 'notOfThis' | 'noDay' | 'badDay' | 'future'

/** An answer from what was typed, or what is wrong with which field. The last day of service is not in the future. */
export function readAnswer(
  fields: AnswerFields,
  allowed: readonly AnswerKind[],
  today: Day,
): ReviewAnswer | Partial<Record<keyof AnswerFields, AnswerProblem>> {
  const kind = answers.find(each => each === fields.answer)
  if (kind === undefined) return { answer: fields.answer === '' ? 'missing' : 'notOfThis' }
  if (!allowed.includes(kind)) return { answer: 'notOfThis' }
  if (kind !== 'left') return { kind }
  const day = parseDay(fields.day)
  if (day === null) return { day: fields.day === '' ? 'noDay' : 'badDay' }
  if (day > today) return { day: 'future' }
  if (fields.decision === '') return { kind, day, decision: null }
  const decided = fields.decisionDay === '' ? day : parseDay(fields.decisionDay)
  if (decided === null) return { decisionDay: 'badDay' }
  return { kind, day, decision: { number: fields.decision, day: decided } }
}

export function isAnswer(read: ReturnType<typeof readAnswer>): read is ReviewAnswer {
  return 'kind' in read
}

// side by side ------------------------------------------------------------------------------------------------------

export const sideFields = [
  'name',
  'birthDay',
  'numberTail',
  'staffId',
  'agency',
  'title',
  'staffClass',
  'address',
  'phone',
] as const
export type SideField = (typeof sideFields)[number]
export type Side = Record<SideField, string | null>

/** `alone`: only one side says it, which speaks neither for nor against. */
export type Likeness = 'same' | 'differs' | 'alone' | 'none'

/** How each field of the two compares: names and texts by their folded form, numbers by their digits. */
export function likenesses(record: Side, person: Side): Record<SideField, Likeness> {
  const all = sideFields.map(field => [field, likeness(field, record[field], person[field])] as const)
  return Object.fromEntries(all) as Record<SideField, Likeness>
}

function likeness(field: SideField, a: string | null, b: string | null): Likeness {
  if (a === null && b === null) return 'none'
  if (a === null || b === null) return 'alone'
  const settled = (text: string) => (field === 'phone' ? text.replace(/\D/g, '') : foldText(text))
  return settled(a) === settled(b) ? 'same' : 'differs'
}

export type SaidSide = Omit<Side, 'agency'> & { numberHash: string | null; codes: string[] }

/** What a record says, from the text kept of it; what it does not say is null. */
export function saidSide(said: string): SaidSide {
  const known = objectOf(said)
  const text = (name: string) => {
    const value = known[name]
    return typeof value === 'string' && value !== '' ? value : null
  }
  return {
    name: text('fullName'),
    birthDay: text('birthDay'),
    numberTail: text('numberTail'),
    numberHash: text('numberHash'),
    staffId: text('staffId'),
    title: text('title'),
    staffClass: text('staffClass'),
    address: text('address'),
    phone: text('phone'),
    codes: codesOf(known.posts),
  }
}

function objectOf(text: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(text)
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}

function codesOf(posts: unknown): string[] {
  if (!Array.isArray(posts)) return []
  return posts.flatMap((post: unknown) =>
    Array.isArray(post) && typeof post[0] === 'string' ? [post[0]] : [],
  )
}
