import { sql } from 'kysely'
import pino from 'pino'
import t, { type Test } from 'tap'
import { commands, runCommand } from '../../src/app.ts'
import type { Answer, CommandContext, Values } from '../../src/command.ts'
import { parseConfig } from '../../src/config.ts'
import { doDueChanges } from '../../src/roster/agency-entry-plugin.ts'
import { everBelow, lastPath } from '../../src/roster/agency-store.ts'
import { config, fill } from '../adoption/office.ts'
import { stores } from '../support/database.ts'

type Ground = {
  context: CommandContext
  clock: { now: Date }
  run(name: string, words?: string[], values?: Values): Promise<Answer>
  rows<Row>(text: string): Promise<Row[]>
}

for (const store of stores()) {
  const each = (name: string, body: (t: Test, ground: Ground) => Promise<void>) =>
    t.test(`${name} (${store.name})`, { skip: store.skip }, async t => {
      const database = await store.open()
      t.teardown(() => database.close())
      await fill(database.db)
      await database.exec(`alter table agency alter id restart with 100`)
      const clock = { now: new Date('2026-11-21T02:00:00Z') }
      const context: CommandContext = {
        config: parseConfig({ ...config, roster: { root: { code: 'H99', name: 'Tỉnh Phước An' } } }),
        database,
        log: pino({ level: 'silent' }),
        now: () => clock.now,
        signal: AbortSignal.timeout(60_000),
        progress: () => {},
      }
      const run: Ground['run'] = async (name, words = [], values = {}) => {
        const command = commands().find(each => each.name === name)
        if (!command || command.needs === 'config') throw new Error(`no such command: ${name}`)
        return runCommand(command, context, { values, words })
      }
      const rows: Ground['rows'] = async <Row>(text: string) =>
        (await sql<Row>`${sql.raw(text)}`.execute(database.db)).rows
      await body(t, { context, clock, run, rows })
    })

  each(
    'an agency is opened, renamed, moved and closed, and the tree of each day shows it',
    async (t, ground) => {
      const { run, rows } = ground
      const opened = await run('agency open', ['H99.47.01'], {
        name: 'Trường Tiểu học Đồi Sim',
        parent: 'H99.47',
        level: 'publicServiceUnit',
        sector: 'giáo dục',
        day: '2026-09-01',
        decision: '12/QĐ-UBND',
        'decision-day': '2026-08-20',
      })
      t.match(opened.json, {
        agency: 100,
        code: 'H99.47.01',
        day: '2026-09-01',
        waiting: false,
        restated: true,
      })
      t.match(opened.text(), /Đã lưu: H99\.47\.01 Trường Tiểu học Đồi Sim, có hiệu lực từ 01\/09\/2026/)
      await run('agency change', ['H99.47.01'], { name: 'Trường TH và THCS Đồi Sim', day: '2026-10-01' })
      await run('agency change', ['H99.47.01'], {
        parent: 'H99.05',
        code: '000.01.05.H99',
        day: '2026-11-01',
      })
      await run('agency close', ['000.01.05.H99'], {
        day: '2026-11-15',
        decision: '30',
        'decision-day': '2026-11-10',
      })
      const at = async (day: string) => {
        const { json } = await run('agency list', [], { 'as-of': day })
        const list = json.agencies as {
          id: number
          code: string
          name: string
          parent: string
          countedIn: string
        }[]
        return list.find(each => each.id === 100)
      }
      t.equal(await at('2026-08-31'), undefined)
      t.match(await at('2026-09-30'), {
        name: 'Trường Tiểu học Đồi Sim',
        parent: 'H99.47',
        countedIn: 'education',
      })
      t.match(await at('2026-10-31'), { name: 'Trường TH và THCS Đồi Sim', code: 'H99.47.01' })
      t.match(await at('2026-11-14'), { code: '000.01.05.H99', parent: 'H99.05' })
      t.equal(await at('2026-11-15'), undefined)
      const { json, text } = await run('agency history', ['H99.47.01'])
      t.match(json, {
        agency: { id: 100, open: false },
        periods: [
          {
            firstDay: '2026-11-01',
            lastDay: '2026-11-14',
            format: 'qcvn102',
            parent: { code: 'H99.05' },
            decision: null,
            endedBy: { decision: { number: '30', day: '2026-11-10' } },
          },
          {
            firstDay: '2026-10-01',
            lastDay: '2026-10-31',
            format: 'qd20',
            byHand: true,
            decision: null,
            endedBy: null,
          },
          { firstDay: '2026-09-01', decision: { number: '12/QĐ-UBND', day: '2026-08-20' }, source: null },
        ],
        sameCode: [],
      })
      t.match(text(), /QCVN 102:2016, cấp 3 của H99/)
      const above = (await run('agency history', ['H99.05'])).json.below
      t.match(above, [
        { code: 'H99.05.01', lastDay: null },
        { id: 100, firstDay: '2026-11-01', lastDay: '2026-11-14' },
      ])
      t.same(await rows('select first_day::text as day from roster_restated order by 1'), [
        { day: '2026-09-01' },
        { day: '2026-10-01' },
        { day: '2026-11-01' },
        { day: '2026-11-15' },
      ])
      t.same(
        await rows(`select action from audit where action like 'agency.%' order by number`),
        ['opened', 'changed', 'changed', 'closed'].map(action => ({ action: `agency.${action}` })),
      )
      t.same(
        (await rows<{ revision: number }>('select revision from roster_source')).map(each => each.revision),
        [(await rows<{ n: number }>('select count(*) as n from agency_change'))[0]?.n],
        'a plan made before has to be made anew',
      )
      const { context } = ground
      t.same(await lastPath(context.database.db, 100), [100, 2, 1], 'where it stood last')
      t.ok((await everBelow(context.database.db, 2)).includes(100))
    },
  )

  each('what cannot be is refused with a sentence, and nothing is left of it', async (t, { run, rows }) => {
    const school = { name: 'Trường', parent: 'H99.47', day: '2026-09-01' }
    const cases: [name: string, word: string, values: Values, text: RegExp][] = [
      ['agency open', 'H99.05', school, /đang dùng cho Sở Nội vụ/],
      ['agency open', 'H99.50', { ...school, name: undefined }, /--name/],
      ['agency open', 'H99.50', { ...school, parent: 'H98' }, /--parent/],
      ['agency open', 'H99.50', { ...school, sector: 'khối lạ' }, /--sector/],
      ['agency open', 'H99.50', { ...school, level: 'x' }, /--level/],
      ['agency open', 'H99.50', { ...school, day: undefined }, /--day/],
      ['agency open', 'H99.50', { ...school, day: '2026-02-30' }, /--day/],
      ['agency open', 'H99.50', { ...school, decision: '1' }, /--decision/],
      ['agency change', 'H99.05', { day: '2026-09-01' }, /--name, --parent/],
      ['agency change', 'H99.05', { day: '2026-09-01', name: 'Sở Nội vụ' }, /Không có mục nào/],
      ['agency change', 'H99.05', { day: '2026-09-01', parent: 'H99.05.01' }, /nằm dưới/],
      [
        'agency change',
        'H99',
        { day: '2026-09-01', name: 'Tỉnh khác', parent: 'H99.05' },
        /Cơ quan cao nhất/,
      ],
    ]
    for (const [name, word, values, text] of cases)
      await t.rejects(run(name, [word], values), { code: 'usage', message: text }, `${name} ${word} ${text}`)
    await t.rejects(run('agency change', ['H99.none'], { day: '2026-09-01', name: 'X' }), {
      code: 'not_found',
      message: /no agency has the code H99\.none today/,
    })
    await t.rejects(run('agency history', ['H99.none']), { code: 'not_found' })
    await t.rejects(run('agency close', ['H99.05'], { day: '2026-11-21' }), {
      code: 'busy',
      details: { people: 9, agencies: 1, below: [{ code: 'H99.05.01' }] },
    })
    t.same(await rows('select count(*) as n from agency_change'), [{ n: 0 }])
    t.same(await rows('select count(*) as n from agency'), [{ n: 6 }])
    t.same(await rows('select count(*) as n from decision'), [{ n: 0 }])
  })

  each('a code used again, and two changes of one day to come that need each other', async (t, ground) => {
    const { run, rows, clock, context } = ground
    const day = '2026-12-01'
    await run('agency close', ['H99.48'], { day })
    const { json } = await run('agency open', ['H99.48'], {
      name: 'UBND phường Hòn Nghệ',
      parent: 'H99',
      level: 'commune',
      day,
    })
    t.match(json, { waiting: true, agency: null }, 'the code is free by then')
    await t.rejects(
      run('agency open', ['H99.47'], { name: 'Khác', day }),
      { code: 'usage' },
      'this one is not',
    )
    const { json: third } = await run('agency change', ['H99.47'], {
      name: 'UBND xã Đồi Thông',
      day: '2026-12-02',
    })
    await run('agency withdraw', [String(third.change)])
    await t.rejects(run('agency withdraw', [String(third.change)]), { code: 'not_found' })
    t.same(await rows(`select count(*) as n from agency_period where first_day > '2026-11-21'`), [{ n: 0 }])
    clock.now = new Date('2026-12-01T18:31:00Z')
    t.match(await doDueChanges(context, ['open', 'change']), { done: 0, stuck: [{ reason: 'codeTaken' }] })
    t.match(await doDueChanges(context, ['close', 'open', 'change']), { done: 2, stuck: [] }, 'one makes way')
    const [{ fresh } = { fresh: 0 }] = await rows<{ fresh: number }>('select max(id) as fresh from agency')
    t.same(
      await rows(`select agency_id as id, first_day::text as "from", last_day::text as "until" from agency_period
      where code = 'H99.48' order by 1`),
      [
        { id: 6, from: '-infinity', until: '2026-11-30' },
        { id: fresh, from: day, until: 'infinity' },
      ],
    )
    t.match((await run('agency history', ['H99.48'])).json, { agency: { id: fresh }, sameCode: [{ id: 6 }] })
    t.match((await run('agency history', ['H99.48'], { id: '6' })).json, { agency: { id: 6, open: false } })
  })
}
