import t, { type Test } from 'tap'
import type { AgencyFigures } from '../../src/adoption/adoption.ts'
import { sectorWorkingDays, workingDays } from '../../src/adoption/calendar.ts'
import type { Coverage } from '../../src/adoption/coverage.ts'
import { explain } from '../../src/adoption/explain.ts'
import { adoptionReport, computeFigures, keepFigures } from '../../src/adoption/report.ts'
import type { Database } from '../../src/database/database.ts'
import { type Day, parseDay } from '../../src/ids.ts'
import { applicants } from '../../src/mailbox/plan-store.ts'
import type { EligibilityRule } from '../../src/roster/eligibility.ts'
import { loadEligibility } from '../../src/roster/eligibility-store.ts'
import { stores } from '../support/database.ts'
import { type Line, type Recounted, type RecountRule, recount, type Settings } from './recount.ts'
import { chance, insertWorld, inventWorld, shift, type World } from './world.ts'

const FIRST = '2020-01-06'
const DAYS = 70
const CLASSES = ['Cán bộ', 'Công chức', 'VIÊN CHỨC'.normalize('NFD')]
const LOWER_CLASSES = ['cán bộ', 'công chức', 'viên chức']
/** Working days lost in the time of the test, by hand: Tết 24–28 January, Hùng Kings 2 April. */
const HOLIDAYS = [
  '2020-01-01',
  '2020-01-24',
  '2020-01-25',
  '2020-01-26',
  '2020-01-27',
  '2020-01-28',
  '2020-04-02',
]
const CALENDAR = { holidays: ['2020-01-29', '2020-02-19'], workdays: ['2020-02-08', '2020-01-28'] }

function isWorkingDay(day: string): boolean {
  if (CALENDAR.workdays.includes(day)) return true
  const weekday = new Date(`${day}T00:00:00Z`).getUTCDay()
  return weekday > 0 && weekday < 6 && !HOLIDAYS.includes(day) && !CALENDAR.holidays.includes(day)
}

const SECTORS = [{ code: 'education', name: 'Giáo dục' }]

type Case = { name: string; coverage: Coverage; logs: Settings['logs'] }
const base = {
  timeZone: 'Asia/Ho_Chi_Minh',
  naming: [{ agency: '*', domain: 'tinh.example.vn' }],
  platform: 'mail',
}
const named = (name: string, covers: (codes: string[]) => boolean = () => true) => ({ name, covers })

/** The two schools of the world and what lies below, none of which has another sector. */
function inEducation(codes: string[]): boolean {
  return codes.includes('H99.02') || codes.includes('H99.09')
}

const cases: Case[] = [
  {
    name: 'one complete log',
    coverage: { ...base, sources: [{ name: 'mail-01' }] },
    logs: [named('mail-01')],
  },
  {
    name: 'two logs, one with gaps',
    coverage: { ...base, sources: [{ name: 'mail-01' }, { name: 'mail-02', covers: {} }] },
    logs: [named('mail-01'), named('mail-02')],
  },
  {
    name: 'a log that was never seen',
    coverage: {
      ...base,
      sources: [{ name: 'mail-01' }, { name: 'mail-99', covers: { agencies: ['H99.02'] } }],
    },
    logs: [named('mail-01'), named('mail-99', codes => codes.includes('H99.02'))],
  },
  {
    name: 'logs by agency and by domain',
    coverage: {
      ...base,
      naming: [...base.naming, { agency: 'H99.03', domain: 'So3.example.vn' }],
      sources: [
        { name: 'mail-01', covers: { agencies: ['H99.01', 'H99.04'] } },
        { name: 'mail-02', covers: { domains: ['so3.EXAMPLE.vn'] } },
      ],
    },
    logs: [
      named('mail-01', codes => codes.includes('H99.01') || codes.includes('H99.04')),
      named('mail-02', codes => codes.includes('H99.03')),
    ],
  },
  {
    name: 'logs by the domain of a sector',
    coverage: {
      ...base,
      naming: [...base.naming, { agency: '*', sector: 'education', domain: 'edu.example.vn' }],
      sources: [
        { name: 'mail-01', covers: { domains: ['tinh.example.vn'] } },
        { name: 'mail-02', covers: { domains: ['edu.example.vn'] } },
      ],
    },
    logs: [named('mail-01', codes => !inEducation(codes)), named('mail-02', codes => inEducation(codes))],
  },
  {
    name: 'logs by platform',
    coverage: {
      ...base,
      sources: [
        { name: 'mail-01', covers: { platforms: ['mail'] } },
        { name: 'mail-02', covers: { platforms: ['other'] } },
      ],
    },
    logs: [named('mail-01'), named('mail-02', () => false)],
  },
  {
    name: 'nothing configured: what was ingested counts',
    coverage: { ...base, sources: [] },
    logs: [named('mail-01'), named('mail-02'), named('by-hand')],
  },
]

