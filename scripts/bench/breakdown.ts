/**
 * Where the time of a command goes: its statements as PostgreSQL logs them, and its process by Node's CPU profile.
 *
 * Statements on several connections overlap, and one that waits for a lock counts while it waits. What is idle in the
 * process and not in a statement is waiting for the directory.
 */
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'

const SHOWN_STATEMENTS = 25
const SHOWN_PARTS = 16
const SHOWN_OF_STATEMENT = 160

export type Breakdown = {
  /** Runs it with flags for Node, and keeps what was logged meanwhile. */
  of<T>(action: (flags: readonly string[]) => Promise<T>): Promise<T>
  /** The statements and the parts of the process that took longest. */
  print(): void
}

/** From here on the server logs each statement with its time. `log` is its log, `folder` a place for profiles. */
export async function openBreakdown(url: string, log: string, folder: string): Promise<Breakdown> {
  await administer(url, [
    "alter system set log_line_prefix = '%m [%p] '",
    'alter system set log_min_duration_statement = 0',
    // else the log holds every page of people as a parameter
    'alter system set log_parameter_max_length = 0',
    'select pg_reload_conf()',
  ])
  let seen = { text: '', profiles: '' }
  return {
    of: async action => {
      const from = statSync(log).size
      const profiles = mkdtempSync(join(folder, 'profile-'))
      const result = await action(['--cpu-prof', `--cpu-prof-dir=${profiles}`])
      seen = { text: readFrom(log, from), profiles }
      return result
    },
    print: () => {
      printStatements(seen.text)
      printProfiles(seen.profiles)
    },
  }
}

async function administer(url: string, statements: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    for (const statement of statements) await client.query(statement)
  } finally {
    await client.end()
  }
}

function readFrom(path: string, from: number): string {
  const bytes = Buffer.alloc(statSync(path).size - from)
  const file = openSync(path, 'r')
  readSync(file, bytes, 0, bytes.length, from)
  closeSync(file)
  return bytes.toString()
}

type Cost = { calls: number; ms: number }

/** An entry of the log: parse, bind (which plans) and execute are three entries of one statement. */
const LOGGED = /duration: ([\d.]+) ms {2}(parse|bind|execute|statement)[^:]*: ([\s\S]*)/
const NEXT_ENTRY = /\n(?=\d{4}-\d\d-\d\d [\d:.]+ \w+ \[\d+\] )/

function printStatements(text: string): void {
  const costs = new Map<string, Cost>()
  for (const entry of text.split(NEXT_ENTRY)) {
    const [, ms, step, statement] = LOGGED.exec(entry) ?? []
    if (statement === undefined) continue
    const cost = entryOf(costs, statement.replace(/\s+/g, ' ').trim())
    cost.ms += Number(ms)
    if (step === 'execute' || step === 'statement') cost.calls++
  }
  printCosts('statement', costs, SHOWN_STATEMENTS)
}

function entryOf(costs: Map<string, Cost>, name: string): Cost {
  const cost = costs.get(name) ?? { calls: 0, ms: 0 }
  costs.set(name, cost)
  return cost
}

function printCosts(kind: string, costs: Map<string, Cost>, most: number): void {
  const sorted = [...costs].sort(([, a], [, b]) => b.ms - a.ms)
  const all = sorted.reduce((sum, [, { ms }]) => sum + ms, 0)
  process.stdout.write(`${'ms'.padStart(7)} ${'calls'.padStart(7)}  ${kind}\n`)
  for (const [name, { calls, ms }] of sorted.slice(0, most)) {
    process.stdout.write(
      `${ms.toFixed(0).padStart(7)} ${String(calls).padStart(7)}  ${name.slice(0, SHOWN_OF_STATEMENT)}\n`,
    )
  }
  process.stdout.write(`${all.toFixed(0).padStart(7)}          in all ${sorted.length}\n\n`)
}

type Profile = {
  nodes: { id: number; callFrame: { functionName: string; url: string } }[]
  samples: number[]
  timeDeltas: number[]
}

/** A process with worker threads writes a profile for each. */
function printProfiles(folder: string): void {
  for (const name of readdirSync(folder).sort()) {
    const profile = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Profile
    printCosts('samples on the processor in', selfTimes(profile), SHOWN_PARTS)
  }
}

function selfTimes({ nodes, samples, timeDeltas }: Profile): Map<string, Cost> {
  const parts = new Map(nodes.map(({ id, callFrame }) => [id, partOf(callFrame)]))
  const costs = new Map<string, Cost>()
  for (const [i, id] of samples.entries()) {
    const cost = entryOf(costs, parts.get(id) ?? '')
    cost.calls++
    cost.ms += (timeDeltas[i] ?? 0) / 1000
  }
  return costs
}

/** What is ours by file and function, a package's by its name, Node's own as one. */
function partOf({ functionName, url }: { functionName: string; url: string }): string {
  const pack = /node_modules\/((?:@[^/]+\/)?[^/]+)(?!.*node_modules\/)/.exec(url)?.[1]
  if (pack !== undefined) return pack
  const ours = /\/src\/(.+)$/.exec(url)?.[1]
  if (ours !== undefined) return `${ours} ${functionName}`
  return url === '' ? functionName || '(native)' : 'node'
}
