/**
 * OpenLDAP 2.5 of one's own.
 *
 * Two accounts beside the administrator: `reader` reads everything but passwords, as a service account of
 * the field would; `blind` may search and sees nothing, so that it is answered with success and no entry.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { freePorts, mustRun, run, type ServerProcess, startProcess, waitUntilReady } from './process.ts'

/** OpenLDAP's size limits (slapd.conf(5), `limits`). `pr`: most in a page; `prtotal`: most in all pages. */
export type SizeLimits = {
  soft?: number
  hard?: number
  pr?: number
  prtotal?: number | 'unlimited'
}

export type SlapdOptions = {
  folder: string
  suffix?: string
  /** LDIF text, or the path of an LDIF file, with the suffix's own entry; else an empty tree is made. */
  ldif?: string
  /** Default: 500 without paging, 1,000 in a page, any number in all. `prtotal: 1500` ends with result 4. */
  limits?: SizeLimits
  /** Listens on an `ldaps` port too, and offers StartTLS. */
  tls?: boolean
}

export type Slapd = {
  readonly pid: number
  url: string
  port: number
  suffix: string
  adminDn: string
  adminPassword: string
  readerDn: string
  readerPassword: string
  /** Whose searches succeed and find nothing. */
  blindDn: string
  blindPassword: string
  /** `url` is `ldaps://…`; `caFile` holds the certificate to trust. Null without `tls`. */
  tls: { url: string; port: number; caFile: string } | null
  /** Adds the entries of LDIF text, or of the LDIF file at a path. More than 1 MB goes in by slapadd, for which the server is stopped a moment. */
  load(ldif: string): Promise<void>
  /** Change records: `changetype: modify`, `delete`, `modrdn` … */
  modify(ldif: string): Promise<void>
  restart(changes?: { limits?: SizeLimits }): Promise<void>
  stop(): Promise<void>
}

type Settings = {
  folder: string
  suffix: string
  port: number
  tlsPort: number | null
  limits: SizeLimits
}

const PASSWORDS = { admin: 'admin-password', reader: 'reader-password', blind: 'blind-password' }
const BULK_BYTES = 1_000_000

export async function startSlapd(options: SlapdOptions): Promise<Slapd> {
  const settings = await completeSettings(options)
  const { folder, suffix, port } = settings
  mkdirSync(join(folder, 'data'), { recursive: true })
  if (options.tls) await makeCertificates(folder)
  writeFileSync(configFile(folder), configuration(settings))
  await slapadd(folder, options.ldif ?? emptyTree(suffix))
  await slapadd(folder, accounts(suffix))
  let server = await launch(settings)
  const restart = async (changes: { limits?: SizeLimits } = {}) => {
    await server.stop()
    settings.limits = { ...settings.limits, ...changes.limits }
    writeFileSync(configFile(folder), configuration(settings))
    server = await launch(settings)
  }
  const load = async (ldif: string) => {
    if (Buffer.byteLength(ldif) < BULK_BYTES) return change(settings, ['-a'], ldif)
    await server.stop()
    await slapadd(folder, ldif)
    server = await launch(settings)
  }
  return {
    get pid() {
      return server.pid
    },
    url: `ldap://127.0.0.1:${port}`,
    port,
    suffix,
    ...names(suffix),
    tls: tlsAddress(settings),
    load,
    modify: ldif => change(settings, [], ldif),
    restart,
    stop: () => server.stop(),
  }
}

async function completeSettings(options: SlapdOptions): Promise<Settings> {
  const [port = 0, tlsPort = 0] = await freePorts(2)
  return {
    folder: options.folder,
    suffix: options.suffix ?? 'dc=tinh,dc=test',
    port,
    tlsPort: options.tls ? tlsPort : null,
    limits: { soft: 500, hard: 500, pr: 1_000, prtotal: 'unlimited', ...options.limits },
  }
}

function names(suffix: string) {
  return {
    adminDn: `cn=admin,${suffix}`,
    adminPassword: PASSWORDS.admin,
    readerDn: `cn=reader,${suffix}`,
    readerPassword: PASSWORDS.reader,
    blindDn: `cn=blind,${suffix}`,
    blindPassword: PASSWORDS.blind,
  }
}

function tlsAddress({ folder, tlsPort }: Settings): Slapd['tls'] {
  if (tlsPort === null) return null
  return { url: `ldaps://127.0.0.1:${tlsPort}`, port: tlsPort, caFile: join(folder, 'ca.pem') }
}

const configFile = (folder: string) => join(folder, 'slapd.conf')

