/**
 * One handle over PostgreSQL and PGlite (PostgreSQL inside this process).
 *
 * SQL stands in the stores as text and speaks to both. Values come back alike: dates as `YYYY-MM-DD` text
 * (`-infinity` and `infinity` too), 64-bit integers as numbers, instants as Date.
 */
import { chmodSync, mkdirSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import type { PGlite } from '@electric-sql/pglite'
import {
  type DatabaseConnection,
  type Driver,
  Kysely,
  PGliteDialect,
  type PGliteDialectConfig,
  PGliteDriver,
  PostgresDialect,
  sql,
  type Transaction,
} from 'kysely'
import pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { type Config, readSecret, userPath } from '../config.ts'
import { AppError } from '../error.ts'
import { lockFolder } from './lock.ts'

/** Either the database or an open transaction on it. Tables are named in the SQL text, not in types. */
export type Db = Kysely<unknown>
export type Trx = Transaction<unknown>

export type Database = {
  db: Db
  kind: 'postgres' | 'pglite'
  /** The embedded engine, for the job engine to share; null on PostgreSQL. */
  pglite: PGlite | null
  /** Address, password included, for a further pool; null where embedded. Never to be logged. */
  connection: { connectionString: string } | null
  /** Sends a text of several statements at once. */
  exec(text: string): Promise<void>
  close(): Promise<void>
}

const INT8 = 20
const DATE = 1082

const CONNECT_TIMEOUT_MS = 10_000

/** Opens the configured database. Throws `database_unreachable`, `database_refused` or `database_locked`. */
export async function openDatabase(config: Config['database']): Promise<Database> {
  return config.url.startsWith('pglite:')
    ? openEmbedded(config.url.slice('pglite:'.length))
    : openPostgres(config)
}

/** The folder of an embedded database that is kept, or null. */
export function embeddedFolder({ url }: Pick<Config['database'], 'url'>): string | null {
  const folder = url.startsWith('pglite:') ? url.slice('pglite:'.length) : 'memory'
  return folder.startsWith('memory') ? null : userPath(folder)
}

async function openEmbedded(folder: string): Promise<Database> {
  if (folder.startsWith('memory')) return wrapEmbedded(await createEmbedded(undefined), () => {})
  const path = userPath(folder)
  mkdirSync(path, { recursive: true })
  keepToOwner(path)
  const release = lockFolder(path)
  try {
    return wrapEmbedded(await createEmbedded(path), release)
  } catch (cause) {
    release()
    throw new AppError('database_refused', `the embedded database in ${folder} cannot be opened`, { cause })
  }
}

/**
 * The engine makes its files writable for everybody: who may enter the folder could read every person and make himself
 * an administrator.
 */
function keepToOwner(path: string): void {
  try {
    chmodSync(path, 0o700)
  } catch (cause) {
    const mend = 'give it to the user who runs the service'
    throw new AppError('database_refused', `${path} cannot be closed to other users; ${mend}`, { cause })
  }
}

/** Starts the embedded engine on a folder, in memory, or from a dump of an earlier one. */
export async function createEmbedded(folder: string | undefined, dump?: Blob): Promise<PGlite> {
  const { PGlite } = await import('@electric-sql/pglite')
  return PGlite.create({
    ...(folder === undefined ? {} : { dataDir: folder }),
    ...(dump === undefined ? {} : { loadDataDir: dump }),
    parsers: { [INT8]: Number, [DATE]: (value: string) => value },
  })
}

/**
 * Kysely 0.29.9 gives PGlite's one connection to everybody at once, so that a query of one task falls into the open
 * transaction of another, and is lost when that is rolled back. Here each has it alone until it is done.
 */
class OneConnectionDriver extends PGliteDriver {
  #free: Promise<void> = Promise.resolve()
  #release: () => void = () => {}

  override async acquireConnection(): Promise<DatabaseConnection> {
    const before = this.#free
    let release = () => {}
    this.#free = new Promise<void>(resolve => {
      release = resolve
    })
    await before
    this.#release = release
    return super.acquireConnection()
  }

  override async releaseConnection(): Promise<void> {
    this.#release()
  }
}

class OneConnectionDialect extends PGliteDialect {
  readonly #config: PGliteDialectConfig

  constructor(config: PGliteDialectConfig) {
    super(config)
    this.#config = config
  }

