/**
 * `node ingest-child.ts URL FILE NOW [STATEMENT before|after [follow]]`: reads one log file into a PostgreSQL, in a process
 * of its own, or follows it.
 *
 * It says `ready`, waits for a line on standard input, and ends with the counts as JSON. Where a statement is named, the
 * process is killed (SIGKILL) just before that statement is sent or just after it was answered, and says which it was.
 */

import { once } from 'node:events'
import { writeSync } from 'node:fs'
import pg from 'pg'
import { follow } from '../../src/activity/follow.ts'
import { openDatabase } from '../../src/database/database.ts'
import { ingestFile, MAX_LINE_BYTES, settingsFor } from './activity.ts'

const [url = '', file = '', now = '', statement = '0', when = 'before', mode = 'read'] = process.argv.slice(2)
const database = await openDatabase({ url, backend: 'postgres', maxConnections: 2 })
const settings = await settingsFor(database.db, Number(now))
if (process.stdin.readable) {
  writeSync(1, 'ready\n')
  await once(process.stdin, 'data')
}
const sent = countStatements(Number(statement), when === 'before')
const signal = AbortSignal.timeout(60_000)
const counts =
  mode === 'follow'
    ? await follow(database.db, settings, { path: file, maxLineBytes: MAX_LINE_BYTES, signal, pollMs: 5 })
    : await ingestFile(database.db, settings, file)
await database.close()
writeSync(1, `${JSON.stringify({ counts, statements: sent.count })}\n`)
process.exit(0)

/** The driver's own door to the server: nothing of the program knows that it is watched. */
function countStatements(last: number, before: boolean): { count: number } {
  const sent = { count: 0 }
  const query: (...values: unknown[]) => unknown = pg.Client.prototype.query
  Object.defineProperty(pg.Client.prototype, 'query', {
    value(this: pg.Client, ...values: unknown[]) {
      sent.count += 1
      const isLast = sent.count === last
      if (isLast && before) die(values[0])
      const answer = query.apply(this, values)
      if (isLast && answer instanceof Promise) return answer.then(() => die(values[0]))
      return answer
    },
  })
  return sent
}

function die(statement: unknown): never {
  const text = typeof statement === 'string' ? statement : JSON.stringify(statement)
  writeSync(1, `${text.trim().replaceAll(/\s+/g, ' ').slice(0, 70)}\n`)
  process.kill(process.pid, 'SIGKILL')
  throw new Error('still alive')
}
