/**
 * Every form with every field wrong: it comes back filled, with the message beside the field; nothing is changed and
 * nothing breaks inside. A route that takes a form, or looks something up, and has no row here fails.
 */
import type { FastifyInstance, InjectOptions } from 'fastify'
import { sql } from 'kysely'
import t, { type Test } from 'tap'
import { addOperator } from '../src/access/sign-in.ts'
import { syncAll } from '../src/roster/command.ts'
import { createWeb } from '../src/service.ts'
import { officials, openProvince, type Province } from './support/province.ts'
import type { SignedIn } from './support/web.ts'

const OWN = 'H99.05'
const NFD_NAME = 'Trần Thị Bình'.normalize('NFD')
const SCRIPT = '"><script>alert(1)</script>'
const PASSWORD = 'Lua#chin7VangDong'

type Ground = Omit<Province, 'plan'> & {
  server: FastifyInstance
  admin: SignedIn
  plan: number
  run: number
  mailbox: number
  person: number
  code: string
  operator: number
  review: number
}

/** Two departments with their mailboxes, a plan and a read over their limits that wait, an invitation. */
async function openGround(): Promise<Ground> {
  // read some days ago, so that there are figures today
  let clock = new Date(Date.now() - 3 * 86_400_000)
  const province = await openProvince(t, { now: () => clock })
  const { web, one } = province
  await province.sync([...officials(12, OWN), ...officials(12, 'H99.11', 100)])
  await province.apply(await province.plan())
  await province.sync([...officials(12, OWN), ...officials(2, 'H99.11', 100)])
  const plan = await province.plan()
  province.write(officials(2, OWN))
  const [refused] = await syncAll(web.context, { source: null, dryRun: false, force: false })
  clock = new Date()
  const server = await createWeb(web.context, new Map())
  t.teardown(() => server.close())
  const admin = await web.signIn('admin')
  const { person, mailbox } = await one<{ person: number; mailbox: number }>(
    `select person_id as person, mailbox_id as mailbox from mailbox_holder join employment using (person_id)
      where agency_id = ${await province.agencyId(OWN)} order by 1 limit 1`,
  )
  const slip = await web.post(`/mailboxes/${mailbox}/invite`, admin, { how: 'slip' })
  const code = /[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}/.exec(slip.body)?.[0] ?? ''
  const doing = { by: { kind: 'system', id: 'local' } as const, now: new Date() }
  const made = await addOperator(
    web.context.database.db,
    { name: 'head.of.own', role: 'head', agencyId: null },
    doing,
  )
  const run = refused?.run ?? 0
  const operator = made?.operator.id ?? 0
  const { review } = await one<{ review: number }>(`
    insert into roster_review (kind, agency_id, record_number, person_id, opened_on)
    select 'missing', ${await province.agencyId(OWN)}, (select min(number) from roster_record where person_id = ${person}),
      ${person}, current_date returning id as review`)
  return { ...province, server, admin, plan, run, mailbox, person, code, operator, review }
}

const ground = await openGround()
t.setTimeout(270_000)

// asking ------------------------------------------------------------------------------------------------------------

type Answer = { status: number; headers: Record<string, unknown>; body: string }
let clients = 0

/** Each request from a client of its own: how often one may ask is tested elsewhere. */
async function ask(options: InjectOptions): Promise<Answer> {
  clients++
  const remoteAddress = `10.${clients >> 16}.${(clients >> 8) & 255}.${clients & 255}`
  const { statusCode: status, headers, body } = await ground.server.inject({ remoteAddress, ...options })
  return { status, headers, body }
}

const FORM = 'application/x-www-form-urlencoded'

function post(url: string, who: SignedIn | null, payload: string, type: string = FORM, accept = 'text/html') {
  const headers = { accept, 'content-type': type, ...(who ? { cookie: who.cookie } : {}) }
  return ask({ url, method: 'POST', headers, payload })
}

const encode = (fields: Record<string, string>, who: SignedIn | null) =>
  new URLSearchParams({ ...(who ? { csrf: who.csrf } : {}), ...fields }).toString()

/** What a wrong password leaves: that it was tried. */
const AUDIT = ['audit', 'audit_head', 'audit_pseudonym']
const GUESSES = ['sign_in_failure', ...AUDIT]

/** Every row of every table, but when a session was seen last, and but some tables. */
async function everything(without: readonly string[] = []): Promise<unknown> {
  const { db } = ground.web.context.database
  const { rows: tables } = await sql<{ name: string }>`
    select tablename as name from pg_tables where schemaname = 'public' order by 1`.execute(db)
  const each = tables
    .filter(({ name }) => !without.includes(name))
    .map(
      ({ name }) =>
        `select '${name}' as name, md5(string_agg(r::text, '' order by r::text)) from
          (select to_jsonb(x) - 'seen_at' as r from "${name}" x) y`,
    )
  return (await sql`${sql.raw(each.join(' union all '))}`.execute(db)).rows
}

// the forms ---------------------------------------------------------------------------------------------------------

