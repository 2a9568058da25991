/** What stands behind the `?` of an address, and ids in its path: read from unknown values, wrong ones refused. Pure. */
import { AppError } from '../error.ts'
import { cleanText } from '../ids.ts'

const LONGEST = 200

/** A text of the query, settled; '' where it is missing. Throws `usage` for one that is too long. */
export function queryText(query: unknown, name: string): string {
  const text = cleanText(textAt(query, name).replace(/\p{Cc}|\p{Cf}|\p{Cs}/gu, ' '))
  if (text.length > LONGEST) throw new AppError('usage', `${name}: at most ${LONGEST} characters`)
  return text
}

/** One of the values, or null where it is missing or empty. Throws `usage` for any other. */
export function queryChoice<Value extends string>(
  query: unknown,
  name: string,
  values: readonly Value[],
): Value | null {
  const text = textAt(query, name)
  if (text === '') return null
  const known = values.find(each => each === text)
  if (known === undefined) throw new AppError('usage', `${name}: one of ${values.join(', ')} is expected`)
  return known
}

/** A whole number from 1, or null where it is missing or empty. Throws `usage` for anything else. */
export function queryNumber(query: unknown, name: string): number | null {
  const text = textAt(query, name)
  if (text === '') return null
  const number = wholeNumber(text)
  if (number === null) throw new AppError('usage', `${name}: a whole number from 1 is expected`)
  return number
}

/** The id in a path. What cannot be one is not there: throws `not_found`. */
export function pathId(params: unknown, name = 'id'): number {
  const id = wholeNumber(textAt(params, name))
  if (id === null) throw new AppError('not_found', 'there is nothing at this address')
  return id
}

/** An address with a query; what is empty or null is left out. */
export function addressOf(path: string, query: Record<string, string | number | null>): string {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== '')
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()
  return text === '' ? path : `${path}?${text}`
}

function wholeNumber(text: string): number | null {
  const number = /^[1-9]\d{0,15}$/.test(text) ? Number(text) : Number.NaN
  return Number.isSafeInteger(number) ? number : null
}

/** A value that comes twice counts by its first. */
function textAt(from: unknown, name: string): string {
  if (typeof from !== 'object' || from === null) return ''
  const value: unknown = Object.hasOwn(from, name)
    ? Object.entries(from).find(([key]) => key === name)?.[1]
    : ''
  const first: unknown = Array.isArray(value) ? value[0] : value
  return typeof first === 'string' ? first : typeof first === 'number' ? String(first) : ''
}
