import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type Config, loadConfig, parseConfig, readSecret, userPath } from '../src/config.ts'
import { AppError } from '../src/error.ts'

const root = join(import.meta.dirname, '..')
const PASSWORD = 'rat-bi-mat-0417'

/** The configuration of a province as the documentation shows it. */
function province() {
  return {
    database: { url: 'postgres://hopthu@127.0.0.1/hopthu', password: { env: 'DB_PASSWORD' } },
    http: { host: '127.0.0.1', port: 8080, publicUrl: 'https://hopthu.tinh.gov.vn' },
    locale: 'vi',
    timeZone: 'Asia/Ho_Chi_Minh',
    roster: {
      sources: [directory()],
      guard: { maxLeavers: 50, maxLeaversPercent: 5 },
    },
    mailbox: {
      platforms: [{ name: 'mail', kind: 'postfixadmin', url: 'postgres://mail@127.0.0.1/mail' }],
      naming: [
        {
          agency: '*',
          domain: 'tinh.gov.vn',
          pattern: '{given}{initials}',
          collision: ['{given}{initials}{n}'],
        },
      ],
      quota: { default: '2 GB' },
      staffClasses: ['cán bộ', 'công chức', 'viên chức'],
      approval: 'manual',
      guard: { maxSuspend: 50, maxSuspendPercent: 5, maxRemove: 20 },
    },
    activity: {
      sources: [maillog(), sweep()],
      exclude: { addresses: [], clients: [] },
    },
    adoption: {
      targets: [
        {
          name: '100% năm 2020',
          indicator: 'regular',
          value: 1,
          scope: { level: 'province' },
          from: '2018-10-29',
          due: '2020-12-31',
          kind: 'reach',
        },
      ],
    },
    mailOut: { host: '127.0.0.1', port: 25, secure: false, from: 'hopthu@tinh.gov.vn' },
  }
}

function eligible(rule: Record<string, unknown>) {
  return { required: true, document: 'Quyết định 1/QĐ-UBND', ...rule }
}

function directory() {
  return {
    name: 'directory',
    kind: 'ldap',
    url: 'ldap://127.0.0.1:3890',
    bindDn: 'cn=reader,dc=tinh,dc=gov,dc=vn',
    bindPassword: { env: 'LDAP_PASSWORD' },
    people: {
      base: 'ou=people,dc=tinh,dc=gov,dc=vn',
      filter: '(objectClass=inetOrgPerson)',
      key: 'entryUUID',
      attributes: {
        staffId: 'employeeNumber',
        fullName: 'cn',
        agency: 'departmentNumber',
        staffClass: 'employeeType',
        title: 'title',
        phone: 'mobile',
      },
    },
    agencies: {
      base: 'ou=agencies,dc=tinh,dc=gov,dc=vn',
      filter: '(objectClass=organizationalUnit)',
      attributes: { code: 'ou', name: 'description' },
      parent: 'dn',
      levels: ['department', 'unit'],
    },
  }
}

function maillog() {
  return { name: 'maillog', kind: 'log', path: '/var/log/mail.log', timeZone: 'Asia/Ho_Chi_Minh' }
}

function sweep() {
  return {
    name: 'sweep',
    kind: 'imap',
    host: '127.0.0.1',
    port: 143,
    secure: false,
    masterUser: 'watcher',
    masterPassword: { file: '/run/secrets/watcher' },
    separator: '*',
  }
}

type Province = ReturnType<typeof province>

/** The province's configuration with the value at a path set, or the key removed. */
function changed(path: string, value: unknown): Province {
  const whole = province()
  const keys = path.split('.')
  const last = keys.pop() ?? ''
  const holder = keys.reduce((node: unknown, key) => Reflect.get(Object(node), key), whole)
  if (value === undefined) Reflect.deleteProperty(Object(holder), last)
  else Reflect.set(Object(holder), last, value)
  return whole
}

/** What was thrown, told apart from a success. */
function refusal(work: () => unknown): AppError {
  try {
    work()
  } catch (thrown) {
    if (thrown instanceof AppError) return thrown
    throw thrown
  }
  throw new Error('it was accepted')
}

