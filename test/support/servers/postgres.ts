/** PostgreSQL of one's own: a cluster in a folder, on loopback, where everybody is trusted. */
import { chownSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import { freePort, mustRun, run, startProcess, waitUntilReady } from './process.ts'

export type Postgres = {
  /** Of the database `postgres`, without a password. */
  url: string
  port: number
  pid: number
  /** Makes an empty database, or a copy of another that nobody uses now, and answers its address. */
  createDatabase(name: string, template?: string): Promise<string>
  stop(): Promise<void>
}

type Options = {
  /** Made if missing, and given to the user postgres. */
  folder: string
  maxConnections?: number
}

const USER = 'postgres' // initdb and the server refuse to run as root

export async function startPostgres(options: Options): Promise<Postgres> {
  const { folder } = options
  const programs = postgresPrograms()
  if (programs === null) throw new Error('PostgreSQL is not installed below /usr/lib/postgresql')
  await giveTo(USER, folder)
  const data = join(folder, 'data')
  await mustRun(
    join(programs, 'initdb'),
    ['-D', data, '-A', 'trust', '-U', USER, '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'],
    { user: USER, cwd: folder },
  )
  const port = await freePort()
  const log = join(folder, 'postgres.log')
  const settings = serverSettings(folder, port, options.maxConnections ?? 60)
  const server = await startProcess(
    join(programs, 'postgres'),
    ['-D', data, ...settings.flatMap(setting => ['-c', setting])],
    // SIGINT is the fast shutdown: it does not wait for clients to leave (postgres(1)).
    { output: log, stopSignal: 'SIGINT', user: USER },
  )
  const ready = ['-h', '127.0.0.1', '-p', String(port), '-q']
  const answers = async () => (await run(join(programs, 'pg_isready'), ready)).status === 0
  await waitUntilReady('PostgreSQL', server, [log], answers)
  const url = (database: string) => `postgres://${USER}@127.0.0.1:${port}/${database}`
  const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`
  const createDatabase = async (name: string, template?: string) => {
    const from = template === undefined ? '' : ` template ${quoted(template)}`
    await execute(url('postgres'), `create database ${quoted(name)}${from}`)
    return url(name)
  }
  return { url: url('postgres'), port, pid: server.pid, createDatabase, stop: server.stop }
}

/** The folder of the newest installed server's programs, or null. */
export function postgresPrograms(): string | null {
  try {
    const versions = readdirSync('/usr/lib/postgresql').sort((a, b) => Number(b) - Number(a))
    return versions[0] === undefined ? null : join('/usr/lib/postgresql', versions[0], 'bin')
  } catch {
    return null
  }
}

function serverSettings(folder: string, port: number, maxConnections: number): string[] {
  return [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    `unix_socket_directories=${folder}`,
    `max_connections=${maxConnections}`,
    // A test's data need not outlive a power cut.
    'fsync=off',
    'synchronous_commit=off',
    'full_page_writes=off',
  ]
}

async function giveTo(user: string, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true })
  const id = async (flag: string) => Number(await mustRun('id', [flag, user]))
  chownSync(folder, await id('-u'), await id('-g'))
}

async function execute(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
