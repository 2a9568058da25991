/**
 * A process that applies the newest plan and kills itself at a step: `dying-apply.ts DATABASE DAY STEP NTH`. STEP is
 * the beginning of the step's name, NTH how often it has come up by then. The platform is its parent's, over IPC.
 */
import { openDatabase } from '../../src/database/database.ts'
import type { Change, ChangeOutcome, Connector, PlatformEntry } from '../../src/mailbox/connector.ts'
import { applyPlan } from '../../src/mailbox/provisioner.ts'
import { watchedConnector, watchedDatabase } from './steps.ts'
import { worldOf } from './world.ts'

export type Question =
  | { id: number; method: 'find'; addresses: Parameters<Connector['find']>[0] }
  | { id: number; method: 'apply'; changes: readonly Change[] }
export type Answer = { id: number; entries: PlatformEntry[]; outcomes: ChangeOutcome[] }

type Asked = Question extends infer Each ? (Each extends Question ? Omit<Each, 'id'> : never) : never

const waiting = new Map<number, (answer: Answer) => void>()
process.on('message', (answer: Answer) => waiting.get(answer.id)?.(answer))

function ask(question: Asked): Promise<Answer> {
  const id = waiting.size
  return new Promise(resolve => {
    waiting.set(id, resolve)
    process.send?.({ id, ...question })
  })
}

const parentsPlatform: Connector = {
  name: 'mail',
  capabilities: {
    changes: ['create', 'update', 'suspend', 'resume'],
    deliverOnlySuspend: true,
    batchSize: 3,
    lastSignIn: null,
  },
  check: async () => '',
  async *list() {},
  find: async addresses => (await ask({ method: 'find', addresses })).entries,
  apply: async changes => (await ask({ method: 'apply', changes })).outcomes,
  setPassword: () => Promise.reject(new Error('applying a plan sets no password')),
  close: async () => {},
}

const [url = '', day = '', step = '', nth = '1'] = process.argv.slice(2)
let left = Number(nth)
function watch(taken: string): void {
  if (taken.startsWith(step) && --left === 0) process.kill(process.pid, 'SIGKILL')
}

const database = await openDatabase({ url, backend: 'postgres', maxConnections: 2 })
const world = worldOf(watchedDatabase(database, watch), watchedConnector(parentsPlatform, watch))
world.day = day
await applyPlan(world.context(), null, { force: false, progress: () => watch('progress') })
await database.close()
process.disconnect?.()
