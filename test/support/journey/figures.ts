/** Steps: the figures of every day and agency, and why each person counts, against the recount. */
import type { Test } from 'tap'
import { pooled } from './activity.ts'
import { BACK, type Calendar, hanoiDay, LOG_DAYS, MOVES } from './calendar.ts'
import { habits } from './habits.ts'
import { historyOf } from './history.ts'
import { DEPARTMENTS, hopthu, hopthuText, SOURCES, targetsOf } from './hopthu.ts'
import { marksOf } from './ingestion.ts'
import { command, type Journey, type ListAnswer } from './journey.ts'
import type { LogLine } from './logs.ts'
import { addressOf, COMMUNES, type Person, people, ROOT } from './people.ts'
import { anomaliesOn, recount, type Stage, statesOf, type World } from './truth.ts'

/** The world as the logs show it that were read until now. */
export function worldOf(journey: Journey, lines: readonly LogLine[], isFound = false): World {
  const { calendar } = journey
  const of = (codes: readonly string[]) => (up: readonly string[]) => up.some(code => codes.includes(code))
  const log = (name: string, covers: (up: readonly string[]) => boolean) => {
    const days = new Set<number>()
    for (const line of lines) if (line.source === name) days.add(agoOf(calendar, line.at))
    return { name, covers, days, newest: Math.min(...days) }
  }
  return {
    calendar,
    histories: people.map(historyOf),
    marks: marksOf(journey, isFound),
    logs: [
      log(SOURCES.departments, of(DEPARTMENTS)),
      log(SOURCES.communes, of(COMMUNES)),
      log(SOURCES.smtp, () => true),
    ],
    targets: targetsOf(calendar),
    renamedAgo: MOVES,
  }
}

function agoOf({ instant }: Calendar, at: number): number {
  return Math.ceil((instant(0, 0) - at) / 86_400_000 - 1e-9)
}

type Counted = { code: string; parent: string | null; own: Record<string, number> } & Record<Stage, number>
type AdoptionAnswer = {
  asOf: string
  partial: boolean
  definition: string
  agencies: Counted[]
  anomalies: { person: string; reason: string }[]
  anomaliesTotal: number
}

const AT_ONCE = 2

/** Figures of each of these days (counted back), agency by agency. */
export async function sameFigures(t: Test, journey: Journey, world: World, agos: readonly number[]) {
  const { calendar, config } = journey
  const answers = await pooled(
    agos,
    ago => hopthu<AdoptionAnswer>(['adoption', '--as-of', calendar.day(ago)], { config, calendar }),
    AT_ONCE,
  )
  for (const [i, { status, json }] of answers.entries()) {
    const ago = agos[i] ?? 0
    const expected = recount(world, ago)
    t.match(
      { status, ...json },
      { status: 0, asOf: calendar.day(ago), partial: false, anomaliesTotal: json.anomalies.length },
    )
    t.same(
      json.agencies.map(({ code }) => code).sort(),
      [...expected.keys()].sort(),
      `${calendar.day(ago)}: all agencies`,
    )
    t.ok(isTree(json.agencies), 'each after the one above')
    t.same(json.anomalies, anomaliesOn(world, ago), `${calendar.day(ago)}: who used what they have no more`)
    for (const agency of json.agencies) {
      // nobody confirms a list on this journey
      t.same(
        agency,
        { ...expected.get(agency.code), confirmedOn: null },
        `${calendar.day(ago)}, ${ago} days ago, ${agency.code}`,
      )
    }
  }
}

function isTree(agencies: readonly Counted[]): boolean {
  return agencies.every(
    ({ parent }, i) => parent === null || agencies.slice(0, i).some(({ code }) => code === parent),
  )
}

export const everyDay = Array.from({ length: LOG_DAYS }, (_, i) => LOG_DAYS - i)

/** The recount itself tells people apart: nothing is compared where everybody is the same. */
export async function tellsApart(t: Test, world: World) {
  const top = recount(world, 1).get(ROOT.code)
  if (!top) return t.fail('no province')
  const falling = [top.staff, top.required, top.issued, top.activated, top.used, top.sending]
  t.ok(
    falling.every((count, i) => i === 0 || count < (falling[i - 1] ?? 0)),
    `each set is smaller: ${falling}`,
  )
  t.ok(top.regular > 50 && top.regular < top.used, `${top.regular} regular`)
  const statuses = new Set(
    everyDay.flatMap(ago =>
      [...recount(world, ago).values()].flatMap(each => each.targets.map(({ status }) => status)),
    ),
  )
  for (const status of ['met', 'onPace', 'atRisk', 'behind', 'overdue', 'kept', 'broken', null]) {
    t.ok(statuses.has(status), `a target is ${status}`)
  }
  t.ok(anomaliesOn(world, BACK).length > 0, 'somebody waits for the mailbox to be opened again')
  const widths = [...recount(world, 4).values()].map(
    ({ bounds }) => (bounds.used[1] ?? 0) - (bounds.used[0] ?? 0),
  )
  t.ok(
    widths.some(width => width > 0) && widths.some(width => width === 0),
    'bounds are wide where a log is missing, only there',
  )
}

// one by one --------------------------------------------------------------------------------------------------------

type Explanation = {
  asOf: string
  person: { id: string; agency: string | null }
  mailboxes: { address: string }[]
  states: Record<Stage, boolean | null> & { why: Record<Stage, string> }
  evidence: { day: string | null; kind: string; source: string; detail: string }[]
}

