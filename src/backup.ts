/** `backup` and `restore`: the commands around the file. */
import { existsSync, writeFileSync } from 'node:fs'
import type { Answer, CommandContext, Values } from './command.ts'
import { textOption } from './command.ts'
import { type Config, userPath } from './config.ts'
import { backUp } from './database/backup.ts'
import { type Restored, restore } from './database/backup-restore.ts'
import { AppError } from './error.ts'
import { cancelOpen } from './mailbox/activation-store.ts'
import { instant } from './web/format.ts'
import { packageVersion } from './web/layout.ts'

export async function runBackup(context: CommandContext, words: string[]): Promise<Answer> {
  const { config, database, now } = context
  const path = userPath(words[0] ?? '')
  const facts = { product: packageVersion(), timeZone: config.timeZone, now: now(), configuration: config }
  const { bytes, tables, rows } = await backUp(database, path, facts, context)
  const vi = `Đã sao lưu ${rows} dòng của ${tables} bảng vào ${path} (${bytes} byte), đã đọc lại và kiểm tra.
Tệp có dữ liệu cá nhân: cất ở nơi chỉ người quản trị đọc được, trên máy khác. Mật khẩu trong cấu hình không nằm trong tệp.
`
  const en = `${rows} rows of ${tables} tables are in ${path} (${bytes} bytes), read back and checked.
The file holds personal data: keep it where only administrators can read it, on another machine. It holds no secret of the configuration.
`
  return {
    json: { bytes, tables, checked: true, rows, file: path },
    text: () => (config.locale === 'vi' ? vi : en),
    exit: 0,
  }
}

export async function runRestore(context: CommandContext, values: Values, words: string[]): Promise<Answer> {
  const { config, database, signal, progress, now } = context
  const path = userPath(words[0] ?? '')
  const configuration = textOption(values, 'configuration')
  if (configuration !== null && existsSync(userPath(configuration))) {
    throw new AppError('usage', `--configuration: ${configuration} exists already; name a new file`)
  }
  const restored = await restore(database, path, { timeZone: config.timeZone, signal, progress })
  const ended = await cancelOpen(database.db, now())
  if (configuration !== null) writeConfiguration(userPath(configuration), restored)
  const { bytes, tables, rows, header, migrated } = restored
  const differs = differences(header.configuration, config)
  return {
    json: {
      bytes,
      tables,
      checked: true,
      rows,
      createdAt: header.createdAt,
      product: header.product,
      migrated,
      configurationDiffers: differs,
      invitationsEnded: ended,
    },
    text: () => restoredText(config, restored, { differs, ended }),
    exit: 0,
  }
}

function restoredText(
  { locale, timeZone }: Config,
  { rows, tables, header }: Restored,
  { differs, ended }: { differs: string[]; ended: number },
): string {
  const at = instant(new Date(header.createdAt), timeZone)
  const parts = differs.join(', ')
  if (locale === 'vi') {
    const also =
      differs.length === 0
        ? ''
        : `Cấu hình lúc sao lưu khác cấu hình đang dùng ở: ${parts}. Xem lại bằng --configuration TỆP.\n`
    const links =
      ended === 0 ? '' : `${ended} liên kết kích hoạt đã cấp trước đó không còn hiệu lực; cần mời lại.\n`
    return `Đã khôi phục ${rows} dòng của ${tables} bảng, sao lưu lúc ${at}.\n${also}${links}Tiếp theo: hopthu check, rồi hopthu audit verify\n`
  }
  const also =
    differs.length === 0
      ? ''
      : `The configuration of then differs from the present one in: ${parts}. See it with --configuration FILE.\n`
  const links =
    ended === 0 ? '' : `${ended} activation links of before no longer open anything; invite again.\n`
  return `${rows} rows of ${tables} tables are restored, from a backup of ${at}.\n${also}${links}Next: hopthu check, then hopthu audit verify\n`
}

/** Parts of the configuration that are not as they were; where the database lies may well have changed. */
function differences(then: Record<string, unknown>, now: Record<string, unknown>): string[] {
  const keys = [...new Set([...Object.keys(then), ...Object.keys(now)])].filter(key => key !== 'database')
  return keys.filter(key => JSON.stringify(then[key]) !== JSON.stringify(now[key]))
}

/** The configuration of the backup as a file of its own; never over another. */
function writeConfiguration(path: string, { header }: Restored): void {
  try {
    writeFileSync(path, `${JSON.stringify(header.configuration, null, 2)}\n`, { flag: 'wx', mode: 0o600 })
  } catch (cause) {
    throw new AppError(
      'file_unreadable',
      `the data is restored, but the configuration could not be written to ${path}: name a file that does not exist yet`,
      { cause },
    )
  }
}
