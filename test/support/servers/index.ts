/** The real servers together, as the field runs them, on loopback and in a temporary folder. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { type Dovecot, type DovecotOptions, startDovecot } from './dovecot.ts'
import { POSTFIX_MASTER, type Postfix, type PostfixOptions, startPostfix } from './postfix.ts'
import { POSTFIXADMIN_CLI, type PostfixAdmin, startPostfixAdmin } from './postfixadmin.ts'
import { type Postgres, postgresPrograms, startPostgres } from './postgres.ts'
import { atExit } from './process.ts'
import { type Slapd, type SlapdOptions, startSlapd } from './slapd.ts'

export { startDovecot } from './dovecot.ts'
export { startDs389 } from './ds389.ts'
export { BOUNCING_DOMAIN, DEFERRING_DOMAIN, startPostfix } from './postfix.ts'
export { startPostfixAdmin } from './postfixadmin.ts'
export { startPostgres } from './postgres.ts'
export { startSamba } from './samba.ts'
export { startSlapd } from './slapd.ts'
export type { Dovecot, Postfix, PostfixAdmin, Postgres, Slapd }

export type Servers = {
  folder: string
  slapd: Slapd
  postgres: Postgres
  postfixAdmin: PostfixAdmin
  dovecot: Dovecot
  postfix: Postfix
  /** Ends all, the last started first, and removes the folder. */
  stop(): Promise<void>
}

type Options = {
  /** Made if missing, removed on stop; a new one in the system's temporary folder if left out. */
  folder?: string
  domains: readonly string[]
  slapd?: Omit<SlapdOptions, 'folder'>
  dovecot?: Omit<DovecotOptions, 'folder' | 'mailDatabaseUrl'>
  postfix?: Pick<PostfixOptions, 'logTo' | 'settings'>
  /** The installed `postfixadmin-cli` shows the database too, until stop. */
  systemWidePostfixAdmin?: boolean
}

/** Starts slapd, PostgreSQL, PostfixAdmin, Dovecot and Postfix. If one fails, those before it are ended. */
export async function startAll(options: Options): Promise<Servers> {
  const { folder, remove } = openFolder(options.folder)
  const started: (() => Promise<void>)[] = []
  const stop = async () => {
    for (const end of started.splice(0).reverse()) await end()
    remove()
  }
  const keep = <T extends { stop(): Promise<void> }>(server: T): T => {
    started.push(server.stop)
    return server
  }
  const within = (name: string) => join(folder, name)
  const { domains } = options
  try {
    const slapd = keep(await startSlapd({ folder: within('slapd'), ...options.slapd }))
    const postgres = keep(await startPostgres({ folder: within('postgres') }))
    const systemWide = options.systemWidePostfixAdmin ?? false
    const postfixAdmin = keep(
      await startPostfixAdmin({ folder: within('postfixadmin'), postgres, domains, systemWide }),
    )
    const mailDatabaseUrl = postfixAdmin.url
    const dovecot = keep(
      await startDovecot({ folder: within('dovecot'), mailDatabaseUrl, ...options.dovecot }),
    )
    const postfix = keep(
      await startPostfix({
        folder: within('postfix'),
        mailDatabaseUrl,
        domains,
        dovecot,
        ...options.postfix,
      }),
    )
    return { folder, slapd, postgres, postfixAdmin, dovecot, postfix, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

const FOLDER_LENGTH = 60 // of the 107 bytes of a Unix socket's path (unix(7)), the rest is the servers'

/** A folder that all servers' users can pass through, and how to remove it. */
export function openFolder(wanted: string | undefined): { folder: string; remove: () => void } {
  const folder = wanted ?? mkdtempSync(join(tmpdir(), 'hopthu-servers-'))
  if (folder.length > FOLDER_LENGTH) throw new Error(`a folder with a shorter path, please: ${folder}`)
  mkdirSync(folder, { recursive: true })
  chmodSync(folder, 0o755)
  const removeFolder = () => rmSync(folder, { recursive: true, force: true })
  const forget = atExit(removeFolder)
  const remove = () => {
    removeFolder()
    forget()
  }
  return { folder, remove }
}

export type ServerName = 'slapd' | 'postgres' | 'postfixadmin' | 'dovecot' | 'postfix' | 'samba' | 'ds389'

/** What each server needs, with the Debian package that brings it. */
const needs: Record<ServerName, readonly { package: string; found: () => boolean }[]> = {
  slapd: [
    { package: 'slapd', found: () => onPath('slapd') },
    { package: 'ldap-utils', found: () => onPath('ldapmodify') },
    { package: 'openssl', found: () => onPath('openssl') },
  ],
  postgres: [{ package: 'postgresql', found: () => postgresPrograms() !== null }],
  postfixadmin: [
    { package: 'postfixadmin', found: () => existsSync(POSTFIXADMIN_CLI) },
    { package: 'php-cli', found: () => onPath('php') },
    { package: 'php-pgsql', found: () => hasPhpModule('pdo_pgsql.so') },
  ],
  dovecot: [
    { package: 'dovecot-imapd', found: () => existsSync('/usr/lib/dovecot/imap') },
    { package: 'dovecot-pop3d', found: () => existsSync('/usr/lib/dovecot/pop3') },
    { package: 'dovecot-lmtpd', found: () => existsSync('/usr/lib/dovecot/lmtp') },
    { package: 'dovecot-pgsql', found: () => existsSync('/usr/lib/dovecot/modules/auth/libdriver_pgsql.so') },
  ],
  postfix: [
    { package: 'postfix', found: () => existsSync(POSTFIX_MASTER) },
    { package: 'postfix-pgsql', found: () => existsSync('/usr/lib/postfix/postfix-pgsql.so') },
  ],
  samba: [
    { package: 'samba-ad-dc', found: () => onPath('samba') },
    { package: 'samba-ad-provision', found: () => existsSync('/usr/share/samba/setup/provision.ldif') },
    { package: 'samba-dsdb-modules', found: () => onPath('samba-tool') },
    { package: 'ldap-utils', found: () => onPath('ldapmodify') },
  ],
  ds389: [
    { package: '389-ds-base', found: () => onPath('ns-slapd') && onPath('dscreate') },
    { package: 'ldap-utils', found: () => onPath('ldapmodify') },
  ],
}

/** What `npm test` needs; Samba and 389-ds are for the long suites alone. */
const ALL: readonly ServerName[] = ['slapd', 'postgres', 'postfixadmin', 'dovecot', 'postfix']

/**
 * Whether these servers (by default all that `npm test` needs) can be started here; `missing` says what lacks, for a test's skip.
 * With HOPTHU_REQUIRE_SERVERS=1 in the environment a lack is thrown instead, so that nothing is skipped unseen.
 */
export function available(servers: readonly ServerName[] = ALL): { ok: boolean; missing: string[] } {
  const missing = servers
    .flatMap(server => needs[server])
    .filter(need => !need.found())
    .map(need => `Debian package ${need.package}`)
  if (process.getuid?.() !== 0) missing.unshift('root')
  if (missing.length > 0 && process.env.HOPTHU_REQUIRE_SERVERS === '1') {
    throw new Error(`the real servers are required and lack: ${missing.join(', ')}`)
  }
  return { ok: missing.length === 0, missing }
}

function onPath(program: string): boolean {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']
  return folders.some(folder => existsSync(join(folder, program)))
}

function hasPhpModule(file: string): boolean {
  const root = '/usr/lib/php'
  return existsSync(root) && readdirSync(root).some(version => existsSync(join(root, version, file)))
}
