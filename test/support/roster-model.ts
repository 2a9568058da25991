/**
 * What a roster has to come to, told day by day: for each day of a short calendar who serves where, who is absent and
 * what each agency is called. It knows nothing of spans, tables or SQL, and shares no line with what it judges.
 */
import type { Says, SaysAgency } from './roster-world.ts'

export const DAYS = 24
/** Before the first day, and after the last. */
const SLOTS = DAYS + 2

type Post = { agency: number; cls: string; title: string | null }
type Person = {
  key: string
  id: string
  name: string
  phone: { directory: string | null; second: string | null }
  posts: Post[]
  /** For each day the posts held on it, as `agency|class`. */
  served: Set<string>[]
  absences: Map<string, string>
}
type Facts = { code: string; name: string; parent: number | null }
type Agency = { key: string; now: Facts | null; days: (Facts | null)[] }

export type Reading = {
  /** Number of the day, from 0. */
  day: number
  people: readonly Says[]
  agencies: readonly SaysAgency[]
}
export type Counts = { joiners: number; leavers: number; returned: number; touched: number }

const BAD_NAME = /🙂/u
const ROOT = -1

export class Model {
  readonly people = new Map<number, Person>()
  readonly agencies = new Map<number, Agency>()
  #next = 0
  #loaded = false

  get loaded(): boolean {
    return this.#loaded
  }

  /** A complete read of the directory. */
  read(reading: Reading): Counts {
    const tree = this.#settle(reading)
    const since = this.#loaded ? reading.day + 1 : 0
    for (const [id, facts] of tree.facts) this.#call(id, facts, since)
    const counts = this.#move(tree, reading.day)
    for (const id of tree.closed) this.#call(id, null, reading.day + 1)
    this.#loaded ||= this.people.size > 0
    return counts
  }

  /** What the second source says of somebody: only the telephone is taken from it. */
  phone(id: string, phone: string | null): boolean {
    for (const person of this.people.values()) {
      if (person.id !== id) continue
      const before = person.phone.second ?? person.phone.directory
      person.phone.second = phone
      return before !== (phone ?? person.phone.directory)
    }
    return false
  }

  inService(): Person[] {
    return [...this.people.values()].filter(each => each.posts.length > 0)
  }

  codeOf(agency: number): string {
    return this.agencies.get(agency)?.now?.code ?? '?'
  }