t.test('the documented configuration of a province is accepted as it stands', async t => {
  const config = parseConfig(province())
  t.match(config, province(), 'every value is kept')
})

t.test('what is left out has a default', async t => {
  const config = parseConfig({ database: { url: 'pglite:./data/db' } })
  t.match(config, {
    http: { host: '127.0.0.1', port: 8080 },
    locale: 'vi',
    timeZone: 'Asia/Ho_Chi_Minh',
    roster: { sources: [], guard: { maxLeavers: 50, maxLeaversPercent: 5 } },
    mailbox: { platforms: [], approval: 'manual', quota: { default: '2 GB' } },
    activity: { sources: [], exclude: { addresses: [], clients: [] } },
    adoption: { targets: [], regularNeedsSend: false },
    logLevel: 'info',
  })
  t.equal(config.mailOut, undefined, 'no mail is sent unless a server is named')
})

t.test('defaults reach into the entries of a list, by their kind', async t => {
  const config = parseConfig(province())
  t.match(config.roster.sources[0], { pageSize: 1000, complete: true, people: { includeBase: false } })
  t.match(config.activity.sources[1], { concurrency: 10 })
})

t.test('parsing leaves what it was given alone', async t => {
  const given = { database: { url: 'pglite:./data/db' } }
  parseConfig(given)
  t.same(given, { database: { url: 'pglite:./data/db' } })
})

t.test('a wrong configuration is refused with the path of the key and what was expected', async t => {
  const cases: [path: string, value: unknown, key: string, expected: RegExp][] = [
    ['databse', {}, 'databse', /^unknown key; known here: database, http, /],
    ['roster.guard.maxLeaver', 1, 'roster.guard.maxLeaver', /known here: maxLeavers, maxLeaversPercent, /],
    ['roster.sources.0.people.attributes.nam', 'x', 'roster.sources.0.people.attributes.nam', /^unknown key/],
    ['activity.sources.1.mastrUser', 'x', 'activity.sources.1.mastrUser', /known here: .*masterUser/],
    ['database', undefined, 'database', /^is missing and has no default/],
    ['database.url', undefined, 'database.url', /^is missing/],
    ['roster.sources.0.people.base', undefined, 'roster.sources.0.people.base', /^is missing/],
    ['activity.sources.1.masterPassword', undefined, 'activity.sources.1.masterPassword', /^is missing/],
    ['http.port', '8080', 'http.port', /^integer is expected/],
    ['http.port', 70_000, 'http.port', /65535/],
    ['roster.sources', {}, 'roster.sources', /^array is expected/],
    ['mailOut', null, 'mailOut', /^object is expected/],
    ['locale', 'fr', 'locale', /^one of vi, en is expected/],
    ['adoption.targets.0.indicator', 'used?', 'adoption.targets.0.indicator', /^one of issued, activated, /],
    ['roster.sources.0.kind', 'csvv', 'roster.sources.0.kind', /is expected/],
    ['activity.sources.0.kind', 'lgo', 'activity.sources.0.kind', /^one of log, imap is expected/],
    ['activity.sources.0.kind', undefined, 'activity.sources.0.kind', /^one of log, imap is expected/],
    ['mailbox.platforms.0.kind', 'postbox', 'mailbox.platforms.0.kind', /is expected/],
    ['mailbox.quota.default', 'two', 'mailbox.quota.default', /`2 GB`/],
    ['roster.sources.0.name', '', 'roster.sources.0.name', /1 char/],
    ['timeZone', 'Asia/Hanoi', 'timeZone', /IANA time zone such as Asia\/Ho_Chi_Minh/],
    ['activity.sources.0.timeZone', 'Hanoi', 'activity.sources.0.timeZone', /IANA time zone/],
    ['activity.sources.1.name', 'maillog', 'activity.sources.1.name', /maillog is taken/],
    ['roster.sources.1', directory(), 'roster.sources.1.name', /directory is taken/],
    ['adoption.targets.0.due', '2018-10-28', 'adoption.targets.0.due', /not before `from`/],
    ['adoption.targets.0.due', '2019-02-30', 'adoption.targets.0.due', /date/],
    ['mailbox.eligibility', [eligible({})], 'mailbox.eligibility.0', /^at least one of staffClasses, titles/],
    ['mailbox.eligibility', [eligible({ titles: [] })], 'mailbox.eligibility.0.titles', /1 item/],
    [
      'mailbox.eligibility',
      [eligible({ titles: ['*'], document: '' })],
      'mailbox.eligibility.0.document',
      /1 char/,
    ],
    [
      'mailbox.eligibility',
      [eligible({ titles: ['*'] }), eligible({ sectors: ['education', 'schools'] })],
      'mailbox.eligibility.1.sectors.1',
      /^a sector of roster.sectors is expected: administration, education, /,
    ],
    ['mailbox.naming.0.sector', 'giáo dục', 'mailbox.naming.0.sector', /^a sector of roster.sectors/],
    [
      'adoption.sectorCalendars',
      { school: {} },
      'adoption.sectorCalendars.school',
      /^a sector of roster.sectors/,
    ],
    [
      'adoption.sectorCalendars',
      { education: { ranges: [{ from: '2026-07-31', to: '2026-06-01' }] } },
      'adoption.sectorCalendars.education.ranges.0.to',
      /not before `from`/,
    ],
    ['database.url', 'pglite:', 'database.url', /a folder is expected/],
    ['database.url', 'hopthu.db', 'database.url', /postgres:\/\/… or pglite:FOLDER/],
    ['database.url', 'postgres://[', 'database.url', /an address such as/],
  ]
  for (const [path, value, key, expected] of cases) {
    const error = refusal(() => parseConfig(changed(path, value)))
    t.match(
      error,
      { code: 'config_invalid', exitStatus: 2, details: { key, expected } },
      `${path} = ${value}`,
    )
    t.ok(error.message.startsWith(`${key}: `), 'the message says it too')
  }
})

