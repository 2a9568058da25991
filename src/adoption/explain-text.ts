/** An explanation as a person at a terminal reads it. */
import { daysBetween, parseDay } from '../ids.ts'
import type { EvidenceKind, Explanation } from './evidence.ts'
import type { Locale } from './messages.ts'

const words = {
  vi: {
    asOf: 'Tính đến hết ngày',
    mailboxes: 'Hộp thư',
    none: 'chưa có',
    facts: 'Căn cứ',
    yes: '✓',
    no: '✗',
    unknown: '?',
    staff: 'đang công tác',
    required: 'thuộc diện cấp',
    issued: 'đã được cấp',
    activated: 'đã kích hoạt',
    used: 'có sử dụng',
    sending: 'có gửi thư',
    regular: 'sử dụng thường xuyên',
  },
  en: {
    asOf: 'Up to',
    mailboxes: 'Mailboxes',
    none: 'none',
    facts: 'Evidence',
    yes: '✓',
    no: '✗',
    unknown: '?',
    staff: 'in service',
    required: 'must have a mailbox',
    issued: 'has one',
    activated: 'activated it',
    used: 'uses it',
    sending: 'sends',
    regular: 'uses it regularly',
  },
} as const

const stages = ['staff', 'required', 'issued', 'activated', 'used', 'sending', 'regular'] as const

export function explanationText(
  { asOf, person, mailboxes, states, evidence }: Explanation,
  locale: Locale,
): string {
  const say = words[locale]
  const mark = (state: boolean | null) => (state === null ? say.unknown : state ? say.yes : say.no)
  const lines = [
    `${person.name} (${person.id})${person.agencyName === null ? '' : ` · ${person.agencyName}`}`,
    `${say.asOf} ${asOf}`,
    `${say.mailboxes}: ${mailboxes.map(each => [each.address, ...each.aliases].join(' = ')).join(', ') || say.none}`,
    '',
    ...stages.map(stage => `  ${mark(states[stage])} ${say[stage]}: ${states.why[stage]}`),
    '',
    `${say.facts}:`,
    ...evidenceSpans(evidence).map(
      span => `  ${daysOf(span)}  ${span.detail}${span.sources ? `  [${span.sources}]` : ''}`,
    ),
  ]
  return `${lines.join('\n')}\n`
}

function daysOf({ first, last }: EvidenceSpan): string {
  return first === last ? first.padEnd(10) : `${first} – ${last}`
}

/** One or more days in a row of which the same is said; '' for days before records. */
export type EvidenceSpan = {
  first: string
  last: string
  kind: EvidenceKind
  sources: string
  detail: string
}

/** Evidence in order; the same said of days in a row without a gap, as of missing logs, becomes one span. */
export function evidenceSpans(evidence: Explanation['evidence']): EvidenceSpan[] {
  const found: { first: string; last: string; kind: EvidenceKind; sources: Set<string>; detail: string }[] =
    []
  for (const { day, kind, source, detail } of evidence) {
    const before = found.at(-1)
    if (before && before.detail === detail && follows(before.last, day)) {
      before.last = day
      before.sources.add(source ?? '')
    } else found.push({ first: day ?? '', last: day ?? '', kind, sources: new Set([source ?? '']), detail })
  }
  return found.map(({ sources, ...span }) => ({ ...span, sources: [...sources].filter(Boolean).join(', ') }))
}

function follows(last: string, day: string | null): day is string {
  const [from, to] = [parseDay(last), parseDay(day ?? '')]
  return from !== null && to !== null && daysBetween(from, to) <= 1
}
