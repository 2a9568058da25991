/** The frame of every page: head, navigation, switches of language and look, footer. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Locale } from './format.ts'
import { html } from './html.ts'
import { assetUrl } from './static.ts'

/** `auto` follows the device. */
export type Theme = 'auto' | 'light' | 'dark'

/** An entry of the menu; with others `below` it stands for all of them and leads to the first. */
export type NavItem = {
  href: string
  label: string
  /** The page, or one of those below it. */
  active: boolean
  /** How much waits there. */
  badge?: string
  below?: readonly NavItem[]
}

export type Frame = {
  locale: Locale
  theme: Theme
  title: string
  /** Name of the installation, such as the province. */
  installation: string
  /** Empty for who is not signed in. */
  nav: readonly NavItem[]
  /** null: not signed in. */
  operator: { name: string; role: string } | null
  /** For forms of the frame itself; empty where not signed in. */
  csrf: string
  /** Address of this page with its query, for the switches to come back to. */
  path: string
  /** The page itself, HTML. */
  body: string
  /** Whether people may be searched from here. */
  search?: boolean
}

const words = {
  vi: {
    skip: 'Đến nội dung',
    main: 'Chính',
    menu: 'Mục',
    search: 'Tìm người, địa chỉ, cơ quan',
    account: 'Tài khoản',
    signOut: 'Đăng xuất',
    theme: 'Giao diện',
    themes: { auto: 'Theo thiết bị', light: 'Sáng', dark: 'Tối' },
    language: 'English',
    waiting: 'đang chờ',
    version: 'phiên bản',
    definition: 'Cách tính các số liệu',
  },
  en: {
    skip: 'Skip to content',
    main: 'Main',
    menu: 'Menu',
    search: 'Find a person, address, agency',
    account: 'Account',
    signOut: 'Sign out',
    theme: 'Appearance',
    themes: { auto: 'As the device', light: 'Light', dark: 'Dark' },
    language: 'Tiếng Việt',
    waiting: 'waiting',
    version: 'version',
    definition: 'How the figures are counted',
  },
} as const

/** A whole page. */
export function layout(frame: Frame): string {
  const { locale, theme, title, body } = frame
  const fonts = ['inter-latin.woff2', 'inter-vietnamese.woff2'].map(
    name => html`<link rel="preload" href="${assetUrl(name)}" as="font" type="font/woff2" crossorigin>`,
  )
  return html`<!doctype html>
<html lang="${locale}" data-theme="${theme}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="${theme === 'auto' ? 'light dark' : theme}">
<meta name="htmx-config" content='{"allowEval":false,"includeIndicatorStyles":false,"historyCacheSize":0,"selfRequestsOnly":true}'>
<title>${title} · Hộp Thư</title>
<link rel="stylesheet" href="${assetUrl('app.css')}">!${fonts}
<link rel="icon" href="${assetUrl('logo.svg')}" type="image/svg+xml">
<script src="${assetUrl('htmx.min.js')}" defer></script>
</head>
<body>
<a class="skip" href="#main">${words[locale].skip}</a>
<header class="top"><div class="container-xl top-in">!${header(frame)}</div></header>
<main id="main" class="container-xl py-3" tabindex="-1">!${body}</main>
<footer class="foot"><div class="container-xl">!${footer(frame)}</div></footer>
</body>
</html>
`
}

function header(frame: Frame): string {
  const { locale, nav, installation } = frame
  const say = words[locale]
  const place = installation === '' ? '' : html`<small>${installation}</small>`
  const brand = html`<a class="brand" href="/">!${logo}Hộp Thư !${place}</a>`
  if (nav.length === 0) return html`!${brand}<div class="tools">!${tools(frame)}</div>`
  const waits = waitingBadge(nav.find(each => each.badge !== undefined)?.badge, locale)
  const top = nav.map(each => navLink(each, locale, each.below ? 'true' : 'page'))
  const all = nav.map(each => narrowEntry(each, locale))
  return html`!${brand}<nav class="nav-wide" aria-label="${say.main}">!${top}</nav><div class="tools">!${search(frame, 'q-wide')}!${tools(frame)}</div>!${rowBelow(frame)}<details class="nav-narrow"><summary class="tool">!${bars}${say.menu}!${waits}</summary><nav aria-label="${say.main}">!${search(frame, 'q-narrow')}!${all}</nav></details>`
}

/** The places beside the one somebody is at, in a line of their own. */
function rowBelow({ nav, locale }: Frame): string {
  const within = nav.find(each => each.active && each.below)
  if (!within) return ''
  const links = (within.below ?? []).map(each => navLink(each, locale, 'page'))
  return html`<nav class="nav-wide nav-below" aria-label="${within.label}">!${links}</nav>`
}

