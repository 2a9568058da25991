/** The connector of a configured platform. */
import { type PlatformConfig, type PostfixAdminConfig, readSecret, userPath } from '../../config.ts'
import { unreachable } from '../../error.ts'
import type { Connector } from '../connector.ts'
import { createPostfixAdmin } from './postfixadmin.ts'
import { createPractice } from './practice.ts'

export function createConnector(platform: PlatformConfig, timeZone: string): Connector {
  switch (platform.kind) {
    case 'postfixadmin':
      return postfixAdmin(platform, timeZone)
    case 'practice': {
      const { name, folder, domains } = platform
      return createPractice({ name, folder: userPath(folder), domains, timeZone })
    }
    default:
      return unreachable(platform)
  }
}

function postfixAdmin(platform: PostfixAdminConfig, timeZone: string): Connector {
  const { name, url, maildir, batchSize, password } = platform
  const secret = password ? { password: readSecret(password, `mailbox.platforms(${name}).password`) } : {}
  return createPostfixAdmin({ name, url, maildir, batchSize, timeZone, ...secret })
}