type Field = {
  /** What is right here, or at least not wrong by itself. */
  good: string
  kind: 'text' | 'secret' | 'choice'
  max?: number
  /** Whether nothing is an answer too. */
  optional?: boolean
}
type Form = {
  url?: (ground: Ground) => string
  /** Nobody signed in sends it. */
  open?: boolean
  fields: Record<string, Field>
  /** What it may be answered. */
  refused: number[]
  /** Wrong ones are counted, and recorded. */
  guessed?: boolean
  /** The page that comes back names people, and each look at it is recorded. */
  looks?: boolean
}

const button = (url: Form['url'], refused: number[]): Form => ({
  ...(url ? { url } : {}),
  fields: {},
  refused,
})

const secret: Field = { good: PASSWORD, kind: 'secret', max: 256 }

const forms: Record<string, Form> = {
  'POST /sign-in': {
    open: true,
    fields: { name: { good: 'an', kind: 'text', max: 64 }, password: secret },
    refused: [400, 401, 429],
    guessed: true,
  },
  'POST /sign-in/:token': { ...button(() => '/sign-in/none', [404]), open: true },
  'POST /sign-out': button(undefined, []),
  'POST /account/password': {
    fields: { current: secret, wanted: secret, again: secret },
    refused: [400, 429],
    guessed: true,
  },
  'POST /account/sessions/end': button(undefined, []),
  'POST /operators': {
    fields: {
      // taken, so that nothing is added even where all is right
      name: { good: 'head.of.own', kind: 'text', max: 64 },
      role: { good: 'viewer', kind: 'choice' },
      agency: { good: OWN, kind: 'text', max: 64, optional: true },
    },
    refused: [400, 409],
  },
  'POST /operators/:id/link': button(() => '/operators/999999/link', [404]),
  'POST /operators/:id/disable': button(() => '/operators/999999/disable', [404]),
  'POST /activate': {
    open: true,
    fields: { code: { good: '0000-0000-0000', kind: 'text', max: 40 } },
    refused: [400, 404],
  },
  'POST /activate*': {
    open: true,
    url: ({ code }) => `/activate/${code}`,
    fields: {
      password: { ...secret, good: `${PASSWORD} ` },
      again: { ...secret, good: `${PASSWORD}  ` },
    },
    refused: [422],
  },
  'POST /mailboxes/:id/invite': button(() => '/mailboxes/999999/invite', [404]),
  'POST /agencies/:code/sheet': button(() => '/agencies/H99.none/sheet', [404]),
  'POST /agencies/open': {
    // a day nobody may name, so that nothing is opened whatever else is right
    fields: {
      name: { good: 'Phong Moi', kind: 'text' },
      code: { good: 'H99.05.09', kind: 'text', max: 64 },
      parent: { good: OWN, kind: 'text', max: 64 },
      level: { good: 'unit', kind: 'choice', max: 40 },
      sector: { good: 'education', kind: 'choice', max: 100, optional: true },
      day: { good: '1990-01-01', kind: 'text', max: 10 },
      decision: { good: '12', kind: 'text', max: 100, optional: true },
      decisionDay: { good: '2026-01-01', kind: 'text', max: 10, optional: true },
    },
    refused: [400],
  },
  'POST /agencies/:code/change': {
    url: () => `/agencies/${OWN}/change`,
    fields: {
      name: { good: 'Phong Moi', kind: 'text' },
      code: { good: OWN, kind: 'text', max: 64 },
      parent: { good: 'H99', kind: 'text', max: 64, optional: true },
      level: { good: 'unit', kind: 'choice', max: 40 },
      sector: { good: 'education', kind: 'choice', max: 100, optional: true },
      day: { good: '1990-01-01', kind: 'text', max: 10 },
      decision: { good: '12', kind: 'text', max: 100, optional: true },
      decisionDay: { good: '2026-01-01', kind: 'text', max: 10, optional: true },
    },
    refused: [400],
  },
  'POST /agencies/:code/close': {
    url: () => `/agencies/${OWN}/close`,
    fields: {
      day: { good: '1990-01-01', kind: 'text', max: 10 },
      decision: { good: '12', kind: 'text', max: 100, optional: true },
      decisionDay: { good: '2026-01-01', kind: 'text', max: 10, optional: true },
    },
    refused: [400],
  },
  'POST /agencies/changes/:id/withdraw': button(() => '/agencies/changes/999999/withdraw', [404]),
  'POST /decisions': {
    fields: {
      number: { good: '12/QĐ-SNV', kind: 'text', max: 80 },
      signed: { good: '2026-10-01', kind: 'text', max: 20 },
      issuer: { good: 'SNV', kind: 'text', optional: true },
      note: { good: 'ghi', kind: 'choice', max: 2000, optional: true },
      effective: { good: '2026-11-01', kind: 'text', max: 20 },
      people: { good: '#999999', kind: 'choice', max: 100_000, optional: true },
      everybody: { good: 'H99.none', kind: 'text', max: 64, optional: true },
      // one that is not there, so that nothing is done even where the rest is right
      agency: { good: 'H99.none', kind: 'text', max: 64 },
      staffClass: { good: 'cong', kind: 'text', max: 100, optional: true },
      title: { good: 'truong', kind: 'text', optional: true },
    },
    refused: [400, 413],
  },
  'POST /announcements/:id/withdraw': button(() => '/announcements/999999/withdraw', [404]),
  'POST /absences': {
    fields: {
      person: { good: '#999999', kind: 'text' },
      kind: { good: 'study', kind: 'choice', max: 20 },
      // too far away, so that nothing is entered even where the rest is right
      from: { good: '1900-01-01', kind: 'text', max: 20 },
      until: { good: '2026-11-02', kind: 'text', max: 20, optional: true },
      document: { good: 'QD1', kind: 'text', max: 80, optional: true },
    },
    refused: [400],
  },
  'POST /absences/:id/:day': button(() => '/absences/1/2026-01-01', [404]),
  'POST /absences/:id/:day/remove': button(() => '/absences/1/2026-01-01/remove', [404]),
  'POST /plans': button(undefined, []),
  'POST /plans/:id/apply': {
    url: ({ plan }) => `/plans/${plan}/apply`,
    fields: { force: { good: 'no', kind: 'choice' } },
    // a box to tick: what is longer than all forms of buttons comes from no page of ours
    refused: [413, 422],
  },
  'POST /runs/sync': button(undefined, []),
  'POST /runs/:id/approve': button(() => '/runs/1/approve', [409]),
  'POST /reviews': {
    looks: true,
    fields: {
      // of somebody missing it is not asked whether two are one
      answer: { good: 'same', kind: 'choice' },
      day: { good: '2026-01-02', kind: 'text', max: 20, optional: true },
      decision: { good: '12/QĐ-SNV', kind: 'text', max: 100, optional: true },
      decisionDay: { good: '2026-01-03', kind: 'text', max: 20, optional: true },
      note: { good: 'theo biên bản', kind: 'text', max: 500, optional: true },
    },
    refused: [400],
  },
  'POST /reviews/:id': {
    looks: true,
    url: ({ review }) => `/reviews/${review}`,
    fields: {
      answer: { good: 'same', kind: 'choice' },
      day: { good: '2026-01-02', kind: 'text', max: 20, optional: true },
      decision: { good: '12/QĐ-SNV', kind: 'text', max: 100, optional: true },
      decisionDay: { good: '2026-01-03', kind: 'text', max: 20, optional: true },
      note: { good: 'theo biên bản', kind: 'text', max: 500, optional: true },
    },
    refused: [400],
  },
  // nobody of that id waits
  'POST /holding/:id': { ...button(() => '/holding/999999', [409]), looks: true },
  'POST /agencies/:code/roster': {
    looks: true,
    url: () => `/agencies/${OWN}/roster`,
    // without how many people were looked at it is not the list that was looked at
    fields: { note: { good: 'đã rà soát', kind: 'text', max: 500, optional: true } },
    refused: [400, 409],
  },
  'POST /api/v1/reviews/:id/answer': {
    url: ({ review }) => `/api/v1/reviews/${review}/answer`,
    fields: { answer: { good: 'same', kind: 'choice' } },
    refused: [400, 413],
  },
  // without a file: what is wrong with it stands beside it, and the fields come back
  'POST /import': {
    fields: {
      whose: { good: 'agency', kind: 'choice' },
      agency: { good: OWN, kind: 'text', max: 264 },
      extent: { good: 'full', kind: 'choice' },
      what: { good: 'people', kind: 'choice' },
    },
    refused: [400],
  },
  'POST /import/:id': button(() => '/import/999999', [404]),
  'POST /api/v1/imports': {
    fields: { agency: { good: OWN, kind: 'text', max: 264 } },
    refused: [400],
  },
  'POST /api/v1/operators': {
    fields: {
      name: { good: 'head.of.own', kind: 'text', max: 64 },
      role: { good: 'viewer', kind: 'choice' },
      agency: { good: OWN, kind: 'text', max: 64, optional: true },
    },
    refused: [400, 409, 413],
  },
  'POST /api/v1/operators/:id/link': button(() => '/api/v1/operators/999999/link', [404]),
  'POST /api/v1/operators/:id/disable': button(() => '/api/v1/operators/999999/disable', [404]),
  'POST /api/v1/plans': button(undefined, []),
  'POST /api/v1/plans/:id/apply': {
    url: ({ plan }) => `/api/v1/plans/${plan}/apply`,
    fields: { force: { good: 'no', kind: 'choice' } },
    refused: [400, 413, 422],
  },
}

