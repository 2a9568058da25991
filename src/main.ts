/** The process: `hopthu <command>`; its signals, its streams, its exit status. */
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { AppError } from './error.ts'

// Compiled code is kept beside the packages, where only who installed them may write: a command starts in half the time.
// Whoever may not write there goes without.
enableCompileCache(join(import.meta.dirname, '../node_modules/.cache/hopthu'))
const { runWords } = await import('./call.ts')

// Young objects are given little room before they are cleared away: a third less memory in the long commands, for some
// per cent of time. It takes effect as long as little was allocated.
setFlagsFromString('--max-semi-space-size=4')
setFlagsFromString('--semi-space-growth-factor=1')
// Nor is the old space let grow to three times what is alive before it is cleared.
setFlagsFromString('--heap-growing-percent=50')

/** Writes and waits where the reader is slower than we are. */
async function write(text: string): Promise<void> {
  if (process.stdout.write(text)) return
  await new Promise(resolve => process.stdout.once('drain', resolve))
}

let shownProgress = 0
const PROGRESS_EVERY_MS = 100

function progress(line: string): void {
  if (!process.stderr.isTTY || Date.now() - shownProgress < PROGRESS_EVERY_MS) return
  shownProgress = Date.now()
  process.stderr.write(`\r\x1b[K${line}`)
}

function clearProgress(): void {
  if (shownProgress > 0) process.stderr.write('\r\x1b[K')
  shownProgress = 0
}

/** Aborts at the first SIGINT or SIGTERM, so that what is begun is left in order; the second one ends at once. */
function endSignal(): AbortSignal {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(130)
      controller.abort(
        new AppError(
          'cancelled',
          'stopped by a signal; what was done so far is recorded, run again to go on',
        ),
      )
    })
  }
  return controller.signal
}

// a reader that closed the pipe, such as `head`, wants no more
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

process.exitCode = await runWords(process.argv.slice(2), {
  out: write,
  err: text => void process.stderr.write(text),
  progress,
  clear: clearProgress,
  signal: endSignal(),
})
