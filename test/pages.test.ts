/**
 * Every page in a real browser, filled by a small practice province: what axe finds in both themes, what scrolls
 * sideways on a phone, what comes over the wire, and whether it works without scripts.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import type { Browser, BrowserContext, Page, Response } from 'playwright-core'
import t, { type Test } from 'tap'
import { beginOrGoOn } from '../scripts/demo/province.ts'
import { atOnce } from '../scripts/demo/replay.ts'
import { newToken, tokenHash } from '../src/access/secret.ts'
import { createOperator, openSession } from '../src/access/store.ts'
import { workingDays } from '../src/adoption/calendar.ts'
import type { CommandContext } from '../src/command.ts'
import { parseConfig } from '../src/config.ts'
import { dayAt } from '../src/ids.ts'
import { createWeb } from '../src/service.ts'
import {
  axeProblems,
  browserMissing,
  DESKTOP,
  openBrowser,
  PHONE,
  sidewaysScroll,
} from './support/browser.ts'
import { embedded } from './support/database.ts'
import { pagesOf } from './support/visits.ts'

t.setTimeout(300_000)

/** A few people, and no more than it takes to have a history. */
const BEGIN = { seed: 5, share: 0.05, days: 45 }

const KB = 1024
/** The bounds: before the first paint, and in all. */
const CRITICAL_BYTES = 35 * KB
const ALL_BYTES = 150 * KB

t.test('the pages of a province', { skip: browserMissing() }, async t => {
  const { address, token } = await serveProvince(t)
  const browser = await openBrowser(t)
  const context = await signedIn(browser, { address, token, options: { viewport: DESKTOP } })
  const pages = await pagesOf(await context.newPage(), address)
  t.ok(Object.keys(pages).length >= 18, Object.keys(pages).join(' '))
  const places: [string, string][] = [...Object.entries(pages), ['nothing', '/nothing-here']]

  for (const colorScheme of ['light', 'dark'] as const) {
    await t.test(`axe finds nothing, ${colorScheme}`, async t => {
      const page = await context.newPage()
      await page.emulateMedia({ colorScheme })
      for (const [name, path] of places) {
        await page.goto(address + path)
        t.same(await axeProblems(page), [], name)
      }
      await page.close()
    })
  }
  await t.test('nothing scrolls sideways on a phone, and the page is Vietnamese', t =>
    phone(t, browser, { address, token }, places),
  )
  await t.test('little comes over the wire, and all of it from here', t =>
    wire(t, browser, { address, token }),
  )
  await t.test('without scripts everything can still be read and sent', t =>
    noScripts(t, browser, { address, token }, places),
  )
  await t.test('who is not signed in', async t => {
    const page = await browser.newPage()
    for (const path of ['/sign-in', '/activate', '/activate/khong-co-lien-ket-nay', '/sign-in/khong-co']) {
      await page.goto(address + path)
      t.same(await axeProblems(page), [], path)
    }
  })
})

type Signed = { address: string; token: string }

async function serveProvince(t: Test): Promise<Signed> {
  const root = mkdtempSync(join(tmpdir(), 'hopthu-pages-'))
  t.teardown(() => rmSync(root, { recursive: true, force: true }))
  const text = readFileSync(join(import.meta.dirname, '../config/demo.json'), 'utf8')
  const config = parseConfig(JSON.parse(text.replaceAll('./data', root)))
  const database = await embedded()
  t.teardown(() => database.close())
  const context: CommandContext = {
    config,
    database,
    now: () => new Date(),
    log: pino({ level: 'silent' }),
    signal: new AbortController().signal,
    progress: () => {},
  }
  const today = dayAt(Date.now(), config.timeZone)
  const isWorkingDay = workingDays(config.adoption.calendar)
  const folder = join(root, 'practice')
  const province = await beginOrGoOn(context, { folder, isWorkingDay, today, begin: BEGIN, rest: atOnce })
  await province.fill(context)
  const server = await createWeb(context, new Map())
  t.teardown(() => server.close())
  await server.listen({ host: '127.0.0.1', port: 0 })
  const { port } = server.server.address() as AddressInfo
  const now = new Date()
  const operator = await createOperator(database.db, { name: 'quan.tri', role: 'admin', agencyId: null, now })
  const token = newToken()
  await openSession(database.db, {
    tokenHash: tokenHash(token),
    operatorId: operator.id ?? 0,
    mustSetPassword: false,
    now,
  })
  return { address: `http://127.0.0.1:${port}`, token }
}

