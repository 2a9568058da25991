import t from 'tap'
import {
  type NamingRule,
  type Ordinals,
  parseQuota,
  parseRules,
  proposals,
  type Rule,
  rulesByAgency,
} from '../../src/mailbox/plan.ts'

function rulesOf(...rules: Partial<NamingRule>[]): Map<string, Rule> {
  const whole = { agency: '*', domain: 'tinh.test', pattern: '{given}{initials}', collision: [] }
  const parsed = parseRules(rules.map(rule => ({ ...whole, ...rule })))
  if ('error' in parsed) throw new Error(parsed.error)
  return parsed
}

function ruleOf(rule: Partial<NamingRule>): Rule {
  const found = rulesOf(rule).get('*')
  if (found === undefined) throw new Error('no rule')
  return found
}

/** The first proposals for a name, without their domain. */
function locals(rule: Rule, name: string, count: number, ordinals: Ordinals = new Map()): string[] {
  const owner = { name, agency: 'NV', staffId: 'CB-00417', domain: rule.domain }
  const found = proposals(owner, rule.naming, ordinals).take(count)
  return [...found].map(({ address }) => address.slice(0, address.indexOf('@')))
}

t.test('a rule that cannot be used is named with what is wrong', async t => {
  const base = { agency: 'YT', domain: 'tinh.test', collision: [] }
  t.match(parseRules([{ ...base, pattern: '{ten}' }]), {
    error: /the naming rule of YT: unknown variable \{ten\}/,
  })
  t.match(parseRules([{ ...base, pattern: '{given}', collision: ['{given}', 'x{n}'] }]), {
    error: /the naming rule of YT: "x\{n\}" holds nothing of the person/,
  })
})

t.test('the nearest rule at or above an agency counts, then the one for the whole', async t => {
  const tree = [
    { id: 1, code: 'H99', parent: null, sector: null },
    { id: 2, code: 'YT', parent: 1, sector: null },
    { id: 3, code: 'YT1', parent: 2, sector: null },
    { id: 4, code: 'YT11', parent: 3, sector: null },
    { id: 5, code: 'NV', parent: 1, sector: null },
  ]
  const cases: [Partial<NamingRule>[], (string | undefined)[]][] = [
    [[], [undefined, undefined, undefined, undefined, undefined]],
    [[{}], ['tinh.test', 'tinh.test', 'tinh.test', 'tinh.test', 'tinh.test']],
    [[{ agency: 'YT', domain: 'YT.test' }], [undefined, 'yt.test', 'yt.test', 'yt.test', undefined]],
    [
      [{}, { agency: 'YT', domain: 'yt.test' }, { agency: 'YT1', domain: 'yt1.test' }],
      ['tinh.test', 'yt.test', 'yt1.test', 'yt1.test', 'tinh.test'],
    ],
    [[{ agency: 'H99', domain: 'h.test' }], ['h.test', 'h.test', 'h.test', 'h.test', 'h.test']],
  ]
  for (const [rules, domains] of cases) {
    const found = rulesByAgency(tree, rulesOf(...rules))
    t.same(
      tree.map(({ id }) => found.get(id)?.domain),
      domains,
    )
  }
})

t.test('of the rules of one agency that of the sector goes first, never before a nearer agency', async t => {
  const tree = [
    { id: 1, code: 'H99', parent: null, sector: 'administration' },
    { id: 2, code: 'XA', parent: 1, sector: null },
    { id: 3, code: 'TH', parent: 2, sector: 'education' },
    { id: 4, code: 'TH1', parent: 3, sector: null },
    { id: 5, code: 'TYT', parent: 2, sector: 'health' },
  ]
  const edu = { sector: 'education', domain: 'edu.test' }
  const cases: [Partial<NamingRule>[], (string | undefined)[]][] = [
    [[edu], [undefined, undefined, 'edu.test', 'edu.test', undefined]],
    [
      [{}, edu],
      ['tinh.test', 'tinh.test', 'edu.test', 'edu.test', 'tinh.test'],
    ],
    [
      [edu, {}],
      ['tinh.test', 'tinh.test', 'edu.test', 'edu.test', 'tinh.test'],
    ],
    [
      [edu, { agency: 'XA', domain: 'xa.test' }],
      [undefined, 'xa.test', 'xa.test', 'xa.test', 'xa.test'],
    ],
    [
      [{}, { agency: 'XA', domain: 'xa.test' }, { agency: 'XA', ...edu }],
      ['tinh.test', 'xa.test', 'edu.test', 'edu.test', 'xa.test'],
    ],
    [
      [{}, { agency: 'TH', sector: 'health', domain: 'yt.test' }],
      ['tinh.test', 'tinh.test', 'tinh.test', 'tinh.test', 'tinh.test'],
    ],
  ]
  for (const [rules, domains] of cases) {
    const found = rulesByAgency(tree, rulesOf(...rules))
    t.same(
      tree.map(({ id }) => found.get(id)?.domain),
      domains,
    )
  }
})

t.test('a code is the same code however it was typed', async t => {
  const code = 'Sở Nội vụ'
  const rules = rulesOf({ agency: `  ${code.normalize('NFD')} ` })
  t.ok(rulesByAgency([{ id: 1, code: code.normalize('NFC'), parent: null, sector: null }], rules).get(1))
})

t.test('an agency whose parent is unknown, and a circle, end the search', async t => {
  const rules = rulesOf({ agency: 'YT' })
  t.notOk(rulesByAgency([{ id: 1, code: 'A', parent: 77, sector: null }], rules).has(1))
  const circle = [
    { id: 1, code: 'A', parent: 2, sector: null },
    { id: 2, code: 'B', parent: 1, sector: null },
  ]
  t.equal(rulesByAgency(circle, rules).size, 0)
})

t.test('patterns without an ordinal are tried first, then ordinals from 2', async t => {
  const rule = ruleOf({
    pattern: '{given}{initials}',
    collision: ['{given}{initials}{n}', '{full}', '{given}.{last3}'],
  })
  t.same(locals(rule, 'Nguyễn Văn An', 6), ['annv', 'nguyenvanan', 'an.417', 'annv2', 'annv3', 'annv4'])
})

t.test('an ordinal goes on where its series was left, each series for itself', async t => {
  const rule = ruleOf({ collision: ['{given}{initials}{n}'] })
  const ordinals: Ordinals = new Map()
  t.same(locals(rule, 'Nguyễn Văn An', 3, ordinals), ['annv', 'annv2', 'annv3'])
  t.same(locals(rule, 'Nguyen Vân Ấn', 3, ordinals), ['annv', 'annv4', 'annv5'])
  t.same(locals(rule, 'Lê Thị An', 3, ordinals), ['anlt', 'anlt2', 'anlt3'])
  t.equal(ordinals.size, 2)
})

t.test('a name that yields nothing has no proposal, and a list without ordinals ends', async t => {
  t.same(locals(ruleOf({ collision: ['{given}{n}'] }), '李明', 5), [])
  t.same(locals(ruleOf({ collision: ['{full}'] }), 'Lê An', 5), ['anl', 'lean'])
})

t.test('a quota is read in powers of 1024', async t => {
  const cases: [string, number][] = [
    ['0', 0],
    ['2 GB', 2_147_483_648],
    ['2GB', 2_147_483_648],
    ['500 MB', 524_288_000],
    ['1.5 KB', 1_536],
    ['1 TB', 1_099_511_627_776],
  ]
  for (const [text, bytes] of cases) t.equal(parseQuota(text), bytes, text)
})
