/** From the roster to the mailboxes of a real PostfixAdmin. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import t from 'tap'
import { createPostfixAdmin } from '../../src/mailbox/connectors/postfixadmin.ts'
import { onPostgres } from '../support/database.ts'
import { available, startPostfixAdmin, startPostgres } from '../support/servers/index.ts'
import { contents, held, type Staff, worldOf } from './world.ts'

const { ok, missing } = available(['postgres', 'postfixadmin'])

async function openGround() {
  const folder = mkdtempSync(join(tmpdir(), 'hopthu-platform-'))
  chmodSync(folder, 0o755)
  const postgres = await startPostgres({ folder: join(folder, 'postgres') })
  const domains = ['tinh.test', 'yt.test']
  const postfixAdmin = await startPostfixAdmin({ folder: join(folder, 'postfixadmin'), postgres, domains })
  const mail = new Client({ connectionString: postfixAdmin.url })
  await mail.connect()
  const database = await onPostgres(await postgres.createDatabase('hopthu'))
  const connector = createPostfixAdmin({ name: 'mail', url: postfixAdmin.url, batchSize: 50 })
  t.teardown(async () => {
    await connector.close()
    await database.close()
    await mail.end()
    await postfixAdmin.stop()
    await postgres.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  const cli = async (...args: string[]) => {
    const ran = await postfixAdmin.cli(args)
    if (ran.status !== 0) throw new Error(ran.stderr + ran.stdout)
  }
  const rows = async (text: string): Promise<Record<string, unknown>[]> => (await mail.query(text)).rows
  return { world: worldOf(database, connector), cli, rows, mail }
}

function ans(count: number): Staff[] {
  return Array.from({ length: count }, (_, at) => ({
    key: String(at).padStart(3, '0'),
    name: 'Nguyễn Văn An',
    agency: 'NV',
  }))
}

const SECRET = ['--password', 'Mat-khau-92x', '--password2', 'Mat-khau-92x']

t.test('PostfixAdmin from the roster on', { skip: ok ? false : `no ${missing.join(', ')}` }, async t => {
  const { world, cli, rows, mail } = await openGround()
  const mailboxes = async () => (await rows('select count(*)::int as count from mailbox'))[0]?.count

  await t.test('mailboxes are planned around what stands there, made, and made once', async t => {
    await cli('mailbox', 'add', 'annv@tinh.test', ...SECRET, '--name', 'Hộp thư chung', '--quota', '10')
    await cli('mailbox', 'add', 'bichtt@tinh.test', ...SECRET, '--name', 'Trần Thị Bích', '--quota', '10')
    await cli('alias', 'add', 'annv2@tinh.test', '--goto', 'annv@tinh.test')
    await world.roster([...ans(120), { key: 'b', name: 'TRẦN THỊ BÍCH', agency: 'YT' }])
    const plan = await world.plan()
    t.match(plan, {
      changes: { create: 120 },
      refused: [{ person: 'b', reason: 'may_have_mailbox bichtt@tinh.test' }],
    })
    t.match(await world.apply(plan.plan), { done: 120, already: 0, failed: 0 })
    t.match(await world.apply(plan.plan), { done: 0, already: 120, failed: 0 })
    t.equal(await mailboxes(), 122)
    t.same((await held(world))[0], '000 annv3@tinh.test active')
    const before = await contents(world)
    t.match(await world.plan(), { plan: null })
    t.equal(await contents(world), before)
  })

  await t.test('leavers lose their password and go on receiving; it is back when they are', async t => {
    await cli('mailbox', 'update', 'annv3@tinh.test', ...SECRET)
    await mail.query(`update alias set goto = goto || ',an@ngoai.test' where address = 'annv3@tinh.test'`)
    const state = () => rows(`select password, active, name from mailbox where username = 'annv3@tinh.test'`)
    const before = await state()
    world.day = '2026-03-10'
    await world.roster(ans(120).slice(1))
    await world.plan()
    t.match(await world.apply(), { done: 1, failed: 0 })
    t.match(await state(), [{ password: /^\{CRYPT\}!suspended:/, active: true }])
    t.same((await held(world))[0], '000 annv3@tinh.test suspended')
    world.day = '2026-03-20'
    await world.roster(ans(120))
    await world.plan()
    t.match(await world.apply(), { done: 1, failed: 0 })
    t.same(await state(), before)
  })

  await t.test('a domain that was switched off fails those changes alone, and for good', async t => {
    const renamed = ans(120).map(each => (each.key === '007' ? { ...each, name: 'Nguyễn Văn Ân' } : each))
    await world.roster([...renamed, { key: 'c', name: 'Lê Cường', agency: 'NV' }])
    await world.plan()
    await mail.query(`update domain set active = false where domain = 'tinh.test'`)
    t.match(await world.apply(), {
      done: 1,
      failed: 1,
      failures: [{ change: 'create', address: 'cuongl@tinh.test', temporary: false }],
    })
    await mail.query(`update domain set active = true where domain = 'tinh.test'`)
    t.match(await world.plan(), { changes: { create: 1, update: 0 } })
    t.match(await world.apply(), { done: 1, failed: 0 })
    t.equal(await mailboxes(), 123)
  })
})
