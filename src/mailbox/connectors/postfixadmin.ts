/**
 * PostfixAdmin 3.3 on PostgreSQL, by its own tables (all of `public/upgrade.php` applied; without a table
 * prefix), written as its MailboxHandler.php writes them: a mailbox row, an alias row that leads to it, rows
 * in its log. Its server-side scripts and welcome mail are not run.
 *
 * A mailbox nobody has activated carries its change's token where the password hash belongs, a suspended one
 * its own hash behind a mark. Both begin `{CRYPT}!`, which no password verifies against, while `active`
 * stays true, because Postfix and Dovecot deliver by that flag. Hashes never leave the database.
 */
import { Kysely, PostgresDialect, type RawBuilder, sql } from 'kysely'
import { DatabaseError, Pool } from 'pg'
import { AppError, type ErrorCode, unreachable } from '../../error.ts'
import { type Address, domainOf, parseAddress, parseDay } from '../../ids.ts'
import type {
  Capabilities,
  Change,
  ChangeOutcome,
  Connector,
  PlatformAlias,
  PlatformEntry,
  PlatformMailbox,
} from '../connector.ts'

export type PostfixAdminOptions = {
  /** The platform's name in the configuration. */
  name: string
  /** `postgres://user@host/database`, without a password. */
  url: string
  password?: string
  /** Path of a new maildir from `{domain}`, `{local}`, `{address}`; PostfixAdmin's default if left out. */
  maildir?: string
  batchSize?: number
  statementTimeoutMs?: number
  /** Zone of the day in `created`. */
  timeZone?: string
}

type Database = Kysely<Record<string, never>>
type Platform = { name: string; db: Database; maildir: string; timeZone: string }

/** Throws `config_invalid` for a maildir in which two mailboxes could meet; connects at the first call only. */
export function createPostfixAdmin(options: PostfixAdminOptions): Connector {
  const { name, maildir = '{domain}/{local}/' } = options
  if (!maildir.includes('{address}') && !(maildir.includes('{domain}') && maildir.includes('{local}'))) {
    throw new AppError('config_invalid', `maildir of ${name}: must hold {domain} and {local}, or {address}`)
  }
  const db: Database = new Kysely({ dialect: new PostgresDialect({ pool: openPool(options) }) })
  const platform = { name, db, maildir, timeZone: options.timeZone ?? 'Asia/Ho_Chi_Minh' }
  const capabilities: Capabilities = {
    changes: ['create', 'update', 'suspend', 'resume'],
    deliverOnlySuspend: true,
    batchSize: options.batchSize ?? 500,
    lastSignIn: null,
  }
  return {
    name,
    capabilities,
    check: signal => check(platform, signal),
    list: signal => list(platform, signal),
    find: (addresses, signal) => find(platform, addresses, signal),
    apply: (changes, signal) => apply(platform, changes, signal),
    setPassword: (address, hash, signal) => setPassword(platform, address, hash, signal),
    close: () => db.destroy(),
  }
}

const CONNECT_MS = 10_000
const STATEMENT_MS = 30_000

function openPool(options: PostfixAdminOptions): Pool {
  const { url, password, statementTimeoutMs = STATEMENT_MS } = options
  // pg lets the URL's empty password win over one given beside it; as a parameter of the URL it counts.
  const secret =
    password === undefined ? '' : `${url.includes('?') ? '&' : '?'}password=${encodeURIComponent(password)}`
  const pool = new Pool({
    connectionString: url + secret,
    max: 4,
    application_name: 'hopthu',
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: statementTimeoutMs,
    lock_timeout: statementTimeoutMs,
    idle_in_transaction_session_timeout: statementTimeoutMs,
    // For a server that no longer answers at all; later than its own limits, so that these speak first.
    query_timeout: statementTimeoutMs + CONNECT_MS,
  })
  // A connection that breaks between two queries says so here; the next query on it fails, and that is reported.
  pool.on('error', () => {})
  pool.on('connect', client => client.on('error', () => {}))
  return pool
}

const SUSPENDED = '{CRYPT}!suspended:'
const UNSET = '{CRYPT}!hopthu:'
/** A hash that no password fits: empty, or locked by a leading `!` or `*` as crypt(5) has it. */
const LOCKED = '^$|^(\\{[^}]*crypt[^}]*\\})?[!*]'

