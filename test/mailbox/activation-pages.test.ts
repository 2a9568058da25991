/** The pages of activation: what they show, refuse and spend, and what a guesser learns. */
import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import t from 'tap'
import { tokenHash } from '../../src/access/secret.ts'
import { parseAddress } from '../../src/ids.ts'
import { openedBy } from '../../src/mailbox/activation.ts'
import { codeOf, parseKey } from '../../src/mailbox/activation-code.ts'
import { inviteWith } from '../../src/mailbox/activation-command.ts'
import { withPlatform } from '../../src/mailbox/command.ts'
import type { Letter } from '../../src/mailbox/invitation.ts'
import type { Delivery } from '../../src/mailbox/invite.ts'
import { officials, openProvince, type Province } from '../support/province.ts'
import type { SignedIn } from '../support/web.ts'

const GOOD = 'Lua#chin7Vang'
const both = (password: string) => ({ password, again: password })

type Ready = Province & { admin: SignedIn; ids: Map<string, number>; slip(id: number): Promise<Slip> }
type Slip = { link: string; code: string; body: string }

/** What the clock shows; null is the time it is. */
let clock: Date | null = null

/** Ten people at each of two agencies, their mailboxes made; a slip is asked for as an administrator does. */
async function ready(): Promise<Ready> {
  const province = await openProvince(t, { now: () => clock ?? new Date() })
  await province.sync([...officials(10, 'H99.05'), ...officials(10, 'H99.11', 10)])
  await province.apply(await province.plan())
  const admin = await province.web.signIn('admin')
  const { rows } = await sql<{ id: number; address: string }>`
    select id, address from mailbox order by id`.execute(province.database.db)
  const slip = async (id: number) => {
    const { body, status } = await province.web.post(`/mailboxes/${id}/invite`, admin, { how: 'slip' })
    if (status !== 200) throw new Error(`${status} ${body}`)
    const code = /[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}/.exec(body)?.[0] ?? ''
    return { code, link: `/activate/${code}`, body }
  }
  return { ...province, admin, ids: new Map(rows.map(row => [row.address, row.id])), slip }
}

let taken = 0

/** A mailbox no other test has. */
function nextMailbox(): { id: number; address: string } {
  const [address = '', id = 0] = [...province.ids][taken++] ?? []
  return { id, address }
}

t.setTimeout(180_000)
const province = await ready()

async function tokenOf({ database }: Ready, mailbox: number) {
  const { rows } = await sql<{ used: number; open: number }>`
    select count(*) filter (where used_at is not null) as used,
      count(*) filter (where used_at is null and cancelled_at is null) as open
    from activation where mailbox_id = ${mailbox}`.execute(database.db)
  return rows[0]
}

t.test('a typed code leads to the form; looking spends nothing, a good password does, once', async t => {
  const { web } = province
  const { id, address } = nextMailbox()
  const { code, body } = await province.slip(id)
  t.match(body, /<svg class="qr"[^>]*role="img"/)
  t.notMatch(body, /style=|<style|onclick/)
  t.equal((await web.get('/activate')).status, 200)
  const led = await web.post('/activate', null, { code: code.toLowerCase().replaceAll('-', ' ') })
  t.same([led.status, led.headers.location], [303, `/activate/${code}`])
  const shown = await web.get(`/activate/${code}`)
  await web.get(`/activate/${code}`)
  t.match(shown.body, /type="password"[\s\S]*type="password"/)
  t.match(shown.body, /9 ký tự[\s\S]*chữ hoa[\s\S]*bộ gõ tiếng Việt/)
  t.match(await tokenOf(province, id), { used: 0, open: 1 })
  const set = await web.post(`/activate/${code}`, null, both(GOOD))
  t.equal(set.status, 200)
  t.match(set.body, /Đã đặt mật khẩu/)
  t.match(await tokenOf(province, id), { used: 1, open: 0 })
  const standing = await withPlatform(web.context, ({ connector, signal }) =>
    connector.find(
      [parseAddress(address)].filter(each => each !== null),
      signal,
    ),
  )
  t.match(standing, [{ address, canSignIn: true, token: null }])
  const entry = await province.one<{ action: string; detail: object }>(
    `select action, detail from audit where action = 'mailbox.activated'`,
  )
  t.match(entry, { detail: { purpose: 'first' } })
  t.match(await province.one(`select count(*) as n from audit where action = 'mailbox.invited'`), { n: 1 })
})

