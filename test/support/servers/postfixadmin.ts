/**
 * PostfixAdmin as Debian ships it, on a database of its own.
 *
 * Its programs are run from a copy in the folder, with a configuration beside them, so that several tests
 * can run at once and nothing below /etc is touched. With `systemWide`, /etc/postfixadmin/config.local.php
 * is written as well (and put back on stop), so that the installed `postfixadmin-cli` shows this database.
 */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Postgres } from './postgres.ts'
import { atExit, mustRun, type Ran, run } from './process.ts'

export type PostfixAdmin = {
  /** Of the database with PostfixAdmin's own schema, without a password. */
  url: string
  /** `postfixadmin-cli`, for instance `['mailbox', 'view', 'an@tinh.test']`. */
  cli(args: readonly string[]): Promise<Ran>
  stop(): Promise<void>
}

type Options = {
  folder: string
  postgres: Postgres
  domains: readonly string[]
  /** Name of the database; `mail` if left out. */
  database?: string
  systemWide?: boolean
}

const INSTALLED = '/usr/share/postfixadmin'
export const POSTFIXADMIN_CLI = join(INSTALLED, 'scripts/postfixadmin-cli.php')
const SYSTEM_CONFIG = '/etc/postfixadmin/config.local.php'

export async function startPostfixAdmin(options: Options): Promise<PostfixAdmin> {
  const { folder, domains } = options
  const url = await options.postgres.createDatabase(options.database ?? 'mail')
  const configuration = localConfiguration(new URL(url))
  const programs = copyPrograms(folder, configuration)
  const restore = options.systemWide ? replaceFile(SYSTEM_CONFIG, configuration) : () => {}
  const cli = (args: readonly string[]) =>
    run('php', ['-q', join(programs, 'scripts/postfixadmin-cli.php'), ...args])
  const stop = async () => restore()
  try {
    await makeSchema(join(programs, 'public'))
    for (const domain of domains) await addDomain(cli, domain)
  } catch (error) {
    await stop()
    throw error
  }
  return { url, cli, stop }
}

/** A copy of the installed programs that reads the given config.local.php. */
function copyPrograms(folder: string, configuration: string): string {
  mkdirSync(folder, { recursive: true })
  const programs = join(folder, 'programs')
  const own = ['config.inc.php', 'config.local.php', 'templates_c'].map(name => join(INSTALLED, name))
  cpSync(INSTALLED, programs, { recursive: true, filter: source => !own.includes(source) })
  mkdirSync(join(programs, 'templates_c'))
  cpSync('/etc/postfixadmin/config.inc.php', join(programs, 'config.inc.php'))
  // Debian's config.inc.php takes the database from this file first; ours comes after, in config.local.php.
  const names = ['user', 'pass', 'name', 'server', 'port', 'type']
  writeFileSync(
    join(programs, 'dbconfig.inc.php'),
    `<?php\n${names.map(name => `$db${name} = '';`).join('\n')}\n`,
  )
  writeFileSync(join(programs, 'config.local.php'), configuration)
  return programs
}

function localConfiguration(url: URL): string {
  const settings: Record<string, string> = {
    configured: 'true',
    database_type: "'pgsql'",
    database_host: `'${url.hostname}'`,
    database_port: `'${url.port}'`,
    database_user: `'${url.username}'`,
    database_password: "''",
    database_name: `'${url.pathname.slice(1)}'`,
    quota: "'YES'", // for each mailbox
    domain_quota: "'NO'",
    // Invented domains are in no DNS.
    emailcheck_resolve_domain: "'NO'",
  }
  const lines = Object.entries(settings).map(([name, value]) => `$CONF['${name}'] = ${value};`)
  return `<?php\n${lines.join('\n')}\n`
}

/** upgrade.php answers with a page and status 0 also when a step failed: what counts is the schema it noted. */
async function makeSchema(publicFolder: string): Promise<void> {
  const page = await mustRun('php', ['-q', 'upgrade.php'], { cwd: publicFolder, timeoutMs: 120_000 })
  const failure = /(Fatal error|Error executing query|DEBUG INFORMATION|Uncaught)[^\n]*/.exec(page)
  if (failure) throw new Error(`PostfixAdmin's upgrade.php: ${failure[0]}\n${page.slice(-2_000)}`)
}

async function addDomain(cli: PostfixAdmin['cli'], domain: string): Promise<void> {
  // 0 is "as many as you like" for aliases, mailboxes and quota.
  const limits = ['--aliases', '0', '--mailboxes', '0', '--maxquota', '0', '--default-aliases', '0']
  const ran = await cli(['domain', 'add', domain, '--description', domain, ...limits])
  if (ran.status !== 0) throw new Error(`postfixadmin-cli domain add ${domain}: ${ran.stderr}${ran.stdout}`)
}

/** Writes a file and answers how to put back what was there. */
function replaceFile(path: string, text: string): () => void {
  const backup = existsSync(path) ? { text: readFileSync(path), mode: statSync(path).mode } : null
  writeFileSync(path, text)
  const restore = () => {
    if (backup === null) return rmSync(path, { force: true })
    writeFileSync(path, backup.text)
    chmodSync(path, backup.mode)
  }
  const forget = atExit(restore)
  return () => {
    restore()
    forget()
  }
}
