/**
 * What every connector must do, whatever its platform: the same tests for each. Capabilities decide which
 * kinds of change are tried; those a connector does not declare must be refused and change nothing.
 */
import type { Test } from 'tap'
import { AppError } from '../../../src/error.ts'
import { type Address, parseAddress } from '../../../src/ids.ts'
import type {
  Change,
  ChangeKind,
  ChangeOutcome,
  Connector,
  PlatformEntry,
  PlatformMailbox,
} from '../../../src/mailbox/connector.ts'

export type ContractSubject = {
  connector: Connector
  /** A domain of the platform that is in use and has no limit. */
  domain: string
  /** A domain the platform does not have. */
  strangeDomain: string
  /** Sets a working password, as activation does, by the platform's own means. */
  setPassword(address: Address): Promise<void>
  /** What is kept as the password, for comparing; null where the platform does not tell. */
  storedPassword(address: Address): Promise<string | null>
  /** Makes an alias by the platform's own means. */
  addAlias(address: Address, target: Address): Promise<void>
}

const NO_END = new AbortController().signal
const GB = 1_000_000_000

export function address(text: string): Address {
  const parsed = parseAddress(text)
  if (parsed === null) throw new Error(`${text} is no address`)
  return parsed
}

export const create = (
  to: string,
  token: string,
  rest: { name?: string; quotaBytes?: number } = {},
): Change => ({
  kind: 'create',
  token,
  address: address(to),
  name: 'Nguyễn Văn An',
  quotaBytes: 2 * GB,
  ...rest,
})
export const update = (to: string, token: string, name: string, quotaBytes: number): Change => ({
  kind: 'update',
  token,
  address: address(to),
  name,
  quotaBytes,
})
export const suspend = (to: string, token: string): Change => ({
  kind: 'suspend',
  token,
  address: address(to),
})
export const resume = (to: string, token: string): Change => ({ kind: 'resume', token, address: address(to) })

/** The outcomes in short: `done`, `already`, or the code of a failure. */
export const short = (outcomes: readonly ChangeOutcome[]) =>
  outcomes.map(outcome => (outcome.outcome === 'failed' ? outcome.code : outcome.outcome))

export async function listAll(connector: Connector): Promise<PlatformEntry[]> {
  const entries: PlatformEntry[] = []
  for await (const page of connector.list(NO_END)) entries.push(...page)
  return entries
}

export async function mailboxAt(connector: Connector, at: string): Promise<PlatformMailbox | null> {
  const found = await connector.find([address(at)], NO_END)
  return found.find(entry => entry.kind === 'mailbox') ?? null
}

/** Adds the contract's subtests to a test. The subject's domain must hold none of the addresses used here. */
export function connectorContract(t: Test, subject: ContractSubject): void {
  const apply = async (...changes: Change[]) => short(await subject.connector.apply(changes, NO_END))
  creating(t, subject, apply)
  failing(t, subject, apply)
  updating(t, subject, apply)
  suspending(t, subject, apply)
  settingPasswords(t, subject, apply)
  listing(t, subject, apply)
  undeclared(t, subject)
  breakingOff(t, subject)
}

type Apply = (...changes: Change[]) => Promise<string[]>

function creating(t: Test, { connector, domain, addAlias }: ContractSubject, apply: Apply): void {
  t.test('check says something about the platform', async t => {
    t.match(await connector.check(NO_END), /\w+/)
  })

  t.test('a created mailbox stands there, receives, and nobody can sign in to it', async t => {
    const at = `tao1@${domain}`
    t.same(
      await apply(create(at, 'token-1', { name: 'Đỗ Thị \'Ư\' \\ "Ớt", H’Hen {x}', quotaBytes: 3 * GB })),
      ['done'],
    )
    t.match(await mailboxAt(connector, at), {
      kind: 'mailbox',
      address: at,
      name: 'Đỗ Thị \'Ư\' \\ "Ớt", H’Hen {x}',
      quotaBytes: 3 * GB,
      canSignIn: false,
      receives: true,
      suspended: false,
      token: 'token-1',
      created: /^\d{4}-\d{2}-\d{2}$/,
      domain,
    })
  })

  t.test('the same create again is already done, another one finds the address taken', async t => {
    const at = `tao2@${domain}`
    t.same(await apply(create(at, 'token-2')), ['done'])
    t.same(await apply(create(at, 'token-2')), ['already'])
    t.same(await apply(create(at, 'token-2b', { name: 'Lê An' })), ['address_taken'])
    t.match(await mailboxAt(connector, at), { name: 'Nguyễn Văn An', token: 'token-2' })
  })

  t.test('within one call too, and in order', async t => {
    const at = `tao3@${domain}`
    const changes = [create(at, 'token-3'), create(at, 'token-3'), create(at, 'other'), suspend(at, 's')]
    t.same(await apply(...changes, resume(at, 'r'), resume(at, 'r')), [
      ...['done', 'already', 'address_taken', 'done', 'done', 'already'],
    ])
  })

  t.test('an unlimited mailbox', async t => {
    await apply(create(`tao4@${domain}`, 'token-4', { quotaBytes: 0 }))
    t.equal((await mailboxAt(connector, `tao4@${domain}`))?.quotaBytes, 0)
  })

  t.test('an alias holds its address', async t => {
    await addAlias(address(`bidanh@${domain}`), address(`tao1@${domain}`))
    t.same(await apply(create(`bidanh@${domain}`, 'token-5')), ['address_taken'])
    t.same(await connector.find([address(`bidanh@${domain}`)], NO_END), [
      { kind: 'alias', address: `bidanh@${domain}`, targets: [`tao1@${domain}`], active: true },
    ])
  })

  t.test('no change at all is no outcome', async t => {
    t.same(await apply(), [])
  })
}