const isSuspended = sql`starts_with(m.password, ${sql.lit(SUSPENDED)})`
const originalPassword = sql`case when ${isSuspended}
  then substr(m.password, ${sql.lit(SUSPENDED.length + 1)}) else m.password end`

type MailboxRow = {
  username: string
  name: string
  quota: string
  domain: string
  receives: boolean
  can_sign_in: boolean
  suspended: boolean
  token: string | null
  created: string | null
}

function selectMailboxes(timeZone: string): RawBuilder<MailboxRow> {
  return sql`select m.username, m.name, m.quota, coalesce(m.domain, '') as domain,
      m.active and coalesce(d.active, false) as receives,
      m.active and m.password !~* ${sql.lit(LOCKED)} as can_sign_in,
      ${isSuspended} as suspended,
      case when starts_with(${originalPassword}, ${sql.lit(UNSET)})
        then substr(${originalPassword}, ${sql.lit(UNSET.length + 1)}) end as token,
      to_char(m.created at time zone ${timeZone}, 'YYYY-MM-DD') as created
    from mailbox m left join domain d on d.domain = m.domain`
}

function toMailbox(row: MailboxRow): PlatformMailbox[] {
  const address = parseAddress(row.username)
  if (address === null) return []
  return [
    {
      kind: 'mailbox',
      address,
      name: row.name,
      quotaBytes: Number(row.quota),
      canSignIn: row.can_sign_in,
      receives: row.receives,
      suspended: row.suspended,
      token: row.token,
      created: row.created === null ? null : parseDay(row.created),
      domain: row.domain,
    },
  ]
}

type AliasRow = { address: string; goto: string; active: boolean }

/** Aliases but those that only lead a mailbox's address to the mailbox. */
const selectAliases = sql<AliasRow>`select a.address, a.goto, a.active from alias a
  where not (a.goto = a.address and exists (select from mailbox m where m.username = a.address))`

function toAlias(row: AliasRow): PlatformAlias[] {
  const address = parseAddress(row.address)
  if (address === null) return []
  const targets = row.goto.split(',').map(target => target.trim())
  return [{ kind: 'alias', address, targets: targets.filter(target => target !== ''), active: row.active }]
}

const PAGE = 1_000

/** Leaves out what is no address: a catch-all (`@domain`), a mailbox whose name has no domain. */
async function* list(platform: Platform, signal: AbortSignal): AsyncGenerator<PlatformEntry[], void, void> {
  const all = selectMailboxes(platform.timeZone)
  const mailboxesAfter = (key: string) =>
    sql<MailboxRow>`${all} where m.username > ${key} order by m.username limit ${PAGE}`
  for await (const page of pages(platform, signal, mailboxesAfter, row => row.username)) {
    yield page.flatMap(toMailbox)
  }
  const aliasesAfter = (key: string) =>
    sql<AliasRow>`${selectAliases} and a.address > ${key} order by a.address limit ${PAGE}`
  for await (const page of pages(platform, signal, aliasesAfter, row => row.address)) {
    yield page.flatMap(toAlias)
  }
}

async function* pages<Row>(
  platform: Platform,
  signal: AbortSignal,
  after: (key: string) => RawBuilder<Row>,
  keyOf: (row: Row) => string,
): AsyncGenerator<Row[], void, void> {
  let key = ''
  for (;;) {
    const page = await reading(platform, signal, run => run(after(key)))
    const last = page.at(-1)
    if (last === undefined) return
    yield page
    key = keyOf(last)
  }
}

function find(
  platform: Platform,
  addresses: readonly Address[],
  signal: AbortSignal,
): Promise<PlatformEntry[]> {
  const wanted = sql`any(${addresses}::text[])`
  const mailboxes = sql<MailboxRow>`${selectMailboxes(platform.timeZone)} where m.username = ${wanted}`
  const aliases = sql<AliasRow>`${selectAliases} and a.address = ${wanted}`
  return reading(platform, signal, async run => [
    ...(await run(mailboxes)).flatMap(toMailbox),
    ...(await run(aliases)).flatMap(toAlias),
  ])
}

