/** The connector of a configured platform. */
import { type PlatformConfig, readSecret } from '../../config.ts'
import type { Connector } from '../connector.ts'
import { createPostfixAdmin } from './postfixadmin.ts'

export function createConnector(platform: PlatformConfig, timeZone: string): Connector {
  const { name, url, maildir, batchSize, password } = platform
  const secret = password ? { password: readSecret(password, `mailbox.platforms(${name}).password`) } : {}
  return createPostfixAdmin({ name, url, maildir, batchSize, timeZone, ...secret })
}
