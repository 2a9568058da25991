/**
 * One person from what several sources say: for each field the most trusted source that says anything.
 *
 * The source trusted most for `agency` leads: its posts, and with them class and title, are where the person serves,
 * unless a decision said otherwise after it last spoke.
 */
import type { TrustedField } from '../config.ts'
import type { Said } from './roster.ts'

/** What one source says of the person, and since when. */
export type SourceSays = {
  source: string
  key: string
  on: string
  said: Said
  /** The list of an agency of which the person is not: where it does not lead, it has nothing to say of them. */
  outside?: boolean
}

/** Field → sources in order of trust, as configured; `order` is that of the configuration, for all not named. */
export type Trust = { fields: Readonly<Record<string, readonly string[]>>; order: readonly string[] }

/** Where a decision put somebody while the leading source said something else. */
export type Override = { saidPosts: string; posts: string; source?: string | null }

export type Merged = { said: Said; lead: { source: string; key: string }; overridden: boolean }

/** Fields that go together under the name of one. */
const parts: Record<TrustedField, readonly (keyof Said)[]> = {
  fullName: ['fullName'],
  staffId: ['staffId'],
  personalNumber: ['numberHash', 'numberTail'],
  birthDay: ['birthDay'],
  address: ['address'],
  phone: ['phone'],
  email: ['email'],
  title: ['title'],
  staffClass: ['staffClass'],
  agency: ['posts', 'startDay', 'endDay'],
  absence: ['absentFrom', 'absentUntil', 'absenceKind', 'absenceDocument'],
}

/** Null where nobody says anything. */
export function merge(
  says: readonly SourceSays[],
  trust: Trust,
  override: Override | null = null,
): Merged | null {
  const [lead] = ranked(says, trust, 'agency').filter(each => (each.said.posts ?? []).length > 0)
  if (!lead) return null
  const said: Said = {}
  const heard = says.filter(each => each === lead || !each.outside)
  for (const [field, together] of Object.entries(parts)) {
    const chosen = ranked(heard, trust, field).find(each => together.some(part => part in each.said))
    if (chosen) for (const part of together) take(said, chosen.said, part)
  }
  // a leading source that tells of no absence cannot end one, but neither does another speak for it: as merged above
  const overridden =
    override !== null &&
    (override.source ?? lead.source) === lead.source &&
    samePosts(lead.said.posts, override.saidPosts)
  if (overridden && override) said.posts = postsOf(override.posts)
  return { said, lead: { source: lead.source, key: lead.key }, overridden }
}

function take<Part extends keyof Said>(to: Said, from: Said, part: Part): void {
  const value = from[part]
  if (value !== undefined) to[part] = value
}

/** By trust, then by the order of the configuration, then who spoke last. */
function ranked(says: readonly SourceSays[], trust: Trust, field: string): SourceSays[] {
  const rank = ({ source }: SourceSays) => {
    const named = trust.fields[field]?.indexOf(source) ?? -1
    if (named >= 0) return named
    const placed = trust.order.indexOf(source)
    return 1000 + (placed < 0 ? 1000 : placed)
  }
  return [...says].sort(
    (a, b) =>
      rank(a) - rank(b) || (a.on < b.on ? 1 : a.on > b.on ? -1 : 0) || (a.source < b.source ? -1 : 1) || 0,
  )
}

function samePosts(posts: Said['posts'], text: string): boolean {
  return JSON.stringify(sorted(posts ?? [])) === JSON.stringify(sorted(postsOf(text)))
}

function sorted(posts: NonNullable<Said['posts']>): NonNullable<Said['posts']> {
  return [...posts].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
}

/** The posts in the text of a record or an override; none where it cannot be read. */
export function postsOf(text: string): NonNullable<Said['posts']> {
  const value: unknown = JSON.parse(text)
  if (!Array.isArray(value)) return []
  return value.flatMap(
    (post: unknown): NonNullable<Said['posts']> =>
      Array.isArray(post) && typeof post[0] === 'string' ? [[post[0], post[1] === true]] : [],
  )
}
