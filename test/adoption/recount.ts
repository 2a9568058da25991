/**
 * The figures counted once more, in the plainest way: person by person, day by day, from the definitions in words.
 * Imports nothing of the product, so that a misreading there cannot repeat itself here.
 */
import type { World } from './world.ts'

/** Every list that is there must fit; the first rule that does decides. */
export type RecountRule = {
  staffClasses?: string[]
  titles?: string[]
  sectors?: string[]
  agencies?: string[]
  required: boolean
}

export type Settings = {
  day: string
  classes: string[]
  rules?: RecountRule[]
  /** Working days of a sector, where they are not the common ones. */
  sectorDays?: Record<string, (day: string) => boolean>
  needsSend: boolean
  isWorkingDay: (day: string) => boolean
  /** Configured log sources; `covers` says for an agency, by its codes from itself up to the top, whether it is covered. */
  logs: { name: string; covers: (codes: string[]) => boolean }[]
}

export type Line = {
  staff: number
  required: number
  issued: number
  activated: number
  used: number
  sending: number
  regular: number
  usedHigh: number
  sendingHigh: number
  regularHigh: number
}
export type Recounted = {
  code: string
  parent: string | null
  own: Line & { concurrent: number }
  total: Line
  completeness: number
  begun: boolean
  /** Ids of those required who are counted here. */
  people: number[]
  /** Whether anybody required here or below has a week with enough working days. */
  regularAsked: boolean
}

type Span = { first: string; last: string }
const on = ({ first, last }: Span, day: string) =>
  (first === '-infinity' || first <= day) && (last === 'infinity' || day <= last)
const before = (day: string, count: number) =>
  new Date(Date.parse(`${day}T00:00:00Z`) - count * 86_400_000).toISOString().slice(0, 10)
const hanoiDay = (instant: string) => new Date(Date.parse(instant) + 7 * 3_600_000).toISOString().slice(0, 10)
const empty = (): Line => ({
  staff: 0,
  required: 0,
  issued: 0,
  activated: 0,
  used: 0,
  sending: 0,
  regular: 0,
  usedHigh: 0,
  sendingHigh: 0,
  regularHigh: 0,
})

export function recount(world: World, settings: Settings): Map<string, Recounted> {
  const { day } = settings
  const agencies = world.agencies.flatMap(({ id, periods }) => {
    const period = periods.find(each => on(each, day))
    return period ? [{ id, ...period }] : []
  })
  const byId = new Map(agencies.map(agency => [agency.id, agency]))
  const codesUp = (id: number): string[] => {
    const agency = byId.get(id)
    if (!agency) return []
    return [agency.code, ...(agency.parent === null ? [] : codesUp(agency.parent))]
  }
  const sectorUp = (id: number): string | null => {
    const agency = byId.get(id)
    if (!agency) return null
    return agency.sector ?? (agency.parent === null ? null : sectorUp(agency.parent))
  }
  const window = Array.from({ length: 28 }, (_, back) => before(day, back))
  const holds = (name: string, each: string): number => {
    const source = world.sources.find(source => source.name === name && source.kind === 'log')
    const row = world.logDays.find(row => row.source === source?.id && row.day === each)
    if (!source || !row || row.lines === 0) return 0
    return source.lastAt !== null && hanoiDay(source.lastAt) > each ? 1 : 0.5
  }
  const held = new Map(settings.logs.map(log => [log.name, window.map(each => holds(log.name, each))]))
  const result = new Map<string, Recounted>()
  for (const agency of agencies) {
    const parent = agency.parent === null ? null : (byId.get(agency.parent)?.code ?? null)
    result.set(agency.code, {
      code: agency.code,
      parent,
      own: { ...empty(), concurrent: 0 },
      total: empty(),
      completeness: 0,
      begun: false,
      people: [],
      regularAsked: false,
    })
  }
  const missingOf = (id: number) => {
    const covering = settings.logs.filter(log => log.covers(codesUp(id)))
    if (covering.length === 0) return window
    return window.filter((_, i) => covering.some(log => (held.get(log.name)?.[i] ?? 0) < 1))
  }
  for (const person of world.people) {
    const posts = world.employments.filter(
      each => each.person === person.id && on(each, day) && byId.has(each.agency),
    )
    const rank = (post: (typeof posts)[number]) =>
      `${post.primary ? 0 : 1} ${post.first === '-infinity' ? '0000' : post.first} ${byId.get(post.agency)?.code} ${String(post.id).padStart(9, '0')}`
    const [main] = [...posts].sort((a, b) => (rank(a) < rank(b) ? -1 : 1))
    if (!main) continue
    const others = new Set(posts.map(post => post.agency).filter(agency => agency !== main.agency))
    for (const other of others) {
      const line = result.get(byId.get(other)?.code ?? '')
      if (line) line.own.concurrent++
    }
    const line = result.get(byId.get(main.agency)?.code ?? '')
    if (!line) throw new Error('an agency is missing')
    const sector = sectorUp(main.agency)
    const own = { ...settings, isWorkingDay: settings.sectorDays?.[sector ?? ''] ?? settings.isWorkingDay }
    const mayRequire = isRequired(settings, {
      staffClass: main.staffClass,
      title: main.title ?? '',
      sector,
      codes: codesUp(main.agency),
    })
    const before = line.own.required
    countPerson(
      world,
      own,
      { person: person.id, mayRequire, missing: missingOf(main.agency), window },
      line.own,
    )
    if (line.own.required === before) continue
    line.people.push(person.id)
    if (keptBlocks(window, own).length === 0) continue
    for (const code of codesUp(main.agency)) {
      const above = result.get(code)
      if (above) above.regularAsked = true
    }
  }
  for (const agency of agencies) {
    const up = codesUp(agency.id)
    for (const code of up) {
      const above = result.get(code)
      const own = result.get(agency.code)?.own
      if (!above || !own) continue
      for (const key of Object.keys(above.total) as (keyof Line)[]) above.total[key] += own[key]
    }
  }
  for (const agency of agencies) {
    const below = agencies.filter(each => codesUp(each.id).includes(agency.code))
    const logs = settings.logs.filter(log => below.some(each => log.covers(codesUp(each.id))))
    const values = logs.flatMap(log => held.get(log.name) ?? [])
    const line = result.get(agency.code)
    if (!line) continue
    line.completeness =
      values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length
    const ids = world.sources
      .filter(source => source.kind === 'log' && logs.some(log => log.name === source.name))
      .map(source => source.id)
    line.begun = world.logDays.some(row => ids.includes(row.source) && row.lines > 0 && row.day <= day)
  }
  return result
}

