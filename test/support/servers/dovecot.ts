/**
 * Dovecot 2.3 of one's own: IMAP, POP3, LMTP and the SASL socket for Postfix, on PostfixAdmin's tables.
 *
 * What stands for a choice of the field's administrators is an option: the form of the login line, and
 * whether the master user is let in over IMAP alone (as advised) or everywhere.
 */
import { chownSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePorts, greets, mustRun, type Ran, run, startProcess, waitUntilReady } from './process.ts'

export type DovecotOptions = {
  folder: string
  /** PostfixAdmin's database: `postgres://user@host:port/name`. */
  mailDatabaseUrl: string
  /** `watcher` if left out. */
  masterUser?: string
  masterPassword?: string
  /** Otherwise the master passdb stands inside `protocol imap`, and SMTP refuses `person*master`. */
  masterEverywhere?: boolean
  /** `separated`: the login line names who authenticated, so a master's login can be told apart. */
  loginLogFormat?: 'default' | 'separated'
  /** Its log_path; `dovecot.log` in the folder if left out. */
  logTo?: string
  /** Enforces the quota of PostfixAdmin's tables. */
  quota?: boolean
}

/** What may change from one start to the next on the same folder and ports. */
export type DovecotChanges = Partial<Omit<DovecotOptions, 'folder' | 'mailDatabaseUrl'>>

export type Dovecot = {
  readonly pid: number
  imapPort: number
  pop3Port: number
  masterUser: string
  masterPassword: string
  /** Unix sockets for Postfix: delivery and SASL. */
  lmtpSocket: string
  authSocket: string
  readonly logFile: string
  doveadm(args: readonly string[]): Promise<Ran>
  restart(changes?: DovecotChanges): Promise<void>
  stop(): Promise<void>
}

type Settings = Required<DovecotOptions> & {
  imapPort: number
  pop3Port: number
  mailUid: number
  mailGid: number
}

const MAIL_USER = 'mail' // of every Debian; unprivileged, and no person

export async function startDovecot(options: DovecotOptions): Promise<Dovecot> {
  let settings = await completeSettings(options)
  let server = await launch(settings)
  const configuration = join(settings.folder, 'dovecot.conf')
  const restart = async (changes: DovecotChanges = {}) => {
    await server.stop()
    settings = { ...settings, ...changes }
    server = await launch(settings)
  }
  return {
    get pid() {
      return server.pid
    },
    get logFile() {
      return settings.logTo
    },
    imapPort: settings.imapPort,
    pop3Port: settings.pop3Port,
    masterUser: settings.masterUser,
    masterPassword: settings.masterPassword,
    lmtpSocket: lmtpSocket(settings.folder),
    authSocket: authSocket(settings.folder),
    doveadm: args => run('doveadm', ['-c', configuration, ...args]),
    restart,
    stop: () => server.stop(),
  }
}

async function completeSettings(options: DovecotOptions): Promise<Settings> {
  const [imapPort = 0, pop3Port = 0] = await freePorts(2)
  const id = async (flag: string) => Number(await mustRun('id', [flag, MAIL_USER]))
  return {
    masterUser: 'watcher',
    masterPassword: 'watcher-password',
    masterEverywhere: false,
    loginLogFormat: 'default',
    logTo: join(options.folder, 'dovecot.log'),
    quota: false,
    ...options,
    imapPort,
    pop3Port,
    mailUid: await id('-u'),
    mailGid: await id('-g'),
  }
}

async function launch(settings: Settings) {
  const { folder, logTo, imapPort } = settings
  const mail = join(folder, 'mail')
  mkdirSync(mail, { recursive: true })
  chownSync(mail, settings.mailUid, settings.mailGid)
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text, { mode: 0o640 })
  write('dovecot.conf', configuration(settings))
  write('sql.conf', sqlConfiguration(settings))
  writeFileSync(join(folder, 'masters'), `${settings.masterUser}:{PLAIN}${settings.masterPassword}\n`)
  const output = join(folder, 'dovecot.out')
  const args = ['-F', '-c', join(folder, 'dovecot.conf')]
  const server = await startProcess('dovecot', args, { output, stopSignal: 'SIGTERM' })
  await waitUntilReady('Dovecot', server, [output, logTo], () => greets(imapPort, '* OK'))
  return server
}