t.test('every bad password comes back with its reason beside the field, and nothing is spent', async t => {
  const { web } = province
  const { id } = nextMailbox()
  const { link } = await province.slip(id)
  const million = 'Aa1#'.repeat(262_144)
  const cases: [fields: Record<string, string>, field: 'password' | 'again', says: RegExp][] = [
    [{}, 'password', /Chưa nhập mật khẩu/],
    [both(''), 'password', /Chưa nhập mật khẩu/],
    [both('Lua#7V'), 'password', /từ 9 ký tự/],
    [both('luachinvang'), 'password', /đủ chữ thường, chữ hoa, chữ số/],
    [both('Matkhau@2026'), 'password', /đã bị lộ/],
    [both('Phuocan#749Q'), 'password', /họ tên hoặc địa chỉ/],
    [both('Mật#khẩu9Dài'), 'password', /bộ gõ tiếng Việt/],
    [both('Mật#khẩu9Dài'.normalize('NFD')), 'password', /bộ gõ tiếng Việt/],
    [both('Lua#chin7\u202eVang'), 'password', /đổi chiều chữ/],
    [both(million), 'password', /72/],
    [{ password: GOOD, again: '' }, 'again', /nhập lại mật khẩu lần nữa/],
    [{ password: GOOD, again: 'Lua#chin7vang' }, 'again', /không giống nhau/],
    [{ password: GOOD, again: million }, 'again', /72/],
  ]
  for (const [fields, field, says] of cases) {
    const { status, body } = await web.post(link, null, fields)
    t.equal(status, 422)
    const beside = new RegExp(`id="${field}-problem">([^<]*)<`).exec(body)?.[1] ?? ''
    t.match(beside, says)
    t.match(body, new RegExp(`id="${field}"[^>]*aria-describedby="${field}-problem"`))
    t.notOk(body.includes(GOOD), 'a password is never sent back')
    t.ok(body.length < 40_000)
  }
  t.match(await tokenOf(province, id), { used: 0, open: 1 })
  t.equal((await web.post(link, null, both(GOOD))).status, 200)
})

t.test('whatever is wrong with a code, the form comes back with one sentence', async t => {
  const { web } = province
  for (const code of ['', ' ', 'abc', '0000-0000-0000', 'x'.repeat(1_048_576), '0000\u202e-0000-0000']) {
    const { status, body } = await web.post('/activate', null, { code })
    t.ok(status === 400 || status === 404, `${status}`)
    t.match(body, /id="code-problem">[^<]+</)
    t.ok(body.length < 40_000)
  }
})

t.test('expired, used, altered, cancelled, guessed: the same page to the letter', async t => {
  const { web } = province
  const [used, cancelled, expired] = [nextMailbox().id, nextMailbox().id, nextMailbox().id]
  const usedSlip = await province.slip(used)
  await web.post(usedSlip.link, null, both(GOOD))
  const cancelledSlip = await province.slip(cancelled)
  await province.slip(cancelled)
  const expiredSlip = await province.slip(expired)
  const altered = `${expiredSlip.link.slice(0, -1)}${expiredSlip.link.endsWith('0') ? '1' : '0'}`
  const guessed = `/activate/${randomBytes(32).toString('base64url')}`
  const odd = ['/activate/x', `/activate/${'a'.repeat(300)}`, '/activate/a/b', '/activate/%00']
  t.equal((await web.get(expiredSlip.link)).status, 200)
  clock = new Date(Date.now() + 15 * 86_400_000)
  t.teardown(() => {
    clock = null
  })
  const plain = (body: string, link: string) =>
    body.replaceAll(link, 'LINK').replaceAll(encodeURIComponent(link), 'LINK')
  const links = [usedSlip.link, cancelledSlip.link, expiredSlip.link, altered, guessed, ...odd]
  const pages = new Set<string>()
  for (const link of links) {
    const seen = await web.get(link)
    const sent = await web.post(link, null, both(GOOD))
    t.same([seen.status, sent.status], [404, 404], link)
    for (const { body } of [seen, sent]) {
      t.match(body, /quản trị viên của cơ quan/)
      pages.add(/<main[\s\S]*<\/main>/.exec(plain(body, link))?.[0] ?? body)
    }
  }
  t.equal(pages.size, 1)
})

t.test('two who press at once, or one twice: the password is set once', async t => {
  const { web } = province
  const { id } = nextMailbox()
  const { link } = await province.slip(id)
  const answers = await Promise.all(
    ['Lua#chin7Vang', 'Ruong&bac9Thang', 'k7#Vw!pQz2m'].map(each => web.post(link, null, both(each))),
  )
  const statuses = answers.map(each => each.status).sort()
  t.equal(statuses.filter(status => status === 200).length, 1)
  t.ok(
    statuses.every(status => [200, 404, 409].includes(status)),
    statuses.join(),
  )
  t.match(await tokenOf(province, id), { used: 1, open: 0 })
})