/** All changes in one transaction; should the database refuse a row, each half by itself, down to that row. */
async function apply(
  platform: Platform,
  changes: readonly Change[],
  signal: AbortSignal,
): Promise<ChangeOutcome[]> {
  if (changes.length === 0) return []
  try {
    return await inTransaction(platform, signal, run => applyTogether(platform, run, changes))
  } catch (thrown) {
    const error = toAppError(platform, thrown, signal)
    if (error.temporary) throw error
    if (changes.length === 1 || !isFaultOfRow(thrown)) {
      return changes.map(() => failed(error.code, error.message))
    }
    const middle = Math.ceil(changes.length / 2)
    const first = await apply(platform, changes.slice(0, middle), signal)
    return [...first, ...(await apply(platform, changes.slice(middle), signal))]
  }
}

async function applyTogether(
  platform: Platform,
  run: Run,
  changes: readonly Change[],
): Promise<ChangeOutcome[]> {
  // One batch of ours at a time: two could each find the last place in a domain free, or lock rows crosswise.
  await run(sql`select pg_advisory_xact_lock(hashtextextended('hopthu mailbox', 0))`)
  const outcomes: ChangeOutcome[] = []
  for (const wave of waves(changes)) {
    const ground = await look(platform, run, wave)
    const decided = wave.map(change => decide(change, ground))
    const todo = wave.filter((_, at) => decided[at]?.outcome === 'done')
    for (const statement of writes(platform, todo)) await run(statement)
    outcomes.push(...decided)
  }
  return outcomes
}

/** Runs of changes in which no address comes twice, so that each sees what the ones before it left. */
function waves(changes: readonly Change[]): Change[][] {
  const found: Change[][] = []
  let seen = new Set<Address>()
  for (const change of changes) {
    const wave = found.at(-1)
    if (wave === undefined || seen.has(change.address)) {
      found.push([change])
      seen = new Set()
    } else {
      wave.push(change)
    }
    seen.add(change.address)
  }
  return found
}

/** What stands where the changes want to go. `room` is the number of mailboxes a domain may still get. */
type Ground = {
  mailboxes: ReadonlyMap<Address, PlatformMailbox>
  aliases: ReadonlySet<string>
  domains: Map<string, { active: boolean; room: number }>
}

async function look(platform: Platform, run: Run, changes: readonly Change[]): Promise<Ground> {
  const wanted = sql`any(${changes.map(change => change.address)}::text[])`
  // Locked, lest a password set between this look and our write be lost.
  const mailboxes = await run(sql<MailboxRow>`${selectMailboxes(platform.timeZone)}
    where m.username = ${wanted} order by m.username for update of m`)
  const creates = ofKind(changes, 'create')
  const aliases = sql<{ address: string }>`select address from alias where address = ${wanted}`
  const domains = creates.length === 0 ? [] : await run(selectDomains(creates))
  return {
    mailboxes: new Map(mailboxes.flatMap(toMailbox).map(mailbox => [mailbox.address, mailbox])),
    aliases: new Set(creates.length === 0 ? [] : (await run(aliases)).map(({ address }) => address)),
    domains: new Map(domains.map(({ domain, active, room }) => [domain, { active, room }])),
  }
}

type DomainRow = { domain: string; active: boolean; room: number }

/** `domain.mailboxes`: 0 any number, negative none (DomainHandler.php). */
function selectDomains(creates: readonly Change[]): RawBuilder<DomainRow> {
  const names = [...new Set(creates.map(change => domainOf(change.address)))]
  return sql`select d.domain, d.active,
      case when d.mailboxes > 0 then d.mailboxes - (select count(*) from mailbox m where m.domain = d.domain)
        when d.mailboxes = 0 then 'Infinity'::float else 0 end as room
    from domain d where d.domain = any(${names}::text[])`
}

/** The outcome a change will have on this ground; `done` is one still to be written. Takes up a domain's room. */
function decide(change: Change, ground: Ground): ChangeOutcome {
  if (change.kind === 'create') return decideCreate(change, ground)
  if (change.kind === 'rename' || change.kind === 'remove') {
    return failed('platform_refused', `${change.kind} is not done on this platform`)
  }
  const mailbox = ground.mailboxes.get(change.address)
  if (mailbox === undefined) return failed('not_found', `${change.address} has no mailbox on the platform`)
  return { outcome: isSo(change, mailbox) ? 'already' : 'done' }
}

