/**
 * Every route × role × scope. A route without a row fails, and so does a row without a route: whoever adds a route says
 * here who may use it, by what they are answered.
 */
import { sql } from 'kysely'
import t from 'tap'
import type { Role } from '../../src/access/access.ts'
import type { AuditAction } from '../../src/access/audit.ts'
import { verifyAudit } from '../../src/access/audit-store.ts'
import { addOperator } from '../../src/access/sign-in.ts'
import { officials, openProvince, type Province } from '../support/province.ts'

/** The agency that the asked-for things belong to, and one beside it. */
const OWN = 'H99.05'
const OTHER = 'H99.11'

/** Status for an operator of the whole installation, of the agency, and of the one beside it. */
type Statuses = readonly [whole: number, own: number, other: number]
type Row = {
  roles: Record<Role, Statuses>
  /** Not signed in. */
  out: number
  /** Where it is asked for, if it is not the address as it stands. */
  url?: (ground: Ground) => string | Promise<string>
  fields?: Record<string, string>
  /** What a look or a change by an administrator leaves in the audit. */
  audited?: AuditAction
}
type Ground = Province & { person: number; mailbox: number; planId: number; run: number; review: number }

const refused: Statuses = [403, 403, 403]

/** The statuses of those who may; everybody else is refused. */
function only(may: Partial<Record<Role, Statuses>>): Record<Role, Statuses> {
  return {
    admin: refused,
    'agency-admin': refused,
    head: refused,
    viewer: refused,
    auditor: refused,
    ...may,
  }
}

function same(statuses: Statuses, ...roles: Role[]): Record<Role, Statuses> {
  return only(Object.fromEntries(roles.map(role => [role, statuses])))
}

const everybody = ['admin', 'agency-admin', 'head', 'viewer', 'auditor'] as const
const named = ['admin', 'agency-admin', 'head', 'auditor'] as const

/** For everybody, signed in or not. */
const open = (status: number, more: Partial<Row> = {}): Row => ({
  roles: same([status, status, status], ...everybody),
  out: status,
  ...more,
})
/** A page: who is not signed in is led to sign in. */
const page = (roles: Row['roles'], more: Partial<Row> = {}): Row => ({ roles, out: 303, ...more })
/** What changes something, and the API: who is not signed in is told so. */
const call = (roles: Row['roles'], more: Partial<Row> = {}): Row => ({ roles, out: 401, ...more })

const LIST: Statuses = [200, 200, 200]
const ONE: Statuses = [200, 200, 404]
/** Of the installation as a whole: not there for who has only a part of it. */
const WHOLE: Statuses = [200, 404, 404]