function failing(t: Test, given: ContractSubject, apply: Apply): void {
  const { connector, domain, strangeDomain } = given

  t.test('a change that fails does not stop the others, and outcomes keep the order', async t => {
    const outcomes = await connector.apply(
      [
        create(`hong1@${domain}`, 'h1'),
        create(`hong2@${strangeDomain}`, 'h2'),
        update(`khongco@${domain}`, 'h3', 'Lê An', GB),
        create(`hong4@${domain}`, 'h4'),
        suspend(`khongco@${domain}`, 'h5'),
        resume(`khongco@${domain}`, 'h6'),
      ],
      NO_END,
    )
    t.same(short(outcomes), ['done', 'platform_refused', 'not_found', 'done', 'not_found', 'not_found'])
    for (const outcome of outcomes) {
      if (outcome.outcome === 'failed') t.match(outcome, { reason: /\w+ \w+/, temporary: false })
    }
    t.ok(await mailboxAt(connector, `hong4@${domain}`))
    t.same(
      await connector.find([address(`khongco@${domain}`), address(`hong2@${strangeDomain}`)], NO_END),
      [],
    )
  })

  t.test('what the platform itself cannot take fails alone', async t => {
    const names = ['Lê An', 'một \u0000 hai', 'Lê Bình']
    const changes = names.map((name, at) => create(`hong1${at}@${domain}`, `hh${at}`, { name }))
    const outcomes = await apply(...changes)
    t.same([outcomes[0], outcomes[2]], ['done', 'done'])
    t.same(
      (await apply(...changes)).filter((_, at) => at !== 1),
      ['already', 'already'],
    )
  })
}

function updating(t: Test, { connector, domain }: ContractSubject, apply: Apply): void {
  t.test('an update sets name and quota, and only once', async t => {
    const at = `sua1@${domain}`
    await apply(create(at, 'token-6'))
    t.same(await apply(update(at, 'u1', 'Trần Thị Bích', 5 * GB)), ['done'])
    t.same(await apply(update(at, 'u1', 'Trần Thị Bích', 5 * GB)), ['already'])
    t.match(await mailboxAt(connector, at), { name: 'Trần Thị Bích', quotaBytes: 5 * GB, token: 'token-6' })
  })
}

function suspending(t: Test, given: ContractSubject, apply: Apply): void {
  const { connector, domain, setPassword, storedPassword } = given

  t.test('a suspended mailbox still receives; resumed, it has the password it had', async t => {
    const at = address(`khoa1@${domain}`)
    await apply(create(at, 'token-7'))
    await setPassword(at)
    const before = await storedPassword(at)
    t.match(await mailboxAt(connector, at), { canSignIn: true, token: null, suspended: false })

    t.same(await apply(suspend(at, 's1')), ['done'])
    const receives = connector.capabilities.deliverOnlySuspend
    t.match(await mailboxAt(connector, at), { canSignIn: false, receives, suspended: true, token: null })
    t.same(await apply(suspend(at, 's1')), ['already'])

    t.same(await apply(resume(at, 'r1')), ['done'])
    t.match(await mailboxAt(connector, at), { canSignIn: true, receives: true, suspended: false })
    t.equal(await storedPassword(at), before)
    t.same(await apply(resume(at, 'r1')), ['already'])
  })

  t.test('one never activated keeps its token through suspending and resuming', async t => {
    const at = `khoa2@${domain}`
    await apply(create(at, 'token-8'), suspend(at, 's2'))
    t.match(await mailboxAt(connector, at), { canSignIn: false, suspended: true, token: 'token-8' })
    t.same(await apply(create(at, 'token-8')), ['already'])
    t.same(await apply(resume(at, 'r2')), ['done'])
    t.match(await mailboxAt(connector, at), { canSignIn: false, suspended: false, token: 'token-8' })
  })
}

/** A form Dovecot knows; of no password at all. */
const hash = (mark: string) =>
  `{ARGON2ID}$argon2id$v=19$m=19456,t=2,p=1$${mark.repeat(22)}$${mark.repeat(43)}`

