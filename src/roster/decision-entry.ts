/** A decision as it is typed, by form or command: read field by field, with what is wrong beside each. Pure. */
import { cleanText, type Day } from '../ids.ts'
import { type AbsenceKind, isPlausible, parseAbsenceKind, parseEnteredDay } from './absence.ts'
import { type AnnouncementKind, announcementKinds } from './decision.ts'
import type { DecisionWords } from './decision-messages.ts'

export const MOST_PEOPLE = 2000

/** The fields of the form that concern each kind, beside those of the decision itself. */
export const fieldsOfKind: Record<AnnouncementKind, readonly string[]> = {
  join: ['agency', 'staffClass', 'title', 'fullName', 'birthDay', 'staffId'],
  move: ['agency', 'staffClass', 'title', 'people', 'everybody'],
  concurrent: ['agency', 'until', 'staffClass', 'title', 'people', 'everybody'],
  leave: ['agency', 'people', 'everybody'],
  absence: ['absence', 'until', 'people', 'everybody'],
  return: ['agency', 'staffClass', 'title', 'people', 'everybody'],
}

export function parseKind(text: string): AnnouncementKind | null {
  return announcementKinds.find(each => each === text) ?? null
}

export type Entry = {
  number: string
  signed: Day
  issuer: string
  note: string
  kind: AnnouncementKind
  effective: Day
  until: Day | null
  agency: string
  staffClass: string | null
  title: string | null
  absence: AbsenceKind | null
  lines: string[]
  everybody: string
  fullName: string
  birthDay: Day | null
  staffId: string
}

type Values = Record<string, string>

/** The entry, and by field what is wrong with it; with a problem the entry is not to be used. */
export function readEntry(
  values: Values,
  today: Day,
  words: DecisionWords['problems'],
): { entry: Entry; problems: Values } {
  const problems: Values = {}
  const kind = parseKind(values.kind ?? '') ?? 'move'
  if (values.kind && parseKind(values.kind) === null) problems.kind = words.badChoice
  const asked = (field: string) => (fieldsOfKind[kind].includes(field) ? (values[field] ?? '') : '')
  const day = (field: string, text: string, plausible = true): Day | null => {
    if (text === '') return null
    const day = parseEnteredDay(text)
    if (day === null) problems[field] = words.badDay
    else if (plausible && !isPlausible(day, today)) problems[field] = words.farDay
    return day
  }
  const signed = day('signed', values.signed ?? '')
  if (signed !== null && signed > today) problems.signed = words.signedLater
  const effective = day('effective', values.effective ?? '')
  const birthDay = day('birthDay', asked('birthDay'), false)
  if (birthDay !== null && (birthDay >= today || birthDay < '1900-01-01')) problems.birthDay = words.bornLater
  const absence = parseAbsenceKind(asked('absence'))
  if (kind === 'absence' && absence === null) problems.absence = words.badKind
  const needs = kind === 'join' || kind === 'move' || kind === 'concurrent'
  if (needs && asked('agency') === '') problems.agency = words.needsAgency
  const lines = linesOf(asked('people'))
  if (lines.length > MOST_PEOPLE) problems.people = words.tooMany
  if (kind !== 'join' && lines.length === 0 && asked('everybody') === '') problems.people = words.noPeople
  const entry: Entry = {
    ...{ number: values.number ?? '', signed: signed ?? today, issuer: values.issuer ?? '' },
    ...{ note: values.note ?? '', kind, effective: effective ?? today, until: day('until', asked('until')) },
    ...{ agency: asked('agency'), absence, lines, everybody: asked('everybody'), birthDay },
    staffClass: asked('staffClass').toLowerCase() || null,
    title: asked('title') || null,
    fullName: asked('fullName'),
    staffId: asked('staffId'),
  }
  return { entry, problems }
}

/** Each line once, in its order. */
export function linesOf(text: string): string[] {
  return [...new Set(text.split('\n').map(cleanText).filter(Boolean))]
}

/** Our own number of a person, written `#12`; null for anything else. */
export function ownNumber(line: string): number | null {
  const digits = /^#([1-9]\d{0,14})$/.exec(line)?.[1]
  return digits === undefined ? null : Number(digits)
}
