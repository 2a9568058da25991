/**
 * A process that is killed outright while it applies a plan: the next run loses nothing and doubles nothing. Every
 * single step is in steps.long.test.ts.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import t from 'tap'
import { onPostgres } from '../support/database.ts'
import { available, startPostgres } from '../support/servers/index.ts'
import type { Answer, Question } from './dying-apply.ts'
import { apply, type Ground, isWhole, nextRound, openGround, planAndApply } from './rounds.ts'
import { lines } from './world.ts'

type Death = { step: string; nth: number; leaves: [changes: string, mailboxes: number] }

/** Not a step of the process that is killed: its platform, which is we, kills it. */
const AMID = 'amid the work'

/**
 * Steps of an apply, by the beginning of the statement or call that comes next and how often it has come up by then,
 * and what a death there leaves: changes by state, and how many new mailboxes on the platform. A plan here is a batch
 * of three changes to mailboxes there are, one of three new ones, and one of a single new one.
 */
const deaths: Record<string, Death> = {
  'before a batch is noted as started': {
    step: `update plan_change set state = 'started'`,
    nth: 2,
    leaves: ['done 3, planned 4', 0],
  },
  'after it was noted, before the platform is told': {
    step: 'platform: before apply',
    nth: 2,
    leaves: ['done 3, planned 1, started 3', 0],
  },
  'amid the work of the platform': { step: AMID, nth: 1, leaves: ['done 3, planned 1, started 3', 1] },
  'after the work of the platform, before it is noted': {
    step: 'platform: after apply',
    nth: 2,
    leaves: ['done 3, planned 1, started 3', 3],
  },
  'amid noting what became of it': {
    step: 'update plan_change c set mailbox_id',
    nth: 2,
    leaves: ['done 3, planned 1, started 3', 3],
  },
  'after noting what became of it': { step: 'progress', nth: 2, leaves: ['done 6, planned 1', 3] },
  'after the last batch, before the plan is closed': { step: 'progress', nth: 3, leaves: ['done 7', 4] },
}

/** Applies the newest plan in a process of its own that is killed at a step. Answers how it ended. */
async function killedAt({ world, platform }: Ground, url: string, death: Death) {
  const file = join(import.meta.dirname, 'dying-apply.ts')
  const args = [url, world.day, death.step, String(death.nth)]
  const child = fork(file, args, { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  if (death.step === AMID) {
    let creates = 0
    platform.beforeChange = ({ kind }) => {
      if (kind !== 'create' || ++creates < 2) return
      child.kill('SIGKILL')
      throw new Error('the process is gone')
    }
  }
  const { signal } = new AbortController()
  child.on('message', async (question: Question) => {
    const { connector } = platform
    const answer: Answer = { id: question.id, entries: [], outcomes: [] }
    if (question.method === 'find') answer.entries = await connector.find(question.addresses, signal)
    else answer.outcomes = await connector.apply(question.changes, signal).catch(() => [])
    if (child.connected) child.send(answer)
  })
  const [, killedBy] = await once(child, 'exit')
  platform.beforeChange = () => {}
  return killedBy
}

const { ok, missing } = available(['postgres'])
t.test(
  'a process killed outright',
  { skip: ok ? false : `not installed: ${missing.join(', ')}` },
  async t => {
    const postgres = await startPostgres({ folder: t.testdir() })
    t.teardown(() => postgres.stop())
    const url = await postgres.createDatabase('kill')
    const database = await onPostgres(url)
    t.teardown(() => database.close())
    const ground = openGround(database)
    // only in the third round is there one who left before and comes back
    for (const _ of [1, 2]) {
      await nextRound(ground)
      await planAndApply(ground.world)
    }
    const recoveries = { 'applying it again': apply, 'planning anew': planAndApply }
    for (const [how, recover] of Object.entries(recoveries)) {
      for (const [step, death] of Object.entries(deaths)) {
        await nextRound(ground)
        const { plan } = await ground.world.plan()
        const before = ground.platform.mailboxes.size
        t.equal(await killedAt(ground, url, death), 'SIGKILL', `${step}; ${how}`)
        t.same([await changesOf(ground, plan), ground.platform.mailboxes.size - before], death.leaves)
        await recover(ground.world)
        await isWhole(t, ground, step)
      }
    }
  },
)

/** How many changes of a plan are in which state: `done 3, planned 4`. */
async function changesOf({ world }: Ground, plan: number | null): Promise<string> {
  const text = `select state || ' ' || count(*) as line from plan_change where plan_id = ${plan} group by state order by 1`
  return (await lines(world, text)).join(', ')
}
