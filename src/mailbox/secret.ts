/** The short code of a printed invitation: made here, kept only as a hash. The long one of the link is made by access. */
import { argon2, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { CODE_BYTES, codeOf } from './activation-code.ts'

const derive = promisify(argon2)

/** A fresh code: 60 random bits. */
export function newCode(): string {
  return codeOf(randomBytes(CODE_BYTES))
}

/**
 * What is kept of a code. It is looked up by its hash, so the salt is the same for all; 60 bits under a plain hash could
 * be turned back by machines for guessing within hours, under this one not within the life of an invitation. It takes
 * some milliseconds: ten thousand of them on a sheet are a minute, and guessing costs us little.
 */
export function codeHash(code: string): Promise<Buffer> {
  const salt = Buffer.from('hopthu activation code')
  return derive('argon2id', {
    message: code,
    nonce: salt,
    parallelism: 1,
    tagLength: 32,
    memory: 1024,
    passes: 2,
  })
}
