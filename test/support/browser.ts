/** Debian's Chromium, driven as a person would, on a profile of its own that is thrown away. */
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Browser, chromium, type Page } from 'playwright-core'
import type { Test } from 'tap'

const CHROMIUM = '/usr/bin/chromium'

/** Why no browser can be started here, or false. Thrown where every suite is required. */
export function browserMissing(): string | false {
  if (existsSync(CHROMIUM)) return false
  if (process.env.HOPTHU_REQUIRE_SERVERS === '1')
    throw new Error('the browser is required and lacks: Debian package chromium')
  return 'not installed: Debian package chromium'
}

const ARGS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export async function openBrowser(t: Pick<Test, 'teardown'>): Promise<Browser> {
  const browser = await launch()
  t.teardown(() => browser.close())
  return browser
}

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, headless: true, chromiumSandbox: false, args: ARGS })
}

export const DESKTOP = { width: 1280, height: 900 }
export const PHONE = { width: 390, height: 844 }

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/**
 * What axe finds on the page as it stands, each as a line; colour contrast included. The rules are those of WCAG 2.2
 * A and AA and axe's best practices.
 */
export async function axeProblems(page: Page): Promise<string[]> {
  // evaluated by the debugger, so the page's content policy stays as it is
  await page.evaluate(AXE)
  const violations = await page.evaluate<
    { id: string; help: string; nodes: { html: string; any: { message: string }[] }[] }[]
  >('axe.run(document, { resultTypes: ["violations"] }).then(found => found.violations)')
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.slice(0, 3).map(node => `${id}: ${help}: ${node.html.slice(0, 200)} ${node.any[0]?.message ?? ''}`),
  )
}

/** How far the page can be scrolled sideways, in CSS pixels; 0 is right. */
export function sidewaysScroll(page: Page): Promise<number> {
  return page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
}
