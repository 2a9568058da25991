/**
 * `npm start`: an invented province on this machine alone, from the first start on.
 *
 * The first start replays 430 days of it through the steps that run every night: dated rosters are read, mailboxes
 * planned and made on the practice platform, its mail logs written and read. It serves as soon as the present is there
 * and fills in what is older behind. A later start lets the platform live on up to yesterday.
 */
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { workingDays } from '../src/adoption/calendar.ts'
import { commands } from '../src/app.ts'
import type { CommandContext } from '../src/command.ts'
import { type Config, loadConfig, userPath } from '../src/config.ts'
import { openDatabase } from '../src/database/database.ts'
import { AppError, toAppError } from '../src/error.ts'
import { headline } from '../src/error-messages.ts'
import { addDays, dayAt } from '../src/ids.ts'
import { serve } from '../src/service.ts'
import { beginOrGoOn, type Province } from './demo/province.ts'
import { restingAsLong } from './demo/replay.ts'
import { clearLine, say } from './demo/say.ts'
import { signInLinks } from './demo/sign-in.ts'

const CONFIG = join(import.meta.dirname, '../config/demo.json')
const SEED = 99
const DAYS = 430

async function main(): Promise<number> {
  const signal = endSignal()
  const config = demoConfig()
  await requirePort(config)
  say('mở cơ sở dữ liệu nhúng')
  const database = await openDatabase(config.database)
  const log = pino({ level: config.logLevel }, pino.destination({ dest: 2, sync: true }))
  const context: CommandContext = { config, log, now: () => new Date(), signal, progress: () => {}, database }
  try {
    const province = await beginOrGoOn(context, provinceOf(context))
    await runService(context, province)
    return 0
  } finally {
    clearLine()
    await database.close()
  }
}

function demoConfig(): Config {
  const config = loadConfig(CONFIG)
  const port = process.env.PORT
  if (port === undefined || port === '') return config
  const number = Number(port)
  if (!Number.isInteger(number) || number < 1 || number > 65_535)
    throw new AppError('usage', `PORT: a number from 1 to 65535 is expected, not ${port}`)
  return { ...config, http: { ...config.http, port: number } }
}

function provinceOf({ config, now }: CommandContext) {
  const [platform] = config.mailbox.platforms
  if (platform?.kind !== 'practice')
    throw new AppError('config_invalid', `${CONFIG} names no practice platform`)
  return {
    folder: dirname(userPath(platform.folder)),
    isWorkingDay: workingDays(config.adoption.calendar),
    today: dayAt(now().getTime(), config.timeZone),
    begin: { seed: SEED, share: 1, days: DAYS },
    rest: restingAsLong(),
  }
}

/** Serves until the signal, with what is still to be done behind. */
async function runService(context: CommandContext, province: Province): Promise<void> {
  const stop = new AbortController()
  const signal = AbortSignal.any([context.signal, stop.signal])
  const serving = serve(context, {}).finally(() => stop.abort())
  const behind = fillBehind({ ...context, signal }, province)
  await serving
  await behind
}

async function fillBehind(context: CommandContext, province: Province): Promise<void> {
  try {
    if (!(await answers(context))) return
    clearLine()
    process.stdout.write(await welcome(context))
    await province.fill(context)
    await liveOnBehind(context, province)
  } catch (thrown) {
    if (context.signal.aborted) return
    const { code, message } = toAppError(thrown)
    process.stderr.write(
      `${headline(code)}\n${message}\nDữ liệu đã có được giữ nguyên; lần khởi động sau sẽ làm tiếp.\n`,
    )
  }
}

/** How often is looked whether a day has ended, in ms: well before the night's steps begin. */
const LOOK_MS = 600_000

async function liveOnBehind(context: CommandContext, province: Province): Promise<void> {
  const { signal, now, config } = context
  while (!signal.aborted) {
    await province.liveUntil(context, addDays(dayAt(now().getTime(), config.timeZone), -1))
    await sleep(LOOK_MS, undefined, { signal }).catch(() => {})
  }
}

/** Whether the server answers, asked until it does or the service ends. */
async function answers({ config: { http }, signal }: CommandContext): Promise<boolean> {
  while (!signal.aborted) {
    const found = await fetch(`http://${http.host}:${http.port}/health/live`, { signal }).catch(() => null)
    if (found?.ok) return true
    await sleep(100)
  }
  return false
}

async function welcome(context: CommandContext): Promise<string> {
  const { host, port } = context.config.http
  const links = await signInLinks(context, commands())
  const lines = [
    '',
    `Hộp Thư đang chạy tại http://${host}:${port}/  (tỉnh Phước An, dữ liệu giả định)`,
    '',
    'Đăng nhập bằng liên kết dùng một lần:',
    ...links.map(({ who, url }) => `  ${who}\n    ${url}`),
    '',
    'Dữ liệu nằm trong ./data. Nhấn Ctrl-C để dừng.',
    '',
  ]
  return `${lines.join('\n')}\n`
}

/** Looks before the long work whether there will be a port to serve on. */
function requirePort({ http: { host, port } }: Config): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', cause => {
      const message = `cổng ${port} của ${host} đang được chương trình khác sử dụng; hãy dừng chương trình đó, hoặc chọn cổng khác: PORT=8081 npm start`
      reject(new AppError('busy', message, { cause }))
    })
    probe.listen(port, host, () => probe.close(() => resolve()))
  })
}

function endSignal(): AbortSignal {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(130)
      say('đang dừng …')
      controller.abort(new AppError('cancelled', 'dừng theo yêu cầu; lần khởi động sau sẽ làm tiếp'))
    })
  }
  return controller.signal
}

try {
  process.exitCode = await main()
} catch (thrown) {
  const error = toAppError(thrown)
  clearLine()
  const said = error.code === 'busy' ? error.message : `${headline(error.code)}\n        ${error.message}`
  process.stderr.write(`hopthu: ${said}\n`)
  if (error.code === 'internal')
    process.stderr.write(`${error.cause instanceof Error ? error.cause.stack : error.stack}\n`)
  process.exitCode = error.code === 'cancelled' ? 130 : error.exitStatus
}