t.test('every route that takes a form has a row here', async t => {
  const posts = ground.web.routes.filter(route => !route.startsWith('GET ') && !route.startsWith('OPTIONS '))
  t.same(posts.toSorted(), Object.keys(forms).toSorted())
})

/** Each makes of a good value a wrong one; as it goes over the wire. */
const wrongs: Record<string, (name: string, field: Field) => string> = {
  missing: () => '',
  empty: name => `${name}=`,
  blanks: name => `${name}=+%09+%0D%0A%C2%A0+`,
  'another shape': name => `${name}%5Bb%5D=x&${name}.b=y`,
  'a little too long': (name, { max = 200 }) => `${name}=${'a'.repeat(max + 1)}`,
  'too long': name => `${name}=${'a'.repeat(60_000)}`,
  'a megabyte': name => `${name}=${'a'.repeat(1_048_576)}`,
  'a megabyte of Vietnamese': name => `${name}=${encodeURIComponent('ệ'.normalize('NFD')).repeat(116_509)}`,
  NFD: name => `${name}=${encodeURIComponent(NFD_NAME)}`,
  'marks that turn text': name => `${name}=${encodeURIComponent('an\u202e\u200b\u2066gpj')}`,
  controls: name => `${name}=a%00b%07c%1B%5B31m`,
  'halves and strangers': name => `${name}=%ED%A0%80%F4%90%80%80%FF%EF%BF%BF`,
  script: name => `${name}=${encodeURIComponent(SCRIPT)}`,
  quotes: name => `${name}=${encodeURIComponent(`'); drop table operator; -- "`)}`,
  'broken escapes': name => `${name}=%E1%ZZ%`,
  twice: (name, { good }) => `${name}=${encodeURIComponent(SCRIPT)}&${name}=${encodeURIComponent(good)}`,
}

