import t from 'tap'
import { createMemoryPlatform } from '../../support/memory-platform.ts'
import { connectorContract } from './contract.ts'

t.test('the platform in memory keeps the contract of a connector', async t => {
  const platform = createMemoryPlatform({ domains: ['tinh.test'] })
  connectorContract(t, {
    connector: platform.connector,
    domain: 'tinh.test',
    strangeDomain: 'khongco.test',
    setPassword: async address => platform.setPassword(address),
    storedPassword: async address => platform.mailboxes.get(address)?.password ?? null,
    addAlias: async (address, target) => {
      platform.aliases.set(address, { targets: [target], active: true })
    },
  })
})