/** Whether a mailbox already is as a change wants it. */
function isSo(change: Of<'update' | 'suspend' | 'resume'>, mailbox: PlatformMailbox): boolean {
  switch (change.kind) {
    case 'update':
      return mailbox.name === change.name && mailbox.quotaBytes === change.quotaBytes
    case 'suspend':
      return mailbox.suspended
    case 'resume':
      return !mailbox.suspended
    default:
      return unreachable(change)
  }
}

function decideCreate({ address, token }: Of<'create'>, ground: Ground): ChangeOutcome {
  const standing = ground.mailboxes.get(address)
  if (standing?.token === token) return { outcome: 'already' }
  if (standing) return failed('address_taken', `${address} is another mailbox`)
  if (ground.aliases.has(address)) return failed('address_taken', `${address} is an alias`)
  const name = domainOf(address)
  const domain = ground.domains.get(name)
  if (!domain) return failed('platform_refused', `the domain ${name} is not on the platform`)
  if (!domain.active) return failed('platform_refused', `the domain ${name} is switched off`)
  if (domain.room <= 0) return failed('platform_refused', `the domain ${name} may have no more mailboxes`)
  domain.room--
  return { outcome: 'done' }
}

function failed(code: ErrorCode, reason: string): ChangeOutcome {
  return { outcome: 'failed', code, reason, temporary: false }
}

type Of<Kind extends Change['kind']> = Extract<Change, { kind: Kind }>

function ofKind<Kind extends Change['kind']>(changes: readonly Change[], kind: Kind): Of<Kind>[] {
  return changes.filter((change): change is Of<Kind> => change.kind === kind)
}

/** One statement per kind of change, however many there are. */
function writes(platform: Platform, changes: readonly Change[]): RawBuilder<unknown>[] {
  const creates = ofKind(changes, 'create')
  const updates = ofKind(changes, 'update')
  const suspends = ofKind(changes, 'suspend')
  const resumes = ofKind(changes, 'resume')
  return [
    ...(creates.length > 0 ? [insertMailboxes(platform, creates)] : []),
    ...(updates.length > 0 ? [updateMailboxes(updates)] : []),
    ...(suspends.length > 0 ? [setPasswords(suspends, sql`${sql.lit(SUSPENDED)} || m.password`)] : []),
    ...(resumes.length > 0 ? [setPasswords(resumes, originalPassword)] : []),
  ]
}

/** password_expiry as PostfixAdmin sets it with a password: the domain's number of days, or a year. */
function insertMailboxes(platform: Platform, changes: readonly Of<'create'>[]): RawBuilder<unknown> {
  const domains = changes.map(({ address }) => domainOf(address))
  const locals = changes.map(({ address }) => address.slice(0, address.lastIndexOf('@')))
  const maildirs = changes.map((_, at) => maildirOf(platform.maildir, locals[at] ?? '', domains[at] ?? ''))
  return sql`with wanted as (
      select * from unnest(${changes.map(change => change.address)}::text[], ${locals}::text[],
        ${domains}::text[], ${changes.map(change => change.name)}::text[],
        ${changes.map(change => change.quotaBytes)}::bigint[], ${maildirs}::text[],
        ${changes.map(change => UNSET + change.token)}::text[])
        as w(address, local_part, domain, name, quota, maildir, password)
    ), alias_rows as (
      insert into alias (address, goto, domain, created, modified, active)
      select address, address, domain, now(), now(), true from wanted
    ), mailbox_rows as (
      insert into mailbox (username, password, name, maildir, quota, local_part, domain,
        created, modified, active, token_validity, password_expiry)
      select w.address, w.password, w.name, w.maildir, w.quota, w.local_part, w.domain, now(), now(), true, now(),
        now() + make_interval(days => case when d.password_expiry > 0 then d.password_expiry else 365 end)
      from wanted w join domain d on d.domain = w.domain
    )
    insert into log (timestamp, username, domain, action, data)
    select now(), ${LOGGED_AS}, domain, action, address
    from wanted cross join unnest(array['create_alias', 'create_mailbox']) as action order by address, action`
}

/** Who did it, in PostfixAdmin's own log. */
const LOGGED_AS = sql.lit('hopthu')

function maildirOf(pattern: string, local: string, domain: string): string {
  return pattern
    .replaceAll('{address}', () => `${local}@${domain}`)
    .replaceAll('{local}', () => local)
    .replaceAll('{domain}', () => domain)
}

