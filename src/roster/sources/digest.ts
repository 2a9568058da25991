/** What tells whether an entry, a record or a row is the one that was read before; the same for all kinds of sources. */
import { hash } from 'node:crypto'

/**
 * The first 64 bits of SHA-256. Two versions of one person's entry are taken for the same once in 2^64, and whoever
 * would search for such a pair can only hide a change of their own.
 */
export function digestOf(bytes: Buffer | string): bigint {
  return BigInt(`0x${hash('sha256', bytes, 'hex').slice(0, 16)}`)
}