for (const [route, form] of Object.entries(forms)) {
  const [, path = ''] = route.split(' ')
  const url = form.url?.(ground) ?? path
  const who = form.open ? null : ground.admin
  const api = path.startsWith('/api/')
  for (const [name, field] of Object.entries(form.fields)) {
    t.test(`${route}: whatever stands in ${name}, the form comes back and nothing changes`, async t => {
      const others = Object.fromEntries(
        Object.entries(form.fields).flatMap(([other, { good }]) => (other === name ? [] : [[other, good]])),
      )
      const before = await everything(untold(form))
      for (const [wrong, make] of Object.entries(wrongs)) {
        const payload = [make(name, field), encode(others, who)].filter(Boolean).join('&')
        const answer = await post(url, who, payload)
        const said = `${name} ${wrong}`
        t.ok(form.refused.includes(answer.status), `${said}: ${answer.status}`)
        t.notOk(answer.body.includes('<script>alert'), `${said}: what was sent is text`)
        t.notOk(answer.body.includes(PASSWORD), `${said}: no password comes back`)
        if (!api && answer.status !== 413) comesBack(t, { answer, form, name, field, wrong })
      }
      t.same(await everything(untold(form)), before, 'nothing was changed')
    })
  }
  t.test(`${route}: a body of another kind, or without our mark, is refused`, async t => {
    const before = await everything(untold(form))
    const csrf = who ? `"csrf":"${who.csrf}",` : ''
    const names = Object.keys(form.fields)
    const wrongTypes = names.map(name => `"${name}":{"a":[1]}`).join(',')
    const bodies: [payload: string, type: string][] = [
      ['', FORM],
      ['&'.repeat(60_000), FORM],
      ['%=%&=&%00=%00', FORM],
      ['{"a":', 'application/json'],
      ['[]', 'application/json'],
      ['null', 'application/json'],
      ['"text"', 'application/json'],
      ['{"__proto__":{"operator":1},"constructor":1}', 'application/json'],
      [
        `--x\r\ncontent-disposition: form-data; name="a"\r\n\r\nb\r\n--x--`,
        'multipart/form-data; boundary=x',
      ],
      ['a=b', 'text/plain'],
      ['<a/>', 'application/xml'],
      ['a=b', 'nonsense'],
      [`a=${'a'.repeat(5_000_000)}`, FORM],
      ['csrf=a&csrf=b', FORM],
      ['csrf%5Ba%5D=b', FORM],
      ['{"csrf":{"a":1}}', 'application/json'],
      ...(names.length > 0 ? ([[`{${csrf}${wrongTypes}}`, 'application/json']] as [string, string][]) : []),
    ]
    for (const [payload, type] of bodies) {
      const { status } = await post(url, who, payload, type)
      const known = [400, 401, 403, 404, 413, 415, ...form.refused]
      t.ok(known.includes(status), `${type} ${payload.slice(0, 40)}: ${status}`)
      const json = await post(url, who, payload, type, 'application/json')
      t.ok(known.includes(json.status), `as JSON: ${json.status}`)
    }
    t.same(await everything(untold(form)), before, 'nothing was changed')
  })
}

/** What a refused form may leave all the same. */
function untold({ guessed, looks }: Form): string[] {
  return guessed ? GUESSES : looks ? AUDIT : []
}

type Back = { answer: Answer; form: Form; name: string; field: Field; wrong: string }