  override createDriver(): Driver {
    return new OneConnectionDriver(this.#config)
  }
}

export function wrapEmbedded(pglite: PGlite, release: () => void): Database {
  const db = new Kysely<unknown>({ dialect: new OneConnectionDialect({ pglite }) })
  return {
    db,
    kind: 'pglite',
    pglite,
    connection: null,
    async exec(text) {
      await pglite.exec(text)
    },
    async close() {
      await db.destroy()
      if (!pglite.closed) await pglite.close()
      release()
    },
  }
}

async function openPostgres(config: Config['database']): Promise<Database> {
  const password = config.password ? readSecret(config.password, 'database.password') : undefined
  const connection = { connectionString: withPassword(config.url, password) }
  const pool = new pg.Pool({
    ...poolOptions(connection),
    max: config.maxConnections,
    application_name: 'hopthu',
    // our statements are many and short; compiling them costs a second each and gains nothing
    onConnect: async client => void (await client.query('set jit = off')),
  })
  // a connection that dies idle is replaced by the pool; without a listener it would end the process
  pool.on('error', () => {})
  // a connection cut while somebody works with it fails that work; without a listener it would end the process
  pool.on('connect', client => client.on('error', () => {}))
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) })
  pools.set(db, pool)
  try {
    await sql`select 1`.execute(db)
  } catch (cause) {
    await pool.end()
    throw databaseError(cause)
  }
  return {
    db,
    kind: 'postgres',
    pglite: null,
    connection,
    async exec(text) {
      await pool.query(text)
    },
    close: () => db.destroy(),
  }
}

const types = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (oid === INT8) return Number
    if (oid === DATE) return (value: string) => value
    return pg.types.getTypeParser(oid, format as 'text')
  },
}

/** pg lets an address without a password overrule the `password` beside it, so it has to go into the address. */
function withPassword(url: string, password: string | undefined): string {
  if (password === undefined) return url
  const full = new URL(url)
  full.password = encodeURIComponent(password)
  return full.href
}

/** Pool options that make values come back as they do from the embedded engine. */
export function poolOptions(connection: { connectionString: string }): pg.PoolConfig {
  return {
    connectionString: connection.connectionString,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    types,
  }
}

/** What a driver threw, as one of ours; SQL state classes per the PostgreSQL manual, appendix A. */
export function databaseError(cause: unknown): AppError {
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : ''
  const reason = cause instanceof Error && cause.message ? cause.message : code || String(cause)
  if (/^(28|3D|42501)/.test(code)) {
    return new AppError('database_refused', `the database refused us: ${reason}`, { cause })
  }
  if (/^(08|57P|53)|^E[A-Z]+$/.test(code) || /timeout|terminated/i.test(reason)) {
    return new AppError('database_unreachable', `the database does not answer: ${reason}`, {
      cause,
      temporary: true,
    })
  }
  return new AppError('internal', `the database reported: ${reason}`, { cause })
}

/** Rows for `json_to_recordset(…)`: one parameter for a whole page, whatever the engine. */
export function rowsOf(rows: readonly Record<string, unknown>[]): string {
  return JSON.stringify(rows)
}

const pools = new WeakMap<Db, pg.Pool>()

export type Copied = readonly (string | number | null)[]

/**
 * Writes rows by COPY, which takes a third of the time of an insert: all of them, or none where one of them breaks a
 * constraint. Answers false, with nothing written, where a key is there already or COPY is not to be had (in an open
 * transaction, on the embedded engine): the caller then inserts. `into` is a table with its columns, `lines` is of `copyLine`.
 */
export async function copyRows(db: Db, into: string, lines: string): Promise<boolean> {
  const pool = pools.get(db)
  if (pool === undefined) return false
  const client = await pool.connect()
  try {
    await pipeline([Buffer.from(lines)], client.query(copyFrom(`copy ${into} from stdin`)))
    return true
  } catch (thrown) {
    if (thrown instanceof pg.DatabaseError && thrown.code === UNIQUE_VIOLATION) return false
    throw thrown
  } finally {
    client.release()
  }
}

const UNIQUE_VIOLATION = '23505'
const TO_ESCAPE = /[\\\t\n\r]/
const escapes: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' }

/** A row as `copyRows` takes it, with its end: the text format of the PostgreSQL manual, COPY, "Text Format". */
export function copyLine(row: Copied): string {
  let text = ''
  let separator = ''
  for (const value of row) {
    text += separator
    text += value === null ? '\\N' : escaped(String(value))
    separator = '\t'
  }
  return `${text}\n`
}

/** The values of a line that `copyLine` made. */
export function copiedValues(line: string): (string | null)[] {
  return line.split('\t').map(value => (value === '\\N' ? null : unescaped(value)))
}

function escaped(value: string): string {
  return TO_ESCAPE.test(value)
    ? value.replaceAll(/[\\\t\n\r]/g, character => escapes[character] ?? character)
    : value
}

function unescaped(value: string): string {
  return value.includes('\\')
    ? value.replaceAll(/\\([\\tnr])/g, (_, sign: string) => signs[sign] ?? sign)
    : value
}

const signs: Record<string, string> = { t: '\t', n: '\n', r: '\r' }