function settingPasswords(t: Test, given: ContractSubject, apply: Apply): void {
  const { connector, domain, strangeDomain, storedPassword } = given
  const set = async (at: string, to: string) =>
    short([await connector.setPassword(address(at), to, NO_END)])[0]

  t.test('a password opens a new mailbox, once for the same hash, and can be replaced', async t => {
    const at = address(`mk1@${domain}`)
    await apply(create(at, 'token-mk1'))
    t.equal(await set(at, hash('a')), 'done')
    t.match(await mailboxAt(connector, at), {
      canSignIn: true,
      receives: true,
      token: null,
      suspended: false,
    })
    t.equal(await set(at, hash('a')), 'already')
    t.equal(await set(at, hash('b')), 'done')
    const stored = await storedPassword(at)
    if (stored !== null) t.equal(stored, hash('b'))
    t.same(await apply(create(at, 'token-mk1')), ['address_taken'], 'it is nobody’s fresh mailbox any more')
  })

  t.test('never over a suspended mailbox: what was set aside comes back whole', async t => {
    const [used, unused] = [address(`mk2@${domain}`), address(`mk3@${domain}`)]
    await apply(create(used, 'token-mk2'), create(unused, 'token-mk3'))
    await set(used, hash('c'))
    await apply(suspend(used, 'mk4'), suspend(unused, 'mk5'))
    const before = await storedPassword(used)
    const refused = await connector.setPassword(used, hash('d'), NO_END)
    t.match(refused, { outcome: 'failed', code: 'mailbox_suspended', reason: /\w+ \w+/, temporary: false })
    t.equal(await set(used, hash('c')), 'mailbox_suspended', 'nor with the hash it had')
    t.equal(await set(unused, hash('d')), 'mailbox_suspended')
    t.equal(await storedPassword(used), before)
    t.match(await mailboxAt(connector, used), { canSignIn: false, suspended: true })
    t.same(await apply(resume(used, 'mk6'), resume(unused, 'mk7')), ['done', 'done'])
    t.equal(await set(used, hash('c')), 'already')
    t.match(await mailboxAt(connector, unused), { canSignIn: false, token: 'token-mk3' })
  })

  t.test('no mailbox, no password', async t => {
    t.equal(await set(`khongco@${domain}`, hash('e')), 'not_found')
    t.equal(await set(`khongco@${strangeDomain}`, hash('e')), 'not_found')
    t.equal(await mailboxAt(connector, `khongco@${domain}`), null)
  })
}

function listing(t: Test, { connector, domain }: ContractSubject, apply: Apply): void {
  t.test('a list has every mailbox once, in pages of at most 1,000', async t => {
    const wanted = Array.from({ length: 2_300 }, (_, index) => `lk${index}@${domain}`)
    const size = connector.capabilities.batchSize
    for (let at = 0; at < wanted.length; at += size) {
      const outcomes = await apply(...wanted.slice(at, at + size).map(to => create(to, `token-${to}`)))
      t.ok(outcomes.every(outcome => outcome === 'done'))
    }
    const pages: PlatformEntry[][] = []
    for await (const page of connector.list(NO_END)) pages.push(page)
    t.ok(pages.every(page => page.length <= 1_000))
    const listed = pages.flat().filter(entry => entry.kind === 'mailbox' && entry.address.startsWith('lk'))
    t.same(listed.map(entry => String(entry.address)).sort(), wanted.sort())
    t.same(
      pages.flat().filter(entry => entry.kind === 'alias' && entry.address.startsWith('bidanh')).length,
      1,
      'and the alias made before',
    )
  })
}

const ALL_KINDS: readonly ChangeKind[] = ['create', 'update', 'rename', 'suspend', 'resume', 'remove']

function undeclared(t: Test, { connector, domain }: ContractSubject): void {
  const missing = ALL_KINDS.filter(kind => !connector.capabilities.changes.includes(kind))
  t.test(`kinds of change it does not declare are refused: ${missing.join(', ') || 'none'}`, async t => {
    const at = address(`tao1@${domain}`)
    const before = await mailboxAt(connector, at)
    const changes: Change[] = [
      { kind: 'rename', token: 'x1', address: at, to: address(`moi@${domain}`) },
      { kind: 'remove', token: 'x2', address: at },
      suspend(at, 'x3'),
    ]
    const tried = changes.filter(change => missing.includes(change.kind))
    const outcomes = await connector.apply(tried, NO_END)
    t.same(
      short(outcomes),
      tried.map(() => 'platform_refused'),
    )
    t.same(await mailboxAt(connector, at), before)
  })
}

function breakingOff(t: Test, { connector, domain }: ContractSubject): void {
  t.test('a call that is broken off before it began changes nothing', async t => {
    const stopped = AbortSignal.abort()
    await t.rejects(connector.apply([create(`huy1@${domain}`, 'token-9')], stopped), AppError)
    await t.rejects(connector.check(stopped), AppError)
    await t.rejects(connector.find([address(`tao1@${domain}`)], stopped), AppError)
    await t.rejects(connector.setPassword(address(`tao1@${domain}`), hash('f'), stopped), AppError)
    t.match(await mailboxAt(connector, `tao1@${domain}`), { canSignIn: false })
    t.equal(await mailboxAt(connector, `huy1@${domain}`), null)
  })
}
