/**
 * Makes `src/web/static/`, the files that pages load, and is committed with what it makes: `static.ts`.
 *
 * Tabler's stylesheet without what no page uses, then our own `src/web/style.css`; htmx; Inter's Latin and Vietnamese
 * glyphs; the logo. Same input, same bytes: a test compares.
 */
import { createHash } from 'node:crypto'
import { globSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import CleanCSS from 'clean-css'
import { PurgeCSS } from 'purgecss'

const root = join(import.meta.dirname, '..')
const packages = join(root, 'node_modules')
const target = join(root, 'src/web/static')

/** Every file by its name. */
export async function makeStatic(): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>()
  for (const subset of subsets) files.set(fontName(subset), readFileSync(fontFile(subset)))
  files.set('app.css', Buffer.from(await stylesheet(files)))
  files.set('htmx.min.js', readFileSync(join(packages, 'htmx.org/dist/htmx.min.js')))
  files.set('logo.svg', readFileSync(join(root, 'src/web/logo.svg')))
  files.set('LICENSES.txt', Buffer.from(licenses()))
  return files
}

/** The terms under which others' work is taken over; Tabler's stand in the head of its stylesheet alone. */
function licenses(): string {
  const tabler = /\/\*![\s\S]*?\*\//.exec(
    readFileSync(join(packages, '@tabler/core/dist/css/tabler.css'), 'utf8'),
  )?.[0]
  const text = (path: string) => readFileSync(join(packages, path, 'LICENSE'), 'utf8').trim()
  return [
    `app.css holds rules of Tabler, under the MIT License:\n\n${tabler ?? ''}`,
    `inter-latin.woff2, inter-vietnamese.woff2:\n\n${text('@fontsource-variable/inter')}`,
    `htmx.min.js:\n\n${text('htmx.org')}`,
  ].join('\n\n----\n\n')
}

/** Tabler's rules for what only a script or another theme would need. */
const unused = [/data-theme=dark/, /data-bs-/, /scrollbar/, /autofill/, /\.page\b/]

async function stylesheet(fonts: ReadonlyMap<string, Buffer>): Promise<string> {
  const raw = readFileSync(join(packages, '@tabler/core/dist/css/tabler.css'), 'utf8')
  const [purged] = await new PurgeCSS().purge({
    content: pages(),
    css: [{ raw }],
    variables: true,
    keyframes: true,
    fontFace: true,
    blocklist: unused,
    defaultExtractor: wordsOf,
  })
  const own = readFileSync(join(root, 'src/web/style.css'), 'utf8')
  const faces = subsets.map(subset => fontFace(subset, fonts)).join('')
  // ours stays in its order after Tabler's: what is said later must win
  return `${faces}${minified(purged?.css ?? '', 2)}\n${minified(own, 1)}\n`
}

function minified(css: string, level: 1 | 2): string {
  const { styles, errors } = new CleanCSS({ level }).minify(css)
  if (errors.length > 0) throw new Error(errors.join('; '))
  return styles.replace('@charset "UTF-8";', '')
}

/** The code that writes HTML, without its comments: their words would keep rules that nothing uses. */
function pages(): { raw: string; extension: string }[] {
  return globSync('src/**/*.ts', { cwd: root })
    .sort()
    .map(path => readFileSync(join(root, path), 'utf8'))
    .filter(text => /\bhtml`/.test(text))
    .map(text => ({ raw: text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, ''), extension: 'ts' }))
}

/** Tags, attributes, and what can be a class: in `class="…"` or a string of such words alone. Prose keeps nothing. */
function wordsOf(code: string): string[] {
  const tags = [...code.matchAll(/<([a-z][a-z0-9]*)/g)].map(([, tag = '']) => tag)
  const attributes = [...code.matchAll(/\b([a-z-]+)="([a-z-]*)"/g)].flatMap(([, name = '', value = '']) => [
    name,
    value,
  ])
  const classes = [...code.matchAll(/class="([^>]*?)"[ >!]/g)].flatMap(([, list = '']) =>
    list.split(/[^\w-]+/),
  )
  const strings = [...code.matchAll(/'([a-z0-9 -]+)'/g)].flatMap(([, list = '']) => list.split(' '))
  return [...new Set([...tags, ...attributes, ...classes, ...strings])].filter(Boolean)
}

const subsets = ['latin', 'vietnamese'] as const
type Subset = (typeof subsets)[number]

function fontName(subset: Subset): string {
  return `inter-${subset}.woff2`
}

function fontFile(subset: Subset): string {
  return join(packages, `@fontsource-variable/inter/files/inter-${subset}-wght-normal.woff2`)
}

function fontFace(subset: Subset, fonts: ReadonlyMap<string, Buffer>): string {
  const css = readFileSync(join(packages, '@fontsource-variable/inter/index.css'), 'utf8')
  const [, range] = new RegExp(`inter-${subset}-wght-normal \\*/[^}]*unicode-range: ([^;]+);`).exec(css) ?? []
  const font = fonts.get(fontName(subset))
  if (range === undefined || font === undefined) throw new Error(`no ${subset} in Inter`)
  // the address as static.ts forms it
  const hash = createHash('sha256').update(font).digest('hex').slice(0, 12)
  const url = `/static/${hash}/${fontName(subset)}`
  return `@font-face{font-family:Inter;font-style:normal;font-weight:100 900;font-display:swap;src:url(${url}) format("woff2");unicode-range:${range}}`
}

if (import.meta.main) {
  const files = await makeStatic()
  mkdirSync(target, { recursive: true })
  for (const name of readdirSync(target)) if (!files.has(name)) rmSync(join(target, name))
  for (const [name, content] of files) writeFileSync(join(target, name), content)
}
