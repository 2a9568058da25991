/** Steps: the roster is read, mailboxes are made, people move, leave and return. */
import type { Test } from 'tap'
import type { Servers } from '../servers/index.ts'
import { actAll, aliasOf, PASSWORD, writeTo } from './activity.ts'
import { BACK, LEAVES, MOVES, RETURNS, START } from './calendar.ts'
import { BAD_ENTRIES, leavesLdif, movesLdif, NEW_NAME, personEntry } from './directory.ts'
import { EXCLUDED } from './hopthu.ts'
import {
  type ApplyAnswer,
  command,
  type Journey,
  type ListAnswer,
  messagesOf,
  mustCli,
  type PlanAnswer,
  SOME_REJECTED,
  type SweepAnswer,
  type SyncAnswer,
} from './journey.ts'
import { SHARED } from './logs.ts'
import { addressOf, DOMAIN, type Person, people, personOf } from './people.ts'
import { imap } from './sessions.ts'
import { rowsOf } from './tables.ts'

const nothing = { create: 0, update: 0, rename: 0, suspend: 0, resume: 0, remove: 0 }

export async function provision(t: Test, journey: Journey) {
  await strangers(journey.servers)
  const migrated = await command<{ applied: string[] }>(journey, 'migrate', START)
  t.ok(migrated.json.applied.length > 0, 'the database is brought up')
  const sync = await command<SyncAnswer>(journey, 'roster sync', START)
  const known = people.filter(person => person.fate !== 'joins')
  const read = {
    read: known.length + BAD_ENTRIES,
    rejected: BAD_ENTRIES,
    complete: true,
    guard: { ok: true },
  }
  t.match(sync, { status: SOME_REJECTED, json: read })
  t.match(sync.json.people, { joiners: known.length, leavers: 0 })
  const holders = known.filter(person => person.local !== null && person.fate !== 'comesBack')
  const plan = await command<PlanAnswer>(journey, 'mailbox plan', START)
  t.match(plan, { status: 0, json: { changes: { ...nothing, create: holders.length } } })
  t.match(plan.json.refused, [{ person: personOf('hasNamesake').staffId, reason: /^may_have_mailbox/ }])
  const apply = await command<ApplyAnswer>(journey, 'mailbox apply', START)
  t.match(apply, { status: 0, json: { done: holders.length, already: 0, failed: 0, failures: [] } })
  await hasMailboxes(t, journey, holders)
  await isOneOfItsOwn(t, journey.servers, holders)
}

/** Mailboxes and an alias that stand on the platform before us. */
async function strangers(servers: Servers): Promise<void> {
  const secret = ['--password', PASSWORD, '--password2', PASSWORD]
  const rest = ['--quota', '2048', '--active', '1', '--welcome-mail', '0']
  const names = {
    [`suong.cu@${DOMAIN}`]: personOf('hasNamesake').name,
    [SHARED]: 'Văn thư',
    [EXCLUDED.address]: 'Giám sát',
  }
  for (const [address, name] of Object.entries(names)) {
    await mustCli(servers, ['mailbox', 'add', address, ...secret, '--name', name, ...rest])
  }
  await mustCli(servers, ['alias', 'add', `hoala@${DOMAIN}`, '--goto', 'ai.do@ngoai.example'])
}

async function hasMailboxes(t: Test, journey: Journey, holders: readonly Person[]) {
  const { json } = await command<ListAnswer>(journey, 'mailbox list', START)
  const listed = json.mailboxes.map(({ person, address, state }) => `${person} ${address} ${state}`)
  const expected = holders.map(person => `${person.staffId} ${addressOf(person)} active`)
  t.same(listed.sort(), expected.sort(), 'everybody required has the address the rule gives')
}

async function isOneOfItsOwn(t: Test, servers: Servers, holders: readonly Person[]) {
  const [person] = holders
  if (!person) return t.fail('nobody')
  const shown = await mustCli(servers, ['mailbox', 'view', addressOf(person)])
  t.match(shown, `Name: ${person.name}`)
  t.match(shown, /Active: YES/)
  await writeTo(servers, addressOf(person))
  t.ok(await servers.postfix.queueEmpty(20_000))
  t.equal(await messagesOf(servers, person), 1, 'mail for a new mailbox arrives')
}

export async function move(t: Test, journey: Journey) {
  const { servers, calendar } = journey
  for (const person of aliased()) {
    await mustCli(servers, ['alias', 'add', aliasOf(person), '--goto', addressOf(person)])
  }
  const before = await command<PlanAnswer>(journey, 'mailbox plan', START - 1)
  t.match(before, { status: 0, json: { plan: null, changes: nothing } }, 'an alias is no change')
  await servers.slapd.modify(movesLdif(calendar))
  const sync = await command<SyncAnswer>(journey, 'roster sync', MOVES)
  t.match(sync.json.people, { joiners: 1, movers: 1, changed: 2, leavers: 0, returned: 0 })
  t.match(sync.json.agencies, { created: 0, changed: 1, closed: 0 })
  const plan = await command<PlanAnswer>(journey, 'mailbox plan', MOVES)
  t.match(plan, { status: 0, json: { changes: { ...nothing, create: 1, update: 1 } } })
  t.match(await command<ApplyAnswer>(journey, 'mailbox apply', MOVES), {
    status: 0,
    json: { done: 2, failed: 0 },
  })
  const shown = await mustCli(servers, ['mailbox', 'view', addressOf(personOf('isRenamed'))])
  t.match(shown, `Name: ${NEW_NAME}`)
  const list = await command<ListAnswer>(journey, 'mailbox list', MOVES)
  const aliases = list.json.mailboxes.flatMap(mailbox => mailbox.aliases)
  t.same(aliases.sort(), aliased().map(aliasOf).sort(), 'aliases are known')
}