const rows: Record<string, Row> = {
  // operations, and what everybody may see
  'GET /health/live': open(200),
  'GET /health/ready': open(200),
  'GET /metrics': open(200),
  'GET /static/:hash/:name': open(404),
  'GET /look': open(303, { url: () => '/look?theme=dark&back=/' }),

  // signing in and the account
  'GET /sign-in': { roles: same([303, 303, 303], ...everybody), out: 200 },
  'POST /sign-in': open(400),
  'GET /sign-in/:token': open(404),
  'POST /sign-in/:token': open(404),
  'POST /sign-out': call(same([303, 303, 303], ...everybody), { audited: 'session.ended' }),
  'GET /account': page(same(LIST, ...everybody)),
  'GET /account/password': page(same(LIST, ...everybody)),
  'POST /account/password': call(same([400, 400, 400], ...everybody)),
  'POST /account/sessions/end': call(same([303, 303, 303], ...everybody)),
  'GET /api/v1/me': call(same(LIST, ...everybody)),

  // operators and audit
  'GET /operators': page(same(LIST, 'admin', 'auditor')),
  'POST /operators': call(same([200, 200, 400], 'admin'), {
    fields: { role: 'viewer', agency: OWN },
    audited: 'operator.added',
  }),
  'POST /operators/:id/link': call(same(ONE, 'admin'), {
    url: async ground => `/operators/${await operatorOf(ground)}/link`,
    audited: 'link.made',
  }),
  'POST /operators/:id/disable': call(same(ONE, 'admin'), {
    url: async ground => `/operators/${await operatorOf(ground)}/disable`,
    audited: 'operator.disabled',
  }),
  'GET /audit': page(same(LIST, 'admin', 'auditor')),
  'GET /audit/verify': page(same(LIST, 'admin', 'auditor')),
  'GET /api/v1/operators': call(same(LIST, 'admin', 'auditor')),
  'POST /api/v1/operators': call(same([200, 200, 400], 'admin'), {
    fields: { role: 'viewer', agency: OWN },
    audited: 'operator.added',
  }),
  'POST /api/v1/operators/:id/link': call(same(ONE, 'admin'), {
    url: async ground => `/api/v1/operators/${await operatorOf(ground)}/link`,
    audited: 'link.made',
  }),
  'POST /api/v1/operators/:id/disable': call(same([204, 204, 404], 'admin'), {
    url: async ground => `/api/v1/operators/${await operatorOf(ground)}/disable`,
    audited: 'operator.disabled',
  }),
  'GET /api/v1/audit': call(same(LIST, 'admin', 'auditor')),
  'GET /api/v1/audit/verify': call(same(LIST, 'admin', 'auditor')),
  'GET /api/v1/openapi.json': call(same(LIST, ...everybody)),
  'GET /api/docs': page(same(LIST, ...everybody)),

  // figures
  'GET /': page(same(LIST, ...everybody)),
  'GET /agencies': page(same(LIST, ...everybody)),
  'GET /agencies/:code': page(same(ONE, ...everybody), { url: () => `/agencies/${OWN}` }),
  'GET /agencies/tree': page(same(LIST, ...everybody)),
  'GET /agencies/:code/history': page(same(ONE, ...everybody), { url: () => `/agencies/${OWN}/history` }),
  'GET /api/v1/agencies': call(same(LIST, ...everybody)),
  'GET /api/v1/agencies/:code/history': call(same(ONE, ...everybody), {
    url: () => `/api/v1/agencies/${OWN}/history`,
  }),
  'GET /agencies/open': page(same(ONE, 'admin'), { url: () => `/agencies/open?parent=${OWN}` }),
  // the code is taken
  'POST /agencies/open': call(same([409, 409, 400], 'admin'), {
    fields: { level: 'unit', code: OWN, parent: OWN, day: '2020-01-01' },
  }),
  'GET /agencies/:code/change': page(same(ONE, 'admin'), { url: () => `/agencies/${OWN}/change` }),
  'POST /agencies/:code/change': call(same([400, 400, 404], 'admin'), {
    url: () => `/agencies/${OWN}/change`,
  }),
  'GET /agencies/:code/close': page(same(ONE, 'admin'), {
    url: () => `/agencies/${OWN}/close`,
    audited: 'people.listed',
  }),
  'POST /agencies/:code/close': call(same([409, 409, 404], 'admin'), {
    url: () => `/agencies/${OWN}/close`,
    fields: { day: '2026-01-01' },
    audited: 'people.listed',
  }),
  'POST /agencies/changes/:id/withdraw': call(same([404, 404, 404], 'admin'), {
    url: () => '/agencies/changes/999999/withdraw',
  }),
  'GET /targets': page(same(LIST, ...everybody)),
  'GET /definition': page(same(LIST, ...everybody)),
  'GET /api/v1/adoption': call(same(ONE, ...everybody), { url: () => `/api/v1/adoption?agency=${OWN}` }),
  'GET /api/v1/adoption/sectors': call(same(ONE, ...everybody), {
    url: () => `/api/v1/adoption/sectors?agency=${OWN}`,
  }),
  'GET /export/sectors.csv': page(same(ONE, 'admin', 'agency-admin', 'head', 'viewer'), {
    url: () => `/export/sectors.csv?agency=${OWN}`,
    audited: 'export',
  }),
  'GET /api/v1/adoption/history': call(same(ONE, ...everybody), {
    url: () => `/api/v1/adoption/history?agency=${OWN}`,
  }),
  'GET /api/v1/targets': call(same(LIST, ...everybody)),
  'GET /export/adoption.csv': page(same(ONE, 'admin', 'agency-admin', 'head', 'viewer'), {
    url: () => `/export/adoption.csv?agency=${OWN}`,
    audited: 'export',
  }),

  // people
  'GET /people': page(same(LIST, ...named)),
  'GET /people/:id': page(same(ONE, ...named), {
    url: ({ person }) => `/people/${person}`,
    audited: 'person.viewed',
  }),
  'GET /api/v1/people': call(same(LIST, ...named)),
  'GET /api/v1/people/:id/explanation': call(same(ONE, ...named), {
    url: ({ person }) => `/api/v1/people/${person}/explanation`,
    audited: 'person.viewed',
  }),
  'GET /export/people.csv': page(same(ONE, 'admin', 'agency-admin', 'head'), {
    url: () => `/export/people.csv?agency=${OWN}`,
    audited: 'export',
  }),

  // mailboxes and activation
  'GET /mailboxes': page(same(LIST, 'admin', 'agency-admin', 'auditor'), { audited: 'people.listed' }),
  'GET /mailboxes/:id': page(same(ONE, 'admin', 'agency-admin', 'auditor'), {
    url: ({ mailbox }) => `/mailboxes/${mailbox}`,
    audited: 'person.viewed',
  }),
  'GET /api/v1/mailboxes': call(same(LIST, 'admin', 'agency-admin', 'auditor'), { audited: 'people.listed' }),
  'POST /mailboxes/:id/invite': call(same(ONE, 'admin', 'agency-admin'), {
    url: ({ mailbox }) => `/mailboxes/${mailbox}/invite`,
  }),
  'POST /agencies/:code/sheet': call(same(ONE, 'admin', 'agency-admin'), {
    url: () => `/agencies/${OWN}/sheet`,
    audited: 'mailbox.invited',
  }),
  'GET /activate': open(200),
  'POST /activate': open(400),
  'GET /activate*': open(404, { url: () => '/activate/not-a-token' }),
  'POST /activate*': open(404, { url: () => '/activate/not-a-token' }),

  // decisions and absences
  'GET /decisions': page(same(LIST, ...named)),
  'POST /decisions': call(same([400, 400, 400], 'admin')),
  'GET /decisions/new': page(same(LIST, 'admin')),
  'GET /decisions/:id': page(same(ONE, ...named), {
    url: async ground => `/decisions/${await decisionOf(ground)}`,
    audited: 'people.listed',
  }),
  'GET /decisions/:id/scan': page(same(ONE, ...named), {
    url: async ground => `/decisions/${await decisionOf(ground)}/scan`,
    audited: 'decision.scanned',
  }),
  'POST /announcements/:id/withdraw': call(same([303, 303, 404], 'admin'), {
    url: async ground => `/announcements/${await announcementOf(ground)}/withdraw`,
    audited: 'decision.withdrawn',
  }),
  'GET /api/v1/decisions': call(same(LIST, ...named)),
  'GET /api/v1/people/:id/history': call(same(ONE, ...named), {
    url: ({ person }) => `/api/v1/people/${person}/history`,
    audited: 'person.viewed',
  }),
  'GET /absences': page(same(LIST, ...named), { audited: 'people.listed' }),
  'POST /absences': call(same([400, 400, 400], 'admin', 'agency-admin')),
  'GET /absences/new': page(same(LIST, 'admin', 'agency-admin')),
  'GET /absences/:id/:day': page(same(ONE, 'admin', 'agency-admin'), {
    url: async ground => `/absences/${ground.person}/${await absenceOf(ground)}`,
  }),
  'POST /absences/:id/:day': call(same([400, 400, 404], 'admin', 'agency-admin'), {
    url: async ground => `/absences/${ground.person}/${await absenceOf(ground)}`,
  }),
  'POST /absences/:id/:day/remove': call(same([303, 303, 404], 'admin', 'agency-admin'), {
    url: async ground => `/absences/${ground.person}/${await absenceOf(ground)}/remove`,
    audited: 'absence.changed',
  }),

  // plans
  'GET /plans': page(same(WHOLE, 'admin', 'auditor')),
  'POST /plans': call(same([303, 404, 404], 'admin')),
  'GET /plans/making': page(same(WHOLE, 'admin', 'auditor')),
  'GET /plans/:id': page(same(WHOLE, 'admin', 'auditor'), {
    url: ({ planId }) => `/plans/${planId}`,
  }),
  'GET /plans/:id/progress': page(same(WHOLE, 'admin', 'auditor'), {
    url: ({ planId }) => `/plans/${planId}/progress`,
  }),
  'GET /plans/:id/apply': page(same([404, 404, 404], 'admin'), { url: () => '/plans/999999/apply' }),
  'POST /plans/:id/apply': call(same([404, 404, 404], 'admin'), { url: () => '/plans/999999/apply' }),
  'GET /api/v1/plans': call(same(WHOLE, 'admin', 'auditor')),
  'POST /api/v1/plans': call(same([201, 404, 404], 'admin')),
  'GET /api/v1/plans/:id': call(same(WHOLE, 'admin', 'auditor'), {
    url: ({ planId }) => `/api/v1/plans/${planId}`,
  }),
  'GET /api/v1/plans/:id/changes': call(same(WHOLE, 'admin', 'auditor'), {
    url: ({ planId }) => `/api/v1/plans/${planId}/changes`,
  }),
  'POST /api/v1/plans/:id/apply': call(same([404, 404, 404], 'admin'), {
    url: () => '/api/v1/plans/999999/apply',
  }),

  // runs
  'GET /runs': page(same(WHOLE, 'admin', 'auditor')),
  'GET /runs/live': page(same(WHOLE, 'admin', 'auditor')),
  'POST /runs/sync': call(same([303, 404, 404], 'admin')),
  'GET /runs/:id': page(same(WHOLE, 'admin', 'auditor'), { url: ({ run }) => `/runs/${run}` }),
  'GET /runs/:id/approve': page(same([404, 404, 404], 'admin'), { url: () => '/runs/999999/approve' }),
  'POST /runs/:id/approve': call(same([404, 404, 404], 'admin'), { url: () => '/runs/999999/approve' }),
  'GET /runs/:id/movements.csv': page(
    only({ admin: WHOLE, 'agency-admin': [404, 404, 404], head: [404, 404, 404], viewer: [404, 404, 404] }),
    { url: ({ run }) => `/runs/${run}/movements.csv`, audited: 'export' },
  ),
  'GET /runs/:id/rejections.csv': page(
    only({ admin: WHOLE, 'agency-admin': [404, 404, 404], head: [404, 404, 404], viewer: [404, 404, 404] }),
    { url: ({ run }) => `/runs/${run}/rejections.csv`, audited: 'export' },
  ),
  'GET /api/v1/runs/:id/movements': call(same(WHOLE, 'admin', 'auditor'), {
    url: ({ run }) => `/api/v1/runs/${run}/movements`,
    audited: 'people.listed',
  }),

  // what no rule settles, who waits to move, the list of an agency
  'GET /reviews': page(same(LIST, ...named), { audited: 'people.listed' }),
  'POST /reviews': call(same([400, 400, 400], 'admin', 'agency-admin')),
  'GET /reviews/:id': page(same(ONE, ...named), {
    url: ({ review }) => `/reviews/${review}`,
    audited: 'people.listed',
  }),
  'POST /reviews/:id': call(same([303, 303, 404], 'admin', 'agency-admin'), {
    url: async ground => `/reviews/${await missingAt(ground)}`,
    fields: { answer: 'later' },
    audited: 'review.answered',
  }),
  'GET /api/v1/reviews': call(same(LIST, ...named), { audited: 'people.listed' }),
  'POST /api/v1/reviews/:id/answer': call(same(ONE, 'admin', 'agency-admin'), {
    url: async ground => `/api/v1/reviews/${await missingAt(ground)}/answer`,
    fields: { answer: 'later' },
    audited: 'review.answered',
  }),
  'GET /holding': page(same(LIST, ...named), { audited: 'people.listed' }),
  'POST /holding/:id': call(same([303, 303, 404], 'admin', 'agency-admin'), {
    url: async ground => `/holding/${await waitingAt(ground)}`,
    fields: { answer: 'stays' },
    audited: 'holding.answered',
  }),
  'GET /api/v1/holding': call(same(LIST, ...named), { audited: 'people.listed' }),
  'GET /agencies/:code/roster': page(same(ONE, ...named), {
    url: () => `/agencies/${OWN}/roster`,
    audited: 'people.listed',
  }),
  'POST /agencies/:code/roster': call(same([303, 303, 404], 'admin', 'agency-admin'), {
    url: () => `/agencies/${OWN}/roster`,
    fields: { staff: '3' },
    audited: 'roster.confirmed',
  }),
  // bringing a list as a file; an agency's administrator for the agency only
  'GET /import': page(same(LIST, 'admin', 'agency-admin')),
  'POST /import': call(same([400, 400, 400], 'admin', 'agency-admin')),
  'GET /import/:id': page(only({ admin: ONE, 'agency-admin': [404, 404, 404] }), {
    url: async ground => `/import/${await broughtAt(ground)}`,
  }),
  'POST /import/:id': call(only({ admin: [303, 303, 404], 'agency-admin': [404, 404, 404] }), {
    url: async ground => `/import/${await broughtAt(ground)}`,
    fields: { step: 'remove' },
  }),
  'GET /import/:id/progress': page(only({ admin: ONE, 'agency-admin': [404, 404, 404] }), {
    url: async ground => `/import/${await broughtAt(ground)}/progress`,
  }),
  'GET /import/:id/rejected.xlsx': page(only({ admin: ONE, 'agency-admin': [404, 404, 404] }), {
    url: async ground => `/import/${await broughtAt(ground)}/rejected.xlsx`,
    audited: 'export',
  }),
  'GET /import/:id/rejected.csv': page(only({ admin: ONE, 'agency-admin': [404, 404, 404] }), {
    url: async ground => `/import/${await broughtAt(ground)}/rejected.csv`,
    audited: 'export',
  }),
  'POST /api/v1/imports': call(same([400, 400, 400], 'admin', 'agency-admin')),
  'GET /api/v1/imports/:id': call(only({ admin: ONE, 'agency-admin': [404, 404, 404] }), {
    url: async ground => `/api/v1/imports/${await broughtAt(ground)}`,
  }),

  'GET /sources': page(same(WHOLE, 'admin', 'auditor')),
  'GET /api/v1/sources': call(same(WHOLE, 'admin', 'auditor')),
  'GET /api/v1/runs': call(same(WHOLE, 'admin', 'auditor')),
  'GET /api/v1/runs/:id': call(same(WHOLE, 'admin', 'auditor'), {
    url: ({ run }) => `/api/v1/runs/${run}`,
  }),
}

