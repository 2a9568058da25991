/** The frame of every page: head, navigation, switches of language and look, footer. */

import type { Locale } from './format.ts'
import { html } from './html.ts'
import { assetUrl } from './static.ts'

/** `auto` follows the device. */
export type Theme = 'auto' | 'light' | 'dark'

export type NavItem = { href: string; label: string; active: boolean; badge?: string }

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
}

const words = {
  vi: { skip: 'Đến nội dung', main: 'Chính', search: 'Tìm người, địa chỉ, cơ quan', signOut: 'Đăng xuất' },
  en: {
    skip: 'Skip to content',
    main: 'Main',
    search: 'Find a person, address, agency',
    signOut: 'Sign out',
  },
} as const

/** A whole page. */
export function layout(frame: Frame): string {
  const { locale, theme, title, body } = frame
  const say = words[locale]
  return html`<!doctype html>
<html lang="${locale}" data-theme="${theme}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Hộp Thư</title>
<link rel="stylesheet" href="${assetUrl('app.css')}">
<script src="${assetUrl('htmx.min.js')}" defer></script>
</head>
<body>
<a class="visually-hidden-focusable" href="#main">${say.skip}</a>
<header>!${header(frame)}</header>
<main id="main" class="container-xl py-3">!${body}</main>
</body>
</html>
`
}

function header({ locale, nav, operator, installation, csrf }: Frame): string {
  const say = words[locale]
  const items = nav.map(
    item =>
      html`<a class="nav-link" href="${item.href}" !${item.active ? 'aria-current="page"' : ''}>${item.label}</a>`,
  )
  const account = operator
    ? html`<form method="post" action="/sign-out"><input type="hidden" name="csrf" value="${csrf}"><button>${say.signOut}</button></form>`
    : ''
  return html`<a href="/">Hộp Thư <small>${installation}</small></a><nav aria-label="${say.main}">!${items}</nav>!${account}`
}