  /** Which agencies and people of a read count: what cannot be taken is left out until the rest fits. */
  #settle(reading: Reading): Tree {
    // what was refused once stays so, even where it would fit after others were refused
    let refused: Refused = { agencies: new Set(), posts: new Set() }
    while (true) {
      const tree = this.#tree(reading, refused)
      const clash = [...tree.facts].filter(([id, { code }]) =>
        [...this.agencies].some(
          ([other, { now }]) =>
            other !== id && now?.code === code && !tree.facts.has(other) && !tree.closed.has(other),
        ),
      )
      if (clash.length === 0) return tree
      refused = tree.refused
      for (const [id] of clash) refused.agencies.add(tree.keys.get(id) ?? '')
    }
  }

  #tree(reading: Reading, refused: Refused): Tree {
    const lost = new Set(refused.agencies)
    const posts = new Set(refused.posts)
    const known = (key: string) => [...this.agencies].find(([, each]) => each.key === key)?.[0]
    const heldBy = (code: string) => [...this.agencies].find(([, { now }]) => now?.code === code)
    // of two with one code, the one known by it
    for (const { key, code } of reading.agencies)
      if (reading.agencies.filter(each => each.code === code).length > 1 && heldBy(code)?.[1].key !== key)
        lost.add(key)
    const anew = this.#anew(reading, lost)
    while (this.#dropLost(reading, lost, anew));
    const taken = reading.agencies.filter(({ key }) => !lost.has(key))
    const ids = new Map(taken.map(({ key }) => [key, known(key) ?? anew.get(key) ?? null]))
    let fresh = this.#next
    for (const { key } of [...taken].sort((a, b) => (a.key < b.key ? -1 : 1)))
      if (ids.get(key) === null) ids.set(key, fresh++)
    const idOf = (key: string) => ids.get(key) ?? ROOT
    const resolve = (code: string): number | null => {
      const meant = this.#meant(code, reading, lost, anew)
      if (meant === null) return null
      return typeof meant === 'number' ? meant : idOf(meant.key)
    }
    const facts = new Map<number, Facts>()
    for (const { key, code, name, parent } of taken)
      facts.set(idOf(key), {
        code,
        name: name ?? `Cơ quan ${code}`,
        parent: parent === undefined || parent === code ? ROOT : (resolve(parent) ?? ROOT),
      })
    const gone = new Set([...this.agencies.keys()].filter(id => this.#missing(id, reading, lost, anew)))
    const people = this.#people(reading, resolve, posts)
    return {
      facts,
      keys: new Map([...ids].map(([key, id]) => [id ?? ROOT, key])),
      ...people,
      refused: { agencies: lost, posts },
      closed: this.#closed(gone, { ...people, facts }),
    }
  }

  /** An agency of which the read says nothing at all, neither well nor badly. */
  #missing(
    id: number,
    reading: Reading,
    lost: ReadonlySet<string>,
    anew: ReadonlyMap<string, number>,
  ): boolean {
    const agency = this.agencies.get(id)
    if (agency === undefined || agency.now === null) return false
    if (reading.agencies.some(({ key }) => key === agency.key)) return false
    return ![...anew].some(([key, to]) => to === id && !lost.has(key))
  }

  /** Whom a code means in a read: an entry of it, somebody of whom it says nothing else, or nobody. */
  #meant(
    code: string,
    reading: Reading,
    lost: ReadonlySet<string>,
    anew: ReadonlyMap<string, number>,
  ): SaysAgency | number | null {
    const bearers = reading.agencies.filter(each => each.code === code)
    const good = bearers.find(({ key }) => !lost.has(key))
    if (good !== undefined) return good
    const [id, held] = [...this.agencies].find(([, { now }]) => now?.code === code) ?? []
    if (id === undefined || held === undefined) return null
    if (bearers.length > 0) return bearers.some(({ key }) => key === held.key) ? id : null
    const calledOtherwise = reading.agencies.some(
      ({ key }) => !lost.has(key) && (key === held.key || anew.get(key) === id),
    )
    return calledOtherwise || this.#missing(id, reading, lost, anew) ? null : id
  }

  /** New entries for agencies known by their code, whose own entry is no longer there. */
  #anew(reading: Reading, lost: ReadonlySet<string>): Map<string, number> {
    const anew = new Map<string, number>()
    for (const { key, code } of reading.agencies) {
      if (lost.has(key) || [...this.agencies.values()].some(each => each.key === key)) continue
      const held = [...this.agencies].find(([, { now }]) => now?.code === code)
      if (held && !reading.agencies.some(each => each.key === held[1].key)) anew.set(key, held[0])
    }
    return anew
  }

  /**
   * Those above whom nobody is known, who stand above themselves, or whose code somebody keeps of whom the read does not
   * speak, all at once. Answers whether there were any: without them, codes may mean others.
   */
  #dropLost(reading: Reading, lost: Set<string>, anew: ReadonlyMap<string, number>): boolean {
    const taken = reading.agencies.filter(({ key }) => !lost.has(key))
    const idOf = ({ key }: { key: string }) =>
      [...this.agencies].find(([, each]) => each.key === key)?.[0] ?? anew.get(key)
    const nodeOf = (says: { key: string }) => idOf(says) ?? says.key
    const above = new Map<number | string, number | string | null>()
    for (const [id, { now }] of this.agencies) if (now !== null) above.set(id, now.parent)
    const nobody = new Set<string>()
    for (const says of taken) {
      const top = says.parent === undefined || says.parent === says.code
      const meant = top ? undefined : this.#meant(says.parent ?? '', reading, lost, anew)
      if (meant === null) nobody.add(says.key)
      above.set(
        nodeOf(says),
        meant === undefined || meant === null ? null : typeof meant === 'number' ? meant : nodeOf(meant),
      )
    }
    const circles = (start: number | string) => {
      const met = new Set<number | string>()
      for (let at = above.get(start); at !== undefined && at !== null && !met.has(at); at = above.get(at)) {
        if (at === start) return true
        met.add(at)
      }
      return false
    }
    const ids = new Set(taken.map(idOf))
    const keeps = (says: SaysAgency) =>
      [...this.agencies].some(
        ([id, { now }]) =>
          now?.code === says.code &&
          id !== idOf(says) &&
          !ids.has(id) &&
          !this.#missing(id, reading, lost, anew),
      )
    const dropped = taken.filter(says => nobody.has(says.key) || circles(nodeOf(says)) || keeps(says))
    for (const { key } of dropped) lost.add(key)
    return dropped.length > 0
  }

  #people(
    { people }: Reading,
    resolve: (code: string) => number | null,
    refused: Set<string>,
  ): Pick<Tree, 'taken' | 'spared'> {
    const taken = new Map<number, { says: Says; posts: Post[] }>()
    const joining: { says: Says; posts: Post[] }[] = []
    const spared = new Set<number>()
    const byKey = (key: string) => [...this.people].find(([, each]) => each.key === key)?.[0]
    for (const says of people) {
      const self = byKey(says.key ?? '')
      const posts = [says.agency].flat().flatMap(code => {
        const post = `${says.key} ${code}`
        const agency = refused.has(post) ? null : resolve(code)
        if (agency === null) refused.add(post)
        return agency === null
          ? []
          : [{ agency, cls: (says.cls ?? 'Công chức').toLowerCase(), title: says.title ?? null }]
      })
      if (BAD_NAME.test(says.name) || posts.length === 0) {
        if (self !== undefined) spared.add(self)
        continue
      }
      const anew = [...this.people].find(
        ([, each]) => each.id === says.id && !people.some(o => o.key === each.key),
      )?.[0]
      const id = self ?? anew
      if (id === undefined) joining.push({ says, posts })
      else taken.set(id, { says, posts })
    }
    let next = 1_000_000 + this.people.size
    for (const each of joining) taken.set(next++, each)
    return { taken, spared }
  }

  /**
   * Missing agencies close, but for those where somebody stays who is not spoken of, those of which one below is refused
   * and stays as it is, and those above such ones.
   */
  #closed(
    gone: ReadonlySet<number>,
    { taken, spared, facts }: Pick<Tree, 'taken' | 'spared' | 'facts'>,
  ): Set<number> {
    const closed = new Set(gone)
    const stays = (from: number | null) => {
      for (let at = from; at !== null && closed.has(at); at = this.agencies.get(at)?.now?.parent ?? null)
        closed.delete(at)
    }
    for (const id of spared) {
      if (taken.has(id)) continue
      for (const { agency } of this.people.get(id)?.posts ?? []) stays(agency)
    }
    for (const [id, { now }] of this.agencies)
      if (now !== null && !facts.has(id) && !gone.has(id)) stays(now.parent)
    return closed
  }

  #call(id: number, facts: Facts | null, from: number): void {
    const agency = this.agencies.get(id) ?? {
      key: '',
      now: null,
      days: Array<Facts | null>(SLOTS).fill(null),
    }
    this.agencies.set(id, agency)
    agency.now = facts
    for (let at = from; at < SLOTS; at++) agency.days[at] = facts
  }

  #move(tree: Tree, day: number): Counts {
    for (const [id, key] of tree.keys) {
      const agency = this.agencies.get(id)
      if (agency) agency.key = key
      this.#next = Math.max(this.#next, id + 1)
    }
    const counts = { joiners: 0, leavers: 0, returned: 0, touched: 0 }
    for (const [id, person] of this.people) {
      if (person.posts.length === 0 || tree.taken.has(id) || tree.spared.has(id)) continue
      counts.leavers += 1
      serve(person, [], day + 1)
    }
    for (const [id, { says, posts }] of tree.taken) {
      const known = this.people.get(id)
      const person = known ?? newcomer()
      const before = JSON.stringify(faceOf(person))
      const back = known !== undefined && known.posts.length === 0
      Object.assign(person, { key: says.key ?? '', id: says.id ?? '', name: says.name })
      person.phone.directory = says.phone ?? null
      serve(person, posts, known === undefined && !this.#loaded ? 0 : day + 1)
      absent(person, says, day)
      this.people.set(id, person)
      if (known === undefined) counts.joiners += 1
      else if (back) counts.returned += 1
      else if (JSON.stringify(faceOf(person)) !== before) counts.touched += 1
    }
    return counts
  }
}

