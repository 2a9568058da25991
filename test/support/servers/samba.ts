/**
 * An Active Directory domain controller of one's own, by Samba 4.17.
 *
 * Its LDAP ports are fixed (389, 636 and the global catalog's), so it has a loopback address of its own. `reader` is
 * an ordinary account of the domain, which is what a service account of the field is.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { mustRun, run, type ServerProcess, startProcess, waitUntilReady } from './process.ts'

export type Samba = {
  readonly pid: number
  url: string
  suffix: string
  /** A name as Windows signs in by. */
  adminDn: string
  adminPassword: string
  readerDn: string
  readerPassword: string
  /** Whose certificate names `dc1.tinh.test`. */
  tls: { url: string; caFile: string }
  /** Adds the entries of LDIF text. */
  load(ldif: string): Promise<void>
  /** Change records: `changetype: modify`, `delete`, `modrdn` … */
  modify(ldif: string): Promise<void>
  /** `samba-tool user disable NAME` … */
  tool(...args: string[]): Promise<string>
  stop(): Promise<void>
}

const REALM = 'TINH.TEST'
const SUFFIX = 'DC=tinh,DC=test'
const ADMIN = { name: 'Administrator@tinh.test', password: 'Quan-tri-2026' }
const READER = { name: 'reader@tinh.test', password: 'Doc-du-lieu-2026' }
const PORTS = [389, 636, 3268, 3269]

export async function startSamba({ folder }: { folder: string }): Promise<Samba> {
  const address = await freeAddress()
  mkdirSync(folder, { recursive: true })
  await provision(folder, address)
  writeFileSync(configFile(folder), configuration(folder, address))
  const server = await launch(folder, address)
  const tool = (...args: string[]) => mustRun('samba-tool', [...args, '-s', configFile(folder)])
  await tool('user', 'create', 'reader', READER.password)
  const url = `ldap://${address}`
  return {
    pid: server.pid,
    url,
    suffix: SUFFIX,
    adminDn: ADMIN.name,
    adminPassword: ADMIN.password,
    readerDn: READER.name,
    readerPassword: READER.password,
    tls: { url: `ldaps://${address}`, caFile: join(folder, 'dc/private/tls/ca.pem') },
    load: ldif => change(url, ['-a'], ldif),
    modify: ldif => change(url, [], ldif),
    tool,
    stop: () => server.stop(),
  }
}

const configFile = (folder: string) => join(folder, 'smb.conf')

/** All of 127.0.0.0/8 is loopback on Linux. */
async function freeAddress(): Promise<string> {
  for (let last = 1; last < 255; last++) {
    const address = `127.0.77.${last}`
    const free = await Promise.all(PORTS.map(port => canListen(address, port)))
    if (free.every(Boolean)) return address
  }
  throw new Error(`no address of 127.0.77.0/24 has the ports ${PORTS.join(', ')} free`)
}

function canListen(host: string, port: number): Promise<boolean> {
  const server = createServer()
  return new Promise(resolve => {
    server.once('error', () => resolve(false))
    server.listen(port, host, () => server.close(() => resolve(true)))
  })
}

async function provision(folder: string, address: string): Promise<void> {
  const domain = ['--realm', REALM, '--domain', 'TINH', '--server-role', 'dc', '--dns-backend', 'NONE']
  const host = ['--host-name', 'dc1', '--host-ip', address, '--adminpass', ADMIN.password]
  const bind = ['--option', `interfaces=${address}/8`, '--option', 'bind interfaces only=yes']
  const place = ['--targetdir', join(folder, 'dc')]
  await mustRun('samba-tool', ['domain', 'provision', ...place, ...domain, ...host, ...bind], {
    timeoutMs: 120_000,
  })
}

/** Only the directory; the other services of a controller are of no use here. A test's data need not outlive a power cut. */
function configuration(folder: string, address: string): string {
  const place = (name: string) => join(folder, 'dc', name)
  return `
[global]
  netbios name = DC1
  workgroup = TINH
  realm = ${REALM}
  server role = active directory domain controller
  server services = ldap
  ldb:nosync = true
  interfaces = ${address}/8
  bind interfaces only = yes
  ldap server require strong auth = no
  private dir = ${place('private')}
  state directory = ${place('state')}
  cache directory = ${place('cache')}
  lock directory = ${place('.')}
  pid directory = ${place('.')}
  ncalrpc dir = ${place('ncalrpc')}
  binddns dir = ${place('bind-dns')}
  log file = ${place('log.%m')}
`
}

async function launch(folder: string, address: string): Promise<ServerProcess> {
  const output = join(folder, 'samba.log')
  const args = ['-i', '-M', 'single', '-s', configFile(folder)]
  const server = await startProcess('samba', args, { output, stopSignal: 'SIGTERM' })
  const probe = ['-x', '-H', `ldap://${address}`, '-s', 'base', '-b', '', '-o', 'nettimeout=2', '1.1']
  await waitUntilReady('samba', server, [output], async () => (await run('ldapsearch', probe)).status === 0)
  return server
}

async function change(url: string, flags: string[], ldif: string): Promise<void> {
  const bind = ['-x', '-H', url, '-D', ADMIN.name, '-w', ADMIN.password]
  await mustRun('ldapmodify', [...flags, ...bind], { input: ldif, timeoutMs: 300_000 })
}