t.test('every route answers each role and scope as its row says', async t => {
  const ground = await openGround(t)
  t.ok(ground.web.routes.length > 20, `${ground.web.routes.length} routes`)
  for (const route of ground.web.routes) t.ok(rows[route], `${route} has a row`)
  for (const route of Object.keys(rows))
    t.ok(ground.web.routes.includes(route), `the row ${route} has a route`)
  for (const route of ground.web.routes) {
    const row = rows[route]
    if (row) await t.test(route, async t => t.same(await answers(ground, route, row), expected(row)))
  }
})

t.test('what is changed, taken out or seen of a person is in the audit', async t => {
  const ground = await openGround(t)
  for (const [route, row] of Object.entries(rows)) {
    if (row.audited === undefined) continue
    // made before the request, what it makes itself would be the last otherwise
    const url = row.url ? await row.url(ground) : undefined
    const before = await lastEntry(ground)
    await ask(ground, route, { ...row, ...(url ? { url: () => url } : {}) }, await ground.web.signIn('admin'))
    const after = await lastEntry(ground)
    t.ok(after.number > before.number, `${route} leaves an entry`)
    t.equal(after.action, row.audited, route)
    t.match(after.actor, /^operator-/, route)
  }
  t.equal((await verifyAudit(ground.database.db)).ok, true)
})