t.test('a secret is taken by reference only, and is never repeated in the message', async t => {
  const reference = /^a secret by reference is expected/
  const address = /^a password does not belong in an address/
  const cases: [path: string, value: unknown, key: string, expected: RegExp][] = [
    ['roster.sources.0.bindPassword', PASSWORD, 'roster.sources.0.bindPassword', reference],
    ['activity.sources.1.masterPassword', PASSWORD, 'activity.sources.1.masterPassword', reference],
    ['database.password', { value: PASSWORD }, 'database.password', reference],
    ['database.password', { env: 'DB_PASSWORD', file: PASSWORD }, 'database.password', reference],
    ['database.url', `postgres://u:${PASSWORD}@127.0.0.1/db`, 'database.url', address],
    ['database.url', `postgres://u@127.0.0.1/db?password=${PASSWORD}`, 'database.url', address],
    ['database.url', `mysql://u:${PASSWORD}@127.0.0.1/db`, 'database.url', /postgres/],
    ['mailbox.platforms.0.url', `postgres://u:${PASSWORD}@127.0.0.1/db`, 'mailbox.platforms.0.url', address],
    ['roster.sources.0.url', `ldap://u:${PASSWORD}@127.0.0.1`, 'roster.sources.0.url', address],
    ['mailOut.password', PASSWORD, 'mailOut.password', reference],
  ]
  for (const [path, value, key, expected] of cases) {
    const error = refusal(() => parseConfig(changed(path, value)))
    t.match(error, { code: 'config_invalid', details: { key, expected } }, `${path} of type ${typeof value}`)
    t.notMatch(said(error), PASSWORD)
  }
})

/** Everything of an error that could reach a log, with what caused it. */
function said(error: AppError): string {
  const cause = error.cause instanceof Error ? error.cause.message : String(error.cause)
  return `${error.message} ${JSON.stringify(error.details)} ${cause}`
}

t.test('anything but an object is no configuration', async t => {
  for (const parsed of [[], 'x', null, 5]) {
    t.match(refusal(() => parseConfig(parsed)).message, /^configuration: object is expected/)
  }
})