/** What nobody can read is left out, and so are the ends of a text. */
function comesBack(t: Test, { answer: { body }, form, name, field, wrong }: Back): void {
  const beside = [...body.matchAll(/<div class="invalid-feedback" id="([\w-]+)-problem">[^<]+</g)].map(
    ([, id]) => id ?? '',
  )
  const marked = (id: string) =>
    new RegExp(`id="${id}"[^>]*aria-describedby="${id}-problem[^>]*aria-invalid="true"`).test(body)
  for (const id of beside) t.ok(marked(id), `${name} ${wrong}: the field ${id} names its message`)
  const notice = /class="[^"]*(alert|notice)/.test(body)
  t.ok(beside.length > 0 || notice, `${name} ${wrong}: what is wrong is said`)
  if (tooLong.has(wrong) || (empties.has(wrong) && !field.optional && field.kind !== 'secret'))
    t.ok(beside.includes(name), `${name} ${wrong}: beside the field`)
  for (const [other, { good, kind }] of Object.entries(form.fields))
    if (other !== name && kind === 'text')
      t.ok(new RegExp(`id="${other}"[^>]*value="${good}"`).test(body), `${name} ${wrong}: ${other} is filled`)
}

const tooLong = new Set(['a little too long', 'too long', 'a megabyte', 'a megabyte of Vietnamese'])
const empties = new Set(['missing', 'empty', 'blanks', 'another shape'])

t.test(
  'text in either Unicode form is one text, and a field that comes twice counts by its first',
  async t => {
    const { admin, web } = ground
    await sql`update agency_period set code = 'H99.Đề' where code = 'H99.35'`.execute(web.context.database.db)
    const add = (name: string, agency: string) =>
      web.post('/operators', admin, { name, role: 'viewer', agency })
    t.equal((await add('doi.mot', 'H99.Đề'.normalize('NFC'))).status, 200)
    t.equal((await add('doi.hai', 'H99.Đề'.normalize('NFD'))).status, 200)
    const twice = `${encode({ role: 'viewer' }, admin)}&name=doi.ba&name=doi.bon&nobody=asked`
    t.equal((await post('/operators', admin, twice)).status, 200)
    const { names } = await ground.one<{ names: string }>(
      `select string_agg(name, ' ' order by name) as names from operator where name like 'doi.%'`,
    )
    t.equal(names, 'doi.ba doi.hai doi.mot')
    const link = (await add('doi.nam', '')).body.match(/sign-in\/[\w-]{43}/)?.[0]
    const spent = await post(`/${link}`, null, '')
    const [cookie = ''] = String(spent.headers['set-cookie']).split(';')
    const form = await ask({ url: '/account/password', headers: { cookie, accept: 'text/html' } })
    const csrf = /name="csrf" value="([^"]+)"/.exec(form.body)?.[1] ?? ''
    const wanted = 'bốn con vịt qua cầu treo'
    const both = { wanted: wanted.normalize('NFC'), again: wanted.normalize('NFD') }
    const set = await post(
      '/account/password',
      { cookie, csrf: unescaped(csrf) },
      encode(both, { cookie, csrf: unescaped(csrf) }),
    )
    t.match(set, { status: 303, headers: { location: '/' } })
    for (const form of ['NFC', 'NFD'] as const) {
      const fields = encode({ name: 'Doi.Nam ', password: wanted.normalize(form) }, null)
      t.equal((await post('/sign-in', null, fields)).status, 303, form)
    }
  },
)

function unescaped(text: string): string {
  return text.replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
}

// what is looked up -------------------------------------------------------------------------------------------------

const listed = ['asOf']
const people = ['q', 'agency', 'stage', 'asOf', 'after']
const mailboxes = ['q', 'agency', 'state', 'after']
const changes = ['q', 'agency', 'kind', 'state', 'after', 'person']

