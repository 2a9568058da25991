/** Commands on an embedded database that a running service holds. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { freePorts } from '../support/servers/process.ts'

const MAIN = join(import.meta.dirname, '../../src/main.ts')

type Ended = { status: number | null; out: string; err: string }

function start(folder: string, args: readonly string[]): { child: ChildProcess; ended: Promise<Ended> } {
  const env = { ...process.env, INIT_CWD: folder, HOPTHU_CONFIG: 'hopthu.json' }
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = { out: '', err: '' }
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said.out += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said.err += text
  })
  const ended = new Promise<Ended>(resolve => child.once('close', status => resolve({ status, ...said })))
  return { child, ended }
}

const hopthu = (folder: string, ...args: string[]) => start(folder, args).ended

async function serving(t: Test): Promise<string> {
  return (await servingOn(t)).folder
}

async function servingOn(t: Test): Promise<{ folder: string; port: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'hopthu-handover-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const [port = 0] = await freePorts(1)
  const config = { database: { url: 'pglite:./db' }, http: { port }, logLevel: 'silent' }
  writeFileSync(join(folder, 'hopthu.json'), JSON.stringify(config))
  const service = start(folder, ['serve'])
  t.teardown(async () => {
    service.child.kill('SIGTERM')
    await service.ended
  })
  for (let tries = 0; tries < 300; tries++) {
    if ((await fetch(`http://127.0.0.1:${port}/health/live`).catch(() => null))?.ok) return { folder, port }
    await sleep(100)
  }
  throw new Error('the service did not start')
}

t.test('while a service holds the embedded database', async t => {
  const folder = await serving(t)

  t.test('the socket is for its owner alone', async t => {
    t.equal(statSync(join(folder, '.db.sock')).mode & 0o777, 0o600)
  })

  t.test('a command is run by the service and ends as it would alone', async t => {
    const added = await hopthu(folder, 'operator', 'add', 'van.thu', '--role', 'viewer', '--json')
    t.equal(added.status, 0, added.err)
    t.match(JSON.parse(added.out), { operator: 'van.thu', signInLink: /\/sign-in\// })
    t.match(await hopthu(folder, 'operator', 'add', 'van.thu', '--role', 'viewer'), { status: 2, out: '' })
    t.match(await hopthu(folder, 'audit', 'verify', '--json'), { status: 0, out: /"ok":true/ })
  })

  t.test('paths count from where the user stood, and files are theirs', async t => {
    t.match(await hopthu(folder, 'adoption', '--format', 'csv', '-o', 'so-lieu.csv'), { status: 0 })
    t.ok(statSync(join(folder, 'so-lieu.csv')).size > 0)
  })

  t.test('what is wrong with the words is said as ever', async t => {
    t.match(await hopthu(folder, 'adoption', '--as-of', 'mai'), { status: 2, out: '', err: /--as-of/ })
    t.match(await hopthu(folder, 'explain', 'khong.co', '--json'), { status: 2, out: /"code":"not_found"/ })
  })

  t.test('check looks through the service at the database it holds', async t => {
    t.match(await hopthu(folder, 'check', '--json'), { status: 0, out: /"name":"database","ok":true/ })
  })

  t.test('what wants the database for itself is refused with a sentence', async t => {
    t.match(await hopthu(folder, 'serve'), { status: 1, err: /stop the running service/ })
  })

  t.test('a client that goes away takes nothing with it', async t => {
    const { child, ended } = start(folder, ['adoption', '--json'])
    setTimeout(() => child.kill('SIGKILL'), 300)
    await ended
    t.match(await hopthu(folder, 'audit', 'verify', '--json'), { status: 0 })
  })
})

t.test('a second service on the same port is refused with a sentence and leaves the first alone', async t => {
  const { port } = await servingOn(t)
  const folder = mkdtempSync(join(tmpdir(), 'hopthu-second-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const config = { database: { url: 'pglite:./db' }, http: { port }, logLevel: 'silent' }
  writeFileSync(join(folder, 'hopthu.json'), JSON.stringify(config))
  const second = await hopthu(folder, 'serve')
  t.match(second, { status: 3, err: /Cổng mạng đã có chương trình khác sử dụng/ })
  t.match(second.err, new RegExp(`port ${port} on 127\\.0\\.0\\.1 is taken .* stop it, or set http\\.port`))
  t.ok((await fetch(`http://127.0.0.1:${port}/health/ready`)).ok)
})
