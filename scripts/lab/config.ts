/** `config/lab.json` with the ports, paths and secrets of the servers that run now. */
import type { Servers } from '../../test/support/servers/index.ts'

type Loose = { [key: string]: unknown }
type Running = { servers: Servers; database: string; port: number | null }

export function labConfig(parsed: unknown, { servers, database, port }: Running): unknown {
  const { slapd, postfixAdmin, dovecot, postfix } = servers
  const config = structuredClone(parsed)
  merge(config, ['database'], { url: database })
  if (port !== null) merge(config, ['http'], { port })
  merge(config, ['roster', 'sources', 0], { url: slapd.url, bindDn: slapd.readerDn })
  merge(config, ['mailbox', 'platforms', 0], { url: postfixAdmin.url })
  // their stamps name no zone: servers started here write the time of this machine
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions()
  merge(config, ['activity', 'sources', 0], { path: dovecot.logFile, timeZone })
  merge(config, ['activity', 'sources', 1], { path: postfix.logFile, timeZone })
  const submission = { host: '127.0.0.1', port: postfix.submissionPort }
  merge(config, ['activity', 'sources', 2], {
    port: dovecot.imapPort,
    masterUser: dovecot.masterUser,
    submission,
  })
  merge(config, ['mailOut'], { port: postfix.smtpPort })
  return config
}

function merge(config: unknown, path: readonly (string | number)[], values: Loose): void {
  const place = path.reduce<unknown>((node, part) => (isLoose(node) ? node[part] : undefined), config)
  if (!isLoose(place)) throw new Error(`config/lab.json has no ${path.join('.')}`)
  Object.assign(place, values)
}

function isLoose(value: unknown): value is Loose {
  return typeof value === 'object' && value !== null
}

/** What `config/lab.json` names by reference. */
export function secretsOf({ slapd, dovecot }: Servers): NodeJS.ProcessEnv {
  return { LAB_LDAP_PASSWORD: slapd.readerPassword, LAB_WATCHER_PASSWORD: dovecot.masterPassword }
}
