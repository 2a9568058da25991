/** A program of the checkout as somebody starts it: what it says, whether it answers, and its end. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'

export type Started = {
  child: ChildProcess
  /** All it has written so far, both outputs. */
  said(): string
  /** Waits until it has written something like this; throws where it ends or the time is over. */
  saying(pattern: RegExp, ms: number): Promise<RegExpExecArray>
  /** Waits until an address answers; how long after the start that was, in ms. */
  answering(url: string, ms: number): Promise<number>
  /** Ctrl-C; answers how it ended: a status, or the signal. */
  interrupt(): Promise<number | string>
}

export function start(t: Test, script: string, env: NodeJS.ProcessEnv): Started {
  const begun = performance.now()
  const path = join(import.meta.dirname, '../..', script)
  const child = spawn(process.execPath, [path], {
    cwd: env.INIT_CWD,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  for (const output of [child.stdout, child.stderr]) {
    output.setEncoding('utf8').on('data', (part: string) => {
      text += part
    })
  }
  const ended = once(child, 'exit')
  t.teardown(() => isRunning(child) && child.kill('SIGKILL'))
  const waitFor = async <T>(look: () => Promise<T | null>, ms: number, what: string): Promise<T> => {
    while (performance.now() - begun < ms) {
      const found = await look()
      if (found !== null) return found
      if (!isRunning(child)) break
      await sleep(50)
    }
    throw new Error(`${script}: no ${what} within ${ms} ms; it said:\n${text}`)
  }
  return {
    child,
    said: () => text,
    saying: (pattern, ms) =>
      waitFor(async () => pattern.exec(text), performance.now() - begun + ms, String(pattern)),
    answering: (url, ms) =>
      waitFor(
        async () => ((await fetch(url).catch(() => null))?.ok ? performance.now() - begun : null),
        ms,
        url,
      ),
    interrupt: async () => {
      child.kill('SIGINT')
      const [status, signal] = await ended
      return status ?? signal
    },
  }
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null
}
