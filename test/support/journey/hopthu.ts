/** The shipped command line, run as its users run it, on a configuration file of the servers' addresses. */
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Servers } from '../servers/index.ts'
import type { Calendar } from './calendar.ts'
import { SUFFIX } from './directory.ts'
import { COMMUNES, DOMAIN, ROOT } from './people.ts'

const MAIN = join(import.meta.dirname, '../../../src/main.ts')
const SECRETS = { LDAP_PASSWORD: 'reader-password', MASTER_PASSWORD: 'watcher-password' }
const TIMEOUT_MS = 120_000

/** An answer of `--json`; `T` is what the contract says of it. */
export type Ran<T> = { status: number | null; json: T; stderr: string; stdout: string }

export type Options = {
  config: string
  /** Run at noon of the day so many days ago; now if left out. */
  ago?: number
  calendar: Calendar
  env?: Record<string, string>
}

/** Starts `hopthu …`. The caller may kill it. */
export function startHopthu(args: readonly string[], options: Options) {
  const words = [process.execPath, MAIN, ...args, '--config', options.config]
  const [program = '', ...rest] = [...timeMachine(options), ...words]
  const { PATH, HOME, TZ } = process.env
  const env = {
    ...definedOf({ PATH, HOME, TZ }),
    ...SECRETS,
    // compiling anew each time is half of what a command takes
    NODE_COMPILE_CACHE: join(options.config, '../compiled'),
    ...options.env,
  }
  return spawn(program, rest, { env, stdio: ['ignore', 'pipe', 'pipe'] })
}

/** Debian's faketime, moved so far that it is noon in the province. */
function timeMachine({ ago, calendar }: Options): string[] {
  if (ago === undefined) return []
  const noon = calendar.instant(ago, 12 * 3600)
  const seconds = Math.round((noon - Date.now()) / 1000)
  return ['faketime', '-f', seconds < 0 ? String(seconds) : `+${seconds}`]
}

function definedOf(values: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}

/** Runs it to its end and answers what it said. */
export async function hopthuText(
  args: readonly string[],
  options: Options,
): Promise<Omit<Ran<null>, 'json'>> {
  const child = startHopthu(args, options)
  const said = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.stderr += text
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS)
  const status = await new Promise<number | null>(resolve => child.on('close', resolve))
  clearTimeout(timer)
  return { ...said, status }
}

/** The same with `--json`: exactly one object on standard output, and nothing else. */
export async function hopthu<T>(args: readonly string[], options: Options): Promise<Ran<T>> {
  const ran = await hopthuText([...args, '--json'], options)
  if (!ran.stdout.startsWith('{') || ran.stdout.trimEnd().includes('\n')) {
    throw new Error(`${args.join(' ')}: no single object but ${ran.stdout.slice(0, 500)}\n${ran.stderr}`)
  }
  const json: T = JSON.parse(ran.stdout)
  return { ...ran, json }
}

// the configuration -------------------------------------------------------------------------------------------------

export const EXCLUDED = { address: `giamsat@${DOMAIN}`, client: '127.0.0.99' }

export const SOURCES = { departments: 'imap-so', communes: 'imap-xa', smtp: 'smtp' } as const
export type SourceName = (typeof SOURCES)[keyof typeof SOURCES]

export const DEPARTMENTS = ['SNV', 'STC', 'SKH', 'SYT', 'SGD']

export type TargetSpec = {
  name: string
  indicator: 'issued' | 'activated' | 'used' | 'sending' | 'regular'
  value: number
  scope: { level?: string; agency?: string }
  from: string
  due: string
  kind: 'reach' | 'keep'
}