async function lastEntry({ one }: Ground): Promise<{ number: number; action: string; actor: string }> {
  return one(
    `select coalesce(max(number), 0) as number, (array_agg(action order by number desc))[1] as action,
      (array_agg(actor order by number desc))[1] as actor from audit`,
  )
}

const scopes = ['whole', 'own', 'other'] as const

/** Who asks, as `head of own`, with what they are to be answered. An agency's administrator has an agency. */
function expected({ roles, out }: Row): Record<string, number> {
  const found: Record<string, number> = { 'signed out': out }
  for (const role of everybody)
    for (const [i, scope] of scopes.entries())
      if (role !== 'agency-admin' || scope !== 'whole') found[`${role} of ${scope}`] = roles[role][i] ?? 0
  return found
}

async function answers(ground: Ground, route: string, row: Row): Promise<Record<string, number>> {
  const agencyIds = { whole: null, own: await ground.agencyId(OWN), other: await ground.agencyId(OTHER) }
  const found: Record<string, number> = { 'signed out': await ask(ground, route, row, null) }
  for (const who of Object.keys(expected(row)).filter(each => each !== 'signed out')) {
    const role = everybody.find(each => who.startsWith(`${each} of`)) ?? 'viewer'
    const scope = scopes.find(each => who.endsWith(each)) ?? 'other'
    // one session a request: some end it
    const session = await ground.web.signIn(role, agencyIds[scope])
    found[who] = await ask(ground, route, row, session)
  }
  return found
}

