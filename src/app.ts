/**
 * The composition: every command, in the order in which one meets them.
 *
 * What only some commands need is loaded by them: the whole of it would double the start and the memory of the others.
 */
import { accessCommands } from './access/command.ts'
import { activityCommands } from './activity/command.ts'
import { lastUse } from './activity/store.ts'
import { adoptionCommands } from './adoption/command.ts'
import type { Answer, Command, CommandContext } from './command.ts'
import { migrate } from './database/migrate.ts'
import { mailboxCommands } from './mailbox/command.ts'
import { rosterCommands } from './roster/command.ts'

export function commands(): Command[] {
  return [
    {
      name: 'check',
      usage: '',
      summary: { vi: 'Thử từng phần đã cấu hình', en: 'Tries each configured part' },
      options: {},
      needs: 'config',
      words: [0, 0],
      run: async context => (await import('./check.ts')).check(context),
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
    {
      name: 'serve',
      usage: '[--only web|jobs|follow]',
      summary: { vi: 'Chạy dịch vụ', en: 'Runs the service' },
      options: { only: { type: 'string' } },
      needs: 'database',
      words: [0, 0],
      run: async (context, values) => (await import('./service.ts')).serve(context, values),
    },
    {
      name: 'nightly',
      usage: '',
      summary: {
        vi: 'Chạy trọn một đêm: danh sách, hộp thư, nhật ký, số liệu',
        en: 'One whole night: roster, mailboxes, activity, figures',
      },
      options: {},
      needs: 'database',
      words: [0, 0],
      run: async context => (await import('./service.ts')).nightly(context),
    },
    {
      name: 'backup',
      usage: 'FILE',
      summary: {
        vi: 'Sao lưu cơ sở dữ liệu và cấu hình vào một tệp, đọc lại để kiểm tra',
        en: 'Database and configuration into one file, read back and checked',
      },
      options: {},
      needs: 'bareDatabase',
      words: [1, 1],
      run: async (context, _, words) => (await import('./backup.ts')).runBackup(context, words),
    },
    {
      name: 'restore',
      usage: 'FILE [--configuration FILE]',
      summary: {
        vi: 'Khôi phục bản sao lưu vào cơ sở dữ liệu trống; --configuration ghi cấu hình lúc đó ra tệp',
        en: 'A backup into an empty database; --configuration writes the configuration of then to a file',
      },
      options: { configuration: { type: 'string' } },
      needs: 'bareDatabase',
      words: [1, 1],
      run: async (context, values, words) => (await import('./backup.ts')).runRestore(context, values, words),
    },
    ...accessCommands,
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
