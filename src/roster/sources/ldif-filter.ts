/** An LDAP filter (RFC 4515), asked of an entry that was read from a file. */
import {
  AndFilter,
  ApproximateFilter,
  EqualityFilter,
  type Filter,
  FilterParser,
  GreaterThanEqualsFilter,
  LessThanEqualsFilter,
  NotFilter,
  OrFilter,
  PresenceFilter,
  SubstringFilter,
} from 'ldapts'
import { AppError } from '../../error.ts'
import type { DirectoryEntry } from './entry.ts'

export type Matcher = (entry: DirectoryEntry) => boolean

/**
 * Reads a filter. Values are compared without case, as the attributes of people and agencies mostly are; matching
 * rules of one's own (`:=`) are for a directory. Throws `config_invalid` for a filter nobody can read.
 */
export function parseMatcher(filter: string): Matcher {
  let parsed: Filter
  try {
    parsed = FilterParser.parseString(filter)
  } catch (cause) {
    throw new AppError('config_invalid', `the LDAP filter ${filter} cannot be read: see RFC 4515`, { cause })
  }
  return toMatcher(parsed, filter)
}

function toMatcher(filter: Filter, whole: string): Matcher {
  if (filter instanceof AndFilter) {
    const parts = filter.filters.map(each => toMatcher(each, whole))
    return entry => parts.every(part => part(entry))
  }
  if (filter instanceof OrFilter) {
    const parts = filter.filters.map(each => toMatcher(each, whole))
    return entry => parts.some(part => part(entry))
  }
  if (filter instanceof NotFilter) {
    const inner = toMatcher(filter.filter, whole)
    return entry => !inner(entry)
  }
  if (filter instanceof PresenceFilter) return valueMatcher(filter.attribute, () => true)
  if (filter instanceof SubstringFilter) return substringMatcher(filter)
  if (filter instanceof EqualityFilter || filter instanceof ApproximateFilter) {
    const wanted = fold(String(filter.value))
    return valueMatcher(filter.attribute, value => value === wanted)
  }
  if (filter instanceof GreaterThanEqualsFilter) {
    const least = fold(String(filter.value))
    return valueMatcher(filter.attribute, value => value >= least)
  }
  if (filter instanceof LessThanEqualsFilter) {
    const most = fold(String(filter.value))
    return valueMatcher(filter.attribute, value => value <= most)
  }
  throw new AppError(
    'config_invalid',
    `the LDAP filter ${whole} holds a matching rule, which a file cannot follow`,
  )
}

function substringMatcher({ attribute, initial, any, final }: SubstringFilter): Matcher {
  const [head, middle, tail] = [fold(initial), any.map(fold), fold(final)]
  return valueMatcher(attribute, value => {
    if (!value.startsWith(head)) return false
    let at = head.length
    for (const part of middle) {
      const found = value.indexOf(part, at)
      if (found < 0) return false
      at = found + part.length
    }
    return value.length - tail.length >= at && value.endsWith(tail)
  })
}

function valueMatcher(attribute: string, fits: (value: string) => boolean): Matcher {
  const name = attribute.toLowerCase()
  return ({ attributes }) => attributes.get(name)?.some(value => fits(fold(value))) ?? false
}

function fold(text: string): string {
  return text.normalize('NFC').toLowerCase().trim().replace(/\s+/gu, ' ')
}
