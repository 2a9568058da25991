import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import t, { type Test } from 'tap'
import { AppError } from '../../../src/error.ts'
import type { Change, Connector } from '../../../src/mailbox/connector.ts'
import { createPostfixAdmin, type PostfixAdminOptions } from '../../../src/mailbox/connectors/postfixadmin.ts'
import { available, startPostfixAdmin, startPostgres } from '../../support/servers/index.ts'
import {
  address,
  connectorContract,
  create,
  listAll,
  mailboxAt,
  resume,
  short,
  suspend,
  update,
} from './contract.ts'

const DOMAIN = 'tinh.test'
const SECRET = ['--password', 'Mat-khau-92x', '--password2', 'Mat-khau-92x']
const NO_END = new AbortController().signal
const { ok, missing } = available(['postgres', 'postfixadmin'])

/** PostfixAdmin on a PostgreSQL of its own, and ways to look into it behind the connector's back. */
async function openGround() {
  const folder = mkdtempSync(join(tmpdir(), 'hopthu-postfixadmin-'))
  chmodSync(folder, 0o755)
  const postgres = await startPostgres({ folder: join(folder, 'postgres') })
  const domains = [DOMAIN, 'nho.test', 'tat.test', 'cam.test']
  const postfixAdmin = await startPostfixAdmin({ folder: join(folder, 'postfixadmin'), postgres, domains })
  const admin = new Client({ connectionString: postfixAdmin.url })
  await admin.connect()
  const open = (rest: Partial<PostfixAdminOptions> = {}): Connector =>
    createPostfixAdmin({ name: 'mail', url: postfixAdmin.url, ...rest })
  const connector = open()
  t.teardown(async () => {
    await connector.close()
    await admin.end()
    await postfixAdmin.stop()
    await postgres.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  const rows = async (text: string, values: unknown[] = []) => (await admin.query(text, values)).rows
  const apply = async (...changes: Change[]) => short(await connector.apply(changes, NO_END))
  const count = async (table: string) => Number((await rows(`select count(*) from ${table}`))[0].count)
  const password = async (at: string): Promise<string> =>
    (await rows('select password from mailbox where username = $1', [at]))[0].password
  return { postgres, postfixAdmin, admin, open, connector, rows, apply, count, password }
}

type Ground = Awaited<ReturnType<typeof openGround>>

const ground = ok ? await openGround() : null

function test(name: string, body: (t: Test, ground: Ground) => Promise<void>): void {
  if (ground === null) t.test(name, { skip: `no ${missing.join(', ')}` }, () => {})
  else t.test(name, t => body(t, ground))
}

test('PostfixAdmin keeps the contract of a connector', async (t, { connector, postfixAdmin, password }) => {
  const cli = async (...args: string[]) => {
    const ran = await postfixAdmin.cli(args)
    if (ran.status !== 0) throw new Error(ran.stderr + ran.stdout)
  }
  connectorContract(t, {
    connector,
    domain: DOMAIN,
    strangeDomain: 'khongco.test',
    setPassword: at => cli('mailbox', 'update', at, ...SECRET),
    storedPassword: password,
    addAlias: (at, target) => cli('alias', 'add', at, '--goto', target),
  })
})

test('PostfixAdmin shows a created mailbox as one of its own', async (t, { apply, postfixAdmin }) => {
  const at = `xem1@${DOMAIN}`
  t.same(await apply(create(at, 'x1', { name: 'Phạm Thị Ngọc', quotaBytes: 2_048_000_000 })), ['done'])
  const shown = await postfixAdmin.cli(['mailbox', 'view', at])
  t.equal(shown.status, 0)
  t.match(shown.stdout, /Username: xem1@tinh\.test/)
  t.match(shown.stdout, /Name: Phạm Thị Ngọc/)
  t.match(shown.stdout, /Quota: 2000\n/)
  t.match(shown.stdout, /Active: YES/)
})

test('and its rows are those PostfixAdmin writes itself', async (t, { apply, postfixAdmin, rows }) => {
  const its = ['mailbox', 'add', `no@${DOMAIN}`, ...SECRET, '--name', 'Lê An', '--quota', '1']
  t.equal((await postfixAdmin.cli([...its, '--welcome-mail', '0'])).status, 0)
  await apply(create(`ta@${DOMAIN}`, 'x2', { name: 'Lê An', quotaBytes: 1_024_000 }))
  const alike = async (local: string) => {
    const [mailbox] = await rows(`select * from mailbox where username = $1`, [`${local}@${DOMAIN}`])
    const [alias] = await rows(`select * from alias where address = $1`, [`${local}@${DOMAIN}`])
    const log = await rows(`select domain, action, data from log where data = $1 order by id`, [
      `${local}@${DOMAIN}`,
    ])
    const days = (time: Date) => Math.round((time.getTime() - Date.now()) / 86_400_000)
    const text = JSON.stringify({ mailbox, alias, log }, (key, value) =>
      ['created', 'modified', 'token_validity', 'password_expiry'].includes(key)
        ? days(new Date(value))
        : value,
    )
    return JSON.parse(
      text.replaceAll(`${local}@`, 'X@').replace(`/${local}/`, '/X/').replace(`"${local}"`, '"X"'),
    )
  }
  const [ours, theirs] = [await alike('ta'), await alike('no')]
  t.equal(ours.mailbox.password, '{CRYPT}!hopthu:x2')
  t.same({ ...ours, mailbox: { ...ours.mailbox, password: theirs.mailbox.password } }, theirs)
  t.match(await rows(`select username from log where data = $1`, [`ta@${DOMAIN}`]), [{ username: 'hopthu' }])
})

test('the log tells of each change once', async (t, { apply, rows }) => {
  const at = `nhatky@${DOMAIN}`
  await apply(create(at, 'x3'), update(at, 'x4', 'Lê Bình', 0), suspend(at, 'x5'), resume(at, 'x6'))
  await apply(create(at, 'x3'), update(at, 'x4', 'Lê Bình', 0), resume(at, 'x6'))
  const logged = await rows(`select action from log where data = $1 order by id`, [at])
  t.same(
    logged.map(row => row.action),
    ['create_alias', 'create_mailbox', 'edit_mailbox', 'edit_mailbox', 'edit_mailbox'],
  )
})

test('a password is set as PostfixAdmin sets one: expiry of the domain, a row in its log', async (t, {
  admin,
  apply,
  connector,
  rows,
}) => {
  const at = address(`datmk@${DOMAIN}`)
  const hash = '{ARGON2ID}$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2E$aGFzaA'
  await apply(create(at, 'x20'))
  await admin.query(`update domain set password_expiry = 90 where domain = $1`, [DOMAIN])
  t.same(short([await connector.setPassword(at, hash, NO_END)]), ['done'])
  t.same(short([await connector.setPassword(at, hash, NO_END)]), ['already'])
  const [row] = await rows('select * from mailbox where username = $1', [at])
  t.equal(row.password, hash)
  t.equal(Math.round((row.password_expiry.getTime() - Date.now()) / 86_400_000), 90)
  await admin.query(`update domain set password_expiry = 0 where domain = $1`, [DOMAIN])
  const logged = await rows(`select username, domain, data from log where action = 'edit_password'`)
  t.same(
    logged.filter(each => each.data === at),
    [{ username: 'hopthu', domain: DOMAIN, data: at }],
  )
})

test('what the platform’s own administrators locked is not opened', async (t, {
  admin,
  apply,
  connector,
  password,
}) => {
  const hash = '{BLF-CRYPT}$2y$10$abcdefghijklmnopqrstuv'
  const [locked, off, empty] = ['bikhoa', 'bitat', 'trong'].map(local => address(`${local}@${DOMAIN}`))
  if (!locked || !off || !empty) throw new Error('three addresses')
  await apply(create(locked, 'x21'), create(off, 'x22'), create(empty, 'x23'))
  await admin.query(`update mailbox set password = '{SHA512-CRYPT}!$6$ab$cd' where username = $1`, [locked])
  await admin.query(`update mailbox set active = false where username = $1`, [off])
  await admin.query(`update mailbox set password = '' where username = $1`, [empty])
  const set = async (at: typeof locked) => short([await connector.setPassword(at, hash, NO_END)])[0]
  t.equal(await set(locked), 'mailbox_suspended')
  t.equal(await set(off), 'mailbox_suspended')
  t.equal(await set(empty), 'done')
  t.equal(await password(locked), '{SHA512-CRYPT}!$6$ab$cd')
  t.equal(await password(off), '{CRYPT}!hopthu:x22')
})

test('suspending leaves the row active and the hash whole behind its mark', async (t, {
  admin,
  apply,
  password,
  rows,
}) => {
  const at = `khoa9@${DOMAIN}`
  await apply(create(at, 'x7'))
  await admin.query('update mailbox set password = $2 where username = $1', [at, '{SHA512-CRYPT}$6$ab$cd'])
  await apply(suspend(at, 'x8'))
  t.equal(await password(at), '{CRYPT}!suspended:{SHA512-CRYPT}$6$ab$cd')
  t.match(await rows('select active from mailbox where username = $1', [at]), [{ active: true }])
  t.match(await rows('select active from alias where address = $1', [at]), [{ active: true }])
  await apply(resume(at, 'x9'))
  t.equal(await password(at), '{SHA512-CRYPT}$6$ab$cd')
})

test('a hash too long to be set aside is refused and left alone', async (t, { admin, apply, password }) => {
  const [long, other] = [`dai@${DOMAIN}`, `ngan@${DOMAIN}`]
  await apply(create(long, 'x10'), create(other, 'x11'))
  await admin.query('update mailbox set password = $2 where username = $1', [long, 'h'.repeat(250)])
  t.same(await apply(suspend(long, 'x12'), suspend(other, 'x13')), ['platform_refused', 'done'])
  t.equal(await password(long), 'h'.repeat(250))
})

test('a domain’s limit, a domain switched off, a domain that may have none', async (t, {
  admin,
  apply,
  connector,
}) => {
  await admin.query(`update domain set mailboxes = 2 where domain = 'nho.test'`)
  await admin.query(`update domain set active = false where domain = 'tat.test'`)
  await admin.query(`update domain set mailboxes = -1 where domain = 'cam.test'`)
  const places = ['mot', 'hai', 'ba', 'bon'].map((local, at) => create(`${local}@nho.test`, `n${at}`))
  const outcomes = await connector.apply(
    [...places, create('mot@tat.test', 'n5'), create('mot@cam.test', 'n6'), create(`nho@${DOMAIN}`, 'n7')],
    NO_END,
  )
  const refused = 'platform_refused'
  t.same(short(outcomes), ['done', 'done', refused, refused, refused, refused, 'done'])
  t.match(outcomes[2], { reason: /nho\.test may have no more mailboxes/ })
  t.match(outcomes[4], { reason: /tat\.test is switched off/ })
  t.match(outcomes[5], { reason: /cam\.test may have no more mailboxes/ })
  t.same(await apply(...places), ['already', 'already', refused, refused])
  await admin.query(`update domain set mailboxes = 3 where domain = 'nho.test'`)
  t.same(await apply(...places), ['already', 'already', 'done', refused])
})

test('two batches at once do not overfill a domain', async (t, { admin, connector, rows }) => {
  await admin.query(`update domain set mailboxes = 53 where domain = 'nho.test'`)
  const batch = (name: string) =>
    Array.from({ length: 50 }, (_, at) => create(`${name}${at}@nho.test`, `${name}${at}`))
  const both = await Promise.all([connector.apply(batch('p'), NO_END), connector.apply(batch('q'), NO_END)])
  t.equal(short(both.flat()).filter(outcome => outcome === 'done').length, 50)
  t.equal((await rows(`select count(*) from mailbox where domain = 'nho.test'`))[0].count, '53')
})

test('a row the database refuses does not take the others with it', async (t, {
  admin,
  connector,
  count,
  rows,
}) => {
  await admin.query(`create function no_vip() returns trigger language plpgsql as
    $$ begin if new.local_part like 'vip%' then raise exception 'VIP by hand only'; end if; return new; end $$`)
  await admin.query('create trigger no_vip before insert on mailbox for each row execute function no_vip()')
  const before = await count('mailbox')
  const changes = Array.from({ length: 100 }, (_, at) =>
    create(`${at % 33 === 7 ? 'vip' : 'thuong'}${at}@${DOMAIN}`, `v${at}`),
  )
  const outcomes = await connector.apply(changes, NO_END)
  t.same(
    changes.flatMap((_, at) => (outcomes[at]?.outcome === 'failed' ? [at] : [])),
    [7, 40, 73],
  )
  t.match(outcomes[7], { code: 'platform_refused', reason: /VIP by hand only/, temporary: false })
  t.equal(await count('mailbox'), before + 97)
  t.equal((await rows(`select count(*) from alias where address like 'vip%'`))[0].count, '0')
  await admin.query('drop trigger no_vip on mailbox')
})

test('an address that PostfixAdmin has given away meanwhile is taken', async (t, {
  connector,
  postfixAdmin,
}) => {
  const rival = new Client({ connectionString: postfixAdmin.url })
  await rival.connect()
  await rival.query('begin')
  const insert = `insert into alias (address, goto, domain) values ('dua@${DOMAIN}', 'x@${DOMAIN}', '${DOMAIN}')`
  await rival.query(insert)
  const ours = connector.apply([create(`dua1@${DOMAIN}`, 'd1'), create(`dua@${DOMAIN}`, 'd2')], NO_END)
  await sleep(200)
  await rival.query('commit')
  t.same(short(await ours), ['done', 'address_taken'])
  await rival.end()
})

test('the list tells aliases of a mailbox’s own row apart, and passes over a catch-all', async (t, {
  admin,
  apply,
  connector,
}) => {
  await apply(create(`chuyen@${DOMAIN}`, 'l1'), create(`rieng@${DOMAIN}`, 'l2'))
  await admin.query(`update alias set goto = $1 where address = $2`, [
    `chuyen@${DOMAIN}, ngoai@xa.test`,
    `chuyen@${DOMAIN}`,
  ])
  await admin.query(`insert into alias (address, goto, domain, active) values
    ('@${DOMAIN}', 'rieng@${DOMAIN}', '${DOMAIN}', true), ('cu@${DOMAIN}', 'rieng@${DOMAIN}', '${DOMAIN}', false)`)
  const entries = await listAll(connector)
  const aliases = entries
    .filter(entry => entry.kind === 'alias')
    .map(({ address: at, targets, active }) => [String(at), targets, active])
  t.same(
    aliases.filter(([at]) => ['chuyen', 'rieng', 'cu', ''].some(local => at === `${local}@${DOMAIN}`)),
    [
      [`chuyen@${DOMAIN}`, [`chuyen@${DOMAIN}`, 'ngoai@xa.test'], true],
      [`cu@${DOMAIN}`, [`rieng@${DOMAIN}`], false],
    ],
  )
  t.same(aliases.slice(0, 20), aliases.slice(0, 20).sort())
  t.equal((await connector.find([address(`rieng@${DOMAIN}`), address(`chuyen@${DOMAIN}`)], NO_END)).length, 3)
})

test('which passwords could work', async (t, { admin, apply, connector }) => {
  const at = `matkhau@${DOMAIN}`
  await apply(create(at, 'm1'))
  const cases: [string, boolean][] = [
    ['$1$c9809462$0kfEGD8qfSPDn2NWCtAUk1', true],
    ['{SHA512-CRYPT}$6$ab$cd', true],
    ['{BLF-CRYPT}$2y$10$abc', true],
    ['{ARGON2ID}$argon2id$v=19$x', true],
    ['{PLAIN}!dấu than đứng đầu', true],
    ['', false],
    ['!', false],
    ['*', false],
    ['!$6$ab$cd', false],
    ['{CRYPT}!x', false],
    ['{crypt}*', false],
    ['{SHA512-CRYPT}!$6$ab$cd', false],
  ]
  for (const [stored, canSignIn] of cases) {
    await admin.query('update mailbox set password = $2 where username = $1', [at, stored])
    t.match(await mailboxAt(connector, at), { canSignIn, token: null, suspended: false }, stored)
  }
  await admin.query('update mailbox set password = $2, active = false where username = $1', [at, '$6$a$b'])
  t.match(await mailboxAt(connector, at), { canSignIn: false, receives: false })
})

test('a day of creation is one in the configured zone', async (t, { admin, apply, connector }) => {
  const at = `ngay@${DOMAIN}`
  await apply(create(at, 'm2'))
  await admin.query(`update mailbox set created = '2025-12-31T17:30:00Z' where username = $1`, [at])
  t.equal((await mailboxAt(connector, at))?.created, '2026-01-01')
  await admin.query('update mailbox set created = null where username = $1', [at])
  t.equal((await mailboxAt(connector, at))?.created, null)
})

test('a maildir can follow another pattern, never one in which mailboxes meet', async (t, { open, rows }) => {
  const other = open({ maildir: 'kho/{domain}/{address}/' })
  await other.apply([create(`kho$&@${DOMAIN}`, 'k1')], NO_END)
  const [row] = await rows('select maildir from mailbox where username = $1', [`kho$&@${DOMAIN}`])
  t.equal(row.maildir, `kho/${DOMAIN}/kho$&@${DOMAIN}/`)
  await other.close()
  t.throws(() => open({ maildir: '{local}/' }), { code: 'config_invalid' })
})

test('check counts what there is', async (t, { connector }) => {
  t.match(await connector.check(NO_END), /schema version 18\d\d, domains in use: 3, mailboxes: \d{4}/)
})

test('check names the rights and columns that lack, and the least rights are enough', async (t, {
  admin,
  open,
  postfixAdmin,
}) => {
  await admin.query('create role hopthu login')
  const asHopthu = postfixAdmin.url.replace('postgres@', 'hopthu@')
  const weak = open({ url: asHopthu })
  t.teardown(() => weak.close())
  await admin.query('grant select on mailbox, domain, config to hopthu; grant insert on log to hopthu')
  await t.rejects(weak.check(NO_END), {
    code: 'platform_refused',
    temporary: false,
    message: /no right to insert on table mailbox; .*no right to select on table alias; .*sequence/,
  })
  t.match(await weak.apply([create(`yeu@${DOMAIN}`, 'y1'), suspend(`ta@${DOMAIN}`, 'y2')], NO_END), [
    { outcome: 'failed', code: 'platform_refused', reason: /permission denied/, temporary: false },
    { outcome: 'failed', code: 'platform_refused' },
  ])
  await admin.query(`grant insert, update on mailbox to hopthu; grant select, insert on alias to hopthu;
    grant usage on sequence log_id_seq to hopthu`)
  t.match(await weak.check(NO_END), /PostfixAdmin/)
  const at = `yeu@${DOMAIN}`
  t.same(
    short(
      await weak.apply(
        [create(at, 'y1'), update(at, 'y', 'Lê', 0), suspend(at, 'z'), resume(at, 'w')],
        NO_END,
      ),
    ),
    ['done', 'done', 'done', 'done'],
  )
  await admin.query('alter table mailbox rename column local_part to localpart')
  await t.rejects(weak.check(NO_END), { message: /table mailbox has no column local_part/ })
  await admin.query('alter table mailbox rename column localpart to local_part')
})

test('check says when the database is none of PostfixAdmin’s, or refuses, or is not there', async (t, {
  open,
  postgres,
}) => {
  const trial = async (url: string, error: { code: string; temporary: boolean }) => {
    const other = open({ url })
    await t.rejects(other.check(NO_END), error)
    await t.rejects(listAll(other), error)
    await other.close()
  }
  const empty = await postgres.createDatabase('empty')
  const other = open({ url: empty })
  await t.rejects(other.check(NO_END), { code: 'platform_refused', message: /there is no table mailbox/ })
  await other.close()
  await trial(`${empty}-not`, { code: 'platform_refused', temporary: false })
  await trial('postgres://mail@127.0.0.1:1/mail', { code: 'platform_unreachable', temporary: true })
  await trial('postgres://mail@no-such-host.invalid/mail', {
    code: 'platform_unreachable',
    temporary: true,
  })
})

test('a password given beside the address is used, and is in no message', async (t, {
  admin,
  open,
  postfixAdmin,
  rows,
}) => {
  await admin.query(`create role secretive login password 'mật khẩu %2B/?&'`)
  const hba = (await rows('show hba_file'))[0].hba_file
  await admin.query(`create table hba (line text)`)
  await admin.query(`copy hba from '${hba}' with (delimiter E'\\x01')`)
  await admin.query(`copy (select 'host all secretive 127.0.0.1/32 scram-sha-256' union all select * from hba)
    to '${hba}'`)
  await admin.query('select pg_reload_conf()')
  await sleep(300)
  const url = postfixAdmin.url.replace('postgres@', 'secretive@')
  await admin.query('grant select on mailbox, domain, alias to secretive')
  const right = open({ url, password: 'mật khẩu %2B/?&' })
  t.same(await right.find([], NO_END), [])
  const wrong = open({ url, password: 'sai-mat-khau' })
  const error = await wrong.check(NO_END).catch(thrown => thrown)
  t.match(error, { code: 'platform_refused', temporary: false })
  t.notMatch(`${error.message} ${error.stack} ${JSON.stringify(error)}`, /sai-mat-khau/)
  await right.close()
  await wrong.close()
})

test('a connection ended in the middle is a temporary error, and repeating doubles nothing', async (t, ground) => {
  const { admin, apply, connector, count, postfixAdmin, rows } = ground
  const changes = Array.from({ length: 400 }, (_, at) => create(`mat${at}@${DOMAIN}`, `mat${at}`))
  const before = await count('mailbox')
  for (const table of ['alias', 'mailbox', 'log']) {
    const blocker = new Client({ connectionString: postfixAdmin.url })
    await blocker.connect()
    await blocker.query(`begin; lock table ${table} in share mode`)
    const broken = connector.apply(changes, NO_END).catch(thrown => thrown)
    await waitFor(async () => (await rows(WAITING)).length > 0)
    await admin.query(`select pg_terminate_backend(pid) from (${WAITING}) as waiting`)
    const error = await broken
    t.ok(error instanceof AppError, `while writing ${table}`)
    t.match(error, { code: 'platform_unreachable', temporary: true })
    await blocker.query('rollback')
    await blocker.end()
    t.equal(await count('mailbox'), before, 'nothing by halves')
  }
  t.same(new Set(await apply(...changes)), new Set(['done']))
  t.same(new Set(await apply(...changes)), new Set(['already']))
  t.equal(await count('mailbox'), before + 400)
  const [found] = await rows(`select (select count(*) from alias where address ~ '^mat[0-9]') as aliases,
    (select count(*) from log where data ~ '^mat[0-9]') as logged`)
  t.same(found, { aliases: '400', logged: '800' })
})

test('a connection ended between two statements harms nobody', async (t, { admin, connector }) => {
  await connector.check(NO_END)
  await admin.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'hopthu'`,
  )
  await sleep(100)
  t.match(await connector.check(NO_END), /PostfixAdmin/)
})

test('connections ended again and again: at last each mailbox is there once', async (t, {
  admin,
  connector,
  rows,
}) => {
  const changes = Array.from({ length: 1_500 }, (_, at) => create(`lai${at}@${DOMAIN}`, `lai${at}`))
  let stop = false
  let killed = 0
  const killer = (async () => {
    while (!stop) {
      const ended = await admin.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'hopthu'`,
      )
      killed += ended.rowCount ?? 0
      await sleep(40)
    }
  })()
  const errors: unknown[] = []
  for (let at = 0, tries = 0; at < changes.length; tries++) {
    const batch = changes.slice(at, at + 100)
    const outcomes = await connector.apply(batch, NO_END).catch(thrown => thrown)
    if (outcomes instanceof Error) {
      errors.push(outcomes)
      if (tries > 100) stop = true
      continue
    }
    t.notOk(short(outcomes).some(outcome => outcome !== 'done' && outcome !== 'already'))
    at += batch.length
  }
  stop = true
  await killer
  t.comment(`${killed} connections ended, ${errors.length} calls broken`)
  t.ok(errors.length > 0)
  for (const error of errors) t.match(error, { code: 'platform_unreachable', temporary: true })
  const [found] =
    await rows(`select count(*) as mailboxes, (select count(*) from alias where address like 'lai%') as aliases,
    (select count(*) from log where data like 'lai%') as logged from mailbox where username like 'lai%'`)
  t.same(found, { mailboxes: '1500', aliases: '1500', logged: '3000' })
})

