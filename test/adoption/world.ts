/** An invented province with every turn a roster, a mailbox and a log can take, from a seed; and its way into a database. */
import { sql } from 'kysely'
import type { Db } from '../../src/database/database.ts'

type Span = { first: string; last: string }
export type World = {
  agencies: {
    id: number
    periods: (Span & {
      code: string
      name: string
      level: string
      parent: number | null
      sort: string
      sector?: string | null
    })[]
  }[]
  people: { id: number; staffId: string | null; name: string }[]
  employments: (Span & {
    id: number
    person: number
    agency: number
    staffClass: string
    primary: boolean
    title?: string | null
  })[]
  absences: (Span & { person: number })[]
  mailboxes: {
    id: number
    address: string
    kind: string
    states: (Span & { state: string })[]
    addresses: (Span & { address: string; kind: string })[]
    holders: (Span & { person: number })[]
  }[]
  uses: { address: string; day: string; source: number; signIns: number; sends: number; hands: number }[]
  sources: { id: number; name: string; kind: string; lastAt: string | null }[]
  logDays: { source: number; day: string; lines: number }[]
  firstCompleteDay: string | null
}

/** Numbers from 0 up to 1, the same for the same seed (mulberry32). */
export function chance(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export function shift(day: string, count: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + count * 86_400_000).toISOString().slice(0, 10)
}

const TITLES = [
  'Hiệu trưởng',
  'HIỆU TRƯỞNG trường THCS',
  'Phó Hiệu trưởng'.normalize('NFD'),
  'Kế toán',
  'Kế  toán trưởng',
  'Đội trưởng 1 (hợp đồng)',
  'giao vien',
  'Giáo viên',
  '',
  null,
]
/** By the number of an agency; those without one count in that of the agency above. */
const SECTORS: Record<number, string> = {
  1: 'administration',
  3: 'education',
  5: 'health',
  8: 'party',
  12: 'education',
}

/** The days `firstDay` to `lastDay` hold all movements; use goes back further by `history` days. */
export function inventWorld(
  seed: number,
  size: { people: number; firstDay: string; days: number; history: number },
): World {
  const random = chance(seed)
  const below = (count: number) => Math.floor(random() * count)
  const pick = <T>(list: readonly T[]): T => {
    const found = list[below(list.length)]
    if (found === undefined) throw new Error('nothing to pick from')
    return found
  }
  const maybe = (share: number) => random() < share
  const someDay = () => shift(size.firstDay, below(size.days))
  const world: World = {
    agencies: inventAgencies(someDay),
    people: [],
    employments: [],
    absences: [],
    mailboxes: [],
    uses: [],
    sources: [
      { id: 1, name: 'mail-01', kind: 'log', lastAt: `${shift(size.firstDay, size.days)}T03:00:00Z` },
      { id: 2, name: 'mail-02', kind: 'log', lastAt: `${someDay()}T20:00:00+07:00` },
      { id: 3, name: 'sweep', kind: 'imap', lastAt: null },
      { id: 4, name: 'by-hand', kind: 'log', lastAt: null },
    ],
    logDays: [],
    firstCompleteDay: shift(size.firstDay, 3),
  }
  const agencyIds = world.agencies.map(agency => agency.id)
  const classes = ['công chức', 'viên chức', 'cán bộ', 'người lao động', '']
  const open: Span = { first: '-infinity', last: 'infinity' }
  const employ = (person: number, agency: number, span: Span, primary: boolean) => {
    if (span.first !== '-infinity' && span.last !== 'infinity' && span.first > span.last) return
    const twice = world.employments.some(
      each =>
        each.person === person &&
        each.agency === agency &&
        each.last === 'infinity' &&
        span.last === 'infinity',
    )
    if (twice) return
    const staffClass = pick(person % 7 === 0 ? classes : classes.slice(0, 3))
    const id = world.employments.length + 1
    const title = TITLES[(person * 7 + agency * 3 + id) % TITLES.length] ?? null
    world.employments.push({ id, person, agency, staffClass, primary, title, ...span })
  }
  for (let id = 1; id <= size.people; id++) {
    world.people.push({
      id,
      staffId: id % 11 === 0 ? null : `CB${String(id).padStart(5, '0')}`,
      name: `Người ${id}`,
    })
    const home = pick(agencyIds)
    const turn = below(10)
    const moved = someDay()
    if (turn === 0) employ(id, home, { first: '-infinity', last: moved }, maybe(0.5))
    else if (turn === 1) employ(id, home, { first: moved, last: 'infinity' }, maybe(0.5))
    else if (turn === 2) {
      employ(id, home, { first: '-infinity', last: shift(moved, -1) }, true)
      employ(id, pick(agencyIds), { first: moved, last: 'infinity' }, true)
    } else employ(id, home, open, maybe(0.7))
    if (maybe(0.2))
      employ(
        id,
        pick(agencyIds),
        { first: maybe(0.5) ? '-infinity' : someDay(), last: 'infinity' },
        maybe(0.3),
      )
    if (maybe(0.1)) {
      const twice = pick(agencyIds)
      employ(id, twice, { first: '-infinity', last: someDay() }, false)
      employ(id, twice, { first: someDay(), last: 'infinity' }, false)
    }
    if (maybe(0.1)) employ(id, pick(agencyIds), { first: someDay(), last: shift(someDay(), 20) }, false)
    if (maybe(0.12)) {
      const first = someDay()
      world.absences.push({ person: id, first, last: maybe(0.5) ? 'infinity' : shift(first, below(30)) })
    }
    if (maybe(0.92)) inventMailbox(world, id, { below, pick, maybe, someDay })
    if (maybe(0.1)) inventMailbox(world, id, { below, pick, maybe, someDay })
  }
  inventUse(world, size, { below, pick, maybe, someDay })
  inventLogs(world, size, maybe)
  return world
}

