/**
 * The import rule of `src/README.md`, read from the imports of every file.
 *
 * A file's role follows from its name and folder. `import type` is erased before anything runs, so types may
 * travel where values may not: those of the configuration anywhere, those of the database and the job engine to
 * plugins, pages and commands.
 */
import { globSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import t from 'tap'

const src = join(import.meta.dirname, '../src')

const subjects = ['roster', 'access', 'mailbox', 'activity', 'adoption']
const sequences = [
  'sync',
  'reconcile',
  'ingest',
  'batch',
  'provisioner',
  'report',
  'sweep',
  'separation',
  'inspect',
  'follow',
  'explain',
  'invite',
  'activation',
  'approval',
  'sign-in',
  'import',
  'staging',
  'announce',
  'decide',
]
/** Beside these every `…-page.ts`, `…-plugin.ts` and `…-command.ts`: a subject with several of them. */
const surfaces = ['plugin', 'page', 'command']
/** Beside these every `…-store.ts`: a store that outgrew one file. */
const edges = ['store', 'calendar', 'lines', 'sheet', 'password', 'secret']
const edgeFolders = ['sources', 'connectors']
/** Files in those folders that touch nothing outside: the shape of what the others give. */
const pureInEdgeFolders = ['entry', 'types', 'table']
/** What is asked the same way for the plan of mailboxes and for the figures, by edges and sequences of later subjects. */
const shared = ['roster/eligibility-store.ts']
const purePackages = ['typebox', 'typebox/value']
const rootFiles: Record<string, Role> = {
  'ids.ts': 'base',
  'error.ts': 'base',
  'error-messages.ts': 'shell',
  'config.ts': 'config',
  'config-schema.ts': 'config',
  'config-check.ts': 'config',
  'command.ts': 'shell',
  'jobs.ts': 'jobs',
  'mail-out.ts': 'shell',
  'backup.ts': 'app',
  'check.ts': 'app',
  'service.ts': 'app',
  'app.ts': 'app',
  'call.ts': 'app',
  'main.ts': 'main',
}

type Role =
  | 'base'
  | 'pure'
  | 'edge'
  | 'sequence'
  | 'surface'
  | 'config'
  | 'database'
  | 'web'
  | 'shell'
  | 'shell'
  | 'jobs'
  | 'app'
  | 'main'
type File = { path: string; role: Role; subject: string | null }
type Import = { target: string; typeOnly: boolean }

/** What each file breaks, as `path: sentence`. `files` maps a path below src/ to its text. */
function breaches(files: Record<string, string>): string[] {
  return Object.entries(files).flatMap(([path, text]) => {
    const file = fileOf(path)
    if (file === null) return [`${path}: has no place in the architecture`]
    return importsOf(text).flatMap(each => {
      const problem = each.target.startsWith('.') ? own(file, each) : foreign(file, each)
      return problem === null ? [] : [`${path}: ${problem}`]
    })
  })
}

function fileOf(path: string): File | null {
  const [folder = '', ...rest] = path.split('/')
  if (rest.length === 0) {
    const role = rootFiles[folder]
    return role === undefined ? null : { path, role, subject: null }
  }
  if (folder === 'database' || folder === 'web') return { path, role: folder, subject: null }
  return subjects.includes(folder) ? { path, role: roleInSubject(path), subject: folder } : null
}

function roleInSubject(path: string): Role {
  const name = basename(path, '.ts')
  if (edgeFolders.includes(basename(dirname(path)))) return pureInEdgeFolders.includes(name) ? 'pure' : 'edge'
  if (edges.includes(name) || name.endsWith('-store')) return 'edge'
  if (sequences.includes(name)) return 'sequence'
  return surfaces.includes(name) || /-(page|plugin|command)$/.test(name) ? 'surface' : 'pure'
}

/** Every import, export from and dynamic import of a text. */
function importsOf(text: string): Import[] {
  const code = text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
  const declared = /^\s*(?:import|export)\s+(type\s+)?(?:[\w*\s{},$]+\s+from\s+)?['"]([^'"]+)['"]/gm
  const dynamic = /\bimport\(\s*['"]([^'"]+)['"]/g
  return [
    ...[...code.matchAll(declared)].map(([, type, target = '']) => ({
      target,
      typeOnly: type !== undefined,
    })),
    ...[...code.matchAll(dynamic)].map(([, target = '']) => ({ target, typeOnly: false })),
  ]
}

/** An import of a package or of Node itself. */
function foreign(file: File, { target }: Import): string | null {
  if (file.role !== 'pure' && file.role !== 'base') return null
  return purePackages.includes(target) ? null : `is pure and imports ${target}`
}

/** An import of one of our own files. */
function own(file: File, { target, typeOnly }: Import): string | null {
  const path = join(dirname(file.path), target)
  const wanted = fileOf(path)
  if (wanted === null) return `imports ${path}, which has no place in the architecture`
  if (wanted.role === 'base' && file.role !== 'base') return null
  if (typeOnly && wanted.role === 'config' && file.role !== 'base') return null
  return allowed[file.role](file, wanted, typeOnly)
    ? null
    : `is ${file.role} and imports ${path}, which is ${wanted.role}`
}

type Rule = (file: File, wanted: File, typeOnly: boolean) => boolean

const allowed: Record<Role, Rule> = {
  base: () => false,
  pure: (file, wanted) => wanted.role === 'pure' && !isLater(wanted, file),
  edge: (file, wanted) =>
    isRole(wanted, ['database', 'config']) ||
    isShared(file, wanted) ||
    (sameSubject(file, wanted) &&
      (wanted.role === 'pure' || ofOneKind(file, wanted) || (isStore(file) && isStore(wanted)))),
  sequence: (file, wanted) =>
    isRole(wanted, ['database', 'config']) ||
    isShared(file, wanted) ||
    (sameSubject(file, wanted) && isRole(wanted, ['pure', 'edge', 'sequence'])),
  surface: (file, wanted, typeOnly) =>
    isRole(wanted, ['web', 'shell', 'config']) ||
    sameSubject(file, wanted) ||
    wanted.subject === 'access' ||
    (typeOnly && isRole(wanted, ['jobs', 'database'])),
  config: (_, wanted) => wanted.role === 'config',
  database: (_, wanted) => isRole(wanted, ['database', 'config']),
  web: (_, wanted) => isRole(wanted, ['web', 'config']),
  shell: (_, wanted, typeOnly) => wanted.role === 'config' || (typeOnly && wanted.role === 'database'),
  jobs: (_, wanted) => isRole(wanted, ['database', 'config']),
  app: (_, wanted) => wanted.role !== 'main',
  main: (_, wanted) => isRole(wanted, ['app', 'shell', 'config', 'database']),
}

function isRole(file: File, roles: readonly Role[]): boolean {
  return roles.includes(file.role)
}

function sameSubject(a: File, b: File): boolean {
  return a.subject !== null && a.subject === b.subject
}

function isLater(a: File, b: File): boolean {
  return subjects.indexOf(a.subject ?? '') > subjects.indexOf(b.subject ?? '')
}

function isShared(file: File, wanted: File): boolean {
  return shared.includes(wanted.path) && !isLater(wanted, file)
}

/** A subject's stores share its tables. */
function isStore(file: File): boolean {
  return /(^|[/-])store\.ts$/.test(file.path)
}

/**
 * One source or connector split over files that begin with its name, or what opens any of them, `index.ts`, `open.ts`
 * and `file.ts`; `digest.ts` is for all of them.
 */
function ofOneKind(a: File, b: File): boolean {
  const kind = (file: File) => basename(file.path, '.ts').split('-')[0]
  return (
    dirname(a.path) === dirname(b.path) &&
    isKindFolder(a) &&
    (kind(a) === kind(b) || ['index', 'open', 'file'].includes(kind(a) ?? '') || kind(b) === 'digest')
  )
}

function isKindFolder(file: File): boolean {
  return edgeFolders.includes(basename(dirname(file.path)))
}

t.test('every file below src/ keeps the import rule', async t => {
  const paths = globSync('**/*.ts', { cwd: src }).sort()
  t.ok(paths.length > 0, `${paths.length} files read`)
  const files = Object.fromEntries(paths.map(path => [path, readFileSync(join(src, path), 'utf8')]))
  t.same(breaches(files), [])
})

t.test('what the rule allows is let through', async t => {
  const files = {
    'error.ts': '',
    'roster/name.ts': `import { cleanText } from '../ids.ts'`,
    'mailbox/address.ts': `import { splitName } from '../roster/name.ts'\nimport Type from 'typebox'`,
    'adoption/target.ts': `import type { Target } from '../config.ts'`,
    'roster/sources/ldap.ts': `import net from 'node:net'\nimport { connect } from './ldap-connection.ts'`,
    'roster/sources/index.ts': `import { readLdap } from './ldap.ts'`,
    'mailbox/connectors/postfixadmin.ts': `import type { Connector } from '../connector.ts'`,
    'roster/store.ts': `import { sql } from 'kysely'\nimport type { Db } from '../database/database.ts'`,
    'mailbox/plan-store.ts': `import { mustHaveMailbox } from '../roster/eligibility-store.ts'`,
    'adoption/report.ts': `import { loadEligibility } from '../roster/eligibility-store.ts'`,
    'roster/sync.ts': `import { saveRun } from './store.ts'\nimport { startRun } from '../database/run.ts'`,
    'roster/page.ts': `import { html } from '../web/html.ts'\nimport { mayRead } from '../access/scope.ts'`,
    'roster/plugin.ts': `import type { Jobs } from '../jobs.ts'\nimport { sync } from './sync.ts'`,
    'jobs.ts': `import { openDatabase } from './database/database.ts'\nimport PgBoss from 'pg-boss'`,
    'app.ts': `import { rosterPlugin } from './roster/plugin.ts'\nimport { startJobs } from './jobs.ts'`,
    'main.ts': `import { openApp } from './app.ts'\nimport { loadConfig } from './config.ts'`,
  }
  t.same(breaches(files), [])
})

t.test('each breach is found and named', async t => {
  const cases: [path: string, text: string, sentence: string][] = [
    ['roster/roster.ts', `import { readFileSync } from 'node:fs'`, 'is pure and imports node:fs'],
    ['roster/roster.ts', `import { sql } from 'kysely'`, 'is pure and imports kysely'],
    ['activity/formats/dovecot.ts', `import zlib from 'node:zlib'`, 'is pure and imports node:zlib'],
    ['roster/sources/entry.ts', `import net from 'node:net'`, 'is pure and imports node:net'],
    ['ids.ts', `import { AppError } from './error.ts'`, 'is base and imports error.ts, which is base'],
    [
      'roster/roster.ts',
      `import { save } from './store.ts'`,
      'is pure and imports roster/store.ts, which is edge',
    ],
    [
      'roster/roster.ts',
      `import type { Row } from './store.ts'`,
      'is pure and imports roster/store.ts, which is edge',
    ],
    [
      'mailbox/plan.ts',
      `import { userPath } from '../config.ts'`,
      'is pure and imports config.ts, which is config',
    ],
    [
      'roster/guard.ts',
      `import { a } from '../mailbox/plan.ts'`,
      'is pure and imports mailbox/plan.ts, which is pure',
    ],
    [
      'access/scope.ts',
      `import { a } from '../mailbox/plan.ts'`,
      'is pure and imports mailbox/plan.ts, which is pure',
    ],
    [
      'mailbox/store.ts',
      `import { a } from '../roster/name.ts'`,
      'is edge and imports roster/name.ts, which is pure',
    ],
    [
      'roster/store.ts',
      `import { a } from './sync.ts'`,
      'is edge and imports roster/sync.ts, which is sequence',
    ],
    [
      'mailbox/connectors/zimbra.ts',
      `import { a } from './postfixadmin.ts'`,
      'is edge and imports mailbox/connectors/postfixadmin.ts, which is edge',
    ],
    [
      'adoption/report.ts',
      `import { a } from '../activity/store.ts'`,
      'is sequence and imports activity/store.ts, which is edge',
    ],
    [
      'roster/sync.ts',
      `import { a } from './page.ts'`,
      'is sequence and imports roster/page.ts, which is surface',
    ],
    ['roster/page.ts', `import { a } from '../jobs.ts'`, 'is surface and imports jobs.ts, which is jobs'],
    [
      'roster/page.ts',
      `import { a } from '../mailbox/page.ts'`,
      'is surface and imports mailbox/page.ts, which is surface',
    ],
    [
      'jobs.ts',
      `import { a } from './roster/sync.ts'`,
      'is jobs and imports roster/sync.ts, which is sequence',
    ],
    [
      'web/html.ts',
      `import { a } from '../roster/name.ts'`,
      'is web and imports roster/name.ts, which is pure',
    ],
    [
      'database/run.ts',
      `import { a } from '../roster/name.ts'`,
      'is database and imports roster/name.ts, which is pure',
    ],
    [
      'main.ts',
      `import { a } from './roster/sync.ts'`,
      'is main and imports roster/sync.ts, which is sequence',
    ],
    ['app.ts', `import { a } from './main.ts'`, 'is app and imports main.ts, which is main'],
  ]
  for (const [path, text, sentence] of cases) t.same(breaches({ [path]: text }), [`${path}: ${sentence}`])
})

t.test('a file that nobody has a place for is a breach too', async t => {
  for (const path of ['helpers.ts', 'utils/text.ts']) {
    t.same(breaches({ [path]: '' }), [`${path}: has no place in the architecture`])
  }
  t.match(breaches({ 'roster/roster.ts': `import { a } from '../utils/text.ts'` }), [
    /utils\/text\.ts, which has no place/,
  ])
})

t.test('an import is seen in whatever form it is written', async t => {
  const forms = [
    `import fs from "node:fs"`,
    `import * as fs from 'node:fs'`,
    `import 'node:fs'`,
    `import {\n  readFileSync,\n  type Stats,\n} from 'node:fs'`,
    `import fs, { readFileSync } from 'node:fs'`,
    `export { readFileSync } from 'node:fs'`,
    `export * from 'node:fs'`,
    `const fs = await import('node:fs')`,
  ]
  for (const text of forms) {
    t.same(breaches({ 'roster/roster.ts': text }), ['roster/roster.ts: is pure and imports node:fs'], text)
  }
  for (const text of [
    `// import fs from 'node:fs'`,
    `/** import fs from 'node:fs' */`,
    `const text = 'from node:fs'`,
  ]) {
    t.same(breaches({ 'roster/roster.ts': text }), [], text)
  }
})
