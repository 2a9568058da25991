/** Sees each step of a run from outside: every statement to the database, every call to the platform. */
import type { KyselyPlugin } from 'kysely'
import type { Database, Db } from '../../src/database/database.ts'
import type { Connector } from '../../src/mailbox/connector.ts'

/** Told of a step just before it is taken; what it throws ends the run there. */
export type Watch = (step: string) => void

/**
 * Nothing but the steps before statements need watching: what a death between the last statement of a transaction
 * and its commit leaves behind is what one before its first statement leaves.
 */
export function watchedDatabase(database: Database, watch: Watch): Database {
  const plugin: KyselyPlugin = {
    transformQuery({ node }) {
      watch(node.kind === 'RawNode' ? node.sqlFragments.join('?').replace(/\s+/g, ' ').trim() : node.kind)
      return node
    },
    transformResult: async ({ result }) => result,
  }
  const db: Db = database.db.withPlugin(plugin)
  return { ...database, db }
}

export function watchedConnector(connector: Connector, watch: Watch): Connector {
  return {
    ...connector,
    async *list(signal) {
      watch('platform: list')
      yield* connector.list(signal)
    },
    async find(addresses, signal) {
      watch('platform: find')
      return connector.find(addresses, signal)
    },
    async apply(changes, signal) {
      watch('platform: before apply')
      const outcomes = await connector.apply(changes, signal)
      watch('platform: after apply')
      return outcomes
    },
  }
}
