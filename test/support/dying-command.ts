/**
 * Loaded before the program (`node --import`): kills it outright (SIGKILL) just before the statement of a number is
 * sent to its database, `DYING_AT`, and says which that was; else says which are those of the run. Nothing of the program
 * knows that it is watched.
 */
import { writeSync } from 'node:fs'
import { PGlite } from '@electric-sql/pglite'
import pg from 'pg'

const last = Number(process.env.DYING_AT ?? 0)
let sent = 0
let begun = 0

/** The driver's own door to the database. */
function watch(prototype: { query: (...values: never[]) => unknown }): void {
  const { query } = prototype
  Object.defineProperty(prototype, 'query', {
    value(this: unknown, ...values: never[]) {
      sent += 1
      if (begun === 0 && textOf(values[0]).startsWith('insert into run')) begun = sent
      if (sent === last) die(values[0])
      return query.apply(this, values)
    },
  })
}

function die(statement: unknown): void {
  writeSync(2, `died before: ${textOf(statement).slice(0, 90)}\n`)
  process.kill(process.pid, 'SIGKILL')
}

function textOf(statement: unknown): string {
  const text = typeof statement === 'string' ? statement : JSON.stringify(statement)
  return text
    .replace(/^\{"text":"/, '')
    .replaceAll(/\\n|\s+/g, ' ')
    .trim()
}

watch(pg.Client.prototype)
watch(PGlite.prototype)
process.on('exit', () => writeSync(2, `statements: ${begun} to ${sent}\n`))