/** Where each address leads, and what it may be asked with. */
const lookups: Record<string, { url?: (ground: Ground) => string; keys: string[] }> = {
  'GET /health/live': { keys: [] },
  'GET /health/ready': { keys: [] },
  'GET /metrics': { keys: [] },
  'GET /static/:hash/:name': { keys: [] },
  'GET /look': { keys: ['theme', 'lang', 'back'] },
  'GET /sign-in': { keys: ['next'] },
  'GET /sign-in/:token': { keys: [] },
  'GET /account': { keys: ['said'] },
  'GET /account/password': { keys: [] },
  'GET /api/v1/me': { keys: [] },
  'GET /operators': { keys: ['after'] },
  'GET /audit': { keys: ['action', 'day', 'before'] },
  'GET /audit/verify': { keys: ['day'] },
  'GET /api/v1/operators': { keys: ['after'] },
  'GET /api/v1/audit': { keys: ['action', 'day', 'before'] },
  'GET /api/v1/audit/verify': { keys: [] },
  'GET /api/v1/openapi.json': { keys: [] },
  'GET /api/docs': { keys: [] },
  'GET /': { keys: [...listed, 'status'] },
  'GET /agencies': { keys: [...listed, 'q', 'status', 'level', 'sector', 'sort', 'page', 'view'] },
  'GET /agencies/tree': { keys: ['asOf', 'page'] },
  'GET /agencies/:code/history': { url: () => `/agencies/${OWN}/history`, keys: ['id', 'said', 'day'] },
  'GET /agencies/open': { keys: ['parent'] },
  'GET /agencies/:code/change': { url: () => `/agencies/${OWN}/change`, keys: [] },
  'GET /agencies/:code/close': { url: () => `/agencies/${OWN}/close`, keys: [] },
  'GET /api/v1/agencies': { keys: ['asOf'] },
  'GET /api/v1/agencies/:code/history': {
    url: () => `/api/v1/agencies/${OWN}/history`,
    keys: ['id'],
  },
  'GET /agencies/:code': { url: () => `/agencies/${OWN}`, keys: [...listed, 'status', 'page'] },
  'GET /targets': { keys: listed },
  'GET /definition': { keys: listed },
  'GET /api/v1/adoption': { keys: [...listed, 'agency'] },
  'GET /api/v1/adoption/sectors': { keys: [...listed, 'agency'] },
  'GET /export/sectors.csv': { keys: [...listed, 'agency'] },
  'GET /api/v1/adoption/history': { keys: [...listed, 'agency'] },
  'GET /api/v1/targets': { keys: listed },
  'GET /export/adoption.csv': { keys: [...listed, 'agency'] },
  'GET /people': { keys: people },
  'GET /people/:id': { url: ({ person }) => `/people/${person}`, keys: listed },
  'GET /api/v1/people': { keys: people },
  'GET /api/v1/people/:id/explanation': {
    url: ({ person }) => `/api/v1/people/${person}/explanation`,
    keys: listed,
  },
  'GET /export/people.csv': { keys: people },
  'GET /mailboxes': { keys: mailboxes },
  'GET /mailboxes/:id': { url: ({ mailbox }) => `/mailboxes/${mailbox}`, keys: [] },
  'GET /api/v1/mailboxes': { keys: mailboxes },
  'GET /activate': { keys: [] },
  'GET /activate*': { url: ({ code }) => `/activate/${code}`, keys: [] },
  'GET /decisions': { keys: ['q', 'state', 'before'] },
  'GET /decisions/new': { keys: ['kind', 'person', 'decision'] },
  'GET /decisions/:id': { url: () => '/decisions/999999', keys: ['said', 'done', 'waiting', 'after'] },
  'GET /decisions/:id/scan': { url: () => '/decisions/999999/scan', keys: [] },
  'GET /api/v1/decisions': { keys: ['q', 'state', 'before'] },
  'GET /api/v1/people/:id/history': { url: ({ person }) => `/api/v1/people/${person}/history`, keys: [] },
  'GET /absences': { keys: ['q', 'time', 'kind', 'after', 'from', 'said'] },
  'GET /absences/new': { keys: ['person'] },
  'GET /absences/:id/:day': { url: () => '/absences/1/2026-01-01', keys: [] },
  'GET /plans': { keys: ['before', 'made'] },
  'GET /plans/making': { keys: [] },
  'GET /plans/:id': { url: ({ plan }) => `/plans/${plan}`, keys: changes },
  'GET /plans/:id/progress': { url: ({ plan }) => `/plans/${plan}/progress`, keys: [] },
  'GET /plans/:id/apply': { url: ({ plan }) => `/plans/${plan}/apply`, keys: [] },
  'GET /api/v1/plans': { keys: ['before'] },
  'GET /api/v1/plans/:id': { url: ({ plan }) => `/api/v1/plans/${plan}`, keys: ['person'] },
  'GET /api/v1/plans/:id/changes': { url: ({ plan }) => `/api/v1/plans/${plan}/changes`, keys: changes },
  'GET /runs': { keys: ['kind', 'state', 'before'] },
  'GET /runs/live': { keys: ['going', 'starting'] },
  'GET /runs/:id': {
    url: ({ run }) => `/runs/${run}`,
    keys: ['after', 'movement', 'key', 'moved', 'agency', 'reason'],
  },
  'GET /runs/:id/approve': { url: ({ run }) => `/runs/${run}/approve`, keys: [] },
  'GET /runs/:id/movements.csv': {
    url: ({ run }) => `/runs/${run}/movements.csv`,
    keys: ['movement', 'agency'],
  },
  'GET /runs/:id/rejections.csv': { url: ({ run }) => `/runs/${run}/rejections.csv`, keys: ['reason'] },
  'GET /api/v1/runs/:id/movements': {
    url: ({ run }) => `/api/v1/runs/${run}/movements`,
    keys: ['movement', 'agency', 'moved'],
  },
  'GET /import': { keys: [] },
  'GET /import/:id': { url: () => '/import/999999', keys: [] },
  'GET /import/:id/progress': { url: () => '/import/999999/progress', keys: [] },
  'GET /import/:id/rejected.xlsx': { url: () => '/import/999999/rejected.xlsx', keys: [] },
  'GET /import/:id/rejected.csv': { url: () => '/import/999999/rejected.csv', keys: [] },
  'GET /api/v1/imports/:id': { url: () => '/api/v1/imports/999999', keys: [] },
  'GET /reviews': { keys: ['kind', 'state', 'agency', 'after', 'done'] },
  'GET /reviews/:id': { url: ({ review }) => `/reviews/${review}`, keys: ['said'] },
  'GET /api/v1/reviews': { keys: ['kind', 'state', 'agency', 'after'] },
  'GET /holding': { keys: ['after', 'said'] },
  'GET /api/v1/holding': { keys: ['after'] },
  'GET /agencies/:code/roster': { url: () => `/agencies/${OWN}/roster`, keys: ['after', 'said'] },
  'GET /sources': { keys: [] },
  'GET /api/v1/sources': { keys: [] },
  'GET /api/v1/runs': { keys: ['kind', 'state', 'before'] },
  'GET /api/v1/runs/:id': { url: ({ run }) => `/api/v1/runs/${run}`, keys: ['after'] },
}