/** One person of each habit and of each fate, asked for by number and by address in turn. */
export async function sameStates(t: Test, journey: Journey, world: World, ago: number) {
  const { calendar, config } = journey
  const habitual = Object.keys(habits).flatMap(
    habit => people.find(person => person.habit === habit && person.local !== null) ?? [],
  )
  const fated = people.filter(person => person.fate !== 'stays')
  const labour = people.filter(person => person.staffClass === 'người lao động').slice(0, 1)
  const asked = [...new Set([...habitual, ...fated, ...labour])]
  const answers = await pooled(
    [...asked.entries()],
    ([i, person]) => {
      const who = i % 2 === 0 || person.local === null ? person.staffId : addressOf(person)
      return hopthu<Explanation>(['explain', who, '--as-of', calendar.day(ago)], { config, calendar })
    },
    AT_ONCE,
  )
  for (const [i, { status, json }] of answers.entries()) {
    const person = asked[i]
    if (!person) continue
    const { why, ...states } = json.states
    const about = `${person.name} (${person.staffId}, ${person.habit}, ${person.fate}) ${ago} days ago`
    t.match({ status, id: json.person.id }, { status: 0, id: person.staffId }, about)
    t.same(states, statesOf(world, historyOf(person), ago), about)
    t.ok(
      Object.values(why).every(sentence => sentence.length > 0),
      'each with its reason',
    )
    sameEvidence(t, world, person, json, ago)
  }
}

function sameEvidence(
  t: Test,
  { calendar, marks }: World,
  person: Person,
  { evidence }: Explanation,
  ago: number,
) {
  const days = (kind: string) =>
    [...new Set(evidence.filter(each => each.kind === kind).map(each => each.day))].sort()
  const inWindow = (marks.get(person.staffId) ?? []).filter(mark => mark.ago >= ago && mark.ago < ago + 28)
  const known = (name: 'signIns' | 'sends' | 'hands') =>
    [...new Set(inWindow.filter(mark => mark[name] > 0).map(mark => calendar.day(mark.ago)))].sort()
  t.same(days('signIn'), known('signIns'), `${person.name}: the days of sign-ins`)
  t.same(days('send'), known('sends'), `${person.name}: the days of sends`)
  t.same(days('hand'), known('hands'), `${person.name}: the days of hands`)
}

// printed -----------------------------------------------------------------------------------------------------------

/** The default day is the last that has ended, and the table and the file say what the object says. */
export async function samePrinted(t: Test, journey: Journey) {
  const { calendar, config } = journey
  const at = { config, calendar, ago: 0 }
  const { json } = await hopthu<AdoptionAnswer>(['adoption'], at)
  t.match(json, { asOf: calendar.day(1), partial: false })
  const today = await hopthu<AdoptionAnswer>(['adoption', '--as-of', calendar.today, '--agency', 'X01'], at)
  t.match(today.json, { partial: true, agencies: [{ code: 'X01' }, { code: 'X01-VP' }] })
  const csv = await hopthuText(['adoption', '--format', 'csv'], at)
  const [, ...rows] = csv.stdout.trim().split('\r\n')
  const stages = ['staff', 'required', 'issued', 'activated', 'used', 'sending', 'regular'] as const
  t.same(
    rows.map(fieldsOf).map(([day, code, , , , ...fields]) => [day, code, ...fields.slice(0, 7).map(Number)]),
    json.agencies.map(agency => [json.asOf, agency.code, ...stages.map(stage => agency[stage])]),
  )
  const table = await hopthuText(['adoption'], at)
  const [top] = json.agencies
  const line = table.stdout.split('\n').find(each => each.startsWith('Tỉnh Thử')) ?? ''
  const shown = line.match(/\d+(?= \(| {2})/g)?.map(Number)
  t.same(shown?.slice(0, 5), [top?.required, top?.issued, top?.activated, top?.used, top?.regular], line)
}

/** RFC 4180, of one line. */
function fieldsOf(row: string): string[] {
  const fields = row.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)
  return [...fields].map(([, quoted, plain = '']) => quoted?.replaceAll('""', '"') ?? plain)
}

/** Every mailbox with its holder's agency, the first and last sign-in and the last send, as of yesterday. */
export async function sameListing(t: Test, journey: Journey, world: World) {
  const { calendar, marks } = world
  const { json } = await command<ListAnswer>(journey, 'mailbox list', 0)
  const known = (person: Person | undefined, name: 'signIns' | 'sends') =>
    (marks.get(person?.staffId ?? '') ?? [])
      .filter(mark => mark[name] > 0)
      .map(mark => calendar.day(mark.ago))
      .sort()
  const dayOf = (instant: string | null) => (instant === null ? undefined : hanoiDay(Date.parse(instant)))
  for (const { person: staffId, agency, firstLogin, lastLogin, lastSend } of json.mailboxes) {
    const person = people.find(each => each.staffId === staffId)
    const about = `${person?.name} (${staffId})`
    const [signIns, sends] = [known(person, 'signIns'), known(person, 'sends')]
    const found = [dayOf(firstLogin), dayOf(lastLogin), dayOf(lastSend)]
    t.same(found, [signIns[0], signIns.at(-1), sends.at(-1)], `${about}: first and last sign-in, last send`)
    t.equal(agency, person && (historyOf(person).posts.at(-1)?.agencies[0] ?? null), `${about}: agency`)
  }
}
