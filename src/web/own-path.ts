/** Stands for our own address while one is read: nobody can own it (RFC 6761 section 6.4). */
const HERE = 'http://here.invalid'
const LONGEST = 2000

/**
 * A path of ours with its query, or null for whatever would lead elsewhere: another host, `//host`, `/\\host`, or either
 * behind the tabs and line ends that browsers leave out (URL Standard, "basic URL parser").
 */
export function ownPath(text: unknown): string | null {
  if (typeof text !== 'string' || text.length > LONGEST) return null
  if (!text.startsWith('/') || /^\/[/\\]|[\\\p{Cc}]/u.test(text) || !URL.canParse(text, HERE)) return null
  const { origin, pathname, search } = new URL(text, HERE)
  // `/.//host` has become `//host`, which would be another host
  return origin === HERE && !pathname.startsWith('//') ? pathname + search : null
}
