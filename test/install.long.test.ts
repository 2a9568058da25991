/**
 * What the Dockerfile says, done step by step without Docker: its copies and nothing else, its `npm ci`, then the service as
 * a user without rights on a tree it cannot write to.
 */
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import t from 'tap'
import { contextFilter, parseDockerfile } from './support/dockerfile.ts'
import { run, startProcess, waitUntilReady } from './support/servers/process.ts'

const root = join(import.meta.dirname, '..')
const stages = parseDockerfile(readFileSync(join(root, 'Dockerfile'), 'utf8'))
const last = stages.at(-1)
/** Root can become somebody without rights; others have none as they are. */
const user = process.getuid?.() === 0 ? 'www-data' : undefined

const image = mkdtempSync(join(tmpdir(), 'hopthu-image-'))
chmodSync(image, 0o755)
t.teardown(() => rmSync(image, { recursive: true, force: true }))
const home = join(image, 'opt/hopthu')
const volume = join(image, 'var/lib/hopthu')

t.before(() => {
  copyStages()
  install()
  mkdirSync(volume, { recursive: true })
  if (user) chownSync(volume, idOf('-u'), idOf('-g'))
  // the Node of the image, on the path of its user
  mkdirSync(join(image, 'usr/local/bin'), { recursive: true })
  cpSync(process.execPath, join(image, 'usr/local/bin/node'))
})

/** COPY of every stage, through what .dockerignore lets through, below one folder as their targets say. */
function copyStages(): void {
  const passes = contextFilter(readFileSync(join(root, '.dockerignore'), 'utf8'))
  for (const stage of stages) {
    const workdir = stage.values('WORKDIR')[0] ?? '/'
    for (const { from, mode, sources, target } of stage.copies) {
      if (from !== null) continue // what was made there already lies there
      for (const source of sources) {
        if (!passes(source)) throw new Error(`.dockerignore keeps ${source} back`)
        const path = target.startsWith('/') ? target : join(workdir, target)
        const toFolder = path.endsWith('/') || sources.length > 1
        const to = join(image, path, toFolder ? source : '')
        mkdirSync(dirname(to), { recursive: true })
        cpSync(join(root, source), to, { recursive: true })
        if (mode !== null) chmodSync(to, mode)
      }
    }
  }
}

/** RUN npm ci of the first stage, with the Node of the image. */
function install(): void {
  const [command = ''] = stages[0]?.values('RUN') ?? []
  const ran = spawnSync('sh', ['-c', command], { cwd: home, encoding: 'utf8', env: cleanEnv() })
  if (ran.status !== 0) throw new Error(`${command} ended with ${ran.status}\n${ran.stderr}`)
}

/** Without what `npm run` of the checkout tells its children: it would point npm back there. */
function cleanEnv(): NodeJS.ProcessEnv {
  const path = [dirname(process.execPath), process.env.PATH].join(delimiter)
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(npm_(?!config_(registry|cache|cafile))|INIT_CWD|NODE_OPTIONS|TAP)/i.test(name),
  )
  return { ...Object.fromEntries(kept), PATH: path }
}

function idOf(flag: string): number {
  return Number(spawnSync('id', [flag, user ?? ''], { encoding: 'utf8' }).stdout)
}

/** `env` with the image's own surroundings, then the words. */
function inImage(config: string, ...words: string[]): string[] {
  const path = `PATH=${join(image, 'usr/local/bin')}:/usr/bin:/bin`
  return ['-i', path, `HOPTHU_HOME=${home}`, 'NODE_ENV=production', `HOPTHU_CONFIG=${config}`, ...words]
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise(resolve => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}

t.test('nothing of the development packages is in it, and all of the others', async t => {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; optional?: boolean }>
  }
  const names = (folder: string) => readdirSync(join(home, folder)).filter(each => !each.startsWith('.'))
  const there = names('node_modules').flatMap(each =>
    each.startsWith('@') ? names(`node_modules/${each}`).map(sub => `${each}/${sub}`) : [each],
  )
  const wanted = Object.entries(lock.packages)
    .filter(([path, { dev, optional }]) => /^node_modules\/(@[^/]+\/)?[^/]+$/.test(path) && !dev && !optional)
    .map(([path]) => path.slice('node_modules/'.length))
  t.same(
    wanted.filter(each => !there.includes(each)),
    [],
    `${wanted.length} packages`,
  )
  t.same(
    there.filter(each => lock.packages[`node_modules/${each}`]?.dev),
    [],
  )
})