function configuration({ folder, suffix, tlsPort, limits }: Settings): string {
  const { adminDn, readerDn, blindDn } = names(suffix)
  const sizes = Object.entries(limits).map(([name, value]) => `size.${name}=${value}`)
  return `
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile ${folder}/slapd.pid
sizelimit ${sizes.join(' ')}
${tlsPort === null ? '' : tlsConfiguration(folder)}
access to dn.base="" by * read
access to dn.subtree="cn=Subschema" by * read
database mdb
directory ${folder}/data
suffix "${suffix}"
rootdn "${adminDn}"
rootpw ${PASSWORDS.admin}
# A sparse file; it only has to be larger than any test's data.
maxsize 8589934592
# A test's data need not outlive a power cut.
envflags nosync writemap
index objectClass,entryUUID,ou,uid eq
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="${readerDn}" read by dn.exact="${blindDn}" search by * none
`
}

function tlsConfiguration(folder: string): string {
  return `
TLSCACertificateFile ${folder}/ca.pem
TLSCertificateFile ${folder}/server.pem
TLSCertificateKeyFile ${folder}/server.key
`
}

/** A certificate authority of an hour's making and a certificate of it for loopback. */
async function makeCertificates(folder: string): Promise<void> {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc', '-days', '30']
  const inFolder = { cwd: folder }
  await mustRun(
    'openssl',
    ['req', '-x509', ...key, '-subj', '/CN=Test CA', '-keyout', 'ca.key', '-out', 'ca.pem'],
    inFolder,
  )
  await mustRun(
    'openssl',
    [
      ...['req', '-x509', ...key, '-subj', '/CN=localhost', '-CA', 'ca.pem', '-CAkey', 'ca.key'],
      ...[
        '-addext',
        'subjectAltName=DNS:localhost,IP:127.0.0.1',
        '-addext',
        'basicConstraints=critical,CA:FALSE',
      ],
      ...['-keyout', 'server.key', '-out', 'server.pem'],
    ],
    inFolder,
  )
}

async function launch({ folder, port, tlsPort }: Settings): Promise<ServerProcess> {
  const urls = [`ldap://127.0.0.1:${port}/`, ...(tlsPort === null ? [] : [`ldaps://127.0.0.1:${tlsPort}/`])]
  const output = join(folder, 'slapd.log')
  // -d keeps it in the foreground; 'none' still says what is wrong.
  const args = ['-d', 'none', '-h', urls.join(' '), '-f', configFile(folder)]
  const server = await startProcess('slapd', args, { output, stopSignal: 'SIGTERM' })
  const probe = ['-x', '-H', `ldap://127.0.0.1:${port}`, '-s', 'base', '-b', '', '-o', 'nettimeout=2', '1.1']
  await waitUntilReady('slapd', server, [output], async () => (await run('ldapsearch', probe)).status === 0)
  return server
}

/** Into the database's files; the server must not be running (slapadd(8)). */
async function slapadd(folder: string, ldif: string): Promise<void> {
  const isPath = !ldif.includes('\n') && existsSync(ldif)
  const source = isPath ? ['-l', resolve(ldif)] : []
  const input = isPath ? '' : ldif
  await mustRun('slapadd', ['-q', '-f', configFile(folder), ...source], { input, timeoutMs: 300_000 })
}

async function change(settings: Settings, flags: string[], ldif: string): Promise<void> {
  const { adminDn, adminPassword } = names(settings.suffix)
  const bind = ['-x', '-H', `ldap://127.0.0.1:${settings.port}`, '-D', adminDn, '-w', adminPassword]
  await mustRun('ldapmodify', [...flags, ...bind], { input: ldif, timeoutMs: 300_000 })
}

function emptyTree(suffix: string): string {
  const value = /^\w+=([^,]+)/.exec(suffix)?.[1] ?? ''
  const unit = (name: string) => `dn: ou=${name},${suffix}\nobjectClass: organizationalUnit\nou: ${name}\n`
  const root = `dn: ${suffix}\nobjectClass: dcObject\nobjectClass: organization\ndc: ${value}\no: ${value}\n`
  return [root, unit('people'), unit('agencies')].join('\n')
}

function accounts(suffix: string): string {
  const account = (name: string, password: string) =>
    [
      `dn: cn=${name},${suffix}`,
      'objectClass: organizationalRole',
      'objectClass: simpleSecurityObject',
      `cn: ${name}`,
      `userPassword: ${password}`,
      '',
    ].join('\n')
  return [account('reader', PASSWORDS.reader), account('blind', PASSWORDS.blind)].join('\n')
}
