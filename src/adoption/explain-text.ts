/** An explanation as a person at a terminal reads it. */
import type { Explanation } from './evidence.ts'
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
    ...spans(evidence).map(
      ({ days, sources, detail }) => `  ${days}  ${detail}${sources ? `  [${sources}]` : ''}`,
    ),
  ]
  return `${lines.join('\n')}\n`
}

type Span = { days: string; sources: string; detail: string }

/** Evidence in order; the same said of days in a row, as of missing logs, becomes one line. */
function spans(evidence: Explanation['evidence']): Span[] {
  const found: { first: string; last: string; sources: Set<string>; detail: string }[] = []
  for (const { day, source, detail } of evidence) {
    const before = found.at(-1)
    if (before && before.detail === detail && day !== null && before.first !== '') {
      before.last = day
      before.sources.add(source ?? '')
    } else found.push({ first: day ?? '', last: day ?? '', sources: new Set([source ?? '']), detail })
  }
  return found.map(({ first, last, sources, detail }) => ({
    days: first === last ? first.padEnd(10) : `${first} – ${last}`,
    sources: [...sources].filter(Boolean).join(', '),
    detail,
  }))
}