function narrowEntry(item: NavItem, locale: Locale): string {
  if (!item.below) return navLink(item, locale, 'page')
  const links = item.below.map(each => navLink(each, locale, 'page'))
  return html`<p>${item.label}</p><div class="nav-group">!${links}</div>`
}

function navLink({ href, label, active, badge }: NavItem, locale: Locale, current: 'page' | 'true'): string {
  return html`<a href="${href}" !${active ? `aria-current="${current}"` : ''}>${label}!${waitingBadge(badge, locale)}</a>`
}

function waitingBadge(badge: string | undefined, locale: Locale): string {
  if (badge === undefined) return ''
  return html`<span class="badge badge-warn">${badge}<span class="visually-hidden"> ${words[locale].waiting}</span></span>`
}

function search({ locale, search }: Frame, id: string): string {
  if (!search) return ''
  const say = words[locale].search
  return html`<form class="search" action="/people" role="search"><label class="visually-hidden" for="${id}">${say}</label><input id="${id}" name="q" type="search" maxlength="200" placeholder="${say}"></form>`
}

function tools(frame: Frame): string {
  const { locale, theme, path } = frame
  const say = words[locale]
  const other: Locale = locale === 'vi' ? 'en' : 'vi'
  const themes = (['auto', 'light', 'dark'] as const).map(
    each =>
      html`<a href="${lookUrl({ theme: each }, path)}" rel="nofollow" !${each === theme ? 'aria-current="true"' : ''}>${say.themes[each]}</a>`,
  )
  return html`<a class="tool" href="${lookUrl({ lang: other }, path)}" rel="nofollow" lang="${other}" hreflang="${other}" title="${say.language}"><span aria-hidden="true">${other.toUpperCase()}</span><span class="visually-hidden">${say.language}</span></a><details class="menu" name="tools"><summary class="tool" title="${say.theme}">!${halfMoon}<span class="visually-hidden">${say.theme}</span></summary><div class="menu-list">!${themes}</div></details>!${account(frame)}`
}

/** The address of a switch, which comes back to this page. */
function lookUrl(look: { theme: Theme } | { lang: Locale }, path: string): string {
  return `/look?${new URLSearchParams({ ...look, back: path })}`
}

function account({ locale, operator, csrf }: Frame): string {
  if (operator === null) return ''
  const say = words[locale]
  return html`<details class="menu" name="tools"><summary class="tool" title="${say.account}"><span class="face" aria-hidden="true">${initials(operator.name)}</span><span class="visually-hidden">${say.account}</span></summary><div class="menu-list"><p><b>${operator.name}</b><br><span class="stamp">${operator.role}</span></p><a href="/account">${say.account}</a><form method="post" action="/sign-out"><input type="hidden" name="csrf" value="${csrf}"><button>${say.signOut}</button></form></div></details>`
}

/** `NV` of Nguyễn Văn and of nguyen.van. */
function initials(name: string): string {
  const [first = '', ...rest] = name.split(/[\s._@-]+/u).filter(Boolean)
  return ([...first].slice(0, 1).join('') + [...(rest.at(-1) ?? '')].slice(0, 1).join('')).toUpperCase()
}

function footer({ locale, operator }: Frame): string {
  const say = words[locale]
  const definition = operator === null ? '' : html`<a href="/definition">${say.definition}</a>`
  return html`<span>Hộp Thư, ${say.version} ${packageVersion()}</span>!${definition}`
}

let knownVersion: string | null = null

/** As in `package.json`. */
export function packageVersion(): string {
  if (knownVersion !== null) return knownVersion
  const text = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')
  const known: unknown = JSON.parse(text)
  knownVersion =
    typeof known === 'object' && known !== null && 'version' in known ? String(known.version) : ''
  return knownVersion
}

/** As `logo.svg`, here for the first paint. */
const logo =
  '<svg width="30" height="30" viewBox="0 0 30 30" aria-hidden="true"><rect x="2" y="6" width="26" height="18" rx="4" fill="#0f766e"/><path d="M5 10l10 7 10-7" fill="none" stroke="#fff" stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round"/><circle cx="25" cy="7" r="4.5" fill="#e0a526" stroke="#fff" stroke-width="1.5"/></svg>'

const halfMoon =
  '<svg width="18" height="18" viewBox="0 0 18 18" aria-hidden="true"><circle cx="9" cy="9" r="6.5" fill="none" stroke="currentColor" stroke-width="1.6"/><path d="M9 2.5a6.5 6.5 0 0 1 0 13z" fill="currentColor"/></svg>'

const bars =
  '<svg width="18" height="18" viewBox="0 0 18 18" aria-hidden="true"><path d="M2 4.5h14M2 9h14M2 13.5h14" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round"/></svg>'
