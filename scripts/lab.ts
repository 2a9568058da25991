/**
 * `npm run lab`: the invented province on real servers, until Ctrl-C.
 *
 * OpenLDAP, PostgreSQL, PostfixAdmin, Dovecot and Postfix start on free ports of loopback and in a temporary folder, as
 * in the tests; the directory is filled, the roster read and a first proposal made, which waits for whoever tries it.
 * Mail that leaves the province comes to a folder. Nothing stays: no process, no folder.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AppError, toAppError } from '../src/error.ts'
import { dayAt } from '../src/ids.ts'
import { available, type Servers, startAll } from '../test/support/servers/index.ts'
import { DOMAIN, LONE_DOMAIN } from './demo/agencies.ts'
import { makePeople } from './demo/people.ts'
import { rosterLdif, SUFFIX } from './demo/roster.ts'
import { labConfig, secretsOf } from './lab/config.ts'
import { type MailFolder, startMailFolder } from './lab/mail-folder.ts'
import { whatToTry } from './lab/try.ts'

const MAIN = join(import.meta.dirname, '../src/main.ts')
const CONFIG = join(import.meta.dirname, '../config/lab.json')
const SEED = 99
/** The roster of this many days before the first start of the demonstration: one without a fault. */
const ROSTER_DAY = -10

type Lab = { servers: Servers; mail: MailFolder; config: string; env: NodeJS.ProcessEnv; signal: AbortSignal }

async function main(): Promise<void> {
  const { ok, missing } = available()
  if (!ok) {
    const needed = 'cần quyền root trên Debian để cài và chạy các máy chủ thật'
    throw new AppError('usage', `không chạy được: thiếu ${missing.join(', ')}; ${needed}`)
  }
  const stop = stopSignal()
  const ends: (() => Promise<void>)[] = []
  try {
    await run(stop, ends)
  } finally {
    say('đang dừng các máy chủ và dọn thư mục tạm …')
    for (const end of ends.reverse()) await end()
    say('đã dọn xong')
  }
}

async function run(signal: AbortSignal, ends: (() => Promise<void>)[]): Promise<void> {
  say('khởi động OpenLDAP, PostgreSQL, PostfixAdmin, Dovecot, Postfix …')
  const mail = await startMailFolder()
  ends.push(mail.stop)
  const servers = await startAll({
    domains: [DOMAIN, LONE_DOMAIN],
    slapd: { suffix: SUFFIX, ldif: directory() },
    dovecot: { loginLogFormat: 'separated' },
    // what goes to addresses outside is delivered for real, to a folder instead of to the world
    postfix: {
      settings: [`default_transport = smtp:[127.0.0.1]:${mail.port}`, 'smtp_tls_security_level = none'],
    },
  })
  ends.push(servers.stop)
  mail.keepIn(join(servers.folder, 'thu-ra-ngoai'))
  const lab = { servers, mail, config: await writeConfig(servers), env: secretsOf(servers), signal }
  await prepare(lab)
}

async function prepare(lab: Lab): Promise<void> {
  const { signal } = lab
  signal.throwIfAborted()
  say('đọc danh sách cán bộ từ OpenLDAP, lập đề xuất cấp hộp thư …')
  await hopthu(lab, 'migrate')
  const { people } = await hopthu(lab, 'roster', 'sync')
  const { plan } = await hopthu(lab, 'mailbox', 'plan')
  const { signInLink } = await hopthu(lab, 'operator', 'add', 'quantri', '--role', 'admin')
  const service = hopthuProcess(lab, ['serve'], 'inherit')
  const ended = once(service, 'exit')
  signal.addEventListener('abort', () => service.kill('SIGTERM'), { once: true })
  await answers(lab, service)
  if (service.exitCode === null && !signal.aborted) {
    const { servers, mail, config } = lab
    process.stdout.write(
      whatToTry({
        servers,
        config,
        signInLink: String(signInLink),
        plan: String(plan),
        people,
        mailFolder: mail.folder(),
      }),
    )
  }
  await ended
  if (!signal.aborted) throw new AppError('internal', 'dịch vụ đã dừng trước khi được yêu cầu')
}

/** The directory's content: the demonstration's roster, whose addresses of other kinds stay as they are. */
function directory(): string {
  const start = dayAt(Date.now(), 'Asia/Ho_Chi_Minh')
  const ldif = rosterLdif(makePeople(SEED), ROSTER_DAY, { start })
  // slapadd takes no version line
  return ldif.slice(ldif.indexOf('dn:'))
}

async function writeConfig(servers: Servers): Promise<string> {
  const database = await servers.postgres.createDatabase('hopthu')
  const port = process.env.PORT === undefined ? null : Number(process.env.PORT)
  const parsed: unknown = JSON.parse(readFileSync(CONFIG, 'utf8'))
  const path = join(servers.folder, 'lab.json')
  writeFileSync(path, `${JSON.stringify(labConfig(parsed, { servers, database, port }), null, 2)}\n`)
  return path
}

/** Runs a command and answers its object; throws what it says where it did not end well. */
async function hopthu(lab: Lab, ...words: string[]): Promise<Record<string, unknown>> {
  const child = hopthuProcess(lab, [...words, '--json'], 'pipe')
  let text = ''
  child.stdout?.setEncoding('utf8').on('data', (part: string) => {
    text += part
  })
  const [status] = await once(child, 'close')
  lab.signal.throwIfAborted()
  // 4: done, but some rows were not taken; they are listed in the pages
  if (status !== 0 && status !== 4) throw new AppError('internal', `hopthu ${words.join(' ')}: ${text}`)
  return JSON.parse(text) as Record<string, unknown>
}

function hopthuProcess({ config, env }: Lab, words: string[], output: 'pipe' | 'inherit'): ChildProcess {
  return spawn(process.execPath, [MAIN, ...words, '--config', config], {
    env: { ...process.env, ...env },
    stdio: ['ignore', output, 'inherit'],
    // Ctrl-C reaches us alone: first the service ends, then the servers under it
    detached: true,
  })
}

async function answers({ config, signal }: Lab, service: ChildProcess): Promise<void> {
  const { http } = JSON.parse(readFileSync(config, 'utf8')) as { http: { host: string; port: number } }
  while (!signal.aborted && service.exitCode === null) {
    const found = await fetch(`http://${http.host}:${http.port}/health/live`).catch(() => null)
    if (found?.ok) return
    await new Promise(resolve => setTimeout(resolve, 200))
  }
}

function stopSignal(): AbortSignal {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => controller.abort(new AppError('cancelled', 'dừng theo yêu cầu')))
  }
  return controller.signal
}

function say(line: string): void {
  process.stdout.write(`lab: ${line}\n`)
}

try {
  await main()
} catch (thrown) {
  const error = toAppError(thrown)
  if (error.code !== 'cancelled') {
    process.stderr.write(`lab: ${error.message}\n`)
    process.exitCode = 1
  }
}
process.exit()