function dayOf(text: string): Day {
  const day = parseDay(text)
  if (!day) throw new Error(`${text} is no day`)
  return day
}

function requestOf(day: string, coverage: Coverage, regularNeedsSend: boolean) {
  const policy = { staffClasses: CLASSES, eligibility: [], sectors: SECTORS, regularNeedsSend, targets: [] }
  return { day: dayOf(day), partial: false, policy, calendar: workingDays(CALENDAR), coverage }
}

function settingsOf(day: string, logs: Settings['logs'], needsSend: boolean): Settings {
  return { day, classes: LOWER_CLASSES, needsSend, isWorkingDay, logs }
}

const lineNames = ['staff', 'required', 'issued', 'activated', 'used', 'sending', 'regular'] as const

function lineOf(counts: AgencyFigures | AgencyFigures['own'], bounds: AgencyFigures['bounds']) {
  return {
    ...Object.fromEntries(lineNames.map(name => [name, counts[name]])),
    usedHigh: bounds.used[1],
    sendingHigh: bounds.sending[1],
    regularHigh: bounds.regular[1],
    lows: [bounds.used[0], bounds.sending[0], bounds.regular[0]],
  }
}

function expectedLine({ concurrent: _, ...line }: Line & { concurrent?: number }) {
  return { ...line, lows: [line.used, line.sending, line.regular] }
}

function compare(
  t: Test,
  figures: readonly AgencyFigures[],
  expected: ReadonlyMap<string, Recounted>,
  about: string,
) {
  t.equal(figures.length, expected.size, `${about}: as many agencies`)
  for (const agency of figures) {
    const line = expected.get(agency.code)
    if (!line) {
      t.fail(`${about}: ${agency.code} is not in force`)
      continue
    }
    const actual = {
      parent: agency.parent,
      own: lineOf(agency.own, agency.ownBounds),
      concurrent: agency.own.concurrent,
      total: lineOf(agency, agency.bounds),
      completeness: Math.abs(agency.completeness - line.completeness) < 0.0001,
      rates: agency.rate,
    }
    const known = line.completeness > 0
    const rate = (count: number, ok: boolean) =>
      line.total.required === 0 || !ok ? null : near(count, line.total.required)
    const wanted = {
      parent: line.parent,
      own: expectedLine(line.own),
      concurrent: line.own.concurrent,
      total: expectedLine(line.total),
      completeness: true,
      rates: {
        issued: rate(line.total.issued, true),
        activated: rate(line.total.activated, line.begun),
        used: rate(line.total.used, known),
        sending: rate(line.total.sending, known),
        regular: rate(line.total.regular, known && line.regularAsked),
      },
    }
    if (JSON.stringify(sorted(actual)) !== JSON.stringify(sorted(wanted)))
      t.same(actual, wanted, `${about}: ${agency.code}`)
  }
}

function near(part: number, whole: number): number {
  return Math.min(
    part < whole ? 0.9999 : 1,
    Math.max(part > 0 ? 0.0001 : 0, Number((part / whole).toFixed(4))),
  )
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, sorted(each)]),
  )
}

const databases = stores()

function eachDatabase(name: string, body: (t: Test, open: () => Promise<Database>) => Promise<void>): void {
  for (const store of databases) {
    t.test(`${name}, on ${store.name}`, { skip: store.skip, timeout: 180_000 }, inner =>
      body(inner, store.open),
    )
  }
}

/** Counted once for all databases. */
const recounted = new Map<string, ReadonlyMap<string, Recounted>>()

function expectedOf(
  key: string,
  count: () => ReadonlyMap<string, Recounted>,
): ReadonlyMap<string, Recounted> {
  const expected = recounted.get(key) ?? count()
  recounted.set(key, expected)
  return expected
}

const size = { people: 160, firstDay: FIRST, days: DAYS, history: 40 }

async function withWorld(database: Database, seed: number): Promise<World> {
  const world = inventWorld(seed, size)
  await insertWorld(database.db, world)
  return world
}

eachDatabase('the figures are those of an independent recount', async (t, open) => {
  let compared = 0
  for (const seed of [1, 2, 3]) {
    const database = await open()
    const world = await withWorld(database, seed)
    const random = chance(seed + 100)
    for (let round = 0; round < 12; round++) {
      const day = shift(FIRST, 4 + Math.floor(random() * (DAYS + 10)))
      const chosen = cases[round % cases.length]
      if (!chosen) continue
      const needsSend = round >= cases.length
      const figures = await computeFigures(database.db, requestOf(day, chosen.coverage, needsSend))
      const expected = expectedOf(`${seed} ${round}`, () =>
        recount(world, settingsOf(day, chosen.logs, needsSend)),
      )
      compare(t, figures, expected, `seed ${seed}, ${day}, ${chosen.name}`)
      compared += figures.length
    }
    await database.close()
  }
  t.ok(compared > 400, `${compared} agencies compared`)
})