t.test(
  'it is brought up, serves, answers its health check, and ends within 10 s of SIGTERM',
  { timeout: 180_000 },
  async t => {
    const port = await freePort()
    const config = join(image, 'config.json')
    writeFileSync(config, JSON.stringify({ database: { url: 'pglite:./db' }, http: { port } }))
    const hopthu = (...words: string[]) =>
      run('env', inImage(config, 'hopthu', ...words), {
        cwd: volume,
        timeoutMs: 120_000,
        ...(user ? { user } : {}),
      })

    const migrated = await hopthu('migrate', '--json')
    t.equal(migrated.status, 0, migrated.stderr)
    t.ok((JSON.parse(migrated.stdout) as { applied: string[] }).applied.length > 0)
    t.match(await hopthu('check', '--json'), { status: 0, stdout: /"ok":true/ })

    const check = healthCheck(port)
    const health = () => run('env', inImage(config, ...check), user ? { user } : {})
    t.equal((await health()).status, 1, 'before it runs, the health check fails')

    const log = join(image, 'serve.log')
    const server = await startProcess(
      'env',
      inImage(config, 'sh', '-c', `cd '${volume}' && exec hopthu serve`),
      {
        output: log,
        stopSignal: 'SIGTERM',
        ...(user ? { user } : {}),
      },
    )
    t.teardown(() => server.stop())
    await waitUntilReady('hopthu serve', server, [log], async () => (await health()).status === 0, 60_000)
    t.pass('the health check of the image succeeds')
    const page = await fetch(`http://127.0.0.1:${port}/sign-in`)
    t.equal(page.status, 200, 'a page is served')
    t.match(await page.text(), /<html lang="vi"/)
    const ready = (await (await fetch(`http://127.0.0.1:${port}/health/ready`)).json()) as { ok: boolean }
    t.equal(ready.ok, true)

    const started = performance.now()
    process.kill(server.pid, 'SIGTERM')
    while (server.running() && performance.now() - started < 20_000)
      await new Promise(resolve => setTimeout(resolve, 20))
    const seconds = (performance.now() - started) / 1000
    t.ok(seconds < 10, `ended ${seconds.toFixed(1)} s after SIGTERM`)
    t.equal((await health()).status, 1, 'and the health check fails again')

    const backup = await hopthu('backup', 'a.hopthu', '--json')
    t.equal(backup.status, 0, 'what it left is whole: it is backed up')
  },
)

t.test(
  'as its user nothing but the volume can be written',
  { skip: user ? false : 'needs root to become another user' },
  async t => {
    const options = { ...(user ? { user } : {}) }
    for (const path of [home, join(home, 'src'), join(home, 'node_modules'), join(image, 'usr/local/bin')]) {
      t.not((await run('touch', [join(path, 'x')], options)).status, 0, path.slice(image.length))
    }
    t.equal((await run('touch', [join(volume, 'x')], options)).status, 0, 'the volume')
  },
)

/** HEALTHCHECK of the image, for another port than its own. */
function healthCheck(port: number): string[] {
  const [, words = ''] = /CMD (\[.*\])$/.exec(last?.values('HEALTHCHECK')[0] ?? '') ?? []
  return (JSON.parse(words) as string[]).map(each => each.replace(':8080/', `:${port}/`))
}
