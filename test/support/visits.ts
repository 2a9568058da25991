/** Going through the pages in a browser: signing in by a link, and finding one page of each kind. */
import type { Page } from 'playwright-core'

export const OPERATOR_PASSWORD = 'mot-cau-that-dai-de-nho-27'

/** Opens a one-time link, sets a password if asked for one, and ends on the first page. */
export async function signInByLink(page: Page, link: string): Promise<void> {
  await page.goto(link)
  await page.locator('main button[type=submit], main form button').first().click()
  const passwords = page.locator('input[autocomplete="new-password"]')
  if ((await passwords.count()) === 0) return
  for (const field of await passwords.all()) await field.fill(OPERATOR_PASSWORD)
  await page.locator('main form button').first().click()
}

/** Addresses of one page of each kind, found as a person finds them: by following links. */
export async function pagesOf(page: Page, address: string): Promise<Record<string, string>> {
  const all = async (from: string | null, pattern: RegExp): Promise<string[]> => {
    if (from === null) return []
    await page.goto(`${address}${from}`)
    const hrefs = await page
      .locator('main a[href]')
      .evaluateAll(links => links.map(link => link.getAttribute('href') ?? ''))
    return hrefs.filter(href => pattern.test(href))
  }
  const first = async (from: string | null, pattern: RegExp) => (await all(from, pattern))[0] ?? null
  const oldest = (await all('/decisions', /^\/decisions\/\d+$/)).at(-1) ?? null
  const found: Record<string, string | null> = {
    overview: '/',
    agencies: '/agencies',
    agency: await first('/agencies', /^\/agencies\/H99\.11$/),
    tree: '/agencies/tree',
    'agency-history': '/agencies/H99.11.04/history',
    'agency-open': '/agencies/open',
    people: '/people',
    person: await first('/people', /^\/people\/\d+/),
    'person-history': await first(oldest, /^\/people\/\d+/),
    confirmation: '/agencies/H99.11/roster',
    reviews: '/reviews',
    review: await first('/reviews', /^\/reviews\/\d+$/),
    holding: '/holding',
    decisions: '/decisions',
    decision: await first('/decisions', /^\/decisions\/\d+$/),
    'decision-new': '/decisions/new',
    absences: '/absences',
    'absence-new': '/absences/new',
    import: '/import',
    mailboxes: '/mailboxes',
    mailbox: await first('/mailboxes', /^\/mailboxes\/\d+$/),
    plans: '/plans',
    plan: await first('/plans', /^\/plans\/\d+$/),
    runs: '/runs',
    'run-file': await first('/runs?state=partial', /^\/runs\/\d+$/),
    run: await first('/runs?kind=roster', /^\/runs\/\d+$/),
    sources: '/sources',
    targets: '/targets',
    definition: '/definition',
    operators: '/operators',
    audit: '/audit',
    account: '/account',
    activate: '/activate',
  }
  return Object.fromEntries(
    Object.entries(found).filter((entry): entry is [string, string] => entry[1] !== null),
  )
}