type Post = { staffClass: string; title: string; sector: string | null; codes: string[] }

function isRequired({ rules = [], classes }: Settings, { staffClass, title, sector, codes }: Post): boolean {
  const plain = (text: string) =>
    text
      .normalize('NFD')
      .replace(/[\u0300-\u036f]/g, '')
      .toLowerCase()
      .replaceAll('đ', 'd')
      .split(/\s+/)
      .join(' ')
  const like = (pattern: string) =>
    new RegExp(
      `^${plain(pattern)
        .split('*')
        .map(piece => piece.replace(/[^a-z0-9 ]/g, sign => `\\${sign}`))
        .join('.*')}$`,
    ).test(plain(title))
  for (const rule of rules) {
    if (rule.staffClasses && !rule.staffClasses.map(each => each.toLowerCase()).includes(staffClass)) continue
    if (rule.titles && !rule.titles.some(like)) continue
    if (rule.sectors && !(sector !== null && rule.sectors.includes(sector))) continue
    if (rule.agencies && !rule.agencies.some(code => codes.includes(code))) continue
    return rule.required
  }
  return classes.includes(staffClass)
}

type Subject = { person: number; mayRequire: boolean; missing: string[]; window: string[] }

function countPerson(
  world: World,
  settings: Settings,
  { person, mayRequire, missing, window }: Subject,
  line: Line,
): void {
  const { day } = settings
  line.staff++
  if (!mayRequire) return
  if (world.absences.some(each => each.person === person && on(each, day))) return
  line.required++
  const personal = world.mailboxes.filter(mailbox => mailbox.kind === 'personal')
  const has = personal.some(
    mailbox =>
      mailbox.holders.some(holder => holder.person === person && on(holder, day)) &&
      mailbox.states.some(state => on(state, day) && (state.state === 'active' || state.state === 'locked')),
  )
  if (!has) return
  line.issued++
  const held = personal.filter(mailbox => mailbox.holders.some(holder => holder.person === person))
  const addresses = new Set(held.flatMap(mailbox => mailbox.addresses.map(each => each.address)))
  const mine = world.uses.filter(
    use =>
      addresses.has(use.address) &&
      use.day <= day &&
      (use.signIns > 0 || use.sends > 0) &&
      held.some(
        mailbox =>
          mailbox.addresses.some(each => each.address === use.address && on(each, use.day)) &&
          mailbox.holders.some(holder => holder.person === person && on(holder, use.day)),
      ),
  )
  const days = new Set(mine.map(use => use.day).filter(each => window.includes(each)))
  const sent = mine.some(use => use.sends > 0 && window.includes(use.day))
  if (mine.length > 0) line.activated++
  if (days.size > 0) line.used++
  if (sent) line.sending++
  if (days.size > 0 && regular(days, window, settings) && (sent || !settings.needsSend)) line.regular++
  const all = new Set([...days, ...missing])
  if (all.size === 0) return
  line.usedHigh++
  const sentHigh = sent || missing.length > 0
  if (sentHigh) line.sendingHigh++
  const blocks = keptBlocks(window, settings).length
  if ((blocks === 0 || regular(all, window, settings)) && (sentHigh || !settings.needsSend))
    line.regularHigh++
}

function keptBlocks(window: string[], { isWorkingDay }: Settings): string[][] {
  return [0, 7, 14, 21]
    .map(start => window.slice(start, start + 7))
    .filter(block => block.filter(isWorkingDay).length >= 3)
}

function regular(days: ReadonlySet<string>, window: string[], settings: Settings): boolean {
  const blocks = keptBlocks(window, settings)
  if (blocks.length === 0) return false
  const touched = blocks.filter(block => block.some(each => days.has(each))).length
  const worked = blocks.flat().filter(each => days.has(each) && settings.isWorkingDay(each)).length
  return touched >= (3 / 4) * blocks.length && worked >= blocks.length
}