function inventAgencies(someDay: () => string): World['agencies'] {
  const always: Span = { first: '-infinity', last: 'infinity' }
  const list: World['agencies'] = []
  const add = (id: number, code: string, level: string, parent: number | null, span: Span = always) =>
    list.push({
      id,
      periods: [
        {
          code,
          name: `Cơ quan ${code}`,
          level,
          parent,
          sort: code.split('').reverse().join(''),
          sector: SECTORS[id] ?? null,
          ...span,
        },
      ],
    })
  add(1, 'H99', 'province', null)
  for (let n = 1; n <= 4; n++) add(n + 1, `H99.0${n}`, 'department', 1)
  for (let n = 1; n <= 6; n++) add(n + 5, `H99.0${(n % 3) + 1}.0${n}`, 'unit', (n % 3) + 2)
  const closing = someDay()
  add(12, 'H99.09', 'department', 1, { first: '-infinity', last: closing })
  add(13, 'H99.09.01', 'unit', 12)
  const renamed = someDay()
  list.push({
    id: 14,
    periods: [
      {
        code: 'H99.20',
        name: 'Sở cũ',
        level: 'department',
        parent: 1,
        sort: 'm',
        sector: 'health',
        first: '-infinity',
        last: shift(renamed, -1),
      },
      {
        code: 'H99.21',
        name: 'Sở mới',
        level: 'department',
        parent: 2,
        sort: 'z',
        first: renamed,
        last: 'infinity',
      },
    ],
  })
  return list
}

type Dice = {
  below: (count: number) => number
  pick: <T>(list: readonly T[]) => T
  maybe: (share: number) => boolean
  someDay: () => string
}