/** Of several kinds, levels and spans; days are counted back, so due ones to come are below 0. */
export function targetsOf({ day }: Calendar): TargetSpec[] {
  const target = (
    name: string,
    [indicator, value, kind]: [TargetSpec['indicator'], number, TargetSpec['kind']],
    scope: TargetSpec['scope'],
    [from, due]: [number, number],
  ) => ({ name, indicator, value, scope, from: day(from), due: day(due), kind })
  return [
    target('toàn tỉnh', ['regular', 0.8, 'reach'], {}, [35, 5]),
    target('các sở', ['regular', 0.3, 'reach'], { level: 'department' }, [25, -60]),
    target('xã An Bình', ['regular', 0.5, 'reach'], { agency: 'X01' }, [30, -10]),
    target('đủ hộp thư', ['issued', 1, 'keep'], { level: 'province' }, [50, -300]),
    target('có dùng', ['used', 0.7, 'reach'], { level: 'province' }, [33, -7]),
    target('gửi thư', ['sending', 0.45, 'reach'], { level: 'commune' }, [34, -1]),
    target('kích hoạt', ['activated', 0.6, 'keep'], {}, [20, -20]),
  ]
}

export type Wanted = {
  database: string
  /** Of PostfixAdmin's database, if not the servers'. */
  platform?: string
  roster?: Record<string, unknown>
  /** Where the sources' live logs are. */
  logs?: { departments: string; smtp: string }
  /** Without clients and addresses that count for nothing. */
  excludeNothing?: boolean
}

/** Writes a configuration and answers its path. Host names, ports and paths are those of the running servers. */
export function writeConfig(servers: Servers, calendar: Calendar, name: string, wanted: Wanted): string {
  const { slapd, dovecot, postfix, postfixAdmin, folder } = servers
  const logs = wanted.logs ?? { departments: dovecot.logFile, smtp: postfix.logFile }
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions()
  const log = (source: SourceName, path: string, covers?: Record<string, string[]>) => ({
    name: source,
    kind: 'log',
    path,
    timeZone,
    ...(covers ? { covers } : {}),
  })
  const config = {
    database: { url: wanted.database },
    roster: { root: ROOT, sources: [{ ...directorySource(slapd.url), ...wanted.roster }] },
    mailbox: {
      platforms: [{ name: 'mail', kind: 'postfixadmin', url: wanted.platform ?? postfixAdmin.url }],
      naming: [{ agency: '*', domain: DOMAIN }],
    },
    activity: {
      sources: [
        log(SOURCES.departments, logs.departments, { agencies: DEPARTMENTS }),
        log(SOURCES.communes, join(folder, 'communes.log'), { agencies: COMMUNES }),
        log(SOURCES.smtp, logs.smtp),
        sweepSource(dovecot),
      ],
      exclude: wanted.excludeNothing ? {} : { addresses: [EXCLUDED.address], clients: [EXCLUDED.client] },
    },
    adoption: { calendar: calendar.settings, targets: targetsOf(calendar) },
  }
  const path = join(folder, `${name}.json`)
  writeFileSync(path, JSON.stringify(config, null, 2))
  return path
}

function sweepSource({ imapPort, masterUser }: Servers['dovecot']) {
  const masterPassword = { env: 'MASTER_PASSWORD' }
  return {
    name: 'sweep',
    kind: 'imap',
    host: '127.0.0.1',
    port: imapPort,
    secure: false,
    masterUser,
    masterPassword,
  }
}

function directorySource(url: string) {
  return {
    name: 'directory',
    kind: 'ldap',
    url,
    bindDn: `cn=reader,${SUFFIX}`,
    bindPassword: { env: 'LDAP_PASSWORD' },
    pageSize: 50,
    people: {
      base: `ou=people,${SUFFIX}`,
      attributes: {
        staffId: 'employeeNumber',
        staffClass: 'employeeType',
        title: 'title',
        startDay: 'destinationIndicator',
        absentFrom: 'physicalDeliveryOfficeName',
        absentUntil: 'street',
      },
    },
    agencies: {
      base: `ou=agencies,${SUFFIX}`,
      attributes: { code: 'ou', name: 'description', level: 'businessCategory', sector: 'l' },
    },
  }
}
