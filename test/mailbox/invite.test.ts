/** Inviting, step by step, with a mail platform in memory: what is stored, what opens, who is left out and why. */
import { sql } from 'kysely'
import t from 'tap'
import { newToken, tokenHash } from '../../src/access/secret.ts'
import { AppError } from '../../src/error.ts'
import { addDays, type Day } from '../../src/ids.ts'
import { activate, openedBy } from '../../src/mailbox/activation.ts'
import { parseKey } from '../../src/mailbox/activation-code.ts'
import type { Letter } from '../../src/mailbox/invitation.ts'
import { type Delivery, type Invited, invite } from '../../src/mailbox/invite.ts'
import { mailboxes } from '../../src/mailbox/store.ts'
import { address } from './connectors/contract.ts'
import { alias, an, type Ground, onEveryStore, planAndApply } from './ground.ts'
import { held, lines, type Staff, type World } from './world.ts'

const everybody: Invited = { kind: 'pending', agencies: null }
const named = (...addresses: string[]): Invited => ({ kind: 'addresses', addresses })

const HOA: Staff = an('CB1', 'YT1', { name: 'Nguyễn Thị Hòa', email: 'hoa@khac.example' })
const DAT: Staff = an('CB2', 'NV', { name: 'Trần Văn Đạt', email: 'dat@khac.example' })
const ANH: Staff = an('CB3', 'NV', { name: 'Võ Thị Ánh', email: 'anh@khac.example' })
const NONE: Staff = an('CB4', 'XA', { name: 'Lê Minh Đức' })

function run(world: World, whom: Invited, delivery: Delivery) {
  const { db, connector, now, signal, config } = world.context()
  const rest = { newToken, tokenHash, by: null, days: 14, progress: () => {} }
  return invite({ db, connector, now, signal, timeZone: config.timeZone, ...rest }, whom, delivery)
}

/** Takes every letter, or does with it what is given. */
function post(letters: Letter[], send: (letter: Letter) => Promise<void> = async () => {}): Delivery {
  return {
    channel: 'mail',
    async send(letter) {
      letters.push(letter)
      await send(letter)
    },
  }
}

function sheet(letters: Letter[], finish: () => Promise<void> = async () => {}): Delivery {
  return { channel: 'sheet', add: async more => void letters.push(...more), finish }
}

async function opens({ database, context }: World, key: string | null | undefined): Promise<boolean> {
  const parsed = parseKey(key ?? '')
  if (parsed === null) return false
  const { now } = context()
  return (await openedBy(database.db, parsed, { tokenHash, now: now() })) !== null
}

async function shown(world: World): Promise<string[]> {
  const { now } = world.context()
  const states: string[] = []
  const day = world.day as Day
  for await (const page of mailboxes(world.database.db, { day, now: now() }, null))
    states.push(...page.map(each => `${each.address} ${each.state}`))
  return states.sort()
}

const refused = async () => {
  throw new AppError('mail_server_refused', 'the mail server refused: 550')
}
const silent = async () => {
  throw new AppError('mail_server_unreachable', 'the mail server does not answer', { temporary: true })
}

async function issued({ world }: Ground, people: readonly Staff[] = [HOA, DAT, ANH, NONE]): Promise<void> {
  await world.roster(people)
  await planAndApply(world)
}