let names = 0

async function ask(
  ground: Ground,
  route: string,
  row: Row,
  session: { cookie: string; csrf: string } | null,
): Promise<number> {
  const [method, path = ''] = route.split(' ')
  const url = row.url ? await row.url(ground) : path
  if (method === 'GET') return (await ground.web.get(url, session)).status
  const name = row.fields ? { name: `made.${++names}` } : {}
  return (await ground.web.post(url, session, { ...name, ...row.fields })).status
}

/** A question about somebody of the agency who is missing from its list; each of another entry. */
async function missingAt({ one, person, agencyId }: Ground): Promise<number> {
  const { id } = await one<{ id: number }>(`
    with entry as (
      insert into roster_record (source, source_key, person_id, said, said_on)
      values ('directory', 'missing.${++names}', ${person}, '{}', current_date) returning number
    )
    insert into roster_review (kind, agency_id, record_number, person_id, opened_on)
    select 'missing', ${await agencyId(OWN)}, number, ${person}, current_date from entry returning id`)
  return id
}

/** A file of the agency that somebody else brought, imported by the run. */
async function broughtAt({ one, run, agencyId }: Ground): Promise<number> {
  const { id } = await one<{ id: number }>(`
    insert into roster_upload (operator_id, agency_id, file_name, bytes, sha256, choice, look, state, run_id,
      created_at, changed_at)
    values ((select min(id) from operator), ${await agencyId(OWN)}, 'a.csv', 1, '0', '{}', '{"kind":"ldif"}', 'imported',
      ${run}, now(), now()) returning id`)
  return id
}

