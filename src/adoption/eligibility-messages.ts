/** The rules of who must have a mailbox, as sentences. */
import type { EligibilityRule } from '../roster/eligibility.ts'
import { type Sector, sectorName } from '../roster/sector.ts'
import type { Locale } from './messages.ts'

export { sectorName }

type RuleWords = {
  conditions: Record<'staffClasses' | 'titles' | 'sectors' | 'agencies', (list: string) => string>
  decides: (required: boolean) => string
  document: (document: string) => string
}

const words: Record<Locale, RuleWords> = {
  vi: {
    conditions: {
      staffClasses: list => `nhóm: ${list}`,
      titles: list => `chức danh: ${list}`,
      sectors: list => `khối: ${list}`,
      agencies: list => `cơ quan: ${list} và các đơn vị trực thuộc`,
    },
    decides: required => (required ? 'thuộc diện cấp' : 'không thuộc diện cấp'),
    document: document => `Căn cứ: ${document}`,
  },
  en: {
    conditions: {
      staffClasses: list => `class: ${list}`,
      titles: list => `title: ${list}`,
      sectors: list => `sector: ${list}`,
      agencies: list => `agency: ${list} and all below`,
    },
    decides: required => (required ? 'must have a mailbox' : 'need not have a mailbox'),
    document: document => `By: ${document}`,
  },
}

/** Whom a rule speaks of and what it decides, without its document. */
export function ruleText(locale: Locale, rule: EligibilityRule, sectors: readonly Sector[]): string {
  const { conditions, decides } = words[locale]
  const parts = [
    rule.staffClasses && conditions.staffClasses(rule.staffClasses.join(', ')),
    rule.titles && conditions.titles(rule.titles.join(', ')),
    rule.sectors && conditions.sectors(rule.sectors.map(code => sectorName(code, sectors)).join(', ')),
    rule.agencies && conditions.agencies(rule.agencies.join(', ')),
  ].filter(part => part !== undefined)
  const [first = '', ...rest] = `${parts.join('; ')} – ${decides(rule.required)}`
  return first.toUpperCase() + rest.join('')
}

/** The same with the document that says so. */
export function ruleWithDocument(locale: Locale, rule: EligibilityRule, sectors: readonly Sector[]): string {
  return `${ruleText(locale, rule, sectors)}. ${words[locale].document(rule.document)}.`
}
