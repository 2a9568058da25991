/**
 * How a person's address is formed: a pattern such as `{given}{initials}.{agency}`, and what to try when
 * somebody else has that address.
 *
 * Provinces rule this differently (name before agency or without it, ordinals or digits of a number against
 * collisions), so a pattern is configuration. Everything here is pure; who holds what is the caller's to know.
 */
import { type Address, parseAddress } from '../ids.ts'
import { foldText, splitName } from '../roster/name.ts'

/** What an address is formed from. */
export type AddressOwner = {
  /** Full name as in the roster. */
  name: string
  /** The agency's short form for mailboxes (`skhcn`); null where it has none. */
  agency: string | null
  staffId: string | null
  /** Bare domain of the address. */
  domain: string
}

/** The variables of a pattern and what each stands for. */
export const variables = {
  given: 'given name',
  family: 'family name',
  middle: 'middle name',
  initials: 'first letters of family and middle name, in order',
  familyInitial: 'first letter of the family name',
  middleInitials: 'first letters of the middle name',
  full: 'all words of the name, joined',
  agency: "the agency's short form",
  staffId: 'the staff number',
  last3: 'the last three digits of the staff number',
  last4: 'the last four digits of the staff number',
  n: 'ordinal number: 2, 3, …',
} as const

export type Variable = keyof typeof variables

type Part = { kind: 'text'; text: string } | { kind: 'variable'; name: Variable }

/** A pattern that can be used; `numbered` if it holds `{n}`. */
export type Pattern = { text: string; parts: readonly Part[]; numbered: boolean }

/** The pattern to begin with, and those to try in turn when an address is taken. */
export type Naming = { pattern: Pattern; collision: readonly Pattern[] }

/** Reads a pattern: variables in braces, and letters a–z, digits, `.`, `-`, `_` between them. */
export function parsePattern(text: string): Pattern | { error: string } {
  const parts: Part[] = []
  for (const piece of text.match(/\{[^{}]*\}|[^{}]+|[{}]/g) ?? []) {
    const part = parsePart(piece)
    if (typeof part === 'string') return { error: part }
    parts.push(part)
  }
  const used = parts.flatMap(part => (part.kind === 'variable' ? [part.name] : []))
  if (!used.some(name => name !== 'n' && name !== 'agency')) {
    return { error: `"${text}" holds nothing of the person, such as {given}` }
  }
  if (used.filter(name => name === 'n').length > 1) return { error: `"${text}" holds {n} twice` }
  return { text, parts, numbered: used.includes('n') }
}

/** One piece of a pattern, or what is wrong with it. */
function parsePart(piece: string): Part | string {
  if (/^[{}]$/.test(piece)) return 'a brace without its partner'
  if (!piece.startsWith('{')) {
    if (/^[a-z0-9._-]+$/.test(piece)) return { kind: 'text', text: piece }
    return `"${piece}": only a-z, 0-9, ".", "-" and "_" can stand between variables`
  }
  const name = piece.slice(1, -1)
  if (isVariable(name)) return { kind: 'variable', name }
  const known = Object.keys(variables).map(variable => `{${variable}}`)
  return `unknown variable ${piece}; there are ${known.join(', ')}`
}

function isVariable(name: string): name is Variable {
  return Object.hasOwn(variables, name)
}

/**
 * The addresses to try for a person, best first, each once: the pattern, then each collision pattern in turn.
 * A pattern with `{n}` goes on with 2, 3, … for ever, so nothing after it is reached; without one the list
 * ends. Reserved names are passed over. A name that leaves nothing to form an address from (李明) has none.
 */
export function* candidates(owner: AddressOwner, naming: Naming): Generator<Address, void, void> {
  const seen = new Set<Address>()
  for (const pattern of [naming.pattern, ...naming.collision]) {
    for (let n = FIRST_ORDINAL; ; n++) {
      const local = localPart(pattern, owner, n)
      const address = local === null ? null : toAddress(local, owner.domain)
      if (local === null || address === null) break
      if (!isReserved(local) && !seen.has(address)) yield address
      if (!pattern.numbered) {
        seen.add(address)
        break
      }
    }
  }
}