const oddValues: string[] = [
  '',
  '=',
  '=+%09%C2%A0',
  `=${'a'.repeat(201)}`,
  `=${'a'.repeat(60_000)}`,
  `=${encodeURIComponent(NFD_NAME)}`,
  '=%E2%80%AEan%E2%80%8B',
  '=a%00b%07',
  '=%ED%A0%80%FF%EF%BF%BF',
  `=${encodeURIComponent(SCRIPT)}`,
  `=${encodeURIComponent(`'); drop table operator; -- " \\ % _`)}`,
  '=%E1%ZZ%',
  '=-1',
  '=1e9',
  '=99999999999999999999',
  '=9007199254740991',
  '=2026-02-30',
  '=%2B010000-01-01',
  '=__proto__',
]

/** Values that go on to the database; the others are one of a few, or a day. */
const free = new Set(['q', 'agency', 'after', 'before', 'person', 'key', 'going'])
const fewValues = ['=', '=%E1%ZZ%', `=${encodeURIComponent(SCRIPT)}`, '=9007199254740991']

/** For programs a page differs by its errors alone, and what is for programs only does not differ. */
function isAskedAs(accept: string, route: string): boolean {
  return (accept === 'text/html') !== route.startsWith('GET /api/')
}

t.test('every address has a row here', async t => {
  const gets = ground.web.routes.filter(route => route.startsWith('GET '))
  t.same(gets.toSorted(), Object.keys(lookups).toSorted())
})

const ANSWERS = [200, 303, 400, 401, 404, 414]
const addressOf = (route: string) => lookups[route]?.url?.(ground) ?? route.split(' ')[1] ?? '/'

for (const accept of ['text/html', 'application/json'])
  t.test(`whatever an address is asked with, the answer is one of ours (${accept})`, async t => {
    const headers = { cookie: ground.admin.cookie, accept }
    for (const [route, { keys }] of Object.entries(lookups)) {
      const url = addressOf(route)
      const odd = (isAskedAs(accept, route) ? keys : keys.slice(0, 1)).flatMap(key => [
        ...(free.has(key) ? oddValues : fewValues).map(value => `${key}${value}`),
        `${key}=1&${key}=2&${key}%5B%5D=1&${key}%5Ba%5D=b`,
      ])
      for (const query of [...odd, 'nobody=asked&__proto__=1&constructor=1', '?&&=', '%'])
        check(t, await ask({ url: `${url}?${query}`, headers }), `${url}?${query.slice(0, 60)}`)
    }
  })

function check(t: Test, { status, headers, body }: Answer, said: string): void {
  if (!ANSWERS.includes(status)) t.fail(`${said}: ${status}`)
  if (String(headers['content-type']).includes('html') && body.includes('<script>alert'))
    t.fail(`${said}: what was sent is text`)
}

