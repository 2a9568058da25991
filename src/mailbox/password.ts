/** Passwords of mailboxes in the forms Dovecot verifies (doc: "Password Schemes"). */
import { hash as bcrypt } from 'bcryptjs'
import type { PasswordScheme } from '../config.ts'
import { unreachable } from '../error.ts'

/** Rounds are two to this power: some 0.2 s here, once for each password set, and as much at each sign-in at Dovecot's. */
const BCRYPT_COST = 10

/** A new hash with its scheme before it. `argon2id` makes one in PHC form. */
export async function platformHash(
  scheme: PasswordScheme,
  password: string,
  argon2id: (password: string) => Promise<string>,
): Promise<string> {
  switch (scheme) {
    case 'ARGON2ID':
      return `{ARGON2ID}${await argon2id(password)}`
    case 'BLF-CRYPT':
      // The same function under the older mark, which every crypt(3) that knows any of them knows.
      return `{BLF-CRYPT}${(await bcrypt(password, BCRYPT_COST)).replace(/^\$2b\$/, '$2y$')}`
    default:
      return unreachable(scheme)
  }
}
