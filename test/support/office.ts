/** A small province for the browser: two departments, ten people with another address each, on the real servers. */
import { type ChildProcess, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { type Servers, startAll } from './servers/index.ts'
import { freePorts } from './servers/process.ts'
import { type SmtpSink, startSmtpSink } from './smtp-sink.ts'

export const DOMAIN = 'phuocan.test'
const SUFFIX = 'dc=phuocan,dc=test'
const MAIN = join(import.meta.dirname, '../../src/main.ts')

export const departments = [
  { code: 'H99.05', name: 'Sở Nội vụ' },
  { code: 'H99.11', name: 'Sở Y tế' },
] as const

export const staff = [
  { id: 'CB101', name: 'Nguyễn Thị Hòa', agency: 'H99.05' },
  { id: 'CB102', name: 'Trần Văn Đạt', agency: 'H99.05' },
  { id: 'CB103', name: "H'Hen Niê", agency: 'H99.05' },
  { id: 'CB104', name: 'Phạm Quốc Ân', agency: 'H99.05' },
  { id: 'CB105', name: 'Lê Minh Đức', agency: 'H99.05' },
  { id: 'CB201', name: 'Võ Thị Ánh', agency: 'H99.11' },
  { id: 'CB202', name: 'Đặng Hữu Phước', agency: 'H99.11' },
  { id: 'CB203', name: 'Bùi Thanh Tâm', agency: 'H99.11' },
  { id: 'CB204', name: 'Hoàng Gia Huy', agency: 'H99.11' },
  { id: 'CB205', name: 'Đỗ Khánh Linh', agency: 'H99.11' },
] as const

function line(name: string, value: string): string {
  return `${name}:: ${Buffer.from(value).toString('base64')}`
}

function directory(): string {
  const unit = (dn: string, ou: string, description: string) =>
    `dn: ${dn}\nobjectClass: organizationalUnit\nou: ${ou}\n${line('description', description)}\n`
  const person = ({ id, name, agency }: (typeof staff)[number]) =>
    [
      `dn: uid=${id.toLowerCase()},ou=people,${SUFFIX}`,
      'objectClass: inetOrgPerson',
      line('cn', name),
      line('sn', name),
      `employeeNumber: ${id}`,
      `departmentNumber: ${agency}`,
      line('employeeType', 'công chức'),
      `mail: ${id.toLowerCase()}@khac.example`,
      '',
    ].join('\n')
  return [
    `dn: ${SUFFIX}\nobjectClass: dcObject\nobjectClass: organization\ndc: phuocan\no: phuocan\n`,
    unit(`ou=people,${SUFFIX}`, 'people', 'people'),
    unit(`ou=agencies,${SUFFIX}`, 'agencies', 'agencies'),
    ...departments.map(({ code, name }) => unit(`ou=${code},ou=agencies,${SUFFIX}`, code, name)),
    ...staff.map(person),
  ].join('\n')
}

export type Office = {
  servers: Servers
  sink: SmtpSink
  url: string
  /** Runs a command of the shipped command line to its end with `--json`; throws on another exit status. */
  hopthu<T>(args: readonly string[], exit?: number): Promise<T>
  /** Starts `serve` and waits until it is ready. */
  serve(): Promise<ChildProcess>
}

export async function openOffice(t: Test): Promise<Office> {
  const servers = await startAll({
    domains: [DOMAIN],
    slapd: { suffix: SUFFIX, ldif: directory() },
    dovecot: { loginLogFormat: 'separated' },
  })
  t.teardown(() => servers.stop())
  const sink = await startSmtpSink()
  t.teardown(() => sink.close())
  const [port = 0] = await freePorts(1)
  const url = `http://127.0.0.1:${port}`
  const config = join(servers.folder, 'office.json')
  const database = await servers.postgres.createDatabase('office')
  writeFileSync(config, JSON.stringify(configOf(servers, sink, { database, port, url }), null, 2))
  const env = {
    ...process.env,
    LDAP_PASSWORD: servers.slapd.readerPassword,
    NODE_COMPILE_CACHE: join(servers.folder, 'compiled'),
  }
  const start = (args: readonly string[]) =>
    spawn(process.execPath, [MAIN, ...args, '--config', config], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const hopthu = async <T>(args: readonly string[], exit = 0): Promise<T> => {
    const child = start([...args, '--json'])
    const said = collect(child)
    const status = await new Promise(resolve => child.once('close', resolve))
    if (status !== exit) throw new Error(`${args.join(' ')} ended with ${status}: ${said.out}${said.err}`)
    return JSON.parse(said.out)
  }
  const serve = async () => {
    const child = start(['serve'])
    const said = collect(child)
    t.teardown(() => endOf(child))
    await untilReady(url, () => said.err, child)
    return child
  }
  return { servers, sink, url, hopthu, serve }
}

function configOf(servers: Servers, sink: SmtpSink, own: { database: string; port: number; url: string }) {
  const { slapd, dovecot, postfix, postfixAdmin } = servers
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions()
  return {
    database: { url: own.database },
    http: { port: own.port, publicUrl: own.url },
    roster: {
      root: { code: 'H99', name: 'Tỉnh Phước An' },
      sources: [
        {
          name: 'directory',
          kind: 'ldap',
          url: slapd.url,
          bindDn: slapd.readerDn,
          bindPassword: { env: 'LDAP_PASSWORD' },
          people: {
            base: `ou=people,${SUFFIX}`,
            attributes: { staffId: 'employeeNumber', staffClass: 'employeeType', email: 'mail' },
          },
          agencies: { base: `ou=agencies,${SUFFIX}` },
        },
      ],
    },
    mailbox: {
      platforms: [{ name: 'mail', kind: 'postfixadmin', url: postfixAdmin.url }],
      naming: [{ agency: '*', domain: DOMAIN }],
    },
    activity: {
      sources: [
        { name: 'imap', kind: 'log', path: dovecot.logFile, timeZone },
        { name: 'smtp', kind: 'log', path: postfix.logFile, timeZone },
      ],
    },
    mailOut: { host: '127.0.0.1', port: sink.port, from: `hopthu@${DOMAIN}` },
    logLevel: 'warn',
  }
}

function collect(child: ChildProcess): { out: string; err: string } {
  const said = { out: '', err: '' }
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said.out += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said.err += text
  })
  return said
}

async function untilReady(url: string, said: () => string, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    const answer = await fetch(`${url}/health/ready`).catch(() => null)
    if (answer?.ok) return
    if (child.exitCode !== null) break
    await sleep(100)
  }
  throw new Error(`the service did not get ready: ${said()}`)
}

async function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise(resolve => child.once('close', resolve))
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 15_000)
  await ended
  clearTimeout(timer)
}