/** The person of the agency, missing from its file and waiting. */
async function waitingAt({ one, person, agencyId }: Ground): Promise<number> {
  await one(`insert into roster_holding (person_id, agency_id, first_day, last_day, source)
    values (${person}, ${await agencyId(OWN)}, current_date, current_date + 30, 'directory')
    on conflict (person_id) do update set first_day = excluded.first_day returning person_id`)
  return person
}

/** A new operator of the agency, to be changed by the request. */
async function operatorOf(ground: Ground): Promise<number> {
  const wanted = { name: `target.${++names}`, role: 'head', agencyId: await ground.agencyId(OWN) } as const
  const doing = { by: { kind: 'system', id: 'local' } as const, now: new Date() }
  const made = await addOperator(ground.database.db, wanted, doing)
  return made?.operator.id ?? 0
}

/** A decision about a person of the agency, with a scan. */
async function decisionOf({ database, person }: Ground): Promise<number> {
  const number = `${++names}/QĐ`
  const { rows } = await sql<{ id: number }>`
    with made as (
      insert into decision (number, day, scan, scan_type, created_at)
      values (${number}, '2026-01-01', '%PDF-', 'application/pdf', now()) returning id
    ), said as (
      insert into announcement (decision_id, person_id, kind, day)
      select id, ${person}::bigint, 'leave', '2099-01-01' from made
    ) select id from made`.execute(database.db)
  return rows[0]?.id ?? 0
}

async function announcementOf(ground: Ground): Promise<number> {
  const decision = await decisionOf(ground)
  return (await ground.one<{ id: number }>(`select id from announcement where decision_id = ${decision}`)).id
}

/** The first day of an absence that was entered by hand for the person. */
async function absenceOf({ database, person }: Ground): Promise<string> {
  await sql`insert into absence (person_id, first_day, kind) values (${person}, '2026-01-05', 'study')
    on conflict do nothing`.execute(database.db)
  return '2026-01-05'
}

async function openGround(t: Parameters<typeof openProvince>[0]): Promise<Ground> {
  const province = await openProvince(t)
  const people = [...officials(3, OWN), ...officials(3, OTHER, 100)]
  await province.sync(people)
  const planId = await province.plan()
  await province.apply(planId)
  const { one } = province
  const { person } = await one<{ person: number }>(
    `select person_id as person from employment where agency_id = ${await province.agencyId(OWN)} order by 1 limit 1`,
  )
  const { mailbox } = await one<{ mailbox: number }>(
    `select mailbox_id as mailbox from mailbox_holder where person_id = ${person} limit 1`,
  )
  const { run } = await one<{ run: number }>('select max(id) as run from run')
  const ground = { ...province, person, mailbox, planId, run, review: 0 }
  return { ...ground, review: await missingAt(ground) }
}