/** Rules of one to three conditions, in number none to four; spelled as an office would. */
function inventRules(random: () => number): (RecountRule & { document: string })[] {
  const pick = <T>(list: readonly T[]): T[] => list.filter(() => random() < 0.4)
  const some = <T>(list: readonly T[]) => {
    const picked = pick(list)
    return random() < 0.5 && picked.length > 0 ? picked : undefined
  }
  return Array.from({ length: 1 + Math.floor(random() * 4) }, (_, i) => {
    const rule = {
      staffClasses: some(['Công chức', 'viên chức', 'Người lao động']),
      titles: some([
        'hiệu trưởng*',
        '*HIEU TRUONG',
        'Kế toán',
        '*tr*ng*',
        'giáo viên',
        'Đội trưởng 1 (*)',
        '*',
      ]),
      sectors: some(['education', 'health', 'party', 'administration']),
      agencies: some(['H99.01', 'H99.02', 'H99.21', 'H99.20', 'H99.03.02', 'H99', 'H99.77']),
    }
    const conditions = Object.entries(rule).filter(([, list]) => list !== undefined)
    const kept = conditions.length > 0 ? Object.fromEntries(conditions) : { sectors: ['education'] }
    return { ...kept, required: random() < 0.5, document: `Quyết định ${i + 1}/QĐ-UBND` }
  })
}

const SUMMER = { from: '2020-01-20', to: '2020-03-01' }
const SECTOR_CALENDARS = {
  education: { holidays: [], ranges: [SUMMER], workdays: ['2020-02-01'] },
  health: { holidays: ['2020-02-03', '2020-02-04', '2020-02-05'], ranges: [], workdays: ['2020-02-02'] },
}
const sectorDays = {
  education: (day: string) =>
    day === '2020-02-01' || (isWorkingDay(day) && !(day >= SUMMER.from && day <= SUMMER.to)),
  health: (day: string) =>
    day === '2020-02-02' || (isWorkingDay(day) && !['2020-02-03', '2020-02-04', '2020-02-05'].includes(day)),
}

const chosenCase = cases.find(each => each.name === 'two logs, one with gaps') ?? never()

function never(): never {
  throw new Error('no case')
}

function ruledRequest(day: string, rules: (RecountRule & { document: string })[], needsSend: boolean) {
  const request = requestOf(day, chosenCase.coverage, needsSend)
  const sectorCalendars = sectorWorkingDays(request.calendar, SECTOR_CALENDARS)
  return { ...request, policy: { ...request.policy, eligibility: rules }, sectorCalendars }
}

eachDatabase(
  'with rules and calendars of sectors the figures and the plan are those of a recount',
  async (t, open) => {
    let ruled = 0
    let summers = 0
    for (const seed of [11, 12]) {
      const database = await open()
      const world = await withWorld(database, seed)
      const random = chance(seed + 200)
      for (let round = 0; round < 12; round++) {
        const day = shift(FIRST, 4 + Math.floor(random() * (DAYS + 10)))
        const rules = inventRules(random)
        const about = `seed ${seed}, ${day}, ${JSON.stringify(rules)}`
        const request = ruledRequest(day, rules, round % 2 === 0)
        const figures = await computeFigures(database.db, request)
        const plain = settingsOf(day, chosenCase.logs, round % 2 === 0)
        const expected = expectedOf(`${seed} ruled ${round}`, () =>
          recount(world, { ...plain, rules, sectorDays }),
        )
        compare(t, figures, expected, about)
        const required = [...expected.values()].flatMap(each => each.people)
        t.same(await applying(database, day, rules), withoutMailbox(world, required), about)
        const byClass = expectedOf(`${seed} plain ${round}`, () => recount(world, plain))
        if ([...byClass].some(([code, line]) => line.own.required !== expected.get(code)?.own.required))
          ruled++
        if ([...expected.values()].some(line => line.own.required > 0 && !line.regularAsked)) summers++
      }
      await database.close()
    }
    t.ok(ruled > 12, `rules changed who is required in ${ruled} rounds`)
    t.ok(summers > 3, `a sector had no working week in ${summers} rounds`)
  },
)

