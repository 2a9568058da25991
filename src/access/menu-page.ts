/** The menu as somebody sees it: what they may reach, several places of a kind under one entry. */
import type { Locale } from '../web/format.ts'
import { number } from '../web/format.ts'
import type { NavItem } from '../web/layout.ts'
import { may, mayAnywhere, type Operator } from './access.ts'
import { type Destination, groups, type Place, places } from './navigation.ts'

export type MenuView = {
  operator: Operator
  locale: Locale
  /** Where they are; null where no entry leads. */
  place: Place | null
  /** What waits for an answer within their scope. */
  openReviews: number
}

export function menuOf(view: MenuView): NavItem[] {
  const reachable = places.filter(each => isReachable(view.operator, each))
  const items: NavItem[] = []
  const done = new Set<string>()
  for (const each of reachable) {
    const { group } = each
    const together = group === undefined ? [each] : reachable.filter(other => other.group === group)
    if (group === undefined || together.length === 1) items.push(itemOf(each, view))
    else if (!done.has(group)) items.push(groupOf(groups[group][view.locale], together, view))
    if (group !== undefined) done.add(group)
  }
  return items
}

function itemOf({ place, href, label }: Destination, { place: at, locale, openReviews }: MenuView): NavItem {
  const badge = place === 'reviews' && openReviews > 0 ? { badge: number(locale, openReviews) } : {}
  return { href, label: label[locale], active: place === at, ...badge }
}

function groupOf(label: string, together: readonly Destination[], view: MenuView): NavItem {
  const below = together.map(each => itemOf(each, view))
  const badge = below.find(each => each.badge !== undefined)?.badge
  return {
    href: below[0]?.href ?? '/',
    label,
    active: below.some(each => each.active),
    below,
    ...(badge === undefined ? {} : { badge }),
  }
}

function isReachable(operator: Operator, { action, whole }: Destination): boolean {
  return whole ? may(operator, action, null) : mayAnywhere(operator, action)
}
