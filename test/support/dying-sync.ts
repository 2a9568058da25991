/**
 * `dying-sync.ts URL READ STEP kill|wait`: reads a directory, given as JSON, into a PostgreSQL in a process of its own.
 * At the named step it says so and is killed outright, or stands still for a while in the midst of it.
 */
import { writeSync } from 'node:fs'
import { openDatabase } from '../../src/database/database.ts'
import { type Read, rosterWorld, type WorldOptions } from './roster-world.ts'

export type Order = { world: WorldOptions; day: string; source: string; read: Read }

const STANDS_STILL_MS = 4000

const [url = '', order = '', step = '', way = 'kill'] = process.argv.slice(2)
const { world: options, day, source, read } = JSON.parse(order) as Order
const database = await openDatabase({ url, backend: 'postgres', maxConnections: 2 })
const world = rosterWorld(database, options)
world.day = day
await world.sync(source, read, {
  step: name => {
    if (name !== step) return
    writeSync(1, `${name}\n`)
    if (way === 'kill') process.kill(process.pid, 'SIGKILL')
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STANDS_STILL_MS)
  },
})
await database.close()