test('a statement that takes too long, and a call broken off, end in time', async (t, {
  apply,
  connector,
  open,
  postfixAdmin,
  rows,
}) => {
  const blocker = new Client({ connectionString: postfixAdmin.url })
  await blocker.connect()
  await blocker.query('begin; lock table alias in share mode')
  const hasty = open({ statementTimeoutMs: 300 })
  const start = Date.now()
  await t.rejects(hasty.apply([create(`cho1@${DOMAIN}`, 'c1')], NO_END), {
    code: 'platform_unreachable',
    temporary: true,
  })
  await t.rejects(connector.apply([create(`cho2@${DOMAIN}`, 'c2')], AbortSignal.timeout(300)), {
    code: 'cancelled',
    temporary: true,
  })
  t.ok(Date.now() - start < 3_000)
  await waitFor(async () => (await rows(WAITING)).length === 0)
  await blocker.query('rollback')
  await blocker.end()
  await hasty.close()
  t.equal(await mailboxAt(connector, `cho2@${DOMAIN}`), null)
  t.same(await apply(create(`cho2@${DOMAIN}`, 'c2')), ['done'], 'and the connector still works')
})

test('5,000 mailboxes in batches of 500', async (t, { apply, connector, count }) => {
  const start = performance.now()
  for (let at = 0; at < 5_000; at += 500) {
    const batch = Array.from({ length: 500 }, (_, index) =>
      create(`nhanh${at + index}@${DOMAIN}`, `nh${at + index}`),
    )
    t.same(new Set(await apply(...batch)), new Set(['done']))
  }
  const seconds = (performance.now() - start) / 1_000
  t.comment(`5,000 creates in ${seconds.toFixed(2)} s`)
  t.ok(seconds < 30)
  const listStart = performance.now()
  const listed = (await listAll(connector)).filter(entry => entry.kind === 'mailbox')
  t.equal(listed.length, await count('mailbox'))
  t.comment(`${listed.length} listed in ${((performance.now() - listStart) / 1_000).toFixed(2)} s`)
})

const WAITING = `select pid from pg_stat_activity where application_name = 'hopthu' and wait_event_type = 'Lock'`

async function waitFor(condition: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 10_000
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('what was waited for did not come in 10 s')
    await sleep(10)
  }
}
