/**
 * 389 Directory Server 2.3 of one's own, made by its own `dscreate` in a folder.
 *
 * `dscreate` finds all paths in a file below $PREFIX (lib389, `paths.py`); with a copy of that file that names our
 * folder, nothing is written elsewhere. `reader` may read everything but passwords.
 */
import { chownSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort, mustRun, run, type ServerProcess, startProcess, waitUntilReady } from './process.ts'

export type Ds389 = {
  readonly pid: number
  url: string
  suffix: string
  adminDn: string
  adminPassword: string
  readerDn: string
  readerPassword: string
  /** Adds the entries of LDIF text. */
  load(ldif: string): Promise<void>
  /** Change records, of `cn=config` too: `changetype: modify`, `delete`, `modrdn` … */
  modify(ldif: string): Promise<void>
  stop(): Promise<void>
}

const SUFFIX = 'dc=tinh,dc=test'
const ADMIN = { dn: 'cn=Directory Manager', password: 'Quan-tri-2026' }
const READER = { dn: `cn=reader,${SUFFIX}`, password: 'Doc-du-lieu-2026' }
const SHARED = '/usr/share/dirsrv'
const SETTINGS = '/etc/dirsrv'

export async function startDs389({ folder }: { folder: string }): Promise<Ds389> {
  const port = await freePort()
  await makePlace(folder)
  writeFileSync(join(folder, 'instance.inf'), instance(port))
  await create(folder)
  forgoDurability(folder)
  const server = await launch(folder, port)
  const url = `ldap://127.0.0.1:${port}`
  await change(url, [], accounts())
  return {
    pid: server.pid,
    url,
    suffix: SUFFIX,
    adminDn: ADMIN.dn,
    adminPassword: ADMIN.password,
    readerDn: READER.dn,
    readerPassword: READER.password,
    load: ldif => change(url, ['-a'], ldif),
    modify: ldif => change(url, [], ldif),
    stop: () => server.stop(),
  }
}

/** Folders that `dscreate` takes for granted, all of them the server's own: it makes missing ones as root's. */
async function makePlace(folder: string): Promise<void> {
  const [user, group] = await Promise.all([idOf('-u'), idOf('-g')])
  cpSync(SHARED, join(folder, 'share/dirsrv'), { recursive: true })
  cpSync(SETTINGS, join(folder, 'etc/dirsrv'), { recursive: true })
  for (const name of [
    'etc/default',
    'lib',
    'tmp',
    'run/dirsrv',
    'run/lock/dirsrv',
    'var/log/dirsrv',
    'var/lib/dirsrv',
  ])
    mkdirSync(join(folder, name), { recursive: true })
  const paths = join(folder, 'share/dirsrv/inf/defaults.inf')
  writeFileSync(paths, ownPaths(readFileSync(paths, 'utf8'), folder))
  const template = join(folder, 'share/dirsrv/data/template-dse.ldif')
  writeFileSync(
    template,
    readFileSync(template, 'utf8').replace(/^nsslapd-port:/m, 'nsslapd-listenhost: 127.0.0.1\n$&'),
  )
  chownSync(folder, user, group)
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
    chownSync(join(folder, name), user, group)
}

async function idOf(flag: '-u' | '-g'): Promise<number> {
  return Number(await mustRun('id', [flag, 'dirsrv']))
}

/** Programs and plug-ins stay where Debian has them. */
function ownPaths(paths: string, folder: string): string {
  return paths
    .replace(/= \/(etc|var|run)\b/g, `= ${folder}/$1`)
    .replace(/= \/dev\/shm\b/g, `= ${folder}/var/lib/dirsrv`)
    .replace(/^data_dir = .*/m, `data_dir = ${folder}/share`)
    .replace(/^tmp_dir = .*/m, `tmp_dir = ${folder}/tmp`)
    .replace(/^inst_dir = .*/m, `inst_dir = ${folder}/lib/slapd-{instance_name}`)
    .replace(/^with_systemd = .*/m, 'with_systemd = 0')
}

function instance(port: number): string {
  return `
[general]
config_version = 2
full_machine_name = localhost
strict_host_checking = False
selinux = False
systemd = False
[slapd]
instance_name = tinh
port = ${port}
self_sign_cert = False
root_password = ${ADMIN.password}
[backend-userroot]
suffix = ${SUFFIX}
create_suffix_entry = True
`
}

/** `dscreate` leaves the server running by itself; it is ended, to be started as a process of ours. */
async function create(folder: string): Promise<void> {
  await mustRun('env', [`PREFIX=${folder}`, 'dscreate', 'from-file', join(folder, 'instance.inf')], {
    timeoutMs: 120_000,
  })
  const pid = Number(readFileSync(pidFile(folder), 'utf8'))
  process.kill(pid, 'SIGTERM')
  for (let waits = 0; isRunning(pid); waits++) {
    if (waits > 200) throw new Error(`ns-slapd ${pid} does not end`)
    await sleep(100)
  }
}

/** A test's data need not outlive a power cut; while the server is not running its settings are a file. */
function forgoDurability(folder: string): void {
  const settings = join(folder, 'etc/dirsrv/slapd-tinh/dse.ldif')
  const text = readFileSync(settings, 'utf8')
  writeFileSync(settings, text.replace(/^(nsslapd-db-durable-transaction:) on$/m, '$1 off'))
}

const pidFile = (folder: string) => join(folder, 'run/dirsrv/slapd-tinh.pid')

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

async function launch(folder: string, port: number): Promise<ServerProcess> {
  const output = join(folder, 'ns-slapd.log')
  const args = ['-D', join(folder, 'etc/dirsrv/slapd-tinh'), '-i', pidFile(folder), '-d', '0']
  const server = await startProcess('ns-slapd', args, { output, stopSignal: 'SIGTERM' })
  const probe = ['-x', '-H', `ldap://127.0.0.1:${port}`, '-s', 'base', '-b', '', '-o', 'nettimeout=2', '1.1']
  const logs = [output, join(folder, 'var/log/dirsrv/slapd-tinh/errors')]
  await waitUntilReady('ns-slapd', server, logs, async () => (await run('ldapsearch', probe)).status === 0)
  return server
}

async function change(url: string, flags: string[], ldif: string): Promise<void> {
  const bind = ['-x', '-H', url, '-D', ADMIN.dn, '-w', ADMIN.password]
  await mustRun('ldapmodify', [...flags, ...bind], { input: ldif, timeoutMs: 300_000 })
}

function accounts(): string {
  const unit = (name: string) =>
    `dn: ou=${name},${SUFFIX}\nchangetype: add\nobjectClass: organizationalUnit\nou: ${name}\n`
  const reader = [
    `dn: ${READER.dn}`,
    'changetype: add',
    'objectClass: organizationalRole',
    'objectClass: simpleSecurityObject',
    'cn: reader',
    `userPassword: ${READER.password}`,
    '',
  ].join('\n')
  const right = `(targetattr != "userPassword")(version 3.0; acl "reader"; allow (read, search, compare) userdn = "ldap:///${READER.dn}";)`
  const access = `dn: ${SUFFIX}\nchangetype: modify\nreplace: aci\naci: ${right}\n`
  return [unit('people'), unit('agencies'), reader, access].join('\n')
}
