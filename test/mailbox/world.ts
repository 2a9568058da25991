/** A small province for the tests of plan and apply: a roster read by the real sync, and a mail platform. */
import { sql } from 'kysely'
import { type Config, parseConfig, type SourceConfig } from '../../src/config.ts'
import type { Database } from '../../src/database/database.ts'
import type { Connector } from '../../src/mailbox/connector.ts'
import { type ApplyResult, applyPlan } from '../../src/mailbox/provisioner.ts'
import { type MailboxContext, makePlan, type PlanResult } from '../../src/mailbox/reconcile.ts'
import type { DirectoryEntry } from '../../src/roster/sources/entry.ts'
import { type RosterResult, syncSource } from '../../src/roster/sync.ts'

/** `agency` is a code of `AGENCIES`; the staff number is the key. */
export type Staff = {
  key: string
  name: string
  agency: string
  cls?: string
  absent?: string
  /** Another address. */
  email?: string
}

/** Code of each agency and of the one above it; all lie below the province H99. */
const AGENCIES: Record<string, string | null> = { NV: null, YT: null, YT1: 'YT', YT11: 'YT1', XA: null }

const BASE = 'ou=agencies,dc=tinh'

function dnOf(code: string): string {
  const above = AGENCIES[code]
  return `ou=${code},${above ? dnOf(above) : BASE}`
}

function agencyEntries(): DirectoryEntry[] {
  return Object.keys(AGENCIES).map(code => ({
    dn: dnOf(code),
    attributes: new Map([
      ['entryuuid', [`a-${code}`]],
      ['ou', [code]],
      ['description', [`Cơ quan ${code}`]],
    ]),
  }))
}

function personEntry({ key, name, agency, cls, absent, email }: Staff): DirectoryEntry {
  const attributes = new Map([
    ['entryuuid', [`p-${key}`]],
    ['employeenumber', [key]],
    ['cn', [name]],
    ['departmentnumber', [agency]],
    ['employeetype', [cls ?? 'Công chức']],
    ...(absent === undefined ? [] : [['absent', [absent]] as [string, string[]]]),
    ...(email === undefined ? [] : [['mail', [email]] as [string, string[]]]),
  ])
  return { dn: `uid=${key},ou=people,dc=tinh`, attributes }
}

const MAILBOX = {
  platforms: [{ name: 'mail', kind: 'postfixadmin', url: 'postgres://mail@127.0.0.1/mail' }],
  naming: [{ agency: '*', domain: 'tinh.test' }],
}

/** The configuration with these settings below `mailbox`. */
export function configOf(mailbox: Record<string, unknown> = {}): Config {
  return parseConfig({
    database: { url: 'pglite:memory' },
    roster: {
      root: { code: 'H99', name: 'Tỉnh Phước An' },
      guard: { maxLeavers: 100_000, maxLeaversPercent: 100 },
      sources: [
        {
          name: 'directory',
          kind: 'ldap',
          url: 'ldap://127.0.0.1:1',
          people: {
            base: 'ou=people,dc=tinh',
            attributes: {
              staffId: 'employeeNumber',
              staffClass: 'employeeType',
              absentFrom: 'absent',
              email: 'mail',
            },
          },
          agencies: { base: BASE },
        },
      ],
    },
    mailbox: { ...MAILBOX, ...mailbox },
  })
}

export type World = {
  database: Database
  connector: Connector
  config: Config
  /** `YYYY-MM-DD`; what the clock of plan and apply shows. */
  day: string
  context(): MailboxContext
  /** The roster as it is read on the world's day. */
  roster(people: readonly Staff[]): Promise<RosterResult>
  plan(agency?: string): Promise<PlanResult>
  apply(plan?: number | null, force?: boolean): Promise<ApplyResult>
}

export function worldOf(database: Database, connector: Connector): World {
  const now = () => new Date(`${world.day}T02:00:00+07:00`)
  const world: World = {
    database,
    connector,
    config: configOf(),
    day: '2026-03-02',
    context: () => {
      const signal = AbortSignal.timeout(120_000)
      return { db: database.db, config: world.config, connector: world.connector, now, signal }
    },
    roster: people => readRoster(world, people, now),
    plan: (agency = undefined) => makePlan(world.context(), agency ?? null),
    apply: (plan = null, force = false) => applyPlan(world.context(), plan, { force }),
  }
  return world
}

function readRoster(
  { database, config }: World,
  people: readonly Staff[],
  now: () => Date,
): Promise<RosterResult> {
  const source: SourceConfig | undefined = config.roster.sources[0]
  if (source === undefined) throw new Error('no source')
  async function* pages(entries: DirectoryEntry[]) {
    for (let at = 0; at < entries.length; at += 1_000) yield entries.slice(at, at + 1_000)
  }
  const reader = {
    agencies: () => pages(agencyEntries()),
    people: () => pages(people.map(personEntry)),
    close: async () => {},
  }
  const context = { db: database.db, config, source, open: async () => reader, now }
  return syncSource(context, { dryRun: false, force: true, signal: AbortSignal.timeout(120_000) })
}

/** Tables of this subject but run records, each with all its rows, to prove that nothing was written. */
const TABLES = [
  'platform_entry',
  'platform_listed',
  'mailbox',
  'mailbox_state',
  'mailbox_address',
  'mailbox_holder',
  'plan',
  'plan_change',
  'plan_refusal',
]

export async function contents({ database }: World): Promise<string> {
  const parts: string[] = []
  for (const table of TABLES) {
    const { rows } = await sql<object>`
      select t::text as row, t.ctid::text, t.xmin::text from ${sql.table(table)} t order by 1`.execute(
      database.db,
    )
    parts.push(`${table}: ${JSON.stringify(rows)}`)
  }
  return parts.join('\n')
}

/** One line for each row of a query that gives a column `line`. */
export async function lines({ database }: World, text: string): Promise<string[]> {
  const { rows } = await sql<{ line: string }>`${sql.raw(text)}`.execute(database.db)
  return rows.map(row => row.line)
}

/** Who holds which mailbox and in what state: `staff number address state`. */
export function held(world: World): Promise<string[]> {
  return lines(
    world,
    `select concat_ws(' ', p.staff_id, m.address, m.state) as line from mailbox m
     join mailbox_holder h on h.mailbox_id = m.id and h.last_day = 'infinity' join person p on p.id = h.person_id
     order by p.staff_id, m.address`,
  )
}
