/**
 * The chain as people meet it, in a real browser on the real servers: an operator signs in, approves a plan and watches
 * it apply; a person activates on a phone, signs in over IMAP and sends; the figure moves by exactly one; the head of
 * another agency sees none of it.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { browserMissing, DESKTOP, openBrowser, PHONE, sidewaysScroll } from './support/browser.ts'
import { imapSignIn, sendMail } from './support/clients.ts'
import { DOMAIN, type Office, openOffice, staff } from './support/office.ts'
import { available } from './support/servers/index.ts'
import { OPERATOR_PASSWORD, signInByLink } from './support/visits.ts'

t.setTimeout(300_000)

const servers = available()
const skip = servers.ok ? browserMissing() : servers.missing.join(', ')

/** The one who activates, and the head of another agency. */
const PERSON = staff[0]
const ADDRESS = `hoant@${DOMAIN}`
const MAIL_PASSWORD = 'Bien-Ho.Xanh-2027'
const OTHER_AGENCY = 'H99.11'

t.test('from an empty installation to the figure of an agency', { skip }, async t => {
  const office = await openOffice(t)
  await office.hopthu(['migrate'])
  await office.hopthu(['roster', 'sync'])
  const admin = await office.hopthu<{ signInLink: string }>(['operator', 'add', 'quantri', '--role', 'admin'])
  const head = await office.hopthu<{ signInLink: string }>([
    'operator',
    'add',
    'thutruong',
    '--role',
    'head',
    '--agency',
    OTHER_AGENCY,
  ])
  await office.serve()
  const browser = await openBrowser(t)
  const page = await signedIn(browser, admin.signInLink)
  const step = (name: string, body: (t: Test) => Promise<void>) =>
    t.passing() ? t.test(name, body) : undefined

  await step('who set a password signs in with it', t => signsInAgain(t, browser, office))
  await step('a plan is made, approved, and watched while it is applied', t => approvesPlan(t, page, office))
  const before = await figures(office)
  let link = ''
  await step('an invitation goes to the other address', async t => {
    link = await invites(t, page, office)
  })
  await step('on a phone the person sets a password under the policy', t =>
    activates(t, browser, office, link),
  )
  await step('the mailbox takes the password over IMAP and SMTP', t => usesMailbox(t, office))
  await step('the figure moves by exactly one', t => movesByOne(t, { page, office, before }))
  await step('the head of another agency sees none of it', t =>
    seesNothing(t, browser, office, head.signInLink),
  )
})

async function signedIn(browser: Browser, link: string): Promise<Page> {
  const context = await browser.newContext({ viewport: DESKTOP, locale: 'vi-VN' })
  const page = await context.newPage()
  await signInByLink(page, link)
  return page
}

async function signsInAgain(t: Test, browser: Browser, { url }: Office): Promise<void> {
  const page = await (await browser.newContext({ viewport: DESKTOP })).newPage()
  await page.goto(`${url}/plans`)
  t.match(page.url(), /\/sign-in\?next=/, 'a page asks for signing in, and remembers itself')
  await page.locator('input[name=name]').fill('quantri')
  await page.locator('input[name=password]').fill('không phải mật khẩu')
  await page.getByRole('button', { name: 'Đăng nhập' }).click()
  t.match(await page.locator('main').innerText(), /không đúng|chưa đúng/i)
  t.equal(await page.locator('input[name=name]').inputValue(), 'quantri', 'the form comes back filled')
  await page.locator('input[name=password]').fill(OPERATOR_PASSWORD)
  await page.getByRole('button', { name: 'Đăng nhập' }).click()
  await page.waitForURL(`${url}/plans`)
}

async function approvesPlan(t: Test, page: Page, { url, servers }: Office): Promise<void> {
  await page.goto(`${url}/plans`)
  await page.getByRole('button', { name: 'Lập đề xuất mới' }).first().click()
  await page.waitForURL(/\/plans/)
  const approve = page.getByRole('link', { name: 'Phê duyệt và thực hiện' })
  for (let tries = 0; tries < 60 && (await approve.count()) === 0; tries++) {
    const plan = page.locator('main a[href^="/plans/"]').first()
    if ((await plan.count()) > 0) await plan.click()
    else await sleep(500).then(() => page.goto(`${url}/plans`))
  }
  t.match(await page.locator('main').innerText(), new RegExp(`${ADDRESS}`), 'every change can be read')
  await approve.first().click()
  t.match(
    await page.locator('main').innerText(),
    new RegExp(`Cấp mới:\\s+${staff.length}`),
    'the counts again',
  )
  await page.getByRole('button', { name: 'Phê duyệt và thực hiện' }).click()
  // nobody reloads: the page itself says when it is done
  await page.getByText('đã thực hiện', { exact: false }).first().waitFor({ timeout: 60_000 })
  const shown = await servers.postfixAdmin.cli(['mailbox', 'view', ADDRESS])
  t.match(shown.stdout, `Name: ${PERSON.name}`, 'PostfixAdmin has it')
}