const lmtpSocket = (folder: string) => join(folder, 'lmtp')
const authSocket = (folder: string) => join(folder, 'auth')

function configuration(settings: Settings): string {
  const { folder, imapPort, pop3Port } = settings
  return `
base_dir = ${folder}/run
state_dir = ${folder}/state
instance_name = ${folder.slice(1).replaceAll('/', '-')}
log_path = ${settings.logTo}
listen = 127.0.0.1
protocols = imap pop3 lmtp
ssl = no
${loginLog[settings.loginLogFormat]}
${listener('imap', imapPort)}
${listener('pop3', pop3Port)}
service lmtp {
  unix_listener ${lmtpSocket(folder)} {
    mode = 0666
  }
}
service stats {
  unix_listener stats-writer {
    mode = 0666
  }
}
${authentication(settings)}
${storage(settings)}
`
}

function listener(protocol: 'imap' | 'pop3', port: number): string {
  return `
service ${protocol}-login {
  inet_listener ${protocol} {
    port = ${port}
  }
  inet_listener ${protocol}s {
    port = 0
  }
}`
}

/** The second form is the one that tells a master's login from the person's own. */
const loginLog: Record<Settings['loginLogFormat'], string> = {
  default: '',
  separated: `
login_log_format_elements = user=<%u> auth=<%{auth_user}> method=%m rip=%r lip=%l mpid=%e %c session=<%{session}>
mail_log_prefix = "%s(%u)<%{auth_user}><%{pid}><%{session}>: "
`,
}

function authentication(settings: Settings): string {
  const { folder } = settings
  const master = `
passdb {
  driver = passwd-file
  args = ${folder}/masters
  master = yes
  result_success = continue
}
`
  return `
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_verbose = yes
auth_master_user_separator = *
# A wrong password answers at once, and does not slow the next sign-in from loopback.
auth_failure_delay = 0
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service auth {
  unix_listener ${authSocket(folder)} {
    mode = 0666
  }
}
${settings.masterEverywhere ? master : `protocol imap {${master}}`}
passdb {
  driver = sql
  args = ${folder}/sql.conf
}
userdb {
  driver = sql
  args = ${folder}/sql.conf
}
`
}

function storage({ folder, quota, mailUid, mailGid }: Settings): string {
  return `
mail_location = maildir:${folder}/mail/%d/%n
mail_home = ${folder}/mail/%d/%n
mail_uid = ${mailUid}
mail_gid = ${mailGid}
first_valid_uid = ${mailUid}
mail_fsync = never
mail_max_userip_connections = 0
namespace inbox {
  inbox = yes
  mailbox Drafts {
    auto = create
    special_use = \\Drafts
  }
  mailbox Sent {
    auto = create
    special_use = \\Sent
  }
  mailbox Trash {
    auto = create
    special_use = \\Trash
  }
}
${quota ? quotaPlugin : ''}
`
}

const quotaPlugin = `
mail_plugins = quota
protocol imap {
  mail_plugins = quota imap_quota
}
plugin {
  quota = maildir:User quota
}
`

/** PostfixAdmin keeps hashes of crypt(3) and the quota in bytes, 0 for none. */
function sqlConfiguration({ mailDatabaseUrl }: Settings): string {
  const { hostname, port, username, pathname } = new URL(mailDatabaseUrl)
  return `
driver = pgsql
connect = host=${hostname} port=${port} user=${username} dbname=${pathname.slice(1)}
default_pass_scheme = CRYPT
password_query = SELECT username AS user, password FROM mailbox WHERE username = '%u' AND active
user_query = SELECT '*:bytes=' || quota AS quota_rule FROM mailbox WHERE username = '%u' AND active
iterate_query = SELECT username AS user FROM mailbox WHERE active
`
}