function updateMailboxes(changes: readonly Of<'update'>[]): RawBuilder<unknown> {
  return sql`with changed as (
      update mailbox m set name = w.name, quota = w.quota, modified = now()
      from unnest(${changes.map(change => change.address)}::text[], ${changes.map(change => change.name)}::text[],
        ${changes.map(change => change.quotaBytes)}::bigint[]) as w(address, name, quota)
      where m.username = w.address returning m.username, m.domain
    ) ${logChanged}`
}

function setPasswords(changes: readonly Change[], value: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`with changed as (
      update mailbox m set password = ${value}, modified = now()
      where m.username = any(${changes.map(change => change.address)}::text[]) returning m.username, m.domain
    ) ${logChanged}`
}

const logChanged = sql`insert into log (timestamp, username, domain, action, data)
  select now(), ${LOGGED_AS}, coalesce(domain, ''), 'edit_mailbox', username from changed`

type PasswordRow = { same: boolean; shut: boolean; active: boolean }

/** As PostfixAdmin's Login.php changes a password: the hash, password_expiry, a row `edit_password` in its log. */
async function setPassword(
  platform: Platform,
  address: Address,
  hash: string,
  signal: AbortSignal,
): Promise<ChangeOutcome> {
  try {
    return await inTransaction(platform, signal, async run => {
      // Locked, lest it be suspended between this look and our write, and opened by it.
      const [standing] = await run(sql<PasswordRow>`select m.password = ${hash} as same, m.active,
          m.password ~* ${sql.lit(LOCKED)} and m.password <> ''
            and not starts_with(m.password, ${sql.lit(UNSET)}) as shut
        from mailbox m where m.username = ${address} for update of m`)
      if (standing === undefined) return failed('not_found', `${address} has no mailbox on the platform`)
      if (standing.shut) return failed('mailbox_suspended', `${address} is suspended`)
      if (!standing.active) return failed('mailbox_suspended', `${address} is switched off on the platform`)
      if (standing.same) return { outcome: 'already' }
      await run(writePassword(address, hash))
      return { outcome: 'done' }
    })
  } catch (thrown) {
    const error = toAppError(platform, thrown, signal)
    if (error.temporary) throw error
    return failed(error.code, error.message)
  }
}

function writePassword(address: Address, hash: string): RawBuilder<unknown> {
  return sql`with changed as (
      update mailbox m set password = ${hash}, modified = now(), password_expiry = now()
        + make_interval(days => coalesce((select nullif(greatest(d.password_expiry, 0), 0)
          from domain d where d.domain = m.domain), 365))
      where m.username = ${address} returning m.username, m.domain
    ) insert into log (timestamp, username, domain, action, data)
    select now(), ${LOGGED_AS}, coalesce(domain, ''), 'edit_password', username from changed`
}

/** What of PostfixAdmin's tables is read and written here, with the rights it takes. */
const NEEDS = [
  {
    table: 'mailbox',
    columns:
      'username password name maildir quota local_part domain created modified active token_validity password_expiry',
    rights: 'select insert update',
  },
  { table: 'alias', columns: 'address goto domain created modified active', rights: 'select insert' },
  { table: 'domain', columns: 'domain mailboxes active password_expiry', rights: 'select' },
  { table: 'log', columns: 'id timestamp username domain action data', rights: 'insert' },
  { table: 'config', columns: 'name value', rights: 'select' },
]

type LackRow = { lack: string }

async function check(platform: Platform, signal: AbortSignal): Promise<string> {
  return reading(platform, signal, async run => {
    const lacks = await run(selectLacks)
    if (lacks.length > 0) {
      const words = lacks.map(({ lack }) => lack).join('; ')
      throw new AppError('platform_refused', `platform ${platform.name}: ${words}`)
    }
    const [found] = await run(selectSize)
    return found?.sentence ?? ''
  })
}

const selectSize = sql<{ sentence: string }>`select concat('PostfixAdmin, schema version ',
  (select value from config where name = 'version'), ', domains in use: ',
  (select count(*) from domain where active and domain <> 'ALL'), ', mailboxes: ',
  (select count(*) from mailbox)) as sentence`

