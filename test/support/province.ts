/** A small province without servers for tests of pages: a roster in a file, mailboxes on the practice platform. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import type { Test } from 'tap'
import type { Database } from '../../src/database/database.ts'
import { withPlatform } from '../../src/mailbox/command.ts'
import { applyPlan } from '../../src/mailbox/provisioner.ts'
import { makePlan } from '../../src/mailbox/reconcile.ts'
import { syncAll } from '../../src/roster/command.ts'
import { stores } from './database.ts'
import { openWeb, type Web } from './web.ts'

export type Official = { id: string; name: string; agency: string }

/** Codes with their names; all lie below the province H99. */
export const agencies: Record<string, string> = {
  'H99.05': 'Sở Nội vụ',
  'H99.11': 'Sở Y tế',
  'H99.35': 'UBND phường An Bình',
}

export const DOMAIN = 'phuocan.test'

/** So many people of different names at an agency. */
export function officials(count: number, agency: string, from = 0): Official[] {
  const given = [
    'An',
    'Bình',
    'Cường',
    'Dung',
    'Đạt',
    'Hoà',
    'Khánh',
    'Linh',
    'Ngọc',
    'Phước',
    'Quý',
    'Thảo',
    'Ước',
  ]
  const family = ['Nguyễn Văn', 'Trần Thị', 'Lê Minh', 'Phạm Quốc', 'Đặng Hữu', 'Võ Thị', 'Bùi Thanh']
  return Array.from({ length: count }, (_, i) => {
    const n = from + i
    const name = `${family[n % family.length]} ${given[Math.floor(n / family.length) % given.length]}`
    return { id: `${agency.slice(-2)}${String(n).padStart(4, '0')}`, name, agency }
  })
}

export type Province = {
  web: Web
  database: Database
  /** Writes the roster file; nothing is read yet. */
  write(people: readonly Official[]): void
  /** Writes it and reads it. */
  sync(people: readonly Official[]): Promise<void>
  /** Makes a plan as the command line does; its number. */
  plan(): Promise<number>
  apply(plan: number): Promise<void>
  agencyId(code: string): Promise<number>
  one<Row>(text: string): Promise<Row>
}

/** The embedded engine, one for the whole file, emptied for each province. */
const [store] = stores()

type Options = { config?: Record<string, unknown>; now?: () => Date }

export async function openProvince(t: Test, { config = {}, now }: Options = {}): Promise<Province> {
  const folder = mkdtempSync(join(tmpdir(), 'hopthu-province-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  if (!store) throw new Error('no store')
  const database = await store.open()
  const web = await openWeb(t, {
    database,
    config: { ...configOf(folder), ...config },
    ...(now ? { now } : {}),
  })
  t.teardown(() => database.close())
  const write = (people: readonly Official[]) => writeFileSync(join(folder, 'roster.ldif'), ldifOf(people))
  const rows = async <Row>(text: string) => (await sql<Row>`${sql.raw(text)}`.execute(database.db)).rows
  const one = async <Row>(text: string): Promise<Row> => {
    const [row] = await rows<Row>(text)
    if (row === undefined) throw new Error(`no row: ${text}`)
    return row
  }
  return {
    web,
    database,
    write,
    one,
    async sync(people) {
      write(people)
      await syncAll(web.context, { source: null, dryRun: false, force: true })
    },
    async plan() {
      const { plan } = await withPlatform(web.context, mailbox => makePlan(mailbox, null))
      if (plan === null) throw new Error('nothing to change')
      return plan
    },
    async apply(plan) {
      await withPlatform(web.context, mailbox => applyPlan(mailbox, plan, { force: true }))
    },
    agencyId: async code =>
      (await one<{ id: number }>(`select agency_id as id from agency_period where code = '${code}'`)).id,
  }
}

function configOf(folder: string) {
  return {
    database: { url: 'pglite:memory' },
    roster: {
      root: { code: 'H99', name: 'Tỉnh Phước An' },
      sources: [
        {
          name: 'directory',
          kind: 'ldif',
          path: join(folder, 'roster.ldif'),
          complete: true,
          people: {
            base: 'ou=people,dc=phuocan',
            key: 'employeeNumber',
            attributes: { staffId: 'employeeNumber', staffClass: 'employeeType' },
          },
          agencies: { base: 'ou=agencies,dc=phuocan', key: 'ou' },
        },
      ],
    },
    mailbox: {
      platforms: [{ name: 'mail', kind: 'practice', folder: join(folder, 'mail'), domains: [DOMAIN] }],
      naming: [{ agency: '*', domain: DOMAIN }],
    },
  }
}

function ldifOf(people: readonly Official[]): string {
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  const units = Object.entries(agencies).map(
    ([code, name]) =>
      `dn: ou=${code},ou=agencies,dc=phuocan\nobjectClass: organizationalUnit\nou: ${code}\ndescription:: ${base64(name)}\n`,
  )
  const entries = people.map(({ id, name, agency }) =>
    [
      `dn: uid=${id},ou=people,dc=phuocan`,
      'objectClass: inetOrgPerson',
      `employeeNumber: ${id}`,
      `cn:: ${base64(name)}`,
      `departmentNumber: ${agency}`,
      `employeeType:: ${base64('công chức')}`,
      '',
    ].join('\n'),
  )
  return [...units, ...entries].join('\n')
}
