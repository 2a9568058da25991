/**
 * Makes a checkout ready: `node scripts/setup.mjs [--servers [--long]]`.
 *
 * Plain JavaScript, since it runs on whatever Node started npm (20 at least); it is npm's pre-step, so the step
 * itself finds the Node that is installed here. With `--servers` also what the tests need: the test runner built, and
 * the real servers; with `--long` those of the long suites too. All it says goes to standard error: standard output
 * belongs to the command that follows.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const root = join(import.meta.dirname, '..')
const bin = join(root, 'node_modules/.bin')

/** Debian packages of the servers that the tests talk to, and of what starts, asks and looks at them. */
const serverPackages = [
  'slapd',
  'ldap-utils',
  'dovecot-imapd',
  'dovecot-pop3d',
  'dovecot-lmtpd',
  'dovecot-pgsql',
  'postfix',
  'postfix-pgsql',
  'postgresql',
  'postfixadmin',
  'php-cli',
  'php-pgsql',
  'faketime',
  'openssl',
  'procps',
  'iproute2',
  'systemd',
  'curl',
  'chromium',
  'fonts-noto-core',
  'poppler-utils',
]

/** Two more directories, half a minute to install; only the long suites talk to them. */
const longServerPackages = [
  'samba',
  'samba-ad-dc',
  'samba-ad-provision',
  'samba-dsdb-modules',
  'samba-vfs-modules',
  'winbind',
  '389-ds-base',
]

main(process.argv.slice(2))

function main(args) {
  installPackages()
  if (!args.includes('--servers')) return
  buildTestRunner()
  installServers(args.includes('--long') ? [...serverPackages, ...longServerPackages] : serverPackages)
}

function installPackages() {
  if (installedAsLocked() && nodeProblem() === null) return
  if (!installedAsLocked()) {
    say('installing the packages of package-lock.json')
    const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
    const done = call(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'])
    if (!done) fail('npm ci failed, see above')
  }
  installNodeLibrary()
  const problem = nodeProblem()
  if (problem !== null) fail(`the installed Node does not run: ${problem}`)
}

/** A bare Debian lacks a library that Node is linked with. */
function installNodeLibrary() {
  const library = 'libatomic1'
  if (!nodeProblem()?.includes('libatomic')) return
  if (!canInstall())
    fail(`the installed Node needs the library ${library}; on Debian: apt-get install ${library}`)
  say(`installing ${library}, which Node needs`)
  const failed = aptInstall([library])
  if (failed !== null) fail(`${failed} failed, see above`)
}

/** Whether node_modules holds what the lock says, by the record npm leaves there when an installation is whole. */
function installedAsLocked() {
  const record = join(root, 'node_modules/.package-lock.json')
  if (!existsSync(record)) return false
  const locked = packagesOf(join(root, 'package-lock.json'))
  const installed = packagesOf(record)
  return Object.entries(locked).every(([path, wanted]) => {
    const found = installed[path]
    if (path === '') return true
    if (found === undefined) return wanted.optional === true // for another platform
    return found.version === wanted.version && found.integrity === wanted.integrity
  })
}

function packagesOf(lockFile) {
  return JSON.parse(readFileSync(lockFile, 'utf8')).packages
}

/** Why the Node of node_modules does not run, or null where it does, in the version that is locked. */
function nodeProblem() {
  const wanted = packagesOf(join(root, 'package-lock.json'))['node_modules/node'].version
  const ran = spawnSync(join(bin, 'node'), ['--version'], { encoding: 'utf8' })
  if (ran.error) return `${ran.error.message}; was npm told to ignore install scripts?`
  if (ran.status !== 0) return ran.stderr.trim()
  const version = ran.stdout.trim()
  return version === `v${wanted}` ? null : `it is ${version}, v${wanted} is locked`
}

function buildTestRunner() {
  const built = ['.tap/plugins', 'node_modules/@tapjs/test/test-built']
  if (built.every(path => existsSync(join(root, path)))) return
  say('building the test runner')
  if (!call(join(bin, 'tap'), ['build'])) fail('tap build failed, see above')
}

function installServers(packages) {
  const missing = missingPackages(packages)
  if (missing.length === 0) return
  if (!canInstall()) {
    skip(`${missing.join(', ')}; installing them takes root on Debian`)
    return
  }
  say(`installing the real servers: ${missing.join(', ')}`)
  const failed = aptInstall(missing)
  if (failed !== null) skip(`${missingPackages(packages).join(', ')}; ${failed} failed`)
}

function missingPackages(packages) {
  if (!onPath('dpkg-query')) return packages
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the braces are dpkg-query's own
  const format = '${Package} ${db:Status-Status}\\n'
  const query = spawnSync('dpkg-query', ['-W', '-f', format, ...packages], { encoding: 'utf8' })
  const states = new Set(query.stdout.split('\n'))
  return packages.filter(name => !states.has(`${name} installed`))
}

/** Whether Debian packages can be installed: by root, where there is apt-get. */
function canInstall() {
  return process.platform === 'linux' && process.getuid() === 0 && onPath('apt-get')
}

/** Installs without starting any service. Answers what failed, or null. */
function aptInstall(packages) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  const release = forbidServices()
  try {
    if (!call('apt-get', ['update', '-q'], { env })) return 'apt-get update'
    answerQuestions()
    const install = ['install', '-y', '-q', '--no-install-recommends', ...packages]
    return call('apt-get', install, { env }) ? null : 'apt-get install'
  } finally {
    release()
  }
}

/** Debian's way to keep a package from starting its service: invoke-rc.d(8) asks this file; 101 means no. */
function forbidServices() {
  const policy = '/usr/sbin/policy-rc.d'
  if (existsSync(policy)) return () => {}
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  return () => rmSync(policy)
}

/** PostfixAdmin would make a database at installation, on a server that is not running. */
function answerQuestions() {
  const answers = 'postfixadmin postfixadmin/dbconfig-install boolean false\n'
  if (onPath('debconf-set-selections')) spawnSync('debconf-set-selections', [], { input: answers })
}

function onPath(program) {
  return (process.env.PATH ?? '').split(delimiter).some(folder => existsSync(join(folder, program)))
}

/** Runs a program in the checkout, with the installed Node first; its output goes to standard error. */
function call(program, args, options = {}) {
  const env = options.env ?? process.env
  const ran = spawnSync(program, args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
    env: { ...env, PATH: `${bin}${delimiter}${env.PATH ?? ''}` },
  })
  return ran.status === 0
}

function skip(what) {
  const sentence = `not installed: ${what}`
  if (process.env.HOPTHU_REQUIRE_SERVERS === '1') fail(sentence)
  say(`${sentence}. The suites that need them are skipped`)
}

function say(text) {
  process.stderr.write(`setup: ${text}\n`)
}

function fail(text) {
  say(text)
  process.exit(1)
}
