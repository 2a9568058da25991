import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Address } from '../../../src/ids.ts'
import { createPractice } from '../../../src/mailbox/connectors/practice.ts'
import { PracticeMailboxes } from '../../../src/mailbox/connectors/practice-mailboxes.ts'
import { address, connectorContract, create, mailboxAt, short } from './contract.ts'

const NO_END = new AbortController().signal

function folderFor(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'hopthu-practice-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function connectorFor(t: Test, folder: string) {
  const connector = createPractice({
    name: 'practice',
    folder,
    domains: ['tinh.test'],
    timeZone: 'Asia/Ho_Chi_Minh',
  })
  t.teardown(() => connector.close())
  return connector
}

t.test('the practice platform keeps the contract of a connector', async t => {
  const folder = folderFor(t)
  const connector = connectorFor(t, folder)
  const own = new PracticeMailboxes(folder)
  t.teardown(() => own.close())
  connectorContract(t, {
    connector,
    domain: 'tinh.test',
    strangeDomain: 'khongco.test',
    setPassword: async to => own.setPassword(to, `{CRYPT}${to}`, 'play'),
    storedPassword: async to => own.mailbox(to)?.password ?? null,
    addAlias: async (from, target) => own.addAlias(from, [target]),
  })
})

t.test('two processes see each other’s mailboxes, and only one of them gets an address', async t => {
  const folder = folderFor(t)
  const [one, other] = [connectorFor(t, folder), connectorFor(t, folder)]
  t.same(short(await one.apply([create('an@tinh.test', 'a')], NO_END)), ['done'])
  t.same(short(await other.apply([create('an@tinh.test', 'b'), create('an@tinh.test', 'a')], NO_END)), [
    'address_taken',
    'already',
  ])
  t.match(await mailboxAt(other, 'an@tinh.test'), { token: 'a' })
})

t.test('a batch that breaks off in the middle leaves nothing of itself', async t => {
  const own = new PracticeMailboxes(folderFor(t))
  t.teardown(() => own.close())
  const mailbox = (to: Address) => ({
    address: to,
    name: 'Lê An',
    quotaBytes: 0,
    token: 't',
    created: '2026-01-01',
  })
  t.throws(() =>
    own.write(() => {
      own.add(mailbox(address('an@tinh.test')))
      throw new Error('the process ends here')
    }),
  )
  t.equal(own.count(), 0)
})

t.test('any domain is taken where none is named', async t => {
  const connector = createPractice({ name: 'practice', folder: folderFor(t), domains: [], timeZone: 'UTC' })
  t.teardown(() => connector.close())
  t.same(short(await connector.apply([create('an@bat.ky.test', 'a')], NO_END)), ['done'])
})

t.test('a folder that cannot be one is said to be unreachable, and may be tried again', async t => {
  const folder = folderFor(t)
  writeFileSync(join(folder, 'file'), '')
  const connector = connectorFor(t, join(folder, 'file'))
  await t.rejects(connector.check(NO_END), { code: 'platform_unreachable', temporary: true })
})