async function invites(t: Test, page: Page, { url, sink }: Office): Promise<string> {
  await page.goto(`${url}/mailboxes?q=${encodeURIComponent('nguyen thi hoa')}`)
  await page.locator('main a[href^="/mailboxes/"]').first().click()
  await page.locator('form[action$="/invite"] button').click()
  await page.getByRole('button', { name: 'Gửi liên kết đến địa chỉ khác' }).click()
  t.match(await page.locator('main').innerText(), /cb101@khac\.example/)
  const mail = sink.mails.find(each => each.to.includes('cb101@khac.example'))
  const link = /http\S+\/activate\/\S+/.exec(mail?.text ?? '')?.[0] ?? ''
  t.match(link, url, 'the mail holds the link')
  return link
}

async function activates(t: Test, browser: Browser, { url }: Office, link: string): Promise<void> {
  const context = await browser.newContext({
    viewport: PHONE,
    isMobile: true,
    hasTouch: true,
    locale: 'vi-VN',
  })
  const page = await context.newPage()
  await page.goto(link)
  await page.reload()
  t.equal(await sidewaysScroll(page), 0, 'nothing stands beyond the edge of the phone')
  const submit = async (password: string, again = password) => {
    await page.locator('input[name=password]').fill(password)
    await page.locator('input[name=again]').fill(again)
    await page.locator('main form button').click()
    return page.locator('main').innerText()
  }
  await submit('nguyenthihoa')
  t.equal(
    await page.locator('input[name=password][aria-invalid=true]').count(),
    1,
    'a bad one is said beside the field',
  )
  t.match(await submit(MAIL_PASSWORD), new RegExp(ADDRESS))
  t.equal(await page.locator('input[type=password]').count(), 0, 'it is set')
  const answer = await page.goto(link)
  t.ok([404, 410].includes(answer?.status() ?? 0), 'the link is spent')
  t.equal((await page.goto(`${url}/`))?.url().includes('/sign-in'), true, 'and opens nothing else')
}

async function usesMailbox(t: Test, { servers: { dovecot, postfix } }: Office): Promise<void> {
  const account = { user: ADDRESS, pass: MAIL_PASSWORD }
  t.equal(await imapSignIn({ ...account, port: dovecot.imapPort, pass: 'mat khau khac' }), false)
  t.equal(await imapSignIn({ ...account, port: dovecot.imapPort }), true)
  const sent = await sendMail({
    ...account,
    port: postfix.submissionPort,
    from: ADDRESS,
    to: [`dattv@${DOMAIN}`],
  })
  t.same(sent.refused, [])
}

type Figures = Record<'staff' | 'required' | 'issued' | 'activated' | 'used' | 'sending' | 'regular', number>

/** Today's counts of every agency, as the command line prints them. */
async function figures({ hopthu }: Office): Promise<Record<string, Figures>> {
  const today = new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Ho_Chi_Minh' }).format(new Date())
  const { agencies } = await hopthu<{ agencies: (Figures & { code: string })[] }>([
    'adoption',
    '--as-of',
    today,
  ])
  return Object.fromEntries(
    agencies.map(({ code, staff, required, issued, activated, used, sending, regular }) => [
      code,
      { staff, required, issued, activated, used, sending, regular },
    ]),
  )
}

type Moved = { page: Page; office: Office; before: Record<string, Figures> }

async function movesByOne(t: Test, { page, office, before }: Moved): Promise<void> {
  let after = await figures(office)
  for (let tries = 0; tries < 40 && after.H99?.sending === before.H99?.sending; tries++) {
    await sleep(500)
    after = await figures(office)
  }
  for (const [code, was] of Object.entries(before)) {
    const one = code === 'H99' || code === PERSON.agency ? 1 : 0
    const wanted = {
      ...was,
      activated: was.activated + one,
      used: was.used + one,
      sending: was.sending + one,
    }
    t.same(after[code], wanted, code)
  }
  const today = new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Ho_Chi_Minh' }).format(new Date())
  await page.goto(`${office.url}/agencies/${PERSON.agency}?asOf=${today}`)
  t.match(await page.locator('main').innerText(), /1\s*\/\s*5/, 'the page says so too')
}

async function seesNothing(t: Test, browser: Browser, { url }: Office, link: string): Promise<void> {
  const page = await signedIn(browser, link)
  t.match(await page.locator('main').innerText(), /Sở Y tế/, 'the own agency')
  const hidden = [PERSON.name, ADDRESS, 'Sở Nội vụ', PERSON.id]
  const places = [
    '/',
    '/agencies',
    '/people',
    '/people?q=hoa',
    `/people?q=${PERSON.id}`,
    '/targets',
    '/api/v1/adoption',
    '/api/v1/people',
  ]
  for (const place of places) {
    await page.goto(url + place)
    const text = await page.content()
    t.same(
      hidden.filter(word => text.includes(word) && !place.includes(word)),
      [],
      place,
    )
  }
  const closed = [
    '/agencies/H99.05',
    '/agencies/H99',
    '/people?agency=H99.05',
    '/people/1',
    '/api/v1/adoption?agency=H99.05',
    '/api/v1/people?agency=H99.05',
    '/api/v1/people/1/explanation',
    '/mailboxes',
    '/plans/1',
    '/runs',
    '/audit',
    '/operators',
    '/export/adoption.csv?agency=H99.05',
  ]
  for (const place of closed) {
    const answer = await page.request.get(url + place)
    t.ok([403, 404].includes(answer.status()), `${place}: ${answer.status()}`)
    const text = await answer.text()
    t.same(
      hidden.filter(word => text.includes(word) && !place.includes(word)),
      [],
      place,
    )
  }
}