t.test('a file that cannot be read or is no JSON is refused, without quoting from it', async t => {
  const folder = t.testdir({
    'cut.json': '{ "database": ',
    'bare.json': `{ "database": { "password": ${PASSWORD} } }`,
    'good.json': JSON.stringify(province()),
  })
  const missing = refusal(() => loadConfig(join(folder, 'missing.json')))
  t.match(missing, { code: 'config_invalid', message: /missing\.json cannot be read$/ })
  t.match(
    refusal(() => loadConfig(join(folder, 'cut.json'))),
    {
      code: 'config_invalid',
      message: /cut\.json is no valid JSON: Unexpected end/,
    },
  )
  const bare = refusal(() => loadConfig(join(folder, 'bare.json')))
  t.match(bare.message, /bare\.json is no valid JSON: Unexpected token/)
  t.notMatch(said(bare), /rat-bi/)
  t.equal(loadConfig(join(folder, 'good.json')).http.port, 8080)
})

t.test('a secret is read from the environment or from a file', async t => {
  const folder = t.testdir({ plain: PASSWORD, line: `${PASSWORD}\r\n`, two: `${PASSWORD}\n\n` })
  t.equal(readSecret({ env: 'SECRET' }, 'database.password', { SECRET: PASSWORD }), PASSWORD)
  t.equal(readSecret({ file: join(folder, 'plain') }, 'database.password'), PASSWORD)
  t.equal(
    readSecret({ file: join(folder, 'line') }, 'database.password'),
    PASSWORD,
    'one line break is dropped',
  )
  t.equal(readSecret({ file: join(folder, 'two') }, 'database.password'), `${PASSWORD}\n`, 'one only')
})

t.test('a secret that is not there is named by its key and reference', async t => {
  for (const env of [{}, { SECRET: '' }]) {
    const error = refusal(() => readSecret({ env: 'SECRET' }, 'database.password', env))
    t.match(error, {
      code: 'config_invalid',
      message: 'database.password: the environment variable SECRET is not set',
    })
  }
  const error = refusal(() => readSecret({ file: '/no/such/file' }, 'mailOut.password'))
  t.match(error, {
    code: 'config_invalid',
    message: 'mailOut.password: the file /no/such/file cannot be read',
  })
})

t.test('a relative path counts from where the user stood', async t => {
  const before = process.env.INIT_CWD
  t.teardown(() => {
    if (before === undefined) delete process.env.INIT_CWD
    else process.env.INIT_CWD = before
  })
  process.env.INIT_CWD = '/home/an'
  t.equal(userPath('roster.csv'), '/home/an/roster.csv')
  t.equal(userPath('/srv/roster.csv'), '/srv/roster.csv')
  delete process.env.INIT_CWD
  t.equal(userPath('roster.csv'), join(process.cwd(), 'roster.csv'))
})

t.test('the shipped configurations are valid', async t => {
  const demo = loadConfig(join(root, 'config/demo.json'))
  t.match(demo, { database: { url: 'pglite:./data/db' }, locale: 'vi' })
  t.match(loadConfig(join(root, 'config/lab.json')), { roster: { sources: [{ kind: 'ldap' }] } })
  const example: Config = loadConfig(join(root, 'config/example.json'))
  t.match(example.roster.root, { code: 'H99', name: 'Tỉnh Phước An' })
  t.same(
    Object.keys(province()).sort(),
    Object.keys(readJson('config/example.json')).sort(),
    'it shows every part',
  )
})

function readJson(path: string): object {
  const parsed: unknown = JSON.parse(readFileSync(join(root, path), 'utf8'))
  return Object(parsed)
}

t.test('the reference matches the schema', async t => {
  const checked = spawnSync(process.execPath, [join(root, 'scripts/config-reference.ts'), '--check'], {
    encoding: 'utf8',
  })
  t.match(checked, { status: 0, stderr: '' })
  const reference = readFileSync(join(root, 'config/reference.md'), 'utf8')
  t.match(reference, '| `pageSize` | integer, 1–10000 | `1000` | Entries per page. |')
  t.match(reference, '| `locale` | `vi`, `en` | `vi` |')
  t.match(reference, '| `url` | string | **required** | `ldap://host:port` or `ldaps://host:port`. |')
})
