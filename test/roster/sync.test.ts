import { sql } from 'kysely'
import t from 'tap'
import { type Config, parseConfig, type SourceConfig } from '../../src/config.ts'
import type { Database } from '../../src/database/database.ts'
import { AppError } from '../../src/error.ts'
import { approveRun } from '../../src/roster/approval.ts'
import type { DirectoryEntry } from '../../src/roster/sources/entry.ts'
import { exitStatusOf, type SourceReader, syncSource } from '../../src/roster/sync.ts'
import { stores } from '../support/database.ts'

type Person = {
  key: string
  id?: string
  name: string
  agency: string | string[]
  cls?: string
  title?: string
  absent?: string
  start?: string
}
type Agency = { key: string; code: string; name?: string; parent?: string }

const base = 'ou=agencies,dc=tinh'

function person({ key, id, name, agency, cls, title, absent, start }: Person): DirectoryEntry {
  const attributes = new Map<string, string[]>([
    ['entryuuid', [key]],
    ['cn', [name]],
    ['departmentnumber', [agency].flat()],
  ])
  if (id !== '') attributes.set('employeenumber', [id ?? key])
  attributes.set('employeetype', [cls ?? 'Công chức'])
  if (title) attributes.set('title', [title])
  if (absent) attributes.set('absent', [absent])
  if (start) attributes.set('start', [start])
  return { dn: `uid=${key},ou=people,dc=tinh`, attributes }
}

function agency({ key, code, name, parent }: Agency): DirectoryEntry {
  return {
    dn: parent ? `ou=${code},${parent}` : `ou=${code},${base}`,
    attributes: new Map([
      ['entryuuid', [key]],
      ['ou', [code]],
      ['description', [name ?? `Cơ quan ${code}`]],
    ]),
  }
}

function config(guard = { maxLeavers: 50, maxLeaversPercent: 5 }): {
  config: Config
  source: SourceConfig
} {
  const config = parseConfig({
    database: { url: 'pglite:memory' },
    roster: {
      root: { code: 'H99', name: 'Tỉnh Phước An' },
      guard,
      sources: [
        {
          name: 'directory',
          kind: 'ldap',
          url: 'ldap://127.0.0.1:1',
          people: {
            base: 'ou=people,dc=tinh',
            attributes: {
              staffId: 'employeeNumber',
              staffClass: 'employeeType',
              title: 'title',
              absentFrom: 'absent',
              startDay: 'start',
            },
          },
          agencies: { base },
        },
      ],
    },
  })
  const [source] = config.roster.sources
  if (!source) throw new Error('no source')
  return { config, source }
}

function reader(agencies: DirectoryEntry[], people: DirectoryEntry[], fail?: AppError): SourceReader {
  async function* pages(entries: DirectoryEntry[], thrown?: AppError) {
    for (let i = 0; i < entries.length; i += 2) yield entries.slice(i, i + 2)
    if (thrown) throw thrown
  }
  return { agencies: () => pages(agencies), people: () => pages(people, fail), close: async () => {} }
}

const agencies = [
  agency({ key: 'a1', code: 'NV' }),
  agency({ key: 'a2', code: 'YT' }),
  agency({ key: 'a3', code: 'YT1', parent: `OU=yt, ${base}` }),
]

function staff(count: number, more: Partial<Person> = {}): DirectoryEntry[] {
  return Array.from({ length: count }, (_, i) =>
    person({ key: `p${i}`, name: `Nguyễn Văn Đào ${i}`, agency: i % 2 ? 'NV' : 'YT1', ...more }),
  )
}

async function sync(
  database: Database,
  day: string,
  read: SourceReader,
  options: {
    force?: boolean
    dryRun?: boolean
    guard?: { maxLeavers: number; maxLeaversPercent: number }
  } = {},
) {
  const context = {
    db: database.db,
    ...config(options.guard),
    open: async () => read,
    now: () => new Date(`${day}T02:00:00+07:00`),
  }
  const result = await syncSource(context, {
    dryRun: options.dryRun ?? false,
    force: options.force ?? false,
    signal: AbortSignal.timeout(60_000),
  })
  return { ...result, exit: exitStatusOf(result, options.force ?? false), context }
}

async function spans(database: Database, key: string) {
  const { rows } = await sql<{ code: string; first: string; last: string }>`
    select distinct a.code, e.first_day as first, e.last_day as last from employment e join person p on p.id = e.person_id
    join agency_period a on a.agency_id = e.agency_id where p.source_key = ${key} order by e.first_day, a.code`.execute(
    database.db,
  )
  return rows.map(row => `${row.code} ${row.first} ${row.last}`)
}