/** Who sends from an alias, and one who is written to at an alias. */
function aliased(): Person[] {
  const holders = people.filter(person => person.local !== null)
  const receiver = holders.find(person => person.habit === 'receives')
  const senders = holders.filter(person => person.habit === 'fromAlias')
  return receiver ? [receiver, ...senders] : senders
}

// use ---------------------------------------------------------------------------------------------------------------

export async function use(t: Test, journey: Journey) {
  const { servers } = journey
  await setPasswords(servers)
  const [first] = people
  const owner = ['mailbox', 'update', addressOf(first ?? { local: '' })]
  await mustCli(servers, [...owner, '--password', PASSWORD, '--password2', PASSWORD])
  journey.done = await actAll(servers, person => person.fate !== 'comesBack')
  for (const user of [SHARED, EXCLUDED.address]) {
    t.ok(await imap({ port: servers.dovecot.imapPort, user, pass: PASSWORD }))
  }
  const odd = journey.done.filter(each => each.accepted === /^(failed|abandoned)/.test(each.act))
  t.same(
    odd.map(({ act, person }) => `${act} ${person.local}`),
    [],
    'every session and letter went as it should',
  )
  // what waits for a server that never answers stays until it is given up
  await servers.postfix.queueEmpty(1_500)
  await servers.postfix.clearQueue()
  await sweeps(t, journey, person => person.fate !== 'comesBack')
}

async function sweeps(t: Test, journey: Journey, isSwept: (person: Person) => boolean) {
  const { length } = people.filter(person => person.local !== null && isSwept(person))
  const json = { mailboxes: length, reached: length, unreachable: 0 }
  t.match(await command<SweepAnswer>(journey, 'activity sweep'), { status: 0, json })
}

/** Sets the password of everybody who has none yet, as the owner's activation will. */
async function setPasswords({ dovecot, postfixAdmin }: Servers): Promise<void> {
  const { stdout } = await dovecot.doveadm(['pw', '-s', 'SHA512-CRYPT', '-p', PASSWORD])
  const hash = stdout.trim().replace('{SHA512-CRYPT}', '')
  await rowsOf(postfixAdmin.url, `update mailbox set password = $1 where password like '{CRYPT}!hopthu:%'`, [
    hash,
  ])
}

// leaving -----------------------------------------------------------------------------------------------------------

export async function leave(t: Test, journey: Journey) {
  const { servers } = journey
  await servers.slapd.modify(leavesLdif())
  const sync = await command<SyncAnswer>(journey, 'roster sync', LEAVES)
  t.match(sync, {
    status: SOME_REJECTED,
    json: { rejected: BAD_ENTRIES + 1, people: { leavers: 2, joiners: 0 } },
  })
  const plan = await command<PlanAnswer>(journey, 'mailbox plan', LEAVES)
  t.match(plan, { status: 0, json: { changes: { ...nothing, suspend: 2 } } })
  t.match(await command<ApplyAnswer>(journey, 'mailbox apply', LEAVES), {
    status: 0,
    json: { done: 2, failed: 0 },
  })
  for (const fate of ['leaves', 'leavesAndReturns'] as const) {
    t.equal(await signsIn(servers, personOf(fate)), false, 'who left cannot sign in any more')
  }
  t.equal(await signsIn(servers, personOf('entryBreaks')), true, 'a rejected entry is no departure')
  const gone = personOf('leaves')
  const before = await messagesOf(servers, gone)
  await writeTo(servers, addressOf(gone))
  t.ok(await servers.postfix.queueEmpty(20_000))
  t.equal(await messagesOf(servers, gone), before + 1, 'and still gets mail')
}

function signsIn({ dovecot }: Servers, person: Person): Promise<boolean> {
  return imap({ port: dovecot.imapPort, user: addressOf(person), pass: PASSWORD })
}

export async function comeBack(t: Test, journey: Journey) {
  const { servers, calendar } = journey
  await servers.slapd.load(personEntry(personOf('leavesAndReturns'), calendar))
  const sync = await command<SyncAnswer>(journey, 'roster sync', BACK)
  t.match(sync, {
    status: SOME_REJECTED,
    json: { people: { returned: 1, joiners: 0, leavers: 0, movers: 0 } },
  })
  const plan = await command<PlanAnswer>(journey, 'mailbox plan', RETURNS)
  t.match(plan, { status: 0, json: { changes: { ...nothing, resume: 1, create: 1 } } })
  t.match(await command<ApplyAnswer>(journey, 'mailbox apply', RETURNS), {
    status: 0,
    json: { done: 2, failed: 0 },
  })
  t.equal(await signsIn(servers, personOf('leavesAndReturns')), true, 'the old password serves again')
  t.equal(await signsIn(servers, personOf('leaves')), false)
  await setPasswords(servers)
  journey.done.push(...(await actAll(servers, person => person.fate === 'comesBack')))
  await sweeps(t, journey, person => person.fate !== 'leaves')
}
