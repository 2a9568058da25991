/**
 * Postfix 3.7 of one's own: a port for delivery, one for submission with SASL through Dovecot, mailboxes and
 * aliases from PostfixAdmin's tables, delivery by LMTP. Mail to other domains is accepted, logged and goes
 * nowhere, except to the two below, which stand for what does not arrive.
 */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Dovecot } from './dovecot.ts'
import { freePorts, greets, mustRun, run, startProcess, tail, waitUntilReady } from './process.ts'

/**
 * Mail to this domain comes back to the sender: its log has `status=bounced`. It goes to virtual(8), which knows
 * nobody there; the `error` transport would be seen through already when the recipient is named.
 */
export const BOUNCING_DOMAIN = 'khong-nhan.example'
/** Mail to this domain waits in the queue: nobody listens at its next hop, and its log has `status=deferred`. */
export const DEFERRING_DOMAIN = 'tam-hoan.example'

export type Postfix = {
  pid: number
  /** For delivery from elsewhere, without sign-in. */
  smtpPort: number
  submissionPort: number
  logFile: string
  /** Whether all mail was dealt with before the time was over; deferred mail is not. */
  queueEmpty(timeoutMs: number): Promise<boolean>
  /** Deletes all that waits in the queue. */
  clearQueue(): Promise<void>
  stop(): Promise<void>
}

export type PostfixOptions = {
  folder: string
  mailDatabaseUrl: string
  domains: readonly string[]
  dovecot: Pick<Dovecot, 'lmtpSocket' | 'authSocket'>
  /** Ends in `.log`: Postfix writes to no other names. */
  logTo?: string
  /** More lines of main.cf, for instance `enable_long_queue_ids = yes`. */
  settings?: readonly string[]
}

export const POSTFIX_MASTER = '/usr/lib/postfix/sbin/master'

export async function startPostfix(options: PostfixOptions): Promise<Postfix> {
  const { folder } = options
  const [smtpPort = 0, submissionPort = 0] = await freePorts(2)
  const logFile = options.logTo ?? join(folder, 'postfix.log')
  const queue = join(folder, 'queue')
  await makeFolders(folder, queue)
  const config = join(folder, 'config')
  writeFileSync(join(config, 'main.cf'), mainConfiguration(options, queue, logFile))
  writeFileSync(join(config, 'master.cf'), masterConfiguration(smtpPort, submissionPort))
  for (const [name, query] of Object.entries(queries)) {
    writeFileSync(join(config, `${name}.cf`), map(options.mailDatabaseUrl, query))
  }
  await makeQueue(config, logFile)
  const output = join(folder, 'postfix.out')
  const args = ['-d', '-c', config]
  const server = await startProcess(POSTFIX_MASTER, args, { output, stopSignal: 'SIGTERM' })
  const ready = async () => (await greets(smtpPort, '220 ')) && (await greets(submissionPort, '220 '))
  await waitUntilReady('Postfix', server, [output, logFile], ready)
  return {
    pid: server.pid,
    smtpPort,
    submissionPort,
    logFile,
    queueEmpty: timeoutMs => queueEmpty(queue, timeoutMs),
    clearQueue: async () => {
      await mustRun('postsuper', ['-c', config, '-d', 'ALL'])
    },
    stop: server.stop,
  }
}

async function makeFolders(folder: string, queue: string): Promise<void> {
  for (const name of [folder, join(folder, 'config'), join(folder, 'data'), queue]) {
    mkdirSync(name, { recursive: true })
  }
  await mustRun('chown', ['postfix', join(folder, 'data')])
}

/** The queue's folders, each with its owner, as `postfix start` makes them. It complains in its log alone. */
async function makeQueue(config: string, logFile: string): Promise<void> {
  const ran = await run('postfix', ['-c', config, 'check-fatal'])
  if (ran.status !== 0)
    throw new Error(`Postfix finds fault with its configuration\n${tail(logFile)}${ran.stderr}`)
}

function mainConfiguration(options: PostfixOptions, queue: string, logFile: string): string {
  const { folder, dovecot } = options
  const config = join(folder, 'config')
  const sql = (name: keyof typeof queries) => `pgsql:${config}/${name}.cf`
  return `
compatibility_level = 3.6
queue_directory = ${queue}
data_directory = ${folder}/data
maillog_file = ${logFile}
maillog_file_prefixes = ${join(logFile, '..')}
myhostname = mx1.${options.domains[0] ?? 'localdomain'}
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
local_recipient_maps =
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_tls_security_level = none
smtpd_sasl_type = dovecot
smtpd_sasl_path = ${dovecot.authSocket}
smtpd_sasl_security_options = noanonymous
virtual_mailbox_domains = ${sql('domains')}
virtual_mailbox_maps = ${sql('mailboxes')}
virtual_alias_maps = ${sql('aliases')}
# Without one virtual(8) does not start; it never writes there, since nobody is known to it.
virtual_mailbox_base = ${folder}/nobody
virtual_transport = lmtp:unix:${dovecot.lmtpSocket}
default_transport = discard:
transport_maps = inline:{
  { ${BOUNCING_DOMAIN} = virtual: }
  { ${DEFERRING_DOMAIN} = smtp:[127.0.0.1]:1 } }
# One machine sends everything here, and in bursts.
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_error_sleep_time = 0
${options.settings?.join('\n') ?? ''}
`
}

function masterConfiguration(smtpPort: number, submissionPort: number): string {
  return `
127.0.0.1:${smtpPort} inet n - n - - smtpd
127.0.0.1:${submissionPort} inet n - n - - smtpd
  -o syslog_name=postfix/submission
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_client_restrictions=
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
  -o smtpd_recipient_restrictions=permit_sasl_authenticated,reject
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
virtual unix - n n - - virtual
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
`
}

/** PostfixAdmin's own queries (its DOCUMENTS/POSTFIX_CONF.txt), as short as one server needs them. */
const queries = {
  domains: "SELECT domain FROM domain WHERE domain = '%s' AND active",
  mailboxes: "SELECT maildir FROM mailbox WHERE username = '%s' AND active",
  aliases: "SELECT goto FROM alias WHERE address = '%s' AND active",
}

function map(mailDatabaseUrl: string, query: string): string {
  const { hostname, port, username, pathname } = new URL(mailDatabaseUrl)
  return `
hosts = ${hostname}:${port}
user = ${username}
password =
dbname = ${pathname.slice(1)}
query = ${query}
`
}

/** Read in the order a message goes through them, so that one on its way is not missed between two. */
const WAITING = ['maildrop', 'incoming', 'active', 'deferred']

async function queueEmpty(queue: string, timeoutMs: number): Promise<boolean> {
  const end = Date.now() + timeoutMs
  let emptyInARow = 0
  // Twice, since a bounce may be written behind the reader's back while its message is removed.
  while (emptyInARow < 2) {
    if (Date.now() > end) return false
    emptyInARow = WAITING.some(name => holdsFiles(join(queue, name))) ? 0 : emptyInARow + 1
    await sleep(50)
  }
  return true
}

function holdsFiles(folder: string): boolean {
  if (!existsSync(folder)) return false
  return readdirSync(folder, { recursive: true, withFileTypes: true }).some(entry => entry.isFile())
}