onEveryStore(t, 'inviting', {
  'whoever waits gets one letter, by agency and name; who has no other address is named': async (
    t,
    ground,
  ) => {
    const { world } = ground
    await issued(ground)
    const letters: Letter[] = []
    t.same(await run(world, everybody, post(letters)), {
      invited: 3,
      mailed: 3,
      sheet: 0,
      skipped: [{ address: 'duclm@tinh.test', reason: 'no_other_address' }],
    })
    t.same(letters.map(each => each.to).sort(), ['anh@khac.example', 'dat@khac.example', 'hoa@khac.example'])
    t.match(
      letters.find(each => each.to === 'hoa@khac.example'),
      {
        name: 'Nguyễn Thị Hòa',
        address: 'hoant@tinh.test',
        agencyCode: 'YT1',
        purpose: 'first',
        code: null,
      },
    )
    for (const { token } of letters) t.ok(await opens(world, token))
    const kept = await lines(world, 'select a::text as line from activation a')
    t.notOk(
      letters.some(({ token }) => kept.join().includes(token)),
      'only hashes are kept',
    )
  },

  'waiting shows as invited, and nothing that is counted by changes': async (t, ground) => {
    const { world } = ground
    await issued(ground)
    const before = await held(world)
    await run(world, named('hoant@tinh.test'), post([]))
    t.same(await held(world), before)
    t.same(await shown(world), [
      ...['anhvt@tinh.test active', 'dattv@tinh.test active', 'duclm@tinh.test active'],
      'hoant@tinh.test invited',
    ])
    world.day = addDays(world.day as Day, 15)
    t.ok((await shown(world)).includes('hoant@tinh.test active'), 'out of date')
  },

  'a newer letter ends the older one, once it has been handed over': async (t, ground) => {
    const { world } = ground
    await issued(ground)
    const letters: Letter[] = []
    const opened: boolean[] = []
    await run(world, named('hoant@tinh.test'), post(letters))
    const older = letters[0]?.token
    await run(
      world,
      named('hoant@tinh.test'),
      post(letters, async () => void opened.push(await opens(world, older))),
    )
    t.same(opened, [true], 'while the newer one is on its way the older is good')
    t.same([await opens(world, older), await opens(world, letters[1]?.token)], [false, true])
  },

  'a letter that is refused opens nothing, is reported, and the older one stays good': async (t, ground) => {
    const { world } = ground
    await issued(ground)
    const letters: Letter[] = []
    await run(world, named('hoant@tinh.test'), post(letters))
    const result = await run(world, named('hoant@tinh.test'), post(letters, refused))
    t.match(result, { invited: 0, skipped: [{ address: 'hoant@tinh.test', reason: 'mail_refused' }] })
    t.same([await opens(world, letters[0]?.token), await opens(world, letters[1]?.token)], [true, false])
  },

  'a server that does not answer: what may have arrived is good and reported, the rest is not tried': async (
    t,
    ground,
  ) => {
    const { world } = ground
    // the platform takes four at a time: the fifth is the first of the next chunk
    const fifth = an('CB5', 'YT11', { name: 'Phạm Quốc Ân', email: 'an@khac.example' })
    await issued(ground, [HOA, DAT, ANH, NONE, fifth])
    const letters: Letter[] = []
    const result = await run(world, everybody, post(letters, silent))
    t.equal(result.invited, 0)
    const reasons = result.skipped.map(each => each.reason).sort()
    const unknown = ['mail_unknown', 'mail_unknown', 'mail_unknown']
    t.same(reasons, [...unknown, 'mail_unreachable', 'no_other_address'])
    t.equal(letters.length, 3)
    for (const { token } of letters) t.ok(await opens(world, token))
    const again: Letter[] = []
    t.match(await run(world, everybody, post(again)), { mailed: 4 })
    for (const { token } of letters) t.notOk(await opens(world, token))
    for (const { token } of again) t.ok(await opens(world, token))
  },

  'killed after a letter was handed over: it opens, and so does the one before; running again ends both':
    async (t, ground) => {
      const { world } = ground
      await issued(ground)
      const letters: Letter[] = []
      await run(world, named('hoant@tinh.test'), post(letters))
      const dying = post(letters, async () => {
        throw new Error('killed')
      })
      await t.rejects(run(world, named('hoant@tinh.test'), dying))
      const [first, second] = letters.map(each => each.token)
      t.same([await opens(world, first), await opens(world, second)], [true, true])
      await run(world, named('hoant@tinh.test'), post(letters))
      t.same(
        [await opens(world, first), await opens(world, second), await opens(world, letters[2]?.token)],
        [false, false, true],
      )
    },

  'a sheet that was not finished opens nothing; the slips of one that was do, by code and link': async (
    t,
    ground,
  ) => {
    const { world } = ground
    await issued(ground)
    const lost: Letter[] = []
    const broken = sheet(lost, async () => {
      throw new AppError('file_unreadable', 'the disk is full')
    })
    await t.rejects(run(world, everybody, broken), { code: 'file_unreadable' })
    t.equal(lost.length, 4)
    for (const { token, code } of lost)
      t.same([await opens(world, token), await opens(world, code)], [false, false])
    const slips: Letter[] = []
    t.match(await run(world, everybody, sheet(slips)), { invited: 4, mailed: 0, sheet: 4, skipped: [] })
    t.same(
      slips.map(each => `${each.agencyCode} ${each.name}`),
      ['NV Võ Thị Ánh', 'NV Trần Văn Đạt', 'XA Lê Minh Đức', 'YT1 Nguyễn Thị Hòa'],
      'as it is cut and handed out',
    )
    for (const { token, code } of slips)
      t.same([await opens(world, token), await opens(world, code)], [true, true])
  },

  'named: each reason by its name, once each': async (t, { world, platform }) => {
    await issued({ world, platform })
    platform.setPassword(address('hoant@tinh.test'))
    platform.mailboxes.delete(address('anhvt@tinh.test'))
    const stored = platform.mailboxes.get(address('dattv@tinh.test'))
    if (stored) stored.suspended = true
    const letters: Letter[] = []
    const whom = named(
      ...['hoant@tinh.test', 'HOANT@tinh.test', 'anhvt@tinh.test', 'dattv@tinh.test'],
      ...['khongco@tinh.test', 'không phải địa chỉ', 'duclm@tinh.test'],
    )
    const result = await run(world, whom, post(letters))
    t.equal(result.invited, 1)
    t.match(letters, [{ address: 'hoant@tinh.test', purpose: 'forgotten' }])
    t.same(result.skipped.map(each => `${each.address} ${each.reason}`).sort(), [
      'anhvt@tinh.test not_on_platform',
      'dattv@tinh.test suspended',
      'duclm@tinh.test no_other_address',
      'khongco@tinh.test unknown_address',
      'không phải địa chỉ unknown_address',
    ])
    const waiting = await run(world, everybody, post([]))
    t.ok(
      waiting.skipped.some(each => each.address === 'hoant@tinh.test' && each.reason === 'already_activated'),
      'a password set by the platform’s own means is one',
    )
  },

  'an alias names its mailbox, and its own address is no other address': async (t, { world, platform }) => {
    await issued({ world, platform }, [{ ...HOA, email: 'HOANT@tinh.test' }, DAT])
    alias(platform, 'vanthu@tinh.test', 'dattv@tinh.test')
    await world.plan()
    const letters: Letter[] = []
    const result = await run(world, named('vanthu@tinh.test', 'hoant@tinh.test'), post(letters))
    t.match(letters, [{ address: 'dattv@tinh.test' }])
    t.same(result.skipped, [{ address: 'hoant@tinh.test', reason: 'no_other_address' }])
  },

  'whoever has left is not invited, by name or as one of all, though the mailbox is not suspended yet':
    async (t, { world, platform }) => {
      await issued({ world, platform })
      world.day = addDays(world.day as Day, 1)
      await world.roster([DAT, ANH, NONE])
      const slips: Letter[] = []
      const result = await run(world, named('hoant@tinh.test'), sheet(slips))
      t.match(result, { invited: 0, skipped: [{ address: 'hoant@tinh.test', reason: 'left' }] })
      const all = await run(world, everybody, sheet(slips))
      t.match(all, { invited: 3, skipped: [{ address: 'hoant@tinh.test', reason: 'left' }] })
    },

  'a link opens nothing once somebody else holds the mailbox, or nobody': async (t, { world, platform }) => {
    await issued({ world, platform })
    const letters: Letter[] = []
    await run(world, named('hoant@tinh.test'), post(letters))
    const [letter] = letters
    t.ok(await opens(world, letter?.token))
    const { db } = world.context()
    const mailbox = letter?.mailboxId ?? 0
    await sql`update mailbox_holder set last_day = first_day where mailbox_id = ${mailbox}`.execute(db)
    t.notOk(await opens(world, letter?.token))
    await sql`
      insert into mailbox_holder (mailbox_id, person_id, first_day)
      select ${mailbox}, id, ${world.day}::date from person where staff_id = 'CB2'`.execute(db)
    t.notOk(await opens(world, letter?.token))
    await run(world, named('hoant@tinh.test'), post(letters))
    t.ok(await opens(world, letters.at(-1)?.token))
  },

  'few letters are on their way at once': async (t, ground) => {
    const people = Array.from({ length: 40 }, (_, at) =>
      an(`C${at}`, 'NV', {
        name: `Trần Thị ${'abcdefgh'.charAt(at % 8)}${at}`,
        email: `m${at}@khac.example`,
      }),
    )
    await issued(ground, people)
    let now = 0
    let most = 0
    const slow = async () => {
      most = Math.max(most, ++now)
      await new Promise(resolve => setTimeout(resolve, 1))
      now--
    }
    t.match(await run(ground.world, everybody, post([], slow)), { mailed: 40, skipped: [] })
    t.ok(most <= 5, `${most}`)
  },

  'used once, whoever comes first; a platform that is away spends nothing': async (
    t,
    { world, platform },
  ) => {
    await issued({ world, platform })
    const letters: Letter[] = []
    await run(world, named('hoant@tinh.test'), post(letters))
    const key = parseKey(letters[0]?.token ?? '')
    const { db, connector, now, signal } = world.context()
    const invitation = key && (await openedBy(db, key, { tokenHash, now: now() }))
    if (!invitation) throw new Error('no invitation')
    const recorded: string[] = []
    const use = (hash: string) =>
      activate({ db, connector, now, signal, record: async () => void recorded.push(hash) }, invitation, hash)
    platform.down = true
    t.equal(await use('{X}1'), 'away')
    platform.down = false
    const ends = await Promise.all(['{X}2', '{X}3', '{X}4'].map(use))
    t.same(ends.toSorted(), ['done', 'taken', 'taken'])
    t.equal(recorded.length, 1)
    t.equal(platform.mailboxes.get(address('hoant@tinh.test'))?.password, recorded[0])
    t.equal(await use('{X}5'), 'taken')
    t.notOk(await opens(world, letters[0]?.token))
  },

  'a crash between platform and record locks nobody out': async (t, { world, platform }) => {
    await issued({ world, platform })
    const letters: Letter[] = []
    await run(world, named('hoant@tinh.test'), post(letters))
    const key = parseKey(letters[0]?.token ?? '')
    const { db, connector, signal } = world.context()
    let clock = new Date(`${world.day}T03:00:00Z`)
    const now = () => clock
    const invitation = key && (await openedBy(db, key, { tokenHash, now: now() }))
    if (!invitation) throw new Error('no invitation')
    const crash = async () => {
      throw new Error('crashed')
    }
    await t.rejects(activate({ db, connector, now, signal, record: crash }, invitation, '{X}1'))
    t.equal(platform.mailboxes.get(address('hoant@tinh.test'))?.password, '{X}1', 'the password is set')
    t.ok(await opens(world, letters[0]?.token), 'and the link is good')
    clock = new Date(clock.getTime() + 61_000)
    const done = activate({ db, connector, now, signal, record: async () => {} }, invitation, '{X}2')
    t.equal(await done, 'done')
    t.equal(platform.mailboxes.get(address('hoant@tinh.test'))?.password, '{X}2')
  },
})
