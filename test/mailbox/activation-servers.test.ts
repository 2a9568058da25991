/** A person gets a mailbox, an invitation, sets a password on the page, and signs in: on the real servers. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import t, { type Test } from 'tap'
import { hashPassword } from '../../src/access/password.ts'
import { inviteCommand } from '../../src/mailbox/activation-command.ts'
import { createPostfixAdmin } from '../../src/mailbox/connectors/postfixadmin.ts'
import { platformHash } from '../../src/mailbox/password.ts'
import { imapSignIn } from '../support/clients.ts'
import { onPostgres } from '../support/database.ts'
import {
  available,
  openFolder,
  startDovecot,
  startPostfixAdmin,
  startPostgres,
} from '../support/servers/index.ts'
import { startSmtpSink } from '../support/smtp-sink.ts'
import { openWeb } from '../support/web.ts'
import { configOf, worldOf } from './world.ts'

const { ok, missing } = available(['postgres', 'postfixadmin', 'dovecot'])
const GOOD = 'Lua#chin7Vang'

async function openGround() {
  const { folder, remove } = openFolder(undefined)
  t.teardown(remove)
  const postgres = await startPostgres({ folder: join(folder, 'postgres') })
  t.teardown(() => postgres.stop())
  const postfixAdmin = await startPostfixAdmin({
    folder: join(folder, 'postfixadmin'),
    postgres,
    domains: ['tinh.test'],
  })
  t.teardown(() => postfixAdmin.stop())
  const dovecot = await startDovecot({ folder: join(folder, 'dovecot'), mailDatabaseUrl: postfixAdmin.url })
  t.teardown(() => dovecot.stop())
  const database = await onPostgres(await postgres.createDatabase('hopthu'))
  t.teardown(() => database.close())
  const connector = createPostfixAdmin({ name: 'mail', url: postfixAdmin.url })
  t.teardown(() => connector.close())
  const mail = new Client({ connectionString: postfixAdmin.url })
  await mail.connect()
  t.teardown(() => mail.end())
  const sink = await startSmtpSink()
  t.teardown(() => sink.close())
  const world = worldOf(database, connector)
  world.day = new Date().toISOString().slice(0, 10)
  await world.roster([
    { key: 'CB1', name: 'Nguyễn Thị Hòa', agency: 'NV', email: 'hoa@khac.example' },
    { key: 'CB2', name: 'Trần Văn Đạt', agency: 'YT1', email: 'dat@khac.example' },
    { key: 'CB3', name: 'Lê Minh Đức', agency: 'XA' },
  ])
  await world.plan()
  await world.apply()
  const web = (scheme: 'ARGON2ID' | 'BLF-CRYPT') =>
    openWeb(t, {
      database,
      config: {
        ...configOf(),
        http: { host: '127.0.0.1', port: 8080, publicUrl: 'https://hopthu.tinh.test/' },
        mailOut: { host: '127.0.0.1', port: sink.port, from: 'hopthu@tinh.test' },
        mailbox: {
          ...configOf().mailbox,
          platforms: [{ name: 'mail', kind: 'postfixadmin', url: postfixAdmin.url, passwordScheme: scheme }],
          client: { imap: { host: 'imap.tinh.test' }, smtp: { host: 'smtp.tinh.test', port: 587 } },
        },
      },
    })
  const stored = async (at: string): Promise<string> =>
    (await mail.query('select password from mailbox where username = $1', [at])).rows[0].password
  const signsIn = (user: string, pass: string) => imapSignIn({ port: dovecot.imapPort, user, pass })
  return { folder, dovecot, sink, web, stored, signsIn, database, connector, mail }
}

const ground = ok ? await openGround() : null

function test(
  name: string,
  body: (t: Test, ground: Awaited<ReturnType<typeof openGround>>) => Promise<void>,
) {
  if (ground === null) t.test(name, { skip: `no ${missing.join(', ')}` }, () => {})
  else t.test(name, t => body(t, ground))
}

const linkIn = (text: string) => /https:\/\/hopthu\.tinh\.test(\/activate\/\S+)/.exec(text)?.[1] ?? ''

test('Dovecot itself verifies both forms of hash, and no other password', async (t, { dovecot }) => {
  for (const scheme of ['ARGON2ID', 'BLF-CRYPT'] as const) {
    const hash = await platformHash(scheme, GOOD, hashPassword)
    t.ok(hash.length <= 255, 'it fits PostfixAdmin’s column')
    t.match((await dovecot.doveadm(['pw', '-t', hash, '-p', GOOD])).stdout, /verified/)
    t.not((await dovecot.doveadm(['pw', '-t', hash, '-p', `${GOOD}x`])).status, 0)
  }
})

test('by the mailed link: looked at twice, refused, set, signed in, spent', async (t, given) => {
  const { sink, web, signsIn, stored } = given
  const pages = await web('ARGON2ID')
  const answer = await inviteCommand.run(pages.context, {}, [])
  t.match(answer.json, { invited: 2, mailed: 2, sheet: 0 })
  t.match(answer.json.skipped, [{ address: 'duclm@tinh.test', reason: 'no_other_address' }])
  const letter = sink.mails.find(each => each.to.includes('hoa@khac.example'))
  t.match(letter?.subject, /Kích hoạt hộp thư hoant@tinh\.test/)
  t.match(letter?.text, /Nguyễn Thị Hòa[\s\S]*hoant@tinh\.test/)
  const link = linkIn(letter?.text ?? '')

  for (const _ of [1, 2]) {
    const shown = await pages.get(link)
    t.equal(shown.status, 200)
    t.match(shown.body, /Nguyễn Thị Hòa/)
    t.match(shown.body, /hoant@tinh\.test/)
    t.equal(shown.headers['referrer-policy'], 'no-referrer')
    t.equal(shown.headers['cache-control'], 'no-store')
    const loaded = [...shown.body.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, to = '']) => to)
    t.same(
      loaded.filter(to => !to.startsWith('/') && !to.startsWith('#')),
      [],
      'nothing from elsewhere',
    )
  }
  const before = await stored('hoant@tinh.test')
  const refused = await pages.post(link, null, { password: 'Hoa#2026xyz', again: 'Hoa#2026xyz' })
  t.equal(refused.status, 422)
  t.equal(await stored('hoant@tinh.test'), before)

  const set = await pages.post(link, null, { password: GOOD, again: GOOD })
  t.equal(set.status, 200)
  t.match(set.body, /Đã đặt mật khẩu[\s\S]*imap\.tinh\.test[\s\S]*993[\s\S]*smtp\.tinh\.test[\s\S]*587/)
  t.match(await stored('hoant@tinh.test'), /^\{ARGON2ID\}\$argon2id\$v=19\$m=\d+,t=\d+,p=1\$/)
  t.ok(await signsIn('hoant@tinh.test', GOOD))
  t.notOk(await signsIn('hoant@tinh.test', 'Lua#chin7Vanh'))

  const [again, repeated] = [
    await pages.get(link),
    await pages.post(link, null, { password: GOOD, again: GOOD }),
  ]
  t.match([again.status, repeated.status], [404, 404])
  t.ok(await signsIn('hoant@tinh.test', GOOD), 'and nothing came of trying it again')
})

test('a forgotten password by BLF-CRYPT: the named mailbox gets a link, the old password ends', async (t, given) => {
  const { sink, web, signsIn, stored } = given
  const pages = await web('BLF-CRYPT')
  const waiting = await inviteCommand.run(pages.context, {}, [])
  t.match(waiting.json, { invited: 1 }, 'who is activated waits for nothing')
  const named = await inviteCommand.run(pages.context, {}, ['HOANT@tinh.test', 'khongco@tinh.test'])
  t.match(named.json, { invited: 1, skipped: [{ address: 'khongco@tinh.test', reason: 'unknown_address' }] })
  t.equal(named.exit, 4)
  const letter = sink.mails.at(-1)
  t.match(letter?.subject, /Đặt lại mật khẩu/)
  const link = linkIn(letter?.text ?? '')
  t.match((await pages.get(link)).body, /mật khẩu cũ sẽ không dùng được nữa/)
  t.ok(await signsIn('hoant@tinh.test', GOOD), 'until a new one is set the old one works')
  const other = 'Ruong&bac9Thang'
  t.equal((await pages.post(link, null, { password: other, again: other })).status, 200)
  t.match(await stored('hoant@tinh.test'), /^\{BLF-CRYPT\}\$2y\$/)
  t.ok(await signsIn('hoant@tinh.test', other))
  t.notOk(await signsIn('hoant@tinh.test', GOOD))
})

test('of an invitation made again only the newer link opens; suspended meanwhile, neither does', async (t, given) => {
  const { sink, web, mail, stored } = given
  const pages = await web('ARGON2ID')
  const address = 'dattv@tinh.test'
  const linkFor = async () => {
    await inviteCommand.run(pages.context, {}, [address])
    return linkIn(sink.mails.findLast(each => each.to.includes('dat@khac.example'))?.text ?? '')
  }
  const first = await linkFor()
  const second = await linkFor()
  t.not(first, second)
  t.equal((await pages.get(first)).status, 404)
  t.equal((await pages.get(second)).status, 200)
  await mail.query(`update mailbox set password = '{CRYPT}!suspended:' || password where username = $1`, [
    address,
  ])
  const before = await stored(address)
  const refused = await pages.post(second, null, { password: GOOD, again: GOOD })
  t.equal(refused.status, 409)
  t.match(refused.body, /tạm khoá/)
  t.equal(await stored(address), before)
  await mail.query(`update mailbox set password = substr(password, 19) where username = $1`, [address])
  t.equal((await pages.post(second, null, { password: GOOD, again: GOOD })).status, 200, 'nothing was spent')
})

test('nothing secret stands in any server’s log', async (t, { dovecot }) => {
  const log = readFileSync(dovecot.logFile, 'utf8')
  t.notOk(log.includes(GOOD))
})