t.test('with the platform away nothing is spent, and the page says to come back', async t => {
  const { web } = province
  const { id } = nextMailbox()
  const { link } = await province.slip(id)
  const { platforms } = web.context.config.mailbox
  const [practice] = platforms
  platforms[0] = {
    name: 'mail',
    kind: 'postfixadmin',
    url: 'postgres://nobody@127.0.0.1:1/mail',
    maildir: '{domain}/{local}/',
    batchSize: 500,
    passwordScheme: 'ARGON2ID',
  }
  const away = await web.post(link, null, both(GOOD))
  t.equal(away.status, 503)
  t.match(away.body, /quay lại sau ít phút/)
  t.ok(away.headers['retry-after'])
  if (practice) platforms[0] = practice
  t.equal((await web.post(link, null, both(GOOD))).status, 200)
})

t.test('inviting from the pages keeps to the scope, and is recorded', async t => {
  const { web, ids } = province
  const [mine, theirs] = [nextMailbox().id, [...ids.values()].at(-1) ?? 0]
  const agencyOf = async (id: number) =>
    province.one<{ agency: number; code: string }>(
      `select e.agency_id as agency, a.code from mailbox_holder h join employment e on e.person_id = h.person_id
       join agency_period a on a.agency_id = e.agency_id where h.mailbox_id = ${id}`,
    )
  const [own, other] = [await agencyOf(mine), await agencyOf(theirs)]
  t.not(own.code, other.code)
  const clerk = await web.signIn('agency-admin', own.agency)
  const head = await web.signIn('head', own.agency)
  const url = (id: number) => `/mailboxes/${id}/invite`
  const invited = () =>
    province.one<{ n: number }>(`select count(*) as n from audit where action = 'mailbox.invited'`)
  const before = await invited()
  t.equal((await web.post(url(mine), clerk, {})).status, 200, 'asks how')
  t.equal((await web.post(url(mine), clerk, { how: 'slip' })).status, 200)
  t.equal((await web.post(url(theirs), clerk, { how: 'slip' })).status, 404)
  t.equal((await web.post(url(mine), head, { how: 'slip' })).status, 403)
  t.equal((await web.post(`/agencies/${other.code}/sheet`, clerk, {})).status, 404)
  t.equal((await web.post('/mailboxes/999999/invite', clerk, { how: 'slip' })).status, 404)
  const sheet = await web.post(`/agencies/${own.code}/sheet`, clerk, {})
  t.equal(sheet.headers['content-type'], 'application/pdf')
  t.match(
    String(sheet.headers['content-disposition']),
    /attachment; filename="phieu-kich-hoat-H99\.\d\d\.pdf"/,
  )
  t.match(await invited(), { n: before.n + 2 })
  t.match(await web.post(url(mine), clerk, { how: 'mail' }), { status: 500 }, 'no mail server is configured')
})

// last: it uses up the tries of everybody at this address
t.test(
  'ten thousand guesses get nowhere; a rightful link opens all the while, from the guesser’s address too',
  async t => {
    const { web, database } = province
    t.setTimeout(120_000)
    const letters: Letter[] = []
    const delivery: Delivery = {
      channel: 'sheet',
      add: async more => void letters.push(...more),
      finish: async () => {},
    }
    await inviteWith(web.context, { kind: 'pending', agencies: null }, { delivery, by: null })
    const [first, second] = letters
    if (!first?.code || !second?.code) throw new Error('no letters')
    for (let i = 0; i < 10_000; i++) {
      const guess = i % 20 === 0 ? codeOf(randomBytes(8)) : randomBytes(32).toString('base64url')
      const key = parseKey(guess)
      if (key === null) throw new Error(guess)
      if ((await openedBy(database.db, key, { tokenHash, now: new Date() })) !== null) t.fail(guess)
    }
    // over HTTP fewer than the limit of all pages together, which would hide what is asked here
    const answers = new Map<number, number>()
    const guess = async (url: string) => {
      const { status } = await web.get(url)
      answers.set(status, (answers.get(status) ?? 0) + 1)
    }
    for (let i = 0; i < 400; i++) {
      await guess(`/activate/${randomBytes(32).toString('base64url')}`)
      await guess(`/activate/${codeOf(randomBytes(8))}`)
    }
    t.equal((answers.get(404) ?? 0) + (answers.get(429) ?? 0), 800)
    t.ok((answers.get(429) ?? 0) > 700, JSON.stringify([...answers]))
    t.equal((await web.get(`/activate/${first.code}`)).status, 429, 'codes wait for the minute to end')
    t.equal((await web.get(`/activate/${first.token}`)).status, 200)
    t.equal((await web.post(`/activate/${second.token}`, null, both(GOOD))).status, 200)
  },
)
