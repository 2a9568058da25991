import { sql } from 'kysely'
import pino from 'pino'
import t, { type Test } from 'tap'
import { commandRights } from '../../src/access/command-rights.ts'
import { commands, requireCommandRight, runCommand } from '../../src/app.ts'
import type { Answer, CommandContext, Values } from '../../src/command.ts'
import { parseConfig } from '../../src/config.ts'
import { AppError } from '../../src/error.ts'
import { stores } from '../support/database.ts'
import { openWeb } from '../support/web.ts'

type Run = (name: string, words?: string[], values?: Values) => Promise<Answer>
type Ground = { run: Run; context: CommandContext }

for (const store of stores()) {
  const each = (name: string, body: (t: Test, ground: Ground) => Promise<void>) =>
    t.test(`${name} (${store.name})`, { skip: store.skip }, async t => {
      const database = await store.open()
      t.teardown(() => database.close())
      await agency(database, 'H99.01')
      const context: CommandContext = {
        config: parseConfig({
          database: { url: 'pglite:memory' },
          http: { publicUrl: 'https://hopthu.phuocan.gov.vn/' },
        }),
        database,
        log: pino({ level: 'silent' }),
        now: () => new Date('2026-11-24T02:00:00Z'),
        signal: AbortSignal.timeout(60_000),
        progress: () => {},
      }
      const run: Run = async (name, words = [], values = {}) => {
        const command = commands().find(each => each.name === name)
        if (!command || command.needs === 'config') throw new Error(`no such command: ${name}`)
        return runCommand(command, context, { values, words })
      }
      await body(t, { run, context })
    })

  each('an operator is added with a link that signs them in', async (t, { run, context }) => {
    const { json, exit, text } = await run('operator add', ['Nguyen.An'], {
      role: 'agency-admin',
      agency: 'H99.01',
    })
    t.equal(exit, 0)
    t.match(json, {
      operator: 'nguyen.an',
      signInLink: /^https:\/\/hopthu\.phuocan\.gov\.vn\/sign-in\/[\w-]{43}$/,
    })
    t.match(text(), /Quản trị cơ quan, H99\.01.*72 giờ/)
    const web = await openWeb(t, { database: context.database, now: context.now })
    const first = String(json.signInLink).replace(/^https:\/\/[^/]+/, '')
    t.equal((await web.get(first)).status, 200)
    const second = await run('operator link', ['nguyen.an'])
    t.equal((await web.get(first)).status, 404, 'a new link ends the one before')
    t.equal(
      (await web.post(String(second.json.signInLink).replace(/^https:\/\/[^/]+/, ''), null, {})).status,
      303,
    )
    const { rows } = await sql<{ text: string }>`
      select string_agg(l::text, '') || (select string_agg(s::text, '') from session s) as text
      from sign_in_link l`.execute(context.database.db)
    t.notMatch(rows[0]?.text, String(second.json.signInLink).slice(-43), 'only hashes are kept')
  })

  each('what cannot be done is said in a sentence, with nothing changed', async (t, { run, context }) => {
    await run('operator add', ['nguyen.an'], { role: 'viewer' })
    const cases: [string, string[], Values, RegExp][] = [
      ['operator add', ['nguyen.an'], { role: 'viewer' }, /nguyen\.an is taken/],
      ['operator add', ['binh'], {}, /--role: one of admin, agency-admin, head, viewer, auditor is expected/],
      ['operator add', ['binh'], { role: 'root' }, /not root/],
      ['operator add', ['binh'], { role: 'head', agency: 'H98' }, /no agency in force has the code H98/],
      ['operator add', ['binh'], { role: 'agency-admin' }, /needs the code of an agency/],
      ['operator add', ['Nguyễn An'], { role: 'viewer' }, /a name of 2 to 64 letters/],
      ['operator link', ['nobody'], {}, /there is no operator nobody/],
      ['operator disable', ['nobody'], {}, /there is no operator nobody/],
    ]
    for (const [name, words, values, sentence] of cases) {
      const thrown: unknown = await run(name, words, values).catch((error: unknown) => error)
      t.ok(thrown instanceof AppError && thrown.exitStatus === 2, `${name} ${words[0]}`)
      t.match(thrown, { message: sentence })
    }
    const { rows } = await sql`select 1 from operator`.execute(context.database.db)
    t.equal(rows.length, 1)
  })

  each('an operator who is disabled is out, and stays out', async (t, { run, context }) => {
    await run('operator add', ['nguyen.an'], { role: 'viewer' })
    t.match(await run('operator disable', ['nguyen.an']), { exit: 0, json: { disabled: true } })
    await t.rejects(run('operator link', ['nguyen.an']), /there is no operator nguyen\.an, or it is disabled/)
    t.same(await audited(context), ['operator.added', 'operator.disabled'])
  })

  each('verifying answers 1 when the audit is not as it was written', async (t, { run, context }) => {
    await run('operator add', ['nguyen.an'], { role: 'viewer' })
    await run('operator link', ['nguyen.an'])
    t.match(await run('audit verify'), { exit: 0, json: { entries: 2, ok: true, firstBroken: null } })
    await context.database.exec(
      `alter table audit disable trigger all; delete from audit where number = 2; alter table audit enable trigger all`,
    )
    const broken = await run('audit verify')
    t.match(broken, { exit: 1, json: { ok: false, firstBroken: 2 } })
    t.match(broken.text(), /bắt đầu từ dòng 2/)
  })

  each(
    'a command that changes is recorded, one that looks or only tries is not',
    async (t, { run, context }) => {
      await run('migrate')
      t.same(await audited(context), ['database.migrated'])
      await run('audit verify')
      t.same(await audited(context), ['database.migrated'])
      await t.rejects(run('roster sync', [], {}), /no source is configured/)
      await t.rejects(run('roster approve', ['7'], {}))
      await t.rejects(run('explain', ['nobody'], {}))
      t.same(await audited(context), ['database.migrated'], 'nothing of what never began')
    },
  )
}

t.test('every command asks for a right', async t => {
  for (const command of commands()) t.ok(commandRights[command.name], command.name)
  t.throws(() => requireCommandRight({ name: 'no such' }), { code: 'forbidden' })
})

async function agency({ db }: CommandContext['database'], code: string): Promise<void> {
  await sql`
    with made as (insert into agency (source, source_key) values ('test', ${code}) returning id)
    insert into agency_period (agency_id, first_day, code, name, level, sort_key, search_key)
    select id, '2026-01-01', ${code}, 'Sở Thử', 'department', ${code}, ${code} from made`.execute(db)
}

async function audited({ database }: CommandContext): Promise<string[]> {
  const { rows } = await sql<{ action: string }>`select action from audit order by number`.execute(
    database.db,
  )
  return rows.map(row => row.action)
}
