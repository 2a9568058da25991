/** What the API of the subject answers, for the description of it and for writing it. */
import Type, { type TSchema } from 'typebox'
import { filters, places } from './stage.ts'
import { targetStatuses } from './target.ts'

/** A type or null as one schema: writing it needs no trial of one after the other. */
function orNull(type: 'string' | 'integer' | 'number' | 'boolean', description?: string): TSchema {
  return Type.Unsafe({ type: [type, 'null'], ...(description === undefined ? {} : { description }) })
}

const Day = Type.String({ description: 'A calendar day, `YYYY-MM-DD`.' })
const Text = Type.String()
const Count = orNull('integer')
const oneOf = (values: readonly string[]) => Type.Unsafe<string>({ type: 'string', enum: [...values] })
const oneOrNull = (values: readonly string[]) =>
  Type.Unsafe<string | null>({ type: ['string', 'null'], enum: [...values, null] })

const counts = {
  staff: Count,
  required: Count,
  issued: Count,
  activated: Count,
  used: Count,
  sending: Count,
  regular: Count,
}
const Rate = orNull('number', 'Share of those required, 0–1; null where it is not known.')
const Bounds = Type.Unsafe({
  type: 'array',
  items: { type: ['integer', 'null'] },
  minItems: 2,
  maxItems: 2,
  description: 'What is known, and that with all whom a missing log could hide.',
})

const TargetState = Type.Object({
  name: Text,
  indicator: Text,
  due: Day,
  value: Type.Number(),
  gap: orNull('integer', 'People missing; negative where there are more.'),
  status: oneOrNull(targetStatuses),
})

const Agency = Type.Object({
  code: Text,
  name: Text,
  level: Text,
  sector: orNull('string'),
  parent: orNull('string'),
  ...counts,
  rate: Type.Object({ issued: Rate, activated: Rate, used: Rate, sending: Rate, regular: Rate }),
  bounds: Type.Object({ used: Bounds, sending: Bounds, regular: Bounds }),
  completeness: Type.Number({ description: '0–1: how much of the logs of the 28 days was read.' }),
  targets: Type.Array(TargetState),
  own: Type.Object({ ...counts, concurrent: Count }),
  confirmedOn: orNull(
    'string',
    'The last day on which the agency, or one above it, confirmed its list; null: never.',
  ),
})

export const AdoptionAnswer = Type.Object({
  asOf: Day,
  partial: Type.Boolean({ description: 'The day has not ended yet.' }),
  definition: Text,
  agencies: Type.Array(Agency),
  anomalies: Type.Array(Type.Object({ person: Text, reason: Text })),
  anomaliesTotal: Type.Integer(),
})

const Sector = Type.Object({
  code: orNull('string', 'Code as configured in `roster.sectors`; null: agencies of none.'),
  name: orNull('string'),
  agencies: Type.Integer(),
  ...counts,
  rate: Type.Object({ issued: Rate, activated: Rate, used: Rate, sending: Rate, regular: Rate }),
  bounds: Type.Object({ used: Bounds, sending: Bounds, regular: Bounds }),
  completeness: Type.Number(),
})

export const SectorsAnswer = Type.Object({
  asOf: Day,
  partial: Type.Boolean(),
  definition: Text,
  sectors: Type.Array(Sector),
})

export const HistoryAnswer = Type.Object({
  agency: Text,
  asOf: Day,
  definition: Text,
  weeks: Type.Array(
    Type.Object({
      day: Day,
      staff: Type.Integer(),
      required: Type.Integer(),
      issued: Type.Integer(),
      activated: Type.Integer(),
      used: Type.Integer(),
      sending: Type.Integer(),
      regular: Type.Integer(),
      completeness: orNull('number', 'null: nothing was known of use.'),
    }),
  ),
})

export const PeopleAnswer = Type.Object({
  asOf: Day,
  counts: Type.Object({
    all: Type.Integer(),
    ...Object.fromEntries(filters.map(filter => [filter, Type.Integer()])),
  }),
  people: Type.Array(
    Type.Object({
      id: Type.Integer(),
      name: Text,
      staffId: orNull('string'),
      agency: orNull('string', 'Code of the agency the person is counted at.'),
      title: orNull('string'),
      address: orNull('string'),
      stage: oneOf(places),
      unsure: Type.Boolean({ description: 'Whether a missing log could hide use.' }),
      lastUse: orNull('string'),
    }),
  ),
  next: orNull('integer', 'What to give as `after` for the next page; null at the end.'),
})

const State = orNull('boolean', 'null: not known.')
const states = {
  staff: State,
  required: State,
  issued: State,
  activated: State,
  used: State,
  sending: State,
  regular: State,
}

export const ExplanationAnswer = Type.Object({
  asOf: Day,
  partial: Type.Boolean(),
  definition: Text,
  person: Type.Object({
    id: Text,
    name: Text,
    agency: orNull('string'),
    agencyName: orNull('string'),
    staffClass: orNull('string'),
  }),
  mailboxes: Type.Array(
    Type.Object({
      address: Text,
      kind: Text,
      state: orNull('string'),
      since: orNull('string'),
      aliases: Type.Array(Text),
    }),
  ),
  states: Type.Object({
    ...states,
    why: Type.Object(Object.fromEntries(Object.keys(states).map(name => [name, Text]))),
  }),
  evidence: Type.Array(Type.Object({ day: orNull('string'), kind: Text, source: Text, detail: Text })),
})

export const TargetsAnswer = Type.Object({
  asOf: Day,
  targets: Type.Array(
    Type.Object({
      name: Text,
      indicator: Text,
      value: Type.Number(),
      scope: Type.Object({ level: Type.Optional(Text), agency: Type.Optional(Text) }),
      from: Day,
      due: Day,
      kind: Text,
      standings: Type.Array(Type.Object({ status: oneOf(targetStatuses), agencies: Type.Integer() })),
    }),
  ),
})

/** The parameters, all optional. Their values are read and refused by the same code as those of the pages. */
export const parameters = {
  agency: Type.Optional(Type.String({ description: 'Code of an agency; that of the scope if left out.' })),
  asOf: Type.Optional(
    Type.String({ description: 'A day up to today; the last one that has ended if left out.' }),
  ),
  stage: Type.Optional(Type.String({ description: `One of ${filters.join(', ')}.` })),
  q: Type.Optional(Type.String({ description: 'A piece of a name, a staff id or an address.' })),
  after: Type.Optional(Type.String({ description: '`next` of the page before.' })),
} as const