/** Keys of agencies, and of people with a code. */
type Refused = { agencies: Set<string>; posts: Set<string> }

type Tree = {
  refused: Refused
  facts: Map<number, Facts>
  keys: Map<number, string>
  taken: Map<number, { says: Says; posts: Post[] }>
  /** Rejected entries: whom they speak of stays as they were. */
  spared: Set<number>
  closed: Set<number>
}

function newcomer(): Person {
  return {
    key: '',
    id: '',
    name: '',
    phone: { directory: null, second: null },
    posts: [],
    served: Array.from({ length: SLOTS }, () => new Set<string>()),
    absences: new Map(),
  }
}

function faceOf({ key, id, name, phone, posts, absences }: Person): unknown {
  const sorted = [...posts].sort((a, b) => a.agency - b.agency)
  return [key, id, name, phone.second ?? phone.directory, sorted, [...absences].sort()]
}

function serve(person: Person, posts: Post[], from: number): void {
  person.posts = posts
  for (let at = from; at < SLOTS; at++)
    person.served[at] = new Set(posts.map(({ agency, cls }) => `${agency}|${cls}`))
}

export function dayText(day: number): string {
  return `2026-03-${String(day + 1).padStart(2, '0')}`
}

function absent(person: Person, { from, until }: Says, day: number): void {
  for (const [first, last] of person.absences) {
    if (first === from || last < dayText(day)) continue
    if (first >= dayText(day)) person.absences.delete(first)
    else person.absences.set(first, dayText(day - 1))
  }
  if (from !== undefined) person.absences.set(from, until ?? 'infinity')
}