t.test('a search is found in either Unicode form and comes back as text', async t => {
  const { web, admin, plan } = ground
  const names: [url: string, q: string][] = [
    ['/people', 'Trần Thị'],
    ['/agencies', 'Sở Nội vụ'],
    ['/mailboxes', 'Trần Thị'],
    [`/plans/${plan}`, 'Trần Thị'],
  ]
  // the token of the forms is another on each page
  const text = (body: string) => body.replace(/name="csrf" value="[^"]*"/g, '')
  for (const [url, q] of names) {
    const [nfc, nfd] = await Promise.all(
      (['NFC', 'NFD'] as const).map(form =>
        web.get(`${url}?${new URLSearchParams({ q: q.normalize(form) })}`, admin),
      ),
    )
    t.equal(nfc?.status, 200)
    const main = (answer: typeof nfc) => text(/<main.*<\/main>/s.exec(answer?.body ?? '')?.[0] ?? '')
    t.equal(main(nfd), main(nfc), url)
    t.match(main(nfd), new RegExp(`name="q"[^>]*value="${q}"`), 'the field is filled')
    const odd = await web.get(`${url}?${new URLSearchParams({ q: SCRIPT })}`, admin)
    t.match(odd.body, /name="q"[^>]*value="&#34;&#62;&#60;script&#62;alert\(1\)/, 'as text')
  }
})

t.test(
  'a code of an agency that is not there is said beside its field, the rest as it was typed',
  async t => {
    for (const agency of ['H99.none', SCRIPT, `${OWN}'`]) {
      const query = new URLSearchParams({ q: 'Trần', agency, state: 'active' })
      const { status, body } = await ground.web.get(`/mailboxes?${query}`, ground.admin)
      t.equal(status, 404)
      t.match(body, /id="agency"[^>]*aria-describedby="agency-problem" aria-invalid="true"/)
      t.match(body, /id="agency-problem">Không có cơ quan nào mang mã này/)
      t.match(body, /name="q"[^>]*value="Trần"/)
      t.match(body, /value="active" selected/)
      t.notOk(body.includes('<script>alert'))
    }
  },
)

// addresses, methods, cookies ---------------------------------------------------------------------------------------

t.test('an address that is not quite one of ours is not found, or refused', async t => {
  const cookie = ground.admin.cookie
  for (const accept of ['text/html', 'application/json'])
    for (const route of Object.keys(lookups).filter(each => isAskedAs(accept, each))) {
      const url = addressOf(route)
      const odd = [
        `${url}/`,
        `/${url}`,
        `//${url}//`,
        url.toUpperCase(),
        `${url}%00`,
        `${url}%2f..%2f..%2fetc%2fpasswd`,
        `${url}/../..${url}`,
        `${url}/%2e%2e/x`,
        `${url};a=b`,
        `${url}%`,
        `${url}%E1%BB`,
        `${url}/${'x'.repeat(15_000)}`,
        `${url}#x`,
        `${url}\\..\\x`,
        `${url}%0d%0aset-cookie:a=b`,
      ]
      for (const each of odd)
        check(t, await ask({ url: each, headers: { cookie, accept } }), `${accept} ${each.slice(0, 70)}`)
    }
  t.pass('all were')
})

t.test('a page answers HEAD like GET without its text, and no method it does not know', async t => {
  const headers = { cookie: ground.admin.cookie, accept: 'text/html' }
  for (const route of Object.keys(lookups)) {
    const url = addressOf(route)
    const [get, head] = [await ask({ url, headers }), await ask({ url, headers, method: 'HEAD' })]
    t.equal(head.status, get.status, `HEAD ${url}`)
    t.equal(head.body, '')
    for (const method of ['OPTIONS', 'PUT', 'DELETE', 'PATCH'] as const) {
      const { status } = await ask({ url, headers, method })
      t.ok([403, 404, 405].includes(status), `${method} ${url}: ${status}`)
    }
  }
})

t.test('a cookie that is none of ours is nobody, and a stale form is refused with a page', async t => {
  const { web, admin } = ground
  const token = admin.cookie.slice('hopthu='.length)
  const garbage = [
    '',
    'x',
    '%00',
    '%ZZ',
    '"',
    '{}',
    'a'.repeat(10_240),
    `${token}A`,
    token.toLowerCase(),
    encodeURIComponent('đường'),
    `${token.slice(0, -1)}\u0000`,
  ]
  for (const value of garbage) {
    const headers = { cookie: `hopthu=${value}` }
    const page = await ask({ url: '/people', headers: { ...headers, accept: 'text/html' } })
    t.match(page, { status: 303, headers: { location: '/sign-in?next=%2Fpeople' } }, value.slice(0, 20))
    t.equal((await ask({ url: '/api/v1/people', headers })).status, 401)
    t.equal((await ask({ url: '/sign-in', headers: { ...headers, accept: 'text/html' } })).status, 200)
    t.equal((await ask({ url: '/plans', method: 'POST', headers })).status, 401)
  }
  const viewer = await web.signIn('viewer')
  t.equal((await web.get('/people', viewer)).status, 403, 'whose cookie it is, their rights')
  const tab = { cookie: viewer.cookie, csrf: admin.csrf }
  for (const [url, fields] of [
    ['/operators', { name: 'tab', role: 'viewer' }],
    ['/account/sessions/end', { key: '' }],
    ['/sign-out', {}],
    ['/sign-in', { name: 'an', password: PASSWORD }],
  ] as const) {
    const stale = await web.post(
      url,
      url === '/operators' ? { ...tab, cookie: (await web.signIn('admin')).cookie } : tab,
      fields,
    )
    t.match(
      stale,
      { status: 403, body: /biểu mẫu đã hết hạn\..*Chưa có gì thay đổi\. Xin mở lại trang/s },
      url,
    )
  }
  t.equal((await web.get('/account', viewer)).status, 200, 'and still signed in')
})

t.test('what is longer than a head may be is refused before it is read', async t => {
  const address = await ground.server.listen({ host: '127.0.0.1', port: 0 })
  const status = async (url: string, headers: Record<string, string> = {}) =>
    (await fetch(`${address}${url}`, { headers, redirect: 'manual' })).status
  t.equal(await status(`/people?q=${'a'.repeat(1_048_576)}`), 431)
  t.equal(await status('/people', { cookie: `hopthu=${'a'.repeat(20_000)}` }), 431)
  t.equal(await status('/people', { cookie: `hopthu=${'a'.repeat(10_240)}`, accept: 'text/html' }), 303)
})