/** Every row of the roster's tables, to prove that nothing was written. */
async function contents(database: Database): Promise<string> {
  const parts: string[] = []
  for (const table of [
    'agency',
    'agency_period',
    'person',
    'employment',
    'absence',
    'roster_staged_person',
    'roster_staged_post',
    'roster_staged_agency',
  ]) {
    const { rows } = await sql<{
      row: string
    }>`select t::text as row, t.ctid, t.xmin::text from ${sql.table(table)} t order by 1`.execute(database.db)
    parts.push(`${table}: ${JSON.stringify(rows)}`)
  }
  return parts.join('\n')
}

for (const store of stores()) {
  t.test(`roster sync on ${store.name}`, { skip: store.skip }, async t => {
    let database: Database
    t.beforeEach(async () => {
      database = await store.open()
    })
    t.afterEach(() => database.close())

    t.test('the first load is exempt from the guard and serves since before records', async t => {
      const first = await sync(database, '2026-03-02', reader(agencies, staff(12)))
      t.match(first, {
        read: 12,
        rejected: 0,
        complete: true,
        exit: 0,
        agencies: { created: 3, changed: 0, closed: 0 },
        people: { joiners: 12, leavers: 0, unchanged: 0 },
      })
      t.same(await spans(database, 'p0'), ['YT1 -infinity infinity'])
      const { rows } = await sql<{ code: string; level: string; parent: string | null }>`
        select c.code, c.level, p.code as parent from agency_period c left join agency_period p on p.agency_id = c.parent_id order by c.code`.execute(
        database.db,
      )
      t.same(rows, [
        { code: 'H99', level: 'province', parent: null },
        { code: 'NV', level: 'department', parent: 'H99' },
        { code: 'YT', level: 'department', parent: 'H99' },
        { code: 'YT1', level: 'unit', parent: 'YT' },
      ])
    })

    t.test('a second run with nothing changed writes nothing', async t => {
      await sync(
        database,
        '2026-03-02',
        reader(agencies, staff(12, { title: 'Chuyên viên', absent: '2026-03-01' })),
      )
      const before = await contents(database)
      const again = await sync(
        database,
        '2026-03-03',
        reader(agencies, staff(12, { title: 'Chuyên viên', absent: '2026-03-01' })),
      )
      t.match(again, {
        exit: 0,
        agencies: { created: 0, changed: 0, closed: 0 },
        people: { joiners: 0, movers: 0, leavers: 0, returned: 0, changed: 0, unchanged: 12 },
      })
      t.equal(await contents(database), before)
    })

    t.test('joiners, movers, leavers, changed and returned are told apart, with their days', async t => {
      const people = staff(100)
      await sync(database, '2026-03-02', reader(agencies, people))
      const second = [...people.slice(2)]
      second[0] = person({ key: 'p2', name: 'Nguyễn Văn Đào 2', agency: 'NV' })
      second[1] = person({ key: 'p3', name: 'Nguyễn Văn Đảo', agency: 'NV' })
      second.push(person({ key: 'new', name: 'Trần Thị Ế', agency: 'YT' }))
      const moved = await sync(database, '2026-03-10', reader(agencies, second))
      t.match(moved.people, { joiners: 1, movers: 1, leavers: 2, returned: 0, changed: 1, unchanged: 96 })
      t.same(await spans(database, 'p0'), ['YT1 -infinity 2026-03-09'])
      t.same(await spans(database, 'p2'), ['YT1 -infinity 2026-03-09', 'NV 2026-03-10 infinity'])
      t.same(await spans(database, 'new'), ['YT 2026-03-10 infinity'])
      const third = await sync(
        database,
        '2026-03-20',
        reader(agencies, [...second, people[0] as DirectoryEntry]),
      )
      t.match(third.people, { returned: 1, joiners: 0, leavers: 0 })
      t.same(await spans(database, 'p0'), ['YT1 -infinity 2026-03-09', 'YT1 2026-03-20 infinity'])
    })

    t.test('who is back on the very next read has never been away', async t => {
      await sync(database, '2026-03-02', reader(agencies, staff(12)))
      await sync(database, '2026-03-10', reader(agencies, staff(11)))
      await sync(database, '2026-03-10', reader(agencies, staff(12)))
      t.same(await spans(database, 'p11'), ['NV -infinity infinity'])
    })

    t.test('a concurrent post added or dropped is a change, not a move', async t => {
      await sync(
        database,
        '2026-03-02',
        reader(agencies, [person({ key: 'k', name: 'Lê Kiêm', agency: 'YT' }), ...staff(3)]),
      )
      const more = await sync(
        database,
        '2026-03-05',
        reader(agencies, [person({ key: 'k', name: 'Lê Kiêm', agency: ['NV', 'YT'] }), ...staff(3)]),
      )
      t.match(more.people, { movers: 0, changed: 1 })
      t.same(await spans(database, 'k'), ['YT -infinity infinity', 'NV 2026-03-05 infinity'])
      const less = await sync(
        database,
        '2026-03-09',
        reader(agencies, [person({ key: 'k', name: 'Lê Kiêm', agency: 'NV' }), ...staff(3)]),
      )
      t.match(less.people, { movers: 1 })
    })

    t.test('agencies renamed, re-coded, moved and closed keep their past', async t => {
      await sync(database, '2026-03-02', reader(agencies, staff(4, { agency: 'NV' })))
      const next = [agency({ key: 'a1', code: 'NV', name: 'Sở Nội vụ' }), agency({ key: 'a3', code: 'YT9' })]
      const run = await sync(database, '2026-03-10', reader(next, staff(4, { agency: 'NV' })))
      t.match(run, { agencies: { created: 0, changed: 2, closed: 1 }, people: { unchanged: 4 } })
      const { rows } = await sql<{
        row: string
      }>`select p.code || ' ' || p.first_day || ' ' || p.last_day as row
        from agency_period p join agency a on a.id = p.agency_id where a.source_key in ('a1', 'a2', 'a3') order by a.source_key, p.first_day`.execute(
        database.db,
      )
      t.same(
        rows.map(each => each.row),
        [
          'NV -infinity 2026-03-09',
          'NV 2026-03-10 infinity',
          'YT -infinity 2026-03-09',
          'YT1 -infinity 2026-03-09',
          'YT9 2026-03-10 infinity',
        ],
      )
    })

    t.test('an entry made anew for the same person or agency is the same one', async t => {
      await sync(
        database,
        '2026-03-02',
        reader(agencies, [person({ key: 'old', id: 'S1', name: 'Lý Mới', agency: 'NV' }), ...staff(3)]),
      )
      const anew = [agency({ key: 'a9', code: 'NV' }), ...agencies.slice(1)]
      const run = await sync(
        database,
        '2026-03-05',
        reader(anew, [person({ key: 'anew', id: 'S1', name: 'Lý Mới', agency: 'NV' }), ...staff(3)]),
      )
      t.match(run, { agencies: { created: 0, closed: 0 }, people: { joiners: 0, leavers: 0, changed: 1 } })
      t.same(await spans(database, 'anew'), ['NV -infinity infinity'])
    })

    t.test('bad entries are rejected with a reason, the others go on, and nobody leaves for it', async t => {
      const people = staff(10)
      await sync(database, '2026-03-02', reader(agencies, people))
      const bad = [
        person({ key: 'p0', id: '', name: 'Nguyễn Văn Đào 0', agency: 'YT1' }),
        person({ key: 'p1', name: 'Nguyễn Văn Đào 1', agency: 'NOWHERE' }),
        person({ key: 'p2', name: 'N'.repeat(4096), agency: 'YT1' }),
        person({ key: 'p3', name: '  Nguyễn   Văn  Đào 3 '.normalize('NFD'), agency: 'NV' }),
        person({ key: 'p4', name: '<script>alert(1)</script>', agency: 'YT1' }),
        person({ key: 'x', id: 'p5', name: 'Trùng Mã', agency: 'NV' }),
        person({ key: 'y', id: 'twice', name: 'Trùng Một', agency: 'NV' }),
        person({ key: 'z', id: 'twice', name: 'Trùng Hai', agency: 'NV' }),
        person({ key: 'p6', name: 'Hai\u0000Byte', agency: 'YT1' }),
        ...people.slice(5, 6),
        ...people.slice(7),
      ]
      const run = await sync(database, '2026-03-05', reader(agencies, bad))
      t.match(run, { exit: 4, rejected: 7, people: { leavers: 0, joiners: 0, changed: 1, unchanged: 5 } })
      const { rows } = await sql<{
        row: string
      }>`select source_key || ' ' || reason as row from roster_rejection where run_id = ${run.run} order by 1`.execute(
        database.db,
      )
      t.same(
        rows.map(each => each.row),
        [
          'p0 missing_staff_id',
          'p1 unknown_agency',
          'p2 too_long',
          'p6 not_text',
          'x duplicate_staff_id',
          'y duplicate_staff_id',
          'z duplicate_staff_id',
        ],
      )
    })

    t.test('the guard refuses a shrunken read, and an approval applies exactly that run', async t => {
      await sync(database, '2026-03-02', reader(agencies, staff(100)))
      const before = await contents(database)
      const refused = await sync(database, '2026-03-03', reader(agencies, staff(90)))
      t.match(refused, {
        exit: 3,
        guard: {
          ok: false,
          reasons: [{ kind: 'leavers', agency: null, leavers: 10, staff: 100, limit: '5%' }],
        },
        people: { leavers: 10 },
      })
      t.equal(
        (await sql`select 1 from employment where last_day <> 'infinity'`.execute(database.db)).rows.length,
        0,
      )
      const approved = await approveRun(refused.context, refused.run)
      t.match(approved.people, { leavers: 10 })
      t.equal(
        (await sql`select 1 from employment where last_day = '2026-03-02'`.execute(database.db)).rows.length,
        10,
      )
      await t.rejects(approveRun(refused.context, refused.run), { code: 'ground_moved' })
      t.not(await contents(database), before)
    })

    t.test('an approval is refused when the ground has moved', async t => {
      await sync(database, '2026-03-02', reader(agencies, staff(100)))
      const refused = await sync(database, '2026-03-03', reader(agencies, staff(90)))
      await sync(database, '2026-03-04', reader(agencies, staff(99)))
      await t.rejects(approveRun(refused.context, refused.run), { code: 'ground_moved' })
    })

    t.test('force passes the limit, never an empty or an incomplete read', async t => {
      await sync(database, '2026-03-02', reader(agencies, staff(100)))
      t.match(await sync(database, '2026-03-03', reader(agencies, []), { force: true }), {
        exit: 3,
        guard: { reasons: [{ kind: 'empty' }] },
      })
      const cut = new AppError('read_incomplete', 'the connection was lost after 90 entries')
      t.match(await sync(database, '2026-03-03', reader(agencies, staff(90), cut), { force: true }), {
        exit: 3,
        complete: false,
        guard: { reasons: [{ kind: 'incomplete' }] },
      })
      t.equal(
        (await sql`select 1 from employment where last_day <> 'infinity'`.execute(database.db)).rows.length,
        0,
      )
      t.match(await sync(database, '2026-03-03', reader(agencies, staff(90)), { force: true }), {
        exit: 0,
        people: { leavers: 10 },
      })
    })

    t.test('a dry run shows the same and leaves no row', async t => {
      await sync(database, '2026-03-02', reader(agencies, staff(100)))
      const before = await contents(database)
      const runs = await sql`select id from run`.execute(database.db)
      const dry = await sync(database, '2026-03-03', reader(agencies, staff(97)), { dryRun: true })
      t.match(dry, { dryRun: true, exit: 0, people: { leavers: 3, unchanged: 97 } })
      t.equal(await contents(database), before)
      t.equal((await sql`select id from run`.execute(database.db)).rows.length, runs.rows.length)
    })

    t.test('an absence begins and ends with the roster', async t => {
      await sync(database, '2026-03-02', reader(agencies, staff(3)))
      const away = await sync(
        database,
        '2026-03-05',
        reader(agencies, staff(3, { absent: '20260304000000Z' })),
      )
      t.match(away.people, { changed: 3 })
      const back = await sync(database, '2026-03-09', reader(agencies, staff(3)))
      t.match(back.people, { changed: 3 })
      const { rows } = await sql`select distinct first_day, last_day from absence`.execute(database.db)
      t.same(rows, [{ first_day: '2026-03-04', last_day: '2026-03-08' }])
    })

    t.test('who begins later serves from that day on, and may go before it', async t => {
      const early = person({ key: 'e', name: 'Lê Sớm', agency: 'NV', start: '2019-09-01' })
      const late = person({ key: 'l', name: 'Lê Muộn', agency: 'NV', start: '2026-04-01' })
      await sync(database, '2026-03-02', reader(agencies, [early, late, ...staff(3)]))
      t.same(await spans(database, 'e'), ['NV 2019-09-01 infinity'])
      t.same(await spans(database, 'l'), ['NV 2026-04-01 infinity'])
      await sync(database, '2026-03-05', reader(agencies, [early, ...staff(3)]))
      t.same(await spans(database, 'l'), [])
    })
  })
}
