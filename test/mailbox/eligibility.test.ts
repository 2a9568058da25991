/** The plan under rules of who must have a mailbox, and addresses by sector. */
import { sql } from 'kysely'
import t from 'tap'
import type { Day } from '../../src/ids.ts'
import { reasonText } from '../../src/mailbox/messages.ts'
import type { EligibilityRule } from '../../src/roster/eligibility.ts'
import { codesUnknown } from '../../src/roster/eligibility-store.ts'
import { an, type Behaviours, changes, onEveryStore } from './ground.ts'
import { configOf, type World } from './world.ts'

const SCHOOLS = 'Quyết định 12/QĐ-UBND ngày 05/01/2026'
const TODAY = '2026-03-02' as Day
const DRIVERS = 'Công văn 7/SNV-TCBC ngày 09/02/2026'

/** What the directory of these tests does not say: sectors of agencies, titles of people by staff number. */
async function say(world: World, sectors: Record<string, string>, titles: Record<string, string>) {
  for (const [code, sector] of Object.entries(sectors))
    await sql`update agency_period set sector = ${sector} where code = ${code}`.execute(world.database.db)
  for (const [key, title] of Object.entries(titles))
    await sql`update employment set title = ${title}
      where person_id = (select id from person where staff_id = ${key})`.execute(world.database.db)
}

const behaviours: Behaviours = {
  async 'a rule goes before the class, whichever way it decides, and its document stands with the change'(
    t,
    { world },
  ) {
    world.config = configOf({
      eligibility: [
        { titles: ['lái xe*', '*tap vu'], required: false, document: DRIVERS },
        { staffClasses: ['hợp đồng'], sectors: ['education'], required: true, document: SCHOOLS },
      ],
    })
    await world.roster([
      an('1', 'YT11', { cls: 'Hợp đồng' }),
      an('2', 'YT11', { cls: 'Hợp đồng' }),
      an('3', 'YT1', { cls: 'Công chức' }),
      an('4', 'NV', { cls: 'Hợp đồng' }),
      an('5', 'NV', { cls: 'Công chức' }),
      an('6', 'NV', { cls: 'Công chức' }),
    ])
    // YT11 has no sector of its own: that of YT1 above it
    await say(
      world,
      { YT1: 'education', NV: 'administration' },
      { 2: 'Lái  Xe cơ quan', 5: 'Nhân viên Tạp vụ' },
    )
    const plan = await world.plan()
    t.same(await changes(world, plan), [
      `create annv@tinh.test ruled ${SCHOOLS}`,
      'create annv2@tinh.test required',
      'create annv3@tinh.test required',
    ])
    t.equal(reasonText('vi', `ruled ${SCHOOLS}`), `chưa có hộp thư, thuộc diện cấp theo ${SCHOOLS}`)
  },

  async 'another rule makes another plan: what was approved is not applied under it'(t, { world }) {
    await world.roster([an('1', 'NV')])
    const first = await world.plan()
    t.match(await world.plan(), { plan: first.plan }, 'the same settings, the same plan')
    const rule = { agencies: ['YT'], required: false, document: DRIVERS }
    world.config = configOf({ eligibility: [rule] })
    await t.rejects(world.apply(first.plan), { code: 'ground_moved' })
    const second = await world.plan()
    t.not(second.plan, first.plan)
    t.equal(second.digest, first.digest, 'though it would do the same')
  },

  async 'a rule for an agency that there is not is told of'(t, { world }) {
    await world.roster([an('1', 'NV')])
    const rule = { required: true, document: SCHOOLS }
    const unknown = (eligibility: EligibilityRule[]) =>
      codesUnknown(world.database.db, TODAY, { staffClasses: [], eligibility })
    t.same(await unknown([{ ...rule, titles: ['*'] }]), [])
    t.same(await unknown([{ ...rule, agencies: [' NV', 'YT11'] }]), [])
    t.same(
      await unknown([
        { ...rule, agencies: ['NV', 'NW'] },
        { ...rule, agencies: ['H98'] },
      ]),
      ['NW', 'H98'],
    )
  },

  async 'addresses are of the domain of the sector, by the rule of the nearest agency'(
    t,
    { world, platform },
  ) {
    t.ok(platform)
    world.config = configOf({
      naming: [
        { agency: '*', domain: 'tinh.test' },
        { agency: '*', sector: 'education', domain: 'yt.test' },
        { agency: 'XA', domain: 'tinh.test', pattern: '{full}' },
      ],
    })
    await world.roster([an('1', 'NV'), an('2', 'YT11'), an('3', 'XA')])
    await say(world, { YT: 'education', XA: 'education' }, {})
    t.same(await changes(world, await world.plan()), [
      'create annv@tinh.test required',
      'create annv@yt.test required',
      'create nguyenvanan@tinh.test required',
    ])
  },
}

onEveryStore(t, 'rules', behaviours)
