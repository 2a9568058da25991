/** What an installation is made from: the image, compose, units, and that they name things that exist. */
import { spawnSync } from 'node:child_process'
import {
  accessSync,
  constants,
  existsSync,
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { commands } from '../src/app.ts'
import { loadConfig } from '../src/config.ts'
import { contextFilter, parseDockerfile } from './support/dockerfile.ts'

const root = join(import.meta.dirname, '..')
const install = join(root, 'docs/install')
const read = (path: string) => readFileSync(join(root, path), 'utf8')

// the image ---------------------------------------------------------------------------------------------------------

const stages = parseDockerfile(read('Dockerfile'))
const [packages, last] = [stages[0], stages.at(-1)]
const copies = stages.flatMap(stage => stage.copies)

t.test('all that the image copies exists and is let through by .dockerignore', async t => {
  const passes = contextFilter(read('.dockerignore'))
  t.ok(copies.length > 3)
  for (const source of copies.filter(each => each.from === null).flatMap(each => each.sources)) {
    t.ok(existsSync(join(root, source)), `${source} exists`)
    t.ok(passes(source), `${source} is let through`)
  }
  for (const other of [
    '.git/config',
    'node_modules/pg/package.json',
    'data/db',
    'test/install.test.ts',
    'docs/dovecot.md',
  ]) {
    t.notOk(passes(other), `${other} is not`)
  }
})

t.test(
  'the image runs as a user of its own, as the locked Node version, with a check that needs no other program',
  async t => {
    const [, major] = /^(\d+)\./.exec(versionsOf('devDependencies').node ?? '') ?? []
    for (const { image } of stages) t.equal(image, `node:${major}-slim`)
    const user = last?.values('USER').at(-1)
    t.ok(user && user !== 'root' && user !== '0', `as ${user}`)
    t.equal(last?.values('ENTRYPOINT')[0], '["hopthu"]', 'in exec form, so that signals reach it')
    t.equal(last?.values('CMD').at(-1), '["serve"]')
    const [, words] = /CMD (\[.*\])$/.exec(last?.values('HEALTHCHECK')[0] ?? '') ?? []
    const [program, , script] = JSON.parse(words ?? '[]') as string[]
    t.equal(program, 'node')
    t.match(script, /\/health\/live/)
    t.match(packages?.values('RUN')[0], /^npm ci --omit=dev --ignore-scripts$/)
  },
)

t.test('what src/ loads is in the image', async t => {
  const runtime = versionsOf('dependencies')
  const texts = globSync('src/**/*.ts', { cwd: root }).map(path => ({ path, text: read(path) }))
  const found = new Set<string>()
  for (const { path, text } of texts) {
    for (const name of packagesIn(text)) {
      found.add(name)
      t.ok(name in runtime, `${path} loads ${name}, which is installed without the development packages`)
    }
    for (const [, outside] of text.matchAll(/import\.meta\.dirname\}?[,/]? ?['"]?((?:\.\.\/)+[\w./-]+)/g)) {
      const target = join(path, '..', outside ?? '')
      if (target.startsWith('node_modules/.cache/')) continue // written if it may be, and needed by nothing
      const copied = copies
        .flatMap(each => each.sources)
        .some(each => target === each || target.startsWith(`${each}/`))
      t.ok(copied, `${path} reads ${target}, which is copied`)
    }
  }
  t.ok(found.has('fastify') && found.has('@electric-sql/pglite'), 'static and dynamic imports were seen')
  const lock = JSON.parse(read('package-lock.json')) as {
    packages: Record<string, { dev?: boolean; hasInstallScript?: boolean }>
  }
  const scripted = Object.entries(lock.packages).filter(([, each]) => each.hasInstallScript && !each.dev)
  t.same(
    scripted.map(([path]) => path),
    [],
    'no package needs the install script that --ignore-scripts leaves out',
  )
})

/** Packages of the imports, static and dynamic, and of `resolve`; type imports are gone before anything runs. */
function packagesIn(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
  const forms = [
    /^\s*(?:import|export)\s+(?!type\s)(?:[\w*\s{},$]+\s+from\s+)?['"]([^'".][^'"]*)['"]/gm,
    /\bimport\(\s*['"]([^'".][^'"]*)['"]/g,
    /\.resolve\(\s*['"]([^'".][^'"]*)['"]/g,
  ]
  const targets = forms.flatMap(form => [...code.matchAll(form)].map(match => match[1] ?? ''))
  return targets
    .filter(each => !each.startsWith('node:'))
    .map(each =>
      each
        .split('/')
        .slice(0, each.startsWith('@') ? 2 : 1)
        .join('/'),
    )
}

function versionsOf(kind: 'dependencies' | 'devDependencies'): Record<string, string> {
  return (JSON.parse(read('package.json')) as Record<typeof kind, Record<string, string>>)[kind]
}

t.test('hopthu on the path runs the source, wherever it lies, and answers with its exit status', async t => {
  const script = join(install, 'hopthu')
  accessSync(script, constants.X_OK)
  const env = {
    ...process.env,
    HOPTHU_HOME: root,
    HOPTHU_NODE: process.execPath,
    HOPTHU_CONFIG: '/nowhere.json',
  }
  const run = (...args: string[]) => spawnSync(script, args, { encoding: 'utf8', env, cwd: tmpdir() })
  t.match(run('--help'), { status: 0, stdout: /backup FILE/ })
  t.match(run('check', '--json'), { status: 2, stdout: /"config_invalid"/ })
  t.match(run('no', 'such thing'), { status: 2 })
})

// compose -----------------------------------------------------------------------------------------------------------

type Service = {
  image: string
  command?: string[]
  build?: string
  ports?: string[]
  user?: string
  read_only?: boolean
  cap_drop?: string[]
  security_opt?: string[]
  secrets?: string[]
  volumes?: string[]
  environment?: Record<string, string>
  restart?: string
  depends_on?: Record<string, { condition: string }>
  healthcheck?: { test?: string[]; disable?: boolean }
}
type Compose = {
  services: Record<string, Service>
  volumes?: Record<string, unknown>
  secrets?: Record<string, { file: string }>
  networks?: { default: { ipam: { config: { subnet: string }[] } } }
}

const compose = (name: string) => parse(readFileSync(join(install, name), 'utf8'), { merge: true }) as Compose

for (const name of ['compose.yaml', 'compose.follow.yaml']) {
  t.test(`${name} names only what it has, keeps secrets in files and opens nothing to the world`, async t => {
    const { services, volumes = {}, secrets = {} } = compose(name)
    for (const [service, each] of Object.entries(services)) {
      for (const secret of each.secrets ?? [])
        t.ok(secret in secrets, `${service}: secret ${secret} is declared`)
      for (const other of Object.keys(each.depends_on ?? {}))
        t.ok(other in services, `${service} waits for ${other}`)
      for (const volume of each.volumes ?? []) {
        const [from = '', , mode] = volume.split(':')
        if (/^[./]/.test(from)) t.equal(mode, 'ro', `${service}: ${from} of the machine is only read`)
        else t.ok(from in volumes, `${service}: volume ${from} is declared`)
        if (from.startsWith('./')) t.ok(existsSync(join(install, from)), `${from} exists`)
      }
      for (const port of each.ports ?? [])
        t.match(port, /^127\.0\.0\.1:\d+:\d+$/, `${service}: ${port} is loopback's`)
      for (const [key, value] of Object.entries(each.environment ?? {}))
        if (/PASSWORD|SECRET/.test(key)) t.match(value, /^\/run\/secrets\//, `${service}: ${key} is a file`)
      const byImage = each.image === 'hopthu' && each.command?.join(' ') === 'serve'
      t.ok(byImage || each.healthcheck, `${service} is asked after its health, or says that it is not`)
      if (each.image === 'hopthu') ours(service, each)
    }
    function ours(service: string, each: Service): void {
      t.ok(existsSync(join(install, each.build ?? '', 'Dockerfile')), `${service} is built here`)
      t.match(each, { read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] }, service)
      const words = each.command?.slice(0, 1).join(' ')
      t.ok(
        commands().some(command => command.name === words),
        `${service}: ${words} is a command`,
      )
    }
  })
}

t.test('the configuration beside compose.yaml fits it', async t => {
  const { services, secrets, networks } = compose('compose.yaml')
  const config = loadConfig(join(install, 'config.json'))
  t.ok(new URL(config.database.url).hostname in services, 'the database is a service')
  const files = JSON.stringify(config).match(/\/run\/secrets\/\w+/g) ?? []
  t.same(
    [...new Set(files)].map(each => basename(each)).sort(),
    Object.keys(secrets ?? {}).sort(),
    'each secret is one',
  )
  t.equal(services.hopthu?.ports?.[0], `127.0.0.1:8080:${config.http.port}`)
  t.equal(config.http.host, '0.0.0.0', 'it is asked through the network of the containers')
  const subnet = networks?.default.ipam.config[0]?.subnet ?? ''
  t.same(
    config.http.trustedProxies,
    [subnet.replace(/0\/24$/, '1')],
    'its gateway, where the proxy comes from, is trusted',
  )
  t.match(services.database?.image, /^postgres:(1[5-9]|[2-9]\d)$/, 'PostgreSQL 15 or newer')
})

// units -------------------------------------------------------------------------------------------------------------

const units = globSync('*.{service,timer}', { cwd: install }).sort()
const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0
const skip = hasSystemd ? false : 'not installed: systemd'

t.test('systemd accepts each unit, and finds each service well confined', { skip }, async t => {
  t.same(units, ['hopthu-backup.service', 'hopthu-backup.timer', 'hopthu-follow.service', 'hopthu.service'])
  const folder = mkdtempSync(join(tmpdir(), 'hopthu-units-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  for (const unit of units) {
    // the program is where an installation puts it, not here
    const text = readFileSync(join(install, unit), 'utf8').replaceAll(
      '/usr/local/bin/hopthu',
      join(install, 'hopthu'),
    )
    writeFileSync(join(folder, unit), text)
  }
  const analyze = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync('systemd-analyze', args, { cwd: folder, encoding: 'utf8' })
    return { status, said: `${stdout}${stderr}` }
  }
  for (const unit of units) {
    const { status, said } = analyze('verify', '--man=no', `./${unit}`)
    t.same([status, said.split('\n').filter(line => line.includes('hopthu'))], [0, []], unit)
  }
  for (const unit of units.filter(each => each.endsWith('.service'))) {
    // from 0, safest, to 10; in tenths here
    t.equal(
      analyze('security', '--offline=true', '--threshold=20', `./${unit}`).status,
      0,
      `${unit} is exposed at most 2.0`,
    )
  }
  writeFileSync(join(folder, 'wrong.service'), '[Service]\nExecStart=/bin/true\nProtectSystm=strict\n')
  t.match(analyze('verify', './wrong.service').said, /ProtectSystm/, 'a mistake in a unit would be said')
})

t.test('each unit runs a command that there is', async t => {
  for (const unit of units.filter(each => each.endsWith('.service'))) {
    const [, word] =
      /^ExecStart=.*\/usr\/local\/bin\/hopthu (\w+)/m.exec(readFileSync(join(install, unit), 'utf8')) ?? []
    t.ok(
      commands().some(({ name }) => name === word),
      `${unit}: ${word}`,
    )
  }
})

// handbooks ---------------------------------------------------------------------------------------------------------

t.test('the handbooks name commands and files that there are', async t => {
  const names = commands().map(({ name }) => name)
  for (const file of ['docs/handbook-administrator.md', 'docs/handbook-agency-head.md']) {
    const text = read(file)
    for (const [, first = '', second = ''] of text.matchAll(
      /(?:^|`|HOPTHU_CONFIG=\S+ )hopthu ([a-z]+)(?: ([a-z]+))?/gm,
    ))
      t.ok(
        names.includes(first) || names.includes(`${first} ${second}`),
        `${file}: hopthu ${first} ${second}`,
      )
    for (const [, target = ''] of text.matchAll(/\]\(([^)#]+)\)/g))
      t.ok(existsSync(join(root, 'docs', target)), `${file}: ${target}`)
    t.equal(text, text.normalize('NFC'), `${file} is in NFC`)
  }
})