/** Whom the plan of mailboxes finds without one that day. */
async function applying({ db }: Database, day: string, rules: readonly EligibilityRule[]): Promise<number[]> {
  const eligibility = await loadEligibility(db, dayOf(day), { staffClasses: CLASSES, eligibility: rules })
  const scope = { plan: 0, platform: 'mail', day: dayOf(day), agencies: null }
  const found: number[] = []
  for (let after: number | null = 0; after !== null; ) {
    const page: Awaited<ReturnType<typeof applicants>> = await applicants(db, scope, eligibility, after)
    found.push(...page.people.map(each => each.id))
    after = page.last
  }
  return found
}

function withoutMailbox(world: World, people: readonly number[]): number[] {
  const holds = new Set(
    world.mailboxes
      .filter(each => each.kind === 'personal')
      .flatMap(each =>
        each.holders.filter(holder => holder.last === 'infinity').map(holder => holder.person),
      ),
  )
  return people.filter(id => !holds.has(id)).sort((a, b) => a - b)
}

eachDatabase('who counts and who does not is explained by the rule that decides', async (t, open) => {
  const database = await open()
  await withWorld(database, 13)
  const rules = [
    { titles: ['*hiệu trưởng*'], sectors: ['education'], required: true, document: 'Quyết định 1/QĐ-UBND' },
    { staffClasses: ['viên chức'], agencies: ['H99.02'], required: false, document: 'Công văn 2/SNV' },
  ]
  const request = ruledRequest('2020-02-04', rules, false)
  const seen = { in: 0, out: 0, plain: 0 }
  for (let id = 1; id <= 60; id++) {
    const { states, evidence } = await explain(database.db, { ...request, who: `#${id}`, locale: 'vi' })
    const [fact, ...more] = evidence.filter(each => each.kind === 'eligibility')
    t.equal(more.length, 0)
    if (!fact) {
      seen.plain++
      continue
    }
    const first = fact.source === 'Quyết định 1/QĐ-UBND'
    t.equal(fact.day, '2020-02-04')
    t.equal(
      fact.detail,
      first
        ? 'Quy định 1. Chức danh: *hiệu trưởng*; khối: Giáo dục – thuộc diện cấp'
        : 'Quy định 2. Nhóm: viên chức; cơ quan: H99.02 và các đơn vị trực thuộc – không thuộc diện cấp',
    )
    if (!first) {
      t.equal(states.required, false)
      t.equal(states.why.required, 'Không thuộc diện cấp theo Công văn 2/SNV')
      seen.out++
    } else if (states.required) {
      t.equal(states.why.required, 'Thuộc diện cấp theo Quyết định 1/QĐ-UBND')
      seen.in++
    } else t.match(states.why.required, /^Vắng mặt dài ngày/)
  }
  t.ok(seen.in > 1 && seen.out > 1 && seen.plain > 20, JSON.stringify(seen))
  await database.close()
})

eachDatabase('explaining each person adds up to the figures', async (t, open) => {
  const database = await open()
  const world = await withWorld(database, 4)
  const chosen = cases[1]
  if (!chosen) throw new Error('no case')
  const request = requestOf('2020-02-04', chosen.coverage, false)
  const figures = await computeFigures(database.db, request)
  const sums = new Map<string, Record<string, number>>()
  for (const { id } of world.people) {
    const { person, states } = await explain(database.db, { ...request, who: `#${id}`, locale: 'vi' })
    const sum = sums.get(person.agency ?? '') ?? { usedHigh: 0, sendingHigh: 0, regularHigh: 0 }
    sums.set(person.agency ?? '', sum)
    for (const name of lineNames) sum[name] = (sum[name] ?? 0) + (states[name] === true ? 1 : 0)
    for (const name of ['used', 'sending', 'regular'] as const)
      sum[`${name}High`] = (sum[`${name}High`] ?? 0) + (states[name] === false ? 0 : 1)
    t.ok(Object.values(states.why).every(sentence => sentence.length > 5))
  }
  for (const agency of figures) {
    const { lows: _, ...line } = lineOf(agency.own, agency.ownBounds)
    const none = Object.fromEntries(Object.keys(line).map(key => [key, 0]))
    t.same({ ...none, ...sums.get(agency.code) }, line, agency.code)
  }
  await database.close()
})

eachDatabase('figures are kept once, and again only where they changed', async (t, open) => {
  const database = await open()
  await withWorld(database, 5)
  const chosen = cases[1]
  if (!chosen) throw new Error('no case')
  const request = requestOf('2020-02-20', chosen.coverage, false)
  const { agencies } = await adoptionReport(database.db, request)
  t.equal(await keepFigures(database.db, request), agencies.length * 2)
  t.equal(await keepFigures(database.db, request), 0, 'a second run writes nothing')
  const early = requestOf(FIRST, chosen.coverage, false)
  t.equal(
    await keepFigures(database.db, early),
    0,
    'nothing is kept of a day before the first complete roster',
  )
  await database.close()
})
