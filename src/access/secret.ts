/** Tokens that are shown once and kept only as a hash. */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

const TOKEN_BYTES = 32

/** A fresh token for a cookie or a link: 256 random bits, base64url. */
export function newToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url')
}

/** What is kept of a token. It is random enough that a plain hash cannot be turned back. */
export function tokenHash(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

/** The token that forms of a session carry: derived from the session's own, so that it need not be kept. */
export function csrfOf(sessionToken: string): string {
  return createHmac('sha256', sessionToken).update('csrf').digest('base64url')
}

/**
 * The token as one page carries it: under a pad of its own, so that no two answers hold the same bytes and the length of
 * a compressed page tells nothing about it (the BREACH attack).
 */
export function maskCsrf(secret: string): string {
  const bytes = Buffer.from(secret, 'base64url')
  const pad = randomBytes(bytes.length)
  return Buffer.concat([pad, xor(pad, bytes)]).toString('base64url')
}

/** Whether what a form carries is the token under whatever pad. */
export function isMaskOf(masked: string, secret: string): boolean {
  const bytes = Buffer.from(secret, 'base64url')
  const both = Buffer.from(masked, 'base64url')
  if (bytes.length === 0 || both.length !== bytes.length * 2) return false
  return timingSafeEqual(xor(both.subarray(0, bytes.length), both.subarray(bytes.length)), bytes)
}

function xor(a: Buffer, b: Buffer): Buffer {
  return Buffer.from(a.map((byte, i) => byte ^ (b[i] ?? 0)))
}