function inventMailbox(world: World, person: number, { below, pick, maybe, someDay }: Dice): void {
  const id = world.mailboxes.length + 1
  const address = `hop${id}@tinh.example.vn`
  const changes = [...new Set([someDay(), someDay()])].sort()
  const starts = ['-infinity', ...(maybe(0.3) ? changes : [])]
  const states = starts.map((first, i) => {
    const next = starts[i + 1]
    const state = pick([
      'active',
      'active',
      'active',
      'active',
      'locked',
      'suspended',
      'invited',
      'planned',
      'archived',
    ])
    return { first, last: next === undefined ? 'infinity' : shift(next, -1), state }
  })
  const addresses: World['mailboxes'][number]['addresses'] = [
    { address, kind: 'primary', first: '-infinity', last: 'infinity' },
  ]
  if (maybe(0.3))
    addresses.push({
      address: `bidanh${id}@tinh.example.vn`,
      kind: 'alias',
      first: someDay(),
      last: 'infinity',
    })
  const holders: World['mailboxes'][number]['holders'] = []
  const handed = someDay()
  const whole: Span = { first: '-infinity', last: 'infinity' }
  if (maybe(0.1)) {
    holders.push({ person, first: '-infinity', last: shift(handed, -1) })
    holders.push({ person: below(person) + 1, first: handed, last: 'infinity' })
  } else holders.push({ person, ...(maybe(0.1) ? { first: handed, last: 'infinity' } : whole) })
  const kind = maybe(0.08) ? pick(['shared', 'position', 'agency']) : 'personal'
  world.mailboxes.push({ id, address, kind, states, addresses, holders })
}

function inventUse(
  world: World,
  size: { firstDay: string; days: number; history: number },
  { below, maybe, pick }: Dice,
): void {
  const rows = new Map<string, World['uses'][number]>()
  const add = (address: string, day: string, source: number) => {
    const hand = maybe(0.1)
    const sending = !hand && maybe(0.3)
    rows.set(`${address} ${day} ${source}`, {
      address,
      day,
      source,
      signIns: hand || (sending && maybe(0.5)) ? 0 : below(3) + 1,
      sends: sending ? below(4) + 1 : 0,
      hands: hand ? 2 : 0,
    })
  }
  for (const mailbox of world.mailboxes) {
    const habit = pick([0, 0.03, 0.1, 0.2, 0.3, 0.5])
    for (const { address } of mailbox.addresses) {
      for (let n = 0; n < size.days; n++)
        if (maybe(habit)) add(address, shift(size.firstDay, n), pick([1, 1, 2, 3]))
      if (maybe(0.5)) add(address, shift(size.firstDay, -below(size.history)), 1)
    }
  }
  add('la@khac.example.vn', size.firstDay, 1)
  world.uses = [...rows.values()]
}

function inventLogs(
  world: World,
  size: { firstDay: string; days: number; history: number },
  maybe: (share: number) => boolean,
): void {
  for (let n = -size.history; n < size.days; n++) {
    const day = shift(size.firstDay, n)
    world.logDays.push({ source: 1, day, lines: 900 })
    if (n >= 15 && !maybe(0.05)) world.logDays.push({ source: 2, day, lines: maybe(0.03) ? 0 : 70 })
  }
}

const spanOf = ({ first, last }: Span) => ({ first_day: first, last_day: last })