/** Each thing that stands in the way, in words. */
const selectLacks: RawBuilder<LackRow> = sql`with need as (
    select name, to_regclass(name) as oid, string_to_array(columns, ' ') as columns,
      string_to_array(rights, ' ') as rights
    from unnest(${NEEDS.map(need => need.table)}::text[], ${NEEDS.map(need => need.columns)}::text[],
      ${NEEDS.map(need => need.rights)}::text[]) as n(name, columns, rights)
  )
  select 'there is no table ' || name as lack from need where oid is null
  union all
  select 'table ' || name || ' has no column ' || col from need, unnest(columns) as col
  where oid is not null and not exists
    (select from pg_attribute where attrelid = oid and attname = col and not attisdropped)
  union all
  select 'no right to ' || r || ' on table ' || name from need, unnest(rights) as r
  where not has_table_privilege(oid, r)
  union all
  select 'no right to use the sequence of table log'
  from pg_get_serial_sequence((select 'log' from need where name = 'log' and oid is not null), 'id') as sequence
  where not has_sequence_privilege(sequence, 'usage')
  union all
  select 'the server is a standby, which only reads' where pg_is_in_recovery()`

/** Runs one statement of a transaction; throws when the call was broken off before it. */
type Run = <Row>(statement: RawBuilder<Row>) => Promise<Row[]>

/** A transaction of reads, its errors translated. */
async function reading<T>(
  platform: Platform,
  signal: AbortSignal,
  work: (run: Run) => Promise<T>,
): Promise<T> {
  try {
    return await inTransaction(platform, signal, work)
  } catch (thrown) {
    throw toAppError(platform, thrown, signal)
  }
}

/**
 * A transaction whose running statement the server ends when the signal fires. (Kysely's own cancelling loses
 * against the rollback that it queues behind the statement.)
 */
function inTransaction<T>({ db }: Platform, signal: AbortSignal, work: (run: Run) => Promise<T>): Promise<T> {
  signal.throwIfAborted()
  return db.transaction().execute(async trx => {
    const run: Run = async statement => {
      signal.throwIfAborted()
      return (await statement.execute(trx)).rows
    }
    const [session] = await run(sql<{ pid: number }>`select pg_backend_pid() as pid`)
    const cancel = () => {
      // Should this not get through, the statement's own time limit still ends it.
      sql`select pg_cancel_backend(${session?.pid})`.execute(db).catch(() => {})
    }
    signal.addEventListener('abort', cancel, { once: true })
    return work(run).finally(() => signal.removeEventListener('abort', cancel))
  })
}

/** SQLSTATE classes whose fault lies in the values of a row: data, integrity, a trigger's refusal, a view's check. */
const FAULT_OF_ROW = /^(22|23|P0|44)/

function isFaultOfRow(thrown: unknown): boolean {
  return thrown instanceof DatabaseError && FAULT_OF_ROW.test(thrown.code ?? '')
}

/**
 * SQLSTATEs that pass: connection lost (08), rolled back for another's sake (40), out of resources (53), lock or
 * statement time-out (55P03, 57014), shutting down or starting (57P), read-only after a failover (25006), disk (58).
 */
const PASSING = /^(08|40|53|55P03|57|25006|58)/
const UNIQUE_VIOLATION = '23505'

function toAppError(platform: Platform, thrown: unknown, signal: AbortSignal): AppError {
  if (thrown instanceof AppError) return thrown
  const said = thrown instanceof Error && thrown.message !== '' ? thrown.message : String(thrown)
  const message = `platform ${platform.name}: ${said}`
  if (signal.aborted) {
    return new AppError('cancelled', `platform ${platform.name}: broken off`, {
      temporary: true,
      cause: thrown,
    })
  }
  if (thrown instanceof DatabaseError ? PASSING.test(thrown.code ?? '') : isLostConnection(thrown)) {
    return new AppError('platform_unreachable', message, { temporary: true, cause: thrown })
  }
  const taken = thrown instanceof DatabaseError && thrown.code === UNIQUE_VIOLATION
  return new AppError(taken ? 'address_taken' : 'platform_refused', message, { cause: thrown })
}

/** Errors of the network (`ECONNREFUSED`, …) and those pg makes itself, which have words only. */
function isLostConnection(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false
  if ('syscall' in thrown || 'errno' in thrown || thrown instanceof AggregateError) return true
  return /connection terminated|timeout|not queryable|connection has been discarded/i.test(thrown.message)
}
