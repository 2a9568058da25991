/**
 * Passwords as they are kept: argon2id (RFC 9106) in PHC form, at the least cost that OWASP recommends (19 MiB, two
 * passes, one lane). Raising the numbers here is enough: whoever signs in with an older hash is given a new one.
 */
import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { promisify } from 'node:util'

const MEMORY_KIB = 19_456
const PASSES = 2
const LANES = 1
const SALT_BYTES = 16
const HASH_BYTES = 32

const derive = promisify(argon2)

type Parts = { memory: number; passes: number; lanes: number; salt: Buffer; hash: Buffer }

/** A new hash of a password: `$argon2id$v=19$m=…,t=…,p=…$salt$hash`. */
export async function hashPassword(password: string): Promise<string> {
  const wanted = { memory: MEMORY_KIB, passes: PASSES, lanes: LANES, salt: randomBytes(SALT_BYTES) }
  const hash = await compute(password, { ...wanted, length: HASH_BYTES })
  return phc({ ...wanted, hash })
}

export type Checked = {
  ok: boolean
  /** The hash was made at another cost than today's; make a new one while the password is at hand. */
  outdated: boolean
}

/**
 * Whether a password is the one of a hash. Without a hash (nobody of that name, no password set) the same work is done
 * and the answer is no, so that the time taken tells nothing.
 */
export async function checkPassword(password: string, kept: string | null): Promise<Checked> {
  const parts = kept === null ? null : parsePhc(kept)
  const asked = parts ?? nobody
  const hash = await compute(password, { ...asked, length: asked.hash.length })
  const ok = timingSafeEqual(hash, asked.hash) && parts !== null
  const { memory, passes, lanes } = asked
  return { ok, outdated: memory !== MEMORY_KIB || passes !== PASSES || lanes !== LANES }
}

const nobody: Parts = {
  memory: MEMORY_KIB,
  passes: PASSES,
  lanes: LANES,
  salt: Buffer.alloc(SALT_BYTES),
  hash: Buffer.alloc(HASH_BYTES),
}

function compute(password: string, parts: Omit<Parts, 'hash'> & { length: number }): Promise<Buffer> {
  return derive('argon2id', {
    message: password,
    nonce: parts.salt,
    parallelism: parts.lanes,
    tagLength: parts.length,
    memory: parts.memory,
    passes: parts.passes,
  })
}

function phc({ memory, passes, lanes, salt, hash }: Parts): string {
  const text = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '')
  return `$argon2id$v=19$m=${memory},t=${passes},p=${lanes}$${text(salt)}$${text(hash)}`
}

function parsePhc(text: string): Parts | null {
  const form = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/
  const [, memory, passes, lanes, salt, hash] = form.exec(text) ?? []
  if (salt === undefined || hash === undefined) return null
  return {
    memory: Number(memory),
    passes: Number(passes),
    lanes: Number(lanes),
    salt: Buffer.from(salt, 'base64'),
    hash: Buffer.from(hash, 'base64'),
  }
}

let leaked: Set<string> | null = null

/** Whether a text, in small letters, is among the passwords most often found in leaks; the list is read when first asked. */
export function isLeaked(text: string): boolean {
  leaked ??= readLeaked()
  return leaked.has(text)
}

function readLeaked(): Set<string> {
  const path = createRequire(import.meta.url).resolve('@zxcvbn-ts/language-common/src/passwords.json')
  const list: unknown = JSON.parse(readFileSync(path, 'utf8'))
  return new Set(Array.isArray(list) ? list.map(String) : [])
}