/** The first holder has no number, so the next is the second. */
const FIRST_ORDINAL = 2

/**
 * The one address a pattern gives a person with ordinal `n` (which only `{n}` uses), or null where it gives
 * none or a reserved one. For callers who know how far an ordinal is used up already and begin there.
 */
export function numbered(pattern: Pattern, owner: AddressOwner, n: number): Address | null {
  const local = localPart(pattern, owner, n)
  return local === null || isReserved(local) ? null : toAddress(local, owner.domain)
}

function toAddress(local: string, domain: string): Address | null {
  return domain === '' ? null : parseAddress(`${local}@${domain}`)
}

const LOCAL_MAX = 64 // octets, RFC 5321 section 4.5.3.1.1

function localPart(pattern: Pattern, owner: AddressOwner, n: number): string | null {
  const pieces = pattern.parts.map(part => (part.kind === 'text' ? part.text : value(part.name, owner, n)))
  if (pieces.includes(null)) return null
  // A part that is empty, such as the initials of a one-word name, leaves its separator behind.
  const local = pieces
    .join('')
    .replace(/([._-])[._-]+/g, '$1')
    .replace(/^[._-]+|[._-]+$/g, '')
  return local === '' || local.length > LOCAL_MAX ? null : local
}

/** What a variable stands for; `''` if the person has no such part of a name, null if it can't be written. */
function value(variable: Variable, owner: AddressOwner, n: number): string | null {
  const { family, middle, given } = splitName(owner.name)
  switch (variable) {
    case 'given':
      return given === '' ? null : joined(given)
    case 'family':
      return joined(family)
    case 'middle':
      return joined(middle)
    case 'initials':
      return initials(`${family} ${middle}`)
    case 'familyInitial':
      return initials(family)?.slice(0, 1) ?? null
    case 'middleInitials':
      return initials(middle)
    case 'full':
      return owner.name.trim() === '' ? null : joined(owner.name)
    case 'agency':
      return joined(owner.agency ?? '') || null
    case 'staffId':
      return joined(owner.staffId ?? '') || null
    case 'last3':
      return lastDigits(owner.staffId, 3)
    case 'last4':
      return lastDigits(owner.staffId, 4)
    case 'n':
      return String(n)
  }
}

/** Words as a piece of a local part; null if they hold a letter that is none of a–z. */
function joined(text: string): string | null {
  const letters = foldText(text).replace(/[^\p{L}\p{N}]/gu, '')
  return /^[a-z0-9]*$/.test(letters) ? letters : null
}

function initials(text: string): string | null {
  const firsts = text.split(/\s+/).map(word => joined(word)?.slice(0, 1) ?? null)
  return firsts.includes(null) ? null : firsts.join('')
}

function lastDigits(staffId: string | null, count: number): string | null {
  const digits = (staffId ?? '').replace(/[^0-9]/g, '')
  return digits.length < count ? null : digits.slice(-count)
}

/**
 * Local parts that belong to a role or a machine, never to a person: RFC 2142, what RFC 5321 and mail servers
 * use themselves, and what readers would take for the office. Whoever's name spells one gets the next candidate.
 */
const RESERVED = new Set(
  `postmaster abuse noc security hostmaster webmaster www ftp uucp news usenet info marketing sales support
   mailer-daemon mailerdaemon daemon root admin administrator sysadmin system nobody operator
   noreply no-reply donotreply do-not-reply bounce bounces autoconfig autodiscover mail email smtp imap pop3
   dmarc spam ham virus vmail listserv majordomo test contact helpdesk api
   vanthu quantri hotro lienhe gopy phananh hopthu thongbao canhbao`.split(/\s+/),
)

export function isReserved(local: string): boolean {
  return RESERVED.has(local)
}
