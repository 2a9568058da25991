/** The composition: the only file that knows every feature. */
import { access, constants } from 'node:fs/promises'
import { activityCommands, imapSources, ingestFiles, logSources } from './activity/command.ts'
import { lastUse } from './activity/store.ts'
import { checkImap } from './activity/sweep.ts'
import { adoptionCommands, figuresRequest } from './adoption/command.ts'
import { keepFigures } from './adoption/report.ts'
import { type Answer, type Command, type CommandContext, type ConfigContext, table } from './command.ts'
import { userPath } from './config.ts'
import { openDatabase } from './database/database.ts'
import { migrate, requireMigrated } from './database/migrate.ts'
import { toAppError } from './error.ts'
import { mailboxCommands } from './mailbox/command.ts'
import { createConnector } from './mailbox/connectors/index.ts'
import { rosterCommands } from './roster/command.ts'
import { checkLdap } from './roster/sources/ldap.ts'
import { ldapSearch, ldapServer } from './roster/sync.ts'

/** Every command, in the order in which one meets them. */
export function commands(): Command[] {
  return [
    {
      name: 'check',
      usage: '',
      summary: { vi: 'Thử từng phần đã cấu hình', en: 'Tries each configured part' },
      options: {},
      needs: 'config',
      words: [0, 0],
      run: check,
    },
    {
      name: 'migrate',
      usage: '',
      summary: { vi: 'Tạo hoặc nâng cấp cơ sở dữ liệu', en: 'Brings the database up' },
      options: {},
      needs: 'bareDatabase',
      words: [0, 0],
      run: migrateDatabase,
    },
    ...rosterCommands,
    ...mailboxCommands(
      ({ database }) =>
        ids =>
          lastUse(database.db, ids),
    ),
    ...activityCommands,
    ...adoptionCommands,
  ]
}

async function migrateDatabase({ database, config }: CommandContext): Promise<Answer> {
  const applied = await migrate(database)
  const nothing = config.locale === 'vi' ? 'Cơ sở dữ liệu đã mới nhất.' : 'The database is up to date.'
  return { json: { applied }, text: () => `${applied.length > 0 ? applied.join('\n') : nothing}\n`, exit: 0 }
}
void [
  access,
  constants,
  imapSources,
  ingestFiles,
  logSources,
  checkImap,
  figuresRequest,
  keepFigures,
  table,
  userPath,
  openDatabase,
  requireMigrated,
  toAppError,
  createConnector,
  checkLdap,
  ldapSearch,
  ldapServer,
]
async function check(_: ConfigContext): Promise<Answer> {
  throw new Error('later')
}
