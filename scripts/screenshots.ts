/**
 * Takes the pictures of every page into `docs/screenshots/`: `screenshots.ts ADDRESS SIGN_IN_LINK [FOLDER]`.
 *
 * ADDRESS is a running service with the practice province, SIGN_IN_LINK a fresh one-time link of an administrator
 * (`hopthu operator link NAME`). The password set by it is thrown away.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { DESKTOP, launch, PHONE } from '../test/support/browser.ts'
import { pagesOf, signInByLink } from '../test/support/visits.ts'

const [address, link, folder = join(import.meta.dirname, '../docs/screenshots')] = process.argv.slice(2)
if (!address || !link) {
  console.error('usage: screenshots.ts ADDRESS SIGN_IN_LINK [FOLDER]')
  process.exit(2)
}
/** Of a long page the beginning says enough, in CSS pixels. */
const LONGEST = 1700
const EXAMPLE = join(import.meta.dirname, '../docs/examples/danh-sach-can-bo.xlsx')
const EXAMPLE_AGENCY = 'H99.10.06'

mkdirSync(folder, { recursive: true })
const browser = await launch()
try {
  await takeAll(browser, address, link)
} finally {
  await browser.close()
}

async function takeAll(browser: Browser, address: string, link: string): Promise<void> {
  const desktop = await browser.newContext({ viewport: DESKTOP, colorScheme: 'light', locale: 'vi-VN' })
  const page = await desktop.newPage()
  await page.goto(`${address}/sign-in`)
  await take(page, 'sign-in')
  await signInByLink(page, link)
  const pages = await pagesOf(page, address)
  await visit(page, pages, address, '')
  await importing(page, address, '')
  await dark(page, pages, address)
  await phone(browser, desktop, pages, address)
  await activation(browser, page, pages, address)
}

async function visit(
  page: Page,
  pages: Record<string, string>,
  address: string,
  suffix: string,
): Promise<void> {
  for (const [name, path] of Object.entries(pages)) {
    await page.goto(`${address}${path}`)
    await take(page, `${name}${suffix}`)
  }
}

async function dark(page: Page, pages: Record<string, string>, address: string): Promise<void> {
  await page.emulateMedia({ colorScheme: 'dark' })
  const shown = Object.fromEntries(
    Object.entries(pages).filter(([name]) => ['overview', 'person', 'plan', 'review'].includes(name)),
  )
  await visit(page, shown, address, '-dark')
}

async function phone(
  browser: Browser,
  from: BrowserContext,
  pages: Record<string, string>,
  address: string,
): Promise<void> {
  const cookies = await from.cookies()
  const context = await browser.newContext({
    viewport: PHONE,
    deviceScaleFactor: 1.5,
    isMobile: true,
    hasTouch: true,
    colorScheme: 'light',
  })
  await context.addCookies(cookies)
  const page = await context.newPage()
  await visit(page, pages, address, '-phone')
  await importing(page, address, '-phone')
}

/** The steps of an import, up to what it would change; the file is taken back then. */
async function importing(page: Page, address: string, suffix: string): Promise<void> {
  await page.goto(`${address}/import`)
  await page.locator('input[name=agency]').fill(EXAMPLE_AGENCY)
  await page.locator('input[type=file]').setInputFiles(EXAMPLE)
  await page.getByRole('button', { name: 'Đưa tệp lên' }).click()
  const preview = page.getByRole('button', { name: 'Xem trước' })
  await preview.waitFor()
  await take(page, `import-columns${suffix}`)
  await preview.click()
  await page.getByRole('button', { name: 'Nhập danh sách này' }).waitFor()
  await take(page, `import-preview${suffix}`)
  await page.getByRole('button', { name: 'Bỏ tệp này' }).click()
  await page.waitForLoadState()
}

/** A slip for somebody, and what its code opens on their phone. The link stays unused. */
async function activation(
  browser: Browser,
  page: Page,
  pages: Record<string, string>,
  address: string,
): Promise<void> {
  await page.emulateMedia({ colorScheme: 'light' })
  await page.goto(`${address}${pages.mailbox}`)
  await page.locator('form[action$="/invite"] button').click()
  await page.getByRole('button', { name: 'Hiện phiếu để in' }).click()
  await take(page, 'slip')
  const code = /[0-9A-Z]{4}(-[0-9A-Z]{4}){2}/.exec(await page.locator('main').innerText())?.[0] ?? ''
  const context = await browser.newContext({ viewport: PHONE, deviceScaleFactor: 1.5, isMobile: true })
  const own = await context.newPage()
  await own.goto(`${address}/activate`)
  await own.locator('input[name=code]').fill(code)
  await own.locator('main form button').click()
  await take(own, 'activation-phone')
}

async function take(page: Page, name: string): Promise<void> {
  await page.evaluate('document.fonts.ready.then(() => true)')
  const { width } = page.viewportSize() ?? DESKTOP
  const height = Math.min(await page.evaluate<number>('document.documentElement.scrollHeight'), LONGEST)
  await page.screenshot({
    path: join(folder, `${name}.png`),
    fullPage: true,
    clip: { x: 0, y: 0, width, height },
  })
  console.log(name)
}