export async function insertWorld(db: Db, world: World): Promise<void> {
  const insert = async (
    table: string,
    columns: string,
    rows: readonly Record<string, unknown>[],
    types: string,
  ) => {
    await sql`insert into ${sql.raw(table)} (${sql.raw(columns)}) overriding system value
      select ${sql.raw(columns)} from json_to_recordset(${JSON.stringify(rows)}::json) as t(${sql.raw(types)})`.execute(
      db,
    )
  }
  const span = 'first_day, last_day'
  const spanTypes = 'first_day date, last_day date'
  await insert(
    'roster_source',
    'name, first_complete_day',
    [{ name: 'directory', first_complete_day: world.firstCompleteDay }],
    'name text, first_complete_day date',
  )
  await insert(
    'agency',
    'id, source, source_key',
    world.agencies.map(({ id }) => ({ id, source: 'directory', source_key: id })),
    'id bigint, source text, source_key text',
  )
  await insert(
    'agency_period',
    `agency_id, code, name, level, sector, parent_id, sort_key, search_key, ${span}`,
    world.agencies.flatMap(({ id, periods }) =>
      periods.map(each => ({
        agency_id: id,
        code: each.code,
        name: each.name,
        level: each.level,
        sector: each.sector ?? null,
        parent_id: each.parent,
        sort_key: each.sort,
        search_key: '',
        ...spanOf(each),
      })),
    ),
    `agency_id bigint, code text, name text, level text, sector text, parent_id bigint, sort_key text, search_key text, ${spanTypes}`,
  )
  await insert(
    'person',
    'id, source, source_key, staff_id, full_name, sort_key, search_key',
    world.people.map(({ id, staffId, name }) => ({
      id,
      source: 'directory',
      source_key: id,
      staff_id: staffId,
      full_name: name,
      sort_key: name,
      search_key: name,
    })),
    'id bigint, source text, source_key text, staff_id text, full_name text, sort_key text, search_key text',
  )
  await insert(
    'employment',
    `id, person_id, agency_id, staff_class, title, is_primary, ${span}`,
    world.employments.map(each => ({
      id: each.id,
      person_id: each.person,
      agency_id: each.agency,
      staff_class: each.staffClass,
      title: each.title ?? null,
      is_primary: each.primary,
      ...spanOf(each),
    })),
    `id bigint, person_id bigint, agency_id bigint, staff_class text, title text, is_primary boolean, ${spanTypes}`,
  )
  await insert(
    'absence',
    `person_id, ${span}`,
    world.absences.map(each => ({ person_id: each.person, ...spanOf(each) })),
    `person_id bigint, ${spanTypes}`,
  )
  await insert(
    'mailbox',
    'id, platform, address, kind, name, quota_bytes, state',
    world.mailboxes.map(({ id, address, kind, states }) => ({
      id,
      platform: 'mail',
      address,
      kind,
      name: address,
      quota_bytes: 0,
      state: states.at(-1)?.state,
    })),
    'id bigint, platform text, address text, kind text, name text, quota_bytes bigint, state text',
  )
  await insert(
    'mailbox_state',
    `mailbox_id, state, ${span}`,
    world.mailboxes.flatMap(({ id, states }) =>
      states.map(each => ({ mailbox_id: id, state: each.state, ...spanOf(each) })),
    ),
    `mailbox_id bigint, state text, ${spanTypes}`,
  )
  await insert(
    'mailbox_address',
    `address, mailbox_id, kind, ${span}`,
    world.mailboxes.flatMap(({ id, addresses }) =>
      addresses.map(each => ({ address: each.address, mailbox_id: id, kind: each.kind, ...spanOf(each) })),
    ),
    `address text, mailbox_id bigint, kind text, ${spanTypes}`,
  )
  await insert(
    'mailbox_holder',
    `mailbox_id, person_id, ${span}`,
    world.mailboxes.flatMap(({ id, holders }) =>
      holders.map(each => ({ mailbox_id: id, person_id: each.person, ...spanOf(each) })),
    ),
    `mailbox_id bigint, person_id bigint, ${spanTypes}`,
  )
  await insert(
    'log_source',
    'id, name, kind, last_at',
    world.sources.map(({ id, name, kind, lastAt }) => ({ id, name, kind, last_at: lastAt })),
    'id integer, name text, kind text, last_at timestamptz',
  )
  await insert(
    'log_day',
    'source_id, day, lines',
    world.logDays.map(({ source, day, lines }) => ({ source_id: source, day, lines })),
    'source_id integer, day date, lines bigint',
  )
  await insert(
    'mailbox_day',
    'address, day, source_id, sign_ins, sends, hands, first_at, last_at',
    world.uses.map(each => ({
      address: each.address,
      day: each.day,
      source_id: each.source,
      sign_ins: each.signIns,
      sends: each.sends,
      hands: each.hands,
      first_at: `${each.day}T08:00:00+07:00`,
      last_at: `${each.day}T09:00:00+07:00`,
    })),
    'address text, day date, source_id integer, sign_ins integer, sends integer, hands integer, first_at timestamptz, last_at timestamptz',
  )
}
