/** What was entered by hand beside what a source goes on saying. */
import { readFileSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { localOperator } from '../../src/access/access.ts'
import { parseChangeDay } from '../../src/roster/agency-change.ts'
import { enterAs } from '../../src/roster/agency-entry-plugin.ts'
import { syncAll } from '../../src/roster/command.ts'
import { officials, openProvince, type Province } from '../support/province.ts'

const staff = [...officials(6, 'H99.05'), ...officials(6, 'H99.11', 50)]
const at = (text: string) => new Date(`${text}T09:00:00+07:00`)

async function codes({ one }: Province): Promise<string> {
  const { text } = await one<{
    text: string
  }>(`select string_agg(concat_ws(' ', agency_id, first_day, last_day, code, name), e'\\n'
    order by agency_id, first_day) as text from agency_period where parent_id is not null`)
  return text
}

async function read({ web }: Province): Promise<void> {
  await syncAll(web.context, { source: null, dryRun: false, force: true })
}

t.test(
  'what was entered by hand stands while the source says the same, and gives way to what is new',
  async t => {
    let clock = at('2026-11-01')
    const province = await openProvince(t, { now: () => clock })
    await province.sync(staff)
    const doer = { context: province.web.context, operator: localOperator }
    const day = parseChangeDay('2026-11-05')
    if (day === null) throw new Error('no day')
    clock = at('2026-11-10')
    const entered = { day, decision: null }
    const health = await province.agencyId('H99.11')
    const ward = await province.agencyId('H99.35')
    const home = await province.agencyId('H99.05')
    const changed = await enterAs(
      doer,
      { kind: 'change', agencyId: health, wanted: { name: 'Sở Y tế và Dân số', parentId: home } },
      entered,
    )
    t.equal(changed.kind, 'done')
    t.equal(
      (await enterAs(doer, { kind: 'change', agencyId: home, wanted: { code: 'H99.05A' } }, entered)).kind,
      'done',
    )
    t.equal((await enterAs(doer, { kind: 'close', agencyId: ward }, entered)).kind, 'done')
    const before = await codes(province)
    t.match(before, /2026-11-05 infinity H99\.11 Sở Y tế và Dân số/)
    clock = at('2026-11-11')
    await read(province)
    t.equal(await codes(province), before, 'the same read again')
    await province.sync([...staff, ...officials(1, 'H99.05', 90)])
    t.equal(await codes(province), before, 'somebody new at an agency whose code was changed by hand')
    const { n } = await province.one<{ n: number }>(
      `select count(*) as n from employment where agency_id = ${home} and last_day = 'infinity'`,
    )
    t.equal(n, 7, 'is known by the code the source has for it')
    const [source] = province.web.context.config.roster.sources
    if (source?.kind !== 'ldif') throw new Error('no file')
    const base64 = (text: string) => Buffer.from(text).toString('base64')
    const text = readFileSync(source.path ?? '', 'utf8')
    writeFileSync(source.path ?? '', text.replace(base64('Sở Y tế'), base64('Sở Sức khoẻ')))
    clock = at('2026-11-12')
    await read(province)
    t.match(await codes(province), /2026-11-12 infinity H99\.11 Sở Sức khoẻ/)
  },
)