type Options = NonNullable<Parameters<Browser['newContext']>[0]>

async function signedIn(
  browser: Browser,
  { address, token, options }: Signed & { options: Options },
): Promise<BrowserContext> {
  const context = await browser.newContext({ locale: 'vi-VN', ...options })
  await context.addCookies([{ name: 'hopthu', value: token, url: address }])
  return context
}

async function phone(t: Test, browser: Browser, signed: Signed, places: [string, string][]): Promise<void> {
  const options = { viewport: PHONE, isMobile: true, hasTouch: true }
  const page = await (await signedIn(browser, { ...signed, options })).newPage()
  for (const [name, path] of places) {
    await page.goto(signed.address + path)
    t.equal(await sidewaysScroll(page), 0, name)
    t.equal(await page.locator('html').getAttribute('lang'), 'vi')
  }
}

/** Bytes as they were sent, by what they are. Nothing is in the browser's cache. */
async function wire(t: Test, browser: Browser, signed: Signed): Promise<void> {
  const page = await (await signedIn(browser, { ...signed, options: { viewport: DESKTOP } })).newPage()
  const answers: Response[] = []
  page.on('response', answer => void answers.push(answer))
  await page.goto(signed.address, { waitUntil: 'networkidle' })
  const sizes = await Promise.all(
    answers.map(async answer => {
      const { responseBodySize, responseHeadersSize } = await answer.request().sizes()
      return {
        kind: answer.request().resourceType(),
        url: answer.url(),
        bytes: responseBodySize + responseHeadersSize,
      }
    }),
  )
  const sum = (of: typeof sizes) => of.reduce((total, { bytes }) => total + bytes, 0)
  const critical = sum(sizes.filter(({ kind }) => kind === 'document' || kind === 'stylesheet'))
  t.comment(`before the first paint ${critical} bytes, in all ${sum(sizes)}, in ${sizes.length} answers`)
  t.ok(critical > 0 && critical <= CRITICAL_BYTES, `${critical} bytes before the first paint`)
  t.ok(sum(sizes) <= ALL_BYTES, `${sum(sizes)} bytes in all`)
  t.same(
    sizes.filter(({ url }) => !url.startsWith(signed.address)),
    [],
  )
  t.ok(
    sizes.some(({ kind }) => kind === 'font'),
    'the letters are ours',
  )
  t.same(await inlined(page), [], 'no style and no script stands in the page')
}

function inlined(page: Page): Promise<string[]> {
  return page.evaluate(
    '[...document.querySelectorAll("[style], style, script:not([src])")].map(each => each.outerHTML.slice(0, 100))',
  )
}

async function noScripts(
  t: Test,
  browser: Browser,
  signed: Signed,
  places: [string, string][],
): Promise<void> {
  const page = await (await signedIn(browser, { ...signed, options: { javaScriptEnabled: false } })).newPage()
  for (const [name, path] of places) {
    const answer = await page.goto(signed.address + path)
    t.equal(answer?.status(), name === 'nothing' ? 404 : 200, name)
    t.ok(await page.locator('main h1').first().isVisible(), `${name} has its title`)
  }
  await page.goto(`${signed.address}/plans`)
  await page.getByRole('button', { name: 'Lập đề xuất mới' }).first().click()
  t.match(page.url(), /\/plans/)
  await page.goto(signed.address)
  await page
    .getByRole('link', { name: 'EN' })
    .or(page.getByRole('button', { name: 'EN' }))
    .first()
    .click()
  t.equal(await page.locator('html').getAttribute('lang'), 'en', 'the switch of language needs none')
}
